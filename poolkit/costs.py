"""What a net costs, layer by layer, and which windows it uses, counted without computing it."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from poolkit.metrics import evaluating

Tensors = list[torch.Tensor]


class LayerCost(NamedTuple):
    """What one layer costs: how many numbers it trains, multiplications it does, and results.

    `name`: where the layer is in the net, as in net.named_modules(). `kind`: the name of its class.
    `output_shape`: of its (first) output; after several uses, that of the last. `activations`: the
    numbers in its output; 0 if they lie in the memory of its input.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activations: int
    activation_bytes: int


def _in_all(amount: str) -> property:
    return property(lambda cost: sum(getattr(layer, amount) for layer in cost.layers))


class Cost(NamedTuple):
    """What a net costs for an input: layer by layer, in the order of their first use, and in all.

    The parameters in all include those outside of the layers that were used.
    """

    layers: tuple[LayerCost, ...]
    parameters: int
    multiply_adds = _in_all("multiply_adds")
    activations = _in_all("activations")
    activation_bytes = _in_all("activation_bytes")

    def by_side(self, amount: str, sides: Sequence[int]) -> dict[int, int]:
        """Sort an amount by the height of the layers' outputs, and add up for each of `sides`.

        Args: `amount`, the name of a field; `sides`, heights in pixels: a layer counts for the one
        that is nearest to its own, and an output that is not maps has height 1. Introduced in
        lesson 10.
        """
        sums = dict.fromkeys(sides, 0)
        for layer in self.layers:
            height = layer.output_shape[2] if len(layer.output_shape) == 4 else 1
            sums[min(sides, key=lambda side: abs(side - height))] += getattr(layer, amount)
        return sums


