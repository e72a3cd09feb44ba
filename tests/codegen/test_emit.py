"""The generated text: its parts, not its letters."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from xgpu.codegen import Dialect, emit, tune
from xgpu.codegen.cuda import CUDA
from xgpu.codegen.stages import ABOUT, stages
from xgpu.plugin import Input, Instr, Output, Program, dtypes, ops

F, D, C, N = dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.int64


def chain(wide: bool = False) -> Program:
    """exp(x * 2) + row, x contiguous and row along the last of two axes."""
    return Program(
        2,
        0,
        wide,
        (Input(F, "contiguous"), Input(F, "scalar"), Input(F, "strided")),
        (
            Instr("load", F, (0,)),
            Instr("load", F, (1,)),
            Instr("multiply", F, (0, 1)),
            Instr("exp", F, (2,)),
            Instr("load", F, (2,)),
            Instr("add", F, (3, 4)),
        ),
        (Output(5, F, "contiguous"),),
    )


def standardised_sum() -> Program:
    """sum(x * s) / count + y[kept], where s and count are scalars."""
    return Program(
        1,
        1,
        False,
        (
            Input(F, "contiguous"),
            Input(F, "scalar"),
            Input(D, "scalar", True),
            Input(F, "contiguous", True),
        ),
        (
            Instr("load", F, (0,)),
            Instr("load", F, (1,)),
            Instr("multiply", F, (0, 1)),
            Instr("sum", F, (2,)),
            Instr("load", D, (2,)),
            Instr("cast", F, (4,)),
            Instr("divide", F, (3, 5)),
            Instr("load", F, (3,)),
            Instr("add", F, (6, 7)),
        ),
        (Output(8, F, "contiguous", True),),
    )


def part(text: str, name: str) -> str:
    """The lines of one struct or function of the generated text."""
    found = re.search(
        rf"^    [^\n]*\b{name}\b[^\n]*{{\n(.*?)^    }}", text, re.MULTILINE | re.DOTALL
    )
    assert found, name
    return found.group(1)


def includes(text: str) -> list[str]:
    return re.findall(r'#include "(.*)"', text)


def test_only_the_headers_that_are_used() -> None:
    found = includes(emit(chain(), CUDA))
    assert "xgpu/arithmetic.cuh" in found
    assert "xgpu/math.cuh" in found
    assert not {"xgpu/complex.cuh", "xgpu/power.cuh", "xgpu/accumulators.cuh"} & set(found)
    assert found[-1] == "elementwise.cu"


def test_each_op_is_called_once() -> None:
    text = emit(chain(), CUDA)
    assert [text.count(f"xgpu::{op}(") for op in ("multiply", "exp", "add")] == [1, 1, 1]


def test_elementwise_kernels_have_no_barrier() -> None:
    assert "#define XGPU_NO_BARRIER" in emit(chain(), CUDA)
    assert "XGPU_NO_BARRIER" not in emit(standardised_sum(), CUDA)


@pytest.mark.parametrize(("wide", "index"), [(False, "int32_t"), (True, "int64_t")])
def test_index_type(wide: bool, index: str) -> None:
    assert f"using index = {index};" in emit(chain(wide), CUDA)


def test_scalars_are_read_once_per_thread() -> None:
    text = emit(chain(), CUDA)
    assert "a.in1" in part(text, "prepare")
    assert "a.in1" not in part(text, "load")
    assert "a.in1" not in part(text, "compute")


def test_a_reduction_has_its_parts() -> None:
    text = emit(standardised_sum(), CUDA)
    assert includes(text)[-1] == "reduction.cu"
    assert "xgpu::multiply(" in part(text, "compute")
    assert "accumulator::sum<float, index> v3;" in part(text, "state")
    epilogue = part(text, "finish")
    assert "xgpu::divide(v3, v5)" in epilogue
    assert "a.in3[p.position]" in epilogue
    # The cast of a scalar needs no point: it is computed with the other invariants.
    assert "xgpu::cast<float>(v4)" in part(text, "prepare")
    assert "cast" not in epilogue


def test_stages() -> None:
    found = stages(standardised_sum())
    assert found.invariant == (1, 4, 5)
    assert found.point == (0, 2)
    assert found.reductions == (3,)
    assert found.epilogue == (6, 7, 8)
    assert found.results == (2,)


def test_sum_in_another_dtype_converts_first() -> None:
    body = (Instr("load", dtypes.int8, (0,)), Instr("sum", N, (0,)))
    program = Program(
        1, 1, False, (Input(dtypes.int8, "contiguous"),), body, (Output(1, N, "contiguous", True),)
    )
    text = emit(program, CUDA)
    assert "accumulator::sum<int64_t, index>" in text
    assert "xgpu::cast<int64_t>(r.v0)" in text
    assert "xgpu/cast.cuh" in includes(text)


def test_complex_operands_bring_their_headers() -> None:
    body = (
        Instr("load", C, (0,)),
        Instr("abs", F, (0,)),
        Instr("exp", C, (0,)),
        Instr("pow", C, (0, 2)),
    )
    outputs = (Output(1, F, "contiguous"), Output(3, C, "contiguous"))
    program = Program(1, 0, False, (Input(C, "contiguous"),), body, outputs)
    assert {"xgpu/complex.cuh", "xgpu/complex_math.cuh", "xgpu/complex_power.cuh"} <= set(
        includes(emit(program, CUDA))
    )


def test_the_dialect_covers_every_op_of_a_program() -> None:
    rows = {op.name for op in (*ops.elementwise(), *ops.optional(), *ops.reductions())}
    assert set(CUDA.headers) == rows | ABOUT
    assert set(CUDA.types) == set(dtypes.ALL)


def test_another_dialect_is_another_table() -> None:
    other = Dialect(
        name="other",
        types={**CUDA.types, F: "f32"},
        base=(),
        headers={**CUDA.headers, "exp": "mine.h"},
        complex_headers={},
        kernels={"elementwise": "mine.source", "reduction": "none"},
        namespace="my_",
        functions={"exp": "exponential"},
    )
    text = emit(chain(), other)
    assert "const f32* in0;" in text
    assert "my_exponential(v2)" in text
    assert "my_add(" in text
    assert includes(text) == ["xgpu/arithmetic.cuh", "mine.h", "mine.source"]


def test_the_same_program_gives_the_same_text() -> None:
    assert emit(chain(), CUDA) == emit(chain(), CUDA)


@pytest.mark.parametrize(
    ("reduced", "body", "message"),
    [
        (0, (Instr("load", F, (0,)), Instr("sum", F, (0,))), "without reduced axes"),
        (1, (Instr("load", F, (0,)), Instr("exp", F, (0,))), "differ in level"),
        (
            1,
            (Instr("load", F, (0,)), Instr("sum", F, (0,)), Instr("add", F, (0, 1))),
            "differ in level",
        ),
    ],
)
def test_malformed(reduced: int, body: tuple[Instr, ...], message: str) -> None:
    output = Output(len(body) - 1, F, "contiguous", bool(reduced))
    program = Program(1, reduced, False, (Input(F, "contiguous"),), body, (output,))
    with pytest.raises(ValueError, match=message):
        emit(program, CUDA)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ((Instr("load", F, (0,)), Instr("sum", F, (0,)), Instr("sum", F, (1,))), "reduced already"),
        ((Instr("load", F, (0,)), Instr("sum", F, (0,)), Instr("add", F, (0, 1))), "mixes"),
    ],
)
def test_one_pass_is_not_enough(body: tuple[Instr, ...], message: str) -> None:
    output = Output(len(body) - 1, F, "contiguous", body[-1].op == "sum")
    program = Program(1, 1, False, (Input(F, "contiguous"),), body, (output,))
    with pytest.raises(ValueError, match=message):
        stages(program)
    assert program.staged()
    assert includes(emit(program, CUDA))[-1] == "rows.cu"


def copies(dtype: object, count: int = 0, op: str = "add") -> Program:
    body = [Instr("load", dtypes.check(dtype), (0,))]
    for value in range(count):
        body.append(Instr(op, dtypes.check(dtype), (value, value)))
    given = Input(dtypes.check(dtype), "contiguous")
    output = Output(count, dtypes.check(dtype), "contiguous")
    return Program(1, 0, False, (given,), tuple(body), (output,))


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_a_thread_moves_16_bytes_at_a_time(dtype: object) -> None:
    assert tune(copies(dtype)).vector * dtypes.check(dtype).itemsize == 16


def test_blocks_of_a_long_body_share_a_multiprocessor() -> None:
    assert tune(copies("float32", 10)).resident == 0
    assert tune(copies("float32", 100)).resident > 1
    assert tune(copies("float32", 100)).unroll == 2
    assert "#define XGPU_RESIDENT" in emit(copies("float32", 100), CUDA)
    assert tune(copies("float64", 100)).resident == 0
    assert "XGPU_RESIDENT" not in emit(copies("float32", 10), CUDA)


def test_a_long_body_is_unrolled_less() -> None:
    assert tune(copies("float32")).unroll > tune(copies("float32", 30, "atan2")).unroll
    assert tune(copies("int8", 100, "remainder")).vector < tune(copies("int8")).vector


def quotients(dtype: np.dtype[Any], reduced: int = 0) -> Program:
    """log(x / 2) + exp(x) * (1 / x), or its sum."""
    body = [
        Instr("load", dtype, (0,)),
        Instr("load", dtype, (1,)),
        Instr("divide", dtype, (0, 1)),
        Instr("log", dtype, (2,)),
        Instr("exp", dtype, (0,)),
        Instr("negative", dtype, (4,)),
        Instr("reciprocal", dtype, (0,)),
        Instr("multiply", dtype, (5, 6)),
        Instr("add", dtype, (3, 7)),
    ]
    if reduced:
        body.append(Instr("sum", dtype, (8,)))
    inputs = (Input(dtype, "contiguous"), Input(dtype, "scalar"))
    outputs = (Output(len(body) - 1, dtype, "contiguous", bool(reduced)),)
    return Program(1, reduced, False, inputs, tuple(body), outputs)


def test_several_points_at_once() -> None:
    text = emit(quotients(F), CUDA)
    assert "xgpu/several.cuh" in includes(text)
    assert "static constexpr bool several = true;" in text
    found = part(text, "compute_several")
    # In the order of the body; what one call leaves for the next is an array, as is what a later
    # loop needs. Everything else is a constant in the loop that computes it.
    assert " ".join(re.findall(r"xgpu::(\S+)\(", found)) == (
        "several::divide several::log exp negative several::reciprocal multiply add"
    )
    assert "several::divide(v2, v0, v1);" in found
    assert "const float v1 = f.v1;" in found
    arrays = re.findall(r"float (v\d+)\[M\];", found)
    assert arrays == ["v0", "v2", "v3", "v5", "v6", "v8"]
    assert "const float v4 = xgpu::exp(v0[j]);" in found
    assert "v5[j] = xgpu::negative(v4);" in found
    assert "r[first + j] = {v8[j]};" in found


@pytest.mark.parametrize(
    "program", [quotients(D), quotients(F, 1), chain()], ids=["float64", "sum", "no such op"]
)
def test_one_point_at_a_time(program: Program) -> None:
    text = emit(program, CUDA)
    assert "static constexpr bool several = false;" in text
    assert "compute_several" not in text
    assert "xgpu/several.cuh" not in includes(text)
