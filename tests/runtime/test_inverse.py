"""``1 / x``: recorded as a reciprocal where that is the same, however often it was before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.array import read

DTYPES = ["float32", "float64", "complex64", "complex128", "int32", "uint8"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_as_a_reciprocal_or_a_quotient(dtype: str, device: xp.Device) -> None:
    a = np.array([1, 2, 3, 7, 49], dtype)
    x = xp.asarray(a, device=device)
    for _ in range(3):
        for one in (1.0, 1, 2.0, 0.0, -0.0, 3, 1.0):
            y = one / x
            real = np.dtype(dtype).kind != "c"
            assert read(y).op.name == ("reciprocal" if one == 1 and real else "divide")
            with xp.eager():
                expected = one / x
            assert y.dtype == expected.dtype
            assert host(y).tobytes() == host(expected).tobytes()
            np.testing.assert_allclose(host(y), one / a.astype(y.dtype), rtol=1e-6)


def test_what_is_no_number_of_pythons(device: xp.Device) -> None:
    x = xp.asarray(np.array([2.0, 4.0]), device=device)
    ones: list[Any] = [np.float64(1.0), np.float32(1.0), np.int64(1)]
    for one in ones:
        np.testing.assert_array_equal(host(one / x), [0.5, 0.25])
    y = xp.asarray(np.array([1.0, 1.0]), device=device)
    np.testing.assert_array_equal(host(y / x), [0.5, 0.25])
    with pytest.raises(TypeError):
        "1" / x  # type: ignore[operator]
