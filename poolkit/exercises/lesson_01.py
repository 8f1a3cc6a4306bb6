"""The exercises of lesson 01: small windows that do not overlap."""

import numpy as np

from poolkit.exercises.cases import GRID, cases
from poolkit.exercises.exercise import Exercise, blocks

_MAPS = cases(
    "x",
    [np.array([[4.0, 3.0], [2.0, 5.0]])],
    [GRID],
    [np.array([[7.0, 1.0, 3.0, 2.0, 9.0, 6.0], [5.0, 4.0, 8.0, 6.0, 2.0, 3.0]])],
    [np.array([[-1.0, -4.0], [-3.0, -2.0]])],
    [np.array([[0.5, 2.5, 0.0], [1.5, 3.25, -9.0], [9.0, -9.0, 9.0]])],
    [np.array([[6.0, 1.0], [3.0, 8.0], [2.0, 7.0], [4.0, 9.0], [-5.0, -6.0]])],
)


min_pool = Exercise(
    name="min_pool",
    prompt=(
        "`x` is an array of floats of shape (H, W). Cut it into windows of 2×2 cells that lie "
        "side by side. Return the smallest number of each window: an array of floats of shape "
        "(H // 2, W // 2). If a side is odd, its last row or column is in no window."
    ),
    cases=_MAPS,
    example=1,
    hints=[
        "Output cell (i, j) looks at x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].",
        "There are x.shape[0] // 2 rows and x.shape[1] // 2 columns of windows.",
        "In place of a loop: the smallest number is minus the largest of the negated numbers.",
    ],
    solution_source="""
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].min()
    return output
""",
    meaning=(
        "Minimum pooling is max pooling of the negative picture, so it keeps the thin dark "
        "lines that max pooling wipes out."
    ),
    windows=blocks(2),
)

avg_pool = Exercise(
    name="avg_pool",
    prompt=(
        "`x` is an array of floats of shape (H, W). Cut it into windows of 2×2 cells that lie "
        "side by side. Return the average of each window: an array of floats of shape (H // 2, "
        "W // 2). If a side is odd, its last row or column is in no window. Write the loop "
        "yourself, or use `reshape`."
    ),
    cases=_MAPS,
    example=1,
    hints=[
        "The average of a window is its sum divided by 4.",
        "Begin with an output of np.zeros((x.shape[0] // 2, x.shape[1] // 2)) and two loops.",
        "With reshape: an array of shape (H // 2, 2, W // 2, 2) has the cells of a window on the "
        "axes 1 and 3.",
    ],
    solution_source="""
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].sum() / 4
    return output
""",
    meaning="Every cell counts once and with the same weight, so the mean of the picture stays.",
    windows=blocks(2),
)

max_pool = Exercise(
    name="max_pool",
    prompt=(
        "`x` is an array of floats of shape (H, W). Cut it into windows of `kernel_size` × "
        "`kernel_size` cells that lie side by side. Return the largest number of each window: "
        "an array of floats of shape (H // kernel_size, W // kernel_size). Rows and columns at "
        "the end that do not fill a window are dropped."
    ),
    cases=cases(
        "x kernel_size",
        (np.array([[4.0, 3.0], [2.0, 5.0]]), 2),
        (np.array([[4.0, 3.0], [2.0, 5.0]]), 1),
        (np.array([[1.0, 3, 2], [5, 4, 1], [0, 8, 9]]), 3),
        (np.array([[1.0, 3, 2], [5, 4, 1], [0, 8, 9]]), 2),
        (GRID, 2),
        (np.array([[9.0, 1, 2, 3, 4, 5], [1, 2, 3, 1, 2, 3], [7, 1, 2, 7.5, 1, 2]]), 3),
        (np.array([[-1.0, -4.0], [-3.0, -2.0]]), 2),
        ((np.arange(35.0) * 11 % 36 - 20).reshape(7, 5), 2),
        ((np.arange(40.0) * 7 % 41 - 20).reshape(5, 8), 3),
    ),
    example=3,
    hints=[
        "How many whole windows fit into x.shape[0] rows? Rounding down drops the rest.",
        "Output cell (i, j) looks at the rows from kernel_size * i up to, not including, "
        "kernel_size * (i + 1), and at the columns likewise with j.",
        "Negative numbers: the largest of -3 and -2 is -2, so do not begin with 0 and compare.",
    ],
    solution_source="""
def max_pool(x, kernel_size):
    height, width = x.shape[0] // kernel_size, x.shape[1] // kernel_size
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = kernel_size * i, kernel_size * j
            output[i, j] = x[top : top + kernel_size, left : left + kernel_size].max()
    return output
""",
    meaning="One rule covers every window size; torch calls it MaxPool2d(kernel_size).",
    windows=blocks("kernel_size"),
)

lost_cells = Exercise(
    name="lost_cells",
    prompt=(
        "A map has `height` × `width` cells, both whole numbers. 2×2 pooling cuts it into "
        "windows that lie side by side. Return how many cells are in no window: a whole number."
    ),
    cases=cases(
        "height width",
        (2, 2),
        (2, 3),
        (3, 2),
        (3, 3),
        (1, 1),
        (1, 4),
        (5, 1),
        (4, 7),
        (5, 6),
        (5, 7),
        (28, 28),
        (300, 451),
    ),
    example=3,
    hints=[
        "Draw a map of 3×3 cells and its one window. How many cells lie outside?",
        "Count the cells inside the windows, and take them away from all cells.",
        "height // 2 rows of windows cover height // 2 * 2 rows of cells.",
    ],
    solution_source="""
def lost_cells(height, width):
    covered = (height // 2 * 2) * (width // 2 * 2)
    return height * width - covered
""",
    meaning="A map with even sides loses nothing; an odd side loses its whole last row or column.",
)
