"""Norms: exactly rounded sums of magnitudes, and singular values from mpmath."""

from __future__ import annotations

import itertools
import math
from typing import Any, Final

import mpmath
import numpy as np

import xgpu
from tests.values.checks import (
    axes_of,
    each,
    epsilon,
    exactly,
    keeping,
    large,
    lines,
    some,
    tame,
    within,
)
from tests.values.inputs import COMPLEX, DTYPES, FLOATS
from tests.values.matrices import SOLVED, norm, whole
from tests.values.ulp import Values, kind
from xgpu import linalg
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

INEXACT: Final = (*FLOATS, *COMPLEX)
VECTOR: Final[tuple[float, ...]] = (0, 1, 2, 3, math.inf, -1, -2, -math.inf, 0.5, -0.5, 2.5)
FACTOR: Final = 8.0
"""A norm of n elements: magnitudes within 2 eps, powers within 4 ULP, a sum of n positive terms
within n eps, a root. An error of the sum is divided by ord, one of the powers multiplied first."""


def vector_truth(values: list[Any], order: float) -> float:
    """The norm by definition, in long floats of mpmath."""
    sizes = [mpmath.hypot(complex(v).real, complex(v).imag) for v in values]
    if math.isinf(order):
        return float(max(sizes) if order > 0 else min(sizes))
    if order == 0:
        return float(sum(1 for v in sizes if v))
    if order < 0 and any(v == 0 for v in sizes):
        return 0.0
    return float(mpmath.fsum(v ** mpmath.mpf(order) for v in sizes) ** (1 / mpmath.mpf(order)))


def allowed(truth: Values, count: int, order: float, dtype: DType) -> Values:
    turns = 1.0 if math.isinf(order) else max(1.0, 1 / abs(order or 1)) * (count + 2)
    return np.asarray(0 * truth if order == 0 else FACTOR * turns * epsilon(dtype) * np.abs(truth))


@each(INEXACT)
def test_vector_norm(dtype: DType, device: xgpu.Device) -> None:
    x = tame(dtype, (2, 3, 2, 4))
    x = np.where(x == 0, dtype.type(1.5), x).astype(dtype)
    x[0, 0, 0, 0] = 0
    given = xgpu.asarray(x, device=device)
    real = dtypes.real_of(dtype)
    axes_given: tuple[Any, ...] = (None, 1, -1, (0, 2), (-1, 1, 0))
    for order, axis in some(device, itertools.product(VECTOR, axes_given), dtype):
        axes = axes_of(axis, 4)
        shape, rows = lines(x, axes)
        truth = np.asarray([vector_truth(row, order) for row in rows]).reshape(shape)
        limit = allowed(truth, len(rows[0]), order, dtype)
        for keepdims in (False, True):
            got = linalg.vector_norm(given, axis=axis, keepdims=keepdims, ord=order)
            target = keeping(x.shape, axes) if keepdims else shape
            within(got, truth.reshape(target), limit.reshape(target), real, device, (order, axis))


@each(INEXACT)
def test_vector_norms_that_are_exact(dtype: DType, device: xgpu.Device) -> None:
    real = dtypes.real_of(dtype)
    given = xgpu.asarray(np.asarray([3, -4, 0], dtype), device=device)
    orders = ((1, 7), (2, 5), (math.inf, 4), (-math.inf, 0), (0, 2))
    for order, truth in some(device, orders, dtype, 2):
        exactly(linalg.vector_norm(given, ord=order), np.asarray(truth, real), device, order)
    one = xgpu.asarray(np.asarray(-3, dtype), device=device)
    orders = ((1, 3), (2, 3), (math.inf, 3), (-math.inf, 3), (0, 1))
    for order, truth in some(device, orders, dtype, 2):
        exactly(linalg.vector_norm(one, ord=order), np.asarray(truth, real), device, order)
    for order in some(device, (0, 1, 2, 3, math.inf), dtype, 1):
        empty = xgpu.zeros((0, 3), dtype=dtype, device=device)
        exactly(linalg.vector_norm(empty, ord=order), np.asarray(0, real), device, order)
        exactly(linalg.vector_norm(empty, ord=order, axis=0), np.zeros(3, real), device, order)
        exactly(linalg.vector_norm(empty, ord=order, axis=1), np.zeros(0, real), device, order)


@each(INEXACT)
def test_vector_norms_of_special_values(dtype: DType, device: xgpu.Device) -> None:
    real = dtypes.real_of(dtype)
    x = np.asarray([[1, np.nan], [np.inf, 1], [-np.inf, 2], [np.inf, np.nan], [-0.0, 0.0]], dtype)
    given = xgpu.asarray(x, device=device)
    nan, inf = np.nan, np.inf
    for order, truth in (
        (1, [nan, inf, inf, nan, 0]),
        (2, [nan, inf, inf, nan, 0]),
        (inf, [nan, inf, inf, nan, 0]),
        (-inf, [nan, 1, 2, nan, 0]),
        (0, [2, 2, 2, 2, 0]),
    ):
        got = linalg.vector_norm(given, axis=1, ord=order)
        exactly(got, np.asarray(truth, real), device, order)


