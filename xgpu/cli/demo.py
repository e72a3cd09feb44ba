"""`xgpu demo`: one portable program on real data, on every device found."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import xgpu
from xgpu.bench.cases.digits import load_program
from xgpu.cli import picture
from xgpu.cli.choose import chosen, look
from xgpu.cli.program import (
    NEEDED_ACCURACY,
    TOLERANCE,
    Measured,
    load_data,
    measure,
)

FAILURES = (
    xgpu.BackendUnavailableError,
    xgpu.KernelError,
    xgpu.OutOfMemoryError,
    xgpu.PluginError,
    xgpu.UnsupportedOperationError,
)


@click.command()
@click.option(
    "--device", "names", metavar="D", multiple=True, help="Only this device; may be repeated."
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a picture of the projected digits.",
)
def demo(names: tuple[str, ...], plot: Path | None) -> None:
    """Handwritten digits: k-means, PCA and softmax regression, on every device found.

    Prints for each device the time, the kernels launched and the ops that they fuse, the test
    accuracy, and the largest difference from the same program run by NumPy. Exit code 1 if a
    device fails, is less accurate than it must be, or differs by more than the tolerance.
    """
    console = Console()
    devices = [chosen(name) for name in names]
    absent: dict[str, str] = {}
    for entry in xgpu.backends() if not names else ():
        found, absent[entry.type] = look(entry.type)
        devices += found
    if plot is not None:
        picture.check(plot)
    data = load_data()
    program = load_program()
    reference = program.digits(data.images, data.labels, np)
    measured: list[Measured] = []
    failed: dict[str, str] = {}
    with Progress(console=console, transient=True) as progress:
        for device in devices:
            done = partial(progress.advance, progress.add_task(str(device), total=program.STEPS))
            try:
                measured.append(measure(program, data, reference, device, done))
            except FAILURES as error:
                failed[str(device)] = str(error)
    console.print(table(measured))
    console.print(
        f"\n{len(data.labels):,} handwritten digits, every third of them a test. Needed: accuracy "
        f"{NEEDED_ACCURACY:.2f}, difference from NumPy at most {TOLERANCE:.0e} (float64)."
    )
    for name, reason in absent.items():
        if reason:
            console.print(f"{name}: no device here: {reason}", markup=False)
    for name, reason in failed.items():
        console.print(f"{name}: failed: {reason}", markup=False)
    if plot is not None and measured:
        picture.draw(plot, measured[-1].projection, data.labels, measured[-1].device)
        console.print(f"picture: {plot}", markup=False)
    if failed or not all(run.passed() for run in measured):
        sys.exit(1)


def table(measured: list[Measured]) -> Table:
    """The results, a row for each device, in less than 80 columns."""
    result = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    result.add_column("device", no_wrap=True)
    for heading in (
        "time",
        "of it\ncompiling",
        "kernels",
        "ops per\nkernel",
        "most\nin one",
        "test\naccuracy",
        "largest\ndifference",
        "",
    ):
        result.add_column(heading, justify="right", no_wrap=True)
    for run in measured:
        result.add_row(
            run.device,
            f"{run.seconds:.3f} s",
            f"{run.compiling:.3f} s",
            f"{len(run.ops):,}",
            f"{np.mean(run.ops):.1f}",
            f"{max(run.ops)}",
            f"{run.accuracy:.4f}",
            f"{run.difference:.1e}",
            "ok" if run.passed() else "FAILED",
        )
    return result
