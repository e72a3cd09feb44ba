"""Elementwise functions against true values: the largest error in ULP."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import xgpu
from tests.values import cases, oracle_mpmath
from tests.values.cases import BINARY, UNARY, computed_in, takes
from tests.values.computing import of_names
from tests.values.expected import Expected, expected, is_exact, result_dtype
from tests.values.inputs import COMPLEX, DTYPES, FLOATS, specials
from tests.values.ulp import Values, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

COUNTS = {1: 360, 2: 900}


@cache
def operands(name: str, dtype: DType) -> tuple[Values, ...]:
    """Operands of a function: of complex ones those where no special value is tabled."""
    count = COUNTS[1 if name in UNARY else 2]
    if kind(dtype) in "biu":
        x = specials(dtype)
        grid = tuple(g.ravel()[::5] for g in np.meshgrid(x, x))
        return (x,) if name in UNARY else grid
    if kind(dtype) == "f":
        return cases.operands(name, dtype, count)
    z = cases.operands(name, dtype, COUNTS[1])
    keep = cases.usable(name, *z)
    filler = dtype.type(0.5 + 0.25j)  # so that all functions share one shape
    return tuple(np.where(keep, x, filler) for x in z)


@cache
def wanted(name: str, dtype: DType) -> Expected:
    return expected(name, *operands(name, dtype))


def inexact_names(dtype: DType, count: int) -> list[str]:
    table = UNARY if count == 1 else BINARY
    return [n for n in table if takes(n, dtype) and not is_exact(n, computed_in(n, dtype))]


@cache
def results(device: str, dtype: DType, count: int) -> dict[str, Values]:
    calls = {name: operands(name, dtype) for name in inexact_names(dtype, count)}
    return of_names(xgpu.device(device), calls)


CASES = [
    pytest.param(name, dtype, id=f"{name}-{dtype}")
    for dtype in DTYPES
    for count in (1, 2)
    for name in inexact_names(dtype, count)
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_accuracy(name: str, dtype: DType, device: xgpu.Device) -> None:
    x = operands(name, dtype)
    got = results(str(device), dtype, len(x))[name]
    assert got.dtype == result_dtype(name, dtype)
    wanted(name, dtype).check(got, name, *x)


def test_every_function_is_exact_or_has_true_values() -> None:
    for dtype in (*FLOATS, *COMPLEX):
        tables = (
            (oracle_mpmath.COMPLEX, oracle_mpmath.COMPLEX_PAIRS)
            if kind(dtype) == "c"
            else (oracle_mpmath.REAL, oracle_mpmath.REAL_PAIRS)
        )
        for name in (*UNARY, *BINARY):
            if takes(name, dtype) and not is_exact(name, dtype):
                assert name in tables[0] or name in tables[1], (name, dtype)


def test_operands_reach_subnormals_overflow_and_special_values() -> None:
    for dtype in (dtypes.float32, dtypes.float64):
        for name in ("exp", "sinh", "pow", "hypot"):
            values = wanted(name, dtype).values
            tiny = np.finfo(dtype).tiny
            assert np.isnan(values).any() and np.isinf(values).any(), name
            assert np.any((values != 0) & (np.abs(values) < tiny)), name
    for name in inexact_names(dtypes.complex64, 1):
        assert np.count_nonzero(operands(name, dtypes.complex64)[0] != 0.5 + 0.25j) > 200, name
