"""`xgpu conformance`: running, resuming, replaying, and what a wrong command line says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import xgpu
from tests.conformance import wrong
from xgpu.cli.main import main
from xgpu_conformance import schema


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(main, ["conformance", *arguments])


@pytest.fixture
def _wrong() -> Iterator[None]:
    xgpu.register_backend("wrong", wrong.Wrong(exp=wrong.exp_off_by_3))
    yield
    xgpu.unregister_backend("wrong")


QUICK = ("-n", "0", "--large", "2003", "--dtypes", "float64,complex64")


def test_a_run_that_passes(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = call("cpu", "--functions", "exp,svd,sum", *QUICK, "--json", str(path))
    assert result.exit_code == 0, result.output
    assert "largest errors" in result.output and f"report: {path}" in result.output
    report = schema.read(path)
    assert report.finished and report.device == "cpu:0" and report.backend == "numpy"
    assert report.levels == ("ops", "functions")
    assert {"xgpu", "numpy", "python", "xgpu-array"} <= set(report.versions)
    assert report.flags == {
        "functions": "exp,svd,sum",
        "dtypes": "float64,complex64",
        "large": "2003",
    }
    assert report.counts("ops")["pass"] == 6
    assert report.counts()["untested"] == len(report.cells) - report.counts()["pass"]


@pytest.mark.usefixtures("_wrong")
def test_a_run_that_fails_and_its_replay(tmp_path: Path) -> None:
    result = call("wrong", "--level", "ops", "--functions", "exp", *QUICK)
    assert result.exit_code == 1
    assert "fail level=ops&name=exp&dtype=float64: " in result.output
    (line, *_) = [x for x in result.output.splitlines() if "xgpu conformance --replay" in x]
    id = line.split("'")[1]
    assert id.startswith("device=wrong:0&level=ops&name=exp&dtype=float64&case=")
    again = call("--replay", id)
    assert again.exit_code == 1
    assert "operand 0  1.0" in again.output and "3 ULP, 2 allowed" in again.output
    assert call("cpu", "--replay", id).exit_code == 0
    whole = call("wrong", "--replay", "level=ops&name=exp&dtype=float64")
    assert whole.exit_code == 1 and "0 of 1 values are wrong" in whole.output


@pytest.mark.usefixtures("_wrong")
def test_what_is_declared_is_no_failure(tmp_path: Path) -> None:
    declared, path = tmp_path / "expected.toml", tmp_path / "report.json"
    declared.write_text(
        '[[expected]]\nmatch = "name=exp&dtype=float64"\nreason = "known"\nlink = "l"\n'
        "expires = 2100-01-01\n"
    )
    given = ("--level", "ops", "--functions", "exp", *QUICK, "--expected", str(declared))
    result = call("wrong", *given, "--json", str(path))
    assert result.exit_code == 0, result.output
    assert schema.read(path).counts()["expected"] == 1


def test_a_report_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    given = ("cpu", "--level", "ops", "--functions", "add", *QUICK, "--json", str(path))
    assert call(*given).exit_code == 0
    whole = schema.read(path)
    cells = tuple(
        schema.Cell(*c.key) if c.dtype == "complex64" and c.name == "add" else c
        for c in whole.cells
    )
    schema.write(dataclasses.replace(whole, cells=cells, finished=False), path)
    assert call("--resume", str(path), "-n", "0").exit_code == 0
    after = schema.read(path)
    assert after.counts() == whole.counts() and after.finished
    assert after.flags["large"] == "2003"
    schema.write(dataclasses.replace(whole, versions={"numpy": "0.1"}), path)
    result = call("--resume", str(path), "-n", "0")
    assert result.exit_code == 2 and "was made with numpy 0.1" in result.output
    schema.write(dataclasses.replace(whole, device_name="another one"), path)
    result = call("--resume", str(path), "-n", "0")
    assert result.exit_code == 2 and "was made on another one, here is" in result.output


def test_a_resumed_report_gets_the_cells_that_the_suite_has_got(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    given = ("cpu", "--level", "ops", "--functions", "add", *QUICK, "--json", str(path))
    assert call(*given).exit_code == 0
    whole = schema.read(path)
    older = tuple(c for c in whole.cells if c.name != "exp" and c.key[1:] != ("add", "float64"))
    schema.write(dataclasses.replace(whole, cells=older), path)
    assert call("--resume", str(path), "-n", "0").exit_code == 0
    after = schema.read(path)
    assert [c.key for c in after.cells] == [c.key for c in whole.cells]
    assert after.counts() == whole.counts() and after.finished


DECLARED = """[[expected]]
match = "level=ops&name={}&dtype=float64"
reason = "known"
link = "l"
expires = 2100-01-01
"""


def test_what_failed_is_run_again_and_nothing_else(tmp_path: Path) -> None:
    path, declared = tmp_path / "report.json", tmp_path / "expected.toml"
    chosen = ("--level", "ops", "--functions", "add,exp,sin,cos", "--dtypes", "float64")
    given = ("wrong", *chosen, "-n", "0", "--large", "2003", "--json", str(path))
    xgpu.register_backend("wrong", wrong.Wrong(exp=wrong.exp_off_by_3, add=np.subtract))
    try:
        declared.write_text(DECLARED.format("exp") + DECLARED.format("sin"))
        assert call(*given, "--expected", str(declared)).exit_code == 1
    finally:
        xgpu.unregister_backend("wrong")
    before = schema.read(path).by_key()
    exp, sin, add = (before["ops", name, "float64"] for name in ("exp", "sin", "add"))
    assert (exp.state, sin.state, add.state) == ("expected", "pass", "fail") and sin.reason
    declared.write_text(DECLARED.format("tan"))
    # The device has been mended; what passed would fail, were it run again.
    xgpu.register_backend("wrong", wrong.Wrong(cos=wrong.exp_off_by_3))
    try:
        assert call("--resume", str(path), "-n", "0").exit_code == 1
        assert schema.read(path).by_key() == before
        assert call("--resume", str(path), "--failed", "-n", "0").exit_code == 0
    finally:
        xgpu.unregister_backend("wrong")
    after = schema.read(path)
    assert after.finished and after.counts()["pass"] == 4
    assert not any(cell.reason for cell in after.cells if cell.state == "pass")
    same = {key for key, cell in after.by_key().items() if cell == before[key]}
    assert set(before) - same == {exp.key, sin.key, add.key}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'BACKEND'"),
        (("nowhere",), "no backend serves device type 'nowhere'"),
        (("cpu:7",), "no device 'cpu:7'"),
        (("cpu", "--functions", "exq"), "no op or function 'exq'"),
        (("cpu", "--functions", "fft.ff"), "there are fft.fft,"),
        (("cpu", "--dtypes", "float31"), "no dtype 'float31'"),
        (("cpu", "--functions", "logical_not", "--dtypes", "int8"), "no cell has one of"),
        (("cpu", "--level", "all"), "'all' is not one of"),
        (("cpu", "--without", "colour"), "'colour' is not one of"),
        (("cpu", "--replay", "exp"), "not the id of a cell or a value"),
        (("cpu", "--replay", "level=ops&name=exq&dtype=int8"), "there is no cell"),
        (("--replay", "level=ops&name=exp&dtype=float32"), "Missing argument 'BACKEND'"),
        (("cpu", "--load", "no_such_module"), "No module named 'no_such_module'"),
        (("cpu", "--expected", "/no/file.toml"), "cannot read /no/file.toml"),
        (("cpu", "-n", "0", "--functions", "add", "--json", "/no/a.json"), "cannot write"),
        (("--resume", "/no/a.json"), "cannot read the report"),
        (("cpu", "--failed"), "name it by --resume FILE"),
    ],
)
def test_a_wrong_command_line(arguments: tuple[str, ...], said: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.replace("│", "").split())


def test_help() -> None:
    result = call("--help")
    assert result.exit_code == 0
    assert "BACKEND" in result.output and "--replay" in result.output
    assert "conformance" in CliRunner().invoke(main, ["--help"]).output
