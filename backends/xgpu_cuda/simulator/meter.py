"""`SimulatorMeter`: copies and peaks of the simulated device."""

from __future__ import annotations

from typing import Protocol

from xgpu_cuda.driver import Memory


class Owner(Protocol):
    """The simulator's driver, as its meter sees it."""

    loading: float

    def allocated(self, device: int) -> int:
        """Bytes of memory that is alive."""
        ...

    def copy(self, device: int, target: Memory, source: Memory) -> None:
        """Copy a whole memory to another."""
        ...


class SimulatorMeter:
    """See `xgpu.plugin.Meter`."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._most = 0

    def note(self, live: int) -> None:
        """Remember how many bytes are alive."""
        self._most = max(self._most, live)

    def copy(self, device: int, target: Memory, source: Memory) -> None:
        """Done on return."""
        self._owner.copy(device, target, source)

    def reset_peak(self, device: int) -> None:
        """From what is alive now."""
        self._most = self._owner.allocated(device)

    def peak(self, device: int) -> int:
        """Exact."""
        return self._most

    def loading(self) -> float:
        """See `xgpu.plugin.Meter.loading`."""
        return self._owner.loading
