"""dask:0 on two processes: the documentation's program, in chunks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install 'xgpu-array[dask]'")
ROOT = Path(__file__).parents[3]


def test_the_digits_on_a_cluster_of_two_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "docs" / "examples" / "cluster.py")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert "test accuracy 0.9683 on dask:0" in done.stdout
    assert "computed by 2 processes" in done.stdout
