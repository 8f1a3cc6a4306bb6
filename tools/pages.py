"""What the website and the slides do to a lesson: figures get their words, explorers come alive.

A stored explorer is a picture with its settings; the page gets the script and the style that turn
each picture into an explorer, once. Without JavaScript the pictures stay.
"""

import re
from importlib.resources import files
from itertools import pairwise

__all__ = ["anchor", "describe_figures", "with_explorers"]

# As far as the first sentence goes.
_CAPTION = re.compile(r"\*Figure: (.+?)((?<=\.)\s|\*$)", re.DOTALL | re.MULTILINE)
_PICTURE = '<div class="poolkit-picture"'
# A model in the page, in the place of the one that Jupyter keeps in step with Python.
_START = """
for (const picture of document.querySelectorAll(".poolkit-picture")) {
  const state = JSON.parse(picture.dataset.explorer);
  const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; } };
  for (const name of ["save_changes", "on", "off"]) model[name] = () => {};
  (state.weight ? renderConvolution : renderPool)({ model, el: picture });
}
"""


def with_explorers(page: str) -> str:
    """Return an exported HTML page whose stored explorers work; another page stays as it is.

    Args: `page`, HTML, as nbconvert writes it, or the part of a page that holds the explorers.
    Source: `renderPool` in explorer.js, `renderConvolution` in convolution.js.

    >>> with_explorers("<body></body>")
    '<body></body>'
    """
    if _PICTURE not in page:
        return page
    style, pool, convolution = (
        (files("poolkit") / name).read_text(encoding="utf-8")
        for name in ("explorer.css", "explorer.js", "convolution.js")
    )
    head, end, tail = page.rpartition("</body>")
    return (
        f"{head}<style>\n{style}</style>\n"
        f'<script type="module">\n{pool}{convolution}{_START}</script>\n{end}{tail}'
    )


def anchor(heading):
    """Return what a link to a heading of a lesson ends with, in JupyterLab, and so on the site.

    Args: `heading`, its text.

    >>> anchor("What is lost")
    'What-is-lost'
    """
    return heading.replace(" ", "-")


def describe_figures(notebook):
    """Give each figure a text alternative: the first sentence of the caption in the cell below it.

    Args: `notebook`, as nbformat reads it; it is changed, and returned.
    Source: "*Figure: …*", which tests/test_lessons.py asks for; the names of the metadata are those
    of nbconvert and of myst-nb.
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
