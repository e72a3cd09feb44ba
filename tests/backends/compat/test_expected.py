"""The declared failures of other libraries can be read, and name what there is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

import xgpu_compat
from xgpu_conformance import expectations
from xgpu_conformance.cell import SOURCES
from xgpu_conformance.schema import Expectation, matches

FILES = sorted((Path(xgpu_compat.__file__).parent / "expected").glob("*.toml"))
CELLS = [cell for source in SOURCES.values() for cell in source.planned()]


def test_each_library_has_one() -> None:
    assert {"torch", "torch-cuda", "jax", "dask", "cupy"} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_entry_is_of_a_cell_that_there_is(path: Path) -> None:
    for entry in expectations.read(path):
        assert entry.link.startswith("https://")
        assert any(of_cell(entry, f"level={c[0]}&name={c[1]}&dtype={c[2]}") for c in CELLS), entry


def of_cell(entry: Expectation, id: str) -> bool:
    parts = [(k, v) for k, v in parse_qsl(entry.match) if k in ("level", "name", "dtype")]
    return matches("&".join(f"{k}={v}" for k, v in parts), id)
