"""True values beside a dtype: the nearest representable number, and how far off that is.

A true value is given exactly, as a whole number times a power of two whose last bit stands for all
that was cut off ("sticky"), so rounding to nearest, ties to even, is decided by integers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign, inf, isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.values.inputs import joined
from tests.values.ulp import Format, Values, distance, format_of, steps
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

_GUARD: Final = 70  # bits behind the last one of float64, for the distance to the true value


@dataclass(frozen=True)
class Exact:
    """The number ``sign * significand * 2 ** exponent``; 0 has a sign too, or none known (0)."""

    sign: int
    significand: int
    exponent: int = 0


#: Larger than any float.
INFINITY: Final = Exact(1, 1, 1 << 20)
MINUS_INFINITY: Final = Exact(-1, 1, 1 << 20)


def of_fraction(numerator: int, denominator: int) -> Exact:
    """A rational number other than 0, to `_GUARD` bits more than a float64 and a sticky one."""
    sign = 1 if (numerator < 0) == (denominator < 0) else -1
    numerator, denominator = abs(numerator), abs(denominator)
    up = max(0, 54 + _GUARD + denominator.bit_length() - numerator.bit_length())
    whole, rest = divmod(numerator << up, denominator)
    return Exact(sign, 2 * whole + bool(rest), -up - 1)


def of_root(numerator: int, denominator: int) -> Exact:
    """The square root of a positive rational number whose denominator is a power of two."""
    down = denominator.bit_length() - 1
    up = 2 * (54 + _GUARD) + down % 2
    scaled = numerator << up
    root = isqrt(scaled)
    return Exact(1, 2 * root + (root * root != scaled), -(up + down) // 2 - 1)


def place(number: Exact, form: Format) -> tuple[int, float]:
    """The nearest number of a format, in `ordered` positions, and the rest in units of its place.

    What lies past the largest number by half a unit or more is infinity.
    """
    significand, exponent = number.significand, number.exponent
    length = significand.bit_length()
    leading = exponent + length - 1
    if not significand or leading < form.lowest - form.digits - 100:
        return 0, 0.0
    if leading > form.highest:
        return number.sign * ((form.highest - form.lowest + 2) << (form.digits - 1)), 0.0
    cut = max(leading, form.lowest) - form.digits + 1 - exponent
    offset = 0.0
    if cut <= 0:
        whole = significand << -cut
    else:
        whole, rest = significand >> cut, significand & ((1 << cut) - 1)
        half = 1 << (cut - 1)
        up = rest > half or (rest == half and whole & 1 == 1)
        offset = rest / (1 << cut) - up
        whole += up
    position = whole + (max(leading - form.lowest, 0) << (form.digits - 1))
    return number.sign * position, number.sign * offset


def value_at(position: NDArray[np.int64], dtype: DType) -> Values:
    """The real floats at `ordered` positions; position 0 is +0."""
    lowest = -(2 ** (8 * dtype.itemsize - 1))
    bits = np.where(position < 0, lowest - position, position)
    return bits.astype(f"i{dtype.itemsize}").view(dtype)


@dataclass(frozen=True)
class Truth:
    """True values rounded to a real floating dtype.

    ``offset`` is the true value less ``nearest``, in ULP. ``signed`` is where the sign of a zero
    in ``nearest`` is known.
    """

    nearest: Values
    offset: NDArray[np.float64]
    signed: NDArray[np.bool_]

    def at(self, places: NDArray[np.intp]) -> Truth:
        """The true values of these elements."""
        return Truth(self.nearest[places], self.offset[places], self.signed[places])

    def errors(self, got: Values) -> NDArray[np.float64]:
        """|got - true value| in ULP, infinite where one is NaN alone or a zero's sign is wrong."""
        finite = ~(np.isnan(got) | np.isnan(self.nearest))
        nan = distance(got, self.nearest)
        error = np.where(finite, np.abs(steps(got, self.nearest) - self.offset), nan)
        zeros = self.signed & (got == 0) & (self.nearest == 0)
        wrong = zeros & (np.signbit(got) != np.signbit(self.nearest))
        return np.where(wrong, np.inf, error)


