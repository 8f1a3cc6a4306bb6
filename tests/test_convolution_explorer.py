import re

import numpy as np
import pytest
import torch

from poolkit.convolution_explorer import ConvolutionExplorer

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(-9, 10, (6, 7)).astype(float)
KERNEL = RANDOM.integers(-3, 4, (3, 3)).astype(float)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("mode", ["max", "avg"])
def test_the_maps_are_torchs(relu, mode):
    explorer = ConvolutionExplorer(X, KERNEL, relu=relu, mode=mode)
    x, weight = (torch.from_numpy(a)[None, None] for a in (X, KERNEL))
    found = torch.nn.functional.conv2d(x, weight)
    found = found.relu() if relu else found
    np.testing.assert_allclose(explorer.feature_map, found[0, 0])
    pool = getattr(torch.nn.functional, f"{mode}_pool2d")
    np.testing.assert_allclose(explorer.output, pool(found, 2)[0, 0])


BAD = [
    ({"x": "abc"}, TypeError, "x must hold numbers"),
    ({"weight": [[1, 2], [3]]}, TypeError, "weight must hold numbers, in rows of the same length"),
    ({"x": np.ones((13, 4))}, ValueError, "x has shape (13, 4): 1 to 12 rows and columns"),
    ({"x": [[np.nan] * 4] * 4}, ValueError, "x holds nan in row 0, column 0: only finite"),
    ({"x": np.ma.masked_equal(np.eye(4), 0)}, TypeError, "write x.filled("),
    ({"weight": [[1, 2]]}, ValueError, "weight has shape (1, 2), not (k, k)"),
    ({"weight": np.eye(6)}, ValueError, "must give at least 2 rows and columns"),
    ({"relu": 1}, TypeError, "relu=1 must be True or False"),
    ({"mode": "sum"}, ValueError, "mode='sum' must be 'max' or 'avg'"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_a_bad_value_raises(given, error, message):
    with pytest.raises(error, match=re.escape(message)):
        ConvolutionExplorer(**{"x": X, "weight": KERNEL} | given)


def test_the_picture_holds_all_four_grids_and_the_settings():
    explorer = ConvolutionExplorer([[0, 0, 9]] * 3, [[-1, 1], [0, 0]], mode="avg")
    picture = explorer._picture()
    assert picture == explorer._picture()
    for head in ("input 3 × 3", "kernel 2 × 2", "convolution and ReLU 2 × 2", "average 2×2 1 × 1"):
        assert f"<th>{head}</th>" in picture
    assert picture.count(">9</td>") == 3 + 2
    assert picture.count(">4.5</td>") == 1
    assert "&quot;weight&quot;: [[-1.0, 1.0], [0.0, 0.0]]" in picture


def test_repr_has_no_address():
    said = repr(ConvolutionExplorer(X, KERNEL, relu=False))
    assert said == "ConvolutionExplorer(6×7, kernel 3×3, max 2×2)"
