"""The measurements behind the claims of lesson 12, each a small function without arguments.

Each returns a dict of named figures. Figures of one operation or of untrained nets are computed
anew, those of training runs over seeds are read from data/results/. A range is a pair: the lowest
and the highest difference between two variants over the seeds, each seed against itself.
"""

import functools
import math
from itertools import pairwise
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad

from poolkit import experiments, layers
from poolkit.arithmetic import Layer, receptive_field
from poolkit.compat import torchvision
from poolkit.datasets import fashion_mnist, photo
from poolkit.functional import avg_pool2d, max_pool2d
from poolkit.metrics import cost, poolings_and_strides, translate, window_operations
from poolkit.models import LeNet5, SmallCNN, without_downsampling
from poolkit.training import fit

NETS = (
    *("alexnet", "vgg16", "googlenet", "resnet18", "resnet50"),
    *("densenet121", "mobilenet_v2", "convnext_tiny"),
)
IMAGE = (1, 3, 224, 224)
CLOTHES = (1, 1, 28, 28)
GRID = np.array([[[1.0, 3, 2, 4], [5, 6, 1, 2], [0, 1, 3, 1], [2, 4, 5, 2]]])
WITH, WITHOUT = ("max", "average"), ("strided", "none")
# Points by which a block must tell classes apart better than the block before.
CLEAR = 5
REMEDIES = ("nearest", "bilinear", "transposed", "unpool", "skip")


def example():
    """Pool the sixteen numbers of lesson 01."""
    return {"max": max_pool2d(GRID, 2)[0].tolist(), "average": avg_pool2d(GRID, 2)[0].tolist()}


def shrinking():
    """Count the poolings of eight nets that give a smaller map, and those that do not."""
    smaller = [
        o.output_shape[2] < o.input_shape[2]
        for name in NETS
        for o in _operations(name)
        if o.kind in ("max_pool2d", "avg_pool2d")
    ]
    return {"smaller": sum(smaller), "same": len(smaller) - sum(smaller)}


def lines():
    """How much of a bright and of a dark line is left: its contrast, from 0 to 1."""
    bright = np.zeros((1, 4, 4))
    bright[..., 1] = 1
    return {
        f"{pool}_{kind}": float(np.ptp(function(line, 2)))
        for pool, function in (("max", max_pool2d), ("average", avg_pool2d))
        for kind, line in (("bright", bright), ("dark", 1 - bright))
    }


def extremes():
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


def global_pooling():
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


def padding():
    """The side of a map of 28 after a 3x3 window with padding and without, and a padded average."""
    flat = np.ones((1, 28, 28))
    padded, bare = avg_pool2d(flat, 3, 1, 1), avg_pool2d(flat, 3, 1)
    return {"padded": padded.shape[1], "bare": bare.shape[1], "corner": padded[0, 0, 0].item()}


def most_used():
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


def computation():
    """How many times as many multiply-adds there are without downsampling."""
    small = {name: cost(SmallCNN(name), CLOTHES).multiply_adds for name in ("none", "max")}
    return {
        "small": small["none"] / small["max"],
        "vgg16": _without("vgg16").multiply_adds / cost(_net("vgg16"), IMAGE).multiply_adds,
        "resnet18": _without("resnet18").multiply_adds
        / cost(_net("resnet18"), IMAGE).multiply_adds,
    }


def parameters():
    """How many times as many parameters there are without pooling."""
    counts = [cost(SmallCNN(name), CLOTHES).parameters for name in ("none", "max")]
    with torch.device("meta"):
        dense = [nn.Linear(512 * side**2, 4096) for side in (224, 7)]
    whole, pooled = (sum(p.numel() for p in layer.parameters()) for layer in dense)
    return {
        "small": counts[0] / counts[1],
        "vgg16": _without("vgg16").parameters / cost(_net("vgg16"), IMAGE).parameters,
        "flattened": whole / pooled,
    }


def large_inputs():
    """Gigabytes of activations that training keeps: VGG16 without pooling, and a net of strides."""
    vgg, mobile = _without("vgg16"), cost(_net("mobilenet_v2"), (32, *IMAGE[1:]))
    one = cost(without_downsampling(_net("vgg16")), (1, 3, 512, 512))
    return {
        "batch": 32 * vgg.activation_bytes / 1e9,
        "one": one.activation_bytes / 1e9,
        "strides": mobile.activation_bytes / 1e9,
        "poolings": sum(
            o.kind in ("max_pool2d", "avg_pool2d") for o in _operations("mobilenet_v2")
        ),
    }


def weights_and_work():
    """What pools train, and how many numbers they read for 100 multiply-adds of their net."""
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
        "plain": sum(
            p.numel() for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)) for p in pool.parameters()
        ),
        "learned": [count - max_ for count in learned],
        "lenet5": _trained_in_subsampling(),
        "read": 100 * read / cost(_net("vgg16"), IMAGE).multiply_adds,
    }


def overfitting():
    """The gap between training and test accuracy in points, on 500 to 12,000 images.

    Each of two pools is compared with each of two ways to do without, at each size.
    """
    rows = experiments.load("overfitting") + experiments.load("downsamplers")
    for row in rows:
        row["gap"] = 100 * (row["train_accuracy"] - row["test_accuracy"])
    sizes = sorted({row["training_images"] for row in rows})
    gaps = {n: experiments.by_variant(rows, "gap", training_images=n) for n in sizes}
    against = {
        f"{a}_{b}": [_paired(gaps[n][a], gaps[n][b]) for n in sizes] for a in WITH for b in WITHOUT
    }
    fewest = min(median(gaps[sizes[0]][a]) for a in WITH)
    return {"sizes": sizes, "fewest": fewest, **against}


