"""The one by-value argument of a kernel: its layout, and a packer that costs little per launch.

Everything is a slot of 8 bytes, so the struct has no padding and one format string describes it
to both sides: int64 for sizes, strides and integer scalars, an address (offset included) for a
buffer, a double for a floating scalar and two for a complex one. A scalar of float32 is one in the
first half of its slot: a kernel then has no conversion to do, in each thread, for each scalar. The
last slot has two numbers of 32 bits, of which the second is 0 until a launch writes there which way
it goes (`BACKWARDS`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from xgpu.codegen.stages import in_passes
from xgpu.plugin.dtypes import DType, float32, kind_of
from xgpu.plugin.program import Input, Operand, Output, Program

Slot = Literal[
    "integer",
    "unsigned",
    "single",
    "real",
    "complex",
    "divisor",
    "source",
    "target",
    "half",
    "later",
]

FORMATS: dict[Slot, str] = {
    "integer": "q",
    "unsigned": "Q",
    "single": "f4x",
    "real": "d",
    "complex": "dd",
    "divisor": "qQ",
    "source": "Q",
    "target": "Q",
    "half": "i",
    "later": "4x",
}

_SCALARS: dict[str, Slot] = {
    "b": "integer",
    "i": "integer",
    "u": "unsigned",
    "f": "real",
    "c": "complex",
}


BACKWARDS: Final = -4
"""The byte of a struct that is 1 where the last block takes the first part of the work, else 0."""


class Field(NamedTuple):
    """One member of the argument struct: a slot, or an array of ``length`` of them."""

    name: str
    slot: Slot
    length: int | None = None
    dtype: DType | None = None  #: what an address points to


def header(program: Program) -> tuple[Field, ...]:
    """The members before the operands, which depend on the kernel alone."""
    axes = max(1, program.kept + program.reduced)
    first: tuple[Field, ...]
    if in_passes(program):
        first = tuple(Field(s, "integer") for s in ("kept", "reduced", "lanes"))
    elif program.reduced:
        sizes = ("kept", "reduced", "splits", "segment", "lanes", "finish_lanes")
        first = (*(Field(s, "integer") for s in sizes), Field("workspace", "unsigned"))
    else:
        first = (Field("count", "integer"), Field("tiled_axis", "integer"))
    return (*first, Field("shape", "integer", axes), Field("radix", "divisor", axes))


def layout(program: Program) -> tuple[Field, ...]:
    """The members of the argument struct of ``program``, in order."""
    fields = list(header(program))
    for number, given in enumerate(program.inputs):
        fields.extend(_operand(program, f"in{number}", given, given.after))
    for number, output in enumerate(program.outputs):
        fields.extend(_operand(program, f"out{number}", output, output.reduced))
    # Last, because the packer knows it when it has seen every address.
    return (*fields, Field("aligned", "half"), Field("backwards", "later"))


def _operand(program: Program, name: str, operand: Input | Output, kept: bool) -> Iterable[Field]:
    if operand.access == "scalar":
        single = operand.dtype == float32
        yield Field(name, "single" if single else _SCALARS[kind_of(operand.dtype)])
        return
    if operand.access == "index":
        yield Field(name, "integer")
    else:
        slot: Slot = "source" if isinstance(operand, Input) else "target"
        yield Field(name, slot, None, operand.dtype)
    axes = program.kept + (0 if kept else program.reduced)
    if operand.access in ("strided", "index") and axes:
        yield Field(f"{name}_strides", "integer", axes)


@lru_cache(maxsize=4096)
def divisor(value: int) -> tuple[int, int]:
    """The two slots with which a kernel divides by ``value``: the value, and a reciprocal.

    For 0 <= n < 2**31, ``n // value == (n + (n * multiplier >> 32)) >> shift``; the second slot
    is ``multiplier | shift << 32``. Source: Granlund and Montgomery, "Division by invariant
    integers using multiplication" (1994), section 4. A ``value`` of 2**31 or more is divided by
    in 64 bits, without the reciprocal.
    """
    if value >= 1 << 31:
        return value, 0
    shift = (value - 1).bit_length()
    multiplier = ((1 << 32) * ((1 << shift) - value)) // value + 1
    return value, multiplier | shift << 32


# What the packer does with an operand, by access.
_POINTER, _STRIDED, _SCALAR, _COMPLEX, _INDEX = range(5)


class Packer:
    """Writes the argument struct of one program; everything that can be is worked out once."""

    def __init__(self, program: Program) -> None:
        fields = layout(program)
        layout_of_slots = struct.Struct(
            "=" + "".join(FORMATS[f.slot] * (1 if f.length is None else f.length) for f in fields)
        )
        self.nbytes: int = layout_of_slots.size
        self._pack_into: Callable[..., None] = layout_of_slots.pack_into
        self._singles = _singles(fields)
        operands: list[Input | Output] = [*program.inputs, *program.outputs]
        self._arguments: npt.NDArray[np.uint8] = np.empty(self.nbytes, np.uint8)
        self._plans = tuple(_plan(operand) for operand in operands)
        # One slot to each operand: bytes per element of what it points to, 0 for a scalar.
        self._sizes = tuple(0 if how == _SCALAR else size for how, size, _ in self._plans)
        self._plain = all(how in (_POINTER, _SCALAR) for how, _, _ in self._plans)
        self._wide = tuple(n for n, (_, _, counts) in enumerate(self._plans) if counts)

    def pack(
        self, header: Sequence[int], inputs: Sequence[Operand], outputs: Sequence[Operand]
    ) -> npt.NDArray[np.uint8]:
        """The struct for one launch; buffers have their address in ``ptr``.

        It is the same array at each call, since a launch copies it and launches follow one
        another (see `xgpu.plugin.Backend`).
        """
        addresses = 0
        arguments = self._arguments
        operands = (*inputs, *outputs)
        if self._plain:
            # The path of most launches but those that are prepared (`varying`).
            slots = [
                value.ptr + offset * size if size else value
                for size, (value, offset, _) in zip(self._sizes, operands)  # noqa: B905
            ]
            for number in self._wide:
                addresses |= slots[number]
            aligned = addresses & 15 == 0
            try:
                self._pack_into(arguments, 0, *header, *slots, aligned)
            except OverflowError:
                self._pack_far([*header, *slots, aligned])
            return arguments
        values: list[Any] = list(header)
        for (how, itemsize, counts), (value, offset, strides) in zip(
            self._plans, operands, strict=True
        ):
            if how == _POINTER:
                address = value.ptr + offset * itemsize
                values.append(address)
                if counts:
                    addresses |= address
            elif how == _SCALAR:
                values.append(value)
            elif how == _STRIDED:
                values.append(value.ptr + offset * itemsize)
                values.extend(strides)
            elif how == _COMPLEX:
                values.append(value.real)
                values.append(value.imag)
            else:
                values.append(offset)
                values.extend(strides)
        values.append(addresses & 15 == 0)
        try:
            self._pack_into(arguments, 0, *values)
        except OverflowError:
            self._pack_far(values)
        return arguments

    def _pack_far(self, values: list[Any]) -> None:
        # `struct` refuses numbers beyond float32's; as everywhere else, they are infinite in it.
        with np.errstate(over="ignore"):
            for number in self._singles:
                values[number] = float(np.float32(values[number]))
        self._pack_into(self._arguments, 0, *values)


def _singles(fields: Iterable[Field]) -> list[int]:
    """Which of the packed values are scalars of float32."""
    found: list[int] = []
    count = 0
    for field in fields:
        if field.slot == "single":
            found.append(count)
        width = 2 if field.slot in ("complex", "divisor") else 1
        count += width * (1 if field.length is None else field.length)
    return found


def _plan(operand: Input | Output) -> tuple[int, int, bool]:
    """(what to do, bytes per element, whether the address must be aligned for wide accesses)."""
    itemsize = operand.dtype.itemsize
    if operand.access == "scalar":
        return (_COMPLEX if kind_of(operand.dtype) == "c" else _SCALAR), itemsize, False
    if operand.access == "index":
        return _INDEX, itemsize, False
    if operand.access == "strided":
        return _STRIDED, itemsize, False
    kept = operand.after if isinstance(operand, Input) else operand.reduced
    return _POINTER, itemsize, operand.access == "contiguous" and not kept
