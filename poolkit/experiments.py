"""The sweeps over many training runs whose results lessons 08, 09 and 12 show.

    python -m poolkit.experiments downsamplers       every downsampler, on 12,000 images
    python -m poolkit.experiments overfitting        four of them, on 500 to 4,000 images
    python -m poolkit.experiments consistency        four of them, on images that are moved
    python -m poolkit.experiments segmentation       every upsampler, on scenes

Each sweep fills one table in data/results/. A run is stored when it is finished, and never done
again: after Ctrl-C, or a power cut, the same command goes on where it stopped, and --seeds with a
larger number adds runs. The first seed of everything comes first.

Within one sweep the runs of one seed train on the same images. Results repeat bit for bit on one
machine with one number of threads.
"""

import argparse
import csv
import functools
import importlib.metadata
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F
from tqdm.auto import tqdm

from poolkit.checks import whole_number
from poolkit.costs import cost
from poolkit.datasets import DATA, SCENE_CLASSES, fashion_mnist, fashion_scenes, to_tensors
from poolkit.metrics import boundary_iou, consistency, mean_iou
from poolkit.models import DOWNSAMPLERS, UPSAMPLERS, SceneNet, SmallCNN
from poolkit.training import evaluate, fit, seed_everything

__all__ = ["RESULTS", "SWEEPS", "Sweep", "by_variant", "load", "main", "run_one", "run_sweep"]

RESULTS = DATA / "results"

BATCH_SIZE = 128
TRAINING_IMAGES = 12_000
# Five passes over 12,000 images. Small sets get as many steps, so that they are seen more often:
# 155 passes over 500 images.
STEPS = 465
# The runs on all 12,000 are among those of the downsamplers, with the same seeds.
SIZES = (500, 1500, 4000)
SIZES_VARIANTS = ("max", "average", "strided", "none")

CONSISTENCY_VARIANTS = ("max", "average", "strided", "blur")
SHIFTS = tuple(range(9))
# Background around each image, in training too, so that no shift moves anything out of it. The
# images are then 48 pixels wide, and no halving leaves a row out: that would be a second effect.
MARGIN = 10
MOVED_IMAGES = 1000

TRAINING_SCENES = 4000
TEST_SCENES = 500
# Many small steps: batches of 32 learned less in as much time.
SCENE_STEPS = 800
# A quarter of them, to see who learns late.
EARLY_STEPS = 200
EARLY_VARIANTS = ("nearest", "transposed", "transposed 3", "transposed bilinear")
SCENE_BATCH_SIZE = 16
SCENE_LR = 0.003

# The columns of the tables, and which of them are no floats.
_MACHINE = "seconds poolkit torch threads device"
_TRAINING = (
    f"variant seed training_images steps epochs parameters train_accuracy test_accuracy {_MACHINE}"
)
_MOVING = (
    "variant seed weights training_images steps shift consistency by_chance test_accuracy "
    f"{_MACHINE}"
)
_SEGMENTING = (
    "variant seed training_images steps epochs parameters multiply_adds activation_bytes accuracy "
    f"mean_iou boundary_iou {_MACHINE}"
)
_TEXTS = "variant weights poolkit torch device"
_WHOLE = "seed training_images steps shift parameters multiply_adds activation_bytes threads"


class Sweep(NamedTuple):
    """A set of training runs: which there are, what one does, and what is stored of it.

    `names`: the columns of its table, with spaces between. `runs`: returns the settings of all runs
    of one seed: the columns, but for the seed, that tell a run from others. `run`: from a setting
    and a device, the run's rows. `rows`: how many rows each run has.
    """

    names: str
    runs: Callable[[], list[dict]]
    run: Callable[[dict, str], list[dict]]
    rows: int = 1

    @property
    def columns(self) -> dict[str, type]:
        """The columns of its table, and the type of their values."""
        kinds = dict.fromkeys(_TEXTS.split(), str) | dict.fromkeys(_WHOLE.split(), int)
        return {name: kinds.get(name, float) for name in self.names.split()}

    def settings(self, seeds: int) -> list[dict]:
        """Return the settings of all runs with so many seeds, those of the first seed first."""
        runs = [(seed, run) for seed in range(seeds) for run in self.runs()]
        return [{"variant": run["variant"], "seed": seed, **run} for seed, run in runs]


