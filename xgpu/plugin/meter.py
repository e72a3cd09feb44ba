"""`Meter`: what a backend offers to those who measure its devices."""

from __future__ import annotations

from typing import Any, Protocol


class Meter(Protocol):
    """A backend's attribute ``meter``, if it has one.

    Without it, bandwidth is compared with a program that copies, and peaks of memory are unknown.
    """

    def copy(self, device: int, target: Any, source: Any) -> None:
        """Queue a copy of a whole buffer to another of its size, by the device's own means."""
        ...

    def reset_peak(self, device: int) -> None:
        """Let go of memory that is kept for later, and measure the peak from here on."""
        ...

    def peak(self, device: int) -> int:
        """The most bytes of the device's memory in use at a time since `reset_peak`."""
        ...

    def loading(self) -> float:
        """Seconds that this process has spent on compiling kernels and loading them."""
        ...
