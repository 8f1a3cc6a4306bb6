"""Numbers at the ends of their dtypes, arrays that are not plain arrays, and sizes of any value."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oracle import pool, pool_backward, public, torch_forward

from poolkit import arithmetic, functional, gradients

LOW, HIGH = -(2**63), 2**63 - 1


def by_python(x, kernel_size, stride, padding, ceil_mode, include, override):
    """Integer averages along one axis in Python's ints, which have no end.

    The rules of int64 in C are put on top: a sum wraps around, a quotient is rounded towards zero
    and wraps around, too, which only -2**63 / -1 does.
    """
    found = []
    for i in range(
        arithmetic.output_size(len(x), kernel_size, stride, padding, ceil_mode=ceil_mode)
    ):
        read = arithmetic.clipped_window(i, len(x), kernel_size, stride, padding)
        total = wrap(sum(x[at] for at in read))
        divisor = override or arithmetic.average_divisor(
            i, len(x), kernel_size, stride, padding, count_include_pad=include
        )
        quotient = abs(total) // abs(divisor)
        found.append(wrap(quotient if (total < 0) == (divisor < 0) else -quotient))
    return found


def wrap(number):
    return (number + 2**63) % 2**64 - 2**63


NEAR_THE_ENDS = st.one_of(
    st.sampled_from([LOW, LOW + 1, -1, 0, 1, HIGH - 1, HIGH, LOW // 3, HIGH // 2]),
    st.integers(LOW, HIGH),
)


@given(
    st.lists(NEAR_THE_ENDS, min_size=1, max_size=7),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.sampled_from([1, -1, 2, 3, -3, LOW, HIGH]), st.integers(1, 9)),
)
@example([LOW, 0, 0, 0], 4, 4, 0, False, True, None)
@example([LOW, 0, 0, 0], 4, 4, 0, False, True, 3)
@example([LOW], 1, 1, 0, False, True, -1)
@example([HIGH, 1], 2, 2, 0, False, True, None)
@example([LOW, -1, 5], 2, 1, 1, True, False, LOW)
def test_integer_averages_are_exact(x, kernel_size, stride, padding, ceil_mode, include, override):
    if 2 * padding > kernel_size or kernel_size > len(x) + 2 * padding:
        return
    found = functional.avg_pool2d(
        np.array([[x]], np.int64),
        (1, kernel_size),
        (1, stride),
        (0, padding),
        ceil_mode=ceil_mode,
        count_include_pad=include,
        divisor_override=override,
    )
    expected = by_python(x, kernel_size, stride, padding, ceil_mode, include, override)
    assert found[0, 0].tolist() == expected


@pytest.mark.parametrize("override", [None, 3, -3, 7, 2**62, LOW])
def test_the_least_sum_is_divided_as_by_torch(override):
    """-2**63 is what NumPy's NaT is, and a usual number for "no data"."""
    for x in ([[LOW, 0], [0, 0]], [[LOW, -5], [3, 2]], [[HIGH, 5], [0, 0]], [[LOW, LOW], [1, 0]]):
        x = np.array([x])
        mine = pool("avg_pool2d", x, 2, divisor_override=override)
        assert (
            mine.tolist() == torch_forward("avg_pool2d", x, 2, divisor_override=override).tolist()
        )


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.int64])
def test_maxima_at_the_ends_of_every_integer_dtype(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    x = np.full((1, 4, 4), low, dtype)
    assert functional.max_pool2d(x, 3, 1, 1).tolist() == [[[low] * 4] * 4]
    _, indices = functional.max_pool2d(x, 2, return_indices=True)
    assert indices.tolist() == [[[0, 2], [8, 10]]]
    x[0, 3, 3] = high
    assert functional.max_pool2d(x, 2).tolist() == [[[low, low], [low, high]]]


X = np.arange(16.0).reshape(1, 1, 4, 4)
TWO, W = X[..., :2, :2], np.ones((1, 1, 2, 2))
INDICES = np.arange(4).reshape(1, 1, 2, 2)
ONE = np.ones(1)
# For each function its arguments, and which of them are arrays.
CALLS = {
    "max_pool2d": ((X, 2), {0: "x"}),
    "avg_pool2d": ((X, 2), {0: "x"}),
    "lp_pool2d": ((X, 2, 2), {0: "x"}),
    "adaptive_avg_pool2d": ((X, 2), {0: "x"}),
    "adaptive_max_pool2d": ((X, 2), {0: "x"}),
    "max_unpool2d": ((TWO, INDICES, 2), {0: "x", 1: "indices"}),
    "interpolate": ((X, 2), {0: "x"}),
    "conv2d": ((X, W, ONE), {0: "x", 1: "weight", 2: "bias"}),
    "conv_transpose2d": ((X, W, ONE), {0: "x", 1: "weight", 2: "bias"}),
}


def test_every_function_is_called():
    assert set(CALLS) == public(functional)
    assert {f"{name}_backward" for name in CALLS} == public(gradients)


class Loud(np.ndarray):
    """A subclass that adds up in its own way."""

    def sum(self, *args, **kwargs):
        return 0


def as_matrix(array):
    return array.reshape(-1, 1).view(np.matrix)


SUBCLASSES = {
    "masked": (lambda a: np.ma.masked_equal(a, a.flat[0]), "is a masked array", r"\.filled\(0\)"),
    "no mask": (np.ma.asarray, "is a masked array", r"\.filled\(0\)"),
    "matrix": (as_matrix, "is a matrix", r"np\.asarray\("),
    "another": (lambda a: a.view(Loud), "is a Loud", r"np\.asarray\("),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("kind", SUBCLASSES)
@pytest.mark.parametrize(
    ("name", "position"), [(name, i) for name, (_, arrays) in CALLS.items() for i in arrays]
)
def test_arrays_with_another_arithmetic_are_refused(name, position, kind):
    (args, arrays), (change, says, cure) = CALLS[name], SUBCLASSES[kind]
    changed = [*args]
    changed[position] = change(args[position])
    message = rf"{arrays[position]} {says}.*write {arrays[position]}{cure}"
    message = message if "asarray" not in cure else rf"{arrays[position]} {says}.*{cure}"
    output = pool(name, *args)
    for call in (
        lambda: pool(name, *changed),
        lambda: pool_backward(name, np.ones_like(output), *changed),
    ):
        with pytest.raises(TypeError, match=message):
            call()
    if position == 0:
        with pytest.raises(TypeError, match=f"grad_output {says}"):
            pool_backward(name, change(np.ones_like(output)), *args)


def test_an_array_in_a_file_is_an_array(tmp_path):
    x = np.memmap(tmp_path / "x", np.float64, "w+", shape=X.shape)
    x[:] = X
    for name, (args, _) in CALLS.items():
        if args[0] is X:
            mine = pool(name, x, *args[1:])
            assert type(mine) is np.ndarray
            assert np.array_equal(mine, pool(name, X, *args[1:]))


# Each is a call whose output is small, or that is to fail, whatever the sizes in between.
IN_PROPORTION = {
    "rows of many bins": "adaptive_avg_pool2d(wide, (10**6, 1))",
    "columns of many bins": "adaptive_max_pool2d(wide.swapaxes(1, 2), (1, 10**6))",
    "their places": "adaptive_max_pool2d(wide.swapaxes(1, 2), (1, 10**6), return_indices=True)",
    "and back": "adaptive_avg_pool2d_backward(np.ones((1, 10**6, 1)), wide, (10**6, 1))",
    "rows resized": "interpolate(wide[None], (10**6, 1))",
    "columns resized": "interpolate(wide[None].swapaxes(2, 3), (1, 10**6), mode='bilinear')",
    "resized and back": (
        "interpolate_backward(np.ones((1, 1, 10**6, 1)), wide[None], (10**6, 1), mode='bilinear')"
    ),
    "a large kernel": "max_pool2d(x, 10**9, 10**9, 5 * 10**8)",
    "a large average": "avg_pool2d(x, (1, 10**12), 10**12, (0, 5 * 10**11))",
    "a large average and back": (
        "avg_pool2d_backward(np.ones((1, 1, 1), np.float32), x, 10**9, 10**9, 5 * 10**8)"
    ),
    "a large kernel with indices": (
        "max_pool2d(x, 10**9, 10**9, 5 * 10**8, ceil_mode=True, return_indices=True)"
    ),
    "two far apart": "max_pool2d(x, 10**9, 4 * 10**8, 5 * 10**8, ceil_mode=True)",
    "small steps": "avg_pool2d(x, 2**40, 1, 2**39)",
    "a large stride": "max_pool2d(x, 2, 10**15, ceil_mode=True)",
    "a large dilation": "max_pool2d(x, (1, 1), 1, 0, 10**15)",
    "a large norm": "lp_pool2d(x, 2.0, 1, 10**12)",
    "a window": "arithmetic.window(10**15, 10**15)",
    "a clipped window": "arithmetic.clipped_window(0, 10**15, 10**12, padding=10**11)",
    "a divisor": "arithmetic.average_divisor(10**6, 10**15, 10**12)",
    "a bin": "arithmetic.adaptive_window(10**14, 10**15, 10**15)",
    "a field": "arithmetic.receptive_field([(10**12, 10**12)] * 3)",
}
FAILING = {
    "bins": "adaptive_avg_pool2d(x, (1, 2**40))",
    "more bins": "adaptive_max_pool2d(x, (2**40, 2**40), return_indices=True)",
    "most bins": "adaptive_avg_pool2d(x, 2**80)",
    "a size": "interpolate(x[None], (2**40, 1))",
    "a factor": "interpolate(x[None], scale_factor=1e300, mode='bilinear')",
    "another": "interpolate(x[None], scale_factor=1e15)",
    "a padding": "conv2d(x, np.ones((1, 1, 2, 2), np.float32), padding=2**30)",
    "a transposed stride": "conv_transpose2d(x, np.ones((1, 1, 2, 2), np.float32), stride=2**40)",
}


def in_a_small_house(calls):
    """Try calls in a Python that gets 2 GB and 20 s of a processor; tell what became of each."""
    code = textwrap.dedent(
        """
        import resource, sys
        import numpy as np
        from poolkit import arithmetic
        from poolkit.functional import *
        from poolkit.gradients import *
        x = np.ones((1, 2, 2), np.float32)
        wide = np.ones((1, 2, 2000))
        resource.setrlimit(resource.RLIMIT_AS, (2 * 10**9,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (20,) * 2)
        for call in sys.argv[1:]:
            try:
                eval(call)
                print("done", flush=True)
            except (MemoryError, ValueError, OverflowError) as error:
                print(type(error).__name__, flush=True)
        """
    )
    run = subprocess.run([sys.executable, "-c", code, *calls], capture_output=True, text=True)
    return run.stdout.split(), run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
def test_memory_and_time_are_in_proportion_to_what_goes_in_and_comes_out():
    found, errors = in_a_small_house(IN_PROPORTION.values())
    told = dict(zip(IN_PROPORTION, found, strict=False))
    assert told == dict.fromkeys(IN_PROPORTION, "done"), errors


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
def test_what_no_memory_holds_fails_at_once():
    found, errors = in_a_small_house(FAILING.values())
    told = dict(zip(FAILING, found, strict=False))
    assert set(told.values()) <= {"MemoryError", "ValueError"} and len(told) == len(FAILING), (
        told,
        errors,
    )


@pytest.mark.parametrize("outputs", [(7, 1), (1, 9), (9, 7), (5, 12), (13, 2)])
@pytest.mark.parametrize("size", [(2, 3), (4, 1), (5, 5), (1, 7)])
def test_more_bins_than_pixels_are_those_of_torch(outputs, size):
    x = np.random.default_rng(0).normal(size=(2, 3, *size))
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        np.testing.assert_allclose(pool(name, x, outputs), torch_forward(name, x, outputs))
    mine = functional.adaptive_max_pool2d(x, outputs, return_indices=True)[1]
    theirs = torch_forward("adaptive_max_pool2d", x, outputs, return_indices=True)[1]
    assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("kernel_size", [5, 9, 40, 1000])
@pytest.mark.parametrize(("stride", "ceil_mode"), [(1, False), (2, True), (3, False), (997, True)])
def test_kernels_far_larger_than_the_map_are_those_of_torch(kernel_size, stride, ceil_mode):
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 5))
    args = (x, kernel_size, stride, kernel_size // 2)
    for name in ("max_pool2d", "avg_pool2d"):
        mine = pool(name, *args, ceil_mode=ceil_mode)
        np.testing.assert_allclose(mine, torch_forward(name, *args, ceil_mode=ceil_mode))
