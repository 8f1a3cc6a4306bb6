"""What an explorer does on an exported page, without a kernel or a network.

The same script runs in JupyterLab. What differs there is who else listens to the keys and to the
pointer, whose styles reach it, and that numbers come from a kernel: what could fail there alone is
tested there, too, in one notebook.
"""

import inspect
import re

import numpy as np
import pytest
import torch
from axe_core_python.sync_playwright import Axe

from browser.explorer_page import Explorer, shown, step_and_play
from poolkit import functional, gradients
from poolkit.explorer import PoolExplorer

GRID = [[1, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]
SHAPES = [(4, 4), (5, 7), (8, 8), (1, 6), (3, 2)]


@pytest.fixture(params=["page", "JupyterLab"])
def anywhere(request):
    """Open a page with these explorers: an exported one, or a notebook with a kernel behind it."""
    if request.param == "page":
        yield request.getfixturevalue("page_with")
        return
    notebook = request.getfixturevalue("shared_lab")
    page = notebook.page
    size = page.viewport_size

    def show(*explorers, viewport=size):
        page.set_viewport_size(viewport)
        page.mouse.move(1, 1)  # where the last test left it, a cell may appear
        calls = [f"PoolExplorer(**{arguments_of(explorer)!r})" for explorer in explorers]
        notebook.run(f"display({', '.join(calls)})")
        return page

    yield show
    page.set_viewport_size(size)
    set_font_size(page, "")
    assert page.seen.errors == []


def set_font_size(page, size):
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)


def arguments_of(explorer):
    return {name: getattr(explorer, name) for name in inspect.signature(PoolExplorer).parameters}


def random_settings(random, shape, mode):
    """Settings that functional accepts: most of those drawn are not possible."""
    while True:
        sizes = {"kernel_size": (1, 6), "stride": (1, 5), "padding": (0, 3), "dilation": (1, 4)}
        settings = {}
        for name, (low, high) in sizes.items():
            pair = tuple(int(n) for n in random.integers(low, high, 2))
            settings[name] = pair if random.random() < 0.3 else pair[0]
        if random.random() < 0.2:
            settings["stride"] = None
        if mode == "avg":
            settings["dilation"] = 1
        settings |= {"mode": mode, "ceil_mode": bool(random.integers(2))}
        settings["count_include_pad"] = bool(random.integers(2))
        try:
            PoolExplorer(np.zeros(shape), **settings)
        except ValueError:
            continue
        return settings


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_the_page_computes_what_functional_does(request, anywhere, mode):
    random = np.random.default_rng(0)
    page = anywhere(*(PoolExplorer(np.zeros(shape), mode, 1, view="gradient") for shape in SHAPES))
    # The arithmetic is the same in both: in JupyterLab it need only be reached.
    settings_each = 2 if "JupyterLab" in request.node.name else 40
    for number, shape in enumerate(SHAPES):
        explorer = Explorer(page, number)
        for _ in range(settings_each):
            settings = random_settings(random, shape, mode)
            # Few different numbers, so that there are ties; halves, so that sums are exact.
            x = random.integers(-6, 6, shape) / 2
            typed = [("input x", *at, str(value)) for at, value in np.ndenumerate(x)]
            explorer.set_all(
                {
                    k: v if isinstance(v, bool) or k == "mode" else shown(v)
                    for k, v in settings.items()
                },
                typed,
            )
            known = PoolExplorer(x, **settings)
            grad_output = random.integers(-4, 5, known.output.shape)
            explorer.set_all(
                {},
                [
                    ("gradient of the output", *at, str(value))
                    for at, value in np.ndenumerate(grad_output)
                ],
            )
            np.testing.assert_allclose(explorer.numbers("output"), known.output, 1e-5, 1e-6)
            known.grad_output = grad_output
            try:
                grad_x = known.grad_x
            except ValueError:  # a window of nothing but padding
                continue
            np.testing.assert_allclose(explorer.numbers("gradient of x"), grad_x, 1e-5, 1e-6)


def test_oracles_are_called_as_the_explorer_calls_them():
    x = np.array(GRID, dtype=float)
    known = PoolExplorer(x, "avg", 3, 2, 1, ceil_mode=True, count_include_pad=False)
    arguments = {"ceil_mode": True, "count_include_pad": False}
    output = functional.avg_pool2d(x[None], 3, 2, 1, **arguments)
    np.testing.assert_array_equal(known.output, output[0])
    grad = gradients.avg_pool2d_backward(np.ones_like(output), x[None], 3, 2, 1, **arguments)
    np.testing.assert_array_equal(known.grad_x, grad[0])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kernel_size": 3, "stride": (1, 2), "padding": 1, "ceil_mode": True},
        {"mode": "avg", "kernel_size": 3, "padding": 1, "count_include_pad": False},
    ],
)
def test_the_line_of_torch_gives_the_same(page_with, settings):
    known = PoolExplorer(GRID, **settings)
    line = Explorer(page_with(known)).code
    np.testing.assert_allclose(eval(line, {"torch": torch})[0].numpy(), known.output)


