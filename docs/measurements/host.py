"""Where the host's time of a call goes, for the cases of the battery's part ``host``.

    python docs/measurements/host.py DEVICE

Columns, in microseconds, each the least of many rounds of 20 calls: recording the operations; the
whole call with a driver that does nothing, where the same operands come again, and where they are
others at every call; the whole call as it is; the same function captured (`xgpu.capture`), and
captured without its launch. On ``cudasim:0`` a launch runs the kernel on the host's processor, and
memory is filled and guarded: only what has no driver in it says something about a GPU's host.
"""

from __future__ import annotations

import itertools
import json
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final

import numpy as np

import xgpu as xp
from xgpu.bench.cases import CASES
from xgpu_cuda.backend import CudaBackend
from xgpu_cuda.driver import Memory

CALLS: Final = 20
ROUNDS: Final = 200
OTHER: Final = 7
"""Addresses of results in turn, so that a launch is never that of the call before."""


def least(call: Callable[[], object], device: xp.Device) -> float:
    """Microseconds per call."""
    found = float("inf")
    for _ in range(ROUNDS):
        device.synchronize()
        start = perf_counter()
        for _ in range(CALLS):
            call()
        found = min(found, perf_counter() - start)
    return found / CALLS * 1e6


@contextmanager
def replaced(owner: Any, name: str, by: Any) -> Iterator[None]:
    """Inside the block, ``owner.name`` is ``by``."""
    setattr(owner, name, by)
    try:
        yield
    finally:
        delattr(owner, name)


class Idle:
    """In place of a driver's functions: memory that is nowhere, and launches that do nothing.

    Memory has one address, as in a loop whose results are freed at once, or ``several`` in turn.
    """

    def __init__(self, several: int) -> None:
        self.addresses = itertools.cycle((1 + n) << 20 for n in range(several))

    def allocate(self, device: int, nbytes: int) -> Memory:
        """A pool's part of it is not in here."""
        return Memory(next(self.addresses), nbytes, None)

    def launcher(self, *launch: object) -> Callable[[], None]:
        """Queues nothing."""
        return self.queue

    def new_graph(self, device: int) -> Idle:
        """Of nothing."""
        return self

    def add(self, *launch: object) -> None:
        """Nothing."""

    def queue(self, *launch: object) -> None:
        """Nothing."""


@contextmanager
def idle(device: xp.Device, several: int) -> Iterator[None]:
    """Inside the block the device's driver is `Idle`."""
    driver, nothing = device.backend.driver, Idle(several)
    device.matchers.clear()
    with (
        replaced(driver, "allocate", nothing.allocate),
        replaced(driver, "launch", nothing.queue),
        replaced(driver, "launcher", nothing.launcher),
        replaced(driver, "new_graph", nothing.new_graph),
    ):
        yield
    device.matchers.clear()


def measured(name: str, device: xp.Device) -> dict[str, float]:
    """The columns for one case."""
    case = CASES[name]
    assert case.host is not None
    rng = np.random.default_rng(0)
    inputs = [
        xp.asarray((rng.random(draw.shape) + 0.5).astype(draw.dtype), device=device)
        for draw in case.scaled(case.host).draws
    ]
    program = case.programs["xgpu"]

    def record() -> Any:
        return program(xp, *inputs)

    def call() -> None:
        xp.materialize(record())

    captured = xp.capture(lambda *arrays: program(xp, *arrays))
    captured(*inputs)
    backend: CudaBackend = device.backend
    found = {"recording": least(record, device)}
    for column, several in (("repeated", 1), ("other", OTHER)):
        with idle(device, several):
            found[column] = least(call, device)
    found["all"] = least(call, device)
    found["captured"] = least(lambda: captured(*inputs), device)
    graphs = backend.graphs
    backend.graphs = type("NoGraphs", (), {"launch": lambda *_: None})()
    try:
        found["replaying"] = least(lambda: captured(*inputs), device)
    finally:
        backend.graphs = graphs
    return found


def main() -> None:
    """Print the table, and all of it as JSON."""
    device = xp.device(sys.argv[1] if len(sys.argv) > 1 else "cuda:0")
    columns = ("recording", "repeated", "other", "all", "captured", "replaying")
    found = {name: measured(name, device) for name, case in CASES.items() if case.host is not None}
    print(f"{device}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(" " * 16 + "".join(column.rjust(12) for column in columns))
    for name, row in found.items():
        print(name.ljust(16) + "".join(f"{row[column]:12.1f}" for column in columns))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
