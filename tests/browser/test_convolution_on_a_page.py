"""What the convolution explorer does on an exported page, without a kernel or a network."""

import numpy as np
import pytest
from axe_core_python.sync_playwright import Axe

from browser.explorer_page import Explorer
from poolkit.convolution_explorer import ConvolutionExplorer

EDGE = np.array([[0.0, 0, 0, 9, 9, 9]] * 6)
KERNEL = np.array([[-1.0, 0, 1]] * 3)


@pytest.fixture
def page(page_with):
    shapes = [(6, 6, 3), (5, 8, 2), (8, 8, 5), (4, 4, 1)]
    others = [ConvolutionExplorer(np.zeros((h, w)), np.zeros((k, k))) for h, w, k in shapes]
    return page_with(ConvolutionExplorer(EDGE, KERNEL), *others)


def test_the_page_computes_what_functional_does(page):
    random = np.random.default_rng(0)
    for _ in range(80):
        for number in range(1, 5):
            explorer = Explorer(page, number)
            before = {name: explorer.numbers(name).shape for name in ("input x", "kernel")}
            x, weight = (random.integers(-6, 7, shape) / 2 for shape in before.values())
            settings = {
                "relu": bool(random.integers(2)),
                "mode": str(random.choice(["max", "avg"])),
            }
            typed = [("input x", *at, str(value)) for at, value in np.ndenumerate(x)]
            typed += [("kernel", *at, str(value)) for at, value in np.ndenumerate(weight)]
            explorer.set_all(settings, typed)
            known = ConvolutionExplorer(x, weight, **settings)
            np.testing.assert_allclose(explorer.numbers("convolution"), known.feature_map, 1e-5)
            pooled = {"max": "max", "avg": "average"}[settings["mode"]]
            np.testing.assert_allclose(explorer.numbers(f"{pooled} 2×2"), known.output, 1e-5)


def test_pointing_shows_where_a_number_comes_from_and_where_it_goes(page):
    explorer = Explorer(page)
    explorer.cell("convolution and ReLU", 1, 2).hover()
    nine = [(r, c) for r in (1, 2, 3) for c in (2, 3, 4)]
    assert explorer.lit("input x") == nine
    assert explorer.lit("max 2×2") == [(0, 1)]
    products = "(−1) × 0 + 1 × 9 + (−1) × 0 + 1 × 9 + (−1) × 0 + 1 × 9 = 27"
    assert explorer.arithmetic == (f"Map row 1, column 2: {products}; ReLU: max(0, 27) = 27")
    explorer.cell("max 2×2", 0, 0).hover()
    assert explorer.lit("convolution and ReLU") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert explorer.lit("input x") == [(r, c) for r in range(4) for c in range(4)]
    assert explorer.arithmetic == "Pool row 0, column 0: max(0, 27, 0, 27) = 27"
    explorer.cell("input x", 0, 0).hover()
    assert explorer.lit("convolution and ReLU", "read") == [(0, 0)]
    assert "read by 1 windows" not in explorer.arithmetic
    explorer.cell("kernel", 0, 0).hover()
    assert explorer.arithmetic.endswith("is multiplied once in each of the 16 windows.")


def test_a_number_that_is_none_is_refused_where_it_stands(page):
    explorer = Explorer(page)
    explorer.cell("kernel", 0, 0).fill("two")
    assert "holds 'two': type a number" in explorer.root.inner_text()
    assert explorer.numbers("convolution and ReLU")[0].tolist() == [0, 27, 27, 0]
    explorer.cell("kernel", 0, 0).fill("-2")
    explorer.cell("input x", 0, 2).fill("9")
    assert explorer.numbers("convolution and ReLU")[0].tolist() == [9, 27, 9, 0]


def test_the_line_of_torch_gives_the_same(page):
    import torch
    import torch.nn.functional as F

    explorer = Explorer(page)
    found = eval(explorer.code, {"torch": torch, "F": F})
    np.testing.assert_allclose(found[0, 0].numpy(), explorer.numbers("max 2×2"))


def test_the_keyboard_walks_and_axe_finds_nothing(page):
    explorer = Explorer(page)
    explorer.cell("convolution and ReLU", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    assert explorer.arithmetic.startswith("Map row 0, column 1: ")
    found = Axe().run(page)
    assert [violation["id"] for violation in found["violations"]] == []
