"""Networks drawn from the torch module that builds them: boxes in the order of the forward pass.

`boxes` watches one forward pass on torch's meta device, where tensors have shapes but no numbers;
`network` draws what it saw. No net is described a second time for its picture.
"""

import re
from collections.abc import Iterable, Sequence
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
from torch.overrides import TorchFunctionMode

from poolkit import draw
from poolkit.costs import run_without_numbers, tensors
from poolkit.layers import BlurPool2d, GatedPool2d, GeM, MixedPool2d, StochasticPool2d

__all__ = ["Box", "boxes", "network"]

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
    """One step of a forward pass that a picture shows."""

    name: str
    """The module that took it, as in net.named_modules(), or the function that forward called."""
    kind: str
    """One of COLOURS."""
    label: str
    """What it does, such as "conv 3×3"; more than one line if need be."""
    shape: tuple[int, ...]
    """The shape of its (first) output, without the batch."""
    sources: tuple[int, ...]
    """The boxes whose outputs it takes, by their number."""
    folded: tuple[str, ...] = ()
    """The normalisations and activation functions that follow at once, by their class."""
    times: int = 1
    """How many alike in a row a picture shows as one."""


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
    watch = _Watch()
    hooks = []
    for name, module in net.named_modules():
        if module is net:
            hooks.append(module.register_forward_pre_hook(watch.start))
        # A net of the reader's own may have no parts but the functions it calls.
        if _is_layer(module) and (module is not net or _is_torchs(module)):
            hooks.append(module.register_forward_pre_hook(watch.enter))
            hooks.append(module.register_forward_hook(watch.leave_as(name), with_kwargs=True))
    hooks.append(net.register_forward_hook(watch.end))
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
    return watch.finished(net)


def network(net: nn.Module, input_shape: Sequence[int], *, title: str | None = None) -> Figure:
    """Draw a network: a box for each step, as high as its maps and as wide as they are many.

    Heights are in proportion to the maps' sides, widths grow with the logarithm of the number of
    maps; below each box stand what it does and the shape of its output, maps × height × width.
    Boxes alike in a row are drawn once. Branches lie one below the other; skip connections
    are arcs above. A net that makes its maps small and large again goes down and up, so
    that maps of a size lie at one height.

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
    **dict.fromkeys(("add", "add_", "__add__", "__radd__", "__iadd__"), "+"),
    **dict.fromkeys(("mul", "mul_", "__mul__", "__rmul__", "__imul__"), "×"),
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

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[Box] = []
        self.output: Any = None
        self._layers_entered = 0
        self._box_of: dict[int, int] = {}
        # An id is given to another tensor as soon as its own is gone.
        self._kept: list[torch.Tensor] = []

    def start(self, net: nn.Module, args: tuple) -> None:
        self._add(Box("", "input", "input", tuple(args[0].shape[1:]), ()), [args[0]])

    def enter(self, module: nn.Module, args: tuple) -> None:
        self._layers_entered += 1

    def leave_as(self, name: str) -> Any:
        def leave(module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
            self._layers_entered -= 1
            if not self._layers_entered:
                self._step(name, module, tensors((args, kwargs)), tensors(output))

        return leave

    def end(self, net: nn.Module, args: tuple, output: Any) -> None:
        self.output = output

    def __torch_function__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        if not self._layers_entered:
            name = getattr(function, "__name__", str(function))
            self._step(name, function, tensors((args, kwargs)), tensors(output))
        return output

    def finished(self, net: nn.Module) -> tuple[Box, ...]:
        if not isinstance(self.output, torch.Tensor):
            raise ValueError(
                f"net, a {type(net).__name__}, returns {type(self.output).__name__}; "
                "only a net that returns one tensor can be drawn"
            )
        last = self._box_of.get(id(self.output), 0)
        if last == 0:
            raise ValueError(
                f"net, a {type(net).__name__}, has no layer between its input and its output "
                "that a picture could show"
            )
        shape = tuple(self.output.shape[1:])
        if prod(shape) != prod(self.boxes[last].shape):
            self.boxes.append(Box("", "other", "output", shape, (last,)))
        return tuple(self.boxes)

    def _step(
        self, name: str, done: Any, inputs: list[torch.Tensor], outputs: list[torch.Tensor]
    ) -> None:
        known = [tensor for tensor in inputs if id(tensor) in self._box_of]
        if not known or not outputs:
            return
        sources = tuple(dict.fromkeys(self._box_of[id(tensor)] for tensor in known))
        before, after = tuple(known[0].shape[1:]), tuple(outputs[0].shape[1:])
        kind = _kind(name, done, len(sources), before, after)
        if kind is not None:
            self._add(Box(name, kind, _label(name, done, after), after, sources), outputs)
            return
        if isinstance(done, nn.Module) and not isinstance(done, _NOT_SHOWN):
            box = self.boxes[sources[0]]
            self.boxes[sources[0]] = box._replace(folded=(*box.folded, _word(done)))
        elif name in ("relu", "relu_"):
            box = self.boxes[sources[0]]
            self.boxes[sources[0]] = box._replace(folded=(*box.folded, "ReLU"))
        self._remember(sources[0], outputs)

    def _add(self, box: Box, outputs: list[torch.Tensor]) -> None:
        self.boxes.append(box)
        self._remember(len(self.boxes) - 1, outputs)

    def _remember(self, number: int, outputs: Iterable[torch.Tensor]) -> None:
        for tensor in outputs:
            self._box_of[id(tensor)] = number
            self._kept.append(tensor)


def _is_torchs(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.modules")


def _is_layer(module: nn.Module) -> bool:
    """Tell whether a module is one step, not a net of others: nobody looks into torch's own."""
    container = type(module).__module__ == "torch.nn.modules.container"
    return not container and (_is_torchs(module) or not any(module.children()))


