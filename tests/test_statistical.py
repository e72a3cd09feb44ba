"""Reductions against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, FLOATS, host, same, sample

AXES: list[Any] = [None, 0, 2, -2, (0, 2), (1, -1), (0, 1, 2), ()]
REAL = [d for d in ALL if d.kind != "c"]
NUMERIC = [d for d in ALL if d.kind != "b"]


def both(name: str, x: Any, rtol: float = 0.0, **arguments: Any) -> None:
    """The same reduction on both sides, of an array and of a turned view of it."""
    turned = np.ascontiguousarray(x[::-1, :, ::2])
    for a, b in ((x, xgpu.asarray(x)), (turned, xgpu.asarray(x)[::-1, :, ::2])):
        same(getattr(xgpu, name)(b, **arguments), getattr(np, name)(a, **arguments), rtol)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var"])
def test_axes(name: str, axis: Any, keepdims: bool) -> None:
    x = sample(np.dtype("float64"), (3, 2, 4))
    rtol = 0.0 if name in ("max", "min") else 1e-14
    both(name, x, rtol, axis=axis, keepdims=keepdims)


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var"])
def test_dtypes(name: str, dtype: np.dtype[Any]) -> None:
    x = sample(dtype, (3, 2, 4))
    if name in ("max", "min") and dtype.kind == "c":
        with pytest.raises(TypeError, match=rf"{name}\(\) does not take dtype {dtype}"):
            getattr(xgpu, name)(xgpu.asarray(x))
        return
    exact = (dtype.kind in "biu" and name not in ("mean", "std", "var")) or name in ("max", "min")
    fine = np.finfo(dtype).eps * 8 if dtype.kind in "fc" else 1e-14
    for axis in (None, 1):
        both(name, x, 0.0 if exact else float(fine), axis=axis)


@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var"])
def test_each_device(name: str, device: xgpu.Device) -> None:
    for dtype in (np.dtype("float32"), np.dtype("int16")):
        x = sample(dtype, (4, 3, 5))
        given = xgpu.asarray(x, device=device)
        for axis in (None, 0, (1, 2)):
            got = getattr(xgpu, name)(given, axis=axis)
            assert got.device is device
            same(got, getattr(np, name)(x, axis=axis), rtol=1e-5)


@pytest.mark.parametrize("name", ["sum", "prod"])
@pytest.mark.parametrize("given", NUMERIC, ids=str)
@pytest.mark.parametrize("asked", NUMERIC, ids=str)
def test_sum_and_prod_in_another_dtype(
    name: str, given: np.dtype[Any], asked: np.dtype[Any]
) -> None:
    x = np.ones((3, 4), given) + np.asarray([1, 0, 1, 0]).astype(given)
    function = getattr(xgpu, name)
    if given.kind == "c" and asked.kind != "c":
        with pytest.raises(TypeError, match=rf"{name}\(\) of {given} cannot give {asked}"):
            function(xgpu.asarray(x), dtype=asked)
        return
    for axis in (0, None, ()):
        expected = getattr(np, name)(x, axis=axis, dtype=asked)
        same(function(xgpu.asarray(x), axis=axis, dtype=asked), expected)


def test_integers_wrap_in_the_accumulators_dtype() -> None:
    x = np.full(3, 2**62)
    same(xgpu.sum(xgpu.asarray(x)), np.sum(x))
    y = np.full(300, 200, "uint8")
    same(xgpu.sum(xgpu.asarray(y)), np.sum(y))
    same(xgpu.sum(xgpu.asarray(y), dtype=xgpu.uint8), np.sum(y, dtype="uint8"))
    same(xgpu.sum(xgpu.asarray(y > 0)), np.asarray(300))


def test_of_no_elements() -> None:
    x = xgpu.zeros((0, 3))
    same(xgpu.sum(x), np.asarray(0.0))
    same(xgpu.sum(x, axis=0), np.zeros(3))
    same(xgpu.prod(x, axis=0, keepdims=True), np.ones((1, 3)))
    same(xgpu.sum(x, axis=1), np.zeros(0))
    same(xgpu.max(x, axis=1), np.zeros(0))
    for name in ("mean", "var", "std"):
        same(getattr(xgpu, name)(x), np.asarray(np.nan))
        same(getattr(xgpu, name)(x, axis=0), np.full(3, np.nan))
        same(getattr(xgpu, name)(x, axis=1), np.zeros(0))
    for name in ("max", "min"):
        for axis in (None, 0, (0, 1)):
            with pytest.raises(ValueError, match=rf"{name}\(\) of no elements: shape \(0, 3\)"):
                getattr(xgpu, name)(x, axis=axis)


@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var"])
def test_of_a_scalar(name: str) -> None:
    for x in (np.asarray(3.0), np.asarray(2, "int8")):
        for keepdims in (False, True):
            got = getattr(xgpu, name)(xgpu.asarray(x), keepdims=keepdims)
            same(got, getattr(np, name)(x, keepdims=keepdims))


def test_results_do_not_share_memory_with_the_operand() -> None:
    for name in ("max", "min", "sum", "prod"):
        x = xgpu.asarray([1.0, 2.0])
        y = getattr(xgpu, name)(x, axis=())
        y += 1.0
        same(x, np.asarray([1.0, 2.0]))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_nan_and_infinity(dtype: np.dtype[Any], device: xgpu.Device) -> None:
    x = np.asarray([[1.0, np.nan, 3.0], [np.inf, -np.inf, 1.0], [np.inf, 1.0, 2.0]], dtype)
    given = xgpu.asarray(x, device=device)
    for name in ("max", "min", "sum", "prod", "mean"):
        with np.errstate(all="ignore"):
            same(getattr(xgpu, name)(given, axis=1), getattr(np, name)(x, axis=1))


@pytest.mark.parametrize("correction", [0, 1, 2.5, -1])
@pytest.mark.parametrize("axis", [None, 0, (0, 2)])
def test_correction(correction: float, axis: Any) -> None:
    x = sample(np.dtype("float64"), (4, 2, 3))
    for name in ("var", "std"):
        got = getattr(xgpu, name)(xgpu.asarray(x), axis=axis, correction=correction)
        same(got, getattr(np, name)(x, axis=axis, ddof=correction), rtol=1e-14)


@pytest.mark.parametrize("correction", [2, 3])
def test_a_correction_that_leaves_no_degrees_of_freedom(correction: int) -> None:
    x = xgpu.asarray([[1.0, 2.0], [3.0, 3.0]])
    for name in ("var", "std"):
        got = getattr(xgpu, name)(x, axis=1, correction=correction)
        same(got, np.asarray([np.nan, np.nan]))


def test_variance_far_from_zero_does_not_cancel() -> None:
    x = np.asarray([1e9 + i for i in range(10)])
    same(xgpu.var(xgpu.asarray(x)), np.asarray(8.25))
    same(xgpu.var(xgpu.asarray(x) + 1e9 * 1j), np.asarray(8.25))


def test_complex_variance_is_real() -> None:
    x = sample(np.dtype("complex64"), (3, 5))
    got = xgpu.var(xgpu.asarray(x), axis=1)
    same(got, np.var(x, axis=1), rtol=1e-6)
    assert got.dtype == xgpu.float32


@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var"])
def test_refused(name: str) -> None:
    function = getattr(xgpu, name)
    x = xgpu.ones((2, 3))
    with pytest.raises(IndexError, match="axis 2 is out of bounds for array of dimension 2"):
        function(x, axis=2)
    with pytest.raises(IndexError, match="axis 0"):
        function(xgpu.asarray(1.0), axis=0)
    with pytest.raises(ValueError, match="duplicate"):
        function(x, axis=(1, -1))
    with pytest.raises(TypeError, match="axis must be an integer"):
        function(x, axis=0.5)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes an xgpu array: got list"):
        function([1.0])
    with pytest.raises(TypeError, match=r"xgpu\.asarray"):
        function(np.ones(2))


def test_sum_refuses_a_dtype_of_another_kind() -> None:
    with pytest.raises(TypeError, match="bool"):
        xgpu.sum(xgpu.ones(2), dtype=xgpu.bool)
    with pytest.raises(TypeError, match="longdouble|float128"):
        xgpu.sum(xgpu.ones(2), dtype=np.dtype("longdouble"))


def test_the_same_bits_again(device: xgpu.Device) -> None:
    rng = np.random.default_rng(1)
    x = xgpu.asarray(rng.standard_normal(10_007).astype("float32"), device=device)
    first = [float(xgpu.sum(x)), float(xgpu.mean(x * 2.0)), float(xgpu.std(x))]
    assert [float(xgpu.sum(x)), float(xgpu.mean(x * 2.0)), float(xgpu.std(x))] == first
    np.testing.assert_allclose(first[0], np.sum(host(x).astype("float64")), rtol=1e-4)


def accumulated(name: str, x: Any, axis: int, dtype: Any, include_initial: bool) -> Any:
    """Successive application along an axis, one slice at a time."""
    moved = np.moveaxis(x.astype(dtype), axis, 0)
    last = np.full(moved.shape[1:], 0 if name == "cumulative_sum" else 1, dtype)
    slices = [last] if include_initial else []
    for part in moved:
        with np.errstate(all="ignore"):
            last = last + part if name == "cumulative_sum" else last * part
        slices.append(last.astype(dtype))
    result = np.stack(slices) if slices else moved
    return np.moveaxis(result, 0, axis)


def default_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype({"b": "int64", "i": "int64", "u": "uint64"}.get(dtype.kind, dtype))


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_dtypes(name: str, dtype: np.dtype[Any], initial: bool) -> None:
    function, wide = getattr(xgpu, name), default_of(dtype)
    fine = float(np.finfo(dtype).eps) * 8 if dtype.kind in "fc" else 0.0
    for shape in ((6,), (2, 5), (3, 2, 4, 2)):
        a = sample(dtype, shape)
        x = xgpu.asarray(a)
        for axis in range(-len(shape), len(shape)):
            got = function(x, axis=axis, include_initial=initial)
            same(got, accumulated(name, a, axis, wide, initial), fine)
        turned = np.ascontiguousarray(a[::-1].T)
        got = function(xgpu.permute_dims(x[::-1], tuple(range(x.ndim))[::-1]), axis=0)
        same(got, accumulated(name, turned, 0, wide, False), fine)
    same(function(x[0, 0, 0]), accumulated(name, a[0, 0, 0], 0, wide, False), fine)


@pytest.mark.parametrize("asked", NUMERIC, ids=str)
@pytest.mark.parametrize("given", ["int8", "uint16", "float32", "bool"])
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_in_another_dtype(name: str, given: str, asked: np.dtype[Any]) -> None:
    a = np.asarray([1, 0, 1, 1], given) if given == "bool" else np.asarray([1, 3, 2, 1], given)
    got = getattr(xgpu, name)(xgpu.asarray(a), dtype=asked, include_initial=True)
    same(got, accumulated(name, a, 0, asked, True))


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_special_values_and_nothing(name: str) -> None:
    function = getattr(xgpu, name)
    for line in ([1.0, np.inf, -np.inf, 1.0], [np.nan, 1.0], [-0.0, -0.0], [1e308, 1e308, -1.0]):
        a = np.asarray(line)
        got, expected = function(xgpu.asarray(a)), accumulated(name, a, 0, "float64", False)
        if name == "cumulative_sum" and line[0] == 0:
            expected = a  # a sum of negative zeros is one
        same(got, expected)
        np.testing.assert_array_equal(np.signbit(host(got)[:2]), np.signbit(expected[:2]))
    for shape in ((0,), (0, 3), (3, 0)):
        for axis in range(len(shape)):
            for initial in (False, True):
                got = function(xgpu.ones(shape), axis=axis, include_initial=initial)
                same(got, accumulated(name, np.ones(shape), axis, "float64", initial))
    wrapped = xgpu.asarray(np.full(3, 100, "uint8"))
    same(function(wrapped, dtype=xgpu.uint8), accumulated(name, host(wrapped), 0, "uint8", False))


def test_cumulative_of_many() -> None:
    a = np.random.default_rng(0).integers(-9, 9, 1_100_000)
    same(xgpu.cumulative_sum(xgpu.asarray(a)), np.cumsum(a))


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_refuses(name: str) -> None:
    function = getattr(xgpu, name)
    with pytest.raises(ValueError, match="needs an axis for an array of 2 axes"):
        function(xgpu.ones((2, 2)))
    with pytest.raises(ValueError, match="needs an axis for an array of 0 axes"):
        function(xgpu.asarray(1.0))
    with pytest.raises(IndexError, match="axis 1 is out of bounds"):
        function(xgpu.ones(2), axis=1)
    with pytest.raises(TypeError, match="axis must be an integer"):
        function(xgpu.ones(2), axis=(0,))
    with pytest.raises(TypeError, match="does not take dtype bool"):
        function(xgpu.ones(2), dtype=xgpu.bool)
    with pytest.raises(TypeError, match="cannot give float64"):
        function(xgpu.asarray([1j]), dtype=xgpu.float64)
    with pytest.raises(TypeError, match="takes an xgpu array: got list"):
        function([1.0])
