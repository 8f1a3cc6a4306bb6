"""What the arguments of pooling, resizing and convolution must be, in words.

Each function checks one argument, or a few that belong together, and returns it in the form in
which the other modules use it. Its messages name the argument, its value and the rule.
"""

import math
import operator
from numbers import Real
from typing import Any

import numpy as np

FLOATS = (np.float16, np.float32, np.float64)
INTEGERS = (np.uint8, np.int8, np.int16, np.int32, np.int64)


def whole_number(name: str, value: object, minimum: int | None = None) -> int:
    """Return a value as an int, if it is a whole number (a bool is not) and at least `minimum`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name}={value!r} must be a whole number (int), not {type(value).__name__}"
        ) from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name}={number} must be at least {minimum}")
    return number


def switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name}={value!r} must be True or False")
    return value


def array(name: str, value: Any) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, and what is masked would count like other numbers: write "
            f"{name}.filled(0), or another number to stand for it"
        )
    # A subclass may have an arithmetic of its own, as np.matrix has. A file in memory has not.
    if type(value) in (np.ndarray, np.memmap):
        return np.asarray(value)
    if isinstance(value, np.ndarray):
        raise TypeError(
            f"{name} is a {type(value).__name__}, whose arithmetic may not be that of a NumPy "
            f"array: write np.asarray({name})"
        )
    convert = f"{name}.numpy()" if hasattr(value, "numpy") else f"np.array({name})"
    raise TypeError(f"{name} is a {type(value).__name__}, not a NumPy array: write {convert}")


def maps(name: str, value: Any, dtypes: tuple[type, ...]) -> np.ndarray:
    x = array(name, value)
    if x.ndim not in (3, 4):
        hint = f": write {name}[None] to add the channel axis" if x.ndim == 2 else ""
        raise ValueError(f"{name} has shape {x.shape}, not (N, C, H, W) or (C, H, W){hint}")
    if 0 in x.shape[-3:]:
        raise ValueError(f"{name} has shape {x.shape}: no axis but the batch N may be empty")
    if x.dtype not in dtypes:
        known = ", ".join(dtype.__name__ for dtype in dtypes)
        raise TypeError(
            f"{name} has dtype {x.dtype}, not one of {known}: write {name}.astype(np.float32)"
        )
    return x


def two(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list):
        return (value, value)
    if len(value) != 2:
        raise ValueError(f"{name}={value!r} must be one number, or a pair (height, width)")
    return (value[0], value[1])


def pair(name: str, value: Any, minimum: int | None = None) -> tuple[int, int]:
    first, second = two(name, value)
    height, width = whole_number(name, first, minimum), whole_number(name, second, minimum)
    if max(height, width) >= 2**63:
        raise ValueError(f"{name}={max(height, width)} must be below 2 ** 63, as an index is")
    return (height, width)


def real_number(name: str, value: Any, kind: str = "a number") -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}={value!r} must be {kind}, not {type(value).__name__}")
    return float(value)


def norm_type(value: Any) -> float:
    p = real_number("norm_type", value)
    if p == 0 or math.isnan(p):
        raise ValueError(f"norm_type={value} must be a number but 0, as the norm is a p-th root")
    return p


def indices(value: Any, of: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return indices as max_pool2d found them, one for each element of the array called `of`."""
    found = array("indices", value)
    if found.dtype != np.int64:
        raise TypeError(
            f"indices has dtype {found.dtype}, not int64: take those of "
            "max_pool2d(..., return_indices=True), or write indices.astype(np.int64)"
        )
    if found.shape != shape:
        raise ValueError(f"indices has shape {found.shape}, not that of {of}, {shape}")
    return found


def within(found: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return indices that are those of pixels in maps of `size`."""
    pixels = math.prod(size)
    # Read as unsigned, a negative number is larger than any index: one pass finds both mistakes.
    if found.view(np.uint64).max(initial=0) >= pixels:
        outside = found[(found < 0) | (found >= pixels)][0]
        raise ValueError(
            f"indices holds {outside}, but the pixels of a map of size {size} are numbered "
            f"0 to {pixels - 1}: is that the size before pooling?"
        )
    return found


def output_gradient(grad_output: Any, shape: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    grad_output = array("grad_output", grad_output)
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output has shape {grad_output.shape}, but the output for x of shape {x.shape} "
            f"has {shape}"
        )
    return same_dtype("grad_output", grad_output, x)


def same_dtype(name: str, value: np.ndarray, x: np.ndarray) -> np.ndarray:
    if value.dtype != x.dtype:
        raise TypeError(f"{name} has dtype {value.dtype}, x has {x.dtype}: make them the same")
    return value
