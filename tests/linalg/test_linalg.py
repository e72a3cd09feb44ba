"""The extension linalg as a whole: dtypes, refusals, matrices that cannot be treated, devices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import INTEGERS, host, same
from tests.linalg.sampled import (
    INEXACT,
    close,
    hermitian,
    random,
)
from xgpu import linalg

pytestmark = pytest.mark.usefixtures("on_device")

UNARY = [
    "cholesky",
    "det",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "matrix_norm",
    "matrix_rank",
    "pinv",
    "qr",
    "slogdet",
    "svd",
    "svdvals",
    "vector_norm",
]


def test_the_products_are_those_of_the_namespace() -> None:
    for name in ("matmul", "matrix_transpose", "tensordot", "vecdot"):
        assert getattr(linalg, name) is getattr(xgpu, name)


def parts(result: Any) -> list[xgpu.Array]:
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", UNARY)
def test_integers_are_computed_in_float64(name: str) -> None:
    function = getattr(linalg, name)
    for dtype in INTEGERS:
        x = xgpu.asarray(np.asarray([[4, 1], [1, 3]], dtype))
        for got, expected in zip(
            parts(function(x)), parts(function(xgpu.astype(x, xgpu.float64))), strict=True
        ):
            same(got, host(expected))
    identity = xgpu.eye(2, dtype=xgpu.bool)
    assert all(part.dtype in INEXACT or part.dtype == "int64" for part in parts(function(identity)))


@pytest.mark.parametrize("name", [n for n in UNARY if n != "vector_norm"])
def test_shapes_refused(name: str) -> None:
    function = getattr(linalg, name)
    for shape in ((), (3,)):
        with pytest.raises(ValueError, match=rf"{name}\(\) takes matrices, of at least 2 axes"):
            function(xgpu.ones(shape))
    with pytest.raises(TypeError, match=rf"{name}\(\) takes an xgpu array: got list"):
        function([[1.0]])
    if name in ("matrix_norm", "matrix_rank", "pinv", "qr", "svd", "svdvals"):
        function(xgpu.ones((2, 3)))
    else:
        with pytest.raises(ValueError, match=r"takes square matrices: got shape \(2, 3\)"):
            function(xgpu.ones((2, 3)))


CALLS: list[tuple[Callable[[xgpu.Array], object], type[Exception], str]] = [
    (lambda x: linalg.qr(x, mode="full"), ValueError, "mode='reduced' or 'complete': got 'full'"),  # type: ignore[arg-type]
    (lambda x: linalg.matrix_norm(x, ord=3), ValueError, "got 3"),
    (lambda x: linalg.matrix_norm(x, ord="max"), ValueError, "got 'max'"),  # type: ignore[arg-type]
    (lambda x: linalg.vector_norm(x, ord="fro"), TypeError, "real number as ord: got 'fro'"),  # type: ignore[arg-type]
    (lambda x: linalg.vector_norm(x, axis=2), IndexError, "axis 2 is out of bounds"),
    (lambda x: linalg.vector_norm(x, axis=(0, -2)), ValueError, "duplicate"),
    (lambda x: linalg.solve(x, xgpu.ones(3)), ValueError, "2 equations for right-hand sides of 3"),
    (lambda x: linalg.solve(x, xgpu.asarray(1.0)), ValueError, "0-d"),
    (lambda x: linalg.solve(xgpu.ones((3, 2, 2)), xgpu.ones((2, 2, 1))), ValueError, "broadcast"),
    (lambda x: linalg.outer(x, xgpu.ones(3)), ValueError, "1-d arrays"),
    (lambda x: linalg.matrix_power(x, 0.5), TypeError, "integer"),  # type: ignore[arg-type]
    (lambda x: linalg.matrix_power(x[:1, :], 2), ValueError, "square"),
    (lambda x: linalg.matrix_power(x > 0.0, 2), TypeError, "bool"),
    (lambda x: linalg.diagonal(x[0, :]), ValueError, "at least 2 axes"),
    (lambda x: linalg.trace(x[0, :]), ValueError, "at least 2 axes"),
    (lambda x: linalg.diagonal(x, offset=0.5), TypeError, "integer"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_refused(number: int) -> None:
    call, error, said = CALLS[number]
    with pytest.raises(error, match=said):
        call(xgpu.ones((2, 2)))


def test_matrices_that_cannot_be_treated() -> None:
    singular = xgpu.asarray([[1.0, 2.0], [2.0, 4.0]])
    stack = xgpu.stack([xgpu.eye(2), singular])
    for x in (singular, stack):
        with pytest.raises(np.linalg.LinAlgError, match="[Ss]ingular"):
            linalg.inv(x)
        with pytest.raises(np.linalg.LinAlgError, match="[Ss]ingular"):
            linalg.solve(x, xgpu.ones(2))
        with pytest.raises(np.linalg.LinAlgError, match="[Ss]ingular"):
            linalg.matrix_power(x, -2)
        with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
            linalg.cholesky(x - xgpu.eye(2) * 2.0)
    same(linalg.pinv(singular), np.linalg.pinv(host(singular)), rtol=1e-14)
    same(linalg.det(singular), np.asarray(0.0))


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_matrices_with_nan_or_infinity(dtype: np.dtype[Any], special: float) -> None:
    x = hermitian((2, 3, 3), dtype)
    x[0, 1, 1] = special
    given = xgpu.asarray(x)
    good = linalg.eigvalsh(given[1, ...])
    for values in (linalg.eigvalsh(given), linalg.eigh(given).eigenvalues):
        assert np.all(np.isnan(host(values[0, :])))
        close(values[1, :], host(good))
    vectors = host(linalg.eigh(given).eigenvectors)
    assert np.all(np.isnan(vectors[0])) and np.all(np.isfinite(vectors[1]))
    for function in (linalg.eig, linalg.eigvals):
        with pytest.raises(np.linalg.LinAlgError, match="infs or NaNs"):
            function(given)
    for ord in ("fro", 1, math.inf):
        norm = host(linalg.matrix_norm(given, ord=ord))
        assert np.isnan(norm[0]) if np.isnan(special) else norm[0] == np.inf
        assert np.isfinite(norm[1])
    determinants = host(linalg.det(given))
    assert not np.isfinite(determinants[0]) and np.isfinite(determinants[1])
    assert not np.any(np.isfinite(host(linalg.qr(given).Q)[0]).all(axis=0).all())
    assert np.isnan(host(linalg.trace(given))[0]) or np.isinf(host(linalg.trace(given))[0])


def test_operands_of_two_devices(device: xgpu.Device) -> None:
    here, there = xgpu.ones((3, 3), device="cpu"), xgpu.ones((3, 3), device=device)
    if here.device is device:
        pytest.skip("one device")
    for call in (linalg.solve, linalg.cross, lambda a, b: linalg.outer(a[0, :], b[0, :])):
        with pytest.raises(xgpu.DeviceMismatchError, match=r"xgpu\.to_device"):
            call(here, there)


def test_a_device_without_the_op_says_so(device: xgpu.Device) -> None:
    x = xgpu.eye(2, device=device)
    if "svd" in device.backend.kernel_ops:
        close(linalg.svdvals(x), np.ones(2))
        return
    with pytest.raises(xgpu.UnsupportedOperationError, match=r"has no svdvals\(\).*to_device"):
        linalg.svdvals(x)


def test_a_factor_is_used_in_place_of_a_name() -> None:
    x = random((40, 40), "float64")
    q, r = linalg.qr(xgpu.asarray(x))
    same(linalg.solve(r, q.T @ xgpu.ones(40)), np.linalg.solve(x, np.ones(40)), rtol=1e-9)
