"""Memory that others see too: every program stays as if eager, whoever writes, and whenever."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same


def lent(x: xgpu.Array) -> Any:
    """NumPy's array over the memory of an array; not on a GPU."""
    if x.__dlpack_device__() != (1, 0):
        pytest.skip("NumPy does not see a GPU's memory: tests/exchange has its tests")
    return np.from_dlpack(x)


def address(x: xgpu.Array) -> int:
    """Where the storage of an array lies."""
    buffer = x._storage.node.buffer
    return int(buffer.ptr if hasattr(buffer, "ptr") else buffer.ctypes.data)


def is_pending(x: xgpu.Array) -> bool:
    return x._storage.node.buffer is None


@pytest.fixture
def x(device: xgpu.Device) -> xgpu.Array:
    made = xgpu.asarray(np.arange(12.0).reshape(3, 4), device=device) + 0.0
    xgpu.materialize(made)
    return made


def test_nothing_is_copied(x: xgpu.Array) -> None:
    before = address(x)
    for view in (x, x[1:, ::-2], x.T, x[2, 3], xgpu.reshape(x, (2, 6))):
        theirs = lent(view)
        assert address(x) == before
        assert before <= theirs.ctypes.data < before + 96
        assert theirs.shape == view.shape
    assert lent(x).ctypes.data == before


def test_no_kernel_runs_for_what_is_there(device: xgpu.Device) -> None:
    for make in (lambda x: x + 1.0, lambda x: xgpu.sum(x), lambda x: xgpu.asarray(x, copy=True)):
        x = make(xgpu.ones(3, device=device))
        xgpu.materialize(x)
        with xgpu.trace() as trace:
            theirs = lent(x)
            again = lent(x)
        assert trace.kernels == []
        assert theirs.ctypes.data == again.ctypes.data


def test_each_side_sees_what_the_other_writes(x: xgpu.Array) -> None:
    theirs = lent(x[:, ::2])
    theirs[0, 1] = -1.0
    assert float(x[0, 2]) == -1.0
    x[1, 2] = 50.0
    assert theirs[1, 1] == 50.0
    x += 1.0
    assert theirs.tolist() == [[1.0, 0.0], [5.0, 51.0], [9.0, 11.0]]
    x[...] = xgpu.flip(x, axis=0)
    assert theirs[0].tolist() == [9.0, 11.0]
    x[xgpu.asarray([0, 2], device=x.device)] = 7.0
    assert theirs[:, 0].tolist() == [7.0, 5.0, 7.0]
    x[x > 6.0] = 0.0
    assert theirs[:, 0].tolist() == [0.0, 5.0, 0.0]
    row = x[1, :]
    row *= 2.0
    assert theirs[1].tolist() == [10.0, 0.0]


def test_what_was_recorded_before_keeps_its_value(x: xgpu.Array) -> None:
    total, later = xgpu.sum(x), x * 2.0
    copied = xgpu.asarray(x, copy=True)
    theirs = lent(x)
    theirs[...] = 0.0
    assert float(total) == 66.0
    assert float(later[2, 3]) == 22.0
    assert float(copied[2, 3]) == 11.0
    same(x, np.zeros((3, 4)))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + 1.0,
        lambda x: xgpu.sum(x, axis=0),
        lambda x: xgpu.asarray(x, copy=True),
        lambda x: x.copy(),
        lambda x: +x,
        lambda x: xgpu.astype(x, x.dtype),
        lambda x: xgpu.astype(x[1:], xgpu.float32),
        lambda x: xgpu.meshgrid(x[0, :], x[1, :])[0],
        lambda x: xgpu.roll(x, 1),
        lambda x: xgpu.concat([x, x]),
        lambda x: xgpu.reshape(x.T, (12,)),
        lambda x: xgpu.tile(x, (1, 2)),
        lambda x: x @ x.T,
        lambda x: xgpu.sort(x),
        lambda x: xgpu.where(x > 3.0, x, 0.0),
        lambda x: x[xgpu.asarray([0, 1], device=x.device)],
        lambda x: xgpu.take(x, xgpu.asarray([1], device=x.device), axis=1),
        lambda x: xgpu.real(x),
        lambda x: xgpu.from_dlpack(x, copy=True),
    ],
)
def test_what_is_recorded_afterwards_has_the_value_of_its_call(
    x: xgpu.Array, call: Callable[[xgpu.Array], xgpu.Array]
) -> None:
    theirs = lent(x)
    made = call(x)
    expected = np.array(xgpu.to_device(call(xgpu.asarray(theirs.copy(), device=x.device)), "cpu"))
    theirs[...] = -7.0
    np.testing.assert_array_equal(np.asarray(xgpu.to_device(made, "cpu")), expected)
    made[...] = 1.0
    assert (theirs == -7.0).all(), "what was computed is no alias"


def test_an_array_filled_with_shared_memory_is_no_alias(x: xgpu.Array) -> None:
    theirs = lent(x)
    y = xgpu.zeros_like(x)
    y[...] = x
    z = xgpu.zeros((4, 3), device=x.device)
    z[...] = x.T
    theirs[...] = -1.0
    assert float(y[2, 3]) == float(z[3, 2]) == 11.0
    y[...] = 5.0
    assert (theirs == -1.0).all()


def test_parts_that_overlap_are_read_before_they_are_written(x: xgpu.Array) -> None:
    theirs = lent(x)
    x[:, 1:] = x[:, :-1]
    assert theirs[0].tolist() == [0, 0, 1, 2]
    x[:, :-1] += x[:, 1:]
    assert theirs[0].tolist() == [0, 1, 3, 2]
    square = x[:, :3]
    square[...] = square.T
    assert theirs[:, 0].tolist() == [0, 1, 3]
    again = xgpu.from_dlpack(theirs, device=x.device)  # the same memory by another name
    x[1:, :] = again[:-1, :]
    assert theirs[2].tolist() == theirs[1].tolist() or theirs[1, 0] == 0


