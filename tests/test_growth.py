"""Nothing grows faster than linearly, and nothing is kept.

The bounds are generous: a quadratic step would take ten times as long for each unit.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable

import pytest

import xgpu as xp
from docs.measurements import growth

FACTOR = 4.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "ROUNDS", 2)
    monkeypatch.setattr(growth, "TRACED", False)


def grows_linearly(measure: Callable[[], list[growth.Row]], least: float = 0.0) -> None:
    """The cost for each unit does not rise with the size, or stays below ``least`` us."""
    for attempt in range(3):
        rows = measure()
        first, last = rows[0].unit, rows[-1].unit
        if last <= FACTOR * max(first, least):
            return
        assert attempt < 2, rows


def test_operations(device: xp.Device) -> None:
    grows_linearly(lambda: growth.lengths(str(device), (200, 2_000)))


def test_live_arrays(device: xp.Device) -> None:
    grows_linearly(lambda: growth.live(str(device), (50, 500)))


def test_axes(device: xp.Device) -> None:
    grows_linearly(lambda: growth.ranks(str(device), (4, 32)))


def test_elements(device: xp.Device) -> None:
    grows_linearly(lambda: growth.elements(str(device), (1 << 12, 1 << 15)), least=0.05)


def test_nothing_is_kept_from_call_to_call(device: xp.Device) -> None:
    x = xp.ones(16, device=device)
    captured = xp.capture(lambda x: xp.sum(x * 2.0))

    def several() -> None:
        for i in range(40):
            y = (x + float(i)) * x
            y[2:5] = y[3:6] + 1.0
            xp.materialize(xp.reshape(y, (4, 4)).T + 1.0, captured(y))

    def counted() -> tuple[int, int, int]:
        device.synchronize()  # what is queued is kept until it is done
        gc.collect()
        blocks = sys.getallocatedblocks()
        return blocks, tracemalloc.get_traced_memory()[0], device.backend.allocated(device.index)

    for _ in range(3):
        several()
    tracemalloc.start()
    try:
        several()
        before = counted()
        for _ in range(10):
            several()
        after = counted()
    finally:
        tracemalloc.stop()
    assert after[0] - before[0] < 400, "less than one object for each of 400 turns"
    assert after[1] - before[1] < 400 * 160
    assert after[2] == before[2]


@pytest.mark.parametrize("count", [20_000])
def test_many_live_arrays_are_freed(count: int) -> None:
    if not sys.getallocatedblocks():
        pytest.skip("Python counts no blocks with another allocator than its own")
    gc.collect()
    before = sys.getallocatedblocks()
    kept = [xp.full(3, i) + 1 for i in range(count)]
    total = sum(int(kept[i][0]) for i in (0, count - 1))
    assert total == count + 1
    assert sys.getallocatedblocks() - before > count
    del kept
    gc.collect()
    assert sys.getallocatedblocks() - before < count / 10
