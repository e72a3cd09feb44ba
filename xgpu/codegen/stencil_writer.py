"""The text of an elementwise program that reads one buffer at places some rows apart.

``x[:-2, 1:-1] + x[2:, 1:-1]`` reads each element of ``x`` twice. In its kernel a thread walks down
a column, and has each element of such a *group* of operands once, in a register.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xgpu.codegen.dialect import Dialect
from xgpu.codegen.emit import PointWriter
from xgpu.codegen.writer import struct
from xgpu.plugin.program import Program


class Group(NamedTuple):
    """Inputs of one buffer that are read at the same columns."""

    inputs: tuple[int, ...]  #: by number
    shifts: tuple[int, ...]  #: how many rows each is below the first of them


class Stencil(NamedTuple):
    """What a thread reads."""

    groups: tuple[Group, ...]  #: of all inputs with strides
    rows: int  #: points of a thread, one below another


def emit_stencil(program: Program, dialect: Dialect, stencil: Stencil) -> str:
    """The source of the stencil kernel of ``program``, see stencil.cu.

    Raises:
        ValueError: the program is malformed, see `stages`.
        KeyError: it uses a dtype that the target does not have.
    """
    return "\n".join(StencilWriter(program, dialect, stencil).lines()) + "\n"


class StencilWriter(PointWriter):
    """A `PointWriter` that reads columns of groups of operands."""

    def __init__(self, program: Program, dialect: Dialect, stencil: Stencil) -> None:
        super().__init__(program, dialect)
        self.kind = "stencil"
        self.stencil = stencil
        number_of = {self.given(v)[0]: v for v in self.point_loads()}
        #: Of each group: the loads, and their shifts.
        self.groups: list[list[tuple[int, int]]] = [
            [(number_of[n], shift) for n, shift in zip(group.inputs, group.shifts, strict=True)]
            for group in stencil.groups
        ]
        grouped = {value for group in self.groups for value, _ in group}
        self.direct: list[int] = [v for v in self.point_loads() if v not in grouped]

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        yield from super().members()
        yield f"static constexpr int rows = {self.stencil.rows};"
        columns, load, take = [], [], []
        for number, group in enumerate(self.groups):
            first = min(group, key=lambda pair: pair[1])[0]
            span = self.stencil.rows + max(shift for _, shift in group)
            columns.append(f"{self.type(first)} g{number}[{span}];")
            given, operand = self.given(first)
            start = f"a.in{given} + ({self.place(f'in{given}', operand, False)})"
            step = f"index(a.in{given}_strides[rank - 2])"
            extra = span - self.stencil.rows
            load.append(f"load_column({start}, {step}, count + {extra}, c.g{number});")
            take += [f"l.v{value} = c.g{number}[row + {shift}];" for value, shift in group]
        yield from struct("columns", columns)
        yield from self.method(
            "void load_columns(const arguments& a, const point& p, int count, columns& c)", load
        )
        yield from self.method("void take(const columns& c, int row, loads& l)", take)
        yield from self.method(
            "void load_direct(const arguments& a, const point& p, loads& l)",
            [f"l.v{v} = {self.read(v)};" for v in self.direct],
        )
