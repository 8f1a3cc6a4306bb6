"""Figures that say how good a net is, how steady, and what it costs."""

import contextlib
import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from poolkit.datasets import VOID


def accuracy(predictions, labels):
    """Return the share of predictions that are right, from 0 to 1.

    Args:
        predictions: predicted classes, a tensor of integers of any shape.
        labels: true classes, a tensor of integers of the same shape; where they are VOID, nothing
            counts.

    Raises:
        ValueError: if the shapes differ or there is nothing to compare.

    Introduced in lesson 06.

    >>> accuracy(torch.tensor([1, 0, 2, 2]), torch.tensor([1, 1, 2, 2]))
    0.75
    """
    predictions, labels = _counted(predictions, labels)
    return (predictions == labels).sum().item() / labels.numel()


def confusion_matrix(predictions, labels, classes):
    """Count how often each true class (row) was taken for each class (column).

    Args:
        predictions: predicted classes, a tensor of integers from 0 to classes - 1.
        labels: true classes, a tensor of the same shape and range, or VOID where nothing counts.
        classes: number of classes.

    Shape: (...), (...) -> (classes, classes), integers that add up to the number of labels that
    count.

    Raises:
        ValueError: if the shapes differ, there is nothing to compare, or a class is out of range.

    Introduced in lesson 06.

    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), classes=2)
    tensor([[1, 1],
            [0, 1]])
    """
    predictions, labels = _counted(predictions, labels)
    for name, values in (("predictions", predictions), ("labels", labels)):
        low, high = values.min().item(), values.max().item()
        if low < 0 or high >= classes:
            raise ValueError(
                f"{name} holds classes {low} to {high}; with classes={classes} "
                f"they must lie from 0 to {classes - 1}"
            )
    pairs = labels.long() * classes + predictions
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def mean_iou(predictions, labels, classes):
    """Return the mean over the classes of intersection over union, from 0 to 1.

    The intersection of a class is the pixels that have it and were given it, the union those that
    have it or were given it; both are counted over all images together. A class that is in neither
    has no union, and is left out of the mean.

    Args:
        predictions: predicted classes, a tensor of integers from 0 to classes - 1.
        labels: true classes, a tensor of the same shape and range, or VOID where nothing counts.
        classes: number of classes, the background among them.

    Raises:
        ValueError: if the shapes differ, there is nothing to compare, or a class is out of range.

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.2.1 (the measure of a
    class, from VOC2008 on); Long et al. 2014, arXiv:1411.4038 (their mean). Introduced in
    lesson 11.

    >>> mean_iou(torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1]), classes=3) == (2/3 + 1/2)/2
    True
    """
    counts = confusion_matrix(predictions, labels, classes)
    return _mean_iou(counts.diagonal(), counts.sum(dim=0), counts.sum(dim=1))


def boundary_iou(predictions, labels, classes, distance=None):
    """Return the mean over the classes of the IoU of their edges, from 0 to 1.

    The edge of a class is those of its pixels that have another class, or the outside of the image,
    within so many rows and columns: what erosion with a square takes away. The IoU is that of the
    pixels on the edge of the predicted class with those on the edge of the true class, so large
    areas with the right class inside do not help. Counted as mean_iou.

    Args:
        predictions: predicted classes, a tensor of integers from 0 to classes - 1.
        labels: true classes, a tensor of the same shape and range, or VOID where nothing counts.
        classes: number of classes, the background among them.
        distance: how thick an edge is, in pixels; None is 2 % of the image's diagonal, as the
            authors' program takes for COCO, which is 2 pixels for 64x64.

    Shape: (N, H, W), (N, H, W) -> a float.

    Raises:
        ValueError: as mean_iou, or if distance is not an int of at least 1.

    Source: Cheng et al. 2021, arXiv:2103.16562. Introduced in lesson 11.
    """
    # For its checks.
    confusion_matrix(predictions, labels, classes)
    if labels.ndim != 3:
        raise ValueError(f"labels have shape {tuple(labels.shape)}; it must be (N, H, W)")
    if distance is None:
        distance = max(1, round(0.02 * math.hypot(*labels.shape[1:])))
    if isinstance(distance, bool) or not isinstance(distance, int) or distance < 1:
        raise ValueError(f"distance={distance!r} is not an int of at least 1")
    counts = labels != VOID
    near, truly_near = (_edges(x, distance) & counts for x in (predictions, labels))
    both = near & truly_near & (predictions == labels)
    pixels = (labels[both], predictions[near], labels[truly_near])
    return _mean_iou(*(torch.bincount(x, minlength=classes) for x in pixels))


