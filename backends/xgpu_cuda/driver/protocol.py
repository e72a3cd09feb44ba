"""`Driver`: what the rest of the backend is written against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from xgpu.plugin import DeviceInfo, Exchange, Meter
from xgpu_cuda.driver.directions import Directions
from xgpu_cuda.driver.libraries import Libraries
from xgpu_cuda.driver.memory import Bytes, Memory
from xgpu_cuda.driver.streams import Streams

Grid = int | tuple[int, ...]

Sink = Callable[["Function", Grid, int, int, Bytes], None]
"""What takes a launch: (function, grid, block, shared, arguments)."""


@dataclass(frozen=True, slots=True)
class Function:
    """A kernel that `Driver.launch` takes."""

    name: str
    handle: Any = field(repr=False)
    compiled: Literal["disk", "compiled"]  #: where its code came from
    compile_seconds: float  #: spent on getting it there


class LaunchGraph(Protocol):
    """Launches that are queued as one, in order: added, then queued, then changed and queued."""

    def add(
        self, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """One more launch at the end, as `Driver.launch` takes it; not after the first `queue`."""
        ...

    def change(
        self, number: int, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """Put another launch of the same function in the place of one."""
        ...

    def queue(self) -> None:
        """Queue all launches on this thread's stream.

        Raises:
            KernelError: it is not possible, or an earlier kernel faulted.
        """
        ...


class Driver(Protocol):
    """A dozen functions between the backend and a device.

    ``libraries`` is what the device's own libraries compute, ``streams`` its further streams,
    ``exchange`` how its memory is shared with others, ``meter`` how it is measured, ``directions``
    which way large launches go.
    ``reads`` counts the copies to the host, which are the calls that wait; ``loading``
    is the seconds spent in `load`.
    """

    name: str
    reads: int
    loading: float
    libraries: Libraries
    streams: Streams
    directions: Directions
    exchange: Exchange
    meter: Meter

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

    def load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool = False
    ) -> dict[str, Function]:
        """Compile CUDA C++ text, or find it in the cache, and load the kernels it defines.

        Each kernel is ``extern "C"`` and takes one parameter, a struct by value. ``quick`` asks for
        less optimisation, where there is a choice.

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

    def launcher(
        self,
        device: int,
        function: Function,
        grid: Grid,
        block: int,
        shared: int,
        arguments: Bytes,
    ) -> Callable[[], None]:
        """What calls `launch` with these; the struct is read at each call."""
        ...

    def new_graph(self, device: int) -> LaunchGraph:
        """One without launches."""
        ...

    def redirect(self, sink: Sink | None, kept: list[Memory]) -> None:
        """Give `launch`'s arguments to ``sink`` instead, and put what is allocated in ``kept`` too.

        Until it is called with None. Whoever calls it keeps other threads from the driver.
        """
        ...

    def multiprocessors(self, device: int) -> int:
        """How many blocks run at a time at least: what a grid is sized by."""
        ...

    def compute_capability(self, device: int) -> str:
        """As "9.0"."""
        ...

    def synchronize(self, device: int) -> None:
        """Wait for all work queued on any stream; raises KernelError if some of it faulted."""
        ...

    def record_event(self, device: int) -> Any:
        """An event that is reached when all that this thread's stream has so far is done."""
        ...

    def elapsed(self, device: int, a: Any, b: Any) -> float:
        """Seconds between two recorded events; waits for ``b``."""
        ...

    def allocated(self, device: int) -> int:
        """Bytes of memory that is alive, as far as the allocator's granularity tells."""
        ...
