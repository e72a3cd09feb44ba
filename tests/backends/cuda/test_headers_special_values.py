"""Special values of the complex functions, as the Array API standard 2025.12 tables them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pytest

from tests.backends.cuda.header_harness import Values, call
from tests.backends.cuda.header_reference import same
from tests.backends.cuda.test_headers_complex import grid
from tests.values.special_complex import ODD, SETS, TABLES, agrees, operands, rows
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver

COMPLEXES: Final = [dtypes.complex64, dtypes.complex128]


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize("op", TABLES)
def test_table(driver: Driver, op: str, dtype: DType) -> None:
    entries, z = rows(op), operands(op, dtype)
    scale = {"log2": np.log2(math.e), "log10": np.log10(math.e)}.get(op, 1.0)
    results = {"": call(driver, op, z), "conjugate": call(driver, op, z.conj()).conj()}
    if op == "abs":
        results = {what: length.astype(dtype) for what, length in results.items()}
    if op in ODD:
        results["negative"] = -call(driver, op, -z)
    for what, result in results.items():
        for number, got, (_, _, re, im) in zip(z, result, entries, strict=True):
            right = agrees(got.real, re, scale, dtype) and agrees(got.imag, im, scale, dtype)
            assert right, f"{what} {op}({number}) = {got}, not {re}, {im}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize("op", ["cosh", "exp", "expm1", "sinh"])
def test_infinity_times_cis(driver: Driver, op: str, dtype: DType) -> None:
    y = np.array([y for y in SETS["not 0"] if abs(y) < 1e3], dtypes.real_of(dtype))
    z = np.empty(y.shape, dtype)
    z.real, z.imag = np.inf, y
    got = call(driver, op, z)
    assert same(got.real, np.inf * np.cos(y)).all()
    assert same(got.imag, np.inf * np.sin(y)).all()


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_exp_of_minus_infinity(driver: Driver, dtype: DType) -> None:
    y = np.array([y for y in SETS["not 0"] if abs(y) < 1e3], dtypes.real_of(dtype))
    z = np.empty(y.shape, dtype)
    z.real, z.imag = -np.inf, y
    got = call(driver, "exp", z)
    assert same(got.real, 0 * np.cos(y)).all()
    assert same(got.imag, 0 * np.sin(y)).all()
    got = call(driver, "expm1", z)
    assert (got.real == -1).all()
    assert same(got.imag, 0 * np.sin(y)).all()


def same_but_for_nan(z: Values, a: Values, b: Values) -> Values:
    """`same`, but where z has a NaN, whose sign a GPU need not keep, zeros may differ in sign."""
    unsigned = same(np.abs(a.real), np.abs(b.real)) & same(np.abs(a.imag), np.abs(b.imag))
    return same(a, b) | (np.isnan(z) & unsigned)


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
@pytest.mark.parametrize(
    ("op", "other"), [("asin", "asinh"), ("atan", "atanh"), ("sin", "sinh"), ("tan", "tanh")]
)
def test_is_minus_j_times_the_other_of_jz(
    driver: Driver, op: str, other: str, dtype: DType
) -> None:
    z = grid(dtype)
    turned = np.empty_like(z)
    turned.real, turned.imag = -z.imag, z.real
    result = call(driver, other, turned)
    got = call(driver, op, z)
    expected = np.empty_like(result)
    expected.real, expected.imag = result.imag, -result.real
    wrong = ~same_but_for_nan(z, got, expected)
    assert not wrong.any(), [(x, g, r) for x, g, r in zip(z, got, result, strict=True)][:5]


@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_cos_is_cosh_of_jz(driver: Driver, dtype: DType) -> None:
    z = grid(dtype)
    turned = np.empty_like(z)
    turned.real, turned.imag = -z.imag, z.real
    got, result = call(driver, "cos", z), call(driver, "cosh", turned)
    assert same_but_for_nan(z, got, result).all()


# Cuts: the sign of a zero component tells which side of the cut a number is on.
@pytest.mark.parametrize("dtype", COMPLEXES, ids=str)
def test_branch_cuts(driver: Driver, dtype: DType) -> None:
    def at(op: str, re: float, im: float) -> complex:
        z = np.empty(1, dtype)
        z.real, z.imag = re, im
        return complex(call(driver, op, z)[0])

    def close(got: float, wanted: float) -> bool:
        return abs(got - wanted) <= 4 * float(np.finfo(dtype).eps) * abs(wanted)

    for op in ("log", "sqrt", "acos", "acosh", "atanh", "log1p"):
        above, below = at(op, -3.0, 0.0), at(op, -3.0, -0.0)
        assert above.imag == -below.imag != 0, op
        assert above.real == below.real, op
    assert close(at("sqrt", -4.0, -0.0).imag, -2.0)
    assert close(at("log", -1.0, -0.0).imag, -np.pi)
    assert close(at("atanh", 2.0, 0.0).imag, np.pi / 2)
    assert close(at("atanh", 2.0, -0.0).imag, -np.pi / 2)
    assert close(at("asin", 2.0, 0.0).imag, np.arccosh(2.0))
    assert close(at("asin", 2.0, -0.0).imag, -np.arccosh(2.0))
    assert close(at("atan", 0.0, 2.0).real, np.pi / 2)
    assert close(at("atan", -0.0, 2.0).real, -np.pi / 2)
    assert close(at("asinh", 0.0, 2.0).real, np.arccosh(2.0))
    assert close(at("asinh", -0.0, 2.0).real, -np.arccosh(2.0))
