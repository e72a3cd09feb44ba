"""Variants of the CUDA kernels, timed: what their constants were chosen by.

    python docs/measurements/kernels.py [--device cuda:0] [--only NAME ...] [--out FILE]

Each sweep takes one case of the battery (`xgpu bench`) and changes constants of the code generator
or of a launch; the kernels are compiled anew for each variant. A time is between two events with 8
calls between them, after work that keeps the device busy while they are queued; the median of 4.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import xgpu
from xgpu.bench.cases import CASES
from xgpu.codegen import Tuning, pair_writer, passes, tune, tune_rows
from xgpu.plugin import Program
from xgpu_cuda.launch import elementwise, pairs, reduction, rows
from xgpu_cuda.launch.rows import RowKernel, Variant

CALLS, ROUNDS = 8, 4
Sweep = Callable[[Any], Iterator[tuple[str, float]]]


def seconds(device: Any, call: Callable[[], Any]) -> float:
    """Of device time per call."""
    backend, index = device.backend, device.index
    blank = xgpu.zeros(1 << 24, dtype=xgpu.float32, device=device)
    call()
    times: list[float] = []
    for _ in range(ROUNDS):
        for _ in range(32):
            xgpu.materialize(blank + 1.0)
        start = backend.record_event(index)
        for _ in range(CALLS):
            call()
        times.append(backend.elapsed(index, start, backend.record_event(index)) / CALLS)
    return median(times)


def case(device: Any, name: str) -> Callable[[], Any]:
    """A case of the battery at full size, as a call."""
    found = CASES[name]
    rng = np.random.default_rng(0)
    arrays = [xgpu.asarray(draw.make(rng), device=device) for draw in found.draws]
    xgpu.materialize(*arrays)
    return lambda: xgpu.materialize(found.programs["xgpu"](xgpu, *arrays))


@contextmanager
def fresh(device: Any) -> Iterator[None]:
    """Nothing compiled before is used inside, or afterwards."""
    device.kernels.clear()
    device.plans.clear()
    device.matchers.clear()
    try:
        yield
    finally:
        device.kernels.clear()
        device.plans.clear()
        device.matchers.clear()


@contextmanager
def tuned(**fields: int) -> Iterator[None]:
    """Each program's tuning with these fields."""

    def changed(program: Program) -> Tuning:
        return replace(tune(program), **fields)

    with ExitStack() as stack:
        for module in (sys.modules["xgpu.codegen.emit"], elementwise, reduction):
            stack.enter_context(patch.object(module, "tune", changed))
        yield


def rounds(name: str) -> Sweep:
    """Rounds and threads of a block, and how many blocks are to share a multiprocessor."""

    def sweep(device: Any) -> Iterator[tuple[str, float]]:
        call = case(device, name)
        for unroll, block, resident in (
            *((u, b, 0) for u in (1, 2, 4) for b in (128, 256, 512)),
            (2, 256, 6),
            (2, 256, 8),
        ):
            with fresh(device), tuned(unroll=unroll, block=block, resident=resident):
                yield f"{unroll} rounds, {block} threads, {resident}", seconds(device, call)

    return sweep


