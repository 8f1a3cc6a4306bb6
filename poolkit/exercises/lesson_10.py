"""The exercises of lesson 10: what a net costs, counted by hand."""

from poolkit.exercises.cases import calls
from poolkit.exercises.exercise import exercise


@exercise(
    *calls(
        "1 1 1 1 1; 2 1 1 1 1; 2 1 1 3 1; 3 2 1 3 1; 4 2 3 3 1; 4 2 3 3 2; 5 1 2 3 2; 8 3 2 1 3; "
        "224 3 64 7 2; 56 64 64 3 1; 28 128 256 3 2"
    ),
    example=3,
)
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    """A convolution leads from `in_channels` maps of `side` × `side` pixels to `out_channels` maps.
    Its windows have `kernel_size` × `kernel_size` pixels, an odd number in each direction, and
    start every `stride` pixels. Its padding is kernel_size // 2, so its output has the side (side −
    1) // stride + 1. Each number of the output is a sum over the pixels of one window in *all*
    input maps, each times a weight of its own: one multiply-add for each such pixel, those in the
    padding included. Return how many multiply-adds that are in all: a whole number.

    Hint: Each number of the output is a sum of products. How many products are in one sum?
    Hint: One sum reads kernel_size × kernel_size pixels of each of the in_channels maps.
    Hint: How many numbers has the output? Its side is (side - 1) // stride + 1.
    Right: The weights times the pixels of the output: halve the side, and every later convolution
    costs a quarter.
    """
    out = (side - 1) // stride + 1
    return out * out * out_channels * in_channels * kernel_size * kernel_size


@exercise(
    *calls(
        "1 1 1 0; 2 1 1 0; 2 1 1 1; 2 3 2 0; 4 3 2 1; 8 2 5 2; 7 2 5 2; 15 1 3 2; 28 32 10 3; "
        "224 512 4096 5"
    ),
    example=4,
)
def first_dense_parameters(side, channels, outputs, poolings):
    """There are `channels` maps of `side` × `side` pixels. They go through `poolings` poolings, one
    after the other, each 2×2 with stride 2; a row or column that is left over is lost. All numbers
    of all maps then go into a dense layer with `outputs` outputs. Each output has a weight for
    every number that comes in, and one bias. Return how many numbers the dense layer trains: a
    whole number.

    Hint: What is the side after the poolings? An odd side loses its last row and column.
    Hint: The dense layer sees channels × side × side numbers, and has a weight for each of them in
    each of its outputs.
    Hint: One bias more for each output.
    Right: Here pooling does save parameters. With a global average before the dense layer, the side
    would not be in the rule.
    """
    for _ in range(poolings):
        side = side // 2
    return (channels * side * side + 1) * outputs


@exercise(
    (1, [(1, 1)]),
    (2, [(1, 1)]),
    (2, [(3, 1)]),
    (4, [(1, 2)]),
    (4, [(2, 1), (3, 2)]),
    (5, [(2, 2), (4, 1)]),
    (9, [(1, 2), (2, 2), (4, 2)]),
    (10, [(3, 3), (2, 1), (5, 2)]),
    (32, [(16, 1), (16, 2), (32, 1), (32, 2)]),
    example=4,
)
def activation_bytes(side, layers):
    """An image of `side` × `side` pixels goes through convolutions, one after the other. `layers`
    is a list of pairs (channels, stride), from the image on: how many maps each makes, and its
    stride. Each is padded so that maps of the side s become maps of the side (s − 1) // stride + 1.
    Return how many bytes the maps of all layers take together, at 4 bytes for each number: a whole
    number. The image itself does not count.

    Hint: The stride of a layer shrinks its own output: change the side first, then count.
    Hint: A layer's output has channels × side × side numbers.
    Hint: The next layer starts from the side that this one left.
    Right: The first layers have few maps, but large ones: they take much of the memory.
    """
    numbers = 0
    for channels, stride in layers:
        side = (side - 1) // stride + 1
        numbers += channels * side * side
    return 4 * numbers


@exercise(
    [[(9, 1)]],
    [[(9, 2)]],
    [[(9, 1), (9, 2)]],
    [[(9, 2), (9, 1)]],
    [[(9, 2), (18, 2)]],
    [[(27, 1), (72, 2), (288, 2), (90, 1)]],
    [[(5, 3), (7, 1), (60, 2)]],
    example=2,
)
def stride_factor(layers):
    """`layers` describes convolutions, one after the other, from the image on, as a list of pairs
    (weights, stride). A convolution uses all of its weights once at each pixel of its output: that
    is its number of multiply-adds. A stride s makes the maps s times smaller in both directions,
    for this convolution's own output and for all that follow; all sides divide without rest. If
    every stride were 1 instead, how many times as many multiply-adds would all of them together
    take? Return one float.

    Hint: A convolution takes as many multiply-adds as it has weights, at each pixel of its output.
    Hint: With the strides, a layer's output has fewer pixels than the image, by the product of the
    strides so far, its own included: that many times fewer in each direction.
    Hint: Without strides, each layer takes its weights times the pixels of the image. Divide the
    two sums: the pixels of the image cancel.
    Right: The side of the image is not in the rule. Downsampling divides the cost by a constant,
    the larger the more of the weights come after it.
    """
    jump, with_strides, without = 1, 0, 0
    for weights, stride in layers:
        jump *= stride
        with_strides += weights / jump**2
        without += weights
    return without / with_strides
