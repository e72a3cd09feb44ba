"""`Stream` and `Event`: work of one device that need not be done in the order of the calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from xgpu.arguments import device_or_default
from xgpu.graph.device import Device
from xgpu.plugin.streams import Streams
from xgpu.runtime import blocks, modes


class Event:
    """A point in a stream, made by `Stream.record`; reached when all work before it is done."""

    __slots__ = ("_handle", "device")

    def __init__(self, device: Device, handle: Any) -> None:
        self.device: Device = device
        self._handle = handle

    def __repr__(self) -> str:
        return f"<Event on {self.device}>"

    def elapsed(self, later: Event) -> float:
        """Seconds of device time from this event to a later one; waits for that one.

        Raises:
            TypeError: ``later`` is no event.
            ValueError: the events are of two devices.
            KernelError: work before it failed.
        """
        if not isinstance(later, Event):
            raise TypeError(f"elapsed() takes an xgpu.Event: got {type(later).__name__}")
        if later.device is not self.device:
            raise ValueError(f"elapsed() got events of {self.device} and of {later.device}")
        backend, index = self.device.backend, self.device.index
        return float(backend.elapsed(index, self._handle, later._handle))


class Stream:
    """A queue of a device's work: what is on one stream is done in order, two may overlap.

    Inside ``with stream:``, this thread's kernels for the device are queued on it; what the block
    recorded is materialized there when it ends, at the latest. Each device has a stream of its
    own besides, which is used outside of such blocks, and by every thread that has chosen none.

    Arrays may be used on any stream: work that reads or writes memory of another one waits for it
    on the device, and its next user for that work. On a device with one stream, and on backends
    that have no more, everything is simply done in the order of the calls.
    """

    def __init__(self, device: str | Device | None = None) -> None:
        """A further stream of ``device``, the default one for None.

        Raises:
            ValueError: there is no such device.
            BackendUnavailableError: it cannot be used here.
        """
        self.device: Device = device_or_default(device)
        streams: Streams | None = getattr(self.device.backend, "streams", None)
        self._streams = streams
        self._handle = None if streams is None else streams.new(self.device.index)
        # Of each thread that is inside a ``with`` block, what to go back to.
        self._entered = threading.local()

    def __repr__(self) -> str:
        return f"<Stream {self.ptr:#x} on {self.device}>"

    @property
    def ptr(self) -> int:
        """The target's own handle, a ``cudaStream_t`` on CUDA; 0 where there is none."""
        return 0 if self._handle is None else int(self._handle.ptr)

    def __enter__(self) -> Stream:
        """Queue this thread's work here, until the block ends."""
        before = None if self._streams is None else self._use(self._handle)
        modes.watch(1)
        self._stack().append((before, blocks.begin(self.device)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Materialize what the block recorded, and queue where it was queued before."""
        before, block = self._stack().pop()
        try:
            blocks.end(block, completed=error is None)
        finally:
            modes.watch(-1)
            if self._streams is not None:
                self._use(before)

    def record(self) -> Event:
        """An event after all that was queued here so far."""
        with self._chosen():
            return Event(self.device, self.device.backend.record_event(self.device.index))

    def wait(self, event: Event) -> None:
        """Have what is queued here next wait, on the device, until ``event`` is reached.

        Raises:
            TypeError: ``event`` is none.
            ValueError: it is another device's.
        """
        if not isinstance(event, Event):
            raise TypeError(f"wait() takes an xgpu.Event: got {type(event).__name__}")
        if event.device is not self.device:
            raise ValueError(
                f"a stream of {self.device} cannot wait for an event of {event.device}"
            )
        if self._streams is not None:
            with self._chosen():
                self._streams.wait(self.device.index, event._handle)

    def synchronize(self) -> None:
        """Wait, on the host, for all that was queued here.

        Raises:
            KernelError: some of it failed.
        """
        if self._streams is None:
            self.device.synchronize()
        else:
            self._streams.synchronize(self.device.index, self._handle)

    @contextmanager
    def _chosen(self) -> Iterator[None]:
        if self._streams is None:
            yield
            return
        before = self._use(self._handle)
        try:
            yield
        finally:
            self._use(before)

    def _use(self, handle: Any) -> Any:
        assert self._streams is not None
        return self._streams.use(self.device.index, handle)

    def _stack(self) -> list[tuple[Any, blocks.Block]]:
        stack: list[tuple[Any, blocks.Block]] = self._entered.__dict__.setdefault("stack", [])
        return stack
