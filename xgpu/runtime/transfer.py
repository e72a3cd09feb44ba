"""Between the host and a device: the only code that copies there and back."""

from __future__ import annotations

import math
from typing import Any, Final

from xgpu.graph import ranges
from xgpu.graph.device import Device
from xgpu.graph.faults import explain
from xgpu.graph.node import Node, leaf, viewed
from xgpu.graph.view import View, is_contiguous, whole
from xgpu.plugin import dtypes
from xgpu.plugin.errors import KernelError
from xgpu.plugin.streams import Streams
from xgpu.runtime import guard, tape, trace
from xgpu.runtime.materialize import materialize

FEW: Final = 4096
"""Integers of the host, the bounds of which cost less than a copy of them back."""


def from_host(
    array: Any, device: Device, reason: str = "an array of the host", non_blocking: bool = False
) -> Node:
    """A leaf with a copy of a ``numpy.ndarray`` whose dtype xgpu has. ``reason``: for the trace.

    ``non_blocking``: the copy may be queued, and ``array`` must not be changed until it is done.
    """
    dtype = dtypes.check(array.dtype)
    native = array.astype(dtype, order="C", copy=False)
    try:
        streams: Streams | None = getattr(device.backend, "streams", None)
        if non_blocking and streams is not None:
            buffer = streams.from_host(device.index, native)
        else:
            buffer = device.backend.from_host(device.index, native)
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    node = leaf(buffer, array.shape, dtype, device)
    if tape.active and (noted := tape.on(device)) is not None:
        noted.copied(native, buffer)
        noted.note(node)
    if device.type != "cpu" and 0 < native.size <= FEW and dtypes.kind_of(dtype) in "iu":
        # As an index it is not looked at again, there.
        ranges.remember(node, int(native.min()), int(native.max()))
    trace.copied("to device", device, dtype, node.shape, reason)
    return node


def to_host(node: Node, view: View | None, reason: str = "read by the host") -> Any:
    """A fresh ``numpy.ndarray`` with the value of ``node`` through ``view``; waits for it.

    What is pending is materialized. Only the elements that are asked for cross. ``reason`` is for
    the trace and the guard.

    Raises:
        GuardError: a guard forbids it; nothing was done.
        CaptureError: the value follows from the arrays of a function that is captured.
    """
    if tape.active:
        tape.reading(node, reason)
    guard.reading(node.device, reason)
    seen = view or whole(node.shape)
    if not is_contiguous(seen):
        node = viewed(node, seen)
        seen = whole(seen.shape)
    materialize([node], reason)
    device, size = node.device, math.prod(seen.shape)
    try:
        host = device.backend.to_host(device.index, node.buffer, node.dtype, seen.offset, size)
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    trace.copied("to host", device, node.dtype, seen.shape, reason)
    return host.reshape(seen.shape)


def moved(node: Node, device: Device, reason: str) -> Node:
    """A copy on another device, by way of the host."""
    return from_host(to_host(node, None, reason), device, reason)
