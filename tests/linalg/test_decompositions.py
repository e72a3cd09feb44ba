"""Factors, eigenvalues and singular values: what each promises, and SciPy's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import xgpu
from tests.comparing import FLOATS, host, same
from tests.linalg.sampled import (
    INEXACT,
    OBLONG,
    SQUARE,
    STACKS,
    close,
    dagger,
    each,
    hermitian,
    positive,
    random,
    real,
)
from xgpu import linalg

pytestmark = pytest.mark.usefixtures("on_device")


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("n", SQUARE)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_cholesky(dtype: np.dtype[Any], n: int, stack: tuple[int, ...]) -> None:
    x = positive((*stack, n, n), dtype)
    lower = linalg.cholesky(xgpu.asarray(x))
    upper = linalg.cholesky(xgpu.asarray(x), upper=True)
    same(lower, np.tril(host(lower)))
    same(upper, np.triu(host(upper)))
    close(lower @ xgpu.asarray(dagger(host(lower))), x)
    close(upper, dagger(host(lower)))
    for at in each(stack) if lower.size else []:
        close(lower[at], scipy.linalg.cholesky(x[at], lower=True))


def test_cholesky_reads_one_triangle() -> None:
    x = positive((3, 3), "complex128")
    lower, upper = np.tril(x) + 1e9 * np.triu(x, 1), np.triu(x) + 1e9 * np.tril(x, -1)
    expected = scipy.linalg.cholesky(x, lower=True)
    close(linalg.cholesky(xgpu.asarray(lower)), expected)
    close(linalg.cholesky(xgpu.asarray(upper), upper=True), dagger(expected))


@pytest.mark.parametrize("mode", ["reduced", "complete"])
@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize(("m", "n"), OBLONG)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_qr(dtype: np.dtype[Any], m: int, n: int, stack: tuple[int, ...], mode: Any) -> None:
    x = random((*stack, m, n), dtype)
    result = linalg.qr(xgpu.asarray(x), mode=mode)
    q, r = host(result.Q), host(result.R)
    k = m if mode == "complete" else min(m, n)
    assert q.shape == (*stack, m, k) and r.shape == (*stack, k, n)
    assert result._fields == ("Q", "R") and q.dtype == r.dtype == dtype
    same(result.R, np.triu(r))
    assert np.all(np.imag(np.diagonal(r, axis1=-2, axis2=-1)) == 0)
    close(result.Q @ result.R, x)
    identity = np.broadcast_to(np.eye(k, dtype=dtype), (*stack, k, k))
    close(xgpu.asarray(dagger(q)) @ result.Q, identity)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize(("m", "n"), OBLONG)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_svd(dtype: np.dtype[Any], m: int, n: int, stack: tuple[int, ...], full: bool) -> None:
    x = random((*stack, m, n), dtype)
    result = linalg.svd(xgpu.asarray(x), full_matrices=full)
    u, s, vh = (host(part) for part in result)
    k = min(m, n)
    assert result._fields == ("U", "S", "Vh")
    assert (u.dtype, s.dtype, vh.dtype) == (dtype, real(dtype), dtype)
    assert u.shape == (*stack, m, m if full else k)
    assert vh.shape == (*stack, n if full else k, n)
    assert np.all(s[..., :-1] >= s[..., 1:]) and np.all(s >= 0)
    close(xgpu.asarray((u[..., :k] * s[..., None, :]) @ vh[..., :k, :]), x)
    for factor in (u, dagger(vh)):
        size = factor.shape[-1]
        identity = np.broadcast_to(np.eye(size, dtype=dtype), (*stack, size, size))
        close(xgpu.asarray(dagger(factor) @ factor), identity)
    values = linalg.svdvals(xgpu.asarray(x))
    close(values, s)
    for at in each(stack) if values.size else []:
        close(values[at], scipy.linalg.svdvals(x[at]))


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("n", SQUARE)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_eigh(dtype: np.dtype[Any], n: int, stack: tuple[int, ...]) -> None:
    x = hermitian((*stack, n, n), dtype)
    result = linalg.eigh(xgpu.asarray(x))
    values, vectors = host(result.eigenvalues), host(result.eigenvectors)
    assert result._fields == ("eigenvalues", "eigenvectors")
    assert (values.dtype, vectors.dtype) == (real(dtype), dtype)
    assert values.shape == (*stack, n) and vectors.shape == (*stack, n, n)
    assert np.all(values[..., :-1] <= values[..., 1:])
    close(xgpu.asarray((vectors * values[..., None, :]) @ dagger(vectors)), x)
    identity = np.broadcast_to(np.eye(n, dtype=dtype), x.shape)
    close(xgpu.asarray(dagger(vectors) @ vectors), identity)
    close(linalg.eigvalsh(xgpu.asarray(x)), values)
    # The other triangle does not count.
    close(linalg.eigvalsh(xgpu.asarray(np.tril(x))), values)


def by_size(values: Any) -> Any:
    """Eigenvalues in an order of their own, rounded so that conjugate pairs keep theirs."""
    order = np.lexsort((np.round(values.imag, 3), np.round(values.real, 3)), axis=-1)
    return np.take_along_axis(values, order, axis=-1)


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("n", SQUARE)
@pytest.mark.parametrize("dtype", INEXACT, ids=str)
def test_eig(dtype: np.dtype[Any], n: int, stack: tuple[int, ...]) -> None:
    x = random((*stack, n, n), dtype)
    result = linalg.eig(xgpu.asarray(x))
    values, vectors = host(result.eigenvalues), host(result.eigenvectors)
    expected = np.result_type(dtype, np.complex64)
    assert result._fields == ("eigenvalues", "eigenvectors")
    assert (values.dtype, vectors.dtype) == (expected, expected)
    assert values.shape == (*stack, n) and vectors.shape == (*stack, n, n)
    close(xgpu.asarray(x.astype(expected) @ vectors), vectors * values[..., None, :])
    lengths = np.linalg.norm(vectors, axis=-2)
    np.testing.assert_allclose(lengths, np.ones_like(lengths), rtol=1e-5)
    alone = linalg.eigvals(xgpu.asarray(x))
    close(xgpu.asarray(by_size(host(alone))), by_size(values))
    for at in each(stack) if alone.size else []:
        close(
            xgpu.asarray(by_size(host(alone[at]))), by_size(scipy.linalg.eigvals(x[at])), expected
        )


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_eigenvalues_are_complex_where_all_are_real_too(dtype: np.dtype[Any]) -> None:
    x = xgpu.asarray([[2.0, 0.0], [0.0, 3.0]], dtype=dtype)
    assert linalg.eig(x).eigenvalues.dtype == linalg.eigvals(x).dtype
    same(linalg.eigvals(x), np.asarray([2, 3], np.result_type(dtype, np.complex64)))
