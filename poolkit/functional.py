"""Pooling in NumPy, with torch's names and argument order."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def max_pool2d(x, kernel_size, stride=None):
    """Take the largest value of each window.

    Args:
        x: array of shape (C, H, W) or (N, C, H, W).
        kernel_size: side of the square window, in cells.
        stride: step from one window to the next, in cells; None means kernel_size.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out) with H_out = (H - kernel_size) // stride + 1.

    Raises:
        TypeError: if x is not a NumPy array, or a size is not an integer.
        ValueError: if x has other than 3 or 4 axes, a size is below 1, or no window fits.

    Source: torch.nn.functional.max_pool2d. Introduced in lesson 01.

    >>> max_pool2d(np.array([[[1, 3], [5, 6]]]), 2)
    array([[[6]]])
    """
    return _windows(x, kernel_size, stride).max(axis=(-2, -1))


def avg_pool2d(x, kernel_size, stride=None):
    """Take the mean of each window.

    Args:
        x: array of floats of shape (C, H, W) or (N, C, H, W).
        kernel_size: side of the square window, in cells.
        stride: step from one window to the next, in cells; None means kernel_size.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out) with H_out = (H - kernel_size) // stride + 1.

    Raises:
        TypeError: if x is not a NumPy array of floats, or a size is not an integer.
        ValueError: if x has other than 3 or 4 axes, a size is below 1, or no window fits.

    Source: torch.nn.functional.avg_pool2d. Introduced in lesson 01.

    >>> avg_pool2d(np.array([[[1.0, 3.0], [5.0, 6.0]]]), 2)
    array([[[3.75]]])
    """
    windows = _windows(x, kernel_size, stride)
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(f"x has dtype {x.dtype}; a mean needs floats: x.astype(np.float32)")
    return windows.mean(axis=(-2, -1), dtype=x.dtype)


def _windows(x, kernel_size, stride):
    """A view of x with one (kernel_size, kernel_size) window for each output cell."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"x is a {type(x).__name__}; it must be a NumPy array")
    if x.ndim not in (3, 4):
        raise ValueError(
            f"x has shape {x.shape}; it must be (C, H, W) or (N, C, H, W). "
            "One map of shape (H, W) becomes (1, H, W) as x[None]"
        )
    stride = kernel_size if stride is None else stride
    for name, value in (("kernel_size", kernel_size), ("stride", stride)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name}={value!r} is a {type(value).__name__}; it must be an int")
        if value < 1:
            raise ValueError(f"{name}={value} is below 1")
    if kernel_size > min(x.shape[-2:]):
        raise ValueError(f"kernel_size={kernel_size} does not fit into x of shape {x.shape}")
    windows = sliding_window_view(x, (kernel_size, kernel_size), axis=(-2, -1))
    return windows[..., ::stride, ::stride, :, :]
