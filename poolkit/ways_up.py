"""The settings of the four ways up that the upsampling explorer shows, and what they ask for.

A state is a dict with what `DEFAULTS` names, and `x`; ways_up.js computes the same in the page.
"""

from typing import Any

import numpy as np

from poolkit import checks, functional, gradients
from poolkit.explorer import numbers, one_of

DEFAULTS = {
    **{"operation": "nearest", "weight": ((1.0, 1.0), (1.0, 1.0)), "indices": None},
    **{"size": None, "scale_factor": None, "align_corners": False, "kernel_size": 2},
    **{"stride": None, "padding": 0, "output_padding": 0, "output_size": None},
    **{"view": "forward", "grad_output": None},
}
_RESIZE = {"size": None, "scale_factor": None}
_POOL = {"kernel_size": ..., "stride": None, "padding": 0}
# What each way takes, and what torch takes if it is left out (...: it can't be).
_SETTINGS = {
    "nearest": _RESIZE,
    "bilinear": _RESIZE | {"align_corners": False},
    "unpool": _POOL | {"output_size": None},
    "transposed": {"stride": None, "padding": 0, "output_padding": 0},
}
_KNOWN = {"operation": (*_SETTINGS,), "view": ("forward", "gradient", "matrix")}
_LEAST = {"size": 1, "kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0}
# How many rows and columns can be shown, and typed.
_MOST = {"x": 8, "indices": 8, "weight": 12, "grad_output": 20}


def plain(name: str, value: Any) -> Any:
    """Return a setting as it travels to the page: numbers, and rows of numbers.

    Raises: TypeError or ValueError for a value that no other setting could make fit.
    """
    if name in _KNOWN:
        return one_of(name, value, _KNOWN[name])
    if name in _MOST and (value is not None or name in ("x", "weight")):
        rows = numbers(name, value, most=_MOST[name])
        return _whole(rows) if name == "indices" else rows
    if name in _LEAST and (value is not None or DEFAULTS[name] is not None):
        found = checks.pair(name, value, _LEAST[name])
        return found if isinstance(value, tuple | list) else found[0]
    return tuple(value) if isinstance(value, list) else value


def _whole(rows: list[list[float]]) -> list[list[int]]:
    broken = [number for row in rows for number in row if number % 1]
    if broken:
        raise ValueError(f"indices holds {broken[0]}, which is no whole number")
    return [[int(number) for number in row] for row in rows]


def check(state: dict[str, Any]) -> None:
    """Raise the TypeError or ValueError of the function, or that the output can't be shown."""
    shape = _applied(state, maps=0).shape[-2:]  # first of no maps, as it may be large
    if max(shape) > _MOST["grad_output"]:
        raise ValueError(f"the output has shape {shape}: 1 to 20 rows and columns can be shown")
    found = state["grad_output"]
    if found is not None and np.shape(found) != shape:
        raise ValueError(f"grad_output has shape {np.shape(found)}, but the output has {shape}")
    _applied(state)


def arrays(state: dict[str, Any], maps: int = 1) -> list[np.ndarray]:
    """Return what the function takes before its settings, as (N, C, H, W), for so many maps x."""
    x = _batch(state["x"])[:maps]
    if state["operation"] == "transposed":
        return [x, _batch(state["weight"])]
    if state["operation"] != "unpool":
        return [x]
    if state["indices"] is None:
        return [*functional.max_pool2d(x, **_given(state, _POOL), return_indices=True)]
    return [x, _batch(state["indices"], int)[:maps]]


def output(state: dict[str, Any]) -> np.ndarray:
    return _applied(state)[0, 0]


def grad_x(state: dict[str, Any]) -> np.ndarray:
    grad, given = state["grad_output"], _given(state, _SETTINGS[state["operation"]])
    grad = _batch(np.ones(output(state).shape) if grad is None else grad)
    if state["operation"] == "transposed":
        return gradients.conv_transpose2d_backward(grad, *arrays(state), **given)[0][0, 0]
    if state["operation"] != "unpool":
        mode = state["operation"]
        return gradients.interpolate_backward(grad, *arrays(state), **given, mode=mode)[0, 0]
    found = gradients.max_unpool2d_backward(grad, *arrays(state), **given)
    if state["indices"] is None:
        pool = _given(state, _POOL)
        found = gradients.max_pool2d_backward(found, _batch(state["x"]), **pool)
    return found[0, 0]


def call(state: dict[str, Any]) -> str:
    """Return the call for the map x of shape (N, C, H, W), with torch.nn.functional as F."""

    def written(name: str, first: str, settings: dict[str, Any]) -> str:
        return f"F.{name}({', '.join([first, *(f'{k}={v!r}' for k, v in settings.items())])})"

    given = _given(state, _SETTINGS[state["operation"]])
    if state["operation"] == "transposed":
        return written("conv_transpose2d", "x, weight", given)
    if state["operation"] != "unpool":
        return written("interpolate", "x", given | {"mode": state["operation"]})
    pooled = written("max_pool2d", "x", _given(state, _POOL) | {"return_indices": True})
    return written(
        "max_unpool2d", f"*{pooled}" if state["indices"] is None else "x, indices", given
    )


def _applied(state: dict[str, Any], maps: int = 1) -> np.ndarray:
    given = _given(state, _SETTINGS[state["operation"]])
    if state["operation"] == "transposed":
        return functional.conv_transpose2d(*arrays(state, maps), **given)
    if state["operation"] == "unpool":
        return functional.max_unpool2d(*arrays(state, maps), **given)
    return functional.interpolate(*arrays(state, maps), **given, mode=state["operation"])


def _given(state: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name, default in settings.items() if state[name] != default}


def _batch(rows: Any, dtype: type = float) -> np.ndarray:
    return np.array(rows, dtype)[np.newaxis, np.newaxis]
