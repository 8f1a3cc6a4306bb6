"""Values by hand, against torch, SciPy and scikit-image, and on arrays of every awkward kind.

Settings are swept in test_agreement.py; here the arrays vary.
"""

import itertools
import warnings

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import skimage.measure
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracle import assert_same, pool, pool_backward, public, torch_forward

from poolkit import functional
from poolkit.functional import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    interpolate,
    lp_pool2d,
    max_pool2d,
    max_unpool2d,
)

RNG = np.random.default_rng(0)
HAND = np.array([[[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
WEIGHT = RNG.normal(size=(4, 2, 3, 2))
# One call of each function, on any map with 4 channels and at least 5 x 5 pixels.
CALLS = {
    "max_pool2d": lambda x: (x, 3, 2, 1),
    "avg_pool2d": lambda x: (x, (3, 2), 2, 1),
    "lp_pool2d": lambda x: (x, 2, 2),
    "adaptive_avg_pool2d": lambda x: (x, (3, 2)),
    "adaptive_max_pool2d": lambda x: (x, (2, 4)),
    "max_unpool2d": lambda x: (x, numbered(x.shape), 2),
    "interpolate": lambda x: (x, (7, 9), None, "bilinear"),
    "conv2d": lambda x: (x, WEIGHT.astype(x.dtype), None, 1, 1, 1, 2),
    "conv_transpose2d": lambda x: (x, WEIGHT.astype(x.dtype), None, 2, 1, 1, 2),
}


def numbered(shape):
    """Return different indices, one for each element of a map, below four times their number."""
    pixels = shape[-2] * shape[-1]
    order = np.random.default_rng(pixels).permutation(4 * pixels)[:pixels]
    return np.broadcast_to(order.reshape(shape[-2:]), shape).copy()


# By hand


def test_the_map_of_lesson_01():
    assert max_pool2d(HAND, 2).tolist() == [[[6, 4], [4, 5]]]
    assert avg_pool2d(HAND.astype(float), 2).tolist() == [[[3.75, 2.25], [1.75, 2.75]]]
    assert max_pool2d(HAND, 2, return_indices=True)[1].tolist() == [[[5, 3], [13, 14]]]
    assert adaptive_avg_pool2d(HAND.astype(float), 1).tolist() == [[[42 / 16]]]
    assert adaptive_max_pool2d(HAND.astype(float), 1, return_indices=True)[1].tolist() == [[[5]]]


def test_the_padding_of_a_maximum_never_wins():
    x = np.full((1, 2, 2), -7.0)
    assert max_pool2d(x, 2, 1, 1).tolist() == [[[-7.0] * 3] * 3]
    for dtype in (np.int8, np.int64):
        assert max_pool2d(x.astype(dtype), 2, 1, 1).tolist() == [[[-7] * 3] * 3]


def test_the_first_of_equal_maxima_has_the_index():
    x = np.array([[[1.0, 2.0, 1.0], [2.0, 2.0, 0.0], [1.0, 1.0, 2.0]]])
    assert max_pool2d(x, 3, return_indices=True)[1].tolist() == [[[1]]]
    assert max_pool2d(x, 2, 1, return_indices=True)[1].tolist() == [[[1, 1], [3, 4]]]
    # In reading order row 0, column 2 comes before row 1, column 0.
    corner = np.array([[[0.0, 0.0, 5.0], [5.0, 0.0, 0.0]]])
    assert max_pool2d(corner, (2, 3), return_indices=True)[1].tolist() == [[[2]]]
    assert adaptive_max_pool2d(corner, 1, return_indices=True)[1].tolist() == [[[2]]]


def test_minus_infinity_is_a_pixel_like_any_other():
    x = np.full((1, 3, 3), -np.inf)
    values, indices = max_pool2d(x, 3, 2, 1, return_indices=True)
    assert np.all(values == -np.inf)
    assert indices.tolist() == [[[0, 1], [3, 4]]]


def test_the_average_divisor_at_the_border():
    x = np.ones((1, 3, 3))
    assert avg_pool2d(x, 2, 2, 1)[0].tolist() == [[0.25, 0.5], [0.5, 1.0]]
    assert avg_pool2d(x, 2, 2, 1, count_include_pad=False)[0].tolist() == [[1, 1], [1, 1]]
    # The overhang of ceil_mode is not counted, though the padding is.
    assert avg_pool2d(x, 2, ceil_mode=True)[0].tolist() == [[1, 1], [1, 1]]
    assert avg_pool2d(x, 2, ceil_mode=True, divisor_override=4)[0].tolist() == [
        [1, 0.5],
        [0.5, 0.25],
    ]


def test_integers_are_averaged_towards_zero():
    x = np.array([[[-1, -2], [-3, -1]]])
    assert avg_pool2d(x, 2).tolist() == [[[-1]]]
    assert avg_pool2d(-x, 2).tolist() == [[[1]]]
    assert avg_pool2d(-x, 2, divisor_override=-2).tolist() == [[[-3]]]
    assert avg_pool2d(x, 2, divisor_override=-2).tolist() == [[[3]]]


def test_lp_pooling_sums():
    x = np.array([[[3.0, 4.0], [0.0, 0.0]]])
    assert lp_pool2d(x, 2, 2).tolist() == [[[5.0]]]
    assert lp_pool2d(x, 1, 2).tolist() == [[[7.0]]]
    assert lp_pool2d(-x, np.inf, 2).tolist() == [[[4.0]]]
    assert lp_pool2d(-x, -np.inf, 2).tolist() == [[[0.0]]]
    # Under the overhang, the missing pixels count as the average of the others.
    assert lp_pool2d(np.ones((1, 1, 3)), 1, (1, 2), ceil_mode=True).tolist() == [[[2.0, 2.0]]]


def test_unpooling_by_hand():
    values, indices = max_pool2d(HAND.astype(float), 2, return_indices=True)
    expected = [[[0, 0, 0, 4], [0, 6, 0, 0], [0, 0, 0, 0], [0, 4, 5, 0]]]
    assert max_unpool2d(values, indices, 2).tolist() == expected
    with_size = max_unpool2d(values, indices, 2, output_size=(5, 4))
    assert with_size.tolist() == [[*expected[0], [0, 0, 0, 0]]]
    assert max_unpool2d(values, indices, 2, output_size=[7, 7, 5, 4]).tolist() == with_size.tolist()


def test_unpooling_keeps_the_last_of_repeated_indices():
    x = np.arange(1.0, 10001.0).reshape(1, 100, 100)
    out = max_unpool2d(x, np.full(x.shape, 7), 2)
    assert out[0, 0, 7] == 10000.0
    assert np.count_nonzero(out) == 1
    two = max_unpool2d(np.array([[[3.0, 1.0]], [[1.0, 2.0]]]), np.full((2, 1, 2), 2), (1, 2))
    assert two.tolist() == [[[0, 0, 1, 0]], [[0, 0, 2, 0]]]


def test_interpolation_by_hand():
    x = np.array([[[[0.0, 1.0, 2.0]]]])
    assert interpolate(x, (1, 6)).tolist() == [[[[0, 0, 1, 1, 2, 2]]]]
    assert interpolate(x, scale_factor=(1, 1.5)).tolist() == [[[[0, 0, 1, 2]]]]
    aligned = interpolate(x, (1, 5), mode="bilinear", align_corners=True)
    assert aligned.tolist() == [[[[0, 0.5, 1, 1.5, 2]]]]
    blended = interpolate(x, (1, 6), mode="bilinear")
    assert blended.tolist() == [[[[0, 0.25, 0.75, 1.25, 1.75, 2]]]]


def test_the_checkerboard_is_a_count_of_overlaps():
    x = np.ones((1, 1, 4))
    three = conv_transpose2d(x, np.ones((1, 1, 1, 3)), stride=2)
    assert three.tolist() == [[[1, 1, 2, 1, 2, 1, 2, 1, 1]]]
    four = conv_transpose2d(x, np.ones((1, 1, 1, 4)), stride=2)
    assert four.tolist() == [[[1, 1, 2, 2, 2, 2, 2, 2, 1, 1]]]


def test_transposed_convolution_is_the_transposed_matrix():
    weight = RNG.normal(size=(4, 3, 3, 2))
    for stride, padding, dilation in itertools.product((1, 2), (0, 1), (1, 2)):
        args = {"stride": stride, "padding": padding, "dilation": dilation}
        pixels = np.eye(3 * 6 * 5).reshape(-1, 3, 6, 5)
        matrix = conv2d(pixels, weight, **args)
        values = np.eye(matrix[0].size).reshape(-1, *matrix.shape[1:])
        extra = [
            (size - 1) % stride
            for size in (6 + 2 * padding - 2 * dilation, 5 + 2 * padding - dilation)
        ]
        back = conv_transpose2d(values, weight, output_padding=tuple(extra), **args)
        np.testing.assert_array_equal(back.reshape(len(values), -1), matrix.reshape(90, -1).T)


# Against SciPy and scikit-image, which are not torch


@pytest.mark.parametrize(("name", "reduce"), [("max_pool2d", np.max), ("avg_pool2d", np.mean)])
def test_scikit_image_agrees_on_windows_side_by_side(name, reduce):
    x = RNG.normal(size=(1, 12, 15))
    expected = skimage.measure.block_reduce(x[0], (4, 3), reduce)
    np.testing.assert_allclose(pool(name, x, (4, 3))[0], expected, rtol=1e-14)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_scipy_agrees_on_overlapping_windows(stride):
    x = RNG.normal(size=(1, 11, 13))
    centred = slice(None, None, stride)
    largest = scipy.ndimage.maximum_filter(x[0], (5, 3), mode="constant", cval=-np.inf)
    np.testing.assert_array_equal(
        max_pool2d(x, (5, 3), stride, (2, 1))[0], largest[centred, centred]
    )
    average = scipy.ndimage.uniform_filter(x[0], (5, 3), mode="constant", cval=0)
    np.testing.assert_allclose(
        avg_pool2d(x, (5, 3), stride, (2, 1))[0], average[centred, centred], rtol=1e-12, atol=1e-14
    )


def test_scipy_agrees_on_convolution():
    x, weight = RNG.normal(size=(3, 9, 8)), RNG.normal(size=(2, 3, 3, 4))
    for out, kernel in zip(conv2d(x, weight), weight, strict=True):
        expected = sum(
            scipy.signal.correlate2d(one, k, "valid") for one, k in zip(x, kernel, strict=True)
        )
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-13)
    back = conv_transpose2d(x[:2], weight)
    for channel, out in enumerate(back):
        expected = sum(scipy.signal.convolve2d(x[i], weight[i, channel], "full") for i in range(2))
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-13)


def test_zooming_in_scipy_agrees_with_aligned_corners():
    x = RNG.normal(size=(1, 1, 5, 6))
    zoomed = scipy.ndimage.zoom(x[0, 0], (9 / 5, 16 / 6), order=1)
    mine = interpolate(x, (9, 16), mode="bilinear", align_corners=True)
    np.testing.assert_allclose(mine[0, 0], zoomed, rtol=1e-12)


# Dtypes


DTYPES = "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 float32 float64 complex64"
TORCH_ALONE = {
    ("lp_pool2d", "int64"),
    ("lp_pool2d", "bool"),
    ("interpolate", "uint8"),
}
TOLERANCE = {"float16": 2e-3, "float32": 1e-5, "float64": 1e-12}


@pytest.mark.parametrize("dtype", DTYPES.split())
@pytest.mark.parametrize("name", CALLS)
def test_takes_the_dtypes_that_torch_takes(name, dtype):
    x = RNG.integers(0, 100, (2, 4, 6, 7)).astype(dtype)
    args = CALLS[name](x)
    try:
        expected = torch_forward(name, *args)
    except (RuntimeError, TypeError):
        expected = None
    complex_conv = dtype == "complex64" and name.startswith("conv")
    if expected is None or (name, dtype) in TORCH_ALONE or complex_conv:
        with pytest.raises(TypeError, match=f"x has dtype {dtype}, not one of float16, float32"):
            pool(name, *args)
    else:
        mine = pool(name, *args)
        tolerance = TOLERANCE.get(dtype, 0)
        assert_same(mine, expected, rtol=tolerance, atol=100 * tolerance)
    assert (name, dtype) not in TORCH_ALONE or expected is not None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8"])
def test_nearest_takes_bytes_too(dtype):
    x = RNG.integers(0, 256, (2, 3, 5, 6)).astype(dtype)
    assert_same(interpolate(x, (7, 13)), torch_forward("interpolate", x, (7, 13)))


def test_arrays_of_foreign_byte_order_are_refused():
    with pytest.raises(TypeError, match="x has dtype >f4"):
        max_pool2d(np.zeros((1, 2, 2), ">f4"), 2)


def test_integers_of_all_sizes_wrap_around_in_convolution():
    x = np.full((1, 2, 2), 100, np.int8)
    assert conv2d(x, np.full((1, 1, 2, 2), 2, np.int8)).tolist() == [[[32]]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_the_smallest_integer_is_a_pixel_too(dtype):
    x = np.full((1, 3, 3), np.iinfo(dtype).min, dtype)
    expected = torch_forward("max_pool2d", x, 2, 2, 1, return_indices=True)
    for one, other in zip(max_pool2d(x, 2, 2, 1, return_indices=True), expected, strict=True):
        assert_same(one, other)


# Accuracy


@pytest.mark.parametrize(
    ("dtype", "relative"), [("float16", 2**-11 + 1e-5), ("float32", 2e-6), ("float64", 1e-14)]
)
def test_averages_are_as_good_as_their_dtype(dtype, relative):
    x = (RNG.random((1, 2, 300, 300)) + 1).astype(dtype)
    exact = x.astype(np.longdouble).mean((2, 3))
    for average in (avg_pool2d(x, 300), adaptive_avg_pool2d(x, 1)):
        np.testing.assert_allclose(average[..., 0, 0].astype(np.longdouble), exact, rtol=relative)


def test_half_precision_is_summed_in_single_precision():
    # The sum is 409,600, and float16 ends at 65,504.
    x = np.full((1, 64, 64), 100, np.float16)
    assert avg_pool2d(x, 64).tolist() == adaptive_avg_pool2d(x, 1).tolist() == [[[100.0]]]
    ones = np.ones((1, 1, 64, 64), np.float16)
    assert conv2d(x / 4, ones / 32).tolist() == [[[3200.0]]]


# Arrays of every kind


SPECIALS = st.sampled_from([0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 3.5, -1e30, 1e30])


@st.composite
def maps(draw, dtype=np.float32, least=5, most=20):
    """Draw maps as a caller might hold them: special values, ties, any layout, empty batches."""
    batch = draw(st.sampled_from([(), (0,), (1,), (3,)]))
    shape = (*batch, 4, *draw(st.tuples(*[st.integers(least, most)] * 2)))
    plain = st.floats(-100, 100, width=32) | st.integers(-2, 2).map(float)
    elements = draw(
        st.sampled_from([plain, st.integers(-2, 2).map(float), st.just(-3.0), plain | SPECIALS])
    )
    x = draw(hnp.arrays(dtype, shape, elements=elements, fill=elements))
    layout = draw(
        st.sampled_from(["plain", "fortran", "reversed", "strided", "swapped", "constant"])
    )
    if layout == "fortran":
        x = np.asfortranarray(x)
    elif layout == "reversed":
        x = np.ascontiguousarray(x[..., ::-1, ::-1])[..., ::-1, ::-1]
    elif layout == "strided":
        x = np.repeat(np.repeat(x, 2, -1), 3, -2)[..., ::3, ::2]
    elif layout == "swapped":
        x = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    elif layout == "constant":
        x = np.broadcast_to(x[..., :1, :1], shape)
    x.flags.writeable = draw(st.booleans()) and x.flags.writeable
    return x


windows = st.fixed_dictionaries(
    {
        "kernel_size": st.tuples(st.integers(1, 7), st.integers(1, 7)),
        "stride": st.none() | st.integers(1, 6) | st.tuples(st.integers(1, 9), st.integers(1, 9)),
        "ceil_mode": st.booleans(),
    }
)


def fits(x, kernel_size, dilation=1):
    return all(dilation * (k - 1) < size for k, size in zip(kernel_size, x.shape[-2:], strict=True))


@given(maps(), windows, st.data())
def test_max_pooling_of_any_array(x, window, data):
    window["dilation"] = data.draw(st.integers(1, 3))
    window["padding"] = tuple(data.draw(st.integers(0, k // 2)) for k in window["kernel_size"])
    if not fits(x, window["kernel_size"], window["dilation"]):
        return
    expected = torch_forward("max_pool2d", x, **window, return_indices=True)
    assert_same(max_pool2d(x, **window), expected[0])
    mine = max_pool2d(x, **window, return_indices=True)
    for one, other in zip(mine, expected, strict=True):
        assert_same(one, other)


@given(maps(), windows, st.data())
def test_avg_pooling_of_any_array(x, window, data):
    window["count_include_pad"] = data.draw(st.booleans())
    window["divisor_override"] = data.draw(st.none() | st.sampled_from([-3, 1, 7]))
    window["padding"] = tuple(data.draw(st.integers(0, k // 2)) for k in window["kernel_size"])
    if not fits(x, window["kernel_size"]):
        return
    assert_averages(avg_pool2d(x, **window), torch_forward("avg_pool2d", x, **window), x)


def assert_averages(mine, theirs, x):
    """Equal up to rounding, which grows with the largest number that may be in a window."""
    finite = x[np.isfinite(x)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    assert_same(mine, theirs, rtol=1e-5, atol=1e-6 * largest)


@given(maps(least=1), st.tuples(st.none() | st.integers(0, 25), st.none() | st.integers(0, 25)))
def test_adaptive_pooling_of_any_array(x, bins):
    assert_averages(adaptive_avg_pool2d(x, bins), torch_forward("adaptive_avg_pool2d", x, bins), x)
    expected = torch_forward("adaptive_max_pool2d", x, bins, return_indices=True)
    assert_same(adaptive_max_pool2d(x, bins), expected[0])
    for one, other in zip(adaptive_max_pool2d(x, bins, return_indices=True), expected, strict=True):
        assert_same(one, other)


@given(maps(dtype=np.float64), windows, st.sampled_from([1, 2, 3.0, 0.5, 1.5, np.inf, -np.inf]))
def test_lp_pooling_of_any_array(x, window, p):
    if fits(x, window["kernel_size"]):
        mine, theirs = lp_pool2d(x, p, **window), torch_forward("lp_pool2d", x, p, **window)
        assert_same(mine, theirs, rtol=1e-6, atol=1e-4)


@given(maps(), st.tuples(st.integers(1, 45), st.integers(1, 45)))
def test_resizing_any_array_to_the_nearest_pixel(x, size):
    if x.ndim == 4:
        assert_same(interpolate(x, size), torch_forward("interpolate", x, size))


@given(maps(least=1), st.tuples(st.integers(1, 45), st.integers(1, 45)), st.booleans())
def test_blending_any_array_to_any_size(x, size, align_corners):
    if x.ndim == 4:
        args = (x, size, None, "bilinear", align_corners)
        assert_averages(interpolate(*args), torch_forward("interpolate", *args), x)


@given(maps(), windows)
def test_unpooling_undoes_pooling_of_any_array(x, window):
    kwargs = {key: window[key] for key in ("kernel_size", "stride")}
    if not fits(x, window["kernel_size"]):
        return
    values, indices = max_pool2d(x, **window, return_indices=True)
    mine = max_unpool2d(values, indices, **kwargs, output_size=x.shape[-2:])
    # Wherever an index is repeated, it brings the same value, so the order of writing is free.
    assert_same(
        mine, torch_forward("max_unpool2d", values, indices, **kwargs, output_size=x.shape[-2:])
    )
    row, column = np.divmod(indices, x.shape[-1])
    kept = np.zeros(x.shape, bool)
    kept[(*np.indices(indices.shape)[:-2], row, column)] = True
    np.testing.assert_array_equal(mine, np.where(kept, x, 0))


def in_every_layout(x):
    yield "fortran", np.asfortranarray(x)
    yield "reversed", np.ascontiguousarray(x[..., ::-1, ::-1])[..., ::-1, ::-1]
    yield "strided", np.repeat(np.repeat(x, 2, -1), 3, -2)[..., ::3, ::2]
    read_only = x.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only


@pytest.mark.parametrize("name", CALLS)
def test_layout_does_not_matter_forward_or_backward(name):
    x = RNG.normal(size=(2, 4, 6, 7))
    args = CALLS[name](x)
    expected = pool(name, *args)
    grad = RNG.normal(size=expected.shape)
    expected_grads = pool_backward(name, grad, *args)
    for layout, same in in_every_layout(x):
        np.testing.assert_array_equal(pool(name, same, *args[1:]), expected, err_msg=layout)
        for _, same_grad in in_every_layout(grad):
            found = pool_backward(name, same_grad, same, *args[1:])
            found, wanted = (
                value if isinstance(value, tuple) else (value,) for value in (found, expected_grads)
            )
            for one, other in zip(found, wanted, strict=True):
                if other is not None:
                    np.testing.assert_allclose(one, other, rtol=1e-13, err_msg=layout)


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_modified_and_nothing_is_shared(name):
    x = RNG.normal(size=(2, 4, 6, 7))
    args = CALLS[name](x)
    arrays = [value for value in args if isinstance(value, np.ndarray)]
    before = [value.copy() for value in arrays]
    out = pool(name, *args)
    grad = RNG.normal(size=out.shape)
    kept = grad.copy()
    found = pool_backward(name, grad, *args)
    results = [out, *(found if isinstance(found, tuple) else (found,))]
    for value, copy in zip([*arrays, grad], [*before, kept], strict=True):
        np.testing.assert_array_equal(value, copy)
        assert not any(np.shares_memory(value, r) for r in results if r is not None)


def test_even_where_nothing_changes_the_result_is_a_copy():
    x = RNG.normal(size=(1, 1, 3, 3))
    same = [
        max_pool2d(x, 1),
        max_pool2d(x, 1, return_indices=True)[0],
        avg_pool2d(x, 1),
        adaptive_avg_pool2d(x, 3),
        adaptive_max_pool2d(x, (None, None)),
        lp_pool2d(x, 1, 1),
        interpolate(x, 3),
        interpolate(x, 3, mode="bilinear"),
        conv2d(x, np.ones((1, 1, 1, 1))),
    ]
    for result in same:
        np.testing.assert_array_equal(result, x)
        assert not np.shares_memory(result, x)


@pytest.mark.parametrize("name", CALLS)
def test_one_map_is_a_batch_of_one(name):
    x = RNG.normal(size=(1, 4, 6, 7))
    args = CALLS[name](x)
    if name == "interpolate":
        return
    alone = [
        value[0] if value is x or (i == 1 and name == "max_unpool2d") else value
        for i, value in enumerate(args)
    ]
    np.testing.assert_array_equal(pool(name, *alone), pool(name, *args)[0])
    grad = RNG.normal(size=pool(name, *args).shape)
    mine, wanted = pool_backward(name, grad[0], *alone), pool_backward(name, grad, *args)
    if isinstance(mine, tuple):
        np.testing.assert_allclose(mine[1], wanted[1], rtol=1e-13)
        mine, wanted = mine[0], wanted[0]
    np.testing.assert_array_equal(mine, wanted[0])


@pytest.mark.parametrize("name", CALLS)
def test_an_empty_batch_gives_an_empty_batch(name):
    x = np.zeros((0, 4, 6, 7), np.float32)
    args = CALLS[name](x)
    mine = pool(name, *args)
    assert_same(mine, torch_forward(name, *args))
    assert len(mine) == 0
    grads = pool_backward(name, mine, *args)
    if isinstance(grads, tuple):
        assert not grads[1].any()
        assert grads[1].shape == args[1].shape
        grads = grads[0]
    assert (grads.shape, grads.dtype) == (x.shape, x.dtype)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38, -1e38, 0.0])
@pytest.mark.parametrize("name", CALLS)
def test_no_warnings_whatever_the_values(name, value):
    x = np.full((1, 4, 6, 7), value, np.float32)
    x[..., ::2] = -x[..., ::2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in (np.float32, np.float16):
            with np.errstate(over="ignore"):
                args = CALLS[name](x.astype(dtype))
            out = pool(name, *args)
            pool_backward(name, out, *args)


def test_infinity_and_nan_stay_in_their_windows():
    x = np.ones((1, 1, 9), np.float32)
    x[..., 4] = np.nan
    assert np.isnan(avg_pool2d(x, (1, 3), 1)).tolist() == [[[False] * 2 + [True] * 3 + [False] * 2]]
    x[..., 4] = np.inf
    assert np.isfinite(avg_pool2d(x, (1, 3))).tolist() == [[[True, False, True]]]
    resized = interpolate(x[None], (1, 18), mode="bilinear")
    assert np.isfinite(resized).sum() == 14


# Differences from torch that are kept on purpose, each as its docstring says


def test_a_window_of_padding_has_no_index():
    x = np.arange(6.0).reshape(1, 2, 3)
    args = (2, 1, 1, 3)
    values, indices = torch_forward("max_pool2d", x, *args, return_indices=True)
    assert np.all(values == -np.inf)
    assert indices.max() >= x.size
    assert_same(max_pool2d(x, *args), values)
    with pytest.raises(ValueError, match="dilation=3 carries window 0 past the input of size 2"):
        max_pool2d(x, *args, return_indices=True)
    with pytest.raises(ValueError, match="dilation=3 carries window 0 past the input of size 2"):
        max_pool2d(x.swapaxes(1, 2), *args, return_indices=True)


def test_the_only_empty_axis_is_the_batch():
    x = np.zeros((1, 0, 4, 4), np.float32)
    assert torch_forward("conv2d", x, np.zeros((3, 0, 2, 2), np.float32)).shape == (1, 0, 3, 3)
    for name in CALLS:
        args = CALLS[name](np.zeros((1, 4, 6, 7)))
        for shape in ((1, 0, 6, 7), (1, 4, 0, 7), (1, 4, 6, 0), (0, 6, 7)):
            with pytest.raises(ValueError, match="no axis but the batch N may be empty"):
                pool(name, np.zeros(shape), *args[1:])


def test_lp_pooling_of_integers_would_be_wrong():
    x = np.arange(4).reshape(1, 2, 2)
    rounded = torch_forward("lp_pool2d", x, 2, 2).item()
    assert rounded != pytest.approx(np.sqrt(14))
    assert lp_pool2d(x.astype(float), 2, 2).item() == pytest.approx(np.sqrt(14))


def test_interpolate_asks_for_four_axes():
    x = np.zeros((3, 4, 5), np.float32)
    assert torch_forward("interpolate", x, scale_factor=2).shape == (3, 4, 10)
    with pytest.raises(ValueError, match=r"write x\[None\]"):
        interpolate(x, scale_factor=2)
    assert interpolate(x[None], scale_factor=2).shape == (1, 3, 8, 10)


def test_convolution_skips_its_padding():
    weight = np.full((1, 1, 3, 3), np.inf, np.float32)
    x = np.ones((1, 3, 3), np.float32)
    assert np.isnan(torch_forward("conv2d", x, weight, padding=1)).sum() == 8
    assert np.all(conv2d(x, weight, padding=1) == np.inf)


def test_a_numpy_integer_is_an_integer_everywhere():
    x = np.arange(16.0).reshape(1, 4, 4)
    two = np.int64(2)
    np.testing.assert_array_equal(adaptive_avg_pool2d(x, two), adaptive_avg_pool2d(x, 2))
    np.testing.assert_array_equal(max_pool2d(x, two), max_pool2d(x, (two, np.uint8(2))))
    np.testing.assert_array_equal(avg_pool2d(x, two, divisor_override=two), 2 * avg_pool2d(x, 2))


def test_names_order_and_defaults_are_torchs():
    """Called by torch's own keywords, and in torch's order, each function gives torch's result."""
    x, weight, bias = RNG.normal(size=(1, 2, 6, 6)), RNG.normal(size=(2, 2, 3, 3)), np.ones(2)
    indices = numbered(x.shape)
    keywords = [
        ("max_pool2d", (x,), {"kernel_size": 3, "stride": 1, "padding": 1, "dilation": 2}),
        ("avg_pool2d", (x,), {"kernel_size": 3, "stride": 1, "padding": 1}),
        ("lp_pool2d", (x,), {"norm_type": 2, "kernel_size": 3, "stride": 1}),
        ("adaptive_avg_pool2d", (x,), {"output_size": 2}),
        ("adaptive_max_pool2d", (x,), {"output_size": 2}),
        (
            "max_unpool2d",
            (x, indices),
            {"kernel_size": 2, "stride": 2, "padding": 0, "output_size": (12, 12)},
        ),
        (
            "interpolate",
            (x,),
            {"size": None, "scale_factor": 2, "mode": "bilinear", "align_corners": True},
        ),
        (
            "conv2d",
            (x,),
            {"weight": weight, "bias": bias, "stride": 2, "padding": 1, "dilation": 1, "groups": 1},
        ),
        (
            "conv_transpose2d",
            (x,),
            {
                "weight": weight,
                "bias": bias,
                "stride": 3,
                "padding": 1,
                "output_padding": 2,
                "groups": 1,
                "dilation": 2,
            },
        ),
    ]
    assert [name for name, *_ in keywords] == list(CALLS)
    for name, args, kwargs in keywords:
        expected = torch_forward(name, *args, **kwargs)
        assert_same(pool(name, *args, **kwargs), expected, rtol=1e-12, atol=1e-12)
        assert_same(pool(name, *args, *kwargs.values()), expected, rtol=1e-12, atol=1e-12)
    assert set(CALLS) == public(functional)


def test_torch_tensors_become_arrays_by_their_own_method():
    tensor = torch.arange(16.0).reshape(1, 4, 4)
    with pytest.raises(TypeError, match=r"x is a Tensor, not a NumPy array: write x.numpy\(\)"):
        max_pool2d(tensor, 2)
    assert_same(max_pool2d(tensor.numpy(), 2), F.max_pool2d(tensor, 2).numpy())
