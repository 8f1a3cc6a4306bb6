"""Pooling, unpooling, resizing and convolution of feature maps, as torch.nn.functional does them.

Names, argument order, defaults and results are torch's, so what works here works there. Arrays
are (N, C, H, W) or (C, H, W); sizes are an int, or an (h, w) pair. The dtype is kept, and the
input is never changed. float16 is summed in float32, as torch does. As in torch, overflow gives
inf and an undefined result NaN, without a warning.

One idea carries the module: a loop over the *taps* of the kernel instead of over the windows.
Under one tap, all the windows together read one strided slice of the input, and NumPy takes that
in one step. Height and width are pooled one after the other wherever the result allows it.

poolkit is stricter than torch about these, on purpose:

- The switches, such as ceil_mode, are given by name. torch also takes them by position.
- A size is an int or a pair. torch also takes (2,) for 2, () for None, and a tensor. A NumPy
  integer is an int everywhere; torch refuses it as the output_size of adaptive pooling.
- The only empty axis allowed is the batch. torch lets some functions run on zero channels, and
  its conv2d then returns zero channels, whatever the weight says.
- Complex numbers are refused. torch takes them in convolutions and a few corners.
- Whole numbers have no upper limit; torch's must fit into 32 or 64 bits.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from poolkit import arithmetic
from poolkit.arithmetic import Tap, whole_number

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "conv2d",
    "conv_transpose2d",
    "interpolate",
    "lp_pool2d",
    "max_pool2d",
    "max_unpool2d",
]

_FLOATS = (np.float16, np.float32, np.float64)
_INTEGERS = (np.uint8, np.int8, np.int16, np.int32, np.int64)

# torch computes inf and NaN without a word; NumPy would print a warning into the notebook.
_like_ieee = np.errstate(over="ignore", invalid="ignore", divide="ignore")


def max_pool2d(
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    *,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return the largest value in each window.

    The padding is -inf (for integers, the smallest number of the dtype), so it never wins against
    a pixel. NaN wins against everything.

    Args: `kernel_size`, `stride`, `padding` and `dilation` in pixels; `stride=None` means
    kernel_size; `ceil_mode` allows a last window to hang over the end. With `return_indices` the
    result is a pair: the values, and for each the flat index row * W + column of the pixel it
    came from. Of equal values the first in reading order counts; of several NaN, the last.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Dtypes: float16, float32, float64, uint8, int8, int16, int32, int64.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: dilation can carry a window past the input, so that it reads only padding.
    Its value is -inf in both; torch returns an index outside the map for it (or of another
    pixel), poolkit raises ValueError when asked for indices.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    Introduced in lesson 01; windows in lesson 02, indices in lesson 03.

    >>> x = np.array([[[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    >>> max_pool2d(x, 2).tolist()
    [[[6, 4], [4, 5]]]
    """
    x = _maps("x", x, _FLOATS + _INTEGERS)
    windows = _pooling_windows(kernel_size, stride, padding, dilation)
    axes = height, width = _pooling_axes(x, windows, ceil_mode)
    if not return_indices:
        return _maximum(_maximum(x, height), width)
    _refuse_windows_of_padding(windows, axes)
    return _maximum_and_index(x, height, width)


