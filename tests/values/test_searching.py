"""What finds elements, against loops and `bisect` of Python."""

from __future__ import annotations

import bisect
import itertools
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.values.checks import (
    axes_of,
    each,
    exactly,
    keeping,
    large,
    lines,
    place_of,
    some,
)
from tests.values.inputs import DTYPES, INTEGERS, SHAPE_PAIRS, SHAPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

ORDERED = [d for d in DTYPES if kind(d) != "c"]


def folds(a: Values) -> list[tuple[Any, tuple[int, ...]]]:
    """Every axis, none and all, as arguments and in order."""
    given: list[Any] = [None, *range(-a.ndim, a.ndim)]
    return [(axis, axes_of(axis, a.ndim)) for axis in given]


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@each(ORDERED)
def test_argmax_and_argmin(name: str, dtype: DType, device: xgpu.Device) -> None:
    function = getattr(xgpu, name)
    for shape in some(device, SHAPES, (name, dtype)):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        for axis, axes in some(device, folds(a), shape, 1):
            if any(shape[i] == 0 for i in axes):
                with pytest.raises(ValueError, match="no elements"):
                    function(x, axis=axis)
                continue
            kept, rows = lines(a, axes)
            truth = np.asarray([place_of(row, name == "argmax") for row in rows], "int64")
            exactly(function(x, axis=axis), truth.reshape(kept), device, (shape, axis))
            got = function(x, axis=axis, keepdims=True)
            exactly(got, truth.reshape(keeping(shape, axes)), device, (shape, axis))
    a = random(dtype, (6, 5))
    x = xgpu.asarray(a, device=device)[::-1, ::2].T
    turned = np.ascontiguousarray(a[::-1, ::2].T)
    for axis, axes in some(device, folds(turned), name, 1):
        kept, rows = lines(turned, axes)
        truth = np.asarray([place_of(row, name == "argmax") for row in rows], "int64")
        exactly(function(x, axis=axis), truth.reshape(kept), device, ("a view", axis))


@each(ORDERED)
def test_extremes_of_special_values(dtype: DType, device: xgpu.Device) -> None:
    values = specials(dtype)
    numbers = values[~np.isnan(values)] if kind(dtype) == "f" else values
    for seed, given in enumerate((values, numbers, np.concatenate([numbers, numbers]))):
        a = np.random.default_rng(seed).permutation(given)
        x = xgpu.asarray(a, device=device)
        line = [float(v) for v in a] if kind(dtype) == "f" else a.tolist()
        exactly(xgpu.argmax(x), np.asarray(place_of(line, True)), device)
        exactly(xgpu.argmin(x), np.asarray(place_of(line, False)), device)
    if kind(dtype) == "f":
        nan, inf = np.nan, np.inf
        for row, most, least in (
            ([-inf, -inf], 0, 0),
            ([inf, inf, 1], 0, 2),
            ([-0.0, 0.0], 0, 0),
            ([0.0, -0.0], 0, 0),
            ([1, nan, inf, nan], 1, 1),
            ([-inf, 3, nan], 2, 2),
        ):
            x = xgpu.asarray(np.asarray(row, dtype), device=device)
            exactly(xgpu.argmax(x), np.asarray(most), device, row)
            exactly(xgpu.argmin(x), np.asarray(least), device, row)


@each(DTYPES)
def test_count_nonzero(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, SHAPES, dtype):
        a = random(dtype, shape)
        x = xgpu.asarray(a, device=device)
        pairs: list[Any] = list(itertools.combinations(range(-len(shape), 0), 2))
        given = [None, (), *range(-len(shape), len(shape)), *pairs]
        for axis in some(device, given, shape, 1):
            axes = axes_of(axis, len(shape))
            kept, rows = lines(a, axes)
            truth = np.asarray([sum(1 for v in row if v != 0) for row in rows], "int64")
            exactly(xgpu.count_nonzero(x, axis=axis), truth.reshape(kept), device, (shape, axis))
            got = xgpu.count_nonzero(x, axis=axis, keepdims=True)
            exactly(got, truth.reshape(keeping(shape, axes)), device, (shape, axis))
    values = specials(dtype)
    expected = sum(1 for v in values if v != 0)
    exactly(xgpu.count_nonzero(xgpu.asarray(values, device=device)), np.asarray(expected), device)


