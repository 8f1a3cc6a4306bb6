import numpy as np
import pytest
import torch

from poolkit.functional import avg_pool2d, max_pool2d

GRID = np.array([[[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])


def test_the_example_of_lesson_01():
    assert max_pool2d(GRID, 2).tolist() == [[[6, 4], [4, 5]]]
    assert avg_pool2d(GRID.astype(float), 2).tolist() == [[[3.75, 2.25], [1.75, 2.75]]]


@pytest.mark.parametrize("shape", [(2, 7, 9), (2, 3, 8, 5)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [None, 1, 2, 4])
def test_equals_torch(shape, kernel_size, stride):
    x = np.random.default_rng(0).normal(size=shape)
    for ours, theirs in (
        (max_pool2d, torch.nn.functional.max_pool2d),
        (avg_pool2d, torch.nn.functional.avg_pool2d),
    ):
        expected = theirs(torch.from_numpy(x), kernel_size, stride).numpy()
        assert np.allclose(ours(x, kernel_size, stride), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_dtype_is_kept_and_the_input_is_not_changed(dtype):
    x = GRID.astype(dtype)
    x.flags.writeable = False
    assert max_pool2d(x, 2).dtype == dtype
    if np.issubdtype(dtype, np.floating):
        assert avg_pool2d(x, 2).dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((GRID.tolist(), 2), TypeError, "x is a list"),
        ((GRID[0], 2), ValueError, r"x has shape \(4, 4\)"),
        ((GRID, 0), ValueError, "kernel_size=0 is below 1"),
        ((GRID, 2, -1), ValueError, "stride=-1 is below 1"),
        ((GRID, 2.0), TypeError, "kernel_size=2.0 is a float"),
        ((GRID, True), TypeError, "kernel_size=True is a bool"),
        ((GRID, 5), ValueError, r"kernel_size=5 does not fit into x of shape \(1, 4, 4\)"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    for pool in (max_pool2d, avg_pool2d):
        with pytest.raises(error, match=message):
            pool(*arguments)


def test_the_mean_of_integers_is_refused():
    with pytest.raises(TypeError, match="x has dtype int64; a mean needs floats"):
        avg_pool2d(GRID, 2)
