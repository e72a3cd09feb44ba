"""Every row of one array with every row of another."""

from __future__ import annotations

from typing import Any, Final

from xgpu.bench.case import Case, Draw, in_torch, same
from xgpu.bench.cases.elementwise import gelu


def distances(xp: Any, x: Any, y: Any) -> Any:
    """Squared distances, by their definition."""
    return xp.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1)


def distances_torch(torch: Any, x: Any, y: Any) -> Any:
    """The same, in PyTorch's names."""
    return torch.sum((x[:, None, :] - y[None, :, :]) ** 2, dim=-1)


def dense(xp: Any, x: Any, weights: Any, bias: Any) -> Any:
    """A layer of a network."""
    return gelu(xp, x @ weights + bias)


def dense_functional(torch: Any, x: Any, weights: Any, bias: Any) -> Any:
    """PyTorch's own functions."""
    return torch.nn.functional.gelu(torch.addmm(bias, x, weights), approximate="tanh")


CASES: Final = (
    Case(
        "pairwise",
        "pairwise distances",
        (Draw((4096, 64), split=True), Draw((4096, 64))),
        {**same(distances), **in_torch(distances_torch)},
        streams=False,
        spread=3 * 2048,  # 4096 x 4096 x 64 elements each
    ),
    Case(
        "dense",
        "matmul + bias + GELU",
        (
            Draw((4096, 4096), low=-1.0, high=1.0),
            Draw((4096, 4096), low=-0.02, high=0.02),
            Draw((4096,), low=-1.0, high=1.0),
        ),
        same(dense, functional=dense_functional),
        streams=False,
    ),
)
