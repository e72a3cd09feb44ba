"""The simulator's memory, which is the host's, for other libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xgpu.plugin import HostExchange
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Memory
from xgpu_cuda.driver.memory import check_aligned


class SimulatorExchange(HostExchange):
    """See `xgpu.plugin.Exchange`; ``home`` gives the stream that is current on a device."""

    def __init__(self, home: Callable[[int], Any]) -> None:
        self._home = home

    def address(self, buffer: Any) -> int:
        """Where a buffer, which is a `Memory`, starts."""
        return int(buffer.ptr)

    def adopt(self, device: int, address: int, dtype: DType, size: int, owner: Any) -> Memory:
        """See `xgpu.plugin.Exchange.adopt`; kernels write there without guard zones."""
        check_aligned(address, dtype)
        return Memory(address, size * dtype.itemsize, owner, self._home(device))
