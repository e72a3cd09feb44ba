"""xgpu's arrays as the chunks of ``dask.array``, in the tables that it calls chunks' functions by.

Without an entry dask takes the functions of NumPy, which bring a chunk to the host or refuse it.

Source: dask 2024.1 and later, ``dask/array/dispatch.py`` and ``dask/array/backends.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from xgpu.array import Array
from xgpu.creation import asarray, empty, full
from xgpu.data_types import astype
from xgpu.elementwise import bitwise_invert, divide, isnan
from xgpu.execution import to_device
from xgpu.indexing import take
from xgpu.linear_algebra import tensordot
from xgpu.manipulation import concat
from xgpu.numpy_functions import einsum
from xgpu.plugin.dtypes import float64, kind_of
from xgpu.statistical import sum as sum_of

Axis = int | Sequence[int] | None


def add_lookups(dispatch: Any) -> None:
    """Enter xgpu's arrays.

    Args:
        dispatch: the module ``dask.array.backends``, where NumPy's arrays are entered.
    """
    entries = {
        "concatenate_lookup": _concatenate,
        "divide_lookup": _divide,
        "einsum_lookup": _einsum,
        "empty_lookup": empty,
        "nannumel_lookup": _count_of_numbers,
        "numel_lookup": _count,
        "percentile_lookup": _percentile,
        "take_lookup": _take,
        "tensordot_lookup": _tensordot,
        "to_numpy_dispatch": _to_numpy,
    }
    for name, function in entries.items():
        getattr(dispatch, name).register(Array, function)


def _concatenate(arrays: Sequence[Array], axis: int | None = 0) -> Array:
    return concat(list(arrays), axis=axis)


def _divide(a: Any, b: Any, dtype: Any = None) -> Array:
    """Sums by counts; dask's counts without an axis are NumPy's numbers."""
    device = (a if isinstance(a, Array) else b).device
    x, y = (
        v if isinstance(v, Array) else asarray(v, dtype=dtype or float64, device=device)
        for v in (a, b)
    )
    result = divide(x, y)
    return result if dtype is None else astype(result, dtype, copy=False)


def _einsum(subscripts: str, *operands: Array, dtype: Any = None, **options: Any) -> Array:
    """``order``, ``casting`` and ``optimize`` are about NumPy's own way to compute."""
    return einsum(subscripts, *operands, dtype=dtype)


def _axes(axis: Axis, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(axis) if isinstance(axis, Sequence) else (axis,)


def _count(
    x: Array, axis: Axis = None, keepdims: bool = False, dtype: Any = float64, **options: Any
) -> Any:
    """How many elements there are along axes, at each place of the others."""
    axes = {i % max(x.ndim, 1) for i in _axes(axis, x.ndim)}
    count = prod(x.shape[i] for i in axes)
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes)
    return full(shape, count, dtype=dtype, device=x.device)


def _count_of_numbers(
    x: Array, axis: Axis = None, keepdims: bool = False, dtype: Any = None, **options: Any
) -> Array:
    """How many elements are no NaN."""
    return sum_of(
        bitwise_invert(isnan(x)), axis=_axes(axis, x.ndim), dtype=dtype, keepdims=keepdims
    )


def _percentile(a: Array, q: Any, method: str = "linear") -> tuple[Any, int]:
    """Percentiles of a chunk and its length; dask merges them with NumPy, on the host."""
    values = _to_numpy(a)
    if not len(values):
        return None, 0
    if kind_of(a.dtype) == "b":
        method = "nearest"
    return np.percentile(values, _to_numpy(q), method=method), len(values)  # type: ignore[call-overload]


def _take(x: Array, indices: Any, axis: int = 0) -> Array:
    """The indices are NumPy's arrays; as a key they are checked on the host."""
    if isinstance(indices, Array):
        return take(x, indices, axis=axis)
    return x[(slice(None),) * (axis % x.ndim) + (np.asarray(indices),)]


def _tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    if not isinstance(axes, int):
        axes = tuple(_axes(group, 0) for group in axes)
    return tensordot(a, b, axes=axes)


def _to_numpy(data: Any, **options: Any) -> Any:
    return np.asarray(to_device(data, "cpu") if isinstance(data, Array) else data)
