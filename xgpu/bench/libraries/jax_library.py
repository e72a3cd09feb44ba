"""JAX, compiled by ``jax.jit``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Program
from xgpu.bench.clock import Clock, WaitingClock
from xgpu.bench.libraries.base import Library, MissingError, cuda_index, module


class JaxLibrary(Library):
    """``jax.jit`` of each program. It has no events, so the host waits for the last result."""

    def __init__(self, device: str) -> None:
        index = cuda_index(device)
        # Else it takes three quarters of the device's memory, beside the other libraries.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        self._jax = jax = module("jax")
        self.module: Any = module("jax.numpy")
        try:
            platform = "cpu" if index is None else "cuda"
            self._device = jax.devices(platform)[index or 0]
        except (RuntimeError, IndexError) as error:
            raise MissingError(f"JAX has no device {device}: {error}") from error
        jax.config.update("jax_default_device", self._device)
        # Products of float32 in full, as the other libraries compute them.
        jax.config.update("jax_default_matmul_precision", "highest")
        self._last: Any = None
        self.clock: Clock = WaitingClock(self._wait)
        self.version: str = f"JAX {jax.__version__}"

    def _wait(self) -> None:
        if self._last is not None:
            self._last.block_until_ready()
            self._last = None

    def array(self, host: NDArray[Any]) -> Any:
        """See `Library.array`; 64-bit dtypes are switched on where a case has them."""
        if host.dtype.itemsize == 8 and host.dtype.kind in "fiu":
            self._jax.config.update("jax_enable_x64", True)
        return self._jax.device_put(np.array(host), self._device)

    def prepared(self, program: Program) -> Callable[..., Any]:
        """Compiled at the first call."""
        numpy = self.module
        compiled: Callable[..., Any] = self._jax.jit(lambda *arrays: program(numpy, *arrays))
        return compiled

    def computed(self, result: Any) -> Any:
        """Remembered, to be waited for."""
        self._last = result
        return result

    def release(self) -> None:
        """Back to JAX's own default of dtypes."""
        self._last = None
        self._jax.config.update("jax_enable_x64", False)
        self._jax.clear_caches()
