"""Elementwise rows of the op table, each as a program of one op."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu_conformance import bounds, operands
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.judge import EXACT, Check
from xgpu_conformance.launching import Scalar, elementwise, result_dtype
from xgpu_conformance.layouts import Laid, Layout, lay
from xgpu_conformance.ulp import WIDER, Values, kind, limits
from xgpu_conformance.values import distinct, random, specials, ties

RANDOM: Final = 2000
FOUR: Final = (3, 4, 2, 5)

Operands = tuple[Values, ...]


def cases(setting: Setting, op: Op, dtype: DType) -> Iterable[Case]:
    """The cases of one row and dtype."""
    if op is ops.CAST:
        yield from _casts(setting, dtype)
        return
    rng = partial(setting.random, "ops", op.name, dtype.name)
    run = partial(_case, setting, op, dtype)
    subnormals = setting.subnormals

    def some(case: str, count: int) -> Operands:
        return _operands(op, dtype, count, rng(case), subnormals)

    yield run("special", lambda: (_special(op, dtype, subnormals), "contiguous"))
    yield run("random", lambda: (some("random", RANDOM), "contiguous"))
    if bounds.bound(op.name, dtype):
        yield run(
            "hard",
            lambda: (operands.hard(op.name, dtype, op.arity, RANDOM, rng("hard")), "contiguous"),
        )
    yield run("one", lambda: (some("one", 1), "contiguous"))
    yield run("uniform", lambda: (some("uniform", 1), "uniform"))
    yield run("offset", lambda: (some("offset", 57), "offset"))
    for layout in ("steps", "negative"):
        yield run(layout, partial(_laid, some, layout, (57,)))
    for layout in ("permuted", "negative", "broadcast", "steps"):
        yield run(f"4-d-{layout}", partial(_laid, some, layout, FOUR))
    if op.arity > 1:
        yield run("mixed", lambda: (_shaped(some("mixed", 120), FOUR), "mixed"))
        for place in range(op.arity - 2, op.arity):
            name = "scalar-first" if place == op.arity - 2 else "scalar-last"
            yield Case(name, partial(_with_scalar, setting, op, dtype, place, some))
            name = f"special-{name}"
            yield Case(name, partial(_with_special_scalar, setting, op, dtype, place, some))
    yield Case("in-place", partial(_in_place, setting, op, dtype, some))
    yield Case(
        "large",
        partial(_large, setting, op, dtype, some),
        {"size": str(setting.options.large)},
    )


def copies(setting: Setting, dtype: DType) -> Iterable[Case]:
    """Programs without an op: a load, through each layout, and a write."""
    rng = partial(setting.random, "ops", "copy", dtype.name)
    layouts: tuple[Layout, ...] = ("contiguous", "offset", "steps", "negative", "permuted")
    for shape in ((1,), (57,), (6, 7), (3, 4, 5), FOUR, (2, 3, 2, 2, 3)):
        for layout in (*layouts, "transposed", "broadcast", "uniform"):
            name = f"{layout}-{'x'.join(map(str, shape))}"
            yield Case(name, partial(_copy, setting, dtype, layout, shape, rng))
    yield Case("special", partial(_copy_special, setting, dtype))
    for layout in ("steps", "negative", "permuted"):
        yield Case(f"write-{layout}", partial(_write, setting, dtype, layout, FOUR, rng))
        for shape in ((57,), (6, 7), (5, 5)):
            name = f"write-{layout}-{'x'.join(map(str, shape))}"
            yield Case(name, partial(_write, setting, dtype, layout, shape, rng))


def _operands(
    op: Op, dtype: DType, count: int, rng: np.random.Generator, subnormals: bool
) -> Operands:
    if op is ops.WHERE:
        chosen = random(dtypes.bool_, count, rng)
        return chosen, *(random(dtype, count, rng, subnormals) for _ in "ab")
    return operands.arbitrary(op.name, dtype, op.arity, count, rng, subnormals)


def _special(op: Op, dtype: DType, subnormals: bool) -> Operands:
    if op is not ops.WHERE:
        return operands.special(op.name, dtype, op.arity, subnormals)
    x = specials(dtype, subnormals)
    chosen = np.concatenate([np.ones(x.size, bool), np.zeros(x.size, bool)])
    return chosen, np.concatenate([x, x]), np.concatenate([x[::-1], x[::-1]])


def _shaped(values: Operands, shape: tuple[int, ...]) -> Operands:
    return tuple(v.reshape(shape) for v in values)


def _laid(
    some: Callable[[str, int], Operands], layout: str, shape: tuple[int, ...]
) -> tuple[Operands, str]:
    return _shaped(some(f"{layout} {shape}", math.prod(shape)), shape), layout


def _case(
    setting: Setting, op: Op, dtype: DType, name: str, make: Callable[[], tuple[Operands, str]]
) -> Case:
    return Case(name, partial(_compared, setting, op, dtype, make))


_MIXED: Final[tuple[Layout, ...]] = ("permuted", "broadcast", "negative")


def _compared(
    setting: Setting, op: Op, dtype: DType, make: Callable[[], tuple[Operands, str]]
) -> list[Check]:
    values, layout = make()
    chosen = _MIXED if layout == "mixed" else (layout,) * 3
    laid = [lay(x, how) for x, how in zip(values, chosen, strict=False)]  # type: ignore[arg-type]
    return [_check(setting, op, dtype, laid)]


def _check(
    setting: Setting,
    op: Op,
    dtype: DType,
    laid: Sequence[Laid | Scalar],
    result: DType | None = None,
) -> Check:
    given = result or result_dtype(op, dtype)
    shape = next(x.values.shape for x in laid if isinstance(x, Laid))
    got = elementwise(setting.device, op.name, laid, shape, given).reshape(shape)
    flat = tuple(np.broadcast_to(x.values, shape).reshape(-1) for x in laid)
    expected = reference(setting.reference, op, dtype, flat, given)
    rule = operands.rule(op.name, dtype, expected, *flat) if result is None else EXACT
    return Check(got.reshape(-1), expected, rule, flat)


def reference(device: xgpu.Device, op: Op, dtype: DType, flat: Operands, given: DType) -> Values:
    """The right values: the reference's, of contiguous operands.

    Where a bound in ULP is allowed they are computed in the wider dtype and rounded once, but for
    those that are special in the narrow one.
    """
    shape = flat[0].shape
    plain = elementwise(device, op.name, [lay(x, "contiguous") for x in flat], shape, given)
    wider = WIDER.get(dtype)
    if wider is None or not bounds.bound(op.name, dtype):
        return plain
    wide = [lay(x.astype(wider), "contiguous") for x in flat]
    exact = elementwise(device, op.name, wide, shape, result_dtype(op, wider))
    with np.errstate(all="ignore"):
        rounded = exact.astype(given)
        regular = np.isfinite(plain) & np.isfinite(rounded)
        for part in (plain.real, rounded.real, *_imaginary(plain), *_imaginary(rounded)):
            regular &= part != 0
    return np.where(regular, rounded, plain)


def _imaginary(x: Values) -> tuple[Values, ...]:
    return (x.imag,) if x.dtype.kind == "c" else ()


def _with_scalar(
    setting: Setting, op: Op, dtype: DType, place: int, some: Callable[[str, int], Operands]
) -> list[Check]:
    checks = []
    for number in range(3):
        values = some(f"scalar {place} {number}", 57)
        laid: list[Laid | Scalar] = [lay(x, "contiguous") for x in values]
        one = values[place][number]
        laid[place] = Scalar(np.asarray(one, dtype), dtype)
        checks.append(_check(setting, op, dtype, laid))
    return checks


def _with_special_scalar(
    setting: Setting, op: Op, dtype: DType, place: int, some: Callable[[str, int], Operands]
) -> list[Check]:
    """Special numbers, and each of a few such scalars."""
    checks = []
    x = specials(dtype, setting.subnormals)
    for number in _telling(dtype, setting.subnormals):
        values = list(some(f"special scalar {place}", x.size))
        values[place] = np.full(x.size, number)
        other = 2 * op.arity - 3 - place
        values[other] = np.array(x)
        usable = operands.usable(op.name, *values[op.arity - 2 :])
        values[op.arity - 2 :] = usable
        if not np.array_equal(values[place], np.full(x.size, number), equal_nan=True):
            # There is no result for some: for these there is another scalar, so none at all.
            continue
        laid: list[Laid | Scalar] = [lay(v, "contiguous") for v in values]
        laid[place] = Scalar(np.asarray(number, dtype), dtype)
        checks.append(_check(setting, op, dtype, laid))
    return checks


def _telling(dtype: DType, subnormals: bool) -> list[Any]:
    """Scalars that are lost on the way, if any are."""
    x = specials(dtype, subnormals)
    if kind(dtype) in "biu":
        return [x[0], x[-1], x[x.size // 2]]
    if kind(dtype) == "c":
        return [dtype.type(v) for v in (complex(-0.0, 2.5), complex(1.0, -0.0), 0j)]
    largest = float(limits(dtype).max)
    return [dtype.type(v) for v in (0.0, -0.0, np.inf, -np.inf, np.nan, largest, 3.0)]


def _in_place(
    setting: Setting, op: Op, dtype: DType, some: Callable[[str, int], Operands]
) -> list[Check]:
    """Written to a part of a buffer, the rest of which stays."""
    values = _shaped(some("in-place", 42), (6, 7))
    given = result_dtype(op, dtype)
    flat = tuple(x.reshape(-1) for x in values)
    expected = reference(setting.reference, op, dtype, flat, given)
    target = lay(np.zeros((6, 7), given), "steps")
    after = lay(expected.reshape(6, 7), "steps").buffer
    laid = [lay(x, "contiguous") for x in values]
    got = elementwise(setting.device, op.name, laid, (6, 7), given, target)
    inside = np.zeros(after.shape, np.int64)
    view = inside.reshape(13, 15)[1:12:2, 1:14:2]
    view[...] = np.arange(42).reshape(6, 7)
    spread = tuple(x[inside] for x in flat)
    return [Check(got, after, operands.rule(op.name, dtype, after, *spread), spread)]


def _large(
    setting: Setting, op: Op, dtype: DType, some: Callable[[str, int], Operands]
) -> list[Check]:
    """A pool of numbers over and over: the reference computes the pool."""
    pool = some("large", 997)
    count = setting.options.large
    given = result_dtype(op, dtype)
    laid = [lay(np.resize(x, count), "contiguous") for x in pool]
    got = elementwise(setting.device, op.name, laid, (count,), given)
    expected = np.resize(reference(setting.reference, op, dtype, pool, given), count)
    flat = tuple(x.values for x in laid)
    return [Check(got, expected, operands.rule(op.name, dtype, expected, *flat), flat)]


# Casts


def _casts(setting: Setting, dtype: DType) -> Iterable[Case]:
    for target in dtypes.ALL:
        if not setting.options.requirements.against(target.name):
            yield Case(f"to-{target.name}", partial(_cast, setting, dtype, target))


def _cast(setting: Setting, dtype: DType, target: DType) -> list[Check]:
    rng = setting.random("ops", "cast", dtype.name, target.name)
    values = np.concatenate(
        [
            specials(dtype, setting.subnormals),
            random(dtype, 500, rng, setting.subnormals),
            ties(dtype, target),
        ]
    )
    values = held(values, target, setting.subnormals)
    return [
        _check(setting, ops.CAST, dtype, [lay(values, layout)], target)
        for layout in ("contiguous", "negative")
    ]


def held(x: Values, target: DType, subnormals: bool = True) -> Values:
    """``x`` with 1 for each number whose conversion to ``target`` is not defined."""
    real = x.real if kind(x.dtype) == "c" else x
    keep = np.ones(x.shape, bool)
    with np.errstate(all="ignore"):
        if kind(target) in "iu" and kind(x.dtype) in "fc":
            info = np.iinfo(target)
            size = real.astype(np.float64)
            keep = (size > float(info.min) - 1) & (size < float(info.max))
            if kind(target) == "i" and target.itemsize == 8:
                keep &= size >= float(info.min)
        if kind(target) in "fc" and not subnormals:
            size = np.abs(real.astype(np.float64))
            keep &= (size == 0) | (size >= float(limits(target).smallest_normal)) | np.isnan(size)
    return np.where(keep, x, np.ones_like(x)).astype(x.dtype)


# Copies


def _copy(
    setting: Setting,
    dtype: DType,
    layout: Layout,
    shape: tuple[int, ...],
    rng: Callable[[object], np.random.Generator],
) -> list[Check]:
    laid = lay(distinct(dtype, shape, rng(f"{layout} {shape}")), layout)
    got = elementwise(setting.device, "load", [laid], shape, dtype)
    expected = np.array(laid.values).reshape(-1)
    return [Check(got, expected, EXACT, (expected,))]


def _copy_special(setting: Setting, dtype: DType) -> list[Check]:
    laid = lay(specials(dtype, setting.subnormals), "steps")
    got = elementwise(setting.device, "load", [laid], laid.values.shape, dtype)
    return [Check(got, laid.values, EXACT, (laid.values,))]


def _write(
    setting: Setting,
    dtype: DType,
    layout: Layout,
    shape: tuple[int, ...],
    rng: Callable[[object], np.random.Generator],
) -> list[Check]:
    values = distinct(dtype, shape, rng(f"write {layout} {shape}"))
    target = lay(np.zeros(shape, dtype), layout)
    got = elementwise(setting.device, "load", [lay(values, "contiguous")], shape, dtype, target)
    return [Check(got, lay(values, layout).buffer, EXACT)]
