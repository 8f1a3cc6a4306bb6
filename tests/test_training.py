import contextlib
import random
import signal
import sys

import numpy as np
import pytest
import torch
from torch import nn

from poolkit import training
from poolkit.metrics import VOID
from poolkit.models import SmallCNN
from poolkit.training import evaluate, fit, seed_everything


@pytest.fixture
def data():
    """Pictures that are easy to learn: class 1 is bright on the left, class 0 on the right."""
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 100, (256, 1, 8, 8), generator=rng, dtype=torch.uint8)
    labels = torch.randint(0, 2, (256,), generator=rng)
    images[labels == 1, :, :, :4] += 120
    images[labels == 0, :, :, 4:] += 120
    return images, labels


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2))


def test_it_learns(data):
    seed_everything(0)
    net = linear()
    before = evaluate(net, data)
    history = fit(net, data, data, epochs=10, batch_size=32, evaluations=4)
    after = evaluate(net, data)
    assert after.loss < before.loss / 2
    assert after.accuracy == history.test_accuracy[-1] == 1
    assert history.loss[-1] < history.loss[0]
    assert not net.training


def test_history_tells_what_was_asked_for(data):
    history = fit(linear(), data, data, epochs=1.5, batch_size=32, evaluations=3)
    assert len(history.loss) == len(history.accuracy) == history.steps == 12
    assert history.test_step == [4, 8, 12]
    assert history.test_seconds == sorted(history.test_seconds)
    assert history.test_seconds[-1] == history.seconds
    assert not history.interrupted
    assert fit(linear(), data, epochs=1).test_accuracy == []


def test_the_first_step_is_adamw_at_the_one_cycles_first_rate(data):
    seed_everything(0)
    net, twin = linear(), linear()
    twin.load_state_dict(net.state_dict())
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.5 / 25, weight_decay=0.1)
    loss = nn.functional.cross_entropy(twin(data[0].float() / 255), data[1])
    loss.backward()
    optimizer.step()
    history = fit(net, data, epochs=20, batch_size=256, lr=0.5, weight_decay=0.1)
    assert history.loss[0] == pytest.approx(loss.item(), abs=1e-6)
    second = nn.functional.cross_entropy(twin(data[0].float() / 255), data[1]).item()
    assert history.loss[1] == pytest.approx(second, abs=1e-5)


def test_each_epoch_shows_every_image_once_in_a_new_order():
    images = torch.arange(96, dtype=torch.uint8).reshape(96, 1, 1, 1)
    seen = []

    class Recorder(nn.Linear):
        def forward(self, x):
            # Before the first step, fit asks the net which classes it scores.
            if self.training:
                seen.extend((x.flatten() * 255).round().int().tolist())
            return super().forward(x.flatten(1))

    fit(Recorder(1, 2), (images, torch.zeros(96, dtype=torch.long)), epochs=2, batch_size=32)
    first, second = seen[:96], seen[96:]
    assert sorted(first) == sorted(second) == list(range(96))
    assert first != second != sorted(first)


