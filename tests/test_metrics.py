import copy

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from poolkit.compat import torchvision
from poolkit.datasets import VOID
from poolkit.metrics import (
    accuracy,
    boundary_iou,
    confusion_matrix,
    consistency,
    cost,
    mean_iou,
    poolings_and_strides,
    translate,
    window_operations,
)
from poolkit.models import DOWNSAMPLERS, UPSAMPLERS, LeNet5, SceneNet, SmallCNN


def test_accuracy_by_hand():
    labels = torch.tensor([0, 1, 2, 3])
    assert accuracy(torch.tensor([0, 1, 2, 3]), labels) == 1
    assert accuracy(torch.tensor([3, 2, 1, 0]), labels) == 0
    assert accuracy(torch.tensor([[0, 1], [0, 0]]), labels.reshape(2, 2)) == 0.5


def test_confusion_matrix_equals_a_count_of_pairs():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    labels[labels == 3] = 0  # one class never occurs
    expected, _, _ = np.histogram2d(labels, predictions, bins=range(6))
    counts = confusion_matrix(torch.from_numpy(predictions), torch.from_numpy(labels), classes=5)
    assert np.array_equal(counts.numpy(), expected)


def test_a_row_is_a_true_class():
    counts = confusion_matrix(torch.tensor([1, 1]), torch.tensor([0, 0]), classes=2)
    assert counts.tolist() == [[0, 2], [0, 0]]


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        ([[1, 2]], [1, 2], r"predictions have shape \(1, 2\) and labels \(2,\)"),
        ([], [], "labels is empty"),
        ([0, 5], [0, 1], "predictions holds classes 0 to 5; with classes=3"),
        ([0, 1], [-1, 1], "labels holds classes -1 to 1; with classes=3"),
    ],
)
def test_bad_input_is_named(predictions, labels, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(
            torch.tensor(predictions, dtype=torch.long), torch.tensor(labels, dtype=torch.long), 3
        )


def test_scores_instead_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"scores.argmax\(dim=1\)"):
        accuracy(torch.rand(4, 10), torch.tensor([0, 1, 2, 3]))


def test_translate_moves_like_scipy():
    images = torch.randint(0, 256, (3, 2, 5, 7), dtype=torch.uint8)
    before = images.clone()
    for down in range(-4, 5):
        for right in range(-6, 7):
            expected = ndimage.shift(images.numpy(), (0, 0, down, right), order=0)
            moved = translate(images, down, right)
            assert moved.dtype == torch.uint8
            assert np.array_equal(moved.numpy(), expected)
    assert torch.equal(images, before)


@pytest.mark.parametrize(("down", "right", "message"), [(5, 0, "down=5"), (0, -7, "right=-7")])
def test_a_move_that_leaves_nothing_is_refused(down, right, message):
    with pytest.raises(ValueError, match=f"{message} moves everything out of a side"):
        translate(torch.ones(5, 7), down, right)


