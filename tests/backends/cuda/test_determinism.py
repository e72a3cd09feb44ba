"""The same program gives the same bits on a device: twice, beside others, in two processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

import xgpu
from tests.backends.cuda.deterministic import digests


@pytest.mark.usefixtures("on_device")
def test_twice_in_one_process(device: xgpu.Device) -> None:
    first = digests(device)
    assert len(set(first.values())) > len(first) - 3, "results that say nothing"
    assert digests(device) == first


def test_beside_other_work(device: xgpu.Device) -> None:
    """Another thread keeps the device busy, so blocks are scheduled otherwise."""
    alone = digests(device)
    done = threading.Event()

    def work() -> None:
        with xgpu.Stream(device):
            while not done.is_set():
                x = xgpu.ones(1_000_000 if device.type == "cuda" else 1_000, device=device)
                xgpu.materialize(xgpu.sum(x + 1))

    other = threading.Thread(target=work, daemon=True)
    other.start()
    try:
        beside = digests(device)
    finally:
        done.set()
        other.join()
    assert beside == alone


def test_in_two_processes(device: xgpu.Device) -> None:
    module = "tests.backends.cuda.deterministic"
    printed = [
        subprocess.run(
            [sys.executable, "-m", module, str(device)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    first, second = (json.loads(text) for text in printed)
    assert first == second == digests(device)
