"""What is known of the values of integer nodes without looking at them: bounds.

`bounds` follows a pending node down to what is known: coordinates, constants, dtypes, and the nodes
whose bounds somebody has told (`remember`), such as the places that a sort gives, or numbers that
the host has looked at. The values of a node never change, so what was told holds while it lives.

Each rule takes the bounds of the operands as exact numbers. Where a result may leave its dtype, it
wraps around, and all that is known is what the dtype holds. So bounds may be wide, and never wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from xgpu.graph.node import Node, Shared
from xgpu.plugin import ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.ops import Kind, Op

Bounds = tuple[int, int]

MOST: Final = 128
"""Nodes that one question may look at; what is below them counts as unknown."""

_known: Final[WeakKeyDictionary[Node, Bounds]] = WeakKeyDictionary()


def remember(node: Node, low: int, high: int) -> None:
    """Tell that all values of an integer node are from ``low`` to ``high``."""
    _known[node] = (low, high)


def inherit(node: Node, *sources: Node) -> None:
    """Tell that an array, if it is of integers, has no values but those of ``sources``.

    For kernels of their own, which the graph does not remember.
    """
    if kind_of(node.dtype) in "iu":
        found = [bounds(source) for source in sources]
        low, high = min(low for low, _ in found), max(high for _, high in found)
        if (low, high) != limits(node.dtype):
            remember(node, low, high)


def known(node: Node) -> Bounds | None:
    """What somebody told of ``node``."""
    # Others may write to the memory of a shared node, whatever was found there.
    return None if type(node) is Shared else _known.get(node)


def bounds(node: Node) -> Bounds:
    """Numbers between which all values of a node of integers or bool are.

    The memory of a bool that xgpu did not write may hold any byte.
    """
    return _bounds(node, {})


@cache
def limits(dtype: DType) -> Bounds:
    """What a dtype of integers, or the byte of a bool, can hold."""
    if kind_of(dtype) == "b":
        return 0, 255
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _bounds(node: Node, seen: dict[Node, Bounds]) -> Bounds:
    found = seen.get(node) or known(node)
    if found is not None:
        return found
    kind = kind_of(node.dtype)
    widest = limits(node.dtype)
    if len(seen) >= MOST:
        return widest
    seen[node] = widest
    # Read once: another thread may materialize the node, which lets go of them.
    op, inputs, attrs = node.op, node.inputs, node.attrs
    if op is ops.CONSTANT:
        found = int(attrs), int(attrs)
    elif op is ops.INDEX:
        # Which axis it counts along is forgotten once it is materialized.
        length = max(node.shape) if attrs is None else node.shape[attrs]
        found = 0, max(length - 1, 0)
    elif op is ops.VIEW:
        found = _bounds(inputs[0], seen) if inputs else None
    elif kind == "b":
        found = _truth(inputs, seen)
    elif op.kind is Kind.REDUCTION:
        found = _reduced(op, inputs[0], attrs, seen) if inputs and attrs is not None else None
    else:
        scalar = attrs if op.kind is Kind.ELEMENTWISE else None
        found = _computed(op, node.dtype, inputs, scalar, seen)
    if found is None or found[0] < widest[0] or found[1] > widest[1]:
        return widest
    seen[node] = found
    return found


def _truth(inputs: tuple[Node, ...], seen: dict[Node, Bounds]) -> Bounds | None:
    """0 and 1, if what it is made of is numbers, or itself 0 and 1."""
    bools = [x for x in inputs if kind_of(x.dtype) == "b"]
    return (0, 1) if inputs and all(_bounds(x, seen)[1] <= 1 for x in bools) else None


def _reduced(op: Op, x: Node, axes: tuple[int, ...], seen: dict[Node, Bounds]) -> Bounds | None:
    count = math.prod(x.shape[axis] for axis in axes)
    if op in (ops.ARGMIN, ops.ARGMAX):
        return 0, max(count - 1, 0)
    if op in (ops.MIN, ops.MAX):
        return _bounds(x, seen)
    if op is ops.SUM:
        low, high = _bounds(x, seen)
        return low * count, high * count
    return None


def _computed(
    op: Op, dtype: DType, inputs: tuple[Node, ...], scalar: Any, seen: dict[Node, Bounds]
) -> Bounds | None:
    rule = _RULES.get(op)
    if rule is None or not (inputs or scalar):
        return None
    # Once it is materialized the operand is gone and the scalar stays.
    given = [_operand(x, seen) for x in inputs] or [limits(dtype)]
    if scalar is not None:
        value = int(scalar[0])
        given.insert(0 if scalar[1] else 1, (value, value))
    return None if None in given else rule(dtype, *given)


def _operand(x: Node, seen: dict[Node, Bounds]) -> Bounds | None:
    return _bounds(x, seen) if kind_of(x.dtype) in "biu" else None


# The rules: (the result's dtype, bounds of each operand) -> bounds, before they wrap around.

Rule = Callable[..., Bounds | None]


def _corners(function: Callable[[int, int], int], a: Bounds, b: Bounds) -> Bounds:
    """Of what rises or falls all the way along each operand."""
    found = [function(x, y) for x, y in product(a, b)]
    return min(found), max(found)


def _absolute(_: Any, a: Bounds) -> Bounds:
    low, high = a
    return max(0, low, -high), max(high, -low)


def _square(dtype: Any, a: Bounds) -> Bounds:
    low, high = _absolute(dtype, a)
    return low * low, high * high


def _invert(dtype: DType, a: Bounds) -> Bounds:
    top = limits(dtype)[1] if kind_of(dtype) == "u" else -1
    return top - a[1], top - a[0]


def _bits(_: Any, a: Bounds, b: Bounds) -> Bounds:
    """Of any function of bits: as many as the operands have, and a sign if one has it."""
    width = max(x.bit_length() if x >= 0 else (~x).bit_length() for x in (*a, *b))
    return (-(1 << width) if min(a[0], b[0]) < 0 else 0), (1 << width) - 1


def _and(dtype: Any, a: Bounds, b: Bounds) -> Bounds:
    tops = [high for low, high in (a, b) if low >= 0]
    return (0, min(tops)) if tops else _bits(dtype, a, b)


def _shift(function: Callable[[int, int], int]) -> Rule:
    def rule(dtype: DType, a: Bounds, b: Bounds) -> Bounds | None:
        return _corners(function, a, b) if b[0] >= 0 and b[1] < 8 * dtype.itemsize else None

    return rule


def _floor_divide(_: Any, a: Bounds, b: Bounds) -> Bounds | None:
    return None if b[0] <= 0 <= b[1] else _corners(lambda x, y: x // y, a, b)


def _remainder(_: Any, a: Bounds, b: Bounds) -> Bounds | None:
    """It has the sign of the divisor, and a distance from 0 that is less."""
    if b[0] > 0:
        return (a if a[1] < b[0] else (0, min(a[1], b[1] - 1))) if a[0] >= 0 else (0, b[1] - 1)
    return (b[0] + 1, 0) if b[1] < 0 else None


_RULES: Final[dict[Op, Rule]] = {
    # A float that no integer is gives any of the dtype; `_operand` has no bounds of floats.
    ops.CAST: lambda _, a: a,
    ops.ABS: _absolute,
    ops.BITWISE_INVERT: _invert,
    ops.NEGATIVE: lambda _, a: (-a[1], -a[0]),
    ops.SIGN: lambda _, a: (int(np.sign(a[0])), int(np.sign(a[1]))),
    ops.SQUARE: _square,
    ops.ADD: lambda _, a, b: (a[0] + b[0], a[1] + b[1]),
    ops.BITWISE_AND: _and,
    ops.BITWISE_LEFT_SHIFT: _shift(lambda x, y: x << y),
    ops.BITWISE_OR: _bits,
    ops.BITWISE_RIGHT_SHIFT: _shift(lambda x, y: x >> y),
    ops.BITWISE_XOR: _bits,
    ops.FLOOR_DIVIDE: _floor_divide,
    ops.MAXIMUM: lambda _, a, b: (max(a[0], b[0]), max(a[1], b[1])),
    ops.MINIMUM: lambda _, a, b: (min(a[0], b[0]), min(a[1], b[1])),
    ops.MULTIPLY: lambda _, a, b: _corners(lambda x, y: x * y, a, b),
    ops.REMAINDER: _remainder,
    ops.SUBTRACT: lambda _, a, b: (a[0] - b[1], a[1] - b[0]),
    ops.WHERE: lambda _, __, a, b: (min(a[0], b[0]), max(a[1], b[1])),
    ops.ASSIGN: lambda _, a, b: (min(a[0], b[0]), max(a[1], b[1])),
}
