"""Writes the table in README.md from the reports beside it: ``python -m docs.reports.index``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from xgpu_conformance import Report, schema
from xgpu_conformance.report.share import share

FOLDER: Final = Path(__file__).parent
PAGE: Final = FOLDER / "README.md"
BEGIN, END = "<!-- table -->\n", "<!-- /table -->"
OWN: Final = ("xgpu", "xgpu-array", "python", "platform")
"""Versions that the table leaves out: the reports have them."""


def row(path: Path, report: Report) -> str:
    """One report's line of the table."""
    versions = [f"{name} {v}" for name, v in report.versions.items() if name not in OWN]
    flags = [f"{name}={value}" for name, value in report.flags.items()]
    counts = [f"{count:,}" for count in report.counts().values()]
    columns = [
        f"[{report.device}]({path.name})",
        ", ".join(filter(None, [report.device_name, *versions])),
        ", ".join([*report.levels, *flags]),
        str(share(report)),
        *counts,
        f"{sum(cell.values for cell in report.cells):,}",
        report.date[:10] if report.finished else f"{report.date[:10]}, not finished",
    ]
    return f"| {' | '.join(columns)} |\n"


def table() -> str:
    """A line for each report in this folder."""
    head = ["report", "device and versions", "levels and options", "passed", *schema.STATES]
    head += ["values", "date"]
    rules = ["---"] * 4 + ["---:"] * 6 + ["---"]
    lines = [row(path, schema.read(path)) for path in sorted(FOLDER.glob("*.json"))]
    return "".join([f"| {' | '.join(head)} |\n", f"|{'|'.join(rules)}|\n", *lines])


def page() -> str:
    """README.md with the table of what is there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
