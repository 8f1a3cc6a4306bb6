"""The exercises of lesson 07: the parts of a network that can be counted by hand."""

import numpy as np

from poolkit.exercises.cases import GRID, array
from poolkit.exercises.exercise import blocks, exercise


@exercise(
    (array("0.1 0.9"), np.array([1])),
    (array("0.1 0.9; 0.8 0.2"), np.array([1, 1])),
    (array("2 1 0; 5 6 1; 3 4 0.5"), np.array([0, 1, 2])),
    (array("-1 -2 -3; -3 -1 -2"), np.array([0, 1])),
    (array("0.2 0.5 0.3; 0.6 0.1 0.3; 0.1 0.2 0.7; 0.4 0.5 0"), np.array([1, 2, 2, 0])),
    example=1,
)
def accuracy(scores, labels):
    """`scores` is an array of floats of shape (N, classes): a score for each of N pictures and each
    class. `labels` is an array of N whole numbers: the true classes, counted from 0. The class with
    the largest score of its picture is the prediction. Return the share of right predictions: one
    float, from 0 to 1.

    Hint: Row n holds the scores of picture n. Its prediction is the position of the largest score.
    Hint: np.argmax has an argument axis: axis=1 looks along each row.
    Hint: Comparing two arrays of N numbers with == gives N booleans; their mean is the share of
    True.
    Right: Only the largest score counts: a barely right prediction is as good as a sure one.
    """
    predictions = scores.argmax(axis=1)
    return (predictions == labels).mean()


@exercise(
    (array("4 3; 2 5"), 1.0, 0.0),
    (array("4 3; 2 5"), 0.5, 2.0),
    (GRID, 0.25, 0.0),
    (array("1 -2 3 0.5 2 1; 4 0 -1 2.5 3 3"), -2.0, 1.5),
    (np.arange(15.0).reshape(5, 3), 2.0, -3.0),
    example=1,
    windows=blocks(2),
)
def subsampling(x, weight, bias):
    """LeNet-5's pooling of one map, without the squashing function that follows. `x` is an array of
    floats of shape (H, W); `weight` and `bias` are two floats. Cut x into windows of 2×2 pixels
    that lie side by side. For each window add up its four pixels, multiply the sum by weight, and
    add bias. Return an array of floats of shape (H // 2, W // 2). An odd row or column at the end
    is in no window.

    Hint: It is the average pooling of lesson 01 without the division, then times weight, plus bias.
    Hint: The bias is added once to each output pixel, after the multiplication.
    Right: With a weight of 1/4 and a bias of 0 this is average pooling; training may choose others.
    """
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            output[i, j] = weight * window.sum() + bias
    return output
