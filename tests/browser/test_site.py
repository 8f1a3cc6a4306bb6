"""The website in Chromium, opened from its folder, without a server and without a network."""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_core_python.sync_playwright import Axe

from browser.explorer_page import Explorer
from tools.lessons import find

LESSON, NEXT = (path.stem for path in find(["01", "02"]))


def addresses(site):
    files = [f for f in sorted(site.rglob("*.html")) if not {"_static", "index.html"} & {*f.parts}]
    return [file.as_uri() for file in files]


@pytest.fixture
def open_site(new_page, site):
    """Open one page of the site."""

    def open_page(name, **options):
        page = new_page(set(), **options)
        page.goto((site / name).as_uri())
        return page

    return open_page


@pytest.mark.parametrize("width", [1280, 400])
def test_every_page_loads_and_fits(open_site, site, width):
    page = open_site("index.html", viewport={"width": width, "height": 800})
    page.wait_for_url("**/README.html")
    for address in addresses(site):
        page.goto(address)
        assert page.locator("main h1:visible").count() == 1, address
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert sizes == [width, width], address
        broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
        assert page.evaluate(broken) == []


@pytest.mark.parametrize("width", [1280, 400])
def test_the_explorer_works_without_a_kernel(open_site, width):
    page = open_site(f"notebooks/{LESSON}.html", viewport={"width": width, "height": 800})
    explorer = Explorer(page)
    assert page.locator(".poolkit-explorer").count() == 1
    assert explorer.numbers("output").tolist() == [[6, 4], [4, 5]]
    explorer.control("average").check()
    explorer.cell("input x", 3, 3).fill("9")
    assert explorer.numbers("output").tolist() == [[3.75, 2.25], [1.75, 4.5]]
    explorer.cell("output", 0, 1).click()
    page.keyboard.press("ArrowDown")
    assert explorer.lit("output") == [(1, 1)]
    assert page.url.endswith(f"{LESSON}.html")  # the theme has keys of its own
    # What the theme says of labels and of code must not reach the explorer.
    misplaced = explorer.root.evaluate(
        """root => [...root.querySelectorAll("label, legend, button, code")].filter(
             e => e.getBoundingClientRect().right > root.getBoundingClientRect().right + 1
               || e.scrollWidth > e.clientWidth + 1
               || (e.tagName !== "CODE" && e.getBoundingClientRect().height > 40)
             ).map(e => e.outerHTML)"""
    )
    assert misplaced == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_explorer_can_be_read(open_site, contrast, scheme):
    page = open_site(f"notebooks/{LESSON}.html", color_scheme=scheme)
    explorer = Explorer(page)
    paper = explorer.root.evaluate("node => getComputedStyle(node).backgroundColor")
    around = "node => getComputedStyle(node.closest('.text_html')).backgroundColor"
    assert explorer.root.evaluate(around) == "rgba(0, 0, 0, 0)"
    assert (sum(map(int, paper.strip("rgb()").split(","))) < 3 * 60) == (scheme == "dark")
    assert contrast(explorer) >= 4.5


def test_a_predicted_output_unfolds(open_site):
    page = open_site(f"notebooks/{LESSON}.html")
    folded = page.locator("article details").first
    output = folded.locator(".cell_output, .output").first
    assert not output.is_visible()
    folded.locator("summary").click()
    assert output.is_visible()


def test_from_lesson_to_lesson(open_site):
    page = open_site(f"notebooks/{LESSON}.html")
    page.locator("a.right-next").click()
    page.wait_for_url(f"**/{NEXT}.html")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{LESSON}.html")
    page.locator("nav.bd-links").get_by_role("link", name="Slide the window").click()
    page.wait_for_url(f"**/{NEXT}.html")


def test_search(open_site):
    page = open_site(f"notebooks/{LESSON}.html")
    page.keyboard.press("Control+K")
    page.keyboard.type("padding")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=padding*")
    found = page.locator("#search-results").get_by_role("link", name="Slide the window").first
    found.click()
    page.wait_for_url(f"**/{NEXT}.html*")


def test_the_notebook_can_be_downloaded_from_a_server(new_page, site):
    # From a file, Chromium shows it as text.
    handler = functools.partial(Quiet, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        page = new_page({address})
        page.goto(f"http://{address}/notebooks/{LESSON}.html")
        page.locator(".dropdown-download-buttons > button").click()
        with page.expect_download() as download:
            page.locator("a.btn-download-source-button").click()
        assert download.value.suggested_filename == f"{LESSON}.ipynb"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_the_sheet_prints_on_two_sides_and_can_be_read(open_site):
    between = {"width": round((210 - 2 * 9) / 25.4 * 96), "height": 1000}  # the margins of site.css
    page = open_site("notebooks/formulas.html", viewport=between)
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    points = re.findall(rb"/MediaBox \[0 0 (\d+)\S* (\d+)", printed)
    assert set(points) == {(b"594", b"841")}  # A4
    page.emulate_media(media="print")
    sheet = page.locator("#formulas-defaults-traps-words")
    assert sheet.get_by_text("window: the piece that becomes one number").is_visible()  # the last
    assert not sheet.locator("pre").first.is_visible()
    found = sheet.evaluate(
        """sheet => {
             const texts = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT), sizes = [];
             for (let node; (node = texts.nextNode());) {
               const parent = node.parentElement;
               if (!node.textContent.trim() || !parent.checkVisibility()) continue;
               if (!parent.closest("code, math")) sizes.push(getComputedStyle(parent).fontSize);
             }
             const wide = [...sheet.querySelectorAll("p, li, td")].filter(
               e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1);
             return [Math.min(...sizes.map(parseFloat)) * 72 / 96, wide.map(e => e.innerText)];
           }"""
    )
    assert found[0] >= 7  # points
    assert found[1] == []


@pytest.mark.parametrize(
    "name", ["README.html", f"notebooks/{LESSON}.html", "notebooks/formulas.html"]
)
def test_accessibility(open_site, name):
    page = open_site(name)
    page.locator("article h1").wait_for()
    found = Axe().run(page, "article")
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    assert len(found["passes"]) > 10
