"""The zeta functions of Riemann and of Hurwitz."""

from __future__ import annotations

import math

from xgpu.array import Array
from xgpu.elementwise import floor, logical_and
from xgpu.plugin import ops
from xgpu.plugin.promotion import Scalar
from xgpu.searching import where
from xgpu.special.arguments import apply, computed, given


def zeta(x: Array | Scalar, q: Array | Scalar | None = None) -> Array:
    """Hurwitz's zeta function, the sum of (k + q)**-x over k = 0, 1 ..., for x > 1; else NaN.

    Without ``q`` Riemann's, of every real x. A negative q is no integer (there are poles), x is one
    then, and q is above -100000; NaN for others.

    Source: SciPy, `scipy.special.zeta`; DLMF 25.11.1 and 25.2.1.
    """
    if q is None:
        return computed(ops.RIEMANN_ZETA, "special.zeta", x)
    return computed(ops.ZETA, "special.zeta", x, q)


def zetac(x: Array, /) -> Array:
    """Riemann's zeta function less 1, with as many right digits for large x.

    Source: SciPy, `scipy.special.zetac`; DLMF 25.2.1.
    """
    it = given("special.zetac", x, 2.0)
    x, two = it.arrays
    # The sum from k = 2 on; zeros at the negative even numbers, as all large numbers are.
    found = where(x > 1.5, apply(ops.ZETA, x, two), apply(ops.RIEMANN_ZETA, x) - 1.0)
    even = logical_and(floor(x / 2.0) * 2.0 == x, x > -math.inf)
    return it.result(where(logical_and(x < 0.0, even), -1.0, found))
