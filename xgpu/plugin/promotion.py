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


@cache
def promote(a: DType, b: DType) -> DType:
    """The dtype in which an ``a`` and a ``b`` meet."""
    return dtypes.SUPPORTED[np.promote_types(a, b)]


@cache
def weak(dtype: DType, scalar: type) -> DType:
    """The dtype in which an array of ``dtype`` meets a Python scalar of type ``scalar``."""
    rank = SCALAR_TYPES.index(scalar)
    if rank <= _RANK[dtype.kind]:
        return dtype
    if scalar is int:
        return dtypes.DEFAULT_INTEGER
    if scalar is float:
        return dtypes.DEFAULT_REAL
    return dtypes.complex_of(dtype) if dtype.kind == "f" else dtypes.DEFAULT_COMPLEX


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
    kind = dtype.kind
    if kind in "iu":
        whole = int(value.real) if isinstance(value, complex) else int(value)
        info = np.iinfo(dtype)
        if not info.min <= whole <= info.max:
            raise OverflowError(f"Python integer {whole} out of bounds for {dtype}")
        return whole
    if kind == "f":
        return float(value.real) if isinstance(value, complex) else float(value)
    if kind == "c":
        return complex(value)
    return bool(value)
