"""Launches of kernels/rows.cu.

How many threads share a row, and how many points each keeps, follow from the sizes alone, so that
equal launches give equal bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from xgpu.codegen import divisor, emit, online, tune_rows
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Function, Memory
from xgpu_cuda.launch.kernel import PLANS, Along, Kernel
from xgpu_cuda.launch.quick import Quick

ENTRY: Final = "xgpu_rows"

WARP: Final = 32

BLOCK: Final = 256
"""Threads of a block that has several rows."""

MEDIUM: Final = 512
"""Threads of a block of which each may have 128 registers."""

MOST: Final = 1024
"""Threads of the largest block, of which each may have 64."""

SHARED: Final = 40960
"""Bytes of shared memory that the states of the warps of a block may take."""

LINE: Final = 8
"""Neighbouring rows that are read at the cost of one."""

LIGHT: Final = 16
"""Points of one register each that a thread of the largest block holds with room for the rest:
where 64 registers do, more blocks share a multiprocessor. Measured on an H100, a layer norm of
4,096 columns takes 6 % less."""

COALESCED: Final = 8
"""Threads whose wide accesses fill a line of the cache."""

SHORT: Final = 4
"""Runs of points to a thread while a block is enough for a row: what more of them load at a time,
more threads do as well, and it takes longer to compile."""

ROUND: Final = 4
"""Runs of points that a thread loads at a time where a row is too long to be kept."""


class Variant(NamedTuple):
    """What a row kernel is compiled for; see rows.cu."""

    kept: bool
    chunks: int
    threads: int
    width: int = 1

    def macros(self) -> str:
        """The lines before the source."""
        return (
            f"#define XGPU_ROW_CHUNKS {self.chunks}\n"
            f"#define XGPU_ROW_KEPT {int(self.kept)}\n"
            f"#define XGPU_ROW_THREADS {self.threads}\n"
            f"#define XGPU_ROW_WIDTH {self.width}\n"
        )


class Plan(NamedTuple):
    """What one size comes to."""

    variant: Variant
    header: tuple[int, ...]
    grid: int
    block: int
    points: int
    kept: int


class RowKernel(Kernel):
    """A row program; each variant of its kernel is compiled when a row first asks for it."""

    kind = "xgpu_rows"

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        super().__init__(driver, device, program, ())
        self._plans: dict[tuple[tuple[int, ...], bool], Plan] = {}
        self._variants: dict[Variant, Function] = {}
        self._quick: dict[tuple[int, ...], Quick] = {}
        self._along = Along(program)
        tuning = tune_rows(program)
        self._vector, self._most, self._state = tuning.vector, tuning.chunks, tuning.state
        # Points that leave a thread of the largest block enough registers.
        self._light = LIGHT if tuning.words == 1 else 0

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        quick = self._quick.get(shape)
        if quick is not None and outputs[0][0] is None:
            return quick.run(inputs)
        across = self._along.possible and self._along.kept(inputs, outputs)
        plan = self._plans.get((shape, across)) or self._plan(shape, across)
        function = self._variants.get(plan.variant) or self._load(plan.variant)
        if self.packer.simple and not self._along.possible:
            if len(self._quick) >= PLANS:
                self._quick.clear()
            ((size, reduced),) = self._output_sizes
            nbytes = (plan.kept if reduced else plan.points) * size
            self._quick[shape] = Quick(
                self.driver, self.device, function, plan.grid, plan.block, self.packer,
                plan.header, nbytes,
            )  # fmt: skip
        targets = self.buffers(plan.points, plan.kept, outputs)
        arguments = self.packer.pack(plan.header, inputs, targets)
        self.driver.launch(self.device, function, plan.grid, plan.block, 0, arguments)
        return [target[0] for target in targets]

    def _load(self, variant: Variant) -> Function:
        # Each pass over a row that is not kept reads it: what can be is done in the one before.
        source = self.source if variant.kept else emit(online(self.program), CUDA)
        function = self.load(variant.macros() + source, (ENTRY,))[ENTRY]
        self._variants[variant] = function
        return function

    def _plan(self, shape: tuple[int, ...], across: bool) -> Plan:
        axis = self.program.kept
        kept, reduced = math.prod(shape[:axis]), math.prod(shape[axis:])
        found = self._across(reduced) if across else None
        if found is None:
            variant, lanes = self._variant(reduced)
            block = max(BLOCK, lanes) if lanes <= WARP else lanes
        else:
            variant, lanes = found, found.threads // found.width
            block = found.threads
        radix = (slot for length in shape for slot in divisor(max(1, length)))
        header = (kept, reduced, lanes, *shape, *radix)
        grid = -(-kept // (block // lanes))
        plan = Plan(variant, header, grid, block, kept * reduced, kept)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        self._plans[shape, across] = plan
        return plan

    def _across(self, length: int) -> Variant | None:
        """The kernel for rows of ``length`` points whose neighbours are in other rows, if any.

        Two of its blocks share a multiprocessor, so that one loads while the other computes.
        """
        room = [w for w in (WARP, WARP // 2, LINE) if 2 * WARP * w * self._state <= SHARED]
        for most in (SHORT, self._most):
            for width in room:
                for threads in (BLOCK, MEDIUM):
                    points = -(-length * width // threads)
                    chunks = _power(-(-points // self._vector))
                    if chunks <= min(most, self._most):
                        return Variant(True, chunks, threads, width)
        return None

    def _variant(self, length: int) -> tuple[Variant, int]:
        """(the kernel, threads to a row) for rows of ``length`` points."""
        vector, most = self._vector, self._most
        runs = max(1, -(-length // vector))
        if runs > MOST * most:
            return Variant(False, min(ROUND, most), MOST), MOST
        chunks = min(most, SHORT, _power(-(-runs // COALESCED)))
        if runs > MOST * chunks:
            chunks = most
        lanes = _power(-(-runs // chunks))
        if lanes > WARP:
            lanes = -(-runs // (chunks * WARP)) * WARP
        most = chunks * vector <= self._light or lanes > MEDIUM
        return Variant(True, chunks, MOST if most else MEDIUM), lanes


def _power(wanted: int) -> int:
    """The power of two that is not less."""
    return 1 << max(0, wanted - 1).bit_length()
