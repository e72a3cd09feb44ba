"""The gather kernel on each driver, against numpy.take."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backends.cuda.operands import Array, data, run
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.gather import BLOCK, SHARE, gather_source

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]


def check(driver: Driver, x: Array, positions: Array) -> None:
    gather = launch.kernel_ops(driver)["gather"]
    got = run(driver, gather, [x, positions], positions.shape, x.dtype)
    np.testing.assert_array_equal(got.view(f"V{x.itemsize}"), bits(np.take(x, positions)))


def bits(x: Array) -> Array:
    return np.ascontiguousarray(x).view(f"V{x.itemsize}")


def places(seed: int, count: int, shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(seed).integers(0, count, shape)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_dtypes(driver: Driver, dtype: DType) -> None:
    x = data(1, (50, 7), "int64").astype(dtype)
    check(driver, x, places(2, 350, (6, 9)))
    check(driver, x.T, places(3, 350, (100,)))


def test_numbers_of_results(driver: Driver) -> None:
    x = data(1, (1000,), "int32")
    for count in (1, 2, BLOCK - 1, BLOCK, BLOCK * SHARE, BLOCK * SHARE + 1, 5 * BLOCK * SHARE + 3):
        check(driver, x, places(count, 1000, (count,)))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "complex128"])
def test_strided_operands(driver: Driver, dtype: str) -> None:
    x, at = data(1, (6, 8, 10), dtype), places(2, 200, (7, 11, 3))
    for given in (
        x[1:, ::2, ::-3],
        x.transpose(2, 0, 1),
        x[::-1, ::-1, ::-1],
        np.broadcast_to(x[:, :1], (6, 9, 10)),
        x.ravel()[5:300],
    ):
        positions = at % given.size
        check(driver, given, positions)
        check(driver, given, positions.T[::-1, 1:, ::-2])
        check(driver, given, np.broadcast_to(positions[0, 0], (4, 5, 3)))


def test_single_elements(driver: Driver) -> None:
    for x in (np.asarray(3.5), np.asarray([[7]]), np.arange(6)[4:5]):
        for shape in ((), (1,), (3, 2)):
            check(driver, x, np.zeros(shape, "int64"))
    check(driver, np.arange(12.0).reshape(3, 4).T, np.asarray(7))


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    assert compile_cubin(gather_source(4, 1, 1, "int32_t"), arch)


@pytest.mark.parametrize("width", [1, 2, 8, 16])
def test_nvrtc_takes_every_width(width: int) -> None:
    assert compile_cubin(gather_source(width, 2, 3, "int64_t"), "sm_90")
