"""What a learner predicted and passed: the lines of the lessons, and the file behind them."""

import datetime
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from poolkit import exercises as ex
from poolkit.exercises import logbook

TODAY = datetime.date.today().isoformat()
NO_PREDICTION = (
    "01 maxima: no prediction yet. Put yours in place of the dots and run this cell again.\n"
)


@pytest.fixture(autouse=True)
def file(monkeypatch, tmp_path):
    """A new kernel, and a place for its file."""
    path = tmp_path / "data" / "progress.json"
    monkeypatch.setenv("POOLKIT_PROGRESS", str(path))
    monkeypatch.setattr(logbook, "_predictions", {})
    monkeypatch.setattr(logbook, "_said", set())
    return path


def book(path):
    return json.loads(path.read_text("utf-8"))


def rows(capsys):
    """The table of ex.progress(): from the first word of each line to the rest."""
    capsys.readouterr()
    ex.progress()
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines}


@pytest.mark.parametrize(
    ("value", "truth", "within", "says"),
    [
        ([6, 4, 4, 5], np.array([[6.0, 4.0], [4.0, 5.0]]), 0, "right."),
        ((6, 4, 4, 5), torch.tensor([[6, 4], [4, 5]]), 0, "right."),
        (np.array([[6, 4], [4, 5]]), [6, 4, 4, 5], 0, "right."),
        ([6, 4, 5, 4], [6, 4, 4, 5], 0, "you said [6, 4, 5, 4]; it is [6, 4, 4, 5]."),
        ([6, 4, 4], [6, 4, 4, 5], 0, "you said [6, 4, 4]; it is [6, 4, 4, 5]."),
        (3.75, np.float32(3.75), 0, "right."),
        (0.33333, 1 / 3, 0, "right."),
        (0.33, 1 / 3, 0, "you said 0.33; it is 0.333333."),
        (25, 27.1, 5, "right."),
        (22, 27.1, 5, "you said 22; it is 27.1."),
        (" Average", "average", 0, "right."),
        (["max", "average"], ["average", "max"], 0, "you said [max, average]; it is [average, max"),
        ("3", 3, 0, "right."),
        ("three", 3, 0, "you said three; it is 3."),
        (True, np.bool_(True), 0, "right."),
        (True, False, 0, "you said True; it is False."),
        (float("inf"), float("inf"), 0, "right."),
        (float("nan"), 0.0, 0, "you said nan; it is 0."),
        (0, 1e-9, 0, "right."),
    ],
)
def test_a_prediction_is_compared(value, truth, within, says, capsys, file):
    ex.predict("01 maxima", value)
    assert capsys.readouterr().out == "01 maxima: noted.\n"
    ex.score("01 maxima", truth, within)
    assert capsys.readouterr().out.startswith(f"01 maxima: {says}")
    (entry,) = book(file)["predictions"].values()
    assert (entry["right"], entry["date"]) == (says == "right.", TODAY)
    ex.tally()
    assert capsys.readouterr().out == (
        f"Predictions in this run: 1 of 1 noted, {int(says == 'right.')} right.\n"
    )


@pytest.mark.parametrize("value", [..., [..., ...], [6, 4, ..., 5], ([1, ...],)])
def test_dots_are_no_prediction(value, capsys, file):
    ex.predict("01 maxima", value)
    assert capsys.readouterr().out == NO_PREDICTION
    ex.score("01 maxima", 6)
    assert capsys.readouterr().out == ""
    ex.tally()
    assert capsys.readouterr().out == "Predictions in this run: none noted.\n"
    assert not file.parent.exists()


@pytest.mark.parametrize(
    "value",
    [{}, {1: 2}, None, len, [], 1j, b"6", {6}, list(range(101)), np.zeros((99, 99)), [6, None]],
)
def test_what_cannot_be_noted_is_told(value, capsys, file):
    ex.predict("01 maxima", value)
    ex.score("01 maxima", 6)
    assert capsys.readouterr().out == (
        "01 maxima: a prediction is a number, a text, True or False, or a short list of these.\n"
    )
    assert not file.exists()


@pytest.mark.parametrize("power", [400, 5000])
def test_a_whole_number_that_no_float_can_hold_is_told(power, capsys):
    ex.predict("01 maxima", -(10**power))
    assert "a prediction is a number" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["maxima", "1 maxima", "01", "01 ", "01maxima", 1, None, ""])
def test_a_name_without_a_lesson_is_refused(name):
    for call in (lambda: ex.predict(name, 3), lambda: ex.score(name, 3)):
        with pytest.raises(ValueError, match=r"^name is .*, not the number of a lesson, a space"):
            call()


def test_a_truth_that_cannot_be_compared_is_refused_with_and_without_a_prediction():
    for value in (..., 3):
        ex.predict("01 maxima", value)
        with pytest.raises(TypeError, match=r"^truth is None, not a number, a text"):
            ex.score("01 maxima", None)


