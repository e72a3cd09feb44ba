"""The logarithm of the beta function, and the regularised incomplete one I_x(a, b); DLMF 8.17."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from xgpu_numpy.special import beta_tables as tables
from xgpu_numpy.special.common import (
    LOG_SQRT_2_PI,
    ROUNDING,
    SQRT_2_PI,
    Array,
    constant,
    in_parts,
    iterated,
    log1p_minus,
    product_error,
    sum_error,
)
from xgpu_numpy.special.gamma import (
    gamma,
    gamma_of_sum,
    gammaln,
    log_gamma_1p,
    scaled_gamma,
    stirling,
)


def betaln(a: Array, b: Array) -> Array:
    """log(|B(a, b)|)."""

    def mirrored(n: Array, other: Array) -> Array:
        # A pole of the gamma function, unless that of a + b cancels it: DLMF 5.5.3.
        rest = 1 - n - other
        fine = (other == np.floor(other)) & (rest > 0) & (other > 0)
        ones = np.ones_like(n)
        low = np.where(fine, np.minimum(rest, other), ones)
        high = np.where(fine, np.maximum(rest, other), ones)
        return np.where(fine, _log_of_positive(low, high), np.inf)

    low, high = np.minimum(a, b), np.maximum(a, b)
    return in_parts(
        (a, b, low, high),
        (low > 0, lambda a, b, low, high: _log_of_positive(low, high)),
        (np.isnan(low), constant(np.nan)),
        ((a <= 0) & (a == np.floor(a)), lambda a, b, low, high: mirrored(a, b)),
        ((b <= 0) & (b == np.floor(b)), lambda a, b, low, high: mirrored(b, a)),
        (low < 0, lambda a, b, low, high: gammaln(a) + gammaln(b) - gammaln(a + b)),
    )


def _log_of_positive(a: Array, b: Array) -> Array:
    """log(B(a, b)) for 0 < a <= b.

    With Stirling's series for a large one, the large terms cancel on paper: A. R. DiDonato and
    A. H. Morris, "Algorithm 708", ACM TOMS 18 (1992), section 8.
    """

    def both_large(a: Array, b: Array) -> Array:
        rest = stirling(a) + stirling(b) - stirling(a + b)
        ratio = a / (a + b)
        main = (a - 0.5) * np.log(ratio) - b * np.log1p(a / b)
        return main + ((LOG_SQRT_2_PI - 0.5 * np.log(b)) + rest)

    def one_large(a: Array, b: Array) -> Array:
        rest = stirling(b) - stirling(a + b)
        return gammaln(a) + (rest - (a + b - 0.5) * np.log1p(a / b) - a * (np.log(b) - 1))

    return in_parts(
        (a, b),
        (np.isinf(a), constant(np.nan)),
        (np.isinf(b), constant(-np.inf)),
        (a >= 10, both_large),
        (b >= 10, one_large),
        (a < 1e-200, lambda a, b: -np.log(a)),
        (a > 0, lambda a, b: np.log(gamma(a) * (gamma(b) / gamma_of_sum(a, b)))),
    )


class Point(NamedTuple):
    """A point x of the unit interval and y = 1 - x, each with what its float64 lacks."""

    x: Array
    x_rest: Array
    y: Array
    y_rest: Array

    def mirrored(self) -> Point:
        """Seen from the other end."""
        return Point(self.y, self.y_rest, self.x, self.x_rest)


def _relative_to_mean(x: Array, x_rest: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The quotient x / x0 for x0 = a / (a + b), and what rounding loses as a fraction of it."""
    total = a + b
    product = x * total
    ratio = product / a
    back = ratio * a
    rest = (product - back) - product_error(ratio, a, back)
    rest += product_error(x, total, product) + x * sum_error(a, b, total)
    return ratio, rest / product + x_rest / x


def _from_mean(a: Array, b: Array, p: Point) -> Array:
    """The difference a y - b x, which tells on which side of the mean a point is and how far."""
    left, right = a * p.y, b * p.x
    rests = product_error(a, p.y, left) - product_error(b, p.x, right)
    return (left - right) + (rests + (a * p.y_rest - b * p.x_rest))


def _logarithm(a: Array, distance: Array, ratio: Array) -> Array:
    """The term a (log(ratio) - u), u = distance / a, ratio = 1 + u, with what rounding u loses."""
    u = distance / a
    product = u * a
    rest = (distance - product) - product_error(u, a, product)
    near = a * log1p_minus(u) - u / (1 + u) * rest
    return np.where(u < -0.5, a * (np.log(ratio) - u), near)


