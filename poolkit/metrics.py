"""Figures that say how good a prediction is."""

import torch


def accuracy(predictions, labels):
    """Return the share of predictions that are right, from 0 to 1.

    Args:
        predictions: predicted classes, a tensor of integers of any shape.
        labels: true classes, a tensor of integers of the same shape.

    Raises:
        ValueError: if the shapes differ or there is nothing to compare.

    Introduced in lesson 06.

    >>> accuracy(torch.tensor([1, 0, 2, 2]), torch.tensor([1, 1, 2, 2]))
    0.75
    """
    _check_pair(predictions, labels)
    return (predictions == labels).sum().item() / labels.numel()


def confusion_matrix(predictions, labels, classes):
    """Count how often each true class (row) was taken for each class (column).

    Args:
        predictions: predicted classes, a tensor of integers from 0 to classes - 1.
        labels: true classes, a tensor of the same shape and range.
        classes: number of classes.

    Shape: (...), (...) -> (classes, classes), integers that add up to the number of labels.

    Raises:
        ValueError: if the shapes differ, there is nothing to compare, or a class is out of range.

    Introduced in lesson 06.

    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), classes=2)
    tensor([[1, 1],
            [0, 1]])
    """
    _check_pair(predictions, labels)
    for name, values in (("predictions", predictions), ("labels", labels)):
        low, high = values.min().item(), values.max().item()
        if low < 0 or high >= classes:
            raise ValueError(
                f"{name} holds classes {low} to {high}; with classes={classes} "
                f"they must lie from 0 to {classes - 1}"
            )
    pairs = labels.flatten() * classes + predictions.flatten()
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _check_pair(predictions, labels):
    if predictions.shape != labels.shape:
        raise ValueError(
            f"predictions have shape {tuple(predictions.shape)} and labels "
            f"{tuple(labels.shape)}; they must be the same. "
            "Scores become predicted classes by scores.argmax(dim=1)"
        )
    if labels.numel() == 0:
        raise ValueError("labels is empty; there must be at least one")
