"""How a saying is judged by figures, with a margin.

A saying is taken apart into statements of the kind "this figure is above that bound". What is
nearer to the bound than a margin counts as open. A saying is true if all of its statements hold,
false if none does and none is open, and partly true in every other case. So no saying is called
true or false on a figure that might as well have come out on the other side.
"""

import textwrap
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Claim", "Judged", "above", "below", "judge_all", "table", "verdict"]


def above(figure, bound, margin=0.0):
    """Return 1 if a figure lies above a bound by more than a margin, -1 if below, else 0 (open).

    Args:
        figure: a number, or a pair (lowest, highest), which must lie on one side as a whole.
        bound: what it is compared with, in the same unit.
        margin: how far from the bound it must be, at least 0.

    Raises:
        ValueError: if the margin is negative, or a pair has its highest number first.

    Introduced in lesson 12.

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


def below(figure, bound, margin=0.0):
    """Return 1 if a figure lies below a bound by more than a margin, -1 if above, else 0 (open).

    Arguments and errors are those of `above`. Introduced in lesson 12.
    """
    return -above(figure, bound, margin)


def verdict(statements):
    """Return "true" if all statements hold, "false" if none does and none is open, else "partly".

    Args:
        statements: for each, 1 if it holds, -1 if it does not, 0 if it is open.

    Raises:
        ValueError: if there is none.

    Introduced in lesson 12.

    >>> verdict([1, 1]), verdict([1, 0]), verdict([0]), verdict([-1, -1])
    ('true', 'partly', 'partly', 'false')
    """
    found = set(statements)
    if not found:
        raise ValueError("statements is empty; there must be at least one")
    return {frozenset([1]): "true", frozenset([-1]): "false"}.get(frozenset(found), "partly")


class Claim(NamedTuple):
    """A saying about pooling, and how it is judged."""

    number: int
    saying: str
    """As people say it."""
    lesson: str
    """The notebook and the heading under which the course measures it."""
    measure: Callable[[], dict]
    """Computes the figures, or reads them from data/results/."""
    judge: Callable[[dict], str]
    """From the figures, and nothing else, to "true", "partly" or "false"."""
    shown: str
    """A format string that says the figures in words, rounded so that they repeat anywhere."""
    instead: str
    """The sentence to say instead, as long as the verdict is what it was when this was written."""


class Judged(NamedTuple):
    """A claim with its figures and its verdict."""

    claim: Claim
    figures: dict
    verdict: str

    @property
    def shown(self):
        return self.claim.shown.format(**self.figures)

    def __str__(self):
        indent = {"width": 98, "initial_indent": "    ", "subsequent_indent": "    "}
        figures = textwrap.fill(f"figures: {self.shown}", **indent)
        instead = textwrap.fill(f"say: {self.claim.instead}", **indent)
        return f"C{self.claim.number} {self.verdict}\n{figures}\n{instead}"


def judge_all(claims):
    """Measure and judge claims, and return a dict from number to Judged.

    Args:
        claims: an iterable of Claim.

    Raises:
        FileNotFoundError: if a table in data/results/ is missing.

    Introduced in lesson 12.
    """
    judged = {}
    for claim in claims:
        figures = claim.measure()
        judged[claim.number] = Judged(claim, figures, claim.judge(figures))
    return judged


def table(judged):
    """Return a table in Markdown: saying, verdict, figures with a link to the lesson, sentence.

    Args:
        judged: an iterable of Judged.

    Introduced in lesson 12.
    """
    rows = ["| | people say | verdict | figures | say instead |", "|---|---|---|---|---|"]
    for one in judged:
        claim = one.claim
        figures = f"{one.shown} ([lesson {claim.lesson[:2]}]({claim.lesson}))"
        cells = (f"C{claim.number}", claim.saying, f"**{one.verdict}**", figures, claim.instead)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
