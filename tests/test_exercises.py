"""Every exercise against other programs: torch, SciPy, scikit-image or a count by hand.

Its solution must agree with them, and wrong answers of all kinds must not. What counts as wrong is
decided here once more, from those programs, and not by asking the check.
"""

import copy
import fractions
import functools
import inspect
import itertools
import math
import re
import sys
import time

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import scipy.ndimage
import scipy.spatial
import skimage.measure
import torch
from mistakes import MISTAKES, source
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler
from torch.utils.flop_counter import FlopCounterMode

from poolkit import draw
from poolkit import exercises as ex
from poolkit.exercises.exercise import Exercise
from tools.lessons import find

EXERCISES = {name: e for lesson in ex.LESSONS.values() for name, e in lesson.items()}
PICTURED = {
    *("min_pool", "avg_pool", "max_pool", "max_pool_padded", "max_pool_backward"),
    *("avg_pool_backward", "numeric_gradient", "without_gradient", "subsampling"),
    *("tap_values", "block_avg", "running_max", "running_sum", "mixed_pool"),
    *("upsample_backward", "conv_transpose", "border_pixels", "convolve"),
}


def tensor(x):
    return torch.tensor(np.asarray(x, dtype=float))[None, None]


def gradient(function, x, grad_output=None):
    """The gradient that torch.autograd sends through a function to x, as an array."""
    x = tensor(x).requires_grad_()
    output = function(x)
    grad = torch.ones_like(output) if grad_output is None else tensor(grad_output)
    output.backward(grad.reshape(output.shape))
    return x.grad[0, 0].numpy()


def windows_of_bins(size, output_size):
    bins = []
    for i in range(output_size):
        picked = np.eye(output_size)[i : i + 1]
        used = gradient(
            lambda x: F.adaptive_avg_pool2d(x, (1, output_size)), [[0.0] * size], picked
        )
        (cells,) = np.nonzero(used[0])
        bins.append((cells.min(), cells.max() + 1))
    return bins


def seen_by_one_output(layers):
    def stack(x):
        for kernel_size, stride in layers:
            x = F.conv2d(x, torch.ones(1, 1, 1, kernel_size, dtype=float), stride=(1, stride))
        return x[..., :1]

    return np.count_nonzero(gradient(stack, np.zeros((1, 300))))


def slopes(f, x, eps):
    """Central differences worked out by hand: for cubes they are off by eps ** 2."""
    if "x[0] ** 3" in f.__doc__:
        return np.array([3 * x[0] ** 2 + eps**2 + x[2], 10, x[0]])
    if "pooling" in f.__doc__:
        return gradient(lambda x: F.max_pool2d(x, 2), x)
    return 2.0 * x


def subsampling(x, weight, bias):
    """A convolution whose four weights are all the same."""
    kernel = torch.full((1, 1, 2, 2), weight, dtype=float)
    return F.conv2d(tensor(x), kernel, torch.tensor([bias], dtype=float), stride=2)[0, 0].numpy()


def step_by_torch(w, f, target, lr):
    w = torch.tensor(w, dtype=float, requires_grad=True)
    F.mse_loss(w * f, torch.tensor(target, dtype=float)).backward()
    torch.optim.SGD([w], lr=lr).step()
    return w.item()


def conv_parameters(in_channels, out_channels, kernel_size, bias):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias)
    return sum(p.numel() for p in layer.parameters())


def conv_multiply_adds(side, in_channels, out_channels, kernel_size, stride):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2)
        conv(torch.empty(1, in_channels, side, side))
    # torch counts a multiply-add as two operations, and the bias as none.
    return counter.get_total_flops() // 2


def added_parameters(channels):
    with torch.device("meta"):
        added = [(nn.Conv2d(c, c, 3, bias=False), nn.BatchNorm2d(c)) for c in channels]
    return sum(p.numel() for layers in added for layer in layers for p in layer.parameters())


def changed_pixels(x):
    moved = scipy.ndimage.shift(x, (0, 1), order=0, cval=0)
    before, after = (skimage.measure.block_reduce(m, (2, 2), np.max) for m in (x, moved))
    return np.count_nonzero(before - after)


def blur_row(x):
    return scipy.ndimage.correlate1d(x, [0.25, 0.5, 0.25], mode="mirror")[::2]


def mean_iou(predicted, true):
    def places(labels, c):
        return {place for place, label in np.ndenumerate(labels) if label == c}

    pairs = [(places(predicted, c), places(true, c)) for c in range(10)]
    return float(np.mean([len(a & b) / len(a | b) for a, b in pairs if a or b]))


def first_dense_parameters(side, channels, outputs, poolings):
    with torch.device("meta"):
        maps = nn.Sequential(*[nn.MaxPool2d(2)] * poolings)(torch.empty(1, channels, side, side))
        return sum(p.numel() for p in nn.Linear(maps.numel(), outputs).parameters())


def activation_bytes(side, layers):
    x, total = torch.zeros(1, 1, side, side), 0
    for channels, stride in layers:
        x = F.conv2d(x, torch.zeros(channels, x.shape[1], 3, 3), stride=stride, padding=1)
        total += x.nbytes
    return total


