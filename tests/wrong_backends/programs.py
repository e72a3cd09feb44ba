"""Programs of several ops that are compiled or launched wrongly; ends of processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from tests.wrong_backends.mutant import Mutant, WrongBackend, changed
from xgpu.plugin import Backend, Instr, Operand, Program
from xgpu_conformance.schema import Level
from xgpu_numpy.backend import NumpyBackend

FUSION: Final = "fusion"
SIZES: Final = "sizes and shapes"
STATE: Final = "state and determinism"
PROCESS: Final = "crashes and errors"

LEVELS: Final[tuple[Level, ...]] = ("ops", "functions", "programs")
MANY: Final = ("operators", "statistical", "test_clip", "test_meshgrid")

Launch = Callable[..., Any]
Rule = Callable[[Program, Instr], Callable[..., Any] | None]


def _compiling(rewrite: Callable[[Program], Program]) -> Callable[[], Backend]:
    """Compiles another program than it is given."""

    class Compiling(NumpyBackend):
        def compile(self, device: int, program: Program) -> Any:
            return super().compile(device, rewrite(program))

    return Compiling


def _launching(wrong: Launch) -> Callable[[], Backend]:
    """Launches in another way; ``wrong`` gets the right way first."""

    class Launching(NumpyBackend):
        def launch(
            self,
            device: int,
            kernel: Any,
            shape: tuple[int, ...],
            inputs: Sequence[Operand],
            outputs: Sequence[Operand],
        ) -> list[Any]:
            found: list[Any] = wrong(super().launch, device, kernel, shape, inputs, outputs)
            return found

    return Launching


def _mutant(
    kind: str,
    id: str,
    wrong: str,
    make: Callable[[], Backend],
    first: str,
    levels: tuple[Level, ...] = LEVELS,
    official: tuple[str, ...] = MANY,
) -> Mutant:
    return Mutant(id, kind, wrong, make, tuple(first.split()), (), levels, official)


def _with_body(program: Program, body: Sequence[Instr]) -> Program:
    return Program(
        program.kept, program.reduced, program.wide, program.inputs, tuple(body), program.outputs
    )


# Rewrites


def _turned(program: Program) -> Program:
    """In programs of three ops and more, x - y is y - x."""
    if len(program.ops()) < 3:
        return program
    return _with_body(
        program,
        [i._replace(args=i.args[::-1]) if i.op == "subtract" else i for i in program.body],
    )


class Simplifying(NumpyBackend):
    """Takes another function for steps that a rule finds."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule

    def compile(self, device: int, program: Program) -> Any:
        kernel = super().compile(device, program)
        steps = [
            step._replace(function=self.rule(program, instr) or step.function)
            if step.function is not None
            else step
            for step, instr in zip(kernel.steps, program.body, strict=True)
        ]
        return type(kernel)(kernel.program, tuple(steps))


def _of_itself(op: str, function: Callable[..., Any]) -> Rule:
    """An op of twice the same value."""

    def rule(program: Program, instr: Instr) -> Callable[..., Any] | None:
        values = {_of(program, a) for a in instr.args}
        return function if instr.op == op and len(values) == 1 else None

    return rule


def _of_scalar(op: str, function: Callable[..., Any]) -> Rule:
    """An op whose last operand is a scalar."""

    def rule(program: Program, instr: Instr) -> Callable[..., Any] | None:
        if instr.op != op:
            return None
        last = program.body[instr.args[-1]]
        scalar = last.op == "load" and program.inputs[last.args[0]].access == "scalar"
        return function if scalar else None

    return rule


def _of(program: Program, value: int) -> object:
    instr = program.body[value]
    return ("input", instr.args[0]) if instr.op == "load" else value


def _commuted(program: Program) -> Program:
    """Common subexpressions, for which the order of operands does not count."""
    seen: dict[Any, int] = {}
    again: dict[int, int] = {}
    body = []
    for number, instr in enumerate(program.body):
        if instr.op == "load":
            body.append(instr)
            continue
        args = tuple(again.get(a, a) for a in instr.args)
        body.append(instr._replace(args=args))
        key = (instr.op, instr.dtype, frozenset(args))
        again[number] = seen.setdefault(key, number)
    outputs = tuple(o._replace(value=again.get(o.value, o.value)) for o in program.outputs)
    return Program(
        program.kept, program.reduced, program.wide, program.inputs, tuple(body), outputs
    )


