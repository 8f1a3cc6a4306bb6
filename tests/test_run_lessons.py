"""poolkit.lessons: lessons are executed in place, whole or not at all."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from poolkit import lessons


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
