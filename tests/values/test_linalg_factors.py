"""Factors, eigenvalues and singular values: residuals in long double, and known spectra.

What is not promised is not asserted: signs and phases of vectors, and the order of `eig`.
"""

from __future__ import annotations

from typing import Any, Final

import mpmath
import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import close, each, epsilon, exactly, some, wide, within
from tests.values.inputs import FLOATS
from tests.values.matrices import (
    EMPTY,
    SOLVED,
    STACKS,
    circulant,
    dagger,
    definite,
    device_matrix,
    hermitian,
    hilbert,
    norm,
    normal,
    of_ranks,
    product,
    scaled_hilbert,
    second_differences,
)
from tests.values.ulp import Values
from xgpu import linalg
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

FACTOR: Final = 16.0
"""Backward errors are small multiples of ``n * eps * norm(x)`` (Higham, Accuracy and Stability of
Numerical Algorithms, theorems 10.3 and 19.4, and section 21; LAPACK Users' Guide, chapter 4, for
eigenvalues and singular values). The analysis leaves the multiple open; LAPACK's own tests allow
30 without the n."""

SIZES: Final = (1, 2, 5, 17)
OBLONG: Final = ((1, 1), (4, 4), (7, 3), (3, 7), (1, 5), (5, 1), (33, 20))

on_dtypes = each(SOLVED)


def bound(x: Values) -> Any:
    """What a backward stable algorithm may change in ``x``, for each matrix."""
    return FACTOR * max(x.shape[-2:], default=1) * epsilon(x.dtype) * norm(x)


def orthonormal(columns: Values, dtype: DType, what: object) -> None:
    """The columns of each matrix have length 1 and are at right angles."""
    m, k = columns.shape[-2:]
    identity = np.broadcast_to(np.eye(k), (*columns.shape[:-2], k, k))
    close(product(dagger(columns), columns), identity, FACTOR * max(m, 1) * epsilon(dtype), what)


def samples(dtype: DType, n: int) -> list[tuple[str, Values]]:
    """Square matrices: random ones, stacks, zeros, the identity, and of extreme sizes."""
    huge, tiny = (2.0**40, 2.0**-40) if dtypes.real_of(dtype) is dtypes.float32 else (1e150, 1e-150)
    plain = normal((n, n), dtype, 1)
    return [
        ("random", plain),
        *((f"stack {s}", normal((*s, n, n), dtype, 2)) for s in STACKS[1:]),
        ("zeros", np.zeros((n, n), dtype)),
        ("identity", np.eye(n, dtype=dtype)),
        ("one row", np.asarray(np.arange(n)[:, None] == 0, dtype) * plain),
        ("huge", plain * dtypes.real_of(dtype).type(huge)),
        ("tiny", plain * dtypes.real_of(dtype).type(tiny)),
        ("negative", -np.eye(n, dtype=dtype)),
    ]


# Cholesky


@on_dtypes
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(dtype: DType, upper: bool, device: xgpu.Device) -> None:
    shapes = ((1, 1), (2, 2), (17, 17), (3, 4, 4), (2, 1, 3, 5, 5))
    for shape in some(device, shapes, dtype):
        x = definite(shape, dtype)
        got = linalg.cholesky(xgpu.asarray(x, device=device), upper=upper)
        within(got, host(got), 0, dtype, device)
        factor = host(got)
        assert np.all(np.triu(factor, 1) == 0) if not upper else np.all(np.tril(factor, -1) == 0)
        diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
        assert np.all(diagonal.real > 0) and np.all(diagonal.imag == 0)
        again = product(dagger(factor), factor) if upper else product(factor, dagger(factor))
        close(again, x, bound(x), f"cholesky {shape}")


