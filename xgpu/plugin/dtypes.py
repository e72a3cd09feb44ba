"""The dtypes of xgpu: ``numpy.dtype`` objects and their kinds.

Those of the standard, and two floats of 16 bits.

Sources: Array API 2025.12, "Data Types"; IEEE 754-2019, binary16; for bfloat16, ml_dtypes.
"""

from __future__ import annotations

import reprlib
from typing import Any, Final

import ml_dtypes
import numpy as np

DType = np.dtype[Any]

bool_: Final[DType] = np.dtype("bool")
int8: Final[DType] = np.dtype("int8")
int16: Final[DType] = np.dtype("int16")
int32: Final[DType] = np.dtype("int32")
int64: Final[DType] = np.dtype("int64")
uint8: Final[DType] = np.dtype("uint8")
uint16: Final[DType] = np.dtype("uint16")
uint32: Final[DType] = np.dtype("uint32")
uint64: Final[DType] = np.dtype("uint64")
float16: Final[DType] = np.dtype("float16")
bfloat16: Final[DType] = np.dtype(ml_dtypes.bfloat16)
float32: Final[DType] = np.dtype("float32")
float64: Final[DType] = np.dtype("float64")
complex64: Final[DType] = np.dtype("complex64")
complex128: Final[DType] = np.dtype("complex128")

STANDARD: Final[tuple[DType, ...]] = (
    bool_,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float32,
    float64,
    complex64,
    complex128,
)
NARROW: Final[tuple[DType, ...]] = (float16, bfloat16)
"""The floats of 16 bits: what is done with them is done in float32, and rounded."""

ALL: Final[tuple[DType, ...]] = STANDARD + NARROW
SUPPORTED: Final[dict[DType, DType]] = {dtype: dtype for dtype in ALL}
"""Each dtype to the one object that stands for it here, so that ``is`` compares dtypes."""

DEFAULT_REAL: Final = float64
DEFAULT_COMPLEX: Final = complex128
DEFAULT_INTEGER: Final = int64

# One letter per kind: b(ool) i(nt) u(int) f(loat) c(omplex).
KINDS: Final[dict[str, str]] = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}

_KINDS: Final[dict[DType, str]] = {d: "f" if d in NARROW else d.kind for d in ALL}


def kind_of(dtype: DType) -> str:
    """The letter of the kind of one of xgpu's dtypes: ``dtype.kind``, which is V for bfloat16."""
    return _KINDS[dtype]


def real_of(dtype: DType) -> DType:
    """The dtype of the components of a complex dtype; any other dtype is its own."""
    if kind_of(dtype) != "c":
        return dtype
    return float32 if dtype == complex64 else float64


def complex_of(dtype: DType) -> DType:
    """The complex dtype whose components have the real floating ``dtype``, or hold it."""
    return complex128 if real_of(dtype) == float64 else complex64


def check(dtype: object) -> DType:
    """Normalise what a user may pass as a dtype.

    Raises:
        TypeError: ``dtype`` is no dtype, or one that xgpu does not have (object, string, ...).
    """
    try:
        if dtype is None:  # which NumPy takes for float64
            raise TypeError
        given: DType = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(f"not a dtype: {reprlib.repr(dtype)}; allowed are {_names()}") from None
    # Foreign byte order compares unequal to the native dtype, and no kernel reads it.
    native = SUPPORTED.get(given.newbyteorder("="))
    if native is None:
        raise TypeError(f"xgpu has no dtype {given!r}; allowed are {_names()}")
    return native


def _names() -> str:
    return ", ".join(str(d) for d in ALL)
