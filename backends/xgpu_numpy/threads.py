"""The threads that blocks are computed in: NumPy lets go of the interpreter while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from xgpu_numpy.quiet import quietly

T = TypeVar("T")

MOST: Final = 16
"""Threads by default: more of them wait for memory."""


def wanted() -> int:
    """``$XGPU_CPU_THREADS``, or a thread for each processor that this process may use.

    Raises:
        ValueError: the variable is no positive number.
    """
    given = os.environ.get("XGPU_CPU_THREADS", "")
    if not given:
        affinity = getattr(os, "sched_getaffinity", None)
        return min(MOST, len(affinity(0)) if affinity else os.cpu_count() or 1)
    if not given.isdecimal() or not int(given):
        raise ValueError(f"XGPU_CPU_THREADS is a number of threads, 1 or more: got {given!r}")
    return int(given)


class Threads:
    """A pool that is made when it is first used, and anew in a process that was forked."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, work: Callable[[Sequence[T]], Any], parts: Sequence[T]) -> None:
        """Call ``work`` with neighbouring parts, in one thread each, and wait for all.

        Raises:
            Exception: what one of them raised.
        """
        count = min(self.count, len(parts))
        if count < 2:
            work(parts)
            return
        if self._pool is None or self._process != os.getpid():
            self._pool = ThreadPoolExecutor(self.count - 1, "xgpu-cpu")
            self._process = os.getpid()
        edges = [len(parts) * n // count for n in range(count + 1)]
        shares = [parts[edges[n] : edges[n + 1]] for n in range(count)]
        others = [self._pool.submit(quietly, work, share) for share in shares[1:]]
        try:
            work(shares[0])
        finally:
            for other in others:
                other.exception()  # nothing goes on in memory that the caller lets go of
        for other in others:
            other.result()
