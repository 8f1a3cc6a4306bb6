"""The pictures are read back from matplotlib: which numbers, colours and outlines were drawn."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb, to_rgba

from poolkit import draw
from poolkit.training import History

GRID = np.array([[1, 3, 2], [5, -6.25, -np.inf]])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def faces(ax, colour):
    return sum(p.get_facecolor() == to_rgba(colour, 0.35) for p in ax.patches)


def test_grids_show_every_number_in_its_place_and_role():
    left, right = draw.grids({"input": GRID, "output": GRID[:1]}).axes
    assert (left.get_title(), right.get_title()) == ("input", "output")
    texts = {t.get_position(): t.get_text() for t in left.texts}
    assert texts == {
        (0, 0): "1", (1, 0): "3", (2, 0): "2", (0, 1): "5", (1, 1): "−6.25", (2, 1): "−∞",
    }  # fmt: skip
    assert left.get_ylim()[0] > left.get_ylim()[1], "row 0 must be at the top"
    assert faces(left, draw.INPUT) == 6
    assert faces(right, draw.OUTPUT) == 3


def test_grids_tell_inputs_and_weights_from_outputs():
    panels = {"x": GRID, "w": GRID[:1], "more": GRID[:1], "y": GRID[:1]}
    axes = draw.grids(panels, inputs=["more"], weights=["w"]).axes
    roles = (draw.INPUT, draw.WEIGHT, draw.INPUT, draw.OUTPUT)
    assert [faces(ax, role) for ax, role in zip(axes, roles, strict=True)] == [6, 3, 3, 3]
    assert len(set(roles)) == 3
    (kernel,) = draw.grids({"w": GRID}, weights=["w"]).axes
    assert faces(kernel, draw.WEIGHT) == 6


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.inf, "∞"), (-np.inf, "−∞"), (np.nan, "nan"), (-0.5, "−0.5"), (1e-5, "1e−05"), (7, "7"),
     (True, "1"), (np.float16(2.75), "2.75"), (123456, "1.235e+05")],
)  # fmt: skip
def test_a_number_is_written_in_four_digits(value, text):
    assert draw.number(value) == text


def test_windows_are_outlined_on_the_input_only():
    left, right = draw.grids(
        {"a": np.zeros((4, 5)), "b": np.zeros((4, 5))}, windows=[(1, 2, 3, 2)]
    ).axes
    outlines = [p for p in left.patches if not p.get_fill()]
    assert [(p.get_xy(), p.get_height(), p.get_width()) for p in outlines] == [((1.5, 0.5), 3, 2)]
    assert outlines[0].get_edgecolor() == to_rgba(draw.WINDOW)
    assert all(p.get_fill() for p in right.patches)


def test_windows_can_be_outlined_on_each_array_by_its_title():
    figure = draw.grids(
        {"a": np.zeros((4, 5)), "b": np.zeros((4, 5))}, windows={"b": [(1, 2, 3, 2)]}
    )
    left, right = figure.axes
    assert all(p.get_fill() for p in left.patches)
    outlines = [p for p in right.patches if not p.get_fill()]
    assert [(p.get_xy(), p.get_height(), p.get_width()) for p in outlines] == [((1.5, 0.5), 3, 2)]


def test_padding_is_hatched():
    (ax,) = draw.grids({"padded": np.zeros((4, 5))}, padding=1).axes
    assert sum(p.get_hatch() is not None for p in ax.patches) == faces(ax, draw.PADDING) == 14
    assert faces(ax, draw.INPUT) == 2 * 3
    (ax,) = draw.grids({"padded": np.zeros((1, 5))}, padding=(0, 1)).axes
    assert [p.get_hatch() is not None for p in ax.patches] == [True, False, False, False, True]


def test_images_are_shown_as_they_are():
    grey = torch.arange(6, dtype=torch.uint8).reshape(1, 2, 3)
    colour = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)
    real = np.array([[-1.0, 3.0]])
    axes = draw.images({"grey": grey, "colour": colour, "real": real}, columns=2).axes
    shown = [ax.images[0] for ax in axes if ax.images]
    assert np.array_equal(shown[0].get_array(), [[0, 1, 2], [3, 4, 5]])
    assert np.array_equal(shown[1].get_array()[..., 2], colour[2])
    assert [i.get_clim() for i in shown] == [(0, 255), (0, 255), (-1, 3)]
    assert [ax.get_title() for ax in axes] == ["grey", "colour", "real", ""]
    (ax,) = draw.images({"real": real}, limits=(0, 2)).axes
    assert ax.images[0].get_clim() == (0, 2)


def test_feature_maps_have_one_row_for_each_layer():
    maps = torch.rand(3, 4, 4)
    axes = draw.feature_maps({"block 1": maps, "block 2": maps[:1]}, maps=2).axes
    assert [len(ax.images) for ax in axes] == [1, 1, 1, 0]
    assert np.array_equal(axes[1].images[0].get_array(), maps[1])


def test_learning_curves_carry_names_and_figures():
    history = History(4, [1] * 4, [0, 0, 1, 1], [2, 4], [5, 10], [1, 1], [0.6, 0.75], 10)
    (ax,) = draw.learning_curves({"net": history, "other": history}).axes
    batches, test = ax.lines[:2]
    # Four batches are averaged into one point, at the end of the fourth.
    assert (batches.get_xdata().tolist(), batches.get_ydata().tolist()) == ([10], [0.5])
    assert (list(test.get_xdata()), list(test.get_ydata())) == ([5, 10], [0.6, 0.75])
    assert [t.get_text() for t in ax.texts] == ["net", "other"]
    assert test.get_marker() != ax.lines[3].get_marker(), "colour alone must not tell them apart"


def test_costs_carry_names_and_figures():
    (ax,) = draw.costs(
        [2, 1000], {"loop": [1, 50], "copy": [1, 1]}, xlabel="k", ylabel="seconds"
    ).axes
    loop, copy = ax.lines
    assert (list(loop.get_xdata()), list(loop.get_ydata())) == ([2, 1000], [1, 50])
    assert list(copy.get_ydata()) == [1, 1]
    assert {t.get_text(): t.xy for t in ax.texts} == {"copy": (1000, 1), "loop": (1000, 50)}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "1,000"]
    assert {"1", "2", "5", "10"} <= {t.get_text() for t in ax.get_yticklabels()}
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == ("k", "seconds", "log")
    assert loop.get_marker() != copy.get_marker(), "colour alone must not tell them apart"


def test_names_of_costs_that_end_together_do_not_cover_each_other():
    (ax,) = draw.costs(
        [1, 9], {"a": [1, 10], "b": [2, 10], "c": [3, 10.1], "d": [1, 90]}, xlabel="", ylabel=""
    ).axes
    ax.figure.canvas.draw()
    boxes = sorted((t.get_window_extent() for t in ax.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 for low, high in itertools.pairwise(boxes))


def test_seeds_are_dots_on_a_line_with_their_median():
    (ax,) = draw.seeds({"max": [3, 9, 4], "blur": [5]}, xlabel="share right").axes
    line, dots, median, *_ = ax.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([3, 9], [0, 0])
    assert (list(dots.get_xdata()), list(dots.get_ydata())) == ([3, 9, 4], [0, 0, 0])
    assert median.get_xdata() == [4]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["max", "blur"]
    top, below = (ax.transData.transform((5, row))[1] for row in (0, 1))
    assert top > below, "the first group is on top"


@pytest.mark.parametrize("xscale", ["linear", "log"])
def test_bands_go_from_the_lowest_seed_to_the_highest(xscale):
    (ax,) = draw.bands(
        [1, 10], {"max": [[5, 1, 2], [9, 9, 9]], "blur": [[1], [9]]},
        xlabel="shift", ylabel="share", xscale=xscale,
    ).axes  # fmt: skip
    assert list(ax.lines[0].get_ydata()) == [2, 9]
    corners = ax.collections[0].get_paths()[0].vertices
    assert {tuple(corner) for corner in corners} == {(1, 1), (1, 5), (10, 9)}
    ax.figure.canvas.draw()
    low, high = sorted((t.get_window_extent() for t in ax.texts), key=lambda box: box.y0)
    assert low.y1 <= high.y0, "names of curves that end together do not cover each other"
    frame = ax.get_window_extent()
    assert high.x1 <= frame.x1 and high.y1 <= frame.y1, "there is room for the names"
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


@pytest.mark.parametrize(
    ("kernel_size", "stride", "counts"),
    [
        (3, 2, "1 1 2 1 2 1 2 1 2 1 1"),
        (4, 2, "1 1 2 2 2 2 2 2 2 2 1 1"),
        (2, 3, "1 1 0 1 1 0 1 1 0 1 1 0 1 1"),
    ],
)
def test_overlaps_are_counted_and_shown_as_bars(kernel_size, stride, counts):
    row, area = draw.overlaps(kernel_size, stride).axes
    assert row.get_title() == f"kernel {kernel_size}, stride {stride}, counts: {counts}"
    texts = {t.get_position()[0]: t.get_text() for t in row.texts}
    assert [texts[i] for i in range(len(texts))] == counts.split()
    # Above each count as many bars as it says.
    bars = [p for p in row.patches if p.get_edgecolor() == to_rgba(draw.WINDOW)]
    assert len(bars) == 5
    for position, text in texts.items():
        over = sum(b.get_x() < position < b.get_x() + b.get_width() for b in bars)
        assert over == int(text)
    ones = torch.ones(1, 1, 5, 5), torch.ones(1, 1, kernel_size, kernel_size)
    expected = torch.nn.functional.conv_transpose2d(*ones, stride=stride)[0, 0].numpy()
    np.testing.assert_array_equal(area.images[0].get_array(), expected)
    assert area.get_title() == f"on a map, up to {expected.max():.0f}"


def test_overlaps_of_as_many_inputs_as_you_like():
    assert draw.overlaps(3, 1, inputs=2).axes[0].get_title().endswith("counts: 1 2 2 1")
    for sizes, message in (((0, 2), "kernel_size=0"), ((2, 0), "stride=0")):
        with pytest.raises(ValueError, match=f"{message} must be at least 1"):
            draw.overlaps(*sizes)
    with pytest.raises(ValueError, match="inputs=0 must be at least 1"):
        draw.overlaps(2, 2, inputs=0)
    with pytest.raises(TypeError, match=r"stride=1\.5 must be a whole number"):
        draw.overlaps(2, 1.5)


def test_shares_are_bars_of_100_percent():
    wholes = {"a": {"x": 1, "y": 3, "z": 0}, "b": {"x": 97, "y": 1, "z": 2}}
    (ax,) = draw.shares(wholes, xlabel="%").axes
    bars = [(b.get_y() + b.get_height() / 2, b.get_x(), b.get_width()) for b in ax.patches]
    assert np.allclose(
        bars, [(0, 0, 25), (0, 25, 75), (0, 100, 0), (1, 0, 97), (1, 97, 1), (1, 98, 2)]
    )
    assert [(t.get_text(), t.get_position()) for t in ax.texts] == [
        ("x", (12.5, 0)), ("y", (62.5, 0)), ("x", (48.5, 1)),
    ]  # fmt: skip
    colours = [b.get_facecolor() for b in ax.patches]
    assert colours[:3] == colours[3:]
    assert len(set(colours)) == 3
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first whole must be at the top"
    assert ax.get_xlabel() == "%"


def test_segmentations_have_a_colour_and_a_number_for_each_class():
    classes = np.array([[0, 0, 0, 0, 0], [2, 2, 2, 0, 1]])
    picture = np.full((1, 2, 5), 128, np.uint8)
    figure = draw.segmentations({"scene": picture, "truth": classes}, ["none", "cat", "dog"])
    left, right = figure.axes
    assert left.images[0].get_array().tolist() == picture[0].tolist()
    assert not left.texts
    shown = right.images[0].get_array()
    for label in range(3):
        assert np.allclose(shown[classes == label], to_rgb(draw.CLASSES[label]))
    assert {t.get_text(): t.get_position() for t in right.texts} == {"1": (4, 1), "2": (1, 1)}
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["1 cat", "2 dog"]


def test_confusion_shows_counts_and_shades_by_row():
    (ax,) = draw.confusion(np.array([[9, 1], [0, 0]]), ["cat", "dog"]).axes
    assert {t.get_position(): t.get_text() for t in ax.texts} == {
        (0, 0): "9", (1, 0): "1", (0, 1): "0", (1, 1): "0",
    }  # fmt: skip
    assert np.allclose(ax.images[0].get_array(), [[0.9, 0.1], [0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw.grids({}), "nothing to draw"),
        (lambda: draw.grids({"a": np.zeros(3)}), r"'a' has shape \(3,\); it must be \(H, W\)"),
        (lambda: draw.images({}), "nothing to draw"),
        (lambda: draw.images({"a": np.zeros((2, 4, 4))}), r"'a' has shape \(2, 4, 4\)"),
        (lambda: draw.feature_maps({"a": np.zeros((4, 4))}), r"'a' has shape \(4, 4\)"),
        (lambda: draw.learning_curves({}), "nothing to draw"),
        (lambda: draw.learning_curves({"net": History(1)}), "'net' has no test results"),
        (lambda: draw.costs([1], {}, xlabel="", ylabel=""), "nothing to draw"),
        (
            lambda: draw.costs([1, 2], {"a": [3]}, xlabel="", ylabel=""),
            "'a' has 1 costs for 2 sizes",
        ),
        (lambda: draw.seeds({}, xlabel=""), "nothing to draw"),
        (lambda: draw.seeds({"a": []}, xlabel=""), "'a' has no figure"),
        (lambda: draw.bands([1], {}, xlabel="", ylabel=""), "nothing to draw"),
        (
            lambda: draw.bands([1, 2], {"a": [[3]]}, xlabel="", ylabel=""),
            "'a' has 1 rows for 2 sizes",
        ),
        (lambda: draw.shares({}, xlabel=""), "nothing to draw"),
        (
            lambda: draw.shares({"a": {"x": 1}, "b": {"y": 1}}, xlabel=""),
            r"'b' has the parts \['y'\]; the first has \['x'\]",
        ),
        (lambda: draw.segmentations({}, ["a"]), "nothing to draw"),
        (
            lambda: draw.segmentations({"a": np.array([[0, 2]])}, ["none", "cat"]),
            "'a' has classes from 0 to 2; 2 names are for 0 to 1",
        ),
        (lambda: draw.segmentations({}, ["a"] * 12), "there are 12 names and only 11 colours"),
        (lambda: draw.confusion(np.zeros((2, 2)), ["a"]), r"matrix has shape \(2, 2\); 1 names"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


MASKED = np.ma.masked_equal([[[1.0, -9999.0], [3.0, 5.0]]], -9999)


@pytest.mark.parametrize(
    "call",
    [
        lambda: draw.grids({"a": MASKED[0]}),
        lambda: draw.images({"a": MASKED}),
        lambda: draw.feature_maps({"a": MASKED}),
        lambda: draw.segmentations({"a": MASKED[0]}, ["none", "cat"]),
        lambda: draw.confusion(MASKED[0], ["cat", "dog"]),
    ],
)
def test_masked_arrays_are_refused_as_what_is_under_the_mask_would_be_drawn(call):
    with pytest.raises(TypeError, match=r"('a'|matrix).*\.filled\("):
        call()


def test_ranges_have_their_ends_and_the_margin_on_both_sides():
    ax = draw.ranges({"a": (1, 3), "b": (-2, 0)}, bound=0.5, margin=0.25, xlabel="points").axes[0]
    (span,) = ax.patches
    assert (span.get_x(), span.get_width()) == (0.25, 0.5)
    bound, *rows = ax.lines
    assert set(bound.get_xdata()) == {0.5}
    assert [row.get_xydata().tolist() for row in rows] == [[[1, 0], [3, 0]], [[-2, 1], [0, 1]]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1] and ax.get_xlabel() == "points"
    with pytest.raises(ValueError, match="there is nothing to draw"):
        draw.ranges({}, bound=0, margin=0, xlabel="")


def test_a_sheet_shows_what_the_functions_draw_and_closes_it():
    before = plt.get_fignums()
    made = []

    def red():
        made.append(plt.figure(figsize=(1, 2), dpi=50, facecolor="red"))
        return made[0]

    sheet = draw.sheet({"red": red, "grid": lambda: draw.grids({"x": [[1]]}), "again": red})
    assert plt.get_fignums() == [*before, sheet.number]
    first, second, _, fourth = sheet.axes
    assert (first.images[0].get_array()[..., :3] == (255, 0, 0)).all()
    assert first.images[0].get_array().shape == (100, 50, 4)
    assert [ax.get_title() for ax in (first, second, fourth)] == ["red", "grid", ""]
    assert not fourth.images and not any(ax.axison for ax in sheet.axes)
    with pytest.raises(ValueError, match="there is nothing to draw"):
        draw.sheet({})
