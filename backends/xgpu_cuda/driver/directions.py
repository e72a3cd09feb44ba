"""`Directions`: which way launches go through memory.

A launch over more than the L2 cache holds leaves there what its last blocks read and wrote. If the
next one has the same arrays and begins at the other end, it finds that; if it begins where the
first one began, that is gone when it comes there. So large launches alternate, whatever they
compute: the last block takes the first part of the work in every second one. What the parts are,
and what is computed of each, is the same, and so are the bits.
"""

from __future__ import annotations

from typing import Final

LARGE: Final = 32 << 20
"""Bytes that a launch reads and writes, from which on it takes part. Those of a smaller one stay in
the L2 cache of an A100 or H100, 40 to 50 MB, in any order, and the host's time matters more."""


class Directions:
    """Those of the large launches on the devices of one driver."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def next(self, device: int) -> int:
        """1 for a launch whose last block is to take the first part, or 0; by turns."""
        found = self._next.get(device, 0)
        self._next[device] = 1 - found
        return found

    def forward(self, device: int) -> None:
        """What was launched last began at the front, as kernels that go one way do."""
        self._next[device] = 1
