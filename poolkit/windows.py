"""The engine of pooling: the maximum or the average of every window, at the cost of a few copies.

Three ideas, each of them a step of lesson 04:

- A 2-D window is a column of rows. So one axis is pooled first and then the other: a window costs
  k + k pixels, not k * k.
- A window of k pixels is two windows of half as many. So about log2(k) steps over a whole array
  give the windows that start at *every* pixel; those that the stride asks for are kept.
- Memory is slow, and the cache is fast but small. So all of this is done for a few maps at a time,
  or for a few rows of a large map. Padding, too, is only ever added to these few.
"""

import math
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Layer, switch, whole_number

__all__ = [
    "Windows",
    "adaptive",
    "average",
    "divisors",
    "like_ieee",
    "maximum",
    "maximum_and_index",
    "scatter",
    "sliding",
    "spread",
    "widen",
]

# torch computes inf and NaN without a word; NumPy would print a warning into the notebook.
like_ieee = np.errstate(over="ignore", invalid="ignore", divide="ignore")

# How much is worked on at a time: with its intermediate results it should fit the caches of a
# core. Of sizes from 128 KiB to 2 MiB, this one was the fastest, or within an eighth of it, for
# each pooling of the benchmark.
_PIECE_BYTES = 2**19

# Maps with so many values are scattered one by one: a single map stays in the innermost cache, and
# its indices need not be counted on from those of the maps before. For fewer, calls cost more.
_MANY_VALUES = 512


class Windows(NamedTuple):
    """The windows along one axis, and the pixels each of them reads.

    `starts`: the first position of each; below 0 is padding. `size`: how many pixels each reads;
    `spacing`: how far these are apart. `longer`: the numbers of the windows that read one pixel
    more, as some bins of adaptive pooling do.
    """

    starts: range | list[int]
    size: int
    spacing: int = 1
    longer: tuple[int, ...] = ()

    @property
    def span(self) -> int:
        """The pixels from the first that a window, if not a longer one, reads to its last."""
        return (self.size - 1) * self.spacing + 1

    @property
    def stop(self) -> int:
        """The position after the last that any window reads."""
        # The last bin of adaptive pooling is never one of the longer ones.
        return self.starts[-1] + self.span

    def moved(self, distance: int) -> Self:
        """Return the windows with each start `distance` further on."""
        if not isinstance(self.starts, range):
            return self._replace(starts=[start + distance for start in self.starts])
        first, stop, step = self.starts.start, self.starts.stop, self.starts.step
        return self._replace(starts=range(first + distance, stop + distance, step))

    @property
    def first_pixels(self) -> list[int]:
        """The first position that each window reads and that is not in the padding before it."""
        return [start if start >= 0 else start % self.spacing for start in self.starts]

    @property
    def counts(self) -> np.ndarray:
        """How many pixels each window reads, those in the padding included."""
        counts = np.full(len(self.starts), self.size)
        counts[list(self.longer)] += 1
        return counts


def sliding(size: tuple[int, int], layers: list[Layer], ceil_mode: bool) -> list[Windows]:
    """Return the windows that a layer slides over the height and over the width of `size`.

    >>> sliding((5, 4), [Layer(3, 2, 1), Layer(2, 2)], ceil_mode=False)
    [Windows(starts=range(-1, 5, 2), size=3, spacing=1, longer=()), \
Windows(starts=range(0, 4, 2), size=2, spacing=1, longer=())]
    """
    axes = []
    for pixels, layer in zip(size, layers, strict=True):
        outputs = arithmetic.output_size(pixels, *layer, ceil_mode=ceil_mode)
        stop = outputs * layer.stride - layer.padding
        starts = range(-layer.padding, stop, layer.stride)
        axes.append(Windows(starts, layer.kernel_size, layer.dilation))
    return axes


def adaptive(size: tuple[int, int], output_size: Any) -> list[Windows]:
    """Return the bins of adaptive pooling along the height and the width of `size`.

    >>> adaptive((5, 4), (3, None))[0]
    Windows(starts=[0, 1, 3], size=2, spacing=1, longer=(1,))
    """
    asked = checks.two("output_size", output_size)
    if isinstance(output_size, tuple | list):
        asked = [pixels if bins is None else bins for pixels, bins in zip(size, asked, strict=True)]
    return [
        _bins(pixels, whole_number("output_size", outputs, 0))
        for pixels, outputs in zip(size, asked, strict=True)
    ]


