"""`CudaGraphs`: launches of programs as one CUDA graph, whose operands may be others each time.

A launch that is added to a graph, or changed in it, is made by the same code as one that is queued
(`launch/`): meanwhile the driver hands what it is asked to launch to the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xgpu.plugin import Graph, KernelError, Launch, Named, Operand
from xgpu_cuda.driver import Driver, Grid, LaunchGraph, Memory
from xgpu_cuda.driver.memory import Bytes
from xgpu_cuda.driver.protocol import Function


class _Member:
    """One program's launch in a graph."""

    __slots__ = ("at", "count", "first", "inputs", "kept", "kernel", "named", "outputs", "shape")

    def __init__(self, launch: Launch) -> None:
        self.kernel = launch.kernel
        self.shape = launch.shape
        self.inputs: list[Operand] = list(launch.inputs)
        self.outputs: list[Operand] = list(launch.outputs)
        #: (list, place in it, number of the named buffer, offset, strides)
        self.at: list[tuple[list[Operand], int, int, int, tuple[int, ...]]] = []
        for operands in (self.inputs, self.outputs):
            for place, (value, offset, strides) in enumerate(operands):
                if isinstance(value, Named):
                    self.at.append((operands, place, value.number, offset, strides))
        self.named = tuple({number for _, _, number, _, _ in self.at})
        self.first = self.count = 0  # of the kernel launches that it is made of
        self.kept: list[Memory] = []  # what it allocated for itself

    def take(self, named: Sequence[Memory]) -> None:
        """Put these buffers in their places."""
        for operands, place, number, offset, strides in self.at:
            operands[place] = (named[number], offset, strides)

    def let_go(self) -> None:
        """Hold no buffer that was given for one launch."""
        for operands, place, number, offset, strides in self.at:
            operands[place] = (Named(number), offset, strides)


class _Recorded:
    """What `CudaGraphs.record` gives."""

    __slots__ = ("addresses", "graph", "members", "memory")

    def __init__(self, graph: LaunchGraph) -> None:
        self.graph = graph
        self.members: list[_Member] = []
        self.addresses: list[int] = []
        #: The buffers that are the graph's for good.
        self.memory: list[Memory] = []


class CudaGraphs:
    """See `xgpu.plugin.Graphs`."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def record(self, device: int, launches: Sequence[Launch], named: Sequence[Memory]) -> Graph:
        """See `xgpu.plugin.Graphs.record`."""
        made = _Recorded(self._driver.new_graph(device))
        number = 0

        def add(function: Function, grid: Grid, block: int, shared: int, data: Bytes) -> None:
            nonlocal number
            made.graph.add(function, grid, block, shared, data)
            number += 1

        for launch in launches:
            member = _Member(launch)
            member.first = number
            self._run(member, named, add)
            member.count = number - member.first
            made.members.append(member)
            operands = (*launch.inputs, *launch.outputs)
            made.memory += [value for value, _, _ in operands if isinstance(value, Memory)]
        made.addresses = [memory.ptr for memory in named]
        return made

    def launch(self, device: int, graph: Graph, named: Sequence[Memory]) -> None:
        """See `xgpu.plugin.Graphs.launch`; launches whose operands lie elsewhere are changed."""
        addresses = [memory.ptr for memory in named]
        if addresses != graph.addresses:
            before = graph.addresses
            graph.addresses = []  # until all are changed, no launch may rely on them
            for member in graph.members:
                if not before or any(addresses[n] != before[n] for n in member.named):
                    self._change(graph.graph, member, named)
            graph.addresses = addresses
        streams = self._driver.streams
        if not streams.several:
            graph.graph.queue()
            return
        own = [memory for member in graph.members for memory in member.kept]
        homes = streams.foreign(device, [*named, *graph.memory, *own])
        streams.after(device, homes)
        graph.graph.queue()
        streams.before(device, homes)

    def _change(self, graph: LaunchGraph, member: _Member, named: Sequence[Memory]) -> None:
        number = member.first

        def change(function: Function, grid: Grid, block: int, shared: int, data: Bytes) -> None:
            nonlocal number
            graph.change(number, function, grid, block, shared, data)
            number += 1

        self._run(member, named, change)
        if number - member.first != member.count:
            raise KernelError(
                f"a launch of {member.kernel.name} in a graph came to {number - member.first} "
                f"kernels with other operands, where it was {member.count}"
            )

    def _run(self, member: _Member, named: Sequence[Memory], sink: Any) -> None:
        kept: list[Memory] = []
        member.take(named)
        self._driver.redirect(sink, kept)
        try:
            member.kernel.launch(member.shape, member.inputs, member.outputs)
        finally:
            self._driver.redirect(None, [])
            member.let_go()
        member.kept = kept
