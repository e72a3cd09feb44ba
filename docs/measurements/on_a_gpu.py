"""Everything that needs a GPU, in stages that can be cut: for whoever has a machine with one.

    python docs/measurements/on_a_gpu.py OUT [STAGE ...] [--device cuda:0] [-n 14]
        [--suite CHECKOUT] [--seconds 590]
    python docs/measurements/on_a_gpu.py OUT --summary

Runs the stages that are named, or all, one after another, from the project's root with the project
and what it needs installed. ``--list`` lists them. Each writes to a log of its own in OUT, beside
the JSON and pictures that it makes, and is ended at its limit; what it has until then stays. After
each stage the summary, OUT/summary.md, is written anew: what became of it, how long it took, and
the names of tests that failed. ``--summary`` prints it and runs nothing.

A machine that runs one command for ten minutes at most takes a group at a time: ``timings``,
``tests``, ``suites`` and ``reports`` are such names for several stages, with at least 12 cores and
``-n`` 2 less than there are. ``--seconds`` ends the last stage before the machine does, and leaves
those out that come after it. Times are measured by ``timings``, with nothing else on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
HERE: Final = "docs/measurements/"
GRACE: Final = 15.0
"""Seconds in which a stage may say what it has, after it was interrupted at its limit."""

SEVERAL: Final = 1000
"""Names of failed tests that the summary has."""

Command = list[str]
Environment = dict[str, str]


@dataclass(frozen=True)
class Stage:
    """Commands that are run one after another; words in braces are filled in by `staged`."""

    group: str
    seconds: float  #: a limit for all of them, on a machine as in `docs/measurements/cuda.md`
    about: str
    commands: tuple[str, ...]
    environment: Environment = field(default_factory=dict)
    needs: str = ""  #: a program, or "suite"


QUIET: Final = "-p no:cacheprovider -p no:benchmark"  # the latter warns beside xdist
PYTEST: Final = f"{{python}} -m pytest {QUIET} -o addopts= --import-mode=importlib -rfE"
TESTS: Final = f"{PYTEST} -v -m gpu --timeout 120"
THOROUGHLY: Final = "env XGPU_OPTIMISE=always"
CHECKED: Final = "compute-sanitizer --show-backtrace no --error-exitcode 9 --tool"
CONFORMANCE: Final = "{python} -W ignore -m xgpu.cli conformance {device} -n {n}"

STAGES: Final[dict[str, Stage]] = {
    "battery": Stage(
        "timings", 200, "the cases of `xgpu bench`, beside the other libraries that are here",
        ("{python} -m xgpu.cli bench --device {device} --only main --seconds 0.1 --limit 25"
         " --without jit:cumulative_sum --without jit:pairwise --total {most}"
         " --json {out}/battery.json --plot {out}/battery.png",),
    ),
    "host": Stage(
        "timings", 90, "the host's time of small calls, and where it goes",
        ("{python} -m xgpu.cli bench --device {device} --only host --seconds 0.1 --total 45"
         " --json {out}/battery-host.json",
         "{python} docs/measurements/host.py {device}"),
    ),
    "kernels": Stage(
        "timings", 90, "the kernels' variants, and further shapes",
        ("{python} docs/measurements/shapes.py {device} --out {out}/shapes.json",
         "{python} docs/measurements/kernels.py --device {device} --out {out}/kernels.json"),
    ),
    "sorts": Stage(
        "timings", 60, "sorts, transforms and factors",
        ("{python} docs/measurements/sorts.py --out {out}/sorts.json",),
    ),
    "scans": Stage(
        "timings", 40, "scans, gather, scatter",
        ("{python} docs/measurements/scans.py --out {out}/scans.json",),
    ),
    "overlap": Stage(
        "timings", 30, "a copy and a kernel on two streams",
        ("{python} docs/measurements/overlap.py --device {device} --out {out}/overlap.json"
         " --picture {out}/overlap.png",),
    ),
    "round_trip": Stage(
        "timings", 30, "one memory through all libraries",
        ("{python} docs/measurements/round_trip.py --device {device} --out {out}/round_trip.json",),
    ),
    "compile": Stage(
        "timings", 50, "the first use of programs, with caches of its own",
        ("{python} docs/measurements/compile.py {device} --out {out}",),
    ),
    "warm": Stage(
        "tests", 90, "every kernel once, which fills the cache of compiled kernels",
        ("{python} -m tests.backends.cuda.every_kernel {device}",
         f"{THOROUGHLY} {{python}} -m tests.backends.cuda.every_kernel {{device}}"),
    ),
    "tests": Stage(
        "tests", 270, "all tests that have a GPU form",
        (f"{TESTS} -n {{n}} --dist worksteal tests",),
    ),
    "alone": Stage(
        "tests", 50, "the tests that need the GPU's memory for themselves",
        (f"{TESTS} -n 0 tests/backends/cuda/test_large.py tests/backends/cuda/test_memory.py",),
    ),
    "fill": Stage(
        "reports", 250, "the tests once more, all memory filled with NaN before it is given out,"
        " and all kernels compiled thoroughly",
        (f"{THOROUGHLY} {TESTS} -n {{n}} --dist worksteal --fill 0xff tests",),
    ),
    "sanitizers": Stage(
        "tests", 180, "every kernel under compute-sanitizer, compiled quickly and thoroughly",
        tuple(f"{way} {CHECKED} {tool} {{python}} -m tests.backends.cuda.every_kernel {{device}}"
              for way in ("env", THOROUGHLY)
              for tool in ("memcheck", "racecheck", "initcheck", "synccheck")),
        needs="compute-sanitizer",
    ),
    "suite": Stage(
        "suites", 230, "the official suite, with the copies to the host counted",
        (f"{PYTEST} -v -p official_reads -n {{n}} --dist worksteal --tb=short"
         " --max-examples 300 --disable-deadline -W ignore array_api_tests",),
        {"ARRAY_API_TESTS_MODULE": "xgpu", "ARRAY_API_TESTS_VERSION": "2025.12",
         "XGPU_DEVICE": "{device}", "PYTHONPATH": f"{ROOT}/docs/measurements"},
        needs="suite",
    ),
    "conformance": Stage(
        "suites", 350, "the conformance suite's levels but the exhaustive one",
        (f"{CONFORMANCE} --level ops --level functions --level faults --level programs"
         " --timeout 60 --json {out}/conformance.json",),
    ),
    "exhaustive": Stage(
        "reports", 220, "all inputs of functions of one operand",
        (f"{CONFORMANCE} --level exhaustive --screen --timeout 140"
         " --json {out}/conformance-exhaustive.json",),
    ),
    "ecosystem": Stage(
        "reports", 120, "calls of the libraries that consume arrays",
        ("{python} -m docs.measurements.ecosystem {device} --processes {n} --row-seconds 40"
         " --seconds {most} --json {out}/ecosystem.json",),
    ),
    "accuracy": Stage(
        "accuracy", 250, "the largest errors; true values take a processor with many cores",
        ("{python} docs/measurements/accuracy.py {device} --out {out}",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """What became of a stage."""

    state: str
    seconds: float
    said: list[str]  #: names of failed tests and how many passed, or the last line


def main() -> None:
    """Run the stages, and write the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="a folder")
    parser.add_argument("stages", nargs="*", help="or groups of them; all if none is named")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("-n", type=int, default=max(1, (os.cpu_count() or 1) - 2))
    parser.add_argument("--suite", type=Path, help="a checkout of data-apis/array-api-tests")
    parser.add_argument("--seconds", type=float, default=1e9, help="for all stages together")
    parser.add_argument("--list", action="store_true", help="list the stages and run none")
    parser.add_argument("--summary", action="store_true", help="print the summary and run nothing")
    given = parser.parse_args()
    if given.list:
        for name, stage in STAGES.items():
            print(f"{name:12}{stage.group:10}{stage.seconds:5.0f} s  {stage.about}")
        return
    given.out = given.out.resolve()
    given.out.mkdir(parents=True, exist_ok=True)
    if not given.summary:
        run(chosen(parser, given.stages), given)
    print(summary(given.out).read_text())


