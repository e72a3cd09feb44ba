"""`xgpu new-backend`: a complete plugin project, to begin from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import get_args

import click

from xgpu_conformance.new_backend import writing
from xgpu_conformance.report.filling import MissingExtraError


@click.command("new-backend")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(get_args(writing.Kind)),
    default="namespace",
    show_default=True,
    help="namespace: over a library with the array API's functions; kernel: programs are compiled.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The folder that the project's own folder is put into.",
)
def new_backend(name: str, kind: writing.Kind, into: Path) -> None:
    """Write a plugin project for the device type NAME.

    It has an entry point, a backend that works as it is, xgpu's conformance suite as its tests,
    and a README with what to do next.
    """
    try:
        folder = writing.write(name, kind, into)
    except (writing.ProjectError, MissingExtraError) as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{folder}: a complete plugin, which its README.md explains. Install and test it:")
    click.echo(f"    cd {shlex.quote(str(folder))}")
    click.echo("    python -m pip install -e '.[test]'")
    click.echo("    python -m pytest")
