"""Runs the rows on a device: ``python -m docs.measurements.ecosystem cpu``.

Writes ``docs/measurements/ecosystem-DEVICETYPE.json``, row by row, and the tables of
``docs/ecosystem.md`` from all such files. ``--json`` names another file, and leaves the page alone.
``--only scipy,dask`` runs some of the modules ``*_rows.py``. ``--processes`` run side by side; a
row that takes more than ``--row-seconds``, or ends its process, is lost, and the others go on;
after ``--seconds`` the rest is left out. ``--resume`` goes on with a file where a run stopped.

``merge A.json B.json`` makes one run of several files of one device, and the page from it;
``page`` writes the tables alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

# Read when the libraries are imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("CUBED_BACKEND_ARRAY_API_MODULE", "xgpu")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # a GPU is shared with the others

from docs.measurements.ecosystem import page
from docs.measurements.ecosystem.measure import MODULES
from docs.measurements.ecosystem.run import Limits, Run, merged

PACKAGES = """numpy scipy scikit-learn array-api-compat array-api-extra xarray dask cubed einops
    matplotlib torch jax cupy-cuda12x cupy-cuda13x numba"""


def versions() -> dict[str, str]:
    """Of Python and of each consumer that is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES.split():
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Run the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("device", help="or 'merge', or 'page'")
    parser.add_argument("files", nargs="*", type=Path, help="of 'merge': what to merge")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="parts, with commas between")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0, help="for all")
    parser.add_argument("--row-seconds", type=float, default=120.0, help="for each row")
    given = parser.parse_args()
    if given.device == "merge":
        found = merged(given.files, MODULES)
        path = given.json or standard(found["device"])
        path.write_text(json.dumps(found, indent=1) + "\n")
    elif given.device != "page":
        tell(measured(given), bool(given.only))
    if given.device in ("page", "merge") or not (given.only or given.json):
        page.write()


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The file of one run."""
    parts = tuple(part for part in MODULES if not given.only or part in given.only.split(","))
    header = {
        "device": given.device,
        "machine": page.machine(given.device),
        "date": time.strftime("%Y-%m-%d"),
        "processes": given.processes,
        "versions": versions(),
    }
    limits = Limits(seconds=given.seconds, row=given.row_seconds, processes=given.processes)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / "some.json"
        path = given.json or (aside if given.only else standard(given.device))
        return Run(given.device, parts, limits, path, header, given.resume).go()


def standard(device: str) -> Path:
    """The file that the page is written from."""
    return page.FOLDER / f"ecosystem-{device.partition(':')[0]}.json"


def tell(found: dict[str, Any], every: bool) -> None:
    """Print what was found: all rows or those that are not equal, and the slowest."""
    rows = found["rows"]
    states = dict(Counter(row["state"] for row in rows))
    print(f"{found['device']}: {states}, {found['seconds']} s, {found['left']} rows left out")
    for part, why in found["absent"].items():
        print(f"no rows of {part}: {why}")
    for row in rows:
        if every or row["state"] != "equal":
            print({name: said for name, said in row.items() if name != "part"})
    slowest = sorted(rows, key=lambda row: -row.get("seconds", 0.0))[:10]
    print("slowest rows, in seconds:")
    for row in slowest:
        print(f"{row.get('seconds', 0.0):8.2f} {row['consumer']}: {row['call']}")


if __name__ == "__main__":
    main()
