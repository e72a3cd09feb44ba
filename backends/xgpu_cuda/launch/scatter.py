"""`scatter`: launches of kernels/scatter.cu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.plugin import Result, Strided
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.fused import Fused
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

CLEAR: Final = "xgpu_scatter_clear"
TOUCH: Final = "xgpu_scatter_touch"
CLAIM: Final = "xgpu_scatter_claim"
WRITE: Final = "xgpu_scatter_write"

BLOCK: Final = 256
SHARE: Final = 4
"""As in scatter.cu."""

MANY: Final = 8
"""Elements to a position, above which only the owners at the positions are emptied: writing all of
them in order then costs more than writing some anywhere."""


class Scatter:
    """The kernel op over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver, fused: Fused) -> None:
        self._driver = driver
        self._fused = fused
        self._compiled = Compiled(driver, scatter_source, WRITE, CLAIM, TOUCH, CLEAR)

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The first operand with the third one's elements at the positions in the second."""
        given, positions, values = operands
        driver = self._driver
        size, total = count(given), count(positions)
        axes = collapsed(positions.shape, positions.strides, values.strides)
        index = index_type(total)
        functions = self._compiled(device, given.dtype.itemsize, len(axes), index)
        out = self._fused.copy(device, given)
        # Whatever is written last where all values are one.
        differ = any(axis[2] for axis in axes)
        owners = (
            driver.allocate(device, size * (4 if index == "int32_t" else 8)) if differ else None
        )
        arguments = packed(
            [
                *(out.ptr, size, address(positions), address(values), total),
                owners.ptr if owners else 0,
                *addressing(axes, 0),
                *addressing(axes, 1),
            ]
        )
        blocks = -(-total // (BLOCK * SHARE))
        if owners:
            if size > MANY * total:
                driver.launch(device, functions[TOUCH], blocks, BLOCK, 0, arguments)
            else:
                clear = -(-size // (BLOCK * SHARE))
                driver.launch(device, functions[CLEAR], clear, BLOCK, 0, arguments)
            driver.launch(device, functions[CLAIM], blocks, BLOCK, 0, arguments)
        driver.launch(device, functions[WRITE], blocks, BLOCK, 0, arguments)
        return [out]


def scatter_source(width: int, axes: int, index: str) -> str:
    """The text that includes scatter.cu for elements of ``width`` bytes."""
    members = [
        f"using element = {WIDTHS[width]}",
        f"static constexpr int axes = {axes}",
        f"using index = {index}",
        # Named as the atomics are declared.
        f"using owner = {'int' if index == 'int32_t' else 'long long'}",
    ]
    return source("scatter.cu", "scatter_types", members, None, "memory")
