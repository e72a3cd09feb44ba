"""`Streams`: what a backend offers that has more than one stream to a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from xgpu.plugin.backend import Buffer
from xgpu.plugin.dtypes import DType

Stream = Any
"""A queue of a device's work; ``ptr`` is the target's own handle, 0 where there is none."""


class Streams(Protocol):
    """A backend's attribute ``streams``, if it has one.

    Without it, all work on a device is done in the order of the calls, and a program that asks for
    streams runs all the same. With it, the backend keeps memory safe across streams by itself:
    nothing is read before it is written, or freed while it is used.
    """

    def new(self, device: int) -> Stream:
        """A further stream, which nothing is ordered with unless it is told to be."""
        ...

    def current(self, device: int) -> Stream:
        """What this thread's work is queued on."""
        ...

    def use(self, device: int, stream: Stream | None) -> Stream:
        """Queue this thread's work on ``stream`` from now on, None for the device's own.

        Returns the one that was current before.
        """
        ...

    def synchronize(self, device: int, stream: Stream) -> None:
        """Wait for all work queued on one stream; raises KernelError if some of it faulted."""
        ...

    def wait(self, device: int, event: Any) -> None:
        """Have what this thread queues next wait, on the device, until the event is reached."""
        ...

    def external(self, device: int, stream: Any) -> Stream:
        """Another library's stream, an object with ``__cuda_stream__``, which is kept alive.

        Raises:
            ValueError: the device has no streams of that kind.
        """
        ...

    def launch_host_func(self, device: int, function: Callable[[], None]) -> None:
        """Have the host call ``function`` when all that this thread's stream has so far is done.

        It is called from another thread, and must not wait for the device.
        """
        ...

    def pinned(self, device: int, nbytes: int) -> Any:
        """Page-locked memory of the host, as a one-dimensional ``numpy.ndarray`` of uint8."""
        ...

    def from_host(self, device: int, array: Any) -> Buffer:
        """As `Backend.from_host`, but the copy is queued: ``array`` is kept, and not changed."""
        ...

    def to_host(
        self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int
    ) -> tuple[Any, Any]:
        """As `Backend.to_host`, but the copy is queued, and an event after it.

        Returns a one-dimensional ``numpy.ndarray``, page-locked and kept until the copy is done,
        and the event: nobody reads the one before the other is reached.
        """
        ...
