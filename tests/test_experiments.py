import csv
import functools
import os
import signal
import subprocess
import sys

import pytest
import torch
from torch.nn import functional as F

from poolkit import experiments
from poolkit.costs import cost
from poolkit.datasets import fashion_mnist, fashion_scenes, to_tensors
from poolkit.experiments import SWEEPS, by_variant, load, main, run_one, run_sweep
from poolkit.metrics import boundary_iou, consistency, mean_iou
from poolkit.models import DOWNSAMPLERS, UPSAMPLERS, SceneNet, SmallCNN
from poolkit.training import evaluate, fit, seed_everything

TIMES = ("seconds",)


@functools.cache
def few_images():
    (images, labels), (test_images, test_labels) = fashion_mnist(), fashion_mnist(train=False)
    return (images[:300], labels[:300]), (test_images[:60], test_labels[:60])


@functools.cache
def few_scenes(seed):
    return to_tensors(fashion_scenes(8, "train", seed, 32)), to_tensors(fashion_scenes(5, "test"))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make every run a matter of milliseconds."""
    for name, value in {
        "TRAINING_IMAGES": 256,
        "STEPS": 3,
        "SIZES": (128, 256),
        "SIZES_VARIANTS": ("max", "strided"),
        "CONSISTENCY_VARIANTS": ("average", "blur"),
        "MOVED_IMAGES": 20,
        "DOWNSAMPLERS": ("max", "stochastic"),
        "_data": few_images,
        "TRAINING_SCENES": 8,
        "SCENE_STEPS": 3,
        "EARLY_STEPS": 2,
        "EARLY_VARIANTS": ("unpool",),
        "SCENE_BATCH_SIZE": 4,
        "UPSAMPLERS": ("resize8", "unpool"),
        "_scenes": few_scenes,
    }.items():
        monkeypatch.setattr(experiments, name, value)


@pytest.fixture
def runs(monkeypatch):
    """The settings of all runs done, in order."""
    done = []
    for name, sweep in SWEEPS.items():

        def run(setting, device, run=sweep.run):
            done.append(setting)
            return run(setting, device)

        monkeypatch.setitem(SWEEPS, name, sweep._replace(run=run))
    return done


def without_times(rows):
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


@pytest.mark.slow
def test_the_sweeps_are_those_of_the_lessons():
    # In a process of its own, where the settings are not made small.
    program = """
