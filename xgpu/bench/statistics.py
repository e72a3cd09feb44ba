"""The median, and an interval for it that assumes nothing of the distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Median(NamedTuple):
    """A median, and the interval that holds the distribution's own with some confidence."""

    value: float
    low: float
    high: float
    confidence: float  #: what the interval really has; few samples may not reach what was asked


def median(samples: Sequence[float], confidence: float = 0.95) -> Median:
    """The median of ``samples``, with the narrowest interval of order statistics around it.

    The j-th smallest and the j-th largest of n samples enclose the distribution's median with
    probability ``1 - 2 P(B < j)``, B binomial with n draws and probability 1/2, whatever the
    distribution is. With too few samples for ``confidence`` it is all of them.

    Raises:
        ValueError: no samples, or a confidence outside (0, 1).

    Source: H. A. David and H. N. Nagaraja, Order Statistics, section 7.1.
    """
    if not samples:
        raise ValueError("median() needs at least one sample: got none")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence is between 0 and 1: got {confidence!r}")
    ordered = sorted(samples)
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2.0
    outside = 2.0**-count  # P(B < 1)
    chosen, reached = 1, max(0.0, 1.0 - 2.0 * outside)
    for j in range(2, count // 2 + 1):
        outside += math.comb(count, j - 1) * 2.0**-count
        if 1.0 - 2.0 * outside < confidence:
            break
        chosen, reached = j, 1.0 - 2.0 * outside
    return Median(middle, ordered[chosen - 1], ordered[count - chosen], reached)


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of positive values; NaN of none."""
    if not values:
        return math.nan
    return math.exp(math.fsum(math.log(v) for v in values) / len(values))
