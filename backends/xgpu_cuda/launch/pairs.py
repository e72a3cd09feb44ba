"""Launches of kernels/pairs.cu: reductions of operands that are broadcast against one another.

Which operands vary along which axis is a matter of strides, so it is found at the launch, and the
kernel is compiled for what is found. How the tiles are cut follows from the sizes and from the
device; no bit of a result depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Final, NamedTuple

from xgpu.codegen import COLUMNS, NEITHER, ROWS, Pairing, divisor, pair_weight, state_bytes
from xgpu.codegen.stages import stages
from xgpu.plugin import Operand, Program
from xgpu.plugin.dtypes import kind_of
from xgpu_cuda.driver import Driver

ENTRY: Final = "xgpu_pairs"

SIDE: Final = 16
BLOCK: Final = SIDE * SIDE
SEGMENT: Final = 512
"""As in pairs.cu."""

SHAPES: Final = ((8, 8), (8, 4), (4, 8), (4, 4), (2, 2), (8, 1), (2, 8))
"""Rows and columns to a thread."""

DEPTH: Final = 16
"""Reduced points that are staged at a time, at most; a power of two."""

TILES: Final = 2
"""Tiles in shared memory: with two, one is filled while the other one is read."""

HELD: Final = 16
"""Words of the next step that a thread may hold."""

RESIDENT: Final = 2
"""Blocks that are to share a multiprocessor."""

UNROLLED: Final = 256
"""Weight of the body times its copies in the loop over reduced points, of which there are two for
each of a thread's points if they come to no more than this; else one."""

STATE_WORDS: Final = 64
"""Registers that the states of a thread may take: half of what it has if two blocks share a
multiprocessor."""

SHARED_BYTES: Final = 40960
"""Of shared memory, that what a block needs of one reduced point may take."""

BODY_LIMIT: Final = 2048
"""Weight of the body times its copies."""

LEAST: Final = 8
"""Neighbours along each of the two axes, below which much of a tile would be computed in vain."""

PAIRS: Final = 1 << 12
"""Kept points, below which there is too little to share."""


class Tiles(NamedTuple):
    """What one size comes to."""

    rows: int  #: of a thread
    columns: int
    long: bool  #: whether states are merged in segments
    radix: tuple[int, ...]  #: the divisors of the axes; of the two that are cut, of their tiles
    grid: int

    def macros(self) -> str:
        """The lines before the source."""
        return (
            f"#define XGPU_PAIR_ROWS {self.rows}\n"
            f"#define XGPU_PAIR_COLUMNS {self.columns}\n"
            f"#define XGPU_PAIR_LONG {int(self.long)}\n"
            f"#define XGPU_PAIR_DEPTH {DEPTH}\n"
            f"#define XGPU_PAIR_TILES {TILES}\n"
            f"#define XGPU_PAIR_HELD {HELD}\n"
            f"#define XGPU_PAIR_RESIDENT {RESIDENT}\n"
            f"#define XGPU_PAIR_UNROLLED {UNROLLED}\n"
        )


class Pairs:
    """Finds the launches of one program that are reductions over pairs, and cuts their tiles."""

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        self._driver = driver
        self._device = device
        self._kept = program.kept
        body, found = program.body, stages(program)
        self._read = tuple(body[v].args[0] for v in found.point if body[v].op == "load")
        given = [program.inputs[number] for number in self._read]
        self._sizes = [i.dtype.itemsize for i in given]
        self._strided = [i.access == "strided" for i in given]
        #: Whether some launch can be one.
        self.possible: bool = (
            program.kept > 1
            and sum(i.access == "strided" for i in given) > 1
            and all(i.access in ("strided", "index") for i in given)
            and all(o.reduced for o in program.outputs)
        )
        self._weight = pair_weight(program)
        folds = [body[v] for v in found.reductions]
        self._words = state_bytes(program) // 4
        self._rounds = any(i.op in ("sum", "prod") and kind_of(i.dtype) in "fc" for i in folds)

    def pairing(self, shape: tuple[int, ...], inputs: Sequence[Operand]) -> Pairing | None:
        """The two axes and the sides of the operands, if a launch is a reduction over pairs."""
        strides = [inputs[number][2] for number in self._read]
        axes = [axis for axis in range(self._kept) if shape[axis] >= LEAST]
        best: Pairing | None = None
        most = PAIRS - 1
        for rows, columns in combinations(axes, 2):
            pairs = shape[rows] * shape[columns]
            if pairs <= most or any(s[rows] and s[columns] for s in strides):
                continue
            sides = tuple(ROWS if s[rows] else COLUMNS if s[columns] else NEITHER for s in strides)
            if ROWS in sides and COLUMNS in sides:
                along = (
                    self._along(strides, sides, ROWS, rows),
                    self._along(strides, sides, COLUMNS, columns),
                )
                best, most = Pairing(rows, columns, sides, along), pairs
        return best

    def _along(
        self, strides: list[tuple[int, ...]], sides: tuple[str, ...], side: str, axis: int
    ) -> bool:
        """Whether neighbours of a side's first operand lie along the last reduced axis."""
        for steps, at, strided in zip(strides, sides, self._strided, strict=True):
            if at == side and strided:
                return abs(steps[-1]) < abs(steps[axis])
        return True

    def tiles(self, shape: tuple[int, ...], pairing: Pairing) -> Tiles:
        """How the kept points are cut into tiles; the least work, on a device that is filled."""
        kept = self._kept
        high, wide = shape[pairing.rows], shape[pairing.columns]
        batch = math.prod(shape[:kept]) // (high * wide)
        long = self._rounds and math.prod(shape[kept:]) > SEGMENT
        words = self._words * (2 if long else 1)
        resident = RESIDENT * self._driver.multiprocessors(self._device)
        row_bytes, column_bytes = (
            sum(size for size, at in zip(self._sizes, pairing.sides, strict=True) if at == side)
            for side in (ROWS, COLUMNS)
        )

        def cost(tile: tuple[int, int]) -> float:
            rows, columns = tile
            blocks = batch * -(-high // (SIDE * rows)) * -(-wide // (SIDE * columns))
            # A point takes its instructions, and its share of what is read from shared memory.
            point = self._weight + (rows + columns) / 4 / (rows * columns)
            return -(-blocks // resident) * rows * columns * point

        fitting = [
            (rows, columns)
            for rows, columns in SHAPES
            if rows * columns * words <= STATE_WORDS
            and rows * columns * self._weight <= BODY_LIMIT
            and SIDE * (rows * row_bytes + columns * column_bytes) <= SHARED_BYTES
        ]
        rows, columns = min(fitting or [(2, 2)], key=cost)
        cut = list(shape)
        cut[pairing.rows] = -(-high // (SIDE * rows))
        cut[pairing.columns] = -(-wide // (SIDE * columns))
        radix = tuple(slot for length in cut for slot in divisor(max(1, length)))
        return Tiles(rows, columns, long, radix, math.prod(cut[:kept]))
