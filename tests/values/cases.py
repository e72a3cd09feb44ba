"""What the value tests and the accuracy table share: functions, dtypes, operands and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from tests.values import special_complex
from tests.values.inputs import joined, random, specials
from tests.values.ulp import Values, format_of, kind
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

#: Function -> kinds of dtype in which it computes; "f" alone also takes integers and bool, as
#: float64. b(ool) i(nt) u(int) f(loat) c(omplex).
UNARY: Final = {
    **dict.fromkeys(("ceil", "floor", "trunc"), "biuf"),
    **dict.fromkeys(("conj", "imag", "isfinite", "isinf", "isnan", "real", "round"), "biufc"),
    **dict.fromkeys(("abs", "negative", "positive", "sign", "square"), "iufc"),
    **dict.fromkeys(("reciprocal", "sqrt"), "fc"),
    **dict.fromkeys(("acos", "acosh", "asin", "asinh", "atan", "atanh"), "fc"),
    **dict.fromkeys(("cos", "cosh", "sin", "sinh", "tan", "tanh"), "fc"),
    **dict.fromkeys(("exp", "expm1", "log", "log10", "log1p", "log2"), "fc"),
    "bitwise_invert": "biu",
    "logical_not": "b",
    "signbit": "f",
}
BINARY: Final = {
    **dict.fromkeys(("add", "equal", "multiply", "not_equal"), "biufc"),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "biu"),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), "iu"),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal"), "biuf"),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), "b"),
    **dict.fromkeys(("maximum", "minimum"), "biuf"),
    **dict.fromkeys(("floor_divide", "remainder"), "iuf"),
    **dict.fromkeys(("pow", "subtract"), "iufc"),
    **dict.fromkeys(("atan2", "copysign", "hypot", "logaddexp", "nextafter"), "f"),
    "divide": "fc",
}
#: Functions with a fixed result, on every kind, tested for themselves.
TESTS: Final = ("isfinite", "isinf", "isnan", "signbit")
COMPARISONS: Final = ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")


def takes(name: str, dtype: DType) -> bool:
    """Whether a function takes arrays of a dtype."""
    kinds = UNARY.get(name) or BINARY[name]
    letter = kind(dtype)
    return letter in kinds or ("f" in kinds and letter in "biu" and not set(kinds) & set("biu"))


def computed_in(name: str, dtype: DType) -> DType:
    """The dtype in which a function computes on operands of ``dtype`` that it takes."""
    kinds = UNARY.get(name) or BINARY[name]
    return dtype if kind(dtype) in kinds else dtypes.float64


# Operands


def _signs(rng: Any, count: int) -> Any:
    return rng.choice([-1.0, 1.0], count)


def _powers(rng: Any, count: int, low: float, high: float) -> Any:
    """Numbers of both signs whose logarithms are spread evenly."""
    return _signs(rng, count) * 2.0 ** rng.uniform(low, high, count)


def _families(name: str, dtype: DType, count: int, rng: Any) -> Iterator[Any]:
    """Ranges of one real operand in which a function is hard, or changes its algorithm."""
    form = format_of(dtype)
    top, bits = form.highest, form.digits
    near_1 = 1 + _powers(rng, count, -bits, -1)
    edge = np.log(2.0) * top
    yield rng.normal(0, 2, count)
    yield _powers(rng, count, form.lowest - bits, top)
    yield _powers(rng, count, -12, 12)
    yield _powers(rng, count, form.lowest - bits, form.lowest)
    if name in ("acos", "asin", "atanh"):
        yield rng.uniform(-1, 1, count)
        yield near_1
        yield -near_1
    elif name == "acosh":
        yield 1 + np.abs(_powers(rng, count, -bits, 6))
    elif name.startswith("log"):
        yield near_1
        yield np.abs(_powers(rng, count, form.lowest - bits, top))
        yield np.abs(_powers(rng, count, -3, 3)) - (name == "log1p")
    elif name in ("exp", "expm1", "cosh", "sinh"):
        yield rng.uniform(-edge, edge, count)
        yield _signs(rng, count) * (edge + rng.uniform(-2, 2, count))
        yield np.log(2.0) * rng.uniform(form.lowest - bits - 2, form.lowest + 2, count)
        yield rng.uniform(-1, 1, count)
    elif name in ("cos", "sin", "tan"):
        yield np.pi / 2 * rng.integers(-8, 9, count) + _powers(rng, count, -bits, 0)
        yield np.pi / 2 * np.floor(2.0 ** rng.uniform(0, min(top, 40), count))
        yield rng.uniform(-400, 400, count)
    else:
        yield rng.uniform(-2, 2, count)
        yield near_1


def _pair_families(name: str, dtype: DType, count: int, rng: Any) -> Iterator[tuple[Any, Any]]:
    """The same for two real operands."""
    form = format_of(dtype)
    top, bits = form.highest, form.digits
    yield rng.normal(0, 2, count), rng.normal(0, 2, count)
    yield tuple(_powers(rng, count, form.lowest - bits, top) for _ in range(2))
    yield tuple(_powers(rng, count, -5, 5) for _ in range(2))
    near = _powers(rng, count, form.lowest - bits, top)
    yield near, near * 2.0 ** rng.uniform(-4, 4, count) * _signs(rng, count)
    if name == "pow":
        base = np.abs(_powers(rng, count, -bits, top)) + 2.0**-bits
        yield base, rng.uniform(-1.1, 1.1, count) * top / np.log2(base)
        near_1 = 1 + _powers(rng, count, -bits + 1, -2)
        yield near_1, rng.uniform(-1.1, 1.1, count) * top / np.log2(near_1)
        yield rng.integers(-20, 21, count), rng.integers(-9, 10, count)
        yield np.abs(rng.normal(0, 3, count)), rng.integers(-9, 19, count) / 2
    elif name == "logaddexp":
        first = rng.uniform(-20, 0, count)
        yield first, np.log1p(-np.exp(np.minimum(first, -1e-9)))  # results near 0
        yield rng.uniform(-20, 20, count), rng.uniform(-20, 20, count)
    elif name in ("floor_divide", "remainder"):
        divisor = _powers(rng, count, -3, 3)
        yield divisor * rng.integers(-9, 10, count), divisor
        yield divisor * rng.integers(0, 2 ** min(bits, 40), count), divisor


def _plane(dtype: DType, count: int, rng: Any) -> Iterator[tuple[Any, Any]]:
    """Families of complex numbers."""
    form = format_of(dtype)
    top, bits = form.highest, form.digits
    edge = np.log(2.0) * top
    angle, radius = rng.uniform(-np.pi, np.pi, count), 1 + _powers(rng, count, -bits, 0)
    lowest = form.lowest - bits

    def near_1() -> Any:
        return _signs(rng, count) * (1 + _powers(rng, count, -bits, 0))

    yield rng.normal(0, 2, count), rng.normal(0, 2, count)
    yield _powers(rng, count, -30, 30), _powers(rng, count, -30, 30)
    yield _powers(rng, count, lowest, top), _powers(rng, count, lowest, top)
    yield _powers(rng, count, top - 4, top + 1), _powers(rng, count, top - 4, top + 1)
    yield _powers(rng, count, lowest, lowest + bits + 4), _powers(rng, count, lowest, lowest + bits)
    yield radius * np.cos(angle), radius * np.sin(angle)
    yield radius * np.cos(angle) - 1, radius * np.sin(angle)
    yield near_1(), _powers(rng, count, -2 * bits, 0)
    yield _powers(rng, count, -2 * bits, 0), near_1()
    yield _signs(rng, count) * rng.uniform(edge - 5, edge + 5, count), rng.uniform(-9, 9, count)
    yield rng.uniform(-9, 9, count), _signs(rng, count) * rng.uniform(edge - 5, edge + 5, count)
    turn = np.pi / 2 * rng.integers(-4, 5, count) + _powers(rng, count, -30, 0)
    yield rng.uniform(edge / 4, edge, count), turn
    yield rng.integers(-3, 4, count), rng.normal(0, 2, count)
    yield rng.normal(0, 2, count), rng.integers(-3, 4, count)


def _powers_of_complex(dtype: DType, count: int, rng: Any) -> tuple[Values, Values]:
    """Bases and exponents of complex powers, in ranges where these neither vanish nor overflow."""
    n = -(-count // 7)
    turn = np.exp(1j * rng.uniform(-np.pi, np.pi, n))
    wide = 2.0 ** rng.uniform(-30, 30, n) * turn
    plane = rng.normal(0, 2, n) + 1j * rng.normal(0, 2, n)
    near_1 = 1 + _powers(rng, n, -format_of(dtype).digits, -3)
    families = [
        (rng.normal(0, 2, n) + 1j * rng.normal(0, 2, n), plane),
        (rng.normal(0, 5, n) * turn, rng.integers(-20, 20, n) + 0j),
        (rng.integers(-5, 6, n) + 1j * rng.integers(1, 6, n), rng.integers(2, 8, n) + 0j),
        (wide, plane),
        (abs(rng.normal(0, 3, n)) + 0j, rng.normal(0, 10, n) + 0j),
        (near_1 * turn, rng.normal(0, 100, n) + 1j * rng.normal(0, 20, n)),
        (-abs(rng.normal(0, 3, n)) + 0j, plane),
    ]
    bases, exponents = (np.concatenate(column)[:count] for column in zip(*families, strict=True))
    return bases.astype(dtype), exponents.astype(dtype)


def operands(name: str, dtype: DType, count: int, seed: int = 0) -> tuple[Values, ...]:
    """``count`` elements for each operand of a function of floats or complex numbers.

    Special values first (of two operands: pairs of them), then as many of each family as fit.
    Some are outside the function's domain, and infinities and NaN are among them.
    """
    rng = np.random.default_rng([seed, *name.encode(), *dtype.name.encode()])
    part = dtypes.real_of(dtype) if kind(dtype) == "c" else dtype
    pairs = name in BINARY
    if kind(dtype) == "c" and name == "pow":
        return _powers_of_complex(dtype, count, rng)
    if kind(dtype) == "c":
        parts = [_complexes(part, dtype, count, rng) for _ in range(1 + pairs)]
        order = rng.permutation(count)
        return tuple(z if i == 0 else z[order] for i, z in enumerate(parts))
    known: tuple[Values, ...]
    families: list[tuple[Any, ...]]
    if pairs:
        grid = np.meshgrid(specials(dtype), specials(dtype))
        every = slice(None) if grid[0].size * 2 <= count else slice(None, None, 7)
        anything = [random(dtype, count // 8, seed + i) for i in (10, 20)]
        known = tuple(
            np.concatenate([g.ravel()[every], x]) for g, x in zip(grid, anything, strict=True)
        )
        with np.errstate(over="ignore"):
            families = [*_pair_families(name, dtype, count, rng)]
    else:
        known = (np.concatenate([specials(dtype), random(dtype, count // 8, seed)]),)
        families = [(x,) for x in _families(name, dtype, count, rng)]
    share = -(-(count - known[0].size) // len(families))
    with np.errstate(all="ignore"):
        columns = [
            np.concatenate([known[i], *(f[i][:share].astype(dtype) for f in families)])
            for i in range(len(known))
        ]
    return tuple(c[:count] for c in columns)


def _complexes(part: DType, dtype: DType, count: int, rng: Any) -> Values:
    known = specials(dtype) if count >= 2 * specials(dtype).size else specials(dtype)[::3]
    families = list(_plane(part, count, rng))
    share = -(-(count - known.size) // len(families))
    with np.errstate(all="ignore"):
        rest = [joined(a[:share], b[:share], dtype) for a, b in families]
    return np.concatenate([known, *rest])[:count]


def usable(name: str, *z: Values) -> Any:
    """Where complex operands are finite and no special value is tabled."""
    result = np.ones(z[0].shape, bool)
    for x in z:
        result &= np.isfinite(x)
    turned = {f: other for f, other, _ in special_complex.TURNED}
    if len(z) == 1:
        x = joined(-z[0].imag, z[0].real, z[0].dtype) if name in turned else z[0]
        table = turned.get(name, name)
        signs = zip(np.signbit(x.real).tolist(), np.signbit(x.imag).tolist(), strict=True)
        result &= ~np.array(
            [special_complex.tabled(table, complex(v), s) for v, s in zip(x, signs, strict=True)]
        )
    if name in ("reciprocal", "sign"):
        result &= z[0] != 0
    if name == "divide":
        result &= z[1] != 0
    if name == "pow":
        result &= z[0] != 0
    if name in ("multiply", "square"):
        result &= _products_fit(z[0], z[-1])
    return result


def _products_fit(x: Values, y: Values) -> Any:
    """Where no term of the textbook formula overflows, whose infinities may cancel."""
    largest = np.finfo(x.dtype).max / 4

    def size(z: Values) -> Any:
        return np.maximum(np.abs(z.real), np.abs(z.imag))

    with np.errstate(all="ignore"):
        return size(x) * size(y) < largest
