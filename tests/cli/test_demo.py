"""`xgpu demo`: the table, the picture, and what makes it fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import array_api_compat.numpy as namespace
import pytest
from click.testing import CliRunner, Result

import xgpu
from xgpu.cli.main import main
from xgpu.plugin import KernelError, NamespaceBackend, Program

COLUMNS = (
    "device",
    "seconds",
    "compiling",
    "kernels",
    "ops",
    "most",
    "accuracy",
    "difference",
    "verdict",
)


def demo(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, ["demo", *args])


def rows(output: str) -> dict[str, dict[str, str]]:
    """The table's cells, by device: the lines between its rule and the first blank one."""
    _, _, below = output.partition("─\n")
    lines = [line.replace(" s ", " ").split() for line in below.partition("\n\n")[0].splitlines()]
    return {cells[0]: dict(zip(COLUMNS, cells, strict=True)) for cells in lines}


@pytest.fixture
def flawed() -> Iterator[None]:
    """Devices whose exp is off or gives NaN, and one that compiles nothing."""

    class Failing(NamespaceBackend):
        def compile(self, device: int, program: Program) -> Any:
            raise KernelError("no compiler today")

    wrong = {"exp": lambda x: namespace.exp(x * 1.000001)}
    blank = {"exp": lambda x: x * namespace.nan}
    xgpu.register_backend("wrong", NamespaceBackend("wrong", namespace, functions=wrong))
    xgpu.register_backend("blank", NamespaceBackend("blank", namespace, functions=blank))
    xgpu.register_backend("failing", Failing("failing", namespace))
    yield
    for type_ in ("wrong", "blank", "failing"):
        xgpu.unregister_backend(type_)


@pytest.mark.parametrize(
    "name", ["cpu", "cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)]
)
def test_a_device_is_measured(name: str) -> None:
    try:
        xgpu.device(name)
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"{name}: {error}")
    result = demo("--device", name)
    assert result.exit_code == 0, result.output
    (row,) = rows(result.output).values()
    assert row["device"] == name
    assert row["verdict"] == "ok"
    assert float(row["accuracy"]) >= 0.90
    assert float(row["difference"]) <= 1e-9
    assert 85 < int(row["kernels"].replace(",", "")) < 85 * 12
    assert float(row["ops"]) > 1.0
    assert int(row["most"]) >= 4


def test_the_picture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "digits.png"
    result = demo("--device", "cpu", "--plot", str(path))
    assert result.exit_code == 0, result.output
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 20_000
    assert str(path) in result.output.replace("\n", "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--device", "nonsense"], "no backend serves device type 'nonsense'"),
        (["--device", "cpu", "--plot", "digits.numbers"], "png"),
        (["--device", "cpu", "--plot", "no_such_folder/digits.png"], "no_such_folder"),
        (["--device", "cpu", "--plot", "."], "is a directory"),
    ],
)
def test_a_bad_command_line_is_one_error(args: list[str], said: str) -> None:
    result = demo(*args)
    assert result.exit_code == 2
    assert said in result.output
    assert rows(result.output) == {}


@pytest.mark.parametrize(
    ("missing", "args"), [("sklearn", []), ("matplotlib", ["--plot", "digits.png"])]
)
def test_a_missing_package_names_the_extra(missing: str, args: list[str]) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom xgpu.cli.main import main\nmain()"
    command = [sys.executable, "-c", code, "demo", "--device", "cpu", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "xgpu-array[demo]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("flawed")
def test_a_wrong_device_fails_the_demo() -> None:
    result = demo("--device", "wrong:0", "--device", "blank:0", "--device", "cpu")
    assert result.exit_code == 1
    found = rows(result.output)
    assert {device: row["verdict"] for device, row in found.items()} == {
        "wrong:0": "FAILED",
        "blank:0": "FAILED",
        "cpu": "ok",
    }
    assert float(found["wrong:0"]["accuracy"]) >= 0.90  # the comparison alone shows it
    assert found["blank:0"]["difference"] == "nan"


@pytest.mark.usefixtures("flawed")
def test_a_failing_device_is_reported_and_the_others_run() -> None:
    result = demo("--device", "failing:0", "--device", "cpu")
    assert result.exit_code == 1
    assert "failing:0: failed: " in result.output
    assert "no compiler today" in result.output
    assert list(rows(result.output)) == ["cpu"]
