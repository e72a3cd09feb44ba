"""Complete elliptic integrals of the first kind."""

from __future__ import annotations

import math
from typing import Final

from xgpu.array import Array
from xgpu.elementwise import log, reciprocal, sqrt
from xgpu.searching import where
from xgpu.special.arguments import given

STEPS: Final = 6
"""Of the arithmetic-geometric mean, which doubles the digits: enough from 1e-3 on."""
NEAR: Final = 1e-6
"""Below, three terms of the series at p = 0 have all digits."""


def ellipk(m: Array, /) -> Array:
    """The complete elliptic integral of the first kind, of parameter m = k**2; NaN for m > 1.

    Near m = 1 `ellipkm1` has digits that m has lost.

    Source: SciPy, `scipy.special.ellipk`; DLMF 19.8.5.
    """
    it = given("special.ellipk", m)
    return it.result(_of_complement(1.0 - it.arrays[0]))


def ellipkm1(p: Array, /) -> Array:
    """`ellipk` of 1 - p; NaN for negative p.

    Source: SciPy, `scipy.special.ellipkm1`; DLMF 19.8.5, 19.12.1.
    """
    it = given("special.ellipkm1", p)
    return it.result(_of_complement(it.arrays[0]))


def _of_complement(p: Array) -> Array:
    large = p > 1.0
    inside = where(large, reciprocal(p), p)  # DLMF 19.7.3
    b = sqrt(inside)
    a, b = (1.0 + b) * 0.5, sqrt(b)
    for _ in range(STEPS - 1):
        a, b = (a + b) * 0.5, sqrt(a * b)
    logs = math.log(4.0) - 0.5 * log(inside)
    second = (logs - 7.0 / 6.0) * (9.0 / 64.0)
    near = logs + inside * ((logs - 1.0) * 0.25 + inside * second)
    found = where(inside < NEAR, near, (math.pi / 2.0) / a)
    found = where(large, found / sqrt(p), found)
    found = where(p == 0.0, math.inf, found)
    return where(p == math.inf, 0.0, found)
