"""Results in the memory of an operand: what a kernel reads it has read before it writes there."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from xgpu.plugin import Operand
from xgpu.runtime import donation
from xgpu_cuda.backend import CudaBackend


class Launches:
    """A backend's ``launch``, noting how many outputs were put into the memory of inputs."""

    def __init__(self, backend: Any) -> None:
        self._launch = backend.launch
        self.given = 0

    def __call__(
        self,
        device: int,
        kernel: Any,
        shape: tuple[int, ...],
        inputs: Sequence[Operand],
        outputs: Sequence[Operand],
    ) -> list[Any]:
        """See `xgpu.plugin.Backend.launch`."""
        made: list[Any] = self._launch(device, kernel, shape, inputs, outputs)
        self.given += sum(any(value is buffer for value, _, _ in inputs) for buffer in made)
        return made


@pytest.fixture
def launches(device: xgpu.Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launches]:
    if not isinstance(device.backend, CudaBackend):
        pytest.skip(f"{device} gives every result memory of its own")
    monkeypatch.setattr(donation, "LEAST", 0)
    noted = Launches(device.backend)
    monkeypatch.setattr(device.backend, "launch", noted)
    device.matchers.clear()  # they take the short way for what was small
    yield noted
    device.matchers.clear()


def dense(x: Any, w: Any, b: Any) -> Any:
    """A layer with tanh-GELU."""
    h = x @ w + b
    return 0.5 * h * (1.0 + xgpu.tanh(0.7978845608 * (h + 0.044715 * h * h * h)))


@pytest.mark.parametrize("shape", [(512, 16, 512), (513, 3, 515)])
def test_the_peak_of_a_dense_layer(
    device: xgpu.Device, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int, int]
) -> None:
    """Inputs and result, and at most 1 % more: whichever way the host finds the kernel."""
    meter = getattr(device.backend, "meter", None)
    if meter is None or device.type == "cuda":
        # `xgpu bench` has the peak of a layer that is large beside the pieces of CuPy's pools.
        pytest.skip(f"{device} does not tell its peak to the byte")
    n, k, m = shape
    rng = np.random.default_rng(0)
    drawn = [rng.standard_normal(s).astype(np.float32) for s in ((n, k), (k, m), (m,))]
    arrays = [xgpu.asarray(x, device=device) for x in drawn]
    monkeypatch.setattr(donation, "LEAST", n * m)
    device.matchers.clear()
    xgpu.materialize(dense(*arrays))
    wanted = sum(x.nbytes for x in drawn) + 4 * n * m
    for _ in range(12):
        gc.collect()
        before = device.backend.allocated(device.index)
        meter.reset_peak(device.index)
        y = dense(*arrays)
        xgpu.materialize(y)
        others = before - sum(x.nbytes for x in drawn)
        assert meter.peak(device.index) - others <= 1.01 * wanted + 4096
        del y
    device.matchers.clear()


#: (what it is, x -> a result of which an intermediate gives its memory, how many do)
GIVEN: dict[str, tuple[Callable[[Any], Any], int]] = {
    "a running sum": (lambda x: xgpu.exp(xgpu.cumulative_sum(x, axis=1)), 1),
    "a sort": (lambda x: xgpu.sort(x, axis=1) * 2.0, 1),
    "a product": (lambda x: x @ x.T @ x + 1.0, 1),
    "one of two": (lambda x: xgpu.sort(x) + xgpu.cumulative_sum(x, axis=1), 1),
    "beside a row": (lambda x: xgpu.sort(x) + x[1], 1),
    "beside a column": (lambda x: xgpu.sort(x) * x[:, 2:3], 1),
    "in tiles": (lambda x: xgpu.sort(x @ x.T) + (x @ x.T).T, 1),
    "a stencil": (lambda x: xgpu.sort(x[1:-1]) + x[:-2] - x[2:], 1),
    "flat": (lambda x: xgpu.reshape(xgpu.sort(x), (-1,)) + 1.0, 1),
    "rows": (lambda x: _softmax(xgpu.sort(x) * 3.0), 1),
    "rows, turned": (lambda x: _softmax(xgpu.sort(x).T), 0),
    "through a view": (lambda x: xgpu.flip(xgpu.sort(x), axis=0) + 1.0, 0),
    "at other places too": (lambda x: _twice(xgpu.sort(x)), 0),
    "of another type": (lambda x: xgpu.astype(xgpu.argsort(x, axis=1), xgpu.float64) + 0.5, 0),
    "once per row": (lambda x: x - xgpu.sort(xgpu.max(x, axis=1, keepdims=True), axis=0), 0),
    "a reduction": (lambda x: xgpu.sum(xgpu.sort(x), axis=1), 0),
}


