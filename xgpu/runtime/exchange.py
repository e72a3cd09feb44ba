"""Handing arrays to other libraries: NumPy's protocols, DLPack, the CUDA Array Interface.

What is handed out is the array's own memory wherever that can be, and the two sides see each
other's writes to it. What is pending on it is computed first; `xgpu.runtime.shared` has the rules
for what follows.

Sources: Array API 2025.12, "Data interchange mechanisms"; dlpack.h, version 1; Numba's
documentation, "CUDA Array Interface (Version 3)"; PEP 688.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from xgpu.graph.device import Device
from xgpu.graph.node import Node, Shared, leaf, viewed
from xgpu.graph.view import View, has_repeats, whole
from xgpu.plugin import dtypes
from xgpu.plugin.exchange import CUDA, HOST, Loan
from xgpu.plugin.exchange import Exchange as Offered
from xgpu.plugin.narrow import converted
from xgpu.runtime import shared
from xgpu.runtime.dlpack import VERSION, capsule
from xgpu.runtime.materialize import fresh
from xgpu.runtime.transfer import to_host


class Exchange:
    """The methods of `xgpu.Array` that other libraries call."""

    __slots__ = ()

    _storage: Any
    _view: View | None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """A NumPy array of an array on ``cpu``, which shares its memory.

        It is a copy if ``copy`` is True, or if ``dtype`` is another one.

        Raises:
            TypeError: the array is on another device.
            ValueError: ``copy`` is False, and ``dtype`` another one.
        """
        device = self._storage.node.device
        if device.type != "cpu":
            raise TypeError(
                f"an array on {device} is not handed to NumPy silently; "
                "copy it first: numpy.asarray(xgpu.to_device(x, 'cpu'))"
            )
        if copy or _offered(device) is None:
            host = to_host(self._storage.node, self._view)
        else:
            host = _described(self._storage, self._view, None)
        if dtype is None or np.dtype(dtype) == host.dtype:
            return host
        if copy is False:
            raise ValueError(
                f"numpy.asarray(copy=False) got {np.dtype(dtype)} for an array of {host.dtype}: "
                "leave copy or dtype out"
            )
        return converted(host, np.dtype(dtype))

    def __buffer__(self, flags: int, /) -> memoryview:
        """The memory of an array on ``cpu``; Python asks for it since 3.12.

        Raises:
            BufferError: the array is on another device, or of bfloat16.
        """
        device = self._storage.node.device
        if device.type != "cpu":
            raise BufferError(
                f"an array on {device} has no buffer in the host's memory; "
                "copy it there first: xgpu.to_device(x, 'cpu')"
            )
        host = np.asarray(self.__array__())
        try:
            return memoryview(host)  # type: ignore[arg-type]
        except ValueError as error:
            raise BufferError(f"an array of {host.dtype} has no buffer: {error}") from error

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The memory of an array on a GPU, for libraries that take it by its address.

        From the first time that it is asked for, the memory counts as shared.

        Raises:
            AttributeError: the array is elsewhere, or of bfloat16, which the interface has not.

        Source: the CUDA Array Interface, version 3.
        """
        device: Device = self._storage.node.device
        offered = _offered(device)
        if offered is None or offered.dlpack_device(device.index)[0] != CUDA:
            raise AttributeError(
                f"__cuda_array_interface__ is of arrays on a GPU: this one is on {device}"
            )
        dtype = self._storage.node.dtype
        if dtype is dtypes.bfloat16:
            raise AttributeError("__cuda_array_interface__ has no bfloat16; DLPack has")
        node = shared.share_for_good(_base(self._storage))
        seen = self._view or whole(node.shape)
        address, node.keeps = offered.lend(device.index, node.buffer, -1)
        size = dtype.itemsize
        return {
            "version": 3,
            "shape": seen.shape,
            "typestr": dtype.str,
            "strides": None if self._view is None else tuple(s * size for s in seen.strides),
            "data": (
                0 if 0 in seen.shape else address + seen.offset * size,
                _readonly(self._storage, node, seen),
            ),
            "stream": offered.stream(device.index),
        }

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule with the array's own memory, or a copy of the values.

        The memory is shared unless ``copy`` is True, or ``dl_device`` asks a GPU's array for the
        host, (1, 0), or the array is read-only and ``max_version`` too old to say so. ``stream``
        is the consumer's, as the standard says for its kind of device: its work there comes after
        what is pending here.

        Raises:
            BufferError: ``dl_device`` is another device, or ``copy`` is False where a copy is
                needed.
            ValueError: a ``stream`` that the device does not have.

        Source: Array API 2025.12, Array object.
        """
        device: Device = self._storage.node.device
        own = self.__dlpack_device__()
        wanted = own if dl_device is None else _numbers(dl_device)
        if wanted not in (own, HOST):
            elsewhere = "" if own == HOST else f"memory of {device}, {own}, or "
            raise BufferError(
                f"__dlpack__() gives {elsewhere}host memory, {HOST}: asked for {dl_device}"
            )
        of_stream = getattr(stream, "device", device)
        if isinstance(of_stream, Device) and of_stream is not device:
            raise ValueError(
                f"__dlpack__() of an array on {device} got a stream of {of_stream}: "
                "give one of the array's device"
            )
        if wanted != own:
            if copy is False:
                raise _not_shared(device, "it is to be in the host's memory")
            if stream is not None:
                raise ValueError(
                    f"__dlpack__() in the host's memory takes no stream: got {stream!r}"
                )
            host = to_host(self._storage.node, self._view)
            return capsule(host, HOST, max_version, True)
        if copy:
            return capsule(self._copied(stream), own, max_version, True)
        tells = max_version is not None and max_version[0] >= VERSION[0]
        if not tells and self._is_readonly():
            # Without a flag for it, the consumer would take the memory for its own to write to.
            if copy is False:
                raise _not_shared(
                    device, "it is read-only, and the consumer asks for a version without that flag"
                )
            return capsule(self._copied(stream), own, max_version, True)
        made = _described(self._storage, self._view, stream)
        return capsule(made, own, max_version, False)

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's device type and number; (1, 0), the host's memory, for ``cpu``.

        Raises:
            BufferError: the array's device has no number in DLPack.

        Source: Array API 2025.12, Array object.
        """
        device: Device = self._storage.node.device
        offered = _offered(device)
        if offered is None:
            raise BufferError(
                f"an array on {device} is not handed out through DLPack; "
                "copy it first: xgpu.to_device(x, 'cpu')"
            )
        return offered.dlpack_device(device.index)

    def _copied(self, stream: Any) -> Any:
        """A copy of the values on their device, as `_described` describes it."""
        node: Node = self._storage.node
        value = node if self._view is None else viewed(node, self._view)
        buffer = fresh(value, shared.HANDED_OUT).buffer
        return _described(_Cell(leaf(buffer, value.shape, value.dtype, value.device)), None, stream)

    def _is_readonly(self) -> bool:
        node: Node = self._storage.node
        return _readonly(self._storage, node, self._view or whole(node.shape))


