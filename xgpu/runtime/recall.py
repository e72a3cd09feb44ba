"""Programs that were lowered before, recognised in one walk over the pending nodes.

Lowering works out what a structure comes to: its kernel, and which of the nodes that it reads are
the kernel's operands. For elementwise ops on whole arrays that is the same for all sizes. For other
programs, where operands lie and what fuses follow from the sizes too, so those are part of the
structure there. What is met again and again gets a matcher (`matching`), which costs less.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xgpu.graph.device import Device
from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node, nowhere
from xgpu.graph.view import Shape
from xgpu.plugin import ops
from xgpu.plugin.errors import KernelError
from xgpu.plugin.ops import Kind
from xgpu.plugin.program import Operand
from xgpu.runtime import donation
from xgpu.runtime.collapse import LIMIT as LARGEST
from xgpu.runtime.lowering import MAX_BODY

LIMIT: Final = 4096
"""How many structures a device remembers before it starts over: sizes may come without end."""

ELEMENTWISE, REDUCTION = Kind.ELEMENTWISE, Kind.REDUCTION
CAST, CONSTANT, INDEX, VIEW = ops.CAST, ops.CONSTANT, ops.INDEX, ops.VIEW

CALLERS: Final = 6
"""The nearest frame that may be the user's, from `queue` over `materialize` outwards."""

_new_tuple: Final = tuple.__new__


class Walk(NamedTuple):
    """Pending nodes below a root, and what they read."""

    key: tuple[Any, ...]  #: their structure: equal keys are equal programs
    nodes: list[Node]  #: the pending ones, the root first
    leaves: list[Node]  #: those with a buffer, constants, and nodes that take a scalar
    values: list[Any]  #: the buffers and scalars of the leaves
    flat: bool  #: elementwise ops on whole arrays of the root's shape, whatever that is


Places = dict[int, tuple[int, bool]]
"""By the ``id`` of a leaf, which does not hold it: its number, and whether it is a scalar."""

Input = tuple[int | None, int, tuple[int, ...]]
"""Of an operand: the number of its leaf (None: it has no memory), offset, strides."""


class Plan:
    """What a structure came to when it was lowered."""

    __slots__ = ("hits", "inputs", "kernel", "match", "outputs", "references", "shape")

    def __init__(
        self,
        kernel: Any,
        shape: Shape | None,
        inputs: tuple[Input, ...],
        outputs: Sequence[Operand],
        references: int,
    ) -> None:
        self.kernel: Any = kernel
        self.shape: Shape | None = shape  #: None: one axis with the root's elements
        self.inputs: tuple[Input, ...] = inputs
        self.outputs: Sequence[Operand] = outputs
        #: To all nodes but the root, when nobody else holds one.
        self.references: int = references
        #: How often the structure was met since.
        self.hits: int = 0
        self.match: Any = None  #: its matcher, when it has one

    def space(self, root: Node) -> Shape:
        """What the kernel is launched over for ``root``."""
        return (math.prod(root.shape),) if self.shape is None else self.shape


def walk(root: Node) -> Walk | None:
    """The nodes below ``root``, None if there are ops that no fused program has."""
    shape = root.shape
    flat = 0 < math.prod(shape) <= LARGEST
    places: dict[Node, int] = {root: 0}
    nodes = [root]
    leaves: list[Node] = []
    values: list[Any] = []
    key: list[Any] = []
    add, place_of = key.append, places.get
    for node in nodes:
        op = node.op
        add(op)
        if op.kind is ELEMENTWISE:
            if op is CAST:
                add(node.dtype)
            taken = node.attrs
            if taken is not None:
                value, first = taken
                leaves.append(node)
                values.append(value)
                add("first" if first else "second")
        elif op.kind is REDUCTION or op is VIEW:
            flat = False
            add(node.attrs)
        elif op is INDEX:
            flat = False
            add(node.attrs)
            add(node.shape)
        else:
            return None
        for source in node.inputs:
            place = place_of(source)
            if place is None:
                place = places[source] = len(places)
                if source.buffer is not None:
                    leaves.append(source)
                    values.append(source.buffer)
                    add(source.dtype)
                    if source.shape != shape:
                        flat = False
                elif source.op is CONSTANT:
                    leaves.append(source)
                    values.append(source.attrs)
                    add(CONSTANT)
                    add(source.dtype)
                elif len(nodes) > 2 * MAX_BODY:
                    return None
                else:
                    nodes.append(source)
                    if source.shape != shape:
                        flat = False
            add(place)
    if not flat:
        add("sized")
        key += [leaf.shape for leaf in leaves if leaf.buffer is not None]
        key += equal_scalars(leaves)
    return _new_tuple(Walk, (tuple(key), nodes, leaves, values, flat))


