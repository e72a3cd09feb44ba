"""What launches of the ops that are kernels of their own share: axes, addresses, sources.

Kernels read operands through strides; `collapsed` merges what axes it can, so that most operands
are one axis and need no division. Every argument is a slot of 8 bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from xgpu.codegen import divisor
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Strided
from xgpu.plugin.dtypes import DType, kind_of
from xgpu_cuda.launch.elementwise import LIMIT

WIDTHS: Final = {
    1: "uint8_t",
    2: "uint16_t",
    4: "uint32_t",
    8: "uint64_t",
    16: "packet<uint64_t, 2>",
}
"""A type for elements that are only copied, by their bytes; the last one is from memory.cuh."""

Axes = list[tuple[int, ...]]
"""(length, stride of each operand) of each axis, outermost first."""


def collapsed(shape: Sequence[int], *strides: Sequence[int]) -> Axes:
    """The axes of operands of one shape, merged as far as all their strides allow.

    There is one axis at least: a single element is an axis of length 1 and strides 0.
    """
    axes: Axes = []
    for axis in zip(shape, *strides, strict=True):
        length, *steps = axis
        if length == 1:
            continue
        if axes and axes[-1][1:] == tuple(step * length for step in steps):
            axes[-1] = (axes[-1][0] * length, *steps)
        else:
            axes.append(axis)
    return axes or [(1, *(0,) * len(strides))]


def addressing(axes: Axes, operand: int = 0) -> list[int]:
    """The slots of ``xgpu::strided_axes`` for one of the operands."""
    slots = [slot for axis in axes for slot in divisor(axis[0])]
    return [*slots, *(axis[1 + operand] for axis in axes)]


def address(operand: Strided) -> int:
    """Where the first element lies."""
    pointer: int = operand.buffer.ptr
    return pointer + operand.offset * operand.dtype.itemsize


def count(operand: Strided) -> int:
    """The number of elements."""
    return math.prod(operand.shape)


def index_type(*counts: int) -> str:
    """The signed type that holds ``counts`` of elements."""
    return "int32_t" if max(counts) <= LIMIT else "int64_t"


def packed(slots: Iterable[int]) -> npt.NDArray[np.uint8]:
    """An argument struct."""
    # Addresses and reciprocals fill all 64 bits, strides have a sign.
    return np.array([slot & 0xFFFFFFFFFFFFFFFF for slot in slots], np.uint64).view(np.uint8)


def source(
    file: str, types: str, members: Sequence[str], dtype: DType | None = None, *headers: str
) -> str:
    """The text that includes a file of kernels, with what it is to be compiled for.

    ``members`` are the declarations of the struct ``types``. Included before it are the headers
    that define operations on ``dtype``, and ``headers``.
    """
    first = ["xgpu/types.cuh"]
    if dtype is not None and dtype in CUDA.type_headers:
        first.append(CUDA.type_headers[dtype])
    if dtype is not None and kind_of(dtype) == "c":
        first.append("xgpu/complex.cuh")
    first.extend(f"xgpu/{header}.cuh" for header in headers)
    return "\n".join(
        [
            *(f'#include "{header}"' for header in first),
            f"namespace xgpu {{\nstruct {types} {{",
            *(f"    {member};" for member in members),
            f'}};\n}}  // namespace xgpu\n#include "{file}"\n',
        ]
    )
