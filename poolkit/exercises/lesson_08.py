"""The exercises of lesson 08: what moves along, what stays, and how steady a classifier is."""

import math

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import max_pool2d


def _moved(x):
    return np.pad(x, ((0, 0), (1, 0)))[:, :-1]


def _changed_cells(x):
    before, after = max_pool2d(x[None], 2)[0], max_pool2d(_moved(x)[None], 2)[0]
    return int((before != after).sum())


def _blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:])[::2] / 4


_GRID = np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]])

changed_cells = Exercise(
    name="changed_cells",
    prompt=(
        "`x` is an array of floats of shape (H, W), with even sides. Move everything one column to "
        "the right: zeros come in on the left, the last column is lost. How many cells of the 2×2 "
        "max pooled map differ from those before the move? Return a whole number."
    ),
    reference=_changed_cells,
    cases=[
        {"x": np.array([[0.0, 9.0], [0.0, 0.0]])},
        {"x": np.array([[9.0, 0.0], [0.0, 0.0]])},
        {"x": np.array([[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])},
        {"x": np.array([[1.0, 3, 2, 4], [5, 6, 1, 2]])},
        {"x": _GRID},
        {"x": np.full((2, 6), 7.0)},
        {"x": np.array([[-1.0, -2.0], [-3.0, -4.0]])},
    ],
    hints=[
        "Make the moved map first: an array of zeros, then fill all columns but the first.",
        "moved[:, 1:] = x[:, :-1]",
        "Pool both as in lesson 01, compare with !=, and count with .sum().",
    ],
    solution_source="""
def changed_cells(x):
    moved = np.zeros_like(x)
    moved[:, 1:] = x[:, :-1]
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before != after).sum())
""",
    mistakes={
        "what leaves comes in again": """
def changed_cells(x):
    moved = np.roll(x, 1, axis=1)
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before != after).sum())
""",
        "moved to the left": """
def changed_cells(x):
    moved = np.zeros_like(x)
    moved[:, :-1] = x[:, 1:]
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before != after).sum())
""",
        "moved down": """
def changed_cells(x):
    moved = np.zeros_like(x)
    moved[1:] = x[:-1]
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before != after).sum())
""",
        "the pooled map moved": """
def changed_cells(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = np.zeros_like(before)
    after[:, 1:] = before[:, :-1]
    return int((before != after).sum())
""",
        "counted before pooling": """
def changed_cells(x):
    moved = np.zeros_like(x)
    moved[:, 1:] = x[:, :-1]
    return int((x != moved).sum())
""",
        "cells that stay": """
def changed_cells(x):
    moved = np.zeros_like(x)
    moved[:, 1:] = x[:, :-1]
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before == after).sum())
""",
    },
    meaning="A map that max pooling left as it was would have given 0. Most maps do not.",
)

exact_shifts = Exercise(
    name="exact_shifts",
    prompt=(
        "A network's layers have the `strides`, a list of whole numbers. Far from the borders, "
        "which shifts of the image from 1 to `longest` pixels move its last maps by whole cells, "
        "with no other change? Return them as a list, the smallest first."
    ),
    reference=lambda strides, longest: [
        shift for shift in range(1, longest + 1) if shift % math.prod(strides) == 0
    ],
    cases=[
        dict(zip(("strides", "longest"), row, strict=True))
        for row in [
            *(([1], 3), ([2], 4), ([2, 2], 9), ([2, 2, 2], 16)),
            *(([1, 2, 1, 3], 13), ([4, 2], 7), ([2, 2, 2, 2, 2], 100)),
        ]
    ],
    hints=[
        "How many pixels lie between two neighbouring cells of the last map?",
        "Strides multiply: 2, then 2, then 2 make 8.",
        "The shifts are the multiples of that product.",
    ],
    solution_source="""
def exact_shifts(strides, longest):
    total = 1
    for stride in strides:
        total = total * stride
    return list(range(total, longest + 1, total))
""",
    mistakes={
        "strides added": """
def exact_shifts(strides, longest):
    total = sum(strides)
    return list(range(total, longest + 1, total))
""",
        "the longest left out": """
def exact_shifts(strides, longest):
    total = 1
    for stride in strides:
        total = total * stride
    return list(range(total, longest, total))
""",
        "no shift counted as one": """
def exact_shifts(strides, longest):
    total = 1
    for stride in strides:
        total = total * stride
    return list(range(0, longest + 1, total))
""",
        "the largest stride only": """
def exact_shifts(strides, longest):
    total = max(strides)
    return list(range(total, longest + 1, total))
""",
        "the product itself only": """
def exact_shifts(strides, longest):
    total = 1
    for stride in strides:
        total = total * stride
    return [total] if total <= longest else []
""",
        "powers instead of multiples": """
def exact_shifts(strides, longest):
    total = 1
    for stride in strides:
        total = total * stride
    return [total**n for n in range(1, 99) if total > 1 and total**n <= longest]
""",
    },
    meaning=(
        "ResNet-18 has a total stride of 32: of all the shifts from 1 to 31 pixels, it passes none "
        "on exactly."
    ),
)

blur_row = Exercise(
    name="blur_row",
    prompt=(
        "Blur pool one row: `x`, an array of floats. Each cell becomes its left neighbour plus "
        "twice itself plus its right neighbour, over 4. Beyond the ends the row is mirrored: "
        "before its first cell comes the second again, after its last the last but one. Then keep "
        "every second cell, from the first on. Return an array."
    ),
    reference=_blur_row,
    cases=[
        {"x": np.array(x)}
        for x in (
            [4.0, 8.0],
            [0.0, 0.0, 4.0, 0.0],
            [0.0, 4.0, 0.0, 0.0],
            [1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
            [1.0, 3.0, 2.0, 4.0, 5.0],
            [9.0, -1.0, 0.5, 2.0, 2.0, 7.0, 1.0],
        )
    ],
    hints=[
        "np.pad(x, 1, mode='reflect') mirrors the row by one cell at each end.",
        "In the padded row, padded[:-2] are the left neighbours and padded[2:] the right ones.",
        "[::2] keeps every second cell, from the first on.",
    ],
    solution_source="""
def blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smooth[::2]
""",
    mistakes={
        "zeros beyond the ends": """
def blur_row(x):
    padded = np.pad(x, 1)
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smooth[::2]
""",
        "the end cells repeated": """
def blur_row(x):
    padded = np.pad(x, 1, mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smooth[::2]
""",
        "from the second cell on": """
def blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smooth[1::2]
""",
        "dropped before the blur": """
def blur_row(x):
    padded = np.pad(x[::2], 1, mode="edge")
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
""",
        "three alike": """
def blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return smooth[::2]
""",
        "not divided": """
def blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    smooth = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return smooth[::2]
""",
        "nothing dropped": """
def blur_row(x):
    padded = np.pad(x, 1, mode="reflect")
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
""",
    },
    meaning="A row that changes from cell to cell, the finest pattern there is, comes out flat.",
)

consistency = Exercise(
    name="consistency",
    prompt=(
        "`before` is an array with the predicted class of each image, shape (N,). `after` has the "
        "predictions for the same images moved in M directions, shape (M, N). Return the share of "
        "predictions after a move that are what they were before: a float from 0 to 1."
    ),
    reference=lambda before, after: float((after == before).mean()),
    cases=[
        {"before": np.array(before), "after": np.array(after)}
        for before, after in (
            ([3], [[3]]),
            ([3, 5], [[3, 4]]),
            ([0, 1, 2], [[0, 1, 2], [0, 1, 1]]),
            ([7, 7, 7, 7], [[7, 7, 7, 1], [7, 7, 7, 7], [1, 1, 7, 7], [7, 7, 7, 1]]),
            ([0, 0, 4], [[9, 9, 9], [0, 9, 9]]),
        )
    ],
    hints=[
        "after == before compares each row of after with before.",
        "The mean of True and False is the share of True.",
        "float(…) makes a plain number of it.",
    ],
    solution_source="""
def consistency(before, after):
    return float((after == before).mean())
""",
    mistakes={
        "only if it holds for all moves": """
def consistency(before, after):
    return float((after == before).all(axis=0).mean())
""",
        "if it holds for one move": """
def consistency(before, after):
    return float((after == before).any(axis=0).mean())
""",
        "a count": """
def consistency(before, after):
    return float((after == before).sum())
""",
        "the share that changed": """
def consistency(before, after):
    return float((after != before).mean())
""",
        "the first move only": """
def consistency(before, after):
    return float((after[0] == before).mean())
""",
        "the moves among each other": """
def consistency(before, after):
    return float((after == after[0]).mean())
""",
    },
    meaning=(
        "No label is needed, and none helps: the last case is never right or wrong, only steady or "
        "not."
    ),
)
