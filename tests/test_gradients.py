"""Gradients by hand, against central differences, and against torch.autograd.

Settings are swept in test_agreement.py; here the arrays vary.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracle import assert_same, pool, pool_backward, public, torch_backward
from test_functional import CALLS, fits, maps, windows

from poolkit import functional, gradients

RNG = np.random.default_rng(1)


# By hand


def test_a_maximum_takes_all_and_the_first_of_equals_wins():
    x = np.array([[[1.0, 3.0, 2.0, 4.0], [5.0, 6.0, 1.0, 2.0]]])
    grad = np.array([[[10.0, 20.0]]])
    assert gradients.max_pool2d_backward(grad, x, 2).tolist() == [[[0, 0, 0, 20], [0, 10, 0, 0]]]
    equal = np.full((1, 2, 4), 7.0)
    expected = [[[10, 0, 20, 0], [0, 0, 0, 0]]]
    assert gradients.max_pool2d_backward(grad, equal, 2).tolist() == expected
    assert gradients.adaptive_max_pool2d_backward(grad, equal, (1, 2)).tolist() == expected
    nan = np.array([[[np.nan, np.nan, 1.0, 1.0], [np.nan, 2.0, 0.0, 1.0]]])
    assert gradients.max_pool2d_backward(grad, nan, 2).tolist() == [[[0, 0, 20, 0], [10, 0, 0, 0]]]


def test_kept_indices_are_taken_as_they_are():
    grad, x = np.array([[[10.0, 20.0]]]), np.array([[[1.0, 3.0, 2.0, 4.0]]])
    kept = np.array([[[0, 2]]])
    assert gradients.max_pool2d_backward(grad, x, (1, 2), indices=kept).tolist() == [
        [[10, 0, 20, 0]]
    ]


def test_windows_that_share_a_maximum_add_up():
    x = np.array([[[0.0, 0.0, 9.0, 0.0, 0.0]]])
    grad = np.array([[[1.0, 2.0, 4.0]]])
    assert gradients.max_pool2d_backward(grad, x, (1, 3), 1).tolist() == [[[0, 0, 7, 0, 0]]]


def test_an_average_shares_out_and_loses_what_falls_on_the_padding():
    grad = np.full((1, 2, 2), 4.0)
    x = np.zeros((1, 2, 2))
    assert gradients.avg_pool2d_backward(grad, x, 2, 2, 1).tolist() == [[[1, 1], [1, 1]]]
    all_of_it = gradients.avg_pool2d_backward(grad, x, 2, 2, 1, count_include_pad=False)
    assert all_of_it.tolist() == [[[4, 4], [4, 4]]]
    doubled = gradients.avg_pool2d_backward(grad, x, 2, 2, 1, divisor_override=2)
    assert doubled.tolist() == [[[2, 2], [2, 2]]]


def test_adaptive_bins_that_overlap_add_up():
    grad = np.array([[[2.0, 3.0, 4.0]]])
    x = np.zeros((1, 1, 5))
    # Bins 0-1, 1-3 and 3-4.
    shares = gradients.adaptive_avg_pool2d_backward(grad, x, (1, 3))
    np.testing.assert_allclose(shares, [[[1, 2, 1, 3, 2]]])
    # More bins than pixels: each pixel is several bins.
    many = gradients.adaptive_avg_pool2d_backward(np.ones((1, 1, 6)), np.zeros((1, 1, 2)), (1, 6))
    assert many.tolist() == [[[3, 3]]]
    largest = gradients.adaptive_max_pool2d_backward(grad, np.ones((1, 1, 5)), (1, 3))
    assert largest.tolist() == [[[2, 3, 0, 4, 0]]]


def test_where_the_norm_is_zero_so_is_the_gradient():
    x = np.array([[[0.0, 0.0, 3.0, 4.0]]])
    grad = np.array([[[7.0, 10.0]]])
    found = gradients.lp_pool2d_backward(grad, x, 2, (1, 2))
    np.testing.assert_allclose(found, [[[0, 0, 6, 8]]], rtol=1e-14)
    signs = gradients.lp_pool2d_backward(grad, -x, np.inf, (1, 2))
    assert signs.tolist() == [[[0, 0, 0, -10]]]
    smallest = gradients.lp_pool2d_backward(grad, -x, -np.inf, (1, 2))
    assert smallest.tolist() == [[[0, 0, -10, 0]]]


def test_a_repeated_index_gives_its_gradient_to_all():
    x = np.array([[[1.0, 2.0]]])
    grad = np.arange(4.0).reshape(1, 1, 4)
    found = gradients.max_unpool2d_backward(grad, x, np.full((1, 1, 2), 3), (1, 2))
    assert found.tolist() == [[[3, 3]]]
    theirs = torch_backward("max_unpool2d", grad, x, np.full((1, 1, 2), 3), (1, 2))
    assert theirs.tolist() == [[[3, 3]]]


def test_no_bins_no_gradient():
    x = np.ones((1, 2, 3, 3))
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        grad = pool(name, x, (2, 0))
        assert_same(pool_backward(name, grad, x, (2, 0)), np.zeros_like(x))
        with pytest.raises(RuntimeError, match="non-zero size"):
            torch_backward(name, grad, x, (2, 0))


# Against central differences

DIFFERENTIABLE = {
    **{name: [call] for name, call in CALLS.items()},
    "max_pool2d": [
        lambda x: (x, 3, 2, 1),
        lambda x: (x, (2, 3), 1, 1, 2),
    ],
    "avg_pool2d": [
        lambda x: (x, (3, 2), 2, 1),
        lambda x: (x, 4, (3, 1), (2, 0)),
    ],
    "lp_pool2d": [lambda x, p=p: (np.abs(x) + 0.5, p, (2, 3), 2) for p in (1, 2, 3, 0.5, -1.5)]
    + [lambda x: (x, np.inf, 3, 2), lambda x: (x, -np.inf, 3, 2), lambda x: (x, 2, 3, 1)],
    "interpolate": [
        lambda x: (x, (7, 9), None, "bilinear"),
        lambda x: (x, None, (0.7, 2.3), "bilinear"),
        lambda x: (x, (3, 11), None, "bilinear", True),
        lambda x: (x, None, 1.7),
    ],
}
CASES = [(name, number) for name, calls in DIFFERENTIABLE.items() for number in range(len(calls))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_gradients_are_the_slopes_that_central_differences_measure(name, number):
    # Different values, apart by more than a step even without their signs, and none of them 0.
    order = np.random.default_rng(7).permutation(4 * 5 * 6) - 59.7
    x, *args = DIFFERENTIABLE[name][number](order.reshape(1, 4, 5, 6) / 10)
    if name.startswith("conv"):
        args[1] = np.array([1.0, -2.0, 0.5, 3.0])
    grad = RNG.normal(size=pool(name, x, *args).shape)
    mine = pool_backward(name, grad, x, *args)
    if isinstance(mine, tuple):
        # x, weight and bias; and groups=2 halves transposed convolution's output channels.
        for place, found in enumerate(mine):
            assert_slopes(name, grad, [x, *args], place, found)
    else:
        assert_slopes(name, grad, [x, *args], 0, mine)


def assert_slopes(name, grad, args, place, found):
    value, step = args[place], 1e-4
    slopes = np.zeros(value.shape)
    for index in np.ndindex(value.shape):
        loss = []
        for sign in (1, -1):
            moved = value.copy()
            moved[index] += sign * step
            output = pool(name, *args[:place], moved, *args[place + 1 :])
            loss.append(np.sum(output * grad))
        slopes[index] = (loss[0] - loss[1]) / (2 * step)
    np.testing.assert_allclose(found, slopes, rtol=1e-5, atol=1e-6)


# Against torch.autograd


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_autograd_agrees_in_each_dtype(name, dtype):
    x = RNG.integers(-8, 9, (2, 4, 6, 7)).astype(dtype)
    args = CALLS[name](x)
    if name.startswith("conv"):
        args = (args[0], np.round(args[1] * 2).astype(dtype), np.ones(4, dtype), *args[3:])
    grad = RNG.integers(-8, 9, pool(name, *args).shape).astype(dtype)
    mine, theirs = pool_backward(name, grad, *args), torch_backward(name, grad, *args)
    tolerance = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-12}[dtype]
    if not isinstance(mine, tuple):
        mine, theirs = (mine,), (theirs,)
    for one, other in zip(mine, theirs, strict=True):
        assert_same(one, other, rtol=tolerance, atol=10 * tolerance)


def test_gradients_of_half_precision_are_summed_in_single_precision():
    # 400 windows share one maximum; a float16 that has grown to 40 is blind to a tenth of 0.1.
    x = np.zeros((1, 39, 39), np.float16)
    x[0, 19, 19] = 1
    grad = np.full((1, 20, 20), 0.1, np.float16)
    exact = pytest.approx(400 * float(grad[0, 0, 0]), rel=2**-11)
    assert gradients.max_pool2d_backward(grad, x, 20, 1)[0, 19, 19] == exact
    shared = gradients.avg_pool2d_backward(grad, x, 20, 1, divisor_override=1)
    assert shared[0, 19, 19] == exact
    weight, bias = np.ones((1, 1, 20, 20), np.float16), np.zeros(1, np.float16)
    found = gradients.conv2d_backward(grad, x, weight, bias)
    assert found[0][0, 19, 19] == exact
    assert found[2][0] == exact
    found = gradients.conv2d_backward(grad, np.ones_like(x), weight, bias)
    assert found[1][0, 0, 5, 5] == exact
    many = gradients.interpolate_backward(
        np.full((1, 1, 20, 20), 0.1, np.float16), x[None, :, :1, :1], 20
    )
    assert many[0, 0, 0, 0] == exact


@given(maps(), windows, st.data())
def test_max_pooling_routes_as_torch_for_any_array(x, window, data):
    window["dilation"] = data.draw(st.integers(1, 3))
    window["padding"] = tuple(data.draw(st.integers(0, k // 2)) for k in window["kernel_size"])
    if not fits(x, window["kernel_size"], window["dilation"]):
        return
    grad = whole_gradient(pool("max_pool2d", x, **window), data)
    mine = gradients.max_pool2d_backward(grad, x, **window)
    assert_same(mine, torch_backward("max_pool2d", grad, x, **window))


def whole_gradient(output, data):
    """A gradient of whole numbers, which add up exactly in any order, and perhaps one NaN."""
    rng = np.random.default_rng(output.size)
    grad = rng.integers(-9, 10, output.shape).astype(output.dtype)
    if output.size and data.draw(st.booleans()):
        grad.flat[output.size // 2] = data.draw(st.sampled_from([np.nan, np.inf]))
    return grad


@given(maps(), windows, st.data())
def test_avg_pooling_shares_as_torch_for_any_array(x, window, data):
    window["count_include_pad"] = data.draw(st.booleans())
    window["divisor_override"] = data.draw(st.none() | st.sampled_from([-3, 1, 7]))
    window["padding"] = tuple(data.draw(st.integers(0, k // 2)) for k in window["kernel_size"])
    if not fits(x, window["kernel_size"]):
        return
    grad = whole_gradient(pool("avg_pool2d", x, **window), data)
    mine = gradients.avg_pool2d_backward(grad, x, **window)
    assert_same(mine, torch_backward("avg_pool2d", grad, x, **window), rtol=1e-5, atol=1e-4)


@given(maps(least=1), st.tuples(st.integers(1, 25), st.integers(1, 25)), st.data())
def test_adaptive_pooling_as_torch_for_any_array(x, bins, data):
    grad = whole_gradient(pool("adaptive_max_pool2d", x, bins), data)
    mine = gradients.adaptive_max_pool2d_backward(grad, x, bins)
    assert_same(mine, torch_backward("adaptive_max_pool2d", grad, x, bins))
    mine = gradients.adaptive_avg_pool2d_backward(grad, x, bins)
    theirs = torch_backward("adaptive_avg_pool2d", grad, x, bins)
    assert_same(mine, theirs, rtol=1e-5, atol=1e-4)


@given(maps(np.float64), windows, st.sampled_from([1, 2, 3.0, 1.5, np.inf, -np.inf]), st.data())
def test_lp_pooling_as_torch_for_any_array(x, window, p, data):
    x = np.where(np.abs(x) < 1e20, x, 2.0)
    if not fits(x, window["kernel_size"]):
        return
    grad = whole_gradient(pool("lp_pool2d", x, p, **window), data)
    mine = gradients.lp_pool2d_backward(grad, x, p, **window)
    assert_same(mine, torch_backward("lp_pool2d", grad, x, p, **window), rtol=1e-6, atol=1e-6)


@given(maps(), st.tuples(st.integers(1, 45), st.integers(1, 45)), st.data())
def test_interpolation_as_torch_for_any_size(x, size, data):
    if x.ndim == 3:
        return
    grad = whole_gradient(pool("interpolate", x, size), data)
    mine = gradients.interpolate_backward(grad, x, size)
    assert_same(mine, torch_backward("interpolate", grad, x, size))


@pytest.mark.parametrize("name", CALLS)
def test_gradients_need_floats_and_the_shape_of_the_output(name):
    x = RNG.normal(size=(2, 4, 6, 7))
    args = CALLS[name](x)
    out = pool(name, *args)
    with pytest.raises(TypeError, match="x has dtype int64, not one of float16, float32, float64"):
        pool_backward(name, out, *CALLS[name](x.astype(np.int64)))
    with pytest.raises(ValueError, match=r"grad_output has shape \(2, 4, 1, 1\), but the output"):
        pool_backward(name, np.ones((2, 4, 1, 1)), *args)
    with pytest.raises(ValueError, match=r"grad_output has shape \(\), but the output for x of"):
        pool_backward(name, np.array(1.0), *args)
    with pytest.raises(TypeError, match="grad_output has dtype float32, x has float64"):
        pool_backward(name, out.astype(np.float32), *args)
    with pytest.raises(TypeError, match="grad_output is a float, not a NumPy array"):
        pool_backward(name, 1.0, *args)


def test_each_function_has_its_backward_pass():
    assert {f"{name}_backward" for name in public(functional)} == public(gradients)


def test_a_window_of_padding_has_no_gradient():
    x = np.arange(6.0).reshape(1, 2, 3)
    with pytest.raises(ValueError, match="reads only padding, and its maximum has no index"):
        gradients.max_pool2d_backward(np.ones((1, 1, 2)), x, 2, 1, 1, 3)


def test_a_bias_of_none_has_no_gradient():
    x, weight = np.ones((1, 3, 3)), np.ones((1, 1, 2, 2))
    for name in ("conv2d", "conv_transpose2d"):
        grad = np.ones_like(pool(name, x, weight))
        assert pool_backward(name, grad, x, weight)[2] is None
        assert pool_backward(name, grad, x, weight, np.zeros(1))[2].tolist() == [grad.size]


def test_convolution_and_its_transpose_swap_roles_backward():
    weight = RNG.normal(size=(4, 2, 3, 3))
    x = RNG.normal(size=(2, 4, 7, 8))
    grad = RNG.normal(size=functional.conv2d(x, weight, None, 2, 1, 1, 2).shape)
    back = gradients.conv2d_backward(grad, x, weight, None, 2, 1, 1, 2)[0]
    same = functional.conv_transpose2d(grad, weight, None, 2, 1, (0, 1), 2)
    np.testing.assert_allclose(back, same, rtol=1e-13, atol=1e-14)


def test_torch_is_told_not_to_thread():
    assert torch.get_num_threads() == 1
