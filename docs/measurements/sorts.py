"""Measure sort and argsort, and a few transforms and factors, beside CuPy on one GPU.

    python docs/measurements/sorts.py [--only sorts shapes matrices] [--out FILE]

Each is the backend's kernel op on its own; sorts by Thrust (XGPU_SORT=library) and by
kernels/radix.cu (XGPU_SORT=radix). Device times are between two events on the stream that
did the work, one call between them, after a warm-up: the median of 10. Both libraries run in this
one process, in turn; results are compared first. "shapes" times what launch/radix.py can be set to:
threads and keys to a thread, blocks to a multiprocessor, slots that the look-back reads at a time,
and how a warp finds equal digits. Writes JSON if asked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import cupy as cp
import numpy as np

import xgpu as xp
from xgpu.plugin import Result, Strided
from xgpu.plugin.program import contiguous_strides
from xgpu_cuda.launch.radix import SHAPES, Shape

MI = 1 << 20
REPEATS = 10
BACKEND = xp.device("cuda:0").backend
ROWS: list[dict[str, Any]] = []
SIDE = 12288
SQUARE = (SIDE, SIDE), (SIDE, 1)
"""Of the product that keeps the device busy for some 70 ms while `waits` looks."""


def operand(array: Any) -> Strided:
    """A host array on the device."""
    steps = contiguous_strides(array.shape)
    return Strided(BACKEND.from_host(0, array), array.dtype, array.shape, steps, 0)


def median(record: Callable[[], Any], elapsed: Callable[[Any, Any], float], call: Any) -> float:
    """Median device time of a call in milliseconds."""
    for _ in range(2):
        call()
    times = []
    for _ in range(REPEATS):
        start = record()
        call()
        times.append(elapsed(start, record()) * 1e3)
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


def waits(call: Any) -> bool:
    """Whether a call returns only when the work queued before it is done."""
    matrix = Strided(BACKEND.allocate(0, np.dtype("f4"), SIDE * SIDE), np.dtype("f4"), *SQUARE, 0)
    BACKEND.kernel_ops["matmul"](0, [matrix, matrix], [Result(matrix.dtype, matrix.shape)], {})
    before = BACKEND.record_event(0)
    call()
    waited = bool(before.done)
    BACKEND.synchronize(0)
    return waited


def measure(
    name: str,
    op: str,
    arrays: list[Any],
    results: Sequence[tuple[Any, tuple[int, ...]]],
    cupy: Any,
    exact: bool = False,
    **given: Any,
) -> None:
    """One line of the table."""
    function = BACKEND.kernel_ops[op]
    operands = [operand(array) for array in arrays]
    wanted = [Result(np.dtype(dtype), shape) for dtype, shape in results]
    on_gpu = [cp.asarray(array) for array in arrays]
    first = function(0, operands, wanted, given)[0]
    dtype, shape = wanted[0]
    count = int(np.prod(shape))
    got = BACKEND.to_host(0, first, dtype, 0, count).reshape(shape)
    made = cupy(*on_gpu)
    made = cp.asnumpy(made[0] if isinstance(made, tuple) else made)
    right = bool((got == made).all()) if exact else bool(np.allclose(got, made, 1e-3, 1e-3))
    del first, made, got
    time = ours(lambda: function(0, operands, wanted, given))
    waited = waits(lambda: function(0, operands, wanted, given))
    other = theirs(lambda: cupy(*on_gpu))
    line = {"name": name, "ms": round(time, 4), "cupy_ms": round(other, 4)}
    ROWS.append({**line, "waits": waited, "right": right})
    said = ("  waits" if waited else "") + ("" if right else "  DIFFERS")
    print(f"{name:46} {time:9.4f} ms  CuPy {other:9.4f} ms{said}", flush=True)
    cp.get_default_memory_pool().free_all_blocks()


def compare_ways(
    name: str, op: str, array: Any, result: Any, cupy: Any, descending: bool = False
) -> None:
    """A sort by each of the two ways, on two lines of the table."""
    for way in ("library", "radix"):
        with patch.dict(os.environ, XGPU_SORT=way):
            measure(
                f"{name}, {way}",
                op,
                [array],
                [(result, array.shape)],
                cupy,
                exact=True,
                descending=descending,
                stable=True,
            )


def one_way(name: str, op: str, array: Any, result: Any, cupy: Any) -> None:
    """A sort of short rows."""
    measure(
        name,
        op,
        [array],
        [(result, array.shape)],
        cupy,
        exact=True,
        descending=False,
        stable=True,
    )


def shapes(rng: Any) -> None:
    """What launch/radix.py can be set to, one thing after another, 32 Mi numbers."""
    others = {
        4: (
            {"matches": True},
            {"window": 1},
            {"window": 4},
            {"window": 8},
            {"threads": 256, "items": 20, "resident": 4},
            {"threads": 256, "items": 24, "resident": 3},
            {"threads": 384, "items": 16, "resident": 3},
            {"threads": 512, "items": 14, "resident": 2},
        ),
        8: (
            {"matches": True},
            {"resident": 3},
            {"threads": 256, "items": 12, "resident": 3},
            {"threads": 256, "items": 16, "resident": 3},
            {"threads": 384, "items": 10, "resident": 2},
        ),
    }
    for dtype, op in (("float32", "sort"), ("float32", "argsort"), ("float64", "sort")):
        x = rng.standard_normal(32 * MI).astype(dtype)
        given, places = operand(x), op == "argsort"
        result = np.dtype("int64" if places else dtype)
        wanted = getattr(cp, op)(cp.asarray(x))
        key = x.dtype.itemsize, places
        for change in ({}, *others[x.dtype.itemsize]):
            shape: Shape = SHAPES[key]._replace(**change)
            with patch.dict(SHAPES, {key: shape}), patch.dict(os.environ, XGPU_SORT="radix"):
                function = BACKEND.kernel_ops[op]
                attributes = {"descending": False, "stable": True}
                results = [Result(result, x.shape)]
                (made,) = function(0, [given], results, attributes)
                cp.cuda.runtime.deviceSynchronize()
                memory = cp.cuda.UnownedMemory(made.ptr, made.nbytes, made)
                got = cp.ndarray(x.shape, result, cp.cuda.MemoryPointer(memory, 0))
                right = bool((got == wanted).all())
                del made, got, memory
                time = ours(lambda: function(0, [given], results, attributes))  # noqa: B023
            row = {"name": f"{op} {dtype} shape", **shape._asdict(), "ms": time, "right": right}
            ROWS.append(row)
            said = "" if right else "  DIFFERS"
            print(f"{op:8} {dtype} {shape} {time:9.4f} ms{said}", flush=True)


def sorts(rng: Any) -> None:
    """One row, and many."""
    for dtype in ("float32", "int32", "float64", "int8"):
        x = (rng.standard_normal(32 * MI) * 50).astype(dtype)
        for op, result in (("sort", dtype), ("argsort", "int64")):
            for descending in (False, True) if dtype == "float32" else (False,):
                compare_ways(
                    f"{op} {dtype} 32 Mi{' descending' if descending else ''}",
                    op,
                    x,
                    result,
                    (lambda a: -cp.sort(-a))
                    if descending and op == "sort"
                    else (lambda a: cp.argsort(-a))
                    if descending
                    else getattr(cp, op),
                    descending,
                )
    x = rng.standard_normal(32 * MI).astype("float32")
    for name, some in (
        ("all equal", np.zeros_like(x)),
        ("of 16 numbers", rng.integers(0, 16, x.size).astype("float32")),
        ("in order", np.sort(x)),
    ):
        compare_ways(f"sort float32 32 Mi, {name}", "sort", some, "float32", cp.sort)
    for rows in (8, 64, 8192, 16384, 32768, 262144, 1 << 21):
        a = x.reshape(rows, -1)
        for op, result in (("sort", "float32"), ("argsort", "int64")):
            # Rows of 2,048 and fewer have one way.
            compare = compare_ways if a.shape[1] > 2048 else one_way
            compare(f"{op} float32 {a.shape}", op, a, result, getattr(cp, op))
    for length in (10_000, 100_000, MI):
        compare_ways(f"sort float32 ({length},)", "sort", x[:length].copy(), "float32", cp.sort)
    one_way("sort float32 (1000,)", "sort", x[:1000].copy(), "float32", cp.sort)


def matrices(rng: Any) -> None:
    """Transforms and factors."""
    z = (rng.standard_normal((64, MI)) + 1j * rng.standard_normal((64, MI))).astype("complex64")
    measure("fft complex64 (64, 1 Mi)", "fft", [z], [(z.dtype, z.shape)], cp.fft.fft, inverse=False)
    x = z.real.copy()
    half = (64, MI // 2 + 1)
    measure("rfft float32 (64, 1 Mi)", "rfft", [x], [(z.dtype, half)], cp.fft.rfft)
    h = z[:, : MI // 2 + 1].copy()
    h[:, [0, -1]] = h[:, [0, -1]].real
    measure(
        "irfft complex64 (64, 1 Mi)",
        "irfft",
        [h],
        [(x.dtype, x.shape)],
        lambda a: cp.fft.irfft(a, norm="forward"),
        n=MI,
    )
    for shape in ((1024, 1024), (4096, 16, 16)):
        a = rng.standard_normal(shape).astype("float32")
        n = shape[-1]
        p = a @ a.swapaxes(-1, -2) + n * np.eye(n, dtype="float32")
        b = rng.standard_normal((*shape[:-1], 8)).astype("float32")
        w = (*shape[:-1],)
        measure(f"cholesky {shape}", "cholesky", [p], [(p.dtype, shape)], cp.linalg.cholesky)
        measure(f"solve {shape}", "solve", [p, b], [(p.dtype, b.shape)], cp.linalg.solve)
        two = [(p.dtype, shape[:-2])] * 2
        measure(f"slogdet {shape}", "slogdet", [p], two, cp.linalg.slogdet)
        measure(f"eigvalsh {shape}", "eigvalsh", [p], [(p.dtype, w)], cp.linalg.eigvalsh)
        factors = [(p.dtype, shape)] * 2
        whole = [(p.dtype, w), (p.dtype, shape)]
        measure(f"eigh {shape}", "eigh", [p], whole, cp.linalg.eigh)
        measure(
            f"svdvals {shape}",
            "svdvals",
            [p],
            [(p.dtype, w)],
            lambda a: cp.linalg.svd(a, compute_uv=False),
        )
        measure(f"qr {shape}", "qr", [p], factors, cp.linalg.qr, mode="reduced")


def main() -> None:
    """Print the table."""
    parts = {"sorts": sorts, "shapes": shapes, "matrices": matrices}
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
