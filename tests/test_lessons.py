"""The house rules of the lessons, as far as a program can check them.

Each rule is a function from a notebook to complaints. Beside it stand changes that break it: the
tests show that a good lesson passes every rule, and that each change is noticed by its rule.
"""

import ast
import copy
import re
import statistics
from itertools import pairwise

import nbformat
import pytest
from nbconvert import ScriptExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.lessons import LANGUAGE, NOTEBOOKS, find

IGNORE = "nbval-ignore-output"
SECTIONS = [
    "You will be able to",
    "You need",
    "What you saw",
    "Can you still?",
    "Exercises",
    "In practice",
    "Read further",
]
HYPE = re.compile(
    r"\b(simply|obviously|trivially|amazing|awesome|powerful|magic|cutting-edge|of course)\b", re.I
)
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u274c\u2728]")

# How every import cell ends.
WRONG_KERNEL = """\
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Close JupyterLab and open it with: make lab") from None"""

# What ex.predict prints while there is no prediction.
NO_PREDICTION = "no prediction yet. Put yours in place of the dots and run this cell again."

RULES = {}


def rule(*breaks):
    """Register a rule, with the changes to the good lesson that it must notice."""

    def register(function):
        RULES[function.__name__] = (function, breaks)
        return function

    return register


def code_cells(nb):
    return [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]


def markdown(nb):
    return "\n\n".join(c.source for c in nb.cells if c.cell_type == "markdown")


def tags(cell):
    return cell.metadata.get("tags", [])


def has_png(cell):
    return any("image/png" in o.get("data", {}) for o in cell.get("outputs", []))


