"""The exercises of lesson 11: the ways back from a small map to a large one."""

import numpy as np

from poolkit.exercises.cases import array, calls, uneven
from poolkit.exercises.exercise import blocks, exercise


def _writers(place, inputs, kernel_size, stride):
    """The inputs along an axis that write to a place of the output: the first, and how many."""
    first = max(0, -(-(place - kernel_size + 1) // stride))
    last = min(inputs - 1, place // stride)
    return first, max(0, last - first + 1)


def _written_by(row, column, case):
    k, stride = len(case["kernel"]), case["stride"]
    top, height = _writers(row, case["x"].shape[0], k, stride)
    left, width = _writers(column, case["x"].shape[1], k, stride)
    return top, left, height, width


_KERNEL = array("1 2 -1; 3 1 4; -2 5 6")


@exercise(
    (uneven(2, 2), 2),
    (uneven(2, 4), 2),
    (uneven(4, 2), 2),
    (uneven(6, 9), 3),
    (uneven(3, 4), 1),
    example=1,
    windows=blocks("k", "grad"),
)
def upsample_backward(grad, k):
    """Nearest upsampling copied each pixel of a map of shape (H, W) into a block of `k` × `k`
    pixels. `grad`, an array of floats of shape (k × H, k × W), holds the gradient of each pixel of
    the large map. Return the gradient of each pixel of the small map: an array of floats of shape
    (H, W).

    Hint: Each small pixel has k × k copies. The loss feels a nudge of it through all of them.
    Hint: What many paths carry back adds up, as with the overlapping windows of lesson 04.
    Hint: Lesson 05 cut a map into blocks: reshape(rows, k, columns, k). Sum over two of the axes.
    Right: Copying forward is summing backward. It is average pooling without the division, as
    average pooling is copying backward, divided.
    """
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(rows, k, columns, k).sum(axis=(1, 3))


@exercise(
    # The maxima of windows of 2×2 pixels, in the last case of 3×3, and where they were.
    (array("10"), array("3", int), (2, 2)),
    (array("8 10"), array("1 3", int), (2, 4)),
    (array("-12 -10; -12 -8"), array("1 3; 9 14", int), (4, 4)),
    (array("9 10; 6 11"), array("6 3; 15 17", int), (4, 5)),
    (array("8 10 7; 12 11 11"), array("1 3 4; 14 17 25", int), (5, 7)),
    (array("10 12 11; 12 11 10"), array("20 14 17; 47 50 53", int), (6, 9)),
    example=1,
)
def unpool(values, indices, size):
    """Max unpooling of one map. `values` is an array of floats of shape (h, w); `indices`, of the
    same shape, holds whole numbers; `size` is the pair (H, W). Return a map of zeros of shape (H,
    W) with each value put where its index says: the index of the pixel in row r and column c is r ×
    W + c, both counted from 0.

    Hint: Start with np.zeros(size). Which W belongs to the indices: that of the small map, or that
    of the large one?
    Hint: A row of the large map has W pixels: the row is index // W and the column index % W.
    Hint: Shorter: out.flat[indices] = values writes by flat index.
    Right: An index means something only together with the width of the map it was made for. That is
    why torch wants output_size where sides were odd.
    """
    out = np.zeros(size)
    out.flat[indices] = values
    return out


@exercise(
    (np.array([1.0, 2.0]), 2, 1),
    (np.array([1.0, 2.0]), 3, 1),
    (np.array([1.0, 2.0]), 4, 2),
    (np.array([1.0, 2.0, 3.0]), 5, 2),
    (np.array([4.0, -1.0, 2.0]), 6, 2),
    (np.array([5.0]), 4, 3),
    (np.array([1.0, 2.0, 3.0, 4.0]), 9, 3),
    example=2,
)
def conv_matrix(kernel, size, stride):
    """`kernel` is a 1-D array of floats. A convolution goes along a row x of `size` pixels without
    padding: each output is the sum of kernel times the pixels of a window, and windows start every
    `stride` pixels. (The kernel is not flipped, as in torch.) Return the matrix for which matrix @
    x gives all outputs: an array of floats of shape (outputs, size).

    Hint: Row i says what output i reads: the kernel from pixel stride * i on, and zeros elsewhere.
    Hint: How many outputs are there? You wrote it in lesson 02: output_size.
    Hint: matrix[i, stride * i : stride * i + len(kernel)] = kernel
    Right: Most of the matrix is zero and the rest repeats the kernel: that is what a convolution
    saves over a dense layer. Turned by .T it is the transposed convolution.
    """
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, stride * i : stride * i + len(kernel)] = kernel
    return matrix


@exercise(
    (array("2"), array("1 2; 3 4"), 2),
    (array("2 10"), array("1 2; 3 4"), 2),
    (array("2 10"), array("1 2; 3 4"), 1),
    (uneven(2, 2) + 1, _KERNEL, 2),
    (uneven(3, 2) - 5, _KERNEL, 2),
    (uneven(2, 3) + 1, array("3"), 2),
    (uneven(3, 4) + 1, np.arange(1.0, 17).reshape(4, 4), 2),
    (uneven(2, 3) + 1, _KERNEL, 1),
    example=2,
    windows={"x": _written_by},
)
def conv_transpose(x, kernel, stride):
    """Transposed convolution of one map, without padding. `x` is an array of floats of shape (H,
    W), `kernel` one of shape (k, k). Each pixel of x writes its value times the kernel into a
    window of k × k pixels of the output. The windows of neighbours start `stride` pixels apart, and
    where they overlap, what they write adds up. Return the output: an array of floats, just large
    enough for all windows.

    Hint: The last window starts at (H - 1) * stride and is k pixels high. How high is the output?
    Hint: Start with zeros and go through the pixels of x, not through those of the output.
    Hint: out[i * stride : i * stride + k, …] += x[i, j] * kernel
    Right: Convolution gathers a window into one number; its transpose scatters one number into a
    window. Where windows overlap, more arrives.
    """
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel
    return out


@exercise(
    *calls(
        "5 3 2 0; 6 3 2 0; 8 3 2 1; 7 3 2 1; 6 2 3 0; 7 2 3 0; 8 3 3 1; 4 3 1 1; 14 5 4 2; "
        "16 5 4 2; 9 4 2 1; 10 1 4 0"
    ),
    example=1,
)
def output_padding(size, kernel_size, stride, padding):
    """A convolution with `kernel_size`, `stride` and `padding` pixels at both ends went along a row
    of `size` pixels, which became shorter. The transposed convolution with the same three numbers
    leads back to a row, but where the strides did not divide evenly it is too short.
    `output_padding` adds that many pixels at its end. Return the output_padding that brings back
    exactly `size` pixels: a whole number, from 0 to stride − 1.

    Hint: Which pixels did the convolution leave unread at the end of its padded row?
    Hint: The first window takes kernel_size pixels, each further one stride pixels more.
    Hint: What whole steps leave over is the remainder of a division: %.
    Right: Rounding down threw this remainder away, and only you know what it was: in a network, it
    is easier to pass the size you want as output_size to ConvTranspose2d.
    """
    return (size + 2 * padding - kernel_size) % stride


@exercise(
    *calls("1 3 2; 2 2 2; 2 3 2; 3 3 2; 4 4 2; 3 3 1; 3 1 2; 4 5 2; 3 2 3; 5 7 3; 4 5 4"), example=2
)
def overlap_counts(inputs, kernel_size, stride):
    """In a transposed convolution along a row, each of `inputs` pixels writes to a window of
    `kernel_size` pixels of the output. The windows start every `stride` pixels; there is no
    padding, and the output ends with the last window. Return how many windows write to each pixel
    of the output: a list of whole numbers.

    Hint: How long is the output? The last window starts at (inputs - 1) * stride.
    Hint: Start with zeros. Each window adds 1 to each of its kernel_size pixels.
    Hint: A window may skip pixels too: with a stride larger than the kernel, some stay 0.
    Right: Away from the border the counts repeat every stride pixels, and are equal just when
    kernel_size is divisible by stride.
    """
    counts = [0] * ((inputs - 1) * stride + kernel_size)
    for i in range(inputs):
        for tap in range(kernel_size):
            counts[i * stride + tap] += 1
    return counts
