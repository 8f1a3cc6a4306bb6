import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.pages import describe_figures, with_explorers


def figure(caption):
    output = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
    outputs = [new_output("stream", text="3\n"), output]
    cells = [new_code_cell("plt.show()", outputs=outputs), new_markdown_cell(caption)]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("*Figure: a cat.*\n\nMore.", "a cat."),
        ("*Figure: a 5×5 grid,\nwith `k=3`. They overlap.*", "a 5×5 grid, with k=3."),
        ('*Figure: "6" < 9.*', '"6" < 9.'),
        ("*Figure: a *thin* line of 2.5 cells. It rises.*", "a thin line of 2.5 cells."),
        ("*Figure: a line*\n\nIt rises.", "a line"),
    ],
)
def test_a_figure_gets_the_first_sentence_of_its_caption(caption, words):
    notebook = describe_figures(figure(caption))
    nbformat.validate(notebook)
    assert notebook.cells[0].metadata.mystnb == {"image": {"alt": words}}
    assert notebook.cells[0].outputs[1].metadata.alt == words


def test_other_cells_stay_as_they_are():
    assert describe_figures(figure("It rises.")).cells[0].metadata == {}


def test_a_part_of_a_page_gets_the_script_too():
    part = '<div class="poolkit-picture" data-explorer="{}"></div>'
    assert with_explorers(part).endswith(part)
    assert '<script type="module">' in with_explorers(part)
