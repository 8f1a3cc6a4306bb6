"""Pooling, unpooling, resizing and convolution of feature maps, as torch.nn.functional does them.

Names, argument order, defaults and results are torch's, so what works here works there. Arrays
are (N, C, H, W) or (C, H, W); sizes are an int, or an (h, w) pair. The dtype is kept, and the
input is never changed. float16 is summed in float32, as torch does. As in torch, overflow gives
inf and an undefined result NaN, without a warning.

Here each function checks its arguments and says in one place what it means; `engine` computes it.
Common to all: sizes are in pixels, and `stride=None` means kernel_size. The dtypes are float16,
float32 and float64, where no others are named. An argument that breaks a rule raises TypeError or
ValueError; the message says which. The source is torch's page of the function's name,
https://docs.pytorch.org/docs/stable/nn.functional.html, and what is named beside it.

poolkit is stricter than torch about these, on purpose:

- The switches, such as ceil_mode, are given by name. torch also takes them by position.
- A size is an int or a pair. torch also takes (2,) for 2, () for None, and a tensor. A NumPy
  integer is an int everywhere; torch refuses it as the output_size of adaptive pooling.
- The only empty axis allowed is the batch. torch lets some functions run on zero channels.
- Complex numbers are refused. torch takes them in convolutions and a few corners.
- Whole numbers must fit into 64 bits; some of torch's must fit into 32.
- The only kinds of array are np.ndarray and np.memmap: other subclasses have their own arithmetic.
"""

import math

import numpy as np

