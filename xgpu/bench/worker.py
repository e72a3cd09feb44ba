"""The process of one library: it takes requests, a line of JSON each, and answers in lines.

    python -m xgpu.bench.worker LIBRARY DEVICE

Requests and answers: `Worker`. What the library prints goes to the standard error.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any, Final, TextIO

import numpy as np

from xgpu.bench.cases import CASES
from xgpu.bench.clock import HostClock, device_rounds, host_rounds
from xgpu.bench.comparing import compare
from xgpu.bench.libraries import LIBRARIES, Library, MissingError

WARM: Final = 0.05
"""Seconds of calls before any is timed: an idle device's clock is slow."""

SLOW: Final = 1.0
"""Seconds of a call after which three of them do."""

MOST_CALLS: Final = 100
MOST_ROUNDS: Final = 31


class Worker:
    """A library, and the case that it has prepared. Each method is one request."""

    def __init__(self, name: str, library: Library) -> None:
        self.name = name
        self.library = library
        self.case: Any = None
        self._inputs: list[Any] = []
        self._given: list[Any] = []
        self._function: Callable[..., Any] | None = None
        self._result: Any = None

    def _call(self) -> Any:
        assert self._function is not None
        return self.library.computed(self._function(*self._inputs))

    def prepare(self, case: str, elements: int | None, inputs: list[str]) -> dict[str, Any]:
        """Load the inputs and make the first call: its seconds, and those of compilation."""
        self.release()
        self.case = CASES[case] if elements is None else CASES[case].scaled(elements)
        self._given = [
            np.load(path, mmap_mode="r").reshape(draw.shape)
            for path, draw in zip(inputs, self.case.draws, strict=True)
        ]
        self._inputs = [self.library.array(host) for host in self._given]
        self._function = self.library.prepared(self.case.programs[self.name])
        self.library.clock.synchronize()
        before, start = self.library.compile_seconds(), perf_counter()
        self._result = self._call()
        self.library.clock.synchronize()
        first, after = perf_counter() - start, self.library.compile_seconds()
        compiling = None if before is None or after is None else after - before
        return {"first": first, "compiling": compiling}

    def check(self, reference: str) -> dict[str, Any]:
        """Compare the first call's result with the one in a file."""
        found = self.library.host(self._result)
        self._result, size = None, found.nbytes
        if self.case.compared is not None:
            found = self.case.compared(found, *self._given)
        difference = compare(found, np.load(reference, mmap_mode="r"), self.case.tolerance)
        return {"outputs": size, **difference._asdict()}

    def measure(self, seconds: float) -> dict[str, Any]:
        """Device time per call of several rounds, which take about ``seconds``."""
        self._result = None
        clock = self.library.clock
        alone = device_rounds(self._call, clock, 1, 1)[0]
        if alone > SLOW:
            return {"times": [alone, *device_rounds(self._call, clock, 1, 2)], "calls": 1}
        until = perf_counter() + WARM
        while True:
            alone = device_rounds(self._call, clock, 3, 1)[0]
            if perf_counter() > until:
                break
        many = max(1e-7, device_rounds(self._call, clock, 10, 1)[0]) if alone < 0.02 else alone
        rounds = max(5, min(MOST_ROUNDS, int(seconds / many)))
        calls = max(1, min(MOST_CALLS, math.floor(seconds / rounds / many)))
        # A call ahead of the first event: the device is busy while the next one is queued.
        before = _nothing if isinstance(clock, HostClock) else self._call
        times = device_rounds(self._call, clock, calls, rounds, before)
        return {"times": times, "calls": calls}

    def host(self, calls: int, rounds: int) -> dict[str, Any]:
        """The host's time per call."""
        self._result = None
        host_rounds(self._call, self.library.clock, calls, 3)
        return {"times": host_rounds(self._call, self.library.clock, calls, rounds)}

    def memory(self) -> dict[str, Any]:
        """The peak of device memory in one call."""
        self._result = None
        return {"peak": self.library.peak(self._call)}

    def release(self) -> dict[str, Any]:
        """Let go of the case and of memory that is kept for later."""
        self._inputs, self._given, self._result, self._function = [], [], None, None
        self.library.clock.synchronize()
        self.library.release()
        return {}


def serve(requests: TextIO, answers: TextIO, name: str, device: str) -> None:
    """Answer until the requests end."""

    def answer(**what: Any) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    try:
        library = LIBRARIES[name](device)
    except MissingError as error:
        answer(missing=str(error))
        return
    worker = Worker(name, library)
    answer(version=library.version)
    for line in requests:
        request = json.loads(line)
        method = getattr(worker, request.pop("do"))
        try:
            answer(**method(**request))
        except Exception as error:  # whatever a library raises: the row fails, the rest goes on
            said = f"{type(error).__name__}: {error}"
            memory = library.out_of_memory(error)
            del error
            answer(failed=said[:1000], memory=memory)


def _nothing() -> None:
    pass


def _watch(parent: int) -> None:
    """End with the battery's own process, also in the middle of a case."""
    while os.getppid() == parent:
        sleep(1.0)
    os._exit(1)


def main() -> None:
    """Serve on the standard streams, which the library is kept from."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, answers, *sys.argv[1:])


if __name__ == "__main__":
    main()
