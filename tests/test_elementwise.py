"""Elementwise functions against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, COMPLEX, FLOATS, INTEGERS, host, same, sample

#: Function -> kinds of dtype that it computes in; integers and bool go to float64 before "f".
UNARY = {
    "abs": "iufc",
    "acos": "fc",
    "acosh": "fc",
    "asin": "fc",
    "asinh": "fc",
    "atan": "fc",
    "atanh": "fc",
    "bitwise_invert": "biu",
    "ceil": "biuf",
    "conj": "biufc",
    "cos": "fc",
    "cosh": "fc",
    "exp": "fc",
    "expm1": "fc",
    "floor": "biuf",
    "imag": "biufc",
    "isfinite": "biufc",
    "isinf": "biufc",
    "isnan": "biufc",
    "log": "fc",
    "log10": "fc",
    "log1p": "fc",
    "log2": "fc",
    "logical_not": "b",
    "negative": "iufc",
    "positive": "iufc",
    "real": "biufc",
    "reciprocal": "fc",
    "round": "biufc",
    "sign": "iufc",
    "signbit": "f",
    "sin": "fc",
    "sinh": "fc",
    "sqrt": "fc",
    "square": "iufc",
    "tan": "fc",
    "tanh": "fc",
    "trunc": "biuf",
}
BINARY = {
    "add": "biufc",
    "atan2": "f",
    "bitwise_and": "biu",
    "bitwise_left_shift": "iu",
    "bitwise_or": "biu",
    "bitwise_right_shift": "iu",
    "bitwise_xor": "biu",
    "copysign": "f",
    "divide": "fc",
    "equal": "biufc",
    "floor_divide": "iuf",
    "greater": "biuf",
    "greater_equal": "biuf",
    "hypot": "f",
    "less": "biuf",
    "less_equal": "biuf",
    "logaddexp": "f",
    "logical_and": "b",
    "logical_or": "b",
    "logical_xor": "b",
    "maximum": "biuf",
    "minimum": "biuf",
    "multiply": "biufc",
    "nextafter": "f",
    "not_equal": "biufc",
    "pow": "iufc",
    "remainder": "iuf",
    "subtract": "iufc",
}
UNCHANGED = ("ceil", "floor", "round", "trunc", "conj", "real")


def takes(kinds: str, dtype: np.dtype[Any]) -> bool:
    """Whether a function of these kinds takes the dtype."""
    return dtype.kind in kinds or (
        "f" in kinds and dtype.kind in "biu" and not set(kinds) & set("biu")
    )


def computed(kinds: str, x: Any) -> Any:
    """A NumPy array in the dtype in which a function of these kinds computes."""
    return x if x.dtype.kind in kinds else x.astype(np.float64)


def fitting(name: str, x: Any) -> Any:
    """Values for which the function has one."""
    if name in ("acos", "asin", "atanh") and x.dtype.kind in "iuf":
        return np.clip(x, -1 if x.dtype.kind != "u" else 0, 1).astype(x.dtype)
    if name in ("bitwise_left_shift", "bitwise_right_shift", "pow") and x.dtype.kind == "i":
        return np.abs(x)
    return x


def tolerance(name: str, dtype: np.dtype[Any]) -> float:
    """Zero but for complex functions whose last bits differ from NumPy's, which has larger errors.

    tests/values compares all of them with true values.
    """
    inexact = dtype.kind == "c" and name in ("divide", "log1p", "pow", "reciprocal", "sign", "tan")
    return 1e-5 if inexact else 0.0


def of_numpy(name: str, *args: Any) -> Any:
    """NumPy's result, without its warnings."""
    with np.errstate(all="ignore"):
        if name == "reciprocal":
            return np.divide(args[0].dtype.type(1), args[0])
        if name in UNCHANGED and args[0].dtype.kind == "b":
            return args[0]
        return getattr(np, name)(*args)


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str, dtype: np.dtype[Any]) -> None:
    x = fitting(name, sample(dtype))
    function = getattr(xgpu, name)
    if not takes(UNARY[name], dtype):
        with pytest.raises(TypeError, match=rf"{name}\(\) does not take dtype {dtype}"):
            function(xgpu.asarray(x))
        return
    expected = of_numpy(name, computed(UNARY[name], x))
    for given, wanted in (
        (xgpu.asarray(x), expected),
        (xgpu.asarray(x)[::-1, ::2].T, expected[::-1, ::2].T),
        (xgpu.asarray(x)[0, 0], expected[0, 0]),
        (xgpu.asarray(x)[:0], expected[:0]),
    ):
        same(function(given), wanted, rtol=tolerance(name, dtype))


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str, dtype: np.dtype[Any]) -> None:
    x, y = fitting(name, sample(dtype)), fitting(name, sample(dtype, (4, 1, 1), seed=1))
    function = getattr(xgpu, name)
    if not takes(BINARY[name], dtype):
        with pytest.raises(TypeError, match=rf"{name}\(\) does not take dtype {dtype}"):
            function(xgpu.asarray(x), xgpu.asarray(y))
        return
    a, b = computed(BINARY[name], x), computed(BINARY[name], y)
    expected = of_numpy(name, a, b)
    rtol = tolerance(name, dtype)
    same(function(xgpu.asarray(x), xgpu.asarray(y)), expected, rtol)
    same(function(xgpu.asarray(x)[:0], xgpu.asarray(y[0, 0])), expected[0, :0], rtol)
    same(
        function(xgpu.asarray(x)[1, 1], xgpu.asarray(y)[2, 0, 0]),
        of_numpy(name, a[1, 1], b[2, 0, 0]),
        rtol,
    )


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_every_function_on_every_device(name: str, device: xgpu.Device) -> None:
    kinds = {**UNARY, **BINARY}[name]
    dtype = np.dtype(
        {"f": "float32", "i": "int32", "b": "bool"}[next(k for k in "fib" if k in kinds)]
    )
    operands = [fitting(name, sample(dtype, seed=i)) for i in range(1 if name in UNARY else 2)]
    got = getattr(xgpu, name)(*[xgpu.asarray(x, device=device) for x in operands])
    same(got, of_numpy(name, *operands), rtol=0.0 if str(device) == "cpu" else 2e-6)


