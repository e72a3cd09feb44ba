"""Whether the tests see each function, method and operator go wrong.

``python tests/mutation.py`` makes each mutant of `tests.mutants` in turn, in a process of its own,
and runs the tests on one device until one fails. A mutant is killed by a test that fails with it
and passes without. Prints killed/total and each survivor; exit status 1 unless all are killed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import click
import hypothesis  # noqa: F401  what tests import is imported once, before the processes part
import mpmath  # noqa: F401
import numpy as np  # noqa: F401
import pytest
import scipy.linalg  # noqa: F401

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # this is a script, which is in no package

from tests import mutants  # noqa: E402

FEW: Final = 4
"""Files that are tried first."""

OF_ARRAYS: Final = ("test_array", "test_operators", "test_indexing")
"""Files of tests of arrays and their operators."""

OTHERS: Final = ("backends", "cli", "codegen", "docs", "programs")
"""Folders of tests whose subject is not what functions give."""


class Verdict(NamedTuple):
    """What became of a mutant."""

    mutant: str
    killer: str | None  #: the test that failed


@cache
def files() -> dict[Path, str]:
    """The files of tests that are asked, values before chapters, each with its text."""
    tests = ROOT / "tests"
    found = [p for p in tests.rglob("test_*.py") if p.relative_to(tests).parts[0] not in OTHERS]
    skipped = ("test_house.py", "test_docs.py", "test_mutation.py", "test_import.py")
    found = [p for p in found if p.name not in skipped]
    return {p: p.read_text() for p in sorted(found, key=lambda p: ("values" not in p.parts, p))}


@cache
def helpers() -> dict[str, str]:
    """The modules that tests import from each other, by their dotted names, each with its text."""
    tests = ROOT / "tests"
    found = [p for p in tests.rglob("*.py") if not p.name.startswith("test_")]
    return {".".join(p.relative_to(ROOT).with_suffix("").parts): p.read_text() for p in found}


def chosen(mutant: str) -> list[Path]:
    """The files of tests in the order in which they are likely to kill a mutant.

    First those of its chapter, then those that name what is mutated, then those whose helpers do,
    then the others.
    """
    pattern = mutants.named(mutant)
    chapter = mutants.chapter(mutant)

    def rank(path: Path) -> int:
        text = files()[path]
        hits = len(pattern.findall(text))
        if chapter == "array" and path.stem in OF_ARRAYS:
            return OF_ARRAYS.index(path.stem) - (30 if hits else 8)
        if path.stem == f"test_{chapter}":
            return -10 - min(hits, 3)
        if hits:
            return -min(hits, 3) - 10 * (chapter == "array")
        texts = [body for module, body in helpers().items() if module in text]
        return 1 if not any(pattern.search(body) for body in texts) else 0

    return sorted(files(), key=rank)


class Job(NamedTuple):
    """Tests to run in a process of their own."""

    mutant: str  #: "" for none
    tests: list[str]
    later: list[str]  #: to run if none of them fails


class Outcome(NamedTuple):
    """What came of a job."""

    job: Job
    status: int  #: pytest's exit status
    failed: list[str]
    output: str


def outcomes(jobs: Iterable[Job], at_once: int, device: str) -> Iterator[Outcome]:
    """Run each job in a fork of this process, which has imported what takes long to import."""
    waiting, running = deque(jobs), dict[int, tuple[Job, Path]]()
    with tempfile.TemporaryDirectory() as folder:
        number = 0
        while waiting or running:
            while waiting and len(running) < at_once:
                job, path = waiting.popleft(), Path(folder) / str(number)
                number += 1
                child = os.fork()
                if not child:
                    _child(job, path, device)
                running[child] = job, path
            child, status = os.wait()
            job, path = running.pop(child)
            failed, output = path.with_suffix(".failed"), path.with_suffix(".output")
            yield Outcome(
                job,
                os.waitstatus_to_exitcode(status),
                failed.read_text().splitlines() if failed.exists() else [],
                output.read_text(errors="replace"),
            )


def _child(job: Job, path: Path, device: str) -> NoReturn:
    """Be the process of a job, and end."""
    status = 70  # nothing of pytest's
    try:
        output = os.open(path.with_suffix(".output"), os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if job.mutant:
            mutants.make(job.mutant)
        plugin = mutants.Plugin(job.mutant, device)
        arguments = ["-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist"]
        arguments += ["-o", "timeout=60", "--rootdir", str(ROOT), *(["-x"] if job.mutant else [])]
        # What is imported already is not rewritten, and need not be.
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        status = int(pytest.main([*arguments, *job.tests], plugins=[plugin]))
        path.with_suffix(".failed").write_text("\n".join(plugin.failed))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def kill(wanted: list[str], paths: list[str], at_once: int, device: str) -> Iterator[Verdict]:
    """Try each mutant on the likeliest files of tests and then on all, or on ``paths`` alone."""
    jobs = deque[Job]()
    for mutant in wanted:
        order = [] if paths else [str(p) for p in chosen(mutant)]
        jobs.append(Job(mutant, paths or order[:FEW], order[FEW:]))
    while jobs:
        round_, jobs = jobs, deque()
        for job, status, failed, output in outcomes(round_, at_once, device):
            if failed:
                yield Verdict(job.mutant, failed[0])
            elif status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                raise click.ClickException(f"pytest ended with {status} on {job.mutant}:\n{output}")
            elif job.later:
                jobs.append(Job(job.mutant, job.later, []))
            else:
                yield Verdict(job.mutant, None)


def unsound(killers: list[str], device: str) -> list[str]:
    """Those of the tests that fail without a mutant too."""
    if not killers:
        return []
    (outcome,) = outcomes([Job("", killers, [])], 1, device)
    if outcome.status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise click.ClickException(f"pytest failed without a mutant:\n{outcome.output}")
    return outcome.failed


def named(name: str) -> list[str]:
    """The mutant of that name, or those that have it in theirs.

    Raises:
        click.UsageError: there is none.
    """
    every = mutants.names()
    found = [name] if name in every else [m for m in every if name in m]
    if not found:
        raise click.UsageError(f"no mutant is named {name!r}; --list shows them all")
    return found


@click.command()
@click.option(
    "--only", multiple=True, help="This mutant, or those with this in their name; all by default."
)
@click.option("--jobs", default=2, show_default=True, help="Processes at a time.")
@click.option("--device", default="cpu", show_default=True, help="The tests on this device alone.")
@click.option("--tests", multiple=True, help="Files of tests; those that fit by default.")
@click.option("--list", "listed", is_flag=True, help="Print the mutants and stop.")
@click.option("--verbose", is_flag=True, help="Print which test killed each mutant.")
def main(
    only: tuple[str, ...],
    jobs: int,
    device: str,
    tests: tuple[str, ...],
    listed: bool,
    verbose: bool,
) -> None:
    """Make each function, method and operator wrong in turn, and see whether a test fails."""
    wanted = list(dict.fromkeys(m for name in only or [""] for m in named(name)))
    if listed:
        click.echo("\n".join(wanted))
        return
    os.chdir(ROOT)
    verdicts = []
    for verdict in kill(wanted, list(tests), jobs, device):
        verdicts.append(verdict)
        if verbose or verdict.killer is None:
            click.echo(f"{verdict.mutant}: {verdict.killer or 'survived'}")
    failing = unsound(sorted({v.killer for v in verdicts if v.killer}), device)
    for test in failing:
        click.echo(f"fails without a mutant: {test}")
    survivors = [v.mutant for v in verdicts if v.killer is None or v.killer in failing]
    click.echo(f"killed {len(verdicts) - len(survivors)}/{len(verdicts)}")
    for mutant in survivors:
        click.echo(f"survived: {mutant}")
    if survivors:
        sys.exit(1)


if __name__ == "__main__":
    main()
