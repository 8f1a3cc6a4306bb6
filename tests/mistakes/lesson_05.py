"""Wrong answers to the exercises of lesson 05."""

MISTAKES = {
    "tap_values": {
        "on to the end of the row": "x[:, number::stride]",
        "stride ignored": {"(windows - 1) * stride": "windows - 1", " : stride]": "]"},
        "number ignored": {"number : last + 1": ": windows * stride"},
        "last window missing": {"last + 1": "last"},
        "height and width swapped": {"x.shape[1]": "x.shape[0]", "x[:, number": "x[number"},
        "kernel_size for stride": {
            "(x, number, kernel_size, stride):": (
                "(x, number, kernel_size, stride):\n    stride = kernel_size"
            )
        },
    },
    "block_avg": {
        "max for average": {".mean(": ".max("},
        "axes of the block in front": {
            "(rows, k, columns, k).mean(axis=(1, 3))": "(k, rows, k, columns).mean(axis=(0, 2))"
        },
        "block cut from one line": {
            "(rows, k, columns, k).mean(axis=(1, 3))": "(rows, columns, k, k).mean(axis=(2, 3))"
        },
        "left over pixels not cut off": {"x[: rows * k, : columns * k]": "x"},
        "averaged over rows and columns of blocks": {"(1, 3)": "(0, 2)"},
        "the sum": {".mean(": ".sum("},
        "height and width swapped": {
            "x.shape[0] // k, x.shape[1] // k": "x.shape[1] // k, x.shape[0] // k"
        },
    },
    "running_max": {
        "doubled past k": {"min(size, k - size)": "size"},
        "stopped before k": {"size < k": "2 * size <= k", "min(size, k - size)": "size"},
        "always a step of one": {"min(size, k - size)": "1", "size += step": "size *= 2"},
        "along the columns": {"best[:, :-step], best[:, step:]": "best[:-step], best[step:]"},
        "sum for maximum": 'np.array([np.convolve(row, np.ones(k), "valid") for row in x])',
        "the first and the last pixel only": (
            "np.maximum(x[:, : x.shape[1] - k + 1], x[:, k - 1 :])"
        ),
    },
    "running_sum": {
        "halves overlap, as for a maximum": """
def running_sum(x, k):
    total, size = x.copy(), 1
    while size < k:
        step = min(size, k - size)
        total = total[:, :-step] + total[:, step:]
        size += step
    return total
""",
        "differences of a running sum": """
def running_sum(x, k):
    total = np.cumsum(x, axis=1)
    before = np.pad(total, ((0, 0), (1, 0)))[:, : x.shape[1] - k + 1]
    return total[:, k - 1 :] - before
""",
        "the odd pixel forgotten": {"total + x[:, k - 1 :]": "total"},
        "maximum for sum": ("np.max([x[:, i : x.shape[1] - k + 1 + i] for i in range(k)], axis=0)"),
        "average for sum": (
            "np.mean([x[:, i : x.shape[1] - k + 1 + i] for i in range(k)], axis=0)"
        ),
        "along the columns": "sum(x[i : x.shape[0] - k + 1 + i] for i in range(k))",
    },
}
