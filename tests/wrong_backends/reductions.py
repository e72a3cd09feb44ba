"""Reductions, scans, sorts, searches and movements that are wrong for some operands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import (
    Change,
    Mutant,
    changed,
    flat,
    replaced,
    swap,
    wrong_ops,
)

REDUCTIONS: Final = "reductions"
SCANS: Final = "scans"
ORDER: Final = "sorting and searching"
MOVEMENT: Final = "gather, scatter, nonzero"


def _reduction(
    id: str,
    names: str,
    wrong: str,
    function: Change,
    to: str | Sequence[str] = "iufc",
    official: Iterable[str] = (),
) -> Mutant:
    """Another function of a matrix whose axis 1 is reduced."""
    return wrong_ops(REDUCTIONS, id, names, wrong, replaced(function, to), official=official)


def _scan(id: str, names: str, wrong: str, change: Change, to: str = "iufc") -> Mutant:
    return wrong_ops(SCANS, f"scan-{id}", names, wrong, changed(change, to))


def _order(
    id: str,
    names: str,
    wrong: str,
    change: Change,
    to: str | Sequence[str] = "iuf",
    first: Iterable[str] = (),
) -> Mutant:
    return wrong_ops(ORDER, id, names, wrong, changed(change, to), first=first)


def _move(id: str, names: str, wrong: str, change: Change, official: Iterable[str]) -> Mutant:
    return wrong_ops(MOVEMENT, id, names, wrong, changed(change), official=official)


def _signed(x: Any) -> Any:
    return x.view(f"i{x.dtype.itemsize}") if x.dtype.kind == "u" else x


def _any_nan(x: Any) -> Any:
    return np.isnan(x).any(axis=1)


def _fmax(x: Any) -> Any:
    return np.fmax.reduce(x, axis=1)


def _last(function: Any) -> Any:
    return lambda x: x.shape[1] - 1 - function(x[:, ::-1], axis=1)


def _ignoring_nan(x: Any) -> Any:
    return np.argmax(np.where(np.isnan(x), -np.inf, x), axis=1)


def _sum(x: Any) -> Any:
    return np.sum(x, axis=1, dtype=x.dtype)


def _prod(x: Any) -> Any:
    return np.prod(x, axis=1, dtype=x.dtype)


REDUCED: Final = (
    _reduction("max-nan", "max", "NaN is lost", _fmax, "f"),
    _reduction("min-nan", "min", "NaN is lost",
               lambda x: np.fmin.reduce(x, axis=1), "f"),
    _reduction("max-first-nan", "max", "NaN is lost unless it comes first",
               lambda x: np.where(np.isnan(x[:, 0]), np.nan, _fmax(x)).astype(x.dtype), "f"),
    _reduction("min-last-nan", "min", "a NaN that comes last is lost",
               lambda x: np.where(np.isnan(x[:, :-1]).any(axis=1), np.nan,
                                  np.fmin.reduce(x, axis=1)).astype(x.dtype), "f"),
    _reduction("max-zero", "max", "begins with 0",
               lambda x: np.maximum(np.max(x, axis=1), 0), "if"),
    _reduction("max-minus-inf", "max", "begins with the lowest number: -inf is lost",
               lambda x: np.maximum(np.max(x, axis=1), np.finfo(x.dtype).min), "f"),
    _reduction("min-largest", "min", "begins with the largest number: inf is lost",
               lambda x: np.minimum(np.min(x, axis=1), np.finfo(x.dtype).max), "f"),
    _reduction("max-signed", "max", "unsigned numbers are compared as signed ones",
               lambda x: np.max(_signed(x), axis=1).view(x.dtype), "u"),
    _reduction("min-float", "min", "int64 by way of float64",
               lambda x: np.clip(np.min(x.astype(float), axis=1), -(2.0**63), 2.0**62)
               .astype(np.int64), ["int64"]),
    _reduction("sum-nan", "sum", "NaN counts as 0", lambda x: np.nansum(x, axis=1, dtype=x.dtype),
               "fc"),
    _reduction("sum-last", "sum", "the last of an odd number of elements above 1000 is left out",
               lambda x: _sum(x[:, :-1] if x.shape[1] > 1000 and x.shape[1] % 2 else x)),
    _reduction("sum-tail", "sum", "what is beyond a multiple of 32 is left out",
               lambda x: _sum(x[:, : max(x.shape[1] // 32 * 32, min(x.shape[1], 31))])),
    _reduction("sum-twice", "sum", "the element at 32 counts twice",
               lambda x: (_sum(x) + (x[:, 32] if x.shape[1] > 32 else 0)).astype(x.dtype)),
    _reduction("sum-many", "sum", "what is beyond 2**16 is left out",
               lambda x: _sum(x[:, : 2**16])),
    _reduction("sum-rows", "sum", "rows beyond 256 are 0",
               lambda x: np.where(np.arange(x.shape[0]) < 256, _sum(x), 0).astype(x.dtype)),
    _reduction("sum-empty", "sum", "of nothing is 1",
               lambda x: _sum(x) + x.dtype.type(x.shape[1] == 0)),
    _reduction("sum-float16", "sum", "float32 is summed in float16",
               lambda x: np.sum(x, axis=1, dtype=np.float16).astype(x.dtype), ["float32"]),
    _reduction("sum-float32", "sum", "float64 is summed in float32",
               lambda x: np.sum(x, axis=1, dtype=np.float32).astype(x.dtype), ["float64"]),
    _reduction("sum-int32", "sum", "int64 is summed in int32",
               lambda x: np.sum(x, axis=1, dtype=np.int32).astype(x.dtype), ["int64"]),
    _reduction("sum-imag", "sum", "imaginary parts are left out",
               lambda x: _sum(np.real(x)).astype(x.dtype), "c"),
    _reduction("sum-abs", "sum", "of one element is its magnitude",
               lambda x: _sum(np.abs(x) if x.shape[1] == 1 else x), "if"),
    _reduction("prod-empty", "prod", "of nothing is 0",
               lambda x: _prod(x) * x.dtype.type(x.shape[1] != 0)),
    _reduction("prod-float", "prod", "int64 is multiplied in float64",
               lambda x: np.clip(np.prod(x.astype(float), axis=1), -(2.0**62), 2.0**62)
               .astype(np.int64), ["int64"]),
    _reduction("prod-sign", "prod", "a zero is never negative",
               lambda x: swap(_prod(x), _prod(x) == 0, 0), "f"),
    _reduction("prod-logarithms", "prod", "exp of the sum of logarithms",
               lambda x: (np.prod(np.sign(x), axis=1)
                          * np.exp(np.sum(np.log(np.abs(x)), axis=1))).astype(x.dtype), "f"),
    _reduction("prod-nan", "prod", "0 times NaN is 0",
               lambda x: swap(_prod(x), (x == 0).any(axis=1), 0), "f"),
    _reduction("argmax-last", "argmax", "the last of equal ones", _last(np.argmax)),
    _reduction("argmin-last", "argmin", "the last of equal ones", _last(np.argmin)),
    _reduction("argmax-nan", "argmax", "NaN is left out", _ignoring_nan, "f"),
    _reduction("argmin-nan", "argmin", "the last NaN wins",
               lambda x: np.where(_any_nan(x), x.shape[1] - 1
                                  - np.argmax(np.isnan(x)[:, ::-1], axis=1),
                                  np.argmin(x, axis=1)), "f"),
    _reduction("argmax-block", "argmax", "counts from the beginning of a block of 1024",
               lambda x: np.argmax(x, axis=1) % 1024),
    _reduction("argmin-signed", "argmin", "unsigned numbers are compared as signed ones",
               lambda x: np.argmin(_signed(x), axis=1), "u"),
    _reduction("argmax-float", "argmax", "int64 is compared in float64",
               lambda x: np.argmax(x.astype(float), axis=1), ["int64"]),
    _reduction("argmax-int32", "argmax", "gives int32",
               lambda x: np.argmax(x, axis=1).astype(np.int32)),
    _reduction("argmin-one", "argmin", "counts from 1", lambda x: np.argmin(x, axis=1) + 1),
    _reduction("any-warp", "any", "looks at 32 elements",
               lambda x: np.any(x[:, :32], axis=1), "b"),
    _reduction("any-empty", "any", "of nothing is True",
               lambda x: np.any(x, axis=1) | (x.shape[1] == 0), "b"),
    _reduction("all-last", "all", "the last element does not count",
               lambda x: np.all(x[:, : max(x.shape[1] - 1, 1)], axis=1), "b"),
    _reduction("all-empty", "all", "of nothing is False",
               lambda x: np.all(x, axis=1) & (x.shape[1] != 0), "b"),
)  # fmt: skip


# Scans


def _blocks(y: Any, x: Any) -> Any:
    """Sums that begin again every 256 elements."""
    result = np.array(y)
    for start in range(256, x.shape[-1], 256):
        part = slice(start, start + 256)
        result[..., part] = np.cumsum(x[..., part], axis=-1, dtype=x.dtype)
    return result


SCANNED: Final = (
    _scan("sum-exclusive", "cumulative_sum", "without the element itself",
          lambda y, x: y - x),
    _scan("sum-blocks", "cumulative_sum", "begins again every 256 elements", _blocks),
    _scan("sum-rows", "cumulative_sum", "goes on from row to row",
          lambda y, x: np.cumsum(x.reshape(-1), dtype=x.dtype).reshape(x.shape)),
    _scan("sum-reverse", "cumulative_sum", "from the last element on",
          lambda y, x: np.cumsum(x[..., ::-1], axis=-1, dtype=x.dtype)[..., ::-1]),
    _scan("sum-last", "cumulative_sum", "the last element is that before it",
          lambda y, x: np.concatenate([y[..., :-1], y[..., -2:-1] if y.shape[-1] > 1 else y],
                                      axis=-1)),
    _scan("sum-nan", "cumulative_sum", "NaN counts as 0",
          lambda y, x: np.nancumsum(x, axis=-1, dtype=x.dtype), "fc"),
    _scan("sum-recovers", "cumulative_sum", "after inf and -inf comes 0",
          lambda y, x: np.where(np.isnan(y) & ~np.isnan(x).any(axis=-1, keepdims=True), 0, y)
          .astype(y.dtype), "f"),
    _scan("prod-exclusive", "cumulative_prod", "without the element itself",
          lambda y, x: np.concatenate([np.ones_like(y[..., :1]), y[..., :-1]], axis=-1)),
    _scan("prod-column", "cumulative_prod", "of matrices, along the first axis",
          lambda y, x: np.cumprod(x, axis=0, dtype=x.dtype)),
    _scan("prod-sign", "cumulative_prod", "of magnitudes", lambda y, x: np.abs(y), "if"),
    _scan("prod-many", "cumulative_prod", "stops at 10000 elements",
          lambda y, x: np.where(np.arange(y.shape[-1]) < 10000, y, y.dtype.type(0))),
)  # fmt: skip


# Order


def _nan_first(y: Any, x: Any, **given: Any) -> Any:
    count = np.isnan(y).sum(axis=-1)
    return np.stack(
        [np.roll(r, c) for r, c in zip(y.reshape(-1, y.shape[-1]), count.reshape(-1), strict=True)]
    ).reshape(y.shape)


def _by_turning(y: Any, x: Any, *, descending: bool, stable: bool) -> Any:
    """Descending is ascending from the end: equal elements and NaN come in the other order."""
    order = np.argsort(x, axis=-1, kind="stable")
    return order[..., ::-1] if descending else order


def _last_first(y: Any, x: Any, *, descending: bool, stable: bool) -> Any:
    """Equal elements come last first."""
    if descending:
        return y
    return x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")


def _sorted(x: Any, descending: bool) -> Any:
    return np.sort(x, axis=-1)[..., ::-1] if descending else np.sort(x, axis=-1)


def _positions(y: Any, a: Any, v: Any, *, side: str) -> Any:
    return np.searchsorted(a, v, side="left")


ORDERED: Final = (
    _order("argsort-unstable", "argsort", "equal elements come last first", _last_first,
           first=("sort",)),
    _order("argsort-turned", "argsort", "descending is ascending from the end", _by_turning),
    _order("argsort-sometimes", "argsort", "rows of more than 16 are not sorted stably",
           lambda y, x, **given: _last_first(y, x, **given) if x.shape[-1] > 16 else y),
    _order("argsort-int32", "argsort", "gives int32", lambda y, x, **given: y.astype(np.int32)),
    _order("argsort-ranks", "argsort", "gives the ranks",
           lambda y, x, **given: np.argsort(y, axis=-1)),
    _order("argsort-nan", "argsort", "NaN comes first of what descends",
           lambda y, x, *, descending, stable: np.argsort(x, axis=-1)[..., ::-1]
           if descending and np.isnan(x).any() else y, "f"),
    _order("sort-nan-first", "sort", "NaN comes first", _nan_first, "f"),
    _order("sort-descending", "sort", "is always ascending",
           lambda y, x, **given: np.sort(x, axis=-1)),
    _order("sort-descending-nan", "sort", "descending has NaN first",
           lambda y, x, *, descending, stable: _sorted(x, descending), "f"),
    _order("sort-zeros", "sort", "-0.0 comes before 0.0",
           lambda y, x, *, descending, stable: np.sort(np.where(x == 0, np.copysign(
               np.finfo(x.dtype).smallest_subnormal, x), x), axis=-1).astype(x.dtype)
           if not descending else y, "f"),
    _order("sort-signed", "sort", "unsigned numbers are compared as signed ones",
           lambda y, x, *, descending, stable: _sorted(_signed(np.array(x)), descending)
           .astype(x.dtype), "u"),
    _order("sort-blocks", "sort", "blocks of 1024 are sorted and not merged",
           lambda y, x, *, descending, stable: np.concatenate(
               [_sorted(x[..., i : i + 1024], descending) for i in range(0, x.shape[-1], 1024)],
               axis=-1) if x.shape[-1] > 1024 else y),
    _order("sort-axis", "sort", "of three axes, along the first",
           lambda y, x, *, descending, stable: np.sort(x, axis=0) if x.ndim == 3 else y),
    _order("sort-float32", "sort", "float64 is compared in float32",
           lambda y, x, *, descending, stable: np.take_along_axis(x, np.argsort(
               x.astype(np.float32), axis=-1, kind="stable"), axis=-1)
           if not descending else y, ["float64"]),
    _order("sort-last", "sort", "the last row of a matrix is not sorted",
           lambda y, x, **given: np.concatenate([y[:-1], x[-1:]]) if x.ndim == 2 else y),
    _order("sort-distinct", "sort", "equal elements become one and its neighbours",
           lambda y, x, **given: np.where(
               np.arange(y.shape[-1]) % 7 == 3, np.roll(y, 1, axis=-1), y).astype(y.dtype)),
    _order("searchsorted-left", "searchsorted", "side 'right' is 'left'", _positions),
    _order("searchsorted-right", "searchsorted", "side 'left' is 'right'",
           lambda y, a, v, *, side: np.searchsorted(a, v, side="right")),
    _order("searchsorted-end", "searchsorted", "the last position is never given",
           lambda y, a, v, *, side: np.minimum(y, a.size - 1)),
    _order("searchsorted-nan", "searchsorted", "NaN is the lowest number",
           lambda y, a, v, *, side: swap(y, np.isnan(v), 0), "f"),
    _order("searchsorted-signed", "searchsorted", "unsigned numbers are compared as signed ones",
           lambda y, a, v, *, side: swap(y, _signed(np.array(v)) < 0, 0), "u"),
    _order("searchsorted-many", "searchsorted", "what is sought beyond 10000 is at 0",
           lambda y, a, v, *, side: np.where(np.arange(v.size).reshape(v.shape) < 10000, y, 0)),
    _order("searchsorted-zeros", "searchsorted", "-0.0 is below 0.0",
           lambda y, a, v, *, side: np.searchsorted(a, np.where(
               (v == 0) & np.signbit(v), -np.finfo(v.dtype).smallest_subnormal, v)
               .astype(v.dtype), side=side), "f"),
)  # fmt: skip


# Movement


def _first_wins(y: Any, x: Any, places: Any, values: Any) -> Any:
    result = x.flatten()
    result[places.reshape(-1)[::-1]] = values.reshape(-1)[::-1]
    return result


def _lost(y: Any, x: Any, places: Any, values: Any) -> Any:
    """Writes to a place that has been written to are lost where there are many."""
    return _first_wins(y, x, places, values) if places.size > 10000 else y


def _added(y: Any, x: Any, places: Any, values: Any) -> Any:
    result = x.flatten()
    np.add.at(result, places, values)
    return result


def _in_place(y: Any, x: Any, places: Any, values: Any) -> Any:
    if x.flags.writeable and x.flags.c_contiguous:
        x.reshape(-1)[places] = values
    return y


SETTING: Final = ("setitem",)
GETTING: Final = ("take", "getitem")
MOVED: Final = (
    _move("gather-last", "gather", "the last element is never read",
          lambda y, x, places: np.take(x, np.minimum(places, max(x.size - 2, 0))), GETTING),
    _move("gather-fortran", "gather", "positions count in Fortran order",
          lambda y, x, places: np.take(x.flatten(order="F"), places), GETTING),
    _move("gather-many", "gather", "what is gathered beyond 65536 is 0",
          lambda y, x, places: flat(y, slice(65536, None), 0), GETTING),
    _move("gather-33", "gather", "the 33rd is the 32nd",
          lambda y, x, places: flat(y, [32], y.reshape(-1)[31]) if y.size > 32 else y, GETTING),
    _move("gather-zeros", "gather", "-0.0 becomes 0.0",
          lambda y, x, places: y + y.dtype.type(0) if y.dtype.kind == "f" else y, GETTING),
    _move("gather-adjacent", "gather", "a position that comes twice in a row gives the next",
          lambda y, x, places: np.take(x, np.minimum(places + (places == np.roll(places, 1)),
                                                     x.size - 1))
          if places.size > 1 else y, GETTING),
    _move("scatter-first", "scatter", "the first of equal positions wins", _first_wins, SETTING),
    _move("scatter-adds", "scatter", "adds", lambda y, x, places, values: _added(
        y, x, places, values) if x.dtype.kind != "V" else y, SETTING),
    _move("scatter-lost", "scatter", "of many writes to one place the first wins", _lost, SETTING),
    _move("scatter-fresh", "scatter", "what is not written to is 0",
          lambda y, x, places, values: np.where(np.isin(np.arange(x.size), places), y,
                                                np.zeros_like(y)), SETTING),
    _move("scatter-in-place", "scatter", "writes to its operand", _in_place, SETTING),
    _move("scatter-one", "scatter", "the last write is lost", lambda y, x, places, values:
          flat(y, [places.reshape(-1)[-1]], x.flatten()[places.reshape(-1)[-1]]), SETTING),
    _move("nonzero-last", "nonzero", "the last True is not found, the one before it comes twice",
          lambda y, x: np.concatenate([y[:-1], y[-2:-1] if y.size > 1 else y * 0]),
          ("nonzero", "getitem_mask")),
    _move("nonzero-order", "nonzero", "positions descend", lambda y, x: y[::-1],
          ("nonzero", "getitem_mask")),
    _move("nonzero-fortran", "nonzero", "positions count in Fortran order",
          lambda y, x: np.flatnonzero(x.flatten(order="F")), ("nonzero", "getitem_mask")),
    _move("nonzero-int32", "nonzero", "gives int32", lambda y, x: y.astype(np.int32),
          ("nonzero", "getitem_mask")),
    _move("nonzero-blocks", "nonzero", "positions begin again every 4096",
          lambda y, x: y % 4096, ("nonzero", "getitem_mask")),
)  # fmt: skip

MUTANTS: Final = (*REDUCED, *SCANNED, *ORDERED, *MOVED)