def test_a_score_without_a_prediction_in_this_kernel_says_nothing(capsys, file):
    ex.predict("01 maxima", 6)
    ex.score("01 maxima", 6)
    logbook._predictions.clear()  # a fresh kernel; the file stays
    capsys.readouterr()
    ex.score("01 maxima", 6)
    ex.predict("01 maxima", ...)
    ex.score("01 maxima", 6)
    assert capsys.readouterr().out == NO_PREDICTION


def test_dots_take_a_prediction_back_and_still_count_as_asked_for(capsys):
    ex.predict("01 maxima", 6)
    ex.predict("01 maxima", ...)
    ex.predict("01 means", 3)
    capsys.readouterr()
    ex.score("01 maxima", 6)
    ex.tally()
    assert capsys.readouterr().out == "Predictions in this run: 1 of 2 noted, 0 right.\n"


def test_the_first_prediction_is_the_one_that_counts(capsys):
    for value in (5, 6):
        ex.predict("01 maxima", value)
        ex.score("01 maxima", 6)
    assert "01 maxima: right." in capsys.readouterr().out
    assert rows(capsys)["01"].endswith(" 0 of 1")


def test_progress_counts_what_was_passed_and_right(capsys, file):
    solutions = {}
    for name in ("min_pool", "lost_pixels", "iou"):
        exec(ex.__dict__[name].solution_source, {"np": np}, solutions)
    ex.min_pool.check(solutions["min_pool"])
    ex.lost_pixels.check(lambda height, width: 0)
    ex.lost_pixels.check(solutions["lost_pixels"])
    ex.lost_pixels.check(lambda height, width: 0)
    ex.max_pool.check(lambda x, kernel_size: x)
    ex.avg_pool.check(lambda x: 1 / 0)
    ex.output_size.check(...)
    ex.output_size.check(3)
    for name, guess in (("01 a", 1), ("01 b", 2), ("00 c", 2), ("11 d", 3)):
        ex.predict(name, guess)
        ex.score(name, 2)
    assert rows(capsys) == {
        "lesson": "exercises passed predictions right",
        "00": "none to pass 1 of 1",
        **{
            number: f"{2 * (number == '01')} of {len(names)} none noted"
            for number, names in ex.LESSONS.items()
        },
        "01": "2 of 4 1 of 2",
        "11": "0 of 6 0 of 1",
    }
    both = {"tried": TODAY, "passed": TODAY}
    assert book(file)["exercises"] == {
        "min_pool": both,
        "lost_pixels": both,
        "max_pool": {"tried": TODAY},
        "avg_pool": {"tried": TODAY},
    }


def test_forgetting_deletes_the_file(capsys, file):
    ex.predict("01 maxima", 6)
    ex.score("01 maxima", 6)
    assert file.exists()
    capsys.readouterr()
    for _ in range(2):
        ex.forget()
        assert capsys.readouterr().out == "Your progress is deleted.\n"
        assert list(file.parent.iterdir()) == []
    ex.tally()
    assert capsys.readouterr().out == "Predictions in this run: none noted.\n"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"\xff\xfe", b"null", b"[]", b"3", b"{}", b"[" * 99_999),
        b'{"exercises": [], "predictions": {}}',
        b'{"exercises": {"min_pool": 3}, "predictions": {}}',
    ],
)
def test_a_damaged_file_is_kept_aside_and_told_once(content, capsys, file):
    file.parent.mkdir()
    file.write_bytes(content)
    ex.progress()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Your progress could not be read: ")
    for name in ("01 a", "01 b"):
        ex.predict(name, 6)
        ex.score(name, 6)
    told = capsys.readouterr().out
    assert told.count("Your progress") == 1
    damaged = file.with_name("progress.json.damaged")
    assert f"could not be read and starts anew. The old file: {damaged}\n" in told
    assert damaged.read_bytes() == content
    assert list(book(file)["predictions"]) == ["01 a", "01 b"]


def fails(*arguments, **settings):
    raise PermissionError("not allowed")


@pytest.mark.parametrize(
    ("place", "name"),
    [(os, "open"), (os, "replace"), (Path, "mkdir"), (Path, "write_text"), (Path, "read_text")],
)
def test_what_cannot_be_saved_is_told_once_and_loses_nothing(
    place, name, monkeypatch, capsys, file
):
    ex.predict("01 a", 6)
    ex.score("01 a", 6)
    before = file.read_bytes()
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(place, name, fails)
        ex.predict("01 b", 6)
        for _ in range(2):
            ex.score("01 b", 6)
        ex.lost_pixels.check(lambda height, width: 0)
    told = capsys.readouterr().out
    assert told.count("Your progress could not be saved: not allowed\n") == 1
    assert told.count("01 b: right.\n") == 2
    assert "lost_pixels: case 2 of 12 is wrong." in told
    assert file.read_bytes() == before
    assert not file.with_name("progress.json.lock").exists()


