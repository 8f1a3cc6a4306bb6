import inspect
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from poolkit import stacks
from poolkit.field_explorer import FieldExplorer

BLOCKS = [("conv", 3), ("avg", 2), ("conv", 3), ("avg", 2)]
WIDE = [("conv", 1, 1, 20), ("conv", 6, 4), ("conv", 1, 1, 1)]  # 65.5 pixels
STACKS = [
    (BLOCKS, 24),
    ([("conv", 3, 2, 1), ("max", 3, 2, 1, 2), ("conv", 1)], 32),
    ([("conv", 2, 1, 3), ("conv", 3, 1, 2, 2), ("avg", 4, 3, 2)], 9),
    ([("max", 1)], 1),
]


@pytest.mark.parametrize(("layers", "inputs"), STACKS)
def test_the_line_executed_in_torch_makes_maps_of_these_sizes(layers, inputs):
    explorer = FieldExplorer(layers, inputs)
    (line,) = re.findall(r"<code>(.*)</code>", explorer._picture())
    maps = [torch.ones(1, 1, inputs)]
    for layer in eval(unescape(line), {"nn": nn}):
        maps.append(layer(maps[-1]))
    assert explorer.sizes == [x.shape[-1] for x in maps]


def test_a_pixel_of_the_middle_depends_on_its_field_in_torch():
    explorer = FieldExplorer([("conv", 3), ("conv", 3, 2, 1, 2), ("avg", 2)], 32)
    for level, layers in enumerate([[], *(explorer.layers[:i] for i in (1, 2, 3))]):
        x = torch.ones(1, 1, 32, requires_grad=True)
        y = x if not layers else eval(stacks.call(layers), {"nn": nn})(x)
        middle = y.shape[-1] // 2
        y[0, 0, middle].backward()
        reached = np.flatnonzero(x.grad[0, 0])
        size, jump, offset = explorer.fields[level]
        start = offset + middle * jump
        assert (reached[0], reached[-1]) == (start, start + size - 1)


BAD = [
    ("layers", "conv", TypeError, "layers='conv' must be a list of tuples, such as ('conv', 3)"),
    ("layers", [3], TypeError, "layers=[3] must be a list of tuples"),
    ("layers", None, TypeError, "layers=None must be a list of tuples"),
    ("layers", [], ValueError, "layers has 0 layers: 1 to 5 can be shown"),
    ("layers", [("conv", 1)] * 6, ValueError, "layers has 6 layers: 1 to 5 can be shown"),
    ("layers", [("conv",)], ValueError, "layers[0]: ('conv',) must be (kind, kernel_size, stride"),
    ("layers", [("sum", 2)], ValueError, "layers[0]: kind='sum' must be 'conv' or 'avg' or 'max'"),
    ("layers", [("conv", 3), ("max", 0)], ValueError, "layers[1]: kernel_size=0 must be at least"),
    ("layers", [("conv", 2.5)], TypeError, "layers[0]: kernel_size=2.5 must be a whole number"),
    ("layers", [("avg", None)], TypeError, "layers[0]: kernel_size=None must be a whole number"),
    ("layers", [("conv", 13)], ValueError, "layers[0]: kernel_size=13 must be at most 12 to be"),
    ("layers", [("conv", 3, 0)], ValueError, "layers[0]: stride=0 must be at least 1"),
    ("layers", [("conv", 3, 1, -1)], ValueError, "layers[0]: padding=-1 must be at least 0"),
    ("layers", [("max", 3, 1, 2)], ValueError, "padding=2 is more than half of kernel_size=3"),
    ("layers", [("avg", 3, 1, 0, 2)], ValueError, "dilation=2 must be 1: an average pool has no"),
    ("layers", [("avg", 9), ("conv", 3)], ValueError, "layers[1]: kernel_size=3 with dilation=1 s"),
    ("layers", [("conv", 3, 1, 21)], ValueError, "padding=21 makes the picture 66 pixels wide"),
    ("layers", WIDE, ValueError, "layers[2]: padding=1 makes the picture 66 pixels wide: at most"),
    ("inputs", 33, ValueError, "inputs=33 must be at most 32 to be shown"),
    ("inputs", 0, ValueError, "inputs=0 must be at least 1"),
    ("inputs", "24", TypeError, "inputs='24' must be a whole number"),
    ("inputs", 9, ValueError, "layers[3]: kernel_size=2 with dilation=1 spans 2 pixels and does"),
    ("view", "back", ValueError, "view='back' must be 'field' or 'gradient'"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD)
def test_a_bad_value_raises_and_changes_nothing(name, value, error, message):
    explorer = FieldExplorer(BLOCKS)
    before = explorer.get_state()
    with pytest.raises(error, match=re.escape(message)):
        setattr(explorer, name, value)
    assert explorer.get_state() == before
    with pytest.raises(error, match=re.escape(message)):
        FieldExplorer(**{"layers": BLOCKS, name: value})


def test_what_fits_only_together_is_set_together():
    explorer = FieldExplorer(BLOCKS)
    with explorer.hold_trait_notifications():
        explorer.inputs = 3
        explorer.layers = [("conv", np.int64(3))]
    assert explorer.sizes == [3, 1]
    assert explorer.layers == [["conv", 3, 1, 0, 1]]


def test_the_picture_is_the_same_every_time_and_keeps_the_settings():
    picture = FieldExplorer(BLOCKS, view="gradient")._picture()
    assert picture == FieldExplorer(BLOCKS, view="gradient")._picture()
    (stored,) = re.findall('data-explorer="([^"]*)"', picture)
    again = FieldExplorer(**json.loads(unescape(stored)))
    assert again._picture() == picture


@pytest.mark.parametrize(("layers", "inputs"), STACKS)
def test_the_picture_has_a_line_for_each_map_and_a_field_in_bold(layers, inputs):
    explorer = FieldExplorer(layers, inputs)
    lines = re.findall('<tr>(<td style="white.*?)</tr>', explorer._picture())
    for line, size in zip(lines, explorer.sizes, strict=True):
        told = [int(n) for n in re.findall(r">(?:<b>)?(\d+)(?:</b>)?</td>", line)]
        assert told == list(range(size))
    # Of the input, in bold is what has a gradient in torch, with sums in the place of maxima.
    net = eval(stacks.call([["conv", *layer[1:]] for layer in explorer.layers]), {"nn": nn})
    x = torch.ones(1, 1, inputs, requires_grad=True)
    y = net(x)[0, 0]
    y[len(y) // 2].backward()
    bold = [int(n) for n in re.findall(r"<b>(\d+)</b>", lines[0])]
    assert bold == np.flatnonzero(x.grad[0, 0]).tolist()


def test_every_setting_is_a_trait_and_explained():
    names = {"layers", "inputs", "view"}
    assert names <= set(FieldExplorer.class_trait_names(sync=True))
    assert all(f"`{name}`" in inspect.getdoc(FieldExplorer) for name in names)


def test_repr_has_no_address():
    said = repr(FieldExplorer([("conv", 3, 2), ("max", 2, 1)], 12))
    assert said == (
        "FieldExplorer(12 pixels, nn.Sequential(nn.Conv1d(1, 1, 3, stride=2), "
        "nn.MaxPool1d(2, stride=1)))"
    )


def test_the_script_can_be_put_into_a_page_and_asks_for_nothing():
    source = Path(stacks.__file__).with_name("field.js").read_text(encoding="utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(|https?:", source, re.M)
    assert "</script" not in source
