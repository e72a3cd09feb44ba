"""`xgpu`: its commands, one module each."""

from __future__ import annotations

from importlib.metadata import version

import click

from xgpu.cli.demo import demo
from xgpu.cli.devices import devices
from xgpu.cli.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("xgpu-array"), prog_name="xgpu")
def main() -> None:
    """Array code written once, run on any backend."""


main.add_command(devices)
main.add_command(demo)
main.add_command(run)
