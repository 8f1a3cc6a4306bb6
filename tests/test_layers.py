import copy

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from torch.nn import functional as F

from poolkit.layers import (
    BlurPool2d,
    GatedPool2d,
    GeM,
    MaxBlurPool2d,
    MixedPool2d,
    SpatialPyramidPool,
    StochasticPool2d,
    blur_pool2d,
    gated_pool2d,
    gem,
    max_blur_pool2d,
    mixed_pool2d,
    spatial_pyramid_pool,
    stochastic_pool2d,
)

LAYERS = {
    "blur": lambda: BlurPool2d(),
    "blur 4": lambda: BlurPool2d(filter_size=4, stride=3),
    "max-blur": lambda: MaxBlurPool2d(),
    "gem": lambda: GeM(),
    "gem 2x2": lambda: GeM(2),
    "mixed": lambda: MixedPool2d(2),
    "gated": lambda: GatedPool2d(3, stride=2),
    "stochastic": lambda: StochasticPool2d(2),
    "pyramid": lambda: SpatialPyramidPool(),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def positive(*shape, dtype=torch.float64, seed=0):
    """Random maps above 0, as most of what is tested comes after a ReLU."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=dtype) + 0.1


def changed(layer):
    """Move the trained numbers away from where they start, so that forgetting them shows."""
    with torch.no_grad():
        for i, p in enumerate(layer.parameters()):
            p += 0.3 + 0.1 * torch.arange(p.numel(), dtype=p.dtype).reshape(p.shape) + i
    return layer


def windows(x, kernel_size, stride):
    """Yield each window's place in the output and its pixels, by plain loops."""
    rows = range(0, x.shape[2] - kernel_size + 1, stride)
    columns = range(0, x.shape[3] - kernel_size + 1, stride)
    for n, c in np.ndindex(x.shape[:2]):
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                yield (n, c, i, j), x[n, c, top : top + kernel_size, left : left + kernel_size]


@pytest.mark.parametrize(
    ("filter_size", "row"), [(1, [1]), (2, [1, 1]), (3, [1, 2, 1]), (4, [1, 3, 3, 1]),
                             (5, [1, 4, 6, 4, 1]), (7, [1, 6, 15, 20, 15, 6, 1])],
)  # fmt: skip
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("shape", [(2, 3, 9, 8), (1, 1, 7, 12)])
def test_blur_is_a_convolution_with_a_mirrored_border(filter_size, row, stride, shape):
    x = positive(*shape)
    weights = np.outer(row, row) / np.sum(row) ** 2
    # SciPy centres an even filter one pixel further right; origin moves it back.
    origin = -1 if filter_size % 2 == 0 else 0
    expected = [
        [ndimage.correlate(m, weights, mode="mirror", origin=origin) for m in maps]
        for maps in x.numpy()
    ]
    expected = np.array(expected)[..., ::stride, ::stride]
    assert np.allclose(blur_pool2d(x, filter_size, stride), expected)
    assert np.allclose(BlurPool2d(filter_size, stride).double()(x), expected)


def test_blur_keeps_a_constant_and_starts_at_the_first_pixel():
    assert torch.allclose(blur_pool2d(torch.full((1, 2, 6, 5), 3.0)), torch.tensor(3.0))
    x = torch.zeros(1, 1, 6, 6)
    x[0, 0, 0, 0] = 16
    assert blur_pool2d(x)[0, 0].tolist() == [[4, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_max_blur_is_the_maximum_of_every_window_then_the_blur():
    x = positive(2, 3, 9, 8)
    largest = torch.empty(2, 3, 8, 7, dtype=x.dtype)
    for at, window in windows(x, 2, 1):
        largest[at] = window.max()
    expected = blur_pool2d(largest, 3, 2)
    assert torch.equal(max_blur_pool2d(x), expected)
    assert torch.equal(MaxBlurPool2d().double()(x), expected)


def test_max_blur_without_a_filter_is_max_pooling():
    x = positive(1, 2, 8, 8)
    assert torch.equal(max_blur_pool2d(x, 2, filter_size=1, stride=2), F.max_pool2d(x, 2))


@pytest.mark.parametrize("p", [0.5, 1.0, 3.0, 4.7])
def test_gem_is_scipys_power_mean(p):
    x = positive(2, 3, 5, 7)
    whole = stats.pmean(x.numpy(), p, axis=(2, 3))
    assert np.allclose(gem(x, p)[:, :, 0, 0], whole)
    assert np.allclose(GeM(p=p).double()(x)[:, :, 0, 0].detach(), whole)
    local = gem(x, torch.tensor(p), kernel_size=3, stride=2)
    assert local.shape == (2, 3, 2, 3)
    for at, window in windows(x, 3, 2):
        assert local[at].item() == pytest.approx(stats.pmean(window.numpy(), p, axis=None))


def test_gem_starts_at_3_lies_between_average_and_maximum_and_averages_where_lp_sums():
    x = positive(2, 2, 6, 6)
    layer = GeM(2).double()
    assert layer.p.item() == 3
    assert torch.allclose(layer(x), F.lp_pool2d(x, 3.0, 2) / 4 ** (1 / 3))
    assert torch.allclose(gem(x, 1.0, 2), F.avg_pool2d(x, 2))
    assert torch.allclose(gem(x, 500.0, 2), F.max_pool2d(x, 2), rtol=0.01)


def test_gem_raises_small_and_negative_values_to_eps():
    x = torch.tensor([[[[-5.0, 0.0], [0.0, -1.0]]]], requires_grad=True)
    p = torch.tensor(2.5, requires_grad=True)
    out = gem(x, p, eps=0.01)
    assert out.item() == pytest.approx(0.01)
    out.backward()
    assert torch.isfinite(x.grad).all()
    assert p.grad.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_mixed_pooling_by_loops(share):
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    found = mixed_pool2d(x, share, 3, 2)
    assert found.shape == (2, 3, 3, 2)
    for at, window in windows(x, 3, 2):
        assert found[at].item() == pytest.approx(
            share * window.max().item() + (1 - share) * window.mean().item()
        )


def test_the_mixing_share_is_one_trained_number_that_starts_at_a_half():
    layer = MixedPool2d(2)
    assert [p.numel() for p in layer.parameters()] == [1]
    assert layer.share.item() == 0.5
    x = positive(2, 3, 4, 4, dtype=torch.float32)
    assert torch.allclose(layer(x), (F.max_pool2d(x, 2) + F.avg_pool2d(x, 2)) / 2)
    with torch.no_grad():
        layer.logit.fill_(float("inf"))
    assert torch.allclose(layer(x), F.max_pool2d(x, 2))


@pytest.mark.parametrize("stride", [None, 1, 2])
def test_gated_pooling_by_loops(stride):
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    mask = torch.randn(3, 3, dtype=torch.float64)
    found = gated_pool2d(x, mask, stride)
    for at, window in windows(x, 3, stride or 3):
        share = 1 / (1 + np.exp(-(window * mask).sum().item()))
        assert found[at].item() == pytest.approx(
            share * window.max().item() + (1 - share) * window.mean().item()
        )


def test_the_gating_mask_has_the_papers_number_of_parameters_and_starts_at_a_half():
    # Lee et al.: "additional 1, 9 and 27 parameters for mixed, gated and 2-level tree pooling".
    layer = GatedPool2d(3)
    assert sum(p.numel() for p in layer.parameters()) == 9
    x = positive(1, 2, 6, 6, dtype=torch.float32)
    assert torch.allclose(layer(x), mixed_pool2d(x, 0.5, 3))


def test_stochastic_pooling_draws_in_proportion_to_the_values():
    values = torch.tensor([0.0, 1.0, 2.0, 5.0])
    x = values.reshape(1, 1, 2, 2).repeat(8000, 1, 1, 1)
    drawn = stochastic_pool2d(x, 2, generator=torch.Generator().manual_seed(0)).flatten()
    counts = [(drawn == v).sum().item() for v in values]
    assert counts[0] == 0
    assert stats.chisquare(counts[1:], [1000, 2000, 5000]).pvalue > 0.01


def test_stochastic_pooling_draws_every_pixel_of_equal_windows():
    x = torch.ones(4000, 1, 2, 2, requires_grad=True)
    stochastic_pool2d(x, 2, generator=torch.Generator().manual_seed(0)).sum().backward()
    # The gradient of each draw goes to one pixel, the one that was drawn.
    assert torch.equal(x.grad.sum(dim=(1, 2, 3)), torch.ones(4000))
    assert stats.chisquare(x.grad.sum(dim=(0, 1)).flatten().tolist()).pvalue > 0.01


def test_stochastic_pooling_draws_from_the_window_it_stands_for():
    x = torch.arange(1.0, 2 * 3 * 7 * 6 + 1).reshape(2, 3, 7, 6)
    found = stochastic_pool2d(x, 3, 2, generator=torch.Generator().manual_seed(0))
    assert found.shape == (2, 3, 3, 2)
    for at, window in windows(x, 3, 2):
        assert found[at] in window


def test_stochastic_pooling_is_the_weighted_mean_in_evaluation():
    # About a third of the values are negative, but in no window all of them.
    x = positive(2, 3, 7, 6) - 0.4
    found = StochasticPool2d(3, 2).eval()(x)
    for at, window in windows(x, 3, 2):
        a = window.clamp(min=0)
        assert found[at].item() == pytest.approx((a / a.sum() * a).sum().item())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("value", [0.0, -2.0])
def test_stochastic_pooling_of_nothing_is_0_with_no_gradient(training, value):
    x = torch.full((1, 2, 4, 4), value, requires_grad=True)
    out = stochastic_pool2d(x, 2, training=training)
    out.sum().backward()
    assert out.eq(0).all() and x.grad.eq(0).all()


def test_stochastic_pooling_repeats_with_the_seed():
    x, layer = positive(2, 3, 8, 8), StochasticPool2d(2)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(layer(x))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    state = torch.get_rng_state()
    layer.eval()(x)
    stochastic_pool2d(x, 2, generator=torch.Generator())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("shape", [(2, 3, 13, 10), (2, 3, 4, 5), (1, 2, 3, 3)])
def test_the_spatial_pyramid_by_loops(mode, shape):
    x = torch.randn(shape)
    expected = []
    for level in (3, 2, 1):
        for c in range(shape[1]):
            for i in range(level):
                for j in range(level):
                    top, bottom = i * shape[2] // level, -(-(i + 1) * shape[2] // level)
                    left, right = j * shape[3] // level, -(-(j + 1) * shape[3] // level)
                    cells = x[:, c, top:bottom, left:right].flatten(1)
                    expected.append(cells.amax(1) if mode == "max" else cells.mean(1))
    found = spatial_pyramid_pool(x, (3, 2, 1), mode)
    assert torch.allclose(found, torch.stack(expected, dim=1), atol=1e-6)
    assert torch.equal(SpatialPyramidPool((3, 2, 1), mode)(x), found)


def test_the_spatial_pyramid_gives_the_same_number_for_every_size():
    pool = SpatialPyramidPool()
    assert {pool(torch.rand(1, 5, h, w)).shape for h in (4, 9) for w in (4, 30)} == {(1, 5 * 21)}


@each_layer
def test_the_gradient_is_that_of_differences(name):
    layer = changed(LAYERS[name]().double())
    layer.eval()  # a draw has no difference quotient; the gradient of draws is tested above
    names = [n for n, _ in layer.named_parameters()]

    def function(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    # Distinct values, far enough apart that no maximum changes by a small step.
    order = torch.randperm(2 * 2 * 6 * 5, generator=torch.Generator().manual_seed(0))
    x = (0.1 + order.double() / 30).reshape(2, 2, 6, 5).requires_grad_()
    parameters = [p.detach().clone().requires_grad_() for p in layer.parameters()]
    assert torch.autograd.gradcheck(function, (x, *parameters))


@each_layer
def test_a_layer_can_be_saved_copied_and_moved(name):
    layer = changed(LAYERS[name]().eval())
    x = positive(2, 3, 8, 8, dtype=torch.float32)
    expected = layer(x)
    loaded = LAYERS[name]().eval()
    loaded.load_state_dict(layer.state_dict())
    assert torch.equal(loaded(x), expected)
    twin = copy.deepcopy(layer)
    assert torch.equal(twin(x), expected)
    for p in twin.parameters():
        p.data.add_(1)
    assert torch.equal(layer(x), expected)
    assert torch.equal(layer(x.to(memory_format=torch.channels_last)), expected) or torch.allclose(
        layer(x.to(memory_format=torch.channels_last)), expected, rtol=1e-6
    )
    meta = copy.deepcopy(layer).train().to("meta")(x.to("meta"))
    assert meta.device.type == "meta" and meta.shape == expected.shape
    before = x.clone()
    layer.train()(x)
    assert torch.equal(x, before)


@each_layer
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_works_in_bfloat16(name, training):
    x = positive(2, 3, 8, 8, dtype=torch.float32)
    layer = LAYERS[name]().train(training)
    torch.manual_seed(0)
    expected = layer(x)
    torch.manual_seed(0)
    found = layer.to(torch.bfloat16)(x.to(torch.bfloat16))
    assert found.dtype == torch.bfloat16
    if not (training and name == "stochastic"):
        assert torch.allclose(found.float(), expected, rtol=0.03)


GATE = torch.linspace(-2, 3, 9, dtype=torch.float64)
# What the layers compute in one window, written as it is defined, on float64 values (..., k * k).
WINDOWED = {
    "average": (lambda x: mixed_pool2d(x, 0.0, 3), lambda w: w.mean(-1)),
    "mixed": (
        lambda x: mixed_pool2d(x, torch.tensor(0.25, dtype=x.dtype), 3),
        lambda w: 0.25 * w.max(-1).values + 0.75 * w.mean(-1),
    ),
    "gated": (
        lambda x: gated_pool2d(x, GATE.to(x.dtype).reshape(3, 3)),
        lambda w: (w @ GATE).sigmoid() * w.max(-1).values + (-w @ GATE).sigmoid() * w.mean(-1),
    ),
    "stochastic": (
        lambda x: stochastic_pool2d(x, 3, training=False),
        lambda w: w.clamp(min=0).square().sum(-1) / w.clamp(min=0).sum(-1).clamp(min=1e-60),
    ),
    "pyramid": (
        lambda x: spatial_pyramid_pool(x, (2,), "average").reshape(*x.shape[:2], 2, 2),
        lambda w: w.mean(-1),
    ),
    **{
        f"gem {p}": (
            lambda x, p=p: gem(x, torch.tensor(p, dtype=x.dtype), 3, eps=1e-30),
            lambda w, p=p: w.clamp(min=1e-30).pow(p).mean(-1).pow(1 / p),
        )
        for p in (3.0, 0.5, -1.0, 7.5)
    },
}


def extremes(kind, dtype):
    """Maps of 6x6 pixels as near to the ends of the dtype as `kind` says."""
    at_random = torch.Generator().manual_seed(3)
    share = torch.rand(40, 2, 6, 6, generator=at_random, dtype=torch.float64)
    sign = torch.where(torch.rand(share.shape, generator=at_random) < 0.3, -1, 1)
    info = torch.finfo(dtype)
    values = {
        "large": (1 - share / 50) * info.max,
        "large, both signs": (1 - share / 2) * info.max * sign,
        "tiny": (1 + 60 * share) * info.smallest_normal,
        "mixed": info.max**share * info.smallest_normal ** (1 - share) * sign,
        "zeros": 0 * share,
    }
    return values[kind].to(dtype)


@pytest.mark.parametrize("kind", ["large", "large, both signs", "tiny", "mixed", "zeros"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", WINDOWED)
def test_a_result_that_the_dtype_can_hold_is_computed(name, dtype, kind):
    pool, definition = WINDOWED[name]
    x = extremes(kind, dtype).requires_grad_()
    exact = x.detach().double().requires_grad_()
    found = pool(x)
    expected = definition(exact.unfold(2, 3, 3).unfold(3, 3, 3).flatten(-2))
    assert found.dtype == dtype
    assert expected.abs().max() <= torch.finfo(dtype).max, "the result itself must fit"
    # In float32 the powers and sums are rounded themselves, and their roots not much less so.
    info = torch.finfo(dtype)
    allowed = (20 if dtype == torch.float32 else 1) * info.eps * expected.abs()
    # Where signs almost cancel, what is left is as exact as float32 holds the summands.
    if not name.startswith(("gem", "stochastic")):
        allowed += 1e-6 * exact.unfold(2, 3, 3).unfold(3, 3, 3).abs().amax((-1, -2))
    assert ((found.double() - expected).abs() <= allowed + info.tiny * info.eps).all()
    # A loss is a mean: the gradient that comes back to a layer is a small one.
    (slope,) = torch.autograd.grad(found.mean(), x)
    (expected_slope,) = torch.autograd.grad(expected.mean(), exact)
    if (name, kind) == ("gem 0.5", "mixed") and dtype != torch.float16:
        return  # the slope at a pixel of 1e-38 of the largest and less is beyond float32
    assert slope.isfinite().all()
    torch.testing.assert_close(slope, expected_slope.to(dtype), rtol=0.01, atol=1e-6)


@pytest.mark.parametrize("kind", ["large", "large, both signs", "tiny", "mixed", "zeros"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("pool", [blur_pool2d, max_blur_pool2d, BlurPool2d(7, 3)])
def test_a_blur_that_the_dtype_can_hold_is_computed(pool, dtype, kind):
    x = extremes(kind, dtype)
    expected = pool(x.double())
    info = torch.finfo(dtype)
    found = copy.deepcopy(pool).to(dtype)(x) if isinstance(pool, torch.nn.Module) else pool(x)
    assert found.dtype == dtype
    limits = {"rtol": info.eps, "atol": info.tiny * info.eps}
    # Where both signs almost cancel, what is left is as exact as float32 makes the summands.
    limits["atol"] += 1e-7 * x.abs().max().item()
    torch.testing.assert_close(found.double(), expected, **limits)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("level", [0.0, 41.0, 1e-5, -3.0, 3e4])
def test_the_slope_of_gems_exponent_is_that_of_float64(dtype, level):
    x = torch.full((2, 2, 4, 4), level, dtype=dtype)
    x[:, :, ::2] = 0.7 * x[:, :, ::2]
    slopes = []
    for cast in (dtype, torch.float64):
        layer = GeM().to(cast)
        layer(x.to(cast)).mean().backward()
        slopes.append(layer.p.grad.double().item())
    assert slopes[0] == pytest.approx(slopes[1], rel=0.02, abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_draws_of_large_values_are_in_proportion(dtype):
    shares = torch.tensor([0.0, 0.125, 0.25, 0.625])
    x = (shares * 1.5 * torch.finfo(dtype).max).to(dtype).reshape(1, 1, 2, 2).repeat(8000, 1, 1, 1)
    drawn = stochastic_pool2d(x, 2, generator=torch.Generator().manual_seed(0)).flatten()
    counts = [(drawn == value).sum().item() for value in x[0].flatten()]
    assert stats.chisquare(counts[1:], [1000, 2000, 5000]).pvalue > 0.01
    assert counts[0] == 0


@each_layer
@pytest.mark.parametrize("narrow", [torch.float16, torch.bfloat16])
def test_autocast_changes_nothing(name, narrow):
    layer = changed(LAYERS[name]().eval())
    x = 300 * positive(2, 3, 8, 8, dtype=torch.float32)
    expected = layer(x)
    with torch.autocast("cpu", narrow):
        found = layer(x)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_many_draws_in_bfloat16_are_still_in_proportion():
    x = torch.ones(4000, 1, 20, 20, dtype=torch.bfloat16, requires_grad=True)
    stochastic_pool2d(x, 20, generator=torch.Generator().manual_seed(0)).sum().backward()
    drawn = x.grad.float().sum(dim=(0, 1)).flatten()
    assert stats.chisquare(drawn.tolist()).pvalue > 0.01


@each_layer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_a_layer_can_be_compiled(name):
    # aot_eager traces forward and backward as a whole, as every backend gets them, but needs no
    # C++ compiler, which a learner's machine may not have.
    layer = changed(LAYERS[name]())
    x = positive(2, 3, 8, 8, dtype=torch.float32).requires_grad_()
    torch.manual_seed(0)
    expected = layer(x)
    (slope,) = torch.autograd.grad(expected.square().sum(), x)
    torch.compiler.reset()
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    torch.manual_seed(0)
    found = compiled(x)
    assert torch.allclose(found, expected, rtol=1e-5)
    (found_slope,) = torch.autograd.grad(found.square().sum(), x)
    assert torch.allclose(found_slope, slope, rtol=1e-4, atol=1e-6)


X = torch.rand(1, 2, 6, 6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: blur_pool2d(X, 0), ValueError, "filter_size=0 must be at least 1"),
        (lambda: blur_pool2d(X, 2.0), TypeError, "filter_size=2.0 must be a whole number"),
        (lambda: blur_pool2d(X, stride=0), ValueError, "stride=0 must be at least 1"),
        (lambda: BlurPool2d(stride=True), TypeError, "stride=True must be a whole number"),
        (lambda: blur_pool2d(X[..., :2], 5), ValueError, r"\(1, 2, 6, 2\).*sides of at least 3"),
        (lambda: blur_pool2d(X[0]), ValueError, r"x has shape \(2, 6, 6\); it must be \(N, C"),
        (lambda: blur_pool2d(X.int()), TypeError, "x is torch.int32; it must be a tensor of float"),
        (lambda: gem([1.0]), TypeError, "x is list; it must be a tensor of floats"),
        (lambda: gem(X, 0), ValueError, "p=0 must be a number but 0"),
        (lambda: gem(X, float("nan")), ValueError, "p=nan must be a number but 0"),
        (lambda: gem(X, "3"), TypeError, "p='3' must be a number, or a tensor of one"),
        (lambda: gem(X, torch.ones(6)), ValueError, r"p has shape \(6,\); it must be one number"),
        (lambda: gem(X, torch.ones(1, 2, 1, 1)), ValueError, r"p has shape \(1, 2, 1, 1\)"),
        (lambda: GeM(p=-1), ValueError, "p=-1 is not above 0"),
        (lambda: GeM(p=None), TypeError, "p=None must be a number"),
        (lambda: gem(X[:, :0]), ValueError, "no axis but the batch N may be empty"),
        (lambda: mixed_pool2d(X, 1.5, 2), ValueError, "share=1.5 must be from 0"),
        (lambda: mixed_pool2d(X, None, 2), TypeError, "share=None must be a number"),
        (lambda: mixed_pool2d(X, torch.ones(3), 2), ValueError, r"share has shape \(3,\)"),
        (lambda: mixed_pool2d(X, torch.ones(1, 3, 1, 1), 2), ValueError, r"\(1, 2, 3, 3\)"),
        (lambda: gated_pool2d(X, [[1]]), TypeError, "mask is list; it must be a tensor"),
        (lambda: spatial_pyramid_pool(X, 4), TypeError, "levels=4 must be several whole numbers"),
        (lambda: SpatialPyramidPool({2, 1}), TypeError, "levels={1, 2} must be several whole"),
        (lambda: SpatialPyramidPool((2, 1.0)), TypeError, "level=1.0 must be a whole number"),
        (lambda: max_blur_pool2d(X, 7), ValueError, "kernel_size=7 does not fit in"),
        (lambda: MaxBlurPool2d(0), ValueError, "kernel_size=0 must be at least 1"),
        (lambda: gem(X, eps=0), ValueError, "eps=0 is not above 0"),
        (lambda: gem(X, stride=2), ValueError, "stride=2 needs a kernel_size"),
        (lambda: GeM(p=0), ValueError, "p=0 is not above 0"),
        (lambda: GeM(stride=2), ValueError, "stride=2 needs a kernel_size"),
        (lambda: GeM(2, eps=-1), ValueError, "eps=-1 is not above 0"),
        (lambda: mixed_pool2d(X, 0.5, 7), ValueError, "kernel_size=7 does not fit in"),
        (lambda: MixedPool2d(2, 0), ValueError, "stride=0 must be at least 1"),
        (lambda: gated_pool2d(X, torch.ones(2, 3)), ValueError, r"mask has shape \(2, 3\)"),
        (lambda: GatedPool2d(1.5), TypeError, "kernel_size=1.5 must be a whole number"),
        (lambda: stochastic_pool2d(X, 7), ValueError, "kernel_size=7 does not fit in"),
        (lambda: StochasticPool2d(0), ValueError, "kernel_size=0 must be at least 1"),
        (lambda: spatial_pyramid_pool(X, ()), ValueError, "levels is empty"),
        (lambda: SpatialPyramidPool((2, 0)), ValueError, "level=0 must be at least 1"),
        (lambda: SpatialPyramidPool(mode="avg"), ValueError, "mode='avg' is not one of max, aver"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
