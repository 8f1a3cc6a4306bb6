"""The exercises of lesson 11: how good a labelling of pixels is, and what must be kept for it."""

import numpy as np

from poolkit.exercises.exercise import Exercise
from poolkit.functional import max_pool2d


def _iou(predicted, true):
    return float((predicted & true).sum() / (predicted | true).sum())


def _mean_iou(predicted, true):
    present = np.union1d(predicted, true)
    return float(np.mean([_iou(predicted == c, true == c) for c in present]))


def _border_cells(labels):
    def near(x):
        return max_pool2d(x[None].astype(float), 3, 1, 1)[0]

    return near(labels) != -near(-labels)


def _kept_bytes(side, channels, indices):
    numbers, share = 0, 2 if indices else 1
    for maps in channels:
        numbers += maps * (side // share) ** 2
        side //= 2
    return numbers * (8 if indices else 4)


_TWO = np.array([[0, 0, 1], [0, 1, 1]])
_SCENE = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0, 3, 3, 3, 0, 0],
        [0, 3, 3, 3, 5, 0],
        [0, 3, 3, 5, 5, 0],
        [0, 0, 0, 5, 5, 0],
        [0, 0, 0, 0, 0, 0],
    ]
)

iou = Exercise(
    name="iou",
    prompt=(
        "`predicted` and `true` are boolean arrays of one shape (H, W): the pixels that were given "
        "a class, and those that have it; at least one pixel is in one of them. Return the "
        "*intersection over union*: the number of pixels in both, over the number of pixels in at "
        "least one. One float."
    ),
    reference=_iou,
    cases=[
        {"predicted": np.array(predicted, dtype=bool), "true": np.array(true, dtype=bool)}
        for predicted, true in (
            ([[1, 1]], [[1, 1]]),
            ([[1, 0]], [[1, 1]]),
            ([[1, 1]], [[1, 0]]),
            ([[1, 0]], [[0, 1]]),
            ([[1, 1, 0], [0, 0, 0]], [[0, 1, 1], [0, 0, 0]]),
            (_SCENE == 3, _SCENE > 0),
        )
    ],
    hints=[
        "& is true where both are, | where at least one is.",
        ".sum() counts the true pixels.",
        "Pixels that are in neither do not count at all.",
    ],
    solution_source="""
def iou(predicted, true):
    return float((predicted & true).sum() / (predicted | true).sum())
""",
    mistakes={
        "the share of pixels that are right": """
def iou(predicted, true):
    return float((predicted == true).mean())
""",
        "over the true pixels": """
def iou(predicted, true):
    return float((predicted & true).sum() / max(true.sum(), 1))
""",
        "over the predicted pixels": """
def iou(predicted, true):
    return float((predicted & true).sum() / max(predicted.sum(), 1))
""",
        "over both counted": """
def iou(predicted, true):
    return float((predicted & true).sum() / (predicted.sum() + true.sum()))
""",
        "the overlap counted twice, as Dice does": """
def iou(predicted, true):
    return float(2 * (predicted & true).sum() / (predicted.sum() + true.sum()))
""",
        "over all pixels": """
def iou(predicted, true):
    return float((predicted & true).mean())
""",
    },
    meaning="What is in neither does not count, so a large ground does not flatter a small object.",
)

mean_iou = Exercise(
    name="mean_iou",
    prompt=(
        "`predicted` and `true` are arrays of whole numbers of one shape: the class of each pixel. "
        "Return the mean of the IoU over those classes that occur in at least one of the two. "
        "One float."
    ),
    reference=_mean_iou,
    cases=[
        {"predicted": predicted, "true": true}
        for predicted, true in (
            (_TWO, _TWO),
            (np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, 1]])),
            (np.array([[0, 2]]), np.array([[0, 1]])),
            (np.array([[4, 4]]), np.array([[7, 7]])),
            (np.roll(_SCENE, 1, axis=1), _SCENE),
        )
    ],
    hints=[
        "np.union1d(predicted, true) has every class that occurs, once.",
        "predicted == c is the boolean array of class c.",
        "A class that was predicted and is nowhere true has an IoU of 0, and counts.",
    ],
    solution_source="""
def mean_iou(predicted, true):
    found = []
    for c in np.union1d(predicted, true):
        both = ((predicted == c) & (true == c)).sum()
        one = ((predicted == c) | (true == c)).sum()
        found.append(both / one)
    return float(np.mean(found))
""",
    mistakes={
        "true classes only": """
def mean_iou(predicted, true):
    found = []
    for c in np.unique(true):
        both = ((predicted == c) & (true == c)).sum()
        found.append(both / ((predicted == c) | (true == c)).sum())
    return float(np.mean(found))
""",
        "predicted classes only": """
def mean_iou(predicted, true):
    found = []
    for c in np.unique(predicted):
        both = ((predicted == c) & (true == c)).sum()
        found.append(both / ((predicted == c) | (true == c)).sum())
    return float(np.mean(found))
""",
        "every class up to the largest": """
def mean_iou(predicted, true):
    classes = max(predicted.max(), true.max()) + 1
    found = 0.0
    for c in range(classes):
        both = ((predicted == c) & (true == c)).sum()
        found += both / max(((predicted == c) | (true == c)).sum(), 1)
    return float(found / classes)
""",
        "pixel accuracy": """
def mean_iou(predicted, true):
    return float((predicted == true).mean())
""",
        "all classes added up before the division": """
def mean_iou(predicted, true):
    both = (predicted == true).sum()
    return float(both / (2 * true.size - both))
""",
        "background left out": """
def mean_iou(predicted, true):
    found = [0.0]
    for c in np.union1d(predicted, true):
        if c != 0:
            both = ((predicted == c) & (true == c)).sum()
            found.append(both / ((predicted == c) | (true == c)).sum())
    return float(np.mean(found[1:] or found))
""",
    },
    meaning="It is what papers on segmentation by class mostly report.",
)

