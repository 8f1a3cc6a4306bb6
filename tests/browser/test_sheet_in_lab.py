"""The sheet in JupyterLab: formulas are drawn, and a term's link in a lesson leads to the glossary.

tests/browser/test_site.py looks at the same page on the website and on paper.
"""

import contextlib

from playwright.sync_api import expect


def test_formulas_are_drawn_and_a_term_leads_to_the_glossary(lab):
    notebook = lab(path="notebooks/02_slide_the_window.ipynb")
    page = notebook.page
    stride = page.get_by_role("link", name="stride", exact=True)
    stride.click()
    sheet = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    sheet.get_by_role("heading", name="Formulas, defaults").wait_for()
    sheet.get_by_text("Subsampling").first.wait_for()
    assert sheet.locator("mjx-container").count() > 50
    assert sheet.locator("mjx-merror").count() == 0
    # JupyterLab goes to a heading of a notebook that is open, and on a busy machine it may give up
    # before the cells above the heading have their height.
    glossary = sheet.get_by_role("heading", name="Glossary")
    for _ in range(5):
        page.locator(".lm-TabBar-tab").filter(has_text="02_slide").first.click()
        stride.click()
        with contextlib.suppress(AssertionError):
            expect(glossary).to_be_in_viewport(timeout=3000)
            break
    expect(glossary).to_be_in_viewport(timeout=100)
    notebook.leave()
