"""dtype promotion, decided once for every backend.

The tables of the standard ("Type Promotion Rules") within a kind; where the standard leaves a
pair undefined (integer with floating, ``uint64`` with signed) NumPy's rule, since code that
meets such a pair was written for NumPy. Python scalars are weak: they take the dtype of the
array where its kind can hold them.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType

#: Python scalar types that are weak in promotion, in the order of their kinds.
Scalar = bool | int | float | complex
SCALAR_TYPES: Final = (bool, int, float, complex)

_RANK: Final = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}

# Asking numpy.iinfo costs more than recording an op.
BOUNDS: Final = {
    dtype: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    for dtype in dtypes.SUPPORTED
    if dtypes.kind_of(dtype) in "iu"
}


@cache
def promote(a: DType, b: DType) -> DType:
    """The dtype in which an ``a`` and a ``b`` meet."""
    try:
        return dtypes.SUPPORTED[np.promote_types(a, b)]
    except TypeError:
        # ml_dtypes knows no dtype for bfloat16 and float16, or integers of more than 8 bits, which
        # bfloat16 does not hold. These go where they go with float32, the next wider float, as
        # float16 and integers that it does not hold do.
        return promote(*(dtypes.float32 if d is dtypes.bfloat16 else d for d in (a, b)))


@cache
def same_kind(given: DType, to: DType) -> bool:
    """Whether an assignment converts ``given`` to ``to``: NumPy's rule of that name."""
    # ml_dtypes has no such rule for bfloat16 and float16; one stands for the other.
    given, to = (dtypes.float16 if d is dtypes.bfloat16 else d for d in (given, to))
    return np.can_cast(given, to, "same_kind")


@cache
def weak(dtype: DType, scalar: type) -> DType:
    """The dtype in which an array of ``dtype`` meets a Python scalar of type ``scalar``."""
    rank = SCALAR_TYPES.index(scalar)
    kind = dtypes.kind_of(dtype)
    if rank <= _RANK[kind]:
        return dtype
    if scalar is int:
        return dtypes.DEFAULT_INTEGER
    if scalar is float:
        return dtypes.DEFAULT_REAL
    return dtypes.complex_of(dtype) if kind == "f" else dtypes.DEFAULT_COMPLEX


def default_of(scalar: type) -> DType:
    """The dtype of a Python scalar that stands alone."""
    return {
        bool: dtypes.bool_,
        int: dtypes.DEFAULT_INTEGER,
        float: dtypes.DEFAULT_REAL,
        complex: dtypes.DEFAULT_COMPLEX,
    }[scalar]


def fit(value: Scalar, dtype: DType) -> Scalar:
    """``value`` as a Python scalar of ``dtype``'s kind.

    Raises:
        OverflowError: an int that ``dtype`` cannot hold.
    """
    kind = dtypes.kind_of(dtype)
    if kind in "iu":
        whole = int(value.real) if isinstance(value, complex) else int(value)
        least, largest = BOUNDS[dtype]
        if not least <= whole <= largest:
            raise _too_large(whole, dtype)
        return whole
    try:
        if kind == "f":
            return float(value.real) if isinstance(value, complex) else float(value)
        if kind == "c":
            return complex(value)
    except OverflowError:
        raise _too_large(int(value.real), dtype) from None
    return bool(value)


def _too_large(value: int, dtype: DType) -> OverflowError:
    # Python refuses to write out an int of more than a few thousand digits.
    bits = value.bit_length()
    said = str(value) if bits <= 128 else f"of {bits} bits"
    return OverflowError(f"Python integer {said} out of bounds for {dtype}")
