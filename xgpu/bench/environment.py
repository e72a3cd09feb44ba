"""Where a run was made: what its figures are worth nothing without."""

from __future__ import annotations

import platform
import shlex
import sys
from datetime import UTC, datetime

import numpy as np

import xgpu
from xgpu.bench.ceiling import Copier
from xgpu.bench.results import Results
from xgpu.plugin import Meter


def begun(device: xgpu.Device) -> Results:
    """Results without rows, for a run on ``device`` that begins now."""
    info = xgpu.device_info(device)
    ceiling = Copier(device).bandwidth()
    meter: Meter | None = getattr(device.backend, "meter", None)
    if meter is not None:
        meter.reset_peak(device.index)  # the workers need the room
    return Results(
        device=str(device),
        device_name=", ".join(part for part in (info.name, info.details) if part),
        command=shlex.join(sys.argv),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={
            "python": platform.python_version(),
            "system": platform.platform(),
            "reference": f"NumPy {np.__version__}",
        },
        ceiling=ceiling,
    )
