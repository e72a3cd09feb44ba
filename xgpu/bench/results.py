"""What the battery found, as data that becomes JSON, a table and a plot."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from xgpu.bench.statistics import geometric_mean

State = Literal["ok", "left out", "failed"]


@dataclass
class Cell:
    """One library on one row. Times are in seconds, sizes in bytes; None is not known."""

    state: State = "ok"
    why: str = ""  #: why it is left out or failed
    median: float | None = None  #: device time per call
    low: float | None = None  #: holds the median with 95 %
    high: float | None = None
    calls: int | None = None  #: per round
    rounds: int | None = None
    first: float | None = None  #: wall time of the first call, compilation included
    compiling: float | None = None  #: of xgpu's programs, in the first call
    error: float | None = None  #: largest difference from the reference, of its largest magnitude
    outputs: int | None = None  #: bytes of its result
    peak: int | None = None  #: device memory of one call, inputs included


@dataclass
class Row:
    """One case at one size."""

    case: str
    title: str
    group: str
    kind: Literal["device", "host"]  #: which time the cells have
    elements: int  #: of the largest input
    shapes: list[str]  #: ``dtype[shape]`` of each input
    inputs: int  #: bytes of the inputs
    outputs: int  #: bytes of xgpu's result
    streams: bool  #: whether memory bounds it
    cells: dict[str, Cell] = field(default_factory=dict)  #: by library

    @property
    def moves(self) -> int:
        """Bytes that must move: each input once, the result once."""
        return self.inputs + self.outputs

    def seconds(self, library: str) -> float:
        """The median, NaN if there is none."""
        cell = self.cells.get(library)
        return math.nan if cell is None or cell.median is None else cell.median

    def best_peer(self) -> tuple[str, float]:
        """The fastest library but xgpu, and its time; NaN if there is none."""
        times = [(self.seconds(n), n) for n in self.cells if n != "xgpu"]
        found = [pair for pair in times if not math.isnan(pair[0])]
        return (min(found)[1], min(found)[0]) if found else ("", math.nan)

    def ratio(self) -> float:
        """The time of the best peer over xgpu's."""
        return self.best_peer()[1] / self.seconds("xgpu")


@dataclass
class Results:
    """All of one run."""

    device: str
    device_name: str
    command: str
    date: str
    versions: dict[str, str]
    ceiling: float  #: bytes per second, read and written, of a copy within the device
    rows: list[Row] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)  #: libraries that are not there, and why
    left_out: list[str] = field(default_factory=list)  #: rows that were not run, and why
    warm: dict[str, float] = field(default_factory=dict)  #: case -> seconds to load its kernels
    seconds: float = 0.0  #: of the whole run

    def share(self, row: Row) -> float:
        """Of the roofline: the least time that its bytes take, over xgpu's."""
        if not row.streams or row.kind == "host":
            return math.nan
        return row.moves / self.ceiling / row.seconds("xgpu")

    def mean_ratio(self, library: str | None = None) -> float:
        """Geometric mean, over device rows, of a library's time (the best peer's) over xgpu's."""
        ratios = [
            (row.ratio() if library is None else row.seconds(library) / row.seconds("xgpu"))
            for row in self.rows
            if row.kind == "device" and row.group == "main"
        ]
        return geometric_mean([ratio for ratio in ratios if not math.isnan(ratio)])

    def failed(self) -> list[str]:
        """The cells of results that differ, and of libraries that raised."""
        return [
            f"{row.title}, {name}: {cell.why}"
            for row in self.rows
            for name, cell in row.cells.items()
            if cell.state == "failed"
        ]

    def as_json(self) -> dict[str, Any]:
        """Plain data, with what is derived from it."""
        data = asdict(self)
        for plain, row in zip(data["rows"], self.rows, strict=True):
            best, _ = row.best_peer()
            derived = {"ratio": row.ratio(), "share": self.share(row)}
            plain |= {"best_peer": best or None}
            plain |= {key: None if math.isnan(value) else value for key, value in derived.items()}
        return data
