"""Where the host's time of a call goes, for the cases of the battery's part ``host``.

    python docs/measurements/host.py DEVICE

Columns, in microseconds, each the least of many rounds of 100 calls: recording the operations;
finding the kernel of what was recorded, and settling the nodes; allocating the result and packing
arguments; the launch itself; all of it; the same function captured (`xgpu.capture`), and captured
without its launch. On ``cudasim:0`` a launch runs the kernel on the host's processor, and memory is
filled and guarded: only recording, finding and replaying say something about a GPU's host.
"""

from __future__ import annotations

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

CALLS: Final = 100
ROUNDS: Final = 40


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


def forget(device: xp.Device) -> None:
    """Have kernels look their launches up again."""
    for kernel in device.kernels.values():
        getattr(kernel, "_quick", {}).clear()


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
    for _ in range(20):
        call()
        captured(*inputs)
    backend: CudaBackend = device.backend
    driver = backend.driver
    memory = driver.allocate(device.index, 1 << 16)
    found = {"recording": least(record, device)}
    with replaced(backend, "launch", lambda *_: [memory]):
        found["finding"] = least(call, device) - found["recording"]
    no_graph = type("NoGraph", (), {"add": lambda *_: None, "queue": lambda *_: None})
    with (
        replaced(driver, "launch", lambda *_: None),
        replaced(driver, "launcher", lambda *_: lambda: None),
        replaced(driver, "new_graph", lambda *_: no_graph()),
    ):
        forget(device)
        packed = least(call, device)
    forget(device)
    found["allocating"] = packed - found["recording"] - found["finding"]
    found["all"] = least(call, device)
    found["launching"] = found["all"] - packed
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
    columns = ("recording", "finding", "allocating", "launching", "all", "captured", "replaying")
    found = {name: measured(name, device) for name, case in CASES.items() if case.host is not None}
    print(f"{device}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(" " * 16 + "".join(column.rjust(12) for column in columns))
    for name, row in found.items():
        print(name.ljust(16) + "".join(f"{row[column]:12.1f}" for column in columns))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
