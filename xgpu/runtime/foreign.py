"""Taking arrays from other libraries: their memory, wherever it can be shared.

Memory comes in by DLPack, by the CUDA Array Interface, or as a ``numpy.ndarray``. What is taken
keeps its maker alive, and is shared for good: see `xgpu.runtime.shared`.

Sources: Array API 2025.12, "Data interchange mechanisms"; dlpack.h, version 1; Numba's
documentation, "CUDA Array Interface (Version 3)".
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from xgpu.graph.device import Device
from xgpu.graph.node import Node, Shared, leaf, viewed
from xgpu.graph.view import View, contiguous_strides, is_contiguous, whole
from xgpu.plugin import dtypes
from xgpu.plugin.errors import BackendUnavailableError
from xgpu.plugin.exchange import CUDA, HOST, Exchange
from xgpu.runtime.dlpack import VERSION, Foreign, of_numpy, taken
from xgpu.runtime.materialize import fresh
from xgpu.runtime.plugins import device as find_device

_HOST_KINDS: Final = (HOST[0], 3)
"""kDLCPU, and kDLCUDAHost: memory of the host that is page-locked."""

_CUDA_KINDS: Final = (CUDA, 13)
"""kDLCUDA, and kDLCUDAManaged."""

_COPY: Final = "copy it there: xgpu.from_dlpack(x, device='cpu')"


def device_of(x: Any) -> Device | None:
    """The device on which the memory of another library's array is, None if there is none for it.

    Raises:
        AttributeError: ``x`` offers no memory.
    """
    if hasattr(x, "__dlpack_device__"):
        return _device(_pair(x))
    if hasattr(x, "__cuda_array_interface__"):
        address = x.__cuda_array_interface__["data"][0]
        gpu = _gpu(0)
        number = 0 if gpu is None or not address else _exchange(gpu).device_of(address)
        return _gpu(number)
    raise AttributeError(
        f"from_dlpack() takes an array with __dlpack__, or __cuda_array_interface__: "
        f"got {type(x).__name__}; see asarray()"
    )


def on_gpu(x: Any) -> bool:
    """Whether another library's array is in the memory of a GPU."""
    if hasattr(x, "__dlpack_device__"):
        return _pair(x)[0] in _CUDA_KINDS
    return hasattr(x, "__cuda_array_interface__")


def described(x: Any) -> str:
    """Where ``x`` is, for a message."""
    pair = _pair(x) if hasattr(x, "__dlpack_device__") else (CUDA, 0)
    return f"DLPack device type {pair[0]}, number {pair[1]}"


def borrowed(x: Any, device: Device, copy: bool | None) -> tuple[Node, View | None]:
    """Another library's array as a node of ``device``, whose memory it is in, and a view of it.

    ``copy`` True gives a copy of the values; False forbids whoever made ``x`` to make one.

    Raises:
        BufferError: it cannot be taken, or its memory cannot be shared.
        TypeError: a dtype that xgpu does not have.
    """
    node, view = _adopted(_foreign(x, device, copy), device)
    if not copy:
        return node, view
    return copied(node, view), None


def copied(node: Node, view: View | None) -> Node:
    """A copy of what was taken, which is xgpu's alone."""
    value = node if view is None else viewed(node, view)
    return leaf(
        fresh(value, "copied from another library").buffer, value.shape, value.dtype, value.device
    )


def shares(device: Device, there: Device | None) -> bool:
    """Whether memory of the device ``there`` is memory of ``device`` too."""
    offered: Exchange | None = getattr(device.backend, "exchange", None)
    if offered is None or there is None:
        return False
    on_host = there.type == "cpu" and offered.dlpack_device(device.index) == HOST
    return on_host or there is device


def of_memory(array: Any, device: Device) -> tuple[Node, View | None]:
    """The memory of a ``numpy.ndarray`` as a node of ``device``, and a view of it.

    Raises:
        BufferError: it cannot be shared.
        TypeError: a dtype that xgpu does not have.
    """
    offered = _exchange(device)
    if offered.dlpack_device(device.index) != HOST:
        raise BufferError(f"it is in the host's memory, and {device} has its own")
    found = of_numpy(array)
    if found is None:
        raise BufferError(
            "its elements are in foreign byte order, or not at multiples of their size"
        )
    return _adopted(found, device)


