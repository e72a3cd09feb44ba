"""CuPy: ``cupy:0`` and on are its CUDA devices in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from xgpu.plugin import (
    Backend,
    BackendUnavailableError,
    Buffer,
    DeviceInfo,
    NamespaceBackend,
    OutOfMemoryError,
    hookimpl,
    library,
)
from xgpu_compat.special import offered

INSTALL = 'pip install "xgpu-array[cuda12]"'
cupy = library("cupy", INSTALL)
xp = library("array_api_compat.cupy", INSTALL)
special = library("cupyx.scipy.special", INSTALL)


class CupyBackend(NamespaceBackend):
    """Buffers are ``cupy.ndarray``, looked at and written to through views."""

    versions: Final = {"cupy": cupy.__version__}

    def devices(self) -> Sequence[DeviceInfo]:
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

    @contextmanager
    def within(self, device: int) -> Iterator[None]:
        """What CuPy makes is made on the device."""
        try:
            with cupy.cuda.Device(device):
                yield
        except cupy.cuda.memory.OutOfMemoryError as error:
            raise OutOfMemoryError(f"cupy:{device}: {error}") from error

    def numpy_of(self, array: Any) -> Any:
        """By way of the host's memory."""
        return cupy.asnumpy(array)

    def scalar(self, value: Any, dtype: Any) -> Any:
        """By way of an array with an axis: CuPy fills one without with zeros that have no sign."""
        return xp.reshape(cupy.asarray(np.full(1, value, dtype)), ())

    def strided(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        """A view."""
        steps = tuple(step * buffer.itemsize for step in strides)
        start = buffer.data + offset * buffer.itemsize
        return cupy.ndarray(shape, buffer.dtype, start, steps)

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """Assign to the view; CuPy copies ``value`` first if it overlaps."""
        self.strided(buffer, shape, strides, offset)[...] = value
        return buffer

    def synchronize(self, device: int) -> None:
        """Wait for the device."""
        cupy.cuda.Device(device).synchronize()


@hookimpl
def xgpu_backend() -> Backend:
    """The backend."""
    functions = offered(special, lambda x, dtype: x.astype(dtype), np.dtype(np.float64))
    return CupyBackend("cupy", xp, functions=functions)
