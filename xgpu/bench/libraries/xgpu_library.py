"""xgpu itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

import xgpu
from xgpu.array import numpy_of
from xgpu.bench.clock import Clock, EventClock
from xgpu.bench.libraries.base import Library, MissingError
from xgpu.plugin import Meter


class XgpuLibrary(Library):
    """Programs as they are: nothing is declared or compiled by the user."""

    def __init__(self, device: str) -> None:
        try:
            self.device: xgpu.Device = xgpu.device(device)
        except (ValueError, xgpu.PluginError, xgpu.BackendUnavailableError) as error:
            raise MissingError(str(error)) from error
        xgpu.set_default_device(self.device)
        self.module = xgpu
        self.clock: Clock = EventClock(self.device)
        self.version: str = f"xgpu {xgpu.__version__}"
        self._meter: Meter | None = getattr(self.device.backend, "meter", None)

    def array(self, host: NDArray[Any]) -> Any:
        """See `Library.array`."""
        return xgpu.asarray(host, device=self.device)

    def computed(self, result: Any) -> Any:
        """See `Library.computed`."""
        xgpu.materialize(result)
        return result

    def host(self, result: Any) -> NDArray[Any]:
        """See `Library.host`."""
        host: NDArray[Any] = numpy_of(result)
        return host

    def compile_seconds(self) -> float | None:
        """And of loading what is in the cache on disk."""
        return None if self._meter is None else self._meter.loading()

    def release(self) -> None:
        """Empties the pools."""
        if self._meter is not None:
            self._meter.reset_peak(self.device.index)

    def out_of_memory(self, error: BaseException) -> bool:
        """See `Library.out_of_memory`."""
        return isinstance(error, xgpu.OutOfMemoryError)

    def peak(self, call: Callable[[], object]) -> int | None:
        """By the backend's meter."""
        if self._meter is None:
            return None
        self.clock.synchronize()
        self._meter.reset_peak(self.device.index)
        result = call()
        self.clock.synchronize()
        del result
        return self._meter.peak(self.device.index) or None
