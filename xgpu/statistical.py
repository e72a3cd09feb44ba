"""Functions that fold axes into one number each.

``axis`` is one axis, a tuple of them, or None for all; ``keepdims`` leaves axes of length 1 in
their place. An axis out of range raises IndexError, one named twice ValueError.

Source: Array API 2025.12, "Statistical Functions".
"""

from __future__ import annotations

import math
from functools import cache

from xgpu.arguments import checked
from xgpu.array import Array, folded, kept, read, wrap
from xgpu.graph import infer
from xgpu.graph.folding import Axis, Folding, folding
from xgpu.graph.node import Node, filled, viewed
from xgpu.graph.shapes import normalize_axis
from xgpu.manipulation import concat
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import fit
from xgpu.runtime import record


def cumulative_prod(
    x: Array,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
) -> Array:
    """Products of the elements up to each place along ``axis``, which a 1-d x needs not name.

    The dtype is that of `prod`. ``include_initial`` puts the product of no elements in front.

    Raises:
        ValueError: no ``axis`` for an x that is not 1-d.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _running(ops.CUMULATIVE_PROD, x, axis, dtype, 1 if include_initial else None)


def cumulative_sum(
    x: Array,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
) -> Array:
    """Sums of the elements up to each place along ``axis``, which a 1-d x needs not name.

    The dtype is that of `sum`. ``include_initial`` puts the sum of no elements in front.

    Raises:
        ValueError: no ``axis`` for an x that is not 1-d.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _running(ops.CUMULATIVE_SUM, x, axis, dtype, 0 if include_initial else None)


def max(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest element over ``axis``; NaN if there is one.

    Raises:
        TypeError: complex elements.
        ValueError: there is no element.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _extreme(ops.MAX, x, axis, keepdims)


def mean(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Arithmetic mean over ``axis``, in float64 for integers and bool; NaN of no elements.

    Source: Array API 2025.12, Statistical Functions.
    """
    node = read(checked(x, "mean"))
    fold = folding(node.shape, axis)
    result = _rounded(_mean(_floating(node), fold), node)
    return kept(result, fold, keepdims and bool(fold.axes))


def min(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest element over ``axis``; NaN if there is one.

    Raises:
        TypeError: complex elements.
        ValueError: there is no element.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _extreme(ops.MIN, x, axis, keepdims)


def prod(
    x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False
) -> Array:
    """Product over ``axis``; 1 of no elements.

    Integers multiply in 64 bits unless ``dtype`` says otherwise.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _total(ops.PROD, x, axis, dtype, keepdims)


def std(
    x: Array, /, *, axis: Axis = None, correction: int | float = 0.0, keepdims: bool = False
) -> Array:
    """Standard deviation: the square root of `var` with the same ``correction``.

    Source: Array API 2025.12, Statistical Functions.
    """
    node = read(checked(x, "std"))
    fold = folding(node.shape, axis)
    root = record.unary(ops.SQRT, _variance(_floating(node), fold, correction))
    return kept(_rounded(root, node), fold, keepdims and bool(fold.axes))


def sum(
    x: Array, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False
) -> Array:
    """Sum over ``axis``; 0 of no elements.

    Integers add in 64 bits unless ``dtype`` says otherwise.

    Source: Array API 2025.12, Statistical Functions.
    """
    return _total(ops.SUM, x, axis, dtype, keepdims)


def var(
    x: Array, /, *, axis: Axis = None, correction: int | float = 0.0, keepdims: bool = False
) -> Array:
    """Variance: squared distances from the mean, summed and divided by n - ``correction``.

    In float64 for integers and bool; real for complex elements. NaN where n <= ``correction``.

    Source: Array API 2025.12, Statistical Functions.
    """
    node = read(checked(x, "var"))
    fold = folding(node.shape, axis)
    result = _rounded(_variance(_floating(node), fold, correction), node)
    return kept(result, fold, keepdims and bool(fold.axes))


def _extreme(op: Op, x: Array, axis: Axis, keepdims: bool) -> Array:
    node = read(checked(x, op.name))
    fold = folding(node.shape, axis)
    infer.compute(op, node.dtype)
    if not fold.number:
        raise ValueError(f"{op.name}() of no elements: shape {x.shape}, axis {axis}")
    return folded(op, node, fold, keepdims) if fold.axes else wrap(node)


def _total(op: Op, x: Array, axis: Axis, dtype: DType | None, keepdims: bool) -> Array:
    node = read(checked(x, op.name))
    fold = folding(node.shape, axis)
    node = _accumulated(op, node, dtype)
    return folded(op, node, fold, keepdims) if fold.axes else wrap(node)


def _accumulated(op: Op, node: Node, dtype: DType | None) -> Node:
    given = infer.accumulator(node.dtype) if dtype is None else dtypes.check(dtype)
    infer.compute(op, given)
    if given is node.dtype:
        return node
    if kind_of(node.dtype) == "c" and kind_of(given) != "c":
        raise TypeError(f"{op.name}() of {node.dtype} cannot give {given}; take xgpu.real first")
    return record.cast(node, given)


def _running(op: Op, x: Array, axis: int | None, dtype: DType | None, initial: int | None) -> Array:
    rank = checked(x, op.name).ndim
    if axis is None and rank != 1:
        raise ValueError(f"{op.name}() needs an axis for an array of {rank} axes")
    where = 0 if axis is None else normalize_axis(axis, rank)
    node = _accumulated(op, read(x), dtype)
    if 0 not in x.shape:
        node = record.along_axis(op, node, where, node.dtype)
    if initial is None:
        return wrap(node)
    shape = (*x.shape[:where], 1, *x.shape[where + 1 :])
    first = filled(shape, fit(initial, node.dtype), node.dtype, node.device)
    return concat([wrap(first), wrap(node)], axis=where)


def _floating(node: Node) -> Node:
    """``node`` in the dtype in which means are computed."""
    return record.cast(node, _averaged_in(node.dtype))


@cache
def _averaged_in(dtype: DType) -> DType:
    """float32 for 16-bit floats, and the default for what is not floating."""
    if dtype in dtypes.NARROW:
        return dtypes.float32
    return dtypes.DEFAULT_REAL if kind_of(dtype) in "biu" else dtype


def _rounded(result: Node, x: Node) -> Node:
    """What was computed by way of `_floating` in the dtype of x, if that is a 16-bit float."""
    return record.cast(result, x.dtype) if x.dtype in dtypes.NARROW else result


def _sum(node: Node, fold: Folding) -> Node:
    return record.reduce(ops.SUM, node, fold.axes, fold.left) if fold.axes else node


def _mean(node: Node, fold: Folding) -> Node:
    return record.with_scalar(ops.DIVIDE, _sum(node, fold), fold.number, False)


def _variance(node: Node, fold: Folding, correction: int | float) -> Node:
    # Two passes, because the difference of the sums of squares cancels.
    distance = record.binary(ops.SUBTRACT, node, viewed(_mean(node, fold), fold.kept))
    if kind_of(node.dtype) == "c":
        real = record.unary(ops.SQUARE, record.unary(ops.REAL, distance))
        imag = record.unary(ops.SQUARE, record.unary(ops.IMAG, distance))
        squares = record.binary(ops.ADD, real, imag)
    else:
        squares = record.unary(ops.SQUARE, distance)
    if not isinstance(correction, int | float):
        raise TypeError(f"correction must be a real number: got {correction!r}")
    left = fold.number - correction
    divisor = float(left) if left > 0 else math.nan
    return record.with_scalar(ops.DIVIDE, _sum(squares, fold), divisor, False)
