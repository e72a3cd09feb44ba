"""The device functions of the CUDA headers as functions of NumPy arrays, on any driver.

One source per header, with a kernel for each op that the header defines and each dtype that the
op's row accepts.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from xgpu.codegen.cuda import CUDA
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver, Function

Values = NDArray[Any]
Signature = tuple[str, DType, DType]  # op, dtype of the operands, dtype of the result

_BLOCK: Final = 128


def headers() -> dict[str, list[Signature]]:
    """What each header has to define, from the op table: name in the include -> functions."""
    found: dict[str, list[Signature]] = {}
    for op in (*ops.elementwise(), *ops.optional()):
        for dtype in dtypes.ALL:
            if not op.takes(dtype):
                continue
            for result in _results(op, dtype):
                header = CUDA.headers[op.name]
                if "c" in (dtype.kind, result.kind):
                    header = CUDA.complex_headers.get(op.name, header)
                for part in (dtype, result):
                    header = CUDA.type_headers.get(part, header)
                found.setdefault(header, []).append((op.name, dtype, result))
    return found


def _results(op: ops.Op, dtype: DType) -> tuple[DType, ...]:
    if op.result == "given":
        return dtypes.ALL
    if op.result == "bool":
        return (dtypes.bool_,)
    return (dtypes.real_of(dtype) if op.result == "real" else dtype,)


def kernel_name(signature: Signature) -> str:
    op, dtype, result = signature
    return f"xgpu_header_{op}_{dtype}_{result}"


def source(header: str, signatures: Sequence[Signature]) -> str:
    """A kernel per signature: out[i] = op(a[i], ...)."""
    lines = ["#define XGPU_NO_BARRIER", f'#include "{header}"']
    if header in CUDA.type_headers.values():
        # It defines a type; of the ops on it, what other types do not have.
        more = dict.fromkeys(CUDA.headers[op] for op, _, _ in signatures)
        lines += [f'#include "{other}"' for other in more]
    lines.append("using namespace xgpu;")
    # The condition of `where` is bool whatever its other operands are: in the text below, a.
    for signature in signatures:
        op, dtype, result = signature
        operands = "abc"[: ops.TABLE[op].arity]
        types = [CUDA.type_of(dtype)] * len(operands)
        if op == "where":
            types[0] = "bool"
        name = kernel_name(signature)
        members = "".join(f"const {t}* {p}; " for t, p in zip(types, operands, strict=True))
        values = ", ".join(f"args.{p}[i]" for p in operands)
        lines += [
            f"struct {name}_args {{ {members}{CUDA.type_of(result)}* out; int64_t count; }};",
            f'extern "C" __global__ void {name}({name}_args args) {{',
            "    const int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;",
            f"    if (i < args.count) args.out[i] = {CUDA.function(op, result)}({values});",
            "}",
        ]
    return "\n".join(lines) + "\n"


@cache
def _load(driver: Any, header: str) -> dict[str, Function]:
    signatures = headers()[header]
    names = tuple(kernel_name(signature) for signature in signatures)
    functions: dict[str, Function] = driver.load(0, source(header, signatures), names)
    return functions


def call(driver: Driver, op: str, *operands: Values, to: DType | None = None) -> Values:
    """``op`` over one-dimensional arrays of one dtype and length (``where``: bool first).

    ``to`` is the result's dtype where the op is a cast.
    """
    arrays = [np.ascontiguousarray(operand) for operand in operands]
    dtype, count = arrays[-1].dtype, arrays[-1].size
    header, signature = next(
        (header, signature)
        for header, signatures in headers().items()
        for signature in signatures
        if signature[:2] == (op, dtype) and (to is None or signature[2] == to)
    )
    out = driver.allocate(0, count * signature[2].itemsize)
    memories = [driver.allocate(0, array.nbytes) for array in arrays]
    for memory, array in zip(memories, arrays, strict=True):
        driver.to_device(0, memory, array)
    addresses = [memory.ptr for memory in (*memories, out)]
    packed = struct.pack(f"={len(addresses)}Qq", *addresses, count)
    loaded = _load(cast(Any, driver), header)  # a protocol, which does not say that it hashes
    function = loaded[kernel_name(signature)]
    grid = -(-count // _BLOCK)
    driver.launch(0, function, grid, _BLOCK, 0, np.frombuffer(packed, np.uint8))
    return driver.to_host(0, out.ptr, out.nbytes).view(signature[2])[:count]
