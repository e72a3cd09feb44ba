"""The status memory of scans with look-back; see kernels/include/xgpu/look_back.cuh."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from xgpu_cuda.driver import Driver, Memory

GROUP: Final = 32
"""Tiles of a group, as in look_back.cuh."""
HEAD: Final = 2
"""Words before kept slots, as in block_look_back.cuh."""


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
    of_tiles, of_groups = _words(rows, tiles, itemsize)
    total = 1 + of_tiles + of_groups
    memory = driver.allocate(device, 8 * total)
    first = memory.ptr + 8
    return Slots(memory, total, (memory.ptr, first, first + 8 * of_tiles, total))


class KeptSlots:
    """Slots that no launch has to empty first: memory of each stream, zero when it is made.

    Kernels that follow one another on a stream may share it, whatever rows they have; see
    block_look_back.cuh.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._of: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()

    def __call__(self, device: int, rows: int, tiles: int, itemsize: int) -> Slots:
        """On this thread's stream, for ``rows`` of ``tiles`` each."""
        of_tiles, of_groups = _words(rows, tiles, itemsize)
        stream = self._driver.streams.current(device)
        memory = self._of.get(stream)
        if memory is None or memory.nbytes < 8 * (HEAD + of_tiles + of_groups):
            # A power of two, so that memory is seldom left for a little more.
            nbytes = 1 << (8 * (HEAD + of_tiles + of_groups) - 1).bit_length()
            memory = self._driver.allocate(device, nbytes)
            self._driver.to_device(device, memory, np.zeros(nbytes, np.uint8))
            memory.home = None  # which would keep the stream alive
            self._of[stream] = memory
        words, first = memory.nbytes // 8, memory.ptr + 8 * HEAD
        return Slots(memory, words, (memory.ptr, first, first + 8 * of_tiles, words))


def _words(rows: int, tiles: int, itemsize: int) -> tuple[int, int]:
    """The words of all tiles and of all groups; a word has 4 bytes of the value."""
    words = -(-itemsize // 4)
    return rows * tiles * words, rows * -(-tiles // GROUP) * words
