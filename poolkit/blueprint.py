"""Networks drawn from the torch module that builds them: boxes in the order of the forward pass.

`boxes` watches one forward pass on torch's meta device, where tensors have shapes but no numbers;
`network` draws what it saw. No net is described a second time for its picture.
"""

import re
from collections.abc import Sequence
from math import log2, prod
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Rectangle
from torch import nn
from torch.nn.modules import module as all_modules
from torch.overrides import TorchFunctionMode

from poolkit import draw
from poolkit.costs import run_without_numbers, tensors
from poolkit.layers import BlurPool2d, GatedPool2d, GeM, MixedPool2d, StochasticPool2d

COLOURS = {
    "input": draw.INPUT,
    "convolution": "#0072B2",
    "pool": draw.WINDOW,
    "upsampling": "#E69F00",
    "dense": draw.OUTPUT,
    "join": "#FFFFFF",
    "other": draw.PADDING,
}
_KINDS = {"join": "branches joined", "other": "other step"}
_SKIP = draw.CURVES[3]


class Box(NamedTuple):
    """One step of a forward pass that a picture shows.

    `name`: the module that took it, as in net.named_modules(), or the function that forward called.
    `kind`: one of COLOURS. `label`: what it does, such as "conv 3×3"; more than one line if need
    be. `shape`: that of its (first) output, without the batch. `sources`: the boxes whose outputs
    it takes, by their number. `folded`: the normalisations and activation functions that follow at
    once, by their class. `times`: how many alike in a row a picture shows as one.
    """

    name: str
    kind: str
    label: str
    shape: tuple[int, ...]
    sources: tuple[int, ...]
    folded: tuple[str, ...] = ()
    times: int = 1


def boxes(net: nn.Module, input_shape: Sequence[int]) -> tuple[Box, ...]:
    """List the steps of a net's forward pass in evaluation mode, as a picture shows them.

    The first box is the input. A convolution, a pool, an upsampling and a dense layer is a box, and
    so is a sum or a concatenation of branches. Whatever leaves the shape as it is, such as a
    normalisation or ReLU, is folded into the box before it. Nothing is computed.

    Args: `net`, a module that takes one tensor; `input_shape`, the shape of it, with the batch.
    Raises: TypeError if net is not a Module; ValueError if it does not take such an input, or
    returns something that is not a tensor computed from it by torch.

    >>> net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2))
    >>> for box in boxes(net, (1, 1, 8, 8)):
    ...     print(box.kind, box.shape, box.sources, box.folded)
    input (1, 8, 8) () ()
    convolution (6, 4, 4) (0,) ('ReLU',)
    pool (6, 2, 2) (1,) ()
    """
    if not isinstance(net, nn.Module):
        raise TypeError(f"net={net!r} must be a torch Module, not {type(net).__name__}")
    watch = _Watch(net)
    hooks = [
        all_modules.register_module_forward_pre_hook(watch.enter),
        all_modules.register_module_forward_hook(watch.leave, with_kwargs=True),
    ]
    try:
        with watch:
            run_without_numbers(net, input_shape)
    except Exception as error:
        raise ValueError(
            f"net, a {type(net).__name__}, cannot be followed with input_shape={input_shape}: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return watch.finished()


def network(net: nn.Module, input_shape: Sequence[int], *, title: str | None = None) -> Figure:
    """Draw a network: a box for each step, as high as its maps and as wide as they are many.

    Heights are in proportion to the maps' sides, widths grow with the logarithm of the number of
    maps; below each box stand what it does and the shape of its output, maps × height × width.
    Boxes alike in a row are drawn once. Branches lie one below the other; skip connections are arcs
    above. A net that makes its maps small and large again goes down and up, so that maps of a size
    lie at one height.

    Args: `net`, a module that takes one tensor; `input_shape`, the shape of it, with the batch;
    `title`, None for the name of the net's class.
    Raises: as `boxes`; ValueError too if there are more boxes than can be read.
    """
    steps = _merged(boxes(net, input_shape))
    if len(steps) > _MOST:
        raise ValueError(
            f"net, a {type(net).__name__}, has {len(steps)} boxes, and {_MOST} can be read in a "
            "picture: draw one of its parts"
        )
    layout = _Layout(steps, split_shapes=False)
    if layout.width > _WIDEST:
        layout = _Layout(steps, split_shapes=True)
    return _drawn(layout, type(net).__name__ if title is None else title)


# What forward calls by itself, by the name of the function: joins of branches and how they are
# written, and what is told from its name. Of the rest, what changes the maps' sides is a box.
_JOINS = {
    **dict.fromkeys(("add", "radd", "iadd"), "+"),
    **dict.fromkeys(("mul", "rmul", "imul"), "×"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "joined"),
}
_FUNCTIONS = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), "convolution"),
    **dict.fromkeys(("interpolate", "max_unpool2d", "conv_transpose2d"), "upsampling"),
    **{"linear": "dense", "pad": "other"},
}
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_ADAPTIVE = (nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d, nn.FractionalMaxPool2d)
_POOLS += (BlurPool2d, GatedPool2d, GeM, MixedPool2d, StochasticPool2d)
_CLASSES = {
    **dict.fromkeys(_CONVOLUTIONS, "convolution"),
    **dict.fromkeys((*_TRANSPOSED, nn.Upsample, nn.MaxUnpool2d), "upsampling"),
    **dict.fromkeys(_POOLS, "pool"),
    nn.Linear: "dense",
}
# What changes nothing in evaluation, or only how numbers are counted, is not named.
_NOT_SHOWN = (nn.Identity, nn.Flatten, nn.Dropout, nn.Dropout2d, *_ADAPTIVE)
_WORDS = {"MaxPool2d": "max", "AvgPool2d": "average", "BatchNorm2d": "batch norm"}
_WORDS |= {"BlurPool2d": "blur", "MixedPool2d": "mixed", "GatedPool2d": "gated"}
_WORDS |= {"StochasticPool2d": "stochastic", "AdaptiveAvgPool2d": "average"}
_WORDS |= {"AdaptiveMaxPool2d": "max", "MaxUnpool2d": "unpool", "LPPool2d": "LP"}


