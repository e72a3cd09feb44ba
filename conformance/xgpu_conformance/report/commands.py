"""`xgpu conformance report`, `diff` and `badge`: what is made of the JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xgpu_conformance import schema
from xgpu_conformance.report import badge as badges
from xgpu_conformance.report import diff as diffs
from xgpu_conformance.report import page
from xgpu_conformance.report.filling import MissingExtraError

_REPORT = click.Path(dir_okay=False, path_type=Path)
_COLORS: Final[dict[diffs.Kind, str]] = {
    "regression": "bold red",
    "improvement": "green",
    "change": "yellow",
    "accuracy": "cyan",
    "not compared": "magenta",
    "same": "",
}
LISTED: Final = 50
"""Cells of each kind that the terminal lists."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=_REPORT, metavar="FILE.json...")
@click.option("--html", "out", required=True, type=_REPORT, metavar="FILE", help="The page.")
def report(files: tuple[Path, ...], out: Path) -> None:
    """Write a page with the cells of one or several reports, side by side.

    The page is one file that needs no network: states by function and dtype, with filters, the
    largest error of each cell, the input that caused it, and the command that runs it again.
    """
    with _usage_errors():
        page.write([schema.read(file) for file in files], out)
    click.echo(f"page: {out}")


@click.command()
@click.argument("before", type=_REPORT, metavar="BEFORE.json")
@click.argument("after", type=_REPORT, metavar="AFTER.json")
@click.option("--accuracy", is_flag=True, help="List also what passes with another largest error.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def diff(before: Path, after: Path, accuracy: bool, as_json: bool) -> None:
    """Compare two reports: of two versions of a backend, or of two backends.

    Exit status 1 if there is a regression: a cell that passed and does not, one that fails and
    did not, or one in which more is wrong. 2 if the command line is wrong.
    """
    with _usage_errors():
        old, new = schema.read(before), schema.read(after)
    found = diffs.compare(old, new)
    if as_json:
        click.echo(json.dumps(diffs.to_plain(old, new, found), indent=1))
    else:
        _show(old, new, found, accuracy)
    sys.exit(1 if diffs.counted(found)["regression"] else 0)


@click.command()
@click.argument("file", type=_REPORT, metavar="FILE.json")
@click.option("--svg", type=_REPORT, metavar="FILE", help="The badge as a picture.")
@click.option("--endpoint", type=_REPORT, metavar="FILE", help="The badge as shields.io reads it.")
@click.option("--label", default=badges.LABEL, show_default=True, help="What it says on the left.")
def badge(file: Path, svg: Path | None, endpoint: Path | None, label: str) -> None:
    """Write a badge that says which share of a report's cells passed."""
    if svg is None and endpoint is None:
        raise click.UsageError("say what to write: --svg FILE, --endpoint FILE, or both")
    with _usage_errors():
        given = schema.read(file)
        for path, make in ((svg, badges.to_svg), (endpoint, badges.to_endpoint)):
            if path is not None:
                _write(path, make(given, label))
    click.echo(f"{label}: {badges.message(given)}")


def _show(
    old: schema.Report, new: schema.Report, found: list[diffs.Difference], accuracy: bool
) -> None:
    console = Console()
    for name, each in (("before", old), ("after", new)):
        unfinished = "" if each.finished else ", [red]not finished[/]"
        versions = ", ".join(f"{key} {value}" for key, value in each.versions.items())
        console.print(
            f"{name}: [bold]{escape(each.device)}[/]{unfinished}, {each.date}, {escape(versions)}",
            soft_wrap=True,
        )
    counts = diffs.counted(found)
    listed: list[diffs.Kind] = ["improvement", "change", "regression"]
    for kind in ["accuracy", *listed] if accuracy else listed:
        of_kind = [d for d in found if d.kind == kind]
        of_kind.sort(key=lambda d: d.states()[1] != "fail")  # wrong values first
        if of_kind:
            console.print(_table(of_kind, new.device))
        if len(of_kind) > LISTED:
            console.print(f"and {len(of_kind) - LISTED} more: --json has them all")
    console.print(
        ", ".join(
            f"[{_COLORS[kind] or 'default'}]{kind} {counts[kind]:,}[/]" for kind in diffs.KINDS
        )
    )


def _table(differences: list[diffs.Difference], device: str) -> Table:
    kind = differences[0].kind
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(kind, style=_COLORS[kind], overflow="fold")
    table.add_column("before", no_wrap=True)
    table.add_column("after", no_wrap=True)
    table.add_column("what, and how to run it again", overflow="fold")
    for difference in differences[:LISTED]:
        level, name, dtype = difference.key
        before, after = (state or "absent" for state in difference.states())
        again = diffs.replay_of(difference, device)
        said = [line for line in (diffs.describe(difference), again) if line]
        table.add_row(escape(f"{level} {name} {dtype}"), before, after, escape("\n".join(said)))
    return table


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise schema.ReportError(f"cannot write {path}: {error.strerror}") from None


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Errors of what was asked for: one message, exit status 2."""
    try:
        yield
    except (schema.ReportError, MissingExtraError) as error:
        raise click.UsageError(str(error)) from error
