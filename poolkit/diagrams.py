"""Pictures of how operations reach: windows, bins and fields along one axis, routes of gradients.

Each draws one new figure from the same numbers that `arithmetic`, `functional` and `gradients`
compute with, in the colours of `draw`, and returns it; ``plt.show()`` in a notebook shows it.
"""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from poolkit import arithmetic, draw, functional

__all__ = ["bins", "centres", "field", "routes", "windows"]

_INCHES = 0.42
_DPI = 100


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

    Args: in pixels, as `arithmetic.output_size`.
    Raises: as `arithmetic.output_size`.
    Source: `arithmetic.window`.

    >>> len(windows(7, kernel_size=3, stride=2).axes)
    1
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
        kind = "pixel" if 0 <= at < input_size else "padding"
        _cell(ax, at, 0, "overhang" if at >= input_size + padding else kind, str(at))
    for i, line in enumerate(lines):
        kept = i < count
        colour = draw.WINDOW if kept else draw.PADDING
        ax.plot([line.start, line.stop - 1], [1.5 + i] * 2, color=colour, linewidth=1)
        ax.plot(list(line), [1.5 + i] * len(line), "s", color=colour, markersize=11)
        name = f"window {i}" if kept else "dropped"
        ax.text(-padding - 0.8, 1.5 + i, name, ha="right", va="center", fontsize=10)
    return figure