@pytest.mark.parametrize("name", BINARY)
def test_python_scalars_take_the_arrays_dtype(name: str) -> None:
    kinds = BINARY[name]
    for dtype in (d for d in ALL if d.kind in kinds):
        x = fitting(name, sample(dtype))
        value: Any = True if dtype.kind == "b" else 2
        scalar, rtol = dtype.type(value), tolerance(name, dtype)
        same(getattr(xgpu, name)(xgpu.asarray(x), value), of_numpy(name, x, scalar), rtol)
        same(getattr(xgpu, name)(value, xgpu.asarray(x)), of_numpy(name, scalar, x), rtol)


@pytest.mark.parametrize("first", ALL, ids=str)
@pytest.mark.parametrize("second", ALL, ids=str)
def test_promotion_is_numpys(first: np.dtype[Any], second: np.dtype[Any]) -> None:
    x, y = sample(first), sample(second, seed=1)
    same(xgpu.add(xgpu.asarray(x), xgpu.asarray(y)), np.add(x, y))
    same(xgpu.equal(xgpu.asarray(x), xgpu.asarray(y)), np.equal(x, y))


@pytest.mark.parametrize(
    ("dtype", "scalar", "expected"),
    [
        ("bool", 1, "int64"),
        ("bool", 1.0, "float64"),
        ("int8", True, "int8"),
        ("int8", 1.5, "float64"),
        ("uint8", 1j, "complex128"),
        ("float32", 1, "float32"),
        ("float32", 1e300, "float32"),
        ("float32", 1j, "complex64"),
        ("float64", 1j, "complex128"),
        ("complex64", 2.5, "complex64"),
    ],
)
def test_scalars_of_another_kind(dtype: str, scalar: Any, expected: str) -> None:
    x = xgpu.ones(2, dtype=np.dtype(dtype))
    assert xgpu.add(x, scalar).dtype == expected
    assert xgpu.multiply(scalar, x).dtype == expected


