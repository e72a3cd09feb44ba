"""`SimulatorStreams`: streams on which all work is done before the call returns.

Nothing can come too early, so what orders the streams of a GPU is only noted: in ``orders``, for
whoever wants to see that it was asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import numpy as np

from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Homes, Memory


class SimulatorStream:
    """A name for the order of the calls."""

    ptr: Final = 0


class Owner(Protocol):
    """The simulator's driver, as its streams see it."""

    def allocate(self, device: int, nbytes: int) -> Memory:
        """See `xgpu_cuda.driver.Driver.allocate`."""
        ...

    def to_device(self, device: int, memory: Memory, host: Any) -> None:
        """See `xgpu_cuda.driver.Driver.to_device`."""
        ...

    def to_host(self, device: int, ptr: int, nbytes: int) -> Any:
        """See `xgpu_cuda.driver.Driver.to_host`."""
        ...

    def record_event(self, device: int) -> Any:
        """See `xgpu_cuda.driver.Driver.record_event`."""
        ...


class SimulatorStreams(Homes):
    """See `xgpu_cuda.driver.Streams`."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self._main = SimulatorStream()
        #: (which comes first, which waits), the latest at the end.
        self.orders: deque[tuple[SimulatorStream, SimulatorStream]] = deque(maxlen=64)

    def new(self, device: int) -> SimulatorStream:
        """See `xgpu.plugin.Streams.new`."""
        self.several = True
        return SimulatorStream()

    def current(self, device: int) -> SimulatorStream:
        """See `xgpu.plugin.Streams.current`."""
        return self.chosen(device) or self._main

    def use(self, device: int, stream: SimulatorStream | None) -> SimulatorStream:
        """See `xgpu.plugin.Streams.use`."""
        return self.choose(device, None if stream is self._main else stream) or self._main

    def synchronize(self, device: int, stream: SimulatorStream) -> None:
        """Nothing is ever queued."""

    def wait(self, device: int, event: Any) -> None:
        """Every event was reached."""

    def external(self, device: int, stream: Any) -> SimulatorStream:
        """There are none of the simulator's elsewhere."""
        raise ValueError(
            f"cudasim:{device} has no CUDA streams, so it takes none of another library"
        )

    def launch_host_func(self, device: int, function: Callable[[], None]) -> None:
        """See `xgpu.plugin.Streams.launch_host_func`; all before it is done."""
        function()

    def pinned(self, device: int, nbytes: int) -> Any:
        """Ordinary memory."""
        return np.empty(nbytes, np.uint8)

    def from_host(self, device: int, array: Any) -> Memory:
        """See `xgpu.plugin.Streams.from_host`; done on return."""
        memory = self._owner.allocate(device, array.nbytes)
        self._owner.to_device(device, memory, array)
        return memory

    def to_host(
        self, device: int, buffer: Memory, dtype: DType, offset: int, size: int
    ) -> tuple[Any, Any]:
        """See `xgpu.plugin.Streams.to_host`; done on return."""
        start = buffer.ptr + offset * dtype.itemsize
        copied = self._owner.to_host(device, start, size * dtype.itemsize)
        return copied.view(dtype), self._owner.record_event(device)

    def foreign(self, device: int, memories: Iterable[Any]) -> list[SimulatorStream]:
        """See `Streams.foreign`."""
        return self.elsewhere(self.current(device), memories)

    def after(self, device: int, streams: Sequence[SimulatorStream]) -> None:
        """See `Streams.after`."""
        self.orders.extend((stream, self.current(device)) for stream in streams)

    def before(self, device: int, streams: Sequence[SimulatorStream]) -> None:
        """See `Streams.before`."""
        self.orders.extend((self.current(device), stream) for stream in streams)