@each([d for d in DTYPES if kind(d) in "biu"])
def test_norms_of_integers_are_float64(dtype: DType, device: xgpu.Device) -> None:
    x = tame(dtype, (5, 4))
    given = xgpu.asarray(x, device=device)
    values = [int(v) for v in x.ravel().tolist()]
    square = sum(v * v for v in values)
    got = linalg.vector_norm(given)
    within(got, math.sqrt(square), 2e-16 * math.sqrt(square), dtypes.float64, device)
    exactly(linalg.vector_norm(given, ord=1), np.asarray(float(sum(map(abs, values)))), device)
    within(linalg.matrix_norm(given), math.sqrt(square), 2e-16 * square, dtypes.float64, device)


def matrix_truth(x: Values, order: Any) -> float:
    rows = [[mpmath.hypot(complex(v).real, complex(v).imag) for v in row] for row in x.tolist()]
    if order in ("fro", None):
        return float(mpmath.sqrt(mpmath.fsum(v * v for row in rows for v in row)))
    if order in (1, -1, math.inf, -math.inf):
        over = rows if math.isinf(order) else list(zip(*rows, strict=True))
        sums = [float(mpmath.fsum(line)) for line in over]
        return max(sums) if order > 0 else min(sums)
    matrix = mpmath.matrix([[mpmath.mpmathify(complex(v)) for v in row] for row in x.tolist()])
    values = [float(v) for v in mpmath.svd_c(matrix, compute_uv=False)]
    return {"nuc": sum(values), 2: max(values), -2: min(values)}[order]


MATRIX: Final[tuple[Any, ...]] = ("fro", None, "nuc", 1, 2, math.inf, -1, -2, -math.inf)


@each(SOLVED)
def test_matrix_norm(dtype: DType, device: xgpu.Device) -> None:
    real = dtypes.real_of(dtype)
    shapes = ((3, 4), (5, 2), (1, 1), (1, 4), (2, 1, 2, 3, 3))
    for order, shape in some(device, itertools.product(MATRIX, shapes), dtype):
        x = whole(shape, dtype, 4)
        given = xgpu.asarray(x, device=device)
        stack = x.shape[:-2]
        truth = np.asarray([matrix_truth(x[i], order) for i in np.ndindex(*stack)]).reshape(stack)
        limit = 16 * max(shape[-2:]) * epsilon(dtype) * norm(x)[..., 0, 0]
        got = linalg.matrix_norm(given, ord=order)
        within(got, truth, limit, real, device, (order, shape))
        got = linalg.matrix_norm(given, ord=order, keepdims=True)
        within(got, truth[..., None, None], limit[..., None, None], real, device, (order, shape))


@each([d for d in INEXACT if d not in SOLVED])
def test_matrix_norms_in_16_bits(dtype: DType, device: xgpu.Device) -> None:
    x = whole((2, 3, 4), dtype, 4)
    orders: tuple[Any, ...] = ("fro", 1, math.inf, -1, -math.inf)
    for order in some(device, orders, dtype):
        truth = [matrix_truth(m.astype("float64"), order) for m in x]
        got = linalg.matrix_norm(xgpu.asarray(x, device=device), ord=order)
        # Computed in float32 and rounded once.
        within(got, truth, 0.51 * epsilon(dtype) * np.asarray(truth), dtype, device, order)


@each(INEXACT)
def test_matrix_norms_of_nan(dtype: DType, device: xgpu.Device) -> None:
    x = np.ones((3, 2, 2), dtype)
    x[1, 0, 1], x[2, 1, 1] = np.nan, np.inf
    given = xgpu.asarray(x, device=device)
    real = dtypes.real_of(dtype)
    cases: list[tuple[Any, list[float]]] = [
        ("fro", [2, np.nan, np.inf]),
        (1, [2, np.nan, np.inf]),
        (math.inf, [2, np.nan, np.inf]),
        (-1, [2, np.nan, 2]),
    ]
    for order, truth in cases:
        got = linalg.matrix_norm(given, ord=order)
        exactly(got, np.asarray(truth, real), device, order)


def test_of_no_elements(device: xgpu.Device) -> None:
    for dtype in some(device, (dtypes.float32, dtypes.complex128)):
        for shape in some(device, ((0, 3), (3, 0), (2, 0, 0), (0, 2, 2)), dtype, 1):
            x = xgpu.zeros(shape, dtype=dtype, device=device)
            truth = np.zeros(shape[:-2], dtypes.real_of(dtype))
            orders: tuple[Any, ...] = ("fro", "nuc", 1, 2, math.inf)
            for order in some(device, orders, shape, 1):
                exactly(linalg.matrix_norm(x, ord=order), truth, device, (order, shape))


@each([dtypes.float32, dtypes.complex128])
def test_many_elements(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    x = tame(dtype, n)
    given = xgpu.asarray(x, device=device)
    sizes = np.abs(x.astype("complex128"))
    for order, truth in (
        (1, math.fsum(sizes)),
        (2, math.sqrt(math.fsum(sizes**2))),
        (math.inf, sizes.max()),
        (0, np.count_nonzero(sizes)),
    ):
        limit = 0 if order == 0 else 40 * epsilon(dtype) * truth
        within(linalg.vector_norm(given, ord=order), truth, limit, dtypes.real_of(dtype), device)
