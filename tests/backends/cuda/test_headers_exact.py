"""The ops on real dtypes that have one right result: equal to NumPy's, bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.header_harness import Values, call
from tests.backends.cuda.header_reference import pairs, random_values, same, specials, values
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver

NUMPY: dict[str, Callable[..., Any]] = {
    **{op: getattr(np, op) for op in ("add", "subtract", "multiply", "divide", "negative")},
    **{op: getattr(np, op) for op in ("square", "reciprocal", "sign", "remainder")},
    **{op: getattr(np, op) for op in ("equal", "not_equal", "less", "less_equal", "greater")},
    **{op: getattr(np, op) for op in ("greater_equal", "isnan", "isinf", "isfinite", "signbit")},
    **{op: getattr(np, op) for op in ("logical_and", "logical_or", "logical_xor", "logical_not")},
    **{op: getattr(np, op) for op in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{op: getattr(np, op) for op in ("bitwise_invert", "bitwise_left_shift")},
    **{op: getattr(np, op) for op in ("bitwise_right_shift", "ceil", "floor", "trunc", "where")},
    **{op: getattr(np, op) for op in ("copysign", "nextafter", "sqrt")},
    "abs": np.absolute,
    "round": np.rint,
}


def _cases() -> list[Any]:
    return [
        pytest.param(name, dtype, id=f"{name}-{dtype}")
        for name in NUMPY
        for dtype in dtypes.STANDARD
        if dtype.kind in ops.TABLE[name].accepts and dtype.kind != "c"
    ]


def check(got: Values, wanted: Values, *operands: Values) -> None:
    """Both the same, or the first operands for which they are not."""
    assert got.dtype == wanted.dtype
    wrong = np.flatnonzero(~same(got, wanted))
    shown = [(*(x[i] for x in operands), "gives", got[i], "not", wanted[i]) for i in wrong[:5]]
    assert not wrong.size, f"{wrong.size} of {got.size}: {shown}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("op", "dtype"), _cases())
def test_is_numpys_value(driver: Driver, op: str, dtype: DType) -> None:
    if op == "where":
        a, b = pairs(dtype)
        operands: tuple[Values, ...] = (random_values(dtypes.bool_, a.size, 5), a, b)
    else:
        operands = pairs(dtype) if ops.TABLE[op].arity == 2 else (values(dtype),)
    check(call(driver, op, *operands), NUMPY[op](*operands), *operands)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [d for d in dtypes.STANDARD if d.kind in "biuf"], ids=str)
@pytest.mark.parametrize("op", ["maximum", "minimum"])
def test_extremes_order_the_zeros_and_let_nan_win(driver: Driver, op: str, dtype: DType) -> None:
    a, b = pairs(dtype)
    got, wanted = call(driver, op, a, b), getattr(np, op)(a, b)
    if dtype.kind == "f":  # NumPy gives either zero
        zeros = (a == 0) & (b == 0)
        both = np.signbit(a) & np.signbit(b)
        either = np.signbit(a) | np.signbit(b)
        wanted[zeros] = np.where(both if op == "maximum" else either, -0.0, 0.0)[zeros]
    check(got, wanted, a, b)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [d for d in dtypes.STANDARD if d.kind in "iuf"], ids=str)
def test_floor_divide(driver: Driver, dtype: DType) -> None:
    a, b = pairs(dtype)
    wanted = np.floor_divide(a, b)
    if dtype.kind == "f":  # the standard prefers floor(a / b) where NumPy follows Python
        infinite = np.isinf(a) | np.isinf(b)
        wanted[infinite] = np.floor(np.divide(a, b))[infinite]
    check(call(driver, "floor_divide", a, b), wanted, a, b)


@pytest.mark.parametrize("dtype", [d for d in dtypes.STANDARD if d.kind in "iu"], ids=str)
def test_whole_powers(driver: Driver, dtype: DType) -> None:
    base, exponent = pairs(dtype)
    keep = exponent >= 0
    base, exponent = base[keep], exponent[keep]
    check(call(driver, "pow", base, exponent), np.power(base, exponent), base, exponent)


@pytest.mark.parametrize("dtype", [d for d in dtypes.STANDARD if d.kind == "i"], ids=str)
def test_negative_whole_powers_are_cut(driver: Driver, dtype: DType) -> None:
    base = np.array([1, 1, -1, -1, -1, 0, 2, -2, np.iinfo(dtype).min], dtype)
    exponent = np.array([-1, -2, -1, -2, np.iinfo(dtype).min, -1, -1, -3, -1], dtype)
    wanted = np.array([1, 1, -1, 1, 1, 0, 0, 0, 0], dtype)
    check(call(driver, "pow", base, exponent), wanted, base, exponent)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("target", dtypes.STANDARD, ids=str)
@pytest.mark.parametrize("origin", dtypes.STANDARD, ids=str)
def test_cast_is_numpys(driver: Driver, origin: DType, target: DType) -> None:
    if origin.kind == "c":
        a, b = pairs(dtypes.real_of(origin), 2000)
        given: Values = np.empty(a.shape, origin)
        given.real, given.imag = a, b
    else:
        given = values(origin)
    # What NumPy gives for a float that uint32 cannot hold depends on its place in the array:
    # only what fills vectors is like the other dtypes.
    given = given[: given.size // 16 * 16]
    if origin.kind == "c" and target.kind not in "bc":
        wanted = np.ascontiguousarray(given.real).astype(target)
    else:
        wanted = given.astype(target)
    check(call(driver, "cast", given, to=target), wanted, given)


def test_cast_rounds_to_nearest_even(driver: Driver) -> None:
    given = np.array([2**24 + 1, 2**24 + 3, -(2**24) - 1], np.int32)
    wanted = np.array([2**24, 2**24 + 4, -(2**24)], np.float32)
    check(call(driver, "cast", given, to=dtypes.float32), wanted, given)


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64], ids=str)
def test_subnormals_survive(driver: Driver, dtype: DType) -> None:
    least = np.finfo(dtype).smallest_subnormal
    a = np.array([least, 3 * least, np.finfo(dtype).tiny], dtype)
    check(call(driver, "add", a, a), np.array([2 * least, 6 * least, a[2] * 2], dtype), a)
    half = np.full(3, 0.5, dtype)
    wanted = np.array([0, 2 * least, a[2] / 2], dtype)  # 1.5 goes to the even 2
    check(call(driver, "multiply", a, half), wanted, a)


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64], ids=str)
def test_no_product_is_fused_into_a_sum(driver: Driver, dtype: DType) -> None:
    # x * x - y * y of a complex square: with the products rounded this is 0, fused it is not.
    x = dtype.type(1) + np.finfo(dtype).eps
    z = np.array([complex(x, x)], dtypes.complex_of(dtype))
    assert call(driver, "square", z).real[0] == 0


def test_specials_have_what_they_are_for() -> None:
    """The inputs above reach the edges that the headers treat apart."""
    assert {0, 1, 8, 9, 127, 255} <= set(specials(dtypes.uint8).tolist())
    assert {-128, -127, -1, 0, 127} <= set(specials(dtypes.int8).tolist())
    floats = specials(dtypes.float32)
    assert np.isnan(floats).any() and np.isinf(floats).sum() == 2
    assert (np.signbit(floats) & (floats == 0)).any()
