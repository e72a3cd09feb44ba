"""The simulator runs CUDA C++ as a GPU would, and reports what a GPU leaves unsaid."""

from __future__ import annotations

import gc
import shutil
import struct
import threading
from typing import Any, Final

import numpy as np
import pytest

from xgpu.plugin import BackendUnavailableError, KernelError, OutOfMemoryError
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Bytes, Function, Memory
from xgpu_cuda.simulator import host_compiler
from xgpu_cuda.simulator.driver import SimulatorDriver

IO: Final = "struct arguments { const T* in; T* out; long long n; };\n"

TEXTS: Final[dict[str, str]] = {
    "scale": """
#define XGPU_NO_BARRIER
using T = float;
struct arguments { const T* in; T* out; long long n; };
extern "C" __global__ void __launch_bounds__(256) k(const arguments a) {
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < a.n; i += step)
        a.out[i] = a.in[i] * 2;
}""",
    # Shared memory in a template and in a function, shuffles, a barrier, an early return.
    "sum": """
using T = double;
struct arguments { const T* in; T* out; long long n; };
template <class V>
__device__ __forceinline__ V warp_sum(V x) {
#pragma unroll
    for (int d = warpSize / 2; d > 0; d /= 2) x += __shfl_down_sync(0xffffffffu, x, d);
    return x;
}
template <class V>
__device__ __forceinline__ V block_sum(V x) {
    __shared__ alignas(16) unsigned char storage[32 * sizeof(V)];
    V* part = reinterpret_cast<V*>(storage);
    x = warp_sum(x);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = x;
    __syncthreads();
    return warp_sum(threadIdx.x % 32 < blockDim.x / 32 ? part[threadIdx.x % 32] : V(0));
}
extern "C" __global__ void k(arguments a) {
    __shared__ long long n;
    if (threadIdx.x == 0) n = a.n;
    __syncthreads();
    T x = 0;
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        x += a.in[i];
    x = block_sum(x);
    if (threadIdx.x > 0) return;
    a.out[blockIdx.x] = x;
}""",
    "atomics": """
struct arguments { const int* in; int* out; long long n; };
extern "C" __global__ void k(arguments a) {
    const long long i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= a.n) return;
    const int x = a.in[i];
    atomicAdd(&a.out[0], x);
    atomicMin(&a.out[1], x);
    atomicMax(&a.out[2], x);
    atomicAdd(reinterpret_cast<unsigned*>(&a.out[3]), 1u);
    atomicAdd(reinterpret_cast<float*>(&a.out[4]), 0.5f);
    int seen = a.out[5], expected;
    do {
        expected = seen;
        seen = atomicCAS(&a.out[5], expected, expected + 2 * x);
    } while (seen != expected);
    if (atomicExch(&a.out[6], 1) == 0) a.out[7] = int(i);
    atomicAdd(reinterpret_cast<unsigned long long*>(&a.out[8]), 1ull << 32 | 1ull);
    __threadfence();
    __nanosleep(20);
}""",
    # Reverses each block through dynamic shared memory.
    "dynamic": """
struct arguments { const short* in; short* out; long long n; };
extern __shared__ __align__(16) short tile[];
extern "C" __global__ void k(arguments a) {
    const int i = threadIdx.x, n = blockDim.x;
    tile[i] = a.in[blockIdx.x * n + i];
    __syncthreads();
    a.out[blockIdx.x * n + i] = tile[n - 1 - i];
}""",
    # Every warp function, one row of 32 results each.
    "warp": """
struct arguments { const unsigned long long* in; unsigned long long* out; long long n; };
extern "C" __global__ void k(arguments a) {
    const unsigned lane = threadIdx.x, all = 0xffffffffu;
    const unsigned long long x = a.in[lane];
    unsigned long long* out = a.out + lane;
    out[0 * 32] = __shfl_sync(all, x, 5);
    out[1 * 32] = __shfl_sync(all, x, lane + 1, 8);
    out[2 * 32] = __shfl_up_sync(all, x, 3);
    out[3 * 32] = __shfl_up_sync(all, x, 3, 8);
    out[4 * 32] = __shfl_down_sync(all, x, 3);
    out[5 * 32] = __shfl_down_sync(all, x, 3, 8);
    out[6 * 32] = __shfl_xor_sync(all, x, 1);
    out[7 * 32] = __shfl_xor_sync(all, x, 24, 16);
    out[8 * 32] = __shfl_xor_sync(all, float(lane), 3);
    out[9 * 32] = __shfl_sync(all, -double(lane), 31) + 100;
    out[10 * 32] = __ballot_sync(all, lane % 3 == 0);
    out[11 * 32] = __any_sync(all, lane == 7);
    out[12 * 32] = __all_sync(all, lane != 7);
    out[13 * 32] = 0;
    if (lane < 4) {  // a part of the warp, more often than the rest
        out[13 * 32] = __shfl_down_sync(0xfu, __shfl_xor_sync(0xfu, lane, 1), 1, 4);
        __syncwarp(0xfu);
    }
    __syncwarp();
    out[14 * 32] = __shfl_down_sync(all, lane, 16);
}""",
    # Each element is moved `shift` to the right, with no bounds.
    "shift": """
#define XGPU_NO_BARRIER
struct arguments { const int* in; int* out; long long n; long long shift; };
extern "C" __global__ void k(arguments a) {
    const long long i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < a.n) a.out[i + a.shift] = 7;
}""",
}


