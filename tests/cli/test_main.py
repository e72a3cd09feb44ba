"""`xgpu`: what is common to its commands."""

from __future__ import annotations

from importlib import metadata

import pytest
from click.testing import CliRunner

import xgpu
from xgpu.cli.main import main


def test_the_version_is_the_distributions() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output == f"xgpu, version {xgpu.__version__}\n"
    assert metadata.version("xgpu-array") == xgpu.__version__


def test_the_script_is_installed() -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="xgpu")
    assert script.load() is main


@pytest.mark.parametrize("command", ["devices", "demo", "run"])
def test_each_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert f"Usage: main {command}" in result.output
    assert command in CliRunner().invoke(main, ["--help"]).output


def test_an_unknown_command_is_an_error() -> None:
    result = CliRunner().invoke(main, ["devises"])
    assert result.exit_code == 2
    assert "No such command 'devises'" in result.output
