"""The glossary of the sheet: no lesson uses one of its terms before the lesson that defines it.

A term is *defined* where a lesson sets it in italics or bold. The glossary says in which lesson and
section that is. No earlier lesson may use the term, in the singular or the plural, in prose, a
heading, a caption or a table; and the lesson that defines it may not use it before. Three things
only announce what will be explained, and do not count: a lesson's title, its list "You will be able
to", and the heading of the very section that defines the term. Nor do code, formulas, the targets
of links, titles of works elsewhere, and the rows by which lesson 00 lists the others.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import nbformat
import pytest

from tools.lessons import NOTEBOOKS, find

SHEET = NOTEBOOKS / "formulas.ipynb"
# - **term**: what it is [NN](the_lesson.ipynb#The-section).
ENTRY = re.compile(r"^- \*\*(.+?)\*\*: (.+?) \[(\d\d)\]\((\S+?)#(\S+)\)\.$", re.M)
GOALS = "You will be able to"
NOT_PROSE = re.compile(
    r"^```.*?^```$"  # code
    r"|`[^`]*`"
    r"|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|^\| \[\d\d [^\n]*"  # a row that lists a lesson
    r"|\[[^]]*\]\(https://[^)\s]*(?:\([^)\s]*\)[^)\s]*)?\)"  # a work elsewhere, with its title
    r"|(?<=\])\([^)]*\)"  # where a link leads
    r"|<[^>]+>",
    re.M | re.S,
)


@dataclass
class Use:
    """One use of a term: the section, whether its heading is the place, and if it is set apart."""

    section: str
    in_heading: bool
    defines: bool


def markdown(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def entries(text):
    """{term: (lesson, section)} of the glossary."""
    return {m[1]: (m[3], m[5]) for m in ENTRY.finditer(text.split("## Glossary")[1])}


def forms(term):
    """A pattern for a term in the singular and the plural."""
    if term.endswith(("ex", "ix")):
        return rf"{term[:-2]}(?:{term[-2:]}|ices)"
    return r"\s+".join(map(re.escape, term.split())) + "(?:e?s)?"


def uses(text, terms):
    """{term: its uses in order}. In "max pooling", "pooling" is no use of its own."""
    longest_first = sorted(terms, key=len, reverse=True)
    names = "|".join(f"({forms(term)})" for term in longest_first)
    pattern = re.compile(rf"(?<![\w’'-])(?:{names})(?![\w-])", re.I)
    found, section = defaultdict(list), ""
    for part in re.split(r"^(#+ .*)$", NOT_PROSE.sub(" ", text), flags=re.M):
        in_heading = part.startswith("#")
        if in_heading:
            section = part.lstrip("# ")
        for match in pattern.finditer(part):
            around = part[match.start() - 1 : match.start()] + part[match.end() : match.end() + 1]
            term = longest_first[match.lastindex - 1]
            found[term].append(Use(section, in_heading, around == "**"))
    return found


def used_too_early(lessons, glossary):
    """Complaints about a course, {number: Markdown}, and {term: (number, section)}."""
    found = {number: uses(text, glossary) for number, text in lessons.items()}
    for term, (home, _) in glossary.items():
        for number in sorted(lessons):
            if number < home:
                for use in found[number][term]:
                    yield f"{term!r} of lesson {home} is used in {number}, {use.section!r}"
        here = found[home][term]
        place = next((i for i, use in enumerate(here) if use.defines), None)
        if place is None:
            yield f"{term!r} is not set in italics in lesson {home}"
            continue
        for use in here[:place]:
            announced = use.section == GOALS or use.section.startswith("Lesson ")
            if not announced and not (use.in_heading and use.section == here[place].section):
                yield f"{term!r} is used in lesson {home}, {use.section!r}, before it is defined"


COURSE = {
    "01": "# Lesson 01 · Pool\n\n## Windows\n\nA *window* slides. Many windows do.\n\n"
    "*Figure: three windows.*",
    "02": "# Lesson 02 · Max pooling\n\n## You will be able to\n\n- use max pooling\n\n"
    "## Max pooling\n\n[*Max\npooling*](formulas.ipynb#Glossary) takes the largest. "
    "An [*index*](formulas.ipynb#Glossary) tells where. Indices are kept.\n\n"
    "`stride` and $stride$ and [a stride](https://a.b/stride).\n\n"
    "## Steps\n\nA **stride** is a step.",
}
TERMS = {
    "window": ("01", "Windows"),
    "max pooling": ("02", "Max-pooling"),
    "index": ("02", "Max-pooling"),
    "stride": ("02", "Steps"),
}


def test_a_course_that_defines_each_term_first_is_right():
    assert list(used_too_early(COURSE, TERMS)) == []


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        ("01", "A *window*", "Max pooling. A *window*"),  # in an earlier lesson
        ("01", "three windows", "two strides"),  # there in a caption, and in the plural
        ("01", "# Lesson 01 · Pool", "# Lesson 01 · Stride"),  # in the title of an earlier lesson
        ("01", "## Windows", "## Indices"),  # in an irregular plural
        ("01", "Many windows do.", "Many [strides](02_a.ipynb) do."),  # as the text of a link
        ("01", "Many windows do.", "| strides |\n"),  # in a table
        ("01", "A *window*", "Windows! A *window*"),  # before, in the same lesson
        ("02", "An [*index*](formulas.ipynb#Glossary)", "An index"),  # never set apart
        ("02", "`stride`", "stride"),  # no longer code, and before the definition
        ("02", "## Steps", "## A stride\n\nSteps.\n\n## Steps"),  # in another section's heading
        ("02", "## Max pooling", "## The index"),  # in the heading of its own section: right
    ],
)
def test_a_term_that_is_used_too_early_is_noticed(number, old, new):
    assert old in COURSE[number]
    course = COURSE | {number: COURSE[number].replace(old, new, 1)}
    right = new == "## The index"
    assert bool(list(used_too_early(course, TERMS))) != right


def test_longer_terms_are_no_uses_of_shorter_ones():
    found = uses("Max pooling, pool, pools, pooled, non-pool.", ["pool", "max pooling", "pooling"])
    assert {term: len(places) for term, places in found.items()} == {"max pooling": 1, "pool": 2}


@pytest.fixture(scope="module")
def course():
    return {path.name[:2]: markdown(path) for path in find()}


@pytest.fixture(scope="module")
def glossary():
    return entries(markdown(SHEET))


def test_no_term_is_used_before_it_is_defined(course, glossary):
    assert list(used_too_early(course, glossary)) == []


def test_the_glossary_is_complete_in_order_and_leads_to_the_definitions(course, glossary):
    text = markdown(SHEET).split("## Glossary")[1]
    assert len(glossary) == len(re.findall(r"^- ", text, re.M)) > 90  # each has the form of ENTRY
    assert list(glossary) == sorted(glossary, key=str.lower)
    for term, (number, anchor) in glossary.items():
        home = next(use.section for use in uses(course[number], glossary)[term] if use.defines)
        assert anchor == home.replace(" ", "-"), term


def test_each_lesson_links_the_terms_that_it_defines_once(course, glossary):
    link = re.compile(r"\[\*([^]*]+)\*\]\(formulas\.ipynb#Glossary\)")
    for number, text in course.items():
        linked = link.findall(text)
        assert text.count("formulas.ipynb#Glossary") == len(linked), number
        homes = {term for term, (home, _) in glossary.items() if home == number}
        said = [t for name in linked for t in homes if re.fullmatch(forms(t), name, re.I)]
        assert sorted(said) == sorted(homes), number
        assert len(linked) == len(said), number
