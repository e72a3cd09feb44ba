"""Running the conformance suite against wrong backends until a cell of each fails."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import xgpu
from tests.wrong_backends.mutant import Mutant
from tests.wrong_backends.plugin import VARIABLE
from tests.wrong_backends.table import DEVICE, MUTANTS, register
from xgpu_conformance import Cell, plan
from xgpu_conformance.case import Options, Planned
from xgpu_conformance.schema import Level
from xgpu_conformance.workers import run_apart, run_here

LEVELS: Final[tuple[Level, ...]] = ("ops", "functions", "programs", "faults")
"""All but *exhaustive*, whose inputs are those of other levels, and many more."""

COMMON: Final = ("float32", "int32", "float64", "int64", "complex64", "bool", "uint8")
"""dtypes that are tried before others."""

TIMEOUT: Final = 5.0
"""Seconds for a case, of backends that may hang."""


@dataclass(frozen=True)
class Verdict:
    """What became of a wrong backend.

    ``cell`` is the id of the first failure, "" for none; ``cells`` is how many cells were run.
    """

    id: str
    kind: str
    wrong: str
    level: str
    cell: str
    message: str
    cells: int
    seconds: float


def ordered(mutant: Mutant, near: bool = False) -> list[Planned]:
    """All cells, those that what is wrong touches before others; these alone, if ``near``."""
    every = plan.planned(LEVELS)
    likely = [c for c in every if c.level in mutant.levels and _named(c.name, mutant.first)]
    likely = [c for c in likely if not mutant.dtypes or c.dtype in mutant.dtypes]
    likely.sort(key=lambda c: (mutant.levels.index(c.level), _rank(c.dtype)))
    chosen = set(likely)
    rest = [c for c in every if c not in chosen]
    more = [c for c in rest if _named(c.name, mutant.first)]
    chosen |= set(more)
    others = [] if near else [c for c in rest if c not in chosen]
    return [*likely, *more, *others]


def _named(name: str, wanted: Sequence[str]) -> bool:
    return name in wanted or name.rpartition(".")[2] in wanted


def _rank(dtype: str) -> int:
    return COMMON.index(dtype) if dtype in COMMON else len(COMMON)


def judged(id: str, near: bool = False) -> Verdict:
    """Make a wrong backend in this process, for good, and run cells until one fails."""
    mutant, start = MUTANTS[id], time.monotonic()
    cells = ordered(mutant, near)
    found: Iterator[Cell]
    if mutant.apart:
        os.environ[VARIABLE] = id
        cells = cells[: len(mutant.dtypes) * len(mutant.levels) * 2]
        found = run_apart(DEVICE, Options(), cells, 1, TIMEOUT, ["tests.wrong_backends.plugin"])
    else:
        register(id)
        found = run_here(xgpu.device(DEVICE), Options(), cells)
    count, failed = 0, None
    for cell in found:
        count += 1
        if cell.state == "fail":
            failed = cell
            break
    seconds = round(time.monotonic() - start, 2)
    if failed is None:
        return Verdict(id, mutant.kind, mutant.wrong, "", "", "", count, seconds)
    failure = failed.failures[0]
    message = failure.message.splitlines()[0]
    return Verdict(id, mutant.kind, mutant.wrong, failed.level, failure.id, message, count, seconds)


def verdicts(ids: Iterable[str], at_once: int, near: bool = False) -> Iterator[Verdict]:
    """What becomes of each, in whatever order they are done."""
    for id, found in forked(ids, at_once, lambda id: asdict(judged(id, near))):
        if isinstance(found, str):
            raise RuntimeError(f"the process of {id!r} failed:\n{found}")
        yield Verdict(**found)


# Processes


def forked(
    ids: Iterable[str], at_once: int, work: Callable[[str], dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Do work in a fork of this process for each, which has imported what takes long to import.

    Gives what the work gave, or what its process printed if it failed.
    """
    waiting, running = deque(enumerate(ids)), dict[int, tuple[str, Path]]()
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < at_once:
                number, id = waiting.popleft()
                path = Path(folder) / str(number)
                child = os.fork()
                if not child:
                    _child(id, path, work)
                running[child] = id, path
            child, _ = os.wait()
            id, path = running.pop(child)
            result = path.with_suffix(".json")
            if result.exists():
                yield id, json.loads(result.read_text())
            else:
                yield id, path.with_suffix(".output").read_text(errors="replace")


def _child(id: str, path: Path, work: Callable[[str], dict[str, Any]]) -> NoReturn:
    """Be the process of one wrong backend, and end."""
    try:
        output = os.open(path.with_suffix(".output"), os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        text = json.dumps(work(id))
        path.with_suffix(".json").write_text(text)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
