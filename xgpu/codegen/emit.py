"""`emit`: a program as source text.

The text is one struct, ``program``: the argument struct, typed loads, the body as calls of the
dialect's functions, and stores. What drives them (which thread takes which points, how a
reduction is folded) is written in the target's own language, in the kernel file that the text
includes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xgpu.codegen.arguments import layout
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.row_writer import RowWriter
from xgpu.codegen.stages import Stages, in_passes, located, stages, vectorised
from xgpu.codegen.tuning import TOGETHER, state_bytes, together, tune
from xgpu.codegen.writer import Writer, boolean, indented, struct
from xgpu.plugin.program import Access, Program


def emit(program: Program, dialect: Dialect) -> str:
    """The source of the kernels of ``program`` in the language of ``dialect``.

    That of a row program is compiled with the macros that its kernel file names.

    Raises:
        ValueError: the program is malformed, see `stages`.
        KeyError: it uses a dtype that the target does not have.
    """
    writer: RowWriter | PointWriter
    writer = (RowWriter if in_passes(program) else PointWriter)(program, dialect)
    return "\n".join(writer.lines()) + "\n"


def loop(name: str, end: str, body: Iterable[str], step: str = "1") -> Iterator[str]:
    """A loop over points, without a branch in the code."""
    yield "#pragma unroll"
    yield f"for (int {name} = 0; {name} < {end}; {name} += {step}) {{"
    yield from indented(body)
    yield "}"


class PointWriter(Writer):
    """The text of an elementwise program, or of one that reduces once."""

    def __init__(self, program: Program, dialect: Dialect) -> None:
        self.stages: Stages = stages(program)
        super().__init__(program, dialect, self.stages.invariant, self.stages.reductions)
        self.together: frozenset[int] = together(program) if dialect.several else frozenset()
        self.kind = "reduction" if program.reduced else "elementwise"

    def headers(self) -> Iterable[str]:
        """The headers to include, in order."""
        several = [self.dialect.several_header] if self.together else []
        return dict.fromkeys((*super().headers(), *several))

    def lines(self) -> Iterator[str]:
        """The whole source."""
        if self.kind == "elementwise":
            # No thread waits for another, so a simulator may run them one after the other.
            yield "#define XGPU_NO_BARRIER"
            if resident := tune(self.program).resident:
                yield f"#define XGPU_RESIDENT {resident}"
        elif vectorised(self.program):
            # Neighbours are neighbours along the reduced axes: no kernel for anything else.
            yield "#define XGPU_ROWS_ONLY"
        yield from (f'#include "{header}"' for header in self.headers())
        yield "namespace xgpu {"
        yield "struct program {"
        yield from indented(self.members())
        yield "};"
        yield "}  // namespace xgpu"
        yield f'#include "{self.dialect.kernels[self.kind]}"'

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        program, tuning = self.program, tune(self.program)
        yield f"using index = {'int64_t' if program.wide else 'int32_t'};"
        yield "using position = unsigned_of<index>;"
        yield f"static constexpr int kept_axes = {program.kept}, rank = {self.rank};"
        yield f"static constexpr int vector = {tuning.vector}, unroll = {tuning.unroll};"
        yield f"static constexpr int block = {tuning.block};"
        yield f"static constexpr bool located = {boolean(located(program))};"
        yield f"static constexpr bool vectorised = {boolean(vectorised(program))};"
        if program.reduced:
            writes = any(not output.reduced for output in program.outputs)
            yield f"static constexpr bool writes = {boolean(writes)};"
            yield f"static constexpr int state_bytes = {state_bytes(program)};"
        yield "using point = xgpu::point<index, rank>;"
        yield ""
        yield from struct("arguments", (self.field(f) for f in layout(program)))
        for name, values in (
            ("invariants", self.stages.invariant),
            ("loads", self.point_loads()),
            ("results", self.stages.results),
        ):
            yield from struct(name, (f"{self.type(v)} v{v};" for v in values))
        yield ""
        yield from self.prepare()
        yield from self.load()
        yield from self.compute()
        yield from self.compute_several()
        yield from self.store()
        if program.reduced:
            yield from self.state_of("state", "results", self.stages.reductions)
            yield from self.finish()

    # Reading.

    def point_loads(self) -> tuple[int, ...]:
        """The values that are read at each point."""
        return tuple(v for v in self.stages.point if self.program.body[v].op == "load")

    def load(self) -> Iterator[str]:
        """The functions that read a point, and neighbours of one."""
        loads = self.point_loads()
        yield from self.method(
            "void load(const arguments& a, const point& p, loads& l)",
            [f"l.v{v} = {self.read(v)};" for v in loads],
        )
        if vectorised(self.program):
            yield "template <int N>"
            yield from self.method(
                "void load_packet(const arguments& a, position p, loads (&l)[N])",
                [f"xgpu::load_packet(a.in{self.given(v)[0]} + p, l, &loads::v{v});" for v in loads],
            )
        else:
            yield from self.no_packet("load_packet", "loads")
        if not self.program.reduced and located(self.program) and self.rank:
            yield "template <int N>"
            yield from self.method(
                "void load_run(const arguments& a, const point& p, int64_t axis, loads (&l)[N])",
                [line for v in loads for line in self.run(v)],
            )

    def step(self, name: str, access: Access) -> str:
        """How far apart neighbours along ``axis`` are in an operand."""
        if access == "contiguous":
            return "span<rank>(a.shape, axis)"
        return f"pick<rank>(a.{name}_strides, axis)"

    def run(self, value: int) -> Iterator[str]:
        """Reads the input of load ``value`` at N points along ``axis``, `p` the first."""
        number, given = self.given(value)
        name = f"in{number}"
        step = self.step(name, given.access)
        if given.access == "index":
            yield f"const int64_t v{value} = {self.read(value)}, s{value} = {step};"
            yield f"for (int j = 0; j < N; ++j) l[j].v{value} = v{value} + j * s{value};"
            return
        start = f"a.{name} + ({self.place(name, given, False)})"
        yield f"xgpu::load_run({start}, static_cast<index>({step}), l, &loads::v{value});"

    # Computing.

    def assign(self, values: Iterable[int], held: set[int]) -> Iterator[str]:
        """One constant per value of ``values``, in order; ``held`` ones are loads already done."""
        return (self.computed(v, f"l.v{v}" if v in held else "") for v in values)

    def compute(self) -> Iterator[str]:
        """The function that computes what a point hands on."""
        results = self.stages.results
        yield from self.method(
            "results compute(const invariants& f, const loads& l)",
            [
                *self.invariants_of(self.stages.point, results),
                *self.assign(self.stages.point, set(self.point_loads())),
                "return {" + ", ".join(f"v{v}" for v in results) + "};",
            ],
        )

    def compute_several(self) -> Iterator[str]:
        """The function that computes what N points hand on, or the constant that there is none.

        The special cases of some functions cost little where several points share a branch. What
        is between two such calls is computed point by point; what it leaves for later is an array.
        """
        joined, results = self.together, self.stages.results
        yield f"static constexpr bool several = {boolean(bool(joined))};"
        if not joined:
            return
        stretches = list(self.stretches())
        last = {v: len(stretches) for v in results}  # the last stretch that a value is used in
        for number, run in reversed(list(enumerate(stretches))):
            for v in run:
                if self.program.body[v].op != "load":
                    for arg in self.program.body[v].args:
                        last.setdefault(arg, number)
        place = {v: number for number, run in enumerate(stretches) for v in run}
        arrays = {v for v, number in place.items() if v in joined or last.get(v, 0) > number}

        def name(value: int) -> str:
            return f"v{value}[j]" if value in arrays else f"v{value}"

        lines = []
        for run in stretches:
            lines += [f"{self.type(v)} v{v}[M];" for v in run if v in arrays]
            if run[0] in joined:
                (value,) = run
                op, _, args = self.program.body[value]
                names = ", ".join(f"v{v}" for v in (value, *args))
                lines.append(f"{self.dialect.several[op]}({names});")
                continue
            inner = []
            for v in run:
                load = self.program.body[v].op == "load"
                source = f"l[first + j].v{v}" if load else self.call(v, name)
                target = name(v) if v in arrays else f"const {self.type(v)} v{v}"
                inner.append(f"{target} = {source};")
            lines += loop("j", "M", inner)
        handed = ", ".join(map(name, results))
        lines += loop("j", "M", [f"r[first + j] = {{{handed}}};"])
        yield "template <int N>"
        yield from self.method(
            "void compute_several(const invariants& f, const loads (&l)[N], results (&r)[N])",
            [
                f"constexpr int M = N < {TOGETHER} ? N : {TOGETHER};",
                'static_assert(N % M == 0, "points come in powers of two");',
                *self.invariants_of(self.stages.point, results),
                *loop("first", "N", lines, "M"),
            ],
        )

    def stretches(self) -> Iterator[list[int]]:
        """The values at the points, in order: each of ``together`` alone, others side by side."""
        run: list[int] = []
        for value in self.stages.point:
            if value not in self.together:
                run.append(value)
                continue
            if run:
                yield run
            yield [value]
            run = []
        if run:
            yield run

    # Writing.

    def store(self) -> Iterator[str]:
        """The functions that write at a point, and at neighbours of one."""
        outputs = [
            (number, output)
            for number, output in enumerate(self.program.outputs)
            if not (self.program.reduced and output.reduced)
        ]
        yield from self.method(
            "void store(const arguments& a, const point& p, const results& r)",
            [f"{self.written(n, o, f'r.v{o.value}')}" for n, o in outputs],
        )
        if vectorised(self.program):
            yield "template <int N>"
            yield from self.method(
                "void store_packet(const arguments& a, position p, const results (&r)[N])",
                [f"xgpu::store_packet(a.out{n} + p, r, &results::v{o.value});" for n, o in outputs],
            )
        else:
            yield from self.no_packet("store_packet", "const results")
        if not self.program.reduced and located(self.program) and self.rank:
            lines = []
            for number, output in outputs:
                name = f"out{number}"
                start = f"a.{name} + ({self.place(name, output, False)})"
                step = f"static_cast<index>({self.step(name, output.access)})"
                lines.append(f"xgpu::store_run({start}, {step}, r, &results::v{output.value});")
            yield "template <int N>"
            yield from self.method(
                "void store_run(const arguments& a, const point& p, int64_t axis, "
                "const results (&r)[N])",
                lines,
            )

    def no_packet(self, name: str, kind: str) -> Iterator[str]:
        """A function of neighbours that is never called."""
        yield "template <int N>"
        yield from self.method(f"void {name}(const arguments&, position, {kind} (&)[N])", [])

    # Reducing.

    def finish(self) -> Iterator[str]:
        """The function that computes what a kept point has after the reductions, and writes it."""
        outputs = [(n, o) for n, o in enumerate(self.program.outputs) if o.reduced]
        epilogue = self.stages.epilogue
        yield from self.method(
            "void finish(const arguments& a, const invariants& f, const state& s, const point& p)",
            [
                *self.invariants_of(epilogue, (o.value for _, o in outputs)),
                *(
                    self.computed(v, self.folded(v) if v in self.reductions else "")
                    for v in sorted((*self.reductions, *epilogue))
                ),
                *(self.written(n, o, f"v{o.value}") for n, o in outputs),
            ],
        )
