"""True values of the transcendental functions, by mpmath in as many digits as it takes.

mpmath promises no accuracy of a result near 0 or of the smaller component of a complex number, so
the working precision grows until two results agree to 2 ** -90 of each component.

Only finite operands come here. On a branch cut, or where a component is 0, mpmath does not tell the
signs of zero apart: a component that is 0 is replaced by a number of its sign that is far below
every dtype's range. So the value is the limit from the side that the sign names, as the standard
asks, and a component of the result that vanishes with it is a zero of the right sign.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import copysign
from typing import Any, Final

import mpmath as mp

from tests.values.special_values import special
from tests.values.truth import ComplexTruth, Exact, Truth, exact_of, rounded, units
from tests.values.ulp import Values
from xgpu.plugin import dtypes

_AGREED: Final = mp.mpf(2) ** -90
_PRECISIONS: Final = (150, 450, 1350, 4000, 12000)
_TINY: Final = mp.mpf(2) ** -2600  # in place of a zero component
_ZERO: Final = mp.mpf(2) ** -2400  # below it a component of a result is a zero


def _power(x: Any, y: Any) -> Any:
    """x ** y, cut off where it is far beyond every dtype's range."""
    logarithm = y * mp.log(abs(x))
    if abs(logarithm) > 4000:
        result = mp.mpf(2) ** (8000 if logarithm > 0 else -8000)
    else:
        result = mp.exp(logarithm)
    return -result if x < 0 and y % 2 == 1 else result


def _logaddexp(x: Any, y: Any) -> Any:
    return max(x, y) + mp.log1p(mp.exp(-abs(x - y)))


#: Functions of one real number.
REAL: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(mp, name) for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh")},
    **{name: getattr(mp, name) for name in ("cos", "cosh", "exp", "expm1", "log", "log1p")},
    **{name: getattr(mp, name) for name in ("sin", "sinh", "tan", "tanh")},
    "log10": lambda x: mp.log(x) / mp.ln10,
    "log2": lambda x: mp.log(x) / mp.ln2,
}
#: Functions of two real numbers.
REAL_PAIRS: Final[dict[str, Callable[..., Any]]] = {
    "atan2": mp.atan2,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "logaddexp": _logaddexp,
    "pow": _power,
}


def _log1p(z: Any) -> Any:
    """Without the sum 1 + z, which no working precision holds for a tiny z."""
    if abs(z) > 0.25:
        return mp.log(1 + z)
    length = mp.log1p(2 * z.real + z.real**2 + z.imag**2) / 2
    return mp.mpc(length, mp.atan2(z.imag, 1 + z.real))


