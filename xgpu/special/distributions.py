"""Distribution functions: normal, chi-square, Student's t, and those that are made the same way."""

from __future__ import annotations

import math

from xgpu.array import Array
from xgpu.elementwise import abs, exp, floor, log, log1p, logical_or, minimum, round, trunc
from xgpu.plugin import ops
from xgpu.plugin.promotion import Scalar
from xgpu.searching import where
from xgpu.special.arguments import apply, computed, given

_SQRT_HALF = 0.7071067811865476


def ndtr(x: Array, /) -> Array:
    """The standard normal distribution function.

    Source: SciPy, `scipy.special.ndtr`; DLMF 7.18.
    """
    it = given("special.ndtr", x)
    (x,) = it.arrays
    tail = _normal_tail(x)
    return it.result(where(x < 0.0, tail, 1.0 - tail))


def log_ndtr(x: Array, /) -> Array:
    """The logarithm of `ndtr`, which does not underflow.

    Source: SciPy, `scipy.special.log_ndtr`.
    """
    it = given("special.log_ndtr", x)
    (x,) = it.arrays
    below = log(0.5 * apply(ops.ERFCX, abs(x) * _SQRT_HALF)) - x * (0.5 * x)
    return it.result(where(x < 0.0, below, log1p(-_normal_tail(x))))


def ndtri(p: Array, /) -> Array:
    """The quantile of the standard normal distribution; NaN beyond [0, 1].

    Source: SciPy, `scipy.special.ndtri`.
    """
    return computed(ops.NDTRI, "special.ndtri", p)


def _normal_tail(x: Array) -> Array:
    """The probability beyond |x|."""
    size = minimum(abs(x), 40.0)
    # The square of a number of few digits is exact; rounding that of x would cost x**2 times as
    # much as exp does.
    high = round(size * 16.0) * 0.0625
    rest = (size - high) * (size + high)
    scaled = apply(ops.ERFCX, size * _SQRT_HALF)
    return 0.5 * scaled * exp(high * high * -0.5) * exp(rest * -0.5)


