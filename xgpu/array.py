"""`Array`: what the user holds.

An array is a *view* on a *storage*. The storage is a cell with the node that is its value now;
an in-place write puts another node into the cell, and every view on it sees that when it is
next read. So views alias as NumPy's do, while nodes never change.

Source: Array API 2025.12, "Array object".
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import numpy as np

from xgpu.attributes import Storage
from xgpu.display import Displayed
from xgpu.graph.advanced import Selection, select
from xgpu.graph.device import Device
from xgpu.graph.node import MAX_DEPTH, Node, constant, viewed
from xgpu.graph.view import View, contiguous_strides, permute, whole
from xgpu.methods import Everyday
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import SCALAR_TYPES, Scalar
from xgpu.runtime import modes, record
from xgpu.runtime.exchange import Exchange
from xgpu.runtime.guard import asked_for
from xgpu.runtime.mixed import together
from xgpu.runtime.plugins import device as find_device
from xgpu.runtime.record import BESIDE, GIVEN
from xgpu.runtime.scalars import foreign, scalar_node
from xgpu.runtime.select import gathered, of_host, scattered, written
from xgpu.runtime.shared import is_shared, settled
from xgpu.runtime.transfer import from_host, to_host
from xgpu.values import Readable

VERSION: Final = "2025.12"


class Array(Readable, Exchange, Displayed, Everyday):
    """An n-dimensional array on one device. Made by functions such as `xgpu.asarray`.

    Operations are recorded and run when a value is read (printing, ``float(x)``,
    ``numpy.asarray(x)``, `xgpu.materialize`); results and errors are those of running each
    call at once.

    Source: Array API 2025.12, Array object.
    """

    __slots__ = ("__weakref__", "_cell", "_node", "_view")

    # NumPy's operators give way to ours, which say what to do about the mixture.
    __array_priority__: Final = 1000.0
    __hash__: Final = None  # type: ignore[assignment]

    _cell: Storage
    _node: Node | None
    _view: View | None

    def __init__(self) -> None:
        raise TypeError("xgpu.Array is not called; make arrays with xgpu.asarray, xgpu.zeros ...")

    @property
    def _storage(self) -> Storage:
        """Made when it is first asked for: most arrays are read by the next call, and gone."""
        if self._node is not None:
            with _making:
                node = self._node
                if node is not None:
                    self._cell = Storage(node)
                    self._node = None
        return self._cell

    @_storage.setter
    def _storage(self, storage: Storage) -> None:
        self._cell = storage
        self._node = None

    # Transposes

    @property
    def T(self) -> Array:
        """The transpose of a two-dimensional array, a view.

        Raises:
            ValueError: another number of axes (use `mT` or `permute_dims`).
        """
        if self.ndim != 2:
            raise ValueError(f"x.T needs 2 axes, got {self.ndim}; use x.mT or permute_dims(x, ...)")
        return through(self, permute(seen(self), (1, 0)))

    @property
    def mT(self) -> Array:
        """The transpose of each matrix of a stack (the last two axes swapped), a view.

        Raises:
            ValueError: fewer than two axes.
        """
        rank = self.ndim
        if rank < 2:
            raise ValueError(f"x.mT needs at least 2 axes, got {rank}")
        return through(self, permute(seen(self), (*range(rank - 2), rank - 1, rank - 2)))

    # Containers

    def __len__(self) -> int:
        """The length of the first axis."""
        if not self.ndim:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        """A view for each place along the first axis."""
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, key: Any, /) -> Array:
        """The view that a key of integers and slices selects; a copy by masks and index arrays."""
        part = chosen(self, key)
        if isinstance(part, View):
            return through(self, part)
        return wrap(gathered(self._storage.node, part))

    def __setitem__(self, key: Any, value: Array | Scalar, /) -> None:
        """Write ``value``, cast and broadcast, where a key selects; each view sees it."""
        part = chosen(self, key)
        node = operand(value, self, "assignment")
        if isinstance(part, View):
            write(self, part, node)
        else:
            storage = self._storage
            old = storage.node
            if is_shared(old):
                storage.node = old  # as in `write`
            storage.node = scattered(old, part, node)

    def __copy__(self) -> Array:
        """An array of its own with the same elements."""
        return wrap(read(self))

    def __deepcopy__(self, memo: object) -> Array:
        return wrap(read(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled are the values and the device's name, where they go back to."""
        return restored, (numpy_of(self), str(self.device))

    # Moving and describing

    def to_device(self, device: str | Device, /, *, stream: Any = None) -> Array:
        """The array on ``device``: itself if it is there, else a copy.

        Raises:
            ValueError: unknown device, or a ``stream`` (enter an `xgpu.Stream` instead).
        """
        if stream is not None:
            raise ValueError("to_device() takes no stream: call it inside 'with stream:'")
        return move(self, find_device(device))

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        """The module ``xgpu``.

        Raises:
            ValueError: a version of the standard other than 2025.12.
        """
        if api_version not in (None, VERSION):
            raise ValueError(
                f"xgpu implements version {VERSION} of the standard: not {api_version}"
            )
        return sys.modules[__name__.partition(".")[0]]

    # Operators

    def __abs__(self, /) -> Array:
        return unary(ops.ABS, self)

    def __neg__(self, /) -> Array:
        return unary(ops.NEGATIVE, self)

    def __pos__(self, /) -> Array:
        return wrap(read(self))

    def __invert__(self, /) -> Array:
        return unary(ops.BITWISE_INVERT, self)

    def __add__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.ADD, self, other)

    def __radd__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.ADD, other, self)

    def __iadd__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.ADD, self, other)

    def __sub__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.SUBTRACT, self, other)

    def __rsub__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.SUBTRACT, other, self)

    def __isub__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.SUBTRACT, self, other)

    def __mul__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.MULTIPLY, self, other)

    def __rmul__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.MULTIPLY, other, self)

    def __imul__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.MULTIPLY, self, other)

    def __truediv__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.DIVIDE, self, other)

    def __rtruediv__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.DIVIDE, other, self)

    def __itruediv__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.DIVIDE, self, other)

    def __floordiv__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.FLOOR_DIVIDE, self, other)

    def __rfloordiv__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.FLOOR_DIVIDE, other, self)

    def __ifloordiv__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.FLOOR_DIVIDE, self, other)

    def __mod__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.REMAINDER, self, other)

    def __rmod__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.REMAINDER, other, self)

    def __imod__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.REMAINDER, self, other)

    def __pow__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.POW, self, other)

    def __rpow__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.POW, other, self)

    def __ipow__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.POW, self, other)

    def __matmul__(self, other: Array, /) -> Array:
        return matmul(self, other) if isinstance(other, _MATRICES) else NotImplemented

    def __rmatmul__(self, other: Array, /) -> Array:
        return matmul(other, self) if isinstance(other, _MATRICES) else NotImplemented

    def __imatmul__(self, other: Array, /) -> Array:
        return store(self, matmul(self, other)) if isinstance(other, _MATRICES) else NotImplemented

    def __and__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_AND, self, other)

    def __rand__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_AND, other, self)

    def __iand__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.BITWISE_AND, self, other)

    def __or__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_OR, self, other)

    def __ror__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_OR, other, self)

    def __ior__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.BITWISE_OR, self, other)

    def __xor__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_XOR, self, other)

    def __rxor__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_XOR, other, self)

    def __ixor__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.BITWISE_XOR, self, other)

    def __lshift__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_LEFT_SHIFT, self, other)

    def __rlshift__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_LEFT_SHIFT, other, self)

    def __ilshift__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.BITWISE_LEFT_SHIFT, self, other)

    def __rshift__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_RIGHT_SHIFT, self, other)

    def __rrshift__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.BITWISE_RIGHT_SHIFT, other, self)

    def __irshift__(self, other: Array | Scalar, /) -> Array:
        return in_place(ops.BITWISE_RIGHT_SHIFT, self, other)

    def __eq__(self, other: Array | Scalar, /) -> Array:  # type: ignore[override]
        return operate(ops.EQUAL, self, other)

    def __ne__(self, other: Array | Scalar, /) -> Array:  # type: ignore[override]
        return operate(ops.NOT_EQUAL, self, other)

    def __lt__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.LESS, self, other)

    def __le__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.LESS_EQUAL, self, other)

    def __gt__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.GREATER, self, other)

    def __ge__(self, other: Array | Scalar, /) -> Array:
        return operate(ops.GREATER_EQUAL, self, other)


