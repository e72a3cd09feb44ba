"""What the tests of the chapters share: bringing arrays to the host, and comparing with NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from xgpu.plugin import dtypes

ALL = dtypes.STANDARD  # tests/test_half.py is about the floats of 16 bits
INTEGERS = tuple(d for d in ALL if d.kind in "iu")
FLOATS = tuple(d for d in ALL if d.kind == "f")
COMPLEX = tuple(d for d in ALL if d.kind == "c")


def host(x: xgpu.Array) -> Any:
    """The values as they are now, as a NumPy array."""
    return np.array(xgpu.to_device(x, "cpu"))


def same(x: xgpu.Array, expected: Any, rtol: float = 0.0) -> None:
    """``x`` has the expected shape, dtype and values: equal, or within ``rtol``."""
    expected = np.asarray(expected)
    got = host(x)
    assert isinstance(x, xgpu.Array)
    assert x.shape == got.shape == expected.shape
    assert x.dtype is dtypes.SUPPORTED[expected.dtype], f"{x.dtype}, not {expected.dtype}"
    if rtol:
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)
    else:
        np.testing.assert_array_equal(got, expected, strict=True)


def sample(dtype: np.dtype[Any], shape: tuple[int, ...] = (3, 4), seed: int = 0) -> Any:
    """A NumPy array of small numbers of both signs, with repetitions and zeros."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    low = 0 if dtype.kind == "u" else -5
    values = rng.integers(low, 6, shape).astype(dtype)
    if dtype.kind == "c":
        values = values + 1j * rng.integers(-5, 6, shape).astype(dtype)
    return values.astype(dtype) if dtype.kind in "iu" else (values / 2).astype(dtype)
