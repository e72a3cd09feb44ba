"""`Exchange`: how a backend's memory is shared with other libraries on its devices."""

from __future__ import annotations

from typing import Any, Protocol

from xgpu.plugin.program import Strided


class Exchange(Protocol):
    """A backend's attribute ``exchange``, if it has one.

    Without it, arrays come and go by way of the host's memory. Source: dlpack.h, version 1.
    """

    def dlpack_device(self, device: int) -> tuple[int, int]:
        """DLPack's (device type, device number)."""
        ...

    def to_dlpack(
        self, device: int, x: Strided, stream: Any, max_version: tuple[int, int] | None
    ) -> Any:
        """A capsule that shares the memory of ``x`` and keeps it alive.

        ``stream`` is what the consumer gave: what is queued is ordered before its work there.

        Raises:
            BufferError: the dtype cannot be handed out.
        """
        ...

    def from_dlpack(self, device: int, x: Any) -> Strided:
        """Another library's array on this device, of whatever dtype; its memory is shared.

        Raises:
            BufferError: it cannot be taken.
        """
        ...
