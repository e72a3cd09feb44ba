"""hypothesis.extra.array_api makes arrays of xgpu."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis.extra.array_api import make_strategies_namespace

import xgpu

xps: Any = make_strategies_namespace(xgpu)
SHAPES = xps.array_shapes(max_dims=3, max_side=4)


def test_it_takes_the_namespace_for_complete() -> None:
    assert xps.api_version == xgpu.__array_api_version__
    assert xps.name == "xgpu"


@settings(max_examples=60)
@given(xps.arrays(dtype=xps.scalar_dtypes(), shape=SHAPES))
def test_arrays(x: Any) -> None:
    assert isinstance(x, xgpu.Array)
    assert bool(xgpu.all((x == x) | (x != x)))


@settings(max_examples=60)
@given(xps.mutually_broadcastable_shapes(2), xps.indices(shape=(3, 4)))
def test_shapes_and_indices(shapes: Any, key: Any) -> None:
    assert xgpu.broadcast_shapes(*shapes.input_shapes) == shapes.result_shape
    x = xgpu.reshape(xgpu.arange(12), (3, 4))
    assert isinstance(x[key], xgpu.Array)
