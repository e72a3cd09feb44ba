"""NumPy and numexpr, on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.clock import Clock, HostClock
from xgpu.bench.libraries.base import Library, MissingError, cuda_index, module


class NumpyLibrary(Library):
    """NumPy, one operation at a time."""

    def __init__(self, device: str) -> None:
        if cuda_index(device) is not None:
            raise MissingError("NumPy computes on the cpu alone")
        self.module: Any = np
        self.clock: Clock = HostClock()
        self.version = f"NumPy {np.__version__}"

    def array(self, host: NDArray[Any]) -> Any:
        """A copy in memory of its own."""
        return np.array(host)


class NumexprLibrary(NumpyLibrary):
    """numexpr, which computes an expression in blocks, on all cores."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self.module: Any = module("numexpr")
        self.version: str = f"numexpr {self.module.__version__}"
