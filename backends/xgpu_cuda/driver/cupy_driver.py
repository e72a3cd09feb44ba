"""`CupyDriver`: NVIDIA GPUs through CuPy."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from xgpu.plugin import (
    BackendUnavailableError,
    DeviceInfo,
    Exchange,
    KernelError,
    Meter,
    OutOfMemoryError,
    UnsupportedOperationError,
)
from xgpu_cuda.driver.binding import INSTALL, architecture, cupy_module, nvrtc
from xgpu_cuda.driver.cuda_graph import CudaGraph
from xgpu_cuda.driver.cupy_exchange import CupyExchange
from xgpu_cuda.driver.cupy_libraries import CupyLibraries
from xgpu_cuda.driver.cupy_meter import CupyMeter
from xgpu_cuda.driver.cupy_streams import CupyStream, CupyStreams
from xgpu_cuda.driver.directions import Directions
from xgpu_cuda.driver.libraries import Libraries
from xgpu_cuda.driver.memory import Bytes, Memory, check_copy
from xgpu_cuda.driver.protocol import Function, Grid, Sink
from xgpu_cuda.driver.streams import Streams

Compile = Callable[[str, str, str, bool], Any]
"""(source, architecture, name) -> `xgpu_cuda.compiler.Artifact`."""

DYNAMIC_SHARED: Final = re.compile(r"^#define XGPU_DYNAMIC_SHARED (\d+)$", re.MULTILINE)
"""In a source whose kernels are launched with more than 48 KiB of it, and with how many bytes."""

T = TypeVar("T")


class _Device:
    """What the driver keeps of one GPU."""

    __slots__ = ("capability", "info", "main", "multiprocessors")

    def __init__(self, cupy: Any, index: int) -> None:
        properties = cupy.cuda.runtime.getDeviceProperties(index)
        self.capability = f"{properties['major']}.{properties['minor']}"
        self.multiprocessors = int(properties["multiProcessorCount"])
        self.info = DeviceInfo(
            index,
            properties["name"].decode(),
            int(properties["totalGlobalMem"]),
            f"compute capability {self.capability}",
        )
        self.main = CupyStream(cupy, index)


class CupyDriver:
    """NVIDIA GPUs through CuPy; touches no device, and imports no CuPy, before it is used."""

    name = "cuda"

    # Copies up to this size are staged in page-locked memory, so that they queue.
    STAGED: Final = 4 << 20

    # Argument structs whose addresses are remembered.
    STRUCTS: Final = 4096

    def __init__(self, compile: Compile) -> None:
        self._compile = compile
        self._lock = threading.Lock()
        self._gpus: list[_Device] = []
        self._several = False  # GPUs
        # By the id of the array that is the struct; a kernel uses one array for all its launches.
        self._structs: dict[int, tuple[Bytes, int, Any]] = {}
        self._thread = threading.local()
        self._sink: Sink | None = None
        self._kept: list[Memory] = []
        self.libraries: Libraries = CupyLibraries(self)
        self.reads = 0
        self.loading = 0.0
        self.directions = Directions()
        self._further = CupyStreams(self)
        self.streams: Streams = self._further
        self._exchange = CupyExchange(self)
        self.exchange: Exchange = self._exchange
        self.meter: Meter = CupyMeter(self)

    # ---- Devices ----

    def _start(self) -> list[_Device]:
        with self._lock:
            if self._gpus:
                return self._gpus
            cupy = cupy_module()
            runtime = cupy.cuda.runtime
            self._errors = (runtime.CUDARuntimeError, cupy.cuda.driver.CUDADriverError)
            try:
                count = runtime.getDeviceCount()
                if not count:
                    raise BackendUnavailableError("no CUDA device is visible to this process")
                gpus = [_Device(cupy, index) for index in range(count)]
            except self._errors as error:
                raise BackendUnavailableError(
                    f"CuPy {cupy.__version__} is installed, but no CUDA device can be used "
                    f"({error}): check that nvidia-smi lists a GPU, and that CuPy fits its driver "
                    f"({INSTALL})"
                ) from error
            self._cupy = cupy
            # With one GPU it is the current one, whatever a program does.
            self._current = runtime.getDevice if len(gpus) > 1 else lambda: 0
            self._several = len(gpus) > 1
            self._launch = cupy.cuda.driver.launchKernel
            self._gpus = gpus
        return gpus

    def _gpu(self, device: int) -> _Device:
        gpus = self._gpus or self._start()
        if not 0 <= device < len(gpus):
            raise BackendUnavailableError(
                f"there is no cuda:{device}: this process sees {len(gpus)} CUDA device(s)"
            )
        return gpus[device]

    def main_stream(self, device: int) -> CupyStream:
        """The device's own."""
        return self._gpu(device).main

    def make_stream(self, device: int, external: Any = None) -> CupyStream:
        """A further one, or one around another library's; see `CupyStreams`."""
        self._gpu(device)
        return CupyStream(self._cupy, device, external)

    def _stream(self, device: int) -> CupyStream:
        """What this thread's work is queued on."""
        gpus = self._gpus
        main = (gpus[device] if 0 <= device < len(gpus) else self._gpu(device)).main
        return (self._further.chosen(device) or main) if self._further.several else main

    def current_stream(self, device: int) -> CupyStream:
        """What this thread's work is queued on."""
        return self._stream(device)

    def all_streams(self, device: int) -> list[CupyStream]:
        """The device's own, and the further ones that are alive."""
        return self._streams(device)

    def _on(self, device: int) -> Any:
        """CuPy's current device is the caller's own: it is put back."""
        return self._cupy.cuda.Device(device)

    def devices(self) -> list[DeviceInfo]:
        """One per GPU that CUDA shows to this process."""
        return [gpu.info for gpu in self._start()]

    def multiprocessors(self, device: int) -> int:
        """Streaming multiprocessors of the GPU."""
        return self._gpu(device).multiprocessors

    def compute_capability(self, device: int) -> str:
        """The GPU's own."""
        return self._gpu(device).capability

    def _fault(self, device: int, what: str, error: Exception) -> KernelError:
        return KernelError(
            f"{what} failed on cuda:{device}: {error}. A fault of a kernel is reported by a later "
            "call; after an illegal access this process cannot use the device any more"
        )

    # ---- Memory ----

    def allocate(self, device: int, nbytes: int) -> Memory:
        """From the stream's pool: no device call unless the pool has to grow."""
        if self._gpus and not (device or self._several or self._further.several):
            stream = self._gpus[0].main
        else:
            stream = self._stream(device)
            if self._several and self._current() != device:
                with self._on(device):
                    return self.allocate(device, nbytes)
        try:
            block = stream.malloc(nbytes)
        except self._cupy.cuda.memory.OutOfMemoryError:
            self._empty_pools(device)
            try:
                block = stream.malloc(nbytes)
            except self._cupy.cuda.memory.OutOfMemoryError as error:
                free, total = self._cupy.cuda.runtime.memGetInfo()
                raise OutOfMemoryError(
                    f"cuda:{device} has no room for {nbytes:,} bytes: {free:,} of {total:,} bytes "
                    f"are free, xgpu's arrays hold {self.allocated(device):,}"
                ) from error
        except self._errors as error:
            raise self._fault(device, f"allocating {nbytes:,} bytes", error) from error
        memory = Memory(block.ptr, nbytes, block, stream)
        if self._sink is not None:
            self._kept.append(memory)
        return memory

    def _empty_pools(self, device: int) -> None:
        for stream in self._streams(device):
            stream.stream.synchronize()
        self._exchange.collect()
        for stream in self._streams(device):
            stream.pool.free_all_blocks()
        self._cupy.get_default_memory_pool().free_all_blocks()

    def _streams(self, device: int) -> list[CupyStream]:
        return [self._gpu(device).main, *self._further.made(device)]

    def to_device(self, device: int, memory: Memory, host: NDArray[Any]) -> None:
        """Copies of more than `STAGED` bytes wait for the stream."""
        queue = self._stream(device)
        nbytes = host.nbytes
        if not nbytes:
            return
        check_copy(memory, host)
        if self._current() != device:
            with self._on(device):
                return self.to_device(device, memory, host)
        runtime = self._cupy.cuda.runtime
        to_device, stream = runtime.memcpyHostToDevice, queue.stream
        try:
            if nbytes > self.STAGED:
                # The one call that waits without being asked to: page-locking as much memory
                # would cost more, and on some hosts the GPU reads pageable memory later on.
                runtime.memcpyAsync(memory.ptr, host.ctypes.data, nbytes, to_device, stream.ptr)
                stream.synchronize()
                return
            staged = self._cupy.cuda.alloc_pinned_memory(nbytes)
            ctypes.memmove(staged.ptr, host.ctypes.data, nbytes)
            runtime.memcpyAsync(memory.ptr, staged.ptr, nbytes, to_device, stream.ptr)
            queue.pinned.append((stream.record(), staged))
        except self._errors as error:
            raise self._fault(device, f"copying {nbytes:,} bytes to it", error) from error
        queue.release_staged()

    def to_host(self, device: int, ptr: int, nbytes: int) -> Bytes:
        """Waits for the stream."""
        queue = self._stream(device)
        host = np.empty(nbytes, np.uint8)
        if not nbytes:
            return host
        if self._current() != device:
            with self._on(device):
                return self.to_host(device, ptr, nbytes)
        runtime = self._cupy.cuda.runtime
        to_host, stream = runtime.memcpyDeviceToHost, queue.stream
        try:
            self.reads += 1
            runtime.memcpyAsync(host.ctypes.data, ptr, nbytes, to_host, stream.ptr)
            stream.synchronize()
        except self._errors as error:
            raise self._fault(device, f"copying {nbytes:,} bytes from it", error) from error
        self._exchange.collect()
        return host

    def allocated(self, device: int) -> int:
        """In use in the pools, in multiples of 512 bytes."""
        streams = self._streams(device)
        with self._on(device):
            return sum(int(stream.pool.used_bytes()) for stream in streams)

    # ---- Kernels ----

    def load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool = False
    ) -> dict[str, Function]:
        """Compiled for the GPU at hand, as `architecture` says."""
        start = perf_counter()
        try:
            return self._load(device, source, names, quick)
        finally:
            self.loading += perf_counter() - start

    def _load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool
    ) -> dict[str, Function]:
        gpu = self._gpu(device)
        arch = architecture(gpu.capability, tuple(sorted(nvrtc().getSupportedArchs())))
        code = self._compile(source, arch, names[0], quick)
        try:
            with self._on(device):
                module = self._cupy.RawModule(path=str(code.path))
                kernels = {name: module.get_function(name) for name in names}
                shared = DYNAMIC_SHARED.search(source)
                if shared:
                    for kernel in kernels.values():
                        kernel.max_dynamic_shared_size_bytes = int(shared[1])
                        kernel.preferred_shared_memory_carveout = 100  # percent: several blocks
                return {
                    name: Function(name, kernel.kernel, code.compiled, code.seconds)
                    for name, kernel in kernels.items()
                }
        except self._errors as error:
            raise self._fault(device, f"loading {code.path}", error) from error

    def launch(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> None:
        """The struct is copied before this returns."""
        if self._sink is not None:
            return self._sink(function, grid, block, shared, arguments)
        stream = self._stream(device)
        if self._several and self._current() != device:
            with self._on(device):
                return self.launch(device, function, grid, block, shared, arguments)
        known = self._structs.get(id(arguments))
        parameters = known[1] if known is not None else self._parameters(arguments)
        x, y, z = (grid, 1, 1) if isinstance(grid, int) else (*grid, 1, 1)[:3]
        try:
            if not hasattr(self._thread, "ready"):
                self._give_context()
            self._launch(
                function.handle.ptr, x, y, z, block, 1, 1, shared, stream.ptr, parameters, 0
            )
        except self._errors as error:
            raise self._fault(device, f"launching kernel {function.name}", error) from error

    def launcher(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> Callable[[], None]:
        """See `Driver.launcher`; all that can be is looked up here."""
        x, y, z = (grid, 1, 1) if isinstance(grid, int) else (*grid, 1, 1)[:3]
        main, handle = self._gpu(device).main.ptr, function.handle.ptr
        # Kept with the launch, so that the addresses in it stay what they are.
        parameters = (ctypes.c_void_p * 1)(arguments.ctypes.data)
        kept = (parameters, arguments, function)
        address, further, thread = ctypes.addressof(parameters), self._further, self._thread
        launch = self._launch

        def queue() -> None:
            if self._several or further.several or not hasattr(thread, "ready") or self._sink:
                self.launch(device, kept[2], grid, block, shared, kept[1])
                return
            try:
                launch(handle, x, y, z, block, 1, 1, shared, main, address, 0)
            except self._errors as error:
                raise self._fault(device, f"launching kernel {function.name}", error) from error

        return queue

    def _give_context(self) -> None:
        # The driver, unlike the runtime, does not give a thread the device's context.
        self._cupy.cuda.runtime.free(0)
        self._thread.ready = True

    def new_graph(self, device: int) -> CudaGraph:
        """See `Driver.new_graph`."""
        main, thread, further = self._gpu(device).main.ptr, self._thread, self._further

        def stream() -> int:
            if not hasattr(thread, "ready"):
                self._give_context()
            if not (self._several or further.several):
                return main
            if self._several and self._current() != device:
                with self._on(device):
                    self._give_context()
            return self._stream(device).ptr

        return CudaGraph(stream, self._cupy.cuda.runtime.graphLaunch, self._errors)

    def redirect(self, sink: Sink | None, kept: list[Memory]) -> None:
        """See `Driver.redirect`."""
        self._sink, self._kept = sink, kept

    def _parameters(self, arguments: Bytes) -> int:
        """The address of the list of parameters, whose one entry is the address of the struct."""
        if len(self._structs) >= self.STRUCTS:
            self._structs.clear()
        parameters = (ctypes.c_void_p * 1)(arguments.ctypes.data)
        address = ctypes.addressof(parameters)
        # With the array itself, so that its address and its id stay its own.
        self._structs[id(arguments)] = arguments, address, parameters
        return address

    # ---- Libraries ----

    def call(self, device: int, what: str, function: Callable[[Any], T]) -> T:
        """A library's work, by CuPy on the device's stream; see `cupy_libraries.Session`."""
        queue = self._stream(device)
        try:
            # CuPy computes, and allocates what it needs besides, on its current stream.
            with self._on(device), queue.stream:
                try:
                    return function(self._cupy)
                except MemoryError:
                    self._empty_pools(device)
                    return function(self._cupy)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"cuda:{device} has no room for what {what} needs besides its result: {error}"
            ) from error
        except ImportError as error:
            raise UnsupportedOperationError(
                f"{what} on cuda:{device} needs a library that cannot be loaded ({error}): "
                f"{INSTALL}"
            ) from error
        except (KernelError, UnsupportedOperationError):
            raise
        except RuntimeError as error:  # each of CuPy's libraries has its own kind of it
            raise self._fault(device, what, error) from error

    # ---- Time ----

    def synchronize(self, device: int) -> None:
        """Waits for each stream."""
        for stream in self._streams(device):
            self.synchronize_stream(device, stream)

    def synchronize_stream(self, device: int, stream: CupyStream) -> None:
        """Waits for one."""
        try:
            stream.stream.synchronize()
        except self._errors as error:
            raise self._fault(device, "work queued earlier", error) from error
        self._exchange.collect()

    def record_event(self, device: int) -> Any:
        """A `cupy.cuda.Event`."""
        stream = self._stream(device).stream
        with self._on(device):
            return stream.record()

    def wait_event(self, device: int, stream: CupyStream, event: Any) -> None:
        """Has what is queued next on ``stream`` wait for a `cupy.cuda.Event`."""
        with self._on(device):
            stream.stream.wait_event(event)

    def elapsed(self, device: int, a: Any, b: Any) -> float:
        """Device time, with a resolution of half a microsecond."""
        try:
            b.synchronize()
            return float(self._cupy.cuda.get_elapsed_time(a, b)) / 1e3
        except self._errors as error:
            raise self._fault(device, "work queued earlier", error) from error
