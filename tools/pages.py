"""What the website and the slides do to a lesson: figures get words, explorers and formulas live.

A stored explorer is a picture with its settings; the page gets the script and the style that turn
each picture into an explorer, once. Without JavaScript the pictures stay.
"""

import re
from importlib.resources import files
from itertools import pairwise

from latex2mathml.converter import convert

__all__ = ["anchor", "describe_figures", "mathml", "with_explorers", "with_formulas"]

# As far as the first sentence goes.
_CAPTION = re.compile(r"\*Figure: (.+?)((?<=\.)\s|\*$)", re.DOTALL | re.MULTILINE)
# Code, which stays as it is, a formula on lines of its own, and one in the text.
_FORMULA = re.compile(r"(`+[^`]*`+)|\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
_PICTURE = '<div class="poolkit-picture"'
_SCRIPTS = (
    *("explorer.js", "convolution.js", "ways_up.js"),
    *("upsampling.js", "shift.js", "field.js"),
)
# A model in the page, in the place of the one that Jupyter keeps in step with Python.
_START = """
for (const picture of document.querySelectorAll(".poolkit-picture")) {
  const state = JSON.parse(picture.dataset.explorer);
  const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; } };
  for (const name of ["save_changes", "on", "off"]) model[name] = () => {};
  const render = state.halvings ? renderShift : state.layers ? renderField
    : state.operation ? renderUpsampling
    : state.weight ? renderConvolution : renderPool;
  render({ model, el: picture });
}
"""


def with_explorers(page: str) -> str:
    """Return an exported HTML page whose stored explorers work; another page stays as it is.

    Args: `page`, HTML, as nbconvert writes it, or the part of a page that holds the explorers.
    Source: `renderPool` in explorer.js, `renderConvolution` in convolution.js,
    `renderUpsampling` in upsampling.js, `renderShift` in shift.js, `renderField` in field.js.

    >>> with_explorers("<body></body>")
    '<body></body>'
    """
    if _PICTURE not in page:
        return page
    style, *scripts = (
        (files("poolkit") / name).read_text(encoding="utf-8")
        for name in ("explorer.css", *_SCRIPTS)
    )
    head, end, tail = page.rpartition("</body>")
    return (
        f"{head}<style>\n{style}</style>\n"
        f'<script type="module">\n{"".join(scripts)}{_START}</script>\n{end}{tail}'
    )


def mathml(formula, block=False):
    """Return a formula as MathML, which browsers draw and screen readers read without a script.

    Args: `formula`, as LaTeX, without the dollars; `block`, whether it has lines of its own.
    Raises: ValueError if there is something in it that cannot be shown.

    >>> mathml("x").partition(">")[2]
    '<mrow><mi>x</mi></mrow></math>'
    """
    try:
        found = convert(formula, display="block" if block else "inline")
    except Exception as error:  # each fault has a class of its own
        raise ValueError(f"the formula {formula!r} cannot be read: {error!r}") from None
    if "\\" in found:  # a command that the library does not know, spelt out
        raise ValueError(f"the formula {formula!r} has a command that cannot be shown")
    return f'<div class="formula">{found}</div>' if block else found


def with_formulas(text):
    """Return Markdown whose formulas, between dollars, are MathML.

    Raises: as `mathml`.
    """

    def shown(match):
        code, block, inline = match.groups()
        return code or mathml(block or inline, block=block is not None)

    return _FORMULA.sub(shown, text)


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
