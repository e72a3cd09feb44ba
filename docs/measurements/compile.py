"""How long the first use of a program takes: compiled, and from the cache on disk.

    python docs/measurements/compile.py [DEVICE] [--out FOLDER]

Fifty single ops and fifty random fused programs (5 to 15 ops, some with a reduction), each used
once in a fresh process with an empty cache, then in another one with what the first left on disk.
A time is from the call to the end of the kernel, of arrays of 64 x 64 elements on the device, for
which kernels are compiled quickly; then once more with all compiled thoroughly, as for large ones.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import xgpu

UNARY = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "log",
    "log10",
    "log1p",
    "log2",
    "negative",
    "reciprocal",
    "round",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]
BINARY = [
    "add",
    "atan2",
    "copysign",
    "divide",
    "floor_divide",
    "hypot",
    "logaddexp",
    "maximum",
    "minimum",
    "multiply",
    "nextafter",
    "pow",
    "remainder",
    "subtract",
    "less",
    "equal",
]
REDUCTIONS = ["sum", "prod", "max", "argmax", "mean"]
SIMPLE = ["abs", "exp", "negative", "sqrt", "square", "tanh", "sin", "log1p"]
JOINED = ["add", "divide", "maximum", "minimum", "multiply", "subtract"]
COUNT = 50
WAYS = {"large": "quickly", "always": "thoroughly"}
"""``XGPU_OPTIMISE``, and what that is called here."""

Case = tuple[str, Callable[[], xgpu.Array]]


def singles(x: xgpu.Array, y: xgpu.Array, i: xgpu.Array) -> Iterator[Case]:
    """One op each."""
    for name in UNARY:
        yield name, partial(getattr(xgpu, name), x)
    for name in BINARY:
        yield name, partial(getattr(xgpu, name), x, y)
    for name in REDUCTIONS:
        yield name, partial(getattr(xgpu, name), x, axis=1)
    yield "int32 add", lambda: i + i


def fused(x: xgpu.Array, y: xgpu.Array) -> Iterator[Case]:
    """Random programs, the same ones each time."""
    random = Random(7)
    for _ in range(COUNT):
        steps = random.randint(5, 15)
        plan = [
            (random.random() < 0.5, random.choice(SIMPLE), random.choice(JOINED))
            for _ in range(steps)
        ]
        reduces = random.random() < 0.3

        def run(plan: Any = plan, reduces: bool = reduces) -> xgpu.Array:
            z = x
            for alone, unary, binary in plan:
                z = getattr(xgpu, unary)(z) if alone else getattr(xgpu, binary)(z, y)
            return xgpu.sum(z, axis=0) if reduces else z

        names = " ".join(unary if alone else binary for alone, unary, binary in plan)
        yield names + (" sum" if reduces else ""), run


def times(device: str) -> dict[str, list[tuple[str, float]]]:
    """Milliseconds of each case, in this process."""
    x = xgpu.reshape(xgpu.linspace(0.1, 0.9, 4096, dtype=xgpu.float32, device=device), (64, 64))
    y = x + 1.0
    i = xgpu.astype(x * 9, xgpu.int32)
    xgpu.materialize(x, y, i)
    xgpu.synchronize(device)
    result: dict[str, list[tuple[str, float]]] = {}
    for kind, cases in (("single op", singles(x, y, i)), ("fused program", fused(x, y))):
        result[kind] = []
        for name, run in cases:
            start = time.perf_counter()
            xgpu.materialize(run())
            xgpu.synchronize(device)
            result[kind].append((name, 1e3 * (time.perf_counter() - start)))
    return result


def main() -> None:
    """Measure in two fresh processes, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", nargs="?", default="cuda:0")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        json.dump(times(options.device), sys.stdout)
        return
    report: dict[str, Any] = {
        "device": options.device,
        "name": xgpu.device(options.device).backend.devices()[0].name,
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }
    for way, heading in WAYS.items():
        report[heading] = {}
        with tempfile.TemporaryDirectory() as cache:
            environment = {**os.environ, "XGPU_CACHE_DIR": cache, "XGPU_OPTIMISE": way}
            for source in ("compiled", "disk"):
                command = [sys.executable, __file__, options.device, "--child"]
                done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
                report[heading][source] = json.loads(done.stdout)
        for source, kinds in report[heading].items():
            for kind, cases in kinds.items():
                median = statistics.median(value for _, value in cases)
                slowest, most = max(cases, key=lambda case: case[1])
                count = f"{heading:10} {source:9} {kind:14} {len(cases)} cases"
                print(f"{count}: median {median:.1f} ms, most {most:.1f} ms ({slowest})")
    if options.out:
        path = options.out / f"compile-{options.device.partition(':')[0]}.json"
        path.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