class OnHost:
    """Another library's array, which it is asked to bring to the host."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return HOST

    def __dlpack__(self, **arguments: Any) -> Any:
        try:
            return self.x.__dlpack__(dl_device=HOST, max_version=arguments.get("max_version"))
        except TypeError as error:
            raise BufferError(
                f"a {type(self.x).__name__} does not come to the host through DLPack; "
                "copy it there with its own library first"
            ) from error


def _foreign(x: Any, device: Device, copy: bool | None) -> Foreign:
    offered = _exchange(device)
    if type(x) is np.ndarray:
        try:
            found = of_numpy(x)
        except TypeError as error:
            raise BufferError(
                f"from_dlpack() got a dtype that it does not take: {error}"
            ) from error
        if found is not None:
            return found
    if hasattr(x, "__dlpack__"):
        return taken(_capsule(x, offered, device, copy))
    return _of_interface(x.__cuda_array_interface__, x, offered, device)


def _capsule(x: Any, offered: Exchange, device: Device, copy: bool | None) -> Any:
    stream = offered.stream(device.index)
    arguments: dict[str, Any] = {} if stream is None else {"stream": stream}
    further: dict[str, Any] = {"max_version": VERSION}
    if copy is False:
        further["copy"] = False
    try:
        return x.__dlpack__(**arguments, **further)
    except TypeError:  # of before version 1, which never copies
        return x.__dlpack__(**arguments)


def _of_interface(given: dict[str, Any], x: Any, offered: Exchange, device: Device) -> Foreign:
    dtype = dtypes.check(np.dtype(given["typestr"]))
    if given.get("mask") is not None:
        raise BufferError("an array with a mask is not taken through __cuda_array_interface__")
    shape = tuple(int(n) for n in given["shape"])
    steps = given.get("strides")
    strides = contiguous_strides(shape) if steps is None else tuple(steps)
    if steps is not None:
        if any(step % dtype.itemsize for step in strides):
            raise BufferError(
                f"an array of {dtype} with strides of {strides} bytes is not taken: "
                "they are no multiples of its elements; copy it with its own library first"
            )
        strides = tuple(step // dtype.itemsize for step in strides)
    address, readonly = given["data"]
    stream = given.get("stream")
    if stream is not None:
        offered.after(device.index, int(stream))
    here = offered.dlpack_device(device.index)
    return Foreign(here, int(address), dtype, shape, strides, bool(readonly), False, x)


def _adopted(found: Foreign, device: Device) -> tuple[Node, View | None]:
    dtype, shape = found.dtype, found.shape
    if 0 in shape:
        return leaf(device.backend.allocate(device.index, dtype, 0), shape, dtype, device), None
    view = View(shape, found.strides, 0)
    # How far the elements reach to either side of the first one.
    ends = [(n - 1) * step for n, step in zip(shape, found.strides, strict=True)]
    low, high = sum(min(end, 0) for end in ends), sum(max(end, 0) for end in ends)
    size, start = high - low + 1, found.address + low * dtype.itemsize
    buffer = _exchange(device).adopt(device.index, start, dtype, size, found.owner)
    dense = is_contiguous(view)
    view = whole(shape) if dense else View(shape, found.strides, -low)
    extent = shape if dense else (size,)
    if found.copied and not found.readonly:
        node: Node = leaf(buffer, extent, dtype, device)
    else:
        node = Shared(buffer, extent, dtype, device, lasting=True, readonly=found.readonly)
    return node, None if dense else view


def _exchange(device: Device) -> Exchange:
    offered: Exchange | None = getattr(device.backend, "exchange", None)
    if offered is None:
        raise BufferError(f"{device} takes no memory of other libraries; {_COPY}")
    return offered


def _pair(x: Any) -> tuple[int, int]:
    kind, number = x.__dlpack_device__()
    return int(getattr(kind, "value", kind)), int(number)


def _device(pair: tuple[int, int]) -> Device | None:
    kind, number = pair
    if kind in _HOST_KINDS:
        return find_device("cpu")
    return _gpu(number) if kind in _CUDA_KINDS else None


def _gpu(number: int) -> Device | None:
    """The device of CUDA's number, if there is one here."""
    try:
        return find_device(f"cuda:{number}")
    except (BackendUnavailableError, ValueError):
        return None
