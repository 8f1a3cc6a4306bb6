"""Resizing, as what it is: along each axis, an output is a weighted sum of one or two pixels.

A plan says which pixels go into which outputs, with what weights. `resize` follows it from the
pixels to the outputs, `spread` from the outputs back to the pixels: the transposed matrix.
"""

import math
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from poolkit import checks
from poolkit.engine.windows import widen

__all__ = ["Resizing", "maps", "plan", "resize", "spread"]

HEIGHT, WIDTH = -2, -1


class Resizing(NamedTuple):
    """What to do along one axis.

    `sources`: one or two pairs of arrays (outputs,), a pixel for each output, and its weight.
    """

    axis: int
    inputs: int
    outputs: int
    sources: list[tuple[np.ndarray, np.ndarray]]


def maps(x: Any, mode: Any, align_corners: Any) -> np.ndarray:
    """Return x, if it is what interpolate takes in this mode."""
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"mode={mode!r} must be 'nearest' or 'bilinear'")
    if mode == "nearest" and align_corners is not None:
        raise ValueError(f"align_corners={align_corners!r} is for mode='bilinear': leave it out")
    if not (align_corners is None or isinstance(align_corners, bool)):
        raise TypeError(f"align_corners={align_corners!r} must be True, False or None")
    x = checks.maps("x", x, checks.FLOATS if mode == "bilinear" else (*checks.FLOATS, np.uint8))
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, not (N, C, H, W): write x[None]")
    return x


def plan(
    x: np.ndarray, size: Any, scale_factor: Any, mode: str, align_corners: bool | None
) -> list[Resizing]:
    """Return what to do along each axis of x, and along which first.

    An axis that shrinks comes before one that grows, so that no array on the way is larger than
    what comes in or what goes out.
    """
    dtype = widen(x[:0]).dtype
    axes = []
    for axis, (outputs, ratio) in zip((HEIGHT, WIDTH), _sizes(x, size, scale_factor), strict=True):
        inputs = x.shape[axis]
        if mode == "nearest":
            sources = [(_nearest(inputs, outputs, ratio), np.ones(outputs, dtype))]
        else:
            sources = _bilinear(inputs, outputs, ratio, bool(align_corners), dtype)
        axes.append(Resizing(axis, inputs, outputs, sources))
    return sorted(axes, key=lambda step: step.outputs / step.inputs)


def resize(x: np.ndarray, steps: list[Resizing]) -> np.ndarray:
    """Return x with each output the weighted sum of its pixels.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out)
    """
    out = widen(x)
    for axis, _, _, sources in steps:
        out = sum(out.take(pixels, axis) * _along(axis, weight) for pixels, weight in sources)
    return out.astype(x.dtype)


def spread(grad: np.ndarray, steps: list[Resizing]) -> np.ndarray:
    """Return, for each pixel, the sum over the outputs that read it, times the weights.

    The transpose of `resize`.

    Shape: (N, C, H_out, W_out) -> (N, C, H, W)
    """
    out = widen(grad)
    for axis, inputs, _, sources in reversed(steps):
        shape = list(out.shape)
        shape[axis] = inputs
        before = np.zeros(shape, out.dtype)
        for pixels, weights in sources:
            where = (..., pixels, slice(None)) if axis == HEIGHT else (..., pixels)
            # Not +=, which adds only once where a pixel is read several times.
            np.add.at(before, where, out * _along(axis, weights))
        out = before
    return out.astype(grad.dtype)


def _along(axis: int, values: np.ndarray) -> np.ndarray:
    """Return 1-D values in a shape that varies along one axis."""
    return values[:, np.newaxis] if axis == HEIGHT else values


def _sizes(x: np.ndarray, size: Any, scale_factor: Any) -> list[tuple[int, float]]:
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
        if inputs * factor >= 2**63:
            raise MemoryError(f"scale_factor={factor} asks for more numbers than any memory holds")
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
