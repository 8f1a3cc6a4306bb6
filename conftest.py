"""A lesson must not warn: nbval says nothing of what a cell whose output it ignores writes."""

import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if isinstance(item, IPyNbCell):
        # Progress bars do not count: in a notebook they are widgets.
        warnings = [out.text for out in item.test_outputs if out.get("name") == "stderr"]
        if warnings:
            item.raise_cell_error("Cell wrote to stderr", "\n" + "".join(warnings))
    return result
