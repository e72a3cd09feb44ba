"""`xgpu bench`: the battery beside the libraries that are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.status import Status

import xgpu
from xgpu.bench.battery import Battery
from xgpu.bench.cases import CASES
from xgpu.bench.environment import begun
from xgpu.bench.libraries import LIBRARIES
from xgpu.bench.plan import PARTS, SIZES, jobs
from xgpu.bench.results import Results
from xgpu.cli import bench_plot, bench_table
from xgpu.cli.choose import chosen, look

NUMBER = click.IntRange(min=1)
SECONDS = click.FloatRange(min=0.0, min_open=True)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--device", metavar="D", help="Device; cuda:0 where there is one, else cpu.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="A part or a case (--list); may be repeated."
)
@click.option(
    "--peer", "peers", multiple=True, metavar="LIBRARY", help="Only this peer; may be repeated."
)
@click.option(
    "--without", multiple=True, metavar="LIBRARY:CASE", help="Leave this out; may be repeated."
)
@click.option("--size", "sizes", multiple=True, type=NUMBER, help="Elements, for the part 'sizes'.")
@click.option("--elements", type=NUMBER, help="The most elements of a row's largest input.")
@click.option(
    "--limit",
    type=SECONDS,
    default=60.0,
    show_default=True,
    help="Seconds for a library's step of a row.",
)
@click.option(
    "--seconds",
    type=SECONDS,
    default=0.25,
    show_default=True,
    help="Of measuring, for a library and row.",
)
@click.option("--total", type=SECONDS, help="Seconds after which no further row begins.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write all figures.")
@click.option(
    "--plot", type=FILE, metavar="FILE", help="Draw ratios, shares of the roofline, cost by size."
)
@click.option("--list", "listing", is_flag=True, help="List parts, cases and libraries.")
def bench(
    device: str | None,
    only: tuple[str, ...],
    peers: tuple[str, ...],
    without: tuple[str, ...],
    sizes: tuple[int, ...],
    elements: int | None,
    limit: float,
    seconds: float,
    total: float | None,
    json_file: Path | None,
    plot: Path | None,
    listing: bool,
) -> None:
    """Time xgpu beside CuPy, PyTorch, JAX, Triton, NumPy and numexpr, as far as they are here.

    Each library has a process of its own; its result is compared with NumPy's in float64 before
    it is timed. Exit code 1 if a result differs or a library fails; the other rows are run.
    """
    console = Console()
    if listing:
        bench_table.listing(console)
        return
    _check(only, peers, without)
    place = _device(device)
    for path in (json_file, plot):
        if path is not None and not path.parent.is_dir():
            raise click.UsageError(f"no folder {str(path.parent)!r}")
    if plot is not None:
        bench_plot.check(plot)
    planned = jobs(only, sizes or SIZES, elements, str(place))
    libraries = [
        "xgpu",
        *(name for name in LIBRARIES if name != "xgpu" and (name in peers or not peers)),
    ]
    results = begun(place)
    status = console.status("")
    with tempfile.TemporaryDirectory(prefix="xgpu-bench-cache-") as cache, status:
        battery = Battery(
            libraries,
            str(place),
            xgpu.device_info(place).memory,
            limit=limit,
            total=float("inf") if total is None else total,
            without=without,
            seconds=seconds,
            say=lambda said: _say(console, status, said),
            done=lambda: _write(json_file, results),
            environment={"XGPU_CACHE_DIR": cache},
        )
        battery.run(planned, results)
        if getattr(place.backend, "meter", None) is not None:
            _say(console, status, "first use with a warm cache")
            _warm(results, cache, limit)
    bench_table.show(console, results)
    _write(json_file, results)
    if plot is not None:
        bench_plot.draw(plot, results)
        console.print(f"plot: {plot}", markup=False)
    if results.failed():
        sys.exit(1)


def _say(console: Console, status: Status, said: str) -> None:
    """On the status line; on lines of a log, with the time, where there is no terminal."""
    if console.is_terminal:
        status.update(said)
    else:
        console.print(f"{time.strftime('%H:%M:%S')} {said}", markup=False)


def _write(path: Path | None, results: Results) -> None:
    """After each row, so that what was measured is there if the run is ended."""
    if path is not None:
        path.write_text(json.dumps(results.as_json(), indent=1) + "\n")


def _check(only: tuple[str, ...], peers: tuple[str, ...], without: tuple[str, ...]) -> None:
    """Refuse names that there are none of."""
    for name in only:
        if name not in PARTS and name not in CASES:
            raise click.UsageError(f"--only: no part or case {name!r}; see xgpu bench --list")
    pairs = [pair.partition(":") for pair in without]
    for name in (*peers, *(library for library, _, _ in pairs)):
        if name not in LIBRARIES:
            raise click.UsageError(f"no library {name!r}; there are: {', '.join(LIBRARIES)}")
    for _, colon, case in pairs:
        if not colon or case not in CASES:
            raise click.UsageError(f"--without takes LIBRARY:CASE, such as jit:sort: got {case!r}")


def _device(name: str | None) -> xgpu.Device:
    if name is not None:
        return chosen(name)
    found, _ = look("cuda")
    return found[0] if found else chosen("cpu")


def _warm(results: Results, cache: str, limit: float) -> None:
    """Load the kernels of all rows in another process, from the cache that this run filled."""
    rows = [
        (row.case, row.elements)
        for row in results.rows
        if row.kind == "device" and row.cells.get("xgpu") and row.cells["xgpu"].state == "ok"
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "xgpu.bench.warm", results.device],
            input=json.dumps(rows),
            env={**os.environ, "XGPU_CACHE_DIR": cache},
            capture_output=True,
            text=True,
            timeout=limit * 2,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        results.left_out.append(f"first use with a warm cache: {type(error).__name__}")
        return
    results.warm = json.loads(done.stdout)
