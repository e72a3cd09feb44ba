"""`Folding`: what folding axes comes to for one shape, remembered since programs fold it again."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from xgpu.graph.shapes import Shape, normalize_axes
from xgpu.graph.view import View, whole

Axis = int | tuple[int, ...] | None


class Folding(NamedTuple):
    """Some axes of a shape are folded into one element."""

    axes: tuple[int, ...]  #: sorted, from 0 on
    left: Shape  #: without them
    kept: View  #: of the elements left, with an axis of length 1 for each of them
    number: float  #: of elements that are folded into one


def folding(shape: Shape, axis: Axis) -> Folding:
    """Folding ``axis``, which is one axis, several or, for None, all.

    Raises:
        TypeError: not an integer.
        numpy.exceptions.AxisError: one is out of range.
        ValueError: one is named twice.
    """
    if axis is None or type(axis) is int:
        return _remembered(shape, axis)
    # Numbers that are no integers may be equal to some.
    return _remembered(shape, normalize_axes(axis, len(shape)))


@lru_cache(maxsize=4096)
def _remembered(shape: Shape, axis: Axis) -> Folding:
    axes = normalize_axes(axis, len(shape))
    left = tuple(n for i, n in enumerate(shape) if i not in axes)
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return Folding(axes, left, whole(kept), float(math.prod(shape[i] for i in axes)))
