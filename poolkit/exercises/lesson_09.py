"""The exercises of lesson 09: what moves along, what stays, and how steady a classifier is."""

import numpy as np

from poolkit.exercises.cases import GRID, array, calls
from poolkit.exercises.exercise import exercise


@exercise(
    [array("0 9; 0 0")],
    [array("9 0; 0 0")],
    [array("0 9 0 0; 0 0 0 0")],
    [array("1 3 2 4; 5 6 1 2")],
    [GRID],
    [np.full((2, 6), 7.0)],
    [array("-1 -2; -3 -4")],
    example=2,
)
def changed_pixels(x):
    """`x` is an array of floats of shape (H, W), with even sides. Move everything in it one column
    to the right: a column of zeros comes in on the left, and the last column is lost. Pool the map
    before and the map after the move by 2×2 max pooling, with windows that lie side by side. Return
    how many pixels of the two pooled maps differ: a whole number.

    Hint: Make the moved map first: an array of zeros, then fill all columns but the first.
    Hint: moved[:, 1:] = x[:, :-1]
    Hint: Pool both as in lesson 01, compare with !=, and count with .sum().
    Right: A map that max pooling left as it was would have given 0. Most maps do not.
    """
    moved = np.zeros_like(x)
    moved[:, 1:] = x[:, :-1]
    height, width = x.shape[0] // 2, x.shape[1] // 2
    before = x.reshape(height, 2, width, 2).max(axis=(1, 3))
    after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))
    return int((before != after).sum())


@exercise(
    *calls("[1] 3; [2] 4; [2,2] 9; [2,2,2] 16; [1,2,1,3] 13; [4,2] 7; [2,2,2,2,2] 100"),
    example=1,
)
def exact_shifts(strides, longest):
    """`strides` is a list of whole numbers: the strides of a network's layers. Think of places far
    from the borders. Some shifts of the image move the last maps by a whole number of pixels and
    change nothing else. Which ones do, from 1 to `longest` pixels? Return a list of whole numbers,
    the smallest first; it may be empty.

    Hint: How many pixels lie between two neighbouring pixels of the last map?
    Hint: Strides multiply: 2, then 2, then 2 make 8.
    Hint: The shifts are the multiples of that product.
    Right: ResNet-18 has a total stride of 32: of all the shifts from 1 to 31 pixels, it passes none
    on exactly.
    """
    total = 1
    for stride in strides:
        total = total * stride
    return list(range(total, longest + 1, total))


@exercise(
    [np.array([4.0, 8.0])],
    [np.array([0.0, 0.0, 4.0, 0.0])],
    [np.array([0.0, 4.0, 0.0, 0.0])],
    [np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])],
    [np.array([1.0, 3.0, 2.0, 4.0, 5.0])],
    [np.array([9.0, -1.0, 0.5, 2.0, 2.0, 7.0, 1.0])],
    example=2,
)
def blur_row(x):
    """Blur pool one row: `x`, a 1-D array of at least two floats. First each pixel becomes (its
    left neighbour + 2 × itself + its right neighbour) / 4. The row is mirrored at its end pixels:
    the left neighbour of the first pixel is the second, and the right neighbour of the last is the
    last but one. Then keep every second pixel, the first one included. Return a 1-D array of
    floats.

    Hint: np.pad(x, 1, mode='reflect') mirrors the row by one pixel at each end.
    Hint: In the padded row, padded[:-2] are the left neighbours and padded[2:] the right ones.
    Hint: [::2] keeps every second pixel, from the first on.
    Right: A row that changes from pixel to pixel, the finest pattern there is, comes out flat.
    """
    padded = np.pad(x, 1, mode="reflect")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smooth[::2]


@exercise(
    (np.array([3]), np.array([[3]])),
    (np.array([3, 5]), np.array([[3, 4]])),
    (np.array([0, 1, 2]), np.array([[0, 1, 2], [0, 1, 1]])),
    (np.array([7, 7, 7, 7]), np.array([[7, 7, 7, 1], [7, 7, 7, 7], [1, 1, 7, 7], [7, 7, 7, 1]])),
    (np.array([0, 0, 4]), np.array([[9, 9, 9], [0, 9, 9]])),
    example=1,
)
def consistency(before, after):
    """`before` is an array of N whole numbers: the predicted class of each of N images. `after`, of
    shape (M, N), has the predictions for the same images after each of M moves. Return the share of
    the M × N predictions after a move that are what they were before: one float, from 0 to 1.

    Hint: after == before compares each row of after with before.
    Hint: The mean of True and False is the share of True.
    Hint: float(…) makes a plain number of it.
    Right: No label is needed, and none helps: the last case is never right or wrong, only steady or
    not.
    """
    return float((after == before).mean())
