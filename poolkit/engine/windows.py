"""Pooling by sliding windows: the maximum or the average of each, at the cost of a few copies.

Three ideas, each of them a step of lesson 05:

- A 2-D window is a column of rows. So one axis is pooled first and then the other: a window costs
  k + k pixels, not k * k.
- A window of k pixels is two windows of half as many. So about log2(k) steps over a whole array
  give the windows that start at *every* pixel; those that the stride asks for are kept.
- Memory is slow, and the cache is fast but small. So all of this is done for a few maps at a time,
  or for a few rows of a large map. Padding, too, is only ever added to these few.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from poolkit import arithmetic, checks
from poolkit.arithmetic import Layer

Size = tuple[int, int]
Arrays = list[np.ndarray]

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
    """The windows along one axis: where each starts, below 0 in the padding, and what it reads."""

    starts: range
    size: int
    """How many pixels each window reads."""
    spacing: int = 1
    """How far apart these pixels are."""

    @property
    def span(self) -> int:
        """The pixels from the first that a window reads to its last, both included."""
        return (self.size - 1) * self.spacing + 1

    @property
    def stop(self) -> int:
        """The position after the last that any window reads."""
        return self.starts[-1] + self.span

    @property
    def first_pixels(self) -> np.ndarray:
        """The first position that each window reads and that is not in the padding before it."""
        starts = np.array(self.starts)
        return np.where(starts < 0, starts % self.spacing, starts)

    def moved(self, distance: int) -> Self:
        """Return the windows with each start `distance` further on."""
        first, stop, step = self.starts.start, self.starts.stop, self.starts.step
        return self._replace(starts=range(first + distance, stop + distance, step))


# From the arguments of a function to windows: those without a type are not checked yet.


def by_axis(kernel_size, stride, padding, dilation) -> list[Layer]:
    """Return one layer as the height sees it, and as the width sees it."""
    arguments = zip(Layer._fields, (kernel_size, stride, padding, dilation), strict=True)
    pairs = [checks.pair(name, value) for name, value in arguments]
    return [Layer(*numbers) for numbers in zip(*pairs, strict=True)]


def pooling_layers(kernel_size, stride, padding, dilation=1) -> list[Layer]:
    """Return the same for pooling, where stride=None means kernel_size."""
    return by_axis(kernel_size, kernel_size if stride is None else stride, padding, dilation)


def sliding(size: Size, kernel_size, stride, padding, dilation=1, ceil_mode=False) -> list[Windows]:
    """Return the windows that a pooling layer slides over the height and the width of `size`.

    >>> sliding((5, 4), (3, 2), 2, (1, 0))[0]
    Windows(starts=range(-1, 5, 2), size=3, spacing=1)
    """
    axes = []
    for pixels, layer in zip(
        size, pooling_layers(kernel_size, stride, padding, dilation), strict=True
    ):
        outputs = arithmetic.output_size(pixels, *layer, ceil_mode=ceil_mode)
        stop = outputs * layer.stride - layer.padding
        starts = range(-layer.padding, stop, layer.stride)
        axes.append(_fitted(starts, layer.kernel_size, layer.dilation, pixels))
    return axes


def _fitted(starts: range, size: int, spacing: int, pixels: int) -> Windows:
    """Leave out what no window reads but padding: a kernel may be far larger than the input."""
    skipped = max(0, -starts[-1]) // spacing
    if skipped:
        starts, size, _ = Windows(starts, size).moved(skipped * spacing)
        size -= skipped
    if len(starts) == 2 and starts[0] < -pixels:
        # ceil_mode can set two windows further apart than the input is wide. The kernel is then so
        # large that the first reads the whole input, wherever before it that window starts.
        starts = range(-pixels, starts[1] + 1, starts[1] + pixels)
    return Windows(starts, min(size, -((starts[0] - pixels) // spacing)), spacing)


def averaging(
    size: Size, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
) -> tuple[Windows, Windows, Arrays]:
    """Return the windows that avg_pool2d slides, and the factors of what each sum is divided by.

    They are rows' and columns' `arithmetic.average_divisor`, for all at once.
    """
    height, width = sliding(size, kernel_size, stride, padding, 1, ceil_mode)
    checks.switch("count_include_pad", count_include_pad)
    if divisor_override is not None:
        divisor = checks.whole_number("divisor_override", divisor_override)
        if divisor == 0 or not -(2**63) <= divisor < 2**63:
            raise ValueError(
                f"divisor_override={divisor} must be another number, not 0 and of at most 64 "
                "bits: the sum is divided by it"
            )
        rows = np.full(len(height.starts), divisor)
        return height, width, [rows, np.ones(len(width.starts), int)]
    factors = []
    layers = pooling_layers(kernel_size, stride, padding)
    for pixels, axis, layer in zip(size, (height, width), layers, strict=True):
        starts = np.arange(len(axis.starts)) * layer.stride - layer.padding
        stops, border = starts + layer.kernel_size, layer.padding if count_include_pad else 0
        factors.append(np.minimum(stops, pixels + border) - np.maximum(starts, -border))
    return height, width, factors


def unpooled_size(x: np.ndarray, kernel_size, stride, padding, output_size) -> Size:
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


# The maximum, and the transpose of choosing it.


def maximum(x: np.ndarray, height: Windows, width: Windows) -> np.ndarray:
    """Return the largest value of each window; NaN wins."""
    out = _empty_output(x, height, width, x.dtype)
    to_maps = planes(out)
    from_maps = planes(x)
    for part, read, rows in _pieces(x, height, width):
        by_column = _pool(np.maximum, from_maps[read], 1, rows)
        to_maps[part] = _pool(np.maximum, by_column, 2, width)
    return out


def maximum_and_index(
    x: np.ndarray, height: Windows, width: Windows
) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest value of each window, and its place row * W + column in the map.

    Of equal values the first in reading order counts; of several NaN, the last.
    """
    best = _empty_output(x, height, width, x.dtype)
    index = _empty_output(x, height, width, np.int64)
    to_best, to_index = planes(best), planes(index)
    from_maps, numbers = planes(x), numbered(x.shape[-2:])
    first_pixels = np.add.outer(height.first_pixels * x.shape[-1], width.first_pixels)
    for part, (maps, lines), rows in _pieces(x, height, width):
        pixels = from_maps[maps, lines]
        places = np.broadcast_to(numbers[lines], pixels.shape)
        # Width first: of equal maxima the first row's then counts, and the first in that row.
        by_row = _pool_with_places(pixels, places, 2, width)
        values, places = _pool_with_places(*map(np.ascontiguousarray, by_row), 1, rows)
        to_best[part], to_index[part] = values, places
        # Padding wins only where all pixels are as low as it is: then the first of them counts.
        if min(height.starts[0], width.starts[0]) < 0:
            nothing_won = values == _lowest(x.dtype)
            np.copyto(to_index[part], first_pixels[part[1]], where=nothing_won)
    return best, index


