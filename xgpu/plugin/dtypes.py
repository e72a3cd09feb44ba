"""The dtypes of xgpu: ``numpy.dtype`` objects, their kinds, and the limits of each.

Source: Array API 2025.12, "Data Types".
"""

from __future__ import annotations

from typing import Any, Final

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
float32: Final[DType] = np.dtype("float32")
float64: Final[DType] = np.dtype("float64")
complex64: Final[DType] = np.dtype("complex64")
complex128: Final[DType] = np.dtype("complex128")

ALL: Final[tuple[DType, ...]] = (
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
SUPPORTED: Final[dict[DType, DType]] = {dtype: dtype for dtype in ALL}
"""Each dtype to the one object that stands for it here, so that ``is`` compares dtypes."""

DEFAULT_REAL: Final = float64
DEFAULT_COMPLEX: Final = complex128
DEFAULT_INTEGER: Final = int64

# One letter per kind, as numpy.dtype.kind: b(ool) i(nt) u(int) f(loat) c(omplex).
KINDS: Final[dict[str, str]] = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


def real_of(dtype: DType) -> DType:
    """The dtype of the components of a complex dtype; any other dtype is its own."""
    if dtype.kind != "c":
        return dtype
    return float32 if dtype == complex64 else float64


def complex_of(dtype: DType) -> DType:
    """The complex dtype whose components have the real floating ``dtype``."""
    return complex64 if real_of(dtype) == float32 else complex128


def check(dtype: object) -> DType:
    """Normalise what a user may pass as a dtype.

    Raises:
        TypeError: ``dtype`` is no dtype, or one that xgpu does not have (object, string, ...).
    """
    try:
        given: DType = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(f"not a dtype: {dtype!r}; allowed are {_names()}") from None
    # Foreign byte order compares unequal to the native dtype, and no kernel reads it.
    native = SUPPORTED.get(given.newbyteorder("="))
    if dtype is None or native is None:
        raise TypeError(f"xgpu has no dtype {given!r}; allowed are {_names()}")
    return native


def _names() -> str:
    return ", ".join(str(d) for d in ALL)
