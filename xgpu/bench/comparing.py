"""Whether a library's result is the reference's."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PART: Final = 1 << 17
"""Elements that are compared at a time: in double precision they fit a core's cache."""


class Difference(NamedTuple):
    """The largest one, as a share of the reference's largest magnitude."""

    error: float
    equal: bool
    said: str  #: why they are not equal


def compare(found: NDArray[Any], expected: NDArray[Any], tolerance: float) -> Difference:
    """Compare shapes and values; NaN in one alone, or another infinity, is a difference.

    An element may differ by ``tolerance`` times the reference's largest finite magnitude.
    """
    if found.shape != expected.shape:
        said = f"its shape is {found.shape}, not {expected.shape}"
        return Difference(math.inf, False, said)
    one, other = found.reshape(-1), expected.reshape(-1)
    largest = worst = 0.0
    for start in range(0, one.size, PART):
        gap, size = _gap(*(_wide(x[start : start + PART]) for x in (one, other)))
        largest, worst = max(largest, size), max(worst, gap)
    error = worst / largest if worst and largest else worst
    equal = error <= tolerance
    said = "" if equal else f"it differs by {error:.1e} of the largest value, not {tolerance:.1e}"
    return Difference(error, equal, said)


def _gap(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float]:
    """The largest difference, infinite for NaN in one alone, and the largest finite magnitude."""
    with np.errstate(invalid="ignore"):
        gaps, sizes = np.abs(a - b), np.abs(b)
    gap, size = float(np.max(gaps)), float(np.max(sizes))
    if math.isfinite(gap) and math.isfinite(size):
        return gap, size
    gaps[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    gaps[np.isnan(gaps)] = np.inf
    return float(np.max(gaps)), float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def _wide(x: NDArray[Any]) -> NDArray[Any]:
    return x.astype(np.complex128 if np.iscomplexobj(x) else np.float64)