def translate(images, down, right):
    """Move the content of images by whole pixels; 0 comes in, and what leaves is lost.

    Args:
        images: a tensor of any dtype.
        down: pixels to move down by; negative moves up.
        right: pixels to move right by; negative moves left.

    Shape: (..., H, W) -> (..., H, W).

    Raises:
        ValueError: if a move is as long as the image or longer.

    Introduced in lesson 08.

    >>> translate(torch.tensor([[1, 2, 3], [4, 5, 6]]), 1, -1).tolist()
    [[0, 0, 0], [2, 3, 0]]
    """
    height, width = images.shape[-2:]
    for name, move, side in (("down", down, height), ("right", right, width)):
        if abs(move) >= side:
            raise ValueError(f"{name}={move} moves everything out of a side of {side} pixels")
    moved = torch.zeros_like(images)
    (to_rows, from_rows), (to_columns, from_columns) = _overlap(down), _overlap(right)
    moved[..., to_rows, to_columns] = images[..., from_rows, from_columns]
    return moved


def consistency(net, images, shift, *, batch_size=100):
    """Return how often a classifier gives an image the same class after it was moved, from 0 to 1.

    Each image is moved by `shift` pixels up, down, left and right, and each of the four predictions
    is compared with the one for the image as it is. What moves out of the image is lost: surround
    the images with `shift` pixels of background first if nothing should be. A net that always
    gives the same class scores 1, however bad it is.

    Zhang 2019 compares two random crops of each image instead. Here the distance is chosen, and
    nothing is random.

    Args:
        net: a module that takes floats from 0 to 1 and returns scores, (N, classes).
        images: uint8, (N, C, H, W), with a background of 0.
        shift: pixels to move by, at least 0.
        batch_size: images per forward pass; it changes time and memory, not the result.

    Raises:
        TypeError: if shift is not an int.
        ValueError: if shift is negative or as long as a side, or images are not as above.

    Source: Zhang 2019, arXiv:1904.11486. Introduced in lesson 08.
    """
    if isinstance(shift, bool) or not isinstance(shift, int):
        raise TypeError(f"shift={shift!r} must be an int, not {type(shift).__name__}")
    if images.dtype != torch.uint8 or images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"images are {images.dtype} of shape {tuple(images.shape)}; "
            "they must be uint8 of shape (N, C, H, W), and at least one"
        )
    if not 0 <= shift < min(images.shape[-2:]):
        raise ValueError(
            f"shift={shift} must be from 0 to {min(images.shape[-2:]) - 1}, as the images have "
            f"shape {tuple(images.shape)}"
        )
    device = next((p.device for p in net.parameters()), torch.device("cpu"))

    def classes(batch):
        return net(batch.to(device).float() / 255).argmax(dim=1)

    same = 0
    with _evaluating(net), torch.inference_mode():
        for batch in images.split(batch_size):
            unmoved = classes(batch)
            for down, right in ((-shift, 0), (shift, 0), (0, -shift), (0, shift)):
                same += (classes(translate(batch, down, right)) == unmoved).sum().item()
    return same / (4 * len(images))


class LayerCost(NamedTuple):
    """What one layer costs: how many numbers it trains, multiplications it does, and results."""

    name: str
    """Where the layer is in the net, as in net.named_modules()."""
    kind: str
    """The name of its class."""
    output_shape: tuple[int, ...]
    """The shape of its (first) output; after several uses, that of the last."""
    parameters: int
    multiply_adds: int
    activations: int
    """The numbers in its output; 0 if they lie in the memory of its input."""
    activation_bytes: int


