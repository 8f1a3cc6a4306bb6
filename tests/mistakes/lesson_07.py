"""Wrong answers to the exercises of lesson 07."""

MISTAKES = {
    "accuracy": {
        "right ones counted, not their share": {
            "(predictions == labels).mean()": "int((predictions == labels).sum())"
        },
        "share of wrong ones": {"==": "!="},
        "division rounds down": {
            "(predictions == labels).mean()": "int((predictions == labels).sum()) // len(labels)"
        },
        "percent": {"return (": "return 100 * ("},
        "largest score of each class, not of each picture": {
            "axis=1": "axis=0",
            "(predictions == labels).mean()": (
                "np.mean([predictions[n] == labels[n] for n in range(min(scores.shape))])"
            ),
        },
        "the largest score, not its position": {".argmax(": ".max("},
        "smallest score": {"argmax": "argmin"},
        "divided by the number of classes": {".mean()": ".sum() / scores.shape[1]"},
        "scores above one half": (
            "np.mean([scores[n, label] > 0.5 for n, label in enumerate(labels)])"
        ),
    },
    "subsampling": {
        "average for sum": {"window.sum()": "window.mean()"},
        "max for sum": {"window.sum()": "window.max()"},
        "bias added before the weight": {
            "weight * window.sum() + bias": "weight * (window.sum() + bias)"
        },
        "bias added to every pixel of the window": {
            "weight * window.sum() + bias": "(weight * window + bias).sum()"
        },
        "bias forgotten": {" + bias": ""},
        "weight forgotten": {"weight * ": ""},
        "squashed as well": {"return output": "return 1.7159 * np.tanh(2 / 3 * output)"},
        "height and width swapped": {"return output": "return output.T"},
        "odd row and column kept": {
            "x.shape[0] // 2, x.shape[1] // 2": "-(-x.shape[0] // 2), -(-x.shape[1] // 2)"
        },
    },
}
