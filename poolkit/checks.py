"""What the arguments of pooling, resizing and convolution must be, in words.

Each function checks one argument, or a few that belong together, and returns it in the form in
which the other modules use it. Its messages name the argument, its value and the rule.
"""

import math
from numbers import Real
from typing import Any

import numpy as np

from poolkit import arithmetic
from poolkit.arithmetic import Layer, whole_number

__all__ = [
    "FLOATS",
    "INTEGERS",
    "array",
    "convolution_bias",
    "convolution_weight",
    "indices",
    "layers",
    "maps",
    "norm_type",
    "output_gradient",
    "pair",
    "pooling_layers",
    "two",
    "unpooled_size",
    "within",
]

FLOATS = (np.float16, np.float32, np.float64)
INTEGERS = (np.uint8, np.int8, np.int16, np.int32, np.int64)


def array(name: str, value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    convert = f"{name}.numpy()" if hasattr(value, "numpy") else f"np.array({name})"
    raise TypeError(f"{name} is a {type(value).__name__}, not a NumPy array: write {convert}")


def maps(name: str, value: Any, dtypes: tuple[type, ...]) -> np.ndarray:
    x = array(name, value)
    if x.ndim not in (3, 4):
        hint = f": write {name}[None] to add the channel axis" if x.ndim == 2 else ""
        raise ValueError(f"{name} has shape {x.shape}, not (N, C, H, W) or (C, H, W){hint}")
    if 0 in x.shape[-3:]:
        raise ValueError(f"{name} has shape {x.shape}: no axis but the batch N may be empty")
    if x.dtype not in dtypes:
        known = ", ".join(dtype.__name__ for dtype in dtypes)
        raise TypeError(
            f"{name} has dtype {x.dtype}, not one of {known}: write {name}.astype(np.float32)"
        )
    return x


def two(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list):
        return (value, value)
    if len(value) != 2:
        raise ValueError(f"{name}={value!r} must be one number, or a pair (height, width)")
    return (value[0], value[1])


def pair(name: str, value: Any, minimum: int | None = None) -> tuple[int, int]:
    height, width = two(name, value)
    return (whole_number(name, height, minimum), whole_number(name, width, minimum))


def norm_type(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"norm_type={value!r} must be a number, not {type(value).__name__}")
    if value == 0 or math.isnan(value):
        raise ValueError(f"norm_type={value} must be a number but 0, as the norm is a p-th root")
    return float(value)


def pooling_layers(kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> list[Layer]:
    return layers(kernel_size, kernel_size if stride is None else stride, padding, dilation)


def layers(kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[Layer]:
    """Return the layer as the height sees it, and as the width sees it."""
    arguments = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    pairs = [pair(name, value) for name, value in arguments.items()]
    return [Layer(*numbers) for numbers in zip(*pairs, strict=True)]


def unpooled_size(
    x: np.ndarray, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, int]:
    """Return the height and the width to which max_unpool2d restores x."""
    wanted = (None, None)
    if output_size is not None:
        if not isinstance(output_size, tuple | list):
            raise TypeError(f"output_size={output_size!r} must be a pair (height, width)")
        if len(output_size) not in (2, 4):
            raise ValueError(
                f"output_size={output_size!r} must be a pair (height, width), or (N, C, H, W)"
            )
        wanted = output_size[-2:]
    height, width = (
        arithmetic.unpool_output_size(size, *layer[:3], output_size=out)
        for size, layer, out in zip(
            x.shape[-2:], pooling_layers(kernel_size, stride, padding), wanted, strict=True
        )
    )
    return height, width


def indices(value: Any, of: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return indices as max_pool2d found them, one for each element of the array called `of`."""
    found = array("indices", value)
    if found.dtype != np.int64:
        raise TypeError(
            f"indices has dtype {found.dtype}, not int64: take those of "
            "max_pool2d(..., return_indices=True), or write indices.astype(np.int64)"
        )
    if found.shape != shape:
        raise ValueError(f"indices has shape {found.shape}, not that of {of}, {shape}")
    return found


def within(found: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return indices that are those of pixels in maps of `size`."""
    pixels = size[0] * size[1]
    # Read as unsigned, a negative number is larger than any index: one pass finds both mistakes.
    if found.view(np.uint64).max(initial=0) >= pixels:
        outside = found[(found < 0) | (found >= pixels)][0]
        raise ValueError(
            f"indices holds {outside}, but the pixels of a map of size {size} are numbered "
            f"0 to {pixels - 1}: is that the size before pooling?"
        )
    return found


def convolution_weight(x: np.ndarray, weight: Any, groups: Any) -> None:
    weight = array("weight", weight)
    whole_number("groups", groups, 1)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"weight has shape {weight.shape}, not 4 axes of at least 1 each")
    if weight.dtype != x.dtype:
        raise TypeError(f"weight has dtype {weight.dtype}, x has {x.dtype}: make them the same")
    if weight.shape[0] % groups:
        raise ValueError(
            f"groups={groups} does not divide the {weight.shape[0]} channels of weight's first "
            f"axis, shape {weight.shape}"
        )


def convolution_bias(x: np.ndarray, bias: Any, channels: int) -> None:
    if bias is None:
        return
    bias = array("bias", bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias has shape {bias.shape}, not ({channels},), one number a channel")
    if bias.dtype != x.dtype:
        raise TypeError(f"bias has dtype {bias.dtype}, x has {x.dtype}: make them the same")


def output_gradient(grad_output: Any, shape: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    grad_output = array("grad_output", grad_output)
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output has shape {grad_output.shape}, but the output for x of shape {x.shape} "
            f"has {shape}"
        )
    if grad_output.dtype != x.dtype:
        raise TypeError(
            f"grad_output has dtype {grad_output.dtype}, x has {x.dtype}: make them the same"
        )
    return grad_output
