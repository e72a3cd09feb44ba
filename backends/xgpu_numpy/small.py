"""Small elementwise programs with the least work around NumPy's own.

For arrays of a thousand elements the interpreter's bookkeeping would cost more than what it keeps.
The functions and their operands are the interpreter's, so the bits are too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from xgpu.plugin import Operand, Program
from xgpu.plugin.dtypes import NARROW
from xgpu.plugin.namespace import Step
from xgpu_numpy.registers import writer

LARGEST: Final = 1 << 14
"""Elements of the largest arrays that are computed so: all intermediates stay to the end."""


class Small(NamedTuple):
    """A program of one axis, over whole operands."""

    loads: tuple[tuple[int, int, Any], ...]  #: (value, input, the type of a scalar)
    steps: tuple[tuple[Callable[..., Any], tuple[int, ...], int], ...]
    outputs: tuple[int, ...]
    values: int  #: how many


def small(program: Program, steps: Sequence[Step]) -> Small | None:
    """The program, if it is one whose results are fresh arrays of NumPy's."""
    if program.reduced or program.kept != 1:
        return None
    loads: list[tuple[int, int, Any]] = []
    made: list[tuple[Callable[..., Any], tuple[int, ...], int]] = []
    alone: list[bool] = []
    fresh: list[bool] = []
    for value, (instr, step) in enumerate(zip(program.body, steps, strict=True)):
        if step.function is None:
            given = program.inputs[instr.args[0]]
            if given.access not in ("contiguous", "scalar") or given.dtype in NARROW:
                return None
            scalar = given.dtype.type if given.access == "scalar" else None
            loads.append((value, instr.args[0], scalar))
            alone.append(scalar is not None)
            fresh.append(False)
            continue
        taken = [program.body[a].dtype for a in instr.args]
        function = writer(instr.op, step.function, taken, instr.dtype)
        made.append((function or step.function, instr.args, value))
        alone.append(all(alone[a] for a in instr.args))
        fresh.append(not alone[-1] and (function is not None or instr.op == "where"))
    outputs = tuple(output.value for output in program.outputs)
    if len(set(outputs)) < len(outputs) or not all(fresh[value] for value in outputs):
        return None
    if any(output.access != "contiguous" for output in program.outputs):
        return None
    return Small(tuple(loads), tuple(made), outputs, len(program.body))


def run(plan: Small, size: int, inputs: Sequence[Operand]) -> list[Any]:
    """The results over ``size`` elements."""
    loads, steps, outputs, count = plan
    values: list[Any] = [None] * count
    for value, number, scalar in loads:
        given, offset, _ = inputs[number]
        if scalar is not None:
            values[value] = scalar(given)
        elif given.size == size:
            values[value] = given
        else:
            values[value] = given[offset : offset + size]
    for function, args, value in steps:
        if len(args) == 2:
            one, other = args
            values[value] = function(values[one], values[other])
        else:
            values[value] = function(*[values[a] for a in args])
    return [values[value] for value in outputs]


def straight(plan: Small, size: int, offsets: Sequence[int]) -> Callable[[Sequence[Any]], Any]:
    """`run` over ``size`` elements, of the inputs' values, for the one result.

    It is written as a Python function, a line to each step, in which nothing is looked up.
    """
    known: dict[str, Any] = {}
    lines = ["def run(given):"]
    for value, number, scalar in plan.loads:
        if scalar is not None:
            known[f"t{value}"] = scalar
            lines.append(f" v{value} = t{value}(given[{number}])")
            continue
        offset = offsets[number]
        lines.append(f" v{value} = given[{number}]")
        lines.append(f" if v{value}.size != {size}: v{value} = v{value}[{offset}:{offset + size}]")
    for function, args, value in plan.steps:
        known[f"f{value}"] = function
        lines.append(f" v{value} = f{value}({', '.join(f'v{a}' for a in args)})")
    (output,) = plan.outputs
    lines.append(f" return v{output}")
    exec(compile("\n".join(lines), "<xgpu steps>", "exec"), known)
    made: Callable[[Sequence[Any]], Any] = known["run"]
    return made
