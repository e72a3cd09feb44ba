"""`Quick`: launches of one kernel over one size, made again and again, that cost the host least.

Whatever kind of kernel it is, what follows from kernel, size and strides is worked out once
(`Steady`); a launch writes addresses and numbers into a struct of its own and queues the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from xgpu.codegen import BACKWARDS, Varying
from xgpu.plugin import Operand, Program
from xgpu_cuda.driver import Driver, Function, LaunchGraph, Memory

REPEATED: Final = 3
"""Launches with the same operands after which a graph is made of the next."""

MOST: Final = 3000
"""The same, where graphs were made in vain."""

SMALL: Final = 1 << 22
"""Bytes of the result up to which the host's time is worth one."""


class Steady(NamedTuple):
    """A kernel over a size, all that a launch needs besides its operands."""

    function: Function
    grid: int
    block: int
    header: Sequence[int]
    nbytes: int  #: of the one output
    large: bool  #: whether it is one of those launches that `Directions` counts
    #: (number of an input, bytes that its address must be a multiple of): else it is `otherwise`.
    aligned: tuple[tuple[int, int], ...] = ()
    #: A launch on these inputs that has nothing in common with the others.
    otherwise: Callable[[Sequence[Any]], Memory] | None = None


class _Operands:
    """Those of a launch, and the graph that is made for them if they come again."""

    __slots__ = ("again", "graph", "slots", "zeros")

    def __init__(self) -> None:
        self.slots: tuple[Any, ...] = ()
        self.zeros: tuple[int, ...] | None = None  #: see `Varying.zeros`; None while nobody asked
        self.again = 0
        self.graph: LaunchGraph | None = None


class Quick:
    """One kernel, one size, one output.

    A loop often launches a kernel with the operands that it had before, or in the turn before that,
    since what is freed is given out again. Then neither its struct nor its parameters are made
    again: to queue a graph of one kernel costs the host less than half of what its launch does
    (measured on an H100).
    """

    def __init__(
        self,
        driver: Driver,
        device: int,
        program: Program,
        steady: Steady,
        inputs: Sequence[tuple[int, tuple[int, ...]]],
        outputs: Sequence[Operand],
    ) -> None:
        self._driver = driver
        self._device = device
        self._streams = driver.streams
        self._allocate: Callable[[int, int], Memory] = driver.allocate
        self._nbytes = steady.nbytes
        ((_, offset, strides),) = outputs
        varying = Varying(program, steady.header, inputs, (offset, strides))
        self._slots = varying.slots
        self._varying = varying
        self._call = (steady.function, steady.grid, steady.block, 0, varying.arguments)
        launch = driver.launcher(device, *self._call)
        self._launch = _turned(driver, device, varying, launch) if steady.large else launch
        # Each launch of a graph goes the same way, and where much is moved little is gained.
        self._again = steady.nbytes <= SMALL and not steady.large
        self._aligned = tuple((varying.addresses[n], size - 1) for n, size in steady.aligned)
        self._otherwise = steady.otherwise
        self._last = _Operands()
        self._other = _Operands()
        self._wanted = REPEATED

    def run(self, values: Sequence[Any], ordered: bool = False) -> Memory:
        """Launch it, on these inputs; see `xgpu.plugin.Launcher`."""
        if self._streams.several and not ordered:
            return self._in_order(values)
        memory = self._allocate(self._device, self._nbytes)
        slots = self._slots(values, memory.ptr)
        last = self._last
        if slots != last.slots or (last.zeros != () and not self._same(slots, last)):
            other = self._other
            self._last, self._other = other, last
            last = other
            if slots != last.slots or (last.zeros != () and not self._same(slots, last)):
                for number, bits in self._aligned:
                    if slots[number] & bits and self._otherwise is not None:
                        del memory
                        return self._otherwise(values)
                if last.graph is not None:
                    # It was made for a few launches: next time more have to be alike.
                    self._wanted = min(4 * self._wanted, MOST)
                    last.graph = None
                last.slots = slots
                last.zeros = None
                last.again = -1
        if last.graph is not None:
            last.graph.queue()
            return memory
        last.again += 1
        self._varying.write(slots)
        if self._again and last.again >= self._wanted:
            last.graph = graph = self._driver.new_graph(self._device)
            graph.add(*self._call)
            graph.queue()
        else:
            self._launch()
        return memory

    def _in_order(self, values: Sequence[Any]) -> Memory:
        """`run`, with memory of other streams read after them; see `xgpu_cuda.driver.Streams`."""
        streams, device = self._streams, self._device
        homes = streams.foreign(device, [value for value in values if isinstance(value, Memory)])
        streams.after(device, homes)
        memory = self.run(values, ordered=True)
        streams.before(device, homes)
        return memory

    def _same(self, slots: tuple[Any, ...], last: _Operands) -> bool:
        """Whether slots that are equal to the last ones are the same."""
        zeros, before = last.zeros, last.slots
        if zeros is None:
            zeros = last.zeros = self._varying.zeros(before)
        for number in zeros:  # noqa: SIM110
            if slots[number] is not before[number]:
                return False
        return True


def _turned(
    driver: Driver, device: int, varying: Varying, launch: Callable[[], None]
) -> Callable[[], None]:
    """A launch that goes where `Directions` says."""
    arguments, following = varying.arguments, driver.directions.next

    def queue() -> None:
        arguments[BACKWARDS] = following(device)
        launch()

    return queue
