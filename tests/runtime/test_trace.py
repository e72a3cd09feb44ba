"""What the trace says of copies between the host and a device, of which there are no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import xgpu

COPIES: dict[str, tuple[Callable[[xgpu.Array], Any], list[str]]] = {
    "float": (lambda x: float(xgpu.sum(x)), ["read by the host"]),
    "bool": (lambda x: bool(xgpu.any(x > 1)), ["read by the host"]),
    "print": (str, ["read by the host"]),
    "mask": (lambda x: x[x > 1.0], ["the number of True in a mask"]),
    "nonzero": (xgpu.nonzero, ["the number of True in a mask"]),
    "integers": (
        lambda x: x[xgpu.astype(x, xgpu.int64)],
        ["the bounds of an array of integers"] * 2,
    ),
    "fused": (lambda x: xgpu.materialize(xgpu.exp(x) + xgpu.sum(x)), []),
    "sorted": (lambda x: xgpu.sort(xgpu.concat([x, x[::-1]])), []),
    "scattered by a mask": (lambda x: x.__setitem__(x > 1.0, 0.0), []),
    "product": (lambda x: xgpu.matmul(x, x), []),
    "transform": (lambda x: xgpu.fft.rfft(x), []),
}


@pytest.mark.parametrize("name", COPIES)
def test_each_copy_to_the_host_is_in_the_trace(device: xgpu.Device, name: str) -> None:
    call, reasons = COPIES[name]
    x = xgpu.asarray([0.5, 1.5, 2.5], device=device)
    driver: Any = getattr(device.backend, "driver", None)
    before = driver.reads if driver else 0
    with xgpu.trace() as trace:
        call(x)
    found = [copy for copy in trace.copies if copy.direction == "to host"]
    assert [copy.reason for copy in found] == reasons
    assert all(copy.device == str(device) for copy in found)
    assert all(str(copy.line).startswith(__file__) for copy in found)
    if driver:
        assert driver.reads - before == len(found)


def test_a_copy_to_the_device(device: xgpu.Device) -> None:
    with xgpu.trace() as trace:
        x = xgpu.asarray(np.zeros((2, 3), np.int16), device=device)
        y = xgpu.full((2, 3), 1.0, device=device) + 2
        xgpu.materialize(y)
    (copy,) = trace.copies
    assert (copy.direction, copy.device) == ("to device", str(device))
    assert (copy.array, copy.bytes) == ("int16[2, 3]", 12)
    assert x.shape == (2, 3)