class _Cell:
    """A storage that no array has."""

    def __init__(self, node: Node) -> None:
        self.node = node


def _described(storage: Any, view: View | None, stream: Any) -> Any:
    """The memory of a storage through ``view``, as a ``numpy.ndarray`` that describes it.

    The memory is the device's, whose address NumPy is given without reading it. It is shared for
    as long as the array, or anything that was made of it, is alive.
    """
    device: Device = storage.node.device
    offered = _offered(device)
    assert offered is not None
    seen = view or whole(storage.node.shape)
    dtype = storage.node.dtype
    if 0 in seen.shape:
        return np.empty(seen.shape, dtype)

    def lend(node: Shared) -> Loan:
        address, owner = offered.lend(device.index, node.buffer, stream)
        nbytes = dtype.itemsize * math.prod(node.shape)
        return Loan(address, nbytes, owner, _readonly(storage, node, seen))

    loan = shared.share(_base(storage), lend)
    size = dtype.itemsize
    steps = tuple(s * size for s in seen.strides)
    return np.ndarray(seen.shape, dtype, loan.array(), seen.offset * size, steps)


def _base(storage: Any) -> Any:
    """The storage that a read-only one is of."""
    return getattr(storage, "base", storage)


def _readonly(storage: Any, node: Node, seen: View) -> bool:
    if _base(storage) is not storage or has_repeats(seen):
        return True
    return type(node) is Shared and node.readonly


def _numbers(dl_device: tuple[Any, int]) -> tuple[int, int]:
    kind, number = dl_device
    return int(getattr(kind, "value", kind)), int(number)


def _not_shared(device: Device, why: str) -> BufferError:
    return BufferError(
        f"__dlpack__(copy=False): the memory of this array on {device} cannot be shared, since "
        f"{why}; leave copy out"
    )


def _offered(device: Device) -> Offered | None:
    offered: Offered | None = getattr(device.backend, "exchange", None)
    return offered
