"""The exercises of lesson 06: the parts of a network that can be counted by hand."""

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import avg_pool2d


def _conv_parameters(in_channels, out_channels, kernel_size, bias):
    weights = in_channels * out_channels * kernel_size**2
    return weights + out_channels if bias else weights


conv_parameters = Exercise(
    name="conv_parameters",
    prompt=(
        "Return how many numbers a convolution trains that turns `in_channels` maps into "
        "`out_channels` maps. Each output map has one grid of `kernel_size` × `kernel_size` "
        "weights for each input map and, if `bias` is True, one number that is added."
    ),
    reference=_conv_parameters,
    cases=[
        dict(zip(("in_channels", "out_channels", "kernel_size", "bias"), row, strict=True))
        for row in [
            *((1, 1, 1, False), (1, 1, 3, False), (1, 1, 3, True), (2, 1, 3, True)),
            *((1, 2, 3, True), (1, 6, 5, True), (1, 16, 3, False), (16, 32, 3, False)),
            *((3, 64, 7, False), (16, 120, 5, True)),
        ]
    ],
    hints=[
        "How many weights lead from one input map to one output map?",
        "Every output map sees every input map, each through a grid of its own.",
        "The bias belongs to the output map: one for each, however many input maps there are.",
    ],
    solution_source="""
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    weights = in_channels * out_channels * kernel_size * kernel_size
    if bias:
        return weights + out_channels
    return weights
""",
    mistakes={
        "bias forgotten": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * kernel_size**2
""",
        "bias always counted": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * kernel_size**2 + out_channels
""",
        "one bias in all": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * kernel_size**2 + bias
""",
        "a bias for each input map": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * kernel_size**2 + bias * in_channels
""",
        "a bias for each grid": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * (kernel_size**2 + bias)
""",
        "kernel in one direction only": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return in_channels * out_channels * kernel_size + bias * out_channels
""",
        "input maps share their grid": """
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    return out_channels * kernel_size**2 + bias * out_channels
""",
    },
    meaning=(
        "The size of the picture is not in the rule, so pooling, which changes only that size, "
        "saves a convolution no parameters."
    ),
)

accuracy = Exercise(
    name="accuracy",
    prompt=(
        "`scores` is an array of shape (N, classes) with a score for each of N pictures and each "
        "class; `labels` holds the N true classes. The class with the largest score is the "
        "prediction. Return the share of right predictions, from 0 to 1."
    ),
    reference=lambda scores, labels: float((scores.argmax(axis=1) == labels).mean()),
    cases=[
        {"scores": np.array([[0.1, 0.9]]), "labels": np.array([1])},
        {"scores": np.array([[0.1, 0.9], [0.8, 0.2]]), "labels": np.array([1, 1])},
        {
            "scores": np.array([[2.0, 1.0, 0.0], [5.0, 6.0, 1.0], [3.0, 4.0, 0.5]]),
            "labels": np.array([0, 1, 2]),
        },
        {
            "scores": np.array([[-1.0, -2.0, -3.0], [-3.0, -1.0, -2.0]]),
            "labels": np.array([0, 1]),
        },
        {
            "scores": np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.4, 0.5, 0]]),
            "labels": np.array([1, 2, 2, 0]),
        },
    ],
    hints=[
        "Row n holds the scores of picture n. Its prediction is the position of the largest score.",
        "np.argmax has an argument axis: axis=1 looks along each row.",
        "Comparing two arrays of N numbers with == gives N booleans; their mean is the share of "
        "True.",
    ],
    solution_source="""
def accuracy(scores, labels):
    predictions = scores.argmax(axis=1)
    return (predictions == labels).mean()
""",
    mistakes={
        "right ones counted, not their share": """
def accuracy(scores, labels):
    return int((scores.argmax(axis=1) == labels).sum())
""",
        "share of wrong ones": """
def accuracy(scores, labels):
    return (scores.argmax(axis=1) != labels).mean()
""",
        "division rounds down": """
def accuracy(scores, labels):
    return int((scores.argmax(axis=1) == labels).sum()) // len(labels)
""",
        "percent": """
def accuracy(scores, labels):
    return 100 * (scores.argmax(axis=1) == labels).mean()
""",
        "largest score of each class, not of each picture": """
def accuracy(scores, labels):
    predictions = scores.argmax(axis=0)
    return np.mean([predictions[n] == labels[n] for n in range(min(scores.shape))])
""",
        "the largest score, not its position": """
def accuracy(scores, labels):
    return (scores.max(axis=1) == labels).mean()
""",
        "smallest score": """
def accuracy(scores, labels):
    return (scores.argmin(axis=1) == labels).mean()
""",
        "divided by the number of classes": """
def accuracy(scores, labels):
    return (scores.argmax(axis=1) == labels).sum() / scores.shape[1]
""",
        "scores above one half": """
def accuracy(scores, labels):
    return np.mean([scores[n, label] > 0.5 for n, label in enumerate(labels)])
""",
    },
    meaning=("Only the largest score counts: a barely right prediction is as good as a sure one."),
)

