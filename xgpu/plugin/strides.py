"""Strides for libraries that have none: a strided view as slices, or as the places to gather."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def positions(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Any:
    """``offset + sum(strides * k)`` for each coordinate k, as an int64 ``numpy.ndarray``."""
    result: Any = np.asarray(offset, dtype=np.int64)
    for axis, (length, stride) in enumerate(zip(shape, strides, strict=True)):
        step = np.arange(length, dtype=np.int64) * stride
        result = result + step.reshape((length,) + (1,) * (len(shape) - axis - 1))
    return result


def sliced(
    xp: Any, buffer: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> Any:
    """The elements at ``offset + sum(strides * k)`` of a 1-d array, as an array of ``shape``.

    Slices, reshapes and permutations of the array API's ``xp`` make it, so that no list of places
    has to be made, moved to a device and followed. None if they cannot, because what two
    coordinates of one axis reach overlaps.
    """
    if 0 in shape:
        return xp.reshape(buffer[:0], shape)
    turned = [axis for axis, stride in enumerate(strides) if stride < 0]
    start = offset + sum((shape[axis] - 1) * strides[axis] for axis in turned)
    # The axes that move, the widest steps first, and how far all that follow an axis reach.
    moving = [axis for axis, n in enumerate(shape) if n > 1 and strides[axis]]
    moving.sort(key=lambda axis: -abs(strides[axis]))
    reach = 1 + sum((shape[axis] - 1) * abs(strides[axis]) for axis in moving)
    x, there, first = buffer, buffer.shape[0] - start, start
    for place, axis in enumerate(moving):
        length, step = shape[axis], abs(strides[axis])
        reach -= (length - 1) * step
        if step < reach:
            return None
        done = tuple(shape[a] for a in moving[:place])
        if place == len(moving) - 1:
            x = x[..., first : first + (length - 1) * step + 1 : step]
        elif length * step <= there:
            x = xp.reshape(x[..., first : first + length * step], (*done, length, step))
            there = step
        else:
            # The last step has no room to be whole.
            last = first + (length - 1) * step
            whole = xp.reshape(x[..., first:last], (*done, length - 1, step))[..., :reach]
            rest = xp.reshape(x[..., last : last + reach], (*done, 1, reach))
            x, there = xp.concat([whole, rest], axis=-2), reach
        first = 0
    if not moving:
        x = x[start : start + 1]
    order = sorted(range(len(moving)), key=lambda place: moving[place])
    if order != [*range(len(moving))]:
        x = xp.permute_dims(x, tuple(order))
    x = xp.reshape(x, tuple(n if strides[axis] else 1 for axis, n in enumerate(shape)))
    flipped = tuple(axis for axis in turned if shape[axis] > 1)
    if flipped:
        x = xp.flip(x, axis=flipped)
    return x if math.prod(x.shape) == math.prod(shape) else xp.broadcast_to(x, shape)
