"""All rows on one device, in several processes, with limits of time, into one file.

The file is written after each row. A run that was cut can go on where it stopped: rows that the
file has are then not run again, but for those that were lost.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import Any, Final

from docs.measurements.ecosystem.worker import serve

Serve = Callable[[Any, str], None]
SPAWN: Final = multiprocessing.get_context("spawn")  # a device does not survive a fork


@dataclass
class Limits:
    """What a run may take."""

    seconds: float = 3600.0  #: in all
    row: float = 120.0  #: each row
    listing: float = 300.0  #: importing a consumer
    processes: int = 1


@dataclass
class Worker:
    """One process, and what it is doing."""

    process: Any
    asked: Any  #: the connection to it
    part: str = ""  #: the module that it is at
    imported: set[str] = field(default_factory=set)
    doing: tuple[str, int] | None = None  #: (part, number of the row), -1 for listing
    since: float = 0.0


@dataclass
class Run:
    """The state of one run; `go` runs it."""

    device: str
    parts: tuple[str, ...]
    limits: Limits
    path: Path
    header: dict[str, Any]
    resume: bool = False
    serve: Serve = serve
    listed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    left: dict[str, list[int]] = field(default_factory=dict)  #: numbers of rows that nobody has
    done: dict[str, dict[str, Any]] = field(default_factory=dict)  #: key -> what it gave
    absent: dict[str, str] = field(default_factory=dict)

    def go(self) -> dict[str, Any]:
        """Run what is not in the file, and give the file's content."""
        start = time.perf_counter()
        before = self._resumed()
        workers: list[Worker] = []
        to_list = list(self.parts)
        while True:
            elapsed = time.perf_counter() - start
            if elapsed > self.limits.seconds:
                break
            workers = [worker for worker in workers if self._within(worker)]
            if not any(worker.doing for worker in workers) and not to_list and not self._rows():
                break
            while len(workers) < self.limits.processes and (to_list or self._rows()):
                workers.append(self._started())
            for worker in workers:
                if worker.doing is None:
                    self._give(worker, to_list)
            busy = {worker.asked: worker for worker in workers if worker.doing}
            for ready in connection.wait(list(busy), timeout=0.2):
                if not self._taken(busy[ready]):
                    workers.remove(busy[ready])
                self._write(before + time.perf_counter() - start)
        for worker in workers:
            worker.process.kill()
            if worker.doing and worker.doing[1] >= 0:
                self.left[worker.doing[0]].append(worker.doing[1])
        for part in set(self.parts) - set(self.listed) - set(self.absent):
            self.absent[part] = "not reached in the time that the run had"
        return self._write(before + time.perf_counter() - start)

    def _resumed(self) -> float:
        """Take the rows of the file as done, if that is wanted. Gives the seconds they took."""
        if not self.resume or not self.path.exists():
            return 0.0
        said = json.loads(self.path.read_text())
        if said["device"] != self.device or said["versions"] != self.header["versions"]:
            raise SystemExit(
                f"{self.path} is of {said['device']} or of other versions: name another file"
            )
        self.done = {key(row): row for row in said["rows"] if row["state"] != "lost"}
        return float(said["seconds"])

    def _rows(self) -> bool:
        return any(self.left.values())

    def _started(self) -> Worker:
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=self.serve, args=(there, self.device), daemon=True)
        process.start()
        there.close()
        return Worker(process, here)

    def _give(self, worker: Worker, to_list: list[str]) -> None:
        """The next row of the part that a process is at, or another part."""
        if not self.left.get(worker.part):
            if to_list:
                worker.part = to_list.pop(0)
            elif self._rows():
                # The part with most rows left, so that all end at about the same time.
                worker.part = max(self.left, key=lambda part: len(self.left[part]))
            else:
                return
        part = worker.part
        if part in worker.imported:
            worker.doing = part, self.left[part].pop(0)
            worker.asked.send(("row", *worker.doing))
        else:
            worker.doing = part, -1
            worker.asked.send(("list", part))
        worker.since = time.perf_counter()

    def _within(self, worker: Worker) -> bool:
        """Whether a process is within its limit; if not, it is ended, and its row is over."""
        if worker.doing is None:
            return True
        limit = self.limits.listing if worker.doing[1] < 0 else self.limits.row
        if time.perf_counter() - worker.since < limit:
            return True
        worker.process.kill()
        self._failed(worker, f"not done after {limit:g} s")
        return False

    def _taken(self, worker: Worker) -> bool:
        """Take what a process says; whether it is good for more."""
        assert worker.doing is not None
        part, number = worker.doing
        try:
            said = worker.asked.recv()
        except EOFError:
            worker.process.join()
            self._failed(worker, f"the process ended, with {worker.process.exitcode}")
            return False
        worker.doing = None
        if number >= 0:
            row, usable = said
            self._note(part, number, row)
            if not usable:
                worker.process.kill()
            return bool(usable)
        worker.imported.add(part)
        if isinstance(said, str):
            self.absent[part] = said
        elif part not in self.listed:
            self.listed[part] = said
            self.left[part] = [
                n for n, call in enumerate(said) if key_of(part, *call) not in self.done
            ]
        return True

    def _failed(self, worker: Worker, why: str) -> None:
        assert worker.doing is not None
        part, number = worker.doing
        if number < 0:
            self.absent[part] = why
            self.left.pop(part, None)
        else:
            seconds = round(time.perf_counter() - worker.since, 2)
            self._note(part, number, {"state": "lost", "why": why, "seconds": seconds})

    def _note(self, part: str, number: int, row: dict[str, Any]) -> None:
        consumer, call = self.listed[part][number]
        said = {"part": part, "consumer": consumer, "call": call, **row}
        self.done[key(said)] = said

    def _write(self, seconds: float) -> dict[str, Any]:
        """The file, whole at any time."""
        said = {
            **self.header,
            "seconds": round(seconds),
            "absent": dict(self.absent),
            "left": sum(map(len, self.left.values())),
            "rows": self._ordered(),
        }
        beside = self.path.with_name(self.path.name + ".part")
        beside.write_text(json.dumps(said, indent=1) + "\n")
        beside.replace(self.path)
        return said

    def _ordered(self) -> list[dict[str, Any]]:
        """The rows in the modules' order, whichever was done first."""
        order = {
            key_of(part, *call): (self.parts.index(part), number)
            for part, calls in self.listed.items()
            for number, call in enumerate(calls)
        }
        return sorted(self.done.values(), key=lambda row: order.get(key(row), (-1, 0)))


def key_of(part: str, consumer: str, call: str) -> str:
    """What tells a row from all others."""
    return f"{part}: {consumer}: {call}"


def key(row: dict[str, Any]) -> str:
    """The same, of what a row gave."""
    return key_of(row["part"], row["consumer"], row["call"])


def merged(paths: list[Path], parts: tuple[str, ...]) -> dict[str, Any]:
    """One run of several files of one device; of a row in two of them, the last file's."""
    said: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    for path in paths:
        found = json.loads(path.read_text())
        if said and (found["device"], found["versions"]) != (said["device"], said["versions"]):
            raise SystemExit(f"{path} is of another device or of other versions than {paths[0]}")
        rows |= {key(row): row for row in found["rows"]}
        said = {
            **found,
            "seconds": said.get("seconds", 0) + found["seconds"],
            "absent": {**said.get("absent", {}), **found["absent"]},
            "left": said.get("left", 0) + found["left"],
        }
    place = {part: number for number, part in enumerate(parts)}
    said["rows"] = sorted(rows.values(), key=lambda row: place[row["part"]])
    done = {row["part"] for row in said["rows"]}
    said["absent"] = {part: why for part, why in said["absent"].items() if part not in done}
    return said
