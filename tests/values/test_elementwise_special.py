"""Special values of the complex functions, branch cuts and symmetries included."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

import xgpu
from tests.values import special_complex
from tests.values.computing import Call, computed, of_names
from tests.values.inputs import COMPLEX, joined, specials
from tests.values.special_complex import CHOICES, CIS, ODD, TABLES, TURNED, agrees, rows
from tests.values.ulp import Values, compare, distance
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

ANGLES = tuple(y for y in special_complex.SETS["not 0"] if abs(y) < 1e3)


def turned(z: Values, by: complex) -> Values:
    """z times j, -j or 1, which loses no zero's sign."""
    if by == 1:
        return z
    sign = 1 if by == 1j else -1
    return joined(-sign * z.imag, sign * z.real, z.dtype)


@cache
def results(device: str, dtype: DType) -> dict[str, Values]:
    """Each table's operands, their conjugates and their negatives; and other calls at once."""
    calls: dict[str, Call] = {}
    length = max(len(rows(name)) for name in TABLES)
    for name in TABLES:
        z = np.resize(special_complex.operands(name, dtype), length)  # one shape for all
        function = getattr(xgpu, name)
        calls[name] = (function, (z,))
        calls[f"{name} conjugate"] = (function, (z.conj(),))
        if name in ODD:
            calls[f"{name} negative"] = (function, (-z,))
    z = specials(dtype)
    for name, other, _ in TURNED:
        calls[f"{name} everywhere"] = (getattr(xgpu, name), (z,))
        calls[f"{name} turned"] = (getattr(xgpu, other), (turned(z, 1j),))
    for name in CIS:
        for end in (np.inf, -np.inf):
            at = joined(np.full(len(ANGLES), end), ANGLES, dtype)
            calls[f"{name} {end}"] = (getattr(xgpu, name), (at,))
    return computed(xgpu.device(device), calls)


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, dtype: DType, device: xgpu.Device) -> None:
    z = special_complex.operands(name, dtype)
    scale = {"log2": np.log2(math.e), "log10": np.log10(math.e)}.get(name, 1.0)
    got = results(str(device), dtype)
    images = {"": got[name], "conjugate": got[f"{name} conjugate"].conj()}
    if name == "abs":
        images = {key: joined(value, 0.0, dtype) for key, value in images.items()}
    if name in ODD:
        images["negative"] = -got[f"{name} negative"]
    for what, values in images.items():
        for number, value, (_, _, re, im) in zip(z, values[: z.size], rows(name), strict=True):
            right = agrees(value.real, re, scale, dtype) and agrees(value.imag, im, scale, dtype)
            assert right, f"{what} {name}({number}) = {value}, not {re}, {im}"


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
@pytest.mark.parametrize(("name", "by"), [(name, by) for name, _, by in TURNED])
def test_turned(name: str, by: complex, dtype: DType, device: xgpu.Device) -> None:
    """The function is ``by`` times the hyperbolic one of jz; beside NaN the signs are open."""
    got = results(str(device), dtype)
    values, other = got[f"{name} everywhere"], turned(got[f"{name} turned"], by)
    z = specials(dtype)
    signs = ~np.isnan(z) & ~np.isnan(other)
    compare(values[signs], other[signs], z[signs], ulps=4, what=name)
    for part in ("real", "imag"):
        sizes = (np.abs(getattr(v, part)) for v in (values, other))
        assert distance(*sizes).max() <= 4, part


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
@pytest.mark.parametrize("name", CIS)
def test_infinity_times_cis(name: str, dtype: DType, device: xgpu.Device) -> None:
    got = results(str(device), dtype)
    y = np.array(ANGLES, dtypes.real_of(dtype)).astype(np.float64)
    for end in (np.inf, -np.inf):
        size = np.inf if end > 0 or name in ("cosh", "sinh") else 0.0
        across = {"cosh": np.sign(end), "sinh": 1.0}.get(name, 1.0)
        along = {"cosh": 1.0, "sinh": np.sign(end)}.get(name, 1.0)
        re = along * size * np.cos(y) - (name == "expm1")
        wanted = joined(re, across * size * np.sin(y), dtype)
        compare(got[f"{name} {end}"], wanted, y, what=f"{name} at {end}")


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_choices_of_the_official_suite(dtype: DType, device: xgpu.Device) -> None:
    z = joined([x for _, (x, _), _ in CHOICES], [y for _, (_, y), _ in CHOICES], dtype)
    wanted = joined([x for _, _, (x, _) in CHOICES], [y for _, _, (_, y) in CHOICES], dtype)
    got = of_names(device, dict.fromkeys((name for name, _, _ in CHOICES), (z,)))
    chosen = np.array([got[name][i] for i, (name, _, _) in enumerate(CHOICES)])
    compare(chosen, wanted, z, what="choice")


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_sign_of_any_zero(dtype: DType, device: xgpu.Device) -> None:
    zeros = joined([0.0, -0.0, 0.0, -0.0], [0.0, 0.0, -0.0, -0.0], dtype)
    got = computed(device, {0: (xgpu.sign, (zeros,))})[0]
    compare(got, np.zeros(4, dtype), what="sign")


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_powers_of_zero(dtype: DType, device: xgpu.Device) -> None:
    exponents = np.array([0, 1, 2.5, 1 + 1j, 1j, -1, -1 - 1j], dtype)
    nan = complex(np.nan, np.nan)
    wanted = np.array([1, 0, 0, 0, nan, nan, nan], dtype)
    got = computed(device, {0: (xgpu.pow, (np.zeros_like(exponents), exponents))})[0]
    compare(got, wanted, exponents, what="pow(0, ...)")


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_divide_by_zero(dtype: DType, device: xgpu.Device) -> None:
    """A component other than 0 becomes infinite, a zero becomes NaN; 1 / z is reciprocal."""
    z = np.array([1, -1, 2j, 1 - 1j, 0], dtype)
    nan, inf = np.nan, np.inf
    wanted = joined([inf, -inf, nan, inf, nan], [nan, nan, inf, -inf, nan], dtype)
    zeros = np.zeros_like(z)
    calls: dict[str, Call] = {
        "divide": (xgpu.divide, (z, zeros)),
        "reciprocal": (xgpu.reciprocal, (zeros,)),
    }
    got = computed(device, calls)
    compare(got["divide"], wanted, z, what="divide by zero")
    compare(got["reciprocal"], joined([inf] * 5, [nan] * 5, dtype), what="reciprocal")


def test_rows_name_known_sets_and_results() -> None:
    for name in TABLES:
        results = [part.strip("()") for row in rows(name) for part in row[2:]]
        assert len(rows(name)) >= 12, name
        assert set(results) <= set(special_complex.RESULTS), name
