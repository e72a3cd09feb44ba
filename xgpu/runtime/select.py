"""Reading and writing parts of arrays: strided regions, masks, arrays of indices.

Positions in the elements of an array are computed by fused programs from coordinates and the
index arrays; two kernels, gather and scatter, do the rest. Two things are read by the host, which
waits for the device: the number of True in a mask, on which the result's shape depends, and the
least and largest number of an integer index, so that one out of range is an IndexError of the
call. The latter are not looked at where what is known of the index is enough
(`xgpu.graph.ranges`), and remembered while it is alive.
"""

from __future__ import annotations

import math
from typing import Any, Final
from weakref import WeakSet

import numpy as np

from xgpu.graph import ranges
from xgpu.graph.advanced import Group, Selection
from xgpu.graph.device import Device
from xgpu.graph.node import Node, assigned, coordinate, filled, pending, viewed
from xgpu.graph.shapes import Shape, broadcast_shapes
from xgpu.graph.view import View, contiguous_strides, has_repeats, reshape, whole
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.program import Result
from xgpu.plugin.promotion import same_kind
from xgpu.runtime import guard, record, shared, tape
from xgpu.runtime.materialize import materialize
from xgpu.runtime.transfer import from_host, to_host

INT: Final = dtypes.DEFAULT_INTEGER

_exact: Final[WeakSet[Node]] = WeakSet()
"""The nodes whose known bounds are values that they have."""

# Writing


def written(old: Node, region: View, value: Node) -> Node:
    """``old`` with its part ``region`` replaced by ``value``, cast and broadcast.

    Raises:
        ValueError: ``value`` does not broadcast to the region, or the region repeats elements.
        TypeError: the dtype of ``old`` cannot take the value's kind.
    """
    value = record.stretch(_assignable(old, region, value), region.shape)
    # ``x[key] += y`` ends with the assignment of the part to itself.
    if value.op is ops.VIEW and value.inputs == (old,) and value.attrs == region:
        return old
    if 0 in region.shape:
        return old
    everything = region.shape == old.shape and region == whole(old.shape)
    if everything and value is old:
        return old
    if shared.is_shared(old):
        shared.overwrite(old, region, value)
        return old
    if everything:
        return shared.settled(value)
    return record.finished(assigned(old, value, region))


def scattered(old: Node, chosen: Selection, value: Node) -> Node:
    """``old`` with the chosen elements replaced by ``value``, cast and broadcast.

    Where an element is chosen more than once the last value stays.

    Raises:
        IndexError: an index out of range, or index arrays that do not broadcast.
        ValueError, TypeError: as `written`.
    """
    value = _assignable(old, chosen.region, value)
    everywhere = _where_masked(old, chosen, value)
    if everywhere is not None:
        return written(old, chosen.region, everywhere)
    places = _positions(old, chosen)
    made = put(old, places, record.stretch(value, places.shape))
    if made is not old and shared.is_shared(old):
        shared.overwrite(old, whole(old.shape), made)
        return old
    return made


def _assignable(old: Node, region: View, value: Node) -> Node:
    shared.check_writable(old)
    if has_repeats(region):
        raise ValueError("assignment destination is read-only: it shows one element many times")
    if not same_kind(value.dtype, old.dtype):
        raise TypeError(
            f"cannot assign {value.dtype} to an array of {old.dtype}; "
            "convert it first: xgpu.astype(value, x.dtype)"
        )
    return record.cast(value, old.dtype)


def _where_masked(old: Node, chosen: Selection, value: Node) -> Node | None:
    """The region's new value where a single mask chooses and no value depends on its count.

    That fuses, and nothing is read by the host. None for all other selections.
    """
    region, rest = chosen.region, chosen.rest()
    mask, _, start, count = chosen.groups[0]
    lengths = region.shape[start : start + count]
    if len(chosen.groups) > 1 or kind_of(mask.dtype) != "b" or mask.shape != lengths:
        return None
    if value.shape:
        after = len(rest) - chosen.place
        rank = len(value.shape)
        if chosen.place != start:
            return None
        if rank > after and value.shape[rank - after - 1] != 1:
            return None
        before, behind = region.shape[:start], region.shape[start + count :]
        value = record.stretch(value, (*before, 1, *behind))
        value = viewed(value, whole((*before, *(1,) * count, *behind)))
    spread = (*(1,) * start, *lengths, *(1,) * (len(region.shape) - start - count))
    return record.where(_seen(mask, whole(spread)), value, _seen(old, region))


