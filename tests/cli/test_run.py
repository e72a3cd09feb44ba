"""`xgpu run`: the script's device, arguments, exit code; and what bad command lines say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import json, os, sys
import sibling
import xgpu
print(json.dumps({
    "name": __name__, "file": os.path.basename(__file__), "argv": sys.argv[1:],
    "device": str(xgpu.zeros(1).device), "environment": os.environ.get("XGPU_DEVICE"),
    "sibling": sibling.VALUE,
}))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that prints what it was run with."""
    (tmp_path / "sibling.py").write_text("VALUE = 42\n")
    path = tmp_path / "show.py"
    path.write_text(SHOW)
    return path


def xgpu_run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xgpu.cli", "run", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("before", "after", "argv", "device"),
    [
        ([], [], [], None),
        (["--device", "cpu"], [], [], "cpu"),
        ([], ["--device", "cpu"], [], "cpu"),
        ([], ["--device=cpu:0", "a", "--steps", "3"], ["a", "--steps", "3"], "cpu:0"),
        ([], ["--help"], ["--help"], None),
        ([], ["-v", "--", "--device", "x"], ["-v", "--", "--device", "x"], None),
        (["--device=cpu"], ["--device", "mine"], ["--device", "mine"], "cpu"),
        ([], ["--device", "cpu", "--device", "mine"], ["--device", "mine"], "cpu"),
    ],
)
def test_the_script_gets_its_device_and_arguments(
    script: Path, before: list[str], after: list[str], argv: list[str], device: str | None
) -> None:
    done = xgpu_run(*before, script, *after)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "name": "__main__",
        "file": "show.py",
        "argv": argv,
        "device": "cpu",
        "environment": device,
        "sibling": 42,
    }


def test_another_device_than_the_default(script: Path, unusual_plugins: Path) -> None:
    done = xgpu_run(script, "--device", "other:0")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["device"] == "other:0"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["no_such_file.py"], "no_such_file.py"),
        (["SCRIPT", "--device", "nonsense"], "no backend serves device type 'nonsense'"),
        (["--device", "cpu:7", "SCRIPT"], "no device 'cpu:7'"),
        (["SCRIPT", "--device"], "needs a device"),
        (["--devise", "cpu", "SCRIPT"], "--devise"),
        ([], "SCRIPT"),
        (["FOLDER"], "is a directory"),
    ],
)
def test_a_bad_command_line_is_one_error(script: Path, args: list[str], said: str) -> None:
    places = {"SCRIPT": str(script), "FOLDER": str(script.parent)}
    done = xgpu_run(*[places.get(arg, arg) for arg in args])
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_scripts_own_exit_code_and_errors_pass_through(tmp_path: Path) -> None:
    leaving = tmp_path / "leaving.py"
    leaving.write_text("raise SystemExit(7)\n")
    assert xgpu_run(leaving).returncode == 7
    failing = tmp_path / "failing.py"
    failing.write_text("1 / 0\n")
    done = xgpu_run(failing)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
