"""How time and memory grow: with elements, program length, rank, live arrays, and calls.

    python docs/measurements/growth.py DEVICE [--quick]

Each table has the cost per unit, which does not rise where growth is linear. ``--quick`` takes a
tenth.
"""

from __future__ import annotations

import gc
import json
import platform
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from time import process_time
from typing import Any, NamedTuple

import numpy as np

import xgpu as xp

ROUNDS = 3
TRACED = True  # memory is counted too, which takes several times as long


class Row(NamedTuple):
    """One measurement: ``unit`` microseconds and bytes of Python objects for each of ``size``."""

    size: int
    unit: float
    memory: float


def cost(call: Callable[[], object], size: int) -> Row:
    """Processor time, the least of several rounds, and the peak of Python's memory."""
    taken = []
    for _ in range(ROUNDS):
        start = process_time()
        call()
        taken.append(process_time() - start)
    if not TRACED:
        return Row(size, min(taken) / size * 1e6, 0.0)
    gc.collect()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Row(size, min(taken) / size * 1e6, peak / size)


def lengths(device: str, sizes: Iterable[int]) -> list[Row]:
    """A chain of so many recorded operations on 100 elements, read at its end."""
    x = xp.ones(100, device=device)

    def chain(n: int) -> float:
        y = x
        for i in range(n):
            y = y * 0.999 + 0.5 if i % 2 else y - x
        return float(xp.sum(y))

    chain(200)
    return [cost(lambda n=n: chain(n), n) for n in sizes]  # type: ignore[misc]


def live(device: str, sizes: Iterable[int]) -> list[Row]:
    """So many arrays that are alive at once, pending, and then summed."""

    def arrays(n: int) -> float:
        kept = [xp.full(4, float(i), device=device) + 1.0 for i in range(n)]
        total = kept[0]
        for y in kept[1:]:
            total = total + y
        return float(xp.sum(total))

    arrays(50)
    return [cost(lambda n=n: arrays(n), n) for n in sizes]  # type: ignore[misc]


def ranks(device: str, sizes: Iterable[int]) -> list[Row]:
    """A transposition, an addition and a sum of arrays of so many axes, and few elements."""
    rows = []
    for rank in sizes:
        # The same from behind, so that it does not broadcast.
        half = min(rank // 2, 5)
        shape = (2,) * half + (1,) * (rank - 2 * half) + (2,) * half
        x = xp.ones(shape, device=device)
        order = tuple(reversed(range(rank)))

        def program(x: Any = x, order: tuple[int, ...] = order) -> float:
            return float(sum(float(xp.sum(xp.permute_dims(x, order) + x)) for _ in range(20)))

        program()
        rows.append(cost(program, rank))
    return rows


def elements(device: str, sizes: Iterable[int]) -> list[Row]:
    """A chain over so many elements."""
    rows = []
    for size in sizes:
        x = xp.ones(size, dtype=xp.float32, device=device)

        def program(x: Any = x) -> None:
            xp.materialize(((x + 1.0) * 2.0 - x) * x)
            xp.synchronize(x.device)

        program()
        rows.append(cost(program, size))
    return rows


def leak(device: str, calls: int) -> list[int]:
    """Blocks of Python's memory in use after each tenth of so many calls of a few kinds."""
    x = xp.ones(16, device=device)
    captured = xp.capture(lambda x: xp.sum(x * 2.0))

    def several(i: int) -> None:
        y = (x + float(i)) * x
        xp.materialize(y)
        y[2:5] = y[3:6] + 1.0
        xp.materialize(y.reshape((4, 4)).T + 1.0, captured(y))
        xp.full((i % 7 + 1,), i, device=device)

    tenth = max(1, calls // 50)  # five calls or more in each
    found = []
    for _ in range(10):
        for i in range(tenth):
            several(i)
        gc.collect()
        found.append(sys.getallocatedblocks())
    return found


def tables(device: str, scale: int) -> Iterator[tuple[str, list[Any]]]:
    """The tables, one by one; ``scale`` 10 takes a tenth of the largest sizes."""
    counts = [n for n in (10, 100, 1_000, 10_000, 100_000) if n <= 100_000 // scale]
    large = 14 if device.startswith("cudasim") else 24
    yield "operations", lengths(device, counts)
    yield "live arrays", live(device, counts)
    yield "axes", ranks(device, (1, 2, 4, 8, 16, 32))
    yield "elements", elements(device, [1 << n for n in range(10, large + 1, 2)])
    calls = 1_000_000 // scale
    yield f"blocks in use after each tenth of {calls:,} calls", leak(device, calls)


def main() -> None:
    """Print the tables, and all of it as JSON."""
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    print(f"{device}, Python {platform.python_version()}, NumPy {np.__version__}")
    found = {}
    for title, rows in tables(device, 10 if "--quick" in sys.argv else 1):
        found[title] = rows
        if title.startswith("blocks"):
            print(f"{title}: {rows}", flush=True)
            continue
        print(f"{title:>12}  us for each  bytes for each")
        for row in rows:
            print(f"{row.size:>12,}  {row.unit:11.4f}  {row.memory:14.1f}", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
