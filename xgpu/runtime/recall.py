"""Programs with views, reductions and generators, recognised with their sizes.

`shortcut` recognises elementwise ops on whole arrays, of whatever size. For other programs, where
operands lie and what fuses follow from the sizes too: so those are part of the key here, and what
lowering came to is kept whole but for the buffers and the scalars.
"""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

from xgpu.graph.device import Device
from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node
from xgpu.graph.view import Shape
from xgpu.plugin import ops
from xgpu.plugin.errors import KernelError
from xgpu.plugin.ops import Kind
from xgpu.plugin.program import Operand
from xgpu.runtime.lowering import MAX_BODY, Lowered
from xgpu.runtime.shortcut import CALLERS, OWN, Places, leaf_of

LIMIT: Final = 4096
"""How many structures a device remembers before it starts over: sizes may come without end."""

ELEMENTWISE, REDUCTION = Kind.ELEMENTWISE, Kind.REDUCTION
CAST, CONSTANT, INDEX, VIEW = ops.CAST, ops.CONSTANT, ops.INDEX, ops.VIEW


class Walk(NamedTuple):
    """Pending nodes below a root, and what they read."""

    key: tuple[Any, ...]  #: their structure and all sizes: equal keys are equal programs
    nodes: list[Node]  #: the pending ones, the root first
    leaves: list[Node]  #: those with a buffer, constants, and nodes that take a scalar
    values: list[Any]  #: the buffers and scalars of the leaves


class Plan(NamedTuple):
    """What a structure came to when it was lowered."""

    kernel: Any
    shape: Shape
    inputs: tuple[tuple[int | None, int, tuple[int, ...]], ...]
    """For each operand the number of its leaf (None: it has no memory), offset, strides."""
    outputs: list[Operand]
    references: int  #: to all nodes but the root, when nobody else holds one


def walk(root: Node) -> Walk | None:
    """The nodes below ``root``, None if there are ops that no fused program has."""
    places: dict[Node, int] = {root: 0}
    nodes = [root]
    leaves: list[Node] = []
    values: list[Any] = []
    # Lowering may load equal scalars once, so which ones are equal is part of the structure.
    scalars: dict[Any, int] = {}
    key: list[Any] = ["sized"]
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
                add(scalars.setdefault((node.inputs[0].dtype, repr(value)), len(scalars)))
        elif op.kind is REDUCTION or op is VIEW:
            add(node.attrs)
        elif op is INDEX:
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
                    add(source.shape)
                elif source.op is CONSTANT:
                    leaves.append(source)
                    values.append(source.attrs)
                    add(CONSTANT)
                    add(source.dtype)
                elif len(nodes) > 2 * MAX_BODY:
                    return None
                else:
                    nodes.append(source)
            add(place)
    return Walk(tuple(key), nodes, leaves, values)


def launch(plan: Plan, found: Walk, device: Device) -> Any:
    """The buffer of the root, by its plan; None if somebody holds a node on the way to it."""
    if _references(found.nodes) != plan.references:
        return None
    values = found.values
    inputs = [
        (None if leaf is None else values[leaf], offset, strides)
        for leaf, offset, strides in plan.inputs
    ]
    launched(device.recent, plan.kernel, CALLERS)
    try:
        return device.backend.launch(device.index, plan.kernel, plan.shape, inputs, plan.outputs)[0]
    except KernelError as error:
        explain(error, device.recent, device)
        raise


def references(found: Walk) -> int:
    """The references to all nodes but the root that there are when nobody else holds one."""
    below = set(found.nodes[1:])
    inside = sum(source in below for node in found.nodes for source in node.inputs)
    listed = sum(leaf in below for leaf in found.leaves)
    return inside + listed + OWN * len(below)


def plan(
    places: Places, references: int, kernel: Any, lowered: Lowered, loads: list[Node]
) -> Plan | None:
    """What to do next time, if the structure was lowered to one program with one output."""
    if len(lowered.nodes) != 1 or 0 in lowered.shape:
        return None
    inputs: list[tuple[int | None, int, tuple[int, ...]]] = []
    for node, given, (_, offset, strides) in zip(
        loads, lowered.key[3], lowered.inputs, strict=True
    ):
        leaf = None
        if given[1] != "index":
            leaf = leaf_of(node, given, places)
            if leaf is None:
                return None
        inputs.append((leaf, offset, strides))
    return Plan(kernel, lowered.shape, tuple(inputs), list(lowered.outputs), references)


def remember(device: Device, key: tuple[Any, ...], found: Plan) -> None:
    """Keep a plan."""
    if len(device.plans) >= LIMIT:
        device.plans.clear()
    device.plans[key] = found


def _references(nodes: list[Node]) -> int:
    """As `shortcut` counts them."""
    return sum(map(sys.getrefcount, nodes[1:]))