def chdtr(v: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The chi-square distribution function with v degrees of freedom; NaN for negative v or x.

    Source: SciPy, `scipy.special.chdtr`.
    """
    it = given("special.chdtr", v, x)
    v, x = it.arrays
    return it.result(apply(ops.GAMMAINC, v * 0.5, x * 0.5))


def chdtrc(v: Array | Scalar, x: Array | Scalar, /) -> Array:
    """1 - `chdtr`, with as many right digits where that is small.

    Source: SciPy, `scipy.special.chdtrc`.
    """
    it = given("special.chdtrc", v, x)
    v, x = it.arrays
    return it.result(apply(ops.GAMMAINCC, v * 0.5, x * 0.5))


def chdtri(v: Array | Scalar, p: Array | Scalar, /) -> Array:
    """The x of chdtrc(v, x) = p.

    Source: SciPy, `scipy.special.chdtri`.
    """
    it = given("special.chdtri", v, p)
    v, p = it.arrays
    return it.result(apply(ops.GAMMAINCCINV, v * 0.5, p) * 2.0)


def stdtr(df: Array | Scalar, t: Array | Scalar, /) -> Array:
    """Student's t distribution function with df > 0 degrees of freedom; NaN for other df.

    Source: SciPy, `scipy.special.stdtr`.
    """
    return computed(ops.STDTR, "special.stdtr", df, t)


def stdtrit(df: Array | Scalar, p: Array | Scalar, /) -> Array:
    """The quantile of Student's t distribution; NaN for df <= 0 and for p beyond [0, 1].

    Minus infinity at p = 0, where SciPy gives plus infinity.

    Source: SciPy, `scipy.special.stdtrit`.
    """
    return computed(ops.STDTRIT, "special.stdtrit", df, p)


def gdtr(a: Array | Scalar, b: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The gamma distribution function of rate a and shape b; NaN for negative x.

    Source: SciPy, `scipy.special.gdtr`.
    """
    it = given("special.gdtr", a, b, x)
    a, b, x = it.arrays
    return it.result(where(x < 0.0, math.nan, apply(ops.GAMMAINC, b, a * x)))


def gdtrc(a: Array | Scalar, b: Array | Scalar, x: Array | Scalar, /) -> Array:
    """1 - `gdtr`, with as many right digits where that is small.

    Source: SciPy, `scipy.special.gdtrc`.
    """
    it = given("special.gdtrc", a, b, x)
    a, b, x = it.arrays
    return it.result(where(x < 0.0, math.nan, apply(ops.GAMMAINCC, b, a * x)))


def pdtr(k: Array | Scalar, m: Array | Scalar, /) -> Array:
    """Poisson's distribution function: at most k events where m are expected; NaN for negative k.

    Source: SciPy, `scipy.special.pdtr`.
    """
    it = given("special.pdtr", k, m)
    k, m = it.arrays
    found = apply(ops.GAMMAINCC, floor(k) + 1.0, m)
    return it.result(where(k < 0.0, math.nan, found))


def pdtrc(k: Array | Scalar, m: Array | Scalar, /) -> Array:
    """1 - `pdtr`, with as many right digits where that is small.

    Source: SciPy, `scipy.special.pdtrc`.
    """
    it = given("special.pdtrc", k, m)
    k, m = it.arrays
    found = apply(ops.GAMMAINC, floor(k) + 1.0, m)
    return it.result(where(k < 0.0, math.nan, found))


def bdtr(k: Array | Scalar, n: Array | Scalar, p: Array | Scalar, /) -> Array:
    """The binomial distribution function: at most k of n events of probability p; NaN for k > n.

    Source: SciPy, `scipy.special.bdtr`.
    """
    it = given("special.bdtr", k, n, p)
    k, n, p = it.arrays
    k, n = floor(k), trunc(n)
    found = where(k == n, 1.0 + 0.0 * p, apply(ops.BETAINCC, k + 1.0, n - k, p))
    wrong = logical_or(logical_or(k < 0.0, n < k), logical_or(p < 0.0, p > 1.0))
    return it.result(where(wrong, math.nan, found))


def bdtrc(k: Array | Scalar, n: Array | Scalar, p: Array | Scalar, /) -> Array:
    """1 - `bdtr`, with as many right digits where that is small; 1 for negative k.

    Source: SciPy, `scipy.special.bdtrc`.
    """
    it = given("special.bdtrc", k, n, p)
    k, n, p = it.arrays
    k, n = floor(k), trunc(n)
    found = where(k == n, 0.0 * p, apply(ops.BETAINC, k + 1.0, n - k, p))
    found = where(k < 0.0, 1.0 + 0.0 * n + 0.0 * p, found)
    return it.result(where(logical_or(n < k, logical_or(p < 0.0, p > 1.0)), math.nan, found))


def nbdtr(k: Array | Scalar, n: Array | Scalar, p: Array | Scalar, /) -> Array:
    """The negative binomial distribution: at most k failures before n successes of probability p.

    Source: SciPy, `scipy.special.nbdtr`.
    """
    it = given("special.nbdtr", k, n, p)
    k, n, p = it.arrays
    k, n = trunc(k), trunc(n)
    wrong = logical_or(k < 0.0, n <= 0.0)
    return it.result(where(wrong, math.nan, apply(ops.BETAINC, n, k + 1.0, p)))


def nbdtrc(k: Array | Scalar, n: Array | Scalar, p: Array | Scalar, /) -> Array:
    """1 - `nbdtr`, with as many right digits where that is small.

    Source: SciPy, `scipy.special.nbdtrc`.
    """
    it = given("special.nbdtrc", k, n, p)
    k, n, p = it.arrays
    k, n = trunc(k), trunc(n)
    wrong = logical_or(k < 0.0, n <= 0.0)
    return it.result(where(wrong, math.nan, apply(ops.BETAINCC, n, k + 1.0, p)))


def fdtr(dfn: Array | Scalar, dfd: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The F distribution function of dfn and dfd degrees of freedom; NaN for negative x.

    Source: SciPy, `scipy.special.fdtr`.
    """
    it = given("special.fdtr", dfn, dfd, x)
    dfn, dfd, x = it.arrays
    product = dfn * x
    found = apply(ops.BETAINC, dfn * 0.5, dfd * 0.5, product / (dfd + product))
    return it.result(where(_outside(dfn, dfd, x), math.nan, found))


def fdtrc(dfn: Array | Scalar, dfd: Array | Scalar, x: Array | Scalar, /) -> Array:
    """1 - `fdtr`, with as many right digits where that is small.

    Source: SciPy, `scipy.special.fdtrc`.
    """
    it = given("special.fdtrc", dfn, dfd, x)
    dfn, dfd, x = it.arrays
    found = apply(ops.BETAINC, dfd * 0.5, dfn * 0.5, dfd / (dfd + dfn * x))
    return it.result(where(_outside(dfn, dfd, x), math.nan, found))


def _outside(dfn: Array, dfd: Array, x: Array) -> Array:
    return logical_or(logical_or(dfn <= 0.0, dfd <= 0.0), x < 0.0)
