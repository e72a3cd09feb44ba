"""The 16-bit floats on the host: numbers of NumPy rounded to them, once.

NumPy and ml_dtypes round by way of float32, and so twice, where a dtype has more digits than that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from xgpu.plugin.dtypes import NARROW, DType

_EXACT = ("float16", "bfloat16", "float32", "bool", "int8", "int16", "uint8", "uint16")


def converted(x: Any, dtype: DType) -> Any:
    """A ``numpy.ndarray`` of real numbers in another dtype; 16-bit floats are rounded once.

    Ties go to the even neighbour, and what is too large becomes infinity.
    """
    if dtype in NARROW:
        return _to_odd(x).astype(dtype)
    if x.dtype in NARROW:
        x = x.astype(np.float32)
    return x.astype(dtype)


def _to_odd(x: Any) -> Any:
    """``x`` in float32: of the two neighbours of a number in between, the one with an odd last bit.

    Rounding that again to fewer digits gives what rounding the number itself does. Source: Boldo
    and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
    odd" (2008).
    """
    if x.dtype.name in _EXACT:
        return x.astype(np.float32)
    if x.dtype.kind in "iu" and x.dtype.itemsize == 8:
        # Beyond 2**53, one bit stands for the 12 lowest ones, and float64 holds the rest.
        low = (x & 4095 != 0).astype(x.dtype) * 2048
        large = (x >> 53 != 0) & (x >> 53 != -1) if x.dtype.kind == "i" else x >> 53 != 0
        x = np.where(large, (x >> 12 << 12) + low, x)
    x = x.astype(np.float64)
    nearest: Any = x.astype(np.float32)
    bits = nearest.view(np.uint32)
    odd = bits - (np.abs(nearest.astype(np.float64)) > np.abs(x)) | 1
    inexact = (nearest.astype(np.float64) != x) & ~np.isnan(x)
    return np.where(inexact, odd, bits).astype(np.uint32).view(np.float32)
