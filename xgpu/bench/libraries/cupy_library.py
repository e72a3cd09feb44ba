"""CuPy, one operation at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from xgpu.bench.clock import Clock
from xgpu.bench.libraries.base import Library, MissingError, cuda_index, module


class CupyClock:
    """CuPy's events, on its current stream."""

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy

    def record(self) -> Any:
        """See `Clock.record`."""
        event = self._cupy.cuda.Event()
        event.record()
        return event

    def elapsed(self, start: Any, stop: Any) -> float:
        """See `Clock.elapsed`."""
        stop.synchronize()
        return float(self._cupy.cuda.get_elapsed_time(start, stop)) * 1e-3

    def synchronize(self) -> None:
        """See `Clock.synchronize`."""
        self._cupy.cuda.get_current_stream().synchronize()


class CupyLibrary(Library):
    """CuPy as most use it: no kernel is written or fused by hand."""

    def __init__(self, device: str) -> None:
        index = cuda_index(device)
        if index is None:
            raise MissingError("CuPy computes on GPUs alone")
        cupy = module("cupy")
        self.module: Any = cupy
        try:
            cupy.cuda.Device(index).use()
            cupy.zeros(1)
        except Exception as error:  # of the driver or the runtime, each of its own kind
            raise MissingError(f"CuPy cannot use {device}: {error}") from error
        self.clock: Clock = CupyClock(cupy)
        self.version: str = f"CuPy {cupy.__version__}"

    def array(self, host: NDArray[Any]) -> Any:
        """See `Library.array`."""
        return self.module.asarray(host)

    def host(self, result: Any) -> NDArray[Any]:
        """See `Library.host`."""
        host: NDArray[Any] = self.module.asnumpy(result)
        return host

    def release(self) -> None:
        """Empties the pool."""
        self.module.get_default_memory_pool().free_all_blocks()

    def peak(self, call: Callable[[], object]) -> int | None:
        """What the pool holds, which gives nothing back by itself."""
        self.clock.synchronize()
        self.release()
        result = call()
        self.clock.synchronize()
        del result
        return int(self.module.get_default_memory_pool().total_bytes())
