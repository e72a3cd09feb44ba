"""Programs like those of the battery in other shapes: rows and columns, long and short.

    python docs/measurements/shapes.py [DEVICE] [--out FILE.json] [--elements N]

Each is compared with NumPy in float64 at a small size first, then timed by `xgpu.bench.time`.
``moved`` is what it has to read and write at least; ``share`` what that comes to of a copy within
the device. ``--elements`` takes smaller ones, for a try without a GPU. Each row is written to the
file as it is done.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

import xgpu
from xgpu.bench.ceiling import copy_ceiling
from xgpu.runtime.plugins import device_info


class Row(NamedTuple):
    """A program of a namespace and float32 arrays."""

    program: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    passes: int  #: how often what is larger, an operand or the result, is moved at least


def softmax(axis: int) -> Callable[..., Any]:
    """Along an axis."""

    def program(xp: Any, x: Any) -> Any:
        e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
        return e / xp.sum(e, axis=axis, keepdims=True)

    return program


def log_sum_exp(xp: Any, x: Any) -> Any:
    """Of each row."""
    most = xp.max(x, axis=1)
    return xp.log(xp.sum(xp.exp(x - most[:, None]), axis=1)) + most


def standardised(xp: Any, x: Any) -> Any:
    """Each column."""
    return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0)


def pairs(reduce: str, of: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """Of all rows of one matrix with all of another."""

    def program(xp: Any, x: Any, y: Any) -> Any:
        return getattr(xp, reduce)(of(xp, x[:, None, :], y[None, :, :]), axis=-1)

    return program


def _product(xp: Any, x: Any, y: Any) -> Any:
    return x * y


def _square(xp: Any, x: Any, y: Any) -> Any:
    return (x - y) ** 2


def _distance(xp: Any, x: Any, y: Any) -> Any:
    return xp.abs(x - y)


K: Final = 1024
PROGRAMS: Final[dict[str, Row]] = {
    "softmax of columns, 8 Ki x 8 Ki": Row(softmax(0), ((8 * K, 8 * K),), 3),
    "softmax of columns, 1 Ki x 64 Ki": Row(softmax(0), ((K, 64 * K),), 2),
    "softmax of columns, 256 x 256 Ki": Row(softmax(0), ((256, 256 * K),), 2),
    "softmax of rows, 1 Ki x 64 Ki": Row(softmax(1), ((K, 64 * K),), 3),
    "softmax of rows, 64 x 1 Mi": Row(softmax(1), ((64, K * K),), 3),
    "softmax of rows, 1 Mi x 64": Row(softmax(1), ((K * K, 64),), 2),
    "softmax of rows, 4 Ki x 5001": Row(softmax(1), ((4 * K, 5001),), 2),
    "standardised columns, 1 Ki x 64 Ki": Row(standardised, ((K, 64 * K),), 2),
    "variance of all, 64 Mi": Row(lambda xp, x: xp.var(x), ((8 * K, 8 * K),), 1),
    "log-sum-exp of rows, 8 Ki x 8 Ki": Row(log_sum_exp, ((8 * K, 8 * K),), 1),
    "sum over axes 0 and 2, 512^3": Row(lambda xp, x: xp.sum(x, axis=(0, 2)), ((512,) * 3,), 1),
    "max over axis 1, 512^3": Row(lambda xp, x: xp.max(x, axis=1), ((512,) * 3,), 1),
    "x + x.T, 8 Ki x 8 Ki": Row(lambda xp, x: x + x.T, ((8 * K, 8 * K),), 3),
    "products of pairs, 4 Ki x 4 Ki x 64": Row(pairs("sum", _product), ((4 * K, 64),) * 2, 1),
    "products of pairs, 1 Ki x 1 Ki x 16 Ki": Row(pairs("sum", _product), ((K, 16 * K),) * 2, 2),
    "squared distances, 500 x 500 x 64": Row(pairs("sum", _square), ((500, 64),) * 2, 1),
    "largest distances, 4 Ki x 4 Ki x 64": Row(pairs("max", _distance), ((4 * K, 64),) * 2, 1),
    "squared distances, 4 Ki x 4 Ki x 3": Row(pairs("sum", _square), ((4 * K, 3),) * 2, 1),
}


def scaled(shapes: tuple[tuple[int, ...], ...], most: int) -> tuple[tuple[int, ...], ...]:
    """Axes cut, all alike, until an array has about ``most`` elements; square ones stay square."""
    size = max(math.prod(shape) for shape in shapes)
    limit = max(max(shape) for shape in shapes)
    while size > most and limit > 3:
        limit //= 2
        size = max(math.prod(min(n, limit) for n in shape) for shape in shapes)
    return tuple(tuple(min(n, limit) for n in shape) for shape in shapes)


def arrays(shapes: tuple[tuple[int, ...], ...]) -> list[Any]:
    """Of the host, in [0, 1)."""
    rng = np.random.default_rng(3)
    return [rng.random(shape, dtype=np.float32) for shape in shapes]


def difference(row: Row, device: xgpu.Device) -> float:
    """The largest error against NumPy in float64, relative to the largest value."""
    hosts = arrays(scaled(row.shapes, 2000))
    found = row.program(xgpu, *(xgpu.asarray(a, device=device) for a in hosts))
    wanted = row.program(np, *(a.astype(np.float64) for a in hosts))
    apart = np.abs(np.asarray(xgpu.to_device(found, "cpu")) - wanted)
    return float(np.max(apart) / np.max(np.abs(wanted)))


def measured(row: Row, device: xgpu.Device, most: int, ceiling: float) -> dict[str, Any]:
    """Times of one program."""
    shapes = scaled(row.shapes, most)
    given = [xgpu.asarray(a, device=device) for a in arrays(shapes)]
    result = row.program(xgpu, *given)
    moved = 4 * row.passes * max(result.size, *(x.size for x in given))
    del result
    found = xgpu.bench.time(
        lambda *x: row.program(xgpu, *x), *given, rounds=11, calls=4, ceiling=ceiling
    )
    return {
        "shapes": shapes, "kernels": found.kernels, "seconds": found.seconds,
        "interval": found.interval, "moved": moved, "share": moved / found.seconds / ceiling,
    }  # fmt: skip


def main() -> None:
    """Measure each program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("device", nargs="?", default="cuda:0")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--elements", type=int, default=1 << 40)
    given = parser.parse_args()
    device = xgpu.device(given.device)
    ceiling = copy_ceiling(device)
    rows: dict[str, Any] = {}
    report = {
        "device": given.device, "name": device_info(device).name,
        "python": platform.python_version(), "ceiling": ceiling, "rows": rows,
    }  # fmt: skip
    for name, row in PROGRAMS.items():
        error = difference(row, device)
        rows[name] = {"error": error, **measured(row, device, given.elements, ceiling)}
        print(
            f"{name:42}{rows[name]['kernels']:3} kernels {1e3 * rows[name]['seconds']:9.4f} ms"
            f"{rows[name]['share']:7.1%}  error {error:.0e}{'  WRONG' if error > 1e-4 else ''}",
            flush=True,
        )
        if given.out:
            given.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
