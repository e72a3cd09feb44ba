"""A variance in one pass: the sum of squared distances from the mean, found while summing.

``sum(square(x - sum(x) / n))`` asks for two passes over the points. Each thread can follow mean
and squared distances of what it has seen, and two such states can be merged, without the
cancellation that the difference of the sums of squares suffers. `folded_once` finds these sums in
a row program, and gives the program that reduces once, if there is one.

Source: Welford, "Note on a method for calculating corrected sums of squares and products" (1962);
Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
variances" (1979).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xgpu.codegen.stages import SQUARES_ABOUT, stages
from xgpu.plugin import dtypes
from xgpu.plugin.program import Instr, Program

_REAL: Final = (dtypes.float32, dtypes.float64)


def folded_once(program: Program) -> Program | None:
    """``program``, a row program, as one that reduces in one pass; None if it cannot be.

    Its body has `SQUARES_ABOUT` in place of sums of squared distances from a mean.
    """
    body = list(program.body)
    for value in range(len(body)):
        found = _about_mean(program, value)
        if found is not None:
            body[value] = Instr(SQUARES_ABOUT, body[value].dtype, found)
    made = replace(program, body=tuple(body))
    if made == program:
        return None
    made = _without_dead(made)
    try:
        stages(made)
    except ValueError:  # something else still needs a reduced value at the points
        return None
    return made


def _about_mean(program: Program, value: int) -> tuple[int, int] | None:
    """(x, mean of x) if a value is the sum of squared distances of x from its mean."""
    body = program.body
    total, dtype, args = body[value]
    if total != "sum" or dtype not in _REAL or body[args[0]][:2] != ("square", dtype):
        return None
    (distance,) = body[args[0]].args
    if body[distance].op != "subtract":
        return None
    x, mean = body[distance].args
    if body[mean][:2] != ("divide", dtype):
        return None
    sum_of_x, count = body[mean].args
    if body[sum_of_x] != ("sum", dtype, (x,)) or body[count].op != "load":
        return None
    return (x, mean) if program.inputs[body[count].args[0]].access == "scalar" else None


def _without_dead(program: Program) -> Program:
    """The same without the values that no output needs."""
    body = program.body
    needed: set[int] = set()
    stack = [output.value for output in program.outputs]
    while stack:
        value = stack.pop()
        if value not in needed:
            needed.add(value)
            if body[value].op != "load":
                stack.extend(body[value].args)
    # Loads stay: the operands of the launch are numbered by them.
    order = [v for v, instr in enumerate(body) if v in needed or instr.op == "load"]
    place = {old: new for new, old in enumerate(order)}
    return replace(
        program,
        body=tuple(
            body[v]
            if body[v].op == "load"
            else body[v]._replace(args=tuple(place[a] for a in body[v].args))
            for v in order
        ),
        outputs=tuple(o._replace(value=place[o.value]) for o in program.outputs),
    )
