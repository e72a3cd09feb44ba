"""Measure the largest errors of the elementwise functions, in ULP of the true values.

    python docs/measurements/accuracy.py [DEVICE ...] [--out DIR]
    python docs/measurements/accuracy.py --render

The first writes a JSON file for each device (cpu and cudasim:0 if none is named), the second
docs/accuracy.md from the files that are there; run from the project's root, with the root on the
path. True values are mpmath's and take nearly all of the time, on all cores. 16-bit functions of
one operand are measured at every number, the others at the operands of `tests.values.cases`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import mpmath
import numpy as np

import xgpu
from docs.measurements.accuracy_page import render
from tests.values import cases, oracle_mpmath
from tests.values.computing import of_names
from tests.values.expected import Expected, expected
from tests.values.inputs import COMPLEX, FLOATS
from tests.values.truth import ComplexTruth, Truth
from tests.values.ulp import Values, kind
from xgpu.plugin.dtypes import DType

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parent / "accuracy.md"
REAL_POINTS: Final = 20_000
COMPLEX_POINTS: Final = 6_000

Task = tuple[str, DType]


def tasks() -> Iterator[Task]:
    """Every function with an error, and each dtype that it takes."""
    for dtype in FLOATS:
        yield from ((name, dtype) for name in (*oracle_mpmath.REAL, *oracle_mpmath.REAL_PAIRS))
    for dtype in COMPLEX:
        yield from (
            (name, dtype) for name in (*oracle_mpmath.COMPLEX, *oracle_mpmath.COMPLEX_PAIRS)
        )


def operands(name: str, dtype: DType) -> tuple[Values, ...]:
    """The operands at which a function is measured."""
    if kind(dtype) == "c":
        z = cases.operands(name, dtype, COMPLEX_POINTS, seed=1)
        keep = cases.usable(name, *z)
        return tuple(x[keep] for x in z)
    if dtype.itemsize == 2 and name in cases.UNARY:
        return (np.arange(1 << 16, dtype=np.uint16).view(dtype),)
    return cases.operands(name, dtype, REAL_POINTS, seed=1)


def known(task: Task) -> tuple[tuple[Values, ...], Expected]:
    """Operands and true values; runs in a process of its own."""
    x = operands(*task)
    result = expected(task[0], *x)
    oracle_mpmath.forget()
    return x, result


def worst(errors: Any, x: tuple[Values, ...], got: Values) -> dict[str, Any]:
    """The largest error, and where it is."""
    i = int(np.argmax(errors))
    return {
        "ulp": float(f"{errors[i]:.4g}"),
        "at": [str(v[i]) for v in x],
        "result": str(got[i]),
    }


def apart(truth: Expected, got: Values, reference: Values) -> Any:
    """The distance of two results in the unit in which the function's errors are measured."""

    def as_truth(values: Values) -> Truth:
        return Truth(values, np.zeros(values.shape), np.zeros(values.shape, bool))

    if kind(reference.dtype) == "c":
        assert isinstance(truth.truth, ComplexTruth)
        parts = as_truth(reference.real), as_truth(reference.imag)
        pair = ComplexTruth(*parts, truth.truth.unit)
        return replace(truth, values=reference, truth=pair).errors(got)
    return replace(truth, values=reference, truth=as_truth(reference)).errors(got)


def measure(
    device: xgpu.Device, points: dict[Task, tuple[tuple[Values, ...], Expected]]
) -> dict[str, dict[str, Any]]:
    """Function -> dtype -> the largest error, and off the CPU the largest distance from it."""
    cpu = xgpu.device("cpu")
    rows: dict[str, dict[str, Any]] = {}
    for (name, dtype), (x, truth) in points.items():
        got = of_names(device, {name: x})[name]
        row = worst(truth.errors(got), x, got)
        row["points"] = got.size
        row["unit"] = "operand" if truth.unit is not None else "component"
        if truth.of_larger:
            row["unit"] = "larger component"
        if device is not cpu:
            reference = of_names(cpu, {name: x})[name]
            row["from cpu"] = worst(apart(truth, got, reference), x, got)
        rows.setdefault(name, {})[str(dtype)] = row
    return rows


def hardware(device: xgpu.Device) -> str:
    """The processor that computes."""
    if device.type != "cuda":
        return f"{processor()}, {os.cpu_count()} cores"
    import cupy

    properties = cupy.cuda.runtime.getDeviceProperties(device.index)
    driver = cupy.cuda.runtime.driverGetVersion()
    return f"{properties['name'].decode()}, driver API {driver}, CuPy {cupy.__version__}"


def processor() -> str:
    """The CPU's name, and whether NumPy has its vector instructions of 512 bits."""
    lines = (
        Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []
    )
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    wide = " with AVX-512" if "avx512f" in flags else ""
    return f"{names[0] if names else platform.machine()}{wide}"


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("devices", nargs="*", help="cpu and cudasim:0 if none is named")
    parser.add_argument("--out", default=str(HERE), help="the folder of the JSON files")
    parser.add_argument("--render", action="store_true", help="write docs/accuracy.md instead")
    options = parser.parse_args()
    folder = Path(options.out)
    if options.render:
        PAGE.write_text(render(folder), encoding="utf-8")
        return
    work = list(tasks())
    with ProcessPoolExecutor(os.cpu_count()) as pool:  # before a device is used: it forks
        points = dict(zip(work, pool.map(known, work), strict=True))
    for name in options.devices or ["cpu", "cudasim:0"]:
        device = xgpu.device(name)
        record = {
            "device": str(device) if device.type != "cpu" else "cpu",
            "hardware": hardware(device),
            "date": date.today().isoformat(),
            "command": f"python docs/measurements/accuracy.py {name}",
            "python": platform.python_version(),
            "numpy": np.__version__,
            "mpmath": mpmath.__version__,
            "libc": " ".join(platform.libc_ver()),
            "xgpu": xgpu.__version__,
            "functions": measure(device, points),
        }
        path = folder / f"accuracy-{device.type}.json"
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"{path}: {len(work)} functions and dtypes", file=sys.stderr)


if __name__ == "__main__":
    main()
