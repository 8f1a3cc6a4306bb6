"""Each bad input with the message it gets: the argument's name, its value, and the rule."""

import numpy as np
import pytest
from oracle import pool, pool_backward, torch_raises

from poolkit import arithmetic

X = np.arange(16.0).reshape(1, 1, 4, 4)
TWO = X[:, :, :2, :2]
INDICES = np.arange(4).reshape(1, 1, 2, 2)
W = np.ones((2, 1, 2, 2))
WT = np.ones((1, 2, 2, 2))

# function, arguments, exception, and pieces of its message
BAD = [
    # kernel_size
    ("max_pool2d", (X, 0), {}, ValueError, ["kernel_size=0", "at least 1"]),
    ("max_pool2d", (X, (2, -3)), {}, ValueError, ["kernel_size=-3", "at least 1"]),
    ("max_pool2d", (X, 2.0), {}, TypeError, ["kernel_size=2.0", "whole number (int)", "float"]),
    ("max_pool2d", (X, "2"), {}, TypeError, ["kernel_size='2'", "whole number", "str"]),
    ("max_pool2d", (X, True), {}, TypeError, ["kernel_size=True", "whole number", "bool"]),
    ("max_pool2d", (X, None), {}, TypeError, ["kernel_size=None", "whole number", "NoneType"]),
    (
        "max_pool2d",
        (X, (2, 2, 2)),
        {},
        ValueError,
        ["kernel_size=(2, 2, 2)", "pair (height, width)"],
    ),
    ("max_pool2d", (X, [2.5, 2]), {}, TypeError, ["kernel_size=2.5", "whole number"]),
    ("max_pool2d", (X, ()), {}, ValueError, ["kernel_size=()", "pair"]),
    ("max_pool2d", (X, np.array([2, 2])), {}, TypeError, ["kernel_size=array([2, 2])", "ndarray"]),
    ("avg_pool2d", (X, 0), {}, ValueError, ["kernel_size=0", "at least 1"]),
    ("avg_pool2d", (X, (2, 1.0)), {}, TypeError, ["kernel_size=1.0", "whole number"]),
    ("lp_pool2d", (X, 2, -1), {}, ValueError, ["kernel_size=-1", "at least 1"]),
    ("lp_pool2d", (X, 2, (2,)), {}, ValueError, ["kernel_size=(2,)", "pair"]),
    (
        "max_pool2d",
        (X, 5),
        {},
        ValueError,
        ["kernel_size=5", "spans 5 pixels", "does not fit into input_size=4", "padding=0"],
    ),
    (
        "max_pool2d",
        (X, 3),
        {"dilation": 2},
        ValueError,
        ["kernel_size=3 with dilation=2 spans 5 pixels", "does not fit into input_size=4"],
    ),
    ("avg_pool2d", (X, (1, 5)), {}, ValueError, ["kernel_size=5", "input_size=4"]),
    ("lp_pool2d", (X, np.inf, 5), {}, ValueError, ["kernel_size=5", "input_size=4"]),
    # stride
    ("max_pool2d", (X, 2, 0), {}, ValueError, ["stride=0", "at least 1"]),
    ("max_pool2d", (X, 2, (1, -1)), {}, ValueError, ["stride=-1", "at least 1"]),
    ("max_pool2d", (X, 2, 1.5), {}, TypeError, ["stride=1.5", "whole number"]),
    ("max_pool2d", (X, 2, (None, 2)), {}, TypeError, ["stride=None", "whole number"]),
    ("avg_pool2d", (X, 2, (1, 2, 3)), {}, ValueError, ["stride=(1, 2, 3)", "pair"]),
    ("avg_pool2d", (X, 2, False), {}, TypeError, ["stride=False", "bool"]),
    ("lp_pool2d", (X, 2, 2, 0), {}, ValueError, ["stride=0", "at least 1"]),
    ("conv2d", (X, W), {"stride": 0}, ValueError, ["stride=0", "at least 1"]),
    ("conv2d", (X, W), {"stride": None}, TypeError, ["stride=None", "whole number"]),
    ("conv_transpose2d", (X, WT), {"stride": (2, 0)}, ValueError, ["stride=0", "at least 1"]),
    # padding
    ("max_pool2d", (X, 3, 1, 2), {}, ValueError, ["padding=2 is more than half of kernel_size=3"]),
    ("avg_pool2d", (X, 1, 1, 1), {}, ValueError, ["padding=1 is more than half of kernel_size=1"]),
    ("avg_pool2d", (X, (4, 2), 1, (2, 2)), {}, ValueError, ["padding=2", "half of kernel_size=2"]),
    (
        "max_pool2d",
        (X, 2, 1, 2, 3),
        {},
        ValueError,
        ["padding=2 is more than half of kernel_size=2"],
    ),
    ("max_pool2d", (X, 2, 1, -1), {}, ValueError, ["padding=-1", "at least 0"]),
    ("max_pool2d", (X, 2, 1, "same"), {}, TypeError, ["padding='same'", "whole number"]),
    ("avg_pool2d", (X, 2, 1, None), {}, TypeError, ["padding=None", "whole number"]),
    ("conv2d", (X, W), {"padding": -1}, ValueError, ["padding=-1", "at least 0"]),
    ("conv2d", (X, W), {"padding": "full"}, TypeError, ["padding='full'", "whole number"]),
    (
        "conv_transpose2d",
        (X, WT),
        {"padding": 3},
        ValueError,
        ["padding=3 cuts everything away", "input_size=4", "kernel_size=2", "leave -1 pixels"],
    ),
    # dilation
    ("max_pool2d", (X, 2, 1, 0, 0), {}, ValueError, ["dilation=0", "at least 1"]),
    ("max_pool2d", (X, 2, 1, 0, (1, 2.0)), {}, TypeError, ["dilation=2.0", "whole number"]),
    ("conv2d", (X, W), {"dilation": -1}, ValueError, ["dilation=-1", "at least 1"]),
    ("conv2d", (X, W), {"dilation": 4}, ValueError, ["dilation=4", "spans 5 pixels", "size=4"]),
    ("conv_transpose2d", (X, WT), {"dilation": 0}, ValueError, ["dilation=0", "at least 1"]),
    # switches and divisors
    ("max_pool2d", (X, 2), {"ceil_mode": 1}, TypeError, ["ceil_mode=1", "True or False"]),
    ("avg_pool2d", (X, 2), {"ceil_mode": None}, TypeError, ["ceil_mode=None", "True or False"]),
    (
        "avg_pool2d",
        (X, 2),
        {"count_include_pad": "no"},
        TypeError,
        ["count_include_pad='no'", "True or False"],
    ),
    (
        "avg_pool2d",
        (X, 2),
        {"divisor_override": 0},
        ValueError,
        ["divisor_override=0", "divided by it"],
    ),
    (
        "avg_pool2d",
        (X, 2),
        {"divisor_override": 1.5},
        TypeError,
        ["divisor_override=1.5", "whole number"],
    ),
    # norm_type
    ("lp_pool2d", (X, 0, 2), {}, ValueError, ["norm_type=0", "but 0"]),
    ("lp_pool2d", (X, "2", 2), {}, TypeError, ["norm_type='2'", "number", "str"]),
    ("lp_pool2d", (X, 2j, 2), {}, TypeError, ["norm_type=2j", "number", "complex"]),
    # output_size of adaptive pooling
    ("adaptive_avg_pool2d", (X, -1), {}, ValueError, ["output_size=-1", "at least 0"]),
    ("adaptive_avg_pool2d", (X, 2.0), {}, TypeError, ["output_size=2.0", "whole number"]),
    ("adaptive_avg_pool2d", (X, None), {}, TypeError, ["output_size=None", "whole number"]),
    ("adaptive_max_pool2d", (X, (2, 2, 2)), {}, ValueError, ["output_size=(2, 2, 2)", "pair"]),
    ("adaptive_max_pool2d", (X, (2,)), {}, ValueError, ["output_size=(2,)", "pair"]),
    ("adaptive_max_pool2d", (X, (True, 2)), {}, TypeError, ["output_size=True", "bool"]),
    # unpooling
    (
        "max_unpool2d",
        (TWO, INDICES + 13, 2),
        {},
        ValueError,
        ["indices holds 16", "(4, 4)", "numbered 0 to 15"],
    ),
    ("max_unpool2d", (TWO, INDICES - 1, 2), {}, ValueError, ["indices holds -1", "0 to 15"]),
    (
        "max_unpool2d",
        (TWO, INDICES.astype(np.int32), 2),
        {},
        TypeError,
        ["indices has dtype int32", "not int64", "indices.astype(np.int64)"],
    ),
    ("max_unpool2d", (TWO, INDICES * 1.0, 2), {}, TypeError, ["indices has dtype float64"]),
    (
        "max_unpool2d",
        (TWO, INDICES[:, :, :1], 2),
        {},
        ValueError,
        ["indices has shape (1, 1, 1, 2)", "that of x, (1, 1, 2, 2)"],
    ),
    (
        "max_unpool2d",
        (TWO, INDICES, 2),
        {"output_size": (6, 4)},
        ValueError,
        ["output_size=6", "less than stride=2 away from 4", "input_size=2"],
    ),
    (
        "max_unpool2d",
        (TWO, INDICES, 2),
        {"output_size": (4, 2)},
        ValueError,
        ["output_size=2", "less than stride=2 away from 4"],
    ),
    (
        "max_unpool2d",
        (TWO, INDICES, 2),
        {"output_size": 4},
        TypeError,
        ["output_size=4", "pair (height, width)"],
    ),
    (
        "max_unpool2d",
        (TWO, INDICES, 2),
        {"output_size": (1, 4, 4)},
        ValueError,
        ["output_size=(1, 4, 4)", "pair (height, width), or (N, C, H, W)"],
    ),
    (
        "max_unpool2d",
        (TWO, INDICES, 2),
        {"output_size": (4.0, 4)},
        TypeError,
        ["output_size=4.0", "whole number"],
    ),
    # resizing
    ("interpolate", (X,), {}, ValueError, ["size=None", "scale_factor=None", "one of them"]),
    ("interpolate", (X, 4, 2), {}, ValueError, ["size=4 and scale_factor=2", "not both"]),
    ("interpolate", (X, 0), {}, ValueError, ["size=0", "at least 1"]),
    ("interpolate", (X, 4.0), {}, TypeError, ["size=4.0", "whole number"]),
    ("interpolate", (X, (4,)), {}, ValueError, ["size=(4,)", "pair (height, width)"]),
    ("interpolate", (X, None, 0), {}, ValueError, ["scale_factor=0", "above 0"]),
    ("interpolate", (X, None, (2, -1)), {}, ValueError, ["scale_factor=-1", "above 0"]),
    ("interpolate", (X, None, 0.2), {}, ValueError, ["scale_factor=0.2", "no pixel of 4"]),
    ("interpolate", (X, None, np.inf), {}, ValueError, ["scale_factor=inf", "finite"]),
    ("interpolate", (X, None, np.nan), {}, ValueError, ["scale_factor=nan", "above 0"]),
    ("interpolate", (X, None, "2"), {}, TypeError, ["scale_factor='2'", "number", "str"]),
    ("interpolate", (X, None, (2, 2, 2)), {}, ValueError, ["scale_factor=(2, 2, 2)", "pair"]),
    ("interpolate", (X, 4), {"mode": "cubic"}, ValueError, ["mode='cubic'", "'bilinear'"]),
    (
        "interpolate",
        (X, 4),
        {"align_corners": False},
        ValueError,
        ["align_corners=False", "mode='bilinear'", "leave it out"],
    ),
    (
        "interpolate",
        (X, 4),
        {"mode": "bilinear", "align_corners": 1},
        TypeError,
        ["align_corners=1", "True, False or None"],
    ),
    ("interpolate", (X[0], 4), {"mode": "bilinear"}, ValueError, ["(1, 4, 4)", "write x[None]"]),
    # convolution
    ("conv2d", (X, W[0]), {}, ValueError, ["weight has shape (1, 2, 2)", "4 axes"]),
    ("conv2d", (X, W[:0]), {}, ValueError, ["weight has shape (0, 1, 2, 2)", "at least 1"]),
    ("conv2d", (X, np.ones((2, 3, 2, 2))), {}, ValueError, ["for 3 channels", "x has 1"]),
    ("conv2d", (X, W.astype("f4")), {}, TypeError, ["weight has dtype float32", "x has float64"]),
    ("conv2d", (X, W), {"groups": 0}, ValueError, ["groups=0", "at least 1"]),
    ("conv2d", (X, W), {"groups": 1.0}, TypeError, ["groups=1.0", "whole number"]),
    ("conv2d", (X, W), {"groups": 2}, ValueError, ["groups=2", "for 2 channels", "x has 1"]),
    ("conv2d", (X[:, [0, 0]], np.ones((3, 1, 2, 2))), {"groups": 2}, ValueError, ["groups=2", "3"]),
    ("conv2d", (X, W, np.ones(3)), {}, ValueError, ["bias has shape (3,)", "not (2,)"]),
    ("conv2d", (X, W, np.ones((2, 1))), {}, ValueError, ["bias has shape (2, 1)", "not (2,)"]),
    ("conv2d", (X, W, np.ones(2, "f4")), {}, TypeError, ["bias has dtype float32", "float64"]),
    ("conv2d", (X, np.ones((1, 1, 5, 1))), {}, ValueError, ["kernel_size=5", "input_size=4"]),
    (
        "conv_transpose2d",
        (X, WT),
        {"output_padding": 1},
        ValueError,
        ["output_padding=1", "smaller than stride=1 or than dilation=1"],
    ),
    (
        "conv_transpose2d",
        (X, WT),
        {"output_padding": -1, "stride": 2},
        ValueError,
        ["output_padding=-1", "at least 0"],
    ),
    ("conv_transpose2d", (X, W), {}, ValueError, ["for 2 channels", "x has 1"]),
    ("conv_transpose2d", (X, WT), {"groups": 2}, ValueError, ["groups=2", "the 1 channels"]),
    ("conv_transpose2d", (X, WT, np.ones(1)), {}, ValueError, ["bias has shape (1,)", "not (2,)"]),
    ("conv_transpose2d", (X, WT), {"padding": "same"}, TypeError, ["padding='same'"]),
    # the maps
    ("max_pool2d", (X[0, 0], 2), {}, ValueError, ["x has shape (4, 4)", "write x[None]"]),
    ("avg_pool2d", (X[0, 0], 2), {}, ValueError, ["x has shape (4, 4)", "write x[None]"]),
    ("conv2d", (X[0, 0], W), {}, ValueError, ["x has shape (4, 4)", "write x[None]"]),
    ("max_pool2d", (X[None], 2), {}, ValueError, ["(1, 1, 1, 4, 4)", "not (N, C, H, W)"]),
    ("avg_pool2d", (X[0, 0, 0], 2), {}, ValueError, ["x has shape (4,)", "(C, H, W)"]),
    ("adaptive_avg_pool2d", (X[0, 0], 2), {}, ValueError, ["(4, 4)", "write x[None]"]),
    ("max_pool2d", (X[:, :, :0], 2), {}, ValueError, ["(1, 1, 0, 4)", "but the batch N"]),
    ("max_pool2d", (X > 3, 2), {}, TypeError, ["x has dtype bool", "x.astype(np.float32)"]),
    ("avg_pool2d", (X.astype(int)[:, :, :, :].astype("i4"), 2), {}, TypeError, ["dtype int32"]),
    ("adaptive_avg_pool2d", (X.astype(int), 2), {}, TypeError, ["x has dtype int64", "float16"]),
    ("max_pool2d", (X + 0j, 2), {}, TypeError, ["x has dtype complex128", "not one of"]),
    ("max_pool2d", (X.tolist(), 2), {}, TypeError, ["x is a list", "write np.array(x)"]),
    ("conv2d", (X, W.tolist()), {}, TypeError, ["weight is a list", "np.array(weight)"]),
    ("conv2d", (X, W, [1.0, 2.0]), {}, TypeError, ["bias is a list", "np.array(bias)"]),
    ("max_unpool2d", (TWO, [[[[0]]]], 2), {}, TypeError, ["indices is a list"]),
    ("interpolate", (4.0, 2), {}, TypeError, ["x is a float", "np.array(x)"]),
]
# What torch takes and poolkit refuses, each for the reason that its docstring gives.
STRICTER = [
    ("max_pool2d", (X, (2,)), {}, ValueError, ["kernel_size=(2,)", "one number, or a pair"]),
    ("max_pool2d", (X, 2, ()), {}, ValueError, ["stride=()", "one number, or a pair"]),
    ("avg_pool2d", (X, 3, 1, (1,)), {}, ValueError, ["padding=(1,)", "one number, or a pair"]),
    ("conv2d", (X, W), {"stride": (1,)}, ValueError, ["stride=(1,)", "one number, or a pair"]),
    (
        "conv2d",
        (X, W[:, :, :1, :1]),
        {"padding": "same"},
        TypeError,
        ["padding='same'", "whole number"],
    ),
    ("conv2d", (X, W), {"padding": "valid"}, TypeError, ["padding='valid'", "whole number"]),
    ("conv2d", (X + 0j, W + 0j), {}, TypeError, ["x has dtype complex128"]),
    ("conv_transpose2d", (X, WT, np.ones(2, "f4")), {}, TypeError, ["bias has dtype float32"]),
    ("lp_pool2d", (X, True, 2), {}, TypeError, ["norm_type=True", "number", "bool"]),
    ("lp_pool2d", (X, np.nan, 2), {}, ValueError, ["norm_type=nan", "number"]),
    ("lp_pool2d", (X > 3, 2, 2), {}, TypeError, ["x has dtype bool"]),
    ("lp_pool2d", (X.astype(int), np.inf, 2), {}, TypeError, ["x has dtype int64"]),
    ("adaptive_avg_pool2d", (X[0, 0], 1), {}, ValueError, ["x has shape (4, 4)", "x[None]"]),
    ("adaptive_avg_pool2d", (X[:, :, :0], 1), {}, ValueError, ["(1, 1, 0, 4)", "batch N"]),
    ("adaptive_avg_pool2d", (X[:, :0], 2), {}, ValueError, ["(1, 0, 4, 4)", "batch N"]),
    ("max_unpool2d", (TWO, INDICES, 0), {}, ValueError, ["kernel_size=0", "at least 1"]),
    ("max_unpool2d", (TWO, INDICES, 2, 0), {}, ValueError, ["stride=0", "at least 1"]),
    ("max_unpool2d", (TWO, INDICES, 5, -1), {}, ValueError, ["stride=-1", "at least 1"]),
    ("max_unpool2d", (TWO, INDICES, 2, 2, -1), {}, ValueError, ["padding=-1", "at least 0"]),
    ("max_unpool2d", (TWO, INDICES, 2, 2, 2), {}, ValueError, ["padding=2 is more than half"]),
    ("max_unpool2d", (TWO, INDICES, True), {}, TypeError, ["kernel_size=True", "bool"]),
    (
        "max_unpool2d",
        (TWO[:, :, :1, :1], INDICES[:, :, :1, :1], 2, 1, 1),
        {},
        ValueError,
        ["output_size=0", "at least 1"],
    ),
    ("interpolate", (X[0], 4), {}, ValueError, ["x has shape (1, 4, 4)", "write x[None]"]),
    ("interpolate", (X, None, True), {}, TypeError, ["scale_factor=True", "number", "bool"]),
    ("interpolate", (X, 4), {"mode": "bicubic"}, ValueError, ["mode='bicubic'", "'nearest'"]),
    (
        "interpolate",
        (X.astype(np.uint8), 4),
        {"mode": "bilinear"},
        TypeError,
        ["x has dtype uint8", "not one of float16, float32, float64"],
    ),
]


