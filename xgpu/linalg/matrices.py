"""What the functions on matrices share: checks of shapes, and launches with nothing to do.

A kernel never sees an empty array. Where a result has elements all the same (an orthogonal factor
of a matrix without columns, the determinant of one without rows), the caller puts it in.
"""

from __future__ import annotations

from typing import Any

from numpy.linalg import LinAlgError

from xgpu.arguments import checked
from xgpu.array import Array, read, wrap
from xgpu.creation import eye, zeros
from xgpu.elementwise import conj
from xgpu.graph import infer
from xgpu.graph.node import viewed
from xgpu.graph.view import broadcast, whole
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Result
from xgpu.runtime import record


def matrices(x: Array, name: str) -> Array:
    """``x``, a stack of matrices.

    Raises:
        TypeError: no array.
        numpy.linalg.LinAlgError: fewer than two axes; it is a ValueError.
    """
    if checked(x, name).ndim < 2:
        raise LinAlgError(f"{name}() takes matrices, of at least 2 axes: got shape {x.shape}")
    return x


def square(x: Array, name: str) -> Array:
    """``x``, a stack of square matrices.

    Raises:
        TypeError: no array.
        numpy.linalg.LinAlgError: fewer than two axes, or the last two differ.
    """
    rows, columns = matrices(x, name).shape[-2:]
    if rows != columns:
        raise LinAlgError(f"{name}() takes square matrices: got shape {x.shape}")
    return x


def floating(op: Op, x: Array, name: str = "") -> Array:
    """``x`` in the dtype in which ``op`` takes it; itself if it has it.

    Raises:
        TypeError: the function ``name``, or ``op``, does not take the dtype.
    """
    node = read(x)
    taken = infer.compute(op, node.dtype, name)
    return x if taken is node.dtype else wrap(record.cast(node, taken))


def launch(
    op: Op, x: Array, *results: tuple[DType, tuple[int, ...]], **attributes: Any
) -> list[Array]:
    """``op`` of one array of a dtype that it takes; zeros if there is no element to read."""
    if 0 in x.shape:
        return [zeros(shape, dtype=dtype, device=x.device) for dtype, shape in results]
    wanted = [Result(dtype, shape) for dtype, shape in results]
    return [wrap(node) for node in record.own_kernel(op, [read(x)], wanted, **attributes)]


def identities(x: Array, size: int) -> Array:
    """An identity matrix of ``size`` rows for each matrix of x, with its dtype and device."""
    shape = (*x.shape[:-2], size, size)
    one = read(eye(size, dtype=x.dtype, device=x.device))
    return wrap(viewed(one, broadcast(whole(one.shape), shape)))


def adjoint(x: Array) -> Array:
    """The conjugate transpose of each matrix."""
    return conj(x.mT) if kind_of(x.dtype) == "c" else x.mT
