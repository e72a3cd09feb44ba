"""`nonzero`: launches of kernels/nonzero.cu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.plugin import Result, Strided
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.look_back import slots
from xgpu_cuda.launch.operands import (
    address,
    addressing,
    collapsed,
    count,
    index_type,
    packed,
    source,
)

ENTRY: Final = "xgpu_nonzero"
START: Final = "xgpu_nonzero_start"

BLOCK: Final = 256
TILE: Final = 8192
"""As in nonzero.cu."""


class Nonzero:
    """The kernel op over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._compiled = Compiled(driver, nonzero_source, ENTRY, START)

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The positions of True in C order; the result's length is their number."""
        (mask,) = operands
        ((dtype, (found,)),) = results
        driver = self._driver
        length = count(mask)
        axes = collapsed(mask.shape, mask.strides)
        index = index_type(length)
        functions = self._compiled(device, len(axes), index)
        out = driver.allocate(device, found * dtype.itemsize)
        tiles = -(-length // TILE)
        status = slots(driver, device, 1, tiles, 4 if index == "int32_t" else 8)
        arguments = packed(
            [address(mask), length, out.ptr, found, tiles, *status.fields, *addressing(axes)]
        )
        if status.words:
            driver.launch(device, functions[START], -(-status.words // BLOCK), BLOCK, 0, arguments)
        driver.launch(device, functions[ENTRY], tiles, BLOCK, 0, arguments)
        return [out]


def nonzero_source(axes: int, index: str) -> str:
    """The text that includes nonzero.cu for masks of so many axes."""
    members = [f"static constexpr int axes = {axes}", f"using index = {index}"]
    return source("nonzero.cu", "nonzero_types", members)
