"""A lesson as slides, in Chromium."""

import pytest

from browser.explorer_page import Explorer
from tools.lessons import find
from tools.slides import SlidesExporter


@pytest.fixture
def slides(new_page, tmp_path):
    """Open lesson 01 as slides, from a folder with nothing else in it."""
    page_source, _ = SlidesExporter().from_filename(str(find(["01"])[0]))
    file = tmp_path / "slides.html"
    file.write_text(page_source, encoding="utf-8")
    page = new_page(set(), viewport={"width": 1280, "height": 720})
    page.goto(file.as_uri())
    page.wait_for_function("Reveal.isReady()")
    return page


def shown(page):
    return page.evaluate("Reveal.getCurrentSlide().innerText")


def at_the_end(page):
    return page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next")


def test_through_all_slides(slides):
    texts = [shown(slides)]
    while not at_the_end(slides):
        assert len(texts) < 100
        slides.keyboard.press("Space")
        texts.append(shown(slides))
        inside = "(s => s.scrollWidth <= s.clientWidth)(Reveal.getCurrentSlide())"
        assert slides.evaluate(inside), texts[-1]
    assert texts[0].startswith("Lesson 01 · Take the max")
    assert any("You will be able to" in text for text in texts)
    assert not any("Exercises" in text for text in texts)
    pictures = slides.locator("section img").evaluate_all("i => i.map(i => i.naturalWidth)")
    assert len(pictures) > 2 and all(pictures)


def test_an_answer_comes_with_one_more_key(slides):
    while slides.evaluate("!Reveal.availableFragments().next"):
        slides.keyboard.press("Space")
    assert "Predict." in shown(slides)
    fragment = slides.locator("section.present .fragment").last
    assert "visible" not in fragment.get_attribute("class")
    slides.keyboard.press("Space")
    assert "visible" in fragment.get_attribute("class")


def test_the_explorer_works_and_keeps_its_keys(slides):
    while slides.locator("section.present section.present .poolkit-explorer").count() == 0:
        assert not at_the_end(slides)
        slides.keyboard.press("Space")
    place = slides.evaluate("Reveal.getIndices()")
    explorer = Explorer(slides)
    explorer.cell("input x", 3, 3).fill("9")
    assert explorer.numbers("output").tolist() == [[6, 4], [4, 9]]
    explorer.cell("output", 0, 0).click()
    for key in ("ArrowRight", "ArrowDown"):
        slides.keyboard.press(key)
    assert explorer.lit("output") == [(1, 1)]
    explorer.control("average").check()
    assert explorer.numbers("output").tolist() == [[3.75, 2.25], [1.75, 4.5]]
    align = "cell => getComputedStyle(cell).textAlign"
    assert explorer.cell("output", 0, 0).evaluate(align) == "center"
    explorer.root.get_by_role("button", name="Step", exact=True).click()
    assert explorer.lit("output") == [(0, 0)]
    assert slides.evaluate("Reveal.getIndices()") == place
    slides.mouse.click(1270, 300)  # beside it
    slides.evaluate("document.activeElement.blur()")
    slides.keyboard.press("Space")
    assert slides.evaluate("Reveal.getIndices()") != place
