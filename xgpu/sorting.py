"""Sorting along an axis.

NaN comes last in either direction, as does a complex number with NaN in either part. The others,
whose order the standard leaves open, are ordered by their real and then by their imaginary part, as
in NumPy.

Source: Array API 2025.12, "Sorting Functions".
"""

from __future__ import annotations

from xgpu.arguments import checked
from xgpu.array import Array, read, wrap
from xgpu.graph import ranges
from xgpu.graph.node import Node, filled
from xgpu.graph.shapes import normalize_axis
from xgpu.graph.view import whole
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.runtime import record
from xgpu.runtime.select import along


def argsort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Indices that sort x along ``axis``, as int64.

    The largest comes first if ``descending``; equal elements keep their order if ``stable``.

    Raises:
        IndexError: an axis out of range, as any is for a 0-d array.

    Source: Array API 2025.12, Sorting Functions.
    """
    where = normalize_axis(axis, checked(x, "argsort").ndim)
    return wrap(order(read(x), where, bool(descending), bool(stable)))


def sort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """A copy of x, sorted along ``axis``.

    The largest comes first if ``descending``; equal elements keep their order if ``stable``.

    Raises:
        IndexError: an axis out of range, as any is for a 0-d array.

    Source: Array API 2025.12, Sorting Functions.
    """
    where = normalize_axis(axis, checked(x, "sort").ndim)
    return wrap(ordered(read(x), where, bool(descending), bool(stable)))


def ordered(x: Node, axis: int, descending: bool, stable: bool) -> Node:
    """The elements of a node in order along ``axis``."""
    if 0 in x.shape or x.shape[axis] == 1:
        return x
    if kind_of(x.dtype) == "c":
        return along(x, whole(x.shape), axis, order(x, axis, descending, stable))
    made = record.along_axis(ops.SORT, x, axis, x.dtype, descending=descending, stable=stable)
    ranges.inherit(made, x)
    return made


def order(x: Node, axis: int, descending: bool, stable: bool) -> Node:
    """The indices that put a node in order along ``axis``."""
    index = dtypes.DEFAULT_INTEGER
    if 0 in x.shape or x.shape[axis] == 1:
        return filled(x.shape, 0, index, x.device)
    if kind_of(x.dtype) != "c":
        made = record.along_axis(ops.ARGSORT, x, axis, index, descending=descending, stable=stable)
        ranges.remember(made, 0, x.shape[axis] - 1)
        return made
    # By the lesser key first; the sort by the greater one keeps that order among equals.
    shape = whole(x.shape)
    real, imag = record.unary(ops.REAL, x), record.unary(ops.IMAG, x)
    real = record.where(record.unary(ops.ISNAN, imag), imag, real)  # NaN in either part is last
    first = order(imag, axis, descending, stable)
    second = order(along(real, shape, axis, first), axis, descending, stable=True)
    return along(first, shape, axis, second)