def title(bad):
    name, _args, _kwargs, *_, pieces = bad
    return f"{name}: {pieces[0]}"


def check_message(call, exception, pieces):
    with pytest.raises(exception) as caught:
        call()
    assert type(caught.value) is exception
    for piece in pieces:
        assert piece in str(caught.value), str(caught.value)


@pytest.mark.parametrize("bad", BAD + STRICTER, ids=title)
def test_says_which_argument_breaks_which_rule(bad):
    name, args, kwargs, exception, pieces = bad
    check_message(lambda: pool(name, *args, **kwargs), exception, pieces)


@pytest.mark.parametrize("bad", BAD + STRICTER, ids=title)
def test_the_backward_pass_says_the_same(bad):
    name, args, kwargs, exception, pieces = bad
    if "dtype" in pieces[0] and "x has" in pieces[0]:
        pieces = pieces[:1]  # the backward pass takes fewer dtypes
    check_message(lambda: pool_backward(name, X, *args, **kwargs), exception, pieces)


@pytest.mark.parametrize("bad", BAD, ids=title)
def test_torch_refuses_it_too(bad):
    name, args, kwargs, *_ = bad
    assert torch_raises(name, *args, **kwargs)


@pytest.mark.parametrize("bad", STRICTER, ids=title)
def test_torch_takes_what_only_poolkit_refuses(bad):
    name, args, kwargs, *_ = bad
    assert not torch_raises(name, *args, **kwargs)


