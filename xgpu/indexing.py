"""Selecting elements by arrays of indices along one axis.

A negative index counts from the end. Indices are checked by the call that takes them. It waits for
the device, when it meets an index array for the first time, unless the way in which that was made
tells its bounds.

Source: Array API 2025.12, "Indexing Functions".
"""

from __future__ import annotations

from xgpu.arguments import on_one_device
from xgpu.array import Array, read, seen, wrap
from xgpu.graph.shapes import normalize_axis
from xgpu.plugin.dtypes import kind_of
from xgpu.runtime.select import along, in_range


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """The elements of x at the 1-d ``indices`` along ``axis``; a copy.

    Raises:
        TypeError: indices that are no integers.
        ValueError: indices of another rank, or no ``axis`` for an x that is not 1-d.
        IndexError: an index or the axis out of range.

    Source: Array API 2025.12, Indexing Functions.
    """
    x, indices = _checked(x, indices, "take")
    if indices.ndim != 1:
        raise ValueError(f"take() takes 1-d indices: got shape {indices.shape}")
    if axis is None and x.ndim != 1:
        raise ValueError(f"take() needs an axis for an array of {x.ndim} axes")
    where = 0 if axis is None else normalize_axis(axis, x.ndim)
    return x[(*(slice(None),) * where, indices)]


def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Array:
    """The elements of x at ``indices`` along ``axis``, each in its own row; a copy.

    The other axes of both broadcast.

    Raises:
        TypeError: indices that are no integers.
        ValueError: indices of another rank than x, or of lengths that do not broadcast.
        IndexError: an index or the axis out of range.

    Source: Array API 2025.12, Indexing Functions.
    """
    x, indices = _checked(x, indices, "take_along_axis")
    where = normalize_axis(axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ValueError(
            f"take_along_axis() needs as many axes of both: got {x.ndim} and {indices.ndim}"
        )
    places = in_range(read(indices), where, x.shape[where])
    return wrap(along(x._storage.node, seen(x), where, places))


def _checked(x: Array, indices: Array, name: str) -> tuple[Array, Array]:
    x, indices = on_one_device([x, indices], name)
    if kind_of(indices.dtype) not in "iu":
        raise TypeError(f"{name}() takes indices of an integer dtype: got {indices.dtype}")
    return x, indices
