"""The tables of `xgpu bench`."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from xgpu.bench.cases import CASES
from xgpu.bench.libraries import LIBRARIES
from xgpu.bench.plan import PARTS
from xgpu.bench.results import Results, Row
from xgpu.bench.statistics import geometric_mean
from xgpu.bench.units import bytes_text, count_text, seconds_text


def listing(console: Console) -> None:
    """What there is to choose from."""
    console.print(f"parts: {', '.join(PARTS)}", markup=False)
    console.print(f"libraries: {', '.join(LIBRARIES)}", markup=False)
    table = _table("case", "computes", "elements", "libraries")
    for case in CASES.values():
        names = ", ".join(name for name in LIBRARIES if name in case.programs)
        table.add_row(case.name, case.title, count_text(case.elements), names)
    console.print(table)


def show(console: Console, results: Results) -> None:
    """All tables, and what was left out or failed."""
    print_ = console.print
    print_(f"{results.device}: {results.device_name}", markup=False)
    print_(f"copy within the device: {bytes_text(results.ceiling)}/s", markup=False)
    for kind, said in (
        ("device", "time per call, ms"),
        ("host", "host time per call with an idle device, us"),
    ):
        rows = [row for row in results.rows if row.kind == kind]
        if rows:
            print_(f"\n{said}", markup=False)
            print_(times(results, rows, 1e3 if kind == "device" else 1e6))
    _means(console, results)
    _first_use(console, results)
    _memory(console, results)
    for name, why in results.absent.items():
        print_(f"{name}: not here: {why}", markup=False)
    for said in _left_out(results):
        print_(f"left out: {said}", markup=False)
    for said in results.failed():
        print_(f"FAILED: {said}", markup=False)
    print_(f"{results.seconds:.0f} s in all", markup=False)


def times(results: Results, rows: list[Row], scale: float) -> Table:
    """A column for each library, the ratio to the best peer, and the share of the roofline."""
    names = [name for name in LIBRARIES if any(name in row.cells for row in rows)]
    table = _table("case", "elements", *names, "best peer\n/ xgpu", "of the\nroofline")
    for row in rows:
        best, _ = row.best_peer()
        cells = [_cell(row, name, scale, bold=name == best) for name in names]
        table.add_row(
            row.title,
            count_text(row.elements),
            *cells,
            _number(row.ratio(), ".2f"),
            _number(results.share(row) * 100.0, ".0f", " %"),
        )
    return table


def _cell(row: Row, name: str, scale: float, bold: bool) -> str:
    cell = row.cells.get(name)
    if cell is None:
        return ""
    if cell.median is None:
        return "FAILED" if cell.state == "failed" else "-"
    text = f"{cell.median * scale:.4g}"
    return f"[bold]{text}[/]" if bold else text


def _means(console: Console, results: Results) -> None:
    means = [("best peer", results.mean_ratio())]
    means += [(name, results.mean_ratio(name)) for name in LIBRARIES if name != "xgpu"]
    said = [f"{name} {mean:.2f}" for name, mean in means if not math.isnan(mean)]
    if said:
        console.print(
            "geometric means over the main rows, time / xgpu's: " + ", ".join(said), markup=False
        )


def _first_use(console: Console, results: Results) -> None:
    found = [row.cells["xgpu"] for row in results.rows if "xgpu" in row.cells]
    cold = [cell.compiling for cell in found if cell.compiling is not None]
    if cold:
        console.print(
            f"xgpu's kernels of all rows, compiled: {seconds_text(sum(cold))}"
            f" (the longest row {seconds_text(max(cold))})"
            + (f"; from the disk's cache: {seconds_text(sum(results.warm.values()))}"
               if results.warm else ""),
            markup=False,
        )  # fmt: skip


def _memory(console: Console, results: Results) -> None:
    shares = [
        (row.cells["xgpu"].peak / row.moves, row.title)
        for row in results.rows
        if row.kind == "device" and "xgpu" in row.cells and row.cells["xgpu"].peak
    ]
    if shares:
        most, title = max(shares)
        console.print(
            "peak device memory of xgpu over inputs and result: geometric mean "
            f"{geometric_mean([share for share, _ in shares]):.3f}, most {most:.3f} ({title})",
            markup=False,
        )


def _left_out(results: Results) -> Iterable[str]:
    yield from results.left_out
    for row in results.rows:
        for name, cell in row.cells.items():
            if cell.state == "left out":
                yield f"{row.title}, {count_text(row.elements)}, {name}: {cell.why}"


def _number(value: float, form: str, unit: str = "") -> str:
    return "" if math.isnan(value) else f"{value:{form}}{unit}"


def _table(first: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
