"""Adaptive pooling: the maximum or the average of each bin, and the transpose of averaging.

Bins of one size, side by side, are windows. Others overlap, and some read a pixel more than the
rest: such a bin is a window of the smaller size, joined with the bin's last pixel. Where there are
more bins than pixels many are alike: each kind is pooled once, and then repeated.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from poolkit import checks
from poolkit.engine import windows
from poolkit.engine.windows import Arrays, Windows


class Bins(NamedTuple):
    """The bins along one axis, alike ones once: where each starts and stops, and how many it is."""

    starts: np.ndarray
    stops: np.ndarray
    repeats: np.ndarray


def output_size(size: tuple[int, int], asked: Any) -> tuple[int, int]:
    """Return how many bins there are along the height and the width of maps of `size`."""
    counts = checks.two("output_size", asked)
    if isinstance(asked, tuple | list):
        counts = tuple(
            pixels if count is None else count for pixels, count in zip(size, counts, strict=True)
        )
    return checks.pair("output_size", counts, 0)


def bins(pixels: int, count: int) -> Bins:
    """Return `count` bins of so many pixels; each is an `arithmetic.adaptive_window`.

    >>> bins(5, 3)
    Bins(starts=array([0, 1, 3]), stops=array([2, 4, 5]), repeats=array([1, 1, 1]))
    """
    numbers = np.arange(count + 1) * pixels
    starts, stops = numbers[:-1] // count, -(-numbers[1:] // count)
    # Neither ever falls from one bin to the next, so their sum stays only where both do.
    new = np.flatnonzero(np.diff(starts + stops, prepend=-1))
    return Bins(starts[new], stops[new], np.diff(new, append=count))


def maximum(x: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Return the largest value of each bin; NaN wins."""
    if sides := _side_by_side(x.shape[-2:], output_size):
        return windows.maximum(x, *sides)
    out = np.empty((*x.shape[:-2], *output_size), x.dtype)
    for maps, height, width in _pieces(x, out):
        by_column = _pool(np.maximum, windows.planes(x)[maps], 1, height)
        found = _pool(np.maximum, by_column, 2, width)
        windows.planes(out)[maps] = _repeated(found, height, width)
    return out


