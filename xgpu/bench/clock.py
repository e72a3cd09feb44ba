"""Clocks that time queued work, and the rounds that are timed with them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

from xgpu.graph.device import Device
from xgpu.stream import Event, event_at


class Clock(Protocol):
    """What a library offers to time its work on a device."""

    def record(self) -> Any:
        """An event after all that was queued so far."""
        ...

    def elapsed(self, start: Any, stop: Any) -> float:
        """Seconds between two events; waits for the later one."""
        ...

    def synchronize(self) -> None:
        """Wait for all that was queued."""
        ...


class HostClock:
    """The host's own time, for what runs at once."""

    def record(self) -> float:
        """The time now."""
        return perf_counter()

    def elapsed(self, start: float, stop: float) -> float:
        """See `Clock.elapsed`."""
        return stop - start

    def synchronize(self) -> None:
        """Nothing is ever queued."""


class WaitingClock(HostClock):
    """The host's time for what is queued and has no events: ``wait`` waits for all of it."""

    def __init__(self, wait: Callable[[], None]) -> None:
        self._wait = wait

    def elapsed(self, start: float, stop: float) -> float:
        """From ``start`` until all that is queued is done."""
        self._wait()
        return max(stop, perf_counter()) - start

    def synchronize(self) -> None:
        """Wait for all that was queued."""
        self._wait()


class EventClock:
    """Events on the stream of one of xgpu's devices that is current."""

    def __init__(self, device: Device) -> None:
        self.device = device

    def record(self) -> Event:
        """See `Clock.record`."""
        return event_at(self.device, self.device.backend.record_event(self.device.index))

    def elapsed(self, start: Event, stop: Event) -> float:
        """See `Clock.elapsed`."""
        return start.elapsed(stop)

    def synchronize(self) -> None:
        """See `Clock.synchronize`."""
        self.device.synchronize()


def device_rounds(
    call: Callable[[], object],
    clock: Clock,
    calls: int,
    rounds: int,
    before: Callable[[], object] = lambda: None,
) -> list[float]:
    """Seconds of device time per call: each round is ``calls`` calls between two events.

    ``before`` queues what comes ahead of a round's first event. Without events, it is what a round
    takes longer than half a round: queueing the first call and waiting for the last are in both.
    """

    def one(count: int) -> float:
        before()
        start = clock.record()
        for _ in range(count):
            call()
        return clock.elapsed(start, clock.record())

    if isinstance(clock, WaitingClock):
        return [max(0.0, one(2 * calls) - one(calls)) / calls for _ in range(rounds)]
    return [one(calls) / calls for _ in range(rounds)]


def host_rounds(call: Callable[[], object], clock: Clock, calls: int, rounds: int) -> list[float]:
    """Seconds of the host's time per call; the device is idle when a round begins."""
    times: list[float] = []
    for _ in range(rounds):
        clock.synchronize()
        start = perf_counter()
        for _ in range(calls):
            call()
        times.append((perf_counter() - start) / calls)
    clock.synchronize()
    return times
