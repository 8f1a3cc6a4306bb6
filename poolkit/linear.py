"""Resizing and convolution, as what they are: each output a weighted sum of a few pixels.

A plan says which pixels go into which outputs, with what weights. `functional` follows it from
the pixels to the outputs, `gradients` from the outputs back to the pixels: the transposed matrix.
Here, too, NumPy takes all the outputs at once, in a loop over the *taps* of a kernel.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Layer, Tap
from poolkit.windows import widen

__all__ = [
    "Axis",
    "along",
    "at",
    "convolution_axes",
    "convolve",
    "convolve_transposed",
    "in_groups",
    "interpolation",
    "tap_pairs",
    "transposed_axes",
]

HEIGHT, WIDTH = -2, -1


class Axis(NamedTuple):
    """How the taps of a convolution join the pixels of one axis to its outputs."""

    input_size: int
    output_size: int
    taps: list[Tap]


def at(axis: int, part: Any) -> tuple:
    """Return the index of a part of one axis and all of the others."""
    return (..., part, slice(None)) if axis == HEIGHT else (..., part)


def along(axis: int, values: np.ndarray) -> np.ndarray:
    """Return 1-D values in a shape that varies along one axis."""
    return values[:, np.newaxis] if axis == HEIGHT else values


# Resizing.


def interpolation(
    x: Any, size: Any, scale_factor: Any, mode: Any, align_corners: Any
) -> list[tuple[int, list[tuple[np.ndarray, np.ndarray]]]]:
    """Check the arguments of interpolate and return what to do along each axis.

    An output is the sum of one or two sources: a pixel for each output, times a weight for each.
    """
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"mode={mode!r} must be 'nearest' or 'bilinear'")
    if mode == "nearest" and align_corners is not None:
        raise ValueError(f"align_corners={align_corners!r} is for mode='bilinear': leave it out")
    if not (align_corners is None or isinstance(align_corners, bool)):
        raise TypeError(f"align_corners={align_corners!r} must be True, False or None")
    x = checks.maps("x", x, checks.FLOATS if mode == "bilinear" else (*checks.FLOATS, np.uint8))
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, not (N, C, H, W): write x[None]")
    dtype = widen(x).dtype
    plan = []
    for axis, (outputs, ratio) in zip(
        (HEIGHT, WIDTH), _interpolated_sizes(x, size, scale_factor), strict=True
    ):
        inputs = x.shape[axis]
        if mode == "nearest":
            sources = [(_nearest(inputs, outputs, ratio), np.ones(outputs, dtype))]
        else:
            sources = _bilinear(inputs, outputs, ratio, bool(align_corners), dtype)
        plan.append((axis, sources))
    return plan


def _interpolated_sizes(x: np.ndarray, size: Any, scale_factor: Any) -> list[tuple[int, float]]:
    """Return, for height and width, the output size and the input pixels for one output pixel."""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"size={size!r} and scale_factor={scale_factor!r}: give one of them, not "
            f"{'none' if size is None else 'both'}"
        )
    if size is not None:
        pairs = zip(x.shape[-2:], checks.pair("size", size, 1), strict=True)
        return [(outputs, inputs / outputs) for inputs, outputs in pairs]
    sizes = []
    for inputs, factor in zip(x.shape[-2:], checks.two("scale_factor", scale_factor), strict=True):
        if isinstance(factor, bool) or not isinstance(factor, Real):
            raise TypeError(
                f"scale_factor={factor!r} must be a number, not {type(factor).__name__}"
            )
        if not 0 < factor < math.inf:
            raise ValueError(f"scale_factor={factor} must be above 0 and finite")
        factor = float(factor)
        outputs = int(inputs * factor)
        if outputs == 0:
            raise ValueError(f"scale_factor={factor} leaves no pixel of {inputs}")
        sizes.append((outputs, 1 / factor))
    return sizes


def _nearest(inputs: int, outputs: int, ratio: float) -> np.ndarray:
    # torch answers the first two cases without the ratio, which matters when a scale_factor like
    # 1.1 leads to them; it computes the rest in float32.
    numbers = np.arange(outputs)
    if outputs == inputs:
        return numbers
    if outputs == 2 * inputs:
        return numbers // 2
    pixels = numbers.astype(np.float32) * np.float32(ratio)
    # Beyond 2 ** 24 outputs, float32 can round up to a pixel past the last.
    return np.minimum(pixels.astype(np.int64), inputs - 1)


def _bilinear(
    inputs: int, outputs: int, ratio: float, align_corners: bool, dtype: np.dtype
) -> list[tuple[np.ndarray, np.ndarray]]:
    numbers = np.arange(outputs, dtype=dtype)
    if outputs == inputs:
        place = numbers
    elif align_corners:
        place = numbers * dtype.type((inputs - 1) / max(outputs - 1, 1))
    else:
        # Pixel i is centred at i + 0.5; left of the first centre, the first pixel is repeated.
        place = np.maximum((numbers + 0.5) * dtype.type(ratio) - 0.5, 0)
    before = np.minimum(place.astype(np.int64), inputs - 1)  # the guard is as in _nearest
    # Each output reads two pixels, even where the second has no share (and makes NaN of an inf).
    after = before if outputs == inputs else np.minimum(before + 1, inputs - 1)
    share = (place - before).astype(dtype)
    return [(before, 1 - share), (after, share)]


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
    checks.convolution_weight(x, weight, groups)
    checks.convolution_bias(x, bias, weight.shape[0])
    if x.shape[-3] != weight.shape[1] * groups:
        raise ValueError(
            f"weight has shape {weight.shape}: with groups={groups} that is for "
            f"{weight.shape[1] * groups} channels, but x has {x.shape[-3]}"
        )
    layers = checks.layers(weight.shape[2:], stride, padding, dilation)
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
    checks.convolution_weight(x, weight, groups)
    checks.convolution_bias(x, bias, weight.shape[1] * groups)
    if x.shape[-3] != weight.shape[0]:
        raise ValueError(
            f"weight has shape {weight.shape}: that is for {weight.shape[0]} channels, "
            f"but x has {x.shape[-3]}"
        )
    layers = checks.layers(weight.shape[2:], stride, padding, dilation)
    sizes = [
        arithmetic.conv_transpose_output_size(
            size, layer.kernel_size, layer.stride, layer.padding, extra, layer.dilation
        )
        for size, layer, extra in zip(
            x.shape[-2:], layers, checks.pair("output_padding", output_padding), strict=True
        )
    ]
    return _axes(layers, sizes, x.shape[-2:])


def _axes(
    layers: list[Layer], input_sizes: Iterable[int], output_sizes: Iterable[int]
) -> list[Axis]:
    return [
        Axis(inputs, outputs, arithmetic.taps(inputs, outputs, *layer))
        for layer, inputs, outputs in zip(layers, input_sizes, output_sizes, strict=True)
    ]


def in_groups(maps: np.ndarray, groups: int) -> np.ndarray:
    """Return maps as (N, groups, channels of a group, H, W), in the dtype in which to add up."""
    channels, *size = maps.shape[-3:]
    return widen(maps).reshape(-1, groups, channels // groups, *size)


def tap_pairs(axes: list[Axis]) -> Iterator[tuple[tuple, tuple, tuple]]:
    """Yield for each tap of the 2-D kernel the indices of its weights, windows and pixels."""
    for row, column in itertools.product(*(axis.taps for axis in axes)):
        yield (
            (..., row.number, column.number),
            (..., row.windows, column.windows),
            (..., row.positions, column.positions),
        )


def convolve(x: np.ndarray, weight: np.ndarray, axes: list[Axis], groups: int) -> np.ndarray:
    """Return, for each window, the sum of its pixels times the weights."""
    pixels = in_groups(x, groups)
    weight = widen(weight).reshape(groups, -1, *weight.shape[1:])
    size = [axis.output_size for axis in axes]
    out = np.zeros((len(pixels), *weight.shape[:2], *size), pixels.dtype)
    for tap, windows, positions in tap_pairs(axes):
        out[windows] += _mix(weight[tap], pixels[positions])
    return out.reshape(*x.shape[:-3], math.prod(weight.shape[:2]), *size)


def convolve_transposed(
    y: np.ndarray, weight: np.ndarray, axes: list[Axis], groups: int
) -> np.ndarray:
    """Return, for each pixel, the sum over the windows that read it, times the weights."""
    values = in_groups(y, groups)
    weight = widen(weight).reshape(groups, -1, *weight.shape[1:])
    channels = weight.shape[2]
    size = [axis.input_size for axis in axes]
    out = np.zeros((len(values), groups, channels, *size), values.dtype)
    for tap, windows, positions in tap_pairs(axes):
        out[positions] += _mix(weight[tap].swapaxes(1, 2), values[windows])
    return out.reshape(*y.shape[:-3], groups * channels, *size)


def _mix(weights: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return the sums of maps (N, groups, m, H, W), times weights (groups, n, m), over m."""
    batch, groups, channels, height, width = maps.shape
    columns = maps.reshape(batch, groups, channels, height * width)
    return (weights @ columns).reshape(batch, groups, weights.shape[1], height, width)
