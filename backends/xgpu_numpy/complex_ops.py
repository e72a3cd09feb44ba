"""Ops on complex numbers where NumPy loses what the standard asks for.

Each takes real operands too, which NumPy computes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = Any

# complex128 has a wider format where the C library's long double is wider than a double.
WIDER: Final = {
    np.dtype(np.complex64): np.complex128,
    np.dtype(np.complex128): np.clongdouble,
}


def divide(x1: Array, x2: Array) -> Array:
    """Quotients; of finite complex numbers scaled to 1, so that no step over- or underflows."""
    if x1.dtype.kind != "c":
        return np.divide(x1, x2)
    finite = np.isfinite(x1) & np.isfinite(x2)
    power_1, power_2 = (np.where(finite, power_of(x), 0) for x in (x1, x2))
    quotient = np.divide(times_power(x1, -power_1), times_power(x2, -power_2))
    return times_power(quotient, power_1 - power_2)


def log1p(x: Array) -> Array:
    """log(1 + x), to which what the sum 1 + x loses of a complex x is added again."""
    if x.dtype.kind != "c":
        return np.log1p(x)
    real = 1 + np.real(x)
    lost = np.real(x) - (real - 1)
    total = joined(real, np.imag(x), x.dtype)
    y = np.log(total)
    more = divide(lost.astype(x.dtype), total)
    imag = np.where(np.imag(x) == 0, np.imag(y), np.imag(y + more))
    corrected = joined(np.real(y + more), imag, x.dtype)
    return np.where((lost != 0) & np.isfinite(total), corrected, y)


def pow(x1: Array, x2: Array) -> Array:
    """Powers; complex ones in a wider format, since x2 * log(x1) multiplies errors."""
    if x1.dtype.kind != "c":
        return np.power(x1, x2)
    wider = WIDER[x1.dtype]
    return np.power(x1.astype(wider), x2.astype(wider)).astype(x1.dtype)


def reciprocal(x: Array) -> Array:
    """1 / x."""
    return divide(np.ones_like(x), x)


def sign(x: Array) -> Array:
    """Signs; of complex numbers x / abs(x), scaled to 1 first, so that the length has all digits.

    NaN in both components where one is not finite.
    """
    if x.dtype.kind != "c":
        return np.sign(x)
    finite = np.where(np.isfinite(x), x, complex(np.nan, np.nan))
    return np.sign(times_power(finite, -power_of(np.where(np.isfinite(x), x, 1))))


def tan(x: Array) -> Array:
    """The tangent; of complex numbers -j tanh(jx), far out too, where NumPy's zeros differ."""
    if x.dtype.kind != "c":
        return np.tan(x)
    y = tanh(joined(-np.imag(x), np.real(x), x.dtype))
    return joined(np.imag(y), -np.real(y), x.dtype)


def tanh(x: Array) -> Array:
    """tanh, whose imaginary part far out is a zero of x's sign, where NumPy's sign turns with x."""
    y = np.tanh(x)
    if x.dtype.kind != "c":
        return y
    far = np.isinf(np.real(x)) & np.isfinite(np.imag(x))
    return joined(np.real(y), np.where(far, np.copysign(0, np.imag(x)), np.imag(y)), x.dtype)


def power_of(x: Array) -> Array:
    """The power of two just above the larger component of each complex number."""
    return np.frexp(np.maximum(np.abs(np.real(x)), np.abs(np.imag(x))))[1]


def times_power(x: Array, power: Array) -> Array:
    """Complex x * 2**power."""
    return joined(np.ldexp(np.real(x), power), np.ldexp(np.imag(x), power), x.dtype)


def joined(real: Array, imag: Array, dtype: Any) -> Array:
    """The complex numbers of these parts; ``real + 1j * imag`` would lose zeros and infinities."""
    result = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), dtype)
    result.real, result.imag = real, imag
    return result
