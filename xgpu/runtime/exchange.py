"""Handing arrays to other libraries: NumPy's protocol, and DLPack.

What is handed out is a copy, so that nobody writes to memory that recorded work will read. Only
``__dlpack__(copy=False)`` hands out the array's own memory, and ``from_dlpack(copy=False)`` takes
another's, on purpose; then the two sides share it as they agree: whoever writes to it must know
that the other one reads it.

Sources: Array API 2025.12, "Data interchange mechanisms"; dlpack.h, version 1.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from xgpu.graph.device import Device
from xgpu.graph.node import Node, leaf, viewed
from xgpu.graph.view import View, has_repeats, whole
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import bfloat16
from xgpu.plugin.exchange import Exchange as Offered
from xgpu.plugin.narrow import converted
from xgpu.plugin.program import Strided
from xgpu.runtime.materialize import fresh, materialize
from xgpu.runtime.transfer import to_host

HOST: Final = (1, 0)
"""The host's memory as DLPack's (device type, device number): kDLCPU."""

CUDA: Final = 2
"""DLPack's device type kDLCUDA, whose device numbers are those of ``cuda:0`` and on."""


class Exchange:
    """The methods of `xgpu.Array` that other libraries call."""

    __slots__ = ()

    _storage: Any
    _view: View | None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """A NumPy array with a copy of the values, for an array on ``cpu``.

        Raises:
            TypeError: the array is on another device.
            ValueError: ``copy`` is False.
        """
        device = self._storage.node.device
        if device.type != "cpu":
            raise TypeError(
                f"an array on {device} is not handed to NumPy silently; "
                "copy it first: numpy.asarray(xgpu.to_device(x, 'cpu'))"
            )
        if copy is False:
            raise ValueError("an xgpu array gives NumPy a copy, never its own memory")
        host = to_host(self._storage.node, self._view)
        return host if dtype is None else converted(host, np.dtype(dtype))

    def __buffer__(self, flags: int, /) -> memoryview:
        """A read-only copy of the values of an array on ``cpu``; Python asks for it since 3.12.

        Raises:
            BufferError: the array is on another device, or of bfloat16.
        """
        device = self._storage.node.device
        if device.type != "cpu":
            raise BufferError(
                f"an array on {device} has no buffer in the host's memory; "
                "copy it there first: xgpu.to_device(x, 'cpu')"
            )
        host = np.asarray(to_host(self._storage.node, self._view))
        host.flags.writeable = False
        try:
            return memoryview(host)  # type: ignore[arg-type]
        except ValueError as error:
            raise BufferError(f"an array of {host.dtype} has no buffer: {error}") from error

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule with a copy of the values, on the array's device or the host.

        They stay where they are unless ``dl_device`` asks for the host, (1, 0). ``copy=False``
        shares the array's own memory instead: what is pending on it is computed first. Writes to
        the array from then on are recorded as ever, and may give it other memory. ``stream`` is the
        consumer's, as the standard says for its kind of device.

        Raises:
            BufferError: ``dl_device`` is another device, or ``copy=False`` asks for what it cannot
                have; or the dtype is bfloat16.
            ValueError: a ``stream`` for the host, which has none.

        Source: Array API 2025.12, Array object.
        """
        node = self._storage.node
        device = node.device
        if node.dtype is bfloat16:
            raise BufferError(
                "__dlpack__() goes through libraries that do not hand out bfloat16; "
                "cast it first: xgpu.astype(x, xgpu.float32)"
            )
        offered: Offered | None = getattr(device.backend, "exchange", None)
        own = self.__dlpack_device__()
        wanted = own if dl_device is None else _numbers(dl_device)
        if wanted == own and offered is not None:
            operand = _shared(node, self._view) if copy is False else _copied(node, self._view)
            return offered.to_dlpack(device.index, operand, stream, max_version)
        if wanted != HOST:
            elsewhere = "" if own == HOST else f"memory of {device}, {own}, or "
            raise BufferError(
                f"__dlpack__() gives {elsewhere}host memory, {HOST}: asked for {dl_device}"
            )
        if stream is not None:
            raise ValueError(f"__dlpack__() in the host's memory takes no stream: got {stream!r}")
        host = _memory(node, self._view) if device.type == "cpu" else None
        if copy is False and host is None:
            raise _not_shared(device)
        if host is None:
            host = to_host(node, self._view)
        return _capsule(host, max_version, copy is not False)

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's device type and number; (1, 0), the host's memory, for ``cpu``.

        Raises:
            BufferError: the array's device has no number in DLPack.

        Source: Array API 2025.12, Array object.
        """
        device: Device = self._storage.node.device
        if device.type == "cpu":
            return HOST
        offered: Offered | None = getattr(device.backend, "exchange", None)
        if offered is None:
            raise BufferError(
                f"an array on {device} is not handed out through DLPack; "
                "copy it first: xgpu.to_device(x, 'cpu')"
            )
        return offered.dlpack_device(device.index)


