"""The 16-bit floats from their definitions: every number, and the rounding of others to them.

It shares nothing with the conversions of xgpu, NumPy and ml_dtypes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from xgpu.plugin.dtypes import DType, float16

DIGITS = {"float16": 11, "bfloat16": 8}
LARGEST = {"float16": 65504.0, "bfloat16": (2.0 - 2.0**-7) * 2.0**127}


def patterns(dtype: DType) -> Any:
    """All 2^16 numbers."""
    return np.arange(1 << 16, dtype=np.uint16).view(dtype)


def bits(x: Any) -> Any:
    """The bit patterns of 16-bit floats."""
    return np.ascontiguousarray(x).view(np.uint16)


def wide(x: Any) -> Any:
    """16-bit floats in float64: bit by bit, as IEEE 754 says."""
    pattern = bits(x).astype(np.int64)
    digits = DIGITS[x.dtype.name]
    fraction_bits, top = digits - 1, (1 << 16 - digits) - 1
    fraction, exponent = pattern & ((1 << fraction_bits) - 1), pattern >> fraction_bits & top
    bias = top >> 1
    normal = np.ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits)
    value = np.where(exponent == 0, np.ldexp(fraction, 1 - bias - fraction_bits), normal)
    value = np.where(exponent == top, np.where(fraction == 0, np.inf, np.nan), value)
    return np.where(pattern >> 15 != 0, -value, value).reshape(x.shape)


@cache
def _middles(dtype: DType) -> Any:
    """What lies between the numbers from 0 up, whose patterns are their places."""
    numbers = wide(patterns(dtype))[: 1 << 15]
    numbers = numbers[np.isfinite(numbers)]
    beyond = 2 * numbers[-1] - numbers[-2]
    return (numbers + np.append(numbers[1:], beyond)) / 2


def rounded(values: Any, dtype: DType) -> Any:
    """float64 values rounded to the nearest number, of two the one whose last bit is 0."""
    values = np.asarray(values, np.float64)
    middles = _middles(dtype)
    magnitude = np.abs(values)
    place = np.searchsorted(middles, magnitude, side="left")
    tie = (place < len(middles)) & (middles[np.minimum(place, len(middles) - 1)] == magnitude)
    place = place + (tie & (place % 2 == 1))  # infinity has the pattern after the largest number
    sign = np.signbit(values).astype(np.uint16) << 15
    nan = bits(np.asarray(np.nan, dtype))
    found = np.where(np.isnan(values), nan, place.astype(np.uint16) | sign)
    return found.astype(np.uint16).view(dtype).reshape(values.shape)


def steps(a: Any, b: Any) -> Any:
    """How many numbers apart two arrays are, by elements; -1 where only one has NaN."""
    places = []
    for x in (a, b):
        pattern = bits(x).astype(np.int64)
        places.append(np.where(pattern >> 15 != 0, -(pattern & 0x7FFF), pattern))
    x_nan, y_nan = np.isnan(wide(a)), np.isnan(wide(b))
    apart = np.abs(places[0] - places[1]).reshape(a.shape)
    return np.where(x_nan & y_nan, 0, np.where(x_nan | y_nan, -1, apart))


def agree(got: Any, wanted: Any, what: str, most: int = 0, share: float = 0.0) -> None:
    """``got`` is ``wanted``: to the bit but for ``share`` of the elements, ``most`` steps away.

    A NaN is any NaN. Signs of zeros count.
    """
    assert got.dtype == wanted.dtype and got.shape == wanted.shape, what
    apart = steps(got, wanted)
    zeros = (bits(got) ^ bits(wanted)).reshape(got.shape) == 0x8000
    apart = np.where(zeros & (apart == 0) & (wide(wanted) == 0), 1 << 16, apart)
    wrong = np.flatnonzero((apart < 0) | (apart > most))
    shown = [(int(i), got.flat[i], wanted.flat[i]) for i in wrong[:5]]
    assert not wrong.size, f"{what}: {wrong.size} of {got.size} differ: {shown}"
    off = np.count_nonzero(apart)
    assert off <= share * got.size, f"{what}: {off} of {got.size} are not rounded to nearest"


def sample(dtype: DType, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Normal numbers about 0."""
    values = np.random.default_rng(seed).normal(0, 2, shape)
    return rounded(values, dtype)


def any_bits(dtype: DType, count: int, seed: int) -> Any:
    """Random patterns, and every pair of special values at the front of two such arrays."""
    random = np.random.default_rng(seed).integers(0, 1 << 16, count).astype(np.uint16)
    one = 0x3C00 if dtype == float16 else 0x3F80
    infinity = 0x7C00 if dtype == float16 else 0x7F80
    special = [0, 1, one - 1, one, one + 1, 2 * one - infinity // 2, infinity - 1, infinity]
    # A NaN that signals is an error to some of the C library's functions.
    quiet = 0x7E00 if dtype == float16 else 0x7FC0
    special += [quiet, quiet | 0x15]
    special += [pattern | 0x8000 for pattern in special]
    first, second = np.meshgrid(special, special)
    chosen = (first, second)[seed % 2].ravel().astype(np.uint16)
    random[: chosen.size] = chosen
    return random.view(dtype)
