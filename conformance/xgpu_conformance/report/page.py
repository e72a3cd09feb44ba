"""One page of HTML with the cells of one or several reports, that needs nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import xgpu
from xgpu.plugin import dtypes
from xgpu_conformance.report import filling
from xgpu_conformance.report.again import again, template
from xgpu_conformance.report.share import share
from xgpu_conformance.schema import (
    LEVELS,
    STATES,
    Cell,
    Level,
    Report,
    ReportError,
    State,
    make_id,
)

MARKS: Final[dict[str, str]] = {
    "pass": "✓",
    "fail": "✗",
    "expected": "!",
    "unsupported": "–",  # noqa: RUF001
    "untested": "?",
    "": "·",
}
"""A sign for each state, so that none depends on its colour; "" where a report lacks the cell."""

LISTED: Final = 100
"""Cells of each report that are listed with what is wrong in them."""

_ORDER: Final = {dtype.name: place for place, dtype in enumerate(dtypes.ALL)}
_PACKAGE: Final = "xgpu_conformance.report"


def write(reports: Sequence[Report], path: Path) -> None:
    """Put the page into a file.

    Raises:
        ReportError: the file cannot be written.
    """
    page = to_html(reports)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"cannot write the page {path}: {error.strerror}") from None


def to_html(reports: Sequence[Report]) -> str:
    """The page."""
    levels = [_Table(level, reports) for level in LEVELS if any(level in r.levels for r in reports)]
    named = labels(reports)
    totals = {s: sum(r.counts()[s] for r in reports) for s in STATES}
    found = {dtype for table in levels for dtype in table.dtypes}
    return filling.fill(
        _PACKAGE,
        "page.html.j2",
        title=f"Conformance: {', '.join(named)}",
        version=xgpu.__version__,
        reports=[_summary(*each) for each in zip(named, reports, strict=True)],
        levels=levels,
        states=STATES,
        marks=MARKS,
        totals=totals,
        dtypes=_ordered(found),
        style=_inlined("page.css"),
        filter_script=_inlined("filter.js"),
        page_script=_inlined("page.js"),
        data=_as_script(_data(reports, levels)),
    )


class _Row:
    def __init__(self, name: str, cells: list[list[State | str] | None]) -> None:
        self.name = name
        self.cells = cells


class _Table:
    """One level: a row for each name, a column for each dtype, an entry for each report."""

    def __init__(self, level: Level, reports: Sequence[Report]) -> None:
        found: list[dict[tuple[str, str], Cell]] = [
            {(c.name, c.dtype): c for c in report.cells if c.level == level} for report in reports
        ]
        self.name = level
        self.names = list(dict.fromkeys(name for cells in found for name, _ in cells))
        if level != "official":
            self.names.sort(key=str.casefold)
        self.dtypes = _ordered({dtype for cells in found for _, dtype in cells})
        self.shares = [
            f"{label} {share(report, level)}"
            for label, report in zip(labels(reports), reports, strict=True)
            if level in report.levels
        ]
        self.cells = [
            [self._place(found, name, dtype) for dtype in self.dtypes] for name in self.names
        ]

    def _place(
        self, found: list[dict[tuple[str, str], Cell]], name: str, dtype: str
    ) -> list[Cell | None] | None:
        cells = [of_report.get((name, dtype)) for of_report in found]
        return cells if any(cells) else None

    @property
    def rows(self) -> Iterable[_Row]:
        """What the table shows."""
        for name, places in zip(self.names, self.cells, strict=True):
            yield _Row(name, [_states(cells) for cells in places])


def _states(cells: list[Cell | None] | None) -> list[State | str] | None:
    return None if cells is None else [c.state if c else "" for c in cells]


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))


def labels(reports: Sequence[Report]) -> list[str]:
    """Each report's device, numbered where another report has the same one."""
    devices = [report.device for report in reports]
    return [
        device if devices.count(device) == 1 else f"{device} ({number})"
        for number, device in enumerate(devices, 1)
    ]


