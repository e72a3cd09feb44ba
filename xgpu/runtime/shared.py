"""Memory that others see too: what is read of it is read at once, what is written is written there.

A storage whose memory was handed out, or taken in, has a `Shared` node. The rules that keep every
program as if eager, whoever writes to the memory and whenever:

- what is recorded on it is materialized by the call (`xgpu.runtime.record.finished`);
- no other storage holds the node: a copy gets memory of its own by the call (`settled`);
- a write to its storage goes to the memory itself, by the call (`overwrite`);
- before memory is handed out, what is pending on it is computed, and what others still want to
  read of it keeps memory of its own (`share`).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, Final, TypeGuard

from xgpu.graph.node import MAX_DEPTH, Node, Shared, leaf
from xgpu.graph.view import View
from xgpu.plugin import ops
from xgpu.plugin.errors import CaptureError
from xgpu.plugin.exchange import Loan
from xgpu.runtime import tape
from xgpu.runtime.held import is_held
from xgpu.runtime.materialize import fresh, materialize, put_into

HANDED_OUT: Final = "handed to another library"
READ_AT_ONCE: Final = "it reads memory that another library sees"

_lock: Final = threading.RLock()


def is_shared(node: Node) -> TypeGuard[Shared]:
    """Whether others see the memory of ``node`` now."""
    return type(node) is Shared and bool(node.depth)


def below(node: Node) -> Node:
    """What a pending view, or a view of a view, is a view of; else the node itself."""
    while node.op is ops.VIEW and node.buffer is None:
        node = node.inputs[0]
    return node


def reads_shared(node: Node) -> bool:
    """Whether what was just recorded reads memory that others see.

    Where they have let go of it, the depths are put right, and the node may wait.
    """
    depth = 0
    for source in node.inputs:
        if source.depth >= MAX_DEPTH:
            base = below(source)
            if is_shared(base) and not _returned(base):
                return True
            _measure(source)
        depth = max(depth, source.depth)
    node.depth = depth + 1
    return False


def settled(node: Node) -> Node:
    """``node`` as another storage may hold it: a copy, if others see the memory that it shows."""
    base = below(node)
    if not is_shared(base):
        return node
    if _returned(base):
        _measure(node)
        return node
    return leaf(fresh(node, READ_AT_ONCE).buffer, node.shape, node.dtype, node.device)


def check_writable(node: Node) -> None:
    """Raises ValueError if ``node`` is another library's memory that it hands out for reading."""
    if type(node) is Shared and node.readonly:
        raise ValueError(
            "assignment destination is read-only: it is memory that another library handed out "
            "for reading alone; copy it first: xgpu.asarray(x, copy=True)"
        )


def overwrite(target: Shared, region: View, value: Node) -> None:
    """Put ``value`` (of the region's shape and the target's dtype) into memory that others see."""
    if tape.active and tape.on(target.device) is not None:
        raise CaptureError(
            "a captured function writes to memory that another library sees; write there outside"
        )
    if is_shared(below(value)):
        # It may be the same memory, by another name and at other places.
        value = leaf(fresh(value, READ_AT_ONCE).buffer, value.shape, value.dtype, value.device)
    put_into(target, region, value, "a write to memory that another library sees")


def share(storage: Any, make: Callable[[Shared], Loan]) -> Loan:
    """What somebody else holds while seeing the memory of a storage; ``make`` makes it."""
    with _lock:
        node = _shared(storage)
        loan = make(node)
        if not node.lasting:
            node.loans = [ref for ref in node.loans if ref() is not None]
            node.loans.append(weakref.ref(loan))
        return loan


def share_for_good(storage: Any) -> Shared:
    """The node of a storage, whose memory others see who will not tell when they are done."""
    with _lock:
        node = _shared(storage)
        node.lasting = True
        return node


def _shared(storage: Any) -> Shared:
    node: Node = storage.node
    if tape.active:
        tape.reading(node, HANDED_OUT)
    if type(node) is Shared and node.depth:
        return node
    materialize([node], HANDED_OUT)
    buffer = node.buffer
    if is_held(node, 1):
        # Something is pending that reads it, or a copy that costs nothing until one is written
        # to: it keeps what it was recorded with.
        buffer = fresh(node, "shared, and read by what is pending").buffer
    made = Shared(buffer, node.shape, node.dtype, node.device, lasting=False, readonly=False)
    storage.node = made
    return made


def _returned(node: Shared) -> bool:
    """Whether nobody else sees the memory any more; from then on the node is like any other."""
    with _lock:
        if not node.lasting and all(ref() is None for ref in node.loans):
            node.depth = 0
        return not node.depth


def _measure(node: Node) -> None:
    """The depth of a view whose base is as shallow as it should be."""
    if node.op is ops.VIEW and node.buffer is None:
        _measure(node.inputs[0])
        node.depth = node.inputs[0].depth + 1
