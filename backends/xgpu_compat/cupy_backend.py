"""CuPy: ``cupy:0`` and on are its CUDA devices in their order; ``cupy.ndarray`` are buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from xgpu.plugin import Backend, BackendUnavailableError, DeviceInfo, hookimpl
from xgpu_compat.cupy_functions import TABLE, cupy, xp
from xgpu_compat.library_backend import Library, LibraryBackend


def devices() -> list[DeviceInfo]:
    """What the CUDA driver has."""
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise BackendUnavailableError(f"CuPy has no CUDA device: {error}") from error
    found = []
    for index in range(count):
        it = cupy.cuda.runtime.getDeviceProperties(index)
        name, memory = it["name"].decode(), it["totalGlobalMem"]
        found.append(DeviceInfo(index, name, memory, f"CuPy {cupy.__version__}"))
    return found


def scalar(value: Any, dtype: Any) -> Any:
    """By way of an array with an axis: CuPy fills one without with zeros that have no sign."""
    return xp.reshape(cupy.asarray(np.full(1, value, dtype)), ())


def strided(x: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Any:
    """A view."""
    steps = tuple(step * x.itemsize for step in strides)
    return cupy.ndarray(shape, x.dtype, x.data + offset * x.itemsize, steps)


def stored(
    x: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, value: Any
) -> Any:
    """Assigned to the view; CuPy copies ``value`` first if it overlaps."""
    strided(x, shape, strides, offset)[...] = value
    return x


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    about = Library(
        namespace=xp,
        functions=TABLE,
        versions={"cupy": cupy.__version__},
        devices=devices,
        on=cupy.cuda.Device,
        no_memory=((cupy.cuda.memory.OutOfMemoryError, ""),),
        bits=cupy.ndarray.view,
        numpy_of=cupy.asnumpy,
        scalar=scalar,
        strided=strided,
        stored=stored,
        synchronize=lambda device: cupy.cuda.Device(device).synchronize(),
    )
    return LibraryBackend("cupy", about)
