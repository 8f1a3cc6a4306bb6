"""The exercises of lesson 04: whole-array steps in place of loops."""

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import avg_pool2d, max_pool2d


def _grid(height, width):
    """A grid in which neighbours differ and no row repeats another."""
    return (np.arange(height * width) * 7 % 11 + np.arange(height * width) % 3).reshape(
        height, width
    ) * 1.0


def _tap(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // stride + 1
    return np.array([[row[i * stride + number] for i in range(windows)] for row in x])


def _running_sum(x, k):
    return np.lib.stride_tricks.sliding_window_view(x, k, axis=1).sum(axis=-1)


_RUN = {"x": lambda row, column, case: (row, column, 1, case["k"])}

tap_values = Exercise(
    name="tap_values",
    prompt=(
        "Windows of `kernel_size` cells slide along each row of `x`, an array of floats of shape "
        "(H, W), every `stride` cells. Return what all whole windows hold at their cell `number`, "
        "counted from 0: shape (H, windows). One slice does it."
    ),
    reference=_tap,
    cases=[
        {"x": _grid(*shape), "number": number, "kernel_size": k, "stride": stride}
        for shape, number, k, stride in (
            *(((2, 4), 0, 2, 2), ((2, 4), 1, 2, 2), ((1, 4), 1, 2, 1), ((2, 5), 0, 2, 2)),
            *(((2, 7), 2, 3, 2), ((3, 8), 1, 3, 2), ((2, 9), 0, 3, 3), ((1, 10), 3, 4, 3)),
            ((2, 6), 0, 1, 4),
        )
    ],
    hints=[
        "The first window holds cell `number` of the row there; the next one, `stride` cells on.",
        "How many whole windows are there? You wrote it in lesson 02: output_size.",
        "A slice is start : stop : step. The last value lies (windows - 1) * stride after the "
        "first, and stop must be one more than its place.",
    ],
    solution_source="""
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // stride + 1
    last = number + (windows - 1) * stride
    return x[:, number : last + 1 : stride]
""",
    mistakes={
        "on to the end of the row": """
def tap_values(x, number, kernel_size, stride):
    return x[:, number::stride]
""",
        "stride ignored": """
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // stride + 1
    return x[:, number : number + windows]
""",
        "number ignored": """
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // stride + 1
    return x[:, : windows * stride : stride]
""",
        "last window missing": """
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // stride + 1
    return x[:, number : number + (windows - 1) * stride : stride]
""",
        "height and width swapped": """
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[0] - kernel_size) // stride + 1
    last = number + (windows - 1) * stride
    return x[number : last + 1 : stride]
""",
        "kernel_size for stride": """
def tap_values(x, number, kernel_size, stride):
    windows = (x.shape[1] - kernel_size) // kernel_size + 1
    last = number + (windows - 1) * kernel_size
    return x[:, number : last + 1 : kernel_size]
""",
    },
    meaning=(
        "A maximum over windows is a maximum over kernel_size such slices: the loop over windows "
        "has become a loop over the kernel, which is much shorter."
    ),
    windows={"x": lambda row, col, case: (row, col * case["stride"] + case["number"], 1, 1)},
)

block_avg = Exercise(
    name="block_avg",
    prompt=(
        "Return the average of each `k`×`k` block of `x`, an array of floats of shape (H, W): "
        "blocks side by side, rows and columns left over at the end are in none. Use reshape in "
        "place of a loop."
    ),
    reference=lambda x, k: avg_pool2d(x[None], k)[0],
    cases=[
        {"x": _grid(*shape), "k": k}
        for shape, k in (
            *(((2, 2), 2), ((2, 4), 2), ((4, 2), 2), ((4, 4), 2), ((5, 4), 2), ((4, 7), 2)),
            *(((6, 9), 3), ((7, 8), 3), ((3, 5), 1), ((9, 13), 4)),
        )
    ],
    hints=[
        "First cut x to whole blocks: x[: rows * k, : columns * k].",
        "reshape(rows, k, columns, k) gives each block two axes of its own: which of the four?",
        "Averages can be taken over two axes at once: .mean(axis=(1, 3)).",
    ],
    solution_source="""
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    whole = x[: rows * k, : columns * k]
    return whole.reshape(rows, k, columns, k).mean(axis=(1, 3))
""",
    mistakes={
        "max for average": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x[: rows * k, : columns * k].reshape(rows, k, columns, k).max(axis=(1, 3))
""",
        "axes of the block in front": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x[: rows * k, : columns * k].reshape(k, rows, k, columns).mean(axis=(0, 2))
""",
        "block cut from one line": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x[: rows * k, : columns * k].reshape(rows, columns, k, k).mean(axis=(2, 3))
""",
        "left over cells not cut off": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x.reshape(rows, k, columns, k).mean(axis=(1, 3))
""",
        "averaged over rows and columns of blocks": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x[: rows * k, : columns * k].reshape(rows, k, columns, k).mean(axis=(0, 2))
""",
        "the sum": """
def block_avg(x, k):
    rows, columns = x.shape[0] // k, x.shape[1] // k
    return x[: rows * k, : columns * k].reshape(rows, k, columns, k).sum(axis=(1, 3))
""",
        "height and width swapped": """
def block_avg(x, k):
    rows, columns = x.shape[1] // k, x.shape[0] // k
    return x[: rows * k, : columns * k].reshape(rows, k, columns, k).mean(axis=(1, 3))
""",
    },
    meaning=(
        "Nothing moved in memory: reshape only counts the same numbers in another way. "
        "scikit-image's block_reduce works like this."
    ),
    windows={
        "x": lambda row, column, case: (
            row * case["k"],
            column * case["k"],
            case["k"],
            case["k"],
        )
    },
)

running_max = Exercise(
    name="running_max",
    prompt=(
        "Return the maximum of every `k` neighbours in each row of `x`, an array of floats of "
        "shape (H, W): the result has shape (H, W − k + 1). Double the windows as in this lesson."
    ),
    reference=lambda x, k: max_pool2d(x[None], (1, k), 1)[0],
    cases=[
        {"x": _grid(*shape), "k": k}
        for shape, k in (
            *(((2, 3), 2), ((1, 4), 3), ((1, 4), 1), ((2, 6), 4), ((2, 7), 5), ((1, 7), 7)),
            *(((3, 9), 6), ((2, 16), 13), ((1, 12), 8)),
        )
    ],
    hints=[
        "best[:, :-1] and best[:, 1:] are each cell and its right neighbour: their np.maximum is "
        "the maximum of every two.",
        "From windows of size cells, a step of size cells leads to windows of 2 * size.",
        "The last step is shorter: it may be only k - size cells.",
    ],
    solution_source="""
def running_max(x, k):
    best, size = x.copy(), 1
    while size < k:
        step = min(size, k - size)
        best = np.maximum(best[:, :-step], best[:, step:])
        size += step
    return best
""",
    mistakes={
        "doubled past k": """
def running_max(x, k):
    best, size = x.copy(), 1
    while size < k:
        best = np.maximum(best[:, :-size], best[:, size:])
        size *= 2
    return best
""",
        "stopped before k": """
def running_max(x, k):
    best, size = x.copy(), 1
    while 2 * size <= k:
        best = np.maximum(best[:, :-size], best[:, size:])
        size *= 2
    return best
""",
        "always a step of one": """
def running_max(x, k):
    best, size = x.copy(), 1
    while size < k:
        best = np.maximum(best[:, :-1], best[:, 1:])
        size *= 2
    return best
""",
        "along the columns": """
def running_max(x, k):
    best, size = x.copy(), 1
    while size < k:
        step = min(size, k - size)
        best = np.maximum(best[:-step], best[step:])
        size += step
    return best
""",
        "sum for maximum": """
def running_max(x, k):
    return np.array([np.convolve(row, np.ones(k), "valid") for row in x])
""",
        "the first and the last cell only": """
def running_max(x, k):
    width = x.shape[1] - k + 1
    return np.maximum(x[:, :width], x[:, k - 1 :])
""",
    },
    meaning=(
        "Two windows may overlap, because a maximum does not mind meeting a cell twice. That is "
        "why so few steps reach any k."
    ),
    windows=_RUN,
)

running_sum = Exercise(
    name="running_sum",
    prompt=(
        "Return the sum of every `k` neighbours in each row of `x`, an array of floats of shape "
        "(H, W): the result has shape (H, W − k + 1). Use halves again, but let no cell count "
        "twice, and let large numbers not spoil windows that do not hold them."
    ),
    reference=_running_sum,
    cases=[
        {"x": x, "k": k}
        for x, k in (
            (np.array([[1.0, 2.0, 4.0], [3.0, 0.0, 5.0]]), 2),
            (np.array([[1.0, 2.0, 4.0, 8.0]]), 3),
            (_grid(1, 4), 1),
            (_grid(2, 6), 4),
            (np.array([[1e16, 1.0, 1.0, 1.0]]), 2),
            (_grid(2, 7), 5),
            (_grid(1, 7), 7),
            (_grid(3, 9), 6),
            (_grid(2, 16), 13),
        )
    ],
    hints=[
        "For an even k: two windows of k // 2, side by side.",
        "For an odd k one cell is left over: add it.",
        "A function may call itself: running_sum(x, k // 2) gives the halves.",
    ],
    solution_source="""
def running_sum(x, k):
    if k == 1:
        return x.copy()
    half, width = k // 2, x.shape[1] - k + 1
    halves = running_sum(x, half)
    total = halves[:, :width] + halves[:, half : half + width]
    if k % 2 == 1:
        total = total + x[:, k - 1 :]
    return total
""",
    mistakes={
        "halves overlap, as for a maximum": """
def running_sum(x, k):
    total, size = x.copy(), 1
    while size < k:
        step = min(size, k - size)
        total = total[:, :-step] + total[:, step:]
        size += step
    return total
""",
        "differences of a running sum": """
def running_sum(x, k):
    total = np.cumsum(x, axis=1)
    before = np.pad(total, ((0, 0), (1, 0)))[:, : x.shape[1] - k + 1]
    return total[:, k - 1 :] - before
""",
        "the odd cell forgotten": """
def running_sum(x, k):
    if k == 1:
        return x.copy()
    half, width = k // 2, x.shape[1] - k + 1
    halves = running_sum(x, half)
    return halves[:, :width] + halves[:, half : half + width]
""",
        "maximum for sum": """
def running_sum(x, k):
    width = x.shape[1] - k + 1
    return np.max([x[:, i : i + width] for i in range(k)], axis=0)
""",
        "average for sum": """
def running_sum(x, k):
    width = x.shape[1] - k + 1
    return np.mean([x[:, i : i + width] for i in range(k)], axis=0)
""",
        "along the columns": """
def running_sum(x, k):
    height = x.shape[0] - k + 1
    return sum(x[i : i + height] for i in range(k))
""",
    },
    meaning=(
        "Each window's sum is made of its own cells and of nothing else, so its digits are its "
        "own. poolkit's average pooling works like this."
    ),
    windows=_RUN,
)
