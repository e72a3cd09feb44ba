"""Functions of dtypes, which are ``numpy.dtype`` objects.

Source: Array API 2025.12, "Data Type Functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from xgpu.arguments import checked, met
from xgpu.array import Array, move, read, wrap
from xgpu.graph.device import Device
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.promotion import SCALAR_TYPES, Scalar, promote
from xgpu.runtime import record
from xgpu.runtime.plugins import device as find_device
from xgpu.runtime.scalars import foreign


@dataclass(frozen=True, slots=True)
class FloatInfo:
    """Limits of a real floating dtype."""

    bits: int  #: that a number takes; a complex one takes twice as many
    eps: float  #: distance from 1.0 to the next larger number
    max: float  #: largest finite number
    min: float  #: its negative
    smallest_normal: float  #: smallest positive number of full precision
    dtype: DType


@dataclass(frozen=True, slots=True)
class IntegerInfo:
    """Limits of an integer dtype."""

    bits: int  #: that a number takes
    max: int  #: largest number
    min: int  #: smallest number
    dtype: DType


def astype(
    x: Array, dtype: DType, /, *, copy: bool = True, device: str | Device | None = None
) -> Array:
    """A copy of x in another dtype; x itself if nothing changes and ``copy`` is False.

    What the standard leaves open (NaN and numbers beyond the range of an integer dtype) is the
    device's.

    Raises:
        TypeError: complex elements to a real dtype, which loses a component; not a dtype.

    Source: Array API 2025.12, Data Type Functions.
    """
    target = dtypes.check(dtype)
    if kind_of(checked(x, "astype").dtype) == "c" and kind_of(target) not in "bc":
        raise TypeError(f"astype() of {x.dtype} to {target}: take xgpu.real or xgpu.imag first")
    where = x.device if device is None else find_device(device)
    if target is x.dtype and where is x.device and not copy:
        return x
    return move(wrap(record.cast(read(x), target)), where)


def can_cast(from_: DType | Array, to: DType, /) -> bool:
    """Whether an array of dtype ``from_``, or this array, promotes to ``to`` where it meets it.

    Source: Array API 2025.12, Data Type Functions.
    """
    target = dtypes.check(to)
    return promote(_dtype_of(from_), target) is target


def finfo(type: DType | Array, /) -> FloatInfo:
    """Limits of a floating dtype, or an array's; of the components of a complex ``type``.

    Raises:
        ValueError: a dtype of another kind.

    Source: Array API 2025.12, Data Type Functions.
    """
    dtype = dtypes.real_of(_dtype_of(type))
    if kind_of(dtype) != "f":
        raise ValueError(f"finfo() takes a floating dtype: got {dtype}")
    info: Any = (ml_dtypes.finfo if dtype is dtypes.bfloat16 else np.finfo)(dtype)
    return FloatInfo(
        bits=info.bits,
        eps=float(info.eps),
        max=float(info.max),
        min=float(info.min),
        smallest_normal=float(info.smallest_normal),
        dtype=dtype,
    )


def iinfo(type: DType | Array, /) -> IntegerInfo:
    """Limits of the integer dtype ``type``, or of an array's.

    Raises:
        ValueError: a dtype of another kind.

    Source: Array API 2025.12, Data Type Functions.
    """
    dtype = _dtype_of(type)
    if kind_of(dtype) not in "iu":
        raise ValueError(f"iinfo() takes an integer dtype: got {dtype}")
    info = np.iinfo(dtype)
    return IntegerInfo(bits=info.bits, max=int(info.max), min=int(info.min), dtype=dtype)


def isdtype(dtype: DType, kind: DType | str | tuple[DType | str, ...]) -> bool:
    """Whether ``dtype`` is of a ``kind`` such as "real floating", or of one of several.

    The kinds are "bool", "signed integer", "unsigned integer", "integral", "real floating",
    "complex floating" and "numeric"; a dtype is a kind of its own.

    Raises:
        ValueError: an unknown kind.
        TypeError: not a dtype.

    Source: Array API 2025.12, Data Type Functions.
    """
    given = dtypes.check(dtype)
    return any(_is(given, k) for k in (kind if isinstance(kind, tuple) else (kind,)))


def result_type(*arrays_and_dtypes: Array | Scalar | DType) -> DType:
    """The dtype in which all ``arrays_and_dtypes`` meet; Python scalars among them are weak.

    The standard leaves scalars alone open; they meet, as in NumPy, in their default dtypes.

    Raises:
        TypeError: something that is no array, dtype or scalar.
        ValueError: nothing is given.

    Source: Array API 2025.12, Data Type Functions.
    """
    scalars = [a for a in arrays_and_dtypes if isinstance(a, SCALAR_TYPES)]
    strong = [_dtype_of(a) for a in arrays_and_dtypes if not isinstance(a, SCALAR_TYPES)]
    if not arrays_and_dtypes:
        raise ValueError("result_type() needs at least one array, dtype or scalar")
    dtype = strong[0] if strong else dtypes.bool_
    for other in strong[1:]:
        dtype = promote(dtype, other)
    for scalar in scalars:
        dtype = met(dtype, scalar, "result_type")
    return dtype


def _dtype_of(given: Any) -> DType:
    if isinstance(given, np.ndarray):
        raise TypeError(foreign("a function of dtypes", given))
    if isinstance(given, Array | np.generic):
        return dtypes.check(given.dtype)
    return dtypes.check(given)


def _is(dtype: DType, kind: Any) -> bool:
    if not isinstance(kind, str):
        return dtype is dtypes.check(kind)
    if kind not in dtypes.KINDS:
        names = ", ".join(map(repr, dtypes.KINDS))
        raise ValueError(f"unknown kind {kind!r}; the kinds are {names}")
    return kind_of(dtype) in dtypes.KINDS[kind]