def test_an_assignment_to_itself_changes_nothing(x: xgpu.Array) -> None:
    theirs = lent(x)
    x[...] = x
    x[:, 1] += 0.0
    assert theirs.tolist() == np.arange(12.0).reshape(3, 4).tolist()
    x[...] = x[::-1, ::-1]
    assert theirs[0, 0] == 11.0


def test_a_write_of_what_is_held_is_computed_once(x: xgpu.Array) -> None:
    theirs = lent(x)
    y = xgpu.exp(xgpu.zeros((3, 4), device=x.device)) + 1.0
    with xgpu.trace() as trace:
        x[...] = y
    assert not is_pending(y)
    assert [k.ops for k in trace.kernels][-1] == ()
    assert (theirs == 2.0).all()


def test_what_nobody_else_sees_any_more_is_lazy_again(x: xgpu.Array) -> None:
    theirs = lent(x)
    part = theirs[1:]
    del theirs
    assert not is_pending(x + 1.0), "a view of NumPy's keeps the memory shared"
    part[0, 0] = 30.0
    del part
    y = x + 1.0
    assert is_pending(y)
    twin = xgpu.asarray(x, copy=True)
    x[1, 0] = 4.0
    assert float(y[1, 0]) == 31.0
    assert float(twin[1, 0]) == 30.0
    view = x[1:, :]
    z = view[0, :] * 2.0
    assert is_pending(z) and float(z[0]) == 8.0
    again = lent(x)
    assert not is_pending(x * 3.0)
    again[0, 0] = 1.0
    assert float(x[0, 0]) == 1.0


def test_the_two_sides_keep_the_memory_alive(device: xgpu.Device) -> None:
    gc.collect()
    before = device.backend.allocated(0)
    x = xgpu.arange(6.0, device=device) * 2.0
    theirs = lent(x)
    buffer = None if device.type == "cudasim" else weakref.ref(x._storage.node.buffer)
    del x
    gc.collect()
    assert theirs.tolist() == [0, 2, 4, 6, 8, 10]
    assert device.backend.allocated(0) - before == (48 if buffer is None else 0)
    del theirs
    gc.collect()
    assert device.backend.allocated(0) == before
    assert buffer is None or buffer() is None

    maker = np.arange(6.0)
    kept = weakref.ref(maker)
    taken = xgpu.from_dlpack(maker, device=device if device.type == "cudasim" else "cpu")
    view = taken[::2]
    del maker, taken
    gc.collect()
    assert kept() is not None
    assert float(view[1]) == 2.0
    del view
    gc.collect()
    assert kept() is None


def test_indices_that_others_may_change_are_looked_at_each_time(device: xgpu.Device) -> None:
    values = xgpu.arange(10, device=device)
    places = xgpu.asarray([1, 2, 3], device=device)
    theirs = lent(places)
    same(values[places], np.asarray([1, 2, 3]))
    theirs[:] = [7, 8, 9]
    same(values[places], np.asarray([7, 8, 9]))
    theirs[1] = 10
    with pytest.raises(IndexError, match="index 10 is out of bounds"):
        values[places]


def test_eager_and_traced(x: xgpu.Array) -> None:
    theirs = lent(x)
    with xgpu.eager():
        y = x + 1.0
        x[0, :] = 9.0
    theirs[1, 1] = -1.0
    assert float(y[0, 0]) == 1.0
    with xgpu.trace() as trace:
        z = xgpu.sum(x)
    assert [k.reason for k in trace.kernels] == ["it reads memory that another library sees"]
    assert float(z) == float(theirs.sum())


def test_in_a_block_of_a_stream(x: xgpu.Array) -> None:
    theirs = lent(x)
    with xgpu.Stream(x.device):
        y = x * 2.0
        x[0, 0] = 5.0
        assert theirs[0, 0] == 5.0
    assert float(y[0, 0]) == 0.0


def test_broadcasts_are_read_only(x: xgpu.Array) -> None:
    row = xgpu.broadcast_to(x[0, :], (2, 4))
    theirs = lent(row)
    assert not theirs.flags.writeable
    assert theirs.strides[0] == 0
    left, right = xgpu.broadcast_arrays(x, xgpu.ones((2, 1, 1), device=x.device))
    for stretched in (left, right):
        assert not lent(stretched).flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            stretched[0, 0, 0] = 1.0
    x[0, 1] = 6.0
    assert theirs[1, 1] == 6.0
    plain = lent(x)
    one, _ = xgpu.broadcast_arrays(x, xgpu.ones((1, 4), device=x.device))
    if one is not x:
        with pytest.raises(ValueError, match="read-only"):
            one[0, 0] = 3.0
        assert plain[0, 0] == 0.0, "it was refused before anything was written"


def test_a_capture_leaves_shared_memory_alone(x: xgpu.Array) -> None:
    lent(x)
    theirs = lent(x)

    def hands_out(a: xgpu.Array) -> xgpu.Array:
        np.from_dlpack(a + 1.0)
        return a

    def writes(a: xgpu.Array) -> xgpu.Array:
        x[0, 0] = 1.0
        return a + 1.0

    for function in (hands_out, writes):
        with pytest.raises(xgpu.CaptureError):
            xgpu.capture(function)(xgpu.ones(3, device=x.device))
    assert theirs[0, 0] == 0.0