def scatter(values: np.ndarray, indices: np.ndarray, size: Size, *, add: bool) -> np.ndarray:
    """Return maps of zeros with each value put at its index, or added to what is there.

    Adding is the transpose of choosing maxima. Without `add` the last of an index's values stays.
    """
    checks.within(indices, size)
    summands = widen(values)
    out = np.zeros((*values.shape[:-2], *size), summands.dtype)
    lines = flattened(out), flattened(indices), flattened(summands)
    few_values = lines[1].shape[1] < _MANY_VALUES
    for pixels, places, new in _end_to_end(*lines) if few_values else zip(*lines, strict=True):
        if add:
            np.add.at(pixels, places, new)  # += adds only once where an index is repeated
        else:
            pixels[places] = new
    return out.astype(values.dtype, copy=False)


# The average, and its transpose.


def average(x: np.ndarray, height: Windows, width: Windows, divisors: Arrays) -> np.ndarray:
    """Return the sum of each window over the product of its row's and its column's divisor.

    Halving keeps the sums accurate, too: a pixel is rounded about log2(k) times, not k. Differences
    of running sums would need fewer additions, but lose digits, and spread an inf or a NaN to
    windows that do not hold it.
    """
    out = _empty_output(x, height, width, x.dtype)
    to_maps = planes(out)
    down, across = (factor.astype(widen(out[:0]).dtype) for factor in divisors)
    from_maps = planes(x)
    for part, read, rows in _pieces(x, height, width):
        by_column = _pool(np.add, widen(from_maps[read]), 1, rows)
        _divide(_pool(np.add, by_column, 2, width), down[part[1]], across, to_maps[part])
    return out


def spread(
    grad: np.ndarray, height: Windows, width: Windows, divisors: Arrays, size: Size
) -> np.ndarray:
    """Return, for each pixel of maps of `size`, the sum of its windows' shares."""
    # The transpose of `average`: what is summed is the windows' grad over their divisors.
    out = np.empty((*grad.shape[:-2], *size), grad.dtype)
    to_maps, from_maps = planes(out), planes(grad)
    divisor = np.outer(*(factor.astype(widen(grad[:0]).dtype) for factor in divisors))
    for maps in maps_at_a_time(to_maps):
        by_row = _spread(widen(from_maps[maps]) / divisor, 2, width, size[1])
        to_maps[maps] = _spread(by_row, 1, height, size[0])
    return out


