"""torchvision must import beside any torch, whether or not its compiled part can load.

Each case runs in a Python of its own, since an import happens once. The package "torchvision" of
the simulated cases is a small one made here, which does at its import what the real one does.
"""

import subprocess
import sys

import pytest

# What torchvision/extension.py and torchvision/_meta_registrations.py do, without the rest.
FAKE_TORCHVISION = """
import torch

if {loads}:
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

for name in ("nms", "qnms"):
    @torch.library.register_fake("torchvision::" + name)
    def _(dets, scores, iou_threshold):
        return dets.new_empty(0)
"""


def run(code, path=""):
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            f"import sys; sys.path.insert(0, {str(path)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("loads", [True, False])
@pytest.mark.slow
def test_import_works_with_and_without_the_compiled_part(tmp_path, loads):
    folder = tmp_path / "torchvision"
    folder.mkdir()
    (folder / "__init__.py").write_text(FAKE_TORCHVISION.format(loads=loads))
    alone = run("import torchvision", tmp_path)
    assert (alone.returncode == 0) is loads, "the simulation does not behave like torchvision"
    result = run(
        "from poolkit import compat as c; print(c.torchvision.__file__, hasattr(c, '_library'))",
        tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == [str(folder / "__init__.py"), str(not loads)]


@pytest.mark.slow
def test_another_failure_of_torchvision_is_not_hidden(tmp_path):
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('something else')")
    result = run("import poolkit.compat", tmp_path)
    assert result.returncode != 0
    assert "something else" in result.stderr


@pytest.mark.slow
def test_the_installed_torchvision_gives_models_and_transforms():
    result = run(
        "import torch; from poolkit.compat import torchvision as tv; "
        "print(tuple(tv.models.resnet18()(torch.zeros(2, 3, 64, 64)).shape)); "
        "print(tuple(tv.transforms.functional.resize(torch.zeros(1, 8, 8), 4).shape))"
    )
    assert result.stdout.split("\n")[:2] == ["(2, 1000)", "(1, 4, 4)"], result.stderr


def test_poolkit_imports_nothing_but_itself():
    result = run("before = set(sys.modules); import poolkit; print(set(sys.modules) - before)")
    assert result.stdout.strip() == "{'poolkit'}", result.stderr


def test_functional_does_not_import_torch():
    result = run("import poolkit.functional; print('torch' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr
