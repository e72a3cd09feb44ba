"""The reduction kernels on each driver, against the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import Builder
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.reduction import ReductionKernel

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(1)

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]


def data(size: int, dtype: str) -> Array:
    """Small whole numbers: sums are exact in any order."""
    whole = RNG.integers(-8, 8, size)
    if np.dtype(dtype).kind == "c":
        return (whole + 1j * RNG.integers(-8, 8, size)).astype(dtype)
    return whole > -7 if dtype == "bool" else whole.astype(dtype)


def units(size: int, dtype: str) -> Array:
    """Values whose products are exact."""
    if np.dtype(dtype).kind == "c":
        return np.array([1, 1j, -1, -1j])[RNG.integers(0, 4, size)].astype(dtype)
    return RNG.choice(np.array([-1, 1]), size).astype(dtype)


CASES = (
    [("sum", d) for d in (*INTEGERS, *FLOATS, *COMPLEX)]
    + [("prod", d) for d in (*INTEGERS, *FLOATS, *COMPLEX)]
    + [(op, d) for op in ("min", "max", "argmin", "argmax") for d in ("bool", *INTEGERS, *FLOATS)]
    + [("any", "bool"), ("all", "bool")]
)
SIZES = [
    (1, 1),
    (1, 5),
    (3, 7),
    (40, 3),
    (5, 32),
    (9, 33),
    (2, 255),
    (2, 257),
    (3, 1025),
    (1, 4095),
    (2, 5000),
    (1, 70001),
    (300, 12),
]


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_rows(driver: Driver, op: str, dtype: str) -> None:
    for kept, reduced in SIZES:
        make = units if op == "prod" else data
        values = make(kept * reduced, dtype)
        build = Builder((kept,), (reduced,))
        x = build.contiguous(values)
        build.output(build.op(op, x, dtype="int64" if op[:3] == "arg" else dtype), reduced=True)
        build.check(driver)


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_columns(driver: Driver, op: str, dtype: str) -> None:
    for kept, reduced in [(1, 4), (3, 5), (5, 300), (31, 9), (32, 64), (33, 1000), (2, 9000)]:
        make = units if op == "prod" else data
        build = Builder((kept,), (reduced,))
        x = build.strided(make(kept * reduced, dtype), 0, 1, kept)
        build.output(build.op(op, x, dtype="int64" if op[:3] == "arg" else dtype), reduced=True)
        build.check(driver)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", ["min", "max", "argmin", "argmax"])
def test_nan_and_infinity(driver: Driver, op: str, dtype: str) -> None:
    rows = np.full((8, 3000), 1.0, dtype)
    rows[0, 2000] = np.nan
    rows[1, [7, 2999]] = np.nan
    rows[2] = np.inf
    rows[3] = -np.inf
    rows[4] = np.nan
    rows[5, [9, 10]] = -np.inf, np.inf
    rows[6, 2999] = np.nan
    for strided in (False, True):
        build = Builder((8,), (3000,))
        x = build.contiguous(rows.ravel())
        if strided:
            build = Builder((8,), (3000,))
            x = build.strided(np.ascontiguousarray(rows.T).ravel(), 0, 1, 8)
        kind = "int64" if op[:3] == "arg" else dtype
        build.output(build.op(op, x, dtype=kind), reduced=True)
        build.check(driver)


@pytest.mark.parametrize("op", ["argmin", "argmax"])
@pytest.mark.parametrize("split", [False, True])
def test_first_index_wins(driver: Driver, op: str, split: bool) -> None:
    size = 100_000 if split else 600
    build = Builder((1,), (size,))
    build.output(build.op(op, build.contiguous(np.zeros(size, "float32")), dtype="int64"), True)
    assert build.run(driver)[0].tolist() == [0]


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize(
    ("op", "dtype", "identity"),
    [
        ("sum", "float32", 0),
        ("prod", "complex64", 1),
        ("any", "bool", False),
        ("all", "bool", True),
    ],
)
def test_empty_reduced_axes(
    driver: Driver, op: str, dtype: str, identity: complex, columns: bool
) -> None:
    build = Builder((40,), (0,))
    empty = np.zeros(1, dtype)
    x = build.strided(empty, 0, 1, 40) if columns else build.contiguous(empty)
    build.output(build.op(op, x), reduced=True)
    assert build.run(driver)[0].tolist() == [identity] * 40


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("kept", "reduced"), [((3, 4), (5,)), ((7,), (3, 5)), ((2, 3), (4, 35)), ((33,), (2, 3, 4))]
)
def test_axes(driver: Driver, kept: tuple[int, ...], reduced: tuple[int, ...], wide: bool) -> None:
    """Steps, flips and broadcasts over several kept and reduced axes; a prologue, an epilogue."""
    shape = (*kept, *reduced)
    size = int(np.prod(shape))
    steps = [int(np.prod(shape[a + 1 :])) for a in range(len(shape))]
    base = data(2 * size, "float64")
    last = sum(s * (n - 1) for s, n in zip(steps, shape, strict=True))
    build = Builder(kept, reduced, wide=wide)
    x = build.strided(base, 1, *(2 * s for s in steps))
    y = build.strided(base, last, *(-s for s in steps))
    z = build.strided(base, 0, *(s * (a % 2) for a, s in enumerate(steps)))
    w = build.contiguous(data(size, "float64"))
    two = build.scalar(2.0, "float64")
    full = build.op("add", build.op("multiply", x, y), build.op("subtract", z, w))
    total = build.op("sum", full)
    least = build.op("argmin", full, dtype="int64")
    kept_steps = [int(np.prod(kept[a + 1 :])) for a in range(len(kept))]
    after = build.strided(base, 3, *(2 * s for s in kept_steps), after=True)
    other = build.contiguous(data(int(np.prod(kept)), "float64"), after=True)
    result = build.op("add", build.op("multiply", total, two), build.op("add", after, other))
    build.output(result, reduced=True)
    build.output(least, reduced=True)
    build.output(
        total,
        reduced=True,
        into=np.zeros(3 * size),
        offset=2,
        strides=tuple(3 * s for s in kept_steps),
    )
    build.check(driver)


@pytest.mark.parametrize("shape", [((6, 5), (4, 7)), ((40,), (33, 2)), ((1,), (60, 50))])
def test_reduced_axes_in_memory_order(
    driver: Driver, shape: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """The inner reduced axis has the longer stride; whoever counts along it must not notice."""
    kept, reduced = shape
    size = int(np.prod(kept + reduced))
    per_row = int(np.prod(reduced))
    outer = [per_row * int(np.prod(kept[a + 1 :])) for a in range(len(kept))]
    for op in ("sum", "argmax"):
        build = Builder(kept, reduced)
        x = build.strided(data(size, "int32"), 0, *outer, 1, reduced[0])
        i = build.index(3, *([0] * len(kept)), 10, 1)
        product = build.op("multiply", build.op("cast", x, dtype="int64"), i)
        build.output(build.op(op, product, dtype="int64"), reduced=True)
        build.check(driver)


@pytest.mark.parametrize("kept", [1, 5, 300])
@pytest.mark.parametrize("reduced", [3, 96, 1030, 20000])
def test_several_reductions_and_full_outputs(driver: Driver, kept: int, reduced: int) -> None:
    if kept * reduced > 200_000:
        reduced = 700
    build = Builder((kept,), (reduced,))
    x = build.contiguous(data(kept * reduced, "float32"))
    y = build.contiguous(data(kept * reduced, "float32"))
    d = build.op("subtract", x, y)
    squares = build.op("multiply", d, d)
    total, most = build.op("sum", squares), build.op("max", d)
    where = build.op("argmax", d, dtype="int64")
    count = build.scalar(reduced, "float32")
    build.output(build.op("divide", total, count), reduced=True)
    build.output(build.op("subtract", most, count), reduced=True)
    build.output(where, reduced=True)
    build.output(d)
    build.output(squares, into=np.zeros(kept * reduced + 1, "float32"), offset=1)
    build.check(driver)


def test_full_outputs_of_columns(driver: Driver) -> None:
    kept, reduced = 37, 50
    build = Builder((kept,), (reduced,))
    x = build.strided(data(kept * reduced, "int32"), 0, 1, kept)
    double = build.op("add", x, x)
    build.output(build.op("sum", double), reduced=True)
    build.output(double, into=np.zeros(kept * reduced, "int32"), strides=(1, kept))
    build.check(driver)


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_unaligned_rows(driver: Driver, offset: int) -> None:
    for kept, reduced in [(1, 10_001), (7, 64), (3, 2048)]:
        build = Builder((kept,), (reduced,))
        x = build.contiguous(data(kept * reduced + 4, "int16"), offset)
        build.output(build.op("sum", x), reduced=True)
        build.check(driver)


def test_sum_converts_to_its_dtype(driver: Driver) -> None:
    build = Builder((3,), (1000,))
    x = build.contiguous(np.full(3000, 100, "int8"))
    build.output(build.op("sum", x, dtype="int64"), reduced=True)
    assert build.run(driver)[0].tolist() == [100_000] * 3


def test_sum_of_what_has_no_memory(driver: Driver) -> None:
    build = Builder((4,), (1000,))
    i, one = build.index(5, 100, 1), build.scalar(1, "int64")
    build.output(build.op("sum", build.op("add", i, one)), reduced=True)
    build.output(build.op("sum", one), reduced=True)
    build.check(driver)


@pytest.mark.parametrize(("kept", "reduced"), [(1, 300_000), (50, 3000), (2000, 40)])
@pytest.mark.parametrize("columns", [False, True])
def test_same_bits_again(driver: Driver, kept: int, reduced: int, columns: bool) -> None:
    values = RNG.random(kept * reduced).astype("float32")
    build = Builder((kept,), (reduced,))
    x = build.strided(values, 0, 1, kept) if columns else build.contiguous(values)
    build.output(build.op("sum", x), reduced=True)
    build.check(driver, rtol=1e-5)
    assert build.run(driver)[0].tobytes() == build.run(driver)[0].tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize(("kept", "reduced"), [(1, 37), (1, 9000), (6, 1028)])
def test_same_bits_wherever_the_operand_begins(
    driver: Driver, dtype: str, kept: int, reduced: int
) -> None:
    values = RNG.random(kept * reduced).astype(dtype)
    sums = set()
    for offset in range(5):
        build = Builder((kept,), (reduced,))
        x = build.contiguous(np.concatenate([np.zeros(offset, dtype), values]), offset)
        build.output(build.op("sum", x), reduced=True)
        sums.add(build.run(driver)[0].tobytes())
    assert len(sums) == 1


def test_many_accumulators(driver: Driver) -> None:
    """More state than a block of 256 threads may exchange."""
    build = Builder((3,), (1100,))
    x = build.contiguous(data(3300, "float64"))
    for number in range(40):
        shift = build.scalar(number, "float64")
        build.output(build.op("sum", build.op("add", x, shift)), reduced=True)
    build.check(driver)
    kernel = launch.compile(driver, 0, build.program)
    assert isinstance(kernel, ReductionKernel)
    assert kernel.tuning.block < 256
