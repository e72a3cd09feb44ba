"""Running sums and sorting."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xgpu.bench.case import Case, Draw, in_torch

MI: Final = 1 << 20


def cumulative_sum(xp: Any, x: Any) -> Any:
    """The standard's name."""
    return xp.cumulative_sum(x)


def cumsum(xp: Any, x: Any) -> Any:
    """NumPy's older name."""
    return xp.cumsum(x)


def cumsum_torch(torch: Any, x: Any) -> Any:
    """PyTorch needs the axis."""
    return torch.cumsum(x, dim=0)


def sort(xp: Any, x: Any) -> Any:
    """Ascending."""
    return xp.sort(x)


def sort_torch(torch: Any, x: Any) -> Any:
    """The values; PyTorch gives the places too."""
    return torch.sort(x)[0]


def argsort(xp: Any, x: Any) -> Any:
    """The places."""
    return xp.argsort(x)


def ordered(found: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """What is there, in that order: equal elements may be in either.

    Raises:
        ValueError: the places are no permutation.
    """
    places = found.astype(np.int64)
    seen = np.zeros(x.shape, bool)
    seen[places] = True
    if not seen.all():
        raise ValueError("the result of argsort is no permutation")
    sorted_: NDArray[Any] = x[places]
    return sorted_


def argsort_numpy(np: Any, x: Any) -> Any:
    """Stable, as the standard's default is."""
    return np.argsort(x, kind="stable")


LINE: Final = (Draw((32 * MI,)),)

CASES: Final = (
    Case(
        "cumulative_sum",
        "cumulative sum",
        (Draw((64 * MI,)),),
        {
            "xgpu": cumulative_sum,
            "numpy": cumsum,
            "cupy": cumsum,
            "jit": cumsum,
            **in_torch(cumsum_torch),
        },
        tolerance=1e-3,  # NumPy adds one element after the other in float32
    ),
    Case(
        "sort",
        "sort",
        LINE,
        {**dict.fromkeys(("xgpu", "numpy", "cupy", "jit"), sort), **in_torch(sort_torch)},
        tolerance=0.0,
        streams=False,
    ),
    Case(
        "argsort",
        "argsort",
        LINE,
        {
            **dict.fromkeys(("xgpu", "cupy", "jit"), argsort),
            "numpy": argsort_numpy,
            **in_torch(argsort),
        },
        compared=ordered,
        reference=sort,
        tolerance=0.0,
        streams=False,
    ),
)