class _Watch(TorchFunctionMode):
    """Follow tensors from the input on: which box each of them comes from."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.names = {module: name for name, module in net.named_modules()}
        self.boxes: list[Box] = []
        self.output: Any = None
        self._layers_entered = 0

    def enter(self, module: nn.Module, args: tuple) -> None:
        if module is self.net:
            self.boxes.append(Box("", "input", "input", tuple(args[0].shape[1:]), ()))
            args[0].box = 0
        self._layers_entered += self._is_layer(module)

    def leave(self, module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
        if module is self.net:
            self.output = output
        if self._is_layer(module):
            self._layers_entered -= 1
            self._follow(self.names[module], module, (args, kwargs), output)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", str(function)).strip("_")
        self._follow(name, function, (args, kwargs), output)
        return output

    def finished(self) -> tuple[Box, ...]:
        who = f"net, a {type(self.net).__name__},"
        if not isinstance(self.output, torch.Tensor):
            raise ValueError(
                f"{who} returns {type(self.output).__name__}; only a net that returns one tensor "
                "can be drawn"
            )
        last = getattr(self.output, "box", 0)
        if last == 0:
            raise ValueError(
                f"{who} has no layer between its input and its output that a picture could show"
            )
        shape = tuple(self.output.shape[1:])
        if prod(shape) != prod(self.boxes[last].shape):
            self.boxes.append(Box("", "other", "output", shape, (last,)))
        return tuple(self.boxes)

    def _is_layer(self, module: nn.Module) -> bool:
        """Tell whether a module is one step, not a net of others: nobody looks into torch's own."""
        where = type(module).__module__
        if where.startswith("torch.nn.modules") and where != "torch.nn.modules.container":
            return module in self.names
        # A net of the reader's own may have no parts but the functions it calls.
        return module in self.names and module is not self.net and not any(module.children())

    def _follow(self, name: str, done: Any, given: Any, output: Any) -> None:
        """Take down a step, unless it is a part of one, or does nothing with the net's input."""
        known = [tensor for tensor in tensors(given) if hasattr(tensor, "box")]
        outputs = tensors(output)
        if self._layers_entered or not known or not outputs:
            return
        sources = tuple(dict.fromkeys(tensor.box for tensor in known))
        before, after = tuple(known[0].shape[1:]), tuple(outputs[0].shape[1:])
        kind = _kind(name, done, len(sources), before, after)
        number = sources[0]
        if kind is not None:
            number = len(self.boxes)
            self.boxes.append(Box(name, kind, _label(name, done, after), after, sources))
        elif name == "relu" or (isinstance(done, nn.Module) and not isinstance(done, _NOT_SHOWN)):
            box = self.boxes[number]
            self.boxes[number] = box._replace(folded=(*box.folded, _word(done)))
        for tensor in outputs:
            tensor.box = number


