"""The reports in docs/reports, their table, and what docs/conformance.md does with them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from docs.reports import index
from tests.test_docs import blocks
from xgpu.cli.main import main
from xgpu_conformance import schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conformance.md"
REPORTS = sorted((ROOT / "docs" / "reports").glob("*.json"))


def test_the_table_is_that_of_the_reports() -> None:
    assert index.PAGE.read_text() == index.page(), "run python -m docs.reports.index"
    assert all(f"]({path.name})" in index.table() for path in REPORTS)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_is_whole_and_small(path: Path) -> None:
    report = schema.read(path)
    assert report.finished and path.stat().st_size < 2**20
    assert not any(cell.reason == schema.NOT_RUN for cell in report.cells)


@pytest.mark.parametrize("name", ["cpu", "cudasim"])
def test_xgpu_s_own_devices_pass(name: str) -> None:
    report = schema.read(ROOT / "docs" / "reports" / f"{name}.json")
    counts = report.counts()
    assert {"ops", "functions", "programs", "faults"} <= set(report.levels)
    assert counts["fail"] == counts["untested"] == counts["unsupported"] == 0


def commands() -> list[list[str]]:
    """The page's commands on reports that are there."""
    lines = [line for block in blocks(PAGE, "console") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if " docs/reports/" in line]


@pytest.mark.parametrize("command", commands(), ids=lambda words: words[1])
def test_the_page_s_commands(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    written = [
        command[at + 1] for at, word in enumerate(command[:-1]) if word in ("--html", "--svg")
    ]
    assert all((tmp_path / name).stat().st_size > 500 for name in written)


def test_the_page_s_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = [block for block in blocks(PAGE, "py") if "schema.read" in block]
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    assert names["failed"] == []
