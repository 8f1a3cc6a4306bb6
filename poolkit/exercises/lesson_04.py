"""The exercises of lesson 04: the way back through a pooling layer."""

import numpy as np

from poolkit.exercises.cases import GRID, array
from poolkit.exercises.exercise import exercise, same_cell


def _output_of_cell(row, column, case):
    return (row // 2, column // 2, 1, 1)


def _window_of_cell(row, column, case):
    return (row // 2 * 2, column // 2 * 2, 2, 2)


def _sum_of_squares(x):
    """the sum of x ** 2"""
    return (x**2).sum()


def _weighted_cubes(x):
    """x[0] ** 3 + 10 * x[1] + x[0] * x[2]"""
    return x[0] ** 3 + 10 * x[1] + x[0] * x[2]


def _sum_of_pooled(x):
    """the sum of the 2×2 max pooling of x"""
    height, width = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return windows.max(axis=(1, 3)).sum()


@exercise(
    (array("7"), array("1 2; 4 3")),
    (array("7"), array("1 2; 2 1")),
    (array("10 20; 30 40"), GRID),
    (array("5 -3"), np.zeros((2, 4))),
    (array("0.5; -2"), array("-4 -1 9; -2 -3 9; -6 -6 9; -5 -7 9; 9 9 9")),
    example=1,
    windows={"x": _window_of_cell, "grad_output": _output_of_cell},
)
def max_pool_backward(grad_output, x):
    """2×2 max pooling turned `x`, an array of floats of shape (H, W), into a map of shape (H // 2,
    W // 2). `grad_output`, an array of floats of that smaller shape, holds the gradient of each of
    its numbers. Return the gradient of each pixel of x: an array of floats of shape (H, W). In each
    window the largest pixel gets all and the others 0; of several largest pixels, the first in
    reading order gets all. An odd row or column at the end is in no window and gets 0.

    Hint: Begin with np.zeros(x.shape), go through the windows as in the forward pass, and find in
    each the pixel of its maximum.
    Hint: window.argmax() counts the pixels in reading order and returns the first maximum.
    Hint: In a window of width 2, pixel number n is in row n // 2 and column n % 2.
    Right: Max pooling sends the gradient down one path: in each window one pixel gets all of it,
    and three get nothing.
    """
    grad = np.zeros(x.shape)
    for i in range(grad_output.shape[0]):
        for j in range(grad_output.shape[1]):
            n = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()
            grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j]
    return grad


@exercise(
    (array("8"), (2, 2)),
    (array("8 4"), (2, 4)),
    (array("8; -4"), (4, 2)),
    (array("1 2; 3 6"), (4, 4)),
    (array("8"), (3, 3)),
    (array("4 12"), (3, 5)),
    example=4,
    windows={"grad_output": _output_of_cell},
)
def avg_pool_backward(grad_output, shape):
    """2×2 average pooling turned an input of the given `shape`, a pair (H, W), into a map of shape
    (H // 2, W // 2). `grad_output`, an array of floats of that smaller shape, holds the gradient of
    each of its numbers. Return the gradient of each pixel of the input: an array of floats of shape
    (H, W). An odd row or column at the end is in no window and gets 0.

    Hint: Each of the four pixels has a part of 1/4 in the average.
    Hint: Begin with np.zeros(shape): an odd row or column is in no window, so its gradient is 0.
    Right: Average pooling needs no memory of its input: every pixel of a window gets the same.
    """
    grad = np.zeros(shape)
    for i in range(grad_output.shape[0]):
        for j in range(grad_output.shape[1]):
            grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] / 4
    return grad


