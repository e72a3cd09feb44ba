"""Measure scans, gather, scatter, nonzero and searchsorted beside CuPy on one GPU.

    python docs/measurements/scans.py [--only scans indexing tunings] [--out FILE]

Each is the backend's kernel op on its own, without the front-end's checks of indices. Device times
are between two events on the stream that did the work, five calls queued between them, after a
warm-up: a fifth of the median of 20. Both libraries run in this one process, in turn; results are
compared first. "tunings" times one running sum of 64 Mi float32 with what launch/scan.py can be
tuned by, each three times in turn. Writes JSON if asked.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import cupy as cp
import numpy as np

import xgpu as xp
from xgpu.plugin import Result, Strided
from xgpu_cuda.launch import scan
from xgpu_cuda.launch.scan import Staging, Tuning

MI = 1 << 20
REPEATS = 20
QUEUED = 5
DEVICE = xp.device("cuda:0")
BACKEND = DEVICE.backend


def operand(array: Any) -> Strided:
    """A view from the start of its host array, on the device."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    steps = tuple(step // array.itemsize for step in array.strides)
    return Strided(BACKEND.from_host(0, base), array.dtype, array.shape, steps, 0)


def host(buffer: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """A result on the host."""
    return BACKEND.to_host(0, buffer, np.dtype(dtype), 0, math.prod(shape)).reshape(shape)


def median(record: Callable[[], Any], elapsed: Callable[[Any, Any], float], call: Any) -> float:
    """Median device time of a call in milliseconds."""
    for _ in range(3):
        call()
    times = []
    for _ in range(REPEATS):
        start = record()
        for _ in range(QUEUED):
            call()
        times.append(elapsed(start, record()) * 1e3 / QUEUED)
    return statistics.median(times)


def ours(call: Any) -> float:
    """On xgpu's stream."""
    return median(lambda: BACKEND.record_event(0), lambda a, b: BACKEND.elapsed(0, a, b), call)


def theirs(call: Any) -> float:
    """On CuPy's stream."""

    def record() -> Any:
        event = cp.cuda.Event()
        event.record()
        return event

    def elapsed(start: Any, stop: Any) -> float:
        stop.synchronize()
        return float(cp.cuda.get_elapsed_time(start, stop)) * 1e-3

    return median(record, elapsed, call)


ROWS: list[dict[str, Any]] = []


def measure(
    name: str,
    op: str,
    operands: list[Strided],
    result: Result,
    nbytes: int,
    cupy: Any,
    **given: Any,
) -> None:
    """One line of the table; ``nbytes`` is the least that is read and written."""
    function = BACKEND.kernel_ops[op]
    (first,) = function(0, operands, [result], given)
    wanted = cp.asnumpy(cupy()).reshape(result.shape)
    got = host(first, result.dtype, result.shape)
    if result.dtype.kind == "f":
        right = bool(np.allclose(got, wanted, rtol=1e-4, equal_nan=True))
    else:
        right = bool((got == wanted).all())
    (again,) = function(0, operands, [result], given)
    same = bool((host(again, result.dtype, result.shape).view("u1") == got.view("u1")).all())
    del first, again, got, wanted
    time = ours(lambda: function(0, operands, [result], given))
    other = theirs(cupy)
    line = {
        "name": name,
        "ms": round(time, 4),
        "cupy_ms": round(other, 4),
        "tb_per_s": round(nbytes / time / 1e9, 3),
        "right": right,
        "same_bits": same,
    }
    ROWS.append(line)
    print(
        f"{name:46} {time:9.4f} ms  CuPy {other:9.4f} ms  {nbytes / time / 1e9:6.3f} TB/s"
        f"  {'' if right else 'WRONG'} {'' if same else 'OTHER BITS'}",
        flush=True,
    )
    cp.get_default_memory_pool().free_all_blocks()


def scans(rng: Any) -> None:
    """Rows of one length after another, and the first axis."""
    x = rng.random(64 * MI, "float32")
    on_gpu = cp.asarray(x)
    measure(
        "copy of 64 Mi float32, by xgpu's elementwise",
        "scatter",
        [operand(x), operand(np.zeros(1, "int64")), operand(x[:1].copy())],
        Result(x.dtype, x.shape),
        2 * x.nbytes,
        lambda: cp.copy(on_gpu),
    )
    for shape in ((64 * MI,), (1024, 65536), (16384, 4096), (65536, 1024), (MI, 64), (4 * MI, 16)):
        view, other = x.reshape(shape), on_gpu.reshape(shape)
        measure(
            f"cumulative_sum float32 {shape}",
            "cumulative_sum",
            [operand(view)],
            Result(view.dtype, shape),
            2 * x.nbytes,
            lambda other=other: cp.cumsum(other, axis=-1),
        )
    view, other = x[1:], on_gpu[1:]
    given = operand(view)._replace(offset=1)
    measure(
        "cumulative_sum float32 (64 Mi - 1,) not aligned",
        "cumulative_sum",
        [given],
        Result(view.dtype, view.shape),
        2 * view.nbytes,
        lambda: cp.cumsum(other),
    )
    square, other = x.reshape(8192, 8192), on_gpu.reshape(8192, 8192)
    measure(
        "cumulative_sum float32 (8192, 8192) along axis 0",
        "cumulative_sum",
        [operand(square.T)],
        Result(square.dtype, square.shape),
        2 * x.nbytes,
        lambda: cp.ascontiguousarray(cp.cumsum(other, axis=0).T),
    )
    for name in ("int8", "int64", "float64", "complex128"):
        y = rng.integers(-9, 9, 32 * MI).astype(name)
        theirs_y = cp.asarray(y)
        measure(
            f"cumulative_sum {name} (32 Mi,)",
            "cumulative_sum",
            [operand(y)],
            Result(y.dtype, y.shape),
            2 * y.nbytes,
            lambda theirs_y=theirs_y, y=y: cp.cumsum(theirs_y, dtype=y.dtype),
        )


TUNINGS: list[Tuning | Staging] = [
    Tuning(),
    Tuning(512, 8, 2, folded=True),
    Tuning(512, 8, 2, folded=True, ahead=0.5),
    Tuning(1024, 8, 1, folded=True),
    Tuning(1024, 8, 1, folded=True, ahead=0.5),
    Tuning(256, 24, 2, folded=True, ahead=0.25),
    Staging(1024, 4),
    Staging(1024, 3, stages=4),
    Staging(896, 5),
    Staging(768, 6),
    Staging(576, 8),
    Staging(512, 8),
    Staging(512, 6, stages=4),
    Staging(512, 4, resident=2),
    Staging(384, 6, resident=2),
]
"""The first is the default where there is no staging; see launch/scan.py."""


def tunings(rng: Any) -> None:
    """What launch/scan.py can be tuned by."""
    x = rng.random(64 * MI, "float32")
    given, results = operand(x), [Result(x.dtype, x.shape)]
    function = BACKEND.kernel_ops["cumulative_sum"]
    wanted = cp.cumsum(cp.asarray(x), dtype="float64")

    def scanned() -> Any:
        (found,) = function(0, [given], results, {})
        BACKEND.synchronize(0)
        memory = cp.cuda.UnownedMemory(found.ptr, found.nbytes, found)
        return cp.ndarray(x.shape, x.dtype, cp.cuda.MemoryPointer(memory, 0))

    def said(tuning: Tuning | Staging, time: float) -> str:
        share = 2 * x.nbytes / time / 1e9
        return f"{tuning} {time:9.4f} ms  {share:6.3f} TB/s{'' if right[tuning] else '  WRONG'}"

    times: dict[Tuning | Staging, list[float]] = {tuning: [] for tuning in TUNINGS}
    right: dict[Tuning | Staging, bool] = {}
    for _ in range(3):
        for tuning in TUNINGS:
            plain = isinstance(tuning, Tuning)
            with (
                patch.object(scan, "TUNING", tuning if plain else Tuning()),
                patch.object(scan, "STAGING", None if plain else tuning),
            ):
                first = tuning not in right
                if first:
                    got, again = scanned(), scanned()
                    close = bool(cp.allclose(got, wanted, rtol=1e-5))
                    right[tuning] = close and bool((got.view("u4") == again.view("u4")).all())
                    del got, again
                times[tuning].append(ours(lambda: function(0, [given], results, {})))
                if first:
                    print(said(tuning, times[tuning][0]), flush=True)
    print("medians of three, the best first:")
    for tuning, found in sorted(times.items(), key=lambda item: statistics.median(item[1])):
        kind = type(tuning).__name__
        ROWS.append({"name": kind, **tuning._asdict(), "ms": found, "right": right[tuning]})
        print(said(tuning, statistics.median(found)), flush=True)


def indexing(rng: Any) -> None:
    """64 Mi float32, with positions in order and at random."""
    x = rng.random(64 * MI, "float32")
    on_gpu = cp.asarray(x)
    random = rng.integers(0, x.size, x.size)
    for name, positions in (("in order", np.arange(x.size)), ("random", random)):
        at = cp.asarray(positions)
        measure(
            f"gather 64 Mi float32, {name}",
            "gather",
            [operand(x), operand(positions)],
            Result(x.dtype, x.shape),
            2 * x.nbytes + positions.nbytes,
            lambda at=at: cp.take(on_gpu, at),
        )
    values = rng.random(x.size, "float32")
    order = rng.permutation(x.size)
    for name, positions in (
        ("in order", np.arange(x.size)),
        ("permuted", order),
        ("1 Mi of them", order[:MI]),
    ):
        at, new = cp.asarray(positions), cp.asarray(values[: positions.size])

        def put(at: Any = at, new: Any = new) -> Any:
            y = on_gpu.copy()
            y[at] = new
            return y

        measure(
            f"scatter 64 Mi float32, {name}",
            "scatter",
            [operand(x), operand(positions), operand(values[: positions.size].copy())],
            Result(x.dtype, x.shape),
            2 * x.nbytes + positions.nbytes + positions.size * 8,
            put,
        )
    for density in (0.01, 0.5, 1.0):
        mask = rng.random(x.size, "float32") < density
        true = cp.asarray(mask)
        found = int(mask.sum())
        measure(
            f"nonzero 64 Mi, {found / x.size:.0%} True",
            "nonzero",
            [operand(mask)],
            Result(np.dtype("int64"), (found,)),
            mask.nbytes + 8 * found,
            lambda true=true: cp.flatnonzero(true),
        )
    line, wanted = np.sort(x[: 16 * MI]), values[: 16 * MI].copy()
    a, b = cp.asarray(line), cp.asarray(wanted)
    measure(
        "searchsorted 16 Mi float32 in 16 Mi",
        "searchsorted",
        [operand(line), operand(wanted)],
        Result(np.dtype("int64"), wanted.shape),
        line.nbytes + wanted.nbytes + 8 * wanted.size,
        lambda: cp.searchsorted(a, b),
        side="left",
    )


def main() -> None:
    """Print the table."""
    parts = {"scans": scans, "indexing": indexing, "tunings": tunings}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(parts), default=list(parts))
    parser.add_argument("--out")
    arguments = parser.parse_args()
    info = BACKEND.devices()[0]
    print(f"{info.name}; CuPy {cp.__version__}, NumPy {np.__version__}, {platform.platform()}")
    rng = np.random.default_rng(0)
    for part in arguments.only:
        parts[part](rng)
        if arguments.out:
            with open(arguments.out, "w", encoding="utf-8") as file:
                json.dump({"device": info.name, "rows": ROWS}, file, indent=1)


if __name__ == "__main__":
    main()
