"""The class behind every exercise: it checks a function, gives hints and shows a solution."""

import ast
import copy
import inspect
import math
import numbers
import re
import textwrap
import traceback
from functools import cached_property

import matplotlib.pyplot as plt
import numpy as np

from poolkit import draw
from poolkit.exercises import logbook

_RELATIVE, _ABSOLUTE = 1e-4, 1e-6
_KINDS = {"f": "floats (float64)", "b": "booleans (bool)"}
_MOST_CELLS_DRAWN = 200


def exercise(*cases, example=0, windows=None):
    """Make an exercise of the function below: its solution, with a docstring for the learner.

    The docstring begins with what the function must do, as Markdown: enough to write it from these
    words alone. After an empty line come hints, each of which gives away a little more, and one
    sentence for who got it right:

        Hint: The average of a window is its sum divided by 4.
        Right: Every cell counts once.

    Args: `cases`, calls to try, smallest first; each a sequence of arguments. One that is a
    function is shown by its docstring; `example`, the place in them of the call that the statement
    shows, with its result; `windows`, how to picture a wrong cell: a dict from the name of a 2-D
    argument to a function of (row, column, case), which returns the outline (top, left, height,
    width) to draw on it, in cells. None: there is nothing to picture.
    """
    return lambda function: Exercise(function, cases, example, windows or {})


class Exercise:
    """A function for the learner to write.

    Its `cases` are dicts from argument name to value, and `meaning` is the sentence for who got it
    right. `solution_source` is Python, where `np` is NumPy. What it returns is what is right.
    """

    def __init__(self, function, cases, example, windows):
        source = inspect.getsource(function)
        definition = ast.parse(source).body[0]
        docstring, lines = definition.body[0], source.splitlines()
        head = lines[definition.lineno - 1 : docstring.lineno - 1]
        self.solution_source = "\n".join([*head, *lines[docstring.end_lineno :], ""])
        text, self.meaning = " ".join(inspect.getdoc(function).split()).split(" Right: ")
        self.prompt, *self.hints = text.split(" Hint: ")
        names = list(inspect.signature(function).parameters)
        self.name = function.__name__
        self.cases = [dict(zip(names, case, strict=True)) for case in cases]
        self.example = example
        self.windows = windows
        self._hints_given = 0

    def check(self, answer):
        """Try the function on every case, and tell how it did: in words and, if wrong, a picture.

        The first wrong case is the one shown. The cases themselves never change.

        Args: `answer`, the learner's function. Introduced in lesson 01.
        """
        if answer is ...:
            return self._say_not_attempted()
        if not callable(answer):
            return self._say(
                f"check needs your function itself, but got {_kind(answer)}. "
                f"Write ex.{self.name}.check({self.name}), with no brackets after your "
                f"function's name."
            )
        try:
            inspect.signature(answer).bind(*self.cases[0].values())
        except TypeError as error:
            return self._say(f"your function cannot be called as {self._call()}: {error}.")
        except ValueError:
            pass  # Some functions written in C have no signature to read; calling them will tell.
        for number, case in enumerate(self.cases, start=1):
            expected, given = self._right(case), copy.deepcopy(case)
            try:
                yours = answer(*given.values())
            # exit() raises SystemExit. Only an interrupt is let through.
            except (Exception, SystemExit) as error:
                if number == 1 and isinstance(error, NotImplementedError):
                    return self._say_not_attempted()
                yours, shown, fault = None, _stopped(error), "Your function stopped."
            else:
                if number == 1 and (yours is None or yours is ...):
                    return self._say_not_attempted()
                fault = _changed_input(case, given) or _fault(expected, yours)
                shown = "" if fault is None else _text(yours)
            if fault is not None:
                self._say_wrong(number, fault, expected, shown)
                self._draw(case, expected, yours)
                return logbook.tried(self.name, passed=False)
        self._say(f"right, in all {len(self.cases)} cases.\n{self.meaning}")
        return logbook.tried(self.name, passed=True)

    def hint(self):
        """Print the next hint. Introduced in lesson 01."""
        if self._hints_given < len(self.hints):
            hint = self.hints[self._hints_given]
            self._hints_given += 1
            print(f"Hint {self._hints_given} of {len(self.hints)}: {hint}")
        else:
            print(f"There are no more hints. ex.{self.name}.solution() shows a solution.")

    def solution(self):
        """Print one way to write the function. Introduced in lesson 01."""
        print(self.solution_source, end="")

    def __repr__(self):
        return f"Exercise {self._call()}: {self.prompt}\n\n{self._example()}\n\n{self._stuck()}"

    def _repr_markdown_(self):
        return (
            f"**Exercise** `{self._call()}`\n\n{self.prompt}\n\n"
            f"For example:\n\n```python\n{self._example()}\n```\n\n{self._stuck()}"
        )

    def _call(self):
        return f"{self.name}({', '.join(self.cases[0])})"

    def _example(self):
        """A call with its result, as Python that a learner can copy."""
        case = self.cases[self.example]
        arguments = [name if callable(value) else _code(value) for name, value in case.items()]
        functions = [f"# {n}(x) is {v.__doc__}" for n, v in case.items() if callable(v)]
        call, result = f"{self.name}({', '.join(arguments)})", _code(self._right(case))
        return "\n".join([*functions, call, f"# returns {result}"])

    def _stuck(self):
        return f"Stuck? `ex.{self.name}.hint()` helps, and each time a little more."

    @cached_property
    def _solve(self):
        namespace = {"np": np}
        exec(self.solution_source, namespace)
        return namespace[self.name]

    def _right(self, case):
        return self._solve(*copy.deepcopy(case).values())

    def _say(self, text):
        print(f"{self.name}: {text}".rstrip())

    def _say_not_attempted(self):
        self._say("not attempted yet. Write the body, and let it return your result.")

    def _say_wrong(self, number, fault, expected, yours):
        arguments = [
            f"{name} = {value.__doc__}" if callable(value) else _text(value, f"{name} = ")
            for name, value in self.cases[number - 1].items()
        ]
        separator = "\n" if any("\n" in text for text in arguments) else ", "
        self._say(f"case {number} of {len(self.cases)} is wrong. {fault}")
        parts = {"Input": separator.join(arguments), "Expected": _text(expected), "Yours": yours}
        for name, text in parts.items():
            print(f"{name}:".ljust(10) + textwrap.indent(text, " " * 10).lstrip(" "))

    def _draw(self, case, expected, yours):
        if not self.windows or not _can_be_drawn(expected) or not _can_be_drawn(yours):
            return
        # Padding is −inf: the one exercise that pads a 2-D array is about max pooling.
        padding = case.get("padding", 0)
        panels = {
            name: np.pad(case[name].astype(float), padding, constant_values=-np.inf)
            for name in self.windows
        }
        panels |= {"expected": expected.astype(float), "yours": yours.astype(float)}
        outlines = {}
        if cell := _wrong_cell(expected, yours):
            outlines = {"expected": [(*cell, 1, 1)], "yours": [(*cell, 1, 1)]}
            for name, window in self.windows.items():
                top, left, height, width = window(*cell, case)
                outlines[name] = [(top + padding, left + padding, height, width)]
        draw.grids(panels, windows=outlines, padding=padding)
        plt.show()