def density(a: Array, b: Array, p: Point) -> Array:
    """The product x**a y**b / B(a, b).

    Where a and b are small from gamma functions, else relative to its value at the mean:
    "Algorithm 708", section 4, with powers in the place of logarithms where they fit.
    """

    def small(a: Array, b: Array, *point: Array) -> Array:
        p = Point(*point)
        least, most = np.minimum(a, b), np.maximum(a, b)
        gammas = gamma_of_sum(a, b) / gamma(most)
        gammas = gammas * np.where(least < 1, least / gamma(least + 1), 1 / gamma(least))
        powers = np.power(p.x, a) * np.power(p.y, b)
        return powers * gammas * (1 + (a * (p.x_rest / p.x) + b * (p.y_rest / p.y)))

    def factor(a: Array, b: Array) -> Array:
        total = a + b
        roots = np.sqrt(a / total) * np.sqrt(b) / SQRT_2_PI
        return roots * (scaled_gamma(total) / scaled_gamma(a) / scaled_gamma(b))

    def by_powers(a: Array, b: Array, *point: Array) -> Array:
        p = Point(*point)
        x, lost_x = _relative_to_mean(p.x, p.x_rest, a, b)
        y, lost_y = _relative_to_mean(p.y, p.y_rest, b, a)
        root = np.power(x, a / 2) * np.power(y, b / 2)
        value = factor(a, b) * root * root * np.exp(a * lost_x + b * lost_y)
        return np.where((x > 0) & (y > 0), value, 0.0)

    def by_logarithms(a: Array, b: Array, *point: Array) -> Array:
        p = Point(*point)
        distance, total = _from_mean(a, b, p), a + b
        of_x = _logarithm(a, -distance, p.x / (a / total))
        return factor(a, b) * np.exp(of_x + _logarithm(b, distance, p.y / (b / total)))

    near = np.abs(_from_mean(a, b, p)) < 1300
    return in_parts(
        (a, b, *p), (np.maximum(a, b) < 20, small), (near, by_powers), (~near, by_logarithms)
    )


def _above(a: Array, b: Array, x: Array, n: int) -> Array:
    """The n-th numerator of the even part of the continued fraction DLMF 8.17.22."""
    odd = a + 2 * n - 1
    return (a + n - 1) * (a + b + n - 1) * (x / odd) * (n * (b - n) * x / odd)


def _below(a: Array, b: Array, x: Array, y: Array, shift: Array, n: int) -> Array:
    """Its n-th denominator, written with the distance from the mean and 1.

    There x and 1 - x may cancel: "Algorithm 708", section 6.
    """
    odd = a + 2 * n - 1
    part = n + n * (b - n) * x / odd if n else 0.0
    return part + (a + n) / (odd + 2) * (shift + n * (1 + y))


def _fraction(a: Array, b: Array, p: Point) -> Array:
    """I_x(a, b) over the density by that fraction.

    Evaluated forward; for small b and large a, where the number of its terms is known, backward,
    which rounds less.
    """

    def backward(a: Array, b: Array, x: Array, y: Array, shift: Array) -> Array:
        count = np.floor(14 + 100 / (a * y))
        most = int(count.max())
        value = _below(a, b, x, y, shift, most)
        for n in range(most, 0, -1):
            before = _below(a, b, x, y, shift, n - 1)
            value = before + np.where(n <= count, _above(a, b, x, n) / value, 0.0)
        return 1 / value

    def step(n: int, *state: Array) -> tuple[Array, ...]:
        value, c, d, a, b, x, y, shift = state
        above, below = _above(a, b, x, n), _below(a, b, x, y, shift, n)
        d = below + above * d
        c = below + above / c
        d = 1 / np.where(d == 0, 1e-300, d)
        c = np.where(c == 0, 1e-300, c)
        value = value * (c * d)
        return value, c, d, a, b, x, y, shift, np.abs(c * d - 1) <= 2 * ROUNDING

    def forward(a: Array, b: Array, x: Array, y: Array, shift: Array) -> Array:
        start = _below(a, b, x, y, shift, 0)
        state = (start, start, np.zeros_like(start), a, b, x, y, shift)
        return 1 / iterated(state, step, 10000)

    shift = _from_mean(a, b, p) + 1
    known = (b < 3) & (a >= 10) & (a * p.y > 1)
    return in_parts((a, b, p.x, p.y, shift), (known, backward), (~known, forward))


