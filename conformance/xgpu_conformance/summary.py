"""What the terminal shows of a report."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xgpu_conformance.schema import STATES, Cell, Report, State, replay_command

COLORS: Final[dict[State, str]] = {
    "pass": "green",
    "fail": "bold red",
    "expected": "yellow",
    "unsupported": "cyan",
    "untested": "magenta",
}
WORST: Final = 8
"""Cells in the table of the largest errors."""
FAILED: Final = 20
"""Failed cells that are listed."""


def show(report: Report, console: Console) -> None:
    """Counts by level and state, the largest errors, and what failed with its replay lines."""
    named = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    console.print(
        f"[bold]{escape(report.device)}[/]  backend {escape(report.backend)}, "
        f"{escape(report.device_name)}; {escape(named)}; seed {report.seed}"
    )
    if report.flags:
        given = ", ".join(f"{name}={value}" for name, value in report.flags.items())
        console.print(f"options: {escape(given)}")
    console.print(_counts(report))
    worst = sorted(
        (c for c in report.cells if c.worst is not None and c.state != "fail"),
        key=lambda c: -(c.worst.ulp if c.worst else 0),
    )
    if worst:
        console.print(_worst(worst[:WORST]))
    failed = [c for c in report.cells if c.state == "fail"]
    for cell in failed[:FAILED]:
        console.print(
            f"[bold red]fail[/] {escape(cell.id)}: {escape(_amount(cell))}", soft_wrap=True
        )
        for failure in cell.failures[:2]:
            console.print(f"    {escape(failure.message)}", soft_wrap=True)
            command = replay_command(report.device, failure.id)
            console.print(f"    {escape(command)}", soft_wrap=True, style="dim")
        if cell.reason:
            console.print(f"    {escape(cell.reason)}", soft_wrap=True)
    if len(failed) > FAILED:
        console.print(f"and {len(failed) - FAILED} more failed cells")
    for cell in report.cells:
        if cell.state == "pass" and cell.reason:
            console.print(f"[yellow]passes[/] {escape(cell.id)}: {escape(cell.reason)}")


def _amount(cell: Cell) -> str:
    return (
        f"{cell.failed:,} wrong, {cell.values:,} values compared, "
        f"in {cell.failed_cases} of {cell.cases} cases"
    )


def _counts(report: Report) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("level", no_wrap=True)
    for state in STATES:
        table.add_column(state, justify="right", style=COLORS[state], no_wrap=True)
    for heading in ("cells", "values", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = [(level, [c for c in report.cells if c.level == level]) for level in report.levels]
    for name, cells in [*rows, ("all", list(report.cells))] if len(rows) > 1 else rows:
        counted = [str(sum(c.state == state for c in cells)) for state in STATES]
        values = f"{sum(c.values for c in cells):,}"
        table.add_row(
            name, *counted, str(len(cells)), values, f"{sum(c.seconds for c in cells):.1f}"
        )
    return table


def _worst(cells: list[Cell]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    for heading in ("largest errors", "dtype"):
        table.add_column(heading)
    table.add_column("ULP", justify="right")
    table.add_column("allowed", justify="right")
    table.add_column("of", overflow="fold")
    for cell in cells:
        if cell.worst is not None:
            given = ", ".join(cell.worst.inputs)
            table.add_row(
                cell.name,
                cell.dtype,
                f"{cell.worst.ulp:.3g}",
                f"{cell.worst.bound:g}",
                escape(given),
            )
    return table
