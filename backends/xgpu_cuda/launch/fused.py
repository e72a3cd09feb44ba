"""Fused programs that a kernel op needs besides its own kernel: layouts, masks, checks.

They go the way of the front-end's programs: code generation, `ElementwiseKernel` and
`ReductionKernel`, with the same meaning of every op.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xgpu.plugin import Access, Input, Instr, Operand, Output, Program, Strided, dtypes
from xgpu.plugin.dtypes import DType
from xgpu.plugin.program import contiguous_strides
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.elementwise import ElementwiseKernel
from xgpu_cuda.launch.kernel import Kernel
from xgpu_cuda.launch.reduction import ReductionKernel

LIMIT: Final = 2**31 - 1
"""The last position that 32 bits reach."""


class Loaded(NamedTuple):
    """What a load reads; strides over the whole space, or over the kept axes if ``after``."""

    value: Any
    dtype: DType
    offset: int
    strides: tuple[int, ...]
    after: bool
    kind: str  #: "memory", "scalar" or "index"


class Formula:
    """A program over given operands, instruction by instruction; methods give value numbers.

    The space has the axes ``kept`` and then, for a reduction, the axes ``reduced``. Axes are
    merged as far as the operands allow when it is run.
    """

    def __init__(self, kept: tuple[int, ...], reduced: tuple[int, ...] = ()) -> None:
        self.kept = kept
        self.reduced = reduced
        self.loads: list[Loaded] = []
        self.body: list[Instr] = []

    def load(self, operand: Strided, after: bool = False) -> int:
        """An operand with the shape of the space, or of its kept part if ``after``."""
        shape = self.kept if after else self.kept + self.reduced
        assert operand.shape == shape, (operand.shape, shape)
        return self._load(
            Loaded(operand.buffer, operand.dtype, operand.offset, operand.strides, after, "memory")
        )

    def index(self, axis: int) -> int:
        """The coordinate along an axis of the space, an int64."""
        strides = [0] * (len(self.kept) + len(self.reduced))
        strides[axis] = 1
        return self._load(Loaded(None, dtypes.int64, 0, tuple(strides), False, "index"))

    def scalar(self, value: Any, dtype: DType) -> int:
        """A constant."""
        return self._load(Loaded(value, dtype, 0, (), False, "scalar"))

    def _load(self, loaded: Loaded) -> int:
        self.loads.append(loaded)
        self.body.append(Instr("load", loaded.dtype, (len(self.loads) - 1,)))
        return len(self.body) - 1

    def op(self, name: str, *args: int, dtype: DType | None = None) -> int:
        """A row of the op table; its dtype is that of the last argument if none is given."""
        self.body.append(Instr(name, dtype or self.body[args[-1]].dtype, args))
        return len(self.body) - 1

    def test(self, name: str, *args: int) -> int:
        """A row whose result is bool."""
        return self.op(name, *args, dtype=dtypes.bool_)

    def dtype(self, value: int) -> DType:
        """The dtype of a value."""
        return self.body[value].dtype


class Fused:
    """Runs formulas on one driver; remembers the kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._kernels: dict[tuple[int, Program], Kernel] = {}

    def run(
        self, device: int, formula: Formula, *values: int, into: Strided | None = None
    ) -> list[Memory]:
        """A buffer for each of the values, in C order of the space or of its kept part.

        ``into`` is where the one value goes instead, at every point of the space.
        """
        loads = formula.loads
        spans = len(formula.kept)
        everywhere = [load.strides for load in loads if not load.after and load.kind != "scalar"]
        kept = [strides[:spans] for strides in everywhere]
        kept += [load.strides for load in loads if load.after]
        kept += [into.strides] if into is not None else []
        kept_groups = _groups(formula.kept, kept)
        reduced_groups = _groups(formula.reduced, [strides[spans:] for strides in everywhere])
        kept_shape = _lengths(formula.kept, kept_groups)
        shape = kept_shape + _lengths(formula.reduced, reduced_groups)
        reach = math.prod(shape)
        inputs: list[Input] = []
        operands: list[Operand] = []
        for load in loads:
            if load.kind == "scalar":
                inputs.append(Input(load.dtype, "scalar"))
                operands.append((load.value, 0, ()))
                continue
            strides = tuple(load.strides[last] for last in kept_groups)
            if not load.after:
                strides += tuple(load.strides[spans + last] for last in reduced_groups)
            space = kept_shape if load.after else shape
            access = "index" if load.kind == "index" else _access(space, strides)
            reach = max(reach, _reach(space, strides))
            inputs.append(Input(load.dtype, access, load.after))
            plain = access in ("contiguous", "uniform")
            operands.append((load.value, load.offset, () if plain else strides))
        level = bool(formula.reduced)
        if into is None:
            outputs = [Output(v, formula.dtype(v), "contiguous", level) for v in values]
            targets: list[Operand] = [(None, 0, ())] * len(values)
        else:
            strides = tuple(into.strides[last] for last in kept_groups)
            reach = max(reach, _reach(kept_shape, strides))
            outputs = [Output(v, formula.dtype(v), "strided", level) for v in values]
            targets = [(into.buffer, into.offset, strides)]
        program = Program(
            len(kept_groups),
            len(reduced_groups),
            reach > LIMIT,
            tuple(inputs),
            tuple(formula.body),
            tuple(outputs),
        )
        return self._kernel(device, program).launch(shape, operands, targets)

    def _kernel(self, device: int, program: Program) -> Kernel:
        kernel = self._kernels.get((device, program))
        if kernel is None:
            made = ReductionKernel if program.reduced else ElementwiseKernel
            kernel = self._kernels[device, program] = made(self._driver, device, program)
        return kernel

    def copy(self, device: int, operand: Strided) -> Memory:
        """The elements in C order."""
        formula = Formula(operand.shape)
        return self.run(device, formula, formula.load(operand))[0]


def contiguous(buffer: Memory, dtype: DType, shape: tuple[int, ...]) -> Strided:
    """An operand that is the whole of a buffer, in C order."""
    return Strided(buffer, dtype, shape, contiguous_strides(shape), 0)


def is_contiguous(operand: Strided) -> bool:
    """Whether the elements lie in C order, one after another."""
    wanted = contiguous_strides(operand.shape)
    return all(
        length == 1 or given == due
        for length, given, due in zip(operand.shape, operand.strides, wanted, strict=True)
    )


def _groups(shape: tuple[int, ...], strides: Sequence[tuple[int, ...]]) -> list[int]:
    """The axes that are left when neighbours are merged, each by the last of those it is made of.

    Axes of length 1 are left out, unless there is no other: a reduction keeps an axis to reduce.
    """
    kept = [axis for axis, length in enumerate(shape) if length != 1]
    groups = [
        axis
        for axis, after in zip(kept, [*kept[1:], None], strict=False)
        if after is None or any(s[axis] != s[after] * shape[after] for s in strides)
    ]
    return groups or ([len(shape) - 1] if shape else [])


def _lengths(shape: tuple[int, ...], groups: Sequence[int]) -> tuple[int, ...]:
    starts = [0, *(last + 1 for last in groups)]
    return tuple(
        math.prod(shape[start : last + 1]) for start, last in zip(starts, groups, strict=False)
    )


def _access(shape: tuple[int, ...], strides: tuple[int, ...]) -> Access:
    if not any(strides):
        return "uniform"
    return "contiguous" if strides == contiguous_strides(shape) else "strided"


def _reach(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    return sum(abs(s) * (n - 1) for s, n in zip(strides, shape, strict=True)) + 1
