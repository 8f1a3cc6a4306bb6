"""Wrong answers to the exercises of lesson 06."""

MISTAKES = {
    "generalised_mean": {
        "sum for average, as in LP pooling": {".mean()": ".sum()"},
        "root forgotten": {" ** (1 / p)": ""},
        "average first": {"(x**p).mean()": "(x.mean() ** p)"},
        "root of each": "float(((x**p) ** (1 / p)).mean())",
        "divided by p": {"** (1 / p)": "/ p"},
        "the maximum": "float(x.max())",
        "brackets forgotten in the root": {"(1 / p)": "1 / p"},
    },
    "mixed_pool": {
        "shares swapped": {
            "share * windows.max": "(1 - share) * windows.max",
            "(1 - share) * windows.mean": "share * windows.mean",
        },
        "the whole average added": {"(1 - share) * ": ""},
        "share ignored": {"(x, share):": "(x, share):\n    share = 0.5"},
        "minimum for maximum": {"windows.max": "windows.min"},
        "maximum and average of the whole map": {
            "return share * windows.max(axis=(1, 3)) + (1 - share) * windows.mean(axis=(1, 3))": (
                "return np.full((height, width), share * x.max() + (1 - share) * x.mean())"
            )
        },
        "odd rows and columns not cut off": {"[: 2 * height, : 2 * width]": ""},
    },
    "expected_draw": {
        "the plain average": "float(x.mean())",
        "the largest": "float(x.max())",
        "a map of zeros divided by zero": """
def expected_draw(x):
    with np.errstate(invalid="ignore"):
        return float((x * x).sum() / x.sum())
""",
        "divided by the count": "float((x * x).mean())",
        "the sum of probabilities": "float((x / max(x.sum(), 1e-9)).sum())",
        "softmax for proportion": "float(np.average(x, weights=np.exp(x)))",
    },
    "pyramid_length": {
        "levels not squared": {"n * n": "n"},
        "channels forgotten": "sum(n * n for n in levels)",
        "the finest level only": "channels * max(levels) ** 2",
        "sum first, then squared": "channels * sum(levels) ** 2",
        "channels added": {"channels *": "channels +"},
        "each level once": {"in levels": "in set(levels)"},
    },
}