from poolkit.experiments import SWEEPS
for name, sweep in SWEEPS.items():
    settings = sweep.settings(5)
    print(name, len(settings), {s["seed"] for s in settings[: len(settings) // 5]})
    for column in ("variant", "training_images"):
        print(sorted({s[column] for s in settings}))
"""
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.splitlines() == [
        "downsamplers 55 {0}",
        f"{sorted(DOWNSAMPLERS)}",
        "[12000]",
        "overfitting 60 {0}",
        "['average', 'max', 'none', 'strided']",
        "[500, 1500, 4000]",
        "consistency 40 {0}",
        "['average', 'blur', 'max', 'strided']",
        "[12000]",
        f"segmentation {5 * (len(UPSAMPLERS) + 4)} {{0}}",
        f"{sorted(UPSAMPLERS)}",
        "[4000]",
    ]


@pytest.mark.slow
def test_a_row_says_what_was_run_and_what_came_out(tmp_path):
    rows = run_sweep("downsamplers", seeds=2, device="cpu", folder=tmp_path)
    assert [(r["seed"], r["variant"]) for r in rows] == [
        (0, "max"), (0, "stochastic"), (1, "max"), (1, "stochastic"),
    ]  # fmt: skip
    row = rows[2]
    # The same by hand: the images and the net of seed 1, three steps of 128.
    (images, labels), test = few_images()
    order = torch.randperm(300, generator=torch.Generator().manual_seed(1))[:256]
    train = images[order], labels[order]
    seed_everything(1)
    net = SmallCNN("max")
    fit(net, train, epochs=1.5, device="cpu")
    assert row["train_accuracy"] == evaluate(net, train, device="cpu").accuracy
    assert row["test_accuracy"] == evaluate(net, test, device="cpu").accuracy
    assert row["parameters"] == 14_458
    assert (row["training_images"], row["steps"], row["epochs"]) == (256, 3, 1.5)
    assert (row["torch"], row["threads"]) == (torch.__version__, torch.get_num_threads())
    assert row["device"] == "cpu"
    assert row["seconds"] > 0


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.slow
def test_what_is_stored_is_what_was_found(name, tmp_path):
    rows = run_sweep(name, seeds=1, folder=tmp_path)
    assert load(name, tmp_path) == rows
    with (tmp_path / f"{name}.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == list(SWEEPS[name].columns)
    assert len(lines) == len(rows)
    assert os.listdir(tmp_path) == [f"{name}.csv"]


@pytest.mark.slow
def test_one_seed_repeats_bit_for_bit_and_two_seeds_differ(tmp_path):
    first = run_sweep("downsamplers", seeds=2, folder=tmp_path / "a")
    again = run_sweep("downsamplers", seeds=2, folder=tmp_path / "b")
    assert without_times(first) == without_times(again)
    losses = []
    for seed in (0, 1):
        net, *_ = experiments._trained(SWEEPS["downsamplers"].settings(2)[2 * seed], "cpu")
        losses.append(evaluate(net, few_images()[1]).loss)
    assert losses[0] != losses[1]


def test_each_size_trains_on_so_many_images_for_as_many_steps(monkeypatch, tmp_path):
    seen = []

    def recorded(net, data, **options):
        seen.append((len(data[0]), data[0]))
        return fit(net, data, **options)

    monkeypatch.setattr(experiments, "fit", recorded)
    rows = run_sweep("overfitting", seeds=1, folder=tmp_path)
    assert [(r["variant"], r["training_images"], r["epochs"]) for r in rows] == [
        ("max", 128, 3), ("strided", 128, 3), ("max", 256, 1.5), ("strided", 256, 1.5),
    ]  # fmt: skip
    assert [size for size, _ in seen] == [128, 128, 256, 256]
    # The variants see the same images, and the smaller set is part of the larger.
    assert torch.equal(seen[0][1], seen[1][1])
    assert torch.equal(seen[0][1], seen[2][1][:128])


def test_consistency_is_measured_on_images_with_a_margin():
    setting = {"variant": "blur", "seed": 0, "weights": "trained"}
    rows = run_one("consistency", device="cpu", **setting)
    assert [row["shift"] for row in rows] == list(range(9))
    assert rows[0]["consistency"] == 1
    (images, labels), (moved, moved_labels) = few_images()
    order = torch.randperm(300, generator=torch.Generator().manual_seed(0))[:256]
    seed_everything(0)
    net = SmallCNN("blur")
    fit(net, (F.pad(images[order], (10, 10, 10, 10)), labels[order]), epochs=1.5, device="cpu")
    moved = F.pad(moved[:20], (10, 10, 10, 10))
    assert [row["consistency"] for row in rows] == [consistency(net, moved, s) for s in range(9)]
    result = evaluate(net, (moved, moved_labels[:20]), device="cpu")
    assert rows[0]["test_accuracy"] == result.accuracy
    pairs = (result.predictions[:, None] == result.predictions).float().mean().item()
    assert rows[0]["by_chance"] == pytest.approx(pairs, abs=1e-4)


def test_a_row_of_the_segmentation_says_what_was_run_and_what_came_out(tmp_path, monkeypatch):
    nets = []

    def recorded(net, *args, **options):
        nets.append(net)
        return fit(net, *args, **options)

    monkeypatch.setattr(experiments, "fit", recorded)
    rows = run_sweep("segmentation", seeds=2, device="cpu", folder=tmp_path)
    assert [(r["seed"], r["variant"], r["steps"]) for r in rows] == [
        (0, "resize8", 3), (0, "unpool", 3), (0, "unpool", 2),
        (1, "resize8", 3), (1, "unpool", 3), (1, "unpool", 2),
    ]  # fmt: skip
    row = rows[4]
    # The same by hand: the scenes and the net of seed 1, three steps of 4.
    train, (images, labels) = few_scenes(1)
    seed_everything(1)
    net = SceneNet("unpool")
    fit(net, train, epochs=1.5, batch_size=4, lr=experiments.SCENE_LR, device="cpu")
    # Three steps may change no prediction, so the weights are compared too.
    for key, value in net.state_dict().items():
        assert torch.equal(nets[4].state_dict()[key], value)
    with torch.no_grad():
        predictions = net(images.float() / 255).argmax(dim=1)
    assert row["accuracy"] == (predictions == labels).double().mean().item()
    assert row["mean_iou"] == mean_iou(predictions, labels, 11)
    assert row["boundary_iou"] == boundary_iou(predictions, labels, 11)
    counted = cost(net, (1, 1, 64, 64))
    assert row["parameters"] == counted.parameters == 160_043
    assert row["multiply_adds"] == counted.multiply_adds
    assert row["activation_bytes"] == counted.activation_bytes
    assert (row["training_images"], row["steps"], row["epochs"]) == (8, 3, 1.5)
    assert (row["torch"], row["threads"]) == (torch.__version__, torch.get_num_threads())
    assert row["device"] == "cpu" and row["seconds"] > 0


@pytest.mark.slow
def test_each_seed_has_its_own_training_scenes_and_all_the_same_test_scenes(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(experiments, "TRAINING_SCENES", 3)
    monkeypatch.setattr(experiments, "TEST_SCENES", 2)
    (first, test), (second, same) = experiments._scenes(0), experiments._scenes(1)
    experiments._scenes.cache_clear()
    assert torch.equal(first[0], fashion_scenes(3, "train", 0).images)
    assert torch.equal(second[1], fashion_scenes(3, "train", 1).masks.long())
    assert torch.equal(test[0], same[0])
    assert torch.equal(test[1], fashion_scenes(2, "test", 0).masks.long())


def test_untrained_means_that_only_the_head_is_trained():
    setting = SWEEPS["consistency"].settings(1)[0]
    assert setting["weights"] == "untrained"
    seed_everything(setting["seed"])
    start = SmallCNN(setting["variant"])
    net, *_ = experiments._trained(setting, "cpu", freeze=True)
    assert torch.equal(net.blocks[1][0].weight, start.blocks[1][0].weight)
    assert torch.equal(net.blocks[1][1].weight, start.blocks[1][1].weight)
    assert not torch.equal(net.head[2].weight, start.head[2].weight)


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.slow
def test_finished_runs_are_not_repeated_and_more_seeds_add_runs(name, tmp_path, runs):
    run_sweep(name, seeds=1, folder=tmp_path)
    path = tmp_path / f"{name}.csv"
    before, first = path.read_bytes(), len(runs)
    assert runs == SWEEPS[name].settings(1)
    run_sweep(name, seeds=1, folder=tmp_path)
    assert len(runs) == first and path.read_bytes() == before
    run_sweep(name, seeds=2, folder=tmp_path)
    assert runs == SWEEPS[name].settings(2)
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("cut", [1, 25])
@pytest.mark.slow
def test_a_half_line_is_dropped_and_its_run_repeated(name, cut, tmp_path, runs):
    whole = without_times(run_sweep(name, seeds=1, folder=tmp_path))
    runs.clear()
    path = tmp_path / f"{name}.csv"
    path.write_bytes(path.read_bytes()[:-cut])
    assert without_times(load(name, tmp_path)) == whole[:-1]
    assert without_times(run_sweep(name, seeds=1, folder=tmp_path)) == whole
    assert runs == SWEEPS[name].settings(1)[-1:]
    assert without_times(load(name, tmp_path)) == whole


@pytest.mark.parametrize("where", ["training", "evaluation"])
@pytest.mark.slow
def test_ctrl_c_stores_nothing_of_the_run_it_stops(where, tmp_path, monkeypatch, capsys):
    whole = without_times(run_sweep("downsamplers", seeds=2, folder=tmp_path / "whole"))
    name = "evaluate" if where == "evaluation" else "cross_entropy"
    owner = experiments if where == "evaluation" else F
    real, calls = getattr(owner, name), []

    def stopped(*args, **kwargs):
        calls.append(name)
        # The third run: after 2 runs of 2 evaluations, or of 3 steps and 2 evaluations.
        if len(calls) == (5 if where == "evaluation" else 2 * (3 + 2) + 2):
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, stopped)
        with pytest.raises(SystemExit) as stop:
            main(["downsamplers", "--seeds", "2", "--out", str(tmp_path)])
    assert stop.value.code == 130
    path = tmp_path / "downsamplers.csv"
    assert f"Stopped. 2 of 4 runs are stored in {path}." in capsys.readouterr().err
    assert without_times(load("downsamplers", tmp_path)) == whole[:2]
    assert not list(tmp_path.glob("*.part"))
    assert without_times(run_sweep("downsamplers", seeds=2, folder=tmp_path)) == whole


def test_the_table_is_whole_when_writing_it_is_cut_short(tmp_path, monkeypatch, capsys):
    run_sweep("downsamplers", seeds=1, folder=tmp_path)
    before = (tmp_path / "downsamplers.csv").read_bytes()

    def cut(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", cut)
        with pytest.raises(KeyboardInterrupt):
            run_sweep("downsamplers", seeds=2, folder=tmp_path)
    assert (tmp_path / "downsamplers.csv").read_bytes() == before
    assert "Stopped. 2 of 4 runs are stored" in capsys.readouterr().err
    assert len(run_sweep("downsamplers", seeds=2, folder=tmp_path)) == 4
    assert os.listdir(tmp_path) == ["downsamplers.csv"]


@pytest.mark.parametrize("text", ["variant,seed,loss\nmax,0,1.0\n", "", "variant"])
def test_a_table_with_other_columns_is_refused_and_left_alone(text, tmp_path, capsys):
    path = tmp_path / "downsamplers.csv"
    path.write_text(text)
    for refused in (load, lambda name, folder: run_sweep(name, folder=folder)):
        with pytest.raises(ValueError, match="has the columns") as error:
            refused("downsamplers", tmp_path)
        assert str(path) in str(error.value)
    with pytest.raises(SystemExit):
        main(["downsamplers", "--out", str(tmp_path)])
    assert "has the columns" in capsys.readouterr().err
    assert path.read_text() == text


def test_a_damaged_line_is_named(tmp_path):
    run_sweep("downsamplers", seeds=1, folder=tmp_path)
    path = tmp_path / "downsamplers.csv"
    header, first, second = path.read_text().splitlines()
    for damaged in (first.replace("max,0", "max,zero"), first + ",1", first[:9]):
        path.write_text(f"{header}\n{second}\n{damaged}\n{second}\n")
        with pytest.raises(ValueError, match=r"downsamplers\.csv, line 3: "):
            load("downsamplers", tmp_path)


def test_a_missing_table_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m poolkit\.experiments overfitting"):
        load("overfitting", tmp_path)


def test_figures_of_variants_are_paired_by_seed():
    rows = [
        {"variant": variant, "seed": seed, "shift": shift, "score": f"{variant}{seed}{shift}"}
        for shift in (0, 3)
        for variant, seed in (("b", 2), ("a", 1), ("b", 0), ("a", 2), ("b", 1), ("a", 0))
    ]
    assert by_variant(rows, "score", shift=3) == {
        "b": ["b03", "b13", "b23"],
        "a": ["a03", "a13", "a23"],
    }
    assert by_variant(rows[1:2], "score") == {"a": ["a10"]}
    with pytest.raises(ValueError, match="'b' has several rows with seed 2; name one"):
        by_variant(rows, "score")
    with pytest.raises(ValueError, match="shift=7 fits none of the 12 rows"):
        by_variant(rows, "score", shift=7)


def test_one_run_of_a_sweep_equals_the_stored_one(tmp_path):
    stored = run_sweep("overfitting", seeds=2, folder=tmp_path)
    found = run_one("overfitting", variant="strided", seed=1, training_images=256)
    (expected,) = (
        r for r in stored if (r["variant"], r["seed"], r["training_images"]) == ("strided", 1, 256)
    )
    assert without_times(found) == without_times([expected])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"variant": "max"}, "a run of overfitting needs a seed"),
        ({"variant": "max", "seed": 0}, "variant='max', seed=0 fits 2 runs of overfitting, not on"),
        ({"variant": "mean", "seed": 3}, "variant='mean', seed=3 fits 0 runs of overfitting"),
        ({"seed": -1}, "seed=-1 fits 0 runs"),
    ],
)
def test_a_setting_that_is_not_one_run_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        run_one("overfitting", **setting)


def test_unknown_names_and_too_few_seeds_are_refused(tmp_path, capsys):
    for call in (load, run_sweep, functools.partial(run_one, seed=0)):
        with pytest.raises(
            ValueError,
            match="name='x' is not one of the sweeps: downsamplers, overfitting, consistency, "
            "segmentation",
        ):
            call("x")
    for seeds, error in ((0, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=f"seeds={seeds} must be (at least 1|a whole number)"):
            run_sweep("downsamplers", seeds=seeds, folder=tmp_path)
    for arguments in (["x"], ["downsamplers", "--seeds", "0", "--out", str(tmp_path)]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert "seeds=0 must be at least 1" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []
