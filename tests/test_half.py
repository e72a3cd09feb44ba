"""float16 and bfloat16: values, against float64 rounded once.

An op on a 16-bit float is the float32 op and one rounding. Of two operands with 11 digits or less,
float32 holds so many more that sums, products, quotients and roots are those of one rounding (S.
Figueroa, "When is double rounding innocuous?", 1995); what a float32 function gives is an ULP of
float32 off, so that few results of it lie on the other side of a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import array_api_compat.numpy as np_xp
import numpy as np
import pytest

import xgpu
from tests import half_oracle as oracle
from tests.comparing import host
from xgpu.plugin import ops
from xgpu.plugin.dtypes import NARROW, DType, kind_of

both = pytest.mark.parametrize("dtype", NARROW, ids=str)

EXACT = {"abs", "ceil", "copysign", "floor", "maximum", "minimum", "negative", "nextafter", "round"}
EXACT |= {"add", "divide", "multiply", "reciprocal", "sign", "sqrt", "square", "subtract", "trunc"}
"""Rounded once or not at all; functions of other names may miss a tie by a float32's ULP."""

UNARY = [op.name for op in ops.elementwise() if "f" in op.accepts and op.arity == 1]
UNARY.remove("cast")
BINARY = [op.name for op in ops.elementwise() if "f" in op.accepts and op.arity == 2]


def computed(function: Callable[[], Any]) -> Any:
    """What ``function`` gives, or a skip where a backend has no such op yet."""
    try:
        return function()
    except xgpu.UnsupportedOperationError as error:
        pytest.skip(str(error))


def at(x: Any, device: xgpu.Device) -> xgpu.Array:
    return xgpu.asarray(x, device=device)


def floor_divide(a: Any, b: Any) -> Any:
    quotient = np.divide(a, b)
    finite = np.isfinite(a) & np.isfinite(b)
    return np.where(finite, np.floor_divide(a, b), np.floor(quotient))


def nextafter(a: Any, b: Any) -> Any:
    """The neighbour by its place in the order of all numbers."""
    x, y = oracle.wide(a), oracle.wide(b)
    pattern = oracle.bits(a).astype(np.int64)
    place = np.where(pattern >> 15 != 0, -(pattern & 0x7FFF), pattern)
    place = place + (y > x) - (y < x)
    # Towards zero from below, and away from a negative zero, the sign stays.
    negative = (place < 0) | ((place == 0) & (x < 0))
    found = np.where(negative, np.abs(place) | 0x8000, place).astype(np.uint16).view(a.dtype)
    found = np.where(x == y, b, found)
    return np.where(np.isnan(x) | np.isnan(y), np.asarray(np.nan, a.dtype), found)


def zero_for_zero(x: Any) -> Any:
    """Without the signs of zeros."""
    return np.where(oracle.wide(x) == 0, np.asarray(0, x.dtype), x)


def expected(name: str, *operands: Any) -> Any:
    """What an elementwise function gives, by float64."""
    if name == "nextafter":
        return nextafter(*operands)
    own = {"floor_divide": floor_divide}
    function = own.get(name) or getattr(np_xp, name)
    with np.errstate(all="ignore"):
        values = function(*map(oracle.wide, operands))
        return values if values.dtype == bool else oracle.rounded(values, operands[0].dtype)


def check(name: str, got: Any, *operands: Any) -> None:
    wanted = expected(name, *operands)
    if wanted.dtype == bool:
        np.testing.assert_array_equal(got, wanted, name)
        return
    if name in ("maximum", "minimum"):  # of equal zeros NumPy gives either
        got, wanted = zero_for_zero(got), zero_for_zero(wanted)
    exact = name in EXACT
    oracle.agree(got, wanted, name, 0 if exact else 1, 0 if exact else 0.003)


