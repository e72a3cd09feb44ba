"""Zeros, poles, infinities, NaN and the ends of domains: as SciPy has them."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.special

import xgpu
from tests.comparing import host
from tests.special.batch import computed

INF, NAN = np.inf, np.nan
GRID = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, -2.5, 3.0, 1e-300, INF, -INF, NAN]
GRID += [200.0, -200.5, 1e300, 0.25, 100.0]

ONE = (
    *("digamma", "ellipk", "ellipkm1", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv"),
    *("expit", "gamma", "gammaln", "i0", "i0e", "i1", "i1e", "k0", "k0e", "k1", "k1e"),
    *("log_expit", "log_ndtr", "logit", "ndtr", "ndtri", "rgamma", "spence", "zeta", "zetac"),
)
TWO = (
    *(
        "chdtr",
        "chdtrc",
        "gammainc",
        "gammaincc",
        "gammainccinv",
        "gammaincinv",
        "kl_div",
        "rel_entr",
        "stdtr",
        "xlog1py",
    ),
    "xlogy",
)


def of_scipy(name: str, *arguments: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(getattr(scipy.special, name)(*arguments))


def same(got: Any, expected: Any) -> None:
    """What is not finite alike; numbers to 9 digits, but for those that SciPy has as 0."""
    assert got.shape == expected.shape
    rest = ~np.isfinite(expected)
    np.testing.assert_array_equal(got[rest], expected[rest])
    small = np.abs(expected) <= 1e-290
    np.testing.assert_allclose(got[~rest & ~small], expected[~rest & ~small], rtol=1e-9)
    assert (np.abs(got[small]) <= 1e-60).all()


@cache
def computed_grids(device: str, names: tuple[str, ...], count: int) -> dict[str, Any]:
    arguments = [np.asarray(v) for v in zip(*itertools.product(*[GRID] * count), strict=True)]
    calls = [(getattr(xgpu.special, name), arguments) for name in names]
    return dict(zip(names, computed(xgpu.device(device), calls), strict=True))


@pytest.mark.parametrize("name", ONE)
def test_one_argument(device: xgpu.Device, name: str) -> None:
    same(computed_grids(str(device), ONE, 1)[name], of_scipy(name, np.asarray(GRID)))


@pytest.mark.parametrize("name", TWO)
def test_two_arguments(device: xgpu.Device, name: str) -> None:
    a, b = (np.asarray(v) for v in zip(*itertools.product(GRID, GRID), strict=True))
    got = computed_grids(str(device), TWO, 2)[name]
    if name == "kl_div":  # SciPy's quotient over- and underflows
        keep = ~((a == 1e-300) & (b == 1e300)) & ~((a == 1e300) & (b == 1e-300))
        a, b, got = a[keep], b[keep], got[keep]
    if name in ("gammaincinv", "gammainccinv"):  # where SciPy's is any number
        tiny = np.abs(a) <= 1e-300
        wrong = (b < 0) | (b > 1) | (a == 0) & (b > 0) & (b < 1)
        assert np.isnan(got[tiny & wrong]).all()
        a, b, got = a[~tiny], b[~tiny], got[~tiny]
    if name == "stdtr":  # as does what it squares
        keep = (a != 1e-300) | (b != 1e300)
        a, b, got = a[keep], b[keep], got[keep]
    same(got, of_scipy(name, a, b))


@pytest.mark.parametrize("name", ["j0", "j1", "y0", "y1"])
def test_bessel_functions(device: xgpu.Device, name: str) -> None:
    x = np.asarray([value for value in GRID if value != 1e300])  # where SciPy's has no digits
    got = host(getattr(xgpu.special, name)(xgpu.asarray(x, device=device)))
    same(got, of_scipy(name, x))


NEAR_ZEROS = {
    "j0": (
        [2.404825557695773, 5.520078110286311],
        [-6.10876525973673e-17, -2.7522649432621832e-17],
        -7.860673062724093e-151,
    ),
    "j1": (
        [3.8317059702075125, 7.015586669815619],
        [-6.149807356994906e-17, 2.825339409478929e-17],
        -1.3681360450342481e-151,
    ),
    "y0": (
        [0.8935769662791675, 3.957678419314858],
        [-2.3389279284062102e-17, -4.3331064642935194e-17],
        -1.3681360450342481e-151,
    ),
    "y1": (
        [2.197141326031017, 5.429681040794135],
        [2.513306678922122e-17, 1.4165786380203692e-16],
        7.860673062724093e-151,
    ),
}
"""Doubles next to zeros, mpmath's values there, and its value at 1e300."""


@pytest.mark.parametrize("name", NEAR_ZEROS)
def test_bessel_functions_have_digits_everywhere(device: xgpu.Device, name: str) -> None:
    zeros, expected, far = NEAR_ZEROS[name]
    x = xgpu.asarray([*zeros, 1e300], device=device)
    got = host(getattr(xgpu.special, name)(x))
    np.testing.assert_allclose(got, [*expected, far], rtol=2e-14, atol=0)


