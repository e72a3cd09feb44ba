"""Modified Bessel functions of the second kind times exp(x); DLMF 10.25.

To 1, the logarithm times I (DLMF 10.31.2) and the rest as Chebyshev series in x**2: all terms have
one sign. Beyond, a Chebyshev series of the function times sqrt(x), in 2/x - 1 (DLMF 10.40.2).
"""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import bessel_k_tables as tables
from xgpu_numpy.special.common import Array, chebyshev, in_parts


def k0e(x: Array) -> Array:
    """exp(x) K0(x)."""
    return in_parts(
        (x,),
        ((x >= 0) & (x <= 1), _k0_near),
        (x > 1, lambda s: chebyshev(tables.K0_FAR, 2 / s - 1) / np.sqrt(s)),
    )


def k1e(x: Array) -> Array:
    """exp(x) K1(x)."""
    return in_parts(
        (x,),
        (x == 0, lambda s: np.full_like(s, np.inf)),
        ((x > 0) & (x <= 1), _k1_near),
        (x > 1, lambda s: chebyshev(tables.K1_FAR, 2 / s - 1) / np.sqrt(s)),
    )


def _k0_near(x: Array) -> Array:
    place = 2 * (x * x) - 1
    logs = np.log(x) * chebyshev(tables.K0_I0, place)
    return np.exp(x) * (chebyshev(tables.K0, place) - logs)


def _k1_near(x: Array) -> Array:
    place = 2 * (x * x) - 1
    logs = np.log(x) * (x * chebyshev(tables.K1_I1, place))
    return np.exp(x) * (chebyshev(tables.K1, place) / x + logs)
