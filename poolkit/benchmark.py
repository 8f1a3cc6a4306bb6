"""Speed, side by side: poolkit against torch, scikit-image, sliding windows and a plain loop.

    python -m poolkit.benchmark      one table, in a minute or two

Times depend on the machine and on what else runs there; ratios much less. So all that is compared
runs by turns, in one process, and only medians are shown. Nothing is timed before its result was
seen to equal poolkit's. The unit "copies" is the time that copying the input takes: an operation
that reads every pixel can hardly cost less. "torch" and the ratio are for numbers in the same order
as poolkit's, map by map; "channels last" is torch with the numbers of one pixel side by side.
"""

import argparse
import math
import random
import statistics
import time
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from poolkit import functional, gradients
from poolkit.checks import whole_number

try:
    from skimage.measure import block_reduce
except ModuleNotFoundError:  # only the tests install it
    block_reduce = None

POOLKIT, TORCH, ONE_THREAD = "poolkit", "torch", "torch, 1 thread"
LAST, BLOCKS, SLIDING = "channels last", "scikit-image", "sliding window"
LOOP, COPY = "loop", "copy"

_FEWEST_ROUNDS = 7
_COLUMNS = (POOLKIT, TORCH, LAST, BLOCKS, SLIDING, LOOP)
# Batch, channels, height, width; kernel size, stride: after AlexNet, VGG, GoogLeNet and SPP.
_POOLINGS = (
    ((32, 64, 56, 56), 2, 2),
    ((8, 64, 112, 112), 3, 2),
    ((8, 64, 56, 56), 3, 1),
    ((8, 64, 56, 56), 13, 1),
    ((4, 64, 56, 56), 31, 1),
    ((1, 64, 112, 112), 31, 1),
)
_WITH_INDICES = (
    "max_pool2d, indices",
    "max_pool2d, forward and backward",
    "max_pool2d, backward, indices kept",
    "max_unpool2d",
)
# The rows of the table: operation, shape, and its arguments.
SETTINGS = (
    *(("max_pool2d", *pooling) for pooling in _POOLINGS),
    *(("avg_pool2d", *pooling) for pooling in _POOLINGS),
    ("max_pool2d", (32, 64, 56, 56), 2, 2, 1),
    ("max_pool2d", (8, 64, 112, 112), 3, 2, 1),
    ("avg_pool2d", (8, 64, 56, 56), 3, 1, 1),
    ("max_pool2d", (8, 64, 56, 56), 13, 1, 6),
    ("max_pool2d", (4, 64, 56, 56), 31, 1, 15),
    ("max_pool2d", (1, 3, 8, 8), 2, 2),
    *((operation, *pooling) for pooling in _POOLINGS[:4] for operation in _WITH_INDICES),
    ("avg_pool2d, backward", *_POOLINGS[0]),
    ("avg_pool2d, backward", *_POOLINGS[2]),
    # Bins of 9 and of 10 pixels, and the global average of ResNet.
    ("adaptive_avg_pool2d", (8, 64, 60, 60), 7),
    ("adaptive_avg_pool2d", (32, 512, 7, 7), 1),
    ("conv_transpose2d, to 32 channels", (8, 64, 28, 28), 4, 2, 1),
)


class Comparison(NamedTuple):
    """One row of the table: functions without arguments that compute the same.

    `contenders`: from name to function; "copy" copies the input instead, and "loop" pools the first
    map only.
    """

    operation: str
    shape: tuple[int, ...]
    kernel: str
    contenders: dict[str, Callable[[], np.ndarray]]


def measure(
    contenders: dict[Hashable, Callable[[], object]], rounds: int = 7
) -> dict[Hashable, float]:
    """Return the median time of each function, in seconds.

    They run by turns, once each in every round, after one round that does not count, and in another
    order each time: what ran before decides what the cache holds. One whose name is "torch, 1
    thread" may use one thread of torch, the others as many as torch likes.

    Raises: TypeError or ValueError if `rounds` is not a whole number of at least 1.
    Introduced in lesson 05.

    >>> sorted(measure({"sum": lambda: sum(range(9)), "max": lambda: max(range(9))}, rounds=3))
    ['max', 'sum']
    """
    rounds = whole_number("rounds", rounds, minimum=1)
    threads = torch.get_num_threads()
    seconds = {name: [] for name in contenders}
    order, shuffle = list(contenders), random.Random(0).shuffle
    try:
        for _ in range(rounds + 1):
            shuffle(order)
            for name in order:
                torch.set_num_threads(1 if name == ONE_THREAD else threads)
                began = time.perf_counter()
                contenders[name]()
                seconds[name].append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(threads)
    return {name: statistics.median(found[1:]) for name, found in seconds.items()}


