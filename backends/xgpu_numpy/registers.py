"""Programs over blocks, with every intermediate in memory that is used again.

A step that is one of NumPy's own functions writes to a *register*, a block of memory that a thread
keeps; the last one writes to the result itself. The functions and their operands are those of the
interpreter (`xgpu.plugin.namespace`), so the bits are too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from xgpu.plugin import Program
from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.namespace import Step
from xgpu_numpy.ops import TABLE

REAL: Final[Mapping[str, Any]] = {
    "divide": np.divide,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "pow": np.power,
    "sign": np.sign,
    "tan": np.tan,
    "tanh": np.tanh,
}
"""What the reference's functions come to for real floats."""


class Instruction(NamedTuple):
    """One step that computes a value."""

    function: Callable[..., Any]
    args: tuple[int, ...]
    value: int
    #: Where it writes to: the number of a register; -1 - n for output n; None: it makes an array.
    target: int | None
    select: bool  #: ``where``, in two copies
    drop: tuple[int, ...]  #: values that nothing reads after it


class Registers(NamedTuple):
    """A program as instructions, and the dtypes of the registers that they need."""

    loads: tuple[tuple[int, int], ...]  #: (value, number of the input)
    instructions: tuple[Instruction, ...]
    dtypes: tuple[DType, ...]
    #: For each output, its value, if that has to be copied there at the end.
    copied: tuple[int | None, ...]


def allot(program: Program, steps: Sequence[Step], fresh: Sequence[bool]) -> Registers:
    """Give each value of an elementwise program its place.

    ``fresh``: for each output, whether it is new memory in C order.
    """
    body = program.body
    # A scalar alone has no block's shape.
    alone = [False] * len(body)
    written: dict[int, int] = {}  # value -> the output that it is computed in
    for number, output in enumerate(program.outputs):
        if fresh[number] and output.access == "contiguous":
            written.setdefault(output.value, number)
    dtypes: list[DType] = []
    free: dict[DType, list[int]] = {}
    place: dict[int, int] = {}  # value -> its register
    loads: list[tuple[int, int]] = []
    instructions: list[Instruction] = []
    direct: set[int] = set()
    for value, (instr, step) in enumerate(zip(body, steps, strict=True)):
        if step.function is None:
            number = instr.args[0]
            loads.append((value, number))
            alone[value] = program.inputs[number].access in ("scalar", "uniform")
            continue
        alone[value] = all(alone[a] for a in instr.args)
        taken = [body[a].dtype for a in instr.args]
        function = writer(instr.op, step.function, taken, instr.dtype)
        select = instr.op == "where" and taken[1:] == [instr.dtype] * 2
        target: int | None = None
        if (function is not None or select) and not alone[value]:
            if value in written:
                target = -1 - written[value]
                direct.add(value)
            else:
                # Of an operand that nobody reads again, or free already.
                last = instr.args[2:] if select else instr.args
                reused = [
                    a
                    for a in step.drop
                    if a in place and a in last and body[a].dtype == instr.dtype
                ]
                if select:
                    reused = [a for a in reused if a not in instr.args[:2]]
                if reused:
                    target = place.pop(reused[0])
                elif free.get(instr.dtype):
                    target = free[instr.dtype].pop()
                else:
                    target = len(dtypes)
                    dtypes.append(instr.dtype)
                place[value] = target
        for a in step.drop:
            if a in place:
                free.setdefault(body[a].dtype, []).append(place.pop(a))
        instructions.append(
            Instruction(function or step.function, instr.args, value, target, select, step.drop)
        )
    copied = tuple(
        None if o.value in direct and written[o.value] == number else o.value
        for number, o in enumerate(program.outputs)
    )
    return Registers(tuple(loads), tuple(instructions), tuple(dtypes), copied)


def writer(
    op: str, function: Callable[..., Any], taken: Sequence[DType], given: DType
) -> Any | None:
    """NumPy's function with ``out=`` that gives the same; None if there is none."""
    # Of a backend whose function for the op is another one, that one is meant.
    own = op in REAL and function is TABLE[op]
    if own and all(kind_of(dtype) == "f" for dtype in taken):
        function = REAL[op]
    if not isinstance(function, np.ufunc) or function.nout != 1 or function.nin != len(taken):
        return None
    try:
        resolved = function.resolve_dtypes((*taken, None))
    except TypeError:
        return None
    return function if resolved == (*taken, given) else None


def compute(
    plan: Registers,
    values: list[Any],
    memory: Sequence[Any],
    outputs: Sequence[Any],
) -> None:
    """Run the instructions for one block.

    ``values`` has what is loaded, ``memory`` the registers and ``outputs`` the targets, all in the
    block's shape.
    """
    for function, args, value, target, select, drop in plan.instructions:
        if target is None:
            values[value] = function(*[values[a] for a in args])
        else:
            out = memory[target] if target >= 0 else outputs[-1 - target]
            if select:
                condition, one, other = [values[a] for a in args]
                if other is not out:
                    np.copyto(out, other)
                np.copyto(out, one, where=condition)
            else:
                function(*[values[a] for a in args], out=out)
            values[value] = out
        for a in drop:
            values[a] = None
    for number, copied in enumerate(plan.copied):
        if copied is not None:
            outputs[number][...] = values[copied]
