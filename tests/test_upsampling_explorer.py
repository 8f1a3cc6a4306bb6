import inspect
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from poolkit import functional, ways_up
from poolkit.upsampling_explorer import UpsamplingExplorer

SMALL = [[6, 4], [4, 5]]
GRID = [[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]
ODD = [[1, 3, 2, 4, 0], [5, 6, 1, 2, 7], [0, 9, 3, 8, 2], [2, 4, 5, 2, 1], [3, 0, 1, 8, 2]]
KERNEL = [[1, 2, 3], [0, -1, 4]]
CASES = [
    (SMALL, {}),
    (SMALL, {"size": (3, 5)}),
    (SMALL, {"scale_factor": (1.5, 2)}),
    (SMALL, {"operation": "bilinear"}),
    (SMALL, {"operation": "bilinear", "size": 5, "align_corners": True}),
    (GRID, {"operation": "unpool"}),
    (GRID, {"operation": "unpool", "kernel_size": 3, "stride": 1}),
    (ODD, {"operation": "unpool", "output_size": (5, 5)}),
    (ODD, {"operation": "unpool", "kernel_size": 3, "stride": 2, "padding": 1}),
    (SMALL, {"operation": "unpool", "indices": [[5, 3], [13, 14]]}),
    (SMALL, {"operation": "transposed", "weight": KERNEL}),
    (SMALL, {"operation": "transposed", "weight": KERNEL, "stride": (2, 3), "padding": (0, 1)}),
    (SMALL, {"operation": "transposed", "stride": 2, "output_padding": (1, 0)}),
]


@pytest.mark.parametrize(("x", "settings"), CASES)
def test_the_call_executed_in_torch_gives_output_and_gradient(x, settings):
    explorer = UpsamplingExplorer(x, **settings)
    grad = np.random.default_rng(0).integers(-4, 5, explorer.output.shape)
    explorer.grad_output = grad
    names = {"F": F, "x": torch.tensor([[x]], dtype=torch.float64, requires_grad=True)}
    for name, dtype in (("weight", torch.float64), ("indices", torch.int64)):
        value = getattr(explorer, name)
        names[name] = None if value is None else torch.tensor([[value]], dtype=dtype)
    (call,) = re.findall(r"<code>(.*)</code>", explorer._picture())
    found = eval(unescape(call), names)
    np.testing.assert_allclose(explorer.output, found[0, 0].detach())
    found.backward(torch.tensor(grad, dtype=torch.float64)[None, None])
    np.testing.assert_allclose(explorer.grad_x, names["x"].grad[0, 0])


BAD = [
    ("x", "abc", TypeError, "x must hold numbers, in rows of the same length"),
    ("x", np.ones((9, 4)), ValueError, "x has shape (9, 4): 1 to 8 rows and columns"),
    ("x", None, ValueError, "x has shape (), not (H, W)"),
    ("x", [[np.inf]], ValueError, "x holds inf in row 0, column 0"),
    ("x", np.ma.masked_equal(np.eye(4), 0), TypeError, "write x.filled("),
    ("operation", "shrink", ValueError, "operation='shrink' must be 'nearest' or 'bilinear' or"),
    ("weight", None, ValueError, "weight has shape (), not (H, W)"),
    ("weight", [[1, 2], [3]], TypeError, "weight must hold numbers, in rows of the same length"),
    ("indices", [[0.5]], ValueError, "indices holds 0.5, which is no whole number"),
    ("scale_factor", "2", TypeError, "scale_factor='2' must be a number, not str"),
    ("scale_factor", 11, ValueError, "the output has shape (22, 22): 1 to 20 rows and columns"),
    ("scale_factor", None, ValueError, "give one of them, not none"),
    ("size", 0, ValueError, "size=0 must be at least 1"),
    ("size", 4, ValueError, "size=4 and scale_factor=2: give one of them, not both"),
    ("kernel_size", None, TypeError, "kernel_size=None must be a whole number"),
    ("stride", 0, ValueError, "stride=0 must be at least 1"),
    ("stride", 2.5, TypeError, "stride=2.5 must be a whole number"),
    ("padding", -1, ValueError, "padding=-1 must be at least 0"),
    ("output_padding", "a", TypeError, "output_padding='a' must be a whole number"),
    ("view", "back", ValueError, "view='back' must be 'forward' or 'gradient' or 'matrix'"),
    ("grad_output", [[1]], ValueError, "grad_output has shape (1, 1), but the output has (4, 4)"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD)
def test_a_bad_value_raises_and_changes_nothing(name, value, error, message):
    explorer = UpsamplingExplorer(SMALL)
    before = explorer.get_state()
    with pytest.raises(error, match=re.escape(message)):
        setattr(explorer, name, value)
    assert explorer.get_state() == before
    given = {"x": SMALL, "scale_factor": 2, name: value}
    with pytest.raises(error, match=re.escape(message)):
        UpsamplingExplorer(**given)


TOGETHER = [
    (ODD, "unpool", {"kernel_size": 2, "output_size": (7, 5)}),
    (ODD, "unpool", {"kernel_size": 2, "output_size": 5}),
    (GRID, "unpool", {"kernel_size": 2, "padding": 2}),
    (GRID, "unpool", {"kernel_size": 5}),
    (SMALL, "unpool", {"kernel_size": 2, "indices": [[5, 3], [13, 16]]}),
    (SMALL, "bilinear", {"scale_factor": 2, "align_corners": 1}),
    (SMALL, "nearest", {"scale_factor": 0.1}),
    (SMALL, "transposed", {"stride": 2, "output_padding": 2}),
    (SMALL, "transposed", {"padding": 5}),
]


@pytest.mark.parametrize(("x", "operation", "settings"), TOGETHER)
def test_what_does_not_fit_together_is_refused_with_the_words_of_functional(x, operation, settings):
    x, given = np.array(x, float)[None, None], dict(settings)
    with pytest.raises((TypeError, ValueError)) as known:
        if operation == "transposed":
            functional.conv_transpose2d(x, np.ones((1, 1, 2, 2)), **given)
        elif operation != "unpool":
            functional.interpolate(x, mode=operation, **given)
        elif "indices" in given:
            functional.max_unpool2d(x, np.array(given.pop("indices"))[None, None], **given)
        else:
            pooling = {k: v for k, v in given.items() if k != "output_size"}
            pooled = functional.max_pool2d(x, **pooling, return_indices=True)
            functional.max_unpool2d(*pooled, **given)
    with pytest.raises(known.type, match=f"^{re.escape(str(known.value))}$"):
        UpsamplingExplorer(x[0, 0], operation, **settings)


def test_an_unknown_setting_is_named():
    with pytest.raises(TypeError, match="'kernel' is none of x, operation, weight"):
        UpsamplingExplorer(SMALL, kernel=3)


def test_settings_that_fit_only_together_are_set_together():
    explorer = UpsamplingExplorer(SMALL)
    with explorer.hold_trait_notifications():
        explorer.size = 3
        explorer.scale_factor = None
    assert explorer.output.shape == (3, 3)


def test_gradients_go_with_the_output_they_belong_to():
    explorer = UpsamplingExplorer(SMALL, grad_output=np.ones((4, 4)))
    explorer.operation = "bilinear"
    assert np.shape(explorer.grad_output) == (4, 4)
    explorer.scale_factor = 3
    assert explorer.grad_output is None


@pytest.mark.parametrize(("x", "settings"), CASES)
def test_the_picture_is_the_same_every_time_and_keeps_the_settings(x, settings):
    first, second = UpsamplingExplorer(x, **settings), UpsamplingExplorer(x, **settings)
    assert first._picture() == second._picture()
    (stored,) = re.findall('data-explorer="([^"]*)"', first._picture())
    state = json.loads(unescape(stored))
    assert set(state) == {"x", *ways_up.DEFAULTS}
    np.testing.assert_array_equal(UpsamplingExplorer(**state).output, first.output)


def test_the_picture_shows_the_grids():
    def heads(explorer):
        return re.findall("<th>([^<]*)</th>", explorer._picture())

    assert heads(UpsamplingExplorer(SMALL)) == ["input x 2 × 2", "nearest 4 × 4"]
    unpooled = UpsamplingExplorer(GRID, "unpool")
    assert heads(unpooled) == [
        "input x 4 × 4",
        "maxima 2 × 2",
        "indices 2 × 2",
        "max unpooling 4 × 4",
    ]
    assert unpooled._picture().count(">14</td>") == 1
    typed = UpsamplingExplorer(SMALL, "unpool", indices=[[5, 3], [13, 14]])
    assert heads(typed) == ["values 2 × 2", "indices 2 × 2", "max unpooling 4 × 4"]
    assert heads(UpsamplingExplorer([[1, 10]], "transposed", weight=KERNEL)) == [
        *("input x 1 × 2", "kernel 2 × 3", "transposed convolution 2 × 4")
    ]


def test_every_setting_is_a_trait_and_explained():
    names = {"x", *ways_up.DEFAULTS}
    assert names <= set(UpsamplingExplorer.class_trait_names(sync=True))
    assert all(f"`{name}" in inspect.getdoc(UpsamplingExplorer) for name in names)


def test_repr_has_no_address():
    explorer = UpsamplingExplorer(SMALL, "transposed", weight=KERNEL, stride=(2, 1))
    assert (
        repr(explorer) == "UpsamplingExplorer(2 × 2, F.conv_transpose2d(x, weight, stride=(2, 1)))"
    )


def test_the_scripts_can_be_put_into_a_page_and_ask_for_nothing():
    for name in ("ways_up.js", "upsampling.js"):
        source = Path(ways_up.__file__).with_name(name).read_text(encoding="utf-8")
        assert not re.search(r"^\s*import\b|\bimport\(|https?:", source, re.M)
        assert "</script" not in source
