"""What the standard has no function for: when work runs, and where arrays are."""

# Not called ``device``: the package has a function of that name, which a module would hide.

from __future__ import annotations

import math
from typing import Any

import numpy as np

from xgpu.arguments import checked, device_or_default
from xgpu.array import Array, move
from xgpu.graph.device import Device
from xgpu.graph.shapes import normalize_shape
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu.plugin.streams import Streams
from xgpu.runtime.materialize import materialize as compute
from xgpu.runtime.materialize import one
from xgpu.runtime.plugins import device as find_device


def materialize(*arrays: Array) -> None:
    """Compute what is pending of ``arrays``, in as few kernels as they can share.

    The kernels are queued, not waited for (`synchronize` does that). An array that is a view
    has the whole of what it sees computed.

    Raises:
        TypeError: one is no array.
    """
    if len(arrays) == 1 and type(arrays[0]) is Array:
        one(arrays[0]._node or arrays[0]._storage.node)
        return
    for x in arrays:
        if type(x) is not Array:
            checked(x, "materialize")
    compute([x._storage.node for x in arrays])


def synchronize(device: str | Device | None = None) -> None:
    """Wait until all work queued on a device, the default one for None, is done.

    Raises:
        KernelError: a kernel that was queued failed.
    """
    device_or_default(device).synchronize()


def to_device(x: Array, device: str | Device, /, *, non_blocking: bool = False) -> Array:
    """The array on ``device``: x itself if it is there, else a copy.

    ``non_blocking`` queues the copy on this thread's stream of the device, and does not wait for
    it. To the host it goes into page-locked memory, and whoever reads a value waits for it then.

    Raises:
        TypeError: x is no array, or ``device`` names none.
        ValueError: there is no such device.
    """
    return move(checked(x, "to_device"), find_device(device), non_blocking)


def empty_pinned(
    shape: int | tuple[int, ...],
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Any:
    """A ``numpy.ndarray`` in page-locked memory, of float64 if no dtype is given; uninitialised.

    A GPU copies to and from such memory while it computes: ``asarray(a, device=...,
    non_blocking=True)`` from it overlaps with kernels on other streams. For a ``device`` (the
    default one for None) that has no use for it, the memory is ordinary.
    """
    lengths = normalize_shape(shape)
    given = dtypes.DEFAULT_REAL if dtype is None else dtypes.check(dtype)
    found = device_or_default(device)
    streams: Streams | None = getattr(found.backend, "streams", None)
    if streams is None:
        return np.empty(lengths, given)
    memory = streams.pinned(found.index, math.prod(lengths) * given.itemsize)
    return memory.view(given).reshape(lengths)