def test_numpys_scalars_keep_their_dtype() -> None:
    x = xgpu.ones(2, dtype=xgpu.int8)
    scalars: list[Any] = [np.int32(5), np.float32(5), np.int64(5)]
    for scalar in scalars:
        same(xgpu.subtract(scalar, x), np.asarray([4, 4], scalar.dtype))
        same(xgpu.subtract(x, scalar), np.asarray([-4, -4], scalar.dtype))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_an_int_beyond_the_dtype(dtype: np.dtype[Any]) -> None:
    x = xgpu.ones(2, dtype=dtype)
    info = np.iinfo(dtype)
    assert int(xgpu.bitwise_or(x, int(info.max))[0]) == info.max
    for value in (int(info.max) + 1, int(info.min) - 1):
        with pytest.raises(OverflowError, match=f"{value} out of bounds for {dtype}"):
            xgpu.add(x, value)
        with pytest.raises(OverflowError, match=str(value)):
            xgpu.maximum(value, x)


@pytest.mark.parametrize(("given", "named"), [([1.0], "list"), ("1", "str"), (None, "NoneType")])
def test_operands_that_are_no_arrays(given: Any, named: str) -> None:
    x = xgpu.ones(1)
    calls: list[Callable[[], Any]] = [
        lambda: xgpu.add(x, given),
        lambda: xgpu.add(given, x),
        lambda: xgpu.exp(given),
        lambda: xgpu.floor(given),
        lambda: xgpu.isnan(given),
        lambda: xgpu.clip(given, 0.0),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=named):
            call()


def test_numpy_arrays_are_not_moved_silently() -> None:
    x, y = xgpu.ones(2), np.ones(2)
    calls: list[Callable[[], Any]] = [
        lambda: xgpu.add(x, y),  # type: ignore[arg-type]
        lambda: xgpu.sin(y),  # type: ignore[arg-type]
        lambda: xgpu.trunc(y),  # type: ignore[arg-type]
        lambda: x * y,
        lambda: y * x,
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"xgpu\.asarray"):
            call()


def test_two_scalars_are_no_operands() -> None:
    with pytest.raises(TypeError, match=r"add\(\)"):
        xgpu.add(1.0, 2.0)


def test_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(ValueError, match=r"broadcast together with shapes \(2, 3\) \(2,\)"):
        xgpu.add(xgpu.ones((2, 3)), xgpu.ones(2))


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_special_values(dtype: np.dtype[Any]) -> None:
    x = np.asarray([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e308], dtype="float64")
    with np.errstate(all="ignore"):
        x = x.astype(dtype)
    given = xgpu.asarray(x)
    for name in ("isnan", "isinf", "isfinite", "sqrt", "exp", "negative", "square", "tanh"):
        same(getattr(xgpu, name)(given), of_numpy(name, x))
    if dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(host(-given)), ~np.signbit(x))
        same(xgpu.signbit(given), np.signbit(x))
        same(xgpu.sign(given), np.sign(x))
        for name in ("maximum", "minimum", "divide", "atan2", "copysign", "hypot"):
            pairs = xgpu.asarray(x[:, None])
            same(getattr(xgpu, name)(given, pairs), of_numpy(name, x, x[:, None]))


def test_integers_divided_by_zero_give_numpys_values() -> None:
    x, zero = xgpu.asarray([7, -7, 0]), xgpu.zeros(3, dtype=xgpu.int64)
    same(xgpu.floor_divide(x, zero), np.asarray([0, 0, 0]))
    same(xgpu.remainder(x, zero), np.asarray([0, 0, 0]))
    same(xgpu.divide(x, zero), np.asarray([np.inf, -np.inf, np.nan]))


