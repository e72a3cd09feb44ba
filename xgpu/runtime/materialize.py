"""Materializing: pending nodes -> programs -> buffers.

The one place where work reaches a backend. A node that fails to materialize stays pending, with
its inputs, so nothing is lost and the same call may be made again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node, leaf, settle
from xgpu.graph.rows import Rows, apart, plan, results
from xgpu.graph.view import View, whole
from xgpu.plugin import ops
from xgpu.plugin.backend import KernelOp
from xgpu.plugin.errors import KernelError
from xgpu.plugin.ops import Kind, Op
from xgpu.plugin.program import Result, Strided, contiguous_strides
from xgpu.runtime import guard, matching, recall, tape, trace
from xgpu.runtime.held import edges, held, is_held
from xgpu.runtime.kernels import launch
from xgpu.runtime.lowering import Lowering
from xgpu.runtime.recall import Plan
from xgpu.runtime.series import Noting, Series

ELEMENTWISE, REDUCTION = Kind.ELEMENTWISE, Kind.REDUCTION

# Materializing changes how nodes hold their values; recording does not, and takes no lock.
lock: AbstractContextManager[Any] = threading.RLock()


def materialize(nodes: list[Node], reason: str = "asked for") -> None:
    """Give every one of ``nodes`` a buffer. Nodes of one shape and device share programs."""
    with lock:
        if len(nodes) == 1:
            _one(nodes[0], reason)
            return
        groups: dict[Any, list[Node]] = {}
        for node in dict.fromkeys(nodes):
            alone = node.op.kind not in (ELEMENTWISE, Kind.REDUCTION)
            key = (node.device, node.shape, id(node) if alone else None)
            groups.setdefault(key, []).append(node)
        # What others here are made of is computed with them, and kept since it is held.
        for group in sorted(groups.values(), key=_depth, reverse=True):
            left = [n for n in group if n.buffer is None]
            if len(left) == 1:
                _one(left[0], reason)
            elif left:
                _fused(left, reason)


def one(node: Node) -> None:
    """`materialize` of one node."""
    if node.buffer is None:
        with lock:
            if trace.active or tape.active or not matching.launch(node):
                _unmatched(node, "asked for")


def strided(node: Node) -> Strided:
    """``node`` as an op that is a kernel of its own takes it; a view of a buffer is not copied."""
    with lock:
        view = whole(node.shape)
        if node.op is ops.VIEW and node.buffer is None:
            view, node = node.attrs, node.inputs[0]
        _one(node, "read by a kernel of its own")
        return Strided(node.buffer, node.dtype, view.shape, view.strides, view.offset)


def fresh(node: Node, reason: str) -> Strided:
    """The value of ``node`` in memory that nothing else refers to, in C order."""
    with lock:
        shape = node.shape
        return Strided(_copy(node, reason), node.dtype, shape, contiguous_strides(shape), 0)


def put_into(target: Node, region: View, value: Node, reason: str) -> None:
    """Write ``value``, which reads no other place of it, into the buffer of ``target``, now.

    ``value`` has the region's shape and the target's dtype.
    """
    with lock:
        if value.buffer is None and (is_held(value, 1) or held(edges([value]))):
            _one(value, "held, and assigned here")
        found = edges([value]) if value.buffer is None else {}
        rows = plan([value], found) if found and target.device.rows else None
        del found
        lowering = _emitted([value], rows)
        lowered = lowering.finish([value], [], (target.buffer, region))
        launch(target.device, lowered, reason, lowering.loads)


def run(
    op: Op, inputs: list[Node], results: list[Result], attributes: Mapping[str, Any]
) -> list[Node]:
    """Launch an op that is a kernel of its own, now; its results are leaves. None is empty."""
    device = inputs[0].device
    if op.name in guard.WAITS:
        guard.waiting(device, f"{op.name}() says whether it failed")
    with lock:
        noted = tape.on(device) if tape.active else None
        read = [] if noted is None else [_memory(node) for node in inputs]
        operands = [strided(node) for node in inputs]
        function: KernelOp = device.backend.kernel_ops[op.name]
        launched(device.recent, op.name)
        try:
            buffers = function(device.index, operands, results, attributes)
        except KernelError as error:
            explain(error, device.recent, device)
            raise
        trace.own_kernel(op, device, operands, results)
        leaves = [
            leaf(buffer, result.shape, result.dtype, device)
            for buffer, result in zip(buffers, results, strict=True)
        ]
        if noted is not None:
            noted.own(op, read, operands, results, attributes, buffers)
            for made in leaves:
                noted.note(made)
        return leaves


def _memory(node: Node) -> Node:
    """The node whose buffer an op that is a kernel of its own reads for ``node``."""
    return node.inputs[0] if node.op is ops.VIEW and node.buffer is None else node


def _one(node: Node, reason: str) -> None:
    """Give ``node`` a buffer, if it has none, for ``reason``."""
    # Nothing is matched while it is noted what something is lowered to.
    if node.buffer is None and (
        trace.active or tape.active or _noting is not None or not matching.launch(node)
    ):
        _unmatched(node, reason)


def _unmatched(node: Node, reason: str) -> None:
    """The same, where no matcher knows how."""
    if node.buffer is not None:
        return
    op = node.op
    if (op.kind is ELEMENTWISE or op.kind is REDUCTION) and not (trace.active or tape.active):
        _recalled(node, reason)
    elif op is ops.ASSIGN:
        _assign(node, reason)
    elif op is ops.EMPTY:
        settle(node, _allocated(node))
    else:
        _fused([node], reason)


_noting: Noting | None = None
"""What is noted of the structure that is being lowered, if that is done; by who has the lock."""


def _recalled(node: Node, reason: str) -> None:
    """`_fused` of one node, by way of what the same structure was lowered to before."""
    global _noting
    walked = None if _noting is not None else recall.walk(node)
    if walked is None:
        _fused([node], reason)
        return
    device, key, taken = node.device, walked.key, recall.held(walked)
    plan = device.plans.get((key, taken) if taken else key)
    if plan is None:
        references = recall.references(walked)
        _noting = noting = Noting(walked, taken)
        del walked  # it holds the nodes, and who holds a node is what comes next
        try:
            _fused([node], reason)
        finally:
            _noting = None
        plan = noting.plan(references)
        if plan is not None:
            recall.remember(device, (key, taken) if taken else key, plan)
        return
    plan.hits += 1
    if plan.hits >= matching.HITS:
        matching.remember(device, walked, plan)
        if isinstance(plan, Series):
            walked = None
            if matching.launch(node):
                return
    if walked is not None and isinstance(plan, Plan) and recall.launch(plan, walked):
        return
    del walked
    _fused([node], reason)


def _fused(roots: list[Node], reason: str, known: list[Node] | None = None) -> None:
    """One program whose outputs are ``roots``, and what is held on the way to them.

    ``known`` are the nodes that are held, where the caller can tell better than references.
    """
    found = edges(roots)
    if known is None:
        kept = held(found) if found else []
    else:
        kept = [node for node in known if node in found]
    rows = plan(roots, found) if found else None
    fits = rows is None or (rows.fit() and not rows.across([*roots, *found]))
    if rows is not None and not (roots[0].device.rows and fits):
        if rows.at_points:
            _reduced_first(results(rows, roots), kept)
            found, kept = edges(roots), []
            kept = held(found)
        rows = None
    first = _needed_first(roots, found, kept, rows) if found else []
    # It holds the nodes, and who holds a node is what comes next, for what ends this program too.
    del found
    if first:
        for source, why in first:
            _one(source, why)
        del first, source
        roots = [n for n in roots if n.buffer is None]
        if not roots:
            return
        kept = held(edges(roots))
    lowering = _emitted(roots, rows, fits, kept)
    left = [n for n in roots if n.buffer is None]
    if len(left) < len(roots):
        # A root that another one read in a way that needed its buffer has it by now.
        if left:
            _fused(left, reason, known)
        return
    lowered, loads = lowering.finish(roots, kept), lowering.loads
    del lowering  # it holds nodes too, and what nobody else holds may give its memory
    device = roots[0].device
    buffers = launch(device, lowered, reason, loads, roots)
    if _noting is not None:
        _noting.program(device.kernels[lowered.key], lowered, loads)
    for node, buffer in zip(lowered.nodes, buffers, strict=True):
        settle(node, buffer)


def _reduced_first(nodes: list[Node], kept: list[Node]) -> None:
    """Compute what rows are reduced to, in programs before the one that reads it at the points."""
    while nodes:
        group = [n for n in nodes if n.shape == nodes[0].shape]
        nodes = nodes[len(group) :]
        reductions = [n for n in (*group, *edges(group)) if n.op.kind is Kind.REDUCTION]
        names = " and ".join(dict.fromkeys(n.op.name for n in reductions))
        del reductions
        left = [n for n in group if n.buffer is None]
        if left:
            _fused(left, f"the result of {names} is needed at another shape", kept)


def _depth(group: list[Node]) -> int:
    return max(node.depth for node in group)


def _emitted(
    roots: list[Node], rows: Rows | None, fits: bool = True, kept: Collection[Node] = ()
) -> Lowering:
    """A program with the values of ``roots``: a row program, if they are at the points of ``rows``.

    Unless what looked like one reads no reduced value once per row. ``fits`` is False where no
    rows should be worked on by a group of threads each.
    """
    shape, staged = roots[0].shape, roots[0].device.rows
    if rows is not None and rows.at_points:
        lowering = Lowering(shape, _one, staged, rows)
        for root in roots:
            lowering.emit(root, None, False)
        if lowering.reduces:
            return lowering
    lowering = Lowering(shape, _one, staged, fits=fits, held=kept)
    for root in roots:
        lowering.emit(root, None)
    return lowering


def _needed_first(
    roots: list[Node], found: dict[Node, int], kept: list[Node], rows: Rows | None
) -> list[tuple[Node, str]]:
    """What would otherwise be computed at several views of it, or again later; each with why.

    What a program of ``rows`` reads once per row is not: it is computed once, and written.
    """
    again = set(kept)
    folds = roots[0].device.rows and any(n.op.kind is Kind.REDUCTION for n in found)
    first: list[tuple[Node, str]] = []
    for reader in [*roots, *found]:
        for source in reader.inputs:
            if source.buffer is not None or source.op.kind is not ELEMENTWISE:
                continue
            if rows is not None and rows.read_by(reader, source):
                continue
            if folds and apart(reader, source, rows):
                own = plan([source], edges([source]))
                if own is not None and own.at_points and own.fit() and own.axes != reader.attrs:
                    first.append((source, "a row program of its own"))
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
    found = edges([value]) if value.buffer is None else {}
    rows = plan([value], found) if found and device.rows else None
    del found
    lowering = _emitted([value], rows)
    if blank:
        buffer = _allocated(node)
    else:
        inside = 1 + _references(value, target)
        inside += sum(node is target for _, node, _, _, _ in lowering.loads)
        inside += sum(_names(key, target) for key in (*lowering.values, *lowering.full))
        shared = shared or is_held(target, inside)
        shared = shared or _reads_elsewhere(lowering, target, region)
        if tape.active and (noted := tape.on(device)) is not None:
            # What was there before is there at each replay.
            shared = shared or not noted.owns(target.buffer)
        buffer = _copy(target) if shared else target.buffer
    if math.prod(region.shape):
        lowered = lowering.finish([value], [], (buffer, region))
        (buffer,) = launch(device, lowered, reason, lowering.loads)
    settle(node, buffer)


def _references(root: Node, target: Node) -> int:
    """How often the pending nodes from ``root`` down refer to ``target``."""
    return sum(n.inputs.count(target) for n in [root, *edges([root])])


def _names(key: Any, target: Node) -> bool:
    return key is target or (type(key) is tuple and key[0] is target)


def _reads_elsewhere(lowering: Lowering, target: Node, region: View) -> bool:
    """Whether the value reads ``target`` at other places than the ones it is written to."""
    for kind, node, _, view, after in lowering.loads:
        if kind == "buffer" and node.buffer is target.buffer:
            place = view or whole(lowering.level(after))
            if place.strides != region.strides or place.offset != region.offset:
                return True
    return False


def _copy(node: Node, reason: str = "copied before a write") -> Any:
    """A fresh buffer with the value of ``node``."""
    lowering = Lowering(node.shape, _one)
    lowering.emit(node, None)
    if 0 in node.shape:
        return _allocated(node)
    return launch(node.device, lowering.finish([node], []), reason, lowering.loads)[0]


def _allocated(node: Node) -> Any:
    """Memory for the value of ``node``, not written yet."""
    device, size = node.device, math.prod(node.shape)
    buffer = device.backend.allocate(device.index, node.dtype, size)
    if tape.active and (noted := tape.on(device)) is not None:
        noted.allocated(node.dtype, size, buffer)
    return buffer
