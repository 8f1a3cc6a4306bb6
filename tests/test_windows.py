"""The engine in pieces of every size, its memory, and the accuracy of its sums."""

import itertools
import tracemalloc

import numpy as np
import pytest
from oracle import assert_same, pool, pool_backward, torch_backward, torch_forward

from poolkit.arithmetic import adaptive_window
from poolkit.engine import bins, windows
from poolkit.functional import avg_pool2d, max_pool2d, max_unpool2d
from poolkit.gradients import avg_pool2d_backward

RNG = np.random.default_rng(0)
KERNELS = (1, 2, 3, 4, 5, 6, 7, 11, 13)


@pytest.fixture(params=[1, 200, 1500, 10**6], ids=lambda size: f"pieces of {size} bytes")
def piece(request, monkeypatch):
    """Cut maps into single rows, a few rows, single maps and several maps."""
    monkeypatch.setattr(windows, "_PIECE_BYTES", request.param)


def settings():
    for kernel, stride, padding in itertools.product(KERNELS, (1, 2, 3, 5), (0, 1, 3)):
        if 2 * padding <= kernel:
            yield kernel, stride, padding


def awkward(shape):
    """Return maps with ties, both infinities and NaN."""
    x = RNG.integers(0, 4, shape).astype(np.float32)
    x[RNG.random(shape) < 0.05] = -np.inf
    x[RNG.random(shape) < 0.01] = np.inf
    x[RNG.random(shape) < 0.01] = np.nan
    return x


@pytest.mark.usefixtures("piece")
def test_maxima_do_not_depend_on_the_pieces():
    x = awkward((2, 2, 17, 14))
    for kernel, stride, padding in settings():
        for ceil_mode in (False, True):
            args = (x, kernel, stride, padding)
            kwargs = {"ceil_mode": ceil_mode, "return_indices": True}
            mine, theirs = (f("max_pool2d", *args, **kwargs) for f in (pool, torch_forward))
            assert_same(mine[0], theirs[0])
            assert_same(mine[1], theirs[1])
            assert_same(pool("max_pool2d", *args, ceil_mode=ceil_mode), theirs[0])


@pytest.mark.usefixtures("piece")
def test_averages_do_not_depend_on_the_pieces():
    x = RNG.integers(-9, 9, (2, 2, 17, 14)).astype(float)
    for args in settings():
        for kwargs in ({}, {"count_include_pad": False}, {"ceil_mode": True}):
            mine, theirs = (f("avg_pool2d", x, *args, **kwargs) for f in (pool, torch_forward))
            assert_same(mine, theirs, rtol=1e-12)


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("output_size", [1, 2, 5, 6, (3, 20), (17, 7), (7, 14)])
def test_bins_do_not_depend_on_the_pieces(output_size):
    x = RNG.integers(-9, 9, (3, 17, 14)).astype(float)
    theirs = torch_forward("adaptive_avg_pool2d", x, output_size)
    assert_same(pool("adaptive_avg_pool2d", x, output_size), theirs, rtol=1e-12)
    for mine, expected in zip(
        pool("adaptive_max_pool2d", x, output_size, return_indices=True),
        torch_forward("adaptive_max_pool2d", x, output_size, return_indices=True),
        strict=True,
    ):
        assert_same(mine, expected)


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("many", [1, 10**6], ids=["one by one", "end to end"])
def test_gradients_and_unpooling_do_not_depend_on_the_pieces(many, monkeypatch):
    monkeypatch.setattr(windows, "_MANY_VALUES", many)
    x = RNG.normal(size=(3, 2, 17, 14))
    for kernel, stride, padding in [(2, 2, 0), (3, 1, 1), (5, 2, 2), (3, 4, 0), (7, 3, 3)]:
        args = (kernel, stride, padding)
        values, indices = max_pool2d(x, *args, return_indices=True)
        grad = RNG.integers(-9, 9, values.shape).astype(float)
        theirs = torch_backward("max_pool2d", grad, x, *args)
        assert_same(pool_backward("max_pool2d", grad, x, *args), theirs, atol=1e-12)
        kept = pool_backward("max_pool2d", grad, x, *args, indices=indices)
        assert_same(kept, theirs, atol=1e-12)
        shares = pool_backward("avg_pool2d", grad, x, *args)
        assert_same(shares, torch_backward("avg_pool2d", grad, x, *args), atol=1e-12)
        # Overlapping windows can find the same maximum twice; torch then keeps any of the two.
        restored = max_unpool2d(values, indices, *args, x.shape[-2:])
        wanted = torch_forward("max_unpool2d", values, indices, *args, x.shape[-2:])
        assert_same(restored, wanted)