def load(name: str, folder: str | Path = RESULTS) -> list[dict]:
    """Return the stored rows of a sweep, each a dict from column to str, int or float.

    Args: `name`, one of SWEEPS; `folder`, where the table is.
    Raises: FileNotFoundError if there is no table yet; ValueError if there is no sweep of that
    name, or the table has other columns. Introduced in lesson 08.
    """
    sweep, path = _sweep(name), _path(name, folder)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Make it: python -m poolkit.experiments {name}")
    return _read(path, sweep)


def by_variant(rows: list[dict], column: str, **setting: Any) -> dict[str, list]:
    """Return one figure of each run: a dict from variant to a list, in the order of the seeds.

    The k-th figures of two variants so belong to the same seed.

    Args: `rows`, of one sweep, as from load; `column`, the figure's; `setting`, what else a row
    must have, such as training_images=500.
    Raises: ValueError if a setting fits no row, or leaves a variant two rows with one seed.
    Introduced in lesson 08.

    >>> by_variant([{"variant": "max", "seed": s, "square": s * s} for s in (3, 1)], "square")
    {'max': [1, 9]}
    """
    figures = {}
    for row in _rows_of(setting, rows):
        seeds = figures.setdefault(row["variant"], {})
        if row["seed"] in seeds:
            raise ValueError(
                f"{row['variant']!r} has several rows with seed {row['seed']}; name one of them, "
                "such as training_images=500 or shift=1"
            )
        seeds[row["seed"]] = row[column]
    if not figures:
        raise ValueError(f"{_told(setting) or 'nothing'} fits none of the {len(rows)} rows")
    return {name: [seeds[seed] for seed in sorted(seeds)] for name, seeds in figures.items()}


def run_one(name: str, *, device: str = "auto", **setting: Any) -> list[dict]:
    """Do one run of a sweep and return its rows, without storing them.

    Args: `name`, one of SWEEPS; `device`, "auto" (CUDA, else MPS, else the CPU) or one of torch's
    device names; `setting`, enough columns to tell one run from all others, among them seed.
    Raises: ValueError if there is no sweep of that name, or not exactly one run of that setting;
    KeyboardInterrupt if the run is stopped. Introduced in lesson 08.
    """
    sweep = _sweep(name)
    if "seed" not in setting:
        raise ValueError(f"a run of {name} needs a seed, such as seed=0")
    found = [s for s in sweep.settings(setting["seed"] + 1) if setting.items() <= s.items()]
    if len(found) != 1:
        raise ValueError(
            f"{_told(setting)} fits {len(found)} runs of {name}, not one. A run is told by "
            f"{_told(sweep.settings(1)[0])}"
        )
    return sweep.run(found[0], device)


