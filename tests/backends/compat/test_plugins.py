"""Listing imports no library, and one that is missing says how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIBRARIES = "{'torch', 'jax', 'dask', 'cupy'}"


def printed(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_listing_imports_none() -> None:
    code = "import sys, xgpu; xgpu.backends(); print({LIB} & set(sys.modules))"
    assert printed(code.replace("{LIB}", LIBRARIES)) == "set()"


def test_a_missing_library() -> None:
    code = (
        "import sys, xgpu\n"
        "for name in ('torch', 'jax', 'dask', 'cupy'):\n"
        "    sys.modules[name] = None\n"
        "    try: xgpu.device(name)\n"
        "    except xgpu.BackendUnavailableError as error: print(error)"
    )
    said = printed(code).splitlines()
    assert [line.split()[0] for line in said] == ["torch", "jax", "dask", "cupy"]
    assert all("pip install" in line and "xgpu-array[" in line for line in said)
