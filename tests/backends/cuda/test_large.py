"""Arrays beyond 2**31 elements, on a GPU that has room for them.

They need the GPU for themselves: `pytest -n 0 -m gpu tests/backends/cuda/test_large.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import xgpu

pytestmark = pytest.mark.gpu

COUNT = 3_000_000_000
ROOM = 60 << 30


@pytest.fixture(scope="module")
def gpu() -> Iterator[xgpu.Device]:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("needs the GPU for itself: run this file with -n 0")
    try:
        device = xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"cuda:0: {error}")
    (info, *_) = device.backend.devices()
    if info.memory < ROOM:
        pytest.skip(f"cuda:0 has {info.memory:,} bytes, the test needs {ROOM:,}")
    with xgpu.default_device(device):
        yield device


def test_creation_and_sum(gpu: xgpu.Device) -> None:
    x = xgpu.ones(COUNT, dtype=xgpu.int8)
    xgpu.materialize(x)
    assert x.size == COUNT
    assert int(xgpu.sum(x)) == COUNT
    assert int(x[-1]) == 1


def test_add(gpu: xgpu.Device) -> None:
    x = xgpu.astype(xgpu.arange(COUNT) % 100, xgpu.int8)
    y = x + x
    xgpu.materialize(x, y)
    for place in (0, 1, 2**31 - 1, 2**31, 2**31 + 1, COUNT - 1):
        assert int(x[place]) == place % 100
        assert int(y[place]) == (2 * (place % 100) + 128) % 256 - 128
    assert int(xgpu.sum(x)) == COUNT // 100 * sum(range(100))


def test_argmax(gpu: xgpu.Device) -> None:
    x = xgpu.zeros(COUNT, dtype=xgpu.int8)
    place = 2**31 + 12_345
    x[place] = 7
    x[COUNT - 5] = 7
    assert int(xgpu.argmax(x)) == place
    assert int(xgpu.argmin(x[place:])) == 1


def test_cumulative_sum(gpu: xgpu.Device) -> None:
    x = xgpu.astype(xgpu.arange(COUNT) % 3, xgpu.int8)
    sums = xgpu.cumulative_sum(x)
    assert sums.dtype == xgpu.int64
    for place in (0, 5, 2**31 - 1, 2**31, COUNT - 1):
        whole, rest = divmod(place + 1, 3)
        assert int(sums[place]) == 3 * whole + sum(range(rest))


def test_slices_with_assignment(gpu: xgpu.Device) -> None:
    x = xgpu.zeros(COUNT, dtype=xgpu.int8)
    x[1_000_000_000:2_900_000_000:3] = 5
    x[::-1_000_000_000] = 2
    length = len(range(1_000_000_000, 2_900_000_000, 3))
    ends = range(COUNT - 1, -1, -1_000_000_000)
    hit = sum(1_000_000_000 <= i < 2_900_000_000 and (i - 1_000_000_000) % 3 == 0 for i in ends)
    assert int(xgpu.sum(x)) == 5 * (length - hit) + 2 * len(ends)
    view = x[2**31 :]
    view[...] = 1
    assert int(xgpu.sum(x[2**31 :])) == COUNT - 2**31
    assert int(x[2**31 - 1]) == (5 if (2**31 - 1 - 1_000_000_000) % 3 == 0 else 0)


def test_two_axes_and_integer_arrays(gpu: xgpu.Device) -> None:
    x = xgpu.zeros((3, COUNT // 3), dtype=xgpu.int8)
    x[2, :] = 1
    assert int(xgpu.sum(x.T)) == COUNT // 3
    assert [int(n) for n in xgpu.sum(x, axis=1)] == [0, 0, COUNT // 3]
    places = xgpu.asarray([0, COUNT // 3 - 1])
    x[2, places] = xgpu.asarray([3, 4], dtype=xgpu.int8)
    assert [int(n) for n in x[2, places]] == [3, 4]
    assert int(xgpu.max(x)) == 4


def test_mask(gpu: xgpu.Device) -> None:
    x = xgpu.zeros(COUNT, dtype=xgpu.int8)
    wanted = [3, 2**31 - 1, 2**31 + 9, COUNT - 1]
    for number, place in enumerate(wanted):
        x[place] = number + 1
    (found,) = xgpu.nonzero(x)
    assert [int(n) for n in found] == wanted
    assert [int(n) for n in x[x > 0]] == [1, 2, 3, 4]
