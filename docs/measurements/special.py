"""How near the special functions are to exact values, and how near SciPy's are.

    python -m docs.measurements.special [DEVICE ...] [--points 300]

draws arguments for each function and range of `special_oracles`, asks xgpu on each device (cpu and
cudasim:0 if none is named), in float64 and float32, and SciPy for the values there, and mpmath for
the exact ones. It writes what it found to `docs/measurements/special-accuracy.json` and the table
in `docs/special.md`. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import mpmath
import numpy as np
import scipy
import scipy.special

import xgpu
from docs.measurements.special_oracles import CASES, Case, errors, exactly

ROOT: Final = Path(__file__).parents[2]
JSON: Final = ROOT / "docs" / "measurements" / "special-accuracy.json"
PAGE: Final = ROOT / "docs" / "special.md"
BEGIN: Final = "<!-- Written by `python -m docs.measurements.special`. -->"
END: Final = "<!-- End of what is written. -->"


def measured(case: Case, dtype: str, devices: list[str], points: int) -> dict[str, Any] | None:
    """The largest and the 99th of 100 errors of each, in ULP; None if no value is normal."""
    rng = np.random.default_rng(sum(map(ord, case.name + case.range)))
    arguments = [np.asarray(a, np.float64).astype(dtype) for a in case.draw(rng, points)]
    tiny, huge = np.finfo(dtype).smallest_normal, np.finfo(dtype).max
    keep = np.all([np.isfinite(a) & (np.abs(a) >= tiny) for a in arguments], axis=0)
    exact = exactly(case, [a[keep] for a in arguments])
    usable = np.array([tiny < abs(x) < huge for x in exact])
    arguments = [a[keep][usable] for a in arguments]
    exact = [x for x, fine in zip(exact, usable, strict=True) if fine]
    if not exact:
        return None
    found = {"scipy": getattr(scipy.special, case.name)(*arguments)}
    for device in devices:
        arrays = [xgpu.asarray(a, device=device) for a in arguments]
        result = getattr(xgpu.special, case.name)(*arrays)
        found[device] = np.asarray(xgpu.to_device(result, "cpu"))
    row: dict[str, Any] = {"name": case.name, "range": case.range, "dtype": dtype}
    for who, values in found.items():
        ulp = errors(np.asarray(values).astype(dtype), exact)
        row[who] = {"largest": float(ulp.max()), "of 99%": float(np.percentile(ulp, 99))}
    return row


def shown(x: float) -> str:
    """Two digits."""
    return f"{x:.2g}" if x < 100 else f"{x:.0f}" if x < 1e5 else f"{x:.0e}"


def table(rows: list[dict[str, Any]], devices: list[str]) -> str:
    """The rows of float64 with the errors of float32 beside them."""
    narrow = {(r["name"], r["range"]): r for r in rows if r["dtype"] == "float32"}
    head = ["function", "arguments", "SciPy", *devices, *(f"{d} float32" for d in devices)]
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    for row in rows:
        if row["dtype"] != "float64":
            continue
        other = narrow.get((row["name"], row["range"]))
        cells = [f"`{row['name']}`", row["range"], shown(row["scipy"]["largest"])]
        cells += [shown(row[d]["largest"]) for d in devices]
        cells += [shown(other[d]["largest"]) if other else "" for d in devices]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "")


def main() -> int:
    """Measure, and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", nargs="*", default=["cpu", "cudasim:0"])
    parser.add_argument("--points", type=int, default=300)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = [
        row
        for dtype in ("float64", "float32")
        for case in CASES
        if (row := measured(case, dtype, given.devices, given.points)) is not None
    ]
    environment = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "mpmath": mpmath.__version__,
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "points": given.points,
        "devices": given.devices,
    }
    JSON.write_text(json.dumps({"environment": environment, "rows": rows}, indent=1) + "\n")
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    said = ", ".join(f"{name} {value}" for name, value in environment.items() if name != "devices")
    made = f"{BEGIN}\n\n{table(rows, given.devices)}\n\n{said}.\n\n{END}"
    PAGE.write_text(before + made + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
