"""Donation: a result takes the memory of an input that nobody will read again.

``gelu(x @ w + b)`` is a product and an elementwise program. Nobody needs the product when the
program has read it, so the program writes to where it is: the peak is that of inputs and result.
Reference counts tell. A wrong answer would change values here, unlike in `held`, so each reference
is accounted for, and what is referred to once more than that is somebody's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.graph.node import Node, nowhere
from xgpu.plugin.donation import Donation
from xgpu.plugin.program import Operand
from xgpu.runtime import tape
from xgpu.runtime.collapse import Load

LEAST: Final = 1 << 22
"""Points of a program. With fewer, memory matters little, and a launch costs the host more than the
device: it should take the short way (`matching`), on which nothing is looked at."""

_refcount = sys.getrefcount

_Pairs = Sequence[tuple[int, int]]


def outputs_below(
    root: Node,
    kernel: Any,
    shape: tuple[int, ...],
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
    listed: int,
    buffers: int,
) -> Sequence[Operand]:
    """``outputs`` of the program of ``root``, where they can be in the memory of ``inputs``.

    Nobody holds a pending node below the root. Each leaf is in ``listed`` lists of the caller's,
    each buffer in ``buffers`` besides the operands.
    """
    pairs = _pairs(root, kernel, shape, inputs)
    if not pairs:
        return outputs
    _, leaves = _below([root])
    return _given(pairs, leaves, inputs, outputs, {id(node): listed for node in leaves}, buffers)


def outputs_of(
    roots: Sequence[Node],
    written: Sequence[Node],
    kernel: Any,
    shape: tuple[int, ...],
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
    loads: Sequence[Load],
) -> Sequence[Operand]:
    """The same for several ``roots``, where somebody may hold what is below.

    ``written`` are the nodes that the program writes, the roots among them. ``loads`` is the one
    list of the caller's that other nodes are in.
    """
    pairs = _pairs(roots[0], kernel, shape, inputs)
    if not pairs:
        return outputs
    below, leaves = _below(roots)
    listed: dict[int, int] = {}
    for load in loads:
        listed[id(load[1])] = listed.get(id(load[1]), 0) + 1
    done = {id(node) for node in written}
    for node, inside in below.items():
        # What stays pending, and is somebody's, will read its inputs later.
        if id(node) not in done and _refcount(node) - inside > OWN + listed.get(id(node), 0):
            return outputs
    return _given(pairs, leaves, inputs, outputs, listed, 0)


def _pairs(root: Node, kernel: Any, shape: tuple[int, ...], inputs: Sequence[Operand]) -> _Pairs:
    """(input, output) by number, for which the backend can do it."""
    device = root.device
    donation: Donation | None = getattr(device.backend, "donation", None)
    # A captured function's steps have other buffers at each call, and a plan of their own.
    if donation is None or tape.active:
        return ()
    return donation.pairs(device.index, kernel, shape, inputs)


def _below(roots: Sequence[Node]) -> tuple[dict[Node, int], dict[Node, int]]:
    """The pending nodes from ``roots`` down, and the leaves; with how often those refer to each."""
    found = dict.fromkeys(roots, 0)
    leaves: dict[Node, int] = {}
    stack = list(found)
    taken: set[int] = set()
    while stack:
        inputs = stack.pop().inputs
        if id(inputs) in taken:
            continue  # two nodes with one tuple refer to what is in it once
        taken.add(id(inputs))
        for source in inputs:
            if source.buffer is not None:
                leaves[source] = leaves.get(source, 0) + 1
            elif source in found:
                found[source] += 1
            else:
                found[source] = 1
                stack.append(source)
    return found, leaves


def _given(
    pairs: _Pairs,
    leaves: dict[Node, int],
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
    listed: Mapping[int, int],
    buffers: int,
) -> Sequence[Operand]:
    """``outputs`` with the buffers of those leaves to which nobody else refers."""
    free: dict[int, Any] = {}
    for node, inside in leaves.items():
        if (
            type(node) is Node
            and _refcount(node) - inside <= OWN + listed.get(id(node), 0)
            and _refcount(node.buffer) <= OWN_BUFFER + buffers
        ):
            free[id(node.buffer)] = node.buffer
    made = list(outputs)
    for source, target in pairs:
        if made[target][0] is None:
            buffer = free.pop(id(inputs[source][0]), None)
            if buffer is not None:
                made[target] = (buffer, 0, made[target][2])
    return made


def _calibrate() -> tuple[int, int]:
    # How many references looking makes differs between Python versions.
    class Buffer:
        pass

    root = nowhere(nowhere(buffer=Buffer()))
    operands = [(node.buffer, 0, ()) for node in root.inputs]
    _, leaves = _below([root])
    for node, inside in leaves.items():
        return _refcount(node) - inside, _refcount(node.buffer)
    raise AssertionError(operands)


OWN, OWN_BUFFER = _calibrate()
"""The references to a node, and to its buffer, of what this module holds itself."""
