"""The tables of ``docs/ecosystem.md``, from what the runs on each device wrote."""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path
from typing import Any, Final

import xgpu

FOLDER: Final = Path(__file__).parents[1]
PAGE: Final = FOLDER.parent / "ecosystem.md"
BEGIN, END = "<!-- tables -->\n", "<!-- /tables -->\n"
DEVICES: Final = ("cpu", "cudasim", "cuda")
KINDS: Final = {"array": "yes", "number": "yes, a number", "NumPy": "yes, NumPy's"}

NUMPYS = "is not handed to NumPy silently"
#: Consumer, part of the error -> why it is so.
EXPLAINED: Final = (
    ("matplotlib", NUMPYS, "it draws copies on the host: `xgpu.to_device(x, 'cpu')` first"),
    ("cubed", NUMPYS, "it writes chunks with Zarr, which takes the host's memory"),
    ("dask", NUMPYS, "it calls NumPy's function on the chunks"),
    ("xarray", NUMPYS, "it calls NumPy's function, or SciPy's, by name"),
    ("Numba", NUMPYS, "the call asks for the host's memory"),
    ("array-api-extra", NUMPYS, "the row's function is NumPy's, and xgpu is none of its libraries"),
    ("scikit-learn", NUMPYS, "not in scikit-learn's list: it calls NumPy's function"),
    (
        "scikit-learn",
        "Multiple namespaces",
        "not in scikit-learn's list: it calls NumPy's function",
    ),
    (
        "scikit-learn",
        "diff()",
        "not in scikit-learn's list: it calls functions as only NumPy's are",
    ),
    ("cubed", "argument 'dtype'", "it calls `mean(dtype=)`, which the standard does not have"),
)


def machine(device: str) -> str:
    """What the rows ran on, in words."""
    name = (
        xgpu.device_info(xgpu.device(device)).name
        if device.startswith("cuda:")
        else platform.machine()
    )
    return f"{name}, {os.cpu_count()} processor cores"


def write() -> None:
    """Put the tables into the page."""
    runs = {
        name: json.loads(path.read_text())
        for name in DEVICES
        if (path := FOLDER / f"ecosystem-{name}.json").exists()
    }
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    made = "".join([*counted(runs), *tables(runs), *transfers(runs)])
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")


def counted(runs: dict[str, Any]) -> list[str]:
    """A line for each run."""
    lines = ["| device | rows | equal | others | seconds | date | machine | versions |\n"]
    lines.append("|---|---:|---:|---:|---:|---|---|---|\n")
    for run in runs.values():
        equal = sum(row["state"] == "equal" for row in run["rows"])
        versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
        cells = [f"`{run['device']}`", len(run["rows"]), equal, len(run["rows"]) - equal]
        cells += [run["seconds"], run["date"], run["machine"], versions]
        lines.append(f"| {' | '.join(map(str, cells))} |\n")
        if run.get("left"):
            lines.append(f"| | | | {run['left']} not run | | | | |\n")
        for name, why in run["absent"].items():
            lines.append(f"| | | | | | | not installed: {name} | {why} |\n")
    return lines


def tables(runs: dict[str, Any]) -> list[str]:
    """A table for each consumer."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, run in runs.items():
        for row in run["rows"]:
            found.setdefault(row["consumer"], {}).setdefault(row["call"], {})[name] = row
    lines = []
    for consumer, calls in found.items():
        lines += [f"\n### {consumer}\n\n", f"| call | {' | '.join(f'`{n}`' for n in runs)} |\n"]
        lines.append(f"|---|{'---|' * len(runs)}\n")
        for call, rows in calls.items():
            cells = [cell(rows.get(name)) for name in runs]
            text = call.replace("|", "\\|")
            lines.append(f"| `{text}` | {' | '.join(cells)} |\n")
    return lines


def cell(row: dict[str, Any] | None) -> str:
    """What one row gave on one device, in a few words."""
    if row is None:
        return "not run"
    if "declared" in row:
        return f"no: SciPy has it {row['declared']}"
    for consumer, part, why in EXPLAINED:
        if (
            row["state"] == "refused"
            and row["consumer"].startswith(consumer)
            and part in row["why"]
        ):
            return f"no: {why}"
    if row["state"] != "equal":
        return f"no: {escaped(row['why'])}"
    said = " and ".join(KINDS[kind] for kind in row["kind"].split(" and ") if kind)
    count = len(row.get("transfers", ()))
    return f"{said or 'yes'}{f'; {count} transfers' if count else ''}"


def escaped(text: str) -> str:
    """Without what Markdown would take for its own."""
    for sign in "*_<>[]`":
        text = text.replace(sign, f"\\{sign}")
    return text


def shortened(line: str) -> str:
    """A line of the guard's log: what kind it is, why, and where."""
    line = re.sub(r"^a copy from \S+ to the host: ", "to the host: ", line)
    line = re.sub(r"^a copy from the host to \S+: ", "to the device: ", line)
    return re.sub(r"^a wait for \S+: ", "wait: ", line).replace("|", "/")


def transfers(runs: dict[str, Any]) -> list[str]:
    """The lines of consumers that copy or wait, of each row that has any."""
    lines = []
    for name, run in runs.items():
        rows = [row for row in run["rows"] if row.get("transfers")]
        if rows:
            lines.append(f"\n### Transfers that consumers make on `{name}`\n\n")
            lines.append("| consumer | call | what, and the line that makes it |\n|---|---|---|\n")
        for row in rows:
            what = "<br>".join(escaped(shortened(line)) for line in row["transfers"])
            call = row["call"].replace("|", "\\|")
            lines.append(f"| {row['consumer']} | `{call}` | {what} |\n")
    return lines
