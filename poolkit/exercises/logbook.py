"""What a learner predicted and passed, kept in one small file that nothing else needs.

In a lesson, one cell before the reveal, where a learner puts a prediction in place of the dots; the
reveal ends with the comparison, `within` a distance where an estimate is asked for; and the last
cell of the lesson counts:

    guess = ...  # a list of four numbers
    ex.predict("01 the four maxima", guess)

    ex.score("01 the four maxima", pooled)
    ex.score("01 the share of bright cells", 27.1, within=5)

    ex.tally()

What these cells print depends on the running kernel alone, never on the file: with `...` in place
of a prediction, `predict` and `tally` print a fixed line and `score` nothing, so lessons can be
stored and compared; nor does such a run write to the file. Only `ex.progress()` shows what the file
holds: a cell that calls it is tagged `nbval-ignore-output`.

The file: the environment variable POOLKIT_PROGRESS if it is set, or else progress.json in the
folder poolkit of the place where the system keeps a user's data.
"""

import contextlib
import datetime
import json
import math
import os
import re
import sys
import time
from pathlib import Path

_PATIENCE = 2.0  # seconds; whoever writes needs milliseconds
_LONGEST = 100  # numbers and texts in one prediction
_PARTS = ("exercises", "predictions")

# The names of this kernel's predictions; to each the prediction (… while there is none) and whether
# it was right (None while that is open).
_predictions = {}
_said = set()


def predict(name, value):
    """Note a prediction, before the lesson shows what is true.

    Args: `name`, the number of the lesson, a space, and a few words; `value`, a number, a text,
    True or False, or a list or array of these. With `...` as the value, or anywhere in the list, it
    is no prediction yet.
    Raises: ValueError for another name.
    """
    _check_name(name)
    _predictions[name] = (..., None)
    value = _plain(value)
    leaves = _leaves(value)
    if any(leaf is ... for leaf in leaves):
        print(f"{name}: no prediction yet. Put yours in place of the dots and run this cell again.")
        return
    if not 0 < len(leaves) <= _LONGEST or not all(map(_can_be_noted, leaves)):
        print(f"{name}: a prediction is a number, a text, True or False, or a short list of these.")
        return
    _predictions[name] = (value, None)
    print(f"{name}: noted.")


def score(name, truth, within=0.0):
    """Compare the prediction of that name with what is true; without a prediction, say nothing.

    Lists and arrays are compared number by number in reading order, whatever their shape, and
    texts without regard to capitals. The first prediction of each name is the one that
    `ex.progress()` counts.

    Args: `name` and `truth`, of the kinds that `predict` takes; `within`, how far each number may
    be off.
    Raises: ValueError for another name, TypeError for a truth of another kind.
    """
    _check_name(name)
    truth = _plain(truth)
    if not all(map(_can_be_noted, _leaves(truth))):
        raise TypeError(
            f"truth is {truth!r}, not a number, a text, True or False, or a list of these"
        )
    value, _ = _predictions.get(name, (..., None))
    if value is ...:
        return
    guesses, truths = _leaves(value), _leaves(truth)
    right = len(guesses) == len(truths)
    right = right and all(_agree(*pair, within) for pair in zip(guesses, truths, strict=True))
    _predictions[name] = (value, right)
    print(f"{name}: right." if right else f"{name}: you said {_show(value)}; it is {_show(truth)}.")
    entry = {"value": value, "right": right, "date": _today()}
    _change(lambda book: book["predictions"].setdefault(name, entry))


def tally():
    """Print how many predictions of this run were noted, and how many were right."""
    noted = [right for value, right in _predictions.values() if value is not ...]
    counts = f"{len(noted)} of {len(_predictions)} noted, {noted.count(True)} right."
    print(f"Predictions in this run: {counts if noted else 'none noted.'}")