def test_floor_divide_and_remainder_have_the_sign_rules_of_the_standard() -> None:
    x, y = np.asarray([7, -7, 7, -7]), np.asarray([3, 3, -3, -3])
    for dtype in (np.dtype("int16"), np.dtype("float32")):
        a, b = xgpu.asarray(x.astype(dtype)), xgpu.asarray(y.astype(dtype))
        same(xgpu.floor_divide(a, b), np.asarray([2, -3, -3, 2], dtype))
        same(xgpu.remainder(a, b), np.asarray([1, 2, -2, -1], dtype))


def test_pow() -> None:
    x = np.asarray([0.0, 0.5, -2.0, 3.0])
    for exponent in (2, 2.0, 0, -1, 0.5, 3):
        same(xgpu.pow(xgpu.asarray(x), exponent), of_numpy("pow", x, float(exponent)))
    same(xgpu.pow(2, xgpu.asarray([1, 2, 3])), np.asarray([2, 4, 8]))
    same(xgpu.pow(xgpu.asarray([2, 3], dtype=xgpu.uint8), 2), np.asarray([4, 9], "uint8"))
    with pytest.raises(ValueError, match="negative integer powers"):
        xgpu.pow(xgpu.asarray([1, 2]), -1)


def test_results_never_share_memory_with_the_operand() -> None:
    for name in (*UNCHANGED, "positive"):
        x = xgpu.asarray([1, 2, 3]) if name not in ("conj", "real") else xgpu.asarray([1.0, 2.0])
        y = getattr(xgpu, name)(x)
        y[0] = 9
        assert int(x[0]) == 1, name
        x[1] = 8
        assert int(y[1]) == 2, name


@pytest.mark.parametrize("dtype", [d for d in ALL if d.kind in "iuf"], ids=str)
def test_clip(dtype: np.dtype[Any]) -> None:
    x = sample(dtype, (3, 4))
    low, high = dtype.type(1), dtype.type(2)
    given = xgpu.asarray(x)
    same(xgpu.clip(given, 1, 2), np.clip(x, low, high))
    same(xgpu.clip(given, 1), np.clip(x, low, None))
    same(xgpu.clip(given, max=2), np.clip(x, None, high))
    same(xgpu.clip(given), x)
    bounds = np.asarray([0, 1, 2, 3], dtype)
    same(xgpu.clip(given, xgpu.asarray(bounds)), np.clip(x, bounds, None))
    same(xgpu.clip(given, xgpu.asarray(bounds), 2), np.clip(x, bounds, high))
    same(xgpu.clip(given[:, :1], xgpu.asarray(bounds)), np.clip(x[:, :1], bounds, None))


def test_clip_keeps_the_dtype_of_its_operand() -> None:
    x = xgpu.asarray([-1, 5], dtype=xgpu.int8)
    same(xgpu.clip(x, xgpu.asarray(0), xgpu.asarray(3)), np.asarray([0, 3], "int8"))
    y = xgpu.asarray([0.0, 1.0], dtype=xgpu.float32)
    same(xgpu.clip(y, xgpu.asarray(0.1)), np.asarray([0.1, 1.0], "float32"))
    same(xgpu.clip(y, 0, np.float64(0.5)), np.asarray([0.0, 0.5], "float32"))
    z = xgpu.asarray([float("nan"), 1.0])
    same(xgpu.clip(z, 2.0, xgpu.asarray(float("nan"))), np.asarray([np.nan, np.nan]))


def test_clip_refuses_bounds_that_the_dtype_does_not_hold() -> None:
    x = xgpu.asarray([1, 2], dtype=xgpu.int8)
    with pytest.raises(TypeError, match=r"clip\(\) cannot put 0.5"):
        xgpu.clip(x, 0.5)
    with pytest.raises(TypeError, match=r"clip\(\) cannot bound int8 by an array of float64"):
        xgpu.clip(x, max=xgpu.asarray([0.5]))
    with pytest.raises(OverflowError, match="128"):
        xgpu.clip(x, 0, 128)
    with pytest.raises(TypeError, match="complex128"):
        xgpu.clip(xgpu.asarray([1j]), 0.0)
    with pytest.raises(ValueError, match="broadcast"):
        xgpu.clip(x, xgpu.zeros(3, dtype=xgpu.int8))
