"""Between the host and a device: the only code that copies there and back."""

from __future__ import annotations

import math
from typing import Any

from xgpu.graph.device import Device
from xgpu.graph.faults import explain
from xgpu.graph.node import Node, leaf, viewed
from xgpu.graph.view import View, is_contiguous, whole
from xgpu.plugin import dtypes
from xgpu.plugin.errors import KernelError
from xgpu.runtime.materialize import materialize


def from_host(array: Any, device: Device) -> Node:
    """A leaf with a copy of a ``numpy.ndarray`` whose dtype xgpu has."""
    dtype = dtypes.check(array.dtype)
    native = array.astype(dtype, order="C", copy=False)
    return leaf(device.backend.from_host(device.index, native), array.shape, dtype, device)


def to_host(node: Node, view: View | None) -> Any:
    """A fresh ``numpy.ndarray`` with the value of ``node`` through ``view``; waits for it.

    What is pending is materialized. Only the elements that are asked for cross.
    """
    seen = view or whole(node.shape)
    if not is_contiguous(seen):
        node = viewed(node, seen)
        seen = whole(seen.shape)
    materialize([node], "read by the host")
    device, size = node.device, math.prod(seen.shape)
    try:
        host = device.backend.to_host(device.index, node.buffer, node.dtype, seen.offset, size)
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    return host.reshape(seen.shape)
