import re

import nbconvert
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import slides
from tools.lessons import find
from tools.slides import SlidesExporter, as_slides


def placed(*cells):
    """The source and the place of each cell of the slides."""
    cells = as_slides(new_notebook(cells=cells)).cells
    return [(c.source, c.metadata.slideshow["slide_type"]) for c in cells]


md, code = new_markdown_cell, new_code_cell
TITLE = md("# Lesson 99 · Test")


def folded(source):
    return code(source, metadata={"tags": ["hide-output"]})


def test_headings_begin_slides_and_prose_begins_steps():
    cells = [md("# Lesson 99\n\nWhy.\n\n## Body\n\nLook:"), code("a"), md("Next:"), code("b")]
    assert placed(*cells) == [
        ("# Lesson 99\n\nWhy.", "slide"),
        ("## Body\n\nLook:", "slide"),
        ("a", "-"),
        ("Next:", "subslide"),
        ("b", "-"),
    ]


def test_an_answer_waits_and_is_commented_below_it():
    cells = [TITLE, md("Five.\n\n**Predict.** And now?"), folded("a"), md("Six.\n\n## Body")]
    assert placed(*cells)[1:] == [
        ("Five.", "subslide"),
        ("**Predict.** And now?", "subslide"),
        ("a", "fragment"),
        ("Six.", "-"),
        ("## Body", "slide"),
    ]


def test_a_caption_stays_with_its_figure():
    figure = [code("plt.show()"), md("*Figure: a\n*thin* line.*\n\nThin.")]
    cells = [TITLE, md("Look:"), *figure, code("b")]
    assert placed(*cells)[2:] == [
        ("plt.show()", "-"),
        ("*Figure: a\n*thin* line.*", "-"),
        ("Thin.", "subslide"),
        ("b", "-"),
    ]


def test_an_explorer_and_a_second_cell_have_steps_of_their_own():
    cells = [TITLE, md("Look:"), code("PoolExplorer(x)"), code("b")]
    assert [kind for _, kind in placed(*cells)[2:]] == ["subslide", "subslide"]


def test_exercises_and_readings_are_left_out():
    cells = [
        TITLE,
        md("## What you saw\n\n- one\n\n## Exercises\n\n1. Do it.\n\n**Predict.** What?"),
        code("stub"),
        md("## In practice\n\nDo it.\n\n## Read further\n\n- [A](https://a.b)"),
    ]
    assert [source for source, _ in placed(*cells)[1:]] == [
        "## What you saw\n\n- one",
        "## In practice\n\nDo it.",
    ]


def test_links_to_other_lessons_become_words_and_those_to_the_world_stay():
    ((source, _),) = placed(md("# See [lesson 1](01_a.ipynb) and [A](https://a.b/c_(d))."))
    assert source == "# See lesson 1 and [A](https://a.b/c_(d))."


@pytest.mark.parametrize("path", find(), ids=lambda path: path.stem)
def test_each_lesson_keeps_its_cells(path):
    lesson = nbformat.read(path, as_version=4)
    code = [c.source for c in lesson.cells if c.cell_type == "code"]
    body = [s for s in code if ".check(" not in s and "Try it here" not in s]
    slides = as_slides(lesson).cells
    nbformat.validate(lesson)
    assert [c.source for c in slides if c.cell_type == "code"] == body


def with_a_figure(caption):
    output = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
    return new_notebook(cells=[TITLE, code("plt.show()", outputs=[output]), md(caption)])


def test_figures_are_described():
    page, _ = SlidesExporter().from_notebook_node(with_a_figure('*Figure: "6" < 9.*'))
    assert BeautifulSoup(page, "html.parser").img["alt"] == '"6" < 9.'
    page, _ = SlidesExporter().from_notebook_node(with_a_figure("It rises."))
    assert BeautifulSoup(page, "html.parser").img["alt"].startswith("No description")


def test_what_nbconvert_loads_from_elsewhere_is_not_loaded():
    loaded = re.compile(r"<script[^>]* src=\S|<link|https://cdn")
    plain, _ = nbconvert.SlidesExporter().from_notebook_node(with_a_figure("*Figure: a cat.*"))
    assert loaded.search(plain)
    page, _ = SlidesExporter().from_notebook_node(with_a_figure("*Figure: a cat.*"))
    assert not loaded.search(page.partition("<body")[0])


def test_the_file_needs_no_other():
    page, _ = SlidesExporter().from_filename(str(find(["01"])[0]))
    assert "<title>Lesson 01 · Take the max slides</title>" in page
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*", page)
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', " ".join(tags))
    assert [a[:40] for a in addresses if not a.startswith(("data:", "${"))] == []


@pytest.fixture
def run(monkeypatch):
    """Run the command in this Python."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slides", *arguments])
        slides.main()

    return run


def test_the_command_prints_the_addresses(run, tmp_path, capsys):
    run("1", "--folder", str(tmp_path / "new" / "slides"))
    file = tmp_path / "new" / "slides" / "01_take_the_max.html"
    assert capsys.readouterr().out == f"{file.as_uri()}\n"
    assert "Reveal.initialize" in file.read_text(encoding="utf-8")


def test_the_command_names_an_unknown_lesson(run, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run("99", "--folder", str(tmp_path))
    assert exit_.value.code == 2
    assert "there is no lesson 99" in capsys.readouterr().err
