"""Distinct elements and membership against loops of Python: equal is what ``==`` says."""

from __future__ import annotations

from typing import Any

import numpy as np

import xgpu
from tests.comparing import host
from tests.values.checks import (
    each,
    equal,
    exactly,
    key_of,
    large,
    some,
)
from tests.values.inputs import DTYPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType


def comparable(a: Values) -> list[Any]:
    """The elements in C order as Python numbers, which compare as those of the dtype do."""
    flat = a.ravel()
    if kind(a.dtype) == "f":
        return [float(v) for v in flat]
    return list(flat.tolist())


class Grouped:
    """The groups of equal elements in ascending order, NaN last, each by itself."""

    def __init__(self, a: Values) -> None:
        self.values = comparable(a)
        order = sorted(range(len(self.values)), key=lambda i: key_of(self.values[i], False))
        self.first: list[int] = []
        self.counts: list[int] = []
        self.inverse = [0] * len(order)
        for at, i in enumerate(order):
            # Written so that NaN, which differs from itself, begins a group.
            if at and self.values[i] == self.values[order[at - 1]]:
                self.counts[-1] += 1
                self.first[-1] = min(self.first[-1], i)
            else:
                self.first.append(i)
                self.counts.append(1)
            self.inverse[i] = len(self.first) - 1


def check(x: xgpu.Array, a: Values, device: xgpu.Device, what: object) -> None:
    truth = Grouped(a)
    expected = a.ravel()[truth.first] if truth.first else np.zeros(0, a.dtype)
    counts = np.asarray(truth.counts, "int64")
    alone = xgpu.unique_values(x)
    one, two, three = xgpu.unique_counts(x), xgpu.unique_inverse(x), xgpu.unique_all(x)
    assert one._fields == ("values", "counts")
    assert two._fields == ("values", "inverse_indices")
    assert three._fields == ("values", "indices", "inverse_indices", "counts")
    nan = np.isnan(expected) if kind(a.dtype) in "fc" else np.zeros(expected.shape, bool)
    for values in (alone, one.values, two.values, three.values):
        assert (values.shape, values.dtype, values.device) == (expected.shape, a.dtype, device), (
            what
        )
        np.testing.assert_array_equal(host(values)[~nan], expected[~nan], err_msg=str(what))
        if kind(a.dtype) in "fc":
            assert np.all(np.isnan(host(values)) == nan), what
    for got in (one.counts, three.counts):
        exactly(got, counts, device, what)
    flat = a.ravel()
    for got in (two.inverse_indices, three.inverse_indices):
        assert (got.shape, got.dtype, got.device) == (a.shape, dtypes.int64, device), what
        places = host(got).ravel()
        # Which of several NaN is which place of the last ones is open.
        numbers = np.isnan(flat) if kind(a.dtype) in "fc" else np.zeros(flat.shape, bool)
        np.testing.assert_array_equal(
            places[~numbers], np.asarray(truth.inverse, "int64")[~numbers]
        )
        assert sorted(places[numbers]) == list(np.flatnonzero(nan))
    indices = host(three.indices)
    assert (indices.dtype, indices.shape) == (np.dtype("int64"), expected.shape)
    np.testing.assert_array_equal(indices[~nan], np.asarray(truth.first, "int64")[~nan])
    assert sorted(indices) == sorted(truth.first)