def test_keyboard_alone_from_the_first_control_to_the_last(anywhere):
    page = anywhere(PoolExplorer(GRID, "avg", view="gradient"))
    Explorer(page).control("average").focus()
    stops = []
    for _ in range(40):
        stop = page.evaluate(
            """() => { const e = document.activeElement;
               return e.dataset.name ?? e.ariaLabel ?? e.textContent; }"""
        )
        if not page.evaluate("document.activeElement.closest('.poolkit-explorer') !== null"):
            break
        stops.append(stop)
        page.keyboard.press("Tab")
    assert stops == [
        "mode", "view", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
        "row 0, column 0 of input x, 4 × 4", "row 0, column 0 of output, 2 × 2: 3.75",
        "row 0, column 0 of gradient of x, 4 × 4: 0.25",
        "row 0, column 0 of gradient of the output, 2 × 2",
        "Step back", "Step", "Play", "Copy",
    ]  # fmt: skip


def test_arrow_keys_walk_type_and_count(anywhere):
    page = anywhere(PoolExplorer(GRID))
    explorer = Explorer(page)
    explorer.cell("input x", 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "9", "ArrowLeft", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    assert explorer.numbers("input x")[1].tolist() == [5, 9, 1, 2]
    assert explorer.numbers("output").tolist() == [[9, 4], [4, 5]]
    explorer.field("kernel_size").focus()
    page.keyboard.press("ArrowUp")
    assert explorer.numbers("output").tolist() == [[9]]
    explorer.control("max").focus()
    page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(explorer.numbers("output"), [[25 / 9]], 1e-5)


def test_pointing(anywhere):
    page = anywhere(PoolExplorer(GRID, "avg", 2, 1))
    explorer = Explorer(page)
    explorer.cell("output", 1, 2).hover()
    assert explorer.lit("input x") == [(1, 2), (1, 3), (2, 2), (2, 3)]
    assert explorer.arithmetic == "Output row 1, column 2: (1 + 2 + 3 + 1) / 4 = 1.75"
    explorer.cell("input x", 0, 1).hover()
    assert explorer.lit("output") == [(0, 0), (0, 1)]
    assert explorer.arithmetic.endswith("3 is read by 2 windows: (0, 0), (0, 1).")
    page.mouse.move(1, 1)
    assert explorer.lit("output") == [(0, 0)]


def test_arithmetic_of_padding_and_overhang(anywhere):
    page = anywhere(
        PoolExplorer(GRID, "max", 3, 2, 1, ceil_mode=True),
        PoolExplorer(GRID, "avg", 3, 3, 1, ceil_mode=True, cell=(1, 1)),
    )
    assert Explorer(page).arithmetic.endswith(": max(−∞, −∞, −∞, −∞, 1, 3, −∞, 5, 6) = 6")
    other = Explorer(page, 1)
    # Rows 2 to 4 of 4 rows and 1 of padding: the window is whole, 5 of its 9 cells are padding.
    assert other.arithmetic.endswith(": (3 + 1 + 0 + 5 + 2 + 0 + 0 + 0 + 0) / 9 = 1.22222")
    other.field("padding").fill("0")
    assert other.arithmetic.endswith(": (2) / 1 = 2")
    assert other.table("input x").locator("td.overhang").count() == 6 * 6 - 4 * 4


def test_step_and_play(page_with):
    step_and_play(page_with(PoolExplorer(GRID)))


BAD_SETTINGS = [
    ("kernel_size", "abc", "kernel_size='abc' must be a whole number"),
    ("kernel_size", "", "kernel_size='' must be a whole number"),
    ("kernel_size", "2.5", "kernel_size='2.5' must be a whole number"),
    ("kernel_size", "1e999", "kernel_size='1e999' must be a whole number"),
    ("kernel_size", "0", "kernel_size=0 must be at least 1"),
    ("kernel_size", "5", "spans 5 pixels and does not fit into input_size=4 with padding=0"),
    ("stride", "0", "stride=0 must be at least 1"),
    ("stride", "1,2,3", "pair height, width"),
    ("padding", "2", "padding=2 is more than half of kernel_size=2"),
    ("padding", "-1", "padding=-1 must be at least 0"),
    ("dilation", "4", "with dilation=4 spans 5 pixels"),
]


def test_bad_settings_say_why_and_leave_the_picture(anywhere):
    explorer = Explorer(anywhere(PoolExplorer(GRID)))
    for name, text, words in BAD_SETTINGS:
        good = explorer.field(name).input_value()
        explorer.field(name).fill(text)
        assert words in explorer.message(name)
        assert explorer.field(name).get_attribute("aria-invalid") == "true"
        assert explorer.numbers("output").tolist() == [[6, 4], [4, 5]]
        explorer.field(name).fill(good)
        assert explorer.message(name) == ""


def test_a_dilation_is_kept_for_maxima_and_does_not_spread_averages(page_with):
    explorer = Explorer(page_with(PoolExplorer(GRID, "max", 2, 1, dilation=2)))
    explorer.control("average").check()
    np.testing.assert_array_equal(
        explorer.numbers("output"), PoolExplorer(GRID, "avg", 2, 1).output
    )
    explorer.control("max").check()
    assert explorer.numbers("output").tolist() == [[3, 4], [5, 6]]


def test_a_padding_may_come_before_its_kernel(anywhere):
    explorer = Explorer(anywhere(PoolExplorer(GRID)))
    explorer.field("padding").fill("2")
    explorer.control("gradient").check()  # what was typed waits, whatever else is changed
    explorer.field("kernel_size").fill("4")
    assert explorer.message("padding") == ""
    known = PoolExplorer(GRID, "max", 4, padding=2)
    np.testing.assert_array_equal(explorer.numbers("output"), known.output)


@pytest.mark.parametrize(
    ("text", "words"), [("abc", "holds 'abc'"), ("", "is empty"), ("1e999", "only finite")]
)
def test_bad_numbers_say_why_and_leave_the_picture(anywhere, text, words):
    page = anywhere(PoolExplorer(GRID))
    explorer = Explorer(page)
    explorer.cell("input x", 1, 1).fill(text)
    assert words in explorer.root.locator(".grid .message").first.inner_text()
    assert explorer.numbers("output").tolist() == [[6, 4], [4, 5]]
    page.keyboard.press("Escape")
    assert explorer.cell("input x", 1, 1).input_value() == "6"
    assert explorer.root.locator(".message:visible").count() == 0


def test_copy_without_a_clipboard(page_with):
    page = page_with(PoolExplorer(GRID))
    explorer = Explorer(page)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = getSelection() + ''; })"
    )
    explorer.root.get_by_role("button", name="Copy").click()
    assert page.evaluate("window.copied") == explorer.code
    assert explorer.root.get_by_role("status").inner_text() == "Copied."


