"""Distances between floating numbers in units of the last place (ULP), for every floating dtype.

`distance` counts the representable numbers from one value to another; complex numbers count by
component and the larger count is theirs. `compare` asserts a bound on it, and prints the worst
element with its inputs if the bound does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Values = NDArray[Any]


@dataclass(frozen=True)
class Format:
    """A binary floating-point format, as IEEE 754 describes one.

    A number is a whole multiple of ``2 ** (exponent - digits + 1)`` for its exponent, which is
    at least ``lowest``; the largest number lies below ``2 ** (highest + 1)``.
    """

    digits: int  #: bits of the significand, the leading one included
    lowest: int  #: the exponent of the smallest normal number
    highest: int  #: the exponent of the largest number

    @property
    def smallest(self) -> float:
        """The smallest positive number, a subnormal one."""
        return float(2.0 ** (self.lowest - self.digits + 1))

    @property
    def normal(self) -> float:
        """The smallest positive normal number."""
        return float(2.0**self.lowest)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2.0 - 2.0 ** (1 - self.digits)) * 2.0**self.highest

    @property
    def epsilon(self) -> float:
        """The distance from 1 to the next larger number."""
        return float(2.0 ** (1 - self.digits))


_FORMATS: Final = {
    "float16": Format(11, -14, 15),
    "bfloat16": Format(8, -126, 127),
    "float32": Format(24, -126, 127),
    "float64": Format(53, -1022, 1023),
}


def kind(dtype: DType) -> str:
    """The letter of the dtype's kind; "f" also for bfloat16, for which NumPy says "V"."""
    return "f" if dtype.kind == "V" else dtype.kind


def format_of(dtype: DType) -> Format:
    """The format of a real floating dtype, or of the components of a complex one."""
    return _FORMATS[dtypes.real_of(dtype).name if dtype.kind == "c" else dtype.name]


def ordered(x: Values) -> NDArray[np.int64]:
    """Whole numbers in the order of the real floats ``x``: neighbours differ by 1, zeros are 0.

    Infinity is next to the largest number. NaN gives a number past infinity.
    """
    bits = np.asarray(x, order="C").view(f"i{x.dtype.itemsize}").astype(np.int64)
    lowest = -(2 ** (8 * x.dtype.itemsize - 1))
    return np.where(bits < 0, lowest - bits, bits)


def steps(got: Values, expected: Values) -> NDArray[np.float64]:
    """How many representable numbers ``got`` is above ``expected``; real floats without NaN."""
    a, b = ordered(got), ordered(expected)
    with np.errstate(over="ignore"):
        near = a - b
    far = a.astype(np.float64) - b.astype(np.float64)
    return np.where(np.abs(far) < 2.0**52, near.astype(np.float64), far)


def distance(got: Values, expected: Values) -> NDArray[np.float64]:
    """ULP from ``expected`` to ``got``, of one floating dtype: a whole number for each element.

    NaN is 0 from NaN and infinitely far from any number. Zeros of either sign are 0 apart: see
    `zeros_differ`. Of complex numbers, the larger distance of the two components.
    """
    if got.dtype.kind == "c":
        return np.maximum(distance(got.real, expected.real), distance(got.imag, expected.imag))
    nan = np.isnan(got), np.isnan(expected)
    between = np.abs(steps(got, expected))
    return np.where(nan[0] | nan[1], np.where(nan[0] & nan[1], 0.0, np.inf), between)


def zeros_differ(got: Values, expected: Values) -> NDArray[np.bool_]:
    """Where both are zero and the signs differ, in either component."""
    if got.dtype.kind == "c":
        return zeros_differ(got.real, expected.real) | zeros_differ(got.imag, expected.imag)
    zero = (got == 0) & (expected == 0)
    return np.asarray(zero & (np.signbit(got) != np.signbit(expected)))


def differ(got: Values, expected: Values) -> NDArray[np.bool_]:
    """Where two arrays of one dtype differ in value, in the sign of a zero, or in being NaN."""
    if kind(got.dtype) not in "fc":
        return np.asarray(got != expected)
    return np.asarray((distance(got, expected) > 0) | zeros_differ(got, expected))


def compare(
    got: Values, expected: Values, *inputs: Any, ulps: float = 0.0, what: object = ""
) -> None:
    """Assert equal dtype and shape, and values equal to within ``ulps`` (0: the same value).

    Zeros must have the same sign, NaN must meet NaN. ``inputs`` are arrays of the result's shape,
    shown for the worst element together with ``what``.
    """
    assert got.dtype == expected.dtype, f"{what}: dtype {got.dtype}, not {expected.dtype}"
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, not {expected.shape}"
    if kind(got.dtype) in "fc":
        error = np.where(zeros_differ(got, expected), np.inf, distance(got, expected))
    else:
        error = np.where(got != expected, np.inf, 0.0)
    if not error.size or error.max() <= ulps:
        return
    i = np.unravel_index(int(np.argmax(error)), error.shape)
    given = ", ".join(repr(np.broadcast_to(x, got.shape)[i]) for x in inputs)
    raise AssertionError(
        f"{what}({given}) is {got[i]!r}, not {expected[i]!r}: {error[i]:g} ULP, {ulps:g} allowed; "
        f"{np.count_nonzero(error > ulps)} of {error.size} elements are wrong"
    )
