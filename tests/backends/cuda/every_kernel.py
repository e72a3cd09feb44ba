"""Launches every kernel of kernels/ on one device, and compares each result with the reference's.

    python -m tests.backends.cuda.every_kernel [DEVICE]

Made to run under a tool that watches a GPU at work:

    compute-sanitizer --tool memcheck --show-backtrace no --error-exitcode 1 \
        python -m tests.backends.cuda.every_kernel

with each of memcheck, racecheck, initcheck and synccheck. Sizes are small and odd, beyond one block
where a kernel treats that otherwise.

Without ``--show-backtrace no`` Python's frames appear in the reports, and initcheck finds copies
of buffers that are partly written: while a frame is kept, what it refers to looks as if the
program held it, and xgpu copies what the program holds before it writes the rest of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import xgpu
import xgpu_cuda
from xgpu.graph import rows
from xgpu.plugin import dtypes
from xgpu_cuda.launch import scan
from xgpu_cuda.launch.scan import Staging
from xgpu_cuda.launch.sort import WAYS

KERNELS = Path(xgpu_cuda.__file__).parent / "kernels"
DTYPES = (dtypes.int8, dtypes.float32, dtypes.float64, dtypes.complex64)

Case = Callable[[Any], Any]


def defined() -> set[str]:
    """The names of all kernels in the sources."""
    text = "".join(path.read_text() for path in KERNELS.glob("*.cu"))
    return set(re.findall(r'extern "C" __global__ void[^{]*?\b(xgpu_\w+)\(', text))


def grid(dtype: np.dtype[Any], *shape: int) -> Any:
    """Small whole numbers on the host."""
    rng = np.random.default_rng(sum(shape))
    values = rng.integers(-6, 7, shape)
    return (values + 1j * rng.integers(-6, 7, shape) if dtype.kind == "c" else values).astype(dtype)


def cases(dtype: np.dtype[Any], at: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    """(what it is, an array) on the device where ``at`` puts arrays of the host."""
    xp = xgpu
    real = dtype.kind != "c"
    x, y = at(grid(dtype, 37, 65)), at(grid(dtype, 37, 65) + dtype.type(7))
    long = at(grid(dtype, 9_001))
    yield "elementwise", x * y + x
    yield "elementwise, strided", x[::2, ::-1].T * 2
    yield "elementwise, tiled", x.T + at(grid(dtype, 65, 37))
    yield "elementwise, in tiles across a result", x[:, ::-1].T[::-1, :] * xp.ones_like(x).T
    yield "elementwise, in runs", at(grid(dtype, 37, 64)) * at(grid(dtype, 64)) + x[:, :1]
    yield "elementwise, unaligned", long[1:] + long[:-1]
    plane = at(grid(dtype, 19, 301))
    yield "stencil", plane[1:-1, 1:-1] * plane[:-2, 1:-1] - plane[2:, 1:-1] + plane[1:-1, 2:]
    yield "rows", xp.sum(x, axis=1)
    yield "rows, split", xp.sum(at(grid(dtype, 2, 70_001)), axis=1)
    yield "columns", xp.sum(x, axis=0)
    yield "columns, split", xp.sum(at(grid(dtype, 9_001, 3)), axis=0)
    yield "epilogue", xp.sum((x - y) ** 2, axis=1) + xp.sum(y, axis=1)
    yield "pairs", xp.sum((x[:, None, :] - at(grid(dtype, 130, 65))[None, :, :]) ** 2, axis=2)
    far = at(grid(dtype, 64, 600))
    yield "pairs, in segments", xp.sum(far[:, None, :] * far[None, :, :], axis=2)
    yield "passes over a row", x - xp.sum(x, axis=1, keepdims=True)
    wide = at(grid(dtype, 3, 5_000))
    squares = xp.sum((wide - xp.sum(wide, axis=1, keepdims=True)) ** 2, axis=1, keepdims=True)
    yield "passes over a row, block", wide + squares
    cut = at(grid(dtype, 3, 1_027))
    yield "passes over a row that is no whole runs", cut - xp.sum(cut, axis=1, keepdims=True)
    longest = at(grid(dtype, 3, 33_001))
    with patch.object(rows, "MANY", 3):
        again = longest - xp.sum(longest, axis=1, keepdims=True)
        xp.materialize(again)
    yield "passes over a row, not kept", again
    yield "passes over columns", x - xp.sum(x, axis=0)
    yield "product", xp.matmul(x, y.T)
    yield "batches", xp.matmul(at(grid(dtype, 3, 5, 7)), at(grid(dtype, 7, 9)))
    yield "running sums, rows", xp.cumulative_sum(x, axis=1)
    yield "running sums, columns", xp.cumulative_sum(x, axis=0)
    yield "running sums, tiles", xp.cumulative_sum(at(grid(dtype, 2, 30_001)), axis=1)
    staging: dict[str, Any] = {
        "STAGING": Staging(64, 2),
        "ROUNDS": 0,
        "shared_memory": lambda _: 48 << 10,
    }
    with patch.multiple(scan, **staging):
        staged = xp.cumulative_sum(at(grid(dtype, 2, 30_001)), axis=1)
        xp.materialize(staged)
    yield "running sums, staged", staged
    yield "running products", xp.cumulative_prod(xp.sign(x) if real else x[:, :5], axis=1)
    places = at(np.asarray([5, -1, 0, 5, 36]))
    yield "gather", x[places]
    yield "gather, strided", x.T[:, places]
    yield "take_along_axis", xp.take_along_axis(x, at(grid(dtypes.int64, 37, 3) % 65), axis=1)
    z = x + 0
    z[places] = y[:5]
    z[:, places] = 1
    yield "scatter", z
    few = long + 0
    few[places] = y[0, :5]
    yield "scatter, few", few
    mask = xp.real(x) > 0
    yield "nonzero", xp.nonzero(mask)[1]
    yield "mask", x[mask]
    many = at(grid(dtypes.int64, 30_001) > 0)
    yield "nonzero, tiles", xp.nonzero(many)[0]
    if real:
        yield "argmax", xp.argmax(x, axis=1)
        yield "sort, rows", xp.sort(x, axis=1, descending=True)
        yield "argsort, columns", xp.argsort(x, axis=0)
        for way in WAYS:
            with patch.dict("os.environ", XGPU_SORT=way):
                one = xp.sort(long)
                several = xp.argsort(at(grid(dtype, 3, 3_001)), axis=1)
            yield f"sort, one row, {way}", one
            yield f"argsort, middling rows, {way}", several
        ordered = xp.sort(long)
        yield "searchsorted", xp.searchsorted(ordered, x, side="right")
        yield "unique", xp.unique_counts(long).counts


def mismatches(device: str) -> tuple[list[str], set[str]]:
    """What differs from the reference, and the names of the kernels that ran."""
    driver: Any = xgpu.device(device).backend.driver
    launched: set[str] = set()
    launch = driver.launch

    def noted(index: int, function: Any, *arguments: Any) -> None:
        launched.add(function.name)
        launch(index, function, *arguments)

    different: list[str] = []
    driver.launch = noted
    libraries = driver.libraries
    try:
        for dtype in DTYPES:
            # The kernel for products that no library takes runs only without the library.
            for library in (None, libraries.matmul):
                if library is None:
                    libraries.matmul = lambda *_: None
                else:
                    del libraries.matmul
                there = cases(dtype, lambda host: xgpu.asarray(host, device=device))
                here = cases(dtype, lambda host: xgpu.asarray(host, device="cpu"))
                for (name, got), (_, expected) in zip(there, here, strict=True):
                    values = np.asarray(xgpu.to_device(got, "cpu"))
                    if not np.allclose(values, np.asarray(expected), rtol=1e-5, atol=1e-5):
                        different.append(f"{name} of {dtype}")
    finally:
        del driver.launch
    return different, launched


def main() -> int:
    """Print what differs and which kernels did not run; 1 if there is anything."""
    device = sys.argv[1] if len(sys.argv) > 1 else "cuda:0"
    different, launched = mismatches(device)
    missing = defined() - launched
    print(f"{device}: {len(launched)} of {len(defined())} kernels ran")
    for line in [*different, *(f"did not run: {name}" for name in sorted(missing))]:
        print(line)
    return bool(different or missing)


if __name__ == "__main__":
    sys.exit(main())