def blocks(size, argument="x"):
    """How to picture a wrong cell, where windows of size × size cells lie side by side.

    Args: `size`, a number, or the name of the argument that holds it; `argument`, the name of the
    argument that the windows cut.
    """

    def window(row, column, case):
        k = case.get(size, size)
        return row * k, column * k, k, k

    return {argument: window}


def same_cell(row, column, case):
    """The outline of one cell: the one in the place of the wrong cell."""
    return row, column, 1, 1


def _stopped(error):
    """The learner's exception and their line. Lines of libraries below it would only confuse."""
    text = "".join(traceback.format_exception_only(error)).strip()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    if not frames:
        return text
    # The first frame is the learner's own; the last one in the same cell or file is where it broke.
    last = [f for f in frames if f.filename == frames[0].filename][-1]
    return f"{text}\nin your line {last.lineno}: {last.line}".removesuffix(": ")


def _changed_input(case, given):
    for name, before in case.items():
        after = given[name]
        if not np.array_equal(before, after):
            return (
                f"Your function changed its input {name} to {_text(after)}. "
                f"Work on a copy: {name} = {name}.copy()."
            )
    return None


def _fault(expected, yours):
    """None if an answer is right, else a sentence; "" where the two values say it all."""
    # By name: a learner who does not use torch should not wait for its import.
    if str(type(yours).__module__).partition(".")[0] == "torch":
        wanted, convert = {
            np.ndarray: ("NumPy array", "numpy"),
            list: ("list", "tolist"),
        }.get(type(expected), ("number", "item"))
        return f"You returned a torch tensor; return a {wanted}: .{convert}() at its end."
    if isinstance(expected, np.ndarray):
        return _array_fault(expected, yours)
    if isinstance(expected, list):
        return _list_fault(expected, yours)
    return _number_fault(expected, yours)