def _divide(sums: np.ndarray, down: np.ndarray, across: np.ndarray, out: np.ndarray) -> None:
    """Put sums over the product of their row's and their column's divisor into `out`."""
    if sums.dtype.kind == "f":
        np.divide(sums, np.outer(down, across), out=out, casting="same_kind")
    else:
        # One after the other: the product of two divisors may not fit into 64 bits.
        out[...] = _quotient(_quotient(sums, down[:, np.newaxis]), across)


def _quotient(dividend: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    """Return the quotient of integers, rounded towards zero as in C, where // rounds down."""
    return (dividend - np.fmod(dividend, divisor)) // divisor


# Arrays, in other words.


def planes(maps: np.ndarray) -> np.ndarray:
    """Return (..., H, W) as (maps, H, W): a view, where the layout in memory allows one."""
    return maps.reshape(math.prod(maps.shape[:-2]), *maps.shape[-2:])


def flattened(maps: np.ndarray) -> np.ndarray:
    """Return (..., H, W) as (maps, H * W): a view, where the layout in memory allows one."""
    return maps.reshape(math.prod(maps.shape[:-2]), math.prod(maps.shape[-2:]))


def numbered(size: Size) -> np.ndarray:
    """Return the place of each pixel of a map, row * W + column, in the smallest dtype."""
    count = math.prod(size)
    return np.arange(count, dtype=np.min_scalar_type(count)).reshape(size)


def widen(x: np.ndarray) -> np.ndarray:
    """Return x in the dtype in which to add it up."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _lowest(dtype: np.dtype) -> np.generic:
    return dtype.type(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min)


# Piece by piece.


def _empty_output(x: np.ndarray, height: Windows, width: Windows, dtype: type) -> np.ndarray:
    return np.empty((*x.shape[:-2], len(height.starts), len(width.starts)), dtype)


def maps_at_a_time(maps: np.ndarray) -> Iterator[slice]:
    """Yield as many maps (maps, ...) at a time as fit the cache, at least one."""
    count, *size = maps.shape
    step = max(1, _PIECE_BYTES // max(1, math.prod(size) * maps.itemsize))
    for first in range(0, count, step):
        yield slice(first, first + step)


def _end_to_end(pixels: np.ndarray, places: np.ndarray, values: np.ndarray) -> Iterator[Arrays]:
    """Yield several maps at a time, each a line, as one; `places` then count from its start."""
    for maps in maps_at_a_time(pixels):
        starts = np.arange(0, pixels[maps].size, pixels.shape[1]).reshape(-1, 1)
        lines = pixels[maps], places[maps] + starts, values[maps]
        yield [each.reshape(-1) for each in lines]


def _pieces(
    x: np.ndarray, height: Windows, width: Windows
) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice], Windows]]:
    """Yield, for pieces that fit the cache, maps and rows of the output, and those of x they read.

    The third is the windows along the height, counted from the first row read.
    """
    row_bytes = (width.stop - width.starts[0]) * x.itemsize
    maps_step = max(1, _PIECE_BYTES // ((height.stop - height.starts[0]) * row_bytes))
    # Pieces of a map both read the rows of the windows between them: let that be a quarter at most.
    rows_read = max(_PIECE_BYTES // row_bytes, 4 * height.span)
    rows_step = (rows_read - height.span) // height.starts.step + 1
    for first_map in range(0, math.prod(x.shape[:-2]), maps_step):
        maps = slice(first_map, first_map + maps_step)
        for first_row in range(0, len(height.starts), rows_step):
            rows = slice(first_row, min(first_row + rows_step, len(height.starts)))
            windows = height._replace(starts=height.starts[rows])
            top = max(0, windows.starts[0])
            yield (maps, rows), (maps, slice(top, windows.stop)), windows.moved(-top)


# One pass: all the windows along the height (axis 1) or the width (axis 2).


Runs = TypeVar("Runs", np.ndarray, Arrays)


def run(join: Callable[[Runs, Runs], Runs], pixels: Runs, size: int, spacing: int = 1) -> Runs:
    """Join `size` pixels, `spacing` apart, from each along axis 1 on: by a ufunc, or `larger`."""
    if size == 1:
        return pixels
    # A maximum may count a pixel twice, so two halves may overlap. A sum may not: of an odd number
    # of pixels its halves leave out the middle one, which is then added.
    half = size // 2 if join is np.add else (size + 1) // 2
    halves = run(join, pixels, half, spacing)
    later = (size - half) * spacing
    parts = np.s_[:, :-later], np.s_[:, later:]
    if join is larger:
        return larger(*([each[part] for each in halves] for part in parts))
    found = join(halves[parts[0]], halves[parts[1]])
    if 2 * half < size:
        middle = half * spacing
        found += pixels[:, middle : middle + found.shape[1]]
    return found


def larger(first: Arrays, later: Arrays) -> Arrays:
    """Return the larger of two values, and its place."""
    (value, place), (later_value, later_place) = first, later
    # The first counts unless the later is larger, or NaN, which alone differs from itself. Then
    # the later's place is the greater number of the two, and a maximum chooses it. np.where would
    # do the same, several times slower.
    later_wins = (later_value > value) | (later_value != later_value)
    return [np.maximum(value, later_value), np.maximum(place, later_place * later_wins)]


def _pool(join: np.ufunc, pixels: np.ndarray, axis: int, windows: Windows) -> np.ndarray:
    """Return join, which is np.maximum or np.add, over each window."""
    fill = _lowest(pixels.dtype) if join is np.maximum else 0
    pixels = _padded(pixels, axis, windows, fill)
    runs = run(join, _lay_out(pixels, axis), windows.size, windows.spacing)
    return _wanted(runs, pixels.shape, axis, windows)


def _pool_with_places(
    pixels: np.ndarray, places: np.ndarray, axis: int, windows: Windows
) -> Arrays:
    """Return the maximum of each window, and its place."""
    pixels = _padded(pixels, axis, windows, _lowest(pixels.dtype))
    places = _padded(places, axis, windows, 0)
    both = [_lay_out(pixels, axis), _lay_out(places, axis)]
    runs = run(larger, both, windows.size, windows.spacing)
    return [_wanted(found, pixels.shape, axis, windows) for found in runs]


def _spread(grad: np.ndarray, axis: int, windows: Windows, size: int) -> np.ndarray:
    """Return, for each of `size` pixels along axis, the sum over the windows that read it."""
    # Put each gradient where its window ends, zeros elsewhere. The sum over as many positions as a
    # window has, from a pixel on, then meets the ends of just those windows that read the pixel.
    padding = -windows.starts.start
    shape = list(grad.shape)
    shape[axis] = padding + size + windows.size - 1
    ends = np.zeros(shape, grad.dtype)
    last = windows.size - 1 + windows.starts.step * (grad.shape[axis] - 1)
    ends[at(axis, slice(windows.size - 1, last + 1, windows.starts.step))] = grad
    readers = Windows(range(padding, padding + size), windows.size)
    return _pool(np.add, ends, axis, readers)


def at(axis: int, part: Any) -> tuple:
    """Return the index of a part of one axis, and all of the others."""
    return (slice(None),) * axis + (part,)


def _padded(pixels: np.ndarray, axis: int, windows: Windows, fill: float) -> np.ndarray:
    """Add the padding that the windows read, if any. (np.pad takes twice as long.)"""
    before = max(0, -windows.starts[0])
    after = max(0, windows.stop - pixels.shape[axis])
    if not (before or after):
        return pixels
    shape = list(pixels.shape)
    shape[axis] += before + after
    padded = np.empty(shape, pixels.dtype)
    end = shape[axis] - after
    padded[at(axis, slice(before))] = fill
    padded[at(axis, slice(before, end))] = pixels
    padded[at(axis, slice(end, None))] = fill
    return padded


def _lay_out(pixels: np.ndarray, axis: int) -> np.ndarray:
    """Return pixels in an array whose axis 1 is the one to work along: all rows end to end.

    Windows that straddle two rows are then computed too, and `_wanted` leaves them out: that costs
    less than telling NumPy where each row ends.
    """
    return pixels if axis == 1 else np.ascontiguousarray(pixels).reshape(1, -1, 1)


def _wanted(runs: np.ndarray, shape: tuple, axis: int, windows: Windows) -> np.ndarray:
    """Return of all the runs those that are windows, in the axes of the pixels, of `shape`."""
    if axis == 2:
        maps, rows, columns = shape
        step = runs.itemsize
        complete = (maps, rows, columns - windows.span + 1)
        strides = (rows * columns * step, columns * step, step)
        runs = np.ndarray(complete, runs.dtype, buffer=runs, strides=strides)
    first, stop, step = windows.starts.start, windows.starts.stop, windows.starts.step
    padding = max(0, -first)
    return runs[at(axis, slice(first + padding, stop + padding, step))]
