"""`xgpu.bench.time`: what it counts, what it measures, and what it refuses."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import array_api_compat.numpy as namespace
import numpy as np
import pytest

import xgpu
import xgpu.bench
from xgpu.bench import ceiling, clock, operands, timer
from xgpu.bench.units import bytes_text, count_text, seconds_text
from xgpu.plugin import DeviceMismatchError, NamespaceBackend

pytestmark = pytest.mark.usefixtures("_small_copies")


@pytest.fixture
def _small_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    params = getattr(getattr(request.node, "callspec", None), "params", {})
    if params.get("device") != "cuda:0":
        # A GPU is done with a small copy while the host is still queueing it.
        monkeypatch.setattr(ceiling, "LARGE", 1 << 16)


def floats(device: xgpu.Device, *shape: int) -> xgpu.Array:
    return xgpu.asarray(np.ones(shape, np.float32), device=device)


def quick(fn: Any, *args: Any, **options: Any) -> xgpu.bench.Timing:
    return xgpu.bench.time(fn, *args, **{"rounds": 6, "calls": 2, **options})


def test_it_counts_kernels_and_bytes(device: xgpu.Device) -> None:
    x, y = floats(device, 64, 8), floats(device, 64, 8)
    found = quick(lambda x, y: (x * 2.0 + y, xgpu.sum(x)), x, y)
    assert found.device == str(device)
    assert (found.kernels, found.calls, found.rounds) == (2, 2, 6)
    # x, y and a result; x and one number.
    assert found.bytes == 3 * 2048 + 2048 + 4
    assert found.copied == 0
    assert found.bandwidth == found.bytes / found.seconds
    assert found.share == found.bandwidth / found.ceiling
    assert 0.0 < found.interval[0] <= found.seconds <= found.interval[1]
    assert 0.0 < found.host_interval[0] <= found.host <= found.host_interval[1]
    assert found.confidence == pytest.approx(1.0 - 2.0**-5)
    assert found.asynchronous == (device.type == "cuda")


def test_every_call_runs_and_is_computed() -> None:
    made: list[xgpu.Array] = []

    def run(x: xgpu.Array) -> xgpu.Array:
        made.append(x + 1.0)
        return made[-1]

    quick(run, floats(xgpu.device("cpu"), 8), warmup=0)
    assert len(made) > 6 * 2 * 2  # device and host rounds
    assert all(x._storage.node.buffer is not None for x in made)


class Simulated(NamespaceBackend):
    """A device and a host in time of their own: a launch takes some of both.

    ``behind``: the device works while the host goes on, else the host waits for each launch.
    """

    def __init__(self, host: float, work: float, behind: bool) -> None:
        super().__init__("simulated", namespace)
        self.now = self.until = 0.0  # the host's clock, and when what is queued is done
        self._host, self._work, self._behind = host, work, behind

    def _queue(self, seconds: float) -> None:
        self.until = max(self.until, self.now) + seconds
        if not self._behind:
            self.now = self.until

    def launch(self, *args: Any) -> Any:
        self.now += self._host
        self._queue(self._work)
        return super().launch(*args)

    def synchronize(self, device: int) -> None:
        self.now = max(self.now, self.until)

    def record_event(self, device: int) -> float:
        return max(self.until, self.now)

    def elapsed(self, device: int, start: float, stop: float) -> float:
        self.synchronize(device)
        return stop - start

    @property
    def meter(self) -> Any:
        return self

    def copy(self, device: int, target: Any, source: Any) -> None:
        self.now += 1e-6
        self._queue(0.002)


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., xgpu.bench.Timing]]:
    """Times ``x + 1`` on such a device."""

    def run(backend: Simulated, **options: Any) -> xgpu.bench.Timing:
        for module in (clock, ceiling):
            monkeypatch.setattr(module, "perf_counter", lambda: backend.now)
        xgpu.register_backend("simulated", backend)
        return quick(lambda x: x + 1.0, xgpu.asarray([1.0], device="simulated:0"), **options)

    yield run
    xgpu.unregister_backend("simulated")


def test_gaps_that_the_host_leaves_are_not_device_time(simulate: Any) -> None:
    found = simulate(Simulated(host=5e-4, work=1e-4, behind=True), calls=5)
    assert found.asynchronous
    assert found.seconds == pytest.approx(1e-4)
    assert found.host == pytest.approx(5e-4)
    assert found.ceiling == pytest.approx(2 * (1 << 16) / 0.002, rel=1e-3)
    assert "host 500 us" in str(found)


def test_a_device_that_takes_longer_than_the_host_needs_no_head_start(simulate: Any) -> None:
    found = simulate(Simulated(host=1e-5, work=3e-3, behind=True), calls=None)
    assert found.calls == 1  # as one takes longer than a round is to take
    assert (found.seconds, found.host) == (pytest.approx(3e-3), pytest.approx(1e-5))


def test_a_device_that_runs_each_call_at_once(simulate: Any) -> None:
    found = simulate(Simulated(host=1e-4, work=4e-4, behind=False))
    assert not found.asynchronous
    assert (found.seconds, found.host) == (pytest.approx(5e-4), pytest.approx(5e-4))


def test_cold_rounds_are_not_warmed_up(simulate: Any) -> None:
    backend = Simulated(host=5e-4, work=1e-4, behind=True)
    assert simulate(backend, cold=True, calls=3).seconds == pytest.approx(1e-4)


def test_cold_calls_have_inputs_of_their_own(
    device: xgpu.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = ceiling.Copier.queue
    ahead: list[int] = []

    def queue(self: ceiling.Copier) -> None:
        ahead.append(1)
        copies(self)

    monkeypatch.setattr(ceiling.Copier, "queue", queue)
    seen: set[int] = set()
    x = floats(device, 4, 6)

    def run(parts: dict[str, Any]) -> xgpu.Array:
        assert parts["n"] == 2
        turned: xgpu.Array = parts["x"][0]
        assert turned.shape == (6, 4)
        assert turned._view is not None and turned._view.strides == (1, 6)
        seen.add(id(turned._storage))
        return turned + 1.0

    found = quick(run, {"x": [x.T], "n": 2}, cold=True, calls=3)
    assert found.cold
    assert "inputs cold" in str(found)
    assert len(seen) == 1 + 3
    assert len(ahead) >= 8 + 6  # those of the ceiling, and one per round at least


def test_copies_from_and_to_the_host_are_in_it_on_request(device: xgpu.Device) -> None:
    x = floats(device, 100)
    counts = {}
    for transfers in ("none", "in", "out", "both"):
        found = quick(lambda x: [x + 1.0], x, transfers=transfers)
        counts[transfers] = found.copied
        assert math.isnan(found.share) == (transfers != "none")
        assert ("copied" in str(found)) == (transfers != "none")
    assert counts == {"none": 0, "in": 400, "out": 400, "both": 800}


def test_a_given_ceiling(device: xgpu.Device) -> None:
    found = quick(lambda x: x + 1.0, floats(device, 100), ceiling=1e12)
    assert found.ceiling == 1e12
    assert "% of a copy's 1 TB/s" in str(found)
    assert xgpu.bench.copy_ceiling(device) > 0.0


def test_a_function_that_makes_its_arrays(device: xgpu.Device) -> None:
    found = quick(lambda: xgpu.arange(10, device=device))
    assert (found.device, found.kernels) == (str(device), 1)


def test_it_says_what_it_found() -> None:
    found = quick(lambda x: x + 1.0, floats(xgpu.device("cpu"), 1000))
    first, second, third = str(found).splitlines()
    assert first.startswith("cpu: ")
    assert "per call (97%: " in first
    assert second.startswith("kernels 1, 8 kB at ")
    assert third == "6 rounds of 2 calls, inputs warm"
    assert repr(found).startswith("Timing(device='cpu', seconds=")


@pytest.mark.parametrize(
    ("fn", "options", "error", "said"),
    [
        (xgpu.asarray([1.0]), {}, TypeError, "takes a function.*got Array"),
        (lambda: 1.0, {}, TypeError, "returns arrays.*got float"),
        (lambda: None, {}, TypeError, "got NoneType"),
        (lambda: (), {}, TypeError, "got an empty tuple"),
        (lambda: [xgpu.ones(2), np.ones(2)], {}, TypeError, "got ndarray"),
        (lambda: xgpu.ones(2), {"rounds": 0}, ValueError, "1 or more as rounds: got 0"),
        (lambda: xgpu.ones(2), {"calls": -1}, ValueError, "1 or more as calls: got -1"),
        (lambda: xgpu.ones(2), {"calls": True}, ValueError, "an int of 1 or more as calls"),
        (lambda: xgpu.ones(2), {"warmup": 0.5}, ValueError, "0 or more as warmup: got 0.5"),
        (lambda: xgpu.ones(2), {"confidence": 1.0}, ValueError, "between 0 and 1: got 1.0"),
        (lambda: xgpu.ones(2), {"ceiling": 0.0}, ValueError, "positive bytes per second"),
        (lambda: xgpu.ones(2), {"ceiling": float("nan")}, ValueError, "positive bytes per second"),
        (lambda: xgpu.ones(2), {"transfers": "all"}, ValueError, "one of 'none', 'in', 'out'"),
        (lambda: xgpu.ones(2), {"cold": True, "transfers": "in"}, ValueError, "in a cache"),
    ],
)
def test_bad_input(fn: Any, options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.bench.time(fn, **options)


def test_arrays_of_other_libraries_are_refused() -> None:
    with pytest.raises(TypeError, match="numpy.ndarray"):
        xgpu.bench.time(lambda x: xgpu.asarray(x), [np.ones(2)])


def test_devices_do_not_mix(device: xgpu.Device) -> None:
    if device.type == "cpu":
        pytest.skip("one device is not the host")
    x, y = floats(device, 4), floats(xgpu.device("cpu"), 4)
    with pytest.raises(DeviceMismatchError, match=f"on {device} and .* on cpu"):
        xgpu.bench.time(lambda x, y: x + 1.0, x, y)
    with pytest.raises(DeviceMismatchError, match=f"argument on {device} and a result on cpu"):
        xgpu.bench.time(lambda x: xgpu.ones(2, device="cpu"), x)


def test_names_of_a_namedtuple_stay() -> None:
    from typing import NamedTuple

    class Pair(NamedTuple):
        x: xgpu.Array
        n: int

    twin = operands.replaced(Pair(xgpu.ones(2), 3), operands.copied)
    assert isinstance(twin, Pair)
    assert twin.n == 3


def test_import_xgpu_leaves_it_out() -> None:
    code = "import sys, xgpu; print('xgpu.bench' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_units() -> None:
    assert [seconds_text(t) for t in (2.0, 0.0123456, 4.5e-5, 1e-9, 1e-12, math.nan)] == [
        "2 s",
        "12.35 ms",
        "45 us",
        "1 ns",
        "0.001 ns",
        "nan",
    ]
    assert [bytes_text(n) for n in (3e12, 2.94e9, 5e6, 1500, 12)] == [
        "3 TB",
        "2.94 GB",
        "5 MB",
        "1.5 kB",
        "12 B",
    ]
    assert [count_text(n) for n in (1 << 26, 1 << 30, 3 << 10, 1000, 10**9)] == [
        "64 Mi",
        "1 Gi",
        "3 Ki",
        "1,000",
        "1,000,000,000",
    ]


@pytest.mark.parametrize(("host", "work", "calls"), [(1e-5, 1.3e-4, 15), (1e-6, 1e-6, 50)])
def test_rounds_are_of_about_two_milliseconds(
    simulate: Any, host: float, work: float, calls: int
) -> None:
    assert calls <= timer.MOST_CALLS
    assert simulate(Simulated(host=host, work=work, behind=True), calls=None).calls == calls


def test_a_round_without_events_has_no_constant_part(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def wait() -> None:
        now[0] += 0.3

    def call() -> None:
        now[0] += 0.01

    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])
    times = clock.device_rounds(call, clock.WaitingClock(wait), calls=4, rounds=3)
    assert times == [pytest.approx(0.01)] * 3
