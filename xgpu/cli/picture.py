"""The demo's picture: the digits on their two principal axes, coloured by class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def check(path: Path) -> None:
    """See, before anything is computed, that a picture can be drawn and written to ``path``.

    Raises:
        click.ClickException: matplotlib is missing.
        click.UsageError: the folder does not exist, or matplotlib cannot write such a file.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise click.ClickException(
            f"--plot draws with matplotlib, which does not import ({error}); "
            "install the extra: pip install 'xgpu-array[demo]'"
        ) from error
    if not path.parent.is_dir():
        raise click.UsageError(f"--plot: no folder {str(path.parent)!r}")
    formats = Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise click.UsageError(
            f"--plot: cannot write {path.name!r}; its ending must be one of {', '.join(formats)}"
        )


def draw(path: Path, projection: Any, labels: Any, device: str) -> None:
    """Write a scatter plot of ``projection`` (n, 2), coloured by ``labels`` (n,)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 6.0), layout="constrained")
    axes = figure.add_subplot()
    points = axes.scatter(projection[:, 0], projection[:, 1], c=labels, cmap="tab10", s=8)
    axes.legend(
        *points.legend_elements(), title="digit", loc="center left", bbox_to_anchor=(1, 0.5)
    )
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    axes.set_title(f"{len(labels):,} handwritten digits, projected on {device}")
    figure.savefig(path, dpi=150)
