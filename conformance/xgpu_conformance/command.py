"""`xgpu conformance`: its commands. Without the name of one, `run` is meant."""

from __future__ import annotations

import click

from xgpu_conformance.command_official import official
from xgpu_conformance.command_run import run
from xgpu_conformance.report.commands import badge, diff, report


class _RunByDefault(click.Group):
    """A group of which the command `run` need not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As for the command that is named, or for `run`."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of `run`, then the commands."""
        run.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(cls=_RunByDefault, subcommand_metavar="BACKEND [OPTIONS] | COMMAND [ARGS]...")
def conformance() -> None:
    """Test a backend, each op and function value by value, and write a report.

    BACKEND is a device or a device type, such as cuda:0 or cpu.
    """


for command in (run, official, report, diff, badge):
    conformance.add_command(command)
