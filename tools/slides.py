"""``python -m tools.slides [NUMBER ...]``: lessons as slides, in build/slides.

Each is one HTML file that also works where there is no network. The right arrow goes to the next
heading, the down arrow to the next step below it, and the space bar through everything. The answer
to a prediction needs one more key. Exercises and readings are left out.
"""

import argparse
import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import nbconvert
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.lessons import find
from tools.pages import describe_figures, with_explorers, with_formulas

__all__ = ["SlidesExporter", "as_slides"]

_LEFT_OUT = ("## Exercises", "## Read further")
# To another lesson, which does not lie beside the slides.
_LINK_INSIDE = re.compile(r"\[([^]]*)\]\((?!https://)[^)]*\)")
# Within a cell of prose, these begin something new: headings, predictions, what follows a caption.
_BEGINNING = re.compile(r"\n\n(?=## |\*\*Predict\.\*\*)|(?<=\*)\n\n")
# nbconvert's page without the scripts it fetches elsewhere, for formulas, which are MathML already,
# and for Jupyter's own widgets; with the words of describe_figures; and with an ending that
# starts the reveal.js in the page, where nbconvert's own asks another host for a loader.
_TEMPLATE = """
{%- extends "index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block data_png scoped -%}
{%- set alt = output | get_metadata("alt") -%}
{{ super() | replace("<img", '<img alt="' ~ alt | escape ~ '"', 1) if alt else super() }}
{%- endblock -%}
{%- block footer_js -%}
<script src="reveal/dist/reveal.js"></script>
<script>
Reveal.initialize({
  width: 1280, height: 720, center: false, hash: true, slideNumber: "c/t", transition: "none",
  keyboardCondition: () => !document.activeElement.closest(".poolkit-explorer"),
});
Reveal.on("fragmentshown", ({ fragment }) => fragment.scrollIntoView({ block: "nearest" }));
</script>
{%- endblock -%}
"""
_STYLE = """
.reveal .slides { text-align: left; }
.reveal .slides > section > section { height: 100%; overflow-y: auto; padding: 0; }
.reveal .formula { overflow-x: auto; }
/* As in site.css. */
math {
  font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", "DejaVu Math TeX Gyre", math;
}
.reveal .jp-InputPrompt, .reveal .jp-OutputPrompt { display: none; }
"""


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """Give each cell of a lesson its place in the slides, and leave out what is done elsewhere.

    A heading begins a slide. Below it, prose begins a step and takes the code after it along; an
    explorer has a step to itself. Code with a folded output waits for one more key. What is said of
    an output stands below it.

    Args: `notebook`, as nbformat reads it; it is changed, and returned.
    Source: nbconvert's `slide_type`, and how lessons are built (tests/test_lessons.py).
    """
    slides, skipping = [], False
    for cell, below in pairwise([*_in_pieces(notebook.cells), new_markdown_cell()]):
        above = slides[-1] if slides else cell
        if cell.cell_type == "code":
            folded = "hide-output" in cell.metadata.get("tags", [])
            crowded = above.cell_type == "code" or "Explorer(" in cell.source
            kind = "fragment" if folded else "subslide" if crowded else "-"
        elif cell.source.startswith("#"):
            kind, skipping = "slide", cell.source.startswith(_LEFT_OUT)
        else:
            comment = above.cell_type == "code" and below.cell_type == "markdown"
            kind = "-" if comment or cell.source.startswith("*Figure:") else "subslide"
        cell.metadata.slideshow = {"slide_type": kind}
        if not skipping:
            slides.append(cell)
    notebook.cells = slides
    return notebook


def _in_pieces(cells):
    for cell in cells:
        if cell.cell_type == "markdown":
            pieces = _BEGINNING.split(with_formulas(_LINK_INSIDE.sub(r"\1", cell.source)))
            yield from (new_markdown_cell(p, id=f"{cell.id}-{i}") for i, p in enumerate(pieces))
        else:
            yield cell


class SlidesExporter(nbconvert.SlidesExporter):
    """nbconvert's slides, with explorers that work, and with reveal.js in the file."""

    def __init__(self, **kwargs):
        options = {"raw_template": _TEMPLATE, "reveal_url_prefix": "reveal"}
        super().__init__(**{**options, **kwargs})

    def from_notebook_node(self, nb, resources=None, **kwargs):
        nb = as_slides(describe_figures(nb))
        nb.metadata.title = nb.cells[0].source.splitlines()[0].lstrip("# ")
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        return _with_reveal(with_explorers(page)), resources


def _with_reveal(page: str) -> str:
    """Put reveal.js into the page, but none of its themes, which ask for fonts."""
    # This package carries a copy. That it is also an extension of Sphinx is not used.
    reveal = files("sphinx_revealjs") / "_static" / "revealjs" / "dist"
    style, script = (
        (reveal / name).read_text(encoding="utf-8") for name in ("reveal.css", "reveal.js")
    )
    page = re.sub(r'<link [^>]*href="reveal/[^>]*>', "", page)
    page = page.replace("</head>", f"<style>{style}{_STYLE}</style></head>", 1)
    return page.replace('<script src="reveal/dist/reveal.js">', f"<script>{script}", 1)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.slides", description="Write lessons as slides."
    )
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="lesson numbers; none: all")
    parser.add_argument("--folder", type=Path, default=Path("build/slides"))
    arguments = parser.parse_args()
    try:
        paths = find(arguments.numbers)
    except ValueError as error:
        parser.error(str(error))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        page, _ = SlidesExporter().from_filename(str(path))
        file = arguments.folder / f"{path.stem}.html"
        file.write_text(page, encoding="utf-8")
        print(file.resolve().as_uri())


if __name__ == "__main__":
    main()
