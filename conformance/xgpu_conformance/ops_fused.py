"""What only programs of several steps have: generators, values of two levels, several outputs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

import xgpu
from xgpu.plugin import Input, Instr, Operand, Output, Program, dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_conformance.case import Case, Setting
from xgpu_conformance.judge import UNSIGNED_ZEROS, Check
from xgpu_conformance.launching import launched, to_host
from xgpu_conformance.layouts import Layout, lay
from xgpu_conformance.ulp import Values, kind
from xgpu_conformance.values import normal, tame

INDEX: Final = "index"
"""No row: operands that are coordinates and have no memory."""
FUSED: Final = "fused"
"""No row: a reduction with what comes before it and after it, and several outputs."""

FRESH: Final[Operand] = (None, 0, ())


def takes(name: str, dtype: DType) -> bool:
    """Whether there are such programs in a dtype."""
    if name == INDEX:
        return dtype is dtypes.int64
    return kind(dtype) in "iuf" and dtype not in dtypes.NARROW


def cases(setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
    """The cases of one of these, and a dtype."""
    if name == INDEX:
        for shape, offset, strides in _INDICES:
            label = f"{shape}-{offset}-{strides}".replace(" ", "")
            yield Case(label, partial(_index, setting, shape, offset, strides))
        return
    layouts: tuple[Layout, ...] = ("contiguous", "transposed", "negative", "steps")
    for shape, kept in (((7, 33), 1), ((1, 500), 1), ((3, 4, 5, 6), 2), ((40, 1), 1)):
        for layout in layouts:
            label = f"{'x'.join(map(str, shape))}-{layout}"
            yield Case(label, partial(_fused, setting, dtype, shape, kept, layout, label))
    for layout in layouts:
        yield Case(f"outputs-{layout}", partial(_outputs, setting, dtype, layout))
    yield Case("many-inputs", partial(_many_inputs, setting, dtype))
    yield Case("written-between", partial(_written_between, setting, dtype))
    yield Case("written-beside", partial(_written_beside, setting, dtype))
    if kind(dtype) == "f":
        yield Case("rounded-between", partial(_rounded_between, setting, dtype))


_INDICES: Final[tuple[tuple[tuple[int, ...], int, tuple[int, ...]], ...]] = (
    ((1,), 0, (1,)),
    ((10,), 0, (1,)),
    ((10,), 3, (1,)),
    ((10,), 9, (-1,)),
    ((7,), 0, (0,)),
    ((4, 5), 0, (1, 0)),
    ((4, 5), 2, (0, 3)),
    ((2, 3, 4), -7, (12, 4, 1)),
    ((3, 4), 2**33, (2**31, -1)),
)


def _index(
    setting: Setting, shape: tuple[int, ...], offset: int, strides: tuple[int, ...]
) -> list[Check]:
    """The positions offset + sum(strides * coordinates)."""
    wide = abs(offset) + sum(abs(s) * n for s, n in zip(strides, shape, strict=True)) >= 2**31
    int64 = dtypes.int64
    body = (Instr("load", int64, (0,)),)
    output = Output(0, int64, "contiguous")
    program = Program(len(shape), 0, wide, (Input(int64, "index"),), body, (output,))
    (made,) = launched(setting.device, program, shape, [(None, offset, strides)], [FRESH])
    got = to_host(setting.device, made, int64, math.prod(shape))
    right = np.asarray(offset + sum(i * s for i, s in zip(np.indices(shape), strides, strict=True)))
    return [Check(got, right.reshape(-1))]


def _fused(
    setting: Setting, dtype: DType, shape: tuple[int, ...], kept: int, layout: Layout, label: str
) -> list[Check]:
    """sum(x * x) + y and max(x) for each row, and x * x itself."""
    rng = setting.random("ops", FUSED, dtype.name, label)
    x, y = tame(dtype, shape, rng), tame(dtype, shape[:kept], rng)
    laid = lay(x, layout), lay(y, "contiguous")
    inputs = (Input(dtype, laid[0].access), Input(dtype, "contiguous", True))
    body = (
        Instr("load", dtype, (0,)),
        Instr(ops.MULTIPLY.name, dtype, (0, 0)),
        Instr(ops.SUM.name, dtype, (1,)),
        Instr("load", dtype, (1,)),
        Instr(ops.ADD.name, dtype, (2, 3)),
        Instr(ops.MAX.name, dtype, (0,)),
    )
    outputs = (
        Output(4, dtype, "contiguous", True),
        Output(5, dtype, "contiguous", True),
        Output(1, dtype, "contiguous", False),
    )
    program = Program(kept, len(shape) - kept, False, inputs, body, outputs)
    device = setting.device
    given = [
        (device.backend.from_host(device.index, z.buffer), z.offset, z.operand_strides)
        for z in laid
    ]
    made = launched(device, program, shape, given, [FRESH] * 3)
    rows = x.reshape(y.size, -1)
    right = (
        np.sum(rows * rows, axis=1, dtype=dtype) + y.reshape(-1),
        np.max(rows, axis=1),
        (x * x).reshape(-1),
    )
    return _each(device, made, right)


def _outputs(setting: Setting, dtype: DType, layout: Layout) -> list[Check]:
    """X + y, x - y, x > y and y - x: several results of one pass, of two dtypes."""
    rng = setting.random("ops", FUSED, dtype.name, "outputs", layout)
    x, y = tame(dtype, (6, 7), rng), tame(dtype, (6, 7), rng)
    laid = lay(x, layout), lay(y, "contiguous")
    body = (
        *(Instr("load", dtype, (n,)) for n in (0, 1)),
        Instr(ops.ADD.name, dtype, (0, 1)),
        Instr(ops.SUBTRACT.name, dtype, (0, 1)),
        Instr(ops.GREATER.name, dtypes.bool_, (0, 1)),
        Instr(ops.SUBTRACT.name, dtype, (1, 0)),
    )
    outputs = tuple(Output(n, body[n].dtype, "contiguous") for n in (2, 3, 4, 5))
    inputs = tuple(Input(dtype, z.access) for z in laid)
    program = Program(2, 0, False, inputs, body, outputs)
    device = setting.device
    given = [
        (device.backend.from_host(device.index, z.buffer), z.offset, z.operand_strides)
        for z in laid
    ]
    made = launched(device, program, (6, 7), given, [FRESH] * 4)
    return _each(device, made, tuple(v.reshape(-1) for v in (x + y, x - y, x > y, y - x)))


def _many_inputs(setting: Setting, dtype: DType) -> list[Check]:
    """Twelve operands, by turns subtracted and added: each counts, and in its place."""
    rng = setting.random("ops", FUSED, dtype.name, "many inputs")
    x = [tame(dtype, (57,), rng) for _ in range(12)]
    body = [Instr("load", dtype, (n,)) for n in range(len(x))]
    right, last = x[0], 0
    for number in range(1, len(x)):
        op = (ops.ADD, ops.SUBTRACT)[number % 2]
        right = right - x[number] if number % 2 else right + x[number]
        body.append(Instr(op.name, dtype, (last, number)))
        last = len(body) - 1
    inputs = (Input(dtype, "contiguous"),) * len(x)
    program = Program(1, 0, False, inputs, tuple(body), (Output(last, dtype, "contiguous"),))
    device = setting.device
    given = [(device.backend.from_host(device.index, v), 0, ()) for v in x]
    return _each(device, launched(device, program, (57,), given, [FRESH]), (right,))


def _rounded_between(setting: Setting, dtype: DType) -> list[Check]:
    """X * y + z and x * y - z: each product is rounded, as it is where it is stored."""
    rng = setting.random("ops", FUSED, dtype.name, "rounded")
    x, y, z = (normal(dtype, (500,), rng) for _ in range(3))
    body = (
        *(Instr("load", dtype, (n,)) for n in range(3)),
        Instr(ops.MULTIPLY.name, dtype, (0, 1)),
        Instr(ops.ADD.name, dtype, (3, 2)),
        Instr(ops.SUBTRACT.name, dtype, (3, 2)),
    )
    outputs = tuple(Output(n, dtype, "contiguous") for n in (4, 5))
    program = Program(1, 0, False, (Input(dtype, "contiguous"),) * 3, body, outputs)
    device = setting.device
    given = [(device.backend.from_host(device.index, v), 0, ()) for v in (x, y, z)]
    made = launched(device, program, (500,), given, [FRESH] * 2)
    return _each(device, made, (x * y + z, x * y - z))


def _sum_of_two(dtype: DType, outputs: int = 1) -> Program:
    """X + y and, as a second output, x - y."""
    body = (
        *(Instr("load", dtype, (n,)) for n in (0, 1)),
        Instr(ops.ADD.name, dtype, (0, 1)),
        Instr(ops.SUBTRACT.name, dtype, (0, 1)),
    )[: 2 + outputs]
    made = tuple(Output(2 + n, dtype, "contiguous") for n in range(outputs))
    return Program(1, 0, False, (Input(dtype, "contiguous"),) * 2, body, made)


def _written_between(setting: Setting, dtype: DType) -> list[Check]:
    """X + y; then into x; then x + y of the same buffers, which hold other numbers."""
    rng = setting.random("ops", FUSED, dtype.name, "written")
    x, y = tame(dtype, (57,), rng), tame(dtype, (57,), rng)
    device, program = setting.device, _sum_of_two(dtype)
    first, second = (device.backend.from_host(device.index, v) for v in (x, y))
    given: list[Operand] = [(first, 0, ()), (second, 0, ())]
    (before,) = launched(device, program, (57,), given, [FRESH])
    (written,) = launched(device, program, (57,), given, [(first, 0, ())])
    given[0] = (written, 0, ())
    (after,) = launched(device, program, (57,), given, [FRESH])
    return _each(device, [before, after], (x + y, x + y + y))


def _written_beside(setting: Setting, dtype: DType) -> list[Check]:
    """X + y into x itself, and x - y of what x was."""
    rng = setting.random("ops", FUSED, dtype.name, "beside")
    x, y = tame(dtype, (57,), rng), tame(dtype, (57,), rng)
    device, program = setting.device, _sum_of_two(dtype, 2)
    first, second = (device.backend.from_host(device.index, v) for v in (x, y))
    given: list[Operand] = [(first, 0, ()), (second, 0, ())]
    made = launched(device, program, (57,), given, [(first, 0, ()), FRESH])
    return _each(device, made, (x + y, x - y))


def _each(device: xgpu.Device, buffers: list[object], right: tuple[Values, ...]) -> list[Check]:
    return [
        Check(to_host(device, b, dtypes.SUPPORTED[r.dtype], r.size), r, UNSIGNED_ZEROS, (), f"{i}")
        for i, (b, r) in enumerate(zip(buffers, right, strict=True))
    ]
