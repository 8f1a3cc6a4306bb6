"""Exported pages: a lesson as HTML, with explorers that work without a kernel and a network.

    jupyter nbconvert --to poolkit.pages.PageExporter notebooks/01_take_the_max.ipynb

A stored explorer is a picture with its settings; the page gets the script and the style that turn
each picture into an explorer, once. Without JavaScript the pictures stay.
"""

import re
from itertools import pairwise
from pathlib import Path

from nbconvert import HTMLExporter

__all__ = ["TEMPLATE", "PageExporter", "anchor", "describe_figures", "with_explorers"]

# nbconvert's page without the scripts it fetches elsewhere, for formulas, which the lessons do not
# have, and for Jupyter's own widgets; and with the words of describe_figures.
TEMPLATE = """
{%- extends "index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block data_png scoped -%}
{%- set alt = output | get_metadata("alt") -%}
{{ super() | replace("<img", '<img alt="' ~ alt | escape ~ '"', 1) if alt else super() }}
{%- endblock -%}
"""

# As far as the first sentence goes.
_CAPTION = re.compile(r"\*Figure: (.+?)((?<=\.)\s|\*$)", re.DOTALL | re.MULTILINE)
_PICTURE = '<div class="poolkit-picture"'
# A model in the page, in the place of the one that Jupyter keeps in step with Python.
_START = """
for (const picture of document.querySelectorAll(".poolkit-picture")) {
  const state = JSON.parse(picture.dataset.explorer);
  const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; } };
  for (const name of ["save_changes", "on", "off"]) model[name] = () => {};
  render({ model, el: picture });
}
"""


def with_explorers(page: str) -> str:
    """Return an exported HTML page whose stored explorers work; another page stays as it is.

    Args: `page`, HTML, as nbconvert writes it, or the part of a page that holds the explorers.
    Source: `render` in explorer.js.
    Introduced in lesson 01.

    >>> with_explorers("<body></body>")
    '<body></body>'
    """
    if _PICTURE not in page:
        return page
    style, script = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("explorer.css", "explorer.js")
    )
    head, end, tail = page.rpartition("</body>")
    return (
        f"{head}<style>\n{style}</style>\n"
        f'<script type="module">\n{script}{_START}</script>\n{end}{tail}'
    )


def anchor(heading):
    """Return what a link to a heading of a lesson ends with, in JupyterLab, and so on the site.

    Args: `heading`, its text.
    Introduced in lesson 12.

    >>> anchor("What is lost")
    'What-is-lost'
    """
    return heading.replace(" ", "-")


def describe_figures(notebook):
    """Give each figure a text alternative: the first sentence of the caption in the cell below it.

    Args: `notebook`, as nbformat reads it; it is changed, and returned.
    Source: "*Figure: …*", which tests/test_lessons.py asks for; the names of the metadata are those
    of nbconvert and of myst-nb.
    Introduced in lesson 00.
    """
    for cell, below in pairwise(notebook.cells):
        caption = _CAPTION.match(below.source)
        if caption:
            alt = " ".join(re.sub("[`*]", "", caption[1]).split())
            cell.metadata.mystnb = {"image": {"alt": alt}}
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    output.metadata["alt"] = alt
    return notebook


class PageExporter(HTMLExporter):
    """nbconvert's HTML, with explorers that work, and without anything from elsewhere."""

    def __init__(self, **kwargs):
        super().__init__(**{"raw_template": TEMPLATE, **kwargs})

    def from_notebook_node(self, nb, resources=None, **kwargs):
        page, resources = super().from_notebook_node(describe_figures(nb), resources, **kwargs)
        return with_explorers(page), resources
