"""Lowering: pending nodes -> the structural key of one program, and its operands.

Views are pushed to the loads here, generators and scalars become operands without memory, and
every place where a program has to end is a `Cut` with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from xgpu.graph.node import Node
from xgpu.graph.rows import Rows, online
from xgpu.graph.view import (
    Shape,
    View,
    broadcast,
    compose,
    contiguous_strides,
    is_contiguous,
    whole,
)
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Kind
from xgpu.runtime import collapse
from xgpu.runtime.collapse import Axes, Load

MAX_BODY = 160
"""Instructions per program: more would spill registers without saving memory traffic."""

MAX_WORDS = 360
"""8-byte words of kernel arguments; CUDA allows 4 KiB of them before version 12.1."""

FULL = "the program is as long as a program may be"

# Looked up once: this module is the hot path of a flush.
ELEMENTWISE, REDUCTION, CONSTANT = Kind.ELEMENTWISE, Kind.REDUCTION, ops.CONSTANT
FLOAT16, BFLOAT16, FLOAT32 = dtypes.float16, dtypes.bfloat16, dtypes.float32

Materialize = Callable[[Node, str], None]
"""Compute this node first, in a program of its own, for this reason."""


class Lowered(NamedTuple):
    """One program, ready to look up and to launch."""

    key: tuple[Any, ...]  #: the fields of `Program` as plain tuples
    shape: Shape  #: of the iteration space
    inputs: list[Any]
    outputs: list[Any]
    nodes: list[Node]  #: what each output is the value of


class Lowering:
    """One program under construction, over an iteration space of ``shape``.

    ``shape`` is that of the roots. If a root reduces (itself, or as the epilogue of a
    reduction), ``space`` is the shape of the reductions' operand and ``axes`` what they reduce;
    values then live at two levels, and ``shape`` is the kept one.

    ``staged`` allows a row program, in which what is read once per row below a reduction is a
    value of the kept level, where the rows fit. With ``rows`` it is one from the start: the roots
    have the shape of its space. What is ``held`` will be asked for, and written if it is computed.
    """

    def __init__(
        self,
        shape: Shape,
        materialize: Materialize,
        staged: bool = False,
        rows: Rows | None = None,
        fits: bool = True,
        held: Collection[Node] = (),
    ) -> None:
        self.shape: Shape = shape if rows is None else rows.kept
        self.materialize = materialize
        self.staged = staged
        self.fits = fits
        self.rows = rows
        self.held = held
        self.reduces: bool = False
        self.space: Shape | None = None if rows is None else rows.space
        self.axes: tuple[int, ...] = () if rows is None else rows.axes
        self.root: bool = rows is None  # whether the roots are at the kept level
        self.body: list[tuple[Any, ...]] = []
        self.loads: list[Load] = []
        self.values: dict[Any, int] = {}
        self.full: dict[Any, int] = {}  # values before a reduction, by the same keys
        self.wide: dict[int, int] = {}  # 16-bit values in float32
        self.same: dict[Any, int] = {}  # instructions and scalars, where something reduces
        self.words: int = 0
        self.linear: bool = True  # every operand so far is whole and in order

    # Emission at the level of the roots

    def emit(self, node: Node, view: View | None, after: bool = True) -> int:
        """The number of the value of ``node`` through ``view`` (None: in the space's own order).

        ``after`` is False below a reduction, where the space is that of its operand.
        """
        if not after and view is not None and self.rows is not None:
            # What is in memory does not ask for a row program.
            there = node.buffer is not None and not self.rows.at_points
            if not there and self.rows.once(node, view):
                return self.emit(node, None)
        values = self.values if after else self.full
        key: Any = node if view is None else (node, view)
        number = values.get(key)
        if number is not None:
            return number
        op = node.op
        if node.buffer is not None:
            number = self._load("buffer", node, view, after)
        elif op.kind is ELEMENTWISE:
            shape = node.shape
            for source in node.inputs:
                if source.shape != shape and source.op is not CONSTANT:
                    number = self._stretched(node, view, after)
                    break
            else:
                if len(self.body) > MAX_BODY or self.words > MAX_WORDS:
                    number = self._cut(node, view, after, FULL)
                else:
                    emit = self.emit
                    args = [emit(source, view, after) for source in node.inputs]
                    if node.attrs is not None:
                        self._scalar(node, args, after)
                    number = self._instr(op, node.dtype, args)
        elif op is CONSTANT or op is ops.EMPTY:
            number = self._load("scalar", node, None, after)
        elif op is ops.VIEW:
            composed = self._compose(view, node.attrs, after)
            if composed is None:
                number = self._cut(node, view, after, "a reshape that strides cannot express")
            else:
                base = node.inputs[0]
                number = self.emit(base, self._plain(composed, base.shape, after), after)
        elif op is ops.INDEX:
            number = self._index(node, view, after)
        elif op.kind is REDUCTION and self._reduces_here(node, view, after):
            number = self._reduction(node)
        else:
            number = self._cut(node, view, after, _why(op))
        values[key] = number
        return number

    def _stretched(self, node: Node, view: View | None, after: bool) -> int:
        """An elementwise node of which some operand is broadcast."""
        if len(self.body) > MAX_BODY or self.words > MAX_WORDS:
            return self._cut(node, view, after, FULL)
        shape = node.shape
        views: list[View | None] = []
        for source in node.inputs:
            if source.shape == shape or source.op is CONSTANT:
                views.append(view)
                continue
            stretched = self._compose(view, broadcast(whole(source.shape), shape), after)
            if stretched is None:
                return self._cut(node, view, after, "a reshape of what was broadcast")
            views.append(self._plain(stretched, source.shape, after))
        args = [self.emit(s, v, after) for s, v in zip(node.inputs, views, strict=True)]
        if node.attrs is not None:
            self._scalar(node, args, after)
        return self._instr(node.op, node.dtype, args)

    def _instr(self, op: ops.Op, dtype: DType, args: list[int]) -> int:
        """The value of ``op``; of 16-bit floats in float32, and rounded, unless it takes them."""
        body = self.body
        taken = body[args[-1]][1]
        if (taken is FLOAT16 or taken is BFLOAT16) and op not in ops.TAKE_NARROW:
            args = [self._widened(number) for number in args]
            if dtype is taken:
                args = [self._append((op.name, FLOAT32, tuple(args)))]
                op = ops.CAST
        return self._append((op.name, dtype, tuple(args)))

    def _append(self, instr: tuple[Any, ...]) -> int:
        """The value of an instruction; of an earlier one that is the same, if something reduces.

        There the same mean is often recorded twice, by `mean` and by `var`.
        """
        body = self.body
        if self.space is not None:
            number = self.same.setdefault(instr, len(body))
            if number < len(body):
                return number
        body.append(instr)
        return len(body) - 1

    def _widened(self, number: int) -> int:
        """A 16-bit value in float32; cast once, whoever reads it."""
        wide = self.wide.get(number)
        if wide is None:
            wide = self.wide[number] = len(self.body)
            self.body.append((ops.CAST.name, FLOAT32, (number,)))
        return wide

    def _scalar(self, node: Node, args: list[int], after: bool) -> None:
        """Put the load of the scalar that ``node`` takes among its arguments."""
        dtype, (value, first) = node.inputs[0].dtype, node.attrs
        if self.space is None:
            number = self._load("scalar", node, None, after, dtype)
        else:
            key = (dtype, repr(value), after)  # zeros of either sign are equal
            known = self.same.get(key)
            number = self._load("scalar", node, None, after, dtype) if known is None else known
            self.same[key] = number
        args.insert(0 if first else 1, number)

    def _index(self, node: Node, view: View | None, after: bool) -> int:
        shape = node.shape
        strides = tuple(1 if axis == node.attrs else 0 for axis in range(len(shape)))
        composed = self._compose(view, View(shape, strides, 0), after)
        if composed is None:
            return self._cut(node, view, after, "a reshape of a generator")
        return self._load("index", node, composed, after)

    def _reduces_here(self, node: Node, view: View | None, after: bool) -> bool:
        if not after and (self.rows is None or not self.rows.thin):
            return False
        source, axes = node.inputs[0], node.attrs
        if view is not None and not (is_contiguous(view) and view.offset == 0):
            return False
        if _squeezed(self.shape) != _squeezed(node.shape):
            return False
        return self.space is None or (self.space == source.shape and self.axes == axes)

    def _reduction(self, node: Node) -> int:
        source = node.inputs[0]
        self.reduces = True
        if self.space is None:
            self.space, self.axes = source.shape, node.attrs
            rows = Rows(self.space, self.axes) if self.staged else None
            if rows is not None and self.fits and rows.fit():
                self.rows = rows
        if self.rows is None and self.staged and online(node, self.held):
            self.rows = Rows(self.space, self.axes)
            number = self.emit(source, None, after=False)
            self.rows = None
        else:
            number = self.emit(source, None, after=False)
        number = self._instr(node.op, node.dtype, [number])
        # Whatever the view that led here, the order of the elements is the same.
        self.values[node] = number
        return number

    def _cut(self, node: Node, view: View | None, after: bool, reason: str) -> int:
        self.materialize(node, reason)
        return self._load("buffer", node, view, after)

    def _load(
        self, kind: str, node: Node, view: View | None, after: bool, dtype: DType | None = None
    ) -> int:
        loads, body = self.loads, self.body
        number = len(body)
        dtype = node.dtype if dtype is None else dtype
        body.append(("load", dtype, (len(loads),)))
        loads.append((kind, node, dtype, view, after))
        if view is None:
            self.words += 1
        else:
            self.words += 1 + len(view.shape)
            self.linear = False
        return number

    # Views

    def level(self, after: bool) -> Shape:
        """The shape of the kept level, or of the points."""
        level = self.shape if after else self.space
        assert level is not None
        return level

    def _compose(self, outer: View | None, inner: View, after: bool) -> View | None:
        if outer is not None:
            return compose(outer, inner)
        level = self.level(after)
        return inner if inner.shape == level else compose(whole(level), inner)

    def _plain(self, view: View, base: Shape, after: bool) -> View | None:
        """None in place of the view that is the whole of ``base`` in the space's order."""
        if view.offset:
            return view
        level = self.level(after)
        if base == level:
            return None if view.strides == contiguous_strides(base) else view
        same = _squeezed(base) == _squeezed(level) and is_contiguous(view)
        return None if same else view

    # The end

    def finish(self, roots: list[Node], held: list[Node], region: Any = None) -> Lowered:
        """Close the program: its outputs are the roots, and of ``held`` what it computed.

        ``region`` is the (buffer, view) to which the one root is written, if not a fresh buffer.
        """
        values = self.values if self.root else self.full
        targets = [(values[n], n, self.root) for n in roots]
        for node in held:
            for values, after in ((self.values, True), (self.full, False)):
                number = values.get(node)
                if number is not None and node not in roots:
                    targets.append((number, node, after))
                    break
        reduces = self.space is not None
        if self.linear and not reduces and region is None:
            placed = collapse.linear(self.shape, self.loads, len(targets))
        else:
            axes = Axes(self.shape, self.space, self.axes)
            placed = collapse.place(axes, self.loads, [after for _, _, after in targets], region)
        inputs = tuple(
            [
                (load[2], access, reduces and load[4])
                for load, access in zip(self.loads, placed.input_access, strict=True)
            ]
        )
        outputs = tuple(
            [
                (number, node.dtype, access, reduces and after)
                for (number, node, after), access in zip(targets, placed.output_access, strict=True)
            ]
        )
        key = (placed.kept, placed.reduced, placed.wide, inputs, tuple(self.body), outputs)
        return Lowered(
            key, placed.shape, placed.inputs, placed.outputs, [node for _, node, _ in targets]
        )


def _squeezed(shape: Shape) -> Shape:
    return shape if 1 not in shape else tuple(n for n in shape if n != 1)


def _why(op: ops.Op) -> str:
    if op.kind is REDUCTION:
        return f"the result of {op.name} is needed at another shape"
    if op is ops.ASSIGN:
        return "an assignment writes its buffer"
    return f"{op.name} is a kernel of its own"
