"""The exercises of lesson 03: the way back through a pooling layer."""

import numpy as np

from poolkit import functional, gradients
from poolkit.exercises.exercise import Exercise


def _window_of_cell(row, column, case):
    return (row // 2 * 2, column // 2 * 2, 2, 2)


def _output_of_cell(row, column, case):
    return (row // 2, column // 2, 1, 1)


def _cell(row, column, case):
    return (row, column, 1, 1)


def _avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    row = gradients.avg_pool2d_backward(
        grad_output[None, None], np.zeros((1, 1, size)), (1, kernel_size), (1, stride)
    )
    return row[0, 0]


def _numeric_gradient(f, x, eps):
    steps = eps * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / (2 * eps) for step in steps]).reshape(x.shape)


def _never_learn(x, kernel_size, stride):
    ones = np.ones_like(functional.max_pool2d(x[None], kernel_size, stride))
    return gradients.max_pool2d_backward(ones, x[None], kernel_size, stride)[0] == 0


def _sum_of_squares(x):
    """the sum of x ** 2"""
    return (x**2).sum()


def _weighted_cubes(x):
    """x[0] ** 3 + 10 * x[1] + x[0] * x[2]"""
    return x[0] ** 3 + 10 * x[1] + x[0] * x[2]


def _sum_of_pooled(x):
    """the sum of the 2×2 max pooling of x"""
    return functional.max_pool2d(x[None], 2).sum()


max_pool_backward = Exercise(
    name="max_pool_backward",
    prompt=(
        "The backward pass of 2×2 max pooling. `grad_output` holds a gradient for each window of "
        "`x`; both are arrays of floats with two axes. Return the gradient for each cell of `x`. "
        "Where a window has several largest cells, the first in reading order gets all."
    ),
    reference=lambda grad_output, x: gradients.max_pool2d_backward(grad_output[None], x[None], 2)[
        0
    ],
    cases=[
        {"grad_output": np.array([[7.0]]), "x": np.array([[1.0, 2.0], [4.0, 3.0]])},
        {"grad_output": np.array([[7.0]]), "x": np.array([[1.0, 2.0], [2.0, 1.0]])},
        {
            "grad_output": np.array([[10.0, 20.0], [30.0, 40.0]]),
            "x": np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]),
        },
        {"grad_output": np.array([[5.0, -3.0]]), "x": np.zeros((2, 4))},
        {
            "grad_output": np.array([[0.5], [-2.0]]),
            "x": np.array([[-4.0, -1, 9], [-2, -3, 9], [-6, -6, 9], [-5, -7, 9], [9, 9, 9]]),
        },
    ],
    hints=[
        "Begin with np.zeros(x.shape), go through the windows as in the forward pass, and find in "
        "each the cell of its maximum.",
        "window.argmax() counts the cells in reading order and returns the first maximum.",
        "In a window of width 2, cell number n is in row n // 2 and column n % 2.",
    ],
    solution_source="""
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i in range(grad_output.shape[0]):
        for j in range(grad_output.shape[1]):
            n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
            grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j]
    return grad
""",
    mistakes={
        "every tied cell gets all": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = (window == window.max()) * grad_output[i, j]
    return grad
""",
        "tied cells share": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        largest = window == window.max()
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = largest / largest.sum() * grad_output[i, j]
    return grad
""",
        "the last of tied cells gets all": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        n = 3 - x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2][::-1, ::-1].argmax()
        grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j]
    return grad
""",
        "ties read column by column": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].T.argmax()
        grad[2 * i + n % 2, 2 * j + n // 2] = grad_output[i, j]
    return grad
""",
        "row and column swapped": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
        grad[2 * i + n % 2, 2 * j + n // 2] = grad_output[i, j]
    return grad
""",
        "average for max": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    height, width = grad_output.shape
    grad[: 2 * height, : 2 * width] = grad_output.repeat(2, axis=0).repeat(2, axis=1) / 4
    return grad
""",
        "ones in place of the gradient": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
        grad[2 * i + n // 2, 2 * j + n % 2] = 1
    return grad
""",
        "the gradient times the maximum": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
        grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j] * x[2 * i + n // 2, 2 * j + n % 2]
    return grad
""",
        "odd row and column forgotten": """
def max_pool_backward(grad_output, x):
    grad = np.zeros((2 * grad_output.shape[0], 2 * grad_output.shape[1]))
    for i, j in np.ndindex(grad_output.shape):
        n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
        grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j]
    return grad
""",
    },
    meaning=(
        "Max pooling sends the gradient down one path: in each window one cell learns and three do "
        "not."
    ),
    windows={"x": _window_of_cell, "grad_output": _output_of_cell},
)

