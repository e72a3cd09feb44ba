"""Tests of all elements at once, and differences of neighbours.

Source: Array API 2025.12, "Utility Functions".
"""

from __future__ import annotations

from xgpu.arguments import checked
from xgpu.array import Array, binary, read, reduce, wrap
from xgpu.graph.shapes import integer, normalize_axes, normalize_axis
from xgpu.manipulation import concat
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.ops import Op
from xgpu.runtime import record

Axis = int | tuple[int, ...] | None


def all(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether all elements differ from zero; True of no elements.

    Source: Array API 2025.12, Utility Functions.
    """
    return _tested(ops.ALL, x, axis, keepdims)


def any(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether an element differs from zero; False of no elements.

    Source: Array API 2025.12, Utility Functions.
    """
    return _tested(ops.ANY, x, axis, keepdims)


def diff(
    x: Array,
    /,
    *,
    axis: int = -1,
    n: int = 1,
    prepend: Array | None = None,
    append: Array | None = None,
) -> Array:
    """Each element less the one before it along ``axis``, ``n`` times over; a copy for n = 0.

    ``prepend`` and ``append`` are joined to x first.

    Raises:
        TypeError: bool elements.
        ValueError: ``n`` is negative, or x is 0-d.

    Source: Array API 2025.12, Utility Functions.
    """
    times = integer(n, "n")
    if times < 0:
        raise ValueError(f"diff() takes n of at least 0: got {n}")
    if kind_of(checked(x, "diff").dtype) == "b":
        raise TypeError("diff() does not take dtype bool; it takes numeric dtypes")
    if not x.ndim:
        raise ValueError("diff() needs at least one axis: got a 0-d array")
    where = normalize_axis(axis, x.ndim)
    parts = [checked(part, "diff") for part in (prepend, x, append) if part is not None]
    result = concat(parts, axis=where) if len(parts) > 1 else x
    before = (slice(None),) * where
    for _ in range(times):
        upper, lower = (*before, slice(1, None)), (*before, slice(None, -1))
        result = binary(ops.SUBTRACT, result[upper], result[lower])
    return result if result is not x else wrap(read(x))


def _tested(op: Op, x: Array, axis: Axis, keepdims: bool) -> Array:
    axes = normalize_axes(axis, checked(x, op.name).ndim)
    truth = wrap(record.cast(read(x), dtypes.bool_))
    return reduce(op, truth, axes, keepdims) if axes else truth