class Cost(NamedTuple):
    """What a net costs for an input: layer by layer, in the order of their first use, and in all.

    The parameters in all include those outside of the layers that were used.
    """

    layers: tuple[LayerCost, ...]
    parameters: int

    @property
    def multiply_adds(self):
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def activations(self):
        return sum(layer.activations for layer in self.layers)

    @property
    def activation_bytes(self):
        return sum(layer.activation_bytes for layer in self.layers)

    def by_side(self, amount, sides):
        """Sort an amount by the height of the layers' outputs.

        Args:
            amount: "parameters", "multiply_adds", "activations" or "activation_bytes".
            sides: heights in pixels; each layer counts for the one that is nearest to its own.
                Outputs that are not maps count as height 1.

        Returns:
            A dict from side to the sum over its layers.

        Introduced in lesson 09.
        """
        sums = dict.fromkeys(sides, 0)
        for layer in self.layers:
            height = layer.output_shape[2] if len(layer.output_shape) == 4 else 1
            sums[min(sides, key=lambda side: abs(side - height))] += getattr(layer, amount)
        return sums


def cost(net, input_shape):
    """Count what a forward pass in evaluation mode costs, without computing it.

    The net runs on torch's meta device, where tensors have shapes but no numbers. This takes no
    time and no memory worth speaking of, whatever the size of the net, and leaves the net and
    the random generators as they were.

    What is counted:

    - A layer is a module without children. Operations that forward calls by itself, such as a sum
      of two branches, torch.cat or F.relu, are not seen.
    - A multiply-add is a multiplication whose result is added to others: in convolutions
      (also with the zeros of the padding), transposed convolutions and linear layers, and
      in modules with a method `multiply_adds(input, output)`. Biases, pooling, normalisation
      and activation functions count as 0.
    - The activations are the outputs of the layers, which training keeps, or something of their
      size, until the gradient has come back. An output in the memory of the input (in-place
      ReLU, Flatten, Identity) adds none. The indices of max pooling are counted where they are an
      output, with return_indices=True.

    Args:
        net: a module that takes one tensor.
        input_shape: the shape of that tensor, with the batch.

    Returns:
        A Cost.

    Raises:
        TypeError: if a layer has a matrix of weights and it is not known what it does with them.

    Introduced in lesson 07.

    >>> counted = cost(nn.Sequential(nn.Conv2d(1, 6, 5), nn.MaxPool2d(2)), (1, 1, 28, 28))
    >>> counted.parameters, counted.multiply_adds, counted.activations
    (156, 86400, 4320)
    """
    layers = {}

    def add(name):
        def hook(module, inputs, output):
            outputs = output if isinstance(output, tuple) else (output,)
            adds = _multiply_adds(name, module, inputs[0], outputs[0])
            kept = [out for out in outputs if not _same_memory(out, inputs[0])]
            before = layers.get(name)
            layers[name] = LayerCost(
                name,
                type(module).__name__,
                tuple(outputs[0].shape),
                sum(p.numel() for p in module.parameters()),
                adds + (before.multiply_adds if before else 0),
                sum(out.numel() for out in kept) + (before.activations if before else 0),
                sum(out.nbytes for out in kept) + (before.activation_bytes if before else 0),
            )

        return hook

    hooks = [
        module.register_forward_hook(add(name))
        for name, module in net.named_modules()
        if not any(module.children())
    ]
    try:
        _run_without_numbers(net, input_shape)
    finally:
        for hook in hooks:
            hook.remove()
    return Cost(tuple(layers.values()), sum(p.numel() for p in net.parameters()))


class WindowOperation(NamedTuple):
    """One convolution or pooling that a net computed; sizes are pairs (height, width)."""

    name: str
    """The module that computed it, as in net.named_modules()."""
    kind: str
    """The name of the function in torch.nn.functional."""
    kernel_size: tuple[int, int] | None
    """None for adaptive pooling, and so are stride, padding and dilation."""
    stride: tuple[int, int] | None
    padding: tuple[int, int] | None
    dilation: tuple[int, int] | None
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


def window_operations(net, input_shape):
    """List every 2-D convolution and pooling of a forward pass in evaluation mode, in order.

    It watches torch's functions, not the modules. A net that calls `F.adaptive_avg_pool2d` in its
    forward has a pooling that is not among `net.modules()`; here it is listed like the others. A
    mean that is taken in another way, as by `x.mean((2, 3))`, is not seen. As in `cost`, nothing
    is computed.

    Args:
        net: a module that takes one tensor.
        input_shape: the shape of that tensor, with the batch.

    Returns:
        A tuple of WindowOperation.

    Introduced in lesson 09.

    >>> (pooling,) = window_operations(nn.MaxPool2d(2), (1, 3, 8, 6))
    >>> pooling.kind, pooling.stride, pooling.output_shape
    ('max_pool2d', (2, 2), (1, 3, 4, 3))
    """
    # The module at work is the last one that was entered and not left.
    entered = []

    def enter(name):
        return lambda module, inputs: entered.append(name)

    def leave(module, inputs, output):
        entered.pop()

    hooks = []
    for name, module in net.named_modules():
        hooks.append(module.register_forward_pre_hook(enter(name)))
        hooks.append(module.register_forward_hook(leave))
    watch = _WatchWindows(entered)
    try:
        with watch:
            _run_without_numbers(net, input_shape)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(watch.operations)


