"""Pooling layers that torch lacks: each one a function, and a thin Module that keeps its state.

Maps are floats of shape (N, C, H, W), and so is the result, where nothing else is said. Kernels and
strides are square, an int in pixels, and stride=None means kernel_size. Windows that would hang
over the end are left out, as in torch. An argument that breaks a rule raises TypeError or
ValueError; the message says which. A Module has the arguments and the errors of its function, and
what it trains is one for all maps.

The dtype is kept. What is narrower than float32 is computed in float32, also under autocast, and
scaled where a power or a sum would overflow, so that a result is finite if the dtype can hold it.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from numbers import Real

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from poolkit.checks import real_number, whole_number


def _in_float32(pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Check the maps, let `pool` compute in float32 or wider, and return the maps' dtype."""

    @functools.wraps(pool)
    def computed(x: Tensor, *args, **kwargs) -> Tensor:
        _check_maps(x)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        # The meta device knows no autocast, not even to switch it off.
        known = torch.amp.is_autocast_available(x.device.type)
        with torch.autocast(x.device.type, enabled=False) if known else contextlib.nullcontext():
            return pool(wide, *args, **kwargs).to(x.dtype)

    return computed


@_in_float32
def blur_pool2d(x: Tensor, filter_size: int = 3, stride: int = 2) -> Tensor:
    """Smooth each map with a binomial filter, then keep every stride-th pixel.

    The filter is a row of Pascal's triangle times the same as a column, divided by its sum: for
    filter_size=3, [1, 2, 1] x [1, 2, 1] / 16. The borders are mirrored, the outermost pixels not
    repeated; an even filter takes one pixel more on the right and at the bottom. With filter_size=1
    it only subsamples.

    Shape: (N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride)).
    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 06.

    >>> blur_pool2d(torch.tensor([[[[0.0, 0, 4, 0]]]]).expand(1, 1, 4, 4))[0, 0, 0].tolist()
    [0.0, 2.0]
    """
    stride, last = (
        whole_number("stride", stride, 1),
        whole_number("filter_size", filter_size, 1) - 1,
    )
    before, after = last // 2, last - last // 2
    if min(x.shape[-2:]) <= after:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; to be mirrored for a filter of {last + 1} pixels, "
            f"its maps need sides of at least {after + 1}"
        )
    row = torch.tensor([math.comb(last, i) for i in range(last + 1)], dtype=torch.float64)
    kernel = (torch.outer(row, row) / row.sum() ** 2).to(x)
    return _depthwise(F.pad(x, (before, after, before, after), mode="reflect"), kernel, stride)


class _Pool(nn.Module):
    def extra_repr(self) -> str:
        """Return the layer's arguments, for its repr."""
        own = [name for name in vars(self) if name != "training" and not name.startswith("_")]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in own)


class BlurPool2d(_Pool):
    """`blur_pool2d` as a layer."""

    def __init__(self, filter_size: int = 3, stride: int = 2):
        super().__init__()
        self.filter_size = whole_number("filter_size", filter_size, 1)
        self.stride = whole_number("stride", stride, 1)

    def forward(self, x: Tensor) -> Tensor:
        return blur_pool2d(x, self.filter_size, self.stride)

    def multiply_adds(self, x: Tensor, out: Tensor) -> int:
        return out.numel() * self.filter_size**2


def max_blur_pool2d(
    x: Tensor, kernel_size: int = 2, filter_size: int = 3, stride: int = 2
) -> Tensor:
    """Take the maximum of every window, one pixel apart, then smooth and subsample.

    Max pooling with stride 2 is max pooling with stride 1 of which every second pixel is kept.
    Smoothing before pixels are dropped makes the result depend less on which ones are.

    Args: `kernel_size`, of the max pooling; the others as for `blur_pool2d`.
    Shape: (N, C, H, W) -> (N, C, ceil((H - kernel_size + 1) / stride), the same of W).
    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 06.
    """
    return MaxBlurPool2d(kernel_size, filter_size, stride)(x)


