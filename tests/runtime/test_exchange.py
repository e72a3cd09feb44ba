"""Handing arrays to other libraries, with NumPy as the other one."""

from __future__ import annotations

import copy as copying
import io
import pickle
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, host, same, sample
from tests.runtime.test_shared import address
from xgpu.plugin import NamespaceBackend
from xgpu_numpy.backend import NumpyBackend

SHAPES = ((), (1,), (3, 4), (2, 3, 4))


@pytest.fixture
def on_host(device: xgpu.Device) -> xgpu.Device:
    """A device whose memory is the host's."""
    if xgpu.empty(1, device=device).__dlpack_device__() != (1, 0):
        pytest.skip("NumPy does not see a GPU's memory: tests/exchange has its tests")
    return device


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_memory_is_shared(dtype: np.dtype[Any], on_host: xgpu.Device) -> None:
    for shape in SHAPES:
        values = sample(dtype, shape)
        x = xgpu.asarray(values, device=on_host)
        xgpu.materialize(x)
        before = address(x)
        for copy in (None, False):
            given = np.from_dlpack(x, copy=copy)
            np.testing.assert_array_equal(given, values, strict=True)
            assert given.ctypes.data == before == address(x)
            assert given.flags.writeable
        given[...] = dtype.type(1)
        same(x, np.full(shape, 1, dtype))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_a_copy_goes_out(dtype: np.dtype[Any], on_host: xgpu.Device) -> None:
    for shape in (*SHAPES, (0, 2)):
        values = sample(dtype, shape)
        x = xgpu.asarray(values, device=on_host)
        given = np.from_dlpack(x, copy=True)
        np.testing.assert_array_equal(given, values, strict=True)
        given[...] = dtype.type(1)
        assert x._storage.node.depth == 0, "xgpu's memory is its own"
        same(x, values)


def test_views_and_pending_values_go_out(on_host: xgpu.Device) -> None:
    values = np.arange(12.0).reshape(3, 4)
    x: Any = xgpu.asarray(values, device=on_host)
    np.testing.assert_array_equal(np.from_dlpack(x[::-1, ::2].T), values[::-1, ::2].T)
    np.testing.assert_array_equal(np.from_dlpack(xgpu.exp(x)[1:]), np.exp(values)[1:])
    row = xgpu.broadcast_to(x[0, :], (2, 4))
    np.testing.assert_array_equal(np.from_dlpack(row), np.broadcast_to(values[0], (2, 4)))
    for shape in ((0,), (2, 0, 3)):
        assert np.from_dlpack(xgpu.zeros(shape, device=on_host)).shape == shape


def test_versions_flags_and_devices(on_host: xgpu.Device) -> None:
    x = xgpu.ones(3, device=on_host)
    assert x.__dlpack_device__() == (1, 0)
    for major in range(3):
        for copy in (None, True, False):
            for dl_device in (None, (1, 0)):
                made = x.__dlpack__(max_version=(major, 0), copy=copy, dl_device=dl_device)
                assert ("versioned" in repr(made)) == (major > 0)
    assert "versioned" not in repr(x.__dlpack__())
    stretched = xgpu.broadcast_to(x, (2, 3))
    for version in (None, (0, 8)):
        with pytest.raises(BufferError, match="cannot be shared, since it is read-only"):
            stretched.__dlpack__(max_version=version, copy=False)
        assert "dltensor" in repr(stretched.__dlpack__(max_version=version))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"stream": 3}, ValueError, "no stream: got 3"),
        ({"stream": 3, "dl_device": (1, 0)}, ValueError, "no stream: got 3"),
        ({"dl_device": (2, 0)}, BufferError, r"asked for \(2, 0\)"),
        ({"dl_device": (1, 1)}, BufferError, r"asked for \(1, 1\)"),
    ],
)
def test_bad_arguments(
    on_host: xgpu.Device, arguments: dict[str, Any], error: type[Exception], said: str
) -> None:
    for copy in (None, True):
        with pytest.raises(error, match=said):
            xgpu.ones(3, device=on_host).__dlpack__(copy=copy, **arguments)


