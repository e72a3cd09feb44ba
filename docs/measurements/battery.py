"""Writes the tables of battery.md from what ``xgpu bench --json`` wrote.

    python -m docs.measurements.battery

Each ``battery-*.json`` beside this file becomes a section.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

from xgpu.bench.statistics import geometric_mean

FOLDER: Final = Path(__file__).parent
PAGE: Final = FOLDER / "battery.md"
BEGIN, END = "<!-- tables -->\n", "<!-- /tables -->\n"
LIBRARIES: Final = (
    *("xgpu", "captured", "cupy", "torch", "functional", "compile", "jit", "triton"),
    *("numpy", "numexpr"),
)


def number(value: float | None, form: str) -> str:
    """As text, nothing for what is not known."""
    return "" if value is None or math.isnan(value) else f"{value:{form}}"


def cell(row: dict[str, Any], library: str, scale: float) -> str:
    """A library's median on a row, the best peer's in bold."""
    found = row["cells"].get(library)
    if found is None:
        return ""
    if found["state"] != "ok":
        return "fails" if found["state"] == "failed" else "left out"
    text = number(found["median"] * scale, ".3g")
    return f"**{text}**" if library == row["best_peer"] else text


def table(rows: list[dict[str, Any]], scale: float) -> list[str]:
    """Rows as they were measured, with the ratio to the best peer and the share of the roofline."""
    names = [name for name in LIBRARIES if any(name in row["cells"] for row in rows)]
    shares = any(row["share"] for row in rows)
    peaks = any(peak(row) for row in rows)
    heads = ["case", "elements", *names, "best peer / xgpu"]
    heads += ["of the roofline"] * shares + ["peak memory / inputs and result"] * peaks
    lines = [f"| {' | '.join(heads)} |\n", f"|---|{'---:|' * (len(heads) - 1)}\n"]
    for row in rows:
        parts = [row["title"], f"{row['elements']:,}"]
        parts += [cell(row, name, scale) for name in names] + [number(row["ratio"], ".2f")]
        parts += [
            number(row["share"] and 100 * row["share"], ".0f") + " %" * bool(row["share"])
        ] * (shares)
        parts += [number(peak(row), ".3f")] * peaks
        lines.append(f"| {' | '.join(parts)} |\n")
    return lines


def peak(row: dict[str, Any]) -> float | None:
    """Device memory of xgpu's call over what it has to hold."""
    found = row["cells"].get("xgpu", {}).get("peak")
    return found / (row["inputs"] + row["outputs"]) if found else None


def means(rows: list[dict[str, Any]]) -> str:
    """Geometric means of what the peers take, over what xgpu takes."""
    said = [f"best peer {geometric_mean([r['ratio'] for r in rows if r['ratio']]):.2f}"]
    for name in LIBRARIES[1:]:
        pairs = [(r["cells"].get(name) or {}, r["cells"].get("xgpu") or {}) for r in rows]
        ratios = [
            a["median"] / b["median"] for a, b in pairs if a.get("median") and b.get("median")
        ]
        if ratios:
            said.append(f"{name} {geometric_mean(ratios):.2f} ({len(ratios)} rows)")
    return ", ".join(said)


def section(path: Path) -> list[str]:
    """One run."""
    run = json.loads(path.read_text())
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    lines = [f"\n## {run['device_name']}\n\n[{path.name}]({path.name}), {run['date']}: {versions}."]
    lines += [f" A copy within the device: {run['ceiling'] / 1e12:.3g} TB/s.\n"]
    lines += [f"\n```console\n{run['command']}\n```\n"]
    groups = dict.fromkeys((row["kind"], row["group"]) for row in run["rows"])
    for kind, group in groups:
        rows = [row for row in run["rows"] if (row["kind"], row["group"]) == (kind, group)]
        host = kind == "host"
        unit = "host time per call with an idle device, us" if host else "device time per call, ms"
        lines += [f"\n### {group}: {unit}\n\n", *table(rows, 1e6 if host else 1e3)]
        lines += [f"\nGeometric means, time over xgpu's: {means(rows)}.\n"]
    failed = [
        f"{row['title']}, {name}: {' '.join(cell['why'].split())}"
        for row in run["rows"]
        for name, cell in row["cells"].items()
        if cell["state"] == "failed"
    ]
    left = [f"{name}: {why}" for name, why in run["absent"].items()] + run["left_out"]
    lines += [f"\nFailed: {'; '.join(failed)}.\n"] if failed else []
    lines += [f"\nNot run: {'; '.join(left)}.\n"] if left else []
    return lines


def main() -> None:
    """Replace the tables."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    lines = [line for path in sorted(FOLDER.glob("battery-*.json")) for line in section(path)]
    PAGE.write_text(before + BEGIN + "".join(lines) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