def _kind(
    name: str, done: Any, sources: int, before: tuple[int, ...], after: tuple[int, ...]
) -> str | None:
    """Return the kind of box that a step is, or None if it is folded into the one before."""
    is_module = isinstance(done, nn.Module)
    for known, kind in _CLASSES.items():
        if isinstance(done, known):
            return kind
    if not is_module and name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if not is_module and "_pool" in name:
        return "pool"
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
        return _JOINS.get(name, name.strip("_").removesuffix("2d").replace("_", " "))
    if isinstance(done, nn.Linear):
        return "dense"
    if isinstance(done, nn.Upsample):
        return f"{done.mode}\n× {done.scale_factor:g}" if done.scale_factor else done.mode
    if isinstance(done, _ADAPTIVE) or (isinstance(done, GeM) and done.kernel_size is None):
        whole = "whole map" if prod(shape[1:]) == 1 else f"to {_by(shape[1:])}"
        return f"{_word(done)}\n{whole}"
    if isinstance(done, BlurPool2d):
        kernel_size = done.filter_size
    elif isinstance(done, GatedPool2d):
        kernel_size = len(done.mask)
    elif isinstance(done, tuple(_CLASSES)):
        kernel_size = done.kernel_size
    else:  # a layer of the net's own
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "\n", type(done).__name__)
    lines = [f"{_word(done)} {_by(kernel_size)}"]
    if isinstance(done, _CONVOLUTIONS):
        lines[0] = f"conv {_by(kernel_size)}"
        usual = 1
    elif isinstance(done, _TRANSPOSED):
        lines = ["transposed", _by(kernel_size)]
        usual = None
    else:
        usual = kernel_size
    if done.stride is not None and _by(done.stride) != _by(usual):
        lines.append(f"stride {_by(done.stride, short=True)}")
    if _by(getattr(done, "dilation", 1)) != _by(1):
        lines.append(f"dilation {_by(done.dilation, short=True)}")
    if getattr(done, "groups", 1) > 1:
        lines.append(f"{done.groups} groups")
    return "\n".join(lines)


def _word(module: nn.Module) -> str:
    name = type(module).__name__
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
        last = merged[-1] if merged else None
        alike = last is not None and box.sources == (len(merged) - 1,)
        alike = alike and uses.count(len(number) - 1) == 1 and box.kind in ("convolution", "dense")
        if alike and box[1:4] + box[5:6] == last[1:4] + last[5:6]:
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


# All lengths are inches.
_MOST = 40
_WIDEST = 8.0
_TALLEST, _LEAST = 0.8, 0.14
_LINE = 0.135
_LETTER = 0.066
_GAP = 0.08
# By how much a box on another level than the one before may stand above or below its text.
_OVERLAP = 0.27
_FORK = 0.3
_POINTS = 8


class _Place(NamedTuple):
    """Where a box is drawn: its centre, and the ends of the column that it has for itself."""

    x: float
    y: float
    left: float
    right: float


