"""The exercises of lesson 06: pools between the average and the maximum."""

import numpy as np

from poolkit.exercises.cases import GRID, array, calls
from poolkit.exercises.exercise import blocks, exercise


@exercise(
    (array("3 5"), 1),
    (array("1 7"), 2),
    (array("1 2; 3 6"), 3),
    (array("2 2 2; 2 2 2"), 4),
    (GRID + 1, 0.5),
    (GRID + 1, 8),
    example=1,
)
def generalised_mean(x, p):
    """`x` is an array of positive floats of shape (H, W), and `p` is a number above 0. Raise all
    numbers of x to the power p, take their average, and take the p-th root of that. Return this
    *generalised mean*: one float.

    Hint: Three steps: power, average, root. Keep this order.
    Hint: The p-th root of a is a ** (1 / p).
    Hint: (x**p).mean() averages all numbers of the array.
    Right: With p as a number to learn, this is GeM pooling: training chooses its place between
    average and maximum.
    """
    return float((x**p).mean() ** (1 / p))


@exercise(
    (array("1 2; 3 6"), 0.5),
    (array("1 2; 3 6"), 1.0),
    (GRID, 0.25),
    (GRID, 0.0),
    (array("-1 -4 2; -3 -2 9"), 0.75),
    (GRID[:, :2].repeat(2, axis=0)[1:] * 1.5, 0.1),
    windows=blocks(2),
)
def mixed_pool(x, share):
    """`x` is an array of floats of shape (H, W), and `share` is a number from 0 to 1. Cut x into
    windows of 2×2 pixels that lie side by side. Return for each window share × its maximum + (1 −
    share) × its average: an array of floats of shape (H // 2, W // 2). An odd row or column at the
    end is in no window.

    Hint: Work out the maximum and the average of a window first, as in lesson 01.
    Hint: The rest of one is 1 - share.
    Hint: reshape(height, 2, width, 2) lets you take both over the axes 1 and 3.
    Right: share = 0 is average pooling and share = 1 is max pooling; a network can learn what lies
    between.
    """
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return share * windows.max(axis=(1, 3)) + (1 - share) * windows.mean(axis=(1, 3))


@exercise(
    [array("1 3")],
    [array("1 2; 3 6")],
    [array("0 0; 0 5")],
    [np.zeros((2, 2))],
    [np.full((2, 3), 2.5)],
    [GRID],
)
def expected_draw(x):
    """`x` is an array of floats, none of them below 0. Stochastic pooling draws one of them, each
    with the probability value / sum of all values. Return what it draws on average, over very many
    draws: one float. If all numbers are 0, that is 0.

    Hint: The probability of each number is the number over the sum of all.
    Hint: The mean of a draw is the sum of each value times its probability.
    Hint: If the sum is 0, do not divide by it.
    Right: So a network that was trained with draws can be used without any: it gets their mean.
    """
    total = x.sum()
    if total == 0:
        return 0.0
    return float((x * x / total).sum())


@exercise(*calls("1 [1]; 1 [2]; 3 [1]; 3 [2,1]; 12 [4,2,1]; 256 [6,3,2,1]; 5 [3,3]"), example=3)
def pyramid_length(channels, levels):
    """A spatial pyramid pools `channels` maps at each level in `levels`, a list of whole numbers.
    At level n it cuts each map into n × n bins, and each bin gives one number. Return how many
    numbers come out in all: a whole number.

    Hint: Level 2 has 2 × 2 bins in each map.
    Hint: Each bin gives one number for each channel.
    Hint: Add up the bins of all levels, then multiply by the channels.
    Right: The height and the width of the maps are not in it: that is the point.
    """
    return channels * sum(n * n for n in levels)
