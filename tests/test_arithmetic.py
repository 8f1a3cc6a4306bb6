"""Sizes and bounds against torch, and against windows listed one by one."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from poolkit.arithmetic import (
    Layer,
    adaptive_window,
    average_divisor,
    clipped_window,
    conv_output_size,
    conv_transpose_output_size,
    output_size,
    receptive_field,
    taps,
    unpool_output_size,
    window,
)

POOLINGS = [
    (size, kernel, stride, padding, dilation)
    for size, kernel, stride, padding, dilation in itertools.product(
        range(1, 10), range(1, 6), range(1, 5), range(3), range(1, 4)
    )
    if padding <= kernel // 2
]


def windows_by_listing(size, kernel, stride, padding, dilation, ceil_mode):
    """List the windows as a child would: put one down, step, until the end is reached."""
    start, windows = -padding, []
    while True:
        places = [start + tap * dilation for tap in range(kernel)]
        fits = places[-1] < size + padding
        # ceil_mode: as long as something is left that the window before did not reach.
        wanted = places[-1] - stride < size + padding - 1 and start < size
        if not (fits or (ceil_mode and wanted)):
            return windows
        windows.append(places)
        start += stride


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_output_size_counts_the_windows_one_can_list(ceil_mode):
    for size, *args in POOLINGS:
        count = len(windows_by_listing(size, *args, ceil_mode))
        if count == 0:
            with pytest.raises(ValueError, match=f"does not fit into input_size={size}"):
                output_size(size, *args, ceil_mode=ceil_mode)
        else:
            assert output_size(size, *args, ceil_mode=ceil_mode) == count, (size, args)


def test_output_size_drops_the_window_that_would_start_in_the_padding():
    # Rounding up says 4 windows; the fourth would start at 3 * 2 - 1 = 5, past the last pixel.
    assert output_size(5, kernel_size=2, stride=2, padding=1, ceil_mode=True) == 3
    assert output_size(5, kernel_size=2, stride=2, padding=0, ceil_mode=True) == 3
    assert output_size(5, kernel_size=2, stride=2, padding=0) == 2


def test_the_documented_formula_alone_is_often_wrong():
    wrong = legal = 0
    for size, kernel, stride, padding, dilation in POOLINGS:
        slack = size + 2 * padding - dilation * (kernel - 1) - 1
        documented = -(-slack // stride) + 1
        if documented >= 1:
            legal += 1
            found = output_size(size, kernel, stride, padding, dilation, ceil_mode=True)
            assert found in (documented, documented - 1)
            wrong += found != documented
    assert 0.05 < wrong / legal < 0.3


def test_stride_none_means_kernel_size():
    assert output_size(9, 3) == output_size(9, 3, 3) == 3
    assert window(2, 3) == window(2, 3, 3) == range(6, 9)
    assert clipped_window(2, 8, 3) == range(6, 8)
    assert average_divisor(2, 8, 3) == 2
    assert unpool_output_size(3, 3) == unpool_output_size(3, 3, 3) == 9


def test_defaults_are_the_plain_case():
    assert output_size(7, 3) == output_size(7, 3, 3, 0, 1, ceil_mode=False) == 2
    assert window(1, 3) == window(1, 3, 3, 0, 1) == range(3, 6)
    assert clipped_window(0, 7, 3) == clipped_window(0, 7, 3, 3, 0, 1) == range(3)
    assert average_divisor(0, 7, 3, 3, 1) == 3
    assert unpool_output_size(2, 3) == unpool_output_size(2, 3, 3, 0, None) == 6
    assert conv_output_size(7, 3) == conv_output_size(7, 3, 1, 0, 1) == 5
    assert conv_transpose_output_size(5, 3) == conv_transpose_output_size(5, 3, 1, 0, 0, 1) == 7
    assert Layer(3) == (3, 1, 0, 1)


def test_windows_are_those_one_can_list():
    for size, *args in POOLINGS:
        for i, places in enumerate(windows_by_listing(size, *args, True)):
            assert list(window(i, *args)) == places
            inside = [place for place in places if 0 <= place < size]
            assert list(clipped_window(i, size, *args)) == inside, (i, size, args)


@pytest.mark.parametrize("count_include_pad", [False, True])
def test_average_divisor_is_what_torch_divides_by(count_include_pad):
    for size, kernel, stride, padding, dilation in POOLINGS:
        if dilation > 1 or size + 2 * padding < kernel:
            continue
        args = (kernel, stride, padding)
        ones = torch.ones(1, 1, size, dtype=torch.float64)
        average = F.avg_pool2d(
            ones,
            *((1, kernel), (1, stride), (0, padding)),
            ceil_mode=True,
            count_include_pad=count_include_pad,
        )
        for i, value in enumerate(average.flatten().tolist()):
            divisor = average_divisor(i, size, *args, count_include_pad=count_include_pad)
            pixels = len(clipped_window(i, size, *args))
            assert pixels / divisor == pytest.approx(value, rel=1e-12)


def test_average_divisor_never_counts_the_overhang():
    # Windows from -1, 1 and 3 over the padded pixels -1 ... 4: the third overhangs by 1.
    assert [average_divisor(i, 4, 3, 2, 1) for i in range(3)] == [3, 3, 2]
    assert [average_divisor(i, 4, 3, 2, 1, count_include_pad=False) for i in range(3)] == [2, 3, 1]
    assert average_divisor(3, 4, 3, 2, 1) == 0


def test_adaptive_windows_are_those_torch_reads():
    for size, bins in itertools.product(range(1, 10), range(1, 13)):
        x = torch.eye(size, dtype=torch.float64)[:, None, :]
        weights = F.adaptive_avg_pool2d(x, (1, bins))[:, 0]
        for i in range(bins):
            read = weights[:, i].nonzero().flatten().tolist()
            assert list(adaptive_window(i, size, bins)) == read


def test_adaptive_windows_in_exact_arithmetic():
    # With floats, ceil(3 * (10**17 + 1) / 3) comes out even.
    size = 10**17 + 1
    assert adaptive_window(2, size, 3).stop == size
    assert adaptive_window(0, size, 1) == range(size)


def test_taps_join_what_the_windows_read():
    for size, kernel, stride, padding, dilation in POOLINGS:
        args = (kernel, stride, padding, dilation)
        windows = windows_by_listing(size, *args, True)
        expected = {
            (number, i, place)
            for i, places in enumerate(windows)
            for number, place in enumerate(places)
            if 0 <= place < size
        }
        found = [
            (number, i, place)
            for number, outputs, positions in taps(size, len(windows), *args)
            for i, place in zip(range(99)[outputs], range(99)[positions], strict=True)
        ]
        assert set(found) == expected, (size, args)
        assert len(found) == len(expected)
        # Slices that end where they must index any sequence, not only a long one.
        for _, outputs, positions in taps(size, len(windows), *args):
            assert 0 <= outputs.start < outputs.stop <= len(windows)
            assert 0 <= positions.start < positions.stop <= size


def test_unpooling_goes_back_to_a_size_that_pools_to_this_one():
    for size, kernel, stride, padding, dilation in POOLINGS:
        if dilation > 1:
            continue
        args = (kernel, stride, padding)
        for ceil_mode in (False, True):
            try:
                pooled = output_size(size, *args, ceil_mode=ceil_mode)
            except ValueError:
                continue
            assert unpool_output_size(pooled, *args, output_size=size) == size
            smallest = pooled * stride - stride + kernel - 2 * padding
            for off in (stride, -stride):
                with pytest.raises(ValueError, match="must be"):
                    unpool_output_size(pooled, *args, output_size=smallest + off)
            if smallest > 0:
                assert unpool_output_size(pooled, *args) == smallest
                assert output_size(smallest, *args) == pooled


CONVOLUTIONS = list(itertools.product(range(1, 7), (1, 2, 3, 5), (1, 2, 3), range(4), (1, 2, 3)))


def test_conv_output_size_is_torchs():
    for size, kernel, stride, padding, dilation in CONVOLUTIONS:
        args = (stride, padding, dilation)
        try:
            weight = torch.zeros(1, 1, kernel, kernel)
            expected = F.conv2d(torch.zeros(1, size, size), weight, None, *args).shape[-1]
        except RuntimeError:
            with pytest.raises(ValueError, match="does not fit into"):
                conv_output_size(size, kernel, *args)
        else:
            assert conv_output_size(size, kernel, *args) == expected


def test_conv_transpose_output_size_is_torchs():
    for (size, kernel, stride, padding, dilation), extra in itertools.product(
        CONVOLUTIONS, range(4)
    ):
        x, weight = torch.zeros(1, size, 1), torch.zeros(1, 1, kernel, 1)
        # Width stays out of the way: stride and dilation 4 allow any output_padding.
        args = ((stride, 4), (padding, 0), (extra, 0), 1, (dilation, 4))
        try:
            expected = F.conv_transpose2d(x, weight, None, *args).shape[-2]
        except RuntimeError:
            with pytest.raises(ValueError, match=r"padding=\d"):
                conv_transpose_output_size(size, kernel, stride, padding, extra, dilation)
        else:
            found = conv_transpose_output_size(size, kernel, stride, padding, extra, dilation)
            assert found == expected
            if extra < stride:
                assert conv_output_size(found, kernel, stride, padding, dilation) == size


STACKS = [
    [],
    [(3,)],
    [(3, 1, 1), (2, 2), (3, 1, 1)],
    [(5, 2, 2), (1, 3), (3, 2, 1, 2), (2, 1, 1)],
    [(2, 2), (2, 2), (2, 2), (7, 1, 3)],
    [(3, 1, 0, 4), (4, 3, 2, 2)],
]


@pytest.mark.parametrize("stack", STACKS)
def test_receptive_field_is_where_gradients_come_from(stack):
    length = 200
    x = torch.zeros(1, length, 1, requires_grad=True)
    y = x
    for kernel, stride, padding, dilation in (Layer(*numbers) for numbers in stack):
        weight = torch.ones(1, 1, kernel, 1)
        y = F.conv2d(y, weight, None, (stride, 1), (padding, 0), (dilation, 1))
    size, jump, offset = receptive_field([Layer(*numbers) for numbers in stack])
    assert (size, jump, offset) == receptive_field(stack)
    for i in (0, 1, 5, 7):
        (grad,) = torch.autograd.grad(y[0, i, 0], x, retain_graph=True)
        seen = grad.flatten().nonzero().flatten()
        start = offset + i * jump
        # Dilation may leave holes, but never at the ends.
        if start >= 0:
            assert seen[0] == start
        assert seen[-1] == start + size - 1


def test_receptive_field_of_a_known_net():
    # VGG-16 up to its last pooling: 212 pixels, 32 apart (Araujo et al. 2019).
    two = [Layer(3, padding=1)] * 2 + [Layer(2, stride=2)]
    three = [Layer(3, padding=1)] * 3 + [Layer(2, stride=2)]
    assert receptive_field(two * 2 + three * 3)[:2] == (212, 32)


def test_whole_numbers_stay_exact_and_plain():
    assert output_size(10**30 + 1, 2) == 5 * 10**29
    assert output_size(10**30 + 1, 2, ceil_mode=True) == 5 * 10**29 + 1
    # As unsigned NumPy numbers, -padding would wrap around.
    small = np.uint8
    assert list(window(small(0), small(3), small(2), small(1), small(1))) == [-1, 0, 1]
    found = output_size(small(200), small(3), small(1), small(1), small(1))
    assert (found, type(found)) == (200, int)
    assert conv_output_size(small(200), small(3), small(1), small(100)) == 398
    assert unpool_output_size(small(200), small(2)) == 400
    assert conv_transpose_output_size(small(200), small(2), small(2)) == 400
    assert average_divisor(small(0), small(255), small(3), small(1), small(1)) == 3
    assert adaptive_window(small(254), small(255), small(255)) == range(254, 255)
    assert receptive_field([(small(255), small(2)), (small(255), small(2))]) == (763, 4, 0)


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("arithmetic", ["torch", "scipy", "matplotlib"]),
        ("functional", ["torch", "scipy", "skimage", "matplotlib"]),
        ("gradients", ["torch", "scipy", "skimage", "matplotlib"]),
    ],
)
def test_imports_nothing_heavy(module, foreign):
    code = f"import sys, poolkit.{module}; print([m for m in {foreign} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