@on_dtypes
def test_cholesky_of_hilbert(dtype: DType, device: xgpu.Device) -> None:
    n = 5 if dtypes.real_of(dtype) is dtypes.float32 else 9
    x = device_matrix(scaled_hilbert(n), dtype)
    factor = host(linalg.cholesky(xgpu.asarray(x, device=device)))
    close(product(factor, dagger(factor)), x, bound(x))
    # The truth by mpmath; a relative change e of x changes the factor by about cond(x) * e.
    exact = mpmath.cholesky(mpmath.matrix(scaled_hilbert(n)))
    truth = np.asarray([[np.longdouble(str(exact[i, j])) for j in range(n)] for i in range(n)])
    condition = float(mpmath.cond(mpmath.matrix([[float(v) for v in row] for row in hilbert(n)])))
    close(factor, truth, FACTOR * n * epsilon(dtype) * condition * norm(truth))


@on_dtypes
def test_cholesky_reads_one_triangle(dtype: DType, device: xgpu.Device) -> None:
    x = definite((6, 6), dtype)
    for upper in (False, True):
        keep, drop = (np.triu, np.tril) if upper else (np.tril, np.triu)
        spoilt = keep(x) + drop(np.full_like(x, np.nan), 1 if drop is np.triu else -1)
        spoilt = np.where(keep(np.ones((6, 6))) > 0, x, spoilt).astype(dtype)
        got = host(linalg.cholesky(xgpu.asarray(spoilt, device=device), upper=upper))
        again = product(dagger(got), got) if upper else product(got, dagger(got))
        close(again, x, bound(x))


# QR


@on_dtypes
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(dtype: DType, mode: Any, device: xgpu.Device) -> None:
    cases = [(f"{m} x {n}", normal((m, n), dtype)) for m, n in OBLONG]
    cases += [("stack", normal((2, 1, 3, 4, 6), dtype)), *samples(dtype, 5)]
    cases += [("rank 2", of_ranks(6, 5, 2, dtype))]
    for what, x in some(device, cases, dtype, 3):
        *stack, m, n = x.shape
        k = m if mode == "complete" else min(m, n)
        result = linalg.qr(xgpu.asarray(x, device=device), mode=mode)
        assert result._fields == ("Q", "R")
        q, r = host(result.Q), host(result.R)
        assert (q.shape, r.shape) == ((*stack, m, k), (*stack, k, n)), what
        assert (q.dtype, r.dtype) == (dtype, dtype), what
        assert np.all(np.tril(r, -1) == 0), what
        assert np.all(np.diagonal(r, axis1=-2, axis2=-1).imag == 0), what
        orthonormal(q, dtype, what)
        close(product(q, r), x, bound(x), what)


# Singular values


@on_dtypes
@pytest.mark.parametrize("full", [False, True])
def test_svd(dtype: DType, full: bool, device: xgpu.Device) -> None:
    cases = [(f"{m} x {n}", normal((m, n), dtype)) for m, n in OBLONG]
    cases += [("stack", normal((2, 1, 3, 4, 6), dtype)), *samples(dtype, 5)]
    cases += [("rank 2", of_ranks(6, 5, 2, dtype))]
    for what, x in some(device, cases, dtype, 3):
        *stack, m, n = x.shape
        k = min(m, n)
        given = xgpu.asarray(x, device=device)
        result = linalg.svd(given, full_matrices=full)
        assert result._fields == ("U", "S", "Vh")
        u, s, vh = map(host, result)
        real = dtypes.real_of(dtype)
        assert (u.dtype, s.dtype, vh.dtype) == (dtype, real, dtype), what
        rows, columns = (m, n) if full else (k, k)
        shapes = ((*stack, m, rows), (*stack, k), (*stack, columns, n))
        assert (u.shape, s.shape, vh.shape) == shapes, what
        assert np.all(s >= 0) and np.all(s[..., :-1] >= s[..., 1:]), what
        orthonormal(u, dtype, what)
        orthonormal(dagger(vh), dtype, what)
        close(product(u[..., :k] * s[..., None, :], vh[..., :k, :]), x, bound(x), what)
        # Weyl: singular values move by no more than the norm of the change.
        within(linalg.svdvals(given), s, 2 * bound(x)[..., 0], real, device, what)


