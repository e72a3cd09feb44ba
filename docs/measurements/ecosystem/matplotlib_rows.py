"""matplotlib: what is drawn of an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from docs.measurements.ecosystem.row import POSITIVE, SIGNAL, Row, X

mpl.use("agg")


def rows() -> Iterator[Row]:
    """All of them."""

    def row(call: str, run: Any, *arrays: Any) -> Row:
        return Row("matplotlib", call, run, arrays)

    yield row("plot", lambda x, y: axes().plot(x, y)[0].get_xydata(), SIGNAL, SIGNAL)
    yield row("scatter", lambda x, y: axes().scatter(x, y).get_offsets(), SIGNAL, SIGNAL)
    yield row("bar", lambda y: [b.get_height() for b in axes().bar(range(len(y)), y)], SIGNAL)
    yield row("hist", lambda y: axes().hist(y, bins=9)[0], SIGNAL)
    yield row("imshow", lambda z: axes().imshow(z).get_array(), X)
    yield row("contour", lambda z: axes().contour(z).levels, X)
    yield row("pcolormesh", lambda z: axes().pcolormesh(z).get_array(), X)
    yield row(
        "errorbar", lambda y, e: axes().errorbar(y, y, e)[0].get_ydata(), SIGNAL, POSITIVE[:, 0]
    )
    yield row(
        "fill_between", lambda y: axes().fill_between(y, y, 0.0).get_paths()[0].vertices, SIGNAL
    )


def axes() -> Any:
    """Axes of a new figure."""
    return Figure().add_subplot()
