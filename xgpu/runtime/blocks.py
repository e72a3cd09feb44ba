"""What a ``with stream:`` block recorded, so that it runs on that stream."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.graph.node import Node
from xgpu.runtime.materialize import materialize

LIMIT: Final = 1024
"""Nodes that a block may have pending before they are materialized."""

_thread: Final = threading.local()


class Block:
    """The nodes that one thread recorded for one stream of a device, from `begin` to `end`."""

    def __init__(self, device: Device, stream: Any) -> None:
        self.device = device
        self.stream = stream
        # Weak: a reference would tell the runtime that somebody will ask for the value.
        self._recorded: list[weakref.ref[Node]] = []

    def note(self, node: Node) -> None:
        """Remember a node that was recorded."""
        self._recorded.append(weakref.ref(node))
        if len(self._recorded) > LIMIT:
            self._recorded = [ref for ref in self._recorded if _is_pending(ref())]
            if len(self._recorded) > LIMIT // 2:
                self.run("recorded to the limit")

    def run(self, reason: str) -> None:
        """Materialize what is pending, in as few kernels as it can share."""
        found = [node for ref in self._recorded if _is_pending(node := ref())]
        self._recorded = []
        pending: list[Node] = [node for node in found if node is not None]
        below = {source for node in pending for source in node.inputs}
        # What others here are made of is computed with them, and kept if somebody holds it.
        roots = [node for node in pending if node not in below]
        del found, pending, below
        if roots:
            materialize(roots, reason)


def begin(device: Device, stream: Any) -> Block:
    """Remember what this thread records for ``device`` from now on, to be run on ``stream``."""
    block = Block(device, stream)
    _stack().append(block)
    return block


def end(block: Block, completed: bool) -> None:
    """Forget again; what was recorded is run if the block was ``completed``."""
    _stack().remove(block)
    if completed:
        block.run("the end of the stream's block")


def run(device: Device, stream: Any, reason: str) -> None:
    """Materialize what this thread's blocks have recorded for a stream so far."""
    for block in list(_stack()):
        if block.device is device and block.stream is stream:
            block.run(reason)


def note(node: Node) -> None:
    """Tell this thread's innermost block for the node's device."""
    for block in reversed(_stack()):
        if block.device is node.device:
            block.note(node)
            return


def _stack() -> list[Block]:
    stack: list[Block] = _thread.__dict__.setdefault("stack", [])
    return stack


def _is_pending(node: Node | None) -> bool:
    return node is not None and node.buffer is None
