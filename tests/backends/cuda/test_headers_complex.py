"""The complex ops: errors in ULP of each component, and arithmetic."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

from tests.backends.cuda.header_harness import Values, call
from tests.backends.cuda.header_reference import (
    COMPLEX,
    exact,
    finite_plane,
    pairs,
    same,
    specials,
    ulps,
)
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import CupyDriver, Driver

COMPLEXES = [dtypes.complex64, dtypes.complex128]
ALLOWED = 4.0  # ULP


def allowed(driver: Driver, op: str) -> float:
    """The error in ULP: what the headers say, and more over CUDA's functions of 2 to 4 ULP."""
    return ALLOWED + (op in ("tan", "tanh")) + 2 * isinstance(driver, CupyDriver)


def grid(dtype: DType) -> Values:
    """Every pair of special values as a complex number."""
    a, b = np.meshgrid(*[specials(dtypes.real_of(dtype))] * 2)
    z: Values = np.empty(a.size, dtype)
    z.real, z.imag = a.ravel(), b.ravel()
    return z


def grid_pairs(dtype: DType) -> tuple[Values, Values]:
    """Pairs of numbers whose components are special or random values."""
    parts = [*pairs(dtypes.real_of(dtype)), *pairs(dtypes.real_of(dtype))]
    order = np.random.default_rng(8).permutation(parts[0].size)
    a, b = np.empty((2, parts[0].size), dtype)
    a.real, a.imag, b.real, b.imag = parts[0], parts[1], parts[2][order], parts[3][order]
    return a, b


def _larger_term(z: Any) -> Any:
    """Of the two terms whose difference is the real part of expm1(z)."""
    x, y = float(z.real), float(z.imag)
    return max(abs(mp.expm1(x) * mp.cos(y)), 2 * mp.sin(y / 2) ** 2)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize("op", COMPLEX)
def test_error(driver: Driver, op: str, dtype: DType) -> None:
    z = finite_plane(dtypes.real_of(dtype), 40)
    if op == "reciprocal":  # the documented limit of what a small component is resolved to
        ratio = np.log2(abs(z.real)) - np.log2(abs(z.imag))
        z = z[abs(ratio) < -np.finfo(dtype).minexp]
    got = call(driver, op, z)
    worst: tuple[Any, ...] = (0.0,)
    for number, value in zip(z, got, strict=True):
        wanted = exact(COMPLEX[op], complex(number))
        for part in ("real", "imag"):
            term = _larger_term(number) if (op, part) == ("expm1", "real") else None
            error = ulps(getattr(value, part), getattr(wanted, part), got.real.dtype, term)
            worst = max(worst, (error, part, number, value, wanted), key=lambda w: w[0])
    assert worst[0] <= allowed(driver, op), (op, worst)


