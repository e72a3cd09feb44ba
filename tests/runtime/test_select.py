"""Reading and writing by masks and indices; running sums, repetition and search, on each device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host, same
from xgpu import Device

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(11)
A = RNG.integers(-50, 50, (6, 9, 7))
FLAGS = A % 3 == 0


def on(device: Device, array: Any) -> xgpu.Array:
    return xgpu.asarray(np.asarray(array), device=device)


def test_reading_by_masks(device: Device) -> None:
    x, flags = on(device, A), on(device, FLAGS)
    same(x[flags], A[FLAGS])
    same(x[x > 0], A[A > 0])
    same(x[flags[:, 0, 0]], A[FLAGS[:, 0, 0]])
    same(x[1:, flags[0]], A[1:, FLAGS[0]])
    same(x[::-1, :, 2][flags[::-1, :, 2]], A[::-1, :, 2][FLAGS[::-1, :, 2]])
    same(x[x > 1000], A[A > 1000])
    for got, wanted in zip(xgpu.nonzero(flags), np.nonzero(FLAGS), strict=True):
        same(got, wanted)


def test_reading_by_indices(device: Device) -> None:
    x = on(device, A)
    rows, columns = np.asarray([[0, -1, 3], [5, 5, -6]]), np.asarray([8, -9, 2])
    i, j = on(device, rows), on(device, columns.astype("int16"))
    same(x[i], A[rows])
    same(x[i, j], A[rows, columns])
    same(x[:, j, ::2], A[:, columns, ::2])
    same(x.mT[..., j], A.mT[..., columns])
    same(x[2, j, 1:], A[2, columns, 1:])
    same(x[i, :, 3], A[rows, :, 3])
    same(xgpu.take(x, j, axis=1), np.take(A, columns, axis=1))
    order = np.argsort(A, axis=2)
    same(xgpu.take_along_axis(x, on(device, order), axis=2), np.take_along_axis(A, order, 2))
    with pytest.raises(IndexError, match="index 9 is out of bounds for axis 1"):
        x[:, on(device, [0, 9])]


def test_writing(device: Device) -> None:
    rows = np.asarray([0, 3, 0, 3, -1])
    values = RNG.integers(0, 9, (5, 9, 7))
    x, wanted = on(device, A), A.copy()
    before = xgpu.positive(x)
    x[on(device, rows)] = on(device, values)
    for row, value in zip(rows, values, strict=True):
        wanted[row] = value
    same(x, wanted)
    same(before, A)
    x[:, on(device, [1, 1, 2]), 0] = 7
    wanted[:, [1, 1, 2], 0] = 7
    same(x, wanted)
    x[x < 0] = 0
    wanted[wanted < 0] = 0
    same(x, wanted)
    x[x > 5] = on(device, np.arange(int((wanted > 5).sum())))
    wanted[wanted > 5] = np.arange(int((wanted > 5).sum()))
    same(x, wanted)
    turned, picked = x.mT[::-1], on(device, [[0, 1], [1, 0]])
    turned[picked] = -turned[picked]
    wanted.mT[::-1][[[0, 1], [1, 0]]] = -wanted.mT[::-1][[[0, 1], [1, 0]]]
    same(x, wanted)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running(device: Device, name: str) -> None:
    x, function = on(device, A), getattr(xgpu, name)
    reference = np.cumsum if name == "cumulative_sum" else np.cumprod
    for axis in (-1, 0, 1):
        wanted = reference(A, axis=axis)
        same(function(x, axis=axis), wanted)
        got = function(x, axis=axis, include_initial=True)
        first = np.full_like(np.take(wanted, [0], axis), 0 if name == "cumulative_sum" else 1)
        same(got, np.concatenate([first, wanted], axis))
    same(function(x[:, ::-2, 3].T, axis=1), reference(A[:, ::-2, 3].T, axis=1))
    same(function(x, axis=2, dtype=xgpu.int8), reference(A, axis=2, dtype="int8"))
    flat = xgpu.reshape(x, (-1,))
    same(function(flat * 0 + 1, dtype=xgpu.float32), reference(A.ravel() * 0 + 1, dtype="float32"))


def test_repeat(device: Device) -> None:
    counts = np.asarray([2, 0, 1, 3, 0, 1])
    x = on(device, A)
    same(xgpu.repeat(x, on(device, counts), axis=0), np.repeat(A, counts, axis=0))
    same(xgpu.repeat(x[0], 3, axis=1), np.repeat(A[0], 3, axis=1))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(device: Device, side: Any) -> None:
    line = np.asarray([-np.inf, -3.0, 0.0, 0.0, 2.0, np.inf, np.nan], "float32")
    values = np.asarray([[np.nan, -0.0, 2.0], [np.inf, -np.inf, 7.0]])
    found = xgpu.searchsorted(on(device, line), on(device, values).T, side=side)
    same(found, np.searchsorted(line, values.T, side=side))
    order = np.asarray([3, 1, 0, 2])
    unsorted = np.asarray([5, 3, 9, 1])
    given = on(device, unsorted), on(device, A)
    found = xgpu.searchsorted(*given, side=side, sorter=on(device, order))
    same(found, np.searchsorted(unsorted, A, side=side, sorter=order))


INDEXED: dict[str, Any] = {
    "argsort": lambda x: x[0][xgpu.argsort(x[0, :, 0])],
    "argsort along": lambda x: xgpu.take_along_axis(x, xgpu.argsort(x, axis=1), axis=1),
    "argmax": lambda x: xgpu.take_along_axis(x, xgpu.argmax(x, axis=2, keepdims=True), axis=2),
    "remainder": lambda x: x[xgpu.arange(100, device=x.device) % 6],
    "from the end": lambda x: x[-1 - xgpu.arange(6, device=x.device)],
    "clip": lambda x: x[0, :, 0][xgpu.clip(x[1, :, 2], 0, 8)],
    "searchsorted": lambda x: x[0, :, 0][xgpu.searchsorted(x[0, :8, 0], x[1])],
    "an array of the host": lambda x: x[:, xgpu.asarray([0, -2], device=x.device)],
    "a list": lambda x: x[[0, 5], [1, 2]],
    "small integers": lambda x: xgpu.arange(256, device=x.device)[xgpu.astype(x, xgpu.uint8)],
    "taken": lambda x: xgpu.take(x, xgpu.arange(0, 9, 2, device=x.device), axis=1),
    "of several": lambda x: x[xgpu.concat([xgpu.argsort(x[:, 0, 0]), xgpu.arange(2)])],
    "assigned": lambda x: x.__setitem__((0, xgpu.argsort(x[0, :, 0])), x[1]),
    "repeated": lambda x: xgpu.repeat(x, xgpu.astype(x[:, 0, 0] > 0, xgpu.int64), axis=0),
}


@pytest.mark.parametrize("name", INDEXED)
def test_an_index_whose_bounds_are_known_is_not_looked_at(device: Device, name: str) -> None:
    with xgpu.default_device(device):
        x = on(device, A)
        with xgpu.trace() as trace, xgpu.guard("error" if name not in SIZED else "allow"):
            INDEXED[name](x)
    looked = "the bounds of an array of integers" in {copy.reason for copy in trace.copies}
    # On the host a look is cheap, so nobody looks before it is needed.
    assert looked == (name == "an array of the host" and device.type == "cpu")


#: A copy to the device, and a number that the length of the result depends on.
SIZED = ("a list", "repeated")


def test_an_index_is_looked_at_once(device: Device) -> None:
    x, i = on(device, A), on(device, A[:, :, 0]) // 20
    with xgpu.trace() as trace:
        first, second = x[i, 0], x[i, 0]
        third = xgpu.take_along_axis(x[..., 0], i, axis=0)
        with pytest.raises(IndexError, match="index -3 is out of bounds for axis 0 with size 2"):
            x[:2][i]
    assert len(trace.copies) == 2, "the least and the largest"
    wanted = A[A[:, :, 0] // 20, 0]
    same(first, wanted)
    same(second, wanted)
    same(third, np.take_along_axis(A[..., 0], A[:, :, 0] // 20, 0))
    i[0, 0] = 7
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 6"):
        x[i]


def test_known_bounds_beyond_the_axis_are_looked_at(device: Device) -> None:
    x = on(device, A[0])
    same(x[xgpu.argmax(on(device, A[0]), axis=1)], A[0][A[0].argmax(axis=1)])
    with pytest.raises(IndexError, match="index 8 is out of bounds for axis 0 with size 8"):
        x[:8][xgpu.argsort(x[:, 0])]
    same(x[:8][xgpu.argsort(x[:, 0]) // 2], A[0][np.argsort(A[0][:, 0]) // 2])


def test_an_index_that_others_have_seen() -> None:
    x = xgpu.arange(100)
    index = xgpu.asarray(np.asarray([-3, 5], dtype=np.int8))
    seen = np.asarray(index)
    del seen
    for _ in range(2):  # the first time it is looked at
        np.testing.assert_array_equal(host(x[index]), [97, 5])
    seen = np.asarray(index)
    seen[0] = 6
    del seen
    np.testing.assert_array_equal(host(x[index]), [6, 5])
