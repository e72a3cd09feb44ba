"""The text of a row program: one set of functions for each of its passes.

A function of a pass takes a ``stage<pass, kept>``, which tells the passes apart; with ``kept`` it
uses what earlier passes left of a point, without it all is loaded and computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xgpu.codegen.arguments import layout
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.passes import Pass, Passes, passes, tune_rows
from xgpu.codegen.stages import in_runs, located
from xgpu.codegen.writer import Writer, boolean, indented, struct
from xgpu.plugin.program import Input, Output, Program


class RowWriter(Writer):
    """The text of a row program, which `xgpu.codegen.emit` gives."""

    def __init__(self, program: Program, dialect: Dialect) -> None:
        self.plan: Passes = passes(program)
        super().__init__(program, dialect, self.plan.invariant, self.plan.reductions())
        #: Values that exist once per row.
        self.row: tuple[int, ...] = (
            *self.plan.first,
            *(v for step in self.plan.passes for v in step.reduced),
        )
        loads = {v for step in self.plan.passes for v in step.again if self.is_load(v)}
        #: Values that a point holds: its loads, and what a later pass takes.
        self.held: tuple[int, ...] = tuple(sorted(loads | set(self.plan.kept)))

    def is_load(self, value: int) -> bool:
        """Whether a value is read, not computed."""
        return self.program.body[value].op == "load"

    def lines(self) -> Iterator[str]:
        """The whole source."""
        yield from (f'#include "{header}"' for header in self.headers())
        yield '#include "xgpu/row.cuh"'
        yield "namespace xgpu {"
        yield "struct program {"
        yield from indented(self.members())
        yield "};"
        yield "}  // namespace xgpu"
        yield f'#include "{self.dialect.kernels["rows"]}"'

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        program, tuning, steps = self.program, tune_rows(self.program), self.plan.passes
        folds = sum(bool(step.reductions) for step in steps)
        yield f"using index = {'int64_t' if program.wide else 'int32_t'};"
        yield "using position = unsigned_of<index>;"
        yield f"static constexpr int kept_axes = {program.kept}, rank = {self.rank};"
        yield f"static constexpr int vector = {tuning.vector};"
        yield f"static constexpr int passes = {len(steps)}, folds = {folds};"
        yield f"static constexpr bool located = {boolean(located(program))};"
        yield f"static constexpr bool runs = {boolean(in_runs(program))};"
        yield "using point = xgpu::point<index, rank>;"
        yield ""
        yield from struct("arguments", (self.field(f) for f in layout(program)))
        for name, values in (
            ("invariants", self.invariant),
            ("row", self.row),
            ("points", self.held),
        ):
            yield from struct(name, (f"{self.type(v)} v{v};" for v in values))
        yield ""
        yield from self.prepare()
        yield from self.even()
        yield from self.first()
        for at, step in enumerate(steps):
            results = (f"{self.type(v)} v{v};" for v in step.results)
            yield from struct(f"results{at}", results)
            yield from self.state_of(f"state{at}", f"results{at}", step.reductions)
            yield from self.method(f"state{at} start(stage<{at}>)", ["return {};"])
            for kept, values in ((True, step.points), (False, step.again)):
                which = f"stage<{at}, {boolean(kept)}>"
                yield from self.load(which, [v for v in values if self.is_load(v)])
                yield from self.compute(at, which, values, step.taken if kept else ())
            yield from self.store(at, step)
            if step.reductions:
                yield from self.finish(at, step)
            yield from self.method(
                f"constexpr int ahead(stage<{at}>)", [f"return {tuning.ahead[at]};"]
            )
            yield from self.method(
                f"constexpr bool writes(stage<{at}>)", [f"return {boolean(bool(step.outputs))};"]
            )
        yield from self.write()

    # Once per row.

    def uses(self, values: Iterable[int], made: Iterable[int]) -> Iterator[str]:
        """Invariants and values of the row that ``values`` are made of, by their own names.

        ``made`` are those that there are by these names already.
        """
        used = set[int]()
        for value in values:
            if not self.is_load(value):
                used.update(self.program.body[value].args)
        used -= set(made)
        for name, there in (("f", self.invariant), ("w", self.row)):
            for value in sorted(used & set(there)):
                yield f"const {self.type(value)} v{value} = {name}.v{value};"

    def per_row(self, values: tuple[int, ...]) -> Iterator[str]:
        """Computes and keeps values that exist once per row, in order."""
        computed = [v for v in values if v not in self.reductions]
        yield from self.uses(computed, values)
        for value in values:
            fold = value in self.reductions
            yield self.computed(value, self.folded(value) if fold else "")
            yield f"w.v{value} = v{value};"

    def first(self) -> Iterator[str]:
        """The function of what is known of a row before its first pass."""
        yield from self.method(
            "void first(const arguments& a, const invariants& f, const point& p, row& w)",
            self.per_row(self.plan.first),
        )

    def finish(self, at: int, step: Pass) -> Iterator[str]:
        """The function of what is known of a row after a pass."""
        yield from self.method(
            f"void finish(const arguments& a, const invariants& f, const state{at}& s, "
            "const point& p, row& w)",
            self.per_row(step.reduced),
        )

    def write(self) -> Iterator[str]:
        """The function that writes the outputs of a row."""
        outputs = [(n, o) for n, o in enumerate(self.program.outputs) if o.reduced]
        source = dict.fromkeys(self.invariant, "f") | dict.fromkeys(self.row, "w")
        yield from self.method(
            "void write(const arguments& a, const invariants& f, const point& p, const row& w)",
            [self.written(n, o, f"{source[o.value]}.v{o.value}") for n, o in outputs],
        )

    # At each point.

    def load(self, which: str, loads: list[int]) -> Iterator[str]:
        """The functions that load a point, and a run of them from ``p`` on."""
        yield from self.method(
            f"void load({which}, const arguments& a, const point& p, points& l)",
            [f"l.v{v} = {self.read(v)};" for v in loads],
        )
        yield "template <int N>"
        yield from self.method(
            f"void load_run({which}, const arguments& a, bool even, const point& p, "
            "points (&l)[N])",
            [line for v in loads for line in self.run(v)],
        )

    def step(self, name: str, access: str) -> str:
        """How far apart neighbours of a run are in an operand."""
        return "index(1)" if access == "contiguous" else f"index(a.{name}_strides[rank - 1])"

    def run(self, value: int) -> Iterator[str]:
        """Reads the input of load ``value`` at N neighbours."""
        number, given = self.given(value)
        name = f"in{number}"
        if given.access == "index":
            step = f"a.{name}_strides[rank - 1]"
            yield f"const int64_t v{value} = {self.read(value)};"
            yield f"for (int j = 0; j < N; ++j) l[j].v{value} = v{value} + j * {step};"
            return
        yield from self.wide("load", name, given, f"l, &points::v{value}")

    def wide(self, kind: str, name: str, operand: Input | Output, values: str) -> Iterator[str]:
        """Moves a run: in wide accesses where it is known to lie so, else where it is found to."""
        start = f"a.{name} + ({self.place(name, operand, False)})"
        known = "a.aligned" if operand.access == "contiguous" else "even"
        once = "<true>" if kind == "load" and operand.access == "contiguous" else ""
        yield f"if ({known}) xgpu::{kind}_neighbours{once}({start}, {values});"
        yield f"else xgpu::{kind}_run({start}, {self.step(name, operand.access)}, {values});"

    def even(self) -> Iterator[str]:
        """The function that tells whether all runs of strided operands are whole wide accesses.

        A run begins at a multiple of ``vector`` points of a row.
        """
        program = self.program
        names = [
            f"a.in{number}"
            for number, given in enumerate(program.inputs)
            if given.access == "strided" and not given.after
        ]
        names += [
            f"a.out{number}"
            for number, output in enumerate(program.outputs)
            if output.access == "strided" and not output.reduced
        ]
        lines = ["bool all = true;"]
        for name in names:
            size = f"(vector * sizeof(*{name}))"
            lines += [
                f"all = all && reinterpret_cast<uint64_t>({name}) % {size} == 0;",
                f"all = all && {name}_strides[rank - 1] == 1;",
                f"for (int i = 0; i < rank - 1; ++i) all = all && {name}_strides[i] % vector == 0;",
            ]
        yield from self.method("bool even(const arguments& a)", [*lines, "return all;"])

    def compute(
        self, at: int, which: str, values: tuple[int, ...], taken: tuple[int, ...]
    ) -> Iterator[str]:
        """The function of a pass at one point."""
        results = self.plan.passes[at].results
        there = (*values, *taken)
        lines = list(self.uses(values, there))
        held = set(self.held)
        for value in sorted(there):
            if value in taken or self.is_load(value):
                lines.append(self.computed(value, f"l.v{value}"))
                continue
            lines.append(self.computed(value))
            if value in held:
                lines.append(f"l.v{value} = v{value};")
        source = dict.fromkeys(self.invariant, "f.") | dict.fromkeys(self.row, "w.")
        made = ", ".join(f"{source.get(v, '')}v{v}" for v in results)
        yield from self.method(
            f"results{at} compute({which}, const invariants& f, const row& w, points& l)",
            [*lines, f"return {{{made}}};"],
        )

    def store(self, at: int, step: Pass) -> Iterator[str]:
        """The functions that write what a pass computes at a point, and at a run of them."""
        outputs = [(n, self.program.outputs[n]) for n in step.outputs]
        yield from self.method(
            f"void store(const arguments& a, const point& p, const results{at}& r)",
            [self.written(n, o, f"r.v{o.value}") for n, o in outputs],
        )
        lines: list[str] = []
        for number, output in outputs:
            member = f"&results{at}::v{output.value}"
            lines += self.wide("store", f"out{number}", output, f"r, {member}")
        yield "template <int N>"
        yield from self.method(
            "void store_run(const arguments& a, bool even, const point& p, "
            f"const results{at} (&r)[N])",
            lines,
        )
