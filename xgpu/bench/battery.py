"""The battery: every case on every library, in a process each, compared and then timed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from xgpu.bench.case import Case
from xgpu.bench.files import KEPT, Files
from xgpu.bench.process import START, GoneError, Process
from xgpu.bench.results import Cell, Results, Row
from xgpu.bench.statistics import median

HOST_CALLS, HOST_ROUNDS = 100, 31


@dataclass(frozen=True)
class Job:
    """One row that is to be run."""

    case: Case
    elements: int | None = None  #: None: full size
    part: str = "main"  #: of the battery

    @property
    def host(self) -> bool:
        """Whether the host's time per call is the figure."""
        return self.part == "host"

    @property
    def sized(self) -> Case:
        """The case at its size."""
        return self.case if self.elements is None else self.case.scaled(self.elements)


@dataclass
class Battery:
    """A run of jobs. ``say`` is told what is being done."""

    libraries: Sequence[str]
    device: str
    memory: int  #: bytes of the device, 0 if it is not known
    limit: float = 60.0  #: seconds that a library may take for a row, compiling included
    seconds: float = 0.25  #: of measuring per library and row, about
    total: float = float("inf")  #: seconds after which no further row begins
    without: Iterable[str] = ()  #: "LIBRARY:CASE" that are left out
    say: Callable[[str], None] = lambda said: None
    done: Callable[[], None] = lambda: None  #: called after each row
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._processes: dict[str, Process] = {}
        self._begun = perf_counter()

    def run(self, jobs: Sequence[Job], results: Results) -> None:
        """Run the jobs, and add their rows to ``results``."""
        with tempfile.TemporaryDirectory(prefix="xgpu-bench-", dir=_folder(jobs)) as folder:
            files = Files(Path(folder))
            try:
                self._start(self.libraries, results)
                for job in jobs:
                    self._job(job, files, results)
            finally:
                for process in self._processes.values():
                    process.end()

    def _start(self, libraries: Iterable[str], results: Results) -> None:
        """Start processes, all at a time; those that cannot be used here are noted as absent."""
        started = [name for name in libraries if name not in results.absent]
        for name in started:
            self._processes[name] = Process(name, self.device, self.environment)
        for name in started:
            try:
                answer = self._processes[name].answer(START)
            except GoneError as error:
                answer = {"missing": str(error)}
            if "missing" in answer:
                results.absent[name] = answer["missing"]
                self._processes.pop(name).end()
            else:
                results.versions[name] = answer["version"]

    def _job(self, job: Job, files: Files, results: Results) -> None:
        case = job.sized
        row = _row(job, case)
        where = f"{case.title}, {case.elements:,} elements"
        if perf_counter() - self._begun > self.total:
            results.left_out.append(f"{where}: the time for the whole run is over")
            return
        least = row.inputs + max(draw.nbytes for draw in case.draws)
        if self.memory and least > self.memory:
            results.left_out.append(
                f"{where}: it needs {least:,} bytes, {self.device} has {self.memory:,}"
            )
            return
        self.say(where + (", host" if job.host else ""))
        there = [n for n in self.libraries if n in case.programs and n not in results.absent]
        for name in there:
            if f"{name}:{case.name}" in self.without:
                row.cells[name] = Cell("left out", "not asked for")
        there = [name for name in there if name not in row.cells]
        self._start([name for name in there if name not in self._processes], results)
        there = [name for name in there if name in self._processes]
        # Side by side where all have room: then compiling takes the time of the slowest.
        together = not self.memory or case.spread * least * len(there) < self.memory
        groups = [there] if together else [[name] for name in there]
        inputs = files.inputs(case)
        reference: Path | None = None
        for group in groups:
            self._ask(row, group, "prepare", case=case.name, elements=job.elements,
                      inputs=[str(path) for path in inputs])  # fmt: skip
            if reference is None:
                reference = files.reference(case, inputs)
            self._take(row, group, self.limit)
            self._ask(row, group, "check", reference=str(reference))
            self._take(row, group, self.limit)
            sizes = [cell.outputs for cell in row.cells.values() if cell.outputs]
            row.outputs = row.cells.get("xgpu", Cell()).outputs or max(sizes, default=0)
            for name in self._well(row, group):
                self._timed(row, name, job)
            self._ask(row, group, "release")
            self._take(row, group, self.limit)
        results.rows.append(row)
        results.seconds = perf_counter() - self._begun
        self.done()

    def _timed(self, row: Row, name: str, job: Job) -> None:
        if job.host:
            self._ask(row, [name], "host", calls=HOST_CALLS, rounds=HOST_ROUNDS)
        else:
            self._ask(row, [name], "measure", seconds=self.seconds)
        self._take(row, [name], self.limit)
        if not job.host:
            self._ask(row, [name], "memory")
            self._take(row, [name], self.limit)

    def _well(self, row: Row, names: Iterable[str]) -> list[str]:
        return [n for n in names if row.cells.setdefault(n, Cell()).state == "ok"]

    def _ask(self, row: Row, names: Iterable[str], do: str, **arguments: Any) -> None:
        well = self._well(row, names) if do != "release" else list(names)
        for name in well:
            if name in self._processes:
                self._processes[name].ask(do, **arguments)

    def _take(self, row: Row, names: Iterable[str], seconds: float) -> None:
        """The answers of all that were asked, into the row's cells."""
        until = perf_counter() + seconds
        for name in names:
            cell = row.cells[name]
            if name not in self._processes or not self._processes[name].waiting:
                continue
            try:
                answer = self._processes[name].answer(until - perf_counter())
            except GoneError as error:
                self._processes.pop(name)
                cell.state, cell.why = "left out", str(error)
                continue
            _into(cell, answer)


def _row(job: Job, case: Case) -> Row:
    return Row(
        case.name,
        case.title,
        job.part,
        "host" if job.host else "device",
        case.elements,
        [f"{draw.dtype}{list(draw.shape)}" for draw in case.draws],
        sum(draw.nbytes for draw in case.draws),
        0,
        case.streams,
    )


def _into(cell: Cell, answer: dict[str, Any]) -> None:
    """What a worker answered."""
    if "failed" in answer:
        cell.state = "left out" if answer["memory"] else "failed"
        cell.why = "the device has no room for it" if answer["memory"] else answer["failed"]
    elif "equal" in answer:
        cell.outputs = answer["outputs"]
        cell.error = answer["error"] if np.isfinite(answer["error"]) else None
        if not answer["equal"]:
            cell.state, cell.why = "failed", answer["said"]
    elif "times" in answer:
        found = median(answer["times"])
        cell.median, cell.low, cell.high = found.value, found.low, found.high
        cell.rounds, cell.calls = len(answer["times"]), answer.get("calls", HOST_CALLS)
    else:
        for name, value in answer.items():
            setattr(cell, name, value)


def _folder(jobs: Sequence[Job]) -> str | None:
    """Where files are in memory, if there is such a place with room for them."""
    shared = Path("/dev/shm")
    needed = KEPT + 2 * max((sum(d.nbytes for d in job.sized.draws) for job in jobs), default=0)
    fits = shared.is_dir() and shutil.disk_usage(shared).free > 2 * needed
    return str(shared) if fits else None
