"""The twenty sayings about pooling that lesson 13 judges.

Each stands in one place: the saying, the cases in which it may hold, the figures that decide, the
better sentence, and how the figures are measured. Those of one operation or of untrained nets are
computed anew, those of training runs over seeds are read from data/results/. A pair is a range: the
lowest and the highest seed, of differences each seed against itself. A bound or a margin that is
not explained is in the unit of its figure: percent, points, or times as many. How cases make a
verdict is in `judging`.
"""

import copy
import functools
import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise, product
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad

from poolkit import experiments, layers
from poolkit.arithmetic import Layer, receptive_field
from poolkit.compat import torchvision
from poolkit.costs import Cost, WindowOperation, cost, window_operations
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
POOLS = (("max", max_pool2d), ("average", avg_pool2d))

_claims = []


def _claim(number: int, saying: str, lesson: str, **rest: Any) -> Callable:
    """Make a claim of the function below it, which measures."""

    def register(measure: Callable) -> Callable:
        _claims.append(Claim(number, saying, lesson, measure=measure, **rest))
        return measure

    return register


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


def _poolings(name: str) -> list[WindowOperation]:
    """The poolings with windows, so without the global ones."""
    return [o for o in _operations(name) if o.kind in ("max_pool2d", "avg_pool2d")]


@functools.cache
def _cost(name: str) -> Cost:
    return cost(_net(name), IMAGE)


@functools.cache
def _cost_without(name: str) -> Cost:
    return cost(without_downsampling(_net(name)), IMAGE)


def _times_without(amount: str) -> dict[str, float]:
    """How many times as much of an amount three nets take without downsampling."""
    none, pooled = (cost(SmallCNN(name), CLOTHES) for name in ("none", "max"))
    times = {"small": getattr(none, amount) / getattr(pooled, amount)}
    for name in ("vgg16", "resnet18"):
        times[name] = getattr(_cost_without(name), amount) / getattr(_cost(name), amount)
    return times


def _trained(net: nn.Module) -> int:
    """How many numbers it trains."""
    return sum(p.numel() for p in net.parameters())


def _trained_in_subsampling() -> int:
    return sum(_trained(block[2]) for block in LeNet5().features[:2])


def _points(a: list[float], b: list[float]) -> tuple[float, float]:
    """By how many points of percent one share is ahead of another, seed by seed."""
    differences = [100 * (x - y) for x, y in zip(a, b, strict=True)]
    return min(differences), max(differences)


def _said(points: tuple[float, float]) -> str:
    return f"{points[0]:+.1f} to {points[1]:+.1f}"


# What pooling computes.


@_claim(
    1,
    "Pooling shrinks the height and width of the maps.",
    "10_look_inside_real_nets.ipynb#Count-the-poolings",
    definition=True,
    cases=lambda f: {
        "a stride above 1": [above(f["smaller"], 0.5)],
        "a stride of 1": [below(f["same"], 0.5)],
    },
    shown=lambda f: f"in eight nets {f['smaller']} poolings shrink the map, {f['same']} do not",
    instead="A stride above 1 shrinks the maps, in a pooling or in a convolution.",
)
def _shrinking():
    smaller = [o.output_shape[2] < o.input_shape[2] for name in NETS for o in _poolings(name)]
    return {"smaller": sum(smaller), "same": len(smaller) - sum(smaller)}


@_claim(
    2,
    "Pooling keeps the most important information.",
    "01_take_the_max.ipynb#On-a-photo",
    cases=lambda f: {
        f"{name} pooling": [above(f[f"{name}_{kind}"], 50, 25) for kind in ("dark", "bright")]
        for name, _ in POOLS
    },
    shown=lambda f: (
        f"max leaves {f['max_dark']:.0f} % of the dark pixels, "
        f"average {f['average_bright']:.0f} % of the bright"
    ),
    instead="Max pooling keeps what is large, average pooling the mean.",
)
def _extremes():
    """What three poolings leave of the dark and of the bright pixels of the tripod of lesson 01.

    100 percent if they are as large a share of the picture, or more.
    """
    legs = photo("camera").numpy().astype(float)[:, 320:512, 200:424]
    figures = {}
    for name, pool in POOLS:
        pooled = pool(pool(pool(legs, 2), 2), 2)
        for kind, test in (("dark", lambda x: x < 80), ("bright", lambda x: x > 200)):
            left = test(pooled).mean() / test(legs).mean()
            figures[f"{name}_{kind}"] = 100 * min(1.0, float(left))
    return figures


