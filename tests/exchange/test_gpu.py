"""Memory and streams shared with other libraries on a GPU: CuPy, torch, JAX, Numba, cuda.core.

Who writes to shared memory says when it is done: here by waiting for its stream, or by sharing the
stream. Pointers are compared, so that what is called shared is.
"""

from __future__ import annotations

import copy as copying
import gc
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample

pytestmark = pytest.mark.gpu

WIDE = [
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
]


@pytest.fixture
def gpu() -> xgpu.Device:
    """The first GPU."""
    try:
        return xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"cuda:0: {error}")


@pytest.fixture
def cupy(gpu: xgpu.Device) -> Any:
    return pytest.importorskip("cupy", reason="CuPy is not installed")


@pytest.fixture
def torch(gpu: xgpu.Device) -> Any:
    found = pytest.importorskip("torch", reason="torch is not installed")
    if not found.cuda.is_available():
        pytest.skip("torch is installed without CUDA")
    return found


@pytest.fixture
def jax(gpu: xgpu.Device) -> Any:
    # Read when it meets the GPU, which it is not to have most of: others test there too.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    found = pytest.importorskip("jax", reason="jax is not installed")
    try:
        found.devices("gpu")
    except RuntimeError as error:
        pytest.skip(f"JAX has no GPU: {error}")
    return found


def address(x: xgpu.Array) -> int:
    """Where an array's first element lies."""
    xgpu.materialize(x)
    offset = 0 if x._view is None else x._view.offset
    return int(x._storage.node.buffer.ptr) + offset * x.itemsize


def values_of(c: Any) -> Any:
    """The values of an array of CuPy's, after all that any stream has."""
    xgpu.synchronize("cuda:0")
    return c.get()


# CuPy


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_cupy_both_ways(gpu: xgpu.Device, cupy: Any, dtype: np.dtype[Any]) -> None:
    values = sample(dtype, (5, 7))
    x = xgpu.asarray(values, device=gpu)
    for view in (x, x[1:, ::2], x.T, x[::-1, :], x[2, 3]):
        theirs = cupy.from_dlpack(view)
        assert theirs.data.ptr == address(view)
        assert theirs.shape == view.shape and theirs.dtype == dtype
        np.testing.assert_array_equal(values_of(theirs), np.asarray(xgpu.to_device(view, "cpu")))
        for back in (xgpu.from_dlpack(theirs), xgpu.asarray(theirs, copy=False)):
            assert back.device is gpu
            assert address(back) == address(view)
            same(back, np.asarray(xgpu.to_device(view, "cpu")))
        apart = xgpu.from_dlpack(theirs, copy=True)
        assert address(apart) != address(view)
        same(apart, np.asarray(xgpu.to_device(view, "cpu")))
    empty = xgpu.zeros((0, 3), dtype=dtype, device=gpu)
    assert cupy.from_dlpack(empty).shape == (0, 3)
    same(xgpu.from_dlpack(cupy.zeros((0, 3), dtype)), np.zeros((0, 3), dtype))


def test_the_interface_both_ways(gpu: xgpu.Device, cupy: Any) -> None:
    x = xgpu.asarray(np.arange(12.0).reshape(3, 4), device=gpu)
    theirs = cupy.asarray(x)  # by __cuda_array_interface__
    assert theirs.data.ptr == address(x)
    part = cupy.asarray(x[1:, ::-2])
    np.testing.assert_array_equal(values_of(part), [[7.0, 5.0], [11.0, 9.0]])

    class Interface:
        def __init__(self, c: Any) -> None:
            self.kept = c
            self.__cuda_array_interface__ = c.__cuda_array_interface__

    back = xgpu.from_dlpack(Interface(part))
    assert back.device is gpu
    back[0, 0] = -1.0
    xgpu.synchronize(gpu)
    assert float(theirs[1, 3]) == -1.0
    assert float(x[1, 3]) == -1.0


