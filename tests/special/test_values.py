"""Values of the special functions against mpmath's, with SciPy's error beside them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.special

import xgpu
from docs.measurements.special_oracles import CASES, Case, errors, exactly
from tests.comparing import host
from tests.special.batch import computed

BOUND = 16.0  # ULP
POINTS = 12


@cache
def drawn(case: Case, dtype: str) -> tuple[list[Any], list[Any], float]:
    """Arguments, exact values, and SciPy's largest error there."""
    rng = np.random.default_rng(7)
    with np.errstate(over="ignore"):
        arguments = [np.asarray(a, np.float64).astype(dtype) for a in case.draw(rng, POINTS)]
    tiny, huge = np.finfo(dtype).smallest_normal, np.finfo(dtype).max
    keep = np.all([np.isfinite(a) & (np.abs(a) >= tiny) for a in arguments], axis=0)
    exact = exactly(case, [a[keep] for a in arguments])
    usable = np.array([tiny < abs(x) < huge for x in exact])
    arguments = [a[keep][usable] for a in arguments]
    right = [x for x, fine in zip(exact, usable, strict=True) if fine]
    with np.errstate(all="ignore"):
        theirs = np.asarray(getattr(scipy.special, case.name)(*arguments)).astype(dtype)
    return arguments, right, float(errors(theirs, right).max())


NARROW = tuple({case.name: case for case in reversed(CASES)}.values())
"""A case of each function."""


@cache
def computed_cases(device: str, dtype: str) -> dict[Case, Any]:
    cases = CASES if dtype == "float64" else NARROW
    calls = [(getattr(xgpu.special, case.name), drawn(case, dtype)[0]) for case in cases]
    return dict(zip(cases, computed(xgpu.device(device), calls), strict=True))


