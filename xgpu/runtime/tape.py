"""`Tape`: the work that a function gives to a device, so that it can be given again.

While a thread has a tape, what `materialize` gives to the backend is noted on it as steps. The
buffers that they read and write are numbered *slots*: first those of the function's arrays, then
what the steps make. A buffer that is neither is a constant, which no step writes to.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.graph.lines import users_line
from xgpu.graph.node import Node, leaf
from xgpu.plugin.dtypes import DType
from xgpu.plugin.errors import CaptureError
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Result, Strided
from xgpu.runtime.lowering import Lowered
from xgpu.runtime.modes import watch
from xgpu.runtime.steps import Allocation, Fused, Own, Place, Step

active: int = 0
"""How many tapes there are, in any thread: while there is none, nobody looks for one."""

_lock: Final = threading.Lock()
_thread: Final = threading.local()


class Tape:
    """Steps, in order. ``inputs`` are the leaves of the function's arrays, each its own node."""

    def __init__(self, device: Device, inputs: Sequence[Node]) -> None:
        self.device = device
        self.steps: list[Step] = []
        #: For each step, what is equal if a function does the same again.
        self.keys: list[tuple[Any, ...]] = []
        self._inputs: dict[int, int] = {id(node): i for i, node in enumerate(inputs)}
        self.count: int = len(inputs)  #: of slots
        self._dependent: set[int] = set(range(self.count))
        # Buffers stay alive while it records, so that their ids stay their own.
        self._kept: list[Any] = [*inputs]
        self._made: dict[int, int] = {}
        #: Nodes whose buffers are constants. Who holds them keeps their memory from being written.
        self.constants: dict[int, Node] = {}
        self._copied: dict[int, tuple[str, Any]] = {}
        self._recorded: list[weakref.ref[Node]] = []

    # What is asked of it

    def slot(self, node: Node) -> int | None:
        """The slot of a node's buffer, None for a constant."""
        given = self._inputs.get(id(node))
        return self._made.get(id(node.buffer)) if given is None else given

    def owns(self, buffer: Any) -> bool:
        """Whether a step makes the buffer, so that a later one may write to it."""
        return id(buffer) in self._made

    def depends(self, node: Node) -> bool:
        """Whether a value follows from the function's arrays."""
        seen = {node}
        stack = [node]
        while stack:
            found = stack.pop()
            if found.buffer is not None:
                if self.slot(found) in self._dependent:
                    return True
                continue
            fresh = [source for source in found.inputs if source not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return False

    def alive(self) -> list[Node]:
        """The nodes that were recorded and that somebody still holds."""
        return [node for ref in self._recorded if (node := ref()) is not None]

    def has_recorded(self, node: Node) -> bool:
        """Whether the function made the node."""
        return any(ref() is node for ref in self._recorded)

    # What it is told

    def note(self, node: Node) -> None:
        """A node was recorded."""
        self._recorded.append(weakref.ref(node))

    def fused(
        self, kernel: Any, lowered: Lowered, loads: Sequence[Node], buffers: list[Any], reason: str
    ) -> None:
        """A program was launched; ``loads`` are the nodes of its inputs."""
        reads: list[Place] = []
        inputs: list[Any] = []
        key: list[Any] = []
        for number, (operand, node) in enumerate(zip(lowered.inputs, loads, strict=True)):
            value, offset, strides = operand
            inputs.append(operand)
            if value is None or value is not node.buffer:  # a scalar, or no memory
                key.append((repr(value), offset, strides))
                continue
            slot = self.slot(node)
            key.append((self._constant(node) if slot is None else slot, offset, strides))
            if slot is not None:
                reads.append(Place(number, slot, offset, strides))
                inputs[-1] = (None, offset, strides)
        writes = tuple(
            Place(number, self._made[id(value)], offset, strides)
            for number, (value, offset, strides) in enumerate(lowered.outputs)
            if value is not None
        )
        made = self._new(buffers, {place.slot for place in (*reads, *writes)})
        stripped = lowered._replace(
            inputs=inputs,
            outputs=[(None, offset, strides) for _, offset, strides in lowered.outputs],
            nodes=[self._stripped(node) for node in lowered.nodes],
        )
        self.steps.append(Fused(kernel, stripped, reason, tuple(reads), writes, made))
        self.keys.append(("fused", id(kernel), lowered.shape, tuple(key), writes, made))

    def own(
        self,
        op: Op,
        nodes: Sequence[Node],
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
        buffers: list[Any],
    ) -> None:
        """An op that is a kernel of its own was called; ``nodes`` have the operands' buffers."""
        reads: list[tuple[int, int]] = []
        stripped: list[Strided] = []
        key: list[Any] = []
        for number, (operand, node) in enumerate(zip(operands, nodes, strict=True)):
            slot = self.slot(node)
            if slot is not None:
                reads.append((number, slot))
            stripped.append(operand if slot is None else operand._replace(buffer=None))
            key.append((self._constant(node) if slot is None else slot, *operand[2:]))
        made = self._new(buffers, {slot for _, slot in reads})
        self.steps.append(Own(op, stripped, results, dict(attributes), tuple(reads), made))
        named = repr(sorted(attributes.items()))
        self.keys.append((op.name, tuple(key), tuple(results), named, made))

    def allocated(self, dtype: DType, size: int, buffer: Any) -> None:
        """Memory was allocated, which a later step writes to."""
        made = self._new([buffer], set())
        self.steps.append(Allocation(dtype, size, made))
        self.keys.append(("allocation", dtype, size, made))

    def copied(self, array: Any, buffer: Any) -> None:
        """An array of the host was copied to the device: a constant."""
        self._kept.append(buffer)
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        self._copied[id(buffer)] = ("copied from the host", digest)

    def _constant(self, node: Node) -> tuple[str, Any]:
        self.constants[id(node)] = node
        return self._copied.get(id(node.buffer), ("constant", id(node.buffer)))

    def _new(self, buffers: Sequence[Any], read: set[int]) -> tuple[int, ...]:
        """The slots of what a step has made, or written to."""
        slots = []
        depends = not self._dependent.isdisjoint(read)
        for buffer in buffers:
            slot = self._made.get(id(buffer))
            if slot is None:
                slot = self._made[id(buffer)] = self.count
                self.count += 1
                self._kept.append(buffer)
            if depends:
                self._dependent.add(slot)
            slots.append(slot)
        return tuple(slots)

    def _stripped(self, node: Node) -> Node:
        """What the trace asks of a node, without its buffer."""
        bare = leaf(None, node.shape, node.dtype, node.device)
        line = getattr(node, "line", None)
        if line is not None:
            bare.line = line
        return bare


def current() -> Tape | None:
    """This thread's tape."""
    found: Tape | None = getattr(_thread, "tape", None)
    return found


def on(device: Device) -> Tape | None:
    """This thread's tape, if it is of work on that device."""
    found = current()
    return found if found is not None and found.device is device else None


def reading(node: Node, what: str) -> None:
    """The host is about to look at a value of ``node``, or for ``what``.

    Raises:
        CaptureError: it follows from the arrays of a function that is captured.
    """
    tape = on(node.device)
    if tape is not None and tape.depends(node):
        line = users_line() or "an unknown line"
        raise CaptureError(
            f"a captured function is replayed without looking at values, but one is {what} at "
            f"{line}: compute with arrays (xgpu.where for an if), return the array and read it "
            "outside, or leave that line out of the captured function"
        )


@contextmanager
def recording(tape: Tape) -> Iterator[None]:
    """Inside the block, note this thread's work on ``tape``."""
    global active
    with _lock:
        active += 1
    watch(1)
    _thread.tape = tape
    try:
        yield
    finally:
        _thread.tape = None
        watch(-1)
        with _lock:
            active -= 1
