"""Spence's function, the dilogarithm of 1 - x."""

from __future__ import annotations

import math
from typing import Final

from xgpu.array import Array
from xgpu.elementwise import log, log1p, logical_and, reciprocal
from xgpu.searching import where
from xgpu.special.arguments import given

SERIES: Final = (
    *(1 / 36, -1 / 3600, 1 / 211680, -1 / 10886400, 1 / 526901760),
    *(-4.0647616451442256e-11, 8.9216910204564526e-13, -1.9939295860721076e-14),
    *(4.5189800296199182e-16, -1.0356517612182473e-17),
)
"""B(2k) / (2k + 1)!, k = 1 ...: DLMF 24.2.1 integrated."""
ZETA2: Final = math.pi**2 / 6.0


def spence(x: Array, /) -> Array:
    """Minus the integral of log(t) / (t - 1) from 1 to x; NaN for negative x and at infinity.

    Source: SciPy, `scipy.special.spence`; DLMF 25.12.2, 25.12.4, 25.12.6.
    """
    it = given("special.spence", x)
    (x,) = it.arrays
    middle = logical_and(x > 0.5, x <= 2.0)
    inside = where(x > 2.0, reciprocal(x), x)
    logs = where(inside == 0.0, x, log(inside))
    # The dilogarithm of z in u = -log(1 - z), for which 0 <= u <= log(2) or, in the middle,
    # |u| <= log(2).
    u = where(middle, -log(where(middle, x, 1.0)), -log1p(-inside))
    square = u * u
    total = square * 0.0 + SERIES[-1]
    for c in SERIES[-2::-1]:
        total = total * square + c
    series = u * (1.0 - 0.25 * u + square * total)
    mirrored = ZETA2 + logs * u - series
    beyond = -0.5 * logs * logs - mirrored
    found = where(middle, series, where(x > 2.0, beyond, mirrored))
    return it.result(where(x == math.inf, math.nan, found))
