"""The searchsorted kernel on each driver, against numpy.searchsorted."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from tests.backends.cuda.operands import REAL, Array, data, run
from xgpu.plugin import dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.searchsorted import searchsorted_source

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def check(driver: Driver, line: Array, values: Array) -> None:
    search = launch.kernel_ops(driver)["searchsorted"]
    for side in SIDES:
        got = run(driver, search, [line, values], values.shape, "int64", side=side)
        np.testing.assert_array_equal(got, np.searchsorted(line, values, side=side))


@pytest.mark.parametrize("dtype", REAL, ids=str)
def test_dtypes(driver: Driver, dtype: DType) -> None:
    line = np.sort(data(1, (300,), dtype))
    check(driver, line, data(2, (13, 40), dtype))


def test_lengths(driver: Driver) -> None:
    values = np.arange(-1, 300).astype("int32")
    for length in (1, 2, 3, 31, 32, 33, 255):
        check(driver, np.arange(length, dtype="int32"), values)
        check(driver, np.full(length, 7, "int32"), values[:20])
    for count in (1, 255, 256, 257):
        check(driver, np.arange(100, dtype="int32") * 2, values[:count])


def test_extremes(driver: Driver) -> None:
    for name in ("int64", "uint64", "int8"):
        info = np.iinfo(name)
        line = np.asarray([info.min, info.min, 0, 1, info.max], name)
        check(driver, line, np.asarray([info.min, info.max, 0, 1, 2], name))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(driver: Driver, dtype: str) -> None:
    small = np.finfo(dtype).smallest_subnormal
    special = np.asarray(
        [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, small, -small, -np.nan], dtype
    )
    line = np.sort(np.tile(special, 9))
    check(driver, line, special)
    check(driver, line[:-18], special)
    check(driver, np.asarray([-0.0, 0.0, -0.0], dtype), special)
    check(driver, np.full(5, np.nan, dtype), special)


def test_strided_operands(driver: Driver) -> None:
    line, values = np.sort(data(1, (200,), "float64")), data(2, (5, 6, 7), "float64")
    for sorted_line in (line[::3], line[::-1].copy()[::-1], line[5:], line[3:4]):
        for view in (
            values.T,
            values[::2, ::-1, 1:],
            np.broadcast_to(values[:, :1], (5, 9, 7)),
            np.broadcast_to(values[0, 0, 0], (3, 3)),
            values[2, 3, 4],
        ):
            check(driver, sorted_line, view)
    check(driver, np.broadcast_to(line[:1], (50,)), values)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    assert compile_cubin(searchsorted_source(np.dtype("float32"), True, 1, "int32_t"), arch)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "bfloat16", "float64"])
def test_nvrtc_takes_every_kind(dtype: str) -> None:
    assert compile_cubin(searchsorted_source(dtypes.check(dtype), False, 2, "int64_t"), "sm_90")
