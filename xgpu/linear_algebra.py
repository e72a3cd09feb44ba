"""Products of matrices and vectors.

Source: Array API 2025.12, "Linear Algebra Functions".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from xgpu import array
from xgpu.arguments import checked, on_one_device
from xgpu.array import Array, binary, read, reduce, unary, wrap
from xgpu.graph import infer
from xgpu.graph.shapes import integer, normalize_axis
from xgpu.manipulation import moveaxis, permute_dims, reshape
from xgpu.plugin import ops
from xgpu.plugin.dtypes import NARROW, float32, kind_of
from xgpu.plugin.promotion import promote
from xgpu.runtime import record


def matmul(x1: Array, x2: Array, /) -> Array:
    """The matrix product: (..., M, K) and (..., K, N) give (..., M, N), and stacks broadcast.

    A one-dimensional x1 is a row, a one-dimensional x2 a column; the result lacks its axis.

    Raises:
        ValueError: a 0-d operand, or inner lengths that differ.

    Source: Array API 2025.12, Linear Algebra Functions.
    """
    return array.matmul(x1, x2)


def matrix_transpose(x: Array, /) -> Array:
    """A view with the last two axes swapped.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Functions.
    """
    return checked(x, "matrix_transpose").mT


def tensordot(
    x1: Array, x2: Array, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2
) -> Array:
    """Products summed over pairs of axes.

    These are the last ``axes`` of x1 with the first of x2, or a sequence of axes of each.

    Raises:
        IndexError: an axis out of range.
        ValueError: lengths that differ, an axis named twice, or a negative number of axes.

    Source: Array API 2025.12, Linear Algebra Functions.
    """
    x1, x2 = on_one_device([x1, x2], "tensordot")
    left, right = _pairs(axes, x1.ndim, x2.ndim)
    if any(x1.shape[i] != x2.shape[j] for i, j in zip(left, right, strict=True)):
        raise ValueError(
            f"tensordot() sums over axes of equal length: got axes {left} of shape {x1.shape} "
            f"and axes {right} of shape {x2.shape}"
        )
    free1 = tuple(i for i in range(x1.ndim) if i not in left)
    free2 = tuple(i for i in range(x2.ndim) if i not in right)
    rows, columns = tuple(x1.shape[i] for i in free1), tuple(x2.shape[i] for i in free2)
    inner = math.prod(x1.shape[i] for i in left)
    a = reshape(permute_dims(x1, free1 + left), (math.prod(rows), inner))
    b = reshape(permute_dims(x2, right + free2), (inner, math.prod(columns)))
    return reshape(array.matmul(a, b), rows + columns)


def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The sum of ``conj(x1) * x2`` along ``axis``; the other axes broadcast.

    Raises:
        IndexError: an axis out of range.
        ValueError: the lengths along ``axis`` differ, or the shapes do not broadcast.

    Source: Array API 2025.12, Linear Algebra Functions.
    """
    x1, x2 = on_one_device([x1, x2], "vecdot")
    where1, where2 = normalize_axis(axis, x1.ndim), normalize_axis(axis, x2.ndim)
    if x1.shape[where1] != x2.shape[where2]:
        raise ValueError(
            f"vecdot() needs equal lengths along axis {axis}: got shapes {x1.shape} and {x2.shape}"
        )
    a, b = moveaxis(x1, where1, -1), moveaxis(x2, where2, -1)
    if kind_of(a.dtype) == "c":
        a = unary(ops.CONJ, a)
    dtype = promote(a.dtype, b.dtype)
    infer.compute(ops.SUM, dtype, "vecdot")
    if dtype in NARROW:
        # Not rounded before they are added.
        a, b = (wrap(record.cast(read(x), float32)) for x in (a, b))
    product = binary(ops.MULTIPLY, a, b)
    return wrap(record.cast(read(reduce(ops.SUM, product, (product.ndim - 1,), False)), dtype))


def _pairs(
    axes: int | tuple[Sequence[int], Sequence[int]], rank1: int, rank2: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of each operand that are summed over."""
    if not isinstance(axes, tuple | list):
        count = integer(axes, "axes")
        if not 0 <= count <= min(rank1, rank2):
            raise ValueError(f"tensordot() of {rank1} and {rank2} axes cannot sum over {count}")
        return tuple(range(rank1 - count, rank1)), tuple(range(count))
    if len(axes) != 2:
        raise ValueError(f"tensordot() takes the axes of each of two operands: got {axes}")
    first, second = axes
    left = tuple(normalize_axis(i, rank1) for i in _sequence(first))
    right = tuple(normalize_axis(i, rank2) for i in _sequence(second))
    if len(left) != len(right) or len({*left}) != len(left) or len({*right}) != len(right):
        raise ValueError(f"tensordot() needs as many axes of each operand, each once: got {axes}")
    return left, right


def _sequence(axes: int | Sequence[int]) -> Sequence[int]:
    return axes if isinstance(axes, tuple | list) else (integer(axes, "axes"),)
