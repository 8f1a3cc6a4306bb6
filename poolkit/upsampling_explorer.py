"""The upsampling explorer: four ways to make a map larger, to type into and point at.

As in `explorer`, the page computes and draws on its own (ways_up.js and upsampling.js, behind
explorer.js), and a picture made of plain tables is stored with the notebook.
"""

import html
from typing import Any

import numpy as np
import traitlets

from poolkit import ways_up
from poolkit.draw import number
from poolkit.explorer import (
    Explorer,
    _Checked,
    by,
    cell,
    refusing,
    script,
    table,
)

_NAMES = ("x", *ways_up.DEFAULTS)
_TITLES = {"unpool": "max unpooling", "transposed": "transposed convolution"}


class UpsamplingExplorer(Explorer):
    """Copying, blending, unpooling and transposed convolution of one small map.

    Every argument is also a trait: set it and the page follows; change it in the page and Python
    sees it. A bad value raises and changes nothing. Values that only fit together are set inside
    `with explorer.hold_trait_notifications():`.

    Args: `x`, numbers of shape (H, W), at most 8 by 8; `operation`, "nearest", "bilinear",
    "unpool" or "transposed"; by name `size` or `scale_factor` (neither: 2) and `align_corners` as
    in `functional.interpolate`; `kernel_size`, `padding` and `output_size` as in `max_unpool2d`,
    where x is pooled first, or holds the maxima that belong to `indices`, of x's shape; `weight`,
    the kernel, of shape (h, w), `padding` and `output_padding` as in `conv_transpose2d`;
    `stride=None` means kernel_size for "unpool" and 1 for "transposed"; `view`, "forward",
    "gradient" or "matrix"; `grad_output`, the gradient of each output, None for ones.
    Raises: TypeError or ValueError for an argument that breaks a rule, or an output of more than
    20 rows or columns; the message says which.
    Source: `functional` and `gradients`.
    Introduced in lesson 11.

    >>> UpsamplingExplorer([[1, 2]], "bilinear", size=(1, 4)).output.tolist()
    [[1.0, 1.25, 1.75, 2.0]]
    """

    _esm = script("renderUpsampling", "explorer.js", "ways_up.js", "upsampling.js")

    x = _Checked().tag(sync=True)
    operation = _Checked().tag(sync=True)
    weight = _Checked().tag(sync=True)
    indices = _Checked().tag(sync=True)
    size = _Checked().tag(sync=True)
    scale_factor = _Checked().tag(sync=True)
    align_corners = _Checked().tag(sync=True)
    kernel_size = _Checked().tag(sync=True)
    stride = _Checked().tag(sync=True)
    padding = _Checked().tag(sync=True)
    output_padding = _Checked().tag(sync=True)
    output_size = _Checked().tag(sync=True)
    view = _Checked().tag(sync=True)
    grad_output = _Checked().tag(sync=True)

    def __init__(self, x: Any, operation: str = "nearest", **settings: Any) -> None:
        state = {"x": x, **ways_up.DEFAULTS, "operation": operation, **settings}
        unknown = state.keys() - set(_NAMES)
        if unknown:
            raise TypeError(f"{min(unknown)!r} is none of {', '.join(_NAMES)}")
        if state["size"] is None and "scale_factor" not in settings:
            state["scale_factor"] = 2
        super().__init__(**{name: ways_up.plain(name, value) for name, value in state.items()})

    @property
    def output(self) -> np.ndarray:
        """What `functional` returns for these settings, of shape (H_out, W_out)."""
        return ways_up.output(self._state())

    @property
    def grad_x(self) -> np.ndarray:
        """What `gradients` returns for these settings and grad_output, of shape (H, W)."""
        return ways_up.grad_x(self._state())

    def __repr__(self) -> str:
        return f"UpsamplingExplorer({by(self.x)}, {ways_up.call(self._state())})"

    @traitlets.validate(*_NAMES)
    def _validate(self, proposal: Any) -> Any:
        return refusing(self._checked, proposal.trait.name, proposal.value)

    def _checked(self, name: str, value: Any) -> Any:
        value = ways_up.plain(name, value)
        # Gradients of an output that goes away go with it.
        kept = {} if name == "grad_output" else {"grad_output": None}
        ways_up.check(self._state() | kept | {name: value})
        return value

    @traitlets.observe(*_NAMES)
    def _keep_to_the_output(self, _change: Any) -> None:
        if self.grad_output is not None and np.shape(self.grad_output) != self.output.shape:
            self.grad_output = None

    def _state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _NAMES}

    def _picture(self) -> str:
        state = self._state()
        grids = {"input x": self.x}
        if self.operation == "unpool":
            maxima, indices = (array[0, 0] for array in ways_up.arrays(state))
            grids |= {"maxima": maxima, "indices": indices}
            grids = grids if self.indices is None else {"values": maxima, "indices": indices}
        elif self.operation == "transposed":
            grids["kernel"] = self.weight
        grids[_TITLES.get(self.operation, self.operation)] = self.output
        tables = {
            f"{name} {by(grid)}": table([cell(number(value)) for value in row] for row in grid)
            for name, grid in grids.items()
        }
        below = f"<p>In torch: <code>{html.escape(ways_up.call(state))}</code></p>"
        return self._as_picture(_NAMES, tables, below)