subsampling = Exercise(
    name="subsampling",
    prompt=(
        "LeNet-5's pooling of one map, before the squashing function: add up the four cells of "
        "each 2×2 window of `x`, an array of floats of shape (H, W), multiply the sum by "
        "`weight`, and add `bias`. The windows do not overlap; an odd row or column at the end is "
        "in no window."
    ),
    reference=lambda x, weight, bias: avg_pool2d(x[None], 2, divisor_override=1)[0] * weight + bias,
    cases=[
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "weight": 1.0, "bias": 0.0},
        {"x": np.array([[4.0, 3.0], [2.0, 5.0]]), "weight": 0.5, "bias": 2.0},
        {
            "x": np.array([[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]),
            "weight": 0.25,
            "bias": 0.0,
        },
        {
            "x": np.array([[1.0, -2, 3, 0.5, 2, 1], [4, 0, -1, 2.5, 3, 3]]),
            "weight": -2.0,
            "bias": 1.5,
        },
        {"x": np.arange(15.0).reshape(5, 3), "weight": 2.0, "bias": -3.0},
    ],
    hints=[
        "It is the average pooling of lesson 01 without the division, then times weight, plus "
        "bias.",
        "The bias is added once to each output cell, after the multiplication.",
    ],
    solution_source="""
def subsampling(x, weight, bias):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            output[i, j] = weight * window.sum() + bias
    return output
""",
    mistakes={
        "average for sum": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean(axis=(1, 3)) * weight + bias
""",
        "max for sum": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).max(axis=(1, 3)) * weight + bias
""",
        "bias added before the weight": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return (x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).sum(axis=(1, 3)) + bias) * weight
""",
        "bias added to every cell of the window": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return (x[: 2 * h, : 2 * w] * weight + bias).reshape(h, 2, w, 2).sum(axis=(1, 3))
""",
        "bias forgotten": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).sum(axis=(1, 3)) * weight
""",
        "weight forgotten": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).sum(axis=(1, 3)) + bias
""",
        "squashed as well": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    total = x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).sum(axis=(1, 3))
    return 1.7159 * np.tanh(2 / 3 * (total * weight + bias))
""",
        "height and width swapped": """
def subsampling(x, weight, bias):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).sum(axis=(1, 3)).T * weight + bias
""",
        "odd row and column kept": """
def subsampling(x, weight, bias):
    x = np.pad(x, ((0, x.shape[0] % 2), (0, x.shape[1] % 2)))
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return x.reshape(h, 2, w, 2).sum(axis=(1, 3)) * weight + bias
""",
    },
    meaning=(
        "With a weight of 1/4 and a bias of 0 this is average pooling; training may choose others."
    ),
    windows={"x": lambda row, column, case: (2 * row, 2 * column, 2, 2)},
)