def _no_widening(program: Program) -> Program:
    """A cast there and back is dropped: a value keeps digits that it should have lost."""
    body = list(program.body)
    for number, instr in enumerate(body):
        before = body[instr.args[0]] if instr.op == "cast" else None
        if before is not None and before.op == "cast":
            source = body[before.args[0]]
            if source.dtype == instr.dtype:
                body[number] = instr._replace(args=before.args)
    return _with_body(program, body)


def _dropped_input(program: Program) -> Program:
    """The fifth input and all after it are read from the fourth, if it has the dtype."""
    loads = [n for n, i in enumerate(program.body) if i.op == "load"]
    body = list(program.body)
    for n in loads[4:]:
        fourth = body[loads[3]]
        given = program.inputs[body[n].args[0]], program.inputs[fourth.args[0]]
        if given[0] == given[1]:
            body[n] = fourth
    return _with_body(program, body)


def _first_outputs(program: Program) -> Program:
    """A third output is the second, if it has the dtype."""
    outputs = list(program.outputs)
    for n in range(2, len(outputs)):
        if outputs[n]._replace(value=0) == outputs[1]._replace(value=0):
            outputs[n] = outputs[1]
    return Program(
        program.kept,
        program.reduced,
        program.wide,
        program.inputs,
        program.body,
        tuple(outputs),
    )


def _swapped_outputs(program: Program) -> Program:
    outputs = program.outputs
    if len(outputs) > 1 and outputs[0]._replace(value=0) == outputs[1]._replace(value=0):
        outputs = (outputs[1], outputs[0], *outputs[2:])
    return Program(
        program.kept, program.reduced, program.wide, program.inputs, program.body, outputs
    )


class Fma(NumpyBackend):
    """Float32 products that are added at once are not rounded between."""

    def compile(self, device: int, program: Program) -> Any:
        kernel = super().compile(device, program)
        steps = list(kernel.steps)
        body = program.body
        for number, instr in enumerate(body):
            products = [a for a in instr.args if body[a].op == "multiply"]
            if instr.op in ("add", "subtract") and instr.dtype == np.float32 and products:
                for a in products:
                    steps[a] = steps[a]._replace(function=_wide_product)
                right = np.add if instr.op == "add" else np.subtract
                steps[number] = steps[number]._replace(function=_rounding(right))
        return type(kernel)(kernel.program, tuple(steps))


def _wide_product(a: Any, b: Any) -> Any:
    return np.asarray(a, np.float64) * b


def _rounding(right: Any) -> Callable[..., Any]:
    return lambda a, b: right(np.asarray(a, np.float64), b).astype(np.float32)


class Colliding(NumpyBackend):
    """Keeps kernels by the names of their ops alone: dtypes of casts do not count."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Any] = {}

    def compile(self, device: int, program: Program) -> Any:
        kernel = super().compile(device, program)
        key = program.ops(), tuple(i.args for i in program.body)
        if "cast" not in program.ops():
            return kernel
        steps = self.kept.setdefault(key, kernel.steps)
        return type(kernel)(kernel.program, steps)


class Unordered(NumpyBackend):
    """Each output is computed after the one before has been written."""

    def launch(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Any]:
        program, found = kernel.program, []
        for number, operand in enumerate(outputs):
            one = Program(
                program.kept,
                program.reduced,
                program.wide,
                program.inputs,
                program.body,
                (program.outputs[number],),
            )
            part = type(kernel)(one, kernel.steps)
            found += super().launch(device, part, shape, inputs, [operand])
        return found


class Unread(NumpyBackend):
    """What a program reads once per row is read from the first row's place."""

    def _load(self, program: Program, given: Any, shape: Any, operand: Operand) -> Any:
        value = super()._load(program, given, shape, operand)
        if not given.after or value.ndim == 0:
            return value
        return np.broadcast_to(value[(slice(0, 1),) * value.ndim], value.shape).copy()


