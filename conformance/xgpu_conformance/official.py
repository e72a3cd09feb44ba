"""The level *official*: the tests of data-apis/array-api-tests as cells of a report.

A checkout of https://github.com/data-apis/array-api-tests is run as it is, without its files of
tests to skip or that may fail. Each test is a cell, named by its id, of the dtype ``any``: the
tests choose dtypes themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from xgpu_conformance import expectations
from xgpu_conformance.schema import (
    LEVELS,
    Cell,
    Expectation,
    Failure,
    Report,
    matches,
)

VERSION: Final = "2025.12"
"""Of the standard, as the suite gets it."""

ALL: Final = "array_api_tests"
"""The folder of all tests in a checkout."""

DTYPE: Final = "any"

_MESSAGE: Final = 2000
"""Characters that are kept of what a failed test says."""


class SuiteError(RuntimeError):
    """The suite is not there, or did not run."""


@dataclass(frozen=True)
class Outcome:
    """What a run of the suite gave: the cells, and whether it came to its end."""

    cells: tuple[Cell, ...]
    seconds: float
    finished: bool


def known() -> tuple[Expectation, ...]:
    """Failures that are the suite's own, from ``official.toml`` beside this module."""
    with as_file(files("xgpu_conformance") / "official.toml") as path:
        return expectations.read(path)


def check(suite: Path) -> None:
    """See that a folder is a whole checkout of the suite.

    Raises:
        SuiteError: it is not, with how to get one.
    """
    clone = "git clone --recurse-submodules https://github.com/data-apis/array-api-tests"
    if not (suite / ALL).is_dir() or not (suite / "conftest.py").is_file():
        raise SuiteError(f"{suite} is no checkout of the official suite: {clone}")
    if not any((suite / "array-api").glob("*")):
        raise SuiteError(f"{suite} lacks its submodule 'array-api': git submodule update --init")


def commit(suite: Path) -> str:
    """The checkout's commit, or "unknown"."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    asked = [git, "-C", str(suite), "rev-parse", "--short=10", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def run(
    suite: Path,
    device: str,
    *,
    workers: int = 1,
    examples: int = 100,
    seed: int = 0,
    tests: Sequence[str] = (ALL,),
    expected: Sequence[Expectation] = (),
) -> Outcome:
    """Run tests of the suite on a device; pytest's own lines go to standard output.

    Args:
        suite: the checkout.
        device: its name.
        workers: processes; more than one needs pytest-xdist.
        examples: of Hypothesis, for each test.
        seed: of Hypothesis.
        tests: ids or files, as pytest takes them; all, by default.
        expected: failures that are declared.

    Raises:
        SuiteError: there is no suite, or pytest gave no results.
    """
    check(suite)
    with tempfile.TemporaryDirectory(prefix="xgpu-official-") as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", *tests]
        command += ["--max-examples", str(examples), "--disable-deadline", "-q"]
        command += ["--tb=no", "--disable-warnings"]
        command += [f"--hypothesis-seed={seed}", "-p", "no:cacheprovider"]
        # A checkout may have such files of its own, which would hide failures.
        command += ["--xfails-file", os.devnull, "--skips-file", os.devnull]
        command += ["--json-report", f"--json-report-file={results}"]
        command += ["--json-report-omit", "keywords", "log", "streams", "traceback", "warnings"]
        if workers > 1:
            command += ["-n", str(workers)]
        environment = {
            **os.environ,
            "ARRAY_API_TESTS_MODULE": "xgpu",
            "ARRAY_API_TESTS_VERSION": VERSION,
            "XGPU_DEVICE": device,
        }
        done = subprocess.run(command, cwd=suite, env=environment, check=False)
        try:
            found = json.loads(results.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
    if not found.get("tests"):
        raise SuiteError(
            f"the official suite gave no results, pytest ended with status {done.returncode}: "
            f"see above whether it has {', '.join(tests)}, and the plugins that its "
            "requirements.txt names, pytest-json-report among them"
        )
    return outcome(found, expected)


def outcome(found: dict[str, Any], expected: Sequence[Expectation] = ()) -> Outcome:
    """The cells of what pytest-json-report wrote.

    A status of pytest beyond "all passed" and "some failed" means that tests are missing.
    """
    today = date.today().isoformat()
    cells = tuple(_cell(test, expected, today) for test in found["tests"])
    finished = found.get("exitcode") in (0, 1)
    return Outcome(cells, round(float(found.get("duration", 0.0)), 1), finished)


def put(report: Report, found: Outcome, *, partly: bool, note: str) -> Report:
    """The report with these cells in it, in the place of what it had of this level.

    Args:
        report: of the same device.
        found: the cells.
        partly: whether cells of tests that were not run now stay.
        note: what was run, for the report's flags.
    """
    others = [cell for cell in report.cells if cell.level != "official"]
    mine = {cell.key: cell for cell in report.cells if cell.level == "official" and partly}
    mine |= {cell.key: cell for cell in found.cells}
    return replace(
        report,
        cells=(*others, *mine.values()),
        levels=tuple(x for x in LEVELS if x in report.levels or x == "official"),
        flags={**report.flags, "official": note},
        seconds=round(report.seconds + found.seconds, 1),
        finished=report.finished and found.finished,
    )


def _cell(test: dict[str, Any], expected: Sequence[Expectation], today: str) -> Cell:
    name = str(test["nodeid"])
    stages = [test[stage] for stage in ("setup", "call", "teardown") if stage in test]
    seconds = round(sum(float(stage.get("duration", 0.0)) for stage in stages), 4)
    blank = Cell("official", name, DTYPE, seconds=seconds)
    declared = [e for e in expected if matches(e.match, blank.id)]
    valid = [e for e in declared if e.expires > today]
    result = test["outcome"]
    if result == "skipped":
        return replace(blank, reason=f"skipped by the suite: {_skipped(stages)}")
    ran = replace(blank, reason="", cases=1)
    if result in ("passed", "xpassed"):
        reason = f"declared as expected ({valid[0].reason}), but passes" if valid else ""
        return replace(ran, state="pass", reason=reason)
    said = _said(stages) or f"pytest says: {result}"
    wrong = replace(ran, failed_cases=1, failed=1, failures=(Failure(blank.id, said),))
    if valid:
        return replace(wrong, state="expected", reason=valid[0].reason, expectation=valid[0])
    late = f"was expected until {declared[0].expires}: {declared[0].reason}" if declared else ""
    return replace(wrong, state="fail", reason=late)


def _said(stages: Sequence[dict[str, Any]]) -> str:
    for stage in stages:
        if stage.get("outcome") in ("failed", "error"):
            crash = stage.get("crash") or {}
            text = str(crash.get("message") or stage.get("longrepr") or "")
            # What an assertion compared, in pytest's words, is worth more than all the code.
            return text if len(text) <= _MESSAGE else text[: _MESSAGE - 3] + "..."
    return ""


def _skipped(stages: Sequence[dict[str, Any]]) -> str:
    for stage in stages:
        if stage.get("outcome") == "skipped":
            return str(stage.get("longrepr", "")).rpartition("Skipped: ")[2].rstrip("')\" ")
    return "no reason"
