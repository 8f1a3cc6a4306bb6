"""Check that this Python has what the course needs, and say how to mend it where it has not."""

import importlib
import os
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

_MEND = "Mend it with `make lab`, or with the install commands in README.md."


def invisible_figures():
    """Return a sentence with the mend if this notebook's figures would not be seen; "" otherwise.

    matplotlib's own backends, but for two, write files or open windows; those that draw below a
    cell come from elsewhere. The environment variable MPLBACKEND, which many images set for batch
    work, chooses one before Jupyter can. Outside a notebook a program may draw for nobody.
    """
    # Looked up, not imported: the report below must work where matplotlib is missing.
    ipython, matplotlib = sys.modules.get("IPython"), sys.modules.get("matplotlib")
    if not (ipython and matplotlib and hasattr(ipython.get_ipython(), "kernel")):
        return ""
    backend = matplotlib.get_backend()
    registry = importlib.import_module("matplotlib.backends").backend_registry
    hidden = {*registry.list_builtin()} - {"nbagg", "notebook"}
    if backend.lower() not in hidden:
        return ""
    return (
        f"Figures would stay invisible: matplotlib draws with {backend}, which shows nothing below "
        "a cell. Run %matplotlib inline in a cell of its own, or start Jupyter without the "
        "environment variable MPLBACKEND."
    )


def packages():
    """Return (name, needed versions, installed version or None) of each dependency."""
    rows = []
    for needed in map(Requirement, requires("poolkit")):
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            try:
                found = version(needed.name)
            except PackageNotFoundError:
                found = None
            rows.append((needed.name, str(needed.specifier), found))
    return rows


def problems():
    """Return one sentence for each thing that is missing or wrong, with its mend; [] if none.

    It looks at every package's version, at whether torch and torchvision can be imported, at every
    data file, and at whether figures show in the notebook. Introduced in lesson 00.
    """
    found = []
    for name, needed, installed in packages():
        if installed is None:
            found.append(f"{name} is not installed. {_MEND}")
        elif not SpecifierSet(needed).contains(installed, prereleases=True):
            found.append(f"{name} {installed} is installed, but {needed} is needed. {_MEND}")
    try:
        # Not at the top: the report above must work where torch does not.
        datasets = importlib.import_module("poolkit.datasets")
        datasets.fashion_mnist(train=False)
        for name in datasets.PHOTOS:
            datasets.photo(name)
    except OSError as error:
        found.append(f"{error}.")
    except (ImportError, RuntimeError) as error:
        found.append(f"torch and torchvision cannot be used: {error}. {_MEND}")
    found += filter(None, [invisible_figures()])
    return found


def report():
    """Print all versions, the count of cores and the problems. Introduced in lesson 00."""
    print(f"Python {sys.version.split()[0]} on {sys.platform}, {os.cpu_count()} processor cores")
    for name, needed, installed in packages():
        print(f"  {name:12} {installed or 'missing':12} needed: {needed or 'any'}")
    for problem in problems():
        print(f"PROBLEM: {problem}")
