"""`View`: strided access to the C-contiguous elements of a node, and its algebra.

NumPy's own model of basic indexing, transposition, broadcasting and reshaping: a shape, one
stride per axis and an offset, all in elements. `compose` is what pushes a view through
elementwise ops to the loads of a program.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from xgpu.plugin.program import contiguous_strides

__all__ = [
    "Shape",
    "View",
    "broadcast",
    "compose",
    "contiguous_strides",
    "has_repeats",
    "is_contiguous",
    "permute",
    "reshape",
    "whole",
]

Shape = tuple[int, ...]


class View(NamedTuple):
    """Element k of the view is element ``offset + sum(strides * k)`` of what is viewed."""

    shape: Shape
    strides: tuple[int, ...]
    offset: int


def whole(shape: Shape) -> View:
    """The view of all elements in order."""
    return View(shape, contiguous_strides(shape), 0)


def is_contiguous(view: View) -> bool:
    """Whether the elements follow one another in C order from ``offset`` on."""
    step = 1
    for length, stride in zip(reversed(view.shape), reversed(view.strides), strict=True):
        if length == 0:
            return True
        if length != 1:
            if stride != step:
                return False
            step *= length
    return True


def has_repeats(view: View) -> bool:
    """Whether an axis of stride 0 shows one element at several places (read-only, as NumPy)."""
    repeats = any(s == 0 and n > 1 for n, s in zip(view.shape, view.strides, strict=True))
    return repeats and 0 not in view.shape


@lru_cache(maxsize=4096)
def broadcast(view: View, shape: Shape) -> View:
    """``view`` stretched to ``shape``, which it is known to broadcast to."""
    extra = len(shape) - len(view.shape)
    strides = tuple(
        stride if length == target else 0
        for length, stride, target in zip(view.shape, view.strides, shape[extra:], strict=True)
    )
    return View(shape, (0,) * extra + strides, view.offset)


def permute(view: View, axes: tuple[int, ...]) -> View:
    """Axis i of the result is axis ``axes[i]`` of ``view``."""
    return View(
        tuple(view.shape[a] for a in axes), tuple(view.strides[a] for a in axes), view.offset
    )


def reshape(view: View, shape: Shape) -> View | None:
    """The same elements in C order under another shape, or None if no strides express it."""
    if 0 in shape:
        return View(shape, contiguous_strides(shape), view.offset)
    # Runs of axes that are contiguous among themselves, innermost last.
    runs: list[list[int]] = []  # [length, stride of the innermost axis]
    for length, stride in zip(view.shape, view.strides, strict=True):
        if length == 1:
            continue
        if runs and runs[-1][1] == stride * length:
            runs[-1] = [runs[-1][0] * length, stride]
        else:
            runs.append([length, stride])
    strides: list[int] = []
    left, step = runs.pop() if runs else [1, 1]
    for length in reversed(shape):
        if length == 1:
            strides.append(step)
            continue
        if left == 1 and runs:
            left, step = runs.pop()
        if left % length:
            return None
        strides.append(step)
        left //= length
        step *= length
    return View(shape, tuple(reversed(strides)), view.offset)


@lru_cache(maxsize=8192)
def compose(outer: View, inner: View) -> View | None:
    """The view that reads ``inner`` and then ``outer`` over the result of it.

    ``outer`` addresses the C order of ``inner.shape``. None where the axes of ``outer`` do not
    each move along one axis of ``inner`` (a reshape in between that strides cannot express).
    """
    if is_contiguous(inner):
        return View(outer.shape, outer.strides, outer.offset + inner.offset)
    if 0 in outer.shape:
        return View(outer.shape, (0,) * len(outer.shape), inner.offset)
    if is_contiguous(outer) and math.prod(outer.shape) == math.prod(inner.shape):
        return reshape(inner, outer.shape)
    steps = contiguous_strides(inner.shape)
    # The coordinates in ``inner`` of the first element, and how far each one ranges from there.
    start: list[int] = []
    rest = outer.offset
    for step in steps:
        start.append(rest // step)
        rest %= step
    low, high = list(start), list(start)
    strides: list[int] = []
    for length, stride in zip(outer.shape, outer.strides, strict=True):
        if length == 1 or stride == 0:
            strides.append(0)
            continue
        axis = _axis_of(stride, steps, inner.shape)
        if axis is None:
            return None
        count = stride // steps[axis]
        reach = count * (length - 1)
        low[axis] += min(reach, 0)
        high[axis] += max(reach, 0)
        strides.append(count * inner.strides[axis])
    # Inside these bounds every position has these coordinates and no others, so the digits of
    # the address never carry from one axis into the next.
    for first, last, length in zip(low, high, inner.shape, strict=True):
        if first < 0 or last >= length:
            return None
    offset = inner.offset + sum(c * s for c, s in zip(start, inner.strides, strict=True))
    return View(outer.shape, tuple(strides), offset)


def _axis_of(stride: int, steps: tuple[int, ...], shape: Shape) -> int | None:
    """The axis, the outermost whose step divides ``stride``, that a stride moves along."""
    for axis, (step, length) in enumerate(zip(steps, shape, strict=True)):
        if length > 1 and abs(stride) >= step:
            return axis if stride % step == 0 else None
    return None
