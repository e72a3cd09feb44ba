"""Functions that find elements, or choose between them.

Source: Array API 2025.12, "Searching Functions".
"""

from __future__ import annotations

from xgpu.arguments import checked, constant_of, met
from xgpu.array import Array, read, reduce, wrap
from xgpu.graph.shapes import normalize_axes, normalize_axis
from xgpu.plugin import dtypes, ops
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import Scalar
from xgpu.runtime import record


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


def where(condition: Array, x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """x1 where ``condition`` is True, else x2, all three broadcast.

    One of x1 and x2 at least is an array.

    Raises:
        TypeError: ``condition`` is not of bool, or both others are scalars.

    Source: Array API 2025.12, Searching Functions.
    """
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
    second = checked(x2, "where")
    dtype = met(second.dtype, x1, "where")
    return wrap(record.where(chooser, constant_of(x1, dtype, device, "where"), read(second)))


def _place(op: Op, x: Array, axis: int | None, keepdims: bool) -> Array:
    rank = checked(x, op.name).ndim
    axes = tuple(range(rank)) if axis is None else (normalize_axis(axis, rank),)
    if any(x.shape[i] == 0 for i in axes):
        raise ValueError(f"{op.name}() of no elements: shape {x.shape}, axis {axis}")
    if not axes:
        # The one element of a 0-d array: compared with itself, for the checks and the shape.
        x = wrap(record.cast(read(x), x.dtype))
    return reduce(op, x, axes, keepdims)
