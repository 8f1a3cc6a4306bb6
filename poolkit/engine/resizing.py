"""Resizing, and its transpose: each output a weighted sum of one pixel or two along each axis."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from poolkit import checks
from poolkit.engine.windows import at, widen

HEIGHT, WIDTH = 2, 3


class Axis(NamedTuple):
    """How to resize one axis; `ratio` is how many input pixels there are for one output pixel."""

    input_size: int
    output_size: int
    ratio: float
    mode: str
    align_corners: bool | None

    def sources(self, dtype: np.dtype) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the pixels to add up: of each source one for each output, with its weight."""
        if self.mode == "nearest":
            return [(self._nearest(), np.ones(self.output_size, dtype))]
        return self._bilinear(dtype)

    def _nearest(self) -> np.ndarray:
        # torch answers the first two cases without the ratio, which matters when a scale_factor
        # like 1.1 leads to them; it computes the rest in float32.
        numbers = np.arange(self.output_size)
        if self.output_size == self.input_size:
            return numbers
        if self.output_size == 2 * self.input_size:
            return numbers // 2
        pixels = numbers.astype(np.float32) * np.float32(self.ratio)
        # Beyond 2 ** 24 outputs, float32 can round up to a pixel past the last.
        return np.minimum(pixels.astype(np.int64), self.input_size - 1)

    def _bilinear(self, dtype: np.dtype) -> list[tuple[np.ndarray, np.ndarray]]:
        inputs, outputs = self.input_size, self.output_size
        numbers = np.arange(outputs, dtype=dtype)
        if outputs == inputs:
            place = numbers
        elif self.align_corners:
            place = numbers * dtype.type((inputs - 1) / max(outputs - 1, 1))
        else:
            # Pixel i is centred at i + 0.5; left of the first centre, the first pixel is repeated.
            place = np.maximum((numbers + 0.5) * dtype.type(self.ratio) - 0.5, 0)
        before = np.minimum(place.astype(np.int64), inputs - 1)  # the guard is as in _nearest
        # Each output reads two pixels, even where the second has no share (and makes NaN of inf).
        after = before if outputs == inputs else np.minimum(before + 1, inputs - 1)
        share = (place - before).astype(dtype)
        return [(before, 1 - share), (after, share)]


def axes(x: np.ndarray, size, scale_factor, mode, align_corners) -> tuple[Axis, Axis]:
    """Check the arguments of interpolate; return what to do along the height and the width."""
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"mode={mode!r} must be 'nearest' or 'bilinear'")
    if mode == "nearest" and align_corners is not None:
        raise ValueError(f"align_corners={align_corners!r} is for mode='bilinear': leave it out")
    if not (align_corners is None or isinstance(align_corners, bool)):
        raise TypeError(f"align_corners={align_corners!r} must be True, False or None")
    if mode == "bilinear":
        checks.maps("x", x, checks.FLOATS)
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, not (N, C, H, W): write x[None]")
    height, width = (
        Axis(inputs, outputs, ratio, mode, align_corners)
        for inputs, (outputs, ratio) in zip(
            x.shape[-2:], _sizes(x.shape[-2:], size, scale_factor), strict=True
        )
    )
    return height, width


def _sizes(shape: tuple[int, int], size, scale_factor) -> list[tuple[int, float]]:
    """Return, for height and width, the output size and the input pixels for one output pixel."""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"size={size!r} and scale_factor={scale_factor!r}: give one of them, not "
            f"{'none' if size is None else 'both'}"
        )
    if size is not None:
        pairs = zip(shape, checks.pair("size", size, 1), strict=True)
        return [(outputs, inputs / outputs) for inputs, outputs in pairs]
    sizes = []
    for inputs, factor in zip(shape, checks.two("scale_factor", scale_factor), strict=True):
        factor = checks.real_number("scale_factor", factor)
        if not 0 < factor < math.inf:
            raise ValueError(f"scale_factor={factor} must be above 0 and finite")
        if inputs * factor >= 2**63:
            raise ValueError(
                f"scale_factor={factor} makes more than 2 ** 63 pixels of {inputs}, as no index is"
            )
        outputs = int(inputs * factor)
        if outputs == 0:
            raise ValueError(f"scale_factor={factor} leaves no pixel of {inputs}")
        sizes.append((outputs, 1 / factor))
    return sizes


def resize(x: np.ndarray, height: Axis, width: Axis) -> np.ndarray:
    """Return, for each output, the sum of its sources times their weights."""
    # Asked for first, so that what does not fit into memory fails at once.
    out = np.empty((*x.shape[:-2], height.output_size, width.output_size), x.dtype)
    if out.size:
        maps = widen(x)
        for number, axis in _smaller_first(height, width):
            maps = sum(
                maps[at(number, pixels)] * _along(number, weights)
                for pixels, weights in axis.sources(maps.dtype)
            )
        out[...] = maps
    return out


def resize_transposed(grad: np.ndarray, height: Axis, width: Axis) -> np.ndarray:
    """Return, for each pixel, the sum over the outputs that read it, times its weights there."""
    dtype = grad.dtype
    if not grad.size:
        return np.zeros((*grad.shape[:-2], height.input_size, width.input_size), dtype)
    for number, axis in reversed(list(_smaller_first(height, width))):
        grad = widen(grad)
        shape = list(grad.shape)
        shape[number] = axis.input_size
        grad_before = np.zeros(shape, grad.dtype)
        for pixels, weights in axis.sources(grad.dtype):
            # += adds only once where a pixel is read several times.
            np.add.at(grad_before, at(number, pixels), grad * _along(number, weights))
        grad = grad_before
    return grad.astype(dtype)


def _smaller_first(height: Axis, width: Axis) -> Iterator[tuple[int, Axis]]:
    """Yield both axes, first the one that grows less, so that the maps between are no larger."""
    pair = [(HEIGHT, height), (WIDTH, width)]
    yield from sorted(pair, key=lambda axis: axis[1].output_size / axis[1].input_size)


def _along(axis: int, values: np.ndarray) -> np.ndarray:
    """Return 1-D values in a shape that varies along one axis."""
    return values[:, np.newaxis] if axis == HEIGHT else values
