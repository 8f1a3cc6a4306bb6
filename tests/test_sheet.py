"""The sheet, notebooks/formulas.ipynb: links, names, and the rules that it shares with lessons.

That its words are defined in time is for tests/test_glossary.py, that it prints on two sides for
tests/browser/test_site.py, and that torch and the stored runs still give its tables for nbval.
"""

import re

import nbformat
import pytest
import test_lessons

from tools.lessons import NOTEBOOKS, find
from tools.pages import anchor

SHEET = NOTEBOOKS / "formulas.ipynb"
SHARED = [
    "executed_from_top_to_bottom",
    "kernel_is_python3",
    "language_is_complete_and_names_no_machine",
    "no_warnings_and_no_errors",
    "no_widget_state",
    "prose_is_plain",
    "the_file_is_a_valid_notebook",
]


@pytest.fixture
def sheet():
    return nbformat.read(SHEET, as_version=4)


@pytest.mark.parametrize("name", SHARED)
def test_rules_that_it_shares_with_lessons(sheet, name):
    assert test_lessons.complaints(name, sheet) == []


def everything(sheet):
    """Its prose and the tables that its code makes."""
    tables = [
        output.data["text/markdown"]
        for cell in sheet.cells
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    ]
    assert len(tables) == 2  # the defaults, and which one to use
    return "\n\n".join([test_lessons.markdown(sheet), *tables])


def broken(text):
    """Links to a lesson's section that lead nowhere, or whose text is not the lesson's number."""
    anchors = {}
    for path in find():
        prose = test_lessons.markdown(nbformat.read(path, as_version=4))
        anchors[path.name] = {anchor(h) for h in re.findall(r"^#+ (.*)$", prose, re.M)}
    for said, name, section in re.findall(r"\[([^]]+)\]\(([^)#]+)#([^)]+)\)", text):
        if section not in anchors.get(name, ()) or said != name[:2]:
            yield f"[{said}]({name}#{section})"


def test_each_link_leads_to_a_section_of_the_lesson_that_it_names(sheet):
    text = everything(sheet)
    assert list(broken(text)) == []
    assert len(re.findall(r"\.ipynb#", text)) > 150
    for wrong in ("[01](01_take_the_max.ipynb#By-foot)", "[02](01_take_the_max.ipynb#By-hand)"):
        assert list(broken(f"{text} {wrong}.")) == [wrong]


def test_every_trap_and_every_advice_says_where_it_is_measured(sheet):
    text = everything(sheet)
    traps = re.search(r"^## Traps$(.*?)^## ", text, re.M | re.S)[1].strip().splitlines()
    advice = text.split("| you have |")[1].splitlines()[2:]
    assert len(traps) >= 15 and len(advice) >= 10
    for line in [*traps, *advice]:
        assert ".ipynb#" in line or "NaN" in line, line  # a cell of the sheet itself tries NaN


def test_code_is_folded(sheet):
    code = test_lessons.code_cells(sheet)
    assert all(cell.metadata.tags == ["hide-input"] for cell in code)
    assert all(cell.metadata.jupyter.source_hidden for cell in code)


def test_the_sheet_is_named_where_one_looks_for_it():
    for name in ("README.md", "TEACHING.md"):
        text = (NOTEBOOKS.parent / name).read_text(encoding="utf-8")
        assert "](notebooks/formulas.ipynb)" in text, name
    start = test_lessons.markdown(nbformat.read(find(["00"])[0], as_version=4))
    assert "](formulas.ipynb)" in start
