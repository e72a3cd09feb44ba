"""`gather`: launches of kernels/gather.cu."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.plugin import Result, Strided
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.operands import (
    WIDTHS,
    address,
    addressing,
    collapsed,
    count,
    index_type,
    packed,
    source,
)

ENTRY: Final = "xgpu_gather"

BLOCK: Final = 256
SHARE: Final = 4
"""As in gather.cu."""


class Gather:
    """The kernel op over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._compiled = Compiled(driver, gather_source, ENTRY)

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The first operand's elements at the positions in the second, in their C order."""
        given, positions = operands
        ((dtype, shape),) = results
        total = math.prod(shape)
        given_axes = collapsed(given.shape, given.strides)
        position_axes = collapsed(positions.shape, positions.strides)
        index = index_type(count(given), total)
        functions = self._compiled(
            device, dtype.itemsize, len(given_axes), len(position_axes), index
        )
        out = self._driver.allocate(device, total * dtype.itemsize)
        arguments = packed(
            [
                *(address(given), address(positions), out.ptr, total),
                *addressing(given_axes),
                *addressing(position_axes),
            ]
        )
        blocks = -(-total // (BLOCK * SHARE))
        self._driver.launch(device, functions[ENTRY], blocks, BLOCK, 0, arguments)
        return [out]


def gather_source(width: int, source_axes: int, position_axes: int, index: str) -> str:
    """The text that includes gather.cu for elements of ``width`` bytes."""
    members = [
        f"using element = {WIDTHS[width]}",
        f"static constexpr int source_axes = {source_axes}, position_axes = {position_axes}",
        f"using index = {index}",
    ]
    return source("gather.cu", "gather_types", members, None, "memory")
