"""`import xgpu` is light: little time beyond NumPy's, no plugin, nothing of the command line."""

from __future__ import annotations

import subprocess
import sys

TIMED = """
import sys, time
import numpy
before = set(sys.modules)
start = time.process_time()
import xgpu
print(time.process_time() - start)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
LIMIT = 0.100  # seconds


def timed() -> tuple[float, list[str]]:
    """Seconds of processor time of the import in a fresh process, and the packages it brings."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, packages = done.stdout.splitlines()
    return float(seconds), packages.split()


def test_it_adds_at_most_100_ms_to_numpys_import() -> None:
    # Processor time, and the fastest of several: the limit is on the work, not on other load.
    assert min(timed()[0] for _ in range(5)) <= LIMIT


def test_it_imports_no_plugin_and_no_optional_package() -> None:
    _, packages = timed()
    assert "xgpu" in packages
    heavy = {"click", "cupy", "cupy_backends", "matplotlib", "rich", "scipy", "sklearn"}
    plugins = {"xgpu_cuda", "xgpu_example", "xgpu_numpy"}
    assert not (heavy | plugins) & set(packages)
