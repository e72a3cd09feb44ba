"""`emit`: a program as source text.

The text is one struct, ``program``: the argument struct, typed loads, the body as calls of the
dialect's functions, and stores. What drives them (which thread takes which points, how a
reduction is folded) is written in the target's own language, in the kernel file that the text
includes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from xgpu.codegen.arguments import Field, layout
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.stages import Stages, located, stages, vectorised
from xgpu.codegen.tuning import tune
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.program import Input, Output, Program


def emit(program: Program, dialect: Dialect) -> str:
    """The source of the kernels of ``program`` in the language of ``dialect``.

    Raises:
        ValueError: the program is malformed, see `stages`.
        KeyError: it uses a dtype that the target does not have.
    """
    return "\n".join(_Writer(program, dialect).lines()) + "\n"


class _Writer:
    def __init__(self, program: Program, dialect: Dialect) -> None:
        self.program = program
        self.dialect = dialect
        self.stages: Stages = stages(program)
        self.kind = "reduction" if program.reduced else "elementwise"
        self.rank = program.kept + program.reduced

    def type(self, value: int) -> str:
        return self.dialect.type_of(self.program.body[value].dtype)

    def lines(self) -> Iterator[str]:
        if self.kind == "elementwise":
            # No thread waits for another, so a simulator may run them one after the other.
            yield "#define XGPU_NO_BARRIER"
        elif vectorised(self.program):
            # Neighbours are neighbours along the reduced axes: no kernel for anything else.
            yield "#define XGPU_ROWS_ONLY"
        yield from (f'#include "{header}"' for header in self.headers())
        yield "namespace xgpu {"
        yield "struct program {"
        yield from _indent(self.members())
        yield "};"
        yield "}  // namespace xgpu"
        yield f'#include "{self.dialect.kernels[self.kind]}"'

    def headers(self) -> Iterable[str]:
        found = self.dialect.includes(self.program)
        if any(self.folded_type(v) for v in self.stages.reductions):
            found = dict.fromkeys((*found, self.dialect.headers["cast"]))
        return found

    def members(self) -> Iterator[str]:
        program, tuning = self.program, tune(self.program)
        yield f"using index = {'int64_t' if program.wide else 'int32_t'};"
        yield "using position = unsigned_of<index>;"
        yield f"static constexpr int kept_axes = {program.kept}, rank = {self.rank};"
        yield f"static constexpr int vector = {tuning.vector}, unroll = {tuning.unroll};"
        yield f"static constexpr int block = {tuning.block};"
        yield f"static constexpr bool located = {_bool(located(program))};"
        yield f"static constexpr bool vectorised = {_bool(vectorised(program))};"
        if program.reduced:
            writes = any(not output.reduced for output in program.outputs)
            yield f"static constexpr bool writes = {_bool(writes)};"
        yield "using point = xgpu::point<index, rank>;"
        yield ""
        yield from _struct("arguments", (self.field(f) for f in layout(program)))
        for name, values in (
            ("invariants", self.stages.invariant),
            ("loads", self.point_loads()),
            ("results", self.stages.results),
        ):
            yield from _struct(name, (f"{self.type(v)} v{v};" for v in values))
        yield ""
        yield from self.prepare()
        yield from self.load()
        yield from self.compute()
        yield from self.store()
        if program.reduced:
            yield from self.state()
            yield from self.finish()

    def field(self, field: Field) -> str:
        array = "" if field.length is None else f"[{field.length}]"
        if field.dtype is not None:
            constant = "const " if field.slot == "source" else ""
            return f"{constant}{self.dialect.type_of(field.dtype)}* {field.name};"
        if field.slot == "complex":
            return f"double {field.name}[2];"
        name = {"integer": "int64_t", "unsigned": "uint64_t", "real": "double"}
        return f"{name.get(field.slot, field.slot)} {field.name}{array};"

    # Reading.

    def point_loads(self) -> tuple[int, ...]:
        return tuple(v for v in self.stages.point if self.program.body[v].op == "load")

    def given(self, value: int) -> tuple[int, Input]:
        number = self.program.body[value].args[0]
        return number, self.program.inputs[number]

    def read(self, value: int) -> str:
        """The expression that reads the input of load ``value`` at point ``p``."""
        number, given = self.given(value)
        name, kind = f"a.in{number}", self.dialect.type_of(given.dtype)
        if given.access == "scalar":
            if kind_of(given.dtype) == "c":
                part = self.dialect.type_of(dtypes.real_of(given.dtype))
                return f"{kind}{{static_cast<{part}>({name}[0]), static_cast<{part}>({name}[1])}}"
            if given.dtype == dtypes.bool_:
                return f"{name} != 0"
            if given.dtype in dtypes.NARROW:
                return f"{self.dialect.namespace}cast<{kind}>({name})"
            return f"static_cast<{kind}>({name})"
        if given.access == "uniform":
            return f"{name}[0]"
        if given.access == "index":
            return name + self.offset(f"in{number}", "int64_t", given.after, " + ")
        return f"{name}[{self.place(f'in{number}', given, given.after)}]"

    def place(self, name: str, operand: Input | Output, kept: bool) -> str:
        if operand.access == "contiguous":
            return "p.position"
        return self.offset(name, "index", kept) or "0"

    def offset(self, name: str, kind: str, kept: bool, joined: str = "") -> str:
        # The kept part first and by itself: a reduction computes it once per kept point.
        ends = (0, self.program.kept) if kept else (0, self.program.kept, self.rank)
        parts = []
        for first, last in pairwise(ends):
            if last > first:
                start = f"p, a.{name}_strides"
                parts.append(f"dot<{kind}, {first}, {last}>({start})")
        return joined + " + ".join(parts) if parts else ""

    def prepare(self) -> Iterator[str]:
        body = list(self.assign(self.stages.invariant, set(), stored=self.stages.invariant))
        yield from self.method(
            "invariants prepare(const arguments& a)", ["invariants f;", *body, "return f;"]
        )

    def load(self) -> Iterator[str]:
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
        if self.kind == "elementwise" and located(self.program) and self.rank > 1:
            yield "template <int N>"
            yield from self.method(
                "void load_run(const arguments& a, const point& p, loads (&l)[N])",
                [line for v in loads for line in self.run(v)],
            )

    def run(self, value: int) -> Iterator[str]:
        """Reads the input of load ``value`` at N points along the tiled axis, `p` the first."""
        number, given = self.given(value)
        name = f"in{number}"
        step = f"pick<rank>(a.{name}_strides, a.tiled_axis)"
        if given.access == "index":
            yield f"const int64_t v{value} = {self.read(value)}, s{value} = {step};"
            yield f"for (int j = 0; j < N; ++j) l[j].v{value} = v{value} + j * s{value};"
            return
        if given.access == "contiguous":
            step = "span<rank>(a.shape, a.tiled_axis)"
        start = f"a.{name} + ({self.place(name, given, False)})"
        yield f"xgpu::load_run({start}, static_cast<index>({step}), l, &loads::v{value});"

    # Computing.

    def call(self, value: int) -> str:
        op, dtype, args = self.program.body[value]
        names = ", ".join(f"v{arg}" for arg in args)
        return f"{self.dialect.function(op, dtype)}({names})"

    def assign(
        self, values: Iterable[int], held: set[int], stored: Iterable[int] = ()
    ) -> Iterator[str]:
        """One constant per value of ``values``, in order; ``held`` ones are loads already done."""
        stored = set(stored)
        for value in values:
            load = self.program.body[value].op == "load"
            source = (
                f"l.v{value}" if value in held else self.read(value) if load else self.call(value)
            )
            yield f"const {self.type(value)} v{value} = {source};"
            if value in stored:
                yield f"f.v{value} = v{value};"

    def invariants_of(self, values: Iterable[int], results: Iterable[int]) -> Iterator[str]:
        """The invariant values that ``values`` and ``results`` use, by their own names."""
        used = set(results)
        for value in values:
            op, _, args = self.program.body[value]
            if op != "load":
                used.update(args)
        for value in self.stages.invariant:
            if value in used:
                yield f"const {self.type(value)} v{value} = f.v{value};"

    def compute(self) -> Iterator[str]:
        results = self.stages.results
        yield from self.method(
            "results compute(const invariants& f, const loads& l)",
            [
                *self.invariants_of(self.stages.point, results),
                *self.assign(self.stages.point, set(self.point_loads())),
                "return {" + ", ".join(f"v{v}" for v in results) + "};",
            ],
        )

    # Writing.

    def store(self) -> Iterator[str]:
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

    def written(self, number: int, output: Output, value: str) -> str:
        reduced = bool(self.program.reduced) and output.reduced
        place = "0" if output.access == "uniform" else self.place(f"out{number}", output, reduced)
        return f"a.out{number}[{place}] = {value};"

    def no_packet(self, name: str, kind: str) -> Iterator[str]:
        yield "template <int N>"
        yield from self.method(f"void {name}(const arguments&, position, {kind} (&)[N])", [])

    # Reducing.

    def folded_type(self, value: int) -> str:
        """The type that a reduction converts its values to, or '' if they have it."""
        op, dtype, (arg,) = self.program.body[value]
        if op.startswith("arg") or self.program.body[arg].dtype == dtype:
            return ""
        return self.dialect.type_of(dtype)

    def state(self) -> Iterator[str]:
        members, absorb, merge, sizes = [], [], [], [4]
        for value in self.stages.reductions:
            op, _, (arg,) = self.program.body[value]
            kind = self.folded_type(value)
            sizes.append(self.program.body[value].dtype.itemsize)
            members.append(f"accumulator::{op}<{kind or self.type(arg)}, index> v{value};")
            taken = f"{self.dialect.namespace}cast<{kind}>(r.v{arg})" if kind else f"r.v{arg}"
            absorb.append(f"v{value}.absorb({taken}, position);")
            merge.append(f"v{value}.merge(other.v{value});")
        method = self.dialect.method.removeprefix("static ")
        # Whole words, because threads exchange them.
        yield f"struct alignas({max(sizes)}) state {{"
        yield from _indent(members)
        yield f"    {method} void absorb(const results& r, index position) {{"
        yield from _indent(absorb, 2)
        yield "    }"
        yield f"    {method} void merge(const state& other) {{"
        yield from _indent(merge, 2)
        yield "    }"
        yield "};"

    def finish(self) -> Iterator[str]:
        outputs = [(n, o) for n, o in enumerate(self.program.outputs) if o.reduced]
        epilogue = self.stages.epilogue
        yield from self.method(
            "void finish(const arguments& a, const invariants& f, const state& s, const point& p)",
            [
                *self.invariants_of(epilogue, (o.value for _, o in outputs)),
                *(f"const {self.type(v)} v{v} = s.v{v}.value;" for v in self.stages.reductions),
                *self.assign(epilogue, set()),
                *(self.written(n, o, f"v{o.value}") for n, o in outputs),
            ],
        )

    def method(self, signature: str, body: Iterable[str]) -> Iterator[str]:
        yield f"{self.dialect.method} {signature} {{"
        yield from _indent(body)
        yield "}"


def _indent(lines: Iterable[str], levels: int = 1) -> Iterator[str]:
    return ("    " * levels + line if line else line for line in lines)


def _struct(name: str, members: Iterable[str]) -> Iterator[str]:
    yield f"struct {name} {{"
    yield from _indent(members)
    yield "};"


def _bool(value: bool) -> str:
    return "true" if value else "false"
