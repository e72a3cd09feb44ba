"""A GPU's memory for other libraries, by its address; CuPy gives events and orders streams.

Two things that reference counts cannot tell are seen to here, so that nobody has to: memory of
xgpu's that another library had may still be used by what that library has queued, and memory of
another library's by what xgpu has.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Protocol

from xgpu.plugin.dtypes import DType
from xgpu.plugin.exchange import CUDA
from xgpu_cuda.driver.cupy_libraries.session import Session
from xgpu_cuda.driver.memory import Memory, check_aligned

LEGACY: Final = 1
"""CUDA's handle of the legacy default stream (cudaStreamLegacy), which waits for all streams of
the process that are blocking ones, and they for it."""

PER_THREAD: Final = 2
"""CUDA's handle of the default stream of each thread."""


class _Lent:
    """Holds memory that other libraries see; its home waits for their work before it goes back.

    For their work on default streams and other blocking ones: a library with streams that are not,
    as torch's and JAX's further ones, holds what it took until its work is done, or orders it.
    """

    __slots__ = ("_device", "_exchange", "_memory")

    def __init__(self, exchange: CupyExchange, device: int, memory: Memory) -> None:
        self._exchange = exchange
        self._device = device
        self._memory = memory

    def __del__(self) -> None:
        self._exchange.returned(self._device, self._memory)


class _Borrowed:
    """Holds what keeps another library's memory alive, until no work that xgpu queued uses it."""

    __slots__ = ("_device", "_exchange", "_home", "_owner")

    def __init__(self, exchange: CupyExchange, device: int, home: Any, owner: Any) -> None:
        self._exchange = exchange
        self._device = device
        self._home = home
        self._owner = owner

    def __del__(self) -> None:
        self._exchange.give_back(self._device, self._home, self._owner)


class Ordered(Session, Protocol):
    """A CuPy driver, as its exchange sees it."""

    def current_stream(self, device: int) -> Any:
        """What this thread's work is queued on."""
        ...


class CupyExchange:
    """See `xgpu.plugin.Exchange`."""

    def __init__(self, session: Ordered) -> None:
        self._session = session
        # (event, owner) of what work in flight may still use.
        self._waiting: deque[tuple[Any, Any]] = deque()

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """The GPU, by CUDA's number."""
        return CUDA, device

    def stream(self, device: int) -> int | None:
        """See `xgpu.plugin.Exchange.stream`."""
        return int(self._session.current_stream(device).ptr) or LEGACY

    def lend(self, device: int, buffer: Any, stream: Any) -> tuple[int, Any]:
        """See `xgpu.plugin.Exchange.lend`; None is the legacy default stream, -1 asks for no order.

        ``stream`` may also be an object with ``__cuda_stream__``.
        """
        self.collect()
        consumer = _handle(device, stream)
        streams = self._session.streams
        if streams.several:
            streams.after(device, streams.foreign(device, [buffer]))
        current = self._session.current_stream(device)
        if consumer not in (-1, current.ptr):

            def order(cupy: Any) -> None:
                event = current.stream.record()
                cupy.cuda.runtime.streamWaitEvent(consumer, event.ptr)

            self._session.call(device, "ordering another library's stream", order)
        return int(buffer.ptr), _Lent(self, device, buffer)

    def after(self, device: int, stream: int) -> None:
        """See `xgpu.plugin.Exchange.after`."""
        current = self._session.current_stream(device)
        if stream != current.ptr:
            self._session.call(
                device,
                "waiting for another library's stream",
                lambda cupy: current.stream.wait_event(_recorded(cupy, stream)),
            )

    def device_of(self, address: int) -> int:
        """See `xgpu.plugin.Exchange.device_of`."""

        def look(cupy: Any) -> int:
            return int(cupy.cuda.runtime.pointerGetAttributes(address).device)

        return self._session.call(0, "asking for the device of an address", look)

    def adopt(self, device: int, address: int, dtype: DType, size: int, owner: Any) -> Memory:
        """See `xgpu.plugin.Exchange.adopt`; the current stream is the memory's home."""
        check_aligned(address, dtype)
        self.collect()
        home = self._session.current_stream(device)
        borrowed = _Borrowed(self, device, home, owner)
        return Memory(address, size * dtype.itemsize, borrowed, home)

    def returned(self, device: int, memory: Memory) -> None:
        """Memory that was lent is xgpu's alone again: its home goes on after the others' work."""
        home = memory.home

        def order(cupy: Any) -> None:
            home.stream.wait_event(_recorded(cupy, LEGACY))

        self._quietly(device, order)

    def give_back(self, device: int, home: Any, owner: Any) -> None:
        """Let go of another library's memory, after the work that may still use it.

        Work on other streams is before what comes next on its home (`Streams.before`).
        """

        def note(cupy: Any) -> None:
            event = home.stream.record(cupy.cuda.Event(disable_timing=True))
            if not event.done:
                self._waiting.append((event, owner))

        self._quietly(device, note)
        self.collect()

    def collect(self) -> None:
        """Let go of what no work in flight uses any more."""
        while self._waiting:
            try:
                oldest = self._waiting.popleft()
            except IndexError:  # another thread is at it
                return
            if not oldest[0].done:
                self._waiting.appendleft(oldest)
                return

    def _quietly(self, device: int, function: Any) -> None:
        # Called where memory is freed, where nobody could catch an error, and maybe as the
        # process ends: a device that cannot order its work any more has none.
        try:
            self._session.call(device, "giving memory back", function)
        except Exception:
            return


def _recorded(cupy: Any, stream: int) -> Any:
    """An event after all that is queued on a stream, which may be another library's."""
    event = cupy.cuda.Event(disable_timing=True)
    cupy.cuda.runtime.eventRecord(event.ptr, stream)
    return event


def _handle(device: int, stream: Any) -> int:
    """A stream as the standard has it for CUDA, as a handle; -1 for no order."""
    if stream is None:
        return LEGACY
    protocol = getattr(stream, "__cuda_stream__", None)
    if protocol is not None:
        handle = int(protocol()[1])
        return handle or LEGACY
    number = None if isinstance(stream, bool | float) else getattr(stream, "__index__", None)
    if number is not None and (number() > 0 or number() == -1):
        return int(number())
    raise ValueError(
        f"__dlpack__() on cuda:{device} takes a stream by its handle, {LEGACY} and {PER_THREAD} "
        f"for CUDA's default streams, or -1 for no order: got {stream!r}"
    )
