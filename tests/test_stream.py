"""Streams and events: what runs where, in which order, and that nobody has to say so."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import host
from xgpu.plugin import KernelError


def test_a_block_runs_what_it_recorded(device: xgpu.Device) -> None:
    x = xgpu.arange(6, dtype=xgpu.float32, device=device)
    stream = xgpu.Stream(device)
    with xgpu.trace() as trace, stream as entered:
        y = x * 2.0 + 1.0
        z = xgpu.sum(y)
        assert trace.kernels == []
    assert entered is stream
    assert len(trace.kernels) == 1, "y and its sum share a pass"
    assert trace.kernels[0].reason == "the end of the stream's block"
    assert host(y).tolist() == [1, 3, 5, 7, 9, 11]
    assert float(z) == 36


def test_what_nobody_holds_is_not_computed(device: xgpu.Device) -> None:
    x = xgpu.ones(5, device=device)
    with xgpu.trace() as trace, xgpu.Stream(device):
        y = xgpu.exp(x)
        del y
        z = (x + 1.0) * 2.0
    assert [kernel.ops for kernel in trace.kernels] == [("add", "multiply")]
    assert host(z).tolist() == [4.0] * 5


def test_other_devices_and_other_threads_are_left_alone(device: xgpu.Device) -> None:
    seen: list[Any] = []

    def elsewhere() -> None:
        with xgpu.trace() as trace:
            seen.append(xgpu.ones(3, device=device) + 1.0)
            seen.append(list(trace.kernels))

    with xgpu.Stream(device):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen[1] == []
    assert host(seen[0]).tolist() == [2.0] * 3


def test_arrays_cross_streams(device: xgpu.Device) -> None:
    """Each array is made on one stream, used on the next and written to on a third."""
    one, two, three = (xgpu.Stream(device) for _ in range(3))
    expected = np.arange(50_000, dtype=np.float64)
    x = xgpu.asarray(expected, device=device)
    for round in range(20):
        with one:
            y = xgpu.cumulative_sum(x) * 0.5
        with two:
            z = y - x
            y[::2] = z[::2]
        with three:
            x = xgpu.where(z > 100.0, z - xgpu.min(z), y) * 1e-3
            del z
        made = np.cumsum(expected) * 0.5
        other = made - expected
        made[::2] = other[::2]
        expected = np.where(other > 100, other - other.min(), made) * 1e-3
        np.testing.assert_allclose(host(x), expected, rtol=1e-9, err_msg=f"round {round}")


def test_memory_is_not_given_out_while_another_stream_reads_it(device: xgpu.Device) -> None:
    side = xgpu.Stream(device)
    for value in range(30):
        x = xgpu.full((100_000,), float(value), device=device)
        xgpu.materialize(x)
        with side:
            total = xgpu.sum(x * x)
        del x
        again = xgpu.full((100_000,), -1.0, device=device)
        xgpu.materialize(again)
        assert float(total) == 100_000.0 * value * value


def test_the_backend_is_told_of_what_crosses() -> None:
    device = xgpu.device("cudasim:0")
    streams: Any = device.backend.streams
    x = xgpu.asarray([1.0, 2.0], device=device)
    side = xgpu.Stream(device)
    streams.orders.clear()
    with side:
        y = x + 1.0
    main = streams.current(0)
    assert [(a is main, b is main) for a, b in streams.orders] == [(True, False), (False, True)]
    streams.orders.clear()
    with side:
        z = y * 2.0  # y's memory is at home there
    assert list(streams.orders) == []
    assert host(z).tolist() == [4.0, 6.0]


def test_nesting_and_errors_restore_the_stream(device: xgpu.Device) -> None:
    outer, inner = xgpu.Stream(device), xgpu.Stream(device)
    streams: Any = getattr(device.backend, "streams", None)
    current = (lambda: streams.current(device.index)) if streams else (lambda: None)
    before = current()
    with outer:
        first = current()
        with inner, inner:
            pass
        with suppress(ZeroDivisionError), inner:
            x = xgpu.ones(3, device=device) + 1.0
            raise ZeroDivisionError
        assert current() is first
    assert current() is before
    assert host(x).tolist() == [2.0] * 3


def test_each_thread_has_its_own_current_stream(device: xgpu.Device) -> None:
    stream, barrier = xgpu.Stream(device), threading.Barrier(4, timeout=60)
    results: list[Any] = []

    def work(number: int) -> None:
        with stream:
            barrier.wait()
            x = xgpu.full((1000,), float(number), device=device)
            y = x + 1.0
            barrier.wait()
        results.append(float(xgpu.sum(y)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1000.0, 2000.0, 3000.0, 4000.0]


def test_a_long_block_does_not_record_without_end(device: xgpu.Device) -> None:
    if device.type == "cudasim":
        pytest.skip("a thousand launches: cpu and cuda tell")
    with xgpu.Stream(device):
        kept = [xgpu.full((2,), float(n), device=device) + 1.0 for n in range(1500)]
        pending = sum(x._storage.node.buffer is None for x in kept)
    assert pending < 1100
    assert [float(x[0]) for x in kept[::500]] == [1.0, 501.0, 1001.0]


def test_events(device: xgpu.Device) -> None:
    stream = xgpu.Stream(device)
    start = stream.record()
    with stream:
        x = xgpu.ones(1000, device=device) * 3.0
    stop = stream.record()
    other = xgpu.Stream(device)
    other.wait(stop)
    with other:
        y = x + 1.0
    assert 0 <= start.elapsed(stop) < 60
    stream.synchronize()
    other.synchronize()
    device.synchronize()
    assert float(y[0]) == 4.0
    assert "Event" in repr(stop) and str(device) in repr(stream)
    assert stream.ptr != 0 if device.type == "cuda" else stream.ptr == 0


def test_an_event_is_recorded_where_it_is_said(device: xgpu.Device) -> None:
    event = xgpu.Event(device)
    assert "not recorded" in repr(event)
    stream = xgpu.Stream(device)
    with xgpu.trace() as trace, stream:
        x = xgpu.ones(10, device=device) * 3.0
        assert event.record() is event
        assert [k.reason for k in trace.kernels] == ["an event of the stream"]
        y = x + 1.0
        other = xgpu.Event(device).record(stream)
        assert len(trace.kernels) == 2
    assert "not recorded" not in repr(event)
    event.synchronize()
    assert 0.0 <= event.elapsed(other) < 60.0
    assert event.record(stream) is event  # again, as another point
    assert other.elapsed(event) >= 0.0
    assert host(y).tolist() == [4.0] * 10


def test_waiting_in_a_block_waits_for_what_it_recorded(device: xgpu.Device) -> None:
    stream = xgpu.Stream(device)
    with xgpu.trace() as trace, stream:
        x = xgpu.ones(10, device=device) * 3.0
        stream.synchronize()
        assert [k.reason for k in trace.kernels] == ["the host waits for the stream"]
        y = x + 1.0
        stream.wait(stream.record())
        assert len(trace.kernels) == 2
    assert host(y).tolist() == [4.0] * 10


def test_the_current_stream(device: xgpu.Device) -> None:
    own = xgpu.current_stream(device)
    outer, inner = xgpu.Stream(device), xgpu.Stream(device)
    assert own.device is device
    with outer:
        assert xgpu.current_stream(device).ptr == outer.ptr
        with inner:
            assert xgpu.current_stream(device).ptr == inner.ptr
            with xgpu.current_stream(device):
                x = xgpu.ones(3, device=device) + 1.0
            with own:
                y = x + 1.0
        assert xgpu.current_stream(device).ptr == outer.ptr
    assert xgpu.current_stream(device).ptr == own.ptr
    assert host(y).tolist() == [3.0] * 3
    with xgpu.default_device(device):
        assert xgpu.current_stream().device is device


def test_host_functions_come_in_order(device: xgpu.Device) -> None:
    stream = xgpu.Stream(device)
    seen: list[Any] = []
    with xgpu.trace() as trace, stream:
        x = xgpu.ones(1000, device=device) * 3.0
        stream.launch_host_func(lambda said: seen.append((said, len(trace.kernels))), "first")
    stream.launch_host_func(seen.append, "second")
    stream.launch_host_func(seen.append)
    stream.synchronize()
    assert seen == [("first", 1), "second", None]
    assert float(x[0]) == 3.0
    with pytest.raises(TypeError, match="takes a function: got int"):
        stream.launch_host_func(3)  # type: ignore[arg-type]


def test_an_error_of_a_host_function_is_reported(
    device: xgpu.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    stream = xgpu.Stream(device)
    stream.launch_host_func(lambda _: 1 / 0)
    stream.synchronize()
    assert [given.exc_type for given in reported] == [ZeroDivisionError]


def test_copies_need_not_be_waited_for(device: xgpu.Device) -> None:
    a = xgpu.empty_pinned((3, 4), dtype=xgpu.int16, device=device)
    assert (a.shape, a.dtype, a.flags.c_contiguous) == ((3, 4), np.int16, True)
    a[...] = np.arange(12).reshape(3, 4)
    stream = xgpu.Stream(device)
    with stream:
        x = xgpu.asarray(a, device=device, non_blocking=True)
        y = xgpu.asarray(a.T, dtype=xgpu.float32, device=device, non_blocking=True)
    stream.synchronize()
    assert host(x).tolist() == np.arange(12).reshape(3, 4).tolist()
    assert host(y).tolist() == np.arange(12.0).reshape(3, 4).T.tolist()
    z = xgpu.to_device(xgpu.arange(5), device, non_blocking=True)
    assert z.device is device
    assert host(xgpu.to_device(z, "cpu", non_blocking=True)).tolist() == [0, 1, 2, 3, 4]
    assert xgpu.empty_pinned(0, device=device).shape == (0,)
    assert xgpu.empty_pinned((), device=device).dtype == np.float64
    with pytest.raises(TypeError, match="not a dtype"):
        xgpu.empty_pinned(3, dtype="none", device=device)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative dimensions"):
        xgpu.empty_pinned(-1, device=device)


def test_copies_to_the_host_need_not_be_waited_for(device: xgpu.Device) -> None:
    x = xgpu.reshape(xgpu.arange(12, device=device), (3, 4))
    stream = xgpu.Stream(device)
    with stream:
        doubled = xgpu.astype(x * 2, xgpu.float32)
        sent = xgpu.to_device(doubled, "cpu", non_blocking=True)
        part = xgpu.to_device(doubled[::2, 1:], "cpu", non_blocking=True)
        empty = xgpu.to_device(x[:0, :], "cpu", non_blocking=True)
        copied = stream.record()
    if device.type != "cpu":
        doubled[...] = -1.0  # after the copies
    with xgpu.guard("error"):
        both = sent[::2, 1:] + part
        copied.synchronize()
    expected = np.arange(12.0).reshape(3, 4) * 2
    assert host(sent).tolist() == expected.tolist()
    assert (sent.device.type, sent.dtype, empty.shape) == ("cpu", xgpu.float32, (0, 4))
    assert host(both).tolist() == (2 * expected[::2, 1:]).tolist()
    sent[0, 0] = 5.0
    assert float(sent[0, 0]) == 5.0
    assert float(doubled[0, 0]) == (5.0 if device.type == "cpu" else -1.0)
    for dtype in (xgpu.bool, xgpu.bfloat16, xgpu.complex64):
        one = xgpu.to_device(xgpu.ones((), dtype=dtype, device=device), "cpu", non_blocking=True)
        assert (one.dtype, one.item()) == (dtype, 1)


class Outside:
    """Another library's stream."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def __cuda_stream__(self) -> Any:
        return self.given


