"""The `Backend` protocol: what an installed plugin hands to xgpu.

Ten methods and four attributes. Two bases fill most of them in: `xgpu.plugin.NamespaceBackend`
for a library with an eager array namespace, and a kernel backend of your own over
`xgpu.codegen`. The front-end decides dtypes, shapes, broadcasting and errors; a backend
computes values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from xgpu.plugin.dtypes import DType
from xgpu.plugin.program import Operand, Program, Result, Strided

PROTOCOL_VERSION: Final = 1
"""Raised when a change would break existing plugins; checked when a backend is registered."""

Buffer = Any
"""Device memory that a backend owns: one-dimensional, C-contiguous, freed by reference count."""

Kernel = Any
"""What `Backend.compile` made of a program."""

KernelOp = Callable[[int, Sequence[Strided], Sequence[Result], Mapping[str, Any]], list[Buffer]]
"""(device index, operands, results, attributes) -> a fresh buffer for each of the results.

No operand and no result is empty. The attributes are those that the op's row names.
"""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device as ``xgpu devices`` prints it."""

    index: int
    name: str
    memory: int = 0  #: in bytes, 0 where unknown
    details: str = ""  #: whatever tells devices apart, e.g. "compute capability 9.0"


@runtime_checkable
class Backend(Protocol):
    """An object that computes on the devices of one type.

    ``protocol`` is `PROTOCOL_VERSION` as the plugin was written for. ``name`` names the backend
    in reports ("numpy", "cuda"). ``kernel_ops`` maps names of the op table's kernel rows to
    functions. ``unsupported`` names the elementwise and reduction rows that it lacks (use of
    one that no composite makes raises `UnsupportedOperationError` at the call).

    ``capabilities``, which a backend may do without, is a frozenset of what else it understands:
    ``"row programs"``, programs that are `staged`; without it what they would compute is computed
    by several programs; and the names of those optional rows (`xgpu.plugin.ops.optional`) that it
    has.

    Work on one device is done in the order of the calls (one stream); no method but
    `to_host` and `synchronize` waits for the device. xgpu calls `compile`, `launch` and the
    kernel ops one at a time, from whichever thread.
    """

    protocol: int
    name: str
    kernel_ops: Mapping[str, KernelOp]
    unsupported: frozenset[str]

    def devices(self) -> Sequence[DeviceInfo]:
        """The devices that can be used now, in the order of their index.

        Raises:
            BackendUnavailableError: none can, with the reason and the remedy.
        """
        ...

    def allocate(self, device: int, dtype: DType, size: int) -> Buffer:
        """Uninitialised memory for ``size`` elements (0 allowed).

        Raises:
            OutOfMemoryError: the device has no room.
        """
        ...

    def from_host(self, device: int, array: Any) -> Buffer:
        """A buffer with a copy of a C-contiguous ``numpy.ndarray`` of any rank."""
        ...

    def to_host(self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int) -> Any:
        """``size`` elements from ``offset`` on, as a fresh 1-d ``numpy.ndarray``; waits."""
        ...

    def compile(self, device: int, program: Program) -> Kernel:
        """The program as something `launch` takes; called once per program and device.

        Raises:
            KernelError: the program does not compile.
        """
        ...

    def launch(
        self,
        device: int,
        kernel: Kernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        """Run a kernel over ``shape`` (kept axes, then reduced ones) and return its buffers.

        An output whose value is None gets a fresh buffer of as many elements as the space (for
        a ``reduced`` output, the kept part of it) has; another is written in place at its
        offset and strides. The list has one buffer per output, in order. No axis of the kept
        space is empty; a reduced axis may be.
        """
        ...

    def synchronize(self, device: int) -> None:
        """Wait for all work queued on the device; raises what went wrong in it."""
        ...

    def record_event(self, device: int) -> Any:
        """An event that is reached when all work queued so far is done."""
        ...

    def elapsed(self, device: int, start: Any, stop: Any) -> float:
        """Seconds of device time between two recorded events; waits for ``stop``."""
        ...

    def allocated(self, device: int) -> int:
        """Bytes in buffers that are alive; 0 where the backend cannot tell."""
        ...


REQUIRED: Final[tuple[str, ...]] = (
    "allocate",
    "allocated",
    "compile",
    "devices",
    "elapsed",
    "from_host",
    "kernel_ops",
    "launch",
    "name",
    "record_event",
    "synchronize",
    "to_host",
    "unsupported",
)
"""The members that registration looks for, `protocol` aside, which it reads first."""
