"""Where windows land: sizes, bounds and receptive fields along one axis, in whole numbers.

Everything here is about one axis, height or width; a 2-D operation applies it to each in turn.
Positions count input pixels from 0, so a negative position, or one past the last pixel, lies in
the padding. Window `i` reads the positions

    i * stride - padding + tap * dilation        for tap = 0 ... kernel_size - 1

and every formula below follows from that line. All sizes and positions are in pixels, numbers of
windows count from 0, and `stride=None` means kernel_size. What is not a whole number raises
TypeError, and what is out of range, or does not fit, ValueError.
"""

from collections.abc import Iterable
from typing import NamedTuple

from poolkit.checks import switch, whole_number


class Tap(NamedTuple):
    """One element of a kernel: the windows that find a pixel under it, and the pixel of each."""

    number: int
    windows: slice
    positions: slice


class Layer(NamedTuple):
    """The window of one layer."""

    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """The pixels from the first tap of the kernel to its last, both included."""
        return self.dilation * (self.kernel_size - 1) + 1


class ReceptiveField(NamedTuple):
    """What one output of a stack of layers sees, in pixels of the stack's input.

    `size`: the span of pixels it sees. `jump`: how far apart two neighbouring outputs see
    (the effective stride). `offset`: where the first output starts to see; below 0 is padding.
    """

    size: int
    jump: int
    offset: int


def output_size(
    input_size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
) -> int:
    """Return how many pooling windows fit along an axis of `input_size` pixels.

    The first window starts at -padding and the last must end by input_size + padding, so with
    span = dilation * (kernel_size - 1) + 1 there are

        (input_size + 2 * padding - span) // stride + 1

    With `ceil_mode` the division rounds up: one more window may hang over the end. It is dropped
    again where it would start past the input, in the padding on the right, for it would pool
    nothing but padding: torch's formula leaves that step out, only the note beside it tells.
    A padding of more than half the kernel is refused, here and in all functions for pooling.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html; without
    ceil_mode also Dumoulin and Visin 2016, arXiv:1603.07285, relationship 15 (of convolutions).
    Introduced in lesson 02.

    >>> output_size(5, kernel_size=2), output_size(5, kernel_size=2, ceil_mode=True)
    (2, 3)
    """
    input_size = whole_number("input_size", input_size, 1)
    layer = _pooling(kernel_size, stride, padding, dilation)
    return _windows_that_fit(input_size, layer, switch("ceil_mode", ceil_mode))


def window(
    i: int, kernel_size: int, stride: int | None = None, padding: int = 0, dilation: int = 1
) -> range:
    """Return the positions that window `i` reads, those in the padding included.

    Introduced in lesson 02.

    >>> list(window(0, kernel_size=3, padding=1)), list(window(1, kernel_size=3, padding=1))
    ([-1, 0, 1], [2, 3, 4])
    """
    layer = _pooling(kernel_size, stride, padding, dilation)
    start = whole_number("i", i, 0) * layer.stride - layer.padding
    return range(start, start + layer.span, layer.dilation)


def clipped_window(
    i: int,
    input_size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
) -> range:
    """Return the positions that window `i` reads inside the input, those in the padding left out.

    Empty where dilation carries every tap of the window past the input.
    """
    input_size = whole_number("input_size", input_size, 1)
    taps_at = window(i, kernel_size, stride, padding, dilation)
    # Taps are a step apart, so this is where the first one at 0 or after lies.
    start = taps_at.start if taps_at.start >= 0 else taps_at.start % taps_at.step
    return range(start, min(taps_at.stop, input_size), taps_at.step)


def average_divisor(
    i: int,
    input_size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    *,
    count_include_pad: bool = True,
) -> int:
    """Return how many positions of window `i` an average counts along this axis.

    The padding asked for counts as pixels of value 0, unless `count_include_pad` is False; the
    overhang that ceil_mode adds never counts. In 2-D the divisor is height's count times width's.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html; the rule for
    the overhang is seen only in aten/src/ATen/native/cpu/AvgPoolKernel.cpp (pool_size).
    """
    if not switch("count_include_pad", count_include_pad):
        return len(clipped_window(i, input_size, kernel_size, stride, padding))
    end_of_padding = whole_number("input_size", input_size, 1) + whole_number("padding", padding, 0)
    counted = window(i, kernel_size, stride, padding)
    return len(range(counted.start, min(counted.stop, end_of_padding)))