SHOWN = PoolExplorer(GRID, "avg", 3, 2, 1, ceil_mode=True, view="gradient")


@pytest.mark.parametrize("view", ["forward", "gradient"])
def test_accessibility(anywhere, view):
    explorer = PoolExplorer(GRID, "max", 3, 2, 1, ceil_mode=True, view=view)
    page = anywhere(explorer, PoolExplorer(GRID, "avg", 3, 3, 1, ceil_mode=True))
    Explorer(page).field("stride").fill("none")
    found = Axe().run(page, ".poolkit-explorer")
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page_with, contrast, scheme):
    page = page_with(SHOWN, color_scheme=scheme)
    page.add_style_tag(content=":root { color-scheme: light dark }")
    assert contrast(Explorer(page)) >= 4.5


@pytest.mark.parametrize(("width", "size"), [(600, "100%"), (1200, "200%")])
def test_narrow_windows_and_zoomed_text(anywhere, width, size):
    page = anywhere(SHOWN, viewport={"width": width, "height": 900})
    set_font_size(page, size)
    explorer = Explorer(page)
    assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    assert explorer.root.evaluate("root => root.getBoundingClientRect().right <= innerWidth")
    cut = explorer.root.evaluate(
        """root => [...root.querySelectorAll("td, button, label, p, code")].filter(
             e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"""
    )
    assert cut == []


def test_nothing_moves_on_its_own(page_with):
    page = page_with(SHOWN, reduced_motion="reduce")
    moving = Explorer(page).root.evaluate(
        """root => [...root.querySelectorAll("*")].filter(e => getComputedStyle(e)
             .transitionDuration !== "0s" || getComputedStyle(e).animationName !== "none").length"""
    )
    assert moving == 0


def test_a_picture_without_javascript(page_with):
    page = page_with(PoolExplorer(GRID), java_script_enabled=False)
    assert page.locator(".poolkit-explorer").count() == 0
    text = page.locator(".poolkit-picture").inner_text()
    assert re.sub(r"\s+", " ", text).startswith("input 4 × 4 max 2 × 2 1 3 2 4 5 6 1 2")
