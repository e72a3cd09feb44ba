"""Handing arrays to other libraries: NumPy's protocol, and DLPack.

What is handed out is a copy, so that nobody writes to memory that recorded work will read. Only
``__dlpack__(copy=False)`` hands out the array's own memory, on purpose; then the two sides share it
as they agree: whoever writes to it must know that the other one reads it.

Sources: Array API 2025.12, "Data interchange mechanisms"; dlpack.h, version 1.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from xgpu.graph.device import Device
from xgpu.graph.node import Node
from xgpu.graph.view import View, has_repeats, whole
from xgpu.runtime.materialize import materialize
from xgpu.runtime.transfer import to_host

HOST: Final = (1, 0)
"""The host's memory as DLPack's (device type, device number): kDLCPU."""


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
        return host if dtype is None else host.astype(dtype)

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule with a copy of the values in the host's memory.

        From another device than ``cpu`` values come if ``dl_device`` asks for the host, (1, 0).
        ``copy=False`` shares the memory of an array on ``cpu`` instead: what is pending on it is
        computed first. Writes to the array from then on are recorded as ever, and may give it
        other memory.

        Raises:
            BufferError: the array is on another device and ``dl_device`` does not ask for the
                host, or does not have what ``copy=False`` asks for.
            ValueError: a ``stream``, which the host has none of.

        Source: Array API 2025.12, Array object.
        """
        if stream is not None:
            raise ValueError(f"__dlpack__() in the host's memory takes no stream: got {stream!r}")
        node = self._storage.node
        if dl_device is None:
            _on_host(node.device)
        elif (int(getattr(dl_device[0], "value", dl_device[0])), int(dl_device[1])) != HOST:
            raise BufferError(f"__dlpack__() gives host memory, (1, 0): asked for {dl_device}")
        host = _memory(node, self._view) if node.device.type == "cpu" else None
        if copy is False and host is None:
            raise BufferError(
                f"__dlpack__(copy=False): the memory of this array on {node.device} cannot be "
                "shared; leave copy out, or copy it first: xgpu.to_device(x, 'cpu')"
            )
        if host is None:
            host = to_host(node, self._view)
        return _capsule(host, max_version, copy is not False)

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's device type and number: (1, 0), the host's memory.

        Raises:
            BufferError: the array is on another device than ``cpu``.

        Source: Array API 2025.12, Array object.
        """
        _on_host(self._storage.node.device)
        return HOST


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


def _on_host(device: Device) -> None:
    if device.type != "cpu":
        raise BufferError(
            f"an array on {device} is not handed out through DLPack; "
            "copy it first: xgpu.to_device(x, 'cpu')"
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