def _bins(input_size: int, output_size: int) -> Windows:
    if output_size and input_size % output_size == 0:
        size = input_size // output_size
        return Windows(range(0, input_size, size), size)
    bins = [arithmetic.adaptive_window(i, input_size, output_size) for i in range(output_size)]
    size = min(map(len, bins), default=1)
    longer = tuple(i for i, pixels in enumerate(bins) if len(pixels) > size)
    return Windows([pixels.start for pixels in bins], size, longer=longer)


def divisors(
    size: tuple[int, int],
    layers: list[Layer],
    axes: list[Windows],
    count_include_pad: bool,
    divisor_override: int | None,
) -> list[np.ndarray]:
    """Return the factors, (H_out,) and (W_out,), of what avg_pool2d divides each sum by."""
    switch("count_include_pad", count_include_pad)
    if divisor_override is not None:
        if whole_number("divisor_override", divisor_override) == 0:
            raise ValueError("divisor_override=0 must be another number: the sum is divided by it")
        height, width = (len(axis.starts) for axis in axes)
        return [np.full(height, divisor_override), np.ones(width, int)]
    factors = []
    for pixels, layer, axis in zip(size, layers, axes, strict=True):
        counts = axis.counts
        for i, start in enumerate(axis.starts):
            if start < 0 or start + axis.size > pixels:
                counts[i] = arithmetic.average_divisor(
                    i, pixels, *layer[:3], count_include_pad=count_include_pad
                )
        factors.append(counts)
    return factors


def maximum(x: np.ndarray, height: Windows, width: Windows) -> np.ndarray:
    """Return the largest value of each window; NaN wins.

    Shape: (..., H, W) -> (..., H_out, W_out)
    """
    out = _empty_output(x, height, width, x.dtype)
    to_maps = _planes(out)
    for part, pixels, rows in _pieces(x, height, width):
        to_maps[part] = _join(np.maximum, _join(np.maximum, pixels, 1, rows), 2, width)
    return out


def average(
    x: np.ndarray, height: Windows, width: Windows, divisors: list[np.ndarray]
) -> np.ndarray:
    """Return the sum of each window over the product of its row's and its column's divisor.

    Halving keeps the sums accurate, too: a pixel is rounded about log2(k) times, not k. Differences
    of running sums would need fewer additions, but lose digits, and spread an inf or a NaN to
    windows that do not hold it.

    Shape: (..., H, W) -> (..., H_out, W_out)
    """
    out = _empty_output(x, height, width, x.dtype)
    to_maps = _planes(out)
    down, across = (factor.astype(widen(out[:0]).dtype) for factor in divisors)
    for part, pixels, rows in _pieces(x, height, width):
        total = _join(np.add, _join(np.add, widen(pixels), 1, rows), 2, width)
        _divide(total, np.outer(down[part[1]], across), to_maps[part])
    return out


