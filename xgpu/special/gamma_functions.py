"""The gamma function and what belongs to it."""

from __future__ import annotations

import math
import operator

from xgpu.array import Array
from xgpu.elementwise import (
    abs,
    exp,
    floor,
    isnan,
    log,
    logical_and,
    logical_or,
    reciprocal,
    remainder,
    signbit,
)
from xgpu.plugin import ops
from xgpu.plugin.promotion import Scalar
from xgpu.searching import where
from xgpu.special.arguments import apply, computed, given


def gamma(x: Array, /) -> Array:
    """The gamma function; NaN at negative integers, infinite at 0 with the sign of the zero.

    Source: SciPy, `scipy.special.gamma`; DLMF 5.2.1.
    """
    return computed(ops.GAMMA, "special.gamma", x)


def gammaln(x: Array, /) -> Array:
    """The logarithm of the gamma function's magnitude; infinite at 0 and at negative integers.

    Source: SciPy, `scipy.special.gammaln`; DLMF 5.2.1.
    """
    return computed(ops.GAMMALN, "special.gammaln", x)


def loggamma(x: Array, /) -> Array:
    """The logarithm of the gamma function of real x; NaN where x is negative.

    Source: SciPy, `scipy.special.loggamma`; DLMF 5.2.1.
    """
    it = given("special.loggamma", x)
    (x,) = it.arrays
    return it.result(where(x < 0.0, math.nan, apply(ops.GAMMALN, x)))


def gammasgn(x: Array, /) -> Array:
    """The sign of the gamma function, -1 or 1; NaN at negative integers.

    Source: SciPy, `scipy.special.gammasgn`.
    """
    it = given("special.gammasgn", x)
    (x,) = it.arrays
    below = floor(x)
    sign = where(remainder(below, 2.0) == 0.0, 1.0, -1.0 + 0.0 * x)
    found = where(logical_and(x < 0.0, below == x), math.nan, where(x < 0.0, sign, 1.0))
    found = where(x == 0.0, where(signbit(x), -1.0, found), found)
    return it.result(where(isnan(x), x, found))


def rgamma(x: Array, /) -> Array:
    """1 / gamma(x), 0 at the poles.

    Source: SciPy, `scipy.special.rgamma`; DLMF 5.2.1.
    """
    it = given("special.rgamma", x)
    (x,) = it.arrays
    # From 30 on of the argument less 20: the reciprocal is there when gamma has overflowed.
    far = x > 30.0
    steps = x - 20.0
    product = steps
    for k in range(1, 20):
        product = product * (steps + k)
    found = reciprocal(apply(ops.GAMMA, where(far, steps, x)))
    found = where(far, found / product, found)
    pole = logical_and(x < 0.0, floor(x) == x)
    return it.result(where(logical_or(pole, x == math.inf), 0.0, found))


def digamma(x: Array, /) -> Array:
    """The logarithmic derivative of the gamma function; NaN at negative integers.

    Source: SciPy, `scipy.special.digamma`; DLMF 5.2.2.
    """
    return computed(ops.DIGAMMA, "special.digamma", x)


def psi(x: Array, /) -> Array:
    """The function `digamma` by its other name.

    Source: SciPy, `scipy.special.psi`.
    """
    return computed(ops.DIGAMMA, "special.psi", x)


def polygamma(n: int | Array, x: Array, /) -> Array:
    """The n-th derivative of `digamma` at x: n a Python int, or an array that broadcasts with x.

    x is positive, or no integer; NaN for negative n.

    Raises:
        TypeError: n is a Python float or complex.

    Source: SciPy, `scipy.special.polygamma`; DLMF 5.15.
    """
    if isinstance(n, Array):
        return _of_orders(n, x)
    order = operator.index(n)
    it = given("special.polygamma", x)
    (x,) = it.arrays
    if order < 0:
        return it.result(x * math.nan)
    if order == 0:
        return it.result(apply(ops.DIGAMMA, x))
    factor = math.factorial(order) if order <= 170 else math.inf
    one = given("special.polygamma", x, order + 1.0)
    return it.result(apply(ops.ZETA, one.arrays[1], x) * float(-factor * (-1) ** order))


def _of_orders(n: Array, x: Array) -> Array:
    it = given("special.polygamma", n, x)
    n, x = it.arrays
    after = n + 1.0
    factor = apply(ops.GAMMA, after) * where(remainder(n, 2.0) == 1.0, 1.0, -1.0 + 0.0 * n)
    return it.result(where(n == 0.0, apply(ops.DIGAMMA, x), factor * apply(ops.ZETA, after, x)))


