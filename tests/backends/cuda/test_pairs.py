"""The pair kernel on each driver, against the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder, upload
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch import pairs
from xgpu_cuda.launch.reduction import ReductionKernel

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(5)


def data(size: int, dtype: str) -> Array:
    """Small whole numbers: sums are exact in any order."""
    whole = RNG.integers(-5, 6, size)
    if np.dtype(dtype).kind == "c":
        return (whole + 1j * RNG.integers(-5, 6, size)).astype(dtype)
    return whole > 0 if dtype == "bool" else whole.astype(dtype)


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


def distances(rows: int, columns: int, length: int, dtype: str = "float32") -> Builder:
    """Squared distances of all rows of one matrix from all of another."""
    build = Builder((rows, columns), (length,))
    x = build.strided(data(rows * length, dtype), 0, length, 0, 1)
    y = build.strided(data(columns * length, dtype), 0, 0, length, 1)
    build.output(build.op("sum", build.op("square", build.op("subtract", x, y))), reduced=True)
    return build


@pytest.mark.parametrize(
    ("rows", "columns", "length"),
    [(64, 64, 1), (65, 67, 31), (70, 90, 33), (9, 700, 5), (700, 9, 70), (8, 512, 3), (300, 70, 8)],
)
def test_shapes(driver: Driver, ran: list[str], rows: int, columns: int, length: int) -> None:
    distances(rows, columns, length).check(driver)
    assert ran == ["xgpu_pairs"]


def fused(a: Array, b: Array, c: Array) -> Array:
    """a * b + c of float32, rounded once: float64's sum, rounded to odd, is rounded to float32."""
    product = a.astype(np.float64) * b  # exact
    total = product + c
    other = total - product
    rest = (product - (total - other)) + (c - other)  # what the sum has lost, exactly
    even = total.view(np.int64) & 1 == 0
    odd = np.nextafter(total, np.where(rest > 0, np.inf, -np.inf))
    return np.where((rest != 0) & even, odd, total).astype(np.float32)


@pytest.mark.parametrize("tile", pairs.SHAPES, ids=str)
def test_each_tile(driver: Driver, monkeypatch: pytest.MonkeyPatch, tile: tuple[int, int]) -> None:
    """Each gives the same bits, of numbers that are rounded too."""
    monkeypatch.setattr(pairs, "SHAPES", (tile,))
    found = []
    for length in (40, 600, 1100):
        build = Builder((130, 67), (length,))
        x = build.strided(
            np.random.default_rng(1).random(130 * length, np.float32), 0, length, 0, 1
        )
        y = build.strided(np.random.default_rng(2).random(67 * length, np.float32), 0, 0, length, 1)
        build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
        (got,) = build.run(driver)
        np.testing.assert_allclose(got, build.expected()[0], 1e-5)
        (left, _, _), (right, _, _) = build.operands
        left, right = left.reshape(130, 1, length), right.reshape(1, 67, length)
        total = np.zeros((130, 67), np.float32)
        for start in range(0, length, pairs.SEGMENT):
            part = np.zeros((130, 67), np.float32)
            for k in range(start, min(length, start + pairs.SEGMENT)):
                part = fused(left[:, :, k], right[:, :, k], part)
            total += part
        found.append(np.array_equal(got.reshape(130, 67), total))
    assert found == [True] * 3


SMALL = 2.0**-12
"""Its square is half of the last digit of float32's 1."""


def rows_and_columns(build: Builder, x: list[float], y: list[float], dtype: str) -> tuple[int, int]:
    """Two operands whose rows are all the same."""
    length = len(x)
    left, right = np.tile(np.array(x, dtype), 64), np.tile(np.array(y, dtype), 64)
    return build.strided(left, 0, length, 0, 1), build.strided(right, 0, 0, length, 1)


