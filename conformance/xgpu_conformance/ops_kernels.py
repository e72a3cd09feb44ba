"""Ops that are kernels of their own, called as a backend gets them: movement, order, scans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from xgpu.plugin import Result, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu_conformance import bounds
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.judge import EXACT, UNSIGNED_ZEROS, Check, Rule
from xgpu_conformance.launching import kernel_op
from xgpu_conformance.layouts import LAYOUTS, Layout, lay
from xgpu_conformance.ulp import Values, epsilon, kind
from xgpu_conformance.values import distinct, normal, random, specials, tame

Shape = tuple[int, ...]
Attributes = dict[str, Any]
Rules = Callable[[Values, tuple[Values, ...]], Rule]

SHAPES: Final[tuple[Shape, ...]] = ((1,), (37,), (5, 7), (2, 3, 4), (3, 2, 4, 5))
INT: Final = dtypes.int64


def cases(setting: Setting, op: Op, dtype: DType) -> Iterable[Case]:
    """The cases of one row and dtype."""
    rng = partial(setting.random, "ops", op.name, dtype.name)
    return _CASES[op](setting, op, dtype, rng)


Random = Callable[..., np.random.Generator]


def _compared(
    setting: Setting,
    op: Op,
    make: Callable[[], tuple[Values, ...]],
    layouts: Sequence[Layout],
    result: Callable[[tuple[Values, ...]], Result],
    attributes: Attributes,
    rules: Rules,
) -> list[Check]:
    """The op of operands in layouts beside the reference's, of contiguous ones."""
    laid = [lay(x, how) for x, how in zip(make(), layouts, strict=False)]
    values = tuple(np.array(x.values) for x in laid)
    results = [result(values)]
    plain = [lay(x, "contiguous") for x in values]
    (expected,) = kernel_op(setting.reference, op.name, plain, results, attributes)
    (got,) = kernel_op(setting.device, op.name, laid, results, attributes)
    return [Check(got, expected, rules(expected, values))]


def _exact(expected: Values, values: tuple[Values, ...]) -> Rule:
    return EXACT


# Products of matrices

_PRODUCTS: Final[tuple[tuple[str, Shape, Shape], ...]] = (
    ("1x1", (1, 1), (1, 1)),
    ("square", (5, 5), (5, 5)),
    ("oblong", (3, 17), (17, 6)),
    ("row-by-column", (1, 33), (33, 1)),
    ("column-by-row", (9, 1), (1, 9)),
    ("stack", (2, 3, 4, 5), (2, 3, 5, 2)),
    ("tiles", (65, 70), (70, 67)),
)