@each(DTYPES)
def test_nonzero(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, [s for s in SHAPES if s], dtype):
        a = random(dtype, shape)
        a.flat[::3] = 0
        for x, seen in (
            (xgpu.asarray(a, device=device), a),
            (xgpu.flip(xgpu.asarray(a, device=device)), np.flip(a)),
        ):
            found = [place for place in np.ndindex(*shape) if seen[place] != 0]
            got = xgpu.nonzero(x)
            assert type(got) is tuple and len(got) == len(shape)
            for k, places in enumerate(got):
                exactly(places, np.asarray([p[k] for p in found], "int64"), device, shape)
    values = specials(dtype)
    (found_in,) = xgpu.nonzero(xgpu.asarray(values, device=device))
    exactly(found_in, np.asarray([i for i, v in enumerate(values) if v != 0], "int64"), device)
    with pytest.raises(ValueError, match="0-d"):
        xgpu.nonzero(xgpu.asarray(values[0], device=device))


# searchsorted


def key(value: Any) -> tuple[bool, Any]:
    """NaN is the largest."""
    return (True, 0) if value != value else (False, value)


def numbers(a: Values) -> list[Any]:
    return [float(v) for v in a.ravel()] if kind(a.dtype) == "f" else a.ravel().tolist()


@pytest.mark.parametrize("side", ["left", "right"])
@each(ORDERED)
def test_searchsorted(side: Any, dtype: DType, device: xgpu.Device) -> None:
    find = bisect.bisect_left if side == "left" else bisect.bisect_right
    for count, shape in some(
        device, itertools.product((0, 1, 2, 37), ((), (0,), (9,), (2, 3, 1, 2))), dtype
    ):
        line, a = random(dtype, (count,), 1), random(dtype, shape, 2)
        line = np.concatenate([line, a.ravel()[:3], specials(dtype)[::5]]) if count > 1 else line
        values = numbers(line)
        order = sorted(range(len(values)), key=lambda i: key(values[i]))
        keys = [key(values[i]) for i in order]
        truth = np.asarray([find(keys, key(v)) for v in numbers(a)], "int64").reshape(shape)
        x, y = xgpu.asarray(line, device=device), xgpu.asarray(a, device=device)
        ascending = xgpu.asarray(line[order] if order else line, device=device)
        exactly(xgpu.searchsorted(ascending, y, side=side), truth, device, (count, shape))
        for index in (dtypes.int64, dtypes.int16):
            sorter = xgpu.asarray(np.asarray(order, index), device=device)
            got = xgpu.searchsorted(x, y, side=side, sorter=sorter)
            exactly(got, truth, device, (count, shape, "sorter"))
    values_of = specials(dtype)
    ordered = np.asarray(sorted(numbers(values_of), key=key), dtype)
    truth = np.asarray(
        [find([key(v) for v in numbers(ordered)], key(v)) for v in numbers(values_of)]
    )
    got = xgpu.searchsorted(
        xgpu.asarray(ordered, device=device), xgpu.asarray(values_of, device=device), side=side
    )
    exactly(got, truth, device, "specials")


def test_searchsorted_views_scalars_and_dtypes(device: xgpu.Device) -> None:
    x = xgpu.asarray([9, 7, 5, 3, 1], device=device)[::-1]
    exactly(xgpu.searchsorted(x, 5), np.asarray(2), device)
    exactly(xgpu.searchsorted(x, 5, side="right"), np.asarray(3), device)
    exactly(xgpu.searchsorted(x, -100), np.asarray(0), device)
    exactly(xgpu.searchsorted(x, 5.5), np.asarray(3), device)
    y = xgpu.asarray([0.5, 9.0, 100.0], dtype=xgpu.float32, device=device)
    exactly(xgpu.searchsorted(x, y[::-1]), np.asarray([5, 4, 0]), device)
    small = xgpu.asarray([1, 2, 3], dtype=xgpu.int8, device=device)
    exactly(
        xgpu.searchsorted(small, xgpu.asarray([300], dtype=xgpu.int16, device=device)),
        np.asarray([3]),
        device,
    )
    exactly(xgpu.searchsorted(small, 2), np.asarray(1), device)


# where