def _farthest(a: list[list[float]], b: list[list[float]]) -> float:
    return float(np.abs(np.subtract(a, b)).max())


@_claim(
    7,
    "The 4×4 example pools to 6, 4, 4, 5 and to 3.75, 2.25, 1.75, 2.75.",
    "01_take_the_max.ipynb#By-hand",
    definition=True,
    cases=lambda f: {
        "max": [below(_farthest(f["max"], [[6, 4], [4, 5]]), 1e-6)],
        "average": [below(_farthest(f["average"], [[3.75, 2.25], [1.75, 2.75]]), 1e-6)],
    },
    shown=lambda f: f"{f['max']} and {f['average']}",
    instead="The same.",
)
def _example():
    grid = np.array([[[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
    return {name: pool(grid, 2)[0].tolist() for name, pool in POOLS}


@_claim(
    8,
    "Max pooling keeps the prominent feature, average pooling blurs it.",
    "01_take_the_max.ipynb#What-is-lost",
    cases=lambda f: {
        f"{kind} lines": [
            above(f[f"max_{kind}"], 0.75, 0.15),
            below(f[f"average_{kind}"], 0.75, 0.15),
        ]
        for kind in ("bright", "dark")
    },
    shown=lambda f: f"under max, bright lines keep {f['max_bright']:.0f}, dark {f['max_dark']:.0f}",
    instead="Max pooling keeps bright lines whole and erases thin dark ones; average weakens both.",
)
def _lines():
    """How much of a bright and of a dark line is left: its contrast, from 0 to 1."""
    bright = np.zeros((1, 4, 4))
    bright[..., 1] = 1
    return {
        f"{name}_{kind}": float(np.ptp(pool(line, 2)))
        for name, pool in POOLS
        for kind, line in (("bright", bright), ("dark", 1 - bright))
    }


@_claim(
    9,
    "Global pooling makes one number of each map.",
    "06_choose_a_pool.ipynb#One-number-for-a-whole-map",
    definition=True,
    cases=lambda f: {
        "the average": [below(f["average"], 1.5), above(f["average_nets"], 0.5)],
        "the maximum": [below(f["max"], 1.5)],
    },
    shown=lambda f: f"{f['average']:.0f} of each map; {f['average_nets']} of eight nets end so",
    instead="The same; and in the nets counted it is the average.",
)
def _global_pooling():
    maps = [torch.zeros(1, 12, size, size + 3) for size in (5, 7, 12)]
    pools = {"average": nn.AdaptiveAvgPool2d(1), "max": nn.AdaptiveMaxPool2d(1)}
    figures = {name: max(pool(x).numel() / 12 for x in maps) for name, pool in pools.items()}
    ends = [o.kind for name in NETS for o in _operations(name) if o.output_shape[2:] == (1, 1)]
    average_nets, max_nets = (ends.count(f"adaptive_{kind}_pool2d") for kind in ("avg", "max"))
    return figures | {"average_nets": average_nets, "max_nets": max_nets}


@_claim(
    10,
    "Padding only adds borders, to control the size.",
    "02_slide_the_window.ipynb#What-is-an-average-divided-by?",
    definition=True,
    cases=lambda f: {
        "the size": [above(f["padded"] - f["bare"], 0.5)],
        "the values": [above(f["corner"], 0.9, 0.05)],
    },
    shown=lambda f: f"the average in the corner of a map of ones becomes {f['corner']:.2f}",
    instead="Padding sets the size, and its values count: zeros darken the rim of an average.",
)
def _padding():
    """The side of a map of 28 after a 3x3 window with padding and without, and a padded average."""
    flat = np.ones((1, 28, 28))
    padded, bare = avg_pool2d(flat, 3, 1, 1), avg_pool2d(flat, 3, 1)
    return {"padded": padded.shape[1], "bare": bare.shape[1], "corner": padded[0, 0, 0].item()}


_WINDOWS = ("2x2/2", "3x3/2")


def _lead(counts: dict[str, int]) -> int:
    """By how much 2x2 windows with stride 2 are ahead of the most used of the others."""
    others = [count for window, count in counts.items() if window != "2x2/2"]
    return counts.get("2x2/2", 0) - max(others, default=0)


@_claim(
    11,
    "2×2 windows with stride 2 are the most used.",
    "10_look_inside_real_nets.ipynb#Count-the-poolings",
    # A lead of one can hang on one layer of one net.
    cases=lambda f: {
        "the number of poolings": [above(_lead(f["number"]), 0, 1.5)],
        "the number of nets": [above(_lead(f["nets"]), 0, 1.5)],
    },
    shown=lambda f: " and ".join(f"{w}: {f['number'][w]} in {f['nets'][w]} nets" for w in _WINDOWS),
    instead="2×2 and 3×3 windows with stride 2 are both common; more nets here have the second.",
)
def _most_used():
    used = [
        (f"{o.kernel_size[0]}x{o.kernel_size[1]}/{o.stride[0]}", name)
        for name in NETS
        for o in _poolings(name)
    ]
    return {
        "number": Counter(window for window, _ in used),
        "nets": Counter(window for window, _ in set(used)),
    }


# What it costs.


@_claim(
    3,
    "Pooling lowers the computation.",
    "10_look_inside_real_nets.ipynb#With-downsampling-and-without",
    cases=lambda f: {net: [above(times, 1.1, 0.05)] for net, times in f.items()},
    shown=lambda f: f"multiply-adds without: {f['small']:.1f} times; VGG16 {f['vgg16']:.0f} times",
    instead="Halving the maps divides the work of all later convolutions, by a pool or a stride.",
)
def _computation():
    return _times_without("multiply_adds")


@_claim(
    4,
    "Pooling lowers the number of parameters.",
    "10_look_inside_real_nets.ipynb#And-the-parameters?",
    cases=lambda f: {
        "SmallCNN": [above(f["small"], 1.1, 0.05)],
        "VGG16": [above(f["vgg16"], 1.1, 0.05)],
        "a dense layer on a flattened map": [above(f["flattened"], 1.1, 0.05)],
    },
    shown=lambda f: f"without: {f['small']:.2f} times; {f['flattened']:.0f} behind a flattened map",
    instead="Pooling saves parameters only where a map is flattened into a dense layer.",
)
def _parameters():
    with torch.device("meta"):
        whole, pooled = (_trained(nn.Linear(512 * side**2, 4096)) for side in (224, 7))
    return _times_without("parameters") | {"flattened": whole / pooled}


@_claim(
    18,
    "Without pooling, large inputs are impractical.",
    "10_look_inside_real_nets.ipynb#With-downsampling-and-without",
    # A laptop has 16 GB.
    cases=lambda f: {
        "VGG16 with 32 images of 224 pixels": [above(f["batch"], 16, 4)],
        "VGG16 with one of 512": [above(f["one"], 16, 4)],
        "strides in place of pools": [above(f["strides"], 16, 4)],
    },
    shown=lambda f: f"32 images: {f['batch']:.0f} GB unhalved, {f['strides']:.1f} with strides",
    instead="Without any halving, large batches of large images fill memory; strides do as well.",
)
def _large_inputs():
    """Gigabytes of activations that training keeps: VGG16 without pooling, and a net of strides."""
    one = cost(without_downsampling(_net("vgg16")), (1, 3, 512, 512))
    mobile = cost(_net("mobilenet_v2"), (32, *IMAGE[1:]))
    return {
        "batch": 32 * _cost_without("vgg16").activation_bytes / 1e9,
        "one": one.activation_bytes / 1e9,
        "strides": mobile.activation_bytes / 1e9,
    }


@_claim(
    20,
    "Pooling has no weights and is fast.",
    "10_look_inside_real_nets.ipynb#And-the-parameters?",
    cases=lambda f: {
        "max and average pooling": [below(f["plain"], 0.5), below(f["read"], 5, 2)],
        "learned pools": [below(count, 0.5) for count in f["learned"]],
        "LeNet-5's subsampling": [below(f["lenet5"], 0.5)],
    },
    shown=lambda f: f"weights: max {f['plain']}, learned {f['learned']}, LeNet-5 {f['lenet5']}",
    instead="Max and average pooling have no weights and little work; learned pools a few weights.",
)
def _weights_and_work():
    """What pools train, and how many numbers they read for 100 multiply-adds of their net."""
    max_, *learned = (
        cost(SmallCNN(name), CLOTHES).parameters for name in ("max", "mixed", "gated", "gem")
    )
    pools = [o for o in _operations("vgg16") if "pool" in o.kind]
    read = sum(
        math.prod(o.output_shape) * math.prod(o.kernel_size)
        if o.kernel_size
        else math.prod(o.input_shape)
        for o in pools
    )
    return {
        "plain": _trained(nn.MaxPool2d(2)) + _trained(nn.AvgPool2d(2)),
        "learned": [count - max_ for count in learned],
        "lenet5": _trained_in_subsampling(),
        "read": 100 * read / _cost("vgg16").multiply_adds,
    }


# What it does to learning.


@_claim(
    5,
    "Pooling prevents overfitting.",
    "08_compare_the_downsamplers.ipynb#Does-pooling-prevent-overfitting?",
    cases=lambda f: {
        "a gap below 5 points": [below(f["fewest"], 5, 2)],
        "a smaller gap than with strides": [below(gap, 0, 0.5) for gap in f["strided"].values()],
        "a smaller gap than without halving": [below(gap, 0, 0.5) for gap in f["none"].values()],
    },
    shown=lambda f: (
        f"gap on 500 images {f['fewest']:.0f} points; max against strides "
        f"{_said(f['strided']['max', 500])}"
    ),
    instead="Pooled nets overfit too where images are few, though less than strided ones here.",
)
def _overfitting():
    """The gap between training and test accuracy, in points, compared where both nets fit alike.

    Which is, by the number of training images: with every seed both are right on 98 % of them.
    """
    rows = experiments.load("overfitting") + experiments.load("downsamplers")
    for row in rows:
        row["gap"] = row["train_accuracy"] - row["test_accuracy"]
    figures, gaps = {"strided": {}, "none": {}}, []
    for size in sorted({row["training_images"] for row in rows}):
        fit_to, gap = (
            experiments.by_variant(rows, column, training_images=size)
            for column in ("train_accuracy", "gap")
        )
        gaps.append(100 * min(median(gap[pool]) for pool in ("max", "average")))
        for pool, (other, compared) in product(("max", "average"), figures.items()):
            if min(fit_to[pool] + fit_to[other]) >= 0.98:
                compared[pool, size] = _points(gap[pool], gap[other])
    return {"fewest": gaps[0], **figures}


@_claim(
    13,
    "Strided convolutions learn, lose less than a pool, and cost more.",
    "08_compare_the_downsamplers.ipynb#Is-the-difference-real?",
    cases=lambda f: {
        name: [above(f[key], 0, 0.2), above(f[f"{key}_parameters"], 1.1, 0.05)]
        for name, key in (
            ("a stride in the block", "replaced"),
            ("an added stride", "added"),
            ("an added stride against an added pool", "same"),
        )
    },
    shown=lambda f: (
        f"points beyond max: strided {_said(f['replaced'])}, added strided {_said(f['added'])}"
    ),
    instead="An added convolution costs parameters and may help; its stride did not.",
)
def _strided():
    """Strided convolutions against max pooling: points of test accuracy, times the parameters.

    In place of the block's convolution and the pool; added in place of the pool; and the added one
    against the same convolution with a pool.
    """
    rows = experiments.load("downsamplers")
    accuracy = experiments.by_variant(rows, "test_accuracy")
    counts = {row["variant"]: row["parameters"] for row in rows}
    figures = {}
    for key, a, b in (
        ("replaced", "strided", "max"),
        ("added", "added strided", "max"),
        ("same", "added strided", "added max"),
    ):
        figures[key] = _points(accuracy[a], accuracy[b])
        figures[f"{key}_parameters"] = counts[a] / counts[b]
    return figures


@_claim(
    19,
    "Pooling can itself be learned.",
    "06_choose_a_pool.ipynb#All-in-one-table",
    definition=True,
    cases=lambda f: {name: [above(f[f"{name}_learns"], 0.5)] for name in ("gem", "mixed", "gated")},
    shown=lambda f: f"GeM, mixed, gated train {[v for k, v in f.items() if 'learns' in k]} numbers",
    instead="It can, with a few numbers; five seeds could not tell the result from max pooling.",
)
def _learned_pools():
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


# What it does to shifts.


@_claim(
    6,
    "Pooling makes a net translation invariant.",
    "09_shift_the_image.ipynb#A-stack-of-strides",
    cases=lambda f: {
        "max pooling": [below(f["max"], 0.05, 0.02), above(f["max_steady"], 99, 0.5)],
        "average pooling": [below(f["average"], 0.05, 0.02), above(f["average_steady"], 99, 0.5)],
        "a global average without halving": [below(f["none"], 0.05, 0.02)],
    },
    shown=lambda f: f"the end changes by {f['max']:.2f} with max pools, {f['none']:.2f} unhalved",
    instead="Convolution and a global average make a net steady; halving on a fixed grid does not.",
)
def _invariance():
    """How far the averages at an untrained net's end move, and how often trained nets keep a class.

    At the worst of the shifts by 1 to 8 pixels: the averages relative to how much they differ
    between images, the classes in percent, each seed at its own worst shift.
    """
    wide = pad(fashion_mnist(train=False)[0][:16], (34,) * 4).float() / 255
    figures = {}
    for name in ("none", "max", "average"):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = SmallCNN(name).eval()
        with torch.no_grad():
            start, *moved = (net.blocks(translate(wide, 0, d)).mean(dim=(2, 3)) for d in range(9))
        unit = (start - start.mean(dim=0)).norm()
        figures[name] = max(((x - start).norm() / unit).item() for x in moved)
    rows = experiments.load("consistency")
    for name in ("max", "average", "strided"):
        by_shift = [
            experiments.by_variant(rows, "consistency", weights="trained", shift=shift)[name]
            for shift in range(1, 9)
        ]
        worst = [100 * min(shares) for shares in zip(*by_shift, strict=True)]
        figures[f"{name}_steady"] = min(worst), max(worst)
    return figures


@_claim(
    15,
    "Small movements of the input do not change the pooled map much.",
    "09_shift_the_image.ipynb#How-much-does-a-map-change?",
    cases=lambda f: {
        f"{name} pooling": [below(f[name] / f["input"], 0.9, 0.05), below(f[name], 10, 2)]
        for name, _ in POOLS
    },
    shown=lambda f: (
        f"change: image {f['input']:.0f} %, max {f['max']:.0f}, average {f['average']:.0f}"
    ),
    instead="A pooled map changes somewhat less than the image does, and not little.",
)
def _small_moves():
    """How much a map changes, relative to its size, when clothes move by one pixel; in percent."""
    clothes = pad(fashion_mnist(train=False)[0][:200], (2,) * 4).numpy().astype(float)
    figures = {}
    for name, pool in (("input", lambda x, _: x), *POOLS):
        start, change = pool(clothes, 2), 0.0
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            moved = np.roll(clothes, (down, right), axis=(2, 3))
            change += np.square(pool(moved, 2) - start).sum() / 4
        figures[name] = 100 * float(np.sqrt(change / np.square(start).sum()))
    return figures


# What nets do.


@_claim(
    12,
    "ResNet and GoogLeNet replace pooling by strided convolutions.",
    "10_look_inside_real_nets.ipynb#Count-the-poolings",
    cases=lambda f: {
        name: [above(f[net][1] / sum(f[net]), 0.5, 0.2)]
        for name, net in (("ResNet-18", "resnet18"), ("GoogLeNet", "googlenet"))
    },
    shown=lambda f: f"max pools, strides: ResNet-18 {f['resnet18']}, GoogLeNet {f['googlenet']}",
    instead="ResNet does, but for one max pooling; GoogLeNet pools nearly everywhere.",
)
def _replaced_by_strides():
    figures = {}
    for name in ("resnet18", "googlenet"):
        kinds = [o.kind for o in _operations(name) if o.kind != "conv2d" or o.stride != (1, 1)]
        figures[name] = (kinds.count("max_pool2d"), kinds.count("conv2d"))
    return figures


def _tells_better(right: list[float]) -> list[int]:
    """For each step to the next block: whether its maps tell classes better, by 5 points."""
    return [above(after - before, 0, 5) for before, after in pairwise(right)]


@_claim(
    16,
    "Early layers see detail, deeper layers see abstraction.",
    "07_train_a_cnn.ipynb#From-fine-to-abstract",
    cases=lambda f: {
        "how much of the picture a pixel sees": [
            above(after - before, 0.5) for before, after in pairwise(f["pixels"])
        ],
        "how well the maps tell classes": _tells_better([f["picture"], *f["right"]]),
    },
    # The shares themselves differ from one processor to another.
    shown=lambda f: (
        f"a pixel sees {f['pixels'][0]}, {f['pixels'][1]}, {f['pixels'][2]}; classes told better "
        f"in {_tells_better([f['picture'], *f['right']]).count(1)} of 3 steps"
    ),
    instead="Deeper pixels see more; training makes late maps, not each map, tell classes better.",
)
def _depth():
    """What a pixel sees after each block, and how well the blocks' maps tell classes, in percent.

    The second is lesson 07's measure, here after one pass over 12,000 images: the share of images
    whose mean maps are nearest to the average of their own class. `picture` is that of the input
    with all of its pixels, `untrained` that of the net before training.
    """
    block = [Layer(3), Layer(2, 2)]
    train, (images, labels) = fashion_mnist(), fashion_mnist(train=False)
    images, labels = images[:4000] / 255, labels[:4000]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = SmallCNN("max")
        untrained = _told(copy.deepcopy(net), images, labels)
        fit(net, tuple(part[:12_000] for part in train), epochs=1, device="cpu")
    return {
        "pixels": [receptive_field(block * n).size for n in (1, 2, 3)],
        "picture": 100 * _nearest_class(images.flatten(1), labels),
        "untrained": untrained,
        "right": _told(net, images, labels),
    }


def _told(net: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """In percent; an untrained net normalises by these images, since it has seen no others."""
    right = []
    with torch.no_grad():
        for block in net.blocks:
            x = block(x)
            right.append(100 * _nearest_class(x.mean(dim=(2, 3)), labels))
    return right


def _nearest_class(described: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of the second half that is nearest to the average of its class in the first."""
    half = len(labels) // 2
    centres = [described[:half][labels[:half] == i].mean(dim=0) for i in range(10)]
    nearest = torch.cdist(described[half:], torch.stack(centres)).argmin(dim=1)
    return (nearest == labels[half:]).double().mean().item()


@_claim(
    17,
    "LeNet-5 used average pooling, VGG and ResNet max pooling.",
    "07_train_a_cnn.ipynb#LeNet-5,-as-published",
    cases=lambda f: {
        "LeNet-5": [below(f["lenet5"], 0.5)],
        "VGG16": [above(f["vgg16"][0] / f["vgg16"][1], 0.5, 0.2)],
        "ResNet-18": [above(f["resnet18"][0] / f["resnet18"][1], 0.5, 0.2)],
    },
    shown=lambda f: (
        f"LeNet-5's pools train {f['lenet5']} numbers; ResNet-18 has {f['resnet18'][0]} max"
    ),
    instead="LeNet-5 scaled its averages by trained numbers; VGG pools by maximum, ResNet once.",
)
def _which_pools():
    """What LeNet-5's subsampling trains, and how many of the poolings of two nets take the max."""
    figures = {"lenet5": _trained_in_subsampling()}
    for name in ("vgg16", "resnet18"):
        kinds = [o.kind for o in _poolings(name)]
        figures[name] = (kinds.count("max_pool2d"), len(kinds))
    return figures


# What it does to pixels.

_WAYS_BACK = ("nearest", "bilinear", "transposed", "unpool", "skip")


@_claim(
    14,
    "Pooling hurts segmentation, so maps must be made large again.",
    "12_segment_the_scene.ipynb#Does-pooling-hurt-segmentation?",
    cases=lambda f: {
        "a net without pooling": [above(f[f"dilated_{kind}"], 0, 0.5) for kind in _KINDS],
        "the ways back": [above(f[f"{name}_boundary"], 0, 0.5) for name in _WAYS_BACK],
    },
    shown=lambda f: (
        f"boundary IoU beyond resize8: skip {_said(f['skip_boundary'])}, "
        f"no pooling {_said(f['dilated_boundary'])}"
    ),
    instead="One large resizing loses sharp edges; smaller steps bring some back, kept maps most.",
)
def _segmentation():
    """What no pooling, and what five ways back, gain over a net that resizes its scores by 8.

    In points of mean IoU and of boundary IoU.
    """
    rows = experiments.load("segmentation")
    figures = {}
    for kind in _KINDS:
        iou = experiments.by_variant(rows, f"{kind}_iou", steps=experiments.SCENE_STEPS)
        for name in ("dilated", *_WAYS_BACK):
            figures[f"{name}_{kind}"] = _points(iou[name], iou["resize8"])
    return figures


_KINDS = ("mean", "boundary")

CLAIMS = tuple(sorted(_claims, key=lambda claim: claim.number))
