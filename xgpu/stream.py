"""`Stream` and `Event`: work of one device that need not be done in the order of the calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from xgpu.arguments import device_or_default
from xgpu.graph.device import Device
from xgpu.plugin.streams import Streams
from xgpu.runtime import blocks, modes


class Event:
    """A point in a stream, set by `record`; reached when all work before it is done."""

    __slots__ = ("_handle", "device")

    def __init__(self, device: str | Device | None = None) -> None:
        """An event of ``device``, the default one for None, that has yet to be recorded.

        Raises:
            ValueError: there is no such device.
            BackendUnavailableError: it cannot be used here.
        """
        self.device: Device = device_or_default(device)
        self._handle: Any = None

    def __repr__(self) -> str:
        state = "" if self._handle is not None else ", not recorded"
        return f"<Event on {self.device}{state}>"

    def record(self, stream: Stream | None = None) -> Event:
        """Set the event after all that is on ``stream`` so far, this thread's own for None.

        Recorded once more, it is another point.

        Raises:
            TypeError: ``stream`` is none.
            ValueError: it is another device's.
        """
        chosen = current_stream(self.device) if stream is None else stream
        if not isinstance(chosen, Stream):
            raise TypeError(f"record() takes an xgpu.Stream: got {type(stream).__name__}")
        if chosen.device is not self.device:
            raise ValueError(
                f"an event of {self.device} cannot be recorded on a stream of {chosen.device}"
            )
        self._handle = chosen.record()._handle
        return self

    def synchronize(self) -> None:
        """Wait, on the host, until the event is reached.

        Raises:
            ValueError: it was not recorded.
            KernelError: work before it failed.
        """
        handle = self._recorded("synchronize()")
        self.device.backend.elapsed(self.device.index, handle, handle)

    def elapsed(self, later: Event) -> float:
        """Seconds of device time from this event to a later one; waits for that one.

        Raises:
            TypeError: ``later`` is no event.
            ValueError: the events are of two devices, or one was not recorded.
            KernelError: work before it failed.
        """
        if not isinstance(later, Event):
            raise TypeError(f"elapsed() takes an xgpu.Event: got {type(later).__name__}")
        if later.device is not self.device:
            raise ValueError(f"elapsed() got events of {self.device} and of {later.device}")
        first, last = self._recorded("elapsed()"), later._recorded("elapsed()")
        return float(self.device.backend.elapsed(self.device.index, first, last))

    def _recorded(self, where: str) -> Any:
        if self._handle is None:
            raise ValueError(
                f"{where} got an event that was not recorded; record it first: "
                "event.record(stream), or event = stream.record()"
            )
        return self._handle


def event_at(device: Device, handle: Any) -> Event:
    """An event that a backend has recorded."""
    event = Event(device)
    event._handle = handle
    return event


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
        found = device_or_default(device)
        streams: Streams | None = getattr(found.backend, "streams", None)
        self._set(found, streams, None if streams is None else streams.new(found.index))

    @classmethod
    def from_external(cls, stream: Any, device: str | Device | None = None) -> Stream:
        """Another library's stream of ``device``, the default one for None, as one of xgpu's.

        ``stream`` has a method ``__cuda_stream__``, as the streams of CuPy, torch and cuda.core;
        it is kept alive. What either library queues on it is done in the order of the calls.

        Raises:
            TypeError: ``stream`` has no ``__cuda_stream__``, or not as its version 0 says.
            ValueError: ``device`` has no such streams.

        Source: cuda.core's documentation, "CUDA stream protocol".
        """
        protocol = getattr(stream, "__cuda_stream__", None)
        if not callable(protocol):
            raise TypeError(
                f"from_external() takes a stream with __cuda_stream__: got {type(stream).__name__}"
            )
        found = device_or_default(device)
        if isinstance(stream, Stream) and stream.device is not found:
            raise ValueError(f"a stream of {stream.device} is none of {found}")
        given = protocol()
        if not isinstance(given, tuple) or len(given) != 2 or given[0] != 0:
            raise TypeError(
                "from_external() takes a stream whose __cuda_stream__() is (0, handle), "
                f"version 0 of the protocol: got {given!r}"
            )
        streams: Streams | None = getattr(found.backend, "streams", None)
        if streams is None:
            raise ValueError(f"{found} has no CUDA streams, so it takes none of another library")
        return cls._around(found, streams, streams.external(found.index, stream))

    @classmethod
    def _around(cls, device: Device, streams: Streams | None, handle: Any) -> Stream:
        made = cls.__new__(cls)
        made._set(device, streams, handle)
        return made

    def _set(self, device: Device, streams: Streams | None, handle: Any) -> None:
        self.device: Device = device
        self._streams = streams
        self._handle = handle
        # Of each thread that is inside a ``with`` block, what to go back to.
        self._entered = threading.local()

    def __repr__(self) -> str:
        return f"<Stream {self.ptr:#x} on {self.device}>"

    @property
    def ptr(self) -> int:
        """The target's own handle, a ``cudaStream_t`` on CUDA; 0 where there is none."""
        return 0 if self._handle is None else int(self._handle.ptr)

    def __cuda_stream__(self) -> tuple[int, int]:
        """The protocol's version, 0, and the handle: for libraries that take any CUDA stream.

        Raises:
            ValueError: a stream of a device that is no GPU of CUDA's.

        Source: cuda.core's documentation, "CUDA stream protocol".
        """
        if self.device.type != "cuda":
            raise ValueError(f"a stream of {self.device} is no CUDA stream")
        return 0, self.ptr

    def __enter__(self) -> Stream:
        """Queue this thread's work here, until the block ends."""
        before = None if self._streams is None else self._use(self._handle)
        modes.watch(1)
        self._stack().append((before, blocks.begin(self.device, self._handle)))
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
        """An event after all that is here so far, what this thread's block recorded included."""
        with self._chosen("an event of the stream"):
            return event_at(self.device, self.device.backend.record_event(self.device.index))

    def wait(self, event: Event) -> None:
        """Have what is queued here next wait, on the device, until ``event`` is reached.

        Raises:
            TypeError: ``event`` is none.
            ValueError: it is another device's, or was not recorded.
        """
        if not isinstance(event, Event):
            raise TypeError(f"wait() takes an xgpu.Event: got {type(event).__name__}")
        if event.device is not self.device:
            raise ValueError(
                f"a stream of {self.device} cannot wait for an event of {event.device}"
            )
        handle = event._recorded("wait()")
        with self._chosen("an event that the stream waits for"):
            if self._streams is not None:
                self._streams.wait(self.device.index, handle)

    def synchronize(self) -> None:
        """Wait, on the host, for all that is here so far.

        Raises:
            KernelError: some of it failed.
        """
        with self._chosen("the host waits for the stream"):
            if self._streams is None:
                self.device.synchronize()
            else:
                self._streams.synchronize(self.device.index, self._handle)

    def launch_host_func(self, callback: Callable[[Any], object], arg: Any = None) -> None:
        """Have the host call ``callback(arg)`` when all that is here so far is done.

        It is called from a thread of the driver's, in the stream's order: what comes next here
        waits for it. It must not call xgpu or CUDA. An error in it goes to `threading.excepthook`.

        Raises:
            TypeError: ``callback`` cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"launch_host_func() takes a function: got {type(callback).__name__}")

        def call() -> None:
            try:
                callback(arg)
            except Exception as error:
                where = (type(error), error, error.__traceback__, threading.current_thread())
                threading.excepthook(threading.ExceptHookArgs(where))

        with self._chosen("a host function of the stream"):
            if self._streams is None:
                self.device.synchronize()
                call()
            else:
                self._streams.launch_host_func(self.device.index, call)

    @contextmanager
    def _chosen(self, reason: str) -> Iterator[None]:
        """Queue here inside the block, after what this thread recorded for this stream."""
        before = None if self._streams is None else self._use(self._handle)
        try:
            blocks.run(self.device, self._handle, reason)
            yield
        finally:
            if self._streams is not None:
                self._use(before)

    def _use(self, handle: Any) -> Any:
        assert self._streams is not None
        return self._streams.use(self.device.index, handle)

    def _stack(self) -> list[tuple[Any, blocks.Block]]:
        stack: list[tuple[Any, blocks.Block]] = self._entered.__dict__.setdefault("stack", [])
        return stack


def current_stream(device: str | Device | None = None) -> Stream:
    """The stream that this thread's work for ``device``, the default one for None, is queued on.

    It is that of the innermost ``with stream:``, else the device's own. Hand it to another library
    to have its work done in order with xgpu's.

    Raises:
        ValueError: there is no such device.
        BackendUnavailableError: it cannot be used here.
    """
    found = device_or_default(device)
    streams: Streams | None = getattr(found.backend, "streams", None)
    return Stream._around(found, streams, None if streams is None else streams.current(found.index))
