"""The course's pictures: grids of numbers, images, feature maps, learning curves,
results over seeds.

Every function draws one new figure and returns it; a notebook cell shows it with ``plt.show()``.
Pictures come in a dict from title to array or tensor, and curves in a dict from name to numbers: an
empty one raises ValueError, as do other shapes than those said, and a masked array TypeError.

The colours mean the same everywhere and come from the palette of Okabe & Ito 2008
(jfly.uni-koeln.de/color), which colour-blind readers can tell apart. Nothing is told by colour
alone: windows have outlines, padding is hatched, curves carry their names.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator

from poolkit import checks
from poolkit.arithmetic import conv_transpose_output_size
from poolkit.environment import invisible_figures

if TYPE_CHECKING:
    from poolkit.training import History

INPUT = "#56B4E9"
WINDOW = "#D55E00"
OUTPUT = "#009E73"
WEIGHT = "#CC79A7"
PADDING = "#BBBBBB"
# The muted scheme of Paul Tol (sronpersonalpages.nl/~pault), after black for the background.
CLASSES = (
    *("#000000", "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677"),
    *("#882255", "#AA4499", "#DDDDDD"),
)
CURVES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

# Every lesson imports this module, so none runs to its end without figures and without a word.
if _problem := invisible_figures():
    print(_problem)

# The top row, the left column, the height and the width of an outline, in cells.
Outline = tuple[float, float, float, float]

CENTRED = {"ha": "center", "va": "center"}

_INCHES_PER_CELL = 0.5
# From one name to the next above it, in points.
_LINE = 13


def grids(
    panels: Mapping[str, Any],
    *,
    windows: Sequence[Outline] | Mapping[str, Sequence[Outline]] = (),
    padding: int | tuple[int, int] = 0,
    inputs: Container[str] = (),
    weights: Container[str] = (),
) -> Figure:
    """Draw 2-D arrays of numbers side by side: the first as the input, the others as outputs.

    Args: `panels`, of shape (H, W); `inputs` and `weights`, the titles of those others that are
    inputs and weights, which have colours of their own; `windows`, outlines on the first array,
    each (top, left, height, width) in cells, or a dict from title to the outlines on that array;
    `padding`, how many rows and columns along the border of the first array are padding, which is
    hatched. Introduced in lesson 01.
    """
    arrays = _arrays(panels, "(H, W)")
    widths = [a.shape[1] for a in arrays.values()]
    height = max(a.shape[0] for a in arrays.values())
    figure, axes = plt.subplots(
        ncols=len(arrays),
        width_ratios=widths,
        figsize=(_INCHES_PER_CELL * (sum(widths) + len(widths)), _INCHES_PER_CELL * (height + 1)),
        squeeze=False,
        layout="constrained",
    )
    outlines = windows if isinstance(windows, dict) else {next(iter(arrays)): windows}
    for i, (ax, (title, values)) in enumerate(zip(axes[0], arrays.items(), strict=True)):
        colour = WEIGHT if title in weights else INPUT if title in inputs or not i else OUTPUT
        _grid(ax, values, colour, 0 if i else padding)
        ax.set_title(title, fontsize=11)
        for top, left, h, w in outlines.get(title, ()):
            style = {"fill": False, "edgecolor": WINDOW, "linewidth": 3}
            ax.add_patch(Rectangle((left - 0.5, top - 0.5), w, h, **style))
    return figure


def images(
    panels: Mapping[str, Any], *, columns: int = 5, limits: tuple[float, float] | None = None
) -> Figure:
    """Draw images side by side.

    Args: `panels`, of shape (H, W), (1, H, W) or, in colour, (3, H, W), where uint8 is shown from 0
    to 255; `columns`, images per row; `limits`, for other dtypes, the values shown as black and as
    white, where None means each image's own smallest and largest. Introduced in lesson 01.
    """
    pictures = {title: _picture(title, image) for title, image in _arrays(panels).items()}
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    tallest = max(p.shape[0] / p.shape[1] for p in pictures.values())
    side = 9 / columns if columns > 2 else 4
    size = (side * columns, (side * tallest + 0.35) * rows)
    figure, axes = _blank(rows, columns, figsize=size)
    for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
        low, high = (0, 255) if picture.dtype == np.uint8 else limits or (None, None)
        ax.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        ax.set_title(title, fontsize=10)
    return figure


def segmentations(panels: Mapping[str, Any], names: Sequence[str], *, columns: int = 4) -> Figure:
    """Draw images and maps of classes side by side, each class in its colour and with its number.

    The names of the classes that occur stand below.

    Args: `panels`, images of uint8, (1, H, W), and maps of classes, (H, W); `names`, one per class,
    at most 11, the first that of the background, which has no number; `columns`, pictures per row.
    Raises: ValueError too if a class has no name, or a name no colour. Introduced in lesson 12.
    """
    if len(names) > len(CLASSES):
        raise ValueError(f"there are {len(names)} names and only {len(CLASSES)} colours")
    arrays = _arrays(panels)
    figure = images(arrays, columns=columns)
    colours = np.array([to_rgb(colour) for colour in CLASSES])
    present = set()
    for ax, (title, classes) in zip(figure.axes, arrays.items(), strict=False):
        if classes.ndim != 2:
            continue
        if not 0 <= classes.min() <= classes.max() < len(names):
            raise ValueError(
                f"{title!r} has classes from {classes.min()} to {classes.max()}; "
                f"{len(names)} names are for 0 to {len(names) - 1}"
            )
        ax.images[0].set(data=colours[classes])
        for label in set(np.unique(classes)) - {0}:
            present.add(label)
            cells = np.argwhere(classes == label)
            row, column = cells[((cells - cells.mean(axis=0)) ** 2).sum(axis=1).argmin()]
            text = ax.text(column, row, label, color="white", fontsize=9, **CENTRED)
            text.set_path_effects([withStroke(linewidth=2, foreground="black")])
    handles = [Patch(color=CLASSES[c], label=f"{c} {names[c]}") for c in sorted(present)]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=9, frameon=False)
    return figure


def feature_maps(layers: Mapping[str, Any], *, maps: int = 8) -> Figure:
    """Draw the first maps of each layer, one row for each layer, each map in its own grey range.

    Args: `layers`, the maps of one image, of shape (C, H, W); `maps`, how many maps per layer.
    Introduced in lesson 07.
    """
    arrays = _arrays(layers, "(C, H, W)")
    figure, axes = _blank(len(layers), maps, figsize=(maps * 1.1, len(layers) * 1.25))
    for row, (title, values) in zip(axes, arrays.items(), strict=True):
        row[0].set_title(title, fontsize=10, loc="left")
        for ax, one in zip(row, values, strict=False):
            ax.imshow(one, cmap="gray", interpolation="nearest")
    return figure


def learning_curves(histories: Mapping[str, "History"]) -> Figure:
    """Draw accuracy against seconds of training: on the test images, and on each batch, smoothed.

    Args: `histories`, each a poolkit.training.History, which must have test results.
    Introduced in lesson 07.
    """
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for i, (name, history) in enumerate(_not_empty(histories).items()):
        if not history.test_accuracy:
            raise ValueError(f"{name!r} has no test results: call fit with test=…")
        colour, marker = _style(i)
        batches = min(50, len(history.accuracy))
        smooth = np.convolve(history.accuracy, np.ones(batches) / batches, mode="valid")
        seconds = np.linspace(0, history.seconds, len(history.accuracy) + 1)[batches:]
        ax.plot(seconds, smooth, color=colour, linewidth=1, alpha=0.6)
        ax.plot(history.test_seconds, history.test_accuracy, marker, ls="--", color=colour)
        end = (history.test_seconds[-1], history.test_accuracy[-1])
        ax.annotate(name, end, (8, 0), textcoords="offset points", color=colour, va="center")
    longest = max(history.seconds for history in histories.values())
    ax.set(xlabel="seconds of training", xlim=(0, 1.2 * longest))
    ax.set(ylabel="share right", ylim=(0.5, 1))
    ax.set_title("Accuracy: marks on the test images, lines on the training batches", fontsize=11)
    ax.grid(alpha=0.3)
    return figure


def costs(
    sizes: Sequence[float], curves: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str
) -> Figure:
    """Draw what each of several ways costs against a size, both on logarithmic axes.

    Args: `sizes`, the numbers along the x axis; `curves`, the costs, one for each size; `xlabel`
    and `ylabel`, what the sizes and the costs are, with their unit. Introduced in lesson 05.
    """
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for i, (name, values) in enumerate(_not_empty(curves).items()):
        if len(values) != len(sizes):
            raise ValueError(f"{name!r} has {len(values)} costs for {len(sizes)} sizes")
        colour, marker = _style(i)
        ax.plot(sizes, values, marker=marker, color=colour, markersize=5, label=name)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    # Room on the right for the names, and above for one that has to stand higher than its curve.
    ax.margins(y=0.1)
    ax.set_xlim(sizes[0] / 1.1, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.35)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:,g}")
    _mark_sizes_and_names(ax, sizes)
    return figure


def seeds(groups: Mapping[str, Sequence[float]], *, xlabel: str) -> Figure:
    """Draw each group of figures as a row: a dot per seed, a line from the lowest to the highest.

    A cross-stroke marks the median.

    Args: `groups`, the figures, one for each seed, the first drawn on top; `xlabel`, what they are,
    with their unit. Introduced in lesson 08.
    """
    figure, ax = _rows(groups, xlabel, 0.6)
    for row, (name, figures) in enumerate(groups.items()):
        if len(figures) == 0:
            raise ValueError(f"{name!r} has no figure")
        ax.plot([min(figures), max(figures)], [row, row], color=CURVES[0], lw=6, alpha=0.25)
        ax.plot(figures, [row] * len(figures), "o", color=CURVES[0], markersize=4)
        ax.plot(np.median(figures), row, "|", color="black", markersize=13)
    return figure


def ranges(
    groups: Mapping[str, tuple[float, float]], *, bound: float, margin: float, xlabel: str
) -> Figure:
    """Draw each range as a row, a line between its ends, and in grey the margin around a bound.

    Args: `groups`, each (lowest, highest), the first drawn on top; `bound`, and `margin`, how far
    the grey reaches on each side of it, in the unit of the ranges; `xlabel`, what they are, with
    their unit. Introduced in lesson 13.
    """
    figure, ax = _rows(groups, xlabel, 0.8)
    ax.axvspan(bound - margin, bound + margin, color=PADDING, alpha=0.6)
    ax.axvline(bound, color="black", linewidth=1)
    for row, ends in enumerate(groups.values()):
        ax.plot(ends, [row, row], "o-", color=CURVES[0], linewidth=3)
    return figure


def sheet(pictures: Mapping[str, Callable[[], Figure]], *, columns: int = 2) -> Figure:
    """Draw the pictures of other functions small, side by side, each under its title.

    Args: `pictures`, functions without arguments that make a figure, such as ``lambda: grids(…)``;
    the figure is closed again; `columns`, pictures per row. Introduced in lesson 13.
    """
    rows = -(-len(_not_empty(pictures)) // columns)
    images_of = []
    for make in pictures.values():
        figure = make()
        canvas = FigureCanvasAgg(figure)  # which draws into an array, whatever shows figures here
        canvas.draw()
        images_of.append(np.array(canvas.buffer_rgba()))
        plt.close(figure.number)
    figure, axes = _blank(rows, columns, figsize=(10, 2.8 * rows), dpi=80)
    for ax, title, image in zip(axes.flat, pictures, images_of, strict=False):
        ax.imshow(image)
        ax.set_title(title, fontsize=11)
    return figure


def bands(
    sizes: Sequence[float],
    curves: Mapping[str, Sequence[Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    xscale: str = "linear",
) -> Figure:
    """Draw curves over seeds: the median as a line, a band from the lowest to the highest.

    Args: as of `costs`, but that a curve has a row of figures for each size, one for each seed;
    `xscale`, "linear" or "log". Introduced in lesson 08.
    """
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for i, (name, figures) in enumerate(_not_empty(curves).items()):
        if len(figures) != len(sizes):
            raise ValueError(f"{name!r} has {len(figures)} rows for {len(sizes)} sizes")
        colour, marker = _style(i)
        low, middle, high = np.transpose([np.quantile(row, (0, 0.5, 1)) for row in figures])
        ax.fill_between(sizes, low, high, color=colour, alpha=0.2, lw=0)
        ax.plot(sizes, middle, marker=marker, color=colour, markersize=5, label=name)
    ax.set(xscale=xscale, xlabel=xlabel, ylabel=ylabel)
    # Room on the right for the names.
    if xscale == "log":
        ax.set_xlim(right=sizes[-1] * (sizes[-1] / sizes[0]) ** 0.3)
    else:
        ax.set_xlim(right=sizes[-1] + 0.25 * (sizes[-1] - sizes[0]))
    _mark_sizes_and_names(ax, sizes)
    return figure


def overlaps(kernel_size: int, stride: int, *, inputs: int = 5) -> Figure:
    """Draw how often a transposed convolution writes to each cell: along a row, and on a map.

    Each input is a bar over the cells that it writes to; below the bars the counts. In two
    dimensions the counts of row and column multiply: darker is fewer.

    Args: `kernel_size`, the cells that each input writes to; `stride`, the cells from the window of
    one input to the next; `inputs`, how many inputs there are along the row.
    Raises: TypeError or ValueError if a size is not a whole number of at least 1.
    Source: Odena, Dumoulin, Olah 2016, doi:10.23915/distill.00003. Introduced in lesson 11.
    """
    inputs = checks.whole_number("inputs", inputs, 1)
    counts = np.zeros(conv_transpose_output_size(inputs, kernel_size, stride), dtype=int)
    width = 0.36 * len(counts)
    size, ratios = (width + 2.6, 2.8), (width, 2.4)
    figure, (row, area) = plt.subplots(
        ncols=2, width_ratios=ratios, figsize=size, layout="constrained"
    )
    for i in range(inputs):
        start = i * stride
        counts[start : start + kernel_size] += 1
        style = {"facecolor": (INPUT, 0.35), "edgecolor": WINDOW, "linewidth": 2}
        row.add_patch(Rectangle((start - 0.45, i + 0.1), kernel_size - 0.1, 0.8, **style))
    for position, count in enumerate(counts):
        cell(row, position, inputs + 0.7, OUTPUT, str(count), size=10)
    row.set(xlim=(-0.6, len(counts) - 0.4), ylim=(inputs + 1.3, 0))
    written = " ".join(map(str, counts))
    row.set_title(f"kernel {kernel_size}, stride {stride}, counts: {written}", fontsize=10)
    area.imshow(np.outer(counts, counts), cmap="gray", vmin=0, interpolation="nearest")
    area.set_title(f"on a map, up to {counts.max() ** 2}", fontsize=10)
    for ax in (row, area):
        ax.axis("off")
    return figure


def shares(wholes: Mapping[str, Mapping[str, float]], *, xlabel: str) -> Figure:
    """Draw what each of several wholes consists of: one bar of 100 % for each, cut into parts.

    Parts of less than 5 % have no label.

    Args: `wholes`, dicts from the name of a part to its amount, where all have the same parts, in
    the same order; `xlabel`, what 100 % is. Introduced in lesson 10.
    """
    parts = list(next(iter(_not_empty(wholes).values())))
    figure, ax = plt.subplots(figsize=(8, 0.8 + 0.45 * len(wholes)), layout="constrained")
    shades = plt.get_cmap("cividis")(np.linspace(0.05, 0.95, len(parts)))
    for row, (name, amounts) in enumerate(wholes.items()):
        if list(amounts) != parts:
            raise ValueError(f"{name!r} has the parts {list(amounts)}; the first has {parts}")
        left, total = 0, sum(amounts.values())
        for part, shade in zip(parts, shades, strict=True):
            width = 100 * amounts[part] / total
            ax.barh(row, width, left=left, color=shade, edgecolor="white")
            if width >= 5:
                colour = "white" if shade[:3].mean() < 0.45 else "black"
                ax.text(left + width / 2, row, part, color=colour, **CENTRED)
            left += width
    ax.set_yticks(range(len(wholes)), list(wholes))
    ax.set(xlim=(0, 100), xlabel=xlabel, ylim=(len(wholes) - 0.5, -0.5))
    return figure


def confusion(matrix: Any, names: Sequence[str]) -> Figure:
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones.

    Args: `matrix`, counts, shape (classes, classes); `names`, one per class.
    Introduced in lesson 07.
    """
    matrix = _array("matrix", matrix)
    if matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"matrix has shape {matrix.shape}; {len(names)} names need ({len(names)}, {len(names)})"
        )
    figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        ax.text(column, row, str(count), color=colour, fontsize=8, **CENTRED)
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted", ylabel="true")
    ax.set_title("Test images by true and by predicted class", fontsize=11)
    return figure


