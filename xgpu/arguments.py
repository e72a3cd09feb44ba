"""Checks of arguments that the chapters share. A wrong one is refused here, by the call's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from xgpu.array import Array, read, wrap
from xgpu.graph.device import Device
from xgpu.graph.node import Node, constant
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.promotion import SCALAR_TYPES, Scalar, default_of, fit, promote, weak
from xgpu.runtime.mixed import together
from xgpu.runtime.modes import current_device
from xgpu.runtime.plugins import device as find_device

#: The kinds of dtype that hold each type of scalar.
_HOLD: Final = {bool: "biufc", int: "biufc", float: "fc", complex: "c"}


def checked(x: object, name: str) -> Array:
    """``x``, which ``name`` takes as an array.

    Raises:
        TypeError: it is none.
    """
    if isinstance(x, Array):
        return x
    if isinstance(x, np.ndarray):
        raise TypeError(
            f"{name}() got a numpy.ndarray, which nothing moves to a device silently; "
            "convert it first: xgpu.asarray(a, device=...)"
        )
    raise TypeError(f"{name}() takes an xgpu array: got {type(x).__name__}")


def on_one_device(arrays: Sequence[Array], name: str) -> list[Array]:
    """The arrays on one device, where they are or as `xgpu.mixed_devices` has it.

    Raises:
        TypeError: one of them is no array.
        DeviceMismatchError: they are on several devices, which nothing allows.
    """
    first = checked(arrays[0], name).device
    if all(checked(x, name).device is first for x in arrays):
        return list(arrays)
    nodes = together([read(x) for x in arrays], f"{name}()")
    return [
        x if x.device is node.device else wrap(node) for x, node in zip(arrays, nodes, strict=True)
    ]


def device_or_default(device: str | Device | None) -> Device:
    """The device named, or the default one."""
    return current_device() if device is None else find_device(device)


def scalar_type(value: Any, name: str) -> type:
    """Which of bool, int, float and complex ``value`` is; NumPy's scalars count by their kind.

    Raises:
        TypeError: it is no such scalar.
    """
    if isinstance(value, np.generic):
        value = value.item()
    for kind in SCALAR_TYPES:
        if isinstance(value, kind):
            return kind
    hint = "; read it first, as in float(x)" if isinstance(value, Array) else ""
    raise TypeError(f"{name}() takes a Python scalar here: got {type(value).__name__}{hint}")


def plain(value: Any, name: str) -> Scalar:
    """``value`` as a Python scalar; those of NumPy are unwrapped.

    Raises:
        TypeError: it is no scalar.
    """
    scalar: Scalar = scalar_type(value, name)(value)
    return scalar


def scalar_dtype(value: Any, name: str) -> DType:
    """The dtype of a scalar that stands alone: NumPy's own one, the default of a Python one."""
    if isinstance(value, np.generic):
        return dtypes.check(value.dtype)
    return default_of(scalar_type(value, name))


def constant_of(value: Any, dtype: DType, device: Device, name: str) -> Node:
    """A scalar as a constant node of ``dtype``; for bool, whether an int differs from 0.

    Raises:
        TypeError: no scalar, or of a kind that ``dtype`` does not hold.
        OverflowError: an int that ``dtype`` cannot hold.
    """
    kind = scalar_type(value, name)
    if kind_of(dtype) not in _HOLD[kind]:
        raise TypeError(f"{name}() cannot put {value!r} into an array of {dtype}")
    return constant(fit(plain(value, name), dtype), dtype, device)


def met(dtype: DType, value: Any, name: str) -> DType:
    """The dtype in which an array of ``dtype`` meets a scalar.

    Weak if it is one of Python's, as ``numpy.float64`` is too: it is a float.
    """
    if isinstance(value, np.generic) and not isinstance(value, SCALAR_TYPES):
        return promote(dtype, dtypes.check(value.dtype))
    return weak(dtype, scalar_type(value, name))