def test_a_stream_of_another_device() -> None:
    x = xgpu.ones(3, device="cudasim:0")
    with pytest.raises(ValueError, match="array on cudasim:0 got a stream of cpu: give one of"):
        x.__dlpack__(stream=xgpu.Stream("cpu"))
    with pytest.raises(ValueError, match="takes no stream"):
        x.__dlpack__(stream=xgpu.Stream("cudasim:0"))


def test_numpy_gets_the_memory_of_an_array_on_cpu() -> None:
    x = xgpu.asarray([[1, 2], [3, 4]], dtype=xgpu.int8) + 0
    xgpu.materialize(x)
    before = address(x)
    for given in (np.asarray(x), np.asarray(x, copy=False), np.asarray(x, dtype="int8")):
        assert given.ctypes.data == before
        assert given.flags.writeable
    np.asarray(x.T)[0, 1] = 30
    assert int(x[1, 0]) == 30
    for given in (np.array(x), np.asarray(x, copy=True), np.asarray(x, dtype="float32")):
        given[...] = 0
    assert int(x[1, 0]) == 30
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype="float32", copy=False)
    with pytest.raises(ValueError, match="got float32 for an array of int8: leave copy or"):
        x.__array__(np.float32, copy=False)
    narrow = xgpu.asarray([1.5, 2.5], dtype=xgpu.bfloat16)
    assert np.asarray(narrow).dtype == xgpu.bfloat16
    assert np.asarray(narrow, dtype="float64").tolist() == [1.5, 2.5]


