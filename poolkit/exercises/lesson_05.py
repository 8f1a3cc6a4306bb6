"""The exercises of lesson 05: pools between the average and the maximum."""

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import avg_pool2d, max_pool2d


def _mixed(x, share):
    return share * max_pool2d(x[None], 2)[0] + (1 - share) * avg_pool2d(x[None], 2)[0]


def _expected_draw(x):
    return float((x**2).sum() / x.sum()) if x.any() else 0.0


_GRID = np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]])

generalised_mean = Exercise(
    name="generalised_mean",
    prompt=(
        "Return the generalised mean of all numbers of `x`, an array of positive floats of shape "
        "(H, W): the p-th root of the average of x to the power `p`. One float."
    ),
    reference=lambda x, p: float((x**p).mean() ** (1 / p)),
    cases=[
        {"x": np.array([[3.0, 5.0]]), "p": 1},
        {"x": np.array([[1.0, 7.0]]), "p": 2},
        {"x": np.array([[1.0, 2.0], [3.0, 6.0]]), "p": 3},
        {"x": np.array([[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]), "p": 4},
        {"x": _GRID + 1, "p": 0.5},
        {"x": _GRID + 1, "p": 8},
    ],
    hints=[
        "Three steps: power, average, root. Keep this order.",
        "The p-th root of a is a ** (1 / p).",
        "(x**p).mean() averages all numbers of the array.",
    ],
    solution_source="""
def generalised_mean(x, p):
    return float((x**p).mean() ** (1 / p))
""",
    mistakes={
        "sum for average, as in LP pooling": """
def generalised_mean(x, p):
    return float((x**p).sum() ** (1 / p))
""",
        "root forgotten": """
def generalised_mean(x, p):
    return float((x**p).mean())
""",
        "average first": """
def generalised_mean(x, p):
    return float((x.mean() ** p) ** (1 / p))
""",
        "root of each": """
def generalised_mean(x, p):
    return float(((x**p) ** (1 / p)).mean())
""",
        "divided by p": """
def generalised_mean(x, p):
    return float((x**p).mean() / p)
""",
        "the maximum": """
def generalised_mean(x, p):
    return float(x.max())
""",
        "brackets forgotten in the root": """
def generalised_mean(x, p):
    return float((x**p).mean() ** 1 / p)
""",
    },
    meaning=(
        "With p as a number to learn, this is GeM pooling: training chooses its place between "
        "average and maximum."
    ),
)

mixed_pool = Exercise(
    name="mixed_pool",
    prompt=(
        "For each 2×2 window of `x`, an array of floats of shape (H, W), return `share` times its "
        "maximum plus the rest of one times its average. The windows do not overlap. An odd row "
        "or column at the end is in no window."
    ),
    reference=_mixed,
    cases=[
        {"x": np.array([[1.0, 2.0], [3.0, 6.0]]), "share": 0.5},
        {"x": np.array([[1.0, 2.0], [3.0, 6.0]]), "share": 1.0},
        {"x": _GRID, "share": 0.25},
        {"x": _GRID, "share": 0.0},
        {"x": np.array([[-1.0, -4.0, 2.0], [-3.0, -2.0, 9.0]]), "share": 0.75},
        {"x": _GRID[:, :2].repeat(2, axis=0)[1:] * 1.5, "share": 0.1},
    ],
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
    mistakes={
        "shares swapped": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return (1 - share) * windows.max(axis=(1, 3)) + share * windows.mean(axis=(1, 3))
""",
        "the whole average added": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return share * windows.max(axis=(1, 3)) + windows.mean(axis=(1, 3))
""",
        "share ignored": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return (windows.max(axis=(1, 3)) + windows.mean(axis=(1, 3))) / 2
""",
        "minimum for maximum": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return share * windows.min(axis=(1, 3)) + (1 - share) * windows.mean(axis=(1, 3))
""",
        "maximum and average of the whole map": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    return np.full((height, width), share * x.max() + (1 - share) * x.mean())
""",
        "odd rows and columns not cut off": """
def mixed_pool(x, share):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x.reshape(height, 2, width, 2)
    return share * windows.max(axis=(1, 3)) + (1 - share) * windows.mean(axis=(1, 3))
""",
    },
    meaning=(
        "share = 0 is average pooling and share = 1 is max pooling; a network can learn what lies "
        "between."
    ),
    windows={"x": lambda row, column, case: (2 * row, 2 * column, 2, 2)},
)

expected_draw = Exercise(
    name="expected_draw",
    prompt=(
        "Stochastic pooling draws one number of `x`, an array of floats that are not negative, "
        "each with a probability in proportion to its value. Return what it draws on average: one "
        "float. If all numbers are 0, that is 0."
    ),
    reference=_expected_draw,
    cases=[
        {"x": np.array([[1.0, 3.0]])},
        {"x": np.array([[1.0, 2.0], [3.0, 6.0]])},
        {"x": np.array([[0.0, 0.0], [0.0, 5.0]])},
        {"x": np.zeros((2, 2))},
        {"x": np.full((2, 3), 2.5)},
        {"x": _GRID},
    ],
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
    mistakes={
        "the plain average": """
def expected_draw(x):
    return float(x.mean())
""",
        "the largest": """
def expected_draw(x):
    return float(x.max())
""",
        "a map of zeros divided by zero": """
def expected_draw(x):
    with np.errstate(invalid="ignore"):
        return float((x * x).sum() / x.sum())
""",
        "divided by the count": """
def expected_draw(x):
    return float((x * x).mean())
""",
        "the sum of probabilities": """
def expected_draw(x):
    return float((x / max(x.sum(), 1e-9)).sum())
""",
        "softmax for proportion": """
def expected_draw(x):
    weights = np.exp(x) / np.exp(x).sum()
    return float((x * weights).sum())
""",
    },
    meaning="So a network that was trained with draws can be used without any: it gets their mean.",
)

pyramid_length = Exercise(
    name="pyramid_length",
    prompt=(
        "A spatial pyramid pools `channels` maps at each of the `levels`, a list of whole numbers: "
        "level n cuts a map into n×n bins. Return how many numbers come out in all."
    ),
    reference=lambda channels, levels: channels * sum(n**2 for n in levels),
    cases=[
        {"channels": channels, "levels": levels}
        for channels, levels in (
            (1, [1]),
            (1, [2]),
            (3, [1]),
            (3, [2, 1]),
            (12, [4, 2, 1]),
            (256, [6, 3, 2, 1]),
            (5, [3, 3]),
        )
    ],
    hints=[
        "Level 2 has 2 × 2 bins in each map.",
        "Each bin gives one number for each channel.",
        "Add up the bins of all levels, then multiply by the channels.",
    ],
    solution_source="""
def pyramid_length(channels, levels):
    return channels * sum(n * n for n in levels)
""",
    mistakes={
        "levels not squared": """
def pyramid_length(channels, levels):
    return channels * sum(levels)
""",
        "channels forgotten": """
def pyramid_length(channels, levels):
    return sum(n * n for n in levels)
""",
        "the finest level only": """
def pyramid_length(channels, levels):
    return channels * max(levels) ** 2
""",
        "sum first, then squared": """
def pyramid_length(channels, levels):
    return channels * sum(levels) ** 2
""",
        "channels added": """
def pyramid_length(channels, levels):
    return channels + sum(n * n for n in levels)
""",
        "each level once": """
def pyramid_length(channels, levels):
    return channels * sum(n * n for n in set(levels))
""",
    },
    meaning="The height and the width of the maps are not in it: that is the point.",
)
