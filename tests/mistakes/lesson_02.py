"""Wrong answers to the exercises of lesson 02."""

MISTAKES = {
    "output_size": {
        "ceil for floor": {"room_to_move // stride": "-(-room_to_move // stride)"},
        "the first window forgotten": {" + 1": ""},
        "padding at one end only": {"2 * padding": "padding"},
        "padding ignored": {" + 2 * padding": ""},
        "stride ignored": {"// stride": "// kernel_size"},
        "kernel_size ignored": "(size + 2 * padding) // stride",
        "one added before dividing": "(size + 2 * padding - kernel_size + 1) // stride",
        "a float": {"//": "/"},
        "rounded to the nearest": {
            "room_to_move // stride + 1": "round(room_to_move / stride + 1)"
        },
    },
    "output_size_ceil": {
        "floor for ceil": "(size + 2 * padding - kernel_size) // stride + 1",
        "no window dropped": "-(-(size + 2 * padding - kernel_size) // stride) + 1",
        "a window that starts just past the input kept": {">= size": "> size"},
        "the padding on the left forgotten": {"stride - padding": "stride"},
        "dropped only past the padding on the right": {">= size": ">= size + padding"},
        "a window that starts at the last pixel dropped": {">= size": ">= size - 1"},
        "one too many": "(size + 2 * padding - kernel_size) // stride + 2",
        "padding ignored": {" + 2 * padding": "", "stride - padding": "stride"},
    },
    "max_pool_padded": {
        "zero for −inf padding": {", constant_values=-np.inf": ""},
        "padding ignored": {"np.pad(x, padding, constant_values=-np.inf)": "x"},
        "padding at the top and left only": {
            "np.pad(x, padding,": "np.pad(x, ((padding, 0), (padding, 0)),"
        },
        "all padding at the bottom and right": {
            "np.pad(x, padding,": "np.pad(x, (0, 2 * padding),"
        },
        "stride ignored, kernel_size in its place": {
            "(x, kernel_size, stride, padding):": (
                "(x, kernel_size, stride, padding):\n    stride = kernel_size"
            )
        },
        "stride ignored, steps of one": {
            "(x, kernel_size, stride, padding):": (
                "(x, kernel_size, stride, padding):\n    stride = 1"
            )
        },
        "average for max": {", constant_values=-np.inf": "", ".max()": ".mean()"},
        "height and width swapped": {"return output": "return output.T"},
        "ceil for floor": {
            "(padded.shape[0] - kernel_size) // stride": (
                "-(-(padded.shape[0] - kernel_size) // stride)"
            ),
            "(padded.shape[1] - kernel_size) // stride": (
                "-(-(padded.shape[1] - kernel_size) // stride)"
            ),
        },
    },
    "average_divisors": {
        "padding counted": ("[kernel_size] * ((size + 2 * padding - kernel_size) // stride + 1)"),
        "cut on the left only": {"min(stop, size)": "stop"},
        "cut on the right only": {"max(start, 0)": "start"},
        "the first and last window always lose the padding": """
def average_divisors(size, kernel_size, stride, padding):
    counts = [kernel_size] * ((size + 2 * padding - kernel_size) // stride + 1)
    counts[0] -= padding
    counts[-1] -= padding
    return counts
""",
        "the first window starts at pixel 0": {
            "i * stride - padding": "i * stride",
            "min(stop, size) - max(start, 0)": "max(min(stop, size) - start, 0)",
        },
        "stride ignored": {
            "(size, kernel_size, stride, padding):": (
                "(size, kernel_size, stride, padding):\n    stride = 1"
            )
        },
        "off by one at the end": {
            "min(stop, size) - max(start, 0)": "min(stop, size - 1) - max(start, 0) + 1"
        },
        "ceil for floor": {
            "(size + 2 * padding - kernel_size) // stride": (
                "-(-(size + 2 * padding - kernel_size) // stride)"
            )
        },
    },
    "adaptive_windows": {
        "floor for ceil": {"-(-(i + 1) * size // output_size)": "(i + 1) * size // output_size"},
        "ceil for floor": {
            "start = i * size // output_size": "start = -(-i * size // output_size)"
        },
        "bins of equal width": """
def adaptive_windows(size, output_size):
    width = max(size // output_size, 1)
    return [(i * width, (i + 1) * width) for i in range(output_size)]
""",
        "the last bin takes the rest": """
def adaptive_windows(size, output_size):
    width = size // output_size
    starts = [i * width for i in range(output_size)]
    return list(zip(starts, [*starts[1:], size]))
""",
        "the last pixel in place of the stop": {"(start, stop)": "(start, stop - 1)"},
        "rounded to the nearest": {
            "start = i * size // output_size": "start = round(i * size / output_size)",
            "-(-(i + 1) * size // output_size)": "round((i + 1) * size / output_size)",
        },
        "one added in place of rounding up": {
            "-(-(i + 1) * size // output_size)": "(i + 1) * size // output_size + 1"
        },
        "sizes swapped": {
            "(size, output_size):": (
                "(size, output_size):\n    size, output_size = output_size, size"
            )
        },
    },
}
