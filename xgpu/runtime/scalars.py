"""Python and NumPy scalars beside an array: as a constant node, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from xgpu.graph.device import Device
from xgpu.graph.node import Node, constant
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.promotion import SCALAR_TYPES, fit


def scalar_node(value: Any, dtype: DType, device: Device, where: str) -> Node:
    """A scalar for an array of ``dtype``; one of NumPy that is no Python scalar keeps its own.

    Raises:
        TypeError: no scalar, or one of a kind that ``dtype`` does not hold.
        OverflowError: an int that ``dtype`` cannot hold.
    """
    if isinstance(value, np.generic) and not isinstance(value, SCALAR_TYPES):
        return constant(value.item(), dtypes.check(value.dtype), device)
    if not isinstance(value, SCALAR_TYPES):
        raise TypeError(foreign(where, value))
    kind = kind_of(dtype)
    if (isinstance(value, complex) and kind != "c") or (isinstance(value, float) and kind in "biu"):
        raise TypeError(f"{where} cannot put {value!r} into an array of {dtype}: its dtype stays")
    if kind == "b" and not isinstance(value, bool):
        raise TypeError(f"{where} cannot put {value!r} into an array of bool")
    return constant(fit(value, dtype), dtype, device)


def foreign(where: str, value: Any) -> str:
    """What is said of a value that is neither an xgpu array nor a scalar."""
    if isinstance(value, np.ndarray):
        return (
            f"{where} got a numpy.ndarray, which nothing moves to a device silently; "
            "convert it first: xgpu.asarray(a, device=...)"
        )
    if isinstance(value, SCALAR_TYPES):
        return f"{where} needs an xgpu array: got {type(value).__name__}; see xgpu.asarray"
    return f"{where} takes xgpu arrays and Python scalars: got {type(value).__name__}"
