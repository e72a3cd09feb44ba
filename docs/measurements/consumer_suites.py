"""Runs other libraries' own suites with xgpu and with array-api-strict as their namespace.

    python -m docs.measurements.consumer_suites --extra FOLDER [SUITE ...]

FOLDER is array-api-extra's source distribution, unpacked: its tests are not installed. SUITE is
``array_api_extra``, ``sklearn`` or a package of SciPy, such as ``scipy.fft``; all by default.
``--namespace`` runs one of the two, ``-n`` gives pytest-xdist that many processes. Outcomes go to
``consumer-suites.json``, and the tables of ``consumer-suites.md`` are written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
RESULTS: Final = HERE / "consumer-suites.json"
PAGE: Final = HERE / "consumer-suites.md"
BEGIN, END = "<!-- tables -->\n", "<!-- /tables -->\n"
PARTS: Final = (
    "fft",
    "cluster",
    "integrate",
    "differentiate",
    "linalg",
    "signal",
    "optimize",
    "stats",
    "special",
)
SUITES: Final = ("array_api_extra", "sklearn", *(f"scipy.{part}" for part in PARTS))
NAMESPACES: Final = ("xgpu", "array_api_strict")

#: What a failed test's name and message say, as a pattern -> why it fails.
REASONS: Final = (
    (
        r"\[xgpu-n?bdtrc?-",
        "SciPy's own values are those of the counts modulo 2**32: `nbdtr(2**32 + 3, 5, 0.5)` is "
        "`nbdtr(3, 5, 0.5)`; the test draws counts of 64 bits",
    ),
    (
        r"\[xgpu-betaln-intp",
        "SciPy's value is infinite for integers below -2**31, where the function is finite",
    ),
    (
        r"\[xgpu-cotdg-",
        "SciPy's value is 0 from 1e14 degrees on, of which the test draws some",
    ),
    (
        "array-agnostic fallback should not be used",
        "a test that the namespace's own function is called, for namespaces whose own function the "
        "library knows of",
    ),
    (
        "has no attribute 'logspace'",
        "the test itself calls `logspace`, which the standard does not have",
    ),
    (
        r"are valid indices: got tuple",
        "the test itself indexes by tuples inside a key, which the standard does not have",
    ),
    (
        "DeviceMismatchError",
        "SciPy makes an array without naming the device of its operands, and the test's are on one "
        "that is not the default; array-api-strict fails there too",
    ),
    (
        "is not handed to NumPy silently",
        "SciPy has the function for NumPy alone, and the array is on a device",
    ),
)


def command(suite: str, extra: Path | None, processes: int) -> tuple[list[str], Path]:
    """pytest's arguments, and the folder to run it in."""
    run = [sys.executable, "-m", "pytest", "-p", "consumer_plugin", "-p", "no:cacheprovider"]
    run += ["-q", "--tb=short", "-n", str(processes), "-o", "timeout=600"]
    if suite == "array_api_extra":
        if extra is None:
            raise SystemExit(
                "array_api_extra's tests are in its source distribution: --extra FOLDER"
            )
        return [*run, "tests", "--ignore=tests/vendoring"], extra
    folder = Path(tempfile.mkdtemp())
    (folder / "empty.ini").write_text("[pytest]\n")
    run += ["-c", str(folder / "empty.ini"), "-W", "ignore"]
    if suite == "sklearn":
        package = Path(metadata.distribution("scikit-learn").locate_file("sklearn"))  # type: ignore[arg-type]
        tests = sorted(package.rglob("test_*.py"))
        return [*run, *(str(t) for t in tests if "yield_namespace" in t.read_text())], folder
    return [*run, "--pyargs", suite, "-m", "array_api_backends"], folder


