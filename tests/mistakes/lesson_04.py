"""Wrong answers to the exercises of lesson 04."""

MISTAKES = {
    "max_pool_backward": {
        "every tied pixel gets all": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = (window == window.max()) * grad_output[i, j]
    return grad
""",
        "tied pixels share": """
def max_pool_backward(grad_output, x):
    grad = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        largest = window == window.max()
        grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = largest / largest.sum() * grad_output[i, j]
    return grad
""",
        "the last of tied pixels gets all": {
            "x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax()": (
                "3 - x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2][::-1, ::-1].argmax()"
            )
        },
        "ties read column by column": {
            ".argmax()": ".T.argmax()",
            "2 * i + n // 2, 2 * j + n % 2": "2 * i + n % 2, 2 * j + n // 2",
        },
        "row and column swapped": {
            "2 * i + n // 2, 2 * j + n % 2": "2 * i + n % 2, 2 * j + n // 2"
        },
        "average for max": {
            "grad[2 * i + n // 2, 2 * j + n % 2] = grad_output[i, j]": (
                "grad[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = grad_output[i, j] / 4"
            )
        },
        "ones in place of the gradient": {"= grad_output[i, j]": "= 1"},
        "the gradient times the maximum": {
            "= grad_output[i, j]": "= grad_output[i, j] * x[2 * i + n // 2, 2 * j + n % 2]"
        },
        "odd row and column forgotten": {
            "np.zeros(x.shape)": "np.zeros((2 * grad_output.shape[0], 2 * grad_output.shape[1]))"
        },
    },
    "avg_pool_backward": {
        "every pixel gets all": {" / 4": ""},
        "divided by the side of the window": {"/ 4": "/ 2"},
        "division rounds down": {"/ 4": "// 4"},
        "one pixel gets all": {"2 * i : 2 * i + 2, 2 * j : 2 * j + 2": "2 * i, 2 * j", " / 4": ""},
        "gradients tiled, not repeated": """
def avg_pool_backward(grad_output, shape):
    grad = np.zeros(shape)
    height, width = grad_output.shape
    grad[: 2 * height, : 2 * width] = np.tile(grad_output, (2, 2)) / 4
    return grad
""",
        "height and width swapped": (
            "np.repeat(np.repeat(grad_output, 2, axis=0), 2, axis=1).T / 4"
        ),
        "shape ignored": "grad_output.repeat(2, axis=0).repeat(2, axis=1) / 4",
        "odd row and column get a gradient": """
def avg_pool_backward(grad_output, shape):
    grad = grad_output.repeat(2, axis=0).repeat(2, axis=1) / 4
    extra = [(0, shape[0] - grad.shape[0]), (0, shape[1] - grad.shape[1])]
    return np.pad(grad, extra, mode="edge")
""",
        "divided by the number of pixels": {"/ 4": "/ (shape[0] * shape[1])"},
    },
    "avg_pool_backward_overlapping": {
        "the last window wins": {"+=": "="},
        "not divided": {" / kernel_size": ""},
        "stride ignored, kernel_size in its place": {"i * stride": "i * kernel_size"},
        "stride ignored, steps of one": {"i * stride": "i"},
        "divided by the stride": {"/ kernel_size": "/ stride"},
        "averaged over the windows of a pixel": """
def avg_pool_backward_overlapping(grad_output, size, kernel_size, stride):
    grad, windows = np.zeros(size), np.zeros(size)
    for i, g in enumerate(grad_output):
        grad[i * stride : i * stride + kernel_size] += g / kernel_size
        windows[i * stride : i * stride + kernel_size] += 1
    return grad / np.maximum(windows, 1)
""",
        "the window one pixel too long": {"start + kernel_size": "start + kernel_size + 1"},
        "only the first pixel of a window": {
            "start : start + kernel_size": "start",
            " / kernel_size": "",
        },
    },
    "numeric_gradient": {
        "forward difference": {"f(below)": "f(x)", "(2 * eps)": "eps"},
        "divided by eps": {"(2 * eps)": "eps"},
        "divided by 2, then multiplied by eps": {"(2 * eps)": "2 * eps"},
        "all pixels changed at once": ("np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))"),
        "steps pile up in one copy": {
            "grad = np.zeros(x.shape)": (
                "grad, above, below = np.zeros(x.shape), x.astype(float), x.astype(float)"
            ),
            "        above, below = x.astype(float), x.astype(float)\n": "",
        },
        "the input changed and not put back": """
def numeric_gradient(f, x, eps):
    grad = np.zeros(x.shape)
    for pixel in np.ndindex(x.shape):
        x[pixel] += eps
        above = f(x)
        x[pixel] -= 2 * eps
        grad[pixel] = (above - f(x)) / (2 * eps)
    return grad
""",
        "steps cut off in an array of whole numbers": {
            "x.astype(float), x.astype(float)": "x.copy(), x.copy()"
        },
        "sign turned": {"f(above) - f(below)": "f(below) - f(above)"},
        "a list of slopes": """
def numeric_gradient(f, x, eps):
    grad = []
    for pixel in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[pixel] = eps
        grad.append((f(x + step) - f(x - step)) / (2 * eps))
    return grad
""",
    },
    "without_gradient": {
        "the map of those that learn": {"return never": "return ~never"},
        "only pixels in no window": {
            "never[top + i, left + j] = False": (
                "never[top : top + kernel_size, left : left + kernel_size] = False"
            )
        },
        "all tied pixels learn": {
            "never[top + i, left + j] = False": (
                "never[top : top + kernel_size, left : left + kernel_size] &= window < window.max()"
            )
        },
        "a later window takes the gradient away": {
            "never[top + i, left + j] = False": (
                "never[top : top + kernel_size, left : left + kernel_size] = True\n"
                "            never[top + i, left + j] = False"
            )
        },
        "stride ignored, kernel_size in its place": {
            "(x, kernel_size, stride):": "(x, kernel_size, stride):\n    stride = kernel_size"
        },
        "kernel_size ignored": {
            "(x, kernel_size, stride):": "(x, kernel_size, stride):\n    kernel_size = 2"
        },
        "windows that hang over the end": {
            "x.shape[0] - kernel_size + 1": "x.shape[0]",
            "x.shape[1] - kernel_size + 1": "x.shape[1]",
        },
        "the largest pixel of all": "x < x.max()",
        "whole numbers in place of booleans": {"dtype=bool": "dtype=int"},
    },
}