def section(nb, title):
    """The text between a heading and the next one of its level or above."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^##? |\Z)", markdown(nb), re.M | re.S)
    return found[1] if found else ""


def bullets(text):
    return len(re.findall(r"^- ", text, re.M))


def first_code(nb, text):
    return next(c for c in nb.cells if c.cell_type == "code" and text in c.source)


def first_markdown(nb, text):
    return next(c for c in nb.cells if c.cell_type == "markdown" and text in c.source)


def edit(old, new):
    """A change that replaces text in the first markdown or code cell that has it."""

    def change(nb):
        cell = next(c for c in nb.cells if old in c.source)
        cell.source = cell.source.replace(old, new)

    return change


def noted(name, truth, answer):
    """A folded cell whose first line takes a prediction, and whose last compares it."""
    return f'ex.predict("99 {name}", ...)\n{answer}\nex.score("99 {name}", {truth})'


def the_good_lesson():
    """The smallest lesson that keeps every rule."""
    md, code = new_markdown_cell, new_code_cell
    figure = new_output("display_data", {"image/png": "", "text/plain": "<Figure size 1x1>"})

    def printed(source, text, **metadata):
        return code(source, outputs=[new_output("stream", text=text)], metadata=metadata)

    folded = {"jupyter": {"outputs_hidden": True}, "tags": ["hide-output"]}
    cells = [
        md(
            "# Lesson 99 · Test the rules\n\n## You will be able to\n\n- one\n- two\n- three\n\n"
            "## You need\n\n- Four numbers fit. (Lesson 01)\n- A step is 2. (Lesson 02)\n\n"
            + "Plain words. "
            * 350
        ),
        code(
            "try:\n    import matplotlib.pyplot as plt\n    import numpy as np\n\n"
            "    from poolkit import exercises as ex\n" + WRONG_KERNEL,
        ),
        md("## Body\n\nLook at this."),
        printed("print(np.arange(3).sum())", "3\n"),
        md("**Predict.** How many?"),
        printed(
            noted("two", "len([4, 5])", "print(len([4, 5]))"),
            f"99 two: {NO_PREDICTION}\n2\n",
            **folded,
        ),
        md("Two.\n\n**Predict.** And now?"),
        printed(
            noted("one", "len([4])", "print(len([4]))"), f"99 one: {NO_PREDICTION}\n1\n", **folded
        ),
        md("One.\n\n**Predict.** And an empty list?"),
        printed("print('How many?')\nprint(len([]))", "How many?\n0\n", **folded),
        md("None. Now pictures."),
        code("plt.plot([1, 2])\nplt.show()", outputs=[figure]),
        md("*Figure: a rising line.*"),
        code("plt.plot([2, 1])\nplt.show()", outputs=[figure]),
        md("*Figure: a falling line.*"),
        code("plt.plot([1, 1])\nplt.show()", outputs=[figure]),
        md("*Figure: a level line.*"),
        printed("seconds = 3.2\nprint(seconds)", "3.2\n", tags=[IGNORE]),
        printed("assert seconds < 100\nprint('Under 100.')", "Under 100.\n"),
        *(c for i in range(4) for c in (md(f"Part {i}."), printed(f"print({i})", f"{i}\n"))),
        md("## What you saw\n\n- one\n- two\n- three"),
        printed("ex.tally()", "Predictions in this run: none noted.\n"),
        md(
            "## Can you still?\n\n"
            + "".join(f"{i}. What is {i} + 1?\n" for i in range(1, 6))
            + "\n<details><summary>Answers</summary>\n\n"
            + "".join(f"{i}. {i + 1}\n" for i in range(1, 6))
            + "\n</details>"
        ),
        md("## Exercises\n\n1. Do it."),
        md(
            "## In practice\n\nDo it.\n\n## Read further\n\n"
            "- [A paper](https://doi.org/10.1/2): why it is worth reading."
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": copy.deepcopy(LANGUAGE)}
    nb = new_notebook(cells=cells, metadata=metadata)
    for count, cell in enumerate(code_cells(nb), start=1):
        cell.execution_count = count
    return nb


@rule(
    lambda nb: first_code(nb, "arange").update(execution_count=None),
    lambda nb: first_code(nb, "arange").update(execution_count=7),
)
def executed_from_top_to_bottom(nb):
    counts = [c.execution_count for c in code_cells(nb)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the execution counts are {counts}: run it whole, in a fresh kernel"


@rule(
    lambda nb: nb.metadata.kernelspec.update(name="poolkit-venv"),
    lambda nb: nb.metadata.pop("kernelspec"),
)
def kernel_is_python3(nb):
    name = nb.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"the kernel is {name!r}, not 'python3'"


@rule(
    lambda nb: nb.metadata.pop("language_info"),
    lambda nb: nb.metadata.update(language_info={"name": "python"}),
    lambda nb: nb.metadata.language_info.pop("nbconvert_exporter"),
    lambda nb: nb.metadata.language_info.update(version="3.11.7"),
)
def language_is_complete_and_names_no_machine(nb):
    _, resources = ScriptExporter().from_notebook_node(copy.deepcopy(nb))
    if resources["output_extension"] != ".py":
        yield f"as a script it is a {resources['output_extension']} file"
    if nb.metadata.get("language_info") != LANGUAGE:
        yield f"language_info is {nb.metadata.get('language_info')}: run it with make notebooks"


@rule(
    lambda nb: first_code(nb, "arange").outputs.append(
        new_output("stream", name="stderr", text="Warning")
    ),
    lambda nb: first_code(nb, "arange").outputs.append(new_output("error", ename="ValueError")),
)
def no_warnings_and_no_errors(nb):
    for cell in code_cells(nb):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"an error or a warning is stored below {cell.source!r}"


@rule(
    lambda nb: nb.metadata.update(widgets={}),
    lambda nb: first_code(nb, "arange").outputs.append(
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
    ),
)
def no_widget_state(nb):
    if "widgets" in nb.metadata:
        yield "metadata.widgets is stored"
    for cell in code_cells(nb):
        for output in cell.outputs:
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data and len(data) < 3:
                yield f"a widget is stored without a picture in its place below {cell.source!r}"


@rule(
    lambda nb: first_code(nb, "arange").update(source="print(\n" + "1,\n" * 14 + ")"),
    lambda nb: [c.update(source=c.source + "\n\n\n\n#") for c in code_cells(nb)],
)
def code_cells_are_short(nb):
    lengths = [len(c.source.splitlines()) for c in code_cells(nb)]
    if max(lengths) > 15:
        yield f"a code cell has {max(lengths)} lines, more than 15"
    if statistics.median(lengths) > 4:
        yield f"the median code cell has {statistics.median(lengths)} lines, more than 4"


@rule(
    lambda nb: nb.cells.__delitem__(slice(19, None)),
    lambda nb: nb.cells.extend(new_markdown_cell("More.") for _ in range(40)),
)
def has_20_to_64_cells(nb):
    if not 20 <= len(nb.cells) <= 64:
        yield f"it has {len(nb.cells)} cells, not 20 to 64"


@rule(edit("Plain words. " * 350, ""), edit("Plain words. " * 350, "Plain words. " * 1500))
def has_700_to_2800_words(nb):
    # Captions and answers repeat what stands elsewhere, for whom they help; formulas are no words.
    text = re.sub(r"^\*Figure: .*?\*$", "", markdown(nb), flags=re.M | re.S)
    text = re.sub(r"<details>.*?</details>|\$\$.*?\$\$|\$[^$]+\$", "", text, flags=re.S)
    words = len(text.split())
    if not 700 <= words <= 2800:
        yield f"it has {words} words of prose, not 700 to 2800"


@rule(lambda nb: [c.outputs.clear() for c in code_cells(nb) if "plot([1, 1])" in c.source])
def has_three_figures(nb):
    # An explorer stores a picture, too. Lesson 00 is about the machine.
    figures = sum(has_png(c) or "Explorer(" in c.source for c in code_cells(nb))
    if figures < 3 and "# Lesson 00" not in markdown(nb):
        yield f"it has {figures} figures, fewer than 3"


@rule(
    edit("- A step is 2. (Lesson 02)\n", ""),
    edit("(Lesson 01)", ""),
)
def two_facts_of_earlier_lessons_are_recalled(nb):
    (number,) = re.findall(r"^# Lesson (\d\d)", markdown(nb), re.M)
    facts = re.findall(r"^ *- .+\(Lesson (\d\d)\)$", section(nb, "You need"), re.M)
    if number > "01" and len([n for n in facts if n < number]) < 2:
        yield f"You need recalls {len(facts)} facts as '- … (Lesson NN)', fewer than 2"


@rule(
    edit("5. What is 5 + 1?\n", ""),
    edit("3. 4\n", ""),
    edit("<details><summary>Answers</summary>", "Answers:"),
    edit("</details>", ""),
)
def five_questions_are_asked_and_their_answers_folded(nb):
    asked = section(nb, "Can you still?")
    found = re.search(
        r"^<details><summary>Answers</summary>\n\n(.*?)\n\n?</details>$", asked, re.M | re.S
    )
    parts = (asked.split("<details>")[0], found[1] if found else "")
    counts = [len(re.findall(r"^\d\. .", part, re.M)) for part in parts]
    if counts != [5, 5]:
        yield f"Can you still? has {counts[0]} questions and {counts[1]} folded answers, not 5"


@rule(
    edit('ex.predict("99 two", ...)', 'print("How many?")'),
    edit('ex.predict("99 two", ...)', 'ex.predict("98 two", ...)'),
    edit('ex.predict("99 two", ...)', 'ex.predict("99 two", 2)'),
    edit('\nex.score("99 one", len([4]))', ""),
    edit("ex.tally()", "print(2)"),
)
def two_predictions_can_be_noted_and_are_counted(nb):
    (number,) = re.findall(r"^# Lesson (\d\d)", markdown(nb), re.M)
    code = "\n".join(c.source for c in code_cells(nb))
    noted = re.findall(rf'^ex\.predict\("({number} [^"]+)", \.\.\.\)$', code, re.M)
    scored = re.findall(r'^ex\.score\("([^"]+)", .+\)$', code, re.M)
    if len(set(noted)) < min(2, int(number)) or noted != scored:
        yield f"predictions are noted of {noted} and compared of {scored}"
    if noted and len(re.findall(r"^ex\.tally\(\)$", code, re.M)) != 1:
        yield "ex.tally() does not stand in it once"


@rule(
    edit('ex.score("99 one", len([4]))', 'ex.score("99 one", 1)'),
    edit('ex.score("99 one", len([4]))', 'ex.score("99 one", [1, -2 / 3])'),
    edit('ex.score("99 one", len([4]))', 'ex.score("99 one", "one")'),
)
def no_open_cell_tells_what_its_prediction_asks_for(nb):
    for cell in code_cells(nb):
        calls = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]
        for call in (call for call in calls if ast.unparse(call.func) == "ex.score"):
            if not any(isinstance(n, ast.Name) for n in ast.walk(call.args[1])):
                yield f"the truth of {ast.unparse(call)} is not computed"


@rule(
    edit("## You need", "### You need"),
    edit("## In practice", "## In real life"),
    lambda nb: nb.cells.insert(2, nb.cells.pop()),
)
def sections_are_there_in_order(nb):
    found = [t for t in re.findall(r"^## (.*)$", markdown(nb), re.M) if t in SECTIONS]
    if found != SECTIONS:
        yield f"the sections are {found}, not {SECTIONS}"


@rule(edit("# Lesson 99 · Test", "# Test"), edit("## Body", "# Body"))
def title_has_the_lessons_number(nb):
    titles = re.findall(r"^# (.*)$", markdown(nb), re.M)
    if len(titles) != 1 or not re.fullmatch(r"Lesson \d\d · .+", titles[0]):
        yield f"the titles are {titles}, not one 'Lesson NN · …'"


@rule(
    edit("- one\n- two\n- three\n\n## You need", "- one\n\n## You need"),
    edit("saw\n\n- one\n- two\n- three", "saw\n\n- one\n- two"),
)
def goals_are_three_or_four_and_mirrored(nb):
    goals = bullets(section(nb, "You will be able to"))
    seen = bullets(section(nb, "What you saw"))
    if goals not in (3, 4) or seen < goals:
        yield f"there are {goals} goals (3 or 4 wanted), and {seen} of them in What you saw"


@rule(
    edit(": why it is worth reading", ""),
    edit("[A paper](https://doi.org/10.1/2)", "A paper"),
)
def read_further_gives_links_and_reasons(nb):
    for line in re.findall(r"^- (?:.|\n(?! *-|\n))*", section(nb, "Read further"), re.M):
        if not re.match(r"- \[.+\]\(https://\S+\):\s+\S+", line, re.S):
            yield f"Read further: {line!r} is not '[title](link): why'"


@rule(
    lambda nb: nb.cells.insert(3, copy.deepcopy(nb.cells[3])),
    lambda nb: first_markdown(nb, "Part 0").update(cell_type="raw"),
)
def prose_stands_between_code_cells(nb):
    for before, cell in pairwise(nb.cells):
        allowed = IGNORE in tags(before) or has_png(cell) or ".check(" in cell.source
        if before.cell_type != "markdown" and cell.cell_type == "code" and not allowed:
            yield f"there is no prose before {cell.source!r}"


@rule(
    lambda nb: [edit("**Predict.** And", "And")(nb) for _ in range(2)],
    lambda nb: first_code(nb, "len([4])").metadata.pop("jupyter"),
    lambda nb: first_code(nb, "len([4])").metadata.pop("tags"),
    lambda nb: nb.cells.insert(5, new_markdown_cell("A digression.")),
    lambda nb: first_code(nb, "len([4])").outputs[0].update(text="1\n"),
    lambda nb: first_code(nb, "len([4])").outputs[0].update(text="How many? 1:\n"),
)
def two_predictions_come_before_folded_outputs(nb):
    # JupyterLab shows the first line of a folded output, so that line must not be the answer.
    for cell in code_cells(nb):
        text = "".join(o.get("text", "") for o in cell.outputs)
        first = rf"([^\n\d]*[:?]|\d\d [^:]*: {re.escape(NO_PREDICTION)})\n."
        if "hide-output" in tags(cell) and not re.match(first, text):
            yield f"the first line of {text!r} gives the answer away"
    predictions = 0
    for cell, after in pairwise(nb.cells):
        if cell.cell_type == "markdown" and "**Predict.**" in cell.source:
            predictions += 1
            metadata = after.metadata
            folded = metadata.get("jupyter", {}).get("outputs_hidden")
            if after.cell_type != "code" or not folded or "hide-output" not in tags(after):
                yield f"the output after {cell.source[-60:]!r} is not folded away"
    if predictions < 2:
        yield f"there are {predictions} cells with '**Predict.**', fewer than 2"


@rule(
    edit("print(len([4]))", "import os\nprint(len([4]))"),
    edit("    import numpy as np", "    import numpy as np\n" + "    import os\n" * 10),
    edit(f"\n{WRONG_KERNEL}", "\nfinally:\n    pass"),
    edit("make lab", "jupyter lab"),
    edit("try:", "import sys\n\ntry:"),
)
def imports_are_in_one_short_cell(nb):
    first, *others = code_cells(nb)
    _, *imports = first.source.removesuffix(WRONG_KERNEL).splitlines()
    if len(imports) > 10:
        yield "the import cell has more than 10 lines of imports"
    if not first.source.startswith("try:\n") or not first.source.endswith(f"\n{WRONG_KERNEL}"):
        yield f"the import cell is not 'try:', imports, and\n{WRONG_KERNEL}"
    for cell in others:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"there is an import outside the first code cell: {cell.source!r}"


@rule(
    edit("print(0)", "np = 3"),
    edit("print(1)", "def plt():\n    pass"),
    edit("print(1)", "for np in range(2):\n    pass"),
    edit("print(1)", "def f():\n    pass\n\n\ndef f():\n    pass"),
)
def taught_names_are_not_rebound(nb):
    taught = set()
    for cell in code_cells(nb):
        for node in ast.walk(ast.parse(cell.source)):
            names = []
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [(a.asname or a.name).split(".")[0] for a in node.names]
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if node.id in taught:
                    yield f"{node.id!r} is rebound in {cell.source!r}"
                continue
            for name in names:
                if name in taught:
                    yield f"{name!r} is rebound in {cell.source!r}"
                taught.add(name)


@rule(
    edit("assert seconds < 100\n", ""),
    edit("print('Under 100.')", "pass"),
    lambda nb: first_code(nb, "assert").update(outputs=[]),
    lambda nb: first_code(nb, "assert").metadata.update(tags=[IGNORE]),
)
def ignored_outputs_are_followed_by_a_claim(nb):
    for cell, after in pairwise(nb.cells):
        if IGNORE in tags(cell):
            claims = "assert " in after.source and "print(" in after.source
            if not claims or not after.get("outputs") or IGNORE in tags(after):
                yield f"no compared claim follows {cell.source!r}"


@rule(
    edit("\nplt.show()", ""),
    lambda nb: first_code(nb, "plot([1, 2])").outputs[0].data.update({"image/svg+xml": "<svg/>"}),
    edit("print(2)", "from ipywidgets import interact"),
    edit("print(2)", "output = widgets.Output()"),
)
def figures_are_what_nbval_can_take(nb):
    for cell in code_cells(nb):
        if has_png(cell) and cell.source.splitlines()[-1] != "plt.show()":
            yield f"it draws, but does not end with plt.show(): {cell.source!r}"
        if any("image/svg+xml" in o.get("data", {}) for o in cell.outputs):
            yield f"it stores SVG: {cell.source!r}"
        if re.search(r"\binteract\b|\bOutput\(", cell.source):
            yield f"it uses interact or an Output widget: {cell.source!r}"


@rule(edit("*Figure: a rising line.*", "So it rises."))
def figures_are_described_in_words(nb):
    for cell, after in pairwise(nb.cells):
        if has_png(cell) and not re.match(r"\*Figure: .{10,}\*", after.source, re.S):
            yield f"no '*Figure: …*' follows {cell.source!r}"


@rule(edit("Part 2.", "This is obviously powerful."), edit("Part 2.", "Well done \U0001f389"))
def prose_is_plain(nb):
    text = markdown(nb)
    yield from (f"hype: {found!r}" for found in HYPE.findall(text))
    yield from (f"emoji: {found!r}" for found in EMOJI.findall(text))


@rule(
    lambda nb: nb.cells[3].update(id="not allowed!"),
    lambda nb: nb.cells[3].update(id=nb.cells[5].id),
)
def the_file_is_a_valid_notebook(nb):
    ids = [c.id for c in nb.cells]
    if len(set(ids)) < len(ids):
        yield "two cells have the same id"
        return
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        yield str(error).splitlines()[0]


def complaints(name, nb):
    return list(RULES[name][0](nb))


@pytest.mark.parametrize("name", RULES)
def test_the_good_lesson_keeps(name):
    assert complaints(name, the_good_lesson()) == []


@pytest.mark.parametrize(
    ("name", "change"), [(name, b) for name, (_, breaks) in RULES.items() for b in breaks]
)
def test_a_broken_lesson_is_noticed_by(name, change):
    nb = the_good_lesson()
    change(nb)
    assert complaints(name, nb) != []


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("path", find(), ids=lambda p: p.stem)
def test_house_rules(path, name):
    assert complaints(name, nbformat.read(path, as_version=4)) == []


def share_of_ignored_outputs(notebooks):
    cells = [c for nb in notebooks for c in code_cells(nb)]
    return sum(IGNORE in tags(c) for c in cells) / len(cells)


def test_at_most_15_percent_of_the_courses_outputs_are_not_compared():
    assert share_of_ignored_outputs([the_good_lesson()]) == 1 / 15
    assert share_of_ignored_outputs(nbformat.read(p, as_version=4) for p in find()) <= 0.15


def test_numbers_in_titles_are_those_of_the_files():
    for path in find():
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        assert title.startswith(f"# Lesson {path.name[:2]} · ")


def broken_links(path, text):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    local = [t for t in targets if not t.startswith("https://")]
    return [t for t in local if not (path.parent / t).exists()]


def test_links_between_lessons_lead_somewhere():
    assert broken_links(NOTEBOOKS / "x", "[a](99_none.ipynb) [b](https://a.b)") == ["99_none.ipynb"]
    for path in find():
        assert broken_links(path, markdown(nbformat.read(path, as_version=4))) == []
    readme = NOTEBOOKS.parent / "README.md"
    assert broken_links(readme, readme.read_text(encoding="utf-8")) == []


def test_the_readme_lists_every_lesson():
    text = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"](notebooks/{path.name})" in text for path in find())


@pytest.fixture
def nbval(pytester):
    """Run nbval with the options of pyproject.toml, and the course's hook, on one notebook."""
    pytester.makeconftest((NOTEBOOKS.parent / "conftest.py").read_text(encoding="utf-8"))

    def run(nb):
        nbformat.write(nb, pytester.path / "lesson.ipynb")
        return pytester.runpytest_subprocess(
            "-c", str(NOTEBOOKS.parent / "pyproject.toml"), "--rootdir=.", "lesson.ipynb"
        )

    return run


