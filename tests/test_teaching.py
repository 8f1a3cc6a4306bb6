"""TEACHING.md: what a teacher types gives the printed answer, and the minutes are the README's."""

import doctest
import re

import nbformat

from tools.lessons import NOTEBOOKS, find

ROOT = NOTEBOOKS.parent
GUIDE = ROOT / "TEACHING.md"
PATTERN = ["Aim", "Minutes", "Show", "Ask", "Listen for", "Cut"]
EXERCISE = 5


def pages():
    """The text of each lesson's page, by the lesson's number."""
    text = GUIDE.read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\d\d) .*?\n(.*?)(?=^## |\Z)", text, re.M | re.S))


def minutes():
    """(all but depth, exercises, in depth) by the lesson's number, for pages that give minutes."""
    pattern = r"\*\*Minutes\.\*\* (\d+)(?:, of them (\d+) exercises)?(?:; (\d+) more in depth)?"
    found = {number: re.search(pattern, page) for number, page in pages().items()}
    return {number: tuple(int(n or 0) for n in m.groups()) for number, m in found.items() if m}


def test_what_a_teacher_types_gives_the_printed_answer():
    text = GUIDE.read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, GUIDE.name, str(GUIDE), 0)
    # A lesson without a picture for the explorer (08, 12, 13) has no line to type.
    assert len(test.examples) > 30
    assert doctest.DocTestRunner().run(test).failed == 0


def test_every_lesson_has_a_page_of_the_same_pattern():
    assert {path.name[:2] for path in find()} <= set(pages())
    for number, page in pages().items():
        assert re.findall(r"^\*\*(.+?)\.\*\*", page, re.M) == PATTERN, number


def test_the_minutes_are_those_of_the_readme_and_of_the_exercises():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in find():
        row = rf"\]\(notebooks/{path.name}\) .*\| (\d+)(?: \+ (\d+) in depth)? \|$"
        said = re.search(row, readme, re.M)
        checks = sum(".check(" in cell.source for cell in nbformat.read(path, as_version=4).cells)
        expected = (int(said[1]), EXERCISE * checks, int(said[2] or 0))
        assert minutes()[path.name[:2]] == expected, path.name


def test_the_minutes_of_a_route_add_up():
    text = GUIDE.read_text(encoding="utf-8")
    routes = re.findall(r"^\| .* \| ((?:\d\d\*?(?:, )?)+) \| (\d+) \|$", text, re.M)
    assert len(routes) == 2
    for lessons, total in routes:
        added = 0
        for lesson in lessons.split(", "):
            whole, exercises, _ = minutes()[lesson[:2]]
            added += whole - exercises if lesson.endswith("*") else whole
        assert added == int(total), lessons
    row = r"^\| a full course \| 00 to 13 \| (\d+) \+ (\d+) in depth \|$"
    ((course, depth),) = re.findall(row, text, re.M)
    assert int(course) == sum(whole for whole, _, _ in minutes().values())
    assert int(depth) == sum(in_depth for _, _, in_depth in minutes().values())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    row = r"^\| (?:an evening|a day|a course) \| .* \| (\d+)(?: \+ (\d+) in depth)? \|$"
    totals, deeper = zip(*re.findall(row, readme, re.M), strict=True)
    assert totals == (*(total for _, total in routes), course)
    assert deeper == ("", "", depth)
    start = "".join(c.source for c in nbformat.read(find(["00"])[0], as_version=4).cells)
    assert tuple(re.findall(r"^- \*(?:An|A|The).*?\*, (\d+) minutes", start, re.M)) == totals
    assert re.findall(r"^- \*The.*\b(\d+) more for what stands there in depth", start, re.M) == [
        depth
    ]


def needs(number):
    """The lessons that a lesson's "You need" links to."""
    text = "\n".join(c.source for c in nbformat.read(find([number])[0], as_version=4).cells)
    section = re.search(r"^## You need$(.*?)(?=^## |\Z)", text, re.M | re.S)[1]
    return set(re.findall(r"\]\((\d\d)_", section.split("\n%%")[0])) - {number}


def skipped(route, remark):
    """What lessons of a route need, and neither an earlier one gives nor the remark speaks of."""
    found = []
    for place, lesson in enumerate(route):
        for needed in sorted(needs(lesson) - set(route[:place])):
            if not re.search(rf"\bare {needed}'s", remark):
                found.append((lesson, needed))
    return found


def test_no_route_skips_what_its_lessons_need():
    assert skipped(["00", "09"], "") == [("09", "06"), ("09", "08")]
    assert skipped(["00", "01", "02", "03", "06"], "pass over what they say, which are 04's") == []
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (?:an evening|a day) \| ((?:\d\d\*?(?:, )?)+): (.*) \| \d+ \|$", readme, re.M
    )
    assert len(rows) == 2
    for route, remark in [*rows, (", ".join(path.name[:2] for path in find()), "")]:
        assert skipped([lesson[:2] for lesson in route.split(", ")], remark) == [], route


def test_figures_said_to_be_stored_are_in_the_stored_run():
    """After make notebooks, the guide must follow."""
    number = r"\d+\.\d+"
    said = {n: re.findall(rf"stored ({number}) against ({number})", p) for n, p in pages().items()}
    row = rf"((?:{number}, )+{number}) in the stored run"
    for lesson, page in pages().items():
        said[lesson] += [found.split(", ") for found in re.findall(row, page)]
    assert sum(map(len, said.values())) >= 2
    for path in find():
        cells = nbformat.read(path, as_version=4).cells
        printed = "".join(o.get("text", "") for c in cells for o in c.get("outputs", []))
        printed = {float(found) for found in re.findall(number, printed)}
        for figures in said[path.name[:2]]:
            assert {float(figure) for figure in figures} <= printed, (path.name, figures)


def test_the_guide_expects_the_verdicts_that_the_last_lesson_stores():
    lesson = nbformat.read(NOTEBOOKS / "13_judge_the_claims.ipynb", as_version=4)
    (table,) = (
        output.data["text/markdown"]
        for cell in lesson.cells
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    )
    stored = dict(re.findall(r"^\| (C\d+) \|.*?\| \*\*(\w+)\*\* \|", table, re.M))
    expected = re.findall(r"^\| (C\d+) .*? \| (\w+)[^|]* \|", pages()["13"], re.M)
    assert len(stored) == 20
    assert dict(expected) == stored
