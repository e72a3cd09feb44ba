"""Launches of kernels/elementwise.cu.

Whatever depends on the program is worked out when it is compiled, and whatever depends on the sizes
when they are first seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xgpu.codegen import Tuning, divisor, donors, located, tune
from xgpu.plugin import Input, Operand, Output, Program
from xgpu_cuda.driver import Driver, Function, Memory
from xgpu_cuda.launch.kernel import PLANS, Kernel
from xgpu_cuda.launch.quick import Steady
from xgpu_cuda.launch.stencil import Stencils
from xgpu_cuda.launch.tiles import Tiles

ENTRY: Final = "xgpu_elementwise"

BLOCKS: Final = 8
"""Blocks to a multiprocessor before a thread is given more than one chunk of points."""

TILE: Final = 32
RUNS: Final = -2
"""As in elementwise.cu."""


WIDEST: Final = 16
"""Bytes of the widest access."""

LIMIT: Final = 2**31 - 1
"""The last position that 32 bits reach (tiles that are cut have positions beyond the last point),
and the most blocks of a grid."""


class Plan(NamedTuple):
    """What one size comes to."""

    header: list[int]
    grid: int
    points: int
    function: Function


class ElementwiseKernel(Kernel):
    """A program without reductions."""

    kind = "xgpu_elementwise"

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        super().__init__(driver, device, program)
        self._tiles = Tiles(self) if Tiles.possible(program) else None
        self._stencils = Stencils(self) if Stencils.possible(program) else None
        self.tuning: Tuning = tune(program)
        self._plans: dict[tuple[tuple[int, ...], int], Plan] = {}
        self._block = self.tuning.block
        self._located = program.kept > 0 and located(program)
        # Operands that may run along another axis than the last: (is an output, number).
        accesses = [i.access for i in program.inputs], [o.access for o in program.outputs]
        self._strided = tuple(
            (bool(side), number)
            for side in (0, 1)
            for number, access in enumerate(accesses[side])
            if access == "strided" and program.kept > 1
        )
        #: (is an output, number, whether by strides, bytes of an element) of what is in memory.
        placed: list[tuple[bool, int, bool, int]] = []
        sides: tuple[Sequence[Input | Output], ...] = (program.inputs, program.outputs)
        for side, operands in enumerate(sides):
            for number, operand in enumerate(operands):
                if operand.access in ("strided", "contiguous"):
                    strided = operand.access == "strided"
                    placed.append((bool(side), number, strided, operand.dtype.itemsize))
        self._placed = tuple(placed)

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        axis = -1
        if self._located:
            if self._strided:
                axis = self._tiled_axis(shape, inputs, outputs)
            made = None
            if axis >= 0 and self._tiles is not None:
                made = self._tiles.launch(axis, shape, inputs, outputs)
            elif axis < 0 and self._stencils is not None:
                made = self._stencils.launch(shape, inputs, outputs)
            if made is not None:
                return made
            if axis < 0 and shape[-1] % self.tuning.vector == 0:
                axis = self._runs(inputs, outputs)
        plan = self._plans.get((shape, axis)) or self._plan(shape, axis)
        header, grid, points, function = plan
        targets = self.buffers(points, points, outputs)
        arguments = self.packer.pack(header, inputs, targets)
        if points >= self.large:
            self.turn(arguments)
        self.driver.launch(self.device, function, grid, self._block, 0, arguments)
        return [target[0] for target in targets]

    def donors(self, shape: tuple[int, ...]) -> Sequence[tuple[int, int]]:
        """All of the program's: whichever kernel it is, a thread reads its points, then writes."""
        return donors(self.program)

    def steady(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> Steady | None:
        """See `Kernel.steady`; not where tiles or columns are read, which `launch` tells."""
        if len(outputs) > 1:
            return None
        axis = -1
        aligned: list[tuple[int, int]] = []
        if self._located:
            if self._strided and self._tiled_axis(shape, inputs, outputs) >= 0:
                return None
            if self._stencils is not None and self._stencils.may_be(shape, inputs):
                return None
            vector = self.tuning.vector
            if shape[-1] % vector == 0:
                # As far as offsets tell; a launch looks at the addresses.
                axis = self._runs(inputs, outputs)
            if axis == RUNS:
                for is_output, number, strided, size in self._placed:
                    if not is_output and not (strided and inputs[number][2][-1] == 0):
                        aligned.append((number, min(WIDEST, vector * size)))
        header, grid, points, function = self._plans.get((shape, axis)) or self._plan(shape, axis)
        nbytes = points * self.program.outputs[0].dtype.itemsize
        places = [place[1:] for place in inputs]

        def otherwise(values: Sequence[Any]) -> Memory:
            operands = [(value, *place) for value, place in zip(values, places, strict=True)]
            return self.launch(shape, operands, outputs)[0]

        large = points >= self.large
        block = self._block
        return Steady(function, grid, block, header, nbytes, large, tuple(aligned), otherwise)

    def _runs(self, inputs: Sequence[Operand], outputs: Sequence[Operand]) -> int:
        """`RUNS` where wide accesses are possible along the last axis, else -1.

        Each operand has its neighbours there, and begins and goes on where a wide access may; or
        it has one value along that axis.
        """
        vector = self.tuning.vector
        for is_output, number, strided, size in self._placed:
            buffer, offset, strides = (outputs if is_output else inputs)[number]
            if strided:
                if strides[-1] == 0:
                    continue
                if strides[-1] != 1 or any(step % vector for step in strides[:-1]):
                    return -1
            address = (0 if buffer is None else buffer.ptr) + offset * size
            if address % min(WIDEST, vector * size):
                return -1
        return RUNS

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
        function = self.load(None, lambda: self.source, (ENTRY,), count)[ENTRY]
        plan = Plan([positions, axis, *(shape or (1,)), *radix], grid, count, function)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        self._plans[shape, axis] = plan
        return plan
