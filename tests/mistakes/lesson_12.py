"""Wrong answers to the exercises of lesson 12."""

MISTAKES = {
    "iou": {
        "the share of pixels that are right": "float((predicted == true).mean())",
        "over the true pixels": {"(predicted | true).sum()": "max(true.sum(), 1)"},
        "over the predicted pixels": {"(predicted | true).sum()": "max(predicted.sum(), 1)"},
        "over both counted": {"(predicted | true).sum()": "(predicted.sum() + true.sum())"},
        "the overlap counted twice, as Dice does": (
            "float(2 * (predicted & true).sum() / (predicted.sum() + true.sum()))"
        ),
        "over all pixels": "float((predicted & true).mean())",
    },
    "mean_iou": {
        "true classes only": {"np.union1d(predicted, true)": "np.unique(true)"},
        "predicted classes only": {"np.union1d(predicted, true)": "np.unique(predicted)"},
        "every class up to the largest": {
            "np.union1d(predicted, true)": "range(max(predicted.max(), true.max()) + 1)",
            "both / one": "both / max(one, 1)",
        },
        "pixel accuracy": "float((predicted == true).mean())",
        "all classes added up before the division": (
            "float((predicted == true).sum() / (2 * true.size - (predicted == true).sum()))"
        ),
        "background left out": {
            "np.union1d(predicted, true)": "np.setdiff1d(np.union1d(predicted, true), 0)"
        },
    },
    "border_pixels": {
        "background pixels left out": {"= (window": "= labels[i, j] != 0 and (window"},
        "zeros around the array": {
            "labels[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]": (
                "np.pad(labels, 1)[i : i + 3, j : j + 3]"
            )
        },
        "four neighbours only": """
def border_pixels(labels):
    padded = np.pad(labels, 1, mode="edge")
    border = np.zeros(labels.shape, dtype=bool)
    for i, j in ((0, 1), (2, 1), (1, 0), (1, 2)):
        height, width = labels.shape
        border |= padded[i : i + height, j : j + width] != labels
    return border
""",
        "left and right only": {"max(i - 1, 0) : i + 2": "i"},
        "the window starts at the pixel": {
            "max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2": "i : i + 2, j : j + 2"
        },
        "the inside": {"!=": "==", ".any()": ".all()"},
    },
    "kept_bytes": {
        "an index for each pixel before pooling": {"(side // 2) ** 2": "side**2"},
        "maps from after the pooling": {"4 * maps * side**2": "4 * maps * (side // 2) ** 2"},
        "no halving": {"        side = side // 2\n": ""},
        "the last block only": {"total += 8": "total = 8", "total += 4": "total = 4"},
        "4 bytes for both": {"8 * maps": "4 * maps"},
        "one map for each block": {"8 * maps": "8", "4 * maps": "4"},
    },
}
