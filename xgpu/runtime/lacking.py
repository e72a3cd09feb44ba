"""Ops that a device's backend lacks: by a composite, by another backend if the program allows it.

Neither: `UnsupportedOperationError`, at the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xgpu.graph import composites
from xgpu.graph.device import Device
from xgpu.graph.node import Node, constant, pending
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.errors import UnsupportedOperationError
from xgpu.plugin.ops import TABLE, Kind, Op
from xgpu.plugin.program import Result
from xgpu.runtime import modes, trace
from xgpu.runtime.materialize import materialize, run
from xgpu.runtime.transfer import moved


def node(
    op: Op,
    inputs: tuple[Node, ...],
    shape: tuple[int, ...],
    dtype: DType,
    attrs: Any,
    call: composites.Call,
) -> Node:
    """What the elementwise op or the reduction gives, with ``call`` to record others.

    The arguments are those of a `Node`.

    Raises:
        UnsupportedOperationError: there is no composite of it, and no fallback is allowed.
    """
    device = inputs[0].device
    composite = composites.find(op, kind_of(inputs[-1].dtype), lambda name: _has(device, name))
    if composite is not None:
        return composite.make(call, *_operands(op, inputs, attrs))
    to = _fallback(op, device)
    reason = _reason(op)
    there = tuple(moved(x, to, reason) for x in inputs)
    made = pending(op, there, shape, dtype, to, attrs, 1)
    materialize([made], "a fallback")
    trace.fell_back(op, device, to)
    return moved(made, device, reason)


def kernel(
    op: Op,
    inputs: list[Node],
    results: list[Result],
    attributes: dict[str, Any],
    call: composites.Call,
    own_kernel: Callable[..., list[Node]],
) -> list[Node]:
    """What an op gives that is a kernel of its own, with ``own_kernel`` to launch others.

    Raises:
        UnsupportedOperationError: there is no composite of it, and no fallback is allowed.
    """
    device = inputs[0].device
    kind = kind_of(inputs[0].dtype)
    composite = composites.find_kernel(op, kind, lambda name: _has(device, name))
    if composite is not None:
        return composite.make(own_kernel, call, inputs, results, **attributes)
    to = _fallback(op, device)
    reason = _reason(op)
    made = run(op, [moved(x, to, reason) for x in inputs], results, attributes)
    trace.fell_back(op, device, to)
    return [moved(x, device, reason) for x in made]


def _has(device: Device, name: str) -> bool:
    if TABLE[name].kind is Kind.KERNEL:
        return name in device.backend.kernel_ops
    return name not in device.unsupported


def _operands(op: Op, inputs: tuple[Node, ...], attrs: Any) -> list[Any]:
    if op.kind is Kind.REDUCTION:
        return [*inputs, attrs]
    if attrs is None:
        return list(inputs)
    # An op of an array and a Python scalar: here the scalar is an array without axes.
    (x,), (value, first) = inputs, attrs
    scalar = constant(value, x.dtype, x.device)
    return [scalar, x] if first else [x, scalar]


def _reason(op: Op) -> str:
    """Of the copies that a fallback makes."""
    return f"{op.name}() falls back"


def _fallback(op: Op, device: Device) -> Device:
    to = modes.fallback.get()
    if to is not None and to is not device and _has(to, op.name):
        return to
    raise UnsupportedOperationError(
        f"backend {device.backend.name!r} of device {device} has no {op.name}(), nor what it can "
        "be made of; move the operands to a device that has it: xgpu.to_device(x, 'cpu'), or have "
        'it computed by NumPy: with xgpu.allow_fallback("numpy"):'
    )