def _kind(
    name: str, done: Any, sources: int, before: tuple[int, ...], after: tuple[int, ...]
) -> str | None:
    """Return the kind of box that a step is, or None if it is folded into the one before."""
    is_module = isinstance(done, nn.Module)
    for known, kind in _CLASSES.items():
        if isinstance(done, known):
            return kind
    if not is_module and (name in _FUNCTIONS or "_pool" in name):
        return _FUNCTIONS.get(name, "pool")
    if not is_module and sources > 1:
        return "join"
    if len(before) == 3 and prod(after) < prod(before) and len(after) < 3:
        return "pool"
    same_maps = not is_module or before[0] == after[0]
    if len(before) == len(after) == 3 and before[1:] != after[1:] and same_maps:
        return "pool" if prod(after[1:]) < prod(before[1:]) else "upsampling"
    if is_module and prod(before) != prod(after):
        return "convolution" if len(after) == 3 else "dense"
    return None


def _label(name: str, done: Any, shape: tuple[int, ...]) -> str:
    if not isinstance(done, nn.Module):
        return _JOINS.get(name, name.removesuffix("2d").replace("_", " "))
    if isinstance(done, nn.Linear):
        return "dense"
    if isinstance(done, nn.Upsample):
        return f"{done.mode}\n× {done.scale_factor:g}" if done.scale_factor else done.mode
    if isinstance(done, _ADAPTIVE) or (isinstance(done, GeM) and done.kernel_size is None):
        whole = "whole map" if prod(shape[1:]) == 1 else f"to {_by(shape[1:])}"
        return f"{_word(done)}\n{whole}"
    if not isinstance(done, tuple(_CLASSES)):  # a layer of the net's own
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "\n", type(done).__name__)
    kernel_size = done.filter_size if isinstance(done, BlurPool2d) else done.kernel_size
    if isinstance(done, _CONVOLUTIONS):
        lines, usual = [f"conv {_by(kernel_size)}"], 1
    elif isinstance(done, _TRANSPOSED):
        lines, usual = ["transposed", _by(kernel_size)], None
    else:
        lines, usual = [f"{_word(done)} {_by(kernel_size)}"], kernel_size
    if done.stride is not None and _by(done.stride) != _by(usual):
        lines.append(f"stride {_by(done.stride, short=True)}")
    if _by(getattr(done, "dilation", 1)) != _by(1):
        lines.append(f"dilation {_by(done.dilation, short=True)}")
    if getattr(done, "groups", 1) > 1:
        lines.append(f"{done.groups} groups")
    return "\n".join(lines)


def _word(done: Any) -> str:
    name = type(done).__name__ if isinstance(done, nn.Module) else "ReLU"
    return _WORDS.get(name, name)


def _by(size: Any, short: bool = False) -> str:
    """Write a size along both axes; `short` writes two equal numbers once."""
    height, width = size if isinstance(size, tuple | list) and len(size) == 2 else (size, size)
    return f"{height}" if short and height == width else f"{height}×{width}"


def _merged(steps: Sequence[Box]) -> list[Box]:
    """Put boxes alike in a row into one, where nothing leaves the row half-way."""
    uses = [source for box in steps for source in box.sources]
    merged: list[Box] = []
    number: list[int] = []
    for box in steps:
        box = box._replace(sources=tuple(number[source] for source in box.sources))
        last = merged[-1] if merged else box
        in_a_row = box.sources == (len(merged) - 1,) and uses.count(len(number) - 1) == 1
        alike = (box.kind, box.label, box.shape, box.folded) == last[1:4] + last[5:6]
        if in_a_row and alike and box.kind in ("convolution", "dense"):
            merged[-1] = last._replace(times=last.times + 1)
        else:
            merged.append(box)
        number.append(len(merged) - 1)
    return merged


def _skips(steps: Sequence[Box]) -> set[tuple[int, int]]:
    """Return the edges past other boxes: those whose ends are joined by a longer way too."""
    before: list[set[int]] = []
    found = set()
    for i, box in enumerate(steps):
        found |= {(a, i) for a in box.sources if any(a in before[b] for b in box.sources if b != a)}
        before.append(set(box.sources).union(*(before[source] for source in box.sources)))
    return found


_MOST = 40
# All lengths are inches.
_WIDEST = 8.0
_TALLEST, _LEAST = 0.8, 0.14
_LINE = 0.135
_LETTER = 0.066
_GAP = 0.08
# By how much a box on another level than the one before may stand above or below its text.
_OVERLAP = 0.27
_FORK = 0.3
_POINTS = 8

Points = list[tuple[float, float]]


