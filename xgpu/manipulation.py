"""Functions that rearrange arrays.

As in NumPy, a result is a view of the argument wherever strides can express it, and what is
written through one is seen through the other; each docstring says which it is.

Source: Array API 2025.12, "Manipulation Functions".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xgpu.arguments import checked, on_one_device
from xgpu.array import Array, read, seen, through, wrap, write
from xgpu.attributes import Storage
from xgpu.graph import ranges, view
from xgpu.graph import shapes as shape_rules
from xgpu.graph.node import Node, coordinate, pending, viewed
from xgpu.graph.shapes import (
    integer,
    limit_axes,
    normalize_axes,
    normalize_axis,
    normalize_shape,
)
from xgpu.graph.view import View, whole
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.program import Result
from xgpu.plugin.promotion import promote
from xgpu.runtime import record
from xgpu.runtime.select import along, extremes

Axes = int | tuple[int, ...]
INT = dtypes.DEFAULT_INTEGER


class ReadOnly(Storage):
    """The storage of another array, for views that may not be written through."""

    __slots__ = ("base",)

    def __init__(self, base: Storage) -> None:
        self.base: Storage = base

    @property
    def node(self) -> Node:
        """The value of the other array now."""
        return self.base.node

    @node.setter
    def node(self, value: Node) -> None:
        self.check_writable()

    def check_writable(self) -> None:
        """Raises ValueError: it is not."""
        raise ValueError("assignment destination is read-only: it comes from a broadcast")


def broadcast_arrays(*arrays: Array) -> tuple[Array, ...]:
    """Each array stretched to the shape of all, as views that are read-only.

    Arrays of one shape are given back themselves.

    Raises:
        ValueError: the shapes do not broadcast.

    Source: Array API 2025.12, Manipulation Functions.
    """
    shape = shape_rules.broadcast_shapes(*[checked(x, "broadcast_arrays").shape for x in arrays])
    if all(x.shape == shape for x in arrays):
        return arrays
    return tuple(_stretched(x, shape) for x in arrays)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which all shapes stretch; ``()`` for none.

    Raises:
        ValueError: two lengths differ and neither is 1.

    Source: Array API 2025.12, Manipulation Functions.
    """
    return shape_rules.broadcast_shapes(*[normalize_shape(s) for s in shapes])


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """A view stretched to ``shape``, read-only.

    Raises:
        ValueError: x does not stretch to ``shape``.

    Source: Array API 2025.12, Manipulation Functions.
    """
    target = normalize_shape(shape)
    given = checked(x, "broadcast_to").shape
    if len(given) > len(target) or any(
        n not in (1, t) for n, t in zip(given, target[len(target) - len(given) :], strict=True)
    ):
        raise ValueError(f"broadcast_to() cannot stretch shape {given} to {target}")
    return _stretched(x, target)


def concat(arrays: tuple[Array, ...] | list[Array], /, *, axis: int | None = 0) -> Array:
    """The arrays one after another along ``axis``, or flattened and joined for None; a copy.

    Raises:
        ValueError: no arrays, 0-d ones, or lengths of other axes that differ.

    Source: Array API 2025.12, Manipulation Functions.
    """
    parts = _given(arrays, "concat")
    if axis is None:
        parts = [reshape(x, (-1,)) for x in parts]
        axis = 0
    rank = parts[0].ndim
    if any(x.ndim == 0 for x in parts):
        raise ValueError("concat() cannot join 0-d arrays along an axis; use axis=None or stack()")
    where = normalize_axis(axis, rank)
    first = parts[0].shape
    for x in parts[1:]:
        if x.ndim != rank or _without(x.shape, where) != _without(first, where):
            raise ValueError(
                f"concat() along axis {where} needs equal lengths of all other axes: "
                f"got shapes {first} and {x.shape}"
            )
    return _joined(parts, where)


