"""The exercises of lesson 06: pools between the average and the maximum."""

import numpy as np

from poolkit.exercises.cases import GRID, cases
from poolkit.exercises.exercise import Exercise, blocks

generalised_mean = Exercise(
    name="generalised_mean",
    prompt=(
        "`x` is an array of positive floats of shape (H, W), and `p` is a number above 0. Raise "
        "all numbers of x to the power p, take their average, and take the p-th root of that. "
        "Return this *generalised mean*: one float."
    ),
    cases=cases(
        "x p",
        (np.array([[3.0, 5.0]]), 1),
        (np.array([[1.0, 7.0]]), 2),
        (np.array([[1.0, 2.0], [3.0, 6.0]]), 3),
        (np.array([[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]), 4),
        (GRID + 1, 0.5),
        (GRID + 1, 8),
    ),
    example=1,
    hints=[
        "Three steps: power, average, root. Keep this order.",
        "The p-th root of a is a ** (1 / p).",
        "(x**p).mean() averages all numbers of the array.",
    ],
    solution_source="""
def generalised_mean(x, p):
    return float((x**p).mean() ** (1 / p))
""",
    meaning=(
        "With p as a number to learn, this is GeM pooling: training chooses its place between "
        "average and maximum."
    ),
)

mixed_pool = Exercise(
    name="mixed_pool",
    prompt=(
        "`x` is an array of floats of shape (H, W), and `share` is a number from 0 to 1. Cut x "
        "into windows of 2×2 pixels that lie side by side. Return for each window share × its "
        "maximum + (1 − share) × its average: an array of floats of shape (H // 2, W // 2). An "
        "odd row or column at the end is in no window."
    ),
    cases=cases(
        "x share",
        (np.array([[1.0, 2.0], [3.0, 6.0]]), 0.5),
        (np.array([[1.0, 2.0], [3.0, 6.0]]), 1.0),
        (GRID, 0.25),
        (GRID, 0.0),
        (np.array([[-1.0, -4.0, 2.0], [-3.0, -2.0, 9.0]]), 0.75),
        (GRID[:, :2].repeat(2, axis=0)[1:] * 1.5, 0.1),
    ),
    hints=[
        "Work out the maximum and the average of a window first, as in lesson 01.",
        "The rest of one is 1 - share.",
        "reshape(height, 2, width, 2) lets you take both over the axes 1 and 3.",
    ],
    solution_source="""
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return share * windows.max(axis=(1, 3)) + (1 - share) * windows.mean(axis=(1, 3))
""",
    meaning=(
        "share = 0 is average pooling and share = 1 is max pooling; a network can learn what "
        "lies between."
    ),
    windows=blocks(2),
)

expected_draw = Exercise(
    name="expected_draw",
    prompt=(
        "`x` is an array of floats, none of them below 0. Stochastic pooling draws one of them, "
        "each with the probability value / sum of all values. Return what it draws on average, "
        "over very many draws: one float. If all numbers are 0, that is 0."
    ),
    cases=cases(
        "x",
        [np.array([[1.0, 3.0]])],
        [np.array([[1.0, 2.0], [3.0, 6.0]])],
        [np.array([[0.0, 0.0], [0.0, 5.0]])],
        [np.zeros((2, 2))],
        [np.full((2, 3), 2.5)],
        [GRID],
    ),
    hints=[
        "The probability of each number is the number over the sum of all.",
        "The mean of a draw is the sum of each value times its probability.",
        "If the sum is 0, do not divide by it.",
    ],
    solution_source="""
def expected_draw(x):
    total = x.sum()
    if total == 0:
        return 0.0
    return float((x * x / total).sum())
""",
    meaning="So a network that was trained with draws can be used without any: it gets their mean.",
)

pyramid_length = Exercise(
    name="pyramid_length",
    prompt=(
        "A spatial pyramid pools `channels` maps at each level in `levels`, a list of whole "
        "numbers. At level n it cuts each map into n × n bins, and each bin gives one number. "
        "Return how many numbers come out in all: a whole number."
    ),
    cases=cases(
        "channels levels",
        (1, [1]),
        (1, [2]),
        (3, [1]),
        (3, [2, 1]),
        (12, [4, 2, 1]),
        (256, [6, 3, 2, 1]),
        (5, [3, 3]),
    ),
    example=3,
    hints=[
        "Level 2 has 2 × 2 bins in each map.",
        "Each bin gives one number for each channel.",
        "Add up the bins of all levels, then multiply by the channels.",
    ],
    solution_source="""
def pyramid_length(channels, levels):
    return channels * sum(n * n for n in levels)
""",
    meaning="The height and the width of the maps are not in it: that is the point.",
)
