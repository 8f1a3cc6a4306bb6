"""The wrong answers that learners give: for each exercise, a name and what was written.

A wrong answer is written in the shortest form that shows the fault:

- a dict of edits {old: new} of the solution, where each `old` stands exactly once,
- one expression, which a function with the solution's arguments returns,
- or the whole function, which begins with a line break.
"""

import importlib
import pkgutil

MISTAKES = {
    name: mistakes
    for module in pkgutil.iter_modules(__path__)
    for name, mistakes in importlib.import_module(f"{__name__}.{module.name}").MISTAKES.items()
}


def source(solution, mistake):
    """The Python source of a wrong answer, from that of the solution."""
    if isinstance(mistake, dict):
        for old, new in mistake.items():
            assert solution.count(old) == 1, f"{old!r} stands {solution.count(old)} times in it"
            solution = solution.replace(old, new)
        return solution
    if mistake.startswith("\n"):
        return mistake
    first_line = solution.strip().splitlines()[0]
    return f"{first_line}\n    return {mistake}\n"