def test_streams_that_are_not_taken(device: xgpu.Device) -> None:
    for stream in (3, None, "stream", object()):
        with pytest.raises(TypeError, match="takes a stream with __cuda_stream__: got"):
            xgpu.Stream.from_external(stream, device)
    for given in ((1, 2), 7, (0,), None):
        with pytest.raises(TypeError, match=r"\(0, handle\), version 0 of the protocol: got"):
            xgpu.Stream.from_external(Outside(given), device)
    if device.type == "cuda":
        return
    with pytest.raises(ValueError, match="has no CUDA streams"):
        xgpu.Stream.from_external(Outside((0, 1)), device)
    with pytest.raises(ValueError, match=f"a stream of {device} is no CUDA stream"):
        xgpu.Stream(device).__cuda_stream__()


def test_bad_events(device: xgpu.Device) -> None:
    stream, unset = xgpu.Stream(device), xgpu.Event(device)
    for call in (
        lambda: stream.wait(unset),
        lambda: unset.elapsed(stream.record()),
        lambda: stream.record().elapsed(unset),
        unset.synchronize,
    ):
        with pytest.raises(ValueError, match="not recorded; record it first: event.record"):
            call()
    with pytest.raises(TypeError, match=r"record\(\) takes an xgpu.Stream: got int"):
        unset.record(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nowhere"):
        xgpu.Event("nowhere")
    if device.type != "cpu":
        with pytest.raises(ValueError, match="cannot be recorded on a stream of cpu"):
            unset.record(xgpu.Stream("cpu"))
        with pytest.raises(ValueError, match="a stream of cpu"):
            xgpu.ones(3, device=device).__dlpack__(stream=xgpu.Stream("cpu"))


def test_bad_input(device: xgpu.Device) -> None:
    stream = xgpu.Stream(device)
    with pytest.raises(TypeError, match=r"wait\(\) takes an xgpu.Event: got int"):
        stream.wait(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"elapsed\(\) takes an xgpu.Event: got str"):
        stream.record().elapsed("later")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nowhere"):
        xgpu.Stream("nowhere")
    with pytest.raises(TypeError, match="device is a string"):
        xgpu.Stream(0)  # type: ignore[arg-type]
    if device.type != "cpu":
        event = xgpu.Stream("cpu").record()
        with pytest.raises(ValueError, match="cannot wait for an event of cpu"):
            stream.wait(event)
        with pytest.raises(ValueError, match="events of cpu and of"):
            event.elapsed(stream.record())


def test_a_fault_is_raised_by_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = xgpu.Stream("cpu")

    def fail(index: int) -> None:
        raise KernelError("it failed")

    monkeypatch.setattr(stream.device.backend, "synchronize", fail)
    with pytest.raises(KernelError, match="it failed"):
        stream.synchronize()
