"""The drivers that the kernels' tests run on."""

from __future__ import annotations

import pytest

from xgpu.plugin import BackendUnavailableError
from xgpu_cuda.compiler import cached_cubin
from xgpu_cuda.driver import CupyDriver, Driver
from xgpu_cuda.simulator.driver import SimulatorDriver


@pytest.fixture(scope="module", params=["cudasim", pytest.param("cuda", marks=pytest.mark.gpu)])
def driver(request: pytest.FixtureRequest) -> Driver:
    """The simulator, and the GPU where there is one."""
    made: Driver = CupyDriver(cached_cubin) if request.param == "cuda" else SimulatorDriver()
    try:
        made.devices()
    except BackendUnavailableError as error:
        pytest.skip(f"{request.param}: {error}")
    return made
