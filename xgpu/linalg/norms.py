"""Norms of vectors and matrices.

A norm is real; the maximum over no elements is 0, the minimum over none a ValueError. Sums of
squares and powers are taken as they are, so elements beyond the square root of the dtype's range
overflow to infinity or underflow to 0.

Source: Array API 2025.12, "Linear Algebra Extension".
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from xgpu.arguments import checked
from xgpu.array import Array, read, wrap
from xgpu.creation import zeros
from xgpu.data_types import astype
from xgpu.elementwise import abs as magnitude
from xgpu.elementwise import imag, pow, real, sqrt, square
from xgpu.graph.shapes import normalize_axes
from xgpu.linalg.decompositions import svdvals
from xgpu.linalg.matrices import floating, matrices
from xgpu.manipulation import expand_dims
from xgpu.plugin import ops
from xgpu.plugin.dtypes import NARROW, float32, kind_of, real_of
from xgpu.runtime import record
from xgpu.statistical import max, min, sum

Axis = int | tuple[int, ...] | None


def matrix_norm(
    x: Array,
    /,
    *,
    keepdims: bool = False,
    ord: int | float | Literal["fro", "nuc"] | None = "fro",
) -> Array:
    """The norm of each matrix, real; over the last two axes.

    ``ord``: "fro" or None for the root of the sum of squares, "nuc" for the sum of the singular
    values, 2 and -2 for the largest and the smallest of them, 1 and -1 for the largest and the
    smallest sum of magnitudes of a column, inf and -inf of a row.

    Raises:
        ValueError: another ``ord``, fewer than two axes, or a minimum over nothing.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SQRT, matrices(x, "matrix_norm"), "matrix_norm")
    if isinstance(ord, str):
        known = ord in ("fro", "nuc")
    else:
        known = ord is None or ord in (1, 2, math.inf, -1, -2, -math.inf)
    if not known:
        raise ValueError(
            f"matrix_norm() takes ord='fro', 'nuc', 1, 2, inf, -1, -2 or -inf: got {ord!r}"
        )
    if x.dtype in NARROW and ord not in ("nuc", 2, -2):
        return astype(matrix_norm(astype(x, float32), keepdims=keepdims, ord=ord), x.dtype)
    if ord is None or ord == "fro":
        return sqrt(sum(_squares(x), axis=(-2, -1), keepdims=keepdims))
    if ord in ("nuc", 2, -2):
        singular = svdvals(x)
        if ord == "nuc":
            norm = sum(singular, axis=-1)
        else:
            norm = _extreme(singular, (singular.ndim - 1,), largest=ord == 2)
    else:
        # Over columns for 1 and -1, over rows for inf and -inf; then over what is left.
        summed = sum(magnitude(x), axis=-2 if ord in (1, -1) else -1)
        norm = _extreme(summed, (summed.ndim - 1,), largest=float(ord) > 0)
    return expand_dims(norm, (-2, -1)) if keepdims else norm


def vector_norm(
    x: Array,
    /,
    *,
    axis: Axis = None,
    keepdims: bool = False,
    ord: int | float = 2,
) -> Array:
    """Norms of vectors along an axis or several, or of all elements.

    ``ord``: inf and -inf for the largest and the smallest magnitude, 0 for the number of elements
    other than 0, else p for ``sum(abs(x) ** p) ** (1 / p)``.

    Raises:
        TypeError: an ``ord`` that is no real number.
        IndexError: an axis out of range.
        ValueError: an axis named twice, or a minimum over nothing.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    axes = normalize_axes(axis, checked(x, "vector_norm").ndim)
    if isinstance(ord, np.generic):
        ord = ord.item()
    if isinstance(ord, bool) or not isinstance(ord, int | float):
        raise TypeError(f"vector_norm() takes a real number as ord: got {ord!r}")
    x = floating(ops.SQRT, x, "vector_norm")
    if x.dtype in NARROW:
        norm = vector_norm(astype(x, float32), axis=axis, keepdims=keepdims, ord=ord)
        return astype(norm, x.dtype)
    if math.isinf(ord):
        norm = _extreme(magnitude(x), axes, largest=ord > 0)
    elif ord == 0:
        norm = sum(wrap(record.cast(read(x != 0), real_of(x.dtype))), axis=axes)
    elif ord == 1:
        norm = sum(magnitude(x), axis=axes)
    elif ord == 2:
        norm = sqrt(sum(_squares(x), axis=axes))
    else:
        norm = pow(sum(pow(magnitude(x), float(ord)), axis=axes), 1 / ord)
    return expand_dims(norm, axes) if keepdims else norm


def _squares(x: Array) -> Array:
    """The squares of the magnitudes."""
    return square(real(x)) + square(imag(x)) if kind_of(x.dtype) == "c" else square(x)


def _extreme(x: Array, axes: tuple[int, ...], largest: bool) -> Array:
    if largest and any(x.shape[i] == 0 for i in axes):
        kept = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        return zeros(kept, dtype=x.dtype, device=x.device)
    fold: Any = max if largest else min
    result: Array = fold(x, axis=axes)
    return result