def table(lessons):
    """Print a table over all lessons: exercises passed and predictions right, on this machine.

    Args: `lessons`, from the number of a lesson to the names of its exercises.
    """
    try:
        book = _read(_path())
    except (OSError, ValueError) as error:
        print(f"Your progress could not be read: {error}")
        return
    passed = {name for name, entry in book["exercises"].items() if "passed" in entry}
    row = "{:<8}{:<18}{}".format
    print(row("lesson", "exercises passed", "predictions right"))
    for lesson in sorted({*lessons, *(name[:2] for name in book["predictions"])}):
        names = lessons.get(lesson, [])
        made = [e.get("right") for n, e in book["predictions"].items() if n[:2] == lesson]
        done = f"{len(passed.intersection(names))} of {len(names)}" if names else "none to pass"
        print(row(lesson, done, f"{made.count(True)} of {len(made)}" if made else "none noted"))
    print(f"\nKept in {_path()}. ex.forget() deletes it.")


def forget():
    """Delete all that is known of what was predicted and passed."""
    _predictions.clear()
    try:
        _path().unlink(missing_ok=True)
        print("Your progress is deleted.")
    except OSError as error:
        print(f"Your progress could not be deleted: {error}")


def tried(exercise, passed):
    """Note that an exercise was tried, and whether it was passed, with the day of the first time.

    Args: `exercise`, its name; `passed`, whether the answer was right.
    """

    def note(book):
        entry = book["exercises"].setdefault(exercise, {})
        entry.setdefault("tried", _today())
        if passed:
            entry.setdefault("passed", _today())

    _change(note)


def _check_name(name):
    if not (isinstance(name, str) and re.fullmatch(r"\d\d \S.*", name)):
        raise ValueError(
            f"name is {name!r}, not the number of a lesson, a space and a few words, such as "
            f"'01 the four maxima'"
        )


def _today():
    return datetime.date.today().isoformat()


def _plain(value):
    """Arrays, tensors and tuples as lists, and their numbers as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _leaves(value):
    return [leaf for entry in value for leaf in _leaves(entry)] if type(value) is list else [value]


def _can_be_noted(leaf):
    # A longer whole number has no float to compare it with.
    return isinstance(leaf, str | float) or (isinstance(leaf, int) and abs(leaf) < 10**100)


def _agree(guess, truth, within):
    if isinstance(guess, str) or isinstance(truth, str):
        return str(guess).strip().casefold() == str(truth).strip().casefold()
    return math.isclose(guess, truth, rel_tol=1e-4, abs_tol=max(within, 1e-6))


def _show(value):
    if isinstance(value, list):
        return f"[{', '.join(map(_show, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _path():
    """The file; OSError if the system does not tell where a user's data are."""
    try:
        if os.environ.get("POOLKIT_PROGRESS"):
            return Path(os.environ["POOLKIT_PROGRESS"]).expanduser()
        if sys.platform == "win32":
            folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Application Support"
        else:
            folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError as error:
        raise OSError(f"{error} Set POOLKIT_PROGRESS to the path of a file.") from None
    return folder / "poolkit" / "progress.json"


def _read(path):
    """What the file holds, nothing if there is none; ValueError if that was not written here."""
    try:
        book = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {part: {} for part in _PARTS}
    except RecursionError:
        raise ValueError("too deep") from None
    for part in _PARTS:
        entries = book.get(part) if isinstance(book, dict) else None
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ValueError(f"no {part}")
    return book


def _change(note):
    """Read the file, let `note` change what it holds, and write it: all of it, or nothing."""
    try:
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path.with_name(path.name + ".lock")):
            try:
                book = _read(path)
            except ValueError:
                # Somebody may still want to read it.
                damaged = path.with_name(path.name + ".damaged")
                os.replace(path, damaged)
                print(f"Your progress could not be read and starts anew. The old file: {damaged}")
                book = _read(path)
            note(book)
            new = path.with_name(f"{path.name}.{os.getpid()}")
            new.write_text(json.dumps(book, indent=1), "utf-8")
            os.replace(new, path)
    except OSError as error:
        sentence = f"Your progress could not be saved: {error}"
        # Once is enough: it changes nothing in the lesson.
        if sentence not in _said:
            print(sentence)
            _said.add(sentence)


@contextlib.contextmanager
def _lock(path):
    """Wait while another kernel writes. A lock left by a kernel that died is taken over."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                path.unlink(missing_ok=True)
                deadline += _PATIENCE
            time.sleep(0.005)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
