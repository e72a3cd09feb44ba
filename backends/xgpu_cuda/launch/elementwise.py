"""Launches of kernels/elementwise.cu.

This is the path of every small operation, so whatever depends on the program is worked out when
it is compiled, and whatever depends on the sizes when they are first seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from xgpu.codegen import Tuning, divisor, tune
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.kernel import PLANS, Kernel

ENTRY: Final = "xgpu_elementwise"

BLOCKS: Final = 8
"""Blocks to a multiprocessor before a thread is given more than one chunk of points."""

TILE: Final = 32
"""As in elementwise.cu."""


LIMIT: Final = 2**31 - 1
"""The last position that 32 bits reach (tiles that are cut have positions beyond the last point),
and the most blocks of a grid."""


class Plan(NamedTuple):
    """What one size comes to."""

    header: list[int]
    grid: int
    points: int


class ElementwiseKernel(Kernel):
    """A program without reductions."""

    kind = "xgpu_elementwise"

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        super().__init__(driver, device, program, (ENTRY,))
        self.tuning: Tuning = tune(program)
        self._function = self.functions[ENTRY]
        self._plans: dict[tuple[tuple[int, ...], int], Plan] = {}
        self._block = self.tuning.block
        # Operands that may run along another axis than the last: (is an output, number).
        accesses = [i.access for i in program.inputs], [o.access for o in program.outputs]
        self._strided = tuple(
            (bool(side), number)
            for side in (0, 1)
            for number, access in enumerate(accesses[side])
            if access == "strided" and program.kept > 1
        )

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        axis = self._tiled_axis(shape, inputs, outputs) if self._strided else -1
        plan = self._plans.get((shape, axis)) or self._plan(shape, axis)
        header, grid, points = plan
        targets = self.buffers(points, points, outputs)
        arguments = self.packer.pack(header, inputs, targets)
        self.driver.launch(self.device, self._function, grid, self._block, 0, arguments)
        return [target[0] for target in targets]

    def _tiled_axis(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> int:
        """The axis along which the first operand that does not follow the last one runs, or -1."""
        if shape[-1] < TILE // 2:
            return -1
        for is_output, number in self._strided:
            strides = (outputs if is_output else inputs)[number][2]
            best, axis = abs(strides[-1]), -1
            for other in range(len(shape) - 1):
                if shape[other] >= TILE // 2 and 0 < abs(strides[other]) < best:
                    best, axis = abs(strides[other]), other
            if axis >= 0:
                return axis
        return -1

    def _plan(self, shape: tuple[int, ...], axis: int) -> Plan:
        count = math.prod(shape)
        visited = list(shape or (1,))
        if axis >= 0:
            for tiled in (axis, -1):
                visited[tiled] = -(-visited[tiled] // TILE)
            positions = math.prod(visited) * TILE * TILE
            if positions > LIMIT and not self.program.wide:
                return self._plan(shape, -1)
        else:
            positions = count
        chunks = -(-positions // (self.tuning.block * self.tuning.vector))
        few = min(chunks, self.driver.multiprocessors(self.device) * BLOCKS)
        # One round to a block: on an H100 that is faster than blocks that loop.
        grid = min(max(few, -(-chunks // self.tuning.unroll)), LIMIT)
        radix = [slot for length in visited for slot in divisor(length)]
        plan = Plan([positions, axis, *(shape or (1,)), *radix], grid, count)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        self._plans[shape, axis] = plan
        return plan
