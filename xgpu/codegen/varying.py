"""What differs between launches of one kernel over one size: addresses and numbers.

All else in the argument struct (sizes, strides, reciprocals) is written once. Two functions are
made, as Python text, so that nothing is decided at a launch: one gives the struct's *slots* that
differ, the other writes them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from xgpu.codegen.arguments import FORMATS, Field, header, layout
from xgpu.plugin.dtypes import float32, kind_of
from xgpu.plugin.program import Input, Output, Program

Place = tuple[int, tuple[int, ...]]
"""(offset, strides) of an operand, in elements."""


class Varying:
    """The argument struct of launches of ``program``, which has one output, over one size.

    ``head`` is the values of `header`'s members, ``inputs`` and ``output`` where operands are.
    """

    def __init__(
        self, program: Program, head: Sequence[int], inputs: Sequence[Place], output: Place
    ) -> None:
        fields = layout(program)
        first = len(header(program))
        packed = struct.pack(_format(fields[:first]), *head)
        rest = struct.Struct(_format(fields[first:]))
        #: The struct; a launch copies it.
        self.arguments: npt.NDArray[np.uint8] = np.zeros(len(packed) + rest.size, np.uint8)
        self.arguments[: len(packed)] = np.frombuffer(packed, np.uint8)
        text = _Text()
        for number, (given, place) in enumerate(zip(program.inputs, inputs, strict=True)):
            text.input(given, number, place)
        (made,) = program.outputs
        text.output(made, output)
        text.values.append(f"({' | '.join(text.addresses) or '0'}) & 15 == 0")
        slots = f"lambda v, out: ({' '.join(slot + ',' for slot in text.slots)})"
        write = f"lambda s: pack(arguments, {len(packed)}, {', '.join(text.values)})"
        scope = {"pack": rest.pack_into, "arguments": self.arguments}
        #: The slots for the inputs' values and the address of the output.
        self.slots: Callable[[Sequence[Any], int], tuple[Any, ...]] = eval(_code(slots), {})
        self._write: Callable[[tuple[Any, ...]], None] = eval(_code(write), scope)
        #: By the number of an input in memory, the slot of its address.
        self.addresses: Mapping[int, int] = text.inputs
        self._numbers = tuple(text.numbers)
        self._singles = frozenset(text.singles)

    def zeros(self, slots: tuple[Any, ...]) -> tuple[int, ...]:
        """Which slots are numbers with a zero in them: zeros of either sign are equal."""
        return tuple(
            number
            for number in self._numbers
            if not slots[number].real or (type(slots[number]) is complex and not slots[number].imag)
        )

    def write(self, slots: tuple[Any, ...]) -> None:
        """Put the slots into the struct."""
        try:
            self._write(slots)
        except OverflowError:
            # `struct` refuses numbers beyond float32's, which are infinite in it.
            with np.errstate(over="ignore"):
                self._write(
                    tuple(
                        float(np.float32(slot)) if number in self._singles else slot
                        for number, slot in enumerate(slots)
                    )
                )


class _Text:
    """The slots as they are got from values, and the struct's members as they follow from slots."""

    def __init__(self) -> None:
        # The output is first: it is what two launches differ in most often.
        self.slots: list[str] = ["out"]
        self.values: list[str] = []
        self.addresses: list[str] = []  # that must be aligned for wide accesses
        self.inputs: dict[int, int] = {}
        self.numbers: list[int] = []
        self.singles: list[int] = []

    def input(self, given: Input, name: int, place: Place) -> None:
        """The input number ``name``, the next in the struct."""
        value = f"v[{name}]"
        offset, strides = place
        if given.access == "index":
            self.values += map(str, (offset, *strides))
            return
        number = len(self.slots)
        slot = f"s[{number}]"
        if given.access == "scalar":
            self.numbers.append(number)
            if given.dtype == float32:
                self.singles.append(number)
            self.slots.append(value)
            complex_ = kind_of(given.dtype) == "c"
            self.values += [f"{slot}.real", f"{slot}.imag"] if complex_ else [slot]
            return
        self.inputs[name] = number
        ahead = offset * given.dtype.itemsize
        self.slots.append(f"{value}.ptr + {ahead}" if ahead else f"{value}.ptr")
        self._placed(given.access, given.after, slot, strides)

    def output(self, made: Output, place: Place) -> None:
        """The output, after the inputs; in memory of its own."""
        self._placed(made.access, made.reduced, "s[0]", place[1])

    def _placed(self, access: str, kept: bool, slot: str, strides: tuple[int, ...]) -> None:
        self.values.append(slot)
        if access == "strided":
            self.values += map(str, strides)
        elif access == "contiguous" and not kept:
            self.addresses.append(slot)


def _format(fields: Sequence[Field]) -> str:
    return "=" + "".join(FORMATS[f.slot] * (1 if f.length is None else f.length) for f in fields)


@lru_cache(maxsize=1024)
def _code(text: str) -> CodeType:
    return compile(text, "<xgpu arguments>", "eval")
