"""The explorer in a real JupyterLab with a real kernel."""

import ast
import re

import nbformat
import numpy as np
import pytest

from browser.explorer_page import Explorer, step_and_play
from tools.lessons import find

GRID = [[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]
MAKE = f"from poolkit.explorer import PoolExplorer\ne = PoolExplorer({GRID})\ne"


def by_python(lab, expression):
    return ast.literal_eval(lab.run(f"print({expression})"))


def test_python_and_the_page_follow_each_other(lab):
    one = lab(MAKE)
    one.run_all()
    explorer = Explorer(one.page)
    assert explorer.numbers("output").tolist() == [[6, 4], [4, 5]]

    assert one.run("e.kernel_size, e.x = 3, [[9.0] * 3] * 3") == ""
    one.page.wait_for_function(
        "document.querySelector('.poolkit-explorer code').innerText.includes('kernel_size=3')"
    )
    assert explorer.numbers("output").tolist() == [[9]]

    explorer.cell("input x", 1, 2).fill("12.5")
    explorer.control("average").check()
    explorer.field("kernel_size").fill("2")
    explorer.field("stride").fill("1")
    explorer.cell("output", 1, 1).click()
    explorer.control("gradient").check()
    explorer.cell("gradient of the output", 0, 1).fill("4")
    settings = by_python(one, "[e.mode, e.kernel_size, e.stride, e.cell, e.view, e.grad_output]")
    assert settings == ["avg", 2, 1, (0, 1), "gradient", [[1, 4], [1, 1]]]
    assert by_python(one, "e.x") == [[9, 9, 9], [9, 9, 12.5], [9, 9, 9]]
    np.testing.assert_allclose(explorer.numbers("output"), by_python(one, "e.output.tolist()"))
    np.testing.assert_allclose(
        explorer.numbers("gradient of x"), by_python(one, "e.grad_x.tolist()")
    )


def test_python_refuses_and_the_page_stays(lab):
    one = lab(MAKE)
    one.run_all()
    printed = one.run("try:\n    e.padding = 2\nexcept ValueError as error:\n    print(error)")
    assert printed == "padding=2 is more than half of kernel_size=2"
    assert Explorer(one.page).numbers("output").tolist() == [[6, 4], [4, 5]]


def test_python_hears_of_each_window_shown(lab):
    one = lab(MAKE)
    one.run_all()
    step_and_play(one.page)
    assert by_python(one, "e.cell") == (1, 1)
    explorer = Explorer(one.page)
    explorer.field("stride").fill("1")
    explorer.cell("output", 2, 2).click()
    explorer.field("kernel_size").fill("3")  # 2 × 2 outputs: the nearest is shown
    assert by_python(one, "e.cell") == (1, 1)
    assert explorer.lit("output") == [(1, 1)]


def test_two_explorers_and_two_views_of_one(lab):
    one = lab(MAKE, "f = PoolExplorer([[1, 2], [3, 4]], 'avg')\nf", "e")
    one.run_all()
    first, other, again = (Explorer(one.page, number) for number in range(3))
    first.control("average").check()
    first.cell("input x", 0, 0).fill("5")
    for view in (first, again):
        assert view.numbers("output").tolist() == [[4.75, 2.25], [1.75, 2.75]]
        assert view.control("average").is_checked()
    assert other.numbers("output").tolist() == [[2.5]]
    other.control("max").check()
    assert other.numbers("output").tolist() == [[4]]
    assert first.control("average").is_checked()


def test_keys_are_the_explorers_and_not_jupyterlabs(lab):
    one = lab(MAKE)
    one.run_all()
    explorer = Explorer(one.page)
    cells = one.page.locator(".jp-Notebook .jp-Cell").count()
    explorer.cell("output", 0, 0).click()
    one.page.keyboard.press("ArrowDown")
    one.page.keyboard.press("ArrowRight")
    assert explorer.lit("output") == [(1, 1)]
    for key in "abxdd":  # commands of JupyterLab: insert cells, cut, delete
        one.page.keyboard.press(key)
    assert one.page.locator(".jp-Notebook .jp-Cell").count() == cells
    explorer.cell("input x", 0, 0).click()
    one.page.keyboard.type("7")
    one.page.keyboard.press("ArrowDown")
    one.page.keyboard.type("8")
    assert explorer.numbers("input x")[:2, 0].tolist() == [7, 8]
    explorer.field("kernel_size").click()
    one.page.keyboard.press("ArrowUp")
    assert explorer.field("kernel_size").input_value() == "3"


def test_a_reopened_notebook_shows_a_picture(lab):
    one = lab(MAKE, path="reopened.ipynb")
    one.run_all()
    Explorer(one.page)
    picture = ".poolkit-picture:visible"
    assert one.page.locator(picture).count() == 0  # the live explorer stands in its place
    one.save()
    one.leave()

    again = lab(path="reopened.ipynb")
    again.page.locator(picture).wait_for()
    text = again.page.locator(picture).inner_text()
    assert "input 4 × 4" in text
    assert "torch.nn.functional.max_pool2d(x, kernel_size=2)" in text
    again.page.wait_for_timeout(1000)
    assert again.page.locator("text=model not found >> visible=true").count() == 0
    # JupyterLab's widget manager logs that it misses the widget, whatever stands beside it.
    again.seen.errors = [e for e in again.seen.errors if "widget model not found" not in e]


def test_dark_theme(lab, contrast):
    one = lab(MAKE.replace(")\ne", ", 'max', 3, 2, 1, view='gradient')\ne"))
    one.run_all()
    explorer = Explorer(one.page)
    one.page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    one.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    one.page.wait_for_timeout(500)
    paper = explorer.root.evaluate("node => getComputedStyle(node).backgroundColor")
    assert sum(map(int, paper.strip("rgb()").split(","))) < 3 * 60
    assert contrast(explorer) >= 4.5


IGNORE = "nbval-ignore-output"


def needed(cells, wanted):
    """The code cells that a cell needs: those that bind a name that is used, and so on."""
    used, chosen = set(), set()
    for i in reversed(range(wanted + 1)):
        nodes = [*ast.walk(ast.parse(cells[i].source))]
        names = [node for node in nodes if isinstance(node, ast.Name)]
        bound = {node.id for node in names if not loads(node)}
        bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        if i in (0, wanted) or bound & used:
            chosen.add(i)
            used |= {node.id for node in names if loads(node)}
    return chosen


def loads(node):
    return isinstance(node.ctx, ast.Load)


def widgets():
    """For each lesson with a widget, the sources of its cells with one, and of those they need.

    nbval runs the lessons whole. What a lesson trains first is not trained here once more.
    """
    for path in find():
        cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
        chosen = set()
        for i, cell in enumerate(cells):
            if re.search(r"^(\w+\.)?(\w*Explorer|Picker)\(", cell.source, re.M):
                these = needed(cells, i)
                if not any(
                    "nbval-ignore-output" in cells[j].metadata.get("tags", []) for j in these
                ):
                    chosen |= these
        if chosen:
            yield pytest.param([cells[i].source for i in sorted(chosen)], id=path.stem)


@pytest.mark.parametrize("sources", [*widgets()])
def test_the_widgets_of_a_lesson_appear(lab, sources):
    one = lab(*sources, path="notebooks/widgets.ipynb")
    one.run_all()
    kinds = "application/vnd.jupyter.error", "application/vnd.jupyter.stderr"
    for kind in kinds:
        assert one.page.locator(f".jp-OutputArea-output[data-mime-type='{kind}']").count() == 0
    for maker, inside in (("Explorer(", ".poolkit-explorer"), ("Picker(", "[alt]")):
        made = sum(maker in source.splitlines()[-1] for source in sources)
        if made:
            shown = one.page.locator(f".jp-OutputArea {inside}")
            shown.last.wait_for()
            assert shown.count() == made
