"""`CupyStreams`: a GPU's streams, through CuPy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

import numpy as np

from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver.memory import Memory
from xgpu_cuda.driver.streams import Homes

T = TypeVar("T")


class CupyStream:
    """A non-blocking stream, or another library's, and memory that is given out in its order.

    The memory is in a pool of its own: since it is freed and used again in the order of one
    stream, a block can be given out again at once, whichever CuPy stream is current.
    """

    __slots__ = ("__weakref__", "malloc", "pinned", "pool", "ptr", "stream")

    def __init__(self, cupy: Any, device: int, external: Any = None) -> None:
        with cupy.cuda.Device(device):
            if external is None:
                self.stream = cupy.cuda.Stream(non_blocking=True)
            else:
                self.stream = cupy.cuda.Stream.from_external(external)
        self.ptr = int(self.stream.ptr)
        self.pool = cupy.cuda.MemoryPool()
        self.malloc = self.pool.malloc
        # (event, page-locked memory) of copies that may still be read from.
        self.pinned: deque[tuple[Any, Any]] = deque()

    def release_staged(self) -> None:
        """Let go of page-locked memory that was copied."""
        # Taken out before it is looked at: another thread may be doing the same.
        while self.pinned:
            try:
                oldest = self.pinned.popleft()
            except IndexError:
                return
            if not oldest[0].done:
                self.pinned.appendleft(oldest)
                return


class Owner(Protocol):
    """A CuPy driver, as its streams see it."""

    def main_stream(self, device: int) -> CupyStream:
        """The device's own."""
        ...

    def make_stream(self, device: int, external: Any = None) -> CupyStream:
        """A further one, or one around another library's."""
        ...

    def allocate(self, device: int, nbytes: int) -> Memory:
        """See `xgpu_cuda.driver.Driver.allocate`."""
        ...

    def call(self, device: int, what: str, function: Callable[[Any], T]) -> T:
        """``function`` of the cupy module, with the device and its stream current."""
        ...

    def synchronize_stream(self, device: int, stream: CupyStream) -> None:
        """Wait for one."""
        ...

    def record_event(self, device: int) -> Any:
        """An event on the stream that is current."""
        ...

    def wait_event(self, device: int, stream: CupyStream, event: Any) -> None:
        """Have what is queued next on ``stream`` wait."""
        ...


class CupyStreams(Homes):
    """See `xgpu_cuda.driver.Streams`."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self._made: dict[int, WeakSet[CupyStream]] = {}

    def made(self, device: int) -> list[CupyStream]:
        """The further streams that are alive: each memory keeps its home alive."""
        return list(self._made.get(device, ()))

    def new(self, device: int) -> CupyStream:
        """See `xgpu.plugin.Streams.new`."""
        return self._added(device, self._owner.make_stream(device))

    def external(self, device: int, stream: Any) -> CupyStream:
        """See `xgpu.plugin.Streams.external`."""
        return self._added(device, self._owner.make_stream(device, stream))

    def _added(self, device: int, stream: CupyStream) -> CupyStream:
        self._made.setdefault(device, WeakSet()).add(stream)
        self.several = True
        return stream

    def current(self, device: int) -> CupyStream:
        """See `xgpu.plugin.Streams.current`."""
        return self.chosen(device) or self._owner.main_stream(device)

    def use(self, device: int, stream: CupyStream | None) -> CupyStream:
        """See `xgpu.plugin.Streams.use`."""
        main = self._owner.main_stream(device)
        return self.choose(device, None if stream is main else stream) or main

    def synchronize(self, device: int, stream: CupyStream) -> None:
        """See `xgpu.plugin.Streams.synchronize`."""
        self._owner.synchronize_stream(device, stream)

    def wait(self, device: int, event: Any) -> None:
        """See `xgpu.plugin.Streams.wait`."""
        self._owner.wait_event(device, self.current(device), event)

    def launch_host_func(self, device: int, function: Callable[[], None]) -> None:
        """See `xgpu.plugin.Streams.launch_host_func`."""
        stream = self.current(device).stream
        self._owner.call(
            device,
            "queueing a host function",
            lambda cupy: stream.launch_host_func(lambda _: function(), None),
        )

    def pinned(self, device: int, nbytes: int) -> Any:
        """See `xgpu.plugin.Streams.pinned`."""

        def allocate(cupy: Any) -> Any:
            memory = cupy.cuda.alloc_pinned_memory(max(nbytes, 1))
            return np.frombuffer(memory, np.uint8, nbytes)

        return self._owner.call(device, "allocating page-locked memory", allocate)

    def from_host(self, device: int, array: Any) -> Memory:
        """See `xgpu.plugin.Streams.from_host`."""
        memory, stream = self._owner.allocate(device, array.nbytes), self.current(device)

        def copy(cupy: Any) -> None:
            runtime = cupy.cuda.runtime
            runtime.memcpyAsync(
                memory.ptr, array.ctypes.data, array.nbytes, runtime.memcpyHostToDevice, stream.ptr
            )
            stream.pinned.append((stream.stream.record(), array))

        if array.nbytes:
            self._owner.call(device, f"copying {array.nbytes:,} bytes to it", copy)
            stream.release_staged()
        return memory

    def to_host(
        self, device: int, buffer: Memory, dtype: DType, offset: int, size: int
    ) -> tuple[Any, Any]:
        """See `xgpu.plugin.Streams.to_host`."""
        nbytes, start = size * dtype.itemsize, buffer.ptr + offset * dtype.itemsize
        host, stream = self.pinned(device, nbytes), self.current(device)
        homes = self.foreign(device, [buffer]) if self.several else []
        self.after(device, homes)

        def copy(cupy: Any) -> Any:
            runtime = cupy.cuda.runtime
            runtime.memcpyAsync(
                host.ctypes.data, start, nbytes, runtime.memcpyDeviceToHost, stream.ptr
            )
            event = stream.stream.record()
            stream.pinned.append((event, host))
            return event

        event = self._owner.call(device, f"copying {nbytes:,} bytes from it", copy)
        self.before(device, homes)
        stream.release_staged()
        return host.view(dtype), event

    def foreign(self, device: int, memories: Iterable[Any]) -> list[CupyStream]:
        """See `Streams.foreign`."""
        return self.elsewhere(self.current(device), memories)

    def after(self, device: int, streams: Sequence[CupyStream]) -> None:
        """See `Streams.after`."""
        for stream in streams:
            self.wait(device, stream.stream.record())

    def before(self, device: int, streams: Sequence[CupyStream]) -> None:
        """See `Streams.before`."""
        if streams:
            done = self._owner.record_event(device)
            for stream in streams:
                self._owner.wait_event(device, stream, done)