def test_a_sum_of_products_is_rounded_once(driver: Driver, ran: list[str]) -> None:
    build = Builder((64, 64), (2,))
    x, y = rows_and_columns(build, [-1, 1 + SMALL], [1 + 2 * SMALL, 1 + SMALL], "float32")
    build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
    (got,) = build.run(driver)
    np.testing.assert_array_equal(got, np.full(64 * 64, SMALL**2, np.float32))
    build = Builder((64, 64), (2,))
    x, y = rows_and_columns(build, [SMALL, 1 + 2 * SMALL], [0, SMALL], "float32")
    build.output(build.op("sum", build.op("square", build.op("subtract", x, y))), reduced=True)
    (got,) = build.run(driver)
    np.testing.assert_array_equal(got, np.full(64 * 64, 1 + 2 * SMALL + 2 * SMALL**2, np.float32))
    build = Builder((64, 64), (2,))
    tiny = 2.0**-27
    x, y = rows_and_columns(build, [-1, 1 + tiny], [1 + 2 * tiny, 1 + tiny], "float64")
    build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
    (got,) = build.run(driver)
    np.testing.assert_array_equal(got, np.full(64 * 64, tiny**2))
    assert ran == ["xgpu_pairs"] * 3


def test_products_that_others_see_are_rounded(driver: Driver, ran: list[str]) -> None:
    """A cast of a product, another reduction of it, and a sum of what is more than a product."""
    build = Builder((64, 64), (2,))
    x, y = rows_and_columns(build, [0, 1 + SMALL], [0, 1 + SMALL], "float32")
    product = build.op("multiply", x, y)
    build.output(build.op("sum", product, dtype="float64"), reduced=True)
    build.output(build.op("max", product), reduced=True)
    build.output(build.op("sum", build.op("abs", product)), reduced=True)
    rounded = np.float32(1 + 2 * SMALL)
    for got in build.run(driver):
        np.testing.assert_array_equal(got, np.full(64 * 64, rounded, got.dtype))
    assert ran == ["xgpu_pairs"]


def test_factors_that_are_the_same_everywhere(driver: Driver, ran: list[str]) -> None:
    build = Builder((70, 80), (18,))
    x = build.strided(data(70 * 18, "float32"), 0, 18, 0, 1)
    y = build.strided(data(80 * 18, "float32"), 0, 0, 18, 1)
    three = build.scalar(3, "float32")
    build.output(build.op("sum", build.op("multiply", build.op("add", x, y), three)), reduced=True)
    build.output(build.op("sum", build.op("multiply", three, three)), reduced=True)
    build.check(driver)
    assert ran == ["xgpu_pairs"]


LAYOUTS = {
    "along": (0, 40, 1),
    "along, a longer row": (0, 44, 1),
    "along, a row that wide accesses do not divide": (0, 43, 1),
    "along, from an odd place": (1, 40, 1),
    "across": (0, 1, 164),
    "across, from an odd place": (3, 1, 164),
    "across, an odd row": (0, 1, 163),
    "every second": (0, 82, 2),
    "backwards": (39, 40, -1),
}
"""Offset, and strides along the side's own axis and along the reduced one."""


@pytest.mark.parametrize("tile", [(8, 8), (2, 2)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "complex128", "int8"])
@pytest.mark.parametrize("places", [(160, 128), (161, 67)], ids=str)
def test_layouts(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    tile: tuple[int, int],
    dtype: str,
    places: tuple[int, int],
) -> None:
    """Wide accesses where they can be, single ones elsewhere, edges in either."""
    monkeypatch.setattr(pairs, "SHAPES", (tile,))
    names = list(LAYOUTS)
    for number, name in enumerate(names):
        offset, row, step = LAYOUTS[name]
        other, column, columns_step = LAYOUTS[names[(3 * number + 1) % len(names)]]
        build = Builder(places, (40,))
        values = data(164 * 164, dtype)
        x = build.strided(values, offset, row, 0, step)
        y = build.strided(values[::-1].copy(), other, 0, column, columns_step)
        build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
        build.check(driver)


@pytest.mark.parametrize("length", [16, 20, 32, 33])
@pytest.mark.parametrize("last", [4, 5, 16])
def test_two_reduced_axes(driver: Driver, ran: list[str], length: int, last: int) -> None:
    """Runs of neighbours end with a row of the last axis."""
    for first in (0, 1):
        build = Builder((64, 68), (length, last))
        size = 70 * length * (last + 4)
        rows, across = length * (last + 4), last + 4
        x = build.strided(data(size, "float32"), first, rows, 0, across, 1)
        y = build.strided(data(size, "float32"), 0, 0, 1, 70 * last, 70)
        build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
        build.check(driver)
    assert ran == ["xgpu_pairs"] * 2


