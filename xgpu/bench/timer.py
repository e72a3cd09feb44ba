"""`time`: what a call costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any, Final, Literal, get_args

from xgpu.array import Array, numpy_of
from xgpu.bench import operands
from xgpu.bench.ceiling import Copier
from xgpu.bench.clock import EventClock, device_rounds, host_rounds
from xgpu.bench.statistics import median
from xgpu.bench.units import bytes_text, seconds_text
from xgpu.creation import asarray
from xgpu.execution import materialize
from xgpu.runtime.trace import trace

Transfers = Literal["none", "in", "out", "both"]

ROUND: Final = 2e-3
"""Seconds that the calls of a round are to take, if ``calls`` does not say how many there are."""

MOST_CALLS: Final = 50
MOST_LAUNCHES: Final = 500
"""Kernels of a round: a device's queue holds about a thousand."""


@dataclass(frozen=True)
class Timing:
    """What `xgpu.bench.time` found. Printing it shows a summary; times are in seconds."""

    device: str  #: its name
    seconds: float  #: device time per call, the median of the rounds
    interval: tuple[float, float]  #: holds the true median with ``confidence``
    host: float  #: the host's time per call, the median
    host_interval: tuple[float, float]  #: holds that one's true median with ``confidence``
    confidence: float  #: what the intervals have; few rounds may not reach what was asked
    asynchronous: bool  #: whether the host runs ahead; if not, ``host`` includes the work
    calls: int  #: per round
    rounds: int  #: samples that the medians are of
    kernels: int  #: launched per call
    bytes: int  #: of device memory read and written per call, as the trace counts them
    copied: int  #: bytes between the host and the device per call
    ceiling: float  #: bytes per second, read and written, of a copy within the device
    cold: bool  #: whether the inputs were out of the caches
    transfers: Transfers  #: which copies from and to the host are in the times

    @property
    def bandwidth(self) -> float:
        """Bytes of device memory per second."""
        return self.bytes / self.seconds if self.seconds else math.nan

    @property
    def share(self) -> float:
        """The bandwidth as a share of the ceiling; NaN if copies from or to the host are in it."""
        return self.bandwidth / self.ceiling if self.transfers == "none" else math.nan

    def __str__(self) -> str:
        low, high = (seconds_text(t) for t in self.interval)
        host = seconds_text(self.host) if self.asynchronous else "not apart, each call runs at once"
        moved = f"{bytes_text(self.bytes)} at {bytes_text(self.bandwidth)}/s"
        if self.transfers == "none":
            moved += f", {self.share:.1%} of a copy's {bytes_text(self.ceiling)}/s"
        else:
            moved += f", {bytes_text(self.copied)} copied from or to the host"
        return (
            f"{self.device}: {seconds_text(self.seconds)} per call "
            f"({self.confidence:.0%}: {low} to {high}), host {host}\n"
            f"kernels {self.kernels}, {moved}\n"
            f"{self.rounds} rounds of {self.calls} calls, inputs {'cold' if self.cold else 'warm'}"
        )


