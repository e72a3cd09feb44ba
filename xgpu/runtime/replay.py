"""`Replay`: the steps of a tape, given to the device again with other buffers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xgpu.graph.device import Device
from xgpu.graph.faults import explain
from xgpu.plugin.errors import KernelError
from xgpu.plugin.graphs import Graphs
from xgpu.runtime import trace
from xgpu.runtime.steps import Allocation, Fused, Slots, Step
from xgpu.runtime.tape import Tape


class GraphRun:
    """Steps that a backend with graphs queues as one; what only they use has memory for good."""

    __slots__ = ("_graph", "_named", "drop", "kept", "made", "steps")

    def __init__(self, steps: list[Step], inside: set[int]) -> None:
        self.steps: list[Step] = steps
        #: The slots that only these steps use.
        self.kept: set[int] = inside
        touched = set().union(*(step.touched() for step in steps))
        self._named = sorted(touched - inside)
        made = {slot for step in steps for slot in step.made} - inside
        #: What is fresh at each launch: (slot, dtype, elements).
        self.made: list[tuple[int, Any, int]] = []
        for step in steps:
            for slot, dtype, size in _memory(step):
                if slot in made:
                    made.remove(slot)
                    self.made.append((slot, dtype, size))
        self._graph: Any = None
        self.drop: tuple[int, ...] = tuple(sorted({s for step in steps for s in step.drop}))

    def run(self, device: Device, slots: Slots) -> None:
        """Queue the graph, which the first call makes."""
        if trace.active:
            for step in self.steps:
                step.run(device, slots)
            return
        backend, index = device.backend, device.index
        for slot, dtype, size in self.made:
            if slots[slot] is None:
                slots[slot] = backend.allocate(index, dtype, size)
        named = [slots[slot] for slot in self._named]
        graphs: Graphs = backend.graphs
        if self._graph is None:
            self._graph = self._recorded(device, graphs, slots, named)
        graphs.launch(index, self._graph, named)

    def _recorded(self, device: Device, graphs: Graphs, slots: Slots, named: list[Any]) -> Any:
        memory = slots.copy()
        #: Memory whose last reader in the graph has been, by its size in bytes.
        free: dict[int, list[Any]] = {}
        sizes: dict[int, int] = {}
        for step in self.steps:
            for slot, dtype, size in _memory(step):
                if slot in self.kept and memory[slot] is None:
                    nbytes = sizes[slot] = dtype.itemsize * size
                    left = free.get(nbytes)
                    memory[slot] = (
                        left.pop() if left else device.backend.allocate(device.index, dtype, size)
                    )
            for slot in step.drop:
                if slot in sizes:
                    free.setdefault(sizes[slot], []).append(memory[slot])
        names = {slot: number for number, slot in enumerate(self._named)}
        launches = [step.launch(names, memory) for step in self.steps if isinstance(step, Fused)]
        return graphs.record(device.index, launches, named)


class Replay:
    """What a tape has, for ``results``: the slots that are looked at when all steps are done."""

    def __init__(self, tape: Tape, results: Iterable[int]) -> None:
        self.device: Device = tape.device
        self.count: int = tape.count
        self._constants = [*tape.constants.values()]
        steps = _needed(tape.steps, set(results))
        _drop(steps, set(results))
        #: Launches of kernels.
        self.launches: int = sum(not isinstance(step, Allocation) for step in steps)
        self.steps: list[Step | GraphRun] = [*steps]
        if getattr(tape.device.backend, "graphs", None) is not None:
            self.steps = _grouped(steps, set(results))
        #: Slots with a buffer that ``run`` may be given: what fresh memory is made for.
        self.fresh: set[int] = {slot for step in steps for slot, _, _ in _memory(step)}

    @property
    def graphs(self) -> int:
        """How many graphs there are."""
        return sum(isinstance(step, GraphRun) for step in self.steps)

    def run(self, slots: Slots) -> None:
        """Fill ``slots``, which has the buffers of the inputs, and of results those to write to."""
        device, steps = self.device, self.steps
        try:
            if len(steps) == 1:
                steps[0].run(device, slots)
                return
            for step in steps:
                step.run(device, slots)
                for slot in step.drop:
                    slots[slot] = None
        except KernelError as error:
            explain(error, device.recent, device)
            raise


def _memory(step: Step) -> list[tuple[int, Any, int]]:
    """(slot, dtype, elements) of what a step has allocated, where others may do it instead."""
    if isinstance(step, Allocation):
        return [(step.made[0], step.dtype, step.size)]
    if not isinstance(step, Fused):
        return []
    kept = step.lowered.key[0]
    shape = step.lowered.shape
    written = {place.operand for place in step.writes}
    found = []
    for number, (slot, output) in enumerate(zip(step.made, step.lowered.key[5], strict=True)):
        if number not in written:
            _, dtype, _, reduced = output
            size = 1
            for length in shape[:kept] if reduced else shape:
                size *= length
            found.append((slot, dtype, size))
    return found


def _needed(steps: list[Step], wanted: set[int]) -> list[Step]:
    """The steps without which a slot that is wanted would have another value."""
    wanted = set(wanted)
    found: list[Step] = []
    for step in reversed(steps):
        if not wanted.isdisjoint(step.made):
            wanted |= step.touched()
            found.append(step)
    return found[::-1]


def _drop(steps: list[Step], results: set[int]) -> None:
    """Note at each step which slots nothing needs after it."""
    done = set(results)
    for step in reversed(steps):
        last = step.touched() - done
        step.drop = tuple(sorted(last))
        done |= last


def _grouped(steps: list[Step], results: set[int]) -> list[Step | GraphRun]:
    """Neighbours that a graph can have, as graphs."""
    grouped: list[Step | GraphRun] = []
    group: list[Step] = []

    def close() -> None:
        # On an H100 a graph of one kernel costs the host less than its launch.
        if not any(isinstance(step, Fused) for step in group):
            grouped.extend(group)
        else:
            here = {id(step) for step in group}
            inside = set().union(*(step.made for step in group))
            others = [step for step in steps if id(step) not in here]
            inside -= results.union(*(step.touched() for step in others))
            grouped.append(GraphRun(list(group), inside))
        group.clear()

    for step in steps:
        if isinstance(step, (Fused, Allocation)):
            group.append(step)
        else:
            close()
            grouped.append(step)
    close()
    return grouped
