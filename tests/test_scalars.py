"""Python's and NumPy's scalars beside an array: out-of-range ints, and which dtype results."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import COMPLEX, FLOATS, INTEGERS, host, same
from xgpu.plugin import dtypes

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "bitwise_left_shift": operator.lshift,
    "bitwise_right_shift": operator.rshift,
}
HUGE = (2**70, -(2**70), 10**400, -(10**400), 10**5000)


def beyond(dtype: np.dtype[Any]) -> list[int]:
    """Ints that an integer dtype cannot hold: the nearest on either side, and huge ones."""
    info = np.iinfo(dtype)
    return [int(info.max) + 1, int(info.min) - 1, *HUGE]


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_comparisons_with_ints_beyond_the_dtype(
    dtype: np.dtype[Any], name: str, device: xgpu.Device
) -> None:
    info = np.iinfo(dtype)
    x = np.asarray([[info.min, 0, 1], [2, 3, info.max]], dtype)
    a = xgpu.asarray(x, device=device)
    compare, function = COMPARISONS[name], getattr(xgpu, name)
    for value in beyond(dtype):
        # Python compares ints of any size.
        expected = np.asarray([[compare(int(e), value) for e in row] for row in x])
        turned = np.asarray([[compare(value, int(e)) for e in row] for row in x])
        for got in (compare(a, value), function(a, value)):
            assert got.device is device
            same(got, expected)
        same(compare(value, a), turned)
        same(function(value, a), turned)
        if abs(value) < 10**4000:  # which NumPy can write out, and so does not refuse
            same(compare(a, value), compare(x, value))
    same(compare(a[1, :0], 2**70), np.zeros(0, "bool"))


def test_such_an_answer_is_an_array_like_any_other(device: xgpu.Device) -> None:
    x = xgpu.asarray([1, 2, 255], dtype=xgpu.uint8, device=device)
    above = x > -1
    above[1] = False
    same(above, np.asarray([True, False, True]))
    same(xgpu.where(x == 300, 0, x) + 1, np.asarray([2, 3, 0], "uint8"))
    same(xgpu.sum(xgpu.astype(x < 256, xgpu.int64)), np.asarray(3))
    same(xgpu.asarray(True, device=device) == 2**70, np.asarray(False))
    with xgpu.eager():
        same(x != -5, np.asarray([True, True, True]))
    with xgpu.trace():
        same(x >= 300, np.asarray([False, False, False]))


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_arithmetic_with_ints_beyond_the_dtype(dtype: np.dtype[Any], name: str) -> None:
    x = xgpu.ones(2, dtype=dtype)
    calls: list[Callable[[Any, Any], Any]] = [ARITHMETIC[name], getattr(xgpu, name)]
    for value in beyond(dtype):
        for call in calls:
            with pytest.raises(OverflowError, match=f"out of bounds for {dtype}"):
                call(x, value)
            with pytest.raises(OverflowError, match=f"out of bounds for {dtype}"):
                call(value, x)
    same(x, np.ones(2, dtype))


@pytest.mark.parametrize("dtype", [*dtypes.NARROW, *FLOATS, *COMPLEX], ids=str)
def test_an_int_beyond_a_floating_dtype(dtype: np.dtype[Any], device: xgpu.Device) -> None:
    x = xgpu.ones(2, dtype=dtype, device=device)
    calls: list[Callable[[], Any]] = [
        lambda: x + 10**400,
        lambda: 10**400 - x,
        lambda: x == 10**400,
        lambda: xgpu.where(x != 0.0, x, 10**400),
        lambda: xgpu.full(2, -(10**5000), dtype=dtype),
        lambda: x.__setitem__(0, 10**400),
    ]
    for call in calls:
        with pytest.raises(OverflowError, match=rf"of \d+ bits out of bounds for {dtype}"):
            call()
    same(x, np.ones(2, dtype))
    # One that float64 holds is infinity in float32, as a float of Python is.
    same(xgpu.isfinite(x + 10**300), np.full(2, xgpu.finfo(dtype).max > 1e300))


def test_in_place_operators_with_ints_beyond_the_dtype() -> None:
    x = xgpu.asarray([1, 2], dtype=xgpu.int8)
    with pytest.raises(OverflowError, match="128 out of bounds for int8"):
        x += 128
    with pytest.raises(OverflowError, match="-200 out of bounds for int8"):
        x[0] = -200
    same(x, np.asarray([1, 2], "int8"))


@pytest.mark.parametrize("dtype", [*INTEGERS, np.dtype("bool")], ids=str)
def test_integers_to_a_negative_power(dtype: np.dtype[Any]) -> None:
    x = xgpu.ones(2, dtype=dtype)
    for exponent in (-1, -300):
        with pytest.raises(ValueError, match=f"negative integer powers .* array of {dtype}"):
            x**exponent
        with pytest.raises(ValueError, match="negative integer powers"):
            xgpu.pow(x, exponent)


# One divided by an array


def ops_of(x: xgpu.Array) -> tuple[str, ...]:
    with xgpu.trace() as trace:
        xgpu.materialize(x)
    (kernel,) = trace.kernels
    return kernel.ops


@pytest.mark.parametrize("dtype", [*FLOATS, *dtypes.NARROW, np.dtype("int32")], ids=str)
def test_one_divided_by_real_numbers_is_their_reciprocal(
    device: xgpu.Device, dtype: np.dtype[Any]
) -> None:
    values = [3.0, -7.0, 1.0, 0.0, -0.0, 1e-40, -6e4, float("inf"), float("nan")]
    x = xgpu.asarray(np.asarray(values[:3] if dtype.kind == "i" else values).astype(dtype))
    x = xgpu.to_device(x, device)
    quotients = xgpu.ones_like(x) / x
    wide = host(xgpu.astype(quotients, xgpu.float64))
    real = ~np.isnan(wide)
    calls: list[Callable[[], xgpu.Array]] = [
        lambda: 1 / x,
        lambda: 1.0 / x,
        lambda: True / x,
        lambda: xgpu.divide(1, x),
    ]
    for call in calls:
        assert "reciprocal" in ops_of(call())
        assert "divide" not in ops_of(call())
        assert call().dtype == quotients.dtype
        same(xgpu.astype(call(), xgpu.float64), wide)
        assert np.array_equal(host(xgpu.signbit(call()))[real], np.signbit(wide)[real])
    others: list[Callable[[], xgpu.Array]] = [lambda: 2 / x, lambda: x / 1, lambda: -1.0 / x]
    for call in others:
        assert "divide" in ops_of(call())


def test_one_divided_by_complex_numbers_is_a_quotient(device: xgpu.Device) -> None:
    x = xgpu.asarray([1 + 2j, 3j], device=device)
    assert ops_of(1 / x) == ("divide",)
    same(1 / x, host(xgpu.ones_like(x) / x))


# dtypes


NUMPY_SCALARS: list[Any] = [
    np.bool_(True),
    np.int8(3),
    np.uint8(3),
    np.int64(3),
    np.uint64(3),
    np.float32(3),
    np.complex64(3),
]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float32", "complex64"])
@pytest.mark.parametrize("scalar", NUMPY_SCALARS, ids=repr)
def test_numpys_scalars_are_of_their_dtype(dtype: str, scalar: Any, device: xgpu.Device) -> None:
    x = np.asarray([1, 0, 1], dtype)
    a = xgpu.asarray(x, device=device)
    same(a + scalar, x + scalar)
    same(scalar * a, scalar * x)
    same(a == scalar, x == scalar)
    chosen = xgpu.where(xgpu.astype(a, xgpu.bool), a, scalar)
    same(chosen, np.where(x.astype(bool), x, scalar))


def test_numpys_float64_and_complex128_are_pythons() -> None:
    # They are subclasses of float and complex, which is all that the standard asks of a scalar.
    x = xgpu.asarray([1.0, 2.0], dtype=xgpu.float32)
    two, turn = np.float64(2), np.complex128(1j)
    for got in (x * two, two * x, xgpu.where(x > 1.5, x, two), xgpu.where(x > 1.5, two, x)):
        assert got.dtype is xgpu.float32
    for got in (x * turn, turn * x, xgpu.where(x > 1.5, x, turn)):
        assert got.dtype is xgpu.complex64
    assert xgpu.result_type(x, two) is xgpu.float32
    assert xgpu.result_type(x, turn) is xgpu.complex64
    assert xgpu.searchsorted(x, two) == 1
    x += two
    x[0] = two
    same(x, np.asarray([2.0, 4.0], "float32"))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_python_scalars_leave_the_dtype(dtype: np.dtype[Any], device: xgpu.Device) -> None:
    x = np.asarray([-1.5, 0.0, 2.5], dtype)
    a = xgpu.asarray(x, device=device)
    positive = a > 0
    same(xgpu.where(positive, 1, a), np.where(x > 0, dtype.type(1), x))
    same(xgpu.where(positive, a, True), np.where(x > 0, x, dtype.type(1)))
    same(xgpu.clip(a, 0, None), np.clip(x, 0, None))
    same(xgpu.clip(a, None, 1.5), np.clip(x, None, 1.5))
    same(xgpu.clip(a), x)
    assert xgpu.result_type(a, 1.5) is a.dtype
    assert xgpu.result_type(a, 1, True) is a.dtype


def test_a_scalar_of_a_higher_kind_gives_its_default_dtype() -> None:
    x = xgpu.ones(2, dtype=xgpu.uint8)
    assert xgpu.result_type(x, 1.5) is (x + 1.5).dtype is xgpu.float64
    assert xgpu.result_type(x, 1j) is (1j * x).dtype is xgpu.complex128
    assert xgpu.result_type(xgpu.bool, 3) is (xgpu.asarray(True) + 3).dtype is xgpu.int64
    assert xgpu.result_type(x, 2**70) is xgpu.uint8


@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater"])
@pytest.mark.parametrize("signed", ["int8", "int64"])
def test_uint64_and_signed_integers_compare_exactly(
    device: xgpu.Device, name: str, signed: str
) -> None:
    top = np.iinfo(signed).max
    a = np.asarray([0, 1, top, 2**63 - 1, 2**63, 2**64 - 1, 2**53 + 1], np.uint64)
    b = np.asarray([-1, 0, 1, top, top - 1, -top], signed)[:, None]
    x, y = xgpu.asarray(a, device=device), xgpu.asarray(b, device=device)
    function, theirs = getattr(xgpu, name), getattr(np, name)
    assert np.asarray(xgpu.to_device(function(x, y), "cpu")).tolist() == theirs(a, b).tolist()
    assert np.asarray(xgpu.to_device(function(y, x), "cpu")).tolist() == theirs(b, a).tolist()


@pytest.mark.parametrize("value", [1e300, -1e300, 3.5e38, 1e-46, -0.0, float("nan"), 0.1, 10**20])
def test_float32_scalars_are_rounded_once(value: float, device: xgpu.Device) -> None:
    """Whether a program has one of them, or another beside it, and at each launch of it."""
    a = np.asarray([1.0, -2.0, 0.0], np.float32)
    x, wide = (xgpu.asarray(v, device=device) for v in (a, a.astype(np.float64)))
    with np.errstate(all="ignore"):
        single = np.float32(value)
        for factor in (2.0, value, 0.1):
            same(x * value + factor, a * single + np.float32(factor))
        far = (a.astype(np.float64) * 1e300).astype(np.float32)
        same(xgpu.astype(wide * 1e300, xgpu.float32) * value, far * single)
        same(x * value + xgpu.astype(wide * 1e300, xgpu.float32), a * single + far)