@on_dtypes
def test_singular_values_of_hilbert(dtype: DType, device: xgpu.Device) -> None:
    n = 8
    x = device_matrix(scaled_hilbert(n), dtype)
    truth = sorted(map(float, mpmath.svd_r(mpmath.matrix(scaled_hilbert(n)), compute_uv=False)))[
        ::-1
    ]
    given = xgpu.asarray(x, device=device)
    for got in (linalg.svdvals(given), linalg.svd(given).S):
        within(got, truth, bound(x)[0], dtypes.real_of(dtype), device)


# Hermitian eigenvalues


@on_dtypes
def test_eigh(dtype: DType, device: xgpu.Device) -> None:
    cases = [(what, (x + dagger(x)) / 2) for n in SIZES for what, x in samples(dtype, n)]
    for what, x in some(device, cases, dtype, 3):
        x = np.asarray(x, dtype)
        given = xgpu.asarray(x, device=device)
        result = linalg.eigh(given)
        assert result._fields == ("eigenvalues", "eigenvectors")
        values, vectors = map(host, result)
        assert (values.dtype, vectors.dtype) == (dtypes.real_of(dtype), dtype), what
        assert (values.shape, vectors.shape) == (x.shape[:-1], x.shape), what
        assert np.all(values[..., :-1] <= values[..., 1:]), what
        orthonormal(vectors, dtype, what)
        close(product(x, vectors), wide(vectors) * values[..., None, :], bound(x), what)
        only = linalg.eigvalsh(given)
        within(only, values, 2 * bound(x)[..., 0], dtypes.real_of(dtype), device, what)
        assert np.all(host(only)[..., :-1] <= host(only)[..., 1:]), what


@on_dtypes
def test_known_spectra(dtype: DType, device: xgpu.Device) -> None:
    for n in (1, 2, 7, 40):
        rows, truth = second_differences(n)
        x = device_matrix(rows, dtype)
        given = xgpu.asarray(x, device=device)
        for got in (linalg.eigvalsh(given), linalg.eigh(given).eigenvalues):
            within(got, truth, bound(x)[0], dtypes.real_of(dtype), device, n)
    if dtype.kind == "c":
        x = np.asarray([[2, 1j, 0], [-1j, 2, 1j], [0, -1j, 2]], dtype)
        truth = [2 - 2**0.5, 2, 2 + 2**0.5]
        got = linalg.eigvalsh(xgpu.asarray(x, device=device))
        within(got, truth, bound(x)[0], dtypes.real_of(dtype), device)


@on_dtypes
def test_eigh_reads_the_lower_triangle(dtype: DType, device: xgpu.Device) -> None:
    x = hermitian((5, 5), dtype)
    spoilt = np.where(np.tri(5) > 0, x, 1e3).astype(dtype)
    plain, other = (linalg.eigvalsh(xgpu.asarray(a, device=device)) for a in (x, spoilt))
    within(other, host(plain), 2 * bound(x)[0], dtypes.real_of(dtype), device)
    values, vectors = map(host, linalg.eigh(xgpu.asarray(spoilt, device=device)))
    close(product(x, vectors), wide(vectors) * values[None, :], bound(x))


@on_dtypes
def test_eigh_of_nan_is_nan(dtype: DType, device: xgpu.Device) -> None:
    x = hermitian((3, 4, 4), dtype)
    x[1, 2, 1], x[1, 1, 2] = np.nan, np.nan
    x[2, 3, 3] = np.inf
    given = xgpu.asarray(x, device=device)
    values, vectors = map(host, linalg.eigh(given))
    for got in (values, vectors, host(linalg.eigvalsh(given))):
        assert np.all(np.isnan(got[1:]))
        assert np.all(np.isfinite(got[0]))


# General eigenvalues


