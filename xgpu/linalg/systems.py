"""Linear systems, and what follows from the solvability of one: inverses, determinants, rank.

Source: Array API 2025.12, "Linear Algebra Extension".
"""

from __future__ import annotations

from typing import NamedTuple

from xgpu.arguments import on_one_device, scalar_type
from xgpu.array import Array, binary, read, wrap
from xgpu.creation import ones, zeros
from xgpu.data_types import finfo
from xgpu.elementwise import exp, reciprocal
from xgpu.graph import infer
from xgpu.graph.node import viewed
from xgpu.graph.shapes import broadcast_shapes
from xgpu.graph.view import broadcast, whole
from xgpu.linalg.decompositions import svd, svdvals
from xgpu.linalg.matrices import adjoint, floating, identities, launch, matrices, square
from xgpu.linear_algebra import matmul
from xgpu.manipulation import expand_dims
from xgpu.plugin import ops
from xgpu.plugin.dtypes import kind_of, real_of
from xgpu.plugin.program import Result
from xgpu.runtime import record
from xgpu.searching import count_nonzero, where


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Array  #: (...,), of magnitude 1, or 0
    logabsdet: Array  #: (...,), real, -infinity where the determinant is 0


def det(x: Array, /) -> Array:
    """The determinant of each matrix; 1 without rows, NaN for a matrix with NaN.

    Raises:
        ValueError: not square.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    sign, logabsdet = slogdet(floating(ops.SLOGDET, square(x, "det"), "det"))
    return sign * exp(logabsdet)


def inv(x: Array, /) -> Array:
    """The inverse of each matrix.

    Raises:
        ValueError: not square; `numpy.linalg.LinAlgError` for a singular matrix.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SOLVE, square(x, "inv"), "inv")
    return solve(x, identities(x, x.shape[-1]))


def matrix_rank(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """How many singular values are larger than ``rtol`` times the largest one, as int64.

    ``rtol`` is max(M, N) times the dtype's epsilon if None; an array of them broadcasts with the
    stack. 0 for a matrix with NaN or infinity, none of whose singular values compares as larger.

    Raises:
        ValueError: fewer than two axes, or a ``rtol`` that does not broadcast.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    singular = svdvals(floating(ops.SVDVALS, matrices(x, "matrix_rank"), "matrix_rank"))
    return count_nonzero(_large(singular, x, rtol, "matrix_rank"), axis=-1)


def pinv(x: Array, /, *, rtol: float | Array | None = None) -> Array:
    """Pseudo-inverses, (..., N, M); singular values up to ``rtol`` times the largest count as 0.

    ``rtol`` is as in `matrix_rank`.

    Raises:
        ValueError: fewer than two axes, or a ``rtol`` that does not broadcast.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SVD, matrices(x, "pinv"), "pinv")
    u, s, vh = svd(x, full_matrices=False)
    inverse = where(_large(s, x, rtol, "pinv"), reciprocal(s), 0.0)
    return matmul(adjoint(vh) * expand_dims(inverse, -2), adjoint(u))


def slogdet(x: Array, /) -> SlogdetResult:
    """The sign of each determinant and the natural logarithm of its magnitude, which is real.

    ``sign * exp(logabsdet)`` is the determinant: (0, -inf) where it is 0. For complex x the sign is
    a complex number of magnitude 1.

    Raises:
        ValueError: not square.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x = floating(ops.SLOGDET, square(x, "slogdet"))
    stack, real = x.shape[:-2], real_of(x.dtype)
    sign, logabsdet = launch(ops.SLOGDET, x, (x.dtype, stack), (real, stack))
    if not x.shape[-1]:
        sign = ones(stack, dtype=x.dtype, device=x.device)
    return SlogdetResult(sign, logabsdet)


def solve(x1: Array, x2: Array, /) -> Array:
    """The X with ``x1 @ X = x2``, for square x1.

    A one-dimensional x2 is one right-hand side for every matrix of x1; any other is a stack of
    matrices, which broadcasts with that of x1.

    Raises:
        ValueError: x1 is not square, or the shapes do not fit;
            `numpy.linalg.LinAlgError` for a singular matrix.

    Source: Array API 2025.12, Linear Algebra Extension.
    """
    x1, x2 = on_one_device([square(x1, "solve"), x2], "solve")
    device = x1.device
    if not x2.ndim:
        raise ValueError("solve() takes right-hand sides of at least 1 axis: got a 0-d array")
    vector = x2.ndim == 1
    if vector:
        x2 = expand_dims(x2, 1)
    (m, columns), rows = x2.shape[-2:], x1.shape[-1]
    if m != rows:
        raise ValueError(f"solve() got {rows} equations for right-hand sides of {m} rows")
    stack = broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    shape = (*stack, m, columns)
    dtype, _ = infer.binary(ops.SOLVE, x1.dtype, x2.dtype)
    if 0 in shape:
        result = zeros(shape, dtype=dtype, device=device)
    else:
        a, b = (record.cast(read(x), dtype) for x in (x1, x2))
        a = viewed(a, broadcast(whole(a.shape), (*stack, m, m)))
        b = viewed(b, broadcast(whole(b.shape), shape))
        (solution,) = record.own_kernel(ops.SOLVE, [a, b], [Result(dtype, shape)])
        result = wrap(solution)
    return result[..., 0] if vector else result


def _large(singular: Array, x: Array, rtol: float | Array | None, name: str) -> Array:
    """Which singular values count: those above ``rtol`` times the largest, which comes first."""
    if rtol is None:
        rtol = max(x.shape[-2:]) * finfo(singular.dtype).eps
    if isinstance(rtol, Array):
        if kind_of(rtol.dtype) not in "biuf":
            raise TypeError(f"{name}() takes a real rtol: got dtype {rtol.dtype}")
        rtol = expand_dims(rtol, -1)
    elif scalar_type(rtol, name) is complex:
        raise TypeError(f"{name}() takes a real rtol: got {rtol!r}")
    return singular > binary(ops.MULTIPLY, singular[..., :1], rtol)
