"""Listing imports no library, and one that is missing says how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", ["torch", "jax", "dask", "cupy"])
def test_a_missing_library(name: str) -> None:
    code = (
        f"import sys; sys.modules[{name!r}] = None\n"
        "import xgpu\n"
        f"try: xgpu.device({name!r})\n"
        "except xgpu.BackendUnavailableError as error: print(error)"
    )
    said = printed(code)
    assert said.startswith(f"{name} ") and "pip install" in said
    assert "xgpu-array[" in said
