"""DLPack on a GPU, through CuPy."""

from __future__ import annotations

from typing import Any

from xgpu.plugin import Strided
from xgpu_cuda.driver.cupy_libraries.session import Routines, array
from xgpu_cuda.driver.memory import Memory

CUDA = 2  # kDLCUDA


class CupyExchange(Routines):
    """See `xgpu.plugin.Exchange`."""

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """The GPU, by CUDA's number."""
        return CUDA, device

    def to_dlpack(
        self, device: int, x: Strided, stream: Any, max_version: tuple[int, int] | None
    ) -> Any:
        """See `xgpu.plugin.Exchange.to_dlpack`; CuPy orders its current stream, which is ours."""
        streams = self._session.streams
        if streams.several:
            streams.after(device, streams.foreign(device, [x.buffer]))

        def export(cupy: Any) -> Any:
            return array(cupy, x).__dlpack__(stream=stream, max_version=max_version)

        return self._session.call(device, "DLPack", export)

    def from_dlpack(self, device: int, x: Any) -> Strided:
        """See `xgpu.plugin.Exchange.from_dlpack`."""

        def take(cupy: Any) -> Strided:
            made = cupy.from_dlpack(x)
            steps = tuple(step // made.itemsize for step in made.strides)
            # What the maker has queued was put before our current stream.
            home = self._session.streams.current(device)
            memory = Memory(made.data.ptr, made.nbytes, made, home)
            return Strided(memory, made.dtype, made.shape, steps, 0)

        return self._session.call(device, "DLPack", take)