def _quadrature(a: Array, b: Array, p: Point) -> Array:
    """The same for large a and b and x below the mean or near it.

    By quadrature from x down to where the integrand has fallen by exp(-40) or more: it is
    log-concave, and smooth on that scale.
    """
    slope = _from_mean(a - 1, b - 1, p) / (p.x * p.y)
    by_x, by_y = (a - 1) / p.x, (b - 1) / p.y
    length = 110 / (slope + np.sqrt(slope * slope + 110 * (by_x / p.x + by_y / p.y)))
    total = np.zeros_like(a)
    for node, weight in zip(tables.NODES, tables.WEIGHTS, strict=True):
        step = length * node
        exponent = (a - 1) * log1p_minus(-step / p.x) + (b - 1) * log1p_minus(step / p.y)
        total = total + weight * np.exp(exponent - slope * step)
    return total * length / (p.x * p.y)


def _rest_of_series(a: Array, b: Array, x: Array) -> Array:
    """1 - I_x(a, b) for small a, large b and b x of the size of 1.

    By DLMF 8.17.7 with what cancels taken together.
    """

    def step(n: int, *state: Array) -> tuple[Array, ...]:
        total, term, a, b, x = state
        term = term * ((n - b) * x / n)
        part = term / (a + n)
        total = total + part
        return total, term, a, b, x, np.abs(part) <= ROUNDING * np.abs(total)

    gammas = (a + b - 0.5) * np.log1p(a / b) - a - (stirling(b) - stirling(a + b))
    exponent = a * np.log(b * x) + gammas - log_gamma_1p(a)
    total = iterated((np.zeros_like(a), np.ones_like(a), a, b, x), step, 100)
    return -np.expm1(exponent) - np.exp(exponent) * a * total


def incomplete(a: Array, b: Array, p: Point, upper: bool) -> Array:
    """I_x(a, b), or its complement, for x inside the interval and finite a and b > 0."""
    turned = p.x > (a + 1) / (a + b + 2)
    other = p.mirrored()
    p = Point(*(np.where(turned, there, here) for here, there in zip(p, other, strict=True)))
    a, b = np.where(turned, b, a), np.where(turned, a, b)

    height = density(a, b, p)
    by_points = (a > 300) & (b > 300) & (p.x > 0.7 * (a / (a + b)))
    tail = height * in_parts(
        (a, b, *p),
        (height == 0, constant(0.0)),
        (by_points, lambda a, b, *p: _quadrature(a, b, Point(*p))),
        (~by_points, lambda a, b, *p: _fraction(a, b, Point(*p))),
    )
    tail = np.minimum(tail, 1)
    # What is left of a tail near 1.
    large = b >= 10
    series = (tail > 0.6) & (a < 1.5) & large & (b * p.x < 1.1)
    other_end = (tail > 0.75) & (a < 3) & (p.x > np.where(large, 1.1 / b, 1e-4))
    return in_parts(
        (tail, height, a, b, *p),
        (turned == upper, lambda tail, *rest: tail),
        (series, lambda tail, height, a, b, x, *rest: _rest_of_series(a, b, x)),
        (other_end, lambda t, h, a, b, *p: h * _fraction(b, a, Point(*p).mirrored())),
        (~np.isnan(tail), lambda tail, *rest: 1 - tail),
    )


def _checked(a: Array, b: Array, x: Array, upper: bool) -> Array:
    none, all_ = (1.0, 0.0) if upper else (0.0, 1.0)

    def inside(a: Array, b: Array, x: Array) -> Array:
        y = 1 - x
        return incomplete(a, b, Point(x, np.zeros_like(x), y, (1 - y) - x), upper)

    return in_parts(
        (a, b, x),
        (~((a >= 0) & (b >= 0) & (x >= 0) & (x <= 1)), constant(np.nan)),
        ((a == 0) & (b == 0), constant(np.nan)),
        (np.isinf(a) & np.isinf(b), constant(np.nan)),
        (x == 0, constant(none)),
        (x == 1, constant(all_)),
        ((a == 0) | np.isinf(b), constant(all_)),
        ((b == 0) | np.isinf(a), constant(none)),
        (x > 0, inside),
    )


def betainc(a: Array, b: Array, x: Array) -> Array:
    """I_x(a, b)."""
    return _checked(a, b, x, False)


def betaincc(a: Array, b: Array, x: Array) -> Array:
    """1 - I_x(a, b)."""
    return _checked(a, b, x, True)
