"""The twenty sayings about pooling that lesson 13 judges, in its order and under its headings.

Each stands in one place: how it is measured, the statements that decide it, the figures in words,
the better sentence. Figures of one operation or of untrained nets are computed anew, those of
training runs over seeds are read from data/results/. A pair is a range: the lowest and the highest
difference between two variants over the seeds, each seed against itself. A bound or a margin that
is not explained is in the unit of its figure: percent, points, or times as many. How statements
make a verdict is in `judging`.
"""

import functools
import math
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad

from poolkit import experiments, layers
from poolkit.arithmetic import Layer, receptive_field
from poolkit.compat import torchvision
from poolkit.costs import (
    Cost,
    WindowOperation,
    cost,
    poolings_and_strides,
    window_operations,
)
from poolkit.datasets import fashion_mnist, photo
from poolkit.functional import avg_pool2d, max_pool2d
from poolkit.judging import Claim, above, below
from poolkit.metrics import translate
from poolkit.models import LeNet5, SmallCNN, without_downsampling
from poolkit.training import fit

__all__ = ["CLAIMS"]

NETS = ("alexnet", "vgg16", "googlenet", "resnet18")
NETS += ("resnet50", "densenet121", "mobilenet_v2", "convnext_tiny")
IMAGE = (1, 3, 224, 224)
CLOTHES = (1, 1, 28, 28)


# What several claims measure by.


@functools.cache
def _net(name: str) -> nn.Module:
    """One of torchvision's nets, with shapes but without numbers."""
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, **options)


@functools.cache
def _operations(name: str) -> list[WindowOperation]:
    return window_operations(_net(name), IMAGE)


@functools.cache
def _cost(name: str) -> Cost:
    return cost(_net(name), IMAGE)


@functools.cache
def _cost_without(name: str) -> Cost:
    return cost(without_downsampling(_net(name)), IMAGE)


def _trained_in_subsampling() -> int:
    """How many numbers the two poolings of LeNet-5 train."""
    blocks = LeNet5().features
    return sum(p.numel() for block in blocks[:2] for p in block[2].parameters())


