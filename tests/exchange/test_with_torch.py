"""Memory shared with torch, on the host: tests/exchange/test_gpu.py has the same on a GPU."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same

torch: Any = pytest.importorskip("torch", reason="torch is not installed")

DTYPES = [
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
]


@pytest.fixture
def there(device: xgpu.Device) -> xgpu.Device:
    """A device whose memory is the host's."""
    if xgpu.empty(1, device=device).__dlpack_device__() != (1, 0):
        pytest.skip("a GPU has its own memory: tests/exchange/test_gpu.py has its tests")
    return device


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_both_ways(dtype: str, there: xgpu.Device) -> None:
    values = np.asarray([[0, 1, 2], [3, 1, 0]])
    x = xgpu.astype(xgpu.asarray(values, device=there), getattr(xgpu, dtype))
    t = torch.from_dlpack(x)
    assert t.dtype is getattr(torch, dtype)
    assert t.data_ptr() == torch.from_dlpack(x).data_ptr(), "the memory is one"
    y = xgpu.from_dlpack(t, device=there)
    assert y.dtype is x.dtype
    assert torch.from_dlpack(y).data_ptr() == t.data_ptr()
    y[0, 2] = x[0, 0]
    assert t[0, 2].item() == 0
    t[1, 0] = t[1, 2]
    assert not bool(x[1, 0])
    if dtype != "bool":
        x += 1
        assert t[0, 0].item() == 1


def test_shapes_and_strides(there: xgpu.Device) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    x = xgpu.asarray(values, device=there)
    for theirs, ours in (
        (torch.from_dlpack(x.mT), values.mT),
        (torch.from_dlpack(x[:, 1:, ::2]), values[:, 1:, ::2]),
        (torch.from_dlpack(x[1, 2, 3]), values[1, 2, 3]),
        (torch.from_dlpack(x[:0]), values[:0]),
        (torch.from_dlpack(xgpu.sum(x)), values.sum()),
    ):
        np.testing.assert_array_equal(theirs.numpy(), ours)
    t = torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4)
    for theirs in (t, t.mT, t[:, 1:, ::2], t[1, 2, 3], t[:0], t[0].expand(2, 3, 4)):
        y = xgpu.from_dlpack(theirs, device=there)
        same(y, theirs.numpy())
        if theirs.numel():
            assert torch.from_dlpack(y).data_ptr() == theirs.data_ptr()


def test_copies(there: xgpu.Device) -> None:
    x = xgpu.ones(3, device=there)
    t = torch.from_dlpack(x, copy=True)
    t[0] = 5.0
    assert float(x[0]) == 1.0
    y = xgpu.from_dlpack(t, device=there, copy=True)
    t[1] = 7.0
    same(y, np.asarray([5.0, 1.0, 1.0]))


def test_in_place_work_on_either_side(there: xgpu.Device) -> None:
    t = torch.zeros(1000, dtype=torch.float64)
    x = xgpu.from_dlpack(t, device=there)
    for step in range(20):
        x += float(step)
        t.mul_(0.5)
        x[::2] = xgpu.sqrt(x[::2]) + t[1].item()
        t[1::2].add_(1.0)
    expected = np.zeros(1000)
    for step in range(20):
        expected += float(step)
        expected *= 0.5
        expected[::2] = np.sqrt(expected[::2]) + expected[1]
        expected[1::2] += 1.0
    np.testing.assert_allclose(t.numpy(), expected, rtol=1e-14)
    same(x, expected, rtol=1e-14)


def test_what_is_read_only_stays_so(there: xgpu.Device) -> None:
    values = np.arange(3.0)
    values.flags.writeable = False
    x = xgpu.from_dlpack(values, device=there)
    t = torch.from_dlpack(x)  # torch knows the flag, and has no read-only tensors
    np.testing.assert_array_equal(t.numpy(), values)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1.0


def test_memory_lives_as_long_as_either_side(there: xgpu.Device) -> None:
    gc.collect()  # what earlier tests left
    before = there.backend.allocated(0)
    x = xgpu.arange(1000.0, device=there) + 0.0
    t = torch.from_dlpack(x)
    part = t[10:12]
    del x, t
    gc.collect()
    assert part.tolist() == [10.0, 11.0]
    del part
    gc.collect()
    assert there.backend.allocated(0) == before

    t = torch.arange(1000.0)
    kept = weakref.ref(t.untyped_storage())
    y = xgpu.from_dlpack(t, device=there)[5:]
    del t
    gc.collect()
    assert float(y[0]) == 5.0
    del y, kept


def test_pending_work_is_done_before_it_leaves(there: xgpu.Device) -> None:
    x = xgpu.ones((50, 50), device=there)
    for _ in range(10):
        x = xgpu.tanh(x * 1.5) + 0.25
    total = xgpu.sum(x)
    t = torch.from_dlpack(x)
    expected = float(t.sum())
    t.zero_()
    assert abs(float(total) - expected) < 1e-9 * expected


def test_what_torch_does_not_hand_out() -> None:
    for given, said in (
        (torch.ones(2, requires_grad=True), "gradient"),
        (torch.ones(2, dtype=torch.complex64).conj(), "conjugate"),
    ):
        with pytest.raises(BufferError, match=said):
            xgpu.from_dlpack(given)


def test_many_arrays_between_threads(there: xgpu.Device) -> None:
    """The count is small here: on a GPU tests/exchange/test_gpu.py exchanges ten thousand."""
    count, threads = (25, 4) if there.type == "cudasim" else (250, 4)
    gc.collect()  # what earlier tests left
    before = there.backend.allocated(0)
    wrong: list[Any] = []

    def work(number: int) -> None:
        for i in range(count):
            x = xgpu.full((17,), float(number), device=there) + float(i)
            t = torch.from_dlpack(x)
            t.mul_(2.0)
            y = xgpu.from_dlpack(t, device=there) + 1.0
            if float(xgpu.max(y)) != 2.0 * (number + i) + 1.0 != float(xgpu.min(y)):
                wrong.append((number, i))

    working = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    assert not wrong
    gc.collect()
    assert there.backend.allocated(0) == before
