"""The trace: what ran as which kernel, and why each program ended where it did."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from xgpu.graph.device import Device
from xgpu.graph.lines import users_line
from xgpu.graph.node import Node
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Result, Strided
from xgpu.runtime.lowering import Lowered
from xgpu.runtime.modes import watch

active: list[Trace] = []
"""The traces that are recording, outermost first."""

compiled: int = 0
"""Programs compiled by this process (kernels taken from a disk cache included)."""

compile_seconds: float = 0.0
"""Seconds spent in that."""

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class KernelRecord:
    """One launch."""

    name: str  #: the kernel's entry point; the op's name for an op that is a kernel of its own
    device: str  #: its name
    ops: tuple[str, ...]  #: what it fuses, in order of evaluation
    inputs: tuple[str, ...]  #: ``dtype[shape] access`` of each operand read
    outputs: tuple[str, ...]  #: ``dtype[shape]`` of each buffer written
    bytes: int  #: read from and written to device memory, each operand once
    cache: str  #: memory, disk, compiled, interpreted or library
    seconds: float  #: of compilation, 0 for a kernel that was in memory
    reason: str  #: why the program ended here
    line: str | None  #: file and line that recorded the last op


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """One copy between the host and a device; one to the host waits for the device."""

    direction: Literal["to host", "to device"]
    device: str
    array: str  #: ``dtype[shape]``
    bytes: int
    reason: str  #: why it was made
    line: str | None  #: the user's file and line that caused it


@dataclass(frozen=True, slots=True)
class FallbackRecord:
    """One call of an op that the device's backend lacks, computed elsewhere as was allowed."""

    op: str
    device: str  #: where the operands and the result are
    to: str  #: where it was computed
    line: str | None  #: the user's file and line of the call


@dataclass(slots=True)
class Trace:
    """What ran while the trace was on. Printing it shows a table of the kernels.

    ``copies`` are those between the host and a device: there are no others but what a backend's
    own op says of itself, such as whether a decomposition failed.
    """

    kernels: list[KernelRecord] = field(default_factory=list)  #: in the order of their launches
    copies: list[CopyRecord] = field(default_factory=list)
    fallbacks: list[FallbackRecord] = field(default_factory=list)  #: see `xgpu.allow_fallback`

    def __str__(self) -> str:
        rows = [("kernel", "ops", "in", "out", "bytes", "cache", "because", "line")]
        for k in self.kernels:
            cache = f"{k.cache} {k.seconds * 1e3:.0f} ms" if k.seconds else k.cache
            inputs, outputs = ", ".join(k.inputs), ", ".join(k.outputs)
            fused = " ".join(k.ops) or "copy"
            row = (k.name, fused, inputs, outputs, str(k.bytes), cache, k.reason, k.line or "")
            rows.append(row)
        widths = [min(48, max(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows
        ]
        for fallback in self.fallbacks:
            where = f"{fallback.device} computed by {fallback.to}"
            lines.append(f"fallback: {fallback.op} of {where}  {fallback.line or ''}")
        return "\n".join(line.rstrip() for line in lines)


@contextmanager
def trace() -> Iterator[Trace]:
    """Record every kernel that is launched inside the ``with`` block, from any thread.

    Yields:
        The `Trace`; its ``kernels`` grow as the program runs. Nothing is launched or copied for
        the trace's sake, so what is pending at the end of the block is not in it.
    """
    recording = Trace()
    with _lock:
        active.append(recording)
    watch(1)
    try:
        yield recording
    finally:
        watch(-1)
        with _lock:
            active[:] = [t for t in active if t is not recording]


def kernel(
    device: Device, lowered: Lowered, made: Any, reason: str, spent: float | None = None
) -> None:
    """Note the launch of a program; ``spent`` is seconds of compilation, None if there was none."""
    kept, _, _, inputs, body, outputs = lowered.key
    read: list[str] = []
    moved = 0
    for (dtype, access, after), (_, _, strides) in zip(inputs, lowered.inputs, strict=True):
        level = lowered.shape[:kept] if after else lowered.shape
        if access in ("scalar", "index"):
            read.append(f"{dtype} {access}")
            continue
        count = 1 if access == "uniform" else math.prod(level)
        if strides:
            count = math.prod(n for n, s in zip(level, strides, strict=True) if s)
        moved += count * dtype.itemsize
        read.append(f"{dtype}{list(level)} {access}")
    written: list[str] = []
    for (_, dtype, _, at_root), node in zip(outputs, lowered.nodes, strict=True):
        level = lowered.shape[:kept] if at_root else lowered.shape
        moved += math.prod(level) * dtype.itemsize
        written.append(f"{dtype}{list(node.shape)}")
    _note(
        KernelRecord(
            made.name,
            str(device),
            tuple(name for name, _, _ in body if name != "load"),
            tuple(read),
            tuple(written),
            moved,
            "memory" if spent is None else made.compiled,
            spent or 0.0,
            reason,
            getattr(lowered.nodes[0], "line", None),
        )
    )


def own_kernel(
    op: Op, device: Device, operands: Sequence[Strided], results: Sequence[Result]
) -> None:
    """Note the launch of an op that is a kernel of its own."""
    if not active:
        return
    moved = sum(math.prod(o.shape) * o.dtype.itemsize for o in operands)
    moved += sum(math.prod(r.shape) * r.dtype.itemsize for r in results)
    _note(
        KernelRecord(
            op.name,
            str(device),
            (op.name,),
            tuple(f"{o.dtype}{list(o.shape)}" for o in operands),
            tuple(f"{r.dtype}{list(r.shape)}" for r in results),
            moved,
            "library",
            0.0,
            "a kernel of its own",
            users_line(),
        )
    )


def copied(
    direction: Literal["to host", "to device"],
    device: Device,
    dtype: DType,
    shape: tuple[int, ...],
    reason: str,
) -> None:
    """Note a copy between the host and a device, if it is of anything."""
    if not active or 0 in shape:
        return
    size = math.prod(shape) * dtype.itemsize
    array = f"{dtype}{list(shape)}"
    record = CopyRecord(direction, str(device), array, size, reason, users_line())
    with _lock:
        for recording in active:
            recording.copies.append(record)


def fell_back(op: Op, device: Device, to: Device) -> None:
    """Note an op that another backend computed."""
    if not active:
        return
    record = FallbackRecord(op.name, str(device), str(to), users_line())
    with _lock:
        for recording in active:
            recording.fallbacks.append(record)


def note_line(node: Node) -> None:
    """Remember which line of the user's code recorded ``node``."""
    line = users_line()
    if line is not None:
        node.line = line


def _note(record: KernelRecord) -> None:
    with _lock:
        for recording in active:
            recording.kernels.append(record)
