"""A run: from a report of which cells are left, to one in which they have been run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from xgpu_conformance import schema
from xgpu_conformance.case import Planned
from xgpu_conformance.cell import SOURCES
from xgpu_conformance.plan import planned
from xgpu_conformance.schema import NOT_RUN, Cell, Key, Report

EVERY: Final = 2.0
"""Seconds between two writes of a report that is still being made."""


def left(report: Report) -> list[Planned]:
    """The cells that have not been run."""
    wanted = {c.key for c in report.cells if c.state == "untested" and c.reason == NOT_RUN}
    levels = [level for level in report.levels if level in SOURCES]
    return [cell for cell in planned(levels) if cell.key in wanted]


def carried_out(
    report: Report,
    results: Iterable[Cell],
    path: Path | None = None,
    done: Callable[[Cell], None] = lambda cell: None,
) -> Report:
    """The report with the results in it, written to ``path`` as they come.

    What was run is kept, too, when the run is broken off.

    Raises:
        ReportError: the file cannot be written.
    """
    cells: dict[Key, Cell] = report.by_key()
    before, start = report.seconds, time.monotonic()
    written = start

    def so_far(finished: bool) -> Report:
        seconds = round(before + time.monotonic() - start, 1)
        return replace(report, cells=tuple(cells.values()), seconds=seconds, finished=finished)

    if path is not None:
        schema.write(report, path)
    finished = False
    try:
        for cell in results:
            cells[cell.key] = cell
            done(cell)
            if path is not None and time.monotonic() - written > EVERY:
                schema.write(so_far(False), path)
                written = time.monotonic()
        finished = True
    finally:
        result = so_far(finished)
        if path is not None:
            schema.write(result, path)
    return result
