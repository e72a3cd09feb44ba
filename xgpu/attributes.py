"""`Described`: what an array is, without its values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

from xgpu.graph.device import Device
from xgpu.graph.node import Node
from xgpu.graph.view import View
from xgpu.plugin.dtypes import DType


class Made(type):
    """The class of `xgpu.Array`, which is not called.

    An ``__init__`` that raises would say so too, but what has none is made faster (`maker`).
    """

    def __call__(cls, *args: object, **kwargs: object) -> NoReturn:
        """Raises TypeError, which says what makes arrays."""
        raise TypeError("xgpu.Array is not called; make arrays with xgpu.asarray, xgpu.zeros ...")


def maker(made: type) -> Callable[[], Any]:
    """What makes an empty instance of a class whose class is `Made`."""
    call: Callable[[], Any] = type.__call__.__get__(made, type(made))
    return call


class Storage:
    """The cell that arrays share: ``node`` is the value now, its elements in C order."""

    node: Node

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def check_writable(self) -> None:
        """Raises ValueError for one whose node is not replaced."""


class Described:
    """The attributes of an array. Reading them computes nothing.

    Source: Array API 2025.12, Array object.
    """

    __slots__ = ()

    _node: Node | None  #: the value, while no storage was needed; None: see the storage
    _storage: Storage  #: made when it is first asked for
    _view: View | None  #: None: the whole storage

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        view = self._view
        return (self._node or self._storage.node).shape if view is None else view.shape

    @property
    def dtype(self) -> DType:
        """The dtype of the elements, a ``numpy.dtype``."""
        return (self._node or self._storage.node).spec.dtype

    @property
    def device(self) -> Device:
        """Where the array lives."""
        return (self._node or self._storage.node).spec.device

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize
