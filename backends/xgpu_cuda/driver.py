"""The only way to the device, and the only module that imports CuPy.

`Driver` is what the rest of the backend is written against. `CupyDriver` is a GPU;
`xgpu_cuda.simulator.driver.SimulatorDriver` is the host.

All work on a device goes through one non-blocking stream of its own, so it is done in the order
of the calls, from whichever thread they come.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xgpu.plugin import (
    BackendUnavailableError,
    DeviceInfo,
    KernelError,
    OutOfMemoryError,
    Strided,
)
from xgpu.plugin.dtypes import DType
from xgpu.plugin.program import contiguous_strides

Bytes = NDArray[np.uint8]
Grid = int | tuple[int, ...]

INSTALL: Final = (
    'pip install "xgpu-array[cuda12]" for a driver of CUDA 12, '
    '"xgpu-array[cuda13]" for one of CUDA 13'
)


class Memory:
    """Device memory of ``nbytes`` bytes at the address ``ptr``; freed by reference count."""

    __slots__ = ("_owner", "nbytes", "ptr")

    def __init__(self, ptr: int, nbytes: int, owner: Any) -> None:
        self.ptr = ptr
        self.nbytes = nbytes
        self._owner = owner

    def __repr__(self) -> str:
        return f"<Memory of {self.nbytes} bytes at {self.ptr:#x}>"


@dataclass(frozen=True, slots=True)
class Function:
    """A kernel that `Driver.launch` takes."""

    name: str
    handle: Any = field(repr=False)
    compiled: Literal["disk", "compiled"]  #: where its code came from
    compile_seconds: float  #: spent on getting it there


class Driver(Protocol):
    """A dozen functions between the backend and a device."""

    name: str

    def devices(self) -> list[DeviceInfo]:
        """The devices that can be used now.

        Raises:
            BackendUnavailableError: none can, with the reason and the remedy.
        """
        ...

    def allocate(self, device: int, nbytes: int) -> Memory:
        """Uninitialised memory, aligned to 256 bytes; 0 bytes allowed.

        Raises:
            OutOfMemoryError: there is no room, also after the pool of freed memory was emptied.
        """
        ...

    def to_device(self, device: int, memory: Memory, host: NDArray[Any]) -> None:
        """Queue a copy of a C-contiguous array, which may be changed as soon as this returns."""
        ...

    def to_host(self, device: int, ptr: int, nbytes: int) -> Bytes:
        """A copy of device memory; waits for all work queued before."""
        ...

    def load(self, device: int, source: str, names: tuple[str, ...]) -> dict[str, Function]:
        """Compile CUDA C++ text, or find it in the cache, and load the kernels it defines.

        Each kernel is ``extern "C"`` and takes one parameter, a struct by value.

        Raises:
            KernelError: the source does not compile or does not load.
        """
        ...

    def launch(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> None:
        """Queue a kernel; ``arguments`` is the bytes of its struct, ``shared`` is in bytes.

        Raises:
            KernelError: the launch is not possible, or an earlier kernel faulted.
        """
        ...

    def multiprocessors(self, device: int) -> int:
        """How many blocks run at a time at least: what a grid is sized by."""
        ...

    def compute_capability(self, device: int) -> str:
        """As "9.0"."""
        ...

    def synchronize(self, device: int) -> None:
        """Wait for all queued work; raises KernelError if some of it faulted."""
        ...

    def record_event(self, device: int) -> Any:
        """An event that is reached when all work queued so far is done."""
        ...

    def elapsed(self, device: int, a: Any, b: Any) -> float:
        """Seconds between two recorded events; waits for ``b``."""
        ...

    def allocated(self, device: int) -> int:
        """Bytes of memory that is alive, as far as the allocator's granularity tells."""
        ...


# A driver may also have ``matmul``, as `CupyDriver` does; without it the kernel of kernels/ runs.

Compile = Callable[[str, str, str], Any]
"""(source, architecture, name) -> `xgpu_cuda.compiler.Artifact`."""


def _cupy() -> Any:
    try:
        import cupy
    except ImportError as error:
        raise BackendUnavailableError(
            f"CUDA needs CuPy, which cannot be imported ({error}): {INSTALL}"
        ) from error
    return cupy


def nvrtc() -> Any:
    """CuPy's binding of NVRTC; usable without a driver or a GPU.

    Raises:
        BackendUnavailableError: CuPy or NVRTC is not installed.
    """
    _cupy()  # finds the NVRTC that was installed with it
    from cupy_backends.cuda.libs import nvrtc as binding

    try:
        binding.getVersion()
    except RuntimeError as error:
        raise BackendUnavailableError(f"NVRTC cannot be loaded ({error}): {INSTALL}") from error
    return binding


