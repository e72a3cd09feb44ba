"""Materializing: pending nodes -> programs -> buffers.

The one place where work reaches a backend. A node that fails to materialize stays pending, with
its inputs, so nothing is lost and the same call may be made again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any

from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node, leaf
from xgpu.graph.view import View, whole
from xgpu.plugin import ops
from xgpu.plugin.backend import KernelOp
from xgpu.plugin.errors import KernelError
from xgpu.plugin.ops import Kind, Op
from xgpu.plugin.program import Result, Strided, contiguous_strides
from xgpu.runtime import shortcut, trace
from xgpu.runtime.held import edges, held, is_held
from xgpu.runtime.kernels import launch
from xgpu.runtime.lowering import Lowered, Lowering

ELEMENTWISE = Kind.ELEMENTWISE

# Materializing changes how nodes hold their values; recording does not, and takes no lock.
_lock = threading.RLock()


def materialize(nodes: list[Node], reason: str = "asked for") -> None:
    """Give every one of ``nodes`` a buffer. Nodes of one shape and device share programs."""
    with _lock:
        if len(nodes) == 1:
            _one(nodes[0], reason)
            return
        groups: dict[Any, list[Node]] = {}
        for node in dict.fromkeys(nodes):
            alone = node.op.kind not in (ELEMENTWISE, Kind.REDUCTION)
            key = (node.device, node.shape, id(node) if alone else None)
            groups.setdefault(key, []).append(node)
        for group in groups.values():
            left = [n for n in group if n.buffer is None]
            if len(left) == 1:
                _one(left[0], reason)
            elif left:
                _fused(left, reason)


def strided(node: Node) -> Strided:
    """``node`` as an op that is a kernel of its own takes it; a view of a buffer is not copied."""
    with _lock:
        view = whole(node.shape)
        if node.op is ops.VIEW and node.buffer is None:
            view, node = node.attrs, node.inputs[0]
        _one(node, "read by a kernel of its own")
        return Strided(node.buffer, node.dtype, view.shape, view.strides, view.offset)


def fresh(node: Node, reason: str) -> Strided:
    """The value of ``node`` in memory that nothing else refers to, in C order."""
    with _lock:
        shape = node.shape
        return Strided(_copy(node, reason), node.dtype, shape, contiguous_strides(shape), 0)


def run(
    op: Op, inputs: list[Node], results: list[Result], attributes: Mapping[str, Any]
) -> list[Node]:
    """Launch an op that is a kernel of its own, now; its results are leaves. None is empty."""
    device = inputs[0].device
    with _lock:
        operands = [strided(node) for node in inputs]
        function: KernelOp = device.backend.kernel_ops[op.name]
        launched(device.recent, op.name)
        try:
            buffers = function(device.index, operands, results, attributes)
        except KernelError as error:
            explain(error, device.recent, device)
            raise
        trace.own_kernel(op, device, operands, results)
        return [
            leaf(buffer, result.shape, result.dtype, device)
            for buffer, result in zip(buffers, results, strict=True)
        ]


def _one(node: Node, reason: str) -> None:
    """Give ``node`` a buffer, if it has none, for ``reason``."""
    if node.buffer is not None:
        return
    op = node.op
    if op.kind is ELEMENTWISE and not trace.active:
        _flat(node, reason)
    elif op is ops.ASSIGN:
        _assign(node, reason)
    elif op is ops.EMPTY:
        backend, index = node.device.backend, node.device.index
        _settle(node, backend.allocate(index, node.dtype, math.prod(node.shape)))
    else:
        _fused([node], reason)


def _flat(node: Node, reason: str) -> None:
    """`_fused` of one node, by way of what the same structure was lowered to before."""
    device = node.device
    flat = shortcut.flatten(node)
    if flat is None:
        _fused([node], reason)
        return
    plan = device.plans.get(flat.key)
    if plan is not None:
        if not shortcut.launch(plan, flat, device):
            del flat  # it holds the nodes, and who holds a node is what comes next
            _fused([node], reason)
        return
    key, places, references = flat.key, shortcut.places(flat), shortcut.references(flat)
    del flat
    lowered, loads = _fused([node], reason)
    if lowered is not None:
        found = shortcut.plan(places, references, device.kernels[lowered.key], lowered, loads)
        if found is not None:
            device.plans[key] = found


def _fused(roots: list[Node], reason: str) -> tuple[Lowered | None, list[Node]]:
    """One program whose outputs are ``roots``, and what is held on the way to them.

    Returns the program and the nodes that it reads; None if the roots turned out to be done.
    """
    found = edges(roots)
    kept = held(found) if found else []
    first = _needed_first(roots, found, kept) if found else []
    # It holds the nodes, and who holds a node is what comes next, for what ends this program too.
    del found
    if first:
        for source, why in first:
            _one(source, why)
        del first, source
        roots = [n for n in roots if n.buffer is None]
        if not roots:
            return None, []
        kept = held(edges(roots))
    lowering = Lowering(roots[0].shape, _one)
    for root in roots:
        lowering.emit(root, None)
    left = [n for n in roots if n.buffer is None]
    if len(left) < len(roots):
        # A root that another one read in a way that needed its buffer has it by now.
        return _fused(left, reason) if left else (None, [])
    lowered = lowering.finish(roots, kept)
    buffers = launch(roots[0].device, lowered, reason)
    for node, buffer in zip(lowered.nodes, buffers, strict=True):
        _settle(node, buffer)
    return lowered, [node for _, node, _, _, _ in lowering.loads]


def _needed_first(
    roots: list[Node], found: dict[Node, int], kept: list[Node]
) -> list[tuple[Node, str]]:
    """What would otherwise be computed at several views of it, or again later; each with why."""
    again = set(kept)
    first: list[tuple[Node, str]] = []
    for reader in [*roots, *found]:
        for source in reader.inputs:
            if source.buffer is not None or source.op.kind is not ELEMENTWISE:
                continue
            if reader.op is ops.VIEW:
                if source in again:
                    first.append((source, "held, and read here through a view"))
                elif found[source] > 1:
                    first.append((source, "read through several views"))
            elif reader.op.kind is ELEMENTWISE and source.shape != reader.shape and source in again:
                first.append((source, "held, and read here at another shape"))
    return first


def _assign(node: Node, reason: str) -> None:
    """Write the region of an assignment, into the old buffer if nothing else can see it."""
    target, value = node.inputs
    region: View = node.attrs
    device = node.device
    blank = target.buffer is None and target.op is ops.EMPTY
    if not blank:
        _one(target, "written to in place")
    if value.buffer is None and (is_held(value, 1) or held(edges([value]))):
        # Somebody will ask for a part of the value again, when the old buffer may be gone.
        _one(value, "held, and assigned here")
    # A view of the old buffer on the way to the value may be somebody's array too.
    shared = bool(held(edges([value]), views=True))
    lowering = Lowering(region.shape, _one)
    lowering.emit(value, None)
    if blank:
        buffer = device.backend.allocate(device.index, node.dtype, math.prod(node.shape))
    else:
        inside = 1 + _references(value, target)
        inside += sum(node is target for _, node, _, _, _ in lowering.loads)
        inside += sum(_names(key, target) for key in lowering.values)
        shared = shared or is_held(target, inside)
        shared = shared or _reads_elsewhere(lowering, target, region)
        buffer = _copy(target) if shared else target.buffer
    if math.prod(region.shape):
        (buffer,) = launch(device, lowering.finish([value], [], (buffer, region)), reason)
    _settle(node, buffer)


def _references(root: Node, target: Node) -> int:
    """How often the pending nodes from ``root`` down refer to ``target``."""
    return sum(n.inputs.count(target) for n in [root, *edges([root])])


def _names(key: Any, target: Node) -> bool:
    return key is target or (type(key) is tuple and key[0] is target)


def _reads_elsewhere(lowering: Lowering, target: Node, region: View) -> bool:
    """Whether the value reads ``target`` at other places than the ones it is written to."""
    for kind, node, _, view, _ in lowering.loads:
        if kind == "buffer" and node.buffer is target.buffer:
            place = view or whole(node.shape)
            if place.strides != region.strides or place.offset != region.offset:
                return True
    return False


def _copy(node: Node, reason: str = "copied before a write") -> Any:
    """A fresh buffer with the value of ``node``."""
    lowering = Lowering(node.shape, _one)
    lowering.emit(node, None)
    if 0 in node.shape:
        return node.device.backend.allocate(node.device.index, node.dtype, 0)
    return launch(node.device, lowering.finish([node], []), reason)[0]


def _settle(node: Node, buffer: Any) -> None:
    node.buffer = buffer
    node.inputs = ()
    node.depth = 0
    # Scalars stay: a program under construction may have taken one before this node was cut.
    if node.op is ops.CONSTANT:
        # Read from the buffer from now on, so it broadcasts as any other 0-d node.
        node.op = ops.LEAF
    elif node.op is not ops.VIEW and node.op.kind is not ELEMENTWISE:
        node.attrs = None
