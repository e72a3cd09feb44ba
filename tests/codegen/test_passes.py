"""The passes of row programs, what is kept between them, and sums that need none."""

from __future__ import annotations

import pytest

from xgpu.codegen import Dialect, emit, folded_once, tune_rows
from xgpu.codegen.cuda import CUDA
from xgpu.codegen.passes import passes
from xgpu.codegen.stages import SQUARES_ABOUT, stages
from xgpu.plugin import Input, Instr, Output, Program, dtypes

F, D, H = dtypes.float32, dtypes.float64, dtypes.float16

X = Instr("load", F, (0,))


def program(
    *body: Instr, at_points: int | None = None, per_row: int | None = None, loads: int = 1
) -> Program:
    """One with float32 inputs at the points, and an output at them or once per row."""
    outputs = []
    if at_points is not None:
        outputs.append(Output(at_points, body[at_points].dtype, "contiguous"))
    if per_row is not None:
        outputs.append(Output(per_row, body[per_row].dtype, "contiguous", True))
    return Program(1, 1, False, (Input(F, "contiguous"),) * loads, body, tuple(outputs))


def softmax() -> Program:
    return program(
        X,
        Instr("max", F, (0,)),
        Instr("subtract", F, (0, 1)),
        Instr("exp", F, (2,)),
        Instr("sum", F, (3,)),
        Instr("divide", F, (3, 4)),
        at_points=5,
    )


def deviation(at_points: bool = False, about: int = 0) -> Program:
    """sqrt(sum((x - sum(x) / n)**2)), or (x - mean) / that; ``about`` another load, its sum."""
    body = (
        X,
        Instr("load", F, (1,)),
        Instr("load", F, (2,)),
        Instr("sum", F, (about,)),
        Instr("divide", F, (3, 1)),
        Instr("subtract", F, (0, 4)),
        Instr("square", F, (5,)),
        Instr("sum", F, (6,)),
        Instr("sqrt", F, (7,)),
        Instr("divide", F, (5, 8)),
    )
    inputs = (Input(F, "contiguous"), Input(F, "scalar"), Input(F, "contiguous"))
    outputs = (Output(8, F, "contiguous", True),)
    if at_points:
        outputs = (Output(9, F, "contiguous"),)
    return Program(1, 1, False, inputs, body if at_points else body[:9], outputs)


def test_a_softmax_has_three_passes_and_keeps_the_exponentials() -> None:
    made = passes(softmax())
    assert [step.reductions for step in made.passes] == [(1,), (4,), ()]
    assert [step.points for step in made.passes] == [(0,), (2, 3), (5,)]
    assert [step.taken for step in made.passes] == [(), (0,), (3,)]
    assert made.passes[2].again == (0, 2, 3, 5)
    assert made.passes[2].outputs == (0,)
    assert made.kept == (0, 3)


def test_what_is_cheap_is_computed_again() -> None:
    made = passes(deviation(at_points=True))
    assert made.kept == (0,)
    assert made.passes[2].points == (5, 9)


def test_values_of_a_row_come_after_what_they_need() -> None:
    made = passes(deviation())
    assert [step.reduced for step in made.passes] == [(3, 4), (7, 8)]
    assert made.invariant == (1,)
    assert made.first == ()


def test_inputs_of_the_rows_are_read_before_the_first_pass() -> None:
    body = (X, Instr("load", F, (1,)), Instr("add", F, (0, 1)), Instr("sum", F, (2,)))
    inputs = (Input(F, "contiguous"), Input(F, "contiguous", True))
    made = Program(1, 1, False, inputs, body, (Output(3, F, "contiguous", True),))
    assert made.staged()
    assert made.levels() == (False, True, False, True)
    assert passes(made).first == (1,)
    assert len(passes(made).passes) == 1


def test_reduced_values_may_be_reduced_and_written_at_the_points() -> None:
    made = program(X, Instr("max", F, (0,)), Instr("sum", F, (1,)), at_points=1, per_row=2)
    assert made.staged()
    found = passes(made)
    assert [step.reductions for step in found.passes] == [(1,), (2,)]
    assert found.passes[1].outputs == (0,)
    assert found.passes[1].points == ()


def test_a_reduction_alone_is_no_row_program() -> None:
    assert not program(X, Instr("sum", F, (0,)), per_row=1).staged()
    assert not program(X, Instr("exp", F, (0,)), at_points=1).staged()


def test_what_a_thread_keeps_is_bounded() -> None:
    few = tune_rows(softmax())
    assert (few.vector, few.chunks) == (4, 8)
    loads = tuple(Instr("load", F, (n,)) for n in range(5))
    sums = tuple(Instr("add", F, pair) for pair in ((0, 1), (5, 2), (6, 3), (7, 4)))
    body = (*loads, *sums, Instr("max", F, (8,)), Instr("subtract", F, (8, 9)))
    made = program(*body, at_points=10, loads=5)
    many = tune_rows(made)
    assert passes(made).kept == (8,)  # one sum, not its five operands
    assert many.chunks < few.chunks
    assert many.ahead[0] == many.chunks
    body = (*softmax().body[:4], *(Instr("pow", F, (n, n)) for n in range(3, 23)))
    body = (*body, Instr("sum", F, (23,)))
    assert tune_rows(program(*body, per_row=24)).chunks < few.chunks


def test_a_variance_is_folded_once() -> None:
    made = folded_once(deviation())
    assert made is not None
    assert [step.op for step in made.body if step.op != "load"] == [
        *("sum", "divide", SQUARES_ABOUT, "sqrt")
    ]
    assert stages(made).reductions == (3, 5)
    assert "squares_about<float, index>" in emit(made, CUDA)
    assert '#include "reduction.cu"' in emit(made, CUDA)


@pytest.mark.parametrize("other", [softmax(), deviation(at_points=True), deviation(about=2)])
def test_other_row_programs_need_their_passes(other: Program) -> None:
    assert folded_once(other) is None


def test_the_kernel_of_another_dialect() -> None:
    kernels = {"elementwise": "none", "reduction": "none", "rows": "mine.source"}
    other = Dialect("other", CUDA.types, (), CUDA.headers, {}, kernels, namespace="my_")
    text = emit(softmax(), other)
    assert text.endswith('#include "mine.source"\n')
    assert "my_exp(v2)" in text