def _seen(node: Node, view: View) -> Node:
    """``node`` through ``view``; itself where that is all of it, which fuses with more."""
    return node if view == whole(node.shape) else viewed(node, view)


# Reading


def gathered(source: Node, chosen: Selection) -> Node:
    """The chosen elements.

    Raises:
        IndexError: an index out of range, or index arrays that do not broadcast.
    """
    return get(source, _positions(source, chosen))


def along(source: Node, view: View, axis: int, places: Node) -> Node:
    """The elements of ``source`` through ``view`` at ``places`` along ``axis``.

    ``places`` is as `in_range` gives it and has as many axes as the view, which broadcast but
    for ``axis``.

    Raises:
        ValueError: they do not broadcast.
    """
    before, behind = slice(axis), slice(axis + 1, None)
    lengths = (*view.shape[before], 1, *view.shape[behind])
    strides = (*view.strides[before], 0, *view.strides[behind])
    shape = broadcast_shapes(lengths, places.shape)
    base = viewed(_count_up(source), View(lengths, strides, view.offset))
    steps = _times(places, view.strides[axis])
    return get(source, record.stretch(record.binary(ops.ADD, base, steps), shape))


# The kernels, with operands that are known to be right


def get(source: Node, places: Node) -> Node:
    """The elements of ``source`` at positions that are in range."""
    if 0 in places.shape:
        return blank(places.shape, source.dtype, source)
    (result,) = record.own_kernel(
        ops.GATHER, [source, places], [Result(source.dtype, places.shape)]
    )
    ranges.inherit(result, source)
    return result


def put(old: Node, places: Node, value: Node) -> Node:
    """``old`` with ``value`` (of its dtype and the positions' shape) there."""
    if 0 in places.shape:
        return old
    (result,) = record.own_kernel(ops.SCATTER, [old, places, value], [Result(old.dtype, old.shape)])
    ranges.inherit(result, old, value)
    return result


def blank(shape: Shape, dtype: DType, source: Node) -> Node:
    """Nothing to compute: an array without elements beside ``source``."""
    return pending(ops.EMPTY, (), shape, dtype, source.device)


def true_positions(mask: Node) -> Node:
    """The positions of True in the C order of a mask, as a 1-d int64; the host reads how many."""
    total = 0
    if 0 not in mask.shape:
        counted = record.cast(mask, INT)
        if mask.shape:
            counted = record.reduce(ops.SUM, counted, tuple(range(len(mask.shape))))
        total = int(to_host(counted, None, "the number of True in a mask").item())
    if not total:
        return blank((0,), INT, mask)
    if not mask.shape:
        return filled((1,), 0, INT, mask.device)
    (result,) = record.own_kernel(ops.NONZERO, [mask], [Result(INT, (total,))])
    ranges.remember(result, 0, math.prod(mask.shape) - 1)
    return result


def unravelled(flat: Node, shape: Shape) -> list[Node]:
    """The coordinate along each axis of ``shape`` at positions in its C order."""
    found = []
    for axis, (length, step) in enumerate(zip(shape, contiguous_strides(shape), strict=True)):
        place = flat if step == 1 else record.with_scalar(ops.FLOOR_DIVIDE, flat, step, False)
        if axis:
            place = record.with_scalar(ops.REMAINDER, place, max(length, 1), False)
        found.append(place)
    return found


def extremes(x: Node, least: int, most: int) -> tuple[int, int]:
    """Bounds of the values of an integer array that is not empty, for who has a use for some.

    From ``least`` to ``most``, if that is known without looking at the values; else they are the
    smallest and the largest value, read by the host. Once is enough for an array.
    """
    found = ranges.bounds(x)
    if least <= found[0] and found[1] <= most:
        ranges.remember(x, *found)  # what its operands tell is lost when it is materialized
        return found
    if tape.active:
        tape.reading(x, "looked at for the bounds of an index")
    if x in _exact and ranges.known(x) is not None:  # it may be shared since it was looked at
        return found
    axes = tuple(range(len(x.shape)))
    ends = [record.reduce(op, x, axes) if axes else x for op in (ops.MIN, ops.MAX)]
    materialize(ends, "read by the host")
    bounds = "the bounds of an array of integers"
    low, high = (int(to_host(end, None, bounds).item()) for end in ends)
    if not shared.is_shared(shared.below(x)):
        _remember(x, low, high)
    return low, high


