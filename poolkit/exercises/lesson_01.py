"""The exercises of lesson 01: small windows that do not overlap."""

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import avg_pool2d, max_pool2d

_GRID = np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]])

_TWO_BY_TWO = {"x": lambda row, column, case: (2 * row, 2 * column, 2, 2)}

_SMALL_GRIDS = [
    {"x": np.array([[4.0, 3.0], [2.0, 5.0]])},
    {"x": _GRID},
    {"x": np.array([[7.0, 1.0, 3.0, 2.0, 9.0, 6.0], [5.0, 4.0, 8.0, 6.0, 2.0, 3.0]])},
    {"x": np.array([[-1.0, -4.0], [-3.0, -2.0]])},
    {"x": np.array([[0.5, 2.5, 0.0], [1.5, 3.25, -9.0], [9.0, -9.0, 9.0]])},
    {"x": np.array([[6.0, 1.0], [3.0, 8.0], [2.0, 7.0], [4.0, 9.0], [-5.0, -6.0]])},
]

min_pool = Exercise(
    name="min_pool",
    prompt=(
        "Return the smallest number of each 2×2 window of `x`, an array of floats of shape (H, W). "
        "The windows do not overlap. An odd row or column at the end is in no window."
    ),
    reference=lambda x: -max_pool2d(-x[None], 2)[0],
    cases=_SMALL_GRIDS,
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
    mistakes={
        "max for min": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).max(axis=(1, 3))
""",
        "average for min": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
""",
        "top left cell of each window": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height : 2, : 2 * width : 2]
""",
        "windows overlap": """
def min_pool(x):
    height, width = x.shape[0] - 1, x.shape[1] - 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[i : i + 2, j : j + 2].min()
    return output
""",
        "step of one inside an output of the right size": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[i : i + 2, j : j + 2].min()
    return output
""",
        "height and width swapped": """
def min_pool(x):
    height, width = x.shape[1] // 2, x.shape[0] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * j : 2 * j + 2, 2 * i : 2 * i + 2].min()
    return output
""",
        "the search starts at zero": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(2 * height):
        for j in range(2 * width):
            output[i // 2, j // 2] = min(output[i // 2, j // 2], x[i, j])
    return output
""",
        "odd row and column kept": """
def min_pool(x):
    height, width = -(-x.shape[0] // 2), -(-x.shape[1] // 2)
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].min()
    return output
""",
        "windows of columns only": """
def min_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return np.minimum(x[: 2 * height : 2, : 2 * width : 2], x[1 : 2 * height : 2, : 2 * width : 2])
""",
    },
    meaning=(
        "Minimum pooling is max pooling of the negative picture, so it keeps the thin dark lines "
        "that max pooling wipes out."
    ),
    windows=_TWO_BY_TWO,
)

avg_pool = Exercise(
    name="avg_pool",
    prompt=(
        "Return the average of each 2×2 window of `x`, an array of floats of shape (H, W). Write "
        "the loop yourself, or use `reshape`. The windows do not overlap. An odd row or column at "
        "the end is in no window."
    ),
    reference=lambda x: avg_pool2d(x[None], 2)[0],
    cases=_SMALL_GRIDS,
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
    mistakes={
        "max for average": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).max(axis=(1, 3))
""",
        "sum for average": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).sum(axis=(1, 3))
""",
        "division rounds down": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).sum(axis=(1, 3)) // 4
""",
        "divided by the side of the window": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).sum(axis=(1, 3)) / 2
""",
        "an output of whole numbers": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width), dtype=int)
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean()
    return output
""",
        "window of four in a row": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    cells = x[: 2 * height, : 2 * width]
    return cells.reshape(height * width, 4).mean(axis=1).reshape(height, width)
""",
        "two cells of each window": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    x = x[: 2 * height, : 2 * width]
    return (x[::2, ::2] + x[1::2, 1::2]) / 2
""",
        "height and width swapped": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3)).T
""",
        "odd row and column averaged": """
