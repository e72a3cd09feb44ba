"""What CuPy gets wrong and is easily set right, op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from xgpu.plugin import library
from xgpu_compat.special import offered

INSTALL: Final = 'pip install "xgpu-array[cuda12]"'
cupy = library("cupy", INSTALL)
xp = library("array_api_compat.cupy", INSTALL)
special = library("cupyx.scipy.special", INSTALL)
Array = Any
Function = Callable[..., Any]

FAR: Final = 500.0
"""Scaled Bessel functions of larger numbers are expansions: exp overflows or vanishes above 700."""


def joined(real: Array, imag: Array, dtype: Any) -> Array:
    """Complex numbers of their parts, with signs of zero as they are."""
    made = cupy.empty(real.shape, dtype)
    made.real = real.astype(made.real.dtype)
    made.imag = imag.astype(made.real.dtype)
    return made


def exponent(x: Array) -> Array:
    """That of the larger component of a complex x; 0 if one is not finite."""
    size = cupy.maximum(cupy.abs(x.real), cupy.abs(x.imag))
    finite = cupy.isfinite(size)
    return cupy.frexp(cupy.where(finite, size, cupy.ones_like(size)))[1] * finite


def scaled(x: Array, exponent: Array) -> Array:
    """Complex ``x * 2**exponent``."""
    return joined(cupy.ldexp(x.real, exponent), cupy.ldexp(x.imag, exponent), x.dtype)


def divide(x1: Array, x2: Array) -> Array:
    """Of complex numbers near 1: CuPy's 1 / (|re| + |im|) is flushed to zero, or overflows."""
    if x1.dtype.kind != "c":
        return xp.divide(x1, x2)
    x1, x2 = cupy.broadcast_arrays(x1, x2)
    e1, e2 = exponent(x1), exponent(x2)
    return scaled(xp.divide(scaled(x1, -e1), scaled(x2, -e2)), e1 - e2)


def reciprocal(x: Array) -> Array:
    """Of complex numbers likewise."""
    return divide(cupy.ones_like(x), x) if x.dtype.kind == "c" else xp.reciprocal(x)


def sign(x: Array) -> Array:
    """CuPy's own of complex numbers near 1; array-api-compat's divides them by a complex one."""
    if x.dtype.kind != "c":
        return xp.sign(x)
    # From 1 on: below, a component may be subnormal, and so flushed, whose quotient is not.
    return cupy.where(x == 0, cupy.zeros_like(x), cupy.sign(scaled(x, 1 - exponent(x))))


def expm1(x: Array) -> Array:
    """Of complex numbers by real functions: CuPy's is exp(x) - 1, which loses what is small."""
    if x.dtype.kind != "c":
        return xp.expm1(x)
    a, b = x.real, x.imag
    cos, sin, half, root = cupy.cos(b), cupy.sin(b), cupy.sin(b / 2), cupy.exp(a / 2)
    real, imag = cupy.expm1(a) * cos - 2 * half * half, cupy.exp(a) * sin
    # exp(a) overflows before its product with a small number does.
    real = cupy.where(cupy.isinf(real), root * cos * root, real)
    imag = cupy.where(cupy.isinf(imag), root * sin * root, imag)
    turning = ~cupy.isfinite(b)
    real = cupy.where(turning & (a == np.inf), np.inf, real)
    real = cupy.where(turning & (a == -np.inf), -1.0, real)
    imag = cupy.where(turning & (a == -np.inf), 0.0, imag)
    real = cupy.where((a == 0) & (b == 0), 0.0, real)
    return joined(real, cupy.where(b == 0, b, imag), x.dtype)


def first(function: Function) -> Function:
    """Argmin or argmax of rows: of several NaN the first, where CuPy takes any."""

    def run(matrix: Array) -> Array:
        found = function(matrix, axis=1)
        if matrix.dtype.kind != "f":
            return found
        missing = cupy.isnan(matrix)
        return cupy.where(cupy.any(missing, axis=1), cupy.argmax(missing, axis=1), found)

    return run


def scaled_bessel(function: Function, order: int, kind: str) -> Function:
    """I or K, scaled by exp: of large numbers CuPy's is a product of an infinity and zero.

    There it is the expansion of DLMF 10.40.1 or 10.40.2, to a relative error below 1e-16.
    """
    growing = kind == "I"
    factor = (2 * np.pi) ** -0.5 if growing else (np.pi / 2) ** 0.5

    def run(x: Array) -> Array:
        wide = x.astype(np.float64)
        size = cupy.maximum(cupy.abs(wide) if growing else wide, FAR)
        series = cupy.ones_like(size)
        for k in range(6, 0, -1):
            ratio = (4 * order**2 - (2 * k - 1) ** 2) / (8 * k)
            series = 1 + series * ((-ratio if growing else ratio) / size)
        value = series * (factor / cupy.sqrt(size))
        odd = growing and order % 2
        value = cupy.copysign(value, wide) if odd else value
        return cupy.where(size > FAR, value, function(wide)).astype(x.dtype)

    return run


def undefined_at_infinity(function: Function) -> Function:
    """NaN there, as SciPy's j0 and its like; CUDA's are 0, their limit."""
    return lambda x: cupy.where(cupy.isinf(x), x - x, function(x))


def special_functions() -> dict[str, Function]:
    """Those that this CuPy has."""
    found = offered(special, lambda x, dtype: x.astype(dtype), np.dtype(np.float64))
    for name in found:
        if name in ("j0", "j1", "y0", "y1"):
            found[name] = undefined_at_infinity(found[name])
        elif name in ("i0e", "i1e", "k0e", "k1e"):
            found[name] = scaled_bessel(getattr(special, name), int(name[1]), name[0].upper())
    return found


TABLE: Final[dict[str, Function]] = {
    **special_functions(),
    "argmax": first(xp.argmax),
    "argmin": first(xp.argmin),
    "divide": divide,
    "expm1": expm1,
    "reciprocal": reciprocal,
    "sign": sign,
}
