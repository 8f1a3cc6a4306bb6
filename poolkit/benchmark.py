"""Speed, side by side: poolkit against torch, scikit-image, sliding windows and a plain loop.

    python -m poolkit.benchmark                    one table, in a minute or two
    python -m poolkit.benchmark --plot cost.png    and a picture of cost against kernel size

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
from collections.abc import Callable, Hashable
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from poolkit import draw, functional, gradients

try:
    from skimage.measure import block_reduce
except ModuleNotFoundError:  # only the tests install it
    block_reduce = None

__all__ = ["Comparison", "check_agreement", "comparisons", "main", "measure", "table"]

POOLKIT, ONE_THREAD, TORCH = "poolkit", "torch, 1 thread", "torch"
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
# What --plot draws: max pooling at stride 1 of this shape, with these kernels.
_PLOTTED_SHAPE, _PLOTTED_KERNELS = (4, 32, 64, 64), (2, 3, 5, 7, 11, 15, 21, 31, 41)


class Comparison(NamedTuple):
    """One line of the table: functions without arguments that compute the same.

    `contenders`: a dict from name to function; those named "copy" and "loop" are not compared with
    the others. `maps`: how many maps there are; the loop runs on one of them, and its time is
    multiplied.
    """

    operation: str
    shape: tuple[int, ...]
    kernel: str
    contenders: dict[str, Callable[[], object]]
    maps: int


def measure(
    contenders: dict[Hashable, Callable[[], object]], rounds: int = 7
) -> dict[Hashable, float]:
    """Return the median time of each function, in seconds.

    They run by turns, once each in every round, after one round that does not count, and in another
    order each time: what ran before decides what the cache holds. One whose name is "torch, 1
    thread" may use one thread of torch, the others as many as torch likes.

    Raises: ValueError for less than one round.
    Introduced in lesson 04.

    >>> sorted(measure({"sum": lambda: sum(range(9)), "max": lambda: max(range(9))}, rounds=3))
    ['max', 'sum']
    """
    if rounds < 1:
        raise ValueError(f"rounds={rounds} must be at least 1")
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


def comparisons() -> list[Comparison]:
    """Return the lines of the table."""
    found = [_pooling("max", *setting) for setting in _POOLINGS]
    found += [_pooling("avg", *setting) for setting in _POOLINGS]
    found += [
        _pooling("max", (32, 64, 56, 56), 2, 2, padding=1),
        _pooling("max", (8, 64, 112, 112), 3, 2, padding=1),
        _pooling("avg", (8, 64, 56, 56), 3, 1, padding=1),
        _pooling("max", (8, 64, 56, 56), 13, 1, padding=6),
        _pooling("max", (4, 64, 56, 56), 31, 1, padding=15),
        _pooling("max", (1, 3, 8, 8), 2, 2),
    ]
    for shape, kernel_size, stride in _POOLINGS[:4]:
        found += _with_indices(shape, kernel_size, stride)
    found.append(_average_backward(*_POOLINGS[0]))
    found.append(_average_backward(*_POOLINGS[2]))
    found.append(_transposed_convolution((8, 64, 28, 28), 32, 4))
    return found


def table(rows: list[Comparison], rounds: int = _FEWEST_ROUNDS) -> str:
    """Measure the rows and return the table as text.

    Raises: AssertionError if two contenders of a row differ.
    """
    heads = ("operation", "shape", "kernel", *(f"{name} ms" for name in _COLUMNS))
    lines = [(*heads, "torch / poolkit", "copies")]
    for row in tqdm(rows, desc="benchmark", unit="row"):
        lines.append(_line(row, rounds))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        "  ".join(
            cell.ljust(width) if number < 3 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join(aligned)


def _line(row: Comparison, rounds: int) -> tuple[str, ...]:
    check_agreement(row)
    seconds = measure(row.contenders, rounds)
    # The best that torch can do here; for small work, starting threads costs more than it saves.
    seconds[TORCH] = min(seconds[TORCH], seconds.pop(ONE_THREAD))
    if LOOP in seconds:
        seconds[LOOP] *= row.maps
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


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _kernel(kernel_size: int, stride: int, padding: int = 0) -> str:
    text = f"{kernel_size}×{kernel_size}, stride {stride}"
    return f"{text}, padding {padding}" if padding else text


def _compared(
    operation: str,
    shape: tuple[int, ...],
    kernel: str,
    x: np.ndarray,
    mine: Callable[[], object],
    theirs: Callable[[], object],
    others: dict[str, Callable[[], object]] | None = None,
) -> Comparison:
    contenders = {POOLKIT: mine, TORCH: theirs, ONE_THREAD: theirs, COPY: x.copy, **(others or {})}
    return Comparison(operation, shape, kernel, contenders, math.prod(shape[:-2]))


def _pooling(
    mode: str, shape: tuple[int, ...], kernel_size: int, stride: int, padding: int = 0
) -> Comparison:
    x = _random(*shape)
    tensor = torch.from_numpy(x)
    args = (kernel_size, stride, padding)
    name = f"{mode}_pool2d"
    mine, theirs = getattr(functional, name), getattr(F, name)
    reduce = np.max if mode == "max" else np.mean
    # The same function of torch on the same numbers, those of one pixel side by side in memory.
    reordered = tensor.contiguous(memory_format=torch.channels_last)
    others = {LAST: lambda: theirs(reordered, *args).numpy()}
    if not padding:
        windows = np.lib.stride_tricks.sliding_window_view(
            x, (kernel_size, kernel_size), axis=(-2, -1)
        )[..., ::stride, ::stride, :, :]
        others[SLIDING] = lambda: reduce(windows, axis=(-2, -1))
        others[LOOP] = lambda: _loop(reduce, x[0, 0], kernel_size, stride)
        if stride == kernel_size and block_reduce:
            others[BLOCKS] = lambda: block_reduce(x, (1, 1, kernel_size, kernel_size), reduce)
    return _compared(
        name,
        shape,
        _kernel(*args),
        x,
        lambda: mine(x, *args),
        lambda: theirs(tensor, *args).numpy(),
        others,
    )


def _loop(reduce: Callable, x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Pool one map, window by window."""
    height, width = ((size - kernel_size) // stride + 1 for size in x.shape)
    out = np.empty((height, width), x.dtype)
    for i in range(height):
        for j in range(width):
            row, column = i * stride, j * stride
            out[i, j] = reduce(x[row : row + kernel_size, column : column + kernel_size])
    return out


def _with_indices(shape: tuple[int, ...], kernel_size: int, stride: int) -> list[Comparison]:
    """Return max pooling with indices, its backward pass, and unpooling."""
    x = _random(*shape)
    tensor = torch.from_numpy(x).requires_grad_()
    args = (kernel_size, stride)
    values, indices = functional.max_pool2d(x, *args, return_indices=True)
    grad = _random(*values.shape)
    # torch keeps the indices with the output, so this output can be sent back again and again.
    pooled, kept = F.max_pool2d(tensor, *args), torch.from_numpy(indices)
    plain, torch_values, torch_grad = (
        tensor.detach(),
        torch.from_numpy(values),
        torch.from_numpy(grad),
    )

    def backward(output: torch.Tensor) -> np.ndarray:
        return torch.autograd.grad(output, tensor, torch_grad, retain_graph=True)[0].numpy()

    def unpool() -> np.ndarray:
        return F.max_unpool2d(torch_values, kept, *args, output_size=shape[-2:]).numpy()

    return [
        _compared(operation, shape, _kernel(*args), x, mine, theirs)
        for operation, mine, theirs in (
            (
                "max_pool2d, indices",
                lambda: functional.max_pool2d(x, *args, return_indices=True)[1],
                lambda: F.max_pool2d(plain, *args, return_indices=True)[1].numpy(),
            ),
            (
                "max_pool2d, forward and backward",
                lambda: gradients.max_pool2d_backward(grad, x, *args),
                lambda: backward(F.max_pool2d(tensor, *args)),
            ),
            (
                "max_pool2d, backward, indices kept",
                lambda: gradients.max_pool2d_backward(grad, x, *args, indices=indices),
                lambda: backward(pooled),
            ),
            (
                "max_unpool2d",
                lambda: functional.max_unpool2d(values, indices, *args, output_size=shape[-2:]),
                unpool,
            ),
        )
    ]


def _average_backward(shape: tuple[int, ...], kernel_size: int, stride: int) -> Comparison:
    x = _random(*shape)
    tensor = torch.from_numpy(x).requires_grad_()
    pooled = F.avg_pool2d(tensor, kernel_size, stride)
    grad = _random(*pooled.shape)
    torch_grad = torch.from_numpy(grad)
    return _compared(
        "avg_pool2d, backward",
        shape,
        _kernel(kernel_size, stride),
        x,
        lambda: gradients.avg_pool2d_backward(grad, x, kernel_size, stride),
        lambda: torch.autograd.grad(pooled, tensor, torch_grad, retain_graph=True)[0].numpy(),
    )


def _transposed_convolution(shape: tuple[int, ...], channels: int, kernel_size: int) -> Comparison:
    x = _random(*shape)
    weight = _random(shape[1], channels, kernel_size, kernel_size) / shape[1]
    tensor, torch_weight = torch.from_numpy(x), torch.from_numpy(weight)
    args = (None, 2, 1)
    return _compared(
        f"conv_transpose2d, to {channels} channels",
        shape,
        _kernel(kernel_size, 2, 1),
        x,
        lambda: functional.conv_transpose2d(x, weight, *args),
        lambda: F.conv_transpose2d(tensor, torch_weight, *args).numpy(),
    )


def _plot(file: str, rounds: int) -> None:
    """Draw the cost of max pooling at stride 1 against the kernel size."""
    copies = {POOLKIT: [], TORCH: [], LAST: [], SLIDING: []}
    for kernel_size in tqdm(_PLOTTED_KERNELS, desc="plot", unit="kernel"):
        row = _pooling("max", _PLOTTED_SHAPE, kernel_size, 1)
        seconds = measure({name: row.contenders[name] for name in (*copies, COPY)}, rounds)
        for name, found in copies.items():
            found.append(seconds[name] / seconds[COPY])
    figure = draw.costs(
        _PLOTTED_KERNELS, copies, xlabel="kernel size", ylabel="copies of the input"
    )
    figure.savefig(file)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m poolkit.benchmark", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--plot", metavar="FILE", help="also draw cost against kernel size")
    parser.add_argument(
        "--rounds",
        type=int,
        default=_FEWEST_ROUNDS,
        help=f"runs of each, of which the median is shown (at least {_FEWEST_ROUNDS})",
    )
    options = parser.parse_args(arguments)
    if options.rounds < _FEWEST_ROUNDS:
        parser.error(f"--rounds {options.rounds} must be at least {_FEWEST_ROUNDS}")
    print(table(comparisons(), options.rounds))
    print(
        f"\nNumPy {np.__version__}, torch {torch.__version__} on {torch.get_num_threads()} or 1 "
        f"threads, the faster; float32; medians of {options.rounds}. The loop ran on one map; its "
        "time is multiplied."
    )
    if options.plot:
        _plot(options.plot, options.rounds)


if __name__ == "__main__":
    main()
