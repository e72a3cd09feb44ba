"""`xgpu conformance official`: a suite of the official one's layout, into a report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from xgpu.cli.main import main
from xgpu_conformance import Cell, Expectation, Report, official, schema

CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--max-examples", type=int)
    parser.addoption("--disable-deadline", action="store_true")
    parser.addoption("--xfails-file")
    parser.addoption("--skips-file")
"""

TESTS = """
import importlib, os
import pytest

xp = importlib.import_module(os.environ["ARRAY_API_TESTS_MODULE"])

def test_right():
    assert xp.__name__ == "xgpu" and os.environ["ARRAY_API_TESTS_VERSION"] == "2025.12"
    assert os.environ["XGPU_DEVICE"] == "cpu:0"

def test_examples(request):
    assert request.config.getoption("--max-examples") == 7

@pytest.mark.parametrize("x", [1, 2])
def test_wrong(x):
    assert x == 1, "of 2: 3, not 4"

def test_skipped():
    pytest.skip("no such thing here")

@pytest.fixture
def broken():
    raise RuntimeError("no fixture today")

def test_error(broken):
    pass

@pytest.mark.xfail(reason="odd")
def test_xfailed():
    raise ValueError("as ever")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A checkout, all but the official suite's own tests."""
    folder = tmp_path / "suite"
    for part in ("array_api_tests", "array-api"):
        (folder / part).mkdir(parents=True)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "array-api" / "README.md").touch()
    (folder / "array_api_tests" / "test_some.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def call(*arguments: str) -> Result:
    command = ["conformance", "official", *arguments]
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, command)


def cells(report: Report) -> dict[str, Cell]:
    return {c.name.rpartition("::")[2]: c for c in report.cells if c.level == "official"}


