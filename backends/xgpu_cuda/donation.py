"""`CudaDonation`: whose memory a launch may write its results to."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xgpu.plugin import Operand
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch import Kernel


class CudaDonation:
    """See `xgpu.plugin.Donation`."""

    def __init__(self, driver: Driver) -> None:
        self._streams = driver.streams

    def pairs(
        self, device: int, kernel: Kernel, shape: tuple[int, ...], inputs: Sequence[Operand]
    ) -> Sequence[tuple[int, int]]:
        """See `xgpu.plugin.Donation.pairs`."""
        possible = kernel.donors(shape)
        if not possible:
            return ()
        points = math.prod(shape)
        found = []
        for source, target in possible:
            memory, offset, _ = inputs[source]
            size = kernel.program.inputs[source].dtype.itemsize
            if (
                offset == 0
                and memory.nbytes == points * size
                and sum(value is memory for value, _, _ in inputs) == 1
                and self._here(device, memory)
            ):
                found.append((source, target))
        return found

    def _here(self, device: int, memory: Memory) -> bool:
        # Memory is freed, and so given out again, in the order of its home.
        return not (self._streams.several and self._streams.foreign(device, (memory,)))
