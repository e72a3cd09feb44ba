"""Special values of the functions of real floats, as data.

Source: Array API 2025.12, "Element-wise Functions", special cases for real floating operands; and
ISO C, Annex F, where the standard says nothing (``1 ** nan``, `logaddexp` of -infinity).

A row "operand ...: result" names a class for each operand; the first row that fits holds. What no
row covers is finite and has a value to compute, or is an exact zero of sign +.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import copysign, fmod, inf, isfinite, isinf, isnan, pi
from typing import Final


def _odd(x: float) -> bool:
    return isfinite(x) and fmod(abs(x), 2) == 1


CLASSES: Final[dict[str, Callable[[float], bool]]] = {
    "any": lambda x: True,
    "nan": isnan,
    "number": lambda x: not isnan(x),
    "finite": isfinite,
    "+": lambda x: isfinite(x) and x > 0,
    "-": lambda x: isfinite(x) and x < 0,
    "whole": lambda x: isinf(x) or (isfinite(x) and x == int(x)),
    "broken": lambda x: isfinite(x) and x != int(x),
    "nonzero": lambda x: x != 0 and not isnan(x),
    "+-inf": isinf,
    "inf": lambda x: x == inf,
    "-inf": lambda x: x == -inf,
    "+-0": lambda x: x == 0,
    "0": lambda x: x == 0 and copysign(1, x) > 0,
    "-0": lambda x: x == 0 and copysign(1, x) < 0,
    "1": lambda x: x == 1,
    "-1": lambda x: x == -1,
    "+-1": lambda x: abs(x) == 1,
    ">0": lambda x: x > 0,
    "<0": lambda x: x < 0,
    ">1": lambda x: x > 1,
    "<1": lambda x: x < 1,
    "<-1": lambda x: x < -1,
    "beyond1": lambda x: abs(x) > 1,
    "within1": lambda x: abs(x) < 1,
    ">0odd": lambda x: x > 0 and _odd(x),
    "<0odd": lambda x: x < 0 and _odd(x),
}
#: Results that are numbers; those with pi are rounded to the dtype, within a function's accuracy.
NUMBERS: Final[dict[str, float]] = {
    **{name: float(name) for name in ("0", "-0", "1", "-1", "inf", "-inf", "nan")},
    "pi": pi,
    "-pi": -pi,
    "pi/2": pi / 2,
    "-pi/2": -pi / 2,
    "pi/4": pi / 4,
    "-pi/4": -pi / 4,
    "3pi/4": 3 * pi / 4,
    "-3pi/4": -3 * pi / 4,
}

_ODD: Final = "nan: nan; +-0: x1"
_LOG: Final = "nan: nan; <0: nan; +-0: -inf; 1: 0; inf: inf"
_ROUNDING: Final = "nan: nan; whole: x1"
_QUOTIENT: Final = """
    nan any: nan; any nan: nan; +-inf +-inf: nan; +-0 +-0: nan; +-0 nonzero: sign 0
    nonzero +-0: sign inf; +-inf finite: sign inf; finite +-inf: sign 0
