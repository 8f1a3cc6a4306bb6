"""Figures that say how good a net is, and how steady."""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F

from poolkit.checks import whole_number

Pair = tuple[torch.Tensor, torch.Tensor]
# The label of pixels that do not count: torch's cross-entropy leaves it out, too.
VOID = -100


def accuracy(predictions: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share of predictions that are right, from 0 to 1.

    Args: `predictions`, classes, a tensor of integers of any shape; `labels`, the true ones, of the
    same shape; where they are VOID, nothing counts.
    Raises: ValueError if the shapes differ or there is nothing to compare. Introduced in lesson 07.

    >>> accuracy(torch.tensor([1, 0, 2, 2]), torch.tensor([1, 1, 2, 2]))
    0.75
    """
    predictions, labels = _counted(predictions, labels)
    return (predictions == labels).sum().item() / labels.numel()


def confusion_matrix(predictions: torch.Tensor, labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Count how often each true class (row) was taken for each class (column).

    Args: `predictions`, a tensor of integers from 0 to classes - 1; `labels`, the true ones, of the
    same shape and range, or VOID where nothing counts; `classes`, how many there are.
    Shape: (...), (...) -> (classes, classes), integers that add up to the labels that count.
    Raises: ValueError if the shapes differ, there is nothing to compare, or a class is out of
    range. Introduced in lesson 07.

    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), classes=2)
    tensor([[1, 1],
            [0, 1]])
    """
    predictions, labels = _in_range(predictions, labels, classes)
    pairs = labels.long() * classes + predictions
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def mean_iou(predictions: torch.Tensor, labels: torch.Tensor, classes: int) -> float:
    """Return the mean over the classes of intersection over union, from 0 to 1.

    The intersection of a class is the pixels that have it and were given it, the union those that
    have it or were given it; both are counted over all images together. A class that is in neither
    has no union, and is left out of the mean.

    Args and errors: as `confusion_matrix`; the background is one of the classes.
    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.2.1 (the measure of a
    class, from VOC2008 on); Long et al. 2014, arXiv:1411.4038 (their mean). Introduced in
    lesson 12.

    >>> mean_iou(torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1]), classes=3) == (2/3 + 1/2)/2
    True
    """
    counts = confusion_matrix(predictions, labels, classes)
    return _mean_iou(counts.diagonal(), counts.sum(dim=0), counts.sum(dim=1))


def boundary_iou(
    predictions: torch.Tensor, labels: torch.Tensor, classes: int, distance: int | None = None
) -> float:
    """Return the mean over the classes of the IoU of their edges, from 0 to 1.

    The edge of a class is those of its pixels that have another class, or the outside of the image,
    within so many rows and columns: what erosion with a square takes away. The IoU is that of the
    pixels on the edge of the predicted class with those on the edge of the true class, so large
    areas with the right class inside do not help. Counted as mean_iou.

    Args and errors: as `mean_iou`; `distance`, at least 1, how thick an edge is, in pixels; None is
    2 % of the image's diagonal, as the authors' program takes for COCO: 2 pixels for 64x64.
    Shape: (N, H, W), (N, H, W) -> a float.
    Source: Cheng et al. 2021, arXiv:2103.16562. Introduced in lesson 12.
    """
    _in_range(predictions, labels, classes)
    if labels.ndim != 3:
        raise ValueError(f"labels have shape {tuple(labels.shape)}; it must be (N, H, W)")
    if distance is None:
        distance = max(1, round(0.02 * math.hypot(*labels.shape[1:])))
    distance = whole_number("distance", distance, 1)
    counts = labels != VOID
    near, truly_near = (_edges(x, distance) & counts for x in (predictions, labels))
    both = near & truly_near & (predictions == labels)
    pixels = (labels[both], predictions[near], labels[truly_near])
    return _mean_iou(*(torch.bincount(x, minlength=classes) for x in pixels))


def translate(images: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Move the content of images by whole pixels; 0 comes in, and what leaves is lost.

    Args: `down` and `right` in pixels; negative moves up and left.
    Shape: (..., H, W) -> (..., H, W).
    Raises: ValueError if a move is as long as the image or longer. Introduced in lesson 09.

    >>> translate(torch.tensor([[1, 2, 3], [4, 5, 6]]), 1, -1).tolist()
    [[0, 0, 0], [2, 3, 0]]
    """
    height, width = images.shape[-2:]
    for name, move, side in (("down", down, height), ("right", right, width)):
        if abs(whole_number(name, move)) >= side:
            raise ValueError(f"{name}={move} moves everything out of a side of {side} pixels")
    # Padding by a negative number cuts off.
    return F.pad(images, (right, -right, down, -down))


def consistency(
    net: nn.Module, images: torch.Tensor, shift: int, *, batch_size: int = 100
) -> float:
    """Return how often a classifier gives an image the same class after it was moved, from 0 to 1.

    Each image is moved by `shift` pixels up, down, left and right, and each of the four predictions
    is compared with the one for the image as it is. What moves out of the image is lost: surround
    the images with `shift` pixels of background first if nothing should be. A net that always
    gives the same class scores 1, however bad it is.

    Args: `net`, a module that takes floats from 0 to 1 and returns scores, (N, classes); `images`,
    uint8, (N, C, H, W), with a background of 0; `shift`, pixels to move by, at least 0;
    `batch_size`, images per forward pass; it changes time and memory, not the result.
    Raises: TypeError if shift is not an int; ValueError if shift is negative or as long as a side,
    or images are not as above.
    Source: Zhang 2019, arXiv:1904.11486, who compares two random crops of each image; here the
    distance is chosen, and nothing is random. Introduced in lesson 09.
    """
    shift = whole_number("shift", shift)
    batch_size = whole_number("batch_size", batch_size, 1)
    if images.dtype != torch.uint8 or images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"images are {images.dtype} of shape {tuple(images.shape)}; "
            "they must be uint8 of shape (N, C, H, W), and at least one"
        )
    if not 0 <= shift < min(images.shape[-2:]):
        raise ValueError(
            f"shift={shift} must be from 0 to {min(images.shape[-2:]) - 1}, as the images have "
            f"shape {tuple(images.shape)}"
        )
    device = next((p.device for p in net.parameters()), torch.device("cpu"))

    def classes(batch: torch.Tensor) -> torch.Tensor:
        scores = net(batch.to(device).float() / 255)
        shape = tuple(getattr(scores, "shape", ()))
        if len(shape) != 2 or shape[0] != len(batch) or not shape[1]:
            raise ValueError(
                f"the net returned {type(scores).__name__} of shape {shape} for {len(batch)} "
                f"images; it must return a tensor of scores, (N, classes): here ({len(batch)}, ...)"
            )
        return scores.argmax(dim=1)

    same = 0
    with evaluating(net), torch.inference_mode():
        for batch in images.split(batch_size):
            unmoved = classes(batch)
            for down, right in ((-shift, 0), (shift, 0), (0, -shift), (0, shift)):
                same += (classes(translate(batch, down, right)) == unmoved).sum().item()
    return same / (4 * len(images))


@contextlib.contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Put a net into evaluation mode for a while; each module then gets its own mode back."""
    modes = {module: module.training for module in net.modules()}
    try:
        net.eval()
        yield
    finally:
        # Not net.train(), which would set them all alike.
        for module, training in modes.items():
            module.training = training


def _mean_iou(both: torch.Tensor, predicted: torch.Tensor, true: torch.Tensor) -> float:
    """From the pixels of each class in the intersection, and in the two sets."""
    union = predicted + true - both
    present = union > 0
    return (both[present].double() / union[present]).mean().item()


def _edges(classes: torch.Tensor, distance: int) -> torch.Tensor:
    """Tell which pixels have another class near: the largest or the least near is not theirs."""
    side = 2 * distance + 1
    around = F.pad(classes[:, None].float(), (distance,) * 4, value=VOID)
    largest, least = F.max_pool2d(around, side, 1), -F.max_pool2d(-around, side, 1)
    return (largest != least)[:, 0]


def _in_range(predictions: torch.Tensor, labels: torch.Tensor, classes: int) -> Pair:
    """Return the predictions and the labels that count, in a row, if all are known classes."""
    classes = whole_number("classes", classes, 1)
    predictions, labels = _counted(predictions, labels)
    for name, values in (("predictions", predictions), ("labels", labels)):
        low, high = values.min().item(), values.max().item()
        if low < 0 or high >= classes:
            raise ValueError(
                f"{name} holds classes {low} to {high}; with classes={classes} "
                f"they must lie from 0 to {classes - 1}"
            )
    return predictions, labels


def _counted(predictions: torch.Tensor, labels: torch.Tensor) -> Pair:
    """Return the predictions and the labels that count, in a row."""
    pair = {"predictions": predictions, "labels": labels}
    for name, values in pair.items():
        if not isinstance(values, torch.Tensor):
            raise TypeError(
                f"{name} is a {type(values).__name__}, not a torch tensor: write "
                f"torch.as_tensor({name})"
            )
    if predictions.shape != labels.shape:
        raise ValueError(
            f"predictions have shape {tuple(predictions.shape)} and labels "
            f"{tuple(labels.shape)}; they must be the same. "
            "Scores become predicted classes by scores.argmax(dim=1)"
        )
    for name, values in pair.items():
        if values.is_floating_point() or values.is_complex():
            raise TypeError(
                f"{name} holds {values.dtype}, and a class is a whole number: write "
                f"{name}.long(), or scores.argmax(dim=1) if they are scores"
            )
    counts = labels != VOID
    if not counts.any():
        raise ValueError("labels is empty; there must be at least one that counts")
    return predictions[counts], labels[counts]
