"""When each value of a program is computed: once per thread, per point, or per kept point.

A value that depends on nothing but scalar and uniform inputs is *invariant*: a thread computes
it once, before its loop, and both the body and the epilogue may use it. The levels of
`Program.levels` tell the rest apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xgpu.plugin.program import REDUCTION_NAMES, Input, Program

INVARIANT, POINT, REDUCED = 0, 1, 2

SQUARES_ABOUT: Final = "squares_about"
EXPONENTIALS_ABOUT: Final = "exponentials_about"
"""Reductions of a program that `xgpu.codegen.moments` has rewritten: of values at the points and
one of their row, the sum of the squares, or of the exponentials, of their differences."""

ABOUT: Final = frozenset({SQUARES_ABOUT, EXPONENTIALS_ABOUT})
FOLDS: Final = REDUCTION_NAMES | ABOUT


@dataclass(frozen=True, slots=True)
class Stages:
    """The values of a program's body by stage, each in the order of the body."""

    invariant: tuple[int, ...]  #: once per thread
    point: tuple[int, ...]  #: at every point of the space
    reductions: tuple[int, ...]  #: the reductions themselves
    epilogue: tuple[int, ...]  #: once per kept point, after the reductions
    results: tuple[int, ...]  #: values that a point hands on: what is reduced or written there


def is_invariant(given: Input) -> bool:
    """Whether an input has one value for the whole space."""
    return given.access in ("scalar", "uniform")


def stages(program: Program) -> Stages:
    """Sort the values of ``program`` into stages.

    Raises:
        ValueError: a value mixes points with reduced values, a reduction takes a reduced value,
            or an output asks for a value at a level where there is none.
    """
    level: list[int] = []
    groups: tuple[list[int], ...] = ([], [], [])
    reductions: list[int] = []
    results: dict[int, None] = {}
    for value, (op, _, args) in enumerate(program.body):
        if op == "load":
            given = program.inputs[args[0]]
            at = INVARIANT if is_invariant(given) else REDUCED if given.after else POINT
            if given.after and not program.reduced:
                raise ValueError(f"input {args[0]} is read after reductions, but there are none")
        elif op in FOLDS:
            if level[args[0]] == REDUCED:
                raise ValueError(f"{op} (value {value}) takes a value that is reduced already")
            if not program.reduced:
                raise ValueError(f"{op} (value {value}) in a program without reduced axes")
            results[args[0]] = None
            reductions.append(value)
            level.append(REDUCED)
            continue
        else:
            levels = {level[arg] for arg in args}
            if {POINT, REDUCED} <= levels:
                raise ValueError(f"{op} (value {value}) mixes points with reduced values")
            at = max(levels)
        level.append(at)
        groups[at].append(value)
    for number, output in enumerate(program.outputs):
        wrong = POINT if output.reduced else REDUCED
        if level[output.value] == wrong:
            raise ValueError(f"output {number} and its value {output.value} differ in level")
        if not output.reduced:
            results[output.value] = None
    return Stages(
        tuple(groups[INVARIANT]),
        tuple(groups[POINT]),
        tuple(reductions),
        tuple(groups[REDUCED]),
        tuple(sorted(results)),
    )


def in_passes(program: Program) -> bool:
    """Whether ``program`` is a row program, whose kernel goes over a row in passes."""
    if not program.staged():
        return False
    if any(instr.op in ABOUT for instr in program.body):
        try:
            stages(program)
        except ValueError:
            return True
        return False
    return True


def located(program: Program) -> bool:
    """Whether a kernel needs the coordinates of a point, not just its position."""
    return any(i.access in ("strided", "index") for i in program.inputs) or any(
        o.access == "strided" for o in program.outputs
    )


def in_runs(program: Program) -> bool:
    """Whether neighbours along the rows of a row program lie at even distances in every operand."""
    return program.reduced == 1 or vectorised(program)


def vectorised(program: Program) -> bool:
    """Whether neighbouring points are neighbours in every operand that is read at the points."""
    reads = [i for i in program.inputs if not i.after and not is_invariant(i)]
    writes = [o for o in program.outputs if not o.reduced or not program.reduced]
    return bool(reads or writes) and all(
        access == "contiguous"
        for access in [*(i.access for i in reads), *(o.access for o in writes)]
    )