def outcomes(suite: str, namespace: str, extra: Path | None, processes: int) -> dict[str, Any]:
    """Run one suite with one namespace."""
    run, folder = command(suite, extra, processes)
    with tempfile.TemporaryDirectory() as results:
        path = Path(results) / "outcomes.json"
        environment = {
            **os.environ,
            "PYTHONPATH": f"{HERE}:{ROOT}:{ROOT / 'backends'}:{os.environ.get('PYTHONPATH', '')}",
            "SCIPY_ARRAY_API": "1" if suite == "sklearn" else '["array_api_strict"]',
            "SUITE": suite,
            "SUITE_NAMESPACE": namespace,
            "SUITE_RESULTS": str(path),
            "JAX_PLATFORMS": "cpu",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        start = time.perf_counter()
        done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
        if not path.exists():
            raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
        found = json.loads(path.read_text())
    found.pop("passed")
    found["date"], found["seconds"] = time.strftime("%Y-%m-%d"), round(time.perf_counter() - start)
    return {**found, "version": version(suite)}


def version(suite: str) -> str:
    """The library's."""
    names = {"sklearn": "scikit-learn", "array_api_extra": "array-api-extra"}
    name = names.get(suite, "scipy")
    return f"{name} {metadata.version(name)}"


def reason(test: str, message: str) -> str:
    """Why a test fails."""
    text = f"{test} {message}"
    return next((why for said, why in REASONS if re.search(said, text)), "not known")


def page(found: dict[str, Any]) -> str:
    """The tables."""
    lines = [
        "\n| suite | of | xgpu: passed | failed | skipped | array-api-strict: passed | failed "
        "| skipped | date |\n",
        "|---|---|---:|---:|---:|---:|---:|---:|---|\n",
    ]
    for suite in SUITES:
        runs = found.get(suite, {})
        if len(runs) < len(NAMESPACES):
            continue
        cells = [f"`{suite}`", runs["xgpu"]["version"]]
        for namespace in NAMESPACES:
            counts = runs[namespace]["counts"]
            passed = counts.get("passed", 0) + counts.get("xpassed", 0)
            skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
            cells += [f"{passed:,}", f"{counts.get('failed', 0):,}", f"{skipped:,}"]
        lines.append(f"| {' | '.join([*cells, runs['xgpu']['date']])} |\n")
    lines += [
        "\n## What fails with xgpu\n",
        "\n| suite | tests | error | why |\n|---|---|---|---|\n",
    ]
    for suite in SUITES:
        groups: dict[tuple[str, str], list[str]] = {}
        for test, message in found.get(suite, {}).get("xgpu", {}).get("failed", {}).items():
            first = " ".join(message.split())[:110].replace("|", "/").replace("`", "'")
            name = re.sub(r"\[.*", "", test.split("::", 1)[-1])
            if suite == "scipy.special":  # one test of many functions
                name = re.sub(r".*\[xgpu-(\w+)-.*", r"\1", test)
                first = first.partition("location mismatch")[0]
            groups.setdefault((first, reason(test, message)), []).append(name)
        for (message, why), tests in groups.items():
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(tests))
            times = f" ({len(tests)})" if len(tests) > 1 else ""
            lines.append(f"| `{suite}` | {names}{times} | `{message}` | {why} |\n")
    return "".join(lines)


def main() -> None:
    """Run suites and write what they gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*")
    parser.add_argument("--extra", type=Path)
    parser.add_argument("--namespace", choices=NAMESPACES)
    parser.add_argument("-n", type=int, default=2)
    given = parser.parse_args()
    for suite in given.suites or SUITES:
        for namespace in [given.namespace] if given.namespace else NAMESPACES:
            outcome = outcomes(suite, namespace, given.extra, given.n)
            print(suite, namespace, outcome["counts"], f"{outcome['seconds']} s", flush=True)
            found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            found.setdefault(suite, {})[namespace] = outcome
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            before, rest = PAGE.read_text().split(BEGIN)
            PAGE.write_text(f"{before}{BEGIN}{page(found)}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
