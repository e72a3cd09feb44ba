"""The text of an elementwise program that reads some operands across their memory.

``x.T + y`` has its neighbours along another axis in ``x`` than in ``y`` and in the result. Its
kernel reads square tiles of such *turned* operands as they lie, and turns them in shared memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from xgpu.codegen.dialect import Dialect
from xgpu.codegen.emit import PointWriter
from xgpu.codegen.tuning import tune, weigh
from xgpu.codegen.writer import indented, struct
from xgpu.plugin.program import Program

SHARED_BYTES: Final = 40960
"""Shared memory that the turned operands of a tile may take."""


class Turning(NamedTuple):
    """Which operands lie across the last axis."""

    axis: int  #: along which those have their neighbours
    turned: tuple[int, ...]  #: the numbers of the inputs


def emit_tiles(program: Program, dialect: Dialect, turning: Turning) -> str:
    """The source of the tile kernel of ``program``, see tiles.cu.

    Raises:
        ValueError: the program is malformed, see `stages`.
        KeyError: it uses a dtype that the target does not have.
    """
    return "\n".join(TileWriter(program, dialect, turning).lines()) + "\n"


def tile_weight(program: Program) -> int:
    """About how many instructions the points of a thread take, of which it has four runs."""
    points = sum(weigh(program, v) for v in range(len(program.body)))
    return points * max(1, tune(program).vector * 4)


def tile_length(program: Program, turning: Turning) -> int:
    """The points of a tile along each of its two axes."""
    size = sum(program.inputs[number].dtype.itemsize for number in turning.turned)
    return 64 if size * 64 * 65 <= SHARED_BYTES else 32


class TileWriter(PointWriter):
    """A `PointWriter` that reads turned operands through shared memory."""

    def __init__(self, program: Program, dialect: Dialect, turning: Turning) -> None:
        super().__init__(program, dialect)
        self.turning = turning
        self.kind = "tiles"
        loads = self.point_loads()
        self.turned: list[int] = [v for v in loads if self.given(v)[0] in turning.turned]
        self.direct: list[int] = [v for v in loads if v not in self.turned]

    def members(self) -> Iterator[str]:
        """What the struct ``program`` declares."""
        yield from super().members()
        yield f"static constexpr int tiled_axis = {self.turning.axis};"
        yield f"static constexpr int tile = {tile_length(self.program, self.turning)};"
        yield from struct("turned", (f"{self.type(v)} v{v};" for v in self.turned))
        yield from struct("staged", (f"{self.type(v)} v{v}[tile][tile + 1];" for v in self.turned))
        yield "template <int N>"
        yield from self.method(
            "void load_turned(const arguments& a, const point& p, turned (&l)[N])",
            ["constexpr int64_t axis = tiled_axis;"]
            + [line.replace("&loads::", "&turned::") for v in self.turned for line in self.run(v)],
        )
        yield "template <int N>"
        yield from self.method(
            "void load_direct(const arguments& a, const point& p, loads (&l)[N])",
            ["constexpr int64_t axis = rank - 1;"]
            + [line for v in self.direct for line in self.run(v)],
        )
        for name, signature, line in (
            (
                "stage",
                "staged& s, int column, int row, const turned (&l)[N]",
                "s.v{0}[column][row + j] = l[j].v{0};",
            ),
            (
                "take",
                "const staged& s, int row, int column, loads (&l)[N]",
                "l[j].v{0} = s.v{0}[column + j][row];",
            ),
        ):
            lines = [line.format(v) for v in self.turned]
            yield "template <int N>"
            yield from self.method(
                f"void {name}({signature})",
                ["for (int j = 0; j < N; ++j) {", *indented(lines), "}"],
            )
