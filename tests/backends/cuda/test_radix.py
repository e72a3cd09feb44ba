"""The radix sort of kernels/radix.cu on each driver, and its look-back, against NumPy."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.backends.cuda.interpreter import upload
from tests.backends.cuda.operands import REAL, Array, operand
from tests.backends.cuda.ordered import check, data, order_of
from xgpu.plugin import BackendUnavailableError, Strided, dtypes
from xgpu.plugin.dtypes import DType
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Bytes, Driver, Function, Grid, Memory, nvrtc
from xgpu_cuda.launch import radix
from xgpu_cuda.launch import sort as launches
from xgpu_cuda.launch.fused import Fused
from xgpu_cuda.launch.radix import (
    SHAPES,
    Radix,
    Shape,
    infinity_bits,
    radix_source,
    shape_of,
    takes,
)
from xgpu_cuda.launch.sort import Sort

DTYPES = [*REAL, *dtypes.NARROW]
F32 = np.dtype("float32")
SMALL = Shape(256, 2, 1, 4, False)
"""Tiles of 512 keys, or of 256 for rows that have no more."""


@pytest.fixture(scope="module")
def sorts(driver: Driver) -> Sort:
    return Sort(driver, Fused(driver))


@pytest.fixture
def sort(sorts: Sort, monkeypatch: pytest.MonkeyPatch) -> Sort:
    """All rows go to the kernels."""
    monkeypatch.setenv("XGPU_SORT", "radix")
    monkeypatch.setattr(launches, "SHORT", 0)
    return sorts


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in SHAPES:
        monkeypatch.setitem(SHAPES, key, SMALL)


def bits(seed: int, shape: tuple[int, ...], dtype: Any) -> Array:
    """Any bits at all: every kind of NaN, subnormals, numbers of every size."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype == dtypes.bool_:
        return rng.random(shape) < 0.5
    some = rng.integers(0, 256, (*shape, dtype.itemsize), "uint8")
    return np.asarray(some.view(dtype).reshape(shape))


def without_nan(x: Array) -> Array:
    """NaN replaced, whose bits and sign need not be kept."""
    if dtypes.kind_of(x.dtype) != "f":
        return x
    magnitude = x.view(f"u{x.itemsize}") & ((1 << (8 * x.itemsize - 1)) - 1)
    return np.where(magnitude > infinity_bits(x.dtype), np.asarray(0.5, x.dtype), x)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.usefixtures("small")