def chosen(parser: argparse.ArgumentParser, names: list[str]) -> list[str]:
    """The stages, in their own order."""
    groups = {stage.group for stage in STAGES.values()}
    for name in names:
        if name not in STAGES and name not in groups:
            parser.error(f"no stage and no group is called {name!r}: see --list")
    return [name for name, stage in STAGES.items() if not names or {name, stage.group} & {*names}]


def run(names: list[str], given: argparse.Namespace) -> None:
    """Run stages, each within its own limit and all within the whole's."""
    end = time.monotonic() + given.seconds
    for name in names:
        left = end - time.monotonic() - GRACE
        why = lacking(STAGES[name], given, left)
        print(f"{name} ...", end=" ", flush=True)
        ended = Ended("left out", 0.0, [why]) if why else staged(name, given, left)
        print(f"{ended.state}, {ended.seconds:.0f} s", flush=True)
        note(given.out, name, ended)


def lacking(stage: Stage, given: argparse.Namespace, left: float) -> str:
    """Why a stage cannot be run; nothing if it can."""
    if left < 10.0:
        return "no time was left"
    if stage.needs == "suite":
        return "" if given.suite else "--suite names no checkout of array-api-tests"
    return "" if not stage.needs or shutil.which(stage.needs) else f"there is no {stage.needs}"