def maximum_and_index(
    x: np.ndarray, height: Windows, width: Windows
) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest value of each window, and its place row * W + column in the map.

    Of equal values the first in reading order counts; of several NaN, the last.

    Shape: (..., H, W) -> (..., H_out, W_out) twice
    """
    best = _empty_output(x, height, width, x.dtype)
    index = _empty_output(x, height, width, np.int64)
    to_best, to_index = _planes(best), _planes(index)
    starts, first_pixels = (
        np.add.outer(np.multiply(down, x.shape[-1]), across)
        for down, across in (
            (height.starts, width.starts),
            (height.first_pixels, width.first_pixels),
        )
    )
    places = np.min_scalar_type((height.span + 1) * x.shape[-1] + width.span)
    for part, pixels, rows in _pieces(x, height, width):
        # Width first: of equal maxima the first row's then counts, and the first in that row.
        by_row = _join_with_places(pixels, np.zeros(pixels.shape, places), 2, width, 1)
        by_row = map(np.ascontiguousarray, by_row)
        values, offsets = _join_with_places(*by_row, 1, rows, x.shape[-1])
        to_best[part] = values
        np.add(offsets, starts[part[1]], out=to_index[part])
        # Padding wins only where all pixels are as low as it is: then the first of them counts.
        if min(height.starts[0], width.starts[0]) < 0:
            nothing_won = values == _lowest(x.dtype)
            np.copyto(to_index[part], first_pixels[part[1]], where=nothing_won)
    return best, index


def spread(
    grad: np.ndarray,
    height: Windows,
    width: Windows,
    divisors: list[np.ndarray],
    size: tuple[int, int],
) -> np.ndarray:
    """Return, for each pixel of maps of `size`, the sum over the windows that read it.

    What is summed is the windows' grad over their divisors, as in `average`.

    Shape: (..., H_out, W_out) -> (..., *size)
    """
    out = np.empty((*grad.shape[:-2], *size), grad.dtype)
    to_maps, from_maps = _planes(out), _planes(grad)
    divisor = np.outer(*divisors).astype(widen(grad).dtype)
    for maps in _maps_at_a_time(to_maps):
        by_row = _spread(widen(from_maps[maps]) / divisor, 2, width, size[1])
        to_maps[maps] = _spread(by_row, 1, height, size[0])
    return out


def scatter(
    values: np.ndarray, indices: np.ndarray, size: tuple[int, int], *, add: bool
) -> np.ndarray:
    """Return maps of zeros with each value put at its index, or added to what is there.

    Where an index is repeated and `add` is False, the last value in reading order stays.

    Raises: ValueError for an index that is not one of a pixel.
    Shape: (..., h, w) twice -> (..., *size)
    """
    checks.within(indices, size)
    summands = widen(values)
    out = np.zeros((*values.shape[:-2], *size), summands.dtype)
    lines = _lines(out), _lines(indices), _lines(summands)
    # Not +=, which adds only once where an index is repeated.
    put = np.add.at if add else operator.setitem
    few_values = lines[1].shape[1] < _MANY_VALUES
    for pixels, places, new in _end_to_end(*lines) if few_values else zip(*lines, strict=True):
        put(pixels, places, new)
    return out.astype(values.dtype, copy=False)


def _planes(maps: np.ndarray) -> np.ndarray:
    """Return (..., H, W) as (maps, H, W): a view, where the layout in memory allows one."""
    return maps.reshape(math.prod(maps.shape[:-2]), *maps.shape[-2:])


def _lines(maps: np.ndarray) -> np.ndarray:
    """Return (..., H, W) as (maps, H * W): a view, where the layout in memory allows one."""
    return maps.reshape(math.prod(maps.shape[:-2]), math.prod(maps.shape[-2:]))


def widen(x: np.ndarray) -> np.ndarray:
    """Return x in the dtype in which to add it up."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _lowest(dtype: np.dtype) -> np.generic:
    return dtype.type(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min)


