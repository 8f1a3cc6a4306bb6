"""How a saying is judged by figures, with a margin.

A saying is taken apart into cases, such as bright lines and dark ones, and each case into
statements of the kind "this figure is above that bound". What is nearer to the bound than a margin
is open. In a case the saying is as good as the worst of its statements there: it holds, fails or is
open. It is true if it holds in every case, partly true if in some, which are named; else false, or
open if a case is. So none is called true or false on a figure that might as well have come out on
the other side.

How far a figure might have come out elsewhere, had other seeds been drawn, is what
`paired_difference` tells of two variants: its interval is a figure that `above` takes.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from statistics import fmean, median
from typing import Any, NamedTuple

from poolkit.checks import whole_number

__all__ = ["Claim", "Difference", "Judged", "above", "below"]
__all__ += ["judge_all", "paired_difference", "table", "verdict"]


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
    """Return 1 if a figure lies below a bound by more than a margin, -1 if above, else 0 (open).

    Args, Raises: as `above`.
    """
    return -above(figure, bound, margin)


def verdict(cases: Iterable[int]) -> str:
    """Return "true", "partly", "false" or "open": in which of its cases a saying holds.

    True if it holds in all, partly if in some, false if it fails in all; open if it holds in none,
    and at least one might as well have come out otherwise.

    Args: `cases`, for each 1 if it holds, -1 if it fails, 0 if it is open.
    Raises: ValueError if there is none.
    Introduced in lesson 13.

    >>> verdict([1, 1]), verdict([1, -1]), verdict([-1, -1]), verdict([-1, 0])
    ('true', 'partly', 'false', 'open')
    """
    found = set(cases)
    if not found:
        raise ValueError("cases is empty; there must be at least one")
    if 1 in found:
        return "true" if found == {1} else "partly"
    return "false" if found == {-1} else "open"


class Difference(NamedTuple):
    """By how much one variant is ahead of another, pair by pair, in the unit of the figures.

    `interval`: (lowest, highest) that the median difference of all seeds may be. `confidence`: how
    often such intervals hold it, from 0 to 1. `above`, `below`: how many of the differences are
    above 0, and below it. `p_value`: how often luck alone, a fair coin for each pair, would be as
    one-sided as these two counts, or more.
    """

    median: float
    mean: float
    interval: tuple[float, float]
    confidence: float
    above: int
    below: int
    p_value: float


def paired_difference(
    a: Sequence[float], b: Sequence[float], *, confidence: float = 0.9, comparisons: int = 1
) -> Difference:
    """Return by how much `a` is ahead of `b`, pair by pair, and how sure that is.

    Other seeds would have given other differences. Suppose that all seeds could be run: half of
    their differences lie above one number, their median, and half below. Each difference that was
    measured is then a coin: it falls above the median or below. Five coins fall on the same side in
    2 of 32 cases; in the other 30 the median lies between the lowest and the highest of the five.
    So this range is an interval with a confidence of 30/32 = 93.75 %: who reports many such ranges
    is right that often. With more pairs than the confidence needs, as many of the lowest and of the
    highest are left out as it allows. Nothing is supposed of how the differences are spread, only
    that the pairs do not depend on each other.

    Whoever makes ten comparisons has ten chances to be wrong. With comparisons=10 each interval is
    so wide that all ten are right together with at least this confidence, and the p-value is ten
    times as large (Bonferroni): also if they share runs, such as those of one reference.

    What the interval does not tell: what another net, recipe or set of images would give.

    Args: `a` and `b`, the figures of two variants, the k-th of both from the same seed;
    `confidence`, at least this much, between 0 and 1; `comparisons`, how many are made in all.
    Raises: TypeError for what is not a number; ValueError for lists of unequal length, a figure
    that is not finite, an argument out of range, or too few pairs for this confidence.
    Source: order statistics and the sign test, as in Conover 1999, Practical Nonparametric
    Statistics, sections 3.2 and 3.4.

    >>> found = paired_difference([93, 91, 92, 95, 90], [90, 89, 91, 91, 90.5])
    >>> found.median, found.interval, found.confidence, (found.above, found.below)
    (2, (-0.5, 4), 0.9375, (4, 1))
    """
    comparisons = whole_number("comparisons", comparisons, 1)
    if not 0 < _number("confidence", confidence) < 1:
        raise ValueError(f"confidence={confidence} must be between 0 and 1")
    if len(a) != len(b):
        raise ValueError(f"a has {len(a)} figures and b has {len(b)}; they must come in pairs")
    differences = sorted(_number(f"a[{k}]", a[k]) - _number(f"b[{k}]", b[k]) for k in range(len(a)))
    pairs = needed = len(differences)
    while _joint(0, needed, comparisons) < confidence:
        needed += 1
    if needed > pairs:
        raise ValueError(
            f"confidence={confidence} needs {needed} pairs for comparisons={comparisons}; "
            f"with {pairs} it is at most {_joint(0, pairs, comparisons)}"
        )
    left_out = 0
    while _joint(left_out + 1, pairs, comparisons) >= confidence:
        left_out += 1
    ahead, behind = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    return Difference(
        median=median(differences),
        mean=fmean(differences),
        interval=(differences[left_out], differences[-1 - left_out]),
        confidence=_joint(left_out, pairs, comparisons),
        above=ahead,
        below=behind,
        p_value=min(1.0, comparisons * _one_sided(min(ahead, behind), ahead + behind)),
    )


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} must be a number, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{name}={value} must be a finite number")
    return value


def _joint(left_out: int, pairs: int, comparisons: int) -> float:
    """The confidence that all intervals hold, with so many differences left out at each end."""
    return max(0.0, 1 - comparisons * _one_sided(left_out, pairs))


def _one_sided(fewer: int, coins: int) -> float:
    """How likely at most `fewer` of so many fair coins fall on one side, or on the other.

    If both can happen at once, this counts them twice, and may be above 1.
    """
    return 2 * sum(math.comb(coins, k) for k in range(fewer + 1)) / 2**coins


@dataclass(frozen=True)
class Claim:
    """A saying about pooling, and how it is judged.

    `saying`: as people say it. `lesson`: the notebook and the heading under which the course
    measures it. `cases`: of the figures, and nothing else, the cases by their name, for each which
    of its statements hold (1), fail (-1) or are open (0). `shown`: the figures that decide, in a
    few words, rounded so that they repeat anywhere. `instead`: the sentence to say instead, as long
    as the verdict is what it was when this was written. `measure`: computes the figures, or reads
    them from data/results/. `definition`: it says what pooling is, so figures only illustrate it.
    """

    number: int
    saying: str
    lesson: str
    cases: Callable[[dict[str, Any]], dict[str, list[int]]]
    shown: Callable[[dict[str, Any]], str]
    instead: str
    measure: Callable[[], dict[str, Any]]
    definition: bool = False

    def judge(self, figures: dict[str, Any]) -> str:
        """Return the verdict that these figures, measured or made up, lead to."""
        return verdict(min(statements) for statements in self.cases(figures).values())


@dataclass(frozen=True)
class Judged:
    """A claim with its figures and its verdict."""

    claim: Claim
    figures: dict[str, Any]
    verdict: str

    @property
    def shown(self) -> str:
        return self.claim.shown(self.figures)

    @property
    def holds_for(self) -> list[str]:
        """The names of the cases in which the saying holds."""
        cases = self.claim.cases(self.figures)
        return [name for name, statements in cases.items() if min(statements) == 1]

    def __str__(self) -> str:
        holds = f", for {' and '.join(self.holds_for)}" if self.verdict == "partly" else ""
        lines = (f"C{self.claim.number} {self.verdict}{holds}", f"figures: {self.shown}")
        return "\n    ".join((*lines, f"say: {self.claim.instead}"))


def judge_all(claims: Iterable[Claim]) -> dict[int, Judged]:
    """Measure and judge claims, and return each under its number.

    Raises: FileNotFoundError if a table in data/results/ is missing.
    Introduced in lesson 13.
    """
    measured = [(claim, claim.measure()) for claim in claims]
    return {one.number: Judged(one, figures, one.judge(figures)) for one, figures in measured}


def table(judged: Iterable[Judged]) -> str:
    """Return a table in Markdown: saying, verdict, where it holds, figures, what to say instead.

    The figures link to the lesson that measures them. Introduced in lesson 13.
    """
    rows = ["| | people say | verdict | it holds for | figures | say instead |", "|" + "---|" * 6]
    for one in judged:
        claim = one.claim
        holds = ", ".join(one.holds_for) if one.verdict == "partly" else ""
        figures = f"{one.shown} ([lesson {claim.lesson[:2]}]({claim.lesson}))"
        cells = (f"C{claim.number}", claim.saying, f"**{one.verdict}**", holds, figures)
        rows.append(f"| {' | '.join((*cells, claim.instead))} |")
    return "\n".join(rows)
