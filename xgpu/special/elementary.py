"""Elementary functions that a naive formula would lose digits of, or that SciPy has a name for."""

from __future__ import annotations

import math

from xgpu.array import Array
from xgpu.elementwise import (
    abs,
    copysign,
    cos,
    exp,
    expm1,
    floor,
    isfinite,
    log,
    log1p,
    logical_and,
    logical_or,
    pow,
    remainder,
    signbit,
    sin,
    square,
    tan,
)
from xgpu.plugin.promotion import Scalar
from xgpu.searching import where
from xgpu.special.arguments import given

_DEGREE = math.pi / 180.0


def cbrt(x: Array, /) -> Array:
    """The real cube root.

    Source: SciPy, `scipy.special.cbrt`.
    """
    it = given("special.cbrt", x)
    (x,) = it.arrays
    size = abs(x)
    root = pow(size, 1 / 3)
    # One step of Newton's method takes back what rounding 1/3 costs.
    inside = logical_and(size > 0.0, isfinite(size))
    root = where(inside, root - (root - size / (root * root)) / 3.0, size)
    return it.result(copysign(root, x))


def exp2(x: Array, /) -> Array:
    """2 to the power of x.

    Source: SciPy, `scipy.special.exp2`.
    """
    it = given("special.exp2", x)
    return it.result(pow(2.0, it.arrays[0]))


def exp10(x: Array, /) -> Array:
    """10 to the power of x.

    Source: SciPy, `scipy.special.exp10`.
    """
    it = given("special.exp10", x)
    return it.result(pow(10.0, it.arrays[0]))


def cosm1(x: Array, /) -> Array:
    """cos(x) - 1, with as many right digits near 0; x in radians.

    Source: SciPy, `scipy.special.cosm1`.
    """
    it = given("special.cosm1", x)
    return it.result(square(sin(it.arrays[0] * 0.5)) * -2.0)


def exprel(x: Array, /) -> Array:
    """(exp(x) - 1) / x, 1 at 0.

    Source: SciPy, `scipy.special.exprel`.
    """
    it = given("special.exprel", x)
    (x,) = it.arrays
    found = where(x == math.inf, x, expm1(x) / x)
    return it.result(where(abs(x) < 1e-30, 1.0, found))


def sinc(x: Array, /) -> Array:
    """sin(pi x) / (pi x), 1 at 0.

    Source: SciPy, `scipy.special.sinc`; NumPy, `numpy.sinc`.
    """
    it = given("special.sinc", x)
    angle = it.arrays[0] * math.pi
    return it.result(where(angle == 0.0, 1.0, sin(angle) / angle))


def radian(d: Array | Scalar, m: Array | Scalar, s: Array | Scalar, /) -> Array:
    """The angle of d degrees, m minutes and s seconds of arc, in radians.

    Source: SciPy, `scipy.special.radian`.
    """
    it = given("special.radian", d, m, s)
    d, m, s = it.arrays
    return it.result((d * 3600.0 + m * 60.0 + s) * (math.pi / 648000))


def sindg(x: Array, /) -> Array:
    """The sine of x degrees, exact at multiples of 90.

    Source: SciPy, `scipy.special.sindg`.
    """
    it = given("special.sindg", x)
    (x,) = it.arrays
    quarter, degrees = _quarters(x)
    angle = degrees * _DEGREE
    found = where(_odd(quarter), cos(angle), sin(angle))
    found = where(_half_turned(quarter), -found, found) + 0.0
    return it.result(where(signbit(x), -found, found))


def cosdg(x: Array, /) -> Array:
    """The cosine of x degrees, exact at multiples of 90.

    Source: SciPy, `scipy.special.cosdg`.
    """
    it = given("special.cosdg", x)
    quarter, degrees = _quarters(it.arrays[0])
    angle = degrees * _DEGREE
    found = where(_odd(quarter), sin(angle), cos(angle))
    return it.result(where(_half_turned(quarter + 1.0), -found, found) + 0.0)


def tandg(x: Array, /) -> Array:
    """The tangent of x degrees, exact at multiples of 45; infinite at the poles.

    Source: SciPy, `scipy.special.tandg`.
    """
    it = given("special.tandg", x)
    (x,) = it.arrays
    quarter, degrees = _quarters(x)
    found = _tangent(degrees)
    found = where(_odd(quarter), -1.0 / found, found) + 0.0
    found = where(signbit(x), -found, found)
    return it.result(where(abs(found) == math.inf, math.inf, found))