def time(
    fn: Callable[..., Any],
    *args: Any,
    calls: int | None = None,
    rounds: int = 21,
    warmup: int = 3,
    cold: bool = False,
    transfers: Transfers = "none",
    ceiling: float | None = None,
    confidence: float = 0.95,
) -> Timing:
    """Time ``fn(*args)``, its result computed, on the device that its arrays are on.

    Device time is that between two events on the current stream, with several calls between
    them. Copies within the device are queued ahead of the first event, so that the host is done
    queueing, or well ahead, when the device begins: gaps between launches that the host causes do
    not count. ``host`` is what they are made of: the
    time that recording, finding the kernels and queueing them take, beginning with an idle
    device. On ``cpu``, and wherever each call runs at once, both are wall time.

    Parameters:
        fn: returns an array, or a tuple, list or dict of arrays, of one device.
        args: what fn takes; arrays among them, also in tuples, lists and dicts, are materialized
            first.
        calls: per round; None for as many as take about 2 ms, 50 at most.
        rounds: samples that the medians are of.
        warmup: calls ahead of all timing, which compile and fill pools; one at least is made.
        cold: each call finds its inputs out of the caches, since 256 MiB are copied ahead of a
            round and each of its calls has its own copies of the arrays among ``args``.
        transfers: whether each call copies the arrays among ``args`` from the host first ("in"),
            its result to the host at its end ("out", which waits), or "both".
        ceiling: bytes per second that the bytes moved are compared with; None to measure a copy
            within the device beside.
        confidence: of the medians' intervals, which assume nothing of the distribution.

    Raises:
        TypeError: ``fn`` is not callable, it returned something other than arrays or none at
            all, or an argument is an array of another library.
        ValueError: a count below 1, a ceiling that is not positive, a confidence outside (0, 1),
            an unknown ``transfers``, or "in" together with ``cold``.
        DeviceMismatchError: arguments and results are on several devices.
    """
    _check(fn, calls, rounds, warmup, transfers, ceiling, confidence)
    if cold and transfers in ("in", "both"):
        raise ValueError("time() got cold=True and transfers='in': what is copied in is in a cache")
    given = list(operands.arrays_in(args))
    materialize(*given)
    for _ in range(max(1, warmup)):
        results = operands.results_in(fn(*args))
        device = operands.one_device(given, results)
        materialize(*results)
        del results
    run = _runner(fn, args, transfers)
    run()
    clock = EventClock(device)
    clock.synchronize()
    with trace() as recorded:
        run()
    copier = Copier(device)
    alone = min(device_rounds(run, clock, 1, 3))
    if calls is None:
        fitting = min(MOST_CALLS, MOST_LAUNCHES // max(1, len(recorded.kernels)))
        calls = max(1, min(fitting, math.ceil(ROUND / max(alone, 1e-9))))
    host = median(host_rounds(run, clock, calls, rounds), confidence)
    timed, before = run, _nothing
    if cold:
        sets = [operands.replaced(args, operands.copied) for _ in range(calls)]
        rotating = cycle([_runner(fn, chosen, transfers) for chosen in sets])
        timed = lambda: next(rotating)()  # noqa: E731
    waits = transfers in ("out", "both")
    if cold or (copier.asynchronous and not waits):
        # Where the host keeps ahead by itself, the first call alone finds the device idle.
        # A call alone takes up to what the host and the device take one after the other.
        behind = 1 if alone > 3.0 * host.value else calls
        # As long again: the host's time varies.
        needed = 0.0 if waits else 2.0 * host.value * behind
        before = partial(_ahead, copier, needed, _nothing if cold else run)
    taken = median(device_rounds(timed, clock, calls, rounds, before), confidence)
    return Timing(
        device=str(device),
        seconds=taken.value,
        interval=(taken.low, taken.high),
        host=host.value,
        host_interval=(host.low, host.high),
        confidence=taken.confidence,
        asynchronous=copier.asynchronous,
        calls=calls,
        rounds=rounds,
        kernels=len(recorded.kernels),
        bytes=sum(kernel.bytes for kernel in recorded.kernels),
        copied=sum(copy.bytes for copy in recorded.copies),
        ceiling=copier.bandwidth() if ceiling is None else ceiling,
        cold=cold,
        transfers=transfers,
    )


def _check(
    fn: object,
    calls: int | None,
    rounds: int,
    warmup: int,
    transfers: str,
    ceiling: float | None,
    confidence: float,
) -> None:
    if not callable(fn):
        raise TypeError(
            f"time() takes a function, and what to call it with: got {type(fn).__name__}; "
            "write time(lambda: ...), or time(fn, x, y)"
        )
    counts = (("calls", calls, 1), ("rounds", rounds, 1), ("warmup", warmup, 0))
    for name, count, least in counts:
        if count is not None and (type(count) is not int or count < least):
            raise ValueError(f"time() takes an int of {least} or more as {name}: got {count!r}")
    if transfers not in get_args(Transfers):
        known = ", ".join(map(repr, get_args(Transfers)))
        raise ValueError(f"time() takes one of {known} as transfers: got {transfers!r}")
    if ceiling is not None and not ceiling > 0.0:
        raise ValueError(f"time() takes positive bytes per second as ceiling: got {ceiling!r}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"time() takes a confidence between 0 and 1: got {confidence!r}")


def _runner(fn: Callable[..., Any], args: Any, transfers: Transfers) -> Callable[[], None]:
    """One call of ``fn``, with its result computed and the copies that are asked for."""
    if transfers in ("in", "both"):
        hosts = {id(x): numpy_of(x) for x in operands.arrays_in(args)}

        def given() -> Any:
            return operands.replaced(args, lambda x: asarray(hosts[id(x)], device=x.device))
    else:

        def given() -> Any:
            return args

    def run() -> None:
        results = operands.results_in(fn(*given()))
        materialize(*results)
        if transfers in ("out", "both"):
            for x in results:
                _read(x)

    return run


def _read(x: Array) -> None:
    numpy_of(x)


def _nothing() -> None:
    pass


def _ahead(copier: Copier, seconds: float, warm: Callable[[], None]) -> None:
    """Keep the device busy for ``seconds``, one copy at least, and then ``warm`` its caches."""
    for _ in range(max(1, math.ceil(seconds / copier.seconds))):
        copier.queue()
    warm()