def test_degrees(device: xgpu.Device) -> None:
    x = xgpu.asarray([0.0, 30.0, 45.0, 90.0, 135.0, 180.0, 270.0, 360.0, 450.0], device=device)
    half = np.sqrt(0.5)
    sines = np.asarray([0.0, 0.5, half, 1.0, half, 0.0, -1.0, 0.0, 1.0])
    cosines = np.asarray([1.0, np.sqrt(0.75), half, 0.0, -half, -1.0, 0.0, 1.0, 0.0])
    tangents = np.asarray([0.0, np.sqrt(1 / 3), 1.0, INF, -1.0, 0.0, INF, 0.0, INF])
    cotangents = np.asarray([INF, np.sqrt(3.0), 1.0, 0.0, -1.0, INF, 0.0, INF, 0.0])
    for name, expected, odd in (
        ("sindg", sines, True),
        ("cosdg", cosines, False),
        ("tandg", tangents, True),
        ("cotdg", cotangents, True),
    ):
        function = getattr(xgpu.special, name)
        np.testing.assert_allclose(host(function(x)), expected, rtol=4e-16, atol=0)
        mirrored = np.where(np.isinf(expected) | (not odd), expected, -expected)
        np.testing.assert_allclose(host(function(-x)), mirrored, rtol=4e-16, atol=0)
        # Exact remainders: a number of degrees, with so many whole turns.
        turned = host(function(x + 360.0 * 2.0**30))
        np.testing.assert_array_equal(turned, host(function(x)))
        ends = host(function(xgpu.asarray([INF, -INF, NAN], device=device)))
        assert np.isnan(ends).all()


def test_subnormal_parameters(device: xgpu.Device) -> None:
    tiny = xgpu.asarray([5e-324, 1e-310], device=device)
    assert host(xgpu.special.gammainc(tiny, 1.0)).tolist() == [1.0, 1.0]
    assert host(xgpu.special.stdtr(tiny, 3.0)).tolist() == [0.5, 0.5]
    assert host(xgpu.special.stdtrit(tiny, 0.25)).tolist() == [-INF, -INF]
    np.testing.assert_allclose(host(xgpu.special.gammaln(tiny)), -np.log(host(tiny)))
    np.testing.assert_array_equal(host(xgpu.special.betainc(tiny, 2.0, 0.5)), [1.0, 1.0])
    assert host(xgpu.special.digamma(-tiny)).tolist() == [INF, INF]
    near = xgpu.special.digamma(xgpu.asarray([-1e-18, 1e-18], device=device))
    np.testing.assert_allclose(host(near), [1e18, -1e18], rtol=1e-15)


@pytest.mark.parametrize("name", ["betainc", "betaincc"])
def test_incomplete_beta(device: xgpu.Device, name: str) -> None:
    sides, points = [0.0, 1.0, 0.5, -1.0, INF, NAN, 40.0], [0.0, 0.3, 1.0, -0.1, 1.1, NAN, INF]
    rows = zip(*itertools.product(sides, sides, points), strict=True)
    arguments = [np.asarray(v) for v in rows]
    got = host(getattr(xgpu.special, name)(*(xgpu.asarray(v, device=device) for v in arguments)))
    expected = of_scipy(name, *arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_betaln(device: xgpu.Device) -> None:
    # Beside a NaN, and beside infinities of one sign, SciPy's value depends on the order.
    values = [0.0, 1.0, -1.0, 0.5, -2.5, 2.0, -3.0, 60.0]
    a, b = (np.asarray(v) for v in zip(*itertools.product(values, values), strict=True))
    got = host(xgpu.special.betaln(*(xgpu.asarray(v, device=device) for v in (a, b))))
    np.testing.assert_allclose(got, of_scipy("betaln", a, b), rtol=1e-13, atol=1e-15)
    infinite = xgpu.special.betaln(xgpu.asarray([1.0, INF], device=device), INF)
    np.testing.assert_array_equal(host(infinite), [-INF, NAN])


def test_hurwitz_zeta(device: xgpu.Device) -> None:
    values = [0.0, 1.0, -1.0, 0.5, -2.5, 2.0, 3.0, INF]
    x, q = (np.asarray(v) for v in zip(*itertools.product(values, values), strict=True))
    got = host(xgpu.special.zeta(*(xgpu.asarray(v, device=device) for v in (x, q))))
    expected = of_scipy("zeta", x, q)
    unlike = (x == INF) & (q <= 0) | (x == INF) & (q == 2) | (x == INF) & (q == 3)
    np.testing.assert_allclose(got[~unlike], expected[~unlike], rtol=1e-13)
    assert np.isnan(host(xgpu.special.zeta(3.0, xgpu.asarray([-1e6 - 0.5], device=device)))).all()


def test_student_quantile(device: xgpu.Device) -> None:
    df = xgpu.asarray([1.0, 0.0, -1.0, NAN, 2.0, 2.0, 2.0, 2.0, INF, 3.0], device=device)
    p = xgpu.asarray([0.5, 0.5, 0.5, 0.5, 0.0, 1.0, NAN, 1.5, 0.975, -0.5], device=device)
    got = host(xgpu.special.stdtrit(df, p))
    expected = [0.0, NAN, NAN, NAN, -INF, INF, NAN, NAN, 1.959963984540054, NAN]
    np.testing.assert_allclose(got, expected, rtol=1e-15)


def test_signs_of_zero(device: xgpu.Device) -> None:
    zeros = xgpu.asarray([0.0, -0.0], device=device)
    for name in ("erf", "erfinv", "i1", "i1e", "cbrt"):
        got = host(getattr(xgpu.special, name)(zeros))
        np.testing.assert_array_equal(np.signbit(got), [False, True], err_msg=name)
    assert host(xgpu.special.gamma(zeros)).tolist() == [INF, -INF]
    assert host(xgpu.special.digamma(zeros)).tolist() == [-INF, INF]


def test_no_subnormal_is_lost(device: xgpu.Device) -> None:
    x = xgpu.asarray([-740.0, -744.0], device=device)
    np.testing.assert_array_equal(host(xgpu.special.expit(x)), np.exp([-740.0, -744.0]))
    tail = host(xgpu.special.ndtr(xgpu.asarray([-38.0], device=device)))
    np.testing.assert_allclose(tail, [2.885428e-316], rtol=1e-6)