def _turned(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """-j f(jz), for the functions of which the standard says that they are that."""

    def of(z: Any) -> Any:
        result = function(mp.mpc(-z.imag, z.real))
        return mp.mpc(result.imag, -result.real)

    return of


def _times(a: Any, b: Any) -> Any:
    """a * b, where a zero, which is a tiny number here, wins over the largest number."""
    if abs(a) < _ZERO or abs(b) < _ZERO:
        return _TINY * mp.sign(a) * mp.sign(b)
    return a * b


def _sinh(z: Any) -> Any:
    x, y = z.real, z.imag
    return mp.mpc(_times(mp.sinh(x), mp.cos(y)), _times(mp.cosh(x), mp.sin(y)))


def _cosh(z: Any) -> Any:
    x, y = z.real, z.imag
    return mp.mpc(_times(mp.cosh(x), mp.cos(y)), _times(mp.sinh(x), mp.sin(y)))


def _exp(z: Any) -> Any:
    length = mp.exp(z.real)
    return mp.mpc(_times(length, mp.cos(z.imag)), _times(length, mp.sin(z.imag)))


def _expm1(z: Any) -> Any:
    result = _exp(z)
    if abs(z.real) < _ZERO and abs(z.imag) < _ZERO:
        return z
    if abs(z.real) < _ZERO:  # cos(y) - 1, and not what a tiny number adds to it
        return mp.mpc(-2 * mp.sin(z.imag / 2) ** 2, result.imag)
    return result - 1


def _tanh(z: Any) -> Any:
    if abs(z.real) > 20000:  # where mpmath would compute digits of an overflow
        return mp.mpc(mp.sign(z.real), mp.sin(2 * z.imag) * mp.mpf(2) ** -8000)
    below = mp.cosh(2 * z.real) + mp.cos(2 * z.imag)
    return mp.mpc(mp.sinh(2 * z.real) / below, mp.sin(2 * z.imag) / below)


def _log(z: Any) -> Any:
    return mp.mpc(mp.log(z.real**2 + z.imag**2) / 2, mp.atan2(z.imag, z.real))


def _asin(z: Any) -> Any:
    """By the side of the cuts that the sign of a component tells, as in ISO C."""
    result = mp.asin(mp.mpc(abs(z.real), abs(z.imag)))
    return mp.mpc(_like(result.real, z.real), _like(result.imag, z.imag))


def _acos(z: Any) -> Any:
    result = mp.acos(mp.mpc(z.real, abs(z.imag)))
    return mp.mpc(result.real, _like(result.imag, -z.imag))


def _acosh(z: Any) -> Any:
    angle = _acos(z)
    return mp.mpc(abs(angle.imag), _like(angle.real, z.imag))


def _atanh(z: Any) -> Any:
    x, y = abs(z.real), abs(z.imag)
    re = mp.log1p(4 * x / ((1 - x) ** 2 + y**2)) / 4
    im = mp.atan2(2 * y, (1 - x) * (1 + x) - y * y) / 2
    return mp.mpc(_like(re, z.real), _like(im, z.imag))


def _like(magnitude: Any, sign: Any) -> Any:
    return abs(magnitude) if sign > 0 else -abs(magnitude)


#: Functions of one complex number.
COMPLEX: Final[dict[str, Callable[[Any], Any]]] = {
    "abs": lambda z: mp.mpc(mp.sqrt(z.real**2 + z.imag**2), 0),
    "acos": _acos,
    "acosh": _acosh,
    "asin": _asin,
    "asinh": lambda z: -1 * _turned(_asin)(-z),
    "atan": _turned(_atanh),
    "atanh": _atanh,
    "cos": lambda z: _cosh(mp.mpc(-z.imag, z.real)),
    "cosh": _cosh,
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log10": lambda z: _log(z) / mp.ln10,
    "log1p": _log1p,
    "log2": lambda z: _log(z) / mp.ln2,
    "reciprocal": lambda z: mp.mpc(z.real, -z.imag) / (z.real**2 + z.imag**2),
    "sign": lambda z: z / mp.sqrt(z.real**2 + z.imag**2),
    "sin": _turned(_sinh),
    "sinh": _sinh,
    "sqrt": mp.sqrt,
    "square": lambda z: mp.mpc((z.real - z.imag) * (z.real + z.imag), 2 * z.real * z.imag),
    "tan": _turned(_tanh),
    "tanh": _tanh,
}


def _complex_power(a: Any, b: Any) -> Any:
    logarithm = _log(a) * b
    if abs(logarithm.real) > 4000:
        factor = mp.mpf(2) ** (8000 if logarithm.real > 0 else -8000)
        return mp.mpc(factor * mp.cos(logarithm.imag), factor * mp.sin(logarithm.imag))
    return _exp(logarithm)


def _quotient(a: Any, b: Any) -> Any:
    norm = b.real**2 + b.imag**2
    re = a.real * b.real + a.imag * b.imag
    return mp.mpc(re / norm, (a.imag * b.real - a.real * b.imag) / norm)


#: Functions of two complex numbers.
COMPLEX_PAIRS: Final[dict[str, Callable[..., Any]]] = {
    "divide": _quotient,
    "multiply": lambda a, b: mp.mpc(
        a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real
    ),
    "pow": _complex_power,
}


def real_truth(name: str, *operands: Values) -> Truth:
    """True values of a function of real floats of one dtype, special values included."""
    dtype = operands[0].dtype
    columns = [[float(v) for v in x] for x in operands]
    return rounded([_tabled_or_real(name, values) for values in zip(*columns, strict=True)], dtype)


def forget() -> None:
    """Empty the memory of true values."""
    _real.cache_clear()
    _complex_signed.cache_clear()


def _tabled_or_real(name: str, operands: tuple[float, ...]) -> Exact | None:
    tabled = special(name, operands)
    return _real(name, operands) if tabled is None else exact_of(tabled[0])


#: Arithmetic, whose zeros have the signs of the sums that they come from.
UNSIGNED: Final = ("abs", "divide", "multiply", "reciprocal", "square")


def complex_truth(name: str, *operands: Values) -> ComplexTruth:
    """True values of a complex function of finite operands; of abs, with imaginary part 0."""
    part = dtypes.real_of(operands[0].dtype)
    columns = [[complex(v) for v in z] for z in operands]
    results = [_complex(name, values) for values in zip(*columns, strict=True)]
    signed = name not in (*UNSIGNED, "expm1")
    re, im = [re for re, _ in results], [im for _, im in results]
    return ComplexTruth(
        rounded(re, part, signed=signed), rounded(im, part, signed=signed), units(re, im, part)
    )


@cache
def _real(name: str, operands: tuple[float, ...]) -> Exact:
    function = (REAL if len(operands) == 1 else REAL_PAIRS)[name]
    return _number(_agreed(function, [mp.mpf(x) for x in operands]))


# Zeros of both signs are equal keys, and different operands here.
def _complex(name: str, operands: tuple[complex, ...]) -> tuple[Exact, Exact]:
    signs = tuple(copysign(1.0, part) for z in operands for part in (z.real, z.imag))
    return _complex_signed(name, operands, signs)


@cache
def _complex_signed(
    name: str, operands: tuple[complex, ...], signs: tuple[float, ...]
) -> tuple[Exact, Exact]:
    function = (COMPLEX if len(operands) == 1 else COMPLEX_PAIRS)[name]
    parts = [part for z in operands for part in (z.real, z.imag)]
    tiny = mp.mpf(0) if name in UNSIGNED else _TINY
    near = [
        mp.mpf(part) if part else tiny * int(sign) for part, sign in zip(parts, signs, strict=True)
    ]
    result = _agreed(function, [mp.mpc(*near[i : i + 2]) for i in range(0, len(near), 2)], not tiny)
    return _number(result.real), _number(result.imag)


def _agreed(function: Callable[..., Any], operands: list[Any], zeros: bool = False) -> Any:
    """The value in a precision at which it does not change; two zeros agree if ``zeros``."""
    last = None
    for precision in _PRECISIONS:
        with mp.workprec(precision):
            result = function(*operands)
            parts = (result.real, result.imag) if isinstance(result, mp.mpc) else (result,)
            if last and all(
                _agree(a, b) or (zeros and a == b) for a, b in zip(parts, last, strict=True)
            ):
                return result
            last = parts
    return result


def _agree(a: Any, b: Any) -> bool:
    if abs(a) < _ZERO and abs(b) < _ZERO:
        return bool(a and b)
    return bool(a and abs(a - b) <= abs(a) * _AGREED)


def _number(x: Any) -> Exact:
    """An mpf; with a sticky bit, for mpmath has cut what follows its digits."""
    sign, significand, exponent, _ = x._mpf_
    direction = -1 if sign else 1
    if abs(x) < _ZERO:
        return Exact(direction if significand else 0, 0)
    if significand.bit_length() < 140:  # fewer digits than the working precision: exact
        return Exact(direction, int(significand), int(exponent))
    return Exact(direction, 2 * int(significand) + 1, int(exponent) - 1)