def poolings_and_strides(net, input_shape):
    """Count a net's poolings, and its convolutions with a stride, by kernel and stride.

    Args:
        net: a module that takes one tensor.
        input_shape: the shape of that tensor, with the batch.

    Returns:
        A dict from a name such as "max 3x3/2", which has stride 2, to a count. Adaptive pooling
        has the sizes of its maps instead, as in "adaptive avg 7x7->1x1".

    Introduced in lesson 09.

    >>> poolings_and_strides(nn.Sequential(nn.Conv2d(1, 6, 5), nn.MaxPool2d(2)), (1, 1, 28, 28))
    {'max 2x2/2': 1}
    """
    counts = {}
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
        name = f"{kind} {sizes}"
        counts[name] = counts.get(name, 0) + 1
    return counts


class _WatchWindows(TorchFunctionMode):
    def __init__(self, entered):
        super().__init__()
        self.entered = entered
        self.operations = []

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


def _size(height_and_width):
    return "x".join(str(number) for number in height_and_width)


def _pair(size):
    return (size, size) if isinstance(size, int | str) else tuple(size)


def _run_without_numbers(net, input_shape):
    """Call a net in evaluation mode on torch's meta device, and leave it as it was."""
    state = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    without_numbers = {name: tensor.detach().to("meta") for name, tensor in state.items()}
    dtype = next((p.dtype for p in net.parameters()), torch.get_default_dtype())
    with _evaluating(net), torch.no_grad():
        x = torch.empty(input_shape, dtype=dtype, device="meta")
        torch.func.functional_call(net, without_numbers, (x,))


def _multiply_adds(name, layer, x, out):
    if hasattr(layer, "multiply_adds"):
        return layer.multiply_adds(x, out)
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        # Each number of the input is multiplied with the kernels of all the outputs it goes to.
        return x.numel() * layer.weight[0].numel()
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
        return out.numel() * layer.weight[0].numel()
    if any(p.ndim > 1 for p in layer.parameters()):
        raise TypeError(
            f"layer {name!r} is of kind {type(layer).__name__}, whose multiply-adds are not "
            "known; give it a method multiply_adds(input, output)"
        )
    return 0


def _same_memory(a, b):
    # On the meta device all addresses are 0, but the storages are still different objects.
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata


@contextlib.contextmanager
def _evaluating(net):
    """Put a net into evaluation mode for a while."""
    modes = {module: module.training for module in net.modules()}
    net.eval()
    try:
        yield
    finally:
        # Each module gets its own mode back; net.train() would set them all alike.
        for module, training in modes.items():
            module.training = training


def _overlap(move):
    """Return where the content goes, and where it comes from, along one axis."""
    if move >= 0:
        return slice(move, None), slice(None, -move or None)
    return slice(None, move), slice(-move, None)


def _mean_iou(both, predicted, true):
    """From the pixels of each class in the intersection, and in the two sets."""
    union = predicted + true - both
    present = union > 0
    return (both[present].double() / union[present]).mean().item()


def _edges(classes, distance):
    """Tell which pixels have another class near: the largest or the least near is not theirs."""
    side = 2 * distance + 1
    around = F.pad(classes[:, None].float(), (distance,) * 4, value=VOID)
    largest, least = F.max_pool2d(around, side, 1), -F.max_pool2d(-around, side, 1)
    return (largest != least)[:, 0]


def _counted(predictions, labels):
    """Return the predictions and the labels that count, in a row."""
    if predictions.shape != labels.shape:
        raise ValueError(
            f"predictions have shape {tuple(predictions.shape)} and labels "
            f"{tuple(labels.shape)}; they must be the same. "
            "Scores become predicted classes by scores.argmax(dim=1)"
        )
    counts = labels != VOID
    if not counts.any():
        raise ValueError("labels is empty; there must be at least one that counts")
    return predictions[counts], labels[counts]
