"""What the field explorer does on an exported page, without a kernel or a network."""

import json
import math

import numpy as np
import pytest
import torch
from axe_core_python.sync_playwright import Axe
from torch import nn

from browser.explorer_page import Explorer
from poolkit import arithmetic, stacks
from poolkit.arithmetic import Layer
from poolkit.field_explorer import FieldExplorer

BLOCKS = [("conv", 3), ("avg", 2), ("conv", 3), ("avg", 2)]
PADDED = [("conv", 3, 1, 1), ("conv", 3, 2, 1)]
HOLES = [("conv", 3, 1, 0, 2)]
WIDE = [("conv", 1, 1, 20), ("conv", 6, 4), ("conv", 1, 1, 1)]  # 65.5 pixels
LARGE = [("conv", 3, 1, 1)] * 5
NAMES = ["kernel_size", "stride", "padding", "dilation"]
HOW_MANY = 700  # so many stacks, of which more than 300 fit
# What the page computes for each of these stacks, or the words with which it refuses one.
COMPUTE = """states => JSON.stringify(JSON.parse(states).map(state => {
  let maps;
  const wrong = complaint(() => (maps = stackOf(state)));
  if (wrong) return { refused: `layers[${wrong.layer}]: ${wrong.message}` };
  const last = maps.length - 1;
  const ways = maps[last].taps.map((_, c) =>
    waysTo(maps, last, c).map(map => [...map].filter(([, count]) => count)));
  const seers = maps[0].padded.map((_, c) => seersOf(maps, c).map(set => [...set]));
  return { maps, ways, seers, divisor: divisorOf(state.layers), line: torchStack(state) };
}))"""


