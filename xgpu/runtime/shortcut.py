"""The short way for the common program: elementwise ops on whole arrays of one shape.

`lowering` works such a program out once; from then on it is recognised by one walk over the
pending nodes, which numbers them as it finds them, and launched. This is where the host's time
per call is made or lost, so the loop is written for speed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node
from xgpu.graph.view import Shape
from xgpu.plugin import dtypes, ops
from xgpu.plugin.errors import KernelError
from xgpu.plugin.ops import Kind
from xgpu.runtime.collapse import LIMIT
from xgpu.runtime.lowering import MAX_BODY, Lowered

ELEMENTWISE, CONSTANT, CAST = Kind.ELEMENTWISE, ops.CONSTANT, ops.CAST
_FRESH: Final = [(None, 0, ())]
_refcount = sys.getrefcount
_new_tuple: Final = tuple.__new__

CALLERS: Final = 4
"""Of `launch` here and in `recall`, up to `materialize`: frames that are not the user's."""


class Flat(NamedTuple):
    """Pending nodes below a root, all elementwise and of its shape, and what they read."""

    key: tuple[Any, ...]  #: their structure: equal keys are equal programs
    nodes: list[Node]  #: the pending ones, the root first
    leaves: list[Node]  #: buffers of the root's shape, constants, and nodes that take a scalar
    operands: list[Any]  #: of the leaves
    size: int


Places = dict[int, tuple[int, bool]]
"""By the ``id`` of a leaf, which does not hold it: its number, and whether it is a scalar."""


class Plan:
    """What a structure came to when it was lowered."""

    __slots__ = ("chosen", "hits", "kernel", "order", "references")

    def __init__(self, kernel: Any, order: list[int], references: int) -> None:
        self.kernel: Any = kernel
        #: Which of the leaves the program's inputs are.
        self.order: list[int] = order
        self.chosen: Callable[[list[Any]], Sequence[Any]] = _chooser(order)
        #: To all nodes but the root, when nobody else holds one.
        self.references: int = references
        #: How often the structure was met since.
        self.hits: int = 0


def flatten(root: Node) -> Flat | None:
    """The nodes below ``root`` if they are of the common kind."""
    shape = root.shape
    inputs = root.inputs
    operands: list[Any]
    if len(inputs) == 2:
        a, b = inputs
        if a.buffer is not None and b.buffer is not None and a is not b:
            # One op alone: what the loop below comes to.
            if a.shape != shape or b.shape != shape:
                return None
            size = math.prod(shape)
            if not 0 < size <= LIMIT:
                return None
            one = (root.op, a.dtype, 1, b.dtype, 2)
            operands = [(a.buffer, 0, ()), (b.buffer, 0, ())]
            return _new_tuple(Flat, (one, [root], [a, b], operands, size))
    # Places of nodes and buffers in the order they are found.
    places: dict[Node, int] = {root: 0}
    nodes = [root]
    leaves: list[Node] = []
    operands = []
    key: list[Any] = []
    add, place_of = key.append, places.get
    for node in nodes:
        op = node.op
        add(op)
        if op is CAST:
            add(node.dtype)
        scalar = node.attrs
        if scalar is not None:
            value, first = scalar
            leaves.append(node)
            operands.append((value, 0, ()))
            add("first" if first else "second")
        for source in node.inputs:
            place = place_of(source)
            if place is None:
                place = places[source] = len(places)
                buffer = source.buffer
                if buffer is not None:
                    if source.shape != shape:
                        return None
                    leaves.append(source)
                    operands.append((buffer, 0, ()))
                    add(source.dtype)
                elif source.op.kind is ELEMENTWISE:
                    if source.shape != shape:
                        return None
                    nodes.append(source)
                elif source.op is CONSTANT:
                    leaves.append(source)
                    operands.append((source.attrs, 0, ()))
                    add(CONSTANT)
                    add(source.dtype)
                else:
                    return None
            add(place)
    size = math.prod(shape)
    if not 0 < size <= LIMIT or len(key) > 3 * MAX_BODY:
        return None
    # As Flat(...), without the function that a named tuple has for it.
    return _new_tuple(Flat, (tuple(key), nodes, leaves, operands, size))


def launch(plan: Plan, flat: Flat) -> bool:
    """Run the plan, unless somebody holds a node on the way to the root."""
    nodes = flat.nodes
    # No node has fewer references than the plan's, so the sums are equal if all are.
    if len(nodes) > 1 and _references(nodes) != plan.references:
        return False
    queue(nodes[0], plan.kernel, plan.chosen(flat.operands), flat.size)
    return True


def queue(root: Node, kernel: Any, inputs: Sequence[Any], size: int) -> None:
    """Launch the kernel of ``root``, which gets its buffer."""
    device = root.device
    launched(device.recent, kernel, CALLERS)
    try:
        root.buffer = device.backend.launch(device.index, kernel, (size,), inputs, _FRESH)[0]
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    root.inputs = ()
    root.depth = 0


def references(flat: Flat) -> int:
    """The references to all nodes but the root that there are when nobody else holds one."""
    below = set(flat.nodes[1:])
    inside = sum(source in below for node in flat.nodes for source in node.inputs)
    listed = sum(node.attrs is not None for node in below)  # among the leaves
    return inside + listed + OWN * len(below)


def places(leaves: list[Node]) -> Places:
    """Where each leaf is in the list, before anything is lowered."""
    return {id(leaf): (number, leaf.buffer is None) for number, leaf in enumerate(leaves)}


def leaf_of(load: Node, given: tuple[Any, ...], places: Places) -> int | None:
    """The number of the leaf that an input of a program reads.

    None for what another program had to compute first: a node that was no leaf, or one that was
    for its scalar.
    """
    number, scalar = places.get(id(load), (None, False))
    return number if scalar == (given[1] == "scalar") else None


def plan(
    places: Places,
    references: int,
    kernel: Any,
    lowered: Lowered,
    loads: list[Node],
) -> Plan | None:
    """What to do next time, if the structure was lowered to one program with one output."""
    if len(lowered.nodes) != 1:
        return None
    order = [leaf_of(n, i, places) for n, i in zip(loads, lowered.key[3], strict=True)]
    known = [leaf for leaf in order if leaf is not None]
    return Plan(kernel, known, references) if len(known) == len(order) else None


def _chooser(order: list[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """What picks these places of a list."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda operands: [operands[i] for i in order]


def _references(nodes: list[Node]) -> int:
    """All references to the nodes but the root, those that looking at them makes included."""
    return sum(map(_refcount, nodes[1:]))


def _calibrate() -> int:
    # How many references looking makes differs between Python versions: look at one node that
    # has a single reader.
    here: Shape = (1,)
    inner = Node(ops.EXP, (), here, dtypes.float32, None)  # type: ignore[arg-type]
    root = Node(ops.EXP, (inner,), here, dtypes.float32, None)  # type: ignore[arg-type]
    del inner
    flat = flatten(root)
    assert flat is not None
    return _references(flat.nodes) - 1


OWN: Final = _calibrate()
"""The references to a node that this module makes itself."""
