"""Two reports with a cell in each state, for tests of what is made of reports."""

from __future__ import annotations

import math

from xgpu_conformance import Cell, Expectation, Failure, Report, Worst
from xgpu_conformance.schema import Level, State

NASTY = "</script><b>not bold</b> & <!-- 'quoted' \"too\""
"""A message that would end a script, open an element or a comment, if it were not escaped."""

KNOWN = Expectation("name=exp", "known", "https://example.org/issues/1", "2100-01-01")


def passed(level: Level, name: str, dtype: str, ulp: float = 0) -> Cell:
    cell = Cell(level, name, dtype, "pass", "", 12, 3456, seconds=0.5)
    if not ulp:
        return cell
    worst = Worst(ulp, 4, f"{cell.id}&case=special&seed=0&at=7", ("0.5",), "1.6487", "1.6488")
    return Cell(*cell.key, "pass", "", 12, 3456, worst=worst, seconds=0.5)


def failed(level: Level, name: str, dtype: str, message: str, state: State = "fail") -> Cell:
    cell = Cell(level, name, dtype)
    id = f"{cell.id}&case=special&seed=0&at=17"
    return Cell(
        *cell.key,
        state,
        "known" if state == "expected" else "",
        4,
        100,
        1,
        2,
        (Failure(id, message, 3.0),),
        Worst(math.inf, 2.0, id, ("1.0", "nan"), "nan", "1.0"),
        KNOWN if state == "expected" else None,
        0.5,
    )


def other(level: Level, name: str, dtype: str, state: State, reason: str) -> Cell:
    return Cell(level, name, dtype, state, reason)


def reports() -> tuple[Report, Report]:
    """One in which all passes, and one of another device that is wrong here and there."""
    names = ("abs", "add", "exp", "linalg.svd", "log", "sum")
    level: Level
    every = []
    for level, dtypes in (
        ("ops", ("bool", "int8", "float32", "float64")),
        ("functions", ("float32", "float64", "complex64")),
    ):
        for name in names:
            every += [passed(level, name, dtype, (name == "exp") * 1.5) for dtype in dtypes]
    given = {cell.key: cell for cell in every}
    right = Report(
        "cpu:0",
        "numpy",
        device_name="x86_64",
        memory=2**34,
        versions={"xgpu": "1", "numpy": "2.4"},
        date="2026-11-23T00:00:00+00:00",
        seconds=12.3,
        finished=True,
        levels=("ops", "functions"),
        cells=tuple(every),
    )
    wrong = [
        failed("ops", "exp", "float64", NASTY),
        failed("ops", "add", "int8", "of 1, 2: 4, not 3"),
        failed("functions", "exp", "float64", "of 1.0: 2.0, not 2.7", "expected"),
        other("ops", "abs", "bool", "untested", "not selected"),
        *(
            other("functions", name, "complex64", "unsupported", "backend 'wrong' has no complex64")
            for name in names
        ),
    ]
    cells = {**given, **{cell.key: cell for cell in wrong}}
    del cells["ops", "log", "float32"]
    other_device = Report(
        "wrong:0",
        "wrong <b>",
        versions={"xgpu": "1"},
        flags={"large": "100"},
        date="2026-11-23T00:00:00+00:00",
        seconds=45.6,
        levels=("ops", "functions"),
        cells=tuple(cells.values()),
    )
    return right, other_device