@each(DTYPES)
def test_unique(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(device, ((), (0,), (1,), (9,), (40,), (5, 6), (2, 3, 4, 2), (3, 0)), dtype):
        a = random(dtype, shape)
        check(xgpu.asarray(a, device=device), a, device, shape)
        a = np.concatenate([a.ravel(), a.ravel()[::-2]])
        check(xgpu.asarray(a, device=device), a, device, (shape, "repeated"))
    same = np.full((3, 4), random(dtype, (1,))[0])
    check(xgpu.asarray(same, device=device), same, device, "one value")
    base = random(dtype, (6, 5))
    x = xgpu.asarray(base, device=device)[::-2, ::2].T
    check(x, np.ascontiguousarray(base[::-2, ::2].T), device, "a view")


@each(DTYPES)
def test_unique_special_values(dtype: DType, device: xgpu.Device) -> None:
    values = specials(dtype)
    a = np.random.default_rng(1).permutation(np.concatenate([values, values[::3]]))
    check(xgpu.asarray(a, device=device), a, device, "specials")


@each([d for d in DTYPES if kind(d) in "fc"])
def test_each_nan_counts_and_zeros_are_one(dtype: DType, device: xgpu.Device) -> None:
    nan = float("nan")
    x = xgpu.asarray(np.asarray([nan, 0.0, nan, -0.0, 1.0, nan, 0.0], dtype), device=device)
    values, indices, inverse, counts = xgpu.unique_all(x)
    equal(values, np.asarray([0, 1, nan, nan, nan], dtype), device)
    exactly(counts, np.asarray([3, 1, 1, 1, 1]), device)
    exactly(indices[:2], np.asarray([1, 4]), device)
    assert sorted(host(indices)[2:]) == [0, 2, 5]
    got = host(inverse)
    assert got[[1, 3, 6, 4]].tolist() == [0, 0, 0, 1] and sorted(got[[0, 2, 5]]) == [2, 3, 4]


@each([dtypes.int16, dtypes.complex64])
def test_unique_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device)
    a = np.random.default_rng(0).integers(-3_000, 3_000, n).astype(dtype)
    values, first, inverse, counts = np.unique(
        a, return_index=True, return_inverse=True, return_counts=True
    )
    got = xgpu.unique_all(xgpu.asarray(a, device=device))
    exactly(got.values, values, device)
    exactly(got.indices, first, device)
    exactly(got.inverse_indices, inverse, device)
    exactly(got.counts, counts, device)
    distinct = np.random.default_rng(0).permutation(n).astype("int64")
    exactly(xgpu.unique_values(xgpu.asarray(distinct, device=device)), np.arange(n), device)


# isin


def among(a: Values, b: Values) -> Values:
    others = comparable(b)
    found = [any(v == w for w in others) for v in comparable(a)]
    return np.asarray(found, bool).reshape(a.shape)


@each(DTYPES)
def test_isin(dtype: DType, device: xgpu.Device) -> None:
    cases = (((), (3,)), ((0,), (4,)), ((7,), ()), ((7,), (0,)), ((5, 6), (3, 2)),
             ((2, 3, 2, 2), (5,)), ((9,), (40,)), ((30,), (16,)), ((30,), (17,)))  # fmt: skip
    for first, second in some(device, cases, dtype):
        a, b = random(dtype, first, 1), random(dtype, second, 2)
        b.flat[: min(a.size, b.size // 2)] = a.flat[: b.size // 2]
        x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
        for invert in (False, True):
            expected = among(a, b) ^ invert
            exactly(xgpu.isin(x, y, invert=invert), expected, device, (first, second, invert))


@each(DTYPES)
def test_isin_of_special_values(dtype: DType, device: xgpu.Device) -> None:
    values = specials(dtype)
    for few in (values[::7][:12], values[::2]):
        exactly(
            xgpu.isin(xgpu.asarray(values, device=device), xgpu.asarray(few, device=device)),
            among(values, few), device, len(few),
        )  # fmt: skip


def test_isin_with_scalars(device: xgpu.Device) -> None:
    x = xgpu.asarray([[1, 2], [3, 2]], device=device)
    exactly(xgpu.isin(x, 2), np.asarray([[False, True], [False, True]]), device)
    exactly(xgpu.isin(x, 2, invert=True), np.asarray([[True, False], [True, False]]), device)
    # A scalar is 0-d, and so is the answer.
    for scalar, expected in ((2, True), (7, False)):
        exactly(xgpu.isin(scalar, x), np.asarray(expected), device)
        exactly(xgpu.isin(scalar, x, invert=True), np.asarray(not expected), device)
    exactly(xgpu.isin(1, xgpu.zeros(0, dtype=xgpu.int64, device=device)), np.asarray(False), device)
    small = xgpu.asarray([1, 2], dtype=xgpu.int8, device=device)
    exactly(xgpu.isin(small, 300), np.asarray([False, False]), device)  # as small == 300 says
    exactly(xgpu.isin(-129, small), np.asarray(False), device)


def test_isin_of_two_dtypes(device: xgpu.Device) -> None:
    a, b = np.asarray([1, 2, -3, 100], "int8"), np.asarray([2, -3, 1000, 7] * 6, "int32")
    for first, second in ((a, b), (b, a), (a, b[:3])):
        got = xgpu.isin(xgpu.asarray(first, device=device), xgpu.asarray(second, device=device))
        exactly(got, among(first, second), device)


@each([dtypes.int32, dtypes.complex64])
def test_isin_of_many(dtype: DType, device: xgpu.Device) -> None:
    n = large(device) if kind(dtype) != "c" else large(device) // 7
    a = np.random.default_rng(0).integers(-n, n, n).astype(dtype)
    b = np.random.default_rng(1).integers(-n, n, n // 3).astype(dtype)
    got = xgpu.isin(xgpu.asarray(a, device=device), xgpu.asarray(b, device=device))
    exactly(got, np.isin(a, b), device)
