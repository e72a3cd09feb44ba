"""Finding and choosing elements, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample

AXES = [None, 0, 1, -1]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", [d for d in ALL if d.kind != "c"], ids=str)
def test_argmax_and_argmin(dtype: np.dtype[Any], axis: int | None, keepdims: bool) -> None:
    x = sample(dtype, (5, 4))
    for name in ("argmax", "argmin"):
        expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
        function = getattr(xgpu, name)
        same(function(xgpu.asarray(x), axis=axis, keepdims=keepdims), expected)
        turned = np.ascontiguousarray(x[::-1].T)
        expected = getattr(np, name)(turned, axis=axis, keepdims=keepdims)
        same(function(xgpu.asarray(x)[::-1].T, axis=axis, keepdims=keepdims), expected)


def test_the_first_of_equal_elements_and_of_nan(device: xgpu.Device) -> None:
    x = np.asarray([[1.0, 3.0, 3.0], [np.nan, 9.0, np.nan], [-0.0, 0.0, -1.0]], dtype="float32")
    given = xgpu.asarray(x, device=device)
    same(xgpu.argmax(given, axis=1), np.argmax(x, axis=1))
    same(xgpu.argmin(given, axis=0), np.argmin(x, axis=0))
    same(xgpu.argmax(given), np.argmax(x))


def test_of_one_and_of_no_elements() -> None:
    same(xgpu.argmax(xgpu.asarray(3.0)), np.asarray(0))
    same(xgpu.argmin(xgpu.asarray(3), keepdims=True), np.asarray(0))
    same(xgpu.argmax(xgpu.zeros((0, 3)), axis=1), np.zeros(0, "int64"))
    for axis in (None, 0):
        with pytest.raises(ValueError, match=r"argmin\(\) of no elements: shape \(0, 3\)"):
            xgpu.argmin(xgpu.zeros((0, 3)), axis=axis)


def test_argmax_refuses() -> None:
    with pytest.raises(TypeError, match="complex128"):
        xgpu.argmax(xgpu.asarray([1j]))
    with pytest.raises(TypeError, match="complex128"):
        xgpu.argmax(xgpu.asarray(1j))
    with pytest.raises(IndexError, match="axis 1 is out of bounds"):
        xgpu.argmax(xgpu.ones(2), axis=1)
    with pytest.raises(TypeError, match="axis must be an integer"):
        xgpu.argmax(xgpu.ones((2, 2)), axis=(0, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("axis", [*AXES, (0, 1), ()])
def test_count_nonzero(dtype: np.dtype[Any], axis: Any) -> None:
    x = sample(dtype, (5, 4))
    expected = np.asarray(np.count_nonzero(x, axis=axis)).astype("int64")
    same(xgpu.count_nonzero(xgpu.asarray(x), axis=axis), expected)
    kept = xgpu.count_nonzero(xgpu.asarray(x), axis=axis, keepdims=True)
    same(kept, np.count_nonzero(x, axis=axis, keepdims=True).astype("int64"))


def test_count_nonzero_of_nothing_and_of_nan() -> None:
    same(xgpu.count_nonzero(xgpu.zeros((0, 2)), axis=0), np.asarray([0, 0]))
    same(xgpu.count_nonzero(xgpu.asarray([float("nan"), -0.0])), np.asarray(1))
    same(xgpu.count_nonzero(xgpu.asarray([1j, 0j])), np.asarray(1))


@pytest.mark.parametrize("first", ALL, ids=str)
@pytest.mark.parametrize("second", ALL, ids=str)
def test_where(first: np.dtype[Any], second: np.dtype[Any]) -> None:
    mask = sample(np.dtype("bool"), (2, 1, 4))
    x, y = sample(first), sample(second, (4,), seed=1)
    got = xgpu.where(xgpu.asarray(mask), xgpu.asarray(x), xgpu.asarray(y))
    same(got, np.where(mask, x, y))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_where_with_scalars(dtype: np.dtype[Any]) -> None:
    mask, x = sample(np.dtype("bool")), sample(dtype, seed=1)
    given, other = xgpu.asarray(mask), xgpu.asarray(x)
    for value in (True, 1, 2.5, 1j):
        kind = "biufc".index(np.result_type(type(value)).kind)
        if kind <= "biufc".index(dtype.kind) or (kind < 2 and dtype.kind == "u"):
            met = np.where(mask, x, dtype.type(value))
            same(xgpu.where(given, other, value), met)
            same(xgpu.where(~given, value, other), met)
    assert xgpu.where(given, 1j, other).dtype == np.result_type(x, 1j)
    numpys: Any = np.float32(1)
    assert xgpu.where(given, other, numpys).dtype == np.result_type(dtype, np.float32)


def test_where_with_two_scalars(device: xgpu.Device) -> None:
    mask = xgpu.asarray([True, False], device=device)
    scalars: list[Any] = [True, 3, 0.5, 1j, np.float32(2), np.int8(4)]
    for first in scalars:
        for second in scalars:
            got = xgpu.where(mask, first, second)
            assert got.device is device
            same(got, np.where([True, False], first, second))


def test_where_on_each_device(device: xgpu.Device) -> None:
    x = xgpu.arange(6, device=device)
    got = xgpu.where(x > 2, x, -1.5)
    assert got.device is device
    same(got, np.asarray([-1.5, -1.5, -1.5, 3, 4, 5]))


@pytest.mark.parametrize(
    ("args", "error", "said"),
    [
        ((xgpu.ones, xgpu.ones, xgpu.ones), TypeError, "condition of dtype bool: got float64"),
        ((True, xgpu.ones, xgpu.ones), TypeError, "bool"),
        ((xgpu.zeros, None, 2.0), TypeError, "NoneType"),
        ((xgpu.zeros, xgpu.ones, "1"), TypeError, "str"),
        ((xgpu.zeros, xgpu.ones, None), TypeError, "NoneType"),
    ],
)
def test_where_refuses(args: tuple[Any, ...], error: type[Exception], said: str) -> None:
    made = [a(2, dtype=xgpu.bool) if a is xgpu.zeros else a(2) if callable(a) else a for a in args]
    with pytest.raises(error, match=said):
        xgpu.where(*made)


def test_where_refuses_overflow_and_shapes() -> None:
    mask = xgpu.zeros(3, dtype=xgpu.bool)
    with pytest.raises(OverflowError, match="300"):
        xgpu.where(mask, xgpu.ones(3, dtype=xgpu.uint8), 300)
    with pytest.raises(ValueError, match="broadcast"):
        xgpu.where(mask, xgpu.ones(2), 0.0)


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("shape", [(7,), (0,), (3, 4), (2, 0, 3), (2, 3, 1, 4)], ids=str)
def test_nonzero(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    a = sample(dtype, shape)
    x = xgpu.asarray(a)
    for ours, theirs in ((x, a), (x[::-1], a[::-1]), (x[..., ::2].mT if a.ndim > 1 else x, None)):
        if theirs is None:
            theirs = np.swapaxes(a[..., ::2], -1, -2) if a.ndim > 1 else a
        found, expected = xgpu.nonzero(ours), np.nonzero(theirs)
        assert isinstance(found, tuple) and len(found) == a.ndim
        for one, other in zip(found, expected, strict=True):
            same(one, other)


def test_nonzero_of_special_values_and_of_many() -> None:
    line = np.asarray([0.0, -0.0, np.nan, np.inf, 5e-324])
    same(xgpu.nonzero(xgpu.asarray(line))[0], np.asarray([2, 3, 4]))
    pair = np.asarray([0j, complex(0, -0.0), 1j, complex(np.nan, 0), 2])
    same(xgpu.nonzero(xgpu.asarray(pair))[0], np.asarray([2, 3, 4]))
    for value in (0, 1):
        whole = np.full((2, 3), value)
        for one, other in zip(xgpu.nonzero(xgpu.asarray(whole)), np.nonzero(whole), strict=True):
            same(one, other)
    large = np.random.default_rng(0).integers(0, 3, (1100, 1000))
    for one, other in zip(xgpu.nonzero(xgpu.asarray(large)), np.nonzero(large), strict=True):
        same(one, other)
    with pytest.raises(ValueError, match="at least one axis"):
        xgpu.nonzero(xgpu.asarray(1))
    with pytest.raises(TypeError, match=r"nonzero\(\) takes an xgpu array"):
        xgpu.nonzero([1])  # type: ignore[arg-type]


def belongs(line: Any, values: Any, side: str) -> Any:
    """How many of ``line`` come before each value; NaN comes after all numbers."""

    def before(a: Any, b: Any) -> bool:
        if b != b:
            return side == "right" or a == a
        return bool(a < b or (side == "right" and a == b))

    flat = [sum(before(a, b) for a in line.tolist()) for b in values.reshape(-1).tolist()]
    return np.asarray(flat, "int64").reshape(values.shape)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", [d for d in ALL if d.kind != "c"], ids=str)
def test_searchsorted(dtype: np.dtype[Any], side: Any) -> None:
    line = np.sort(sample(dtype, (9,)))
    x1 = xgpu.asarray(line)
    for shape in ((), (0,), (6,), (3, 4), (2, 1, 3, 2)):
        values = sample(dtype, shape, seed=1)
        got = xgpu.searchsorted(x1, xgpu.asarray(values), side=side)
        same(got, belongs(line, values, side))
    turned = xgpu.asarray(sample(dtype, (3, 4), seed=1))[::-1, ::2].T
    view = xgpu.asarray(line[::-1].copy())[::-1]
    expected = belongs(line, sample(dtype, (3, 4), seed=1)[::-1, ::2].T, side)
    same(xgpu.searchsorted(view, turned, side=side), expected)
    none = xgpu.searchsorted(x1[:0], xgpu.asarray(line), side=side)
    same(none, np.zeros(9, "int64"))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_special_values(side: Any) -> None:
    line = np.asarray([-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan, np.nan])
    values = np.asarray([np.nan, np.inf, 0.0, -0.0, -np.inf, 0.5])
    got = xgpu.searchsorted(xgpu.asarray(line), xgpu.asarray(values), side=side)
    same(got, belongs(line, values, side))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_of_scalars_and_other_dtypes(side: Any) -> None:
    line = np.asarray([1, 2, 2, 4], "int16")
    x1 = xgpu.asarray(line)
    for value in (0, 2, 2.5, 9, -1.0):
        same(xgpu.searchsorted(x1, value, side=side), belongs(line, np.asarray(value), side))
    values = np.asarray([1.5, 2.0], "float32")
    same(xgpu.searchsorted(x1, xgpu.asarray(values), side=side), belongs(line, values, side))
    assert int(xgpu.searchsorted(xgpu.asarray([0.5, 1.5], dtype=xgpu.float32), 1)) == 1
    with pytest.raises(OverflowError, match="300"):
        xgpu.searchsorted(xgpu.ones(2, dtype=xgpu.uint8), 300)


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_searchsorted_with_a_sorter(dtype: str) -> None:
    line = sample(np.dtype("float64"), (12,))
    values = sample(np.dtype("float64"), (5,), seed=1)
    order = np.argsort(line)
    sorter = xgpu.asarray(order.astype(dtype))
    got = xgpu.searchsorted(xgpu.asarray(line), xgpu.asarray(values), sorter=sorter)
    same(got, belongs(line[order], values, "left"))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x: xgpu.searchsorted(x[None], x), ValueError, r"1-d x1: got shape \(1, 3\)"),
        (lambda x: xgpu.searchsorted(x, x, side="middle"), ValueError, "'left' or 'right'"),  # type: ignore[arg-type]
        (lambda x: xgpu.searchsorted(x * 1j, x), TypeError, "complex128"),
        (lambda x: xgpu.searchsorted(x, 1j), TypeError, "complex128"),  # type: ignore[arg-type]
        (lambda x: xgpu.searchsorted(x, [1]), TypeError, "list"),  # type: ignore[arg-type]
        (lambda x: xgpu.searchsorted([1], x), TypeError, "list"),  # type: ignore[arg-type]
        (lambda x: xgpu.searchsorted(x, x, sorter=x), TypeError, "integer dtype: got float64"),
        (
            lambda x: xgpu.searchsorted(x, x, sorter=xgpu.arange(2)),
            ValueError,
            r"got \(2,\) for \(3,\)",
        ),
        (
            lambda x: xgpu.searchsorted(x, x, sorter=xgpu.arange(1, 4)),
            IndexError,
            "index 3 is out of bounds",
        ),
    ],
)
def test_searchsorted_refuses(call: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call(xgpu.ones(3))
