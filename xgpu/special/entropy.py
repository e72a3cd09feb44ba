"""Products with logarithms: what entropies are made of."""

from __future__ import annotations

import math

from xgpu.array import Array
from xgpu.elementwise import isnan, log, log1p, logical_and, logical_not, logical_or
from xgpu.plugin.promotion import Scalar
from xgpu.searching import where
from xgpu.special.arguments import given


def xlogy(x: Array | Scalar, y: Array | Scalar, /) -> Array:
    """The product x log(y); 0 where x is 0, unless y is NaN.

    Source: SciPy, `scipy.special.xlogy`.
    """
    it = given("special.xlogy", x, y)
    x, y = it.arrays
    zero = logical_and(x == 0.0, logical_not(isnan(y)))
    return it.result(where(zero, 0.0, x * log(y)))


def xlog1py(x: Array | Scalar, y: Array | Scalar, /) -> Array:
    """The product x log1p(y); 0 where x is 0, unless y is NaN.

    Source: SciPy, `scipy.special.xlog1py`.
    """
    it = given("special.xlog1py", x, y)
    x, y = it.arrays
    zero = logical_and(x == 0.0, logical_not(isnan(y)))
    return it.result(where(zero, 0.0, x * log1p(y)))


def entr(x: Array, /) -> Array:
    """The product -x log(x), 0 at 0; minus infinity for negative x.

    Source: SciPy, `scipy.special.entr`.
    """
    it = given("special.entr", x)
    (x,) = it.arrays
    found = where(x < 0.0, -math.inf, -x * log(x))
    return it.result(where(x == 0.0, 0.0, found))


def rel_entr(x: Array | Scalar, y: Array | Scalar, /) -> Array:
    """The product x log(x / y) of positive numbers; 0 for x = 0 and y >= 0, infinite elsewhere.

    Source: SciPy, `scipy.special.rel_entr`.
    """
    it = given("special.rel_entr", x, y)
    x, y = it.arrays
    return it.result(_completed(x, y, x * _log_ratio(x, y), x))


def kl_div(x: Array | Scalar, y: Array | Scalar, /) -> Array:
    """The sum x log(x / y) - x + y of positive numbers; y at x = 0 <= y, infinite elsewhere.

    Source: SciPy, `scipy.special.kl_div`.
    """
    it = given("special.kl_div", x, y)
    x, y = it.arrays
    return it.result(_completed(x, y, x * _log_ratio(x, y) - x + y, y))


def _log_ratio(x: Array, y: Array) -> Array:
    """log(x / y) where both are positive."""
    ratio = x / y
    near = logical_and(ratio > 0.5, ratio < 2.0)
    # A quotient that over- or underflows, of numbers that do not.
    apart = logical_or(ratio == 0.0, ratio == math.inf)
    found = where(near, log1p((x - y) / y), log(ratio))
    return where(apart, log(x) - log(y), found)


def _completed(x: Array, y: Array, inside: Array, at_zero: Array) -> Array:
    found = where(logical_and(x == 0.0, y >= 0.0), where(x == 0.0, at_zero, 0.0), math.inf)
    found = where(logical_and(x > 0.0, y > 0.0), inside, found)
    return where(logical_or(isnan(x), isnan(y)), math.nan, found)
