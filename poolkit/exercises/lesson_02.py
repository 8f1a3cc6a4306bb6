"""The exercises of lesson 02: windows that overlap, hang over, or start in the padding."""

import numpy as np

from poolkit.exercises.cases import array, calls
from poolkit.exercises.exercise import exercise


@exercise(
    *calls(
        "4 2 2 0; 5 2 2 0; 4 2 1 0; 5 3 1 1; 5 3 2 1; 6 3 2 1; 3 3 2 0; 1 1 1 0; 7 2 3 1; "
        "8 5 4 2; 28 2 2 0; 224 3 2 1"
    ),
    example=4,
)
def output_size(size, kernel_size, stride, padding):
    """An axis has `size` pixels, and `padding` pixels are added at both of its ends. Windows of
    `kernel_size` pixels start every `stride` pixels, the first at the very beginning. Return how
    many whole windows fit: a whole number.

    Hint: The padding is at both ends: how long is the padded axis?
    Hint: The first window always fits. How far can it still move before it hits the end?
    Hint: It moves in steps of stride, and only whole steps count: //.
    Right: With this one line you can follow the shapes through any network, for convolutions too.
    """
    room_to_move = size + 2 * padding - kernel_size
    return room_to_move // stride + 1


@exercise(
    *calls(
        "4 2 2 0; 5 2 2 0; 3 1 3 0; 2 1 2 0; 4 2 1 0; 3 2 2 1; 5 2 4 1; 4 3 2 1; 5 3 4 1; "
        "2 2 3 1; 6 4 4 2; 112 3 2 0"
    ),
    example=1,
)
def output_size_ceil(size, kernel_size, stride, padding):
    """An axis has `size` pixels, and `padding` pixels are added at both of its ends. Windows of
    `kernel_size` pixels start every `stride` pixels. Return how many there are with
    `ceil_mode=True`, a whole number: the division of `output_size` rounds up, so that the last
    window may hang over the end. But as in torch, a last window that starts past the last pixel of
    the input, in the padding on the right or beyond it, is dropped.

    Hint: Rounding up without leaving the whole numbers: -(-a // b).
    Hint: Window i starts at pixel i * stride - padding of the input, counted from 0. Where does the
    last one start?
    Hint: The input's last pixel is size - 1. A last window that starts at size or after it reads no
    pixel of the input.
    Right: The dropped window would have read padding only. torch's documentation tells of it in a
    sentence below the formula, and the formula alone leaves it out.
    """
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    last_start = (windows - 1) * stride - padding
    if last_start >= size:
        windows -= 1
    return windows


@exercise(
    (array("4 3; 2 5"), 2, 2, 0),
    (array("4 3; 2 5"), 2, 2, 1),
    (array("1 3 2; 5 4 1; 0 8 9"), 2, 1, 0),
    (array("-4 -3; -2 -5"), 2, 1, 1),
    (array("1 6 2 7; 5 -1 4 0; 3 9 -8 2.5"), 2, 2, 1),
    ((np.arange(20.0) * 7 % 23 - 30).reshape(4, 5), 3, 2, 1),
    ((np.arange(42.0) * 11 % 43 - 20).reshape(7, 6), 2, 3, 0),
    example=1,
    windows={
        "x": lambda row, column, case: (
            row * case["stride"] - case["padding"],
            column * case["stride"] - case["padding"],
            case["kernel_size"],
            case["kernel_size"],
        )
    },
)
def max_pool_padded(x, kernel_size, stride, padding):
    """`x` is an array of floats of shape (H, W). Put `padding` rows and columns of −inf on all four
    sides. Windows of `kernel_size` × `kernel_size` pixels start every `stride` pixels, downwards
    and to the right, the first in the top left corner. Return the largest number of each window: an
    array of floats with as many rows and columns as `output_size` gives. Only whole windows count.

    Hint: np.pad(x, padding, constant_values=-np.inf) adds the padding on all sides.
    Hint: The number of windows comes from the output size rule of this lesson, for each axis.
    Hint: In the padded array, window (i, j) starts at row stride * i and column stride * j.
    Right: −inf never wins against a pixel of the input; a padding of zeros would have invented a
    maximum wherever a window at the border holds negative numbers only.
    """
    padded = np.pad(x, padding, constant_values=-np.inf)
    height = (padded.shape[0] - kernel_size) // stride + 1
    width = (padded.shape[1] - kernel_size) // stride + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = stride * i, stride * j
            output[i, j] = padded[top : top + kernel_size, left : left + kernel_size].max()
    return output


@exercise(
    *calls(
        "4 2 2 0; 3 2 1 1; 4 2 2 1; 5 3 2 1; 5 3 1 1; 6 3 2 1; 2 5 1 2; 7 4 3 2; 8 5 4 2; 6 2 3 1"
    ),
    example=1,
)
def average_divisors(size, kernel_size, stride, padding):
    """Average pooling goes along an axis of `size` pixels, with `padding` zeros at both ends and
    windows of `kernel_size` pixels every `stride` pixels; `output_size` counts them. With
    `count_include_pad=False`, the sum of a window is divided by the number of its pixels that lie
    in the input. Return these numbers: a list of whole numbers, one for each window.

    Hint: Window i starts at pixel i * stride - padding, counted from 0: below 0 is padding.
    Hint: Cut each window to the pixels from 0 up to, not including, size. How long is it then?
    Hint: min(stop, size) - max(start, 0) is the length that is left.
    Right: With these divisors the border is as bright as the rest; with the default,
    `count_include_pad=True`, the zeros of the padding darken it.
    """
    windows = (size + 2 * padding - kernel_size) // stride + 1
    counts = []
    for i in range(windows):
        start = i * stride - padding
        stop = start + kernel_size
        counts.append(min(stop, size) - max(start, 0))
    return counts


@exercise(*calls("4 2; 4 1; 3 2; 5 3; 7 3; 6 4; 2 3; 10 7"), example=3)
def adaptive_windows(size, output_size):
    """Adaptive pooling cuts an axis of `size` pixels, counted from 0, into `output_size` bins. Bin
    i starts at pixel i × size / output_size, rounded down. It stops before pixel (i + 1) × size /
    output_size, rounded up. Return the bins: a list of pairs of whole numbers (start, stop), where
    stop is the first pixel that is no longer in the bin.

    Hint: Whole numbers only: floor is i * size // output_size.
    Hint: Rounding up without leaving the whole numbers: -(-a // b).
    Hint: Where output_size does not divide size, a stop is larger than the next start.
    Right: Every pixel is in a bin and no bin is empty; the price is that bins overlap, so a pixel
    on a seam counts twice.
    """
    windows = []
    for i in range(output_size):
        start = i * size // output_size
        stop = -(-(i + 1) * size // output_size)
        windows.append((start, stop))
    return windows