@pytest.fixture(scope="module")
def driver() -> SimulatorDriver:
    return SimulatorDriver()


def load(driver: SimulatorDriver, source: str, name: str = "k") -> Function:
    return driver.load(0, source, (name,))[name]


def put(driver: SimulatorDriver, array: Any) -> Memory:
    host = np.ascontiguousarray(array)
    memory = driver.allocate(0, host.nbytes)
    driver.to_device(0, memory, host)
    return memory


def get(driver: SimulatorDriver, memory: Memory, dtype: str) -> Any:
    return driver.to_host(0, memory.ptr, memory.nbytes).view(dtype)


def struct_of(*fields: int) -> Bytes:
    return np.frombuffer(bytearray(struct.pack(f"{len(fields)}q", *fields)), np.uint8)


@pytest.mark.parametrize("grid", [1, 7, (400, 1)])
def test_threads_that_never_meet(driver: SimulatorDriver, grid: int | tuple[int, ...]) -> None:
    x = np.arange(1000, dtype="float32")
    a, out = put(driver, x), driver.allocate(0, x.nbytes)
    driver.launch(0, load(driver, TEXTS["scale"]), grid, 256, 0, struct_of(a.ptr, out.ptr, 1000))
    np.testing.assert_array_equal(get(driver, out, "float32"), 2 * x)


@pytest.mark.parametrize("block", [32, 64, 1024])
def test_block_reduction(driver: SimulatorDriver, block: int) -> None:
    x = np.arange(10_000, dtype="float64")
    a, out = put(driver, x), driver.allocate(0, 3 * 8)
    kernel = load(driver, TEXTS["sum"])
    driver.launch(0, kernel, 3, block, 0, struct_of(a.ptr, out.ptr, x.size))
    partial = get(driver, out, "float64")
    owner = np.arange(x.size) // block % 3
    np.testing.assert_array_equal(partial, [x[owner == b].sum() for b in range(3)])


def test_atomics(driver: SimulatorDriver) -> None:
    x = np.arange(-50, 250, dtype="int32")
    start = np.zeros(10, "int32")
    a, out = put(driver, x), put(driver, start)
    driver.launch(0, load(driver, TEXTS["atomics"]), 5, 64, 0, struct_of(a.ptr, out.ptr, x.size))
    result = get(driver, out, "int32")
    assert result[:4].tolist() == [x.sum(), -50, 249, 300]
    assert result[4:5].view("float32")[0] == 150
    assert result[5] == 2 * x.sum()
    assert result[6:8].tolist() == [1, 0]
    assert result[8:].tolist() == [300, 300]


