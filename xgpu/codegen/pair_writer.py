"""The text of a reduction over pairs: operands without one kept axis, others without another.

``sum((x[:, None, :] - y[None, :, :]) ** 2, -1)`` reads a row of ``x`` as often as ``y`` has rows.
Its kernel stages tiles of both in shared memory, as a matrix product does, and a thread computes
several rows of the one with several of the other in registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from xgpu.codegen.dialect import Dialect
from xgpu.codegen.emit import PointWriter
from xgpu.codegen.stages import stages
from xgpu.codegen.tuning import weigh
from xgpu.codegen.writer import indented, struct
from xgpu.plugin.program import Program

ROWS, COLUMNS, NEITHER = "rows", "columns", "neither"
SIDES: Final = (ROWS, COLUMNS, NEITHER)

UNROLLED: Final = 256
"""Weight of the body times its copies in the loop over reduced points that is unrolled."""


class Pairing(NamedTuple):
    """Which operands of a program vary along which of two kept axes."""

    rows: int  #: the one kept axis
    columns: int  #: the other one, a later axis
    sides: tuple[str, ...]  #: of each load at the points: `ROWS`, `COLUMNS` or `NEITHER`


def emit_pairs(program: Program, dialect: Dialect, pairing: Pairing) -> str:
    """The source of the pair kernel of ``program``; see pairs.cu for the macros that it needs.

    Raises:
        ValueError: the program is malformed, see `stages`.
        KeyError: it uses a dtype that the target does not have.
    """
    return "\n".join(PairWriter(program, dialect, pairing).lines()) + "\n"


def pair_weight(program: Program) -> int:
    """About how many instructions one pair takes at a reduced point."""
    found = stages(program)
    return sum(weigh(program, v) for v in (*found.point, *found.reductions))


class PairWriter(PointWriter):
    """A `PointWriter` that reads its operands in two groups."""

    def __init__(self, program: Program, dialect: Dialect, pairing: Pairing) -> None:
        super().__init__(program, dialect)
        self.kind = "pairs"
        self.pairing = pairing
        loads = zip(self.point_loads(), pairing.sides, strict=True)
        #: The loads of each side.
        self.sides: dict[str, list[int]] = {side: [] for side in SIDES}
        for value, side in loads:
            self.sides[side].append(value)

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        yield from super().members()
        unroll = max(1, min(4, UNROLLED // max(1, pair_weight(self.program))))
        yield f"static constexpr int row_axis = {self.pairing.rows};"
        yield f"static constexpr int column_axis = {self.pairing.columns};"
        yield f"static constexpr int weight = {pair_weight(self.program)}, ahead = {unroll};"
        for side, loads in self.sides.items():
            yield from self.side(side, loads)
        yield from self.joined()

    def side(self, side: str, loads: list[int]) -> Iterator[str]:
        """The values of one side: at a point, in shared memory, and the ways between."""
        yield from struct(side, (f"{self.type(v)} v{v};" for v in loads))
        yield "template <int Depth, int Width, int Pad>"
        yield f"struct {side}_tile {{"
        yield from indented(
            f"alignas(16) {self.type(v)} v{v}[Depth][Width + padding<{self.type(v)}>(Pad)];"
            for v in loads
        )
        yield "};"
        yield from self.method(
            f"void load(const arguments& a, const point& p, {side}& l)",
            [f"l.v{v} = {self.read(v)};" for v in loads],
        )
        tile = f"{side}_tile<Depth, Width, Pad>"
        yield "template <int Depth, int Width, int Pad>"
        yield from self.method(
            f"void stage({tile}& t, int k, int i, const {side}& l)",
            [f"t.v{v}[k][i] = l.v{v};" for v in loads],
        )
        yield "template <int N, int Depth, int Width, int Pad>"
        yield from self.method(
            f"void take(const {tile}& t, int k, int i, {side} (&l)[N])",
            [f"xgpu::load_neighbours(&t.v{v}[k][i], l, &{side}::v{v});" for v in loads],
        )
        if side == NEITHER:
            return
        axis = self.pairing.rows if side == ROWS else self.pairing.columns
        steps = [
            f"nearer(a.in{number}_strides, {self.rank - 1}, {axis})"
            for number, given in map(self.given, loads)
            if given.access == "strided"
        ]
        yield from self.method(
            f"bool along_reduced(const arguments& a, const {side}*)",
            [f"return {steps[0] if steps else 'true'};"],
        )

    def joined(self) -> Iterator[str]:
        """The function that makes the loads of a point of those of the sides."""
        names = dict(zip(SIDES, "xyz", strict=True))
        source = {v: names[side] for side, loads in self.sides.items() for v in loads}
        values = ", ".join(f"{source[v]}.v{v}" for v in self.point_loads())
        yield from self.method(
            f"loads join(const {ROWS}& x, const {COLUMNS}& y, const {NEITHER}& z)",
            [f"return {{{values}}};"],
        )
