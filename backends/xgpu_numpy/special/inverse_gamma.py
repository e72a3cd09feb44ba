"""The inverses of P(a, x) and Q(a, x) in x.

Newton's method for the logarithm of the one that is not above 1/2, as a function of log(x). That
is concave, so no step leads past the solution once one was on the side where it is less steep.
"""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special.common import Array, constant, in_parts, iterated
from xgpu_numpy.special.error import ndtri
from xgpu_numpy.special.gamma import log_gamma_1p
from xgpu_numpy.special.incomplete_gamma import density, gammainc, gammaincc


def gammaincinv(a: Array, p: Array) -> Array:
    """The x of P(a, x) = p."""
    return _inverse(a, p, False)


def gammainccinv(a: Array, q: Array) -> Array:
    """The x of Q(a, x) = q."""
    return _inverse(a, q, True)


def _inverse(a: Array, s: Array, upper: bool) -> Array:
    wanted = np.where(s <= 0.5, s, 1 - s)
    of_upper = (s <= 0.5) == upper
    return in_parts(
        (a, wanted),
        (~((a >= 0) & (s >= 0) & (s <= 1)), constant(np.nan)),
        (s == (1 if upper else 0), constant(0.0)),
        (s == (0 if upper else 1), constant(np.inf)),
        ((a == 0) | np.isinf(a), constant(np.nan)),
        (of_upper, lambda a, s: _solved(a, s, True)),
        (~of_upper, lambda a, s: _solved(a, s, False)),
    )


def _start(a: Array, wanted: Array, upper: bool) -> Array:
    """What the distribution is near to: a power of x, a normal one of x**(1/3), an exponential."""
    z = ndtri(wanted)
    # E. B. Wilson and M. M. Hilferty, PNAS 17 (1931).
    root = 1 - 1 / (9 * a) + (-z if upper else z) / (3 * np.sqrt(a))
    cubed = np.where(root > 0, a * root * root * root, 0.0)
    # P is less than x**a / Gamma(a + 1): this is never above the solution.
    logs = np.log1p(-wanted) if upper else np.log(wanted)
    x = np.exp((logs + log_gamma_1p(a)) / a)
    x = np.where(a >= 1, np.maximum(x, cubed), x)
    if upper:
        # And Q less than x**(a - 1) exp(-x) / Gamma(a) for a < 1.
        tail = np.log(a) - np.log(wanted) - log_gamma_1p(a)
        x = np.where((a < 1) & (tail > 1), tail, x)
    return x


def _solved(a: Array, wanted: Array, upper: bool) -> Array:
    def step(n: int, *state: Array) -> tuple[Array, ...]:
        x, a, wanted = state
        part = gammaincc(a, x) if upper else gammainc(a, x)
        change = np.log(part / wanted) * (part / (a * density(a, x)))
        # What underflows is too far out, by some deviations.
        change = np.where(part > 0, change, -np.minimum(0.7, 2 / np.sqrt(a)))
        usable = (x > 0) & np.isfinite(change)
        # Far out the logarithm of Q is nearly linear in x.
        far = upper & (x > np.maximum(a, 1))
        factor = np.where(far, 1 + change, np.exp(change if upper else -change))
        factor = np.clip(factor, 0.1, 10.0)
        after = np.where(usable, x * factor, x)
        # The next step would be the square of this one.
        done = ~usable | (np.abs(after - x) <= 1e-9 * x / np.sqrt(np.maximum(a, 1)))
        return after, a, wanted, done

    return iterated((_start(a, wanted, upper), a, wanted), step, 61)
