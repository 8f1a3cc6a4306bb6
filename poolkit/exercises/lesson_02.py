"""The exercises of lesson 02: windows that overlap, hang over, or start in the padding."""

import numpy as np

from poolkit import arithmetic
from poolkit.exercises.exercise import Exercise
from poolkit.functional import max_pool2d


def _sizes(*rows):
    return [
        dict(zip(("size", "kernel_size", "stride", "padding"), row, strict=True)) for row in rows
    ]


def _average_divisors(size, kernel_size, stride, padding):
    windows = arithmetic.output_size(size, kernel_size, stride, padding)
    return [
        arithmetic.average_divisor(i, size, kernel_size, stride, padding, count_include_pad=False)
        for i in range(windows)
    ]


def _adaptive_windows(size, output_size):
    bins = [arithmetic.adaptive_window(i, size, output_size) for i in range(output_size)]
    return [(one.start, one.stop) for one in bins]


output_size = Exercise(
    name="output_size",
    prompt=(
        "Along an axis of `size` cells, with `padding` cells added at both ends, windows of "
        "`kernel_size` cells start every `stride` cells. Return how many whole windows fit."
    ),
    reference=arithmetic.output_size,
    cases=_sizes(
        *((4, 2, 2, 0), (5, 2, 2, 0), (4, 2, 1, 0), (5, 3, 1, 1), (5, 3, 2, 1), (6, 3, 2, 1)),
        *((3, 3, 2, 0), (1, 1, 1, 0), (7, 2, 3, 1), (8, 5, 4, 2), (28, 2, 2, 0), (224, 3, 2, 1)),
    ),
    hints=[
        "The padding is at both ends: how long is the padded axis?",
        "The first window always fits. How far can it still move before it hits the end?",
        "It moves in steps of stride, and only whole steps count: //.",
    ],
    solution_source="""
def output_size(size, kernel_size, stride, padding):
    room_to_move = size + 2 * padding - kernel_size
    return room_to_move // stride + 1
""",
    mistakes={
        "ceil for floor": """
def output_size(size, kernel_size, stride, padding):
    return -(-(size + 2 * padding - kernel_size) // stride) + 1
""",
        "the first window forgotten": """
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride
""",
        "padding at one end only": """
def output_size(size, kernel_size, stride, padding):
    return (size + padding - kernel_size) // stride + 1
""",
        "padding ignored": """
def output_size(size, kernel_size, stride, padding):
    return (size - kernel_size) // stride + 1
""",
        "stride ignored": """
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // kernel_size + 1
""",
        "kernel_size ignored": """
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding) // stride
""",
        "one added before dividing": """
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size + 1) // stride
""",
        "a float": """
def output_size(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) / stride + 1
""",
        "rounded to the nearest": """
def output_size(size, kernel_size, stride, padding):
    return round((size + 2 * padding - kernel_size) / stride + 1)
""",
    },
    meaning=(
        "With this one line you can follow the shapes through any network, for convolutions too."
    ),
)

output_size_ceil = Exercise(
    name="output_size_ceil",
    prompt=(
        "The same with `ceil_mode=True`: the division rounds up, so the last window may hang over "
        "the end. But as in torch, a last window that starts past the cells of the input, in the "
        "padding on the right or beyond it, is dropped."
    ),
    reference=lambda size, kernel_size, stride, padding: arithmetic.output_size(
        size, kernel_size, stride, padding, ceil_mode=True
    ),
    cases=_sizes(
        *((4, 2, 2, 0), (5, 2, 2, 0), (3, 1, 3, 0), (2, 1, 2, 0), (4, 2, 1, 0), (3, 2, 2, 1)),
        *((5, 2, 4, 1), (4, 3, 2, 1), (5, 3, 4, 1), (2, 2, 3, 1), (6, 4, 4, 2), (112, 3, 2, 0)),
    ),
    hints=[
        "Rounding up without leaving the whole numbers: -(-a // b).",
        "Window i starts at cell i * stride - padding of the input, counted from 0. Where does the "
        "last one start?",
        "The input's last cell is size - 1. A last window that starts at size or after it reads "
        "no cell of the input.",
    ],
    solution_source="""
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    last_start = (windows - 1) * stride - padding
    if last_start >= size:
        windows -= 1
    return windows
""",
    mistakes={
        "floor for ceil": """
def output_size_ceil(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride + 1
""",
        "no window dropped": """
def output_size_ceil(size, kernel_size, stride, padding):
    return -(-(size + 2 * padding - kernel_size) // stride) + 1
""",
        "a window that starts just past the input kept": """
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    if (windows - 1) * stride - padding > size:
        windows -= 1
    return windows
""",
        "the padding on the left forgotten": """
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    if (windows - 1) * stride >= size:
        windows -= 1
    return windows
""",
        "dropped only past the padding on the right": """
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    if (windows - 1) * stride - padding >= size + padding:
        windows -= 1
    return windows
""",
        "a window that starts at the last cell dropped": """
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    if (windows - 1) * stride - padding >= size - 1:
        windows -= 1
    return windows
""",
        "one too many": """
def output_size_ceil(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride + 2
""",
        "padding ignored": """
def output_size_ceil(size, kernel_size, stride, padding):
    windows = -(-(size - kernel_size) // stride) + 1
    return windows - 1 if (windows - 1) * stride >= size else windows
""",
    },
    meaning=(
        "The dropped window would have read padding only. torch's documentation tells of it in a "
        "sentence below the formula, and the formula alone leaves it out."
    ),
)

