"""`SimulatorStreams`: streams on which all work is done before the call returns.

Nothing can come too early, so what orders the streams of a GPU is only noted: in ``orders``, for
whoever wants to see that it was asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from xgpu_cuda.driver.streams import Homes


class SimulatorStream:
    """A name for the order of the calls."""

    ptr: Final = 0


class SimulatorStreams(Homes):
    """See `xgpu_cuda.driver.Streams`."""

    def __init__(self) -> None:
        super().__init__()
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

    def foreign(self, device: int, memories: Iterable[Any]) -> list[SimulatorStream]:
        """See `Streams.foreign`."""
        return self.elsewhere(self.current(device), memories)

    def after(self, device: int, streams: Sequence[SimulatorStream]) -> None:
        """See `Streams.after`."""
        self.orders.extend((stream, self.current(device)) for stream in streams)

    def before(self, device: int, streams: Sequence[SimulatorStream]) -> None:
        """See `Streams.before`."""
        self.orders.extend((self.current(device), stream) for stream in streams)
