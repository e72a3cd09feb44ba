"""Where the host's time of a call goes: the battery's part ``host``, and what is several kernels.

    python docs/measurements/host.py DEVICE

Columns, in microseconds, each the least of many rounds of 20 calls: recording the operations; the
whole call with a driver that does nothing, where the same operands come again, and where they are
others at every call; the whole call as it is; the same as the battery has it, the median of 31
rounds of 100 calls; the same function captured (`xgpu.capture`), and captured without its launch.
On ``cudasim:0`` a launch runs the kernel on the host's processor, and memory is filled and guarded:
only what has no driver in it says something about a GPU's host.
"""

from __future__ import annotations

import itertools
import json
import math
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np

import xgpu as xp
from xgpu.bench.battery import HOST_CALLS, HOST_ROUNDS
from xgpu.bench.cases import CASES
from xgpu.bench.clock import EventClock, host_rounds
from xgpu_cuda.backend import CudaBackend
from xgpu_cuda.driver import Memory

Program = Callable[..., Any]


def standardise(xp: Any, x: Any) -> Any:
    """Columns, too long to be held: both reductions, then what is at the points."""
    return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0)


def standardise_kept(xp: Any, x: Any) -> Any:
    """The same while names hold what it is made of."""
    mean, deviation = xp.mean(x, axis=0), xp.std(x, axis=0)
    found = (x - mean) / deviation
    xp.materialize(found)
    return found


def shares(xp: Any, x: Any, y: Any) -> Any:
    """A chain that is summed along columns, and a division by that."""
    return (x + 1.0) / xp.sum(xp.exp(x * y), axis=0)


def dense(xp: Any, x: Any, w: Any, b: Any) -> Any:
    """A product, a bias and tanh-GELU."""
    h = x @ w + b
    return 0.5 * h * (1.0 + xp.tanh(0.7978845608028654 * (h + 0.044715 * h * h * h)))


SEVERAL: Final[dict[str, tuple[Program, tuple[tuple[int, ...], ...]]]] = {
    "standardise": (standardise, ((640, 8),)),
    "kept": (standardise_kept, ((640, 8),)),
    "shares": (shares, ((640, 8), (640, 8))),
    "dense": (dense, ((16, 16), (16, 16), (16,))),
}
"""Programs of several kernels, and the shapes of their inputs."""

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

    def matmul(
        self, device: int, left: object, right: object, dtype: Any, shape: tuple[int, ...]
    ) -> Memory:
        """What the library of products would have filled."""
        return self.allocate(device, math.prod(shape) * dtype.itemsize)


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
        replaced(driver.libraries, "matmul", nothing.matmul),
    ):
        yield
    device.matchers.clear()


def measured(name: str, device: xp.Device) -> dict[str, float]:
    """The columns for one case."""
    if name in SEVERAL:
        program, shapes = SEVERAL[name]
        draws = [(shape, "float32") for shape in shapes]
    else:
        case = CASES[name]
        assert case.host is not None
        program = case.programs["xgpu"]
        draws = [(draw.shape, draw.dtype) for draw in case.scaled(case.host).draws]
    rng = np.random.default_rng(0)
    inputs = [
        xp.asarray((rng.random(shape) + 0.5).astype(dtype), device=device) for shape, dtype in draws
    ]

    def record() -> Any:
        return program(xp, *inputs)

    def call() -> None:
        xp.materialize(record())

    captured = xp.capture(lambda *arrays: program(xp, *arrays))
    captured(*inputs)
    backend: CudaBackend = device.backend
    # What launches is in it where there are products, and where the program materializes.
    found = {"recording": least(record, device)}
    for column, several in (("repeated", 1), ("other", OTHER)):
        with idle(device, several):
            found[column] = least(call, device)
    found["all"] = least(call, device)
    rounds = host_rounds(call, EventClock(device), HOST_CALLS, HOST_ROUNDS)
    found["battery"] = median(rounds) * 1e6
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
    columns = ("recording", "repeated", "other", "all", "battery", "captured", "replaying")
    names = [*(name for name, case in CASES.items() if case.host is not None), *SEVERAL]
    found = {name: measured(name, device) for name in names}
    print(f"{device}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(" " * 16 + "".join(column.rjust(12) for column in columns))
    for name, row in found.items():
        print(name.ljust(16) + "".join(f"{row[column]:12.1f}" for column in columns))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
