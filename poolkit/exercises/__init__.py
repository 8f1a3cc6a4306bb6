"""Functions to write yourself, each with a check that shows the first counterexample.

In a lesson: ``from poolkit import exercises as ex``, then ``ex.min_pool.check(min_pool)``,
``ex.min_pool.hint()`` and ``ex.min_pool.solution()``. ``ex.min_pool`` as the last line of a cell
shows what the function must do. How a lesson notes predictions is told in `logbook`.

The exercises of a lesson are those that its file lesson_NN.py defines; nothing else lists them.
"""

import importlib
import pkgutil

from poolkit.exercises import logbook
from poolkit.exercises.exercise import Exercise
from poolkit.exercises.logbook import forget, predict, score, tally

# From the number of a lesson, such as "01", to its exercises by name.
LESSONS = {
    file.name.removeprefix("lesson_"): {
        name: value
        for name, value in vars(importlib.import_module(f"{__name__}.{file.name}")).items()
        if isinstance(value, Exercise)
    }
    for file in pkgutil.iter_modules(__path__)
    if file.name.startswith("lesson_")
}

for _exercises in LESSONS.values():
    globals().update(_exercises)


def progress():
    """Print a table over all lessons: exercises passed and predictions right, on this machine."""
    logbook.table({number: list(lesson) for number, lesson in LESSONS.items()})


__all__ = ["LESSONS", "Exercise", "forget", "predict", "progress", "score", "tally"]
__all__ += sorted(name for lesson in LESSONS.values() for name in lesson)