# What ``@`` answers: NumPy would take the other operand of its own arrays for one of them.
_MATRICES: Final = (Array, np.ndarray)
_INDICES: Final = (Array, bool, np.bool_, np.ndarray, list)

# Between arrays and nodes

_new: Final = object.__new__
_making: Final = threading.Lock()


def wrap(node: Node) -> Array:
    """An array of its own storage, whose value is ``node``."""
    if node.depth >= MAX_DEPTH:
        node = settled(node)
    return holding(node)


def holding(node: Node) -> Array:
    """An array whose storage holds ``node``, even if others see its memory."""
    array = _new(Array)
    array._node = node
    array._view = None
    return array


def through(array: Array, view: View) -> Array:
    """Another array on the storage of ``array``, seen through ``view``."""
    other = _new(Array)
    other._storage = array._storage
    shape = array._storage.node.shape
    plain = view.shape == shape and not view.offset and view.strides == contiguous_strides(shape)
    other._view = None if plain else view
    return other


def seen(array: Array) -> View:
    """How ``array`` sees its storage."""
    return array._view or whole(array._storage.node.shape)


def read(array: Array) -> Node:
    """The node with the value of ``array`` now."""
    view = array._view
    node = array._node or array._cell.node
    return node if view is None else viewed(node, view)


