"""The exercises of lesson 09: what a net costs, counted by hand."""

from poolkit import arithmetic
from poolkit.exercises.exercise import Exercise


def _cases(names, rows):
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


def _conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = arithmetic.conv_output_size(side, kernel_size, stride, kernel_size // 2)
    return out**2 * out_channels * in_channels * kernel_size**2


def _first_dense_parameters(side, channels, outputs, poolings):
    for _ in range(poolings):
        side = arithmetic.output_size(side, 2)
    return (channels * side**2 + 1) * outputs


def _activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        side = arithmetic.conv_output_size(side, 1, stride)
        numbers += channels * side**2
    return 4 * numbers


def _stride_factor(layers):
    jump, with_strides, without = 1, 0.0, 0.0
    for weights, stride in layers:
        jump *= stride
        with_strides += weights / jump**2
        without += weights
    return without / with_strides


conv_multiply_adds = Exercise(
    name="conv_multiply_adds",
    prompt=(
        "Return how many multiply-adds a convolution takes from `in_channels` maps of "
        "`side`×`side` cells to `out_channels` maps. Its kernel has `kernel_size`×`kernel_size` "
        "weights, an odd number of them, and its padding is kernel_size // 2, so that stride 1 "
        "keeps the side. Multiplications with the padding count."
    ),
    reference=_conv_multiply_adds,
    cases=_cases(
        "side in_channels out_channels kernel_size stride",
        [
            *((1, 1, 1, 1, 1), (2, 1, 1, 1, 1), (2, 1, 1, 3, 1), (3, 2, 1, 3, 1)),
            *((4, 2, 3, 3, 1), (4, 2, 3, 3, 2), (5, 1, 2, 3, 2), (8, 3, 2, 1, 3)),
            *((224, 3, 64, 7, 2), (56, 64, 64, 3, 1), (28, 128, 256, 3, 2)),
        ],
    ),
    hints=[
        "Each number of the output is a sum of products. How many products are in one sum?",
        "One sum reads kernel_size × kernel_size cells of each of the in_channels maps.",
        "How many numbers has the output? Its side is (side - 1) // stride + 1.",
    ],
    solution_source="""
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - 1) // stride + 1
    return out * out * out_channels * in_channels * kernel_size * kernel_size
""",
    mistakes={
        "stride ignored": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    return side**2 * out_channels * in_channels * kernel_size**2
""",
        "stride in one direction only": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - 1) // stride + 1
    return side * out * out_channels * in_channels * kernel_size**2
""",
        "side rounded down": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = side // stride
    return out**2 * out_channels * in_channels * kernel_size**2
""",
        "one input map only": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - 1) // stride + 1
    return out**2 * out_channels * kernel_size**2
""",
        "kernel in one direction only": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - 1) // stride + 1
    return out**2 * out_channels * in_channels * kernel_size
""",
        "no padding": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - kernel_size) // stride + 1
    return out**2 * out_channels * in_channels * kernel_size**2
""",
        "multiplications and additions apart": """
def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    out = (side - 1) // stride + 1
    return 2 * out**2 * out_channels * in_channels * kernel_size**2
""",
    },
    meaning=(
        "The weights times the cells of the output: halve the side, and every later convolution "
        "costs a quarter."
    ),
)

first_dense_parameters = Exercise(
    name="first_dense_parameters",
    prompt=(
        "There are `channels` maps of `side`×`side` cells. They go through `poolings` poolings of "
        "2×2 with stride 2, where a row or column that is left over is lost. All numbers of all "
        "maps then go into a dense layer with `outputs` outputs, each with a bias. Return how "
        "many numbers the dense layer trains."
    ),
    reference=_first_dense_parameters,
    cases=_cases(
        "side channels outputs poolings",
        [
            *((1, 1, 1, 0), (2, 1, 1, 0), (2, 1, 1, 1), (2, 3, 2, 0), (4, 3, 2, 1)),
            *((8, 2, 5, 2), (7, 2, 5, 2), (15, 1, 3, 2), (28, 32, 10, 3), (224, 512, 4096, 5)),
        ],
    ),
    hints=[
        "What is the side after the poolings? An odd side loses its last row and column.",
        "The dense layer sees channels × side × side numbers, and has a weight for each of them "
        "in each of its outputs.",
        "One bias more for each output.",
    ],
    solution_source="""
def first_dense_parameters(side, channels, outputs, poolings):
    for _ in range(poolings):
        side = side // 2
    return (channels * side * side + 1) * outputs
""",
    mistakes={
        "bias forgotten": """
def first_dense_parameters(side, channels, outputs, poolings):
    return channels * (side // 2**poolings) ** 2 * outputs
""",
        "one bias in all": """
def first_dense_parameters(side, channels, outputs, poolings):
    return channels * (side // 2**poolings) ** 2 * outputs + 1
""",
        "poolings ignored": """
def first_dense_parameters(side, channels, outputs, poolings):
    return (channels * side**2 + 1) * outputs
""",
        "one pooling only": """
def first_dense_parameters(side, channels, outputs, poolings):
    side = side // 2 if poolings else side
    return (channels * side**2 + 1) * outputs
""",
        "poolings add up": """
def first_dense_parameters(side, channels, outputs, poolings):
    side = side // (2 * poolings) if poolings else side
    return (channels * side**2 + 1) * outputs
""",
        "side in one direction only": """
def first_dense_parameters(side, channels, outputs, poolings):
    return (channels * (side // 2**poolings) + 1) * outputs
""",
        "left over cells pooled too": """
def first_dense_parameters(side, channels, outputs, poolings):
    for _ in range(poolings):
        side = -(-side // 2)
    return (channels * side**2 + 1) * outputs
""",
        "cells divided by 2, not by 4": """
def first_dense_parameters(side, channels, outputs, poolings):
    return (channels * side**2 // 2**poolings + 1) * outputs
""",
    },
    meaning=(
        "Here pooling does save parameters. With a global average before the dense layer, the "
        "side would not be in the rule."
    ),
)

