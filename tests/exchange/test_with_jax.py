"""Memory shared with JAX, on the host. What is shared with it is read-only, as its arrays are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same

jax: Any = pytest.importorskip("jax", reason="jax is not installed")

DTYPES = [
    *("bool", "uint8", "int8", "int16", "int32", "uint16", "uint32"),
    *("float16", "bfloat16", "float32", "complex64"),
]


def aligned(values: Any) -> Any:
    """A copy at a multiple of 64 bytes, which JAX needs in order to share memory of the host."""
    raw = np.zeros(values.nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    made = raw[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    made[...] = values
    return made


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_both_ways(dtype: str) -> None:
    values = np.asarray([[0, 1, 2], [3, 1, 0]]).astype(getattr(xgpu, dtype))
    x = xgpu.from_dlpack(aligned(values)) if dtype != "bfloat16" else xgpu.asarray(values)
    j = jax.dlpack.from_dlpack(x)
    assert j.dtype == x.dtype
    np.testing.assert_array_equal(np.asarray(j), values)
    y = xgpu.from_dlpack(j)
    assert y.dtype is x.dtype
    same(xgpu.astype(y, xgpu.float32, copy=True) if dtype == "bfloat16" else y,
         values.astype("float32") if dtype == "bfloat16" else values)  # fmt: skip
    with pytest.raises(ValueError, match="read-only"):
        y[0, 0] = y[0, 1]


def test_pointers() -> None:
    x = xgpu.from_dlpack(aligned(np.arange(100, dtype=np.float32)))
    j = jax.dlpack.from_dlpack(x)
    y = xgpu.from_dlpack(j)
    start = np.from_dlpack(x).ctypes.data
    assert j.unsafe_buffer_pointer() == start
    assert np.from_dlpack(y).ctypes.data == start
    back = jax.dlpack.from_dlpack(y)  # JAX cannot be told that it is read-only, so it gets a copy
    np.testing.assert_array_equal(np.asarray(back), np.arange(100))


def test_the_simulators_memory_is_aligned_for_jax() -> None:
    x = xgpu.arange(100, dtype=xgpu.float32, device="cudasim:0") * 2.0
    j = jax.dlpack.from_dlpack(x)
    assert j.unsafe_buffer_pointer() == np.from_dlpack(x).ctypes.data
    np.testing.assert_array_equal(np.asarray(j), np.arange(100) * 2.0)


def test_empty_and_pending() -> None:
    assert jax.dlpack.from_dlpack(xgpu.zeros((0, 3), dtype=xgpu.float32)).shape == (0, 3)
    x = xgpu.ones(5, dtype=xgpu.float32)
    y = xgpu.from_dlpack(jax.dlpack.from_dlpack(x * 2.0 + 1.0))
    same(y + 1.0, np.full(5, 4.0, np.float32))


def test_what_is_computed_from_jaxs_memory_is_xgpus() -> None:
    j = jax.numpy.arange(6.0).reshape(2, 3)
    x = xgpu.from_dlpack(j)
    y = x.T * 2.0
    y[0, 0] = 5.0
    z = xgpu.asarray(x, copy=True)
    z[...] = 0.0
    np.testing.assert_array_equal(np.asarray(j), np.arange(6.0).reshape(2, 3))
