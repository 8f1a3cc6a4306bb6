"""What the upsampling explorer does on an exported page, without a kernel or a network."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_core_python.sync_playwright import Axe

from browser.explorer_page import Explorer, shown
from poolkit import gradients, ways_up
from poolkit.upsampling_explorer import UpsamplingExplorer

# Of so many states, more than 300 make a picture.
HOW_MANY = {"nearest": 500, "bilinear": 500, "unpool": 1000, "transposed": 800}
WAYS = ["nearest", "bilinear", "unpool", "transposed"]
SMALL = [[6.0, 4.0], [4.0, 5.0]]
ODD = [[1, 3, 2, 4, 0], [5, 6, 1, 2, 7], [0, 9, 3, 8, 2], [2, 4, 5, 2, 1], [3, 0, 1, 8, 2]]
STAMPS = {"weight": [[1, 2, 1], [2, 4, 2], [1, 2, 1]], "stride": 2}
# What the page computes for each of these states, or the words with which it refuses one.
COMPUTE = """states => JSON.stringify(JSON.parse(states).map(state => {
  const wrong = complaint(() => upsample(state));
  if (wrong) return { refused: wrong.message };
  const found = upsample(state);
  const { output, counts, grad_x, grad_weight } = found;
  return { output, counts, grad_x, grad_weight, matrix: matrixOf(found),
           stamp: stampOf(found, 0, 0), line: torchLineUp(state) };
}))"""


def random_state(random, operation):
    """A state of small numbers, of which some do not fit together."""

    def size(low, high):
        pair = [int(n) for n in random.integers(low, high, 2)]
        return pair if random.random() < 0.4 else pair[0]

    def perhaps(value):
        return value if random.random() < 0.5 else None

    def rows(shape):  # halves, so that sums are exact, and few, so that there are ties
        return (random.integers(-6, 7, shape) / 2).tolist()

    shape = random.integers(1, 9, 2)
    state = {"x": rows(shape), **ways_up.DEFAULTS, "operation": operation}
    if operation in ("nearest", "bilinear"):
        # With 2.4, 2 pixels become 4, as if doubled; the last is one that float32 makes 4 / 3.
        factors = [0.3, 0.5, 1, 1.1, 1.5, 2, 2.4, 3, 1 / 3, 0, -1, 1.33333334]
        choose = random.random()
        state |= {"scale_factor": None if choose < 0.5 else factors[random.integers(len(factors))]}
        state |= {"size": size(1, 19) if choose < 0.5 or choose > 0.97 else None}
        state["align_corners"] = bool(random.integers(2))
    elif operation == "unpool":
        state |= {"kernel_size": size(1, 5), "stride": perhaps(size(1, 4))}
        state |= {"padding": size(0, 2), "output_size": None}
        if random.random() < 0.6:
            nearby = [int(n + random.integers(-1, 2)) for n in shape]
            state["output_size"] = nearby if min(nearby) >= 1 else None
        if random.random() < 0.4:
            state["x"] = rows(random.integers(1, 4, 2))
            state["indices"] = random.integers(-1, 12, np.shape(state["x"])).tolist()
            state["output_size"] = None
    else:
        state |= {"weight": rows(random.integers(1, 5, 2)), "stride": perhaps(size(1, 4))}
        state |= {"padding": size(0, 3), "output_padding": size(0, 2)}
    return state


def known(state):
    """What poolkit computes for a state, or the words with which it refuses it."""
    state = {
        name: tuple(v) if name in SIZES and isinstance(v, list) else v for name, v in state.items()
    }
    try:
        ways_up.check(state)
    except ValueError as error:
        return {"refused": str(error)}
    return {"output": ways_up.output(state), "grad_x": ways_up.grad_x(state)}


SIZES = {"size", "scale_factor", "kernel_size", "stride", "padding", "output_size"}
SIZES |= {"output_padding"}


@pytest.mark.parametrize("operation", WAYS)
def test_the_page_computes_and_refuses_what_functional_does(page_with, operation):
    random = np.random.default_rng(WAYS.index(operation))
    page = page_with(UpsamplingExplorer(SMALL), functions=True)
    states = [random_state(random, operation) for _ in range(HOW_MANY[operation])]
    for state in states[::2]:  # of every other, gradients that are not all ones
        wanted = known(state)
        if "output" in wanted:
            state["grad_output"] = random.integers(-4, 5, wanted["output"].shape).tolist()
    done, refusals = 0, set()
    answers = json.loads(page.evaluate(COMPUTE, json.dumps(states)))
    for state, found in zip(states, answers, strict=True):
        wanted = known(state)
        assert found.get("refused") == wanted.get("refused"), state
        if "refused" in wanted:
            refusals.add(wanted["refused"].split("=")[0])
            continue
        done += 1
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, 1e-9, 1e-9, err_msg=str(state))
        told = eval(found["line"], {"torch": torch, "F": F})
        np.testing.assert_allclose(told[0, 0], wanted["output"], 1e-4, 1e-4, err_msg=str(state))
        compare_matrix(state, found, wanted["output"].shape)
        if operation == "transposed":
            compare_kernel(state, found)
    assert done >= 300
    assert len(refusals) >= 2


def compare_matrix(state, found, shape):
    """Each column of the matrix is the output of a map with a single 1 (each index kept)."""
    arrays = ways_up.arrays(state)
    source = arrays[0][0, 0]
    ones = np.eye(source.size).reshape(-1, *source.shape)
    alone = state | {"grad_output": None}
    if state["operation"] == "unpool":
        alone["indices"] = arrays[1][0, 0].tolist()
    columns = []
    # One look at random columns is enough; all would take longer than the rest.
    for column in np.random.default_rng(0).integers(0, source.size, 2):
        columns.append(int(column))
        output = ways_up.output(alone | {"x": ones[column].tolist()})
        np.testing.assert_allclose(np.array(found["matrix"])[:, column], output.ravel(), atol=1e-9)
    first = ways_up.output(alone | {"x": (ones[0] * source).tolist()})
    np.testing.assert_allclose(found["stamp"], first, atol=1e-9)
    assert np.shape(found["matrix"]) == (shape[0] * shape[1], source.size)


def compare_kernel(state, found):
    """The counts are the output of ones stamped by ones."""
    ones = {"x": np.ones_like(state["x"]), "weight": np.ones_like(state["weight"])}
    np.testing.assert_array_equal(found["counts"], ways_up.output(state | ones))
    grad = state["grad_output"] or np.ones_like(found["output"])
    given = {"stride": state["stride"] or 1, "padding": state["padding"]}
    given["output_padding"] = state["output_padding"]
    arrays = [np.array(a, float)[None, None] for a in (grad, state["x"], state["weight"])]
    wanted = gradients.conv_transpose2d_backward(*arrays, **given)[1][0, 0]
    np.testing.assert_allclose(found["grad_weight"], wanted, 1e-9, 1e-9)


@pytest.mark.parametrize("operation", WAYS)
def test_what_a_hand_sets_is_what_is_shown(page_with, operation):
    """The arithmetic is compared above: here, that controls reach it, and grids show it."""
    random = np.random.default_rng(WAYS.index(operation))
    x = random.integers(-6, 7, (3, 4)).tolist()
    explorer = Explorer(page_with(UpsamplingExplorer(x, "nearest", view="gradient")))
    explorer.control(NAMES[operation]).check()
    done = 0
    while done < 12:
        state = random_state(random, operation)
        x = random.integers(-6, 7, (3, 4)).tolist()
        state |= {"x": x, "indices": None, "output_size": None, "weight": [[1, 1], [1, 1]]}
        wanted = known(state)
        if "refused" in wanted:
            continue
        settings = {name: state[name] for name in CONTROLS[operation]}
        if state["size"] is not None:
            settings.pop("scale_factor", None)
        elif "size" in settings:
            settings.pop("size")
        typed = [("input x", *at, str(value)) for at, value in np.ndenumerate(x)]
        told = {k: v if isinstance(v, bool) else shown(v).strip("[]") for k, v in settings.items()}
        explorer.set_all(told, typed)
        np.testing.assert_allclose(explorer.numbers("output"), wanted["output"], 1e-5, 1e-6)
        np.testing.assert_allclose(explorer.numbers("gradient of x"), wanted["grad_x"], 1e-5, 1e-6)
        done += 1


NAMES = {"nearest": "nearest", "bilinear": "bilinear", "unpool": "max unpooling"}
NAMES["transposed"] = "transposed convolution"
CONTROLS = {
    "nearest": ["scale_factor", "size"],
    "bilinear": ["scale_factor", "size", "align_corners"],
    "unpool": ["kernel_size", "stride", "padding"],
    "transposed": ["stride", "padding", "output_padding"],
}


def test_blending_tells_the_centre_and_the_shares(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(SMALL, "bilinear")))
    explorer.cell("output", 0, 1).hover()
    told = "Output row 0, column 1: its centre lies at row −0.25, column 0.25 of the input: "
    assert explorer.arithmetic == f"{told}0.75 × 6 + 0.25 × 4 = 5.5."
    assert explorer.lit("input x") == [(0, 0), (0, 1)]
    explorer.cell("input x", 1, 1).hover()
    assert explorer.arithmetic == "Input row 1, column 1: 5 has a share in 9 outputs."
    assert explorer.lit("output") == [(r, c) for r in (1, 2, 3) for c in (1, 2, 3)]
    assert explorer.numbers("stamp of input (1, 1)")[3].tolist() == [0, 1.25, 3.75, 5]
    explorer.control("align_corners").check()
    np.testing.assert_allclose(explorer.numbers("output")[0], [6, 16 / 3, 14 / 3, 4], 1e-5)


def test_copying_gathers_the_gradients_of_the_copies(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(SMALL, view="gradient")))
    explorer.cell("output", 1, 2).hover()
    assert explorer.arithmetic == (
        "Output row 1, column 2: a copy of input row 0, column 1: 4. Its gradient is 1."
    )
    explorer.cell("gradient of the output", 0, 0).fill("3")
    explorer.cell("input x", 0, 0).hover()
    assert explorer.arithmetic == (
        "Input row 0, column 0: 6 is copied to 4 outputs. "
        "Its gradient: 1 × 3 + 1 × 1 + 1 × 1 + 1 × 1 = 6."
    )
    assert explorer.numbers("gradient of x").tolist() == [[6, 4], [4, 4]]


def test_an_index_is_counted_in_rows_of_the_size_before(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(ODD, "unpool")))
    explorer.cell("input x", 1, 1).hover()
    told = "Input row 1, column 1: 6 is a maximum; its index is 1 × 5 + 1 = 6; "
    moved = "in rows of 4, index 6 is row 1, column 2: there goes 6."
    assert explorer.arithmetic == told + moved
    assert explorer.lit("maxima") == explorer.lit("indices") == [(0, 0)]
    assert explorer.lit("output") == [(1, 2)]
    explorer.field("output_size").fill("5, 5")
    explorer.cell("input x", 1, 1).hover()
    assert explorer.lit("output") == [(1, 1)]
    explorer.cell("input x", 0, 0).hover()
    assert explorer.arithmetic == "Input row 0, column 0: 1 is the maximum of no window, and lost."
    assert explorer.lit("output") == []
    # A maximum further down has an index that a smaller map has not.
    explorer.cell("input x", 3, 3).fill("9")
    explorer.field("output_size").fill("")
    assert "indices holds 18, but the pixels of a map of size (4, 4)" in explorer.message(
        "output_size"
    )
    assert explorer.numbers("output").shape == (5, 5)
    explorer.cell("input x", 3, 3).fill("2")
    assert explorer.message("output_size") == ""
    assert explorer.numbers("output").shape == (4, 4)


def test_indices_can_be_typed_and_may_meet(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(ODD, "unpool", view="gradient")))
    explorer.control("type the indices").check()
    assert explorer.numbers("values").tolist() == [[6, 4], [9, 8]]
    explorer.cell("typed indices", 0, 1).fill("6")
    explorer.cell("output", 1, 2).hover()
    told = "Output row 1, column 2: its index is 1 × 4 + 2 = 6. Of the 2 values that have it the "
    assert explorer.arithmetic == f"{told}last stays: 4. Its gradient is 1."
    assert explorer.numbers("gradient of the values").tolist() == [[1, 1], [1, 1]]  # as in torch
    explorer.cell("typed indices", 0, 1).fill("16")
    assert "indices holds 16" in explorer.message("output_size")
    explorer.cell("typed indices", 0, 0).fill("0")  # joins the one that does not fit yet
    explorer.cell("typed indices", 0, 1).fill("15")
    assert explorer.numbers("output").ravel()[[0, 15]].tolist() == [6, 4]
    put_back = explorer.numbers("output").tolist()
    explorer.control("type the indices").uncheck()
    assert explorer.numbers("input x").tolist() == put_back
    # Of the 9 and the 4 of one window, only the 9 is a maximum now.
    assert explorer.numbers("maxima").tolist() == [[6, 0], [8, 9]]


def test_a_map_too_large_to_be_typed_is_refused(page_with):
    values = UpsamplingExplorer(np.ones((3, 3)), "unpool", indices=[[0] * 3] * 3, kernel_size=3)
    explorer = Explorer(page_with(values))
    explorer.root.get_by_label("type the indices").click()
    told = "x has shape (9, 9): 1 to 8 rows and columns can be shown"
    assert explorer.message("kernel_size").startswith(told)
    assert explorer.root.get_by_label("type the indices").is_checked()
    explorer.cell("values", 2, 2).fill("5")  # and what comes after is not held up
    assert explorer.numbers("output")[0, 0] == 5
    assert explorer.message("kernel_size") == ""


def test_a_way_waits_for_the_kernel_that_it_needs(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer([[1, 2]])))
    explorer.control("max unpooling").check()
    assert "does not fit into input_size=1" in explorer.message("kernel_size")
    assert explorer.numbers("output").shape == (2, 4)
    explorer.field("kernel_size").fill("1, 2")
    assert explorer.numbers("output").tolist() == [[0, 2]]


def test_stamps_add_up_and_are_counted(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer([[1, 10]], "transposed", **STAMPS)))
    explorer.cell("output", 1, 2).hover()
    assert explorer.arithmetic == "Output row 1, column 2: 2 stamps: 2 × 1 + 2 × 10 = 22."
    assert explorer.lit("kernel") == [(1, 0), (1, 2)]
    assert explorer.numbers("stamps per pixel").tolist() == [[1, 1, 2, 1, 1]] * 3
    explorer.cell("input x", 0, 1).hover()
    assert explorer.arithmetic == "Input row 0, column 1: 10 stamps 10 × the kernel onto 9 outputs."
    assert explorer.numbers("stamp of input (0, 1)")[1].tolist() == [0, 0, 20, 40, 20]
    explorer.field("padding").fill("1")
    explorer.cell("input x", 0, 1).hover()
    assert explorer.arithmetic.endswith("onto 2 outputs; the rest of its stamp is cut off.")
    hatched = explorer.table("output").locator("td.padding")
    assert hatched.count() == 3 * 5 - 1 * 3
    explorer.field("output_padding").fill("1")  # of the last row and column, nothing is cut then
    assert explorer.numbers("output").shape == (2, 4) and hatched.count() == 3 * 5 - 2 * 4
    explorer.field("output_padding").fill("0")
    explorer.cell("kernel", 0, 0).hover()
    told = "1 is multiplied once with each input; 0 products of 2 come into the output."
    assert explorer.arithmetic == f"Weight row 0, column 0: {told}"


def test_the_kernel_can_be_made_larger(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(np.ones((4, 4)), "transposed", stride=2)))
    explorer.root.get_by_label("kernel_size up").click()
    assert explorer.numbers("kernel").tolist() == [[1] * 3] * 3
    counts = np.outer(row := [1, 1, 2, 1, 2, 1, 2, 1, 1], row)
    np.testing.assert_array_equal(explorer.numbers("stamps per pixel"), counts)
    # A learner looks for one, two and four stamps: they differ in shade.
    shades = explorer.table("stamps per pixel").evaluate(
        "table => [0, 1, 2].map(i => getComputedStyle(table.rows[2].cells[i]).backgroundColor)"
    )
    assert shades[0] == shades[1] != shades[2]
    explorer.field("kernel_size").fill("4, 2")
    assert explorer.numbers("kernel").shape == (4, 2)


def test_the_matrix_has_a_row_for_the_output(page_with):
    transposed = UpsamplingExplorer(
        [[1, 10]], "transposed", weight=[[1, 2, 3]], stride=2, view="matrix"
    )
    explorer = Explorer(page_with(transposed))
    assert explorer.numbers("matrix").tolist() == [[1, 0], [2, 0], [3, 1], [0, 2], [0, 3]]
    explorer.cell("output", 0, 2).hover()
    assert explorer.lit("matrix") == [(2, 0), (2, 1)]
    explorer.cell("input x", 0, 1).hover()
    assert explorer.lit("matrix") == [(row, 1) for row in range(5)]
    explorer.cell("matrix", 3, 0).hover()
    assert explorer.arithmetic == "Output row 0, column 3: 1 stamp: 2 × 10 = 20."
    explorer.field("kernel_size").fill("9")
    assert explorer.table("matrix").count() == 1 and not explorer.table("matrix").is_visible()
    assert "up to 16 outputs and 16 inputs" in explorer.root.locator(".legend").inner_text()


BAD_SETTINGS = [
    ("nearest", "scale_factor", "two", "scale_factor='two' must be a number"),
    ("nearest", "scale_factor", "", "size=None and scale_factor=None: give one of them, not none"),
    ("nearest", "scale_factor", "20", "the output has shape (40, 40): 1 to 20 rows and columns"),
    ("bilinear", "size", "0", "size=0 must be at least 1"),
    ("unpool", "output_size", "4", "output_size=4 must be a pair (height, width)"),
    ("unpool", "output_size", "5, 5", "output_size=5 must be less than stride=2 away from 2"),
    ("unpool", "padding", "2", "padding=2 is more than half of kernel_size=2"),
    ("transposed", "stride", "0", "stride=0 must be at least 1"),
    ("transposed", "output_padding", "1", "output_padding=1 must be smaller than stride=1"),
    ("transposed", "padding", "9", "padding=9 cuts everything away"),
    ("transposed", "kernel_size", "13", "kernel_size=13 must be at most 12"),
]


@pytest.mark.parametrize("operation", WAYS)
def test_bad_settings_say_why_and_leave_the_picture(page_with, operation):
    explorer = Explorer(page_with(UpsamplingExplorer(SMALL, operation)))
    before = explorer.numbers("output").tolist()
    for _, name, text, words in (case for case in BAD_SETTINGS if case[0] == operation):
        good = explorer.field(name).input_value()
        explorer.field(name).fill(text)
        said = "".join(explorer.root.locator(".setting .message").all_inner_texts())
        assert words in said and said.endswith("The picture stays as it was.")
        assert explorer.numbers("output").tolist() == before
        explorer.field(name).fill(good)
        assert explorer.root.locator(".message:visible").count() == 0
    explorer.cell("input x", 0, 1).fill("x")
    assert "holds 'x': type a number" in explorer.root.inner_text()


def test_a_size_takes_the_place_of_the_factor(page_with):
    explorer = Explorer(page_with(UpsamplingExplorer(SMALL)))
    explorer.field("size").fill("3")
    assert explorer.numbers("output").shape == (3, 3)
    assert explorer.field("scale_factor").input_value() == ""
    explorer.field("scale_factor").fill("1, 2")
    assert explorer.numbers("output").shape == (2, 4)
    assert explorer.field("size").input_value() == ""


@pytest.mark.parametrize("operation", WAYS)
def test_the_keyboard_reaches_all_and_axe_finds_nothing(page_with, operation):
    options = {"nearest": {}, "bilinear": {"view": "matrix"}, "unpool": {"view": "gradient"}}
    options["transposed"] = {"stride": 2, "padding": 1, "view": "gradient"}
    page = page_with(UpsamplingExplorer(SMALL, operation, **options[operation]))
    explorer = Explorer(page)
    explorer.control(NAMES[operation]).focus()
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        here = "document.activeElement"
        reached.add(
            page.evaluate(f"{here}.dataset.name ?? {here}.closest('table')?.ariaLabel ?? ''")
        )
    fields = explorer.root.locator("[data-name]:visible").evaluate_all(
        "nodes => nodes.map(n => n.dataset.name)"
    )
    tables = explorer.root.locator("table:visible").evaluate_all(
        "nodes => nodes.map(n => n.ariaLabel)"
    )
    assert {*fields, *tables} - {"operation"} <= reached
    explorer.cell("output", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    assert explorer.arithmetic.startswith("Output row 0, column 1: ")
    assert explorer.root.locator(".arithmetic[aria-live=polite]").count() == 1
    found = Axe().run(page)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_fits(page_with, contrast, scheme):
    wide = UpsamplingExplorer(np.ones((6, 6)), "transposed", **STAMPS, padding=1, view="gradient")
    page = page_with(wide, color_scheme=scheme, viewport={"width": 500, "height": 900})
    page.add_style_tag(content=":root { color-scheme: light dark }")
    explorer = Explorer(page)
    assert contrast(explorer) >= 4.5
    assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    cut = explorer.root.evaluate(
        """root => [...root.querySelectorAll("td, button, label, p, code")].filter(
             e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"""
    )
    assert cut == []


def test_the_line_can_be_copied(page_with):
    page = page_with(UpsamplingExplorer([[1, 2]], "bilinear", size=(1, 4)))
    explorer = Explorer(page)
    assert explorer.code == (
        'F.interpolate(torch.tensor([[[[1.0, 2.0]]]]), size=(1, 4), mode="bilinear")'
    )
    explorer.root.get_by_role("button", name="Copy").click()
    assert explorer.root.get_by_role("status").inner_text() == "Copied."


def test_a_change_takes_less_than_10_ms(page_with):
    large = UpsamplingExplorer(np.ones((8, 8)), "transposed", weight=np.ones((4, 4)), stride=2)
    explorer = Explorer(page_with(large))
    took = explorer.root.evaluate(
        """root => [...Array(15)].map((_, i) => {
             const start = performance.now();
             const node = root.querySelector("td input");
             node.value = i;
             node.dispatchEvent(new Event("input", { bubbles: true }));
             root.getBoundingClientRect();  // laid out, too
             return performance.now() - start;
           })"""
    )
    assert min(took) < 10


def test_a_picture_without_javascript(page_with):
    page = page_with(
        UpsamplingExplorer([[1, 10]], "transposed", **STAMPS), java_script_enabled=False
    )
    text = " ".join(page.locator(".poolkit-picture").inner_text().split())
    assert text.startswith("input x 1 × 2 kernel 3 × 3 transposed convolution 3 × 5 1 10 1 2 1")
