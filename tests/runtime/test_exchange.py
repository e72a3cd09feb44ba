"""Handing arrays to other libraries, with NumPy as the other one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, host, same, sample
from xgpu_numpy.backend import NumpyBackend


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_a_copy_goes_out(dtype: np.dtype[Any]) -> None:
    for shape in ((), (0, 2), (3, 4), (2, 3, 4)):
        values = sample(dtype, shape)
        x = xgpu.asarray(values)
        for copy in (None, True):
            given = np.from_dlpack(x, copy=copy)
            np.testing.assert_array_equal(given, values, strict=True)
            if given.flags.writeable:
                given[...] = dtype.type(1)
            same(x, values)


def test_views_and_pending_values_go_out() -> None:
    values = np.arange(12.0).reshape(3, 4)
    x = xgpu.asarray(values)
    np.testing.assert_array_equal(np.from_dlpack(x[::-1, ::2].T), values[::-1, ::2].T)
    np.testing.assert_array_equal(np.from_dlpack(xgpu.exp(x)[1:]), np.exp(values)[1:])
    row = xgpu.broadcast_to(x[0, :], (2, 4))
    np.testing.assert_array_equal(np.from_dlpack(row), np.broadcast_to(values[0], (2, 4)))


def test_what_was_handed_out_is_not_written_to() -> None:
    x = xgpu.asarray([1.0, 2.0])
    given = np.from_dlpack(x)
    x[0] = 7.0
    x += 1.0
    np.testing.assert_array_equal(given, [1.0, 2.0])


def test_memory_is_shared_on_request() -> None:
    x = xgpu.asarray(np.arange(6.0).reshape(2, 3)) * 2.0
    given = np.from_dlpack(x[:, ::-1], copy=False)
    np.testing.assert_array_equal(given, [[4.0, 2.0, 0.0], [10.0, 8.0, 6.0]])
    given[0, 0] = -1.0
    assert float(x[0, 2]) == -1.0
    assert np.from_dlpack(xgpu.zeros((0, 3)), copy=False).shape == (0, 3)
    with pytest.raises(BufferError, match="cannot be shared"):
        xgpu.broadcast_to(x[0, :], (2, 3)).__dlpack__(copy=False)


def test_arguments() -> None:
    x = xgpu.ones(3)
    assert x.__dlpack_device__() == (1, 0)
    for arguments in ({}, {"max_version": (0, 8)}, {"max_version": (1, 0), "dl_device": (1, 0)}):
        assert "dltensor" in repr(x.__dlpack__(**arguments))  # type: ignore[arg-type]
    assert "dltensor_versioned" in repr(x.__dlpack__(max_version=(1, 0)))
    with pytest.raises(ValueError, match="no stream: got 3"):
        x.__dlpack__(stream=3)
    with pytest.raises(BufferError, match=r"asked for \(2, 0\)"):
        x.__dlpack__(dl_device=(2, 0))


def test_a_round_trip() -> None:
    x = xgpu.asarray([1.0, 2.0])
    assert xgpu.from_dlpack(x, copy=False) is x
    taken = xgpu.from_dlpack(np.from_dlpack(x))
    taken[0] = 5.0
    same(x, np.asarray([1.0, 2.0]))


def test_an_array_elsewhere_goes_out_when_the_host_is_asked_for(device: xgpu.Device) -> None:
    x = xgpu.asarray([1.0, 2.0, 3.0], device=device)[::-1]
    np.testing.assert_array_equal(np.from_dlpack(_Asked(x)), [3.0, 2.0, 1.0])
    if device.type == "cuda":
        assert x.__dlpack_device__() == (2, device.index)
        with pytest.raises(BufferError, match="copy=False"):
            x.__dlpack__(dl_device=(1, 0), copy=False)
        with pytest.raises(BufferError, match=r"asked for \(2, 77\)"):
            x.__dlpack__(dl_device=(2, 77))
    else:
        assert x.__dlpack_device__() == (1, 0)


def test_the_simulators_memory_is_the_hosts() -> None:
    x = xgpu.arange(6, dtype=xgpu.float32, device="cudasim:0") * 2.0
    view = x[1::2]
    copied = np.from_dlpack(view)
    shared = np.from_dlpack(view, copy=False)
    np.testing.assert_array_equal(copied, [2.0, 6.0, 10.0])
    shared[0] = -1.0
    assert float(x[1]) == -1.0
    assert copied[0] == 2.0
    with pytest.raises(BufferError, match="cannot be shared"):
        xgpu.broadcast_to(x[0], (3,)).__dlpack__(copy=False)
    with pytest.raises(ValueError, match="no stream: got 1"):
        x.__dlpack__(stream=1)
    del x, view
    assert shared.tolist() == [-1.0, 6.0, 10.0], "the capsule keeps the memory alive"
    assert np.from_dlpack(xgpu.zeros((0, 3), device="cudasim:0"), copy=False).shape == (0, 3)


def test_a_device_without_a_number_in_dlpack() -> None:
    xgpu.register_backend("other", NumpyBackend())
    try:
        x = xgpu.ones(3, device="other")
        for call in (x.__dlpack__, x.__dlpack_device__):
            with pytest.raises(BufferError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
                call()
    finally:
        xgpu.unregister_backend("other")


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [d for d in ALL if d != xgpu.bfloat16], ids=str)
def test_to_cupy_and_back(dtype: np.dtype[Any]) -> None:
    try:
        device = xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"cuda:0: {error}")
    cupy = pytest.importorskip("cupy")
    values = sample(dtype, (5, 7))
    x = xgpu.asarray(values, device=device)
    copied, shared = cupy.from_dlpack(x[1:, ::2]), cupy.from_dlpack(_Shared(x[1:, ::2]))
    np.testing.assert_array_equal(copied.get(), values[1:, ::2])
    pointer = shared.data.ptr
    assert copied.data.ptr != pointer
    shared[0, 0] = dtype.type(1)
    cupy.cuda.get_current_stream().synchronize()  # who writes says when it is done
    same(x[1, 0], np.asarray(1, dtype))
    y = xgpu.from_dlpack(shared)
    z = xgpu.from_dlpack(shared, copy=False)
    assert y.device is z.device is device
    values[1, 0] = 1
    same(y, values[1:, ::2])
    same(z, values[1:, ::2])
    assert cupy.from_dlpack(_Shared(z)).data.ptr == pointer
    shared[0, 0] = dtype.type(0)
    cupy.cuda.get_current_stream().synchronize()
    same(z[0, 0], np.asarray(0, dtype))
    same(y[0, 0], np.asarray(1, dtype))
    same(xgpu.from_dlpack(shared, device="cpu"), host(z))
    empty = xgpu.zeros((0, 3), dtype=dtype, device=device)
    for given in (empty, _Shared(empty)):
        taken = cupy.from_dlpack(given)
        assert taken.shape == (0, 3)
        assert taken.dtype == dtype
        same(xgpu.from_dlpack(taken), np.empty((0, 3), dtype))


class _Shared:
    """What a consumer does that wants the array's own memory."""

    def __init__(self, x: xgpu.Array) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.x.__dlpack_device__()

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.x.__dlpack__(**{**arguments, "copy": False})


class _Asked:
    """What a consumer does that wants host memory."""

    def __init__(self, x: xgpu.Array) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.x.__dlpack__(**{**arguments, "dl_device": (1, 0)})
