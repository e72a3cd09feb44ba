"""Threads that compute at once on one device: right results, no deadlock, no leak."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from contextlib import nullcontext
from random import Random
from typing import Any

import numpy as np
import pytest

import xgpu

THREADS = 4


def chain(xp: Any, x: Any, k: int) -> Any:
    return xp.sqrt(x * x + k) - x


def in_place(xp: Any, x: Any, k: int) -> Any:
    y = x + 0.0
    y[k % 7 :: 2] = k
    y += x
    return y[::-1]


def reduction(xp: Any, x: Any, k: int) -> Any:
    return xp.max(x * k, axis=0) - xp.min(x)


def product(xp: Any, x: Any, k: int) -> Any:
    grid = xp.reshape(x[:64], (8, 8))
    return xp.matmul(grid, xp.permute_dims(grid, (1, 0))) + k


def joined(xp: Any, x: Any, k: int) -> Any:
    return xp.concat([x[:k], x * 2.0, xp.roll(x, k)])


PROGRAMS: list[Callable[[Any, Any, int], Any]] = [chain, in_place, reduction, product, joined]


def compute(device: xgpu.Device, seed: int, count: int, shared: xgpu.Array) -> None:
    """``count`` programs of whole numbers, which are exact in any order, against NumPy."""
    random = Random(seed)
    for _ in range(count):
        program = random.choice(PROGRAMS)
        size, k = random.choice([70, 256, 5_000]), random.randint(1, 30)
        host = np.asarray([random.randint(-9, 9) for _ in range(64)] * (size // 64 + 1), "float64")
        host = host[:size]
        x = xgpu.asarray(host, device=device)
        got = program(xgpu, x, k) + shared[0]
        expected = program(np, host, k) + 1.0
        np.testing.assert_allclose(np.asarray(xgpu.to_device(got, "cpu")), expected, rtol=1e-15)


@pytest.mark.parametrize("streams", [False, True], ids=["one stream", "a stream each"])
def test_threads_share_a_device(device: xgpu.Device, streams: bool) -> None:
    count = 2500 if device.type == "cuda" else 60
    shared = xgpu.ones(3, dtype=xgpu.float64, device=device)
    compute(device, 0, 10, shared)
    gc.collect()
    backend, index = device.backend, device.index
    before = backend.allocated(index)
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            with xgpu.Stream(device) if streams else nullcontext():
                compute(device, seed, count, shared)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(1 + n,), daemon=True) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    if failures:
        raise failures[0]
    gc.collect()
    assert backend.allocated(index) == before