def avg_pool(x):
    height, width = -(-x.shape[0] // 2), -(-x.shape[1] // 2)
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean()
    return output
""",
    },
    meaning="Every cell counts once and with the same weight, so the mean of the picture stays.",
    windows=_TWO_BY_TWO,
)

max_pool = Exercise(
    name="max_pool",
    prompt=(
        "Return the largest number of each window of `kernel_size` × `kernel_size` cells of `x`, "
        "an array of floats of shape (H, W). The windows do not overlap. Rows and columns at the "
        "end that do not fill a window are dropped."
    ),
    reference=lambda x, kernel_size: max_pool2d(x[None], kernel_size)[0],
    cases=[
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "kernel_size": 2},
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "kernel_size": 1},
        {"x": np.array([[1.0, 3, 2], [5, 4, 1], [0, 8, 9]]), "kernel_size": 3},
        {"x": np.array([[1.0, 3, 2], [5, 4, 1], [0, 8, 9]]), "kernel_size": 2},
        {"x": _GRID, "kernel_size": 2},
        {
            "x": np.array([[9.0, 1, 2, 3, 4, 5], [1, 2, 3, 1, 2, 3], [7, 1, 2, 7.5, 1, 2]]),
            "kernel_size": 3,
        },
        {"x": np.array([[-1.0, -4.0], [-3.0, -2.0]]), "kernel_size": 2},
        {"x": (np.arange(35.0) * 11 % 36 - 20).reshape(7, 5), "kernel_size": 2},
        {"x": (np.arange(40.0) * 7 % 41 - 20).reshape(5, 8), "kernel_size": 3},
    ],
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
    mistakes={
        "average for max": """
def max_pool(x, kernel_size):
    k = kernel_size
    height, width = x.shape[0] // k, x.shape[1] // k
    return x[: k * height, : k * width].reshape(height, k, width, k).mean(axis=(1, 3))
""",
        "kernel_size ignored": """
def max_pool(x, kernel_size):
    k = 2
    height, width = x.shape[0] // k, x.shape[1] // k
    return x[: k * height, : k * width].reshape(height, k, width, k).max(axis=(1, 3))
""",
        "windows overlap": """
def max_pool(x, kernel_size):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size))
    return windows.max(axis=(2, 3))
""",
        "steps of two": """
def max_pool(x, kernel_size):
    k = kernel_size
    output = np.zeros((x.shape[0] // k, x.shape[1] // k))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = x[2 * i : 2 * i + k, 2 * j : 2 * j + k].max()
    return output
""",
        "the search starts at zero": """
def max_pool(x, kernel_size):
    k = kernel_size
    output = np.zeros((x.shape[0] // k, x.shape[1] // k))
    for i in range(k * output.shape[0]):
        for j in range(k * output.shape[1]):
            output[i // k, j // k] = max(output[i // k, j // k], x[i, j])
    return output
""",
        "leftovers kept": """
def max_pool(x, kernel_size):
    k = kernel_size
    output = np.zeros((-(-x.shape[0] // k), -(-x.shape[1] // k)))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = x[k * i : k * i + k, k * j : k * j + k].max()
    return output
""",
        "height and width swapped": """
def max_pool(x, kernel_size):
    k = kernel_size
    height, width = x.shape[1] // k, x.shape[0] // k
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = x[k * i : k * i + k, k * j : k * j + k].max()
    return output
""",
        "window one cell too small": """
def max_pool(x, kernel_size):
    k = kernel_size
    output = np.zeros((x.shape[0] // k, x.shape[1] // k))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = x[k * i : k * i + max(k - 1, 1), k * j : k * j + max(k - 1, 1)].max()
    return output
""",
    },
    meaning="One rule covers every window size; torch calls it MaxPool2d(kernel_size).",
    windows={
        "x": lambda row, column, case: (
            row * case["kernel_size"],
            column * case["kernel_size"],
            case["kernel_size"],
            case["kernel_size"],
        )
    },
)

lost_cells = Exercise(
    name="lost_cells",
    prompt=(
        "Return how many cells of a map of `height` × `width` cells are in no window of 2×2 "
        "pooling, where the windows do not overlap."
    ),
    reference=lambda height, width: height * width - height // 2 * 2 * (width // 2 * 2),
    cases=[
        {"height": height, "width": width}
        for height, width in [
            *((2, 2), (2, 3), (3, 2), (3, 3), (1, 1), (1, 4), (5, 1)),
            *((4, 7), (5, 6), (5, 7), (28, 28), (300, 451)),
        ]
    ],
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
    mistakes={
        "lines counted, not cells": """
def lost_cells(height, width):
    return height % 2 + width % 2
""",
        "the corner counted twice": """
def lost_cells(height, width):
    return height % 2 * width + width % 2 * height
""",
        "the rest of the number of cells": """
def lost_cells(height, width):
    return height * width % 4
""",
        "height and width swapped": """
def lost_cells(height, width):
    return height % 2 * height + width % 2 * width - (height % 2) * (width % 2)
""",
        "windows counted, not cells": """
def lost_cells(height, width):
    return height * width - (height // 2) * (width // 2)
""",
        "only when both sides are odd": """
def lost_cells(height, width):
    return height + width - 1 if height % 2 and width % 2 else 0
""",
        "a float": """
def lost_cells(height, width):
    return height * width - 4.0 * (height // 2) * (width // 2)
""",
    },
    meaning="A map with even sides loses nothing; an odd side loses its whole last row or column.",
)
