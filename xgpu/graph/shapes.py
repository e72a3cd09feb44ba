"""Shape rules that several functions share: broadcasting, axes, reshape targets.

Source: Array API 2025.12, "Broadcasting".
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from typing import Any, Final

from numpy.exceptions import AxisError

Shape = tuple[int, ...]

MAX_AXES: Final = 64
"""The largest number of axes, which is NumPy's."""


@lru_cache(maxsize=4096)
def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape to which all ``shapes`` stretch; ``()`` for none.

    Raises:
        ValueError: two lengths differ and neither is 1.
    """
    rank = max((len(s) for s in shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for axis, length in enumerate(shape, rank - len(shape)):
            if length == 1 or length == result[axis]:
                continue
            if result[axis] != 1:
                listed = " ".join(str(s) for s in shapes)
                raise ValueError(f"operands could not be broadcast together with shapes {listed}")
            result[axis] = length
    return tuple(result)


def integer(value: Any, name: str) -> int:
    """``value`` as a Python int.

    Raises:
        TypeError: not an integer.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer: got {value!r}") from None


def normalize_axis(axis: int, rank: int, name: str = "axis") -> int:
    """A non-negative axis number.

    Raises:
        TypeError: not an integer.
        numpy.exceptions.AxisError: out of range; it is an IndexError and a ValueError.
    """
    number = integer(axis, name)
    if not -rank <= number < rank:
        raise AxisError(number, rank, None if name == "axis" else name)
    return number % rank


def normalize_axes(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """Sorted, non-negative axis numbers; all axes for None.

    Raises:
        numpy.exceptions.AxisError: one is out of range.
        ValueError: one is named twice.
    """
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(normalize_axis(a, rank) for a in given)
    if len(set(axes)) != len(axes):
        raise ValueError(f"duplicate value in 'axis': {axis}")
    return tuple(axes)


def limit_axes(count: int) -> None:
    """Check that an array may have ``count`` axes.

    Raises:
        ValueError: they are too many.
    """
    if count > MAX_AXES:
        raise ValueError(f"an array has at most {MAX_AXES} axes: {count} are asked for")


def normalize_shape(shape: Any) -> Shape:
    """A shape as a tuple of Python ints.

    Raises:
        TypeError: not an integer or a sequence of integers.
        ValueError: a negative length, or too many of them.
    """
    try:
        given = tuple(shape)
    except TypeError:
        given = (shape,)
    try:
        result = tuple(operator.index(n) for n in given)
    except TypeError:
        raise TypeError(f"shape must be an integer or a tuple of integers: got {shape!r}") from None
    if any(n < 0 for n in result):
        raise ValueError(f"negative dimensions are not allowed: got {shape!r}")
    limit_axes(len(result))
    return result


def reshape_target(shape: Any, size: int) -> Shape:
    """The shape that ``reshape`` is asked for, with a -1 worked out.

    Raises:
        TypeError: not an integer or a sequence of integers.
        ValueError: the sizes differ, there are several -1, or too many lengths.
    """
    lengths = shape if isinstance(shape, tuple | list) else (shape,)
    given = tuple(integer(n, "a length in the shape") for n in lengths)
    unknown = given.count(-1)
    if unknown > 1:
        raise ValueError("can only specify one unknown dimension")
    if any(n < -1 for n in given):
        raise ValueError(f"negative dimensions are not allowed: got {given}")
    if unknown:
        known = math.prod(n for n in given if n != -1)
        if known == 0 or size % known:
            raise ValueError(f"cannot reshape array of size {size} into shape {given}")
        given = tuple(size // known if n == -1 else n for n in given)
    if math.prod(given) != size:
        raise ValueError(f"cannot reshape array of size {size} into shape {given}")
    limit_axes(len(given))
    return given