def number(value: float) -> str:
    """Return a number as the course's pictures write it, in four digits."""
    return f"{value:.4g}".replace("-", "−").replace("inf", "∞")


def cell(
    ax: Axes, column: float, row: float, colour: str, text: str = "", size: int = 11, **style: Any
) -> None:
    """Draw a cell of a grid around a place, with a text in it; `style`, if not the usual one."""
    style = {"facecolor": (colour, 0.35), "edgecolor": "white", **style}
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    if text:
        ax.text(column, row, text, fontsize=size, **CENTRED)


def _blank(rows: int, columns: int, **size: Any) -> tuple[Figure, np.ndarray]:
    """Return a figure of pictures in rows and columns, (rows, columns), without their axes."""
    figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained", **size)
    for ax in axes.flat:
        ax.axis("off")
    return figure, axes


def _rows(groups: Mapping[str, Any], xlabel: str, height: float) -> tuple[Figure, Axes]:
    """Return a figure with a row for each group, under its name, and a space of `height` inches."""
    count = len(_not_empty(groups))
    figure, ax = plt.subplots(figsize=(7, height + 0.36 * count), layout="constrained")
    ax.set_yticks(range(count), groups)
    ax.set(xlabel=xlabel, ylim=(count - 0.5, -0.5))
    ax.grid(axis="x", alpha=0.3)
    return figure, ax