@pytest.mark.parametrize(
    ("offset", "strides"),
    [(0, (64, 1)), (1, (64, 1)), (0, (67, 1)), (0, (68, 1)), (0, (1, 128)), (63, (64, -1))],
    ids=str,
)
def test_outputs(driver: Driver, ran: list[str], offset: int, strides: tuple[int, int]) -> None:
    """Neighbours written together, and one by one."""
    build = distances(128, 64, 9)
    into = np.zeros(offset + 128 * 68, np.float32)
    square = len(build.body) - 2
    half = build.op("multiply", build.op("max", square), build.scalar(0.5, "float32"))
    build.output(half, reduced=True, strides=strides, offset=offset, into=into)
    build.check(driver)
    assert ran == ["xgpu_pairs"]


@pytest.mark.parametrize(
    ("depth", "tiles", "held", "unrolled"),
    [(1, 2, 16, 256), (8, 1, 8, 256), (32, 1, 32, 0), (16, 2, 0, 256), (16, 2, 16, 0)],
)
def test_each_way_to_stage(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    depth: int,
    tiles: int,
    held: int,
    unrolled: int,
) -> None:
    """However many points are a step and a turn of the loop, whatever is loaded ahead of it."""
    monkeypatch.setattr(pairs, "DEPTH", depth)
    monkeypatch.setattr(pairs, "TILES", tiles)
    monkeypatch.setattr(pairs, "HELD", held)
    monkeypatch.setattr(pairs, "UNROLLED", unrolled)
    monkeypatch.setattr(pairs, "SHAPES", ((4, 4),))
    for length in (64, 67, 577):
        build = distances(130, 128, length)
        weight = build.strided(data(length, "float32"), 0, 0, 0, 1)
        build.output(build.op("sum", build.op("add", len(build.body) - 3, weight)), reduced=True)
        build.check(driver)


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int32", "int64", "uint8", "uint64", "float32", "float64", "complex64"],
)
def test_dtypes(driver: Driver, ran: list[str], dtype: str) -> None:
    for length in (17, 513):
        distances(70, 61, length, dtype).check(driver)
    assert ran == ["xgpu_pairs"] * 2


@pytest.mark.parametrize("op", ["min", "max", "argmin", "argmax", "any", "all", "prod"])
def test_reductions(driver: Driver, ran: list[str], op: str) -> None:
    for length in (9, 600):
        build = Builder((64, 65), (length,))
        dtype = "bool" if op in ("any", "all") else "float32"
        values = [data(64 * length, dtype), data(65 * length, dtype)]
        if op == "prod":
            values = [np.sign(v) + (v == 0) for v in values]
        elif dtype == "float32":
            values[0][::37] = np.nan
        x = build.strided(values[0], 0, length, 0, 1)
        y = build.strided(values[1], 0, 0, length, 1)
        mixed = build.op("logical_and" if dtype == "bool" else "multiply", x, y)
        kind = "int64" if op[:3] == "arg" else dtype
        build.output(build.op(op, mixed, dtype=kind), reduced=True)
        build.check(driver)
    assert ran == ["xgpu_pairs"] * 2


@pytest.mark.parametrize("tile", pairs.SHAPES, ids=str)
@pytest.mark.parametrize("op", ["min", "prod", "argmax"])
def test_nothing_takes_part_but_the_points(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, tile: tuple[int, int], op: str
) -> None:
    """Neither a zero that a tile or a state might begin with, nor what lies beyond an edge."""
    monkeypatch.setattr(pairs, "SHAPES", (tile,))
    for length in (9, 530):
        build = Builder((66, 67), (length,))
        left = 1 + np.abs(data(66 * length, "float32"))
        right = 1 + np.abs(data(67 * length, "float32"))
        if op == "prod":
            left, right = np.sign(data(66 * length, "float32") + 0.5), np.ones_like(right)
        x = build.strided(left, 0, length, 0, 1)
        y = build.strided(right if op == "min" else -right, 0, 0, length, 1)
        kind = "int64" if op[:3] == "arg" else "float32"
        build.output(build.op(op, build.op("multiply", x, y), dtype=kind), reduced=True)
        build.check(driver)


