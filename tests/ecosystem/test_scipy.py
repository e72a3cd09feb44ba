"""SciPy and scikit-learn with arrays of xgpu, in a process of their own.

Both read ``SCIPY_ARRAY_API`` when they are imported, which other tests may have done before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import xgpu

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "docs" / "measurements" / "ecosystem-cpu.json"

# Functions of SciPy that make arrays without naming a device, and those that NumPy's scalars meet.
RULES = """
import sys
import numpy as np
import xgpu
from scipy import differentiate, integrate, optimize, stats

device = xgpu.device(sys.argv[1])
a = np.linspace(0.5, 2.0, 33)
x = xgpu.asarray(a, device=device)

def check(got, expected):
    assert type(got) is xgpu.Array and got.device is device, (type(got), expected)
    np.testing.assert_allclose(np.asarray(xgpu.to_device(got, "cpu")), expected, rtol=1e-9)

with xgpu.default_device(device):
    check(integrate.romb(x), integrate.romb(a))
    check(integrate.trapezoid(x, dx=0.25), integrate.trapezoid(a, dx=0.25))
    check(optimize.rosen(x), optimize.rosen(a))
    check(differentiate.derivative(xgpu.exp, x[:3]).df, np.exp(a[:3]))
    check(stats.quantile(x, 0.3), stats.quantile(a, 0.3))
    ends = (xgpu.zeros(1), xgpu.ones(1))
    cubed = integrate.cubature(lambda points: points[:, 0] ** 3, *ends)
    check(cubed.estimate, 0.25)
check(np.float64(2.0) * x, 2.0 * a)
check(x - np.float64(2.0), a - 2.0)
assert (xgpu.ones(2, dtype=xgpu.float32, device=device) * np.float64(2.0)).dtype == "float32"
assert (xgpu.ones(2, dtype=xgpu.float32, device=device) * np.int64(2)).dtype == "float64"
for operand in (np.ones(33), np.ones((33, 1))):
    try:
        operand * x
    except TypeError as error:
        assert "numpy.ndarray" in str(error)
    else:
        raise AssertionError("a NumPy array met one of xgpu silently")
assert not hasattr(x, "__array_function__") and not hasattr(x, "__array_ufunc__")
"""


def run(*arguments: str) -> str:
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    environment = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_rules_that_scipy_relies_on(device: xgpu.Device) -> None:
    pytest.importorskip("scipy.differentiate")
    run("-c", RULES, str(device))


def test_what_the_table_says_of_scipy_and_sklearn(tmp_path: Path) -> None:
    pytest.importorskip("scipy.differentiate")
    path = tmp_path / "found.json"
    chosen = "scipy,stats,sklearn,extra,einops,matplotlib"
    run("-m", "docs.measurements.ecosystem", "cpu", "--only", chosen, "--json", str(path))
    before = {
        (row["consumer"], row["call"]): row for row in json.loads(MEASURED.read_text())["rows"]
    }
    found = json.loads(path.read_text())["rows"]
    assert len(found) > 150
    worse = [
        row
        for row in found
        if row["state"] != "equal" and before[row["consumer"], row["call"]]["state"] == "equal"
    ]
    assert worse == []