class _Layout:
    """Where all boxes lie, with the texts below them, and the lines between them.

    A box is one column to the right of the last of its sources. It lies in the lane of its source,
    unless another branch does already.
    """

    def __init__(self, steps: Sequence[Box], split_shapes: bool) -> None:
        self.steps, self.skips = steps, _skips(steps)
        self.texts = [_text(box, split_shapes) for box in steps]
        self.sides = [box.shape[1] if len(box.shape) == 3 else 0 for box in steps]
        self.sizes = [self._size(i) for i in range(len(steps))]
        self.levels = self._levels()
        columns: list[int] = []
        for box in steps:
            columns.append(max((columns[a] + 1 for a in box.sources), default=0))
        self.y = self._heights(_lanes(steps, self.skips, columns))
        self.left, self.x, self.width = self._places(columns)
        self.bottom = min(y - self._below(i) for i, y in enumerate(self.y))

    def top(self, i: int) -> float:
        return self.y[i] + self.sizes[i][1] / 2

    def line(self, a: int, b: int) -> Points:
        """Return the corners of the line from one box to the next, past the texts below boxes."""
        out = (self.x[a] + self.sizes[a][0] / 2, self.y[a])
        into = (self.x[b] - self.sizes[b][0] / 2, self.y[b])
        if out[1] == into[1]:
            return [out, into]
        if self.levels[a] == self.levels[b]:
            turn = self.left[b] - _FORK
            return [out, (turn, out[1]), (turn + 0.7 * _FORK, into[1]), into]
        if out[1] > into[1]:
            return [out, (self.x[b], out[1]), (self.x[b], self.top(b))]
        return [(self.x[a], self.top(a)), (self.x[a], into[1]), into]

    def arcs(self) -> dict[tuple[int, int], Points]:
        """Return the skip connections: each above all boxes on its way, and the others there."""
        heights: dict[tuple[int, int], float] = {}
        for a, b in sorted(self.skips, key=lambda edge: edge[1] - edge[0]):
            over = [self.top(i) for i in range(a, b + 1)]
            over += [y for (c, d), y in heights.items() if a <= c and d <= b]
            heights[a, b] = max(over) + 0.17
        found = {}
        for (a, b), y in heights.items():
            # Not from the middle, where the line from above ends.
            start, end = self.x[a] + self.sizes[a][0] / 4, self.x[b]
            found[a, b] = [(start, self.top(a)), (start, y), (end, y), (end, self.top(b))]
        return found

    def _size(self, i: int) -> tuple[float, float]:
        """Return the width and the height of a box."""
        if not self.texts[i]:
            return (0.24, 0.24)
        height = _TALLEST * self.sides[i] / max(1, *self.sides)
        return (0.1 + 0.035 * log2(self.steps[i].shape[0] + 1), max(height, _LEAST))

    def _below(self, i: int) -> float:
        return self.sizes[i][1] / 2 + 0.05 + _LINE * len(self.texts[i])

    def _levels(self) -> list[int]:
        """Return for each box how far down its maps lie: all alike, unless the net goes up."""
        goes_up = any(
            box.kind == "upsampling" and self.sides[i] > self.sides[box.sources[0]]
            for i, box in enumerate(self.steps)
        )
        return [-max(side, 1) if goes_up else 0 for side in self.sides]

    def _heights(self, lanes: Sequence[int]) -> list[float]:
        """Return the y of each box: those of a level and a lane lie in a row."""
        rows = list(zip(self.levels, lanes, strict=True))
        y, heights = 0.0, {}
        for row in sorted(set(rows)):
            here = [i for i, other in enumerate(rows) if other == row]
            y -= max(self.sizes[i][1] for i in here) / 2 if heights else 0
            heights[row] = y
            y -= max(self._below(i) for i in here) + 0.12
        return [heights[row] for row in rows]

    def _places(self, columns: Sequence[int]) -> tuple[list[float], list[float], float]:
        """Return where the column of each box begins, and its middle, and the width of all."""
        x, left, middle = 0.0, {}, {}
        for column in range(max(columns) + 1):
            here = [i for i, other in enumerate(columns) if other == column]
            edges = [(a, b) for b in here for a in self.steps[b].sources]
            edges = [edge for edge in edges if edge not in self.skips]
            if any(self.levels[a] != self.levels[b] for a, b in edges):
                x -= _OVERLAP
            elif any(self.y[a] != self.y[b] for a, b in edges):
                x += _FORK
            letters = max(len(line) for i in here for line in ["", *self.texts[i]])
            width = max(letters * _LETTER, *(self.sizes[i][0] for i in here)) + _GAP
            left[column], middle[column] = x, x + width / 2
            x += width
        return [left[column] for column in columns], [middle[column] for column in columns], x