def expand_dims(x: Array, /, axis: Axes) -> Array:
    """A view with axes of length 1 at the places ``axis`` of the result.

    Raises:
        IndexError: a place out of range.
        ValueError: a place named twice, or too many axes.

    Source: Array API 2025.12, Manipulation Functions.
    """
    given = axis if isinstance(axis, tuple) else (axis,)
    places = normalize_axes(given, checked(x, "expand_dims").ndim + len(given))
    limit_axes(x.ndim + len(given))
    old = seen(x)
    shape, strides = list(old.shape), list(old.strides)
    for place in places:
        shape.insert(place, 1)
        strides.insert(place, 0)
    return through(x, View(tuple(shape), tuple(strides), old.offset))


def flip(x: Array, /, *, axis: Axes | None = None) -> Array:
    """A view with the order along ``axis`` (all axes for None) reversed.

    Source: Array API 2025.12, Manipulation Functions.
    """
    axes = normalize_axes(axis, checked(x, "flip").ndim)
    old = seen(x)
    strides = tuple(-s if i in axes else s for i, s in enumerate(old.strides))
    last = sum(old.strides[i] * (old.shape[i] - 1) for i in axes) if x.size else 0
    return through(x, View(old.shape, strides, old.offset + last))


def moveaxis(x: Array, source: Axes, destination: Axes, /) -> Array:
    """A view with the axes ``source`` at the places ``destination`` and the others in order.

    Several axes are a tuple, or a list, which SciPy gives.

    Raises:
        IndexError: an axis out of range.
        ValueError: an axis named twice, or different numbers of both.

    Source: Array API 2025.12, Manipulation Functions.
    """
    rank = checked(x, "moveaxis").ndim
    source, destination = (tuple(a) if isinstance(a, list) else a for a in (source, destination))
    sources, places = _each(source, rank, "source"), _each(destination, rank, "destination")
    if len(sources) != len(places):
        raise ValueError(
            f"moveaxis() needs as many destinations as sources: got {source} and {destination}"
        )
    order = [i for i in range(rank) if i not in sources]
    for place, origin in sorted(zip(places, sources, strict=True)):
        order.insert(place, origin)
    return through(x, view.permute(seen(x), tuple(order)))


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """A view whose axis i is axis ``axes[i]`` of x.

    Raises:
        IndexError: an axis out of range.
        ValueError: ``axes`` is no permutation of x's axes.

    Source: Array API 2025.12, Manipulation Functions.
    """
    rank = checked(x, "permute_dims").ndim
    if not isinstance(axes, tuple | list):
        raise TypeError(f"permute_dims() takes a tuple of axes: got {axes!r}")
    order = _each(tuple(axes), rank, "axes")
    if len(order) != rank:
        raise ValueError(f"permute_dims() needs each of {rank} axes once: got {axes}")
    return through(x, view.permute(seen(x), order))


def repeat(x: Array, repeats: int | Array, /, *, axis: int | None = None) -> Array:
    """Each element ``repeats`` times in a row, along ``axis`` or of the flattened x; a copy.

    An array of numbers, 1-d, has one for each place along the axis, or one for all. Their sum is
    read by the host, which waits for the device.

    Raises:
        TypeError: ``repeats`` is neither an integer nor an array of integers.
        ValueError: a negative number, or an array of another shape.

    Source: Array API 2025.12, Manipulation Functions.
    """
    checked(x, "repeat")
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    where = normalize_axis(axis, x.ndim)
    if isinstance(repeats, Array):
        x, repeats = on_one_device([x, repeats], "repeat")
        if kind_of(repeats.dtype) not in "iu":
            raise TypeError(f"repeat() takes numbers of an integer dtype: got {repeats.dtype}")
        if repeats.ndim > 1 or repeats.size not in (1, x.shape[where]):
            raise ValueError(
                f"repeat() needs one number for each of {x.shape[where]} places: "
                f"got shape {repeats.shape}"
            )
        if repeats.size != 1:
            return _repeated(x, read(repeats), where)
        repeats = reshape(repeats, ())
    count = integer(repeats, "repeats")
    if count < 0:
        raise ValueError(f"repeat() takes a number of at least 0: got {count}")
    shape = x.shape
    stretched = (*shape[: where + 1], count, *shape[where + 1 :])
    strides = view.contiguous_strides(shape)
    spread = View(stretched, (*strides[: where + 1], 0, *strides[where + 1 :]), 0)
    result = (*shape[:where], shape[where] * count, *shape[where + 1 :])
    return wrap(viewed(viewed(read(x), spread), whole(result)))


def reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    """The same elements in C order under another shape; one length may be -1.

    A view where strides express it and ``copy`` is not True, else a copy.

    Raises:
        ValueError: the sizes differ, or ``copy`` is False and strides cannot express the shape.

    Source: Array API 2025.12, Manipulation Functions.
    """
    target = shape_rules.reshape_target(shape, checked(x, "reshape").size)
    seen_so = None if copy else view.reshape(seen(x), target)
    if seen_so is not None:
        return through(x, seen_so)
    if copy is False:
        raise ValueError(
            f"reshape(copy=False): no strides express shape {target} on this view of {x.shape}"
        )
    return wrap(viewed(read(x), whole(target)))


def roll(x: Array, /, shift: Axes, *, axis: Axes | None = None) -> Array:
    """Elements moved ``shift`` places up along ``axis`` and around its end; a copy.

    Without ``axis`` the flattened x is rolled. Shifts of one axis named twice add up.

    Raises:
        ValueError: tuples of different lengths.

    Source: Array API 2025.12, Manipulation Functions.
    """
    checked(x, "roll")
    if axis is None:
        flat = roll(reshape(x, (-1,)), shift, axis=0)
        return wrap(viewed(read(flat), whole(x.shape)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    steps = shift if isinstance(shift, tuple) else (shift,)
    if len(axes) == 1:
        axes *= len(steps)
    if len(steps) == 1:
        steps *= len(axes)
    if len(axes) != len(steps):
        raise ValueError(f"roll() needs as many shifts as axes: got {shift} and {axis}")
    shifts: dict[int, int] = {}
    for a, s in zip(axes, steps, strict=True):
        where = normalize_axis(a, x.ndim)
        shifts[where] = shifts.get(where, 0) + integer(s, "shift")
    rolled = wrap(read(x))
    for where, s in shifts.items():
        length = x.shape[where]
        if length and s % length:
            start = (slice(None),) * where
            cut = length - s % length
            parts = [rolled[(*start, slice(cut, None))], rolled[(*start, slice(cut))]]
            rolled = _joined(parts, where)
    return rolled


def squeeze(x: Array, /, axis: Axes) -> Array:
    """A view without the axes ``axis``, which have length 1.

    Raises:
        IndexError: an axis out of range.
        ValueError: one is longer than 1.

    Source: Array API 2025.12, Manipulation Functions.
    """
    axes = _each(axis, checked(x, "squeeze").ndim, "axis")
    old = seen(x)
    if any(old.shape[i] != 1 for i in axes):
        raise ValueError(f"squeeze() drops axes of length 1: got axis {axis} of shape {x.shape}")
    return through(x, View(_without(old.shape, *axes), _without(old.strides, *axes), old.offset))


def stack(arrays: tuple[Array, ...] | list[Array], /, *, axis: int = 0) -> Array:
    """Arrays of one shape side by side along a new axis; a copy.

    Raises:
        ValueError: no arrays, or shapes that differ.

    Source: Array API 2025.12, Manipulation Functions.
    """
    parts = _given(arrays, "stack")
    for x in parts[1:]:
        if x.shape != parts[0].shape:
            raise ValueError(
                f"stack() needs arrays of one shape: got {parts[0].shape} and {x.shape}"
            )
    where = normalize_axis(axis, parts[0].ndim + 1)
    return _joined([expand_dims(x, where) for x in parts], where)


def tile(x: Array, repetitions: tuple[int, ...], /) -> Array:
    """The whole of x ``repetitions`` times along each axis; a copy.

    The shorter one of the axes and the numbers is filled up in front, with ones.

    Raises:
        ValueError: a negative number.

    Source: Array API 2025.12, Manipulation Functions.
    """
    given = normalize_shape(repetitions)
    rank = max(checked(x, "tile").ndim, len(given))
    times = (1,) * (rank - len(given)) + given
    lengths = (1,) * (rank - x.ndim) + x.shape
    strides = (0,) * (rank - x.ndim) + view.contiguous_strides(x.shape)
    spread = View(
        tuple(n for pair in zip(times, lengths, strict=True) for n in pair),
        tuple(s for stride in strides for s in (0, stride)),
        0,
    )
    result = tuple(t * n for t, n in zip(times, lengths, strict=True))
    return wrap(viewed(viewed(read(x), spread), whole(result)))


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """A view for each place along ``axis``, without that axis.

    Raises:
        ValueError: a 0-d array.

    Source: Array API 2025.12, Manipulation Functions.
    """
    if not checked(x, "unstack").ndim:
        raise ValueError("unstack() needs at least one axis: got a 0-d array")
    where = normalize_axis(axis, x.ndim)
    return tuple(x[(*(slice(None),) * where, i)] for i in range(x.shape[where]))


def _given(arrays: Sequence[Array], name: str) -> list[Array]:
    if isinstance(arrays, Array):
        raise TypeError(f"{name}() takes a tuple or a list of arrays: got one array")
    if not isinstance(arrays, tuple | list):
        raise TypeError(f"{name}() takes a tuple or a list of arrays: got {type(arrays).__name__}")
    if not arrays:
        raise ValueError(f"{name}() needs at least one array")
    return on_one_device(arrays, name)


def _joined(parts: list[Array], axis: int) -> Array:
    """Arrays whose shapes fit, written one after another into fresh memory."""
    dtype = parts[0].dtype
    for x in parts[1:]:
        dtype = promote(dtype, x.dtype)
    shape = list(parts[0].shape)
    shape[axis] = sum(x.shape[axis] for x in parts)
    result = wrap(pending(ops.EMPTY, (), tuple(shape), dtype, parts[0].device))
    start = 0
    for x in parts:
        stop = start + x.shape[axis]
        place = result[(*(slice(None),) * axis, slice(start, stop))]
        write(result, seen(place), read(x))
        start = stop
    ranges.inherit(read(result), *map(read, parts))
    return result


def _repeated(x: Array, numbers: Node, axis: int) -> Array:
    """Each place along ``axis`` as often as its own number says."""
    length = x.shape[axis]
    total = 0
    if length:
        least, _ = extremes(numbers, 0, np.iinfo(np.int64).max)
        if least < 0:
            raise ValueError(f"repeat() takes numbers of at least 0: got {least}")
        ends = record.along_axis(ops.CUMULATIVE_SUM, record.cast(numbers, INT), 0, INT)
        total = int(wrap(ends)[-1])
    if not total:
        return wrap(read(x[(*(slice(None),) * axis, slice(0))]))
    # Place i of the result comes from the first place whose numbers add up to more than i.
    operands, result = [ends, coordinate((total,), 0, x.device)], Result(INT, (total,))
    (places,) = record.own_kernel(ops.SEARCHSORTED, operands, [result], side="right")
    shape = (*(1,) * axis, total, *(1,) * (x.ndim - axis - 1))
    return wrap(along(x._storage.node, seen(x), axis, viewed(places, whole(shape))))


def _stretched(x: Array, shape: tuple[int, ...]) -> Array:
    result = through(x, view.broadcast(seen(x), shape))
    if not isinstance(result._storage, ReadOnly):
        result._storage = ReadOnly(result._storage)
    return result


def _each(axis: Axes, rank: int, name: str) -> tuple[int, ...]:
    """Axis numbers in the order given."""
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(normalize_axis(a, rank, name) for a in given)
    if len(set(axes)) != len(axes):
        raise ValueError(f"duplicate value in {name!r}: {axis}")
    return axes


def _without(items: tuple[int, ...], *axes: int) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(items) if i not in axes)