def test_a_run(suite: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = call("--suite", str(suite), "--max-examples", "7", "--json", str(path))
    assert result.exit_code == 1, result.output
    report = schema.read(path)
    assert report.levels == ("official",) and report.finished and report.device == "cpu:0"
    assert report.flags == {"official": "suite unknown, 7 examples, seed 0"}
    found = cells(report)
    assert {name: cell.state for name, cell in found.items()} == {
        "test_right": "pass",
        "test_examples": "pass",
        "test_wrong[1]": "pass",
        "test_wrong[2]": "fail",
        "test_skipped": "untested",
        "test_error": "fail",
        "test_xfailed": "fail",
    }
    assert "of 2: 3, not 4" in found["test_wrong[2]"].failures[0].message
    assert "no fixture today" in found["test_error"].failures[0].message
    assert found["test_skipped"].reason == "skipped by the suite: no such thing here"
    assert "fail 3" in result.output and "untested 1" in result.output
    again = "--device cpu:0 --tests 'array_api_tests/test_some.py::test_wrong[2]'"
    assert again in result.output
    id = f"device=cpu:0&{found['test_wrong[2]'].id}"
    asked = CliRunner().invoke(main, ["conformance", "--replay", id])
    assert asked.exit_code == 2 and again.replace("cpu:0", "cpu") in asked.output
    one = "array_api_tests/test_some.py::test_wrong[2]"
    replayed = call("--suite", str(suite), "--tests", one)
    assert replayed.exit_code == 1 and "fail 1" in replayed.output


def test_it_goes_into_the_report_that_is_there(suite: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    ours = Report(
        "cpu:0",
        "numpy",
        flags={"large": "100"},
        levels=("ops",),
        finished=True,
        cells=(Cell("ops", "exp", "float64", "pass", "", 1, 2),),
    )
    schema.write(ours, path)
    one = ("--suite", str(suite), "--max-examples", "7", "--json", str(path), "--tests")
    result = call(*one, "array_api_tests/test_some.py::test_right")
    assert result.exit_code == 0, result.output
    call(*one, "array_api_tests/test_some.py::test_skipped")
    report = schema.read(path)
    assert report.levels == ("ops", "official") and report.cells[0] == ours.cells[0]
    assert set(cells(report)) == {"test_right", "test_skipped"}  # what was there stays
    assert report.flags["large"] == "100"
    assert report.flags["official"].endswith("seed 0, array_api_tests/test_some.py::test_skipped")
    resumed = CliRunner().invoke(main, ["conformance", "--resume", str(path), "-n", "0"])
    assert resumed.exit_code == 0 and cells(schema.read(path)) == cells(report)


def test_what_is_declared(suite: Path, tmp_path: Path) -> None:
    declared = tmp_path / "expected.toml"
    entry = (
        '[[expected]]\nmatch = "level=official&name={}"\nreason = "known"\nlink = "l"\n'
        "expires = {}\n"
    )
    name = "array_api_tests/test_some.py::{}"
    declared.write_text(
        entry.format(name.format("test_wrong*"), "2100-01-01")
        + entry.format(name.format("test_error"), "2020-01-01")
    )
    path = tmp_path / "report.json"
    call("--suite", str(suite), "--expected", str(declared), "--json", str(path))
    found = cells(schema.read(path))
    assert found["test_wrong[2]"].state == "expected" and found["test_wrong[2]"].expectation
    assert found["test_wrong[1]"].state == "pass" and "but passes" in found["test_wrong[1]"].reason
    assert found["test_error"].state == "fail"
    assert found["test_error"].reason == "was expected until 2020-01-01: known"


def test_the_suite_s_own_files_of_tests_to_skip_hide_nothing(suite: Path) -> None:
    assert official.ALL == "array_api_tests"
    (suite / "skips.txt").write_text("array_api_tests/test_some.py::test_wrong")
    found = official.run(suite, "cpu:0", examples=7)
    assert found.finished and len(found.cells) == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--suite'"),
        (("--suite", "{tmp}"), "is no checkout of the official suite: git clone"),
        (("--suite", "{suite}", "--device", "nowhere"), "no backend serves device type 'nowhere'"),
        (("--suite", "{suite}", "--json", "/no/a.json"), "cannot write the report /no/a.json: No"),
        (("--suite", "{suite}", "--json", "{other}"), "is of cuda:0, not of cpu:0"),
        (("--suite", "{suite}", "--expected", "/no/a.toml"), "cannot read /no/a.toml"),
        (("--suite", "{suite}", "--tests", "none.py"), "gave no results, pytest ended with"),
        (("--suite", "{suite}", "-n", "0"), "0 is not in the range"),
    ],
)
def test_a_wrong_command_line(
    suite: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    other = tmp_path / "other.json"
    schema.write(Report("cuda:0", "cuda"), other)
    given = {"{tmp}": str(tmp_path), "{suite}": str(suite), "{other}": str(other)}
    result = call(*(given.get(word, word) for word in arguments))
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())


def test_a_checkout_without_its_submodule(suite: Path) -> None:
    (suite / "array-api" / "README.md").unlink()
    with pytest.raises(official.SuiteError, match="lacks its submodule 'array-api'"):
        official.check(suite)


def test_the_declared_failures_of_the_suite_itself() -> None:
    assert all(isinstance(known, Expectation) for known in official.known())
    assert all(known.match.startswith("level=official&name=") for known in official.known())


def test_a_run_that_does_not_come_to_its_end() -> None:
    found: dict[str, Any] = {
        "exitcode": 2,
        "duration": 1.0,
        "tests": [{"nodeid": "a.py::b", "outcome": "passed", "call": {"duration": 0.25}}],
    }
    broken = official.outcome(found)
    assert not broken.finished and broken.cells[0].seconds == 0.25
    report = official.put(Report("cpu:0", "numpy", finished=True), broken, partly=False, note="n")
    assert not report.finished
    assert official.outcome(found | {"exitcode": 1}).finished
    whole = dataclasses.replace(broken, finished=True)
    again = official.put(report, whole, partly=False, note="n")
    assert len(again.cells) == 1
