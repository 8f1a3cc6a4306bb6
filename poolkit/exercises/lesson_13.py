"""The exercises of lesson 13: on which side of a bound a figure is, and how sure that is."""

from poolkit.exercises.cases import calls
from poolkit.exercises.exercise import exercise


@exercise(
    *calls(
        "2.0 3.0 1.0 0.0; -3.0 -2.0 1.0 0.0; 0.0 2.0 1.0 0.0; 2.0 3.0 1.0 1.5; 2.0 9.0 1.0 0.5; "
        "-9.0 0.0 1.0 0.5; 0.5 3.0 1.0 0.25; 0.25 0.75 1.0 0.5; 1.5 2.0 1.0 0.5; 0.0 0.5 1.0 0.5; "
        "-2.0 -1.0 0.0 0.5; 98.0 98.5 99.0 0.75"
    ),
    example=4,
)
def side(low, high, bound, margin):
    """A figure was measured with several seeds; all of them lie from `low` to `high`. These,
    `bound` and `margin` are floats. Return 1 if all seeds are above `bound` by more than `margin`,
    −1 if all are below it by more than `margin`, and 0 in every other case: a whole number.

    Hint: For 1, which of the two ends must be above the bound plus the margin?
    Hint: For -1 it is the other end, and the bound less the margin.
    Hint: More than the margin: use > and <, not >= and <=.
    Right: Every verdict of this lesson is made of such answers. 0 is an answer too.
    """
    if low > bound + margin:
        return 1
    if high < bound - margin:
        return -1
    return 0


@exercise(
    *calls(
        "2.0 3.0 1.0; -3.0 -2.0 1.0; 0.0 2.0 1.0; 1.0 2.0 1.0; 0.25 1.5 0.0; -2.5 -1.5 0.0; "
        "-0.75 0.25 0.0; 88.5 92.5 99.0"
    )
)
def largest_margin(low, high, bound):
    """The figures of several seeds lie from `low` to `high`, both floats. Return how far `bound` is
    from the nearer end, if both ends are on one side of it: one float. With this margin or a larger
    one, `side` has to say 0. If the bound lies between the ends, or at one of them, return 0.0.

    Hint: Above the bound, the lowest seed decides; below it, the highest.
    Hint: If the bound is between them, both distances are negative.
    Hint: max takes three numbers as well.
    Right: Report this beside a verdict: it says how much would have to change to turn it.
    """
    return max(low - bound, bound - high, 0.0)


@exercise(*calls("1.0; 0.5; 0.25; 0.3; 0.1; 0.05; 0.01; 0.001"), example=2)
def seeds_needed(chance):
    """Two variants are equally good. By luck, one of them is ahead with all of n seeds in 2 × 0.5ⁿ
    of the cases (lesson 08). `chance` is a float above 0, and at most 1. Return the fewest seeds,
    at least 1, for which 2 × 0.5ⁿ is at most `chance`: a whole number.

    Hint: Try 1, 2, 3 … seeds until the chance is small enough.
    Hint: For 0.05 it is one seed more than lesson 08 had.
    Hint: At most: equal is small enough.
    Right: Plan the seeds before you train, and then use all of them.
    """
    seeds = 1
    while 2 * 0.5**seeds > chance:
        seeds += 1
    return seeds
