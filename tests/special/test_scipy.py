"""SciPy's functions of xgpu arrays are xgpu's, on the device of the arrays.

SciPy reads ``SCIPY_ARRAY_API`` when it is imported, so the calls run in a process of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import xgpu

CALLS = """
import sys, warnings
import numpy as np
import scipy.special, scipy.stats
from scipy.special import _support_alternative_backends as asked
import xgpu

warnings.simplefilter("ignore")
device = sys.argv[1]
rng = np.random.default_rng(0)
X = rng.standard_normal((40, 4))


def compared(name, function, *arguments):
    on = [xgpu.asarray(a, device=device) if isinstance(a, np.ndarray) else a for a in arguments]
    expected = function(*arguments)
    with xgpu.default_device(device):
        results = function(*on)
    several = isinstance(expected, tuple)
    pairs = zip(results, expected) if several else [(results, expected)]
    for got, right in pairs:
        assert isinstance(got, xgpu.Array), f"{name}: a {type(got).__name__}"
        assert got.device == device, f"{name}: on {got.device}"
        values = np.asarray(xgpu.to_device(got, "cpu"))
        np.testing.assert_allclose(values, right, rtol=2e-12, err_msg=name)


ARGUMENTS = {
    1: [np.array([0.3, 0.7, 0.95])],
    2: [np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.7, 0.9])],
    3: [np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), np.array([0.3, 0.7, 0.9])],
}
there = [info for info in asked._special_funcs if info.name in xgpu.special.__all__]
# Where each call is compiled, a few.
for info in there if device == "cpu" else there[::6]:
    arguments = list(ARGUMENTS[info.n_args])
    for place, whole in enumerate(info.int_only or ()):
        if whole:
            arguments[place] = arguments[place].astype(np.int64)
    if info.name == "multigammaln":
        arguments = [np.array([3.0, 4.0]), 2]
    compared(info.name, getattr(scipy.special, info.name), *arguments)
compared("digamma", scipy.special.digamma, *ARGUMENTS[1])
print(len(there))

stats = scipy.stats
compared("ttest_ind", lambda a, b: tuple(stats.ttest_ind(a, b))[:2], X, X + 0.5)
compared("ttest_rel", lambda a, b: tuple(stats.ttest_rel(a, b))[:2], X, X[:, ::-1].copy())
compared("ttest_1samp", lambda a: tuple(stats.ttest_1samp(a, 0.1))[:2], X)
compared("normaltest", lambda a: tuple(stats.normaltest(a)), X)
compared("jarque_bera", lambda a: tuple(stats.jarque_bera(a)), X[:, 0].copy())
compared("pearsonr", lambda a, b: tuple(stats.pearsonr(a, b))[:2], X[:, 0].copy(), X[:, 1].copy())
compared("chisquare", lambda a: tuple(stats.chisquare(a)), np.abs(X[:, 0]) + 1)
compared("entropy", stats.entropy, np.abs(X))
compared("entropy of two", stats.entropy, np.abs(X), np.abs(X[::-1]).copy())
compared("combine_pvalues", lambda p: tuple(stats.combine_pvalues(p)), rng.uniform(0, 1, 20))
compared("bartlett", lambda a, b: tuple(stats.bartlett(a, b)), X[:, 0].copy(), X[:, 1].copy())
compared("directional", scipy.special.logsumexp, X)
"""


@pytest.mark.parametrize("name", ["cpu", "cudasim:0"])
def test_scipy_asks_for_them(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS, name],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= 55


def test_the_names_that_scipy_has_too_are_called_as_it_calls_them() -> None:
    scipy_special = pytest.importorskip("scipy.special")
    for name in xgpu.special.__all__:
        assert callable(getattr(scipy_special, name))
