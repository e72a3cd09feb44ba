"""A whole backend plugin: NumPy once more, as the devices ``example:0`` and ``example:1``."""

from __future__ import annotations

from collections.abc import Sequence

import array_api_compat.numpy as namespace

from xgpu.plugin import Backend, DeviceInfo, NamespaceBackend, hookimpl


class ExampleBackend(NamespaceBackend):
    """Two devices that both compute on the host, with whatever array-api-compat calls NumPy."""

    def devices(self) -> Sequence[DeviceInfo]:
        """The devices, in the order of their index."""
        return [
            DeviceInfo(0, "the host", details="first"),
            DeviceInfo(1, "the host", details="second"),
        ]


@hookimpl
def xgpu_backend() -> Backend:
    """The backend; called once, when a device of type ``example`` is first asked for."""
    return ExampleBackend("example", namespace)
