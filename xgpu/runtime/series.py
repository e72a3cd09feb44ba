"""Series: structures that come to several programs, or to programs that write more than their root.

What a root is made of does not always fit into one program: rows that are too long are reduced
before they are read again, and an intermediate that somebody holds is written beside the root. The
programs are noted where the structure is lowered, each with where its operands come from: the
leaves that `recall.walk` found, or what a program before it wrote. A matcher then gives, for
another root of the structure, the operands and the nodes of each, and they are launched one after
another. A node has its buffer, and lets go of its inputs, as soon as its program is launched; so
memory is given back when it would be if the structure were lowered again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xgpu.graph.faults import explain, launched
from xgpu.graph.node import Node, settle
from xgpu.graph.view import Shape
from xgpu.plugin.errors import KernelError
from xgpu.plugin.launchers import Launcher
from xgpu.plugin.program import Operand
from xgpu.runtime import donation
from xgpu.runtime.collapse import Load
from xgpu.runtime.lowering import Lowered
from xgpu.runtime.recall import Places, Plan, Walk, places

CALLERS: Final = 4
"""The nearest frame that may be the user's, from `_launch` over `materialize` outwards."""


class Source(NamedTuple):
    """Where an operand of a step comes from: a leaf, a node that was written before, or neither."""

    leaf: int | None
    node: int | None
    offset: int
    strides: tuple[int, ...]


class Step:
    """The launch of one program."""

    __slots__ = ("kernel", "made", "nodes", "outputs", "shape", "sources")

    def __init__(
        self,
        kernel: Any,
        shape: Shape | None,
        sources: tuple[Source, ...],
        outputs: tuple[Operand, ...],
        nodes: tuple[int, ...],
    ) -> None:
        self.kernel: Any = kernel
        self.shape: Shape | None = shape  #: None: one axis with the root's elements
        self.sources: tuple[Source, ...] = sources
        self.outputs: tuple[Operand, ...] = outputs
        self.nodes: tuple[int, ...] = nodes  #: what each output is the value of
        #: The operands that are nodes, which have their buffers by then.
        self.made: tuple[int, ...] = tuple(n for n, s in enumerate(sources) if s.node is not None)


class Series:
    """What a structure came to, of which somebody held some nodes."""

    __slots__ = ("held", "hits", "match", "steps")

    def __init__(self, steps: tuple[Step, ...], held: frozenset[int]) -> None:
        self.steps: tuple[Step, ...] = steps
        self.held: frozenset[int] = held  #: by their numbers in `Walk.nodes`
        #: How often the structure was met since.
        self.hits: int = 0
        self.match: Any = None  #: its matcher, when it has one


class Noting:
    """What a structure is lowered to, while it is."""

    __slots__ = ("_flat", "_held", "_leaves", "_nodes", "_size", "_steps", "_written")

    def __init__(self, found: Walk, held: frozenset[int]) -> None:
        # Nodes are let go of on the way: they are known by their ids, and not held.
        self._leaves: Places = places(found.leaves)
        self._nodes = {id(node): number for number, node in enumerate(found.nodes)}
        self._flat = found.flat
        self._held = held
        self._size = math.prod(found.nodes[0].shape)
        self._steps: list[Step] | None = []  # None: it is no series
        self._written: set[int] = set()

    def program(self, kernel: Any, lowered: Lowered, loads: Sequence[Load]) -> None:
        """One more was launched."""
        steps, self._steps = self._steps, None
        nodes = tuple(self._nodes.get(id(node), -1) for node in lowered.nodes)
        if steps is None or 0 in lowered.shape or -1 in nodes or self._written.intersection(nodes):
            return
        if self._flat and lowered.shape != (self._size,):
            return
        sources: list[Source] = []
        for (kind, node, _, _, _), (_, offset, strides) in zip(loads, lowered.inputs, strict=True):
            leaf, number = None, None
            if kind != "index":
                leaf, scalar = self._leaves.get(id(node), (None, False))
                if leaf is None or scalar != (kind == "scalar"):
                    leaf, number = None, self._nodes.get(id(node))
                    if kind == "scalar" or number not in self._written:
                        return
            sources.append(Source(leaf, number, offset, strides))
        self._written.update(nodes)
        shape = None if self._flat else lowered.shape
        outputs = tuple((None, offset, strides) for _, offset, strides in lowered.outputs)
        steps.append(Step(kernel, shape, tuple(sources), outputs, nodes))
        self._steps = steps

    def plan(self, references: int) -> Plan | Series | None:
        """All of it, if the root was written by what is known and nothing else.

        ``references`` are those to the nodes but the root, when nobody else holds one.
        """
        if not self._steps or 0 not in self._steps[-1].nodes:
            return None
        step = self._steps[0]
        if self._held or len(self._steps) > 1 or len(step.nodes) > 1:
            return Series(tuple(self._steps), self._held)
        inputs = tuple([(s.leaf, s.offset, s.strides) for s in step.sources])
        return Plan(step.kernel, step.shape, inputs, step.outputs, references)


def run(root: Node, series: Series, launchers: Sequence[Launcher | None], found: list[Any]) -> None:
    """Launch the steps for ``root``, each by its launcher, if it has one.

    ``found`` is what the matcher gave, which is used up: for each step, the last one first, the
    nodes that it writes and its operands, with nodes for those that a step before it writes.
    """
    steps = series.steps
    for number in range(len(steps)):
        launcher = launchers[number] if launchers else None
        _launch(root, steps[number], launcher, found.pop(), found.pop())


def _launch(
    root: Node,
    step: Step,
    launcher: Launcher | None,
    values: list[Any],
    nodes: tuple[Node, ...],
) -> None:
    # What is named here is held until the launch is queued, and no longer.
    device = root.device
    for place in step.made:
        values[place] = values[place].buffer
    launched(device.recent, step.kernel, CALLERS)
    try:
        if launcher is not None:
            buffers = [launcher(values)]
        else:
            shape = step.shape
            outputs: Sequence[Operand] = step.outputs
            if shape is None:
                shape = (math.prod(root.shape),)
            inputs = [
                (value, source.offset, source.strides)
                for value, source in zip(values, step.sources)  # noqa: B905
            ]
            del values
            if math.prod(shape) >= donation.LEAST:
                outputs = donation.outputs_of(nodes, nodes, step.kernel, shape, inputs, outputs, ())
            buffers = device.backend.launch(device.index, step.kernel, shape, inputs, outputs)
    except KernelError as error:
        explain(error, device.recent, device)
        raise
    for node, buffer in zip(nodes, buffers):  # noqa: B905
        settle(node, buffer)
