"""How long a second process takes for the kernels of each row, with the disk's cache full.

python -m xgpu.bench.warm DEVICE < rows
"""

from __future__ import annotations

import json
import sys

import numpy as np

import xgpu
from xgpu.bench.cases import CASES
from xgpu.plugin import Meter


def seconds(device: xgpu.Device, rows: list[tuple[str, int]]) -> dict[str, float]:
    """Seconds of compiling and loading by ``CASE ELEMENTS``, on inputs of ones; needs a meter."""
    meter: Meter = device.backend.meter
    found: dict[str, float] = {}
    for name, elements in rows:
        case = CASES[name]
        case = case if elements == case.elements else case.scaled(elements)
        inputs = [
            xgpu.asarray(np.ones(draw.shape, draw.dtype), device=device) for draw in case.draws
        ]
        before = meter.loading()
        xgpu.materialize(case.programs["xgpu"](xgpu, *inputs))
        found[f"{name} {elements}"] = meter.loading() - before
    return found


def main() -> None:
    """Read rows as JSON, write seconds as JSON."""
    device = xgpu.device(sys.argv[1])
    xgpu.set_default_device(device)
    json.dump(seconds(device, json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
