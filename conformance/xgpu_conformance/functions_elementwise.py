"""Elementwise functions, and operators with arrays and scalars on either side."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_conformance import bounds, operands
from xgpu_conformance.calls import (
    Call,
    Function,
    Given,
    case,
    elementwise_case,
    path,
    unsigned_zeros,
)
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import distinct, random, specials

#: Function -> the kinds of dtype that the standard gives it: b(ool) i(nt) u(int) f(loat) c(omplex).
UNARY: Final[dict[str, str]] = {
    **dict.fromkeys(["ceil", "floor", "trunc"], "iuf"),
    **dict.fromkeys(
        ["abs", "conj", "isfinite", "isinf", "isnan", "negative", "positive", "real"], "iufc"
    ),
    **dict.fromkeys(["imag", "round", "sign", "square"], "iufc"),
    **dict.fromkeys(
        [
            "acos",
            "acosh",
            "asin",
            "asinh",
            "atan",
            "atanh",
            "cos",
            "cosh",
            "sin",
            "sinh",
            "tan",
            "tanh",
        ],
        "fc",
    ),
    **dict.fromkeys(["exp", "expm1", "log", "log10", "log1p", "log2", "reciprocal", "sqrt"], "fc"),
    "bitwise_invert": "biu",
    "logical_not": "b",
    "signbit": "f",
}
BINARY: Final[dict[str, str]] = {
    **dict.fromkeys(["add", "multiply", "pow", "subtract"], "iufc"),
    **dict.fromkeys(["equal", "not_equal"], "biufc"),
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor"], "biu"),
    **dict.fromkeys(["bitwise_left_shift", "bitwise_right_shift"], "iu"),
    **dict.fromkeys(
        ["greater", "greater_equal", "less", "less_equal", "maximum", "minimum"], "iuf"
    ),
    **dict.fromkeys(["floor_divide", "remainder"], "iuf"),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], "b"),
    **dict.fromkeys(["atan2", "copysign", "hypot", "logaddexp", "nextafter"], "f"),
    "divide": "fc",
}
#: Operator -> the function that it is.
UNARY_OPERATORS: Final[dict[str, tuple[Function, str]]] = {
    "__abs__": (operator.abs, "abs"),
    "__invert__": (operator.invert, "bitwise_invert"),
    "__neg__": (operator.neg, "negative"),
    "__pos__": (operator.pos, "positive"),
}
OPERATORS: Final[dict[str, tuple[Function, Function | None, str]]] = {
    "__add__": (operator.add, operator.iadd, "add"),
    "__and__": (operator.and_, operator.iand, "bitwise_and"),
    "__eq__": (operator.eq, None, "equal"),
    "__floordiv__": (operator.floordiv, operator.ifloordiv, "floor_divide"),
    "__ge__": (operator.ge, None, "greater_equal"),
    "__gt__": (operator.gt, None, "greater"),
    "__le__": (operator.le, None, "less_equal"),
    "__lshift__": (operator.lshift, operator.ilshift, "bitwise_left_shift"),
    "__lt__": (operator.lt, None, "less"),
    "__mod__": (operator.mod, operator.imod, "remainder"),
    "__mul__": (operator.mul, operator.imul, "multiply"),
    "__ne__": (operator.ne, None, "not_equal"),
    "__or__": (operator.or_, operator.ior, "bitwise_or"),
    "__pow__": (operator.pow, operator.ipow, "pow"),
    "__rshift__": (operator.rshift, operator.irshift, "bitwise_right_shift"),
    "__sub__": (operator.sub, operator.isub, "subtract"),
    "__truediv__": (operator.truediv, operator.itruediv, "divide"),
    "__xor__": (operator.xor, operator.ixor, "bitwise_xor"),
}
FOUR: Final = (3, 4, 2, 5)
RANDOM: Final = 600
PAIRS: Final[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = (
    ((), (7,)),
    ((5, 1), (1, 7)),
    ((2, 1, 4, 1), (3, 1, 5)),
    ((3, 0, 2), (1, 1, 1)),
)
SCALARS: Final[dict[str, tuple[Any, ...]]] = {
    "b": (True, False),
    "i": (3, -2, 1, 0),
    "u": (3, 2, 1, 0),
    "f": (2.5, -0.5, 0.0, 3, float("inf"), float("nan"), -0.0),
    "c": (1.5 - 2j, 2.5, -3, 0.5j),
}

Random = Callable[..., np.random.Generator]


def kinds() -> dict[str, str]:
    """The kinds of dtype that each function and operator here takes."""
    found = {**UNARY, **BINARY, "where": "biufc", "clip": "iuf"}
    found |= {f"Array.{name}": UNARY[of] for name, (_, of) in UNARY_OPERATORS.items()}
    found |= {f"Array.{name}": BINARY[of] for name, (_, _, of) in OPERATORS.items()}
    return found


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one function and dtype."""
    rng = partial(setting.random, "functions", name, dtype.name)
    short = name.removeprefix("Array.")
    if name == "where":
        return _where(setting, dtype, rng)
    if name == "clip":
        return _clip(setting, dtype, rng)
    if name in UNARY:
        return _unary(setting, path(name), name, dtype, rng)
    if short in UNARY_OPERATORS:
        return _unary(setting, *UNARY_OPERATORS[short], dtype, rng)
    if name in BINARY:
        return _binary(setting, path(name), None, name, dtype, rng)
    return _binary(setting, *OPERATORS[short], dtype, rng)


