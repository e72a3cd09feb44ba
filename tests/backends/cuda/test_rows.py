"""The row kernel on each driver, against the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.rows import ALIGNED, APART, CUT, SHIFTED, RowKernel

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(2)

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]

#: Lengths of rows, for runs of 4: of part of a run, of a lane, of some lanes, of a warp of 1, 2 and
#: 4 chunks, of a block, of the largest block, and beyond what it keeps.
LENGTHS = [0, 1, 3, 4, 5, 31, 32, 33, 64, 127, 128, 129, 512, 513, 516, 2049, 4100]
LONG = [16384, 16388, 32768, 32769, 40004]


def data(size: int, dtype: str) -> Array:
    """Small whole numbers: sums are exact in any order."""
    whole = RNG.integers(-8, 8, size)
    if np.dtype(dtype).kind == "c":
        return (whole + 1j * RNG.integers(-8, 8, size)).astype(dtype)
    return whole > -7 if dtype == "bool" else whole.astype(dtype)


def centred(build: Builder, x: int) -> int:
    """x - sum(x), with another pass: the sum of that is subtracted, too."""
    once = build.op("subtract", x, build.op("sum", x))
    return build.op("subtract", once, build.op("sum", build.op("multiply", once, once)))


@pytest.mark.parametrize("kept", [1, 3, 70])
def test_lengths(driver: Driver, kept: int) -> None:
    for length in LENGTHS if kept > 1 else (*LENGTHS, *LONG):
        build = Builder((kept,), (length,))
        build.output(centred(build, build.contiguous(data(kept * length, "int32"))))
        build.check(driver)


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, "complex64", "complex128"])
def test_dtypes(driver: Driver, dtype: str) -> None:
    for kept, length in [(3, 40), (2, 263), (5, 2)]:
        build = Builder((kept,), (length,))
        x = build.contiguous(data(kept * length, dtype))
        build.output(build.op("subtract", x, build.op("sum", x)))
        build.check(driver)


@pytest.mark.parametrize("op", ["max", "min", "argmax", "argmin", "sum", "prod"])
def test_reductions(driver: Driver, op: str) -> None:
    for dtype in ("float32", "int64"):
        build = Builder((4,), (300,))
        x = build.contiguous(np.sign(data(1200, dtype)) + (data(1200, dtype) == 0))
        kind = "int64" if op[:3] == "arg" else dtype
        folded = build.op(op, x, dtype=kind)
        wide = build.op("cast", x, dtype=kind)
        build.output(build.op("add", wide, folded))
        build.output(folded, reduced=True)
        build.check(driver)


@pytest.mark.parametrize("op", ["any", "all"])
def test_reductions_of_bool(driver: Driver, op: str) -> None:
    build = Builder((40,), (5,))
    x = build.contiguous(RNG.random(200) < 0.7)
    build.output(build.op("logical_xor", x, build.op(op, x)))
    build.check(driver)


def test_outputs_of_each_pass(driver: Driver) -> None:
    for length in (50, 33000):
        build = Builder((2,), (length,))
        x, y = (build.contiguous(data(2 * length, "int64")) for _ in range(2))
        row = build.contiguous(data(2, "int64"), after=True)
        total = build.op("sum", build.op("multiply", x, row))
        first = build.op("add", build.op("multiply", x, y), row)
        second = build.op("subtract", first, total)
        largest = build.op("max", second)
        build.output(first)
        build.output(build.op("subtract", largest, build.op("add", second, y)))
        build.output(second)
        build.output(build.op("add", total, largest), reduced=True)
        build.output(build.op("add", row, row), reduced=True)
        build.output(largest)
        build.check(driver)


def test_a_reduced_value_is_reduced_again(driver: Driver) -> None:
    build = Builder((3,), (70,))
    x = build.contiguous(data(210, "int32"))
    build.output(build.op("sum", build.op("max", x)), reduced=True)
    build.check(driver)


@pytest.mark.parametrize("length", [64, 65, 40000])
def test_strides(driver: Driver, length: int) -> None:
    """Transposed, reversed, along the row alone, and a target with strides."""
    build = Builder((3,), (length,))
    x = build.strided(data(3 * length, "int32"), 0, 1, 3)
    y = build.strided(data(6 * length, "int32"), 2 * length - 2, 2 * length, -2)
    weight = build.strided(data(length, "int32"), 0, 0, 1)
    place = build.index(5, 100, 3)
    both = build.op("add", build.op("multiply", x, weight), y)
    build.output(
        build.op("subtract", both, build.op("sum", both)),
        into=np.zeros(3 * length + 7, np.int32),
        offset=7,
        strides=(1, 3),
    )
    build.output(build.op("add", place, build.op("max", place)))
    build.check(driver)


def test_axes(driver: Driver) -> None:
    for wide in (False, True):
        build = Builder((2, 3), (4, 5), wide)
        x = build.strided(data(120, "int64"), 0, 20, 40, 1, 4)
        y = build.contiguous(data(120, "int64"))
        after = build.strided(data(6, "int64"), 0, 1, 2, after=True)
        both = build.op("add", build.op("add", x, y), after)
        total = build.op("sum", both)
        build.output(build.op("subtract", both, total))
        build.output(total, reduced=True, strides=(1, 2))
        build.check(driver)
        build = Builder((6,), (4, 5), wide)
        build.output(centred(build, build.contiguous(data(120, "int64"))))
        build.check(driver)


def softmax(driver: Driver, values: Array, offset: int, kept: int, length: int) -> Array:
    build = Builder((kept,), (length,))
    x = build.contiguous(values, offset)
    exp = build.op("exp", build.op("subtract", x, build.op("max", x)))
    build.output(build.op("divide", exp, build.op("sum", exp)))
    build.check(driver, rtol=3e-6)
    return build.run(driver)[0]


@pytest.mark.parametrize("length", [8, 100, 1000, 33000])
def test_an_address_changes_no_bit(driver: Driver, length: int) -> None:
    values = RNG.normal(size=2 * length).astype(np.float32)
    wanted = softmax(driver, values, 0, 2, length)
    for offset in (1, 2, 3):
        moved = np.concatenate([np.zeros(offset, np.float32), values])
        np.testing.assert_array_equal(softmax(driver, moved, offset, 2, length), wanted)


def test_special_values(driver: Driver) -> None:
    values = RNG.normal(size=(6, 40)).astype(np.float32)
    values[0, 3], values[1, 5], values[2, 7] = np.nan, np.inf, -np.inf
    values[3], values[4], values[5, :2] = np.inf, -np.inf, [np.nan, np.inf]
    softmax(driver, values.reshape(-1), 0, 6, 40)


def test_few_kernels_for_all_lengths(driver: Driver) -> None:
    build = Builder((2,), (8,))
    x = build.contiguous(data(16, "float32"))
    build.output(build.op("subtract", x, build.op("max", x)))
    kernel = launch.compile(driver, 0, build.program)
    assert isinstance(kernel, RowKernel)
    variants = {kernel._variant(length)[0] for length in range(0, 100_000, 7)}
    assert len([v for v in variants if v.packing == ALIGNED]) == 5
    assert len(variants) == 11
    for length in range(0, 100_000, 7):
        variant, lanes = kernel._variant(length)
        assert lanes <= variant.threads
        assert lanes % 32 == 0 or 32 % lanes == 0
        before = 3 if variant.packing == SHIFTED else 0
        assert not variant.kept or lanes * variant.chunks * 4 >= length + before


CUT_LENGTHS = [CUT - 1, CUT + 1, CUT + 2, CUT + 3, CUT + 5, 1021, 1022, 1023, 1025, 2051]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float64", "complex128"])
def test_rows_that_are_no_whole_runs(driver: Driver, dtype: str) -> None:
    """Each begins at another place between two wide accesses, also where the first one does."""
    for length in CUT_LENGTHS:
        for kept, offset in [(1, 0), (5, 0), (9, 1), (3, 3)]:
            build = Builder((kept,), (length,))
            x = build.contiguous(data(kept * length + offset, dtype), offset)
            build.output(build.op("subtract", x, build.op("sum", x)))
            build.check(driver)


def test_short_rows(driver: Driver) -> None:
    for length in range(1, 71):
        build = Builder((7,), (length,))
        x = build.contiguous(data(7 * length + 1, "int32"), 1)
        build.output(build.op("subtract", x, build.op("sum", x)))
        build.check(driver)


@pytest.mark.parametrize("length", [CUT + 1, 1026, 33_001, 33_002])
def test_cut_rows_of_several_operands(driver: Driver, length: int) -> None:
    """Beside rows that begin elsewhere, backwards ones, one row for all, and into parts of rows."""
    build = Builder((3,), (length,))
    x = build.contiguous(data(3 * length, "int32"))
    y = build.strided(data(3 * length + 12, "int32"), 5, length + 2, 1)
    back = build.strided(data(3 * length, "int32"), length - 1, length, -1)
    weight = build.strided(data(length, "int32"), 0, 0, 1)
    place = build.op("cast", build.index(5, 100, 3), dtype="int32")
    both = build.op("add", build.op("multiply", x, weight), build.op("add", y, back))
    total = build.op("sum", both)
    build.output(build.op("subtract", build.op("add", both, place), total))
    build.output(
        build.op("subtract", both, build.op("max", build.op("subtract", both, total))),
        into=np.zeros(4 * length, np.int32),
        offset=3,
        strides=(length + 1, 1),
    )
    build.output(total, reduced=True)
    build.check(driver)


def test_a_cut_row_is_read_in_runs(driver: Driver) -> None:
    build = Builder((2,), (1000,))
    x = build.contiguous(data(2000, "float32"))
    build.output(build.op("subtract", x, build.op("max", x)))
    kernel = launch.compile(driver, 0, build.program)
    assert isinstance(kernel, RowKernel)
    packings = {n: kernel._variant(n)[0].packing for n in (8, 9, 1000, 1001, 40_000, 40_001)}
    wanted = (ALIGNED, APART, ALIGNED, SHIFTED, ALIGNED, SHIFTED)
    assert tuple(packings.values()) == wanted


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_variance_in_one_pass(driver: Driver, dtype: str) -> None:
    for kept, reduced, rows in [(3, 1, True), (2, 1000, True), (1, 9001, True), (40, 900, False)]:
        build = Builder((kept,), (reduced,))
        values = (RNG.normal(size=kept * reduced) + 1000).astype(dtype)
        x = build.contiguous(values) if rows else build.strided(values, 0, 1, kept)
        count = build.scalar(reduced, dtype)
        mean = build.op("divide", build.op("sum", x), count)
        squares = build.op("square", build.op("subtract", x, mean))
        build.output(build.op("divide", build.op("sum", squares), count), reduced=True)
        build.output(mean, reduced=True)
        (made, middle) = build.run(driver)
        points = values.astype("f8").reshape((kept, reduced) if rows else (reduced, kept))
        axis = 1 if rows else 0
        tiny = 1e-3 if dtype == "float32" else 1e-9
        np.testing.assert_allclose(made, points.var(axis=axis), tiny, 1e-9)
        np.testing.assert_allclose(middle, points.mean(axis=axis), 1e-5)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_variance_of_special_values(driver: Driver, dtype: str) -> None:
    big = np.finfo(dtype).max
    rows = np.asarray(
        [[1, np.nan, 2, 3], [1, np.inf, 2, 3], [big, big, 0, 0], [big, -big, big, -big], [7] * 4],
        dtype,
    )
    build = Builder((5,), (4,))
    x = build.contiguous(rows.reshape(-1))
    mean = build.op("divide", build.op("sum", x), build.scalar(4, dtype))
    build.output(build.op("sum", build.op("square", build.op("subtract", x, mean))), reduced=True)
    build.check(driver)


def test_a_variance_of_nothing(driver: Driver) -> None:
    build = Builder((3,), (0,))
    x = build.contiguous(np.zeros(0))
    mean = build.op("divide", build.op("sum", x), build.scalar(0, "float64"))
    build.output(build.op("sum", build.op("square", build.op("subtract", x, mean))), reduced=True)
    build.check(driver)