ARITHMETIC = [
    ("output_size", (0, 2), ValueError, ["input_size=0", "at least 1"]),
    ("output_size", (4.0, 2), TypeError, ["input_size=4.0", "whole number"]),
    ("output_size", (4, 5), ValueError, ["kernel_size=5", "does not fit into input_size=4"]),
    ("output_size", (4, 3, 1, 2), ValueError, ["padding=2 is more than half of kernel_size=3"]),
    ("output_size", (4, 0), ValueError, ["kernel_size=0", "at least 1"]),
    ("window", (-1, 2), ValueError, ["i=-1", "at least 0"]),
    ("window", (0, 2, 1, 2), ValueError, ["padding=2 is more than half of kernel_size=2"]),
    ("clipped_window", (0, 0, 2), ValueError, ["input_size=0", "at least 1"]),
    ("clipped_window", (0.5, 4, 2), TypeError, ["i=0.5", "whole number"]),
    ("average_divisor", (0, 0, 2), ValueError, ["input_size=0", "at least 1"]),
    ("average_divisor", (0, 4, 2, 1, -1), ValueError, ["padding=-1", "at least 0"]),
    ("adaptive_window", (3, 5, 3), ValueError, ["i=3", "less than output_size=3"]),
    ("adaptive_window", (-1, 5, 3), ValueError, ["i=-1", "at least 0"]),
    ("adaptive_window", (0, 0, 3), ValueError, ["input_size=0", "at least 1"]),
    ("adaptive_window", (0, 5, 0), ValueError, ["output_size=0", "at least 1"]),
    ("unpool_output_size", (0, 2), ValueError, ["input_size=0", "at least 1"]),
    ("unpool_output_size", (2, 2, None, 0, 6), ValueError, ["output_size=6", "away from 4"]),
    ("unpool_output_size", (1, 2, 1, 1), ValueError, ["output_size=0", "at least 1"]),
    ("conv_output_size", (0, 1), ValueError, ["input_size=0", "at least 1"]),
    ("conv_output_size", (4, 0), ValueError, ["kernel_size=0", "at least 1"]),
    ("conv_transpose_output_size", (0, 1), ValueError, ["input_size=0", "at least 1"]),
    ("conv_transpose_output_size", (1, 2, 1, 1), ValueError, ["padding=1", "leave 0 pixels"]),
    ("receptive_field", ([(3, 0)],), ValueError, ["stride=0", "at least 1"]),
    ("receptive_field", ([(3, 1, -1)],), ValueError, ["padding=-1", "at least 0"]),
    ("receptive_field", ([(2.5,)],), TypeError, ["kernel_size=2.5", "whole number"]),
]


