"""`xgpu bench`: its table, files and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xgpu.bench.cases import CASES
from xgpu.bench.libraries import LIBRARIES
from xgpu.cli.main import main

QUICK = ("--elements", "300", "--seconds", "0.01")


def bench(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "140"}).invoke(main, ["bench", *args])


@pytest.fixture(autouse=True)
def _small_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xgpu.bench.ceiling.LARGE", 1 << 16)


def test_a_run_gives_tables_json_and_a_plot(tmp_path: Path) -> None:
    figures, plot = tmp_path / "bench.json", tmp_path / "bench.png"
    result = bench(
        *("--device", "cpu", "--peer", "numpy", *QUICK, "--size", "100", "--size", "1000"),
        *("--only", "sort", "--only", "sizes", "--only", "add"),
        *("--json", str(figures), "--plot", str(plot)),
    )
    assert result.exit_code == 0, result.output
    data = json.loads(figures.read_text())
    assert [(row["case"], row["elements"]) for row in data["rows"]] == [
        ("sort", 300),
        ("chain", 100),
        ("sum", 100),
        ("softmax", 100),
        ("add", 300),
    ]
    for row in data["rows"]:
        assert row["best_peer"] == "numpy"
        ratio = row["cells"]["numpy"]["median"] / row["cells"]["xgpu"]["median"]
        assert row["ratio"] == pytest.approx(ratio)
    lines = result.output.splitlines()
    (heading,) = [line for line in lines if line.startswith("case")]
    assert heading.split()[1:4] == ["elements", "xgpu", "numpy"]
    (sort,) = [line.split() for line in lines if line.startswith("sort ")]
    assert float(sort[2]) == pytest.approx(
        data["rows"][0]["cells"]["xgpu"]["median"] * 1e3, rel=1e-3
    )
    assert float(sort[4]) == pytest.approx(data["rows"][0]["ratio"], abs=0.006)
    assert "geometric means over the main rows" in result.output
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert plot.stat().st_size > 20_000


def test_what_there_is_is_listed() -> None:
    result = bench("--list")
    assert result.exit_code == 0
    for name in (*CASES, *LIBRARIES, "main", "sizes", "host"):
        assert name in result.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--device", "nonsense"], "no backend serves device type 'nonsense'"),
        (["--only", "nothing"], "no part or case 'nothing'"),
        (["--peer", "matlab"], "no library 'matlab'; there are: xgpu, numpy"),
        (["--without", "jit"], "LIBRARY:CASE"),
        (["--without", "jit:nothing"], "LIBRARY:CASE"),
        (["--without", "matlab:sort"], "no library 'matlab'"),
        (["--size", "0"], "--size"),
        (["--elements", "many"], "--elements"),
        (["--seconds", "0"], "--seconds"),
        (["--limit", "-1"], "--limit"),
        (["--device", "cpu", "--json", "no_such_folder/a.json"], "no_such_folder"),
        (["--device", "cpu", "--plot", "a.numbers"], "png"),
    ],
)
def test_a_bad_command_line_is_one_error(args: list[str], said: str) -> None:
    result = bench(*args)
    assert result.exit_code == 2, result.output
    assert said in result.output


def test_a_missing_package_names_the_extra() -> None:
    code = "import sys; sys.modules['matplotlib'] = None\nfrom xgpu.cli.main import main\nmain()"
    command = [sys.executable, "-c", code, "bench", "--device", "cpu", "--plot", "a.png"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "xgpu-array[bench]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_result_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numexpr.py").write_text(
        "__version__ = '0'\ndef evaluate(text, names):\n    return names['x'] - names['y']\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    result = bench("--device", "cpu", "--peer", "numexpr", "--peer", "cupy", *QUICK,
                   "--only", "add")  # fmt: skip
    assert result.exit_code == 1
    assert "FAILED: x + y, numexpr: it differs by" in result.output
    assert "cupy: not here: CuPy computes on GPUs alone" in result.output
