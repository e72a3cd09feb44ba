"""`xgpu conformance BACKEND`: run the suite, resume a run, or replay one value of it."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import xgpu
from xgpu_conformance import expectations, plan, replaying, running, schema, summary, workers
from xgpu_conformance.case import EXAMPLES, LARGE, Options, Planned, Setting
from xgpu_conformance.cell import SOURCES
from xgpu_conformance.report.again import again
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import Cell, Report

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclasses.dataclass
class Work:
    """A report, and how the cells that are left of it are run."""

    report: Report
    options: Options
    path: Path | None


@click.command()
@click.argument("backend", required=False)
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice(list(SOURCES)),
    help="This level; may be repeated. ops and functions by default.",
)
@click.option(
    "--functions",
    default="",
    metavar="A,B*,...",
    help="These ops and functions alone; * ends a beginning.",
)
@click.option("--dtypes", default="", metavar="A,B,...", help="These dtypes alone.")
@click.option(
    "-n",
    "at_once",
    default=1,
    show_default=True,
    type=click.IntRange(0, 256),
    metavar="WORKERS",
    help="Processes at a time; 0 runs all in this one.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**32 - 1),
    help="Other random numbers.",
)
@click.option(
    "--json", "path", type=_FILE, metavar="FILE", help="Write the report, from the start on."
)
@click.option(
    "--resume",
    type=_FILE,
    metavar="FILE",
    help="Go on with a report that was broken off, or lacks newer cells.",
)
@click.option(
    "--failed",
    is_flag=True,
    help="With --resume: run again, too, what failed, or was declared to fail.",
)
@click.option("--replay", metavar="ID", help="Run one cell, case or value again and show it.")
@click.option("--expected", type=_FILE, metavar="FILE", help="Failures that are known (TOML).")
@click.option(
    "--without",
    multiple=True,
    metavar="NAME",
    type=click.Choice([f.name for f in dataclasses.fields(Requirements)]),
    help="The backend does not have this: "
    + ", ".join(f.name for f in dataclasses.fields(Requirements))
    + ".",
)
@click.option(
    "--large",
    default=LARGE,
    show_default=True,
    type=click.IntRange(100, 10**9),
    metavar="N",
    help="Elements of a large array.",
)
@click.option(
    "--examples",
    default=EXAMPLES,
    show_default=True,
    type=click.IntRange(1, 10**6),
    metavar="N",
    help="Random programs for a cell.",
)
@click.option(
    "--screen",
    is_flag=True,
    help="exhaustive: compare with the reference what the device's own float64 does not confirm.",
)
@click.option(
    "--timeout",
    default=workers.TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    type=click.FloatRange(0.1),
    help="For one case; then its process is ended.",
)
@click.option(
    "--load",
    multiple=True,
    metavar="MODULE",
    help="Import this first, e.g. a module that registers the backend.",
)
def run(
    backend: str | None,
    levels: tuple[schema.Level, ...],
    functions: str,
    dtypes: str,
    at_once: int,
    seed: int,
    path: Path | None,
    resume: Path | None,
    failed: bool,
    replay: str | None,
    expected: Path | None,
    without: tuple[str, ...],
    large: int,
    examples: int,
    screen: bool,
    timeout: float,
    load: tuple[str, ...],
) -> None:
    """Test the device BACKEND, such as cuda:0.

    Exit status 1 if a cell fails, 2 if the command line is wrong.
    """
    console = Console()
    with _usage_errors():
        for module in load:
            importlib.import_module(module)
        if replay is not None:
            sys.exit(0 if _replayed(backend, replay, console) else 1)
        if resume is not None:
            work = _resumed(backend, resume, path, expected, failed)
        elif failed:
            raise click.UsageError("--failed is of a report: name it by --resume FILE")
        else:
            options = Options(seed, large, examples, screen, Requirements.without(without))
            flags = {"functions": functions, "dtypes": dtypes}
            work = _begun(backend, levels or plan.DEFAULT_LEVELS, options, flags, path, expected)
        left = running.left(work.report)
        try:
            report = _run(work, left, at_once, timeout, load, console)
        except KeyboardInterrupt:
            if work.path is not None:
                console.print(f"go on with: xgpu conformance --resume {work.path}", markup=False)
            sys.exit(130)
    summary.show(report, console)
    if work.path is not None:
        console.print(f"report: {work.path}", markup=False)
    sys.exit(1 if report.counts()["fail"] else 0)


def _begun(
    backend: str | None,
    levels: tuple[schema.Level, ...],
    options: Options,
    flags: dict[str, str],
    path: Path | None,
    expected: Path | None,
) -> Work:
    device = _device(backend)
    chosen = plan.selected(
        plan.planned(levels), _split(flags["functions"]), _split(flags["dtypes"])
    )
    if not chosen:
        raise click.UsageError("no cell has one of these functions and one of these dtypes")
    if expected is not None:
        options = dataclasses.replace(options, expected=expectations.read(expected))
        flags = {**flags, "expected": str(expected)}
    report = plan.blank(device, levels, options.seed, plan.flags(options, **flags), chosen)
    return Work(report, options, path)


def _resumed(
    backend: str | None, resume: Path, path: Path | None, expected: Path | None, failed: bool
) -> Work:
    report = plan.with_newer(schema.read(resume))
    if failed:
        report = plan.with_failed_again(report)
    device = _device(backend or report.device)
    if f"{device.type}:{device.index}" != report.device:
        raise click.UsageError(f"{resume} is of {report.device}, not of {device}")
    on = xgpu.device_info(device).name
    if report.device_name not in ("", on):
        raise click.UsageError(
            f"{resume} was made on {report.device_name}, here is {on}: begin a new report"
        )
    have = plan.versions(device)
    for name, version in report.versions.items():
        if have.get(name) != version:
            raise click.UsageError(
                f"{resume} was made with {name} {version}, here is {have.get(name, 'none')}: "
                "begin a new report"
            )
    options = plan.options_of(report)
    declared = expected or (Path(report.flags["expected"]) if "expected" in report.flags else None)
    if declared is not None:
        options = dataclasses.replace(options, expected=expectations.read(declared))
    return Work(report, options, path or resume)


def _run(
    work: Work,
    left: list[Planned],
    at_once: int,
    timeout: float,
    load: tuple[str, ...],
    console: Console,
) -> Report:
    name = work.report.device
    if at_once:
        results = workers.run_apart(name, work.options, left, at_once, timeout, load)
    else:
        results = workers.run_here(xgpu.device(name), work.options, left)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[failed]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=len(left), failed="")
        failed = 0

        def done(cell: Cell) -> None:
            nonlocal failed
            failed += cell.state == "fail"
            label = f"{failed} failed" if failed else ""
            progress.update(task, advance=1, description=f"{name} {cell.name}", failed=label)

        return running.carried_out(work.report, results, work.path, done)


def _replayed(backend: str | None, id: str, console: Console) -> bool:
    parts = schema.parse_id(id)
    device = _device(backend or parts.get("device"))
    if parts["level"] == "official":
        raise click.UsageError(f"run it by: {again(str(device), 'official', parts['name'], id)}")
    return replaying.show(Setting(device, replaying.options(parts)), parts, console)


def _device(name: str | None) -> xgpu.Device:
    if not name:
        raise click.UsageError("Missing argument 'BACKEND': a device, such as cpu or cuda:0")
    try:
        return xgpu.device(name)
    except (ValueError, xgpu.BackendUnavailableError, xgpu.PluginError):
        raise
    except Exception as error:  # whatever a plugin raises
        raise click.UsageError(f"{name}: {error.__class__.__name__}: {error}") from error


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Errors of what was asked for: one message, exit status 2."""
    try:
        yield
    except (
        ImportError,
        ValueError,
        workers.WorkerError,
        xgpu.BackendUnavailableError,
        xgpu.PluginError,
    ) as error:
        raise click.UsageError(str(error)) from error


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
