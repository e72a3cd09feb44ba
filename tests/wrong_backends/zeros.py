"""Each op, and each function, giving zeros; each operator with another scalar than was given."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

import numpy as np

import xgpu
from tests.wrong_backends.mutant import Mutant, WrongBackend
from xgpu.plugin import Program, ops
from xgpu.plugin.ops import Kind, Op
from xgpu_numpy.backend import NumpyBackend

DEVICE: Final = "wrong"
"""The type of the devices that wrong backends serve."""

OPS: Final = (*ops.elementwise(), *ops.reductions(), *ops.kernels())
SIGNATURES: Final = Path(__file__).parents[1] / "data" / "signatures.json"
OWN: Final = frozenset({op.name for op in OPS})
NO_ARRAYS: Final = frozenset(
    ["__array_namespace_info__", "broadcast_shapes", "can_cast", "finfo", "iinfo", "isdtype"]
)
"""Functions that give no arrays: the namespace's own, no backend's."""
ANYTHING: Final = frozenset(["empty", "empty_like", "result_type"])
"""What is right of any values, or has none."""
ZEROS: Final = frozenset(["zeros", "zeros_like"])


def _zeros(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*x: Any, **attributes: Any) -> Any:
        y = right(*x, **attributes)
        if isinstance(y, tuple):
            return tuple(np.zeros_like(part) for part in y)
        return np.zeros_like(y)

    return wrong


def _of_op(op: Op) -> Mutant:
    return Mutant(
        f"zeros-{op.name}",
        "op gives zeros",
        f"{op.name} gives zeros",
        lambda: WrongBackend({op.name: _zeros}),
        (op.name,),
        official=_OFFICIAL.get(op.name, ()),
    )


#: Rows of the op table that functions of other names are made of.
_OFFICIAL: Final[dict[str, tuple[str, ...]]] = {
    "cast": ("astype", "asarray", "sum"),
    "conj": ("conj", "vecdot", "eigh"),
    "fft": ("fft",),
    "gather": ("take", "getitem"),
    "irfft": ("irfft", "hfft"),
    "nonzero": ("nonzero", "getitem_mask", "unique"),
    "rfft": ("rfft", "ihfft"),
    "scatter": ("setitem",),
    "slogdet": ("slogdet", "det"),
    "solve": ("solve", "inv"),
}


# Functions


def functions() -> list[str]:
    """The names of the standard's functions that are no ops and that give arrays."""
    found = json.loads(SIGNATURES.read_text())
    dotted = [
        f"{chapter}.{name}" if chapter in ("fft", "linalg") else name
        for chapter, names in found.items()
        for name in names
    ]
    return [n for n in dotted if n not in OWN | NO_ARRAYS | ANYTHING]


def zeroed(value: Any) -> Any:
    """The same, with zeros in arrays of the wrong device."""
    if isinstance(value, xgpu.Array):
        if value.device.type != DEVICE:
            return value
        return _blank(value.shape, dtype=value.dtype, device=value.device)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(zeroed, value))
    if isinstance(value, tuple | list):
        return type(value)(map(zeroed, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {f.name: zeroed(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return type(value)(**named)
    return value


_blank: Final = xgpu.zeros
_filled: Final = xgpu.ones


def owner(name: str) -> Any:
    """The function of a name in the namespace."""
    found: Any = xgpu
    for part in name.split("."):
        found = getattr(found, part)
    return found


def put(name: str, wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function another, for good, in the namespace and in the official suite's copy of it.

    Args:
        name: the function's.
        wrong: called with the right function, then with what that is called with.
    """
    chapter, _, short = name.rpartition(".")
    right = owner(name)

    @wraps(right)
    def function(*args: Any, **kwargs: Any) -> Any:
        return wrong(right, *args, **kwargs)

    setattr(owner(chapter) if chapter else xgpu, short, function)
    copied = sys.modules.get("array_api_tests._array_module")
    if copied is not None and not chapter:
        setattr(copied, short, function)
    return function


def _zeroed(name: str, right: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    y = right(*args, **kwargs)
    if name not in ZEROS:
        return zeroed(y)
    if y.device.type != DEVICE:
        return y
    return _filled(y.shape, dtype=y.dtype, device=y.device)


def _patch(name: str) -> None:
    put(name, partial(_zeroed, name))


def of_function(name: str) -> Mutant:
    filler = "ones" if name in ZEROS else "zeros"
    return Mutant(
        f"function-{name}",
        "function gives zeros",
        f"{name} gives {filler}",
        NumpyBackend,
        (name,),
        levels=("functions",),
        patch=partial(_patch, name),
        official=(name.rpartition(".")[2],),
    )


# Scalars


class WrongScalar(NumpyBackend):
    """Takes another number for the scalar operand of one op."""

    def __init__(self, op: str) -> None:
        super().__init__()
        self.op = op

    def compile(self, device: int, program: Program) -> Any:
        kernel = super().compile(device, program)
        body = program.body
        steps = []
        for step, instr in zip(kernel.steps, body, strict=True):
            places = [
                place
                for place, arg in enumerate(instr.args)
                if instr.op == self.op
                and body[arg].op == "load"
                and program.inputs[body[arg].args[0]].access == "scalar"
            ]
            function = partial(_with_another, step.function, places) if places else step.function
            steps.append(step._replace(function=function))
        return type(kernel)(kernel.program, tuple(steps))


def _with_another(right: Callable[..., Any] | None, places: list[int], *x: Any) -> Any:
    assert right is not None
    given = list(x)
    for place in places:
        value = given[place]
        given[place] = ~value if value.dtype.kind == "b" else value + value.dtype.type(1)
    return right(*given)


OPERATORS: Final = {
    "add": "add",
    "bitwise_and": "and",
    "bitwise_left_shift": "lshift",
    "bitwise_or": "or",
    "bitwise_right_shift": "rshift",
    "bitwise_xor": "xor",
    "divide": "truediv",
    "equal": "eq",
    "floor_divide": "floordiv",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "multiply": "mul",
    "not_equal": "ne",
    "pow": "pow",
    "remainder": "mod",
    "subtract": "sub",
}


def _of_scalar(op: str, operator: str) -> Mutant:
    return Mutant(
        f"scalar-{op}",
        "array op scalar",
        f"{op} takes 1 more than the scalar that it is given (a bool's opposite)",
        partial(WrongScalar, op),
        (f"Array.__{operator}__", op),
        levels=("functions", "ops"),
        official=(operator, op),
    )


MUTANTS: Final = (
    *(_of_op(op) for op in OPS if op.kind is not Kind.STRUCTURE),
    *(of_function(name) for name in functions()),
    *(_of_scalar(op, operator) for op, operator in OPERATORS.items()),
)
