"""Convolution, as what it is: each output a weighted sum of the pixels of its window.

NumPy takes all the outputs at once, in a loop over the *taps* of the kernel. From the outputs back
to the pixels it is the transposed matrix, along the same taps.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Layer, Tap
from poolkit.engine import windows
from poolkit.engine.windows import widen

__all__ = [
    "Axis",
    "bias_gradient",
    "convolution_axes",
    "convolve",
    "convolve_transposed",
    "transposed_axes",
    "weight_gradient",
]


class Axis(NamedTuple):
    """How the taps of a convolution join the pixels of one axis to its outputs."""

    input_size: int
    output_size: int
    taps: list[Tap]


def convolution_axes(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> list[Axis]:
    """Check the arguments of conv2d and return its axes."""
    _check_weight(x, weight, groups)
    _check_bias(x, bias, weight.shape[0])
    if x.shape[-3] != weight.shape[1] * groups:
        raise ValueError(
            f"weight has shape {weight.shape}: with groups={groups} that is for "
            f"{weight.shape[1] * groups} channels, but x has {x.shape[-3]}"
        )
    layers = windows.layers(weight.shape[2:], stride, padding, dilation)
    sizes = [
        arithmetic.conv_output_size(size, *layer)
        for size, layer in zip(x.shape[-2:], layers, strict=True)
    ]
    return _axes(layers, x.shape[-2:], sizes)


def transposed_axes(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> list[Axis]:
    """Check the arguments of conv_transpose2d; return the axes of the conv2d that it transposes."""
    _check_weight(x, weight, groups)
    _check_bias(x, bias, weight.shape[1] * groups)
    if x.shape[-3] != weight.shape[0]:
        raise ValueError(
            f"weight has shape {weight.shape}: that is for {weight.shape[0]} channels, "
            f"but x has {x.shape[-3]}"
        )
    layers = windows.layers(weight.shape[2:], stride, padding, dilation)
    sizes = [
        arithmetic.conv_transpose_output_size(
            size, layer.kernel_size, layer.stride, layer.padding, extra, layer.dilation
        )
        for size, layer, extra in zip(
            x.shape[-2:], layers, checks.pair("output_padding", output_padding), strict=True
        )
    ]
    return _axes(layers, sizes, x.shape[-2:])


def _check_weight(x: np.ndarray, weight: Any, groups: Any) -> None:
    weight = checks.array("weight", weight)
    checks.whole_number("groups", groups, 1)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"weight has shape {weight.shape}, not 4 axes of at least 1 each")
    if weight.dtype != x.dtype:
        raise TypeError(f"weight has dtype {weight.dtype}, x has {x.dtype}: make them the same")
    if weight.shape[0] % groups:
        raise ValueError(
            f"groups={groups} does not divide the {weight.shape[0]} channels of weight's first "
            f"axis, shape {weight.shape}"
        )


def _check_bias(x: np.ndarray, bias: Any, channels: int) -> None:
    if bias is None:
        return
    bias = checks.array("bias", bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias has shape {bias.shape}, not ({channels},), one number a channel")
    if bias.dtype != x.dtype:
        raise TypeError(f"bias has dtype {bias.dtype}, x has {x.dtype}: make them the same")


def _axes(
    layers: list[Layer], input_sizes: Iterable[int], output_sizes: Iterable[int]
) -> list[Axis]:
    return [
        Axis(inputs, outputs, arithmetic.taps(inputs, outputs, *layer))
        for layer, inputs, outputs in zip(layers, input_sizes, output_sizes, strict=True)
    ]


def _in_groups(maps: np.ndarray, groups: int) -> np.ndarray:
    """Return maps as (N, groups, channels of a group, H, W), in the dtype in which to add up."""
    channels, *size = maps.shape[-3:]
    return widen(maps).reshape(-1, groups, channels // groups, *size)


def _tap_pairs(axes: list[Axis]) -> Iterator[tuple[tuple, tuple, tuple]]:
    """Yield for each tap of the 2-D kernel the indices of its weights, windows and pixels."""
    for row, column in itertools.product(*(axis.taps for axis in axes)):
        yield (
            (..., row.number, column.number),
            (..., row.windows, column.windows),
            (..., row.positions, column.positions),
        )


def convolve(x: np.ndarray, weight: np.ndarray, axes: list[Axis], groups: int) -> np.ndarray:
    """Return, for each window, the sum of its pixels times the weights."""
    pixels = _in_groups(x, groups)
    weight = widen(weight).reshape(groups, -1, *weight.shape[1:])
    size = [axis.output_size for axis in axes]
    out = np.zeros((len(pixels), *weight.shape[:2], *size), pixels.dtype)
    for tap, outputs, positions in _tap_pairs(axes):
        out[outputs] += _mix(weight[tap], pixels[positions])
    return out.reshape(*x.shape[:-3], math.prod(weight.shape[:2]), *size)


def convolve_transposed(
    y: np.ndarray, weight: np.ndarray, axes: list[Axis], groups: int
) -> np.ndarray:
    """Return, for each pixel, the sum over the windows that read it, times the weights.

    The transpose of `convolve`.
    """
    values = _in_groups(y, groups)
    weight = widen(weight).reshape(groups, -1, *weight.shape[1:])
    channels = weight.shape[2]
    size = [axis.input_size for axis in axes]
    out = np.zeros((len(values), groups, channels, *size), values.dtype)
    for tap, outputs, positions in _tap_pairs(axes):
        out[positions] += _mix(weight[tap].swapaxes(1, 2), values[outputs])
    return out.reshape(*y.shape[:-3], groups * channels, *size)


def weight_gradient(
    many: np.ndarray, few: np.ndarray, weight: np.ndarray, axes: list[Axis], groups: int
) -> np.ndarray:
    """Return the gradient of the weight that joins windows of `many` to the pixels of `few`."""
    pixels, values = _in_groups(many, groups), _in_groups(few, groups)
    grad = np.zeros((groups, weight.shape[0] // groups, *weight.shape[1:]), pixels.dtype)
    for tap, outputs, positions in _tap_pairs(axes):
        grad[tap] = np.einsum("ngohw,ngchw->goc", values[outputs], pixels[positions])
    return grad.reshape(weight.shape).astype(weight.dtype)


def bias_gradient(grad_output: np.ndarray) -> np.ndarray:
    """Return the gradient of the bias, which each output of a channel got once."""
    maps = grad_output.reshape(-1, *grad_output.shape[-3:])
    return widen(maps).sum(axis=(0, 2, 3)).astype(grad_output.dtype)


def _mix(weights: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return the sums of maps (N, groups, m, H, W), times weights (groups, n, m), over m."""
    batch, groups, channels, height, width = maps.shape
    columns = maps.reshape(batch, groups, channels, height * width)
    return (weights @ columns).reshape(batch, groups, weights.shape[1], height, width)
