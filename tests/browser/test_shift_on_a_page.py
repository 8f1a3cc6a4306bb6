"""What the shift explorer does on an exported page, without a kernel or a network."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_core_python.sync_playwright import Axe
from test_shift_explorer import NAMES, ROW, all_rows, random_settings

from browser.explorer_page import Explorer
from poolkit.shift_explorer import ShiftExplorer

# What the page computes for each of these states.
COMPUTE = """states => JSON.stringify(JSON.parse(states).map(state => ({
  rows: shiftedStack(state).map(row => row.map(pixel => pixel.value)),
  froms: shiftedStack(state).map(row => row.map(pixel => pixel.from)),
  changes: [...Array(9).keys()].map(shift => changesBy(state, shift)),
  lines: torchLines(state) })))"""


def move(explorer, shift):
    explorer.root.get_by_role("slider", name="shift").fill(str(shift))


def changes(explorer):
    """The table of changes, line by line, and the shifts that are marked."""
    table = explorer.root.get_by_role("table", name="change by a shift of")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]
    lines = {name: [float(text) for text in texts] for name, *texts in rows}
    marked = table.locator("th[aria-current=true]").all_inner_texts()
    return lines, [int(text) for text in marked]


def test_the_page_computes_what_torch_does(page_with):
    random = np.random.default_rng(1)
    page = page_with(ShiftExplorer(), functions=True)
    states = [random_settings(random) for _ in range(400)]
    answers = json.loads(page.evaluate(COMPUTE, json.dumps(states)))
    for state, found in zip(states, answers, strict=True):
        wanted = [state["x"], *all_rows(**state)]
        for row, known in zip(found["rows"], wanted, strict=True):
            np.testing.assert_allclose(row, known, atol=1e-12, err_msg=str(state))
        still = all_rows(**state | {"shift": 0})
        for shift in range(9):
            moved = all_rows(**state | {"shift": shift})
            known = [0, *(np.abs(a - b).sum() for a, b in zip(moved, still, strict=True))]
            np.testing.assert_allclose(found["changes"][shift], known, atol=1e-12)
        names = {"torch": torch, "F": F}
        exec(found["lines"], names)
        np.testing.assert_allclose(names["x"][0], wanted[-2], 1e-5, 1e-5, err_msg=str(state))
        np.testing.assert_allclose(names["average"], wanted[-1][0], 1e-5, 1e-5)


def test_a_pixel_comes_from_those_that_change_it(page_with):
    page = page_with(ShiftExplorer(), functions=True)
    # In a row of zeros, every pixel makes the grid that it is in the strongest.
    for name in [name for name in NAMES if name != "strongest"]:
        state = {"x": [0.0] * 16, "halvings": [name], "shift": 3}
        (found,) = json.loads(page.evaluate(COMPUTE, json.dumps([state])))
        for at in range(16):
            spot = state | {"x": [9.0 * (i == at) for i in range(16)]}
            changed = np.flatnonzero(all_rows(**spot)[1]).tolist()
            moved = (at + 3) % 16
            assert [i for i, froms in enumerate(found["froms"][2]) if moved in froms] == changed


def test_the_slider_moves_the_row_and_the_table_marks_it(page_with):
    explorer = Explorer(page_with(ShiftExplorer(ROW, ["max", "strided"])))
    for shift in (0, 1, 8):
        move(explorer, shift)
        moved, first, second, average = all_rows(ROW, ["max", "strided"], shift)
        assert explorer.numbers("row,").tolist() == [ROW]
        assert explorer.numbers("moved row")[0].tolist() == moved.tolist()
        assert explorer.numbers("map 1, max")[0].tolist() == first.tolist()
        assert explorer.numbers("map 2, every second pixel")[0].tolist() == second.tolist()
        assert explorer.numbers("global average")[0].tolist() == average.tolist()
        lines, marked = changes(explorer)
        assert marked == [shift]
        known = ShiftExplorer(ROW, ["max", "strided"]).changes
        np.testing.assert_allclose([lines["last map"], lines["global average"]], known, 1e-5)
        told = [f"change: {known[of][shift]:g}" for of in (0, 1)]
        assert explorer.root.locator(".change:visible").all_inner_texts()[-2:] == told
    assert explorer.root.get_by_role("slider").get_attribute("aria-valuetext") == (
        f"8 pixels: the last map changes by {known[0][8]:g}, the global average by {known[1][8]:g}"
    )


def test_halvings_are_chosen_added_and_taken_away(page_with):
    explorer = Explorer(page_with(ShiftExplorer(ROW)))
    one, two, three = (explorer.root.get_by_label(f"halving {i}") for i in (1, 2, 3))
    assert three.is_disabled()
    assert one.locator("option").first.inner_text() == "max"  # one halving there always is
    two.select_option("blur, then drop")
    three.select_option("strongest grid")
    one.select_option("average")
    wanted = all_rows(ROW, ["average", "blur", "strongest"], 0)
    assert explorer.numbers("map 3, strongest grid")[0].tolist() == wanted[3].tolist()
    two.select_option("none")
    assert explorer.table("map 2").is_hidden() and explorer.table("map 3").is_hidden()
    assert three.is_disabled() and three.input_value() == ""
    assert explorer.numbers("global average").item() == np.mean(ROW)


def test_pointing_says_which_pixels_a_pixel_comes_from(page_with):
    stack = ["max_blur", "strongest"]
    explorer = Explorer(page_with(ShiftExplorer(halvings=stack, shift=3)))
    assert explorer.arithmetic == "Moved row, pixel 0: 0, moved here, from pixel 13 of the row."
    explorer.cell("map 1", 0, 4).hover()
    assert explorer.arithmetic == (
        "Map 1, max, then blur, pixel 4: 2.25, (max(9, 0) + 2 × max(0, 0) + max(0, 0)) / 4, from "
        "pixels 7, 8, 9, 10 of the moved row."
    )
    assert explorer.lit("moved row") == [(0, c) for c in (7, 8, 9, 10)]
    assert explorer.lit("row,") == [(0, c) for c in (4, 5, 6, 7)]
    explorer.cell("map 2", 0, 1).hover()
    assert explorer.arithmetic == (
        "Map 2, strongest grid, pixel 1: 6.75, kept as it is, as the sum of squares is 5.0625 on "
        "the even pixels, 45.5625 on the odd ones, from pixel 3 of map 1; so from "
        "pixels 5, 6, 7, 8 of the moved row."
    )
    explorer.cell("global average", 0, 0).hover()
    assert explorer.arithmetic.startswith("Global average: 1.6875, the sum of 4 pixels / 4, from ")
    explorer.cell("row", 0, 4).hover()  # the typed one: where it goes
    assert explorer.lit("moved row", "read") == [(0, 7)]
    assert explorer.lit("map 1", "read") == [(0, 3), (0, 4)]


def test_numbers_are_typed_and_bad_ones_refused_in_words(page_with):
    explorer = Explorer(page_with(ShiftExplorer(halvings=["average"])))
    explorer.cell("row", 0, 5).fill("-3")
    assert explorer.numbers("map 1, average")[0].tolist() == [0, 0, 3, 0, 0, 0, 0, 0]
    explorer.cell("map 1, average", 0, 2).hover()
    assert "(9 + (−3)) / 2, from pixels 4, 5 of the moved row." in explorer.arithmetic
    explorer.cell("row", 0, 5).fill("two")
    assert "row 0, column 5 holds 'two': type a number" in explorer.root.inner_text()
    assert explorer.numbers("map 1, average")[0, 2] == 3


def test_the_keyboard_reaches_all_and_axe_finds_nothing(page_with):
    page = page_with(ShiftExplorer(ROW, ["max", "max_blur", "strongest"]))
    explorer = Explorer(page)
    explorer.root.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert changes(explorer)[1] == [1]
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => document.activeElement.closest("table, label, button")
                          .textContent.trim().slice(0, 9)""")
        )
    assert [text for text in reached if text.startswith("halving")] == [
        *("halving 1", "halving 2", "halving 3")
    ]
    assert reached[-1] == "Copy"  # behind the three, six rows of pixels
    explorer.cell("map 2", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    assert explorer.arithmetic.startswith("Map 2, max, then blur, pixel 1: ")
    assert explorer.root.locator(".arithmetic[aria-live=polite]").count() == 1
    found = Axe().run(page)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    explorer.root.get_by_role("button", name="Copy").click()
    assert explorer.root.get_by_role("status").inner_text() == "Copied."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_fits(page_with, contrast, scheme):
    explorer = ShiftExplorer(np.array(ROW) / 7, ["blur", "average", "blur"], 1)
    page = page_with(explorer, color_scheme=scheme, viewport={"width": 500, "height": 900})
    page.add_style_tag(content=":root { color-scheme: light dark }")
    explorer = Explorer(page)
    assert contrast(explorer) >= 4.5
    assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth")


def test_a_change_takes_less_than_10_ms(page_with):
    explorer = Explorer(page_with(ShiftExplorer(ROW, ["max_blur", "blur", "strongest"])))
    took = explorer.root.evaluate(
        """root => [...Array(15)].map((_, i) => {
             const start = performance.now();
             const node = root.querySelector("[type=range]");
             node.value = i % 9;
             node.dispatchEvent(new Event("input", { bubbles: true }));
             root.getBoundingClientRect();  // laid out, too
             return performance.now() - start;
           })"""
    )
    assert min(took) < 10


def test_a_picture_without_javascript(page_with):
    page = page_with(ShiftExplorer(shift=1), java_script_enabled=False)
    text = " ".join(page.locator(".poolkit-picture").inner_text().split())
    assert "map 1, max 0 0 9 0 0 0 0 0 global average 1.125 change" in text
