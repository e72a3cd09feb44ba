"""Rewrites: what a call records instead of the op it names, where the result is the same.

Only what costs a kernel more than it should, and what is known when the call is made.
"""

from __future__ import annotations

from xgpu.plugin import ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import Scalar


def power(dtype: DType, exponent: Scalar) -> Op | None:
    """The unary op that raises an array of ``dtype`` to ``exponent``, or None.

    ``x ** 2`` is ``x * x`` to the last bit in every dtype, as NumPy computes it too.

    Raises:
        ValueError: an array of integers or bool to a negative integer, whose result is no
            integer (NumPy).
    """
    if isinstance(exponent, bool):
        return None
    if kind_of(dtype) in "biu" and isinstance(exponent, int) and exponent < 0:
        raise ValueError(
            f"Integers to negative integer powers are not allowed: got an array of {dtype}; "
            "convert it to a floating dtype first"
        )
    if exponent == 2 and (isinstance(exponent, int) or kind_of(dtype) in "fc"):
        return ops.SQUARE
    return None


def quotient(dtype: DType, numerator: Scalar) -> Op | None:
    """The unary op that divides ``numerator`` by an array of ``dtype``, or None.

    ``1 / x`` is the reciprocal to the last bit where both are rounded correctly, as those of real
    floats are, and takes about half the instructions.
    """
    return ops.RECIPROCAL if numerator == 1 and kind_of(dtype) == "f" else None
