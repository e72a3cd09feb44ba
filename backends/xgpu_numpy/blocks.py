"""Large elementwise programs a block at a time: intermediates stay in the processor's cache.

NumPy computes each step over whole arrays, so a program of ten steps would move its operands and
ten intermediates between memory and the processor. Elementwise steps give the same bits whichever
part of an array they are given, so one block after another is the same program.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xgpu.plugin import Input, Operand, Output, Program
from xgpu.plugin.program import contiguous_strides

SIZE = 1 << 16
"""Elements of a block. A power of two, so that vector instructions find the same lanes in it."""

LARGE = 4 * SIZE
"""Programs over fewer elements are computed whole: their intermediates fit the cache anyway."""


class Block(NamedTuple):
    """A part of an iteration space."""

    shape: tuple[int, ...]
    start: tuple[int, ...]  #: the coordinates of its first point


def worthwhile(program: Program, shape: tuple[int, ...], inputs: Sequence[Operand]) -> bool:
    """Whether blocks save anything, and no step would be repeated for each of them."""
    if program.reduced or math.prod(shape) < LARGE:
        return False
    long = {axis for axis, n in enumerate(shape) if n > 1}
    along: list[set[int]] = []  # the axes that a value differs along
    steps = 0
    for op, _, args in program.body:
        if op == "load":
            given, operand = program.inputs[args[0]], inputs[args[0]]
            along.append(_axes(given, operand, long))
            continue
        steps += 1
        along.append(set().union(*(along[a] for a in args)))
        if along[-1] and along[-1] != long:
            return False
    return steps > 1


def divided(shape: tuple[int, ...]) -> Iterator[Block]:
    """The blocks of a space, in C order."""
    axis = next(a for a in range(len(shape)) if math.prod(shape[a + 1 :]) <= SIZE)
    rest = shape[axis + 1 :]
    count = SIZE // max(1, math.prod(rest))
    for outer in itertools.product(*(range(n) for n in shape[:axis])):
        for begin in range(0, shape[axis], count):
            length = min(count, shape[axis] - begin)
            yield Block((1,) * axis + (length, *rest), (*outer, begin, *(0 for _ in rest)))


def within(
    block: Block, shape: tuple[int, ...], given: Input | Output, operand: Operand
) -> Operand:
    """The operand as the block sees it."""
    if given.access in ("scalar", "uniform"):
        return operand
    value, offset, strides = operand
    steps = contiguous_strides(shape) if given.access == "contiguous" else strides
    return value, offset + sum(k * s for k, s in zip(block.start, steps, strict=True)), strides


def _axes(given: Input, operand: Operand, long: set[int]) -> set[int]:
    if given.access in ("scalar", "uniform"):
        return set()
    if given.access == "contiguous":
        return long
    return {axis for axis in long if operand[2][axis]}