def random_stack(random):
    """A stack in which some layers do not fit."""

    def layer():
        kind = str(random.choice(["conv", "avg", "max"]))
        kernel_size, stride = (int(n) for n in random.integers(1, (6, 4)))
        padding = int(random.integers(0, 1 + (4 if kind == "conv" else kernel_size // 2)))
        if random.random() < 0.05:
            padding += int(random.integers(1, 12))
        dilation = 1 if kind == "avg" else int(random.integers(1, 4))
        return [kind, kernel_size, stride, padding, dilation]

    layers = [layer() for _ in range(random.integers(1, 6))]
    return {"layers": layers, "inputs": int(random.integers(1, 33))}


def ones(layers, line):
    """The net of a line of torch, with weights 1; sums in the place of maxima."""
    net = eval(line, {"nn": nn}).double()
    for i, (kind, k, s, p, d) in enumerate(layers):
        if kind == "max":
            assert isinstance(net[i], nn.MaxPool1d)
            assert [net[i].kernel_size, net[i].stride, net[i].padding, net[i].dilation] == [
                *(k, s, p, d)
            ]
            net[i] = nn.Conv1d(1, 1, k, s, p, d).double()
        if kind != "avg":
            nn.init.ones_(net[i].weight)
            nn.init.zeros_(net[i].bias)
    return net


def test_the_page_computes_and_refuses_what_arithmetic_and_torch_do(page_with):
    random = np.random.default_rng(0)
    states = [{"layers": stacks.plain(WIDE), "inputs": 24}]
    states += [random_stack(random) for _ in range(HOW_MANY)]
    page = page_with(FieldExplorer(BLOCKS), functions=True)
    answers = json.loads(page.evaluate(COMPUTE, json.dumps(states)))
    done, refusals = 0, set()
    for state, found in zip(states, answers, strict=True):
        try:
            stacks.sizes(**state)
        except ValueError as error:
            assert found.get("refused") == str(error)
            refusals.add(str(error)[11:15] + str(error)[-10:])
            continue
        assert "refused" not in found, state
        assert found["line"] == stacks.call(state["layers"])
        compare_with_arithmetic(state["layers"], found["maps"])
        compare_with_torch(state, found, random)
        done += 1
    assert done >= 300
    assert len(refusals) >= 3


def compare_with_arithmetic(layers, maps):
    stack = [Layer(*layer) for _, *layer in layers]
    for level, found in enumerate(maps):
        known = arithmetic.receptive_field(stack[:level])
        assert (found["field"], found["jump"], found["start"]) == known
        if level:
            k, s, p, d = stack[level - 1]
            for i, places in enumerate(found["taps"]):
                assert places == [at - p for at in arithmetic.window(i, k, s, 0, d)]


def compare_with_torch(state, found, random):
    net = ones(state["layers"], found["line"])
    x = torch.ones(1, 1, state["inputs"], dtype=torch.float64, requires_grad=True)
    maps = [x]
    for layer in net:
        maps.append(layer(maps[-1]))
        maps[-1].retain_grad()
    assert [len(m["padded"]) for m in found["maps"]] == [m.shape[-1] for m in maps]
    output = int(random.integers(maps[-1].shape[-1]))
    maps[-1][0, 0, output].backward()
    for level, values in enumerate(maps):
        # What reads only ones is a product of sums and means; padding brings zeros.
        full = math.prod(k for kind, k, *_ in state["layers"][:level] if kind != "avg")
        padded = ~np.isclose(values.detach()[0, 0], full, rtol=1e-9)
        assert found["maps"][level]["padded"] == padded.tolist()
        ways = np.zeros(values.shape[-1])
        for at, count in found["ways"][output][level]:
            if 0 <= at < len(ways):
                ways[at] = count
        share = math.prod(k for kind, k, *_ in state["layers"][level:] if kind == "avg")
        np.testing.assert_allclose(ways / share, values.grad[0, 0], 1e-9)
    assert found["divisor"] == math.prod(k for kind, k, *_ in state["layers"] if kind == "avg")
    seen = [i for i, seers in enumerate(found["seers"]) if output in seers[-1]]
    assert seen == np.flatnonzero(x.grad[0, 0]).tolist()


def pixel(explorer, level, c):
    name = f"map {level}" if level else "input"
    return explorer.table(name).locator(f"[aria-label^='pixel {c} of ']")


def shown(explorer, name):
    """The numbers in the pixels of a map."""
    return [int(n) for n in explorer.table(name).locator("[aria-label]").all_inner_texts()]


def lit(explorer, name):
    return [c for kind in ("window", "read") for _, c in explorer.lit(name, kind)]


def control(explorer, layer, name):
    return explorer.root.locator(".layer").nth(layer).locator(f"[data-name={name}]")


def captions(explorer):
    return [text.strip() for text in explorer.root.locator(".caption:visible").all_inner_texts()]


def test_a_pixel_lights_up_what_it_sees_in_every_map(page_with):
    explorer = Explorer(page_with(FieldExplorer(BLOCKS)))
    assert captions(explorer)[3:] == [
        "convolution, 9 pixels: field 8, jump 2, start 0",
        "average pool, 4 pixels: field 10, jump 4, start 0",
    ]
    pixel(explorer, 4, 1).hover()
    told = "Pixel 1 of map 4: its field of 10 pixels goes from 4 to 13. It reads 10 input pixels: "
    assert explorer.arithmetic == f"{told}4 to 13."
    assert lit(explorer, "map 4") == [1]
    assert lit(explorer, "map 3") == [2, 3]
    assert lit(explorer, "map 2") == [2, 3, 4, 5]
    assert lit(explorer, "map 1") == list(range(4, 12))
    assert lit(explorer, "input") == list(range(4, 14))
    pixel(explorer, 2, 0).hover()
    assert lit(explorer, "input") == [0, 1, 2, 3]
    assert lit(explorer, "map 4") == []
    pixel(explorer, 0, 23).hover()
    assert explorer.arithmetic == (
        "Input pixel 23 is seen by 1 pixel of map 1, 1 pixel of map 2, 1 pixel of map 3, "
        "0 pixels of map 4."
    )
    assert [lit(explorer, f"map {i}") for i in (1, 2, 3, 4)] == [[21], [10], [8], []]
    # A pixel stands below the middle of its field.
    middles = [
        [box["x"] + box["width"] / 2 for box in (pixel(explorer, *at).bounding_box() for at in row)]
        for row in ([(0, 4), (0, 13), (4, 1)], [(0, 8), (0, 17), (4, 2)])
    ]
    for first, last, output in middles:
        assert output == pytest.approx((first + last) / 2, abs=1)


def test_padding_and_holes_are_told(page_with):
    stacks = [FieldExplorer(PADDED, 8), FieldExplorer([("conv", 1, 1, 2)], 3)]
    page = page_with(*stacks, FieldExplorer(HOLES, 8))
    explorer, outside, holes = (Explorer(page, i) for i in range(3))
    pixel(explorer, 2, 0).hover()
    told = "Pixel 0 of map 2: its field of 5 pixels goes from −2 to 2. It reads 3 input pixels: "
    assert explorer.arithmetic == f"{told}0 to 2; and padding."
    assert lit(explorer, "input") == [-1, 0, 1, 2]
    assert [c for _, c in explorer.lit("map 1", "padded")] == [0, 7]
    assert [c for _, c in explorer.lit("map 2", "padded")] == [0, 3]
    assert pixel(explorer, 2, 3).get_attribute("aria-label") == "pixel 3 of map 2, reads padding"
    pixel(outside, 1, 0).hover()
    told = "Pixel 0 of map 1: its field of 1 pixel goes from −2 to −2."
    assert outside.arithmetic == f"{told} It reads no input pixel; and padding."
    pixel(holes, 1, 1).hover()
    told = "Pixel 1 of map 1: its field of 5 pixels goes from 1 to 5. It reads 3 input pixels: "
    assert holes.arithmetic == f"{told}1, 3, 5."
    assert lit(holes, "input") == [1, 3, 5]


def test_the_gradient_is_largest_in_the_middle(page_with):
    averages = FieldExplorer([("avg", 2), ("avg", 4)], 8, view="gradient")
    page = page_with(FieldExplorer([("conv", 3), ("avg", 2)], 10), averages)
    explorer, other = Explorer(page, 0), Explorer(page, 1)
    pixel(other, 1, 2).hover()
    assert other.arithmetic.endswith("1 way to output 0. Its gradient is 1 × 0.25 = 0.25.")
    explorer.control("gradient").check()
    pixel(explorer, 2, 1).hover()
    assert shown(explorer, "input") == [0, 0, 1, 2, 2, 1, 0, 0, 0, 0]
    assert explorer.arithmetic == (
        "Output 1: ways lead to 4 input pixels: 2 to 5. Most, 2, lead to 3, 4; fewest are 1. "
        "Each way counts 0.5."
    )
    pixel(explorer, 0, 3).hover()
    assert explorer.arithmetic == (
        "Input pixel 3: 2 ways to output 1. Its gradient is 2 × 0.5 = 1."
    )
    assert pixel(explorer, 0, 3).get_attribute("aria-label") == "pixel 3 of input: 2 ways"
    shades = explorer.table("input").evaluate(
        "t => [2, 3].map(i => getComputedStyle(t.rows[0].cells[i]).backgroundColor)"
    )
    assert shades[0] != shades[1]
    control(explorer, 1, "kind").select_option("max")
    assert "one of its ways only" in explorer.root.locator(".legend").inner_text()
    assert "gradient" not in explorer.arithmetic and "counts" not in explorer.arithmetic


def test_a_stack_is_built_by_hand(page_with):
    explorer = Explorer(page_with(FieldExplorer([("conv", 3)], 24)))
    add = explorer.root.get_by_role("button", name="Add a layer")
    add.click()
    control(explorer, 1, "dilation").fill("2")
    control(explorer, 1, "kind").select_option("avg")
    assert control(explorer, 1, "dilation").is_disabled()
    control(explorer, 1, "kernel_size").fill("2")
    control(explorer, 1, "stride").fill("")  # as in torch: the kernel's
    assert captions(explorer)[-1] == "average pool, 11 pixels: field 4, jump 2, start 0"
    assert explorer.code == "nn.Sequential(nn.Conv1d(1, 1, 3), nn.AvgPool1d(2))"
    for _ in range(3):
        add.click()
    assert add.is_disabled() and len(captions(explorer)) == 6
    explorer.root.get_by_role("button", name="Remove layer 2").click()
    assert explorer.code.count("nn.Conv1d(1, 1, 3)") == 4 and "Avg" not in explorer.code
    for _ in range(3):
        explorer.root.get_by_role("button", name="Remove layer 1").click()
    assert explorer.root.get_by_role("button", name="Remove layer 1").is_disabled()
    explorer.root.locator("[data-name=inputs]").fill("3")
    assert captions(explorer)[-1] == "convolution, 1 pixel: field 3, jump 1, start 0"


BAD_SETTINGS = [
    (0, "kernel_size", "13", "kernel_size=13 must be at most 12 to be shown"),
    (0, "kernel_size", "", "kernel_size='' must be a whole number"),
    (1, "stride", "0", "stride=0 must be at least 1"),
    (2, "padding", "-1", "padding=-1 must be at least 0"),
    (3, "padding", "2", "padding=2 is more than half of kernel_size=2"),
    (2, "padding", "30", "padding=30 makes the picture 141 pixels wide: at most 64 can be shown"),
    (2, "dilation", "9", "with dilation=9 spans 19 pixels and does not fit into input_size=11"),
]


def test_bad_settings_say_why_and_leave_the_picture(page_with):
    explorer = Explorer(page_with(FieldExplorer(BLOCKS)))
    before = captions(explorer)
    for layer, name, text, words in BAD_SETTINGS:
        field = control(explorer, layer, name)
        good = field.input_value()
        field.fill(text)
        said = explorer.root.locator(".message:visible").all_inner_texts()
        assert len(said) == 1 and words in said[0]
        assert said[0].endswith("The picture stays as it was.")
        assert field.get_attribute("aria-invalid") == "true"
        assert (
            field.evaluate(
                "n => document.getElementById(n.getAttribute('aria-describedby')).textContent"
            )
            == said[0]
        )
        assert captions(explorer) == before
        field.fill(good)
        assert explorer.root.locator(".message:visible").count() == 0
    explorer.root.locator("[data-name=inputs]").fill("33")
    told = explorer.root.locator(".message:visible").inner_text()
    assert told.startswith("inputs=33 must be at most 32 to be shown")


def test_the_keyboard_reaches_all_and_axe_finds_nothing(page_with):
    page = page_with(FieldExplorer(PADDED, 12, view="gradient"))
    explorer = Explorer(page)
    explorer.root.locator("[data-name=inputs]").focus()
    reached = []
    for _ in range(18):
        page.keyboard.press("Tab")
        here = "document.activeElement"
        reached.append(
            page.evaluate(
                f"{here}.dataset.name ?? {here}.closest('table')?.ariaLabel ?? "
                f"({here}.ariaLabel || {here}.innerText)"
            )
        )
    layer = ["kind", *NAMES]
    assert reached == [
        *("view", *layer, "Remove layer 1", *layer, "Remove layer 2", "Add a layer"),
        *("input", "map 1", "map 2", "Copy"),
    ]
    control(explorer, 0, "stride").focus()
    page.keyboard.press("ArrowUp")
    assert captions(explorer)[1].startswith("convolution, 6 pixels")
    pixel(explorer, 1, 2).focus()
    page.keyboard.press("ArrowRight")
    assert explorer.arithmetic.startswith("Pixel 3 of map 1: ")
    page.keyboard.press("ArrowUp")  # its field is 5 to 7
    assert explorer.arithmetic.startswith("Input pixel 6: ")
    pixel(explorer, 1, 2).focus()
    page.keyboard.press("ArrowDown")
    assert explorer.arithmetic.startswith("Output 1: ")
    assert explorer.root.locator(".arithmetic[aria-live=polite]").count() == 1
    explorer.root.get_by_role("button", name="Remove layer 1").press("Enter")
    assert page.evaluate("document.activeElement.dataset.name") == "kind"
    found = Axe().run(page)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_fits(page_with, contrast, scheme):
    views = [FieldExplorer(LARGE, 32, view=view) for view in ("field", "gradient")]
    page = page_with(*views, color_scheme=scheme, viewport={"width": 500, "height": 900})
    page.add_style_tag(content=":root { color-scheme: light dark }")
    for explorer in (Explorer(page, 0), Explorer(page, 1)):
        assert contrast(explorer) >= 4.5
        assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth")


def test_a_change_takes_less_than_10_ms(page_with):
    explorer = Explorer(page_with(FieldExplorer(LARGE, 32, view="gradient")))
    took = explorer.root.evaluate(
        """root => [...Array(15)].map((_, i) => {
             const start = performance.now();
             const node = root.querySelectorAll("[data-name=padding]")[4];
             node.value = i % 2;
             node.dispatchEvent(new Event("input", { bubbles: true }));
             root.getBoundingClientRect();  // laid out, too
             return performance.now() - start;
           })"""
    )
    assert min(took) < 10


def test_the_line_can_be_copied_and_is_there_without_javascript(page_with):
    explorer = Explorer(page_with(FieldExplorer([("conv", 3)], 5)))
    explorer.root.get_by_role("button", name="Copy").click()
    assert explorer.root.get_by_role("status").inner_text() == "Copied."
    page = page_with(FieldExplorer([("conv", 3)], 5), java_script_enabled=False)
    text = " ".join(page.locator(".poolkit-picture").inner_text().split())
    assert text.startswith("in bold: what one pixel sees input: field 1, jump 1 0 1 2 3 4 map 1: f")
