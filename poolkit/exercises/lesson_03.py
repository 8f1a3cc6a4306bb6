"""The exercises of lesson 03: a convolution, its parameters, a step, and what an output sees."""

import numpy as np

from poolkit.exercises.cases import GRID, array, calls, uneven
from poolkit.exercises.exercise import exercise

_EDGE = np.array([[-1.0, 0.0, 1.0]] * 3)
_STEP = np.array([[0.0, 0.0, 9.0, 9.0, 9.0]] * 5)


@exercise(
    (array("1 2; 3 4"), array("2")),
    (array("1 2; 3 4"), array("1 2; 3 -4")),
    (array("1 2 5; 3 4 7"), array("1 10; 100 1000")),
    (_STEP, _EDGE),
    (_STEP[:3, ::-1].copy(), _EDGE),
    (GRID, array("0 1; 2 3")),
    (uneven(5, 4), np.arange(9.0).reshape(3, 3) - 3),
    example=1,
    windows={"x": lambda row, column, case: (row, column, len(case["w"]), len(case["w"]))},
)
def convolve(x, w):
    """`x` is an array of floats of shape (H, W), `w` a kernel of shape (k, k). The kernel slides
    over x with stride 1, without padding; only whole windows count. At each place, multiply each
    weight with the pixel below it, and add up the products. Return an array of floats of shape (H -
    k + 1, W - k + 1).

    Hint: The window at row i and column j is x[i : i + k, j : j + k].
    Hint: window * w multiplies pixel by weight; .sum() adds up.
    Hint: The kernel is not turned: its upper left weight meets the upper left pixel of the window.
    Right: With nine weights of 1/9 it is average pooling: a convolution with fixed weights.
    """
    k = len(w)
    y = np.zeros((x.shape[0] - k + 1, x.shape[1] - k + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i : i + k, j : j + k] * w).sum()
    return y


@exercise(
    *calls(
        "1 1 1 False; 1 1 3 False; 1 1 3 True; 2 1 3 True; 1 2 3 True; 1 6 5 True; 1 16 3 False; "
        "16 32 3 False; 3 64 7 False; 16 120 5 True"
    ),
    example=3,
)
def conv_parameters(in_channels, out_channels, kernel_size, bias):
    """A convolution turns `in_channels` maps into `out_channels` maps. Each output map has a grid
    of `kernel_size` × `kernel_size` weights of its own for *every* input map, and adds up what they
    give. If `bias` is True, each output map has one more number, which is added to all of its
    pixels. Return how many numbers the convolution trains: a whole number.

    Hint: How many weights lead from one input map to one output map?
    Hint: Every output map sees every input map, each through a grid of its own.
    Hint: The bias belongs to the output map: one for each, however many input maps there are.
    Right: The size of the picture is not in the rule, so pooling, which changes only that size,
    saves a convolution no parameters.
    """
    weights = in_channels * out_channels * kernel_size * kernel_size
    if bias:
        return weights + out_channels
    return weights


@exercise(
    *calls(
        "0.0 1.0 1.0 0.5; 1.0 1.0 1.0 0.5; 0.0 1.0 1.0 0.25; 0.5 3.0 1.0 0.05; 0.5 2.0 3.0 0.125; "
        "2.0 -1.5 1.0 0.1; 0.5 2.0 1.0 0.25"
    ),
    example=3,
)
def gradient_step(w, f, target, lr):
    """A score is `w` × `f`: a weight times a feature. It should be `target`. The loss is the square
    of the difference, (w × f − target)². Take one step against the gradient, with the learning rate
    `lr`. All four are floats. Return the new weight: one float.

    Hint: The slope of (w × f − target)² in w is 2 × (w × f − target) × f.
    Hint: Against the gradient: the new weight is w minus lr times the slope.
    Right: A score that is already right gives a gradient of 0, so the weight stays. The feature
    stands in the gradient: where it is 0, the weight cannot learn.
    """
    return w - lr * 2 * (w * f - target) * f


@exercise(
    [[(3, 1)]],
    [[(2, 2)]],
    [[(3, 1), (3, 1)]],
    [[(2, 2), (2, 2)]],
    [[(3, 1), (2, 2), (3, 1)]],
    [[(3, 2), (5, 3), (2, 1)]],
    [[(2, 2), (3, 1), (1, 1), (4, 2)]],
    [[(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1)]],
    example=4,
)
def receptive_field(layers):
    """`layers` is a list of pairs (kernel_size, stride), from the picture on: convolutions or
    pools. Look along one axis, far from its ends. Return how many pixels of the picture one output
    of the last layer sees, from the first to the last that it depends on: a whole number.

    Hint: Before the first layer an output is one pixel: the field is 1.
    Hint: A layer widens the field by kernel_size - 1 steps. How far apart, in pixels of the input,
    are its neighbouring inputs?
    Hint: Keep that distance in a second number: it begins at 1, and each layer multiplies it by its
    stride after it has widened the field.
    Right: A 2×2 pooling layer widens the field little by itself, but it doubles what every later
    layer adds.
    """
    field, jump = 1, 1
    for kernel_size, stride in layers:
        field += (kernel_size - 1) * jump
        jump *= stride
    return field
