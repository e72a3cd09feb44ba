"""`xgpu`: its commands, one module each."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

import xgpu
from xgpu.cli.bench import bench
from xgpu.cli.demo import demo
from xgpu.cli.devices import devices
from xgpu.cli.run import run

ELSEWHERE: Final = {
    "conformance": "xgpu_conformance.command",
    "new-backend": "xgpu_conformance.new_backend.command",
}
"""Commands of packages that xgpu does not import: loaded by name when they are asked for."""


class Commands(click.Group):
    """The commands of this package, and those that are elsewhere."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name, if there is one."""
        if name not in ELSEWHERE:
            return super().get_command(ctx, name)
        attribute = name.replace("-", "_")
        command: click.Command = getattr(import_module(ELSEWHERE[name]), attribute)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(xgpu.__version__, prog_name="xgpu")
def main() -> None:
    """Array code written once, run on any backend."""


main.add_command(bench)
main.add_command(devices)
main.add_command(demo)
main.add_command(run)