def cost(net: nn.Module, input_shape: Sequence[int]) -> Cost:
    """Count what a forward pass in evaluation mode costs, without computing it.

    The net runs on torch's meta device, where tensors have shapes but no numbers. This takes no
    time and no memory worth speaking of, whatever the size of the net, and leaves the net and
    the random generators as they were.

    What is counted:

    - A layer is a module without children, or one that multiplies by itself, as attention does.
      Other operations that a module with children calls, such as a sum of two branches, torch.cat
      or F.relu, are not seen.
    - A multiply-add is a multiplication whose result is added to others: in convolutions
      (also with the zeros of the padding), transposed convolutions and products of matrices, those
      of attention included. A module may count its own, with a method `multiply_adds(input,
      output)`. Biases, pooling, normalisation and activation functions count as 0.
    - The activations are the outputs of the layers, which training keeps, or something of their
      size, until the gradient has come back. An output in the memory of an input (in-place
      ReLU, Flatten, Identity) adds none. The indices of max pooling are counted where they are an
      output, with return_indices=True.

    Args: `net`, a module that takes one tensor; `input_shape`, the shape of it, with the batch.
    Raises: TypeError if a layer has a matrix of weights and multiplies in no way that is counted.
    Source: torch.utils.flop_counter, which counts a multiply-add as two operations.
    Introduced in lesson 08.

    >>> counted = cost(nn.Sequential(nn.Conv2d(1, 6, 5), nn.MaxPool2d(2)), (1, 1, 28, 28))
    >>> counted.parameters, counted.multiply_adds, counted.activations
    (156, 86400, 4320)
    """
    layers: dict[str, LayerCost] = {}
    # For each module that was entered and not left: the products counted before it, and those of
    # its children so far.
    entered: list[list[int]] = []
    counter = FlopCounterMode(display=False)

    def enter(name: str, *_: Any) -> None:
        entered.append([counter.get_total_flops() // 2, 0])

    def leave(name: str, module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
        before, of_children = entered.pop()
        in_all = counter.get_total_flops() // 2 - before
        if entered:
            entered[-1][1] += in_all
        adds, inputs = in_all - of_children, tensors((args, kwargs))
        if not any(module.children()) or adds:
            row = _layer_cost(name, module, inputs, tensors(output), adds)
            layers[name] = _sum(layers[name], row) if name in layers else row

    with _watched(net, enter, leave), counter:
        run_without_numbers(net, input_shape)
    rows = tuple(_without_others(row, net, layers) for row in layers.values())
    return Cost(rows, sum(p.numel() for p in net.parameters()))


class WindowOperation(NamedTuple):
    """One convolution or pooling that a net computed; sizes are pairs (height, width).

    `name`: the module that computed it, as in net.named_modules(). `kind`: the name of the function
    in torch.nn.functional. Adaptive pooling has None for the four sizes.
    """

    name: str
    kind: str
    kernel_size: tuple[int, int] | None
    stride: tuple[int, int] | None
    padding: tuple[int, int] | None
    dilation: tuple[int, int] | None
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


def window_operations(net: nn.Module, input_shape: Sequence[int]) -> tuple[WindowOperation, ...]:
    """List every 2-D convolution and pooling of a forward pass in evaluation mode, in order.

    It watches torch's functions, not the modules. A net that calls `F.adaptive_avg_pool2d` in its
    forward has a pooling that is not among `net.modules()`; here it is listed like the others. A
    mean that is taken in another way, as by `x.mean((2, 3))`, is not seen. As in `cost`, nothing
    is computed.

    Args: `net`, a module that takes one tensor; `input_shape`, the shape of it, with the batch.
    Introduced in lesson 10.

    >>> (pooling,) = window_operations(nn.MaxPool2d(2), (1, 3, 8, 6))
    >>> pooling.kind, pooling.stride, pooling.output_shape
    ('max_pool2d', (2, 2), (1, 3, 4, 3))
    """
    # The module at work is the last one that was entered and not left.
    entered = []

    def leave(*_: Any) -> None:
        entered.pop()

    watch = _WatchWindows(entered)
    with _watched(net, lambda name, *_: entered.append(name), leave), watch:
        run_without_numbers(net, input_shape)
    return tuple(watch.operations)


def poolings_and_strides(net: nn.Module, input_shape: Sequence[int]) -> dict[str, int]:
    """Count a net's poolings, and its convolutions with a stride, by kernel and stride.

    Args: as `window_operations`.
    Returns: a dict from a name such as "max 3x3/2", which has stride 2, to a count. Adaptive
    pooling has the sizes of its maps instead, as in "adaptive avg 7x7->1x1". Introduced in
    lesson 10.

    >>> poolings_and_strides(nn.Sequential(nn.Conv2d(1, 6, 5), nn.MaxPool2d(2)), (1, 1, 28, 28))
    {'max 2x2/2': 1}
    """
    counts = Counter()
    for operation in window_operations(net, input_shape):
        if operation.kind == "conv2d" and operation.stride == (1, 1):
            continue
        if operation.stride is None:
            sizes = f"{_size(operation.input_shape[2:])}->{_size(operation.output_shape[2:])}"
        else:
            height, width = operation.stride
            stride = height if height == width else _size(operation.stride)
            sizes = f"{_size(operation.kernel_size)}/{stride}"
        kind = operation.kind.removesuffix("2d").removesuffix("_pool").replace("_", " ")
        counts[f"{kind} {sizes}"] += 1
    return dict(counts)


class _WatchWindows(TorchFunctionMode):
    def __init__(self, entered):
        super().__init__()
        self.entered, self.operations = entered, []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        output = function(*args, **kwargs)
        kind = getattr(function, "__name__", "").removesuffix("_with_indices")
        if kind in _WINDOWS:
            x, *sizes = _WINDOWS[kind](*args, **kwargs)
            first = output[0] if isinstance(output, tuple) else output
            sizes = [size if size is None else _pair(size) for size in sizes]
            shapes = tuple(x.shape), tuple(first.shape)
            self.operations.append(WindowOperation(self.entered[-1], kind, *sizes, *shapes))
        return output


# From the arguments of each function to its input, kernel size, stride, padding and dilation.
_WINDOWS = {
    "conv2d": lambda input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1: (
        (input, tuple(weight.shape[2:]), stride, padding, dilation)
    ),
    "max_pool2d": lambda input, kernel_size, stride=None, padding=0, dilation=1, *_, **__: (
        (input, kernel_size, stride or kernel_size, padding, dilation)
    ),
    "avg_pool2d": lambda input, kernel_size, stride=None, padding=0, *_, **__: (
        (input, kernel_size, stride or kernel_size, padding, 1)
    ),
    "lp_pool2d": lambda input, norm_type, kernel_size, stride=None, *_, **__: (
        (input, kernel_size, stride or kernel_size, 0, 1)
    ),
    "adaptive_avg_pool2d": lambda input, *_, **__: (input, None, None, None, None),
    "adaptive_max_pool2d": lambda input, *_, **__: (input, None, None, None, None),
}


def _size(height_and_width: Sequence[int]) -> str:
    return "x".join(str(number) for number in height_and_width)


def _pair(size: Any) -> tuple:
    return (size, size) if isinstance(size, int | str) else tuple(size)


@contextlib.contextmanager
def _watched(net: nn.Module, enter: Callable, leave: Callable) -> Iterator[None]:
    """Call both for each module that is called, with its name and what torch gives to hooks."""
    hooks = []
    for name, module in net.named_modules():
        hooks.append(module.register_forward_pre_hook(partial(enter, name)))
        hooks.append(module.register_forward_hook(partial(leave, name), with_kwargs=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def run_without_numbers(net: nn.Module, input_shape: Sequence[int]) -> None:
    """Call a net in evaluation mode on torch's meta device, and leave it as it was."""
    state = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    without_numbers = {name: tensor.detach().to("meta") for name, tensor in state.items()}
    dtype = next((p.dtype for p in net.parameters()), torch.get_default_dtype())
    with evaluating(net), torch.no_grad():
        x = torch.empty(input_shape, dtype=dtype, device="meta")
        torch.func.functional_call(net, without_numbers, (x,))


def _layer_cost(
    name: str, module: nn.Module, inputs: Tensors, outputs: Tensors, adds: int
) -> LayerCost:
    if hasattr(module, "multiply_adds"):
        adds = module.multiply_adds(inputs[0], outputs[0])
    elif not adds and any(p.ndim > 1 for p in module.parameters()):
        raise TypeError(
            f"layer {name!r} is of kind {type(module).__name__}, whose multiply-adds are not "
            "known; give it a method multiply_adds(input, output)"
        )
    # On the meta device all addresses are 0, but the storages are still different objects.
    given = {x.untyped_storage()._cdata for x in inputs}
    kept = [out for out in outputs if out.untyped_storage()._cdata not in given]
    return LayerCost(
        name,
        type(module).__name__,
        tuple(outputs[0].shape),
        sum(p.numel() for p in module.parameters()),
        adds,
        sum(out.numel() for out in kept),
        sum(out.nbytes for out in kept),
    )


def _sum(before: LayerCost, again: LayerCost) -> LayerCost:
    """The cost of a layer that is used once more."""
    return again._replace(
        multiply_adds=before.multiply_adds + again.multiply_adds,
        activations=before.activations + again.activations,
        activation_bytes=before.activation_bytes + again.activation_bytes,
    )


def _without_others(row: LayerCost, net: nn.Module, layers: dict[str, LayerCost]) -> LayerCost:
    """Leave out of a layer's parameters those of other layers inside of it."""
    own = set(net.get_submodule(row.name).parameters())
    for name in layers:
        if name != row.name and name.startswith(f"{row.name}." if row.name else ""):
            own -= set(net.get_submodule(name).parameters())
    return row._replace(parameters=sum(parameter.numel() for parameter in own))


def tensors(value: Any) -> Tensors:
    """Return the tensors in what a module is called with, or returns, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [tensor for part in value for tensor in tensors(part)]
    return []
