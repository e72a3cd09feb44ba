"""What this namespace can do.

Source: Array API 2025.12, "Inspection".
"""

from __future__ import annotations

from xgpu.data_types import isdtype
from xgpu.graph.device import Device
from xgpu.graph.shapes import MAX_AXES
from xgpu.plugin import dtypes as table
from xgpu.plugin.dtypes import DType
from xgpu.runtime.modes import current_device
from xgpu.runtime.plugins import device as find_device
from xgpu.runtime.plugins import devices as all_devices


class Info:
    """The answers of `__array_namespace_info__`.

    Source: Array API 2025.12, Inspection.
    """

    __slots__ = ()

    def capabilities(self) -> dict[str, bool | int | None]:
        """Whether masks index and shapes may depend on values, and the largest number of axes."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": MAX_AXES}

    def default_device(self) -> Device:
        """Where new arrays go."""
        return current_device()

    def default_dtypes(self, *, device: str | Device | None = None) -> dict[str, DType]:
        """The dtype of each kind that is taken where none is given; the same on every device."""
        _known(device)
        return {
            "real floating": table.DEFAULT_REAL,
            "complex floating": table.DEFAULT_COMPLEX,
            "integral": table.DEFAULT_INTEGER,
            "indexing": table.DEFAULT_INTEGER,
        }

    def devices(self) -> tuple[Device, ...]:
        """The devices that can be used now, of all backends that can run here."""
        return tuple(all_devices())

    def dtypes(
        self, *, device: str | Device | None = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, DType]:
        """Name -> dtype of the standard, of one kind or several; the same on every device.

        The 16-bit floats, which the standard does not have, are not among them.

        Raises:
            ValueError: an unknown kind.
        """
        _known(device)
        return {d.name: d for d in table.STANDARD if kind is None or isdtype(d, kind)}


def __array_namespace_info__() -> Info:  # noqa: N807
    """Capabilities, devices and dtypes of this namespace.

    Source: Array API 2025.12, Inspection.
    """
    return Info()


def _known(device: str | Device | None) -> None:
    if device is not None:
        find_device(device)
