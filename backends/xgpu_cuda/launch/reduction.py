"""Launches of kernels/reduction.cu.

Which kernel, how many threads to a kept point and how many segments follow from the sizes and
strides alone, so that equal launches give equal bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from xgpu.codegen import Pairing, Tuning, divisor, emit_pairs, state_bytes, tune, vectorised
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Function, Memory
from xgpu_cuda.launch import pairs
from xgpu_cuda.launch.kernel import PLANS, Along, Kernel
from xgpu_cuda.launch.quick import Steady

ROWS: Final = "xgpu_reduction_rows"
COLUMNS: Final = "xgpu_reduction_columns"
FINISH: Final = "xgpu_reduction_finish"

WARP: Final = 32

ROW_BLOCKS: Final = 2048
COLUMN_BLOCKS: Final = 16384
"""Blocks that a reduction is split into where it has fewer kept points: several waves of them on
the largest chips, so that the last wave costs little. Measured on an H100."""

SEGMENT: Final = 32 << 10
"""Bytes that a block reads of a reduction that is split, where there are more than enough blocks:
those that run at a time then read little more than the L2 cache holds, so that a launch over the
same memory in the other direction finds it there."""

FINISH_BLOCK: Final = 1024
"""Threads that merge the states of one kept point where there are many: each waits for few."""

STATE_SHARE: Final = 200
"""Bytes that are read for each byte of a state, where the device is filled all the same."""

COALESCED: Final = 8
"""Threads whose wide accesses fill a line of the cache: fewer to a row read it in vain."""

SHORT: Final = 1024
"""Reduced points that one warp folds by itself; four times as many where kept points abound."""


class Plan(NamedTuple):
    """What one size comes to."""

    sizes: tuple[int, ...]  #: the header up to the workspace
    axes: tuple[int, ...]  #: the header after it
    grid: int
    finish_grid: int  #: 0 where nothing is split
    finish_block: int
    points: int
    kept: int
    workspace: int  #: bytes
    first: Function
    finish: Function


class ReductionKernel(Kernel):
    """A program with reductions, their producers and what is computed from their results."""

    kind = "xgpu_reduction"

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        rows_only = vectorised(program)
        self._entries = (ROWS, FINISH) if rows_only else (ROWS, FINISH, COLUMNS)
        self._pairs = pairs.Pairs(driver, device, program)
        super().__init__(driver, device, program)
        self._tiles: dict[tuple[tuple[int, ...], Pairing], pairs.Tiles] = {}
        self.tuning: Tuning = tune(program)
        self._plans: dict[tuple[tuple[int, ...], bool], Plan] = {}
        full_inputs = tuple(n for n, i in enumerate(program.inputs) if not i.after)
        full_outputs = tuple(n for n, o in enumerate(program.outputs) if not o.reduced)
        accesses = [program.inputs[n].access for n in full_inputs]
        accesses += [program.outputs[n].access for n in full_outputs]
        self._along = Along(program)
        self._moved = sum(program.inputs[n].dtype.itemsize for n in full_inputs) or 1
        self._state = state_bytes(program)
        self._columns_possible = not rows_only and self._along.possible
        # Whether the reduced axes may be walked in any order: nothing counts along them.
        self._reorders = (
            program.reduced > 1
            and bool(self._along.strided)
            and "contiguous" not in accesses
            and not any(op.startswith("arg") for op in program.ops())
        )
        self._full = (
            tuple(not i.after for i in program.inputs),
            tuple(not o.reduced for o in program.outputs),
        )

    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""
        if self._pairs.possible:
            pairing = self._pairs.pairing(shape, inputs)
            if pairing is not None:
                return self._launch_pairs(shape, pairing, inputs, outputs)
        if self._reorders:
            shape, inputs, outputs = self._reordered(shape, inputs, outputs)
        columns = self._columns_possible and self._along.kept(inputs, outputs)
        plan = self._plans.get((shape, columns)) or self._plan(shape, columns)
        driver, device, block = self.driver, self.device, self.tuning.block
        targets = self.buffers(plan.points, plan.kept, outputs)
        workspace = driver.allocate(device, plan.workspace) if plan.workspace else None
        header = (*plan.sizes, workspace.ptr if workspace else 0, *plan.axes)
        arguments = self.packer.pack(header, inputs, targets)
        if plan.points >= self.large:
            self.turn(arguments)
        driver.launch(device, plan.first, plan.grid, block, 0, arguments)
        if plan.finish_grid:
            driver.launch(device, plan.finish, plan.finish_grid, plan.finish_block, 0, arguments)
        return [target[0] for target in targets]

    def steady(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> Steady | None:
        """See `Kernel.steady`; what is split is two kernels."""
        if self._pairs.possible or self._reorders or len(outputs) > 1:
            return None
        columns = self._columns_possible and self._along.kept(inputs, outputs)
        plan = self._plans.get((shape, columns)) or self._plan(shape, columns)
        if plan.finish_grid or plan.workspace:
            return None
        ((size, reduced),) = self._output_sizes
        nbytes = (plan.kept if reduced else plan.points) * size
        header = (*plan.sizes, 0, *plan.axes)
        large = plan.points >= self.large
        return Steady(plan.first, plan.grid, self.tuning.block, header, nbytes, large)

    def _launch_pairs(
        self,
        shape: tuple[int, ...],
        pairing: Pairing,
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Memory]:
        """Run kernels/pairs.cu."""
        tiles = self._tiles.get((shape, pairing))
        if tiles is None:
            if len(self._tiles) >= PLANS:
                self._tiles.clear()
            tiles = self._tiles[shape, pairing] = self._pairs.tiles(shape, pairing)
        macros = tiles.macros()
        kept, reduced = math.prod(shape[: self.program.kept]), math.prod(shape[self.program.kept :])
        function = self.load(
            (macros, pairing),
            lambda: macros + emit_pairs(self.program, CUDA, pairing),
            (pairs.ENTRY,),
            kept * reduced,
        )[pairs.ENTRY]
        targets = self.buffers(kept * reduced, kept, outputs)
        header = (kept, reduced, 1, reduced, 1, 1, 0, *shape, *tiles.radix)
        arguments = self.packer.pack(header, inputs, targets)
        self.driver.launch(self.device, function, tiles.grid, pairs.BLOCK, 0, arguments)
        return [target[0] for target in targets]

    def _reordered(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> tuple[tuple[int, ...], Sequence[Operand], Sequence[Operand]]:
        """The same space with the reduced axes by falling stride of the first strided operand."""
        kept = self.program.kept
        is_output, number, _ = self._along.strided[0]
        strides = (outputs if is_output else inputs)[number][2]
        axes = range(kept, len(shape))
        order = sorted(axes, key=lambda axis: -abs(strides[axis]))
        if order == list(axes):
            return shape, inputs, outputs
        places = (*range(kept), *order)

        def permuted(full: tuple[bool, ...], operands: Sequence[Operand]) -> Sequence[Operand]:
            return [
                (v, o, tuple(s[axis] for axis in places)) if moves and s else (v, o, s)
                for moves, (v, o, s) in zip(full, operands, strict=True)
            ]

        full_inputs, full_outputs = self._full
        return (
            tuple(shape[axis] for axis in places),
            permuted(full_inputs, inputs),
            permuted(full_outputs, outputs),
        )

    def _plan(self, shape: tuple[int, ...], columns: bool) -> Plan:
        axis = self.program.kept
        kept, reduced = math.prod(shape[:axis]), math.prod(shape[axis:])
        made = self._columns(kept, reduced) if columns else self._rows(kept, reduced)
        lanes, splits, segment, grid = made
        finish_block = self.tuning.block
        if splits > 8 * finish_block and finish_block > WARP:
            finish_block = FINISH_BLOCK
        finish_lanes = finish_block if splits > 4 * WARP else _lanes(splits)
        finish_grid = -(-kept * finish_lanes // finish_block) if splits > 1 else 0
        radix = (slot for length in shape for slot in divisor(max(1, length)))
        loaded = self.load(None, lambda: self.source, self._entries, kept * reduced)
        plan = Plan(
            sizes=(kept, reduced, splits, segment, lanes, finish_lanes),
            axes=(*shape, *radix),
            grid=grid,
            finish_grid=finish_grid,
            finish_block=finish_block,
            points=kept * reduced,
            kept=kept,
            workspace=kept * splits * self._state if splits > 1 else 0,
            first=loaded[COLUMNS if columns else ROWS],
            finish=loaded[FINISH],
        )
        if len(self._plans) >= PLANS:
            self._plans.clear()
        self._plans[shape, columns] = plan
        return plan

    def _rows(self, kept: int, reduced: int) -> tuple[int, int, int, int]:
        """(threads per kept point, segments, points in a segment, blocks)."""
        block, vector = self.tuning.block, self.tuning.vector
        short = SHORT if kept < ROW_BLOCKS else 4 * SHORT
        if kept < 2 * WARP:
            short //= 4
        if reduced <= short or block <= WARP:
            wanted = -(-reduced // vector)
            lanes = max(_lanes(-(-wanted // self.tuning.unroll)), min(COALESCED, _lanes(wanted)))
            return lanes, 1, reduced, -(-kept * lanes // block)
        step = block * vector * self.tuning.unroll
        most = -(-ROW_BLOCKS // kept)
        if most > 1:
            most = max(most, reduced * self._moved // SEGMENT)
        splits, segment = _split(reduced, step, most)
        return block, splits, segment, kept * splits

    def _columns(self, kept: int, reduced: int) -> tuple[int, int, int, int]:
        """(neighbouring kept points of a block, segments, points in a segment, blocks)."""
        block = self.tuning.block
        lanes = _lanes(kept)
        blocks = -(-kept // lanes)
        step = block // lanes * self.tuning.vector * self.tuning.unroll
        # States are written and read again: they should be little beside what they are made of.
        light = reduced * self._moved // (STATE_SHARE * self._state)
        most = min(-(-COLUMN_BLOCKS // blocks), max(light, -(-ROW_BLOCKS // blocks)))
        splits, segment = _split(reduced, step, most)
        return lanes, splits, segment, blocks * splits


def _lanes(wanted: int) -> int:
    """The power of two, a warp at most, that gives each of ``wanted`` a thread."""
    return min(WARP, 1 << max(0, wanted - 1).bit_length())


def _split(length: int, step: int, most: int) -> tuple[int, int]:
    """(how many, how long): at most ``most`` segments of ``length``, in multiples of ``step``."""
    segment = max(1, -(-length // (step * most))) * step
    return max(1, -(-length // segment)), segment
