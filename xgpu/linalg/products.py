"""Products of vectors, powers of matrices, and their diagonals.

Source: Array API 2025.12, "Linear Algebra Extension".
"""

from __future__ import annotations

from xgpu.arguments import checked, on_one_device
from xgpu.array import Array, binary, read, seen, through, wrap
from xgpu.graph.shapes import integer, normalize_axis
from xgpu.graph.view import View
from xgpu.linalg.matrices import identities, matrices, square
from xgpu.linalg.systems import inv
from xgpu.linear_algebra import matmul
from xgpu.manipulation import expand_dims, moveaxis, stack
from xgpu.plugin import ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.statistical import sum


def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """Cross products of vectors of 3 elements along ``axis``; the other axes broadcast.

    Raises:
        TypeError: bool.
        IndexError: ``axis`` out of range.
        ValueError: another length than 3 along it, a non-negative ``axis`` of arrays of different
            rank, or shapes that do not broadcast.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x1, x2 = on_one_device([x1, x2], "cross")
    if x1.ndim != x2.ndim and integer(axis, "axis") >= 0:
        raise ValueError(f"cross() of different ranks takes a negative axis: got {axis}")
    place = normalize_axis(axis, min(x1.ndim, x2.ndim)) - min(x1.ndim, x2.ndim)
    if x1.shape[place] != 3 or x2.shape[place] != 3:
        raise ValueError(
            f"cross() takes vectors of 3 elements: got shapes {x1.shape} and {x2.shape}, "
            f"axis {axis}"
        )
    a, b = ([moveaxis(x, place, -1)[..., i] for i in range(3)] for x in (x1, x2))
    parts = [a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return stack(parts, axis=place)


def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    """The diagonal ``offset`` places above the main one (below for a negative one), a view.

    Without elements where the matrix has no such diagonal.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    old = seen(matrices(x, "diagonal"))
    above = max(integer(offset, "offset"), 0)
    below = max(-integer(offset, "offset"), 0)
    *kept, (m, down), (n, right) = zip(old.shape, old.strides, strict=True)
    length = max(min(m - below, n - above), 0)
    start = old.offset + (below * down + above * right if length else 0)
    shape = (*(n for n, _ in kept), length)
    return through(x, View(shape, (*(s for _, s in kept), down + right), start))


def matrix_power(x: Array, n: int, /) -> Array:
    """Square matrices times themselves: the identity for 0, powers of the inverse below 0.

    Integers stay integers, except for a negative n.

    Raises:
        TypeError: n is no integer, or bool elements.
        ValueError: not square; `numpy.linalg.LinAlgError` for a singular matrix and a
            negative n.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    power = integer(n, "n")
    if kind_of(square(x, "matrix_power").dtype) == "b":
        raise TypeError("matrix_power() takes numbers: got dtype bool")
    if power == 0:
        return identities(x, x.shape[-1])
    base = inv(x) if power < 0 else wrap(read(x))
    power = abs(power)
    result = None
    while True:
        if power & 1:
            result = base if result is None else matmul(result, base)
        power >>= 1
        if not power:
            assert result is not None
            return result
        base = matmul(base, base)


def outer(x1: Array, x2: Array, /) -> Array:
    """The products of each element of one vector with each of another, (N, M).

    Raises:
        ValueError: an array that is not one-dimensional.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x1, x2 = on_one_device([x1, x2], "outer")
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"outer() takes 1-d arrays: got shapes {x1.shape} and {x2.shape}")
    return binary(ops.MULTIPLY, expand_dims(x1, 1), expand_dims(x2, 0))


def trace(x: Array, /, *, offset: int = 0, dtype: DType | None = None) -> Array:
    """The sum of the diagonal ``offset`` places above the main one.

    As in `xgpu.sum`, integers add in 64 bits unless ``dtype`` says otherwise.

    Raises:
        ValueError: fewer than two axes.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    checked(x, "trace")
    return sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)
