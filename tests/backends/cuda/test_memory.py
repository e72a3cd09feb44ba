"""Memory on a device: what a program takes, and what is left when there is none."""

from __future__ import annotations

import gc
import os
from typing import Any

import numpy as np
import pytest

import xgpu


class Watched:
    """A driver's ``allocate``, noting the most that was alive; refuses what passes ``limit``."""

    def __init__(self, backend: Any, device: int) -> None:
        self.driver, self.device = backend.driver, device
        self.allocate = self.driver.allocate
        self.peak = 0
        self.limit: int | None = None

    def __call__(self, device: int, nbytes: int) -> Any:
        if self.limit is not None and self.driver.allocated(device) + nbytes > self.limit:
            raise xgpu.OutOfMemoryError(f"{nbytes} bytes are more than the test allows")
        made = self.allocate(device, nbytes)
        self.peak = max(self.peak, self.driver.allocated(device))
        return made


@pytest.fixture
def watched(device: xgpu.Device, monkeypatch: pytest.MonkeyPatch) -> Watched:
    if not hasattr(device.backend, "driver"):
        pytest.skip(f"{device} has no driver")
    gc.collect()
    watch = Watched(device.backend, device.index)
    monkeypatch.setattr(device.backend.driver, "allocate", watch)
    return watch


COUNT = 1 << 16
SLACK = 4096  # what the allocator rounds up to, and a few scalars


def test_a_chain_takes_no_temporaries(device: xgpu.Device, watched: Watched) -> None:
    x, y = (xgpu.ones(COUNT, dtype=xgpu.float32, device=device) for _ in "xy")
    xgpu.materialize(x)
    xgpu.materialize(y)
    before = watched.driver.allocated(device.index)
    watched.peak = before
    z = xgpu.exp(x * 2.0 - y) + xgpu.sqrt(x + y) * xgpu.where(x > y, x, -y)
    xgpu.materialize(z)
    assert watched.peak - before <= 4 * COUNT + SLACK
    del z
    total = xgpu.sum((x - y) ** 2)
    watched.peak = before
    assert float(total) == 0
    assert watched.peak - before <= SLACK + 32 * 2048  # the states of a reduction's segments
    del x, y, total


def test_memory_comes_back(device: xgpu.Device, watched: Watched) -> None:
    def work() -> float:
        x = xgpu.reshape(xgpu.arange(COUNT, dtype=xgpu.float32, device=device), (256, -1))
        y = xgpu.concat([x.T, x.T * 2.0])
        y[0, :] = xgpu.sum(y, axis=0)
        return float(xgpu.sum(y))

    first = work()
    gc.collect()
    before = watched.driver.allocated(device.index)
    assert all(work() == first for _ in range(3))
    gc.collect()
    assert watched.driver.allocated(device.index) == before


def test_out_of_memory_loses_nothing(device: xgpu.Device, watched: Watched) -> None:
    x = xgpu.arange(COUNT, dtype=xgpu.float32, device=device)
    xgpu.materialize(x)
    y = x * 2.0
    z = xgpu.concat([y, y, y]) + 1.0
    watched.limit = watched.driver.allocated(device.index) + 4 * COUNT + SLACK
    with pytest.raises(xgpu.OutOfMemoryError):
        xgpu.materialize(z)
    with pytest.raises(xgpu.OutOfMemoryError):
        x[xgpu.asarray([0], device=device)] = xgpu.sum(z)
    assert float(x[5]) == 5.0
    small = xgpu.sum(x[:100] + 1.0)  # a smaller program has room
    assert float(small) == 5050.0
    watched.limit = None
    expected = np.concatenate([np.arange(COUNT, dtype=np.float32) * 2] * 3) + 1
    np.testing.assert_array_equal(np.asarray(xgpu.to_device(z, "cpu")), expected)


@pytest.mark.gpu
def test_more_than_the_gpu_has() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("needs the GPU for itself: run this file with -n 0")
    try:
        device = xgpu.device("cuda:0")
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"cuda:0: {error}")
    total = device.backend.devices()[0].memory
    x = xgpu.arange(1000, dtype=xgpu.float64, device=device)
    third = xgpu.ones(total // 24, dtype=xgpu.float64, device=device)
    xgpu.materialize(x, third)
    with pytest.raises(xgpu.OutOfMemoryError, match=r"cuda:0 has no room for [\d,]+ bytes"):
        xgpu.materialize(xgpu.concat([third * 2.0, third + 1.0]))
    assert float(xgpu.sum(x)) == 499_500.0
    assert float(third[-1]) == 1.0
    del third
    again = xgpu.ones(total // 16, dtype=xgpu.float64, device=device)
    assert float(again[-1]) == 1.0
