"""Device memory, as every driver hands it out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Memory:
    """Device memory of ``nbytes`` bytes at the address ``ptr``; freed by reference count.

    ``home`` is the stream that it was allocated on, and is given out again on; None where a
    device has but one.
    """

    __slots__ = ("_owner", "home", "nbytes", "ptr")

    def __init__(self, ptr: int, nbytes: int, owner: Any, home: Any = None) -> None:
        self.ptr = ptr
        self.nbytes = nbytes
        self.home = home
        self._owner = owner

    def __repr__(self) -> str:
        return f"<Memory of {self.nbytes} bytes at {self.ptr:#x}>"


def check_copy(memory: Memory, host: NDArray[Any]) -> None:
    """Raises ValueError for a host array that `Driver.to_device` cannot copy there."""
    if not host.flags.c_contiguous or host.nbytes > memory.nbytes:
        raise ValueError(
            f"a C-contiguous array of at most {memory.nbytes} bytes can be copied to this memory, "
            f"not one of {host.nbytes} bytes and strides {host.strides}"
        )


def check_aligned(address: int, dtype: np.dtype[Any]) -> None:
    """Raises BufferError for memory whose elements a kernel could not load one by one."""
    if address % dtype.itemsize:
        raise BufferError(
            f"memory of {dtype} at {address:#x} is not shared: kernels need elements at multiples "
            f"of {dtype.itemsize} bytes; copy the array with its own library first"
        )