def bins(input_size: int, output_size: int) -> Figure:
    """Draw one row of pixels, and below it the bins of adaptive pooling, a line for a bin.

    Dotted lines are the exact cuts, at multiples of input_size / output_size; each bin reaches out
    to whole pixels.

    Args: in pixels, and in bins.
    Raises: as `arithmetic.adaptive_window`.
    Source: `arithmetic.adaptive_window`.

    >>> len(bins(5, 3).axes)
    1
    """
    ranges = [
        arithmetic.adaptive_window(i, input_size, output_size)
        for i in range(arithmetic.whole_number("output_size", output_size, 1))
    ]
    figure, ax = _row_of_cells(0, input_size, len(ranges))
    for at in range(input_size):
        _cell(ax, at, 0, "pixel", str(at))
    for i, pixels in enumerate(ranges):
        width = len(pixels)
        style = {"facecolor": (draw.OUTPUT, 0.35), "edgecolor": draw.OUTPUT}
        ax.add_patch(Rectangle((pixels.start - 0.46, 1.15 + i), width - 0.08, 0.7, **style))
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
    Raises: ValueError if a layer does not fit; otherwise as `arithmetic.receptive_field`.
    Source: `arithmetic.window`.

    >>> len(field([(3, 1), (2, 2)]).axes)
    1
    """
    stack = [arithmetic.Layer(*layer) for layer in layers]
    size = arithmetic.receptive_field(stack).size
    sizes = [2 * size if inputs is None else inputs]
    for layer in stack:
        sizes.append(arithmetic.output_size(sizes[-1], *layer))
    # Where the pixels of each map lie, in pixels of the input, and which of them the output sees.
    offsets, jumps = [0.0], [1]
    for layer in stack:
        offsets.append(offsets[-1] + jumps[-1] * (layer.kernel_size - 1) / 2)
        jumps.append(jumps[-1] * layer.stride)
    seen = [range(sizes[-1] // 2, sizes[-1] // 2 + 1)]
    for layer in reversed(stack):
        first = arithmetic.window(seen[0].start, *layer).start
        stop = arithmetic.window(seen[0].stop - 1, *layer).stop
        seen.insert(0, range(first, stop))
    width = min(0.3 * sizes[0], 9)
    figure, ax = plt.subplots(figsize=(width + 2, 0.75 * len(sizes) + 0.3), dpi=_DPI)
    scale = width / sizes[0]
    for level, (count, offset, jump, pixels) in enumerate(
        zip(sizes, offsets, jumps, seen, strict=True)
    ):
        y = -1.6 * level
        for i in range(count):
            colour = draw.OUTPUT if level == len(stack) else draw.INPUT
            face = (colour, 0.7) if i in pixels else "white"
            style = {"facecolor": face, "edgecolor": "#888888", "linewidth": 0.8}
            ax.add_patch(Rectangle((offset + i * jump - 0.5, y - 0.5), 1, 1, **style))
        if level:
            kernel_size, layer_stride = stack[level - 1][:2]
            name = f"kernel {kernel_size}, stride {layer_stride}"
            below = seen[level - 1]
            for here, there in ((pixels[0], below[0]), (pixels[-1], below[-1])):
                side = -0.5 if there == below[0] else 0.5
                ends = (offset + here * jump + side, offsets[level - 1] + there * jumps[level - 1])
                ax.plot(
                    [ends[0], ends[1] + side], [y + 0.5, y + 1.1], color=draw.WINDOW, linewidth=1.5
                )
        else:
            name = "input"
        seeing = len(seen[0]) if level == 0 else len(pixels)
        ax.text(-1.2, y, name, ha="right", va="center", fontsize=10)
        ax.text(sizes[0] + 0.2, y, str(seeing), ha="left", va="center", fontsize=10)
    ax.set(xlim=(-1 - 1.6 / scale, sizes[0] + 1), ylim=(-1.6 * len(stack) - 0.9, 0.9))
    ax.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def routes(
    x: np.ndarray, grad_output: np.ndarray, kernel_size: int, stride: int | None = None
) -> Figure:
    """Draw how max pooling sends each output's gradient back, as arrows to the largest pixels.

    On the left the input, on the right the gradients of the outputs; each arrow ends at the pixel
    that won the window of the output where it begins.

    Args: `x`, numbers of shape (H, W); `grad_output`, of the output's shape; sizes in pixels.
    Raises: ValueError if the shapes do not fit; otherwise as `functional.max_pool2d`.
    Source: the indices of `functional.max_pool2d`.

    >>> len(routes(np.array([[1.0, 3, 2, 4], [5, 6, 1, 2]]), np.ones((1, 2)), 2).axes)
    1
    """
    maps = np.asarray(x, dtype=float)[np.newaxis]
    _, indices = functional.max_pool2d(maps, kernel_size, stride, return_indices=True)
    grad_output = np.asarray(grad_output)
    if grad_output.shape != indices.shape[1:]:
        raise ValueError(
            f"grad_output has shape {grad_output.shape}, but the output has {indices.shape[1:]}"
        )
    rows, columns = maps.shape[1:]
    right = columns + 2.5
    out_rows, out_columns = grad_output.shape
    top = (rows - out_rows) / 2
    figure, ax = plt.subplots(
        figsize=((right + out_columns) * _INCHES * 1.2, (rows + 1) * _INCHES * 1.2),
        dpi=_DPI,
        layout="constrained",
    )
    won = set(indices[0].ravel().tolist())
    for (row, column), value in np.ndenumerate(maps[0]):
        _cell(ax, column, row, "pixel", f"{value:g}".replace("-", "−"))
        if row * columns + column in won:
            style = {"fill": False, "edgecolor": draw.WINDOW, "linewidth": 2.5}
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    for (row, column), value in np.ndenumerate(grad_output):
        at = (right + column, top + row)
        style = {"facecolor": (draw.OUTPUT, 0.35), "edgecolor": "white"}
        ax.add_patch(Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, **style))
        ax.text(*at, f"{value:g}".replace("-", "−"), ha="center", va="center", fontsize=11)
        to_row, to_column = divmod(int(indices[0, row, column]), columns)
        ax.add_patch(
            FancyArrowPatch(
                (at[0] - 0.3, at[1]),
                (to_column + 0.35, to_row),
                arrowstyle="-|>",
                mutation_scale=14,
                connectionstyle=f"arc3,rad={0.15 if to_row < at[1] else -0.15}",
                color=draw.WINDOW,
                linewidth=1.5,
            )
        )
    ax.text((columns - 1) / 2, -0.75, "input", ha="center", fontsize=11)
    middle = right + (out_columns - 1) / 2
    ax.text(middle, top + out_rows + 0.5, "gradient of\nthe output", ha="center", fontsize=11)
    ax.set(xlim=(-0.7, right + out_columns + 0.6), ylim=(rows - 0.3, -1.3), aspect="equal")
    ax.axis("off")
    return figure


def centres(input_size: int, output_size: int, *, align_corners: bool = False) -> Figure:
    """Draw where the centres of new pixels lie among those of the old ones, when a row is resized.

    Args: in pixels; `align_corners` as in `functional.interpolate`.
    Raises: TypeError or ValueError if a size is not a whole number of at least 1.
    Source: aten/src/ATen/native/UpSample.h of PyTorch (area_pixel_compute_source_index).

    >>> len(centres(2, 4).axes)
    1
    """
    input_size = arithmetic.whole_number("input_size", input_size, 1)
    output_size = arithmetic.whole_number("output_size", output_size, 1)
    new = np.arange(output_size)
    if arithmetic.switch("align_corners", align_corners):
        at = new * (input_size - 1) / max(output_size - 1, 1)
        width = (input_size - 1) / max(output_size - 1, 1)
    else:
        at = (new + 0.5) * input_size / output_size - 0.5
        width = input_size / output_size
    inches = 1.6
    figure, ax = plt.subplots(
        figsize=(inches * input_size + 1.2, 2), dpi=_DPI, layout="constrained"
    )
    for i in range(input_size):
        style = {"facecolor": (draw.INPUT, 0.35), "edgecolor": "#888888"}
        ax.add_patch(Rectangle((i - 0.5, 0), 1, 0.8, **style))
        ax.plot(i, 0.4, "o", color=draw.CURVES[0], markersize=8)
        ax.text(i - 0.1, 0.4, str(i), ha="right", va="center", fontsize=10)
    for centre in at:
        style = {"facecolor": (draw.OUTPUT, 0.35), "edgecolor": "#888888"}
        ax.add_patch(Rectangle((centre - width / 2, -1.2), width, 0.8, **style))
        ax.plot([centre, centre], [-0.8, 0.4], ":", color="black", linewidth=1)
        ax.plot(centre, -0.8, "D", color=draw.OUTPUT, markersize=7)
        ax.text(centre, -1.45, f"{centre:.4g}".replace("-", "−"), ha="center", va="top", fontsize=9)
    ax.text(-0.9, 0.4, "old", ha="right", va="center", fontsize=10)
    ax.text(-0.9, -0.8, "new", ha="right", va="center", fontsize=10)
    edge = max(0.6, width / 2 + 0.1)
    ax.set(xlim=(-1.3, input_size - 1 + edge), ylim=(-1.9, 0.9))
    ax.axis("off")
    return figure


def _row_of_cells(first: int, stop: int, lines: int) -> tuple[Figure, Axes]:
    figure, ax = plt.subplots(
        figsize=((stop - first + 3) * _INCHES, (lines + 1.6) * _INCHES), dpi=_DPI
    )
    ax.set(xlim=(first - 3, stop - 0.3), ylim=(lines + 1.2, -0.8), aspect="equal")
    ax.axis("off")
    figure.tight_layout(pad=0.2)
    return figure, ax


def _cell(ax: Axes, column: float, row: float, kind: str, text: str) -> None:
    style = {
        "pixel": {"facecolor": (draw.INPUT, 0.35), "edgecolor": "white"},
        "padding": {"facecolor": (draw.PADDING, 0.35), "edgecolor": "white", "hatch": "///"},
        "overhang": {"facecolor": "white", "edgecolor": "#888888", "linestyle": "--"},
    }[kind]
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    if kind == "pixel":
        ax.text(column, row, text, ha="center", va="center", fontsize=11)