@cache
def computed_others(device: str) -> dict[str, Any]:
    calls = [
        (getattr(xgpu.special, name), [np.asarray(a) for a in arguments])
        for name, arguments in OTHERS
    ]
    names = [name for name, _ in OTHERS]
    return dict(zip(names, computed(xgpu.device(device), calls), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name} {c.range}")
def test_values(device: xgpu.Device, case: Case) -> None:
    _, right, of_scipy = drawn(case, "float64")
    assert len(right) >= POINTS // 3
    got = computed_cases(str(device), "float64")[case]
    assert got.dtype == np.float64
    allowed = max(BOUND, of_scipy) * (8 if case.of_terms else 1)
    assert errors(got, right).max() <= allowed


@pytest.mark.parametrize("case", NARROW, ids=lambda c: f"{c.name} {c.range}")
def test_float32_is_good_to_the_last_digits(device: xgpu.Device, case: Case) -> None:
    _, right, _ = drawn(case, "float32")
    got = computed_cases(str(device), "float32")[case]
    assert got.dtype == np.float32
    assert errors(got, right).max() <= (16 if case.of_terms else 6)


OTHERS: list[tuple[str, tuple[Any, ...]]] = [
    ("bdtr", ([0.0, 2.0, 5.0, 3.7], [5, 5, 5, 9], [0.1, 0.5, 0.3, 0.9])),
    ("bdtrc", ([0.0, 2.0, 5.0, -1.0, -1.0], [5, 5, 5, 9, 9], [0.1, 0.5, 0.3, 0.9, np.nan])),
    ("beta", ([0.5, 2.0, 30.0], [1.5, 7.0, 0.1])),
    (
        "binom",
        (
            [5.0, 10.0, 7.5, 3.0, 60.0, -2.5, 0.25, 1.5, -3.0, 3.0, np.nan],
            [2.0, 10.0, 2.5, 4.0, 30.0, 1.0, 3.0, -0.5, 1.0, -2.0, 1.0],
        ),
    ),
    ("boxcox", ([0.5, 2.0, 30.0, 3.0], [1.5, 0.0, -0.1, 1e-12])),
    ("boxcox1p", ([1e-9, 2.0, 30.0], [1.5, 0.0, -0.1])),
    ("cbrt", ([-27.0, 2.0, 1e-300, 0.0, np.inf, -0.0, np.nan],)),
    ("cosm1", ([-1.0, 1e-9, 2.0, 0.0],)),
    ("exp10", ([-1.0, 0.5, 2.0, 300.0],)),
    ("exp2", ([-1.0, 0.5, 2.0, 300.0],)),
    ("exprel", ([-1.0, 1e-9, 2.0, 0.0, np.inf, -np.inf, 800.0],)),
    ("fdtr", ([1.0, 5.0, 30.0], [2.0, 7.0, 3.0], [0.5, 1.0, 20.0])),
    ("fdtrc", ([1.0, 5.0, 30.0], [2.0, 7.0, 3.0], [0.5, 1.0, 20.0])),
    ("gammasgn", ([-1.5, -2.5, 0.0, -0.0, 3.0, -1.0, np.inf, np.nan],)),
    ("gdtr", ([1.0, 0.5, -1.0], [2.0, 7.0, 2.0], [0.5, 20.0, -1.0])),
    ("gdtrc", ([1.0, 0.5, -1.0], [2.0, 7.0, 2.0], [0.5, 20.0, -1.0])),
    ("huber", ([1.0, 1.0, 0.0, -1.0], [0.5, 20.0, 1.0, 1.0])),
    ("inv_boxcox", ([0.5, 2.0, 3.0], [1.5, 0.0, -0.1])),
    ("inv_boxcox1p", ([1e-9, 2.0, 3.0], [1.5, 0.0, -0.1])),
    ("loggamma", ([0.5, 2.0, 300.0, -1.5],)),
    ("nbdtr", ([0, 2, 5, 1, 1], [5, 5, 2, 0, -1], [0.1, 0.5, 0.3, 0.5, 0.5])),
    ("nbdtrc", ([0, 2, 5, 1, 1], [5, 5, 2, 0, -1], [0.1, 0.5, 0.3, 0.5, 0.5])),
    ("chdtri", ([2.0, 3.7, 30.0, 2.0, 2.0, -1.0], [0.5, 1e-9, 0.99, 0.0, 1.0, 0.5])),
    ("pdtr", ([0.0, 2.0, 5.5, -1.0], [5.0, 0.5, 2.0, 1.0])),
    ("pdtrc", ([0.0, 2.0, 5.5, -1.0], [5.0, 0.5, 2.0, 1.0])),
    (
        "poch",
        (
            [0.5, 2.0, 30.0, 4.0, -3.0, -3.0, 0.5, -1.0, -0.5, -2.5],
            [1.5, 0.0, 0.1, -2.5, -3.0, 3.0, -2.5, 7.0, 1.0, 0.25],
        ),
    ),
    ("pseudo_huber", ([1.0, 1.0, 0.0, -1.0], [1e-9, 20.0, 1.0, 1.0])),
    ("psi", ([0.5, 2.0, 300.0],)),
    ("radian", ([90.0, 0.5], [1.0, 7.0], [0.5, 20.0])),
    ("sinc", ([0.0, 0.5, 1.5, -2.25],)),
]


@pytest.mark.parametrize(("name", "arguments"), OTHERS, ids=[name for name, _ in OTHERS])
def test_what_is_made_of_them(
    device: xgpu.Device, name: str, arguments: tuple[list[float], ...]
) -> None:
    got = computed_others(str(device))[name]
    with np.errstate(all="ignore"):
        expected = getattr(scipy.special, name)(*(np.asarray(a) for a in arguments))
    np.testing.assert_allclose(got, expected, rtol=3e-14, atol=1e-300)


def test_every_function_has_a_test_of_its_values() -> None:
    tested = {case.name for case in CASES} | {name for name, _ in OTHERS} | {"multigammaln"}
    assert tested == set(xgpu.special.__all__)


def test_multigammaln(device: xgpu.Device) -> None:
    a = np.asarray([2.6, 4.0, 300.0])
    got = host(xgpu.special.multigammaln(xgpu.asarray(a, device=device), 5))
    np.testing.assert_allclose(got, scipy.special.multigammaln(a, 5), rtol=1e-14)
    below = xgpu.special.multigammaln(xgpu.asarray([2.0, 1.0], device=device), 5)
    assert np.isnan(host(below)).all()


def test_polygamma_of_orders_in_an_array(device: xgpu.Device) -> None:
    n, x = np.arange(5)[:, None], np.asarray([0.25, 1.0, 7.5])
    got = xgpu.special.polygamma(xgpu.asarray(n, device=device), xgpu.asarray(x, device=device))
    np.testing.assert_allclose(host(got), scipy.special.polygamma(n, x), rtol=2e-15)
    one = xgpu.special.polygamma(2, xgpu.asarray(x, device=device))
    np.testing.assert_allclose(host(one), scipy.special.polygamma(2, x), rtol=2e-15)
    huge = xgpu.special.polygamma(180, xgpu.asarray(x, device=device))
    np.testing.assert_array_equal(host(huge), scipy.special.polygamma(180, x))


def test_distributions_of_huge_parameters(device: xgpu.Device) -> None:
    t = xgpu.asarray([-3.0, -0.5, 0.0, 2.0], device=device)
    normal = host(xgpu.special.ndtr(t))
    for df in (1e12, 1e21, np.inf):
        np.testing.assert_allclose(host(xgpu.special.stdtr(df, t)), normal, rtol=1e-10)
        p = xgpu.special.ndtr(t)
        np.testing.assert_allclose(host(xgpu.special.stdtrit(df, p)), host(t), rtol=1e-10)
    a = 1e15
    got = host(xgpu.special.gammainc(a, xgpu.asarray([a - 1e8, a, a + 1e8], device=device)))
    np.testing.assert_allclose(got, scipy.special.gammainc(a, [a - 1e8, a, a + 1e8]), rtol=1e-9)
