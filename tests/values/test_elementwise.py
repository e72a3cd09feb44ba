"""Elementwise functions against exact values: integers, bool, and what floats give exactly."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from tests.values import oracle_exact
from tests.values.cases import BINARY, UNARY, computed_in, takes
from tests.values.computing import Call, computed, of_names
from tests.values.expected import Expected, expected, is_exact, result_dtype
from tests.values.inputs import DTYPES, random, specials
from tests.values.ulp import Values, compare, kind
from xgpu.plugin.dtypes import DType

SIGNATURES = Path(__file__).parents[1] / "data" / "signatures.json"


@cache
def operands(dtype: DType, count: int) -> tuple[Values, ...]:
    """Special values, or all pairs of them; and random values."""
    if count == 1:
        return (np.concatenate([specials(dtype), random(dtype, 400)]),)
    known = specials(dtype) if kind(dtype) != "c" else specials(dtype)[::7]
    grid = np.meshgrid(known, known)
    return tuple(
        np.concatenate([g.ravel(), random(dtype, 400, seed)]) for seed, g in enumerate(grid)
    )


def exact_names(dtype: DType, count: int) -> list[str]:
    """The functions of ``count`` operands that are exact for a dtype."""
    table = UNARY if count == 1 else BINARY
    return [n for n in table if takes(n, dtype) and is_exact(n, computed_in(n, dtype))]


@cache
def wanted(name: str, dtype: DType) -> Expected:
    return expected(name, *operands(dtype, 1 if name in UNARY else 2))


@cache
def results(device: str, dtype: DType, count: int) -> dict[str, Values]:
    x = operands(dtype, count)
    return of_names(xgpu.device(device), dict.fromkeys(exact_names(dtype, count), x))


CASES = [
    pytest.param(name, dtype, id=f"{name}-{dtype}")
    for dtype in DTYPES
    for count in (1, 2)
    for name in exact_names(dtype, count)
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_exact(name: str, dtype: DType, device: xgpu.Device) -> None:
    x = operands(dtype, 1 if name in UNARY else 2)
    got = results(str(device), dtype, len(x))[name]
    assert got.dtype == result_dtype(name, dtype)
    wanted(name, dtype).check(got, name, *x)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if kind(d) == "f"], ids=str)
def test_sign_bits_of_nan(dtype: DType, device: xgpu.Device) -> None:
    numbers = np.array([np.nan, 1.5, 0.0]).astype(dtype)
    x = np.concatenate([numbers, -numbers])
    a, b = (m.ravel() for m in np.meshgrid(x, x))
    got = of_names(device, {"copysign": (a, b), "signbit": (b, b)[:1]})
    sign = np.array([oracle_exact.sign_bit(v) for v in b])
    assert np.array_equal([oracle_exact.sign_bit(v) for v in got["copysign"]], sign)
    assert np.array_equal(got["signbit"], sign)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_where(dtype: DType, device: xgpu.Device) -> None:
    x, y = operands(dtype, 2)
    condition = random(np.dtype(bool), x.size)
    got = computed(device, {0: (xgpu.where, (condition, x, y))})[0]
    chosen = [a if c else b for c, a, b in zip(condition, x, y, strict=True)]
    compare(got, np.array(chosen, dtype), condition, x, y, what="where")


@pytest.mark.parametrize("dtype", [d for d in DTYPES if kind(d) != "c"], ids=str)
def test_clip(dtype: DType, device: xgpu.Device) -> None:
    x, low = operands(dtype, 2)
    high = np.roll(low, 17)
    lower = expected("maximum", x, low)
    both = expected("minimum", lower.values, high)
    calls: dict[str, Call] = {
        "low": (lambda a, b: xgpu.clip(a, b), (x, low)),
        "both": (lambda a, b, c: xgpu.clip(a, b, c), (x, low, high)),
        "high": (lambda a, b: xgpu.clip(a, max=b), (x, high)),
        "none": (lambda a: xgpu.clip(a), (x,)),
    }
    got = computed(device, calls)
    lower.check(got["low"], "clip", x, low)
    both.check(got["both"], "clip", x, low, high)
    expected("minimum", x, high).check(got["high"], "clip", x, high)
    compare(got["none"], x)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_casts(dtype: DType, device: xgpu.Device) -> None:
    """From ``dtype`` to every other: integers wrap, floats are cut or rounded to nearest."""
    source = operands(dtype, 1)[0]
    for to in DTYPES:
        if kind(dtype) == "c" and kind(to) != "c":
            continue
        x = oracle_exact.castable(source, to)
        got = host(xgpu.astype(xgpu.asarray(x, device=device), to))
        compare(got, oracle_exact.cast(x, to), x, what=f"{dtype} to {to}")


def test_every_elementwise_function_has_cases() -> None:
    named = set(json.loads(SIGNATURES.read_text())["elementwise"])
    assert named - set(UNARY) - set(BINARY) == {"clip"}