class MaxBlurPool2d(nn.Module):
    """`max_blur_pool2d` as a layer of two layers, so that each can be looked at and counted."""

    def __init__(self, kernel_size: int = 2, filter_size: int = 3, stride: int = 2):
        super().__init__()
        self.max = nn.MaxPool2d(whole_number("kernel_size", kernel_size, 1), stride=1)
        self.blur = BlurPool2d(filter_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        _check_maps(x)
        _check_window(x, self.max.kernel_size, 1)
        return self.blur(self.max(x))


@_in_float32
def gem(
    x: Tensor,
    p: float | Tensor = 3.0,
    kernel_size: int | None = None,
    stride: int | None = None,
    eps: float = 1e-6,
) -> Tensor:
    """Take the generalised mean of each window, (mean of x ** p) ** (1 / p).

    With p = 1 it is average pooling; the larger p, the nearer it comes to the maximum. It averages
    where `torch.nn.functional.lp_pool2d` sums.

    Args: `p`, a number or a tensor of one, anything but 0; `kernel_size`, None for the whole map,
    as published; `eps`: smaller values, and so all negative ones, are raised to this first, for a
    fractional power of a negative number does not exist, and at 0 its slope may be infinite.
    Source: Radenović, Tolias, Chum 2017, arXiv:1711.02512. Introduced in lesson 06.

    >>> gem(torch.tensor([[[[1.0, 7.0]]]]), p=2).item()
    5.0
    """
    _check_gem(kernel_size, stride, eps)
    p = _exponent(p).to(x)
    windows = x.clamp(min=eps)
    windows = windows.flatten(2) if kernel_size is None else _windows(windows, kernel_size, stride)
    # A power of a large number overflows, and one of a small number is 0. The mean of multiples is
    # the multiple of the mean: in multiples of the window's largest value (its smallest, if p is
    # negative) no power is above 1, and one is 1.
    limits, fixed = torch.finfo(x.dtype), windows.detach()
    scale = torch.where(p > 0, fixed.amax(-1), fixed.amin(-1)).clamp(max=limits.max)
    multiples = (windows / scale[..., None]).clamp(limits.tiny, limits.max)
    means = scale * multiples.pow(p).mean(-1).pow(1 / p)
    return means[..., None, None] if kernel_size is None else means


class GeM(_Pool):
    """`gem` as a layer, with a trained exponent.

    Args: `p`, the exponent to start from, above 0.
    Source, for p and eps: the authors' github.com/filipradenovic/cnnimageretrieval-pytorch.
    """

    def __init__(
        self,
        kernel_size: int | None = None,
        stride: int | None = None,
        p: float = 3.0,
        eps: float = 1e-6,
    ):
        super().__init__()
        _check_gem(kernel_size, stride, eps)
        if isinstance(p, Real) and not p > 0:
            raise ValueError(f"p={p} is not above 0")
        self.kernel_size, self.stride, self.eps = kernel_size, stride, eps
        self.p = nn.Parameter(torch.tensor(float(_exponent(p))))

    def forward(self, x: Tensor) -> Tensor:
        return gem(x, self.p, self.kernel_size, self.stride, self.eps)


@_in_float32
def mixed_pool2d(
    x: Tensor, share: float | Tensor, kernel_size: int, stride: int | None = None
) -> Tensor:
    """Mix max and average pooling: share x maximum + (1 - share) x average of each window.

    Args: `share`, of the maximum, from 0 (average pooling) to 1 (max pooling): a number, a tensor
    of one, or a tensor whose 4 axes fit the result's.
    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 06.

    >>> mixed_pool2d(torch.tensor([[[[1.0, 3], [5, 7]]]]), share=0.5, kernel_size=2).item()
    5.5
    """
    stride = _check_window(x, kernel_size, stride)
    largest = F.max_pool2d(x, kernel_size, stride)
    average = _average(lambda x: F.avg_pool2d(x, kernel_size, stride), x, kernel_size**2)
    share = _check_share(share, largest.shape)
    return share * largest + (1 - share) * average


class _Windowed(_Pool):
    def __init__(self, kernel_size: int, stride: int | None = None):
        super().__init__()
        self.kernel_size, self.stride = _sizes(kernel_size, stride)


class MixedPool2d(_Windowed):
    """`mixed_pool2d` as a layer, with a trained share.

    The number that is trained is the share's logit, so that the share stays between 0 and 1. It
    starts at 0: half and half.
    """

    def __init__(self, kernel_size: int, stride: int | None = None):
        super().__init__(kernel_size, stride)
        self.logit = nn.Parameter(torch.zeros(()))

    @property
    def share(self) -> Tensor:
        """The share of the maximum, a tensor of one number from 0 to 1."""
        return self.logit.sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return mixed_pool2d(x, self.share, self.kernel_size, self.stride)


@_in_float32
def gated_pool2d(x: Tensor, mask: Tensor, stride: int | None = None) -> Tensor:
    """Mix max and average pooling, in each window in a proportion that depends on what is in it.

    The share of the maximum is the sigmoid of the sum of the window times the mask.

    Args: `mask`, (k, k), of the window's size, the same for all maps; `stride`, None for k.
    Source: Lee, Gallagher, Tu 2015, arXiv:1509.08985. Introduced in lesson 06.

    >>> gated_pool2d(torch.tensor([[[[1.0, 3], [5, 7]]]]), torch.zeros(2, 2)).item()
    5.5
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"mask is {type(mask).__name__}; it must be a tensor of shape (k, k)")
    if mask.ndim != 2 or mask.shape[0] != mask.shape[1]:
        raise ValueError(f"mask has shape {tuple(mask.shape)}; it must be square, (k, k)")
    stride = _check_window(x, len(mask), stride)
    mask = mask.to(x)
    # With weights that add up to 1 no sum of the convolution overflows half-way.
    scale = mask.detach().abs().sum().clamp(min=1)
    logits = _depthwise(x, mask / scale, stride) * scale
    return mixed_pool2d(x, logits.sigmoid(), len(mask), stride)


class GatedPool2d(_Windowed):
    """`gated_pool2d` as a layer, with a trained mask.

    The mask starts at 0, which mixes half and half everywhere. It has no bias: k x k numbers, as
    the authors count them.
    """

    def __init__(self, kernel_size: int, stride: int | None = None):
        super().__init__(kernel_size, stride)
        self.mask = nn.Parameter(torch.zeros(self.kernel_size, self.kernel_size))

    def forward(self, x: Tensor) -> Tensor:
        return gated_pool2d(x, self.mask, self.stride)

    def multiply_adds(self, x: Tensor, out: Tensor) -> int:
        return out.numel() * self.mask.numel()


@_in_float32
def stochastic_pool2d(
    x: Tensor,
    kernel_size: int,
    stride: int | None = None,
    training: bool = True,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw one pixel from each window, with a probability proportional to its value.

    With training=False the result is what is drawn on average: each value times its probability,
    which is the sum of squares over the sum. A window of zeros gives 0. The gradient of a draw goes
    to the pixel that was drawn.

    Args: `x`, as it comes from a ReLU: negative values count as 0 and are never drawn; `generator`,
    to draw from, where None means torch's own, which `torch.manual_seed` sets.
    Source: Zeiler, Fergus 2013, arXiv:1301.3557. Introduced in lesson 06.

    >>> stochastic_pool2d(torch.tensor([[[[0.0, 1], [0, 3]]]]), 2, training=False).item()
    2.5
    """
    windows = _windows(x.relu(), kernel_size, stride)
    # In multiples of the window's largest value neither a square nor a sum overflows.
    scale = windows.detach().amax(-1, keepdim=True)
    multiples = windows / scale.masked_fill(scale == 0, 1)
    if not training:
        # One of the multiples is 1, but in a window of zeros.
        mean = (multiples * multiples).sum(-1) / multiples.sum(-1).clamp(min=1)
        return scale.squeeze(-1) * mean
    # A point on a line from 0 to the window's sum falls into the stretch of one of its pixels.
    ends = multiples.detach().cumsum(-1)
    total = ends[..., -1:]
    point = total * torch.rand(total.shape, dtype=x.dtype, device=x.device, generator=generator)
    # In a window of zeros no stretch holds the point; any of its pixels is then right.
    drawn = (ends <= point).sum(-1, keepdim=True).clamp(max=kernel_size**2 - 1)
    return windows.gather(-1, drawn).squeeze(-1)


class StochasticPool2d(_Windowed):
    """`stochastic_pool2d` as a layer, which draws in training only, from torch's own generator."""

    def forward(self, x: Tensor) -> Tensor:
        return stochastic_pool2d(x, self.kernel_size, self.stride, self.training)


@_in_float32
def spatial_pyramid_pool(x: Tensor, levels: Sequence[int] = (4, 2, 1), mode: str = "max") -> Tensor:
    """Pool maps of any size into a fixed number of bins, at several levels, and join the results.

    Args: `levels`, for each how many bins a side is cut into; `mode`, "max", as published, or
    "average".
    Shape: (N, C, H, W) -> (N, C * sum of level**2): level by level, and in each channel by channel.
    Differs from the paper: its layers slide windows of ceil(side / level) pixels with stride
    floor(side / level); the bins here are those of torch's adaptive pooling, the same where level
    divides the side.
    Source: He, Zhang, Ren, Sun 2014, arXiv:1406.4729. Introduced in lesson 06.

    >>> spatial_pyramid_pool(torch.tensor([[[[1.0, 2], [3, 4]]]]), levels=(2, 1)).tolist()
    [[1.0, 2.0, 3.0, 4.0, 4.0]]
    """
    levels = _check_levels(levels, mode)
    return torch.cat([_ADAPTIVE[mode](x, level).flatten(1) for level in levels], dim=1)


class SpatialPyramidPool(_Pool):
    """`spatial_pyramid_pool` as a layer."""

    def __init__(self, levels: Sequence[int] = (4, 2, 1), mode: str = "max"):
        super().__init__()
        self.levels, self.mode = _check_levels(levels, mode), mode

    def forward(self, x: Tensor) -> Tensor:
        return spatial_pyramid_pool(x, self.levels, self.mode)


def _average(pool: Callable[[Tensor], Tensor], x: Tensor, pixels: int) -> Tensor:
    """Average windows of at most so many pixels, without a sum that overflows half-way."""
    # A power of 2: it rounds nothing, so the result is that of pool(x) where that is finite.
    scale = 2.0 ** pixels.bit_length()
    return pool(x / scale) * scale


_ADAPTIVE = {
    "max": F.adaptive_max_pool2d,
    "average": lambda x, level: _average(
        lambda x: F.adaptive_avg_pool2d(x, level), x, x.shape[2] * x.shape[3]
    ),
}


def _depthwise(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    channels = x.shape[1]
    return F.conv2d(x, kernel.expand(channels, 1, -1, -1), stride=stride, groups=channels)


def _windows(x: Tensor, kernel_size: int, stride: int | None) -> Tensor:
    """Return the pixels of each window, (N, C, H_out, W_out, kernel_size**2)."""
    stride = _check_window(x, kernel_size, stride)
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).flatten(-2)


def _check_maps(x: Tensor) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"x is {kind}; it must be a tensor of floats")
    if x.ndim != 4:
        raise ValueError(f"x has shape {tuple(x.shape)}; it must be (N, C, H, W)")
    if 0 in x.shape[1:]:
        raise ValueError(f"x has shape {tuple(x.shape)}: no axis but the batch N may be empty")