def _some(
    setting: Setting, name: str, dtype: DType, arity: int, count: int, rng: np.random.Generator
) -> tuple[Values, ...]:
    return operands.arbitrary(name, dtype, arity, count, rng, setting.subnormals)


def _unary(
    setting: Setting, function: Function, name: str, dtype: DType, rng: Random
) -> Iterable[Case]:
    def run(case_name: str, make: Callable[[], Given]) -> Case:
        return elementwise_case(setting, case_name, name, function, lambda: Call([make()]), dtype)

    def some(key: str, shape: tuple[int, ...]) -> Values:
        (x,) = _some(setting, name, dtype, 1, int(np.prod(shape)), rng(key))
        return x.reshape(shape)

    yield run("special", lambda: Given(operands.special(name, dtype, 1, setting.subnormals)[0]))
    yield run("random", lambda: Given(some("random", (RANDOM,))))
    if bounds.bound(name, dtype):
        yield run("hard", lambda: Given(operands.hard(name, dtype, 1, RANDOM, rng("hard"))[0]))
    for shape in ((), (0,), (3, 0, 2), (1,), FOUR):
        yield run(f"shape-{shape}".replace(" ", ""), lambda s=shape: Given(some(str(s), s)))  # type: ignore[misc]
    yield run("steps", lambda: Given(some("steps", (41,)), slice(1, 40, 3)))
    yield run("negative", lambda: Given(some("negative", (6, 7)), (slice(None, None, -2), ...)))
    yield run("permuted", lambda: Given(some("permuted", FOUR), None, (2, 0, 3, 1)))
    yield run(
        "mixed",
        lambda: Given(some("mixed", FOUR), (slice(None, None, -1), slice(1, 3), 1), (2, 0, 1)),
    )


