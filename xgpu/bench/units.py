"""Times and sizes as people read them."""

from __future__ import annotations

import math

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def seconds_text(seconds: float) -> str:
    """Three digits or more, and the unit that fits."""
    if math.isnan(seconds):
        return "nan"
    for size, unit in _TIMES:
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def bytes_text(count: float) -> str:
    """Decimal units, as bandwidths are given in."""
    for size, unit in _SIZES:
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def count_text(count: int) -> str:
    """A number of elements: 64 Mi, 1 Ki, or with commas where no power of two fits."""
    for size, unit in ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count:,}"