def _lanes(steps: Sequence[Box], skips: set[tuple[int, int]], columns: Sequence[int]) -> list[int]:
    """Return the lane of each box, counted from the top: branches have one each."""
    last_use = {a: b for b, box in enumerate(steps) for a in box.sources}
    lanes: list[int] = []
    for b, box in enumerate(steps):
        sources = [a for a in box.sources if (a, b) not in skips]
        lane = min((lanes[a] for a in sources), default=0)
        # If another branch has begun there, below all that lie, or pass, above or below this box.
        if any(columns[a] >= columns[b] and lanes[a] == lane for a in range(b)):
            beside = [a for a in range(b) if columns[a] >= columns[b] or last_use.get(a, b) >= b]
            lane = 1 + max(lanes[a] for a in beside)
        lanes.append(lane)
    return lanes


def _text(box: Box, split_shape: bool) -> list[str]:
    if box.label in ("+", "×"):
        return []
    lines = box.label.split("\n")
    numbers = [str(n) for n in box.shape]
    if box.times > 1 and split_shape:
        lines.append(f"{box.times} times")
    elif box.times > 1:
        lines[0] = f"{box.times} × {lines[0]}"
    if split_shape and len(numbers) == 3:
        return [*lines, f"{numbers[0]} ×", "×".join(numbers[1:])]
    return [*lines, " × ".join(numbers)]


def _drawn(layout: _Layout, title: str) -> Figure:
    arcs, boxes = layout.arcs(), range(len(layout.steps))
    top = max([layout.top(i) for i in boxes] + [y for line in arcs.values() for _, y in line]) + 0.1
    width = max(layout.width, 5.0)
    handles = _legend(layout)
    columns = max(1, int(width // 2.6))
    legend = 0.2 * -(-len(handles) // columns) + 0.05
    bottom = layout.bottom - 0.1
    figure = plt.figure(figsize=(width, top - bottom + 0.35 + legend))
    ax = figure.add_axes((0, 0, 1, 1))
    middle = layout.width / 2
    ax.set(xlim=(middle - width / 2, middle + width / 2))
    ax.set(ylim=(bottom - legend, top + 0.35), aspect="equal")
    ax.axis("off")
    ax.text(middle, top + 0.17, title, fontsize=11, **draw.CENTRED)
    for i in boxes:
        _box(ax, layout, i)
        for source in layout.steps[i].sources:
            if (source, i) in arcs:
                _arrow(ax, arcs[source, i], _SKIP)
            else:
                _arrow(ax, layout.line(source, i), "#555555")
    style = {"fontsize": _POINTS, "frameon": False, "borderaxespad": 0.2}
    ax.legend(handles=handles, loc="lower center", ncols=columns, **style)
    return figure


def _box(ax: Axes, layout: _Layout, i: int) -> None:
    box, x, y, (width, height) = layout.steps[i], layout.x[i], layout.y[i], layout.sizes[i]
    style = {"facecolor": COLOURS[box.kind], "edgecolor": "black", "linewidth": 0.8, "zorder": 3}
    if not layout.texts[i]:
        ax.add_patch(Circle((x, y), width / 2, **style))
        ax.text(x, y, box.label, fontsize=11, zorder=4, **draw.CENTRED)
        return
    ax.add_patch(Rectangle((x - width / 2, y - height / 2), width, height, **style))
    text = {"ha": "center", "va": "top", "fontsize": _POINTS, "linespacing": 1.15}
    ax.text(x, y - height / 2 - 0.05, "\n".join(layout.texts[i]), **text)


def _arrow(ax: Axes, corners: Points, colour: str) -> None:
    ax.plot(*zip(*corners[:-1], strict=True), color=colour, linewidth=1.2, zorder=2)
    arrow = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.2}
    ax.annotate("", corners[-1], corners[-2], arrowprops={**arrow, "mutation_scale": 8})


def _legend(layout: _Layout) -> list[Artist]:
    """Return for each kind its colour, what it is, and what is folded into it."""
    handles: list[Artist] = []
    for kind, colour in COLOURS.items():
        folded = [box.folded for box in layout.steps if box.kind == kind]
        if folded:
            names = dict.fromkeys(name for names in folded for name in names)
            text = _KINDS.get(kind, kind)
            if names:
                some = "" if all(set(names) <= set(one) for one in folded) else "some "
                text += f", {some}with {', '.join(names)}"
            handles.append(Patch(facecolor=colour, edgecolor="black", label=text))
    if layout.skips:
        handles.append(Line2D([], [], color=_SKIP, linewidth=1.2, label="skip connection"))
    return handles
