"""Views that are read in another order than they lie in memory."""

from __future__ import annotations

from typing import Any, Final

from xgpu.bench.case import Case, Draw, same


def transposed(xp: Any, x: Any) -> Any:
    """A transposition that is written out."""
    return x.T + 0.0


def stencil(xp: Any, x: Any) -> Any:
    """The mean of five neighbours."""
    return 0.2 * (x[1:-1, 1:-1] + x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])


CASES: Final = (
    Case("transpose", "x.T + 0", (Draw((8192, 8192)),), same(transposed), tolerance=0.0),
    Case("stencil", "five-point stencil", (Draw((8192, 8192)),), same(stencil)),
)