def maximum_and_index(x: np.ndarray, output_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest value of each bin, and its place row * W + column in the map.

    Of equal values the first in reading order counts; of several NaN, the last.
    """
    if sides := _side_by_side(x.shape[-2:], output_size):
        return windows.maximum_and_index(x, *sides)
    best = np.empty((*x.shape[:-2], *output_size), x.dtype)
    index = np.empty(best.shape, np.int64)
    numbers = windows.numbered(x.shape[-2:])
    for maps, height, width in _pieces(x, best):
        pixels = windows.planes(x)[maps]
        places = np.broadcast_to(numbers, pixels.shape)
        # Width first: of equal maxima the first row's then counts, and the first in that row.
        by_row = _pool_with_places(pixels, places, 2, width)
        values, places = _pool_with_places(*by_row, 1, height)
        windows.planes(best)[maps] = _repeated(values, height, width)
        windows.planes(index)[maps] = _repeated(places, height, width)
    return best, index


def average(x: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Return the average of each bin."""
    if sides := _side_by_side(x.shape[-2:], output_size):
        return windows.average(x, *sides, _counts(sides))
    out = np.empty((*x.shape[:-2], *output_size), x.dtype)
    for maps, height, width in _pieces(x, out):
        by_column = _pool(np.add, windows.widen(windows.planes(x)[maps]), 1, height)
        sums = _pool(np.add, by_column, 2, width)
        sums /= np.outer(height.stops - height.starts, width.stops - width.starts)
        windows.planes(out)[maps] = _repeated(sums, height, width)
    return out


def spread(grad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return, for each pixel of maps of `size`, the sum of its bins' shares."""
    if sides := _side_by_side(size, grad.shape[-2:]):
        return windows.spread(grad, *sides, _counts(sides), size)
    # The transpose of `average`: what is summed is the bins' grad over the pixels they read.
    out = np.zeros((*grad.shape[:-2], *size), grad.dtype)
    for maps, height, width in _pieces(out, grad):
        shares = windows.widen(windows.planes(grad)[maps])
        for axis, kinds in ((1, height), (2, width)):
            if kinds.repeats.max() > 1:
                firsts = np.cumsum(kinds.repeats) - kinds.repeats
                shares = np.add.reduceat(shares, firsts, axis)
        shares = shares / np.outer(height.stops - height.starts, width.stops - width.starts)
        windows.planes(out)[maps] = _spread(_spread(shares, 2, width), 1, height)
    return out


def _side_by_side(size: tuple[int, int], output_size: tuple[int, int]) -> list[Windows]:
    """Return the bins as windows, if they divide both axes, and else an empty list."""
    axes = list(zip(size, output_size, strict=True))
    if not all(count and pixels % count == 0 for pixels, count in axes):
        return []
    sizes = [(pixels, pixels // count) for pixels, count in axes]
    return [Windows(range(0, pixels, each), each) for pixels, each in sizes]


def _counts(sides: list[Windows]) -> list[np.ndarray]:
    return [np.full(len(axis.starts), axis.size) for axis in sides]


def _pieces(maps: np.ndarray, binned: np.ndarray) -> Iterator[tuple[slice, Bins, Bins]]:
    """Yield a few maps at a time, and the bins of their axes; nothing where there is no bin."""
    if binned.size:
        axes = list(map(bins, maps.shape[-2:], binned.shape[-2:]))
        for part in windows.maps_at_a_time(windows.planes(maps)):
            yield part, *axes


def _pool(join: np.ufunc, pixels: np.ndarray, axis: int, kinds: Bins) -> np.ndarray:
    """Return join, which is np.maximum or np.add, over each kind of bin along an axis."""
    pixels = np.ascontiguousarray(pixels.swapaxes(1, axis))
    size, longer = _sizes(kinds)
    found = windows.run(join, pixels, size).take(kinds.starts, 1)
    found[:, longer] = join(found[:, longer], pixels.take(kinds.stops[longer] - 1, 1))
    return found.swapaxes(1, axis)


def _pool_with_places(pixels: np.ndarray, places: np.ndarray, axis: int, kinds: Bins) -> Arrays:
    """Return the maximum of each kind of bin along an axis, and its place."""
    both = [np.ascontiguousarray(each.swapaxes(1, axis)) for each in (pixels, places)]
    size, longer = _sizes(kinds)
    found = [run.take(kinds.starts, 1) for run in windows.run(windows.larger, both, size)]
    last = [each.take(kinds.stops[longer] - 1, 1) for each in both]
    joined = windows.larger([each[:, longer] for each in found], last)
    for each, values in zip(found, joined, strict=True):
        each[:, longer] = values
    return [each.swapaxes(1, axis) for each in found]


def _sizes(kinds: Bins) -> tuple[int, np.ndarray]:
    """Return how many pixels the smaller bins read, and the numbers of those that read one more."""
    counts = kinds.stops - kinds.starts
    size = int(counts.min())
    return size, np.flatnonzero(counts > size)


def _repeated(found: np.ndarray, height: Bins, width: Bins) -> np.ndarray:
    """Return what was found for each kind of bin, for each bin."""
    for axis, kinds in ((1, height), (2, width)):
        if kinds.repeats.max() > 1:
            found = np.repeat(found, kinds.repeats, axis)
    return found


def _spread(grad: np.ndarray, axis: int, kinds: Bins) -> np.ndarray:
    """Return, for each pixel along axis, the sum over the kinds of bin that read it."""
    pixels = np.arange(kinds.stops[-1])
    first = np.searchsorted(kinds.stops, pixels, "right")
    readers = np.searchsorted(kinds.starts, pixels, "right") - first
    sums = grad.take(first, axis)
    for number in range(1, readers.max()):
        shared = np.flatnonzero(readers > number)
        sums[windows.at(axis, shared)] += grad.take(first[shared] + number, axis)
    return sums
