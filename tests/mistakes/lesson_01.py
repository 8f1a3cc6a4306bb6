"""Wrong answers to the exercises of lesson 01."""

MISTAKES = {
    "min_pool": {
        "max for min": {".min()": ".max()"},
        "average for min": {".min()": ".mean()"},
        "top left pixel of each window": {
            "x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].min()": "x[2 * i, 2 * j]"
        },
        "windows overlap": {
            "x.shape[0] // 2, x.shape[1] // 2": "x.shape[0] - 1, x.shape[1] - 1",
            "2 * i : 2 * i + 2, 2 * j : 2 * j + 2": "i : i + 2, j : j + 2",
        },
        "step of one inside an output of the right size": {
            "2 * i : 2 * i + 2, 2 * j : 2 * j + 2": "i : i + 2, j : j + 2"
        },
        "height and width swapped": {
            "x.shape[0] // 2, x.shape[1] // 2": "x.shape[1] // 2, x.shape[0] // 2",
            "2 * i : 2 * i + 2, 2 * j : 2 * j + 2": "2 * j : 2 * j + 2, 2 * i : 2 * i + 2",
        },
        "the search starts at zero": {".min()": ".min(initial=0)"},
        "odd row and column kept": {
            "x.shape[0] // 2, x.shape[1] // 2": "-(-x.shape[0] // 2), -(-x.shape[1] // 2)"
        },
        "windows of columns only": {"2 * j : 2 * j + 2": "2 * j"},
    },
    "avg_pool": {
        "max for average": {".sum() / 4": ".max()"},
        "sum for average": {" / 4": ""},
        "division rounds down": {"/ 4": "// 4"},
        "divided by the side of the window": {"/ 4": "/ 2"},
        "an output of whole numbers": {"(height, width))": "(height, width), dtype=int)"},
        "window of four in a row": """
def avg_pool(x):
    height, width = x.shape[0] // 2, x.shape[1] // 2
    pixels = x[: 2 * height, : 2 * width]
    return pixels.reshape(height * width, 4).mean(axis=1).reshape(height, width)
""",
        "two pixels of each window": {
            "x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].sum() / 4": (
                "(x[2 * i, 2 * j] + x[2 * i + 1, 2 * j + 1]) / 2"
            )
        },
        "height and width swapped": {"return output": "return output.T"},
        "odd row and column averaged": {
            "x.shape[0] // 2, x.shape[1] // 2": "-(-x.shape[0] // 2), -(-x.shape[1] // 2)",
            ".sum() / 4": ".mean()",
        },
    },
    "max_pool": {
        "average for max": {".max()": ".mean()"},
        "kernel_size ignored": {"(x, kernel_size):": "(x, kernel_size):\n    kernel_size = 2"},
        "windows overlap": {
            "x.shape[0] // kernel_size, x.shape[1] // kernel_size": (
                "x.shape[0] - kernel_size + 1, x.shape[1] - kernel_size + 1"
            ),
            "kernel_size * i, kernel_size * j": "i, j",
        },
        "steps of two": {"kernel_size * i, kernel_size * j": "2 * i, 2 * j"},
        "the search starts at zero": {".max()": ".max(initial=0)"},
        "leftovers kept": {
            "x.shape[0] // kernel_size, x.shape[1] // kernel_size": (
                "-(-x.shape[0] // kernel_size), -(-x.shape[1] // kernel_size)"
            )
        },
        "height and width swapped": {
            "x.shape[0] // kernel_size, x.shape[1] // kernel_size": (
                "x.shape[1] // kernel_size, x.shape[0] // kernel_size"
            )
        },
        "window one pixel too small": {
            "top : top + kernel_size, left : left + kernel_size": (
                "top : top + max(kernel_size - 1, 1), left : left + max(kernel_size - 1, 1)"
            )
        },
    },
    "lost_pixels": {
        "lines counted, not pixels": "height % 2 + width % 2",
        "the corner counted twice": "height % 2 * width + width % 2 * height",
        "the rest of the number of pixels": "height * width % 4",
        "height and width swapped": (
            "height % 2 * height + width % 2 * width - (height % 2) * (width % 2)"
        ),
        "windows counted, not pixels": "height * width - (height // 2) * (width // 2)",
        "only when both sides are odd": ("height + width - 1 if height % 2 and width % 2 else 0"),
        "a float": "height * width - 4.0 * (height // 2) * (width // 2)",
    },
}
