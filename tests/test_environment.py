import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

import nbformat
import pytest
from packaging.requirements import Requirement

from poolkit import environment
from poolkit.datasets import DATA
from poolkit.lessons import NOTEBOOKS

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


def test_lesson_00_says_what_to_do_in_a_python_without_poolkit(monkeypatch):
    monkeypatch.setitem(sys.modules, "poolkit", None)
    notebook = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", as_version=4)
    imports = next(c.source for c in notebook.cells if c.cell_type == "code")
    with pytest.raises(ModuleNotFoundError, match="make lab"):
        exec(imports, {})


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
    lines = re.findall(r"^ +- (\w[\w-]*) ?(\S*)$", (ROOT / "environment.yml").read_text(), re.M)
    conda = dict(lines)
    needed = {name: versions for name, versions, _ in environment.packages()}
    for name, versions in needed.items():
        assert conda.pop(conda_names.get(name, name)) == versions
    test_tools = {r.name: str(r.specifier) for r in required() if r.marker}
    assert {n: conda.pop(conda_names.get(n, n)) for n in test_tools} == test_tools
    assert set(conda) == {"conda-forge", "nodefaults", "python", "pip"}


def test_constraints_are_exact_and_name_no_address():
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in lines)
    pinned = dict(line.lower().split("==") for line in lines)
    assert {r.name for r in required()} <= set(pinned)
