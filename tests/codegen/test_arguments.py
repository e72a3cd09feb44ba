"""The argument struct: every operand in its slots, in the order of the layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgpu.codegen import Packer, divisor, layout
from xgpu.plugin import Input, Instr, Output, Program, dtypes
from xgpu.plugin.dtypes import DType
from xgpu.plugin.program import Access


@dataclass
class Buffer:
    ptr: int


def program(*inputs: Input, kept: int = 1, reduced: int = 0) -> Program:
    body = tuple(Instr("load", given.dtype, (number,)) for number, given in enumerate(inputs))
    output = Output(0, inputs[0].dtype, "contiguous")
    return Program(kept, reduced, False, inputs, body, (output,))


def slots(program: Program, operands: list[object]) -> dict[str, list[int]]:
    """Each member of the packed struct as int64."""
    header = [0] * _header_slots(program)
    packed = Packer(program).pack(header, operands, [(Buffer(1 << 20), 0, ())])  # type: ignore[arg-type]
    values = packed.view(np.int64).tolist()
    found = {}
    for member in layout(program):
        count = (member.length or 1) * (2 if member.slot in ("divisor", "complex") else 1)
        found[member.name], values = values[:count], values[count:]
    assert not values
    return found


def _header_slots(program: Program) -> int:
    names = [f.name for f in layout(program)]
    before = layout(program)[: names.index("in0")]
    return sum((f.length or 1) * (2 if f.slot == "divisor" else 1) for f in before)


def test_buffers_carry_their_offset() -> None:
    given = program(Input(dtypes.float64, "contiguous"), Input(dtypes.int16, "uniform"))
    found = slots(given, [(Buffer(4096), 3, ()), (Buffer(512), 5, ())])
    assert found["in0"] == [4096 + 24]
    assert found["in1"] == [512 + 10]
    assert found["out0"] == [1 << 20]


def test_strides_follow_their_address() -> None:
    given = program(Input(dtypes.int8, "strided"), Input(dtypes.int64, "index"), kept=3)
    found = slots(given, [(Buffer(64), 1, (5, -7, 0)), (None, -9, (1, 2, 3))])
    assert found["in0"] == [65]
    assert found["in0_strides"] == [5, -7, 0]
    assert found["in1"] == [-9]
    assert found["in1_strides"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("dtype", "value", "bits"),
    [
        (dtypes.bool_, True, 1),
        (dtypes.int8, -3, -3),
        (dtypes.int64, -(2**63), -(2**63)),
        (dtypes.uint64, 2**64 - 1, -1),
        (dtypes.float32, 1.5, np.float32(1.5).view(np.int32)),
        (dtypes.float32, 0.1, np.float32(0.1).view(np.int32)),
        (dtypes.float32, 1e300, np.float32(np.inf).view(np.int32)),
        (dtypes.float16, 1.5, np.float64(1.5).view(np.int64)),
        (dtypes.float64, -0.0, -(2**63)),
        (dtypes.float64, 7, np.float64(7).view(np.int64)),
    ],
)
def test_scalars(dtype: DType, value: complex, bits: int) -> None:
    assert slots(program(Input(dtype, "scalar")), [(value, 0, ())])["in0"] == [bits]


def test_complex_scalar_takes_two_slots() -> None:
    found = slots(program(Input(dtypes.complex64, "scalar")), [(1.5 - 0j, 0, ())])
    assert np.array(found["in0"]).view(np.float64).tolist() == [1.5, 0.0]


@pytest.mark.parametrize(
    ("access", "address", "offset", "aligned"),
    [
        ("contiguous", 256, 0, 1),
        ("contiguous", 256, 4, 1),
        ("contiguous", 256, 1, 0),
        ("contiguous", 264, 0, 0),
        ("uniform", 256, 1, 1),  # read by itself, wherever it lies
        ("strided", 256, 1, 1),
    ],
)
def test_aligned(access: Access, address: int, offset: int, aligned: int) -> None:
    strides = (1,) if access == "strided" else ()
    found = slots(program(Input(dtypes.float32, access)), [(Buffer(address), offset, strides)])
    assert found["aligned"] == [aligned]


def test_reductions_have_kept_strides_for_what_is_kept() -> None:
    after, full = Input(dtypes.int8, "strided", True), Input(dtypes.int8, "strided")
    fields = {f.name: f for f in layout(program(full, after, kept=2, reduced=1))}
    assert fields["in0_strides"].length == 3
    assert fields["in1_strides"].length == 2
    assert fields["shape"].length == fields["radix"].length == 3


@given(st.integers(1, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_division_by_a_reciprocal(value: int, n: int) -> None:
    first, second = divisor(value)
    multiplier, shift = second & 0xFFFFFFFF, second >> 32
    assert first == value
    for dividend in (n, value, value - 1, min(2 * value, 2**31 - 1), 2**31 - 1):
        total = dividend + (dividend * multiplier >> 32)
        assert total < 2**32
        assert total >> shift == dividend // value
