"""DLPack's capsules: one made of memory, and memory taken out of one.

Capsules are made by NumPy, of an array that describes the memory: its code frees them, from
whichever thread and without Python if need be. NumPy knows the host and its own dtypes, so the
device and bfloat16 are written into what it made. Source: dlpack.h, version 1.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final, NamedTuple

import numpy as np

from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu.plugin.exchange import HOST

VERSION: Final = (1, 0)
"""The version that is asked for and given, where the other side knows it."""

READ_ONLY: Final = 1
COPIED: Final = 2
"""DLPACK_FLAG_BITMASK_READ_ONLY, and ..._IS_COPIED: nobody else sees the memory."""

BFLOAT: Final = 4

_DTYPES: Final[dict[tuple[int, int], DType]] = {
    **{(0, d.itemsize * 8): d for d in (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)},
    **{(1, d.itemsize * 8): d for d in (dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64)},
    (2, 16): dtypes.float16,
    (2, 32): dtypes.float32,
    (2, 64): dtypes.float64,
    (BFLOAT, 16): dtypes.bfloat16,
    (5, 64): dtypes.complex64,
    (5, 128): dtypes.complex128,
    (6, 8): dtypes.bool_,
}
"""(type code, bits) of DLDataType."""


class Foreign(NamedTuple):
    """Memory of another library, as it describes it."""

    device: tuple[int, int]  #: DLPack's type and number
    address: int  #: of the first element
    dtype: DType
    shape: tuple[int, ...]
    strides: tuple[int, ...]  #: in elements
    readonly: bool
    copied: bool  #: nobody else sees it
    owner: Any  #: what keeps it alive


class _Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class _Managed(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = (
        ("tensor", _Tensor),
        ("manager_ctx", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager_ctx", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    )


_get_pointer: Final = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype = ctypes.c_void_p
_get_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)
_is_valid: Final = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype = ctypes.c_int
_is_valid.argtypes = (ctypes.py_object, ctypes.c_char_p)
_set_name: Final = ctypes.pythonapi.PyCapsule_SetName
_set_name.restype = ctypes.c_int
_set_name.argtypes = (ctypes.py_object, ctypes.c_char_p)

# Capsules keep the address of their name, so these live as long as the process.
_OLD, _NEW = b"dltensor", b"dltensor_versioned"
_USED_OLD, _USED_NEW = ctypes.c_char_p(b"used_" + _OLD), ctypes.c_char_p(b"used_" + _NEW)

# With the interpreter's lock held: deleters that need it take it again, as they may.
_DELETER: Final = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)


class _Owner:
    """What came in a capsule, given back when nothing needs it any more."""

    __slots__ = ("_address", "_deleter")

    def __init__(self, address: int, deleter: int | None) -> None:
        self._address = address
        self._deleter = deleter

    def __del__(self) -> None:
        if self._deleter:
            _DELETER(self._deleter)(self._address)


def capsule(
    array: Any, device: tuple[int, int], max_version: tuple[int, int] | None, copied: bool
) -> Any:
    """A capsule with the memory that ``array``, a ``numpy.ndarray``, describes, and holds.

    It is read-only if the array is; ``copied`` says that nobody else sees it.

    Raises:
        BufferError: it is read-only, and ``max_version`` is one that cannot say so.
    """
    narrow = array.dtype == dtypes.bfloat16
    if narrow:
        array = array.view(np.uint16)
    versioned = max_version is not None and max_version[0] >= VERSION[0]
    try:
        made = array.__dlpack__(max_version=VERSION if versioned else None)
    except TypeError:  # before NumPy 2.1
        made = array.__dlpack__()
    tensor: Any
    if _is_valid(made, _NEW):
        managed = _Versioned.from_address(_get_pointer(made, _NEW))
        managed.flags |= COPIED if copied else 0
        tensor = managed.tensor
    else:
        tensor = _Managed.from_address(_get_pointer(made, _OLD)).tensor
    tensor.device_type, tensor.device_id = device
    if narrow:
        tensor.code = BFLOAT
    return made


def taken(capsule: Any) -> Foreign:
    """The memory in a capsule, which is used up by this.

    Raises:
        BufferError: a capsule that was used before, or with what xgpu does not take; it is left
            as it was.
    """
    versioned = bool(_is_valid(capsule, _NEW))
    if not versioned and not _is_valid(capsule, _OLD):
        used = _is_valid(capsule, _USED_OLD) or _is_valid(capsule, _USED_NEW)
        what = "a capsule that was consumed before" if used else repr(capsule)
        raise BufferError(
            f"__dlpack__() gave {what}: each capsule is taken once, so it has to make a fresh one"
        )
    address = int(_get_pointer(capsule, _NEW if versioned else _OLD))
    managed: Any = (_Versioned if versioned else _Managed).from_address(address)
    if versioned and managed.major != VERSION[0]:
        raise BufferError(
            f"__dlpack__() gave a capsule of version {managed.major}.{managed.minor}: "
            f"xgpu asked for {VERSION[0]}.{VERSION[1]}"
        )
    # Where the version cannot say whether it may be written to, it may not: as in NumPy.
    flags = managed.flags if versioned else READ_ONLY
    tensor = managed.tensor
    dtype = _DTYPES.get((tensor.code, tensor.bits)) if tensor.lanes == 1 else None
    if dtype is None:
        raise BufferError(
            f"__dlpack__() gave elements of type code {tensor.code}, {tensor.bits} bits and "
            f"{tensor.lanes} lane(s), a dtype that xgpu does not have; cast it first"
        )
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = _strides(tensor, shape)
    readonly, copied = bool(flags & READ_ONLY), versioned and bool(flags & COPIED)
    device = int(tensor.device_type), int(tensor.device_id)
    start = (tensor.data or 0) + tensor.byte_offset
    _set_name(capsule, _USED_NEW if versioned else _USED_OLD)
    owner = _Owner(address, managed.deleter)
    return Foreign(device, start, dtype, shape, strides, readonly, copied, owner)


def _strides(tensor: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    if tensor.strides:
        return tuple(tensor.strides[: tensor.ndim])
    steps: list[int] = []
    step = 1
    for length in reversed(shape):
        steps.append(step)
        step *= length
    return tuple(reversed(steps))


def of_numpy(array: Any) -> Foreign | None:
    """A ``numpy.ndarray`` as foreign memory; None if it is not made of whole elements.

    Raises:
        TypeError: a dtype that xgpu does not have.
    """
    size = array.itemsize
    dtype = dtypes.check(array.dtype)
    if not array.dtype.isnative or not array.flags.aligned or any(s % size for s in array.strides):
        return None
    return Foreign(
        HOST,
        int(array.__array_interface__["data"][0]),
        dtype,
        array.shape,
        tuple(s // size for s in array.strides),
        not array.flags.writeable,
        False,
        array,
    )
