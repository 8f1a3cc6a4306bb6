"""Adaptive pooling: bins of two sizes that cover an axis, computed like windows, in two passes.

Where more bins than pixels are asked for, many bins are the same. Each is computed once, and then
copied to all of its places: so the work is in proportion to what goes in and what comes out.
"""

from typing import Any, NamedTuple

import numpy as np

from poolkit import checks
from poolkit.engine import windows
from poolkit.engine.windows import Join, Windows, widen

__all__ = ["Bins", "adaptive", "average", "maximum", "maximum_and_index", "spread"]


class Bins(NamedTuple):
    """The bins along one axis: those that differ, in order, and which of them each output is.

    Shape: `starts` and `stops`, the pixels from the first of each bin to the one after its last,
    (D,); `places` (outputs,), None if no two outputs have the same bin.
    """

    starts: np.ndarray
    stops: np.ndarray
    places: np.ndarray | None

    @property
    def outputs(self) -> int:
        """How many bins were asked for."""
        return len(self.starts if self.places is None else self.places)

    @property
    def equal(self) -> bool:
        """Whether they lie side by side, all of one size: then they are windows."""
        return self.places is None and self.outputs > 0 and self.stops[-1] % self.outputs == 0

    def as_windows(self) -> Windows:
        """Return bins that are equal as windows."""
        size, pixels = int(self.stops[0]), int(self.stops[-1])
        return Windows(range(0, pixels, size), size)


def adaptive(size: tuple[int, int], output_size: Any) -> list[Bins]:
    """Return the bins of adaptive pooling along the height and the width of `size`.

    >>> height, width = adaptive((5, 4), (3, None))
    >>> height.starts.tolist(), height.stops.tolist()
    ([0, 1, 3], [2, 4, 5])
    """
    asked = checks.two("output_size", output_size)
    if isinstance(output_size, tuple | list):
        asked = [pixels if bins is None else bins for pixels, bins in zip(size, asked, strict=True)]
    return [
        _bins(pixels, checks.whole_number("output_size", outputs, 0))
        for pixels, outputs in zip(size, asked, strict=True)
    ]


def _bins(pixels: int, outputs: int) -> Bins:
    if pixels * (outputs + 1) >= 2**63:
        raise MemoryError(f"output_size={outputs} asks for more numbers than any memory holds")
    # The bins of `arithmetic.adaptive_window`, all at once: rounded down, and rounded up.
    cuts = np.arange(outputs + 1) * pixels
    starts, stops = cuts[:-1] // max(outputs, 1), -(-cuts[1:] // max(outputs, 1))
    if outputs <= pixels:
        return Bins(starts, stops, None)
    new = np.ones(outputs, bool)
    new[1:] = (np.diff(starts) != 0) | (np.diff(stops) != 0)
    return Bins(starts[new], stops[new], np.cumsum(new) - 1)


def maximum(x: np.ndarray, height: Bins, width: Bins) -> np.ndarray:
    """Return the largest value of each bin; NaN wins.

    Shape: (..., H, W) -> (..., height.outputs, width.outputs)
    """
    if height.equal and width.equal:
        return windows.maximum(x, height.as_windows(), width.as_windows())
    pixels, found = windows.planes(x), _empty_output(x, height, width, x.dtype)
    for maps in windows.maps_at_a_time(pixels):
        (found[maps],) = _pool(windows.largest, [pixels[maps]], height, width)
    return _copied(found, height, width).reshape(_output_shape(x, height, width))