avg_pool_backward = Exercise(
    name="avg_pool_backward",
    prompt=(
        "The backward pass of 2×2 average pooling. `grad_output` holds a gradient for each window "
        "of an input of the given `shape`, a pair (H, W). Return the gradient for each cell of the "
        "input."
    ),
    reference=lambda grad_output, shape: gradients.avg_pool2d_backward(
        grad_output[None], np.zeros((1, *shape)), 2
    )[0],
    cases=[
        {"grad_output": np.array([[8.0]]), "shape": (2, 2)},
        {"grad_output": np.array([[8.0, 4.0]]), "shape": (2, 4)},
        {"grad_output": np.array([[8.0], [-4.0]]), "shape": (4, 2)},
        {"grad_output": np.array([[1.0, 2.0], [3.0, 6.0]]), "shape": (4, 4)},
        {"grad_output": np.array([[8.0]]), "shape": (3, 3)},
        {"grad_output": np.array([[4.0, 12.0]]), "shape": (3, 5)},
    ],
    hints=[
        "Each of the four cells has a part of 1/4 in the average.",
        "Begin with np.zeros(shape): an odd row or column is in no window, so its gradient is 0.",
    ],
    solution_source="""
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i in range(grad_output.shape[0]):
        for j in range(grad_output.shape[1]):
            grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] / 4
    return grad
""",
    mistakes={
        "every cell gets all": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i, j in np.ndindex(grad_output.shape):
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j]
    return grad
""",
        "divided by the side of the window": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i, j in np.ndindex(grad_output.shape):
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] / 2
    return grad
""",
        "division rounds down": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i, j in np.ndindex(grad_output.shape):
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] // 4
    return grad
""",
        "one cell gets all": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i, j in np.ndindex(grad_output.shape):
        grad[2 * i, 2 * j] = grad_output[i, j]
    return grad
""",
        "gradients tiled, not repeated": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    height, width = grad_output.shape
    grad[: 2 * height, : 2 * width] = np.tile(grad_output, (2, 2)) / 4
    return grad
""",
        "height and width swapped": """
def avg_pool_backward(grad_output, shape):
    return np.repeat(np.repeat(grad_output, 2, axis=0), 2, axis=1).T / 4
""",
        "shape ignored": """
def avg_pool_backward(grad_output, shape):
    return grad_output.repeat(2, axis=0).repeat(2, axis=1) / 4
""",
        "odd row and column get a gradient": """
def avg_pool_backward(grad_output, shape):
    grad = grad_output.repeat(2, axis=0).repeat(2, axis=1) / 4
    extra = [(0, shape[0] - grad.shape[0]), (0, shape[1] - grad.shape[1])]
    return np.pad(grad, extra, mode="edge")
""",
        "divided by the number of cells": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    for i, j in np.ndindex(grad_output.shape):
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] / (shape[0] * shape[1])
    return grad
""",
    },
    meaning="Average pooling needs no memory of its input: every cell of a window gets the same.",
    windows={"grad_output": _output_of_cell},
)

