"""A picker of poolkit.controls in a real JupyterLab with a real kernel."""

MAKE = """from poolkit import draw
from poolkit.controls import Picker
Picker(draw.overlaps, kernel_size=(3, 4), stride=(2, 3))"""


def test_a_choice_changes_the_picture_and_its_words(lab):
    one = lab(MAKE)
    one.run_all()
    image = one.page.locator(".jp-OutputArea img")
    image.wait_for()
    assert "kernel 3, stride 2, counts: 1 1 2 1 2 1 2 1 2 1 1" in image.get_attribute("alt")
    before = image.get_attribute("src")
    one.page.locator("button", has_text="4").click()
    one.page.locator("img[alt*='kernel 4, stride 2, counts: 1 1 2 2']").wait_for()
    # By keyboard alone, from there to the next row.
    one.page.keyboard.press("Tab")
    while one.page.evaluate("document.activeElement.textContent") != "3":
        one.page.keyboard.press("Tab")
    one.page.keyboard.press("Enter")
    one.page.locator("img[alt*='stride 3']").wait_for()
    assert image.get_attribute("src") != before
