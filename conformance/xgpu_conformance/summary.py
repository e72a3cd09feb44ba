"""What the terminal shows of a report."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xgpu_conformance.report.again import again
from xgpu_conformance.schema import STATES, Cell, Report, State

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
"""Failed cells that are listed, each with those that fail alike."""
ALIKE: Final = 5
"""Cells that fail alike and are named."""


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
    _failed(report, console)
    for cell in report.cells:
        if cell.state == "pass" and cell.reason:
            console.print(f"[yellow]passes[/] {escape(cell.id)}: {escape(cell.reason)}")


def _failed(report: Report, console: Console) -> None:
    """Failed cells; those of which the first thing wrong is the same are told once."""
    groups: dict[str, list[Cell]] = {}
    for cell in report.cells:
        if cell.state == "fail":
            groups.setdefault(cell.failures[0].message if cell.failures else "", []).append(cell)
    for cell, *others in list(groups.values())[:FAILED]:
        console.print(
            f"[bold red]fail[/] {escape(cell.id)}: {escape(_amount(cell))}", soft_wrap=True
        )
        told = {failure.message: failure for failure in reversed(cell.failures)}
        for failure in list(reversed(told.values()))[:2]:
            console.print(f"    {escape(failure.message)}", soft_wrap=True)
            command = again(report.device, cell.level, cell.name, failure.id)
            console.print(f"    {escape(command)}", soft_wrap=True, style="dim")
        if cell.reason:
            console.print(f"    {escape(cell.reason)}", soft_wrap=True)
        if others:
            named = [f"{c.level} {c.name} {c.dtype}" for c in others[:ALIKE]]
            more = f" and {len(others) - ALIKE} more" if len(others) > ALIKE else ""
            console.print(f"    the same in {escape(', '.join(named))}{more}", soft_wrap=True)
    left = sum(len(cells) for cells in list(groups.values())[FAILED:])
    if left:
        console.print(f"and {left} more failed cells: --json FILE has them all")


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
                f"{cell.level} {cell.name}",
                cell.dtype,
                f"{cell.worst.ulp:.3g}",
                f"{cell.worst.bound:g}",
                escape(given),
            )
    return table
