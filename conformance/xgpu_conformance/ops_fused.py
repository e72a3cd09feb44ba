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
from xgpu_conformance.values import tame

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
    """X + y, x - y, and x > y: several results of one pass, of two dtypes."""
    rng = setting.random("ops", FUSED, dtype.name, "outputs", layout)
    x, y = tame(dtype, (6, 7), rng), tame(dtype, (6, 7), rng)
    laid = lay(x, layout), lay(y, "contiguous")
    body = (
        *(Instr("load", dtype, (n,)) for n in (0, 1)),
        Instr(ops.ADD.name, dtype, (0, 1)),
        Instr(ops.SUBTRACT.name, dtype, (0, 1)),
        Instr(ops.GREATER.name, dtypes.bool_, (0, 1)),
    )
    outputs = tuple(Output(n, body[n].dtype, "contiguous") for n in (2, 3, 4))
    inputs = tuple(Input(dtype, z.access) for z in laid)
    program = Program(2, 0, False, inputs, body, outputs)
    device = setting.device
    given = [
        (device.backend.from_host(device.index, z.buffer), z.offset, z.operand_strides)
        for z in laid
    ]
    made = launched(device, program, (6, 7), given, [FRESH] * 3)
    return _each(device, made, tuple(v.reshape(-1) for v in (x + y, x - y, x > y)))


def _each(device: xgpu.Device, buffers: list[object], right: tuple[Values, ...]) -> list[Check]:
    return [
        Check(to_host(device, b, dtypes.SUPPORTED[r.dtype], r.size), r, UNSIGNED_ZEROS, (), f"{i}")
        for i, (b, r) in enumerate(zip(buffers, right, strict=True))
    ]
