"""``python -m tests.wrong_backends``: how many wrong backends the suites find."""

from __future__ import annotations

import json
import platform
import shlex
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import xgpu
from tests.wrong_backends import kill, official
from tests.wrong_backends.table import MUTANTS
from xgpu_conformance.official import SuiteError, check, commit

_FILE = click.Path(dir_okay=False, path_type=Path)


def chosen(names: tuple[str, ...]) -> list[str]:
    """The ids given, and those that begin with a name that ends in ``*``; all, for none.

    Raises:
        click.UsageError: there is none of a name.
    """
    found: list[str] = []
    for name in names:
        ids = [i for i in MUTANTS if i == name or (name[-1:] == "*" and i.startswith(name[:-1]))]
        if not ids:
            raise click.UsageError(f"no wrong backend is named {name!r}; --list shows them all")
        found += ids
    return list(dict.fromkeys(found)) or list(MUTANTS)


@click.command()
@click.option("--only", multiple=True, metavar="ID", help="This one; 'sum-*' for several.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option("--json", "path", type=_FILE, metavar="FILE", help="Write each verdict.")
@click.option(
    "--official",
    "suite",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="PATH",
    help="Run this checkout of data-apis/array-api-tests instead of the conformance suite.",
)
@click.option(
    "--near", is_flag=True, help="Run what names the wrong function alone: quick, and less."
)
@click.option("--list", "listed", is_flag=True, help="Print what there is, and stop.")
def main(
    only: tuple[str, ...],
    jobs: int,
    path: Path | None,
    suite: Path | None,
    near: bool,
    listed: bool,
) -> None:
    """Run the conformance suite against each wrong backend, until a cell fails.

    Exit status 1 unless all are killed.
    """
    console = Console()
    ids = chosen(only)
    if listed:
        for id in ids:
            console.print(f"{id}: {MUTANTS[id].wrong}", markup=False, highlight=False)
        return
    start = time.monotonic()
    if suite is None:
        running = (asdict(v) for v in kill.verdicts(ids, jobs, near))
    else:
        try:
            check(suite)
        except SuiteError as error:
            raise click.UsageError(str(error)) from None
        running = (asdict(v) for v in official.verdicts(ids, jobs, suite.resolve(), near))
    found = _shown(console, running, len(ids))
    order = {id: number for number, id in enumerate(MUTANTS)}
    found.sort(key=lambda verdict: order[verdict["id"]])
    seconds = time.monotonic() - start
    if path is not None:
        about = {
            "command": _command(suite),
            "date": datetime.now(UTC).date().isoformat(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "xgpu": xgpu.__version__,
            "suite": "xgpu_conformance" if suite is None else commit(suite),
            "seconds": round(seconds),
        }
        write(path, about, found)
    _summed(console, found, seconds)
    sys.exit(0 if all(killed(verdict) for verdict in found) else 1)


def _command(suite: Path | None) -> str:
    """The command line, wherever the official suite lies."""
    given = ["PATH" if suite is not None and a == str(suite) else a for a in sys.argv[1:]]
    return f"python -m tests.wrong_backends {shlex.join(given)}"


def write(path: Path, about: dict[str, Any], found: list[dict[str, Any]]) -> None:
    """Write what was run and each verdict, one to a line."""
    lines = ",\n".join(f"  {json.dumps(verdict)}" for verdict in found)
    rest = json.dumps(about, indent=1).removesuffix("\n}")
    path.write_text(f'{rest},\n "backends": [\n{lines}\n ]\n}}\n')


def killed(verdict: dict[str, Any]) -> bool:
    """Whether a verdict is of a backend that was found to be wrong."""
    return bool(verdict["cell"])


def _shown(console: Console, running: Any, total: int) -> list[dict[str, Any]]:
    found = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("killed 0", total=total)
        for verdict in running:
            found.append(verdict)
            if not killed(verdict):
                progress.console.print(
                    f"survived: {verdict['id']}: {verdict['wrong']}", markup=False
                )
            count = sum(map(killed, found))
            progress.update(task, advance=1, description=f"killed {count}")
    return found


def _summed(console: Console, found: list[dict[str, Any]], seconds: float) -> None:
    every = Counter(verdict["kind"] for verdict in found)
    dead = Counter(verdict["kind"] for verdict in found if killed(verdict))
    table = Table("class", "killed", "of")
    for kind, count in every.items():
        table.add_row(kind, str(dead[kind]), str(count))
    console.print(table)
    survivors = [verdict for verdict in found if not killed(verdict)]
    for verdict in survivors:
        console.print(f"survived: {verdict['id']}: {verdict['wrong']}", markup=False)
    console.print(f"killed {len(found) - len(survivors)}/{len(found)} in {seconds:.0f} s")


if __name__ == "__main__":
    main()
