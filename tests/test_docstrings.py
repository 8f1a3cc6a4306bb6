"""Which lesson introduces a function is true: that lesson names it."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LESSONS = {path.name[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}


def introductions(source):
    """Yield (name, number of the lesson) of all that docstrings say about lessons."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            said = re.search(r"Introduced in\s+lesson [^.]*", ast.get_docstring(node) or "")
            for number in re.findall(r"lesson (\d+)", said.group() if said else ""):
                yield node.name, number


def source_of(lesson):
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def is_true(name, number):
    return number in LESSONS and re.search(rf"\b{name}\b", source_of(LESSONS[number])) is not None


@pytest.mark.parametrize(
    "path", sorted((ROOT / "poolkit").rglob("*.py")), ids=lambda path: path.stem
)
def test_the_lesson_that_introduces_a_function_names_it(path):
    found = introductions(path.read_text(encoding="utf-8"))
    assert [(name, number) for name, number in found if not is_true(name, number)] == []


def test_an_untrue_introduction_is_noticed():
    source = '''
def max_pool2d():
    """Pool. Introduced in lesson 01; windows in lesson 98. Not in lesson 77."""
def no_such_pool():
    """Pool. Introduced in
    lesson 01."""
'''
    found = list(introductions(source))
    assert found == [("max_pool2d", "01"), ("max_pool2d", "98"), ("no_such_pool", "01")]
    assert [is_true(*one) for one in found] == [True, False, False]
