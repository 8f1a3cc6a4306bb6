"""The convolution explorer: a kernel to type, the map it makes, and the pool behind it.

As in `explorer`, the page computes and draws on its own (convolution.js, behind explorer.js), and a
picture made of plain tables is stored with the notebook.
"""

from typing import Any

import numpy as np
import traitlets

from poolkit import checks, functional
from poolkit.draw import number
from poolkit.explorer import MODES, Explorer, by, cell, numbers, one_of, script, table


class ConvolutionExplorer(Explorer):
    """A convolution of one small map, a ReLU and a 2×2 pool, to type into and point at.

    `x`, `weight`, `relu` and `mode` are traits: set one and the page follows; change it in the page
    and Python sees it. The convolution has stride 1 and no padding, the pool stride 2.

    Args: `x`, numbers of shape (H, W), at most 12 by 12; `weight`, the kernel, of shape (k, k),
    so small that the convolution gives at least 2 by 2 pixels; `relu`, whether numbers below 0
    become 0; `mode`, the pool, "max" or "avg".
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: `functional`. Introduced in lesson 03.

    >>> ConvolutionExplorer([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[-1, 1], [0, 0]]).output.tolist()
    [[1.0]]
    """

    _esm = script("renderConvolution", "explorer.js", "convolution.js")

    x = traitlets.List().tag(sync=True)
    weight = traitlets.List().tag(sync=True)
    relu = traitlets.Bool(True).tag(sync=True)
    mode = traitlets.Unicode("max").tag(sync=True)

    def __init__(self, x: Any, weight: Any, *, relu: bool = True, mode: str = "max") -> None:
        x, weight = numbers("x", x), numbers("weight", weight)
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
        return one_of("mode", proposal.value, MODES)

    @property
    def feature_map(self) -> np.ndarray:
        """The convolution, and the ReLU if it is on: shape (H - k + 1, W - k + 1)."""
        found = functional.conv2d(np.array([[self.x]]), np.array([[self.weight]]))[0, 0]
        return np.maximum(0, found) if self.relu else found

    @property
    def output(self) -> np.ndarray:
        """The pooled map; an odd row or column at the end is in no window."""
        return getattr(functional, f"{self.mode}_pool2d")(self.feature_map[np.newaxis], 2)[0]

    def __repr__(self) -> str:
        (height, width), k = np.shape(self.x), len(self.weight)
        relu = " and ReLU" if self.relu else ""
        return f"ConvolutionExplorer({height}×{width}, kernel {k}×{k}{relu}, {self.mode} 2×2)"

    def _picture(self) -> str:
        grids = {
            "input": self.x,
            "kernel": self.weight,
            "convolution and ReLU" if self.relu else "convolution": self.feature_map,
            f"{MODES[self.mode]} 2×2": self.output,
        }
        tables = {
            f"{name} {by(grid)}": table([cell(number(value)) for value in row] for row in grid)
            for name, grid in grids.items()
        }
        return self._as_picture(("x", "weight", "relu", "mode"), tables)