@_like_ieee
def avg_pool2d(
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    *,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Return the average of each window.

    Args: `kernel_size`, `stride` and `padding` in pixels; `stride=None` means kernel_size;
    `ceil_mode` allows a last window to hang over the end; `count_include_pad` counts the padding
    as zeros, but never the overhang; `divisor_override` replaces the count that the sum is divided
    by, and may be any whole number but 0.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Dtypes: float16, float32, float64, and int64, which is rounded towards zero.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html; the divisor is
    `arithmetic.average_divisor`.
    Introduced in lesson 01; windows in lesson 02.

    >>> x = np.array([[[1., 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    >>> avg_pool2d(x, 2).tolist()
    [[[3.75, 2.25], [1.75, 2.75]]]
    """
    x = _maps("x", x, (*_FLOATS, np.int64))
    windows = _pooling_windows(kernel_size, stride, padding)
    axes = height, width = _pooling_axes(x, windows, ceil_mode)
    divisor = _divisor(windows, axes, count_include_pad, divisor_override)
    return _divide(_sum(_sum(_widen(x), height), width), divisor).astype(x.dtype)


@_like_ieee
def lp_pool2d(
    x: np.ndarray,
    norm_type: float,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    *,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Return the p-norm of each window: the p-th root of the *sum* of x ** p, with p = norm_type.

    It sums; the pooling that averages, otherwise alike, is called GeM (arXiv:1711.02512). Between
    p = 1, the sum, and p = inf, the largest absolute value, larger values count for more and more.

    As in torch: x is not made positive first, so an odd p leaves signs and a fractional p makes
    NaN of a negative x; a window that hangs over the end counts the missing pixels as if they had
    the average of those that are there.

    Args: `norm_type`, a number but 0 (inf and -inf: the largest, smallest absolute value);
    `kernel_size` and `stride` in pixels; `stride=None` means kernel_size.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Dtypes: float16, float32, float64.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: torch takes int64 and bool, rounds the averages inside to whole numbers and
    so returns a wrong float32 norm, takes integers for p = inf, and takes norm_type True and nan;
    poolkit refuses all of these.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html; Sermanet,
    Chintala and LeCun 2012, arXiv:1204.3968.
    Introduced in lesson 05.

    >>> lp_pool2d(np.array([[[3.0, 4.0]]]), 2, (1, 2)).tolist()
    [[[5.0]]]
    """
    x = _maps("x", x, _FLOATS)
    p = _norm_type(norm_type)
    if math.isinf(p):
        sign = math.copysign(1, p)
        largest = max_pool2d(
            np.abs(x) * x.dtype.type(sign), kernel_size, stride, ceil_mode=ceil_mode
        )
        return largest * x.dtype.type(sign)
    average = avg_pool2d(x**p, kernel_size, stride, ceil_mode=ceil_mode)
    return (average * math.prod(_pair("kernel_size", kernel_size))) ** (1 / p)


@_like_ieee
def adaptive_avg_pool2d(
    x: np.ndarray, output_size: int | tuple[int | None, int | None]
) -> np.ndarray:
    """Return averages over as many bins as you ask for, whatever the size of the input.

    Args: `output_size` in bins, an int or a pair; None in the pair keeps that axis as it is;
    it may exceed the input, as bins overlap.
    Shape: (N, C, H, W) -> (N, C, output_size[0], output_size[1])
    Dtypes: float16, float32, float64.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: for output_size=1 torch averages arrays of any shape, and an empty map to
    NaN; poolkit checks the shape always. torch has no gradient where output_size holds a 0.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html; a bin
    is `arithmetic.adaptive_window`.
    Introduced in lesson 02, global pooling (output_size=1) in lesson 05.

    >>> adaptive_avg_pool2d(np.array([[[1.0, 2.0, 3.0]]]), (1, 2)).tolist()
    [[[1.5, 2.5]]]
    """
    x = _maps("x", x, _FLOATS)
    axes = height, width = _adaptive_axes(x, output_size)
    return _divide(_sum(_sum(_widen(x), height), width), _adaptive_divisor(axes)).astype(x.dtype)


def adaptive_max_pool2d(
    x: np.ndarray,
    output_size: int | tuple[int | None, int | None],
    *,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return the largest values of as many bins as you ask for, whatever the size of the input.

    Args: `output_size` in bins, an int or a pair; None in the pair keeps that axis as it is.
    `return_indices` as in `max_pool2d`.
    Shape: (N, C, H, W) -> (N, C, output_size[0], output_size[1])
    Dtypes: float16, float32, float64.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: torch has no gradient where output_size holds a 0.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html; a bin
    is `arithmetic.adaptive_window`.
    Introduced in lesson 05.

    >>> adaptive_max_pool2d(np.array([[[1.0, 3.0, 2.0]]]), (1, 2)).tolist()
    [[[3.0, 3.0]]]
    """
    x = _maps("x", x, _FLOATS)
    height, width = _adaptive_axes(x, output_size)
    if not return_indices:
        return _maximum(_maximum(x, height), width)
    return _maximum_and_index(x, height, width)


def max_unpool2d(
    x: np.ndarray,
    indices: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    output_size: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Put each maximum back where `max_pool2d` found it, and zeros everywhere else.

    Where windows overlapped, several values may belong to one pixel: the last in reading order
    is kept.

    Args: `indices`, int64, from `max_pool2d(..., return_indices=True)`; `kernel_size`,
    `stride` and `padding` in pixels, those of the pooling; `output_size`, an (h, w) pair or a
    shape that ends in it, is the size before pooling, which kernel and stride cannot tell for sure.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.unpool_output_size`.
    Dtypes: float16, float32, float64.
    Raises: TypeError or ValueError for an argument that breaks a rule, such as an index outside
    the output or an output_size that does not pool to this size; the message says which.
    Differs from torch: torch accepts any kernel_size, stride and padding here, 0 and negative ones
    too, and drops the values silently where the output would have no pixels; poolkit asks for
    those of a possible pooling, and for at least one pixel.
    Source: Zeiler and Fergus 2014, arXiv:1311.2901;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    Introduced in lesson 10.

    >>> max_unpool2d(np.array([[[6.0, 4.0]]]), np.array([[[5, 3]]]), 2).tolist()
    [[[0.0, 0.0, 0.0, 4.0], [0.0, 6.0, 0.0, 0.0]]]
    """
    x = _maps("x", x, _FLOATS)
    out_shape = _unpooled_shape(x, indices, kernel_size, stride, padding, output_size)
    out = np.zeros(out_shape, x.dtype)
    np.put_along_axis(_flat(out), _flat(indices), _flat(x), axis=1)
    return out


@_like_ieee
def interpolate(
    x: np.ndarray,
    size: int | tuple[int, int] | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> np.ndarray:
    """Resize the maps, by copying the nearest pixel or by blending the four nearest.

    Args: either `size` in pixels or `scale_factor`, an int or a float or a pair of them;
    `mode` "nearest" or "bilinear"; `align_corners`, for bilinear only, puts the centres of the
    corner pixels onto each other instead of the corners of the map (default: False).
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), which is `size`, or floor(H * scale_factor).
    Dtypes: float16, float32, float64, and uint8 for "nearest".
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: torch has more modes; it takes (C, H, W) only for "nearest" and then
    stretches the last axis alone, as (N, C, L), while poolkit asks for (N, C, H, W); its bilinear
    takes uint8 but rounds it in a way that depends on the processor, and poolkit does not;
    it takes scale_factor=True.
    Source: aten/src/ATen/native/UpSample.h of PyTorch;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    Introduced in lesson 10.

    >>> interpolate(np.array([[[[1.0, 2.0]]]]), size=(1, 4), mode="bilinear").tolist()
    [[[[1.0, 1.25, 1.75, 2.0]]]]
    """
    plan = _interpolation(x, size, scale_factor, mode, align_corners)
    out = _widen(x)
    for axis, sources in plan:
        out = sum(out[_at(axis, pixels)] * _along(axis, weight) for pixels, weight in sources)
    return out.astype(x.dtype)


@_like_ieee
def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> np.ndarray:
    """Return in each window the sum of pixels times weights, over all channels, plus the bias.

    Args: `weight` (C_out, C / groups, h, w) and `bias` (C_out,), of x's dtype; `stride`,
    `padding` (with zeros) and `dilation` in pixels; `groups`, how many parts the channels are cut
    into, each with its own weights.
    Shape: (N, C, H, W) -> (N, C_out, H_out, W_out), sizes by `arithmetic.conv_output_size`.
    Dtypes: float16, float32, float64, uint8, int8, int16, int32, int64; integers wrap around.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: the paddings "same" and "valid" are refused. The padding is skipped, not
    multiplied: a weight that is inf or NaN does not make a NaN of it.
    Source: Dumoulin and Visin 2016, arXiv:1603.07285;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    Introduced in lesson 10.

    >>> conv2d(np.array([[[1, 2, 3]]]), np.array([[[[1, -1]]]])).tolist()
    [[[-1, -1]]]
    """
    x = _maps("x", x, _FLOATS + _INTEGERS)
    axes = _convolution_axes(x, weight, bias, stride, padding, dilation, groups)
    return _add_bias(_gather(x, weight, axes, groups), bias).astype(x.dtype)


@_like_ieee
def conv_transpose2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
) -> np.ndarray:
    """Spread each pixel over a window of the output, times the weights, and add up the overlaps.

    With the same weight, stride and padding it is the transposed matrix of `conv2d`: it takes
    arrays of conv2d's output shape back to its input shape.

    Args: `weight` (C, C_out / groups, h, w) and `bias` (C_out,), of x's dtype; `stride`,
    `padding` (what is cut from each side of the output), `output_padding` (what is added to the
    end again) and `dilation` in pixels; `groups` as in `conv2d`.
    Shape: (N, C, H, W) -> (N, C_out, H_out, W_out), by `arithmetic.conv_transpose_output_size`.
    Dtypes: float16, float32, float64, int64.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Differs from torch: torch takes a bias of another dtype.
    Source: Dumoulin and Visin 2016, arXiv:1603.07285, section 4;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    Introduced in lesson 10.

    >>> conv_transpose2d(np.ones((1, 1, 3)), np.ones((1, 1, 1, 3)), stride=2).tolist()
    [[[1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0]]]
    """
    x = _maps("x", x, (*_FLOATS, np.int64))
    axes = _transposed_axes(x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _add_bias(_scatter(x, weight, axes, groups), bias).astype(x.dtype)


# Checks: what the arguments must be, in words.


def _array(name: str, value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    convert = f"{name}.numpy()" if hasattr(value, "numpy") else f"np.array({name})"
    raise TypeError(f"{name} is a {type(value).__name__}, not a NumPy array: write {convert}")


def _maps(name: str, value: Any, dtypes: tuple[type, ...]) -> np.ndarray:
    x = _array(name, value)
    if x.ndim not in (3, 4):
        hint = f": write {name}[None] to add the channel axis" if x.ndim == 2 else ""
        raise ValueError(f"{name} has shape {x.shape}, not (N, C, H, W) or (C, H, W){hint}")
    if 0 in x.shape[-3:]:
        raise ValueError(f"{name} has shape {x.shape}: no axis but the batch N may be empty")
    if x.dtype not in dtypes:
        known = ", ".join(dtype.__name__ for dtype in dtypes)
        raise TypeError(
            f"{name} has dtype {x.dtype}, not one of {known}: write {name}.astype(np.float32)"
        )
    return x


def _two(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list):
        return (value, value)
    if len(value) != 2:
        raise ValueError(f"{name}={value!r} must be one number, or a pair (height, width)")
    return (value[0], value[1])


def _pair(name: str, value: Any, minimum: int | None = None) -> tuple[int, int]:
    height, width = _two(name, value)
    return (whole_number(name, height, minimum), whole_number(name, width, minimum))


def _norm_type(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"norm_type={value!r} must be a number, not {type(value).__name__}")
    if value == 0 or math.isnan(value):
        raise ValueError(f"norm_type={value} must be a number but 0, as the norm is a p-th root")
    return float(value)


# One axis at a time. The numbers of the axes hold for (N, C, H, W) and for (C, H, W).

_HEIGHT, _WIDTH = -2, -1


class _Window(NamedTuple):
    """The arguments of a pooling or a convolution for one axis."""

    kernel_size: int
    stride: int
    padding: int
    dilation: int


class _Axis(NamedTuple):
    """How the windows along one axis meet its pixels."""

    number: int
    input_size: int
    output_size: int
    taps: list[Tap]


def _at(axis: int, part: Any) -> tuple:
    """Return the index of a part of one axis and all of the others."""
    return (..., part, slice(None)) if axis == _HEIGHT else (..., part)


def _along(axis: int, values: np.ndarray) -> np.ndarray:
    """Return 1-D values in a shape that varies along one axis."""
    return values[:, np.newaxis] if axis == _HEIGHT else values


def _resized(shape: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    return (*shape[:-2], size, shape[-1]) if axis == _HEIGHT else (*shape[:-1], size)


def _pooling_windows(
    kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> list[_Window]:
    return _windows(kernel_size, kernel_size if stride is None else stride, padding, dilation)


def _windows(kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[_Window]:
    """Return the window of the height and the window of the width."""
    arguments = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    pairs = [_pair(name, value) for name, value in arguments.items()]
    return [_Window(*window) for window in zip(*pairs, strict=True)]


def _axes(
    windows: list[_Window], input_sizes: Iterable[int], output_sizes: Iterable[int]
) -> list[_Axis]:
    return [
        _Axis(number, inputs, outputs, arithmetic.taps(inputs, outputs, *window))
        for number, window, inputs, outputs in zip(
            (_HEIGHT, _WIDTH), windows, input_sizes, output_sizes, strict=True
        )
    ]


def _pooling_axes(x: np.ndarray, windows: list[_Window], ceil_mode: bool) -> list[_Axis]:
    sizes = [
        arithmetic.output_size(size, *window, ceil_mode=ceil_mode)
        for size, window in zip(x.shape[-2:], windows, strict=True)
    ]
    return _axes(windows, x.shape[-2:], sizes)


def _adaptive_axes(x: np.ndarray, output_size: Any) -> list[_Axis]:
    asked = zip((_HEIGHT, _WIDTH), _two("output_size", output_size), strict=True)
    if isinstance(output_size, tuple | list):
        asked = [(axis, x.shape[axis] if bins is None else bins) for axis, bins in asked]
    axes = []
    for axis, bins in asked:
        bins = whole_number("output_size", bins, 0)
        axes.append(_Axis(axis, x.shape[axis], bins, arithmetic.adaptive_taps(x.shape[axis], bins)))
    return axes


# Maxima and sums of all the windows along one axis.


def _maximum(x: np.ndarray, axis: _Axis) -> np.ndarray:
    best = np.full(_resized(x.shape, axis.number, axis.output_size), _lowest(x.dtype))
    for tap in axis.taps:
        windows = _at(axis.number, tap.windows)
        best[windows] = np.maximum(best[windows], x[_at(axis.number, tap.positions)])
    return best


def _maximum_and_position(x: np.ndarray, axis: _Axis) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima along one axis, and where on it each was found."""
    best = np.full(_resized(x.shape, axis.number, axis.output_size), _lowest(x.dtype))
    found = np.full(best.shape, -1, np.int64)
    pixels = _along(axis.number, np.arange(axis.input_size))
    for tap in axis.taps:
        windows, positions = _at(axis.number, tap.windows), _at(axis.number, tap.positions)
        value = x[positions]
        # The first pixel of a window counts even if it is -inf. A later one must be larger, or
        # NaN, which alone differs from itself.
        wins = (found[windows] < 0) | (value > best[windows]) | (value != value)
        best[windows] = np.where(wins, value, best[windows])
        found[windows] = np.where(wins, pixels[positions], found[windows])
    return best, found


def _maximum_and_index(x: np.ndarray, height: _Axis, width: _Axis) -> tuple[np.ndarray, np.ndarray]:
    # Width first: of several equal maxima, the first row's then counts, and the first in that row.
    best_of_row, column = _maximum_and_position(x, width)
    best, row = _maximum_and_position(best_of_row, height)
    return best, row * width.input_size + np.take_along_axis(column, row, axis=_HEIGHT)


def _lowest(dtype: np.dtype) -> np.generic:
    return dtype.type(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min)


def _refuse_windows_of_padding(windows: list[_Window], axes: list[_Axis]) -> None:
    for window, axis in zip(windows, axes, strict=True):
        for i in range(axis.output_size):
            if not arithmetic.clipped_window(i, axis.input_size, *window):
                raise ValueError(
                    f"dilation={window.dilation} carries window {i} past the input of size "
                    f"{axis.input_size}: it reads only padding, and its maximum has no index"
                )


def _sum(x: np.ndarray, axis: _Axis) -> np.ndarray:
    # Differences of running sums would need fewer additions, but spread rounding errors, and an
    # inf or a NaN, to windows that do not hold them.
    total = np.zeros(_resized(x.shape, axis.number, axis.output_size), x.dtype)
    for tap in axis.taps:
        total[_at(axis.number, tap.windows)] += x[_at(axis.number, tap.positions)]
    return total


def _divisor(
    windows: list[_Window],
    axes: list[_Axis],
    count_include_pad: bool,
    divisor_override: int | None,
) -> np.ndarray:
    counts = [
        [
            arithmetic.average_divisor(
                i, axis.input_size, *window[:3], count_include_pad=count_include_pad
            )
            for i in range(axis.output_size)
        ]
        for window, axis in zip(windows, axes, strict=True)
    ]
    if divisor_override is None:
        return np.outer(*counts)
    if whole_number("divisor_override", divisor_override) == 0:
        raise ValueError("divisor_override=0 must be another number: the sum is divided by it")
    return np.array(divisor_override)


def _adaptive_divisor(axes: list[_Axis]) -> np.ndarray:
    counts = [
        [
            len(arithmetic.adaptive_window(i, axis.input_size, axis.output_size))
            for i in range(axis.output_size)
        ]
        for axis in axes
    ]
    return np.outer(*counts)


def _divide(total: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    if total.dtype.kind == "f":
        return total / divisor.astype(total.dtype)
    # Towards zero, as C divides integers; // rounds down.
    return np.sign(total) * np.sign(divisor) * (np.abs(total) // np.abs(divisor))


def _widen(x: np.ndarray) -> np.ndarray:
    """Return x in the dtype in which to add it up."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


# Putting values back.


def _flat(maps: np.ndarray) -> np.ndarray:
    """Return maps with one row for each, its pixels in reading order: a view, where possible."""
    *lead, height, width = maps.shape
    return maps.reshape(math.prod(lead), height * width)


def _unpooled_shape(
    x: np.ndarray, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, ...]:
    """Check the arguments of max_unpool2d and return the shape of its output."""
    indices = _array("indices", indices)
    if indices.dtype != np.int64:
        raise TypeError(
            f"indices has dtype {indices.dtype}, not int64: take those of "
            "max_pool2d(..., return_indices=True), or write indices.astype(np.int64)"
        )
    if indices.shape != x.shape:
        raise ValueError(f"indices has shape {indices.shape}, not that of x, {x.shape}")
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
        arithmetic.unpool_output_size(size, *window[:3], output_size=out)
        for size, window, out in zip(
            x.shape[-2:], _pooling_windows(kernel_size, stride, padding), wanted, strict=True
        )
    )
    outside = indices[(indices < 0) | (indices >= height * width)]
    if outside.size:
        raise ValueError(
            f"indices holds {outside[0]}, but the pixels of an output of size ({height}, {width}) "
            f"are numbered 0 to {height * width - 1}: is output_size the size before pooling?"
        )
    return (*x.shape[:-2], height, width)


# Resizing.


def _interpolation(
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
    x = _maps("x", x, _FLOATS if mode == "bilinear" else (*_FLOATS, np.uint8))
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, not (N, C, H, W): write x[None]")
    dtype = _widen(x).dtype
    plan = []
    for axis, (outputs, ratio) in zip(
        (_HEIGHT, _WIDTH), _interpolated_sizes(x, size, scale_factor), strict=True
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
        pairs = zip(x.shape[-2:], _pair("size", size, 1), strict=True)
        return [(outputs, inputs / outputs) for inputs, outputs in pairs]
    sizes = []
    for inputs, factor in zip(x.shape[-2:], _two("scale_factor", scale_factor), strict=True):
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


# Convolution. Transposed or not, it joins the same pixels by the same taps and weights: _gather
# carries many pixels to one, _scatter one to many, and each is the other's transposed matrix.


def _convolution_axes(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> list[_Axis]:
    """Check the arguments of conv2d and return its axes."""
    _check_weight(x, weight, groups)
    _check_bias(x, bias, weight.shape[0])
    if x.shape[-3] != weight.shape[1] * groups:
        raise ValueError(
            f"weight has shape {weight.shape}: with groups={groups} that is for "
            f"{weight.shape[1] * groups} channels, but x has {x.shape[-3]}"
        )
    windows = _windows(weight.shape[2:], stride, padding, dilation)
    sizes = [
        arithmetic.conv_output_size(size, *window)
        for size, window in zip(x.shape[-2:], windows, strict=True)
    ]
    return _axes(windows, x.shape[-2:], sizes)


def _transposed_axes(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> list[_Axis]:
    """Check the arguments of conv_transpose2d; return the axes of the conv2d that it transposes."""
    _check_weight(x, weight, groups)
    _check_bias(x, bias, weight.shape[1] * groups)
    if x.shape[-3] != weight.shape[0]:
        raise ValueError(
            f"weight has shape {weight.shape}: that is for {weight.shape[0]} channels, "
            f"but x has {x.shape[-3]}"
        )
    windows = _windows(weight.shape[2:], stride, padding, dilation)
    sizes = [
        arithmetic.conv_transpose_output_size(
            size, window.kernel_size, window.stride, window.padding, extra, window.dilation
        )
        for size, window, extra in zip(
            x.shape[-2:], windows, _pair("output_padding", output_padding), strict=True
        )
    ]
    return _axes(windows, sizes, x.shape[-2:])


def _check_weight(x: np.ndarray, weight: Any, groups: Any) -> None:
    weight = _array("weight", weight)
    whole_number("groups", groups, 1)
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
    bias = _array("bias", bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias has shape {bias.shape}, not ({channels},), one number a channel")
    if bias.dtype != x.dtype:
        raise TypeError(f"bias has dtype {bias.dtype}, x has {x.dtype}: make them the same")


def _add_bias(out: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    return out if bias is None else out + bias[:, np.newaxis, np.newaxis]


def _in_groups(maps: np.ndarray, groups: int) -> np.ndarray:
    """Return maps as (N, groups, channels of a group, H, W), in the dtype in which to add up."""
    channels, *size = maps.shape[-3:]
    return _widen(maps).reshape(-1, groups, channels // groups, *size)


def _tap_pairs(axes: list[_Axis]) -> Iterator[tuple[tuple, tuple, tuple]]:
    """Yield for each tap of the 2-D kernel the indices of its weights, windows and pixels."""
    for row, column in itertools.product(*(axis.taps for axis in axes)):
        yield (
            (..., row.number, column.number),
            (..., row.windows, column.windows),
            (..., row.positions, column.positions),
        )


def _gather(x: np.ndarray, weight: np.ndarray, axes: list[_Axis], groups: int) -> np.ndarray:
    """Return, for each window, the sum of its pixels times the weights."""
    pixels = _in_groups(x, groups)
    weight = _widen(weight).reshape(groups, -1, *weight.shape[1:])
    size = [axis.output_size for axis in axes]
    out = np.zeros((len(pixels), *weight.shape[:2], *size), pixels.dtype)
    for tap, windows, positions in _tap_pairs(axes):
        out[windows] += np.einsum("ngchw,goc->ngohw", pixels[positions], weight[tap])
    return out.reshape(*x.shape[:-3], math.prod(weight.shape[:2]), *size)


def _scatter(y: np.ndarray, weight: np.ndarray, axes: list[_Axis], groups: int) -> np.ndarray:
    """Return, for each pixel, the sum over the windows that read it, times the weights."""
    values = _in_groups(y, groups)
    weight = _widen(weight).reshape(groups, -1, *weight.shape[1:])
    channels = weight.shape[2]
    size = [axis.input_size for axis in axes]
    out = np.zeros((len(values), groups, channels, *size), values.dtype)
    for tap, windows, positions in _tap_pairs(axes):
        out[positions] += np.einsum("ngohw,goc->ngchw", values[windows], weight[tap])
    return out.reshape(*y.shape[:-3], groups * channels, *size)
