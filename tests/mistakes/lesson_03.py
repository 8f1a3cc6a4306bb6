"""Wrong answers to the exercises of lesson 03."""

MISTAKES = {
    "convolve": {
        "kernel turned, as in mathematics": {"* w)": "* w[::-1, ::-1])"},
        "rows and columns of the kernel swapped": {"* w)": "* w.T)"},
        "matrix product": {"* w)": "@ w)"},
        "mean for sum": {".sum()": ".mean()"},
        "maximum for sum": {".sum()": ".max()"},
        "windows side by side": {
            "x[i : i + k, j : j + k]": "x[i * k : i * k + k, j * k : j * k + k]"
        },
        "last row and column forgotten": {
            "(x.shape[0] - k + 1, x.shape[1] - k + 1)": "(x.shape[0] - k, x.shape[1] - k)"
        },
        "height and width swapped": {
            "(x.shape[0] - k + 1, x.shape[1] - k + 1)": "(x.shape[1] - k + 1, x.shape[0] - k + 1)"
        },
        "cut off below zero as well": {"return y": "return np.maximum(0, y)"},
    },
    "conv_parameters": {
        "bias forgotten": {"if bias": "if False"},
        "bias always counted": {"if bias": "if True"},
        "one bias in all": {"weights + out_channels": "weights + 1"},
        "a bias for each input map": {"weights + out_channels": "weights + in_channels"},
        "a bias for each grid": {"weights + out_channels": "weights + in_channels * out_channels"},
        "kernel in one direction only": {"kernel_size * kernel_size": "kernel_size"},
        "input maps share their grid": {"= in_channels * out_channels": "= out_channels"},
    },
    "gradient_step": {
        "with the gradient": {"w - lr": "w + lr"},
        "the 2 forgotten": {"lr * 2 *": "lr *"},
        "the feature forgotten": {" * f\n": "\n"},
        "the learning rate forgotten": {"lr * 2": "2"},
        "a target of 1 taken for granted": {"- target)": "- 1)"},
        "the loss for its slope": {"2 * (w * f - target) * f": "(w * f - target) ** 2"},
        "the gradient for the new weight": {"w - lr * 2": "2"},
        "straight to the right weight": "target / f",
    },
    "receptive_field": {
        "stride ignored": {"jump *= stride": "jump = 1"},
        "kernels added up": "sum(kernel_size for kernel_size, stride in layers)",
        "kernels multiplied": {"field += (kernel_size - 1) * jump": "field *= kernel_size"},
        "a layer's own stride counted in too early": {
            "(kernel_size - 1) * jump": "(kernel_size - 1) * jump * stride"
        },
        "read from the wrong end": {"in layers": "in reversed(layers)"},
        "off by one": {"= 1, 1": "= 0, 1"},
        "only the stride of the layer before": {"jump *= stride": "jump = stride"},
        "strides added up": {"jump *= stride": "jump += stride - 1"},
    },
}
