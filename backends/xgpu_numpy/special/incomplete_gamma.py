"""The regularised incomplete gamma functions P(a, x) and Q(a, x); DLMF 8.

Of P and Q the one is computed that is not near 1, by a series, a continued fraction or Temme's
uniform expansion. Which series where: A. R. DiDonato and A. H. Morris, "Computation of the
incomplete gamma function ratios and their inverse", ACM TOMS 12 (1986).
"""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import incomplete_gamma_tables as tables
from xgpu_numpy.special.common import (
    ROUNDING,
    SQRT_2_PI,
    Array,
    constant,
    in_parts,
    iterated,
    log1p_minus,
    polynomial,
    product_error,
    sum_error,
)
from xgpu_numpy.special.error import erfcx
from xgpu_numpy.special.gamma import gamma, log_gamma_1p, stirling


def gammainc(a: Array, x: Array) -> Array:
    """P(a, x)."""
    return _regularised(a, x, False)


def gammaincc(a: Array, x: Array) -> Array:
    """Q(a, x)."""
    return _regularised(a, x, True)


def _regularised(a: Array, x: Array, upper: bool) -> Array:
    none, all_ = (1.0, 0.0) if upper else (0.0, 1.0)  # of P
    near = (a >= 80) & (np.abs(x - a) < 0.3 * a)
    with np.errstate(all="ignore"):
        small = np.where(x <= 0.5, -0.4 / np.log(x) < a, 1.1 * x < a)
    lower = np.where(near | (x > 1.1), x < a, small)

    def of(value: Array, of_lower: bool) -> Array:
        return 1 - value if of_lower == upper else value

    def by_temme(a: Array, x: Array) -> Array:
        value = _smaller_by_temme(a, x)
        return np.where((x < a) == upper, 1 - value, value)

    return in_parts(
        (a, x),
        (~((a >= 0) & (x >= 0)), constant(np.nan)),
        ((a == 0) & (x == 0), constant(np.nan)),
        (a == 0, constant(all_)),
        (x == 0, constant(none)),
        (np.isinf(a) & np.isinf(x), constant(np.nan)),
        (np.isinf(a), constant(none)),
        (np.isinf(x), constant(all_)),
        (near, by_temme),
        (lower, lambda a, x: of(_lower_series(a, x), True)),
        (x > 1.1, lambda a, x: of(_upper_fraction(a, x), False)),
        (x > 0, lambda a, x: of(_upper_series(a, x), False)),
    )


def _saddle(a: Array, x: Array) -> Array:
    """(x / a)**a exp(a - x).

    In powers, whose errors do not grow with the exponent: what rounding x / a and a - x loses is
    put back in.
    """

    def by_logarithms(a: Array, x: Array) -> Array:
        u = (x - a) / a
        product = u * a
        rest = (((x - a) - product) - product_error(u, a, product)) / a
        near = log1p_minus(u) - u / (1 + u) * rest
        return np.exp(a * np.where(u < -0.5, np.log(x / a) - u, near))

    def by_powers(a: Array, x: Array) -> Array:
        difference, ratio = a - x, x / a
        product = ratio * a
        lost = a * (((x - product) - product_error(ratio, a, product)) / x)
        lost += sum_error(a, -x, difference)
        # In smaller parts where the power alone would underflow.
        part = np.where(difference > 650, 0.25, 0.5)
        root = np.power(ratio, a * part) * np.exp(difference * part)
        root = np.where(difference > 650, root * root, root)
        return np.where(ratio == 0, 0.0, root * root * np.exp(lost))

    far = (a - x > 2000) | (x - a > 1400)
    return in_parts((a, x), (far, by_logarithms), (~far, by_powers))


def density(a: Array, x: Array) -> Array:
    """x**a exp(-x) / Gamma(a + 1)."""

    def small(a: Array, x: Array) -> Array:
        root = np.exp(-x / 2)
        value = np.power(x, a) * root * root
        return np.where(a < 1, value / gamma(a + 1), value / gamma(a) / a)

    return in_parts(
        (a, x),
        (a >= 30, lambda a, x: _saddle(a, x) / (SQRT_2_PI * np.sqrt(a) * np.exp(stirling(a)))),
        (x > 2000, constant(0.0)),
        (x <= 2000, small),
    )


def _lower_series(a: Array, x: Array) -> Array:
    """P by DLMF 8.7.1, whose terms are positive."""

    def step(n: int, total: Array, term: Array, a: Array, x: Array) -> tuple[Array, ...]:
        term = term * (x / (a + n))
        total = total + term
        return total, term, a, x, term <= ROUNDING * total

    ones = np.ones_like(a)
    return density(a, x) * iterated((ones, ones, a, x), step, 2000)


def _upper_series(a: Array, x: Array) -> Array:
    """Q for small x and a, by DLMF 8.7.3, with what cancels taken together."""

    def step(n: int, total: Array, term: Array, a: Array, x: Array) -> tuple[Array, ...]:
        term = term * (-x / n)
        part = term / (a + n)
        total = total + part
        return total, term, a, x, np.abs(part) <= ROUNDING * np.abs(total)

    exponent = a * np.log(x) - log_gamma_1p(a)
    total = iterated((np.zeros_like(a), np.ones_like(a), a, x), step, 100)
    return -np.expm1(exponent) - np.exp(exponent) * a * total


def _upper_fraction(a: Array, x: Array) -> Array:
    """Q by the continued fraction DLMF 8.9.2.

    Evaluated forward (W. J. Lentz, Applied Optics 15 (1976); I. J. Thompson and A. R. Barnett, J.
    Comput. Phys. 64 (1986)); for small a, where the number of its terms is known, backward, which
    rounds less.
    """

    def backward(a: Array, x: Array) -> Array:
        count = np.floor(14 + 100 / x)
        below = x + 1 - a + 2 * count
        for n in range(int(count.max()), 0, -1):
            below = np.where(n <= count, (x - 1 - a + 2 * n) + n * (a - n) / below, below)
        return a / below

    def step(n: int, *state: Array) -> tuple[Array, ...]:
        value, b, c, d, a = state
        numerator = n * (a - n)
        b = b + 2
        d = numerator * d + b
        c = b + numerator / c
        d = 1 / np.where(d == 0, 1e-300, d)
        c = np.where(c == 0, 1e-300, c)
        value = value * (c * d)
        return value, b, c, d, a, np.abs(c * d - 1) <= 2 * ROUNDING

    def forward(a: Array, x: Array) -> Array:
        b = x + 1 - a
        return a * iterated((1 / b, b, np.full_like(b, 1e300), 1 / b, a), step, 2000)

    return density(a, x) * in_parts((a, x), (a < 3, backward), (a >= 3, forward))


def _smaller_by_temme(a: Array, x: Array) -> Array:
    """The smaller one of P (x < a) and Q for large a and x near a.

    N. M. Temme, "The asymptotic expansion of the incomplete gamma functions", SIAM J. Math. Anal.
    10 (1979); DLMF 8.12.3.
    """
    u = (x - a) / a
    half_square = -log1p_minus(u)  # eta**2 / 2
    eta = np.copysign(np.sqrt(2 * half_square), u)
    total = np.zeros_like(a)
    for row in reversed(tables.TEMME):
        total = total / a + polynomial(row, eta)
    total = total / (SQRT_2_PI * np.sqrt(a))
    tail = 0.5 * erfcx(np.sqrt(a * half_square))
    return _saddle(a, x) * (tail + np.where(u < 0, -total, total))
