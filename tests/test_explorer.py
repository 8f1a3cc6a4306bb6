import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

from poolkit import explorer as module
from poolkit.explorer import PoolExplorer
from tools.pages import with_explorers

GRID = [[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]
HERE = Path(module.__file__)

CASES = [
    {},
    {"mode": "avg"},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"mode": "avg", "kernel_size": 3, "stride": 1, "padding": 1},
    {"mode": "avg", "kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False},
    {"mode": "avg", "kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": (2, 1), "stride": (1, 2), "dilation": (2, 1)},
]


@pytest.mark.parametrize("settings", CASES)
def test_output_and_gradient_are_torchs(settings):
    explorer = PoolExplorer(GRID, **settings)
    given = {"kernel_size": 2, **settings}
    pool = getattr(torch.nn.functional, f"{given.pop('mode', 'max')}_pool2d")
    x = torch.tensor([GRID], dtype=torch.float64, requires_grad=True)
    output = pool(x, **given)
    output.sum().backward()
    np.testing.assert_allclose(explorer.output, output[0].detach())
    np.testing.assert_allclose(explorer.grad_x, x.grad[0])


def test_grad_output_is_routed_back():
    explorer = PoolExplorer(GRID, grad_output=[[1, 2], [3, 4]])
    assert explorer.grad_x.tolist() == [[0, 0, 0, 2], [0, 1, 0, 0], [0, 0, 0, 0], [0, 3, 4, 0]]


@pytest.mark.parametrize("settings", CASES)
def test_the_call_is_torchs(settings):
    explorer = PoolExplorer(GRID, **settings)
    x = torch.tensor([GRID], dtype=torch.float64)
    found = eval(f"torch.nn.functional.{explorer._call('x')}", {"torch": torch, "x": x})
    np.testing.assert_allclose(found[0].numpy(), explorer.output)


BAD = [
    ("x", "abc", TypeError, "x must hold numbers"),
    ("x", [[1, 2], [3]], TypeError, "rows of the same length"),
    ("x", [1, 2], ValueError, "x has shape (2,), not (H, W)"),
    ("x", np.ones((1, 4, 4)), ValueError, "write x[0]"),
    ("x", np.ones((13, 4)), ValueError, "1 to 12 rows and columns"),
    ("x", np.ones((0, 4)), ValueError, "1 to 12 rows and columns"),
    ("x", [[1, 2], [3, float("inf")]], ValueError, "x holds inf in row 1, column 1"),
    ("x", [[float("nan")]], ValueError, "x holds nan in row 0, column 0"),
    ("x", np.ma.masked_equal(np.eye(4), 0), TypeError, "write x.filled("),
    ("x", [[1.0]], ValueError, "does not fit into input_size=1"),
    ("mode", "sum", ValueError, "mode='sum' must be 'max' or 'avg'"),
    ("kernel_size", 0, ValueError, "kernel_size=0 must be at least 1"),
    ("kernel_size", 2.5, TypeError, "kernel_size=2.5 must be a whole number"),
    ("kernel_size", None, TypeError, "kernel_size=None must be a whole number"),
    ("kernel_size", 13, ValueError, "kernel_size=13"),
    ("kernel_size", 5, ValueError, "spans 5 pixels and does not fit into input_size=4"),
    ("kernel_size", (2, 2, 2), ValueError, "pair (height, width)"),
    ("stride", 0, ValueError, "stride=0 must be at least 1"),
    ("padding", 2, ValueError, "padding=2 is more than half of kernel_size=2"),
    ("padding", -1, ValueError, "padding=-1 must be at least 0"),
    ("dilation", 4, ValueError, "with dilation=4 spans 5 pixels"),
    ("ceil_mode", 1, TypeError, "ceil_mode=1 must be True or False"),
    ("count_include_pad", "no", TypeError, "count_include_pad='no' must be True or False"),
    ("view", "back", ValueError, "view='back' must be 'forward' or 'gradient'"),
    (
        "grad_output",
        [[1, 2]],
        ValueError,
        "grad_output has shape (1, 2), but the output has (2, 2)",
    ),
    ("cell", (2, 0), ValueError, "cell=(2, 0) is not in the output"),
    ("cell", 1.5, TypeError, "cell=1.5 must be a whole number"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD)
def test_a_bad_value_raises_and_changes_nothing(name, value, error, message):
    explorer = PoolExplorer(GRID)
    before = explorer.get_state()
    with pytest.raises(error, match=re.escape(message)):
        setattr(explorer, name, value)
    assert explorer.get_state() == before
    if name != "x":
        with pytest.raises(error, match=re.escape(message)):
            PoolExplorer(GRID, **{name: value})


def test_settings_that_fit_only_together_are_set_together():
    explorer = PoolExplorer(GRID)
    with explorer.hold_trait_notifications():
        explorer.padding = 2
        explorer.kernel_size = 4
    assert explorer.output.shape == (2, 2)
    with pytest.raises(ValueError, match="padding=3"), explorer.hold_trait_notifications():
        explorer.kernel_size = 5
        explorer.padding = 3
    assert (explorer.kernel_size, explorer.padding) == (4, 2)


def test_what_belongs_to_an_output_goes_with_it():
    explorer = PoolExplorer(GRID, grad_output=[[1, 2], [3, 4]], cell=(1, 1))
    explorer.mode = "avg"
    assert (explorer.cell, explorer.grad_output) == ((1, 1), [[1, 2], [3, 4]])
    explorer.kernel_size = 3
    assert (explorer.cell, explorer.grad_output) == ((0, 0), None)


def test_dilation_waits_while_the_mode_is_average():
    explorer = PoolExplorer(GRID, "avg", 3, 1, dilation=4)
    assert explorer.output.shape == (2, 2)
    with pytest.raises(ValueError, match="dilation=4"):
        explorer.mode = "max"


def test_x_is_a_copy():
    x = np.array(GRID)
    explorer = PoolExplorer(x)
    x[1, 1] = 100
    assert explorer.output.tolist() == [[6, 4], [4, 5]]


def test_repr_has_no_address():
    explorer = PoolExplorer(GRID, "avg", (3, 2), padding=1, count_include_pad=False)
    call = "avg_pool2d(x, kernel_size=(3, 2), padding=1, count_include_pad=False)"
    assert repr(explorer) == f"PoolExplorer(4×4, {call})"


class Tables(HTMLParser):
    """The rows of each innermost table, as texts; a text in bold has stars around it."""

    def __init__(self, source):
        super().__init__()
        self.tables, self.open, self.state = [], [], None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.state = json.loads(dict(attrs).get("data-explorer", "null")) or self.state
        if tag == "table":
            self.tables.append([])
            self.open.append(self.tables[-1])
        elif tag == "tr":
            self.open[-1].append([])
        elif tag == "td":
            self.open[-1][-1].append("")
        elif tag == "b":
            self.handle_data("*")

    def handle_endtag(self, tag):
        if tag == "table":
            self.open.pop()
        elif tag == "b":
            self.handle_data("*")

    def handle_data(self, data):
        if self.open and self.open[-1] and self.open[-1][-1]:
            self.open[-1][-1][-1] += data


def test_the_picture_shows_input_output_and_one_window():
    _, x, output = Tables(PoolExplorer([[1, -2.5], [3, 4]])._picture()).tables
    assert x == [["*1*", "*−2.5*"], ["*3*", "*4*"]]
    assert output == [["*4*"]]


def test_the_picture_tells_padding_from_overhang():
    explorer = PoolExplorer([[1, 2, 3, 4]], "max", 2, 3, (1, 0), ceil_mode=True, cell=(0, 1))
    _, x, output = Tables(explorer._picture()).tables
    assert x[0] == ["−∞", "−∞", "−∞", "*−∞*", "×"]
    assert x[1] == ["1", "2", "3", "*4*", "×"]
    assert output == [["2", "*4*"]]


def test_the_picture_is_the_same_every_time_and_keeps_the_settings():
    first, second = (PoolExplorer(GRID, "avg", 3, padding=1) for _ in range(2))
    assert first._picture() == second._picture()
    state = Tables(first._picture()).state
    again = PoolExplorer(**state)
    np.testing.assert_array_equal(again.output, first.output)
    assert set(state) == set(inspect.signature(PoolExplorer.__init__).parameters) - {"self"}


def lesson(explorer):
    data = {"text/html": explorer._picture(), "text/plain": repr(explorer)}
    outputs = [new_output("display_data", data)]
    return new_notebook(cells=[new_code_cell("explorer", outputs=outputs) for _ in range(2)])


def test_an_exported_page_has_the_script_once():
    page, _ = HTMLExporter().from_notebook_node(lesson(PoolExplorer(GRID)))
    page = with_explorers(page)
    assert page.count('<div class="poolkit-picture"') == 2
    assert page.count("function windowsOf(") == 1
    assert page.index("function windowsOf(") < page.index("</body>")


def test_a_page_without_explorers_stays_as_it_is():
    assert with_explorers("<body>windows</body>") == "<body>windows</body>"


def test_the_script_can_be_put_into_a_page_and_asks_for_nothing():
    source = HERE.with_name("explorer.js").read_text(encoding="utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(|https?:", source, re.M)
    assert "</script" not in source


def test_poolkit_does_not_import_it():
    code = "import poolkit, sys; sys.exit('anywidget' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import poolkit.explorer, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
