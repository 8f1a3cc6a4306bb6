"""The convolution explorer: a kernel to type, the map it makes, and the pool behind it.

As in `explorer`, the page computes and draws on its own (convolution.js, behind explorer.js), and a
picture made of plain tables is stored with the notebook.
"""

import html
import json
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from IPython.display import display

from poolkit import checks, functional
from poolkit.draw import number
from poolkit.explorer import HIDE_MISSING_WIDGET, script

__all__ = ["ConvolutionExplorer"]

_LARGEST = 12
_MODES = {"max": "max", "avg": "average"}
_CELL = '<td style="width: 2.6em; border: 1px solid; text-align: center">'


class ConvolutionExplorer(anywidget.AnyWidget):
    """A convolution of one small map, a ReLU and a 2×2 pool, to type into and point at.

    `x`, `weight`, `relu` and `mode` are traits: set one and the page follows; change it in the page
    and Python sees it. The convolution has stride 1 and no padding, the pool stride 2.

    Args: `x`, numbers of shape (H, W), at most 12 by 12; `weight`, the kernel, of shape (k, k),
    so small that the convolution gives at least 2 by 2 pixels; `relu`, whether numbers below 0
    become 0; `mode`, the pool, "max" or "avg".
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: `functional`.
    Introduced in lesson 03.

    >>> ConvolutionExplorer([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[-1, 1], [0, 0]]).output.tolist()
    [[1.0]]
    """

    _esm = script("renderConvolution", "explorer.js", "convolution.js")
    _css = Path(__file__).with_name("explorer.css")

    x = traitlets.List().tag(sync=True)
    weight = traitlets.List().tag(sync=True)
    relu = traitlets.Bool(True).tag(sync=True)
    mode = traitlets.Unicode("max").tag(sync=True)

    def __init__(self, x: Any, weight: Any, *, relu: bool = True, mode: str = "max") -> None:
        x, weight = _numbers("x", x), _numbers("weight", weight)
        if len(weight) != len(weight[0]):
            raise ValueError(f"weight has shape {np.shape(weight)}, not (k, k)")
        if min(np.shape(x)) <= len(weight):
            raise ValueError(
                f"weight has shape {np.shape(weight)} and x {np.shape(x)}: the convolution must "
                "give at least 2 rows and columns"
            )
        checks.switch("relu", relu)
        super().__init__(x=x, weight=weight, relu=relu, mode=mode)

    @traitlets.validate("mode")
    def _validate_mode(self, proposal: Any) -> str:
        if proposal.value not in _MODES:
            raise ValueError(f"mode={proposal.value!r} must be 'max' or 'avg'")
        return proposal.value

    @property
    def feature_map(self) -> np.ndarray:
        """The convolution, and the ReLU if it is on: shape (H - k + 1, W - k + 1)."""
        found = functional.conv2d(np.array([[self.x]]), np.array([[self.weight]]))[0, 0]
        return np.maximum(0, found) if self.relu else found

    @property
    def output(self) -> np.ndarray:
        """The pooled map; an odd row or column at the end is in no window."""
        pool = {"max": functional.max_pool2d, "avg": functional.avg_pool2d}[self.mode]
        return pool(self.feature_map[np.newaxis], 2)[0]

    def __repr__(self) -> str:
        (height, width), k = np.shape(self.x), len(self.weight)
        relu = " and ReLU" if self.relu else ""
        return f"ConvolutionExplorer({height}×{width}, kernel {k}×{k}{relu}, {self.mode} 2×2)"

    def _ipython_display_(self) -> None:
        # In two outputs, as the pooling explorer, and for its reason.
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        display({"text/html": self._picture(), "text/plain": repr(self)}, raw=True)
        display({"application/vnd.jupyter.widget-view+json": view}, raw=True)

    def _picture(self) -> str:
        """The four grids as plain tables, with the settings that bring an explorer to life."""
        settings = {name: getattr(self, name) for name in ("x", "weight", "relu", "mode")}
        grids = {
            "input": self.x,
            "kernel": self.weight,
            "convolution and ReLU" if self.relu else "convolution": self.feature_map,
            f"{_MODES[self.mode]} 2×2": self.output,
        }
        heads = "".join(f"<th>{name} {_shape(grid)}</th>" for name, grid in grids.items())
        tables = "".join(f"<td>{_table(grid)}</td>" for grid in grids.values())
        return (
            f'<div class="poolkit-picture" data-explorer="{html.escape(json.dumps(settings))}">'
            f"{HIDE_MISSING_WIDGET}"
            f'<table><tr>{heads}</tr><tr valign="top">{tables}</tr></table></div>'
        )


def _numbers(name: str, value: Any) -> list[list[float]]:
    if isinstance(value, np.ndarray):
        checks.array(name, value)
    try:
        found = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers, in rows of the same length") from None
    if found.ndim != 2 or not 0 < min(found.shape) <= max(found.shape) <= _LARGEST:
        raise ValueError(
            f"{name} has shape {found.shape}, not (H, W) with 1 to {_LARGEST} rows and columns"
        )
    if not np.isfinite(found).all():
        raise ValueError(f"{name} holds a number that is not finite")
    return found.tolist()


def _shape(grid: Any) -> str:
    return " × ".join(map(str, np.shape(grid)))


def _table(grid: Any) -> str:
    rows = ("".join(f"{_CELL}{number(value)}</td>" for value in row) for row in grid)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
