"""What differs between launches: written to the struct as the packer writes all of it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from xgpu.codegen import Packer, Varying, layout
from xgpu.plugin import Input, Instr, Output, Program, dtypes
from xgpu.plugin.program import Access

HERE = 1 << 20
"""The address of outputs."""


@dataclass
class Buffer:
    ptr: int


def program(
    inputs: Sequence[Input], kept: int, reduced: int, access: Access = "contiguous"
) -> Program:
    body = tuple(Instr("load", given.dtype, (number,)) for number, given in enumerate(inputs))
    output = Output(0, inputs[0].dtype, access, bool(reduced))
    return Program(kept, reduced, False, tuple(inputs), body, (output,))


def head(program: Program) -> list[int]:
    """Some values for what is before the operands."""
    names = [field.name for field in layout(program)]
    before = layout(program)[: names.index("in0")]
    count = sum((f.length or 1) * (2 if f.slot == "divisor" else 1) for f in before)
    return list(range(3, 3 + count))


@pytest.mark.parametrize("seed", range(60))
def test_the_same_bytes_as_the_packer(seed: int) -> None:
    draw = random.Random(seed)
    kept, reduced = draw.choice([(1, 0), (2, 0), (1, 1), (2, 1)])
    inputs: list[Input] = []
    places: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(draw.randint(1, 5)):
        access: Access = draw.choice(["contiguous", "uniform", "strided", "scalar", "index"])
        after = bool(reduced) and draw.random() < 0.5
        axes = kept if after else kept + reduced
        dtype = draw.choice([dtypes.float32, dtypes.float64, dtypes.int16, dtypes.complex64])
        inputs.append(Input(dtypes.int64 if access == "index" else dtype, access, after))
        strided = access in ("strided", "index")
        strides = tuple(draw.randint(-9, 9) for _ in range(axes)) if strided else ()
        places.append((0 if access == "scalar" else draw.choice([0, 0, 2, -1, 7]), strides))
    made: Access = "contiguous" if reduced else draw.choice(["contiguous", "strided"])
    given = program(inputs, kept, reduced, made)
    out = (0, (3,) * kept if made == "strided" else ())
    varying = Varying(given, head(given), places, out)
    packer = Packer(given)
    for _ in range(3):
        values: list[Any] = []
        for taken in inputs:
            number = draw.choice([0.5, -0.0, math.inf, 3.0])
            if taken.access == "index":
                values.append(None)
            elif taken.access != "scalar":
                values.append(Buffer(draw.choice([256, 264, 4096])))
            elif taken.dtype == dtypes.complex64:
                values.append(complex(number, 2.0))
            else:
                values.append(draw.randint(-5, 5) if taken.dtype == dtypes.int16 else number)
        operands: Any = [(v, *place) for v, place in zip(values, places, strict=True)]
        expected = packer.pack(head(given), operands, [(Buffer(HERE), *out)])
        varying.write(varying.slots(values, HERE))
        assert varying.arguments.tobytes() == expected.tobytes()


def test_a_number_beyond_float32_is_infinite() -> None:
    given = program([Input(dtypes.float32, "scalar"), Input(dtypes.float64, "scalar")], 1, 0)
    varying = Varying(given, head(given), [(0, ()), (0, ())], (0, ()))
    varying.write(varying.slots([-1e300, 1e300], HERE))
    start = len(head(given)) * 8
    assert varying.arguments[start : start + 4].view(np.float32)[0] == -np.inf
    assert varying.arguments[start + 8 : start + 16].view(np.float64)[0] == 1e300


def test_numbers_that_are_equal_and_may_not_be_the_same() -> None:
    given = program([Input(dtypes.float64, "contiguous"), Input(dtypes.float64, "scalar")], 1, 0)
    varying = Varying(given, head(given), [(0, ()), (0, ())], (0, ()))

    def slots(value: complex) -> tuple[Any, ...]:
        return varying.slots([Buffer(64), value], HERE)

    assert slots(0.0) == slots(-0.0)
    assert slots(math.nan) == slots(math.nan)
    assert slots(math.nan) != slots(float("nan"))
    for zero in (0.0, -0.0, 0, False, 2 + 0j, 0j, -2j):
        assert varying.zeros(slots(zero)) == (2,)
    for other in (2.5, math.nan, -math.inf, 3, True, 2 - 1j):
        assert varying.zeros(slots(other)) == ()
