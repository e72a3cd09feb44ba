"""Measure the first slice of xgpu beside CuPy on one GPU; prints a table and writes JSON.

    python docs/measurements/foundation.py [--out FILE]

Device times are between events on the stream that did the work, several calls queued between
two events; host times are wall time per call of small arrays. Both libraries run in this one
process, in turn, and are checked for equal results first.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import cupy as cp
import numpy as np

import xgpu as xp

MI = 1 << 20


def chain(x: Any, y: Any) -> Any:
    """Ten elementwise ops on two arrays."""
    return ((((x + y) * 2.0 - x) * y + 1.0) * 0.5 - y) * x + y * 0.25


class Timer:
    """Events and waiting, for xgpu's stream or CuPy's."""

    def __init__(self, device: xp.Device | None) -> None:
        self.device = device

    def event(self) -> Any:
        if self.device is not None:
            return self.device.backend.record_event(self.device.index)
        event = cp.cuda.Event()
        event.record()
        return event

    def elapsed(self, start: Any, stop: Any) -> float:
        if self.device is not None:
            return float(self.device.backend.elapsed(self.device.index, start, stop))
        stop.synchronize()
        return float(cp.cuda.get_elapsed_time(start, stop)) * 1e-3

    def synchronize(self) -> None:
        if self.device is not None:
            self.device.synchronize()
        else:
            cp.cuda.get_current_stream().synchronize()


def on_device(timer: Timer, call: Callable[[], Any], queued: int = 10, rounds: int = 15) -> float:
    """Median seconds of device time per call, ``queued`` calls between two events."""
    for _ in range(3):
        call()
    timer.synchronize()
    times = []
    for _ in range(rounds):
        start = timer.event()
        for _ in range(queued):
            call()
        times.append(timer.elapsed(start, timer.event()) / queued)
    return statistics.median(times)


def on_host(
    ours: tuple[Timer, Callable[[], Any]],
    theirs: tuple[Timer, Callable[[], Any]],
    calls: int = 100,
    rounds: int = 61,
) -> dict[str, float]:
    """Median seconds of host time per call of two programs, measured in turn.

    The host's speed drifts, so the ratio is that of neighbouring rounds; the device is idle at
    the start of each.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 3):
        for (timer, call), measured in zip((ours, theirs), times, strict=True):
            timer.synchronize()
            start = time.perf_counter()
            for _ in range(calls):
                call()
            measured.append((time.perf_counter() - start) / calls)
            timer.synchronize()
    first, second = times[0][3:], times[1][3:]
    ratios = [x / y for x, y in zip(first, second, strict=True)]
    return {
        "xgpu_s": statistics.median(first),
        "cupy_s": statistics.median(second),
        "ratio": statistics.median(ratios),
    }


def copy(timer: Timer) -> tuple[float, int]:
    """Seconds of a copy of 512 MiB within the device, and the bytes read and written by it."""
    source, target = cp.ones(128 * MI, cp.float32), cp.empty(128 * MI, cp.float32)
    return on_device(timer, lambda: cp.copyto(target, source)), 2 * source.nbytes


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args()
    device = xp.device("cuda:0")
    ours, theirs = Timer(device), Timer(None)
    rows: dict[str, dict[str, float]] = {}

    def make(*shape: int) -> tuple[Any, Any]:
        host = np.random.default_rng(len(rows)).random(shape, dtype=np.float32) + 0.5
        return xp.asarray(host, device=device), cp.asarray(host)

    def run(array: Any) -> None:
        xp.materialize(array)

    def ours_of(case: Callable[..., Any], *arrays: Any) -> None:
        xp.materialize(case(xp, *arrays))

    def check(a: Any, b: Any, rtol: float) -> None:
        np.testing.assert_allclose(np.asarray(xp.to_device(a, "cpu")), cp.asnumpy(b), rtol=rtol)

    seconds, moved = copy(theirs)
    ceiling = moved / seconds
    rows["copy 128 Mi"] = {"cupy_s": seconds, "bandwidth": ceiling}

    (x, a), (y, b) = make(1024), make(1024)
    check(chain(x, y), chain(a, b), 1e-5)
    rows["host: ten-op chain, 1,024"] = on_host(
        (ours, lambda: xp.materialize(chain(x, y))), (theirs, lambda: chain(a, b))
    )
    rows["host: add, 1,024"] = on_host(
        (ours, lambda: xp.materialize(x + y)), (theirs, lambda: a + b)
    )

    (x, a), (y, b) = make(64 * MI), make(64 * MI)
    cases: dict[str, tuple[Callable[[Any, Any, Any], Any], int]] = {
        "add": (lambda xp, x, y: x + y, 3),
        "ten-op chain": (lambda xp, x, y: chain(x, y), 3),
        "sum((x-y)**2)": (lambda xp, x, y: xp.sum((x - y) ** 2), 2),
        "sum": (lambda xp, x, y: xp.sum(x), 1),
    }
    for name, (case, moved) in cases.items():
        check(case(xp, x, y), case(cp, a, b), 1e-4)
        rows[f"64 Mi: {name}"] = {
            "xgpu_s": on_device(ours, partial(ours_of, case, x, y)),
            "cupy_s": on_device(theirs, partial(case, cp, a, b)),
            "bytes": float(moved * a.nbytes),
        }
    del x, y, a, b
    x, a = make(8192, 8192)
    matrix: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
        "sum axis 0": (lambda xp, x: xp.sum(x, axis=0), 1),
        "sum axis 1": (lambda xp, x: xp.sum(x, axis=1), 1),
        "argmax axis 1": (lambda xp, x: xp.argmax(x, axis=1), 1),
        "exp(x).T + x": (lambda xp, x: xp.exp(x).T + x, 3),
    }
    for name, (single, moved) in matrix.items():
        check(single(xp, x), single(cp, a), 1e-4)
        rows[f"8k x 8k: {name}"] = {
            "xgpu_s": on_device(ours, partial(ours_of, single, x)),
            "cupy_s": on_device(theirs, partial(single, cp, a)),
            "bytes": float(moved * a.nbytes),
        }
    del x, a
    (x, a), (y, b) = make(4096, 4096), make(4096, 4096)
    check(x @ y, a @ b, 1e-3)
    rows["matmul 4k float32"] = {
        "xgpu_s": on_device(ours, lambda: run(x @ y)),
        "cupy_s": on_device(theirs, lambda: a @ b),
    }

    print(f"{'case':28}{'xgpu us':>12}{'CuPy us':>12}{'xgpu/CuPy':>11}{'of copy':>9}")
    for name, row in rows.items():
        if "xgpu_s" not in row:
            print(f"{name:28}{'':12}{row['cupy_s'] * 1e6:12.1f}   {ceiling / 1e12:.2f} TB/s")
            continue
        share = row["bytes"] / row["xgpu_s"] / ceiling if "bytes" in row else None
        print(
            f"{name:28}{row['xgpu_s'] * 1e6:12.1f}{row['cupy_s'] * 1e6:12.1f}"
            f"{row.get('ratio', row['xgpu_s'] / row['cupy_s']):11.3f}"
            + (f"{share:9.1%}" if share else "")
        )
    if options.out:
        record = {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "cupy": cp.__version__,
            "xgpu": xp.__version__,
            "device": cp.cuda.runtime.getDeviceProperties(0)["name"].decode(),
            "driver": cp.cuda.runtime.driverGetVersion(),
            "command": " ".join(sys.argv),
            "rows": rows,
        }
        with open(options.out, "w") as file:
            json.dump(record, file, indent=1)


if __name__ == "__main__":
    main()