@exercise(
    (np.array([6.0]), 2, 2, 2),
    (np.array([6.0, 2.0]), 4, 2, 2),
    (np.array([6.0, 2.0]), 3, 2, 1),
    (np.array([3.0, 6.0, 9.0]), 5, 3, 1),
    (np.array([3.0, -6.0]), 5, 3, 2),
    (np.array([4.0, 8.0]), 5, 2, 3),
    (np.array([4.0, 8.0, 2.0]), 9, 4, 2),
    example=2,
)
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    """Average pooling goes along a row of `size` pixels: windows of `kernel_size` pixels start
    every `stride` pixels, the first at pixel 0, and may overlap. `grad_output`, a 1-D array of
    floats, holds the gradient of each window's average. Return the gradient of each pixel of the
    row: a 1-D array of `size` floats. A pixel in no window gets 0.

    Hint: Window i covers the pixels from i * stride up to, not including, i * stride + kernel_size.
    Hint: A pixel in two windows has a part in two outputs, so it gets the sum of two shares.
    Hint: Use += and not =.
    Right: A pixel that several windows read in the forward pass gets the sum of their gradients in
    the backward pass.
    """
    grad = np.zeros(size)
    for i in range(len(grad_output)):
        start = i * stride
        grad[start : start + kernel_size] += grad_output[i] / kernel_size
    return grad


@exercise(
    (_sum_of_squares, np.array([3.0]), 0.5),
    (_weighted_cubes, np.array([2.0, 5.0, -1.0]), 0.5),
    (_sum_of_squares, array("1 2; 3 -4"), 0.25),
    (_sum_of_pooled, GRID[:3], 0.25),
    (_sum_of_squares, np.array([1, 2]), 0.5),
    windows={"x": same_cell},
)
def numeric_gradient(f, x, eps):
    """`f` is a function from an array to a number, `x` an array of any shape, of floats or of whole
    numbers, and `eps` a small number. The slope of f at a pixel is f with this one pixel raised by
    eps, minus f with this one pixel lowered by eps, divided by the distance between the two. Return
    the slopes at all pixels: an array of floats of the shape of x. `x` itself must stay as it is.

    Hint: Change one pixel at a time, and only in a copy of x.
    Hint: From eps below to eps above: the distance is 2 * eps.
    Hint: np.ndindex(x.shape) goes through the pixels of an array of any shape.
    Hint: An array of whole numbers cuts off what you add: copy it with x.astype(float).
    Right: It needs two calls of f for each pixel: far too slow to train with, but it tells whether
    a backward pass is right.
    """
    grad = np.zeros(x.shape)
    for pixel in np.ndindex(x.shape):
        above, below = x.astype(float), x.astype(float)
        above[pixel] += eps
        below[pixel] -= eps
        grad[pixel] = (f(above) - f(below)) / (2 * eps)
    return grad


@exercise(
    (array("1 2; 4 3"), 2, 2),
    (array("1 2 2; 2 1 0; 5 6 7"), 2, 2),
    (array("1 2 0; 4 3 5; 0 6 1"), 2, 1),
    (GRID, 2, 2),
    (array("-1 -3 -2 -4 -7; -5 -6 -1 -2 -9; -4 -1 -3 -1 -8"), 3, 1),
    (array("1 9 2 8 8; 3 9 4 7 6; 7 7 9 5 5"), 1, 2),
    (np.zeros((3, 6)), 3, 2),
    example=1,
    windows={"x": same_cell},
)
def without_gradient(x, kernel_size, stride):
    """`x` is an array of floats of shape (H, W). Max pooling goes over it with windows of
    `kernel_size` × `kernel_size` pixels that start every `stride` pixels; only whole windows count.
    In each window the largest pixel gets the gradient; of several largest pixels, the first in
    reading order. Return an array of booleans of shape (H, W): True for each pixel that gets no
    gradient from any window. In the check's pictures, 1 stands for True.

    Hint: Begin with True everywhere, and set the pixel of each window's maximum to False.
    Hint: Window (i, j) starts at row i * stride and column j * stride. How many fit is the output
    size rule of lesson 02.
    Hint: np.unravel_index(window.argmax(), window.shape) gives row and column of the first maximum
    inside the window.
    Right: Under 2×2 max pooling with stride 2, three pixels in four get no gradient from a picture;
    from another picture other pixels may.
    """
    never = np.ones(x.shape, dtype=bool)
    for top in range(0, x.shape[0] - kernel_size + 1, stride):
        for left in range(0, x.shape[1] - kernel_size + 1, stride):
            window = x[top : top + kernel_size, left : left + kernel_size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            never[top + i, left + j] = False
    return never
