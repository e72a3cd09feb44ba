"""`cumulative_sum` and `cumulative_prod`: launches of kernels/scan.cu."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from xgpu.codegen import divisor
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import Result, Strided
from xgpu.plugin.dtypes import DType
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.fused import Fused, contiguous
from xgpu_cuda.launch.look_back import slots
from xgpu_cuda.launch.operands import (
    address,
    addressing,
    collapsed,
    index_type,
    packed,
    source,
)

SHORT: Final = "xgpu_scan_short"
ROWS: Final = "xgpu_scan_rows"
TILES: Final = "xgpu_scan_tiles"
START: Final = "xgpu_scan_start"

BLOCK: Final = 256
TILE_BLOCK: Final = 512
SHORT_BLOCK: Final = 128
SHORT_LENGTH: Final = 16
WARP: Final = 32
"""As in scan.cu."""


class Tuning(NamedTuple):
    """How xgpu_scan_tiles is compiled; see scan.cu, and docs/measurements/scans.py for times."""

    threads: int = TILE_BLOCK  #: of a block, at most
    packets: int = 0  #: of 16 bytes that a thread holds, 0: by the dtype
    resident: int = 2  #: blocks that are to share a multiprocessor
    folded: bool = False  #: what comes before a packet in its warp is added to it at once
    ahead: float = 0.0  #: rounds of all resident blocks after which a fetched tile is loaded
    streaming: bool = False  #: stored packets leave the caches first
    nap: int = 40  #: nanoseconds between two looks back
    walking: bool = False  #: a block takes tile after tile


TUNING: Tuning = Tuning()
"""The measured default."""


class Work(NamedTuple):
    """What a row length comes to."""

    entry: str
    blocks: int
    threads: int  #: of a block
    lanes: int
    tiles: int  #: of a row


class Scan:
    """One of the two kernel ops over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver, operation: str, fused: Fused) -> None:
        self._driver = driver
        self._operation = operation
        self._fused = fused
        # One at a time: most programs need one, and each takes a while to compile.
        self._compiled = {
            entry: Compiled(driver, scan_source, entry, *((START,) if entry == TILES else ()))
            for entry in (SHORT, ROWS, TILES)
        }

    def __call__(
        self,
        device: int,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
    ) -> list[Memory]:
        """The operand scanned along its last axis, in C order."""
        ((dtype, shape),) = results
        (operand,) = operands
        rows, length = math.prod(shape[:-1]), shape[-1]
        tuning = TUNING
        work = plan(rows, length, dtype, tuning)
        across = runs_across(operand)
        if across and work.entry != SHORT:
            buffer = self._fused.copy(device, operand)
            operand = contiguous(buffer, dtype, shape)
        axes = collapsed(shape[:-1], operand.strides[:-1])
        compiled = self._compiled[work.entry]
        functions = compiled(
            device, work.entry, dtype, self._operation, len(axes), index_type(rows), tuning
        )
        driver = self._driver
        at_a_time = tuning.resident * driver.multiprocessors(device)
        ahead = math.ceil(tuning.ahead * at_a_time)
        out = driver.allocate(device, rows * length * dtype.itemsize)
        status = slots(driver, device, rows, work.tiles, dtype.itemsize)
        arguments = packed(
            [
                *(address(operand), operand.strides[-1], out.ptr, rows, length, work.lanes, across),
                *divisor(length),
                *divisor(work.tiles),
                *status.fields,
                ahead,
                *addressing(axes),
            ]
        )
        if status.words:
            driver.launch(device, functions[START], -(-status.words // BLOCK), BLOCK, 0, arguments)
        blocks = min(work.blocks, at_a_time) if tuning.walking and work.tiles > 1 else work.blocks
        driver.launch(device, functions[work.entry], blocks, work.threads, 0, arguments)
        return [out]


def runs_across(operand: Strided) -> bool:
    """Whether elements that are neighbours in memory are in different rows."""
    along = abs(operand.strides[-1])
    others = zip(operand.shape[:-1], operand.strides[:-1], strict=True)
    return operand.shape[-1] > 1 and any(n > 1 and 0 < abs(s) < along for n, s in others)


def packets(dtype: DType) -> int:
    """Packets of 16 bytes that a thread holds."""
    return {1: 2, 2: 4, 16: 6}.get(dtype.itemsize, 8)


def scan_source(
    entry: str, dtype: DType, operation: str, axes: int, index: str, tuning: Tuning
) -> str:
    """The text that includes scan.cu for a kernel, dtype, operation and number of axes of rows."""
    flags = {
        "folded": tuning.folded,
        "fetching": tuning.ahead > 0,
        "streaming": tuning.streaming,
        "walking": tuning.walking,
    }
    members = [
        f"using element = {CUDA.type_of(dtype)}",
        f"using combine = {operation}",
        f"static constexpr int row_axes = {axes}, packets = {tuning.packets or packets(dtype)}",
        f"using index = {index}",
        f"static constexpr int tile_block = {tuning.threads}, resident = {tuning.resident}",
        f"static constexpr unsigned nap = {tuning.nap}",
        *(f"static constexpr bool {name} = {str(flag).lower()}" for name, flag in flags.items()),
    ]
    text = source("scan.cu", "scan_types", members, dtype, "operations")
    return f"#define {entry.upper()}\n{text}"


def plan(rows: int, length: int, dtype: DType, tuning: Tuning) -> Work:
    """Which kernel takes rows of ``length``, and how the work is split; see scan.cu."""
    vector = 16 // dtype.itemsize
    share = WARP * vector * (tuning.packets or packets(dtype))
    if length <= SHORT_LENGTH:
        return Work(SHORT, -(-rows // SHORT_BLOCK), SHORT_BLOCK, 1, 1)
    if length <= share:
        lanes = min(WARP, 1 << (-(-length // vector) - 1).bit_length())
        return Work(ROWS, -(-rows * lanes // BLOCK), BLOCK, lanes, 1)
    tile = share * tuning.threads // WARP
    if length <= tile:
        return Work(TILES, rows, -(-length // share) * WARP, WARP, 1)
    tiles = -(-length // tile)
    return Work(TILES, rows * tiles, tuning.threads, WARP, tiles)
