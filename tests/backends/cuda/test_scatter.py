"""The scatter kernels on each driver, against NumPy's assignment from first to last."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backends.cuda.operands import Array, data, run
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.scatter import BLOCK, MANY, SHARE, scatter_source

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]


def check(driver: Driver, x: Array, positions: Array, values: Array) -> None:
    wanted = x.flatten()
    spread = np.broadcast_to(values, positions.shape)
    for at, value in zip(positions.ravel(), spread.ravel(), strict=True):
        wanted[at] = value
    scatter = launch.kernel_ops(driver)["scatter"]
    got = run(driver, scatter, [x, positions, spread], x.shape, x.dtype)
    np.testing.assert_array_equal(got.tobytes(), wanted.tobytes())


def places(seed: int, count: int, shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(seed).integers(0, count, shape)


def numbers(shape: tuple[int, ...], dtype: DType | str) -> Array:
    """Neighbours differ."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_dtypes(driver: Driver, dtype: DType) -> None:
    x = data(1, (40, 7), "int64").astype(dtype)
    check(driver, x, places(2, 280, (6, 9)), numbers((6, 9), dtype))
    check(driver, x.T, places(3, 280, (200,)), numbers((200,), dtype))


@pytest.mark.parametrize("size", [5, 1000, 100_000])
def test_the_last_of_equal_positions_wins(driver: Driver, size: int) -> None:
    """Few and many positions to an element, of which some or all are equal."""
    x = numbers((size,), "int32")
    step = BLOCK * SHARE
    few = max(1, size // MANY - 1)
    for count in (1, 2, step - 1, step, step + 1, 3 * step, few, few + 2):
        values = -1 - numbers((count,), "int32")
        check(driver, x, places(count, size, (count,)), values)
        check(driver, x, np.full(count, size - 1), values)
        check(driver, x, places(count, min(3, size), (count,)), values)


@pytest.mark.parametrize("dtype", ["int16", "float64", "complex128"])
def test_strided_operands(driver: Driver, dtype: str) -> None:
    x, at, values = data(1, (6, 8, 10), dtype), places(2, 100, (7, 9, 3)), numbers((7, 9, 3), dtype)
    for given in (x[1:, ::2, ::-1], x.transpose(2, 0, 1), np.broadcast_to(x[:, :1], (6, 9, 10))):
        check(driver, given, at, values)
        check(driver, given, at.transpose(1, 0, 2), values[::-1].transpose(1, 0, 2))
        check(driver, given, at[:, ::2, ::-1], values[:, ::-2])
        check(driver, given, at, values[:, :1])
        check(driver, given, at, values[2, 3, 1])
        check(driver, given, np.broadcast_to(at[0], (4, 9, 3)), values[:4])


def test_single_elements(driver: Driver) -> None:
    for x in (np.asarray(3.5), np.asarray([[7.0]]), np.arange(6.0)[4:5]):
        for shape in ((), (1,), (3, 2)):
            check(driver, x, np.zeros(shape, "int64"), 10 + numbers(shape, "float64"))


def test_the_operand_stays_as_it_is(driver: Driver) -> None:
    x = numbers((300,), "int64")
    check(driver, x, places(0, 300, (50,)), numbers((50,), "int64"))
    np.testing.assert_array_equal(x, np.arange(300))


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    assert compile_cubin(scatter_source(4, 1, "int32_t"), arch)
    assert compile_cubin(scatter_source(16, 2, "int64_t"), arch)


@pytest.mark.parametrize("width", [1, 2, 8])
def test_nvrtc_takes_every_width(width: int) -> None:
    assert compile_cubin(scatter_source(width, 3, "int32_t"), "sm_90")
