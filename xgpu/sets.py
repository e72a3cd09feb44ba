"""Distinct elements, and membership.

Elements are the same if they compare equal: each NaN is an element of its own, and zeros of both
signs are one. Distinct elements come in ascending order. How many there are is read by the host,
which waits for the device.

Source: Array API 2025.12, "Set Functions".
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from xgpu.arguments import checked, on_one_device, scalar_type
from xgpu.array import Array, binary, read, reduce, unary, wrap
from xgpu.graph import ranges
from xgpu.graph.node import Node, filled, viewed
from xgpu.graph.view import whole
from xgpu.manipulation import concat
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.program import Result
from xgpu.plugin.promotion import promote
from xgpu.runtime import record
from xgpu.runtime.select import blank, get, put, true_positions
from xgpu.sorting import order, ordered
from xgpu.utility import diff

FEW = 16
"""Up to so many elements are compared one by one, in one fused program, instead of sorted."""

INT = dtypes.DEFAULT_INTEGER


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Array  #: 1-d, distinct, ascending
    indices: Array  #: where each is first in the flattened x
    inverse_indices: Array  #: the place in values of each element of x, in its shape
    counts: Array  #: how often each is in x


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Array  #: 1-d, distinct, ascending
    counts: Array  #: how often each is in x


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Array  #: 1-d, distinct, ascending
    inverse_indices: Array  #: the place in values of each element of x, in its shape


def isin(x1: Array | int, x2: Array | int, /, *, invert: bool = False) -> Array:
    """Whether each element of x1 equals one of x2, in the shape of x1; the opposite if ``invert``.

    One of them at least is an array; the other may be a scalar.

    Raises:
        TypeError: no operand is an array, or one is neither an array nor a scalar.

    Source: Array API 2025.12, Set Functions.
    """
    for x in (x1, x2):
        if not isinstance(x, Array):
            scalar_type(x, "isin")
    if isinstance(x1, Array) and isinstance(x2, Array):
        x1, x2 = on_one_device([x1, x2], "isin")
        found = wrap(_among(read(x1), _flat(x2)))
    elif isinstance(x1, Array):
        found = binary(ops.EQUAL, x1, x2)
    else:
        equal = binary(ops.EQUAL, x1, checked(x2, "isin"))
        axes = tuple(range(equal.ndim))
        found = reduce(ops.ANY, equal, axes, False) if axes else equal
    return unary(ops.LOGICAL_NOT, found) if invert else found


def unique_all(x: Array, /) -> UniqueAll:
    """The distinct elements, where each is first in the flattened x, and how often it is there.

    ``inverse_indices``, of the shape of x, are the places in ``values`` of the elements of x.

    Source: Array API 2025.12, Set Functions.
    """
    groups = _grouped(x, "unique_all")
    indices = wrap(get(groups.order, groups.starts))
    return UniqueAll(groups.values(), indices, groups.inverse(), groups.counts())


def unique_counts(x: Array, /) -> UniqueCounts:
    """The distinct elements, and how often each is in x.

    Source: Array API 2025.12, Set Functions.
    """
    groups = _grouped(x, "unique_counts")
    return UniqueCounts(groups.values(), groups.counts())


def unique_inverse(x: Array, /) -> UniqueInverse:
    """The distinct elements, and for each element of x, in its shape, its place among them.

    Source: Array API 2025.12, Set Functions.
    """
    groups = _grouped(x, "unique_inverse")
    return UniqueInverse(groups.values(), groups.inverse())


def unique_values(x: Array, /) -> Array:
    """The distinct elements.

    Source: Array API 2025.12, Set Functions.
    """
    sequence = ordered(_flat(checked(x, "unique_values")), 0, False, True)
    return wrap(get(sequence, true_positions(_firsts(sequence))))


class _Groups(NamedTuple):
    """The elements in order, those that are equal side by side."""

    shape: tuple[int, ...]  #: of the array
    order: Node  #: the indices that sort the flattened array
    sequence: Node  #: its elements in that order
    firsts: Node  #: whether each of them is the first of its group
    starts: Node  #: where the groups begin

    def values(self) -> Array:
        return wrap(get(self.sequence, self.starts))

    def counts(self) -> Array:
        end = filled((1,), self.order.shape[0], INT, self.order.device)
        return diff(wrap(self.starts), append=wrap(end))

    def inverse(self) -> Array:
        if not self.order.shape[0]:
            return wrap(blank(self.shape, INT, self.order))
        numbers = record.along_axis(ops.CUMULATIVE_SUM, record.cast(self.firsts, INT), 0, INT)
        numbers = record.with_scalar(ops.SUBTRACT, numbers, 1, False)
        # The order is a permutation: every place is written.
        places = put(blank(self.order.shape, INT, self.order), self.order, numbers)
        result = viewed(places, whole(self.shape))
        ranges.remember(result, 0, self.starts.shape[0] - 1)
        return wrap(result)


def _grouped(x: Array, name: str) -> _Groups:
    flat = _flat(checked(x, name))
    # Stable, so that the first of a group is the first in the array.
    places = order(flat, 0, False, True)
    sequence = get(flat, places)
    firsts = _firsts(sequence)
    return _Groups(x.shape, places, sequence, firsts, true_positions(firsts))


def _firsts(sequence: Node) -> Node:
    """Whether each element of a sorted sequence differs from the one before it."""
    if not sequence.shape[0]:
        return blank(sequence.shape, dtypes.bool_, sequence)
    x, first = wrap(sequence), filled((1,), True, dtypes.bool_, sequence.device)
    return read(concat([wrap(first), binary(ops.NOT_EQUAL, x[1:], x[:-1])]))


def _flat(x: Array) -> Node:
    return viewed(read(x), whole((x.size,)))


def _among(x: Node, others: Node) -> Node:
    """Whether each element of ``x`` equals one of the 1-d ``others``."""
    dtype, count = promote(x.dtype, others.dtype), others.shape[0]
    if dtype is dtypes.float64 and {kind_of(x.dtype), kind_of(others.dtype)} == {"i", "u"}:
        # float64 does not hold all of them, so the numbers that both dtypes hold are looked for.
        other = others.dtype
        within = record.with_scalar(ops.GREATER_EQUAL, x, 0, False)
        if kind_of(x.dtype) == "u":
            within = record.with_scalar(ops.LESS_EQUAL, x, np.iinfo(other).max, False)
        return record.binary(ops.LOGICAL_AND, within, _among(record.cast(x, other), others))
    x, others = record.cast(x, dtype), record.cast(others, dtype)
    if not count or 0 in x.shape:
        return filled(x.shape, False, dtypes.bool_, x.device)
    if count <= FEW:
        column = viewed(x, whole((*x.shape, 1)))
        return record.reduce(ops.ANY, record.binary(ops.EQUAL, column, others), (len(x.shape),))
    if kind_of(dtype) == "c":
        # Numbers in place of elements: equal ones have the same.
        flat = viewed(x, whole((math.prod(x.shape),)))
        numbers = unique_inverse(concat([wrap(flat), wrap(others)])).inverse_indices
        x = viewed(read(numbers[:-count]), whole(x.shape))
        others = read(numbers[-count:])
    others = ordered(others, 0, False, True)
    result = Result(INT, x.shape)
    (after,) = record.own_kernel(ops.SEARCHSORTED, [others, x], [result], side="left")
    nearest = get(others, record.with_scalar(ops.MINIMUM, after, count - 1, False))
    return record.binary(ops.EQUAL, nearest, x)
