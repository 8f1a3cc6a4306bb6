import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from types import SimpleNamespace

import matplotlib
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from poolkit import environment
from poolkit.datasets import DATA
from tools.lessons import find

ROOT = DATA.parent


@pytest.fixture
def installed(monkeypatch):
    """Pretend that packages have other versions, or that they are missing."""

    def pretend(**versions):
        def lookup(name):
            found = versions.get(name, version(name))
            if found is None:
                raise PackageNotFoundError(name)
            return found

        monkeypatch.setattr(environment, "version", lookup)

    return pretend


def test_this_environment_is_sound(capsys):
    assert environment.problems() == []
    environment.report()
    printed = capsys.readouterr().out
    assert f"torchvision  {version('torchvision')}" in printed
    assert "PROBLEM" not in printed


def test_a_missing_package_is_named_with_its_mend(installed, capsys):
    installed(tqdm=None)
    assert environment.problems() == [f"tqdm is not installed. {environment._MEND}"]
    environment.report()
    assert re.search("tqdm +missing", capsys.readouterr().out)


def test_an_old_package_is_named_and_a_prerelease_is_not(installed):
    installed(matplotlib="1.5", numpy="99.0rc1", torch="2.13.0+cpu")
    (problem,) = environment.problems()
    assert problem.startswith("matplotlib 1.5 is installed, but >=3.9 is needed.")


def test_a_damaged_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(environment.importlib, "import_module", lambda _: Damaged)
    assert environment.problems() == ["data/camera.png is damaged."]


class Damaged:
    PHOTOS = ("camera",)

    @staticmethod
    def fashion_mnist(train):
        pass

    @staticmethod
    def photo(name):
        raise OSError(f"data/{name}.png is damaged")


def test_a_broken_torch_is_told(monkeypatch):
    def broken(_):
        raise ImportError("libtorch.so is missing")

    monkeypatch.setattr(environment.importlib, "import_module", broken)
    assert environment.problems() == [
        f"torch and torchvision cannot be used: libtorch.so is missing. {environment._MEND}"
    ]


def imports(path):
    """The first code cell of a lesson."""
    cells = nbformat.read(path, as_version=4).cells
    return next(c.source for c in cells if c.cell_type == "code")


@pytest.fixture
def in_a_kernel(monkeypatch):
    """Pretend that this is a notebook whose matplotlib draws with some backend."""

    def pretend(backend):
        monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=None))
        monkeypatch.setattr(matplotlib, "get_backend", lambda: backend)

    return pretend


@pytest.mark.parametrize(
    "backend", ["Agg", "agg", "pdf", "svg", "template", "ps", "cairo", "TkAgg", "QtAgg", "WebAgg"]
)
def test_a_notebook_whose_figures_stay_invisible_is_told(in_a_kernel, backend):
    in_a_kernel(backend)
    (problem,) = environment.problems()
    assert f"draws with {backend}, which shows nothing below a cell" in problem
    assert "%matplotlib inline" in problem and "MPLBACKEND" in problem


@pytest.mark.parametrize(
    "backend",
    [
        *("inline", "module://matplotlib_inline.backend_inline", "nbAgg", "notebook"),
        *("ipympl", "widget", "module://ipympl.backend_nbagg"),
    ],
)
def test_a_notebook_whose_figures_show_has_no_problem(in_a_kernel, backend):
    in_a_kernel(backend)
    assert environment.invisible_figures() == ""


def test_outside_a_notebook_figures_may_stay_invisible(monkeypatch):
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    assert environment.invisible_figures() == ""


@pytest.mark.slow
def test_a_lesson_in_a_kernel_with_an_invisible_backend_says_so(monkeypatch):
    (lesson,) = find(["03"])
    notebook = new_notebook(cells=[new_code_cell(imports(lesson))])
    monkeypatch.setenv("MPLBACKEND", "Agg")
    (said,) = NotebookClient(notebook, kernel_name="python3").execute().cells[0].outputs
    assert said.text.startswith("Figures would stay invisible: matplotlib draws with Agg,")


def test_every_lesson_imports_what_tells_of_invisible_figures():
    for path in find():
        assert re.search(r"from poolkit import .*\b(draw|exercises)\b", imports(path)), path.name


