"""The scan kernels on each driver, against numpy.cumsum and numpy.cumprod."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tests.backends.cuda.interpreter import upload
from tests.backends.cuda.operands import NUMERIC, Array, data, run
from xgpu.plugin import BackendUnavailableError, dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch import scan as scans
from xgpu_cuda.launch.scan import (
    BLOCK,
    ROWS,
    SHORT,
    SHORT_LENGTH,
    TILE_BLOCK,
    TILES,
    TUNING,
    WARP,
    Tuning,
    packets,
    plan,
    scan_source,
)
from xgpu_cuda.simulator.driver import SimulatorDriver

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]
ENTRIES = [SHORT, ROWS, TILES]
SUM, PROD = "cumulative_sum", "cumulative_prod"


def share(dtype: DType) -> int:
    """Elements of a warp."""
    return WARP * 16 // dtype.itemsize * packets(dtype)


def tile(dtype: DType) -> int:
    return share(dtype) * TILE_BLOCK // WARP


def factors(shape: tuple[int, ...], dtype: DType) -> Array:
    """Numbers whose products are exact: powers of two up and down, units, integers that wrap."""
    rng = np.random.default_rng(7)
    if dtype.kind in "iu":
        return np.asarray(data(7, shape, dtype) * dtype.type(2) + dtype.type(1))
    if dtype.kind == "c":
        return np.asarray([1, -1, 1j, -1j], dtype)[rng.integers(0, 4, shape)]
    signs = rng.choice(np.asarray([1, -1], dtype), shape)
    return np.asarray(signs * np.where(np.arange(shape[-1]) % 2, dtype.type(0.5), dtype.type(2)))


def scan(driver: Driver, name: str, x: Array) -> Array:
    return run(driver, launch.kernel_ops(driver)[name], [x], x.shape, x.dtype)


def reference(name: str, x: Array) -> Array:
    function = np.cumsum if name == SUM else np.cumprod
    with np.errstate(all="ignore"):
        return np.asarray(function(x, axis=-1, dtype=x.dtype))


def check(driver: Driver, name: str, x: Array) -> None:
    np.testing.assert_array_equal(scan(driver, name, x), reference(name, x))


@pytest.mark.parametrize(
    ("dtype", "name"),
    [*((d, SUM) for d in NUMERIC), *((d, PROD) for d in NUMERIC if d.itemsize in (1, 8, 16))],
    ids=str,
)
def test_lengths(driver: Driver, dtype: DType, name: str) -> None:
    """Each way to share a row, one less, one more, and several rows that are not aligned."""
    vector = 16 // dtype.itemsize
    edges = (SHORT_LENGTH, 8 * vector, 32 * vector, share(dtype), 3 * share(dtype), tile(dtype))
    lengths = {1, 2, *(edge + more for edge in edges for more in (-1, 0, 1)), 3 * tile(dtype) + 5}
    for length in sorted(n for n in lengths if n > 0):
        for rows in (1, 3):
            x = (
                data(length, (rows, length), dtype)
                if name == SUM
                else factors((rows, length), dtype)
            )
            check(driver, name, x)


@pytest.mark.parametrize("dtype", ["float32", "int64", "complex128"])
def test_several_groups_of_tiles(driver: Driver, dtype: str) -> None:
    step = tile(np.dtype(dtype))
    for tiles in (31, 32, 33, 64, 70):
        check(driver, SUM, data(tiles, (1, tiles * step - 3), dtype))
    check(driver, SUM, data(0, (2, 40 * step + 8), dtype))


def test_more_groups_than_a_warp_has_lanes(driver: Driver) -> None:
    check(driver, SUM, data(0, (34 * 32 * tile(np.dtype("int8")) - 5,), "int8"))


def test_many_rows(driver: Driver) -> None:
    for shape in ((1000, 3), (1000, 16), (700, 17), (300, 100), (33, 700)):
        check(driver, SUM, data(1, shape, "float32"))


@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_strided_operands(driver: Driver, dtype: str) -> None:
    x = data(2, (6, 40, 30), dtype)
    for view in (
        x[::2, ::-1, 1:],
        x[:, :, ::-1],
        x[..., ::3],
        x.transpose(2, 0, 1),
        x.T,
        x[1:, 3, 2:-1],
        x[:3].transpose(2, 1, 0),
        x[:5, ::-1, ::3].T,
        x[0, 0, 5:6],
        np.broadcast_to(x[:, :1], (6, 9, 30)),
        np.broadcast_to(x[..., :1], (6, 40, 50)),
        np.broadcast_to(x[0, 0, :1], (3000,)),
    ):
        check(driver, SUM, view)
    long = data(3, (3 * tile(np.dtype(dtype)) * 2 + 1,), dtype)
    check(driver, SUM, long[1:])
    check(driver, SUM, long[::-1])
    check(driver, SUM, long[1::2])
    check(driver, SUM, long[:-1].reshape(-1, 2).T)


def test_special_values(driver: Driver) -> None:
    for dtype in ("float32", "float64"):
        for length in (7, 100, 3 * tile(np.dtype(dtype)) + 9):
            x = data(4, (length,), dtype)
            x[length // 3] = np.inf
            check(driver, SUM, x)
            x[length // 2] = -np.inf
            check(driver, SUM, x)
            x[length // 4] = np.nan
            check(driver, SUM, x)
            x = factors((length,), np.dtype(dtype))
            x[length // 2 :] = 0
            check(driver, PROD, x)
            x[length // 3] = np.inf
            check(driver, PROD, x)
            zeros = np.full(length, -0.0, dtype)
            assert np.signbit(scan(driver, SUM, zeros)).all()
            zeros[length // 2] = 0.0
            np.testing.assert_array_equal(
                np.signbit(scan(driver, SUM, zeros)), np.arange(length) < length // 2
            )


def test_a_complex_product_has_no_identity(driver: Driver) -> None:
    for length in (3, 40, 5000):
        x = np.ones(length, "complex128")
        x[0] = complex(np.inf, 1)
        got = scan(driver, PROD, x)
        np.testing.assert_array_equal(got[:1].view("float64"), [np.inf, 1])
        np.testing.assert_array_equal(np.isnan(got.imag[1:]), True)


def test_short_rows_have_the_bits_of_numpy(driver: Driver) -> None:
    rng = np.random.default_rng(5)
    for dtype in ("float32", "float64"):
        x = rng.standard_normal((50, SHORT_LENGTH)).astype(dtype) * 1e3
        for name in (SUM, PROD):
            np.testing.assert_array_equal(scan(driver, name, x), reference(name, x))


@pytest.mark.parametrize("dtype", dtypes.NARROW, ids=str)
def test_16_bit_floats_are_summed_in_float32(driver: Driver, dtype: DType) -> None:
    for length in (SHORT_LENGTH, 100, 2 * tile(dtype) + 1):
        x = data(9, (2, length), "float32")
        got = scan(driver, SUM, x.astype(dtype)).astype("float32")
        wanted = np.cumsum(x, axis=-1).astype(dtype).astype("float32")
        np.testing.assert_array_equal(got, wanted)


def test_accuracy_of_many(driver: Driver) -> None:
    x = np.random.default_rng(6).random(1 << 20, "float32")
    exact = np.cumsum(x, dtype="float64")
    got = np.abs(scan(driver, SUM, x) - exact) / exact
    sequential = np.abs(np.cumsum(x) - exact) / exact
    assert got.max() < 1e-6
    assert got.max() < sequential.max() / 10


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_the_same_bits_again(driver: Driver, dtype: str) -> None:
    """Also as the simulator, where each tile finds the whole of the group before it."""
    rng = np.random.default_rng(8)
    length = 70 * tile(np.dtype(dtype)) + 13
    x = rng.standard_normal((2, length)).astype(dtype)
    if x.dtype.kind == "c":
        x += (1j * rng.standard_normal((2, length))).astype(dtype)
    first = scan(driver, SUM, x).tobytes()
    for _ in range(1 if driver.name == "cudasim" else 20):
        assert scan(driver, SUM, x).tobytes() == first
    simulator = SimulatorDriver()
    try:
        simulator.devices()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    assert scan(simulator, SUM, x).tobytes() == first


TUNINGS = [
    Tuning(folded=True),
    Tuning(threads=256, packets=12, resident=3, folded=True, ahead=1.5),
    Tuning(threads=96, packets=3, resident=1, ahead=2.0),
]


@pytest.mark.parametrize("tuning", TUNINGS, ids=str)
def test_what_is_tuned(driver: Driver, tuning: Tuning, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tuning gives the same sums, and its own bits each time."""
    monkeypatch.setattr(scans, "TUNING", tuning)
    for dtype in ("float32", "complex128"):
        tile = tuning.threads * (tuning.packets or packets(np.dtype(dtype)))
        tile *= 16 // np.dtype(dtype).itemsize
        for shape in ((7 * tile + 5,), (3, 2 * tile), (2, tile - 1), (50, 100)):
            check(driver, SUM, data(10, shape, dtype))
        check(driver, SUM, data(11, (2, 2 * tile + 1), dtype)[:, ::-1])
        check(driver, PROD, factors((2 * tile + 1,), np.dtype(dtype)))
    x = np.random.default_rng(12).standard_normal(40 * tile)
    runs = {scan(driver, SUM, x).tobytes() for _ in range(2 if driver.name == "cudasim" else 20)}
    assert len(runs) == 1
    np.testing.assert_allclose(np.frombuffer(runs.pop()), np.cumsum(x), atol=1e-8)


