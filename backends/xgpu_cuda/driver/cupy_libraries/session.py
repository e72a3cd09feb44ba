"""What the routines need of the driver, and how operands and CuPy's arrays become one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from xgpu.plugin import Strided
from xgpu_cuda.driver.memory import Memory
from xgpu_cuda.driver.streams import Streams

T = TypeVar("T")


class Session(Protocol):
    """A CuPy driver, as its routines see it; ``reads`` counts the copies to the host."""

    reads: int

    @property
    def streams(self) -> Streams:
        """See `xgpu_cuda.driver.Driver`."""
        ...

    def allocate(self, device: int, nbytes: int) -> Memory:
        """See `xgpu_cuda.driver.Driver.allocate`."""
        ...

    def call(self, device: int, what: str, function: Callable[[Any], T]) -> T:
        """``function`` of the cupy module, with the device and its stream current.

        Raises:
            UnsupportedOperationError: a library that it needs cannot be loaded.
            OutOfMemoryError: no room, also after the pools were emptied and it was called again.
            KernelError: the library reports an error.
        """
        ...


class Routines:
    """A part of `xgpu_cuda.driver.Libraries`, over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session


def array(cupy: Any, operand: Strided) -> Any:
    """CuPy's view of an operand, on the device that is current."""
    buffer, dtype, shape, strides, offset = operand
    if 0 in shape:
        # It may have no address, and CuPy asks the driver whose an address is.
        return cupy.empty(shape, dtype)
    memory = cupy.cuda.UnownedMemory(buffer.ptr, buffer.nbytes, buffer)
    pointer = cupy.cuda.MemoryPointer(memory, offset * dtype.itemsize)
    steps = tuple(stride * dtype.itemsize for stride in strides)
    return cupy.ndarray(shape, dtype, pointer, steps)


def strided(made: Any) -> Strided:
    """One of CuPy's arrays, which lives as long as the operand does."""
    steps = tuple(step // made.itemsize for step in made.strides)
    memory = Memory(made.data.ptr, made.nbytes, made)
    return Strided(memory, made.dtype, made.shape, steps, 0)
