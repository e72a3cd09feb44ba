"""`NamespaceBackend`: a backend out of an eager array namespace, in about twenty lines.

It interprets a `Program` op by op with the namespace's own functions, so its kernels are plain
Python closures and its results are the namespace's. The NumPy reference is one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from xgpu.plugin import dtypes, ops
from xgpu.plugin.backend import PROTOCOL_VERSION, Buffer, DeviceInfo, KernelOp
from xgpu.plugin.dtypes import DType
from xgpu.plugin.errors import UnsupportedOperationError
from xgpu.plugin.program import (
    REDUCTION_NAMES,
    Input,
    Operand,
    Output,
    Program,
    Result,
    Strided,
    contiguous_strides,
)
from xgpu.plugin.strides import positions, sliced

Function = Callable[..., Any]

# The rows that are, with their attributes, functions of the standard's extension ``linalg``.
_LINEAR_ALGEBRA = (
    ops.CHOLESKY,
    ops.EIG,
    ops.EIGH,
    ops.EIGVALS,
    ops.EIGVALSH,
    ops.QR,
    ops.SLOGDET,
    ops.SOLVE,
    ops.SVD,
    ops.SVDVALS,
)


class Step(NamedTuple):
    """One instruction of a program, bound to the function that computes it."""

    function: Function | None  #: None for a load
    args: tuple[int, ...]
    reduction: bool
    drop: tuple[int, ...]  #: values that nothing reads after this step


@dataclass(frozen=True, slots=True)
class NamespaceKernel:
    """A program as a list of steps."""

    program: Program
    steps: tuple[Step, ...]
    name: str = "interpreter"
    compiled: str = "interpreted"
    compile_seconds: float = 0.0


class NamespaceBackend:
    """Interprets programs with the functions of an eager namespace.

    Args:
        name: the backend's name in reports.
        namespace: a module with the Array API standard's functions and dtypes, such as one of
            ``array_api_compat``'s. A dtype that it has no name for is unsupported.
        functions: op name -> function, for ops that the namespace lacks or gets wrong. An
            elementwise function takes the operands; a reduction takes a two-dimensional array
            and folds its axis 1; ``cast`` takes an array and a dtype; an op that is a kernel of
            its own takes its operands and its row's attributes by name, and gives an array or a
            tuple of them.

    Buffers are one-dimensional arrays of the namespace. What it does in this class is all in the
    standard's functions, so it is right for arrays that cannot be written to and have no views.
    Override what the library can do better, or has to be told:

    - `devices` and `within`, where there are several devices, or settings of the library's own;
    - `numpy_of` and `synchronize`, where arrays are not on the host; `scalar`, where numbers
      need a way of their own to it;
    - `strided`, where an array can be looked at with any strides, and `store`, where it can be
      written to; `fresh`, where it cannot, and so need not be copied;
    - `finished`, where arrays are recipes that have yet to be followed.
    """

    _NOTHING: AbstractContextManager[Any] = nullcontext()

    #: Values are computed in the order of the body and broadcast: a program of any kind runs.
    capabilities: frozenset[str] = frozenset({"row programs"})

    def __init__(
        self, name: str, namespace: ModuleType, *, functions: Mapping[str, Function] | None = None
    ) -> None:
        self.protocol = PROTOCOL_VERSION
        self.name = name
        self.xp: Any = namespace
        found = {**self._defaults(), **(functions or {})}
        self.functions: dict[str, Function] = {n: self.adapted(n, found[n]) for n in found}
        computed = ops.elementwise() + ops.reductions()
        self.unsupported: frozenset[str] = frozenset(
            op.name for op in computed if op.name not in self.functions
        )
        self.capabilities |= {op.name for op in ops.optional() if op.name in self.functions}
        self.kernel_ops: Mapping[str, KernelOp] = {
            op.name: self._kernel_op(self.functions[op.name])
            for op in ops.kernels()
            if op.name in self.functions
        }

    def _defaults(self) -> dict[str, Function]:
        found: dict[str, Function] = {}
        for op in (*ops.elementwise(), ops.MATMUL, ops.SEARCHSORTED):
            function = getattr(self.xp, op.name, None)
            if function is not None:
                found[op.name] = function
        for op, needs, function in (
            (ops.SORT, ("sort",), self._sort),
            (ops.ARGSORT, ("argsort",), self._argsort),
            (ops.CUMULATIVE_SUM, ("cumulative_sum",), self._cumulative_sum),
            (ops.CUMULATIVE_PROD, ("cumulative_prod",), self._cumulative_prod),
            (ops.GATHER, ("take",), self._gather),
            (ops.SCATTER, ("argsort", "searchsorted", "take", "where"), self._scatter),
            (ops.NONZERO, ("nonzero",), self._nonzero),
        ):
            if all(hasattr(self.xp, name) for name in needs):
                found[op.name] = function
        for op in ops.optional():
            function = getattr(getattr(self.xp, "special", None), op.name, None)
            if function is not None:
                found[op.name] = function
        for op in _LINEAR_ALGEBRA:
            function = getattr(getattr(self.xp, "linalg", None), op.name, None)
            if function is not None:
                found[op.name] = function
        if hasattr(self.xp, "fft"):
            found["fft"], found["irfft"] = self._fft, self._irfft
            found["rfft"] = self.xp.fft.rfft
        for op in ops.reductions():
            function = getattr(self.xp, op.name, None)
            if function is not None:
                found[op.name] = _over_rows(function, op in (ops.SUM, ops.PROD))
        astype = getattr(self.xp, "astype", None)
        if astype is not None:
            found["cast"] = astype
        return found

    # Devices and memory

    def devices(self) -> Sequence[DeviceInfo]:
        """One device, the host's processor."""
        return [DeviceInfo(0, self.name)]

    def allocate(self, device: int, dtype: DType, size: int) -> Buffer:
        """A one-dimensional array of the namespace."""
        with self.within(device):
            return self.xp.empty(size, dtype=self._dtype(dtype))

    def from_host(self, device: int, array: Any) -> Buffer:
        """A copy of a NumPy array, flattened in C order."""
        flat = np.array(array, order="C").reshape(-1)
        with self.within(device):
            dtype = self._dtype(flat.dtype)  # given, because some take another in silence
            if flat.dtype in dtypes.NARROW:
                # By way of float32: not every library knows the dtype that ml_dtypes gives NumPy.
                wide = self.xp.asarray(flat.astype(np.float32), copy=True)
                made = self.functions["cast"](wide, dtype)
            else:
                made = self.xp.asarray(flat, dtype=dtype, copy=True)
            return self.finished([made])[0]

    def to_host(self, device: int, buffer: Buffer, dtype: DType, offset: int, size: int) -> Any:
        """A copy of a part of a buffer as a NumPy array."""
        with self.within(device):
            part = _part(buffer, offset, size)
            if dtype in dtypes.NARROW:
                part = self.functions["cast"](part, self._dtype(dtypes.float32))
            return np.array(self.numpy_of(part), dtype=dtype)

    def synchronize(self, device: int) -> None:
        """Nothing to wait for: an eager namespace on the host has done its work."""

    def record_event(self, device: int) -> Any:
        """The host's clock, since the work up to here is done."""
        return time.perf_counter()

    def elapsed(self, device: int, start: Any, stop: Any) -> float:
        """Seconds between two events."""
        return float(stop - start)

    def allocated(self, device: int) -> int:
        """Unknown: the namespace owns its memory."""
        return 0

    # What libraries differ in

    def within(self, device: int) -> AbstractContextManager[Any]:
        """What all work on a device is done in: the library's default device, its settings."""
        return self._NOTHING

    def adapted(self, name: str, function: Function) -> Function:
        """``function``, which computes the op ``name``, with what every op of the library needs."""
        return function

    def numpy_of(self, array: Any) -> Any:
        """The array as a ``numpy.ndarray``, which may share its memory; waits."""
        return np.asarray(array)

    def scalar(self, value: Any, dtype: Any) -> Any:
        """A Python or NumPy number as an array without axes; ``dtype`` is the namespace's."""
        return self.xp.asarray(value, dtype=dtype)

    def fresh(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The elements in C order as ``shape``, in memory that no other array can write to."""
        return self.xp.reshape(array, shape, copy=True)

    def finished(self, buffers: list[Buffer]) -> list[Buffer]:
        """The buffers that an op or a program has made, before xgpu gets them."""
        return buffers

    # Addressing

    def strided(
        self, buffer: Buffer, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Any:
        """The elements at ``offset + sum(strides * k)`` as an array of ``shape``.

        This slices, and gathers where slices cannot say it.
        """
        made = sliced(self.xp, buffer, shape, strides, offset)
        if made is not None:
            return made
        where = self.xp.asarray(positions(shape, strides, offset).reshape(-1))
        return self.xp.reshape(self.xp.take(buffer, where, axis=0), shape)

    def store(
        self,
        buffer: Buffer,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
        value: Any,
    ) -> Buffer:
        """``buffer`` with ``value`` (of ``shape``) at those places.

        This makes a new buffer, which every namespace can do; override it where arrays can be
        written to.
        """
        size = buffer.shape[0]
        source = np.full(size, -1, np.int64)
        places = positions(shape, strides, offset).reshape(-1)
        source[places] = np.arange(places.size)
        taken = self.xp.take(
            self.xp.reshape(value, (-1,)), self.xp.asarray(np.maximum(source, 0)), axis=0
        )
        return self.xp.where(self.xp.asarray(source >= 0), taken, buffer)

    # Programs

    def compile(self, device: int, program: Program) -> NamespaceKernel:
        """Bind each instruction to its function, and note when each value is last read."""
        last: dict[int, int] = {}
        for position, instr in enumerate(program.body):
            for arg in instr.args if instr.op != "load" else ():
                last[arg] = position
        for output in program.outputs:
            last[output.value] = len(program.body)
        steps = []
        for position, instr in enumerate(program.body):
            if instr.op == "load":
                steps.append(Step(None, instr.args, False, ()))
                continue
            function = self.functions[instr.op]
            if instr.op == "cast":
                function = partial(_cast, function, self._dtype(instr.dtype))
            drop = tuple(a for a in set(instr.args) if last[a] == position)
            steps.append(Step(function, instr.args, instr.op in REDUCTION_NAMES, drop))
        return NamespaceKernel(program, tuple(steps))

    def launch(
        self,
        device: int,
        kernel: NamespaceKernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        """Interpret the program over ``shape``."""
        with self.within(device):
            return self.finished(self._interpret(device, kernel, shape, inputs, outputs))

    def _interpret(
        self,
        device: int,
        kernel: NamespaceKernel,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Buffer]:
        program = kernel.program
        values: list[Any] = []
        for step in kernel.steps:
            if step.function is None:
                number = step.args[0]
                values.append(self._load(program, program.inputs[number], shape, inputs[number]))
                continue
            arguments = [values[a] for a in step.args]
            if step.reduction:
                result = self._reduce(step.function, arguments[0], shape, program.kept)
            else:
                result = step.function(*arguments)
            for number in step.drop:
                values[number] = None
            values.append(result)
        return [
            self._write(device, program, output, shape, operand, values[output.value])
            for output, operand in zip(program.outputs, outputs, strict=True)
        ]

    def _load(
        self, program: Program, given: Input, shape: tuple[int, ...], operand: Operand
    ) -> Any:
        value, offset, strides = operand
        if given.access == "contiguous":
            level = self._level(program, shape, given.after)
            return self.xp.reshape(_part(value, offset, math.prod(level)), level)
        if given.access == "scalar":
            if given.dtype in dtypes.NARROW:
                # The cast rounds once, a namespace may do it by way of float32.
                wide = self.scalar(value, self._dtype(dtypes.float64))
                return self.functions["cast"](wide, self._dtype(given.dtype))
            return self.scalar(value, self._dtype(given.dtype))
        if given.access == "uniform":
            return self.xp.reshape(value[offset : offset + 1], ())
        # A broadcast axis stays of length one: the namespace broadcasts, and work on what is
        # small is done once.
        if given.after:
            strides = strides + (0,) * program.reduced
        level = self._level(program, shape, given.after)
        narrow = tuple(n if s else min(n, 1) for n, s in zip(level, strides, strict=True))
        if given.access == "index":
            return self.xp.asarray(positions(narrow, strides, offset))
        return self.strided(value, narrow, strides, offset)

    def _level(self, program: Program, shape: tuple[int, ...], kept: bool) -> tuple[int, ...]:
        return shape[: program.kept] + (1,) * program.reduced if kept else shape

    def _reduce(self, function: Function, value: Any, shape: tuple[int, ...], kept: int) -> Any:
        # Rows of a contiguous matrix, whatever the layout of the operands was: the order of
        # summation, and so the bits, depend on the shape alone.
        rows = self.fresh(
            self.xp.broadcast_to(value, shape), (math.prod(shape[:kept]), math.prod(shape[kept:]))
        )
        return self.xp.reshape(function(rows), shape[:kept] + (1,) * (len(shape) - kept))

    def _write(
        self,
        device: int,
        program: Program,
        output: Output,
        shape: tuple[int, ...],
        operand: Operand,
        value: Any,
    ) -> Buffer:
        buffer, offset, strides = operand
        whole = self._level(program, shape, output.reduced)
        value = self.xp.broadcast_to(value, whole)
        if buffer is None and output.access == "contiguous":
            return self.fresh(value, (math.prod(whole),))
        if output.reduced:
            strides = strides + (0,) * program.reduced
        if buffer is None:
            buffer = self.allocate(device, output.dtype, math.prod(whole))
        if output.access == "contiguous":
            strides = contiguous_strides(whole)
        return self.store(buffer, whole, strides, offset, value)

    def _dtype(self, dtype: DType) -> Any:
        """``dtype`` as the namespace spells it.

        Raises:
            UnsupportedOperationError: it has none of that name.
        """
        found = getattr(self.xp, dtype.name, None)
        if found is None:
            have = ", ".join(d.name for d in dtypes.ALL if hasattr(self.xp, d.name))
            remedy = "cast to float32 first: xgpu.astype(x, xgpu.float32)"
            raise UnsupportedOperationError(
                f"backend {self.name!r} has no dtype {dtype}; "
                f"{remedy if dtype in dtypes.NARROW else f'it has {have}'}"
            )
        return found

    # Ops that are kernels of their own, in the standard's functions

    def _sort(self, x: Any, descending: bool, stable: bool) -> Any:
        if descending:
            return self._reversed(self.xp.sort(self._reversed(x), axis=-1, stable=stable))
        return self.xp.sort(x, axis=-1, stable=stable)

    def _argsort(self, x: Any, descending: bool, stable: bool) -> Any:
        return self.xp.argsort(self._reversed(x) if descending else x, axis=-1, stable=stable)

    def _reversed(self, x: Any) -> Any:
        # Keys in the reverse order, but for NaN, which libraries put last of what ascends alone.
        if self.xp.isdtype(x.dtype, "real floating"):
            return self.xp.negative(x)
        return self.xp.bitwise_invert(x)

    def _cumulative_sum(self, x: Any) -> Any:
        return self.xp.cumulative_sum(x, axis=-1, dtype=x.dtype)

    def _cumulative_prod(self, x: Any) -> Any:
        return self.xp.cumulative_prod(x, axis=-1, dtype=x.dtype)

    def _gather(self, x: Any, positions: Any) -> Any:
        flat = self.xp.reshape(positions, (-1,))
        return self.xp.take(self.xp.reshape(x, (-1,)), flat, axis=0)

    def _scatter(self, x: Any, positions: Any, values: Any) -> Any:
        # No assignment: for each place of x, the last position that is equal to it, if any is.
        old, flat = self.xp.reshape(x, (-1,)), self.xp.reshape(positions, (-1,))
        order = self.xp.argsort(flat, stable=True)
        ordered = self.xp.take(flat, order, axis=0)
        places = self.xp.arange(old.shape[0], dtype=flat.dtype)
        after = self.xp.searchsorted(ordered, places, side="right")
        last = self.xp.where(after > 0, after - 1, after)
        source = self.xp.take(order, last, axis=0)
        new = self.xp.take(self.xp.reshape(values, (-1,)), source, axis=0)
        return self.xp.where(self.xp.take(ordered, last, axis=0) == places, new, old)

    def _nonzero(self, mask: Any) -> Any:
        return self.xp.nonzero(self.xp.reshape(mask, (-1,)))[0]

    def _fft(self, x: Any, inverse: bool) -> Any:
        return self.xp.fft.ifft(x, norm="forward") if inverse else self.xp.fft.fft(x)

    def _irfft(self, x: Any, n: int) -> Any:
        return self.xp.fft.irfft(x, n=n, norm="forward")

    def _kernel_op(self, function: Function) -> KernelOp:
        def run(
            device: int,
            operands: Sequence[Strided],
            results: Sequence[Result],
            attributes: Mapping[str, Any],
        ) -> list[Buffer]:
            with self.within(device):
                arrays = [self.strided(o.buffer, o.shape, o.strides, o.offset) for o in operands]
                made = function(*arrays, **attributes)
                several = made if isinstance(made, tuple) else (made,)
                return self.finished(
                    [
                        self.fresh(array, (math.prod(result.shape),))
                        for array, result in zip(several, results, strict=True)
                    ]
                )

        return run


def _part(buffer: Buffer, offset: int, size: int) -> Any:
    # The whole as it is: a library that compiles its slices would compile one for each size.
    return buffer if size == buffer.shape[0] else buffer[offset : offset + size]


def _cast(function: Function, dtype: Any, value: Any) -> Any:
    return function(value, dtype)


def _over_rows(function: Function, keeps_dtype: bool) -> Function:
    def rows(matrix: Any) -> Any:
        return function(matrix, axis=1)

    def rows_of_dtype(matrix: Any) -> Any:
        return function(matrix, axis=1, dtype=matrix.dtype)

    return rows_of_dtype if keeps_dtype else rows