def _summary(label: str, report: Report) -> dict[str, Any]:
    wrong = [c for c in report.cells if c.state == "fail"]
    wrong += [c for c in report.cells if c.state == "expected"]
    about = [report.device_name, report.driver]
    if report.memory:
        about.append(f"{report.memory / 2**30:.1f} GiB")
    return {
        "label": label,
        "backend": report.backend,
        "about": [part for part in about if part],
        "versions": report.versions,
        "flags": report.flags,
        "seed": report.seed,
        "date": report.date,
        "seconds": report.seconds,
        "finished": report.finished,
        "counts": report.counts(),
        "ran": sum(c.values for c in report.cells),
        "share": _shown_share(report),
        "wrong": [_wrong(report, cell) for cell in wrong[:LISTED]],
        "more": max(0, len(wrong) - LISTED),
    }


def _shown_share(report: Report) -> str:
    found = share(report)
    return f"{found} ({found.passed:,} of {found.counted:,})"


def _wrong(report: Report, cell: Cell) -> dict[str, Any]:
    link = cell.expectation.link if cell.expectation else ""
    return {
        "state": cell.state,
        "name": cell.name,
        "dtype": cell.dtype,
        "level": cell.level,
        "failed": cell.failed,
        "ran": cell.values,
        "reason": cell.reason,
        "expectation": cell.expectation,
        "link": link if link.startswith(("http://", "https://")) else "",
        "failures": [
            {
                "message": failure.message,
                "command": again(report.device, cell.level, cell.name, failure.id),
            }
            for failure in cell.failures
        ],
    }


def _data(reports: Sequence[Report], levels: Sequence[_Table]) -> dict[str, Any]:
    """What the page's script shows of a cell, with short names: there are thousands."""
    texts: dict[str, int] = {}
    tables = [
        {
            "name": table.name,
            "dtypes": table.dtypes,
            "again": template(table.name),
            "ids": [make_id(level=table.name, name=name) for name in table.names],
            "cells": [[_details(cells, texts) for cells in places] for places in table.cells],
        }
        for table in levels
    ]
    return {
        "reports": [
            {"label": label, "device": report.device}
            for label, report in zip(labels(reports), reports, strict=True)
        ],
        "count": sum(cells is not None for t in levels for row in t.cells for cells in row),
        "levels": tables,
        "texts": list(texts),
    }


def _details(
    cells: list[Cell | None] | None, texts: dict[str, int]
) -> list[dict[str, Any] | None] | None:
    return (
        None
        if cells is None
        else [None if cell is None else _detail(cell, texts) for cell in cells]
    )


def _detail(cell: Cell, texts: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"s": cell.state}
    if cell.reason:
        found["r"] = texts.setdefault(cell.reason, len(texts))
    if cell.cases:
        found |= {"c": cell.cases, "v": cell.values}
    if cell.failed:
        found["f"] = cell.failed
        found["x"] = [failure.message for failure in cell.failures[:2]]
    if cell.worst is not None:
        worst = cell.worst
        found["w"] = [
            *(f"{worst.ulp:.4g}", f"{worst.bound:g}"),
            *(worst.inputs, worst.got, worst.expected),
        ]
    if cell.expectation is not None:
        declared = cell.expectation
        found["e"] = [declared.reason, declared.link, declared.expires]
    if cell.cases:
        id = cell.failures[0].id if cell.failures else cell.worst.id if cell.worst else cell.id
        found["p"] = id.removeprefix(cell.id)
    return found


def _inlined(name: str) -> Any:
    from markupsafe import Markup  # comes with Jinja

    return Markup(filling.text(_PACKAGE, name).rstrip())


def _as_script(data: Any) -> Any:
    from markupsafe import Markup

    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # In a script element, "<" is all that could end it or begin a comment.
    return Markup(text.replace("<", "\\u003c"))
