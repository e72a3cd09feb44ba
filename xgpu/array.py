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
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

import numpy as np

from xgpu.attributes import Made, Storage, maker
from xgpu.display import Displayed
from xgpu.graph.advanced import Selection, select
from xgpu.graph.device import Device
from xgpu.graph.folding import Folding, folding
from xgpu.graph.node import MAX_DEPTH, Node, constant, viewed
from xgpu.graph.spec import NUMBERS
from xgpu.graph.view import View, contiguous_strides, permute, whole
from xgpu.methods import Everyday
from xgpu.operators import Operators, forward, makes, mirrored
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import SCALAR_TYPES, Scalar
from xgpu.runtime import modes, record
from xgpu.runtime.arrival import sent
from xgpu.runtime.exchange import Exchange
from xgpu.runtime.guard import asked_for
from xgpu.runtime.mixed import together
from xgpu.runtime.plugins import device as find_device
from xgpu.runtime.scalars import foreign, scalar_node
from xgpu.runtime.select import gathered, of_host, scattered, written
from xgpu.runtime.shared import is_shared, settled
from xgpu.runtime.transfer import from_host, to_host
from xgpu.values import Readable

VERSION: Final = "2025.12"


class Array(Readable, Exchange, Displayed, Everyday, Operators, metaclass=Made):
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
                storage.check_writable()  # as in `write`
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

    def __matmul__(self, other: Array, /) -> Array:
        return matmul(self, other) if isinstance(other, _MATRICES) else NotImplemented

    def __rmatmul__(self, other: Array, /) -> Array:
        return matmul(other, self) if isinstance(other, _MATRICES) else NotImplemented

    def __imatmul__(self, other: Array, /) -> Array:
        return store(self, matmul(self, other)) if isinstance(other, _MATRICES) else NotImplemented

    def _operated(self, op: Op, other: Any, first: bool) -> Array:
        if isinstance(other, Array):
            return holding(record.binary(op, read(self), read(other)))
        if type(other) in SCALAR_TYPES:
            return holding(record.with_scalar(op, read(self), other, first))
        return _with_other(op, self, other, first)

    def _in_place(self, op: Op, other: Any) -> Array:
        result: Array = forward(op)(self, other)
        return result if result is NotImplemented else store(self, result)


# What ``@`` answers: NumPy would take the other operand of its own arrays for one of them.
_MATRICES: Final = (Array, np.ndarray)
_INDICES: Final = (Array, bool, np.bool_, np.ndarray, list)

# Between arrays and nodes

_new: Final = object.__new__
_blank: Final[Callable[[], Array]] = maker(Array)
makes(_blank)
_making: Final = threading.Lock()


def wrap(node: Node) -> Array:
    """An array of its own storage, whose value is ``node``."""
    if node.depth >= MAX_DEPTH:
        node = settled(node)
    return holding(node)


def holding(node: Node) -> Array:
    """An array whose storage holds ``node``, even if others see its memory."""
    array = _blank()
    array._node = node
    array._view = None
    return array


def through(array: Array, view: View) -> Array:
    """Another array on the storage of ``array``, seen through ``view``."""
    other = _blank()
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
        storage.check_writable()  # before the memory is written to
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

    ``non_blocking``: the copy need not be done on return; who reads what came to the host waits.
    """
    if array.device is device:
        return array
    with asked_for():
        if non_blocking and (node := sent(array._storage.node, array._view, device)) is not None:
            return wrap(node)
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
    a = x._node
    if a is None:
        a = x._cell.node if x._view is None else viewed(x._cell.node, x._view)
    given = a.spec.gives[NUMBERS[op]]
    if given is None:
        return holding(record.unary(op, a))
    # As `record.unary` does it, and `holding`, without the calls.
    node = Node()
    node.op = op
    node.inputs = (a,)
    node.shape = a.shape
    node.spec = given
    node.attrs = node.buffer = None
    node.depth = depth = a.depth + 1
    if depth >= modes.limit:
        record.finished(node)
    array = _blank()
    array._node = node
    array._view = None
    return array


def binary(op: Op, x1: Array | Scalar, x2: Array | Scalar) -> Array:
    """The function for ``op``: the operator, with an error for what that leaves to others.

    Raises:
        TypeError: no operand is an array, or one is neither an array nor a scalar.
    """
    result: Array = NotImplemented
    if type(x1) is Array:
        result = forward(op)(x1, x2)
    elif type(x2) is Array:
        result = mirrored(op)(x2, x1)
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
    node = read(x)
    return folded(op, node, folding(node.shape, axes), keepdims)


def folded(op: Op, node: Node, fold: Folding, keepdims: bool) -> Array:
    """The same of a node, over the axes of ``fold``, of which there are some."""
    return kept(record.reduce(op, node, fold.axes, fold.left), fold, keepdims)


def kept(node: Node, fold: Folding, keepdims: bool) -> Array:
    """An array of what was folded, with axes of length 1 for those that are gone, if so."""
    if node.depth >= MAX_DEPTH:
        node = settled(node)
    array = _blank()
    if keepdims:
        cell = _new(Storage)
        cell.node = node
        array._cell = cell
        array._node = None
        array._view = fold.kept
    else:
        array._node = node
        array._view = None
    return array