@pytest.mark.slow
def test_nbval_compares_stored_outputs(nbval):
    output = [new_output("stream", text="2\n")]
    cells = [new_code_cell(f"print({n})", outputs=output, execution_count=1) for n in (2, 3)]
    nbval(new_notebook(cells=cells)).assert_outcomes(passed=1, failed=1)


@pytest.mark.slow
def test_nbval_runs_cells_whose_outputs_it_does_not_compare(nbval):
    metadata = {"tags": [IGNORE]}
    cells = [new_code_cell(s, metadata=metadata, execution_count=1) for s in ("print(2)", "1 / 0")]
    nbval(new_notebook(cells=cells)).assert_outcomes(passed=1, failed=1)


WARNS = {
    "import warnings; warnings.warn('rounded')": "UserWarning: rounded",
    "import logging; logging.warning('no font')": "no font",
}
QUIET = ["print(2)", "from tqdm.auto import tqdm; print(sum(tqdm(range(3))))"]


@pytest.mark.slow
def test_nbval_fails_a_cell_that_writes_to_stderr_though_its_output_is_ignored(nbval):
    metadata = {"tags": [IGNORE]}
    cells = [new_code_cell(s, metadata=metadata, execution_count=1) for s in (*WARNS, *QUIET)]
    # One that stores what it writes, as if that were meant; nbval finds it the same.
    stored = [new_output("stream", name="stderr", text="again")]
    source = "import sys; _ = sys.stderr.write('again')"
    cells.append(new_code_cell(source, outputs=stored, execution_count=1))
    result = nbval(new_notebook(cells=cells))
    result.assert_outcomes(passed=len(QUIET), failed=len(WARNS) + 1)
    for said in (*WARNS.values(), "again"):
        result.stdout.fnmatch_lines(["*Cell wrote to stderr", f"*{said}"], consecutive=False)