def table(rows: Iterable[Comparison], rounds: int = _FEWEST_ROUNDS) -> str:
    """Measure the rows and return the table as text.

    Raises: AssertionError if two contenders of a row differ.
    """
    heads = ("operation", "shape", "kernel", *(f"{name} ms" for name in _COLUMNS))
    lines = [(*heads, "torch / poolkit", "copies"), *(_line(row, rounds) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    form = "  ".join(f"{{:{'<' if i < 3 else '>'}{width}}}" for i, width in enumerate(widths))
    return "\n".join(form.format(*line).rstrip() for line in lines)


def _line(row: Comparison, rounds: int) -> tuple[str, ...]:
    check_agreement(row)
    seconds = measure(row.contenders, rounds)
    # The best that torch can do here; for small work, starting threads costs more than it saves.
    seconds[TORCH] = min(seconds[TORCH], seconds.pop(ONE_THREAD))
    if LOOP in seconds:
        seconds[LOOP] *= math.prod(row.shape[:-2])
    return (
        row.operation,
        "×".join(map(str, row.shape)),
        row.kernel,
        *(_milliseconds(seconds.get(name)) for name in _COLUMNS),
        f"{seconds[TORCH] / seconds[POOLKIT]:.2f}",
        f"{seconds[POOLKIT] / seconds[COPY]:.1f}",
    )


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def check_agreement(row: Comparison) -> None:
    """Raise AssertionError if the contenders of a row do not compute the same."""
    expected = row.contenders[POOLKIT]()
    for name, run in row.contenders.items():
        if name not in (POOLKIT, COPY, LOOP):
            message = f"{name} and poolkit differ: {row.operation}, {row.kernel}"
            np.testing.assert_allclose(run(), expected, rtol=1e-4, atol=1e-5, err_msg=message)


def comparison(operation: str, shape: tuple[int, ...], *args: int) -> Comparison:
    """Return one row of the table, on random numbers of this shape."""
    x = _random(shape)
    mine, theirs = _both(operation, x, *args)
    contenders = {POOLKIT: mine, TORCH: theirs, ONE_THREAD: theirs, COPY: x.copy}
    if operation in ("max_pool2d", "avg_pool2d"):
        contenders |= _others(operation, x, *args)
    size, *rest = args
    parts = [f"{name} {value}" for name, value in zip(("stride", "padding"), rest, strict=False)]
    kernel = ", ".join([f"{size}×{size}", *parts]) if rest else f"to {size}×{size}"
    return Comparison(operation, shape, kernel, contenders)


def _random(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _both(operation: str, x: np.ndarray, *args: int) -> tuple[Callable, Callable]:
    """Return poolkit's and torch's way to compute an operation, as functions without arguments."""
    name, _, variant = operation.partition(", ")
    mine, theirs = getattr(functional, name), getattr(F, name)
    arrays, options = [x], {}
    if name == "conv_transpose2d":
        size, *args = args
        arrays.append(_random((x.shape[1], 32, size, size)) / x.shape[1])
        args = (None, *args)  # no bias
    if name == "max_unpool2d":
        arrays = functional.max_pool2d(x, *args, return_indices=True)
        options["output_size"] = x.shape[-2:]
    tensors = [torch.from_numpy(array) for array in arrays]
    if variant == "indices":
        return (
            lambda: mine(x, *args, return_indices=True)[1],
            lambda: theirs(*tensors, *args, return_indices=True)[1],
        )
    if "backward" not in variant:
        return (
            lambda: mine(*arrays, *args, **options),
            lambda: theirs(*tensors, *args, **options),
        )
    (tensor,) = tensors
    tensor.requires_grad_()
    # torch keeps the indices with the output, so this output can be sent back again and again.
    pooled = theirs(tensor, *args)
    grad = _random(pooled.shape)
    back, torch_grad = getattr(gradients, f"{name}_backward"), torch.from_numpy(grad)
    if variant == "backward, indices kept":
        options["indices"] = mine(x, *args, return_indices=True)[1]

    def sent_back() -> torch.Tensor:
        output = theirs(tensor, *args) if variant == "forward and backward" else pooled
        return torch.autograd.grad(output, tensor, torch_grad, retain_graph=True)[0]

    return lambda: back(grad, x, *args, **options), sent_back


def _others(name: str, x: np.ndarray, k: int, stride: int, padding: int = 0) -> dict[str, Callable]:
    """Return other ways to pool; all but torch's know no padding."""
    reduce, theirs = np.max if name == "max_pool2d" else np.mean, getattr(F, name)
    # The same numbers, those of one pixel side by side in memory.
    reordered = torch.from_numpy(x).contiguous(memory_format=torch.channels_last)
    found = {LAST: lambda: theirs(reordered, k, stride, padding)}
    if not padding:
        windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(-2, -1))
        windows = windows[..., ::stride, ::stride, :, :]
        found[SLIDING] = lambda: reduce(windows, axis=(-2, -1))
        rows, columns = (range(0, size - k + 1, stride) for size in x.shape[-2:])
        found[LOOP] = lambda: np.array(
            [[reduce(x[0, 0, i : i + k, j : j + k]) for j in columns] for i in rows]
        )
        if stride == k and block_reduce:
            found[BLOCKS] = lambda: block_reduce(x, (1, 1, k, k), reduce)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m poolkit.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    text = "runs of each, of which the median is shown (at least %(default)s)"
    parser.add_argument("--rounds", type=int, default=_FEWEST_ROUNDS, help=text)
    rounds = parser.parse_args(arguments).rounds
    if rounds < _FEWEST_ROUNDS:
        parser.error(f"--rounds {rounds} must be at least {_FEWEST_ROUNDS}")
    # One row at a time: all of their arrays together fill gigabytes.
    rows = (comparison(*setting) for setting in tqdm(SETTINGS, desc="benchmark", unit="row"))
    print(table(rows, rounds))
    print(
        f"\nNumPy {np.__version__}, torch {torch.__version__} on {torch.get_num_threads()} or 1 "
        f"threads, the faster; float32; medians of {rounds}. The loop ran on one map; its time is "
        "multiplied."
    )


if __name__ == "__main__":
    main()
