"""Collapsing: the axes of an iteration space merged as far as every operand's strides allow.

A kernel is specialised on what is left: the number of kept and of reduced axes, and how each
operand is addressed. So ``(1000, 1000)`` contiguous arrays and ``(10**6,)`` ones share a kernel.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from xgpu.graph.node import Node
from xgpu.graph.view import Shape, View, contiguous_strides
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Kind

LIMIT = 2**31 - 1
"""The last position that 32-bit indexing reaches."""

Strides = tuple[int, ...]


Load = tuple[str, Node, DType, View | None, bool]
"""An operand as recorded: (kind, node, dtype, view, after).

kind: buffer, scalar or index.  node: whose buffer it is; for a scalar the constant, or the op that
takes the scalar.  view None: the whole node, in the order of its level.
after: at the kept level, not at the points of a reduction. A plain tuple: one is made per operand
and flush.
"""


class Axes(NamedTuple):
    """The iteration space.

    ``kept`` is the shape of the roots; ``space`` that of what the reductions fold over the axes
    ``reduced``, or None if nothing reduces.
    """

    kept: Shape
    space: Shape | None
    reduced: tuple[int, ...]


class Placed(NamedTuple):
    """The collapsed space, each operand's access, and the operands for the launch."""

    kept: int
    reduced: int
    wide: bool
    shape: Shape
    input_access: list[str]
    output_access: list[str]
    inputs: list[Any]
    outputs: list[Any]


def place(axes: Axes, loads: list[Load], at_root: list[bool], region: Any) -> Placed:
    """Address every operand.

    ``at_root``: for each output, whether it is at the kept level. ``region``: None, or
    (buffer, view) for the first output.
    """
    space = _Space(axes)
    reads = [None if load[0] == "scalar" else space.read(load) for load in loads]
    writes = [space.write(root, None) for root in at_root]
    if region is not None:
        writes[0] = space.write(at_root[0], region[1])
    space.merge([s for s in reads if s is not None] + writes)

    wide = math.prod(space.shape) > LIMIT
    input_access: list[str] = []
    inputs: list[Any] = []
    for (kind, node, _, view, after), strides in zip(loads, reads, strict=True):
        if strides is None:
            input_access.append("scalar")
            inputs.append((_scalar(node), 0, ()))
            continue
        level, steps = space.collapsed(strides, space.reduces and not after)
        offset = 0 if view is None else view.offset
        if kind == "index":
            wide = wide or abs(offset) + _extent(steps, level) > LIMIT
            input_access.append("index")
            inputs.append((None, offset, steps))
            continue
        access = _access(steps, level)
        wide = wide or _extent(steps, level) > LIMIT
        input_access.append(access)
        inputs.append((node.buffer, offset, steps if access == "strided" else ()))
    output_access: list[str] = []
    outputs: list[Any] = []
    for number, (strides, root) in enumerate(zip(writes, at_root, strict=True)):
        level, steps = space.collapsed(strides, space.reduces and not root)
        wide = wide or _extent(steps, level) > LIMIT
        buffer, offset = None, 0
        if number == 0 and region is not None:
            buffer, offset = region[0], region[1].offset
        access = "strided" if _access(steps, level) == "strided" else "contiguous"
        output_access.append(access)
        outputs.append((buffer, offset, steps if access == "strided" else ()))
    return Placed(
        space.kept,
        len(space.shape) - space.kept,
        wide,
        space.shape,
        input_access,
        output_access,
        inputs,
        outputs,
    )


class _Space:
    """The axes longer than one, kept ones first, and then what they merge into."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.reduces = axes.space is not None
        self.kept_axes = [i for i, n in enumerate(axes.kept) if n != 1]
        self.split = len(self.kept_axes)
        self.lengths = [axes.kept[i] for i in self.kept_axes]
        self.order = self.kept_axes
        if axes.space is not None:
            long = [i for i, n in enumerate(axes.space) if n != 1]
            tail = [i for i in long if i in axes.reduced]
            self.order = [i for i in long if i not in axes.reduced] + tail
            self.lengths = [axes.space[i] for i in self.order]
        self.shape: Shape = ()
        self.kept = 0
        #: For each merged axis the innermost axis in it; None for an axis of length one.
        self.innermost: list[int | None] = []

    def read(self, load: Load) -> Strides:
        """The strides of an input over the axes of its level."""
        _, _, _, view, after = load
        below = self.reduces and not after
        level = self.axes.space if below else self.axes.kept
        assert level is not None
        strides = contiguous_strides(level) if view is None else view.strides
        return tuple(strides[i] for i in (self.order if below else self.kept_axes))

    def write(self, root: bool, view: View | None) -> Strides:
        """The strides of an output over the axes of its level."""
        below = self.reduces and not root
        level = self.axes.space if below else self.axes.kept
        assert level is not None
        strides = contiguous_strides(level) if view is None else view.strides
        return tuple(strides[i] for i in (self.order if below else self.kept_axes))

    def merge(self, operands: list[Strides]) -> None:
        """Merge neighbours across which every operand runs on, kept and reduced apart."""
        kept = self._merged(0, self.split, operands) or [(1, None)]
        reduced = self._merged(self.split, len(self.lengths), operands)
        if self.reduces and not reduced:
            reduced = [(1, None)]
        self.kept = len(kept)
        self.shape = tuple(n for n, _ in kept + reduced)
        self.innermost = [axis for _, axis in kept + reduced]

    def _merged(
        self, start: int, stop: int, operands: list[Strides]
    ) -> list[tuple[int, int | None]]:
        merged: list[tuple[int, int | None]] = []
        for axis in range(start, stop):
            length = self.lengths[axis]
            if merged and all(s[axis - 1] == s[axis] * length for s in operands if len(s) > axis):
                merged[-1] = (merged[-1][0] * length, axis)
            else:
                merged.append((length, axis))
        return merged

    def collapsed(self, strides: Strides, below: bool) -> tuple[Shape, Strides]:
        """The merged shape of an operand's level, and its strides over it."""
        count = len(self.shape) if below else self.kept
        inner = self.innermost[:count]
        return self.shape[:count], tuple(0 if a is None else strides[a] for a in inner)


def linear(shape: Shape, loads: list[Load], outputs: int) -> Placed:
    """The common case: every operand whole and in order, or a scalar."""
    size = math.prod(shape)
    access: list[str] = []
    inputs: list[Any] = []
    for kind, node, _, _, _ in loads:
        if kind == "scalar":
            access.append("scalar")
            inputs.append((_scalar(node), 0, ()))
        else:
            access.append("contiguous")
            inputs.append((node.buffer, 0, ()))
    fresh: list[Any] = [(None, 0, ())] * outputs
    return Placed(1, 0, size > LIMIT, (size,), access, ["contiguous"] * outputs, inputs, fresh)


def _scalar(node: Node) -> Any:
    """The host value of a constant, or of the scalar that an op takes; 0 for unwritten memory."""
    if node.op.kind is Kind.ELEMENTWISE:
        return node.attrs[0]
    return 0 if node.attrs is None else node.attrs


def _access(steps: Strides, shape: Shape) -> str:
    if all(s == 0 or n == 1 for s, n in zip(steps, shape, strict=True)):
        # Nothing is read where the space is empty, and there may be nothing to read.
        return "uniform" if 0 not in shape else "strided"
    expected = 1
    for length, step in zip(reversed(shape), reversed(steps), strict=True):
        if length != 1 and step != expected:
            return "strided"
        expected *= length
    return "contiguous"


def _extent(steps: Strides, shape: Shape) -> int:
    return sum(abs(s) * (n - 1) for s, n in zip(steps, shape, strict=True))