def _array_fault(expected, yours):
    if isinstance(yours, np.ma.MaskedArray):
        # Its comparisons leave out what is masked, which would then pass for right.
        return (
            f"You returned {_kind(yours)}; return a plain NumPy array, without a mask: "
            f"your_result.filled(…)."
        )
    if isinstance(yours, list | tuple):
        return f"You returned {_kind(yours)}; return a NumPy array: np.array(your_result)."
    if not isinstance(yours, np.ndarray):
        return f"You returned {_kind(yours)}; return a NumPy array of shape {expected.shape}."
    if yours.shape != expected.shape:
        return f"Your shape is {yours.shape}; it must be {expected.shape}."
    if yours.dtype.kind != expected.dtype.kind:
        wanted = _KINDS[expected.dtype.kind]
        return f"Your array has the dtype {yours.dtype}; it must hold {wanted}."
    cell = _wrong_cell(expected, yours)
    if cell is None:
        return None
    place = "row {}, column {}" if len(cell) == 2 else "position {}"
    return (
        f"The first wrong number is at {place.format(*cell)}: "
        f"yours is {_number(yours[cell])}, expected is {_number(expected[cell])}."
    )


def _wrong_cell(expected, yours):
    """The first cell where two arrays differ; None if there is none, or they are not alike."""
    if yours.shape != expected.shape or yours.dtype.kind != expected.dtype.kind:
        return None
    wrong = np.argwhere(~np.isclose(yours, expected, _RELATIVE, _ABSOLUTE))
    return tuple(wrong[0].tolist()) if len(wrong) else None


def _list_fault(expected, yours):
    if type(yours) is np.ndarray and yours.ndim:
        yours = yours.tolist()
    if not isinstance(yours, list | tuple):
        return f"You returned {_kind(yours)}; return a list."
    if len(yours) != len(expected):
        return f"Your list has length {len(yours)}; it must be {len(expected)}."
    for i, (right, entry) in enumerate(zip(expected, yours, strict=True)):
        pair, is_a_pair = isinstance(right, tuple), isinstance(entry, list | tuple)
        if is_a_pair != pair or not all(map(_is_whole, entry if is_a_pair else [entry])):
            wanted = "a pair of whole numbers" if pair else "a whole number"
            return f"Entry {i} is {_text(entry)}; it must be {wanted}."
        if (tuple(entry) if pair else entry) != right:
            return f"Entry {i} is {_text(entry)}; it must be {right}."
    return None


def _number_fault(expected, yours):
    if isinstance(expected, int):
        if isinstance(yours, float | np.floating):
            return "You returned a float; return a whole number (int). To divide, use // and not /."
        if not _is_whole(yours):
            return f"You returned {_kind(yours)}; return a whole number (int)."
        return None if yours == expected else ""
    if isinstance(yours, bool) or not isinstance(yours, numbers.Real):
        return f"You returned {_kind(yours)}; return a number."
    try:
        close = math.isclose(yours, expected, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    except OverflowError:  # a whole number too large for a float
        close = False
    return None if close else ""


def _is_whole(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _kind(value):
    if value is None:
        return "None"
    name = "NumPy array" if type(value) is np.ndarray else type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _text(value, prefix=""):
    """The value as a learner would write it, short enough to read."""
    try:
        if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
            text = np.array2string(value, precision=5, suppress_small=True, prefix=prefix)
        else:
            # Addresses differ from run to run and tell nothing.
            text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(_without_numpy_scalars(value)))
            text = text if len(text) <= 300 else text[:300] + " …"
    except Exception as error:  # a learner's own class, or a whole number of thousands of digits
        text = f"{_kind(value)} that cannot be shown: {type(error).__name__}"
    return prefix + text


def _code(value):
    """The value as Python source, with no more digits than a reader needs."""
    if isinstance(value, np.ndarray):
        return f"np.array({_code(value.tolist())})"
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    return repr(_without_numpy_scalars(value))


def _number(value):
    return str(value) if isinstance(value, np.bool_) else f"{value:.6g}"


def _without_numpy_scalars(value):
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list):
        return [_without_numpy_scalars(v) for v in value]
    if isinstance(value, tuple):
        return tuple(_without_numpy_scalars(v) for v in value)
    return value


def _can_be_drawn(value):
    return (
        type(value) is np.ndarray
        and value.ndim == 2
        and value.dtype.kind in "biuf"
        and 0 < value.size <= _MOST_CELLS_DRAWN
    )