max_pool_padded = Exercise(
    name="max_pool_padded",
    prompt=(
        "Max pooling of `x`, an array of floats of shape (H, W), with windows of `kernel_size` × "
        "`kernel_size` cells that start every `stride` cells, and `padding` cells of −inf on all "
        "four sides. Only whole windows count."
    ),
    reference=lambda x, kernel_size, stride, padding: max_pool2d(
        x[None], kernel_size, stride, padding
    )[0],
    cases=[
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "kernel_size": 2, "stride": 2, "padding": 0},
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "kernel_size": 2, "stride": 2, "padding": 1},
        {
            "x": np.array([[1.0, 3, 2], [5, 4, 1], [0, 8, 9]]),
            "kernel_size": 2,
            "stride": 1,
            "padding": 0,
        },
        {"x": np.array([[-4.0, -3.0], [-2.0, -5.0]]), "kernel_size": 2, "stride": 1, "padding": 1},
        {
            "x": np.array([[1.0, 6, 2, 7], [5, -1, 4, 0], [3, 9, -8, 2.5]]),
            "kernel_size": 2,
            "stride": 2,
            "padding": 1,
        },
        {
            "x": (np.arange(20.0) * 7 % 23 - 30).reshape(4, 5),
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
        },
        {
            "x": (np.arange(42.0) * 11 % 43 - 20).reshape(7, 6),
            "kernel_size": 2,
            "stride": 3,
            "padding": 0,
        },
    ],
    hints=[
        "np.pad(x, padding, constant_values=-np.inf) adds the padding on all sides.",
        "The number of windows comes from the output size rule of this lesson, for each axis.",
        "In the padded array, window (i, j) starts at row stride * i and column stride * j.",
    ],
    solution_source="""
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding, constant_values=-np.inf)
    height = (padded.shape[0] - kernel_size) // stride + 1
    width = (padded.shape[1] - kernel_size) // stride + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = stride * i, stride * j
            output[i, j] = padded[top : top + kernel_size, left : left + kernel_size].max()
    return output
""",
    mistakes={
        "zero for −inf padding": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::stride, ::stride].max(axis=(2, 3))
""",
        "padding ignored": """
def max_pool_padded(x, kernel_size, stride, padding):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size))
    return windows[::stride, ::stride].max(axis=(2, 3))
""",
        "padding at the top and left only": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, ((padding, 0), (padding, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::stride, ::stride].max(axis=(2, 3))
""",
        "all padding at the bottom and right": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, (0, 2 * padding), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::stride, ::stride].max(axis=(2, 3))
""",
        "stride ignored, kernel_size in its place": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::kernel_size, ::kernel_size].max(axis=(2, 3))
""",
        "stride ignored, steps of one": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows.max(axis=(2, 3))
""",
        "average for max": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::stride, ::stride].mean(axis=(2, 3))
""",
        "height and width swapped": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size))
    return windows[::stride, ::stride].max(axis=(2, 3)).T
""",
        "ceil for floor": """
