"""Copies to the host that nobody waits for until a value is read.

The array that the caller gets has a node of its own kind: who wants its memory waits for the copy.
So it can be passed on, viewed and computed with as any other, and nothing can read the memory
before the values are in it.
"""

from __future__ import annotations

import math
from typing import Any, Final

from xgpu.graph.device import Device
from xgpu.graph.faults import explain
from xgpu.graph.node import Node, viewed
from xgpu.graph.view import View, is_contiguous, whole
from xgpu.plugin.dtypes import DType
from xgpu.plugin.errors import KernelError
from xgpu.plugin.exchange import HOST, Exchange
from xgpu.plugin.streams import Streams
from xgpu.runtime import guard, tape, trace
from xgpu.runtime.materialize import materialize

ON_ITS_WAY: Final = "a copy to the host that is not waited for"


class Arriving(Node):
    """A leaf in the host's memory, whose values a device was told to copy there.

    ``buffer``, which any reader asks for, waits for them. ``expected`` is the memory, and the
    device with its event after the copy until somebody has waited.
    """

    expected: tuple[Any, tuple[Device, Any] | None]

    __slots__ = ("expected",)

    def __init__(
        self,
        memory: Any,
        shape: tuple[int, ...],
        dtype: DType,
        device: Device,
        sender: Device,
        event: Any,
    ) -> None:
        self.as_leaf(shape, dtype, device)
        self.expected = memory, (sender, event)

    @property
    def buffer(self) -> Any:
        """The memory, with the values in it.

        Raises:
            KernelError: work before the copy failed.
        """
        memory, pending = self.expected
        if pending is not None:
            sender, event = pending
            try:
                sender.backend.elapsed(sender.index, event, event)
            except KernelError as error:
                explain(error, sender.recent, sender)
                raise
            self.expected = memory, None
        return memory

    @buffer.setter
    def buffer(self, memory: Any) -> None:
        self.expected = memory, None


def sent(node: Node, view: View | None, device: Device) -> Node | None:
    """The value of ``node`` through ``view``, on its way to ``device``; None where none can be.

    What is pending is queued, and the copy after it. It can be where ``node`` is on a device with
    streams and ``device`` computes in the host's memory, in the order of the calls.
    """
    source: Streams | None = getattr(node.device.backend, "streams", None)
    offered: Exchange | None = getattr(device.backend, "exchange", None)
    if source is None or offered is None or getattr(device.backend, "streams", None) is not None:
        return None
    seen = view or whole(node.shape)
    size = math.prod(seen.shape)
    if not size or offered.dlpack_device(device.index) != HOST:
        return None
    if tape.active:
        tape.reading(node, ON_ITS_WAY)
    guard.reading(node.device, ON_ITS_WAY)
    if not is_contiguous(seen):
        node = viewed(node, seen)
        seen = whole(seen.shape)
    materialize([node], ON_ITS_WAY)
    there, dtype = node.device, node.dtype
    try:
        host, event = source.to_host(there.index, node.buffer, dtype, seen.offset, size)
    except KernelError as error:
        explain(error, there.recent, there)
        raise
    trace.copied("to host", there, dtype, seen.shape, ON_ITS_WAY)
    address = int(host.__array_interface__["data"][0])
    memory = offered.adopt(device.index, address, dtype, size, host)
    return Arriving(memory, seen.shape, dtype, device, there, event)
