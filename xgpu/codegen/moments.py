"""Two passes in one: sums of differences from a reduced value of the row, found while reducing.

``sum(square(x - sum(x) / n))`` and ``sum(exp(x - max(x)))`` ask for two passes over the points.
Each thread can follow the squared distances from the mean of what it has seen, or the exponentials
of those from the maximum, and two such states can be merged, without the cancellation that the
difference of the sums of squares suffers, or an overflow. `online` puts such reductions in the
place of these sums, and `folded_once` gives the program that reduces once, if that is then enough.

Source: Welford, "Note on a method for calculating corrected sums of squares and products" (1962);
Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
variances" (1979); Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xgpu.codegen.stages import EXPONENTIALS_ABOUT, SQUARES_ABOUT, stages
from xgpu.plugin import dtypes
from xgpu.plugin.program import Instr, Program

_REAL: Final = (dtypes.float32, dtypes.float64)


def folded_once(program: Program) -> Program | None:
    """``program``, a row program, as one that reduces in one pass; None if it cannot be."""
    made = online(program)
    if made is program:
        return None
    try:
        stages(made)
    except ValueError:  # something else still needs a reduced value at the points
        return None
    return made


def online(program: Program) -> Program:
    """``program`` with what can be folded in the pass of what it depends on; itself if nothing can.

    Its body has `SQUARES_ABOUT` in place of sums of squared distances from a mean, and
    `EXPONENTIALS_ABOUT` in place of sums of the exponentials of distances from a maximum.
    """
    body = list(program.body)
    for value, (total, dtype, args) in enumerate(program.body):
        if total != "sum" or dtype not in _REAL:
            continue
        for of, name, is_centre in (
            ("square", SQUARES_ABOUT, _is_mean),
            ("exp", EXPONENTIALS_ABOUT, _is_maximum),
        ):
            distance = _under(program, args[0], of, dtype)
            if distance is not None and is_centre(program, *distance):
                body[value] = Instr(name, dtype, distance)
    if body == list(program.body):
        return program
    return _without_dead(replace(program, body=tuple(body)))


def _under(program: Program, value: int, op: str, dtype: dtypes.DType) -> tuple[int, int] | None:
    """(x, centre) if a value is ``op`` of their difference."""
    body = program.body
    if body[value][:2] != (op, dtype):
        return None
    (distance,) = body[value].args
    if body[distance].op != "subtract":
        return None
    x, centre = body[distance].args
    return x, centre


def _is_mean(program: Program, x: int, centre: int) -> bool:
    """Whether ``centre`` is the sum of x, divided by a scalar."""
    body = program.body
    if body[centre][:2] != ("divide", body[x].dtype):
        return False
    total, count = body[centre].args
    if body[total] != ("sum", body[x].dtype, (x,)) or body[count].op != "load":
        return False
    return program.inputs[body[count].args[0]].access == "scalar"


def _is_maximum(program: Program, x: int, centre: int) -> bool:
    """Whether ``centre`` is the maximum of x."""
    return program.body[centre] == ("max", program.body[x].dtype, (x,))


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