def cotdg(x: Array, /) -> Array:
    """The cotangent of x degrees, exact at multiples of 45; infinite at the poles.

    Source: SciPy, `scipy.special.cotdg`.
    """
    it = given("special.cotdg", x)
    (x,) = it.arrays
    quarter, degrees = _quarters(x)
    found = _tangent(degrees)
    found = where(_odd(quarter), -found, 1.0 / found) + 0.0
    found = where(signbit(x), -found, found)
    return it.result(where(abs(found) == math.inf, math.inf, found))


def _quarters(x: Array) -> tuple[Array, Array]:
    """|x| degrees as quarters of a turn, 0 to 4, and degrees from -45 to 45: no digit is lost."""
    rest = remainder(abs(x), 360.0)
    quarter = floor(rest / 90.0 + 0.5)
    return quarter, rest - quarter * 90.0


def _odd(quarter: Array) -> Array:
    return logical_or(quarter == 1.0, quarter == 3.0)


def _half_turned(quarter: Array) -> Array:
    return logical_or(quarter == 2.0, quarter == 3.0)


def _tangent(degrees: Array) -> Array:
    """The tangent of -45 to 45 degrees, 1 at the end, where the rounded angle's is not."""
    return where(abs(degrees) == 45.0, degrees / 45.0, tan(degrees * _DEGREE))


def boxcox(x: Array | Scalar, lmbda: Array | Scalar, /) -> Array:
    """The Box-Cox transformation (x**lmbda - 1) / lmbda; log(x) for lmbda = 0, NaN for x < 0.

    Source: SciPy, `scipy.special.boxcox`.
    """
    it = given("special.boxcox", x, lmbda)
    x, lmbda = it.arrays
    return it.result(_box_cox(log(x), lmbda))


def boxcox1p(x: Array | Scalar, lmbda: Array | Scalar, /) -> Array:
    """`boxcox` of 1 + x, with as many right digits for small x.

    Source: SciPy, `scipy.special.boxcox1p`.
    """
    it = given("special.boxcox1p", x, lmbda)
    x, lmbda = it.arrays
    return it.result(_box_cox(log1p(x), lmbda))


def inv_boxcox(y: Array | Scalar, lmbda: Array | Scalar, /) -> Array:
    """The x of boxcox(x, lmbda) = y.

    Source: SciPy, `scipy.special.inv_boxcox`.
    """
    it = given("special.inv_boxcox", y, lmbda)
    y, lmbda = it.arrays
    return it.result(where(lmbda == 0.0, exp(y), exp(log1p(lmbda * y) / lmbda)))


def inv_boxcox1p(y: Array | Scalar, lmbda: Array | Scalar, /) -> Array:
    """The x of boxcox1p(x, lmbda) = y.

    Source: SciPy, `scipy.special.inv_boxcox1p`.
    """
    it = given("special.inv_boxcox1p", y, lmbda)
    y, lmbda = it.arrays
    return it.result(where(lmbda == 0.0, expm1(y), expm1(log1p(lmbda * y) / lmbda)))


def _box_cox(logarithm: Array, lmbda: Array) -> Array:
    tiny = abs(lmbda) < 1e-30
    return where(tiny, logarithm, expm1(lmbda * logarithm) / where(tiny, 1.0, lmbda))


def huber(delta: Array | Scalar, r: Array | Scalar, /) -> Array:
    """Huber's loss: r**2 / 2 to a distance of delta, linear beyond; infinite for negative delta.

    Source: SciPy, `scipy.special.huber`.
    """
    it = given("special.huber", delta, r)
    delta, r = it.arrays
    size = abs(r)
    found = where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))
    return it.result(where(delta < 0.0, math.inf, found))


def pseudo_huber(delta: Array | Scalar, r: Array | Scalar, /) -> Array:
    """A smooth `huber`: delta**2 (sqrt(1 + (r / delta)**2) - 1); infinite for negative delta.

    Source: SciPy, `scipy.special.pseudo_huber`.
    """
    it = given("special.pseudo_huber", delta, r)
    delta, r = it.arrays
    u = r / delta
    found = delta * delta * expm1(0.5 * log1p(u * u))
    found = where(logical_and(delta == 0.0, r == r), 0.0 * delta, found)
    return it.result(where(delta < 0.0, math.inf, found))
