"""The status memory of scans with look-back; see kernels/include/xgpu/look_back.cuh."""

from __future__ import annotations

from typing import Final, NamedTuple

from xgpu_cuda.driver import Driver, Memory

GROUP: Final = 32
"""Tiles of a group, as in look_back.cuh."""


class Slots(NamedTuple):
    """Memory for the ticket, the slots of the tiles and those of their groups."""

    memory: Memory | None  #: kept until the kernels that use it are queued
    words: int  #: of 8 bytes
    fields: tuple[int, int, int, int]  #: three addresses and ``words``, as the kernels take them


NONE: Final = Slots(None, 0, (0, 0, 0, 0))


def slots(driver: Driver, device: int, rows: int, tiles: int, itemsize: int) -> Slots:
    """For ``rows`` of ``tiles`` each, whose prefixes have ``itemsize`` bytes; none for one tile."""
    if tiles == 1:
        return NONE
    words = -(-itemsize // 4)  # a word has 4 bytes of the value
    of_tiles, of_groups = rows * tiles * words, rows * -(-tiles // GROUP) * words
    total = 1 + of_tiles + of_groups
    memory = driver.allocate(device, 8 * total)
    first = memory.ptr + 8
    return Slots(memory, total, (memory.ptr, first, first + 8 * of_tiles, total))
