"""The process that calls the rows: it takes one at a time, and says what each gave.

It is a process of its own so that a row that hangs, or leaves the device unusable, costs that row
alone: `run` ends it and starts another.
"""

from __future__ import annotations

import contextlib
import importlib
from multiprocessing.connection import Connection
from typing import Any

import xgpu
from docs.measurements.ecosystem.measure import outcome
from docs.measurements.ecosystem.row import Row


def serve(asked: Connection, device: str) -> None:
    """Answer ``("list", part)`` and ``("row", part, number)`` until the other side is closed."""
    found: dict[str, list[Row]] = {}
    with contextlib.suppress(EOFError):
        while True:
            kind, part, *number = asked.recv()
            if kind == "list":
                asked.send(listed(part, device, found))
            else:
                asked.send(measured(found, part, number[0], device))


def listed(part: str, device: str, found: dict[str, list[Row]]) -> Any:
    """The calls of a module's rows for the device, or why it has none here."""
    try:
        module: Any = importlib.import_module(f"docs.measurements.ecosystem.{part}_rows")
        rows = [row for row in module.rows() if device.startswith(row.only)]
    except ImportError as error:
        return str(error).splitlines()[0]
    found[part] = rows
    return [(row.consumer, row.call) for row in rows]


def measured(found: dict[str, list[Row]], part: str, number: int, device: str) -> Any:
    """What a row gave, and whether the process is good for another one."""
    said = outcome(found[part][number], device)
    try:
        xgpu.synchronize(device)
    except xgpu.KernelError:  # whatever it was that failed, the device's context is gone
        return said, False
    return said, True
