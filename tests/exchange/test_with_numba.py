"""Memory shared with Numba's compiled functions, on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu

numba: Any = pytest.importorskip("numba", reason="Numba is not installed")


def test_a_compiled_function_writes_to_an_array() -> None:
    @numba.njit  # type: ignore[untyped-decorator]
    def halve(a: Any) -> float:
        for i in range(a.size):
            a[i] *= 0.5
        return float(a.sum())

    x = xgpu.arange(8.0) + 0.0
    doubled = x * 2.0
    assert halve(np.asarray(x)) == 14.0
    assert x.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert doubled.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]
    assert halve(np.from_dlpack(x[::2])) == 3.0
    assert float(x[6]) == 1.5 and float(x[7]) == 3.5