@on_dtypes
def test_eig(dtype: DType, device: xgpu.Device) -> None:
    complex_dtype = dtypes.complex_of(dtype)
    cases = [case for n in SIZES for case in samples(dtype, n)]
    cases += [("a Jordan block", np.asarray(np.eye(4) * 2 + np.eye(4, k=1), dtype))]
    cases += [("a turn", np.asarray([[0, -1], [1, 0]], dtype))]
    for what, x in some(device, cases, dtype, 3):
        given = xgpu.asarray(x, device=device)
        result = linalg.eig(given)
        assert result._fields == ("eigenvalues", "eigenvectors")
        values, vectors = map(host, result)
        assert (values.dtype, vectors.dtype) == (complex_dtype, complex_dtype), what
        assert (values.shape, vectors.shape) == (x.shape[:-1], x.shape), what
        close(product(x, vectors), wide(vectors) * values[..., None, :], bound(x), what)
        lengths = np.sqrt(np.sum(np.abs(wide(vectors)) ** 2, axis=-2))
        close(lengths, np.ones(lengths.shape), FACTOR * x.shape[-1] * epsilon(dtype), what)
        # The sum of the eigenvalues is the trace.
        trace = np.trace(wide(x), axis1=-2, axis2=-1)
        only = linalg.eigvals(given)
        assert (only.dtype, only.shape) == (complex_dtype, x.shape[:-1])
        for got in (values, host(only)):
            close(np.sum(wide(got), axis=-1), trace, x.shape[-1] * bound(x)[..., 0, 0], what)


@on_dtypes
def test_eigenvalues_of_normal_matrices(dtype: DType, device: xgpu.Device) -> None:
    for first in ([3], [0, 1], [0, 0, 1], [5, -2, 1, 0, 3], [1, 2, 3, 4, 5, 6, 7, 8]):
        rows, truth = circulant(first)
        x = device_matrix(rows, dtype)
        given = xgpu.asarray(x, device=device)
        for got in (linalg.eigvals(given), linalg.eig(given).eigenvalues):
            found = list(host(got))
            # Each eigenvalue of a normal matrix moves by no more than the norm of the change.
            for value in truth:
                nearest = min(found, key=lambda v: abs(complex(v) - value))
                assert abs(complex(nearest) - value) <= float(bound(x).item()), (first, value)
                found.remove(nearest)


@on_dtypes
def test_eigenvalues_of_triangles_are_the_diagonal(dtype: DType, device: xgpu.Device) -> None:
    x = np.triu(normal((6, 6), dtype)) + np.diag(np.arange(6) * 4).astype(dtype)
    got = linalg.eigvals(xgpu.asarray(x.astype(dtype), device=device))
    order = np.argsort(host(got).real)
    truth = np.diagonal(x)[np.argsort(np.diagonal(x).real)]
    close(host(got)[order], truth, bound(x)[0])


# No elements, other dtypes, views


@on_dtypes
@pytest.mark.parametrize("stack", [(), *EMPTY], ids=str)
def test_of_no_elements(stack: tuple[int, ...], dtype: DType, device: xgpu.Device) -> None:
    real, complex_dtype = dtypes.real_of(dtype), dtypes.complex_of(dtype)
    for n in (0, 3) if stack else (0,):
        x = xgpu.zeros((*stack, n, n), dtype=dtype, device=device)
        shape, values = (*stack, n, n), (*stack, n)
        exactly(linalg.cholesky(x), np.zeros(shape, dtype), device)
        exactly(linalg.eigvalsh(x), np.zeros(values, real), device)
        exactly(linalg.eigvals(x), np.zeros(values, complex_dtype), device)
        for got, kind in zip(linalg.eigh(x), (real, dtype), strict=True):
            assert (got.size, got.dtype) == (0, kind)
        for got in linalg.eig(x):
            assert (got.size, got.dtype) == (0, complex_dtype)
    for m, n in ((0, 3), (3, 0), (0, 0)):
        x = xgpu.zeros((*stack, m, n), dtype=dtype, device=device)
        exactly(linalg.svdvals(x), np.zeros((*stack, 0), real), device)
        u, s, vh = linalg.svd(x)
        exactly(s, np.zeros((*stack, 0), real), device)
        exactly(u, np.broadcast_to(np.eye(m, dtype=dtype), (*stack, m, m)), device)
        exactly(vh, np.broadcast_to(np.eye(n, dtype=dtype), (*stack, n, n)), device)
        u, s, vh = linalg.svd(x, full_matrices=False)
        assert (u.shape, s.shape, vh.shape) == ((*stack, m, 0), (*stack, 0), (*stack, 0, n))
        q, r = linalg.qr(x)
        assert (q.shape, r.shape) == ((*stack, m, 0), (*stack, 0, n))
        q, r = linalg.qr(x, mode="complete")
        assert (q.shape, r.shape) == ((*stack, m, m), (*stack, m, n))
        orthonormal(host(q), dtype, "complete")


