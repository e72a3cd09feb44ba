"""Student's t distribution and its inverse."""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special.beta import Point, betaln, density, incomplete
from xgpu_numpy.special.common import (
    SQRT_HALF,
    Array,
    constant,
    in_parts,
    iterated,
    product_error,
    sum_error,
    upper_half,
)
from xgpu_numpy.special.error import erf, erfcx, ndtri, normal_quantile


def _normal_tail(t: Array) -> Array:
    """Beyond t >= 0."""
    high = upper_half(t)
    return (
        0.5
        * erfcx(t * SQRT_HALF)
        * np.exp(-0.5 * high * high)
        * np.exp(-0.5 * (t - high) * (t + high))
    )


def _point(df: Array, t: Array) -> Point:
    """The point x = t**2 / (df + t**2) and y = df / (df + t**2), to twice a float64's precision."""
    square = t * t
    huge = (square > 1e300) | (df > 1e300)
    square_rest = np.where(square > 1e-290, product_error(t, t, square), 0.0)
    total = df + square
    total_rest = sum_error(df, square, total) + square_rest
    x, y = square / total, df / total
    x_total, y_total = x * total, y * total
    x_rest = ((square - x_total) - product_error(x, total, x_total)) + square_rest - x * total_rest
    y_rest = ((df - y_total) - product_error(y, total, y_total)) - y * total_rest
    # Of huge ones by their quotient, which may overflow.
    ratio = (t / df) * t
    over = ratio > 1e300
    far_x = np.where(over, 1.0, ratio / (1 + ratio))
    far_y = np.where(over, (df / t) / t, 1 / (1 + ratio))
    return Point(
        np.where(huge, far_x, x),
        np.where(huge, 0.0, x_rest / total),
        np.where(huge, far_y, y),
        np.where(huge, 0.0, y_rest / total),
    )


def _part(df: Array, t: Array, beyond: bool) -> Array:
    """The probability beyond t > 0, or between 0 and t."""
    p = _point(df, t)

    def next_to_0(df: Array, t: Array, *point: Array) -> Array:
        return t * np.exp(-betaln(np.full_like(df, 0.5), df / 2)) / np.sqrt(df)

    return in_parts(
        (df, t, *p),
        (
            df > 1e20,
            lambda df, t, *p: _normal_tail(t) if beyond else 0.5 * erf(t * SQRT_HALF),
        ),
        (p.x == 0, constant(0.5) if beyond else next_to_0),
        (p.y == 0, constant(0.0 if beyond else 0.5)),
        (
            p.x > 0,
            lambda df, t, *p: 0.5 * incomplete(np.full_like(df, 0.5), df / 2, Point(*p), beyond),
        ),
    )


def stdtr(df: Array, t: Array) -> Array:
    """The distribution function."""

    def inside(df: Array, t: Array) -> Array:
        beyond = _part(df, np.abs(t), True)
        return np.where(t < 0, beyond, 1 - beyond)

    return in_parts(
        (df, t),
        (~(df > 0) | np.isnan(t), constant(np.nan)),
        (np.isinf(t), lambda df, t: np.where(t > 0, 1.0, 0.0)),
        ((t == 0) | (df < 1e-290), constant(0.5)),
        (df > 0, inside),
    )


def stdtrit(df: Array, p: Array) -> Array:
    """The quantile."""
    tail = np.minimum(p, 1 - p) < 0.25
    return in_parts(
        (df, p),
        (~(df > 0) | ~((p >= 0) & (p <= 1)), constant(np.nan)),
        (p == 0, constant(-np.inf)),
        (p == 1, constant(np.inf)),
        (p == 0.5, constant(0.0)),
        (df > 1e20, lambda df, p: ndtri(p)),
        (df < 1e-290, lambda df, p: np.where(p < 0.5, -np.inf, np.inf)),
        (tail, lambda df, p: _solved(df, p, True)),
        (~tail, lambda df, p: _solved(df, p, False)),
    )


def _solved(df: Array, p: Array, tail: bool) -> Array:
    """Newton's method for the logarithm of the probability as a function of log(t).

    That is concave: of the part between 0 and t near the middle, of the tail further out. The first
    value is the normal distribution's, or what the power law of the tail gives.
    """
    q, s = np.abs(p - 0.5), np.where(p < 0.5, p, 1 - p)
    half = df / 2
    log_b = betaln(np.full_like(df, 0.5), half)
    if tail:
        x = np.exp((np.log(s) + np.log(df) + log_b) / half)  # df / (df + t**2), nearly
        power = np.where(x < 0.5, np.sqrt(df) * np.sqrt((1 - x) / x), 0.0)
        t = np.abs(normal_quantile(p - 0.5, s))
        t = np.where(((power > t) | ~(df > 2)) & (power > 0), power, t)
    else:
        t = q * np.exp(log_b) * np.sqrt(df)

    def step(n: int, *state: Array) -> tuple[Array, ...]:
        t, df, wanted = state
        part = _part(df, t, tail)
        slope = density(np.full_like(df, 0.5), df / 2, _point(df, t))
        change = np.log(part / wanted) * part / slope
        usable = np.isfinite(change)
        factor = np.clip(np.exp(change if tail else -change), 0.1, 1e10)
        after = np.where(usable, t * factor, t)
        # The next step would be the square of this one.
        done = ~usable | (np.abs(after - t) <= 1e-9 * after) | ~(after < np.inf)
        return after, df, wanted, done

    t = iterated((t, df, s if tail else q), step, 61)
    return np.where(p < 0.5, -t, t)
