"""xgpu_scan_staged on each driver, against numpy.cumsum and numpy.cumprod."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.operands import NUMERIC, data, operand, run
from tests.backends.cuda.test_scan import ARCHITECTURES, PROD, SUM, check, factors, scan
from xgpu.plugin import BackendUnavailableError, Result, dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver, Function
from xgpu_cuda.launch import scan as scans
from xgpu_cuda.launch.fused import Fused
from xgpu_cuda.launch.look_back import GROUP, HEAD, KeptSlots
from xgpu_cuda.launch.scan import STAGED, Staging, plan_staged, scan_source, shared_memory
from xgpu_cuda.simulator.driver import SimulatorDriver

STAGINGS = [
    Staging(1024, 4),
    Staging(96, 3, stages=4, resident=2),
    Staging(64, 2),  # one warp looks at one group before
]
SMALL = STAGINGS[-1]
F32 = np.dtype("float32")


def tile(staging: Staging, dtype: DType) -> int:
    return staging.threads * staging.packets * 16 // dtype.itemsize


@pytest.fixture
def staged(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What takes rows of several tiles: SMALL, unless a test sets another."""
    monkeypatch.setattr(scans, "STAGING", SMALL)
    monkeypatch.setattr(scans, "ROUNDS", 0)
    if driver.name == "cudasim":
        monkeypatch.setattr(scans, "shared_memory", lambda capability: 227 << 10)
    elif shared_memory(driver.compute_capability(0)) < SMALL.shared:
        pytest.skip("this GPU has no such copies to shared memory")
    return monkeypatch


@pytest.mark.parametrize("staging", STAGINGS, ids=str)
def test_sums_and_products(driver: Driver, staged: pytest.MonkeyPatch, staging: Staging) -> None:
    """Rows of several tiles, whole and not, aligned and not, at steps and backwards."""
    staged.setattr(scans, "STAGING", staging)
    for name in ("float32", "complex128", "int8"):
        dtype = np.dtype(name)
        size = tile(staging, dtype)
        for shape in ((2 * size,), (7 * size + 5,), (3, 2 * size + 1), (5, 3 * size)):
            check(driver, SUM, data(10, shape, dtype))
        long = data(11, (6 * size + 4,), dtype)
        for view in (long[1:], long[::-1], long[1::2], long[:-1].reshape(3, -1)):
            check(driver, SUM, view)
        check(driver, PROD, factors((2, 2 * size + 1), dtype))


@pytest.mark.parametrize("dtype", NUMERIC, ids=str)
def test_every_dtype(driver: Driver, staged: pytest.MonkeyPatch, dtype: DType) -> None:
    check(driver, SUM, data(12, (2, 70 * tile(SMALL, dtype) + 3), dtype))


@pytest.mark.parametrize("dtype", dtypes.NARROW, ids=str)
def test_16_bit_floats(driver: Driver, staged: pytest.MonkeyPatch, dtype: DType) -> None:
    x = data(13, (2, 5 * tile(SMALL, dtype) + 1), F32)
    got = scan(driver, SUM, x.astype(dtype)).astype(F32)
    np.testing.assert_array_equal(got, np.cumsum(x, axis=-1).astype(dtype).astype(F32))


