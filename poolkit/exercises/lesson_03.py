"""The exercises of lesson 03: a convolution, its parameters, a step, and what an output sees."""

import numpy as np

from poolkit.exercises.cases import GRID, cases, uneven
from poolkit.exercises.exercise import Exercise

_EDGE = np.array([[-1.0, 0.0, 1.0]] * 3)
_STEP = np.array([[0.0, 0.0, 9.0, 9.0, 9.0]] * 5)

convolve = Exercise(
    name="convolve",
    prompt=(
        "`x` is an array of floats of shape (H, W), `w` a kernel of shape (k, k). The kernel "
        "slides over x with stride 1, without padding; only whole windows count. At each place, "
        "multiply each weight with the pixel below it, and add up the products. Return an array "
        "of floats of shape (H - k + 1, W - k + 1)."
    ),
    cases=cases(
        "x w",
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0]])),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.0, -4.0]])),
        (np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 7.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])),
        (_STEP, _EDGE),
        (_STEP[:3, ::-1].copy(), _EDGE),
        (GRID, np.array([[0.0, 1.0], [2.0, 3.0]])),
        (uneven(5, 4), np.arange(9.0).reshape(3, 3) - 3),
    ),
    example=1,
    hints=[
        "The window at row i and column j is x[i : i + k, j : j + k].",
        "window * w multiplies pixel by weight; .sum() adds up.",
        "The kernel is not turned: its upper left weight meets the upper left pixel of the window.",
    ],
    solution_source="""
def convolve(x, w):
    k = len(w)
    y = np.zeros((x.shape[0] - k + 1, x.shape[1] - k + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i : i + k, j : j + k] * w).sum()
    return y
""",
    meaning="With nine weights of 1/9 it is average pooling: a convolution with fixed weights.",
    windows={"x": lambda row, column, case: (row, column, len(case["w"]), len(case["w"]))},
)

conv_parameters = Exercise(
    name="conv_parameters",
    prompt=(
        "A convolution turns `in_channels` maps into `out_channels` maps. Each output map has a "
        "grid of `kernel_size` × `kernel_size` weights of its own for *every* input map, and "
        "adds up what they give. If `bias` is True, each output map has one more number, which "
        "is added to all of its cells. Return how many numbers the convolution trains: a whole "
        "number."
    ),
    cases=cases(
        "in_channels out_channels kernel_size bias",
        (1, 1, 1, False),
        (1, 1, 3, False),
        (1, 1, 3, True),
        (2, 1, 3, True),
        (1, 2, 3, True),
        (1, 6, 5, True),
        (1, 16, 3, False),
        (16, 32, 3, False),
        (3, 64, 7, False),
        (16, 120, 5, True),
    ),
    example=3,
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
    meaning=(
        "The size of the picture is not in the rule, so pooling, which changes only that size, "
        "saves a convolution no parameters."
    ),
)

gradient_step = Exercise(
    name="gradient_step",
    prompt=(
        "A score is `w` × `f`: a weight times a feature. It should be `target`. The loss is the "
        "square of the difference, (w × f − target)². Take one step against the gradient, with "
        "the learning rate `lr`. All four are floats. Return the new weight: one float."
    ),
    cases=cases(
        "w f target lr",
        (0.0, 1.0, 1.0, 0.5),
        (1.0, 1.0, 1.0, 0.5),
        (0.0, 1.0, 1.0, 0.25),
        (0.5, 3.0, 1.0, 0.05),
        (0.5, 2.0, 3.0, 0.125),
        (2.0, -1.5, 1.0, 0.1),
        (0.5, 2.0, 1.0, 0.25),
    ),
    example=3,
    hints=[
        "The slope of (w × f − target)² in w is 2 × (w × f − target) × f.",
        "Against the gradient: the new weight is w minus lr times the slope.",
    ],
    solution_source="""
def gradient_step(w, f, target, lr):
    return w - lr * 2 * (w * f - target) * f
""",
    meaning=(
        "A score that is already right gives a gradient of 0, so the weight stays. The feature "
        "stands in the gradient: where it is 0, the weight cannot learn."
    ),
)

receptive_field = Exercise(
    name="receptive_field",
    prompt=(
        "`layers` is a list of pairs (kernel_size, stride), from the picture on: convolutions or "
        "pools. Look along one axis, far from its ends. Return how many pixels of the picture "
        "one output of the last layer sees, from the first to the last that it depends on: a "
        "whole number."
    ),
    cases=cases(
        "layers",
        [[(3, 1)]],
        [[(2, 2)]],
        [[(3, 1), (3, 1)]],
        [[(2, 2), (2, 2)]],
        [[(3, 1), (2, 2), (3, 1)]],
        [[(3, 2), (5, 3), (2, 1)]],
        [[(2, 2), (3, 1), (1, 1), (4, 2)]],
        [[(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1)]],
    ),
    example=4,
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
    meaning=(
        "A 2×2 pooling layer widens the field little by itself, but it doubles what every later "
        "layer adds."
    ),
)