from poolkit import checks
from poolkit.engine import bins, convolution, resizing, windows
from poolkit.engine.windows import like_ieee


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

    Args: sizes in pixels, where `stride=None` means kernel_size; `ceil_mode` allows a last window
    to hang over the end. With `return_indices` the result is a pair: the values, and for each the
    flat index row * W + column of the pixel it came from. Of equal values the first in reading
    order counts; of several NaN, the last.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Dtypes: float16, float32, float64, uint8, int8, int16, int32, int64.
    Differs from torch: dilation can carry a window past the input, so that it reads only padding.
    Its value is -inf in both; torch returns an index outside the map for it (or of another
    pixel), poolkit raises ValueError when asked for indices.
    Introduced in lesson 01; windows in lesson 02, indices in lesson 04.

    >>> x = np.array([[[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    >>> max_pool2d(x, 2).tolist()
    [[[6, 4], [4, 5]]]
    """
    x = checks.maps("x", x, checks.FLOATS + checks.INTEGERS)
    height, width = windows.sliding(x.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    if not return_indices:
        return windows.maximum(x, height, width)
    for pixels, axis in zip(x.shape[-2:], (height, width), strict=True):
        outside = np.flatnonzero(axis.first_pixels >= pixels)
        if outside.size:
            raise ValueError(
                f"dilation={axis.spacing} carries window {outside[0]} past the input of size "
                f"{pixels}: it reads only padding, and its maximum has no index"
            )
    return windows.maximum_and_index(x, height, width)


@like_ieee
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

    Args: `ceil_mode` as in `max_pool2d`; `count_include_pad` counts the padding as zeros, but never
    the overhang; `divisor_override` replaces the count that the sum is divided by, and may be any
    whole number of 64 bits but 0.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Dtypes: float16, float32, float64, and int64, which is rounded towards zero. Integers wrap
    around as torch's do where a sum, or -2 ** 63 over -1, does not fit into 64 bits.
    Differs from torch: torch crashes on an integer sum of -2 ** 63 over -1.
    Source of the divisor: `arithmetic.average_divisor`.
    Introduced in lesson 01; windows in lesson 02.

    >>> x = np.array([[[1., 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    >>> avg_pool2d(x, 2).tolist()
    [[[3.75, 2.25], [1.75, 2.75]]]
    """
    x = checks.maps("x", x, (*checks.FLOATS, np.int64))
    size = x.shape[-2:]
    asked = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return windows.average(x, *windows.averaging(size, *asked))


@like_ieee
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

    Args: `norm_type`, a number but 0 (inf and -inf: the largest, smallest absolute value).
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.output_size`.
    Differs from torch: integers are refused, of which torch returns a wrong norm, as it rounds the
    averages inside; so are norm_type True and nan.
    Source: Sermanet, Chintala and LeCun 2012, arXiv:1204.3968. Introduced in lesson 06.

    >>> lp_pool2d(np.array([[[3.0, 4.0]]]), 2, (1, 2)).tolist()
    [[[5.0]]]
    """
    x = checks.maps("x", x, checks.FLOATS)
    p = checks.norm_type(norm_type)
    if math.isinf(p):
        sign = x.dtype.type(math.copysign(1, p))
        return sign * max_pool2d(sign * np.abs(x), kernel_size, stride, ceil_mode=ceil_mode)
    average = avg_pool2d(x**p, kernel_size, stride, ceil_mode=ceil_mode)
    return (average * math.prod(checks.pair("kernel_size", kernel_size))) ** (1 / p)


@like_ieee
def adaptive_avg_pool2d(
    x: np.ndarray, output_size: int | tuple[int | None, int | None]
) -> np.ndarray:
    """Return averages over as many bins as you ask for, whatever the size of the input.

    Args: `output_size` in bins, an int or a pair; None in the pair keeps that axis as it is;
    it may exceed the input, as bins overlap.
    Shape: (N, C, H, W) -> (N, C, output_size[0], output_size[1])
    Differs from torch: for output_size=1 torch averages arrays of any shape, and an empty map to
    NaN; poolkit checks the shape always. torch has no gradient where output_size holds a 0.
    Source of the bins: `arithmetic.adaptive_window`.
    Introduced in lesson 02, global pooling (output_size=1) in lesson 06.

    >>> adaptive_avg_pool2d(np.array([[[1.0, 2.0, 3.0]]]), (1, 2)).tolist()
    [[[1.5, 2.5]]]
    """
    x = checks.maps("x", x, checks.FLOATS)
    return bins.average(x, bins.output_size(x.shape[-2:], output_size))


def adaptive_max_pool2d(
    x: np.ndarray, output_size: int | tuple[int | None, int | None], *, return_indices: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return the largest values of as many bins as you ask for, whatever the size of the input.

    Args: `output_size` as in `adaptive_avg_pool2d`; `return_indices` as in `max_pool2d`.
    Shape: (N, C, H, W) -> (N, C, output_size[0], output_size[1])
    Differs from torch: torch has no gradient where output_size holds a 0.
    """
    x = checks.maps("x", x, checks.FLOATS)
    size = bins.output_size(x.shape[-2:], output_size)
    return bins.maximum_and_index(x, size) if return_indices else bins.maximum(x, size)


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

    Args: `indices`, int64, from `max_pool2d(..., return_indices=True)`; `kernel_size`, `stride` and
    `padding`, those of the pooling; `output_size`, an (h, w) pair or a shape that ends in it, is
    the size before pooling, which kernel and stride cannot tell for sure.
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), sizes by `arithmetic.unpool_output_size`.
    Raises: ValueError too for an index outside the output, or an output_size that does not pool to
    this size.
    Differs from torch: torch does not promise which of several values it keeps. It accepts kernels,
    strides and paddings of no possible pooling, and drops values silently; poolkit refuses them.
    Source: Zeiler and Fergus 2013, arXiv:1311.2901. Introduced in lesson 11.

    >>> max_unpool2d(np.array([[[6.0, 4.0]]]), np.array([[[5, 3]]]), 2).tolist()
    [[[0.0, 0.0, 0.0, 4.0], [0.0, 6.0, 0.0, 0.0]]]
    """
    x = checks.maps("x", x, checks.FLOATS)
    size = windows.unpooled_size(x, kernel_size, stride, padding, output_size)
    indices = checks.indices(indices, "x", x.shape)
    return windows.scatter(x, indices, size, add=False)


@like_ieee
def interpolate(
    x: np.ndarray,
    size: int | tuple[int, int] | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> np.ndarray:
    """Resize the maps, by copying the nearest pixel or by blending the four nearest.

    Args: either `size` or `scale_factor`, an int or a float or a pair of them;
    `mode` "nearest" or "bilinear"; `align_corners`, for bilinear only, puts the centres of the
    corner pixels onto each other instead of the corners of the map (default: False).
    Shape: (N, C, H, W) -> (N, C, H_out, W_out), which is `size`, or floor(H * scale_factor).
    Dtypes: float16, float32, float64, and uint8 for "nearest".
    Differs from torch: torch has more modes; it takes (C, H, W) for "nearest" as (N, C, L), and
    stretches the last axis alone; it takes scale_factor=True, and for bilinear uint8, which it
    rounds in a way that depends on the processor. poolkit refuses all three.
    Source: aten/src/ATen/native/UpSample.h of PyTorch. Introduced in lesson 11.

    >>> interpolate(np.array([[[[1.0, 2.0]]]]), size=(1, 4), mode="bilinear").tolist()
    [[[[1.0, 1.25, 1.75, 2.0]]]]
    """
    x = checks.maps("x", x, (*checks.FLOATS, np.uint8))
    return resizing.resize(x, *resizing.axes(x, size, scale_factor, mode, align_corners))


@like_ieee
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

    Args: `weight` (C_out, C / groups, h, w) and `bias` (C_out,), of x's dtype; `padding`, with
    zeros; `groups`, how many parts the channels are cut into, each with its own weights.
    Shape: (N, C, H, W) -> (N, C_out, H_out, W_out), sizes by `arithmetic.conv_output_size`.
    Dtypes: float16, float32, float64, uint8, int8, int16, int32, int64; integers wrap around.
    Differs from torch: the paddings "same" and "valid" are refused. The padding is skipped, not
    multiplied: a weight that is inf or NaN does not make a NaN of it.
    Source: Dumoulin and Visin 2016, arXiv:1603.07285. Introduced in lesson 11.

    >>> conv2d(np.array([[[1, 2, 3]]]), np.array([[[[1, -1]]]])).tolist()
    [[[-1, -1]]]
    """
    x = checks.maps("x", x, checks.FLOATS + checks.INTEGERS)
    asked = convolution.for_conv2d(x, weight, bias, stride, padding, dilation, groups)
    return convolution.plus_bias(convolution.convolve(x, asked), asked)


@like_ieee
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

    Args: `weight` (C, C_out / groups, h, w) and `bias` (C_out,), of x's dtype; `padding`, what is
    cut from each side of the output; `output_padding`, what is added to the end again; `groups` as
    in `conv2d`.
    Shape: (N, C, H, W) -> (N, C_out, H_out, W_out), by `arithmetic.conv_transpose_output_size`.
    Dtypes: float16, float32, float64, int64.
    Differs from torch: torch takes a bias of another dtype.
    Source: Dumoulin and Visin 2016, arXiv:1603.07285, section 4. Introduced in lesson 11.

    >>> conv_transpose2d(np.ones((1, 1, 3)), np.ones((1, 1, 1, 3)), stride=2).tolist()
    [[[1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0]]]
    """
    x = checks.maps("x", x, (*checks.FLOATS, np.int64))
    asked = convolution.for_conv_transpose2d(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )
    return convolution.plus_bias(convolution.convolve(x, asked, transposed=True), asked)
