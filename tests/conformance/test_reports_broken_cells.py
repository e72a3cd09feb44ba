"""A plugin that crashes, hangs or wavers in one cell: that cell fails, the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import xgpu
from tests.conformance import wrong
from xgpu.cli.main import main
from xgpu_conformance import cell, schema
from xgpu_conformance.case import Options, Planned, Setting

REGISTERS = """
import os, signal, time
import xgpu
from tests.conformance.wrong import Wrong

def segfaults(x):
    os.kill(os.getpid(), signal.SIGSEGV)

def ends(x):
    os._exit(7)

def hangs(x):
    time.sleep(100)

xgpu.register_backend("broken", Wrong(exp=segfaults, log=ends, sin=hangs))
"""


def test_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "registers_broken.py").write_text(REGISTERS)
    path = tmp_path / "report.json"
    command = "broken --load registers_broken --level ops --functions abs,cos,exp,log,sin -n 2"
    command += " --dtypes float32 --large 2003 --timeout 4"
    try:
        words = ["conformance", *command.split(), "--json", str(path)]
        result = CliRunner(env={"COLUMNS": "160"}).invoke(main, words)
    finally:
        xgpu.unregister_backend("broken")
    assert result.exit_code == 1, result.output
    report = schema.read(path)
    assert report.finished
    ran = {c.name: c for c in report.cells if c.reason != schema.NOT_SELECTED}
    said = {c.name: c.failures[0].message for c in ran.values() if c.state == "fail"}
    assert said == {
        "exp": "the process was ended by SIGSEGV",
        "log": "the process ended with status 7",
        "sin": "no result within 4 s; the process was ended",
    }
    assert ran["abs"].state == ran["cos"].state == "pass"
    line = "xgpu conformance --replay 'device=broken:0&level=ops&name=exp&dtype=float32&case="
    assert line in result.output and "SIGSEGV" in result.output


@pytest.fixture
def wavering() -> Iterator[xgpu.Device]:
    """The reference, but for the first sum of two arrays."""
    seen: list[Any] = []

    def add(x: Any, y: Any) -> Any:
        seen.append(x)
        return x + y if len(seen) != 1 else x - y - y - 1

    xgpu.register_backend("wrong", wrong.Wrong(add=add))
    yield xgpu.device("wrong:0")
    xgpu.unregister_backend("wrong")


def test_a_program_that_goes_wrong_once_fails_with_its_script(wavering: xgpu.Device) -> None:
    pytest.importorskip("hypothesis", reason="no Hypothesis")
    planned = Planned("programs", "elementwise", "int32")
    found = cell.run(Setting(wavering, Options(examples=10)), planned)
    assert found.state == "fail"
    (failure,) = found.failures
    assert "went wrong, and did not when it was run again" in failure.message
    assert "import xgpu" in failure.message and "&program=" in failure.id