def _softmax(x: Any) -> Any:
    e = xgpu.exp(x - xgpu.max(x, axis=1, keepdims=True))
    return e / xgpu.sum(e, axis=1, keepdims=True)


def _twice(x: Any) -> Any:
    return x + xgpu.flip(x, axis=1)


@pytest.mark.parametrize("name", list(GIVEN))
@pytest.mark.parametrize("shape", [(70, 132), (79, 515)])
def test_what_gives_its_memory(
    device: xgpu.Device, launches: Launches, name: str, shape: tuple[int, int]
) -> None:
    function, count = GIVEN[name]
    values = np.random.default_rng(1).integers(-2, 3, shape).astype(np.float32)
    wanted = host(function(xgpu.asarray(values)))
    x = xgpu.asarray(values, device=device)
    for _ in range(2):
        launches.given = 0
        np.testing.assert_allclose(host(function(x)), wanted, 2e-5, 1e-5)
        assert launches.given == count
    np.testing.assert_array_equal(host(x), values)


def test_several_results(device: xgpu.Device, launches: Launches) -> None:
    """What is held on the way is written too: one of them takes the memory."""
    values = np.random.default_rng(2).standard_normal((37, 66)).astype(np.float32)
    x = xgpu.asarray(values, device=device)
    h = xgpu.sort(x, axis=1) + 1.0
    y = xgpu.exp(h)
    xgpu.materialize(y)
    assert launches.given == 1
    np.testing.assert_array_equal(host(h), np.sort(values, axis=1) + 1)
    np.testing.assert_allclose(host(y), np.exp(np.sort(values, axis=1) + 1), 2e-6)


def test_a_later_pass_reads_it(device: xgpu.Device, launches: Launches) -> None:
    """A result of the first pass over a row must not be where the second one reads."""
    values = np.random.default_rng(3).standard_normal((5, 700)).astype(np.float32)
    x = xgpu.asarray(values, device=device)
    late = xgpu.cumulative_sum(x, axis=1)
    first = xgpu.exp(x)
    last = first / xgpu.sum(first, axis=1, keepdims=True) + late
    del late
    xgpu.materialize(first, last)
    np.testing.assert_allclose(host(first), np.exp(values), 2e-6)
    share = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(host(last), share + np.cumsum(values, axis=1), 2e-4, 1e-4)


def test_whoever_holds_it_keeps_it(device: xgpu.Device, launches: Launches) -> None:
    values = np.arange(12.0).reshape(3, 4)[:, ::-1]
    x = xgpu.asarray(values.copy(), device=device)
    holders: list[Callable[[Any], Any]] = [
        lambda y: y,
        lambda y: y[1],
        lambda y: y.T,
        lambda y: xgpu.asarray(y, copy=True),
        lambda y: xgpu.from_dlpack(y),
        lambda y: y * 2.0,
        lambda y: y._storage.node.buffer,
    ]
    for hold in holders:
        y = xgpu.sort(x, axis=1)
        held = hold(y)
        z = y + 1.0
        del y
        xgpu.materialize(z)
        assert launches.given == 0, hold
        np.testing.assert_array_equal(host(z), np.sort(values, axis=1) + 1)
        del held


def test_memory_of_another_stream(device: xgpu.Device, launches: Launches) -> None:
    x = xgpu.asarray([[3.0, 1.0], [2.0, 4.0]], device=device)
    with xgpu.Stream(device):
        y = xgpu.sort(x, axis=1)
    z = y * 2.0
    del y
    np.testing.assert_array_equal(host(z), [[2, 6], [4, 8]])
    assert launches.given == 0


def test_a_captured_function(device: xgpu.Device, launches: Launches) -> None:
    @xgpu.capture
    def function(x: Any) -> Any:
        return xgpu.sort(x, axis=1) * 2.0

    for start in range(4):
        x = xgpu.asarray([[3.0 + start, 1.0], [2.0, 4.0]], device=device)
        y = function(x) + 1.0
        np.testing.assert_array_equal(host(y), [[3, 7 + 2 * start], [5, 9]])
