"""`CupyMeter`: copies and peaks of a GPU, through CuPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from xgpu_cuda.driver.binding import cupy_module
from xgpu_cuda.driver.cupy_streams import CupyStream
from xgpu_cuda.driver.memory import Memory


class Owner(Protocol):
    """A CuPy driver, as its meter sees it."""

    loading: float

    def current_stream(self, device: int) -> CupyStream:
        """What this thread's work is queued on."""
        ...

    def all_streams(self, device: int) -> Sequence[CupyStream]:
        """The device's own, and the further ones that are alive."""
        ...


class CupyMeter:
    """See `xgpu.plugin.Meter`."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def copy(self, device: int, target: Memory, source: Memory) -> None:
        """``cudaMemcpyAsync`` within the device."""
        stream = self._owner.current_stream(device)
        cupy = cupy_module()
        runtime = cupy.cuda.runtime
        with cupy.cuda.Device(device):
            runtime.memcpyAsync(
                target.ptr, source.ptr, target.nbytes, runtime.memcpyDeviceToDevice, stream.ptr
            )

    def reset_peak(self, device: int) -> None:
        """Empties the pools."""
        self._of_pools(device, lambda pool: pool.free_all_blocks() or 0)

    def peak(self, device: int) -> int:
        """What the pools hold: they give nothing back by themselves, so it is what they needed."""
        return self._of_pools(device, lambda pool: pool.total_bytes())

    def loading(self) -> float:
        """See `xgpu.plugin.Meter.loading`."""
        return self._owner.loading

    def _of_pools(self, device: int, count: Callable[[Any], int]) -> int:
        """A sum over the pools, when all that was queued is done."""
        cupy = cupy_module()
        streams = self._owner.all_streams(device)
        for stream in streams:
            stream.stream.synchronize()
        with cupy.cuda.Device(device):
            # What the libraries need besides their results is from CuPy's own pool.
            pools = [*(stream.pool for stream in streams), cupy.get_default_memory_pool()]
            return sum(count(pool) for pool in pools)
