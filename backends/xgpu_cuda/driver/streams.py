"""`Streams`: the queues of a device's work, and how memory crosses from one to another.

Each device has a stream of its own, on which all work is done in the order of the calls until a
program makes further ones. Memory belongs to the stream that it was allocated on: it is freed, and
given out again, in the order of that one. Work on another stream that touches it is put *after*
what is queued on its home, and *before* what comes next there. So nothing is read before it is
written or written while it is read, whoever computes where, and nobody has to say so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from xgpu.plugin import Stream
from xgpu.plugin import Streams as PluginStreams


class Streams(PluginStreams, Protocol):
    """The streams of one driver's devices; the ``ptr`` of one is its ``cudaStream_t``.

    ``several`` says whether a stream was ever made besides the one that each device has: while
    none was, nobody need ask `foreign`.
    """

    several: bool

    def foreign(self, device: int, memories: Iterable[Any]) -> list[Stream]:
        """The streams other than this thread's that some of these were allocated on."""
        ...

    def after(self, device: int, streams: Sequence[Stream]) -> None:
        """Have what this thread queues next wait for all that is queued on ``streams`` so far."""
        ...

    def before(self, device: int, streams: Sequence[Stream]) -> None:
        """Have what comes next on ``streams`` wait for all that this thread has queued so far."""
        ...


class Homes:
    """Which stream is current in each thread, and which memory is at home elsewhere."""

    def __init__(self) -> None:
        self.several = False
        self._thread = threading.local()

    def chosen(self, device: int) -> Stream | None:
        """The stream that this thread has chosen, None for the device's own."""
        chosen: dict[int, Stream] = getattr(self._thread, "chosen", {})
        return chosen.get(device)

    def choose(self, device: int, stream: Stream | None) -> Stream | None:
        """Choose one for this thread; returns what was chosen before."""
        chosen = self._thread.__dict__.setdefault("chosen", {})
        before = chosen.pop(device, None)
        if stream is not None:
            chosen[device] = stream
        return before

    @staticmethod
    def elsewhere(current: Stream, memories: Iterable[Any]) -> list[Stream]:
        """The homes of ``memories`` that are not ``current``, each once."""
        homes = {id(home): home for m in memories if (home := m.home) is not current}
        return list(homes.values())
