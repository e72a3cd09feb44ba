"""Launches of kernels/stencil.cu: elementwise programs that read one buffer at shifted places.

Which operands are one buffer is known at the launch, and the kernel is compiled for what is found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from xgpu.codegen import Group, Stencil, divisor, emit_stencil, tile_weight, tune
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Memory
from xgpu_cuda.launch.kernel import Kernel

ENTRY: Final = "xgpu_stencil"

ROWS: Final = 8
"""Points of a thread. Measured on an H100: four of them take 2 % longer."""

WIDE: Final = 128
"""Points along the last axis, below which too many threads of a block would have none."""

LIGHT: Final = 1024
"""Instructions of a thread, beyond which arithmetic sets the pace, not memory."""

WORDS: Final = 64
"""Registers that the columns of a thread may take."""


class Stencils:
    """The launches of one kernel's program that read columns of a buffer once."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        program = kernel.program
        self._block = tune(program).block
        #: (number, bytes of an element) of what is read by strides.
        self._strided = tuple(
            (number, given.dtype)
            for number, given in enumerate(program.inputs)
            if given.access == "strided"
        )

    @staticmethod
    def possible(program: Program) -> bool:
        """Whether some launches of a program may be stencils."""
        strided = [i.dtype for i in program.inputs if i.access == "strided"]
        words = sum(ROWS * max(1, dtype.itemsize // 4) for dtype in strided)
        # Half as many columns at least, if any are shared.
        return (
            program.kept > 1
            and len(set(strided)) < len(strided)
            and words <= 4 * WORDS
            and tile_weight(program) <= LIGHT
        )

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory] | None:
        """Run over ``shape``, if some inputs are one buffer at places that are some rows apart."""
        if shape[-1] < WIDE or shape[-2] < ROWS:
            return None
        stencil = self._stencil(inputs)
        if stencil is None:
            return None
        kernel = self._kernel
        cut = [*shape[:-2], -(-shape[-2] // ROWS), -(-shape[-1] // self._block)]
        points = math.prod(shape)
        loaded = kernel.load(
            (ENTRY, stencil),
            lambda: emit_stencil(kernel.program, CUDA, stencil),
            (ENTRY,),
            points,
        )
        radix = [slot for length in cut for slot in divisor(length)]
        targets = kernel.buffers(points, points, outputs)
        arguments = kernel.packer.pack([points, -1, *shape, *radix], inputs, targets)
        if points >= kernel.large:
            kernel.turn(arguments)
        kernel.driver.launch(
            kernel.device, loaded[ENTRY], math.prod(cut), self._block, 0, arguments
        )
        return [target[0] for target in targets]

    def may_be(self, shape: tuple[int, ...], inputs: Sequence[Operand]) -> bool:
        """Whether `launch` may run it, if inputs that could be of one buffer are."""
        if shape[-1] < WIDE or shape[-2] < ROWS:
            return False
        seen: dict[Any, int] = {}
        for number, dtype in self._strided:
            _, offset, strides = inputs[number]
            row, column = divmod(offset, strides[-2]) if strides[-2] else (0, offset)
            if seen.setdefault((dtype, strides, column), row) != row:
                return True
        return False

    def _stencil(self, inputs: Sequence[Operand]) -> Stencil | None:
        """The groups of inputs, if there is one of several rows."""
        groups: dict[Any, list[tuple[int, int]]] = {}
        words = 0
        for number, dtype in self._strided:
            buffer, offset, strides = inputs[number]
            if abs(strides[-1]) > 1:
                return None
            step = strides[-2]
            # Of one buffer, by the same strides, at places that differ by rows.
            row, column = divmod(offset, step) if step else (0, offset)
            members = groups.setdefault((buffer.ptr, dtype, strides, column), [])
            members.append((row, number))
        found: list[Group] = []
        for (_, dtype, _, _), members in groups.items():
            members.sort()
            while members:
                first = members[0][0]
                near = [(row - first, number) for row, number in members if row - first <= ROWS]
                members = members[len(near) :]
                shifts, numbers = zip(*near, strict=True)
                found.append(Group(numbers, shifts))
                words += (ROWS + shifts[-1]) * max(1, dtype.itemsize // 4)
        shared = any(group.shifts[-1] for group in found)
        return Stencil(tuple(found), ROWS) if shared and words <= WORDS else None
