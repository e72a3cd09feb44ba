"""The short way for the common program: elementwise ops on whole arrays of one shape.

`lowering` works such a program out once; from then on it is recognised by one walk over the
pending nodes, which numbers them as it finds them, and launched. This is where the host's time
per call is made or lost, so the loop is written for speed.
"""

from __future__ import annotations

import math
import sys
from typing import Any, Final, NamedTuple

from xgpu.graph.device import Device
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


class Flat(NamedTuple):
    """Pending nodes below a root, all elementwise and of its shape, and what they read."""

    key: tuple[Any, ...]  #: their structure: equal keys are equal programs
    nodes: list[Node]  #: the pending ones, the root first
    leaves: list[Node]  #: buffers of the root's shape, constants, and nodes that take a scalar
    operands: list[Any]  #: of the leaves
    size: int


class Plan(NamedTuple):
    """What a structure came to when it was lowered."""

    kernel: Any
    order: tuple[int, ...]  #: for each input of the program, which leaf it is
    references: int  #: to all nodes but the root, when nobody else holds one


def flatten(root: Node) -> Flat | None:
    """The nodes below ``root`` if they are of the common kind."""
    shape = root.shape
    # Places of nodes and buffers in the order they are found.
    places: dict[Node, int] = {root: 0}
    nodes = [root]
    leaves: list[Node] = []
    operands: list[Any] = []
    key: list[Any] = []
    add, place_of = key.append, places.get
    for node in nodes:
        op = node.op
        add(op)
        if op is CAST:
            add(node.dtype)
        scalar = node.attrs
        if scalar is not None:
            leaves.append(node)
            operands.append((scalar[0], 0, ()))
            add("first" if scalar[1] else "second")
        for source in node.inputs:
            place = place_of(source)
            if place is None:
                place = places[source] = len(places)
                if source.op is CONSTANT and source.buffer is None:
                    leaves.append(source)
                    operands.append((source.attrs, 0, ()))
                    add(CONSTANT)
                    add(source.dtype)
                elif source.shape != shape:
                    return None
                elif source.buffer is not None:
                    leaves.append(source)
                    operands.append((source.buffer, 0, ()))
                    add(source.dtype)
                elif source.op.kind is ELEMENTWISE:
                    nodes.append(source)
                else:
                    return None
            add(place)
    size = math.prod(shape)
    if not 0 < size <= LIMIT or len(key) > 3 * MAX_BODY:
        return None
    return Flat(tuple(key), nodes, leaves, operands, size)


def launch(plan: Plan, flat: Flat, device: Device) -> bool:
    """Run the plan, unless somebody holds a node on the way to the root."""
    nodes = flat.nodes
    # No node has fewer references than the plan's, so the sums are equal if all are.
    if _references(nodes) != plan.references:
        return False
    operands = flat.operands
    inputs = [operands[i] for i in plan.order]
    root, kernel = nodes[0], plan.kernel
    launched(device.recent, kernel)
    try:
        root.buffer = device.backend.launch(device.index, kernel, (flat.size,), inputs, _FRESH)[0]
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    root.inputs = ()
    root.depth = 0
    return True


def references(flat: Flat) -> int:
    """The references to all nodes but the root that there are when nobody else holds one."""
    below = flat.nodes[1:]
    inside = sum(n.inputs.count(node) for n in flat.nodes for node in below)
    listed = sum(node.attrs is not None for node in below)  # among the leaves
    return inside + listed + _OWN * len(below)


def places(flat: Flat) -> dict[int, int]:
    """The number of each leaf by its ``id``, which does not hold it."""
    return {id(leaf): number for number, leaf in enumerate(flat.leaves)}


def plan(
    places: dict[int, int],
    references: int,
    kernel: Any,
    lowered: Lowered,
    loads: list[Node],
) -> Plan | None:
    """What to do next time, if the structure was lowered to one program with one output."""
    if len(lowered.nodes) != 1 or any(id(node) not in places for node in loads):
        return None
    return Plan(kernel, tuple(places[id(node)] for node in loads), references)


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


_OWN: Final = _calibrate()