@dataclass(frozen=True)
class ComplexTruth:
    """True values of the two components.

    ``unit`` is the ULP of the larger one, beyond the largest number too.
    """

    re: Truth
    im: Truth
    unit: NDArray[np.float64]

    def at(self, places: NDArray[np.intp]) -> ComplexTruth:
        """The true values of these elements."""
        return ComplexTruth(self.re.at(places), self.im.at(places), self.unit[places])

    @property
    def nearest(self) -> Values:
        dtype = dtypes.complex64 if self.re.nearest.dtype == dtypes.float32 else dtypes.complex128
        return joined(self.re.nearest, self.im.nearest, dtype)

    def errors(self, got: Values) -> NDArray[np.float64]:
        """The larger error of the two components, each in ULP of itself."""
        return np.maximum(self.re.errors(got.real), self.im.errors(got.imag))

    def errors_of_larger(self, got: Values) -> NDArray[np.float64]:
        """The larger error of the two components, both in ULP of the larger component."""
        re, im = (
            scaled_errors(truth, part, self.unit)
            for truth, part in ((self.re, got.real), (self.im, got.imag))
        )
        return np.maximum(re, im)


def scaled_errors(truth: Truth, got: Values, unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """|got - true value| in ``unit``, which is not less than the ULP of the true value.

    A zero's sign does not count where the true value is less than the unit.
    """
    plain = truth.errors(got)
    usable = np.isfinite(got) & np.isfinite(truth.nearest)
    with np.errstate(all="ignore"):
        # Halves, so that no difference overflows.
        difference = (got.astype(np.float64) / 2 - truth.nearest.astype(np.float64) / 2) * 2
        rest = truth.offset * (spacing(truth.nearest) / unit)
        scaled = np.abs(difference / unit - rest)
    return np.where(usable, np.minimum(scaled, plain), plain)


def spacing(x: Values) -> NDArray[np.float64]:
    """The unit of the last place of finite real floats, as float64."""
    form = format_of(x.dtype)
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(np.abs(x).astype(np.float64))
    lowest = np.where(x == 0, form.lowest, np.maximum(exponent.astype(np.int64) - 1, form.lowest))
    return np.asarray(np.ldexp(1.0, lowest - form.digits + 1), np.float64)


def rounded(numbers: Sequence[Exact | None], dtype: DType, *, signed: bool = True) -> Truth:
    """True values as a `Truth`; None is NaN. Not ``signed``: no zero's sign is known."""
    form = format_of(dtype)
    places = [(0, 0.0) if number is None else place(number, form) for number in numbers]
    position = np.array([p for p, _ in places], np.int64)
    nearest = value_at(position, dtype)
    sign = np.array([0 if number is None else number.sign for number in numbers])
    nearest = np.where((nearest == 0) & (sign < 0), -nearest, nearest)
    nan = np.array([number is None for number in numbers], bool)
    nearest = np.where(nan, np.array(np.nan).astype(dtype), nearest).astype(dtype)
    return Truth(nearest, np.array([o for _, o in places], np.float64), (sign != 0) & signed)


def units(re: Sequence[Exact], im: Sequence[Exact], dtype: DType) -> NDArray[np.float64]:
    """The ULP of a real dtype at the larger of two true values."""
    form = format_of(dtype)
    leading = [
        max((n.exponent + n.significand.bit_length() - 1 for n in pair if n.significand), default=0)
        for pair in zip(re, im, strict=True)
    ]
    places = [min(max(n, form.lowest), 2000) - form.digits + 1 for n in leading]
    with np.errstate(over="ignore"):
        return np.asarray(np.ldexp(1.0, np.array(places, int)), np.float64)


def exact_of(x: float) -> Exact | None:
    """A float; an infinity is a number past every format's largest, NaN is None."""
    if x != x:
        return None
    if abs(x) == inf:
        return INFINITY if x > 0 else MINUS_INFINITY
    numerator, denominator = x.as_integer_ratio()
    return Exact(-1 if copysign(1, x) < 0 else 1, abs(numerator), 1 - denominator.bit_length())
