"""The shift explorer: a row of pixels, moved by a slider through a stack of halvings.

As in `explorer`, the page computes and draws on its own (shift.js, behind explorer.js), and a
picture made of plain tables is stored with the notebook.
"""

from typing import Any

import numpy as np
import traitlets

from poolkit import checks, explorer
from poolkit.draw import number

_SHIFTS = range(9)
_SPOT = (0,) * 4 + (9,) + (0,) * 11


def _blurred(row: np.ndarray) -> np.ndarray:
    return (np.roll(row, 1) + 2 * row + np.roll(row, -1)) / 4


_HALVINGS = {
    "max": lambda row: row.reshape(-1, 2).max(axis=1),
    "average": lambda row: row.reshape(-1, 2).mean(axis=1),
    "strided": lambda row: row[::2],
    "blur": lambda row: _blurred(row)[::2],
    "max_blur": lambda row: _blurred(np.maximum(row, np.roll(row, -1)))[::2],
    "strongest": lambda row: max(row[::2], row[1::2], key=lambda grid: np.square(grid).sum()),
}


class ShiftExplorer(explorer.Explorer):
    """A row of pixels that is moved, halved a few times and averaged, to type into and point at.

    The row is a circle: what leaves it on the right comes in on the left. Every argument is also a
    trait: set it and the page follows; change it in the page and Python sees it. A bad value raises
    and changes nothing.

    Args: `x`, 16 numbers, by default one bright pixel; `halvings`, one to three of "max",
    "average", "strided" (every second pixel), "blur" ([1, 2, 1] / 4, then every second pixel),
    "max_blur" (the larger of each two neighbours, then as "blur") and "strongest" (the even or the
    odd pixels, whichever have the larger sum of squares; the even ones if they have the same);
    `shift`, 0 to 8 pixels.
    Raises: TypeError or ValueError for an argument that breaks a rule; the message says which.
    Source: Zhang 2019, arXiv:1904.11486, for the blur; Chaman & Dokmanić 2021, arXiv:2011.14214,
    for the strongest grid. Introduced in lesson 09.

    >>> [row.tolist() for row in ShiftExplorer(halvings=["max", "blur"], shift=2).maps]
    [[0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], [0.0, 2.25, 2.25, 0.0]]
    """

    _esm = explorer.script("renderShift", "explorer.js", "shift.js")

    x = explorer._Checked().tag(sync=True)
    halvings = explorer._Checked().tag(sync=True)
    shift = explorer._Checked().tag(sync=True)

    def __init__(self, x: Any = _SPOT, halvings: Any = ("max",), shift: int = 0) -> None:
        super().__init__(x=x, halvings=halvings, shift=shift)

    @property
    def maps(self) -> list[np.ndarray]:
        """The maps of the moved row, one after each halving, of shapes (8,), (4,) and (2,)."""
        return self._maps(self.shift)

    @property
    def changes(self) -> np.ndarray:
        """By how much the shifts from 0 to 8 change the last map and its average: shape (2, 9)."""
        lasts = np.array([self._maps(shift)[-1] for shift in _SHIFTS])
        averages = lasts.mean(axis=1)
        found = np.array([abs(lasts - lasts[0]).sum(axis=1), abs(averages - averages[0])])
        # Another order of the same numbers rounds their sum in another way: that is no change.
        return np.where(found > 1e-12 * abs(np.array(self.x)).sum(), found, 0)

    def __repr__(self) -> str:
        return f"ShiftExplorer(16 pixels, {', '.join(self.halvings)}, shift={self.shift})"

    @traitlets.validate("x", "halvings", "shift")
    def _validate(self, proposal: Any) -> Any:
        return explorer.refusing(_CHECKS[proposal.trait.name], proposal.value)

    def _maps(self, shift: int) -> list[np.ndarray]:
        rows = [np.roll(self.x, shift)]
        for name in self.halvings:
            rows.append(_HALVINGS[name](rows[-1]))
        return rows[1:]

    def _picture(self) -> str:
        rows = {f"row moved by {self.shift}": np.roll(self.x, self.shift)}
        for i, (name, found) in enumerate(zip(self.halvings, self.maps, strict=True), start=1):
            rows[f"map {i}, {name}"] = found
        rows["global average"] = self.maps[-1].mean(keepdims=True)
        for of, changes in zip(("last map", "global average"), self.changes, strict=True):
            rows[f"change of the {of} by a shift of 0 to 8"] = changes
        lines = (
            [f"<td>{name}</td>", *(explorer.cell(number(value)) for value in row)]
            for name, row in rows.items()
        )
        return self._as_picture(_CHECKS, {"one row of pixels": explorer.table(lines)})


def _row(x: Any) -> list[float]:
    try:
        shape = np.shape(x)
    except ValueError:  # rows of different lengths
        raise TypeError("x must hold 16 numbers") from None
    if shape != (16,):
        raise ValueError(f"x has shape {shape}, not (16,): 16 pixels are shown")
    return explorer.numbers("x", x[np.newaxis] if isinstance(x, np.ndarray) else [x], most=16)[0]


def _stack(halvings: Any) -> list[str]:
    if not isinstance(halvings, tuple | list):
        raise TypeError(f"halvings={halvings!r} must be a list of names")
    if not 1 <= len(halvings) <= 3:
        raise ValueError(f"halvings={halvings!r} must hold 1 to 3 names, not {len(halvings)}")
    return [explorer.one_of("halvings", name, _HALVINGS) for name in halvings]


def _pixels(shift: Any) -> int:
    found = checks.whole_number("shift", shift, 0)
    if found not in _SHIFTS:
        raise ValueError(f"shift={found} must be at most 8")
    return found


_CHECKS = {"x": _row, "halvings": _stack, "shift": _pixels}
