"""`xgpu`: its commands, one module each."""

from __future__ import annotations

import click

import xgpu
from xgpu.cli.demo import demo
from xgpu.cli.devices import devices
from xgpu.cli.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(xgpu.__version__, prog_name="xgpu")
def main() -> None:
    """Array code written once, run on any backend."""


main.add_command(devices)
main.add_command(demo)
main.add_command(run)
