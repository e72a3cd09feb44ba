"""Launches of kernels/rows.cu.

How many threads share a row, and how many points each keeps, follow from the sizes alone, so that
equal launches give equal bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from xgpu.codegen import divisor, tune_rows
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Function, Memory
from xgpu_cuda.launch.kernel import PLANS, Kernel

ENTRY: Final = "xgpu_rows"

WARP: Final = 32

BLOCK: Final = 256
"""Threads of a block that has several rows."""

MEDIUM: Final = 512
"""Threads of a block of which each may have 128 registers."""

MOST: Final = 1024
"""Threads of the largest block."""

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

    def macros(self) -> str:
        """The lines before the source."""
        return (
            f"#define XGPU_ROW_CHUNKS {self.chunks}\n"
            f"#define XGPU_ROW_KEPT {int(self.kept)}\n"
            f"#define XGPU_ROW_THREADS {self.threads}\n"
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
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._variants: dict[Variant, Function] = {}
        tuning = tune_rows(program)
        self._vector, self._most = tuning.vector, tuning.chunks

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        plan = self._plans.get(shape) or self._plan(shape)
        function = self._variants.get(plan.variant) or self._load(plan.variant)
        targets = self.buffers(plan.points, plan.kept, outputs)
        arguments = self.packer.pack(plan.header, inputs, targets)
        self.driver.launch(self.device, function, plan.grid, plan.block, 0, arguments)
        return [target[0] for target in targets]

    def _load(self, variant: Variant) -> Function:
        function = self.load(variant.macros() + self.source, (ENTRY,))[ENTRY]
        self._variants[variant] = function
        return function

    def _plan(self, shape: tuple[int, ...]) -> Plan:
        axis = self.program.kept
        kept, reduced = math.prod(shape[:axis]), math.prod(shape[axis:])
        variant, lanes = self._variant(reduced)
        block = max(BLOCK, lanes) if lanes <= WARP else lanes
        radix = (slot for length in shape for slot in divisor(max(1, length)))
        header = (kept, reduced, lanes, *shape, *radix)
        grid = -(-kept // (block // lanes))
        plan = Plan(variant, header, grid, block, kept * reduced, kept)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        self._plans[shape] = plan
        return plan

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
        return Variant(True, chunks, MEDIUM if lanes <= MEDIUM else MOST), lanes


def _power(wanted: int) -> int:
    """The power of two that is not less."""
    return 1 << max(0, wanted - 1).bit_length()
