import subprocess
import sys

import pytest
import torch
from hypothesis import settings

from poolkit.lessons import NOTEBOOKS

torch.set_num_threads(1)
settings.register_profile("poolkit", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("poolkit")

pytest_plugins = ["pytester"]


def build(course, folder):
    """Run Sphinx as `make site` does, on a folder that holds a course."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-c", NOTEBOOKS.parent / "site"]
    return subprocess.run([*command, course, folder], capture_output=True, text=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the website, as `make site` builds it."""
    folder = tmp_path_factory.mktemp("site") / "built here"
    done = build(NOTEBOOKS.parent, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{(folder / 'index.html').as_uri()}\n"
    return folder
