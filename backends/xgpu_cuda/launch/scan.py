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
from xgpu_cuda.launch.look_back import KeptSlots, slots
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
STAGED: Final = "xgpu_scan_staged"
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


TUNING: Tuning = Tuning()
"""The measured default."""


class Staging(NamedTuple):
    """How xgpu_scan_staged is compiled; see scan_staged.cu."""

    threads: int  #: of a block
    packets: int  #: of 16 bytes that a thread has of a tile
    stages: int = 3  #: tiles that a block has at a time
    resident: int = 1  #: blocks that are to share a multiprocessor

    @property
    def shared(self) -> int:
        """Bytes of shared memory of a block."""
        return self.stages * self.threads * self.packets * 16


STAGING: Staging | None = Staging(896, 5)
"""For rows of several tiles, where there is enough shared memory and work; None: not used."""

WIDE: Final = 4
"""Bytes of an element, at least: what narrower ones take in stages was not measured."""

WASTE: Final = 1.05
"""Whole tiles of a row by its length, at most: the last tile takes as long as the others."""

ROUNDS: Final = 4
"""Tiles for each block of xgpu_scan_staged, at least: with fewer there is nothing to overlap."""

RESERVED: Final = 3 << 10
"""Bytes of shared memory of a block besides the stages, what the driver takes included."""


class Work(NamedTuple):
    """What a row length comes to."""

    entry: str
    blocks: int
    threads: int  #: of a block
    lanes: int
    tiles: int  #: of a row
    shared: int = 0  #: bytes of dynamic shared memory of a block


class Scan:
    """One of the two kernel ops over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver, operation: str, fused: Fused) -> None:
        self._driver = driver
        self._operation = operation
        self._fused = fused
        # One at a time: most programs need one, and each takes a while to compile.
        self._compiled = {
            entry: Compiled(driver, scan_source, entry, *((START,) if entry == TILES else ()))
            for entry in (SHORT, ROWS, TILES, STAGED)
        }
        self._kept = KeptSlots(driver)

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
        driver = self._driver
        tuning: Tuning | Staging = TUNING
        work = plan(rows, length, dtype, TUNING)
        staging = STAGING
        if staging is not None and work.tiles > 1:
            blocks = staging.resident * driver.multiprocessors(device)
            room = shared_memory(driver.compute_capability(device))
            staged = plan_staged(rows, length, dtype, staging, blocks, room)
            if staged is not None:
                work, tuning = staged, staging
        across = runs_across(operand)
        if across and work.entry != SHORT:
            buffer = self._fused.copy(device, operand)
            operand = contiguous(buffer, dtype, shape)
        axes = collapsed(shape[:-1], operand.strides[:-1])
        compiled = self._compiled[work.entry]
        functions = compiled(
            device, work.entry, dtype, self._operation, len(axes), index_type(rows), tuning
        )
        ahead = 0
        if isinstance(tuning, Tuning):
            at_a_time = tuning.resident * driver.multiprocessors(device)
            ahead = math.ceil(tuning.ahead * at_a_time)
            status = slots(driver, device, rows, work.tiles, dtype.itemsize)
        else:
            status = self._kept(device, rows, work.tiles, dtype.itemsize)
        out = driver.allocate(device, rows * length * dtype.itemsize)
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
        if START in functions and status.words:
            driver.launch(device, functions[START], -(-status.words // BLOCK), BLOCK, 0, arguments)
        driver.launch(
            device, functions[work.entry], work.blocks, work.threads, work.shared, arguments
        )
        return [out]


def runs_across(operand: Strided) -> bool:
    """Whether elements that are neighbours in memory are in different rows."""
    along = abs(operand.strides[-1])
    others = zip(operand.shape[:-1], operand.strides[:-1], strict=True)
    return operand.shape[-1] > 1 and any(n > 1 and 0 < abs(s) < along for n, s in others)


def packets(dtype: DType) -> int:
    """Packets of 16 bytes that a thread holds."""
    return {1: 2, 2: 4, 16: 6}.get(dtype.itemsize, 8)


def shared_memory(capability: str) -> int:
    """Bytes that a block of xgpu_scan_staged can have; 0 where a GPU has no such copies.

    See the CUDA C++ Programming Guide, "Compute Capabilities".
    """
    if int(capability.partition(".")[0]) < 8:
        return 0
    kib = {"8.0": 163, "8.7": 163, "9.0": 227, "10.0": 227, "10.3": 227, "11.0": 227}
    return kib.get(capability, 99) << 10


def scan_source(
    entry: str, dtype: DType, operation: str, axes: int, index: str, tuning: Tuning | Staging
) -> str:
    """The text that includes scan.cu for a kernel, dtype, operation and number of axes of rows."""
    plain = tuning if isinstance(tuning, Tuning) else None
    flags = {
        "folded": plain is not None and plain.folded,
        "fetching": plain is not None and plain.ahead > 0,
    }
    members = [
        f"using element = {CUDA.type_of(dtype)}",
        f"using combine = {operation}",
        f"static constexpr int row_axes = {axes}, packets = {tuning.packets or packets(dtype)}",
        f"using index = {index}",
        f"static constexpr int tile_block = {tuning.threads}, resident = {tuning.resident}",
        *(f"static constexpr bool {name} = {str(flag).lower()}" for name, flag in flags.items()),
    ]
    defined = entry.upper()
    file = "scan.cu"
    if isinstance(tuning, Staging):
        members.append(f"static constexpr int stages = {tuning.stages}")
        defined += f"\n#define XGPU_DYNAMIC_SHARED {tuning.shared}"
        file = "scan_staged.cu"
    text = source(file, "scan_types", members, dtype, "operations")
    return f"#define {defined}\n{text}"


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


def plan_staged(
    rows: int, length: int, dtype: DType, staging: Staging, blocks: int, room: int
) -> Work | None:
    """How ``blocks`` share rows of several tiles, with ``room`` in shared memory; None: not so."""
    tile = staging.threads * staging.packets * (16 // dtype.itemsize)
    tiles = -(-length // tile)
    if dtype.itemsize < WIDE or tiles * tile > WASTE * length:
        return None
    if tiles == 1 or rows * tiles < ROUNDS * blocks or staging.shared + RESERVED > room:
        return None
    return Work(STAGED, blocks, staging.threads, WARP, tiles, staging.shared)