def _remember(x: Node, low: int, high: int) -> None:
    ranges.remember(x, low, high)
    _exact.add(x)


def of_host(key: Any, device: Device) -> Node:
    """A key's array or list of the host as one of the device, its bounds known without a wait.

    Raises:
        IndexError: it is of neither integers nor bool.
        GuardError: a guard forbids the copy to the device.
    """
    try:
        values = np.asarray(key)
        if isinstance(key, list) and not values.size:
            values = values.astype(np.int64)
        numbers = kind_of(dtypes.check(values.dtype)) in "iu"
    except (TypeError, ValueError) as error:
        raise IndexError(f"a list used as an index holds integers or bool: {error}") from None
    guard.sending(device, "an index of the host")
    node = from_host(values, device, "an index of the host")
    if numbers and values.size:
        _remember(node, int(values.min()), int(values.max()))
    return node


def in_range(indices: Node, axis: int, length: int) -> Node:
    """Indices as an int64 from 0 up; negative ones count from the end of an axis of ``length``.

    Raises:
        IndexError: one is out of range.
    """
    if 0 in indices.shape:
        return record.cast(indices, INT)
    # What others may write to could change after it was looked at.
    indices = shared.settled(indices)
    low, high = extremes(indices, -length, length - 1)
    for worst in (low, high):
        if not -length <= worst < length:
            raise IndexError(f"index {worst} is out of bounds for axis {axis} with size {length}")
    indices = record.cast(indices, INT)
    if low >= 0:
        return indices
    negative = record.with_scalar(ops.LESS, indices, 0, False)
    turned = record.with_scalar(ops.ADD, indices, length, False)
    return record.where(negative, turned, indices)


def _count_up(source: Node) -> Node:
    """0, 1, 2 ... over all elements: seen through a view of them, the view's positions."""
    return coordinate((math.prod(source.shape),), 0, source.device)


def _steps(group: Group, region: View) -> Node:
    """What a group adds to the position, along its own axes of the block."""
    node, axis, start, count = group
    lengths, strides = region.shape[start : start + count], region.strides[start : start + count]
    if kind_of(node.dtype) != "b":
        return _times(in_range(node, axis, lengths[0]), strides[0])
    flat = true_positions(node)
    if not count:
        return filled(flat.shape, 0, INT, node.device)
    merged = reshape(View(lengths, strides, 0), (math.prod(lengths),))
    if merged is not None:
        return _times(flat, merged.strides[0])
    parts = [_times(c, s) for c, s in zip(unravelled(flat, lengths), strides, strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = record.binary(ops.ADD, total, part)
    return total


def _times(node: Node, stride: int) -> Node:
    return node if stride == 1 else record.with_scalar(ops.MULTIPLY, node, stride, False)


def _positions(source: Node, chosen: Selection) -> Node:
    """The positions in ``source`` of what is chosen, in its shape."""
    region, groups, place = chosen
    rest = chosen.rest()
    steps = [_steps(group, region) for group in groups]
    try:
        block = broadcast_shapes(*(step.shape for step in steps))
    except ValueError:
        listed = " ".join(str(step.shape) for step in steps)
        raise IndexError(
            f"shape mismatch: indexing arrays could not be broadcast together with shapes {listed}"
        ) from None
    before, behind = rest[:place], rest[place:]
    lengths, strides = region.shape, region.strides
    shape = (*(lengths[i] for i in before), *block, *(lengths[i] for i in behind))
    total: Node | None = None
    if region.offset or any(lengths[i] > 1 for i in rest):
        inner = View(
            (*(lengths[i] for i in before), *(1,) * len(block), *(lengths[i] for i in behind)),
            (*(strides[i] for i in before), *(0,) * len(block), *(strides[i] for i in behind)),
            region.offset,
        )
        total = viewed(_count_up(source), inner)
    for step in steps:
        if behind:
            step = viewed(step, whole((*step.shape, *(1,) * len(behind))))
        total = step if total is None else record.binary(ops.ADD, total, step)
    assert total is not None
    return record.stretch(total, shape)
