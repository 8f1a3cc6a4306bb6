import os
import signal
import subprocess
import sys
import tempfile

import pytest
import torch
from hypothesis import settings

from tools.lessons import NOTEBOOKS

# A job in the background of a script ignores Ctrl-C, and so do all that it starts, unless they ask
# for it as Python does on its own elsewhere. Here some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What tests pass and predict is not the progress of whoever runs them.
_progress = tempfile.TemporaryDirectory()
os.environ["POOLKIT_PROGRESS"] = os.path.join(_progress.name, "progress.json")
torch.set_num_threads(1)
settings.register_profile("poolkit", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("poolkit")

pytest_plugins = ["pytester"]


# The arguments of Python in `make site`.
SITE = [
    "-m",
    "sphinx",
    "-q",
    "-W",
    "-E",
    "-a",
    "-c",
    "tools",
    "-d",
    "build/doctrees",
    ".",
    "build/site",
]


def build(course, folder):
    """Run Sphinx as `make site` does, on a folder that holds a course."""
    doctrees = folder.with_name("doctrees")
    command = [sys.executable, *SITE[:-3], doctrees, course, folder]
    return subprocess.run(command, cwd=NOTEBOOKS.parent, capture_output=True, text=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the website, as `make site` builds it."""
    folder = tmp_path_factory.mktemp("site") / "built here"
    done = build(NOTEBOOKS.parent, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{(folder / 'index.html').as_uri()}\n"
    return folder
