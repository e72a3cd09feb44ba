"""Distances between floating numbers in units of the last place (ULP), for every floating dtype.

Counted in representable numbers: neighbours are 1 apart, infinity is next to the largest number,
and zeros of either sign are one number.
"""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

Values = NDArray[Any]


def kind(dtype: DType) -> str:
    """The letter of a dtype's kind, "f" for bfloat16 too."""
    return dtypes.kind_of(dtypes.SUPPORTED[dtype])


def real_dtype(dtype: DType) -> DType:
    """The dtype of the components of a complex dtype; any other one is its own."""
    return dtypes.real_of(dtypes.SUPPORTED[dtype])


def limits(dtype: DType) -> Any:
    """Precision and range of a real floating dtype or of a complex one's components."""
    real = real_dtype(dtype)
    info: Any = ml_dtypes.finfo
    return info(real) if real == dtypes.bfloat16 else np.finfo(real)


def epsilon(dtype: DType) -> float:
    """The distance from 1 to the next larger number."""
    return float(limits(dtype).eps)


def smallest_normal(dtype: DType) -> float:
    """The smallest number whose digits are all there."""
    return float(limits(dtype).smallest_normal)


def subnormal(x: Values) -> NDArray[np.bool_]:
    """Where real floats are below that, and not zero."""
    return np.asarray((x != 0) & (np.abs(x) < smallest_normal(x.dtype)))


def steps(got: Values, expected: Values) -> NDArray[np.float64]:
    """How many representable numbers lie between real floats, without NaN."""
    a, b = _ordered(got), _ordered(expected)
    with np.errstate(over="ignore"):
        near = np.abs(a - b).astype(np.float64)
    far = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return np.where(far < 2.0**52, near, far)


def _ordered(x: Values) -> NDArray[np.int64]:
    bits = np.ascontiguousarray(x).view(f"i{x.dtype.itemsize}").astype(np.int64)
    lowest = -(2 ** (8 * x.dtype.itemsize - 1))
    return np.where(bits < 0, lowest - bits, bits)


def distance(got: Values, expected: Values) -> NDArray[np.float64]:
    """ULP between arrays of one real floating dtype; 0 from NaN to NaN, infinity to a number."""
    nan = np.isnan(got), np.isnan(expected)
    between = steps(got, expected)
    return np.where(nan[0] | nan[1], np.where(nan[0] & nan[1], 0.0, np.inf), between)


def unit(size: Values) -> NDArray[np.float64]:
    """The distance between neighbours at each finite real number, as float64 (and not below it)."""
    lowest = float(limits(size.dtype).smallest_subnormal)
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(np.abs(size.astype(np.float64)))
        spaced = np.ldexp(epsilon(size.dtype), exponent.astype(np.int64) - 1)
    return np.maximum(spaced, lowest)


def zeros_differ(got: Values, expected: Values) -> NDArray[np.bool_]:
    """Where both real floats are zero and the signs differ."""
    zero = (got == 0) & (expected == 0)
    return np.asarray(zero & (np.signbit(got) != np.signbit(expected)))


WIDER: Final[dict[DType, DType]] = {
    dtypes.float32: dtypes.float64,
    dtypes.complex64: dtypes.complex128,
}
"""dtypes whose true values the reference gives in another one."""


def parts(x: Values) -> tuple[Values, ...]:
    """The components of complex numbers; real ones are their own."""
    return (x.real, x.imag) if x.dtype.kind == "c" else (x,)


def joined(re: Any, im: Any, dtype: DType) -> Values:
    """The complex array of these components; ``re + 1j * im`` would lose zeros and infinities."""
    result: Values = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), dtype)
    with np.errstate(all="ignore"):
        result.real, result.imag = re, im
    return result
