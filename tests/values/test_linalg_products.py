"""Cross and outer products, diagonals, traces and powers: exact integers, and bounds for floats."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import (
    accumulator,
    each,
    epsilon,
    equal,
    exactly,
    some,
    tame,
    wide,
    within,
    wrapped,
)
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, INTEGERS, random
from tests.values.matrices import SOLVED, definite, floats, inverse, norm, product, whole
from tests.values.ulp import Values, kind
from xgpu import linalg
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

INEXACT: Final = (*FLOATS, *COMPLEX)
NUMERIC: Final = (*INTEGERS, *INEXACT)


def as_dtype(values: Values, dtype: DType) -> Values:
    """Python integers in an array of objects, modulo the dtype."""
    values = np.asarray(values, object)
    return wrapped(values.ravel().tolist(), dtype).reshape(values.shape)


VECTORS: Final = (
    ((3,), (3,), -1),
    ((4, 3), (3,), -1),
    ((2, 1, 3), (4, 3), -1),
    ((3, 4), (3, 4), -2),
    ((3, 4), (2, 3, 1), -2),
    ((2, 3, 2, 5), (2, 3, 2, 5), -3),
    ((0, 3), (3,), -1),
)


@each(NUMERIC)
def test_cross(dtype: DType, device: xgpu.Device) -> None:
    for first, second, axis in some(device, VECTORS, dtype):
        exact = kind(dtype) in "iu"
        a, b = (
            (random if exact else tame)(dtype, first, 1),
            (random if exact else tame)(dtype, second, 2),
        )
        got = linalg.cross(
            xgpu.asarray(a, device=device), xgpu.asarray(b, device=device), axis=axis
        )
        u, v = (np.moveaxis(m.astype(object) if exact else wide(m), axis, -1) for m in (a, b))
        shape = np.broadcast_shapes(u.shape, v.shape)
        truth, size = np.empty(shape, u.dtype), np.empty(shape, u.dtype)
        for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
            truth[..., k] = u[..., i] * v[..., j] - u[..., j] * v[..., i]
            size[..., k] = abs(u[..., i] * v[..., j]) + abs(u[..., j] * v[..., i])
        truth, size = np.moveaxis(truth, -1, axis), np.moveaxis(size, -1, axis)
        if exact:
            exactly(got, as_dtype(truth, dtype), device, (first, second))
        else:  # two products and a difference, each within an eps (complex products within three)
            within(got, truth, 4 * epsilon(dtype) * np.abs(size), dtype, device, (first, second))


@each([d for d in NUMERIC if kind(d) != "u"])
def test_cross_of_unit_vectors(dtype: DType, device: xgpu.Device) -> None:
    x, y, z = (xgpu.asarray(row, device=device) for row in np.eye(3, dtype=dtype))
    equal(linalg.cross(x, y), host(z), device)
    equal(linalg.cross(y, x), -host(z), device)
    equal(linalg.cross(y, z), host(x), device)
    equal(linalg.cross(x, x), np.zeros(3, dtype), device)


@each(NUMERIC)
def test_outer(dtype: DType, device: xgpu.Device) -> None:
    for n, m in some(device, ((3, 4), (1, 1), (0, 3), (3, 0), (40, 37)), dtype):
        exact = kind(dtype) in "iu"
        a, b = ((random if exact else tame)(dtype, k, k) for k in (n, m))
        got = linalg.outer(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
        if exact:
            whole_ones = wrapped([int(u) * int(v) for u in a for v in b], dtype)
            exactly(got, whole_ones.reshape(n, m), device, (n, m))
        else:
            truth = np.asarray([[u * v for v in wide(b)] for u in wide(a)]).reshape(n, m)
            within(got, truth, 2 * epsilon(dtype) * np.abs(truth), dtype, device, (n, m))
    x = np.asarray([np.nan, np.inf, -0.0, 1], "float64")
    got = linalg.outer(xgpu.asarray(x, device=device), xgpu.asarray(x[::-1].copy(), device=device))
    with np.errstate(invalid="ignore"):
        exactly(got, np.asarray([[u * v for v in x[::-1]] for u in x]), device)


@each(DTYPES)
def test_diagonal_and_trace(dtype: DType, device: xgpu.Device) -> None:
    shapes = ((3, 4), (4, 3), (1, 1), (2, 1, 3, 5), (0, 3), (2, 3, 0))
    for shape in some(device, shapes, dtype):
        a = tame(dtype, shape)
        rows, columns = shape[-2:]
        given = xgpu.asarray(a, device=device)
        for offset in some(device, (0, 1, -1, 2, -3, 9), (dtype, shape), 1):
            places = [(i, i + offset) for i in range(rows) if 0 <= i + offset < columns]
            truth = np.empty((*shape[:-2], len(places)), dtype)
            for k, (i, j) in enumerate(places):
                truth[..., k] = a[..., i, j]
            exactly(linalg.diagonal(given, offset=offset), truth, device, (shape, offset))
            got = linalg.trace(given, offset=offset)
            total = accumulator(dtype)
            if kind(dtype) in "biu":
                exactly(
                    got, as_dtype(truth.astype(object).sum(axis=-1), total), device, (shape, offset)
                )
            else:
                size = np.sum(np.abs(wide(truth)), axis=-1)
                within(got, np.sum(wide(truth), axis=-1), 4 * epsilon(dtype) * size, total, device)


@each(INTEGERS)
def test_trace_wraps_in_the_dtype_asked_for(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (2, 6, 7), 3)
    given = xgpu.asarray(a, device=device)
    sums = [sum(int(v) for v in np.diagonal(m)) for m in a]
    exactly(linalg.trace(given), wrapped(sums, accumulator(dtype)), device)
    exactly(linalg.trace(given, dtype=dtype), wrapped(sums, dtype), device)
    small = xgpu.asarray(tame(dtype, (6, 6)), device=device)
    truth = float(sum(int(v) for v in np.diagonal(tame(dtype, (6, 6)))))
    exactly(linalg.trace(small, dtype=xgpu.float32), np.asarray(truth, "float32"), device)


def test_a_diagonal_is_a_view(device: xgpu.Device) -> None:
    a = np.arange(60.0).reshape(3, 4, 5)
    x = xgpu.asarray(a, device=device)
    linalg.diagonal(x[:, ::-1, 1:], offset=1)[...] = -1.0
    for i, j in ((3, 2), (2, 3), (1, 4)):
        a[:, i, j] = -1
    exactly(x, a, device)


@each(INTEGERS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 10, 31])
def test_powers_of_integers_wrap(n: int, dtype: DType, device: xgpu.Device) -> None:
    a = whole((2, 3, 3), dtype, 1, 4)
    truth = []
    for matrix in a.astype(object):
        power = np.eye(3, dtype="int64").astype(object)
        for _ in range(n):
            power = power @ matrix
        truth.append(power)
    got = linalg.matrix_power(xgpu.asarray(a, device=device), n)
    exactly(got, as_dtype(np.asarray(truth), dtype), device)


@each(SOLVED)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, 7])
def test_matrix_power(n: int, dtype: DType, device: xgpu.Device) -> None:
    for shape in ((3, 3), (1, 1), (2, 1, 3, 4, 4), (0, 2, 2), (0, 0)):
        a = definite(shape, dtype)
        got = linalg.matrix_power(xgpu.asarray(a, device=device), n)
        identity = np.broadcast_to(np.eye(shape[-1], dtype=dtype), shape)
        truth = product(identity, *[a] * n)
        limit = 2 * n * (shape[-1] + 2) * epsilon(dtype) * norm(a) ** n
        within(got, truth, limit, dtype, device, shape)


@each(SOLVED)
@pytest.mark.parametrize("n", [-1, -2, -3])
def test_negative_matrix_power(n: int, dtype: DType, device: xgpu.Device) -> None:
    matrix = [[2, 1, 0], [1, 3, 1], [0, 1, 2]]
    exact = [[Fraction(int(i == j)) for j in range(3)] for i in range(3)]
    once = inverse(matrix)
    for _ in range(-n):
        exact = [[sum((a * b for a, b in zip(row, col, strict=True)), Fraction(0))
                  for col in zip(*once, strict=True)] for row in exact]  # fmt: skip
    got = linalg.matrix_power(xgpu.asarray(np.asarray(matrix, dtype), device=device), n)
    within(got, floats(exact), -n * 64 * epsilon(dtype), dtype, device)


def test_negative_powers_of_integers_are_floats(device: xgpu.Device) -> None:
    x: Any = xgpu.asarray([[1, 1], [1, 0]], device=device)
    equal(linalg.matrix_power(x, -1), np.asarray([[0.0, 1.0], [1.0, -1.0]]), device)
    assert linalg.matrix_power(x, -2).dtype is dtypes.float64
