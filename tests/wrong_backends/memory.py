"""Memory, views, scalars and generators that are wrong: the protocol's methods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import Mutant
from xgpu.plugin import Backend, Input, Operand, Program
from xgpu.plugin.dtypes import DType
from xgpu_conformance.schema import Level
from xgpu_numpy.backend import NumpyBackend

MEMORY: Final = "memory"
VIEWS: Final = "views"
SCALARS: Final = "scalars and generators"
WRITES: Final = "writes"

Strides = tuple[int, ...]
ARRAYS: Final = ("getitem", "test_asarray", "flip", "permute_dims", "test_reshape", "setitem")


def _replacing(method: str, wrong: Callable[..., Any]) -> Callable[[], Backend]:
    """The reference with another method, which is given the right one first."""

    def make() -> Backend:
        backend = NumpyBackend()
        right = getattr(backend, method)
        setattr(backend, method, lambda *args, **given: wrong(right, *args, **given))
        return backend

    return make


def _of(
    kind: str,
    id: str,
    wrong: str,
    method: str,
    function: Callable[..., Any],
    first: str,
    levels: tuple[Level, ...] = ("ops", "functions"),
    official: tuple[str, ...] = ARRAYS,
) -> Mutant:
    return Mutant(
        id, kind, wrong, _replacing(method, function), tuple(first.split()), (), levels, official
    )


# Memory


def _through_float(right: Any, device: int, array: Any) -> Any:
    if array.dtype.kind in "iu":
        with np.errstate(all="ignore"):
            array = np.clip(array.astype(float), -(2.0**63), 2.0**63 - 1024).astype(array.dtype)
    return right(device, array)


def _positive_zeros(right: Any, device: int, array: Any) -> Any:
    return right(device, array + array.dtype.type(0) if array.dtype.kind == "f" else array)


def _flushed(right: Any, device: int, array: Any) -> Any:
    if array.dtype.name in ("float32", "float64"):
        small = np.abs(array) < np.finfo(array.dtype).smallest_normal
        array = np.where(small, array * 0, array)
    return right(device, array)


def _fortran(right: Any, device: int, array: Any) -> Any:
    return right(device, np.array(array.flatten(order="F") if array.ndim > 1 else array))


def _shared(right: Any, device: int, array: Any) -> Any:
    return np.ascontiguousarray(array).reshape(-1)


def _cut(right: Any, device: int, array: Any) -> Any:
    buffer = right(device, array)
    buffer[2**17 :] = 0
    return buffer


def _from_start(right: Any, device: int, buffer: Any, dtype: DType, at: int, size: int) -> Any:
    return right(device, buffer, dtype, 0, size)


def _live(right: Any, device: int, buffer: Any, dtype: DType, at: int, size: int) -> Any:
    return buffer[at : at + size]


def _one_short(right: Any, device: int, buffer: Any, dtype: DType, at: int, size: int) -> Any:
    values = right(device, buffer, dtype, at, size)
    if size > 1 and at:
        values[-1] = values[-2]
    return values


def _empty_refused(right: Any, device: int, dtype: DType, size: int) -> Any:
    if not size:
        raise ValueError("no memory for 0 elements")
    return right(device, dtype, size)


def _pooled() -> Backend:
    """Memory from a pool of one block a size, which is given out while it is in use."""
    backend, pool = NumpyBackend(), dict[tuple[str, int], Any]()

    def allocate(device: int, dtype: DType, size: int) -> Any:
        return pool.setdefault((dtype.name, size), np.empty(size, dtype))

    setattr(backend, "allocate", allocate)  # noqa: B010
    return backend


def _leaking() -> Backend:
    """Counts what is allocated and not what is freed."""
    backend = NumpyBackend()
    right, count = backend.from_host, [0]

    def from_host(device: int, array: Any) -> Any:
        count[0] += array.nbytes
        return right(device, array)

    setattr(backend, "from_host", from_host)  # noqa: B010
    setattr(backend, "allocated", lambda device: count[0])  # noqa: B010
    return backend


def _memory_error(right: Any, *args: Any) -> Any:
    try:
        return right(*args)
    except Exception as error:
        raise MemoryError("no memory") from error


def _backwards(right: Any, device: int, start: Any, stop: Any) -> float:
    return float(start - stop) - 1.0


MEMORIES: Final = (
    _of(MEMORY, "from-host-float", "integers are copied in by way of float64", "from_host",
        _through_float, "buffers asarray", ("ops", "functions", "faults")),
    _of(MEMORY, "from-host-zeros", "-0.0 is copied in as 0.0", "from_host", _positive_zeros,
        "buffers copy asarray"),
    _of(MEMORY, "from-host-flush", "subnormal numbers are copied in as 0", "from_host", _flushed,
        "buffers copy asarray"),
    _of(MEMORY, "from-host-fortran", "several axes are copied in in Fortran order", "from_host",
        _fortran, "buffers asarray"),
    _of(MEMORY, "from-host-shared", "what is copied in is shared with the host", "from_host",
        _shared, "buffers asarray"),
    _of(MEMORY, "from-host-cut", "elements beyond 2**17 are 0", "from_host", _cut, "add"),
    _of(MEMORY, "to-host-offset", "copies out from the first element", "to_host", _from_start,
        "buffers"),
    _of(MEMORY, "to-host-live", "what is copied out is the buffer itself", "to_host", _live,
        "buffers"),
    _of(MEMORY, "to-host-short", "the last element of a part is the one before it", "to_host",
        _one_short, "buffers"),
    _of(MEMORY, "allocate-empty", "no elements are refused", "allocate", _empty_refused,
        "buffers"),
    Mutant("allocate-pool", MEMORY, "a block is given out again while it is in use", _pooled,
           ("buffers", "__setitem__"), official=ARRAYS),
    Mutant("allocated-leak", MEMORY, "what is freed is not counted", _leaking, ("memory",),
           levels=("faults",), official=ARRAYS),
    _of(MEMORY, "launch-memory-error", "no memory is another error", "launch", _memory_error,
        "memory", ("faults",)),
    _of(MEMORY, "elapsed-negative", "time runs backwards", "elapsed", _backwards, "buffers"),
    _of(MEMORY, "allocated-negative", "less than no memory is in use", "allocated",
        lambda right, device: -1, "buffers"),
)  # fmt: skip


# Views


def _view(id: str, wrong: str, change: Callable[..., tuple[Strides, int]]) -> Mutant:
    """Views at other strides and another offset."""

    def strided(right: Any, buffer: Any, shape: Any, strides: Any, offset: int) -> Any:
        other, start = change(shape, strides, offset)
        reach = [s * (n - 1) for s, n in zip(other, shape, strict=True)]
        low, high = (start + sum(r for r in reach if r * way > 0) for way in (-1, 1))
        fits = 0 in shape or (low >= 0 and high < buffer.size)
        return right(buffer, shape, *((other, start) if fits else (strides, offset)))

    return _of(
        VIEWS, f"view-{id}", wrong, "strided", strided, "copy negative __getitem__ matmul gather"
    )


def _contiguous(shape: Strides) -> Strides:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def _swapped(shape: Strides, strides: Strides, offset: int) -> tuple[Strides, int]:
    wrong = len(shape) == 2 and abs(strides[0]) < abs(strides[1])
    return (_contiguous(shape) if wrong else strides), offset


def _no_end(right: Any, buffer: Any, shape: Any, strides: Any, offset: int) -> Any:
    """The last element of a view with gaps is its neighbour in the buffer."""
    seen = right(buffer, shape, strides, offset)
    if len(shape) == 1 and shape[0] > 1 and strides[0] > 1:
        seen = seen.copy()
        seen[-1] = seen[-2]
    return seen


VIEWED: Final = (
    _view("negative", "one axis backwards begins at its other end", lambda shape, strides, at:
          ((-strides[0],), 0) if len(strides) == 1 and strides[0] < 0 else (strides, at)),
    _view("magnitude", "negative strides are positive", lambda shape, strides, at:
          (tuple(map(abs, strides)), at + sum(min(s, 0) * (n - 1) for s, n in
                                              zip(strides, shape, strict=True)))),
    _view("offset", "the offset is left out", lambda shape, strides, at: (strides, 0)),
    _view("swapped", "two axes, transposed, are read as they lie", _swapped),
    _view("broadcast", "strides of 0 are 1", lambda shape, strides, at:
          (tuple(s or 1 for s in strides), at)),
    _view("rank", "four axes are read as they lie", lambda shape, strides, at:
          (_contiguous(shape) if len(shape) == 4 else strides, at)),
    _view("five", "five axes are read as they lie", lambda shape, strides, at:
          (_contiguous(shape) if len(shape) == 5 else strides, at)),
    _view("gaps", "gaps along the last axis are left out", lambda shape, strides, at:
          ((*strides[:-1], 1), at) if strides and strides[-1] == 2 else (strides, at)),
    _view("wide-gaps", "a step of 3 is a step of 2", lambda shape, strides, at:
          (tuple(2 if s == 3 else s for s in strides), at)),
    _view("even-offset", "an odd offset is rounded down",
          lambda shape, strides, at: (strides, at - at % 2)),
    _of(VIEWS, "view-end", "the last element of a view with gaps is the one before it", "strided",
        _no_end, "copy negative __getitem__"),
)  # fmt: skip


# Scalars and generators


def _loading(id: str, wrong: str, access: str, change: Callable[..., Any], first: str) -> Mutant:
    """Operands of one way of access that are changed as they are loaded."""

    def load(right: Any, program: Program, given: Input, shape: Strides, operand: Operand) -> Any:
        value = right(program, given, shape, operand)
        if given.access != access:
            return value
        return np.asarray(change(value, shape, *operand)).astype(value.dtype)

    return _of(
        SCALARS, f"{access}-{id}", wrong, "_load", load, first,
        official=("scalar", "test_arange", "test_eye", "test_linspace", "test_clip", "tri", "full"),
    )  # fmt: skip


def _int32(value: Any, shape: Strides, *operand: Any) -> Any:
    return value.astype(np.int32) if value.dtype.kind in "iu" else value


LOADED: Final = (
    _loading("float32", "float64 scalars have the digits of float32", "scalar",
             lambda v, *_: v.astype(np.float32) if v.dtype == np.float64 else v, "add multiply"),
    _loading("int32", "integer scalars have 32 bits", "scalar", _int32, "add multiply"),
    _loading("nan", "NaN becomes 0", "scalar", lambda v, *_: v if v == v else v * 0 == 1,
             "add __add__ multiply"),
    _loading("zero", "-0.0 becomes 0.0", "scalar", lambda v, *_: v + v.dtype.type(0)
             if v.dtype.kind == "f" else v, "copysign atan2 divide __truediv__"),
    _loading("imaginary", "complex scalars lose the imaginary part", "scalar",
             lambda v, *_: v.real, "add multiply"),
    _loading("negative", "negative integers become 0", "scalar",
             lambda v, *_: np.maximum(v, 0) if v.dtype.kind == "i" else v, "add multiply"),
    _loading("inf", "infinities become the largest number", "scalar",
             lambda v, *_: np.nan_to_num(v, nan=np.nan) if v.dtype.kind == "f" else v,
             "add multiply __mul__"),
    _loading("bool", "True is False", "scalar",
             lambda v, *_: v & False if v.dtype.kind == "b" else v, "logical_and where __and__"),
    _loading("chopped", "fractions are dropped", "scalar",
             lambda v, *_: np.trunc(v) if v.dtype.kind == "f" else v, "add multiply"),
    _loading("one", "count from 1", "index", lambda v, *_: v + 1, "index arange"),
    _loading("offset", "begin at 0", "index", lambda v, shape, x, at, strides: v - at,
             "index arange"),
    _loading("step", "have the step 1", "index", lambda v, shape, x, at, strides:
             np.where(np.abs(v - at) > 1, v + 1, v), "index arange"),
    _loading("down", "do not descend", "index", lambda v, shape, x, at, strides:
             np.maximum(v, at) if all(s <= 0 for s in strides) else v, "index arange flip"),
    _loading("int32", "have 32 bits", "index", _int32, "index"),
    _loading("many", "begin again at 65536", "index", lambda v, shape, x, at, strides:
             at + (v - at) % 65536, "index arange"),
    _loading("first", "is the buffer's first element", "uniform",
             lambda v, shape, buffer, at, strides: buffer[0], "copy add"),
)  # fmt: skip


# Writes


def _storing(id: str, wrong: str, function: Callable[..., Any]) -> Mutant:
    return _of(WRITES, f"write-{id}", wrong, "store", function, "copy add __setitem__",
               official=("setitem", "test_asarray", "operators"))  # fmt: skip


def _whole(right: Any, buffer: Any, shape: Any, strides: Any, offset: int, value: Any) -> Any:
    result = right(buffer, shape, strides, offset, value)
    inside = np.zeros(buffer.size, bool)
    right(inside, shape, strides, offset, True)
    buffer[~inside] = 0
    return result


def _as_it_comes(right: Any, buffer: Any, shape: Any, strides: Any, at: int, value: Any) -> Any:
    buffer[at : at + value.size] = value.reshape(-1)[: buffer.size - at]
    return buffer


def _no_offset(right: Any, buffer: Any, shape: Any, strides: Any, at: int, value: Any) -> Any:
    return right(buffer, shape, strides, 0 if all(s >= 0 for s in strides) else at, value)


def _forwards(right: Any, buffer: Any, shape: Any, strides: Any, at: int, value: Any) -> Any:
    if len(shape) == 1 and strides[0] < 0:
        value = value[::-1]
    return right(buffer, shape, strides, at, value)


def _last_lost(right: Any, buffer: Any, shape: Any, strides: Any, at: int, value: Any) -> Any:
    end = at + sum(s * (n - 1) for s, n in zip(strides, shape, strict=True))
    before = buffer[end]
    result = right(buffer, shape, strides, at, value)
    if math.prod(shape) > 1:
        buffer[end] = before
    return result


def _lost(right: Any, buffer: Any, *rest: Any) -> Any:
    """Written to a copy, while the buffer itself is given back."""
    right(buffer.copy(), *rest)
    return buffer


def _transposed(right: Any, buffer: Any, shape: Any, strides: Any, at: int, value: Any) -> Any:
    if len(shape) > 1 and shape[0] == shape[1]:
        value = np.swapaxes(value, 0, 1)
    return right(buffer, shape, strides, at, value)


STORED: Final = (
    _storing("whole", "what lies between is set to 0", _whole),
    _storing("contiguous", "strides are left out", _as_it_comes),
    _storing("offset", "the offset is left out", _no_offset),
    _storing("forwards", "a view that goes backwards is written forwards", _forwards),
    _storing("last", "the last element is not written", _last_lost),
    _storing("lost", "what is written in place is lost", _lost),
    _storing("transposed", "two axes of one length are written in the other order", _transposed),
)

MUTANTS: Final = (*MEMORIES, *VIEWED, *LOADED, *STORED)
