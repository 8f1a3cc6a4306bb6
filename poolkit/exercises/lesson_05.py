"""The exercises of lesson 05: whole-array steps in place of loops."""

import numpy as np

from poolkit.exercises.cases import array, uneven
from poolkit.exercises.exercise import blocks, exercise

_RUN = {"x": lambda row, column, case: (row, column, 1, case["k"])}


@exercise(
    (uneven(2, 4), 0, 2, 2),
    (uneven(2, 4), 1, 2, 2),
    (uneven(1, 4), 1, 2, 1),
    (uneven(2, 5), 0, 2, 2),
    (uneven(2, 7), 2, 3, 2),
    (uneven(3, 8), 1, 3, 2),
    (uneven(2, 9), 0, 3, 3),
    (uneven(1, 10), 3, 4, 3),
    (uneven(2, 6), 0, 1, 4),
    example=3,
    windows={"x": lambda row, col, case: (row, col * case["stride"] + case["number"], 1, 1)},
)
def tap_values(x, number, kernel_size, stride):
    """`x` is an array of floats of shape (H, W). Along each of its rows, windows of `kernel_size`
    pixels start every `stride` pixels; only whole windows count. `number` is a place in a window,
    counted from 0. Return what each window holds at this place: an array of floats of shape (H,
    windows). One slice does it, without a loop.

    Hint: The first window holds pixel `number` of the row there; the next one, `stride` pixels on.
    Hint: How many whole windows are there? You wrote it in lesson 02: output_size.
    Hint: A slice is start : stop : step. The last value lies (windows - 1) * stride after the
    first, and stop must be one more than its place.
    Right: A maximum over windows is a maximum over kernel_size such slices: the loop over windows
    has become a loop over the kernel, which is much shorter.
    """
    windows = (x.shape[1] - kernel_size) // stride + 1
    last = number + (windows - 1) * stride
    return x[:, number : last + 1 : stride]


@exercise(
    (uneven(2, 2), 2),
    (uneven(2, 4), 2),
    (uneven(4, 2), 2),
    (uneven(4, 4), 2),
    (uneven(5, 4), 2),
    (uneven(4, 7), 2),
    (uneven(6, 9), 3),
    (uneven(7, 8), 3),
    (uneven(3, 5), 1),
    (uneven(9, 13), 4),
    example=1,
    windows=blocks("k"),
)
def block_avg(x, k):
    """`x` is an array of floats of shape (H, W). Cut it into blocks of `k` × `k` pixels that lie
    side by side. Return the average of each block: an array of floats of shape (H // k, W // k).
    Rows and columns left over at the end are in no block. Use reshape in place of a loop.

    Hint: First cut x to whole blocks: x[: rows * k, : columns * k].
    Hint: reshape(rows, k, columns, k) gives each block two axes of its own: which of the four?
    Hint: Averages can be taken over two axes at once: .mean(axis=(1, 3)).
    Right: Nothing moved in memory: reshape only counts the same numbers in another way.
    scikit-image's block_reduce works like this.
    """
    rows, columns = x.shape[0] // k, x.shape[1] // k
    whole = x[: rows * k, : columns * k]
    return whole.reshape(rows, k, columns, k).mean(axis=(1, 3))


@exercise(
    (uneven(2, 3), 2),
    (uneven(1, 4), 3),
    (uneven(1, 4), 1),
    (uneven(2, 6), 4),
    (uneven(2, 7), 5),
    (uneven(1, 7), 7),
    (uneven(3, 9), 6),
    (uneven(2, 16), 13),
    (uneven(1, 12), 8),
    windows=_RUN,
)
def running_max(x, k):
    """`x` is an array of floats of shape (H, W), and `k` is at most W. Return the maximum of every
    `k` neighbours in each row: an array of floats of shape (H, W − k + 1), where pixel (i, j) is
    the maximum of x[i, j] to x[i, j + k − 1]. So the windows move on by one pixel, and none hangs
    over the end. Double the windows as in this lesson.

    Hint: best[:, :-1] and best[:, 1:] are each pixel and its right neighbour: their np.maximum is
    the maximum of every two.
    Hint: From windows of size pixels, a step of size pixels leads to windows of 2 * size.
    Hint: The last step is shorter: it may be only k - size pixels.
    Right: Two windows may overlap, because a maximum does not mind meeting a pixel twice. That is
    why so few steps reach any k.
    """
    best, size = x.copy(), 1
    while size < k:
        step = min(size, k - size)
        best = np.maximum(best[:, :-step], best[:, step:])
        size += step
    return best


@exercise(
    (array("1 2 4; 3 0 5"), 2),
    (array("1 2 4 8"), 3),
    (uneven(1, 4), 1),
    (uneven(2, 6), 4),
    (array("1e+16 1 1 1"), 2),
    (uneven(2, 7), 5),
    (uneven(1, 7), 7),
    (uneven(3, 9), 6),
    (uneven(2, 16), 13),
    windows=_RUN,
)
def running_sum(x, k):
    """`x` is an array of floats of shape (H, W), and `k` is at most W. Return the sum of every `k`
    neighbours in each row: an array of floats of shape (H, W − k + 1), where pixel (i, j) is the
    sum of x[i, j] to x[i, j + k − 1]. Put windows together from two halves, but let no pixel count
    twice: for an odd k, one pixel more is added. And let a large number not spoil the windows that
    do not hold it, as it does in differences of a running total.

    Hint: For an even k: two windows of k // 2, side by side.
    Hint: For an odd k one pixel is left over: add it.
    Hint: A function may call itself: running_sum(x, k // 2) gives the halves.
    Right: Each window's sum is made of its own pixels and of nothing else, so its digits are its
    own. poolkit's average pooling works like this.
    """
    if k == 1:
        return x.copy()
    half, width = k // 2, x.shape[1] - k + 1
    halves = running_sum(x, half)
    total = halves[:, :width] + halves[:, half : half + width]
    if k % 2 == 1:
        total = total + x[:, k - 1 :]
    return total