def write(array: Array, region: View, value: Node) -> None:
    """Replace the part ``region`` of the storage of ``array`` by ``value``, cast and broadcast.

    Raises:
        ValueError: ``value`` does not broadcast to the region, or the region repeats elements.
        TypeError: the array's dtype cannot take the value's kind.
    """
    storage = array._storage
    old = storage.node
    if is_shared(old):
        storage.node = old  # read-only storages say so before the memory is written to
    storage.node = written(old, region, value)


def chosen(array: Array, key: Any) -> View | Selection:
    """The part of the storage that ``key`` chooses: a view unless it has masks or index arrays.

    A 0-d array of integers counts as its value, which is read.
    """
    keys = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, _INDICES) for k in keys):
        keys = tuple([_index(k, array) if isinstance(k, _INDICES) else k for k in keys])
    return select(seen(array), keys)


def _index(key: Any, array: Array) -> Any:
    if isinstance(key, Array) and not key.ndim and kind_of(key.dtype) in "iu":
        return operator.index(key)
    if isinstance(key, Array):
        return operand(key, array, "an index")
    if isinstance(key, np.ndarray) and not key.ndim and np.issubdtype(key.dtype, np.integer):
        return int(key)
    if isinstance(key, (np.ndarray, list)):
        return of_host(key, array.device)
    return constant(bool(key), dtypes.bool_, array.device)


def numpy_of(array: Array) -> Any:
    """A NumPy array with a copy of the values, from any device; waits for it."""
    return to_host(array._storage.node, array._view)


def restored(values: Any, device: str) -> Array:
    """What was pickled.

    Raises:
        BackendUnavailableError: the device is not there.
    """
    return wrap(from_host(values, find_device(device)))


def move(array: Array, device: Device, non_blocking: bool = False) -> Array:
    """``array`` on ``device``: itself if it is there, else a copy by way of the host.

    ``non_blocking``: the copy to the device need not be done on return.
    """
    if array.device is device:
        return array
    with asked_for():
        return wrap(from_host(numpy_of(array), device, non_blocking=non_blocking))


def operand(value: Any, array: Array, where: str) -> Node:
    """``value`` as a node beside ``array``: an array of its device, or a scalar.

    Raises:
        TypeError: something else, or a scalar of a kind that the array's dtype does not hold.
        DeviceMismatchError: an array of another device.
    """
    if isinstance(value, Array):
        node = read(value)
        if node.device is array.device:
            return node
        return together([node], where, array.device)[0]
    return scalar_node(value, array.dtype, array.device, where)


# Calls: where operators and functions meet


def unary(op: Op, x: Array) -> Array:
    """``op`` of one array."""
    if type(x) is not Array:
        raise TypeError(foreign(f"{op.name}()", x))
    node = x._node or x._cell.node
    array = _new(Array)
    array._node = record.unary(op, node if x._view is None else viewed(node, x._view))
    array._view = None
    return array


