"""Runs the rows on a device: ``python -m docs.measurements.ecosystem cpu``.

Writes ``docs/measurements/ecosystem-DEVICETYPE.json`` and the tables of ``docs/ecosystem.md`` from
all such files, or with ``--json`` the named file alone. ``--only scipy,dask`` runs some of the
modules ``*_rows.py`` and prints them; ``page`` in the place of a device writes the tables alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

# Read when the libraries are imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("CUBED_BACKEND_ARRAY_API_MODULE", "xgpu")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # a GPU is shared with the others

from docs.measurements.ecosystem import measure, page

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    if given.device != "page":
        start = time.perf_counter()
        found = measure.measured(given.device, given.only)
        seconds = time.perf_counter() - start
        states = dict(Counter(row["state"] for row in found["rows"]))
        print(f"{given.device}: {states}, {seconds:.0f} s")
        for row in found["rows"]:
            if given.only or row["state"] != "equal":
                print(row)
        said = {
            "device": given.device,
            "machine": page.machine(given.device),
            "date": time.strftime("%Y-%m-%d"),
            "seconds": round(seconds),
            "versions": versions(),
            **found,
        }
        path = given.json or page.FOLDER / f"ecosystem-{given.device.partition(':')[0]}.json"
        if given.json or not given.only:
            path.write_text(json.dumps(said, indent=1) + "\n")
    if not given.only and not given.json:
        page.write()


if __name__ == "__main__":
    main()
