"""The device's own copy bandwidth: what the bytes that a program moves are compared with."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

from xgpu.arguments import device_or_default
from xgpu.bench.clock import EventClock
from xgpu.bench.statistics import median
from xgpu.graph.device import Device
from xgpu.graph.node import leaf
from xgpu.plugin import Meter
from xgpu.plugin.dtypes import float32
from xgpu.runtime.materialize import fresh
from xgpu.runtime.plugins import device_info

LARGE: Final = 256 << 20
"""Bytes of a copy: more than any cache holds of it."""


def copy_ceiling(device: str | Device | None = None) -> float:
    """Bytes per second, read and written, of a copy of 256 MiB within a device; waits for it.

    The device's own copy where the backend has a `Meter`, else a program that copies. The median
    of seven copies.

    Raises:
        ValueError: there is no such device.
        OutOfMemoryError: it has no room for two buffers of 256 MiB (of a 16th of its memory, if
            that is less).
    """
    return Copier(device_or_default(device)).bandwidth()


class Copier:
    """Two buffers of a device, and copies from one to the other.

    Besides the ceiling they give a round a head start: while the device copies, the host queues
    what is to be timed.
    """

    def __init__(self, device: Device) -> None:
        backend, index = device.backend, device.index
        memory = device_info(device).memory
        size = (LARGE if not memory else min(LARGE, memory // 16)) // float32.itemsize
        self.nbytes: int = size * float32.itemsize
        self._clock = EventClock(device)
        self._device = device
        self._meter: Meter | None = getattr(backend, "meter", None)
        self._source = backend.allocate(index, float32, size)
        self._target: Any = None
        if self._meter is None:
            self._node = leaf(self._source, (size,), float32, device)
        else:
            self._target = backend.allocate(index, float32, size)
        self.queue()
        queued, done = zip(*(self._timed() for _ in range(7)), strict=True)
        self.seconds: float = median(done).value
        #: Whether the host may run ahead of the device.
        self.asynchronous: bool = median(queued).value < 0.5 * self.seconds

    def queue(self) -> None:
        """Queue one copy."""
        if self._meter is None:
            fresh(self._node, "the copy that bandwidth is compared with")
        else:
            self._meter.copy(self._device.index, self._target, self._source)

    def _timed(self) -> tuple[float, float]:
        """Seconds that queueing a copy takes, and those that the copy does."""
        self._clock.synchronize()
        start, begun = self._clock.record(), perf_counter()
        self.queue()
        queued = perf_counter() - begun
        return queued, self._clock.elapsed(start, self._clock.record())

    def bandwidth(self) -> float:
        """Bytes per second, read and written."""
        return 2.0 * self.nbytes / self.seconds
