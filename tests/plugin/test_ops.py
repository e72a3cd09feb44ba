"""The op table and the promotion rules that go with it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from xgpu.plugin import dtypes, ops, promotion
from xgpu.plugin.program import REDUCTION_NAMES, Input, Instr, Output, Program


def test_rows_are_named_once_and_say_what_they_take() -> None:
    for name, op in ops.TABLE.items():
        assert op.name == name
        assert set(op.accepts) <= set("biufc")
        assert op.arity in (0, 1, 2, 3)
    assert {op.name for op in ops.reductions()} == REDUCTION_NAMES


def test_a_backend_has_few_ops_to_write_beyond_the_elementwise_ones() -> None:
    assert len(ops.reductions() + ops.kernels()) <= 40


def test_promotion_is_numpys_and_gives_the_canonical_objects() -> None:
    for a, b in itertools.product(dtypes.ALL, repeat=2):
        assert promotion.promote(a, b) == np.promote_types(a, b)
        assert promotion.promote(a, b) in dtypes.ALL
        assert any(promotion.promote(a, b) is d for d in dtypes.ALL)


@pytest.mark.parametrize("scalar", [True, 1, 1.0, 1j])
def test_weak_scalars_follow_numpys_rule(scalar: complex) -> None:
    for dtype in dtypes.ALL:
        expected = np.result_type(np.empty(0, dtype), scalar)
        kind: Any = type(scalar)
        assert promotion.weak(dtype, kind) == expected


def test_a_scalar_that_does_not_fit_overflows() -> None:
    with pytest.raises(OverflowError, match="300 out of bounds for uint8"):
        promotion.fit(300, dtypes.uint8)
    with pytest.raises(OverflowError, match="-1 out of bounds for uint64"):
        promotion.fit(-1, dtypes.uint64)
    assert promotion.fit(3, dtypes.float32) == 3.0


@pytest.mark.parametrize("bad", ["object", "U5", "float16x", object, None, "datetime64[s]", str])
def test_dtypes_that_xgpu_lacks_are_type_errors(bad: object) -> None:
    with pytest.raises(TypeError, match="allowed are bool, int8"):
        dtypes.check(bad)


def test_foreign_byte_order_is_the_native_dtype() -> None:
    assert dtypes.check(">f8") is dtypes.float64


def test_programs_are_values() -> None:
    def make() -> Program:
        body = (Instr("load", dtypes.float32, (0,)), Instr("sum", dtypes.float32, (0,)))
        return Program(
            1,
            1,
            False,
            (Input(dtypes.float32, "contiguous"),),
            body,
            (Output(1, dtypes.float32, "contiguous", True),),
        )

    assert make() == make()
    assert hash(make()) == hash(make())
    assert make().levels() == (False, True)
    assert make().ops() == ("sum",)
