"""The real transcendental functions: errors in ULP, and special values."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

from tests.backends.cuda.header_harness import Values, call
from tests.backends.cuda.header_reference import (
    REAL,
    exact,
    pairs,
    random_values,
    same,
    specials,
    ulps,
    values,
)
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver

FLOATS = [dtypes.float32, dtypes.float64]
UNARY = [op for op in REAL if ops.TABLE[op].arity == 1]
BINARY = [op for op in REAL if ops.TABLE[op].arity == 2]
ALLOWED = 4.0  # ULP


def _numpy(op: str, *operands: Values) -> Values:
    result: Values = getattr(np, op)(*operands)
    return result


def check(op: str, got: Values, *operands: Values) -> None:
    """Every finite result within the allowed error, every other one as NumPy has it."""
    numpys = _numpy(op, *operands)
    wide = _numpy(op, *(x.astype(np.float64) for x in operands))
    worst: tuple[Any, ...] = (0.0,)
    for i, value in enumerate(got):
        inputs = [x[i] for x in operands]
        singular = not np.isfinite(wide[i]) and not np.isfinite(numpys[i])
        if singular or not np.isfinite(inputs).all():
            assert same(got[i : i + 1], numpys[i : i + 1])[0], (op, inputs, value, numpys[i])
            continue
        wanted = exact(REAL[op], *map(float, inputs))
        if isinstance(wanted, mp.mpc):
            wanted = wanted.real
        if op == "atan2" and 0 in inputs:  # whose sign mpmath does not have
            wanted = mp.mpf(float(wide[i]))
        if wanted == 0:
            assert same(got[i : i + 1], numpys[i : i + 1])[0], (op, inputs, value, numpys[i])
            continue
        # log(exp(a) + exp(b)) near 0 is the difference of a and of a correction.
        magnitude = max(map(abs, inputs)) if op == "logaddexp" else None
        error = ulps(value, wanted, got.dtype, magnitude)
        worst = max(worst, (error, *inputs, value, mp.nstr(wanted, 20)), key=lambda w: w[0])
    assert worst[0] <= ALLOWED, (op, worst)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("op", UNARY)
def test_one_operand(driver: Driver, op: str, dtype: DType) -> None:
    x = values(dtype, 600)
    near = np.random.default_rng(4).uniform(-1.5, 1.5, 400).astype(dtype)
    x = np.concatenate([x, near, near + dtype.type(2)])
    check(op, call(driver, op, x), x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("op", BINARY)
def test_two_operands(driver: Driver, op: str, dtype: DType) -> None:
    rng = np.random.default_rng(5)
    a, b = pairs(dtype, 800)
    if op == "pow":  # beyond these, mpmath would compute digits of an overflow for a long time
        keep = (abs(b) < 1e4) | ~np.isfinite(b)
        a, b = a[keep], b[keep]
    if op == "logaddexp":
        keep = ~((abs(a) > 1e4) & np.isfinite(a)) & ~((abs(b) > 1e4) & np.isfinite(b))
        a, b = a[keep], b[keep]
    near = rng.uniform(0.1, 5, (2, 500)).astype(dtype)
    a, b = np.concatenate([a, near[0]]), np.concatenate([b, near[1]])
    check(op, call(driver, op, a, b), a, b)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_logaddexp_of_large_operands_does_not_overflow(driver: Driver, dtype: DType) -> None:
    a, b = (random_values(dtype, 4000, seed) for seed in (6, 7))
    keep = np.isfinite(a) & np.isfinite(b) & (abs(a - b) > 1000)
    a, b = a[keep], b[keep]
    assert same(call(driver, "logaddexp", a, b), np.maximum(a, b)).all()


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_sign_of_zero_is_kept(driver: Driver, dtype: DType) -> None:
    zeros = np.array([0.0, -0.0], dtype)
    odd = ("asin", "asinh", "atan", "atanh", "expm1", "log1p", "sin", "sinh", "sqrt", "tan", "tanh")
    for op in odd:
        assert same(call(driver, op, zeros), zeros).all(), op


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_trigonometric_functions_of_huge_arguments(driver: Driver, dtype: DType) -> None:
    limits = np.finfo(dtype)
    x = np.array([limits.max, -limits.max, 2.0**100, 1e22, 1e10, 6381956970095103e-3], dtype)
    for op in ("sin", "cos", "tan"):
        check(op, call(driver, op, x), x)


def test_reference_is_independent_of_numpy() -> None:
    """mpmath's value of a case whose digits are known."""
    wanted = exact(REAL["sin"], 1e22)
    assert mp.nstr(wanted, 18) == "-0.852200849767188802"
    assert ulps(np.float64(-0.8522008497671888), wanted, dtypes.float64) <= 0.5
    assert ulps(np.float64(-0.8522008497671898), wanted, dtypes.float64) > 4
    assert specials(dtypes.float64).size > 20
