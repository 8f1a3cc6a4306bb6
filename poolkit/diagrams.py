"""Pictures of how operations reach: windows, bins and fields along one axis, routes of gradients.

Each draws one new figure from the same numbers that `arithmetic`, `functional` and `gradients`
compute with, in the colours of `draw`, and returns it; ``plt.show()`` in a notebook shows it. Sizes
are in pixels, and a wrong one raises the error of the function that computes with it.
"""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from poolkit import arithmetic, checks, draw, functional

_INCHES = 0.42


def windows(
    input_size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
) -> Figure:
    """Draw one row of pixels, and below it which of them each window reads, a line for a window.

    The padding is hatched. What `ceil_mode` adds beyond the padding, the overhang, has dashed
    outlines. A window that rounding up adds, but that is dropped again, is grey, and says so.

    Source: `arithmetic.window`, with the arguments of `arithmetic.output_size`.
    """
    layer = (kernel_size, kernel_size if stride is None else stride, padding, dilation)
    count = arithmetic.output_size(input_size, *layer, ceil_mode=ceil_mode)
    read = [arithmetic.window(i, *layer) for i in range(count)]
    after = arithmetic.window(count, *layer)
    slack = input_size + 2 * padding - (after.stop - after.start)
    dropped = ceil_mode and -(-slack // layer[1]) + 1 > count
    lines = [*read, after] if dropped else read
    end = max(input_size + padding, *(line.stop for line in lines))
    figure, ax = _row_of_cells(-padding, end, len(lines))
    for at in range(-padding, end):
        if 0 <= at < input_size:
            draw.cell(ax, at, 0, draw.INPUT, str(at))
        elif at < input_size + padding:
            draw.cell(ax, at, 0, draw.PADDING, hatch="///")
        else:
            style = {"facecolor": "white", "edgecolor": "#888888", "linestyle": "--"}
            draw.cell(ax, at, 0, draw.PADDING, **style)
    for i, line in enumerate(lines):
        colour, name = (draw.WINDOW, f"window {i}") if i < count else (draw.PADDING, "dropped")
        ax.plot([line.start, line.stop - 1], [1.5 + i] * 2, color=colour, linewidth=1)
        ax.plot(list(line), [1.5 + i] * len(line), "s", color=colour, markersize=11)
        ax.text(-padding - 0.8, 1.5 + i, name, ha="right", va="center", fontsize=10)
    return figure


def bins(input_size: int, output_size: int) -> Figure:
    """Draw one row of pixels, and below it the bins of adaptive pooling, a line for a bin.

    Dotted lines are the exact cuts, at multiples of input_size / output_size; each bin reaches out
    to whole pixels.

    Source: `arithmetic.adaptive_window`.
    """
    ranges = [
        arithmetic.adaptive_window(i, input_size, output_size)
        for i in range(checks.whole_number("output_size", output_size, 1))
    ]
    figure, ax = _row_of_cells(0, input_size, len(ranges))
    for at in range(input_size):
        draw.cell(ax, at, 0, draw.INPUT, str(at))
    for i, pixels in enumerate(ranges):
        style = {"facecolor": (draw.OUTPUT, 0.35), "edgecolor": draw.OUTPUT}
        ax.add_patch(Rectangle((pixels.start - 0.46, 1.15 + i), len(pixels) - 0.08, 0.7, **style))
        ax.text(-0.8, 1.5 + i, f"bin {i}", ha="right", va="center", fontsize=10)
    for cut in range(output_size + 1):
        at = cut * input_size / output_size - 0.5
        ax.plot([at, at], [-0.7, len(ranges) + 1.1], ":", color="black", linewidth=1)
    return figure


def field(layers: Iterable[Sequence[int]], *, inputs: int | None = None) -> Figure:
    """Draw what one output of a stack of layers sees, along one axis: a row of cells for each map.

    The input is above, the last map below. Coloured are those pixels of each map that the output in
    the middle of the last map depends on; lines join it to the ends of its field.

    Args: `layers`, from the input on, each (kernel_size, stride); no padding. `inputs`, how many
    pixels the input has; None is twice the receptive field.
    Source: `arithmetic.window`.
    """
    stack = [arithmetic.Layer(*layer) for layer in layers]
    size = arithmetic.receptive_field(stack).size
    # Of each map the size, and where its pixels lie on the input; then those that the output sees.
    sizes, offsets, jumps = [2 * size if inputs is None else inputs], [0.0], [1]
    for layer in stack:
        sizes.append(arithmetic.output_size(sizes[-1], *layer))
        offsets.append(offsets[-1] + jumps[-1] * (layer.kernel_size - 1) / 2)
        jumps.append(jumps[-1] * layer.stride)
    seen = [range(sizes[-1] // 2, sizes[-1] // 2 + 1)]
    for layer in reversed(stack):
        first = arithmetic.window(seen[0].start, *layer).start
        stop = arithmetic.window(seen[0].stop - 1, *layer).stop
        seen.insert(0, range(first, stop))
    width = min(0.3 * sizes[0], 9)
    figure, ax = plt.subplots(figsize=(width + 2, 0.75 * len(sizes) + 0.3))
    names = ["input", *(f"kernel {layer.kernel_size}, stride {layer.stride}" for layer in stack)]
    ends_above = None
    for level, pixels in enumerate(seen):
        y, colour = -1.6 * level, draw.OUTPUT if level == len(stack) else draw.INPUT
        places = offsets[level] + jumps[level] * np.arange(sizes[level])
        for i, place in enumerate(places):
            face = (colour, 0.7) if i in pixels else "white"
            draw.cell(ax, place, y, colour, facecolor=face, edgecolor="#888888", linewidth=0.8)
        ends = (places[pixels[0]] - 0.5, places[pixels[-1]] + 0.5)
        if ends_above:
            for here, above in zip(ends, ends_above, strict=True):
                ax.plot([here, above], [y + 0.5, y + 1.1], color=draw.WINDOW, linewidth=1.5)
        ends_above = ends
        ax.text(-1.2, y, names[level], ha="right", va="center", fontsize=10)
        ax.text(sizes[0] + 0.2, y, str(len(pixels)), ha="left", va="center", fontsize=10)
    ax.set(xlim=(-1 - 1.6 * sizes[0] / width, sizes[0] + 1), ylim=(-1.6 * len(stack) - 0.9, 0.9))
    ax.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def routes(
    x: np.ndarray, grad_output: np.ndarray, kernel_size: int, stride: int | None = None
) -> Figure:
    """Draw how max pooling sends each output's gradient back, as arrows to the largest pixels.

    On the left the input, on the right the gradients of the outputs; each arrow ends at the pixel
    that won the window of the output where it begins.

    Args: `x`, numbers of shape (H, W); `grad_output`, of the output's shape.
    Source: the indices of `functional.max_pool2d`.
    """
    maps = np.array([x], dtype=float)
    _, indices = functional.max_pool2d(maps, kernel_size, stride, return_indices=True)
    grad_output = np.asarray(grad_output)
    if grad_output.shape != indices.shape[1:]:
        raise ValueError(
            f"grad_output has shape {grad_output.shape}, but the output has {indices.shape[1:]}"
        )
    rows, columns = maps.shape[1:]
    out_rows, out_columns = grad_output.shape
    right, top = columns + 2.5, (rows - out_rows) / 2
    size = 1.2 * _INCHES * (right + out_columns), 1.2 * _INCHES * (rows + 1)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    won = set(indices[0].ravel().tolist())
    for (row, column), value in np.ndenumerate(maps[0]):
        draw.cell(ax, column, row, draw.INPUT, draw.number(value))
        if row * columns + column in won:
            style = {"fill": False, "edgecolor": draw.WINDOW, "linewidth": 2.5}
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    for (row, column), value in np.ndenumerate(grad_output):
        at = (right + column, top + row)
        draw.cell(ax, *at, draw.OUTPUT, draw.number(value))
        to_row, to_column = divmod(int(indices[0, row, column]), columns)
        ends = (at[0] - 0.3, at[1]), (to_column + 0.35, to_row)
        bow = f"arc3,rad={0.15 if to_row < at[1] else -0.15}"
        style = {"arrowstyle": "-|>", "mutation_scale": 14, "color": draw.WINDOW, "linewidth": 1.5}
        ax.add_patch(FancyArrowPatch(*ends, connectionstyle=bow, **style))
    ax.text((columns - 1) / 2, -0.75, "input", ha="center", fontsize=11)
    middle = right + (out_columns - 1) / 2
    ax.text(middle, top + out_rows + 0.5, "gradient of\nthe output", ha="center", fontsize=11)
    ax.set(xlim=(-0.7, right + out_columns + 0.6), ylim=(rows - 0.3, -1.3), aspect="equal")
    ax.axis("off")
    return figure


def centres(input_size: int, output_size: int, *, align_corners: bool = False) -> Figure:
    """Draw where the centres of new pixels lie among those of the old ones, when a row is resized.

    Args: `align_corners` as in `functional.interpolate`.
    Source: aten/src/ATen/native/UpSample.h of PyTorch (area_pixel_compute_source_index).
    """
    input_size = checks.whole_number("input_size", input_size, 1)
    output_size = checks.whole_number("output_size", output_size, 1)
    if checks.switch("align_corners", align_corners):
        first, width = 0, (input_size - 1) / max(output_size - 1, 1)
    else:
        first, width = input_size / output_size / 2 - 0.5, input_size / output_size
    figure, ax = plt.subplots(figsize=(1.6 * input_size + 1.2, 2), layout="constrained")
    for i in range(input_size):
        style = {"facecolor": (draw.INPUT, 0.35), "edgecolor": "#888888"}
        ax.add_patch(Rectangle((i - 0.5, 0), 1, 0.8, **style))
        ax.plot(i, 0.4, "o", color=draw.CURVES[0], markersize=8)
        ax.text(i - 0.1, 0.4, str(i), ha="right", va="center", fontsize=10)
    for centre in first + width * np.arange(output_size):
        style = {"facecolor": (draw.OUTPUT, 0.35), "edgecolor": "#888888"}
        ax.add_patch(Rectangle((centre - width / 2, -1.2), width, 0.8, **style))
        ax.plot([centre, centre], [-0.8, 0.4], ":", color="black", linewidth=1)
        ax.plot(centre, -0.8, "D", color=draw.OUTPUT, markersize=7)
        ax.text(centre, -1.45, draw.number(centre), ha="center", va="top", fontsize=9)
    ax.text(-0.9, 0.4, "old", ha="right", va="center", fontsize=10)
    ax.text(-0.9, -0.8, "new", ha="right", va="center", fontsize=10)
    ax.set(xlim=(-1.3, input_size - 1 + max(0.6, width / 2 + 0.1)), ylim=(-1.9, 0.9))
    ax.axis("off")
    return figure


def _row_of_cells(first: int, stop: int, lines: int) -> tuple[Figure, Axes]:
    figure, ax = plt.subplots(figsize=((stop - first + 3) * _INCHES, (lines + 1.6) * _INCHES))
    ax.set(xlim=(first - 3, stop - 0.3), ylim=(lines + 1.2, -0.8), aspect="equal")
    ax.axis("off")
    figure.tight_layout(pad=0.2)
    return figure, ax