def test_special_values(driver: Driver, staged: pytest.MonkeyPatch) -> None:
    length = 40 * tile(SMALL, F32) + 9
    zeros = np.full(length, -0.0, F32)
    assert np.signbit(scan(driver, SUM, zeros)).all()
    zeros[length // 2] = 0.0
    np.testing.assert_array_equal(
        np.signbit(scan(driver, SUM, zeros)), np.arange(length) * 2 < length - 1
    )
    x = data(14, (length,), F32)
    x[length // 3] = np.inf
    check(driver, SUM, x)
    x[length // 2] = -np.inf
    check(driver, SUM, x)
    product = np.ones(length, "complex128")
    product[0] = complex(np.inf, 1)  # no identity may be multiplied with it
    np.testing.assert_array_equal(scan(driver, PROD, product)[:1].view("float64"), [np.inf, 1])


@pytest.mark.parametrize("staging", STAGINGS, ids=str)
def test_the_same_bits_again(driver: Driver, staged: pytest.MonkeyPatch, staging: Staging) -> None:
    """Also as the simulator, where one block takes all tiles and finds a whole for each."""
    staged.setattr(scans, "STAGING", staging)
    for name in ("float32", "complex128"):
        length = 70 * tile(staging, np.dtype(name)) + 13
        x = np.random.default_rng(15).standard_normal((2, length)).astype(name)
        first = scan(driver, SUM, x)
        np.testing.assert_allclose(first, np.cumsum(x, axis=-1), rtol=1e-3, atol=1e-1)
        for _ in range(1 if driver.name == "cudasim" else 20):
            assert scan(driver, SUM, x).tobytes() == first.tobytes()
        simulator = SimulatorDriver()
        try:
            simulator.devices()
        except BackendUnavailableError as error:
            pytest.skip(str(error))
        staged.setattr(scans, "shared_memory", lambda capability: 227 << 10)
        assert scan(simulator, SUM, x).tobytes() == first.tobytes()


def test_rows_of_all_sorts_share_the_slots(driver: Driver, staged: pytest.MonkeyPatch) -> None:
    op = launch.kernel_ops(driver)[SUM]
    rng = np.random.default_rng(16)
    for _ in range(20):
        dtype = np.dtype(str(rng.choice(["int8", "float32", "int64", "complex128"])))
        shape = (int(rng.integers(1, 4)), int(rng.integers(2, 80)) * tile(SMALL, dtype) + 1)
        x = data(17, shape, dtype)
        got = run(driver, op, [x], x.shape, x.dtype)
        np.testing.assert_array_equal(got, np.cumsum(x, axis=-1, dtype=dtype))


def test_the_number_of_launches_may_wrap(driver: Driver, staged: pytest.MonkeyPatch) -> None:
    """Slots with the state of a launch of long ago are emptied before its number comes again."""
    of_one = 40 * tile(SMALL, F32)
    x = data(18, (of_one,), F32)
    op = scans.Scan(driver, "running_sum", Fused(driver))
    run(driver, op, [x], x.shape, F32)
    (memory,) = op._kept._of.values()
    head = np.asarray([0, 0, 2**32 - 8, 0], np.uint32)
    driver.to_device(0, memory, head)
    for number in (2**32 - 4, 0, 4):
        got = run(driver, op, [x], x.shape, F32)
        np.testing.assert_array_equal(got, np.cumsum(x))
        words = driver.to_host(0, memory.ptr, memory.nbytes).view(np.uint32)
        assert words[:4].tolist() == [0, 0, number, 0]
        # The slots of the tiles, then the one of their first group: the second is not closed.
        states = words[2 * HEAD + 1 :: 2]
        if number == 0:
            assert not states.any()
        else:
            tag = (number - 4) % 2**32
            assert states[:40].tolist() == [tag | 1] * 40
            assert states[40 : 40 + 40 // GROUP].tolist() == [tag | 2]


def test_a_launch_can_be_repeated(driver: Driver, staged: pytest.MonkeyPatch) -> None:
    """With the same arguments, as a graph does."""
    taken: list[Any] = []
    launched = driver.launch

    def note(device: int, function: Function, *rest: Any) -> None:
        taken.append((device, function, *rest))
        launched(device, function, *rest)

    x = data(19, (2, 50 * tile(SMALL, F32)), F32)
    staged.setattr(driver, "launch", note)
    given = operand(driver, x)
    (memory,) = launch.kernel_ops(driver)[SUM](0, [given], [Result(F32, x.shape)], {})
    assert [function.name for _, function, *_ in taken] == [STAGED]
    for _ in range(3):
        driver.to_device(0, memory, np.zeros(x.shape, F32))
        launched(*taken[0])
        got = driver.to_host(0, memory.ptr, memory.nbytes).view(F32).reshape(x.shape)
        np.testing.assert_array_equal(got, np.cumsum(x, axis=-1))


def test_each_stream_has_its_slots(driver: Driver) -> None:
    kept = KeptSlots(driver)
    first = kept(0, 1, 100, 4)
    assert kept(0, 3, 20, 8).memory is first.memory  # less than it has room for
    assert first.words >= HEAD + 100 + 4
    assert not driver.to_host(0, first.fields[0], 8 * first.words).any()
    larger = kept(0, 1, 1000, 4)
    assert larger.memory is not first.memory and larger.words > 1000
    streams = driver.streams
    stream = streams.new(0)
    before = streams.use(0, stream)
    try:
        other = kept(0, 1, 100, 4)
        assert other.memory is not larger.memory
        assert kept(0, 1, 100, 4).memory is other.memory
    finally:
        streams.use(0, before)
    assert kept(0, 1, 100, 4).memory is larger.memory
    assert len(kept._of) == 2
    del stream, other
    gc.collect()
    assert len(kept._of) == 1


def test_plans() -> None:
    staging, room = Staging(1024, 4), 227 << 10
    size = 1024 * 4 * 4
    work = plan_staged(2, 300 * size + 1, F32, staging, 132, room)
    assert work == (STAGED, 132, 1024, 32, 301, 192 << 10)
    assert plan_staged(2, 300 * size + 1, F32, staging, 132, 163 << 10) is None
    assert plan_staged(1, 300 * size + 1, F32, staging, 132, room) is None  # too little work
    assert plan_staged(1000, size, F32, staging, 132, room) is None  # tiles that are rows
    assert [shared_memory(c) >> 10 for c in ("7.5", "8.0", "8.6", "9.0", "12.0")] == [
        *(0, 163, 99),
        *(227, 99),
    ]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    for staging in STAGINGS[:2]:
        text = scan_source(STAGED, F32, "running_sum", 1, "int32_t", staging)
        assert compile_cubin(text, arch)


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float16", "bfloat16", "complex128"])
def test_nvrtc_takes_every_width(dtype: str) -> None:
    text = scan_source(STAGED, dtypes.check(dtype), "running_product", 3, "int64_t", STAGINGS[0])
    assert compile_cubin(text, "sm_90")