def _paired(a: list[float], b: list[float]) -> tuple[float, float]:
    """The lowest and the highest of the differences a - b, seed by seed."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return min(differences), max(differences)


def _points(a: list[float], b: list[float]) -> tuple[float, float]:
    """`_paired` of two shares, in points of percent."""
    low, high = _paired(a, b)
    return 100 * low, 100 * high


def _said(points: tuple[float, float]) -> str:
    return f"{points[0]:+.1f} to {points[1]:+.1f}"


# What pooling computes.


def _shrinking() -> dict[str, Any]:
    """Count the poolings of eight nets that give a smaller map, and those that do not."""
    smaller = [
        o.output_shape[2] < o.input_shape[2]
        for name in NETS
        for o in _operations(name)
        if o.kind in ("max_pool2d", "avg_pool2d")
    ]
    return {"smaller": sum(smaller), "same": len(smaller) - sum(smaller)}


C1 = Claim(
    number=1,
    saying="Pooling shrinks the height and width of the maps.",
    lesson="10_look_inside_real_nets.ipynb#Count-the-poolings",
    measure=_shrinking,
    statements=lambda f: [above(f["smaller"], 0.5), below(f["same"], 0.5)],
    shown=lambda f: (
        f"of the poolings of eight nets, {f['smaller']} shrink the map and {f['same']} do not"
    ),
    instead="A stride above 1 shrinks the maps, in a pooling or in a convolution.",
)


def _extremes() -> dict[str, Any]:
    """What three poolings leave of a photo's dark cells and of its bright cells, in percent.

    The legs of the tripod of lesson 01; 100 if they are as large a share of the picture, or more.
    """
    camera = photo("camera").numpy().astype(float)
    legs = camera[:, 320:512, 200:424]
    figures = {}
    for name, pool in (("max", max_pool2d), ("average", avg_pool2d)):
        pooled = legs
        for _ in range(3):
            pooled = pool(pooled, 2)
        for kind, test in (("dark", lambda x: x < 80), ("bright", lambda x: x > 200)):
            left = test(pooled).mean() / test(legs).mean()
            figures[f"{name}_{kind}"] = 100 * min(1.0, float(left))
    return figures


C2 = Claim(
    number=2,
    saying="Pooling keeps the most important information.",
    lesson="01_take_the_max.ipynb#On-a-photo",
    measure=_extremes,
    statements=lambda f: [above(kept, 50, 25) for kept in f.values()],
    shown=lambda f: (
        f"of a photo's dark cells, max keeps {f['max_dark']:.0f} % and average "
        f"{f['average_dark']:.0f} %; of its bright cells {f['max_bright']:.0f} % and "
        f"{f['average_bright']:.0f} %"
    ),
    instead="Max pooling keeps what is large, average pooling the mean, and both forget where in "
    "the window it was.",
)


def _example() -> dict[str, Any]:
    """Pool the sixteen numbers of lesson 01."""
    grid = np.array([[[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    return {"max": max_pool2d(grid, 2)[0].tolist(), "average": avg_pool2d(grid, 2)[0].tolist()}


def _farthest(a: list[list[float]], b: list[list[float]]) -> float:
    return float(np.abs(np.subtract(a, b)).max())


C7 = Claim(
    number=7,
    saying="[[1,3,2,4],[5,6,1,2],[0,1,3,1],[2,4,5,2]] pools by 2×2 to [[6,4],[4,5]] (max) and "
    "[[3.75,2.25],[1.75,2.75]] (average).",
    lesson="01_take_the_max.ipynb#By-hand",
    measure=_example,
    statements=lambda f: [
        below(_farthest(f["max"], [[6, 4], [4, 5]]), 1e-6),
        below(_farthest(f["average"], [[3.75, 2.25], [1.75, 2.75]]), 1e-6),
    ],
    shown=lambda f: f"{f['max']} and {f['average']}",
    instead="The same.",
)


def _lines() -> dict[str, Any]:
    """How much of a bright and of a dark line is left: its contrast, from 0 to 1."""
    bright = np.zeros((1, 4, 4))
    bright[..., 1] = 1
    return {
        f"{name}_{kind}": float(np.ptp(pool(line, 2)))
        for name, pool in (("max", max_pool2d), ("average", avg_pool2d))
        for kind, line in (("bright", bright), ("dark", 1 - bright))
    }


C8 = Claim(
    number=8,
    saying="Max pooling keeps the prominent feature; average pooling smooths and may lose sharp "
    "edges.",
    lesson="01_take_the_max.ipynb#What-is-lost",
    measure=_lines,
    statements=lambda f: [
        *(above(f[f"max_{kind}"], 0.75, 0.15) for kind in ("bright", "dark")),
        *(below(f[f"average_{kind}"], 0.75, 0.15) for kind in ("bright", "dark")),
    ],
    shown=lambda f: (
        f"contrast kept of a bright line {f['max_bright']:.1f} (max) and "
        f"{f['average_bright']:.1f} (average), of a dark line {f['max_dark']:.1f} and "
        f"{f['average_dark']:.1f}"
    ),
    instead="Max pooling keeps bright lines whole and erases thin dark ones; average pooling "
    "weakens both.",
)


def _global_pooling() -> dict[str, Any]:
    """How many numbers global pooling makes of a map, and which of eight nets end in it."""
    figures = {"average_nets": 0, "max_nets": 0}
    for name, pool in (("average", nn.AdaptiveAvgPool2d(1)), ("max", nn.AdaptiveMaxPool2d(1))):
        sizes = {pool(torch.zeros(1, 12, size, size + 3)).numel() / 12 for size in (5, 7, 12)}
        figures[name] = max(sizes)
    for name in NETS:
        for o in _operations(name):
            if o.kind.startswith("adaptive") and o.output_shape[2:] == (1, 1):
                figures["max_nets" if "max" in o.kind else "average_nets"] += 1
    return figures


C9 = Claim(
    number=9,
    saying="Global pooling makes one number of each map, by average or maximum, before the dense "
    "layer.",
    lesson="06_choose_a_pool.ipynb#One-number-for-a-whole-map",
    measure=_global_pooling,
    statements=lambda f: [
        below(f["average"], 1.5),
        below(f["max"], 1.5),
        above(f["average_nets"], 0.5),
    ],
    shown=lambda f: (
        f"{f['average']:.0f} number per map by average, {f['max']:.0f} by maximum; of eight nets "
        f"{f['average_nets']} end in a global average, {f['max_nets']} in a global maximum"
    ),
    instead="The same; and in the nets counted it is the average.",
)


def _padding() -> dict[str, Any]:
    """The side of a map of 28 after a 3x3 window with padding and without, and a padded average."""
    flat = np.ones((1, 28, 28))
    padded, bare = avg_pool2d(flat, 3, 1, 1), avg_pool2d(flat, 3, 1)
    return {"padded": padded.shape[1], "bare": bare.shape[1], "corner": padded[0, 0, 0].item()}


C10 = Claim(
    number=10,
    saying="Padding only adds borders, to control the size.",
    lesson="02_slide_the_window.ipynb#What-is-an-average-divided-by?",
    measure=_padding,
    statements=lambda f: [above(f["padded"] - f["bare"], 0.5), above(f["corner"], 0.9, 0.05)],
    shown=lambda f: (
        f"3×3 windows make {f['padded']} of 28 cells with padding, {f['bare']} without; the "
        f"average in the corner of a map of ones becomes {f['corner']:.2f}"
    ),
    instead="Padding sets the size, and its values count: 0 darkens the rim of an average, so max "
    "pooling pads with −∞.",
)


def _most_used() -> dict[str, Any]:
    """How often eight nets pool in windows of each kind, and how many of the nets do."""
    number, nets = {}, {}
    for name in NETS:
        for kind, count in poolings_and_strides(_net(name), IMAGE).items():
            if kind.startswith(("max ", "avg ")):
                window = kind.split()[1]
                number[window] = number.get(window, 0) + count
                nets.setdefault(window, set()).add(name)
    in_nets = {window: len(names) for window, names in nets.items()}
    return {"number": number, "nets": in_nets}


def _lead(counts: dict[str, int]) -> int:
    """By how much 2x2 windows with stride 2 are ahead of the most used of the others."""
    others = [count for window, count in counts.items() if window != "2x2/2"]
    return counts.get("2x2/2", 0) - max(others, default=0)


C11 = Claim(
    number=11,
    saying="2×2 windows with stride 2 are the most used.",
    lesson="10_look_inside_real_nets.ipynb#Count-the-poolings",
    measure=_most_used,
    # A lead of one can hang on one layer of one net.
    statements=lambda f: [above(_lead(f[key]), 0, 1.5) for key in ("number", "nets")],
    shown=lambda f: (
        f"2×2 with stride 2: {f['number']['2x2/2']} times in {f['nets']['2x2/2']} of eight nets; "
        f"3×3 with stride 2: {f['number']['3x3/2']} times in {f['nets']['3x3/2']}"
    ),
    instead="2×2 and 3×3 windows with stride 2 are both common; more nets have the second.",
)


# What it costs.


def _computation() -> dict[str, Any]:
    """How many times as many multiply-adds there are without downsampling."""
    small = {name: cost(SmallCNN(name), CLOTHES).multiply_adds for name in ("none", "max")}
    return {"small": small["none"] / small["max"]} | {
        name: _cost_without(name).multiply_adds / _cost(name).multiply_adds
        for name in ("vgg16", "resnet18")
    }


C3 = Claim(
    number=3,
    saying="Pooling lowers the computation.",
    lesson="10_look_inside_real_nets.ipynb#With-downsampling-and-without",
    measure=_computation,
    statements=lambda f: [above(times, 1.1, 0.05) for times in f.values()],
    shown=lambda f: (
        f"multiply-adds without downsampling: {f['small']:.1f} times as many in SmallCNN, "
        f"{f['vgg16']:.0f} in VGG16, {f['resnet18']:.0f} in ResNet-18 (most of it strided "
        "convolutions)"
    ),
    instead="Halving the maps divides the computation of all later convolutions, whether a pool "
    "or a stride does it.",
)


def _parameters() -> dict[str, Any]:
    """How many times as many parameters there are without pooling."""
    small = {name: cost(SmallCNN(name), CLOTHES).parameters for name in ("none", "max")}
    with torch.device("meta"):
        dense = [nn.Linear(512 * side**2, 4096) for side in (224, 7)]
    whole, pooled = (sum(p.numel() for p in layer.parameters()) for layer in dense)
    return {
        "small": small["none"] / small["max"],
        "vgg16": _cost_without("vgg16").parameters / _cost("vgg16").parameters,
        "flattened": whole / pooled,
    }


C4 = Claim(
    number=4,
    saying="Pooling lowers the number of parameters.",
    lesson="10_look_inside_real_nets.ipynb#And-the-parameters?",
    measure=_parameters,
    statements=lambda f: [above(times, 1.1, 0.05) for times in f.values()],
    shown=lambda f: (
        f"parameters without the pools that halve: {f['small']:.2f} times as many in SmallCNN, "
        f"{f['vgg16']:.2f} in torchvision's VGG16, {f['flattened']:.0f} in a dense layer on a "
        "flattened map"
    ),
    instead="Pooling saves parameters only where a map is flattened into a dense layer.",
)


def _large_inputs() -> dict[str, Any]:
    """Gigabytes of activations that training keeps: VGG16 without pooling, and a net of strides."""
    one = cost(without_downsampling(_net("vgg16")), (1, 3, 512, 512))
    mobile = cost(_net("mobilenet_v2"), (32, *IMAGE[1:]))
    pools = [o for o in _operations("mobilenet_v2") if o.kind in ("max_pool2d", "avg_pool2d")]
    return {
        "batch": 32 * _cost_without("vgg16").activation_bytes / 1e9,
        "one": one.activation_bytes / 1e9,
        "strides": mobile.activation_bytes / 1e9,
        "poolings": len(pools),
    }


C18 = Claim(
    number=18,
    saying="Without pooling, large inputs are impractical.",
    lesson="10_look_inside_real_nets.ipynb#With-downsampling-and-without",
    measure=_large_inputs,
    # A laptop has 16 GB.
    statements=lambda f: [above(f[name], 16, 4) for name in ("batch", "one", "strides")],
    shown=lambda f: (
        f"to train on 32 images of 224 pixels VGG16 without pooling keeps {f['batch']:.0f} GB, on "
        f"one of 512 pixels {f['one']:.0f}; MobileNetV2, with {f['poolings']} poolings before its "
        f"end, keeps {f['strides']:.1f} for the 32"
    ),
    instead="Without any downsampling, large batches of large images are impractical; strides do "
    "as well as pools.",
)


def _weights_and_work() -> dict[str, Any]:
    """What pools train, and how many numbers they read for 100 multiply-adds of their net."""
    plain = [p for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)) for p in pool.parameters()]
    max_, *learned = (
        cost(SmallCNN(name), CLOTHES).parameters for name in ("max", "mixed", "gated", "gem")
    )
    read = sum(
        math.prod(o.output_shape) * math.prod(o.kernel_size)
        if o.kernel_size
        else math.prod(o.input_shape)
        for o in _operations("vgg16")
        if "pool" in o.kind
    )
    return {
        "plain": sum(p.numel() for p in plain),
        "learned": [count - max_ for count in learned],
        "lenet5": _trained_in_subsampling(),
        "read": 100 * read / _cost("vgg16").multiply_adds,
    }


C20 = Claim(
    number=20,
    saying="Pooling has no weights and is fast.",
    lesson="10_look_inside_real_nets.ipynb#And-the-parameters?",
    measure=_weights_and_work,
    statements=lambda f: [
        below(f["plain"], 0.5),
        below(f["read"], 5, 2),
        *(below(count, 0.5) for count in (*f["learned"], f["lenet5"])),
    ],
    shown=lambda f: (
        f"max and average pooling train {f['plain']} numbers, mixed, gated and GeM {f['learned']} "
        f"in SmallCNN, LeNet-5's {f['lenet5']}; VGG16's pools read {f['read']:.2f} numbers for "
        "100 multiply-adds"
    ),
    instead="Max and average pooling have no weights and little work; learned pools have few "
    "weights.",
)


# What it does to learning.


def _overfitting() -> dict[str, Any]:
    """The gap between training and test accuracy in points, on 500 to 12,000 images.

    Each of two pools is compared with each of two ways to do without, at each size.
    """
    rows = experiments.load("overfitting") + experiments.load("downsamplers")
    for row in rows:
        row["gap"] = 100 * (row["train_accuracy"] - row["test_accuracy"])
    sizes = sorted({row["training_images"] for row in rows})
    gaps = {n: experiments.by_variant(rows, "gap", training_images=n) for n in sizes}
    against = {
        f"{pool}_{other}": [_paired(gaps[n][pool], gaps[n][other]) for n in sizes]
        for pool in ("max", "average")
        for other in ("strided", "none")
    }
    fewest = min(median(gaps[sizes[0]][pool]) for pool in ("max", "average"))
    return {"sizes": sizes, "fewest": fewest, **against}


C5 = Claim(
    number=5,
    saying="Pooling prevents overfitting.",
    lesson="08_compare_the_downsamplers.ipynb#Does-pooling-prevent-overfitting?",
    measure=_overfitting,
    statements=lambda f: [
        below(f["fewest"], 5, 2),
        *(
            below(gap, 0, 0.5)
            for pool in ("max", "average")
            for other in ("strided", "none")
            for gap in f[f"{pool}_{other}"]
        ),
    ],
    shown=lambda f: (
        f"training less test accuracy: on {f['sizes'][0]:,} images {f['fewest']:.0f} points or "
        f"more with a pool (median), and with max pooling {_said(f['max_strided'][0])} "
        f"against strided convolutions; on {f['sizes'][3]:,} images "
        f"{_said(f['max_none'][3])} against no halving"
    ),
    instead="Pooled nets overfit too when images are few; against strided convolutions the gap "
    "was smaller, against no halving, which learned less, it was not.",
)


def _strided() -> dict[str, Any]:
    """Strided convolutions against max pooling: points of test accuracy, and parameters.

    In place of the block's convolution and the pool; added in place of the pool; and the added one
    against the same convolution with a pool, which multiplies so many times as much.
    """
    rows = experiments.load("downsamplers")
    accuracy = experiments.by_variant(rows, "test_accuracy")
    counts = {row["variant"]: row["parameters"] for row in rows}
    work = [cost(SmallCNN(f"added {name}"), CLOTHES).multiply_adds for name in ("max", "strided")]
    return {
        "replaced": _points(accuracy["strided"], accuracy["max"]),
        "replaced_parameters": counts["strided"] / counts["max"],
        "added": _points(accuracy["added strided"], accuracy["max"]),
        "added_parameters": counts["added strided"] / counts["max"],
        "same": _points(accuracy["added strided"], accuracy["added max"]),
        "same_work": work[0] / work[1],
    }


C13 = Claim(
    number=13,
    saying="A strided convolution learns, so it is more flexible and loses less than a pool; it "
    "costs more parameters.",
    lesson="08_compare_the_downsamplers.ipynb#Is-the-difference-real?",
    measure=_strided,
    statements=lambda f: [
        *(above(f[key], 0, 0.2) for key in ("replaced", "added", "same")),
        *(above(f[f"{key}_parameters"], 1.1, 0.05) for key in ("replaced", "added")),
    ],
    shown=lambda f: (
        f"in place of convolution and max pool {_said(f['replaced'])} points of accuracy and "
        f"{f['replaced_parameters']:.1f} times the parameters, added {_said(f['added'])} and "
        f"{f['added_parameters']:.1f} times; beside the same convolution with a max pool, which "
        f"multiplies {f['same_work']:.1f} times as much, {_said(f['same'])}"
    ),
    instead="An added convolution helped and costs parameters; a stride in place of a pool was "
    "worse here, with it and without.",
)


def _learned_pools() -> dict[str, Any]:
    """What GeM, mixed and gated pooling train, and their points of test accuracy beyond max."""
    accuracy = experiments.by_variant(experiments.load("downsamplers"), "test_accuracy")
    window = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    pools = {"gem": layers.GeM(2), "mixed": layers.MixedPool2d(2), "gated": layers.GatedPool2d(2)}
    figures = {}
    for name, pool in pools.items():
        pool(window).sum().backward()
        figures[f"{name}_learns"] = sum(int((p.grad != 0).sum()) for p in pool.parameters())
        figures[name] = _points(accuracy[name], accuracy["max"])
    return figures


C19 = Claim(
    number=19,
    saying="Pooling can itself be learned.",
    lesson="06_choose_a_pool.ipynb#All-in-one-table",
    measure=_learned_pools,
    statements=lambda f: [above(f[f"{name}_learns"], 0.5) for name in ("gem", "mixed", "gated")],
    shown=lambda f: (
        f"numbers with a gradient: GeM {f['gem_learns']}, mixed {f['mixed_learns']}, gated "
        f"{f['gated_learns']}; accuracy beyond max {_said(f['gem'])}, {_said(f['mixed'])}, "
        f"{_said(f['gated'])} points"
    ),
    instead="It can, with a few numbers; five seeds could not tell the result from max pooling.",
)


# What it does to shifts.


def _invariance() -> dict[str, Any]:
    """How far the averages at a net's end move with the image, and how often its class stays.

    The averages are those of lesson 09: untrained nets, relative to how much they differ between
    images, at the worst of the shifts by 1 to 8 pixels. The classes are those of trained nets, in
    percent: the median over seeds, at the worst shift.
    """
    wide = pad(fashion_mnist(train=False)[0][:16], (34,) * 4).float() / 255
    figures = {}
    for name in ("none", "max"):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = SmallCNN(name).eval()
        with torch.no_grad():
            start, *moved = (net.blocks(translate(wide, 0, d)).mean(dim=(2, 3)) for d in range(9))
        unit = (start - start.mean(dim=0)).norm()
        figures[name] = max(((x - start).norm() / unit).item() for x in moved)
    rows = experiments.load("consistency")
    steady = [
        experiments.by_variant(rows, "consistency", weights="trained", shift=shift)
        for shift in range(1, 9)
    ]
    for name in ("max", "average", "strided"):
        figures[f"{name}_steady"] = 100 * min(median(at_shift[name]) for at_shift in steady)
    return figures


C6 = Claim(
    number=6,
    saying="Pooling makes a net translation invariant: it finds a feature wherever it is.",
    lesson="09_shift_the_image.ipynb#A-stack-of-strides",
    measure=_invariance,
    statements=lambda f: [
        *(above(f[f"{name}_steady"], 99, 0.5) for name in ("max", "average")),
        below(f["max"] - f["none"], 0, 0.05),
    ],
    shown=lambda f: (
        f"moved by up to 8 pixels, the averages of an untrained net change by {f['none']:.2f} "
        f"without halving and by {f['max']:.2f} with max pooling; at the worst shift, "
        f"{f['max_steady']:.0f} % (max), {f['average_steady']:.0f} % (average) and "
        f"{f['strided_steady']:.0f} % (strided) of the classes stay"
    ),
    instead="Convolution and a global average make a net steady; each halving breaks it, a pool "
    "less than a bare stride.",
)


def _small_moves() -> dict[str, Any]:
    """How much a map changes, relative to its size, when clothes move by one pixel; in percent."""
    clothes = pad(fashion_mnist(train=False)[0][:200], (2,) * 4).numpy().astype(float)
    figures = {}
    for name, pool in (
        ("input", lambda x: x),
        ("max", lambda x: max_pool2d(x, 2)),
        ("average", lambda x: avg_pool2d(x, 2)),
    ):
        start, change = pool(clothes), 0.0
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            moved = np.roll(clothes, (down, right), axis=(2, 3))
            change += np.square(pool(moved) - start).sum() / 4
        figures[name] = 100 * float(np.sqrt(change / np.square(start).sum()))
    return figures


C15 = Claim(
    number=15,
    saying="Small movements of the input do not change the pooled map much.",
    lesson="09_shift_the_image.ipynb#One-bright-cell",
    measure=_small_moves,
    statements=lambda f: [
        *(below(f[name] / f["input"], 0.9, 0.05) for name in ("max", "average")),
        *(below(f[name], 10, 2) for name in ("max", "average")),
    ],
    shown=lambda f: (
        f"clothes moved by one pixel change by {f['input']:.0f} %, their max pooled maps by "
        f"{f['max']:.0f} %, their average pooled maps by {f['average']:.0f} %"
    ),
    instead="A pooled map changes somewhat less than the image does, and not little.",
)


# What nets do.


def _replaced_by_strides() -> dict[str, Any]:
    """Of the max poolings and strided convolutions of two nets, how many there are of each."""
    figures = {}
    for name in ("resnet18", "googlenet"):
        kinds = [o.kind for o in _operations(name) if o.kind != "conv2d" or o.stride != (1, 1)]
        figures[name] = (kinds.count("max_pool2d"), kinds.count("conv2d"))
    return figures


C12 = Claim(
    number=12,
    saying="ResNet and GoogLeNet replace pooling by strided convolutions.",
    lesson="10_look_inside_real_nets.ipynb#Count-the-poolings",
    measure=_replaced_by_strides,
    statements=lambda f: [
        above(strides / (pools + strides), 0.5, 0.2) for pools, strides in f.values()
    ],
    shown=lambda f: (
        "max poolings and strided convolutions: "
        f"ResNet-18 {f['resnet18'][0]} and {f['resnet18'][1]}, "
        f"GoogLeNet {f['googlenet'][0]} and {f['googlenet'][1]}"
    ),
    instead="ResNet does, but for one max pooling; GoogLeNet pools nearly everywhere.",
)


def _depth() -> dict[str, Any]:
    """What a cell sees after each block, in pixels, and how well the blocks' maps tell classes.

    The second is lesson 07's: the share of images whose mean maps are nearest to the average of
    their own class, in percent, here after training for one pass over 12,000 images.
    """
    block = [Layer(3), Layer(2, 2)]
    images, labels = fashion_mnist()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = SmallCNN("max")
        fit(net, (images[:12_000], labels[:12_000]), epochs=1, device="cpu")
    images, labels = fashion_mnist(train=False)
    x, right = images[:4000] / 255, []
    with torch.no_grad():
        for layer in net.blocks:
            x = layer(x)
            right.append(100 * _nearest_class(x.mean(dim=(2, 3)), labels[:4000]))
    return {"pixels": [receptive_field(block * n).size for n in (1, 2, 3)], "right": right}


def _nearest_class(described: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of the second half that is nearest to the average of its class in the first."""
    half = len(labels) // 2
    centres = [described[:half][labels[:half] == i].mean(dim=0) for i in range(10)]
    nearest = torch.cdist(described[half:], torch.stack(centres)).argmin(dim=1)
    return (nearest == labels[half:]).double().mean().item()


