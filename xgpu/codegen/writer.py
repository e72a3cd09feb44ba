"""`Writer`: what the text of any kernel of a program is made of.

Names and types, the argument struct, reading an operand and writing one, and each value as a call
of one of the dialect's functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from xgpu.codegen.arguments import Field
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.stages import ABOUT
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.program import Input, Output, Program


class Writer:
    """The text of ``program`` in the language of ``dialect``, in pieces.

    ``invariant`` are the values that one thread computes once, ``reductions`` those that fold.
    """

    def __init__(
        self,
        program: Program,
        dialect: Dialect,
        invariant: tuple[int, ...],
        reductions: tuple[int, ...],
    ) -> None:
        self.program = program
        self.dialect = dialect
        self.invariant = invariant
        self.reductions = reductions
        self.rank: int = program.kept + program.reduced

    def type(self, value: int) -> str:
        """The target's name of the dtype of a value."""
        return self.dialect.type_of(self.program.body[value].dtype)

    def headers(self) -> Iterable[str]:
        """The headers to include, in order."""
        found = self.dialect.includes(self.program)
        if any(self.folded_type(v) for v in self.reductions):
            found = dict.fromkeys((*found, self.dialect.headers["cast"]))
        return found

    def field(self, field: Field) -> str:
        """The declaration of a member of the argument struct."""
        array = "" if field.length is None else f"[{field.length}]"
        if field.dtype is not None:
            constant = "const " if field.slot == "source" else ""
            return f"{constant}{self.dialect.type_of(field.dtype)}* {field.name};"
        if field.slot == "complex":
            return f"double {field.name}[2];"
        if field.slot == "single":
            return f"alignas(8) float {field.name};"
        name = {
            "integer": "int64_t",
            "unsigned": "uint64_t",
            "real": "double",
            "half": "int32_t",
            "later": "int32_t",
        }
        return f"{name.get(field.slot, field.slot)} {field.name}{array};"

    def given(self, value: int) -> tuple[int, Input]:
        """The number of the input that load ``value`` reads, and the input."""
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
        """The expression of the element of a buffer that belongs to point ``p``."""
        if operand.access == "contiguous":
            return "p.position"
        return self.offset(name, "index", kept) or "0"

    def offset(self, name: str, kind: str, kept: bool, joined: str = "") -> str:
        """The sum of strides times coordinates of ``p``, in ``kind``; "" where there is no axis."""
        # The kept part first and by itself: a reduction computes it once per kept point.
        ends = (0, self.program.kept) if kept else (0, self.program.kept, self.rank)
        parts = []
        for first, last in pairwise(ends):
            if last > first:
                start = f"p, a.{name}_strides"
                parts.append(f"dot<{kind}, {first}, {last}>({start})")
        return joined + " + ".join(parts) if parts else ""

    def prepare(self) -> Iterator[str]:
        """The function that computes the invariants."""
        body: list[str] = []
        for value in self.invariant:
            body += [self.computed(value), f"f.v{value} = v{value};"]
        yield from self.method(
            "invariants prepare(const arguments& a)", ["invariants f;", *body, "return f;"]
        )

    def computed(self, value: int, source: str = "") -> str:
        """A constant for a value: from ``source``, or loaded, or computed from others."""
        if not source:
            load = self.program.body[value].op == "load"
            source = self.read(value) if load else self.call(value)
        return f"const {self.type(value)} v{value} = {source};"

    def call(self, value: int, name: Callable[[int], str] = "v{}".format) -> str:
        """The expression that computes a value from others, each of which has its ``name``."""
        op, dtype, args = self.program.body[value]
        names = ", ".join(map(name, args))
        return f"{self.dialect.function(op, dtype)}({names})"

    def invariants_of(self, values: Iterable[int], results: Iterable[int]) -> Iterator[str]:
        """The invariant values that ``values`` and ``results`` use, by their own names."""
        used = set(results)
        for value in values:
            op, _, args = self.program.body[value]
            if op != "load":
                used.update(args)
        for value in self.invariant:
            if value in used:
                yield f"const {self.type(value)} v{value} = f.v{value};"

    def written(self, number: int, output: Output, value: str) -> str:
        """The statement that writes an output at point ``p``."""
        reduced = bool(self.program.reduced) and output.reduced
        place = "0" if output.access == "uniform" else self.place(f"out{number}", output, reduced)
        return f"a.out{number}[{place}] = {value};"

    def folded(self, value: int) -> str:
        """The expression of the result of a reduction, with state ``s``."""
        op, _, args = self.program.body[value]
        if op in ABOUT:
            return f"s.v{value}.about(v{args[1]})"
        return f"s.v{value}.{'position()' if op.startswith('arg') else 'value'}"

    def folded_type(self, value: int) -> str:
        """The type that a reduction converts its values to, or '' if they have it."""
        op, dtype, (arg, *_) = self.program.body[value]
        if op.startswith("arg") or self.program.body[arg].dtype == dtype:
            return ""
        return self.dialect.type_of(dtype)

    def absorbed(self, value: int) -> str:
        """The call by which a reduction takes a point of ``r``."""
        kind, arg = self.folded_type(value), self.program.body[value].args[0]
        taken = f"{self.dialect.namespace}cast<{kind}>(r.v{arg})" if kind else f"r.v{arg}"
        return f"absorb({taken}, position)"

    def state_of(self, name: str, results: str, reductions: Iterable[int]) -> Iterator[str]:
        """The struct of the accumulators of ``reductions``, which absorbs ``results``."""
        members, absorb, merge, sizes = [], [], [], [4]
        for value in reductions:
            op, _, (arg, *_) = self.program.body[value]
            kind = self.folded_type(value)
            sizes.append(self.program.body[value].dtype.itemsize)
            members.append(f"accumulator::{op}<{kind or self.type(arg)}, index> v{value};")
            absorb.append(f"v{value}.{self.absorbed(value)};")
            merge.append(f"v{value}.merge(other.v{value});")
        method = self.dialect.method.removeprefix("static ")
        # Whole words, because threads exchange them.
        yield f"struct alignas({max(sizes)}) {name} {{"
        yield from indented(members)
        yield f"    {method} void absorb(const {results}& r, index position) {{"
        yield from indented(absorb, 2)
        yield "    }"
        yield f"    {method} void merge(const {name}& other) {{"
        yield from indented(merge, 2)
        yield "    }"
        yield "};"

    def method(self, signature: str, body: Iterable[str]) -> Iterator[str]:
        """The definition of a function of the program."""
        yield f"{self.dialect.method} {signature} {{"
        yield from indented(body)
        yield "}"


def indented(lines: Iterable[str], levels: int = 1) -> Iterator[str]:
    """Lines one or more levels further in."""
    return ("    " * levels + line if line else line for line in lines)


def struct(name: str, members: Iterable[str]) -> Iterator[str]:
    """The definition of a struct."""
    yield f"struct {name} {{"
    yield from indented(members)
    yield "};"


def boolean(value: bool) -> str:
    """A constant of the language."""
    return "true" if value else "false"
