"""A Chromium, and a JupyterLab on a free port with folders of its own, for the tests beside it."""

import contextlib
import functools
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

from browser.explorer_page import page_source
from poolkit.datasets import DATA

TOKEN = "for-the-tests"
ARGUMENTS = [
    "--no-sandbox",  # in a container one is root, and Chromium's sandbox refuses
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if not path and os.environ.get("CI"):
        pytest.fail("there is no Chromium; .ci/run installs it")
    if not path:
        pytest.skip("there is no Chromium for the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "browser" in r.nodeid]
    if skipped:
        terminalreporter.write_line(f"No Chromium was found: {len(skipped)} browser tests skipped")


class Seen:
    """What a page said on its console, and the hosts it asked."""

    def __init__(self, page):
        self.errors, self.hosts = [], set()
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))


@contextlib.contextmanager
def opened_pages(browser):
    """Open pages that must log no error and ask no host but those allowed."""
    contexts, seen = [], []

    def open_page(hosts, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.seen = Seen(page)
        seen.append((page.seen, hosts))
        return page

    yield open_page
    for context in contexts:
        context.close()
    for one, hosts in seen:
        assert one.errors == []
        assert one.hosts <= hosts | {""}  # data: and file: have no host


@pytest.fixture
def new_page(browser):
    with opened_pages(browser) as open_page:
        yield open_page


@pytest.fixture
def page_with(new_page, tmp_path):
    """Open a file with these explorers in a page of its own, as they are exported.

    With functions=True the test can call the functions of the page's script.
    """

    def open_page(*explorers, functions=False, **options):
        source = page_source(*explorers)
        file = tmp_path / "page.html"
        file.write_text(source.replace('type="module"', "") if functions else source, "utf-8")
        page = new_page(set(), **options)
        page.goto(file.as_uri())
        return page

    return open_page


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):
    """The port of a JupyterLab, and the folder that it serves: a copy of the course."""
    home = tmp_path_factory.mktemp("jupyter")
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(DATA.parent / "notebooks", root / "notebooks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    folders |= {f"JUPYTERLAB_{n}_DIR": str(home / n) for n in ("SETTINGS", "WORKSPACES")}
    notifications = home / "SETTINGS" / "@jupyterlab" / "apputils-extension"
    notifications.mkdir(parents=True)
    (notifications / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--expose-app-in-browser", f"--IdentityProvider.token={TOKEN}"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            f"--ServerApp.root_dir={root}",
        ],
        # Passive: Chromium wants the same cores (see the Makefile).
        env={**os.environ, **folders, "OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port, root
    finally:
        process.terminate()  # which also ends the kernels
        process.wait(timeout=30)


def ask(port, method, path):
    """Send the server a request, and return the status of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, f"{path}?token={TOKEN}")
    return connection.getresponse().status


def wait_for(port):
    for _ in range(300):
        try:
            if ask(port, "GET", "/api/status") == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail("JupyterLab does not answer")


class Lab:
    """A notebook, open in JupyterLab."""

    def __init__(self, page, port, path):
        self.page = page
        self.seen = page.seen
        self.port = port
        page.goto(f"http://127.0.0.1:{port}/lab/tree/{path}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
        page.evaluate("jupyterapp.shell.collapseLeft()")
        page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.isReady")

    def run_all(self):
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.locator("li[data-command='runmenu:run-all']").click()
        self.wait()

    def wait(self):
        """Until every code cell has a number."""
        self.page.wait_for_function(
            """() => jupyterapp.shell.currentWidget.content.widgets.every(
                 cell => cell.model.type !== "code" || !cell.model.sharedModel.getSource()
                   || (cell.model.executionCount && cell.model.executionState !== "running"))""",
            timeout=300_000,
        )

    def run(self, source):
        """Type a line of Python into the last cell, run it, and return what it printed."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").last
        editor = cell.locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        before = cell.locator(".jp-InputPrompt").first.inner_text()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            """([cell, before]) => {
                 const now = cell.querySelector(".jp-InputPrompt").innerText;
                 return now !== before && !now.includes("*");
               }""",
            arg=[cell.element_handle(), before],
        )
        return cell.locator(".jp-OutputArea").inner_text().strip()

    def save(self):
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")

    def leave(self):
        """Close the page, then end the kernel: a page would log what its debugger was asking it."""
        session = self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.id")
        self.page.context.close()
        assert ask(self.port, "DELETE", f"/api/sessions/{session}") == 204


def open_lab(open_page, server, *sources, path="scratch.ipynb", **options):
    """Open a notebook of some cells, or one that is there, in JupyterLab in a page of its own."""
    port, root = server
    if sources:
        cells = [new_code_cell(source) for source in sources]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = new_notebook(cells=[*cells, new_code_cell()], metadata=kernel)
        nbformat.write(notebook, root / path)
    options = {"viewport": {"width": 1200, "height": 1600}} | options
    return Lab(open_page({f"127.0.0.1:{port}"}, **options), port, path)


@pytest.fixture
def lab(new_page, server):
    return functools.partial(open_lab, new_page, server)


@pytest.fixture(scope="module")
def shared_lab(browser, server):
    """One notebook for many tests, since to open another takes seconds."""
    imports = "from poolkit.explorer import PoolExplorer"
    with opened_pages(browser) as open_page:
        notebook = open_lab(open_page, server, imports, path="shared.ipynb")
        notebook.run_all()
        yield notebook


# The smallest contrast between a text and what is behind it, over all of an explorer. Translucent
# backgrounds are laid over each other as the browser does; a hatching counts as its darkest line.
CONTRAST = """root => {
  const parse = text => [...text.matchAll(/rgba?\\(([^)]*)\\)/g)].map(([, numbers]) => {
    const [r, g, b, a = 1] = numbers.split(/[ ,/]+/).map(Number);
    return [r, g, b, a];
  });
  const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
  const light = rgb => rgb.map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    if (!node) return [255, 255, 255];
    const style = getComputedStyle(node);
    let colour = behind(node.parentElement);
    for (const layer of parse(style.backgroundColor)) colour = over(layer, colour);
    for (const layer of parse(style.backgroundImage)) if (layer[3]) colour = over(layer, colour);
    return colour;
  };
  let least = 21;
  for (const node of root.querySelectorAll("*")) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if ((!own && node.type !== "text") || node.disabled || !node.checkVisibility()) continue;
    const paper = behind(node);
    const ink = over(parse(getComputedStyle(node).color)[0], paper);
    const [a, b] = [light(paper), light(ink)].sort((a, b) => b - a);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }
  return least;
}"""


@pytest.fixture
def contrast():
    """The smallest contrast of any text in an explorer, by the formula of WCAG 2."""
    return lambda explorer: explorer.root.evaluate(CONTRAST)
