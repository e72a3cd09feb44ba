"""Matrices that are not finite: NaN, where LAPACK may give anything, or never return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu

Values = np.ndarray[Any, Any]

ENDLESS = np.asarray(
    [
        [2.0002002e-02 + 2.9802324e-12j, 3.125, 3213.375, complex("inf+nanj")],
        [1606.625, 11.25, 5.52 - 7.4505806e-09j, 27.99 + 1.1175871e-07j],
        [15.51 - 7.4505806e-09j, 5.73 + 5.9604645e-08j, 18.8125, 5.5625],
    ],
    dtype=np.complex64,
)
"""LAPACK's `cgesdd` does not return from this one."""


@pytest.mark.timeout(20)
@pytest.mark.parametrize("full_matrices", [False, True])
def test_svd_ends_and_is_nan(full_matrices: bool) -> None:
    stack = xgpu.asarray(np.stack([np.ones_like(ENDLESS), ENDLESS]))
    parts = [np.asarray(x) for x in xgpu.linalg.svd(stack, full_matrices=full_matrices)]
    assert [x.dtype for x in parts] == [np.complex64, np.float32, np.complex64]
    assert all(np.isfinite(x[0]).all() for x in parts)
    assert all(np.isnan(x[1]).all() for x in parts)
    u, s, vh = (x[0] for x in parts)
    np.testing.assert_allclose(u[:, :3] * s @ vh[:3], np.ones((3, 4)), atol=1e-6)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_what_is_built_on_singular_values(value: float, dtype: type) -> None:
    matrices: Values = np.stack([np.eye(3, dtype=dtype), np.full((3, 3), value, dtype)])
    x = xgpu.asarray(matrices)
    assert np.isnan(np.asarray(xgpu.linalg.svdvals(x))).all(axis=-1).tolist() == [False, True]
    assert np.isnan(np.asarray(xgpu.linalg.matrix_norm(x, ord=2))).tolist() == [False, True]
    assert np.isnan(np.asarray(xgpu.linalg.pinv(x))).all(axis=(-2, -1)).tolist() == [False, True]