@contextmanager
def looping(times: int) -> Iterator[None]:
    """Elementwise kernels of fewer blocks, which loop so often."""
    whole = elementwise.ElementwiseKernel._plan

    def fewer(self: Any, shape: tuple[int, ...], axis: int) -> elementwise.Plan:
        made = whole(self, shape, axis)
        made = self._plans[shape, axis] = made._replace(grid=-(-made.grid // times))
        return made

    with patch.object(elementwise.ElementwiseKernel, "_plan", fewer):
        yield


def together(name: str) -> Sweep:
    """The same of a body whose quotients, roots and logarithms several points compute together.

    Registers are 65,536 / (threads x blocks); what spills, `docs.measurements.registers` tells.
    """

    def sweep(device: Any) -> Iterator[tuple[str, float]]:
        call = case(device, name)
        for unroll, block, resident in (
            *((2, 256, r) for r in (0, 3, 4, 5, 6)),
            *((1, 256, r) for r in (4, 5, 6, 8)),
            *((2, 128, 8), (2, 512, 2), (1, 128, 12), (1, 512, 3), (4, 256, 3)),
        ):
            with fresh(device), tuned(unroll=unroll, block=block, resident=resident):
                time = seconds(device, call)
            yield f"{unroll} rounds, {block} threads, {resident}", time
        for unroll, resident in ((1, 6), (2, 4)):
            for times in (2, 4, 16):
                with fresh(device), tuned(unroll=unroll, resident=resident), looping(times):
                    time = seconds(device, call)
                yield f"{unroll} rounds, 256 threads, {resident}, {times} loops", time
        alone: Any = patch.object(
            sys.modules["xgpu.codegen.emit"], "together", lambda _: frozenset()
        )
        with fresh(device), tuned(unroll=2, block=256, resident=6), alone:
            time = seconds(device, call)
        yield "one point at a time, 2 rounds, 256 threads, 6", time

    return sweep


def segments(name: str, constant: str, counts: tuple[int, ...]) -> Sweep:
    """How many blocks a reduction is split into."""

    def sweep(device: Any) -> Iterator[tuple[str, float]]:
        call = case(device, name)
        for unroll, block in ((2, 256), (4, 256), (2, 512), (4, 512)):
            for count in counts:
                blocks = patch.object(reduction, constant, count)
                with fresh(device), tuned(unroll=unroll, block=block), blocks:
                    time = seconds(device, call)
                yield f"{unroll} rounds, {block} threads, {count} blocks", time

    return sweep


def tiles(device: Any) -> Iterator[tuple[str, float]]:
    """Rows and columns to a thread of the pair kernel, and the kernel for other reductions."""
    call = case(device, "pairwise")
    for shape in pairs.SHAPES:
        with fresh(device), patch.object(pairs, "SHAPES", (shape,)):
            yield f"{shape[0]} x {shape[1]}", seconds(device, call)
    with fresh(device), patch.object(pairs, "PAIRS", 1 << 62):
        yield "not tiled", seconds(device, call)


class Staging(NamedTuple):
    """How the pair kernel goes along the reduced axis; see the constants of launch/pairs.py."""

    depth: int = pairs.DEPTH
    tiles: int = pairs.TILES
    held: int = pairs.HELD
    resident: int = pairs.RESIDENT
    unrolled: int = pairs.UNROLLED
    shape: tuple[int, int] = (8, 8)


def staging(device: Any) -> Iterator[tuple[str, float]]:
    """Points of a step, tiles, words held, blocks, unrolled loops; and sums that round twice."""
    call = case(device, "pairwise")
    plain: Any = patch.object(pair_writer, "factors", lambda *_: None)
    with fresh(device), patch.object(pairs, "SHAPES", ((8, 8),)), plain:
        yield "each product is rounded", seconds(device, call)
    for given in (
        Staging(),
        Staging(unrolled=384),
        Staging(depth=8),
        Staging(held=0),
        Staging(depth=32, tiles=1, held=0),
        Staging(resident=1),
        Staging(depth=32, tiles=1, held=32, resident=1),
        Staging(held=32, resident=1, shape=(8, 16)),
        Staging(held=32, resident=1, shape=(16, 8)),
        Staging(),
    ):
        with ExitStack() as stack:
            for name in ("DEPTH", "TILES", "HELD", "RESIDENT", "UNROLLED"):
                value = getattr(given, name.lower())
                stack.enter_context(patch.object(pairs, name, value))
            stack.enter_context(patch.object(pairs, "SHAPES", (given.shape,)))
            stack.enter_context(patch.object(pairs, "STATE_WORDS", 128))
            stack.enter_context(fresh(device))
            time = seconds(device, call)
        rows, columns = given.shape
        steps = f"{given.depth} deep, {given.tiles} tiles, {given.held} held"
        blocks = f"{given.resident} blocks, unrolled to {given.unrolled}"
        yield f"{rows} x {columns}, {steps}, {blocks}", time


def held(name: str) -> Sweep:
    """Chunks to a thread of the row kernel, threads to a row, and the bound for registers."""

    def sweep(device: Any) -> Iterator[tuple[str, float]]:
        call = case(device, name)
        runs = CASES[name].draws[0].shape[1] // 4
        for chunks in (2, 4, 8):
            lanes = -(-runs // (chunks * rows.WARP)) * rows.WARP
            for bound in (512, 1024):
                if lanes > bound:
                    continue
                chosen = Variant(True, chunks, bound), lanes
                with fresh(device), patch.object(RowKernel, "_variant", lambda *_, c=chosen: c):
                    time = seconds(device, call)
                yield f"{chunks} chunks, {lanes} threads, bound {bound}", time

    return sweep


def crowded(name: str) -> Sweep:
    """Rows in flight: blocks to a multiprocessor, words loaded ahead by a later pass, cache hints.

    More blocks have fewer registers each; with 5 and 6 of 256 threads some are spilt.
    """

    def sweep(device: Any) -> Iterator[tuple[str, float]]:
        call = case(device, name)
        runs = CASES[name].draws[0].shape[1] // 4
        lanes = -(-runs // (4 * rows.WARP)) * rows.WARP
        for words in (8, 16, 32):
            for resident in (0, *(n for n in (3, 4, 5, 6) if n * lanes <= 2048)):
                for streaming in (0, 1, 2):
                    bound = lanes if resident else 1024
                    variant = Variant(True, 4, bound, 1, rows.ALIGNED, resident, streaming)
                    chosen = variant, lanes
                    ahead = patch.object(passes, "AHEAD_WORDS", words)
                    kernel = patch.object(RowKernel, "_variant", lambda *_, c=chosen: c)
                    tune_rows.cache_clear()
                    with fresh(device), ahead, kernel:
                        time = seconds(device, call)
                    tune_rows.cache_clear()
                    yield f"{words} words ahead, {resident} blocks, hints {streaming}", time

    return sweep


def cut(device: Any) -> Iterator[tuple[str, float]]:
    """Softmax of rows that wide accesses do not divide: in runs that are cut, or one by one."""
    for columns in (8191, 2049, 1023, 513, 257, 131):
        count = (1 << 26) // columns
        values = np.random.default_rng(0).random((count, columns), np.float32)
        x = xgpu.asarray(values, device=device)

        def call(x: Any = x) -> None:
            e = xgpu.exp(x - xgpu.max(x, axis=1, keepdims=True))
            xgpu.materialize(e / xgpu.sum(e, axis=1, keepdims=True))

        for least, what in ((0, "in runs"), (1 << 30, "one by one")):
            with fresh(device), patch.object(rows, "CUT", least):
                yield f"{count} x {columns}, {what}", seconds(device, call)


def columns(device: Any) -> Iterator[tuple[str, float]]:
    """Rows that lie across memory: neighbouring rows and threads of a block. 512 x 131,072."""
    x = xgpu.asarray(np.random.default_rng(0).random((512, 1 << 17), np.float32), device=device)

    def call() -> None:
        e = xgpu.exp(x - xgpu.max(x, axis=0))
        xgpu.materialize(e / xgpu.sum(e, axis=0))

    for width in (8, 16, 32):
        for threads in (256, 512, 1024):
            chunks = 1 << max(0, -(-512 * width // (4 * threads)) - 1).bit_length()
            if chunks > 8:
                continue
            chosen = Variant(True, chunks, threads, width)
            with fresh(device), patch.object(RowKernel, "_across", lambda *_, c=chosen: c):
                yield f"{width} rows, {threads} threads", seconds(device, call)
    with fresh(device), patch("xgpu.graph.rows.BESIDE", 0):
        yield "two kernels", seconds(device, call)


SWEEPS: dict[str, Sweep] = {
    "gelu": rounds("gelu"),
    "chain": rounds("chain"),
    "black_scholes": together("black_scholes"),
    "sum": segments("sum", "ROW_BLOCKS", (1056, 2048, 4096)),
    "argmax": segments("argmax", "ROW_BLOCKS", (2048,)),
    "sum_axis0": segments("sum_axis0", "COLUMN_BLOCKS", (4096, 16384, 32768)),
    "pairwise": tiles,
    "pairwise_staging": staging,
    "softmax": held("softmax"),
    "layer_norm": held("layer_norm"),
    "softmax_crowded": crowded("softmax"),
    "layer_norm_crowded": crowded("layer_norm"),
    "cut_rows": cut,
    "columns": columns,
}


def main() -> None:
    """Print each time, and write all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--only", nargs="*", choices=list(SWEEPS), default=list(SWEEPS))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    device = xgpu.device(given.device)
    found: dict[str, dict[str, float]] = {}
    for name in given.only:
        found[name] = {}
        for variant, time in SWEEPS[name](device):
            found[name][variant] = time
            print(f"{name:16}{variant:40}{1e3 * time:8.4f} ms", flush=True)
            if given.out:
                given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
