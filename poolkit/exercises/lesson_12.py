"""The exercises of lesson 12: how good a labelling of pixels is, and what must be kept for it."""

import numpy as np

from poolkit.exercises.cases import array, calls
from poolkit.exercises.exercise import exercise, same_cell

_TWO = array("0 0 1; 0 1 1", int)
_SCENE = array("0 0 0 0 0 0; 0 3 3 3 0 0; 0 3 3 3 5 0; 0 3 3 5 5 0; 0 0 0 5 5 0; 0 0 0 0 0 0", int)


@exercise(
    (np.array([[1, 1]], bool), np.array([[1, 1]], bool)),
    (np.array([[1, 0]], bool), np.array([[1, 1]], bool)),
    (np.array([[1, 1]], bool), np.array([[1, 0]], bool)),
    (np.array([[1, 0]], bool), np.array([[0, 1]], bool)),
    (np.array([[1, 1, 0], [0, 0, 0]], bool), np.array([[0, 1, 1], [0, 0, 0]], bool)),
    (_SCENE == 3, _SCENE > 0),
    example=1,
)
def iou(predicted, true):
    """`predicted` and `true` are arrays of booleans of one shape (H, W): the pixels that were given
    a class, and those that have it. At least one pixel is in one of them. Return the *intersection
    over union*: the number of pixels in both, over the number of pixels in at least one. One float.

    Hint: & is true where both are, | where at least one is.
    Hint: .sum() counts the true pixels.
    Hint: Pixels that are in neither do not count at all.
    Right: What is in neither does not count, so a large ground does not flatter a small object.
    """
    return float((predicted & true).sum() / (predicted | true).sum())


@exercise(
    (_TWO, _TWO),
    (array("0 0 1 1", int), array("0 1 1 1", int)),
    (array("0 2", int), array("0 1", int)),
    (array("4 4", int), array("7 7", int)),
    (np.roll(_SCENE, 1, axis=1), _SCENE),
    example=1,
)
def mean_iou(predicted, true):
    """`predicted` and `true` are arrays of whole numbers of one shape (H, W): the class of each
    pixel. The IoU of a class is the number of pixels where both arrays have it, over the number of
    pixels where at least one has it. Return the mean of the IoU over those classes that occur in at
    least one of the arrays: one float.

    Hint: np.union1d(predicted, true) has every class that occurs, once.
    Hint: predicted == c is the boolean array of class c.
    Hint: A class that was predicted and is nowhere true has an IoU of 0, and counts.
    Right: It is what papers on segmentation by class mostly report.
    """
    found = []
    for c in np.union1d(predicted, true):
        both = ((predicted == c) & (true == c)).sum()
        one = ((predicted == c) | (true == c)).sum()
        found.append(both / one)
    return float(np.mean(found))


@exercise(
    [array("0 1", int)],
    [array("2 2 2", int)],
    [array("0 0 0 1", int)],
    [array("1 0 0; 0 0 0; 0 0 0", int)],
    [array("4 4 4 4; 4 4 4 4; 4 4 7 7", int)],
    [_SCENE],
    example=3,
    windows={"labels": same_cell},
)
def border_pixels(labels):
    """`labels` is an array of whole numbers of shape (H, W): the class of each pixel. Return an
    array of booleans of shape (H, W): True for each pixel that has a pixel of another class among
    its eight neighbours, the diagonal ones included. At the edge of the array a pixel has fewer
    neighbours: what lies outside is none.

    Hint: Compare each 3×3 window with its middle. At the edge of the array, cut the window.
    Hint: The window around row i, column j is labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].
    Hint: Or by pooling: on a border the largest and the smallest label of a window differ.
    Right: At such pixels networks err more often than elsewhere, as the lesson shows.
    """
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            window = labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            border[i, j] = (window != labels[i, j]).any()
    return border


@exercise(
    *calls(
        "2 [1] False; 2 [1] True; 4 [3] False; 4 [3] True; 8 [1,2] False; 8 [1,2] True; "
        "64 [16,32,64] False; 64 [16,32,64] True"
    ),
    example=5,
)
def kept_bytes(side, channels, indices):
    """An encoder has one block after the other; `channels` is a list with the number of maps of
    each. The maps of the first block have `side` × `side` pixels. After each block, the last one
    included, 2×2 max pooling halves the side, without rest. Something must be kept of each pooling
    for the way back. If `indices` is True: one index of 8 bytes for each pixel of the pooled maps.
    If it is False: the maps from before the pooling, 4 bytes for each number. Return how many bytes
    that are for one image: a whole number.

    Hint: Before its pooling, a block has maps × side × side numbers.
    Hint: There is one index for each window: a quarter as many.
    Hint: After each block, halve the side.
    Right: The indices take half of what the maps take. With the 2 bits that a window of four needs,
    they would take a sixty-fourth.
    """
    total = 0
    for maps in channels:
        if indices:
            total += 8 * maps * (side // 2) ** 2
        else:
            total += 4 * maps * side**2
        side = side // 2
    return total
