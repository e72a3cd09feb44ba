"""Functions of whole arrays: statistics, order, search, sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import NARROW, DType
from xgpu_conformance import bounds
from xgpu_conformance.calls import Call, Given, Judge, unsigned_zeros, within
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.functions_movement import Builder, Named, built
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import normal, random, specials, tame

FOUR: Final = (3, 4, 2, 5)
AXES: Final[tuple[Any, ...]] = (None, 0, -1, (0, 2), (1, 3), (0, 1, 2, 3), ())


def _any(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    return random(dtype, int(np.prod(shape)), rng).reshape(shape)


def folds(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    """Reductions: over each set of axes, of views, of no elements."""
    exact = name not in ("mean", "std", "var")
    empty = name not in ("max", "min", "argmax", "argmin")
    single = name in ("argmax", "argmin")
    judge: Judge = unsigned_zeros if exact else _statistic(dtype)
    if exact and name in ("sum", "prod") and dtype in dtypes.NARROW:
        judge = _statistic(dtype)

    def x(key: object, shape: tuple[int, ...]) -> Values:
        if name in ("sum", "mean", "std", "var") and kind(dtype) in "fc":
            return tame(dtype, shape, rng(key))
        if name == "prod" and kind(dtype) in "fc":
            signs = rng(key).choice([1, -1, 1, 2, 0.5], shape)
            return np.asarray(signs, dtype)
        return _any(dtype, shape, rng(key))

    for axis in AXES:
        if single and isinstance(axis, tuple):
            continue
        label = f"axis-{axis}".replace(" ", "")
        yield label, Call((Given(x(label, FOUR)),), {"axis": axis}), judge
        kept = {"axis": axis, "keepdims": True}
        yield f"{label}-keepdims", Call((Given(x(label, FOUR)),), kept), judge
    back = (slice(None, None, -1), slice(None, None, 2))
    axes = 1 if single else (0, 2)
    yield "view", Call((Given(x("view", FOUR), back, (2, 0, 3, 1)),), {"axis": axes}), judge
    yield "0-d", Call((Given(x("0-d", ())),)), judge
    yield "long", Call((Given(x("long", (3001,))),)), judge
    if empty:
        yield "empty", Call((Given(x("empty", (3, 0, 2))),), {"axis": 1}), judge
        yield "empty-all", Call((Given(x("empty", (0,))),)), judge
    if name in ("std", "var"):
        for correction in (1, 0.5):
            label = f"correction-{correction}"
            given = {"axis": 1, "correction": correction}
            yield label, Call((Given(x(label, (5, 9))),), given), judge
    if exact and name not in ("sum", "prod"):
        yield "special", Call((Given(_rows(dtype)),), {"axis": 1}), judge
    if name in ("sum", "prod") and kind(dtype) in "iu":
        narrow = {"axis": 0, "dtype": dtype}
        yield "dtype", Call((Given(x("dtype", (40, 3))),), narrow), judge
    if name in ("sum", "mean", "std", "var") and kind(dtype) in "fc":
        rounded = normal(dtype, (4, 300), rng("rounded"))
        yield "rounded", Call((Given(rounded),), {"axis": 1}), _statistic(dtype)


def _rows(dtype: DType) -> Values:
    """Each special number first, in the middle and last among ones."""
    x = specials(dtype)
    rows = np.ones((3 * x.size, 5), dtype)
    for place in range(3):
        rows[place::3, 2 * place] = x
    return rows


def _statistic(dtype: DType) -> Judge:
    def allowed(right: Values, given: list[Values]) -> Any:
        count = 1 if dtype in dtypes.NARROW else max(given[0].size // max(right.size, 1), 1)
        size = float(np.fmax.reduce(np.abs(given[0].astype(np.complex128)), axis=None, initial=1.0))
        size **= 2
        with np.errstate(all="ignore"):
            scale = np.abs(right.astype(np.complex128)) if dtype in dtypes.NARROW else size
        return bounds.SUMMATION * count * epsilon(dtype) * scale * 4

    return within(allowed)


def _scans(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    def x(key: object, shape: tuple[int, ...]) -> Given:
        if kind(dtype) not in "fc":
            return Given(_any(dtype, shape, rng(key)))
        if name == "cumulative_sum":
            return Given(np.asarray(rng(key).integers(-3, 4, shape), dtype))
        return Given(np.asarray(rng(key).choice([1, -1], shape), dtype))

    yield "1-d", Call((x("1", (37,)),)), unsigned_zeros
    for axis in (0, 1, -1):
        for initial in (False, True):
            given = {"axis": axis, "include_initial": initial}
            yield f"axis{axis}-{initial}", Call((x(axis, (3, 4, 5)),), given), unsigned_zeros
    values = x("view", (4, 6, 3)).base
    view = Given(values, (slice(None), slice(None, None, -2)), (2, 1, 0))
    yield "view", Call((view,), {"axis": 1}), unsigned_zeros
    yield "empty", Call((x("empty", (0,)),)), unsigned_zeros
    if kind(dtype) in "iu":
        yield "dtype", Call((x("dtype", (40,)),), {"dtype": dtype}), unsigned_zeros


def _order(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    def few(key: object, shape: tuple[int, ...]) -> Given:
        pool = _any(dtype, (6,), rng(key, "pool"))
        return Given(rng(key).choice(pool, shape).astype(dtype))

    for descending in (False, True):
        end = {"descending": descending}
        yield f"1-d-{descending}", Call((few("1", (40,)),), end)
        for axis in (0, 1, -1):
            label = f"axis{axis}-{descending}"
            yield label, Call((few(axis, (4, 5, 6)),), {**end, "axis": axis})
        base = few("view", (4, 6, 3)).base
        view = Given(base, (slice(None), slice(None, None, -2)), (2, 1, 0))
        yield f"view-{descending}", Call((view,), {**end, "axis": 1})
        shuffled = rng("special").permutation(np.resize(specials(dtype), 77))
        yield f"special-{descending}", Call((Given(shuffled),), end)
        yield f"empty-{descending}", Call((few("e", (3, 0)),), end)
        yield f"long-{descending}", Call((few("long", (3001,)),), end)


def _search(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    if name in ("argmax", "argmin", "count_nonzero"):
        yield from folds(name, dtype, rng)
        return
    if name == "nonzero":
        for shape in ((7,), (3, 4), (2, 3, 4), (0,), (3, 0)):
            mask = rng(shape).random(shape) < 0.5
            yield f"{shape}".replace(" ", ""), Call((Given(mask.astype(dtype)),))
        mask = rng("view").random((4, 6, 3)) < 0.5
        yield "view", Call((Given(mask.astype(dtype), (slice(None, None, -2),), (2, 1, 0)),))
        return
    within_ = np.sort(_any(dtype, (31,), rng("within")))
    # ml_dtypes leaves NaN where it is; float32 holds what 16 bits do, and sorts it last.
    wide = specials(dtype).astype(np.float32 if dtype in NARROW else dtype)
    special = np.sort(wide).astype(dtype)
    sought = np.concatenate([within_[::3], _any(dtype, (20,), rng("sought"))])
    for side in ("left", "right"):
        end = {"side": side}
        yield f"1-d-{side}", Call((Given(within_), Given(sought)), end)
        yield f"view-{side}", Call((Given(within_), Given(sought, slice(None, None, -2))), end)
        yield f"special-{side}", Call((Given(special), Given(specials(dtype).copy())), end)
        yield f"0-d-{side}", Call((Given(within_), Given(sought[3:4].reshape(()))), end)
        order = rng("sorter").permutation(within_.size)
        sorter = {**end, "sorter": Given(np.argsort(order))}
        yield f"sorter-{side}", Call((Given(within_[order]), Given(sought)), sorter)


def _sets(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    pool = _any(dtype, (5,), rng("pool"))
    x = Given(rng("x").choice(pool, (4, 9)).astype(dtype))
    if name == "isin":
        y = Given(np.concatenate([pool[:3], _any(dtype, (4,), rng("y"))]).astype(dtype))
        for invert in (False, True):
            yield f"2-d-{invert}", Call((x, y), {"invert": invert})
        yield "none", Call((x, Given(np.zeros(0, dtype))))
        yield "view", Call((Given(x.base, (slice(None, None, -2),), (1, 0)), y))
        yield "0-d", Call((Given(x.base[0, :1].reshape(())), y))
        yield "special", Call((Given(specials(dtype).copy()), Given(specials(dtype)[::2].copy())))
        return
    yield "2-d", Call((x,)), unsigned_zeros
    yield "view", Call((Given(x.base, (slice(None, None, -2),), (1, 0)),)), unsigned_zeros
    yield "empty", Call((Given(np.zeros((0, 3), dtype)),)), unsigned_zeros
    yield "0-d", Call((Given(x.base[0, :1].reshape(())),)), unsigned_zeros
    if kind(dtype) != "c":
        yield "special", Call((Given(np.resize(specials(dtype), 70)),)), unsigned_zeros


def _utility(name: str, dtype: DType, rng: Any) -> Iterator[Named]:
    if name in ("all", "any"):
        mask = {"any": 0.1, "all": 0.9}[name]
        for axis in AXES:
            label = f"axis-{axis}".replace(" ", "")
            values = (rng(label).random(FOUR) < mask).astype(dtype)
            yield label, Call((Given(values),), {"axis": axis})
        yield "keepdims", Call((Given(np.ones(FOUR, dtype)),), {"axis": 1, "keepdims": True})
        yield "special", Call((Given(specials(dtype)[:, None].copy()),), {"axis": 1})
        yield "empty", Call((Given(np.ones((3, 0), dtype)),), {"axis": 1})
        yield "long", Call((Given(np.full(3001, name == "all", dtype)),))
        return
    x = Given(tame(dtype, (4, 5, 6), rng("x")))
    for axis in (0, 1, -1):
        for n in (0, 1, 2):
            yield f"axis{axis}-{n}", Call((x,), {"axis": axis, "n": n})
    ends = [Given(tame(dtype, (4, 5, k), rng(k))) for k in (1, 2)]
    yield "ends", Call((x,), {"prepend": ends[0], "append": ends[1]})
    view = Given(x.base, (slice(None, None, -2),), (2, 1, 0))
    yield "view", Call((view,), {"axis": 1})


TABLE: Final[dict[str, tuple[str, Builder]]] = {
    **dict.fromkeys(("sum", "prod"), ("biufc", folds)),
    **dict.fromkeys(("max", "min"), ("iuf", folds)),
    "mean": ("fc", folds),
    **dict.fromkeys(("std", "var"), ("f", folds)),
    **dict.fromkeys(("cumulative_sum", "cumulative_prod"), ("iufc", _scans)),
    **dict.fromkeys(("sort", "argsort"), ("iuf", _order)),
    **dict.fromkeys(("argmax", "argmin"), ("iuf", _search)),
    **dict.fromkeys(("count_nonzero", "nonzero"), ("biufc", _search)),
    "searchsorted": ("iuf", _search),
    **dict.fromkeys(
        ("isin", "unique_all", "unique_counts", "unique_inverse", "unique_values"),
        ("biufc", _sets),
    ),
    **dict.fromkeys(("all", "any"), ("biufc", _utility)),
    "diff": ("iufc", _utility),
}


def names() -> tuple[str, ...]:
    """All functions of this chapter."""
    return tuple(TABLE)


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    return kind(dtype) in TABLE[name][0]


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    return built(setting, TABLE[name][1], name, dtype)
