"""Running cells in processes of their own: one that crashes or hangs is that cell's failure."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Final

import xgpu
from xgpu_conformance import cell
from xgpu_conformance.case import Options, Planned, Setting
from xgpu_conformance.schema import Cell, Failure

TIMEOUT: Final = 300.0
"""Seconds that a case may take."""


STARTING: Final = 120.0
"""Seconds that a process may take until it has imported the backend."""


CELLS: Final = 150
"""Cells that a process runs before another takes its place: a library that compiles for each shape
keeps what it has compiled, JAX some 20 MB of it for a cell."""


class WorkerError(RuntimeError):
    """A process cannot begin: the device, or a module that was to be loaded, is not there."""


def run_here(device: xgpu.Device, options: Options, cells: Sequence[Planned]) -> Iterator[Cell]:
    """Run cells in this process, one after another."""
    setting = Setting(device, options)
    for planned in cells:
        yield cell.run(setting, planned)


def run_apart(
    device: str,
    options: Options,
    cells: Sequence[Planned],
    workers: int,
    timeout: float = TIMEOUT,
    load: Sequence[str] = (),
) -> Iterator[Cell]:
    """Run cells in ``workers`` processes, in whatever order they finish.

    Args:
        device: its name.
        options: what is run.
        cells: which cells.
        workers: at least 1.
        timeout: seconds for each case.
        load: modules that a process imports first, such as one that registers the backend.

    Raises:
        WorkerError: no process can begin.
    """
    waiting = deque(cells)
    running: list[_Worker] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_Worker(device, options, load, waiting.popleft()))
            ready = wait([w.pipe for w in running], timeout=0.5)
            for worker in list(running):
                done = worker.look(worker.pipe in ready, timeout)
                if done is None:
                    continue
                yield done
                if worker.alive and waiting and worker.cells < CELLS:
                    worker.begin(waiting.popleft())
                else:
                    worker.stop()
                    running.remove(worker)
    finally:
        for worker in running:
            worker.stop(kill=True)


class _Worker:
    """A process, and the cell that it is at."""

    def __init__(
        self, device: str, options: Options, load: Sequence[str], planned: Planned
    ) -> None:
        # Not a fork: a driver does not survive one.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, device, options, tuple(load))
        self.process: Any = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.alive = True
        self.started = False
        self.cells = 0
        self.begin(planned)

    def begin(self, planned: Planned) -> None:
        """Give it a cell."""
        self.planned, self.at = planned, cell.cell_id(planned)
        self.cells += 1
        self.since = time.monotonic()
        with contextlib.suppress(OSError):  # `look` finds a process that is dead
            self.pipe.send(planned)

    def look(self, ready: bool, timeout: float) -> Cell | None:
        """The cell's result, if there is one."""
        if not ready:
            if time.monotonic() - self.since < (
                timeout if self.started else max(timeout, STARTING)
            ):
                return None
            self.stop(kill=True)
            return self._failed(f"no result within {timeout:g} s; the process was ended")
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self.stop()
            if not self.started:
                raise WorkerError(
                    f"a process {_ending(self.process.exitcode)} as it began"
                ) from None
            return self._failed(f"the process {_ending(self.process.exitcode)}")
        if isinstance(said, Cell):
            return said
        kind, text = said
        if kind == "error":
            self.stop()
            raise WorkerError(text)
        if kind == "ready":
            self.started, self.since = True, time.monotonic()
        else:
            self.at, self.since = text, time.monotonic()
        return None

    def stop(self, kill: bool = False) -> None:
        """End the process, if it has not ended."""
        self.alive = False
        self.pipe.close()
        if kill:
            self.process.kill()
        self.process.join(10)

    def _failed(self, message: str) -> Cell:
        return Cell(
            *self.planned.key,
            "fail",
            "",
            cases=1,
            failed_cases=1,
            failed=1,
            failures=(Failure(self.at, message),),
            seconds=round(time.monotonic() - self.since, 4),
        )


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with status {code}"


def _serve(pipe: Connection, device: str, options: Options, load: Sequence[str]) -> None:
    """A process: run each cell that comes, say which case it is at, send the result."""
    try:
        for module in load:
            importlib.import_module(module)
        begins = partial(_send_case, pipe)
        setting = Setting(xgpu.device(device), options, begins)
    except Exception as error:
        pipe.send(("error", f"{error.__class__.__name__}: {error}"))
        return
    pipe.send(("ready", ""))
    while True:
        try:
            planned: Planned = pipe.recv()
        except EOFError:
            return
        pipe.send(cell.run(setting, planned))


def _send_case(pipe: Connection, id: str) -> None:
    pipe.send(("case", id))
