"""`Operators`: what ``x + y`` and its like are, and the functions of two operands behind them.

Most of what a program records is recorded here, so the common cases are written out: an array and
another of its shape, dtype and device, or a Python number that the dtype takes. They make the node
and the array without a further call. Whatever else there is goes to `Operators._operated`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cache, update_wrapper
from typing import Any, Final, Self, TypeVar

from xgpu.attributes import Described, Storage
from xgpu.graph.node import Node, viewed
from xgpu.graph.shapes import broadcast_shapes
from xgpu.graph.spec import NUMBERS
from xgpu.plugin import ops
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import Scalar
from xgpu.runtime import modes
from xgpu.runtime.record import finished

Method = TypeVar("Method", bound=Callable[..., Any])

RECIPROCAL: Final = ops.RECIPROCAL

_blank: Callable[[], Any] = object
"""What makes an empty array: see `makes`."""


def makes(blank: Callable[[], Any]) -> None:
    """Tell this module, which the class is made with, how its instances are made."""
    global _blank
    _blank = blank


@cache
def forward(op: Op) -> Callable[[Any, Any], Any]:
    """``op`` of an array and an array or scalar; NotImplemented for what may know better."""
    number = NUMBERS[op]

    def operator(self: Any, other: Any, /) -> Any:
        a = self._node
        if a is None:
            a = self._cell.node if self._view is None else viewed(self._cell.node, self._view)
        spec, shape, kind = a.spec, a.shape, type(other)
        if kind is type(self):
            b = other._node
            if b is None:
                cell = other._cell.node
                b = cell if other._view is None else viewed(cell, other._view)
            given = spec.gives[number]
            if given is None or b.spec is not spec:
                return self._operated(op, other, False)
            if b.shape is not shape and b.shape != shape:
                shape = broadcast_shapes(shape, b.shape)
            node = Node()
            node.inputs = (a, b)
            node.attrs = node.buffer = None
            depth = a.depth
            if b.depth > depth:
                depth = b.depth
        else:
            if kind is float:
                given = spec.floats[number]
                if given is None:
                    return self._operated(op, other, False)
            elif kind is int:
                rule = spec.integers.get(op)
                if rule is None:
                    return self._operated(op, other, False)
                given, taken, least, most = rule
                if not least <= other <= most:
                    return self._operated(op, other, False)
                other = taken(other)
            else:
                return self._operated(op, other, False)
            node = Node()
            node.inputs = (a,)
            node.attrs = (other, False)
            node.buffer = None
            depth = a.depth
        node.op = op
        node.shape = shape
        node.spec = given
        node.depth = depth = depth + 1
        if depth >= modes.limit:
            finished(node)
        array = _blank()
        array._node = node
        array._view = None
        return array

    return operator


@cache
def mirrored(op: Op) -> Callable[[Any, Any], Any]:
    """``op`` of a scalar and an array, which comes first here."""
    number = NUMBERS[op]
    divides = op is ops.DIVIDE  # 1 / x is recorded as another op

    def operator(self: Any, other: Any, /) -> Any:
        a = self._node
        if a is None:
            a = self._cell.node if self._view is None else viewed(self._cell.node, self._view)
        spec, kind = a.spec, type(other)
        if kind is float:
            given = spec.floats[number]
            if given is None:
                return self._operated(op, other, True)
        elif kind is int:
            rule = spec.integers.get(op)
            if rule is None:
                return self._operated(op, other, True)
            given, taken, least, most = rule
            if not least <= other <= most:
                return self._operated(op, other, True)
            other = taken(other)
        else:
            return self._operated(op, other, True)
        node = Node()
        node.op = op
        node.attrs = (other, True)
        if divides and other == 1:
            inverted = spec.inverse
            if inverted is None:
                return self._operated(op, other, True)
            if inverted:
                node.op = RECIPROCAL
                node.attrs = None
        node.inputs = (a,)
        node.shape = a.shape
        node.spec = given
        node.buffer = None
        node.depth = depth = a.depth + 1
        if depth >= modes.limit:
            finished(node)
        array = _blank()
        array._node = node
        array._view = None
        return array

    return operator


def _as(operator: Callable[[Any, Any], Any]) -> Callable[[Method], Method]:
    """In place of a method that does the same, at once."""

    def of(method: Method) -> Method:
        made: Any = update_wrapper(operator, method)
        return made  # type: ignore[no-any-return]

    return of


class Operators(Described):
    """The operators of arrays."""

    __slots__ = ()

    _cell: Storage

    @abstractmethod
    def _operated(self, op: Op, other: Any, first: bool) -> Self:
        """``op`` of the array and ``other``, which comes ``first`` or not; or NotImplemented."""

    @abstractmethod
    def _in_place(self, op: Op, other: Any) -> Self:
        """The array, with the result of ``op`` written to it; or NotImplemented."""

    @_as(forward(ops.ADD))
    def __add__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.ADD, other, False)

    @_as(mirrored(ops.ADD))
    def __radd__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.ADD, other, True)

    def __iadd__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.ADD, other)

    @_as(forward(ops.SUBTRACT))
    def __sub__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.SUBTRACT, other, False)

    @_as(mirrored(ops.SUBTRACT))
    def __rsub__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.SUBTRACT, other, True)

    def __isub__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.SUBTRACT, other)

    @_as(forward(ops.MULTIPLY))
    def __mul__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.MULTIPLY, other, False)

    @_as(mirrored(ops.MULTIPLY))
    def __rmul__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.MULTIPLY, other, True)

    def __imul__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.MULTIPLY, other)

    @_as(forward(ops.DIVIDE))
    def __truediv__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.DIVIDE, other, False)

    @_as(mirrored(ops.DIVIDE))
    def __rtruediv__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.DIVIDE, other, True)

    def __itruediv__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.DIVIDE, other)

    @_as(forward(ops.FLOOR_DIVIDE))
    def __floordiv__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.FLOOR_DIVIDE, other, False)

    @_as(mirrored(ops.FLOOR_DIVIDE))
    def __rfloordiv__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.FLOOR_DIVIDE, other, True)

    def __ifloordiv__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.FLOOR_DIVIDE, other)

    @_as(forward(ops.REMAINDER))
    def __mod__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.REMAINDER, other, False)

    @_as(mirrored(ops.REMAINDER))
    def __rmod__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.REMAINDER, other, True)

    def __imod__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.REMAINDER, other)

    @_as(forward(ops.POW))
    def __pow__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.POW, other, False)

    @_as(mirrored(ops.POW))
    def __rpow__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.POW, other, True)

    def __ipow__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.POW, other)

    @_as(forward(ops.BITWISE_AND))
    def __and__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_AND, other, False)

    @_as(mirrored(ops.BITWISE_AND))
    def __rand__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_AND, other, True)

    def __iand__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.BITWISE_AND, other)

    @_as(forward(ops.BITWISE_OR))
    def __or__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_OR, other, False)

    @_as(mirrored(ops.BITWISE_OR))
    def __ror__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_OR, other, True)

    def __ior__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.BITWISE_OR, other)

    @_as(forward(ops.BITWISE_XOR))
    def __xor__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_XOR, other, False)

    @_as(mirrored(ops.BITWISE_XOR))
    def __rxor__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_XOR, other, True)

    def __ixor__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.BITWISE_XOR, other)

    @_as(forward(ops.BITWISE_LEFT_SHIFT))
    def __lshift__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_LEFT_SHIFT, other, False)

    @_as(mirrored(ops.BITWISE_LEFT_SHIFT))
    def __rlshift__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_LEFT_SHIFT, other, True)

    def __ilshift__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.BITWISE_LEFT_SHIFT, other)

    @_as(forward(ops.BITWISE_RIGHT_SHIFT))
    def __rshift__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_RIGHT_SHIFT, other, False)

    @_as(mirrored(ops.BITWISE_RIGHT_SHIFT))
    def __rrshift__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.BITWISE_RIGHT_SHIFT, other, True)

    def __irshift__(self, other: Self | Scalar, /) -> Self:
        return self._in_place(ops.BITWISE_RIGHT_SHIFT, other)

    @_as(forward(ops.EQUAL))
    def __eq__(self, other: Self | Scalar, /) -> Self:  # type: ignore[override]
        return self._operated(ops.EQUAL, other, False)

    @_as(forward(ops.NOT_EQUAL))
    def __ne__(self, other: Self | Scalar, /) -> Self:  # type: ignore[override]
        return self._operated(ops.NOT_EQUAL, other, False)

    @_as(forward(ops.LESS))
    def __lt__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.LESS, other, False)

    @_as(forward(ops.LESS_EQUAL))
    def __le__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.LESS_EQUAL, other, False)

    @_as(forward(ops.GREATER))
    def __gt__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.GREATER, other, False)

    @_as(forward(ops.GREATER_EQUAL))
    def __ge__(self, other: Self | Scalar, /) -> Self:
        return self._operated(ops.GREATER_EQUAL, other, False)