def stride_factor(layers):
    sides = [int(np.prod([s for _, s in layers]))]
    for _, stride in layers:
        sides.append(sides[-1] // stride)
    weights = [w for w, _ in layers]
    counted = sum(w * side**2 for w, side in zip(weights, sides[1:], strict=True))
    return sum(weights) * sides[0] ** 2 / counted


def pooled_size(size, kernel_size, stride, padding, ceil_mode=False):
    return F.max_pool1d(torch.zeros(1, size), kernel_size, stride, padding, 1, ceil_mode).shape[-1]


def shifts_that_move_by_whole_cells(strides, longest):
    """Among random pixels, sampled by one stride after the other."""
    pixels = np.random.default_rng(0).random(3 * longest + 200)

    def sample(row):
        for stride in strides:
            row = row[::stride]
        return row

    start = sample(pixels)
    # The image moved to the left: is what the first cell sees now what another cell saw before?
    return [shift for shift in range(1, longest + 1) if sample(pixels[shift:])[0] in start]


def unpooled(values, indices, size):
    """Cell by cell: what lies there is the value whose index names this row and column."""
    known = dict(zip(indices.ravel().tolist(), values.ravel().tolist(), strict=True))
    return np.array(
        [[known.get(row * size[1] + col, 0.0) for col in range(size[1])] for row in range(size[0])]
    )


def slopes_of_convolution(kernel, size, stride):
    """A matrix is the table of its slopes, which torch's autograd knows."""
    weight = torch.tensor(kernel)[None, None]
    return torch.autograd.functional.jacobian(
        lambda x: F.conv1d(x[None], weight, stride=stride)[0], torch.zeros(1, size, dtype=float)
    )[0, :, 0].numpy()


def output_padding_by_trial(size, kernel_size, stride, padding):
    weight = torch.zeros(1, 1, kernel_size)
    small = F.conv1d(torch.zeros(1, 1, size), weight, None, stride, padding)
    (found,) = [
        extra
        for extra in range(stride)
        if F.conv_transpose1d(small, weight, None, stride, padding, extra).shape[-1] == size
    ]
    return found


def kept_bytes(side, channels, indices):
    kept = 0
    for maps in channels:
        before = torch.zeros(1, maps, side, side)
        pooled, places = F.max_pool2d(before, 2, return_indices=True)
        kept += places.nbytes if indices else before.nbytes
        side = pooled.shape[-1]
    return kept


# What torch, SciPy, scikit-image or a count by hand says to each exercise.
ORACLES = {
    "min_pool": lambda x: -F.max_pool2d(-tensor(x), 2)[0, 0].numpy(),
    "avg_pool": lambda x: F.avg_pool2d(tensor(x), 2)[0, 0].numpy(),
    "max_pool": lambda x, k: F.max_pool2d(tensor(x), k)[0, 0].numpy(),
    "lost_pixels": lambda h, w: sum(
        i >= h // 2 * 2 or j >= w // 2 * 2 for i in range(h) for j in range(w)
    ),
    "output_size": pooled_size,
    "output_size_ceil": lambda *sizes: pooled_size(*sizes, ceil_mode=True),
    "max_pool_padded": lambda x, *sizes: F.max_pool2d(tensor(x), *sizes)[0, 0].numpy(),
    "average_divisors": lambda size, k, s, p: (
        F.avg_pool2d(torch.ones(1, 1, size), (1, k), (1, s), (0, p), divisor_override=1)
        .flatten()
        .int()
        .tolist()
    ),
    "adaptive_windows": windows_of_bins,
    "convolve": lambda x, w: F.conv2d(tensor(x), tensor(w))[0, 0].numpy(),
    "gradient_step": step_by_torch,
    "receptive_field": seen_by_one_output,
    "max_pool_backward": lambda g, x: gradient(lambda x: F.max_pool2d(x, 2), x, g),
    "avg_pool_backward": lambda g, shape: gradient(
        lambda x: F.avg_pool2d(x, 2), np.zeros(shape), g
    ),
    "avg_pool_backward_overlapping": lambda g, size, k, s: gradient(
        lambda x: F.avg_pool2d(x, (1, k), (1, s)), np.zeros((1, size)), g[None]
    )[0],
    "numeric_gradient": slopes,
    "without_gradient": lambda x, k, s: gradient(lambda x: F.max_pool2d(x, k, s), x) == 0,
    "tap_values": lambda x, n, k, s: torch.tensor(x).unfold(1, k, s)[:, :, n].numpy(),
    "block_avg": lambda x, k: F.avg_pool2d(tensor(x), k)[0, 0].numpy(),
    "running_max": lambda x, k: F.max_pool1d(torch.tensor(x), k, 1).numpy(),
    "running_sum": lambda x, k: torch.tensor(x).unfold(1, k, 1).sum(dim=-1).numpy(),
    "generalised_mean": lambda x, p: F.lp_pool2d(tensor(x), p, x.shape).item() / x.size ** (1 / p),
    "mixed_pool": lambda x, share: torch.lerp(
        F.avg_pool2d(tensor(x), 2), F.max_pool2d(tensor(x), 2), share
    )[0, 0].numpy(),
    "expected_draw": lambda x: np.average(x, weights=x) if x.any() else 0.0,
    "pyramid_length": lambda channels, levels: sum(
        F.adaptive_max_pool2d(torch.zeros(channels, 9, 7), n).numel() for n in levels
    ),
    "paired_range": lambda a, b: np.quantile(
        [x - y for x, y in zip(a.tolist(), b.tolist(), strict=True)], [0, 1]
    ),
    "same_sign_by_chance": lambda seeds: np.mean(
        [len(set(coins)) == 1 for coins in itertools.product("+-", repeat=seeds)]
    ),
    "epochs": lambda images, steps, batch_size: (
        steps / len(list(BatchSampler(range(images), batch_size, drop_last=True)))
    ),
    "added_parameters": added_parameters,
    "changed_pixels": changed_pixels,
    "exact_shifts": shifts_that_move_by_whole_cells,
    "blur_row": blur_row,
    "consistency": lambda before, after: (
        1 - scipy.spatial.distance.cdist(np.atleast_2d(before), after, "hamming").mean()
    ),
    "iou": lambda predicted, true: (
        1 - scipy.spatial.distance.jaccard(predicted.ravel(), true.ravel())
    ),
    "mean_iou": mean_iou,
    "border_pixels": lambda labels: (
        scipy.ndimage.morphological_gradient(labels, size=3, mode="nearest") > 0
    ),
    "kept_bytes": kept_bytes,
    "side": lambda low, high, bound, margin: int(
        np.sign(low - bound) * (min(abs(low - bound), abs(high - bound)) > margin)
        if (low - bound) * (high - bound) > 0
        else 0
    ),
    "largest_margin": lambda low, high, bound: float(abs(np.clip(bound, low, high) - bound)),
    "seeds_needed": lambda chance: max(1, math.ceil(math.log2(2 / chance))),
    "conv_parameters": conv_parameters,
    "accuracy": lambda scores, labels: (
        sum(row.index(max(row)) == n for row, n in zip(scores.tolist(), labels, strict=True))
        / len(labels)
    ),
    "subsampling": subsampling,
    "upsample_backward": lambda g, k: gradient(
        lambda x: F.interpolate(x, scale_factor=k), np.zeros((len(g) // k, g.shape[1] // k)), g
    ),
    "unpool": unpooled,
    "conv_matrix": slopes_of_convolution,
    "conv_transpose": lambda x, kernel, stride: F.conv_transpose2d(
        tensor(x), tensor(kernel), stride=stride
    )[0, 0].numpy(),
    "output_padding": output_padding_by_trial,
    "overlap_counts": lambda inputs, k, s: (
        F.conv_transpose1d(torch.ones(1, inputs), torch.ones(1, 1, k), stride=s)[0].int().tolist()
    ),
    "conv_multiply_adds": conv_multiply_adds,
    "first_dense_parameters": first_dense_parameters,
    "activation_bytes": activation_bytes,
    "stride_factor": stride_factor,
}


def written(source, name):
    namespace = {"np": np}
    exec(source, namespace)
    return namespace[name]


def wrong_answer(name, mistake):
    return written(source(EXERCISES[name].solution_source, MISTAKES[name][mistake]), name)


def check_in_a_second(exercise, answer):
    """Check an answer, again where that was slow, and return how often.

    Python may have had its own things to do, such as collecting garbage, but not three times.
    """
    for tries in (1, 2, 3):
        started = time.process_time()
        exercise.check(answer)
        if time.process_time() - started < 1:
            return tries
    pytest.fail(f"{exercise.name}: the check takes a second or more")


def values_of(case):
    return copy.deepcopy(list(case.values()))


def verdict(answer, case, expected):
    """What the answer returns, and whether it is wrong; (None, True) if it raises or meddles."""
    given = values_of(case)
    try:
        yours = answer(*given)
    except Exception:
        return None, True
    before = case.values()
    if any(not np.array_equal(a, b) for a, b in zip(given, before, strict=True) if not callable(a)):
        return yours, True
    if np.shape(yours) != np.shape(expected):
        return yours, True
    kinds = {np.asarray(v).dtype.kind for v in (yours, expected)}
    same_type = isinstance(yours, np.ndarray) == isinstance(expected, np.ndarray)
    if isinstance(expected, float):
        kinds = {"f"}
    return yours, len(kinds) > 1 or not same_type or not np.allclose(yours, expected)


def first_wrong(exercise, answer):
    for number, case in enumerate(exercise.cases, start=1):
        expected = ORACLES[exercise.name](*values_of(case))
        yours, wrong = verdict(answer, case, expected)
        if wrong:
            return number, case, expected, yours
    return pytest.fail("this mistake passes")


def numbers_in(text):
    text = text.replace("True", "1").replace("False", "0")
    return [float(n) for n in re.findall(r"-inf|nan|-?\d+\.?\d*(?:e[-+]\d+)?", text)]


def blocks(output):
    """The three parts of a counterexample."""
    found = re.search(r"^Input:(.*?)^Expected:(.*?)^Yours:(.*)\Z", output, re.M | re.S)
    assert found, output
    return found.groups()


def outlines(ax):
    """(top, left, height, width) of each outlined rectangle, in cells."""
    return [
        (p.get_y() + 0.5, p.get_x() + 0.5, p.get_height(), p.get_width())
        for p in ax.patches
        if not p.get_fill()
    ]


@pytest.fixture
def shown(monkeypatch):
    """The figures that plt.show() was called with."""
    figures = []
    monkeypatch.setattr(plt, "show", lambda: figures.append(plt.gcf()))
    yield figures
    plt.close("all")


@pytest.fixture
def say(capsys, shown):
    """Check an answer, and return what was printed. Nothing may ever come from poolkit's inside."""

    def check(exercise, answer):
        assert exercise.check(answer) is None
        output, errors = capsys.readouterr()
        assert errors == ""
        assert "Traceback" not in output
        assert "exercise.py" not in output
        assert "object at 0x" not in output
        return output

    return check


def test_each_lesson_has_its_exercises():
    assert set(EXERCISES) == set(ORACLES) == set(MISTAKES)
    assert sum(len(lesson) for lesson in ex.LESSONS.values()) == len(EXERCISES)
    assert all(getattr(ex, name) is exercise for name, exercise in EXERCISES.items())
    assert all(isinstance(exercise, Exercise) for exercise in EXERCISES.values())


@pytest.mark.parametrize("name", EXERCISES)
def test_the_parts_of_an_exercise(name):
    exercise = EXERCISES[name]
    assert exercise.name == name
    assert len(exercise.cases) >= 4
    assert len(exercise.hints) >= 2
    assert len(MISTAKES[name]) >= 4
    assert exercise.meaning.endswith(".")
    wrong = [wrong_answer(name, mistake) for mistake in MISTAKES[name]]
    for function in (written(exercise.solution_source, name), *wrong):
        assert list(inspect.signature(function).parameters) == list(exercise.cases[0])
    assert all(list(case) == list(exercise.cases[0]) for case in exercise.cases)
    assert bool(exercise.windows) == (name in PICTURED)


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_agrees_with_the_oracle(name):
    exercise = EXERCISES[name]
    solve = written(exercise.solution_source, name)
    for case in exercise.cases:
        expected, solution = ORACLES[name](*values_of(case)), solve(*values_of(case))
        np.testing.assert_allclose(solution, expected, rtol=1e-12)
        assert np.asarray(solution).dtype.kind == np.asarray(expected).dtype.kind


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_is_right_and_says_what_it_means(name, say, shown):
    exercise = EXERCISES[name]
    output = say(exercise, written(exercise.solution_source, name))
    count = len(exercise.cases)
    assert output == f"{name}: right, in all {count} cases.\n{exercise.meaning}\n"
    assert shown == []


def test_an_edit_that_does_not_fit_the_solution_is_refused():
    for solution in ("return x", "return a + a"):
        with pytest.raises(AssertionError, match=r"'a' stands [02] times in it"):
            source(solution, {"a": "b"})


@pytest.mark.parametrize(
    ("name", "mistake"), [(name, mistake) for name in MISTAKES for mistake in MISTAKES[name]]
)
def test_mistake_is_shown_its_first_counterexample(name, mistake, say, shown):
    exercise = EXERCISES[name]
    answer = wrong_answer(name, mistake)
    number, case, expected, yours = first_wrong(exercise, answer)
    output = say(exercise, answer)
    assert output.startswith(f"{name}: case {number} of {len(exercise.cases)} is wrong.")
    shown_input, shown_expected, shown_yours = blocks(output)
    for argument, value in case.items():
        assert f"{argument} = " in shown_input
        if callable(value):
            assert value.__doc__ in shown_input
    given = [np.ravel(v) for v in case.values() if not callable(v)]
    assert set(np.concatenate(given).astype(float)) <= set(numbers_in(shown_input))
    np.testing.assert_allclose(numbers_in(shown_expected), np.ravel(expected), atol=1e-4)
    if yours is None:
        assert "in your line" in shown_yours
        return
    np.testing.assert_allclose(numbers_in(shown_yours), np.ravel(yours), atol=1e-4)
    drawable = name in PICTURED and all(
        isinstance(v, np.ndarray) and v.ndim == 2 for v in (yours, expected)
    )
    assert len(shown) == drawable
    if drawable:
        check_picture(shown[0], name, case, expected, yours)


def check_picture(figure, name, case, expected, yours):
    axes = {ax.get_title(): ax for ax in figure.axes}
    assert list(axes)[-2:] == ["expected", "yours"]
    assert [len(axes["expected"].texts), len(axes["yours"].texts)] == [expected.size, yours.size]
    if expected.shape != yours.shape or expected.dtype.kind != yours.dtype.kind:
        assert all(outlines(ax) == [] for ax in axes.values())
        return
    row, column = np.argwhere(~np.isclose(expected, yours))[0]
    assert outlines(axes["expected"]) == outlines(axes["yours"]) == [(row, column, 1, 1)]
    if "grad_output" in axes:
        assert outlines(axes["grad_output"]) == [(row // 2, column // 2, 1, 1)]
    if name == "upsample_backward":
        k = case["k"]
        assert outlines(axes["grad"]) == [(row * k, column * k, k, k)]
    if "x" not in axes:
        return
    ((top, left, height, width),) = outlines(axes["x"])
    padding = case.get("padding", 0)
    assert len(axes["x"].texts) == np.prod(np.array(case["x"].shape) + 2 * padding)
    if name in {"numeric_gradient", "without_gradient"}:
        assert (top, left, height, width) == (row, column, 1, 1)
        return
    if name == "max_pool_backward":
        assert (top, left, height, width) == (row // 2 * 2, column // 2 * 2, 2, 2)
        return
    # The outline must hold just those cells of x that have a say in the wrong output cell.
    outlined = np.zeros(np.array(case["x"].shape) + 2 * padding, dtype=bool)
    top, left, height, width = (int(n) for n in (top, left, height, width))
    outlined[top : top + height, left : left + width] = True
    outlined = outlined[padding:, padding:][: case["x"].shape[0], : case["x"].shape[1]]
    for cell in np.ndindex(case["x"].shape):
        has_a_say = False
        for push in (-1000, 1000):
            pushed = copy.deepcopy(case)
            pushed["x"][cell] += push
            has_a_say |= bool(ORACLES[name](*pushed.values())[row, column] != expected[row, column])
        assert outlined[cell] == has_a_say


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("body", ["...", "raise NotImplementedError", "return ...", "pass"])
def test_stub_is_not_attempted(name, body, say, shown):
    parameters = ", ".join(EXERCISES[name].cases[0])
    stub = written(f'def {name}({parameters}):\n    """Say what."""\n    {body}', name)
    assert say(EXERCISES[name], stub) == (
        f"{name}: not attempted yet. Write the body, and let it return your result.\n"
    )
    assert shown == []


def test_ellipsis_is_not_attempted(say):
    assert "not attempted yet" in say(ex.min_pool, ...)


def test_a_later_missing_result_is_wrong_and_not_unattempted(say):
    def half_done(height, width):
        if height == width:
            return 0
        if height > width:
            raise NotImplementedError("later")

    assert "case 2 of 12 is wrong. You returned None; return a whole" in say(
        ex.lost_pixels, half_done
    )

    def for_squares(height, width):
        if height != width:
            raise NotImplementedError("later")
        return 0

    output = say(ex.lost_pixels, for_squares)
    assert "case 2 of 12 is wrong. Your function stopped." in output
    assert "NotImplementedError: later\n" in output


def right(name):
    return written(EXERCISES[name].solution_source, name)


def in_place(x):
    result = right("avg_pool")(x)
    x *= 2
    return result


def reshaped(x):
    result = right("avg_pool")(x)
    x.shape = (x.size,)
    return result


def eaten(layers):
    return right("receptive_field")([layers.pop(0) for _ in range(len(layers))])


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        (
            "avg_pool",
            in_place,
            "Your function changed its input x to [[ 8.  6.]\n [ 4. 10.]]. Work on",
        ),
        (
            "avg_pool",
            reshaped,
            "changed its input x to [4. 3. 2. 5.]. Work on a copy: x = x.copy()",
        ),
        ("receptive_field", eaten, "changed its input layers to []. Work on a copy: layers = "),
        (
            "avg_pool",
            lambda x: right("avg_pool")(x).tolist(),
            "You returned a list; return a NumPy",
        ),
        ("avg_pool", lambda x: right("avg_pool")(x).mean(), "return a NumPy array of shape (1, 1)"),
        (
            "avg_pool",
            lambda x: right("avg_pool")(x).astype(int),
            "dtype int64; it must hold floats",
        ),
        (
            "avg_pool",
            lambda x: right("avg_pool")(x).astype(object),
            "dtype object; it must hold fl",
        ),
        ("avg_pool", lambda x: right("avg_pool")(x)[None], "shape is (1, 1, 1); it must be (1, 1)"),
        ("avg_pool", lambda x: np.zeros((0, 2)), "Your shape is (0, 2); it must be (1, 1)."),
        ("avg_pool", lambda x: np.zeros((999, 999)), "shape is (999, 999); it must be (1, 1)."),
        ("avg_pool", lambda x: torch.tensor(x), "a torch tensor; return a NumPy array: .numpy()"),
        (
            "avg_pool",
            lambda x: nn.Parameter(torch.tensor(x)),
            "You returned a torch tensor; return",
        ),
        ("avg_pool", lambda x: right("avg_pool")(x) * np.nan, "yours is nan, expected is 3.5."),
        ("avg_pool", lambda x: "3.5", "You returned a str; return a NumPy array"),
        (
            "avg_pool",
            lambda: None,
            "cannot be called as avg_pool(x): too many positional arguments.",
        ),
        (
            "avg_pool",
            lambda x, y: x,
            "cannot be called as avg_pool(x): missing a required argument",
        ),
        (
            "avg_pool",
            3,
            "check needs your function itself, but got an int. Write ex.avg_pool.check(",
        ),
        ("avg_pool", np.zeros((2, 2)), "check needs your function itself, but got a NumPy array."),
        ("avg_pool", None, "check needs your function itself, but got None."),
        ("avg_pool", ex.avg_pool, "check needs your function itself, but got an Exercise."),
        ("without_gradient", lambda x, k, s: x, "dtype float64; it must hold booleans (bool)"),
        ("output_size", lambda *s: 2.0, "You returned a float; return a whole number (int)"),
        ("output_size", lambda *s: np.float32(2), "You returned a float; return a whole number"),
        ("output_size", lambda *s: True, "You returned a bool; return a whole number (int)."),
        ("output_size", lambda *s: [2], "You returned a list; return a whole number (int)."),
        ("output_size", lambda *s: np.array(2), "You returned a NumPy array; return a whole numb"),
        ("output_size", lambda *s: torch.tensor(2), "a torch tensor; return a number: .item()"),
        ("accuracy", lambda s, n: True, "You returned a bool; return a number."),
        ("accuracy", lambda s, n: torch.tensor(1.0), "a torch tensor; return a number: .item()"),
        ("accuracy", lambda s, n: float("nan"), "is wrong."),
        ("average_divisors", lambda *s: 2, "You returned an int; return a list."),
        (
            "average_divisors",
            lambda *s: (n for n in (2, 2)),
            "You returned a generator; return a l",
        ),
        ("average_divisors", lambda *s: np.array(2), "You returned a NumPy array; return a list."),
        ("average_divisors", lambda *s: [2.0, 2.0], "Entry 0 is 2.0; it must be a whole number."),
        ("average_divisors", lambda *s: [2], "Your list has length 1; it must be 2."),
        ("average_divisors", lambda *s: torch.tensor([2, 2]), "return a list: .tolist()"),
        (
            "average_divisors",
            lambda *s: [torch.tensor(2)] * 2,
            "Entry 0 is tensor(2); it must be a",
        ),
        ("adaptive_windows", lambda *s: [0, 2], "Entry 0 is 0; it must be a pair of whole numbers"),
        (
            "adaptive_windows",
            lambda *s: [(0, 2), (2, 4, 6)],
            "Entry 1 is (2, 4, 6); it must be (2,",
        ),
        ("adaptive_windows", lambda *s: [range(0, 2)] * 2, "Entry 0 is range(0, 2); it must be a"),
    ],
)
def test_odd_answer_gets_a_helpful_answer(name, answer, message, capsys, shown):
    check_in_a_second(EXERCISES[name], answer)
    output, errors = capsys.readouterr()
    assert message in output
    assert errors == ""
    assert "Traceback" not in output
    assert "exercise.py" not in output
    assert "right, in all" not in output


class Pooling:
    """A class in place of a function: calling it makes an object."""

    def __init__(self, x):
        self.x = x


class Unspeakable:
    __module__ = None

    def __repr__(self):
        raise RuntimeError("I will not say")


def in_steps(x):
    yield right("avg_pool")(x)


def leaves(x):
    sys.exit(3)


def masked(name):
    """The right answer with its first number wrong and masked, so that comparisons skip it."""

    def answer(*arguments):
        result = np.ma.array(right(name)(*arguments))
        result[(0,) * result.ndim] = 99
        return np.ma.array(result, mask=result == 99)

    return answer


def deep(layers):
    result = right("receptive_field")(layers)
    layers[0] = [layers[0]]
    return result


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        ("avg_pool", Pooling, "You returned a Pooling; return a NumPy array of shape (1, 1)."),
        ("avg_pool", np.ndarray.mean, "You returned a float64; return a NumPy array of shape"),
        ("avg_pool", len, "You returned an int; return a NumPy array of shape (1, 1)."),
        ("avg_pool", dict, "You returned a dict; return a NumPy array of shape (1, 1)."),
        ("avg_pool", type, "You returned a type; return a NumPy array"),
        ("lost_pixels", max, "is wrong.\nInput:"),
        ("lost_pixels", range, "You returned a range; return a whole number (int)."),
        ("avg_pool", in_steps, "You returned a generator; return a NumPy array of shape (1, 1)."),
        ("avg_pool", functools.partial(np.mean, axis=0), "Your shape is (2,); it must be (1, 1)."),
        ("avg_pool", lambda x: Unspeakable(), "an Unspeakable that cannot be shown: RuntimeError"),
        ("avg_pool", leaves, "SystemExit: 3\n"),
        ("avg_pool", lambda x: exit(), "SystemExit"),
        ("avg_pool", masked("avg_pool"), "You returned a MaskedArray; return a plain NumPy array"),
        ("running_max", masked("running_max"), "return a plain NumPy array, without a mask: your_"),
        ("paired_range", masked("paired_range"), "You returned a MaskedArray; return a plain"),
        ("accuracy", lambda s, n: np.ma.masked, "You returned a MaskedConstant; return a number."),
        (
            "average_divisors",
            lambda *s: np.ma.array([2, 2], mask=[1, 0]),
            "a MaskedArray; return a l",
        ),
        ("avg_pool", lambda x: right("avg_pool")(x) + 0j, "dtype complex128; it must hold floats"),
        ("avg_pool", lambda x: np.array(["3.5"])[None], "dtype <U3; it must hold floats (float64)"),
        ("avg_pool", lambda x: np.full((1, 1), -np.inf), "yours is -inf, expected is 3.5."),
        ("avg_pool", lambda x: np.full((1, 1), 1e308), "yours is 1e+308, expected is 3.5."),
        ("avg_pool", lambda x: np.array(3.5), "Your shape is (); it must be (1, 1)."),
        ("avg_pool", lambda x: np.zeros((2000, 2000)), "shape is (2000, 2000); it must be (1, 1)"),
        (
            "without_gradient",
            lambda x, k, s: np.zeros(x.shape, int),
            "int64; it must hold booleans",
        ),
        ("lost_pixels", lambda h, w: 10**5000, "an int that cannot be shown: ValueError"),
        (
            "lost_pixels",
            lambda h, w: fractions.Fraction(0),
            "You returned a Fraction; return a whole",
        ),
        (
            "lost_pixels",
            lambda h, w: 3 + 0j,
            "You returned a complex; return a whole number (int).",
        ),
        ("lost_pixels", lambda h, w: None if w > 2 else 0, "You returned None; return a whole nu"),
        ("accuracy", lambda s, n: 10**400, "Yours:    1000"),
        ("accuracy", lambda s, n: np.array(1.0), "You returned a NumPy array; return a number."),
        ("accuracy", lambda s, n: "1", "You returned a str; return a number."),
        ("accuracy", lambda s, n: s, "You returned a NumPy array; return a number."),
        ("average_divisors", lambda *s: {2: 2}, "You returned a dict; return a list."),
        ("average_divisors", lambda *s: "22", "You returned a str; return a list."),
        ("average_divisors", lambda *s: [2] * 999_999, "Your list has length 999999; it must be 2"),
        ("average_divisors", lambda *s: [Unspeakable()] * 2, "an Unspeakable that cannot be shown"),
        ("average_divisors", lambda *s: itertools.count(), "You returned a count; return a list."),
        ("receptive_field", deep, "changed its input layers to [[(3, 1)]]. Work on a copy: layers"),
    ],
)
def test_an_answer_of_another_kind_is_told_what_it_is(name, answer, message, say):
    output = say(EXERCISES[name], answer)
    assert message in output
    assert "right, in all" not in output
    assert len(output) < 3000


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("running_max", lambda x, k: right("running_max")(x, k) + np.float16(0)),
        ("running_max", lambda x, k: np.array(right("running_max")(x, k), np.longdouble)),
        ("expected_draw", lambda x: fractions.Fraction(right("expected_draw")(x))),
        ("lost_pixels", functools.partial(right("lost_pixels"))),
        ("lost_pixels", staticmethod(right("lost_pixels"))),
    ],
)
def test_the_right_numbers_of_another_type(name, answer, say):
    assert "right, in all" in say(EXERCISES[name], answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("output_size", lambda *sizes: np.int64(right("output_size")(*sizes))),
        ("average_divisors", lambda *sizes: np.array(right("average_divisors")(*sizes))),
        ("average_divisors", lambda *sizes: tuple(right("average_divisors")(*sizes))),
        ("adaptive_windows", lambda *sizes: [list(w) for w in right("adaptive_windows")(*sizes)]),
        ("avg_pool", lambda x: right("avg_pool")(x).astype(np.float32)),
        ("avg_pool", lambda x, more=1: np.asfortranarray(right("avg_pool")(x))),
        ("accuracy", lambda scores, labels: float(right("accuracy")(scores, labels))),
    ],
)
def test_other_forms_of_a_right_answer_are_right(name, answer, say):
    assert f"{name}: right" in say(EXERCISES[name], answer)


