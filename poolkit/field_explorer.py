"""The field explorer: a stack of layers along one axis, and what one pixel of each map sees.

As in `explorer`, the page computes and draws on its own (field.js, behind explorer.js), and a
picture made of a plain table is stored with the notebook.
"""

import html
import math
from collections.abc import Sequence
from typing import Any

import traitlets

from poolkit import arithmetic, stacks
from poolkit.arithmetic import ReceptiveField
from poolkit.explorer import (
    Explorer,
    _Checked,
    cell,
    one_of,
    refusing,
    script,
    table,
)


class FieldExplorer(Explorer):
    """What one pixel sees of the input through a stack of layers, along one axis.

    `layers`, `inputs` and `view` are traits: set one and the page follows; change it in the page
    and Python sees it. A bad value raises and changes nothing. Values that only fit together are
    set inside `with explorer.hold_trait_notifications():`.

    Args: `layers`, 1 to 5 of them, from the input on, each (kind, kernel_size, stride, padding,
    dilation) with kind "conv", "avg" or "max" and the rest in pixels; what is left out at the end
    is as in torch, so the stride of a pool is its kernel_size. `inputs`, how many pixels the input
    has, at most 32. `view`, "field", or "gradient" for the ways from each pixel to one output.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: `arithmetic`. Introduced in lesson 03.

    >>> FieldExplorer([("conv", 3), ("avg", 2)], inputs=12).fields[-1]
    ReceptiveField(size=4, jump=2, offset=0)
    """

    _esm = script("renderField", "explorer.js", "field.js")

    layers = _Checked().tag(sync=True)
    inputs = _Checked().tag(sync=True)
    view = _Checked().tag(sync=True)

    def __init__(
        self, layers: Sequence[Sequence], inputs: int = 24, *, view: str = "field"
    ) -> None:
        super().__init__(layers=layers, inputs=inputs, view=view)

    @property
    def sizes(self) -> list[int]:
        """How many pixels the input and each map have."""
        return stacks.sizes(self.layers, self.inputs)

    @property
    def fields(self) -> list[ReceptiveField]:
        """What the first pixel of the input and of each map sees, in pixels of the input."""
        return stacks.fields(self.layers)

    def __repr__(self) -> str:
        return f"FieldExplorer({self.inputs} pixels, {stacks.call(self.layers)})"

    @traitlets.validate("layers", "inputs", "view")
    def _validate(self, proposal: Any) -> Any:
        return refusing(self._checked, proposal.trait.name, proposal.value)

    def _checked(self, name: str, value: Any) -> Any:
        if name == "view":
            return one_of(name, value, ("field", "gradient"))
        state = {"layers": self.layers, "inputs": self.inputs, name: value}
        state = {"layers": stacks.plain(state["layers"]), "inputs": stacks.inputs(state["inputs"])}
        stacks.sizes(**state)
        return state[name]

    def _picture(self) -> str:
        """A line for each map, its pixels below those that they see; in bold one field."""
        seen = [{self.sizes[-1] // 2}]
        for (_, k, s, p, d), size in zip(self.layers[::-1], self.sizes[-2::-1], strict=True):
            reached = {at - p for i in seen[0] for at in arithmetic.window(i, k, s, 0, d)}
            seen.insert(0, reached & set(range(size)))
        lines = []
        for level, (size, field) in enumerate(zip(self.sizes, self.fields, strict=True)):
            kind = "output" if level == len(self.layers) else "input"
            columns = {math.floor(stacks.centre(field) + i * field.jump): i for i in range(size)}
            name = f"map {level}" if level else "input"
            words = f"{name}: field {field.size}, jump {field.jump}"
            lines.append([f'<td style="white-space: nowrap">{words}</td>'])
            for at in range(min(0, *columns), max(self.inputs, *columns) + 1):
                i = columns.get(at)
                text = cell(str(i), kind, bold=i in seen[level], width="1.5em")
                lines[-1].append("<td></td>" if i is None else text)
        below = f"<p>In torch: <code>{html.escape(stacks.call(self.layers))}</code></p>"
        names = ("layers", "inputs", "view")
        return self._as_picture(names, {"in bold: what one pixel sees": table(lines)}, below)