def maximum_and_index(x: np.ndarray, height: Bins, width: Bins) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest value of each bin, and its place row * W + column in the map.

    Of equal values the first in reading order counts; of several NaN, the last.

    Shape: (..., H, W) -> (..., height.outputs, width.outputs) twice
    """
    pixels = windows.planes(x)
    values, index = (_empty_output(x, height, width, dtype) for dtype in (x.dtype, np.int64))
    starts = np.add.outer(height.starts * x.shape[-1], width.starts)
    for maps in windows.maps_at_a_time(pixels):
        places = np.zeros(pixels[maps].shape, np.int64)
        # Width first: of equal maxima the first row's then counts, and the first in that row.
        by_row = _pass(windows.larger, [pixels[maps], places], 2, width, 1)
        values[maps], offsets = _pass(windows.larger, by_row, 1, height, x.shape[-1])
        np.add(offsets, starts, out=index[maps])
    shape = _output_shape(x, height, width)
    return tuple(_copied(found, height, width).reshape(shape) for found in (values, index))


def average(x: np.ndarray, height: Bins, width: Bins) -> np.ndarray:
    """Return the mean of each bin.

    Shape: (..., H, W) -> (..., height.outputs, width.outputs)
    """
    if height.equal and width.equal:
        sizes = [bins.stops - bins.starts for bins in (height, width)]
        return windows.average(x, height.as_windows(), width.as_windows(), sizes)
    pixels, means = windows.planes(x), _empty_output(x, height, width, x.dtype)
    divisor = _counts(height, width).astype(widen(x[:0]).dtype)
    for maps in windows.maps_at_a_time(pixels):
        (sums,) = _pool(windows.total, [widen(pixels[maps])], height, width)
        np.divide(sums, divisor, out=means[maps], casting="same_kind")
    return _copied(means, height, width).reshape(_output_shape(x, height, width))


def spread(grad: np.ndarray, height: Bins, width: Bins, size: tuple[int, int]) -> np.ndarray:
    """Return, for each pixel of maps of `size`, the sum over the bins that read it.

    The transpose of `average`: what is summed is the bins' grad over their number of pixels.

    Shape: (..., height.outputs, width.outputs) -> (..., *size)
    """
    shares = widen(windows.planes(grad))
    # Gather the outputs of each bin first: they may be many more than the bins.
    for axis, bins in ((1, height), (2, width)):
        if bins.places is not None:
            first = np.flatnonzero(np.diff(bins.places, prepend=-1))
            shares = np.add.reduceat(shares, first, axis) if len(first) else shares
    shares = shares / _counts(height, width).astype(shares.dtype)
    for axis, bins, pixels in ((1, height, size[0]), (2, width, size[1])):
        shares = _spread(shares, axis, bins, pixels)
    return shares.astype(grad.dtype, copy=False).reshape(*grad.shape[:-2], *size)


def _counts(height: Bins, width: Bins) -> np.ndarray:
    return np.outer(height.stops - height.starts, width.stops - width.starts)


def _empty_output(x: np.ndarray, height: Bins, width: Bins, dtype: type) -> np.ndarray:
    return np.empty((len(windows.planes(x)), len(height.starts), len(width.starts)), dtype)


def _output_shape(x: np.ndarray, height: Bins, width: Bins) -> tuple[int, ...]:
    return (*x.shape[:-2], height.outputs, width.outputs)


def _copied(found: np.ndarray, height: Bins, width: Bins) -> np.ndarray:
    """Return the value of each bin at all of its places."""
    for axis, bins in ((1, height), (2, width)):
        if bins.places is not None:
            found = found.take(bins.places, axis)
    return found


def _pool(join: Join, arrays: list[np.ndarray], height: Bins, width: Bins) -> list[np.ndarray]:
    return _pass(join, _pass(join, arrays, 1, height), 2, width)


def _pass(
    join: Join, arrays: list[np.ndarray], axis: int, bins: Bins, distance: int = 0
) -> list[np.ndarray]:
    """Return join over each bin along the height (axis 1) or the width (axis 2).

    The shorter bins are runs of pixels; the longer ones have one more, which is joined to them.
    """
    # Along the width, rows end to end would be faster, but bins that differ do not repeat.
    arrays = [np.moveaxis(array, axis, 1) for array in arrays]
    if not len(bins.starts):
        return [np.moveaxis(array[:, :0], 1, axis) for array in arrays]
    lengths = bins.stops - bins.starts
    size = int(lengths.min())
    found = [run[:, bins.starts] for run in windows.run(join, arrays, size, 1, distance)]
    longer = np.flatnonzero(lengths > size)
    if len(longer):
        last = bins.starts[longer] + size
        joined = join(
            [part[:, longer] for part in found],
            [array[:, last] for array in arrays],
            size * distance,
        )
        for part, values in zip(found, joined, strict=True):
            part[:, longer] = values
    return [np.moveaxis(part, 1, axis) for part in found]


def _spread(shares: np.ndarray, axis: int, bins: Bins, pixels: int) -> np.ndarray:
    shares = np.moveaxis(shares, axis, 1)
    sums = np.zeros((shares.shape[0], pixels, *shares.shape[2:]), shares.dtype)
    for i, (start, stop) in enumerate(zip(bins.starts, bins.stops, strict=True)):
        sums[:, start:stop] += shares[:, i : i + 1]
    return np.moveaxis(sums, 1, axis)
