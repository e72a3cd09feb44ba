"""Materializing: failures lose nothing, threads do not mix, eager gives the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import xgpu as xp
from xgpu_numpy.backend import NumpyBackend


class Failing(NumpyBackend):
    """A NumPy backend whose launches fail while ``fail`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.fail = False

    def launch(self, *args: Any) -> list[Any]:
        if self.fail:
            raise xp.OutOfMemoryError("no memory for 8 bytes")
        return super().launch(*args)


@pytest.fixture
def failing() -> Iterator[Failing]:
    backend = Failing()
    xp.register_backend("failing", backend)
    yield backend
    xp.unregister_backend("failing")


def test_what_fails_stays_pending_and_may_be_asked_for_again(failing: Failing) -> None:
    x = xp.asarray([1.0, 2.0, 3.0], device="failing")
    total = xp.sum(xp.exp(x) * 2)
    failing.fail = True
    with pytest.raises(xp.OutOfMemoryError):
        float(total)
    with pytest.raises(xp.OutOfMemoryError):
        xp.materialize(x * 3)
    failing.fail = False
    np.testing.assert_allclose(float(total), np.sum(np.exp([1.0, 2.0, 3.0]) * 2))
    np.testing.assert_array_equal(np.asarray(xp.to_device(x, "cpu")), [1, 2, 3])


def test_a_failed_write_is_not_half_done(failing: Failing) -> None:
    x = xp.asarray([1.0, 2.0, 3.0], device="failing")
    x[1:] = x[:-1] + 1
    failing.fail = True
    with pytest.raises(xp.OutOfMemoryError):
        float(x[1])
    failing.fail = False
    np.testing.assert_array_equal(np.asarray(xp.to_device(x, "cpu")), [1, 2, 3])


def test_materialize_takes_arrays_only() -> None:
    with pytest.raises(TypeError, match="materialize"):
        xp.materialize(3)  # type: ignore[arg-type]


def test_siblings_of_one_call_share_a_kernel(device: xp.Device) -> None:
    x = xp.asarray(np.linspace(0, 1, 50), device=device)
    with xp.trace() as trace:
        a, b = xp.exp(x), xp.sqrt(x)
        xp.materialize(a, b, a)
    assert [len(k.outputs) for k in trace.kernels] == [2]


def test_siblings_of_other_shapes_get_programs_of_their_own(device: xp.Device) -> None:
    x = xp.asarray(np.ones((3, 4)), device=device)
    a, b, c = x + 1, xp.sum(x, axis=0), xp.sum(x, axis=1) * 2
    xp.materialize(a, b, c)
    for array, expected in ((a, np.full((3, 4), 2.0)), (b, np.full(4, 3.0)), (c, np.full(3, 8.0))):
        np.testing.assert_array_equal(np.asarray(xp.to_device(array, "cpu")), expected)


def test_eager_runs_each_call_at_once(device: xp.Device) -> None:
    x = xp.asarray([1.0, 2.0], device=device)
    with xp.trace() as trace, xp.eager():
        y = xp.exp(x * 2) + 1
        assert [k.ops for k in trace.kernels] == [("multiply",), ("exp",), ("add",)]
        assert {k.reason for k in trace.kernels} == {"eager"}
        before = len(trace.kernels)
        y[0] = 5
        assert len(trace.kernels) > before
    np.testing.assert_allclose(np.asarray(xp.to_device(y, "cpu")), [5, np.exp(4) + 1])


def test_the_environment_switches_eager_on() -> None:
    code = (
        "import xgpu as xp\n"
        "with xp.trace() as t:\n"
        "    x = xp.ones(3) * 2 + 1\n"
        "print(len(t.kernels))"
    )
    for value, expected in (("1", "2"), ("0", "0")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "XGPU_EAGER": value},
        )
        assert done.stdout.strip() == expected


def test_threads_share_pending_arrays(device: xp.Device) -> None:
    host = np.random.default_rng(0).random(1000)
    x = xp.asarray(host, device=device)
    shared = [xp.sqrt(x * i + 1) for i in range(20)]
    wrong: list[str] = []

    def work(seed: int) -> None:
        for i in np.random.default_rng(seed).permutation(20):
            mine = shared[i] + float(seed)
            if not np.array_equal(
                np.asarray(xp.to_device(mine, "cpu")), np.sqrt(host * i + 1) + seed
            ):
                wrong.append(f"thread {seed}, array {i}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_trace_shows_kernel_ops_bytes_cache_reason_and_line(device: xp.Device) -> None:
    x = xp.asarray(np.ones((4, 8), np.float32), device=device)
    with xp.trace() as trace:
        y = xp.sum(xp.tanh(x) * 3, axis=1)
        xp.materialize(y)
    (kernel,) = trace.kernels
    assert kernel.device == str(device)
    assert kernel.ops == ("tanh", "multiply", "sum")
    assert kernel.bytes == 4 * 8 * 4 + 4 * 4
    assert kernel.outputs == ("float32[4]",)
    assert kernel.reason == "asked for"
    assert kernel.line is not None and "test_materialize.py:" in kernel.line
    shown = str(trace)
    for text in ("tanh multiply sum", "asked for", "test_materialize.py", "144"):
        assert text in shown


def test_a_trace_inside_a_trace_sees_its_own_part() -> None:
    x = xp.ones(3)
    with xp.trace() as outer:
        xp.materialize(x + 1)
        with xp.trace() as inner:
            xp.materialize(x + 2)
    xp.materialize(x + 3)
    assert (len(outer.kernels), len(inner.kernels)) == (2, 1)