def test_dtypes(driver: Driver, sort: Sort, dtype: DType) -> None:
    """One tile, tiles and a part, several rows; few different numbers, and any bits."""
    for shape in ((300,), (1, 1537), (3, 600)):
        check(driver, sort, data(1, shape, dtype))
        check(driver, sort, without_nan(bits(2, shape, dtype)))


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 255, 256, 257, 511, 512, 513, 1024, 1025])
@pytest.mark.usefixtures("small")
def test_lengths(driver: Driver, sort: Sort, length: int) -> None:
    check(driver, sort, data(length, (length,), "float32"))
    check(driver, sort, bits(length, (4, length), "int16"))


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64"])
def test_tiles_as_they_are(driver: Driver, sort: Sort, dtype: str) -> None:
    """Around the limits of the shapes that are used."""
    for places in (False, True):
        shape = SHAPES[np.dtype(dtype).itemsize, places]
        tile = shape.threads * shape.items
        for length in (tile // 2, tile // 2 + 1, tile, 2 * tile + 1):
            check(driver, sort, data(length, (length,), dtype))


PATTERNS: dict[str, Callable[[int], Array]] = {
    "all equal": lambda n: np.full(n, 7),
    "in order": lambda n: np.arange(n),
    "reversed": lambda n: np.arange(n)[::-1],
    "two": lambda n: np.arange(n) % 2,
    "two, one rare": lambda n: (np.arange(n) == n // 2) * 1000,
    "one digit": lambda n: (np.arange(n) * 37 % 256) << 8,
    "high digits": lambda n: (np.arange(n) * 37 % 251) << 56,
    "both signs": lambda n: np.arange(n) * 1237 % n - n // 2,
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("dtype", ["int64", "uint32", "float32"])
@pytest.mark.usefixtures("small")
def test_patterns(driver: Driver, sort: Sort, name: str, dtype: str) -> None:
    check(driver, sort, PATTERNS[name](2100).astype(dtype))


@pytest.mark.usefixtures("small")
def test_zeros_of_both_signs_keep_their_order(driver: Driver, sort: Sort) -> None:
    """Among subnormals, whose keys are their neighbours."""
    for dtype in ("float16", "float32", "float64"):
        tiny = np.finfo(dtype).smallest_subnormal
        some = np.array([-0.0, 0.0, -0.0, tiny, -tiny, 0.0, 0.0, -0.0], dtype)
        x = np.tile(some, 200)
        np.random.default_rng(0).shuffle(x)
        check(driver, sort, x)


@pytest.mark.usefixtures("small")
def test_rows_that_are_views(driver: Driver, sort: Sort) -> None:
    for dtype in ("int8", "float64"):
        x = data(3, (3, 2, 600), dtype)
        for view in (
            x[::-1, :, ::-1],
            x.transpose(1, 0, 2)[:, ::2, 1:],
            data(4, (600, 2, 2), dtype).T,
            np.broadcast_to(x[:2, :1, :1], (2, 2, 300)),
            np.broadcast_to(x[0, 0], (2, 600)),
            x.reshape(-1)[1:],
            x.reshape(-1)[::-2],
        ):
            check(driver, sort, view)


@pytest.mark.usefixtures("small")
def test_counts_of_64_bits(driver: Driver, sort: Sort, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for rows of 2**30 elements and more."""
    monkeypatch.setattr(radix, "NARROW", 100)
    for dtype in ("int16", "float32"):
        check(
            driver, sort, bits(4, (3000,), dtype) if dtype == "int16" else data(4, (2, 1300), F32)
        )


@pytest.mark.parametrize(
    "shape",
    [Shape(256, 2, 1, 1, True), Shape(512, 1, 2, 2, False), Shape(288, 3, 1, 8, True)],
    ids=str,
)
def test_other_shapes(
    driver: Driver, sort: Sort, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in SHAPES:
        monkeypatch.setitem(SHAPES, key, shape)
    check(driver, sort, data(5, (5000,), "float32"))
    check(driver, sort, bits(5, (2, 1700), "uint16"))


@pytest.mark.parametrize("fill", [0x00, 0x40, 0x5A, 0xFF])
@pytest.mark.usefixtures("small")
def test_what_memory_holds_before_does_not_matter(
    driver: Driver, sort: Sort, fill: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slots that look empty, filled with a part, and filled with a whole."""
    allocate = driver.allocate

    def filled(device: int, nbytes: int) -> Memory:
        memory = allocate(device, nbytes)
        driver.to_device(device, memory, np.full(nbytes, fill, np.uint8))
        return memory

    monkeypatch.setattr(driver, "allocate", filled)
    check(driver, sort, data(6, (3000,), "float32"))
    check(driver, sort, data(6, (2, 700), "int64"))


SLOTS, TICKET = 12, 14
"""Where a pass's arguments have them."""


@pytest.mark.usefixtures("small")
def test_each_pass_begins_with_empty_slots(
    driver: Driver, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which the simulator does not need: it runs one tile after another."""
    launch = driver.launch
    seen: list[bool] = []

    def noted(
        device: int, function: Function, grid: Grid, block: int, shared: int, arguments: Bytes
    ) -> None:
        if function.name == radix.PASS:
            given = np.frombuffer(arguments, "uint64")
            tiles = 3 * 2
            slots = driver.to_host(device, int(given[SLOTS]), tiles * 256 * 4)
            ticket = driver.to_host(device, int(given[TICKET]), 4)
            seen.append(not np.any(slots) and not np.any(ticket))
            assert grid == tiles
        launch(device, function, grid, block, shared, arguments)

    monkeypatch.setattr(driver, "launch", noted)
    check(driver, sort, data(8, (2, 1300), "int32"))
    assert seen == [True] * 16


def test_the_same_bits_again(driver: Driver) -> None:
    """With NaN of all kinds, which come out as one."""
    x = bits(7, (40_000,), "float32")
    x[::3] = np.nan
    sort = Radix(driver)
    runs = set()
    for _ in range(1 if driver.name == "cudasim" else 20):
        runs.add(sort_bytes(driver, sort, x))
    assert len(runs) == 1
    values = np.frombuffer(runs.pop(), F32)
    np.testing.assert_array_equal(values, x[order_of(x, descending=True)])


def sort_bytes(driver: Driver, sort: Radix, x: Array) -> bytes:
    memory = sort(0, operand(driver, x), descending=True, places=False)
    return driver.to_host(0, memory.ptr, memory.nbytes).tobytes()


# ---- The parts ----

LOOK_BACK = """
#include "xgpu/types.cuh"
#include "xgpu/digits.cuh"
using count = xgpu::COUNT;
struct arguments {
    const count* slots;
    xgpu::int64_t* out;
    xgpu::int64_t tile;
};
extern "C" __global__ void k(arguments a) {
    a.out[threadIdx.x] = xgpu::int64_t(
        xgpu::count_before<WINDOW>(a.slots + threadIdx.x, a.tile));
}
"""
PART, WHOLE = 1, 2


@pytest.mark.parametrize("window", [1, 2, 4, 8])
@pytest.mark.parametrize("width", [32, 64])
def test_look_back_from_any_whole(driver: Driver, window: int, width: int) -> None:
    """Digits find their latest whole at different tiles, and add the parts after it."""
    text = LOOK_BACK.replace("COUNT", f"uint{width}_t").replace("WINDOW", str(window))
    function = driver.load(0, text, ("k",))["k"]
    rng = np.random.default_rng(window)
    out = driver.allocate(0, 8 * 256)
    for tile in (1, 2, window, window + 1, 30):
        parts = rng.integers(0, 1 << 20, (tile, 256), "uint64")
        wholes = np.cumsum(parts, axis=0, dtype="uint64")
        latest = rng.integers(0, tile, 256)
        # What is before the latest whole is empty, or anything: nobody looks at it.
        state = np.where(np.arange(tile)[:, None] == latest, WHOLE, PART).astype("uint64")
        state[np.arange(tile)[:, None] < latest] = rng.integers(0, 3)
        values = np.where(state == WHOLE, wholes, parts)
        slots = (state << np.uint64(width - 2) | values).astype(f"uint{width}")
        memory = upload(driver, slots.reshape(-1))
        arguments = struct.pack("QQq", memory.ptr, out.ptr, tile)
        driver.launch(0, function, 1, 256, 0, np.frombuffer(arguments, np.uint8))
        got = driver.to_host(0, out.ptr, 8 * 256).view("int64")
        np.testing.assert_array_equal(got, wholes[-1].astype("int64"))


LANES = """
#include "xgpu/types.cuh"
#include "xgpu/digits.cuh"
struct arguments { const xgpu::uint32_t* digits; xgpu::uint32_t* out; };
extern "C" __global__ void k(arguments a) {
    const xgpu::uint32_t digit = a.digits[threadIdx.x];
    a.out[threadIdx.x] = xgpu::lanes_with<MATCHES>(digit);
}
"""


@pytest.mark.parametrize("matches", ["false", "true"])
def test_lanes_with_a_digit(driver: Driver, matches: str) -> None:
    function = driver.load(0, LANES.replace("MATCHES", matches), ("k",))["k"]
    rng = np.random.default_rng(0)
    digits = np.stack(
        [rng.integers(0, top, 32, "uint32") for top in (1, 2, 3, 16, 256)]
        + [np.arange(32, dtype="uint32"), np.arange(32, dtype="uint32") * 8]
    )
    given, out = upload(driver, digits.reshape(-1)), driver.allocate(0, 4 * digits.size)
    arguments = np.frombuffer(struct.pack("QQ", given.ptr, out.ptr), np.uint8)
    driver.launch(0, function, 1, digits.size, 0, arguments)
    got = driver.to_host(0, out.ptr, 4 * digits.size).view("uint32").reshape(digits.shape)
    equal = digits[:, :, None] == digits[:, None, :]
    np.testing.assert_array_equal(got, (equal << np.arange(32)).sum(-1))


@pytest.mark.parametrize(
    ("dtype", "places", "further"),
    [
        *(("uint8", False, 0), ("int16", False, 2), ("float32", False, 4), ("int64", False, 8)),
        *(("uint8", True, 0), ("int16", True, 6), ("float32", True, 8), ("int64", True, 16)),
    ],
)
@pytest.mark.usefixtures("small")
def test_memory(
    driver: Driver, dtype: str, places: bool, further: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is allocated besides the result and the slots: bytes for each element."""
    allocate, sizes = driver.allocate, []

    def noted(device: int, nbytes: int) -> Memory:
        sizes.append(nbytes)
        return allocate(device, nbytes)

    x = operand(driver, bits(9, (2000,), dtype))
    monkeypatch.setattr(driver, "allocate", noted)
    Radix(driver)(0, x, descending=False, places=places)
    state, out, *others = sizes
    passes, tiles = x.dtype.itemsize, 4
    slots = tiles * (2 if passes > 1 else 1)
    assert state == -(-4 * passes // 16) * 16 + (passes + slots) * 1024
    assert out == 2000 * (8 if places else x.dtype.itemsize)
    assert sum(others) == 2000 * further


def test_which_rows_are_taken() -> None:
    def given(rows: int, length: int) -> Strided:
        return Strided(None, F32, (rows, length), (length, 1), 0)

    assert takes(given(1, 1 << 32))
    assert not takes(given(1, (1 << 32) + 1))
    assert takes(given((1 << 31) - 1, 1000))
    assert not takes(given(1 << 31, 1000))


def test_shapes_fit_a_block() -> None:
    for (size, places), shape in SHAPES.items():
        assert shape.threads % 32 == 0
        assert shape.threads >= 256
        staged = shape.threads * shape.items * max(size, 4 * places)
        counters = shape.threads // 32 * 256 * 4
        assert staged + counters + 2048 <= 48 * 1024
        dtype = np.dtype(f"u{size}")
        tile = shape.threads * shape.items
        assert shape_of(dtype, places, tile // 2).items == shape.items // 2
        assert shape_of(dtype, places, tile // 2 + 1) == shape


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"])
def test_nvrtc_takes_it(arch: str) -> None:
    nvrtc_or_skip()
    for places in (False, True):
        text = radix_source(F32, places, 1, False, SHAPES[F32.itemsize, places])
        assert compile_cubin(text, arch)


@pytest.mark.parametrize("dtype", ["bool", "int8", "bfloat16", "float32", "uint64"])
@pytest.mark.parametrize("places", [False, True])
def test_keys_stay_in_registers(dtype: str, places: bool) -> None:
    nvrtc_or_skip()
    kind = dtypes.check(dtype)
    shape = SHAPES[kind.itemsize, places]._replace(matches=places)
    text = radix_source(kind, places, 2, True, shape)
    assert ".local" not in compile_cubin(text, "compute_90").decode()


def nvrtc_or_skip() -> None:
    try:
        nvrtc()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
