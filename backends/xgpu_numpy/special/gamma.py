"""The gamma function, its logarithm and its logarithmic derivative; DLMF 5."""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import gamma_tables as tables
from xgpu_numpy.special.common import (
    LOG_SQRT_2_PI,
    SQRT_2_PI,
    Array,
    chebyshev,
    constant,
    in_parts,
    polynomial,
    sin_of_pi,
    sum_error,
)


def stirling(x: Array) -> Array:
    """log(gamma(x)) - ((x - 1/2) log(x) - x + log(2 pi) / 2) for x >= 10; DLMF 5.11.1."""
    inverse = 1 / x
    return inverse * polynomial(tables.STIRLING, inverse * inverse)


def _factors(x: Array) -> tuple[Array, Array]:
    """Two factors of gamma(x) for x >= 10, neither of which overflows before it does."""
    root = np.power(x, x / 2 - 0.25)
    return root * np.exp(-x), root * (SQRT_2_PI * np.exp(stirling(x)))


def gamma(x: Array) -> Array:
    """Poles are NaN, but for 0, whose sign says which infinity."""

    def stepped(x: Array) -> Array:
        # The recurrence DLMF 5.5.1 leads to [2, 3].
        above, below = np.ones_like(x), np.ones_like(x)
        for _ in range(10):
            high, low = x >= 3, x < 2
            below = np.where(low, below * x, below)
            x = np.where(high, x - 1, np.where(low, x + 1, x))
            above = np.where(high, above * x, above)
        while (low := x < 2).any():
            below = np.where(low, below * x, below)
            x = np.where(low, x + 1, x)
        return above * chebyshev(tables.GAMMA, 2 * (x - 2) - 1) / below

    def far(x: Array) -> Array:
        first, second = _factors(x)
        return first * second

    def reflected(x: Array) -> Array:  # DLMF 5.5.3
        first, second = _factors(-x)
        return -np.pi / (x * sin_of_pi(x)) / first / second

    return in_parts(
        (x,),
        (x == 0, lambda x: np.copysign(np.inf, x)),
        ((x < 0) & (x == np.floor(x)), constant(np.nan)),
        ((x > -16) & (x < 12), stepped),
        (x > 172, constant(np.inf)),
        (x > 0, far),
        (x < -200, lambda x: np.where(np.floor(x) % 2 == 0, 0.0, -0.0)),
        (x < 0, reflected),
    )


def gammaln(x: Array) -> Array:
    """The logarithm of the gamma function's size.

    Around its zeros at 1 and 2 with these factored out; elsewhere by the recurrence, Stirling's
    series and the reflection formula.
    """

    def between(x: Array) -> Array:
        product = np.ones_like(x)
        for _ in range(7):
            high = x > 3
            x = np.where(high, x - 1, x)
            product = np.where(high, product * x, product)
        return np.log(product) + _about_2(x)

    def far(x: Array) -> Array:
        return (x - 0.5) * (np.log(x) - 1) + ((LOG_SQRT_2_PI - 0.5) + stirling(x))

    def reflected(x: Array) -> Array:
        return np.log(np.pi / np.abs(x * sin_of_pi(x))) - gammaln(-x)

    return in_parts(
        (x,),
        (x == -np.inf, constant(-np.inf)),
        (x == np.inf, constant(np.inf)),
        ((x <= 0) & (x == np.floor(x)), constant(np.inf)),
        ((x > -16) & (x < 0), lambda x: _small_negative(x)),
        (x < 0, reflected),
        (x < 0.5, lambda x: log_gamma_1p(x) - np.log(x)),
        (x < 1.5, lambda x: _about_1(x - 1)),
        (x <= 3, _about_2),
        (x < 10, between),
        (x >= 10, far),
    )


def _small_negative(x: Array) -> Array:
    # gamma overflows next to 0 and hardly differs from 1 / x there
    return np.where(x > -1e-200, -np.log(-x), np.log(np.abs(gamma(x))))


def _about_1(z: Array) -> Array:
    return z * chebyshev(tables.LOG_GAMMA_1, 2 * z) + 0.0  # no zero is negative


def _about_2(x: Array) -> Array:
    return (x - 2) * chebyshev(tables.LOG_GAMMA_2, (x - 2.25) / 0.75) + 0.0


def log_gamma_1p(x: Array) -> Array:
    """log(gamma(1 + x)) for x >= 0, relatively exact near 0."""
    return in_parts((x,), (x <= 0.5, _about_1), (x > 0.5, lambda x: gammaln(1 + x)))


def scaled_gamma(x: Array) -> Array:
    """Gamma(x) / (sqrt(2 pi) x**(x - 1/2) exp(-x)) for x > 0; DLMF 5.11.3."""
    return in_parts(
        (x,),
        (x >= 10, lambda x: np.exp(stirling(x))),
        (x < 1e-290, lambda x: 1 / (SQRT_2_PI * np.sqrt(x))),
        (x > 0, lambda x: gamma(x) * np.power(x, 0.5 - x) * np.exp(x) / SQRT_2_PI),
    )


def gamma_of_sum(a: Array, b: Array) -> Array:
    """Gamma(a + b), the sum not rounded: its logarithmic derivative is about log(s) - 1 / (2s)."""
    total = a + b
    lost = sum_error(a, b, total) * (np.log(total) - 0.5 / total)
    return np.where(total > 2, gamma(total) * (1 + lost), gamma(total))


def digamma(x: Array) -> Array:
    """The recurrence DLMF 5.5.2 leads to [1, 2], where the root of the function is factored out.

    Asymptotic series DLMF 5.11.2; reflection DLMF 5.5.4.
    """

    def about_negative_root(x: Array) -> Array:
        high, low = tables.DIGAMMA_NEGATIVE_ROOT
        return ((x - high) - low) * chebyshev(tables.DIGAMMA_NEGATIVE, (x + 0.5) / 0.15)

    def reflected(x: Array) -> Array:
        return -np.pi / np.tan(np.pi * (x - np.rint(x))) + digamma(1 - x)

    def far(x: Array) -> Array:
        inverse = 1 / x
        square = inverse * inverse
        return (np.log(x) - 0.5 * inverse) - square * polynomial(tables.DIGAMMA_FAR, square)

    def stepped(x: Array) -> Array:
        total = np.where(x < 1, -1 / x, 0.0)
        x = np.where(x < 1, x + 1, x)
        for _ in range(9):
            high = x > 2
            x = np.where(high, x - 1, x)
            total = np.where(high, total + 1 / x, total)
        high, low = tables.DIGAMMA_ROOT
        return total + ((x - high) - low) * chebyshev(tables.DIGAMMA, 2 * x - 3)

    return in_parts(
        (x,),
        (x == 0, lambda x: np.copysign(np.inf, -x)),
        ((x < 0) & (x == np.floor(x)), constant(np.nan)),
        ((x > -0.65) & (x < -0.35), about_negative_root),
        (x < 0, reflected),
        (x < 10, stepped),
        (x == np.inf, constant(np.inf)),
        (x >= 10, far),
    )
