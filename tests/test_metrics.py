import numpy as np
import pytest
import torch

from poolkit.metrics import accuracy, confusion_matrix


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
