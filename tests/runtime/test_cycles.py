"""Memory comes back when the last reference goes, not when Python's collector comes by."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import xgpu as xp


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def softmax(x: Any, axis: int) -> Any:
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def written(x: Any) -> Any:
    y = xp.zeros_like(x)
    y[::2] = x[1::2]
    y += x
    return y


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "chain": lambda x: xp.sqrt(x * x + 1) - x,
    "standardised columns": lambda x: (x - xp.mean(x, axis=0)) / xp.std(x, axis=0),
    "standardised rows": lambda x: (x - xp.mean(x, axis=1)[:, None]) / xp.std(x, axis=1)[:, None],
    "softmax of rows": lambda x: softmax(x, 1),
    "softmax of columns": lambda x: softmax(x, 0),
    "sum": xp.sum,
    "pairs": lambda x: xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1),
    "written": written,
    "transposed": lambda x: x.T + 0,
    "product": lambda x: xp.matmul(x, x.T),
    "scan": lambda x: xp.cumulative_sum(x, axis=0),
    "sort": lambda x: xp.sort(x, axis=0),
    "mask": lambda x: x[x > 0.5],
    "gather": lambda x: x[xp.asarray([1, 0, 3], device=x.device)],
    "joined": lambda x: xp.concat([x, x * 2]),
    "decomposed": lambda x: xp.linalg.qr(x).Q,
    "transformed": lambda x: xp.fft.rfft(x),
    "special": lambda x: xp.special.ndtr(x * 2 + 1),
    "split": lambda x: xp.exp(xp.reshape(x.T, (-1,))) + 1,
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.usefixtures("without_collector")
def test_memory_comes_back_at_once(name: str, device: xp.Device) -> None:
    values = np.random.default_rng(0).random((24, 8)).astype(np.float32)
    x = xp.asarray(values, device=device)
    xp.materialize(PROGRAMS[name](x))  # what is kept for all later calls, once
    before = device.backend.allocated(device.index)
    for _ in range(12):
        y = PROGRAMS[name](x)
        xp.materialize(y)
        del y
        assert device.backend.allocated(device.index) == before
