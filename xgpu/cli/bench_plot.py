"""The plot of `xgpu bench`: ratios, shares of the roofline, and cost against size."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from xgpu.bench.libraries import LIBRARIES
from xgpu.bench.results import Results, Row


def check(path: Path) -> None:
    """See, before anything is run, that a plot can be drawn and written to ``path``.

    Raises:
        click.ClickException: matplotlib is missing.
        click.UsageError: matplotlib cannot write such a file.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise click.ClickException(
            f"--plot draws with matplotlib, which does not import ({error}); "
            "install the extra: pip install 'xgpu-array[bench]'"
        ) from error
    formats = Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise click.UsageError(
            f"--plot: cannot write {path.name!r}; its ending must be one of {', '.join(formats)}"
        )


def draw(path: Path, results: Results) -> None:
    """Write the plot: ratios and shares side by side, and a panel for each case of the sweep."""
    from matplotlib.figure import Figure

    rows = [row for row in results.rows if row.kind == "device" and row.group != "sizes"]
    swept: dict[str, list[Row]] = {}
    for row in results.rows:
        if row.group == "sizes":
            swept.setdefault(row.title, []).append(row)
    above, below = 0.28 * len(rows) + 1.2, 3.6 if swept else 0.0
    figure = Figure(figsize=(12.0, above + below), layout="constrained")
    figure.suptitle(f"xgpu on {results.device_name}, {results.date[:10]}")
    parts: Any = figure.subfigures(2, 1, height_ratios=[above, below]) if swept and rows else None
    if rows:
        left, right = (figure if parts is None else parts[0]).subplots(1, 2, sharey=True)
        _ratios(left, rows)
        _shares(right, rows, results)
    if swept:
        panels = (figure if parts is None else parts[1]).subplots(1, len(swept), squeeze=False)[0]
        for panel, (title, sized) in zip(panels, swept.items(), strict=True):
            _sizes(panel, title, sized)
    figure.savefig(path, dpi=130)


def _ratios(axes: Any, rows: list[Row]) -> None:
    """Every library's time over xgpu's, a row each; the best peer stands out."""
    places = range(len(rows))
    for name in LIBRARIES:
        points = [(row.seconds(name) / row.seconds("xgpu"), at) for at, row in enumerate(rows)]
        points = [(ratio, at) for ratio, at in points if not math.isnan(ratio)]
        if name != "xgpu" and points:
            x, y = zip(*points, strict=True)
            axes.plot(x, y, "o", markersize=4, label=name)
    best = [(row.ratio(), at) for at, row in enumerate(rows) if not math.isnan(row.ratio())]
    if best:
        x, y = zip(*best, strict=True)
        axes.plot(x, y, "o", markersize=9, fillstyle="none", color="black", label="best peer")
        axes.legend(fontsize=7, loc="lower right")
        axes.set_xscale("log")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_yticks(list(places), [row.title for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("time / xgpu's time (right of 1: xgpu is faster)")


def _shares(axes: Any, rows: list[Row], results: Results) -> None:
    """The least time that a row's bytes take, over xgpu's time."""
    found = [(at, 100.0 * results.share(row)) for at, row in enumerate(rows)]
    bars = [(at, share) for at, share in found if not math.isnan(share)]
    axes.barh([at for at, _ in bars], [share for _, share in bars], height=0.6)
    axes.axvline(90.0, color="black", linewidth=0.8, linestyle=":")
    axes.axvline(100.0, color="black", linewidth=0.8)
    axes.set_xlabel("share of the roofline, %")


def _sizes(axes: Any, title: str, rows: list[Row]) -> None:
    """Time per call against the elements of the largest input."""
    for name in LIBRARIES:
        points = [(row.elements, row.seconds(name)) for row in rows]
        points = [(n, t) for n, t in points if not math.isnan(t)]
        if points:
            x, y = zip(*points, strict=True)
            axes.plot(x, [t * 1e6 for t in y], "-o", markersize=3, label=name)
    axes.set(xscale="log", yscale="log", xlabel="elements", ylabel="us per call", title=title)
    axes.legend(fontsize=7)