def test_dynamic_shared_memory(driver: SimulatorDriver) -> None:
    x = np.arange(300, dtype="int16")
    a, out = put(driver, x), driver.allocate(0, x.nbytes)
    kernel = load(driver, TEXTS["dynamic"])
    arguments = struct_of(a.ptr, out.ptr, x.size)
    driver.launch(0, kernel, 3, 100, 200, arguments)
    expected = x.reshape(3, 100)[:, ::-1].ravel()
    np.testing.assert_array_equal(get(driver, out, "int16"), expected)
    with pytest.raises(KernelError, match=r"k, block \(0, 0, 0\) wrote past the end of its 198 by"):
        driver.launch(0, kernel, 3, 100, 198, arguments)
    with pytest.raises(KernelError, match="at most 49152"):
        driver.launch(0, kernel, 3, 100, 49153, arguments)
    driver.launch(0, kernel, 3, 100, 49152, arguments)
    kernel = load(driver, f"#define XGPU_DYNAMIC_SHARED 100000\n{TEXTS['dynamic']}")
    driver.launch(0, kernel, 3, 100, 100000, arguments)
    with pytest.raises(KernelError, match="at most 100000"):
        driver.launch(0, kernel, 3, 100, 100001, arguments)


def test_warp_functions(driver: SimulatorDriver) -> None:
    lane = np.arange(32)
    x = lane.astype("uint64") * 3 + (1 << 40)  # needs all of 64 bits
    a, out = put(driver, x), driver.allocate(0, 15 * 32 * 8)
    driver.launch(0, load(driver, TEXTS["warp"]), 1, 32, 0, struct_of(a.ptr, out.ptr, 32))
    rows = get(driver, out, "uint64").reshape(15, 32)
    place = lane % 8
    expected = [
        x[np.full(32, 5)],
        x[lane - place + (place + 1) % 8],
        x[np.where(lane < 3, lane, lane - 3)],
        x[np.where(place < 3, lane, lane - 3)],
        x[np.where(lane > 28, lane, (lane + 3) % 32)],
        x[np.where(place > 4, lane, (lane + 3) % 32)],
        x[lane ^ 1],
        x[np.where(lane < 16, lane, lane ^ 24)],
        lane ^ 3,
        np.full(32, 69),
        np.full(32, sum(1 << i for i in range(0, 32, 3))),
        np.full(32, 1),
        np.full(32, 0),
        np.array([0, 3, 2, 2] + [0] * 28),
        np.where(lane < 16, lane + 16, lane),
    ]
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=True)):
        np.testing.assert_array_equal(row, wanted.astype("uint64"), f"row {number}")


def test_fresh_memory_shows(driver: SimulatorDriver) -> None:
    memory = driver.allocate(0, 1000)
    assert memory.ptr % 256 == 0
    assert set(get(driver, memory, "uint8").tolist()) == {0xA5}


def test_memory_is_counted_and_freed(driver: SimulatorDriver) -> None:
    gc.collect()  # what earlier tests left
    before = driver.allocated(0)
    memory, empty = driver.allocate(0, 12345), driver.allocate(0, 0)
    assert driver.allocated(0) == before + 12345
    assert driver.to_host(0, empty.ptr, 0).size == 0
    del memory
    assert driver.allocated(0) == before
    with pytest.raises(OutOfMemoryError, match=f"no room for {1 << 50:,} bytes"):
        driver.allocate(0, 1 << 50)


def test_copy_must_fit(driver: SimulatorDriver) -> None:
    memory = driver.allocate(0, 8)
    with pytest.raises(ValueError, match="at most 8 bytes"):
        driver.to_device(0, memory, np.zeros(9, np.uint8))
    with pytest.raises(ValueError, match="C-contiguous"):
        driver.to_device(0, memory, np.zeros(8, np.uint8)[::2])


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        (1, r"kernel k wrote past the end of an allocation of 400 bytes \(4 bytes .* byte 400 on"),
        (100, r"past the end .* 400 bytes \(400 bytes changed, from byte 400 on"),
        (-2, r"before the start of an allocation of 400 bytes \(8 bytes changed, from byte -8 on"),
    ],
)
def test_write_outside_an_allocation(driver: SimulatorDriver, shift: int, message: str) -> None:
    kernel, out = load(driver, TEXTS["shift"]), driver.allocate(0, 400)
    with pytest.raises(KernelError, match=message):
        driver.launch(0, kernel, 1, 128, 0, struct_of(0, out.ptr, 100, shift))
    # The guard zones are whole again, and so is the simulator.
    driver.launch(0, kernel, 1, 128, 0, struct_of(0, out.ptr, 100, 0))
    assert (get(driver, out, "int32") == 7).all()