def _tells_better(right: list[float]) -> list[int]:
    """For each step to the next block: whether its maps tell classes better, by 5 points."""
    return [above(after - before, 0, 5) for before, after in pairwise(right)]


C16 = Claim(
    number=16,
    saying="Early layers see detail, deeper layers see abstraction.",
    lesson="07_train_a_cnn.ipynb#From-fine-to-abstract",
    measure=_depth,
    statements=lambda f: [
        *(above(after - before, 0.5) for before, after in pairwise(f["pixels"])),
        *_tells_better(f["right"]),
    ],
    # The shares themselves differ from one processor to another.
    shown=lambda f: (
        f"after the blocks of SmallCNN a cell sees {f['pixels'][0]}, {f['pixels'][1]} and "
        f"{f['pixels'][2]} pixels, and {_tells_better(f['right']).count(1)} of 2 steps to the "
        "next block tell classes apart better by more than 5 points"
    ),
    instead="Deeper cells see more pixels, and in a trained net their maps tell more about the "
    "class.",
)


def _which_pools() -> dict[str, Any]:
    """What LeNet-5's subsampling trains, and how many of the halvings of two nets are max pools."""
    figures = {"lenet5": _trained_in_subsampling()}
    for name in ("vgg16", "resnet18"):
        halvings = [
            o.kind
            for o in _operations(name)
            if o.stride not in (None, (1, 1)) and "downsample" not in o.name
        ]
        figures[name] = (halvings.count("max_pool2d"), len(halvings))
    return figures