def test_integers_are_computed_in_float64(device: xgpu.Device) -> None:
    rows, truth = second_differences(4)
    for dtype in (dtypes.int8, dtypes.uint64, dtypes.bool_):
        x = np.asarray(np.abs(rows) if dtype.kind != "i" else rows, dtype)
        given = xgpu.asarray(x, device=device)
        if dtype.kind == "i":
            within(
                linalg.eigvalsh(given), truth, bound(x.astype("float64"))[0], dtypes.float64, device
            )
        assert linalg.qr(given).Q.dtype is dtypes.float64
        assert linalg.svdvals(given).dtype is dtypes.float64
        assert linalg.eigvals(given).dtype is dtypes.complex128


@each([d for d in FLOATS if d not in SOLVED])
def test_16_bits_are_refused(dtype: DType, device: xgpu.Device) -> None:
    x = xgpu.eye(3, dtype=dtype, device=device)
    names = "cholesky det eig eigh eigvals eigvalsh inv pinv qr slogdet svd svdvals matrix_rank"
    for name in names.split():
        with pytest.raises(TypeError, match=dtype.name):
            getattr(linalg, name)(x)
    with pytest.raises(TypeError, match=dtype.name):
        linalg.solve(x, x)


@on_dtypes
def test_views(dtype: DType, device: xgpu.Device) -> None:
    base = normal((9, 8), dtype)
    x = base[::-2, ::2].T
    given = xgpu.asarray(base, device=device)[::-2, ::2].T
    u, s, vh = map(host, linalg.svd(given, full_matrices=False))
    close(product(u * s, vh), x, bound(x))
    q, r = map(host, linalg.qr(given))
    close(product(q, r), x, bound(x))
    square, seen = x[:4, ::-1][:, :4], given[:4, ::-1][:, :4]
    values, vectors = map(host, linalg.eig(seen))
    close(product(square, vectors), wide(vectors) * values, bound(square))
    positive = definite((4, 4), dtype)
    turned = xgpu.asarray(positive, device=device)[::-1, ::-1]
    low = host(linalg.cholesky(turned))
    close(product(low, dagger(low)), positive[::-1, ::-1], bound(positive))


@each([dtypes.float64, dtypes.complex64])
def test_larger_than_a_block(dtype: DType, device: xgpu.Device) -> None:
    n = 40 if device.type == "cudasim" else 100
    x = normal((n, n - 20), dtype)
    given = xgpu.asarray(x, device=device)
    q, r = map(host, linalg.qr(given))
    close((q @ r).astype(dtype), x, 2 * bound(x))
    u, s, vh = map(host, linalg.svd(given, full_matrices=False))
    close(((u * s) @ vh).astype(dtype), x, 2 * bound(x))
    y = hermitian((n, n), dtype)
    values, vectors = map(host, linalg.eigh(xgpu.asarray(y, device=device)))
    close(y @ vectors, vectors * values, 2 * bound(y))
    z = definite((n, n), dtype)
    low = host(linalg.cholesky(xgpu.asarray(z, device=device)))
    close(low @ dagger(low), z, 2 * bound(z))


@each([dtypes.float32, dtypes.complex128])
def test_many_small_matrices(dtype: DType, device: xgpu.Device) -> None:
    count = 50 if device.type == "cudasim" else 3_000
    x = normal((count, 3, 3), dtype)
    given = xgpu.asarray(x, device=device)
    values, vectors = map(host, linalg.eig(given))
    close(product(x, vectors), wide(vectors) * values[..., None, :], bound(x))
    q, r = map(host, linalg.qr(given))
    close(product(q, r), x, bound(x))
    u, s, vh = map(host, linalg.svd(given))
    close(product(u * s[..., None, :], vh), x, bound(x))