def _matmul(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def case(
        name: str,
        make: Callable[[], tuple[Values, ...]],
        layouts: Sequence[Layout] = ("contiguous",) * 2,
        rules: Rules = _exact,
    ) -> Case:
        return Case(
            name, partial(_compared, setting, op, make, layouts, _product_result, {}, rules)
        )

    for name, a, b in _PRODUCTS:
        yield case(name, partial(_tame_pair, dtype, a, b, rng, name), rules=_exact_product)
    layouts: tuple[Layout, ...] = ("transposed", "steps", "negative", "broadcast")
    for layout in layouts:
        make = partial(_tame_pair, dtype, (6, 7), (7, 5), rng, layout)
        yield case(f"{layout}-left", make, (layout, "contiguous"), _exact_product)
        yield case(f"{layout}-right", make, ("contiguous", layout), _exact_product)
    stack = partial(_tame_pair, dtype, (2, 3, 4, 5), (2, 3, 5, 2), rng, "stacks")
    yield case("stack-broadcast", stack, ("broadcast", "permuted"), _exact_product)
    if kind(dtype) in "iu":
        yield case(
            "any", lambda: _any_pair(dtype, rng("any"), setting.subnormals), rules=_exact_product
        )
    if kind(dtype) in "fc":
        yield case("rounded", partial(_normal_pair, dtype, rng), rules=partial(_sum_rule, dtype))
        yield case("not-finite", partial(_spoilt, dtype, rng), rules=_exact_product)


def _tame_pair(dtype: DType, a: Shape, b: Shape, rng: Random, name: str) -> tuple[Values, ...]:
    most = 8 if dtype in dtypes.NARROW else 1  # few digits: whole numbers alone stay exact
    pair = (tame(dtype, shape, rng(name, i)) for i, shape in enumerate((a, b)))
    return tuple(np.round(x.astype(np.float32)).astype(dtype) if most > 1 else x for x in pair)


def _any_pair(dtype: DType, rng: np.random.Generator, subnormals: bool) -> tuple[Values, ...]:
    return tuple(random(dtype, 12, rng, subnormals).reshape(s) for s in ((3, 4), (4, 3)))


def _normal_pair(dtype: DType, rng: Random) -> tuple[Values, ...]:
    return normal(dtype, (19, 40), rng("left")), normal(dtype, (40, 23), rng("right"))


def _spoilt(dtype: DType, rng: Random) -> tuple[Values, ...]:
    """NaN and infinities in a row spoil that row alone."""
    a, b = _tame_pair(dtype, (5, 6), (6, 4), rng, "not finite")
    b = np.where(b == 0, dtype.type(1), b).astype(dtype)
    if kind(dtype) == "c":
        b = b.real.astype(dtype) + dtype.type(0)
        b = np.where(b == 0, dtype.type(1), b)
        a[1, 2] = complex(np.nan, np.nan)
        return a, b
    a[1, 2], a[3, 0] = np.nan, np.inf
    return a, b


def _product_result(values: tuple[Values, ...]) -> Result:
    a, b = values
    return Result(dtypes.SUPPORTED[a.dtype], (*a.shape[:-1], b.shape[-1]))


def _exact_product(expected: Values, values: tuple[Values, ...]) -> Rule:
    """Sums of such products are exact; where NaN is, a complex number may have more of it."""
    return UNSIGNED_ZEROS


def _sum_rule(dtype: DType, expected: Values, values: tuple[Values, ...]) -> Rule:
    a, b = (np.abs(x.astype(np.complex128)) for x in values)
    # A 16-bit product is summed in float32 and rounded once.
    steps = 1 if dtype in dtypes.NARROW else a.shape[-1]
    size = a @ b if dtype not in dtypes.NARROW else np.abs(expected.astype(np.float64)) + 1e-3
    return Rule(allowed=bounds.SUMMATION * steps * epsilon(dtype) * size, zeros=False)


# Order


def _sorting(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    indices = op is ops.ARGSORT
    for descending in (False, True):
        for stable in (True, False):
            attributes = {"descending": descending, "stable": stable}
            ending = f"{'-descending' if descending else ''}{'' if stable else '-unstable'}"
            if indices and not stable:
                yield Case(
                    f"any-order{ending}",
                    partial(_unstable, setting, op, dtype, attributes, rng),
                )
                continue
            run = partial(_sort_case, setting, op, dtype, attributes, ending, rng)
            yield run("special", partial(_shuffled_specials, dtype, setting.subnormals, rng))
            for shape in SHAPES:
                name = "x".join(map(str, shape))
                yield run(name, partial(_few, dtype, shape, rng, name, setting.subnormals))
            if stable:
                for layout in LAYOUTS[1:]:
                    make = partial(_few, dtype, (4, 6, 5), rng, layout, setting.subnormals)
                    yield run(layout, make, layout)
                yield run("equal", lambda: (np.ones((3, 40), dtype),))
                count = setting.options.large
                make = partial(_few, dtype, (count,), rng, "large", setting.subnormals)
                yield run("large", make)._replace(parts={"size": str(count)})


def _sort_case(
    setting: Setting,
    op: Op,
    dtype: DType,
    attributes: Attributes,
    ending: str,
    rng: Random,
    name: str,
    make: Callable[[], tuple[Values, ...]],
    layout: Layout = "contiguous",
) -> Case:
    given = INT if op is ops.ARGSORT else dtype

    def result(values: tuple[Values, ...]) -> Result:
        return Result(given, values[0].shape)

    rules = _exact if op is ops.ARGSORT or attributes["stable"] else _unsigned
    return Case(
        name + ending,
        partial(_compared, setting, op, make, (layout,), result, attributes, rules),
    )


def _unsigned(expected: Values, values: tuple[Values, ...]) -> Rule:
    return UNSIGNED_ZEROS


def _few(
    dtype: DType, shape: Shape, rng: Random, name: str, subnormals: bool
) -> tuple[Values, ...]:
    """Many equal numbers among others."""
    count = int(np.prod(shape))
    generator = rng(name, shape)
    x = random(dtype, count, generator, subnormals)
    pool = random(dtype, 5, generator, subnormals)
    chosen = np.where(generator.random(count) < 0.4, x, generator.choice(pool, count))
    return (chosen.astype(dtype).reshape(shape),)


def _shuffled_specials(dtype: DType, subnormals: bool, rng: Random) -> tuple[Values, ...]:
    x = specials(dtype, subnormals)
    return (np.stack([rng("special", row).permutation(np.resize(x, 61)) for row in range(4)]),)


def _unstable(
    setting: Setting, op: Op, dtype: DType, attributes: Attributes, rng: Random
) -> list[Check]:
    """Indices that sort, in whatever order of equal elements."""
    (values,) = _shuffled_specials(dtype, setting.subnormals, rng)
    laid = lay(values, "contiguous")
    (got,) = kernel_op(setting.device, op.name, [laid], [Result(INT, values.shape)], attributes)
    (expected,) = kernel_op(
        setting.reference, "sort", [laid], [Result(dtype, values.shape)], attributes
    )
    everyone = np.broadcast_to(np.arange(values.shape[1]), got.shape)
    placed = np.take_along_axis(values, np.clip(got, 0, values.shape[1] - 1), axis=1)
    return [
        Check(np.sort(got, axis=1), everyone.copy(), EXACT, (), "each index once"),
        Check(placed, expected, UNSIGNED_ZEROS, (), "elements at the indices"),
    ]


def _searching(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def result(values: tuple[Values, ...]) -> Result:
        return Result(INT, values[1].shape)

    def make(length: int, shape: Shape, name: str) -> tuple[Values, ...]:
        (sought,) = _few(dtype, shape, rng, name, setting.subnormals)
        (within,) = _few(dtype, (length,), rng, f"{name} within", setting.subnormals)
        return np.sort(np.concatenate([within, sought.reshape(-1)[:3]])), sought

    def special() -> tuple[Values, ...]:
        x = specials(dtype, setting.subnormals)
        return np.sort(np.concatenate([x, x[::3]])), x.copy()

    layouts: tuple[Layout, ...] = ("steps", "negative", "permuted", "broadcast")
    for side in ("left", "right"):
        run = partial(_compared, setting, op)
        attributes = {"side": side}
        rest = (result, attributes, _exact)
        plain: tuple[Layout, Layout] = ("contiguous", "contiguous")
        yield Case(f"special-{side}", partial(run, special, plain, *rest))
        for shape in SHAPES:
            name = f"{'x'.join(map(str, shape))}-{side}"
            yield Case(name, partial(run, partial(make, 29, shape, name), plain, *rest))
        for layout in layouts:
            given = partial(make, 29, (4, 6), f"{layout} {side}")
            yield Case(f"{layout}-{side}", partial(run, given, ("steps", layout), *rest))
        large = partial(make, 5000, (setting.options.large // 10,), f"large {side}")
        size = {"size": str(setting.options.large)}
        yield Case(f"large-{side}", partial(run, large, plain, *rest), size)


# Scans


def _scan(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def result(values: tuple[Values, ...]) -> Result:
        return Result(dtype, values[0].shape)

    def run(
        name: str,
        make: Callable[[], tuple[Values, ...]],
        layout: Layout = "contiguous",
        rules: Rules = _unsigned,
    ) -> Case:
        return Case(name, partial(_compared, setting, op, make, (layout,), result, {}, rules))

    for shape in SHAPES:
        name = "x".join(map(str, shape))
        yield run(name, partial(_scanned, op, dtype, shape, rng, name, setting.subnormals))
    for layout in LAYOUTS[1:]:
        make = partial(_scanned, op, dtype, (4, 6, 5), rng, layout, setting.subnormals)
        yield run(layout, make, layout)
    if kind(dtype) in "fc":
        yield run(
            "rounded",
            lambda: (_rounded(op, dtype, rng("rounded")),),
            rules=partial(_scan_rule, op, dtype),
        )
    if kind(dtype) == "f":
        yield run("not-finite", lambda: (_breaking(dtype),))
    count = setting.options.large
    make = partial(_scanned, op, dtype, (count,), rng, "large", setting.subnormals)
    yield run("large", make)._replace(parts={"size": str(count)})


def _scanned(
    op: Op, dtype: DType, shape: Shape, rng: Random, name: str, subnormals: bool
) -> tuple[Values, ...]:
    generator = rng(name, shape)
    if kind(dtype) not in "fc":
        return (random(dtype, int(np.prod(shape)), generator, subnormals).reshape(shape),)
    if op is ops.CUMULATIVE_SUM:
        whole = generator.integers(-3, 4, shape)
        return (np.asarray(whole, dtype) * dtype.type(1 if kind(dtype) == "f" else 1 + 1j),)
    signs = generator.choice([1, -1] if kind(dtype) == "f" else [1, 1j, -1, -1j], shape)
    values = np.asarray(signs, dtype) + dtype.type(0)
    values[..., 0] *= dtype.type(3)
    return (values,)


def _rounded(op: Op, dtype: DType, rng: np.random.Generator) -> Values:
    x = normal(dtype, (3, 300), rng)
    return x if op is ops.CUMULATIVE_SUM else np.asarray(1 + x / 64, dtype)


def _scan_rule(op: Op, dtype: DType, expected: Values, values: tuple[Values, ...]) -> Rule:
    size = np.abs(values[0].astype(np.complex128))
    fold = np.cumsum if op is ops.CUMULATIVE_SUM else np.cumprod
    count = np.arange(1, size.shape[-1] + 1)
    allowed = bounds.SUMMATION * count * epsilon(dtype) * fold(size, axis=-1)
    return Rule(allowed=allowed, zeros=False)


def _breaking(dtype: DType) -> Values:
    """NaN and infinities, which are in all that comes after them."""
    rows = np.ones((4, 40), dtype)
    rows[0, 7], rows[1, 9], rows[2, 11] = np.nan, np.inf, -np.inf
    rows[3, 5], rows[3, 30] = np.inf, -np.inf
    return rows


# Movement


def _gather(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def result(values: tuple[Values, ...]) -> Result:
        return Result(dtype, values[1].shape)

    def make(shape: Shape, wanted: Shape, name: str) -> tuple[Values, ...]:
        x = distinct(dtype, shape, rng(name, "x"))
        places = rng(name, "places").integers(0, x.size, wanted)
        if places.size > 1:
            places.reshape(-1)[:2] = x.size - 1, 0
        return x, places.astype(np.int64)

    run = partial(_compared, setting, op)
    for shape in SHAPES:
        name = "x".join(map(str, shape))
        given = partial(make, shape, (3, 5), name)
        yield Case(name, partial(run, given, ("contiguous",) * 2, result, {}, _exact))
    for layout in LAYOUTS[1:]:
        given = partial(make, (4, 6, 5), (5, 3, 2), layout)
        for name, layouts in (("x1", (layout, "contiguous")), ("x2", ("contiguous", layout))):
            yield Case(f"{layout}-{name}", partial(run, given, layouts, result, {}, _exact))
    given = partial(_special_places, dtype, setting.subnormals)
    yield Case("special", partial(run, given, ("contiguous",) * 2, result, {}, _exact))
    large = partial(make, (1000,), (setting.options.large,), "large")
    size = {"size": str(setting.options.large)}
    yield Case("large", partial(run, large, ("contiguous",) * 2, result, {}, _exact), size)


def _special_places(dtype: DType, subnormals: bool) -> tuple[Values, ...]:
    """Special numbers, all of them, from the last to the first."""
    x = specials(dtype, subnormals).copy()
    return x, np.arange(x.size, dtype=np.int64)[::-1].copy()


def _scatter(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def result(values: tuple[Values, ...]) -> Result:
        return Result(dtype, values[0].shape)

    def make(shape: Shape, count: int, name: str) -> tuple[Values, ...]:
        x = distinct(dtype, shape, rng(name, "x"))
        places = rng(name, "places").integers(0, x.size, (count,)).astype(np.int64)
        return x, places, random(dtype, count, rng(name, "new"), setting.subnormals)

    run = partial(_compared, setting, op)
    plain: tuple[Layout, ...] = ("contiguous",) * 3
    for shape in SHAPES:
        name = "x".join(map(str, shape))
        given = partial(make, shape, 11, name)
        yield Case(name, partial(run, given, plain, result, {}, _exact))
    x, places = _special_places(dtype, setting.subnormals)
    for name, old in (("special-old", x), ("special-new", np.ones_like(x))):
        given = partial(_special_write, old, places, x)
        yield Case(name, partial(run, given, plain, result, {}, _exact))
    repeated = partial(make, (7,), 300, "repeated")
    yield Case("repeated", partial(run, repeated, plain, result, {}, _exact))
    for layout in LAYOUTS[1:]:
        given = partial(make, (4, 6, 5), 40, layout)
        for number in range(3):
            layouts = tuple(layout if i == number else "contiguous" for i in range(3))
            name = f"{layout}-x{number + 1}"
            yield Case(name, partial(run, given, layouts, result, {}, _exact))
    large = partial(make, (setting.options.large,), setting.options.large // 2, "large")
    size = {"size": str(setting.options.large)}
    yield Case("large", partial(run, large, plain, result, {}, _exact), size)


def _special_write(x: Values, places: Values, values: Values) -> tuple[Values, ...]:
    """Every second one is written."""
    return x, places[::2].copy(), values[::2].copy()


def _nonzero(setting: Setting, op: Op, dtype: DType, rng: Random) -> Iterable[Case]:
    def make(shape: Shape, name: str, share: float) -> tuple[Values, ...]:
        mask = rng(name).random(shape) < share
        mask[(-1,) * len(shape)] = True
        return (mask,)

    def result(values: tuple[Values, ...]) -> Result:
        return Result(INT, (int(np.count_nonzero(values[0])),))

    run = partial(_compared, setting, op)
    for shape in SHAPES:
        for share in (0.02, 0.5, 1.1):
            name = f"{'x'.join(map(str, shape))}-{share}"
            given = partial(make, shape, name, share)
            yield Case(name, partial(run, given, ("contiguous",), result, {}, _exact))
    for layout in LAYOUTS[1:]:
        given = partial(_mask, (4, 6, 5), rng, layout)
        yield Case(layout, partial(run, given, (layout,), result, {}, _exact))
    count = setting.options.large
    large = partial(make, (count,), "large", 0.3)
    whole = partial(run, large, ("contiguous",), result, {}, _exact)
    yield Case("large", whole, {"size": str(count)})


def _mask(shape: Shape, rng: Random, name: str) -> tuple[Values, ...]:
    mask = rng(name).random(shape) < 0.5
    mask[(0,) * len(shape)] = True
    return (mask,)


_CASES: Final[dict[Op, Callable[[Setting, Op, DType, Random], Iterable[Case]]]] = {
    ops.MATMUL: _matmul,
    ops.SORT: _sorting,
    ops.ARGSORT: _sorting,
    ops.SEARCHSORTED: _searching,
    ops.CUMULATIVE_SUM: _scan,
    ops.CUMULATIVE_PROD: _scan,
    ops.GATHER: _gather,
    ops.SCATTER: _scatter,
    ops.NONZERO: _nonzero,
}
