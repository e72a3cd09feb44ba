"""Functions that make arrays.

Ranges, constants and masks take no memory: they are values of the coordinates, computed by the
kernel that uses them. Without ``device=`` an array goes to the default device.

Source: Array API 2025.12, "Creation Functions".
"""

from __future__ import annotations

import math
from cmath import isfinite
from functools import reduce
from typing import Any, Literal

import numpy as np

from xgpu.arguments import (
    checked,
    constant_of,
    device_or_default,
    met,
    on_one_device,
    plain,
    scalar_dtype,
)
from xgpu.array import Array, holding, move, read, through, wrap
from xgpu.graph.device import Device
from xgpu.graph.node import Node, constant, coordinate, filled, pending, viewed
from xgpu.graph.shapes import integer, limit_axes, normalize_shape
from xgpu.graph.view import View, broadcast, whole
from xgpu.manipulation import stack
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.narrow import converted
from xgpu.plugin.promotion import Scalar, fit, promote
from xgpu.runtime import foreign, record
from xgpu.runtime.plugins import device as find_device
from xgpu.runtime.transfer import from_host

Shape = int | tuple[int, ...]

_ON_HOST = (np.ndarray, np.generic, list, tuple, bool, int, float, complex)


def arange(
    start: int | float | Array,
    /,
    stop: int | float | Array | None = None,
    step: int | float | Array = 1,
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """The numbers ``start + i * step`` of [start, stop), or of [0, start) without ``stop``.

    Computed in the result's dtype, 16-bit floats in float32; floats asked for as integers are
    computed in float64 and truncated, each for itself. 0-d arrays are taken as `linspace` takes
    them.

    Raises:
        TypeError: an argument that is no real number, or a dtype of bool.
        ZeroDivisionError: ``step`` is 0.
        OverflowError: an end of the range does not fit the dtype.

    Source: Array API 2025.12, Creation Functions.
    """
    rest = [v for v in (stop, step) if v is not None]
    dtype, device = _as_the_ends((start, *rest), dtype, device)
    given: list[Any] = [plain(_end(v), "arange") for v in (start, *rest)]
    if any(isinstance(v, complex) for v in given):
        raise TypeError(f"arange() takes real numbers: got {', '.join(map(repr, given))}")
    first, end, by = (0, *given) if stop is None else given
    whole_numbers = not any(isinstance(v, float) for v in given)
    if dtype is None:
        dtype = dtypes.DEFAULT_INTEGER if whole_numbers else dtypes.DEFAULT_REAL
    dtype = dtypes.check(dtype)
    if kind_of(dtype) == "b":
        raise TypeError("arange() gives numbers: dtype bool is none")
    if by == 0:
        raise ZeroDivisionError("arange() needs a step other than 0")
    count = max(0, _count(first, end, by))
    node = coordinate((count,), 0, device_or_default(device))
    if kind_of(dtype) not in "iu":
        real = dtypes.float32 if dtype in dtypes.NARROW else dtypes.real_of(dtype)
        return wrap(record.cast(_steps(node, first, by, real), dtype))
    if not whole_numbers:
        return wrap(record.cast(_steps(node, float(first), float(by), dtypes.float64), dtype))
    if count == 0:
        return wrap(record.cast(node, dtype))
    fit(first, dtype)
    fit(first + (count - 1) * by, dtype)
    # Modulo 2**64: a step may be negative or as long as the whole range of the dtype.
    if dtype == dtypes.uint64:
        return wrap(_steps(node, first % 2**64, by % 2**64, dtype))
    by = (by + 2**63) % 2**64 - 2**63
    return wrap(record.cast(_steps(node, first, by, dtypes.int64), dtype))


def asarray(
    obj: Any,
    /,
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
    copy: bool | None = None,
    non_blocking: bool = False,
) -> Array:
    """An array of ``obj``: a scalar, a nested sequence, a NumPy array, a buffer or an array.

    An xgpu array comes back as it is if nothing changes and ``copy`` is not True; ``device``
    moves it. Everything else is copied to the device, or, from a GPU, on its own one if no other is
    given. ``copy=False`` shares the memory of a NumPy array, of a buffer, or of another library's
    array on the device, as `from_dlpack` does. A sequence that holds xgpu arrays is joined as by
    `xgpu.stack`, on their device unless another is given.

    ``non_blocking`` queues a NumPy array's copy on this thread's stream and does not wait for it:
    the array must not be changed until that is done (`Stream.synchronize`, `Event.synchronize`).
    From memory of `xgpu.empty_pinned` it overlaps with kernels on other streams.

    Raises:
        TypeError: what NumPy sees as object, string or another dtype that xgpu does not have, or
            complex values for a real dtype.
        ValueError: a ragged sequence, or ``copy=False`` where a copy is needed.
        OverflowError: an int that the dtype cannot hold.

    Source: Array API 2025.12, Creation Functions.
    """
    asked = None if dtype is None else dtypes.check(dtype)
    if isinstance(obj, Array):
        return _converted(obj, asked, device, copy)
    if copy is False:
        return _without_copy(obj, asked, device)
    if not isinstance(obj, _ON_HOST) and foreign.on_gpu(obj):
        return _converted(from_dlpack(obj, copy=True), asked, device, None)
    if isinstance(obj, list | tuple) and _holds_arrays(obj):
        return _joined(obj, asked, device)
    host = np.asarray(obj)
    if host.dtype.kind == "O":
        _refuse_large(obj)
    found = dtypes.check(host.dtype)
    if asked is not None and found is not asked:
        if kind_of(found) == "c" and kind_of(asked) != "c":
            raise TypeError(f"asarray() got {found} for {asked}; take xgpu.real or xgpu.imag first")
        # Python's numbers are checked against the dtype by NumPy; a NumPy array is just cast.
        with np.errstate(all="ignore"):
            narrow = asked in dtypes.NARROW or found in dtypes.NARROW
            host = converted(host, asked) if narrow else np.asarray(obj, dtype=asked)
    where = device_or_default(device)
    if not host.ndim:
        return wrap(constant(host.item(), dtypes.check(host.dtype), where))
    return wrap(from_host(host, where, non_blocking=non_blocking))


def empty(shape: Shape, *, dtype: DType | None = None, device: str | Device | None = None) -> Array:
    """An array of uninitialised memory, of float64 if no dtype is given.

    Source: Array API 2025.12, Creation Functions.
    """
    return wrap(_blank(normalize_shape(shape), _or_real(dtype), device_or_default(device)))


def empty_like(
    x: Array, /, *, dtype: DType | None = None, device: str | Device | None = None
) -> Array:
    """`empty` with the shape of x, and its dtype and device unless others are given.

    Source: Array API 2025.12, Creation Functions.
    """
    return wrap(_blank(checked(x, "empty_like").shape, _or_own(dtype, x), _beside(device, x)))


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """A matrix of ones on diagonal ``k`` (above the main one where positive) and zeros elsewhere.

    It has ``n_rows`` rows and ``n_cols`` columns, as many as rows for None.

    Source: Array API 2025.12, Creation Functions.
    """
    shape = normalize_shape((n_rows, n_rows if n_cols is None else n_cols))
    diagonal = _diagonal(shape, device_or_default(device))
    chosen = record.with_scalar(ops.EQUAL, diagonal, _within(k, shape), False)
    return wrap(record.cast(chosen, _or_real(dtype)))


def from_dlpack(
    x: Any, /, *, device: str | Device | None = None, copy: bool | None = None
) -> Array:
    """Another library's array, taken through DLPack; it shares its memory wherever that can be.

    The memory stays where it is, in the host's (``cpu``) or a GPU's, and what either side writes
    the other one sees. The values are copied if ``copy`` is True, or to come to another ``device``.
    What the other library hands out for reading alone, or without saying that it may be written to,
    is read-only here. An array that has ``__cuda_array_interface__`` alone is taken by that.

    Raises:
        AttributeError: ``x`` has neither.
        BufferError: it cannot be taken, or not be brought to ``device``, or xgpu lacks its dtype;
            or ``copy`` is False, and its memory cannot be shared.

    Source: Array API 2025.12, Creation Functions.
    """
    if isinstance(x, Array):
        return _converted(x, None, device, copy)
    there = foreign.device_of(x)
    target = there if device is None else find_device(device)
    if target is None:
        raise BufferError(
            f"from_dlpack() takes memory of the host and of CUDA: got {foreign.described(x)}; "
            "have it copied there: xgpu.from_dlpack(x, device='cpu')"
        )
    if foreign.shares(target, there):
        return _seen(*foreign.borrowed(x, target, copy))
    if copy is False:
        raise BufferError(
            f"from_dlpack(copy=False): {foreign.described(x)}, is brought to {target} by a copy "
            "alone; leave copy or device out"
        )
    if there is not None:
        return move(_seen(*foreign.borrowed(x, there, None)), target)
    host = find_device("cpu")
    return move(_seen(*foreign.borrowed(foreign.OnHost(x), host, True)), target)


def full(
    shape: Shape,
    fill_value: Scalar | Array,
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """``fill_value`` everywhere, in its own default dtype if none is given.

    A 0-d array as the value has its dtype, and its device if no other is given, and is not read.

    Raises:
        TypeError: ``fill_value`` is no scalar, or of a kind that the dtype does not hold.
        OverflowError: an int that the dtype cannot hold.

    Source: Array API 2025.12, Creation Functions.
    """
    if isinstance(fill_value, Array) and not fill_value.ndim:
        value = fill_value if device is None else fill_value.to_device(device)
        node = record.cast(read(value), _or_own(dtype, value))
        return wrap(_spread(node, normalize_shape(shape)))
    chosen = scalar_dtype(fill_value, "full") if dtype is None else dtypes.check(dtype)
    node = constant_of(fill_value, chosen, device_or_default(device), "full")
    return wrap(_spread(node, normalize_shape(shape)))


def full_like(
    x: Array,
    /,
    fill_value: Scalar | Array,
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
) -> Array:
    """``fill_value`` everywhere, as `full` with the shape, dtype and device of x unless given.

    Source: Array API 2025.12, Creation Functions.
    """
    shape = checked(x, "full_like").shape
    if isinstance(fill_value, Array) and not fill_value.ndim:
        if device is None:
            _, value = on_one_device([x, fill_value], "full_like")
        else:
            value = fill_value.to_device(device)
        return wrap(_spread(record.cast(read(value), _or_own(dtype, x)), shape))
    node = constant_of(fill_value, _or_own(dtype, x), _beside(device, x), "full_like")
    return wrap(_spread(node, shape))


def linspace(
    start: Scalar | Array,
    stop: Scalar | Array,
    /,
    num: int,
    *,
    dtype: DType | None = None,
    device: str | Device | None = None,
    endpoint: bool = True,
) -> Array:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, the last one if ``endpoint``.

    Computed in float64 or complex128; an integer dtype gets the floor of that, as in NumPy. A 0-d
    array as ``start`` or ``stop`` is read, which waits for its device; there the result is, and
    has the array's floating dtype, unless another device or dtype is given.

    Raises:
        TypeError: ``start`` or ``stop`` is neither number nor 0-d array, or complex for a real
            dtype.
        ValueError: ``num`` is negative.

    Source: Array API 2025.12, Creation Functions.
    """
    count = integer(num, "num")
    if count < 0:
        raise ValueError(f"linspace() takes a number of samples of at least 0: got {count}")
    dtype, device = _as_the_ends((start, stop), dtype, device)
    ends = (plain(_end(start), "linspace"), plain(_end(stop), "linspace"))
    made = complex if complex in map(type, ends) else float
    first, last = made(ends[0]), made(ends[1])  # type: ignore[arg-type]
    inner = dtypes.complex128 if made is complex else dtypes.float64
    asked = inner if dtype is None else dtypes.check(dtype)
    if kind_of(asked) == "b" or (made is complex and kind_of(asked) != "c"):
        raise TypeError(f"linspace() of {made.__name__} values cannot give {asked}")
    # Half of each where the distance between them is beyond the largest number.
    halved = isfinite(first) and isfinite(last) and not isfinite(last - first)
    if halved:
        first, last = first / 2, last / 2
    parts = count - 1 if endpoint else count
    place = coordinate((count,), 0, device_or_default(device))
    node = record.cast(place, inner)
    step = (last - first) / parts if parts > 0 else last - first
    if step == 0 and parts > 0:
        # The step underflows: divide first, and the ends stay apart.
        node = record.with_scalar(ops.DIVIDE, node, parts, False)
        step = last - first
    node = _steps(node, first, step, inner)
    if endpoint and count > 1:
        at_end = record.with_scalar(ops.EQUAL, place, count - 1, False)
        node = record.where(at_end, constant(last, inner, place.device), node)
    if halved:
        node = record.binary(ops.ADD, node, node)
    if kind_of(asked) in "iu":
        node = record.unary(ops.FLOOR, node)
    return wrap(record.cast(node, asked))


def _as_the_ends(
    ends: tuple[Any, ...], dtype: DType | None, device: str | Device | None
) -> tuple[DType | None, str | Device | None]:
    """The dtype and device of a range between arrays, where none is given."""
    arrays = [x for x in ends if isinstance(x, Array)]
    if not arrays:
        return dtype, device
    if dtype is None:
        dtype = reduce(promote, [x.dtype for x in arrays])
        for scalar in ends:
            dtype = dtype if isinstance(scalar, Array) else met(dtype, scalar, "a range")
        dtype = dtype if kind_of(dtype) in "fc" else None
    return dtype, arrays[0].device if device is None else device


def _end(value: Any) -> Any:
    return value.item() if isinstance(value, Array) and not value.ndim else value


def meshgrid(*arrays: Array, indexing: Literal["xy", "ij"] = "xy") -> tuple[Array, ...]:
    """Coordinates of every point of the grid that one-dimensional arrays span, as new arrays.

    For lengths M, N, P ... they have the shape (N, M, P ...), or (M, N, P ...) if ``indexing`` is
    "ij".

    Raises:
        ValueError: an array that is not one-dimensional, too many arrays, or another ``indexing``.

    Source: Array API 2025.12, Creation Functions.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid() takes indexing='xy' or 'ij': got {indexing!r}")
    if not arrays:
        return ()
    arrays = tuple(on_one_device(arrays, "meshgrid"))
    if any(x.ndim != 1 for x in arrays):
        raise ValueError(f"meshgrid() takes 1-d arrays: got {[x.shape for x in arrays]}")
    limit_axes(len(arrays))
    order = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        order[:2] = [1, 0]  # which array runs along each axis
    shape = tuple(arrays[i].shape[0] for i in order)
    grids = []
    for i, x in enumerate(arrays):
        strides = tuple(1 if i == j else 0 for j in order)
        grids.append(wrap(viewed(read(x), View(shape, strides, 0))))
    return tuple(grids)


def ones(shape: Shape, *, dtype: DType | None = None, device: str | Device | None = None) -> Array:
    """An array with 1 everywhere, of float64 if no dtype is given.

    Source: Array API 2025.12, Creation Functions.
    """
    given = _or_real(dtype)
    return wrap(filled(normalize_shape(shape), fit(1, given), given, device_or_default(device)))


def ones_like(
    x: Array, /, *, dtype: DType | None = None, device: str | Device | None = None
) -> Array:
    """`ones` with the shape of x, and its dtype and device unless others are given.

    Source: Array API 2025.12, Creation Functions.
    """
    shape = checked(x, "ones_like").shape
    return ones(shape, dtype=_or_own(dtype, x), device=_beside(device, x))


def tril(x: Array, /, *, k: int = 0) -> Array:
    """A copy of each matrix of a stack with zeros above diagonal ``k``.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Creation Functions.
    """
    return _triangle(ops.LESS_EQUAL, x, k, "tril")


def triu(x: Array, /, *, k: int = 0) -> Array:
    """A copy of each matrix of a stack with zeros below diagonal ``k``.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Creation Functions.
    """
    return _triangle(ops.GREATER_EQUAL, x, k, "triu")


def zeros(shape: Shape, *, dtype: DType | None = None, device: str | Device | None = None) -> Array:
    """An array with 0 everywhere, of float64 if no dtype is given.

    Source: Array API 2025.12, Creation Functions.
    """
    given = _or_real(dtype)
    return wrap(filled(normalize_shape(shape), fit(0, given), given, device_or_default(device)))


def zeros_like(
    x: Array, /, *, dtype: DType | None = None, device: str | Device | None = None
) -> Array:
    """`zeros` with the shape of x, and its dtype and device unless others are given.

    Source: Array API 2025.12, Creation Functions.
    """
    shape = checked(x, "zeros_like").shape
    return zeros(shape, dtype=_or_own(dtype, x), device=_beside(device, x))


def _or_real(dtype: DType | None) -> DType:
    return dtypes.DEFAULT_REAL if dtype is None else dtypes.check(dtype)


def _or_own(dtype: DType | None, x: Array) -> DType:
    return x.dtype if dtype is None else dtypes.check(dtype)


def _beside(device: str | Device | None, x: Array) -> Device:
    return x.device if device is None else find_device(device)


def _blank(shape: tuple[int, ...], dtype: DType, device: Device) -> Node:
    return pending(ops.EMPTY, (), shape, dtype, device)


def _spread(node: Node, shape: tuple[int, ...]) -> Node:
    """A 0-d node at every place of ``shape``."""
    return viewed(node, broadcast(whole(()), shape)) if shape else node


def _steps(node: Node, first: Scalar, by: Scalar, dtype: DType) -> Node:
    """``first + node * by`` in ``dtype``, without the parts that change nothing."""
    node = record.cast(node, dtype)
    if by != 1:
        node = record.binary(ops.MULTIPLY, node, constant(fit(by, dtype), dtype, node.device))
    if first != 0:
        node = record.binary(ops.ADD, node, constant(fit(first, dtype), dtype, node.device))
    return node


def _count(first: int | float, end: int | float, by: int | float) -> int:
    """How many steps ``by`` lead from ``first`` to before ``end``."""
    if isinstance(first, int) and isinstance(end, int) and isinstance(by, int):
        return len(range(first, end, by))
    steps = (end - first) / by
    if not math.isfinite(steps):
        raise ValueError(f"arange() from {first} to {end} by {by} has no finite length")
    return math.ceil(steps)


def _diagonal(shape: tuple[int, ...], device: Device) -> Node:
    """The number of the diagonal, column minus row, at each place of a matrix."""
    row, column = coordinate(shape, 0, device), coordinate(shape, 1, device)
    return record.binary(ops.SUBTRACT, column, row)


def _within(k: int, shape: tuple[int, ...]) -> int:
    """``k``, or the nearest number of a diagonal outside the matrix, which fits an int64."""
    return max(-shape[0], min(integer(k, "k"), shape[1]))


def _triangle(op: ops.Op, x: Array, k: int, name: str) -> Array:
    if checked(x, name).ndim < 2:
        raise ValueError(f"{name}() needs at least 2 axes: got shape {x.shape}")
    shape = x.shape[-2:]
    inside = record.with_scalar(op, _diagonal(shape, x.device), _within(k, shape), False)
    zero = constant(fit(0, x.dtype), x.dtype, x.device)
    return wrap(record.where(inside, read(x), zero))


def _seen(node: Node, view: View | None) -> Array:
    """An array on what was taken from another library."""
    array = holding(node)
    return array if view is None else through(array, view)


def _without_copy(obj: Any, dtype: DType | None, device: str | Device | None) -> Array:
    """What `asarray` gives for ``copy=False``: the memory of ``obj`` itself."""
    try:
        if not isinstance(obj, _ON_HOST) and foreign.on_gpu(obj):
            shared = from_dlpack(obj, device=device, copy=False)
        else:
            target = device_or_default(device)
            node, view = foreign.of_memory(np.asarray(obj, copy=False), target)
            shared = _seen(node, view)
    except (BufferError, ValueError) as error:
        raise ValueError(
            f"asarray(copy=False) got a {type(obj).__name__}, whose memory cannot be shared: "
            f"{error}"
        ) from error
    return _converted(shared, dtype, None, False)


def _converted(
    x: Array, dtype: DType | None, device: str | Device | None, copy: bool | None
) -> Array:
    """An xgpu array with the dtype and on the device asked for."""
    target = _beside(device, x)
    dtype = dtype or x.dtype
    if dtype is x.dtype and target is x.device:
        return wrap(read(x)) if copy else x
    if copy is False:
        raise ValueError(
            f"copy=False, and {x.dtype} on {x.device} becomes {dtype} on {target} by a copy alone"
        )
    if kind_of(x.dtype) == "c" and kind_of(dtype) != "c":
        raise TypeError(f"asarray() got {x.dtype} for {dtype}; take xgpu.real or xgpu.imag first")
    return move(wrap(record.cast(read(x), dtype)), target)


def _holds_arrays(items: Any) -> bool:
    return _first_array(items) is not None


def _first_array(items: Any) -> Array | None:
    """The first xgpu array in a nested sequence."""
    for item in items:
        found = _first_array(item) if isinstance(item, list | tuple) else item
        if isinstance(found, Array):
            return found
    return None


def _joined(items: Any, dtype: DType | None, device: str | Device | None) -> Array:
    """A nested sequence of arrays and scalars as one array, on the device of the first array."""
    first = _first_array(items)
    parts = []
    for item in items:
        nested = [item] if isinstance(item, Array) else item
        alone = not isinstance(nested, list | tuple) or not _holds_arrays(nested)
        beside = first.device if alone and first is not None and device is None else device
        parts.append(asarray(item, dtype=dtype, device=beside))
    return stack(parts)


def _refuse_large(obj: Any) -> None:
    """OverflowError if a Python int is what made NumPy choose the dtype object."""
    for item in np.asarray(obj, dtype=object).reshape(-1):
        if isinstance(item, int) and not -(2**63) <= item < 2**64:
            raise OverflowError(f"Python integer {item} out of bounds for every integer dtype")