@pytest.mark.parametrize("bad", ARITHMETIC, ids=lambda bad: f"{bad[0]}: {bad[3][0]}")
def test_arithmetic_says_which_argument_breaks_which_rule(bad):
    name, args, exception, pieces = bad
    check_message(lambda: getattr(arithmetic, name)(*args), exception, pieces)


def test_switches_of_arithmetic_are_true_or_false():
    with pytest.raises(TypeError, match="ceil_mode=1 must be True or False"):
        arithmetic.output_size(4, 2, ceil_mode=1)
    with pytest.raises(TypeError, match="count_include_pad=0 must be True or False"):
        arithmetic.average_divisor(0, 4, 2, count_include_pad=0)


def test_the_smallest_legal_values_are_taken():
    """The neighbours of the refused values: one off in a check would refuse these."""
    one = np.ones((1, 1, 1, 1))
    assert pool("max_pool2d", one, 1, 1, 0, 1).shape == one.shape
    assert pool("avg_pool2d", one, 2, 1, 1).shape == (1, 1, 2, 2)
    assert pool("max_pool2d", X, 4).shape == one.shape
    assert pool("max_unpool2d", TWO, INDICES + 12, 2).shape == X.shape
    assert pool("max_unpool2d", TWO, INDICES, 2, output_size=(5, 3)).shape == (1, 1, 5, 3)
    assert pool("interpolate", X, None, 0.25).shape == one.shape
    assert pool("interpolate", X, 1, mode="bilinear", align_corners=True)[0, 0] == X[0, 0, 0, 0]
    assert pool("conv2d", X, np.ones((1, 1, 4, 4))).shape == one.shape
    assert pool("conv_transpose2d", one, np.ones((1, 1, 1, 1)), None, 2, 0, 1).shape[-1] == 2
    assert pool("conv_transpose2d", one, one, None, 1, 0, 1, 1, 2).shape[-1] == 2
    assert pool("conv_transpose2d", one, np.ones((1, 1, 3, 3)), None, 1, 1).shape == one.shape


def test_there_are_at_least_sixty():
    assert len(BAD) >= 60
