"""Reductions that leave NaN out, for the libraries that ask a namespace for them.

They are not in the standard. Names, arguments and defaults are NumPy's; where nothing is left, or
less than ``ddof``, the mean, the extremes and the variance are NaN, without a warning. Numbers that
cannot be NaN go to the standard's function. Complex numbers with a NaN component are left out too.

Source: NumPy, "Statistics" and "Mathematical functions"; asked for by xarray's duck arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from xgpu.arguments import checked
from xgpu.array import Array
from xgpu.data_types import astype
from xgpu.elementwise import abs as magnitude
from xgpu.elementwise import equal, isnan, logical_not, sqrt, square
from xgpu.plugin.dtypes import DEFAULT_REAL, DType, kind_of, real_of
from xgpu.searching import count_nonzero, where
from xgpu.statistical import max as largest
from xgpu.statistical import min as smallest
from xgpu.statistical import prod
from xgpu.statistical import sum as total

Axis = int | tuple[int, ...] | None


def nansum(
    x: Array, axis: Axis = None, dtype: DType | None = None, *, keepdims: bool = False
) -> Array:
    """The sum of what is not NaN; 0 of nothing. dtype as of `xgpu.sum`."""
    return total(_with(x, 0, "nansum"), axis=axis, dtype=dtype, keepdims=keepdims)


def nanprod(
    x: Array, axis: Axis = None, dtype: DType | None = None, *, keepdims: bool = False
) -> Array:
    """The product of what is not NaN; 1 of nothing. dtype as of `xgpu.prod`."""
    return prod(_with(x, 1, "nanprod"), axis=axis, dtype=dtype, keepdims=keepdims)


def nanmax(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The largest of what is not NaN.

    Raises:
        TypeError: complex numbers, which have no order.
        ValueError: no elements.
    """
    return _extreme(largest, -math.inf, checked(x, "nanmax"), axis, keepdims)


def nanmin(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The smallest of what is not NaN.

    Raises:
        TypeError: complex numbers, which have no order.
        ValueError: no elements.
    """
    return _extreme(smallest, math.inf, checked(x, "nanmin"), axis, keepdims)


def nanmean(
    x: Array, axis: Axis = None, dtype: DType | None = None, *, keepdims: bool = False
) -> Array:
    """The mean of what is not NaN, in ``dtype``, or x's, or float64 for integers."""
    x = _floating(x, dtype, "nanmean")
    return nansum(x, axis, keepdims=keepdims) / _count(x, axis, keepdims)


def nanvar(
    x: Array,
    axis: Axis = None,
    dtype: DType | None = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
) -> Array:
    """The variance of what is not NaN, a real number, divided by its count less ``ddof``."""
    x = _floating(x, dtype, "nanvar")
    # An infinity is NaN away from the mean, and not left out.
    distance = where(isnan(x), 0, x - nanmean(x, axis, keepdims=True))
    if kind_of(x.dtype) == "c":
        distance = magnitude(distance)
    freedom = _count(x, axis, keepdims) - ddof
    found = total(square(distance), axis=axis, keepdims=keepdims)
    return found / where(freedom > 0, freedom, math.nan)


def nanstd(
    x: Array,
    axis: Axis = None,
    dtype: DType | None = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
) -> Array:
    """The square root of `nanvar`."""
    return sqrt(nanvar(x, axis, dtype, ddof=ddof, keepdims=keepdims))


def _with(x: Array, value: float, name: str) -> Array:
    """``x`` with ``value`` for NaN."""
    return where(isnan(x), value, x) if kind_of(checked(x, name).dtype) in "fc" else x


def _floating(x: Array, dtype: DType | None, name: str) -> Array:
    if dtype is None and kind_of(checked(x, name).dtype) in "fc":
        return x
    return astype(checked(x, name), DEFAULT_REAL if dtype is None else dtype, copy=False)


def _count(x: Array, axis: Axis, keepdims: bool) -> Array:
    """How many are not NaN, as numbers that x can be divided by."""
    kept = count_nonzero(logical_not(isnan(x)), axis=axis, keepdims=keepdims)
    return astype(kept, real_of(x.dtype))


def _extreme(
    function: Callable[..., Array], worst: float, x: Array, axis: Axis, keepdims: bool
) -> Array:
    """``function`` with ``worst`` for NaN, and NaN where there was nothing else."""
    if kind_of(x.dtype) != "f":
        return function(x, axis=axis, keepdims=keepdims)
    found = function(where(isnan(x), worst, x), axis=axis, keepdims=keepdims)
    return where(equal(_count(x, axis, keepdims), 0.0), math.nan, found)