def test_write_past_the_end_by_a_kernel_with_barriers(driver: SimulatorDriver) -> None:
    x = np.ones(64)
    a, out = put(driver, x), driver.allocate(0, 8)
    with pytest.raises(KernelError, match="past the end of an allocation of 8 bytes"):
        driver.launch(0, load(driver, TEXTS["sum"]), 2, 32, 0, struct_of(a.ptr, out.ptr, 64))


@pytest.mark.parametrize("flag", ["#define XGPU_NO_BARRIER", ""])
@pytest.mark.parametrize("place", ["a.out", "a.out + threadIdx.x + (1ll << 50)"])
def test_access_to_no_memory(driver: SimulatorDriver, flag: str, place: str) -> None:
    text = f"""{flag}
struct arguments {{ int* out; }};
extern "C" __global__ void k(arguments a) {{ if (threadIdx.x > 2) *({place}) += 1; }}"""
    kernel = load(driver, text)
    for _ in range(2):
        with pytest.raises(KernelError, match=r"thread \(3, 0, 0\) accessed the address .* no mem"):
            driver.launch(0, kernel, 1, 32, 0, struct_of(0))
    test_block_reduction(driver, 64)


def test_stack_that_is_full(driver: SimulatorDriver) -> None:
    text = """struct arguments { int* out; };
__device__ int deep(int n) {
    volatile int here[64];
    here[n % 64] = n;
    return n ? deep(n - 1) + here[n % 64] : 0;
}
extern "C" __global__ void k(arguments a) { a.out[threadIdx.x] = deep(a.out[threadIdx.x]); }"""
    out = put(driver, np.full(32, 10, "int32"))
    driver.launch(0, load(driver, text), 1, 32, 0, struct_of(out.ptr))
    assert set(get(driver, out, "int32").tolist()) == {55}
    driver.to_device(0, out, np.full(32, 1 << 20, "int32"))
    with pytest.raises(KernelError, match=r"thread \(0, 0, 0\) .* stack of a thread has 131072 by"):
        driver.launch(0, load(driver, text), 1, 32, 0, struct_of(out.ptr))
    test_block_reduction(driver, 64)


DIVERGENT: Final[dict[str, tuple[str, str]]] = {
    "some threads return": (
        "if (threadIdx.x == 70) return; __syncthreads();",
        r"block \(0, 0, 0\): divergent barrier: thread \(0, 0, 0\) and 95 of 96 threads wait.*"
        r"generated.cu:3, but thread \(70, 0, 0\) returned",
    ),
    "some threads wait elsewhere": (
        "if (threadIdx.x < 32) { __syncthreads(); }\n else { __syncthreads(); }",
        r"divergent barrier.*generated.cu:3, but thread \(32, 0, 0\) waits at another one "
        r"\(generated.cu:4\)",
    ),
    "one more round": (
        "for (int i = 0; i < 1 + (threadIdx.x == 0); ++i) __syncthreads();",
        r"divergent barrier: thread \(0, 0, 0\) and 1 of 96 .* but thread \(1, 0, 0\) returned",
    ),
    "lane returned": (
        "if (threadIdx.x % 32 == 3) return; __shfl_xor_sync(~0u, 1, 1);",
        r"divergent warp: thread \(0, 0, 0\) waits at a warp shuffle.*lane 3 has returned",
    ),
    "lane at a barrier": (
        "if (threadIdx.x % 32 == 3) __syncthreads(); else __ballot_sync(~0u, 1);",
        r"thread \(0, 0, 0\) waits at __ballot_sync.*lane 3 waits at __syncthreads",
    ),
    "mask too wide": (
        "__syncwarp(threadIdx.x % 32 < 16 ? ~0u : 0xffff0000u);",
        r"thread \(0, 0, 0\) waits at __syncwarp .* mask 0xffffffff, but lane 16 has returned",
    ),
    "other mask": (
        "__syncwarp(threadIdx.x % 32 < 16 ? ~0u : 0xfffffff0u);",
        "waits at __syncwarp .* mask 0xffffffff, but lane 16 waits with another mask",
    ),
    "mask without the caller": (
        "__syncwarp(0xfffffff0u);",
        "lane 0 calls __syncwarp .* with mask 0xfffffff0, which leaves it out",
    ),
    "lane left out": (
        "if (threadIdx.x % 32 < 16) __shfl_sync(0xffffu, 1, 20);",
        "lane 0 shuffles from lane 20, which its mask 0x0000ffff leaves out",
    ),
}