def operate(op: Op, x1: Any, x2: Any) -> Array:
    """``op`` of two operands, one of which at least is an array; where ``x + y`` and ``add`` meet.

    NotImplemented for an operand that may know better than xgpu.
    """
    if type(x1) is Array:
        a = x1._node or x1._cell.node
        if x1._view is not None:
            a = viewed(a, x1._view)
        kind: Any = type(x2)  # mypy takes classes for unhashable
        dtype, device = a.dtype, a.device
        if kind is Array:
            b = x2._node or x2._cell.node
            if x2._view is not None:
                b = viewed(b, x2._view)
            given = GIVEN[op].get(dtype)
            if (
                given is None
                or b.dtype is not dtype
                or b.shape != a.shape
                or b.device is not device
                or device.unsupported
            ):
                return holding(record.binary(op, a, b))
            inputs: tuple[Node, ...] = (a, b)
            attrs = None
            depth = a.depth if a.depth > b.depth else b.depth
        else:
            given = BESIDE[op].get((dtype, kind))
            if given is None or device.unsupported:
                if kind in SCALAR_TYPES:
                    return holding(record.with_scalar(op, a, x2, False))
                return _with_other(op, x1, x2, False)
            inputs = (a,)
            attrs = (x2, False)
            depth = a.depth
        # As `record.binary` and `record.with_scalar` do it, and `holding`, without the calls: most
        # nodes and arrays are made here.
        node = _new(Node)
        node.op = op
        node.inputs = inputs
        node.shape = a.shape
        node.dtype = given
        node.device = device
        node.attrs = attrs
        node.buffer = None
        node.depth = depth = depth + 1
        if depth >= MAX_DEPTH or modes.watchers:
            record.finished(node)
    elif type(x2) is not Array:
        return NotImplemented  # type: ignore[no-any-return]
    elif type(x1) in SCALAR_TYPES:
        node = record.with_scalar(op, read(x2), x1, True)
    else:
        return _with_other(op, x2, x1, True)
    array = _new(Array)
    array._node = node
    array._view = None
    return array


def binary(op: Op, x1: Array | Scalar, x2: Array | Scalar) -> Array:
    """The function for ``op``: `operate`, with an error for what it leaves to others.

    Raises:
        TypeError: no operand is an array, or one is neither an array nor a scalar.
    """
    result: Array = operate(op, x1, x2)
    if result is NotImplemented:
        raise TypeError(
            foreign(f"{op.name}()", x2 if isinstance(x1, (Array, *SCALAR_TYPES)) else x1)
        )
    return result


def _with_other(op: Op, array: Array, value: Any, first: bool) -> Array:
    """A NumPy scalar: a Python one if it is that too (``numpy.float64``), else of its own dtype."""
    if isinstance(value, np.ndarray):
        raise TypeError(foreign(f"{op.name}()", value))
    plain = next((t for t in SCALAR_TYPES if isinstance(value, t)), None)
    if plain is not None:
        return wrap(record.with_scalar(op, read(array), plain(value), first))
    if not isinstance(value, np.generic):
        return NotImplemented  # type: ignore[no-any-return]
    x, other = read(array), constant(value.item(), dtypes.check(value.dtype), array.device)
    return wrap(record.binary(op, other, x) if first else record.binary(op, x, other))


def in_place(op: Op, array: Array, other: Any) -> Array:
    """The in-place operator for ``op``."""
    result = operate(op, array, other)
    return result if result is NotImplemented else store(array, result)


def store(array: Array, result: Array) -> Array:
    """Put ``result`` into all of ``array``, which it must fit without broadcasting the array."""
    if result.shape != array.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {array.shape} "
            f"doesn't match the broadcast shape {result.shape}"
        )
    write(array, seen(array), read(result))
    return array


def matmul(x1: Array, x2: Array) -> Array:
    """The matrix product, of stacks of matrices and of vectors.

    Raises:
        TypeError: an operand that is no array.
        ValueError: a 0-d operand, or inner lengths that differ.
    """
    for x in (x1, x2):
        if not isinstance(x, Array):
            raise TypeError(foreign("matmul()", x))
    return wrap(record.matmul(x1._storage.node, seen(x1), x2._storage.node, seen(x2)))


def reduce(op: Op, x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """``op`` over ``axes`` (sorted); the dtype is the op's, so cast first for another."""
    node = record.reduce(op, read(x), axes)
    result = wrap(node)
    if not keepdims:
        return result
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return through(result, whole(kept))
