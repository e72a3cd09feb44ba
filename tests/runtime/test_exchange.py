"""Handing arrays to other libraries, with NumPy as the other one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import ALL, same, sample


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
    if device.type == "cpu":
        pytest.skip("on the host")
    x = xgpu.asarray([1.0, 2.0, 3.0], device=device)[::-1]
    np.testing.assert_array_equal(np.from_dlpack(_Asked(x)), [3.0, 2.0, 1.0])
    for call in (x.__dlpack__, x.__dlpack_device__):
        with pytest.raises(BufferError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
            call()
    with pytest.raises(BufferError, match="copy=False"):
        x.__dlpack__(dl_device=(1, 0), copy=False)


class _Asked:
    """What a consumer does that wants host memory."""

    def __init__(self, x: xgpu.Array) -> None:
        self.x = x

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.x.__dlpack__(**{**arguments, "dl_device": (1, 0)})
