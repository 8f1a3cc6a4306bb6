import inspect
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from poolkit import shift_explorer
from poolkit.shift_explorer import ShiftExplorer

ROW = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
NAMES = ["max", "average", "strided", "blur", "max_blur", "strongest"]


def in_torch(row, name):
    """One halving of a row, of shape (n,), by torch."""
    x = torch.tensor(row)[None, None]
    if name == "max_blur":
        x = F.max_pool1d(F.pad(x, (0, 1), "circular"), 2, 1)
    if name in ("blur", "max_blur"):
        kernel = torch.tensor([[[0.25, 0.5, 0.25]]], dtype=x.dtype)
        return F.conv1d(F.pad(x, (1, 1), "circular"), kernel, stride=2)[0, 0].numpy()
    if name == "strongest":
        grids = x[0, 0].reshape(-1, 2).T
        return grids[grids.square().sum(dim=1).argmax()].numpy()
    pool = {"max": F.max_pool1d, "average": F.avg_pool1d, "strided": lambda x, _: x[..., ::2]}
    return pool[name](x, 2)[0, 0].numpy()


def all_rows(x, halvings, shift):
    """The moved row, its maps and the global average, by torch."""
    rows = [torch.tensor(x, dtype=torch.float64).roll(shift).numpy()]
    for name in halvings:
        rows.append(in_torch(rows[-1], name))
    return [*rows, rows[-1].mean(keepdims=True)]


def random_settings(random):
    """Settings of halves, so that sums are exact, and few, so that there are ties."""
    return {
        "x": (random.integers(-6, 7, 16) / 2 * (random.random(16) < random.random())).tolist(),
        "halvings": [NAMES[i] for i in random.integers(0, 6, random.integers(1, 4))],
        "shift": int(random.integers(0, 9)),
    }


def test_maps_and_changes_are_those_of_torch():
    random = np.random.default_rng(0)
    for _ in range(300):
        settings = random_settings(random)
        explorer = ShiftExplorer(**settings)
        _, *maps, _ = all_rows(**settings)
        for found, wanted in zip(explorer.maps, maps, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-12)
        ends = [all_rows(**settings | {"shift": shift})[-2:] for shift in range(9)]
        changes = [[np.abs(end[of] - ends[0][of]).sum() for end in ends] for of in (0, 1)]
        np.testing.assert_allclose(explorer.changes, changes, atol=1e-12)


def test_no_change_is_a_0_though_sums_round():
    tenths = (np.random.default_rng(0).integers(-9, 10, 16) / 10).tolist()
    # Without the rule for what rounds, this would be a change: the same numbers in another order.
    assert len({np.roll(tenths, shift).mean() for shift in range(9)}) > 1
    assert ShiftExplorer(tenths, ["average"]).changes[1].tolist() == [0] * 9


BAD = [
    ("x", "abc", ValueError, "x has shape (), not (16,): 16 pixels are shown"),
    ("x", [1] * 15, ValueError, "x has shape (15,), not (16,): 16 pixels are shown"),
    ("x", [[1] * 16], ValueError, "x has shape (1, 16), not (16,)"),
    ("x", [[1, 2], [3]], TypeError, "x must hold 16 numbers"),
    ("x", ["a"] * 16, TypeError, "x must hold numbers"),
    ("x", [*ROW[1:], np.nan], ValueError, "x holds nan in row 0, column 15"),
    ("x", np.ma.masked_equal(ROW, 5), TypeError, "write x.filled("),
    ("x", None, ValueError, "x has shape (), not (16,)"),
    ("halvings", "max", TypeError, "halvings='max' must be a list of names"),
    ("halvings", [], ValueError, "halvings=[] must hold 1 to 3 names, not 0"),
    ("halvings", ["max"] * 4, ValueError, "must hold 1 to 3 names, not 4"),
    ("halvings", ["avg"], ValueError, "halvings='avg' must be 'max' or 'average' or 'strided'"),
    ("shift", 9, ValueError, "shift=9 must be at most 8"),
    ("shift", -1, ValueError, "shift=-1 must be at least 0"),
    ("shift", 1.5, TypeError, "shift=1.5 must be a whole number"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD)
def test_a_bad_value_raises_and_changes_nothing(name, value, error, message):
    explorer = ShiftExplorer(ROW)
    before = explorer.get_state()
    with pytest.raises(error, match=re.escape(message)):
        setattr(explorer, name, value)
    assert explorer.get_state() == before
    with pytest.raises(error, match=re.escape(message)):
        ShiftExplorer(**{name: value})


def test_the_picture_keeps_the_settings_and_shows_the_rows():
    settings = {"x": ROW, "halvings": ["max", "strongest"], "shift": 3}
    picture = ShiftExplorer(**settings)._picture()
    assert picture == ShiftExplorer(**settings)._picture()
    (stored,) = re.findall('data-explorer="([^"]*)"', picture)
    assert json.loads(unescape(stored)) == settings
    lines = re.findall("<tr>(<td>[^<].*?)</tr>", picture)
    cells = {line[0]: line[1:] for line in (re.findall("<td[^>]*>(.*?)</td>", li) for li in lines)}
    wanted = [*all_rows(**settings), *ShiftExplorer(**settings).changes]
    names = ["row moved by 3", "map 1, max", "map 2, strongest", "global average"]
    names += [f"change of the {of} by a shift of 0 to 8" for of in ("last map", "global average")]
    assert list(cells) == names
    for name, row in zip(names, wanted, strict=True):
        np.testing.assert_allclose([float(text) for text in cells[name]], row, rtol=1e-3)


def test_every_argument_is_a_trait_and_explained():
    assert {"x", "halvings", "shift"} <= set(ShiftExplorer.class_trait_names(sync=True))
    told = inspect.getdoc(ShiftExplorer)
    assert all(f"`{name}`" in told for name in ("x", "halvings", "shift"))
    assert all(f'"{name}"' in told for name in NAMES)


def test_repr_has_no_address():
    told = "ShiftExplorer(16 pixels, max, blur, shift=2)"
    assert repr(ShiftExplorer(halvings=["max", "blur"], shift=2)) == told


def test_the_script_can_be_put_into_a_page_and_asks_for_nothing():
    source = Path(shift_explorer.__file__).with_name("shift.js").read_text(encoding="utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(|https?:", source, re.M)
    assert "</script" not in source