def equal_scalars(leaves: list[Node]) -> list[int]:
    """For each scalar that a node takes, the number of the first one of its dtype that is equal.

    Lowering may load equal scalars once, where something reduces.
    """
    known: dict[Any, int] = {}
    return [
        known.setdefault((leaf.inputs[0].dtype, repr(leaf.attrs[0])), len(known))
        for leaf in leaves
        if leaf.buffer is None and leaf.op is not CONSTANT
    ]


def launch(plan: Plan, found: Walk) -> bool:
    """Run the plan, unless somebody holds a node on the way to the root."""
    nodes, values = found.nodes, found.values
    # No node has fewer references than the plan's, so the sums are equal if all are.
    if len(nodes) > 1 and _references(nodes) != plan.references:
        return False
    inputs = [
        (None if leaf is None else values[leaf], offset, strides)
        for leaf, offset, strides in plan.inputs
    ]
    queue(nodes[0], plan.kernel, plan.space(nodes[0]), inputs, plan.outputs, 1)
    return True


def queue(
    root: Node,
    kernel: Any,
    shape: Shape,
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
    listed: int,
) -> None:
    """Launch the kernel of ``root``, which gets its buffer.

    Leaves are in ``listed`` lists of the callers', and their buffers in one.
    """
    device = root.device
    if math.prod(shape) >= donation.LEAST:
        outputs = donation.outputs_below(root, kernel, shape, inputs, outputs, listed, 1)
    launched(device.recent, kernel, CALLERS)
    try:
        buffer = device.backend.launch(device.index, kernel, shape, inputs, outputs)[0]
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    root.buffer = buffer
    root.inputs = ()
    root.depth = 0


def references(found: Walk) -> int:
    """The references to all nodes but the root that there are when nobody else holds one."""
    below = set(found.nodes[1:])
    inside = sum(source in below for node in found.nodes for source in node.inputs)
    listed = sum(leaf in below for leaf in found.leaves)
    return inside + listed + OWN * len(below)


def held(found: Walk) -> frozenset[int]:
    """The numbers of the nodes below the root that somebody else refers to."""
    return frozenset(n for n, more in enumerate(_more(found)[1:], 1) if more > OWN_ONE)


def _more(found: Walk) -> list[int]:
    """For each node, the references to it that are not from nodes, nor from the list of leaves."""
    nodes, count = found.nodes, sys.getrefcount
    inside = {id(node): 0 for node in nodes}
    for node in nodes:
        for source in node.inputs:
            if id(source) in inside:
                inside[id(source)] += 1
    for node in found.leaves:
        if id(node) in inside:
            inside[id(node)] += 1
    source = node = nodes[0]
    return [count(node) - inside[id(node)] for node in nodes]


def places(leaves: list[Node]) -> Places:
    """Where each leaf is in the list, before anything is lowered."""
    return {id(leaf): (number, leaf.buffer is None) for number, leaf in enumerate(leaves)}


def remember(device: Device, key: Any, found: Any) -> None:
    """Keep a plan or a series, by the structure and, if there are such, the nodes that are held."""
    if len(device.plans) >= LIMIT:
        device.plans.clear()
    device.plans[key] = found


def _references(nodes: list[Node]) -> int:
    """All references to the nodes but the root, those that looking at them makes included."""
    return sum(map(sys.getrefcount, nodes[1:]))


def _calibrate() -> tuple[int, int]:
    # How many references looking makes differs between Python versions: look at one node that
    # has a single reader.
    root = nowhere(nowhere())
    found = walk(root)
    assert found is not None
    return _references(found.nodes) - 1, _more(found)[1]


OWN, OWN_ONE = _calibrate()
"""The references to a node that this module makes itself: to all at once, and one by one."""
