"""scipy.stats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import stats

from docs.measurements.ecosystem.row import OTHER, POSITIVE, SHARES, SIGNAL, Row, X, each

CONSUMER = "scipy.stats"
SUMMARIES = """zscore skew kurtosis gmean hmean moment variation sem tmean tvar tstd entropy iqr
    rankdata gstd median_abs_deviation circmean circvar circstd differential_entropy lmoment
    kstat kstatvar gzscore skewtest kurtosistest normaltest jarque_bera"""
PAIRS = """ttest_ind ttest_rel ks_2samp mannwhitneyu wilcoxon pearsonr spearmanr ranksums linregress
    kendalltau f_oneway bartlett levene fligner ansari mood brunnermunzel kruskal alexandergovern
    cramervonmises_2samp"""


def tested(name: str) -> Any:
    """A test's statistic and p-value."""
    function = getattr(stats, name)

    def run(*arrays: Any) -> Any:
        result = function(*arrays)
        if hasattr(result, "statistic"):
            return result.statistic, result.pvalue
        return (result.slope, result.intercept, result.rvalue) if name == "linregress" else result

    return run


def rows() -> Iterator[Row]:
    """All of them."""
    for name in SUMMARIES.split():
        yield Row(CONSUMER, name, tested(name), (POSITIVE,))
    for name in PAIRS.split():
        yield Row(CONSUMER, name, tested(name), (SIGNAL, OTHER))
    counts = np.floor(POSITIVE[:, 0] * 10) + 5
    yield from each(CONSUMER, stats, "describe mode", POSITIVE)
    yield Row(CONSUMER, "pmean", lambda a: stats.pmean(a, 2), (POSITIVE,))
    yield Row(CONSUMER, "trim_mean", lambda a: stats.trim_mean(a, 0.1), (POSITIVE,))
    yield Row(CONSUMER, "quantile", lambda a: stats.quantile(a, 0.3), (SIGNAL,))
    yield Row(CONSUMER, "ttest_1samp", lambda a: tested("ttest_1samp")(a, 0.0), (X,))
    yield Row(CONSUMER, "chisquare", tested("chisquare"), (counts,))
    yield Row(CONSUMER, "power_divergence", tested("power_divergence"), (counts,))
    yield Row(CONSUMER, "combine_pvalues", tested("combine_pvalues"), (SHARES,))
    yield Row(CONSUMER, "monte_carlo_test", monte_carlo, (SIGNAL,))
    yield Row(CONSUMER, "boxcox_llf", lambda a: stats.boxcox_llf(0.5, a), (POSITIVE[:, 0],))


def monte_carlo(sample: Any) -> Any:
    """The statistic of a Monte Carlo test on the sample's device."""
    namespace = np if isinstance(sample, np.ndarray) else sample.__array_namespace__()
    random = np.random.default_rng(1)

    def draw(size: Any) -> Any:
        values = random.standard_normal(size)
        if namespace is np:
            return values
        return namespace.asarray(values, device=sample.device)

    def mean(values: Any, axis: int) -> Any:
        return namespace.mean(values, axis=axis)

    return stats.monte_carlo_test(sample, draw, mean, n_resamples=99, vectorized=True).pvalue
