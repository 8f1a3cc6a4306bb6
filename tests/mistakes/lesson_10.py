"""Wrong answers to the exercises of lesson 10."""

MISTAKES = {
    "conv_multiply_adds": {
        "stride ignored": {"(side - 1) // stride + 1": "side"},
        "stride in one direction only": {"return out": "return side"},
        "side rounded down": {"(side - 1) // stride + 1": "side // stride"},
        "one input map only": {" * in_channels": ""},
        "kernel in one direction only": {"kernel_size * kernel_size": "kernel_size"},
        "no padding": {"side - 1": "side - kernel_size"},
        "multiplications and additions apart": {"return out": "return 2 * out"},
    },
    "first_dense_parameters": {
        "bias forgotten": {" + 1": ""},
        "one bias in all": {
            "(channels * side * side + 1) * outputs": "channels * side * side * outputs + 1"
        },
        "poolings ignored": {"side // 2": "side"},
        "one pooling only": {"range(poolings)": "range(min(poolings, 1))"},
        "poolings add up": """
def first_dense_parameters(side, channels, outputs, poolings):
    side = side // (2 * poolings) if poolings else side
    return (channels * side**2 + 1) * outputs
""",
        "side in one direction only": {"side * side": "side"},
        "left over pixels pooled too": {"side // 2": "-(-side // 2)"},
        "pixels divided by 2, not by 4": "(channels * side**2 // 2**poolings + 1) * outputs",
    },
    "activation_bytes": {
        "numbers, not bytes": {"4 * numbers": "numbers"},
        "stride takes effect one layer late": {
            "        side = (side - 1) // stride + 1\n": "",
            "numbers += channels * side * side": (
                "numbers += channels * side * side\n        side = (side - 1) // stride + 1"
            ),
        },
        "every layer starts from the image": {
            "        side = (side - 1) // stride + 1\n": "",
            "side * side": "((side - 1) // stride + 1) ** 2",
        },
        "strides ignored": {"(side - 1) // stride + 1": "side"},
        "side rounded down": {"(side - 1) // stride + 1": "side // stride"},
        "the last layer only": {"numbers +=": "numbers ="},
        "the image counted": {"numbers = 0": "numbers = side * side"},
    },
    "stride_factor": {
        "one direction only": {"**2": ""},
        "product of all strides for all layers": (
            "float(np.prod([stride for _, stride in layers]) ** 2)"
        ),
        "own stride left out": {
            "        jump *= stride\n": "",
            "without += weights": "without += weights\n        jump *= stride",
        },
        "own stride only": {"jump *= stride": "jump = stride"},
        "weights ignored": {"in layers:": "in layers:\n        weights = 1"},
        "upside down": {"without / with_strides": "with_strides / without"},
        "average of the layers' factors": """
def stride_factor(layers):
    jump, factors = 1, 0
    for _, stride in layers:
        jump *= stride
        factors += jump**2
    return factors / len(layers)
""",
    },
}