def _style(i: int) -> tuple[str, str]:
    """Return the colour and the marker of a curve; colour alone must not tell it from others."""
    return CURVES[i % len(CURVES)], "osD^vPX"[i % 7]


def _mark_sizes_and_names(ax: Axes, sizes: Sequence[float]) -> None:
    """Write the sizes below, and each curve's name where it ends.

    Or so near that none covers another or the frame.
    """
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.autoscale_view()
    lines = sorted(ax.lines, key=lambda line: line.get_ydata()[-1])
    ends = [
        ax.transData.transform((0, line.get_ydata()[-1]))[1] * 72 / ax.figure.dpi for line in lines
    ]
    places = np.array(ends)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + _LINE)
    top = ax.bbox.y1 * 72 / ax.figure.dpi - _LINE
    places = np.minimum(places, top - _LINE * np.arange(len(places))[::-1])
    for line, end, place in zip(lines, ends, places, strict=True):
        style = {"textcoords": "offset points", "color": line.get_color(), "va": "center"}
        ax.annotate(line.get_label(), line.get_xydata()[-1], (8, place - end), **style)


def _grid(ax: Axes, values: np.ndarray, colour: str, padding: int | tuple[int, int]) -> None:
    rows, columns = values.shape
    above, before = checks.pair("padding", padding)
    inside = range(above, rows - above), range(before, columns - before)
    for (row, column), value in np.ndenumerate(values):
        if row in inside[0] and column in inside[1]:
            cell(ax, column, row, colour, number(value))
        else:
            cell(ax, column, row, PADDING, number(value), hatch="///")
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.45, -0.55), aspect="equal", anchor="N")
    ax.axis("off")


def _picture(title: str, picture: np.ndarray) -> np.ndarray:
    if picture.ndim == 2:
        return picture
    if picture.ndim == 3 and len(picture) in (1, 3):
        return picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
    raise ValueError(
        f"{title!r} has shape {picture.shape}; an image is (H, W), (1, H, W) or (3, H, W)"
    )


def _arrays(panels: Mapping[str, Any], shape: str | None = None) -> dict[str, np.ndarray]:
    arrays = {title: _array(repr(title), panel) for title, panel in _not_empty(panels).items()}
    for title, values in arrays.items():
        if shape and values.ndim != len(shape.split(",")):
            raise ValueError(f"{title!r} has shape {values.shape}; it must be {shape}")
    return arrays


def _array(name: str, value: Any) -> np.ndarray:
    # Not asarray, which would drop the mask of a masked array, and show what is under it.
    return checks.array(name, np.asanyarray(value))


def _not_empty(panels: Mapping[str, Any]) -> Mapping[str, Any]:
    if not panels:
        raise ValueError("there is nothing to draw: the dict is empty")
    return panels
