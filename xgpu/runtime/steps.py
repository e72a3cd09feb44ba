"""Steps: what a captured function gave to its device, ready to be given again.

Buffers are numbered slots; a step reads and writes them in the list that it is run with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xgpu.graph.device import Device
from xgpu.graph.view import Shape
from xgpu.plugin.dtypes import DType
from xgpu.plugin.graphs import Launch, Named
from xgpu.plugin.ops import Op
from xgpu.plugin.program import Operand, Result, Strided
from xgpu.runtime import trace
from xgpu.runtime.lowering import Lowered

Slots = list[Any]


class Place(NamedTuple):
    """An operand whose buffer is in a slot."""

    operand: int
    slot: int
    offset: int
    strides: tuple[int, ...]


class Fused:
    """The launch of a program."""

    __slots__ = (
        "drop", "inputs", "kernel", "lowered", "made", "outputs", "reads", "reason", "shape",
        "writes",
    )  # fmt: skip

    def __init__(
        self,
        kernel: Any,
        lowered: Lowered,
        reason: str,
        reads: tuple[Place, ...],
        writes: tuple[Place, ...],
        made: tuple[int, ...],
    ) -> None:
        self.kernel: Any = kernel
        self.lowered: Lowered = lowered  #: without buffers, for the trace
        self.reason: str = reason
        self.shape: Shape = lowered.shape
        self.inputs: list[Operand] = list(lowered.inputs)
        self.outputs: list[Operand] = list(lowered.outputs)
        self.reads: tuple[Place, ...] = reads
        #: Outputs into a buffer that was there before.
        self.writes: tuple[Place, ...] = writes
        self.made: tuple[int, ...] = made  #: the slot of each output
        self.drop: tuple[int, ...] = ()  #: slots that nothing reads after this step

    def run(self, device: Device, slots: Slots) -> None:
        """Launch it; an output has the buffer that is in its slot, a fresh one for None."""
        inputs = self.inputs.copy()
        for operand, slot, offset, strides in self.reads:
            inputs[operand] = (slots[slot], offset, strides)
        outputs = self.outputs
        made = self.made
        if self.writes or slots[made[0]] is not None or len(made) > 1:
            outputs = [
                operand if slots[slot] is None else (slots[slot], operand[1], operand[2])
                for operand, slot in zip(outputs, made, strict=True)
            ]
            for operand, slot, offset, strides in self.writes:
                outputs[operand] = (slots[slot], offset, strides)
        buffers = device.backend.launch(device.index, self.kernel, self.shape, inputs, outputs)
        for slot, buffer in zip(made, buffers):  # noqa: B905
            slots[slot] = buffer
        if trace.active:
            trace.kernel(device, self.lowered, self.kernel, self.reason)

    def touched(self) -> set[int]:
        """The slots that it reads or writes."""
        return {place.slot for place in (*self.reads, *self.writes)} | set(self.made)

    def launch(self, names: Mapping[int, int], slots: Slots) -> Launch:
        """As a launch of a graph; ``names`` gives the numbers of `Named` by slot."""

        def at(slot: int) -> Any:
            return Named(names[slot]) if slot in names else slots[slot]

        inputs, outputs = self.inputs.copy(), self.outputs.copy()
        for operand, slot, offset, strides in self.reads:
            inputs[operand] = (at(slot), offset, strides)
        for number, slot in enumerate(self.made):
            outputs[number] = (at(slot), outputs[number][1], outputs[number][2])
        for operand, slot, offset, strides in self.writes:
            outputs[operand] = (at(slot), offset, strides)
        return Launch(self.kernel, self.shape, inputs, outputs)


class Own:
    """The call of an op that is a kernel of its own."""

    __slots__ = ("attributes", "drop", "made", "op", "operands", "reads", "results")

    def __init__(
        self,
        op: Op,
        operands: Sequence[Strided],
        results: Sequence[Result],
        attributes: Mapping[str, Any],
        reads: tuple[tuple[int, int], ...],
        made: tuple[int, ...],
    ) -> None:
        self.op: Op = op
        self.operands: list[Strided] = list(operands)
        self.results: list[Result] = list(results)
        self.attributes: Mapping[str, Any] = attributes
        self.reads: tuple[tuple[int, int], ...] = reads  #: (operand, slot)
        self.made: tuple[int, ...] = made
        self.drop: tuple[int, ...] = ()

    def run(self, device: Device, slots: Slots) -> None:
        """Make the call."""
        operands = self.operands.copy()
        for operand, slot in self.reads:
            operands[operand] = operands[operand]._replace(buffer=slots[slot])
        function = device.backend.kernel_ops[self.op.name]
        buffers = function(device.index, operands, self.results, self.attributes)
        for slot, buffer in zip(self.made, buffers, strict=True):
            slots[slot] = buffer
        trace.own_kernel(self.op, device, operands, self.results)

    def touched(self) -> set[int]:
        """The slots that it reads or writes."""
        return {slot for _, slot in self.reads} | set(self.made)


class Allocation:
    """Memory that a later step writes to."""

    __slots__ = ("drop", "dtype", "made", "size")

    def __init__(self, dtype: DType, size: int, made: tuple[int, ...]) -> None:
        self.dtype: DType = dtype
        self.size: int = size
        self.made: tuple[int, ...] = made
        self.drop: tuple[int, ...] = ()

    def run(self, device: Device, slots: Slots) -> None:
        """Allocate it, unless the slot has a buffer."""
        if slots[self.made[0]] is None:
            slots[self.made[0]] = device.backend.allocate(device.index, self.dtype, self.size)

    def touched(self) -> set[int]:
        """The slot that it fills."""
        return set(self.made)


Step = Fused | Own | Allocation
