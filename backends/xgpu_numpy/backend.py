"""`NumpyBackend`: the interpreter of programs over NumPy, with views instead of gathers."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from typing import Any, Final

import array_api_compat.numpy as xp
import numpy as np

from xgpu.plugin import (
    Buffer,
    DeviceInfo,
    Input,
    KernelOp,
    NamespaceBackend,
    Operand,
    OutOfMemoryError,
    Program,
)
from xgpu.plugin.dtypes import DType
from xgpu.plugin.namespace import Function, NamespaceKernel
from xgpu_numpy import blocks
from xgpu_numpy.ops import TABLE

TRANSCENDENTAL: Final = frozenset(
    {
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


class NumpyBackend(NamespaceBackend):
    """The device ``cpu``. Buffers are one-dimensional ``numpy.ndarray``."""

    def __init__(self) -> None:
        super().__init__("numpy", xp, functions=TABLE)

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
            with np.errstate(all="ignore"):
                if blocks.worthwhile(kernel.program, shape, inputs):
                    return self._in_blocks(device, kernel, shape, inputs, outputs)
                return super().launch(device, kernel, shape, inputs, outputs)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"cpu: no memory for a program over {math.prod(shape)} elements"
            ) from error

    def _in_blocks(
        self,
        device: int,
        kernel: NamespaceKernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        program, size = kernel.program, math.prod(shape)
        targets = [
            (self.allocate(device, output.dtype, size), 0, strides)
            if buffer is None
            else (buffer, offset, strides)
            for output, (buffer, offset, strides) in zip(program.outputs, outputs, strict=True)
        ]
        for block in blocks.divided(shape):
            self._interpret(
                device,
                kernel,
                block.shape,
                [
                    blocks.within(block, shape, given, operand)
                    for given, operand in zip(program.inputs, inputs, strict=True)
                ],
                [
                    blocks.within(block, shape, output, operand)
                    for output, operand in zip(program.outputs, targets, strict=True)
                ],
            )
        return [buffer for buffer, _, _ in targets]
