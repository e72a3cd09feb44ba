"""The devices of other libraries; one that is not installed is skipped, with the command for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

import xgpu
from xgpu.plugin import BackendUnavailableError, NamespaceBackend, library


class Strict(NamespaceBackend):
    """array-api-strict: the standard's functions and no other, arrays that have no views.

    It needs no library beyond the tests' own, so what the others share is tested everywhere.
    """

    def within(self, device: int) -> AbstractContextManager[Any]:
        """The standard's special values are results, not warnings."""
        return np.errstate(all="ignore")

    def strided(self, buffer: Any, shape: Any, strides: Any, offset: int) -> Any:
        """A copy in C order: for other strides NumPy has other code, with other last bits."""
        return self.fresh(super().strided(buffer, shape, strides, offset), shape)


@pytest.fixture(scope="package", autouse=True)
def strict() -> Iterator[None]:
    """The device ``strict:0``."""
    namespace = library("array_api_strict", "pip install array-api-strict")
    xgpu.register_backend("strict", Strict("strict", namespace))
    yield
    xgpu.unregister_backend("strict")


@pytest.fixture(params=["strict:0", "torch:0", "jax:0", "dask:0", "cupy:0"])
def compat(request: pytest.FixtureRequest) -> xgpu.Device:
    """Runs a test on the first device of each library that is here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library warns of when it is imported
            return xgpu.device(request.param)
    except BackendUnavailableError as error:
        pytest.skip(f"{request.param}: {error}")
