"""Every legal setting of one axis, forward and backward, against torch.

The full grid has millions of members, but poolkit and torch treat height and width alike and
apart, so what must be covered is every setting of one axis: kernel 1-5, stride 1-4, padding 0-2,
dilation 1-3, size 1-12, ceil_mode. Each legal one of them appears here on the height and on the
width, with several different partners on the other axis, chosen by rotating the shuffled list
against itself. Which settings are legal, torch decides.
"""

import itertools
import random
import time
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracle import (
    pool,
    pool_backward,
    poolkit_raises,
    torch_backward,
    torch_forward,
    torch_raises,
)

from poolkit import functional, gradients

KERNELS, STRIDES, PADDINGS, DILATIONS = range(1, 6), range(1, 5), range(3), range(1, 4)
SIZES = range(1, 13)
RNG = np.random.default_rng(3)
# Few different values, so that ties are common; whole numbers, so that sums are exact.
PIXELS = RNG.integers(-4, 4, (2, 3, 16, 16)).astype(np.float64)
GRADIENTS = RNG.integers(1, 9, (2, 3, 40, 40)).astype(np.float64)


def maps(source, height, width, start):
    """A window of `source` of the size asked for, which starts at various places."""
    room_h, room_w = source.shape[-2] - height + 1, source.shape[-1] - width + 1
    row, column = start % room_h, (start // 3) % room_w
    return source[start % 2, ..., row : row + height, column : column + width]


def is_legal(function, setting, ceil_mode):
    size, kernel, stride, padding, *dilation = setting
    window = [(value, 1) for value in (kernel, stride)] + [(padding, 0)]
    window += [(value, 1) for value in dilation]
    x = torch.zeros(1, size, 1)
    try:
        function(x, *window, ceil_mode=ceil_mode)
    except RuntimeError:
        return False
    return True


def rotated(settings, partners):
    """Yield (turn, one setting, another): each setting `partners` times in either place."""
    settings = list(settings)
    random.Random(len(settings)).shuffle(settings)
    for turn in range(partners):
        shift = turn * (len(settings) // partners)
        for pair in zip(settings, settings[shift:] + settings[:shift], strict=True):
            yield turn, *pair


def arguments(height, width):
    """Turn two settings into the arguments, in each of the forms that a caller may use."""
    pairs = list(zip(height[1:], width[1:], strict=True))
    if pairs[1] == pairs[0]:
        pairs[1] = None
    return [pair[0] if pair and pair[0] == pair[1] else pair for pair in pairs]


def close(mine, theirs):
    return mine.shape == theirs.shape and np.allclose(mine, theirs, rtol=1e-13, atol=1e-13)


def check_max(height, width, ceil_mode, turn):
    x = maps(PIXELS, height[0], width[0], turn)
    args = arguments(height, width)
    tensor = torch.from_numpy(x).requires_grad_()
    theirs, their_indices = F.max_pool2d(tensor, *args, ceil_mode=ceil_mode, return_indices=True)
    values = functional.max_pool2d(x, *args, ceil_mode=ceil_mode)
    assert np.array_equal(values, theirs.detach().numpy()), (height, width, ceil_mode)
    if np.isinf(values).any():
        # A window of padding only: torch's index and its gradient are garbage.
        for call in (
            lambda: functional.max_pool2d(x, *args, ceil_mode=ceil_mode, return_indices=True),
            lambda: gradients.max_pool2d_backward(values, x, *args, ceil_mode=ceil_mode),
        ):
            with pytest.raises(ValueError, match="it reads only padding"):
                call()
        return "max_pool2d, no index"
    again, indices = functional.max_pool2d(x, *args, ceil_mode=ceil_mode, return_indices=True)
    assert np.array_equal(again, values), (height, width, ceil_mode)
    assert np.array_equal(indices, their_indices.numpy()), (height, width, ceil_mode)
    grad = maps(GRADIENTS, *values.shape[-2:], turn)
    theirs.backward(torch.from_numpy(grad))
    mine = gradients.max_pool2d_backward(grad, x, *args, ceil_mode=ceil_mode)
    assert np.array_equal(mine, tensor.grad.numpy()), (height, width, ceil_mode)
    return "max_pool2d"


def check_avg(height, width, ceil_mode, turn):
    x = maps(PIXELS, height[0], width[0], turn)
    args = arguments(height, width)
    kwargs = {
        "ceil_mode": ceil_mode,
        "count_include_pad": turn % 2 == 0,
        "divisor_override": (None, None, None, 1, 3, -2)[turn // 2 % 6],
    }
    tensor = torch.from_numpy(x).requires_grad_()
    theirs = F.avg_pool2d(tensor, *args, **kwargs)
    assert close(functional.avg_pool2d(x, *args, **kwargs), theirs.detach().numpy()), (args, kwargs)
    grad = maps(GRADIENTS, *theirs.shape[-2:], turn)
    theirs.backward(torch.from_numpy(grad))
    mine = gradients.avg_pool2d_backward(grad, x, *args, **kwargs)
    assert close(mine, tensor.grad.numpy()), (args, kwargs)
    return "avg_pool2d"


@pytest.mark.slow
def test_agrees_with_torch_in_every_setting_of_an_axis(capsys):
    began = time.perf_counter()
    counts = {}
    grids = [
        (check_max, F.max_pool2d, (SIZES, KERNELS, STRIDES, PADDINGS, DILATIONS), 12),
        # Enough turns to meet each count_include_pad with each divisor_override.
        (check_avg, F.avg_pool2d, (SIZES, KERNELS, STRIDES, PADDINGS), 30),
    ]
    for (check, function, ranges, partners), ceil_mode in itertools.product(grids, (False, True)):
        legal = [s for s in itertools.product(*ranges) if is_legal(function, s, ceil_mode)]
        heights, widths = Counter(), Counter()
        for turn, height, width in rotated(legal, partners):
            name = check(height, width, ceil_mode, turn)
            counts[name] = counts.get(name, 0) + 1
            heights[height] += 1
            widths[width] += 1
        assert heights == widths == Counter(dict.fromkeys(legal, partners))
    report(capsys, counts, began)
    assert sum(counts.values()) >= 50_000


def report(capsys, counts, began):
    seconds = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n{sum(counts.values())} configurations {counts} in {seconds:.0f} s")


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_refuses_what_torch_refuses(name):
    """Every setting of one axis, the impossible ones too, beside an easy one on the other axis."""
    easy = {"size": 5, "kernel_size": 2, "stride": 1, "padding": 1, "dilation": 1}
    ranges = [(1, 2, 3, 6), (-1, 0, 1, 2, 3, 5), (-1, 0, 1, 3), (-1, 0, 1, 2, 3), (-1, 0, 1, 2, 4)]
    outcomes = set()
    for number, setting in enumerate(itertools.product(*ranges)):
        setting = dict(zip(easy, setting, strict=True))
        if name == "avg_pool2d" and setting.pop("dilation") != 1:
            continue
        pairs = {key: (value, easy[key]) for key, value in setting.items()}
        if number % 2:
            pairs = {key: pair[::-1] for key, pair in pairs.items()}
        x = np.zeros((1, *pairs.pop("size")))
        for ceil_mode in (False, True):
            refused = torch_raises(name, x, **pairs, ceil_mode=ceil_mode)
            assert poolkit_raises(name, x, **pairs, ceil_mode=ceil_mode) == refused, setting
            outcomes.add(refused)
    assert outcomes == {True, False}


def check_linear(name, x, *args, **kwargs):
    """Compare a function whose results need not be exact, forward and backward."""
    theirs = torch_forward(name, x, *args, **kwargs)
    assert close(pool(name, x, *args, **kwargs), theirs), (name, x.shape, args[-8:], kwargs)
    grad = np.resize(GRADIENTS, theirs.shape)
    mine = pool_backward(name, grad, x, *args, **kwargs)
    theirs = torch_backward(name, grad, x, *args, **kwargs)
    if isinstance(mine, np.ndarray):
        mine, theirs = [mine], [theirs]
    for one, other in zip(mine, theirs, strict=True):
        assert close(one, other), (name, x.shape, args[-8:], kwargs)


@pytest.mark.slow
def test_adaptive_pooling_agrees_for_all_sizes(capsys):
    began = time.perf_counter()
    counts = {"adaptive_avg_pool2d": 0, "adaptive_max_pool2d": 0}
    for turn, height, width in rotated(itertools.product(SIZES, range(1, 16)), 12):
        x = maps(PIXELS, height[0], width[0], turn)
        for name in counts:
            check_linear(name, x, (height[1], width[1]))
            counts[name] += 1
        mine = functional.adaptive_max_pool2d(x, (height[1], width[1]), return_indices=True)
        theirs = F.adaptive_max_pool2d(
            torch.from_numpy(x), (height[1], width[1]), return_indices=True
        )
        assert np.array_equal(mine[1], theirs[1].numpy())
    report(capsys, counts, began)


@pytest.mark.slow
def test_lp_pooling_agrees(capsys):
    began = time.perf_counter()
    counts = dict.fromkeys((1, 2, 3, 0.5, 2.5, -1, np.inf, -np.inf), 0)
    x_of_sign = {p: np.abs(PIXELS) + 0.5 if p in (0.5, 2.5, -1, 3) else PIXELS for p in counts}
    for ceil_mode in (False, True):
        legal = [
            s
            for s in itertools.product(SIZES, KERNELS, STRIDES)
            if is_legal(F.avg_pool2d, (*s, 0), ceil_mode)
        ]
        for turn, height, width in rotated(legal, len(counts)):
            p = list(counts)[turn]
            x = maps(x_of_sign[p], height[0], width[0], turn)
            check_linear("lp_pool2d", x, p, *arguments(height, width), ceil_mode=ceil_mode)
            counts[p] += 1
    report(capsys, counts, began)


def test_unpooling_agrees_for_every_possible_output_size(capsys):
    began = time.perf_counter()
    counts = {"max_unpool2d": 0}
    legal = [
        s
        for s in itertools.product(SIZES, KERNELS, STRIDES, PADDINGS)
        if is_legal(F.max_pool2d, s, False)
    ]
    for turn, height, width in rotated(legal, 4):
        x = np.random.default_rng(turn).permuted(PIXELS, axis=-1)
        x = maps(x, height[0], width[0], turn)
        args = arguments(height, width)
        pooled, indices = functional.max_pool2d(x, *args, return_indices=True)
        # A repeated index has one value here, so that the order of writing does not matter.
        check_linear("max_unpool2d", pooled, indices, *args, output_size=x.shape[-2:])
        counts["max_unpool2d"] += 1
    report(capsys, counts, began)


def test_interpolation_agrees(capsys):
    began = time.perf_counter()
    counts = {"nearest": 0, "bilinear": 0, "bilinear, align_corners": 0}
    modes = list(zip(counts, ({}, {}, {"align_corners": True}), strict=True))
    factors = (0.3, 0.5, 0.9, 1, 1.0, 1.1, 1.5, 1.9, 2, 2.1, 3.3)
    by_size = ((size, {"size": out}) for size in SIZES for out in range(1, 26))
    by_factor = (
        (size, {"scale_factor": f}) for size in SIZES for f in factors if int(size * f) >= 1
    )
    for plan in (by_size, by_factor):
        for turn, (height, one), (width, other) in rotated(plan, 6):
            ((key, first),) = one.items()
            pair = (first, other[key])
            x = maps(PIXELS, height, width, turn)[np.newaxis]
            name, kwargs = modes[turn % 3]
            check_linear("interpolate", x, mode=name.split(",")[0], **{key: pair}, **kwargs)
            counts[name] += 1
    report(capsys, counts, began)


@pytest.mark.slow
def test_convolution_agrees(capsys):
    began = time.perf_counter()
    counts = {"conv2d": 0, "conv_transpose2d": 0}
    ranges = ((1, 2, 3, 5, 8), (1, 2, 3, 4), (1, 2, 3), (0, 1, 2, 3), (1, 2, 3), (0, 1, 2))
    weights = RNG.integers(-4, 5, (4, 6, 4, 4)).astype(np.float64)
    for turn, height, width in rotated(itertools.product(*ranges), 3):
        size, kernel, stride, padding, dilation, extra = zip(height, width, strict=True)
        groups = (1, 2)[turn % 2]
        x = RNG.integers(-4, 5, (2, 4, *size)).astype(np.float64)
        bias = np.array([1.0, -2.0, 3.0, 0.5, 4.0, -1.0]) if sum(size) % 2 else None
        conv = weights.swapaxes(0, 1)[:, : 4 // groups, : kernel[0], : kernel[1]]
        transposed = weights[:, : 6 // groups, : kernel[0], : kernel[1]]
        calls = {
            "conv2d": (x, conv, bias, stride, padding, dilation, groups),
            "conv_transpose2d": (x, transposed, bias, stride, padding, extra, groups, dilation),
        }
        for name, args in calls.items():
            refused = torch_raises(name, *args)
            assert poolkit_raises(name, *args) == refused, (name, args[3:])
            if not refused:
                check_convolution(name, *args)
                counts[name] += 1
    report(capsys, counts, began)


def check_convolution(name, x, weight, bias, *args):
    theirs = torch_forward(name, x, weight, bias, *args)
    assert close(pool(name, x, weight, bias, *args), theirs), (name, x.shape, weight.shape, args)
    grad = np.resize(GRADIENTS, theirs.shape)
    mine = pool_backward(name, grad, x, weight, bias, *args)
    if bias is None:
        assert mine[2] is None
        mine = mine[:2]
    theirs = torch_backward(name, grad, x, weight, bias, *args)
    for one, other in zip(mine, theirs, strict=True):
        assert close(one, other), (name, x.shape, weight.shape, args)