def test_a_folder_that_cannot_be_written_to_stops_nothing(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POOLKIT_PROGRESS", str(tmp_path / "file" / "progress.json"))
    ex.predict("01 a", 6)
    ex.score("01 a", 6)
    assert "01 a: right.\nYour progress could not be saved: " in capsys.readouterr().out
    ex.progress()
    assert capsys.readouterr().out.startswith("Your progress could not be read: ")
    ex.forget()
    assert capsys.readouterr().out.startswith("Your progress could not be deleted: ")


@pytest.mark.parametrize("homeless", [True, False])
def test_the_file_is_among_the_data_of_the_user(homeless, monkeypatch, capsys, tmp_path):
    for name in ("POOLKIT_PROGRESS", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def home():
        if homeless:
            raise RuntimeError("Could not determine home directory.")
        return tmp_path

    monkeypatch.setattr(Path, "home", home)
    monkeypatch.setattr(sys, "platform", "linux")
    ex.predict("01 a", 6)
    ex.score("01 a", 6)
    ex.progress()
    told = capsys.readouterr().out
    assert (tmp_path / ".local/share/poolkit/progress.json").exists() != homeless
    assert ("Set POOLKIT_PROGRESS to the path of a file." in told) == homeless
    assert told.startswith("01 a: noted.\n01 a: right.\n")


def note_many(number):
    for i in range(25):
        logbook.tried(f"{number} {i}", passed=True)


def test_two_kernels_at_once_lose_nothing(file):
    kernels = [
        multiprocessing.get_context("fork").Process(target=note_many, args=(n,)) for n in "ab"
    ]
    for kernel in kernels:
        kernel.start()
    # Whoever reads in between finds a whole file, whatever is written at the moment.
    while any(kernel.is_alive() for kernel in kernels):
        logbook._read(file)
    assert [kernel.exitcode for kernel in kernels] == [0, 0]
    assert set(book(file)["exercises"]) == {f"{n} {i}" for n in "ab" for i in range(25)}
    assert [path.name for path in file.parent.iterdir()] == ["progress.json"]


def test_the_lock_of_a_kernel_that_died_is_taken_over(file, monkeypatch):
    monkeypatch.setattr(logbook, "_PATIENCE", 0.1)
    file.parent.mkdir()
    file.with_name("progress.json.lock").write_text("")
    started = time.monotonic()
    logbook.tried("min_pool", passed=True)
    assert time.monotonic() - started >= 0.1
    assert list(book(file)["exercises"]) == ["min_pool"]
    assert not file.with_name("progress.json.lock").exists()


def test_an_interrupt_leaves_no_lock(file, monkeypatch):
    def interrupted(*arguments, **settings):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(json, "dumps", interrupted)
        with pytest.raises(KeyboardInterrupt):
            logbook.tried("min_pool", passed=True)
    assert list(file.parent.iterdir()) == []


LESSON = [
    "from poolkit import exercises as ex",
    "guess = ...  # a list of four numbers\nex.predict('01 maxima', guess)",
    "ex.score('01 maxima', [6, 4, 4, 5])",
    "def min_pool(x): ...\n\n\nex.min_pool.check(min_pool)",
    "ex.min_pool",
    "ex.tally()",
]


def test_a_stored_lesson_prints_the_same_with_any_file_or_none(file):
    """In a fresh kernel each, as nbval runs it."""
    file.parent.mkdir()
    known = {
        "exercises": {"min_pool": {"tried": TODAY, "passed": TODAY}},
        "predictions": {"01 maxima": {"value": 6, "right": True, "date": TODAY}},
    }
    outputs = []
    for content in (None, b"{", json.dumps(known).encode()):
        if content is not None:
            file.write_bytes(content)
        lesson = new_notebook(cells=[new_code_cell(source) for source in LESSON])
        NotebookClient(lesson, kernel_name="python3").execute()
        outputs.append(json.dumps([cell.outputs for cell in lesson.cells]))
        assert (file.read_bytes() if file.exists() else None) == content
    assert outputs[0] == outputs[1] == outputs[2]
    assert "no prediction yet" in outputs[0]
    assert "# returns np.array(" in outputs[0]


def test_the_idiom_of_the_docstring_runs(file):
    """The cells as they stand there, with the names that a lesson has."""
    cells = [line[4:] for line in logbook.__doc__.splitlines() if line.startswith("    ")]
    code = "from poolkit import exercises as ex\npooled = [6, 4, 4, 5]\n" + "\n".join(cells)
    for given in (code, code.replace("guess = ...", "guess = [6, 4, 4, 4]")):
        done = subprocess.run([sys.executable, "-c", given], capture_output=True, text=True)
        assert done.stderr == ""
        assert ("you said [6, 4, 4, 4]; it is [6, 4, 4, 5]." in done.stdout) == (given != code)
