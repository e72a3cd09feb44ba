"""einops finds xgpu's backend by itself."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same, sample

pytest.importorskip("einops")
einops: Any = importlib.import_module("einops")

VALUES = sample(np.dtype("float64"), (4, 6, 5))
CALLS: dict[str, Any] = {
    "rearrange": lambda x: einops.rearrange(x, "a (b c) d -> (a d) c b", b=2),
    "rearrange of a list": lambda x: einops.rearrange([x, x + 1], "k a b c -> a b (k c)"),
    "reduce by sum": lambda x: einops.reduce(x, "a (b c) d -> a c", "sum", b=2),
    "reduce by mean": lambda x: einops.reduce(x, "a b c -> b", "mean"),
    "reduce by max": lambda x: einops.reduce(x, "a (b b2) c -> a b 1", "max", b2=3),
    "repeat": lambda x: einops.repeat(x, "a b c -> a (b k) c", k=2),
    "einsum": lambda x: einops.einsum(x, x, "a b c, a d c -> a b d"),
    "pack": lambda x: einops.pack([x, x[:, 0]], "a * c")[0],
    "unpack": lambda x: einops.unpack(x, [[2], [2, 2]], "a * c")[1],
}


@pytest.mark.parametrize("name", CALLS)
def test_values(name: str, device: xgpu.Device) -> None:
    x = xgpu.asarray(VALUES, device=device)
    with xgpu.guard("error"):
        got = CALLS[name](x)
    assert got.device is device
    same(got, CALLS[name](VALUES), rtol=1e-14)


def test_asnumpy(device: xgpu.Device) -> None:
    got = einops.asnumpy(xgpu.asarray(VALUES, device=device))
    assert type(got) is np.ndarray
    np.testing.assert_array_equal(got, VALUES)


def test_its_own_errors() -> None:
    with pytest.raises(einops.EinopsError, match="Shape mismatch"):
        einops.rearrange(xgpu.ones((3, 5)), "a (b c) -> a b c", b=2)
    with pytest.raises(NotImplementedError, match="reduce_mean is not available for non-floating"):
        einops.reduce(xgpu.ones((2, 2), dtype=xgpu.int64), "a b -> a", "mean")