def test_several_reductions_and_an_epilogue(driver: Driver, ran: list[str]) -> None:
    build = Builder((64, 70), (20,))
    x = build.strided(data(64 * 20, "float64"), 0, 20, 0, 1)
    y = build.strided(data(70 * 20, "float64"), 0, 0, 20, 1)
    weight = build.strided(data(20, "float64"), 0, 0, 0, 1)
    place = build.index(3, 2, 0, 5)
    bias = build.strided(data(70, "float64"), 0, 0, 1, after=True)
    here = build.contiguous(data(64 * 70, "float64"), after=True)
    three = build.scalar(3, "float64")
    product = build.op("multiply", build.op("subtract", x, y), weight)
    product = build.op("add", product, build.op("cast", place, dtype="float64"))
    total = build.op("sum", build.op("multiply", product, three))
    build.output(build.op("add", build.op("add", total, bias), here), reduced=True)
    build.output(build.op("max", product), reduced=True, strides=(1, 64), into=np.zeros(64 * 70))
    build.check(driver)
    assert ran == ["xgpu_pairs"]


@pytest.mark.parametrize("order", ["bij", "ijb", "ibj", "jbi"])
def test_batches(driver: Driver, ran: list[str], order: str) -> None:
    """The two axes among three kept ones, and two reduced axes."""
    lengths = {"i": 40, "j": 120, "b": 3}
    of_x, of_y = {"i": 28, "j": 0, "b": 28 * 40}, {"i": 0, "j": 20, "b": 20 * 120}
    build = Builder(tuple(lengths[n] for n in order), (4, 5))
    x = build.strided(data(28 * 120, "int32"), 0, *(of_x[n] for n in order), 7, 1)
    y = build.strided(data(20 * 360, "int32"), 19, *(of_y[n] for n in order), -5, -1)
    build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
    build.check(driver)
    assert ran == ["xgpu_pairs"]


def test_operands_that_lie_along_the_kept_axes(driver: Driver, ran: list[str]) -> None:
    build = Builder((80, 90), (21,))
    x = build.strided(data(80 * 21, "float32"), 0, 1, 0, 80)
    y = build.strided(data(90 * 21 * 2, "float32"), 21 * 180 - 1, 0, -2, -180)
    build.output(build.op("sum", build.op("multiply", x, y)), reduced=True)
    build.check(driver)
    assert ran == ["xgpu_pairs"]


def test_64_bit_positions(driver: Driver, ran: list[str]) -> None:
    for rows, length in ((64, 5), (128, 36)):
        build = distances(rows, 64, length)
        build.wide = True
        build.check(driver)
    assert ran == ["xgpu_pairs"] * 2


def test_nothing_to_reduce(driver: Driver) -> None:
    build = distances(64, 64, 0)
    np.testing.assert_array_equal(build.run(driver)[0], np.zeros(64 * 64))


def test_what_is_no_reduction_over_pairs(driver: Driver, ran: list[str]) -> None:
    """An operand that varies along both axes, too few of them, and an output at the points."""
    build = Builder((64, 64), (9,))
    x = build.strided(data(64 * 9, "float32"), 0, 9, 0, 1)
    y = build.strided(data(64 * 9, "float32"), 0, 0, 9, 1)
    both = build.contiguous(data(64 * 64 * 9, "float32"))
    product = build.op("multiply", build.op("multiply", x, y), both)
    build.output(build.op("sum", product), reduced=True)
    build.check(driver)
    distances(5, 900, 7).check(driver)
    distances(40, 40, 7).check(driver)
    build = distances(64, 64, 9)
    build.output(2)
    build.check(driver)
    assert "xgpu_pairs" not in ran


def test_one_program_in_both_ways(driver: Driver, ran: list[str]) -> None:
    """Which way follows from the strides of a launch; each is compiled when it is needed."""
    build = distances(64, 64, 9)
    kernel = launch.compile(driver, 0, build.program)
    assert isinstance(kernel, ReductionKernel)
    x, y = (upload(driver, value) for value, _, _ in build.operands)
    for second in ((0, 9, 1), (9, 0, 1)):
        inputs = [(x, 0, (9, 0, 1)), (y, 0, second)]
        (made,) = kernel.launch(build.shape, inputs, [(None, 0, ())])
        build.operands[1] = (build.operands[1][0], 0, second)
        got = driver.to_host(0, made.ptr, made.nbytes).view(np.float32)
        np.testing.assert_array_equal(got, build.expected()[0])
    assert ran[0] == "xgpu_pairs"
    assert "xgpu_pairs" not in ran[1:]
