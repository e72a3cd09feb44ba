"""The drivers that the kernels' tests run on."""

from __future__ import annotations

import pytest

from tests.backends.cuda.drivers import made
from xgpu_cuda.driver import Driver


@pytest.fixture(scope="module", params=["cudasim", pytest.param("cuda", marks=pytest.mark.gpu)])
def driver(request: pytest.FixtureRequest) -> Driver:
    """The simulator, and the GPU where there is one."""
    return made(request.param)
