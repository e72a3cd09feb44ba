"""How much of a program one thread does: a pure function of the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xgpu.codegen.stages import (
    EXPONENTIALS_ABOUT,
    SQUARES_ABOUT,
    is_invariant,
    located,
    stages,
    vectorised,
)
from xgpu.plugin.dtypes import float32
from xgpu.plugin.program import Program

VECTOR_BYTES: Final = 16
"""The widest load or store of one thread."""

WIDE_BYTES: Final = 32
NARROW_BYTES: Final = 64
"""What the loads of one thread ask for before it waits: the first if they are wide, the second if
each is one element. Measured on an H100: more gains nothing and costs registers."""

BODY_LIMIT: Final = 1024
"""Weight of the body times its copies: more costs compile time and registers, and gains nothing
where arithmetic, not memory, sets the pace."""

LONG: Final = 64
RESIDENT: Final = 6
"""Of a body with more weight than that, a thread computes two rounds, since what it computes once
takes its time too, and so many blocks share a multiprocessor. Measured on an H100: 36 % less time
for the Black-Scholes formula."""

SEVERAL: Final = frozenset({"divide", "log", "reciprocal", "sqrt"})
TOGETHER: Final = 4
"""Of float32, such ops are computed for several points of a thread at once (several.cuh), for so
many: more of them cost registers."""

RESIDENT_TOGETHER: Final = 4
"""`RESIDENT` of a body with such ops, whose points are all in registers at once: of 6 blocks some
would spill theirs."""

SHARED_BYTES: Final = 32768
"""Shared memory that the accumulators of half a block may take."""

MEMBERS: Final = {"argmin": 2, "argmax": 2, SQUARES_ABOUT: 4, EXPONENTIALS_ABOUT: 2}
"""Members of the accumulators that have several, in accumulators.cuh and exponentials.cuh."""

_NAMES: Final = (
    "acos acosh asin asinh atan atan2 atanh cos cosh exp expm1 floor_divide hypot log log10 log1p "
    "log2 logaddexp pow remainder sin sinh tan tanh"
)
HEAVY: Final = frozenset(_NAMES.split())
"""Ops that cost many instructions."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """``vector`` neighbouring points to a thread, ``unroll`` times, ``block`` threads.

    ``resident`` blocks are to share a multiprocessor, which limits registers; 0 for any number.
    """

    vector: int
    unroll: int
    block: int
    resident: int = 0


def tune(program: Program) -> Tuning:
    """The tuning of ``program``."""
    steps = stages(program)
    reads = [i.dtype.itemsize for i in program.inputs if not i.after and not is_invariant(i)]
    writes = [o.dtype.itemsize for o in program.outputs if not (program.reduced and o.reduced)]
    weight = sum(weigh(program, value) for value in steps.point)
    if located(program):
        # Coordinates take a division per axis, and a product per axis and operand.
        accesses = [i.access for i in program.inputs] + [o.access for o in program.outputs]
        operands = accesses.count("strided") + accesses.count("index")
        weight += (program.kept + program.reduced) * (2 + operands)
    if vectorised(program):
        vector, limit = max(1, VECTOR_BYTES // max((*reads, *writes))), WIDE_BYTES
    else:
        vector, limit = 4, NARROW_BYTES
    moved = vector * sum(reads or writes or [4])
    unroll = 4
    while unroll > 1 and (unroll * moved > limit or unroll * vector * weight > BODY_LIMIT):
        unroll //= 2
    while vector > 4 and vector * weight > BODY_LIMIT:
        vector //= 2
    widths = [instr.dtype.itemsize for instr in program.body]
    if not program.reduced and vectorised(program) and weight > LONG and max(widths) <= 4:
        unroll = 2 if 2 * vector * weight <= 2 * BODY_LIMIT else 1
        resident = RESIDENT_TOGETHER if together(program) else RESIDENT
        return Tuning(vector, unroll, 256, resident if unroll > 1 else 0)
    block = 256
    while block > 32 and block // 2 * state_bytes(program) > SHARED_BYTES:
        block //= 2
    return Tuning(vector, unroll, block)


def together(program: Program) -> frozenset[int]:
    """The values that a thread computes for several points in one call; none where it reduces."""
    if program.reduced:
        return frozenset()
    body = program.body
    return frozenset(
        v for v in stages(program).point if body[v].op in SEVERAL and body[v].dtype == float32
    )


def state_bytes(program: Program) -> int:
    """The most that all accumulators of ``program`` take together; see `Writer.state_of`."""
    size, widest = 0, 4
    for value in stages(program).reductions:
        op, dtype, (folded, *_) = program.body[value]
        widest = max(widest, dtype.itemsize)
        width, members = dtype.itemsize, MEMBERS.get(op, 1)
        if op.startswith("arg"):
            width = max(program.body[folded].dtype.itemsize, 8 if program.wide else 4)
        size = -(-size // width) * width + members * width
    return -(-size // widest) * widest


def weigh(program: Program, value: int) -> int:
    """About how many instructions a value takes."""
    op, dtype, args = program.body[value]
    if op == "load":
        return 0
    widest = max(dtype.itemsize, *(program.body[arg].dtype.itemsize for arg in args))
    return (16 if op in HEAVY else 1) * (2 if widest > 4 else 1)
