"""torch, by DLPack."""

from __future__ import annotations

from collections.abc import Iterator

from docs.measurements.ecosystem.exchange_rows import rows_of
from docs.measurements.ecosystem.row import Row


def rows() -> Iterator[Row]:
    """All of them."""
    return rows_of("torch")
