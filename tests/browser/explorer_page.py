"""An explorer in a page, as a user handles it: by its labels."""

import numpy as np

from tools.pages import with_explorers


class Explorer:
    def __init__(self, page, number=0):
        self.page = page
        self.root = page.locator(".poolkit-explorer").nth(number)
        self.root.wait_for()

    def control(self, name):
        return self.root.get_by_label(name, exact=False).first

    def field(self, name):
        return self.root.locator(f"input[type=text][data-name={name}]")

    def message(self, name):
        return self.field(name).evaluate(
            "node => document.getElementById(node.getAttribute('aria-describedby')).textContent"
        )

    def table(self, name):
        return self.root.locator(f"table[aria-label^='{name}']")

    def cell(self, name, row, column):
        """The thing that can have the focus: an input, or the cell itself."""
        return self.root.locator(f"[aria-label^='row {row}, column {column} of {name},']")

    def numbers(self, name):
        """The numbers of a grid, read from what it says to a screen reader, or what is typed."""
        return np.array(self.table(name).evaluate(READ)[0], dtype=float)

    def texts(self, name):
        return self.table(name).evaluate(READ)[1]

    def lit(self, name, kind="window"):
        """The (row, column) of the cells of a grid that are lit up."""
        found = (
            self.table(name)
            .locator(f"td.{kind}")
            .evaluate_all("cells => cells.map(td => td.dataset.at)")
        )
        return [tuple(map(int, at.split(","))) for at in found]

    @property
    def arithmetic(self):
        return self.root.locator(".arithmetic").inner_text()

    @property
    def code(self):
        return self.root.locator("code").inner_text()

    def set_all(self, settings, typed):
        """Set every control, and type some cells, by the events that a user's hand makes."""
        self.root.evaluate(SET_ALL, [settings, typed])


# [numbers, texts] of a table's rows, without padding and overhang.
READ = """table => {
  const rows = [...table.rows].map(tr => [...tr.cells].filter(td => td.tabIndex > -2
    && (td.querySelector("input") || td.ariaLabel?.startsWith("row")))).filter(r => r.length);
  const plain = text => text.replaceAll("−", "-").replace("∞", "Infinity");
  const number = td => td.querySelector("input")?.value ?? td.ariaLabel.split(": ").at(-1);
  return [rows.map(r => r.map(td => Number(plain(number(td))).toString())),
          rows.map(r => r.map(td => td.querySelector("input")?.value ?? td.textContent))];
}"""

SET_ALL = """(root, [settings, typed]) => {
  const fire = (node) => node.dispatchEvent(new Event("input", { bubbles: true }));
  for (const [name, value] of Object.entries(settings)) {
    const nodes = [...root.querySelectorAll(`input[data-name=${name}]`)];
    if (nodes[0].type === "radio") {
      const node = nodes.find(n => n.value === value);
      node.checked = true;
      fire(node);
    } else if (nodes[0].type === "checkbox") {
      if (nodes[0].checked !== value) nodes[0].click();
    } else {
      nodes[0].value = value;
      fire(nodes[0]);
    }
  }
  for (const [name, row, column, value] of typed) {
    const node = root.querySelector(`[aria-label^="row ${row}, column ${column} of ${name},"]`);
    node.value = value;
    fire(node);
  }
}"""


def step_and_play(page):
    """Go through the four windows of an explorer by its buttons."""
    explorer = Explorer(page)
    seen = []
    for name in ("Step", "Step", "Step", "Step", "Step back"):
        explorer.root.get_by_role("button", name=name, exact=True).click()
        seen += explorer.lit("output")
    assert seen == [(0, 1), (1, 0), (1, 1), (0, 0), (1, 1)]
    page.clock.install()
    explorer.root.get_by_role("button", name="Play").click()  # from the last on: starts anew
    seen = explorer.lit("output")
    for _ in range(3):
        page.clock.run_for(1000)
        seen += explorer.lit("output")
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert explorer.root.get_by_role("button", name="Play").count() == 1


def shown(value):
    """A setting as it is typed."""
    return "" if value is None else str(value).strip("()")


def page_source(*explorers):
    """A page with these explorers, as an export has them."""
    pictures = "".join(explorer._picture() for explorer in explorers)
    return with_explorers(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorers</title></head>'
        f"<body><main><h1>Explorers</h1>{pictures}</main></body></html>"
    )
