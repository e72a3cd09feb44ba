"""Products of matrices and vectors: Python integers modulo the dtype, and bounds on float sums."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import xgpu
from tests.comparing import host
from tests.values.checks import (
    close,
    each,
    epsilon,
    equal,
    exactly,
    large,
    some,
    tame,
    wide,
    within,
    wrapped,
)
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, INTEGERS, random
from tests.values.matrices import normal, whole
from tests.values.ulp import Values, kind
from xgpu import linalg
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

INEXACT: Final = (*FLOATS, *COMPLEX)
NUMERIC: Final = (*INTEGERS, *INEXACT)

PAIRS: Final = (
    ((5,), (5,)),
    ((1,), (1,)),
    ((5,), (5, 3)),
    ((4, 5), (5,)),
    ((4, 5), (5, 3)),
    ((1, 1), (1, 1)),
    ((17, 33), (33, 18)),
    ((5,), (2, 3, 5, 2)),
    ((2, 3, 4, 5), (5,)),
    ((2, 3, 4, 5), (5, 2)),
    ((4, 5), (2, 3, 5, 2)),
    ((2, 1, 4, 5), (3, 5, 2)),
    ((2, 1, 1, 5), (1, 3, 5, 1)),
    ((4, 0), (0, 3)),
    ((0, 4), (4, 3)),
    ((0,), (0,)),
    ((3, 0, 4, 5), (5, 2)),
    ((0,), (0, 3)),
)


def terms(a: Values, b: Values) -> float:
    """How many roundings an element of ``a @ b`` goes through, whatever the order of the sum.

    Higham, Accuracy and Stability, section 3.5: n for a real sum of n products, and for a complex
    one, whose products are sums of two, n + 2 with a factor of sqrt(2).
    """
    return float(a.shape[-1] + 2) * (1.5 if "c" in (a.dtype.kind, b.dtype.kind) else 1.0)


def product_bound(a: Values, b: Values, dtype: DType) -> Any:
    return terms(a, b) * epsilon(dtype) * np.matmul(np.abs(wide(a)), np.abs(wide(b)))


@each(INEXACT)
def test_matmul(dtype: DType, device: xgpu.Device) -> None:
    for first, second in some(device, PAIRS, dtype):
        a, b = normal(first, dtype, 1), normal(second, dtype, 2)
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        truth = np.matmul(wide(a), wide(b))
        for got in (xgpu.matmul(x, y), x @ y, linalg.matmul(x, y)):
            within(got, truth, product_bound(a, b, dtype), dtype, device, (first, second))


@each(INTEGERS)
def test_matmul_of_integers_wraps(dtype: DType, device: xgpu.Device) -> None:
    for first, second in some(device, PAIRS, dtype):
        a, b = random(dtype, first, 1), random(dtype, second, 2)
        truth = np.asarray(np.matmul(a.astype(object), b.astype(object)), dtype=object)
        expected = wrapped(truth.ravel().tolist(), dtype).reshape(truth.shape)
        got = xgpu.asarray(a, device=device) @ xgpu.asarray(b, device=device)
        exactly(got, expected, device, (first, second))


@each(NUMERIC)
def test_small_whole_numbers_are_exact(dtype: DType, device: xgpu.Device) -> None:
    a, b = whole((3, 6, 7), dtype, 1, 3), whole((7, 5), dtype, 2, 3)
    exact = np.matmul(a.astype("complex128"), b.astype("complex128"))
    truth = exact.astype(dtype) if dtype.kind == "c" else exact.real.astype(dtype)
    x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
    equal(x @ y, truth, device)
    equal(y.T @ x.mT, np.swapaxes(truth, -1, -2), device)
    equal(xgpu.tensordot(x, y, axes=1), truth, device)
    equal(x[::-1, ::-2, ::-1] @ y[::-1, ::2], truth[::-1, ::-2, ::2], device)


@each(INEXACT)
def test_nan_and_infinity_stay_in_their_row(dtype: DType, device: xgpu.Device) -> None:
    a, b = np.ones((4, 3), dtype), np.ones((3, 5), dtype)
    a[1, 2] = np.nan
    a[2, 0], a[3, 0], a[3, 1] = np.inf, np.inf, -np.inf
    got = host(xgpu.asarray(a, device=device) @ xgpu.asarray(b, device=device))
    assert np.all(np.isnan(got[1])) and np.all(np.isnan(got[3]))
    assert np.all(got[0] == 3)
    # (inf + 0j) * (1 + 0j) has a NaN among its parts, which a library may spread over both.
    assert np.all(np.isposinf(got[2]) if dtype.kind == "f" else ~np.isfinite(got[2]))
    b[:, 1], b[2, 3] = 0, np.nan
    got = host(xgpu.asarray(a, device=device) @ xgpu.asarray(b, device=device))
    assert np.all(np.isnan(got[:, 3]))
    assert np.all(np.isnan(got[1:, 1])) and got[0, 1] == 0  # inf * 0 is NaN


@each([dtypes.int8, dtypes.uint64, dtypes.float16, dtypes.float32, dtypes.complex128])
def test_matmul_of_many(dtype: DType, device: xgpu.Device) -> None:
    shape = (64, 40, 60) if device.type == "cudasim" else (600, 1_700, 20)
    if kind(dtype) in "iu" and device.type == "cpu":
        shape = (200, 5_100, 8)
    a, b = whole(shape[:2], dtype, 1, 2), whole(shape[1:], dtype, 2, 2)
    got = xgpu.asarray(a, device=device) @ xgpu.asarray(b, device=device)
    exact = np.matmul(a.astype("complex128"), b.astype("complex128"))
    if kind(dtype) in "iu":
        truth = wrapped(exact.real.ravel().astype("int64").tolist(), dtype)
        exactly(got, truth.reshape(exact.shape), device)
    else:
        within(got, exact, product_bound(a, b, dtype), dtype, device)
        if dtype.itemsize >= 4:  # every partial sum is a whole number below 2 ** 24
            assert np.all(host(got) == exact)


def test_matmul_promotes(device: xgpu.Device) -> None:
    a, b = whole((3, 4), dtypes.int8, 1, 3), normal((4, 2), dtypes.complex128)
    for first, second, result in (
        (dtypes.int8, dtypes.int16, dtypes.int16),
        (dtypes.uint8, dtypes.int8, dtypes.int16),
        (dtypes.float32, dtypes.float64, dtypes.float64),
        (dtypes.float32, dtypes.complex64, dtypes.complex64),
        (dtypes.float64, dtypes.complex64, dtypes.complex128),
    ):
        x = xgpu.asarray(a.astype(first), device=device)
        y = xgpu.asarray(
            b.real.astype(second) if second.kind != "c" else b.astype(second), device=device
        )
        for got in (x @ y, xgpu.tensordot(x, y, axes=1)):
            assert (got.dtype, got.shape) == (result, (3, 2))
        truth = host(x).astype("complex128") @ host(y).astype("complex128")
        close(host(x @ y), truth, 1e-5)
    got = xgpu.vecdot(x, y.T[:, :4][:1])
    assert (got.dtype, got.shape) == (dtypes.complex128, (3,))


# vecdot


VECTORS: Final = (
    ((5,), (5,), -1),
    ((4, 5), (5,), -1),
    ((5,), (2, 3, 5), -1),
    ((2, 1, 5), (3, 5), -1),
    ((5, 4), (5, 4), -2),
    ((5, 4), (3, 5, 1), -2),
    ((2, 5, 3, 2), (2, 5, 3, 2), -3),
    ((0,), (0,), -1),
    ((3, 0), (3, 0), -1),
    ((0, 3), (3,), -1),
    ((1, 7, 1, 7), (7, 1, 7), -1),
)


@each(NUMERIC)
def test_vecdot(dtype: DType, device: xgpu.Device) -> None:
    for first, second, axis in some(device, VECTORS, dtype):
        a, b = tame(dtype, first, 1), tame(dtype, second, 2)
        rows, columns = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        for got in (xgpu.vecdot(x, y, axis=axis), linalg.vecdot(x, y, axis=axis)):
            if kind(dtype) in "iu":
                truth = np.sum(rows.astype(object) * columns.astype(object), axis=-1)
                truth = np.asarray(truth, object)
                expected = wrapped(truth.ravel().tolist(), dtype).reshape(truth.shape)
                exactly(got, expected, device, (first, second))
                continue
            truth = np.sum(np.conj(wide(rows)) * wide(columns), axis=-1)
            size = np.sum(np.abs(wide(rows)) * np.abs(wide(columns)), axis=-1)
            within(
                got,
                truth,
                terms(rows, columns) * epsilon(dtype) * size,
                dtype,
                device,
                (first, second),
            )


@each(INEXACT)
def test_vecdot_conjugates_the_first(dtype: DType, device: xgpu.Device) -> None:
    if dtype.kind == "c":
        x = xgpu.asarray(np.asarray([1 + 2j, 3j], dtype), device=device)
        y = xgpu.asarray(np.asarray([2 - 1j, 1 + 1j], dtype), device=device)
        exactly(xgpu.vecdot(x, y), np.asarray(3 - 8j, dtype), device)
        exactly(xgpu.vecdot(y, x), np.asarray(3 + 8j, dtype), device)
        exactly(xgpu.matmul(x, y), np.asarray((4 + 3j) + (-3 + 3j), dtype), device)
        exactly(xgpu.tensordot(x, y, axes=1), np.asarray(1 + 6j, dtype), device)
    x = xgpu.asarray(np.asarray([[np.nan, 1], [np.inf, 1], [2, 1]], dtype), device=device)
    got = host(xgpu.vecdot(x, xgpu.ones(2, dtype=dtype, device=device)))
    assert np.isnan(got[0]) and np.isposinf(got[1].real) and got[2] == 3


@each([dtypes.float32, dtypes.complex128, dtypes.int16])
def test_vecdot_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    a, b = whole((n,), dtype, 1, 1), whole((n,), dtype, 2, 1)
    exact = np.sum(np.conj(a.astype("complex128")) * b)
    truth = exact if dtype.kind == "c" else exact.real
    expected = np.asarray(wrapped([int(truth)], dtype)[0]) if dtype.kind == "i" else truth
    got = xgpu.vecdot(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
    equal(got, np.asarray(expected, dtype), device)


# tensordot


def contraction(a: Values, b: Values, left: tuple[int, ...], right: tuple[int, ...]) -> Values:
    """The sum over pairs of axes by definition, an element at a time."""
    left, right = tuple(i % a.ndim for i in left), tuple(i % b.ndim for i in right)
    free1 = [i for i in range(a.ndim) if i not in left]
    free2 = [i for i in range(b.ndim) if i not in right]
    turned1 = np.transpose(a, (*free1, *left))
    turned2 = np.transpose(b, (*free2, *right))
    shape1, shape2 = turned1.shape[: len(free1)], turned2.shape[: len(free2)]
    result = np.zeros(shape1 + shape2, a.dtype)
    for i in np.ndindex(*shape1):
        for j in np.ndindex(*shape2):
            result[i + j] = np.sum(turned1[i] * turned2[j])
    return result


CONTRACTIONS: Final[tuple[tuple[tuple[int, ...], tuple[int, ...], Any], ...]] = (
    ((3, 4, 5), (4, 5, 2), 2),
    ((3, 4), (4, 2), 1),
    ((3,), (2, 2), 0),
    ((3, 4), (3, 4), 2),
    ((2, 3, 4), (4, 3, 5), ((1, 2), (1, 0))),
    ((2, 3, 4), (4, 3, 5), ((-2, -1), (-2, -3))),
    ((2, 3, 4, 2), (2, 2), ((0, 3), (1, 0))),
    ((2, 3), (3, 2), ((), ())),
    ((2, 0, 3), (0, 4), ((1,), (0,))),
    ((0, 3), (3, 2), 1),
    ((), (), 0),
    ((), (3,), 0),
)


@each(NUMERIC)
def test_tensordot(dtype: DType, device: xgpu.Device) -> None:
    for first, second, axes in some(device, CONTRACTIONS, dtype):
        a, b = tame(dtype, first, 1), tame(dtype, second, 2)
        left, right = axes if isinstance(axes, tuple) else (
            tuple(range(len(first) - axes, len(first))), tuple(range(axes)))  # fmt: skip
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        for function in some(device, (xgpu.tensordot, linalg.tensordot)):
            got = function(x, y, axes=axes)
            if kind(dtype) in "iu":
                truth = contraction(a.astype(object), b.astype(object), left, right)
                expected = wrapped(truth.ravel().tolist(), dtype).reshape(truth.shape)
                exactly(got, expected, device, (first, second, axes))
            else:
                truth = contraction(wide(a), wide(b), left, right)
                size = contraction(np.abs(wide(a)), np.abs(wide(b)), left, right)
                count = int(np.prod([first[i] for i in left])) + 3
                limit = 1.5 * count * epsilon(dtype) * size
                within(got, truth, limit, dtype, device, (first, second, axes))


def test_default_axes_of_tensordot(device: xgpu.Device) -> None:
    a, b = np.arange(24.0).reshape(2, 3, 4), np.arange(24.0).reshape(3, 4, 2)
    got = xgpu.tensordot(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
    exactly(got, contraction(a, b, (1, 2), (0, 1)), device)


# matrix_transpose


@each(DTYPES)
def test_matrix_transpose(dtype: DType, device: xgpu.Device) -> None:
    for shape in ((3, 4), (1, 5), (2, 3, 4, 5), (0, 3), (2, 3, 0)):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        expected = np.empty((*shape[:-2], shape[-1], shape[-2]), dtype)
        for i in np.ndindex(*shape):
            expected[(*i[:-2], i[-1], i[-2])] = a[i]
        for got in (xgpu.matrix_transpose(x), linalg.matrix_transpose(x), x.mT):
            exactly(got, expected, device, shape)
    y = xgpu.matrix_transpose(x := xgpu.asarray(random(dtype, (2, 3)), device=device))
    y[0, 1] = x[0, 0]  # a view: the write is seen through the other
    exactly(x[1, 0], host(x)[0, 0], device)
