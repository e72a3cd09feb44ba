"""What JAX lacks or gets wrong, op by op."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from xgpu.plugin import library
from xgpu_compat.jax_layout import broadcast_arrays, jax, xp
from xgpu_compat.rounding import to_odd
from xgpu_compat.special import offered

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
    return xp.divide(*broadcast_arrays(x1, x2))


def sign(x: Array) -> Array:
    """Positive zero of a negative one; of a complex x not zero where its magnitude overflows."""
    if not is_complex(x):
        return xp.where(x == 0, xp.zeros_like(x), xp.sign(x))
    large = (xp.abs(x.real) > 1e30) | (xp.abs(x.imag) > 1e30)
    factor = xp.where(large, x.real.dtype.type(0.25), x.real.dtype.type(1))
    return xp.sign(jax.lax.complex(x.real * factor, x.imag * factor))


def or_integers(integers: Function, others: Function) -> Function:
    """An op that is another one of integers; that is compiled whole, since nothing rounds there."""
    whole = jax.jit(integers)

    def run(x1: Array, x2: Array) -> Array:
        return (others if xp.issubdtype(x1.dtype, xp.inexact) else whole)(x1, x2)

    return run


def whole_quotient(x1: Array, x2: Array) -> Array:
    """Of integers, 0 where the divisor is."""
    return xp.where(x2 == 0, 0, xp.floor_divide(x1, xp.where(x2 == 0, 1, x2)))


def whole_remainder(x1: Array, x2: Array) -> Array:
    """Of integers, 0 where the divisor is."""
    return xp.where(x2 == 0, 0, xp.remainder(x1, xp.where(x2 == 0, 1, x2)))


def whole_power(x1: Array, x2: Array) -> Array:
    """Of integers, by squaring; JAX reads six bits of the exponent. A negative one truncates."""

    def step(_: int, state: Any) -> Any:
        made, square, left = state
        return xp.where(left & 1, made * square, made), square * square, left >> 1

    base, exponent = xp.broadcast_arrays(x1, x2)
    start = xp.ones_like(base), base, exponent
    found = jax.lax.fori_loop(0, 8 * base.dtype.itemsize, step, start)[0]
    odd = xp.where(x2 & 1, x1, 1)
    return xp.where(x2 < 0, xp.where(x1 == 1, 1, xp.where(x1 + 1 == 0, odd, 0)), found)


def floor_divide(x1: Array, x2: Array) -> Array:
    """Zeros with the quotient's sign; floor(x1 / x2) of infinities."""
    x1, x2 = broadcast_arrays(x1, x2)
    quotient, left = x1 / x2, xp.fmod(x1, x2)
    exact = (x1 - left) / x2 - ((left != 0) & ((left < 0) != (x2 < 0)))
    whole = xp.floor(exact)
    whole = xp.where(exact - whole > 0.5, whole + 1, whole)
    whole = xp.where(exact == 0, xp.copysign(exact, quotient), whole)
    finite = xp.isfinite(x1) & xp.isfinite(x2) & (x2 != 0)
    return xp.where(finite, whole, xp.floor(quotient))


def remainder(x1: Array, x2: Array) -> Array:
    """A zero has the sign of x2."""
    found = xp.remainder(x1, x2)
    return xp.where(found == 0, xp.copysign(found, x2), found)


def power(x1: Array, x2: Array) -> Array:
    """Complex zero to a power of positive real part is 0, and to the power 0 is 1, not NaN."""
    found = xp.power(x1, x2)
    if not is_complex(x1):
        return found
    zero = xp.where(x2 == 0, 1, xp.where(x2.real > 0, 0, found))
    return xp.where((x1 == 0) | (x2 == 0), zero, found)


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


def cast(x: Array, dtype: Any) -> Array:
    """Convert; to 16-bit floats with one rounding, where XLA rounds to float32 first."""
    if dtype in (xp.float16, xp.bfloat16) and x.dtype != dtype and not is_complex(x):
        x = to_odd(xp, x, xp.astype, jax.lax.bitcast_convert_type)
    return xp.astype(x, dtype)


def lower(function: Function) -> Function:
    """A decomposition that reads the lower triangle alone, where JAX takes both by halves."""
    return partial(function, symmetrize_input=False)


def cholesky(x: Array) -> Array:
    """Raises, where JAX gives NaN."""
    found = lower(xp.linalg.cholesky)(x)
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


SPECIAL: Final = offered(special, lambda x, dtype: x.astype(dtype), np.dtype(np.float64))
# It does not end where both operands are large and near each other: gammainc(1e20, 1e20).
SPECIAL.pop("gammainc", None)

TABLE: Final[dict[str, Function]] = {
    **SPECIAL,
    "abs": absolute,
    "cast": cast,
    "divide": divide,
    "floor_divide": or_integers(whole_quotient, floor_divide),
    "log": infinite(xp.log),
    "log10": infinite(xp.log10),
    "log1p": infinite(xp.log1p),
    "log2": infinite(xp.log2),
    "max": extremum(xp.max),
    "min": extremum(xp.min),
    "pow": or_integers(whole_power, power),
    "remainder": or_integers(whole_remainder, remainder),
    "scatter": scatter,
    "sign": sign,
    "cholesky": cholesky,
    "eig": finite(xp.linalg.eig),
    "eigh": lower(xp.linalg.eigh),
    "eigvals": finite(xp.linalg.eigvals),
    "eigvalsh": lower(xp.linalg.eigvalsh),
    "solve": solve,
}
