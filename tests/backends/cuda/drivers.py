"""Drivers by name, for tests that are run on several."""

from __future__ import annotations

import pytest

from xgpu.plugin import BackendUnavailableError
from xgpu_cuda.compiler import cached_cubin
from xgpu_cuda.driver import CupyDriver, Driver, Function
from xgpu_cuda.simulator.driver import SimulatorDriver


class QuickSimulator(SimulatorDriver):
    """The simulator with the kernels that a GPU is given for few points."""

    def load(
        self, device: int, source: str, names: tuple[str, ...], quick: bool = False
    ) -> dict[str, Function]:
        """As `xgpu_cuda.compiler.QUICK` has NVRTC do."""
        return super().load(device, "#define XGPU_QUICK\n" * quick + source, names, quick)


def made(name: str) -> Driver:
    """A driver that can be used; else the test is skipped."""
    driver: Driver
    if name == "cuda":
        driver = CupyDriver(cached_cubin)
    else:
        driver = QuickSimulator() if name == "quick" else SimulatorDriver()
    try:
        driver.devices()
    except BackendUnavailableError as error:
        pytest.skip(f"{name}: {error}")
    return driver
