"""array-api-extra: every function of it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from docs.measurements.ecosystem.row import LABELS, SIGNAL, SQUARE, Row, X

xpx: Any = importlib.import_module("array_api_extra")

CONSUMER = "array-api-extra"


def rows() -> Iterator[Row]:
    """All of them."""
    integers = np.asarray([3, 1, 3, 0, 2, 1])
    mask = SIGNAL > 0
    bounds = np.sort(SIGNAL[:8])

    def row(call: str, run: Any, *arrays: Any) -> Row:
        return Row(CONSUMER, call, run, arrays, dtypes=call != "nunique")

    yield row("angle", xpx.angle, SIGNAL + 1j)
    yield row(
        "apply_where", lambda a, b: xpx.apply_where(a, (b,), abs, fill_value=0.5), mask, SIGNAL
    )
    for name in ("argpartition", "partition"):
        function = getattr(xpx, name)
        yield row(name, lambda a, f=function: sorted_parts(f, a), SIGNAL)
    yield row("at", lambda a: xpx.at(a)[3:9].add(1.0), SIGNAL)
    yield row("atleast_nd", lambda a: xpx.atleast_nd(a, ndim=3), X)
    yield row("broadcast_shapes", lambda a: xpx.broadcast_shapes(a.shape, (1, 5)), X)
    for name in ("cov", "nan_to_num", "sinc", "deg2rad", "rad2deg"):
        yield row(name, getattr(xpx, name), X)
    yield row("create_diagonal", xpx.create_diagonal, SIGNAL)
    yield row("default_dtype", lambda a: a == xpx.default_dtype(space(a)).itemsize, SIGNAL)
    yield row(
        "diag_indices", lambda a: a[xpx.diag_indices(5, device=place(a), xp=space(a))], SQUARE
    )
    for name in ("tril_indices", "triu_indices"):
        function = getattr(xpx, name)
        yield row(name, lambda a, f=function: a[f(5, device=place(a), xp=space(a))], SQUARE)
    yield row("expand_dims", lambda a: xpx.expand_dims(a, axis=(0, 2)), X)
    yield row("isclose", xpx.isclose, X, X + 1e-9)
    yield row("isin", xpx.isin, LABELS, integers)
    yield row("kron", xpx.kron, SQUARE, X[:2])
    yield row("lazy_apply", lambda a: xpx.lazy_apply(np.exp, a, as_numpy=True), SIGNAL)
    for name in ("nanmax", "nanmin", "nansum", "nanmean"):
        yield row(name, getattr(xpx, name), np.where(X > 1, np.nan, X))
    yield row("nunique", xpx.nunique, integers)
    yield row("one_hot", lambda a: xpx.one_hot(a, 4), integers)
    yield row("pad", lambda a: xpx.pad(a, 2, constant_values=1.0), X)
    yield row("searchsorted", xpx.searchsorted, bounds, SIGNAL)
    yield row("setdiff1d", xpx.setdiff1d, integers, LABELS)
    yield row("union1d", xpx.union1d, integers, LABELS)
    yield row("unravel_index", lambda a: xpx.unravel_index(a, (2, 3)), integers)


def space(x: Any) -> Any:
    """The namespace of an array."""
    return np if isinstance(x, np.ndarray) else x.__array_namespace__()


def place(x: Any) -> Any:
    """Its device, as the functions that make arrays take it."""
    return None if isinstance(x, np.ndarray) else x.device


def sorted_parts(function: Any, a: Any) -> Any:
    """The least ten, in order: which of them comes first is free."""
    parted = function(a, 10)
    first = parted[:10]
    return space(a).sort(first if parted.dtype == a.dtype else space(a).take(a, first, axis=0))
