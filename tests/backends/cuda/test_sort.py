"""`sort` and `argsort` on each driver: every way that a length takes, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.operands import REAL, operand
from tests.backends.cuda.ordered import check, data, order_of
from xgpu.plugin import BackendUnavailableError, Result, dtypes
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver, Function, nvrtc
from xgpu_cuda.launch import radix
from xgpu_cuda.launch import sort as launches
from xgpu_cuda.launch.fused import Fused
from xgpu_cuda.launch.radix import infinity_bits
from xgpu_cuda.launch.sort import WAYS, Sort, key_dtype, sort_source

DTYPES = [*REAL, *dtypes.NARROW]
SMALL = radix.Shape(256, 1, 1, 4, False)


@pytest.fixture(scope="module")
def sorts(driver: Driver) -> Sort:
    return Sort(driver, Fused(driver))


@pytest.fixture(params=WAYS)
def chosen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Long rows are sorted by the library, or by the kernels, with tiles of little work."""
    name: str = request.param
    monkeypatch.setenv("XGPU_SORT", name)
    for key in radix.SHAPES:
        monkeypatch.setitem(radix.SHAPES, key, SMALL)
    return name


@pytest.fixture
def sort(sorts: Sort, chosen: str) -> Sort:
    return sorts


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds at which small arrays take the ways of large ones."""
    monkeypatch.setattr(launches, "SHORT", 40)
    monkeypatch.setattr(launches, "LONG", 90)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.usefixtures("ways")
def test_ways(driver: Driver, sort: Sort, dtype: np.dtype[Any]) -> None:
    # One block for several rows, for one; one long row; several; many of middling length.
    for shape in ((70, 13), (3, 40), (1000,), (3, 95), (12, 5, 50), (1, 64)):
        check(driver, sort, data(sum(shape), shape, dtype))


@pytest.mark.parametrize("length", [1, 2, 3, 31, 64, 1000, 1025, 2047, 2048, 2049])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_lengths(driver: Driver, sort: Sort, dtype: str, length: int) -> None:
    check(driver, sort, data(length, (length,), dtype))
    check(driver, sort, data(length, (5, length), dtype))


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_long_rows(driver: Driver, sort: Sort, dtype: str, chosen: str) -> None:
    for shape in ((20_003,), (7, 5000)):
        check(driver, sort, data(1, shape, dtype))
    if chosen == "library":
        check(driver, sort, data(1, (2, launches.LONG), dtype))


@pytest.mark.parametrize("dtype", ["int8", "float64"])
@pytest.mark.parametrize("bounds", [(2048, 1 << 18), (4, 6), (4, 1000)], ids=str)
def test_views(
    driver: Driver,
    sort: Sort,
    dtype: str,
    bounds: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launches, "SHORT", bounds[0])
    monkeypatch.setattr(launches, "LONG", bounds[1])
    x = data(3, (6, 5, 9), dtype)
    check(driver, sort, x[::-1, :, ::-1])
    check(driver, sort, x.transpose(2, 0, 1))
    check(driver, sort, x[::2, 1:, 1::3])
    check(driver, sort, np.broadcast_to(x[:, :1], x.shape))
    check(driver, sort, np.broadcast_to(x[..., :1], x.shape))
    check(driver, sort, x[1, 2, ::-2])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("bounds", [(2048, 1 << 18), (1, 2)], ids=str)
def test_all_kinds_of_nan(
    driver: Driver, sort: Sort, dtype: str, bounds: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launches, "SHORT", bounds[0])
    monkeypatch.setattr(launches, "LONG", bounds[1])
    infinity = infinity_bits(np.dtype(dtype))
    sign = 1 << (8 * np.dtype(dtype).itemsize - 1)
    bits = [infinity + 1, sign + infinity + 1, sign - 1, 2 * sign - 1, infinity, sign + infinity]
    x = np.array([*bits, 0, sign, 1, sign + 1], f"u{np.dtype(dtype).itemsize}").view(dtype)
    for descending in (False, True):
        attributes = {"descending": descending, "stable": True}
        result = Result(x.dtype, x.shape)
        (memory,) = sort.sort(0, [operand(driver, x)], [result], attributes)
        got = driver.to_host(0, memory.ptr, memory.nbytes).view(dtype)
        np.testing.assert_array_equal(got, x[order_of(x, descending)])
        (memory,) = sort.argsort(0, [operand(driver, x)], [result], attributes)
        places = driver.to_host(0, memory.ptr, 8 * x.size).view("int64")
        np.testing.assert_array_equal(places, order_of(x, descending))


def test_subnormals_are_not_zeros(driver: Driver, sort: Sort) -> None:
    tiny = np.finfo(np.float32).smallest_subnormal
    x = np.array([tiny, 0, -tiny, -0.0, 2 * tiny] * 600, np.float32)
    check(driver, sort, x)
    check(driver, sort, x[:50])


def test_the_same_bits_twice(driver: Driver, sort: Sort) -> None:
    x = data(9, (50_000,), "float32")
    attributes = {"descending": True, "stable": False}
    for op, dtype in ((sort.sort, "float32"), (sort.argsort, "int64")):
        runs = []
        for _ in range(2):
            (memory,) = op(0, [operand(driver, x)], [Result(np.dtype(dtype), x.shape)], attributes)
            runs.append(driver.to_host(0, memory.ptr, memory.nbytes))
        np.testing.assert_array_equal(runs[0], runs[1])


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"])
def test_compiles_for(arch: str) -> None:
    try:
        nvrtc()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    several = (dtypes.bool_, dtypes.int32, dtypes.float32, dtypes.bfloat16, dtypes.float64)
    for dtype in several if arch == "sm_90" else (dtypes.bfloat16, dtypes.float64):
        for places in (False, True):
            assert compile_cubin(sort_source(dtype, places, 2), arch)


def test_the_way_is_chosen(driver: Driver, sorts: Sort, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[str] = []
    launch = driver.launch

    def noted(device: int, function: Function, *arguments: Any) -> None:
        launched.append(function.name)
        launch(device, function, *arguments)

    monkeypatch.setattr(driver, "launch", noted)
    attributes = {"descending": False, "stable": True}
    x = operand(driver, np.arange(3000, dtype=np.float32))
    for given in (*WAYS, ""):
        monkeypatch.setenv("XGPU_SORT", given)
        for op in (sorts.sort, sorts.argsort):
            launched.clear()
            op(0, [x], [], attributes)
            assert any("radix" in name for name in launched) == (given != "library")
    monkeypatch.setenv("XGPU_SORT", "quick")
    with pytest.raises(ValueError, match="XGPU_SORT is one of library, radix: got 'quick'"):
        sorts.sort(0, [x], [], attributes)


def test_what_is_sorted_in_place_of_a_dtype() -> None:
    assert key_dtype(dtypes.bool_) is dtypes.uint8
    assert key_dtype(dtypes.bfloat16) is dtypes.float32
    assert key_dtype(dtypes.int64) is dtypes.int64
    assert infinity_bits(dtypes.bfloat16) == 0x7F80
    assert infinity_bits(dtypes.float64) == 0x7FF << 52
