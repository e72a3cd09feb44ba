"""Row programs: reduced values that are read back along the axes they were reduced over.

A row is what one value of the kept axes was reduced from. What a program may read once per row,
and whether its rows are such that one group of threads can work on each, is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Final

from xgpu.graph.node import Node
from xgpu.graph.view import Shape, View, broadcast, contiguous_strides, is_contiguous, whole
from xgpu.plugin import dtypes, ops
from xgpu.plugin.ops import Kind

HELD: Final = 32768
"""Points that one group of threads can hold: rows of no more are worked on however few they are."""

BESIDE: Final = 512
"""Points of a row that can be held together with those of the rows beside it, so that it does not
matter along which axis neighbours lie."""

MANY: Final = 256
"""So many longer rows keep a device busy, one group of threads to each. Fewer of them are reduced
by many groups each, and then read again, which is no more."""

LINE: Final = 8
"""Neighbours that are read at the cost of one."""


class Rows:
    """The space of a row program, and the axes that its reductions fold."""

    __slots__ = ("_steps", "at_points", "axes", "count", "kept", "length", "space", "thin")

    def __init__(self, space: Shape, axes: tuple[int, ...], at_points: bool = False) -> None:
        kept = tuple(1 if i in axes else n for i, n in enumerate(space))
        self.space: Shape = space
        self.axes: tuple[int, ...] = axes
        #: The shape of what is reduced.
        self.kept: Shape = tuple(n for i, n in enumerate(space) if i not in axes)
        #: Whether what was asked for is at the points, not reduced.
        self.at_points: bool = at_points
        self.count: int = math.prod(kept)
        self.length: int = math.prod(space[i] for i in axes)
        #: Whether a row is one point, so that a reduced value looks like a point.
        self.thin: bool = all(space[i] == 1 for i in axes)
        steps = contiguous_strides(kept)
        self._steps = tuple(
            (i, 0 if i in axes else steps[i]) for i, n in enumerate(space) if n != 1
        )

    def once(self, node: Node, view: View) -> bool:
        """Whether ``view`` over ``node`` is one value for each row, those in C order."""
        if view.offset:
            return False
        strides = view.strides
        for axis, step in self._steps:
            if strides[axis] != step:
                return False
        return math.prod(node.shape) == self.count

    def read_by(self, reader: Node, source: Node) -> bool:
        """Whether ``reader`` takes ``source``, of another shape, for a value of each row."""
        if math.prod(source.shape) != self.count:
            return False
        if reader.op is ops.VIEW:
            view: View = reader.attrs
            if view.shape != self.space:
                # Only with other axes of length 1, or as they were.
                return view.offset == 0 and is_contiguous(view)
        elif reader.op.kind is Kind.ELEMENTWISE and reader.shape == self.space:
            view = broadcast(whole(source.shape), reader.shape)
        else:
            return False
        return self.once(source, view)

    def fit(self) -> bool:
        """Whether a group of threads can work on each row.

        A row is short enough to be held beside its neighbours; or the reduced axes come last, so
        that neighbours are neighbours in the row, and it is not too long or one of many.
        """
        if self.length <= BESIDE:
            return True
        reduced = [i in self.axes for i, n in enumerate(self.space) if n != 1]
        return reduced == sorted(reduced) and (self.length <= HELD or self.count >= MANY)

    def across(self, readers: Iterable[Node]) -> bool:
        """Whether most of what ``readers`` take at the points has its neighbours in other rows.

        Threads that share a row would each read a line of memory for one element of it, unless it
        is short enough for some to work on its neighbours.
        """
        if self.length <= BESIDE:
            return False
        space = self.space
        inner = max((i for i in self.axes if space[i] != 1), default=-1)
        lead = 0
        for reader in readers:
            for source in reader.inputs:
                if source.shape != space or inner < 0:
                    continue
                if source.buffer is not None:
                    lead -= 1
                elif source.op is ops.VIEW and source.inputs[0].buffer is not None:
                    steps = source.attrs.strides
                    beside = [
                        abs(step)
                        for i, (n, step) in enumerate(zip(space, steps, strict=True))
                        if i not in self.axes and n >= LINE and step
                    ]
                    lead += 1 if beside and min(beside) < abs(steps[inner]) else -1
        return lead > 0


def plan(roots: list[Node], pending: Collection[Node]) -> Rows | None:
    """The rows of the program of ``roots``, of one shape, with ``pending`` nodes below them.

    None if nothing reduces what the roots are made of, or reduces to them.
    """
    shape = roots[0].shape
    squeezed = tuple(n for n in shape if n != 1)
    points = all(root.op.kind is not Kind.REDUCTION for root in roots)
    unfit: Rows | None = None
    reduced: Rows | None = None
    for node in pending:
        if node.op.kind is not Kind.REDUCTION:
            continue
        space = node.inputs[0].shape
        if points and space == shape:
            rows = Rows(space, node.attrs, True)
            if rows.fit():
                return rows
            unfit = unfit or rows
        elif reduced is None and squeezed == tuple(n for n in node.shape if n != 1):
            reduced = Rows(space, node.attrs)
    return unfit or reduced


def online(node: Node, held: Collection[Node]) -> bool:
    """Whether a reduction can be done in the pass of what it depends on, so its rows need not fit.

    It sums squares of distances from the mean of the same values, or exponentials of those from
    their maximum. One pass is enough for it and for the mean or the maximum, unless somebody holds
    (``held``) what is summed, which is then to be written at the points.
    """
    summed = node.inputs[0]
    if node.op is not ops.SUM or summed.op not in (ops.SQUARE, ops.EXP) or summed in held:
        return False
    (distance,) = summed.inputs or (node,)
    if distance.op is not ops.SUBTRACT or distance.attrs is not None or distance in held:
        return False
    if distance.buffer is not None or distance.dtype not in (dtypes.float32, dtypes.float64):
        return False
    x, centre = distance.inputs
    while centre.op is ops.VIEW and centre.buffer is None:
        centre = centre.inputs[0]
    folded = ops.MAX
    if summed.op is ops.SQUARE:
        if centre.op is not ops.DIVIDE or centre.attrs is None or centre.attrs[1]:
            return False
        if centre.buffer is not None:
            return False
        centre, folded = centre.inputs[0], ops.SUM
    return (
        centre.op is folded
        and centre.buffer is None
        and centre.attrs == node.attrs
        and _same(centre.inputs[0], x)
        and x.dtype == distance.dtype
    )


def _same(a: Node, b: Node) -> bool:
    """Whether two nodes are one, or the same view of one, which each call makes for itself."""
    if a is b:
        return True
    if a.op is not ops.VIEW or b.op is not ops.VIEW or not a.inputs or not b.inputs:
        return False
    return a.inputs[0] is b.inputs[0] and bool(a.attrs == b.attrs)


def results(rows: Rows, roots: list[Node]) -> list[Node]:
    """What ``roots``, at the points of ``rows``, read once per row and is made of reductions.

    Those of one shape come together, the least dependent first.
    """
    known: dict[Node, bool] = {}
    found: dict[Node, None] = {}
    visited = dict.fromkeys(roots)
    stack = list(roots)
    while stack:
        reader = stack.pop()
        for source in reader.inputs:
            if source.buffer is not None or source in visited:
                continue
            if rows.read_by(reader, source) and not rows.thin:
                while source.op is ops.VIEW and source.buffer is None:
                    source = source.inputs[0]
                if _reduces(source, rows, known):
                    found[source] = None
            elif source.shape == rows.space and source.op.kind is not Kind.REDUCTION:
                visited[source] = None
                stack.append(source)
    return sorted(found, key=lambda node: (node.shape, node.depth))


def _reduces(node: Node, rows: Rows, known: dict[Node, bool]) -> bool:
    # A function within `results` would be in a cycle with itself, and keep the nodes, and so their
    # memory, until Python's collector comes.
    found = known.get(node)
    if found is None:
        kind = node.op.kind
        found = known[node] = node.buffer is None and (
            node.attrs == rows.axes and node.inputs[0].shape == rows.space
            if kind is Kind.REDUCTION
            else (kind is Kind.ELEMENTWISE or node.op is ops.VIEW)
            and math.prod(node.shape) == rows.count
            and any(_reduces(source, rows, known) for source in node.inputs)
        )
    return found


def apart(reader: Node, source: Node, rows: Rows | None) -> bool:
    """Whether ``source`` may be of a row program that ``reader`` cannot be in.

    ``rows`` are those of the program that ``reader`` is in.
    """
    if reader.op is ops.VIEW:
        view: View = reader.attrs
        return view.offset != 0 or not is_contiguous(view)
    if reader.op.kind is Kind.REDUCTION:
        same = rows is not None and source.shape == rows.space and reader.attrs == rows.axes
        return not same
    return reader.op.kind is Kind.ELEMENTWISE and source.shape != reader.shape
