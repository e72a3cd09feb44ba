"""Basic indexing: integers, slices, ellipsis and newaxis, resolved to a `View`.

Source: Array API 2025.12, "Indexing". Errors are NumPy's types.
"""

from __future__ import annotations

import operator
from typing import Any

from xgpu.graph.shapes import MAX_AXES
from xgpu.graph.view import View


def index(view: View, key: Any) -> View:
    """The part of ``view`` that ``key`` selects.

    Raises:
        IndexError: an index out of range, too many indices, two ellipses, a key of another
            type, or more axes than an array has.
    """
    keys = key if isinstance(key, tuple) else (key,)
    taken = sum(1 for k in keys if k is not None and k is not Ellipsis)
    ellipses = sum(1 for k in keys if k is Ellipsis)
    rank = len(view.shape)
    if ellipses > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if taken > rank:
        raise IndexError(
            f"too many indices for array: array is {rank}-dimensional, but {taken} were indexed"
        )
    shape: list[int] = []
    strides: list[int] = []
    offset = view.offset
    axis = 0
    for k in keys if ellipses else (*keys, Ellipsis):
        if k is None:
            shape.append(1)
            strides.append(0)
        elif k is Ellipsis:
            stop = axis + rank - taken
            shape.extend(view.shape[axis:stop])
            strides.extend(view.strides[axis:stop])
            axis = stop
        elif isinstance(k, slice):
            length, stride = view.shape[axis], view.strides[axis]
            start, stop, step = _slice(k, length)
            count = len(range(start, stop, step))
            offset += start * stride if count else 0
            shape.append(count)
            strides.append(stride * step)
            axis += 1
        else:
            offset += _integer(k, axis, view.shape[axis]) * view.strides[axis]
            axis += 1
    if len(shape) > MAX_AXES:
        raise IndexError(f"an array has at most {MAX_AXES} axes: the index asks for {len(shape)}")
    return View(tuple(shape), tuple(strides), offset)


def _slice(key: slice, length: int) -> tuple[int, int, int]:
    try:
        return key.indices(length)
    except TypeError:
        raise IndexError(
            f"slice indices must be integers, None or have an __index__ method: got {key!r}"
        ) from None


def _integer(key: Any, axis: int, length: int) -> int:
    if isinstance(key, bool):
        raise IndexError("a boolean is a mask without axes, not an integer")
    try:
        position = operator.index(key)
    except TypeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), newaxis (`None`) and arrays and lists "
            f"of integers or bool are valid indices: got {type(key).__name__}"
        ) from None
    if not -length <= position < length:
        raise IndexError(f"index {position} is out of bounds for axis {axis} with size {length}")
    return position + length if position < 0 else position
