"""Functions that find elements, or choose between them.

Source: Array API 2025.12, "Searching Functions".
"""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np

from xgpu.arguments import checked, constant_of, met, on_one_device
from xgpu.array import Array, holding, read, reduce, wrap
from xgpu.graph import infer, ranges
from xgpu.graph.node import Node, constant, filled
from xgpu.graph.shapes import normalize_axes, normalize_axis
from xgpu.graph.spec import NUMBERS
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Result
from xgpu.plugin.promotion import Scalar, promote
from xgpu.runtime import modes, record
from xgpu.runtime.select import get, in_range, true_positions, unravelled

_WHERE: Final = NUMBERS[ops.WHERE]


def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Index of the first largest element along ``axis``, or in C order of all; NaN is largest.

    Raises:
        ValueError: there is no element.

    Source: Array API 2025.12, Searching Functions.
    """
    return _place(ops.ARGMAX, x, axis, keepdims)


def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Index of the first smallest element along ``axis``, or in C order of all; NaN is smallest.

    Raises:
        ValueError: there is no element.

    Source: Array API 2025.12, Searching Functions.
    """
    return _place(ops.ARGMIN, x, axis, keepdims)


def count_nonzero(
    x: Array, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Array:
    """How many elements differ from zero, over ``axis`` or all; an int64.

    Source: Array API 2025.12, Searching Functions.
    """
    axes = normalize_axes(axis, checked(x, "count_nonzero").ndim)
    counted = wrap(record.cast(record.cast(read(x), dtypes.bool_), dtypes.int64))
    return reduce(ops.SUM, counted, axes, keepdims) if axes else counted


def nonzero(x: Array, /) -> tuple[Array, ...]:
    """The indices along each axis of the elements that differ from zero, in C order; int64.

    How many there are is read by the host, which waits for the device.

    Raises:
        ValueError: a 0-d array.

    Source: Array API 2025.12, Searching Functions.
    """
    if not checked(x, "nonzero").ndim:
        raise ValueError("nonzero() needs at least one axis: got a 0-d array")
    places = true_positions(record.cast(read(x), dtypes.bool_))
    found = unravelled(places, x.shape)
    for place, length in zip(found, x.shape, strict=True):
        ranges.remember(place, 0, max(length - 1, 0))
    return tuple(wrap(place) for place in found)


def searchsorted(
    x1: Array,
    x2: Array | int | float,
    /,
    *,
    side: Literal["left", "right"] = "left",
    sorter: Array | None = None,
) -> Array:
    """Where each element of x2 belongs in the sorted x1; int64, in the shape of x2.

    Before elements equal to it for ``side`` "left", after them for "right". NaN is largest.
    ``sorter`` holds the indices that sort an x1 that is not sorted.

    Raises:
        TypeError: complex elements, or a ``sorter`` that is not of integers.
        ValueError: an x1 that is not 1-d, another ``side``, or a ``sorter`` of another shape.
        IndexError: an index in ``sorter`` out of range.

    Source: Array API 2025.12, Searching Functions.
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted() takes side='left' or 'right': got {side!r}")
    if checked(x1, "searchsorted").ndim != 1:
        raise ValueError(f"searchsorted() takes a 1-d x1: got shape {x1.shape}")
    if isinstance(x2, Array):
        x1, x2 = on_one_device([x1, x2], "searchsorted")
        dtype, values = promote(x1.dtype, x2.dtype), read(x2)
    else:
        dtype = met(x1.dtype, x2, "searchsorted")
        values = constant_of(x2, dtype, x1.device, "searchsorted")
    infer.compute(ops.SEARCHSORTED, dtype)
    line = read(x1)
    if sorter is not None:
        line = get(line, _order(sorter, x1))
    if not x1.size or 0 in values.shape:
        return wrap(filled(values.shape, 0, dtypes.DEFAULT_INTEGER, x1.device))
    operands = [record.cast(line, dtype), record.cast(values, dtype)]
    result = Result(dtypes.DEFAULT_INTEGER, values.shape)
    (places,) = record.own_kernel(ops.SEARCHSORTED, operands, [result], side=side)
    ranges.remember(places, 0, x1.size)
    return wrap(places)


def where(condition: Array, x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """x1 where ``condition`` is True, else x2, all three broadcast.

    The standard has one of x1 and x2 at least be an array. Two scalars, which SciPy and others for
    NumPy give, have the default dtype of the higher kind.

    Raises:
        TypeError: ``condition`` is not of bool, or one of the others is neither array nor scalar.

    Source: Array API 2025.12, Searching Functions.
    """
    if type(condition) is type(x1) is type(x2) is Array:
        chooser = condition._node or read(condition)
        a, b = x1._node or read(x1), x2._node or read(x2)
        beside = chooser.spec
        if beside.dtype is dtypes.bool_:
            spec, shape = a.spec, a.shape
            given = spec.gives[_WHERE]
            if (
                given is None
                or b.spec is not spec
                or beside.device is not spec.device
                or chooser.shape != shape
                or b.shape != shape
            ):
                return wrap(record.where(chooser, a, b))
            # As `record.where` does it, without the calls.
            node = Node()
            node.op = ops.WHERE
            node.inputs = (chooser, a, b)
            node.shape = shape
            node.spec = given
            node.attrs = node.buffer = None
            depth = chooser.depth
            if a.depth > depth:
                depth = a.depth
            if b.depth > depth:
                depth = b.depth
            node.depth = depth = depth + 1
            if depth >= modes.limit:
                record.finished(node)
                return wrap(node)
            return holding(node)
    return _chosen(condition, x1, x2)


def _chosen(condition: Array, x1: Array | Scalar, x2: Array | Scalar) -> Array:
    """`where` of any operands."""
    if checked(condition, "where").dtype is not dtypes.bool_:
        raise TypeError(
            f"where() takes a condition of dtype bool: got {condition.dtype}; compare it with 0"
        )
    chooser, device = read(condition), condition.device
    if isinstance(x1, Array) and isinstance(x2, Array):
        return wrap(record.where(chooser, read(x1), read(x2)))
    if isinstance(x1, Array):
        dtype = met(x1.dtype, x2, "where")
        return wrap(record.where(chooser, read(x1), constant_of(x2, dtype, device, "where")))
    if isinstance(x2, Array):
        dtype = met(x2.dtype, x1, "where")
        return wrap(record.where(chooser, constant_of(x1, dtype, device, "where"), read(x2)))
    # A NumPy scalar first: Python's take its dtype where that holds them.
    given = sorted((x1, x2), key=lambda x: not isinstance(x, np.generic))
    dtype = met(met(dtypes.bool_, given[0], "where"), given[1], "where")
    first, second = (constant_of(x, dtype, device, "where") for x in (x1, x2))
    return wrap(record.where(chooser, first, second))


def _place(op: Op, x: Array, axis: int | None, keepdims: bool) -> Array:
    rank = checked(x, op.name).ndim
    axes = tuple(range(rank)) if axis is None else (normalize_axis(axis, rank),)
    infer.compute(op, x.dtype)
    if any(x.shape[i] == 0 for i in axes):
        raise ValueError(f"{op.name}() of no elements: shape {x.shape}, axis {axis}")
    if not axes:
        return wrap(constant(0, dtypes.DEFAULT_INTEGER, x.device))
    result = reduce(op, x, axes, keepdims)
    # Its operand would tell, until it is materialized.
    ranges.remember(result._storage.node, 0, math.prod(x.shape[i] for i in axes) - 1)
    return result


def _order(sorter: Array, x1: Array) -> Node:
    x1, sorter = on_one_device([x1, sorter], "searchsorted")
    if kind_of(sorter.dtype) not in "iu":
        raise TypeError(f"searchsorted() takes a sorter of an integer dtype: got {sorter.dtype}")
    if sorter.shape != x1.shape:
        raise ValueError(
            f"searchsorted() needs a sorter of the shape of x1: got {sorter.shape} for {x1.shape}"
        )
    return in_range(read(sorter), 0, x1.size)
