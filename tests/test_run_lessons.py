"""tools.lessons: lessons are executed in place, whole or not at all."""

import re

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lessons


def notebook(path, *sources):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    nbformat.write(nb, path)
    return path


def test_outputs_are_stored_and_the_cost_is_told(tmp_path):
    path = notebook(
        tmp_path / "01_a.ipynb",
        "import os, time; hoard = bytearray(200 * 2**20); time.sleep(0.5)",
        "print(os.getcwd()); print(1 + 1)",
    )
    seconds, peak = lessons.execute(path)
    nb = nbformat.read(path, as_version=4)
    assert [c.execution_count for c in nb.cells] == [1, 2]
    assert nb.cells[1].outputs == [
        {"output_type": "stream", "name": "stdout", "text": f"{tmp_path}\n2\n"}
    ]
    assert nb.metadata.kernelspec.name == "python3"
    assert nb.metadata.language_info == lessons.LANGUAGE
    assert 0.5 < seconds < 60
    assert 200 * 2**20 < peak < 600 * 2**20
    assert [p.name for p in tmp_path.iterdir()] == ["01_a.ipynb"]


def test_widgets_are_not_stored_but_what_is_printed_beside_them_is(tmp_path):
    path = notebook(
        tmp_path / "01_a.ipynb",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass\nprint('done')",
    )
    lessons.execute(path)
    nb = nbformat.read(path, as_version=4)
    assert [o["output_type"] for o in nb.cells[0].outputs] == ["stream"]
    assert "widgets" not in nb.metadata


@pytest.mark.slow
def test_a_failing_lesson_is_left_as_it_was(tmp_path, monkeypatch, capsys):
    good = notebook(tmp_path / "01_good.ipynb", "print('fine')")
    bad = notebook(tmp_path / "02_bad.ipynb", "print('fine')", "1 / 0")
    before = bad.read_bytes()
    with pytest.raises(CellExecutionError):
        lessons.execute(bad)
    assert bad.read_bytes() == before
    monkeypatch.setattr("sys.argv", ["lessons"])
    monkeypatch.setattr(lessons.find, "__defaults__", ((), tmp_path))
    with pytest.raises(SystemExit) as exit_:
        lessons.main()
    assert exit_.value.code == 1
    printed = capsys.readouterr().out
    assert "01_good" in printed and "02_bad" in printed and "ZeroDivisionError" in printed
    assert bad.read_bytes() == before
    assert b"fine" in good.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01_good.ipynb", "02_bad.ipynb"]


def test_lessons_are_found_by_number(tmp_path):
    names = ["00_a.ipynb", "01_b.ipynb", "10_c.ipynb"]
    for name in (*names, "notes.ipynb", "01_b.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in lessons.find(folder=tmp_path)] == names
    assert [p.name for p in lessons.find(["10", "1"], tmp_path)] == ["10_c.ipynb", "01_b.ipynb"]
    with pytest.raises(ValueError, match="there is no lesson 7; there are 00, 01, 10"):
        lessons.find(["7"], tmp_path)


@pytest.fixture
def timed(tmp_path):
    """A lesson: 366 words, 12 lines, 1 figure, 2 predictions, 4 exercises (3 with a check)."""
    figure = new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    wide = new_output("stream", text="not a figure")
    stub = "def f(x): ...\n\n\nex.f.check(f)"
    cells = [
        new_markdown_cell("# Lesson 99 · Count\n\n" + "word " * 345 + "\n\n1. No exercise."),
        new_code_cell("a = 1\n\nb = 2\n" * 5, outputs=[wide]),
        new_markdown_cell("| - | — | **Predict.** |"),
        new_code_cell("c = 3", outputs=[figure]),
        new_markdown_cell("**Predict.**"),
        new_code_cell("d = 4"),
        new_markdown_cell("## Exercises\n\n1. a\n2. b\n3. c\n4. d"),
        *(new_code_cell(stub) for _ in range(3)),
        new_markdown_cell("## In practice\n\n7. end"),
    ]
    path = tmp_path / "99_count.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_minutes_add_up_reading_work_and_run_time(timed):
    text = "\n".join(c.source for c in nbformat.read(timed, 4).cells if c.cell_type == "markdown")
    words = [w for w in text.split() if re.search(r"\w", w)]
    assert len(words) == 366
    by_hand = 366 / 180 + 12 * 10 / 60 + 1 * 0.5 + 2 * 1 + 3 * 5 + 1 * 2
    assert lessons.minutes(timed) == pytest.approx((by_hand, 0))
    assert lessons.minutes(timed, seconds=90) == pytest.approx((by_hand + 1.5, 0))


def test_what_stands_in_depth_is_counted_apart(timed):
    nb = nbformat.read(timed, 4)
    figure = new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    nb.cells[4:4] = [  # before a prediction of the lesson itself
        new_markdown_cell("word " * 45 + "\n\n## In depth\n\n" + "word " * 178),  # 2 in the heading
        new_code_cell("a = 1\n" * 6, outputs=[figure]),
        new_markdown_cell("### Deeper\n\n**Predict.**\n\n## Out again\n\n" + "word " * 43),
    ]
    before = lessons.minutes(timed)
    nbformat.write(nb, timed)
    by_hand = 180 / 180 + 6 * 10 / 60 + 0.5 + 2 / 180 + 1
    added = lessons.minutes(timed, seconds=60)
    assert added.in_depth == pytest.approx(by_hand)
    assert added.needed == pytest.approx(before.needed + (45 + 2 + 43) / 180 + 1)


def test_minutes_are_printed_with_the_run_time(timed, monkeypatch, capsys):
    monkeypatch.setattr(lessons, "execute", lambda path: (600, 2**20))
    monkeypatch.setattr(lessons.find, "__defaults__", ((), timed.parent))
    monkeypatch.setattr("sys.argv", ["lessons"])
    with pytest.raises(SystemExit):
        lessons.main()
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[-3:] == ["minutes", "in", "depth"]
    needed, in_depth = lessons.minutes(timed)
    assert row.split() == ["99_count", "600.0", "1", f"{needed + 10:.0f}", f"{in_depth:.0f}"]


def test_a_lesson_without_exercises_has_minutes_too(tmp_path):
    path = notebook(tmp_path / "01_a.ipynb", "a = 1\nb = 2\nc = 3")
    assert lessons.minutes(path) == pytest.approx((0.5, 0))


def test_the_readme_gives_minutes_that_a_learner_needs():
    text = (lessons.NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    row = r"\]\(notebooks/(\S+)\) .*\| (\d+)(?: \+ (\d+) in depth)? \|$"
    said = {m[0]: (int(m[1]), int(m[2] or 0)) for m in re.findall(row, text, re.M)}
    for path in lessons.find():
        needed, in_depth = lessons.minutes(path)
        assert abs(said[path.name][0] - needed) <= 5, path.name
        assert abs(said[path.name][1] - in_depth) <= 1, path.name
