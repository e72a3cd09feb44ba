"""What the special functions share: series, error-free steps, and work on parts of an array.

All functions of this package take and give ``numpy.ndarray`` of float64 and one dimension. What
they give for an element depends on that element alone, so parts of an array have the bits of the
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

Array = Any
Case = tuple[Any, Callable[..., Any]]

ROUNDING: Final = 2.0**-53
SQRT_2_PI: Final = 2.5066282746310005
LOG_SQRT_2_PI: Final = 0.9189385332046728
SQRT_HALF: Final = 0.7071067811865476


def chebyshev(c: Sequence[float], t: Array) -> Array:
    """A Chebyshev series at t in [-1, 1]: C. W. Clenshaw, MTAC 9 (1955); DLMF 3.11.15."""
    last = after = np.zeros_like(t)
    twice = 2 * t
    for x in c[:0:-1]:
        last, after = x + (twice * last - after), last
    return c[0] + (t * last - after)


def polynomial(c: Sequence[float], x: Array) -> Array:
    """c[0] + c[1] x + c[2] x**2 ..."""
    total = np.full_like(x, c[-1])
    for a in c[-2::-1]:
        total = total * x + a
    return total


def upper_half(x: Array) -> Array:
    """The upper half of the digits of x: its square is exact."""
    return (x.view(np.uint64) & np.uint64(0xFFFFFFFFF8000000)).view(np.float64)


def exp_of_square(x: Array, sign: int) -> Array:
    """exp(sign x**2), as exact as exp is: rounding the square would cost x**2 times as much."""
    high = upper_half(x)
    return np.exp(sign * high * high) * np.exp(sign * (x - high) * (x + high))


def sum_error(a: Array, b: Array, total: Array) -> Array:
    """What the rounded sum lacks; D. E. Knuth, TAOCP 2, section 4.2.2."""
    b_in = total - a
    return (a - (total - b_in)) + (b - b_in)


def product_error(a: Array, b: Array, product: Array) -> Array:
    """What the rounded product lacks; T. J. Dekker, Numerische Mathematik 18 (1971)."""
    a, b = np.broadcast_arrays(a, b)
    a_high, b_high = upper_half(np.ascontiguousarray(a)), upper_half(np.ascontiguousarray(b))
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def log1p_minus(x: Array) -> Array:
    """log(1 + x) - x without cancellation: with s = x / (2 + x) it is 2 atanh(s) - x."""
    s = x / (2 + x)
    square = s * s
    total = np.zeros_like(x)
    for k in range(29, 1, -2):
        total = total * square + 1 / k
    return np.where((x < -0.4) | (x > 0.7), np.log1p(x) - x, 2 * s * square * total - x * s)


def sin_of_pi(x: Array) -> Array:
    """sin(pi x), from a remainder that is exact."""
    rest = x - 2 * np.floor(x / 2)
    sign = np.where(rest >= 1, -1.0, 1.0)
    rest = np.where(rest >= 1, rest - 1, rest)
    return sign * np.sin(np.pi * np.where(rest > 0.5, 1 - rest, rest))


def in_parts(arrays: Sequence[Array], *cases: Case) -> Array:
    """The function of the first mask that is true of an element, given these elements alone.

    Where no mask is true the result is NaN.
    """
    result = np.full(arrays[0].shape, np.nan)
    left = np.ones(result.shape, bool)
    for mask, function in cases:
        here = np.flatnonzero(left & mask)
        if here.size:
            result[here] = function(*(x[here] for x in arrays))
            left[here] = False
    return result


def iterated(
    start: Sequence[Array], step: Callable[..., Any], limit: int, results: int = 1
) -> Array:
    """The first of the arrays in ``start`` after as many steps as each element needs by itself.

    ``step(n, *state)`` gives the next state and a mask of the elements that are done. Of several
    ``results`` a list.
    """
    state = list(start)
    made = [np.empty(state[0].shape) for _ in range(results)]
    places = np.arange(state[0].size)
    for n in range(1, limit):
        if not places.size:
            break
        *state, done = step(n, *state)
        if done.any():
            for result, values in zip(made, state, strict=False):
                result[places[done]] = values[done]
            places = places[~done]
            state = [x[~done] for x in state]
    for result, values in zip(made, state, strict=False):
        result[places] = values
    return made[0] if results == 1 else made


def constant(value: float) -> Callable[..., float]:
    """For `in_parts`: the same number everywhere."""
    return lambda *x: value
