"""Indexing by masks and arrays of integers: a key resolved to what it selects, as NumPy does.

The arrays of a key broadcast with each other to the *block*. Its axes stand in the result where
the arrays (and the integers, which count as arrays here) stand in the key, or in front if a
slice, an ellipsis or a newaxis comes between them.

Source: Array API 2025.12, "Indexing"; NumPy's reference, "Advanced indexing", for keys that mix
arrays with slices, which the standard leaves open.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from xgpu.graph.indexing import index
from xgpu.graph.node import Node, Shared
from xgpu.graph.view import View
from xgpu.plugin.dtypes import kind_of


class Group(NamedTuple):
    """An array of a key and the axes of the region that it covers.

    An array of integers covers one axis, a mask as many as it has, so a 0-d one covers none.
    """

    node: Node
    axis: int  #: of the array that is indexed, for messages
    start: int  #: first axis of the region
    rank: int


class Selection(NamedTuple):
    """What a key selects, but for the values of its arrays."""

    region: View  #: the part that the integers and slices leave, with the arrays' axes whole
    groups: tuple[Group, ...]
    place: int  #: how many axes of the result come before the block

    def rest(self) -> tuple[int, ...]:
        """The axes of the region that no array covers."""
        covered = {i for g in self.groups for i in range(g.start, g.start + g.rank)}
        return tuple(i for i in range(len(self.region.shape)) if i not in covered)


_NODES: Final = frozenset({Node, Shared})


def select(view: View, keys: tuple[Any, ...]) -> View | Selection:
    """The part of ``view`` that ``keys`` selects, in which arrays are nodes; a view without any.

    Only masks may be 0-d.

    Raises:
        IndexError: what `xgpu.graph.indexing.index` refuses, an array that is neither of
            integers nor of bool, or a mask of another shape than the axes it covers.
    """
    if _NODES.isdisjoint(map(type, keys)):
        return index(view, keys)
    basic: list[Any] = []
    taken = 0
    for key in keys:
        count = _covers(key)
        basic.extend([slice(None)] * count if isinstance(key, Node) else [key])
        taken += count
    region = index(view, tuple(basic))
    groups: list[Group] = []
    place: int | None = None  # of the first array or integer
    apart = ended = False
    axis = start = free = 0  # in the array, in the region, in the rest of the region
    for key in keys:
        count = _covers(key)
        if isinstance(key, Node) or (count and not isinstance(key, slice)):
            apart = apart or ended
            place = free if place is None else place
            if isinstance(key, Node):
                _check(key, axis, region.shape[start : start + count])
                groups.append(Group(key, axis, start, count))
                start += count
        else:
            ended = place is not None
            left = len(view.shape) - taken if key is Ellipsis else 1
            start, free = start + left, free + left
            axis += left if key is Ellipsis else 0
        axis += count
    return Selection(region, tuple(groups), 0 if apart or place is None else place)


def _covers(key: Any) -> int:
    """How many axes an item of a key takes, an ellipsis aside."""
    if key is None or key is Ellipsis:
        return 0
    return len(key.shape) if isinstance(key, Node) and kind_of(key.dtype) == "b" else 1


def _check(node: Node, axis: int, lengths: tuple[int, ...]) -> None:
    if kind_of(node.dtype) in "iu":
        return
    if kind_of(node.dtype) != "b":
        raise IndexError(
            f"arrays used as indices must be of integer or bool dtype: got {node.dtype}"
        )
    for i, (length, given) in enumerate(zip(lengths, node.shape, strict=True), axis):
        if given not in (length, 0):
            raise IndexError(
                f"boolean index did not match indexed array along axis {i}; size of axis is "
                f"{length} but size of corresponding boolean axis is {given}"
            )