def strided():
    """Strided convolutions against max pooling: points of test accuracy, and parameters.

    In place of the block's convolution and the pool; added in place of the pool; and the added one
    against the same convolution with a pool, which multiplies so many times as much.
    """
    rows = experiments.load("downsamplers")
    accuracy = experiments.by_variant(rows, "test_accuracy")
    counts = {row["variant"]: row["parameters"] for row in rows}
    figures = {}
    for key, name in (("replaced", "strided"), ("added", "added strided")):
        figures[key] = _points(accuracy[name], accuracy["max"])
        figures[f"{key}_parameters"] = counts[name] / counts["max"]
    figures["same"] = _points(accuracy["added strided"], accuracy["added max"])
    work = [cost(SmallCNN(f"added {name}"), CLOTHES).multiply_adds for name in ("max", "strided")]
    figures["same_work"] = work[0] / work[1]
    return figures


def learned_pools():
    """What GeM, mixed and gated pooling train, and their points of test accuracy beyond max."""
    accuracy = experiments.by_variant(experiments.load("downsamplers"), "test_accuracy")
    figures = {}
    window = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    for name, kind in (
        ("gem", layers.GeM),
        ("mixed", layers.MixedPool2d),
        ("gated", layers.GatedPool2d),
    ):
        pool = kind(2)
        pool(window).sum().backward()
        figures[f"{name}_learns"] = sum(int((p.grad != 0).sum()) for p in pool.parameters())
        figures[name] = _points(accuracy[name], accuracy["max"])
    return figures


def invariance():
    """How far the averages at a net's end move with the image, and how often its class stays.

    The averages are those of lesson 08: untrained nets, relative to how much they differ between
    images, at the worst of the shifts by 1 to 8 pixels. The classes are those of trained nets, in
    percent: the median over seeds, at the worst shift.
    """
    wide = pad(fashion_mnist(train=False)[0][:16], (34,) * 4).float() / 255
    figures = {}
    for name in ("none", "max"):
        net = _untrained(name)
        with torch.no_grad():
            start, *moved = (net.blocks(translate(wide, 0, d)).mean(dim=(2, 3)) for d in range(9))
        unit = (start - start.mean(dim=0)).norm()
        figures[name] = max(((x - start).norm() / unit).item() for x in moved)
    rows = experiments.load("consistency")
    steady = [
        experiments.by_variant(rows, "consistency", weights="trained", shift=shift)
        for shift in range(1, 9)
    ]
    for name in (*WITH, "strided"):
        figures[f"{name}_steady"] = 100 * min(median(at_shift[name]) for at_shift in steady)
    return figures


def small_moves():
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


def replaced_by_strides():
    """Of the max poolings and strided convolutions of two nets, how many there are of each."""
    figures = {}
    for name in ("resnet18", "googlenet"):
        kinds = [o.kind for o in _operations(name) if o.kind != "conv2d" or o.stride != (1, 1)]
        figures[name] = (kinds.count("max_pool2d"), kinds.count("conv2d"))
    return figures


def which_pools():
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


def depth():
    """What a cell sees after each block, in pixels, and how well the blocks' maps tell classes.

    The second is lesson 06's: the share of images whose mean maps are nearest to the average of
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
    return {
        "pixels": [receptive_field(block * n).size for n in (1, 2, 3)],
        "right": right,
        "better": sum(b > a + CLEAR for a, b in pairwise(right)),
    }


def segmentation():
    """What no pooling, and what five ways back, gain over a net that resizes its scores by 8.

    In points of mean IoU and of boundary IoU.
    """
    rows = experiments.load("segmentation")
    figures = {}
    for column in ("mean_iou", "boundary_iou"):
        iou = experiments.by_variant(rows, column, steps=experiments.SCENE_STEPS)
        kind = column.removesuffix("_iou")
        for name in ("dilated", *REMEDIES):
            figures[f"{name}_{kind}"] = _points(iou[name], iou["resize8"])
        figures[f"dilated_skip_{kind}"] = _points(iou["dilated"], iou["skip"])
    return figures


@functools.cache
def _net(name):
    """One of torchvision's nets, with shapes but without numbers."""
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, **options)


@functools.cache
def _operations(name):
    return window_operations(_net(name), IMAGE)


@functools.cache
def _without(name):
    return cost(without_downsampling(_net(name)), IMAGE)


def _untrained(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SmallCNN(name).eval()


def _trained_in_subsampling():
    blocks = LeNet5().features
    return sum(p.numel() for block in blocks[:2] for p in block[2].parameters())


def _nearest_class(described, labels):
    """The share of the second half that is nearest to the average of its class in the first."""
    half = len(labels) // 2
    centres = [described[:half][labels[:half] == i].mean(dim=0) for i in range(10)]
    nearest = torch.cdist(described[half:], torch.stack(centres)).argmin(dim=1)
    return (nearest == labels[half:]).double().mean().item()


def _paired(a, b):
    """The lowest and the highest of the differences a - b, seed by seed."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return min(differences), max(differences)


def _points(a, b):
    low, high = _paired(a, b)
    return 100 * low, 100 * high
