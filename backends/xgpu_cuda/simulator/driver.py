"""`SimulatorDriver`: one device, the host, behind the same interface as a GPU."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable
from ctypes import c_int, c_size_t, c_uint, c_void_p
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xgpu.plugin import (
    BackendUnavailableError,
    DeviceInfo,
    Exchange,
    KernelError,
    Meter,
    OutOfMemoryError,
)
from xgpu_cuda.driver import (
    Bytes,
    Directions,
    Function,
    Grid,
    Libraries,
    Memory,
    Sink,
    Streams,
    check_copy,
)
from xgpu_cuda.simulator import host_compiler
from xgpu_cuda.simulator.exchange import SimulatorExchange
from xgpu_cuda.simulator.graph import SimulatorGraph
from xgpu_cuda.simulator.libraries import SimulatorLibraries
from xgpu_cuda.simulator.meter import SimulatorMeter
from xgpu_cuda.simulator.streams import SimulatorStreams

_ERROR_BYTES: Final = 1024


class _Allocation:
    """Frees what the runtime gave."""

    __slots__ = ("_free", "_handle")

    def __init__(self, handle: int, free: Any) -> None:
        self._handle = handle
        self._free = free

    def __del__(self) -> None:
        self._free(self._handle)


class SimulatorDriver:
    """The CUDA simulator as device 0; compiles nothing before it is used.

    A launch runs to its end before it returns, one at a time; copies wait for it. Memory is
    filled with 0xA5, and lies between guard zones that are checked after each launch.
    """

    name = "cudasim"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runtime: Any = None
        self.reads = 0
        self.loading = 0.0
        self.libraries: Libraries = SimulatorLibraries()
        self.directions = Directions()
        self.streams: Streams = SimulatorStreams(self)
        self.exchange: Exchange = SimulatorExchange(self.streams.current)
        self._meter = SimulatorMeter(self)
        self._sink: Sink | None = None
        self._kept: list[Memory] = []
        self.meter: Meter = self._meter

    def _start(self, device: int) -> Any:
        if device != 0:
            raise BackendUnavailableError(
                f"there is no cudasim:{device}: the simulator is one device, cudasim:0"
            )
        if self._runtime is not None:
            return self._runtime
        with self._lock:
            if self._runtime is None:
                path = host_compiler.runtime().path
                try:
                    library = ctypes.CDLL(str(path))
                except OSError as error:
                    raise BackendUnavailableError(
                        f"the CUDA simulator's runtime does not load ({error}): set CXX to a C++ "
                        "compiler for this Python, g++ or clang++"
                    ) from error
                declare = {
                    "machine": (c_void_p, []),
                    "allocate": (c_void_p, [c_size_t]),
                    "address": (c_void_p, [c_void_p]),
                    "free": (None, [c_void_p]),
                    "allocated": (c_size_t, []),
                    "copy": (None, [c_void_p, c_void_p, c_size_t]),
                    "launch": (
                        c_int,
                        [
                            *(c_void_p, c_void_p, c_void_p, c_size_t),
                            *(c_void_p, c_size_t, ctypes.c_char_p, c_size_t),
                        ],
                    ),
                }
                for name, (result, arguments) in declare.items():
                    function = getattr(library, f"xgpu_simulator_{name}")
                    function.restype, function.argtypes = result, arguments
                self._machine = library.xgpu_simulator_machine()
                self._runtime = library
        return self._runtime

    def devices(self) -> list[DeviceInfo]:
        """The one device; needs a C++ compiler, compiles nothing."""
        compiler = host_compiler.find()
        details = f"kernels run on the host, one thread at a time; {compiler.version}"
        return [DeviceInfo(0, "CUDA simulator", _physical_memory(), details)]

    def multiprocessors(self, device: int) -> int:
        """One: a grid need not be larger than the work asks for."""
        self._start(device)
        return 1

    def compute_capability(self, device: int) -> str:
        """That of the oldest GPU that the kernels are written for."""
        self._start(device)
        return "7.5"

    # ---- Memory ----

    def allocate(self, device: int, nbytes: int) -> Memory:
        """Filled with 0xA5, between guard zones."""
        runtime = self._start(device)
        total = _physical_memory()
        # The host would promise more than it has, and end the process when it is used.
        live = runtime.xgpu_simulator_allocated()
        handle = runtime.xgpu_simulator_allocate(nbytes) if live + nbytes <= total else None
        if not handle:
            raise OutOfMemoryError(
                f"cudasim:0 has no room for {nbytes:,} bytes: the host has {total:,} bytes, "
                f"xgpu's arrays hold {live:,}"
            )
        self._meter.note(live + nbytes)
        owner = _Allocation(handle, runtime.xgpu_simulator_free)
        home = self.streams.current(device)
        memory = Memory(runtime.xgpu_simulator_address(handle), nbytes, owner, home)
        if self._sink is not None:
            self._kept.append(memory)
        return memory

    def to_device(self, device: int, memory: Memory, host: NDArray[Any]) -> None:
        """Done on return."""
        check_copy(memory, host)
        self._start(device).xgpu_simulator_copy(memory.ptr, host.ctypes.data, host.nbytes)

    def to_host(self, device: int, ptr: int, nbytes: int) -> Bytes:
        """Waits for a launch of another thread."""
        host = np.empty(nbytes, np.uint8)
        self.reads += nbytes > 0
        self._start(device).xgpu_simulator_copy(host.ctypes.data, ptr, nbytes)
        return host

    def copy(self, device: int, target: Memory, source: Memory) -> None:
        """See `xgpu.plugin.Meter.copy`; done on return."""
        self._start(device).xgpu_simulator_copy(target.ptr, source.ptr, target.nbytes)

    def allocated(self, device: int) -> int:
        """Exact; this process has one device, whoever asks."""
        return int(self._start(device).xgpu_simulator_allocated())

    # ---- Kernels ----

    def load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool = False
    ) -> dict[str, Function]:
        """Through the host compiler, in one way."""
        start = time.perf_counter()
        try:
            return self._load(device, source, names)
        finally:
            self.loading += time.perf_counter() - start

    def _load(self, device: int, source: str, names: tuple[str, ...]) -> dict[str, Function]:
        self._start(device)
        built = host_compiler.module(source, names)
        try:
            library = ctypes.CDLL(str(built.path))
        except OSError as error:  # a function that is declared, and defined nowhere
            raise KernelError(f"kernel {names[0]} does not load: {error}") from error
        library.xgpu_simulator_bind(c_void_p(self._machine))
        functions = {}
        for name in names:
            symbol = ctypes.c_char.in_dll(library, f"xgpu_simulator_kernel_{name}")
            handle = (ctypes.addressof(symbol), library)  # the library stays loaded with it
            functions[name] = Function(name, handle, built.compiled, built.seconds)
        return functions

    def launch(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> None:
        """Runs the kernel to its end.

        Raises:
            KernelError: also for a write outside an allocation and a divergent barrier.
        """
        if self._sink is not None:
            return self._sink(function, grid, block, shared, arguments)
        runtime = self._start(device)
        sizes = (grid,) if isinstance(grid, int) else grid
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        if runtime.xgpu_simulator_launch(
            function.handle[0],
            (c_uint * 3)(*sizes, *(1,) * (3 - len(sizes))),
            (c_uint * 3)(block, 1, 1),
            shared,
            arguments.ctypes.data,
            arguments.nbytes,
            error,
            _ERROR_BYTES,
        ):
            raise KernelError(error.value.decode(errors="replace"))

    def launcher(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> Callable[[], None]:
        """See `Driver.launcher`."""
        return lambda: self.launch(device, function, grid, block, shared, arguments)

    def new_graph(self, device: int) -> SimulatorGraph:
        """See `Driver.new_graph`."""

        def launch(*arguments: Any) -> None:
            self.launch(device, *arguments)

        return SimulatorGraph(launch)

    def redirect(self, sink: Sink | None, kept: list[Memory]) -> None:
        """See `Driver.redirect`."""
        self._sink, self._kept = sink, kept

    # ---- Time ----

    def synchronize(self, device: int) -> None:
        """Nothing is ever queued."""
        self._start(device)

    def record_event(self, device: int) -> float:
        """The time now."""
        self._start(device)
        return time.perf_counter()

    def elapsed(self, device: int, a: float, b: float) -> float:
        """Host time."""
        return b - a


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
