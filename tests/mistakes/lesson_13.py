"""Wrong answers to the exercises of lesson 13."""

MISTAKES = {
    "side": {
        "the wrong end": {"if low > bound": "if high > bound", "if high < bound": "if low < bound"},
        "the middle only": {
            "(low, high, bound, margin):": (
                "(low, high, bound, margin):\n    low = high = (low + high) / 2"
            )
        },
        "no margin": {" + margin": "", " - margin": ""},
        "nothing is open": "1 if low > bound + margin else -1",
        "the margin counts as enough": {"low >": "low >=", "high <": "high <="},
        "the margin on the wrong side": {
            "low > bound + margin": "low > bound - margin",
            "high < bound - margin": "high < bound + margin",
        },
        "bound forgotten": {"bound + margin": "margin", "bound - margin": "-margin"},
    },
    "largest_margin": {
        "above only": {", bound - high": ""},
        "negative where the bound is inside": {", 0.0": ""},
        "the nearer end, also from inside": "min(abs(low - bound), abs(high - bound))",
        "the farther end": {"low - bound, bound - high": "high - bound, bound - low"},
        "from the middle": "abs((low + high) / 2 - bound)",
    },
    "seeds_needed": {
        "one variant only": {"2 * ": ""},
        "below, not at most": {"> chance": ">= chance"},
        "the last that is too few": {"0.5**seeds": "0.5 ** (seeds + 1)"},
        "rounded to the nearest": "int(round(float(1 - np.log2(chance))))",
        "one over the chance": "int(2 / chance)",
    },
}
