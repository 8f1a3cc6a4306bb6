"""The website, as files; tests/browser/test_site.py looks at it as a reader does."""

import subprocess
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from conftest import build
from tools.lessons import NOTEBOOKS, find
from tools.pages import describe_figures

pytestmark = pytest.mark.slow
LESSONS = pytest.mark.parametrize("path", find(), ids=lambda path: path.stem)


def read(file):
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def built(site, path):
    return read(site / "notebooks" / f"{path.stem}.html")


def pages(site):
    return {p: read(p) for p in site.rglob("*.html") if "_static" not in p.parts}


def addresses(page):
    """What a page asks for on its own, and where its links lead."""
    loaded = [tag["src"] for tag in page.select("[src]")]
    loaded += [tag["href"] for tag in page.select("link[href]")]
    return loaded, [tag["href"] for tag in page.select("a[href]")]


def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(site):
    all_pages = pages(site)
    assert len(all_pages) >= len(find()) + 4  # the README, the data, the search, the index
    for file, page in all_pages.items():
        loaded, links = addresses(page)
        assert [a for a in loaded if urlsplit(a).netloc] == []
        for address in loaded + links:
            parts = urlsplit(address)
            if parts.scheme in ("https", "data"):
                continue
            assert parts.scheme == "", f"{address} in {file.name}"
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_file(), f"{address} in {file.name}"
            if parts.fragment and target in all_pages:
                anchor = unquote(parts.fragment)
                assert all_pages[target].find(id=anchor), f"{address} in {file.name}"


def test_every_lesson_is_listed_in_order(site):
    links = [a["href"] for a in read(site / "README.html").select("nav.bd-links a")]
    assert links[: len(find())] == [f"notebooks/{path.stem}.html" for path in find()]


@LESSONS
def test_figures_have_the_words_of_their_captions(site, path):
    cells = describe_figures(nbformat.read(path, as_version=4)).cells
    outputs = [o for c in cells if c.cell_type == "code" for o in c.outputs]
    expected = [o.metadata["alt"] for o in outputs if "image/png" in o.get("data", {})]
    images = built(site, path).select("article .cell_output img")
    assert [image.get("alt") for image in images] == expected


def test_all_other_images_have_words_too(site):
    images = [image for page in pages(site).values() for image in page.select("img")]
    assert images and all(len(image.get("alt", "")) >= 5 for image in images)


@LESSONS
def test_predicted_outputs_checks_and_answers_are_folded(site, path):
    cells = nbformat.read(path, as_version=4).cells
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", [])]
    page = built(site, path)
    assert len(page.select("article details.below-input")) == tags.count("hide-output")
    assert len(page.select("article details.above-input")) == tags.count("hide-input")
    (answers,) = (
        details
        for details in page.select("article details")
        if details.summary.get_text() == "Answers"
    )
    assert len(answers.select("ol > li")) == 5
    assert not page.select("article details[open]")


@LESSONS
def test_outputs_are_those_that_are_stored(site, path):
    cells = nbformat.read(path, as_version=4).cells
    printed = [o.text for c in cells if c.cell_type == "code" for o in c.outputs if "text" in o]
    shown = [pre.get_text() for pre in built(site, path).select(".cell_output .stream pre")]
    assert [text.strip() for text in shown] == [text.strip() for text in printed]


@LESSONS
def test_the_notebook_can_be_downloaded_as_it_is(site, path):
    (button,) = built(site, path).select("a.btn-download-source-button")
    file = site / "notebooks" / button["href"]
    assert file.read_bytes() == path.read_bytes()


def test_the_explorers_are_in_the_pages_that_have_them(site):
    for path in find():
        pictures = len(built(site, path).select(".poolkit-picture"))
        scripts = built(site, path).select("script[type=module]")
        assert len(scripts) == (pictures > 0)
    assert built(site, find(["01"])[0]).select(".poolkit-picture")


def test_the_first_page_leads_to_the_readme(site):
    assert "url=README.html" in read(site / "index.html").select_one("meta[http-equiv]")["content"]


BROKEN = {
    "README.md": "# A course\n\n[A](nowhere/a.csv)\n",
    "TEACHING.md": "# Teach\n\n[A](notebooks/00_start.ipynb) [B](notebooks/07_no.ipynb)\n",
    "notebooks/00_start.ipynb": "# Lesson 00 · Start\n\n[A](01_no.ipynb), $x^2$ and $\\oops{2}$.",
}


def test_broken_links_and_wrong_formulas_are_errors(tmp_path):
    (tmp_path / "course" / "notebooks").mkdir(parents=True)
    for name, text in BROKEN.items():
        if name.endswith("ipynb"):
            cells = [nbformat.v4.new_markdown_cell(text)]
            text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
        (tmp_path / "course" / name).write_text(text, encoding="utf-8")
    done = build(tmp_path / "course", tmp_path / "site")
    assert done.returncode == 1
    complaints = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert len(complaints) == 4, done.stderr
    for word in ("nowhere", "07_no", "01_no", "oops"):
        assert any(word in line for line in complaints)


@pytest.mark.skipif(not (NOTEBOOKS.parent / ".git").exists(), reason="needs the git repository")
def test_git_ignores_what_is_built():
    ignored = ["git", "check-ignore", "build/site/index.html", "build/slides/01_take_the_max.html"]
    done = subprocess.run(ignored, cwd=NOTEBOOKS.parent, capture_output=True, text=True)
    assert done.stdout.split() == ignored[2:]