@both
def test_every_number_through_every_function(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    x = at(numbers, device)
    results = [getattr(xgpu, name)(x) for name in UNARY]
    xgpu.materialize(*results)
    for name, result in zip(UNARY, results, strict=True):
        assert result.dtype is (xgpu.bool if ops.TABLE[name].result == "bool" else dtype)
        check(name, host(result), numbers)


@both
def test_pairs_through_every_function(device: xgpu.Device, dtype: DType) -> None:
    a, b = oracle.any_bits(dtype, 5000, 0), oracle.any_bits(dtype, 5000, 1)
    c, d = oracle.sample(dtype, (5000,), 0), oracle.sample(dtype, (5000,), 1)
    a, b = np.concatenate([a, c]), np.concatenate([b, d])
    x, y = at(a, device), at(b, device)
    results = [getattr(xgpu, name)(x, y) for name in BINARY]
    xgpu.materialize(*results)
    for name, result in zip(BINARY, results, strict=True):
        check(name, host(result), a, b)


@both
def test_signs_of_nan_are_bits(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    other = numbers[::-1].copy()
    x, y = at(numbers, device), at(other, device)
    pattern, sign = oracle.bits(numbers), np.uint16(0x8000)
    for got, wanted in (
        (-x, pattern ^ sign),
        (abs(x), pattern & ~sign),
        (xgpu.copysign(x, y), (pattern & ~sign) | (oracle.bits(other) & sign)),
        (xgpu.where(xgpu.signbit(x), y, x), np.where(pattern & sign, oracle.bits(other), pattern)),
    ):
        np.testing.assert_array_equal(oracle.bits(host(got)), wanted)
    np.testing.assert_array_equal(host(xgpu.signbit(x)), pattern & sign != 0)


@both
def test_clip(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.patterns(dtype)
    wanted = np.clip(oracle.wide(numbers), -1.5, 2.0)
    oracle.agree(host(xgpu.clip(at(numbers, device), -1.5, 2.0)), oracle.rounded(wanted, dtype), "")


@both
def test_a_scalar_is_rounded_first(device: xgpu.Device, dtype: DType) -> None:
    numbers = oracle.sample(dtype, (1000,))
    x = at(numbers, device)
    values = oracle.wide(numbers)
    for scalar in (0.1, 1e-8, 3, 1 + 2.0**-9 + 2.0**-40, True, 12345678):
        near = float(oracle.wide(oracle.rounded([float(scalar)], dtype))[0])
        with np.errstate(over="ignore"):
            oracle.agree(host(x * scalar), oracle.rounded(values * near, dtype), f"* {scalar}")
            oracle.agree(host(scalar - x), oracle.rounded(near - values, dtype), f"{scalar} -")
    assert host(x + 1e300).tolist() == [math.inf] * 1000
    assert xgpu.add(x, 1.0).dtype is dtype


# Fusion


def chain(x: Any, y: Any) -> Any:
    return xgpu.sin(x * 0.3 + y) / (y * y + 1.7) - xgpu.where(x < y, x, -y)


@both
def test_a_chain_is_one_kernel_with_the_bits_of_each_call(
    device: xgpu.Device, dtype: DType
) -> None:
    x, y = (at(oracle.sample(dtype, (30, 41), seed), device) for seed in (0, 1))
    with xgpu.trace() as trace:
        fused = chain(x, y)
        total = xgpu.sum(fused)
        xgpu.materialize(fused)
    assert len(trace.kernels) == 1
    with xgpu.eager():
        single = chain(x, y)
    np.testing.assert_array_equal(oracle.bits(host(fused)), oracle.bits(host(single)))
    lazy = xgpu.sum(chain(x[::-1].T, y[::-1].T))
    oracle.agree(host(lazy), host(total), "sum", 1, 1.0)


@both
def test_a_reduction_fuses_with_what_it_reads_and_what_reads_it(
    device: xgpu.Device, dtype: DType
) -> None:
    a = oracle.sample(dtype, (50, 60))
    x = at(a, device)
    with xgpu.trace() as trace:
        result = xgpu.sqrt(xgpu.sum(abs(x) * 0.5, axis=1)) + 1
        xgpu.materialize(result)
    assert len(trace.kernels) == 1
    halves = oracle.wide(oracle.rounded(np.abs(oracle.wide(a)) * 0.5, dtype))
    total = oracle.wide(oracle.rounded(halves.sum(axis=1), dtype))
    root = oracle.wide(oracle.rounded(np.sqrt(total), dtype))
    oracle.agree(host(result), oracle.rounded(root + 1, dtype), "sqrt", 1, 0.05)


# Reductions


@both
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
def test_folds(device: xgpu.Device, dtype: DType, axis: Any) -> None:
    a = oracle.sample(dtype, (6, 35, 40))
    x, values = at(a, device), oracle.wide(a)
    for name in ("sum", "mean", "var", "std", "min", "max"):
        got = host(getattr(xgpu, name)(x, axis=axis))
        wanted = np.asarray(getattr(np, name)(values, axis=axis))
        exact = name in ("min", "max")
        # The float32 sum of n numbers is off by some of its own last places.
        oracle.agree(got, oracle.rounded(wanted, dtype), name, 0 if exact else 1, 0.05)
    near_1 = oracle.rounded(1 + values / 64, dtype)
    got = host(xgpu.prod(at(near_1, device), axis=axis))
    wanted = np.prod(oracle.wide(near_1), axis=axis)
    oracle.agree(got, oracle.rounded(wanted, dtype), "prod", 1, 0.05)


@both
def test_a_sum_does_not_stop_where_its_digits_end(device: xgpu.Device, dtype: DType) -> None:
    assert (
        float(xgpu.sum(xgpu.ones(30_000, dtype=dtype, device=device)))
        == {
            xgpu.float16: 30_000.0,
            xgpu.bfloat16: 29_952.0,
        }[dtype]
    )
    many = xgpu.ones(100_000, dtype=dtype, device=device)
    assert float(xgpu.sum(many)) == (math.inf if dtype is xgpu.float16 else 99_840.0)
    assert float(xgpu.sum(many, dtype=xgpu.float32)) == 100_000.0
    # A mean is no rounded sum.
    large = xgpu.full(100_000, 60_000.0, dtype=dtype, device=device)
    assert float(xgpu.mean(large)) == float(large[0])
    assert float(xgpu.std(large)) == 0.0
    running = computed(lambda: xgpu.cumulative_sum(xgpu.ones(30_000, dtype=dtype, device=device)))
    wanted = oracle.rounded(np.arange(1.0, 30_001.0), dtype)
    oracle.agree(host(running), wanted, "cumulative_sum")


@both
def test_integers_summed_as_16_bit_floats(device: xgpu.Device, dtype: DType) -> None:
    x = xgpu.ones(5000, dtype=xgpu.int8, device=device)
    total = xgpu.sum(x, dtype=dtype)
    assert total.dtype is dtype
    assert float(total) == float(oracle.wide(oracle.rounded([5000.0], dtype))[0])


@both
def test_extremes_and_their_places(device: xgpu.Device, dtype: DType) -> None:
    a = oracle.sample(dtype, (7, 50))
    a[2, 10] = a[2, 20] = np.inf
    a[3, 5] = a[3, 9] = np.nan
    a[4] = -np.inf
    a[5] = 0.0
    values, x = oracle.wide(a), at(a, device)
    for name in ("argmin", "argmax"):
        got = getattr(xgpu, name)(x, axis=1)
        assert got.dtype is xgpu.int64
        np.testing.assert_array_equal(host(got), getattr(np, name)(values, axis=1))
    for name in ("min", "max"):
        wanted = getattr(np, name)(values, axis=1)
        oracle.agree(host(getattr(xgpu, name)(x, axis=1)), oracle.rounded(wanted, dtype), name)
    for name in ("any", "all", "count_nonzero"):
        got = host(getattr(xgpu, name)(x, axis=1))
        np.testing.assert_array_equal(got, getattr(np, name)(values, axis=1))


@both
@pytest.mark.parametrize("axis", [0, 1])
def test_running_sums_and_products(device: xgpu.Device, dtype: DType, axis: int) -> None:
    a = oracle.sample(dtype, (40, 30))
    got = computed(lambda: xgpu.cumulative_sum(at(a, device), axis=axis))
    wanted = oracle.rounded(np.cumsum(oracle.wide(a), axis=axis), dtype)
    # A sum near 0 has lost the float32's last places.
    near = np.abs(oracle.wide(host(got)) - oracle.wide(wanted)) <= 2.0**-18
    oracle.agree(np.where(near, wanted, host(got)), wanted, "cumulative_sum", 1, 0.02)
    near_1 = oracle.rounded(1 + oracle.wide(a) / 16, dtype)
    got = computed(lambda: xgpu.cumulative_prod(at(near_1, device), axis=axis))
    wanted = oracle.rounded(np.cumprod(oracle.wide(near_1), axis=axis), dtype)
    oracle.agree(host(got), wanted, "cumulative_prod", 1, 0.02)


# Products


@both
@pytest.mark.parametrize(
    ("left", "right"),
    [((7,), (7,)), ((5, 40), (40, 9)), ((3, 1, 4, 65), (2, 65, 33)), ((130, 3), (3,))],
)
def test_matmul(device: xgpu.Device, dtype: DType, left: Any, right: Any) -> None:
    a, b = oracle.sample(dtype, left, 1), oracle.sample(dtype, right, 2)
    got = xgpu.matmul(at(a, device), at(b, device))
    assert got.dtype is dtype
    wanted = oracle.rounded(np.matmul(oracle.wide(a), oracle.wide(b)), dtype)
    near = np.abs(oracle.wide(host(got)) - oracle.wide(wanted)) <= 2.0**-17
    oracle.agree(np.where(near, wanted, host(got)), wanted, "matmul", 1, 0.02)
    if len(left) > 1:
        turned = xgpu.matmul(at(np.swapaxes(a, -1, -2).copy(), device).mT, at(b, device))
        np.testing.assert_array_equal(oracle.bits(host(turned)), oracle.bits(host(got)))


@both
def test_products_are_summed_in_float32(device: xgpu.Device, dtype: DType) -> None:
    # In 16 bits the sum of ones would end at 256 or 2048, and 1 + 2^-6 squared lose its digits.
    n, step = 3000, 1 + 2.0**-6
    a = xgpu.full((2, n), step, dtype=dtype, device=device)
    wanted = float(oracle.wide(oracle.rounded([n * step * step], dtype))[0])
    for got in (
        a @ a.T,
        xgpu.vecdot(a, a),
        xgpu.tensordot(a, a, axes=((1,), (1,))),
        xgpu.linalg.vecdot(a, a, axis=1),
    ):
        assert got.dtype is dtype
        assert set(host(got).astype(float).reshape(-1).tolist()) == {wanted}


@both
def test_norms_and_other_products(device: xgpu.Device, dtype: DType) -> None:
    a, b = oracle.sample(dtype, (20, 20), 1), oracle.sample(dtype, (20, 20), 2)
    x, y = at(a, device), at(b, device)
    values = oracle.wide(a)
    linalg = xgpu.linalg
    for order in (0, 1, 2, 3.5, math.inf, -math.inf):
        got = host(linalg.vector_norm(x, ord=order, axis=1))
        wanted = np.linalg.norm(values, ord=order, axis=1)
        oracle.agree(got, oracle.rounded(wanted, dtype), f"vector_norm {order}", 1, 0.1)
    orders: tuple[Any, ...] = ("fro", 1, -1, math.inf, -math.inf)
    for kind in orders:
        got = host(linalg.matrix_norm(x, ord=kind, keepdims=True))
        wanted = np.linalg.norm(values, ord=kind, axis=(0, 1), keepdims=True)
        oracle.agree(got, oracle.rounded(wanted, dtype), f"matrix_norm {kind}", 1, 1.0)
    # Squares of 300 are beyond float16.
    assert float(linalg.vector_norm(xgpu.full(4, 300.0, dtype=dtype, device=device))) == 600.0
    got = host(linalg.trace(x))
    oracle.agree(got, oracle.rounded(np.trace(values), dtype), "trace", 1, 1.0)
    got = host(linalg.outer(x[0, :], y[1, :]))
    wanted = np.outer(values[0], oracle.wide(b)[1])
    oracle.agree(got, oracle.rounded(wanted, dtype), "outer")
    p, q = x[:, :3], y[:, :3]
    wanted = p[:, 1] * q[:, 2] - p[:, 2] * q[:, 1]
    np.testing.assert_array_equal(host(linalg.cross(p, q)[:, 0]), host(wanted))
    np.testing.assert_array_equal(host(linalg.matrix_power(x, 3)), host(x @ (x @ x)))
    wanted = oracle.rounded(np.diff(values), dtype)
    oracle.agree(host(xgpu.diff(x)), wanted, "diff")


# Order


@both
@pytest.mark.parametrize("descending", [False, True])
def test_sort(device: xgpu.Device, dtype: DType, descending: bool) -> None:
    numbers = np.random.default_rng(3).permutation(oracle.patterns(dtype))[:9000].reshape(3, -1)
    numbers[0, :7] = np.asarray([np.nan, 0, -0.0, -np.inf, np.inf, np.nan, 1], dtype)
    values, x = oracle.wide(numbers), at(numbers, device)
    keys = -values if descending else values
    order = np.argsort(keys, axis=1, stable=True)  # NaN last
    got = computed(lambda: xgpu.argsort(x, axis=1, descending=descending))
    np.testing.assert_array_equal(host(got), order)
    got = host(computed(lambda: xgpu.sort(x, axis=1, descending=descending)))
    oracle.agree(got, np.take_along_axis(numbers, order, 1), "sort")


@both
@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(device: xgpu.Device, dtype: DType, side: Any) -> None:
    numbers = oracle.sample(dtype, (500,))
    line = numbers[np.argsort(oracle.wide(numbers))]
    values = np.append(
        oracle.sample(dtype, (300,), 4), np.asarray([np.nan, np.inf, -np.inf], dtype)
    )
    x, y = at(line, device), at(values, device)
    got = computed(lambda: xgpu.searchsorted(x, y, side=side))
    wanted = np.searchsorted(oracle.wide(line), oracle.wide(values), side=side)
    np.testing.assert_array_equal(host(got), wanted)


@both
def test_sets(device: xgpu.Device, dtype: DType) -> None:
    a = oracle.rounded(np.random.default_rng(0).integers(-6, 7, 200) / 4, dtype)
    x = at(a, device)
    values, places, inverse, counts = computed(lambda: xgpu.unique_all(x))
    wanted = np.unique_all(oracle.wide(a))
    assert values.dtype is dtype
    for got, of_numpy in zip((values, places, inverse, counts), wanted, strict=True):
        np.testing.assert_array_equal(host(got).astype(np.float64), of_numpy)
    for others in (a[:3], a[:50]):
        y = at(others, device)
        got = host(computed(partial(xgpu.isin, x, y)))
        np.testing.assert_array_equal(got, np.isin(oracle.wide(a), oracle.wide(others)))


def test_every_function_of_real_numbers_is_named_here() -> None:
    """A new row of the op table that takes floats is looked at by the tests above."""
    named = {*UNARY, *BINARY, "cast", "where"}
    assert {op.name for op in ops.elementwise() if "f" in op.accepts} == named
    assert all(kind_of(dtype) == "f" for dtype in NARROW)