border_cells = Exercise(
    name="border_cells",
    prompt=(
        "`labels` is an array of whole numbers of shape (H, W). Return a boolean array of the same "
        "shape: true for each cell that has a cell of another class among its up to eight "
        "neighbours. What lies outside of the array is no neighbour."
    ),
    reference=_border_cells,
    cases=[
        {"labels": np.array([[0, 1]])},
        {"labels": np.array([[2, 2, 2]])},
        {"labels": np.array([[0, 0, 0, 1]])},
        {"labels": np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]])},
        {"labels": np.array([[4, 4, 4, 4], [4, 4, 4, 4], [4, 4, 7, 7]])},
        {"labels": _SCENE},
    ],
    hints=[
        "Compare each 3×3 window with its middle. At the edge of the array, cut the window.",
        "The window around row i, column j is "
        "labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].",
        "Or by pooling: on a border the largest and the smallest label of a window differ.",
    ],
    solution_source="""
def border_cells(labels):
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            window = labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            border[i, j] = (window != labels[i, j]).any()
    return border
""",
    mistakes={
        "background cells left out": """
def border_cells(labels):
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            window = labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            border[i, j] = labels[i, j] != 0 and (window != labels[i, j]).any()
    return border
""",
        "zeros around the array": """
def border_cells(labels):
    padded = np.pad(labels, 1)
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            border[i, j] = (padded[i : i + 3, j : j + 3] != labels[i, j]).any()
    return border
""",
        "four neighbours only": """
def border_cells(labels):
    padded = np.pad(labels, 1, mode="edge")
    border = np.zeros(labels.shape, dtype=bool)
    for i, j in ((0, 1), (2, 1), (1, 0), (1, 2)):
        height, width = labels.shape
        border |= padded[i : i + height, j : j + width] != labels
    return border
""",
        "left and right only": """
def border_cells(labels):
    padded = np.pad(labels, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] != labels) | (padded[:, 2:] != labels)
""",
        "the window starts at the cell": """
def border_cells(labels):
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            border[i, j] = (labels[i : i + 2, j : j + 2] != labels[i, j]).any()
    return border
""",
        "the inside": """
def border_cells(labels):
    border = np.zeros(labels.shape, dtype=bool)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            window = labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            border[i, j] = (window == labels[i, j]).all()
    return border
""",
    },
    meaning="Near such cells lie more than half of the errors of this lesson.",
    windows={"labels": lambda row, column, case: (row, column, 1, 1)},
)

kept_bytes = Exercise(
    name="kept_bytes",
    prompt=(
        "An encoder has one block after the other, with the numbers of maps in the list "
        "`channels`. The maps of the first block have sides of `side` cells; after each block 2×2 "
        "max pooling halves them (`side` is a multiple of all these halvings). How many bytes must "
        "be kept of one image? If `indices` is True: an index of 8 bytes for each pooled cell. If "
        "it is False: the maps from before each pooling, 4 bytes for each number."
    ),
    reference=_kept_bytes,
    cases=[
        dict(zip(("side", "channels", "indices"), row, strict=True))
        for row in [
            *((2, [1], False), (2, [1], True), (4, [3], False), (4, [3], True)),
            *((8, [1, 2], False), (8, [1, 2], True)),
            *((64, [16, 32, 64], False), (64, [16, 32, 64], True)),
        ]
    ],
    hints=[
        "Before its pooling, a block has maps × side × side numbers.",
        "There is one index for each window: a quarter as many.",
        "After each block, halve the side.",
    ],
    solution_source="""
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        if indices:
            total += 8 * maps * (side // 2) ** 2
        else:
            total += 4 * maps * side**2
        side = side // 2
    return total
""",
    mistakes={
        "an index for each cell before pooling": """
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        total += (8 if indices else 4) * maps * side**2
        side = side // 2
    return total
""",
        "maps from after the pooling": """
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        side = side // 2
        total += (8 if indices else 4) * maps * side**2
    return total
""",
        "no halving": """
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        total += 8 * maps * (side // 2) ** 2 if indices else 4 * maps * side**2
    return total
""",
        "the last block only": """
def kept_bytes(side, channels, indices):
    for maps in channels:
        total = 8 * maps * (side // 2) ** 2 if indices else 4 * maps * side**2
        side = side // 2
    return total
""",
        "4 bytes for both": """
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        total += 4 * maps * (side // 2) ** 2 if indices else 4 * maps * side**2
        side = side // 2
    return total
""",
        "one map for each block": """
def kept_bytes(side, channels, indices):
    total = 0
    for maps in channels:
        total += 8 * (side // 2) ** 2 if indices else 4 * side**2
        side = side // 2
    return total
""",
    },
    meaning=(
        "The indices take half of what the maps take. With the 2 bits that a window of four needs, "
        "they would take a sixty-fourth."
    ),
)
