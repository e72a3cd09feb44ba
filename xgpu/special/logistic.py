"""The logistic function, its inverse and its logarithm."""

from __future__ import annotations

from xgpu.array import Array
from xgpu.elementwise import abs, exp, log, log1p, logical_and, minimum
from xgpu.searching import where
from xgpu.special.arguments import given


def expit(x: Array, /) -> Array:
    """1 / (1 + exp(-x)).

    Source: SciPy, `scipy.special.expit`.
    """
    it = given("special.expit", x)
    (x,) = it.arrays
    e = exp(-abs(x))
    return it.result(where(x < 0.0, e, 0.0 * e + 1.0) / (1.0 + e))


def logit(x: Array, /) -> Array:
    """log(x / (1 - x)), the inverse of `expit`; NaN beyond [0, 1].

    Source: SciPy, `scipy.special.logit`.
    """
    it = given("special.logit", x)
    (x,) = it.arrays
    # Near 1/2, where the quotient is near 1: log1p(s) - log1p(-s) for s = 2x - 1, which is exact.
    s = 2.0 * (x - 0.5)
    near = log1p(s) - log1p(-s)
    found = where(logical_and(x > 0.3, x < 0.65), near, log(x / (1.0 - x)))
    return it.result(where(x > 1.0, log(1.0 - x), found))


def log_expit(x: Array, /) -> Array:
    """The logarithm of `expit`, which does not underflow.

    Source: SciPy, `scipy.special.log_expit`.
    """
    it = given("special.log_expit", x)
    (x,) = it.arrays
    return it.result(minimum(x, 0.0) - log1p(exp(-abs(x))))
