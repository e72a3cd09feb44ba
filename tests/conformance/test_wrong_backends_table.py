"""The table of wrong backends, the script that runs suites against them, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from docs.measurements import wrong_backends as page
from tests.wrong_backends import __main__ as script
from tests.wrong_backends import kill, table, zeros
from tests.wrong_backends.kill import Verdict
from tests.wrong_backends.table import MUTANTS
from xgpu.plugin import ops
from xgpu_conformance import plan

ROOT = Path(__file__).parents[2]

#: One or two of each class, and some that nothing found when they were made.
SAMPLE = (
    *("zeros-matmul", "zeros-signbit", "function-linalg.cross", "function-zeros", "scalar-less"),
    *("log-zero", "copysign-nan", "divide-fast", "sin-large", "less-signed", "add-gives-float32"),
    *("sqrt-cut", "cast-int-twice", "max-nan", "prod-sign", "scan-sum-blocks", "argsort-turned"),
    *("scatter-in-place", "matmul-tf32", "svdvals-gram", "fft-norm", "to-host-live"),
    *("view-broadcast", "scalar-zero", "write-lost", "fused-fma", "size-tail", "state-stale"),
    *("raises-57", "crash", "pad-swapped", "capture-first"),
)


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and output of the script."""
    command = [sys.executable, "-m", "tests.wrong_backends", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def test_a_sample_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    only = [f"--only={id}" for id in SAMPLE]
    status, output = run("--near", "--json", str(path), *only)
    assert f"killed {len(SAMPLE)}/{len(SAMPLE)}" in output, output
    assert status == 0
    found = json.loads(path.read_text())
    verdicts = {v["id"]: v for v in found["backends"]}
    assert [*verdicts] == [id for id in MUTANTS if id in SAMPLE]
    assert "name=max&" in verdicts["max-nan"]["cell"]
    assert "case=places" not in verdicts["max-nan"]["cell"]
    assert verdicts["crash"]["message"] == "the process ended with status 3"
    assert verdicts["function-linalg.cross"]["level"] == "functions"
    assert found["command"].startswith("python -m tests.wrong_backends --near")


def test_the_table() -> None:
    assert len(MUTANTS) == sum(len(part.MUTANTS) for part in table.PARTS) >= 600
    kinds = Counter(m.kind for m in MUTANTS.values())
    assert kinds.total() - kinds["op gives zeros"] - kinds["function gives zeros"] >= 400
    assert len({m.kind for m in MUTANTS.values() if m.id in SAMPLE}) == len(kinds)
    rows = {op.name for op in (*ops.elementwise(), *ops.reductions(), *ops.kernels())}
    assert {f"zeros-{name}" for name in rows} <= {*MUTANTS}
    assert {f"function-{name}" for name in zeros.functions()} <= {*MUTANTS}
    assert {"function-mean", "function-linalg.det", "function-fft.hfft"} <= {*MUTANTS}


def test_each_has_cells_that_are_tried_first() -> None:
    cells = {(c.level, c.name) for c in plan.planned(kill.LEVELS)}
    names = {level: {n for at, n in cells if at == level} for level in kill.LEVELS}
    names["functions"] |= {n.rpartition(".")[2] for n in names["functions"]}
    for mutant in MUTANTS.values():
        there = set().union(*(names[level] for level in mutant.levels))
        assert there & {*mutant.first}, mutant.id
        assert mutant.wrong and "\n" not in mutant.wrong


def test_a_survivor_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdicts(ids: list[str], jobs: int, near: bool) -> Iterator[Verdict]:
        assert (jobs, near) == (1, False)
        for number, id in enumerate(ids):
            cell = "level=ops&name=max" if number else ""
            yield Verdict(id, MUTANTS[id].kind, MUTANTS[id].wrong, "ops", cell, "", 1, 0.1)

    monkeypatch.setattr(kill, "verdicts", verdicts)
    found = CliRunner().invoke(script.main, ["--only=max-*", "--jobs=1"])
    assert found.exit_code == 1
    first, *others = [id for id in MUTANTS if id.startswith("max-")]
    assert f"survived: {first}: {MUTANTS[first].wrong}" in found.output
    assert f"killed {len(others)}/{len(others) + 1}" in found.output
    assert not any(f"survived: {id}" in found.output for id in others)


def test_a_mistaken_name_is_refused() -> None:
    found = CliRunner().invoke(script.main, ["--only", "max-nun"])
    assert found.exit_code == 2
    assert "no wrong backend is named 'max-nun'" in found.output
    listed = CliRunner().invoke(script.main, ["--only", "max-n*", "--list"])
    assert listed.output == "max-nan: NaN is lost\n"


OPTIONS = ("--max-examples", "--xfails-file", "--skips-file")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of five tests, in the form of the official one."""
    folder = tmp_path / "array_api_tests"
    folder.mkdir()
    (tmp_path / "array-api" / "spec").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "_array_module.py").write_text("from xgpu import *\nimport xgpu\nmean = xgpu.mean\n")
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent(
            f"""
            from hypothesis import settings

            def pytest_addoption(parser):
                for name in {OPTIONS}:
                    parser.addoption(name)
                parser.addoption("--disable-deadline", action="store_true")

            def pytest_configure(config):
                settings.register_profile("array-api-tests", max_examples=5)
            """
        )
    )
    (folder / "test_all.py").write_text(
        textwrap.dedent(
            """
            import xgpu
            from array_api_tests import _array_module as xp

            def test_max():
                assert float(xgpu.max(xgpu.asarray([1.0, 2.0]))) == 2

            def test_largest():
                assert float(xgpu.max(xgpu.asarray([float("nan"), 2.0]))) != 2

            def test_mean():
                assert xp.mean(xgpu.asarray([1.0, 2.0])).shape == ()

            def test_average():
                assert float(xp.mean(xgpu.asarray([1.0, 2.0]))) == 1.5

            def test_host():
                assert xgpu.get_default_device().type == "cpu"
            """
        )
    )
    return tmp_path


def test_another_suite(suite: Path) -> None:
    path = suite / "found.json"
    only = [f"--only={id}" for id in ("max-nan", "zeros-max", "function-mean", "min-nan")]
    status, output = run("--official", str(suite), "--json", str(path), *only)
    assert "killed 3/4" in output, output
    assert "survived: min-nan" in output
    assert "4 tests; left out: array_api_tests/test_all.py::test_host" in output
    assert status == 1
    found = {v["id"]: v for v in json.loads(path.read_text())["backends"]}
    stages = {
        id: (v["level"], v["cell"].rpartition("::")[2], v["cells"]) for id, v in found.items()
    }
    assert stages == {
        "zeros-max": ("named", "test_max", 1),
        "function-mean": ("all", "test_average", 2),
        "max-nan": ("all", "test_largest", 2),
        "min-nan": ("", "", 0),
    }
    assert "assert 0.0 == 2" in found["zeros-max"]["message"]


def test_a_suite_that_is_none(tmp_path: Path) -> None:
    arguments = ["--official", str(tmp_path), "--only=max-nan"]
    found = CliRunner().invoke(script.main, arguments)
    assert found.exit_code == 2
    assert "is no checkout of the official suite" in found.output


# The page


def verdict(id: str, cell: str = "") -> dict[str, Any]:
    mutant = MUTANTS[id]
    return {
        "id": id,
        "kind": mutant.kind,
        "wrong": mutant.wrong,
        "level": "ops" if cell else "",
        "cell": cell,
    }


def test_the_page_is_what_the_verdicts_say() -> None:
    data = [json.loads(path.read_text()) for path in (page.OURS, page.OFFICIAL)]
    for found in data:
        assert [v["id"] for v in found["backends"]] == [*MUTANTS], "run it again"
    assert all(page.killed(v) for v in data[0]["backends"])
    text = page.PAGE.read_text()
    assert page.filled(text, page.parts(*data)) == text


def test_a_page_of_other_verdicts() -> None:
    about = dict.fromkeys(("command", "date", "python", "numpy", "xgpu", "suite"), "?")
    mine: dict[str, Any] = {
        **about,
        "seconds": 1,
        "backends": [verdict("max-nan", "a"), verdict("zeros-max", "b")],
    }
    theirs = {**mine, "backends": [verdict("max-nan"), verdict("zeros-max", "c")]}
    found = page.parts(mine, theirs)
    assert "| **all** | 2 | 2 | 1 |" in found["classes"]
    assert found["survivors"] == "- **reductions**, 1: `max-nan` (NaN is lost)"
    with pytest.raises(ValueError, match="different backends"):
        page.parts(mine, {**theirs, "backends": theirs["backends"][1:]})
    with pytest.raises(ValueError, match="has no part 'classes'"):
        page.filled("<!-- survivors -->\n<!-- /survivors -->\n", {"classes": "x"})
    assert (
        page.filled("a <!-- n -->\n<!-- /n --> b", {"n": "1"}) == "a <!-- n -->\n1\n<!-- /n --> b"
    )
