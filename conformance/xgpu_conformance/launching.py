"""One op through the Backend protocol, as xgpu would ask for it: compile, launch, copy back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

import xgpu
from xgpu.plugin import (
    Input,
    Instr,
    Operand,
    Output,
    Program,
    Result,
    Strided,
    dtypes,
    ops,
)
from xgpu.plugin.dtypes import DType
from xgpu.plugin.ops import Op
from xgpu_conformance.judge import MismatchError
from xgpu_conformance.layouts import Laid
from xgpu_conformance.ulp import Values

# A program is compiled once for a device, as xgpu does. By identity, since a backend need not be
# hashable; the backend is held so that no other one gets its identity.
_CACHE: Final[dict[int, tuple[Any, dict[tuple[int, Program], Any]]]] = {}

KEPT: Final = 4096
"""Operands of no more elements are read again after a call: they have to be what they were."""


class Scalar:
    """A host scalar that is passed with the launch."""

    def __init__(self, value: Values, dtype: DType) -> None:
        self.values = value
        self.dtype = dtype


def result_dtype(op: Op, dtype: DType) -> DType:
    """The dtype that a row gives for operands of ``dtype``, ``given`` ones aside."""
    if op.result == "bool":
        return dtypes.bool_
    if op.result == "index":
        return dtypes.int64
    if op.result == "real":
        return dtypes.real_of(dtype)
    return dtypes.complex_of(dtype) if op.result == "complex" else dtype


def elementwise(
    device: xgpu.Device,
    name: str,
    operands: Sequence[Laid | Scalar],
    shape: tuple[int, ...],
    result: DType,
    target: Laid | None = None,
) -> Values:
    """A program of one op over ``shape`` (``load`` for none): a result of that shape, on the host.

    With ``target``, it is written into that buffer, and all of the buffer is given.
    """
    inputs, given = _inputs(device, operands)
    body = [Instr("load", i.dtype, (n,)) for n, i in enumerate(inputs)]
    if name != "load":
        body.append(Instr(name, result, tuple(range(len(inputs)))))
    access = "contiguous" if target is None else target.access
    output = Output(len(body) - 1, result, access)
    program = Program(len(shape), 0, False, tuple(inputs), tuple(body), (output,))
    hosts = [None if isinstance(x, Scalar) else x.buffer for x in operands]
    return _launched(device, program, shape, given, hosts, result, math.prod(shape), target)


def reduction(
    device: xgpu.Device,
    name: str,
    operand: Laid,
    kept: int,
    result: DType,
    target: Laid | None = None,
) -> Values:
    """A program of one reduction; the operand has its kept axes first."""
    shape = operand.values.shape
    inputs, given = _inputs(device, [operand])
    body = (Instr("load", inputs[0].dtype, (0,)), Instr(name, result, (0,)))
    access = "contiguous" if target is None else target.access
    output = Output(1, result, access, True)
    program = Program(kept, len(shape) - kept, False, tuple(inputs), body, (output,))
    size = math.prod(shape[:kept])
    return _launched(device, program, shape, given, [operand.buffer], result, size, target)


def kernel_op(
    device: xgpu.Device,
    name: str,
    operands: Sequence[Laid],
    results: Sequence[Result],
    attributes: Mapping[str, Any],
) -> list[Values]:
    """A call of an op that is a kernel of its own: its results, on the host."""
    backend, index = device.backend, device.index
    strided = [
        Strided(
            backend.from_host(index, x.buffer), x.buffer.dtype, x.values.shape, x.strides, x.offset
        )
        for x in operands
    ]
    buffers = backend.kernel_ops[name](index, strided, list(results), attributes)
    if len(buffers) != len(results):
        raise MismatchError(f"{len(buffers)} results, not {len(results)}")
    check_kept(device, [(s.buffer, x.buffer) for s, x in zip(strided, operands, strict=True)])
    return [
        to_host(device, buffer, r.dtype, math.prod(r.shape)).reshape(r.shape)
        for buffer, r in zip(buffers, results, strict=True)
    ]


def copying(dtype: DType) -> Program:
    """A load and a write, of one axis."""
    load, output = Instr("load", dtype, (0,)), Output(0, dtype, "contiguous")
    return Program(1, 0, False, (Input(dtype, "contiguous"),), (load,), (output,))


def launched(
    device: xgpu.Device,
    program: Program,
    shape: tuple[int, ...],
    inputs: Sequence[Operand],
    outputs: Sequence[Operand],
) -> list[Any]:
    """The buffers that a program gives, compiled if it has not been.

    Raises:
        MismatchError: they are not as many as the outputs.
    """
    backend, index = device.backend, device.index
    _, kernels = _CACHE.setdefault(id(backend), (backend, {}))
    kernel = kernels.get((index, program))
    if kernel is None:
        kernel = kernels[index, program] = backend.compile(index, program)
    buffers: list[Any] = backend.launch(index, kernel, shape, inputs, outputs)
    if len(buffers) != len(outputs):
        raise MismatchError(f"{len(buffers)} buffers, not {len(outputs)}")
    return buffers


def to_host(device: xgpu.Device, buffer: Any, dtype: DType, size: int) -> Values:
    """A buffer's elements from the first on.

    Raises:
        MismatchError: it has another dtype, or fewer.
    """
    values: Values = np.asarray(device.backend.to_host(device.index, buffer, dtype, 0, size))
    if values.dtype != dtype:
        raise MismatchError(f"a buffer of dtype {values.dtype}, not {dtype}")
    if values.shape != (size,):
        raise MismatchError(f"a buffer of shape {values.shape}, not {(size,)}")
    return values


def check_kept(device: xgpu.Device, operands: Sequence[tuple[Any, Values | None]]) -> None:
    """See that buffers hold what they did: pairs of a buffer and of its values before.

    Raises:
        MismatchError: one was written to.
    """
    for number, (buffer, before) in enumerate(operands):
        if before is None or not 0 < before.size <= KEPT:
            continue
        after = to_host(device, buffer, dtypes.SUPPORTED[before.dtype], before.size)
        if np.any((after != before) & ((after == after) | (before == before))):
            raise MismatchError(f"operand {number} was written to")


def check_supported(device: xgpu.Device, op: Op) -> str:
    """Why the backend does not have an op, or ""."""
    backend = device.backend
    lacks = op.name in device.unsupported
    if op.kind is ops.Kind.KERNEL:
        lacks = op.name not in backend.kernel_ops
    return f"backend {backend.name!r} has no {op.name}" if lacks else ""


def _inputs(
    device: xgpu.Device, operands: Sequence[Laid | Scalar]
) -> tuple[list[Input], list[Operand]]:
    inputs: list[Input] = []
    given: list[Operand] = []
    for x in operands:
        if isinstance(x, Scalar):
            inputs.append(Input(x.dtype, "scalar"))
            item = x.values.item()
            given.append((float(item) if x.dtype in dtypes.NARROW else item, 0, ()))
        else:
            inputs.append(Input(dtypes.SUPPORTED[x.buffer.dtype], x.access))
            buffer = device.backend.from_host(device.index, x.buffer)
            given.append((buffer, x.offset, x.operand_strides))
    return inputs, given


def _launched(
    device: xgpu.Device,
    program: Program,
    shape: tuple[int, ...],
    inputs: list[Operand],
    before: Sequence[Values | None],
    result: DType,
    size: int,
    target: Laid | None,
) -> Values:
    backend, index = device.backend, device.index
    output: Operand = (None, 0, ())
    if target is not None:
        buffer = backend.from_host(index, target.buffer)
        output, size = (buffer, target.offset, target.operand_strides), target.buffer.size
    (made,) = launched(device, program, shape, inputs, [output])
    check_kept(device, [(given[0], host) for given, host in zip(inputs, before, strict=True)])
    return to_host(device, made, result, size)
