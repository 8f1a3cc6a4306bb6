"""Train a network, and see how well it does."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from poolkit.checks import whole_number
from poolkit.metrics import VOID, Pair, accuracy, evaluating


@dataclass
class History:
    """What happened during a training run.

    `steps`: how many were planned. `loss` and `accuracy`: of each step's batch before its update.
    `test_step`, `test_seconds`: the steps and the seconds of training done at each evaluation on
    the test data; `test_loss` and `test_accuracy`: what it found. `seconds`: spent on training, the
    evaluations left out. `interrupted`: whether it was asked to stop; what was done is whole.
    """

    steps: int
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_step: list[int] = field(default_factory=list)
    test_seconds: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


class Evaluation(NamedTuple):
    """Mean loss, share of right predictions, and the predicted class of each image or pixel."""

    loss: float
    accuracy: float
    predictions: torch.Tensor


def seed_everything(seed: int) -> None:
    """Set the seed of every random generator in use: Python's, NumPy's and torch's.

    The same seed then gives the same training run, bit for bit, on one machine with one number of
    threads. Introduced in lesson 07.

    Args: `seed`, an int from 0 to 2**32 - 1, NumPy's range.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def fit(
    model: nn.Module,
    train: Pair,
    test: Pair | None = None,
    *,
    epochs: float = 2.0,
    batch_size: int = 128,
    lr: float = 0.02,
    weight_decay: float = 0.01,
    evaluations: int = 5,
    device: str | torch.device = "auto",
) -> History:
    """Train a classifier in place with AdamW, a one-cycle learning rate and cross-entropy.

    It classifies images, or each pixel of them (segmentation); accuracy is then the share of
    pixels. Pixels labelled VOID do not count; a training image that has no others is left out.

    A progress bar shows the steps. Ctrl-C or the notebook's stop button ends the training early,
    after the step at work: the model keeps what it has learned, and the history so far is returned.

    Args: `model`, a module that takes floats from 0 to 1 and returns scores, (N, classes), or (N,
    classes, H, W) for pixels; `train`, a pair (images, labels): uint8 (N, C, H, W), and int64 (N,)
    or (N, H, W); `test`, a pair like train to evaluate on along the way, or None; `epochs`, passes
    over the training images; a fraction is allowed. In each, the images come in a new random order,
    and those that do not fill a batch are left out; `batch_size`, images per step; `lr`, the
    highest learning rate, reached after 30 % of the steps; `weight_decay`, AdamW's pull of the
    weights towards 0; `evaluations`, how many times to evaluate on test, evenly spaced, the last
    one at the end; `device`, "auto" (CUDA, else MPS, else the CPU) or one of torch's device names.
    Returns: The History of the run. The model is left in eval mode, on the device.
    Raises: TypeError or ValueError if images and labels do not belong together, a label is no class
    that the model scores, none counts, or a number is out of range. Nothing was trained then.
    Source: Loshchilov & Hutter 2017, arXiv:1711.05101 (AdamW); Smith & Topin 2017,
    arXiv:1708.07120 (one cycle, here in torch's form, with two phases). Introduced in lesson 07.
    """
    _check_data("train", train)
    if test is not None:
        _check_data("test", test)
    for name, value in (("epochs", epochs), ("lr", lr)):
        if not value > 0:
            raise ValueError(f"{name}={value} is not above 0")
    batch_size = whole_number("batch_size", batch_size, 1)
    evaluations = whole_number("evaluations", evaluations, 1)
    images, labels = _that_count(*train)
    if batch_size > len(images):
        raise ValueError(f"batch_size={batch_size} is more than the {len(images)} training images")
    device = _device(device)
    model.to(device, memory_format=torch.channels_last)
    # Found out before the first step, or an hour of training could end in an error.
    with evaluating(model), torch.inference_mode():
        scores = model(_to_float(images[:1], device))
    _check_scores("train", scores, labels[:1], labels)
    if test is not None:
        _check_scores("test", scores, labels[:1], test[1])
    model.train()
    steps = max(1, round(epochs * (len(images) // batch_size)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps)
    history = History(steps)
    evaluate_after = {round(steps * (i + 1) / evaluations) for i in range(evaluations)}
    with _asked_to_stop() as stopped:
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
            if stopped.is_set():
                break
        model.eval()
        history.interrupted = stopped.is_set()
        if history.interrupted:
            print(f"Stopped after {step} of {steps} steps. The model keeps what it has.")
        return history


def evaluate(
    model: nn.Module, data: Pair, *, batch_size: int = 1000, device: str | torch.device = "auto"
) -> Evaluation:
    """Return the loss, the accuracy and the predictions of a classifier on some data.

    Args: `model` and `device` as for `fit`; `data`, a pair as its train; `batch_size`, images per
    forward pass; it changes the memory needed, not the result.
    Returns: An Evaluation; its predictions are int64, of the shape of the labels, on the CPU.
    Raises: TypeError or ValueError as `fit`, of what it takes too. Introduced in lesson 07.
    """
    _check_data("data", data)
    batch_size = whole_number("batch_size", batch_size, 1)
    device = _device(device)
    images, labels = data
    model.to(device)
    with evaluating(model), torch.inference_mode():
        scores = torch.cat([model(_to_float(x, device)).cpu() for x in images.split(batch_size)])
    _check_scores("data", scores, labels, labels)
    predictions = scores.argmax(dim=1)
    loss = F.cross_entropy(scores, labels).item()
    return Evaluation(loss, accuracy(predictions, labels), predictions)


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Let Ctrl-C set the event that is given, so that no step is left half done."""
    stopped = threading.Event()
    # Python sends Ctrl-C to its main thread, and only there may this be changed.
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.getsignal(signal.SIGINT)
    # A parent that ignores Ctrl-C wants its children to go on.
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _that_count(images: torch.Tensor, labels: torch.Tensor) -> Pair:
    """Return the images that have a label that counts, and their labels."""
    counts = (labels.reshape(len(labels), -1) != VOID).any(dim=1)
    return (images, labels) if counts.all() else (images[counts], labels[counts])


def _batches(images: int, batch_size: int, steps: int) -> Iterator[torch.Tensor]:
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


def _to_float(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Scale uint8 images to 0 ... 1, in the memory order that convolutions are fastest on."""
    return images.to(device, memory_format=torch.channels_last).float() / 255


def _check_data(name: str, data: Pair) -> None:
    images, labels = data
    for part, value in (("images", images), ("labels", labels)):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name}: the {part} are a {type(value).__name__}, not a torch tensor")
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
    if not (labels != VOID).any():
        raise ValueError(f"{name}: all labels are VOID; at least one must count")


def _check_scores(
    name: str, scores: torch.Tensor, scored: torch.Tensor, labels: torch.Tensor
) -> None:
    """Refuse scores that do not belong to the labels `scored`, and labels without a score."""
    shape = tuple(getattr(scores, "shape", ()))
    expected = (len(scored), "classes", *scored.shape[1:])
    if len(shape) != len(expected) or (shape[0], *shape[2:]) != (expected[0], *expected[2:]):
        raise ValueError(
            f"the model returned {type(scores).__name__} of shape {shape} for labels of shape "
            f"{tuple(scored.shape)}; it must return a tensor of scores, "
            f"({', '.join(map(str, expected))})"
        )
    counted = labels[labels != VOID]
    low, high = counted.min().item(), counted.max().item()
    if low < 0 or high >= shape[1]:
        wrong = low if low < 0 else high
        raise ValueError(
            f"{name}: a label is {wrong}, but the model scores {shape[1]} classes, 0 to "
            f"{shape[1] - 1}. Label what does not count VOID, which is {VOID}"
        )


def _device(device: str | torch.device) -> torch.device:
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
