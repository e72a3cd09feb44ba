"""`Graphs`: what a backend offers that can queue several launches at the cost of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from xgpu.plugin.program import Operand

Graph = Any
"""What `Graphs.record` made of launches."""


class Named(NamedTuple):
    """Stands in an operand for the buffer of that number, which each launch of a graph names."""

    number: int


class Launch(NamedTuple):
    """One launch of a graph, as `xgpu.plugin.Backend.launch` takes it.

    Every output has a buffer; a buffer that differs between the graph's launches is a `Named`.
    """

    kernel: Any
    shape: tuple[int, ...]
    inputs: Sequence[Operand]
    outputs: Sequence[Operand]


class Graphs(Protocol):
    """A backend's attribute ``graphs``, if it has one.

    Without it, the launches of a captured function (`xgpu.capture`) are made one by one.
    """

    def record(self, device: int, launches: Sequence[Launch], named: Sequence[Any]) -> Graph:
        """The launches, in this order, as one graph; ``named`` are buffers that it may be given.

        Nothing runs. The graph keeps the buffers alive that its operands hold, not those named.

        Raises:
            KernelError: the device does not take them.
        """
        ...

    def launch(self, device: int, graph: Graph, named: Sequence[Any]) -> None:
        """Queue the graph, with these buffers for the `Named` ones.

        Raises:
            KernelError: that is not possible, or an earlier kernel faulted.
        """
        ...