@pytest.mark.parametrize("case", DIVERGENT)
def test_divergence_is_an_error(driver: SimulatorDriver, case: str) -> None:
    body, message = DIVERGENT[case]
    text = 'struct arguments { int* out; };\nextern "C" __global__ void diverge(arguments a) {\n'
    kernel = load(driver, f"{text}{body}\na.out[threadIdx.x] = 1; }}", "diverge")
    out = driver.allocate(0, 96 * 4)
    with pytest.raises(KernelError, match="(?s)kernel diverge.*" + message):
        driver.launch(0, kernel, 1, 96, 0, struct_of(out.ptr))
    test_block_reduction(driver, 64)  # the abandoned threads do not come back


def test_a_warp_that_the_block_cuts_short(driver: SimulatorDriver) -> None:
    with pytest.raises(KernelError, match="lane 16 does not exist in this block"):
        driver.launch(0, load(driver, TEXTS["sum"]), 1, 16, 0, struct_of(0, 0, 0))


@pytest.mark.parametrize("call", ["__syncthreads()", "__syncwarp()"])
def test_barrier_in_a_kernel_that_has_none(driver: SimulatorDriver, call: str) -> None:
    text = f"""#define XGPU_NO_BARRIER
struct arguments {{ int* out; }};
extern "C" __global__ void k(arguments a) {{ {call}; a.out[0] = 1; }}"""
    out = put(driver, np.zeros(1, "int32"))
    with pytest.raises(KernelError, match=r"reached __sync\w+ \(generated.cu:3\) though it is"):
        driver.launch(0, load(driver, text), 1, 32, 0, struct_of(out.ptr))
    assert get(driver, out, "int32")[0] == 0
    test_threads_that_never_meet(driver, 1)


@pytest.mark.parametrize(
    ("grid", "block"), [(0, 32), (1, 0), (1, 1025), ((1, 65536), 32), (1 << 31, 32)]
)
def test_launch_that_no_gpu_takes(
    driver: SimulatorDriver, grid: int | tuple[int, ...], block: int
) -> None:
    with pytest.raises(KernelError, match="cannot be launched with grid"):
        driver.launch(0, load(driver, TEXTS["scale"]), grid, block, 0, struct_of(0, 0, 0))


def test_arguments_of_another_size(driver: SimulatorDriver) -> None:
    with pytest.raises(KernelError, match=r"takes a parameter of 24 bytes .*was given 16"):
        driver.launch(0, load(driver, TEXTS["scale"]), 1, 32, 0, struct_of(0, 0))


def test_three_dimensional_grid(driver: SimulatorDriver) -> None:
    text = """#define XGPU_NO_BARRIER
struct arguments { int* out; };
extern "C" __global__ void k(arguments a) {
    if (threadIdx.x > 0) return;
    const unsigned b = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    a.out[b] = int(100 * blockIdx.z + 10 * blockIdx.y + blockIdx.x);
}"""
    for source in (text, text.replace("#define", "//")):
        out = driver.allocate(0, 24 * 4)
        driver.launch(0, load(driver, source), (2, 3, 4), 32, 0, struct_of(out.ptr))
        z, y, x = np.meshgrid(range(4), range(3), range(2), indexing="ij")
        expected = (100 * z + 10 * y + x).ravel()
        np.testing.assert_array_equal(get(driver, out, "int32"), expected)


