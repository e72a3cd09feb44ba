"""Launches of kernels/tiles.cu: elementwise programs with operands that lie across the last axis.

Which operands do is a matter of strides, so it is found at the launch, and the kernel is compiled
for what is found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from xgpu.codegen import Turning, divisor, emit_tiles, tile_length, tile_weight, tune
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Memory
from xgpu_cuda.launch.kernel import Kernel

ENTRY: Final = "xgpu_tiles"

LEAST: Final = 16
"""Points along an axis, below which it does not matter that operands have neighbours there."""

LIGHT: Final = 512
"""Instructions of a thread, beyond which arithmetic sets the pace, not memory."""


class Tiles:
    """The launches of one kernel's program that are of tiles."""

    def __init__(self, kernel: Kernel) -> None:
        program = kernel.program
        self._kernel = kernel
        self._block = tune(program).block
        accesses = [i.access for i in program.inputs], [o.access for o in program.outputs]
        #: Operands that may run along another axis than the last: (is an output, number).
        self.strided: tuple[tuple[bool, int], ...] = tuple(
            (bool(side), number)
            for side in (0, 1)
            for number, access in enumerate(accesses[side])
            if access == "strided" and program.kept > 1
        )

    @staticmethod
    def possible(program: Program) -> bool:
        """Whether some launches of a program may be of tiles."""
        several = program.kept > 1 and any(i.access == "strided" for i in program.inputs)
        return several and tile_weight(program) <= LIGHT

    def launch(
        self,
        axis: int,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Memory] | None:
        """Run over ``shape``, if all that lies across the last axis is inputs along ``axis``."""
        turning = self._turning(axis, shape, inputs, outputs)
        if turning is None:
            return None
        kernel = self._kernel
        tile = tile_length(kernel.program, turning)
        cut = list(shape)
        for tiled in (axis, -1):
            cut[tiled] = -(-cut[tiled] // tile)
        points = math.prod(shape)
        loaded = kernel.load(
            (ENTRY, turning),
            lambda: emit_tiles(kernel.program, CUDA, turning),
            (ENTRY,),
            points,
        )
        radix = [slot for length in cut for slot in divisor(length)]
        targets = kernel.buffers(points, points, outputs)
        arguments = kernel.packer.pack([points, axis, *shape, *radix], inputs, targets)
        if points >= kernel.large:
            kernel.turn(arguments)
        kernel.driver.launch(
            kernel.device, loaded[ENTRY], math.prod(cut), self._block, 0, arguments
        )
        return [target[0] for target in targets]

    def _turning(
        self,
        axis: int,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> Turning | None:
        """The inputs that run along ``axis``, if nothing runs along another one but the last."""
        turned = []
        last = len(shape) - 1
        for is_output, number in self.strided:
            strides = (outputs if is_output else inputs)[number][2]
            steps = [(abs(s), -n) for n, s in enumerate(strides) if s and shape[n] >= LEAST]
            along = -min(steps)[1] if steps else last
            if along == axis and not is_output:
                turned.append(number)
            elif along != last:
                return None
        return Turning(axis, tuple(turned)) if turned else None