C17 = Claim(
    number=17,
    saying="LeNet-5 used average pooling, VGG and ResNet max pooling.",
    lesson="07_train_a_cnn.ipynb#LeNet-5,-as-published",
    measure=_which_pools,
    statements=lambda f: [
        below(f["lenet5"], 0.5),
        *(above(f[net][0] / f[net][1], 0.5, 0.2) for net in ("vgg16", "resnet18")),
    ],
    shown=lambda f: (
        f"LeNet-5's pools train {f['lenet5']} numbers; max pools do {f['vgg16'][0]} of "
        f"{f['vgg16'][1]} halvings in VGG16, {f['resnet18'][0]} of {f['resnet18'][1]} in ResNet-18"
    ),
    instead="LeNet-5 scaled and shifted its averages by trained numbers and squashed them, VGG "
    "pools by maximum, ResNet does so once.",
)


# What it does to pixels.

_WAYS_BACK = ("nearest", "bilinear", "transposed", "unpool", "skip")


def _segmentation() -> dict[str, Any]:
    """What no pooling, and what five ways back, gain over a net that resizes its scores by 8.

    In points of mean IoU and of boundary IoU.
    """
    rows = experiments.load("segmentation")
    figures = {}
    for kind in ("mean", "boundary"):
        iou = experiments.by_variant(rows, f"{kind}_iou", steps=experiments.SCENE_STEPS)
        for name in ("dilated", *_WAYS_BACK):
            figures[f"{name}_{kind}"] = _points(iou[name], iou["resize8"])
    return figures


C14 = Claim(
    number=14,
    saying="Pooling hurts segmentation, so upsampling, unpooling or transposed convolution is "
    "used.",
    lesson="12_segment_the_scene.ipynb#Does-pooling-hurt-segmentation?",
    measure=_segmentation,
    statements=lambda f: [
        *(above(f[f"dilated_{kind}"], 0, 0.5) for kind in ("mean", "boundary")),
        *(above(f[f"{name}_boundary"], 0, 0.5) for name in _WAYS_BACK),
    ],
    shown=lambda f: (
        f"mean IoU beyond resizing the scores by 8: no pooling {_said(f['dilated_mean'])} points; "
        f"boundary IoU: no pooling {_said(f['dilated_boundary'])}, transposed "
        f"{_said(f['transposed_boundary'])}, unpooling {_said(f['unpool_boundary'])}, skip "
        f"{_said(f['skip_boundary'])}"
    ),
    instead="One large resizing after pooling loses sharp edges; smaller steps bring some back, "
    "kept maps the most. A net without pooling, small enough to train in the time, was no better.",
)

CLAIMS = (C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17, C18, C19, C20)
