"""Exact values: Python's integers for integers and bool, rational numbers for floats.

Integers wrap at their width. Where NumPy and the standard leave a choice, this is the library's:
an integer divided by 0 gives 0 and so does its remainder; a shift by the width or more, or by a
negative number, shifts every bit out; an integer to a negative power is the exact power cut to a
whole number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import numpy as np

from tests.values.special_values import special
from tests.values.truth import Exact, Truth, exact_of, of_fraction, of_root, rounded
from tests.values.ulp import Values, format_of, kind, ordered
from xgpu.plugin.dtypes import DType


def wrapped(value: int, dtype: DType) -> int:
    """``value`` modulo the width of an integer dtype."""
    bits = 8 * dtype.itemsize
    value %= 1 << bits
    return value - (1 << bits) if dtype.kind == "i" and value >> (bits - 1) else value


def _shift_left(a: int, b: int, bits: int) -> int:
    return a << b if 0 <= b < bits else 0


def _shift_right(a: int, b: int, bits: int) -> int:
    return a >> b if 0 <= b < bits else -(a < 0)


def _integer_power(a: int, b: int, bits: int) -> int:
    if b >= 0:
        return pow(a, b, 1 << bits)
    return {1: 1, -1: -1 if b % 2 else 1}.get(a, 0)


#: Of Python ints, before they wrap; the last parameter is the width in bits.
INTEGER: Final[dict[str, Callable[..., int]]] = {
    "abs": lambda a, _: abs(a),
    "bitwise_invert": lambda a, _: ~a,
    "negative": lambda a, _: -a,
    "sign": lambda a, _: (a > 0) - (a < 0),
    "square": lambda a, _: a * a,
    **{name: lambda a, _: a for name in ("ceil", "conj", "floor", "positive", "real")},
    **{name: lambda a, _: a for name in ("round", "trunc")},
    "imag": lambda a, _: 0,
    "add": lambda a, b, _: a + b,
    "bitwise_and": lambda a, b, _: a & b,
    "bitwise_left_shift": _shift_left,
    "bitwise_or": lambda a, b, _: a | b,
    "bitwise_right_shift": _shift_right,
    "bitwise_xor": lambda a, b, _: a ^ b,
    "floor_divide": lambda a, b, _: a // b if b else 0,
    "maximum": lambda a, b, _: max(a, b),
    "minimum": lambda a, b, _: min(a, b),
    "multiply": lambda a, b, _: a * b,
    "pow": _integer_power,
    "remainder": lambda a, b, _: a % b if b else 0,
    "subtract": lambda a, b, _: a - b,
}
#: Of bools.
BOOL: Final[dict[str, Callable[..., bool]]] = {
    "bitwise_invert": lambda a: not a,
    "logical_not": lambda a: not a,
    **{name: lambda a: a for name in ("ceil", "conj", "floor", "real", "round", "trunc")},
    "imag": lambda a: False,
    **{name: lambda a, b: a and b for name in ("bitwise_and", "logical_and")},
    **{name: lambda a, b: a or b for name in ("bitwise_or", "logical_or", "add", "maximum")},
    **{name: lambda a, b: a != b for name in ("bitwise_xor", "logical_xor")},
    **{name: lambda a, b: a and b for name in ("multiply", "minimum")},
}
#: Of Python ints, floats and complex numbers alike; the result is bool.
TESTS: Final[dict[str, Callable[..., bool]]] = {
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "isnan": lambda a: a != a,
    "isinf": lambda a: any(map(math.isinf, _parts(a))) if not isinstance(a, int) else False,
    "isfinite": lambda a: all(map(math.isfinite, _parts(a))) if not isinstance(a, int) else True,
    "signbit": lambda a: math.copysign(1, a) < 0,
}


def _parts(x: Any) -> tuple[float, float]:
    return (x.real, x.imag)


def _sum(a: float, b: float) -> Exact:
    return _number(Fraction(a) + Fraction(b))


def _product(a: float, b: float) -> Exact:
    x, y = exact_of(a), exact_of(b)
    assert x is not None and y is not None
    return Exact(x.sign * y.sign, x.significand * y.significand, x.exponent + y.exponent)


def _quotient(a: float, b: float) -> Exact:
    (p, q), (r, s) = a.as_integer_ratio(), b.as_integer_ratio()
    return of_fraction(p * s, q * r)


def _floor_divide(a: float, b: float) -> Exact:
    return _number(Fraction(Fraction(a) // Fraction(b)), 1.0 if (a < 0) == (b < 0) else -1.0)


def _remainder(a: float, b: float) -> Exact:
    return _number(Fraction(a) % Fraction(b), b)


def _whole(function: Callable[[float], int]) -> Callable[[float], Exact]:
    """A rounding, whose zero has the sign of the operand."""
    return lambda x: _number(Fraction(function(x)), x)


def _number(value: Fraction, zero: float = 1.0) -> Exact:
    if not value:
        return Exact(int(math.copysign(1, zero)), 0)
    return of_fraction(value.numerator, value.denominator)


#: Of finite floats for which no special value is tabled: the exact result.
FLOAT: Final[dict[str, Callable[..., Exact]]] = {
    "abs": lambda x: _product(1.0, abs(x)),
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "round": _whole(round),
    "trunc": _whole(math.trunc),
    "reciprocal": lambda x: _quotient(1.0, x),
    "sqrt": lambda x: of_root(*x.as_integer_ratio()),
    "square": lambda x: _product(x, x),
    "add": _sum,
    "divide": _quotient,
    "floor_divide": _floor_divide,
    "maximum": lambda a, b: _product(1.0, max(a, b)),
    "minimum": lambda a, b: _product(1.0, min(a, b)),
    "multiply": _product,
    "remainder": _remainder,
    "subtract": lambda a, b: _sum(a, -b),
}


def integers(name: str, dtype: DType, *operands: Values) -> Values:
    """An op of integers or bool, in ``dtype``; a test gives bool."""
    values = zip(*(x.tolist() for x in operands), strict=True)
    if name in TESTS:
        return np.array([TESTS[name](*v) for v in values], bool)
    if dtype.kind == "b":
        return np.array([BOOL[name](*v) for v in values], bool)
    bits = 8 * dtype.itemsize
    return np.array([wrapped(INTEGER[name](*v, bits), dtype) for v in values], dtype)


def tests(name: str, *operands: Values) -> Values:
    """A comparison or a test for special values; the result is bool."""
    as_python = complex if operands[0].dtype.kind == "c" else float
    values = zip(*([as_python(v) for v in x] for x in operands), strict=True)
    return np.array([TESTS[name](*v) for v in values], bool)


def floats(name: str, *operands: Values) -> Truth:
    """An exact op of real floats, special values included."""
    dtype = operands[0].dtype
    columns = [[float(v) for v in x] for x in operands]
    # A quotient without digits after the point: rounded it is whole. 16-bit floats are computed in
    # float32, in which such a quotient has digits to cut off, and rounded at the end.
    whole = 2.0 ** format_of(dtype).digits if dtype.itemsize > 2 else math.inf
    return rounded([_float(name, values, whole) for values in zip(*columns, strict=True)], dtype)


def _float(name: str, operands: tuple[float, ...], whole: float) -> Exact | None:
    tabled = special(name, operands)
    if tabled is not None:
        return exact_of(tabled[0])
    if all(map(math.isfinite, operands)):
        if name == "floor_divide" and abs(Fraction(operands[0]) / Fraction(operands[1])) >= whole:
            return _quotient(*operands)
        return FLOAT[name](*operands)
    if any(map(math.isnan, operands)):
        return None
    return exact_of({"maximum": max, "minimum": min}[name](*operands))


def copysign(x1: Values, x2: Values) -> Values:
    """By bits, NaN included."""
    bits = f"u{x1.dtype.itemsize}"
    sign = np.array(1 << (8 * x1.dtype.itemsize - 1), bits)
    result: Values = ((x1.view(bits) & ~sign) | (x2.view(bits) & sign)).view(x1.dtype)
    return result


def nextafter(x1: Values, x2: Values) -> Values:
    """By position among the representable numbers."""
    a, b = ordered(x1), ordered(x2)
    position = a + (b > a) - (b < a)
    lowest = -(2 ** (8 * x1.dtype.itemsize - 1))
    bits = np.where(position < 0, lowest - position, position).astype(f"i{x1.dtype.itemsize}")
    result = bits.view(x1.dtype)
    with np.errstate(invalid="ignore"):
        result = np.where((result == 0) & (x1 < 0), -result, result)
        result = np.where(x1 == x2, x2, result)
    return np.where(np.isnan(x1) | np.isnan(x2), np.array(np.nan, x1.dtype), result)


def cast(x: Values, dtype: DType) -> Values:
    """A change of dtype whose result the standard defines; other elements are not in ``x``.

    Integers wrap, floats are cut towards zero, numbers are rounded to the nearest float.
    """
    if kind(x.dtype) == "c" and kind(dtype) == "c":
        result = np.empty(x.shape, dtype)
        part = result.real.dtype
        result.real, result.imag = cast(x.real, part), cast(x.imag, part)
        return result
    if kind(dtype) == "c":
        result = np.zeros(x.shape, dtype)
        result.real = cast(x, result.real.dtype)
        return result
    values = [float(v) for v in x] if kind(x.dtype) == "f" else x.tolist()
    if kind(dtype) == "b":
        return np.array([bool(v) for v in values], bool)
    if kind(dtype) in "iu":
        return np.array([wrapped(int(v), dtype) for v in values], dtype)
    numbers = [
        exact_of(v) if isinstance(v, float) else Exact(-1 if v < 0 else 1, abs(int(v)))
        for v in values
    ]
    return rounded(numbers, dtype).nearest


def castable(x: Values, dtype: DType) -> Values:
    """The elements of ``x`` whose cast to ``dtype`` the standard defines."""
    if kind(x.dtype) == "f" and kind(dtype) in "iu":
        info, wide = np.iinfo(dtype), x.astype(np.float64)
        with np.errstate(invalid="ignore"):
            fits = (np.trunc(wide) >= float(info.min)) & (np.trunc(wide) < float(info.max) + 1)
        if dtype.itemsize == 8:
            fits &= wide < float(info.max)
        return x[fits]
    return x


def sign_bit(x: Any) -> bool:
    """The leading bit of a NumPy scalar of a floating dtype, which for NaN is no property of it."""
    return bool(np.asarray(x).tobytes()[-1] >> 7)  # little-endian
