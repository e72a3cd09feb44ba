"""The matmul kernel on each driver, against numpy.matmul."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import upload
from xgpu.plugin import Result, Strided
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.matmul import ENTRY, Matmul, collapsed, source

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(2)

DTYPES = [
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64", "complex64", "complex128"),
]


@pytest.fixture(scope="module")
def matmul(driver: Driver) -> Matmul:
    return Matmul(driver)


def data(shape: tuple[int, ...], dtype: str) -> Array:
    """Whole numbers, whose products are exact."""
    whole = RNG.integers(-9, 9, shape)
    if np.dtype(dtype).kind == "c":
        return (whole + 1j * RNG.integers(-9, 9, shape)).astype(dtype)
    return whole.astype(dtype)


def strided(driver: Driver, array: Array, shape: tuple[int, ...] | None = None) -> Strided:
    """An operand that reads a view's own memory, broadcast to ``shape``."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    view = array if shape is None else np.broadcast_to(array, shape)
    steps = tuple(step // array.itemsize for step in view.strides)
    memory = upload(driver, base.ravel())
    return Strided(memory, array.dtype, view.shape, steps, start // array.itemsize)


def check(driver: Driver, matmul: Matmul, left: Array, right: Array) -> None:
    wanted = np.matmul(left, right)
    batch = wanted.shape[:-2]
    operands = [
        strided(driver, left, (*batch, *left.shape[-2:])),
        strided(driver, right, (*batch, *right.shape[-2:])),
    ]
    (memory,) = matmul(0, operands, [Result(wanted.dtype, wanted.shape)], {})
    got = driver.to_host(0, memory.ptr, memory.nbytes).view(wanted.dtype)
    np.testing.assert_array_equal(got.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("rows", "inner", "columns"),
    [
        (1, 1, 1),
        (3, 5, 2),
        (32, 16, 32),
        (33, 17, 31),
        (1, 40, 70),
        (200, 7, 3),
        (5, 0, 4),
        (0, 3, 2),
    ],
)
def test_shapes(
    driver: Driver, matmul: Matmul, rows: int, inner: int, columns: int, dtype: str
) -> None:
    check(driver, matmul, data((rows, inner), dtype), data((inner, columns), dtype))


@pytest.mark.parametrize("dtype", ["int32", "complex64"])
def test_views(driver: Driver, matmul: Matmul, dtype: str) -> None:
    left, right = data((40, 23), dtype), data((37, 40), dtype)
    check(driver, matmul, left.T, right.T)
    check(driver, matmul, right[::2, ::-1], left[:, 1::3])
    check(driver, matmul, right[:, -1:], left[:1, ::-2])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((4, 5, 6), (4, 6, 3)),
        ((2, 3, 5, 6), (6, 4)),
        ((5, 6), (2, 3, 6, 4)),
        ((2, 1, 5, 6), (1, 3, 6, 4)),
        ((2, 1, 1, 2, 6), (3, 2, 6, 40)),
    ],
)
def test_batches(
    driver: Driver, matmul: Matmul, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    check(driver, matmul, data(left, "int64"), data(right, "int64"))
    check(driver, matmul, data(left, "float32").astype("float64"), data(right, "float64"))


def test_integers_wrap(driver: Driver, matmul: Matmul) -> None:
    ones = np.full((3, 300), 100, "int8")
    check(driver, matmul, ones, ones.T)


def test_batch_axes_merge() -> None:
    assert collapsed((2, 1, 3), (12, 7, 4), (12, 5, 4)) == [(6, 4, 4)]
    assert collapsed((2, 3), (12, 4), (0, 4)) == [(2, 12, 0), (3, 4, 4)]
    assert collapsed((2, 3), (0, 0), (12, 4)) == [(6, 0, 4)]


def test_source_defines_the_entry() -> None:
    text = source(np.dtype("complex64"), 2)
    assert "complex<float>" in text
    assert text.rstrip().endswith('#include "matmul.cu"')
    assert ENTRY == "xgpu_matmul"
