"""Reduction rows of the op table, each as a program of one reduction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import numpy as np

from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu_conformance import bounds
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.judge import EXACT, UNSIGNED_ZEROS, Check, Rule
from xgpu_conformance.launching import reduction, result_dtype
from xgpu_conformance.layouts import Layout, lay
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import normal, random, specials, tame

EMPTY: Final = (ops.SUM, ops.PROD, ops.ANY, ops.ALL)
"""Rows that give something of no elements."""
FOLDS: Final = (ops.SUM, ops.PROD)

Make = Callable[[], tuple[Values, int]]
"""An operand with its kept axes first, and how many these are."""

SHAPES: Final[tuple[tuple[str, tuple[int, ...], int], ...]] = (
    ("rows", (7, 33), 1),
    ("short-rows", (257, 3), 1),
    ("one-row", (1, 1000), 1),
    ("length-1", (9, 1), 1),
    ("4-d", (3, 4, 5, 6), 2),
    ("5-d", (2, 3, 2, 3, 4), 3),
)


def cases(setting: Setting, op: Op, dtype: DType) -> Iterable[Case]:
    """The cases of one row and dtype."""
    rng = partial(setting.random, "ops", op.name, dtype.name)

    def case(name: str, make: Make, layout: Layout = "contiguous") -> Case:
        return Case(name, partial(_compared, setting, op, dtype, make, layout))

    def shaped(name: str, shape: tuple[int, ...], kept: int) -> Make:
        return lambda: (_values(op, dtype, shape, rng(name), setting.subnormals), kept)

    for name, shape, kept in SHAPES:
        yield case(name, shaped(name, shape, kept))
    layouts: tuple[Layout, ...] = ("steps", "negative", "transposed", "broadcast", "permuted")
    for layout in layouts:
        yield case(f"rows-{layout}", shaped(layout, (7, 33), 1), layout)
        yield case(f"4-d-{layout}", shaped(f"4 {layout}", (3, 4, 5, 6), 2), layout)
    yield case("special", lambda: (_special(op, dtype, setting.subnormals), 1))
    if kind(dtype) != "c":
        yield case("pairs", lambda: (_pairs(dtype, setting.subnormals), 1))
    yield case("places", lambda: (_places(op, dtype), 1))
    if op in EMPTY:
        yield case("empty-axis", lambda: (np.empty((3, 0), dtype), 1))
    if op in FOLDS and kind(dtype) in "fc":
        yield case("rounded", lambda: (_rounded(op, dtype, (5, 400), rng("rounded")), 1))
    yield Case("in-place", partial(_in_place, setting, op, dtype, shaped("in-place", (4, 9), 1)))
    for name, shape in (("large-row", (1, -1)), ("large-column", (-1, 7))):
        yield Case(
            name,
            partial(_large, setting, op, dtype, shape, rng(name)),
            {"size": str(setting.options.large)},
        )


def _values(
    op: Op, dtype: DType, shape: tuple[int, ...], rng: np.random.Generator, subnormals: bool
) -> Values:
    """Numbers of which any order of summation gives the same; any numbers, of other rows."""
    if op is ops.SUM and kind(dtype) in "fc":
        return tame(dtype, shape, rng)
    if op is ops.PROD and kind(dtype) in "fc":
        return _units(dtype, shape, rng)
    return random(dtype, int(np.prod(shape)), rng, subnormals).reshape(shape)


def _units(dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    """Powers of two and, of complex numbers, of j: no product of some hundred is rounded."""
    power = rng.choice([0.5, 1.0, 1.0, 1.0, 2.0, -1.0], shape)
    if kind(dtype) == "c":
        # The sum makes zeros positive.
        return np.asarray(power * rng.choice([1, 1j, -1, -1j], shape) + 0, dtype)
    return np.asarray(power, dtype)


def _rounded(op: Op, dtype: DType, shape: tuple[int, ...], rng: np.random.Generator) -> Values:
    x = normal(dtype, shape, rng)
    return x if op is ops.SUM else np.asarray(1 + x / 64, dtype)


def _special(op: Op, dtype: DType, subnormals: bool) -> Values:
    """Each special number among others, first, in the middle and last; and twice."""
    x = specials(dtype, subnormals)
    if kind(dtype) == "c":
        part = np.isin(np.arange(x.size), np.arange(0, x.size, 3))
        x = x[part & (np.isfinite(x) | (op is ops.SUM))]
    # Two numbers and what changes nothing: no order rounds otherwise.
    rows = np.full((3 * x.size, 5), dtype.type(0 if op in (ops.SUM, ops.ANY) else 1), dtype)
    for place in range(3):
        rows[place::3, 2 * place] = x
    rows[::2, 1] = np.resize(x[::-1], rows[::2, 1].shape)
    if op in FOLDS and kind(dtype) == "c":
        # Of several infinities, and in several orders, a complex number may be anything.
        rows[:, 1] = rows[0, 3]
    return rows


def _pairs(dtype: DType, subnormals: bool) -> Values:
    """All pairs of special numbers, each of a number and itself among them."""
    x = specials(dtype, subnormals)
    return np.stack([v.reshape(-1) for v in np.meshgrid(x, x)], axis=1)


def _places(op: Op, dtype: DType) -> Values:
    """In each row one element tells, each time in another place."""
    low = op in (ops.MIN, ops.ARGMIN, ops.ALL)
    rows = np.full((130, 130), 1 if low or op is ops.PROD else 0)
    np.fill_diagonal(rows, 2 if op is ops.PROD else 1 - rows[0, 0])
    return rows.astype(dtype)


def _compared(setting: Setting, op: Op, dtype: DType, make: Make, layout: Layout) -> list[Check]:
    values, kept = make()
    laid = lay(values, layout)
    given = result_dtype(op, dtype)
    got = reduction(setting.device, op.name, laid, kept, given)
    return [_checked(setting, op, dtype, laid.values, kept, got)]


def _checked(
    setting: Setting, op: Op, dtype: DType, values: Values, kept: int, got: Values
) -> Check:
    plain = lay(np.array(values), "contiguous")
    expected = reduction(setting.reference, op.name, plain, kept, result_dtype(op, dtype))
    return Check(got, expected, _rule(op, dtype, np.array(values), kept, expected))


def _rule(op: Op, dtype: DType, values: Values, kept: int, expected: Values) -> Rule:
    if op in (ops.MIN, ops.MAX):
        return UNSIGNED_ZEROS
    if op not in FOLDS or kind(dtype) not in "fc":
        return EXACT
    rows = values.reshape(expected.size, -1)
    count = rows.shape[1]
    with np.errstate(all="ignore"):
        if op is ops.SUM:
            size = np.sum(np.abs(rows.astype(_wide(dtype))), axis=1)
        else:
            size = np.prod(np.abs(rows.astype(_wide(dtype))), axis=1)
        exact = _is_exact(op, rows)
        allowed = bounds.SUMMATION * max(count, 1) * epsilon(dtype) * size
    # A sum of the largest numbers may overflow or not, by its order.
    if op is ops.PROD and np.all(exact | ~np.isfinite(allowed)) and kind(dtype) == "f":
        return EXACT  # signs of zeros, too
    allowed = np.where(np.isfinite(allowed) & ~exact, allowed, 0.0)
    # No order changes the sign of a product of real numbers.
    return Rule(allowed=allowed, zeros=op is ops.PROD and kind(dtype) == "f")


def _is_exact(op: Op, rows: Values) -> Values:
    """The rows of which every order of summation, or multiplication, gives the same."""
    if op is ops.PROD:
        size = np.maximum(np.abs(rows.real), np.abs(rows.imag))
        return np.asarray(np.all(np.isin(size, [0.5, 1.0, 2.0]), axis=1))
    eighths = rows * 8
    whole = (eighths.real == np.round(eighths.real)) & (np.abs(rows.real) <= 2)
    whole &= (eighths.imag == np.round(eighths.imag)) & (np.abs(rows.imag) <= 2)
    return np.asarray(np.all(whole, axis=1))


def _wide(dtype: DType) -> DType:
    return dtypes.complex128 if kind(dtype) == "c" else dtypes.float64


def _in_place(setting: Setting, op: Op, dtype: DType, make: Make) -> list[Check]:
    """Written to a part of a buffer, the rest of which stays."""
    values, kept = make()
    given = result_dtype(op, dtype)
    plain = lay(values, "contiguous")
    right = reduction(setting.reference, op.name, plain, kept, given)
    target = lay(np.zeros(right.shape, given), "steps")
    got = reduction(setting.device, op.name, plain, kept, given, target)
    return [Check(got, lay(right, "steps").buffer, UNSIGNED_ZEROS)]


def _large(
    setting: Setting, op: Op, dtype: DType, shape: tuple[int, int], rng: np.random.Generator
) -> list[Check]:
    """One long row, or, with the reduced axis first in memory, some long columns."""
    pool = _values(op, dtype, (997,), rng, setting.subnormals)
    if op is ops.PROD and kind(dtype) in "fc":
        pool = np.where(np.abs(pool) == 1, pool, dtype.type(1)).astype(dtype)
    count = setting.options.large
    if shape[0] == 1:
        values = np.resize(pool, count).reshape(1, count)
        laid = lay(values, "contiguous")
    else:
        rows = count // 7
        values = np.resize(pool, rows * 7).reshape(7, rows)
        laid = lay(values, "transposed")
    got = reduction(setting.device, op.name, laid, 1, result_dtype(op, dtype))
    return [_checked(setting, op, dtype, values, 1, got)]