FUSIONS: Final = (
    _mutant(FUSION, "fused-turned", "x - y is y - x in programs of three ops and more",
            _compiling(_turned), "elementwise mixed"),
    _mutant(FUSION, "fused-difference", "x - x is 0, for NaN and infinities too",
            lambda: Simplifying(_of_itself("subtract", lambda a, b: np.zeros_like(a))),
            "elementwise mixed"),
    _mutant(FUSION, "fused-equal", "x == x is True, for NaN too",
            lambda: Simplifying(_of_itself("equal", lambda a, b: np.ones_like(a, bool))),
            "elementwise mixed"),
    _mutant(FUSION, "times-zero", "x * 0 is 0, for NaN and infinities too",
            lambda: Simplifying(_of_scalar("multiply", lambda a, b: np.multiply(a, b) if b != 0
                                           else np.zeros_like(a))), "multiply __mul__"),
    _mutant(FUSION, "plus-zero", "x + 0 is x, for -0.0 too",
            lambda: Simplifying(_of_scalar("add", lambda a, b: np.add(a, b) if b != 0
                                           else np.array(a))), "add __add__"),
    _mutant(FUSION, "scalar-reciprocal", "x / 3 is x * (1 / 3)",
            lambda: Simplifying(_of_scalar("divide", lambda a, b: np.multiply(
                a, np.asarray(1, b.dtype) / b))), "divide __truediv__"),
    _mutant(FUSION, "scalar-power", "x ** 2.5 is sqrt(x) ** 5",
            lambda: Simplifying(_of_scalar("pow", lambda a, b: np.power(
                np.sqrt(a), (b * 2).astype(b.dtype)) if a.dtype.kind == "f"
                else np.power(a, np.maximum(b, 0) if b.dtype.kind == "i" else b))),
            "pow __pow__"),
    _mutant(FUSION, "fused-commuted", "x - y and y - x are the same value",
            _compiling(_commuted), "fused elementwise mixed"),
    _mutant(FUSION, "fused-casts", "a cast there and back is dropped",
            _compiling(_no_widening), "elementwise mixed astype"),
    _mutant(FUSION, "fused-inputs", "the fifth input is read from the fourth",
            _compiling(_dropped_input), "fused mixed"),
    _mutant(FUSION, "outputs-third", "the third output is the second",
            _compiling(_first_outputs), "fused mixed"),
    _mutant(FUSION, "outputs-swapped", "the first two outputs are swapped",
            _compiling(_swapped_outputs), "fused mixed"),
    _mutant(FUSION, "fused-fma", "float32 products that are added are not rounded", Fma,
            "fused rounded"),
    _mutant(FUSION, "kernels-collide", "kernels are kept by the names of their ops, not dtypes",
            Colliding, "cast astype mixed"),
    _mutant(FUSION, "outputs-after-writes", "an output is computed after another was written",
            Unordered, "fused assignments mixed"),
    _mutant(FUSION, "row-operands", "what is read once per row is read from the first row",
            Unread, "fused reductions var"),
)  # fmt: skip


# Sizes and shapes


def _made(change: Callable[[Any, tuple[int, ...]], Any]) -> Callable[[], Backend]:
    """Fresh buffers of elementwise programs are changed."""

    def wrong(
        right: Any, device: int, kernel: Any, shape: Any, inputs: Any, outputs: Any
    ) -> list[Any]:
        found = right(device, kernel, shape, inputs, outputs)
        if kernel.program.reduced:
            return list(found)
        return [
            change(buffer, shape) if operand[0] is None else buffer
            for buffer, operand in zip(found, outputs, strict=True)
        ]

    return _launching(wrong)


def _zero(buffer: Any, places: Any) -> Any:
    buffer[places] = 0
    return buffer


def _repeat(buffer: Any, at: int) -> Any:
    if buffer.size > at > 0:
        buffer[at] = buffer[at - 1]
    return buffer


