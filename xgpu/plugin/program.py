"""`Program`: what one fused kernel computes, free of any backend.

A program has no sizes in it. It is launched over an iteration space: ``kept`` axes first, then
``reduced`` axes (none in an elementwise program), both in C order, already collapsed as far as
the strides allow. Each input is read at every point of the space; each output is written at
every point, or once per kept point if it depends on a reduction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from xgpu.plugin.dtypes import DType

Access = Literal["contiguous", "strided", "uniform", "scalar", "index"]
"""How an operand is addressed at the point with coordinates k.

contiguous: buffer[offset + linear position of k].  strided: buffer[offset + sum(strides * k)].
uniform: buffer[offset].  scalar: a host value passed with the launch.
index (inputs only): no memory; the value is offset + sum(strides * k), an int64.
"""


class Input(NamedTuple):
    """An operand that a program reads."""

    dtype: DType
    access: Access
    after: bool = False  #: read once per kept point, after the reductions (strides: kept axes)


class Instr(NamedTuple):
    """One step; its value is numbered by its place in `Program.body`.

    ``op`` is the name of an elementwise or reduction row of the op table, or ``load``, whose
    single argument is the number of an input. The other arguments are earlier values.
    """

    op: str
    dtype: DType
    args: tuple[int, ...]


class Output(NamedTuple):
    """A value that a program writes.

    ``reduced`` values are written once per kept point. ``contiguous`` outputs are fresh buffers
    in C order of the space; ``strided`` ones are fresh or written into an existing buffer.
    """

    value: int
    dtype: DType
    access: Access
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """An immutable, hashable value; two equal programs share one kernel on every backend."""

    kept: int  #: number of kept axes
    reduced: int  #: number of reduced axes; 0 in an elementwise program
    wide: bool  #: whether positions may pass 2**31 - 1 (64-bit indexing)
    inputs: tuple[Input, ...]
    body: tuple[Instr, ...]
    outputs: tuple[Output, ...]

    def levels(self) -> tuple[bool, ...]:
        """For each value of the body, whether it exists once per kept point.

        A value that mixes points with reduced values of their rows is at the points.
        """
        return tuple(level is _REDUCED for level in self._levels()[0])

    def staged(self) -> bool:
        """Whether a value at the points needs a reduced one: a row program.

        Only backends whose ``capabilities`` name ``"row programs"`` are given such programs.
        """
        return self.reduced > 0 and self._levels()[1]

    def _levels(self) -> tuple[list[int], bool]:
        levels: list[int] = []
        staged = False
        for op, _, args in self.body:
            if op == "load":
                given = self.inputs[args[0]]
                one = given.access in ("scalar", "uniform")
                levels.append(_REDUCED if given.after else _INVARIANT if one else _POINT)
            elif op in REDUCTION_NAMES:
                levels.append(_REDUCED)
                staged = staged or levels[args[0]] == _REDUCED
            else:
                given_levels = {levels[a] for a in args}
                staged = staged or {_POINT, _REDUCED} <= given_levels
                levels.append(_POINT if _POINT in given_levels else max(given_levels))
        return levels, staged or any(
            not output.reduced and levels[output.value] == _REDUCED for output in self.outputs
        )

    def ops(self) -> tuple[str, ...]:
        """The names of the ops that this program fuses, loads left out."""
        return tuple(instr.op for instr in self.body if instr.op != "load")


_INVARIANT, _POINT, _REDUCED = 0, 1, 2

REDUCTION_NAMES = frozenset({"sum", "prod", "min", "max", "any", "all", "argmin", "argmax"})

Operand = tuple[Any, int, tuple[int, ...]]
"""(value, offset, strides) of one operand at launch, offset and strides in elements.

value: the buffer; the host scalar of a ``scalar`` input; None for an ``index`` input and for an
output that the backend allocates. Strides are over the axes of the space (kept axes alone for
``after`` inputs and ``reduced`` outputs) and are () where the access needs none.
A plain tuple, because one is made per operand and launch.
"""


class Result(NamedTuple):
    """What an op that is a kernel of its own is to give, in C order."""

    dtype: DType
    shape: tuple[int, ...]


class Strided(NamedTuple):
    """An array as an op that is a kernel of its own gets it; strides and offset in elements."""

    buffer: Any
    dtype: DType
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


@lru_cache(maxsize=4096)
def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in elements of a C-contiguous array of ``shape``."""
    strides: list[int] = []
    step = 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))