@pytest.mark.parametrize("op", ["exp", "expm1", "sinh", "cosh"])
def test_a_small_sine_times_an_exp_that_overflows(driver: Driver, op: str) -> None:
    cases = {
        dtypes.complex64: [90 + 1e-3j, 100 + 1e-40j, 170 + 1e-42j, 185 + 1e-45j],
        dtypes.complex128: [715 + 1e-3j, 1000 + 1e-300j, 1405 + 1e-320j, 1450 + 5e-324j],
    }
    for dtype, given in cases.items():
        z = np.array(given, dtype)
        for number, value in zip(z, call(driver, op, z), strict=True):
            wanted = exact(COMPLEX[op], complex(number))
            for part in ("real", "imag"):
                error = ulps(getattr(value, part), getattr(wanted, part), value.real.dtype)
                assert error <= allowed(driver, op), (op, part, number, value, wanted)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_divide_error(driver: Driver, dtype: DType) -> None:
    rng = np.random.default_rng(9)
    a, b = (rng.permutation(finite_plane(dtypes.real_of(dtype), 80))[:600] for _ in range(2))
    limit = -np.finfo(dtype).minexp
    ratios = [abs(np.log2(abs(x.real)) - np.log2(abs(x.imag))) for x in (a, b)]
    keep = ratios[0] + ratios[1] < limit
    a, b = a[keep], b[keep]
    worst: tuple[Any, ...] = (0.0,)
    for x, y, value in zip(a, b, call(driver, "divide", a, b), strict=True):
        wanted = exact(lambda p, q: p / q, complex(x), complex(y))
        for part in ("real", "imag"):
            error = ulps(getattr(value, part), getattr(wanted, part), value.real.dtype)
            worst = max(worst, (error, part, x, y, value, wanted), key=lambda w: w[0])
    assert worst[0] <= ALLOWED, worst


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_pow_error(driver: Driver, dtype: DType) -> None:
    # Within ALLOWED of the larger component: the smaller one is a cosine near its zero.
    rng = np.random.default_rng(10)
    count, real = 150, dtypes.real_of(dtype)
    zero = np.zeros(count)
    near_1 = 1 + rng.choice([-1, 1], count) * 2.0 ** rng.uniform(-20, -3, count)
    turn = np.exp(1j * rng.uniform(-3, 3, count))
    wide = 2.0 ** rng.uniform(-30, 30, count) * turn
    families = [
        (rng.normal(0, 2, count) + 1j * rng.normal(0, 2, count), rng.normal(0, 2, count) * turn),
        (rng.normal(0, 5, count) * turn, rng.integers(-20, 20, count) + 0j),
        (rng.integers(-5, 6, count) + 1j * rng.integers(1, 6, count), rng.integers(2, 8, count)),
        (wide, rng.normal(0, 2, count) + 1j * rng.normal(0, 2, count)),
        (abs(rng.normal(0, 3, count)) + 1j * zero, rng.normal(0, 10, count) + 1j * zero),
        (near_1 * turn, rng.normal(0, 1000, count) + 1j * rng.normal(0, 20, count)),
        (turn, rng.normal(0, 1e5 if real == dtypes.float32 else 1e9, count) + 1j * zero),
    ]
    a, b = np.array(families).transpose(1, 0, 2).reshape(2, -1).astype(dtype)
    worst: tuple[Any, ...] = (-1.0,)  # by how much the error passes the allowed one
    for x, y, value in zip(a, b, call(driver, "pow", a, b), strict=True):
        with mp.workprec(500):
            wanted = mp.mpc(complex(x)) ** mp.mpc(complex(y))
            larger = max(abs(wanted.real), abs(wanted.imag))
            bound = (
                allowed(driver, "pow")
                + float(abs(mp.log(mp.mpc(complex(x))) * mp.mpc(complex(y)))) / 2**18
            )
            for part in ("real", "imag"):
                error = ulps(getattr(value, part), getattr(wanted, part), real, larger)
                worst = max(worst, (error - bound, part, x, y, value, wanted), key=lambda w: w[0])
    assert worst[0] <= 0, worst


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_powers_of_whole_numbers_are_exact(driver: Driver, dtype: DType) -> None:
    a = np.array([3 + 4j, 1 + 1j, -2, 2j, 1 + 1j, 3 - 4j, 5 + 1j, 2], dtype)
    b = np.array([2, 20, 3, 5, -2, 1, 0, -2], dtype)
    wanted = np.array([-7 + 24j, -1024, -8, 32j, -0.5j, 3 - 4j, 1, 0.25], dtype)
    assert (call(driver, "pow", a, b) == wanted).all()


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_a_power_that_overflows_keeps_its_zero(driver: Driver, dtype: DType) -> None:
    a, b = np.array([10, 0.1, 10], dtype), np.array([400.5, -400.5, -400.5], dtype)
    wanted = np.array([complex(np.inf, 0), complex(np.inf, -0.0), 0], dtype)
    got = call(driver, "pow", a, b)
    assert (got.real == wanted.real).all()
    assert (got.imag == 0).all()


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_powers_of_zero(driver: Driver, dtype: DType) -> None:
    b = np.array([0, 1, 2.5, 1 + 1j, 1j, -1, -1 - 1j], dtype)
    nan = complex(np.nan, np.nan)
    wanted = np.array([1, 0, 0, 0, nan, nan, nan], dtype)
    assert same(call(driver, "pow", np.zeros_like(b), b), wanted).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize(
    "op", ["add", "subtract", "negative", "conj", "real", "imag", "isnan", "isinf", "isfinite"]
)
def test_is_numpys_value(driver: Driver, op: str, dtype: DType) -> None:
    operands = grid_pairs(dtype) if ops.TABLE[op].arity == 2 else (grid(dtype),)
    got, wanted = call(driver, op, *operands), getattr(np, op)(*operands)
    assert same(got, np.ascontiguousarray(wanted)).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_comparison_and_where(driver: Driver, dtype: DType) -> None:
    a, b = grid_pairs(dtype)
    b[::3] = a[::3]
    assert (call(driver, "equal", a, b) == (a == b)).all()
    assert (call(driver, "not_equal", a, b) == (a != b)).all()
    condition = np.random.default_rng(11).random(a.size) < 0.5
    assert same(call(driver, "where", condition, a, b), np.where(condition, a, b)).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_multiply_is_the_textbook_formula(driver: Driver, dtype: DType) -> None:
    a, b = grid_pairs(dtype)
    wanted = np.empty_like(a)
    wanted.real = a.real * b.real - a.imag * b.imag
    wanted.imag = a.real * b.imag + a.imag * b.real
    assert same(call(driver, "multiply", a, b), wanted).all()
    assert same(call(driver, "square", a), call(driver, "multiply", a, a)).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_divide_by_zero_and_by_what_is_not_finite_is_numpys(driver: Driver, dtype: DType) -> None:
    a, b = grid_pairs(dtype)
    keep = (b == 0) | ~np.isfinite(a) | ~np.isfinite(b)
    a, b = a[keep], b[keep]
    got, wanted = call(driver, "divide", a, b), a / b
    wrong = np.flatnonzero(~same(got, wanted))
    assert not wrong.size, [(a[i], b[i], got[i], wanted[i]) for i in wrong[:5]]
    one = np.ones_like(b)
    assert same(call(driver, "reciprocal", b), call(driver, "divide", one, b)).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_abs(driver: Driver, dtype: DType) -> None:
    special = grid(dtype)
    got, wanted = call(driver, "abs", special), np.hypot(special.real, special.imag)
    odd = ~np.isfinite(wanted)
    assert same(got[odd], wanted[odd]).all()
    plane = finite_plane(dtypes.real_of(dtype), 80)
    for number, value in zip(plane, call(driver, "abs", plane), strict=True):
        wanted_length = exact(abs, complex(number))
        assert ulps(value, wanted_length, got.dtype) <= ALLOWED, (number, value)


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_round(driver: Driver, dtype: DType) -> None:
    z = grid(dtype)
    got = call(driver, "round", z)
    assert same(got.real, np.rint(z.real)).all()
    assert same(got.imag, np.rint(z.imag)).all()


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_sign_of_zeros_and_of_what_is_not_finite(driver: Driver, dtype: DType) -> None:
    zeros = np.array([0.0, complex(-0.0, -0.0), complex(0.0, -0.0)], dtype)
    assert same(call(driver, "sign", zeros), np.zeros(3, dtype)).all()
    z = grid(dtype)
    got = call(driver, "sign", z)
    assert np.isnan(got[~np.isfinite(z)].real).all()
    assert np.isnan(got[~np.isfinite(z)].imag).all()
    assert np.isfinite(got[np.isfinite(z)]).all()
