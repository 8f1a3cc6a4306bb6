import copy

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from poolkit.metrics import (
    VOID,
    accuracy,
    boundary_iou,
    confusion_matrix,
    consistency,
    mean_iou,
    translate,
)
from poolkit.models import SmallCNN


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
        (
            torch.zeros(2, 1, 8, 9, dtype=torch.uint8),
            1.0,
            TypeError,
            "shift=1.0 must be a whole number",
        ),
        (torch.zeros(2, 1, 8, 9), 1, ValueError, "images are torch.float32"),
        (torch.zeros(0, 1, 8, 9, dtype=torch.uint8), 1, ValueError, "at least one"),
    ],
)
def test_bad_shifts_and_images_are_named(images, shift, error, message):
    with pytest.raises(error, match=message):
        consistency(SmallCNN(), images, shift)


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


@pytest.mark.parametrize(
    ("distance", "error", "rule"),
    [
        (0, ValueError, "at least 1"),
        (-1, ValueError, "at least 1"),
        (1.5, TypeError, "a whole number"),
        (True, TypeError, "a whole number"),
    ],
)
def test_a_bad_distance_is_named(distance, error, rule):
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    with pytest.raises(error, match=f"distance={distance} must be {rule}"):
        boundary_iou(labels, labels, 2, distance)


CLASSES = torch.tensor([[[0, 1], [1, 0]]])


@pytest.mark.parametrize("figure", [accuracy, confusion_matrix, mean_iou, boundary_iou])
@pytest.mark.parametrize("which", ["predictions", "labels"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (torch.Tensor.double, "holds torch.float64, and a class is a whole number: write"),
        (torch.Tensor.half, r"holds .*, or scores.argmax\(dim=1\) if they are scores"),
        (lambda x: x.to(torch.complex64), "holds torch.complex64"),
        (torch.Tensor.numpy, r"is a ndarray, not a torch tensor: write torch.as_tensor\("),
        (torch.Tensor.tolist, "is a list, not a torch tensor"),
    ],
)
def test_what_are_no_classes_is_refused(figure, which, change, message):
    pair = {"predictions": CLASSES, "labels": CLASSES}
    pair[which] = change(pair[which])
    rest = () if figure is accuracy else (2,)
    with pytest.raises(TypeError, match=f"{which} {message}"):
        figure(*pair.values(), *rest)


@pytest.mark.parametrize("figure", [confusion_matrix, mean_iou, boundary_iou])
def test_a_bad_count_of_classes_is_named(figure):
    with pytest.raises(TypeError, match=r"classes=2\.0 must be a whole number"):
        figure(CLASSES, CLASSES, 2.0)
    with pytest.raises(ValueError, match="classes=0 must be at least 1"):
        figure(CLASSES, CLASSES, 0)
    assert figure(CLASSES, CLASSES, np.int64(2)) is not None


@pytest.mark.parametrize(
    "net",
    [
        nn.Conv2d(1, 2, 1),
        nn.Flatten(0),
        nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (1, -1))),
        nn.Sequential(nn.Flatten(), nn.Unflatten(1, (-1, 1))),
        nn.LSTM(8, 4),
    ],
    ids=["a map each", "a number each", "one for all", "columns", "a pair"],
)
def test_a_net_that_does_not_return_scores_is_refused(net):
    if isinstance(net, nn.LSTM):
        net = nn.Sequential(nn.Flatten(0, 2), net)
    with pytest.raises(ValueError, match=r"it must return a tensor of scores, \(N, classes\)"):
        consistency(net, torch.zeros(8, 1, 8, 8, dtype=torch.uint8), 1)


@pytest.mark.parametrize("figure", [mean_iou, boundary_iou])
def test_bad_maps_of_classes_are_named(figure):
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    with pytest.raises(ValueError, match=r"predictions have shape \(1, 8, 7\)"):
        figure(labels[..., :7], labels, 2)
    with pytest.raises(ValueError, match="predictions holds classes 2 to 2; with classes=2"):
        figure(labels + 2, labels, 2)
    with pytest.raises(ValueError, match=r"labels have shape \(8, 8\); it must be \(N, H, W\)"):
        boundary_iou(labels[0], labels[0], 2)