def staged(name: str, given: argparse.Namespace, left: float) -> Ended:
    """Run the commands of a stage, until its limit."""
    stage, begun = STAGES[name], time.monotonic()
    limit = min(stage.seconds, left)
    words = {
        "python": sys.executable, "device": given.device, "n": given.n, "out": given.out,
        "most": int(max(5.0, 0.9 * limit)),
    }  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "170"}
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    for variable, text in stage.environment.items():
        environment[variable] = text.format(**words)
    if "PYTHONPATH" in stage.environment:
        path.insert(0, environment["PYTHONPATH"])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    states: list[str] = []
    log = given.out / f"{name}.log"
    with log.open("w") as file:
        for command in stage.commands:
            rest = begun + limit - time.monotonic()
            if rest <= 0.0:
                states.append("cut")
                break
            arguments = [word.format(**words) for word in command.split()]
            print("$", " ".join(arguments), file=file, flush=True)
            where = given.suite if stage.needs == "suite" else ROOT
            states.append(ran(arguments, where, environment, file, rest))
    state = next((state for state in states if state != "passed"), "passed")
    return Ended(state, time.monotonic() - begun, list(lines(log, state)))


def ran(command: Command, where: Path, environment: Environment, log: Any, limit: float) -> str:
    """Run one command; what became of it.

    At its limit it is interrupted, as by a keyboard, so that it may say what it has; then ended,
    with all that it started.
    """
    process = subprocess.Popen(
        command, cwd=where, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        code = process.wait(limit)
        return "passed" if code == 0 else f"failed ({code})"
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        return "cut"
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started, which is in a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


FAILED: Final = re.compile(r"(?:FAILED|ERROR)\s+(\S+::.*)|(\S+::.*?) (?:FAILED|ERROR)\b")
COUNTED: Final = re.compile(r"^=* ?(\d+ (?:passed|failed).* in .*?s).*$|^(copies to the host, .*)$")


def lines(log: Path, state: str) -> Iterator[str]:
    """What the summary says of a log: tests that failed, as they were met, or its last line."""
    text = log.read_text(errors="replace").splitlines()
    failed: dict[str, None] = {}
    for line in text:
        found = FAILED.search(line)
        if found is not None:
            test = (found[1] or found[2]).split(" - ")[0].strip()
            failed.setdefault(test)
    yield from list(failed)[:SEVERAL]
    counted = [match[1] or match[2] for line in text if (match := COUNTED.match(line.strip()))]
    yield from counted
    if not failed and not counted and state != "passed" and text:
        yield next((line for line in reversed(text) if line.strip()), "")[:200]


def note(out: Path, name: str, ended: Ended) -> None:
    """Remember what became of a stage, and write the summary anew."""
    path = out / "stages.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found[name] = {"state": ended.state, "seconds": round(ended.seconds), "said": ended.said}
    path.write_text(json.dumps(found, indent=1) + "\n")
    summary(out)


def summary(out: Path) -> Path:
    """Write what became of the stages as a table, and what they said below it."""
    path, target = out / "stages.json", out / "summary.md"
    found = json.loads(path.read_text()) if path.exists() else {}
    rows = ["| stage | state | seconds | what it is |", "|---|---|---|---|"]
    said: list[str] = []
    for name in [name for name in STAGES if name in found]:
        row = found[name]
        rows.append(f"| {name} | {row['state']} | {row['seconds']} | {STAGES[name].about} |")
        said += [f"- {name}: {line}" for line in row["said"]]
    target.write_text("\n".join([*rows, "", *said]) + "\n")
    return target


if __name__ == "__main__":
    main()
