"""The backward pass of every function in `functional`: from output gradients to input gradients.

`f_backward(grad_output, x, ...)` takes the gradient of some loss with respect to f's output,
then the arguments of f, and returns the gradient of that loss with respect to x. All follow
torch.autograd, where a maximum has several candidates too: the first in reading order gets all.

The rule behind them all: an input's gradient is the sum, over the outputs it had a part in, of
that output's gradient times the part. So where forward reads pixels and adds them up in windows,
backward reads windows and adds them up in pixels, along the same taps.

Common to all: `grad_output` has the shape of f's output, and the dtype of x, which is float16,
float32 or float64; float16 is summed in float32, so it is a little more accurate than torch. The
result has x's shape. The other arguments and the errors are those of f, in `functional`. Of x only
shape and dtype count where f is linear in it, but for the weight of a convolution; of a bias only
the shape. The source is the derivative of f, and what is named beside it.
"""

import math

import numpy as np

from poolkit import checks, functional
from poolkit.engine import bins, convolution, resizing, windows
from poolkit.engine.windows import like_ieee


@like_ieee
def max_pool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    *,
    ceil_mode: bool = False,
    indices: np.ndarray | None = None,
) -> np.ndarray:
    """Send each output's gradient to the pixel that was the maximum of its window.

    Of equal maxima the first in reading order gets it all; of several NaN, the last. A pixel that
    was never a maximum gets 0, one that was in several windows the sum.

    Args: `indices`, those that `max_pool2d` returned, if you kept them, as torch.autograd does, so
    that they need not be found again.
    Differs from torch: where dilation makes a window that reads only padding, torch adds its
    gradient to a wrong pixel, or writes outside the array; poolkit raises ValueError.
    Introduced in lesson 04.

    >>> x = np.array([[[1.0, 3.0, 3.0, 2.0]]])
    >>> max_pool2d_backward(np.array([[[10.0, 20.0, 30.0]]]), x, (1, 2), stride=1).tolist()
    [[[0.0, 30.0, 30.0, 0.0]]]
    """
    x = checks.maps("x", x, checks.FLOATS)
    if indices is None:
        _, indices = functional.max_pool2d(
            x, kernel_size, stride, padding, dilation, ceil_mode=ceil_mode, return_indices=True
        )
    height, width = windows.sliding(x.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    out_shape = (*x.shape[:-2], len(height.starts), len(width.starts))
    indices = checks.indices(indices, "the output", out_shape)
    grad_output = checks.output_gradient(grad_output, out_shape, x)
    return windows.scatter(grad_output, indices, x.shape[-2:], add=True)


@like_ieee
def avg_pool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    *,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Share each output's gradient out equally among the pixels of its window.

    Each gets the gradient over the divisor; what would go to the padding is lost.
    Introduced in lesson 04.

    >>> avg_pool2d_backward(np.array([[[10.0, 20.0]]]), np.zeros((1, 1, 3)), (1, 2), 1).tolist()
    [[[5.0, 15.0, 10.0]]]
    """
    x = checks.maps("x", x, checks.FLOATS)
    size = x.shape[-2:]
    asked = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    height, width, divisors = windows.averaging(size, *asked)
    out_shape = (*x.shape[:-2], len(height.starts), len(width.starts))
    grad_output = checks.output_gradient(grad_output, out_shape, x)
    return windows.spread(grad_output, height, width, divisors, size)


@like_ieee
def lp_pool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    norm_type: float,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    *,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Send each pixel its share of the output's gradient: (x / output) ** (norm_type - 1).

    Where a window's sum is 0 the root has no derivative; as in torch its pixels then get 0
    (https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html).
    """
    x = checks.maps("x", x, checks.FLOATS)
    p = checks.norm_type(norm_type)
    if math.isinf(p):
        largest = np.abs(x) if p > 0 else -np.abs(x)
        return np.sign(x) * max_pool2d_backward(
            grad_output, largest, kernel_size, stride, ceil_mode=ceil_mode
        )
    average = functional.avg_pool2d(x**p, kernel_size, stride, ceil_mode=ceil_mode)
    grad_output = checks.output_gradient(grad_output, average.shape, x)
    count = math.prod(checks.pair("kernel_size", kernel_size))
    # The chain rule through x ** p, the average, times count, ** (1 / p), from the end.
    grad_average = grad_output * ((average * count) ** (1 / p - 1) / p) * count
    grad_average[average == 0] = 0
    grad_power = avg_pool2d_backward(grad_average, x, kernel_size, stride, ceil_mode=ceil_mode)
    return grad_power * (p * x ** (p - 1))


@like_ieee
def adaptive_avg_pool2d_backward(
    grad_output: np.ndarray, x: np.ndarray, output_size: int | tuple[int | None, int | None]
) -> np.ndarray:
    """Share each output's gradient out equally among the pixels of its bin.

    Differs from torch: with a 0 in output_size, torch raises and poolkit returns zeros.
    """
    x = checks.maps("x", x, checks.FLOATS)
    size = x.shape[-2:]
    out_shape = (*x.shape[:-2], *bins.output_size(size, output_size))
    return bins.spread(checks.output_gradient(grad_output, out_shape, x), size)


@like_ieee
def adaptive_max_pool2d_backward(
    grad_output: np.ndarray, x: np.ndarray, output_size: int | tuple[int | None, int | None]
) -> np.ndarray:
    """Send each output's gradient to the pixel that was the maximum of its bin.

    Differs from torch: with a 0 in output_size, torch raises and poolkit returns zeros.
    """
    x = checks.maps("x", x, checks.FLOATS)
    output, indices = functional.adaptive_max_pool2d(x, output_size, return_indices=True)
    grad_output = checks.output_gradient(grad_output, output.shape, x)
    return windows.scatter(grad_output, indices, x.shape[-2:], add=True)


def max_unpool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    indices: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    output_size: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Fetch each value's gradient from the pixel that `max_unpool2d` put it into.

    Where an index is repeated, all of its values get the pixel's gradient, as in torch, though
    only the last of them had a part in the output.
    """
    x = checks.maps("x", x, checks.FLOATS)
    size = windows.unpooled_size(x, kernel_size, stride, padding, output_size)
    indices = checks.within(checks.indices(indices, "x", x.shape), size)
    grad_output = checks.output_gradient(grad_output, (*x.shape[:-2], *size), x)
    pixels, places = windows.flattened(grad_output), windows.flattened(indices)
    return np.take_along_axis(pixels, places, axis=-1).reshape(x.shape)


@like_ieee
def interpolate_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    size: int | tuple[int, int] | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> np.ndarray:
    """Give each pixel the gradients of the outputs that read it, times the weights they gave it.

    It is the transposed matrix of `functional.interpolate`, which is linear in x.
    """
    x = checks.maps("x", x, checks.FLOATS)
    height, width = resizing.axes(x, size, scale_factor, mode, align_corners)
    out_shape = (*x.shape[:2], height.output_size, width.output_size)
    grad_output = checks.output_gradient(grad_output, out_shape, x)
    return resizing.resize_transposed(grad_output, height, width)


@like_ieee
def conv2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the gradients of x, of the weight and of the bias (None if there is none).

    That of x is the transposed convolution of grad_output with the same weight.
    Source, for x: Dumoulin and Visin 2016, arXiv:1603.07285, chapter 4. Introduced in lesson 11.

    >>> x, weight = np.array([[[1.0, 2.0]]]), np.array([[[[3.0, 4.0]]]])
    >>> grad_x, grad_weight, grad_bias = conv2d_backward(np.ones((1, 1, 1)), x, weight)
    >>> grad_x.tolist(), grad_weight.tolist(), grad_bias
    ([[[3.0, 4.0]]], [[[[1.0, 2.0]]]], None)
    """
    x = checks.maps("x", x, checks.FLOATS)
    asked = convolution.for_conv2d(x, weight, bias, stride, padding, dilation, groups)
    out_shape = (*x.shape[:-3], asked.weight.shape[0], *asked.output_size)
    grad_output = checks.output_gradient(grad_output, out_shape, x)
    return (
        convolution.convolve(grad_output, asked, transposed=True).astype(x.dtype),
        convolution.weight_gradient(x, grad_output, asked),
        convolution.bias_gradient(grad_output, asked),
    )


@like_ieee
def conv_transpose2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the gradients of x, of the weight and of the bias (None if there is none).

    That of x is the convolution of grad_output with the same weight.
    Source, for x: Dumoulin and Visin 2016, arXiv:1603.07285, chapter 4.
    """
    x = checks.maps("x", x, checks.FLOATS)
    asked = convolution.for_conv_transpose2d(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )
    out_shape = (*x.shape[:-3], asked.weight.shape[1] * asked.groups, *asked.input_size)
    grad_output = checks.output_gradient(grad_output, out_shape, x)
    return (
        convolution.convolve(grad_output, asked).astype(x.dtype),
        convolution.weight_gradient(grad_output, x, asked),
        convolution.bias_gradient(grad_output, asked),
    )
