"""What JAX lacks or gets wrong, op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from xgpu.plugin import library

jax = library("jax", "pip install 'xgpu-array[jax]'")
xp = library("jax.numpy", "pip install 'xgpu-array[jax]'")
Array = Any
Function = Callable[..., Any]


def is_complex(x: Array) -> bool:
    """Whether the dtype is complex."""
    return bool(xp.issubdtype(x.dtype, xp.complexfloating))


def absolute(x: Array) -> Array:
    """Infinite where a complex x is, whatever the other component."""
    return xp.hypot(x.real, x.imag) if is_complex(x) else xp.abs(x)


def infinite(function: Function) -> Function:
    """A logarithm, infinite where a complex operand is, whatever the other component."""

    def run(x: Array) -> Array:
        found = function(x)
        if not is_complex(x):
            return found
        there = xp.isinf(x.real) | xp.isinf(x.imag)
        return jax.lax.complex(xp.where(there, xp.inf, found.real), found.imag)

    return run


def floor_divide(x1: Array, x2: Array) -> Array:
    """0 for integers divided by 0; zeros with the quotient's sign; floor(x1 / x2) of infinities."""
    if not xp.issubdtype(x1.dtype, xp.floating):
        return xp.where(x2 == 0, 0, xp.floor_divide(x1, xp.where(x2 == 0, 1, x2)))
    quotient, left = x1 / x2, xp.fmod(x1, x2)
    exact = (x1 - left) / x2 - ((left != 0) & ((left < 0) != (x2 < 0)))
    whole = xp.floor(exact)
    whole = xp.where(exact - whole > 0.5, whole + 1, whole)
    whole = xp.where(exact == 0, xp.copysign(exact, quotient), whole)
    finite = xp.isfinite(x1) & xp.isfinite(x2) & (x2 != 0)
    return xp.where(finite, whole, xp.floor(quotient))


def remainder(x1: Array, x2: Array) -> Array:
    """0 for integers divided by 0; a zero has the sign of x2."""
    if not xp.issubdtype(x1.dtype, xp.floating):
        return xp.where(x2 == 0, 0, xp.remainder(x1, xp.where(x2 == 0, 1, x2)))
    found = xp.remainder(x1, x2)
    return xp.where(found == 0, xp.copysign(found, x2), found)


def power(x1: Array, x2: Array) -> Array:
    """Complex zero to a power of positive real part is 0, and to the power 0 is 1, not NaN.

    An integer to a negative power is truncated.
    """
    if is_complex(x1):
        found = xp.power(x1, x2)
        zero = xp.where(x2 == 0, 1, xp.where(x2.real > 0, 0, found))
        return xp.where((x1 == 0) | (x2 == 0), zero, found)
    if not xp.issubdtype(x1.dtype, xp.signedinteger):
        return xp.power(x1, x2)
    odd = xp.where(x2 & 1, x1, 1)
    truncated = xp.where(x1 == -1, odd, xp.where(x1 == 1, 1, 0))
    return xp.where(x2 < 0, truncated, xp.power(x1, xp.maximum(x2, 0)))


def scatter(x: Array, positions: Array, values: Array) -> Array:
    """The last of equal positions wins, where JAX's own update leaves open which one does."""
    flat, places = x.reshape(-1), positions.reshape(-1)
    last = xp.full(flat.shape, -1).at[places].max(xp.arange(places.size))
    return xp.where(last >= 0, xp.take(values.reshape(-1), xp.maximum(last, 0)), flat)


def cholesky(x: Array) -> Array:
    """Raises, where JAX gives NaN."""
    found = xp.linalg.cholesky(x)
    return checked(found, ~xp.isnan(found).any(), "Matrix is not positive definite")


def solve(x1: Array, x2: Array) -> Array:
    """Raises, where JAX gives infinities or NaN."""
    factors, _, _ = jax.lax.linalg.lu(x1)
    pivots = xp.diagonal(factors, axis1=-2, axis2=-1)
    return checked(xp.linalg.solve(x1, x2), (pivots != 0).all(), "Singular matrix")


def finite(function: Function) -> Function:
    """A decomposition that raises for what is not finite, where JAX gives NaN."""

    def run(x: Array, **given: Any) -> Any:
        return checked(
            function(x, **given), xp.isfinite(x).all(), "Array must not contain infs or NaNs"
        )

    return run


def checked(made: Any, right: Array, message: str) -> Any:
    """``made``, unless it is not right; reads one value, which waits."""
    if not right:
        raise np.linalg.LinAlgError(message)
    return made


TABLE: Final[dict[str, Function]] = {
    "abs": absolute,
    "floor_divide": floor_divide,
    "log": infinite(xp.log),
    "log10": infinite(xp.log10),
    "log1p": infinite(xp.log1p),
    "log2": infinite(xp.log2),
    "pow": power,
    "remainder": remainder,
    "scatter": scatter,
    "cholesky": cholesky,
    "eig": finite(xp.linalg.eig),
    "eigvals": finite(xp.linalg.eigvals),
    "solve": solve,
}