class SideOfTheBrightest(nn.Module):
    """Says class 1 if the brightest pixel is above the middle (axis 2), or left of it (axis 3)."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, x):
        profile = x.amax(dim=(1, 5 - self.axis))
        first = (profile.argmax(dim=1) < profile.shape[1] // 2).float()
        return torch.stack([1 - first, first], dim=1)


@pytest.mark.parametrize("axis", [2, 3])
def test_consistency_by_hand(axis):
    # One pixel in row (or column) 2 of 8. It crosses the middle when moved by 2 in one of the four
    # directions, and leaves when moved back by 3: the first of all-zero profiles is then 0, above.
    images = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    images[0, 0, 2, 2] = 200
    net = SideOfTheBrightest(axis)
    assert [consistency(net, images, s) for s in range(4)] == [1, 1, 0.75, 0.75]


def test_consistency_looks_in_all_four_directions():
    seen = []

    class Recorder(nn.Module):
        def forward(self, x):
            seen.append(x.nonzero()[0, 2:].tolist())
            assert x.max() == 1
            return x.new_zeros(len(x), 3)

    images = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
    images[0, 0, 4, 4] = 255
    assert consistency(Recorder(), images, 3) == 1
    assert seen[0] == [4, 4]
    assert sorted(seen[1:]) == [[1, 4], [4, 1], [4, 7], [7, 4]]


def test_consistency_counts_every_image_whatever_the_batch_and_keeps_the_net_as_it_is():
    torch.manual_seed(0)
    net = SmallCNN(channels=(4, 4, 4))
    net.blocks[0].eval()
    images = torch.randint(0, 256, (11, 1, 16, 16), dtype=torch.uint8)
    modes = [m.training for m in net.modules()]
    state = {k: v.clone() for k, v in net.state_dict().items()}
    found = {consistency(net, images, 2, batch_size=b) for b in (1, 4, 11, 100)}
    assert len(found) == 1
    assert modes == [m.training for m in net.modules()]
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())
    evaluated = copy.deepcopy(net).eval()
    with torch.no_grad():
        unmoved, *moved = (
            evaluated(translate(images, *move).float() / 255).argmax(1)
            for move in ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))
        )
    share = torch.stack([m == unmoved for m in moved]).float().mean().item()
    assert found.pop() == pytest.approx(share)


def test_a_net_without_borders_and_with_a_global_pool_is_fully_consistent():
    # Stride 1, circular padding and a global mean: moving a padded image changes nothing.
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    ).double()
    images = F.pad(torch.randint(0, 256, (20, 1, 8, 8), dtype=torch.uint8), (4, 4, 4, 4))

    class Double(nn.Module):
        def forward(self, x):
            return net(x.double())

    assert consistency(Double(), images, 4) == 1


@pytest.mark.parametrize(
    ("images", "shift", "error", "message"),
    [
        (torch.zeros(2, 1, 8, 9, dtype=torch.uint8), 8, ValueError, "shift=8 must be from 0 to 7"),
        (torch.zeros(2, 1, 8, 9, dtype=torch.uint8), -1, ValueError, "shift=-1 must be from 0"),
        (torch.zeros(2, 1, 8, 9, dtype=torch.uint8), 1.0, TypeError, "shift=1.0 must be an int"),
        (torch.zeros(2, 1, 8, 9), 1, ValueError, "images are torch.float32"),
        (torch.zeros(0, 1, 8, 9, dtype=torch.uint8), 1, ValueError, "at least one"),
    ],
)
def test_bad_shifts_and_images_are_named(images, shift, error, message):
    with pytest.raises(error, match=message):
        consistency(SmallCNN(), images, shift)


def test_cost_by_hand():
    net = nn.Sequential(
        nn.Conv2d(2, 6, 3, stride=2, padding=1, groups=2),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(6, 4, 3, stride=2, output_padding=1, groups=2),
        nn.Flatten(),
        nn.Linear(4 * 6 * 6, 10, bias=False),
    )
    # 9x8 -> 5x4 -> 2x2 -> 6x6, for a batch of 3.
    rows = [
        ("0", "Conv2d", (3, 6, 5, 4), 6 * 1 * 9 + 6, 3 * 6 * 20 * 9, 360),
        ("1", "BatchNorm2d", (3, 6, 5, 4), 12, 0, 360),
        ("2", "ReLU", (3, 6, 5, 4), 0, 0, 0),
        ("3", "MaxPool2d", (3, 6, 2, 2), 0, 0, 72),
        ("4", "ConvTranspose2d", (3, 4, 6, 6), 6 * 2 * 9 + 4, 3 * 6 * 4 * 2 * 9, 432),
        ("5", "Flatten", (3, 144), 0, 0, 0),
        ("6", "Linear", (3, 10), 1440, 3 * 1440, 30),
    ]
    counted = cost(net, (3, 2, 9, 8))
    assert counted.layers == tuple((*row, 4 * row[-1]) for row in rows)
    assert counted.parameters == sum(row[3] for row in rows)
    assert counted.multiply_adds == sum(row[4] for row in rows)
    assert counted.activations == sum(row[5] for row in rows)
    assert counted.activation_bytes == 4 * counted.activations
    assert cost(net.double(), (3, 2, 9, 8)).activation_bytes == 8 * counted.activations


def test_costs_by_side_by_hand():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 5),
    )
    # 9x7 -> 4x3 -> 2x1 -> 1x1.
    counted = cost(net, (1, 1, 9, 7))
    assert counted.by_side("activations", [9, 4, 2, 1]) == {9: 126, 4: 24, 2: 6, 1: 3 + 5}
    assert counted.by_side("activation_bytes", [9, 1]) == {9: 504, 1: 4 * 38}
    assert counted.by_side("parameters", [9, 2, 1]) == {9: 20, 2: 57, 1: 20}
    assert counted.by_side("multiply_adds", [9, 4, 2]) == {9: 1134, 4: 0, 2: 108 + 15}


def test_lenet5_costs_what_the_papers_connections_say():
    # Trained numbers per output pixel without biases, times pixels: C1, C3, C5, F6.
    expected = 6 * 25 * 784 + 60 * 25 * 100 + 120 * 400 + 84 * 120
    counted = cost(LeNet5(), (1, 1, 28, 28))
    assert counted.multiply_adds == expected
    assert counted.parameters == 60_000


@pytest.mark.parametrize("downsample", DOWNSAMPLERS)
def test_cost_of_small_cnn_agrees_with_torchs_counter(downsample):
    net = SmallCNN(downsample)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(net)(torch.rand(2, 1, 28, 28))
    counted = cost(net, (2, 1, 28, 28))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("upsample", UPSAMPLERS)
def test_cost_of_scene_net_agrees_with_torchs_counter(upsample):
    net = SceneNet(upsample)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(net)(torch.rand(2, 1, 16, 24))
    counted = cost(net, (2, 1, 16, 24))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("name", "millions"), [("resnet18", 11.7), ("mobilenet_v2", 3.5), ("googlenet", 13.0)]
)
def test_cost_of_published_nets_agrees_with_torchs_counter(name, millions):
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None, **options)
    counted = cost(net, (1, 3, 96, 64))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.empty(1, 3, 96, 64, device="meta"))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters / 1e6 == pytest.approx(millions, abs=0.06)


def test_a_layer_that_is_used_twice_costs_twice_but_has_its_parameters_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 5)

        def forward(self, x):
            return self.layer(self.layer(x))

    (layer,) = cost(Twice(), (3, 5)).layers
    assert layer == ("layer", "Linear", (3, 5), 30, 150, 30, 120)


def test_the_indices_of_a_pooling_that_returns_them_are_kept_too():
    (layer,) = cost(nn.MaxPool2d(2, return_indices=True), (1, 2, 8, 8)).layers
    assert layer.activations == 2 * 32
    assert layer.activation_bytes == 32 * 4 + 32 * 8


def test_parameters_outside_of_the_layers_used_are_in_the_total():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(7))
            self.used, self.unused = nn.Linear(2, 2), nn.Linear(3, 3)

        def forward(self, x):
            return self.used(x)

    counted = cost(Odd(), (1, 2))
    assert [layer.name for layer in counted.layers] == ["used"]
    assert counted.parameters == 7 + 6 + 12


def test_counting_leaves_the_net_and_the_generators_as_they_were():
    net = nn.Sequential(SmallCNN("stochastic"), nn.Dropout()).train()
    net[0].blocks[1].eval()
    modes = [m.training for m in net.modules()]
    state = {k: v.clone() for k, v in net.state_dict().items()}
    tensors = [id(t) for t in (*net.parameters(), *net.buffers())]
    generator = torch.get_rng_state()
    cost(net, (1, 1, 28, 28))
    with pytest.raises(RuntimeError):
        cost(net, (1, 3, 28, 28))
    assert modes == [m.training for m in net.modules()]
    assert tensors == [id(t) for t in (*net.parameters(), *net.buffers())]
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())
    assert not any(m._forward_hooks for m in net.modules())
    assert torch.equal(torch.get_rng_state(), generator)


def test_a_layer_whose_work_is_not_known_is_named():
    net = nn.Sequential(nn.Flatten(2), nn.LSTM(4, 4))
    with pytest.raises(
        TypeError, match=r"layer '1' is of kind LSTM, whose multiply-adds are not known"
    ):
        cost(net, (2, 3, 2, 2))


def test_window_operations_by_hand():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, (5, 3), stride=(2, 1), padding=(2, 0), dilation=(1, 2))
            self.pools = nn.Sequential(
                nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d(2, return_indices=True)
            )

        def forward(self, x):
            x, _ = self.pools(self.conv(x))
            x = F.avg_pool2d(x, kernel_size=(2, 1), ceil_mode=True)
            x = F.max_pool2d(F.lp_pool2d(x, 2, 1), (1, 2))
            x = F.adaptive_max_pool2d(x, (1, 2))
            return F.adaptive_avg_pool2d(x, 1)

    # 33x36 -> 17x32 -> 9x16 -> 4x8 -> 2x8 -> 2x8 -> 2x4 -> 1x2 -> 1x1, for a batch of 2.
    one, none = (1, 1), (0, 0)
    expected = [
        ("conv", "conv2d", (5, 3), (2, 1), (2, 0), (1, 2), (2, 1, 33, 36), (2, 4, 17, 32)),
        ("pools.0", "max_pool2d", (3, 3), (2, 2), one, one, (2, 4, 17, 32), (2, 4, 9, 16)),
        ("pools.1", "max_pool2d", (2, 2), (2, 2), none, one, (2, 4, 9, 16), (2, 4, 4, 8)),
        ("", "avg_pool2d", (2, 1), (2, 1), none, one, (2, 4, 4, 8), (2, 4, 2, 8)),
        ("", "lp_pool2d", one, one, none, one, (2, 4, 2, 8), (2, 4, 2, 8)),
        ("", "max_pool2d", (1, 2), (1, 2), none, one, (2, 4, 2, 8), (2, 4, 2, 4)),
        ("", "adaptive_max_pool2d", *[None] * 4, (2, 4, 2, 4), (2, 4, 1, 2)),
        ("", "adaptive_avg_pool2d", *[None] * 4, (2, 4, 1, 2), (2, 4, 1, 1)),
    ]
    net = Net().train()
    assert list(window_operations(net, (2, 1, 33, 36))) == expected
    assert net.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_poolings_and_strides_by_hand():
    net = nn.Sequential(
        *(nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, (3, 1), stride=(1, 2))),
        *(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(3, 1, 1), nn.AvgPool2d(2, (2, 1))),
        nn.AdaptiveMaxPool2d((2, 1)),
    )
    # 34x40 -> 34x40 -> 32x20 -> 16x10 -> 8x5 -> 8x5 -> 4x4 -> 2x1.
    assert poolings_and_strides(net, (1, 1, 34, 40)) == {
        "conv 3x1/1x2": 1,
        "max 2x2/2": 2,
        "max 3x3/1": 1,
        "avg 2x2/2x1": 1,
        "adaptive max 4x4->2x1": 1,
    }


def test_lenet5_pools_twice_although_no_module_says_so():
    assert poolings_and_strides(LeNet5(), (1, 1, 28, 28)) == {"avg 2x2/2": 2}


# Read off the code of torchvision's models: how many layers there are of each kind.
COUNTS = {
    "alexnet": {"max_pool2d": 3, "adaptive_avg_pool2d": 1, "conv2d": 5},
    "vgg16": {"max_pool2d": 5, "adaptive_avg_pool2d": 1, "conv2d": 13},
    "googlenet": {"max_pool2d": 4 + 9, "adaptive_avg_pool2d": 1, "conv2d": 3 + 9 * 6},
    "resnet18": {"max_pool2d": 1, "adaptive_avg_pool2d": 1, "conv2d": 1 + 16 + 3},
    "resnet50": {"max_pool2d": 1, "adaptive_avg_pool2d": 1, "conv2d": 1 + 48 + 4},
    "densenet121": {
        "max_pool2d": 1, "avg_pool2d": 3, "adaptive_avg_pool2d": 1, "conv2d": 1 + 2 * 58 + 3,
    },
    "mobilenet_v2": {"adaptive_avg_pool2d": 1, "conv2d": 2 + 2 + 16 * 3},
    "convnext_tiny": {"adaptive_avg_pool2d": 1, "conv2d": 1 + 3 + 18},
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_window_operations_of_published_nets(name):
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None, **options)
    operations = window_operations(net, (1, 3, 224, 224))
    kinds = [operation.kind for operation in operations]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == COUNTS[name]
    # Every module among them is found under its name, with the module's own numbers.
    modules = dict(net.named_modules())
    for operation in operations:
        module = modules[operation.name]
        if isinstance(module, nn.Conv2d):
            assert (operation.kernel_size, operation.stride) == (module.kernel_size, module.stride)
            assert operation.padding == module.padding
        elif isinstance(module, nn.MaxPool2d):
            assert operation.kernel_size == (module.kernel_size,) * 2
    found = {operation.name for operation in operations}
    kinds_of_modules = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d
    assert {n for n, m in modules.items() if isinstance(m, kinds_of_modules)} <= found


def by_sets(predictions, labels, classes, edges=None):
    """The mean IoU from sets of pixels, class by class, in plain Python."""
    found = []
    pixels = list(np.ndindex(*labels.shape))
    for c in range(classes):
        true = {i for i in pixels if labels[i] == c and (edges is None or edges[1][c][i])}
        given = {i for i in pixels if predictions[i] == c and (edges is None or edges[0][c][i])}
        void = {i for i in pixels if labels[i] == VOID}
        true, given = true - void, given - void
        if true | given:
            found.append(len(true & given) / len(true | given))
    return sum(found) / len(found)


def drawn(classes, seed, shape=(3, 12, 17), void=False):
    """Labels in blots, and predictions that are partly right."""
    rng = np.random.default_rng(seed)
    labels = ndimage.zoom(rng.integers(0, classes, (3, 4, 6)), (1, 3, 3), order=0)
    labels = labels[tuple(slice(side) for side in shape)].copy()
    predictions = np.where(rng.random(shape) < 0.8, np.roll(labels, 1, axis=2), 1)
    if void:
        labels[:, 4:7, 5:9] = VOID
    return predictions, labels


def tensors(*arrays):
    return tuple(torch.from_numpy(a) for a in arrays)


def test_mean_iou_by_hand():
    labels = torch.tensor([[0, 0, 1], [0, 1, 1]])
    predictions = torch.tensor([[0, 0, 0], [0, 1, 2]])
    # Class 0: 3 of 4. Class 1: 1 of 3. Class 2: predicted once, never right. Class 3: in neither.
    assert mean_iou(predictions, labels, 3) == pytest.approx((3 / 4 + 1 / 3 + 0) / 3)
    assert mean_iou(predictions, labels, 9) == mean_iou(predictions, labels, 3)
    assert mean_iou(labels, labels, 9) == 1


@pytest.mark.parametrize("void", [False, True])
def test_mean_iou_and_boundary_iou_equal_a_count_of_sets(void):
    for seed in range(3):
        predictions, labels = drawn(6, seed, void=void)
        labels[labels == 3] = 0
        given = mean_iou(*tensors(predictions, labels), 8)
        assert given == pytest.approx(by_sets(predictions, labels, 8))
        for distance in (1, 2):
            square = np.ones((1, 2 * distance + 1, 2 * distance + 1))
            edges = [
                # scipy's erosion takes what lies outside as not of the class.
                [(x == c) & ~ndimage.binary_erosion(x == c, square) for c in range(8)]
                for x in (predictions, labels)
            ]
            found = boundary_iou(*tensors(predictions, labels), 8, distance)
            assert found == pytest.approx(by_sets(predictions, labels, 8, edges))


def test_boundary_iou_by_hand():
    # A square of 4x4 in 10x10, found one column too far right. Edges of thickness 1: the square's
    # are rings of 12 pixels, which share the 3 columns of the top row, as many of the bottom row,
    # and nothing else: 6 of 18.
    labels, predictions = torch.zeros(2, 1, 10, 10, dtype=torch.long)
    labels[0, 3:7, 3:7] = 1
    predictions[0, 3:7, 4:8] = 1
    square = 6 / 18
    # The background's: the image's rim of 36, and a ring of 20 around the square, corners too.
    ring, rim = 6 * 6 - 4 * 4, 36
    # Two rings share their top and bottom rows but for one column each.
    both = rim + 2 * 5
    background = both / (2 * (rim + ring) - both)
    assert boundary_iou(predictions, labels, 2, 1) == pytest.approx((square + background) / 2)


def test_boundary_iou_does_not_care_for_the_inside():
    labels = torch.zeros(1, 40, 40, dtype=torch.long)
    labels[0, 8:32, 8:32] = 1
    shifted = torch.roll(labels, 1, dims=2)
    assert mean_iou(shifted, labels, 2) > 0.9
    assert boundary_iou(shifted, labels, 2, 1) < 0.7
    hole = labels.clone()
    hole[0, 19:21, 19:21] = 0
    # A hole spoils the area a little, and edges where there are none.
    assert mean_iou(hole, labels, 2) > 0.98
    assert boundary_iou(hole, labels, 2, 1) < 0.95


def test_edges_are_two_percent_of_the_diagonal_thick():
    predictions, labels = tensors(*drawn(4, 0))
    for size, distance in ((12, 1), (64, 2), (100, 3)):
        pair = [F.pad(x, (0, size - 17 if size > 17 else 0, 0, size - 12)) for x in
                (predictions, labels)]  # fmt: skip
        expected = boundary_iou(*pair, 4, distance)
        assert boundary_iou(*pair, 4) == expected
        assert boundary_iou(*pair, 4, distance + 1) != expected


def test_void_labels_do_not_count():
    labels = torch.tensor([0, 1, VOID, VOID])
    assert accuracy(torch.tensor([0, 0, 1, 5]), labels) == 0.5
    assert confusion_matrix(torch.tensor([0, 0, 1, 5]), labels, 2).tolist() == [[1, 0], [1, 0]]
    with pytest.raises(ValueError, match="labels is empty; there must be at least one that counts"):
        accuracy(labels[:1], labels[2:3])


@pytest.mark.parametrize("distance", [0, -1, 1.5, True])
def test_a_bad_distance_is_named(distance):
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    with pytest.raises(ValueError, match=f"distance={distance} is not an int of at least 1"):
        boundary_iou(labels, labels, 2, distance)


@pytest.mark.parametrize("figure", [mean_iou, boundary_iou])
def test_bad_maps_of_classes_are_named(figure):
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    with pytest.raises(ValueError, match=r"predictions have shape \(1, 8, 7\)"):
        figure(labels[..., :7], labels, 2)
    with pytest.raises(ValueError, match="predictions holds classes 2 to 2; with classes=2"):
        figure(labels + 2, labels, 2)
    with pytest.raises(ValueError, match=r"labels have shape \(8, 8\); it must be \(N, H, W\)"):
        boundary_iou(labels[0], labels[0], 2)
