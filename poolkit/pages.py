"""Exported pages: a lesson as HTML, with explorers that work without a kernel and a network.

    jupyter nbconvert --to poolkit.pages.PageExporter notebooks/01_take_the_max.ipynb

A stored explorer is a picture with its settings; the page gets the script and the style that turn
each picture into an explorer, once. Without JavaScript the pictures stay.
"""

from pathlib import Path

from nbconvert import HTMLExporter

__all__ = ["PageExporter", "with_explorers"]

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

    Args: `page`, HTML, as nbconvert writes it.
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


class PageExporter(HTMLExporter):
    """nbconvert's HTML, with explorers that work, and without the scripts it fetches elsewhere.

    Those are for formulas, which the lessons do not have, and for Jupyter's own widgets.
    """

    def __init__(self, **kwargs):
        super().__init__(
            **{"mathjax_url": "", "require_js_url": "", "mermaid_js_url": "", **kwargs}
        )

    def from_notebook_node(self, nb, resources=None, **kwargs):
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        return with_explorers(page), resources
