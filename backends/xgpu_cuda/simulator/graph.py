"""`SimulatorGraph`: launches that are remembered, and made one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xgpu.plugin import KernelError
from xgpu_cuda.driver import Bytes, Function, Grid


class SimulatorGraph:
    """See `xgpu_cuda.driver.LaunchGraph`."""

    def __init__(self, launch: Callable[..., None]) -> None:
        self._launch = launch
        self._launches: list[tuple[Any, ...]] = []
        self._queued = False

    def add(
        self, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """See `LaunchGraph.add`; the arguments are copied."""
        if self._queued:
            raise KernelError("a launch is added to a graph that was queued")
        self._launches.append((function, grid, block, shared, arguments.copy()))

    def change(
        self, number: int, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        """See `LaunchGraph.change`; CUDA refuses another function too."""
        if not self._queued or self._launches[number][0] is not function:
            raise KernelError(f"launch {number} of a graph is changed to {function.name}")
        self._launches[number] = (function, grid, block, shared, arguments.copy())

    def queue(self) -> None:
        """See `LaunchGraph.queue`; done on return."""
        self._queued = True
        for launch in self._launches:
            self._launch(*launch)
