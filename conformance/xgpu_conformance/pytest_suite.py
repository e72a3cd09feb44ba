"""`suite`: the same cells as tests of pytest, for a plugin's own repository."""

from __future__ import annotations

import unittest
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xgpu
from xgpu_conformance import cell, expectations, plan
from xgpu_conformance.case import LARGE, Options, Planned, Setting
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import Expectation, Level, replay_command


def suite(
    device: str,
    *,
    requirements: Requirements | None = None,
    levels: Sequence[Level] = plan.DEFAULT_LEVELS,
    functions: Iterable[str] = (),
    dtypes: Iterable[str] = (),
    expected: str | Path | Sequence[Expectation] = (),
    seed: int = 0,
    large: int = LARGE,
) -> type[Any]:
    """Tests for pytest, one for each cell.

    ``TestBackend = suite("mytype")`` is all that a test file needs. A cell that fails is a test
    that fails, with the replay line of what is wrong. One that is unsupported, or whose failures
    are declared, is skipped with the reason.

    Args:
        device: its name, such as ``mytype`` or ``mytype:1``.
        requirements: what the backend has; all, by default.
        levels: what is run.
        functions: these ops and functions alone.
        dtypes: these dtypes alone.
        expected: failures that are known, or the TOML file with them.
        seed: for other random numbers.
        large: elements of a large array.

    Raises:
        ValueError: no cell has one of the names.
    """
    known = expectations.read(Path(expected)) if isinstance(expected, str | Path) else expected
    options = Options(
        seed, large, requirements=requirements or Requirements(), expected=tuple(known)
    )
    every = plan.planned(levels)
    chosen = plan.selected(every, functions, dtypes)
    cells = {cell.cell_id(c): c for c in every if c in chosen}

    class TestBackend:
        """Every cell of the suite."""

        def pytest_generate_tests(self, metafunc: Any) -> None:
            metafunc.parametrize("cell_id", list(cells))

        def test_cell(self, cell_id: str) -> None:
            check(device, options, cells[cell_id])

    return TestBackend


def check(device: str, options: Options, planned: Planned) -> None:
    """Run a cell.

    Raises:
        AssertionError: it fails.
        unittest.SkipTest: it is unsupported or untested, or its failures are declared.
    """
    result = cell.run(Setting(xgpu.device(device), options), planned)
    if result.state == "fail":
        lines = [f"{result.failed} of {result.values} values are wrong {result.reason}".rstrip()]
        for failure in result.failures:
            lines += [failure.message, f"    {replay_command(device, failure.id)}"]
        raise AssertionError("\n".join(lines))
    if result.state != "pass":
        raise unittest.SkipTest(f"{result.state}: {result.reason}")