# Runs each source of a list as a kernel that lacks some package would, and prints how it ends.
WITHOUT = """
import importlib.abc, json, sys, traceback

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
for source in json.load(sys.stdin):
    try:
        exec(source, {})
    except Exception as error:
        print(json.dumps(traceback.format_exception(error)))
"""


@pytest.mark.parametrize("missing", ["poolkit", "torch", "matplotlib", "numpy"])
@pytest.mark.slow
def test_the_first_cell_of_every_lesson_says_what_to_do_in_a_wrong_kernel(missing):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, missing],
        input=json.dumps([imports(path) for path in find()]),
        capture_output=True,
        text=True,
        check=True,
    )
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ends) == len(find())
    for heading, *frames, sentence in ends:
        assert heading.startswith("Traceback") and len(frames) == 2  # this test's, and the cell's
        assert sentence == (
            f"ModuleNotFoundError: No module named '{missing}'. "
            "Close JupyterLab and open it with: make lab\n"
        )


def required():
    """What pyproject.toml asks for, of which one extra asks for another."""
    return [r for r in map(Requirement, requires("poolkit")) if r.name != "poolkit"]


def test_conda_installs_what_pip_does():
    """environment.yml and pyproject.toml must name the same packages with the same ranges."""
    conda_names = {
        "torch": "pytorch",
        "matplotlib": "matplotlib-base",
        "playwright": "playwright-python",
    }
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    conda = dict(re.findall(r"^ +- (\w[\w-]*) ?(\S*)(?: +#.*)?$", text, re.M))
    needed = {name: versions for name, versions, _ in environment.packages()}
    for name, versions in needed.items():
        assert conda.pop(conda_names.get(name, name)) == versions
    test_tools = {r.name: str(r.specifier) for r in required() if r.marker}
    assert {n: conda.pop(conda_names.get(n, n)) for n in test_tools} == test_tools
    assert set(conda) == {"conda-forge", "nodefaults", "python", "pip"}
    (minor,) = repo2docker_reads([f"python {conda['python']}"])
    assert minor in requires_python()


def requires_python():
    return SpecifierSet(metadata("poolkit")["Requires-Python"])


def repo2docker_reads(dependencies):
    """The Python X.Y that it finds in environment.yml, to start from packages chosen for it.

    The first of "python", one or more "=", digits and dots counts; a range is passed over. Source:
    python_version in repo2docker/buildpacks/conda/__init__.py, which also cuts off the patch.
    """
    found = [re.match(r"python\s*=+\s*(\d+\.\d+)", line) for line in dependencies]
    return [match[1] for match in found if match][:1]


def test_repo2docker_passes_over_a_range():
    assert repo2docker_reads(["python >=3.11"]) == repo2docker_reads(["ipython =9.1"]) == []
    assert repo2docker_reads(["pip", "python=3.12.4", "python =3.13"]) == ["3.12"]


def test_the_environment_of_binder_is_a_python_that_is_tested():
    dependencies = re.findall(r"^  - (.*)", (ROOT / "environment.yml").read_text(), re.M)
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert repo2docker_reads(dependencies)[0] in re.findall(r'"(3\.\d+)"', workflow)


TELLS_PROBLEMS = """
import json
from poolkit import datasets, environment

try:
    datasets.fashion_mnist(train=False)
except OSError as error:
    print(json.dumps([environment.problems(), str(error)]))
"""


@pytest.mark.slow
def test_an_install_that_is_not_editable_has_all_but_the_data(tmp_path):
    pytest.importorskip("setuptools")
    course, site = tmp_path / "course", tmp_path / "site"
    course.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, course)
    shutil.copytree(ROOT / "poolkit", course / "poolkit")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    install += ["--no-build-isolation", f"--target={site}", str(course)]
    subprocess.run(install, check=True, capture_output=True)
    # The page that draws the house is for those who have the course's folder.
    files = {p.relative_to(ROOT) for p in (ROOT / "poolkit").rglob("*.*")}
    files = {p for p in files if p.suffix not in (".md", ".pyc")}
    assert {p for p in files if not (site / p).is_file()} == set()
    done = subprocess.run(
        [sys.executable, "-c", TELLS_PROBLEMS],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    problems, said = json.loads(done.stdout)
    assert str(site) in said
    assert problems == [f"{said}."]


def test_constraints_are_exact_and_name_no_address():
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in lines)
    pinned = dict(line.lower().split("==") for line in lines)
    assert {r.name for r in required()} <= set(pinned)
