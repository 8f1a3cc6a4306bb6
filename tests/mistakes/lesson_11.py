"""Wrong answers to the exercises of lesson 11."""

MISTAKES = {
    "upsample_backward": {
        "average for sum": {".sum(": ".mean("},
        "max for sum": {".sum(": ".max("},
        "the first copy only": "grad[::k, ::k].copy()",
        "upsampled once more": "grad.repeat(k, axis=0).repeat(k, axis=1)",
        "axes of the block mixed up": {
            "(rows, k, columns, k).sum(axis=(1, 3))": "(k, rows, k, columns).sum(axis=(0, 2))"
        },
        "added up along the rows only": {"sum(axis=(1, 3))": "sum(axis=3)[:, 0]"},
    },
    "unpool": {
        "width of the small map": {
            "out.flat[indices]": "out[indices // values.shape[1], indices % values.shape[1]]"
        },
        "height for width": {"out.flat[indices]": "out[indices // size[0], indices % size[0]]"},
        "twice the small map for the size": {
            "np.zeros(size)": "np.zeros((2 * values.shape[0], 2 * values.shape[1]))"
        },
        "the top left corner of each window": """
def unpool(values, indices, size):
    out = np.zeros(size)
    step = size[0] // values.shape[0]
    rows, columns = values.shape
    out[: rows * step : step, : columns * step : step] = values
    return out
""",
        "the whole window filled": """
def unpool(values, indices, size):
    out = np.zeros(size)
    for row, column in np.ndindex(*size):
        i = row * values.shape[0] // size[0]
        j = column * values.shape[1] // size[1]
        out[row, column] = values[i, j]
    return out
""",
        "minus infinity for zero": {"np.zeros(size)": "np.full(size, -np.inf)"},
        "row and column swapped": {
            "out.flat[indices]": "out[indices % size[1], indices // size[1]]"
        },
    },
    "conv_matrix": {
        "transposed": {"return matrix": "return matrix.T"},
        "stride ignored": {"(kernel, size, stride):": "(kernel, size, stride):\n    stride = 1"},
        "stride in the size only": {"stride * i : stride * i + len(kernel)": "i : i + len(kernel)"},
        "kernel flipped": {"= kernel": "= kernel[::-1]"},
        "an output for every stride-th pixel": """
def conv_matrix(kernel, size, stride):
    outputs = -(-size // stride)
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        fits = len(matrix[i, stride * i : stride * i + len(kernel)])
        matrix[i, stride * i : stride * i + len(kernel)] = kernel[:fits]
    return matrix
""",
        "the last output missing": {" + 1": ""},
        "stride taken for the kernel's length": {
            "stride * i : stride * i + len(kernel)": "len(kernel) * i : len(kernel) * (i + 1)"
        },
    },
    "conv_transpose": {
        "written over, not added": {"+=": "="},
        "kernel flipped": {"* kernel": "* kernel[::-1, ::-1]"},
        "kernel transposed": {"* kernel": "* kernel.T"},
        "stride times the size": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    out = np.zeros((x.shape[0] * stride, x.shape[1] * stride))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        fits = out[top : top + k, left : left + k]
        fits += x[i, j] * kernel[: fits.shape[0], : fits.shape[1]]
    return out
""",
        "windows side by side": "np.kron(x, kernel)",
        "overlaps averaged": {
            "out = np.zeros((height, width))": (
                "out, counts = np.zeros((height, width)), np.zeros((height, width))"
            ),
            "+= x[i, j] * kernel": (
                "+= x[i, j] * kernel\n        counts[top : top + k, left : left + k] += 1"
            ),
            "return out": "return out / np.maximum(counts, 1)",
        },
        "height and width swapped": {"in x.shape": "in x.shape[::-1]"},
    },
    "output_padding": {
        "padding ignored": {" + 2 * padding": ""},
        "kernel_size ignored": {" - kernel_size": ""},
        "padding at one end only": {"2 * padding": "padding"},
        "always the largest": "stride - 1",
        "always none": "0",
        "one for an even size": "1 - size % 2",
        "counted to the next window": "-(size + 2 * padding - kernel_size) % stride",
    },
    "overlap_counts": {
        "stride ignored": {
            "(inputs, kernel_size, stride):": "(inputs, kernel_size, stride):\n    stride = 1"
        },
        "overlaps not added up": {"+=": "="},
        "as many pixels as stride times inputs": {
            "(inputs - 1) * stride + kernel_size": "inputs * stride",
            "counts[i * stride + tap] += 1": (
                "if i * stride + tap < len(counts):\n                counts[i * stride + tap] += 1"
            ),
        },
        "the same everywhere": (
            "[-(-kernel_size // stride)] * ((inputs - 1) * stride + kernel_size)"
        ),
        "no border": """
def overlap_counts(inputs, kernel_size, stride):
    length = (inputs - 1) * stride + kernel_size
    return [len(range(i % stride, kernel_size, stride)) for i in range(length)]
""",
        "kernel and stride swapped": {
            "(inputs, kernel_size, stride):": (
                "(inputs, kernel_size, stride):\n    kernel_size, stride = stride, kernel_size"
            )
        },
    },
}
