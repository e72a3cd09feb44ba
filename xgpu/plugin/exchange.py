"""`Exchange`: how a backend's memory is shared with other libraries on its devices.

`HostExchange` is the one of backends whose memory is the host's.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np

from xgpu.plugin.dtypes import DType

HOST: Final = (1, 0)
"""The host's memory as DLPack's (device type, device number): kDLCPU."""

CUDA: Final = 2
"""DLPack's device type kDLCUDA, whose device numbers are those of ``cuda:0`` and on."""


class Exchange(Protocol):
    """A backend's attribute ``exchange``, if it has one.

    Without it, arrays come and go by way of the host's memory. Memory is lent and adopted by its
    address, and never copied here. Sources: dlpack.h, version 1; the CUDA Array Interface,
    version 3.
    """

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """DLPack's (device type, device number)."""
        ...

    def lend(self, device: int, buffer: Any, stream: Any) -> tuple[int, Any]:
        """The address of a buffer, and what keeps it there for as long as it is lent.

        ``stream`` is the consumer's, as the standard says for its kind of device: what is queued
        is ordered before its work there.

        Raises:
            ValueError: the device has no such stream.
        """
        ...

    def stream(self, device: int) -> int | None:
        """This thread's stream, for a producer to order its work before; None without streams."""
        ...

    def after(self, device: int, stream: int) -> None:
        """Have what this thread queues next wait for what another library has on ``stream``."""
        ...

    def device_of(self, address: int) -> int:
        """The number of the device that memory belongs to."""
        ...

    def adopt(self, device: int, address: int, dtype: DType, size: int, owner: Any) -> Any:
        """Another library's memory, ``size`` elements from ``address`` on, as a buffer.

        It holds ``owner``, and lets go of it when no work that was queued can use the memory.
        """
        ...


class Loan:
    """Bytes of memory that somebody else sees.

    An array of NumPy's over it holds it, and so does whatever that array was handed to. ``owner``
    keeps the memory alive, which need not be the host's: NumPy only describes it.
    """

    __slots__ = ("__array_interface__", "__weakref__", "owner")

    def __init__(self, address: int, nbytes: int, owner: Any, readonly: bool = False) -> None:
        self.owner: Any = owner
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "typestr": "|u1",
            "shape": (nbytes,),
            "data": (address, readonly),
        }

    def array(self) -> Any:
        """Its bytes as a one-dimensional ``numpy.ndarray``."""
        return np.asarray(self)


class HostExchange:
    """See `Exchange`; the host's memory, which has no streams."""

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """See `Exchange.dlpack_device`."""
        return HOST

    def address(self, buffer: Any) -> int:
        """Where a buffer starts: NumPy's arrays are buffers unless this says otherwise."""
        return int(buffer.__array_interface__["data"][0])

    def lend(self, device: int, buffer: Any, stream: Any) -> tuple[int, Any]:
        """See `Exchange.lend`; the buffer itself keeps its memory alive."""
        if stream is not None:
            raise ValueError(f"__dlpack__() in the host's memory takes no stream: got {stream!r}")
        return self.address(buffer), buffer

    def stream(self, device: int) -> int | None:
        """See `Exchange.stream`."""
        return None

    def after(self, device: int, stream: int) -> None:
        """See `Exchange.after`; the host has nothing to wait for."""

    def device_of(self, address: int) -> int:
        """See `Exchange.device_of`."""
        return 0

    def adopt(self, device: int, address: int, dtype: DType, size: int, owner: Any) -> Any:
        """See `Exchange.adopt`; one of NumPy's arrays."""
        return Loan(address, size * dtype.itemsize, owner).array().view(dtype)