def architecture(capability: str, supported: tuple[int, ...]) -> str:
    """What NVRTC compiles for on a device of this compute capability.

    ``supported`` is NVRTC's own list (75, 80, 90 ...). A device that is newer than NVRTC runs
    the code of an older one of its generation, or else PTX, which the driver compiles.
    """
    major, minor = map(int, capability.split("."))
    older = [arch for arch in supported if arch <= 10 * major + minor]
    if not older:
        raise BackendUnavailableError(
            f"compute capability {capability} is older than this NVRTC compiles for "
            f"({supported[0] / 10} and later); an older CuPy may do: {INSTALL}"
        )
    return f"{'sm' if older[-1] // 10 == major else 'compute'}_{older[-1]}"


class _Device:
    """What the driver keeps of one GPU."""

    __slots__ = ("capability", "info", "multiprocessors", "pinned", "queue", "stream")

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
        with cupy.cuda.Device(index):
            self.stream = cupy.cuda.Stream(non_blocking=True)
        self.queue = int(self.stream.ptr)
        # (event, page-locked memory) of copies that may still be read from.
        self.pinned: deque[tuple[Any, Any]] = deque()


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
        # By the id of the array that is the struct; a kernel uses one array for all its launches.
        self._structs: dict[int, tuple[Bytes, int, Any]] = {}
        self._thread = threading.local()
        self._cublas: bool | None = None  #: whether there is cuBLAS; None before it was looked for

    # ---- Devices ----

    def _start(self) -> list[_Device]:
        with self._lock:
            if self._gpus:
                return self._gpus
            cupy = _cupy()
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
            self._current = runtime.getDevice
            # A pool of its own: since all that it gives out is used on one stream per device, a
            # block can be given out again at once, whichever CuPy stream is current.
            self._pool = cupy.cuda.MemoryPool()
            self._malloc = self._pool.malloc
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
        """From the pool: no device call unless the pool has to grow."""
        gpu = self._gpu(device)
        if self._current() != device:
            with self._on(device):
                return self.allocate(device, nbytes)
        try:
            block = self._malloc(nbytes)
        except self._cupy.cuda.memory.OutOfMemoryError:
            self._empty_pools(gpu)
            try:
                block = self._malloc(nbytes)
            except self._cupy.cuda.memory.OutOfMemoryError as error:
                free, total = self._cupy.cuda.runtime.memGetInfo()
                raise OutOfMemoryError(
                    f"cuda:{device} has no room for {nbytes:,} bytes: {free:,} of {total:,} bytes "
                    f"are free, xgpu's arrays hold {self._pool.used_bytes():,}"
                ) from error
        except self._errors as error:
            raise self._fault(device, f"allocating {nbytes:,} bytes", error) from error
        return Memory(block.ptr, nbytes, block)

    def _empty_pools(self, gpu: _Device) -> None:
        gpu.stream.synchronize()
        self._pool.free_all_blocks()
        self._cupy.get_default_memory_pool().free_all_blocks()

    def to_device(self, device: int, memory: Memory, host: NDArray[Any]) -> None:
        """Copies of more than `STAGED` bytes wait for the stream."""
        gpu = self._gpu(device)
        nbytes = host.nbytes
        if not nbytes:
            return
        check_copy(memory, host)
        if self._current() != device:
            with self._on(device):
                return self.to_device(device, memory, host)
        runtime = self._cupy.cuda.runtime
        to_device, stream = runtime.memcpyHostToDevice, gpu.stream
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
            gpu.pinned.append((stream.record(), staged))
        except self._errors as error:
            raise self._fault(device, f"copying {nbytes:,} bytes to it", error) from error
        self._release_staged(gpu)

    def _release_staged(self, gpu: _Device) -> None:
        # Taken out before it is looked at: another thread may be doing the same.
        while gpu.pinned:
            try:
                oldest = gpu.pinned.popleft()
            except IndexError:
                return
            if not oldest[0].done:
                gpu.pinned.appendleft(oldest)
                return

    def to_host(self, device: int, ptr: int, nbytes: int) -> Bytes:
        """Waits for the stream."""
        gpu = self._gpu(device)
        host = np.empty(nbytes, np.uint8)
        if not nbytes:
            return host
        if self._current() != device:
            with self._on(device):
                return self.to_host(device, ptr, nbytes)
        runtime = self._cupy.cuda.runtime
        to_host, stream = runtime.memcpyDeviceToHost, gpu.stream
        try:
            runtime.memcpyAsync(host.ctypes.data, ptr, nbytes, to_host, stream.ptr)
            stream.synchronize()
        except self._errors as error:
            raise self._fault(device, f"copying {nbytes:,} bytes from it", error) from error
        return host

    def allocated(self, device: int) -> int:
        """In use in the pool, in multiples of 512 bytes."""
        self._gpu(device)
        with self._on(device):
            return int(self._pool.used_bytes())

    # ---- Kernels ----

    def load(self, device: int, source: str, names: tuple[str, ...]) -> dict[str, Function]:
        """Compiled for the GPU at hand, as `architecture` says."""
        gpu = self._gpu(device)
        arch = architecture(gpu.capability, tuple(sorted(nvrtc().getSupportedArchs())))
        code = self._compile(source, arch, names[0])
        try:
            with self._on(device):
                module = self._cupy.RawModule(path=str(code.path))
                return {
                    name: Function(
                        name, module.get_function(name).kernel, code.compiled, code.seconds
                    )
                    for name in names
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
        gpu = self._gpu(device)
        if self._current() != device:
            with self._on(device):
                return self.launch(device, function, grid, block, shared, arguments)
        known = self._structs.get(id(arguments))
        parameters = known[1] if known is not None else self._parameters(arguments)
        x, y, z = (grid, 1, 1) if isinstance(grid, int) else (*grid, 1, 1)[:3]
        try:
            if not hasattr(self._thread, "ready"):
                # The driver, unlike the runtime, does not give a thread the device's context.
                self._cupy.cuda.runtime.free(0)
                self._thread.ready = True
            self._launch(
                function.handle.ptr, x, y, z, block, 1, 1, shared, gpu.queue, parameters, 0
            )
        except self._errors as error:
            raise self._fault(device, f"launching kernel {function.name}", error) from error

    def _parameters(self, arguments: Bytes) -> int:
        """The address of the list of parameters, whose one entry is the address of the struct."""
        if len(self._structs) >= self.STRUCTS:
            self._structs.clear()
        parameters = (ctypes.c_void_p * 1)(arguments.ctypes.data)
        address = ctypes.addressof(parameters)
        # With the array itself, so that its address and its id stay its own.
        self._structs[id(arguments)] = arguments, address, parameters
        return address

    def matmul(
        self, device: int, left: Strided, right: Strided, dtype: DType, shape: tuple[int, ...]
    ) -> Memory | None:
        """The product by cuBLAS; None where it is not for these operands, or not installed.

        Products of float32 are computed in float32, not TF32, unless CUPY_TF32 says so.
        """
        if dtype.kind not in "fc" or 0 in shape or left.shape[-1] == 0 or not self._has_cublas():
            return None
        memory = self.allocate(device, math.prod(shape) * dtype.itemsize)
        result = Strided(memory, dtype, shape, contiguous_strides(shape), 0)
        gpu = self._gpu(device)
        try:
            # CuPy computes, and allocates what it needs besides, on the current stream.
            with self._on(device), gpu.stream:
                a, b, out = (self._array(device, operand) for operand in (left, right, result))
                self._cupy.matmul(a, b, out=out)
        except self._errors as error:
            raise self._fault(device, "matmul", error) from error
        return memory

    def _has_cublas(self) -> bool:
        if self._cublas is None:
            try:
                self._cupy.cuda.device.get_cublas_handle()
                self._cublas = True
            except (ImportError, RuntimeError):  # CuPy installs without it
                self._cublas = False
        return self._cublas

    def _array(self, device: int, operand: Strided) -> Any:
        """CuPy's view of an operand."""
        buffer, dtype, shape, strides, offset = operand
        memory = self._cupy.cuda.UnownedMemory(buffer.ptr, buffer.nbytes, buffer, device)
        pointer = self._cupy.cuda.MemoryPointer(memory, offset * dtype.itemsize)
        steps = tuple(stride * dtype.itemsize for stride in strides)
        return self._cupy.ndarray(shape, dtype, pointer, steps)

    # ---- Time ----

    def synchronize(self, device: int) -> None:
        """Waits for the stream."""
        gpu = self._gpu(device)
        try:
            gpu.stream.synchronize()
        except self._errors as error:
            raise self._fault(device, "work queued earlier", error) from error

    def record_event(self, device: int) -> Any:
        """A `cupy.cuda.Event`."""
        gpu = self._gpu(device)
        with self._on(device):
            return gpu.stream.record()

    def elapsed(self, device: int, a: Any, b: Any) -> float:
        """Device time, with a resolution of half a microsecond."""
        try:
            b.synchronize()
            return float(self._cupy.cuda.get_elapsed_time(a, b)) / 1e3
        except self._errors as error:
            raise self._fault(device, "work queued earlier", error) from error


def check_copy(memory: Memory, host: NDArray[Any]) -> None:
    """Raises ValueError for a host array that `Driver.to_device` cannot copy there."""
    if not host.flags.c_contiguous or host.nbytes > memory.nbytes:
        raise ValueError(
            f"a C-contiguous array of at most {memory.nbytes} bytes can be copied to this memory, "
            f"not one of {host.nbytes} bytes and strides {host.strides}"
        )
