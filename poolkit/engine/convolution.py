"""Convolution and its transpose: each output a weighted sum of the pixels of its window.

NumPy takes all the windows at once, in a loop over the *taps* of the kernel. The same pairs of
windows and pixels serve all three directions: to the outputs, back to the pixels, to the weights.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Tap
from poolkit.engine.windows import by_axis, widen


class Convolution(NamedTuple):
    """The checked arguments of a convolution, or of the one that is transposed."""

    input_size: Sequence[int]
    output_size: Sequence[int]
    rows: list[Tap]
    columns: list[Tap]
    weight: np.ndarray
    bias: np.ndarray | None
    groups: int

    def taps(self) -> Iterator[tuple[tuple, tuple, tuple]]:
        """Yield for each tap of the 2-D kernel the indices of its weights, windows and pixels."""
        for row, column in itertools.product(self.rows, self.columns):
            yield (
                (..., row.number, column.number),
                (..., row.windows, column.windows),
                (..., row.positions, column.positions),
            )


def for_conv2d(x: np.ndarray, weight, bias, stride, padding, dilation, groups) -> Convolution:
    """Check the arguments of conv2d."""
    weight, groups = _weight(x, weight, groups)
    bias = _bias(x, bias, weight.shape[0])
    _check_channels(x, weight, weight.shape[1] * groups, f"with groups={groups} ")
    inputs, layers = x.shape[-2:], by_axis(weight.shape[2:], stride, padding, dilation)
    outputs = [arithmetic.conv_output_size(n, *of) for n, of in zip(inputs, layers, strict=True)]
    taps = map(arithmetic.taps, inputs, outputs, *zip(*layers, strict=True))
    return Convolution(inputs, outputs, *taps, weight, bias, groups)


def for_conv_transpose2d(
    x: np.ndarray, weight, bias, stride, padding, output_padding, groups, dilation
) -> Convolution:
    """Check the arguments of conv_transpose2d; return the convolution that it transposes."""
    weight, groups = _weight(x, weight, groups)
    bias = _bias(x, bias, weight.shape[1] * groups)
    _check_channels(x, weight, weight.shape[0])
    outputs, layers = x.shape[-2:], by_axis(weight.shape[2:], stride, padding, dilation)
    extra = checks.pair("output_padding", output_padding)
    inputs = [
        arithmetic.conv_transpose_output_size(n, *of[:3], more, of.dilation)
        for n, of, more in zip(outputs, layers, extra, strict=True)
    ]
    taps = map(arithmetic.taps, inputs, outputs, *zip(*layers, strict=True))
    return Convolution(inputs, outputs, *taps, weight, bias, groups)


def _weight(x: np.ndarray, weight, groups) -> tuple[np.ndarray, int]:
    weight = checks.array("weight", weight)
    groups = checks.whole_number("groups", groups, 1)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"weight has shape {weight.shape}, not 4 axes of at least 1 each")
    checks.same_dtype("weight", weight, x)
    if weight.shape[0] % groups:
        raise ValueError(
            f"groups={groups} does not divide the {weight.shape[0]} channels of weight's first "
            f"axis, shape {weight.shape}"
        )
    return weight, groups


def _bias(x: np.ndarray, bias, channels: int) -> np.ndarray | None:
    if bias is None:
        return None
    bias = checks.array("bias", bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias has shape {bias.shape}, not ({channels},), one number a channel")
    return checks.same_dtype("bias", bias, x)


def _check_channels(x: np.ndarray, weight: np.ndarray, channels: int, how: str = "") -> None:
    if x.shape[-3] != channels:
        raise ValueError(
            f"weight has shape {weight.shape}: {how}that is for {channels} channels, "
            f"but x has {x.shape[-3]}"
        )


def convolve(x: np.ndarray, convolution: Convolution, *, transposed: bool = False) -> np.ndarray:
    """Return, for each window, the sum of its pixels times the weights.

    Transposed, it takes the output's shape back to that of the input: for each pixel, the sum over
    the windows that read it, times the weights.
    """
    values = _in_groups(x, convolution.groups)
    weight, size = _weight_in_groups(convolution), convolution.output_size
    if transposed:
        weight, size = weight.swapaxes(1, 2), convolution.input_size
    out = np.zeros((len(values), *weight.shape[:2], *size), values.dtype)
    for tap, outputs, positions in convolution.taps():
        to, read = (positions, outputs) if transposed else (outputs, positions)
        out[to] += _mix(weight[tap], values[read])
    return out.reshape(*x.shape[:-3], math.prod(weight.shape[:2]), *size)


def weight_gradient(many: np.ndarray, few: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return the gradient of the weight that joins windows of `many` to the pixels of `few`."""
    pixels, values = (_in_groups(maps, convolution.groups) for maps in (many, few))
    grad = np.zeros(_weight_in_groups(convolution).shape, pixels.dtype)
    for tap, outputs, positions in convolution.taps():
        grad[tap] = np.einsum("ngohw,ngchw->goc", values[outputs], pixels[positions])
    return grad.reshape(convolution.weight.shape).astype(many.dtype)


def plus_bias(maps: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Return maps with each channel's bias, if any, added, in the dtype of the weight."""
    if convolution.bias is not None:
        maps = maps + convolution.bias[:, np.newaxis, np.newaxis]
    return maps.astype(convolution.weight.dtype)


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
