"""Elementwise ops of real numbers that are wrong at some values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import Change, Mutant, changed, far, swap, wrong_ops

SPECIAL: Final = "zeros, NaN, infinities"
ROUNDED: Final = "rounding and algorithms"

F32: Final = ["float32"]
F64: Final = ["float64"]


def _special(
    id: str, names: str, wrong: str, change: Change, to: str | Sequence[str] = "f"
) -> Mutant:
    return wrong_ops(SPECIAL, id, names, wrong, changed(change, to))


def _rounded(
    id: str, names: str, wrong: str, change: Change, to: str | Sequence[str] = "f"
) -> Mutant:
    return wrong_ops(ROUNDED, id, names, wrong, changed(change, to))


def positive_zero(y: Any, *x: Any) -> Any:
    """No zero is negative."""
    return swap(y, y == 0, 0)


def flushed(y: Any, *x: Any) -> Any:
    """Subnormal results are zeros."""
    return swap(y, np.abs(y) < np.finfo(y.dtype).smallest_normal, 0)


def in_float32(y: Any, *x: Any) -> Any:
    """The result has no more digits than float32 has."""
    return np.asarray(y).astype(np.float32).astype(y.dtype)


def in_float16(y: Any, *x: Any) -> Any:
    """The result has no more digits than float16 has."""
    return np.asarray(y).astype(np.float16).astype(y.dtype)


def _reduced(function: Any) -> Change:
    """A circular function of an angle reduced by a rounded multiple of pi."""

    def change(y: Any, x: Any) -> Any:
        turn = x.dtype.type(2 * np.pi)
        return swap(y, np.abs(x) > 1000, function(x - turn * np.round(x / turn)))

    return change


def _naive_sinh(y: Any, x: Any) -> Any:
    return swap(y, np.abs(x) < 1, (np.exp(x) - np.exp(-x)) / 2)


def _floor(y: Any, x1: Any, x2: Any) -> Any:
    return np.floor(x1 / x2)


def _fmod(y: Any, x1: Any, x2: Any) -> Any:
    return np.fmod(x1, x2)


SPECIALS: Final = (
    _special("abs-zero", "abs", "abs(-0.0) is -0.0", lambda y, x: swap(y, x == 0, x)),
    _special("abs-nan", "abs", "abs(NaN) is 0", lambda y, x: swap(y, np.isnan(x), 0)),
    _special("negative-zero", "negative", "negative(0.0) is 0 - 0.0", lambda y, x: 0 - x),
    _special("sign-nan", "sign", "sign(NaN) is 0", lambda y, x: swap(y, np.isnan(x), 0)),
    _special("sign-inf", "sign", "sign(inf) is NaN", lambda y, x: swap(y, np.isinf(x), np.nan)),
    _special("signbit-zero", "signbit", "signbit is x < 0", lambda y, x: x < 0),
    _special("signbit-nan", "signbit", "signbit(-NaN) is False", lambda y, x: y & ~np.isnan(x)),
    _special("ceil-zero", "ceil", "ceil(-0.5) is 0.0", positive_zero),
    _special("trunc-zero", "trunc", "trunc(-0.5) is 0.0", positive_zero),
    _special("floor-zero", "floor", "floor(-0.0) is 0.0", positive_zero),
    _special("round-zero", "round", "round(-0.2) is 0.0", positive_zero),
    _special(
        "floor-int32",
        "floor ceil trunc round",
        "rounding goes by way of int32: large numbers stop at 2**31",
        lambda y, x: swap(y, np.isfinite(x), np.clip(y, -(2.0**31), 2.0**31 - 128)),
    ),
    _special(
        "trunc-floor", "trunc", "trunc of negative numbers is floor", lambda y, x: np.floor(x)
    ),
    _special("sqrt-zero", "sqrt", "sqrt(-0.0) is 0.0", positive_zero),
    _special(
        "sqrt-negative", "sqrt", "sqrt of negative numbers is 0", lambda y, x: swap(y, x < 0, 0)
    ),
    _special(
        "reciprocal-zero", "reciprocal", "1 / -0.0 is inf", lambda y, x: swap(y, x == 0, np.inf)
    ),
    _special("divide-zero", "divide", "x / 0.0 is 0", lambda y, x1, x2: swap(y, x2 == 0, 0)),
    _special(
        "divide-minus-zero",
        "divide",
        "1 / -0.0 is inf",
        lambda y, x1, x2: swap(y, x2 == 0, x1 * np.inf),
    ),
    _special(
        "exp-minus-inf", "exp", "exp(-inf) is NaN", lambda y, x: swap(y, x == -np.inf, np.nan)
    ),
    _special("exp-early", "exp", "exp overflows at 88", lambda y, x: swap(y, x > 88, np.inf), F64),
    _special("exp-subnormal", "exp", "exp flushes subnormal results", flushed),
    _special("expm1-zero", "expm1", "expm1(-0.0) is 0.0", positive_zero),
    _special("log1p-zero", "log1p", "log1p(-0.0) is 0.0", positive_zero),
    _special(
        "log-zero",
        "log",
        "log(0) is the lowest number",
        lambda y, x: swap(y, x == 0, np.finfo(y.dtype).min),
    ),
    _special("log-negative", "log", "log(x) is log(abs(x))", lambda y, x: np.log(np.abs(x))),
    _special(
        "log2-subnormal",
        "log2",
        "log2 takes subnormal numbers for 0",
        lambda y, x: swap(
            y, (x > 0) & (x < np.finfo(x.dtype).smallest_normal), np.asarray(-np.inf)
        ),
    ),
    _special("log10-inf", "log10", "log10(inf) is NaN", lambda y, x: swap(y, x == np.inf, np.nan)),
    _special("sin-zero", "sin", "sin(-0.0) is 0.0", positive_zero),
    _special("tan-zero", "tan", "tan(-0.0) is 0.0", positive_zero),
    _special("sin-inf", "sin", "sin(inf) is 0", lambda y, x: swap(y, np.isinf(x), 0)),
    _special("cos-inf", "cos", "cos(inf) is 1", lambda y, x: swap(y, np.isinf(x), 1)),
    _special("tanh-inf", "tanh", "tanh(inf) is NaN", lambda y, x: swap(y, np.isinf(x), np.nan)),
    _special(
        "sinh-early",
        "sinh",
        "sinh overflows where exp does",
        lambda y, x: swap(y, np.isinf(np.exp(np.abs(x))), np.copysign(np.inf, x)),
    ),
    _special(
        "cosh-early",
        "cosh",
        "cosh overflows where exp does",
        lambda y, x: swap(y, np.isinf(np.exp(np.abs(x))), np.inf),
    ),
    _special(
        "asin-clipped",
        "asin acos",
        "operands are clipped to [-1, 1]",
        lambda y, x: swap(y, np.abs(x) > 1, 0),
    ),
    _special("acosh-below", "acosh", "acosh below 1 is 0", lambda y, x: swap(y, x < 1, 0)),
    _special("atanh-one", "atanh", "atanh(1) is NaN", lambda y, x: swap(y, np.abs(x) == 1, np.nan)),
    _special(
        "atan2-zeros",
        "atan2",
        "atan2(0, -0.0) is 0",
        lambda y, x1, x2: swap(y, (x1 == 0) & (x2 == 0), 0),
    ),
    _special(
        "atan2-branch",
        "atan2",
        "atan2(-0.0, -1) is pi",
        lambda y, x1, x2: swap(y, x1 == 0, np.abs(y)),
    ),
    _special(
        "atan2-infinities",
        "atan2",
        "atan2(inf, inf) is NaN",
        lambda y, x1, x2: swap(y, np.isinf(x1) & np.isinf(x2), np.nan),
    ),
    _special(
        "hypot-nan",
        "hypot",
        "hypot(inf, NaN) is NaN",
        lambda y, x1, x2: swap(y, np.isnan(x1) | np.isnan(x2), np.nan),
    ),
    _special(
        "logaddexp-minus-inf",
        "logaddexp",
        "logaddexp(-inf, -inf) is NaN",
        lambda y, x1, x2: swap(y, (x1 == -np.inf) & (x2 == -np.inf), np.nan),
    ),
    _special(
        "copysign-zero",
        "copysign",
        "copysign takes -0.0 for positive",
        lambda y, x1, x2: np.where(x2 < 0, -np.abs(x1), np.abs(x1)),
        F64,
    ),
    _special(
        "copysign-nan",
        "copysign",
        "copysign(NaN, -1) keeps NaN's sign, copysign(1, -NaN) is 1",
        lambda y, x1, x2: swap(y, np.isnan(x2), np.abs(x1)),
    ),
    _special(
        "nextafter-zero",
        "nextafter",
        "the next after 0 is the smallest normal number",
        lambda y, x1, x2: swap(
            y,
            (x1 == 0) & (x2 != 0) & ~np.isnan(x2),
            np.copysign(np.finfo(y.dtype).smallest_normal, x2),
        ),
        F32,
    ),
    _special(
        "nextafter-equal",
        "nextafter",
        "nextafter(0.0, -0.0) is 0.0",
        lambda y, x1, x2: swap(y, x1 == x2, x1),
    ),
    _special("maximum-nan", "maximum", "NaN loses", lambda y, x1, x2: np.fmax(x1, x2)),
    _special(
        "minimum-nan",
        "minimum",
        "NaN in the second operand loses",
        lambda y, x1, x2: np.where(x1 < x2, x1, np.where(np.isnan(x2), x1, x2)),
    ),
    _special(
        "maximum-second",
        "maximum",
        "x1 > x2 ? x1 : x2, which loses a NaN that comes first",
        lambda y, x1, x2: np.where(x1 > x2, x1, x2),
    ),
    _special("less-nan", "less", "less is not greater-or-equal", lambda y, x1, x2: ~(x1 >= x2)),
    _special(
        "less-equal-nan", "less_equal", "less_equal is not greater", lambda y, x1, x2: ~(x1 > x2)
    ),
    _special(
        "greater-nan", "greater", "NaN is the largest number", lambda y, x1, x2: y | np.isnan(x1)
    ),
    _special(
        "greater-equal-nan", "greater_equal", "greater_equal is not less", lambda y, a, b: ~(a < b)
    ),
    _special(
        "equal-nan", "equal", "NaN equals NaN", lambda y, a, b: y | (np.isnan(a) & np.isnan(b))
    ),
    _special(
        "not-equal-nan",
        "not_equal",
        "NaN is not unequal to NaN",
        lambda y, a, b: y & ~(np.isnan(a) & np.isnan(b)),
    ),
    _special(
        "equal-bits",
        "equal",
        "equal compares bits: 0.0 is not -0.0",
        lambda y, a, b: y & (np.signbit(a) == np.signbit(b)),
    ),
    _special(
        "equal-close",
        "equal",
        "numbers 1 ULP apart are equal",
        lambda y, a, b: y | (np.abs(a - b) <= np.spacing(np.abs(a))),
    ),
    _special("isnan-minus", "isnan", "-NaN is not found", lambda y, x: y & ~np.signbit(x)),
    _special("isinf-minus", "isinf", "-inf is not found", lambda y, x: x == np.inf),
    _special("isfinite-nan", "isfinite", "NaN is finite", lambda y, x: ~np.isinf(x)),
    _special(
        "isfinite-largest",
        "isfinite",
        "the largest number is not finite",
        lambda y, x: np.abs(x) < np.finfo(x.dtype).max,
    ),
    _special(
        "pow-zero-zero",
        "pow",
        "0 ** 0 is NaN",
        lambda y, a, b: swap(y, (a == 0) & (b == 0), np.nan),
    ),
    _special(
        "pow-nan-zero", "pow", "NaN ** 0 is NaN", lambda y, a, b: swap(y, np.isnan(a), np.nan)
    ),
    _special("pow-one-nan", "pow", "1 ** NaN is NaN", lambda y, a, b: swap(y, np.isnan(b), np.nan)),
    _special(
        "pow-negative",
        "pow",
        "exp(b log a): negative bases give NaN",
        lambda y, a, b: swap(y, a < 0, np.nan),
    ),
    _special(
        "pow-minus-zero",
        "pow",
        "(-0.0) ** -1 is inf",
        lambda y, a, b: swap(y, (a == 0) & (b < 0), np.inf),
    ),
    _special(
        "pow-minus-one-inf",
        "pow",
        "(-1) ** inf is NaN",
        lambda y, a, b: swap(y, (a == -1) & np.isinf(b), np.nan),
    ),
    _special("remainder-fmod", "remainder", "the sign is the first operand's", _fmod),
    _special(
        "remainder-zero",
        "remainder",
        "a zero has the sign of the first operand",
        lambda y, a, b: swap(y, y == 0, np.copysign(y, a)),
    ),
    _special(
        "remainder-inf",
        "remainder",
        "remainder(x, inf) is x also where the signs differ",
        lambda y, a, b: swap(y, np.isinf(b) & np.isfinite(a), a),
    ),
    _special(
        "floor-divide-truncates", "floor_divide", "rounds to zero", lambda y, a, b: np.trunc(a / b)
    ),
    _special(
        "floor-divide-inf",
        "floor_divide",
        "-1 // inf is -1.0",
        lambda y, a, b: swap(
            y, np.isinf(b) & np.isfinite(a) & (a != 0), np.floor(np.sign(a) * np.sign(b) / 2)
        ),
    ),
    _special(
        "where-blend",
        "where",
        "c * x1 + (1 - c) * x2: infinities and NaN get into the other branch",
        lambda y, c, a, b: (c * a + (1 - c.astype(a.dtype)) * b).astype(y.dtype),
    ),
    _special(
        "flush-arithmetic",
        "add subtract multiply divide",
        "subnormal results are flushed to zero",
        flushed,
        F32,
    ),
    _special(
        "daz-multiply",
        "multiply",
        "subnormal operands count as zeros",
        lambda y, a, b: swap(y, (flushed(a) == 0) | (flushed(b) == 0), a * 0 * b),
        F64,
    ),
    _special(
        "overflow-largest",
        "add multiply",
        "what overflows is the largest number",
        lambda y, a, b: swap(
            y,
            np.isinf(y) & np.isfinite(a) & np.isfinite(b),
            np.copysign(np.finfo(y.dtype).max, y),
        ),
    ),
)

ROUNDINGS: Final = (
    _rounded(
        "round-half-up",
        "round",
        "halves are rounded away from zero",
        lambda y, x: swap(
            y, np.abs(x) < 2.0**20, np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x)
        ),
    ),
    _rounded(
        "sqrt-ulp",
        "sqrt",
        "1 ULP too large where the number is odd",
        lambda y, x: far(y, 1, np.isfinite(y) & (np.floor(x) % 2 == 1)),
    ),
    _rounded("sqrt-exp", "sqrt", "exp(log(x) / 2)", lambda y, x: np.exp(np.log(x) / 2)),
    _rounded(
        "reciprocal-fast",
        "reciprocal",
        "2 ULP too large",
        lambda y, x: far(y, 2, np.isfinite(y)),
        F32,
    ),
    _rounded("divide-fast", "divide", "x1 * (1 / x2)", lambda y, a, b: a * (1 / b)),
    _rounded("divide-float16", "divide", "float32 computed in float16", in_float16, F32),
    _rounded("add-float32", "add subtract", "float64 computed in float32", in_float32, F64),
    _rounded("multiply-float32", "multiply", "float64 computed in float32", in_float32, F64),
    _rounded("square-float32", "square", "float64 computed in float32", in_float32, F64),
    _rounded("exp-float32", "exp", "float64 computed in float32", in_float32, F64),
    _rounded("log10-float32", "log10", "float64 computed in float32", in_float32, F64),
    _rounded("tanh-float16", "tanh", "float32 computed in float16", in_float16, F32),
    _rounded(
        "exp-six-ulp",
        "exp",
        "6 ULP off beyond 80",
        lambda y, x: far(y, 6, np.isfinite(y) & (np.abs(x) > 80)),
        F32,
    ),
    _rounded("expm1-naive", "expm1", "exp(x) - 1", lambda y, x: np.exp(x) - 1),
    _rounded("log1p-naive", "log1p", "log(1 + x)", lambda y, x: np.log(1 + x)),
    _rounded("sin-large", "sin", "2 pi rounded to float32, beyond 1000", _reduced(np.sin), F32),
    _rounded("cos-large", "cos", "2 pi rounded to float64, beyond 1000", _reduced(np.cos), F64),
    _rounded("tan-large", "tan", "2 pi rounded to float64, beyond 1000", _reduced(np.tan), F64),
    _rounded(
        "sin-huge",
        "sin",
        "100 ULP off beyond 1e15",
        lambda y, x: far(y, 100, np.abs(x) > 1e15),
        F64,
    ),
    _rounded("tan-pole", "tan", "capped at 1e6 near the poles", lambda y, x: np.clip(y, -1e6, 1e6)),
    _rounded(
        "tanh-early",
        "tanh",
        "1 beyond 8",
        lambda y, x: swap(y, np.abs(x) > 8, np.sign(x)),
        F64,
    ),
    _rounded("sinh-naive", "sinh", "(exp(x) - exp(-x)) / 2 near 0", _naive_sinh),
    _rounded(
        "acos-naive",
        "acos",
        "pi / 2 - asin(x)",
        lambda y, x: x.dtype.type(np.pi / 2) - np.arcsin(x),
    ),
    _rounded(
        "asinh-naive",
        "asinh",
        "log(x + sqrt(x * x + 1))",
        lambda y, x: np.log(x + np.sqrt(x * x + 1)),
    ),
    _rounded(
        "acosh-naive",
        "acosh",
        "log(x + sqrt(x * x - 1)), which overflows",
        lambda y, x: np.log(x + np.sqrt(x * x - 1)),
    ),
    _rounded(
        "atanh-naive",
        "atanh",
        "log((1 + x) / (1 - x)) / 2",
        lambda y, x: np.log((1 + x) / (1 - x)) / 2,
    ),
    _rounded(
        "atan-float32",
        "atan",
        "float64 computed in float32",
        in_float32,
        F64,
    ),
    _rounded(
        "atan2-quadrant",
        "atan2",
        "atan(x1 / x2) in the second quadrant",
        lambda y, a, b: swap(y, (a > 0) & (b < 0), np.arctan(a / b)),
    ),
    _rounded("hypot-naive", "hypot", "sqrt(a * a + b * b)", lambda y, a, b: np.sqrt(a * a + b * b)),
    _rounded(
        "logaddexp-naive",
        "logaddexp",
        "log(exp(a) + exp(b))",
        lambda y, a, b: np.log(np.exp(a) + np.exp(b)),
    ),
    _rounded(
        "pow-naive",
        "pow",
        "exp(b * log(a)) in float32",
        lambda y, a, b: swap(y, (a > 0) & np.isfinite(y), np.exp(b * np.log(a))),
        F32,
    ),
    _rounded("pow-float32", "pow", "float64 computed in float32", in_float32, F64),
    _rounded("floor-divide-quotient", "floor_divide", "the floor of the rounded quotient", _floor),
    _rounded(
        "remainder-quotient",
        "remainder",
        "a - floor(a / b) * b, rounded three times",
        lambda y, a, b: swap(
            y, np.isfinite(a) & np.isfinite(b) & (b != 0), a - np.floor(a / b) * b
        ),
    ),
    _rounded(
        "log2-powers",
        "log2",
        "1e-6 off at powers of two",
        lambda y, x: swap(y, (x > 1) & (np.frexp(x)[0] == 0.5), y * (1 + 1e-6)),
        F64,
    ),
)

MUTANTS: Final = (*SPECIALS, *ROUNDINGS)
