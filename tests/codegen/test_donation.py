"""Which inputs of a program may be overwritten by its outputs."""

from __future__ import annotations

import numpy as np

from tests.backends.cuda.interpreter import Builder
from xgpu.codegen import donors


def load(build: Builder, dtype: str = "float32", *strides: int, after: bool = False) -> int:
    access = "strided" if strides else "contiguous"
    return build.load(np.zeros(1), access, 0, strides, after=after, dtype=np.dtype(dtype))  # type: ignore[arg-type]


def test_elementwise() -> None:
    build = Builder((4, 6))
    x, row, y = load(build), load(build, "float32", 0, 1), load(build)
    flags = load(build, "bool")
    number = build.scalar(2, "float32")
    total = build.op("add", build.op("multiply", x, row), build.op("multiply", y, number))
    build.output(build.op("where", flags, total, x))
    build.output(build.op("greater", x, y, dtype="bool"))
    build.output(total, strides=(1, 4))
    assert donors(build.program) == ((0, 0), (2, 0), (3, 1))


def test_one_pass_over_a_reduction_has_none() -> None:
    build = Builder((4,), (6,))
    x = load(build)
    build.output(build.op("sum", x), reduced=True)
    build.output(x)
    assert donors(build.program) == ()


def test_a_row_program() -> None:
    """What the second pass loads is there still when the first one writes."""
    build = Builder((4,), (6,))
    x, y, late, after = load(build), load(build), load(build), load(build, after=True)
    first = build.op("exp", x)
    second = build.op("divide", first, build.op("add", build.op("sum", first), after))
    build.output(first)
    build.output(build.op("multiply", build.op("add", second, y), late))
    build.output(build.op("max", second), reduced=True)
    assert donors(build.program) == ((0, 0), (0, 1), (1, 1), (2, 1))
