"""Hurwitz's zeta function for x > 1, and Riemann's for every real x; DLMF 25."""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import zeta_tables as tables
from xgpu_numpy.special.common import (
    ROUNDING,
    Array,
    chebyshev,
    constant,
    in_parts,
    iterated,
    product_error,
    sin_of_pi,
    sum_error,
)
from xgpu_numpy.special.gamma import gamma, stirling


def zeta(x: Array, q: Array) -> Array:
    """The sum of (q + k)**-x."""
    pole = (q <= 0) & (q == np.floor(q))
    return in_parts(
        (x, q),
        (x == 1, constant(np.inf)),
        (~(x > 1), constant(np.nan)),
        (pole, constant(np.inf)),
        ((q <= 0) & ((x != np.floor(x)) | (q < -1e5)), constant(np.nan)),
        (q == np.inf, constant(0.0)),
        (x == np.inf, lambda x, q: np.power(q, -x)),
        (~np.isnan(q), _summed),
    )


def _summed(x: Array, q: Array) -> Array:
    """Euler and Maclaurin's formula, after as many terms as make its series converge.

    DLMF 2.10.1.
    """

    def add(n: int, *state: Array) -> tuple[Array, ...]:
        total, w, x = state
        going = w < 10 + 0.7 * x
        term = np.where(going, np.power(w, -x), 0.0)
        total, w = total + term, np.where(going, w + 1, w)
        # Nothing more counts: no w says so.
        ended = going & (w > 1) & (term <= 1e-3 * ROUNDING * np.abs(total))
        return total, np.where(ended, 0.0, w), x, ~going | ended

    total, w = iterated((np.zeros_like(x), q, x), add, 1_000_000, 2)
    return np.where(w > 0, total + _rest(x, w), total)


def _rest(x: Array, w: Array) -> Array:
    w = np.where(w > 0, w, 1.0)
    inverse = 1 / w
    factor, total, going = x * inverse, np.zeros_like(x), np.ones(x.shape, bool)
    for j, b in enumerate(tables.BERNOULLI):
        term = b * factor
        total = np.where(going, total + term, total)
        going &= np.abs(term) > ROUNDING * total
        factor = factor * ((x + 2 * j + 1) * inverse * (x + 2 * j + 2) * inverse)
    return np.power(w, -x) * (w / (x - 1) + 0.5 + total)


def riemann_zeta(x: Array) -> Array:
    """To the left of 0 by reflection, DLMF 25.4.1.

    Gamma(1 - x) and the power of 2 pi meet in Stirling's formula before either overflows.
    """

    def far(v: Array) -> Array:
        high, low = tables.TWO_PI_E
        base = v / high
        back = base * high
        lost = ((v - back) - product_error(base, np.float64(high), back)) / v - low / high
        half = np.power(base, v / 2)
        return np.exp(stirling(v) + v * lost) * np.sqrt(2 * np.pi / v) * half * half

    def reflected(x: Array) -> Array:
        v = 1 - x
        product = in_parts(
            (v,),
            (v < 30, lambda v: gamma(v) * np.power(2 * np.pi, -v)),
            (v >= 30, far),
        )
        # Rounding 1 - x moves the product by its logarithmic derivative.
        product = product * (1 + sum_error(np.ones_like(x), -x, v) * np.log(v / (2 * np.pi)))
        return 2 * sin_of_pi(x / 2) * zeta(v, np.ones_like(v)) * product

    return in_parts(
        (x,),
        (x > 1.5, lambda x: zeta(x, np.ones_like(x))),
        (x >= 0, lambda x: chebyshev(tables.RIEMANN, x / 0.75 - 1) / (x - 1)),
        (x > -np.inf, reflected),
    )
