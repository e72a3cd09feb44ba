"""What the special functions do with their arguments before they compute, and with the result."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from xgpu.array import Array, read, wrap
from xgpu.graph import infer
from xgpu.graph.device import Device
from xgpu.graph.node import Node, constant
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import NARROW, DType
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import SCALAR_TYPES, Scalar, fit, promote
from xgpu.runtime import record
from xgpu.runtime.mixed import together
from xgpu.runtime.scalars import foreign


class Given(NamedTuple):
    """Arguments of one dtype, float32 or float64, on one device, and the dtype of the result."""

    arrays: tuple[Array, ...]
    dtype: DType

    def result(self, array: Array) -> Array:
        """``array`` in the dtype of the result."""
        return wrap(record.cast(read(array), self.dtype))


def given(name: str, *values: Array | Scalar) -> Given:
    """The arguments of the function ``name``: arrays, and scalars, which take the arrays' dtype.

    Integers and bool become float64, and 16-bit floats float32, in which they are computed.

    Raises:
        TypeError: complex numbers, something that is neither an array nor a scalar, or no array.
        DeviceMismatchError: arrays of two devices.
        OverflowError: an int that no float holds.
    """
    nodes = _nodes(name, values)
    device = nodes[0][1].device
    met = nodes[0][1].dtype
    for _, node in nodes[1:]:
        met = promote(met, node.dtype)
    dtype = infer.compute(ops.ERF, met, name)
    wide = dtypes.float32 if dtype in NARROW else dtype
    found = {place: record.cast(node, wide) for place, node in nodes}
    for place, value in enumerate(values):
        if place not in found:
            found[place] = _scalar(name, value, wide, device)
    return Given(tuple(wrap(found[place]) for place in range(len(values))), dtype)


def computed(op: Op, name: str, *values: Array | Scalar) -> Array:
    """What the function ``name`` gives that is one op."""
    it = given(name, *values)
    return it.result(apply(op, *it.arrays))


def apply(op: Op, *arrays: Array) -> Array:
    """``op`` of arrays that `given` has prepared, or of what was computed from them."""
    return wrap(record.elementwise(op, tuple(read(x) for x in arrays)))


def _nodes(name: str, values: tuple[Any, ...]) -> list[tuple[int, Node]]:
    arrays = [(place, read(x)) for place, x in enumerate(values) if isinstance(x, Array)]
    for x in values:
        if not isinstance(x, (Array, np.generic, *SCALAR_TYPES)):
            raise TypeError(foreign(f"{name}()", x))
    if not arrays:
        raise TypeError(foreign(f"{name}()", values[0]))
    device = arrays[0][1].device
    if any(node.device is not device for _, node in arrays):
        moved = together([node for _, node in arrays], f"{name}()")
        arrays = [(place, node) for (place, _), node in zip(arrays, moved, strict=True)]
        device = arrays[0][1].device
    # A scalar of NumPy that is none of Python has a dtype of its own.
    strong = partial(constant, device=device)
    arrays += [
        (place, strong(x.item(), dtypes.check(x.dtype)))
        for place, x in enumerate(values)
        if isinstance(x, np.generic) and not isinstance(x, SCALAR_TYPES)
    ]
    return arrays


def _scalar(name: str, value: Any, dtype: DType, device: Device) -> Node:
    if isinstance(value, complex):
        raise TypeError(f"{name}() does not take complex numbers: got {value!r}")
    return constant(fit(value, dtype), dtype, device)