def test_an_exception_is_shown_as_the_learners_with_its_case_and_line(say, tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text(
        "import numpy as np\n\n\ndef pool(x):\n"
        "    if x.shape[0] > 2:\n        return np.zeros(3).reshape(2, 2)\n"
        "    return helper(x)\n\n\n"
        "def helper(x):\n    return x.min(keepdims=True)\n"
    )
    namespace = {}
    exec(compile(cell.read_text(), cell, "exec"), namespace)
    output = say(ex.min_pool, namespace["pool"])
    assert output.startswith("min_pool: case 2 of 6 is wrong. Your function stopped.\n")
    given, expected, yours = blocks(output)
    assert numbers_in(given)[:4] == [1, 3, 2, 4]
    assert numbers_in(expected) == [1, 1, 0, 1]
    assert yours.split("\n")[0].strip() == (
        "ValueError: cannot reshape array of size 3 into shape (2,2)"
    )
    assert yours.split("\n")[1].strip() == "in your line 6: return np.zeros(3).reshape(2, 2)"


@pytest.mark.parametrize(
    ("last_line", "shown_line"),
    [
        ("    return helper(x)", "in your line 4: return x[9]"),
        ("    return np.linalg.inv(x[None, :, 0])", "in your line 8: return np.linalg.inv("),
    ],
)
def test_the_line_is_the_last_one_of_the_learner(last_line, shown_line, say, tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text(
        f"import numpy as np\n\ndef helper(x):\n    return x[9]\n\ndef pool(x):\n\n{last_line}\n"
    )
    namespace = {}
    exec(compile(cell.read_text(), cell, "exec"), namespace)
    assert shown_line in say(ex.min_pool, namespace["pool"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x[9, 9]", "IndexError: index 9 is out of bounds"),
        ("return nothing", "NameError: name 'nothing' is not defined"),
        ("return min_pool(x)", "RecursionError: maximum recursion depth exceeded"),
        ("raise Odd", "Odd: <exception str() failed>"),
        ("assert False", "AssertionError"),
    ],
)
def test_any_exception_is_told_in_words(body, message, say):
    namespace = {"np": np}
    exec(
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n"
        f"def min_pool(x):\n    {body}",
        namespace,
    )
    output = say(ex.min_pool, namespace["min_pool"])
    assert "case 1 of 6 is wrong. Your function stopped." in output
    assert message in output
    assert "in your line 5" in output


def test_a_function_without_python_code_may_stop_too(say):
    output = say(ex.conv_parameters, divmod)
    assert "cannot be called as conv_parameters(in_channels, out_channels" in output
    output = say(ex.min_pool, max)
    assert "ValueError: The truth value" in output
    assert "in your line" not in output


def test_interrupt_is_let_through(shown):
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ex.min_pool.check(endless)


def test_what_the_learner_prints_is_let_through(say):
    def talks(x):
        print("I see", x.shape)
        return right("min_pool")(x)

    output = say(ex.min_pool, talks)
    assert output.count("I see") == len(ex.min_pool.cases)
    assert "min_pool: right" in output


@pytest.mark.parametrize("name", EXERCISES)
def test_checking_twice_changes_nothing(name, say):
    exercise = EXERCISES[name]
    before = copy.deepcopy(exercise.cases)

    def meddles(*arguments):
        for value in arguments:
            if isinstance(value, np.ndarray):
                value[...] = 1
            if isinstance(value, list):
                value.clear()
        return right(name)(*arguments)

    first = say(exercise, meddles)
    assert first == say(exercise, meddles)
    assert "right, in all" in say(exercise, right(name))
    for case, earlier in zip(exercise.cases, before, strict=True):
        for value, same in zip(case.values(), earlier.values(), strict=True):
            assert np.array_equal(value, same)
            assert np.asarray(value).dtype == np.asarray(same).dtype


def test_the_function_checked_is_the_one_given(say, monkeypatch):
    monkeypatch.setitem(globals(), "min_pool", right("min_pool"))
    assert "is wrong" in say(ex.min_pool, right("avg_pool"))


@pytest.mark.parametrize("name", EXERCISES)
def test_check_calls_the_answer_once_a_case_and_draws_at_most_once(name, shown):
    """So what a check adds to the learner's own time is little, and less than a second."""
    exercise = EXERCISES[name]
    for answer in (right(name), wrong_answer(name, next(iter(MISTAKES[name])))):
        calls = []

        @functools.wraps(answer)
        def counted(*args, answer=answer, calls=calls):
            calls.append(args)
            return answer(*args)

        tries = check_in_a_second(exercise, counted)
        assert 1 <= len(calls) <= tries * len(exercise.cases)
        assert len(shown) <= tries


def test_padding_is_drawn_as_minus_infinity(say, shown):
    exercise = ex.max_pool_padded
    say(exercise, wrong_answer(exercise.name, "zero for −inf padding"))
    x = shown[0].axes[0]
    # Case 4: 2×2 cells with one cell of padding around them, and the first window in the corner.
    assert sum(t.get_text() == "−∞" for t in x.texts) == 12
    assert sum(p.get_hatch() is not None for p in x.patches) == 12
    assert outlines(x) == [(0, 0, 2, 2)]
    (outline,) = [p for p in x.patches if not p.get_fill()]
    assert outline.get_edgecolor() == plt.matplotlib.colors.to_rgba(draw.WINDOW)


def test_hints_come_one_by_one_and_end(capsys):
    exercise = copy.copy(ex.max_pool)
    exercise._hints_given = 0
    for number, hint in enumerate(exercise.hints, start=1):
        exercise.hint()
        assert capsys.readouterr().out == f"Hint {number} of {len(exercise.hints)}: {hint}\n"
    for _ in range(2):
        exercise.hint()
        assert capsys.readouterr().out == (
            "There are no more hints. ex.max_pool.solution() shows a solution.\n"
        )


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_is_printed_as_it_is_run(name, capsys):
    EXERCISES[name].solution()
    printed = capsys.readouterr().out
    assert printed.startswith(f"def {name}(")
    assert '"""' not in printed
    for case in EXERCISES[name].cases:
        yours, wrong = verdict(written(printed, name), case, ORACLES[name](*values_of(case)))
        assert not wrong, yours


@pytest.mark.parametrize("name", EXERCISES)
def test_the_statement_shows_a_worked_pair_and_where_help_is(name):
    exercise = EXERCISES[name]
    call = f"{name}({', '.join(exercise.cases[0])})"
    plain, markdown = repr(exercise), exercise._repr_markdown_()
    assert plain.startswith(f"Exercise {call}: {exercise.prompt}\n\n")
    assert markdown.startswith(f"**Exercise** `{call}`\n\n{exercise.prompt}\n\nFor example:\n\n")
    for statement in (plain, markdown):
        assert statement.endswith(f"Stuck? `ex.{name}.hint()` helps, and each time a little more.")
    # The pair is Python that can be copied: run it.
    (example,) = re.findall("```python\n(.*)\n```", markdown, re.S)
    assert example in plain
    *_, shown_call, shown_result = example.split("\n")
    case = exercise.cases[exercise.example]
    functions = {argument: value for argument, value in case.items() if callable(value)}
    assert all(f"# {f}(x) is {value.__doc__}" in example for f, value in functions.items())
    result = eval(shown_call, {"np": np, name: right(name), **functions})
    assert shown_result.startswith("# returns ")
    shown = eval(shown_result.removeprefix("# returns "), {"np": np})
    np.testing.assert_allclose(shown, result, rtol=1e-5)
    np.testing.assert_allclose(shown, ORACLES[name](*values_of(case)), rtol=1e-5)
    assert np.asarray(shown).dtype.kind == np.asarray(result).dtype.kind


@pytest.mark.parametrize("name", EXERCISES)
def test_the_statement_says_what_to_return_and_names_every_argument(name):
    exercise = EXERCISES[name]
    for argument in exercise.cases[0]:
        assert re.search(rf"`{argument}`|\b{argument}\b", exercise.prompt), argument
    result = right(name)(*values_of(exercise.cases[exercise.example]))
    kind = {
        np.ndarray: "(array of (two |`size` )?(floats|booleans)|map of zeros|1-D array)",
        list: "list of",
        int: "whole number",
    }.get(type(result), "one float")
    assert re.search(kind, exercise.prompt, re.I), kind
    assert "Return" in exercise.prompt


@pytest.mark.parametrize("path", find(), ids=lambda p: p.stem)
def test_solutions_run_with_what_their_lesson_imports(path, capsys):
    imports, *cells = [
        c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"
    ]
    for name in re.findall(r"ex\.(\w+)\.check\(", "\n".join(cells)):
        namespace = {}
        exec(imports, namespace)
        exercise = getattr(ex, name)
        exec(exercise.solution_source, namespace)
        exercise.check(namespace[name])
        assert f"{name}: right, in all" in capsys.readouterr().out
