"""The interactive explorer: one picture of pooling that a learner types into and points at.

The page computes and draws on its own (explorer.js), so it answers at once and also lives where
there is no kernel; what Python shares with it are the traits below, in both directions. A picture
made of plain tables is stored with the notebook, for pages where no widget can be shown.
"""

import html
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from IPython.display import display

from poolkit import arithmetic, checks, functional, gradients
from poolkit.arithmetic import Layer
from poolkit.controls import show_widget
from poolkit.draw import number
from poolkit.engine import windows

MODES = {"max": "max", "avg": "average"}

_LARGEST = 12
_VIEWS = ("forward", "gradient")
_PIXELS = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}
_SETTINGS = ("mode", *_PIXELS, "ceil_mode", "count_include_pad")
_STYLES = {
    "input": "; background: #56b4e959",
    "output": "; background: #009e7359",
    "padding": "; background: #bbbbbb59; border-style: dotted",
    "overhang": "; border-style: dashed",
}
# On reopening a notebook, JupyterLab looks for the widget of a kernel that is gone, and says in a
# line of its own that it found none. The picture is already there: the line is hidden.
_HIDE_MISSING_WIDGET = (
    "<style>.jp-OutputArea-child:has(.poolkit-picture) + .jp-OutputArea-child"
    " > .jupyter-widgets:not(:has(*)) { display: none }</style>"
)


# traitlets takes changes back only after a TraitError; poolkit promises the other two.
class _WrongType(traitlets.TraitError, TypeError):
    pass


class _WrongValue(traitlets.TraitError, ValueError):
    pass


# traitlets.Any would let None past the validator below: a trait that "allows None" is not checked.
class _Checked(traitlets.TraitType):
    pass


def refusing(check: Callable[..., Any], *given: Any) -> Any:
    """Return what a check returns; what it raises makes traitlets take the change back."""
    try:
        return check(*given)
    except TypeError as error:
        raise _WrongType(str(error)) from None
    except ValueError as error:
        raise _WrongValue(str(error)) from None


def script(render: str, *names: str) -> str:
    """Return a module of these files of JavaScript, with the function that draws the widget."""
    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names]
    return "\n".join([*texts, f"export default {{ render: {render} }};\n"])


class Explorer(anywidget.AnyWidget):
    """A widget of which the notebook stores a picture too: what `_picture` of its class returns."""

    _css = Path(__file__).with_name("explorer.css")

    def _ipython_display_(self) -> None:
        # Two outputs, as JupyterLab never falls back from a missing widget to the rest of its
        # bundle. Where the widget is alive, explorer.css hides the picture above it.
        display({"text/html": self._picture(), "text/plain": repr(self)}, raw=True)
        show_widget(self)

    def _as_picture(self, names: Iterable[str], tables: Mapping[str, str], below: str = "") -> str:
        """Return the tables, from head to HTML, side by side.

        The traits of these names go with them, so that `pages` can put a working explorer there.
        """
        settings = html.escape(json.dumps({name: getattr(self, name) for name in names}))
        heads = "".join(f"<th>{head}</th>" for head in tables)
        cells = "".join(f"<td>{table}</td>" for table in tables.values())
        return (
            f'<div class="poolkit-picture" data-explorer="{settings}">{_HIDE_MISSING_WIDGET}'
            f'<table><tr>{heads}</tr><tr valign="top">{cells}</tr></table>{below}</div>'
        )


