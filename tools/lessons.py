"""``python -m tools.lessons [NUMBER ...]``: execute the lessons in place and tell what they cost.

A lesson is written back only when all of its cells ran without an error, and then whole; otherwise
the file stays as it was. The table gives the seconds and the peak memory of each lesson's kernel,
and the minutes that a learner needs.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_markdown_cell
from tqdm.auto import tqdm

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

# As a kernel reports it, without the version: nbconvert needs it to write a lesson as a .py file.
LANGUAGE = {
    "name": "python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}

_WIDGET = "application/vnd.jupyter.widget-view+json"

# Evaluated in the kernel. On Linux, ru_maxrss would include the process that started the kernel.
_PEAK_BYTES = {
    "linux": "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024",
    "win32": "__import__('psutil').Process().memory_info().peak_wset",
}.get(sys.platform, "__import__('resource').getrusage(0).ru_maxrss")


def find(numbers=(), folder=NOTEBOOKS):
    """Return the paths of the lessons with these numbers, or of all lessons, in order.

    Args:
        numbers: lesson numbers as text, "6" or "06".
        folder: the folder that holds the notebooks.

    Raises:
        ValueError: if a number has no lesson.
    """
    lessons = {path.name[:2]: path for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))}
    for number in numbers:
        if number.zfill(2) not in lessons:
            raise ValueError(f"there is no lesson {number}; there are {', '.join(lessons)}")
    return [lessons[n.zfill(2)] for n in numbers] or list(lessons.values())


def execute(path):
    """Execute one notebook in place, and return the seconds and the peak memory of its kernel.

    Args:
        path: the notebook; its cells run in its own folder.

    Returns:
        (seconds, bytes).

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails; the file is then left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        peak = nbformat.v4.new_code_cell(_PEAK_BYTES)
        notebook.cells.append(peak)
        client.execute_cell(peak, len(notebook.cells) - 1)
        notebook.cells.pop()
    _tidy(notebook)
    new = path.with_name(f".{path.name}.new")
    try:
        nbformat.write(notebook, new)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    return seconds, int(peak.outputs[0].data["text/plain"])


class Minutes(NamedTuple):
    """What a learner needs for a lesson, and for its part "In depth", which may be skipped."""

    needed: float
    in_depth: float


def minutes(path, seconds=0):
    """Estimate how many minutes a learner needs for one lesson, with all of its exercises.

    What is counted is in the notebook; what each thing takes is an assumption, for a learner who
    knows some NumPy and meets the subject for the first time: 180 words of prose a minute; 10
    seconds for a line of code with what it prints; half a minute to look at a figure; a minute for
    each prediction; 5 minutes for each exercise with a check, and 2 for any other in the numbered
    list of Exercises. Nobody was timed. What stands under the heading "In depth" is counted apart,
    but for the seconds: who runs the lesson runs all of it.

    Args:
        path: the notebook.
        seconds: what its cells take to run.

    Returns:
        Minutes, not rounded.
    """
    parts = _parts(nbformat.read(path, as_version=4).cells)
    return Minutes(_learning(parts[False]) + seconds / 60, _learning(parts[True]))


def _parts(cells):
    """The cells that do not stand under "In depth", and those that do; prose is cut to fit."""
    parts, in_depth = {False: [], True: []}, False
    for cell in cells:
        if cell.cell_type != "markdown":
            parts[in_depth].append(cell)
            continue
        for text in re.split(r"^(?=##? )", cell.source, flags=re.M):
            if re.match("##? ", text):
                in_depth = text.startswith("## In depth\n")
            parts[in_depth].append(new_markdown_cell(text))
    return parts


def _learning(cells):
    prose = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    words = sum(any(map(str.isalnum, word)) for word in prose.split())
    tasks = re.search(r"^## Exercises$(.*?)(?=^## |\Z)", prose, re.M | re.S)
    listed = len(re.findall(r"^\d+\. ", tasks[1], re.M)) if tasks else 0
    code = [c for c in cells if c.cell_type == "code"]
    checked = sum(".check(" in c.source for c in code)
    lines = sum(
        bool(line.strip())
        for c in code
        if ".check(" not in c.source
        for line in c.source.splitlines()
    )
    figures = sum("image/png" in o.get("data", {}) for c in code for o in c.outputs)
    reading = words / 180 + lines / 6 + figures / 2
    return reading + prose.count("**Predict.**") + 5 * checked + 2 * max(listed - checked, 0)


def _tidy(notebook):
    """Remove what differs between machines and what a reader without a kernel cannot be shown."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": LANGUAGE,
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if _WIDGET not in o.get("data", {})]


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.lessons", description="Execute lessons in place."
    )
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="lesson numbers; none: all")
    try:
        paths = find(parser.parse_args().numbers)
    except ValueError as error:
        parser.error(str(error))
    rows, failed = [], False
    for path in tqdm(paths, desc="lessons"):
        try:
            seconds, peak = execute(path)
            needed, in_depth = minutes(path, seconds)
            row = f"{path.stem:32} {seconds:8.1f} {peak / 2**20:8.0f}"
            rows.append(f"{row} {needed:8.0f} {in_depth:8.0f}")
        except CellExecutionError as error:
            failed = True
            rows.append(f"{path.stem:32}   failed, and is left as it was\n{error}")
    heading = f"{'lesson':32} {'seconds':>8} {'peak MiB':>8} {'minutes':>8} {'in depth':>8}"
    print(heading, *rows, sep="\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
