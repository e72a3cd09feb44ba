"""Reductions, alone and with what they reduce computed on the way."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Case, Draw, in_torch, same
from xgpu.bench.cases.elementwise import expression

MI: Final = 1 << 20


def sum_all(xp: Any, x: Any) -> Any:
    """Of all elements."""
    return xp.sum(x)


def sum_rows(xp: Any, x: Any) -> Any:
    """Of each row."""
    return xp.sum(x, axis=1)


def sum_rows_torch(torch: Any, x: Any) -> Any:
    """Of each row."""
    return torch.sum(x, dim=1)


def sum_columns(xp: Any, x: Any) -> Any:
    """Of each column."""
    return xp.sum(x, axis=0)


def sum_columns_torch(torch: Any, x: Any) -> Any:
    """Of each column."""
    return torch.sum(x, dim=0)


def squared_distance(xp: Any, x: Any, y: Any) -> Any:
    """Of two vectors."""
    return xp.sum((x - y) ** 2)


def squared_distance_numexpr(ne: Any, x: Any, y: Any) -> Any:
    """Its own sum would add float32 numbers one after the other."""
    return expression(ne, "(x - y) ** 2", x=x, y=y).sum()


def count(xp: Any, x: Any) -> Any:
    """How many elements are inside."""
    return xp.count_nonzero((x > 0.3) & (x < 0.7))


def argmax(xp: Any, x: Any) -> Any:
    """Where each row is largest."""
    return xp.argmax(x, axis=1)


def argmax_torch(torch: Any, x: Any) -> Any:
    """Where each row is largest."""
    return torch.argmax(x, dim=1)


def largest(found: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """What is there: rows may have their largest value more than once."""
    rows: NDArray[Any] = np.take_along_axis(x, found.astype(np.int64)[:, None], axis=1)
    return rows


#: NumPy's own sums of float32 are as far off, one after the other along the first axis.
TOLERANCE: Final = 1e-4
TALL: Final = (Draw((16384, 8192)),)

CASES: Final = (
    Case("sum", "sum, all", (Draw((128 * MI,)),), same(sum_all), tolerance=TOLERANCE),
    Case(
        "sum_axis0",
        "sum, axis 0",
        TALL,
        {**same(sum_columns), **in_torch(sum_columns_torch)},
        tolerance=TOLERANCE,
    ),
    Case(
        "sum_axis1",
        "sum, axis 1",
        TALL,
        {**same(sum_rows), **in_torch(sum_rows_torch)},
        tolerance=TOLERANCE,
    ),
    Case(
        "squared_distance",
        "sum((x - y)^2)",
        (Draw((64 * MI,), low=0.5, high=1.5),) * 2,
        same(squared_distance, numexpr=squared_distance_numexpr),
    ),
    Case(
        "argmax",
        "argmax of rows",
        (Draw((16384, 8192), split=True),),
        {**same(argmax), **in_torch(argmax_torch)},
        compared=largest,
        tolerance=0.0,
    ),
    Case(
        "count",
        "count (x > .3) & (x < .7)",
        (Draw((128 * MI,)),),
        same(count),
        tolerance=1e-6,  # 0.3 is another number in float32, and a few elements are equal to it
    ),
)