class PoolExplorer(Explorer):
    """Max and average pooling of one small map, to type into, point at and step through.

    Every argument is also a trait: set it and the page follows; change it in the page and Python
    sees it. A bad value raises and changes nothing. Values that only fit together are set inside
    `with explorer.hold_trait_notifications():`.

    Args: `x`, numbers of shape (H, W), at most 12 by 12; `mode`, "max" or "avg"; `kernel_size` (at
    most 12), `stride`, `padding` and `dilation` in pixels, each an int or an (h, w) pair;
    `stride=None` means kernel_size; averages have no `dilation`, and maxima no
    `count_include_pad`: these are kept for when the mode changes; `view`, "forward" or
    "gradient"; `grad_output`, the gradient of each output, of the output's shape, None for ones;
    `cell`, the (row, column) of the output whose window is shown.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: `functional` and `gradients`.
    Introduced in lesson 01; windows in lesson 02, the gradient view in lesson 04.

    >>> PoolExplorer([[1, 3, 2, 4], [5, 6, 1, 2]], kernel_size=2).output.tolist()
    [[6.0, 4.0]]
    """

    _esm = script("renderPool", "explorer.js")

    x = _Checked().tag(sync=True)
    mode = _Checked("max").tag(sync=True)
    kernel_size = _Checked(2).tag(sync=True)
    stride = _Checked(None).tag(sync=True)
    padding = _Checked(0).tag(sync=True)
    dilation = _Checked(1).tag(sync=True)
    ceil_mode = _Checked(False).tag(sync=True)
    count_include_pad = _Checked(True).tag(sync=True)
    view = _Checked("forward").tag(sync=True)
    grad_output = _Checked(None).tag(sync=True)
    cell = _Checked((0, 0)).tag(sync=True)

    def __init__(
        self,
        x: Any,
        mode: str = "max",
        kernel_size: int | tuple[int, int] = 2,
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        *,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        view: str = "forward",
        grad_output: Any = None,
        cell: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(
            x=x,
            mode=mode,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            view=view,
            grad_output=grad_output,
            cell=cell,
        )

    @property
    def output(self) -> np.ndarray:
        """What `functional` returns for these settings, an array of shape (H_out, W_out)."""
        pool = getattr(functional, f"{self.mode}_pool2d")
        return pool(np.array([self.x]), **self._arguments())[0]

    @property
    def grad_x(self) -> np.ndarray:
        """What `gradients` returns for these settings and grad_output, of shape (H, W).

        Raises: ValueError where dilation makes a window that reads only padding.
        """
        backward = getattr(gradients, f"{self.mode}_pool2d_backward")
        grad_output = np.ones(self._size()) if self.grad_output is None else self.grad_output
        return backward(np.array([grad_output]), np.array([self.x]), **self._arguments())[0]

    def __repr__(self) -> str:
        height, width = np.shape(self.x)
        return f"PoolExplorer({height}×{width}, {self._call('x')})"

    @traitlets.validate("x", *_SETTINGS, "view", "grad_output", "cell")
    def _validate(self, proposal: Any) -> Any:
        return refusing(self._checked, proposal.trait.name, proposal.value)

    def _checked(self, name: str, value: Any) -> Any:
        if name == "view":
            return one_of(name, value, _VIEWS)
        if name == "cell":
            cell, size = checks.pair("cell", value, 0), self._size()
            if cell[0] >= size[0] or cell[1] >= size[1]:
                raise ValueError(f"cell={cell} is not in the output, which has the shape {size}")
            return cell
        if name == "grad_output":
            return value if value is None else numbers(name, value, self._size())
        if name == "x":
            value = numbers(name, value)
        elif name == "mode":
            one_of(name, value, MODES)
        elif name in _PIXELS:
            value = _pixels(name, value)
        else:
            checks.switch(name, value)
        self._size(**{name: value})
        return value

    @traitlets.observe("x", *_SETTINGS)
    def _keep_to_the_output(self, _change: Any) -> None:
        size = self._size()
        if self.grad_output is not None and np.shape(self.grad_output) != size:
            self.grad_output = None
        if any(i >= n for i, n in zip(self.cell, size, strict=True)):
            self.cell = (0, 0)

    def _layers(self, **changed: Any) -> list[Layer]:
        values = {name: changed.get(name, getattr(self, name)) for name in _PIXELS}
        if changed.get("mode", self.mode) == "avg":
            values["dilation"] = 1
        return windows.pooling_layers(**values)

    def _size(self, **changed: Any) -> tuple[int, int]:
        x, ceil_mode = changed.get("x", self.x), changed.get("ceil_mode", self.ceil_mode)
        height, width = (
            arithmetic.output_size(size, *layer, ceil_mode=ceil_mode)
            for size, layer in zip(np.shape(x), self._layers(**changed), strict=True)
        )
        return height, width

    def _arguments(self) -> dict:
        unused = {"max": "count_include_pad", "avg": "dilation"}[self.mode]
        return {name: getattr(self, name) for name in _SETTINGS[1:] if name != unused}

    def _call(self, x: str) -> str:
        """The call that pools x, without the arguments that have their default."""
        given = {
            name: value
            for name, value in self._arguments().items()
            if name == "kernel_size" or value != self.traits()[name].default_value
        }
        return f"{self.mode}_pool2d({', '.join([x, *(f'{k}={v}' for k, v in given.items())])})"

    def _picture(self) -> str:
        output = [
            [cell(number(v), "output", bold=(i, j) == self.cell) for j, v in enumerate(row)]
            for i, row in enumerate(self.output)
        ]
        tables = {
            f"input {by(self.x)}": table(self._input_cells()),
            f"{MODES[self.mode]} {by(output)}": table(output),
        }
        row, column = self.cell
        below = (
            f"<p>In bold: row {row}, column {column} of the output, and its window. In torch: "
            f"<code>torch.nn.functional.{html.escape(self._call('x'))}</code></p>"
        )
        return self._as_picture(("x", *_SETTINGS, "view", "grad_output", "cell"), tables, below)

    def _input_cells(self) -> list[list[str]]:
        size, layers = np.shape(self.x), self._layers()
        taps, positions = [], []
        for pixels, layer, outputs, i in zip(size, layers, self._size(), self.cell, strict=True):
            taps.append(arithmetic.window(i, *layer))
            end = max(pixels + layer.padding, arithmetic.window(outputs - 1, *layer).stop)
            positions.append(range(-layer.padding, end))
        outside = "−∞" if self.mode == "max" else "0"
        rows = []
        for row in positions[0]:
            cells = []
            for column in positions[1]:
                at = list(zip((row, column), size, layers, strict=True))
                if all(0 <= i < n for i, n, _ in at):
                    kind, text = "input", number(self.x[row][column])
                elif all(i < n + layer.padding for i, n, layer in at):
                    kind, text = "padding", outside
                else:
                    kind, text = "overhang", "×"
                bold = row in taps[0] and column in taps[1] and kind != "overhang"
                cells.append(cell(text, kind, bold=bold))
            rows.append(cells)
        return rows


def one_of(name: str, value: Any, known: Any) -> str:
    if value not in tuple(known):
        raise ValueError(f"{name}={value!r} must be {' or '.join(map(repr, known))}")
    return value


def _pixels(name: str, value: Any) -> int | tuple[int, int] | None:
    if name == "stride" and value is None:
        return None
    found = checks.pair(name, value, _PIXELS[name])
    if name == "kernel_size" and max(found) > _LARGEST:
        raise ValueError(f"kernel_size={max(found)} must be at most {_LARGEST} to be shown")
    return found if isinstance(value, tuple | list) else found[0]


def numbers(
    name: str, value: Any, shape: tuple[int, int] | None = None, most: int = _LARGEST
) -> list[list[float]]:
    """Return numbers of shape (H, W) as lists, if they can be shown, and have the shape, if any."""
    if isinstance(value, np.ndarray):
        checks.array(name, value)
    try:
        found = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers, in rows of the same length") from None
    if shape and found.shape != shape:
        raise ValueError(f"{name} has shape {found.shape}, but the output has {shape}")
    if found.ndim != 2:
        hint = f": write {name}[0]" if found.ndim == 3 else ""
        raise ValueError(f"{name} has shape {found.shape}, not (H, W){hint}")
    if 0 in found.shape or (max(found.shape) > most and shape is None):
        raise ValueError(
            f"{name} has shape {found.shape}: 1 to {most} rows and columns can be shown"
        )
    if not np.isfinite(found).all():
        row, column = np.argwhere(~np.isfinite(found))[0]
        raise ValueError(
            f"{name} holds {found[row, column]} in row {row}, column {column}: "
            "only finite numbers can be shown"
        )
    return found.tolist()


def by(grid: Any) -> str:
    return " × ".join(map(str, np.shape(grid)))


def cell(text: str, kind: str | None = None, *, bold: bool = False, width: str = "2.6em") -> str:
    style = f"width: {width}; border: 1px solid; text-align: center{_STYLES.get(kind, '')}"
    return f'<td style="{style}">{f"<b>{text}</b>" if bold else text}</td>'


def table(rows: Iterable[Iterable[str]]) -> str:
    lines = (f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f"<table>{''.join(lines)}</table>"