def test_a_run_repeats_bit_for_bit(data):
    weights = []
    for seed in (3, 3, 4):
        seed_everything(seed)
        net = SmallCNN(channels=(4, 4, 4), classes=2)
        fit(net, data, epochs=2, batch_size=32)
        weights.append(torch.cat([p.detach().flatten() for p in net.state_dict().values()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_seed_everything_sets_every_generator():
    drawn = []
    for _ in range(2):
        seed_everything(7)
        drawn.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert drawn[0] == drawn[1]


def test_it_learns_to_label_pixels(data):
    # The class of a pixel is whether it is bright. One that is not known does not count.
    images, _ = data
    labels = (images[:, 0] > 110).long()
    known = labels.clone()
    known[:, 0] = VOID
    labels[:, 0] = 1 - labels[:, 0]
    seed_everything(0)
    net = nn.Conv2d(1, 2, 1)
    history = fit(net, (images, known), (images, known), epochs=30, batch_size=32, lr=0.5)
    result = evaluate(net, (images, known))
    assert result.accuracy == history.test_accuracy[-1] > 0.98
    assert result.predictions.shape == labels.shape
    # One row of eight is wrong if it counts.
    assert evaluate(net, (images, labels)).accuracy == pytest.approx(7 / 8, abs=0.02)
    with torch.no_grad():
        scores = net(images.float() / 255)
    expected = nn.functional.cross_entropy(scores[:, :, 1:], labels[:, 1:])
    assert result.loss == pytest.approx(expected.item(), rel=1e-5)
    assert torch.equal(result.predictions, scores.argmax(dim=1))


@pytest.mark.parametrize("where", ["step", "evaluation"])
def test_ctrl_c_returns_the_history_so_far(data, monkeypatch, capsys, where):
    calls = []

    def interrupting(function, after):
        def wrapped(*args, **kwargs):
            calls.append(where)
            if len(calls) == after:
                signal.raise_signal(signal.SIGINT)
            return function(*args, **kwargs)

        return wrapped

    if where == "step":
        monkeypatch.setattr(
            training.F, "cross_entropy", interrupting(nn.functional.cross_entropy, 7)
        )
    else:
        monkeypatch.setattr(training, "evaluate", interrupting(training.evaluate, 2))
    net = linear()
    before = net[1].weight.clone()
    history = fit(net, data, data, epochs=5, batch_size=32, evaluations=8)
    assert history.interrupted
    assert len(history.loss) == len(history.accuracy) == (6 if where == "step" else 10)
    evaluations = 1 if where == "step" else 2
    assert len(history.test_accuracy) == len(history.test_loss) == evaluations
    assert history.test_step == [5, 10][:evaluations]
    assert not torch.equal(net[1].weight, before)
    assert not net.training
    assert f"Stopped after {len(history.loss)} of 40 steps" in capsys.readouterr().out


def test_evaluate_equals_a_plain_forward_pass_and_keeps_the_mode(data):
    net = SmallCNN(classes=2).train()
    result = evaluate(net, data, batch_size=100)
    assert net.training
    with torch.no_grad():
        scores = net.eval()(data[0].float() / 255)
    assert torch.equal(result.predictions, scores.argmax(dim=1))
    assert result.loss == pytest.approx(
        nn.functional.cross_entropy(scores, data[1]).item(), rel=1e-5
    )
    assert result.accuracy == (scores.argmax(dim=1) == data[1]).double().mean().item()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs=0 is not above 0"),
        ({"lr": float("nan")}, "lr=nan is not above 0"),
        ({"batch_size": 0}, "batch_size=0 must be at least 1"),
        ({"batch_size": 257}, "batch_size=257 is more than the 256 training images"),
        ({"evaluations": 0}, "evaluations=0 must be at least 1"),
    ],
)
def test_bad_numbers_are_named(data, change, message):
    with pytest.raises(ValueError, match=message):
        fit(linear(), data, **change)


@pytest.mark.parametrize("name", ["batch_size", "evaluations"])
def test_what_is_no_whole_number_is_named_and_numpys_are_whole_numbers(data, name):
    for value in (2.5, True, "8"):
        with pytest.raises(TypeError, match=f"{name}={value!r} must be a whole number"):
            fit(linear(), data, **{name: value})
    assert fit(linear(), data, **{"epochs": 0.2, name: np.int64(8)}).loss


def every_line(function, where):
    """Call a function with Ctrl-C at its `where`-th step from line to line within training.py."""
    lines = 0

    def trace(frame, event, _):
        nonlocal lines
        if frame.f_code.co_filename != training.__file__:
            return None
        lines += event == "line"
        if event == "line" and lines == where:
            signal.raise_signal(signal.SIGINT)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return function(), lines
    finally:
        sys.settrace(before)


def test_nothing_is_lost_wherever_ctrl_c_comes(data):
    """At any line: before training begins it ends the call, and from then on each list is whole."""
    net = linear()

    def run():
        return fit(net, data, data, epochs=0.4, batch_size=32, evaluations=2)

    _, lines = every_line(run, 0)
    assert lines > 100
    stopped = 0
    for where in range(1, lines + 1):
        net.train()
        net[1].eval()
        try:
            history, _ = every_line(run, where)
        except KeyboardInterrupt:
            # Too early for a history; a net that was not trained yet has the modes that it had.
            assert [m.training for m in net] == [True, False] or net.training
            continue
        stopped += history.interrupted
        assert not net.training and not net[1].training
        assert len(history.loss) == len(history.accuracy) >= 1
        shown = history.test_step, history.test_seconds, history.test_loss, history.test_accuracy
        assert len({len(values) for values in shown}) == 1
        assert np.isfinite(history.loss).all() and history.seconds > 0
    assert stopped > 60
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_evaluate_gives_each_module_its_mode_back_wherever_it_is_stopped(data):
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.Dropout()).train()
    net[1].eval()
    modes = [module.training for module in net.modules()]
    _, lines = every_line(lambda: evaluate(net, data, batch_size=100), 0)
    for where in range(1, lines + 1):
        with contextlib.suppress(KeyboardInterrupt):
            every_line(lambda: evaluate(net, data, batch_size=100), where)
        assert [module.training for module in net.modules()] == modes