activation_bytes = Exercise(
    name="activation_bytes",
    prompt=(
        "An image of `side`×`side` pixels goes through the convolutions in `layers`, a list of "
        "pairs (channels, stride), from the input on. Each is padded, so that its maps have the "
        "side (side - 1) // stride + 1. Return how many bytes the outputs of all layers take, at "
        "4 bytes a number. The image itself does not count."
    ),
    reference=_activation_bytes,
    cases=[
        {"side": side, "layers": layers}
        for side, layers in (
            *((1, [(1, 1)]), (2, [(1, 1)]), (2, [(3, 1)]), (4, [(1, 2)]), (4, [(2, 1), (3, 2)])),
            *((5, [(2, 2), (4, 1)]), (9, [(1, 2), (2, 2), (4, 2)]), (10, [(3, 3), (2, 1), (5, 2)])),
            (32, [(16, 1), (16, 2), (32, 1), (32, 2)]),
        )
    ],
    hints=[
        "The stride of a layer shrinks its own output: change the side first, then count.",
        "A layer's output has channels × side × side numbers.",
        "The next layer starts from the side that this one left.",
    ],
    solution_source="""
def activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        side = (side - 1) // stride + 1
        numbers += channels * side * side
    return 4 * numbers
""",
    mistakes={
        "numbers, not bytes": """
def activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        side = (side - 1) // stride + 1
        numbers += channels * side * side
    return numbers
""",
        "stride takes effect one layer late": """
def activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        numbers += channels * side * side
        side = (side - 1) // stride + 1
    return 4 * numbers
""",
        "every layer starts from the image": """
def activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        numbers += channels * ((side - 1) // stride + 1) ** 2
    return 4 * numbers
""",
        "strides ignored": """
def activation_bytes(side, layers):
    return 4 * sum(channels * side * side for channels, stride in layers)
""",
        "side rounded down": """
def activation_bytes(side, layers):
    numbers = 0
    for channels, stride in layers:
        side = side // stride
        numbers += channels * side * side
    return 4 * numbers
""",
        "the last layer only": """
def activation_bytes(side, layers):
    for _, stride in layers:
        side = (side - 1) // stride + 1
    return 4 * layers[-1][0] * side * side
""",
        "the image counted": """
def activation_bytes(side, layers):
    numbers = side * side
    for channels, stride in layers:
        side = (side - 1) // stride + 1
        numbers += channels * side * side
    return 4 * numbers
""",
    },
    meaning="The first layers have few maps, but large ones: they take much of the memory.",
)

stride_factor = Exercise(
    name="stride_factor",
    prompt=(
        "`layers` is a list of pairs (weights, stride), from the input on: how many weights a "
        "convolution has, and its stride. All sides divide without rest. Return how many times as "
        "many multiply-adds the stack takes if every stride is set to 1."
    ),
    reference=_stride_factor,
    cases=[
        {"layers": layers}
        for layers in (
            *([(9, 1)], [(9, 2)], [(9, 1), (9, 2)], [(9, 2), (9, 1)], [(9, 2), (18, 2)]),
            *([(27, 1), (72, 2), (288, 2), (90, 1)], [(5, 3), (7, 1), (60, 2)]),
        )
    ],
    hints=[
        "A convolution takes as many multiply-adds as it has weights, at each cell of its output.",
        "With the strides, a layer's output has fewer cells than the image, by the product of "
        "the strides so far, its own included: that many times fewer in each direction.",
        "Without strides, each layer takes its weights times the cells of the image. Divide the "
        "two sums: the cells of the image cancel.",
    ],
    solution_source="""
def stride_factor(layers):
    jump, with_strides, without = 1, 0, 0
    for weights, stride in layers:
        jump *= stride
        with_strides += weights / jump**2
        without += weights
    return without / with_strides
""",
    mistakes={
        "one direction only": """
def stride_factor(layers):
    jump, with_strides, without = 1, 0, 0
    for weights, stride in layers:
        jump *= stride
        with_strides += weights / jump
        without += weights
    return without / with_strides
""",
        "product of all strides for all layers": """
def stride_factor(layers):
    jump = 1
    for _, stride in layers:
        jump *= stride
    return float(jump**2)
""",
        "own stride left out": """
def stride_factor(layers):
    jump, with_strides, without = 1, 0, 0
    for weights, stride in layers:
        with_strides += weights / jump**2
        without += weights
        jump *= stride
    return without / with_strides
""",
        "own stride only": """
def stride_factor(layers):
    without = sum(weights for weights, _ in layers)
    return without / sum(weights / stride**2 for weights, stride in layers)
""",
        "weights ignored": """
def stride_factor(layers):
    jump, cells = 1, 0
    for _, stride in layers:
        jump *= stride
        cells += 1 / jump**2
    return len(layers) / cells
""",
        "upside down": """
def stride_factor(layers):
    jump, with_strides, without = 1, 0, 0
    for weights, stride in layers:
        jump *= stride
        with_strides += weights / jump**2
        without += weights
    return with_strides / without
""",
        "average of the layers' factors": """
def stride_factor(layers):
    jump, factors = 1, 0
    for _, stride in layers:
        jump *= stride
        factors += jump**2
    return factors / len(layers)
""",
    },
    meaning=(
        "The side of the image is not in the rule. Downsampling divides the cost by a constant, "
        "the larger the more of the weights come after it."
    ),
)
