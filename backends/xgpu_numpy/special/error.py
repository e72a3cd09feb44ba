"""The error function, its complements and inverses."""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import error_tables as tables
from xgpu_numpy.special.common import (
    SQRT_HALF,
    Array,
    chebyshev,
    constant,
    exp_of_square,
    in_parts,
)


def erf(x: Array) -> Array:
    """DLMF 7.2.1."""
    return in_parts(
        (x,),
        (np.abs(x) < 1, lambda x: x * chebyshev(tables.ERF, 2 * x * x - 1)),
        (x > 0, lambda x: 1 - erfc(x)),
        (x < 0, lambda x: erfc(-x) - 1),
    )


def erfc(x: Array) -> Array:
    """DLMF 7.2.2."""
    return in_parts(
        (x,),
        (x < 0.5, lambda x: 1 - erf(x)),
        (x > 28, constant(0.0)),
        (x >= 0.5, lambda x: erfcx(x) * exp_of_square(x, -1)),
    )


def erfcx(x: Array) -> Array:
    """exp(x**2) erfc(x).

    Positive x: M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2)
    erfc x in 0 <= x < infinity", Math. Comp. 36 (1981). Negative x: DLMF 7.4.2.
    """
    return in_parts(
        (x,),
        (x < -26.7, constant(np.inf)),
        (x < 0, lambda x: 2 * exp_of_square(x, 1) - _positive(-x)),
        (x > 1e100, lambda x: 0.5641895835477563 / x),
        (x >= 0, _positive),
    )


def _positive(x: Array) -> Array:
    return chebyshev(tables.ERFCX, (x - 3.75) / (x + 3.75)) / (1 + 2 * x)


def normal_quantile(q: Array, p: Array) -> Array:
    """The normal quantile of 1/2 + q, where p is the smaller one of it and its complement.

    The parts are those of M. J. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988).
    """

    def middle(q: Array, p: Array) -> Array:
        return q * chebyshev(tables.QUANTILE_CENTRAL, q * q / 0.0903125 - 1)

    def outside(q: Array, p: Array) -> Array:
        r = np.sqrt(-np.log(p))
        value = in_parts(
            (r,),
            (r <= 4, lambda r: chebyshev(tables.QUANTILE_TAIL, (r - 2.8) / 1.2)),
            (r > 4, lambda r: chebyshev(tables.QUANTILE_FAR, (28 / r - 4) / 3)),
        )
        return np.where(q < 0, -r, r) * value

    near = np.abs(q) <= 0.425
    return in_parts((q, p), (near, middle), (~near, outside))


def erfinv(x: Array) -> Array:
    """The y of erf(y) = x; DLMF 7.17.1."""
    size = np.abs(x)
    return in_parts(
        (x,),
        (size < 1, lambda x: SQRT_HALF * normal_quantile(x / 2, (1 - np.abs(x)) / 2)),
        (size == 1, lambda x: np.copysign(np.inf, x)),
    )


def ndtri(p: Array) -> Array:
    """The normal quantile."""
    return in_parts(
        (p,),
        ((p > 0) & (p < 1), lambda p: normal_quantile(p - 0.5, np.where(p < 0.5, p, 1 - p))),
        (p == 0, constant(-np.inf)),
        (p == 1, constant(np.inf)),
    )