def test_images_and_batches_without_a_label_that_counts_are_left_out(data):
    images, labels = data
    pixels = (images[:, 0] > 110).long()
    pixels[:100] = VOID
    pixels[200, 3:] = VOID
    seed_everything(0)
    net = nn.Conv2d(1, 2, 1)
    history = fit(net, (images, pixels), (images, pixels), epochs=2, batch_size=1)
    assert history.steps == 2 * 156 == len(history.loss)
    assert np.isfinite(history.loss).all() and np.isfinite(history.test_loss).all()
    assert all(torch.isfinite(p).all() for p in net.parameters())
    nothing = torch.full_like(pixels, VOID)
    before = net.weight.clone()
    for train, test, name in (
        ((images, nothing), None, "train"),
        ((images, pixels), (images, nothing), "test"),
        ((images, torch.full_like(labels, VOID)), None, "train"),
    ):
        with pytest.raises(ValueError, match=f"{name}: all labels are VOID; at least one must"):
            fit(net, train, test, batch_size=1)
    with pytest.raises(ValueError, match="data: all labels are VOID"):
        evaluate(net, (images, nothing))
    assert torch.equal(net.weight, before)


@pytest.mark.parametrize("wrong", [2, 255, -1, -99])
@pytest.mark.parametrize("at", [0, 137, 255])
def test_a_label_that_is_no_class_is_named_before_the_first_step(data, wrong, at):
    images, labels = data
    bad = labels.clone()
    bad[at] = wrong
    message = f"a label is {wrong}, but the model scores 2 classes, 0 to 1. Label what does not"
    net = linear()
    before = net[1].weight.clone()
    for train, test, name in ((bad, labels, "train"), (labels, bad, "test")):
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            fit(net, (images, train), (images, test))
    with pytest.raises(ValueError, match=f"data: {message}"):
        evaluate(net, (images, bad))
    assert torch.equal(net[1].weight, before)


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (nn.Flatten(0), r"\(64,\)"),
        (nn.Conv2d(1, 2, 1), r"\(1, 2, 8, 8\)"),
        (nn.Sequential(nn.Flatten(0), nn.Linear(64, 2)), r"\(2,\)"),
    ],
)
def test_scores_that_do_not_fit_the_labels_are_refused(data, net, shape):
    net.p = nn.Parameter(torch.zeros(1))
    with pytest.raises(ValueError, match=rf"the model returned Tensor of shape {shape} for labels"):
        fit(net, data)


def test_bad_data_is_named(data):
    images, labels = data
    for train, message in (
        ((images.float(), labels), "train: the images are torch.float32"),
        ((images[:, 0], labels), r"train: the images are torch.uint8 of shape \(256, 8, 8\)"),
        ((images, labels[:-1]), "train has 256 images but 255 labels"),
        ((images[:0], labels[:0]), "train is empty"),
        ((images, labels.int()), r"train: the labels are torch.int32 of shape \(256,\); they must"),
        ((images, labels[:, None]), r"shape \(256, 1\); they must be int64, one for each image, "),
        ((images, torch.zeros(256, 8, 7).long()), r"or for each pixel, \(256, 8, 8\)"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(linear(), train)
    for train in ((images.numpy(), labels), (images, labels.tolist())):
        with pytest.raises(TypeError, match=r"train: the \w+ are a \w+, not a torch tensor"):
            fit(linear(), train)
    with pytest.raises(ValueError, match="test has 256 images but 255 labels"):
        fit(linear(), data, (images, labels[:-1]))
    with pytest.raises(ValueError, match="data has 256 images but 255 labels"):
        evaluate(linear(), (images, labels[:-1]))


def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert training._device("auto").type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert training._device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training._device("auto").type == "cuda"
    assert training._device("cpu").type == "cpu"
