"""`matmul`: the device's own library where it has the product, and else kernels/matmul.cu."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from xgpu.codegen import divisor
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Result, Strided
from xgpu.plugin.dtypes import DType, kind_of
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled

ENTRY: Final = "xgpu_matmul"

BLOCK: Final = 64
"""Threads of a block, as in matmul.cu."""

TILES: Final = ((32, 32), (128, 8), (8, 128))
"""Rows and columns of the results of a block, by their number in matmul.cu."""

Batch = list[tuple[int, int, int]]
"""(length, stride of the left operand, stride of the right one) of each batch axis."""


class Matmul:
    """The kernel op over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._compiled = Compiled(driver, source, ENTRY)

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The products of ``(*batch, M, K)`` and ``(*batch, K, N)`` matrices, in C order."""
        left, right = operands
        ((dtype, shape),) = results
        made = self._driver.libraries.matmul(device, left, right, dtype, shape)
        if made is not None:
            return [made]
        memory = self._driver.allocate(device, math.prod(shape) * dtype.itemsize)
        if 0 in shape:
            return [memory]
        batch = collapsed(shape[:-2], left.strides[:-2], right.strides[:-2])
        function = self._compiled(device, dtype, len(batch))[ENTRY]
        grid, arguments = _arguments(left, right, shape, memory, batch)
        self._driver.launch(device, function, grid, BLOCK, 0, arguments)
        return [memory]


def source(dtype: DType, axes: int) -> str:
    """The text that includes matmul.cu for one dtype and number of batch axes."""
    headers = ["xgpu/types.cuh"]
    if kind_of(dtype) == "c":
        headers.append("xgpu/complex.cuh")
    if dtype in CUDA.type_headers:
        headers.append(CUDA.type_headers[dtype])
    return "\n".join(
        [
            *(f'#include "{header}"' for header in headers),
            "namespace xgpu {",
            "struct matmul_types {",
            f"    using element = {CUDA.type_of(dtype)};",
            f"    static constexpr int batch_axes = {axes};",
            "};",
            "}  // namespace xgpu",
            '#include "matmul.cu"',
            "",
        ]
    )


def collapsed(shape: tuple[int, ...], left: tuple[int, ...], right: tuple[int, ...]) -> Batch:
    """The batch axes, merged as far as both operands' strides allow."""
    axes: Batch = []
    for axis in zip(shape, left, right, strict=True):
        length, *strides = axis
        if length == 1:
            continue
        if axes and axes[-1][1:] == tuple(stride * length for stride in strides):
            axes[-1] = (axes[-1][0] * length, axis[1], axis[2])
        else:
            axes.append(axis)
    return axes


def _arguments(
    left: Strided, right: Strided, shape: tuple[int, ...], memory: Memory, batch: Batch
) -> tuple[int, npt.NDArray[np.uint8]]:
    """(blocks, the argument struct)."""
    rows, columns, inner = shape[-2], shape[-1], left.shape[-1]
    # The tile that computes least in vain; of equals, the squarest.
    counts = [(-(-rows // high), -(-columns // wide)) for high, wide in TILES]
    tile = min(range(len(TILES)), key=lambda number: math.prod(counts[number]))
    row_tiles, column_tiles = counts[tile]
    itemsize = left.dtype.itemsize
    slots = [
        *(rows, columns, inner, row_tiles, column_tiles, tile),
        *(left.buffer.ptr + left.offset * itemsize, left.strides[-2], left.strides[-1]),
        *(right.buffer.ptr + right.offset * itemsize, right.strides[-2], right.strides[-1]),
        memory.ptr,
    ]
    axes = batch or [(1, 0, 0)]
    for length, _, _ in axes:
        slots.extend(divisor(length))
    slots.extend(stride for _, stride, _ in axes)
    slots.extend(stride for _, _, stride in axes)
    # Addresses and reciprocals fill all 64 bits, strides have a sign.
    arguments = np.array([slot & 0xFFFFFFFFFFFFFFFF for slot in slots], np.uint64).view(np.uint8)
    blocks = row_tiles * column_tiles * math.prod(length for length, _, _ in batch)
    return blocks, arguments
