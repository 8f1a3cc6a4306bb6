"""The course as a website, for Sphinx: `make site`.

The pages are the README, the lessons as they are stored, and what else is written in Markdown, each
where it lies in the repository, so that links need no change.
"""

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util import logging

from tools.pages import describe_figures, mathml, with_explorers

project = "poolkit"
html_title = "poolkit"
root_doc = "README"
include_patterns = ["*.md", "data/*.md", "poolkit/*.md", "notebooks/*.ipynb"]
exclude_patterns = [".*", "build"]
extensions = ["myst_nb"]
myst_enable_extensions = ["dollarmath"]  # as in JupyterLab
myst_heading_anchors = 3
myst_heading_slug_func = "tools.pages.anchor"
nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # so that links in outputs lead to pages, too
html_math_renderer = "mathml"  # below: Sphinx's own asks another host for a script
html_theme = "sphinx_book_theme"
html_theme_options = {"navbar_persistent": []}  # or there are two fields to search with
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_use_index = False
html_show_search_summary = False  # which would be fetched, and that fails without a server
html_favicon = "icon.svg"
html_static_path = html_css_files = ["site.css"]
html_extra_path = ["index.html"]

_PAGES = """
```{toctree}
:hidden:
:glob:

notebooks/*
**
```
"""


def prepare(app, name, source):
    if name == root_doc:
        source[0] += _PAGES
    if name.startswith("notebooks/"):
        notebook = describe_figures(nbformat.reads(source[0], as_version=4))
        source[0] = nbformat.writes(notebook)


def check_formulas(app, doctree):
    for node in doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)):
        try:
            mathml(node.astext())
        except ValueError as error:
            logging.getLogger(__name__).warning(str(error), location=node)
            node.replace_self(nodes.literal(text=node.astext()))


def show_formula(self, node):
    self.body.append(mathml(node.astext(), block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def add_explorers(app, name, template, context, doctree):
    if "body" in context:
        context["body"] = with_explorers(context["body"])


def tell_the_address(app, error):
    if not error:
        print(Path(app.outdir, "index.html").as_uri())


def setup(app):
    app.connect("source-read", prepare)
    app.connect("doctree-read", check_formulas)
    app.add_html_math_renderer("mathml", (show_formula, None), (show_formula, None))
    app.connect("html-page-context", add_explorers)
    app.connect("build-finished", tell_the_address)
