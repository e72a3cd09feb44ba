"""`xgpu conformance official`: the array API's own test suite, into the same report."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

import xgpu
from xgpu_conformance import expectations, plan, schema
from xgpu_conformance import official as suites
from xgpu_conformance.report.again import again

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--suite",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="PATH",
    help="A checkout of data-apis/array-api-tests, with its submodule.",
)
@click.option("--device", "name", default="cpu", show_default=True, help="What to test.")
@click.option(
    "-n",
    "workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    metavar="WORKERS",
    help="Processes at a time; more than one needs pytest-xdist.",
)
@click.option(
    "--max-examples",
    "examples",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Examples of Hypothesis for each test.",
)
@click.option("--seed", default=0, show_default=True, help="Of Hypothesis.")
@click.option(
    "--tests",
    multiple=True,
    metavar="ID",
    help="This test or file of the suite alone; may be repeated.",
)
@click.option(
    "--json",
    "path",
    type=_FILE,
    metavar="FILE",
    help="Write the report; one that is there keeps its other levels.",
)
@click.option("--expected", type=_FILE, metavar="FILE", help="Failures that are known (TOML).")
def official(
    suite: Path,
    name: str,
    workers: int,
    examples: int,
    seed: int,
    tests: tuple[str, ...],
    path: Path | None,
    expected: Path | None,
) -> None:
    """Run the array API's own test suite on a device.

    Nothing is skipped and no failure is hidden but by a declaration, which has a reason, a link
    and a date on which it ends. Exit status 1 if a test fails, 2 if the command line is wrong.
    """
    console = Console()
    try:
        device = xgpu.device(name)
        blank = plan.blank(device, (), seed, {}, set())
        report = _into(path, blank)
        declared = suites.known() + (expectations.read(expected) if expected else ())
        suites.check(suite)
        if path is not None:
            schema.write(report, path)  # one that cannot be written is told before the run
        found = suites.run(
            suite.resolve(),
            blank.device,
            workers=workers,
            examples=examples,
            seed=seed,
            tests=tests or (suites.ALL,),
            expected=declared,
        )
        parts = [f"suite {suites.commit(suite)}", f"{examples} examples", f"seed {seed}", *tests]
        note = ", ".join(parts)
        if path is not None:
            schema.write(suites.put(report, found, partly=bool(tests), note=note), path)
    except (
        ValueError,
        suites.SuiteError,
        xgpu.BackendUnavailableError,
        xgpu.PluginError,
    ) as error:
        raise click.UsageError(str(error)) from error
    _show(blank.device, found, console)
    if path is not None:
        console.print(f"report: {path}", markup=False)
    sys.exit(1 if not found.finished or any(c.state == "fail" for c in found.cells) else 0)


def _into(path: Path | None, blank: schema.Report) -> schema.Report:
    if path is None or not path.exists():
        return dataclasses.replace(blank, finished=True)
    report = schema.read(path)
    if report.device != blank.device:
        raise click.UsageError(f"{path} is of {report.device}, not of {blank.device}")
    return report


def _show(device: str, found: suites.Outcome, console: Console) -> None:
    for state in schema.STATES:
        cells = [cell for cell in found.cells if cell.state == state]
        console.print(f"[bold]{state}[/] {len(cells):,}")
        for cell in cells if state != "pass" else [c for c in cells if c.reason]:
            console.print(f"    {escape(cell.name)}", soft_wrap=True)
            for failure in cell.failures:
                console.print(f"        {escape(failure.message.splitlines()[0])}", soft_wrap=True)
            if cell.reason:
                console.print(f"        {escape(cell.reason)}", soft_wrap=True)
            if cell.expectation:
                until = f"{cell.expectation.link}, until {cell.expectation.expires}"
                console.print(f"        {escape(until)}", soft_wrap=True)
            if state == "fail":
                line = again(device, "official", cell.name, cell.id)
                console.print(f"        {escape(line)}", soft_wrap=True, style="dim")
    if not found.finished:
        console.print("[red]pytest did not come to its end: tests are missing[/]")
