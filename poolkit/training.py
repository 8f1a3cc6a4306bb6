"""Train a network, and see how well it does."""

import random
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F
from tqdm.auto import tqdm

from poolkit.metrics import accuracy


@dataclass
class History:
    """What happened during a training run.

    loss and accuracy have one entry per step, measured on that step's batch before its update. The
    lists that begin with test_ have one entry per evaluation on the test data.
    """

    steps: int
    """How many steps were planned."""
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_step: list[int] = field(default_factory=list)
    """The number of steps done at each evaluation."""
    test_seconds: list[float] = field(default_factory=list)
    """The seconds of training done at each evaluation, the evaluations themselves left out."""
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0
    """Seconds spent on training steps."""

    @property
    def interrupted(self):
        """Whether training stopped before the planned number of steps."""
        return len(self.loss) < self.steps


class Evaluation(NamedTuple):
    """Mean loss, share of right predictions, and the predicted class of each image or pixel."""

    loss: float
    accuracy: float
    predictions: torch.Tensor


def seed_everything(seed):
    """Set the seed of every random generator in use: Python's, NumPy's and torch's.

    The same seed then gives the same training run, bit for bit, on one machine with one number of
    threads. Introduced in lesson 06.

    Args:
        seed: an int from 0 to 2**32 - 1, NumPy's range.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def fit(
    model,
    train,
    test=None,
    *,
    epochs=2.0,
    batch_size=128,
    lr=0.02,
    weight_decay=0.01,
    evaluations=5,
    device="auto",
):
    """Train a classifier in place with AdamW, a one-cycle learning rate and cross-entropy.

    It classifies images, or each pixel of them (segmentation); accuracy is then the share of
    pixels. Pixels labelled VOID do not count.

    A progress bar shows the steps. Ctrl-C or the notebook's stop button ends the training early:
    the model keeps what it has learned, and the history up to that step is returned.

    Args:
        model: a module that takes floats from 0 to 1 and returns scores, (N, classes), or (N,
            classes, H, W) for pixels.
        train: a pair (images, labels): uint8 (N, C, H, W), and int64 (N,) or (N, H, W).
        test: a pair like train to evaluate on along the way, or None.
        epochs: passes over the training images; a fraction is allowed. In each, the images come in
            a new random order, and those that do not fill a batch are left out.
        batch_size: images per step.
        lr: the highest learning rate, reached after 30 % of the steps.
        weight_decay: AdamW's pull of the weights towards 0.
        evaluations: how many times to evaluate on test, evenly spaced, the last one at the end.
        device: "auto" (CUDA, else MPS, else the CPU) or one of torch's device names.

    Returns:
        The History of the run. The model is left in eval mode, on the device.

    Raises:
        ValueError: if images and labels do not belong together, or a number is out of range.

    Source: Loshchilov & Hutter 2017, arXiv:1711.05101 (AdamW); Smith & Topin 2017,
    arXiv:1708.07120 (one cycle, here in torch's form, with two phases). Introduced in lesson 06.
    """
    _check_data("train", train)
    if test is not None:
        _check_data("test", test)
    for name, value in (("epochs", epochs), ("lr", lr)):
        if not value > 0:
            raise ValueError(f"{name}={value} is not above 0")
    for name, value in (("batch_size", batch_size), ("evaluations", evaluations)):
        if not (isinstance(value, int) and value >= 1):
            raise ValueError(f"{name}={value} is not an int of at least 1")
    images, labels = train
    if batch_size > len(images):
        raise ValueError(f"batch_size={batch_size} is more than the {len(images)} training images")
    device = _device(device)
    model.to(device, memory_format=torch.channels_last).train()
    steps = max(1, round(epochs * (len(images) // batch_size)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps)
    history = History(steps)
    evaluate_after = {round(steps * (i + 1) / evaluations) for i in range(evaluations)}
    try:
        for step, batch in enumerate(_batches(len(images), batch_size, steps), start=1):
            start = time.perf_counter()
            scores = model(_to_float(images[batch], device))
            target = labels[batch].to(device)
            loss = F.cross_entropy(scores, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            history.loss.append(loss.item())
            history.accuracy.append(accuracy(scores.argmax(dim=1), target))
            history.seconds += time.perf_counter() - start
            if test is not None and step in evaluate_after:
                result = evaluate(model, test, batch_size=batch_size, device=device)
                history.test_step.append(step)
                history.test_seconds.append(history.seconds)
                history.test_loss.append(result.loss)
                history.test_accuracy.append(result.accuracy)
    except KeyboardInterrupt:
        print(f"Stopped after {len(history.loss)} of {steps} steps. The model keeps what it has.")
    model.eval()
    return history


def evaluate(model, data, *, batch_size=1000, device="auto"):
    """Return the loss, the accuracy and the predictions of a classifier on some data.

    Args:
        model: a module that takes floats from 0 to 1 and returns scores, (N, classes), or (N,
            classes, H, W) for pixels.
        data: a pair (images, labels): uint8 (N, C, H, W), and int64 (N,) or (N, H, W).
        batch_size: images per forward pass; it changes the memory needed, not the result.
        device: "auto" (CUDA, else MPS, else the CPU) or one of torch's device names.

    Returns:
        An Evaluation; its predictions are int64, of the shape of the labels, on the CPU.

    Raises:
        ValueError: if images and labels do not belong together.

    Introduced in lesson 06.
    """
    _check_data("data", data)
    device = _device(device)
    images, labels = data
    was_training = model.training
    model.to(device).eval()
    with torch.inference_mode():
        scores = torch.cat([model(_to_float(x, device)).cpu() for x in images.split(batch_size)])
    model.train(was_training)
    predictions = scores.argmax(dim=1)
    loss = F.cross_entropy(scores, labels).item()
    return Evaluation(loss, accuracy(predictions, labels), predictions)


def _batches(images, batch_size, steps):
    """Yield the indices of each step's batch, with a progress bar."""
    per_epoch = images // batch_size
    # In a notebook each refresh is several messages, and of more than 1,000 that wait to be read
    # some are lost: so two refreshes a second, not ten.
    options = {"desc": "training", "unit": "step", "leave": False, "mininterval": 0.5}
    with tqdm(total=steps, **options) as bar:
        for step in range(steps):
            if step % per_epoch == 0:
                order = torch.randperm(images)
            start = step % per_epoch * batch_size
            yield order[start : start + batch_size]
            bar.update()


def _to_float(images, device):
    """Scale uint8 images to 0 ... 1, in the memory order that convolutions are fastest on."""
    return images.to(device, memory_format=torch.channels_last).float() / 255


def _check_data(name, data):
    images, labels = data
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise ValueError(
            f"{name}: the images are {images.dtype} of shape {tuple(images.shape)}; "
            "they must be uint8 of shape (N, C, H, W)"
        )
    if len(images) != len(labels):
        raise ValueError(f"{name} has {len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise ValueError(f"{name} is empty; there must be at least one image")
    if labels.dtype != torch.int64 or labels.shape[1:] not in ((), images.shape[2:]):
        raise ValueError(
            f"{name}: the labels are {labels.dtype} of shape {tuple(labels.shape)}; they must be "
            f"int64, one for each image, {tuple(images.shape[:1])}, or for each pixel, "
            f"{tuple(images.shape[:1] + images.shape[2:])}"
        )


def _device(device):
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