"""
TABLES: Final[dict[str, str]] = {
    "abs": "nan: nan; +-0: 0; +-inf: inf",
    "acos": "nan: nan; beyond1: nan; 1: 0",
    "acosh": "nan: nan; <1: nan; 1: 0; inf: inf",
    "asin": f"{_ODD}; beyond1: nan",
    "asinh": f"{_ODD}; +-inf: x1",
    "atan": f"{_ODD}; inf: pi/2; -inf: -pi/2",
    "atanh": f"{_ODD}; beyond1: nan; 1: inf; -1: -inf",
    "ceil": _ROUNDING,
    "conj": "any: x1",
    "cos": "nan: nan; +-0: 1; +-inf: nan",
    "cosh": "nan: nan; +-0: 1; +-inf: inf",
    "exp": "nan: nan; +-0: 1; inf: inf; -inf: 0",
    "expm1": f"{_ODD}; inf: inf; -inf: -1",
    "floor": _ROUNDING,
    "log": _LOG,
    "log10": _LOG,
    "log1p": f"{_ODD}; <-1: nan; -1: -inf; inf: inf",
    "log2": _LOG,
    "negative": "any: -x1",
    "positive": "any: x1",
    "real": "any: x1",
    "reciprocal": "nan: nan; +-0: sign inf; +-inf: sign 0",
    "round": _ROUNDING,
    "sign": "nan: nan; +-0: 0; >0: 1; <0: -1",
    "sin": f"{_ODD}; +-inf: nan",
    "sinh": f"{_ODD}; +-inf: x1",
    "sqrt": f"{_ODD}; <0: nan; inf: inf",
    "square": "nan: nan; +-0: 0; +-inf: inf",
    "tan": f"{_ODD}; +-inf: nan",
    "tanh": f"{_ODD}; inf: 1; -inf: -1",
    "trunc": _ROUNDING,
    "add": """
        nan any: nan; any nan: nan; inf -inf: nan; -inf inf: nan; +-inf any: x1; any +-inf: x2
        -0 -0: -0; +-0 +-0: 0; +-0 any: x2; any +-0: x1
    """,
    "atan2": """
        nan any: nan; any nan: nan; inf inf: pi/4; inf -inf: 3pi/4; -inf inf: -pi/4
        -inf -inf: -3pi/4; inf finite: pi/2; -inf finite: -pi/2; >0 +-0: pi/2; <0 +-0: -pi/2
        0 >0: 0; 0 0: 0; 0 -0: pi; 0 <0: pi; -0 >0: -0; -0 0: -0; -0 -0: -pi; -0 <0: -pi
        + inf: 0; + -inf: pi; - inf: -0; - -inf: -pi
    """,
    "divide": _QUOTIENT,
    "floor_divide": _QUOTIENT,
    "imag": "any: 0",
    "hypot": """
        +-inf any: inf; any +-inf: inf; nan any: nan; any nan: nan; +-0 any: |x2|; any +-0: |x1|
    """,
    "logaddexp": """
        nan any: nan; any nan: nan; inf any: inf; any inf: inf; -inf +-0: 0; +-0 -inf: 0
        -inf any: x2; any -inf: x1
    """,
    "multiply": """
        nan any: nan; any nan: nan; +-inf +-0: nan; +-0 +-inf: nan; +-inf nonzero: sign inf
        nonzero +-inf: sign inf; +-0 any: sign 0; any +-0: sign 0
    """,
    "nextafter": "nan any: nan; any nan: nan; +-0 +-0: x2",
    "pow": """
        any +-0: 1; 1 any: 1; nan any: nan; any nan: nan
        beyond1 inf: inf; beyond1 -inf: 0; +-1 +-inf: 1; within1 inf: 0; within1 -inf: inf
        inf >0: inf; inf <0: 0; -inf >0odd: -inf; -inf >0: inf; -inf <0odd: -0; -inf <0: 0
        0 >0: 0; 0 <0: inf; -0 >0odd: -0; -0 >0: 0; -0 <0odd: -inf; -0 <0: inf; - broken: nan
    """,
    "remainder": """
        nan any: nan; any nan: nan; +-inf any: nan; any +-0: nan; +-0 >0: 0; +-0 <0: -0
        + inf: x1; + -inf: x2; - inf: x2; - -inf: x1
    """,
    "subtract": """
        nan any: nan; any nan: nan; inf inf: nan; -inf -inf: nan; +-inf any: x1; any +-inf: -x2
        -0 0: -0; +-0 +-0: 0; +-0 any: -x2; any +-0: x1
    """,
}

_Row = tuple[tuple[Callable[[float], bool], ...], str]


@cache
def rows(name: str) -> tuple[_Row, ...]:
    """The rows of a function, as tests of the operands and a result."""
    lines = [line.partition(":") for line in TABLES.get(name, "").replace("\n", ";").split(";")]
    return tuple(
        (tuple(CLASSES[c] for c in classes.split()), result.strip())
        for classes, _, result in lines
        if result
    )


def special(name: str, operands: tuple[float, ...]) -> tuple[float, bool] | None:
    """The special value of a function, and whether it is exact (not a multiple of pi).

    None where no row fits.
    """
    for classes, result in rows(name):
        if all(fits(x) for fits, x in zip(classes, operands, strict=True)):
            return _value(result, operands)
    return None


def _value(result: str, operands: tuple[float, ...]) -> tuple[float, bool]:
    if result.startswith("sign"):
        sign = 1.0
        for x in operands:
            sign *= copysign(1, x)
        return sign * NUMBERS[result.split()[1]], True
    if result in NUMBERS:
        return NUMBERS[result], "pi" not in result
    x = operands[int(result.strip("|")[-1]) - 1]
    return (abs(x) if result.startswith("|") else -x if result.startswith("-") else x), True
