"""How a saying is judged by figures, with a margin.

A saying is taken apart into statements of the kind "this figure is above that bound". What is
nearer to the bound than a margin counts as open. A saying is true if all of its statements hold,
false if none does and none is open, and partly true in every other case. So no saying is called
true or false on a figure that might as well have come out on the other side.
"""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


def above(figure: float | tuple[float, float], bound: float, margin: float = 0.0) -> int:
    """Return 1 if a figure lies above a bound by more than a margin, -1 if below, else 0 (open).

    Args: `figure`, a number, or a pair (lowest, highest), which must lie on one side as a whole;
    `bound`, what it is compared with, in the same unit; `margin`, how far from the bound it must
    be, at least 0.
    Raises: ValueError if the margin is negative, or a pair has its highest number first.
    Introduced in lesson 13.

    >>> above(1.4, 1, margin=0.2), above(1.1, 1, margin=0.2), above((-2.6, -1.4), 0)
    (1, 0, -1)
    """
    low, high = figure if isinstance(figure, tuple) else (figure, figure)
    if margin < 0:
        raise ValueError(f"margin={margin} is negative")
    if low > high:
        raise ValueError(f"figure={figure} has its highest number first")
    if low > bound + margin:
        return 1
    return -1 if high < bound - margin else 0


def below(figure: float | tuple[float, float], bound: float, margin: float = 0.0) -> int:
    """Return 1 if a figure lies below a bound by more than a margin, and the rest as `above`."""
    return -above(figure, bound, margin)


def verdict(statements: Iterable[int]) -> str:
    """Return "true" if all statements hold, "false" if none does and none is open, else "partly".

    Args: `statements`, for each 1 if it holds, -1 if it does not, 0 if it is open.
    Raises: ValueError if there is none. Introduced in lesson 13.

    >>> verdict([1, 1]), verdict([1, 0]), verdict([0]), verdict([-1, -1])
    ('true', 'partly', 'partly', 'false')
    """
    found = set(statements)
    if not found:
        raise ValueError("statements is empty; there must be at least one")
    if found == {1}:
        return "true"
    return "false" if found == {-1} else "partly"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A saying about pooling, and how it is judged.

    `saying`: as people say it. `lesson`: the notebook and the heading under which the course
    measures it. `measure`: computes the figures, or reads them from data/results/. `statements`:
    of the figures, and nothing else, which of its statements hold (as `verdict` takes them).
    `shown`: says the figures in words, rounded so that they repeat anywhere. `instead`: the
    sentence to say instead, as long as the verdict is what it was when this was written.
    """

    number: int
    saying: str
    lesson: str
    measure: Callable[[], dict[str, Any]]
    statements: Callable[[dict[str, Any]], list[int]]
    shown: Callable[[dict[str, Any]], str]
    instead: str

    def judge(self, figures: dict[str, Any]) -> str:
        """Return the verdict that these figures, measured or made up, lead to."""
        return verdict(self.statements(figures))


@dataclass(frozen=True)
class Judged:
    """A claim with its figures and its verdict."""

    claim: Claim
    figures: dict[str, Any]
    verdict: str

    @property
    def shown(self) -> str:
        return self.claim.shown(self.figures)

    def __str__(self) -> str:
        indent = {"width": 98, "initial_indent": "    ", "subsequent_indent": "    "}
        figures = textwrap.fill(f"figures: {self.shown}", **indent)
        instead = textwrap.fill(f"say: {self.claim.instead}", **indent)
        return f"C{self.claim.number} {self.verdict}\n{figures}\n{instead}"


def judge_all(claims: Iterable[Claim]) -> dict[int, Judged]:
    """Measure and judge claims, and return each under its number.

    Raises: FileNotFoundError if a table in data/results/ is missing. Introduced in lesson 13.
    """
    judged = {}
    for claim in claims:
        figures = claim.measure()
        judged[claim.number] = Judged(claim, figures, claim.judge(figures))
    return judged


def table(judged: Iterable[Judged]) -> str:
    """Return a table in Markdown, a claim a line. Introduced in lesson 13."""
    rows = ["| | people say | verdict | figures | say instead |", "|---|---|---|---|---|"]
    for one in judged:
        claim = one.claim
        figures = f"{one.shown} ([lesson {claim.lesson[:2]}]({claim.lesson}))"
        cells = (f"C{claim.number}", claim.saying, f"**{one.verdict}**", figures, claim.instead)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
