"""Pooling layers that torch lacks: each one a function, and a thin Module that keeps its state.

Maps are floats of shape (N, C, H, W). Kernels and strides are square, an int in pixels, and
stride=None means kernel_size. Windows that would hang over the end are left out, as in torch.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

__all__ = [
    "BlurPool2d",
    "GatedPool2d",
    "GeM",
    "MaxBlurPool2d",
    "MixedPool2d",
    "SpatialPyramidPool",
    "StochasticPool2d",
    "blur_pool2d",
    "gated_pool2d",
    "gem",
    "max_blur_pool2d",
    "mixed_pool2d",
    "spatial_pyramid_pool",
    "stochastic_pool2d",
]


def blur_pool2d(x, filter_size=3, stride=2):
    """Smooth each map with a binomial filter, then keep every stride-th pixel.

    The filter is a row of Pascal's triangle times the same as a column, divided by its sum: for
    filter_size=3, [1, 2, 1] x [1, 2, 1] / 16. The borders are mirrored, the outermost pixels not
    repeated; an even filter takes one pixel more on the right and at the bottom.

    Args:
        x: the maps.
        filter_size: side of the filter, in pixels; 1 only subsamples.
        stride: distance of the pixels that are kept, in pixels.

    Shape: (N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride)).

    Raises:
        TypeError: if x is not a tensor of floats, or a size is not an int.
        ValueError: if x does not have 4 axes or is too small to be mirrored, or a size is below 1.

    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 05.

    >>> blur_pool2d(torch.tensor([[[[0.0, 0, 4, 0]]]]).expand(1, 1, 4, 4))[0, 0, 0].tolist()
    [0.0, 2.0]
    """
    _check_maps(x)
    _check_size("stride", stride)
    return _blur(x, _binomial(filter_size).to(x), stride)


class BlurPool2d(nn.Module):
    """Smoothing with a binomial filter and subsampling: `blur_pool2d` as a layer.

    Args:
        filter_size: side of the filter, in pixels.
        stride: distance of the pixels that are kept, in pixels.

    Shape: (N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride)).

    Raises:
        TypeError, ValueError: if a size is not an int of at least 1.

    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 05.
    """

    def __init__(self, filter_size=3, stride=2):
        super().__init__()
        _check_size("stride", stride)
        self.stride = stride
        # Fixed and computed from filter_size: it follows .to(...), but need not be saved.
        self.register_buffer("filter", _binomial(filter_size).float(), persistent=False)

    def forward(self, x):
        _check_maps(x)
        return _blur(x, self.filter, self.stride)

    def multiply_adds(self, x, out):
        return out.numel() * self.filter.numel()

    def extra_repr(self):
        return f"filter_size={len(self.filter)}, stride={self.stride}"


def max_blur_pool2d(x, kernel_size=2, filter_size=3, stride=2):
    """Take the maximum of every window, one pixel apart, then smooth and subsample.

    Max pooling with stride 2 is max pooling with stride 1 of which every second pixel is kept.
    Smoothing before pixels are dropped makes the result depend less on which ones are.

    Args:
        x: the maps.
        kernel_size: side of the max pooling's window, in pixels.
        filter_size: side of the filter, in pixels.
        stride: distance of the pixels that are kept, in pixels.

    Shape: (N, C, H, W) -> (N, C, ceil((H - kernel_size + 1) / stride), the same of W).

    Raises:
        TypeError: if x is not a tensor of floats, or a size is not an int.
        ValueError: if x does not have 4 axes or is too small, or a size is below 1.

    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 05.
    """
    _check_window(x, kernel_size, 1)
    return blur_pool2d(F.max_pool2d(x, kernel_size, 1), filter_size, stride)


class MaxBlurPool2d(nn.Module):
    """Max pooling that smooths before it subsamples: `max_blur_pool2d` as a layer.

    Its two parts are layers of their own, so that each can be looked at and counted.

    Args:
        kernel_size: side of the max pooling's window, in pixels.
        filter_size: side of the filter, in pixels.
        stride: distance of the pixels that are kept, in pixels.

    Shape: (N, C, H, W) -> (N, C, ceil((H - kernel_size + 1) / stride), the same of W).

    Raises:
        TypeError, ValueError: if a size is not an int of at least 1.

    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 05.
    """

    def __init__(self, kernel_size=2, filter_size=3, stride=2):
        super().__init__()
        _check_size("kernel_size", kernel_size)
        self.max = nn.MaxPool2d(kernel_size, stride=1)
        self.blur = BlurPool2d(filter_size, stride)

    def forward(self, x):
        _check_window(x, self.max.kernel_size, 1)
        return self.blur(self.max(x))


def gem(x, p=3.0, kernel_size=None, stride=None, eps=1e-6):
    """Take the generalised mean of each window, (mean of x ** p) ** (1 / p).

    With p = 1 it is average pooling; the larger p, the nearer it comes to the maximum. It averages
    where `torch.nn.functional.lp_pool2d` sums.

    Args:
        x: the maps.
        p: the exponent, a number or a tensor of one; anything but 0.
        kernel_size: side of the window, in pixels; None takes the whole map, as published.
        stride: distance between windows, in pixels.
        eps: smaller values, and so all negative ones, are raised to this first: a fractional power
            of a negative number does not exist, and at 0 its slope may be infinite.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out), with kernel_size=None (N, C, 1, 1).

    Raises:
        TypeError: if x is not a tensor of floats, or a size is not an int.
        ValueError: if x does not have 4 axes or is smaller than the window, a size is below 1, or
            eps is not above 0.

    Source: Radenović, Tolias, Chum 2017, arXiv:1711.02512. Introduced in lesson 05.

    >>> gem(torch.tensor([[[[1.0, 7.0]]]]), p=2).item()
    5.0
    """
    _check_maps(x)
    _check_gem(kernel_size, stride, eps)
    powers = x.clamp(min=eps).pow(p)
    if kernel_size is None:
        return powers.mean(dim=(2, 3), keepdim=True).pow(1 / p)
    stride = _check_window(x, kernel_size, stride)
    return F.avg_pool2d(powers, kernel_size, stride).pow(1 / p)


class GeM(nn.Module):
    """Generalised-mean pooling with a trained exponent, one for all maps: `gem` as a layer.

    Args:
        kernel_size: side of the window, in pixels; None takes the whole map, as published.
        stride: distance between windows, in pixels.
        p: the exponent to start from.
        eps: what smaller values are raised to.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out), with kernel_size=None (N, C, 1, 1).

    Raises:
        TypeError: if a size is not an int.
        ValueError: if a size is below 1, or eps or p is not above 0.

    Source: Radenović, Tolias, Chum 2017, arXiv:1711.02512, and for the start at 3 and
    eps the authors' github.com/filipradenovic/cnnimageretrieval-pytorch. Introduced in lesson 05.
    """

    def __init__(self, kernel_size=None, stride=None, p=3.0, eps=1e-6):
        super().__init__()
        _check_gem(kernel_size, stride, eps)
        if not p > 0:
            raise ValueError(f"p={p} is not above 0")
        self.kernel_size, self.stride, self.eps = kernel_size, stride, eps
        self.p = nn.Parameter(torch.tensor(float(p)))

    def forward(self, x):
        return gem(x, self.p, self.kernel_size, self.stride, self.eps)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, eps={self.eps}"


def mixed_pool2d(x, share, kernel_size, stride=None):
    """Mix max and average pooling: share x maximum + (1 - share) x average of each window.

    Args:
        x: the maps.
        share: the share of the maximum, from 0 (average pooling) to 1 (max pooling); a number, or
            a tensor that fits the result.
        kernel_size: side of the window, in pixels.
        stride: distance between windows, in pixels.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).

    Raises:
        TypeError: if x is not a tensor of floats, or a size is not an int.
        ValueError: if x does not have 4 axes or is smaller than the window, or a size is below 1.

    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 05.

    >>> mixed_pool2d(torch.tensor([[[[1.0, 3], [5, 7]]]]), share=0.5, kernel_size=2).item()
    5.5
    """
    stride = _check_window(x, kernel_size, stride)
    average = F.avg_pool2d(x, kernel_size, stride)
    return average + share * (F.max_pool2d(x, kernel_size, stride) - average)


class MixedPool2d(nn.Module):
    """Max and average pooling mixed in a trained proportion, one for the layer.

    The number that is trained is the share's logit, so that the share stays between 0 and 1. It
    starts at 0: half and half.

    Args:
        kernel_size: side of the window, in pixels.
        stride: distance between windows, in pixels.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).

    Raises:
        TypeError, ValueError: if a size is not an int of at least 1.

    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 05.
    """

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, _check_sizes(kernel_size, stride)
        self.logit = nn.Parameter(torch.zeros(()))

    @property
    def share(self):
        """The share of the maximum, a tensor of one number from 0 to 1."""
        return self.logit.sigmoid()

    def forward(self, x):
        return mixed_pool2d(x, self.share, self.kernel_size, self.stride)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


def gated_pool2d(x, mask, stride=None):
    """Mix max and average pooling, in each window in a proportion that depends on what is in it.

    The share of the maximum is the sigmoid of the sum of the window times the mask.

    Args:
        x: the maps.
        mask: the gating mask, a square tensor of the window's size, the same for all maps.
        stride: distance between windows, in pixels; None means the side of the mask.

    Shape: (N, C, H, W), (k, k) -> (N, C, H_out, W_out).

    Raises:
        TypeError: if x is not a tensor of floats, or stride is not an int.
        ValueError: if x does not have 4 axes or is smaller than the mask, the mask is not square,
            or stride is below 1.

    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 05.

    >>> gated_pool2d(torch.tensor([[[[1.0, 3], [5, 7]]]]), torch.zeros(2, 2)).item()
    5.5
    """
    if mask.ndim != 2 or mask.shape[0] != mask.shape[1]:
        raise ValueError(f"mask has shape {tuple(mask.shape)}; it must be square, (k, k)")
    stride = _check_window(x, len(mask), stride)
    return mixed_pool2d(x, _depthwise(x, mask, stride).sigmoid(), len(mask), stride)


class GatedPool2d(nn.Module):
    """Max and average pooling mixed by a trained gating mask, one for the layer.

    The mask starts at 0, which mixes half and half everywhere. It has no bias: k x k numbers, as
    the authors count them.

    Args:
        kernel_size: side of the window and of the mask, in pixels.
        stride: distance between windows, in pixels.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).

    Raises:
        TypeError, ValueError: if a size is not an int of at least 1.

    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 05.
    """

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.stride = _check_sizes(kernel_size, stride)
        self.mask = nn.Parameter(torch.zeros(kernel_size, kernel_size))

    def forward(self, x):
        return gated_pool2d(x, self.mask, self.stride)

    def multiply_adds(self, x, out):
        return out.numel() * self.mask.numel()

    def extra_repr(self):
        return f"kernel_size={len(self.mask)}, stride={self.stride}"


def stochastic_pool2d(x, kernel_size, stride=None, training=True, generator=None):
    """Draw one pixel from each window, with a probability proportional to its value.

    With training=False the result is what is drawn on average: each value times its probability,
    which is the sum of squares over the sum. A window of zeros gives 0. The gradient of a draw goes
    to the pixel that was drawn.

    Args:
        x: the maps, as they come from a ReLU: negative values count as 0 and are never drawn.
        kernel_size: side of the window, in pixels.
        stride: distance between windows, in pixels.
        training: whether to draw.
        generator: the torch.Generator to draw from; None means torch's own, which
            `torch.manual_seed` sets.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).

    Raises:
        TypeError: if x is not a tensor of floats, or a size is not an int.
        ValueError: if x does not have 4 axes or is smaller than the window, or a size is below 1.

    Source: Zeiler, Fergus 2013, arXiv:1301.3557. Introduced in lesson 05.

    >>> stochastic_pool2d(torch.tensor([[[[0.0, 1], [0, 3]]]]), 2, training=False).item()
    2.5
    """
    stride = _check_window(x, kernel_size, stride)
    x = x.relu()
    if not training:
        average = F.avg_pool2d(x, kernel_size, stride)
        return F.avg_pool2d(x * x, kernel_size, stride) / average.masked_fill(average == 0, 1)
    windows = x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).flatten(-2)
    # A point on a line from 0 to the window's sum falls into the stretch of one of its pixels. In
    # bfloat16 the ends of the stretches would be too coarse.
    precise = torch.promote_types(x.dtype, torch.float32)
    ends = windows.detach().cumsum(-1, dtype=precise)
    total = ends[..., -1:]
    point = total * torch.rand(total.shape, dtype=precise, device=x.device, generator=generator)
    # In a window of zeros no stretch holds the point; any of its pixels is then right.
    drawn = (ends <= point).sum(-1, keepdim=True).clamp(max=kernel_size**2 - 1)
    return windows.gather(-1, drawn).squeeze(-1)


class StochasticPool2d(nn.Module):
    """Pooling that draws a pixel in training and takes the weighted mean in evaluation.

    It draws from torch's own generator: `torch.manual_seed` makes a training run repeat.

    Args:
        kernel_size: side of the window, in pixels.
        stride: distance between windows, in pixels.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).

    Raises:
        TypeError, ValueError: if a size is not an int of at least 1.

    Source: Zeiler, Fergus 2013, arXiv:1301.3557. Introduced in lesson 05.
    """

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, _check_sizes(kernel_size, stride)

    def forward(self, x):
        return stochastic_pool2d(x, self.kernel_size, self.stride, self.training)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


def spatial_pyramid_pool(x, levels=(4, 2, 1), mode="max"):
    """Pool maps of any size into a fixed number of bins, at several levels, and join the results.

    Args:
        x: the maps.
        levels: for each level, how many bins each side is cut into.
        mode: "max", as published, or "average".

    Shape: (N, C, H, W) -> (N, C * sum of level**2), level after level, and in each level channel
    after channel.

    Raises:
        TypeError: if x is not a tensor of floats, or a level is not an int.
        ValueError: if x does not have 4 axes, there is no level, a level is below 1, or mode is
            another word.

    Differs from the paper: its layers slide windows of ceil(side / level) pixels with stride
    floor(side / level); the bins here are those of torch's adaptive pooling, the same where level
    divides the side.

    Source: He, Zhang, Ren, Sun 2014, arXiv:1406.4729. Introduced in lesson 05.

    >>> spatial_pyramid_pool(torch.tensor([[[[1.0, 2], [3, 4]]]]), levels=(2, 1)).tolist()
    [[1.0, 2.0, 3.0, 4.0, 4.0]]
    """
    _check_maps(x)
    _check_levels(levels, mode)
    pool = _ADAPTIVE[mode]
    return torch.cat([pool(x, level).flatten(1) for level in levels], dim=1)


class SpatialPyramidPool(nn.Module):
    """Pooling into a fixed number of bins at several levels: `spatial_pyramid_pool` as a layer.

    Args:
        levels: for each level, how many bins each side is cut into.
        mode: "max", as published, or "average".

    Shape: (N, C, H, W) -> (N, C * sum of level**2).

    Raises:
        TypeError: if a level is not an int.
        ValueError: if there is no level, a level is below 1, or mode is another word.

    Source: He, Zhang, Ren, Sun 2014, arXiv:1406.4729. Introduced in lesson 05.
    """

    def __init__(self, levels=(4, 2, 1), mode="max"):
        super().__init__()
        _check_levels(levels, mode)
        self.levels, self.mode = tuple(levels), mode

    def forward(self, x):
        return spatial_pyramid_pool(x, self.levels, self.mode)

    def extra_repr(self):
        return f"levels={self.levels}, mode={self.mode!r}"


_ADAPTIVE = {"max": F.adaptive_max_pool2d, "average": F.adaptive_avg_pool2d}


def _binomial(filter_size):
    """Return the binomial filter of this side; its entries add up to 1."""
    _check_size("filter_size", filter_size)
    row = torch.tensor(
        [math.comb(filter_size - 1, i) for i in range(filter_size)], dtype=torch.float64
    )
    return torch.outer(row, row) / row.sum() ** 2


def _blur(x, kernel, stride):
    before = (len(kernel) - 1) // 2
    after = len(kernel) - 1 - before
    if min(x.shape[-2:]) <= after:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; to be mirrored for a filter of {len(kernel)} pixels, "
            f"its maps need sides of at least {after + 1}"
        )
    return _depthwise(F.pad(x, (before, after, before, after), mode="reflect"), kernel, stride)


def _depthwise(x, kernel, stride):
    """Convolve each map with the same kernel."""
    channels = x.shape[1]
    return F.conv2d(x, kernel.expand(channels, 1, -1, -1), stride=stride, groups=channels)


def _check_maps(x):
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise TypeError(f"x is {kind}; it must be a tensor of floats")
    if x.ndim != 4:
        raise ValueError(f"x has shape {tuple(x.shape)}; it must be (N, C, H, W)")


def _check_size(name, value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}={value!r} must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name}={value} must be at least 1")


def _check_sizes(kernel_size, stride):
    """Check both, and return the stride that is meant."""
    _check_size("kernel_size", kernel_size)
    if stride is None:
        return kernel_size
    _check_size("stride", stride)
    return stride


def _check_window(x, kernel_size, stride):
    """Check that the windows fit the maps, and return the stride that is meant."""
    _check_maps(x)
    stride = _check_sizes(kernel_size, stride)
    if min(x.shape[-2:]) < kernel_size:
        raise ValueError(f"x has shape {tuple(x.shape)}; kernel_size={kernel_size} does not fit in")
    return stride


def _check_gem(kernel_size, stride, eps):
    if kernel_size is not None:
        _check_sizes(kernel_size, stride)
    elif stride is not None:
        raise ValueError(f"stride={stride} needs a kernel_size: the whole map is one window")
    if not eps > 0:
        raise ValueError(f"eps={eps} is not above 0")


def _check_levels(levels, mode):
    if mode not in _ADAPTIVE:
        raise ValueError(f"mode={mode!r} is not one of {', '.join(_ADAPTIVE)}")
    if len(levels) == 0:
        raise ValueError("levels is empty; there must be at least one")
    for level in levels:
        _check_size("level", level)
