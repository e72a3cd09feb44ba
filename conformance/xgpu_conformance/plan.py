"""Which cells a report has, and the report before anything was run."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Final

import numpy as np

import xgpu
from xgpu_conformance.case import EXAMPLES, LARGE, Options, Planned
from xgpu_conformance.cell import SOURCES, dtype_of
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import LEVELS, NOT_RUN, NOT_SELECTED, Cell, Level, Report

DEFAULT_LEVELS: Final[tuple[Level, ...]] = ("ops", "functions")


def planned(levels: Iterable[Level]) -> list[Planned]:
    """All cells of these levels."""
    return [cell for level in levels for cell in SOURCES[level].planned()]


def selected(
    cells: Sequence[Planned], functions: Iterable[str] = (), dtypes: Iterable[str] = ()
) -> set[Planned]:
    """The cells of these names and dtypes; all names, all dtypes, for none.

    A name ending in ``*`` stands for all that begin so; ``svd`` also for ``linalg.svd``.

    Raises:
        ValueError: no cell has one of the names, or there is no such dtype.
    """
    wanted = [dtype_of(name).name for name in dtypes]
    found = set(cells)
    if functions:
        found = set()
        for name in functions:
            named = {c for c in cells if _named(c.name, name)}
            if not named:
                near = sorted({c.name for c in cells if name.rstrip("*") in c.name})
                hint = f"; there are {', '.join(near[:8])}" if near else ""
                raise ValueError(f"no op or function {name!r} at the levels chosen{hint}")
            found |= named
    return {c for c in found if not wanted or c.dtype in wanted}


def _named(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern in (name, name.rpartition(".")[2])


def flags(options: Options, **others: str) -> dict[str, str]:
    """What is not as it is by default, as a report has it."""
    found = {name: value for name, value in others.items() if value}
    without = options.requirements.missing()
    if without:
        found["without"] = ",".join(without)
    if options.large != LARGE:
        found["large"] = str(options.large)
    if options.screen:
        found["screen"] = "yes"
    if options.examples != EXAMPLES:
        found["examples"] = str(options.examples)
    return found


def options_of(report: Report) -> Options:
    """The options that a report was made with, but for declared failures."""
    given = report.flags
    return Options(
        seed=report.seed,
        large=int(given.get("large", LARGE)),
        examples=int(given.get("examples", EXAMPLES)),
        screen="screen" in given,
        requirements=Requirements.without(
            given["without"].split(",") if "without" in given else ()
        ),
    )


def blank(
    device: xgpu.Device,
    levels: Sequence[Level],
    seed: int,
    given: Mapping[str, str],
    chosen: set[Planned],
) -> Report:
    """A report of which nothing has been run."""
    info = xgpu.device_info(device)
    order = [level for level in LEVELS if level in levels]
    cells = tuple(
        Cell(*cell.key, reason=NOT_RUN if cell in chosen else NOT_SELECTED)
        for cell in planned(order)
    )
    return Report(
        device=f"{device.type}:{device.index}",
        backend=str(device.backend.name),
        device_name=info.name,
        driver=info.details,
        memory=info.memory,
        versions=versions(device),
        flags=dict(given),
        seed=seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        levels=tuple(order),
        cells=cells,
    )


def with_newer(report: Report) -> Report:
    """The report with the cells that the suite has got since it was made, not yet run."""
    have = report.by_key()
    cells = planned(level for level in report.levels if level in SOURCES)
    given = [report.flags.get(name, "").split(",") for name in ("functions", "dtypes")]
    functions, dtypes = ([part.strip() for part in parts if part.strip()] for parts in given)
    chosen = selected(cells, functions, dtypes)
    fresh = (Cell(*c.key, reason=NOT_RUN if c in chosen else NOT_SELECTED) for c in cells)
    made = [have.pop(cell.key, cell) for cell in fresh]
    return replace(report, cells=(*made, *have.values()))


def with_failed_again(report: Report) -> Report:
    """The report with the cells that were not right, not yet run.

    That is what failed, declared or not, and what passes though it is declared.
    """
    cells = (
        Cell(*c.key, reason=NOT_RUN)
        if c.level in SOURCES
        and (c.state in ("fail", "expected") or (c.state == "pass" and c.reason))
        else c
        for c in report.cells
    )
    return replace(report, cells=tuple(cells))


def versions(device: xgpu.Device) -> dict[str, str]:
    """Versions of all that takes part.

    A backend's attribute ``versions``, if it has one, names what it is built on.
    """
    found = {
        "xgpu": xgpu.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for entry in xgpu.backends():
        if entry.type == device.type and entry.distribution:
            name, _, version = entry.distribution.partition(" ")
            found[name] = version
    module = type(device.backend).__module__.partition(".")[0]
    for distribution in metadata.packages_distributions().get(module, [])[:1]:
        found[distribution] = metadata.version(distribution)
    own = getattr(device.backend, "versions", {})
    return found | {str(name): str(version) for name, version in dict(own).items()}