def test_windows_apart_or_longer_than_the_map():
    x = RNG.normal(size=(1, 2, 9, 8)).astype(np.float32)
    for args in [(1, 3), (2, 5), (9, 9, 4), ((9, 8), 1, (4, 4)), ((1, 8), (4, 1)), (3, 2, 1, 4)]:
        assert_same(pool("max_pool2d", x, *args), torch_forward("max_pool2d", x, *args))


def test_bins_are_those_of_the_definition():
    for size, outputs in itertools.product(range(1, 12), range(1, 15)):
        axis = bins.bins(size, outputs)
        kinds = [range(*ends) for ends in zip(axis.starts, axis.stops, strict=True)]
        found = [kind for kind, n in zip(kinds, axis.repeats, strict=True) for _ in range(n)]
        assert len(kinds) < 2 * size + outputs // size
        assert found == [adaptive_window(i, size, outputs) for i in range(outputs)]


def test_each_window_is_rounded_a_few_times_only():
    """The largest error against float64 is not above torch's, and one window's digits stay its."""
    x = (RNG.random((2, 2, 70, 70)) + 1).astype(np.float32)
    for kernel in (3, 13, 31, 64):
        exact = avg_pool2d(x.astype(np.float64), kernel, 1)
        mine = np.abs(avg_pool2d(x, kernel, 1) - exact).max()
        theirs = np.abs(torch_forward("avg_pool2d", x, kernel, 1) - exact).max()
        assert mine <= max(theirs, np.spacing(np.float32(2)))
    # A running sum would carry the rounding of 1e8 on into the windows of ones after it.
    x = np.ones((1, 1, 40), np.float32)
    x[..., :5] = 1e8
    assert avg_pool2d(x, (1, 13), 1)[..., 5:].tolist() == [[[1.0] * 23]]


@pytest.mark.parametrize("shape", [(16, 32, 56, 56), (1, 1, 1500, 1500)])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (31, 1)])
def test_working_memory_is_less_than_the_input(shape, kernel, stride):
    x = np.zeros(shape, np.float32)
    for function, padding in itertools.product((max_pool2d, avg_pool2d), (0, 1)):
        tracemalloc.start()
        out = function(x, kernel, stride, padding)
        extra = tracemalloc.get_traced_memory()[1] - out.nbytes
        tracemalloc.stop()
        assert extra < x.nbytes


def test_many_maps_are_spread_a_few_at_a_time():
    x = np.zeros((16, 32, 56, 56), np.float32)
    grad = np.ones((16, 32, 28, 28), np.float32)
    tracemalloc.start()
    out = avg_pool2d_backward(grad, x, 2)
    extra = tracemalloc.get_traced_memory()[1] - out.nbytes
    tracemalloc.stop()
    assert extra < x.nbytes


class Counted(np.ndarray):
    """An array that notes each ufunc it takes part in."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        CALLS.append(ufunc)
        plain = [np.asarray(each) for each in (*inputs, *out)]
        if out:
            kwargs["out"] = tuple(plain[len(inputs) :])
        return getattr(ufunc, method)(*plain[: len(inputs)], **kwargs).view(Counted)


CALLS = []


@pytest.mark.parametrize("join", [np.maximum, np.add])
def test_a_run_is_joined_from_halves(join):
    pixels = np.arange(200.0).reshape(1, 200, 1)
    for size in range(1, 70):
        CALLS.clear()
        found = windows.run(join, pixels.view(Counted), size)
        # A half, and the middle one of an odd number, which only a sum may not count twice.
        assert len(CALLS) <= (size - 1).bit_length() * (2 if join is np.add else 1)
        every = np.lib.stride_tricks.sliding_window_view(pixels[0, :, 0], size)
        assert np.array_equal(np.asarray(found)[0, :, 0], join.reduce(every, axis=1))
