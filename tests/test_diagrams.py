"""Diagrams are read back from matplotlib, and compared with torch or with a rule of their own."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch.nn import functional as F

from poolkit import diagrams, draw


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def drawn_taps(figure, colour=draw.WINDOW):
    return [
        [int(x) for x in line.get_xdata()]
        for line in figure.axes[0].lines
        if line.get_marker() == "s" and line.get_color() == colour
    ]


SETTINGS = [
    setting
    for setting in itertools.product((3, 6, 7), (2, 3), (1, 2, 4), (0, 1), (1, 2), (False, True))
    if setting[4] * (setting[1] - 1) + 1 <= setting[0] + 2 * setting[3]
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_windows_are_those_that_torch_reads(setting):
    """Each pixel in turn is made the only large one: torch tells which windows hold it."""
    size, kernel_size, stride, padding, dilation, ceil_mode = setting
    figure = diagrams.windows(size, kernel_size, stride, padding, dilation, ceil_mode=ceil_mode)
    one_hot = torch.eye(size)[:, None]
    holds = F.max_pool1d(one_hot, kernel_size, stride, padding, dilation, ceil_mode)[:, 0] == 1
    drawn = drawn_taps(figure)
    assert len(drawn) == holds.shape[1]
    for i, taps in enumerate(drawn):
        assert [at for at in taps if 0 <= at < size] == torch.nonzero(holds[:, i])[:, 0].tolist()


@pytest.mark.parametrize(
    ("setting", "dropped"),
    [((3, 2, 2, 1), [[3, 4]]), ((6, 3, 2, 1), []), ((1, 2, 2, 1), [[1, 2]]), ((4, 2, 2, 0), [])],
)
def test_a_dropped_window_is_grey_and_says_so(setting, dropped):
    figure = diagrams.windows(*setting, ceil_mode=True)
    assert drawn_taps(figure, draw.PADDING) == dropped
    names = [text.get_text() for text in figure.axes[0].texts]
    assert names.count("dropped") == len(dropped)


def test_padding_is_hatched_and_the_overhang_dashed():
    cells = [p for p in diagrams.windows(6, 3, 2, 1, ceil_mode=True).axes[0].patches]
    assert [p.get_x() + 0.5 for p in cells if p.get_hatch()] == [-1, 6]
    assert [p.get_x() + 0.5 for p in cells if p.get_linestyle() == "--"] == [7]


@pytest.mark.parametrize(("size", "output"), [(5, 3), (7, 4), (3, 5), (6, 2)])
def test_bins_are_those_that_torch_reads(size, output):
    figure = diagrams.bins(size, output)
    holds = F.adaptive_max_pool1d(torch.eye(size)[:, None], output)[:, 0] == 1
    green = to_rgba(draw.OUTPUT, 0.35)
    boxes = [p for p in figure.axes[0].patches if p.get_facecolor() == green]
    drawn = [
        [at for at in range(size) if box.get_x() < at < box.get_x() + box.get_width()]
        for box in boxes
    ]
    assert drawn == [torch.nonzero(column)[:, 0].tolist() for column in holds.T]


def test_a_field_is_as_wide_as_the_gradient_of_one_output():
    layers = [(3, 1), (2, 2), (3, 1), (2, 2)]
    figure = diagrams.field(layers, inputs=24)
    x = torch.rand(1, 1, 24, requires_grad=True)
    y = x
    for kernel_size, stride in layers:
        y = F.avg_pool1d(y, kernel_size, stride)
    y[0, 0, y.shape[2] // 2].backward()
    blue = to_rgba(draw.INPUT, 0.7)
    filled = [p for p in figure.axes[0].patches if p.get_facecolor() == blue]
    on_input = [round(p.get_x() + 0.5) for p in filled if p.get_y() == -0.5]
    assert on_input == torch.nonzero(x.grad[0, 0])[:, 0].tolist()
    counts = [text.get_text() for text in figure.axes[0].texts]
    assert {"10", "8", "4", "2", "1"} <= set(counts)


def test_arrows_lead_to_the_pixels_that_get_the_gradient():
    x = torch.tensor([[[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    grad_output = np.array([[1.0, 2], [3, 4]])
    (ax,) = diagrams.routes(x[0].numpy(), grad_output, 2).axes
    x.requires_grad = True
    F.max_pool2d(x, 2).backward(torch.tensor(grad_output[None]).float())
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    ends = {tuple(round(v) for v in a._posA_posB[1]) for a in arrows}
    assert len(arrows) == 4
    assert ends == {(c, r) for r, c in torch.nonzero(x.grad[0]).tolist()}
    outlined = {
        (p.get_x() + 0.5, p.get_y() + 0.5)
        for p in ax.patches
        if isinstance(p, Rectangle) and not p.get_fill()
    }
    assert outlined == ends


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("size", "output"), [(2, 4), (4, 2), (3, 5)])
def test_centres_are_where_torch_reads(size, output, align_corners):
    """A ramp, resized, tells the place that each new pixel reads, but at the clamped ends."""
    figure = diagrams.centres(size, output, align_corners=align_corners)
    ramp = torch.arange(size, dtype=torch.float64).reshape(1, 1, size)
    by_torch = F.interpolate(ramp, output, mode="linear", align_corners=align_corners)[0, 0]
    diamonds = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert np.clip(diamonds, 0, size - 1) == pytest.approx(by_torch.numpy())


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"grad_output has shape \(1, 2\), but the output has"):
        diagrams.routes(np.zeros((4, 4)), np.zeros((1, 2)), 2)
    with pytest.raises(ValueError, match="output_size=0 must be at least 1"):
        diagrams.bins(5, 0)