def run_sweep(
    name: str, seeds: int = 5, device: str = "auto", folder: str | Path = RESULTS
) -> list[dict]:
    """Do the runs of a sweep that are not stored yet, store each, and return all rows.

    Ctrl-C stops it. What is stored then is what was finished.

    Args: `name` and `device` as for `run_one`; `seeds`, how many each variant gets, from 0 on;
    `folder`, where the table is, or will be.
    Raises: TypeError or ValueError if seeds is not a whole number of at least 1; ValueError if
    there is no sweep of that name, or the table has other columns; KeyboardInterrupt when it was
    stopped.
    """
    sweep, path = _sweep(name), _path(name, folder)
    seeds = whole_number("seeds", seeds, 1)
    rows = _read(path, sweep) if path.exists() else []
    settings = sweep.settings(seeds)
    missing = [s for s in settings if len(_rows_of(s, rows)) != sweep.rows]
    try:
        with tqdm(total=len(settings), initial=len(settings) - len(missing), unit="run") as bar:
            for setting in missing:
                bar.set_description(f"{setting['variant']}, seed {setting['seed']}")
                new = sweep.run(setting, device)
                # What is left of a run whose last line was cut off gives way.
                old = _rows_of(setting, rows)
                table = [row for row in rows if row not in old] + new
                _write(path, sweep, table)
                rows = table
                bar.update()
    except KeyboardInterrupt:
        stored = sum(len(_rows_of(s, rows)) == sweep.rows for s in settings)
        print(
            f"Stopped. {stored} of {len(settings)} runs are stored in {path}. "
            "The same command goes on from there.",
            file=sys.stderr,
        )
        raise
    return rows


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m poolkit.experiments", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", choices=SWEEPS)
    parser.add_argument("--seeds", type=int, default=5, help="seeds for each variant (default: 5)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    parser.add_argument(
        "--out", metavar="FOLDER", default=RESULTS, help="where the table is (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        run_sweep(options.name, options.seeds, options.device, options.out)
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(variant, images, steps, **more):
    return {"variant": variant, "training_images": images, "steps": steps, **more}


def _downsamplers():
    return [_run(variant, TRAINING_IMAGES, STEPS) for variant in DOWNSAMPLERS]


def _sizes():
    return [_run(variant, size, STEPS) for size in SIZES for variant in SIZES_VARIANTS]


def _moves():
    return [
        _run(variant, TRAINING_IMAGES, STEPS, weights=weights)
        for variant in CONSISTENCY_VARIANTS
        for weights in ("untrained", "trained")
    ]


def _upsamplers():
    steps = [(variant, SCENE_STEPS) for variant in UPSAMPLERS]
    steps += [(variant, EARLY_STEPS) for variant in EARLY_VARIANTS]
    return [_run(variant, TRAINING_SCENES, count) for variant, count in steps]


def _train_and_test(setting, device):
    _, test = _data()
    net, train, seconds = _trained(setting, device)
    return [
        {
            **setting,
            "epochs": round(_epochs(setting, BATCH_SIZE), 2),
            "parameters": sum(p.numel() for p in net.parameters()),
            "train_accuracy": evaluate(net, train, batch_size=BATCH_SIZE, device=device).accuracy,
            "test_accuracy": evaluate(net, test, batch_size=BATCH_SIZE, device=device).accuracy,
            **_machine(net, seconds),
        }
    ]


def _train_and_move(setting, device):
    # A net with random weights everywhere gives nearly all images one class, and would score 1.
    # So "untrained" means the convolutions: the last layer is trained to read what they give.
    net, _, seconds = _trained(setting, device, MARGIN, freeze=setting["weights"] == "untrained")
    _, (images, labels) = _data()
    images, labels = F.pad(images[:MOVED_IMAGES], (MARGIN,) * 4), labels[:MOVED_IMAGES]
    result = evaluate(net, (images, labels), batch_size=BATCH_SIZE, device=device)
    # How often two images taken at random get the same class: a net that knows few classes is
    # consistent without being steady.
    shares = result.predictions.bincount() / len(labels)
    figures = {
        "by_chance": round(shares.square().sum().item(), 4),
        "test_accuracy": result.accuracy,
        **_machine(net, seconds),
    }
    return [
        {**setting, "shift": shift, "consistency": consistency(net, images, shift), **figures}
        for shift in SHIFTS
    ]


def _train_and_segment(setting, device):
    train, (images, labels) = _scenes(setting["seed"])
    seed_everything(setting["seed"])
    net = SceneNet(setting["variant"])
    epochs = _epochs(setting, SCENE_BATCH_SIZE)
    options = {"batch_size": SCENE_BATCH_SIZE, "device": device}
    seconds = _fit(net, train, epochs=epochs, lr=SCENE_LR, **options)
    result = evaluate(net, (images, labels), **options)
    counted = cost(net, (1, *images.shape[1:]))
    return [
        {
            **setting,
            "epochs": round(epochs, 2),
            "parameters": counted.parameters,
            "multiply_adds": counted.multiply_adds,
            "activation_bytes": counted.activation_bytes,
            "accuracy": result.accuracy,
            "mean_iou": mean_iou(result.predictions, labels, len(SCENE_CLASSES)),
            "boundary_iou": boundary_iou(result.predictions, labels, len(SCENE_CLASSES)),
            **_machine(net, seconds),
        }
    ]


SWEEPS = {
    "downsamplers": Sweep(_TRAINING, _downsamplers, _train_and_test),
    "overfitting": Sweep(_TRAINING, _sizes, _train_and_test),
    "consistency": Sweep(_MOVING, _moves, _train_and_move, rows=len(SHIFTS)),
    "segmentation": Sweep(_SEGMENTING, _upsamplers, _train_and_segment),
}


@functools.cache
def _data():
    return fashion_mnist(train=True), fashion_mnist(train=False)


# The runs of one seed follow each other, and train on the same scenes.
@functools.lru_cache(maxsize=1)
def _scenes(seed):
    train = fashion_scenes(TRAINING_SCENES, "train", seed)
    return to_tensors(train), to_tensors(fashion_scenes(TEST_SCENES, "test"))


def _trained(setting, device, margin=0, freeze=False):
    """Return a net trained with this setting, the images and labels it saw, and the seconds.

    freeze leaves the weights of the blocks as they were drawn, and trains the head only.
    """
    (images, labels), _ = _data()
    seed, size = setting["seed"], setting["training_images"]
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    train = F.pad(images[order[:size]], (margin,) * 4), labels[order[:size]]
    seed_everything(seed)
    net = SmallCNN(setting["variant"])
    net.blocks.requires_grad_(not freeze)
    epochs = _epochs(setting, BATCH_SIZE)
    return net, train, _fit(net, train, epochs=epochs, batch_size=BATCH_SIZE, device=device)


def _epochs(setting, batch_size):
    return setting["steps"] / (setting["training_images"] // batch_size)


def _fit(net, train, **options):
    """Train and return the seconds, or raise if it was stopped."""
    history = fit(net, train, **options)
    if history.interrupted:
        # fit keeps what it has; a table of results must not.
        raise KeyboardInterrupt
    return history.seconds


def _machine(net, seconds):
    return {
        "seconds": round(seconds, 2),
        "poolkit": importlib.metadata.version("poolkit"),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": next(net.parameters()).device.type,
    }


def _sweep(name):
    if name not in SWEEPS:
        raise ValueError(f"name={name!r} is not one of the sweeps: {', '.join(SWEEPS)}")
    return SWEEPS[name]


def _path(name, folder):
    return Path(folder) / f"{name}.csv"


def _told(setting):
    return ", ".join(f"{key}={value!r}" for key, value in setting.items())


def _rows_of(setting, rows):
    return [row for row in rows if setting.items() <= row.items()]


def _read(path, sweep):
    """Return the rows of a table, but for a last line that was cut off."""
    text = path.read_text(encoding="utf-8")
    header, *lines = [*csv.reader(io.StringIO(text[: text.rfind("\n") + 1]))] or [[]]
    if header != list(sweep.columns):
        raise ValueError(
            f"{path} has the columns {', '.join(header) or '(none)'}; this version of poolkit "
            f"writes {', '.join(sweep.columns)}. Move the file away to start anew"
        )
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            pairs = zip(sweep.columns.items(), line, strict=True)
            rows.append({name: kind(value) for (name, kind), value in pairs})
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    return rows


def _write(path, sweep, rows):
    """Replace the table in one step, so that it is whole at every moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sweep.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


if __name__ == "__main__":
    main()
