"""The kernel cache of each device, and the launch.

Programs carry no sizes, so the cache's key is the program itself; what a backend compiles for some
sizes only is its own affair.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from xgpu.graph.device import Device
from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node
from xgpu.plugin.errors import KernelError
from xgpu.plugin.program import Input, Instr, Operand, Output, Program
from xgpu.runtime import donation, tape, trace
from xgpu.runtime.collapse import Load
from xgpu.runtime.lowering import Lowered


def launch(
    device: Device,
    lowered: Lowered,
    reason: str,
    loads: Sequence[Load],
    roots: Sequence[Node] = (),
) -> list[Any]:
    """Run a lowered program, whose inputs are ``loads``; returns a buffer for each output.

    With its ``roots``, outputs may be in the memory of inputs that nobody reads again.
    """
    kernel = device.kernels.get(lowered.key)
    cached = kernel is not None
    if kernel is None:
        kernel = _compile(device, lowered.key)
    backend = device.backend
    before = kernel.compile_seconds if cached and trace.active else 0.0
    noted = tape.on(device) if tape.active else None
    if 0 in lowered.shape[: lowered.key[0]]:
        buffers = [
            made if made is not None else backend.allocate(device.index, node.dtype, 0)
            for (made, _, _), node in zip(lowered.outputs, lowered.nodes, strict=True)
        ]
        if noted is not None:
            for (made, _, _), node, buffer in zip(
                lowered.outputs, lowered.nodes, buffers, strict=True
            ):
                if made is None:
                    noted.allocated(node.dtype, 0, buffer)
    else:
        launched(device.recent, kernel)
        inputs = lowered.inputs
        outputs: Sequence[Operand] = lowered.outputs
        if roots and math.prod(lowered.shape) >= donation.LEAST:
            outputs = donation.outputs_of(
                roots, lowered.nodes, kernel, lowered.shape, inputs, outputs, loads
            )
        try:
            buffers = backend.launch(device.index, kernel, lowered.shape, inputs, outputs)
        except KernelError as error:
            explain(error, device.recent, device)
            raise
        if noted is not None:
            noted.fused(kernel, lowered, [load[1] for load in loads], buffers, reason)
    if trace.active:
        spent = kernel.compile_seconds - before
        trace.kernel(device, lowered, kernel, reason, None if cached and not spent else spent)
    return buffers


def _compile(device: Device, key: tuple[Any, ...]) -> Any:
    kept, reduced, wide, inputs, body, outputs = key
    program = Program(
        kept,
        reduced,
        wide,
        tuple(Input(*i) for i in inputs),
        tuple(Instr(*i) for i in body),
        tuple(Output(*o) for o in outputs),
    )
    start = time.perf_counter()
    try:
        kernel = device.backend.compile(device.index, program)
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    trace.compiled += 1
    trace.compile_seconds += time.perf_counter() - start
    device.kernels[key] = kernel
    return kernel