def max_pool_padded(x, kernel_size, stride, padding):
    padded = np.pad(x, padding, constant_values=-np.inf)
    height = -(-(padded.shape[0] - kernel_size) // stride) + 1
    width = -(-(padded.shape[1] - kernel_size) // stride) + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = stride * i, stride * j
            output[i, j] = padded[top : top + kernel_size, left : left + kernel_size].max()
    return output
""",
    },
    meaning=(
        "−inf never wins against a cell of the input; a padding of zeros would have invented a "
        "maximum wherever a window at the border holds negative numbers only."
    ),
    windows={
        "x": lambda row, column, case: (
            row * case["stride"] - case["padding"],
            column * case["stride"] - case["padding"],
            case["kernel_size"],
            case["kernel_size"],
        )
    },
)

average_divisors = Exercise(
    name="average_divisors",
    prompt=(
        "Average pooling with `count_include_pad=False` divides the sum of a window by the number "
        "of its cells that lie in the input. Return these numbers along one axis as a list, one "
        "for each window. The windows are those that `output_size` counts."
    ),
    reference=_average_divisors,
    cases=_sizes(
        *((4, 2, 2, 0), (3, 2, 1, 1), (4, 2, 2, 1), (5, 3, 2, 1), (5, 3, 1, 1), (6, 3, 2, 1)),
        *((2, 5, 1, 2), (7, 4, 3, 2), (8, 5, 4, 2), (6, 2, 3, 1)),
    ),
    hints=[
        "Window i starts at cell i * stride - padding, counted from 0: below 0 is padding.",
        "Cut each window to the cells from 0 up to, not including, size. How long is it then?",
        "min(stop, size) - max(start, 0) is the length that is left.",
    ],
    solution_source="""
def average_divisors(size, kernel_size, stride, padding):
    windows = (size + 2 * padding - kernel_size) // stride + 1
    counts = []
    for i in range(windows):
        start = i * stride - padding
        stop = start + kernel_size
        counts.append(min(stop, size) - max(start, 0))
    return counts
""",
    mistakes={
        "padding counted": """
def average_divisors(size, kernel_size, stride, padding):
    return [kernel_size] * ((size + 2 * padding - kernel_size) // stride + 1)
""",
        "cut on the left only": """
def average_divisors(size, kernel_size, stride, padding):
    starts = range(-padding, size + padding - kernel_size + 1, stride)
    return [start + kernel_size - max(start, 0) for start in starts]
""",
        "cut on the right only": """
def average_divisors(size, kernel_size, stride, padding):
    starts = range(-padding, size + padding - kernel_size + 1, stride)
    return [min(start + kernel_size, size) - start for start in starts]
""",
        "the first and last window always lose the padding": """
def average_divisors(size, kernel_size, stride, padding):
    counts = [kernel_size] * ((size + 2 * padding - kernel_size) // stride + 1)
    counts[0] -= padding
    counts[-1] -= padding
    return counts
""",
        "the first window starts at cell 0": """
def average_divisors(size, kernel_size, stride, padding):
    windows = (size + 2 * padding - kernel_size) // stride + 1
    return [max(min(i * stride + kernel_size, size) - i * stride, 0) for i in range(windows)]
""",
        "stride ignored": """
def average_divisors(size, kernel_size, stride, padding):
    starts = range(-padding, size + padding - kernel_size + 1)
    return [min(start + kernel_size, size) - max(start, 0) for start in starts]
""",
        "off by one at the end": """
def average_divisors(size, kernel_size, stride, padding):
    starts = range(-padding, size + padding - kernel_size + 1, stride)
    return [min(start + kernel_size, size - 1) - max(start, 0) + 1 for start in starts]
""",
        "ceil for floor": """
def average_divisors(size, kernel_size, stride, padding):
    windows = -(-(size + 2 * padding - kernel_size) // stride) + 1
    starts = [i * stride - padding for i in range(windows)]
    return [min(start + kernel_size, size) - max(start, 0) for start in starts]
""",
    },
    meaning=(
        "With these divisors the border is as bright as the rest; with the default, "
        "`count_include_pad=True`, the zeros of the padding darken it."
    ),
)

adaptive_windows = Exercise(
    name="adaptive_windows",
    prompt=(
        "Adaptive pooling cuts an axis of `size` cells into `output_size` bins. Bin i goes from "
        "floor(i · size / output_size) up to, not including, ceil((i + 1) · size / output_size). "
        "Return the bins as a list of pairs (start, stop)."
    ),
    reference=_adaptive_windows,
    cases=[
        {"size": size, "output_size": bins}
        for size, bins in [(4, 2), (4, 1), (3, 2), (5, 3), (7, 3), (6, 4), (2, 3), (10, 7)]
    ],
    hints=[
        "Whole numbers only: floor is i * size // output_size.",
        "Rounding up without leaving the whole numbers: -(-a // b).",
        "Where output_size does not divide size, a stop is larger than the next start.",
    ],
    solution_source="""
def adaptive_windows(size, output_size):
    windows = []
    for i in range(output_size):
        start = i * size // output_size
        stop = -(-(i + 1) * size // output_size)
        windows.append((start, stop))
    return windows
""",
    mistakes={
        "floor for ceil": """
def adaptive_windows(size, output_size):
    n = output_size
    return [(i * size // n, (i + 1) * size // n) for i in range(n)]
""",
        "ceil for floor": """
def adaptive_windows(size, output_size):
    n = output_size
    return [(-(-i * size // n), -(-(i + 1) * size // n)) for i in range(n)]
""",
        "bins of equal width": """
def adaptive_windows(size, output_size):
    width = max(size // output_size, 1)
    return [(i * width, (i + 1) * width) for i in range(output_size)]
""",
        "the last bin takes the rest": """
def adaptive_windows(size, output_size):
    width = size // output_size
    starts = [i * width for i in range(output_size)]
    return list(zip(starts, [*starts[1:], size]))
""",
        "the last cell in place of the stop": """
def adaptive_windows(size, output_size):
    n = output_size
    return [(i * size // n, -(-(i + 1) * size // n) - 1) for i in range(n)]
""",
        "rounded to the nearest": """
def adaptive_windows(size, output_size):
    n = output_size
    return [(round(i * size / n), round((i + 1) * size / n)) for i in range(n)]
""",
        "one added in place of rounding up": """
def adaptive_windows(size, output_size):
    n = output_size
    return [(i * size // n, (i + 1) * size // n + 1) for i in range(n)]
""",
        "sizes swapped": """
def adaptive_windows(size, output_size):
    n, size = size, output_size
    return [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]
""",
    },
    meaning=(
        "Every cell is in a bin and no bin is empty; the price is that bins overlap, so a cell on "
        "a seam counts twice."
    ),
)

receptive_field = Exercise(
    name="receptive_field",
    prompt=(
        "`layers` is a list of pairs (kernel_size, stride), from the input on. Return how many "
        "cells of the input, along one axis, one output of the last layer sees: from the first to "
        "the last that it depends on."
    ),
    reference=lambda layers: (
        arithmetic.receptive_field([arithmetic.Layer(*one) for one in layers]).size
    ),
    cases=[
        {"layers": [(3, 1)]},
        {"layers": [(2, 2)]},
        {"layers": [(3, 1), (3, 1)]},
        {"layers": [(2, 2), (2, 2)]},
        {"layers": [(3, 1), (2, 2), (3, 1)]},
        {"layers": [(3, 2), (5, 3), (2, 1)]},
        {"layers": [(2, 2), (3, 1), (1, 1), (4, 2)]},
        {"layers": [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1)]},
    ],
    hints=[
        "Before the first layer an output is one cell: the field is 1.",
        "A layer widens the field by kernel_size - 1 steps. How far apart, in cells of the input, "
        "are its neighbouring inputs?",
        "Keep that distance in a second number: it begins at 1, and each layer multiplies it by "
        "its stride after it has widened the field.",
    ],
    solution_source="""
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride in layers:
        field += (kernel_size - 1) * jump
        jump *= stride
    return field
""",
    mistakes={
        "stride ignored": """
def receptive_field(layers):
    return 1 + sum(kernel_size - 1 for kernel_size, stride in layers)
""",
        "kernels added up": """
def receptive_field(layers):
    return sum(kernel_size for kernel_size, stride in layers)
""",
        "kernels multiplied": """
def receptive_field(layers):
    field = 1
    for kernel_size, stride in layers:
        field *= kernel_size
    return field
""",
        "a layer's own stride counted in too early": """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride in layers:
        jump *= stride
        field += (kernel_size - 1) * jump
    return field
""",
        "read from the wrong end": """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride in reversed(layers):
        field += (kernel_size - 1) * jump
        jump *= stride
    return field
""",
        "off by one": """
def receptive_field(layers):
    field, jump = 0, 1
    for kernel_size, stride in layers:
        field += (kernel_size - 1) * jump
        jump *= stride
    return field
""",
        "only the stride of the layer before": """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride in layers:
        field += (kernel_size - 1) * jump
        jump = stride
    return field
""",
        "strides added up": """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride in layers:
        field += (kernel_size - 1) * jump
        jump += stride - 1
    return field
""",
    },
    meaning=(
        "A 2×2 pooling layer widens the field little by itself, but it doubles what every later "
        "layer adds."
    ),
)
