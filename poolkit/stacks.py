"""The stacks of layers that the field explorer shows, and the rules for them.

A stack is a list of [kind, kernel_size, stride, padding, dilation], from the input on. field.js
computes and refuses the same in the page.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from poolkit import arithmetic, checks
from poolkit.arithmetic import Layer, ReceptiveField
from poolkit.explorer import one_of

_TORCH = {"conv": "Conv1d", "avg": "AvgPool1d", "max": "MaxPool1d"}
# What can be shown; the widest is the input's, or a map's with its padding, in pixels of the input.
_MOST_INPUTS, _MOST_LAYERS, _LARGEST_KERNEL, _WIDEST = 32, 5, 12, 64


def inputs(value: Any) -> int:
    if checks.whole_number("inputs", value, 1) > _MOST_INPUTS:
        raise ValueError(f"inputs={value} must be at most {_MOST_INPUTS} to be shown")
    return int(value)


def plain(layers: Any) -> list[list[Any]]:
    """Return layers as they travel to the page, with what was left out.

    Raises: TypeError or ValueError for a value that no other layer could make fit.
    """
    if not isinstance(layers, list | tuple) or not all(isinstance(x, list | tuple) for x in layers):
        raise TypeError(f"layers={layers!r} must be a list of tuples, such as ('conv', 3)")
    if not 1 <= len(layers) <= _MOST_LAYERS:
        raise ValueError(f"layers has {len(layers)} layers: 1 to {_MOST_LAYERS} can be shown")
    return [_for_layer(i, _whole_layer, layer) for i, layer in enumerate(layers)]


def _whole_layer(layer: Sequence) -> list[Any]:
    if not 2 <= len(layer) <= 5:
        raise ValueError(f"{layer!r} must be (kind, kernel_size, stride, padding, dilation)")
    kind = one_of("kind", layer[0], _TORCH)
    usual = (None, None, 1 if kind == "conv" else layer[1], 0, 1)
    least = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}
    values = zip(least.items(), (*layer, *usual[len(layer) :])[1:], strict=True)
    found = [kind, *(checks.whole_number(name, value, low) for (name, low), value in values)]
    if found[1] > _LARGEST_KERNEL:
        raise ValueError(f"kernel_size={found[1]} must be at most {_LARGEST_KERNEL} to be shown")
    if kind == "avg" and found[-1] != 1:
        raise ValueError(f"dilation={found[-1]} must be 1: an average pool has no dilation")
    return found


def sizes(layers: list[list[Any]], inputs: int) -> list[int]:
    """Return how many pixels the input and each map have.

    Raises: ValueError for a layer that does not fit, or a picture too wide to be shown.
    """
    found, left, right = [inputs], 0.0, inputs - 1.0
    for i, ((kind, *layer), field) in enumerate(zip(layers, fields(layers), strict=False)):
        count = arithmetic.conv_output_size if kind == "conv" else arithmetic.output_size
        padding = layer[2]
        left = min(left, centre(field) - padding * field.jump)
        right = max(right, centre(field) + (found[-1] - 1 + padding) * field.jump)
        found.append(_for_layer(i, count, found[-1], *layer))
        if right - left + 1 > _WIDEST:
            wide = f"padding={padding} makes the picture {math.ceil(right - left + 1)} pixels wide"
            raise ValueError(f"layers[{i}]: {wide}: at most {_WIDEST} can be shown")
    return found


def _for_layer(i: int, act: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return act(*arguments)
    except (TypeError, ValueError) as error:
        raise type(error)(f"layers[{i}]: {error}") from None


def fields(layers: list[list[Any]]) -> list[ReceptiveField]:
    """Return what the first pixel of the input and of each map sees."""
    stack = [Layer(*layer) for _, *layer in layers]
    return [arithmetic.receptive_field(stack[:i]) for i in range(len(stack) + 1)]


def centre(field: ReceptiveField) -> float:
    """Return where on the input the middle of a field lies."""
    return field.offset + (field.size - 1) / 2


def call(layers: list[list[Any]]) -> str:
    """Return the stack in torch, without the arguments that have their default."""
    calls = []
    for kind, kernel_size, stride, padding, dilation in layers:
        given = {"stride": stride, "padding": padding, "dilation": dilation}
        usual = {"stride": 1 if kind == "conv" else kernel_size, "padding": 0, "dilation": 1}
        words = [f"{name}={value}" for name, value in given.items() if value != usual[name]]
        first = ["1", "1", str(kernel_size)] if kind == "conv" else [str(kernel_size)]
        calls.append(f"nn.{_TORCH[kind]}({', '.join(first + words)})")
    return f"nn.Sequential({', '.join(calls)})"