def test_the_buffer_protocol() -> None:
    x = xgpu.asarray([[1.0, 2.0], [3.0, 4.0]]) + 0.0
    seen = x.__buffer__(0)
    assert (seen.format, seen.shape, seen.readonly) == ("d", (2, 2), False)
    np.asarray(seen)[0, 1] = 9.0
    assert float(x[0, 1]) == 9.0
    x[1, 1] = -1.0
    assert np.asarray(seen).tolist() == [[1.0, 9.0], [3.0, -1.0]]
    assert x[:, 0].__buffer__(0).tolist() == [1.0, 3.0]
    assert xgpu.broadcast_to(x[0, :], (2, 2)).__buffer__(0).readonly
    with pytest.raises(BufferError, match="bfloat16 has no buffer"):
        xgpu.ones(2, dtype=xgpu.bfloat16).__buffer__(0)
    with pytest.raises(BufferError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
        xgpu.ones(2, device="cudasim:0").__buffer__(0)


def test_arrays_elsewhere_are_not_handed_to_numpy(device: xgpu.Device) -> None:
    x = xgpu.ones(2, device=device)
    if device.type == "cpu":
        assert np.asarray(x).tolist() == [1.0, 1.0]
        return
    for call in (np.asarray, np.array, np.sin, lambda a: np.save(io.BytesIO(), a)):
        with pytest.raises(TypeError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
            call(x)


@pytest.mark.parametrize("dtype", [*ALL, xgpu.float16, xgpu.bfloat16], ids=str)
def test_pickles_and_copies(device: xgpu.Device, dtype: np.dtype[Any]) -> None:
    for shape in (*SHAPES, (0, 2)):
        values = sample(np.dtype("int64"), shape).astype(dtype)
        x = xgpu.asarray(values, device=device)
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            said = pickle.dumps(x, protocol)
            back = pickle.loads(said)
            assert back.device is device
            same(back, values)
            assert said == pickle.dumps(back, protocol) == pickle.dumps(x, protocol)
            turned = xgpu.permute_dims(x, tuple(range(x.ndim))[::-1])
            same(pickle.loads(pickle.dumps(turned, protocol)), values.T)
        for twin in (copying.deepcopy(x), copying.copy(x)):
            twin[...] = dtype == xgpu.bool or 1
            same(x, values)
        parts = {"a": x, "b": [x]}
        assert copying.deepcopy(parts)["a"] is not x


def test_a_pickle_has_the_values_alone(device: xgpu.Device) -> None:
    x = xgpu.asarray(np.arange(10_000.0), device=device)
    assert len(pickle.dumps(x[:5])) < 1000
    large: list[Any] = []
    said = pickle.dumps(x, 5, buffer_callback=large.append)
    assert len(said) < 1000 and len(large) == 1
    same(pickle.loads(said, buffers=large), np.arange(10_000.0))


@pytest.mark.parametrize("dtype", ALL, ids=str)
def test_numpy_saves_and_loads(device: xgpu.Device, dtype: np.dtype[Any]) -> None:
    for shape in (*SHAPES, (0, 2)):
        values = sample(dtype, shape)
        x = xgpu.to_device(xgpu.asarray(values, device=device), "cpu")
        file = io.BytesIO()
        np.save(file, x)
        file.seek(0)
        same(xgpu.asarray(np.load(file), device=device), values)


def test_a_round_trip_has_one_memory(on_host: xgpu.Device) -> None:
    x = xgpu.asarray([1.0, 2.0], device=on_host)
    assert xgpu.from_dlpack(x, copy=False) is x
    assert xgpu.from_dlpack(x) is x
    theirs = np.from_dlpack(x)
    taken = xgpu.from_dlpack(theirs, device=on_host)
    assert address(taken) == theirs.ctypes.data == address(x)
    taken[0] = 5.0
    same(x, np.asarray([5.0, 2.0]))
    again = np.from_dlpack(taken)
    assert again.ctypes.data == address(x)


def test_an_array_elsewhere_goes_out_when_the_host_is_asked_for(device: xgpu.Device) -> None:
    x = xgpu.asarray([1.0, 2.0, 3.0], device=device)[::-1]
    np.testing.assert_array_equal(np.from_dlpack(_Asked(x)), [3.0, 2.0, 1.0])
    if device.type == "cuda":
        assert x.__dlpack_device__() == (2, device.index)
        with pytest.raises(BufferError, match="in the host's memory"):
            x.__dlpack__(dl_device=(1, 0), copy=False)
        with pytest.raises(BufferError, match=r"asked for \(2, 77\)"):
            x.__dlpack__(dl_device=(2, 77))
    else:
        assert x.__dlpack_device__() == (1, 0)


def test_a_device_without_a_number_in_dlpack() -> None:
    class Alone(NamespaceBackend):
        def __init__(self) -> None:
            reference = NumpyBackend()
            super().__init__("alone", reference.xp, functions=reference.functions)

    xgpu.register_backend("other", Alone())
    try:
        x = xgpu.ones(3, device="other")
        for call in (x.__dlpack__, x.__dlpack_device__):
            with pytest.raises(BufferError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
                call()
        with pytest.raises(BufferError, match="is brought to other:0 by a copy alone"):
            xgpu.from_dlpack(np.ones(3), device="other", copy=False)
        with pytest.raises(ValueError, match="other:0 takes no memory of other libraries"):
            xgpu.asarray(np.ones(3), device="other", copy=False)
        same(xgpu.from_dlpack(np.ones(3), device="other"), np.ones(3))
    finally:
        xgpu.unregister_backend("other")


def test_the_interface_of_cuda_is_of_its_arrays_alone(on_host: xgpu.Device) -> None:
    x = xgpu.ones(3, device=on_host)
    assert not hasattr(x, "__cuda_array_interface__")
    with pytest.raises(AttributeError, match=f"this one is on {on_host}"):
        x.__cuda_array_interface__  # noqa: B018


def test_reading_is_not_lending(device: xgpu.Device) -> None:
    x = xgpu.asarray([1.0, 2.0], device=device)
    host(x), repr(x), float(x[0]), pickle.dumps(x)
    if device.type != "cpu":
        assert x._storage.node.depth == 0


class _Asked:
    """What a consumer does that wants host memory."""

    def __init__(self, x: xgpu.Array) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.x.__dlpack__(**{**arguments, "dl_device": (1, 0)})
