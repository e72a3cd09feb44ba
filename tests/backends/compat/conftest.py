"""The devices of other libraries; one that is not installed is skipped, with the command for it."""

from __future__ import annotations

import warnings

import pytest

import xgpu
from xgpu.plugin import BackendUnavailableError


@pytest.fixture(params=["torch:0", "jax:0", "dask:0", "cupy:0"])
def compat(request: pytest.FixtureRequest) -> xgpu.Device:
    """Runs a test on the first device of each library that is here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library warns of when it is imported
            return xgpu.device(request.param)
    except BackendUnavailableError as error:
        pytest.skip(f"{request.param}: {error}")
