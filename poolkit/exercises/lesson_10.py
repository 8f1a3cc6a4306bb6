"""The exercises of lesson 10: the ways back from a small map to a large one."""

import numpy as np

from poolkit import arithmetic
from poolkit.exercises.exercise import Exercise
from poolkit.functional import conv2d, conv_transpose2d, max_pool2d, max_unpool2d
from poolkit.gradients import interpolate_backward


def _grid(height, width):
    """A grid in which neighbours differ and no row repeats another."""
    return (np.arange(height * width) * 7 % 11 + np.arange(height * width) % 3).reshape(
        height, width
    ) * 1.0


def _pooled(x, kernel_size):
    """The case of unpooling that leads back to the shape of `x`."""
    values, indices = max_pool2d(x[None], kernel_size, return_indices=True)
    return {"values": values[0], "indices": indices[0], "size": x.shape}


def _unpool(values, indices, size):
    # A kernel that pools from size to the shape of values; its own size does not matter here.
    kernel_size = tuple(-(-n // m) for n, m in zip(size, values.shape, strict=True))
    return max_unpool2d(values[None], indices[None], kernel_size, output_size=size)[0]


def _conv_matrix(kernel, size, stride):
    unit_vectors = np.eye(size)[:, np.newaxis, np.newaxis]
    outputs = conv2d(unit_vectors, kernel[np.newaxis, np.newaxis, np.newaxis], stride=(1, stride))
    return outputs[:, 0, 0].T


def _writers(place, inputs, kernel_size, stride):
    """The inputs along an axis that write to a place of the output: the first, and how many."""
    first = max(0, -(-(place - kernel_size + 1) // stride))
    last = min(inputs - 1, place // stride)
    return first, max(0, last - first + 1)


def _written_by(row, column, case):
    k, stride = len(case["kernel"]), case["stride"]
    top, height = _writers(row, case["x"].shape[0], k, stride)
    left, width = _writers(column, case["x"].shape[1], k, stride)
    return top, left, height, width


def _overlap_counts(inputs, kernel_size, stride):
    row, ones = np.ones((1, 1, inputs), np.int64), np.ones((1, 1, 1, kernel_size), np.int64)
    return conv_transpose2d(row, ones, stride=(1, stride))[0, 0].tolist()


def _output_padding(size, kernel_size, stride, padding):
    small = arithmetic.conv_output_size(size, kernel_size, stride, padding)
    return size - arithmetic.conv_transpose_output_size(small, kernel_size, stride, padding)


_KERNEL = np.array([[1.0, 2.0, -1.0], [3.0, 1.0, 4.0], [-2.0, 5.0, 6.0]])

upsample_backward = Exercise(
    name="upsample_backward",
    prompt=(
        "Nearest upsampling copied each cell into a block of `k`×`k` cells. `grad` holds the "
        "gradient of each cell of the large map, shape (k × H, k × W). Return the gradient of the "
        "small map, shape (H, W)."
    ),
    reference=lambda grad, k: interpolate_backward(
        grad[None, None], np.zeros((1, 1, len(grad) // k, grad.shape[1] // k)), None, k
    )[0, 0],
    cases=[
        {"grad": _grid(*shape), "k": k}
        for shape, k in (((2, 2), 2), ((2, 4), 2), ((4, 2), 2), ((6, 9), 3), ((3, 4), 1))
    ],
    hints=[
        "Each small cell has k × k copies. The loss feels a nudge of it through all of them.",
        "What many paths carry back adds up, as with the overlapping windows of lesson 03.",
        "Lesson 04 cut a map into blocks: reshape(rows, k, columns, k). Sum over two of the axes.",
    ],
    solution_source="""
def upsample_backward(grad, k):
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(rows, k, columns, k).sum(axis=(1, 3))
""",
    mistakes={
        "average for sum": """
def upsample_backward(grad, k):
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(rows, k, columns, k).mean(axis=(1, 3))
""",
        "max for sum": """
def upsample_backward(grad, k):
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(rows, k, columns, k).max(axis=(1, 3))
""",
        "the first copy only": """
def upsample_backward(grad, k):
    return grad[::k, ::k].copy()
""",
        "upsampled once more": """
def upsample_backward(grad, k):
    return grad.repeat(k, axis=0).repeat(k, axis=1)
""",
        "axes of the block mixed up": """
def upsample_backward(grad, k):
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(k, rows, k, columns).sum(axis=(0, 2))
""",
        "added up along the rows only": """
def upsample_backward(grad, k):
    rows, columns = grad.shape[0] // k, grad.shape[1] // k
    return grad.reshape(rows, k, columns, k).sum(axis=3)[:, 0]
""",
    },
    meaning=(
        "Copying forward is summing backward. It is average pooling without the division, as "
        "average pooling is copying backward, divided."
    ),
    windows={
        "grad": lambda row, column, case: (
            row * case["k"],
            column * case["k"],
            case["k"],
            case["k"],
        )
    },
)

unpool = Exercise(
    name="unpool",
    prompt=(
        "Max unpooling of one map: put `values`, of shape (h, w), back at `indices`, of the same "
        "shape, into a map of zeros of shape `size`, a pair (H, W). Index row × W + column is the "
        "cell in that row and column."
    ),
    reference=_unpool,
    cases=[
        _pooled(_grid(2, 2), 2),
        _pooled(_grid(2, 4), 2),
        _pooled(_grid(4, 4) - 20, 2),
        _pooled(_grid(4, 5), 2),
        _pooled(_grid(5, 7), 2),
        _pooled(_grid(6, 9), 3),
    ],
    hints=[
        "Start with np.zeros(size). Which W belongs to the indices: that of the small map, or that "
        "of the large one?",
        "A row of the large map has W cells: the row is index // W and the column index % W.",
        "Shorter: out.flat[indices] = values writes by flat index.",
    ],
    solution_source="""
def unpool(values, indices, size):
    out = np.zeros(size)
    out.flat[indices] = values
    return out
""",
    mistakes={
        "width of the small map": """
def unpool(values, indices, size):
    out = np.zeros(size)
    for value, index in zip(values.flat, indices.flat):
        out[index // values.shape[1], index % values.shape[1]] = value
    return out
""",
        "height for width": """
def unpool(values, indices, size):
    out = np.zeros(size)
    for value, index in zip(values.flat, indices.flat):
        out[index // size[0], index % size[0]] = value
    return out
""",
        "twice the small map for the size": """
def unpool(values, indices, size):
    out = np.zeros((2 * values.shape[0], 2 * values.shape[1]))
    out.flat[indices] = values
    return out
""",
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
        "minus infinity for zero": """
def unpool(values, indices, size):
    out = np.full(size, -np.inf)
    out.flat[indices] = values
    return out
""",
        "row and column swapped": """
def unpool(values, indices, size):
    out = np.zeros(size)
    for value, index in zip(values.flat, indices.flat):
        out[index % size[1], index // size[1]] = value
    return out
""",
    },
    meaning=(
        "An index means something only together with the width of the map it was made for. That "
        "is why torch wants output_size where sides were odd."
    ),
)

conv_matrix = Exercise(
    name="conv_matrix",
    prompt=(
        "Return the matrix of a convolution along a row of `size` cells: "
        "conv_matrix(kernel, size, stride) @ x must be the convolution of x with `kernel`, a "
        "1-D array of floats, every `stride` cells, without padding. Shape (outputs, size)."
    ),
    reference=_conv_matrix,
    cases=[
        {"kernel": np.array(kernel), "size": size, "stride": stride}
        for kernel, size, stride in (
            *(([1.0, 2.0], 2, 1), ([1.0, 2.0], 3, 1), ([1.0, 2.0], 4, 2), ([1.0, 2.0, 3.0], 5, 2)),
            *(([4.0, -1.0, 2.0], 6, 2), ([5.0], 4, 3), ([1.0, 2.0, 3.0, 4.0], 9, 3)),
        )
    ],
    hints=[
        "Row i says what output i reads: the kernel, from cell stride * i on, and zeros elsewhere.",
        "How many outputs are there? You wrote it in lesson 02: output_size.",
        "matrix[i, stride * i : stride * i + len(kernel)] = kernel",
    ],
    solution_source="""
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, stride * i : stride * i + len(kernel)] = kernel
    return matrix
""",
    mistakes={
        "transposed": """
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((size, outputs))
    for i in range(outputs):
        matrix[stride * i : stride * i + len(kernel), i] = kernel
    return matrix
""",
        "stride ignored": """
def conv_matrix(kernel, size, stride):
    outputs = size - len(kernel) + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, i : i + len(kernel)] = kernel
    return matrix
""",
        "stride in the size only": """
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, i : i + len(kernel)] = kernel
    return matrix
""",
        "kernel flipped": """
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, stride * i : stride * i + len(kernel)] = kernel[::-1]
    return matrix
""",
        "an output for every stride-th cell": """
def conv_matrix(kernel, size, stride):
    outputs = -(-size // stride)
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        fits = len(matrix[i, stride * i : stride * i + len(kernel)])
        matrix[i, stride * i : stride * i + len(kernel)] = kernel[:fits]
    return matrix
""",
        "the last output missing": """
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, stride * i : stride * i + len(kernel)] = kernel
    return matrix
""",
        "stride taken for the kernel's length": """
def conv_matrix(kernel, size, stride):
    outputs = (size - len(kernel)) // stride + 1
    matrix = np.zeros((outputs, size))
    for i in range(outputs):
        matrix[i, len(kernel) * i : len(kernel) * (i + 1)] = kernel
    return matrix
""",
    },
    meaning=(
        "Most of the matrix is zero and the rest repeats the kernel: that is what a convolution "
        "saves over a dense layer. Turned by .T it is the transposed convolution."
    ),
)

conv_transpose = Exercise(
    name="conv_transpose",
    prompt=(
        "Transposed convolution of one map `x`, floats of shape (H, W), with `kernel`, of shape "
        "(k, k): each cell of x writes its value times the kernel into a k×k window, windows "
        "start every `stride` cells, and overlaps add up. No padding."
    ),
    reference=lambda x, kernel, stride: conv_transpose2d(
        x[None], kernel[None, None], stride=stride
    )[0],
    cases=[
        {"x": x, "kernel": kernel, "stride": stride}
        for x, kernel, stride in (
            (np.array([[2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), 2),
            (np.array([[2.0, 10.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), 2),
            (np.array([[2.0, 10.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), 1),
            (_grid(2, 2) + 1, _KERNEL, 2),
            (_grid(3, 2) - 5, _KERNEL, 2),
            (_grid(2, 3) + 1, np.array([[3.0]]), 2),
            (_grid(3, 4) + 1, np.arange(1.0, 17).reshape(4, 4), 2),
            (_grid(2, 3) + 1, _KERNEL, 1),
        )
    ],
    hints=[
        "The last window starts at (H - 1) * stride and is k cells high. How high is the output?",
        "Start with zeros and go through the cells of x, not through those of the output.",
        "out[i * stride : i * stride + k, …] += x[i, j] * kernel",
    ],
    solution_source="""
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel
    return out
""",
    mistakes={
        "written over, not added": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] = x[i, j] * kernel
    return out
""",
        "kernel flipped": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel[::-1, ::-1]
    return out
""",
        "kernel transposed": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel.T
    return out
""",
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
        "windows side by side": """
def conv_transpose(x, kernel, stride):
    return np.kron(x, kernel)
""",
        "overlaps averaged": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape)
    out, counts = np.zeros((height, width)), np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel
        counts[top : top + k, left : left + k] += 1
    return out / np.maximum(counts, 1)
""",
        "height and width swapped": """
def conv_transpose(x, kernel, stride):
    k = len(kernel)
    height, width = ((n - 1) * stride + k for n in x.shape[::-1])
    out = np.zeros((height, width))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        out[top : top + k, left : left + k] += x[i, j] * kernel
    return out
""",
    },
    meaning=(
        "Convolution gathers a window into one number; its transpose scatters one number into a "
        "window. Where windows overlap, more arrives."
    ),
    windows={"x": _written_by},
)

output_padding = Exercise(
    name="output_padding",
    prompt=(
        "A convolution made a row of `size` cells shorter. The transposed convolution with the "
        "same `kernel_size`, `stride` and `padding` shall bring back exactly `size` cells. Which "
        "output_padding does it need?"
    ),
    reference=_output_padding,
    cases=[
        dict(zip(("size", "kernel_size", "stride", "padding"), row, strict=True))
        for row in (
            *((5, 3, 2, 0), (6, 3, 2, 0), (8, 3, 2, 1), (7, 3, 2, 1), (6, 2, 3, 0), (7, 2, 3, 0)),
            *(
                (8, 3, 3, 1),
                (4, 3, 1, 1),
                (14, 5, 4, 2),
                (16, 5, 4, 2),
                (9, 4, 2, 1),
                (10, 1, 4, 0),
            ),
        )
    ],
    hints=[
        "Which cells did the convolution leave unread at the end of its padded row?",
        "The first window takes kernel_size cells, each further one stride cells more.",
        "What whole steps leave over is the remainder of a division: %.",
    ],
    solution_source="""
def output_padding(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) % stride
""",
    mistakes={
        "padding ignored": """
def output_padding(size, kernel_size, stride, padding):
    return (size - kernel_size) % stride
""",
        "kernel_size ignored": """
def output_padding(size, kernel_size, stride, padding):
    return (size + 2 * padding) % stride
""",
        "padding at one end only": """
def output_padding(size, kernel_size, stride, padding):
    return (size + padding - kernel_size) % stride
""",
        "always the largest": """
def output_padding(size, kernel_size, stride, padding):
    return stride - 1
""",
        "always none": """
def output_padding(size, kernel_size, stride, padding):
    return 0
""",
        "one for an even size": """
def output_padding(size, kernel_size, stride, padding):
    return 1 - size % 2
""",
        "counted to the next window": """
def output_padding(size, kernel_size, stride, padding):
    return -(size + 2 * padding - kernel_size) % stride
""",
    },
    meaning=(
        "Rounding down threw this remainder away, and only you know what it was: in a network, "
        "it is easier to pass the size you want as output_size to ConvTranspose2d."
    ),
)

overlap_counts = Exercise(
    name="overlap_counts",
    prompt=(
        "A transposed convolution along a row has `inputs` cells, windows of `kernel_size` cells "
        "and the given `stride`. Return how many windows write to each cell of the output, as a "
        "list."
    ),
    reference=_overlap_counts,
    cases=[
        dict(zip(("inputs", "kernel_size", "stride"), row, strict=True))
        for row in (
            *((1, 3, 2), (2, 2, 2), (2, 3, 2), (3, 3, 2), (4, 4, 2), (3, 3, 1), (3, 1, 2)),
            *((4, 5, 2), (3, 2, 3), (5, 7, 3), (4, 5, 4)),
        )
    ],
    hints=[
        "How long is the output? The last window starts at (inputs - 1) * stride.",
        "Start with zeros. Each window adds 1 to each of its kernel_size cells.",
        "A window may skip cells too: with a stride larger than the kernel, some stay 0.",
    ],
    solution_source="""
def overlap_counts(inputs, kernel_size, stride):
    counts = [0] * ((inputs - 1) * stride + kernel_size)
    for i in range(inputs):
        for tap in range(kernel_size):
            counts[i * stride + tap] += 1
    return counts
""",
    mistakes={
        "stride ignored": """
def overlap_counts(inputs, kernel_size, stride):
    counts = [0] * (inputs - 1 + kernel_size)
    for i in range(inputs):
        for tap in range(kernel_size):
            counts[i + tap] += 1
    return counts
""",
        "overlaps not added up": """
def overlap_counts(inputs, kernel_size, stride):
    counts = [0] * ((inputs - 1) * stride + kernel_size)
    for i in range(inputs):
        for tap in range(kernel_size):
            counts[i * stride + tap] = 1
    return counts
""",
        "as many cells as stride times inputs": """
def overlap_counts(inputs, kernel_size, stride):
    counts = [0] * (inputs * stride)
    for i in range(inputs):
        for tap in range(kernel_size):
            if i * stride + tap < len(counts):
                counts[i * stride + tap] += 1
    return counts
""",
        "the same everywhere": """
def overlap_counts(inputs, kernel_size, stride):
    return [-(-kernel_size // stride)] * ((inputs - 1) * stride + kernel_size)
""",
        "no border": """
def overlap_counts(inputs, kernel_size, stride):
    length = (inputs - 1) * stride + kernel_size
    return [len(range(i % stride, kernel_size, stride)) for i in range(length)]
""",
        "kernel and stride swapped": """
def overlap_counts(inputs, kernel_size, stride):
    counts = [0] * ((inputs - 1) * kernel_size + stride)
    for i in range(inputs):
        for tap in range(stride):
            counts[i * kernel_size + tap] += 1
    return counts
""",
    },
    meaning=(
        "Away from the border the counts repeat every stride cells, and are equal just when "
        "kernel_size is divisible by stride."
    ),
)