class _Layout:
    """The places of all boxes, and the size of the picture."""

    def __init__(self, steps: Sequence[Box], split_shapes: bool) -> None:
        self.steps, self.skips = steps, _skips(steps)
        self.texts = [_text(box, split_shapes) for box in steps]
        self.sizes = self._sizes()
        edges = {(a, b) for b, box in enumerate(steps) for a in box.sources} - self.skips
        self.levels = self._levels()
        lanes, self.width, _, _ = self._row(list(range(len(steps))), edges)
        self.places = [lanes[i]._replace(y=lanes[i].y + y) for i, y in enumerate(self.levels)]
        self.bottom = min(p.y - self._below(i) for i, p in enumerate(self.places))

    def top(self, i: int) -> float:
        return self.places[i].y + self.sizes[i][1] / 2

    def _sizes(self) -> list[tuple[float, float]]:
        """Return the width and the height of each box."""
        highest = max(box.shape[1] for box in self.steps if len(box.shape) == 3)
        sizes = []
        for box in self.steps:
            height = _TALLEST * box.shape[1] / highest if len(box.shape) == 3 else 0
            sizes.append((0.1 + 0.035 * log2(box.shape[0] + 1), max(height, _LEAST)))
            if box.label in ("+", "×"):
                sizes[-1] = (0.24, 0.24)
        return sizes

    def _below(self, i: int) -> float:
        return self.sizes[i][1] / 2 + 0.05 + _LINE * len(self.texts[i])

    def _levels(self) -> list[float]:
        """Return how high boxes are drawn: all alike, or, if the net goes up, by their sides."""
        sides = [box.shape[1] if len(box.shape) == 3 else 1 for box in self.steps]
        if not any(
            box.kind == "upsampling" and sides[i] > sides[box.sources[0]]
            for i, box in enumerate(self.steps)
        ):
            return [0.0] * len(sides)
        y, height = 0.0, {}
        for side in sorted(set(sides), reverse=True):
            here = [i for i, other in enumerate(sides) if other == side]
            tallest = max(self.sizes[i][1] for i in here) / 2
            y -= tallest if height else 0
            height[side] = y
            y -= max(self._below(i) for i in here) + 0.12
        return [height[side] for side in sides]

    def _row(self, nodes: list[int], edges: set[tuple[int, int]]) -> tuple:
        """Place nodes from left to right, and branches between two of them one below the other.

        Return the places with y around 0, the width, and how far they reach up and down.
        """
        places, x, up, down = {}, 0.0, 0.0, 0.0
        for group in _groups(nodes, edges):
            if len(group) == 1 and len(group[0]) == 1:
                (i,) = group[0]
                letters = max(map(len, self.texts[i]), default=0) * _LETTER
                width = max(self.sizes[i][0], letters) + _GAP
                if i and self.levels[i] != self.levels[i - 1]:
                    x -= _OVERLAP
                places[i] = _Place(x + width / 2, 0.0, x, x + width)
                x += width
                up, down = max(up, self.sizes[i][1] / 2), max(down, self._below(i))
                continue
            lanes = [self._row(lane, edges) for lane in group]
            heights = [lane_up + lane_down + 0.14 for _, _, lane_up, lane_down in lanes]
            y = sum(heights) / 2
            up, down = max(up, y), max(down, y)
            for (lane, _, lane_up, _), height in zip(lanes, heights, strict=True):
                for i, place in lane.items():
                    places[i] = place._replace(
                        x=place.x + x + _FORK,
                        y=place.y + y - lane_up,
                        left=place.left + x + _FORK,
                        right=place.right + x + _FORK,
                    )
                y -= height
            x += max(width for _, width, _, _ in lanes) + 2 * _FORK
        return places, x, up, down


def _groups(nodes: list[int], edges: set[tuple[int, int]]) -> list[list[list[int]]]:
    """Cut nodes where all ways meet: into single nodes, and branches that run side by side."""
    at = {node: position for position, node in enumerate(nodes)}
    inner = [(at[a], at[b]) for a, b in edges if a in at and b in at]
    # What nothing here comes before, or after, is joined to the outside.
    inner += [(-1, p) for p in at.values() if all(b != p for _, b in inner)]
    inner += [(p, len(nodes)) for p in at.values() if all(a != p for a, _ in inner)]
    meeting = [not any(a < p < b for a, b in inner) for p in range(len(nodes))]
    if not any(meeting):
        branches = _branches(nodes, edges)
        return [branches] if len(branches) > 1 else [[[node]] for node in nodes]
    groups, between = [], []
    for node, meets in zip(nodes, meeting, strict=True):
        if not meets:
            between.append(node)
            continue
        if between:
            groups.append(_branches(between, edges))
        groups.append([[node]])
        between = []
    return [*groups, _branches(between, edges)] if between else groups