def test_each_side_sees_the_others_writes(gpu: xgpu.Device, cupy: Any) -> None:
    x = xgpu.zeros((100, 100), device=gpu)
    before, copied = xgpu.sum(x), copying.deepcopy(x)
    theirs = cupy.from_dlpack(x)
    theirs += 1.0
    cupy.cuda.get_current_stream().synchronize()
    y = x * 2.0
    theirs += 1.0
    cupy.cuda.get_current_stream().synchronize()
    x[0, :] = 5.0
    x += 1.0
    xgpu.synchronize(gpu)
    assert float(theirs[0, 0]) == 6.0 and float(theirs[1, 1]) == 3.0
    assert float(y[7, 7]) == 2.0
    assert float(before) == 0.0 == float(copied[3, 3])
    del theirs
    gc.collect()
    z = x + 1.0
    assert z._storage.node.buffer is None, "nobody else sees it any more"
    assert float(z[1, 1]) == 4.0


def test_cupys_own_functions_take_arrays(gpu: xgpu.Device, cupy: Any) -> None:
    x = xgpu.asarray(np.arange(10.0), device=gpu)
    assert float(cupy.sum(cupy.asarray(x))) == 45.0
    with pytest.raises(TypeError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
        np.asarray(x)


# torch


@pytest.mark.parametrize("dtype", WIDE)
def test_torch_both_ways(gpu: xgpu.Device, torch: Any, dtype: str) -> None:
    x = xgpu.astype(xgpu.asarray([[0, 1, 2], [3, 1, 0]], device=gpu), getattr(xgpu, dtype))
    t = torch.from_dlpack(x)
    assert t.dtype is getattr(torch, dtype) and t.is_cuda
    assert t.data_ptr() == address(x)
    y = xgpu.from_dlpack(t.mT)
    assert y.dtype is x.dtype and address(y) == t.data_ptr()
    assert bool(xgpu.all(y.mT == x))
    t.zero_()
    torch.cuda.synchronize()
    assert not bool(xgpu.any(xgpu.astype(x, xgpu.bool)))


def test_torchs_side_streams(gpu: xgpu.Device, torch: Any) -> None:
    side = torch.cuda.Stream()
    x = xgpu.ones((1000, 1000), device=gpu)
    for _ in range(30):
        x = x @ x / 1000.0
    with torch.cuda.stream(side):
        t = torch.from_dlpack(x).mul(2.0)
    y = xgpu.Stream.from_external(side, gpu)
    with y:
        z = xgpu.from_dlpack(t) + 1.0
    same(z, np.full((1000, 1000), 3.0), rtol=1e-9)
    with torch.cuda.stream(torch.cuda.ExternalStream(xgpu.current_stream(gpu).ptr)):
        again = torch.from_dlpack(z).sum()
    assert abs(float(again) - 3e6) < 1e-3


def test_torch_takes_a_copy_on_the_host(gpu: xgpu.Device, torch: Any) -> None:
    x = xgpu.asarray([1.0, 2.0], device=gpu)
    capsule = x.__dlpack__(dl_device=(1, 0), max_version=(1, 0))
    assert torch.from_dlpack(capsule).tolist() == [1.0, 2.0]
    t = torch.ones(3, device="cuda")
    assert xgpu.from_dlpack(t, device="cpu").device == "cpu"
    assert xgpu.asarray(t).device is gpu
    with pytest.raises(BufferError, match="by a copy alone"):
        xgpu.from_dlpack(t, device="cpu", copy=False)
    pinned = torch.ones(3).pin_memory()
    assert xgpu.from_dlpack(pinned).device == "cpu"


# JAX, Numba, cuda.core


@pytest.mark.parametrize("dtype", ["int32", "float32", "bfloat16", "complex64", "bool"])
def test_jax_both_ways(gpu: xgpu.Device, jax: Any, dtype: str) -> None:
    x = xgpu.astype(xgpu.asarray([[0, 1, 2], [3, 1, 0]], device=gpu), getattr(xgpu, dtype))
    j = jax.dlpack.from_dlpack(x)
    assert j.unsafe_buffer_pointer() == address(x)
    y = xgpu.from_dlpack(j)
    assert address(y) == address(x) and y.device is gpu
    assert bool(xgpu.all(y == x))
    with pytest.raises(ValueError, match="read-only"):
        y[0, 0] = y[0, 1]


def test_numba_both_ways(gpu: xgpu.Device) -> None:
    cuda = pytest.importorskip(
        "numba.cuda", reason="Numba has no CUDA here, or not for this NumPy", exc_type=ImportError
    )
    if not cuda.is_available():
        pytest.skip("Numba sees no GPU")
    x = xgpu.asarray(np.arange(12.0).reshape(3, 4), device=gpu)
    theirs = cuda.as_cuda_array(x)
    assert theirs.__cuda_array_interface__["data"][0] == address(x)
    np.testing.assert_array_equal(theirs.copy_to_host(), np.arange(12.0).reshape(3, 4))
    made = cuda.to_device(np.arange(5.0))
    y = xgpu.from_dlpack(made)
    assert address(y) == made.__cuda_array_interface__["data"][0]
    y *= 2.0
    xgpu.synchronize(gpu)
    assert made.copy_to_host().tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    stream = cuda.external_stream(xgpu.current_stream(gpu).ptr)
    ones = cuda.to_device(np.ones(3), stream=stream).copy_to_host(stream=stream)
    stream.synchronize()
    assert ones.sum() == 3.0


def test_cuda_core_both_ways(gpu: xgpu.Device) -> None:
    core = pytest.importorskip("cuda.core", reason="cuda.core is not installed")
    if not hasattr(core, "Device"):  # before its version 0.5
        core = pytest.importorskip("cuda.core.experimental")
    theirs = core.Device(0)
    theirs.set_current()
    made = theirs.create_stream()
    stream = xgpu.Stream.from_external(made, gpu)
    assert stream.ptr == int(made.handle)
    with stream:
        x = xgpu.ones(1000, device=gpu) * 2.0
    made.sync()
    assert float(x[999]) == 2.0
    around = theirs.create_stream(xgpu.Stream(gpu))
    around.sync()


# Streams


PATIENCE = 20.0
"""Seconds after which a stream that is held goes on by itself."""


def test_a_consumers_stream_waits(gpu: xgpu.Device, cupy: Any) -> None:
    """The same read without an order comes too early, so this would fail if none were made."""
    x = xgpu.zeros(1000, device=gpu)
    shared = cupy.from_dlpack(x)
    side = cupy.cuda.Stream(non_blocking=True)
    early, late = cupy.zeros(1), cupy.zeros(1)
    for _ in "ab":  # what is loaded when it is first met could wait for the stream that is held
        goes_on = threading.Event()
        xgpu.synchronize(gpu)
        cupy.cuda.get_current_stream().synchronize()
        xgpu.current_stream(gpu).launch_host_func(goes_on.wait, PATIENCE)
        x += 1.0
        with side:
            early[...] = shared[-1:]
            late[...] = 0.0
        side.synchronize()
        with side:
            late[...] = cupy.from_dlpack(x)[-1:]
        assert not goes_on.is_set()
        goes_on.set()
        side.synchronize()
        found = float(early[0]), float(late[0])
    assert found == (1.0, 2.0)


def test_a_borrower_waits_for_the_maker(gpu: xgpu.Device, cupy: Any) -> None:
    side = cupy.cuda.Stream(non_blocking=True)
    theirs = cupy.zeros(1000)
    unordered = xgpu.from_dlpack(theirs)
    for _ in "ab":  # as above
        goes_on = threading.Event()
        cupy.cuda.get_current_stream().synchronize()
        side.synchronize()
        with side:
            side.launch_host_func(goes_on.wait, PATIENCE)
            theirs += 1.0
            early = float(unordered[-1])
            ordered = xgpu.from_dlpack(theirs)
        goes_on.set()
        found = early, float(ordered[-1])
    assert found == (1.0, 2.0)


def test_memory_goes_back_after_the_consumers_work(gpu: xgpu.Device, cupy: Any) -> None:
    size, wrong = 1 << 24, 0
    for value in range(20):
        x = xgpu.full((size,), float(value), device=gpu) + 1.0
        theirs = cupy.from_dlpack(x)
        total = cupy.zeros(())
        for _ in range(20):
            total = total + theirs.sum() / size
        del x, theirs
        again = xgpu.full((size,), -1.0, device=gpu) * 2.0
        xgpu.materialize(again)
        wrong += float(total) != 20.0 * (value + 1.0)
        del again
    assert wrong == 0


def test_streams_of_other_libraries(gpu: xgpu.Device, cupy: Any, torch: Any) -> None:
    for theirs in (cupy.cuda.Stream(non_blocking=True), cupy.cuda.Stream(), torch.cuda.Stream()):
        stream = xgpu.Stream.from_external(theirs, gpu)
        assert stream.__cuda_stream__() == theirs.__cuda_stream__()
        with stream:
            x = xgpu.ones(1000, device=gpu) * 3.0
        assert float(xgpu.sum(x)) == 3000.0
    own = cupy.cuda.Stream.from_external(xgpu.Stream(gpu))
    with own:
        c = cupy.arange(10.0) * 2.0
    own.synchronize()
    assert float(c.sum()) == 90.0


def test_host_functions_and_events(gpu: xgpu.Device) -> None:
    stream = xgpu.Stream(gpu)
    seen: list[str] = []
    start = stream.record()
    with stream:
        x = xgpu.ones(1 << 24, device=gpu)
        for _ in range(20):
            x = xgpu.sin(x)
        stream.launch_host_func(seen.append, "done")
        stop = xgpu.Event(gpu).record(stream)
    stop.synchronize()
    assert seen == ["done"]
    assert 0.0 < start.elapsed(stop) < 60.0
    stream.synchronize()


def test_copies_that_are_not_waited_for(gpu: xgpu.Device) -> None:
    a = xgpu.empty_pinned((1 << 22,), dtype=xgpu.float32, device=gpu)
    a[...] = 2.0
    stream = xgpu.Stream(gpu)
    with stream:
        x = xgpu.asarray(a, device=gpu, non_blocking=True)
        y = x * 2.0
    pageable = xgpu.asarray(np.full(1 << 22, 3.0), device=gpu, non_blocking=True)
    assert float(xgpu.sum(y)) == 4.0 * (1 << 22)
    assert float(xgpu.max(pageable)) == 3.0 == float(xgpu.min(pageable))
    moved = xgpu.to_device(xgpu.ones(1 << 22), gpu, non_blocking=True)
    assert float(xgpu.sum(moved)) == 1 << 22


def test_a_round_trip_of_one_memory(gpu: xgpu.Device, cupy: Any, torch: Any, jax: Any) -> None:
    x = xgpu.ones(1 << 20, dtype=xgpu.float32, device=gpu)
    start = address(x)
    t = torch.from_dlpack(x)
    y = xgpu.from_dlpack(t)
    c = cupy.from_dlpack(y)
    j = jax.dlpack.from_dlpack(c)
    z = xgpu.from_dlpack(j)
    pointers = [t.data_ptr(), address(y), c.data.ptr, j.unsafe_buffer_pointer(), address(z)]
    assert pointers == [start] * 5
    assert float(xgpu.sum(z)) == 1 << 20


def _exchanged(threads: int, count: int, work: Callable[[int, int], bool]) -> list[Any]:
    """What was wrong, of ``count`` exchanges in each of ``threads`` threads."""
    wrong: list[Any] = []
    barrier = threading.Barrier(threads, timeout=60)

    def run(number: int) -> None:
        try:
            barrier.wait()
            wrong.extend((number, i) for i in range(count) if not work(number, i))
        except Exception as error:
            wrong.append(error)

    running = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return wrong


def test_ten_thousand_arrays_between_threads_and_streams(gpu: xgpu.Device, cupy: Any) -> None:
    """Each goes from a stream of xgpu's to CuPy's and on to another of xgpu's, and is dropped."""
    ours = [xgpu.Stream(gpu) for _ in range(4)]
    theirs = [cupy.cuda.Stream() for _ in range(4)]
    size = 4096

    def work(number: int, i: int) -> bool:
        with ours[number]:
            x = xgpu.full((size,), float(i), device=gpu) + float(number)
        with theirs[(number + i) % 4]:
            c = cupy.from_dlpack(x) * 2.0
            with ours[(number + 1) % 4]:
                y = xgpu.from_dlpack(c) + 1.0
        del x, c
        low, high = float(xgpu.min(y)), float(xgpu.max(y))
        return low == high == 2.0 * (i + number) + 1.0

    assert not _exchanged(4, 10, work)  # kernels are compiled, pools have grown
    gc.collect()
    xgpu.synchronize(gpu)
    before = gpu.backend.allocated(0), cupy.get_default_memory_pool().used_bytes()
    assert not _exchanged(4, 2500, work)
    gc.collect()
    xgpu.synchronize(gpu)
    cupy.cuda.runtime.deviceSynchronize()
    xgpu.synchronize(gpu)
    assert (gpu.backend.allocated(0), cupy.get_default_memory_pool().used_bytes()) == before