@each(DTYPES)
def test_where(dtype: DType, device: xgpu.Device) -> None:
    for first, second in some(device, SHAPE_PAIRS, dtype):
        for third in some(device, ((), first, second), dtype, 1):
            a, b = random(dtype, first, 1), random(dtype, second, 2)
            c = random(dtypes.bool_, third, 3)
            shape = np.broadcast_shapes(first, second, third)
            wide = [np.broadcast_to(m, shape) for m in (c, a, b)]
            expected = np.empty(shape, dtype)
            for at in np.ndindex(*shape):
                expected[at] = wide[1][at] if wide[0][at] else wide[2][at]
            got = xgpu.where(*(xgpu.asarray(m, device=device) for m in (c, a, b)))
            exactly(got, expected, device, (first, second, third))


def test_where_promotes(device: xgpu.Device) -> None:
    condition = xgpu.asarray([True, False], device=device)
    pairs = list(itertools.product(DTYPES, repeat=2))
    for first, second in some(device, pairs):
        x, y = (xgpu.asarray(np.asarray([1, 1], d), device=device) for d in (first, second))
        expected = np.ones(2, xgpu.result_type(first, second))
        exactly(xgpu.where(condition, x, y), expected, device, (first, second))


@each(DTYPES)
def test_where_with_scalars(dtype: DType, device: xgpu.Device) -> None:
    condition = xgpu.asarray([True, False, True], device=device)
    a = random(dtype, (3,))
    x = xgpu.asarray(a, device=device)
    letter = kind(dtype)
    scalars: list[Any] = [True] if letter == "b" else [0, 1]
    scalars += [-0.0, 1.5, float("nan"), float("inf"), 3] if letter in "fc" else []
    scalars += [1 - 2j] if letter == "c" else []
    for scalar in some(device, scalars, dtype, 1):
        value = np.asarray(scalar).astype(dtype)
        expected = a.copy()
        expected[1] = value
        exactly(xgpu.where(condition, x, scalar), expected, device, scalar)
        expected = np.asarray([value, a[1], value], dtype)
        exactly(xgpu.where(condition, scalar, x), expected, device, scalar)
    if letter in "iu":
        beyond = int(np.iinfo(dtype).max) + 1
        for call in (
            lambda: xgpu.where(condition, x, beyond),
            lambda: xgpu.where(condition, beyond, x),
        ):
            with pytest.raises(OverflowError):
                call()  # type: ignore[no-untyped-call]
    exactly(xgpu.where(condition, 1, 2), np.asarray([1, 2, 1]), device)


# Many elements


@each([dtypes.int8, dtypes.float32])
def test_many_elements(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    a = random(dtype, (n,))
    a = np.where(np.isnan(a), dtype.type(3), a) if kind(dtype) == "f" else a
    x = xgpu.asarray(a, device=device)
    exactly(xgpu.argmax(x), np.asarray(int(np.flatnonzero(a == a.max())[0])), device)
    exactly(xgpu.argmin(x), np.asarray(int(np.flatnonzero(a == a.min())[0])), device)
    exactly(xgpu.count_nonzero(x), np.asarray(int((a != 0).sum())), device)
    (places,) = xgpu.nonzero(x)
    exactly(places, np.arange(n)[a != 0], device)
    last = a.copy()
    last[n - 1] = last[n // 2] = a.max()
    last[last == a.max()] = 0
    last[n - 1] = a.max()
    exactly(xgpu.argmax(xgpu.asarray(last, device=device)), np.asarray(n - 1), device)
    ordered = np.sort(a)
    wanted = a[: n // 3]
    got = xgpu.searchsorted(
        xgpu.asarray(ordered, device=device), xgpu.asarray(wanted, device=device)
    )
    exactly(got, np.searchsorted(ordered, wanted), device)
    condition = a > np.flip(a)
    got = xgpu.where(xgpu.asarray(condition, device=device), x, xgpu.flip(x))
    exactly(
        got,
        np.maximum(a, np.flip(a)) if kind(dtype) != "f" else np.where(condition, a, np.flip(a)),
        device,
    )


def test_integer_dtypes_of_results(device: xgpu.Device) -> None:
    for dtype in some(device, INTEGERS, most=1):
        x = xgpu.ones((2, 2), dtype=dtype, device=device)
        for got in (xgpu.argmax(x), xgpu.argmin(x), xgpu.count_nonzero(x), *xgpu.nonzero(x)):
            assert got.dtype is dtypes.int64
