"""`xgpu run`: a script on a chosen device."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import click

import xgpu
from xgpu.cli.choose import chosen


@click.command(
    context_settings={"allow_interspersed_args": False},
    options_metavar="",
)
@click.option("--device", metavar="D", help="Device, such as cpu, cuda:0 or cudasim:0.")
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[--device D] [ARGS]...")
def run(device: str | None, script: Path, args: tuple[str, ...]) -> None:
    """Run SCRIPT as a program with D as xgpu's default device.

    --device stands right before or right after SCRIPT; all that follows is the script's own.
    Without it, the default device stays what XGPU_DEVICE says, or cpu.
    """
    if device is None:
        device, args = take_device(args)
    if device is not None:
        xgpu.set_default_device(chosen(device))
        os.environ["XGPU_DEVICE"] = device  # for processes that the script starts
    sys.argv = [str(script), *args]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def take_device(args: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Split ``--device D`` or ``--device=D`` off the front of a script's arguments."""
    if args and args[0].startswith("--device="):
        return args[0].partition("=")[2], args[1:]
    if not args or args[0] != "--device":
        return None, args
    if len(args) == 1:
        raise click.UsageError("option '--device' needs a device, such as cpu or cuda:0")
    return args[1], args[2:]
