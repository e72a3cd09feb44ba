"""A CUDA whose streams are as late as they may be, for `CupyDriver`, without a GPU.

`LateCuda` stands in for the part of CuPy that the driver calls: streams, events, memory pools and
copies, with CUDA's semantics. What is queued runs when somebody waits for it, and not before: of
two streams that nothing orders, the one that a test looks at last runs last. So an order that was
forgotten gives wrong values each time, where on a GPU it would now and then. Kernels are the
simulator's.

The legacy default stream waits for the other streams, and they for it, but for non-blocking ones.
"""

from __future__ import annotations

import ctypes
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from xgpu_cuda.driver import CupyDriver, Function, Grid
from xgpu_cuda.simulator.driver import SimulatorDriver
from xgpu_cuda.simulator.graph import SimulatorGraph
from xgpu_cuda.simulator.libraries import SimulatorLibraries

Work = Callable[[], Any]

SMALL = {
    "major": 7,
    "minor": 5,
    "multiProcessorCount": 1,
    "name": b"late",
    "totalGlobalMem": 1 << 30,
}
"""What CUDA says of a device with the simulator's sizes."""

LARGE = 1 << 22
"""Bytes of memory that is not kept, but given back to the host."""


class LateEvent:
    """See `cupy.cuda.Event`."""

    def __init__(self, cuda: LateCuda) -> None:
        self._cuda = cuda
        self.ptr = next(cuda.handles)
        self.points: list[tuple[LateStream, int]] = []
        self.time = 0.0
        cuda.events[self.ptr] = self

    def reach(self) -> None:
        self.time = time.perf_counter()

    @property
    def done(self) -> bool:
        return all(stream.finished >= count for stream, count in self.points)

    def synchronize(self) -> None:
        for stream, count in self.points:
            stream.run(count)


class LateStream:
    """See `cupy.cuda.Stream`."""

    def __init__(self, cuda: LateCuda, ptr: int, blocking: bool) -> None:
        self.cuda = cuda
        self.ptr = ptr
        self.blocking = blocking
        self.queue: list[Work] = []
        self.finished = 0
        cuda.streams[ptr] = self

    def __enter__(self) -> LateStream:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.ptr

    def add(self, work: Work) -> int:
        """Queue; returns how many that makes."""
        with self.cuda.lock:
            if self.blocking:
                # One side of the legacy stream's rule, and the other.
                legacy = self.cuda.legacy
                others = self.cuda.streams.values() if self is legacy else [legacy]
                for other in list(others):
                    if other.blocking and other is not self and other.finished < len(other.queue):
                        self.queue.append(partial(other.run, len(other.queue)))
            self.queue.append(work)
            return len(self.queue)

    def run(self, count: int) -> None:
        """Do the first ``count`` of what was queued."""
        with self.cuda.lock:
            while self.finished < count:
                self.finished += 1
                work, self.queue[self.finished - 1] = self.queue[self.finished - 1], _nothing
                work()

    def synchronize(self) -> None:
        self.run(self.add(_nothing))

    def record(self, event: LateEvent | None = None) -> LateEvent:
        event = event or LateEvent(self.cuda)
        event.points = [(self, self.add(event.reach))]
        return event

    def wait_event(self, event: LateEvent) -> None:
        for stream, count in event.points:
            self.add(partial(stream.run, count))

    def launch_host_func(self, callback: Callable[[Any], Any], arg: Any) -> None:
        self.add(lambda: callback(arg))


