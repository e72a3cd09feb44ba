"""Launches of kernels/rows.cu.

How many threads share a row, and how many points each keeps, follow from the sizes alone, so that
equal launches give equal bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from xgpu.codegen import divisor, donors, emit, in_runs, online, tune_rows
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Function, Memory
from xgpu_cuda.launch.kernel import PLANS, Along, Kernel
from xgpu_cuda.launch.quick import Steady

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

APART: Final = 0
ALIGNED: Final = 1
SHIFTED: Final = 2
"""Which points of a chunk a thread has, as in rows.cu."""

CUT: Final = 512
"""Points of a row from which on it is read in runs though they do not divide it: of the chunks of
shorter rows, most would have a run that is cut, and so be read twice, in runs and one by one."""


class Variant(NamedTuple):
    """What a row kernel is compiled for; see rows.cu."""

    kept: bool
    chunks: int
    threads: int
    width: int = 1
    packing: int = ALIGNED
    resident: int = 0  #: blocks that are to share a multiprocessor; 0 for any number
    streaming: int = 0  #: as XGPU_STREAMING in memory.cuh

    def macros(self) -> str:
        """The lines before the source."""
        return (
            f"#define XGPU_ROW_CHUNKS {self.chunks}\n"
            f"#define XGPU_ROW_KEPT {int(self.kept)}\n"
            f"#define XGPU_ROW_THREADS {self.threads}\n"
            f"#define XGPU_ROW_WIDTH {self.width}\n"
            f"#define XGPU_ROW_PACKING {self.packing}\n"
            + (f"#define XGPU_ROW_RESIDENT {self.resident}\n" if self.resident else "")
            + (f"#define XGPU_STREAMING {self.streaming}\n" if self.streaming else "")
        )


class Plan(NamedTuple):
    """What one size comes to."""

    variant: Variant
    header: tuple[int, ...]
    grid: int
    block: int
    points: int
    kept: int
    function: Function


class RowKernel(Kernel):
    """A row program; each variant of its kernel is compiled when a row first asks for it."""

    kind = "xgpu_rows"

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        super().__init__(driver, device, program)
        self._plans: dict[tuple[tuple[int, ...], bool], Plan] = {}
        self._along = Along(program)
        tuning = tune_rows(program)
        self._vector, self._most, self._state = tuning.vector, tuning.chunks, tuning.state
        self._runs = in_runs(program)
        # Points that leave a thread of the largest block enough registers.
        self._light = LIGHT if tuning.words == 1 else 0

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        plan = self._chosen(shape, inputs, outputs)
        targets = self.buffers(plan.points, plan.kept, outputs)
        arguments = self.packer.pack(plan.header, inputs, targets)
        if plan.points >= self.large:
            self.turn(arguments)
        self.driver.launch(self.device, plan.function, plan.grid, plan.block, 0, arguments)
        return [target[0] for target in targets]

    def steady(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> Steady | None:
        """See `Kernel.steady`."""
        if len(outputs) > 1:
            return None
        plan = self._chosen(shape, inputs, outputs)
        ((size, reduced),) = self._output_sizes
        nbytes = (plan.kept if reduced else plan.points) * size
        large = plan.points >= self.large
        return Steady(plan.function, plan.grid, plan.block, plan.header, nbytes, large)

    def _chosen(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> Plan:
        across = self._along.possible and self._along.kept(inputs, outputs)
        return self._plans.get((shape, across)) or self._plan(shape, across)

    def donors(self, shape: tuple[int, ...]) -> Sequence[tuple[int, int]]:
        """Those of the program where rows are read once."""
        kept = self._variant(math.prod(shape[self.program.kept :]))[0].kept
        return donors(self.program) if kept else ()

    def _source(self, variant: Variant) -> str:
        # Each pass over a row that is not kept reads it: what can be is done in the one before.
        source = self.source if variant.kept else emit(online(self.program), CUDA)
        return variant.macros() + source

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
        points = kept * reduced
        function = self.load(variant, lambda: self._source(variant), (ENTRY,), points)[ENTRY]
        plan = Plan(variant, header, grid, block, points, kept, function)
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
                        return Variant(True, chunks, threads, width, APART)
        return None

    def _variant(self, length: int) -> tuple[Variant, int]:
        """(the kernel, threads to a row) for rows of ``length`` points."""
        vector, most = self._vector, self._most
        packing = ALIGNED if length % vector == 0 else SHIFTED if length >= CUT else APART
        if not self._runs:
            packing = APART
        runs = max(1, -(-length // vector))
        if packing == SHIFTED:
            runs = -(-(length + vector - 1) // vector)
        if runs > MOST * most:
            return Variant(False, min(ROUND, most), MOST, 1, packing), MOST
        chunks = min(most, SHORT, _power(-(-runs // COALESCED)))
        if runs > MOST * chunks:
            chunks = most
        lanes = _power(-(-runs // chunks))
        if lanes > WARP:
            lanes = -(-runs // (chunks * WARP)) * WARP
        most = chunks * vector <= self._light or lanes > MEDIUM
        return Variant(True, chunks, MOST if most else MEDIUM, 1, packing), lanes


def _power(wanted: int) -> int:
    """The power of two that is not less."""
    return 1 << max(0, wanted - 1).bit_length()
