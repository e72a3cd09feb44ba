"""Radix sorts by Thrust, which is part of CuPy.

Thrust takes its radix sort, not its slower merge sort, for a single row of integers, float32 or
float64; it is stable, and takes -0.0 and 0.0 for equal. It does not wait for the device.
"""

from __future__ import annotations

import math
from typing import Any

from xgpu.plugin import Strided
from xgpu_cuda.driver.cupy_libraries.session import Routines


class SortLibrary(Routines):
    """Sorts of one row."""

    def sort(self, device: int, keys: Strided) -> None:
        """See `xgpu_cuda.driver.Libraries.sort`."""
        address, count = _row(keys)

        def run(cupy: Any) -> None:
            cupy.cuda.thrust.sort(keys.dtype, address, 0, (count,))

        self._session.call(device, "sort", run)

    def argsort(self, device: int, keys: Strided, order: Strided) -> None:
        """See `xgpu_cuda.driver.Libraries.argsort`."""
        address, count = _row(keys)
        places, _ = _row(order)

        def run(cupy: Any) -> None:
            cupy.cuda.thrust.argsort(keys.dtype, places, address, 0, (count,))

        self._session.call(device, "argsort", run)


def _row(keys: Strided) -> tuple[int, int]:
    return keys.buffer.ptr + keys.offset * keys.dtype.itemsize, math.prod(keys.shape)
