"""`Kernel`: what a compiled program offers to the backend, whatever kernels are behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from xgpu.codegen import BACKWARDS, Packer, emit
from xgpu.codegen.cuda import CUDA
from xgpu.plugin import KernelError, Operand, Program
from xgpu_cuda.driver import LARGE, Bytes, Driver, Function, Memory
from xgpu_cuda.launch.quick import Steady
from xgpu_cuda.launch.setting import setting

PLANS: Final = 1024
"""How many sizes a kernel remembers before it starts over."""

SMALL: Final = 1 << 16
"""Points up to which it is worth more to compile a kernel in half the time than to have the best:
fewer than fill the chip once, they take as long as the launch."""


WAYS: Final = ("always", "large")
"""What ``XGPU_OPTIMISE`` can be."""


IN_MEMORY: Final = ("contiguous", "strided")
"""How an operand is addressed that has a place in memory for each point."""


class Along:
    """Tells by strides whether a reduction's operands have their neighbours along kept axes."""

    def __init__(self, program: Program) -> None:
        full_inputs = tuple(n for n, i in enumerate(program.inputs) if not i.after)
        full_outputs = tuple(n for n, o in enumerate(program.outputs) if not o.reduced)
        #: (is an output, number, bytes per element) of what is addressed by strides.
        self.strided = tuple(
            [
                (False, n, program.inputs[n].dtype.itemsize)
                for n in full_inputs
                if program.inputs[n].access == "strided"
            ]
            + [
                (True, n, program.outputs[n].dtype.itemsize)
                for n in full_outputs
                if program.outputs[n].access == "strided"
            ]
        )
        self._last = program.kept - 1
        self._contiguous_bytes = sum(
            program.inputs[n].dtype.itemsize
            for n in full_inputs
            if program.inputs[n].access == "contiguous"
        )
        self.possible: bool = program.kept > 0 and bool(self.strided)

    def kept(self, inputs: Sequence[Operand], outputs: Sequence[Operand]) -> bool:
        """Whether, by bytes, more operands have their neighbours along the kept axes."""
        lead = -self._contiguous_bytes
        for is_output, number, itemsize in self.strided:
            strides = (outputs if is_output else inputs)[number][2]
            along_kept, along_reduced = abs(strides[self._last]), abs(strides[-1])
            if along_kept and (not along_reduced or along_kept < along_reduced):
                lead += itemsize
            elif along_reduced:
                lead -= itemsize
        return lead > 0


class Kernel(ABC):
    """A program compiled for one device.

    ``name`` says what it computes, ``source`` is its generated text, ``compiled`` where its code
    came from last ("compiled", or "disk" for the cache), ``compile_seconds`` what it took in all.
    ``kind`` is what the name begins with.

    It is compiled when a size is first launched: quickly for few points, thoroughly for many, to
    the same bits; what was compiled thoroughly serves for few as well. The environment variable
    ``XGPU_OPTIMISE`` says what is compiled thoroughly: ``large`` launches, the default, or
    ``always``.
    """

    kind: str

    def __init__(self, driver: Driver, device: int, program: Program) -> None:
        self.driver = driver
        self.device = device
        self.program = program
        self.packer = Packer(program)
        #: Points of a launch from which on it is one of those that `Directions` counts.
        self.large = -(-LARGE // max(1, _moved(program)))
        self._output_sizes = tuple((o.dtype.itemsize, o.reduced) for o in program.outputs)
        try:
            self.source = emit(program, CUDA)
        except ValueError as error:
            raise KernelError(f"malformed program: {error}") from error
        self.name = f"{self.kind}[{'+'.join(program.ops()) or 'copy'}]"
        self.compiled: str = "memory"
        self.compile_seconds: float = 0.0
        self._loaded: dict[tuple[Hashable, bool], dict[str, Function]] = {}

    def load(
        self, key: Hashable, source: Callable[[], str], entries: tuple[str, ...], points: int
    ) -> dict[str, Function]:
        """The functions of a source by name, for launches over so many points.

        ``key`` tells the sources of one kernel apart; ``source`` is called once for each way of
        compiling it.
        """
        known, small = self._loaded, points <= SMALL
        loaded = (known.get((key, True)) if small else None) or known.get((key, False))
        if loaded is None:
            quick = small and not _thorough()
            loaded = self.driver.load(self.device, source(), entries, quick)
            known[key, quick] = loaded
            self.compiled = loaded[entries[0]].compiled
            self.compile_seconds += loaded[entries[0]].compile_seconds
        return loaded

    def turn(self, arguments: Bytes) -> None:
        """Have a large launch, whose struct this is, go where `Directions` says."""
        arguments[BACKWARDS] = self.driver.directions.next(self.device)

    def donors(self, shape: tuple[int, ...]) -> Sequence[tuple[int, int]]:
        """(input, output) of which, over ``shape``, the input's memory may be the output's."""
        return ()

    def steady(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> Steady | None:
        """What all launches over ``shape`` with these offsets and strides have in common.

        None where their addresses matter too, or there is more to do than one kernel.
        """
        return None

    @abstractmethod
    def launch(
        self, shape: tuple[int, ...], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> list[Memory]:
        """Run over ``shape``; see `xgpu.plugin.Backend.launch`."""

    def buffers(self, points: int, kept: int, outputs: Sequence[Operand]) -> list[Operand]:
        """The outputs, with memory allocated where none is given."""
        allocate, device = self.driver.allocate, self.device
        if len(outputs) == 1 and outputs[0][0] is None:
            ((size, reduced),) = self._output_sizes
            memory = allocate(device, (kept if reduced else points) * size)
            return [(memory, 0, outputs[0][2])]
        return [
            output
            if output[0] is not None
            else (allocate(device, (kept if reduced else points) * size), output[1], output[2])
            for output, (size, reduced) in zip(outputs, self._output_sizes, strict=True)
        ]


def _thorough() -> bool:
    """Whether `SMALL` launches are compiled thoroughly too.

    Raises:
        ValueError: ``$XGPU_OPTIMISE`` is none of its values.
    """
    return setting("XGPU_OPTIMISE", WAYS, "large") == "always"


def _moved(program: Program) -> int:
    """Bytes that are read and written for each point of the whole space, at most."""
    given = [i.dtype.itemsize for i in program.inputs if not i.after and i.access in IN_MEMORY]
    return sum(given) + sum(o.dtype.itemsize for o in program.outputs if not o.reduced)