class Rows(NumpyBackend):
    """Changes an operand of a reduction, kept and reduced axes apart, before it is folded."""

    def __init__(self, change: Callable[[Any, int], Any]) -> None:
        super().__init__()
        self.change = change

    def _reduce(self, function: Any, value: Any, shape: tuple[int, ...], kept: int) -> Any:
        whole = np.broadcast_to(value, shape)
        return super()._reduce(function, self.change(whole, kept), shape, kept)


def _reduced_turned(x: Any, kept: int) -> Any:
    """Several reduced axes are gone through in the other order."""
    if x.ndim - kept < 2:
        return x
    axes = (*range(kept), *reversed(range(kept, x.ndim)))
    return np.ascontiguousarray(x.transpose(axes)).reshape(x.shape)


def _kept_turned(x: Any, kept: int) -> Any:
    if kept != 2:
        return x
    axes = (1, 0, *range(2, x.ndim))
    return np.ascontiguousarray(x.transpose(axes)).reshape(x.shape)


def _without_last_row(x: Any, kept: int) -> Any:
    if kept != 1 or x.shape[0] % 2 == 0 or x.shape[0] < 3:
        return x
    return np.concatenate([x[:-1], x[-2:-1]])


_S: Final = "add copy negative __getitem__"
SIZED: Final = (
    _mutant(SIZES, "size-grid", "results beyond 131072 are 0",
            _made(lambda b, s: _zero(b, slice(131072, None))), _S),
    _mutant(SIZES, "size-tail", "beyond the last multiple of 32, results above 1000 are 0",
            _made(lambda b, s: _zero(b, slice(b.size // 32 * 32, None)) if b.size > 1000 else b),
            _S),
    _mutant(SIZES, "size-last", "the last of an odd number of results is the one before it",
            _made(lambda b, s: _repeat(b, b.size - 1) if b.size % 2 and b.size > 2 else b), _S),
    _mutant(SIZES, "size-one", "a result of one element is 0",
            _made(lambda b, s: _zero(b, 0) if b.size == 1 else b), _S),
    _mutant(SIZES, "size-rank-4", "of four axes, the second half is 0",
            _made(lambda b, s: _zero(b, slice(b.size // 2, None)) if len(s) == 4 else b), _S),
    _mutant(SIZES, "size-rank-5", "of five axes, the second half is 0",
            _made(lambda b, s: _zero(b, slice(b.size // 2, None)) if len(s) == 5 else b), _S),
    _mutant(SIZES, "size-block", "the last of a block of 1024 is the one before it",
            _made(lambda b, s: _repeat(b, 1023)), _S),
    _mutant(SIZES, "reduce-turned", "several reduced axes are gone through in the other order",
            lambda: Rows(_reduced_turned), "argmax argmin sum"),
    _mutant(SIZES, "reduce-kept", "two kept axes are written in the other order",
            lambda: Rows(_kept_turned), "sum max"),
    _mutant(SIZES, "reduce-odd", "the last of an odd number of rows is the one before it",
            lambda: Rows(_without_last_row), "sum max"),
)  # fmt: skip


# State


class Stale(NumpyBackend):
    """Gives what it gave before, if it is asked for the same of the same buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[Any, list[Any]] = {}

    def launch(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Any]:
        if any(o[0] is not None for o in outputs):
            return super().launch(device, kernel, shape, inputs, outputs)
        key = kernel.program, shape, tuple((id(v), at, strides) for v, at, strides in inputs)
        if key not in self.before:
            made = super().launch(device, kernel, shape, inputs, outputs)
            # What is kept alive keeps its identity.
            self.before[key] = [*made, *(v for v, _, _ in inputs)]
        return [b.copy() for b in self.before[key][: len(outputs)]]


class Reusing(NumpyBackend):
    """Gives the same buffer for each result of one size and dtype of one program."""

    def __init__(self) -> None:
        super().__init__()
        self.buffers: dict[Any, Any] = {}

    def fresh(self, array: Any, shape: tuple[int, ...]) -> Any:
        made = super().fresh(array, shape)
        if len(shape) != 1:
            return made
        buffer = self.buffers.setdefault((made.dtype.name, shape), made)
        buffer[...] = made
        return buffer


class Now(NumpyBackend):
    """Each 50th program gives zeros."""

    count = 0

    def launch(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Any]:
        found = super().launch(device, kernel, shape, inputs, outputs)
        self.count += 1
        if self.count % 50 == 0:
            for buffer in found:
                buffer[...] = 0
        return found


def _shuffled(right: Any) -> Callable[..., Any]:
    random = np.random.default_rng()

    def wrong(x: Any) -> Any:
        return right(random.permuted(x, axis=1)) if x.dtype.kind == "f" else right(x)

    return wrong


def _overwriting(y: Any, *x: Any, **attributes: Any) -> Any:
    """The first operand is overwritten with the result."""
    if x[0].flags.writeable and x[0].shape == y.shape and x[0].dtype == y.dtype:
        x[0][...] = y
    return y


def _ops(id: str, op: str, wrong: str, wrap: Any, levels: tuple[Level, ...] = LEVELS) -> Mutant:
    return _mutant(STATE, id, wrong, lambda: WrongBackend({op: wrap}), op, levels, (op,))


STATES: Final = (
    _mutant(STATE, "state-stale", "a result is kept when its operands are written to", Stale,
            "fused assignments mixed __setitem__"),
    _mutant(STATE, "state-reused", "a result's memory is given to the next", Reusing,
            "fused __setitem__ add"),
    _mutant(STATE, "state-every-50th", "each 50th program gives zeros", Now, "add subtract"),
    _mutant(STATE, "sum-any-order", "floats are summed in another order each time",
            lambda: WrongBackend({"sum": _shuffled}), "again", ("faults",), ("sum",)),
    _ops("negative-in-place", "negative", "negative overwrites its operand", changed(_overwriting)),
    _ops("add-in-place", "add", "add overwrites its first operand", changed(_overwriting)),
    _ops("sort-in-place", "sort", "sort overwrites its operand", changed(_overwriting)),
    _ops("cumulative-sum-in-place", "cumulative_sum", "cumulative_sum overwrites its operand",
         changed(_overwriting)),
    _ops("fft-in-place", "fft", "fft overwrites its operand", changed(_overwriting)),
)  # fmt: skip


# Ends


def _ending(right: Any) -> Callable[..., Any]:
    def wrong(*x: Any) -> Any:
        os._exit(3)

    return wrong


def _hanging(right: Any) -> Callable[..., Any]:
    def wrong(*x: Any) -> Any:
        time.sleep(600)

    return wrong


def _raising(when: Callable[[Any], bool]) -> Any:
    def wrap(right: Any) -> Callable[..., Any]:
        def wrong(x: Any) -> Any:
            if when(x):
                raise RuntimeError("not of this")
            return right(x)

        return wrong

    return wrap


def _waiting_once() -> Backend:
    backend, times = NumpyBackend(), [0]

    def synchronize(device: int) -> None:
        times[0] += 1
        if times[0] % 2 == 0:
            raise RuntimeError("nothing to wait for")

    setattr(backend, "synchronize", synchronize)  # noqa: B010
    return backend


def _process(id: str, wrong: str, op: str, wrap: Any, apart: bool = False) -> Mutant:
    return Mutant(
        id, PROCESS, wrong, lambda: WrongBackend({op: wrap}), (op,), ("float32",),
        official=(op,), apart=apart,
    )  # fmt: skip


ENDS: Final = (
    _process("crash", "exp ends the process", "exp", _ending, True),
    _process("hang", "log hangs", "log", _hanging, True),
    _process("raises-57", "sin raises an error of 57 elements", "sin",
             _raising(lambda x: x.size == 57)),
    _process("raises-scalar", "cos raises an error of no axes", "cos",
             _raising(lambda x: x.ndim == 0)),
    _process("raises-nan", "floor raises an error of NaN", "floor",
             _raising(lambda x: bool(np.isnan(x).any()))),
    _process("raises-many", "tanh raises an error of more than 2**17 elements", "tanh",
             _raising(lambda x: x.size > 2**17)),
    _mutant(PROCESS, "synchronize-twice", "waiting twice is an error", _waiting_once, "buffers",
            ("ops",)),
)  # fmt: skip

MUTANTS: Final = (*FUSIONS, *SIZED, *STATES, *ENDS)
