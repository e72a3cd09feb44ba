"""Exact values of the special functions by mpmath, and arguments to ask for them.

The standard of `docs/measurements/special.py`, which measures, and of `tests/special`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import mpmath as mp
import numpy as np
import scipy.special as scipy_special

DIGITS: Final = 60
Exact = Callable[..., Any]
Draw = Callable[[np.random.Generator, int], Sequence[Any]]


@dataclass(frozen=True)
class Case:
    """A function over one range of its arguments."""

    name: str  #: in `xgpu.special` and in `scipy.special`
    exact: Exact  #: of mpmath's numbers
    draw: Draw  #: (generator, how many) -> arguments, float64
    range: str = ""  #: what `draw` gives, in words
    of_terms: bool = False  #: whether the result may be a difference of larger terms


def log_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Any:
    """Numbers between powers of 10."""
    return 10 ** rng.uniform(low, high, count)


def exactly(case: Case, arguments: Sequence[Any]) -> list[Any]:
    """The exact values at the arguments, as they are in their dtype; NaN at poles."""
    with mp.workdps(DIGITS):
        rows = zip(*(np.asarray(a, np.float64).tolist() for a in arguments), strict=True)
        return [_at(case.exact, row) for row in rows]


def _at(exact: Exact, row: Sequence[float]) -> Any:
    try:
        return exact(*map(mp.mpf, row))
    except (ValueError, ZeroDivisionError):  # a pole
        return mp.nan


def errors(got: Any, exact: Sequence[Any]) -> Any:
    """Errors in units in the last place of the exact value, rounded to the dtype of ``got``."""
    with mp.workdps(DIGITS):
        return np.array(
            [_error(x, right, got.dtype) for x, right in zip(got, exact, strict=True)], np.float64
        )


def _error(x: Any, right: Any, dtype: Any) -> float:
    with np.errstate(over="ignore"):
        nearest = np.asarray(float(right), dtype)[()]
    if not np.isfinite(nearest) or nearest == 0:
        # It under- or overflows: the last number before that is one step away.
        return 0.0 if x == nearest else float(abs(x) >= np.finfo(dtype).max or abs(x) < 1e-300)
    if not np.isfinite(x):
        return 1.0 if abs(nearest) >= np.finfo(dtype).max else float("inf")
    return float(abs(mp.mpf(float(x)) - right) / mp.mpf(float(np.spacing(abs(nearest)))))


# Exact values


def _erfcx(x: Any) -> Any:
    if x < 1000:
        return mp.exp(x * x) * mp.erfc(x)
    terms = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12))
    return terms / (x * mp.sqrt(mp.pi))


def _normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _normal_quantile(p: Any) -> Any:
    z = mp.mpf(float(scipy_special.ndtri(float(p))))
    for _ in range(6):
        tail = _normal(z)
        z -= mp.log(tail / p) * tail * mp.sqrt(2 * mp.pi) * mp.exp(z * z / 2)
    return z


def _incomplete_gamma(upper: bool) -> Exact:
    def exact(a: Any, x: Any) -> Any:
        if not x:
            return mp.mpf(int(upper))
        height = mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))
        if x < a + 1:
            term = total = mp.mpf(1)
            n = 1
            while term > mp.mpf(10) ** -45 * total:
                term *= x / (a + n)
                total += term
                n += 1
            value, of_upper = height * total, False
        else:
            value, of_upper = height * a / _fraction(x + 1 - a, lambda n: (n * (a - n), 2)), True
        return value if of_upper == upper else 1 - value

    return exact


def _inverse_gamma(upper: bool, a: Any, s: Any) -> Any:
    name = "gammainccinv" if upper else "gammaincinv"
    x = mp.mpf(float(getattr(scipy_special, name)(float(a), float(s))))
    of_upper, wanted = (s <= 0.5) == upper, min(s, 1 - s)
    value = _incomplete_gamma(of_upper)
    for _ in range(40):
        slope = mp.exp(a * mp.log(x) - x - mp.loggamma(a))  # by log(x)
        part = value(a, x)
        change = mp.log(part / wanted) * part / slope
        x *= mp.exp(max(min(change if of_upper else -change, 1), -1))
        if abs(change) < mp.mpf(10) ** -40:
            return x
    return mp.nan


def _fraction(first: Any, following: Callable[[int], tuple[Any, Any]]) -> Any:
    """first + n1 / (b1 + n2 / (b2 + ...)), where each b is the one before and what is added."""
    b, c, d, value = first, first, mp.mpf(0), first
    n = 1
    while True:
        above, added = following(n)
        b += added
        d = 1 / (b + above * d)
        c = b + above / c
        value *= c * d
        if abs(c * d - 1) < mp.mpf(10) ** -45 or mp.isnan(c * d):
            return value
        n += 1


def _beta_tail(a: Any, b: Any, x: Any, y: Any) -> Any:
    """I_x(a, b) for x below the mean or near it, y = 1 - x; DLMF 8.17.22."""
    logs = mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    height = mp.exp(a * mp.log(x) + b * mp.log(y) + logs)

    def following(n: int) -> tuple[Any, Any]:
        m = n // 2
        twice = a + 2 * m
        if n % 2 == 0:
            return m * (b - m) * x / ((twice - 1) * twice), 0
        return -(a + m) * (a + b + m) * x / (twice * (twice + 1)), 0

    return height / (a * _fraction(mp.mpf(1), following))


def _incomplete_beta(a: Any, b: Any, x: Any, upper: bool, y: Any = None) -> Any:
    y = 1 - x if y is None else y
    if x < (a + 1) / (a + b + 2):
        tail = _beta_tail(a, b, x, y)
        return 1 - tail if upper else tail
    tail = _beta_tail(b, a, y, x)
    return tail if upper else 1 - tail


def _student(df: Any, t: Any) -> Any:
    if not t:
        return mp.mpf(1) / 2
    total = df + t * t
    tail = _incomplete_beta(df / 2, mp.mpf(1) / 2, df / total, False, t * t / total) / 2
    return tail if t < 0 else 1 - tail


def _student_quantile(df: Any, p: Any) -> Any:
    z = mp.mpf(float(scipy_special.stdtrit(float(df), float(p))))
    constant = mp.gamma((df + 1) / 2) / (mp.sqrt(df * mp.pi) * mp.gamma(df / 2))
    for _ in range(5):
        density = constant * (1 + z * z / df) ** (-(df + 1) / 2)
        z -= (_student(df, z) - p) / density
    return z


def _zeta(x: Any, q: Any) -> Any:
    with mp.workdps(220):  # mpmath's own error is an absolute one
        return mp.zeta(x, q)


def _scaled_k(order: int, x: Any) -> Any:
    return mp.exp(x) * mp.besselk(order, x)


def _ellipkm1(p: Any) -> Any:
    with mp.workdps(DIGITS + 310):  # 1 - p has all of its digits
        return mp.ellipk(1 - p)


def _of_degrees(function: Exact, x: Any) -> Any:
    return function(mp.fmod(x, 360) * mp.pi / 180)


def _relative_entropy(x: Any, y: Any) -> Any:
    return x * mp.log(x / y)


# Arguments


def _one(low: float, high: float) -> Draw:
    return lambda rng, n: [rng.uniform(low, high, n)]


def _sizes(low: float, high: float) -> Draw:
    return lambda rng, n: [log_uniform(rng, low, high, n)]


def _both(*draws: Draw) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> Sequence[Any]:
        parts = [d(rng, -(-n // len(draws))) for d in draws]
        return [np.concatenate(columns) for columns in zip(*parts, strict=True)]

    return draw


def _times_mean(low: float, high: float, least: float, most: float) -> Draw:
    """Sizes of a, and x that is a times what is between powers of 10."""

    def draw(rng: np.random.Generator, n: int) -> Sequence[Any]:
        a = log_uniform(rng, low, high, n)
        return [a, a * log_uniform(rng, least, most, n)]

    return draw


def _about_mean(low: float, high: float) -> Draw:
    """Sizes of a, and x within 6 standard deviations of a."""

    def draw(rng: np.random.Generator, n: int) -> Sequence[Any]:
        a = log_uniform(rng, low, high, n)
        return [a, np.abs(a + rng.uniform(-6, 6, n) * np.sqrt(a))]

    return draw


def _beta_any(low: float, high: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> Sequence[Any]:
        a, b = (log_uniform(rng, low, high, n) for _ in range(2))
        return [a, b, rng.uniform(0, 1, n)]

    return draw


def _beta_mean(a_sizes: tuple[float, float], b_sizes: tuple[float, float]) -> Draw:
    """x within 6 standard deviations of the mean of the beta distribution."""

    def draw(rng: np.random.Generator, n: int) -> Sequence[Any]:
        a, b = log_uniform(rng, *a_sizes, n), log_uniform(rng, *b_sizes, n)
        mean = a / (a + b)
        x = mean + rng.uniform(-6, 6, n) * np.sqrt(mean * (1 - mean) / (a + b + 1))
        return [a, b, np.clip(x, mean / 10, 1 - (1 - mean) / 10)]

    return draw


def _pairs(one: Draw, other: Draw) -> Draw:
    return lambda rng, n: [*one(rng, n), *other(rng, n)]


_P, _Q = _incomplete_gamma(False), _incomplete_gamma(True)

CASES: Final[tuple[Case, ...]] = (
    Case("erf", mp.erf, _both(_one(-6, 6), _sizes(-300, 0)), "[-6, 6], tiny"),
    Case("erfc", mp.erfc, _one(-6, 26), "[-6, 26]"),
    Case("erfcx", _erfcx, _both(_one(-26, 10), _sizes(-10, 8)), "[-26, 1e8]"),
    Case(
        "erfinv",
        mp.erfinv,
        _both(_one(-1, 1), lambda rng, n: [1 - log_uniform(rng, -15, 0, n)]),
        "(-1, 1), to 1 - 1e-15",
    ),
    Case("erfcinv", lambda x: -_normal_quantile(x / 2) / mp.sqrt(2), _sizes(-300, 0.3), "(0, 2)"),
    Case("ndtr", _normal, _one(-37, 8), "[-37, 8]"),
    Case(
        "log_ndtr",
        lambda x: mp.log(_normal(x)) if x < 0 else mp.log1p(-_normal(-x)),
        _both(_one(-37, 8), lambda rng, n: [-log_uniform(rng, 0, 3, n)]),
        "[-1000, 8]",
    ),
    Case("ndtri", _normal_quantile, _both(_one(0, 1), _sizes(-300, 0)), "(0, 1), from 1e-300"),
    Case("gamma", mp.gamma, _one(-30, 171), "[-30, 171]"),
    Case("gammaln", mp.loggamma, _both(_one(0, 5), _sizes(-10, 5)), "(0, 1e5]"),
    Case(
        "gammaln",
        lambda x: mp.log(abs(mp.gamma(x))),
        _one(-20, 0),
        "[-20, 0)",
        True,
    ),
    Case("rgamma", lambda x: 1 / mp.gamma(x), _one(-20, 175), "[-20, 175]"),
    Case("digamma", mp.digamma, _both(_one(0, 15), _sizes(-10, 5)), "(0, 1e5]"),
    Case("digamma", mp.digamma, _one(-0.65, -0.35), "[-0.65, -0.35]"),
    Case("digamma", mp.digamma, _one(-20, 0), "[-20, 0)", True),
    Case(
        "polygamma",
        lambda n, x: mp.psi(int(n), x),
        _pairs(lambda rng, n: [rng.integers(0, 6, n) * 1.0], _sizes(-3, 3)),
        "orders to 5, x in [1e-3, 1e3]",
    ),
    *(
        Case(name, exact, draw, said)
        for name, exact in (("gammainc", _P), ("gammaincc", _Q))
        for draw, said in (
            (_times_mean(-3, 1.5, -1.5, 1), "a to 30, x / a in [0.03, 10]"),
            (_pairs(_sizes(-3, 0.3), _sizes(-8, 1)), "a to 2, x in [1e-8, 10]"),
            (_times_mean(1.3, 2.5, -0.4, 0.4), "a in [20, 300], x / a in [0.4, 2.5]"),
            (_about_mean(1.9, 4.5), "a in [80, 3e4], 6 deviations"),
            (_times_mean(2, 3.2, -0.3, 0.3), "a in [100, 1600], x / a in [0.5, 2]"),
            (_times_mean(3.2, 3.5, -0.3, -0.16), "a in [1600, 3200], x / a in [0.5, 0.7]"),
        )
    ),
    Case(
        "betaln",
        lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
        _pairs(_sizes(-2, 6), _sizes(-2, 6)),
        "a, b in [0.01, 1e6]",
        True,
    ),
    *(
        Case(
            name,
            lambda a, b, x, upper=upper: _incomplete_beta(a, b, x, upper),
            draw,
            said,
        )
        for name, upper in (("betainc", False), ("betaincc", True))
        for draw, said in (
            (_beta_any(-1, 1.2), "a, b in [0.1, 16]"),
            (_beta_any(0.7, 2.5), "a, b in [5, 300]"),
            (_beta_mean((0.7, 2.5), (0.7, 2.5)), "a, b in [5, 300], 6 deviations"),
            (_beta_mean((2.5, 4.5), (2.5, 4.5)), "a, b in [300, 3e4], 6 deviations"),
            (_beta_mean((-1, 1), (3, 6)), "a in [0.1, 10], b in [1e3, 1e6]"),
        )
    ),
    *(
        Case(name, partial(_inverse_gamma, upper), draw, said)
        for name, upper in (("gammaincinv", False), ("gammainccinv", True))
        for draw, said in (
            (_pairs(_sizes(0, 2.5), _both(_one(0, 1), _sizes(-12, -1))), "a to 300, p in (0, 1)"),
            (_pairs(_sizes(-1, 0), _sizes(-9, -0.1)), "a in [0.1, 1], p from 1e-9"),
            (_pairs(_sizes(1, 4.5), _sizes(-290, -12)), "a in [10, 3e4], p from 1e-290"),
        )
    ),
    Case("i0", lambda x: mp.besseli(0, x), _one(-700, 700), "[-700, 700]"),
    Case(
        "i0e",
        lambda x: mp.exp(-abs(x)) * mp.besseli(0, x),
        _both(_one(-20, 20), _sizes(-5, 3)),
        "[-20, 1e3]",
    ),
    Case("i1", lambda x: mp.besseli(1, x), _one(-700, 700), "[-700, 700]"),
    Case(
        "i1e",
        lambda x: mp.exp(-abs(x)) * mp.besseli(1, x),
        _both(_one(-20, 20), _sizes(-5, 3)),
        "[-20, 1e3]",
    ),
    *(
        Case(f"{kind}{order}", partial(function, order), draw, said, of_terms)
        for order in (0, 1)
        for kind, function, least in (("j", mp.besselj, -10), ("y", mp.bessely, -300))
        for draw, said, of_terms in (
            (_both(_sizes(least, 0), _one(0, 8)), f"[1e{least}, 8]", False),
            (_both(_one(8, 100), _sizes(1, 6)), "[8, 1e6]", True),
        )
    ),
    *(
        Case(
            f"k{order}",
            partial(mp.besselk, order),
            _both(_sizes(-300, 0), _one(0, 700)),
            "(0, 700]",
        )
        for order in (0, 1)
    ),
    *(
        Case(
            f"k{order}e",
            partial(_scaled_k, order),
            _both(_sizes(-300, 0), _sizes(0, 4)),
            "(0, 1e4]",
        )
        for order in (0, 1)
    ),
    Case(
        "ellipk",
        mp.ellipk,
        _both(
            _one(-2, 1),
            lambda rng, n: [-log_uniform(rng, 0, 100, n)],
            lambda rng, n: [1 - log_uniform(rng, -15, 0, n)],
        ),
        "[-1e100, 1)",
    ),
    Case("ellipkm1", _ellipkm1, _both(_one(0, 1), _sizes(-300, 100)), "(0, 1e100]"),
    Case(
        "spence",
        lambda x: mp.re(mp.polylog(2, 1 - x)),
        _both(_one(0, 5), _sizes(-100, 15)),
        "(0, 1e15]",
    ),
    *(
        Case(
            name,
            partial(_of_degrees, function),
            _both(_one(-1000, 1000), _sizes(-100, 6)),
            "[-1000, 1e6] degrees",
        )
        for name, function in (
            ("sindg", mp.sin),
            ("cosdg", mp.cos),
            ("tandg", mp.tan),
            ("cotdg", mp.cot),
        )
    ),
    Case(
        "zeta",
        _zeta,
        lambda rng, n: [1 + log_uniform(rng, -3, 1.7, n), log_uniform(rng, -2, 3, n)],
        "x to 50, q in [0.01, 1e3]",
    ),
    Case("zeta", mp.zeta, _one(-100, 20), "Riemann's, [-100, 20]"),
    Case("zetac", lambda x: mp.zeta(x) - 1, _one(1.6, 60), "[1.6, 60]"),
    Case("expit", lambda x: 1 / (1 + mp.exp(-x)), _one(-700, 40), "[-700, 40]"),
    Case("logit", lambda x: mp.log(x / (1 - x)), _both(_one(0, 1), _sizes(-300, 0)), "(0, 1)"),
    Case("log_expit", lambda x: -mp.log1p(mp.exp(-x)), _one(-700, 40), "[-700, 40]"),
    Case("xlogy", lambda x, y: x * mp.log(y), _pairs(_one(-5, 5), _sizes(-3, 3)), "to 1e3"),
    Case("xlog1py", lambda x, y: x * mp.log1p(y), _pairs(_one(-5, 5), _sizes(-9, 3)), "to 1e3"),
    Case("entr", lambda x: -x * mp.log(x), _sizes(-9, 3), "(0, 1e3]"),
    Case("rel_entr", _relative_entropy, _pairs(_sizes(-3, 3), _sizes(-3, 3)), "to 1e3"),
    Case(
        "kl_div",
        lambda x, y: _relative_entropy(x, y) - x + y,
        _pairs(_sizes(-3, 3), _sizes(-3, 3)),
        "to 1e3",
        True,
    ),
    Case(
        "chdtr",
        lambda v, x: _P(v / 2, x / 2),
        _times_mean(0, 2, -1, 1),
        "v to 100, x / v in [0.1, 10]",
    ),
    Case(
        "chdtrc",
        lambda v, x: _Q(v / 2, x / 2),
        _times_mean(0, 2, -1, 1),
        "v to 100, x / v in [0.1, 10]",
    ),
    Case(
        "stdtr",
        _student,
        lambda rng, n: [log_uniform(rng, -0.5, 5, n), -log_uniform(rng, -3, 1, n)],
        "df to 1e5, t in [-10, 0)",
    ),
    Case(
        "stdtrit",
        _student_quantile,
        _pairs(_sizes(-0.3, 3), _both(_one(0, 1), _sizes(-12, -1))),
        "df to 1e3, p in (0, 1)",
    ),
)
