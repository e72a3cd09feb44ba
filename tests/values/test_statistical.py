"""Reductions and running sums: exact integers, exactly rounded sums, fractions, and bounds.

What rounding may do to a float is bounded whatever the order of a sum: n terms are off by at most
n eps times the sum of their magnitudes (Higham, Accuracy and Stability, section 4.2). Long sums
have a tighter bound, which a plain loop would break: see `LONG`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import (
    accumulator,
    axes_of,
    each,
    epsilon,
    equal,
    exactly,
    fsum,
    keeping,
    large,
    lines,
    near_one,
    place_of,
    some,
    tame,
    wide,
    within,
    wrapped,
)
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, INTEGERS, SHAPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

INEXACT: Final = (*FLOATS, *COMPLEX)
NUMERIC: Final = (*INTEGERS, *INEXACT)
ORDERED: Final = tuple(d for d in DTYPES if kind(d) != "c")

LONG: Final = 160
"""A sum of some 10 ** 6 terms goes through no more than so many roundings: a few dozen terms one
after another, then a tree (pairwise summation in NumPy, lanes, warps and blocks on a GPU)."""

CASES: Final = tuple(s for s in SHAPES if s != ())


def every_axis(rank: int) -> list[Any]:
    pairs: list[Any] = list(itertools.combinations(range(-rank, 0), 2))
    return [None, (), *range(-rank, rank), *pairs]


def float_dtype(dtype: DType) -> DType:
    """The dtype of a mean: integers and bool in float64."""
    return dtypes.float64 if kind(dtype) in "biu" else dtype


def shaped(values: Sequence[Any], kept: tuple[int, ...]) -> Values:
    return np.asarray(
        list(values), complex if any(isinstance(v, complex) for v in values) else float
    ).reshape(kept)


# min and max


@pytest.mark.parametrize("name", ["max", "min"])
@each(ORDERED)
def test_max_and_min(name: str, dtype: DType, device: xgpu.Device) -> None:
    function = getattr(xgpu, name)
    for shape in some(device, SHAPES, (name, dtype)):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis in some(device, every_axis(len(shape)), shape, 1):
            axes = axes_of(axis, len(shape))
            if any(shape[i] == 0 for i in axes):
                with pytest.raises(ValueError, match="no elements"):
                    function(x, axis=axis)
                continue
            kept, rows = lines(a, axes)
            truth = np.asarray([row[place_of(row, name == "max")] for row in rows], dtype)
            equal(function(x, axis=axis), truth.reshape(kept), device, (shape, axis))
            got = function(x, axis=axis, keepdims=True)
            equal(got, truth.reshape(keeping(shape, axes)), device, (shape, axis))
    values = specials(dtype)
    numbers = values[~np.isnan(values)] if kind(dtype) == "f" else values
    for a in (values, numbers):
        line = [float(v) for v in a] if kind(dtype) == "f" else a.tolist()
        expected = a[place_of(line, name == "max")]
        equal(function(xgpu.asarray(a, device=device)), expected, device, "specials")


@pytest.mark.parametrize("name", ["max", "min"])
@each([dtypes.uint8, dtypes.int64, dtypes.float32])
def test_extremes_of_many(name: str, dtype: DType, device: xgpu.Device) -> None:
    a = tame(dtype, (large(device),))
    a[large(device) // 2] = 21
    x = xgpu.asarray(a, device=device)
    exactly(
        getattr(xgpu, name)(x), np.asarray(a.max() if name == "max" else a.min(), dtype), device
    )
    if kind(dtype) == "f":
        x[-1] = float("nan")
        exactly(getattr(xgpu, name)(x), np.asarray(np.nan, dtype), device)


# sum and prod


@each(DTYPES)
def test_sums(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        exact = kind(dtype) in "biu"
        a = (random if exact else tame)(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis in some(device, every_axis(len(shape)), shape, 1):
            axes = axes_of(axis, len(shape))
            kept, rows = lines(a, axes)
            target = keeping(shape, axes)
            for keepdims, place in ((False, kept), (True, target)):
                got = xgpu.sum(x, axis=axis, keepdims=keepdims)
                if exact:
                    truth = wrapped([sum(map(int, row)) for row in rows], accumulator(dtype))
                    exactly(got, truth.reshape(place), device, (shape, axis))
                else:
                    truth = shaped([fsum(row) for row in rows], place)
                    size = shaped([math.fsum(map(abs, map(complex, row))) for row in rows], place)
                    limit = epsilon(dtype) * max(len(rows[0]) if rows else 1, 1) * size
                    within(got, truth, limit, dtype, device, (shape, axis))


@each(DTYPES)
def test_products(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        exact = kind(dtype) in "biu"
        a = (random if exact else near_one)(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis in some(device, every_axis(len(shape)), shape, 1):
            axes = axes_of(axis, len(shape))
            kept, rows = lines(a, axes)
            for keepdims, place in ((False, kept), (True, keeping(shape, axes))):
                got = xgpu.prod(x, axis=axis, keepdims=keepdims)
                if exact:
                    truth = wrapped([math.prod(map(int, row)) for row in rows], accumulator(dtype))
                    exactly(got, truth.reshape(place), device, (shape, axis))
                    continue
                truth = shaped([product(row) for row in rows], place)
                limit = 3 * (max(map(len, rows), default=0) + 1) * epsilon(dtype) * np.abs(truth)
                within(got, truth, limit, dtype, device, (shape, axis))


def product(row: list[Any]) -> Any:
    """The exact product, rounded once."""
    real, imag = Fraction(1), Fraction(0)
    for value in row:
        number = complex(value)
        a, b = Fraction(number.real), Fraction(number.imag)
        real, imag = real * a - imag * b, real * b + imag * a
    return (
        complex(float(real), float(imag))
        if any(isinstance(v, complex) for v in row)
        else float(real)
    )


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod"])
def test_in_another_dtype(name: str, device: xgpu.Device) -> None:
    function = getattr(xgpu, name)
    pairs = [
        (a, b) for a, b in itertools.product(DTYPES, NUMERIC) if kind(a) != "c" or kind(b) == "c"
    ]
    for given, asked in some(device, pairs, name, 1):
        a = np.asarray([1, 0, 1], given) if kind(given) == "b" else np.asarray([1, 3, 2], given)
        numbers = [int(v.real) for v in a.astype("complex128")]
        fold = itertools.accumulate(
            numbers, (lambda p, q: p + q) if "sum" in name else (lambda p, q: p * q)
        )
        running = list(fold)
        truth = running if name.startswith("cumulative") else running[-1]
        got = function(xgpu.asarray(a, device=device), dtype=asked)
        exactly(got, np.asarray(truth).astype(asked), device, (given, asked))


@each(INTEGERS)
def test_integers_wrap(dtype: DType, device: xgpu.Device) -> None:
    info = np.iinfo(dtype)
    values = [int(info.max), int(info.max), int(info.max) - 1, int(info.min), 3, 5]
    x = xgpu.asarray(np.asarray(values, dtype), device=device)
    whole = accumulator(dtype)
    # Without a dtype, integers are widened to 64 bits before they are added.
    assert whole.itemsize == 8 and whole.kind == dtype.kind
    for target in (None, dtype):
        result = whole if target is None else dtype
        exactly(xgpu.sum(x, dtype=target), wrapped([sum(values)], result)[0], device)
        exactly(xgpu.prod(x, dtype=target), wrapped([math.prod(values)], result)[0], device)
        sums = wrapped(itertools.accumulate(values), result)
        exactly(xgpu.cumulative_sum(x, dtype=target), sums, device)
        products = wrapped(itertools.accumulate(values, lambda p, q: p * q), result)
        exactly(xgpu.cumulative_prod(x, dtype=target), products, device)


@each(DTYPES)
def test_sums_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    if kind(dtype) in "biu":
        a = random(dtype, (n,))
        x = xgpu.asarray(a, device=device)
        exactly(xgpu.sum(x), wrapped([sum(a.tolist())], accumulator(dtype))[0], device)
        rows = a[: n // 7 * 7].reshape(7, -1)
        truth = wrapped([sum(row) for row in rows.tolist()], accumulator(dtype))
        exactly(xgpu.sum(xgpu.asarray(rows, device=device), axis=1), truth, device)
        return
    a = np.abs(tame(dtype, (n,))) + dtype.type(0.125) if dtype.kind == "f" else tame(dtype, (n,))
    a = np.minimum(a, 1).astype(dtype) / dtype.type(64) if dtype.itemsize == 2 else a.astype(dtype)
    x = xgpu.asarray(a, device=device)
    size = math.fsum(np.abs(a.astype("complex128")).tolist())
    truth = fsum(a.astype("complex128").tolist())
    within(xgpu.sum(x), truth, LONG * epsilon(dtype) * size, dtype, device)
    within(xgpu.mean(x), truth / n, LONG * epsilon(dtype) * size / n, dtype, device)


# mean, var, std


@each(DTYPES)
def test_means(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, CASES, dtype):
        a = tame(dtype, shape)
        x = xgpu.asarray(a, device=device)
        result = float_dtype(dtype)
        for axis in some(device, every_axis(len(shape)), shape, 1):
            axes = axes_of(axis, len(shape))
            kept, rows = lines(a, axes)
            for keepdims, place in ((False, kept), (True, keeping(shape, axes))):
                got = xgpu.mean(x, axis=axis, keepdims=keepdims)
                assert (got.shape, got.dtype) == (place, result), (shape, axis)
                if rows and not rows[0]:
                    assert np.all(np.isnan(host(got)))
                    continue
                truth = shaped([fsum(row) / len(row) for row in rows], place)
                size = shaped([math.fsum(map(abs, map(complex, row))) for row in rows], place)
                # The sum, then the quotient; complex ones divide by way of a reciprocal.
                limit = epsilon(result) * (size + 2 * np.abs(truth))
                within(got, truth, limit, result, device, (shape, axis))


def variance(row: list[Any], correction: float) -> float:
    """Exact, rounded once; NaN where nothing is left to divide by."""
    left = Fraction(len(row)) - Fraction(correction)
    if left <= 0:
        return math.nan
    parts = [complex(v) for v in row]
    total = Fraction(0)
    for line in ([v.real for v in parts], [v.imag for v in parts]):
        numbers = [Fraction(v) for v in line]
        centre = sum(numbers, Fraction(0)) / len(numbers)
        total += sum(((v - centre) ** 2 for v in numbers), Fraction(0))
    return float(total / left)


@each(DTYPES)
def test_variances(dtype: DType, device: xgpu.Device) -> None:
    result = dtypes.real_of(float_dtype(dtype))
    eps = epsilon(result)
    for shape in some(device, CASES, dtype):
        a = tame(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis, correction in some(
            device,
            zip(every_axis(len(shape)), itertools.cycle((0, 1, 0.5, 5)), strict=False),
            shape,
            1,
        ):
            axes = axes_of(axis, len(shape))
            kept, rows = lines(a, axes)
            count = max(map(len, rows), default=0)
            truth = shaped([variance(row, correction) for row in rows], kept)
            nothing = np.isnan(truth)
            # n squares and their sum; the mean's own error comes in squared.
            size = shaped([max((abs(complex(v)) for v in row), default=0.0) for row in rows], kept)
            limit = (count + 6) * eps * np.abs(truth) + 4 * (count * eps * size) ** 2
            got, root = (f(x, axis=axis, correction=correction) for f in (xgpu.var, xgpu.std))
            for array, exact, far in ((got, truth, limit), (root, np.sqrt(truth), None)):
                assert (array.shape, array.dtype, array.device) == (kept, result, device)
                values = host(array)
                assert np.all(np.isnan(values) == nothing), (shape, axis, correction)
                if far is None:
                    safe = np.where(truth == 0, 1, truth)
                    far = np.where(truth == 0, np.sqrt(limit), limit / np.sqrt(np.abs(safe)))
                    far = far + eps * np.abs(exact)
                good = np.where(nothing, 0, wide(values) - np.where(nothing, 0, exact))
                assert np.all(np.abs(good) <= np.where(nothing, 0, far)), (shape, axis, correction)
            for f, plain in ((xgpu.var, got), (xgpu.std, root)):
                kept_axes = f(x, axis=axis, correction=correction, keepdims=True)
                exactly(kept_axes, host(plain).reshape(keeping(shape, axes)), device)


@each(FLOATS)
def test_variances_far_from_zero(dtype: DType, device: xgpu.Device) -> None:
    """Differences are taken before squares: nothing cancels."""
    offset = 1 / epsilon(dtype) / 8
    numbers = [offset + k for k in range(8)]
    a = np.asarray(numbers, dtype)
    assert [float(v) for v in a] == numbers
    for scale in (1.0, 0.25):
        x = xgpu.asarray((a * dtype.type(scale)).astype(dtype), device=device)
        truth = variance([v * scale for v in numbers], 0)
        # The mean is rounded to a multiple of scale / 8, off by up to a few of them.
        within(xgpu.var(x), truth, truth * 64 * epsilon(dtype) + scale**2, dtype, device)
    flat = xgpu.asarray(np.full(37, 2.0, dtype), device=device)
    exactly(xgpu.var(flat), np.asarray(0, dtype), device)
    exactly(xgpu.std(flat), np.asarray(0, dtype), device)


@each([dtypes.float32, dtypes.complex128, dtypes.int16])
def test_variances_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    a = tame(dtype, (n,))
    x = xgpu.asarray(a, device=device)
    result = dtypes.real_of(float_dtype(dtype))
    whole = np.asarray([(a.real * 8).astype("int64"), (np.imag(a) * 8).astype("int64")])
    squares = sum(int(v) for v in (whole**2).sum(axis=1))
    total = Fraction(squares * n - sum(int(v) ** 2 for v in whole.sum(axis=1)), 64 * n)
    truth = float(total / (n - 1))
    within(xgpu.var(x, correction=1), truth, 2 * LONG * epsilon(result) * truth, result, device)
    root = math.sqrt(float(total / n))
    within(xgpu.std(x), root, 2 * LONG * epsilon(result) * root, result, device)


# Special values


@each(FLOATS)
def test_special_values(dtype: DType, device: xgpu.Device) -> None:
    nan, inf, zero = math.nan, math.inf, -0.0
    cases = (
        ([nan, 1], nan, nan),
        ([inf, 1], inf, inf),
        ([inf, -inf], nan, -inf),
        ([-inf, -1], -inf, inf),
        ([inf, 0], inf, nan),
        ([inf, nan], nan, nan),
        ([zero, zero], 0.0, 0.0),
        ([1, zero], 1, -0.0),
    )
    for row, total, product_ in some(device, cases, dtype, 3):
        for length in (2, 300):
            # Padded with what changes nothing, so that the special values meet in a long sum.
            sums = np.asarray([*row[:1], *[0.0] * (length - 2), *row[1:]], dtype)
            products = np.asarray([*row[:1], *[1.0] * (length - 2), *row[1:]], dtype)
            x, y = xgpu.asarray(sums, device=device), xgpu.asarray(products, device=device)
            equal(xgpu.sum(x), np.asarray(total, dtype), device, row)
            equal(xgpu.prod(y), np.asarray(product_, dtype), device, row)
            if not math.isfinite(total):
                exactly(xgpu.mean(x), np.asarray(total, dtype), device, row)
                exactly(xgpu.var(x), np.asarray(nan, dtype), device, row)
                exactly(xgpu.std(x), np.asarray(nan, dtype), device, row)
            for name, line in (("cumulative_sum", sums), ("cumulative_prod", products)):
                truth = running(line, name, dtype, False)
                equal(getattr(xgpu, name)(xgpu.asarray(line, device=device)), truth, device, row)
            if device.type == "cudasim":
                break


@each(COMPLEX)
def test_complex_special_values(dtype: DType, device: xgpu.Device) -> None:
    nan, inf = math.nan, math.inf
    rows = [complex(nan, 1), complex(1, nan), complex(inf, 1), complex(1, -inf), complex(nan, inf)]
    for value in rows:
        x = xgpu.asarray(np.asarray([value, 1 + 1j, 2 - 1j], dtype), device=device)
        got = host(xgpu.sum(x))
        expected = complex(value.real + 3, value.imag)
        assert repr(complex(got)).replace("-nan", "nan") == repr(
            np.asarray(expected, dtype).item()
        ), value
        # NaN in a component is NaN in that component of the mean.
        middle = complex(host(xgpu.mean(x)))
        assert math.isnan(middle.real) or not math.isnan(value.real)
        assert math.isnan(middle.imag) or not math.isnan(value.imag)
        assert not math.isfinite(middle.real) or not math.isfinite(middle.imag)
        assert math.isnan(float(xgpu.var(x)))
        assert math.isnan(float(xgpu.std(x)))
    empty = xgpu.zeros((0, 2), dtype=dtype, device=device)
    for got in (host(xgpu.mean(empty)), *host(xgpu.mean(empty, axis=0))):
        assert math.isnan(complex(got).real) and math.isnan(complex(got).imag)


@each(DTYPES)
def test_of_no_elements(dtype: DType, device: xgpu.Device) -> None:
    x = xgpu.zeros((0, 3), dtype=dtype, device=device)
    whole, result = accumulator(dtype), float_dtype(dtype)
    cases: list[tuple[Any, Any]] = [(None, ()), (0, (3,)), (1, (0,)), ((0, 1), ())]
    for axis, shape in some(device, cases, dtype, 1):
        exactly(xgpu.sum(x, axis=axis), np.zeros(shape, whole), device)
        exactly(xgpu.prod(x, axis=axis), np.ones(shape, whole), device)
        got = xgpu.mean(x, axis=axis)
        assert (got.shape, got.dtype) == (shape, result) and np.all(np.isnan(host(got)))
        for function in (xgpu.var, xgpu.std):
            got = function(x, axis=axis)
            assert (got.shape, got.dtype) == (shape, dtypes.real_of(result))
            assert np.all(np.isnan(host(got)))
    for name in ("cumulative_sum", "cumulative_prod"):
        function = getattr(xgpu, name)
        ends = ((0, False, (0, 3)), (0, True, (1, 3)), (1, True, (0, 4)))
        for axis, initial, shape in some(device, ends, dtype, 1):
            start = 0 if name == "cumulative_sum" else 1
            got = function(x, axis=axis, include_initial=initial)
            exactly(got, np.full(shape, start, whole), device, (name, axis, initial))


# Running sums and products


def running(a: Values, name: str, dtype: DType, initial: bool, axis: int = 0) -> Values:
    """Successive application of an addition or multiplication of the dtype."""
    rows = np.moveaxis(a.astype(dtype), axis, 0)
    last = np.full(rows.shape[1:], 0 if name == "cumulative_sum" else 1, dtype)
    made = [last] if initial else []
    with np.errstate(all="ignore"):
        for number, row in enumerate(rows):
            if number == 0:
                last = row
            else:
                last = (last + row if name == "cumulative_sum" else last * row).astype(dtype)
            made.append(last)
    return np.moveaxis(np.asarray(made, dtype).reshape(len(made), *rows.shape[1:]), 0, axis)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@each(DTYPES)
def test_running(name: str, dtype: DType, device: xgpu.Device) -> None:
    function, whole = getattr(xgpu, name), accumulator(dtype)
    for shape in some(device, ((1,), (9,), (37,), (5, 7), (3, 1, 4), (2, 3, 4, 5)), (name, dtype)):
        floats = near_one if name == "cumulative_prod" else tame
        a = (random if kind(dtype) in "biu" else floats)(dtype, shape)
        x = xgpu.asarray(a, device=device)
        both = itertools.product(range(-a.ndim, a.ndim), (False, True))
        for axis, initial in some(device, both, shape, 1):
            got = function(x, axis=axis, include_initial=initial)
            if kind(dtype) in "biu":
                with np.errstate(all="ignore"):
                    truth = running(a, name, whole, initial, axis)
                exactly(got, truth, device, (shape, axis, initial))
                continue
            truth = running(wide(a), name, wide(a).dtype, initial, axis)
            n = shape[axis]
            size = running(np.abs(wide(a)), name, np.dtype(np.longdouble), initial, axis)
            limit = (3 if dtype.kind == "c" else 1) * (n + 1) * epsilon(dtype) * size
            within(got, truth, limit, dtype, device, (shape, axis, initial))
        if a.ndim == 1:
            assert function(x).shape == shape
    a = tame(dtype, (6, 5))
    x = xgpu.asarray(a, device=device)[::-1, ::2].T
    truth = running(
        np.ascontiguousarray(a[::-1, ::2].T),
        "cumulative_sum",
        wide(a).dtype if kind(dtype) in "fc" else whole,
        False,
    )
    got = xgpu.cumulative_sum(x, axis=0)
    np.testing.assert_array_equal(
        wide(host(got)), wide(truth)
    )  # small multiples of 1/8 add up exactly


@each([dtypes.bool_, dtypes.int16, dtypes.uint64, dtypes.float32, dtypes.complex128])
def test_running_over_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    if kind(dtype) in "biu":
        a = random(dtype, (n,))
        whole = accumulator(dtype)
        truth = wrapped_sums(a, whole)
        exactly(xgpu.cumulative_sum(xgpu.asarray(a, device=device)), truth, device)
        odd = (random(dtype, (n,)) | dtype.type(1)) if kind(dtype) != "b" else np.ones(n, dtype)
        with np.errstate(all="ignore"):
            truth = np.multiply.accumulate(odd.astype(whole))
        exactly(xgpu.cumulative_prod(xgpu.asarray(odd, device=device)), truth, device)
        return
    a = tame(dtype, (n,))
    got = host(xgpu.cumulative_sum(xgpu.asarray(a, device=device)))
    scaled = np.cumsum((a.real * 8).astype("int64")), np.cumsum((np.imag(a) * 8).astype("int64"))
    # Sums of multiples of 1/8 below 2 ** 21 are exact in every dtype here, in any order.
    assert max(np.abs(s).max() for s in scaled) < 2**24
    assert np.all(got.real == scaled[0] / 8) and np.all(np.imag(got) == scaled[1] / 8)
    noise = np.random.default_rng(0).random(n).astype(dtype)
    got = host(xgpu.cumulative_sum(xgpu.asarray(noise, device=device)))
    exact = np.add.accumulate(noise.astype(np.clongdouble if dtype.kind == "c" else np.longdouble))
    # A scan may go from one end to the other: the errors then add up like a walk at random.
    limit = 8 * epsilon(dtype) * np.sqrt(np.arange(1, n + 1)) * np.abs(exact)
    assert np.all(np.abs(got - exact) <= limit)


def wrapped_sums(a: Values, whole: DType) -> Values:
    """Sums of Python integers, modulo the dtype."""
    bits, low = 8 * whole.itemsize, -(2 ** (8 * whole.itemsize - 1)) if whole.kind == "i" else 0
    return np.asarray(
        [(v - low) % 2**bits + low for v in itertools.accumulate(map(int, a.tolist()))], whole
    )
