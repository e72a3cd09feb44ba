"""Tensors as views of one-dimensional ones, through ``as_strided``."""

from __future__ import annotations

from typing import Any

from xgpu_compat import unsigned

Array = Any


def strided(x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    """A copy in C order: for other strides torch has other code, with other last bits."""
    view, flipped = _view(unsigned.signed(x), shape, strides, offset)
    made = view.flip(flipped) if flipped else view.contiguous()
    return made.view(x.dtype)


def stored(
    x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, value: Array
) -> Array:
    """Assigned to the view."""
    view, flipped = _view(unsigned.signed(x), shape, strides, offset)
    value = unsigned.signed(value)
    view.copy_(value.flip(flipped) if flipped else value.clone())
    return x


def _view(
    x: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> tuple[Array, list[int]]:
    # torch has no negative strides: the axes that have some are walked the other way.
    flipped = [axis for axis, stride in enumerate(strides) if stride < 0]
    start = offset + sum(strides[axis] * (shape[axis] - 1) for axis in flipped)
    return x.as_strided(shape, [abs(s) for s in strides], start), flipped
