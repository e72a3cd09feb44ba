"""A plain NumPy reading of `Program`, and a builder that runs one on a device against it.

The interpreter gathers every operand at every point by explicit addresses and folds with NumPy;
it shares no code with what it checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xgpu.plugin import Input, Instr, Output, Program
from xgpu.plugin.program import Access
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver, Memory

Array = np.ndarray[Any, np.dtype[Any]]

NUMPY: dict[str, Callable[..., Any]] = {
    "acos": np.arccos,
    "atan2": np.arctan2,
    "pow": np.power,
    "bitwise_invert": np.invert,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "round": np.round,
    "where": np.where,
}


def addresses(space: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> Array:
    """offset + sum(strides * k) at every point of ``space``, an int64 array of that shape."""
    result = np.full(space, offset, np.int64)
    for axis, stride in enumerate(strides):
        steps = np.arange(space[axis], dtype=np.int64) * stride
        result += steps.reshape([-1 if a == axis else 1 for a in range(len(space))])
    return result


def place(access: Access, space: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> Array:
    """The element of its buffer that an operand has at each point of ``space``."""
    if access == "contiguous":
        return offset + np.arange(math.prod(space), dtype=np.int64).reshape(space)
    return addresses(space, offset, strides if access == "strided" else ())


def fold(op: str, values: Array, dtype: np.dtype[Any], kept: int) -> Array:
    """A reduction over all axes from ``kept`` on, in the meaning of the op table."""
    rows = values.reshape((*values.shape[:kept], math.prod(values.shape[kept:])))
    if op in ("sum", "prod"):
        folded = np.asarray(getattr(np, op)(rows.astype(dtype), axis=-1, dtype=dtype))
    else:
        folded = np.asarray(getattr(np, op)(rows, axis=-1)).astype(dtype)
    return folded.reshape(values.shape[:kept] + (1,) * (values.ndim - kept))


def interpret(
    program: Program,
    shape: tuple[int, ...],
    inputs: Sequence[tuple[Any, int, tuple[int, ...]]],
    outputs: Sequence[tuple[Array | None, int, tuple[int, ...]]],
) -> list[Array]:
    """The buffers of the outputs; one that is given is written in place."""
    kept = shape[: program.kept]
    # A value that there is once per kept point has reduced axes of length 1, so it broadcasts.
    once = kept + (1,) * program.reduced
    values: list[Array] = []
    for op, dtype, args in program.body:
        made: Array
        if op == "load":
            given = program.inputs[args[0]]
            value, offset, strides = inputs[args[0]]
            space = kept if given.after else shape
            if given.access == "scalar":
                values.append(np.asarray(value, dtype))
            elif given.access == "index":
                made = addresses(space, offset, strides)
                values.append(made.reshape(once) if given.after else made)
            else:
                made = value[place(given.access, space, offset, strides)]
                values.append(made.reshape(once) if given.after else made)
        elif op in ("sum", "prod", "min", "max", "any", "all", "argmin", "argmax"):
            values.append(fold(op, np.broadcast_to(values[args[0]], shape), dtype, program.kept))
        elif op == "cast":
            values.append(values[args[0]].astype(dtype))
        else:
            function = NUMPY.get(op) or getattr(np, op)
            values.append(np.asarray(function(*(values[a] for a in args))).astype(dtype))
    buffers: list[Array] = []
    for output, (buffer, offset, strides) in zip(program.outputs, outputs, strict=True):
        space = kept if output.reduced and program.reduced else shape
        if buffer is None:
            buffer = np.empty(math.prod(space), output.dtype)
        made = values[output.value]
        made = made.reshape(space) if space != shape and made.ndim else made
        buffer[place(output.access, space, offset, strides)] = made
        buffers.append(buffer)
    return buffers


@dataclass
class Builder:
    """A program over given data, instruction by instruction; methods give value numbers."""

    kept: tuple[int, ...]
    reduced: tuple[int, ...] = ()
    wide: bool = False
    inputs: list[Input] = field(default_factory=list)
    operands: list[tuple[Any, int, tuple[int, ...]]] = field(default_factory=list)
    body: list[Instr] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    targets: list[tuple[Array | None, int, tuple[int, ...]]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.kept, *self.reduced)

    @property
    def program(self) -> Program:
        return Program(
            len(self.kept),
            len(self.reduced),
            self.wide,
            tuple(self.inputs),
            tuple(self.body),
            tuple(self.outputs),
        )

    def load(
        self,
        value: Any,
        access: Access,
        offset: int = 0,
        strides: tuple[int, ...] = (),
        after: bool = False,
        dtype: Any = None,
    ) -> int:
        kind = np.dtype(np.int64 if access == "index" else dtype or value.dtype)
        self.inputs.append(Input(kind, access, after))
        self.operands.append((value, offset, strides))
        self.body.append(Instr("load", kind, (len(self.inputs) - 1,)))
        return len(self.body) - 1

    def contiguous(self, value: Array, offset: int = 0, after: bool = False) -> int:
        return self.load(value, "contiguous", offset, (), after)

    def strided(self, value: Array, offset: int, *strides: int, after: bool = False) -> int:
        return self.load(value, "strided", offset, strides, after)

    def scalar(self, value: Any, dtype: Any) -> int:
        return self.load(value, "scalar", dtype=dtype)

    def index(self, offset: int, *strides: int, after: bool = False) -> int:
        return self.load(None, "index", offset, strides, after)

    def op(self, name: str, *args: int, dtype: Any = None) -> int:
        found = np.dtype(dtype) if dtype is not None else self.body[args[-1]].dtype
        self.body.append(Instr(name, found, args))
        return len(self.body) - 1

    def output(
        self,
        value: int,
        reduced: bool = False,
        into: Array | None = None,
        offset: int = 0,
        strides: tuple[int, ...] | None = None,
    ) -> None:
        access: Access = "contiguous" if strides is None else "strided"
        self.outputs.append(Output(value, self.body[value].dtype, access, reduced))
        self.targets.append((into, offset, strides or ()))

    def expected(self) -> list[Array]:
        with np.errstate(all="ignore"):
            targets = [(None if t is None else t.copy(), o, s) for t, o, s in self.targets]
            return interpret(self.program, self.shape, self.operands, targets)

    def run(self, driver: Driver) -> list[Array]:
        """The same through the code generator, a kernel and a device."""
        kernel = launch.compile(driver, 0, self.program)
        device = {
            id(v): upload(driver, v) for v, _, _ in self.operands if isinstance(v, np.ndarray)
        }
        inputs = [(device.get(id(v), v), o, s) for v, o, s in self.operands]
        targets = [(None if t is None else upload(driver, t), o, s) for t, o, s in self.targets]
        made = kernel.launch(self.shape, inputs, targets)
        return [
            driver.to_host(0, memory.ptr, memory.nbytes).view(output.dtype)
            for memory, output in zip(made, self.outputs, strict=True)
        ]

    def check(self, driver: Driver, rtol: float = 0.0) -> None:
        """Compare; ``rtol`` 0 asks for the same bits (any NaN for a NaN)."""
        for number, (got, wanted) in enumerate(zip(self.run(driver), self.expected(), strict=True)):
            assert got.dtype == wanted.dtype
            assert got.shape == wanted.shape
            if rtol:
                np.testing.assert_allclose(got, wanted, rtol, 1e-30, err_msg=f"output {number}")
            else:
                np.testing.assert_array_equal(got, wanted, err_msg=f"output {number}")


def upload(driver: Driver, array: Array) -> Memory:
    memory = driver.allocate(0, array.nbytes)
    driver.to_device(0, memory, np.ascontiguousarray(array))
    return memory
