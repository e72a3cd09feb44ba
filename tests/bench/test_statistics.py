"""Medians and their intervals, against the binomial distribution and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from xgpu.bench.statistics import geometric_mean, median


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 9, 20, 21, 50, 101])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_the_interval_is_the_narrowest_that_holds(count: int, confidence: float) -> None:
    samples = [float(n) for n in np.random.default_rng(count).permutation(count)]
    found = median(samples, confidence)
    assert found.value == np.median(samples)
    left = int(found.low)  # as many samples are outside on each side
    assert found.high == count - 1 - left
    reached = 1.0 - 2.0 * binom.cdf(left, count, 0.5)
    assert found.confidence == pytest.approx(reached, abs=1e-12)
    if left:
        assert reached >= confidence
    # One more sample outside on each side would be too many, unless the two would meet.
    narrower = 1.0 - 2.0 * binom.cdf(left + 1, count, 0.5)
    assert narrower < confidence or left + 1 >= count // 2


def test_it_holds_the_median_of_a_skewed_distribution_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(1), 0
    for _ in range(2000):
        found = median(rng.exponential(size=21).tolist())
        held += found.low <= math.log(2.0) <= found.high
    assert held / 2000 == pytest.approx(found.confidence, abs=0.015)
    assert found.confidence == pytest.approx(0.9734, abs=1e-4)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        median([])
    for confidence in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            median([1.0], confidence)


def test_geometric_mean() -> None:
    assert geometric_mean([1.0, 4.0, 16.0]) == pytest.approx(4.0)
    assert math.isnan(geometric_mean([]))
