"""Rewrites: what a call records instead of the op it names, where the result is the same.

Only what costs a kernel more than it should, and what is known when the call is made.
"""

from __future__ import annotations

from xgpu.plugin import ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import Scalar


def power(dtype: DType, exponent: Scalar) -> Op | None:
    """The unary op that raises an array of ``dtype`` to ``exponent``, or None.

    ``x ** 2`` is ``x * x`` to the last bit in every dtype, as NumPy computes it too.

    Raises:
        ValueError: an integer array to a negative integer, whose result is no integer (NumPy).
    """
    if isinstance(exponent, bool):
        return None
    if dtype.kind in "iu" and isinstance(exponent, int) and exponent < 0:
        raise ValueError("Integers to negative integer powers are not allowed.")
    if exponent == 2 and (isinstance(exponent, int) or dtype.kind in "fc"):
        return ops.SQUARE
    return None
