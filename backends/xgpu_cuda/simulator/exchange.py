"""DLPack of the simulator's memory, which is the host's."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from xgpu.plugin import Strided

HOST = (1, 0)  # kDLCPU


class SimulatorExchange:
    """See `xgpu.plugin.Exchange`."""

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """The host's memory."""
        return HOST

    def to_dlpack(
        self, device: int, x: Strided, stream: Any, max_version: tuple[int, int] | None
    ) -> Any:
        """See `xgpu.plugin.Exchange.to_dlpack`; the host has no streams."""
        if stream is not None:
            raise ValueError(f"__dlpack__() in the host's memory takes no stream: got {stream!r}")
        memory = (ctypes.c_ubyte * x.buffer.nbytes).from_address(x.buffer.ptr)
        memory.owner = x.buffer
        size = x.dtype.itemsize
        strides = tuple(step * size for step in x.strides)
        if 0 in x.shape:
            shared = np.empty(x.shape, x.dtype)
        else:
            shared = np.ndarray(x.shape, x.dtype, memory, x.offset * size, strides)
        try:
            return shared.__dlpack__(max_version=max_version)
        except TypeError:  # before NumPy 2.1
            return shared.__dlpack__()

    def from_dlpack(self, device: int, x: Any) -> Strided:
        """No library has arrays on a simulator."""
        raise BufferError("no other library's array is on the simulator's device")