LOOK_BACK = """
#include "xgpu/types.cuh"
#include "xgpu/operations.cuh"
#include "xgpu/look_back.cuh"
struct arguments {
    xgpu::uint64_t *tiles, *groups;
    double* out;
    double aggregate;
    xgpu::int64_t tile;
};
extern "C" __global__ void k(arguments a) {
    const auto found =
        xgpu::look_back(a.tiles, a.groups, a.tile, a.aggregate, xgpu::running_sum());
    if (threadIdx.x == 0) *a.out = found.any ? found.value : -1.0;
}
"""
PART, WHOLE = 1, 2


def slots(values: Array, states: Array) -> Array:
    """Each value in two words, with its state in the upper half of both."""
    words = values.view("uint32").astype("uint64")
    return np.where(np.repeat(states, 2) == 0, 0, words | np.repeat(states, 2) << np.uint64(32))


@pytest.mark.parametrize("groups", [1, 2, 5, 32, 33, 50])
def test_look_back_from_any_whole(driver: Driver, groups: int) -> None:
    """The prefix has the same bits wherever the latest whole is found."""
    function = driver.load(0, LOOK_BACK, ("k",))["k"]
    rng = np.random.default_rng(groups)
    parts = rng.random(groups)
    wholes = np.asarray([*np.add.accumulate(parts), 0.0])
    aggregates = rng.random(32 * groups + 32)
    out = driver.allocate(0, 8)
    results: set[float] = set()
    for place in (0, 5, 31):
        results.clear()
        this = 32 * groups + place
        earlier = np.where(np.arange(32 * groups + 32) < this, PART, 0).astype("uint64")
        tiles = upload(driver, slots(aggregates, earlier))
        for latest in range(max(0, groups - 32), groups):
            states = np.asarray([WHOLE] * (latest + 1) + [PART] * (groups - latest - 1) + [0])
            values = np.where(states == WHOLE, wholes, [*parts, 0.0])
            memory = upload(driver, slots(values, states.astype("uint64")))
            arguments = struct.pack("QQQdq", tiles.ptr, memory.ptr, out.ptr, aggregates[this], this)
            driver.launch(0, function, 1, 32, 0, np.frombuffer(arguments, np.uint8))
            results.add(float(driver.to_host(0, out.ptr, 8).view("float64")[0]))
            left = driver.to_host(0, memory.ptr, memory.nbytes).view("uint64")[-2:]
            if place == 31:  # the last tile of its group says what the group comes to
                whole = (left & np.uint64(0xFFFFFFFF)).astype("uint32").view("float64")[0]
                exact = wholes[-2] + aggregates[32 * groups :].sum()
                np.testing.assert_allclose(whole, exact, rtol=1e-14)
                assert set(left >> np.uint64(32)) == {WHOLE}
            else:
                assert not left.any()
        assert len(results) == 1
        exact = wholes[-2] + aggregates[32 * groups : this].sum()
        np.testing.assert_allclose(results.pop(), exact, rtol=1e-14)


def test_plans() -> None:
    f32 = np.dtype("float32")
    assert plan(1000, SHORT_LENGTH, f32, TUNING)[1:5] == (8, 128, 1, 1)
    assert plan(1000, SHORT_LENGTH + 1, f32, TUNING)[1:5] == (-(-1000 * 8 // BLOCK), BLOCK, 8, 1)
    assert plan(1000, share(f32), f32, TUNING)[1:5] == (125, BLOCK, 32, 1)
    assert plan(1000, share(f32) + 1, f32, TUNING)[1:5] == (1000, 64, 32, 1)
    assert plan(3, tile(f32) + 1, f32, TUNING)[1:5] == (6, TILE_BLOCK, 32, 2)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    f32 = np.dtype("float32")
    for tuning in (TUNING, TUNINGS[-1]):
        assert compile_cubin(scan_source(TILES, f32, "running_sum", 1, "int32_t", tuning), arch)


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float16", "bfloat16", "complex128"])
def test_nvrtc_takes_every_width(dtype: str) -> None:
    for entry in ENTRIES:
        text = scan_source(entry, dtypes.check(dtype), "running_product", 3, "int64_t", TUNING)
        assert ".local" not in compile_cubin(text, "compute_90").decode()