def adopted(x: Any, device: Device, copy: bool | None) -> tuple[Node, View]:
    """Another library's array on ``device``, copied there unless ``copy`` is False.

    Raises:
        BufferError: it cannot be taken, or its memory cannot be shared.
        TypeError: a dtype that xgpu does not have.
    """
    offered: Offered | None = getattr(device.backend, "exchange", None)
    if offered is None:
        raise BufferError(f"{device} takes no memory of other libraries")
    taken = offered.from_dlpack(device.index, x)
    dtype, shape, strides = dtypes.check(taken.dtype), taken.shape, taken.strides
    if any(stride < 0 for stride in strides):
        raise BufferError("an array with negative strides is not taken through DLPack")
    # As many elements as the strides reach.
    reach = 1 + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    memory = leaf(taken.buffer, (0 if 0 in shape else taken.offset + reach,), dtype, device)
    view = View(shape, strides, taken.offset)
    if copy is False:
        return memory, view
    fresh = _copied(memory, view)
    return leaf(fresh.buffer, shape, dtype, device), whole(shape)


class OnHost:
    """Another library's array, which it is asked to bring to the host."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return HOST

    def __dlpack__(self, *, max_version: tuple[int, int] | None = None, **_: Any) -> Any:
        try:
            return self.x.__dlpack__(dl_device=HOST, max_version=max_version)
        except TypeError as error:
            raise BufferError(
                f"a {type(self.x).__name__} does not come to the host through DLPack; "
                "copy it there with its own library first"
            ) from error


def _numbers(dl_device: tuple[Any, int]) -> tuple[int, int]:
    kind, number = dl_device
    return int(getattr(kind, "value", kind)), int(number)


def _shared(node: Node, view: View | None) -> Strided:
    """The array's own memory."""
    seen = view or whole(node.shape)
    if has_repeats(seen):
        raise _not_shared(node.device)
    materialize([node], "shared with another library")
    return Strided(node.buffer, node.dtype, seen.shape, seen.strides, seen.offset)


def _copied(node: Node, view: View | None) -> Strided:
    """A copy of the values on their device."""
    return fresh(node if view is None else viewed(node, view), "handed to another library")


def _not_shared(device: Device) -> BufferError:
    return BufferError(
        f"__dlpack__(copy=False): the memory of this array on {device} cannot be "
        "shared; leave copy out, or copy it first: xgpu.to_device(x, 'cpu')"
    )


def _memory(node: Node, view: View | None) -> Any:
    """The array's own memory as a NumPy array; None if it is not NumPy's, or shows repeats."""
    seen = view or whole(node.shape)
    materialize([node], "shared with another library")
    if has_repeats(seen) or not isinstance(node.buffer, np.ndarray):
        return None
    if 0 in seen.shape:
        return np.empty(seen.shape, node.dtype)
    size = node.dtype.itemsize
    strides = tuple(s * size for s in seen.strides)
    return np.ndarray(seen.shape, node.dtype, node.buffer, seen.offset * size, strides)


def _capsule(host: Any, max_version: tuple[int, int] | None, copy: bool) -> Any:
    try:
        # NumPy itself copies, and says so in the capsule's flags.
        return host.__dlpack__(max_version=max_version, copy=copy)
    except TypeError:  # before NumPy 2.1, there is neither of these
        return (host.copy() if copy else host).__dlpack__()
