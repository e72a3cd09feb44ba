"""What random programs are made of: dtypes, values, functions and what each of them takes.

Complex numbers are only added, subtracted and compared for equality, floats never summed: what is
left no order of evaluation and no instruction set changes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

DTYPES = ("bool", "int8", "int32", "int64", "uint8", "uint64", "float32", "float64", "complex64")
LENGTHS = (0, 1, 1, 2, 2, 3, 3, 4, 5)
ERRORS = (ValueError, TypeError, IndexError, OverflowError)
KINDS = "biufc"
VALUES: dict[str, list[Any]] = {
    "b": [False, True],
    "i": [0, 1, 2, 3, -1, -2, 7, 100, -128],
    "u": [0, 1, 2, 3, 7, 200],
    "f": [0.0, 1.0, -1.0, 0.5, 3.0, -2.25, 1e30, float("inf"), float("nan")],
    "c": [0j, 1 + 2j, -0.5 + 1j, 3 - 1j],
}
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
BITWISE = ("bitwise_and", "bitwise_or", "bitwise_xor")
UNARY = {
    "abs": "iuf",
    "negative": "biufc",
    "square": "iuf",
    "positive": "iufc",
    "bitwise_invert": "biu",
    "logical_not": "b",
    "isnan": "iufc",
    "floor": "iuf",
    "trunc": "iuf",
    "real": "iufc",
    "conj": "iufc",
}
REDUCTIONS = {
    "sum": "biu",
    "prod": "biu",
    "max": "biuf",
    "min": "biuf",
    "argmax": "biuf",
    "argmin": "biuf",
    "any": "biufc",
    "all": "biufc",
    "count_nonzero": "biufc",
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
}


def outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    with np.errstate(all="ignore"):
        try:
            return call(), None
        except ERRORS as error:
            return None, error


def alike(one: Exception | None, other: Exception | None) -> bool:
    """Whether both are errors that one ``except`` catches, or neither is one."""
    if one is None or other is None or "read-only" in str(one):
        return (one is None) == (other is None)
    types = {e for e in ERRORS if isinstance(one, e) or isinstance(other, e)}
    # A write may have a wrong dtype, index and shape, and each side finds another one first.
    return len(types) == 1 or types <= {TypeError, ValueError, IndexError}


def factored(size: int) -> list[tuple[int, ...]]:
    """Shapes of that many elements."""
    if size == 0:
        return [(0,), (0, 3), (2, 0)]
    found: list[tuple[int, ...]] = [(size,), (1, size), (size, 1)]
    for n in (2, 3, 4, 5, 6):
        if size % n == 0:
            found += [(n, size // n), (size // n, n), (n, 1, size // n)]
            found += [(n, m, size // n // m) for m in (2, 3) if size // n % m == 0]
    return found


def ordered(result: Any) -> Any:
    """A NumPy result as xgpu lays it out, and never memory of the operands."""
    return np.array(result, order="C")


def changed(part: Any, how: str) -> Any:
    if how == "= 2 *":
        return part + part
    return part[::-1] if how == "= reversed" else part


def nothing(_: Any) -> None:
    """In-place operators give their operand back, which is in the pool already."""
