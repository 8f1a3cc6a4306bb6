"""The commands of the README, as one types them.

`make lab` must serve lesson 00, also when the usual port is taken.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from conftest import SITE
from poolkit.datasets import DATA

ROOT = DATA.parent

with_make = pytest.mark.skipif(
    not (ROOT / ".venv" / "lab-installed").exists() or not shutil.which("make"),
    reason="needs make and its .venv",
)


@pytest.fixture
def lab(tmp_path):
    """Start `make lab` with configuration folders of its own, and yield the address it prints."""
    folders = {
        f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    screenless = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = subprocess.Popen(
        ["make", "lab"],
        cwd=ROOT,
        env={
            **screenless,
            **folders,
            "BROWSER": "true",
            "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    give_up = threading.Timer(60, lambda: os.killpg(process.pid, signal.SIGKILL))
    give_up.start()
    try:
        printed = []
        for line in process.stdout:
            printed.append(line)
            address = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)\?token=(\w+)", line)
            if address:
                yield int(address[1]), address[2], address[3]
                break
        else:
            pytest.fail("make lab printed no address:\n" + "".join(printed))
    finally:
        give_up.cancel()
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.read()  # to the end, which comes when the server has let go of its port
        process.wait()


def connect(port):
    """Wait until the server answers: it prints its address a moment before it listens."""
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
            return connection
        except ConnectionRefusedError:
            time.sleep(0.1)
    pytest.fail(f"nothing listens on port {port}")


@pytest.fixture
def _taken_port():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else has taken it, which serves as well
            taken.bind(("127.0.0.1", 8888))
            taken.listen()
        yield


@with_make
def test_make_lab_prints_the_address_of_lesson_00(_taken_port, lab):
    port, path, token = lab
    assert port != 8888
    assert path == "/lab/tree/notebooks/00_start_here.ipynb"
    connection = connect(port)
    connection.request(
        "GET",
        "/api/contents/notebooks/00_start_here.ipynb",
        headers={"Authorization": f"token {token}"},
    )
    lesson = json.load(connection.getresponse())["content"]
    assert "# Lesson 00 · Start here" in lesson["cells"][0]["source"]


@with_make
def test_make_prints_the_address_of_what_it_built():
    file = ROOT / "build" / "slides" / "01_take_the_max.html"
    file.unlink(missing_ok=True)
    # Where make runs these tests, a make within it would say last which folder it leaves.
    make = ["make", "--no-print-directory", "slides", "LESSON=1"]
    printed = subprocess.run(make, cwd=ROOT, capture_output=True, text=True).stdout
    assert printed.splitlines()[-1] == file.as_uri()
    assert file.is_file()


@with_make
def test_make_site_runs_what_the_tests_of_the_site_run():
    make = ["make", "--no-print-directory", "--dry-run", "site"]
    printed = subprocess.run(make, cwd=ROOT, capture_output=True, text=True).stdout
    assert printed.splitlines()[-1].split()[1:] == SITE


@pytest.mark.skipif(os.name == "nt", reason="Windows has no jobs that ignore Ctrl-C")
@pytest.mark.slow
def test_ctrl_c_reaches_the_tests_of_a_job_in_the_background():
    tests = [f"tests/test_{name}.py" for name in ("experiments", "training")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "ctrl_c", *tests],
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert re.search(r"^\d+ passed", done.stdout, re.M) and done.returncode == 0, done.stdout
