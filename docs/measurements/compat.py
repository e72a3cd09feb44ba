"""Writes the tables of compat.md from the reports: ``python -m docs.measurements.compat``.

For each library the cells by level and state, what was declared, and what failed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from xgpu_conformance import Report, plan, schema
from xgpu_conformance.schema import STATES, Cell

PAGE: Final = Path(__file__).with_name("compat.md")
REPORTS: Final = PAGE.parents[1] / "reports"
LIBRARIES: Final = ("torch", "jax", "dask", "cupy", "torch-cuda")
SHOWN: Final = 8
"""So many names of functions that a report lacks are told."""
BEGIN, END = "<!-- tables -->\n", "<!-- /tables -->\n"


def counts(report: Report) -> list[str]:
    """Cells by level and state."""
    lines = [f"| level | {' | '.join(STATES)} |\n", f"|---|{'---:|' * len(STATES)}\n"]
    for level in report.levels:
        cells = [cell for cell in report.cells if cell.level == level]
        numbers = [str(sum(cell.state == state for cell in cells)) for state in STATES]
        lines.append(f"| {level} | {' | '.join(numbers)} |\n")
    return lines


def grouped(cells: list[Cell]) -> dict[str, list[Cell]]:
    """The cells of each op or function, whatever the level and the dtype."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.name, []).append(cell)
    return found


def dtypes(cells: list[Cell]) -> str:
    """Their dtypes, each once."""
    return ", ".join(dict.fromkeys(cell.dtype for cell in cells))


def share(cells: list[Cell]) -> str:
    """How many values are wrong of those that were compared."""
    wrong, all_ = sum(c.failed for c in cells), sum(c.values for c in cells)
    return f"{wrong:,} of {all_:,}"


def declared(report: Report) -> list[str]:
    """What was declared as the library's own, and was found."""
    cells = [cell for cell in report.cells if cell.state == "expected"]
    if not cells:
        return []
    lines = ["\n| declared | dtypes | wrong values | why |\n", "|---|---|---:|---|\n"]
    for name, group in grouped(cells).items():
        known = group[0].expectation
        why = f"[{known.reason}]({known.link})" if known else ""
        lines.append(f"| `{name}` | {dtypes(group)} | {share(group)} | {why} |\n")
    return lines


def failed(report: Report) -> list[str]:
    """What failed, with its first wrong value."""
    cells = [cell for cell in report.cells if cell.state == "fail"]
    if not cells:
        return []
    lines = ["\n| failed | dtypes | wrong values | for example |\n", "|---|---|---:|---|\n"]
    for name, group in grouped(cells).items():
        message = group[0].failures[0].message.replace("|", "\\|")
        lines.append(f"| `{name}` | {dtypes(group)} | {share(group)} | {message} |\n")
    return lines


def newer(report: Report) -> str:
    """How many cells of its levels the suite has got since a report was made, and of what."""
    have = {cell.key for cell in report.cells}
    lacking = [cell for cell in plan.planned(report.levels) if cell.key not in have]
    if not lacking:
        return ""
    names = list(dict.fromkeys(cell.name for cell in lacking))
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more functions" if len(names) > SHOWN else ""
    return f"{len(lacking)} cells are newer than this report: of {shown}{more}.\n\n"


def section(name: str) -> list[str]:
    """One library's part of the page."""
    path = REPORTS / f"{name}.json"
    if not path.exists():
        return []
    report = schema.read(path)
    versions = ", ".join(
        f"{k} {v}" for k, v in report.versions.items() if k not in ("xgpu", "xgpu-array")
    )
    flags = "".join(f" --{key} {value}" for key, value in report.flags.items())
    levels = " ".join(f"--level {level}" for level in report.levels)
    return [
        f"\n## `{report.device}`\n\n",
        f"[{path.name}](../reports/{path.name}), {report.device_name}: {versions}; "
        f"{report.date[:10]}.\n\n",
        f"```console\nxgpu conformance {report.device} {levels}{flags}\n```\n\n",
        newer(report),
        *counts(report),
        *declared(report),
        *failed(report),
    ]


def main() -> None:
    """Write the page."""
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    made = "".join(line for name in LIBRARIES for line in section(name))
    PAGE.write_text(f"{before}{BEGIN}{made}\n{END}{after}")


if __name__ == "__main__":
    main()
