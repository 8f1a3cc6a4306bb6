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
    if term.endswith("ex") or term.endswith("ix"):
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
