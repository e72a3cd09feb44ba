"""Sorting along an axis against Python's stable `sorted`, NaN last in either direction."""

from __future__ import annotations

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values.checks import (
    each,
    exactly,
    key_of,
    large,
    some,
)
from tests.values.inputs import DTYPES, random, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType


def order_of(line: Values, descending: bool) -> list[int]:
    """The indices that sort a line, equal elements in their order."""
    values = list(line)
    return sorted(range(len(values)), key=lambda i: key_of(values[i], descending))


def truths(a: Values, axis: int, descending: bool) -> tuple[Values, Values]:
    """The sorted array, and the indices."""
    turned = np.moveaxis(a, axis, -1)
    order = np.empty(turned.shape, "int64")
    for place in np.ndindex(*turned.shape[:-1]):
        order[place] = order_of(turned[place], descending)
    return (
        np.moveaxis(np.take_along_axis(turned, order, -1), -1, axis),
        np.moveaxis(order, -1, axis),
    )


def ordered_alike(got: Values, expected: Values) -> None:
    """Equal up to the signs of zeros and the places of NaN among themselves."""
    if kind(got.dtype) == "f":  # NumPy does not know bfloat16 for a number
        got, expected = got.astype("float64"), expected.astype("float64")
    np.testing.assert_array_equal(got, expected)


def check(x: xgpu.Array, a: Values, axis: int, device: xgpu.Device, what: object) -> None:
    for descending in (False, True):
        values, order = truths(a, axis, descending)
        # NaN with different components are not told apart by the standard: compare the rest.
        got = xgpu.sort(x, axis=axis, descending=descending)
        found = xgpu.argsort(x, axis=axis, descending=descending)
        if kind(a.dtype) == "c" and np.any(np.isnan(a)):
            last = np.isnan(values)
            assert got.dtype is a.dtype and found.dtype is dtypes.int64
            np.testing.assert_array_equal(np.isnan(host(got)), last)
            np.testing.assert_array_equal(host(got)[~last], values[~last])
            np.testing.assert_array_equal(host(found)[~last], order[~last])
        else:
            exactly(got, values, device, (what, axis, descending))
            exactly(found, order, device, (what, axis, descending, "argsort"))
        free = xgpu.sort(x, axis=axis, descending=descending, stable=False)
        index = xgpu.argsort(x, axis=axis, descending=descending, stable=False)
        assert index.dtype is dtypes.int64
        if kind(a.dtype) != "c":
            ordered_alike(host(free), values)
            ordered_alike(np.take_along_axis(a, host(index), axis), values)


@each(DTYPES)
def test_axes(dtype: DType, device: xgpu.Device) -> None:
    for shape in some(
        device, ((0,), (1,), (7,), (37,), (5, 6), (3, 1, 4), (2, 3, 4, 5), (3, 0, 2)), dtype
    ):
        a = random(dtype, shape)
        a = np.concatenate([a, a[: max(1, shape[0] // 2)]]) if shape[0] > 1 else a  # repetitions
        x = xgpu.asarray(a, device=device)
        for axis in some(device, range(-a.ndim, a.ndim), shape, 1):
            check(x, a, axis, device, shape)
    a = random(dtype, (6, 5, 4))
    x = xgpu.asarray(a, device=device)[::-1, ::2, ::-1]
    check(x, np.ascontiguousarray(a[::-1, ::2, ::-1]), 0, device, "negative steps")
    check(
        xgpu.permute_dims(x, (2, 0, 1)),
        np.ascontiguousarray(a[::-1, ::2, ::-1].transpose(2, 0, 1)),
        -1,
        device,
        "turned",
    )


@each(DTYPES)
def test_special_values(dtype: DType, device: xgpu.Device) -> None:
    values = specials(dtype)
    for seed in (0, 1):
        a = np.random.default_rng(seed).permutation(np.concatenate([values, values]))
        check(xgpu.asarray(a, device=device), a, 0, device, "specials")


@each([d for d in DTYPES if kind(d) == "f"])
def test_zeros_keep_their_order_and_nan_comes_last(dtype: DType, device: xgpu.Device) -> None:
    nan, inf = float("nan"), float("inf")
    a = np.asarray([0.0, -0.0, nan, -1.0, -0.0, inf, -nan, 0.0, -inf, 1.0], dtype)
    x = xgpu.asarray(a, device=device)
    exactly(xgpu.argsort(x), np.asarray([8, 3, 0, 1, 4, 7, 9, 5, 2, 6]), device)
    exactly(xgpu.argsort(x, descending=True), np.asarray([5, 9, 0, 1, 4, 7, 3, 8, 2, 6]), device)
    exactly(
        xgpu.sort(x), np.asarray([-inf, -1, 0.0, -0.0, -0.0, 0.0, 1, inf, nan, nan], dtype), device
    )
    expected = np.asarray([inf, 1, 0.0, -0.0, -0.0, 0.0, -1, -inf, nan, nan], dtype)
    exactly(xgpu.sort(x, descending=True), expected, device)


@each([dtypes.int8, dtypes.uint8, dtypes.int64, dtypes.uint64, dtypes.bool_])
def test_limits_descending(dtype: DType, device: xgpu.Device) -> None:
    low, high = (False, True) if kind(dtype) == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    a = np.asarray([low, high, low, high, 0, 1, high], dtype)
    x = xgpu.asarray(a, device=device)
    check(x, a, 0, device, "limits")
    exactly(xgpu.argsort(x, descending=True)[:3], np.asarray([1, 3, 5 if high == 1 else 6]), device)


def test_complex_nan_comes_last(device: xgpu.Device) -> None:
    nan = float("nan")
    for dtype in (dtypes.complex64, dtypes.complex128):
        a = np.asarray([complex(1, nan), 2 + 1j, complex(nan, 0), 2 - 1j, -3 + 0j], dtype)
        x = xgpu.asarray(a, device=device)
        up, down = (xgpu.argsort(x, descending=d) for d in (False, True))
        exactly(up[:3], np.asarray([4, 3, 1]), device)
        exactly(down[:3], np.asarray([1, 3, 4]), device)


def test_a_sorted_array_is_a_copy(device: xgpu.Device) -> None:
    for a in (np.asarray([2.0]), np.zeros((0, 2)), np.ones((2, 1))):
        x = xgpu.asarray(a, device=device)
        y = xgpu.sort(x)
        y[...] = 9.0
        exactly(x, a, device)
    for bad in (1, -2):
        with pytest.raises(IndexError):
            xgpu.sort(xgpu.ones(3, device=device), axis=bad)
        with pytest.raises(IndexError):
            xgpu.argsort(xgpu.ones(3, device=device), axis=bad)


@each([dtypes.int8, dtypes.float32])
def test_many_elements(dtype: DType, device: xgpu.Device) -> None:
    a = random(dtype, (large(device),))
    x = xgpu.asarray(a, device=device)
    # By NumPy, whose own order of NaN and stability `sorted` confirms at small sizes above.
    order = np.argsort(a, stable=True)
    exactly(xgpu.argsort(x), order, device)
    exactly(xgpu.sort(x), a[order], device)
    keys = -a if kind(dtype) == "f" else ~a
    down = np.argsort(keys, stable=True)
    exactly(xgpu.argsort(x, descending=True), down, device)
    exactly(xgpu.sort(x, descending=True), a[down], device)
    rows = a[: a.size // 100 * 100].reshape(100, -1)
    turned = np.take_along_axis(rows, np.argsort(rows, axis=0, stable=True), 0)
    exactly(xgpu.sort(xgpu.asarray(rows, device=device), axis=0), turned, device)
