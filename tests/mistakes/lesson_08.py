"""Wrong answers to the exercises of lesson 08."""

MISTAKES = {
    "paired_range": {
        "difference of the extremes": "np.array([a.min() - b.min(), a.max() - b.max()])",
        "as if the seeds did not belong together": (
            "np.array([a.min() - b.max(), a.max() - b.min()])"
        ),
        "b minus a": {"a - b": "b - a"},
        "size without sign": {"a - b": "abs(a - b)"},
        "highest first": {
            "differences.min(), differences.max()": "differences.max(), differences.min()"
        },
        "first and last seed": "(a - b)[[0, -1]]",
    },
    "same_sign_by_chance": {
        "the first variant only": "0.5**seeds",
        "one half over the seeds": "0.5 / seeds",
        "one over the seeds": "1 / seeds",
        "the chance that it does not happen": "1 - 2 * 0.5**seeds",
        "always one half": "0.5",
    },
    "epochs": {
        "left-over images counted": "steps * batch_size / images",
        "whole epochs only": {"steps / batches": "float(steps // batches)"},
        "left-over images make a batch": {"images // batch_size": "-(-images // batch_size)"},
        "one image a step": "steps / images",
        "upside down": {"steps / batches": "batches / steps"},
    },
    "added_parameters": {
        "normalisation forgotten": {" + 2 * c": ""},
        "one grid for each map": {"9 * c * c": "9 * c"},
        "a bias for each map": {"2 * c": "3 * c"},
        "from one block's maps to the next": (
            "sum(9 * a * b + 2 * b for a, b in zip([1, *channels], channels))"
        ),
        "one number for each map": {"2 * c": "c"},
        "all maps as one block": "9 * sum(channels) ** 2 + 2 * sum(channels)",
    },
}
