"""Positions beyond 2**31 - 1, on a GPU: written, read and folded. Needs 5 GB of its memory."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver, Memory

GPU = [pytest.param("cuda", marks=pytest.mark.gpu)]

ROWS, COLUMNS = 65_539, 32_771
SIZE = ROWS * COLUMNS  # a little more than 2**31


def run(driver: Driver, build: Builder, *operands: tuple[object, int, tuple[int, ...]]) -> Memory:
    kernel = launch.compile(driver, 0, build.program)
    return kernel.launch(build.shape, operands, build.targets)[0]


def numbered(driver: Driver) -> Memory:
    """The position modulo 251 at each of SIZE places, as uint8."""
    build = Builder((SIZE,), wide=True)
    position = build.index(0, 1)
    rest = build.op("remainder", position, build.scalar(251, "int64"))
    build.output(build.op("cast", rest, dtype="uint8"))
    return run(driver, build, *build.operands)


@pytest.mark.parametrize("driver", GPU, indirect=True)
def test_beyond_32_bits(driver: Driver) -> None:
    memory = numbered(driver)
    assert memory.nbytes == SIZE > 2**31
    for start in (0, 2**31 - 500, SIZE - 1000):
        part = driver.to_host(0, memory.ptr + start, 1000)
        assert part.tolist() == [(start + i) % 251 for i in range(1000)]

    total = Builder((1,), (SIZE,), wide=True)
    x = total.load(memory, "contiguous", dtype="uint8")
    total.output(total.op("sum", x, dtype="int64"), reduced=True)
    total.output(total.op("argmax", x, dtype="int64"), reduced=True)
    whole, rest = divmod(SIZE, 251)
    wanted = whole * (250 * 251 // 2) + rest * (rest - 1) // 2
    assert read(driver, run(driver, total, (memory, 0, ()))) == [wanted]

    # Columns and rows, each through their own kernel, and a copy of the transposed.
    column_sums = Builder((COLUMNS,), (ROWS,), wide=True)
    x = column_sums.load(memory, "strided", 0, (1, COLUMNS), dtype="uint8")
    column_sums.output(column_sums.op("sum", x, dtype="int64"), reduced=True)
    got = read(driver, run(driver, column_sums, *column_sums.operands))
    last = sum((row * COLUMNS + COLUMNS - 1) % 251 for row in range(ROWS))
    assert (got[-1], sum(got)) == (last, wanted)

    row_sums = Builder((ROWS,), (COLUMNS,), wide=True)
    x = row_sums.load(memory, "contiguous", dtype="uint8")
    row_sums.output(row_sums.op("sum", x, dtype="int64"), reduced=True)
    got = read(driver, run(driver, row_sums, *row_sums.operands))
    last = sum((SIZE - COLUMNS + column) % 251 for column in range(COLUMNS))
    assert (got[-1], sum(got)) == (last, wanted)

    transposed = Builder((COLUMNS, ROWS), wide=True)
    x = transposed.load(memory, "strided", 0, (1, COLUMNS), dtype="uint8")
    transposed.output(x)
    copy = run(driver, transposed, *transposed.operands)
    tail = driver.to_host(0, copy.ptr + SIZE - ROWS, ROWS)
    assert tail.tolist() == [(row * COLUMNS + COLUMNS - 1) % 251 for row in range(ROWS)]


def read(driver: Driver, memory: Memory) -> list[int]:
    values: list[int] = driver.to_host(0, memory.ptr, memory.nbytes).view(np.int64).tolist()
    return values
