"""The text of a reduction over pairs: operands without one kept axis, others without another.

``sum((x[:, None, :] - y[None, :, :]) ** 2, -1)`` reads a row of ``x`` as often as ``y`` has rows.
Its kernel stages tiles of both in shared memory, as a matrix product does, and a thread computes
several rows of the one with several of the other in registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from xgpu.codegen.dialect import Dialect
from xgpu.codegen.emit import PointWriter
from xgpu.codegen.stages import Stages, stages
from xgpu.codegen.tuning import VECTOR_BYTES, weigh
from xgpu.codegen.writer import boolean, struct
from xgpu.plugin import dtypes
from xgpu.plugin.program import Output, Program

ROWS, COLUMNS, NEITHER = "rows", "columns", "neither"
SIDES: Final = (ROWS, COLUMNS, NEITHER)


class Pairing(NamedTuple):
    """Which operands of a program vary along which of two kept axes."""

    rows: int  #: the one kept axis
    columns: int  #: the other one, a later axis
    sides: tuple[str, ...]  #: of each load at the points: `ROWS`, `COLUMNS` or `NEITHER`
    #: Whether the neighbours of rows, and of columns, lie along the last reduced axis.
    along: tuple[bool, bool] = (True, True)


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


def factors(program: Program, reduction: int) -> tuple[int, int] | None:
    """The two values whose products a reduction of floats sums; None if it is no such sum."""
    total, dtype, args = program.body[reduction]
    if total != "sum" or dtype not in (dtypes.float32, dtypes.float64):
        return None
    op, summed, of = program.body[args[0]]
    if summed != dtype or op not in ("multiply", "square"):
        return None
    return of[0], of[-1]


class PairWriter(PointWriter):
    """A `PointWriter` that reads its operands in two groups.

    A sum of products of floats takes the factors, and rounds the product and the sum at once.
    """

    def __init__(self, program: Program, dialect: Dialect, pairing: Pairing) -> None:
        super().__init__(program, dialect)
        self.kind = "pairs"
        self.pairing = pairing
        loads = zip(self.point_loads(), pairing.sides, strict=True)
        #: The loads of each side.
        self.sides: dict[str, list[int]] = {side: [] for side in SIDES}
        for value, side in loads:
            self.sides[side].append(value)
        taken: set[int] = set()
        for value in self.reductions:
            taken.update(factors(program, value) or program.body[value].args[:1])
        self.stages: Stages = replace(self.stages, results=tuple(sorted(taken)))

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        yield from super().members()
        yield f"static constexpr int row_axis = {self.pairing.rows};"
        yield f"static constexpr int column_axis = {self.pairing.columns};"
        yield f"static constexpr int weight = {pair_weight(self.program)};"
        for side, loads in self.sides.items():
            yield from self.side(side, loads)
        yield from self.joined()

    def absorbed(self, value: int) -> str:
        """The call by which a reduction takes a point of ``r``."""
        product = factors(self.program, value)
        if product is None:
            return super().absorbed(value)
        return f"absorb_product(r.v{product[0]}, r.v{product[1]})"

    def side(self, side: str, loads: list[int]) -> Iterator[str]:
        """The values of one side: at a point, in shared memory, and the ways between."""
        yield f"static constexpr int {side}_loads = {len(loads)};"
        yield from struct(
            side, [*self.runs(side, loads), *(f"{self.type(v)} v{v};" for v in loads)]
        )
        # A line of shared memory has a reduced point of all of the block's elements of the side.
        yield "template <int Width>"
        yield from struct(
            f"{side}_line", (f"alignas(16) {self.type(v)} v{v}[Width];" for v in loads)
        )
        yield from self.method(
            f"void load(const arguments& a, const point& p, {side}& l)",
            [f"l.v{v} = {self.read(v)};" for v in loads],
        )
        yield "template <class Line>"
        yield from self.method(
            f"void stage(Line& t, int i, const {side}& l)",
            [f"t.{side}.v{v}[i] = l.v{v};" for v in loads],
        )
        yield "template <int N, class Line>"
        yield from self.method(
            f"void take(const Line& t, int i, {side} (&l)[N])",
            [f"xgpu::load_neighbours(&t.{side}.v{v}[i], l, &{side}::v{v});" for v in loads],
        )
        if side == NEITHER:
            return
        yield "template <int N, class Line>"
        yield from self.method(
            f"void stage_neighbours(Line& t, int i, const {side} (&l)[N])",
            [f"xgpu::store_neighbours(&t.{side}.v{v}[i], l, &{side}::v{v});" for v in loads],
        )
        yield from self.neighbours(side, loads)

    def run_axis(self, side: str) -> int:
        """The axis along which neighbours of a side are read: the last one, or its own."""
        along = self.pairing.along[SIDES.index(side)]
        return self.rank - 1 if along else self.own_axis(side)

    def own_axis(self, side: str) -> int:
        """The kept axis along which a side varies."""
        return self.pairing.rows if side == ROWS else self.pairing.columns

    def runs(self, side: str, loads: list[int]) -> Iterator[str]:
        """What the struct of a side says of how its neighbours are read."""
        if side == NEITHER:
            return
        strided = [v for v in loads if self.given(v)[1].access == "strided"]
        widest = max((self.program.body[v].dtype.itemsize for v in strided), default=8)
        yield f"static constexpr int axis = {self.own_axis(side)};"
        yield f"static constexpr int run = {min(4, VECTOR_BYTES // widest)};"
        yield f"static constexpr bool along = {boolean(self.pairing.along[SIDES.index(side)])};"
        yield "struct cursor {"
        for v in loads:
            yield f"    {f'const {self.type(v)}*' if v in strided else 'int64_t'} v{v};"
        yield "};"

    def neighbours(self, side: str, loads: list[int]) -> Iterator[str]:
        """Reading neighbours of one side, which begin at a cursor or some reduced points later."""
        axis, last = self.run_axis(side), self.rank - 1
        wide, begin, load, advance = [], [], [], []
        for value in loads:
            number, given = self.given(value)
            name, strides = f"a.in{number}", f"a.in{number}_strides"
            # Neighbours along the last axis are one element apart: `in_packets` has seen to it.
            step = "" if axis == last else f" * {strides}[{last}]"
            if given.access == "index":
                begin.append(f"c.v{value} = {self.read(value)};")
                first = f"c.v{value} + ahead * {strides}[{last}]"
                each = f"l[j].v{value} = {first} + j * {strides}[{axis}];"
                load.append(f"for (int j = 0; j < N; ++j) {each}")
                advance.append(f"c.v{value} += count * {strides}[{last}];")
                continue
            wide.append(f"xgpu::in_packets<N, {self.rank}>({name}, {strides}, {axis})")
            begin.append(f"c.v{value} = {name} + ({self.place(f'in{number}', given, False)});")
            load.append(f"xgpu::load_neighbours(c.v{value} + ahead{step}, l, &{side}::v{value});")
            advance.append(f"c.v{value} += count{step};")
        yield "template <int N>"
        yield from self.method(
            f"bool in_packets(const arguments& a, const {side}*)",
            [f"return {' && '.join(wide) or 'true'};"],
        )
        cursor = f"{side}::cursor& c"
        yield from self.method(f"void begin(const arguments& a, const point& p, {cursor})", begin)
        yield "template <int N>"
        yield from self.method(
            f"void load_neighbours(const arguments& a, const {cursor}, index ahead, "
            f"{side} (&l)[N])",
            load,
        )
        yield from self.method(f"void advance(const arguments& a, index count, {cursor})", advance)

    def joined(self) -> Iterator[str]:
        """The function that makes the loads of a point of those of the sides."""
        names = dict(zip(SIDES, "xyz", strict=True))
        source = {v: names[side] for side, loads in self.sides.items() for v in loads}
        values = ", ".join(f"{source[v]}.v{v}" for v in self.point_loads())
        yield from self.method(
            f"loads join(const {ROWS}& x, const {COLUMNS}& y, const {NEITHER}& z)",
            [f"return {{{values}}};"],
        )

    def finish(self) -> Iterator[str]:
        """The functions that compute what kept points have after the reductions, and write it."""
        outputs = [(n, o) for n, o in enumerate(self.program.outputs) if o.reduced]
        epilogue = self.stages.epilogue
        values = sorted({o.value for _, o in outputs})
        yield from struct("finished", (f"{self.type(v)} v{v};" for v in values))
        yield from self.method(
            "finished finish(const arguments& a, const invariants& f, const state& s, "
            "const point& p)",
            [
                *self.invariants_of(epilogue, values),
                *(
                    self.computed(v, self.folded(v) if v in self.reductions else "")
                    for v in sorted((*self.reductions, *epilogue))
                ),
                f"return {{{', '.join(f'v{v}' for v in values)}}};",
            ],
        )
        yield from self.method(
            "void write(const arguments& a, const point& p, const finished& r)",
            [self.written(n, o, f"r.v{o.value}") for n, o in outputs],
        )
        yield "template <int N>"
        yield from self.method(
            "bool in_packets(const arguments& a)",
            [f"return {' && '.join(self.output_in_packets(n, o) for n, o in outputs)};"],
        )
        yield "template <int N>"
        yield from self.method(
            "void write_neighbours(const arguments& a, const point& p, const finished (&r)[N])",
            [
                f"xgpu::store_neighbours(a.out{n} + ({self.place(f'out{n}', o, True)}), r, "
                f"&finished::v{o.value});"
                for n, o in outputs
            ],
        )

    def output_in_packets(self, number: int, output: Output) -> str:
        """Whether N neighbours along the columns can be written by wide accesses."""
        kept, axis, name = self.program.kept, self.pairing.columns, f"a.out{number}"
        if output.access == "strided":
            return f"xgpu::in_packets<N, {kept}>({name}, {name}_strides, {axis})"
        if output.access == "uniform" or axis != kept - 1:
            return "false"
        return f"a.shape[{axis}] % N == 0 && xgpu::in_packets<N, 0>({name}, nullptr, 0)"
