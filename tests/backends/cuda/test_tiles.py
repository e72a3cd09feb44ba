"""Elementwise programs that are walked otherwise than point by point, on each driver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder
from xgpu.codegen import tune
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.elementwise import ElementwiseKernel

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(6)

DTYPES = ["bool", "int8", "int16", "int32", "int64", "float32", "float64", "complex128"]

#: Beyond a tile, less than one, and parts of the runs that a thread takes.
SHAPES = [(64, 64), (65, 67), (16, 200), (130, 31), (33, 66)]


def data(size: int, dtype: str) -> Array:
    """Small whole numbers."""
    whole = RNG.integers(-8, 8, size)
    return whole > 0 if dtype == "bool" else whole.astype(dtype)


def widest(dtype: str) -> str:
    """What all values are computed in."""
    return "complex128" if dtype == "complex128" else "float64"


@pytest.fixture
def ran(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the kernels that are launched."""
    names: list[str] = []
    usual = driver.launch

    def launched(device: int, function: Any, *rest: Any) -> None:
        names.append(function.name)
        usual(device, function, *rest)

    monkeypatch.setattr(driver, "launch", launched)
    return names


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_transposition(driver: Driver, ran: list[str], dtype: str) -> None:
    for rows, columns in SHAPES:
        build = Builder((rows, columns))
        x = build.strided(data(rows * columns, dtype), 0, 1, rows)
        build.output(build.op("cast", x, dtype=widest(dtype)))
        build.check(driver)
    assert set(ran) == {"xgpu_tiles"}


@pytest.mark.parametrize("wide", [False, True])
def test_turned_beside_direct_operands(driver: Driver, ran: list[str], wide: bool) -> None:
    """Two turned ones, one of them with gaps and backwards, and each other kind of operand."""
    for rows, columns in SHAPES:
        size = rows * columns
        build = Builder((rows, columns), wide=wide)
        x = build.strided(data(size, "float32"), 0, 1, rows)
        y = build.strided(data(3 * size, "float64"), 2 * rows * columns - 1, -1, -2 * rows)
        z = build.contiguous(data(size + 3, "int32"), 3)
        row, column = (
            build.strided(data(n, "float32"), 0, *s) for n, s in ((columns, (0, 1)), (rows, (1, 0)))
        )
        place, three = build.index(5, -2, 3), build.scalar(3.0, "float32")
        values = (x, y, z, row, column, place, three)
        total = build.op("cast", x, dtype="float64")
        for value in values[1:]:
            total = build.op("add", total, build.op("cast", value, dtype="float64"))
        build.output(total)
        into = data(2 * size + 9, "float32")
        build.output(build.op("add", x, row), into=into, offset=9, strides=(2 * columns, 1))
        build.check(driver)
    assert set(ran) == {"xgpu_tiles"}


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((3, 40, 50), 1), ((40, 3, 50), 0), ((20, 17, 2, 33), 0), ((2, 3, 70, 20), 2)],
)
def test_axes(driver: Driver, ran: list[str], shape: tuple[int, ...], axis: int) -> None:
    order = [*(a for a in range(len(shape)) if a != axis), axis]
    steps = [0] * len(shape)
    step = 1
    for a in reversed(order):
        steps[a] = step
        step *= shape[a]
    build = Builder(shape)
    x = build.strided(data(step, "int32"), 0, *steps)
    build.output(build.op("add", x, build.contiguous(data(step, "int32"))))
    build.check(driver)
    assert ran == ["xgpu_tiles"]


def test_what_is_not_turned_in_shared_memory(driver: Driver, ran: list[str]) -> None:
    """A result across the last axis, operands along three axes, few points, a long body."""
    build = Builder((40, 50))
    x = build.strided(data(2000, "int32"), 0, 1, 40)
    build.output(x, into=data(2000, "int32"), strides=(1, 40))
    build.check(driver)
    build = Builder((20, 30, 40))
    x, y = (
        build.strided(data(24000, "int32"), 0, 1, 20, 600),
        build.strided(data(24000, "int32"), 0, 30, 1, 600),
    )
    build.output(build.op("add", x, y))
    build.check(driver)
    build = Builder((15, 40))
    build.output(build.strided(data(600, "int32"), 0, 1, 15))
    build.check(driver)
    build = Builder((40, 50))
    value = build.strided(np.abs(data(2000, "float32")), 0, 1, 40)
    for name in ("tanh", "sin", "cos") * 4:
        value = build.op(name, value)
    build.output(value)
    build.check(driver, rtol=1e-5)
    assert set(ran) == {"xgpu_elementwise"}


# Runs along the last axis


def runs(driver: Driver, build: Builder) -> bool:
    """Whether a launch walks in runs; its result is checked."""
    build.check(driver)
    kernel = ElementwiseKernel(driver, 0, build.program)
    seen: list[int] = []
    usual = kernel._runs
    kernel._runs = lambda *given: seen.append(usual(*given)) or seen[-1]  # type: ignore[method-assign,func-returns-value]
    device = [
        (driver_memory(driver, v) if isinstance(v, np.ndarray) else v, o, s)
        for v, o, s in build.operands
    ]
    targets = [(None if t is None else driver_memory(driver, t), o, s) for t, o, s in build.targets]
    kernel.launch(build.shape, device, targets)
    return seen == [-2]


def driver_memory(driver: Driver, array: Array) -> Any:
    memory = driver.allocate(0, array.nbytes)
    driver.to_device(0, memory, np.ascontiguousarray(array))
    return memory


@pytest.mark.parametrize("dtype", DTYPES)
def test_runs(driver: Driver, dtype: str) -> None:
    for rows, columns in ((50, 64), (7, 8), (300, 4), (1, 2000)):
        build = Builder((rows, columns))
        x = build.contiguous(data(rows * columns, dtype))
        y = build.strided(data(columns, dtype), 0, 0, 1)
        z = build.strided(data(rows + 1, dtype), 1, 1, 0)
        place = build.index(3, 1, -2)
        wide = [build.op("cast", v, dtype=widest(dtype)) for v in (x, y, z, place)]
        total = build.op("add", build.op("multiply", wide[0], wide[1]), wide[2])
        build.output(build.op("subtract", total, wide[3]))
        build.output(x)
        assert runs(driver, build)


def test_rows_with_gaps_and_places_in_a_buffer(driver: Driver) -> None:
    build = Builder((20, 8))
    x = build.strided(data(20 * 12 + 4, "float32"), 4, 12, 1)
    build.output(
        build.op("add", x, x), into=data(20 * 16 + 8, "float32"), offset=8, strides=(16, 1)
    )
    assert runs(driver, build)


@pytest.mark.parametrize(
    ("shape", "offset", "strides"),
    [
        ((20, 7), 0, (8, 1)),  # no whole runs
        ((20, 8), 1, (12, 1)),  # not where wide accesses may begin
        ((20, 8), 0, (13, 1)),  # nor in each row
        ((20, 8), 0, (16, 2)),  # no neighbours
        ((20, 8), 7, (8, -1)),
    ],
)
def test_no_runs(
    driver: Driver, shape: tuple[int, int], offset: int, strides: tuple[int, int]
) -> None:
    build = Builder(shape)
    x = build.strided(data(400, "float32"), offset, *strides)
    y = build.strided(data(shape[1], "float32"), 0, 0, 1)
    build.output(build.op("add", x, y))
    assert tune(build.program).vector == 4
    assert not runs(driver, build)