def adaptive_window(i: int, input_size: int, output_size: int) -> range:
    """Return the positions of bin `i` when adaptive pooling cuts an axis into `output_size` bins.

    Bin i runs from floor(i * input_size / output_size) up to, not including,
    ceil((i + 1) * input_size / output_size): so every pixel is in a bin, no bin is empty, and
    bins overlap where output_size does not divide input_size.

    Source: aten/src/ATen/native/AdaptivePooling.h of PyTorch (start_index, end_index).
    Introduced in lesson 02.

    >>> [list(adaptive_window(i, input_size=5, output_size=3)) for i in range(3)]
    [[0, 1], [1, 2, 3], [3, 4]]
    """
    input_size = whole_number("input_size", input_size, 1)
    output_size = whole_number("output_size", output_size, 1)
    i = whole_number("i", i, 0)
    if i >= output_size:
        raise ValueError(f"i={i} must be less than output_size={output_size}")
    return range(i * input_size // output_size, -(-(i + 1) * input_size // output_size))


def unpool_output_size(
    input_size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    output_size: int | None = None,
) -> int:
    """Return the size that unpooling restores, from the size that pooling left.

    Pooling rounds down, so `stride` different sizes pool to the same size. The smallest of them is
    the answer, unless `output_size` asks for another, less than one stride away: above it, or,
    as ceil_mode rounds up, below it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """
    input_size = whole_number("input_size", input_size, 1)
    kernel_size, stride, padding, _ = _pooling(kernel_size, stride, padding)
    smallest = (input_size - 1) * stride - 2 * padding + kernel_size
    if output_size is None:
        output_size = smallest
    output_size = whole_number("output_size", output_size, 1)
    if abs(output_size - smallest) >= stride:
        raise ValueError(
            f"output_size={output_size} must be less than stride={stride} away from {smallest}: "
            f"kernel_size={kernel_size} and padding={padding} pool no other size "
            f"to input_size={input_size}"
        )
    return output_size


def conv_output_size(
    input_size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how many outputs a convolution has along an axis of `input_size` pixels.

    As `output_size` without ceil_mode, but the padding may be as wide as you like.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationship 15.
    """
    input_size = whole_number("input_size", input_size, 1)
    return _windows_that_fit(input_size, _checked(kernel_size, stride, padding, dilation))


def conv_transpose_output_size(
    input_size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the size of a transposed convolution's output: an input size of the convolution.

    A convolution rounds down, so several input sizes lead to one output size; `output_padding`
    says how many pixels above the smallest of them, fewer than the stride or than the dilation.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationship 14, with dilation and
    output_padding as https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    input_size = whole_number("input_size", input_size, 1)
    kernel_size, stride, padding, dilation = layer = _checked(
        kernel_size, stride, padding, dilation
    )
    output_padding = whole_number("output_padding", output_padding, 0)
    if output_padding >= stride and output_padding >= dilation:
        raise ValueError(
            f"output_padding={output_padding} must be smaller than stride={stride} "
            f"or than dilation={dilation}"
        )
    size = (input_size - 1) * stride + layer.span - 2 * padding + output_padding
    if size < 1:
        raise ValueError(
            f"padding={padding} cuts everything away: input_size={input_size} with "
            f"kernel_size={kernel_size}, stride={stride} and dilation={dilation} "
            f"would leave {size} pixels"
        )
    return size


def receptive_field(layers: Iterable[Layer]) -> ReceptiveField:
    """Return what one output of a stack of layers sees of the stack's input.

    Read from the input upwards, a layer whose taps are `dilation` apart, on a map whose pixels
    are `jump` input pixels apart, widens the field by (kernel_size - 1) * dilation * jump; its
    padding moves the field's start by padding * jump to the left; its stride multiplies the jump.
    Output i of the stack sees `size` pixels from offset + i * jump on.

    Args: `layers`, from the input on, each a `Layer` or a tuple of its numbers.
    Source: Araujo, Norris and Sim 2019, doi:10.23915/distill.00021: their r_0, S_0 and -P_0, where
    the kernel of a dilated layer counts as dilation * (kernel_size - 1) + 1.
    Introduced in lesson 03.

    >>> receptive_field([Layer(3, padding=1), Layer(2, stride=2), Layer(3, padding=1)])
    ReceptiveField(size=8, jump=2, offset=-3)
    """
    size, jump, offset = 1, 1, 0
    for layer in layers:
        layer = _checked(*layer)
        size += (layer.span - 1) * jump
        offset -= layer.padding * jump
        jump *= layer.stride
    return ReceptiveField(size, jump, offset)


def taps(
    input_size: int, output_size: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> list[Tap]:
    """Return, for each tap of the kernel that meets the input, the windows and pixels it joins.

    This turns the loop over windows inside out: NumPy can then treat all windows at once, with
    one strided slice for each tap. The padding is never stored, only skipped. The arguments are not
    checked: `output_size` comes from one of the functions above. Introduced in lesson 05.

    >>> [(tap.windows, tap.positions) for tap in taps(4, 2, 2, 2, 0, 1)]
    [(slice(0, 2, 1), slice(0, 3, 2)), (slice(0, 2, 1), slice(1, 4, 2))]
    """
    found = []
    for number in range(kernel_size):
        offset = number * dilation - padding
        first = max(0, -(offset // stride))
        last = min(output_size - 1, (input_size - 1 - offset) // stride)
        if first <= last:
            positions = slice(first * stride + offset, last * stride + offset + 1, stride)
            found.append(Tap(number, slice(first, last + 1, 1), positions))
    return found


def _checked(kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Layer:
    return Layer(
        whole_number("kernel_size", kernel_size, 1),
        whole_number("stride", stride, 1),
        whole_number("padding", padding, 0),
        whole_number("dilation", dilation, 1),
    )


def _pooling(kernel_size: int, stride: int | None, padding: int, dilation: int = 1) -> Layer:
    layer = _checked(kernel_size, 1 if stride is None else stride, padding, dilation)
    if 2 * layer.padding > layer.kernel_size:
        raise ValueError(
            f"padding={layer.padding} is more than half of kernel_size={layer.kernel_size}"
        )
    return layer._replace(stride=layer.kernel_size) if stride is None else layer


def _windows_that_fit(input_size: int, layer: Layer, ceil_mode: bool = False) -> int:
    kernel_size, stride, padding, dilation = layer
    slack = input_size + 2 * padding - layer.span
    # -(-a // b) is a / b rounded up, without leaving the whole numbers.
    steps = -(-slack // stride) if ceil_mode else slack // stride
    if ceil_mode and steps * stride >= input_size + padding:
        steps -= 1
    if steps < 0:
        raise ValueError(
            f"kernel_size={kernel_size} with dilation={dilation} spans {layer.span} pixels and "
            f"does not fit into input_size={input_size} with padding={padding} on each side"
        )
    return steps + 1
