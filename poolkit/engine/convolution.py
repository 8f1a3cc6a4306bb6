"""Convolution and its transpose: each output a weighted sum of the pixels of its window.

NumPy takes all the windows at once, in a loop over the *taps* of the kernel. The same pairs of
windows and pixels serve all three directions: to the outputs, back to the pixels, to the weights.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Tap
from poolkit.engine.windows import layers, widen

__all__ = [
    "Axis",
    "Convolution",
    "bias_gradient",
    "convolve",
    "convolve_transposed",
    "for_conv2d",
    "for_conv_transpose2d",
    "plus_bias",
    "weight_gradient",
]


class Axis(NamedTuple):
    """How the taps of a convolution join the pixels of one axis to its outputs."""

    input_size: int
    output_size: int
    taps: list[Tap]


class Convolution(NamedTuple):
    """The checked arguments of a convolution, or of the one that is transposed."""

    height: Axis
    width: Axis
    weight: np.ndarray
    bias: np.ndarray | None
    groups: int

    @property
    def input_size(self) -> tuple[int, int]:
        return self.height.input_size, self.width.input_size

    @property
    def output_size(self) -> tuple[int, int]:
        return self.height.output_size, self.width.output_size

    def taps(self) -> Iterator[tuple[tuple, tuple, tuple]]:
        """Yield for each tap of the 2-D kernel the indices of its weights, windows and pixels."""
        for row, column in itertools.product(self.height.taps, self.width.taps):
            yield (
                (..., row.number, column.number),
                (..., row.windows, column.windows),
                (..., row.positions, column.positions),
            )


def for_conv2d(
    x: np.ndarray, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Convolution:
    """Check the arguments of conv2d."""
    weight, groups = _weight(x, weight, groups)
    bias = _bias(x, bias, weight.shape[0])
    if x.shape[-3] != weight.shape[1] * groups:
        raise ValueError(
            f"weight has shape {weight.shape}: with groups={groups} that is for "
            f"{weight.shape[1] * groups} channels, but x has {x.shape[-3]}"
        )
    axes = []
    for inputs, layer in zip(
        x.shape[-2:], layers(weight.shape[2:], stride, padding, dilation), strict=True
    ):
        outputs = arithmetic.conv_output_size(inputs, *layer)
        axes.append(Axis(inputs, outputs, arithmetic.taps(inputs, outputs, *layer)))
    return Convolution(*axes, weight, bias, groups)


def for_conv_transpose2d(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Convolution:
    """Check the arguments of conv_transpose2d; return the convolution that it transposes."""
    weight, groups = _weight(x, weight, groups)
    bias = _bias(x, bias, weight.shape[1] * groups)
    if x.shape[-3] != weight.shape[0]:
        raise ValueError(
            f"weight has shape {weight.shape}: that is for {weight.shape[0]} channels, "
            f"but x has {x.shape[-3]}"
        )
    axes = []
    for outputs, layer, extra in zip(
        x.shape[-2:],
        layers(weight.shape[2:], stride, padding, dilation),
        checks.pair("output_padding", output_padding),
        strict=True,
    ):
        inputs = arithmetic.conv_transpose_output_size(
            outputs, layer.kernel_size, layer.stride, layer.padding, extra, layer.dilation
        )
        axes.append(Axis(inputs, outputs, arithmetic.taps(inputs, outputs, *layer)))
    return Convolution(*axes, weight, bias, groups)


def _weight(x: np.ndarray, weight: Any, groups: Any) -> tuple[np.ndarray, int]:
    weight = checks.array("weight", weight)
    groups = checks.whole_number("groups", groups, 1)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"weight has shape {weight.shape}, not 4 axes of at least 1 each")
    if weight.dtype != x.dtype:
        raise TypeError(f"weight has dtype {weight.dtype}, x has {x.dtype}: make them the same")
    if weight.shape[0] % groups:
        raise ValueError(
            f"groups={groups} does not divide the {weight.shape[0]} channels of weight's first "
            f"axis, shape {weight.shape}"
        )
    return weight, groups


def _bias(x: np.ndarray, bias: Any, channels: int) -> np.ndarray | None:
    if bias is None:
        return None
    bias = checks.array("bias", bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias has shape {bias.shape}, not ({channels},), one number a channel")
    if bias.dtype != x.dtype:
        raise TypeError(f"bias has dtype {bias.dtype}, x has {x.dtype}: make them the same")
    return bias


def convolve(x: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return, for each window, the sum of its pixels times the weights."""
    pixels = _in_groups(x, convolution.groups)
    weight = _weight_in_groups(convolution)
    size = convolution.output_size
    out = np.zeros((len(pixels), *weight.shape[:2], *size), pixels.dtype)
    for tap, outputs, positions in convolution.taps():
        out[outputs] += _mix(weight[tap], pixels[positions])
    return out.reshape(*x.shape[:-3], math.prod(weight.shape[:2]), *size)


def convolve_transposed(y: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return, for each pixel, the sum over the windows that read it, times the weights.

    The transpose of `convolve`: it takes its output's shape back to that of its input.
    """
    values = _in_groups(y, convolution.groups)
    weight = _weight_in_groups(convolution).swapaxes(1, 2)
    size = convolution.input_size
    out = np.zeros((len(values), *weight.shape[:2], *size), values.dtype)
    for tap, outputs, positions in convolution.taps():
        out[positions] += _mix(weight[tap], values[outputs])
    return out.reshape(*y.shape[:-3], math.prod(weight.shape[:2]), *size)


def weight_gradient(many: np.ndarray, few: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return the gradient of the weight that joins windows of `many` to the pixels of `few`."""
    pixels, values = (_in_groups(maps, convolution.groups) for maps in (many, few))
    grad = np.zeros(_weight_in_groups(convolution).shape, pixels.dtype)
    for tap, outputs, positions in convolution.taps():
        grad[tap] = np.einsum("ngohw,ngchw->goc", values[outputs], pixels[positions])
    return grad.reshape(convolution.weight.shape).astype(many.dtype)


def plus_bias(maps: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return maps with each channel's bias, if any, added."""
    bias = convolution.bias
    return maps if bias is None else maps + bias[:, np.newaxis, np.newaxis]


def bias_gradient(grad_output: np.ndarray, convolution: Convolution) -> np.ndarray | None:
    """Return the gradient of the bias: the transpose of `plus_bias`."""
    if convolution.bias is None:
        return None
    maps = grad_output.reshape(-1, *grad_output.shape[-3:])
    return widen(maps).sum(axis=(0, 2, 3)).astype(grad_output.dtype)


def _in_groups(maps: np.ndarray, groups: int) -> np.ndarray:
    """Return maps as (N, groups, channels of a group, H, W), in the dtype in which to add up."""
    channels, *size = maps.shape[-3:]
    return widen(maps).reshape(-1, groups, channels // groups, *size)


def _weight_in_groups(convolution: Convolution) -> np.ndarray:
    weight = widen(convolution.weight)
    return weight.reshape(convolution.groups, -1, *weight.shape[1:])


def _mix(weights: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return the sums of maps (N, groups, m, H, W), times weights (groups, n, m), over m."""
    batch, groups, channels, height, width = maps.shape
    columns = maps.reshape(batch, groups, channels, height * width)
    return (weights @ columns).reshape(batch, groups, weights.shape[1], height, width)
