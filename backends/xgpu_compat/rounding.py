"""Conversions to 16-bit floats with one rounding, for libraries that round to float32 first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Array = Any


def to_odd(
    xp: Any, x: Array, to: Callable[[Array, Any], Array], bits: Callable[..., Array]
) -> Array:
    """``x`` in float32: of the neighbours of a number in between, the one with an odd last bit.

    Rounding that again gives what rounding the number itself does. Source: Boldo and Melquiond,
    "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008).

    Args:
        xp: the library's namespace.
        x: real numbers.
        to: converts an array to a dtype.
        bits: reads an array's bits as another dtype of the same width.
    """
    if x.dtype == xp.uint64:  # half of it, whose last bit stands for two
        whole = bits(x, xp.int64)
        halved = (whole >> 1) & (2**63 - 1) | whole & 1
        small, large = (to_odd(xp, part, to, bits) for part in (whole, halved))
        return xp.where(whole < 0, 2 * large, small)
    if x.dtype == xp.int64:  # beyond 2**53 one bit stands for the 12 lowest ones
        low = to(x & 4095 != 0, xp.int64) << 11
        x = xp.where((x >> 53 == 0) | (x >> 53 == -1), x, (x >> 12 << 12) + low)
    if x.dtype not in (xp.float64, xp.int32, xp.uint32, xp.int64):
        return to(x, xp.float32)
    x = to(x, xp.float64)
    nearest = to(x, xp.float32)
    back = to(nearest, xp.float64)
    found = bits(nearest, xp.int32)
    odd = (found - to(abs(back) > abs(x), xp.int32)) | 1
    return bits(xp.where((back != x) & ~xp.isnan(x), odd, found), xp.float32)