def gammainc(a: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The regularised lower incomplete gamma function P(a, x), a >= 0 and x >= 0; else NaN.

    Source: SciPy, `scipy.special.gammainc`; DLMF 8.2.4.
    """
    return computed(ops.GAMMAINC, "special.gammainc", a, x)


def gammaincc(a: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x).

    Source: SciPy, `scipy.special.gammaincc`; DLMF 8.2.4.
    """
    return computed(ops.GAMMAINCC, "special.gammaincc", a, x)


def gammaincinv(a: Array | Scalar, p: Array | Scalar, /) -> Array:
    """The x of gammainc(a, x) = p, 0 <= p <= 1 and a >= 0; else NaN.

    Source: SciPy, `scipy.special.gammaincinv`; DLMF 8.12.
    """
    return computed(ops.GAMMAINCINV, "special.gammaincinv", a, p)


def gammainccinv(a: Array | Scalar, q: Array | Scalar, /) -> Array:
    """The x of gammaincc(a, x) = q, 0 <= q <= 1 and a >= 0; else NaN.

    Source: SciPy, `scipy.special.gammainccinv`; DLMF 8.12.
    """
    return computed(ops.GAMMAINCCINV, "special.gammainccinv", a, q)


def multigammaln(a: Array, d: int, /) -> Array:
    """The logarithm of the multivariate gamma function of dimension ``d``, for a > (d - 1) / 2.

    NaN for smaller a, where SciPy raises: that would have to wait for the values.

    Raises:
        TypeError: d is no Python int.
        ValueError: d is below 1.

    Source: SciPy, `scipy.special.multigammaln`; DLMF 35.3.1.
    """
    count = operator.index(d)
    if count < 1:
        raise ValueError(f"multigammaln() needs a dimension of at least 1: got {d}")
    it = given("special.multigammaln", a)
    (a,) = it.arrays
    total = apply(ops.GAMMALN, a)
    for k in range(1, count):
        total = total + apply(ops.GAMMALN, a - k / 2)
    total = total + count * (count - 1) / 4 * math.log(math.pi)
    return it.result(where(a > (count - 1) / 2, total, math.nan))


def poch(a: Array | Scalar, m: Array | Scalar, /) -> Array:
    """Pochhammer's symbol gamma(a + m) / gamma(a).

    Where gamma has a pole at a alone it is 0, at a + m alone infinite, at both the finite limit.
    The logarithms' cancellation costs digits where a or a + m is negative.

    Source: SciPy, `scipy.special.poch`; DLMF 5.2.5.
    """
    it = given("special.poch", a, m)
    a, m = it.arrays
    inside = logical_and(a > 0.0, a + m > 0.0)
    # gamma(a + m) / gamma(a) = gamma(m) / B(a, m) for positive m; the other way round else.
    size = abs(m)
    least = where(m < 0.0, a + m, a)
    log_ratio = apply(ops.GAMMALN, size) - apply(ops.BETALN, least, size)
    found = exp(where(m < 0.0, -1.0 + 0.0 * m, 1.0) * log_ratio)
    return it.result(where(m == 0.0, 1.0 + 0.0 * a, where(inside, found, _poch_outside(a, m))))


def _poch_outside(a: Array, m: Array) -> Array:
    """gamma(a + m) / gamma(a) where one of them has its argument on the negative axis."""
    end = a + m
    signs = gammasgn(end) * gammasgn(a)
    ratio = signs * exp(apply(ops.GAMMALN, end) - apply(ops.GAMMALN, a))
    # Between two poles the ratio is finite: by reflection, of gamma(1 - a) and gamma(1 - a - m).
    alternating = where(remainder(m, 2.0) == 0.0, 1.0, -1.0 + 0.0 * m)
    mirrored = exp(apply(ops.GAMMALN, 1.0 - a) - apply(ops.GAMMALN, 1.0 - end))
    at_pole = where(_pole(end), alternating * mirrored, 0.0 * m)
    return where(_pole(a), at_pole, where(_pole(end), math.inf, ratio))


def _pole(x: Array) -> Array:
    """Whether x is 0 or a negative integer, where gamma has a pole."""
    return logical_and(x <= 0.0, floor(x) == x)


def binom(n: Array | Scalar, k: Array | Scalar, /) -> Array:
    """The binomial coefficient of real numbers; NaN for a negative integer n.

    It is gamma(n + 1) / (gamma(k + 1) gamma(n - k + 1)); beyond 0 <= k <= n the logarithms'
    cancellation costs digits.

    Source: SciPy, `scipy.special.binom`; DLMF 1.2.6.
    """
    it = given("special.binom", n, k)
    n, k = it.arrays
    inside = logical_and(k >= 0.0, k <= n)
    low = where(inside, k, 0.0)
    high = where(inside, n - k, 0.0)
    found = exp(-log(n + 1.0) - apply(ops.BETALN, low + 1.0, high + 1.0))
    whole = logical_and(floor(n) == n, floor(k) == k)
    found = where(logical_and(whole, found < 2.0**20), floor(found + 0.5), found)
    signs = gammasgn(n + 1.0) * gammasgn(k + 1.0) * gammasgn(n - k + 1.0)
    logs = apply(ops.GAMMALN, n + 1.0) - apply(ops.GAMMALN, k + 1.0)
    outside = signs * exp(logs - apply(ops.GAMMALN, n - k + 1.0))
    outside = where(logical_or(_pole(k + 1.0), _pole(n - k + 1.0)), 0.0 * k, outside)
    found = where(logical_and(inside, n >= 0.0), found, outside)
    return it.result(where(logical_or(_pole(n + 1.0), isnan(n)), math.nan, found))
