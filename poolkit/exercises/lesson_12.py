"""The exercises of lesson 12: on which side of a bound a figure is, and how sure that is."""

from poolkit.exercises.exercise import Exercise


def _cases(names, *rows):
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


def _side(low, high, bound, margin):
    return (low > bound + margin) - (high < bound - margin)


def _seeds_needed(chance):
    seeds = 1
    while 2 * 0.5**seeds > chance:
        seeds += 1
    return seeds


side = Exercise(
    name="side",
    prompt=(
        "A figure was measured with several seeds; they lie from `low` to `high`. Return 1 if all "
        "of them are above `bound` by more than `margin`, -1 if all are below it by more than "
        "`margin`, and 0 in every other case."
    ),
    reference=_side,
    cases=_cases(
        "low high bound margin",
        *((2.0, 3.0, 1.0, 0.0), (-3.0, -2.0, 1.0, 0.0), (0.0, 2.0, 1.0, 0.0)),
        *((2.0, 3.0, 1.0, 1.5), (2.0, 9.0, 1.0, 0.5), (-9.0, 0.0, 1.0, 0.5)),
        *((0.5, 3.0, 1.0, 0.25), (0.25, 0.75, 1.0, 0.5), (1.5, 2.0, 1.0, 0.5)),
        *((0.0, 0.5, 1.0, 0.5), (-2.0, -1.0, 0.0, 0.5), (98.0, 98.5, 99.0, 0.75)),
    ),
    hints=[
        "For 1, which of the two ends must be above the bound plus the margin?",
        "For -1 it is the other end, and the bound less the margin.",
        "More than the margin: use > and <, not >= and <=.",
    ],
    solution_source="""
def side(low, high, bound, margin):
    if low > bound + margin:
        return 1
    if high < bound - margin:
        return -1
    return 0
""",
    mistakes={
        "the wrong end": """
def side(low, high, bound, margin):
    if high > bound + margin:
        return 1
    if low < bound - margin:
        return -1
    return 0
""",
        "the middle only": """
def side(low, high, bound, margin):
    middle = (low + high) / 2
    return 1 if middle > bound + margin else -1 if middle < bound - margin else 0
""",
        "no margin": """
def side(low, high, bound, margin):
    return 1 if low > bound else -1 if high < bound else 0
""",
        "nothing is open": """
def side(low, high, bound, margin):
    return 1 if low > bound + margin else -1
""",
        "the margin counts as enough": """
def side(low, high, bound, margin):
    return 1 if low >= bound + margin else -1 if high <= bound - margin else 0
""",
        "the margin on the wrong side": """
def side(low, high, bound, margin):
    return 1 if low > bound - margin else -1 if high < bound + margin else 0
""",
        "bound forgotten": """
def side(low, high, bound, margin):
    return 1 if low > margin else -1 if high < -margin else 0
""",
    },
    meaning="Every verdict of this lesson is made of such answers. 0 is an answer too.",
)

largest_margin = Exercise(
    name="largest_margin",
    prompt=(
        "The figures of several seeds lie from `low` to `high`. How large may a margin be before "
        "`side` has to say 0? Return the distance from `bound` to the nearer end as a float, and "
        "0.0 if the bound lies between the ends."
    ),
    reference=lambda low, high, bound: max(low - bound, bound - high, 0.0),
    cases=_cases(
        "low high bound",
        *((2.0, 3.0, 1.0), (-3.0, -2.0, 1.0), (0.0, 2.0, 1.0), (1.0, 2.0, 1.0)),
        *((0.25, 1.5, 0.0), (-2.5, -1.5, 0.0), (-0.75, 0.25, 0.0), (88.5, 92.5, 99.0)),
    ),
    hints=[
        "Above the bound, the lowest seed decides; below it, the highest.",
        "If the bound is between them, both distances are negative.",
        "max takes three numbers as well.",
    ],
    solution_source="""
def largest_margin(low, high, bound):
    return max(low - bound, bound - high, 0.0)
""",
    mistakes={
        "above only": """
def largest_margin(low, high, bound):
    return max(low - bound, 0.0)
""",
        "negative where the bound is inside": """
def largest_margin(low, high, bound):
    return max(low - bound, bound - high)
""",
        "the nearer end, also from inside": """
def largest_margin(low, high, bound):
    return min(abs(low - bound), abs(high - bound))
""",
        "the farther end": """
def largest_margin(low, high, bound):
    return max(high - bound, bound - low, 0.0)
""",
        "from the middle": """
def largest_margin(low, high, bound):
    return abs((low + high) / 2 - bound)
""",
    },
    meaning="Report this beside a verdict: it says how much would have to change to turn it.",
)

seeds_needed = Exercise(
    name="seeds_needed",
    prompt=(
        "Two variants are equally good. In lesson 07 one of them was ahead with all of n seeds by "
        "luck in 2 × 0.5ⁿ of the cases. Return the fewest seeds for which this is at most "
        "`chance`: a whole number of at least 1."
    ),
    reference=_seeds_needed,
    cases=_cases("chance", (1.0,), (0.5,), (0.25,), (0.3,), (0.1,), (0.05,), (0.01,), (0.001,)),
    hints=[
        "Try 1, 2, 3 … seeds until the chance is small enough.",
        "For 0.05 it is one seed more than lesson 07 had.",
        "At most: equal is small enough.",
    ],
    solution_source="""
def seeds_needed(chance):
    seeds = 1
    while 2 * 0.5**seeds > chance:
        seeds += 1
    return seeds
""",
    mistakes={
        "one variant only": """
def seeds_needed(chance):
    seeds = 1
    while 0.5**seeds > chance:
        seeds += 1
    return seeds
""",
        "below, not at most": """
def seeds_needed(chance):
    seeds = 1
    while 2 * 0.5**seeds >= chance:
        seeds += 1
    return seeds
""",
        "the last that is too few": """
def seeds_needed(chance):
    seeds = 1
    while 2 * 0.5 ** (seeds + 1) > chance:
        seeds += 1
    return seeds
""",
        "rounded to the nearest": """
def seeds_needed(chance):
    return int(round(float(1 - np.log2(chance))))
""",
        "one over the chance": """
def seeds_needed(chance):
    return int(2 / chance)
""",
    },
    meaning="Plan the seeds before you train, and then use all of them.",
)