def _sizes(kernel_size: int, stride: int | None) -> tuple[int, int]:
    """Check both, and return them, the stride as it is meant."""
    kernel_size = whole_number("kernel_size", kernel_size, 1)
    return kernel_size, kernel_size if stride is None else whole_number("stride", stride, 1)


def _check_window(x: Tensor, kernel_size: int, stride: int | None) -> int:
    """Check that the windows fit the maps, and return the stride that is meant."""
    kernel_size, stride = _sizes(kernel_size, stride)
    if min(x.shape[-2:]) < kernel_size:
        raise ValueError(f"x has shape {tuple(x.shape)}; kernel_size={kernel_size} does not fit in")
    return stride


def _check_gem(kernel_size: int | None, stride: int | None, eps: float) -> None:
    if kernel_size is not None:
        _sizes(kernel_size, stride)
    elif stride is not None:
        raise ValueError(f"stride={stride} needs a kernel_size: the whole map is one window")
    if not eps > 0:
        raise ValueError(f"eps={eps} is not above 0")


_ONE = "a number, or a tensor of one"


def _exponent(p: float | Tensor) -> Tensor:
    # The value of a tensor is not looked at: a layer that is compiled has none yet.
    if isinstance(p, Tensor):
        if p.numel() != 1:
            raise ValueError(f"p has shape {tuple(p.shape)}; it must be one number for all maps")
        return p.reshape(())
    found = real_number("p", p, _ONE)
    if found == 0 or math.isnan(found):
        raise ValueError(f"p={p} must be a number but 0, as the mean is a p-th root")
    return torch.tensor(found, dtype=torch.float64)


def _check_share(share: float | Tensor, shape: tuple[int, ...]) -> float | Tensor:
    if not isinstance(share, Tensor):
        if not 0 <= real_number("share", share, _ONE) <= 1:
            raise ValueError(f"share={share} must be from 0 (average pooling) to 1 (max pooling)")
        return share
    if share.numel() == 1:
        return share.reshape(())
    if share.ndim != 4 or any(n not in (1, m) for n, m in zip(share.shape, shape, strict=True)):
        raise ValueError(
            f"share has shape {tuple(share.shape)}; it must be one number, or fit the result's "
            f"4 axes, {tuple(shape)}"
        )
    return share


def _check_levels(levels: Sequence[int], mode: str) -> tuple[int, ...]:
    if mode not in _ADAPTIVE:
        raise ValueError(f"mode={mode!r} is not one of {', '.join(_ADAPTIVE)}")
    if not isinstance(levels, Sequence):
        raise TypeError(f"levels={levels!r} must be several whole numbers, such as (4, 2, 1)")
    if len(levels) == 0:
        raise ValueError("levels is empty; there must be at least one")
    return tuple(whole_number("level", level, 1) for level in levels)