def _divide(total: np.ndarray, divisor: np.ndarray, out: np.ndarray) -> None:
    if total.dtype.kind == "f":
        np.divide(total, divisor, out=out, casting="same_kind")
    else:
        # Towards zero, as C divides integers; // rounds down.
        out[...] = np.sign(total) * np.sign(divisor) * (np.abs(total) // np.abs(divisor))


# Piece by piece.


def _empty_output(x: np.ndarray, height: Windows, width: Windows, dtype: type) -> np.ndarray:
    return np.empty((*x.shape[:-2], len(height.starts), len(width.starts)), dtype)


def _maps_at_a_time(maps: np.ndarray) -> Iterator[slice]:
    count, *size = maps.shape
    step = max(1, _PIECE_BYTES // max(1, math.prod(size) * maps.itemsize))
    for first in range(0, count, step):
        yield slice(first, first + step)


def _end_to_end(
    pixels: np.ndarray, places: np.ndarray, values: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield several maps at a time, each a line, as one line; `places` then count from its start.

    Shape: (maps, H * W), (maps, h * w) twice -> (pixels,), (values,) twice
    """
    for maps in _maps_at_a_time(pixels):
        starts = np.arange(0, pixels[maps].size, pixels.shape[1]).reshape(-1, 1)
        yield (
            pixels[maps].reshape(-1),
            (places[maps] + starts).reshape(-1),
            values[maps].reshape(-1),
        )


def _pieces(
    x: np.ndarray, height: Windows, width: Windows
) -> Iterator[tuple[tuple[slice, slice], np.ndarray, Windows]]:
    """Yield pieces of x that fit the cache.

    Each is: the maps and rows of the output that it makes; its pixels, (maps, rows, W); and the
    windows along its height, counted from its own first row.
    """
    if not (height.starts and width.starts):
        return
    whole = _planes(x)
    row_bytes = (width.stop - width.starts[0]) * x.itemsize
    maps_step = max(1, _PIECE_BYTES // ((height.stop - height.starts[0]) * row_bytes))
    rows_step = _rows_at_a_time(height, row_bytes)
    for first_map in range(0, len(whole), maps_step):
        maps = slice(first_map, first_map + maps_step)
        for first_row in range(0, len(height.starts), rows_step):
            rows = slice(first_row, min(first_row + rows_step, len(height.starts)))
            windows = height._replace(starts=height.starts[rows])
            top = max(0, windows.starts[0])
            yield (maps, rows), whole[maps, top : windows.stop], windows.moved(-top)


def _rows_at_a_time(height: Windows, row_bytes: int) -> int:
    """Return how many rows of the output to make at a time, of maps however large."""
    if not isinstance(height.starts, range):
        return len(height.starts)
    # Pieces of a map both read the rows of the windows between them: let that be a quarter at most.
    rows = max(_PIECE_BYTES // row_bytes, 4 * height.span)
    return (rows - height.span) // height.starts.step + 1


# One pass: all the windows along the height (axis 1) or the width (axis 2).


def _join(join: np.ufunc, pixels: np.ndarray, axis: int, windows: Windows) -> np.ndarray:
    """Return join, which is np.maximum or np.add, over each window."""
    pixels, windows = _padded(
        pixels, axis, windows, _lowest(pixels.dtype) if join is np.maximum else 0
    )
    runs = _run(join, _lay_out(pixels, axis), windows.size, windows.spacing)
    found = _wanted(runs, pixels, axis, windows)
    if windows.longer:
        longer = _at(axis, list(windows.longer))
        found[longer] = join(found[longer], pixels[_last_of_longer(axis, windows)])
    return found


def _run(join: np.ufunc, x: np.ndarray, size: int, spacing: int) -> np.ndarray:
    """Return join over `size` pixels, `spacing` apart, from each along axis 1 that has so many."""
    if size == 1:
        return x
    # A maximum may count a pixel twice, so two halves may overlap. A sum may not: of an odd number
    # of pixels its halves leave out the middle one, which is then added.
    half = (size + 1) // 2 if join is np.maximum else size // 2
    halves = _run(join, x, half, spacing)
    count = x.shape[1] - (size - 1) * spacing
    second = (size - half) * spacing
    found = join(halves[:, :count], halves[:, second : second + count])
    if 2 * half < size:
        middle = half * spacing
        join(found, x[:, middle : middle + count], out=found)
    return found


def _join_with_places(
    pixels: np.ndarray, places: np.ndarray, axis: int, windows: Windows, distance: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maximum of each window, and its place relative to the window's first pixel.

    Args: `places`, those of the pixels themselves; `distance`, from one pixel's to the next one's.
    """
    places, _ = _padded(places, axis, windows, 0)
    pixels, windows = _padded(pixels, axis, windows, _lowest(pixels.dtype))
    runs = _lay_out(pixels, axis), _lay_out(places, axis)
    size = 1
    while size < windows.size:
        step = min(size, windows.size - size)
        shift = step * windows.spacing
        first, later = ([run[:, part] for run in runs] for part in (np.s_[:-shift], np.s_[shift:]))
        runs = _larger(first, later, shift * distance)
        size += step
    found = tuple(_wanted(run, pixels, axis, windows) for run in runs)
    if windows.longer:
        longer, last = _at(axis, list(windows.longer)), _last_of_longer(axis, windows)
        larger = _larger(
            [half[longer] for half in found], [pixels[last], places[last]], windows.size * distance
        )
        for half, values in zip(found, larger, strict=True):
            half[longer] = values
    return found


def _larger(
    first: list[np.ndarray], later: list[np.ndarray], distance: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the larger of two values, and its place; `later` begins `distance` after `first`."""
    (value, place), (later_value, later_place) = first, later
    # The first counts unless the later is larger, or NaN, which alone differs from itself. Then
    # the later's place is the greater number of the two, and a maximum chooses it. np.where would
    # do the same, several times slower.
    later_wins = (later_value > value) | (later_value != later_value)
    place = np.maximum(place, (later_place + later_place.dtype.type(distance)) * later_wins)
    return np.maximum(value, later_value), place


def _spread(grad: np.ndarray, axis: int, windows: Windows, size: int) -> np.ndarray:
    """Return, for each of `size` pixels along axis, the sum over the windows that read it."""
    shape = list(grad.shape)
    if not isinstance(windows.starts, range):
        shape[axis] = size
        sums = np.zeros(shape, grad.dtype)
        for i, (start, count) in enumerate(zip(windows.starts, windows.counts, strict=True)):
            sums[_at(axis, slice(start, start + count))] += grad[_at(axis, slice(i, i + 1))]
        return sums
    # Put each gradient where its window ends, zeros elsewhere. The sum over as many positions as a
    # window has, from a pixel on, then meets the ends of just those windows that read the pixel.
    padding = -windows.starts.start
    shape[axis] = padding + size + windows.size - 1
    ends = np.zeros(shape, grad.dtype)
    last = windows.size - 1 + windows.starts.step * (grad.shape[axis] - 1)
    ends[_at(axis, slice(windows.size - 1, last + 1, windows.starts.step))] = grad
    readers = Windows(range(padding, padding + size), windows.size)
    return _join(np.add, ends, axis, readers)


def _at(axis: int, part: Any) -> tuple:
    """Return the index of a part of one axis of (maps, rows, columns), and all of the others."""
    return (slice(None),) * axis + (part,)


def _padded(
    pixels: np.ndarray, axis: int, windows: Windows, fill: float
) -> tuple[np.ndarray, Windows]:
    """Add the padding that the windows read, if any; the windows are then counted from its start.

    (np.pad takes twice as long.)
    """
    before = max(0, -windows.starts[0])
    after = max(0, windows.stop - pixels.shape[axis])
    if not (before or after):
        return pixels, windows
    shape = list(pixels.shape)
    shape[axis] += before + after
    padded = np.empty(shape, pixels.dtype)
    end = shape[axis] - after
    padded[_at(axis, slice(before))] = fill
    padded[_at(axis, slice(before, end))] = pixels
    padded[_at(axis, slice(end, None))] = fill
    return padded, windows.moved(before)


def _lay_out(pixels: np.ndarray, axis: int) -> np.ndarray:
    """Return pixels in an array whose axis 1 is the one to work along: all rows end to end.

    Windows that straddle two rows are then computed too, and `_wanted` leaves them out: that costs
    less than telling NumPy where each row ends.
    """
    return pixels if axis == 1 else np.ascontiguousarray(pixels).reshape(1, -1, 1)


def _wanted(runs: np.ndarray, pixels: np.ndarray, axis: int, windows: Windows) -> np.ndarray:
    """Return of all the runs those that are windows, in the axes of `pixels`."""
    if axis == 2:
        maps, rows, columns = pixels.shape
        step = runs.itemsize
        shape = (maps, rows, columns - windows.span + 1)
        strides = (rows * columns * step, columns * step, step)
        runs = np.ndarray(shape, runs.dtype, buffer=runs, strides=strides)
    if not isinstance(windows.starts, range):
        return runs[_at(axis, windows.starts)]
    starts = windows.starts
    return runs[_at(axis, slice(starts.start, starts.stop, starts.step))]


def _last_of_longer(axis: int, windows: Windows) -> tuple:
    return _at(axis, [windows.starts[i] + windows.size for i in windows.longer])
