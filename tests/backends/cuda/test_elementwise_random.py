"""Programs at random, with and without reductions, against the interpreter."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backends.cuda.drivers import QuickSimulator
from tests.backends.cuda.interpreter import Builder
from xgpu_cuda.simulator.driver import SimulatorDriver

DRIVER = SimulatorDriver()
QUICK = QuickSimulator()
LENGTHS = st.sampled_from([1, 2, 3, 4, 5, 8, 17, 31, 32, 33, 48])
DTYPES = st.sampled_from(["int8", "int32", "int64", "float32", "float64", "complex64"])


@st.composite
def programs(draw: st.DrawFn) -> Builder:
    kept = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=3)))
    reduced = tuple(draw(st.lists(LENGTHS, max_size=2)))
    while int(np.prod(kept + reduced)) > 30_000:
        kept, reduced = (kept[1:] or (5,)), reduced[1:]
    build = Builder(kept, reduced, draw(st.booleans()))
    dtype = draw(DTYPES)
    random = np.random.default_rng(draw(st.integers(0, 99)))
    values = [_operand(draw, build, random, dtype, False) for _ in range(draw(st.integers(1, 3)))]
    while len(values) > 1 or draw(st.booleans()):
        values.sort(key=lambda _: random.random())
        values[:2] = [build.op(draw(st.sampled_from(["add", "multiply"])), values[0], values[-1])]
        if len(values) == 2:
            values.pop()
    result = values[0]
    if not reduced:
        _output(draw, build, result, kept, False)
        return build
    if draw(st.booleans()):
        _output(draw, build, result, kept + reduced, False)
    ops = ["sum"] if dtype.startswith("complex") else ["sum", "min", "max", "argmin", "argmax"]
    for op in draw(st.lists(st.sampled_from(ops), min_size=1, max_size=3)):
        if op[:3] == "arg":
            folded = build.op(op, result, dtype="int64")
        else:
            folded = build.op(op, result)
            if draw(st.booleans()):
                folded = build.op("add", folded, _operand(draw, build, random, dtype, True))
        _output(draw, build, folded, kept, True)
    return build


def _operand(
    draw: st.DrawFn, build: Builder, random: np.random.Generator, dtype: str, after: bool
) -> int:
    shape = build.kept if after else build.shape
    access = draw(st.sampled_from(["contiguous", "strided", "strided", "uniform", "scalar"]))
    if access == "scalar":
        return build.scalar(draw(st.integers(-3, 3)), dtype)
    strides: tuple[int, ...] = ()
    offset, size = draw(st.integers(0, 5)), int(np.prod(shape))
    if access == "strided":
        strides, offset, size = _strides(draw, shape, offset)
    data: np.ndarray[Any, Any] = random.integers(-2, 3, size + offset + 8).astype(dtype)
    return build.load(data, access, offset, strides, after)  # type: ignore[arg-type]


def _strides(
    draw: st.DrawFn, shape: tuple[int, ...], offset: int, repeats: bool = True
) -> tuple[tuple[int, ...], int, int]:
    """Axes in any order, with steps, flips and, if allowed, repeats: strides, offset, size."""
    strides, step = [0] * len(shape), draw(st.integers(1, 2))
    for axis in draw(st.permutations(range(len(shape)))):
        if repeats and draw(st.integers(0, 4)) == 0:
            continue
        strides[axis] = step
        step *= shape[axis]
        if draw(st.integers(0, 3)) == 0:
            offset += strides[axis] * (shape[axis] - 1)
            strides[axis] = -strides[axis]
    return tuple(strides), offset, step


def _output(
    draw: st.DrawFn, build: Builder, value: int, shape: tuple[int, ...], reduced: bool
) -> None:
    if draw(st.booleans()):
        build.output(value, reduced)
        return
    strides, offset, size = _strides(draw, shape, draw(st.integers(0, 3)), repeats=False)
    into = np.zeros(size + offset + 3, build.body[value].dtype)
    build.output(value, reduced, into, offset, strides)


@settings(max_examples=40)
@given(programs())
def test_random_program(build: Builder) -> None:
    build.check(DRIVER)
    build.check(QUICK)


def test_orders_of_axes_agree() -> None:
    """The same points through every permutation of three axes."""
    shape = (6, 33, 20)
    values = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    for axes in itertools.permutations(range(3)):
        view = values.transpose(axes)
        build = Builder(view.shape)
        steps = tuple(step // 4 for step in view.strides)
        build.output(build.op("negative", build.strided(values.ravel(), 0, *steps)))
        for driver in (DRIVER, QUICK):
            np.testing.assert_array_equal(build.run(driver)[0], -view.ravel())
