"""What JAX lacks or gets wrong, op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from xgpu.plugin import library
from xgpu_compat.special import offered

jax = library("jax", "pip install 'xgpu-array[jax]'")
xp = library("jax.numpy", "pip install 'xgpu-array[jax]'")
special = library("jax.scipy.special", "pip install 'xgpu-array[jax]'")
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


def divide(x1: Array, x2: Array) -> Array:
    """Rounded once: by a divisor that it broadcasts itself, XLA multiplies with the reciprocal."""
    return xp.divide(*xp.broadcast_arrays(x1, x2))


def sign(x: Array) -> Array:
    """Positive zero of a negative one; of a complex x not zero where its magnitude overflows."""
    if not is_complex(x):
        return xp.where(x == 0, xp.zeros_like(x), xp.sign(x))
    large = (xp.abs(x.real) > 1e30) | (xp.abs(x.imag) > 1e30)
    factor = xp.where(large, x.real.dtype.type(0.25), x.real.dtype.type(1))
    return xp.sign(jax.lax.complex(x.real * factor, x.imag * factor))


def floor_divide(x1: Array, x2: Array) -> Array:
    """0 for integers divided by 0; zeros with the quotient's sign; floor(x1 / x2) of infinities."""
    x1, x2 = xp.broadcast_arrays(x1, x2)
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

    An integer to a negative power is truncated; JAX reads six bits of another one.
    """
    if is_complex(x1):
        found = xp.power(x1, x2)
        zero = xp.where(x2 == 0, 1, xp.where(x2.real > 0, 0, found))
        return xp.where((x1 == 0) | (x2 == 0), zero, found)
    if xp.issubdtype(x1.dtype, xp.floating):
        return xp.power(x1, x2)
    odd = xp.where(x2 & 1, x1, 1)
    truncated = xp.where(x1 == 1, 1, xp.where(x1 + 1 == 0, odd, 0))
    return xp.where(x2 < 0, truncated, whole_power(*xp.broadcast_arrays(x1, x2)))


def whole_power(x1: Array, x2: Array) -> Array:
    """By squaring, bit by bit of an exponent that is not negative."""

    def step(_: int, state: Any) -> Any:
        made, square, left = state
        return xp.where(left & 1, made * square, made), square * square, left >> 1

    start = xp.ones_like(x1), x1, x2
    return jax.lax.fori_loop(0, 8 * x1.dtype.itemsize, step, start)[0]


def extremum(function: Function) -> Function:
    """Of each row, NaN where there is one, which XLA loses in long rows on the processor."""

    def rows(matrix: Array) -> Array:
        found = function(matrix, axis=1)
        if not xp.issubdtype(matrix.dtype, xp.floating):
            return found
        return xp.where(xp.isnan(matrix).any(axis=1), xp.nan, found)

    return rows


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
    **offered(special, lambda x, dtype: x.astype(dtype), np.dtype(np.float64)),
    "abs": absolute,
    "divide": divide,
    "floor_divide": floor_divide,
    "log": infinite(xp.log),
    "log10": infinite(xp.log10),
    "log1p": infinite(xp.log1p),
    "log2": infinite(xp.log2),
    "max": extremum(xp.max),
    "min": extremum(xp.min),
    "pow": power,
    "remainder": remainder,
    "scatter": scatter,
    "sign": sign,
    "cholesky": cholesky,
    "eig": finite(xp.linalg.eig),
    "eigvals": finite(xp.linalg.eigvals),
    "solve": solve,
}
