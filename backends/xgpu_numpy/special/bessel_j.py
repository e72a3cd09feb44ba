"""Bessel functions of orders 0 and 1; DLMF 10.2.

To 8 in absolute value, Chebyshev series of what is left without the zeros, which are subtracted
with more digits than a float has: there the result keeps its digits. Y to 1/2 is by its logarithm
and pole (DLMF 10.8.1). Beyond 8, P and Q of DLMF 10.17.3 times cosine and sine of the phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from xgpu_numpy.special import bessel_j_tables as tables
from xgpu_numpy.special.common import Array, chebyshev, in_parts

SQRT_PI: Final = 1.7724538509055160
TWO_OVER_PI: Final = 0.6366197723675814
Table = Sequence[float]
Roots = Sequence[Sequence[float]]


def j0(x: Array) -> Array:
    """J0(x)."""
    size = np.abs(x)
    return in_parts((size,), (size <= 8, _j0_near), (size > 8, partial(_far, 0, False)))


def j1(x: Array) -> Array:
    """J1(x)."""
    size = np.abs(x)
    value = in_parts((size,), (size <= 8, _j1_near), (size > 8, partial(_far, 1, False)))
    return np.where(np.signbit(x), -value, value)


def y0(x: Array) -> Array:
    """Y0(x); minus infinity at 0, NaN below."""
    return in_parts(
        (x,),
        ((x >= 0) & (x <= 0.5), _y0_small),
        ((x > 0) & (x <= 2), lambda s: _between(tables.Y0_LOW, tables.Y0_ZEROS[:1], 0.5, 2, s)),
        ((x > 0) & (x <= 8), lambda s: _between(tables.Y0_HIGH, tables.Y0_ZEROS[1:], 2, 8, s)),
        (x > 8, partial(_far, 0, True)),
    )


def y1(x: Array) -> Array:
    """Y1(x); minus infinity at 0, NaN below."""
    return in_parts(
        (x,),
        (x == 0, lambda s: np.full_like(s, -np.inf)),
        ((x > 0) & (x <= 0.5), _y1_small),
        ((x > 0) & (x <= 2), lambda s: _between(tables.Y1_LOW, (), 0.5, 2, s) / s),
        ((x > 0) & (x <= 8), lambda s: _between(tables.Y1_HIGH, tables.Y1_ZEROS, 2, 8, s)),
        (x > 8, partial(_far, 1, True)),
    )


def _j0_near(x: Array) -> Array:
    return chebyshev(tables.J0, x * x / 32 - 1) * _squares(tables.J0_ZEROS, x)


def _j1_near(x: Array) -> Array:
    return x * (chebyshev(tables.J1, x * x / 32 - 1) * _squares(tables.J1_ZEROS, x))


def _squares(roots: Roots, x: Array) -> Array:
    """The product of x**2 less each root's square."""
    total = np.ones_like(x)
    for high, low in roots:
        total = total * ((x - high - low) * (x + high))
    return total


def _between(c: Table, roots: Roots, low: float, high: float, x: Array) -> Array:
    """A series on an interval, times x less each of the roots."""
    total = chebyshev(c, (2 * x - (low + high)) / (high - low))
    for root, rest in roots:
        total = total * (x - root - rest)
    return total


def _y0_small(x: Array) -> Array:
    return TWO_OVER_PI * np.log(x) * _j0_near(x) + chebyshev(tables.Y0, 8 * (x * x) - 1)


def _y1_small(x: Array) -> Array:
    poles = TWO_OVER_PI * (np.log(x) * _j1_near(x) - 1 / x)
    return poles + x * chebyshev(tables.Y1, 8 * (x * x) - 1)


def _far(order: int, second: bool, x: Array) -> Array:
    """J, or Y if ``second``, beyond 8."""
    p, q = ((tables.J0_P, tables.J0_Q), (tables.J1_P, tables.J1_Q))[order]
    place = 128 / x / x - 1
    p, q = chebyshev(p, place), chebyshev(q, place) / x
    sin, cos = np.sin(x), np.cos(x)
    # sqrt(2) times cosine and sine of x - pi/4. Of sum and difference, the one that cancels is by
    # way of the other, since their product is the cosine of 2x.
    total, rest = cos + sin, sin - cos
    both = -np.cos(np.where(x < 1e300, 2 * x, np.nan))
    cancels = sin * cos < 0
    near = x < 1e300
    total, rest = (
        np.where(cancels & near, both / rest, total),
        np.where(~cancels & near, both / total, rest),
    )
    if order:
        total, rest = rest, -total
    value = p * rest + q * total if second else p * total - q * rest
    return value / (SQRT_PI * np.sqrt(x))