def _branches(nodes: list[int], edges: set[tuple[int, int]]) -> list[list[int]]:
    """Return the parts of a graph that hang together."""
    branches: list[list[int]] = []
    for node in nodes:
        joined = [b for b in branches if any((i, node) in edges for i in b)]
        branches = [b for b in branches if b not in joined]
        branches.append([*(i for b in joined for i in b), node])
    return sorted(sorted(branch) for branch in branches)


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
    arcs = _arcs(layout)
    top = max([*arcs.values(), *(layout.top(i) for i in range(len(layout.steps)))]) + 0.1
    bottom = layout.bottom - 0.1
    width = max(layout.width, 5.0)
    handles = _legend(layout)
    columns = max(1, int(width // 2.6))
    legend = 0.2 * -(-len(handles) // columns) + 0.05
    height = top - bottom + 0.35 + legend
    figure = plt.figure(figsize=(width, height), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    middle = layout.width / 2
    ax.set(xlim=(middle - width / 2, middle + width / 2))
    ax.set(ylim=(bottom - legend, top + 0.35), aspect="equal")
    ax.axis("off")
    ax.text(middle, top + 0.17, title, fontsize=11, ha="center", va="center")
    for i, (box, place) in enumerate(zip(layout.steps, layout.places, strict=True)):
        _box(ax, box, place, layout.sizes[i], layout.texts[i])
        for source in box.sources:
            if (source, i) in arcs:
                _arrow(ax, _arc(layout, source, i, arcs[source, i]), _SKIP)
            else:
                _arrow(ax, _way(layout, source, i), "#555555")
    style = {"fontsize": _POINTS, "frameon": False, "borderaxespad": 0.2}
    ax.legend(handles=handles, loc="lower center", ncols=columns, **style)
    return figure


def _box(ax: Axes, box: Box, place: _Place, size: tuple[float, float], text: Sequence[str]) -> None:
    style = {"facecolor": COLOURS[box.kind], "edgecolor": "black", "linewidth": 0.8}
    if not text:
        ax.add_patch(Circle((place.x, place.y), size[0] / 2, zorder=3, **style))
        ax.text(place.x, place.y, box.label, ha="center", va="center", fontsize=11, zorder=4)
        return
    corner = (place.x - size[0] / 2, place.y - size[1] / 2)
    ax.add_patch(Rectangle(corner, *size, zorder=3, **style))
    below = (place.x, corner[1] - 0.05)
    ax.text(*below, "\n".join(text), ha="center", va="top", fontsize=_POINTS, linespacing=1.15)


def _arcs(layout: _Layout) -> dict[tuple[int, int], float]:
    """Return how high the skip connections run: above all boxes on their way, and each other."""
    heights: dict[tuple[int, int], float] = {}
    for a, b in sorted(layout.skips, key=lambda edge: edge[1] - edge[0]):
        over = [layout.top(i) for i in range(a, b + 1)]
        over += [y for (c, d), y in heights.items() if a <= c and d <= b]
        heights[a, b] = max(over) + 0.17
    return heights


def _arc(layout: _Layout, a: int, b: int, y: float) -> list[tuple[float, float]]:
    # Not from the middle, where the line from above ends.
    start, end = layout.places[a].x + layout.sizes[a][0] / 4, layout.places[b].x
    return [(start, layout.top(a)), (start, y), (end, y), (end, layout.top(b))]


def _way(layout: _Layout, a: int, b: int) -> list[tuple[float, float]]:
    """Return the corners of the line from one box to the next, past the texts below boxes."""
    (start, end), (wide, _) = (layout.places[a], layout.places[b]), layout.sizes[a]
    out, into = (start.x + wide / 2, start.y), (end.x - layout.sizes[b][0] / 2, end.y)
    if out[1] == into[1]:
        return [out, into]
    if not any(layout.levels):
        many = len([s for s in layout.steps[b].sources if (s, b) not in layout.skips]) > 1
        turn = (end.left - _FORK, start.y) if many else (start.right, start.y)
        return [out, turn, (turn[0] + _FORK * 0.7, end.y), into]
    if out[1] > into[1]:
        return [out, (end.x, start.y), (end.x, layout.top(b))]
    return [(start.x, layout.top(a)), (start.x, end.y), into]


def _arrow(ax: Axes, corners: Sequence[tuple[float, float]], colour: str) -> None:
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