def test_subnormals_and_separate_rounding(driver: SimulatorDriver) -> None:
    text = """#define XGPU_NO_BARRIER
struct arguments { float* x; };
extern "C" __global__ void k(arguments a) {
    if (threadIdx.x > 0) return;
    a.x[3] = a.x[0] * a.x[1] + a.x[2];
    a.x[4] = a.x[5] * 0.5f;
}"""
    one = np.float32(1) + np.float32(2**-12)
    x = put(driver, np.array([one, one, -1, 0, 0, 2**-140], "float32"))
    driver.launch(0, load(driver, text), 1, 32, 0, struct_of(x.ptr))
    result = get(driver, x, "float32")
    assert result[3] == np.float32(one * one) - np.float32(1)
    assert result[4] == np.float32(2**-141)


def test_threads_of_the_host_take_turns(driver: SimulatorDriver) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                test_block_reduction(driver, 64)
                test_fresh_memory_shows(driver)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors


def test_time_between_events(driver: SimulatorDriver) -> None:
    first = driver.record_event(0)
    test_block_reduction(driver, 1024)
    driver.synchronize(0)
    assert 0 < driver.elapsed(0, first, driver.record_event(0)) < 60


def test_source_that_does_not_compile(driver: SimulatorDriver) -> None:
    with pytest.raises(KernelError, match=r"(?s)kernel k does not compile.*generated.cu:1.*nonsen"):
        driver.load(0, "nonsense;", ("k",))


def test_one_device() -> None:
    simulator = SimulatorDriver()
    (device,) = simulator.devices()
    assert (device.index, device.name) == (0, "CUDA simulator")
    with pytest.raises(BackendUnavailableError, match="there is no cudasim:1"):
        simulator.allocate(1, 8)


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match=r"needs a C\+\+ compiler, and none of g\+\+"):
        SimulatorDriver().devices()
    with pytest.raises(BackendUnavailableError, match="set CXX"):
        SimulatorDriver().allocate(0, 8)


def test_named_compiler_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/nowhere/c++ -m64")
    with pytest.raises(BackendUnavailableError, match=r"/nowhere/c\+\+ -m64 does not run"):
        SimulatorDriver().devices()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("true", "cannot be set up: the simulator's runtime does not compile"),
        ("gcc", "runtime does not load .*: set CXX to a C\\+\\+ compiler"),  # links no libstdc++
    ],
)
def test_compiler_that_is_for_something_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, command: str, message: str
) -> None:
    if shutil.which(command) is None:
        pytest.skip(f"no {command} here")
    monkeypatch.setenv("CXX", command)
    monkeypatch.setenv("XGPU_CACHE_DIR", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match=message):
        SimulatorDriver().allocate(0, 8)


def test_function_that_is_nowhere(driver: SimulatorDriver) -> None:
    text = """struct arguments { int* out; };
__device__ int nowhere();
extern "C" __global__ void k(arguments a) { a.out[0] = nowhere(); }"""
    with pytest.raises(KernelError, match=r"kernel k does not load: .*nowhere"):
        load(driver, text)


def test_fibers_by_ucontext(monkeypatch: pytest.MonkeyPatch) -> None:
    options = (*host_compiler.RUNTIME_OPTIONS, "-DXGPU_SIMULATOR_UCONTEXT")
    monkeypatch.setattr(host_compiler, "RUNTIME_OPTIONS", options)
    portable = SimulatorDriver()
    test_block_reduction(portable, 1024)
    test_divergence_is_an_error(portable, "some threads return")
    test_warp_functions(portable)


@pytest.mark.parametrize("arch", ["sm_75", "sm_90", "sm_120"])
@pytest.mark.parametrize("text", TEXTS)
def test_nvrtc_takes_the_same_texts(text: str, arch: str) -> None:
    assert compile_cubin(TEXTS[text], arch, text)[:4] == b"\x7fELF"