avg_pool_backward_overlapping = Exercise(
    name="avg_pool_backward_overlapping",
    prompt=(
        "The backward pass of average pooling on an axis of `size` cells, with windows of "
        "`kernel_size` cells that start every `stride` cells and may overlap. `grad_output` is an "
        "array with a gradient for each window. Return an array with the gradient for each cell."
    ),
    reference=_avg_pool_backward_overlapping,
    cases=[
        {"grad_output": np.array(grad), "size": size, "kernel_size": kernel, "stride": stride}
        for grad, size, kernel, stride in [
            ([6.0], 2, 2, 2),
            ([6.0, 2.0], 4, 2, 2),
            ([6.0, 2.0], 3, 2, 1),
            ([3.0, 6.0, 9.0], 5, 3, 1),
            ([3.0, -6.0], 5, 3, 2),
            ([4.0, 8.0], 5, 2, 3),
            ([4.0, 8.0, 2.0], 9, 4, 2),
        ]
    ],
    hints=[
        "Window i covers the cells from i * stride up to, not including, i * stride + kernel_size.",
        "A cell in two windows has a part in two outputs, so it gets the sum of two shares.",
        "Use += and not =.",
    ],
    solution_source="""
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i in range(len(grad_output)):
        start = i * stride
        grad[start : start + kernel_size] += grad_output[i] / kernel_size
    return grad
""",
    mistakes={
        "the last window wins": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size] = g / kernel_size
    return grad
""",
        "not divided": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size] += g
    return grad
""",
        "stride ignored, kernel_size in its place": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * kernel_size : (i + 1) * kernel_size] += g / kernel_size
    return grad
""",
        "stride ignored, steps of one": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i : i + kernel_size] += g / kernel_size
    return grad
""",
        "divided by the stride": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size] += g / stride
    return grad
""",
        "averaged over the windows of a cell": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad, windows = np.zeros(size), np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size] += g / kernel_size
        windows[i * stride : i * stride + kernel_size] += 1
    return grad / np.maximum(windows, 1)
""",
        "the window one cell too long": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size + 1] += g / kernel_size
    return grad
""",
        "only the first cell of a window": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad = np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride] += g
    return grad
""",
    },
    meaning=(
        "A cell that several windows read in the forward pass gets the sum of their gradients in "
        "the backward pass."
    ),
)

numeric_gradient = Exercise(
    name="numeric_gradient",
    prompt=(
        "`f` maps an array to a number. Return an array of floats of the shape of `x` that holds, "
        "for each cell of `x`, the slope of `f` by central differences: `f` with the cell raised "
        "by `eps`, minus `f` with the cell lowered by `eps`, divided by the distance. `x` may have "
        "any shape, may hold whole numbers, and must stay as it is."
    ),
    reference=_numeric_gradient,
    cases=[
        {"f": _sum_of_squares, "x": np.array([3.0]), "eps": 0.5},
        {"f": _weighted_cubes, "x": np.array([2.0, 5.0, -1.0]), "eps": 0.5},
        {"f": _sum_of_squares, "x": np.array([[1.0, 2.0], [3.0, -4.0]]), "eps": 0.25},
        {
            "f": _sum_of_pooled,
            "x": np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1]]),
            "eps": 0.25,
        },
        {"f": _sum_of_squares, "x": np.array([1, 2]), "eps": 0.5},
    ],
    hints=[
        "Change one cell at a time, and only in a copy of x.",
        "From eps below to eps above: the distance is 2 * eps.",
        "np.ndindex(x.shape) goes through the cells of an array of any shape.",
        "An array of whole numbers cuts off what you add: copy it with x.astype(float).",
    ],
    solution_source="""
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(above) - f(below)) / (2 * eps)
    return grad
""",
    mistakes={
        "forward difference": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above = x.astype(float)
        above[cell] += eps
        grad[cell] = (f(above) - f(x)) / eps
    return grad
""",
        "divided by eps": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(above) - f(below)) / eps
    return grad
""",
        "divided by 2, then multiplied by eps": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(above) - f(below)) / 2 * eps
    return grad
""",
        "all cells changed at once": """
def numeric_gradient(f, x, eps):
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))
""",
        "steps pile up in one copy": """
def numeric_gradient(f, x, eps):
    grad, above, below = np.zeros(x.shape), x.astype(float), x.astype(float)
    for cell in np.ndindex(x.shape):
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(above) - f(below)) / (2 * eps)
    return grad
""",
        "the input changed and not put back": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        x[cell] += eps
        above = f(x)
        x[cell] -= 2 * eps
        grad[cell] = (above - f(x)) / (2 * eps)
    return grad
""",
        "steps cut off in an array of whole numbers": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(above) - f(below)) / (2 * eps)
    return grad