def _binary(
    setting: Setting,
    function: Function,
    in_place: Function | None,
    name: str,
    dtype: DType,
    rng: Random,
) -> Iterable[Case]:
    def run(case_name: str, make: Callable[[], list[Any]], how: Function = function) -> Case:
        return elementwise_case(setting, case_name, name, how, lambda: Call(make()), dtype)

    def some(key: str, *shapes: tuple[int, ...]) -> tuple[Values, ...]:
        count = max(int(np.prod(s)) for s in shapes)
        drawn = _some(setting, name, dtype, 2, max(count, 1), rng(key))
        return tuple(x[: int(np.prod(s))].reshape(s) for x, s in zip(drawn, shapes, strict=True))

    def plain(values: tuple[Values, ...]) -> list[Any]:
        return [Given(x) for x in values]

    def with_specials(key: str) -> tuple[Values, ...]:
        drawn = some(key, (RANDOM // 6,), (RANDOM // 6,))
        if kind(dtype) == "c" or name == "pow":
            return drawn
        x = specials(dtype, setting.subnormals)
        return operands.usable(name, *(np.concatenate([v, x]) for v in drawn))

    yield run("special", lambda: plain(operands.special(name, dtype, 2, setting.subnormals)))
    yield run("random", lambda: plain(some("random", (RANDOM,), (RANDOM,))))
    if bounds.bound(name, dtype):
        yield run("hard", lambda: plain(operands.hard(name, dtype, 2, RANDOM, rng("hard"))))
    for pair in PAIRS:
        label = f"broadcast-{pair[0]}-{pair[1]}".replace(" ", "")
        yield run(label, lambda p=pair: plain(some(str(p), *p)))  # type: ignore[misc]
    yield run("views", lambda: _views(some("views", FOUR, FOUR)))
    for number, value in enumerate(_scalars(name, dtype)):
        label = f"scalar-{number}"
        drawn = partial(with_specials, label)
        yield run(f"array-{label}", lambda d=drawn, v=value: [Given(d()[0]), v])  # type: ignore[misc]
        if not (name in operands.SHIFTS or (name == "pow" and kind(dtype) in "iu")):
            yield run(f"{label}-array", lambda d=drawn, v=value: [v, Given(d()[1])])  # type: ignore[misc]
    if in_place is not None:
        yield run("in-place", lambda: plain(some("in-place", (5, 7), (7,))), in_place)
        yield case(
            setting,
            "in-place-view",
            partial(_through_view, in_place),
            lambda: Call(plain(some("in-place-view", (6, 7), (3, 7)))),
            _judged_as(name, dtype),
        )


def _judged_as(name: str, dtype: DType) -> Any:
    """Whole arrays, of which one part is a function's result: exact, or within its bound."""
    allowed = bounds.bound(name, dtype)
    if not allowed:
        return unsigned_zeros

    def judge(got: list[Values], right: list[Values], given: list[Values]) -> Any:
        from_rule = operands.rule(name, dtype, right[0].reshape(-1), right[0].reshape(-1))
        return [
            check._replace(rule=from_rule)
            for check in unsigned_zeros(
                [g.reshape(-1) for g in got], [r.reshape(-1) for r in right], given
            )
        ]

    return judge


def _through_view(in_place: Function, x: xgpu.Array, y: xgpu.Array) -> xgpu.Array:
    """All of an array after an operator in place on every second row of it, backwards."""
    part = x[::-2]
    part = in_place(part, y)
    return x


def _views(values: tuple[Values, ...]) -> list[Any]:
    first, second = values
    back = (slice(None, None, -1), ...)
    return [Given(first, back, (3, 1, 0, 2)), Given(second, back, (3, 1, 0, 2))]


def _scalars(name: str, dtype: DType) -> list[Any]:
    if name in operands.SHIFTS:
        return [0, 1, 3]
    found = list(SCALARS[kind(dtype)])
    if name == "pow":
        return [v for v in found if not (kind(dtype) in "iu" and v < 0)]
    if kind(dtype) == "c" and name in operands.FINITE_ONLY:
        return [v for v in found if v != 0]
    return found


# where and clip


def _where(setting: Setting, dtype: DType, rng: Random) -> Iterable[Case]:
    def run(case_name: str, make: Callable[[], list[Any]]) -> Case:
        return case(setting, case_name, xgpu.where, lambda: Call(make()))

    def three(key: str, *shapes: tuple[int, ...]) -> list[Values]:
        mask = rng(key, "mask").random(shapes[0]) < 0.5
        rest = [
            random(dtype, int(np.prod(s)), rng(key, i), setting.subnormals).reshape(s)
            for i, s in enumerate(shapes[1:])
        ]
        return [np.asarray(mask), *rest]

    def special() -> list[Any]:
        x = specials(dtype, setting.subnormals)
        return [Given(np.arange(x.size) % 3 == 0), Given(x.copy()), Given(x[::-1].copy())]

    yield run("special", special)
    for shapes in (
        ((40,), (40,), (40,)),
        ((), (), ()),
        ((5, 1), (7,), (1, 1)),
        ((3, 0), (1,), ()),
        ((2, 1, 4), (3, 1), (1,)),
    ):
        name = "-".join(str(s).replace(" ", "") for s in shapes)
        yield run(name, lambda n=name, s=shapes: [Given(x) for x in three(n, *s)])  # type: ignore[misc]
    back = (slice(None, None, -1), ...)
    yield run("views", lambda: [Given(x, back, (2, 0, 1)) for x in three("v", *[(3, 4, 5)] * 3)])
    for number, value in enumerate(SCALARS[kind(dtype)][:2]):
        yield run(
            f"scalar-{number}",
            lambda v=value: [*(Given(x) for x in three("s", (9,), (9,))), v],  # type: ignore[misc]
        )


def _clip(setting: Setting, dtype: DType, rng: Random) -> Iterable[Case]:
    low, high = (2, 7) if kind(dtype) == "u" else (-2, 3)

    def run(case_name: str, make: Callable[[], list[Any]], **kwargs: Any) -> Case:
        return case(setting, case_name, xgpu.clip, lambda: Call(make(), kwargs), unsigned_zeros)

    def some(key: str, shape: tuple[int, ...]) -> Given:
        drawn = random(dtype, int(np.prod(shape)), rng(key), setting.subnormals)
        return Given(drawn.reshape(shape))

    yield run("special", lambda: [Given(specials(dtype, setting.subnormals).copy()), low, high])
    yield run("min", lambda: [some("min", (40,))], min=low)
    yield run("max", lambda: [some("max", (40,))], max=high)
    yield run("none", lambda: [some("none", (40,))])
    yield run("empty", lambda: [some("empty", (3, 0)), low, high])
    yield run("0-d", lambda: [some("0-d", ()), low, high])
    yield run("arrays", lambda: [some("a", (4, 5)), *_bounds(dtype, rng("bounds"), (5,))])
    yield run("stack", lambda: [some("b", (2, 3, 4)), *_bounds(dtype, rng("stack"), (3, 1))])


def _bounds(dtype: DType, rng: np.random.Generator, shape: tuple[int, ...]) -> list[Given]:
    pair = [distinct(dtype, shape, rng) for _ in "ab"]
    return [Given(np.minimum(*pair)), Given(np.maximum(*pair))]


def names() -> tuple[str, ...]:
    """All functions and operators of this chapter."""
    return tuple(kinds())


def takes(name: str, dtype: DType) -> bool:
    """Whether a function is tested in a dtype."""
    return kind(dtype) in kinds()[name] and dtype in dtypes.ALL
