"""`NumpyBackend`: the interpreter of programs over NumPy, with views instead of gathers."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import array_api_compat.numpy as xp
import numpy as np

from xgpu.plugin import (
    Buffer,
    DeviceInfo,
    Input,
    KernelOp,
    Launchers,
    NamespaceBackend,
    Operand,
    OutOfMemoryError,
    Output,
    Program,
)
from xgpu.plugin.dtypes import DType
from xgpu.plugin.exchange import Exchange, HostExchange
from xgpu.plugin.namespace import Function, NamespaceKernel
from xgpu_numpy import blocks, registers, small
from xgpu_numpy.launchers import NumpyLaunchers
from xgpu_numpy.ops import TABLE
from xgpu_numpy.quiet import quietly
from xgpu_numpy.special import TABLE as SPECIAL
from xgpu_numpy.threads import Threads, wanted

TRANSCENDENTAL: Final = frozenset(
    {
        *SPECIAL,
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cos",
        "cosh",
        "exp",
        "expm1",
        "hypot",
        "log",
        "log10",
        "log1p",
        "log2",
        "logaddexp",
        "pow",
        "sin",
        "sinh",
        "tan",
        "tanh",
    }
)
"""Of these, and of all complex ops, NumPy's code for some strides gives other last bits than its
code for contiguous operands."""


@dataclass(frozen=True, slots=True)
class NumpyKernel(NamespaceKernel):
    """A program as a list of steps."""

    small: small.Small | None = None


class NumpyBackend(NamespaceBackend):
    """The device ``cpu``. Buffers are one-dimensional ``numpy.ndarray``."""

    def __init__(self) -> None:
        super().__init__("numpy", xp, functions=TABLE)
        self.exchange: Exchange = HostExchange()
        self.threads = Threads(wanted())
        if type(self).launch is NumpyBackend.launch:  # and not in a way of a subclass's own
            self.launchers: Launchers = NumpyLaunchers()

    def devices(self) -> Sequence[DeviceInfo]:
        """The host's processor and its memory."""
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        memory = pages * os.sysconf("SC_PAGE_SIZE") if pages > 0 else 0
        name = platform.processor() or platform.machine() or "processor"
        return [DeviceInfo(0, name, memory, f"NumPy {np.__version__}, {os.cpu_count()} cores")]

    def allocate(self, device: int, dtype: DType, size: int) -> Buffer:
        """Uninitialised host memory."""
        try:
            return np.empty(size, dtype)
        except MemoryError as error:
            raise OutOfMemoryError(f"cpu: no memory for {size * dtype.itemsize} bytes") from error

    def from_host(self, device: int, array: Any) -> Buffer:
        """A copy, flattened in C order."""
        return np.array(array, order="C", copy=True).reshape(-1)

    def to_host(self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int) -> Any:
        """A copy of a part of a buffer."""
        return buffer[offset : offset + size].copy()

    def strided(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        """A view; ``numpy.ndarray`` itself checks that it stays inside the buffer."""
        size = buffer.itemsize
        if 0 in shape:
            return np.empty(shape, buffer.dtype)
        steps = tuple(s * size for s in strides)
        return np.ndarray(shape, buffer.dtype, buffer, offset * size, steps)

    def _load(
        self, program: Program, given: Input, shape: tuple[int, ...], operand: Operand
    ) -> Any:
        value = super()._load(program, given, shape, operand)
        if given.access != "strided" or given.dtype.kind in "biu":
            return value
        # The bits must not depend on how an operand lies in memory: fusing changes that.
        if given.dtype.kind == "c" or not TRANSCENDENTAL.isdisjoint(program.ops()):
            return np.asarray(value, order="C")
        return value

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """Assign to the view. NumPy copies ``value`` first if it overlaps the view."""
        self.strided(buffer, shape, strides, offset)[...] = value
        return buffer

    def _dtype(self, dtype: DType) -> Any:
        """Itself: NumPy knows bfloat16 by no name of its own."""
        return dtype

    def _kernel_op(self, function: Function) -> KernelOp:
        return super()._kernel_op(np.errstate(all="ignore")(function))

    def compile(self, device: int, program: Program) -> NumpyKernel:
        """The interpreter's steps, and the short way for small arrays."""
        made = super().compile(device, program)
        return NumpyKernel(program, made.steps, small=small.small(program, made.steps))

    def launch(
        self,
        device: int,
        kernel: NamespaceKernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        """Interpret the program; the standard's special values are results, not warnings."""
        try:
            short = kernel.small if isinstance(kernel, NumpyKernel) else None
            if (
                short is not None
                and shape[0] <= small.LARGEST
                and all(output[0] is None for output in outputs)
            ):
                return quietly(small.run, short, shape[0], inputs)
            if blocks.worthwhile(kernel.program, shape, inputs):
                return quietly(self._in_blocks, device, kernel, shape, inputs, outputs)
            return quietly(self._interpret, device, kernel, shape, inputs, outputs)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"cpu: no memory for a program over {math.prod(shape)} elements"
            ) from error

    def _reduce(self, function: Function, value: Any, shape: tuple[int, ...], kept: int) -> Any:
        if value.shape != shape:
            value = np.broadcast_to(value, shape)
        # What is in order already is not copied: nothing writes to it.
        rows = np.ascontiguousarray(value).reshape(math.prod(shape[:kept]), math.prod(shape[kept:]))
        return function(rows).reshape(shape[:kept] + (1,) * (len(shape) - kept))

    def fresh(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The elements in C order as ``shape``, in memory that no other array can write to."""
        return np.array(array, order="C", copy=True).reshape(shape)

    def _in_blocks(
        self,
        device: int,
        kernel: NamespaceKernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        program, size = kernel.program, math.prod(shape)
        fresh = tuple(buffer is None for buffer, _, _ in outputs)
        targets = [
            (self.allocate(device, output.dtype, size), 0, strides)
            if buffer is None
            else (buffer, offset, strides)
            for output, (buffer, offset, strides) in zip(program.outputs, outputs, strict=True)
        ]
        plan = registers.allot(program, kernel.steps, fresh)
        once = [
            self._load(program, given, shape, operand)
            if given.access in ("scalar", "uniform")
            else None
            for given, operand in zip(program.inputs, inputs, strict=True)
        ]

        # Where all is in order along one axis, a block of an operand is a slice of it.
        accesses = [i.access for i in program.inputs] + [o.access for o in program.outputs]
        sliced = len(shape) == 1 and {"contiguous", "scalar", "uniform"}.issuperset(accesses)
        lines: list[Any] = [
            value[offset : offset + size] if sliced and known is None else known
            for (value, offset, _), known in zip(inputs, once, strict=True)
        ]
        written = [buffer[offset : offset + size] for buffer, offset, _ in targets if sliced]

        def work(part: Sequence[blocks.Block]) -> None:
            memory: list[Any] = []
            made: tuple[int, ...] = ()
            for block in part:
                if block.shape != made:
                    made, count = block.shape, math.prod(block.shape)
                    memory = [np.empty(count, dtype).reshape(made) for dtype in plan.dtypes]
                values: list[Any] = [None] * len(program.body)
                if sliced:
                    place = slice(block.start[0], block.start[0] + made[0])
                    for value, number in plan.loads:
                        line = lines[number]
                        values[value] = line[place] if once[number] is None else line
                    registers.compute(plan, values, memory, [line[place] for line in written])
                    continue
                for value, number in plan.loads:
                    given = program.inputs[number]
                    known = once[number]
                    if known is None:
                        part_of = blocks.within(block, shape, given, inputs[number])
                        known = self._load(program, given, made, part_of)
                    values[value] = known
                places = [
                    self._target(block, shape, output, target)
                    for output, target in zip(program.outputs, targets, strict=True)
                ]
                registers.compute(plan, values, memory, places)

        self.threads.run(work, [*blocks.divided(shape)])
        return [buffer for buffer, _, _ in targets]

    def _target(
        self, block: blocks.Block, shape: tuple[int, ...], output: Output, operand: Operand
    ) -> Any:
        """The part of an output that a block writes."""
        buffer, offset, strides = blocks.within(block, shape, output, operand)
        if output.access == "contiguous":
            return buffer[offset : offset + math.prod(block.shape)].reshape(block.shape)
        return self.strided(buffer, block.shape, strides, offset)
