"""What every driver promises, on each that runs here; and what CuPy's says where it cannot."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from xgpu.plugin import BackendUnavailableError, KernelError, OutOfMemoryError
from xgpu_cuda.compiler import cached_cubin, compile_cubin
from xgpu_cuda.driver import CupyDriver, Driver, architecture, nvrtc
from xgpu_cuda.simulator.driver import SimulatorDriver

SOURCE: Final = """
struct arguments { const float* in; double* out; long long n; float factor; };
extern "C" __global__ void sum(const arguments a) {
    __shared__ double part[32];
    double x = 0;
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < a.n; i += gridDim.x * blockDim.x)
        x += double(a.in[i]) * a.factor;
    for (int d = 16; d > 0; d /= 2) x += __shfl_down_sync(~0u, x, d);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = x;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int i = 1; i < blockDim.x / 32; ++i) x += part[i];
    a.out[blockIdx.x] = x;
}
extern "C" __global__ void increment(const arguments a) {
    const long long i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < a.n) a.out[i] += a.factor;
}
"""
ARGUMENTS: Final = np.dtype(
    [("in", "u8"), ("out", "u8"), ("n", "i8"), ("factor", "f4")], align=True
)

DRIVERS: Final[dict[str, Callable[[], Driver]]] = {
    "cudasim": SimulatorDriver,
    "cuda": lambda: CupyDriver(cached_cubin),
}


@pytest.fixture(scope="module", params=["cudasim", pytest.param("cuda", marks=pytest.mark.gpu)])
def driver(request: pytest.FixtureRequest) -> Driver:
    made = DRIVERS[request.param]()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # CuPy's own, on import
            made.devices()
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return made


def arguments(source: int, target: int, n: int, factor: float = 1) -> Any:
    return np.array([(source, target, n, factor)], ARGUMENTS).view(np.uint8)


def test_devices(driver: Driver) -> None:
    infos = driver.devices()
    assert [info.index for info in infos] == list(range(len(infos)))
    assert all(info.name and info.memory > 1 << 28 and info.details for info in infos)
    assert driver.multiprocessors(0) >= 1
    major, minor = driver.compute_capability(0).split(".")
    assert (int(major), int(minor)) >= (7, 5)
    for method in (driver.multiprocessors, driver.allocated, driver.synchronize):
        with pytest.raises(BackendUnavailableError, match=f"no {driver.name}:99"):
            method(99)


@pytest.mark.parametrize("nbytes", [1, 1000, CupyDriver.STAGED + 1])
def test_copies(driver: Driver, nbytes: int) -> None:
    host = np.random.default_rng(0).integers(0, 256, nbytes, dtype=np.uint8)
    kept = host.copy()
    memory = driver.allocate(0, nbytes)
    assert memory.nbytes == nbytes
    driver.to_device(0, memory, host)
    host[:] = 0  # it has been read, or is kept
    np.testing.assert_array_equal(driver.to_host(0, memory.ptr, nbytes), kept)
    middle = nbytes // 2
    np.testing.assert_array_equal(driver.to_host(0, memory.ptr + middle, 1), kept[middle:][:1])


@pytest.mark.parametrize("shape", [(), (3, 4), (0,), (2, 0)])
def test_copy_of_any_rank(driver: Driver, shape: tuple[int, ...]) -> None:
    host = np.full(shape, 2.5)
    memory = driver.allocate(0, host.nbytes)
    driver.to_device(0, memory, host)
    back = driver.to_host(0, memory.ptr, host.nbytes).view(float)
    np.testing.assert_array_equal(back, host.ravel())


def test_many_small_copies_keep_their_order(driver: Driver) -> None:
    memory = driver.allocate(0, 4)
    for value in range(500):
        driver.to_device(0, memory, np.array(value, "int32"))
    assert driver.to_host(0, memory.ptr, 4).view("int32")[0] == 499


def test_kernels(driver: Driver) -> None:
    functions = driver.load(0, SOURCE, ("sum", "increment"))
    x = np.arange(100_000, dtype="float32")
    source, target = driver.allocate(0, x.nbytes), driver.allocate(0, 4 * 8)
    driver.to_device(0, source, x)
    packed = arguments(source.ptr, target.ptr, x.size, 2)
    driver.launch(0, functions["sum"], 4, 128, 0, packed)
    packed[:] = 0  # copied at the call
    driver.launch(0, functions["increment"], (1, 1), 32, 0, arguments(0, target.ptr, 4, 0.5))
    driver.synchronize(0)
    result = driver.to_host(0, target.ptr, 32).view(float)
    owner = np.arange(x.size) // 128 % 4
    np.testing.assert_array_equal(
        result, [2.0 * x[owner == b].sum(dtype=float) + 0.5 for b in range(4)]
    )


def test_order_of_one_stream(driver: Driver) -> None:
    increment = driver.load(0, SOURCE, ("increment",))["increment"]
    memory = driver.allocate(0, 8)
    driver.to_device(0, memory, np.zeros(1))
    for _ in range(200):
        scratch = driver.allocate(0, 1 << 16)  # freed while kernels that use it are queued
        driver.to_device(0, scratch, np.zeros(1 << 13))
        driver.launch(0, increment, 32, 256, 0, arguments(0, scratch.ptr, 1 << 13))
        driver.launch(0, increment, 1, 32, 0, arguments(0, memory.ptr, 1))
    assert driver.to_host(0, memory.ptr, 8).view(float)[0] == 200


def test_where_a_kernel_came_from(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XGPU_CACHE_DIR", str(tmp_path))
    first = driver.load(0, SOURCE, ("sum", "increment"))
    assert {(f.name, f.compiled) for f in first.values()} == {
        ("sum", "compiled"),
        ("increment", "compiled"),
    }
    again = driver.load(0, SOURCE, ("sum", "increment"))["sum"]
    assert again.compiled == "disk"
    assert again.compile_seconds > 0


def test_source_that_does_not_compile(driver: Driver) -> None:
    with pytest.raises(KernelError, match=r"(?s)kernel sum does not compile.*nonsense"):
        driver.load(0, "nonsense;", ("sum",))


def test_launch_that_is_not_possible(driver: Driver) -> None:
    increment = driver.load(0, SOURCE, ("increment",))["increment"]
    with pytest.raises(KernelError, match="increment"):
        driver.launch(0, increment, 1, 2048, 0, arguments(0, 0, 0))
    memory = driver.allocate(0, 8)
    driver.to_device(0, memory, np.zeros(1))
    driver.launch(0, increment, 1, 32, 0, arguments(0, memory.ptr, 1))
    assert driver.to_host(0, memory.ptr, 8).view(float)[0] == 1


def test_memory_is_counted_and_reused(driver: Driver) -> None:
    gc.collect()  # what earlier tests left
    before = driver.allocated(0)
    memory = driver.allocate(0, 1 << 20)
    assert before + (1 << 20) <= driver.allocated(0) < before + (2 << 20)
    del memory
    assert driver.allocated(0) == before
    assert driver.allocate(0, 0).nbytes == 0


def test_out_of_memory(driver: Driver) -> None:
    wanted = 1 << 46
    with pytest.raises(OutOfMemoryError, match=f"no room for {wanted:,} bytes"):
        driver.allocate(0, wanted)
    assert driver.allocate(0, 1 << 20).nbytes == 1 << 20


def test_events(driver: Driver) -> None:
    first = driver.record_event(0)
    test_kernels(driver)
    last = driver.record_event(0)
    assert 0 < driver.elapsed(0, first, last) < 60


def test_bad_copy(driver: Driver) -> None:
    memory = driver.allocate(0, 8)
    with pytest.raises(ValueError, match="C-contiguous array of at most 8 bytes"):
        driver.to_device(0, memory, np.zeros(2))
    with pytest.raises(ValueError, match="C-contiguous"):
        driver.to_device(0, memory, np.zeros(4, "int16")[::2])


@pytest.mark.parametrize(
    ("capability", "supported", "expected"),
    [
        ("9.0", (75, 80, 90, 100), "sm_90"),
        ("8.9", (75, 80, 86), "sm_86"),
        ("12.0", (75, 80, 90, 100), "compute_100"),
    ],
)
def test_architecture(capability: str, supported: tuple[int, ...], expected: str) -> None:
    assert architecture(capability, supported) == expected


def test_device_that_is_too_old() -> None:
    with pytest.raises(BackendUnavailableError, match=r"compute capability 6.1 is older.*7.5"):
        architecture("6.1", (75, 80, 90))


def test_no_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    made = CupyDriver(cached_cubin)
    with pytest.raises(BackendUnavailableError, match=r'pip install "xgpu-array\[cuda12\]"'):
        made.devices()
    with pytest.raises(BackendUnavailableError, match=r"xgpu-array\[cuda13\]"):
        made.allocate(0, 8)


def test_no_nvrtc(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise RuntimeError("no libnvrtc.so.12")

    monkeypatch.setattr(nvrtc(), "getVersion", missing)
    with pytest.raises(BackendUnavailableError, match=r"no libnvrtc.so.12.*xgpu-array\[cuda12\]"):
        compile_cubin("", "sm_90")


def test_no_gpu() -> None:
    pytest.importorskip("cupy")
    made = CupyDriver(cached_cubin)
    try:
        found = made.devices()
    except BackendUnavailableError as error:
        assert "no CUDA device" in str(error)
        assert "nvidia-smi" in str(error)
    else:
        assert found


def test_nothing_is_imported_or_compiled_early(tmp_path: Path) -> None:
    code = """
import sys, xgpu_cuda.plugin, xgpu_cuda.plugin_simulator
backends = [xgpu_cuda.plugin.xgpu_backend(), xgpu_cuda.plugin_simulator.xgpu_backend()]
assert [b.name for b in backends] == ["cuda", "cudasim"], backends
assert "cupy" not in sys.modules and "cupy_backends" not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path), "XGPU_CACHE_DIR": str(tmp_path), "PATH": ""},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
