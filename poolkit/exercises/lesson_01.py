"""The exercises of lesson 01: small windows that do not overlap."""

import numpy as np

from poolkit.exercises.cases import GRID, array, calls
from poolkit.exercises.exercise import blocks, exercise

_MAPS = [
    [array("4 3; 2 5")],
    [GRID],
    [array("7 1 3 2 9 6; 5 4 8 6 2 3")],
    [array("-1 -4; -3 -2")],
    [array("0.5 2.5 0; 1.5 3.25 -9; 9 -9 9")],
    [array("6 1; 3 8; 2 7; 4 9; -5 -6")],
]


@exercise(*_MAPS, example=1, windows=blocks(2))
def min_pool(x):
    """`x` is an array of floats of shape (H, W). Cut it into windows of 2×2 pixels that lie side by
    side. Return the smallest number of each window: an array of floats of shape (H // 2, W // 2).
    If a side is odd, its last row or column is in no window.

    Hint: Output pixel (i, j) looks at x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].
    Hint: There are x.shape[0] // 2 rows and x.shape[1] // 2 columns of windows.
    Hint: In place of a loop: the smallest number is minus the largest of the negated numbers.
    Right: Minimum pooling is max pooling of the negative picture, so it keeps the thin dark lines
    that max pooling wipes out.
    """
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].min()
    return output


@exercise(*_MAPS, example=1, windows=blocks(2))
def avg_pool(x):
    """`x` is an array of floats of shape (H, W). Cut it into windows of 2×2 pixels that lie side by
    side. Return the average of each window: an array of floats of shape (H // 2, W // 2). If a side
    is odd, its last row or column is in no window. Write the loop yourself, or use `reshape`.

    Hint: The average of a window is its sum divided by 4.
    Hint: Begin with an output of np.zeros((x.shape[0] // 2, x.shape[1] // 2)) and two loops.
    Hint: With reshape: an array of shape (H // 2, 2, W // 2, 2) has the pixels of a window on the
    axes 1 and 3.
    Right: Every pixel of a window counts once and with the same weight. If the sides are even,
    the mean of the picture stays.
    """
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].sum() / 4
    return output


@exercise(
    (array("4 3; 2 5"), 2),
    (array("4 3; 2 5"), 1),
    (array("1 3 2; 5 4 1; 0 8 9"), 3),
    (array("1 3 2; 5 4 1; 0 8 9"), 2),
    (GRID, 2),
    (array("9 1 2 3 4 5; 1 2 3 1 2 3; 7 1 2 7.5 1 2"), 3),
    (array("-1 -4; -3 -2"), 2),
    ((np.arange(35.0) * 11 % 36 - 20).reshape(7, 5), 2),
    ((np.arange(40.0) * 7 % 41 - 20).reshape(5, 8), 3),
    example=3,
    windows=blocks("kernel_size"),
)
def max_pool(x, kernel_size):
    """`x` is an array of floats of shape (H, W). Cut it into windows of `kernel_size` ×
    `kernel_size` pixels that lie side by side. Return the largest number of each window: an array
    of floats of shape (H // kernel_size, W // kernel_size). Rows and columns at the end that do not
    fill a window are dropped.

    Hint: How many whole windows fit into x.shape[0] rows? Rounding down drops the rest.
    Hint: Output pixel (i, j) looks at the rows from kernel_size * i up to, not including,
    kernel_size * (i + 1), and at the columns likewise with j.
    Hint: Negative numbers: the largest of -3 and -2 is -2, so do not begin with 0 and compare.
    Right: One rule covers every window size; torch calls it MaxPool2d(kernel_size).
    """
    height, width = x.shape[0] // kernel_size, x.shape[1] // kernel_size
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = kernel_size * i, kernel_size * j
            output[i, j] = x[top : top + kernel_size, left : left + kernel_size].max()
    return output


@exercise(*calls("2 2; 2 3; 3 2; 3 3; 1 1; 1 4; 5 1; 4 7; 5 6; 5 7; 28 28; 300 451"), example=3)
def lost_pixels(height, width):
    """A map has `height` × `width` pixels, both whole numbers. 2×2 pooling cuts it into windows
    that lie side by side. Return how many pixels are in no window: a whole number.

    Hint: Draw a map of 3×3 pixels and its one window. How many pixels lie outside?
    Hint: Count the pixels inside the windows, and take them away from all pixels.
    Hint: height // 2 rows of windows cover height // 2 * 2 rows of pixels.
    Right: A map with even sides loses nothing; an odd side loses its whole last row or column.
    """
    covered = (height // 2 * 2) * (width // 2 * 2)
    return height * width - covered
