"""Linear systems, inverses, determinants and ranks: residuals, and exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

import mpmath
import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import close, each, epsilon, exactly, some, wide, within
from tests.values.matrices import (
    EMPTY,
    SOLVED,
    dagger,
    definite,
    determinant,
    device_matrix,
    floats,
    hilbert,
    inverse,
    norm,
    normal,
    of_ranks,
    product,
    scaled_hilbert,
    whole,
)
from tests.values.ulp import Values
from xgpu import linalg
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

FACTOR: Final = 16.0
"""Elimination with pivoting is backward stable up to ``n * eps`` times the growth of the elements,
which is a small number for all but made-up matrices (Higham, Accuracy and Stability, theorem 9.5
and section 9.4); a solution is then off by that times the condition number (theorem 7.2)."""

on_dtypes = each(SOLVED)

SYSTEMS: Final = (
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((17, 17), (17, 5)),
    ((4, 3, 3), (3,)),
    ((4, 3, 3), (3, 2)),
    ((3, 3), (4, 3, 2)),
    ((3, 3, 3), (3, 3, 3)),
    ((2, 1, 3, 3), (4, 3, 1)),
    ((2, 1, 3, 3), (2, 4, 3, 2)),
    ((1, 1), (1,)),
    ((1, 1), (1, 1)),
)


def as_matrices(b: Values) -> Values:
    """Right-hand sides as columns: one-dimensional ones are a single column."""
    return b[:, None] if b.ndim == 1 else b


@on_dtypes
@pytest.mark.parametrize(("first", "second"), SYSTEMS, ids=str)
def test_solve(
    first: tuple[int, ...], second: tuple[int, ...], dtype: DType, device: xgpu.Device
) -> None:
    for a in (normal(first, dtype, 7), definite(first, dtype)):
        b = normal(second, dtype, 1)
        got = linalg.solve(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
        columns = as_matrices(b)
        stack = np.broadcast_shapes(a.shape[:-2], columns.shape[:-2])
        shape = (*stack, *(second if len(second) == 1 else second[-2:]))
        assert (got.shape, got.dtype, got.device) == (shape, dtype, device)
        x = host(got)[..., None] if len(second) == 1 else host(got)
        allowed = FACTOR * a.shape[-1] * epsilon(dtype) * norm(a) * norm(x)
        close(product(a, x), np.broadcast_to(columns, x.shape), allowed, "residual")


@on_dtypes
def test_solve_whole_numbers(dtype: DType, device: xgpu.Device) -> None:
    # Unimodular matrices of small numbers: the solutions are whole numbers.
    lower = np.tril(whole((6, 6), dtypes.int64, 1, 2), -1) + np.eye(6, dtype="int64")
    upper = np.triu(whole((6, 6), dtypes.int64, 2, 2), 1) + np.eye(6, dtype="int64")
    a, truth = lower @ upper, whole((6, 3), dtypes.int64, 3)
    condition = np.linalg.cond(a.astype("float64"))
    got = linalg.solve(
        xgpu.asarray(a.astype(dtype), device=device),
        xgpu.asarray((a @ truth).astype(dtype), device=device),
    )
    within(got, truth, FACTOR * 6 * epsilon(dtype) * condition * norm(truth), dtype, device)


@on_dtypes
def test_hilbert(dtype: DType, device: xgpu.Device) -> None:
    n = 4 if dtypes.real_of(dtype) is dtypes.float32 else 8
    x = device_matrix(scaled_hilbert(n), dtype)
    given = xgpu.asarray(x, device=device)
    truth = floats(inverse(scaled_hilbert(n)))
    condition = float(mpmath.cond(mpmath.matrix([[float(v) for v in row] for row in hilbert(n)])))
    allowed = FACTOR * n * epsilon(dtype) * condition * norm(truth)
    within(linalg.inv(given), truth, allowed, dtype, device, "inv")
    within(linalg.pinv(given), truth, 4 * condition * allowed, dtype, device, "pinv")
    b = np.arange(1, n + 1).astype(dtype)
    solution = truth @ np.arange(1, n + 1).astype(np.longdouble)
    within(
        linalg.solve(given, xgpu.asarray(b, device=device)),
        solution,
        FACTOR * n * epsilon(dtype) * condition * np.sqrt(np.sum(solution**2)),
        dtype,
        device,
        "solve",
    )
    exact = Fraction(1)
    for k in range(n):  # Cauchy's determinant
        exact *= Fraction(math.factorial(k) ** 4, math.factorial(2 * k) * math.factorial(2 * k + 1))
    exact *= scaled_hilbert(n)[0][0] ** n
    relative = FACTOR * n * epsilon(dtype) * condition
    sign, logarithm = linalg.slogdet(given)
    within(sign, 1, relative, dtype, device)
    within(logarithm, mpmath.log(mpmath.mpf(exact.numerator) / exact.denominator), relative,
           dtypes.real_of(dtype), device)  # fmt: skip
    within(linalg.det(given), float(exact), relative * float(exact), dtype, device)
    exactly(linalg.matrix_rank(given), np.asarray(n), device)


@on_dtypes
def test_inv(dtype: DType, device: xgpu.Device) -> None:
    huge, tiny = (2.0**40, 2.0**-40) if dtypes.real_of(dtype) is dtypes.float32 else (1e150, 1e-150)
    real = dtypes.real_of(dtype).type
    plain = definite((5, 5), dtype)
    for what, x in (
        *(
            (str(s), normal(s, dtype, 3))
            for s in ((1, 1), (2, 2), (17, 17), (3, 4, 4), (2, 1, 3, 5, 5))
        ),
        ("huge", plain * real(huge)),
        ("tiny", plain * real(tiny)),
        ("identity", np.eye(4, dtype=dtype)),
        ("a permutation", np.eye(5, dtype=dtype)[[3, 1, 4, 0, 2]]),
        ("a zero pivot", np.asarray([[0, 1], [1, 5]], dtype)),
    ):
        n = x.shape[-1]
        got = linalg.inv(xgpu.asarray(x, device=device))
        allowed = FACTOR * n * epsilon(dtype) * norm(x) * norm(host(got))
        assert (got.shape, got.dtype) == (x.shape, dtype), what
        close(product(x, host(got)), np.broadcast_to(np.eye(n), x.shape), allowed, what)
    exact = np.asarray([[2, 0], [0, -4]], dtype)
    exactly(abs(linalg.inv(xgpu.asarray(exact, device=device))),
            np.asarray([[0.5, 0], [0, 0.25]], dtypes.real_of(dtype)), device)  # fmt: skip


@on_dtypes
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_det_of_whole_numbers(n: int, dtype: DType, device: xgpu.Device) -> None:
    x = whole((4, 3, n, n), dtype, n)
    x[0, 0, :, 0] = 0
    given = xgpu.asarray(x, device=device)
    got, (sign, logarithm) = linalg.det(given), linalg.slogdet(given)
    assert (logarithm.dtype, sign.dtype) == (dtypes.real_of(dtype), dtype)
    truth = np.asarray([
        [determinant([[complex(v) for v in row] for row in m]) for m in line] for line in x
    ])  # fmt: skip
    # The change of each element of size e moves it by at most e times the product of row norms.
    rows = np.sqrt(np.sum(np.abs(wide(x)) ** 2, axis=-1))
    scale = np.prod(np.maximum(rows, 1), axis=-1)
    allowed = FACTOR * n * epsilon(dtype) * (scale + np.abs(truth) * np.log(scale + 1))
    truth = truth if dtype.kind == "c" else truth.real
    within(got, truth, allowed, dtype, device, "det")
    exactly(got[0, 0], np.asarray(0, dtype), device)
    exactly(sign[0, 0], np.asarray(0, dtype), device)
    exactly(logarithm[0, 0], np.asarray(-np.inf, logarithm.dtype), device)
    certain = np.abs(truth) > allowed
    assert np.count_nonzero(certain) > 6 * (n < 5)
    s, log = wide(host(sign))[certain], wide(host(logarithm))[certain]
    ratio = (allowed / np.abs(np.where(truth == 0, 1, truth)))[certain]
    size = np.abs(truth[certain]).astype(np.longdouble)
    close(s, truth[certain] / size, 2 * ratio, "sign")
    close(log, np.log(size), 2 * ratio + epsilon(dtype) * np.abs(np.log(size)), "logarithm")


@on_dtypes
def test_determinants_beyond_the_range(dtype: DType, device: xgpu.Device) -> None:
    real = dtypes.real_of(dtype)
    scale = 2.0**100 if real is dtypes.float32 else 2.0**600
    for factor, det in ((scale, np.inf), (1 / scale, 0.0)):
        x = np.asarray(np.eye(4) * factor, dtype)
        x[0, 0] *= -1
        given = xgpu.asarray(x, device=device)
        sign, logarithm = linalg.slogdet(given)
        within(abs(sign), 1, 8 * epsilon(dtype), real, device)
        truth = 4 * mpmath.log(factor)
        within(logarithm, truth, 8 * epsilon(dtype) * abs(float(truth)), real, device)
        assert np.abs(host(linalg.det(given)).real) == det


@on_dtypes
def test_det_of_nan_is_nan(dtype: DType, device: xgpu.Device) -> None:
    x = definite((3, 4, 4), dtype)
    x[1, 2, 1] = np.nan
    got = host(linalg.det(xgpu.asarray(x, device=device)))
    assert np.isnan(got[1]) and np.all(np.isfinite(got[[0, 2]]))


# Ranks and pseudo-inverses


@on_dtypes
def test_matrix_rank(dtype: DType, device: xgpu.Device) -> None:
    for m, n in ((4, 4), (6, 3), (3, 6), (1, 5), (5, 1), (1, 1)):
        for rank in range(min(m, n) + 1):
            x = of_ranks(m, n, rank, dtype)
            got = linalg.matrix_rank(xgpu.asarray(x, device=device))
            exactly(got, np.asarray(rank), device, (m, n))
    stack = np.stack(
        [
            [of_ranks(4, 5, r, dtype) for r in (0, 1, 2)],
            [of_ranks(4, 5, r, dtype) for r in (4, 3, 2)],
        ]
    )
    given = xgpu.asarray(stack, device=device)
    exactly(linalg.matrix_rank(given), np.asarray([[0, 1, 2], [4, 3, 2]]), device)
    real = dtypes.real_of(dtype)
    x = np.asarray(np.diag([8.0, 1.0, 2.0**-10]), dtype)
    given = xgpu.asarray(np.stack([x, 4 * x]), device=device)
    cases: list[tuple[Any, list[int]]] = [
        (None, [3, 3]),
        (0.0, [3, 3]),
        (2.0**-14, [3, 3]),
        (2.0**-9, [2, 2]),
        (0.5, [1, 1]),
        (1.0, [0, 0]),
        (xgpu.asarray([0.5, 0.01], dtype=real, device=device), [1, 2]),
        (xgpu.asarray([[0.5], [0.01]], dtype=real, device=device), [[1, 1], [2, 2]]),  # type: ignore[list-item]
    ]
    for rtol, truth in cases:
        exactly(linalg.matrix_rank(given, rtol=rtol), np.asarray(truth), device, rtol)


@on_dtypes
def test_pinv(dtype: DType, device: xgpu.Device) -> None:
    ranks = ((4, 4, 4), (4, 4, 2), (6, 3, 3), (3, 6, 2), (1, 5, 1), (1, 1, 1), (3, 2, 0))
    cases = [(f"{m} x {n}, rank {r}", of_ranks(m, n, r, dtype)) for m, n, r in ranks]
    cases += [("stack", normal((2, 1, 3, 4, 2), dtype)), ("wide", normal((7, 20), dtype))]
    for what, x in some(device, cases, dtype, 3):
        got = linalg.pinv(xgpu.asarray(x, device=device))
        *stack, m, n = x.shape
        assert (got.shape, got.dtype, got.device) == ((*stack, n, m), dtype, device), what
        y = host(got)
        # Penrose's four equations, which only the pseudo-inverse fulfils. An error e of x moves
        # the pseudo-inverse by up to norm(pinv) ** 2 * e.
        condition = norm(x) * norm(y)
        allowed = FACTOR * max(m, n) * epsilon(dtype) * (1 + condition)
        close(product(x, y, x), x, allowed * norm(x), what)
        close(product(y, x, y), y, allowed * (1 + condition) * norm(y), what)
        for projector in (product(x, y), product(y, x)):
            close(projector, dagger(projector), allowed * (1 + condition), what)


@on_dtypes
def test_pinv_with_a_tolerance(dtype: DType, device: xgpu.Device) -> None:
    x = np.asarray(np.diag([8.0, 1.0, 2.0**-10]), dtype)
    given = xgpu.asarray(x, device=device)
    for rtol, diagonal in (
        (2.0**-14, [0.125, 1.0, 1024.0]),
        (2.0**-9, [0.125, 1, 0]),
        (0.5, [0.125, 0, 0]),
    ):
        got = linalg.pinv(given, rtol=rtol)
        truth = np.diag(np.asarray(diagonal))
        within(got, truth, FACTOR * 3 * epsilon(dtype) * 1024, dtype, device, rtol)


# No elements, other dtypes, views


@on_dtypes
def test_of_no_elements(dtype: DType, device: xgpu.Device) -> None:
    def zeros(*shape: int) -> xgpu.Array:
        return xgpu.zeros(shape, dtype=dtype, device=device)

    for stack in ((), *EMPTY, (2, 3)):
        x = zeros(*stack, 0, 0)
        exactly(linalg.det(x), np.ones(stack, dtype), device)
        sign, logarithm = linalg.slogdet(x)
        exactly(sign, np.ones(stack, dtype), device)
        exactly(logarithm, np.zeros(stack, dtypes.real_of(dtype)), device)
        exactly(linalg.inv(x), np.zeros((*stack, 0, 0), dtype), device)
        exactly(linalg.matrix_rank(x), np.zeros(stack, "int64"), device)
        exactly(linalg.pinv(zeros(*stack, 3, 0)), np.zeros((*stack, 0, 3), dtype), device)
        exactly(linalg.pinv(zeros(*stack, 0, 3)), np.zeros((*stack, 3, 0), dtype), device)
        exactly(linalg.matrix_rank(zeros(*stack, 0, 3)), np.zeros(stack, "int64"), device)
    for first, second, shape in (
        ((0, 0), (0,), (0,)),
        ((0, 0), (0, 2), (0, 2)),
        ((3, 3), (3, 0), (3, 0)),
        ((0, 3, 3), (3,), (0, 3)),
        ((0, 3, 3), (1, 3, 2), (0, 3, 2)),
        ((2, 0, 3, 3), (1, 3, 2), (2, 0, 3, 2)),
    ):
        exactly(linalg.solve(zeros(*first), zeros(*second)), np.zeros(shape, dtype), device)


def test_dtypes_meet(device: xgpu.Device) -> None:
    a, b = definite((4, 4), dtypes.float32), normal((4, 3), dtypes.complex128)
    got = linalg.solve(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
    assert got.dtype is dtypes.complex128
    close(product(a, host(got)), b, 64 * epsilon(dtypes.float64) * norm(a) * norm(host(got)))
    x = whole((4, 4), dtypes.int64, 9)
    for dtype in (dtypes.int8, dtypes.int32, dtypes.int64):
        given = xgpu.asarray(x.astype(dtype), device=device)
        truth = determinant(x.tolist())
        within(linalg.det(given), truth, 1e-12 * abs(truth), dtypes.float64, device)
        assert linalg.inv(given).dtype is dtypes.float64
        assert linalg.pinv(given).dtype is dtypes.float64


@on_dtypes
def test_views(dtype: DType, device: xgpu.Device) -> None:
    base, right = normal((9, 8), dtype, 2), normal((6, 4), dtype, 5)
    a, b = base[::-2, ::2].T[:, :4], right[::-1, ::2][1:5]
    x = xgpu.asarray(base, device=device)[::-2, ::2].T[:, :4]
    y = xgpu.asarray(right, device=device)[::-1, ::2][1:5]
    got = host(linalg.solve(x, y))
    close(product(a, got), b, FACTOR * 4 * epsilon(dtype) * norm(a) * norm(got))
    got = host(linalg.solve(x, y * 2.0))
    close(product(a, got), 2 * b, FACTOR * 4 * epsilon(dtype) * norm(a) * norm(got))
    truth = determinant([[complex(v) for v in row] for row in a])
    rows = float(np.prod(np.sqrt(np.sum(np.abs(a) ** 2, axis=-1))))
    truth = truth if dtype.kind == "c" else truth.real
    close(host(linalg.det(x)), truth, FACTOR * 4 * epsilon(dtype) * rows)


@each([dtypes.float64, dtypes.complex64])
def test_larger_than_a_block(dtype: DType, device: xgpu.Device) -> None:
    n = 40 if device.type == "cudasim" else 150
    a, b = normal((n, n), dtype), normal((n, 3), dtype, 1)
    given = xgpu.asarray(a, device=device)
    x = host(linalg.solve(given, xgpu.asarray(b, device=device)))
    close(wide(a) @ wide(x), b, FACTOR * n * epsilon(dtype) * norm(a) * norm(x))
    y = host(linalg.inv(given))
    close(wide(a) @ wide(y), np.eye(n), FACTOR * n * epsilon(dtype) * norm(a) * norm(y))
    count = 50 if device.type == "cudasim" else 3_000
    many = definite((count, 3, 3), dtype)
    z = host(linalg.inv(xgpu.asarray(many, device=device)))
    close(product(many, z), np.broadcast_to(np.eye(3), many.shape),
          FACTOR * 3 * epsilon(dtype) * norm(many) * norm(z))  # fmt: skip
