"""`searchsorted`: launches of kernels/searchsorted.cu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Result, Strided
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.operands import (
    address,
    addressing,
    collapsed,
    count,
    index_type,
    packed,
    source,
)

ENTRY: Final = "xgpu_searchsorted"

BLOCK: Final = 256
"""As in searchsorted.cu."""


class Searchsorted:
    """The kernel op over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._compiled = Compiled(driver, searchsorted_source, ENTRY)

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The place in the first operand, a sorted line, of each element of the second."""
        line, values = operands
        ((dtype, _),) = results
        (length,), (stride,) = line.shape, line.strides
        total = count(values)
        axes = collapsed(values.shape, values.strides)
        index = index_type(length, total)
        after = attributes["side"] == "right"
        function = self._compiled(device, line.dtype, after, len(axes), index)[ENTRY]
        out = self._driver.allocate(device, total * dtype.itemsize)
        arguments = packed(
            [
                *(address(line), stride, length, address(values), out.ptr, total),
                *addressing(axes),
            ]
        )
        self._driver.launch(device, function, -(-total // BLOCK), BLOCK, 0, arguments)
        return [out]


def searchsorted_source(dtype: DType, after: bool, axes: int, index: str) -> str:
    """The text that includes searchsorted.cu for one dtype and side."""
    members = [
        f"using element = {CUDA.type_of(dtype)}",
        f"static constexpr bool after = {'true' if after else 'false'}",
        f"static constexpr int axes = {axes}",
        f"using index = {index}",
    ]
    return source("searchsorted.cu", "searchsorted_types", members, dtype)
