"""Radix sorts of long rows: launches of kernels/radix.cu.

Besides the result there is memory for the keys, and for places of 32 bits, of every other pass; the
passes in between use the result's own memory where it is large enough. Tickets, histograms and
the slots of two passes are 1 KiB each for a pass of a row and for a tile, which are some thousand
elements. All of it is given back when the kernels are queued.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from xgpu.codegen import divisor
from xgpu.plugin import Strided
from xgpu.plugin.dtypes import DType, kind_of
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.operands import WIDTHS, address, addressing, collapsed, packed, source

START: Final = "xgpu_radix_start"
HISTOGRAM: Final = "xgpu_radix_histogram"
PASS: Final = "xgpu_radix_pass"

START_BLOCK: Final = 256
HISTOGRAM_BLOCK: Final = 512
DIGITS: Final = 256
"""As in radix.cu and digits.cuh."""

NARROW: Final = 1 << 30
"""Elements of a row that are too many for the count in a slot of 32 bits."""

LONGEST: Final = 1 << 32
"""Elements of a row at most: places have 32 bits."""

MOST: Final = 1 << 31
"""Tiles that are too many for the 32 bits of a ticket."""

BLOCKS: Final = 4
"""Of the histogram, to a multiprocessor, unless there are more rows."""

PART: Final = 4096
"""Elements that such a block takes at least."""


class Shape(NamedTuple):
    """How the pass is compiled; docs/measurements/sorts.md has times of some shapes."""

    threads: int  #: of a block, 256 at least
    items: int  #: keys of a thread
    resident: int  #: blocks that are to share a multiprocessor
    window: int  #: slots that the look-back reads at a time
    matches: bool  #: equal digits of a warp by one instruction, not bit by bit


SHAPES: Final[dict[tuple[int, bool], Shape]] = {
    (1, False): Shape(384, 24, 2, 4, False),
    (2, False): Shape(384, 24, 2, 4, False),
    (4, False): Shape(384, 20, 3, 8, False),
    (8, False): Shape(256, 16, 2, 4, False),
    (1, True): Shape(384, 20, 2, 4, False),
    (2, True): Shape(384, 20, 2, 4, False),
    (4, True): Shape(384, 20, 2, 4, False),
    (8, True): Shape(384, 10, 2, 4, False),
}
"""By the bytes of a key, and whether places are asked for. Shared memory stays under 48 KiB."""


class Radix:
    """The sorts over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._compiled = Compiled(driver, radix_source, START, HISTOGRAM, PASS)

    def __call__(self, device: int, x: Strided, descending: bool, places: bool) -> Memory:
        """The elements in order along the last axis, or their places, int64."""
        driver, dtype, length = self._driver, x.dtype, x.shape[-1]
        rows = math.prod(x.shape) // length
        shape = shape_of(dtype, places, length)
        wide = length >= NARROW
        axes = collapsed(x.shape[:-1], x.strides[:-1])
        functions = self._compiled(device, dtype, places, len(axes), wide, shape)
        tiles, passes = tiles_of(length, shape), dtype.itemsize
        several = tiles > 1

        # Tickets, histograms and the slots of the first pass are emptied together.
        size = 8 if wide else 4
        histograms = rows * passes * DIGITS * size if several else 0
        slots = rows * tiles * DIGITS * size if several else 0
        tickets = -(-4 * passes // 16) * 16
        further = slots if passes > 1 else 0
        state = driver.allocate(device, tickets + histograms + slots + further)
        packets = (tickets + histograms + slots) // 16
        histogram = state.ptr + tickets if several else 0
        halves = [histogram + histograms, histogram + histograms + slots] if several else [0, 0]

        count = rows * length
        out = driver.allocate(device, count * (8 if places else dtype.itemsize))
        # The last of several passes reads the first of these, and the passes are even in number.
        buffers = [self._buffer(device, count, dtype.itemsize, places)] if passes > 1 else []
        if passes > 2:
            buffers.append(self._within(device, out, count, dtype.itemsize, places))

        parts = max(1, min(-(-length // PART), BLOCKS * driver.multiprocessors(device) // rows))
        share = -(-length // parts // PART) * PART
        given = [
            *(address(x), x.strides[-1], length, descending),
            *divisor(tiles),
            *divisor(parts),
            *(share, state.ptr, packets, histogram),
        ]
        row_axes = addressing(axes)

        def launch(entry: str, blocks: int, threads: int, *fields: int) -> None:
            arguments = packed([*given, *(fields or (0,) * 9), *row_axes])
            driver.launch(device, functions[entry], blocks, threads, 0, arguments)

        launch(START, -(-packets // START_BLOCK), START_BLOCK)
        if several:
            launch(HISTOGRAM, rows * parts, HISTOGRAM_BLOCK)
        for number in range(passes):
            last = number == passes - 1
            from_keys, from_places = buffers[(number - 1) % 2].addresses if number else (0, 0)
            to_keys, to_places = (0, 0) if last else buffers[number % 2].addresses
            launch(
                PASS,
                rows * tiles,
                shape.threads,
                *(halves[number % 2], 0 if last else halves[(number + 1) % 2]),
                *(state.ptr + 4 * number, 8 * number),
                *(from_keys, from_places, to_keys, to_places, out.ptr if last else 0),
            )
        return out

    def _buffer(self, device: int, count: int, size: int, places: bool) -> _Pairs:
        """Fresh memory for keys of ``size`` bytes, and for places if they are asked for."""
        keys = self._driver.allocate(device, count * size)
        order = self._driver.allocate(device, 4 * count) if places else None
        return _Pairs((keys.ptr, order.ptr if order else 0), (keys, order))

    def _within(self, device: int, out: Memory, count: int, size: int, places: bool) -> _Pairs:
        """The same in the result's memory, as far as that holds them."""
        if not places:
            return _Pairs((out.ptr, 0), (out,))
        if size <= 4:
            return _Pairs((out.ptr, out.ptr + 4 * count), (out,))
        order = self._driver.allocate(device, 4 * count)
        return _Pairs((out.ptr, order.ptr), (out, order))


class _Pairs(NamedTuple):
    """Where a pass writes keys and places."""

    addresses: tuple[int, int]
    memory: tuple[Memory | None, ...]  #: kept until the kernels are queued


def takes(x: Strided) -> bool:
    """Whether rows are not too long, and not too many."""
    length = x.shape[-1]
    rows = math.prod(x.shape) // length
    fewest = min(shape.threads * shape.items for shape in SHAPES.values())
    return length <= LONGEST and rows * -(-length // fewest) < MOST


def shape_of(dtype: DType, places: bool, length: int) -> Shape:
    """With half the items where a row is half a tile or less."""
    shape = SHAPES[dtype.itemsize, places]
    half = shape.items // 2
    return shape._replace(items=half) if length <= shape.threads * half else shape


def tiles_of(length: int, shape: Shape) -> int:
    """Tiles of a row."""
    return -(-length // (shape.threads * shape.items))


def radix_source(dtype: DType, places: bool, axes: int, wide: bool, shape: Shape) -> str:
    """The text that includes radix.cu for one dtype."""
    members = [
        *key_members(dtype),
        f"using count = uint{64 if wide else 32}_t",
        f"static constexpr bool places = {str(places).lower()}",
        f"static constexpr int batch_axes = {axes}",
        *(f"static constexpr int {name} = {value:d}" for name, value in shape._asdict().items()),
    ]
    return source("radix.cu", "radix_types", members)


def key_members(dtype: DType) -> list[str]:
    """The declarations that sort_key.cuh needs."""
    kind = {"i": 1, "f": 2}.get(kind_of(dtype), 0)
    infinity = infinity_bits(dtype) if kind == 2 else 0
    return [
        f"using element = {WIDTHS[dtype.itemsize]}",
        f"static constexpr int kind = {kind}",
        f"static constexpr uint64_t infinity = {infinity:#x}",
    ]


def infinity_bits(dtype: DType) -> int:
    """The bits of the infinity of a floating dtype."""
    return int(np.asarray(math.inf, dtype).view(f"u{dtype.itemsize}"))