""",
        "sign turned": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[cell] += eps
        below[cell] -= eps
        grad[cell] = (f(below) - f(above)) / (2 * eps)
    return grad
""",
        "a list of slopes": """
def numeric_gradient(f, x, eps):
    grad = []
    for cell in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[cell] = eps
        grad.append((f(x + step) - f(x - step)) / (2 * eps))
    return grad
""",
    },
    meaning=(
        "It needs two calls of f for each cell: far too slow to train with, but it tells whether a "
        "backward pass is right."
    ),
    windows={"x": _cell},
)

never_learn = Exercise(
    name="never_learn",
    prompt=(
        "Return a map of booleans of the shape of `x`, an array of floats of shape (H, W): True "
        "for each cell that gets no gradient from max pooling with `kernel_size` and `stride`. Of "
        "equal largest cells in a window, only the first in reading order gets the gradient. In "
        "the check's pictures, 1 stands for True."
    ),
    reference=_never_learn,
    cases=[
        {"x": np.array([[1.0, 2.0], [4.0, 3.0]]), "kernel_size": 2, "stride": 2},
        {
            "x": np.array([[1.0, 2.0, 2.0], [2.0, 1.0, 0.0], [5.0, 6.0, 7.0]]),
            "kernel_size": 2,
            "stride": 2,
        },
        {
            "x": np.array([[1.0, 2.0, 0.0], [4.0, 3.0, 5.0], [0.0, 6.0, 1.0]]),
            "kernel_size": 2,
            "stride": 1,
        },
        {
            "x": np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]),
            "kernel_size": 2,
            "stride": 2,
        },
        {
            "x": np.array([[-1.0, -3, -2, -4, -7], [-5, -6, -1, -2, -9], [-4, -1, -3, -1, -8]]),
            "kernel_size": 3,
            "stride": 1,
        },
        {
            "x": np.array([[1.0, 9, 2, 8, 8], [3, 9, 4, 7, 6], [7, 7, 9, 5, 5]]),
            "kernel_size": 1,
            "stride": 2,
        },
        {"x": np.zeros((3, 6)), "kernel_size": 3, "stride": 2},
    ],
    hints=[
        "Begin with True everywhere, and set the cell of each window's maximum to False.",
        "Window (i, j) starts at row i * stride and column j * stride. How many fit is the output "
        "size rule of lesson 02.",
        "np.unravel_index(window.argmax(), window.shape) gives row and column of the first maximum "
        "inside the window.",
    ],
    solution_source="""
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            never[top + i, left + j] = False
    return never
""",
    mistakes={
        "the map of those that learn": """
def never_learn(x, kernel_size, stride):
    learns = np.zeros(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            learns[top + i, left + j] = True
    return learns
""",
        "only cells in no window": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            never[top : top + kernel_size, left : left + kernel_size] = False
    return never
""",
        "all tied cells learn": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            never[top : top + kernel_size, left : left + kernel_size] &= window < window.max()
    return never
""",
        "a later window takes the gradient away": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            largest = np.arange(kernel_size**2).reshape(window.shape) == window.argmax()
            never[top : top + kernel_size, left : left + kernel_size] = ~largest
    return never
""",
        "stride ignored, kernel_size in its place": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, kernel_size):
        for left in range(0, x.shape[1] - kernel_size + 1, kernel_size):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            never[top + i, left + j] = False
    return never
""",
        "kernel_size ignored": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - 1, stride):
        for left in range(0, x.shape[1] - 1, stride):
            i, j = divmod(int(x[top : top + 2, left : left + 2].argmax()), 2)
            never[top + i, left + j] = False
    return never
""",
        "windows that hang over the end": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0], stride):
        for left in range(0, x.shape[1], stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            never[top + i, left + j] = False
    return never
""",
        "the largest cell of all": """
def never_learn(x, kernel_size, stride):
    return x < x.max()
""",
        "whole numbers in place of booleans": """
def never_learn(x, kernel_size, stride):
    never = np.ones(x.shape, dtype=int)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            never[top + i, left + j] = 0
    return never
""",
    },
    meaning=(
        "Under 2×2 max pooling with stride 2, three cells in four get no gradient from a picture; "
        "from another picture other cells may."
    ),
    windows={"x": _cell},
)