class LatePool:
    """Memory that is given out again as soon as it is freed, in multiples of 512 bytes."""

    def __init__(self, room: int = 1 << 30, error: type[Exception] = MemoryError) -> None:
        self._free: dict[int, list[Any]] = {}
        self._room, self._error = room, error
        self.used = 0

    def malloc(self, nbytes: int) -> LateBlock:
        nbytes = -(-nbytes // 512) * 512
        if self.used + nbytes > self._room:
            raise self._error(f"{nbytes} bytes")
        kept = self._free.get(nbytes)
        # What is read too early must not be right by chance: the host's memory may have been ours.
        fresh = kept.pop() if kept else np.full(nbytes + 256, 0xCD, np.uint8)
        return LateBlock(self, fresh, nbytes)

    def free(self, raw: Any, nbytes: int) -> None:
        if nbytes <= LARGE:  # the host has less memory than a GPU
            self._free.setdefault(nbytes, []).append(raw)

    def used_bytes(self) -> int:
        return self.used

    def total_bytes(self) -> int:
        return self.used + sum(nbytes * len(kept) for nbytes, kept in self._free.items())

    def free_all_blocks(self) -> None:
        self._free.clear()


class LateBlock:
    """A part of a pool."""

    def __init__(self, pool: LatePool, raw: Any, nbytes: int) -> None:
        self._pool, self._raw, self._nbytes = pool, raw, nbytes
        self.ptr = -(-raw.ctypes.data // 256) * 256
        pool.used += nbytes

    def __del__(self) -> None:
        self._pool.used -= self._nbytes
        self._pool.free(self._raw, self._nbytes)


class LateCuda:
    """See the module; an instance is the module ``cupy`` to the driver.

    ``properties`` is what CUDA says of the device.
    """

    __version__ = "late"

    def __init__(self, properties: dict[str, Any] = SMALL) -> None:
        self.lock = threading.RLock()
        self.handles = itertools.count(0x1000)
        self.streams: dict[int, LateStream] = {}
        self.events: WeakValueDictionary[int, LateEvent] = WeakValueDictionary()
        self.legacy = LateStream(self, 1, True)
        self.streams[0] = self.legacy
        #: For each kernel, how to run it with the struct at an address.
        self.kernels: dict[int, Callable[[tuple[int, ...], int, int, Any], None]] = {}
        self.sizes: dict[int, int] = {}
        self.waits = 0
        full = type("OutOfMemoryError", (MemoryError,), {})
        pool = partial(LatePool, properties["totalGlobalMem"], full)
        self._default_pool = pool()

        cuda = self

        class Stream(LateStream):
            def __init__(self, *, non_blocking: bool = False) -> None:
                super().__init__(cuda, next(cuda.handles), not non_blocking)

            @classmethod
            def from_external(cls, obj: Any) -> LateStream:
                return cuda.streams[obj.__cuda_stream__()[1]]

        runtime = SimpleNamespace(
            CUDARuntimeError=type("CUDARuntimeError", (RuntimeError,), {}),
            memcpyHostToDevice=1,
            memcpyDeviceToHost=2,
            getDeviceCount=lambda: 1,
            getDevice=lambda: 0,
            memcpyDeviceToDevice=3,
            getDeviceProperties=lambda index: properties,
            memGetInfo=lambda: (0, properties["totalGlobalMem"]),
            free=lambda pointer: None,
            memcpyAsync=self._copy,
            streamWaitEvent=self._wait,
            eventRecord=lambda event, stream: self.streams[stream].record(self.events[event]),
            pointerGetAttributes=lambda pointer: SimpleNamespace(device=0),
        )
        self.cuda = SimpleNamespace(
            Device=lambda index: nullcontext(),
            Stream=Stream,
            Event=lambda disable_timing=False: LateEvent(self),
            MemoryPool=pool,
            memory=SimpleNamespace(OutOfMemoryError=full),
            driver=SimpleNamespace(
                CUDADriverError=type("CUDADriverError", (RuntimeError,), {}),
                launchKernel=self._launch,
            ),
            runtime=runtime,
            alloc_pinned_memory=_pinned,
            get_elapsed_time=lambda a, b: 1e3 * (b.time - a.time),
        )

    def get_default_memory_pool(self) -> LatePool:
        return self._default_pool

    @contextmanager
    def forgetful(self) -> Any:
        """Inside the block, no stream waits for an event: a test's own check."""
        before = LateStream.wait_event
        LateStream.wait_event = lambda self, event: None  # type: ignore[method-assign]
        try:
            yield
        finally:
            LateStream.wait_event = before  # type: ignore[method-assign]

    def _copy(self, target: int, source: int, nbytes: int, kind: int, stream: int) -> None:
        self.streams[stream].add(lambda: ctypes.memmove(target, source, nbytes))

    def _wait(self, stream: int, event: int) -> None:
        self.streams[stream].wait_event(self.events[event])

    def _launch(self, handle: int, x: int, y: int, z: int, block: int, *rest: int) -> None:
        _, _, shared, stream, parameters, _ = rest
        if block > 1024:
            raise self.cuda.driver.CUDADriverError("CUDA_ERROR_INVALID_VALUE")
        (address,) = (ctypes.c_void_p * 1).from_address(parameters)
        struct = np.ctypeslib.as_array((ctypes.c_ubyte * self.sizes[parameters]).from_address(
            address or 0
        )).copy()  # fmt: skip
        run = self.kernels[handle]
        self.streams[stream].add(lambda: run((x, y, z), block, shared, struct))


def _nothing() -> None:
    """What was done."""


def _pinned(nbytes: int) -> Any:
    memory = (ctypes.c_ubyte * nbytes)()
    memory.ptr = ctypes.addressof(memory)  # type: ignore[attr-defined]
    return memory


class LateDriver(CupyDriver):
    """The driver of GPUs, over `LateCuda`. What NVIDIA's libraries compute waits for its stream."""

    def __init__(self, cuda: LateCuda) -> None:
        super().__init__(lambda *_: None)
        self._late = cuda
        self._simulator = SimulatorDriver()
        self.libraries = _Waiting(self)

    def load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool = False
    ) -> dict[str, Function]:
        """The simulator's kernels."""
        made = {}
        for name, function in self._simulator.load(0, source, names).items():
            handle = SimpleNamespace(ptr=next(self._late.handles))

            def run(grid: Any, block: int, shared: int, struct: Any, f: Any = function) -> None:
                self._simulator.launch(0, f, grid, block, shared, struct)

            self._late.kernels[handle.ptr] = run
            made[name] = Function(name, handle, function.compiled, function.compile_seconds)
        return made

    def launcher(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Any,
    ) -> Callable[[], None]:
        """By way of `launch`, which knows how long the struct is."""
        return lambda: self.launch(device, function, grid, block, shared, arguments)

    def new_graph(self, device: int) -> Any:
        """Its launches, one by one, each time that it is queued."""

        def launch(*given: Any) -> None:
            self.launch(device, *given)
            self._structs.pop(id(given[-1]), None)  # a copy, that nobody gives again

        return SimulatorGraph(launch)

    def _parameters(self, arguments: Any) -> int:
        address = super()._parameters(arguments)
        self._late.sizes[address] = arguments.nbytes
        return address


class _Waiting:
    """The simulator's libraries, after all that their stream has."""

    def __init__(self, driver: LateDriver) -> None:
        self._driver = driver
        self._libraries = SimulatorLibraries()
        # Their results are the host's memory, and are read by what is queued behind them.
        self._made: deque[Any] = deque(maxlen=256)

    def __getattr__(self, name: str) -> Any:
        routine = getattr(self._libraries, name)

        def run(device: int, *arguments: Any) -> Any:
            self._driver.current_stream(device).stream.synchronize()
            result = routine(device, *arguments)
            self._made.append(result)
            return result

        return run
